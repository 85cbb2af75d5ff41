/* Between the files of the home agent: ha.c (bindings), ha_*.c. */
#ifndef MIP_ROLE_HA_IMPL_H
#define MIP_ROLE_HA_IMPL_H

#include "role/event.h"
#include "role/ha.h"

/* A binding of before, that another home agent of the link may have taken over meanwhile: asked before it is announced.
 */
enum ha_doubt { HA_SURE, HA_TO_ASK, HA_ASKED };

#define HA_DROP (-1) /* verdict: say nothing */

/* How late an update may come: MAX_BINDACK_TIMEOUT, as long as anybody waits for its answer; and how many may be on
 * their way at once: 3 a second (MAX_UPDATE_RATE), for 5 s. */
#define HA_LATE_FOR (32 * SEC)
#define HA_LATE	    16

#define HA_RESTORE_EVERY 200 /* us between the announcements of many bindings */

/* ha.c. A binding just added: asked for on its home link, then served and acknowledged, or refused. */
void ha_begin(struct ha *ha, struct bc_entry *e, usec now);
/* The home address is free: into the data path, and announced. */
int ha_activate(struct ha *ha, struct bc_entry *e, usec now, struct why *why) __attribute__((warn_unused_result));
/* It ends: out of the data path and the cache; its number is remembered. why: in a few words; NULL: its lifetime is
 * over. */
void ha_forget(struct ha *ha, struct bc_entry *e, const char *why, usec now);
void ha_remember(struct ha *ha, const struct in6_addr *home, uint16_t seq, usec now);
/* The home link is told from then on, as often as of a new binding. */
void ha_announce(struct ha *ha, struct bc_entry *e, usec at);
/* The same, the first time at once. */
void ha_announce_now(struct ha *ha, struct bc_entry *e, usec now);
/* Asks, from then on, whether somebody else serves it now. */
void ha_doubt(struct ha *ha, struct bc_entry *e, usec at);
/* The binding's timer is due at what comes next. */
void ha_rearm(struct ha *ha, struct bc_entry *e);
void ha_tell(struct ha *ha, enum event_type type, const struct bc_entry *e, const struct in6_addr *old, usec now);

/* ha_bu.c: a Binding Acknowledgement, with or without A (10.3.1), and one that refuses. */
void ha_accept(struct ha *ha, const struct bc_entry *e, usec now);
/* As the last update of a binding asked; `via` is filled. */
struct ha_request ha_request_again(const struct ha *ha, const struct bc_entry *e, struct via *via);
/* Counted, and answered at a limited rate. */
void ha_refuse(struct ha *ha, const struct ha_request *rq, uint8_t status, uint16_t seq, usec now);
/* May a packet for `home` be tunnelled to `coa`? HA_DROP, a status, or 0. */
int ha_judge_coa(const struct ha *ha, const struct in6_addr *home, const struct in6_addr *coa);
/* What was to come protected and did not (enum mh_type, or ICMPv6 type) is counted, told, and not answered. */
void ha_complain(struct ha *ha, const struct in6_addr *home, const struct in6_addr *from, uint8_t type, usec now);

/* ha_made.c: into the cache, and if we serve into the data path. */
int ha_adopt(struct ha *ha, const struct bc_entry *kept, struct bc_entry **e) __attribute__((warn_unused_result));
/* `e` becomes what `kept`, of the same home address, says. -errno: it cannot be that here, and is to end. */
int ha_succeed(struct ha *ha, struct bc_entry *e, const struct bc_entry *kept) __attribute__((warn_unused_result));

/* An answer that waits until the cell knows what it says. */
struct ha_answer {
	uint64_t number;
	struct via via;
	struct ha_request rq;
	uint16_t seq, lifetime;
	uint8_t status;
};
#define HA_ANSWERS_MAX 16384 /* as many as begin a second (HA_NEW_RATE), nearly: their probes may end at once */

/* ha_cell.c. False: it need not wait. */
bool ha_hold_answer(struct ha *ha, const struct ha_answer *a);
void ha_drop_answers(struct ha *ha);
/* ha_bu.c */
void ha_answer(struct ha *ha, const struct ha_answer *a);

/* ha_networks.c. RFC 3963 6.2: a status to refuse with, or 0; then rq->network are those the binding is to have. */
int ha_judge_networks(const struct ha *ha, struct ha_request *rq, const struct bc_entry *e);
/* The status that says that the data path failed. */
uint8_t ha_no_forwarding(uint16_t flags, bool implicit);
/* The binding has these networks now, and no others; nothing of it is in the data path yet. False: out of memory. */
bool ha_hold_networks(struct ha *ha, struct bc_entry *e, const struct addr_prefix *list, size_t n)
	__attribute__((warn_unused_result));
bool ha_same_networks(const struct bc_entry *e, const struct addr_prefix *list, size_t n);
/* Out of the data path: what it had before and has no more. */
void ha_unroute(struct ha *ha, const struct bc_entry *e, const struct addr_prefix *before, size_t n);

/* ha_rules.c. Of the rules that cover a home address the longest, or NULL. */
const struct ha_rule *ha_rule_for(const struct ha *ha, const struct in6_addr *home);
/* The configuration changed: bindings are counted anew; one came (1) or goes (-1). */
void ha_follow_rules(struct ha *ha);
void ha_count(struct ha *ha, const struct bc_entry *e, int by);
bool ha_has_room(const struct ha *ha, const struct in6_addr *home);
/* How an update of a home address shows whose it is. */
enum ha_proof {
	HA_NO_PROOF, /* it cannot: nobody may register */
	HA_ANYBODY,  /* it need not */
	HA_OPTION,   /* by the authentication option */
	HA_IPSEC,
};
enum ha_proof ha_proof(const struct ha *ha, const struct in6_addr *home);
bool ha_may_register(const struct ha *ha, const struct in6_addr *home);
uint32_t ha_max_lifetime(const struct ha *ha, const struct in6_addr *home);

/* ha_links.c. Is that an address of ours on a home link? */
bool ha_is_ours(const struct ha *ha, const struct in6_addr *addr);
/* The configuration changed. */
void ha_follow_links(struct ha *ha, const struct ha_conf *conf);
/* The link a home address is defended on: that of its prefix, unless there are no neighbours; 0 = none. */
unsigned ha_wire_of(const struct ha *ha, const struct in6_addr *home);
/* The address of ours whose prefix covers `home`, or NULL; the home link the prefix of a binding is on, or NULL. */
const struct ha_addr *ha_addr_for(const struct ha *ha, const struct in6_addr *home);
/* Could one node have it as its own: routable, and no anycast address of a home prefix? */
bool ha_is_unicast(const struct ha *ha, const struct in6_addr *addr);
struct ha_link *ha_link_of(const struct ha *ha, const struct bc_entry *e);

/* ha_prefix.c. When the prefix of a home address ends; NEVER when nothing is known of it. */
usec ha_prefix_end(const struct ha *ha, const struct in6_addr *home);
/* An advertisement of our own changed the prefixes of that link. */
void ha_prefix_heard(struct ha *ha, const struct ha_link *l);
/* Does it stay preferred as long as the binding, and valid longer? Otherwise the mobile node is to ask (10.3.1). */
bool ha_prefix_lasts(const struct ha *ha, const struct bc_entry *e, usec now);
/* The next unsolicited advertisement to this mobile node; e->prefix_at has come; the prefixes of a link are not what
 * they were. */
void ha_prefix_schedule(struct ha *ha, struct bc_entry *e, usec now);
void ha_prefix_due(struct ha *ha, struct bc_entry *e, usec now);
void ha_prefix_changed(struct ha *ha, const struct ha_link *l, usec now);
/* It was heard of again: what it did not hear is told anew (10.6.2). */
void ha_prefix_again(struct bc_entry *e, usec now);

#endif
