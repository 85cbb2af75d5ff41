/* Between the files of host.h. */
#ifndef MIP_HOST_HOST_IMPL_H
#define MIP_HOST_HOST_IMPL_H

#include "host/host.h"

/* Their part of the effects. */
void host_nd_world(struct world *w);
void host_mn_world(struct world *w);
/* What nobody asked for, and so nobody is told of otherwise. */
void host_warn(const struct why *why);

#endif
