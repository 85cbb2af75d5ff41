/* loop.h: epoll, timers, ends of turns. A batch of ready events is walked with the removed ones struck out. */
#include <errno.h>
#include <limits.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/loop.h"

#define BATCH	      64
#define TIMERS_A_TURN 64 /* the end of ten thousand probes at once must not keep messages waiting */

int loop_open(struct loop *l)
{
	*l = (struct loop){.epfd = epoll_create1(EPOLL_CLOEXEC)};
	return l->epfd < 0 ? -errno : 0;
}

void loop_close(struct loop *l)
{
	close(l->epfd);
	l->epfd = -1;
}

static int control(struct loop *l, int op, struct watch *w, uint32_t events)
{
	struct epoll_event ev = {.events = events, .data.ptr = w};

	return epoll_ctl(l->epfd, op, w->fd, &ev) < 0 ? -errno : 0;
}

int loop_watch(struct loop *l, struct watch *w, uint32_t events)
{
	return control(l, EPOLL_CTL_ADD, w, events);
}

int loop_rewatch(struct loop *l, struct watch *w, uint32_t events)
{
	return control(l, EPOLL_CTL_MOD, w, events);
}

void loop_unwatch(struct loop *l, struct watch *w)
{
	control(l, EPOLL_CTL_DEL, w, 0);
	for (int i = 0; i < l->nready; i++)
		if (l->ready[i].data.ptr == w)
			l->ready[i].data.ptr = NULL;
}

void loop_each_turn(struct loop *l, struct turn *t)
{
	struct turn **at = &l->turns;

	while (*at)
		at = &(*at)->next;
	t->next = NULL;
	*at = t;
}

/* Milliseconds until the next timer, rounded up: waking early would only spin. */
static int wait_ms(const struct loop *l)
{
	usec due = timers_next(&l->timers), left;

	if (due == NEVER)
		return -1;
	left = due - clock_now();
	if (left <= 0)
		return 0;
	return left >= (usec)INT_MAX * MSEC ? INT_MAX : (int)((left + MSEC - 1) / MSEC);
}

static int one_turn(struct loop *l)
{
	struct epoll_event batch[BATCH];
	int n = epoll_wait(l->epfd, batch, BATCH, wait_ms(l));

	if (n < 0 && errno != EINTR)
		return -errno;
	l->ready = batch;
	l->nready = n < 0 ? 0 : n;
	for (int i = 0; i < l->nready; i++) {
		struct watch *w = batch[i].data.ptr;

		if (w)
			w->ready(w, batch[i].events);
	}
	l->ready = NULL;
	l->nready = 0;
	timers_run_some(&l->timers, clock_now(), TIMERS_A_TURN);
	for (struct turn *t = l->turns; t; t = t->next)
		t->run(t);
	return 0;
}

int loop_run(struct loop *l)
{
	int err = 0;

	while (!l->quit && !err)
		err = one_turn(l);
	return err;
}

void loop_quit(struct loop *l)
{
	l->quit = true;
}
