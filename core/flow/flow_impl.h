/*
 * Inside of flow.h: a back end is a table of operations, and keeps what it needs behind a struct flows that it embeds
 * as its first member. What all have in common (the table, who is told what) is flow.c's.
 */
#ifndef MIP_FLOW_FLOW_IMPL_H
#define MIP_FLOW_FLOW_IMPL_H

#include "flow/flow.h"

#define FLOW_DEV "mip0"
#define FLOW_MTU 1460 /* 1500 less the outer header: never a need to fragment the outer packet */

struct flow_ops {
	const char *name, *why; /* "bpf"; one sentence: why this one */
	/* -EOPNOTSUPP and why: this kernel cannot; the next one is tried. t->nl, t->loop and t->table stand. */
	int (*open)(struct flows **out, struct loop *loop, struct nl *nl, struct why *why);
	void (*close)(struct flows *t);
	/* The entry stands in the table and says what is wished for; old: what it said before, NULL = it is new. On
	 * failure the caller puts the old values back, or deletes it. */
	int (*set)(struct flows *t, struct flow_entry *e, const struct flow *old, struct why *why);
	/* Still in the table, about to leave it. */
	int (*del)(struct flows *t, struct flow_entry *e, struct why *why);
	/* Between begin and end set() may collect; the first error comes at the end. NULL: it never does. */
	int (*batch)(struct flows *t, bool begin, struct why *why);
	/* Brings e->counts and e->busy up to date. NULL: they are. */
	int (*counts)(struct flows *t, struct flow_entry *e);
	/* Adds what it has dropped by itself. NULL: nothing. */
	int (*drops)(struct flows *t, struct flow_drops *to);
	/* Removes what an earlier agent left and no set() has asked for again. NULL: nothing is left. */
	int (*sweep)(struct flows *t, struct why *why);
	/* Puts back what somebody took out: idempotent. */
	int (*restore)(struct flows *t, struct why *why);
};

struct flows {
	const struct flow_ops *ops;
	struct loop *loop;
	struct nl *nl;
	struct flow_table table;
	struct flow_events ev;
	struct flow_drops drops;
	unsigned ifindex; /* of FLOW_DEV */
};

#endif
