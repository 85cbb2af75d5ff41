/*
 * A token bucket: `rate` events a second on average, `burst` at once. Every
 * answer a remote can provoke passes through one (RFC 4443 2.4 f).
 *
 * struct rates is one bucket for all and, so that one network cannot use it up, one for each of a fixed number of
 * groups of senders: those in one /64, or in one /24 of IPv4, are in one group, and a seed keeps anybody from choosing
 * whose group he is in.
 */
#ifndef MIP_BASE_RATE_H
#define MIP_BASE_RATE_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/addr.h"
#include "base/clock.h"

struct rate {
	uint32_t rate, burst; /* events a second, events at once */
	usec full_at;	      /* when the bucket is full again; 0 = full */
	uint64_t refused;
};

/* Is there a token in a bucket that is full again at full_at? */
static inline bool rate_has(usec full_at, uint32_t rate, uint32_t burst, usec now)
{
	usec cost = SEC / rate;

	return (full_at > now ? full_at - now : 0) + cost <= cost * burst;
}

/* Takes a token of a bucket that is kept by its full_at alone. False when there is none. */
static inline bool rate_spend(usec *full_at, uint32_t rate, uint32_t burst, usec now)
{
	if (!rate_has(*full_at, rate, burst, now))
		return false;
	*full_at = (*full_at > now ? *full_at : now) + SEC / rate;
	return true;
}

/* Takes one token. False, and counted, when there is none. */
static inline bool rate_take(struct rate *r, usec now)
{
	bool got = rate_spend(&r->full_at, r->rate, r->burst, now);

	r->refused += !got;
	return got;
}

#define RATES_GROUPS 256

struct rates {
	struct rate all;
	uint32_t rate, burst; /* of one group */
	uint64_t seed;
	usec full_at[RATES_GROUPS];
};

static inline unsigned rates_group(const struct rates *r, const struct in6_addr *from)
{
	uint64_t net;
	__uint128_t wide;

	if (addr_is_ipv4(from))
		memcpy(&net,
			(const uint8_t[8]){[0] = 0xff, [4] = from->s6_addr[12], from->s6_addr[13], from->s6_addr[14]},
			8);
	else
		memcpy(&net, from, sizeof(net));
	wide = (__uint128_t)(net ^ r->seed) * (0x9e3779b97f4a7c15u ^ (r->seed << 1 | 1));
	return (unsigned)((uint64_t)wide ^ (uint64_t)(wide >> 64)) % RATES_GROUPS;
}

/* Takes one token of all and one of the sender's group, or none. False, and counted, when either has none. */
static inline bool rates_take(struct rates *r, const struct in6_addr *from, usec now)
{
	usec *group = &r->full_at[rates_group(r, from)];

	if (!rate_has(*group, r->rate, r->burst, now)) {
		r->all.refused++;
		return false;
	}
	return rate_take(&r->all, now) && rate_spend(group, r->rate, r->burst, now);
}

#endif
