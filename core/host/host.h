/*
 * The machine under the roles: struct world done with the kernel. Opened when the
 * first role starts, closed, with everything taken out again, when the last one ends.
 */
#ifndef MIP_HOST_HOST_H
#define MIP_HOST_HOST_H

#include "base/rate.h"
#include "wire/via.h"
#include "host/mirror.h"
#include "role/mn.h"
#include "role/world.h"
#include "host/ike.h"
#include "host/ipsec.h"
#include "sys/nl.h"
#include "flow/flow.h"
#include "sys/proxy.h"
#include "sys/raw.h"
#include "flow/shim.h"
#include "flow/way.h"

/* An address we put on a link; ifindex 0: on the tunnel device. */
struct host_addr {
	struct in6_addr addr;
	unsigned ifindex;
	uint8_t plen;
};

#define HOST_ADDRS_MAX (3 * MN_HOMES_MAX) /* each home address on the tunnel device and at home, and one of IPv4 */

/* What we hold in the kernel is looked after: hold.c. */
struct hold {
	struct timer timer;
	unsigned lost; /* enum nl_lost, until it is looked at */
	struct rate rate;
	usec not_before, patience;
	struct host_addr addr[HOST_ADDRS_MAX];
	size_t addrs;
	usec at[3]; /* when something had to be put back, the last first */
	unsigned times;
	char what[96]; /* the last time */
};

struct host {
	struct loop *loop;
	struct nl *nl; /* open while the agent lives; the rest only while a role runs */
	struct raw *raw;
	struct shim *shim;
	struct ipsec *ipsec;
	struct ike *ike;
	struct flows *flows;
	struct proxies *proxies;
	bool detached;	     /* a home agent on standby, */
	bool hands_over;     /* because another of its cell serves from now on: */
	struct timer linger; /* armed: packets that still come here are taken */
	struct ways ways;
	struct hold hold;
	unsigned routeless;  /* link that an update in UDP has left by and may have had no route; 0: none */
	struct rate routes;  /* that are told of */
	struct rate answers; /* Neighbor Advertisements the agent answers with itself */
	struct mirror mirror;
	struct world world;
	void *owner;
	void (*on_event)(void *owner, const struct event *ev, usec now);
	void (*on_sent)(void *owner, const struct message *msg); /* or, by its `dropped`, was not */
	/* Those of struct world for a cell of home agents. */
	uint64_t (*on_replicate)(void *owner);
	void (*on_ended)(void *owner, const struct in6_addr *home, uint16_t seq, usec until);
	void (*on_keys)(void *owner, const struct in6_addr *home); /* of a mobile node: negotiated */
	void (*on_put_back)(void *owner, const char *what);	   /* what somebody had removed: "2 routes, 1 rule" */
};

/* Fills h->world; h->loop is set. */
void host_world(struct host *h);
/* nl must be open. What packets do, and what optimized ones tell; `want`: force a data path. */
int host_open(struct host *h, const struct raw_events *ev, const struct flow_events *fe, const char *want,
	struct why *why) __attribute__((warn_unused_result));
void host_close(struct host *h);
/* Removes what an earlier agent left in the kernel and no role has taken over since host_open. */
int host_sweep(struct host *h, struct why *why) __attribute__((warn_unused_result));
/* From begin to end bindings are collected; what the kernel says to all of them comes at the end. */
void host_bulk_begin(struct host *h);
int host_bulk_end(struct host *h, struct why *why) __attribute__((warn_unused_result));
/* agent_news.route is told of new routes by that link / 0: no more. Whoever configures a link gives it an address
 * first, and its routes then; without one the kernel takes every destination for a neighbour, and says nothing. */
void host_await_route(struct host *h, unsigned ifindex);
/* In a cell of home agents from now on, or not; at first its bindings take packets (world.h: attach). */
int host_join_cell(struct host *h, bool in, struct why *why) __attribute__((warn_unused_result));
static inline bool host_is_open(const struct host *h)
{
	return h->flows != NULL;
}

/* protect.c. What IPsec protects, from now on; where bindings and home addresses are is known. */
int host_protect(struct host *h, const struct ipsec_sa *list, size_t n, struct why *why)
	__attribute__((warn_unused_result));
/* Where its keys come from that are negotiated; with events. */
int host_open_ike(struct host *h, struct why *why) __attribute__((warn_unused_result));
/* Sends what was given to the stack to be protected and waits in the shim: before its protection ends. */
void host_flush(struct host *h);
/* The effects of world.h on it. */
int host_send(struct host *h, const struct via *via, const struct raw_meta *meta, uint8_t proto, const uint8_t *data,
	size_t len) __attribute__((warn_unused_result));
unsigned host_protects(void *ctx, const struct in6_addr *home);
bool host_keys(void *ctx, const struct mn_home *home, bool doubt);
bool host_keys_move(void *ctx, const struct in6_addr *home);
bool host_keys_at(void *ctx, const struct in6_addr *home, const struct in6_addr *at, bool moves);
int host_optimize(void *ctx, enum ro_side side, const struct in6_addr *local, const struct in6_addr *remote,
	const struct in6_addr *coa);

/* hold.c. What is ours in the kernel is put back when somebody removes it: at the latest 2 s after it was noticed, and
 * no more than once a second in the long run. The kernel tells of devices, addresses, routes, rules, nft tables and
 * some sysctls; neighbour proxies are looked at every 2 s. host_hold_open before a role starts. */
int host_hold_open(struct host *h, struct why *why) __attribute__((warn_unused_result));
void host_hold_close(struct host *h);
void host_hold_proxies(struct host *h); /* there is one now */
/* The mirror heard of it, whatever it is. */
void host_hold_link(struct host *h, const struct nl_link *l);
void host_hold_addr(struct host *h, const struct nl_addr *k);
/* An address of ours: now there, or no more. */
int host_own(struct host *h, const struct host_addr *a, struct why *why) __attribute__((warn_unused_result));
int host_disown(struct host *h, const struct host_addr *a, struct why *why) __attribute__((warn_unused_result));
/* Somebody removed things more than once lately: what and how often, else "". */
const char *host_keeps_losing(const struct host *h, usec now, char *text, size_t cap);

/* Puts the shim on a link, where it belongs on one. */
void host_guard(struct host *h, struct mirror_link *l);
/* Is this a link a mobile node may move on: ethernet-like, not ours? */
bool host_is_movable(const struct nl_link *l);

/* A link where nobody is asked for an address. */
bool host_is_virtual(const struct nl_link *l);
/* A home link of a home agent: forwarding must be on already; proxy Neighbor Discovery is switched on, and watched,
 * unless it is virtual. */
int host_serve_link(struct host *h, unsigned ifindex, struct why *why) __attribute__((warn_unused_result));
/* 0, or -ENETDOWN: the machine does not forward IPv4, and no IPv4 home address could be reached. */
int host_forwards_ipv4(struct why *why) __attribute__((warn_unused_result));
/* Puts an active binding's proxy on its home link, which was `before`; the kernel drops those of a link that goes down.
 */
int host_proxy_again(struct host *h, const struct bc_entry *e, unsigned before, struct why *why)
	__attribute__((warn_unused_result));
/* The same, and says so to everybody there. */
int host_defend(struct host *h, const struct bc_entry *e, unsigned before, struct why *why)
	__attribute__((warn_unused_result));
void host_leave_link(struct host *h, unsigned ifindex);
/* Mobile nodes that look for a home agent ask this anycast address (RFC 6275 10.5): heard from now on, or no more. */
void host_hear_anycast(struct host *h, unsigned ifindex, const struct in6_addr *anycast, bool on);
/* Somebody on the home link (`to`; :: probes) asks for a home address that is away: answered, unless the kernel does.
 */
void host_answer(struct host *h, unsigned ifindex, const struct in6_addr *home, const struct in6_addr *to);
/* A link a mobile node moves on: Router Advertisements heard, addresses usable at once (RFC 4429). */
void host_prepare_link(struct host *h, const struct nl_link *l);
/* On such a link a mobile router is a host to the others there, in no group of all routers (RFC 3963 5.6, 5.7), though
 * what comes by it may be forwarded; nothing is done while it is not said what is inside. */
void host_be_guest(struct host *h, const struct nl_link *l);
/* An address that the kernel formed, and made wait for Duplicate Address Detection all the same (it does while it
 * forwards, before 6.17), is made optimistic; in place of one that another node has, one is formed with another
 * interface identifier, unless the link has one of that prefix. */
void host_form_addr(struct host *h, const struct nl_addr *k);
/* Is the link's use_tempaddr 2: rather a temporary address than another (RFC 8981)? */
bool host_prefers_temporary(const struct host *h, unsigned ifindex);
/* The home address on the tunnel device: there as long as the mobile node runs, wherever it is. */
int host_add_home(struct host *h, const struct in6_addr *home, struct why *why) __attribute__((warn_unused_result));
void host_del_home(struct host *h, const struct in6_addr *home);
/* The mobile networks of a home address: forwarded to and for, as long as the mobile router runs. */
int host_add_networks(struct host *h, const struct mn_home_conf *conf, struct why *why)
	__attribute__((warn_unused_result));
void host_del_networks(struct host *h, const struct mn_home_conf *conf);

#endif
