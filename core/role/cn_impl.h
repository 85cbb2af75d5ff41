/* What the correspondent node's files know of each other. */
#ifndef MIP_ROLE_CN_IMPL_H
#define MIP_ROLE_CN_IMPL_H

#include "role/cn.h"

/* cn_place.c: care-of addresses that bindings are at, so that a Care-of Test Init from one is known for what it is. */
void cn_places_init(struct cn *cn, uint64_t seed);
/* The binding is at e->coa from now on; without memory it is as if it were a stranger. */
void cn_place_enter(struct cn *cn, const struct bc_entry *e);
/* No more; nothing when it was not. */
void cn_place_leave(struct cn *cn, const struct bc_entry *e);
/* The token bucket of the place (rate_spend); NULL: no binding is there. */
usec *cn_place_pace(const struct cn *cn, const struct in6_addr *coa);

#endif
