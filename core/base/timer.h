/*
 * Timers: intrusive, in a pairing heap. Arming never allocates, so it cannot
 * fail; arm and pop are O(log n) amortised, peeking is O(1).
 *
 * A zeroed struct timer is idle. Whoever embeds it stops it before freeing.
 */
#ifndef MIP_BASE_TIMER_H
#define MIP_BASE_TIMER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/clock.h"

struct timer {
	usec due;
	void (*fire)(struct timer *t, usec now); /* NULL while idle */
	struct timer *child, *next, *prev;	 /* prev: elder sibling, or parent of the eldest */
};

struct timers {
	struct timer *root; /* zeroed = empty */
	usec now;	    /* of the timers_run under way */
	bool running;
};

/* Arms t, or moves it when it is armed already. fire runs from timers_run, with t idle again. */
void timer_arm(struct timers *ts, struct timer *t, usec due, void (*fire)(struct timer *t, usec now));
/* Stops t; an idle timer may be stopped. */
void timer_stop(struct timers *ts, struct timer *t);
static inline bool timer_armed(const struct timer *t)
{
	return t->fire != NULL;
}

/* When the next one is due, or NEVER. */
usec timers_next(const struct timers *ts);
/* Fires all that are due at `now`, in order; one armed meanwhile for <= now runs in the next call. Returns how many. */
size_t timers_run(struct timers *ts, usec now);
/* The same, but no more than `most` of them. */
size_t timers_run_some(struct timers *ts, usec now, size_t most);

/* The struct that embeds member m as a timer. */
#define timer_owner(t, type, m) ((type *)(void *)((char *)(t)-offsetof(type, m)))

#endif
