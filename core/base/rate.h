/*
 * A token bucket: `rate` events a second on average, `burst` at once. Every
 * answer a remote can provoke passes through one (RFC 4443 2.4 f).
 */
#ifndef MIP_BASE_RATE_H
#define MIP_BASE_RATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"

struct rate {
	uint32_t rate, burst; /* events a second, events at once */
	usec full_at;	      /* when the bucket is full again; 0 = full */
	uint64_t refused;
};

/* Takes one token. False, and counted, when there is none. */
static inline bool rate_take(struct rate *r, usec now)
{
	usec cost = SEC / r->rate, room = cost * r->burst;
	usec full_at = r->full_at > now ? r->full_at : now;

	if (full_at + cost - now > room) {
		r->refused++;
		return false;
	}
	r->full_at = full_at + cost;
	return true;
}

#endif
