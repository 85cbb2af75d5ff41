/* log.h: levels, the journal's prefix, the limit on what remotes can cause. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/rate.h"

static enum log_level limit = LOG_INFO;
static struct rate remote = {.rate = 10, .burst = 50};

void log_level_set(enum log_level level)
{
	limit = level;
}

bool log_wanted(enum log_level level)
{
	return level <= limit;
}

static void emit(enum log_level level, const char *fmt, va_list ap)
{
	int saved = errno;
	char line[512];

	vsnprintf(line, sizeof(line), fmt, ap);
	for (char *c = line; *c; c++) /* names of links are anybody's, and a terminal obeys what stands in them */
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = '?';
	if (getenv("JOURNAL_STREAM"))
		fprintf(stderr, "<%d>%s\n", (int)level, line);
	else
		fprintf(stderr, "mipd: %s\n", line);
	errno = saved;
}

void log_line(enum log_level level, const char *fmt, ...)
{
	va_list ap;

	if (!log_wanted(level))
		return;
	va_start(ap, fmt);
	emit(level, fmt, ap);
	va_end(ap);
}

void log_remote(enum log_level level, usec now, const char *fmt, ...)
{
	va_list ap;

	if (!log_wanted(level) || !rate_take(&remote, now))
		return;
	if (remote.refused) {
		log_line(level, "%llu lines of this kind dropped", (unsigned long long)remote.refused);
		remote.refused = 0;
	}
	va_start(ap, fmt);
	emit(level, fmt, ap);
	va_end(ap);
}
