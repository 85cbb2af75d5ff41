/*
 * corosync's closed process group of a name: messages reach all members in one order, and all hear in that order who is
 * a member. Connected while corosync is there; when it is not, that is tried again by itself.
 */
#ifndef MIP_SYS_CPG_H
#define MIP_SYS_CPG_H

#include <stddef.h>
#include <stdint.h>

#include "base/loop.h"

#define CPG_NODES_MAX 128

/* A process on a node of corosync's. */
struct cpg_node {
	uint32_t node, pid;
};

struct cpg_events {
	void *ctx;
	void (*members)(void *ctx, struct cpg_node self, const struct cpg_node *list, size_t n);
	void (*message)(void *ctx, struct cpg_node from, const void *data, size_t len);
	/* corosync is not there, or not any more, and why. */
	void (*lost)(void *ctx, const char *why);
};

struct cpg;

/* NULL: out of memory. What happens is told from the loop, never from inside this call. */
struct cpg *cpg_open(struct loop *loop, const char *name, const struct cpg_events *ev);
/* NULL is nothing. */
void cpg_close(struct cpg *c);
/* 0; -EAGAIN: not now; -ENOTCONN. */
int cpg_send(struct cpg *c, const void *data, size_t len) __attribute__((warn_unused_result));
/* Leaves, and joins again soon. */
void cpg_rejoin(struct cpg *c);

#endif
