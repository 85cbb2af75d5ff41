/*
 * The home agent (RFC 6275 10): registration, refresh and de-registration of home
 * addresses on its home links, Duplicate Address Detection before the first, and
 * the announcements that draw a home address's packets to us; and, for mobile routers,
 * of the prefixes behind them (RFC 3963 6).
 */
#ifndef MIP_ROLE_HA_H
#define MIP_ROLE_HA_H

#include "base/rate.h"
#include "role/auth.h"
#include "role/bc.h"
#include "role/homeagents.h"
#include "role/networks.h"
#include "role/prefix.h"
#include "role/seq.h"
#include "role/world.h"

#define HA_LINKS_MAX 16
#define HA_ADDRS_MAX 64
#define HA_RULES_MAX 64
#define HA_NETWORKS  4 /* prefixes of one mobile router, unless a rule says otherwise: MH_NETWORKS at most */
#define HA_NESTED    4 /* mobile networks inside one another, at most */

/* What is done a second, and at once, before it costs anything: see rate.h. A conforming mobile node sends 3 updates a
 * second (MAX_UPDATE_RATE, 11.8). */
#define HA_NEW_RATE	   20000 /* first registrations, */
#define HA_NEW_GROUP_RATE  10000 /* and those of one care-of network */
#define HA_UPDATE_RATE	   5	 /* accepted of one binding */
#define HA_UPDATE_BURST	   20
#define HA_REFUSAL_RATE	   500 /* answers that refuse strangers, */
#define HA_REFUSAL_BURST   1000
#define HA_REFUSAL_GROUPS  4 /* of which one network gets a fourth, */
#define HA_BINDING_REFUSAL 2 /* and of one binding */

/* Who may register: of the rules whose prefix covers a home address, the longest alone decides. */
struct ha_rule {
	struct in6_addr addr;
	uint8_t plen;
	bool deny;
	bool insecure;	       /* without proof, too */
	uint32_t max_bindings; /* of home addresses it decides about; 0 = as many as the cache takes */
	uint32_t max_lifetime; /* seconds; 0 = the home agent's */
	uint32_t max_networks; /* of one mobile router; 0 = HA_NETWORKS */
	size_t networks;       /* what mobile routers may have routed to them: these, and parts of these */
	struct addr_prefix network[MH_NETWORKS];
	struct addr_prefix ipv4; /* IPv4-mapped: what IPv4 home addresses are given out of; plen 0 = none are */
};

/* A home link. A virtual one has a prefix and no neighbours: no home address is asked for or defended there. */
struct ha_link_conf {
	unsigned ifindex;
	bool is_virtual;
};

/* An address of ours on a home link; its prefix is a home prefix. */
struct ha_addr {
	struct in6_addr addr;
	uint8_t plen;
	unsigned ifindex;
	usec prefix_until; /* as we last advertised its prefix ourselves; NEVER: we did not */
};

/* What is heard on a home link. */
struct ha_link {
	struct ha_link_conf conf;
	struct homeagents agents;
	struct prefixes prefixes;
	bool prefixes_differ; /* and mobile nodes were not told yet */
};

struct ha_conf {
	size_t links;
	struct ha_link_conf link[HA_LINKS_MAX];
	struct in6_addr address; /* the only address served, :: = all of ours on the home links */
	struct in6_addr ipv4;	 /* IPv4-mapped: served in UDP there, too (RFC 5555); :: = not */
	uint32_t max_lifetime;	 /* seconds, 4 .. 262136 */
	uint32_t max_bindings;
	bool insecure; /* without proof everybody may register, which RFC 6275 5.1 forbids */
	size_t rules;
	struct ha_rule rule[HA_RULES_MAX];
	uint32_t min_prefix_interval, max_prefix_interval; /* MinMobPfxAdvInterval, MaxMobPfxAdvInterval; seconds,
							      max 0 = only when asked */
	bool no_prefix_advs;				   /* they are told nothing, not even when they ask (8.4) */
	uint16_t preference;				   /* ours, while we do not hear ourselves advertise another */
};

struct ha_stats {
	uint64_t rx_bu, refused, dropped, tx_ba, unprotected;
	uint64_t limited; /* right, and not acted upon: more than may be */
};

struct ha {
	const struct world *w;
	struct bc bc;
	struct networks networks; /* of all bindings */
	struct auth auth;	  /* home addresses that the authentication option protects */
	struct ha_conf conf;
	struct ha_addr addr[HA_ADDRS_MAX];
	size_t addrs;
	struct ha_link link[HA_LINKS_MAX];
	size_t links;
	size_t bound[HA_RULES_MAX]; /* registered bindings, by the rule that decides about them */
	size_t made;		    /* bindings made by hand */
	struct rates refusals;	    /* Binding Acknowledgements that refuse who has no binding */
	struct rates newcomers;	    /* first registrations */
	struct rate replies;	    /* to address and prefix discovery */
	struct rate changes;	    /* of prefixes, that all mobile nodes are told of */
	struct seq ended;	    /* sequence numbers of home addresses without a binding */
	struct rate complaints;	    /* events about updates that were to come through IPsec */
	struct ha_stats stats;
	struct ha_answer *answer; /* Binding Acknowledgements that wait for the cell, the oldest at `first`; a ring */
	size_t answers, first;
	struct timer serving; /* armed: after taking over so many are still to be looked at, */
	size_t unserved;
	usec announce_at; /* and the next is announced then */
	bool on;
	bool standby; /* another home agent of the cell has the address: bindings are held, nothing is served */
};

/* A Binding Update as the checks of 9.5.1 and 10.3 see it. */
struct ha_request {
	const struct via *via;
	struct in6_addr home, coa;
	struct in6_addr from; /* where it came from and answers go to: IPsec hides a HAO */
	uint16_t seq, flags, lifetime;
	bool stamped; /* it has a timestamp (RFC 4285 6): */
	uint64_t timestamp;
	bool counted; /* as a newcomer */
	bool remove;
	size_t networks; /* Mobile Network Prefixes it asks for, or has by configuration; the first of them: */
	struct addr_prefix network[MH_NETWORKS];
	bool implicit;	 /* it names none itself */
	bool ipv4_asked; /* for an IPv4 home address, this one; 0.0.0.0: any */
	struct addr_prefix ipv4_home;
	bool ipv4_prefix;      /* and for a prefix */
	uint8_t ipv4_status;   /* once judged: enum ipv4_status; accepted, it is the last of `network` */
	struct in6_addr named; /* the care-of address as it names it, which is not coa behind a NAT; :: = it does not */
	bool nonces;	       /* it has a Nonce Indices option */
	uint8_t keepalive;     /* of the binding (bc.h) */
	bool peer_registered;  /* we have a binding of it as a correspondent */
};

void ha_init(struct ha *ha, const struct world *w, uint64_t seed);
/* Serves from now on; called again with another conf it keeps the bindings. */
void ha_start(struct ha *ha, const struct ha_conf *conf);
/* In the same order. */
bool ha_same_rules(const struct ha_rule *a, size_t as, const struct ha_rule *b, size_t bs);
/* Takes every binding out of the data path and forgets it. */
void ha_stop(struct ha *ha, usec now);
/* A binding an earlier agent kept: into cache and data path at once, announced on the home link again when nobody there
 * is found to have taken it over. 0, or -errno: it cannot be served here any more. */
int ha_restore(struct ha *ha, const struct bc_entry *kept, usec now) __attribute__((warn_unused_result));
/* ha_cell.c: home agents that have the same bindings, of which one, which has the home agent's address, serves. From
 * now on another does: bindings stay in the cache, as standby, and ready in the data path, which is detached. Ours do
 * not begin before ha_take_over(): then every binding is served and announced, those with traffic at once, the others
 * soon, and no home address is asked for. */
void ha_stand_by(struct ha *ha, usec now);
void ha_take_over(struct ha *ha, usec now);
/* A binding as another member of the cell has it, or the end of one (lifetime 0, expires: how long its number is
 * remembered): the newer registration wins. 0; 1: ours is newer, and they may not know; or -errno: it cannot be served
 * here. */
int ha_replica(struct ha *ha, const struct bc_entry *theirs, usec now) __attribute__((warn_unused_result));
/* Packets passed the tunnel of that home address, here or at another member. True: the other members may have
 * forgotten that they do. */
bool ha_saw_traffic(struct ha *ha, const struct in6_addr *home, usec now);
/* Lately. */
bool ha_is_busy(const struct bc_entry *e, usec now);
/* The other members have what struct world's `replicate` numbered so, and all before. */
void ha_replicated(struct ha *ha, uint64_t number);
/* The i-th number of a home address whose binding ended, as such an end; false behind the last. */
bool ha_ended(const struct ha *ha, size_t i, struct bc_entry *to);
/* That of `home`; false: none is remembered. */
bool ha_end_of(const struct ha *ha, const struct in6_addr *home, usec now, struct bc_entry *to);
/* Our addresses on the home links, as the kernel tells them. */
void ha_address(struct ha *ha, unsigned ifindex, const struct in6_addr *addr, uint8_t plen, bool gone);
/* The home link of that number, or NULL. */
struct ha_link *ha_link(const struct ha *ha, unsigned ifindex);
/* Ends the bindings of home addresses on that link, which will not be a home link any more. */
void ha_drop_link(struct ha *ha, unsigned ifindex, usec now);
/* That link was cut off and is there again: what is defended on it is asked for and announced again. */
void ha_link_back(struct ha *ha, unsigned ifindex, usec now);
/* Where is the home address of this binding to be defended? Takes it there, true when that is not where it was. */
bool ha_rehome(const struct ha *ha, struct bc_entry *e);

/* A Binding Update, home registration or not: answered as 10.3 and 9.5.1 say. `peer_registered`: the same node has a
 * binding of that home address as a correspondent (139). */
void ha_on_bu(struct ha *ha, const struct via *via, const struct mh *m, bool peer_registered, usec now);
/* A packet from `src` came in UDP from another end than the binding of it has, and was dropped. */
void ha_on_elsewhere(struct ha *ha, const struct udp_ends *ends, const struct in6_addr *src, usec now);
/* A Neighbor Advertisement for `target` on the home link, or a probe of somebody else's DAD for it: if we are probing
 * it ourselves, the address is taken (10.3.1, RFC 4862 5.4.3), and a binding of before has ended here. */
void ha_on_taken(struct ha *ha, unsigned ifindex, const struct in6_addr *target, usec now);

/* Is one of ours on that link in the prefix of `addr`? */
bool ha_has_prefix(const struct ha *ha, unsigned ifindex, const struct in6_addr *addr, uint8_t plen);

/* A Router Advertisement on a home link (10.5.1), and a Home Agent Address Discovery Request (10.5): answered when it
 * came to the anycast address of a home prefix. */
void ha_on_ra(struct ha *ha, unsigned ifindex, const struct in6_addr *router, const struct nd_ra *ra, usec now);
void ha_on_dhaad(struct ha *ha, const struct via *via, const struct dhaad *request, usec now);
/* A Mobile Prefix Solicitation (10.6.3). */
void ha_on_mps(struct ha *ha, const struct via *via, uint16_t id, usec now);
/* One home agent of a home link, as an answer would list it. */
struct ha_known {
	unsigned ifindex;
	struct in6_addr addr, router; /* router: :: for our own address */
	uint16_t preference;
	usec expires;
	bool routers; /* serves mobile routers */
};
/* The n-th of them, ours first of each link; false behind the last. */
bool ha_known(const struct ha *ha, size_t n, struct ha_known *to);
/* May any mobile router register? */
bool ha_serves_routers(const struct ha *ha);
/* Is `addr` an address of ours that mobile nodes may register with? */
bool ha_serves(const struct ha *ha, const struct in6_addr *addr);
/* Does that link send packets for `target`, a home address or the link-local one of it, to us? */
bool ha_defends(const struct ha *ha, unsigned ifindex, const struct in6_addr *target);

/* Bindings made by hand; lifetime in seconds, 0 = until removed. -EEXIST, -ENOSPC, -EINVAL, or the data path's error.
 */
int ha_add(struct ha *ha, const struct in6_addr *home, const struct in6_addr *coa, const struct in6_addr *local,
	uint32_t lifetime, usec now, struct why *why) __attribute__((warn_unused_result));
int ha_del(struct ha *ha, const struct in6_addr *home, usec now, struct why *why) __attribute__((warn_unused_result));

/* The link-local address with the same interface identifier, defended too when L is set (10.3.1). */
struct in6_addr ha_link_local(const struct in6_addr *home);

#endif
