/*
 * Inside of ro.h, shared by ro.c (what is to be done), ro_route.c (what leads packets here and on), ro_pkt.c (packets),
 * ro_error.c (ICMPv6 errors) and ro_traffic.c (who talks through the tunnel).
 */
#ifndef MIP_FLOW_RO_IMPL_H
#define MIP_FLOW_RO_IMPL_H

#include <stddef.h>

#include "base/map.h"
#include "base/rate.h"
#include "sys/held.h"
#include "flow/ro.h"
#include "flow/shim.h"

/* The key of a pair. */
struct ro_ends {
	struct in6_addr local, remote;
};

struct ro_pair {
	struct map_node node;
	struct ro_ends ends;
	bool on[2]; /* by enum ro_end */
	struct in6_addr coa[2];
	bool routed, busy;
	bool registered;    /* RO_REMOTE was set for a home registration, by its first packet */
	struct route route; /* when routed: what leads its packets here */
	uint32_t mtu;	    /* that a router told, when it is less than a Packet Too Big may say; 0 = none */
	struct ro_stats stats;
};

struct ro_home {
	struct map_node node;
	struct in6_addr home; /* the key */
	struct in6_addr coa;
};

_Static_assert(offsetof(struct ro_pair, ends) == sizeof(struct map_node), "the key follows the node");
_Static_assert(offsetof(struct ro_home, home) == sizeof(struct map_node), "the key follows the node");

struct ro_traffic;

struct ro {
	struct loop *loop;
	struct nl *nl;
	struct path *path;
	struct shim *shim;
	struct ro_events ev;
	struct map pairs, homes;
	struct ro_drops drops;
	struct ro_traffic *traffic; /* while there is a home address */
	int aside;		    /* header-included socket for what must not be optimized */
	struct rate registrations;  /* pairs that home registrations make */
	bool forwards;
};

struct ro_pair *ro_pair_find(const struct ro *ro, const struct in6_addr *local, const struct in6_addr *remote);
const struct ro_home *ro_home_find(const struct ro *ro, const struct in6_addr *home);

/* A home registration here, whose care-of address is `coa`, allows a Home Address option in packets to `local` (9.3.1):
 * a home agent is a correspondent of its own mobile nodes. What it sends to one as `local` gets a routing header, too,
 * if `local` is the address the node registered with. */
bool ro_registered(
	struct ro *ro, const struct in6_addr *home, const struct in6_addr *coa, const struct in6_addr *local);

/* ro_route.c. The route of a pair as it should be now, by the side that moves and the table of its source. */
int ro_route(struct ro *ro, struct ro_pair *p, struct why *why) __attribute__((warn_unused_result));
/* The same, where it is not there any more. */
void ro_route_hold(struct ro *ro, struct ro_pair *p, struct held *h);
void ro_unroute(struct ro *ro, struct ro_pair *p);
/* What comes out of the shim is forwarded. */
int ro_forwarding(struct why *why) __attribute__((warn_unused_result));

/* ro_pkt.c: the readers of the shim. */
void ro_in(void *ctx, struct packet *p, const struct exthdr *e);
bool ro_out(void *ctx, struct packet *p, const struct exthdr *e);

/* ro_traffic.c */
int ro_traffic_open(struct ro_traffic **out, struct ro *ro, struct why *why) __attribute__((warn_unused_result));
void ro_traffic_close(struct ro_traffic *t); /* NULL is nothing */

#endif
