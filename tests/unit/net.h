/*
 * A small internet in virtual time: mobile nodes, their home agent and correspondents,
 * each with the real roles, send each other encoded messages that take time, get lost,
 * doubled and overtaken. What no node may ever do (speak from an address it does not
 * have, too often, with dead tokens or an old nonce) fails the test where it happens.
 */
#ifndef MIP_TESTS_UNIT_NET_H
#define MIP_TESTS_UNIT_NET_H

#include "role/cn.h"
#include "role/event.h"
#include "role/ha.h"
#include "role/mn.h"
#include "role/ro.h"
#include "role/rr.h"
#include "tests/unit/t.h"

#define NET_NODES 8
#define NET_FACTS 64
#define NET_TALKS 1100
#define NET_LOG	  4096 /* the last messages, newest at (logged - 1) % NET_LOG */

#define NET_AGENT   "2001:db8:1::1"
#define NET_NOWHERE (-1)
#define NET_HOME    0 /* other links: 1, 2, ... have the prefix 2001:db8:f0LL::/64 */

/* An optimized path a role put up. `busy`: packets went since it was asked. */
struct net_fact {
	bool on, busy;
	enum ro_side side;
	struct in6_addr local, remote, coa;
	usec since;
	uint64_t heard; /* packets that came */
};

/* What a node asked and was answered about its care-of address; and when it last said what, for the rates. */
struct net_talk {
	bool used;
	struct in6_addr peer, coa;
	uint64_t cookie;
	bool answered;
	uint16_t nonce;
	usec sent[MH_TYPES][3];
};

struct net_node {
	struct net *net;
	size_t id;
	struct world w;
	struct cn cn;
	struct mn mn;
	struct ha ha;
	struct in6_addr addr, coa; /* its own, or the home address; the care-of address while link > 0 */
	bool mobile, deaf;	   /* deaf: knows no Mobility Header */
	bool complains;		   /* deaf, and answers so by ICMPv6 */
	int link;
	usec skew; /* of its time of day */
	int optimize_err;
	struct net_fact fact[NET_FACTS];
	struct net_talk talk[NET_TALKS];
	size_t sent[MH_TYPES], to_agent, events[EV_TYPES]; /* to_agent: of the updates, home registrations */
	/* data that arrived: through a home agent, or straight; and that did not, as the receiver knew no binding */
	size_t got_tunnelled, got_direct, refused_hao;
};

struct net_msg {
	usec at;
	size_t node;
	struct via via; /* auth NULL */
	struct mh mh;
	uint8_t bytes[128];
	size_t len;
};

struct net_packet;

struct net {
	struct timers timers;
	usec now, delay, jitter;
	unsigned loss, twice; /* of 1000 */
	bool cut;	      /* nothing arrives */
	size_t nodes, flying;
	struct net_node node[NET_NODES]; /* the first is the home agent */
	struct net_msg log[NET_LOG];
	size_t logged, lost_data;
	/* Sees every message that leaves; true: it gets lost. */
	bool (*lose)(struct net *net, const struct net_msg *m);
};

/* One home agent, nobody else; a hop takes 10 ms. */
void net_open(struct net *net);
/* Stops all roles; nothing may be left behind. */
void net_close(struct net *net);
struct net_node *net_cn(struct net *net, const char *addr);
/* At link NET_NOWHERE first; it is a correspondent, too. */
struct net_node *net_mn(struct net *net, const char *home);
void net_run(struct net *net, usec for_);
/* Until cond(arg) holds. False when it does not within that time. */
bool net_until(struct net *net, usec within, bool (*cond)(void *arg), void *arg);

/* To another link: the old one goes first, or, sliding, when the new one is there. */
void net_move(struct net_node *n, int link);
void net_slide(struct net_node *n, int link);
struct in6_addr net_coa(const struct net_node *n, int link);
bool net_registered(const struct net_node *n);

/* One packet of data. */
void net_say(struct net_node *from, struct net_node *to);
/* One there and one back, `times` times, 100 ms apart. */
void net_chat(struct net_node *a, struct net_node *b, unsigned times);

/* The update list entry about a correspondent, or NULL. */
struct bul_entry *net_entry(struct net_node *n, const struct net_node *peer);
const struct net_fact *net_fact(const struct net_node *n, enum ro_side side, const struct net_node *peer);
/* Packets of mobile `m` to `peer` carry a HAO that peer accepts, those back an RH2: for the present care-of address. */
bool net_optimized(const struct net_node *m, const struct net_node *peer);
/* Messages of that type `n` sent so far. */
size_t net_sent(const struct net_node *n, uint8_t type);
/* Of the Binding Updates those to correspondents. */
size_t net_sent_updates(const struct net_node *n);
/* The last message of that type from n; it must be in the log. */
const struct net_msg *net_last(const struct net *net, const struct net_node *n, uint8_t type);
/* A message from anybody: encoded, signed when via->auth says so, decoded and given to n's roles at once. */
void net_give(struct net_node *n, const struct via *via, struct mh *m);

#endif
