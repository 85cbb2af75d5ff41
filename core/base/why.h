/*
 * Why something failed: an errno, a sentence for a person and, when one word of
 * the request is to blame, that word's attribute number (include/mip/attr.h).
 *
 * Functions that can fail for a reason a person should read take a
 * `struct why *` and return 0 or a negative errno. The text is written once,
 * at the place that knows most; callers pass it on and never overwrite it.
 */
#ifndef MIP_BASE_WHY_H
#define MIP_BASE_WHY_H

#include <stdint.h>

struct why {
	int err;	/* positive errno, 0 while nothing failed */
	uint16_t attr;	/* offending attribute, 0 = none */
	char text[160]; /* no newline, no full stop */
};

/* Fills `why` (which may be NULL) unless it is filled already. Returns -err. */
int why_set(struct why *why, int err, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* The same, blaming attribute `attr`. */
int why_attr(struct why *why, int err, uint16_t attr, const char *fmt, ...) __attribute__((format(printf, 4, 5)));

#endif
