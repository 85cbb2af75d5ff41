/*
 * News of removals: a netlink socket that hears a group of one family, but for what one socket of ours asked for. What
 * is heard is not kept: whoever is told looks for itself. A socket that overflowed has heard everything.
 */
#ifndef MIP_SYS_REMOVAL_H
#define MIP_SYS_REMOVAL_H

#include <libmnl/libmnl.h>
#include <linux/filter.h>
#include <stdbool.h>

#include "base/loop.h"
#include "base/why.h"

struct removal {
	struct loop *loop;
	struct mnl_socket *s; /* NULL: not open */
	struct watch watch;
	bool (*concerns)(void *ctx, const struct nlmsghdr *h);
	void (*told)(void *ctx);
	void *ctx;
};

/* Owner fills concerns, told and ctx. `prog` is what the kernel lets pass of the groups (0 ends them). */
int removal_open(struct removal *r, struct loop *loop, int family, const int *groups, const struct sock_fprog *prog,
	struct why *why) __attribute__((warn_unused_result));
void removal_close(struct removal *r); /* not open: nothing */

#endif
