/*
 * Inside the agent: roles, machine, control socket and configuration in one struct;
 * packets.c and news.c bring in what happens, follow.c makes the roles follow the configuration, agent.c starts, stops
 * and answers commands.
 */
#ifndef MIP_AGENT_AGENT_IMPL_H
#define MIP_AGENT_AGENT_IMPL_H

#include "agent/agent.h"
#include "base/rate.h"
#include "ctl/get.h"
#include "ctl/message.h"
#include "host/host.h"
#include "agent/cell.h"
#include "agent/keep.h"
#include "agent/remains.h"
#include "sys/wake.h"

struct agent {
	const struct agent_options *options;
	struct loop loop;
	struct host host;
	struct ha ha;
	struct mn mn;
	struct cn cn;
	struct keep keep;
	struct cell cell;
	struct cpg *cpg; /* NULL: there is no cell */
	char cell_name[CONF_CELL_MAX];
	struct turn cell_turn;
	char cell_why[96]; /* why the group is not there, as it was told; "": it is */
	struct conf conf;
	struct conf before_change; /* with can_undo: what undo goes back to */
	bool can_undo;
	struct timer confirm; /* armed: the last change waits to be confirmed */
	struct timer idle;    /* armed: the last role ended; so does the agent, unless that is undone */
	struct ctl *ctl;
	struct ctl_ops ops;
	struct view view;
	struct watch signals;
	struct wake wake;
	struct remains remains;
	struct mirror before; /* what was known when notifications were lost, until all is told again */
	struct rate errors;   /* ICMPv6 errors and Binding Errors we send, RFC 4443 2.4 (f) */
	struct timer look;    /* at what passes the tunnels */
	uint64_t tun_rx, tun_tx;
	usec heard, alone; /* the last packets out of tunnels; since when none goes in, 0: one did */
	usec started;
	struct tally tally; /* but for what the data path and the roles count themselves */
	bool told;	    /* by a command to end, so that its bindings end too */
	char caps[64], kernel[64], seccomp[64];
};

static inline bool agent_runs(const struct agent *a)
{
	return a->ha.on || a->mn.on || a->cn.on;
}

/* An agent that a role started ends with its last role: at once when there is nothing to take back, else after a while.
 * `ran`: was there one before? */
void agent_end_if_idle(struct agent *a, bool ran);

/* What happens by itself is news: a warning in the log, and an event of the agent's. */
void agent_tell(struct agent *a, const char *event, const char *text);

/* undo.c: may the configuration be changed now? Is the time to confirm in this COMMIT a good one? 0 or -errno. */
int agent_may_change(const struct agent *a, struct why *why) __attribute__((warn_unused_result));
int agent_read_confirm(const struct ctl_request *commit, struct why *why) __attribute__((warn_unused_result));
/* The change `commit` asked for is made; it was `was` before. */
void agent_remember(struct agent *a, const struct conf *was, const struct ctl_request *commit);
int agent_confirm(struct agent *a, struct why *why) __attribute__((warn_unused_result));
int agent_undo(struct agent *a, struct why *why) __attribute__((warn_unused_result));

/* watch.c: a message came or went. Counts it, and tells those who watch packets. */
void agent_saw(struct agent *a, const struct message *msg);
/* The `on_sent` of struct host. */
void agent_on_sent(void *owner, const struct message *msg);
/* Messages and packets that were malformed or not for us. */
uint64_t agent_malformed(struct agent *a);
/* All counts, those of the data path and the roles among them; the `tally` of struct view. */
uint64_t agent_flow_drops(void *ctx, enum drop why);
void agent_tally(void *ctx, struct tally *to);

/* Looks from now on whether packets go into the tunnels as well as out of them. */
void agent_look(struct agent *a);

/* packets.c: what raw_open is given; ctx is for the agent to fill in. */
extern const struct raw_events agent_packets;
extern const struct flow_events agent_optimized;

/* news.c: links and addresses as the kernel tells them, and again for a role that starts later. */
extern const struct nl_events agent_news;
void agent_tell_ha_addr(struct agent *a, const struct nl_addr *k);
void agent_tell_mn_all(struct agent *a);
void agent_prepare_links(struct agent *a); /* those a mobile node moves on, as its home addresses want them */

/* follow.c: makes the roles be as `want` says. 0 or -errno with `why`; then the caller goes back to what was. */
int agent_follow(struct agent *a, const struct conf *want, struct why *why) __attribute__((warn_unused_result));
/* Before a command that makes a role start anew: it ends. Its bindings stay in the store, and are found there again. */
int agent_rest(struct agent *a, uint16_t cmd, struct why *why) __attribute__((warn_unused_result));
/* follow_ipsec.c: the same for IPsec, as far as the machine is open; else what is new is tried. */
int agent_follow_ipsec(struct agent *a, const struct conf *want, struct why *why) __attribute__((warn_unused_result));
void agent_sa_facts(void *ctx, const struct conf_sa *sa, bool first, struct sa_facts *to);
/* follow_cell.c: the cell of home agents of that name ("": none), joined while the home agent runs; it is left before
 * its bindings end. */
int agent_follow_cell(struct agent *a, const char *name, struct why *why) __attribute__((warn_unused_result));
void agent_leave_cell(struct agent *a);
void agent_cell_turn(struct turn *t);
bool agent_cell_facts(void *ctx, size_t n, struct cell_facts *to);
/* Is the home agent's address on a home link here, and usable? When it came or went, we serve or are standby. */
bool agent_has_served_address(const struct agent *a);
void agent_look_at_address(struct agent *a);
/* follow_ha.c: the home agent's part of it. */
int agent_follow_ha(struct agent *a, const struct conf *want, struct why *why) __attribute__((warn_unused_result));
void agent_stop_ha(struct agent *a);
/* A home link went; the bindings stay. When agent_finds_home_link() says that one has an address
 * now, agent_follow() goes on there. */
void agent_lose_home_link(struct agent *a, unsigned ifindex);
bool agent_finds_home_link(const struct agent *a);
/* Can the home links of `want` be served now? -errno: not all of them, and why; a configuration waits for the others.
 * agent_ha_at_hand() asks that when `want` says something about them that was not so before. */
int agent_ha_lacks(const struct agent *a, const struct conf *want, struct why *why);
int agent_ha_at_hand(const struct agent *a, const struct conf *want, struct why *why)
	__attribute__((warn_unused_result));
/* A home link was down for a while, and with it what defends home addresses there. */
void agent_home_link_back(struct agent *a, unsigned ifindex);
/* Ends every role, taking all they installed out of the kernel. */
void agent_stop_roles(struct agent *a);

#endif
