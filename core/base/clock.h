/*
 * Time. All of mip counts microseconds of CLOCK_BOOTTIME (it goes on while the
 * machine sleeps, RFC 6275 lifetimes do too). Roles never read a clock: they
 * are told `now`, so tests turn it by hand.
 */
#ifndef MIP_BASE_CLOCK_H
#define MIP_BASE_CLOCK_H

#include <stdint.h>

typedef int64_t usec;

#define MSEC  ((usec)1000)
#define SEC   ((usec)1000000)
#define NEVER ((usec)INT64_MAX)

/* Microseconds of CLOCK_BOOTTIME: the only clock the agent schedules by. */
usec clock_now(void);
/* How long the machine has slept since it was booted: what CLOCK_MONOTONIC leaves out. */
usec clock_slept(void);
/* Microseconds since 1970 (CLOCK_REALTIME): only for people and records. */
usec clock_wall(void);

#endif
