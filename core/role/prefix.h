/*
 * The prefixes of a home link as its routers advertise them (RFC 6275 10.6.1), with
 * their lifetimes: what mobile nodes that are away are told of it.
 */
#ifndef MIP_ROLE_PREFIX_H
#define MIP_ROLE_PREFIX_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "wire/icmp6.h"

#define PREFIXES_MAX RA_PREFIXES_MAX

struct prefix {
	struct in6_addr prefix;
	uint8_t len;
	bool onlink, autoconf;
	uint32_t valid, preferred; /* as last advertised, seconds */
	usec valid_until, preferred_until;
};

struct prefixes {
	size_t n;
	struct prefix list[PREFIXES_MAX];
};

/* Takes the prefixes of a Router Advertisement. One that is not `ours` cannot end a prefix within two hours (RFC 4862
 * 5.5.3 e). True when something is different and not merely older. A full list takes no new ones. One that ends with
 * this stays until prefixes_expire(), so that it is seen what ends with it. */
bool prefixes_on_ra(struct prefixes *l, const struct nd_ra *ra, bool ours, usec now);
void prefixes_expire(struct prefixes *l, usec now);
/* The longest prefix that covers `addr`, or NULL. */
const struct prefix *prefixes_find(const struct prefixes *l, const struct in6_addr *addr);
/* When that many seconds are over, NEVER for UINT32_MAX. */
usec prefix_until(uint32_t lifetime, usec now);
/* Seconds from now until then, UINT32_MAX for NEVER. */
uint32_t prefix_left(usec until, usec now);

#endif
