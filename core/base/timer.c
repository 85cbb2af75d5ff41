/* timer.h: a pairing heap of intrusive timers. */
#include <assert.h>
#include <stdint.h>

#include "base/timer.h"

/* Joins two heaps; the later root becomes the eldest child of the earlier one. */
static struct timer *meld(struct timer *a, struct timer *b)
{
	if (!a)
		return b;
	if (!b)
		return a;
	if (b->due < a->due) {
		struct timer *t = a;
		a = b;
		b = t;
	}
	b->prev = a;
	b->next = a->child;
	if (a->child)
		a->child->prev = b;
	a->child = b;
	return a;
}

/* Melds a list of siblings in pairs, then the pairs from last to first. */
static struct timer *meld_siblings(struct timer *first)
{
	struct timer *pairs = NULL, *root = NULL;

	while (first) {
		struct timer *a = first, *b = a->next;

		first = b ? b->next : NULL;
		a->next = a->prev = NULL;
		if (b)
			b->next = b->prev = NULL;
		a = meld(a, b);
		a->next = pairs;
		pairs = a;
	}
	while (pairs) {
		struct timer *t = pairs;

		pairs = t->next;
		t->next = NULL;
		root = meld(root, t);
	}
	if (root)
		root->prev = NULL;
	return root;
}

static void unlink_sibling(struct timer *t)
{
	if (t->prev->child == t)
		t->prev->child = t->next;
	else
		t->prev->next = t->next;
	if (t->next)
		t->next->prev = t->prev;
}

void timer_stop(struct timers *ts, struct timer *t)
{
	struct timer *rest;

	if (!t->fire)
		return;
	rest = meld_siblings(t->child);
	if (ts->root == t) {
		ts->root = rest;
	} else {
		unlink_sibling(t);
		ts->root = meld(ts->root, rest);
	}
	t->child = t->next = t->prev = NULL;
	t->fire = NULL;
}

void timer_arm(struct timers *ts, struct timer *t, usec due, void (*fire)(struct timer *t, usec now))
{
	assert(fire);
	timer_stop(ts, t);
	/* One that rearms itself for now must not keep timers_run from ending. */
	t->due = ts->running && due <= ts->now ? ts->now + 1 : due;
	t->fire = fire;
	ts->root = meld(ts->root, t);
}

usec timers_next(const struct timers *ts)
{
	return ts->root ? ts->root->due : NEVER;
}

size_t timers_run(struct timers *ts, usec now)
{
	return timers_run_some(ts, now, SIZE_MAX);
}

size_t timers_run_some(struct timers *ts, usec now, size_t most)
{
	size_t ran = 0;

	ts->running = true;
	ts->now = now;
	while (ran < most && ts->root && ts->root->due <= now) {
		struct timer *t = ts->root;
		void (*fire)(struct timer *, usec) = t->fire;

		timer_stop(ts, t);
		ran++;
		fire(t, now);
	}
	ts->running = false;
	return ran;
}
