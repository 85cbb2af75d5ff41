/*
 * A deterministic simulation of Mobile IPv6: the real roles of many mobile nodes,
 * home agents and correspondents, each with its own clock, on links that lose,
 * double, delay and reorder, while machines crash, sleep and move. One seed is one
 * run. After every step of a node its state is compared with what the messages it
 * heard and said allow; the first difference ends the run.
 *
 * Times are microseconds. `now` of struct sim is the world's time; a node's clock is
 * sim_clock(n).
 */
#ifndef MIP_TESTS_SIM_H
#define MIP_TESTS_SIM_H

#include "role/cn.h"
#include "role/event.h"
#include "role/ha.h"
#include "role/mn.h"
#include "role/ro.h"
#include "role/rr.h"
#include "store/store.h"

/* What must hold at every step; the text is what a violation is called. */
#define SIM_INVARIANTS(I)                                                                                              \
	I(ONE_BINDING, "one-binding") /* one entry a home address and cache */                                         \
	I(LAST_UPDATE, "last-update") /* a binding is what the last accepted update said, in cache and data path */    \
	I(TOKEN, "token")	      /* nothing is bound, sent or kept with a token or nonce past its life */         \
	I(SEQUENCE, "sequence")	      /* sequence numbers only grow */                                                 \
	I(REACHABLE, "reachable")     /* packets get through again in bounded time after the network healed */         \
	I(LEAK, "leak")		      /* no entry, timer, path or memory outlives its reason */                        \
	I(TUNNEL, "tunnel")	      /* no advertisement takes a reverse tunnel down */                               \
	I(DUPLICATE, "duplicate")     /* nobody speaks from an address that another node of the link has */            \
	I(SUPPRESSED, "suppressed")   /* a correspondent is given up when it refused, or was silent for long */        \
	I(NETWORK,                                                                                                     \
		"network") /* a mobile network goes to the one binding that was allowed it, and out by its tunnel */   \
	I(REVIVED, "revived")	    /* a start serves what was served when the process died, no more and no longer */  \
	I(SURVIVES, "survives")	    /* a cell loses no acknowledged update to the crash of one member */               \
	I(AGREE, "agree")	    /* members of a cell that hear one another have the same */                        \
	I(ONE_SPEAKS, "one-speaks") /* of a side of a cell, who has the address */                                     \
	I(STANDBY, "standby")	    /* a standby attaches nothing, and says nothing */                                 \
	I(CONTRACT, "contract")	    /* nobody speaks from an address he does not have, or tears down twice */

enum sim_invariant {
#define SIM_ENUM(name, text) SIM_##name,
	SIM_INVARIANTS(SIM_ENUM)
#undef SIM_ENUM
		SIM_INVARIANTS_N
};

#define SIM_NOWHERE (-1)
#define SIM_IFACES  2
#define SIM_ADDRS   16 /* of one interface */
#define SIM_LINKS   64
#define SIM_TOUCHED 32
#define SIM_HEARD   32
#define SIM_NETS    3 /* networks of a mobile router */
#define SIM_DENIED  0x80

enum sim_kind { SIM_HA, SIM_CN, SIM_MN };

/* Drawn from the seed, or given. */
struct sim_conf {
	unsigned has, cns, mns, links; /* links: those that are nobody's home */
	unsigned routers;	       /* of the mobile nodes, less than HA_RULES_MAX */
	uint32_t lifetime;	       /* seconds mobile nodes ask for */
	usec chaos;		       /* how long each of the rounds of bad weather lasts */
	unsigned rounds;
	usec dwell; /* how long a mobile node stays on a link, on average */
	usec quiet; /* between two bursts of traffic of one flow, on average */
	bool week;  /* no crashes and little weather: seven days, memory looked at each day */
};

/* A care-of address of an interface: `here` in the kernel, there `usable`; the role was `told` that it is usable, or
 * that detection of duplicates `failed`. */
struct sim_addr {
	struct in6_addr addr;
	int link;
	bool here, usable, told, failed;
	unsigned owed; /* news of its going under way */
};

struct sim_iface {
	unsigned ifindex;
	int link;
	bool told_up;
	usec spoke;	/* when its router was last heard, the world's time */
	unsigned visit; /* counts attachments: news of an earlier one is void */
	size_t addrs;
	struct sim_addr addr[SIM_ADDRS];
};

/* What the store has of a binding. */
struct sim_row {
	struct map_node node;
	struct in6_addr home;
	struct store_binding b;
};

/* What a role put into the data path: key[0] = home (HA), or local and remote, or a network and its length. */
struct sim_fact {
	struct map_node node;
	struct in6_addr key[2];
	struct in6_addr coa;
	const struct sim_node *router; /* of a network: whose it is */
	bool busy;		       /* packets went since it was asked */
	uint64_t heard;		       /* packets that came */
};

/* An update a cache was given. */
struct sim_heard {
	uint16_t seq, lifetime;
	struct in6_addr coa, from;
	uint16_t home_nonce, coa_nonce;
	bool correspondent;
	uint8_t nets; /* one bit for each network of the router it may have by that; SIM_DENIED: it must be refused */
};

/* What a cache (HA, CN) must believe of a home address, from what it heard and answered. */
struct sim_belief {
	struct map_node node;
	struct in6_addr key[2]; /* home, local */
	struct sim_heard heard[SIM_HEARD];
	unsigned heards;
	bool bound, numbered, present, was_bound; /* was: when its process died */
	usec blamed, blamed_last; /* since when errors say that its care-of address is not there, without a pause */
	uint64_t blamed_heard;
	struct in6_addr coa;
	uint8_t nets;	     /* one bit for each network of the router that is routed to it */
	uint16_t seq, spent; /* spent: refused, but used up */
	bool has_spent;
	usec expires, accepted; /* the cache's clock */
};

/* One half of return routability as the mobile node asked it. */
struct sim_test {
	uint64_t cookie;
	usec asked;
	bool answered;
	usec token_at; /* when the question of the answered token was asked; 0 = none */
	uint16_t nonce;
	struct in6_addr coa;
};

/* What a mobile node said to one peer. */
struct sim_talk {
	struct map_node node;
	struct in6_addr key[2]; /* home, peer */
	bool numbered;
	uint16_t seq;
	usec at;	  /* the last update, its clock */
	uint8_t ro;	  /* enum mip_ro_state, as last told */
	usec asked;	  /* it is asked since */
	bool denied;	  /* and a Binding Error says that it does not know our messages */
	uint64_t refused; /* the step in which it said no */
	struct sim_test home, coa;
};

/* When a nonce index was first handed out (the correspondent's clock). */
struct sim_nonce {
	bool used;
	uint16_t index;
	usec first;
};

struct sim_node {
	struct sim *sim;
	uint32_t id;
	enum sim_kind kind;
	unsigned boot; /* counts starts: what was meant for an earlier life is void */
	struct world w;
	struct timers timers;
	struct timer wake;		   /* in the world's time: the next of `timers` */
	usec offset;			   /* own clock - world's */
	usec frozen_until;		   /* asleep or paused: nothing arrives, no timer fires */
	bool down, deaf, stopping, paused; /* paused: its clock stands, too */
	struct ha *ha;
	struct cn *cn;
	struct mn *mn;
	struct in6_addr addr; /* own, or the home address */
	int home_link;
	struct sim_iface iface[SIM_IFACES];
	struct addr_prefix net[SIM_NETS]; /* of a mobile router, nets of them */
	unsigned nets;
	bool ruled;		/* its home agent has a rule for its home address alone: it may have the networks */
	uint8_t granted;	/* of these bits, and need not name them; otherwise all it names */
	struct sim_node *rival; /* who has one of the networks, too; NULL: nobody */
	struct map bound, routed, path[2], beliefs, talks;
	struct sim_nonce nonce[64];
	struct sim_news *news, **news_end; /* of the kernel, oldest first */
	int bind_err;
	bool arrived;			    /* the home address is on the home link */
	usec squatted_until;		    /* somebody on the home link has our home address */
	usec rivalled_until;		    /* somebody on the links we visit has our care-of addresses */
	struct timer user;		    /* who gives us that address again, by hand */
	usec lost_at, agreed_at;	    /* world's time: state or clock was lost; last accepted home registration */
	struct map disk;		    /* struct sim_row, by home address */
	bool disk_full, disk_behind, whole; /* whole: the store has all there was when the process died */
	uint64_t machine;		    /* counts starts of the machine */
	usec calendar;			    /* its calendar - world's time */
	size_t present;			    /* entries that must be in the cache */
	struct in6_addr touched[SIM_TOUCHED];
	size_t touches;		  /* > SIM_TOUCHED: any */
	struct in6_addr removing; /* the home address an update that deletes was just heard for */
	bool probed_in, probed_out;
};

struct sim_flow {
	struct timer timer;
	struct sim *sim;
	struct sim_node *a, *b;
	const struct addr_prefix *net; /* the one of a whose host talks; NULL: a itself */
	unsigned left;		       /* packets of this burst */
	bool got[2];		       /* at b, at a: since asked */
};

struct sim_stats {
	uint64_t steps, messages, data, lost, moves, crashes, sleeps, updates, optimized, replays, forged;
};

struct sim_packet;
struct sim_news;

#define SIM_TAPE 128 /* messages an eavesdropper has kept */

struct sim {
	uint64_t seed, state; /* of the random numbers */
	usec now;
	struct timers timers;
	struct sim_conf conf;
	const struct sim_plant *plant; /* NULL: none */
	uint32_t trace;		       /* the node whose messages are printed; 0: none */
	unsigned loss, twice;	       /* of 1000 */
	usec delay, jitter;
	bool cut[SIM_LINKS], calm;
	usec lossy[SIM_LINKS]; /* when its packets last got lost */
	struct sim_node **node;
	size_t nodes, flying, pending; /* packets and news under way */
	struct sim_flow *flow;
	size_t flows;
	struct timer chaos, forger, beacon;
	struct sim_packet *tape[SIM_TAPE];
	size_t taped;
	struct sim_stats stats;
};

/* A bug to be found. Hooks may be NULL; they run in the world's code, never in the roles. */
struct sim_plant {
	const char *name;
	enum sim_invariant breaks;
	void (*before)(struct sim_node *n); /* each step */
	void (*after)(struct sim_node *n);
	bool (*deafens)(struct sim_node *to, const struct mh *m); /* lose it, whatever the weather */
	void (*binding)(struct sim_node *n, struct sim_fact *f, const struct in6_addr *old); /* written down */
	int cell; /* enum cell_bug: in the world of a cell */
};

extern const struct sim_plant sim_plants[]; /* name NULL ends it */

/* main.c: says what was violated and ends the process. */
extern const char *const sim_invariant_names[SIM_INVARIANTS_N];
void sim_violated(const struct sim *sim, enum sim_invariant which, const char *fmt, ...)
	__attribute__((format(printf, 3, 4), noreturn));
/* A message n heard or said, when it is of the traced node. */
void sim_trace(const struct sim_node *n, const char *what, const struct via *via, const struct mh *m);
/* Run one seed through: violations end the process. */
void sim_run(struct sim *sim);

/* run.c: nodes and their clocks. */
static inline usec sim_clock(const struct sim_node *n)
{
	return n->sim->now + n->offset;
}
static inline bool sim_asleep(const struct sim_node *n)
{
	return n->down || n->sim->now < n->frozen_until;
}
uint64_t sim_random(struct sim *sim);
static inline unsigned sim_below(struct sim *sim, unsigned n)
{
	return n ? (unsigned)(sim_random(sim) >> 33) % n : 0;
}
/* Around `mean`, exponentially enough: 0 .. 2 x mean. */
usec sim_around(struct sim *sim, usec mean);
void sim_open(struct sim *sim);
void sim_close(struct sim *sim);
void sim_until(struct sim *sim, usec until);
/* Every call into a role stands between these two. */
void sim_enter(struct sim_node *n);
void sim_leave(struct sim_node *n);
void sim_boot(struct sim_node *n);
/* Without a word: memory is gone. */
/* A home registration was answered: if another node has the home address, its user adds that again some time later. */
void sim_answered(struct sim_node *n);
void sim_crash(struct sim_node *n);
void sim_touch(struct sim_node *n, const struct in6_addr *home);
/* Neither packets nor timers for a while; its clock goes on (sleep) or stands still (a paused virtual machine). */
void sim_freeze(struct sim_node *n, usec for_, bool clock_runs);
void sim_thaw(struct sim_node *n);
void sim_leap(struct sim_node *n, usec by);	     /* the clock jumps ahead */
void sim_boot_later(struct sim_node *n, usec after); /* one that crashed */

/* disk.c: the home agent's store. What becomes of a binding is written; its process dies; another starts. */
void sim_write(struct sim_node *n, const struct event *ev);
void sim_die(struct sim_node *n);
void sim_revive(struct sim_node *n);

/* world.c: what roles do to it. */
void sim_world(struct sim_node *n);
struct sim_fact *sim_fact(const struct map *m, const struct in6_addr *a, const struct in6_addr *b);
void sim_map_clear(struct map *m); /* frees the nodes, too */

/* networks.c: who has which mobile networks; what a home agent is configured to route (called again: from now on). */
void sim_networks(struct sim *sim);
void sim_serve(struct sim_node *ha);
/* The configuration of a router's networks is changed. */
void sim_regrant(struct sim_node *n);
/* The bits an update of n gives it, SIM_DENIED: none; may it have these; one bit for each of the list that it has. */
uint8_t sim_allowed(const struct sim_node *n, const struct mh *bu);
bool sim_grants(const struct sim_node *n, uint8_t nets);
uint8_t sim_nets(const struct sim_node *n, const struct addr_prefix *list, size_t networks);
/* A host of the network; is that address in one of the mobile networks? */
struct in6_addr sim_host(const struct sim_node *n, const struct addr_prefix *net);
bool sim_inside(const struct in6_addr *addr);
/* Where the packets of that host, or network, go by; NULL: n does not route it. */
struct sim_fact *sim_route(const struct sim_node *n, const struct in6_addr *host);
struct sim_fact *sim_routed(const struct sim_node *n, const struct addr_prefix *net);
/* Must a host of that network be reached when the network is well? */
bool sim_reachable(const struct sim_node *n, const struct addr_prefix *net);
/* What home agent n routes to `home`, bound by e (NULL: not) and believed to have the bits `nets`. */
void sim_check_routes(const struct sim_node *n, const struct in6_addr *home, const struct bc_entry *e, uint8_t nets);
void sim_check_router(const struct sim_node *n);

/* host.c: interfaces, routers and the kernel's addresses of a mobile node. */
void sim_attach(struct sim_node *n, unsigned iface, int link);
void sim_detach(struct sim_node *n, unsigned iface);
void sim_slide(struct sim_node *n, unsigned iface, int link);
/* A Router Advertisement nobody asked for. */
void sim_advertise(struct sim_node *n, unsigned iface);
/* The kernel's state, told to a role that has just started. */
void sim_tell_all(struct sim_node *n);
void sim_solicited(struct sim_node *n, unsigned ifindex);
/* What a prefix of `link`, told by an advertisement, makes the kernel do (RFC 4862 5.5.3). */
void sim_autoconf(struct sim_node *n, unsigned iface, int link);
/* The router of a link, and what it says. */
struct in6_addr sim_router(int link);
struct nd_ra sim_ra(const struct sim *sim, int link);
void sim_settle(struct sim_node *n, unsigned ifindex, const struct in6_addr *prefix, size_t prefixes);
/* A router answers a Neighbor Solicitation, if it is there; who lies that he is one, sometimes. */
void sim_asked(struct sim_node *n, unsigned ifindex, const struct in6_addr *router);
void sim_taken(struct sim_node *ha, const struct in6_addr *home);
bool sim_at(const struct sim_node *n, int link); /* attached there */
struct sim_addr *sim_addr_of(struct sim_node *n, const struct in6_addr *addr);
struct in6_addr sim_prefix(const struct sim *sim, int link);

/* wire.c: packets. */
struct sim_node *sim_owner(const struct sim *sim, const struct in6_addr *addr);
void sim_post(struct sim_node *from, const struct via *via, const uint8_t *bytes, size_t len);
/* A message of the Mobility Header comes to n, from wherever `via` says. */
void sim_hand(struct sim_node *n, const struct via *via, const uint8_t *bytes, size_t len);
/* One packet of data; `flow` NULL: a probe of the receiver or sender itself. */
void sim_say(struct sim_node *from, struct sim_node *to, struct sim_flow *flow);
/* A message that was seen before, again, perhaps with some octets changed. */
void sim_replay(struct sim *sim);
void sim_tape_clear(struct sim *sim);

/* chaos.c */
void sim_storm(struct sim *sim); /* from now on, until sim_heal */
void sim_heal(struct sim *sim);
void sim_talk_all(struct sim *sim, bool on);

/* forge.c */
void sim_forge_ra(struct sim_node *n);
void sim_forge_error(struct sim_node *n);

/* check.c */
void sim_heard_update(struct sim_node *n, const struct via *via, const struct mh *m); /* before the role is given it */
void sim_said(struct sim_node *n, const struct via *via, const struct mh *m);
void sim_heard_ack(struct sim_node *n, const struct via *via, const struct mh *m);
void sim_heard_test(struct sim_node *n, const struct via *via, const struct mh *m);
void sim_heard_error(struct sim_node *n, const struct via *via, const struct mh *m);
/* `peer` itself says that it knows no Mobility Header. */
void sim_denied(struct sim_node *n, const struct in6_addr *peer);
/* Correspondent n hears that the care-of address of `home` is not there. */
void sim_blamed(struct sim_node *n, const struct in6_addr *home);
void sim_told(struct sim_node *n, const struct event *ev);
void sim_check(struct sim_node *n);  /* what was touched */
void sim_check_all(struct sim *sim); /* everything */
/* alloc.c: octets allocated and not freed. */
size_t sim_allocated(void);

size_t sim_armed(const struct timer *t); /* timers in that heap */

#endif
