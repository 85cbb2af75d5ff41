/* wake.h: a timer that never rings, but is cancelled by the kernel when the wall clock jumps; at the end of a sleep it
 * does. Whether it was a sleep says the clock that goes on meanwhile. */
#include <errno.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "sys/wake.h"

#define FAR   ((time_t)1 << 32)
#define SHORT SEC /* less is a pause between the readings of two clocks */

static void ready(struct watch *watch, uint32_t events)
{
	struct wake *w = timer_owner(watch, struct wake, watch);
	usec slept = clock_slept() - w->slept;
	uint64_t times;

	(void)events;
	(void)!read(watch->fd, &times, sizeof(times));
	if (slept < SHORT)
		return;
	w->slept += slept;
	w->woke(w, slept);
}

int wake_open(struct wake *w, struct loop *loop, void (*woke)(struct wake *w, usec slept))
{
	const struct itimerspec far = {.it_value = {.tv_sec = FAR}};

	*w = (struct wake){.slept = clock_slept(), .woke = woke};
	w->watch = (struct watch){timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK), ready};
	if (w->watch.fd < 0 ||
		timerfd_settime(w->watch.fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &far, NULL) < 0)
		return -errno;
	return loop_watch(loop, &w->watch, EPOLLIN);
}

void wake_close(struct wake *w, struct loop *loop)
{
	if (w->watch.fd < 0)
		return;
	loop_unwatch(loop, &w->watch);
	close(w->watch.fd);
	w->watch.fd = -1;
}
