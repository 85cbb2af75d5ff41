/* Records of the control protocol: what `show`, `save` and events print. Reads roles, changes nothing. */
#ifndef MIP_CTL_GET_H
#define MIP_CTL_GET_H

#include "ctl/conf.h"
#include "ctl/server.h"
#include "role/cn.h"
#include "role/event.h"
#include "wire/via.h"

/* What the agent tells of itself. */
struct agent_facts {
	const char *path, *path_why; /* "" while no data path is open */
	const char *caps, *seccomp, *kernel;
	const char *state;    /* the file bindings are kept in, or why they are not */
	const char *ha_lacks; /* what the home agent waits for, or "" */
	const char *refused;  /* whom charon refused keys last, and why, or "" */
	const char *removed;  /* what somebody keeps removing from the kernel, or "" */
	unsigned mtu;
	usec silent; /* packets have come out of the tunnels and none went in for this long; 0: that is not so */
	usec started;
	uint64_t netns, memory;
	uint64_t tun_rx, tun_tx, tun_refused;
	uint64_t dropped; /* messages that were malformed */
	usec confirm;	  /* when the last change goes back, NEVER = it stays */
};

struct tally;

/* Packets that travelled optimized between two addresses. */
struct ro_facts {
	uint64_t out_packets, out_bytes, in_packets, in_bytes;
};

/* What is done with packets of a flow, and was. */
struct flow_facts {
	struct in6_addr src, dst; /* of the first packet out; behind the prefix lengths 0 */
	uint8_t splen, dplen;
	const char *edits, *path;    /* "tunnel"; the back end */
	struct in6_addr local, peer; /* :: = none */
	unsigned mtu;
	bool counted; /* the back end counts packets of each flow */
	struct ro_facts count;
};

/* A member of the cell of home agents. */
struct cell_facts {
	const char *name;   /* the cell's */
	uint32_t node, pid; /* 0: corosync is not there */
	bool own, serves;
	unsigned state; /* enum mip_cell_state */
	size_t bindings;
	uint64_t behind;
};

/* A security association as the kernel has it. */
struct sa_facts {
	bool installed;
	uint32_t spi;	     /* of one with keys that were negotiated */
	const char *waits;   /* what keeps it from having them, or "" */
	const char *refused; /* who was refused some meanwhile, and why, or "" */
	uint8_t cipher, auth;
	uint64_t made, renewal; /* seconds since 1970; 0: not known, and not by this side */
	uint64_t packets, bytes, failed;
};

/* Everything that can be shown. */
struct view {
	const struct ha *ha;
	const struct mn *mn;
	const struct cn *cn;
	const struct conf *conf;
	void *ctx;
	void (*facts)(void *ctx, struct agent_facts *to);
	void (*tally)(void *ctx, struct tally *to);
	void (*ro_facts)(void *ctx, const struct in6_addr *local, const struct in6_addr *remote, struct ro_facts *to);
	/* How many flows there are, the i-th, and how many packets of any were dropped for that reason. */
	size_t (*flows)(void *ctx);
	void (*flow_facts)(void *ctx, size_t i, struct flow_facts *to);
	uint64_t (*flow_drops)(void *ctx, enum drop why);
	/* first: of a dump; the kernel is asked then. One with keys that are negotiated has a direction here. */
	void (*sa_facts)(void *ctx, const struct conf_sa *sa, bool first, struct sa_facts *to);
	/* The n-th member; false behind the last. */
	bool (*cell)(void *ctx, size_t n, struct cell_facts *to);
};

/* The `get` of struct ctl_ops. */
int get_record(
	const struct view *v, const struct ctl_request *rq, struct ctl_cursor *at, struct ctl_msg *m, struct why *why);
/* Of a member that is gone: no state. */
void get_cell_record(struct ctl_msg *m, const struct cell_facts *f, bool gone);
/* An event as a record: name, time, the object's whole record, and a sentence. */
void event_record(const struct view *v, const struct event *ev, usec now, struct ctl_msg *m);
/* That sentence. */
void event_text(const struct event *ev, char *text, size_t cap);

#endif
