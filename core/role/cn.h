/*
 * The correspondent node (RFC 6275 9): answers return routability without state,
 * keeps the bindings of mobile nodes that proved where they are, and tells those
 * whose binding it does not know. A home agent and a mobile node are one as well.
 */
#ifndef MIP_ROLE_CN_H
#define MIP_ROLE_CN_H

#include "base/rate.h"
#include "role/bc.h"
#include "role/rr.h"
#include "role/seq.h"
#include "role/world.h"

/* As in ha.h. */
#define CN_NEW_RATE	  20000 /* updates of strangers, whose authenticator is looked at, */
#define CN_NEW_GROUP_RATE 5000	/* and those from one network */
#define CN_TEST_GROUPS	  8	/* of the tests one network gets an eighth */
#define CN_UPDATE_RATE	  5	/* accepted of one binding, and tests of its home address */
#define CN_UPDATE_BURST	  20

struct cn_conf {
	uint32_t max_bindings;
	uint32_t test_rate; /* Home and Care-of Tests answered a second */
};

struct cn_stats {
	uint64_t rx_test, rx_bu, refused, dropped, tx_be, tx_brr, evicted, limited;
};

struct cn {
	const struct world *w;
	struct bc bc;
	struct seq ended; /* numbers of bindings that ended while the nonces they were made with live (5.2.8) */
	const struct bc *registered; /* the home registrations of the same node; NULL: it is no home agent */
	struct rr rr;
	struct cn_conf conf;
	struct map places;	/* care-of addresses of bindings (cn_place.c) */
	struct rates tests;	/* of strangers: who has a binding must be able to refresh it whatever they do */
	struct rate known;	/* tests of those who have one */
	struct rates newcomers; /* their updates */
	struct rate errors;	/* other answers a stranger can provoke */
	struct cn_stats stats;
	bool on;
};

void cn_init(struct cn *cn, const struct world *w, uint64_t seed);
void cn_start(struct cn *cn, const struct cn_conf *conf);
void cn_stop(struct cn *cn, usec now);
/* A binding an earlier agent kept: served again until it expires. 0 or -errno: not any more. */
int cn_restore(struct cn *cn, const struct bc_entry *kept, usec now) __attribute__((warn_unused_result));

/* HoTI and CoTI (9.4.1-9.4.4): answered, or dropped over the rate. */
void cn_on_init(struct cn *cn, const struct via *via, const struct mh *m, usec now);
/* A Binding Update without H. */
void cn_on_bu(struct cn *cn, const struct via *via, const struct mh *m, usec now);
/* A packet to `local` from `coa` carried a Home Address option no binding allows (9.3.1): Binding Error 1. */
void cn_on_unknown_hao(
	struct cn *cn, const struct in6_addr *coa, const struct in6_addr *local, const struct in6_addr *home, usec now);
/* An ICMPv6 error says that a packet `local` sent to `home` did not reach it at its care-of address (9.3.4). */
void cn_on_unreachable(struct cn *cn, const struct in6_addr *home, const struct in6_addr *local, usec now);

#endif
