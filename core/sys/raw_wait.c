/*
 * raw.h: whose messages come first. What the device of the shim holds is read at once, however much that is, and who
 * is known is served; the others wait here, as many as the device itself would hold, and are served a few a turn of the
 * loop. So a flood of strangers that is dearer to answer than there is CPU time costs the known only the reading of it.
 */
#include <stdlib.h>
#include <string.h>

#include "mip/ctl.h"
#include "sys/raw_impl.h"
#include "wire/exthdr.h"

#define SERVE_A_TURN 64

struct raw_waiting {
	struct raw_waiting *next;
	size_t len;
	uint8_t pkt[];
};

static void take_first(struct raw *r)
{
	struct raw_waiting *w = r->waiting;
	struct exthdr e;

	r->waiting = w->next;
	r->waits--;
	if (!r->waiting)
		r->waiting_end = &r->waiting;
	if (exthdr_read(w->pkt, w->len, &e) == EXT_OK)
		raw_serve(r, &e, w->pkt);
	free(w);
}

static void serve_some(struct timer *t, usec now)
{
	struct raw *r = timer_owner(t, struct raw, serve);

	for (int i = 0; i < SERVE_A_TURN && r->waiting; i++)
		take_first(r);
	if (r->waiting)
		timer_arm(&r->loop->timers, &r->serve, now, serve_some);
}

void raw_wait(struct raw *r, const uint8_t *pkt, size_t len)
{
	struct raw_waiting *w = r->waits < MIP_STRANGERS_MAX ? malloc(sizeof(*w) + len) : NULL;

	if (!w) {
		r->stats.rx_crowded++;
		return;
	}
	w->next = NULL;
	w->len = len;
	memcpy(w->pkt, pkt, len);
	*r->waiting_end = w;
	r->waiting_end = &w->next;
	if (!r->waits++)
		timer_arm(&r->loop->timers, &r->serve, clock_now(), serve_some);
}

void raw_wait_close(struct raw *r)
{
	struct raw_waiting *next;

	timer_stop(&r->loop->timers, &r->serve);
	for (struct raw_waiting *w = r->waiting; w; w = next) {
		next = w->next;
		free(w);
	}
}
