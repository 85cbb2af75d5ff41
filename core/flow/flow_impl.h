/*
 * Inside of flow.h: a back end is a table of operations, and embeds struct flows as its first member. flow.c keeps what
 * all have in common: the table, routes and rules (flow_route.c), HAO and RH2 (packet.c), errors, samples of traffic.
 */
#ifndef MIP_FLOW_FLOW_IMPL_H
#define MIP_FLOW_FLOW_IMPL_H

#include "base/addr.h"
#include "base/rate.h"
#include "flow/flow.h"
#include "flow/shim.h"
#include "sys/held.h"

#define FLOW_DEV  "mip0"
#define FLOW_MTU  1460 /* 1500 less the outer header: never a need to fragment the outer packet */
#define SLOTS_MAX 64   /* tunnels of home addresses of one mobile node */

struct flow_ops {
	const char *name, *why;
	bool tells; /* the kernel tells senders of errors in the tunnel */
	bool encap; /* a route says which tunnel */
	int (*open)(const struct flow_ops *ops, struct flows **out, struct loop *loop, struct nl *nl, struct why *why);
	void (*close)(struct flows *t);
	/* Of a tunnel. The entry stands in the table and says what is wished for; old: what it said before, NULL = it
	 * is new. Before routes lead packets there, and after. NULL: it looks the table up. */
	int (*set)(struct flows *t, const struct flow *f, const struct flow *old, struct why *why);
	int (*del)(struct flows *t, const struct flow *f, struct why *why);
	/* What it collects beside rtnetlink requests; NULL = nothing. */
	int (*batch)(struct flows *t, bool begin, struct why *why);
	int (*sweep)(struct flows *t, struct why *why);
	/* Device and nft table as they should be. True: the device is another now, or was not as it should be. */
	bool (*hold)(struct flows *t, struct held *h);
	/* Adds what passed it, and what it dropped. */
	int (*stats)(struct flows *t, struct flow_stats *to);
};

struct bpf;
struct carrier;
struct traffic;

/* A mobile network of ours, and the interface it is on ("": not said). */
struct flow_inner {
	struct addr_prefix prefix;
	char dev[IF_NAMESIZE];
	bool closed; /* what comes in there with another source goes nowhere */
};

struct flows {
	const struct flow_ops *ops;
	struct loop *loop;
	struct nl *nl;
	struct shim *shim;
	struct flow_table table;
	struct flow_events ev;
	struct flow_drops drops;
	struct bpf *bpf;	   /* programs under the device, which take pairs too; NULL: none */
	struct carrier *udp;	   /* IPv6, or IPv4, in UDP over IPv4; NULL: there is none */
	struct carrier *ipv4;	   /* IPv4 in IPv6; NULL: there is none */
	unsigned ifindex;	   /* of FLOW_DEV */
	unsigned aways;		   /* reverse tunnels */
	struct left left;	   /* routes of an earlier agent */
	struct traffic *traffic;   /* while samples are wanted */
	int aside;		   /* header-included socket for what must not be optimized */
	struct rate registrations; /* pairs that home registrations make */
	struct rate errors;	   /* that packets with a limit cause */
	bool forwards;
	bool apart;    /* tunnels of bindings have a table of their own, */
	bool detached; /* which nobody looks into */
	size_t inners; /* mobile networks behind us */
	struct flow_inner inner[FLOW_NETWORKS];
};

extern const struct flow_ops flow_lwt, flow_tun, flow_bpf;

/* What a back end begins with. */
struct flows flow_begin(const struct flow_ops *ops, struct loop *loop, struct nl *nl);

static inline bool flow_is_pair(const struct flow_key *k)
{
	return k->splen && k->dplen;
}
static inline const struct in6_addr *flow_home(const struct flow_key *k)
{
	return k->dplen ? &k->dst : &k->src;
}
static inline bool flow_is_ipv4(const struct flow_key *k)
{
	return addr_is_ipv4(flow_home(k));
}
/* A tunnel whose packets come and go by the shim's device, whatever back end has the others: in UDP, or of IPv4. */
static inline bool flow_is_apart(const struct flow *f)
{
	return f->edits & FLOW_ENCAP && (f->port || flow_is_ipv4(&f->key));
}
static inline bool flow_is_away(const struct flow *f)
{
	return f->edits & FLOW_ENCAP && f->key.splen;
}
/* Of a binding here: of a home address, or of a mobile network. */
static inline bool flow_is_bound(const struct flow *f)
{
	return f->edits & FLOW_ENCAP && !f->key.splen;
}
/* Of a mobile network, not of a home address. */
static inline bool flow_is_network(const struct flow_key *k)
{
	return !flow_is_pair(k) && (k->dplen ? k->dplen : k->splen) < 128;
}

/* A home registration here, whose care-of address is `coa`, allows a Home Address option in packets to `local` (9.3.1):
 * a home agent is a correspondent of its own mobile nodes. What it sends to one as `local` gets a routing header, too,
 * if `local` is the address the node registered with. */
bool flow_registered(
	struct flows *t, const struct in6_addr *home, const struct in6_addr *coa, const struct in6_addr *local);

/* flow_error.c. What a path MTU leaves for packets of a pair, which get `room` octets more. Less than 1280 cannot be
 * told by Packet Too Big: the route says it, and the stack fragments. */
uint32_t flow_obey(struct flows *t, struct flow_entry *p, uint32_t path, size_t room);
/* tunnel_error.c. A packet is too big for what is put before it; mtu: what it may be. False: nobody is told. */
bool tunnel_too_big(const uint8_t *pkt, size_t len, uint32_t mtu, struct tunnel_error *out);

/* flow_route.c. What leads packets of a flow where they belong, as it should be now / no more. */
int flow_lead(struct flows *t, struct flow_entry *e, struct why *why) __attribute__((warn_unused_result));
int flow_unlead(struct flows *t, struct flow_entry *e, struct why *why) __attribute__((warn_unused_result));
void flow_lead_hold(struct flows *t, struct flow_entry *e, struct held *h);
/* What leads packets to the tunnels that stand apart. */
int flow_lead_apart(struct flows *t, bool on, struct why *why) __attribute__((warn_unused_result));
void flow_lead_apart_hold(struct flows *t, struct held *h);
/* What an earlier agent left: routes of the device, ends of tables and rules. */
int flow_lead_sweep(struct flows *t, struct why *why) __attribute__((warn_unused_result));
/* What comes out of the shim is forwarded. */
int flow_forwarding(struct why *why) __attribute__((warn_unused_result));

/* Those of the machine's interfaces that hear Router Advertisements will, when it forwards. */
void flow_hear_routers(void);

/* network.c. Is that end of a table, that rule, one of a mobile network of ours? */
bool network_has_end(const struct flows *t, const struct route *r);
bool network_has_rule(const struct flows *t, const struct rule *r);
/* The interface of the mobile network of this key; "": not said. */
const char *network_dev(const struct flows *t, const struct flow_key *k);
void network_hold(struct flows *t, struct held *h);

/* packet.c: the readers of the shim. */
void flow_in(void *ctx, struct packet *p, const struct exthdr *e);
bool flow_limited(void *ctx, const struct packet *p, const struct exthdr *e);
bool flow_out(void *ctx, struct packet *p, const struct exthdr *e);

/* traffic.c: samples of who talks through reverse tunnels. */
int traffic_open(struct traffic **out, struct flows *t, struct why *why) __attribute__((warn_unused_result));
void traffic_close(struct traffic *w); /* NULL is nothing */
/* An IPv6 header programs show. */
void traffic_sample(struct flows *t, const uint8_t *pkt);

/* bpf.c: programs under the TUN device of tun.c. */
int bpf_open(struct flows *t, struct why *why) __attribute__((warn_unused_result));
void bpf_close(struct flows *t); /* none is nothing */
int bpf_set(struct flows *t, const struct flow *f, const struct flow *old, struct why *why)
	__attribute__((warn_unused_result));
int bpf_del(struct flows *t, const struct flow *f, struct why *why) __attribute__((warn_unused_result));
int bpf_sweep(struct flows *t, struct why *why) __attribute__((warn_unused_result));
/* Any back end's: programs of an earlier agent go from links where this one has none. */
int bpf_sweep_links(struct flows *t, struct why *why) __attribute__((warn_unused_result));
void bpf_hold(struct flows *t, struct held *h);
int bpf_stats(struct flows *t, struct flow_stats *to) __attribute__((warn_unused_result));
struct flow_counts bpf_counted(const struct flows *t, const struct flow_key *key);
/* What this machine itself sends to a home address goes to the device / no more. */
int bpf_lead(struct flows *t, struct flow_entry *e, struct why *why) __attribute__((warn_unused_result));
int bpf_unlead(struct flows *t, struct flow_entry *e);
int bpf_attach(struct flows *t, bool on, struct why *why) __attribute__((warn_unused_result)); /* those rules */
bool bpf_leads(const struct flows *t); /* are there rules for what is sent to home addresses? */
/* What the programs let the device `fd` have, when it is not to be sent by the agent. */
bool bpf_took(struct flows *t, int fd, struct packet *pkt);

#endif
