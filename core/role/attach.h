/*
 * Where a mobile node is attached: what it heard on each link since the link
 * came up, and from that whether it is at home, away with a care-of address, or
 * nowhere (RFC 6275 11.5.1, 11.5.3, 11.5.5).
 *
 * A link that comes up may be another network behind the same cable: everything
 * heard before is void until a Router Advertisement confirms it. Without that, only
 * a router that does not answer any more says that we are elsewhere (router.c).
 */
#ifndef MIP_ROLE_ATTACH_H
#define MIP_ROLE_ATTACH_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/rate.h"
#include "role/world.h"

#define ATTACH_LINKS	16
#define ATTACH_PREFIXES 16
#define ATTACH_ADDRS	24
#define ATTACH_ROUTERS	8
#define ATTACH_LOCALS	4
#define ATTACH_TAKEN	ATTACH_PREFIXES /* liars may tell as many */

/* A router of the link. Doubted, it is asked; when it does not answer it is gone. */
struct attach_router {
	struct in6_addr addr;	/* :: = free slot */
	struct in6_addr global; /* told with the R bit (7.2): no other link's router has it, too. :: = not told */
	bool has_lladdr, doubted, gone;
	uint8_t lladdr[6];
	usec since; /* heard first; the first one of a link has been there since the link came up */
	usec heard; /* last: an advertisement, or an answer */
	usec until; /* then it is a default router no more */
	usec every; /* it says that it speaks at least this often; 0: it does not */
	usec asked; /* the last Neighbor Solicitation */
	unsigned questions;
};

struct attach_prefix {
	struct in6_addr prefix; /* with `router`: that router's global address */
	uint8_t len;
	bool router, agent, has_lladdr;	  /* agent: the router is a home agent */
	bool autoconf;			  /* the kernel forms an address of it (A) */
	uint8_t lladdr[6];		  /* of the router that advertised it */
	uint8_t told_by;		  /* bit n: router[n] of the link */
	uint8_t tellings[ATTACH_ROUTERS]; /* advertisements of each of these with it, UNTOLD_MAX at most, */
	uint8_t untold[ATTACH_ROUTERS];	  /* and the last ones in a row that were without it */
	usec counted;			  /* the last of either kind */
	uint8_t refuted_by; /* these told it, but no home agent is here: for refuted_for, until refuted_until */
	usec refuted_until, refuted_for;
	usec since, valid_until;
};

/* How gladly an address is taken as care-of address. */
enum attach_like { LIKE_DEPRECATED, LIKE_TEMPORARY, LIKE_NORMAL, LIKE_PRIVATE };

struct attach_addr {
	struct in6_addr addr;
	uint8_t plen;
	bool usable, dynamic; /* dynamic: given by the network, void on another one */
	bool optimistic;      /* usable, while Duplicate Address Detection goes on (RFC 4429) */
	bool failed;	      /* it found another node that has the address */
	uint8_t like;	      /* enum attach_like */
	usec deprecated_at;   /* then it is LIKE_DEPRECATED, unless a router takes that back; 0: it is not to be */
	usec since;	      /* appeared; 0: before the link came up */
};

struct attach_link {
	unsigned ifindex;  /* 0 = free slot */
	bool up, heard;	   /* heard: a Router Advertisement since it came up */
	bool managed;	   /* the last one said that addresses are given by DHCPv6 (M) */
	bool stale;	   /* a router is gone that the kernel still has things of */
	usec sought;	   /* when routers were last asked for because of what one said */
	usec probed_until; /* until then another node's answer means that it has our link-local address */
	usec settled;	   /* when the kernel last had to forget such things */
	usec up_at;
	usec ipv4_at;	    /* from then on an IPv4 address counts: IPv6 had the time to come */
	uint8_t preference; /* of links that serve equally the lowest is taken */
	unsigned solicits;  /* since it came up, or since the last router went */
	struct timer solicit_timer, watch_timer, addr_timer, ipv4_timer;
	unsigned addr_asks; /* how often the kernel was asked for addresses since a prefix was new */
	struct attach *attach;
	struct in6_addr router; /* the last one heard */
	struct rate heeded;	/* advertisements */
	size_t prefixes, addrs;
	struct attach_router routers[ATTACH_ROUTERS];
	struct attach_prefix prefix[ATTACH_PREFIXES];
	struct attach_addr addr[ATTACH_ADDRS];
	struct in6_addr local[ATTACH_LOCALS]; /* link-local addresses; :: = free */
	/* Another node has these, the last one first; :: = free. Not used as care-of address until detection passes
	 * them, or the link goes. */
	struct in6_addr taken[ATTACH_TAKEN];
};

struct attach {
	const struct world *w;
	void (*changed)(struct attach *a, usec now); /* the place may have changed by itself */
	struct attach_link link[ATTACH_LINKS];
};

enum attach_where { AT_NOWHERE, AT_HOME, AT_AWAY };

/* A mobile node's place, seen from one home address. */
struct place {
	enum attach_where where;
	unsigned ifindex;    /* AT_HOME, AT_AWAY */
	struct in6_addr coa; /* AT_AWAY */
	/* The router to leave by, whatever other routers and links the kernel knows; :: when none is known. */
	struct in6_addr router;
};

/* Facts. Each returns true when it may have changed the place. */
bool attach_on_link(struct attach *a, unsigned ifindex, bool up, bool gone, usec now);
/* Of links that serve equally well the one with the lowest preference is taken. */
bool attach_prefer(struct attach *a, unsigned ifindex, uint8_t preference);
bool attach_on_ra(struct attach *a, unsigned ifindex, const struct in6_addr *router, const struct nd_ra *ra, usec now);
bool attach_on_addr(struct attach *a, unsigned ifindex, const struct attach_addr *addr, bool gone, usec now);
/* A Neighbor Advertisement. The answer of a router that was asked: it is there. With another link-layer address than
 * the router's, which the kernel believes: the router is asked, and the kernel hears its answer, too. */
void attach_on_na(struct attach *a, unsigned ifindex, const struct nd_nx *na, usec now);
/* Something says that this router (NULL: those of the link) may be gone: it is asked. */
void attach_doubt(struct attach *a, unsigned ifindex, const struct in6_addr *router, usec now);
/* Who advertised the prefix of `home` on that link did so in vain: no home agent answers there. It is not taken for
 * home for a while, longer each time, unless nothing else is to be had. */
void attach_refute(struct attach *a, unsigned ifindex, const struct in6_addr *home, uint8_t plen, usec now);
/* A home agent answered there. */
void attach_confirm(struct attach *a, unsigned ifindex, const struct in6_addr *home, uint8_t plen);
/* The machine slept: all routers are asked. */
void attach_resume(struct attach *a, usec now);
void attach_reset(struct attach *a);

/* The place for `home` (of a home prefix of plen bits). ipv4: an IPv4 address serves where there is no IPv6 one (RFC
 * 5555 4.4.1). `last` is the place chosen before: it is kept while it holds.
 */
struct place attach_place(const struct attach *a, const struct in6_addr *home, uint8_t plen, bool ipv4,
	const struct place *last, usec now);
/* Is the care-of address of that place still good: usable, and of a router that is there? */
bool attach_holds(const struct attach *a, const struct place *at, usec now);
/* When the prefix that a router on that link tells for `addr` ends; NEVER when none does. */
usec attach_valid_until(const struct attach *a, unsigned ifindex, const struct in6_addr *addr);
/* What keeps that link from having a care-of address that reaches anybody, and what to do, in words; NULL: nothing, or
 * it came up just now. */
const char *attach_lack(const struct attach_link *l, usec now);
/* Has the link a link-local address with the interface identifier of `home`? */
bool attach_has_local(const struct attach *a, unsigned ifindex, const struct in6_addr *home);
/* The global address of a home agent heard on that link whose prefix is that of `home`, or NULL. */
const struct in6_addr *attach_agent(
	const struct attach *a, unsigned ifindex, const struct in6_addr *home, uint8_t plen, usec now);
/* The link-layer address the router with global address `agent` told in its advertisement on that link (7.2), or NULL.
 */
const uint8_t *attach_lladdr(const struct attach *a, unsigned ifindex, const struct in6_addr *agent);

#endif
