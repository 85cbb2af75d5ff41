/*
 * The binding cache (RFC 6275 9.1, 10.1): a home agent's has one entry a home
 * address, a correspondent node's one for each (home address, address of ours). It
 * owns its entries; what they mean and when they end is ha.c's and cn.c's business.
 */
#ifndef MIP_ROLE_BC_H
#define MIP_ROLE_BC_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/map.h"
#include "base/timer.h"
#include "mip/types.h"
#include "wire/via.h"

struct bc;

/* Without holes: there may be 100,000 of them. */
struct bc_entry {
	struct map_node node;
	struct in6_addr home;  /* the key, right after the node: home, or home and local */
	struct in6_addr local; /* our address the mobile node registered with */
	struct in6_addr coa;   /* IPv4-mapped: it is reached in UDP, */
	struct udp_ends udp;   /* between these */
	struct in6_addr named; /* coa as the last update names it: a NAT makes another of it */
	struct in6_addr from;  /* source of the last Binding Update: where a refusal goes */
	struct bc *cache;
	struct timer timer; /* the next of: probe over, announcement due, expiry */
	usec made, expires; /* expires NEVER: static */
	usec claim_at;	    /* next Neighbor Advertisement, NEVER when done */
	usec prefix_at;	    /* next Mobile Prefix Advertisement */
	usec paced, told;   /* token buckets (rate_spend): of updates that count, and of answers that refuse or test */
	usec busy;	    /* in a cell: when packets were last seen in its tunnel, as one member told the others */
	usec unreachable_since, unreachable_last; /* errors say so of the care-of address; 0: they do not */
	uint64_t heard;				  /* packets that had come from there when they began */
	unsigned ifindex;			  /* where a home agent defends `home`; 0: nowhere */
	uint16_t prefix_id;			  /* of the one that is repeated */
	uint16_t seq, flags;
	uint16_t lifetime;	     /* granted, units of 4 s */
	uint8_t networks;	     /* of a mobile router: how many prefixes are routed to it, */
	bool implicit;		     /* of which the home agent knows by itself (RFC 3963 5.2), */
	struct addr_prefix *network; /* and which; the cache's, NULL: it never had any. The last may be an IPv4-mapped
				      * one: the IPv4 home address */
	bool ipv4_asked;	     /* the last update asked for an IPv4 home address, */
	uint8_t ipv4_status;	     /* and this was the answer: enum ipv4_status */
	uint16_t nonce;		     /* at a correspondent: the last index issued when the last update came */
	uint8_t keepalive;	     /* seconds: an update as often, as the NAT on the way forgets; 0: not known */
	uint8_t state;		     /* enum mip_binding_state */
	uint8_t claims;		     /* advertisements still to send */
	uint8_t prefix_tries;
	uint8_t doubt;	     /* enum ha_doubt: may somebody else serve it by now? */
	bool fixed;	     /* made by hand */
	bool asked;	     /* a Binding Refresh Request was sent */
	bool prefix_unheard; /* all retries of an advertisement were in vain */
};

struct bc {
	struct map map;
	size_t max;  /* 0 until the role starts */
	void *owner; /* the role */
};

enum bc_key { BC_BY_HOME, BC_BY_HOME_AND_LOCAL };

void bc_init(struct bc *bc, enum bc_key key, uint64_t seed, void *owner);
/* Frees all entries; their timers must be stopped. */
void bc_free(struct bc *bc);
/* `local` may be NULL where it is not part of the key. */
struct bc_entry *bc_find(const struct bc *bc, const struct in6_addr *home, const struct in6_addr *local);
/* A zeroed entry for `home` and `local`, which must not be there; NULL when full or out of memory. */
struct bc_entry *bc_add(struct bc *bc, const struct in6_addr *home, const struct in6_addr *local);
void bc_del(struct bc *bc, struct bc_entry *e);
static inline size_t bc_count(const struct bc *bc)
{
	return bc->map.n;
}
/* Entry by index 0 .. bc_count-1; see map.h for walking while entries go. */
static inline struct bc_entry *bc_at(const struct bc *bc, size_t i)
{
	return (struct bc_entry *)(void *)bc->map.item[i];
}

/* The IPv4 home address, or NULL; how many networks are of IPv6. */
static inline const struct addr_prefix *bc_ipv4_home(const struct bc_entry *e)
{
	const struct addr_prefix *last = e->networks ? &e->network[e->networks - 1] : NULL;

	return last && addr_is_ipv4(&last->addr) ? last : NULL;
}
static inline size_t bc_networks(const struct bc_entry *e)
{
	return e->networks - (bc_ipv4_home(e) ? 1U : 0);
}

#endif
