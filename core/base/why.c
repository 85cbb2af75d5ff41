/* why.h: the one place where the text of a failure is written. */
#include <stdarg.h>
#include <stdio.h>

#include "base/why.h"

static int fill(struct why *why, int err, uint16_t attr, const char *fmt, va_list ap)
{
	if (why && !why->err) {
		why->err = err;
		why->attr = attr;
		vsnprintf(why->text, sizeof(why->text), fmt, ap);
	}
	return -err;
}

int why_set(struct why *why, int err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	err = fill(why, err, 0, fmt, ap);
	va_end(ap);
	return err;
}

int why_attr(struct why *why, int err, uint16_t attr, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	err = fill(why, err, attr, fmt, ap);
	va_end(ap);
	return err;
}
