/* What the correspondent node's files know of each other. */
#ifndef MIP_ROLE_CN_IMPL_H
#define MIP_ROLE_CN_IMPL_H

#include "role/cn.h"
#include "wire/mhauth.h"

#define CN_DROP (-1) /* verdict: say nothing */

/* cn_judge.c: a Binding Update on its way through the checks. */
struct cn_request {
	const struct via *via;
	const struct mh *m;
	struct in6_addr home, coa, local;
	struct mh_auth auth; /* filled once the tokens are known */
	bool remove, authorised;
};
struct cn_request cn_request_of(const struct via *via, const struct mh *m);
/* Is the update an old one, by the sequence number of the binding, or of one that ended? Then *last is that number. */
bool cn_is_old(const struct cn *cn, const struct cn_request *rq, const struct bc_entry *e, usec now, uint16_t *last);
/* What a sequence number is kept by. */
struct cn_key {
	struct in6_addr home, local;
};
/* CN_DROP, a status to refuse with, or 0. */
int cn_judge(const struct cn *cn, struct cn_request *rq, bool is_old, usec now);
/* Nobody answers to, or from, what is not one node's own address. */
bool cn_is_sane(const struct via *via);

/* Who was meant: our home address when we are a mobile node ourselves and the packet came by way of the care-of address
 * (6.2.7). */
static inline const struct in6_addr *cn_local_of(const struct via *via)
{
	return via->has_rh2 ? &via->rh2 : &via->dst;
}

/* cn_place.c: care-of addresses that bindings are at, so that a Care-of Test Init from one is known for what it is. */
void cn_places_init(struct cn *cn, uint64_t seed);
/* The binding is at e->coa from now on; without memory it is as if it were a stranger. */
void cn_place_enter(struct cn *cn, const struct bc_entry *e);
/* No more; nothing when it was not. */
void cn_place_leave(struct cn *cn, const struct bc_entry *e);
/* The token bucket of the place (rate_spend); NULL: no binding is there. */
usec *cn_place_pace(const struct cn *cn, const struct in6_addr *coa);

#endif
