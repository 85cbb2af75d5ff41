/*
 * The Home Agents List of one home link (RFC 6275 10.1): who else serves there, as
 * Router Advertisements say (10.5.1), and what a mobile node that asks is told (10.5).
 */
#ifndef MIP_ROLE_HOMEAGENTS_H
#define MIP_ROLE_HOMEAGENTS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "wire/icmp6.h"

#define HOMEAGENTS_MAX	    DHAAD_MAX /* addresses of one link: as many as an answer has room for */
#define HOMEAGENTS_ANYCAST  126
#define HOMEAGENTS_PLEN_MAX 120 /* a longer prefix has no room for anycast addresses */

/* A global address of a home agent; one that has several is there several times. */
struct homeagent {
	struct in6_addr addr, router; /* router: link-local, the source of its advertisements */
	uint16_t preference;	      /* higher is better */
	usec serves_until;	      /* the home agent's lifetime, */
	usec valid_until;	      /* and that of the prefix of this address */
	bool routers;		      /* it serves mobile routers (RFC 3963 7.3) */
};

struct homeagents {
	size_t n;
	struct homeagent list[HOMEAGENTS_MAX];
};

/* A Router Advertisement that passed RFC 4861 6.1.2. In a full list a better one takes the place of the worst. */
void homeagents_on_ra(struct homeagents *l, const struct in6_addr *router, const struct nd_ra *ra, usec now);
/* Drops what has expired. */
void homeagents_expire(struct homeagents *l, usec now);
static inline usec homeagents_end(const struct homeagent *h)
{
	return h->serves_until < h->valid_until ? h->serves_until : h->valid_until;
}
/* The home agent with that global address, or NULL. */
const struct homeagent *homeagents_find(const struct homeagents *l, const struct in6_addr *addr);

/* One of those an answer is made of. */
struct homeagents_choice {
	struct in6_addr addr;
	uint16_t preference;
	uint32_t lot; /* decides among equals */
};
/* Sorts them, the most preferred first. */
void homeagents_sort(struct homeagents_choice *c, size_t n);

/* The Mobile IPv6 Home-Agents anycast address of a prefix (RFC 2526): interface identifiers of 64 bits have the
 * universal/local bit clear. plen <= HOMEAGENTS_PLEN_MAX. */
struct in6_addr homeagents_anycast(const struct in6_addr *prefix, uint8_t plen);

#endif
