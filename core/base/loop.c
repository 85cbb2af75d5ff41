/* loop.h: epoll, timers, ends of turns. A batch of ready events is walked with the removed ones struck out. */
#include <errno.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "base/loop.h"

#define BATCH	      64
#define TIMERS_A_TURN 64 /* the end of ten thousand probes at once must not keep messages waiting */

int loop_open(struct loop *l)
{
	struct epoll_event ev = {.events = EPOLLIN};

	*l = (struct loop){.epfd = epoll_create1(EPOLL_CLOEXEC)};
	l->timerfd = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	if (l->epfd < 0 || l->timerfd < 0 || epoll_ctl(l->epfd, EPOLL_CTL_ADD, l->timerfd, &ev) < 0)
		return -errno;
	return 0;
}

void loop_close(struct loop *l)
{
	close(l->timerfd);
	close(l->epfd);
	l->epfd = l->timerfd = -1;
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

/* Sets the alarm for the next timer; one that rang is silenced by this. Not by epoll_wait's own time limit: that stands
 * still while the machine sleeps, and what ended meanwhile would be noticed late. */
static int set_alarm(const struct loop *l, usec left)
{
	struct itimerspec at = {.it_value = {left / SEC, left % SEC * 1000}};

	return timerfd_settime(l->timerfd, 0, &at, NULL) < 0 ? -errno : 0;
}

/* Waits until something is ready or the next timer is due. How many are ready, or -errno. */
static int wait_ready(struct loop *l, struct epoll_event *batch)
{
	usec due = timers_next(&l->timers), left = due == NEVER ? 0 : due - clock_now();
	bool late = due != NEVER && left <= 0;
	int err = late ? 0 : set_alarm(l, left), n;

	if (err)
		return err;
	n = epoll_wait(l->epfd, batch, BATCH, late ? 0 : -1);
	return n < 0 && errno != EINTR ? -errno : n < 0 ? 0 : n;
}

static int one_turn(struct loop *l)
{
	struct epoll_event batch[BATCH] = {0};
	int n = wait_ready(l, batch);

	if (n < 0)
		return n;
	l->ready = batch;
	l->nready = n;
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
