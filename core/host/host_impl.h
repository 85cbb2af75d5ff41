/* Between the files of host.h. */
#ifndef MIP_HOST_HOST_IMPL_H
#define MIP_HOST_HOST_IMPL_H

#include "host/host.h"

/* Their part of the effects. */
void host_nd_world(struct world *w);
void host_mn_world(struct world *w);
/* What nobody asked for, and so nobody is told of otherwise. */
void host_warn(const struct why *why);

/* IPsec is not for what travels in UDP over IPv4: refused, with the reason. */
int host_may_udp(const struct flow *f, struct why *why) __attribute__((warn_unused_result));

#endif
