/*
 * Tells when the machine has slept (suspend, hibernation): what was known of links and their routers may be void.
 */
#ifndef MIP_SYS_WAKE_H
#define MIP_SYS_WAKE_H

#include "base/clock.h"
#include "base/loop.h"

struct wake {
	struct watch watch;
	usec slept; /* in all, as last seen */
	void (*woke)(struct wake *w, usec slept);
};

/* `woke` is called after each sleep with its length. 0 or -errno. */
int wake_open(struct wake *w, struct loop *loop, void (*woke)(struct wake *w, usec slept))
	__attribute__((warn_unused_result));
void wake_close(struct wake *w, struct loop *loop);

#endif
