/*
 * A cell: up to eight home agents of a home link that have the same bindings (role/ha.h: ha_stand_by). What changes a
 * binding here goes to the other members as a record of the store, in one message for each turn of the loop; messages
 * reach all members in one order, and all hear in that order who is a member. That is corosync's closed process group
 * (sys/cpg.h); this file knows it by struct cell_ops and by the calls below, reads no clock and touches no descriptor.
 *
 * Members that are together have the same bindings. When the membership changed, each member says that it saw that (its
 * epoch). Once all have, and not all are together, the lowest of each set of members that are tells all that these
 * have, and that it was all; the newer registration wins. When that was heard of every member, all are together: a
 * member that joins is a set of its own, the halves of a cell that was cut in two are two sets. Updates go on
 * meanwhile.
 *
 * That our own message came back says that it has its place in the order, and not yet that anybody else has it:
 * corosync knows agreed delivery only, and a machine that dies takes along what got lost on the wire. So members
 * confirm what they have, and an update is replicated when one other member has confirmed it. A member that does not
 * (of an older version) counts as having what came back to us; so does one that is silent for long, as one that is
 * gone.
 */
#ifndef MIP_AGENT_CELL_H
#define MIP_AGENT_CELL_H

#include "base/rate.h"
#include "role/event.h"
#include "role/ha.h"
#include "sys/cpg.h"

#define CELL_MEMBERS_MAX 8
#define CELL_MESSAGE_MAX 8192

struct cell_member {
	struct cpg_node id;
	uint32_t bindings;
	uint32_t epoch; /* how many memberships it has seen, as it said in this one; 0: nothing yet */
	bool together;	/* has what we have, and we what it has */
	bool told;	/* since the membership changed: its set told all it has */
	bool serves;
	bool confirms;	/* what it has of ours, and did not fail to for long */
	bool owed;	/* we are to confirm */
	uint64_t heard; /* so many of its records we have, */
	uint64_t has;	/* and so many of ours it confirmed */
};

struct cell_ops {
	void *ctx;
	/* To all members, this one too, in order. 0; -EAGAIN: not now; else -errno. */
	int (*send)(void *ctx, const void *data, size_t len);
	/* Leaves the group and joins it again; cell_lost() has been done. */
	void (*rejoin)(void *ctx);
	/* What is shown of a member changed; `gone`: it is a member no more. */
	void (*changed)(void *ctx, const struct cell_member *m, bool gone);
	/* A member sent what cannot be used, for the reason `why`; limited. */
	void (*refused)(void *ctx, const struct cell_member *m, const char *why);
};

struct cell {
	struct ha *ha;
	struct timers *timers;
	struct cell_ops ops;
	struct cell_member member[CELL_MEMBERS_MAX]; /* by node and process; our own among them while joined */
	size_t members;
	struct cpg_node self;
	uint8_t *pending; /* records that were not sent yet, from `from` to `to` */
	size_t from, to, cap;
	uint64_t queued, sent, delivered; /* records */
	uint64_t live, held;		  /* up to the last that changes a binding; up to what another member has */
	usec look_at;			  /* whether more was confirmed; 0: all is */
	unsigned looks;			  /* in vain */
	size_t ended, bindings;		  /* how many are still to be told of a state that is being told */
	bool telling;
	uint32_t epoch;
	bool news;     /* something but records is to be sent */
	bool applying; /* what another member sent: it is not sent again */
	struct timer timer;
	struct rate complaints;
	uint64_t refusals;
};

void cell_open(struct cell *c, struct ha *ha, const struct cell_ops *ops);
void cell_close(struct cell *c);

/* Who is a member now; the first time, and after cell_lost, since we joined. */
void cell_on_members(struct cell *c, struct cpg_node self, const struct cpg_node *list, size_t n, usec now);
/* The group is not there any more: we go on without. */
void cell_lost(struct cell *c);
void cell_on_message(struct cell *c, struct cpg_node from, const uint8_t *data, size_t len, usec now);
/* What happened to a binding here, or that there is none any more. */
void cell_event(struct cell *c, const struct event *ev);
void cell_ended(struct cell *c, const struct in6_addr *home, uint16_t seq, usec until);
/* A packet passed the tunnel of that home address: a sample. */
void cell_traffic(struct cell *c, const struct in6_addr *home, usec now);
/* Whether we serve changed. */
void cell_news(struct cell *c);
/* At the end of a turn. */
void cell_flush(struct cell *c, usec now);
/* The `replicate` of struct world. */
uint64_t cell_replicate(const struct cell *c);

/* A member's state (enum mip_cell_state). */
unsigned cell_state(const struct cell *c, const struct cell_member *m);
/* Our own entry, or NULL while the group is not there. */
struct cell_member *cell_self(const struct cell *c);

#endif
