/*
 * The log: lines for people on stderr (systemd adds the time; a `<N>` prefix
 * carries the level when JOURNAL_STREAM is set). State changes are events
 * (core/ctl/event.h) and reach the log as the event's text. Whatever a remote
 * can cause goes through log_remote, which is rate limited.
 */
#ifndef MIP_BASE_LOG_H
#define MIP_BASE_LOG_H

#include <stdbool.h>

#include "base/clock.h"

enum log_level { LOG_ERROR = 3, LOG_WARN = 4, LOG_INFO = 6, LOG_DEBUG = 7 }; /* syslog's numbers */

/* Lines above `level` are dropped. Default LOG_INFO. */
void log_level_set(enum log_level level);
bool log_wanted(enum log_level level);
/* One line; errno is preserved. */
void log_line(enum log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The same for what a remote can cause: 10 lines a second, bursts of 50; what was dropped is counted and said. */
void log_remote(enum log_level level, usec now, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

#define log_error(...) log_line(LOG_ERROR, __VA_ARGS__)
#define log_warn(...)  log_line(LOG_WARN, __VA_ARGS__)
#define log_info(...)  log_line(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_line(LOG_DEBUG, __VA_ARGS__)

#endif
