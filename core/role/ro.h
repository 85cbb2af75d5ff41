/*
 * Route optimization, the mobile node's half (RFC 6275 5.2, 11.6, 11.7.2): which
 * correspondents are worth it, return routability with them, and their bindings
 * renewed while packets flow and after every move. Works on the state of mn.h.
 */
#ifndef MIP_ROLE_RO_H
#define MIP_ROLE_RO_H

#include "role/mn.h"

/* Facts. A packet went from `home` to `peer` (out) or came back through the tunnel. */
void ro_on_traffic(struct mn *mn, const struct in6_addr *home, const struct in6_addr *peer, bool out, usec now);
/* The home address is somewhere else now (h->place), or its home registration was acknowledged. */
void ro_on_moved(struct mn *mn, struct mn_home *h, usec now);
void ro_on_registered(struct mn *mn, struct mn_home *h, usec now);
/* The home agent told how long the home prefix lasts: no correspondent's binding may last longer (11.4.2). */
void ro_on_prefix(struct mn *mn, struct mn_home *h, usec now);
/* The home address goes away: its correspondents are forgotten. Those whose home token lives are told, by a Binding
 * Update that is not waited for, so that they do not send to the care-of address any more; the others' bindings end by
 * themselves. */
void ro_forget_home(struct mn *mn, const struct in6_addr *home, usec now);

/* An agent of before sent the correspondent `kept->peer` updates: the last one at `sent_at`, with number `seq`, and
 * until `held_until` there may be a binding. It is renewed as soon as the home agent knows where we are, or deleted
 * when we are at home (11.7.2). -ENOENT: the home address is not ours any more; -ENOMEM. */
int ro_restore(struct mn *mn, const struct bul_entry *kept, usec now);

/* Messages: HoT, CoT, BRR, BE; BA of a correspondent (true when it was about an update of ours). */
void ro_on_test(struct mn *mn, const struct via *via, const struct mh *m, usec now);
void ro_on_brr(struct mn *mn, const struct via *via, usec now);
void ro_on_be(struct mn *mn, const struct via *via, const struct mh *m, usec now);
bool ro_on_ba(struct mn *mn, const struct via *via, const struct mh *m, usec now);
/* An ICMPv6 error that quotes a message from `src` to `dst` says that `dst` does not know Mobility Headers (11.3.5). */
void ro_on_unsupported(
	struct mn *mn, const struct in6_addr *src, const struct in6_addr *dst, const struct mh *quoted, usec now);

/* A correspondent that is left alone because it cannot or does not want to is asked at once (NULL: every one). -ENOENT
 * when that one is not left alone. */
int ro_retry(struct mn *mn, const struct in6_addr *peer, usec now, struct why *why) __attribute__((warn_unused_result));

/* Policy (11.2.2...). -ENOSPC when the list is full; del of what is not there is -ENOENT. */
int ro_policy_set(struct mn *mn, const struct ro_policy *p, usec now, struct why *why)
	__attribute__((warn_unused_result));
int ro_policy_del(struct mn *mn, const struct in6_addr *peer, uint8_t plen, struct why *why)
	__attribute__((warn_unused_result));

#endif
