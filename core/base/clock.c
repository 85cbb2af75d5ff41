/* clock.h: the only file that reads a clock. */
#include <time.h>

#include "base/clock.h"

static usec read_clock(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return ts.tv_sec * SEC + ts.tv_nsec / 1000;
}

usec clock_now(void)
{
	return read_clock(CLOCK_BOOTTIME);
}

usec clock_slept(void)
{
	return read_clock(CLOCK_BOOTTIME) - read_clock(CLOCK_MONOTONIC);
}

usec clock_wall(void)
{
	return read_clock(CLOCK_REALTIME);
}
