/*
 * Inside of cell.h (cell.c, cell_in.c). A message: magic, version, flags, the sender's epoch and clock, the number of
 * its last record, how many bindings the sender has; then records: kind, length, and a record of the store (key length,
 * key, value) whose times are by the sender's clock, so that members need not agree about the time of day. A lifetime
 * of 0 is the end of a binding. Of traffic a record has the home address; a confirmation has a member, and the number
 * of its last record here. Kinds and flags that are not known are skipped: members of different versions are one cell.
 */
#ifndef MIP_AGENT_CELL_IMPL_H
#define MIP_AGENT_CELL_IMPL_H

#include "agent/cell.h"

#define CELL_MAGIC    0x6d697063 /* "mipc" */
#define CELL_VERSION  1
#define CELL_SERVES   1
#define CELL_CONFIRMS 2

#define CELL_CONFIRM_LEN 16

enum cell_kind { CELL_LIVE = 1, CELL_STATE = 2, CELL_END = 3, CELL_TRAFFIC = 4, CELL_CONFIRM = 5 };

static inline bool cell_same_node(struct cpg_node a, struct cpg_node b)
{
	return a.node == b.node && a.pid == b.pid;
}

/* NULL: it is no member. */
struct cell_member *cell_find(const struct cell *c, struct cpg_node id);
/* Has it sent with what is said next. */
void cell_queue_binding(struct cell *c, enum cell_kind kind, const struct bc_entry *e);
/* Lets go the acknowledgements of what came back to us and one other member has. */
void cell_release(struct cell *c);
/* When everybody is here and it is our turn, the whole state is told from now on. */
void cell_begin_telling(struct cell *c);
/* Each member is told of as changed. */
void cell_say_all(struct cell *c);

#endif
