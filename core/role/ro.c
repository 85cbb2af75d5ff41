/*
 * Route optimization by a mobile node. One entry of the binding update list is one
 * correspondent; its way is: worth it -> HoTI and CoTI -> both tokens -> Binding
 * Update -> acknowledged: optimized. A move throws it back to CoTI, packets to the
 * tunnel; at home the binding is deleted; without traffic it ends by itself.
 */
#include <errno.h>

#include "base/addr.h"
#include "role/event.h"
#include "role/ro_impl.h"
#include "role/rr.h"

#define BACKOFF	    SEC /* INITIAL_BINDACK_TIMEOUT, and the first repetition of HoTI and CoTI (11.8) */
#define BACKOFF_MAX (32 * SEC)
#define TRIES_MAX   5	       /* questions without any answer: it does not speak Mobile IPv6 */
#define TRIES_DENY  1	       /* ... and a Binding Error says so, too */
#define TRY_SOON    (60 * SEC) /* one that could fell silent: the network's fault */
/* Without a link or registration what was not bound yet is wanted no longer than this. */
#define WAIT_HOME (60 * SEC)

static void ro_due(struct timer *t, usec now);

static struct mn_home *home_of(struct mn *mn, const struct bul_entry *e)
{
	return mn_find(mn, &e->home);
}

/* At `due`, and never later than the end of the binding. */
void ro_arm(struct mn *mn, struct bul_entry *e, usec due)
{
	timer_arm(mn->w->timers, &e->timer, e->bound ? sooner(due, e->expires) : due, ro_due);
}

void ro_enter(struct mn *mn, struct bul_entry *e, enum mip_ro_state state, usec now)
{
	struct event ev = {.type = EV_RO_STATE, .bul = e};

	if (e->ro == state)
		return;
	e->ro = (uint8_t)state;
	mn->w->event(mn->w->ctx, &ev, now);
}

int ro_direct(struct mn *mn, const struct bul_entry *e, const struct in6_addr *coa)
{
	return mn->w->optimize(mn->w->ctx, RO_HOME, &e->home, &e->peer, coa);
}

/* No binding to send by: packets take the tunnel. */
void ro_unbind(struct mn *mn, struct bul_entry *e)
{
	ro_direct(mn, e, NULL);
	e->bound = false;
	e->expires = e->refresh_at = NEVER;
}

static void drop(struct mn *mn, struct bul_entry *e, usec now)
{
	timer_stop(mn->w->timers, &e->timer);
	ro_unbind(mn, e);
	ro_enter(mn, e, MIP_RO_IDLE, now);
	bul_del(&mn->bul, e);
}

/* Nothing stands any more. The entry stays a while all the same: the correspondent remembers our sequence number as
 * long as its nonces live (5.2.8), and the limits of 11.8 count on. */
void ro_rest(struct mn *mn, struct bul_entry *e, usec now)
{
	ro_unbind(mn, e);
	e->leaving = false;
	e->resyncs = 0;
	ro_enter(mn, e, MIP_RO_IDLE, now);
	ro_arm(mn, e, now + RR_MAX_NONCE_LIFE);
}

/* Nothing stands, and perhaps nothing is remembered. */
static void drop_or_rest(struct mn *mn, struct bul_entry *e, usec now)
{
	if (!e->sent_at || now - e->sent_at >= RR_MAX_NONCE_LIFE)
		drop(mn, e, now);
	else
		ro_rest(mn, e, now);
}

/* It cannot, or does not want to: packets stay in the tunnel, and later it is asked again. */
void ro_give_up(struct mn *mn, struct bul_entry *e, enum bul_alone alone, usec most, usec now)
{
	if (e->leaving) {
		ro_rest(mn, e, now);
		return;
	}
	ro_unbind(mn, e);
	e->resyncs = 0;
	e->alone = (uint8_t)alone;
	e->pause = sooner(e->pause ? 2 * e->pause : RO_TRY_FIRST, most);
	ro_arm(mn, e, now + e->pause);
	ro_enter(mn, e, MIP_RO_UNSUPPORTED, now);
}

/* --- the procedure ------------------------------------------------------------------------------------------------ */

/* The home agent agrees with where we are: updates to correspondents may leave (11.7.2). */
static bool settled(const struct mn_home *h)
{
	return h->state == (mn_place(h)->where == AT_HOME ? MIP_MN_HOME : MIP_MN_REGISTERED);
}

static bool is_ready(const struct mn_home *h, const struct bul_entry *e, usec now)
{
	return settled(h) && ro_token_lives(&e->home_test, now) && (e->leaving || ro_coa_token_lives(e, h, now));
}

/* What can be done now is done: questions, or with the answers the update. What may not yet wakes us. */
static void carry_on(struct mn *mn, struct mn_home *h, struct bul_entry *e, bool again, usec now)
{
	usec next = sooner(ro_ask_missing(mn, h, e, again, now), e->retry_at);

	if (is_ready(h, e, now) && ro_update_at(e) <= now) {
		e->tries = 0;
		e->backoff = BACKOFF;
		next = e->retry_at = now + e->backoff;
		ro_enter(mn, e, MIP_RO_BINDING, now);
		ro_send_bu(mn, h, e, now);
	} else if (is_ready(h, e, now)) {
		next = sooner(next, ro_update_at(e));
	}
	ro_arm(mn, e, next);
}

void ro_advance(struct mn *mn, struct mn_home *h, struct bul_entry *e, usec now)
{
	if (e->ro == MIP_RO_TESTING && mn_place(h)->where != AT_NOWHERE)
		carry_on(mn, h, e, false, now);
}

void ro_start_tests(struct mn *mn, struct mn_home *h, struct bul_entry *e, usec now)
{
	e->tries = 0;
	e->denied = false;
	e->backoff = BACKOFF;
	e->retry_at = now + e->backoff;
	ro_enter(mn, e, MIP_RO_TESTING, now);
	carry_on(mn, h, e, true, now);
}

static struct bul_entry *add_peer(struct mn *mn, const struct in6_addr *home, const struct in6_addr *peer, usec now)
{
	struct bul_entry *e = bul_count(&mn->bul) < MN_PEERS_MAX ? bul_add(&mn->bul, home, peer) : NULL;

	if (!e)
		return NULL;
	e->owner = mn;
	e->made = now;
	e->flags = BU_F_ACK;
	e->seq = (uint16_t)mn->w->random(mn->w->ctx);
	e->ro = MIP_RO_IDLE;
	e->expires = e->refresh_at = NEVER;
	return e;
}

void ro_on_traffic(struct mn *mn, const struct in6_addr *home, const struct in6_addr *peer, bool out, usec now)
{
	struct mn_home *h = mn_find(mn, home);
	enum mip_ro_policy mode = ro_mode(mn, peer);
	struct bul_entry *e;

	if (h)
		mn_on_traffic(mn, h, peer, out, now);
	if (!h || h->state != MIP_MN_REGISTERED || mn_is_over_ipv4(h) || mode == MIP_RO_NEVER || !addr_routable(peer) ||
		addr_eq(peer, &h->agent))
		return;
	e = bul_find(&mn->bul, home, peer);
	if (e && e->ro != MIP_RO_IDLE)
		return;
	if (mode != MIP_RO_ALWAYS && !ro_worth_it(mn, home, peer, out, now))
		return;
	if (!e)
		e = add_peer(mn, home, peer, now);
	if (e)
		ro_start_tests(mn, h, e, now);
}

/* --- time --------------------------------------------------------------------------------------------------------- */

/* Packets flow, or it is wished for always. */
bool ro_is_wanted(struct mn *mn, const struct bul_entry *e)
{
	return mn->w->busy(mn->w->ctx, &e->home, &e->peer) || ro_mode(mn, &e->peer) == MIP_RO_ALWAYS;
}

void ro_renew(struct mn *mn, struct mn_home *h, struct bul_entry *e, usec now)
{
	e->home_test.got = e->coa_test.got = 0;
	ro_start_tests(mn, h, e, now);
}

/* Nothing can be said. What a correspondent may still hold, or remember of us (rest), is remembered until it has
 * forgotten it, too. */
static void wait_for_home(struct mn *mn, struct bul_entry *e, usec now)
{
	usec numbered = e->sent_at ? e->sent_at + RR_MAX_NONCE_LIFE : 0;
	usec until = e->held_until > numbered ? e->held_until : numbered;

	if (now < until)
		ro_arm(mn, e, until);
	else
		drop(mn, e, now);
}

/* No answer: again, slower; after a while it is taken for one that cannot. While the home agent does not answer
 * either, or refuses, nothing is concluded: its answer carries on, unless it takes too long. */
static void repeat(struct mn *mn, struct mn_home *h, struct bul_entry *e, usec now)
{
	if (!settled(h)) {
		ro_enter(mn, e, MIP_RO_TESTING, now);
		if (now - e->retry_at < WAIT_HOME)
			ro_arm(mn, e, now + BACKOFF_MAX);
		else
			wait_for_home(mn, e, now);
		return;
	}
	if (++e->tries > (e->denied ? TRIES_DENY : TRIES_MAX)) {
		ro_give_up(mn, e, e->denied ? ALONE_DENIES : ALONE_SILENT, e->spoke ? TRY_SOON : RO_TRY_MOST, now);
		return;
	}
	e->backoff = sooner(e->backoff * 2, BACKOFF_MAX);
	e->retry_at = now + e->backoff;
	if (e->ro == MIP_RO_BINDING && is_ready(h, e, now)) {
		ro_send_bu(mn, h, e, now);
		ro_arm(mn, e, e->retry_at);
	} else {
		ro_enter(mn, e, MIP_RO_TESTING, now); /* tokens have died meanwhile */
		carry_on(mn, h, e, true, now);
	}
}

static void advance_or_repeat(struct mn *mn, struct mn_home *h, struct bul_entry *e, usec now)
{
	ro_advance(mn, h, e, now);
	if (e->ro == MIP_RO_TESTING && now >= e->retry_at)
		repeat(mn, h, e, now);
}

/* Renewed as long as it is wanted, ended with the binding when not. */
static void renew_or_end(struct mn *mn, struct mn_home *h, struct bul_entry *e, usec now)
{
	if (ro_is_wanted(mn, e))
		ro_renew(mn, h, e, now);
	else if (!e->bound)
		drop_or_rest(mn, e, now);
	else
		ro_arm(mn, e, now + RO_RENEW_BEFORE / 4);
}

static void ro_due(struct timer *t, usec now)
{
	struct bul_entry *e = timer_owner(t, struct bul_entry, timer);
	struct mn *mn = e->owner;
	struct mn_home *h = home_of(mn, e);

	if (e->bound && now >= e->expires)
		ro_unbind(mn, e);
	if (mn_place(h)->where == AT_NOWHERE) {
		wait_for_home(mn, e, now);
		return;
	}
	if (e->leaving && now >= e->held_until) {
		ro_rest(mn, e, now);
		return;
	}
	switch (e->ro) {
	case MIP_RO_OPTIMIZED: renew_or_end(mn, h, e, now); break;
	case MIP_RO_TESTING: advance_or_repeat(mn, h, e, now); break;
	case MIP_RO_BINDING:
		if (now >= e->retry_at)
			repeat(mn, h, e, now);
		else
			ro_arm(mn, e, e->retry_at);
		break;
	case MIP_RO_UNSUPPORTED:
		/* It may send to where we were, and no packet of it would come that wakes us. */
		if (e->alone == ALONE_SILENT && now < e->held_until && ro_mode(mn, &e->peer) != MIP_RO_NEVER)
			ro_start_tests(mn, h, e, now);
		else
			ro_rest(mn, e, now);
		break;
	default: drop(mn, e, now);
	}
}

/* --- moves -------------------------------------------------------------------------------------------------------- */

/* The correspondent must not send packets to the care-of address any more. */
static void leave(struct mn *mn, struct mn_home *h, struct bul_entry *e, usec now)
{
	if (now >= e->held_until) {
		ro_rest(mn, e, now);
		return;
	}
	e->leaving = true;
	ro_start_tests(mn, h, e, now);
}

/* The old care-of address is no source any more: packets go back into the tunnel at once. */
static void moved(struct mn *mn, struct mn_home *h, struct bul_entry *e, usec now)
{
	bool asleep = e->ro == MIP_RO_IDLE || e->ro == MIP_RO_UNSUPPORTED;

	if (e->ro == MIP_RO_UNSUPPORTED) { /* perhaps it was the path; its packets begin anew */
		e->pause = 0;
		ro_rest(mn, e, now);
	}
	if (asleep && now >= e->held_until)
		return;
	ro_direct(mn, e, NULL);
	e->coa_test.got = e->coa_test.asked = 0;
	e->leaving = (e->leaving || asleep) && ro_mode(mn, &e->peer) == MIP_RO_NEVER;
	if (mn_place(h)->where == AT_NOWHERE) {
		ro_enter(mn, e, MIP_RO_TESTING, now);
		ro_arm(mn, e, e->held_until > now + WAIT_HOME ? e->held_until : now + WAIT_HOME);
	} else if (mn_place(h)->where == AT_HOME || mn_is_over_ipv4(h) || e->leaving) {
		/* 11.5.5, 11.7.2: at home packets need no help, and over IPv4 there is none (RFC 5555 1) */
		leave(mn, h, e, now);
	} else {
		ro_start_tests(mn, h, e, now);
	}
}

void ro_each_peer(struct mn *mn, struct mn_home *h, usec now,
	void (*what)(struct mn *, struct mn_home *, struct bul_entry *, usec))
{
	for (size_t i = bul_count(&mn->bul); i-- > 0;) {
		struct bul_entry *e = bul_at(&mn->bul, i);

		if (is_peer(e) && addr_eq(&e->home, &h->conf.home))
			what(mn, h, e, now);
	}
}

void ro_on_moved(struct mn *mn, struct mn_home *h, usec now)
{
	ro_each_peer(mn, h, now, moved);
}

void ro_on_registered(struct mn *mn, struct mn_home *h, usec now)
{
	ro_each_peer(mn, h, now, advance_or_repeat);
	ro_want_always(mn, h, now);
}

static void shorten(struct mn *mn, struct mn_home *h, struct bul_entry *e, usec now)
{
	if (e->ro == MIP_RO_OPTIMIZED && e->expires > h->prefix.valid_until)
		ro_renew(mn, h, e, now);
}

void ro_on_prefix(struct mn *mn, struct mn_home *h, usec now)
{
	ro_each_peer(mn, h, now, shorten);
}

int ro_retry(struct mn *mn, const struct in6_addr *peer, usec now, struct why *why)
{
	size_t asked = 0;

	for (size_t i = 0; i < bul_count(&mn->bul); i++) {
		struct bul_entry *e = bul_at(&mn->bul, i);

		if (e->ro != MIP_RO_UNSUPPORTED || (peer && !addr_eq(&e->peer, peer)))
			continue;
		e->pause = 0;
		ro_start_tests(mn, home_of(mn, e), e, now);
		asked++;
	}
	if (peer && !asked)
		return why_set(why, ENOENT, "%s is not left alone", addr_text(peer).s);
	return 0;
}

int ro_restore(struct mn *mn, const struct bul_entry *kept, usec now)
{
	struct mn_home *h = mn_find(mn, &kept->home);
	struct bul_entry *e = h ? add_peer(mn, &kept->home, &kept->peer, now) : NULL;

	if (!e)
		return h ? -ENOMEM : -ENOENT;
	e->seq = kept->seq;
	e->coa = kept->coa;
	e->sent_at = kept->sent_at;
	e->held_until = kept->held_until;
	e->leaving = ro_mode(mn, &e->peer) == MIP_RO_NEVER;
	e->ro = MIP_RO_TESTING;
	moved(mn, h, e, now);
	return 0;
}

static void forget_peer(struct mn *mn, struct mn_home *h, struct bul_entry *e, usec now)
{
	bool may = h->place.where != AT_NOWHERE && now < e->held_until && ro_update_at(e) <= now;

	e->leaving = true;
	if (may && is_ready(h, e, now)) {
		ro_send_bu(mn, h, e, now);
		e->held_until = 0;
	}
	drop(mn, e, now);
}

void ro_forget_home(struct mn *mn, const struct in6_addr *home, usec now)
{
	struct mn_home *h = mn_find(mn, home);

	if (h)
		ro_each_peer(mn, h, now, forget_peer);
}

/* Not only must we stop: the correspondent, too. */
void ro_unwanted(struct mn *mn, struct mn_home *h, struct bul_entry *e, usec now)
{
	if (e->leaving)
		return;
	if (mn_place(h)->where == AT_NOWHERE || now >= e->held_until) {
		drop_or_rest(mn, e, now);
		return;
	}
	ro_direct(mn, e, NULL);
	leave(mn, h, e, now);
}
