/* Between ro.c, ro_say.c and ro_hear.c (messages), and ro_policy.c (when a correspondent is wanted). */
#ifndef MIP_ROLE_RO_IMPL_H
#define MIP_ROLE_RO_IMPL_H

#include "role/ro.h"

#define RO_RENEW_BEFORE (45 * SEC)  /* new tokens are fetched this long before the binding ends */
#define RO_TRY_FIRST	(30 * SEC)  /* a correspondent that cannot may learn: asked again after that, then after */
#define RO_TRY_MOST	(600 * SEC) /* twice as long each time, up to that */

/* ro.c. What becomes of a correspondent's entry. */
static inline bool is_peer(const struct bul_entry *e)
{
	return e->ro != MIP_RO_NONE;
}
/* Its timer, at `due` and never later than the end of the binding. */
void ro_arm(struct mn *mn, struct bul_entry *e, usec due);
void ro_enter(struct mn *mn, struct bul_entry *e, enum mip_ro_state state, usec now);
/* Packets take the direct way; NULL: the tunnel. 0 or -errno. */
int ro_direct(struct mn *mn, const struct bul_entry *e, const struct in6_addr *coa);
/* No binding to send by: packets take the tunnel. */
void ro_unbind(struct mn *mn, struct bul_entry *e);
/* Nothing stands any more; it is remembered for as long as the correspondent remembers us. */
void ro_rest(struct mn *mn, struct bul_entry *e, usec now);
/* It cannot, or does not want to: asked again later, ever later up to `most`. */
void ro_give_up(struct mn *mn, struct bul_entry *e, enum bul_alone alone, usec most, usec now);
void ro_start_tests(struct mn *mn, struct mn_home *h, struct bul_entry *e, usec now);
/* An answer is there: what it allows is done. */
void ro_advance(struct mn *mn, struct mn_home *h, struct bul_entry *e, usec now);
bool ro_is_wanted(struct mn *mn, const struct bul_entry *e);
void ro_renew(struct mn *mn, struct mn_home *h, struct bul_entry *e, usec now);

/* ro_policy.c, ro_say.c. */
/* What is wished for this peer. */
enum mip_ro_policy ro_mode(const struct mn *mn, const struct in6_addr *peer);
/* Counts a packet that did not travel optimized. True: this peer is worth it, and is not counted any more. */
bool ro_worth_it(struct mn *mn, const struct in6_addr *home, const struct in6_addr *peer, bool out, usec now);
/* Those that are wanted without traffic. */
void ro_want_always(struct mn *mn, const struct mn_home *h, usec now);
/* The policy for this correspondent became MIP_RO_NEVER. */
void ro_unwanted(struct mn *mn, struct mn_home *h, struct bul_entry *e, usec now);
void ro_each_peer(struct mn *mn, struct mn_home *h, usec now,
	void (*what)(struct mn *, struct mn_home *, struct bul_entry *, usec));

static inline usec sooner(usec a, usec b)
{
	return a < b ? a : b;
}

/* A token good enough for an update; the care-of token only if it proves the present care-of address. */
bool ro_token_lives(const struct bul_test *t, usec now);
bool ro_coa_token_lives(const struct bul_entry *e, const struct mn_home *h, usec now);
/* HoTI and CoTI, each only where its token is missing and, unless `again`, no question is under way. Returns when one
 * that may not leave yet may, or NEVER. */
usec ro_ask_missing(struct mn *mn, const struct mn_home *h, struct bul_entry *e, bool again, usec now);
/* When the next update may leave. */
usec ro_update_at(const struct bul_entry *e);
/* One update, signed with the tokens, which must live: to bind the care-of address, or to delete when e->leaving. */
void ro_send_bu(struct mn *mn, const struct mn_home *h, struct bul_entry *e, usec now);

#endif
