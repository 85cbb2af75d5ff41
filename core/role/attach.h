/*
 * Where a mobile node is attached: what it heard on each link since the link
 * came up, and from that whether it is at home, away with a care-of address, or
 * nowhere (RFC 6275 11.5.1, 11.5.3, 11.5.5).
 *
 * A link that comes up may be another network behind the same cable: everything
 * heard before is void until a Router Advertisement confirms it.
 */
#ifndef MIP_ROLE_ATTACH_H
#define MIP_ROLE_ATTACH_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "role/world.h"

#define ATTACH_LINKS	16
#define ATTACH_PREFIXES 16
#define ATTACH_ADDRS	24

struct attach_prefix {
	struct in6_addr prefix; /* with `router`: that router's global address */
	uint8_t len;
	bool router, agent, has_lladdr; /* agent: the router is a home agent */
	uint8_t lladdr[6];		/* of the router that advertised it */
	usec valid_until;
};

struct attach_addr {
	struct in6_addr addr;
	uint8_t plen;
	bool usable, dynamic; /* dynamic: given by the network, void on another one */
	bool fresh;	      /* appeared since the link came up */
};

struct attach_link {
	unsigned ifindex; /* 0 = free slot */
	bool up, heard;	  /* heard: a Router Advertisement since it came up */
	usec up_at;
	unsigned solicits; /* since it came up */
	struct timer solicit_timer;
	struct attach *attach;
	struct in6_addr router; /* the last one heard */
	size_t prefixes, addrs;
	struct attach_prefix prefix[ATTACH_PREFIXES];
	struct attach_addr addr[ATTACH_ADDRS];
};

struct attach {
	const struct world *w;
	struct attach_link link[ATTACH_LINKS];
};

enum attach_where { AT_NOWHERE, AT_HOME, AT_AWAY };

/* A mobile node's place, seen from one home address. */
struct place {
	enum attach_where where;
	unsigned ifindex;    /* AT_HOME, AT_AWAY */
	struct in6_addr coa; /* AT_AWAY */
};

/* Facts. Each returns true when it may have changed the place. */
bool attach_on_link(struct attach *a, unsigned ifindex, bool up, bool gone, usec now);
bool attach_on_ra(struct attach *a, unsigned ifindex, const struct in6_addr *router, const struct nd_ra *ra, usec now);
bool attach_on_addr(struct attach *a, unsigned ifindex, const struct attach_addr *addr, bool gone, usec now);
void attach_reset(struct attach *a);

/* The place for `home` (of a home prefix of plen bits). `last` is the place chosen before: it is kept while it holds.
 */
struct place attach_place(
	const struct attach *a, const struct in6_addr *home, uint8_t plen, const struct place *last, usec now);
/* When the prefix that a router on that link tells for `addr` ends; NEVER when none does. */
usec attach_valid_until(const struct attach *a, unsigned ifindex, const struct in6_addr *addr);
/* The global address of a home agent heard on that link whose prefix is that of `home`, or NULL. */
const struct in6_addr *attach_agent(
	const struct attach *a, unsigned ifindex, const struct in6_addr *home, uint8_t plen, usec now);
/* The link-layer address the router with global address `agent` told in its advertisement on that link (7.2), or NULL.
 */
const uint8_t *attach_lladdr(const struct attach *a, unsigned ifindex, const struct in6_addr *agent);

#endif
