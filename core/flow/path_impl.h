/*
 * Inside of path.h: the table of operations. An implementation embeds struct path
 * as its first member; path.c keeps what all have in common (the tables of home
 * addresses, rules and routes), implementations only what differs.
 */
#ifndef MIP_FLOW_PATH_IMPL_H
#define MIP_FLOW_PATH_IMPL_H

#include "flow/homes.h"
#include "sys/held.h"
#include "flow/path.h"

#define PATH_DEV  "mip0"
#define PATH_MTU  1460 /* 1500 less the outer header: never a need to fragment the outer packet */
#define PATH_HOPS 64   /* of the outer header */
#define SLOTS_MAX 64   /* home addresses of one mobile node */

struct path_ops {
	const char *name, *why;
	bool tells; /* the kernel tells senders of errors in the tunnel */
	bool encap; /* a route says which tunnel */
	int (*open)(struct path **out, struct loop *loop, struct nl *nl, struct why *why);
	void (*close)(struct path *p);
	/* Before the entry is in the table (old is NULL or what it replaces) and after it has left. */
	int (*bind)(struct path *p, const struct home *h, const struct home *old, struct why *why);
	int (*unbind)(struct path *p, const struct home *old, struct why *why);
	int (*reverse)(struct path *p, const struct home *h, const struct home *old, struct why *why);
	int (*unreverse)(struct path *p, const struct home *old, struct why *why);
	int (*sweep)(struct path *p, struct why *why);
	/* Device and nft table as they should be. True: the device is another now, or was not as it should be. */
	bool (*hold)(struct path *p, struct held *h);
	/* What it collects beside rtnetlink requests; NULL = nothing. */
	int (*bulk)(struct path *p, bool begin, struct why *why);
	int (*stats)(struct path *p, struct path_stats *out);
};

struct path {
	const struct path_ops *ops;
	struct nl *nl;
	unsigned ifindex;
	struct homes bound;    /* home agent: peer = care-of address, local = home agent */
	struct homes reversed; /* mobile node: peer = home agent, local = care-of address */
};

/* What leads packets of a home address into the device: to it (bound), or from it (reversed). */
struct route path_route(const struct path *p, const struct home *h, bool reversed);

extern const struct path_ops path_tun, path_ip6tnl;

#endif
