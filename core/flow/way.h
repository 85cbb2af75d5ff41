/*
 * Ways out: packets from a care-of address leave by the router of the link that gave it, those from a home address at
 * home by a router of the home link, wherever the machine's default routes lead; those to the home agent also when a
 * router of that link says that its prefix is on the link (CONFIG_IPV6_SUBTREES).
 */
#ifndef MIP_FLOW_WAY_H
#define MIP_FLOW_WAY_H

#include <netinet/in.h>

#include "base/why.h"
#include "sys/held.h"

#define WAYS_MAX 64

/* `router` by way of link `ifindex`, for packets from `coa`, which at home is the home address; of one home address. */
struct way {
	struct in6_addr home, coa, router; /* home :: = free */
	struct in6_addr agent;		   /* :: = not known */
	unsigned ifindex;
};

struct ways {
	struct nl *nl;
	struct way way[WAYS_MAX];
};

/* Takes out what an earlier agent left. */
int ways_open(struct ways *w, struct nl *nl, struct why *why) __attribute__((warn_unused_result));
/* Instead of any before; router :: = none any more. */
int ways_set(struct ways *w, const struct way *way, struct why *why) __attribute__((warn_unused_result));
/* Puts back what somebody removed; the kernel removes them with their link, and that is nobody. */
void ways_hold(struct ways *w, struct held *h);
void ways_close(struct ways *w);

#endif
