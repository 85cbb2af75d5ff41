/*
 * The event loop: file descriptors (epoll, level triggered), timers, and work
 * put off to the end of the turn. One per agent, one thread. It is woken by the
 * clock that timers are due by (clock.h), which goes on while the machine sleeps.
 */
#ifndef MIP_BASE_LOOP_H
#define MIP_BASE_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/timer.h"

struct epoll_event;

struct loop {
	int epfd, timerfd;
	bool quit;
	struct timers timers;
	struct epoll_event *ready; /* the batch being walked: loop_unwatch strikes out of it */
	int nready;
	struct turn *turns;
};

/* A watched descriptor, embedded in its owner, which keeps and closes fd. */
struct watch {
	int fd;
	void (*ready)(struct watch *w, uint32_t events); /* EPOLLIN, EPOLLOUT, EPOLLERR, EPOLLHUP */
};

/* Work at the end of each turn (flush queues, one write to the store). Embedded; run in the order added. */
struct turn {
	void (*run)(struct turn *t);
	struct turn *next;
};

int loop_open(struct loop *l) __attribute__((warn_unused_result));
void loop_close(struct loop *l);
/* Watches w->fd for `events`. 0 or -errno. */
int loop_watch(struct loop *l, struct watch *w, uint32_t events) __attribute__((warn_unused_result));
/* Changes what is waited for. 0 or -errno. */
int loop_rewatch(struct loop *l, struct watch *w, uint32_t events) __attribute__((warn_unused_result));
/* Forgets w; call before closing its fd. Safe inside any callback, also its own. */
void loop_unwatch(struct loop *l, struct watch *w);
void loop_each_turn(struct loop *l, struct turn *t);
/* Runs until loop_quit. 0, or -errno when waiting itself fails. */
int loop_run(struct loop *l) __attribute__((warn_unused_result));
void loop_quit(struct loop *l);

#endif
