/*
 * A cell of home agents (agent/cell.h) under virtual time: three machines on one home link, each with a corosync, the
 * process of an agent and a clock of its own, and nodes that register with whoever serves. Between cell.c (machines,
 * what must hold) and group.c (the closed process group).
 */
#ifndef MIP_TESTS_SIM_CELL_H
#define MIP_TESTS_SIM_CELL_H

#include "agent/cell.h"
#include "tests/sim/sim.h"

#define MACHINES   3
#define CELL_HOMES 12

struct ring;
struct item;

/* Bugs on purpose: cell of struct sim_plant. */
enum cell_bug { BUG_NONE, BUG_AT_ONCE, BUG_UNTOLD_MOVE, BUG_UNNOTICED, BUG_EAGER };

/* How old a version its agent is. */
enum cell_version { V_NOW, V_BEFORE, V_TO_COME };

/* What another start of the process finds: its store. */
struct kept {
	size_t n;
	struct bc_entry e[CELL_HOMES];
};

struct machine {
	struct cell_sim *cs;
	unsigned id; /* node id + 1 of corosync's */
	struct world w;
	struct timers timers;
	struct timer wake, boot, dispatch, address;
	usec offset; /* own clock - the world's */
	bool up;     /* the process */
	bool joined, leaving;
	bool has_address, attached;
	enum cell_version version;
	uint32_t pid;
	int side;
	usec stalled_until, changed_at; /* when its membership did last */
	struct ha ha;
	struct cell cell;
	struct kept kept;
	bool bound[CELL_HOMES];
	/* group.c: its corosync, and what that has for the process */
	struct ring *ring;
	size_t next;		 /* of the ring's messages */
	uint32_t view[MACHINES]; /* process of each machine that is in the group, 0: none */
	struct item *first, **end;
};

/* A registration, or the end of one, as its mobile node knows it. */
struct promise {
	bool made, ends;
	uint16_t seq;
	const struct machine *by;
	uint32_t pid;	  /* of its process then */
	usec at, until;	  /* world's time, less what clocks leap meanwhile */
	usec leapt;	  /* they had by then, in all */
	unsigned crashes; /* there had been so many when it became safe */
};

struct cell_home {
	struct in6_addr home;
	uint16_t seq, last_end; /* said last; by the last that ends, at once or soon */
	bool ended;
	unsigned crashes; /* there had been so many when it was said */
	usec leapt;
	struct promise acked, safe; /* the last; and the last that one crash may not take */
};

struct cell_sim {
	struct sim sim; /* its random numbers, time, timers; no nodes */
	struct machine m[MACHINES];
	struct cell_home home[CELL_HOMES];
	bool is_protected; /* numbers of ended bindings are remembered for ever */
	unsigned crashes;
	usec leapt; /* all clocks together */
	struct ring *rings;
};

/* group.c. A message of the process of m to all in the group, m itself too, in one order. */
void group_send(struct machine *m, const uint8_t *data, size_t len);
void group_join(struct machine *m);
void group_leave(struct machine *m);
/* Who can hear whom changed: sides, machines that are gone. What `m` has not delivered is lost with it. */
void group_regroup(struct cell_sim *cs, const struct machine *gone);
void group_close(struct cell_sim *cs);

/* cell.c, for group.c. */
void cell_sim_members(struct machine *m, const struct cpg_node *list, size_t n);
void cell_sim_message(struct machine *m, struct cpg_node from, const uint8_t *data, size_t len);
void cell_sim_enter(struct machine *m);
void cell_sim_leave(struct machine *m);

/* One seed through: violations end the process. cs: begun, otherwise zeroed. */
void cell_sim_run(struct cell_sim *cs);

#endif
