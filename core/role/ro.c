/*
 * Route optimization by a mobile node. One entry of the binding update list is one
 * correspondent; its way is: worth it -> HoTI and CoTI -> both tokens -> Binding
 * Update -> acknowledged: optimized. A move throws it back to CoTI, packets to the
 * tunnel; at home the binding is deleted; without traffic it ends by itself.
 */
#include "base/addr.h"
#include "role/event.h"
#include "role/ro_impl.h"
#include "role/rr.h"

#define BACKOFF	     SEC /* INITIAL_BINDACK_TIMEOUT, and the first repetition of HoTI and CoTI (11.8) */
#define BACKOFF_MAX  (32 * SEC)
#define TRIES_MAX    5		 /* questions without any answer: it does not speak Mobile IPv6 */
#define RENEW_BEFORE (45 * SEC)	 /* new tokens are fetched this long before the binding ends */
#define TRY_AGAIN    (600 * SEC) /* a correspondent that cannot may learn */
#define TRY_SOON     (60 * SEC)	 /* one that could fell silent: the network's fault */
#define WAIT_LINK    (60 * SEC)	 /* without a link: what was not bound yet is wanted no longer than this */

static void on_timer(struct timer *t, usec now);

static struct mn_home *home_of(struct mn *mn, const struct bul_entry *e)
{
	return mn_find(mn, &e->home);
}

static bool is_peer(const struct bul_entry *e)
{
	return e->ro != MIP_RO_NONE;
}

/* At `due`, and never later than the end of the binding. */
static void arm(struct mn *mn, struct bul_entry *e, usec due)
{
	timer_arm(mn->w->timers, &e->timer, e->bound ? sooner(due, e->expires) : due, on_timer);
}

static void enter(struct mn *mn, struct bul_entry *e, enum mip_ro_state state, usec now)
{
	struct event ev = {.type = EV_RO_STATE, .bul = e};

	if (e->ro == state)
		return;
	e->ro = (uint8_t)state;
	mn->w->event(mn->w->ctx, &ev, now);
}

static int direct(struct mn *mn, const struct bul_entry *e, const struct in6_addr *coa)
{
	return mn->w->optimize(mn->w->ctx, RO_HOME, &e->home, &e->peer, coa);
}

/* No binding to send by: packets take the tunnel. */
static void unbind(struct mn *mn, struct bul_entry *e)
{
	direct(mn, e, NULL);
	e->bound = false;
	e->expires = e->refresh_at = NEVER;
}

static void drop(struct mn *mn, struct bul_entry *e, usec now)
{
	timer_stop(mn->w->timers, &e->timer);
	unbind(mn, e);
	enter(mn, e, MIP_RO_IDLE, now);
	bul_del(&mn->bul, e);
}

/* Nothing stands any more. The entry stays a while all the same: the correspondent remembers our sequence number as
 * long as its nonces live (5.2.8), and the limits of 11.8 count on. */
static void rest(struct mn *mn, struct bul_entry *e, usec now)
{
	unbind(mn, e);
	e->leaving = false;
	e->resyncs = 0;
	enter(mn, e, MIP_RO_IDLE, now);
	arm(mn, e, now + RR_MAX_NONCE_LIFE);
}

/* Nothing stands, and perhaps nothing is remembered. */
static void drop_or_rest(struct mn *mn, struct bul_entry *e, usec now)
{
	if (!e->sent_at || now - e->sent_at >= RR_MAX_NONCE_LIFE)
		drop(mn, e, now);
	else
		rest(mn, e, now);
}

/* It cannot, or does not want to: packets stay in the tunnel, and much later it is asked again. */
static void give_up(struct mn *mn, struct bul_entry *e, usec wait, usec now)
{
	if (e->leaving) {
		rest(mn, e, now);
		return;
	}
	unbind(mn, e);
	e->resyncs = 0;
	enter(mn, e, MIP_RO_UNSUPPORTED, now);
	arm(mn, e, now + wait);
}

/* --- the procedure ------------------------------------------------------------------------------------------------ */

/* The home agent agrees with where we are: updates to correspondents may leave (11.7.2). */
static bool settled(const struct mn_home *h)
{
	return h->state == (h->place.where == AT_HOME ? MIP_MN_HOME : MIP_MN_REGISTERED);
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
		enter(mn, e, MIP_RO_BINDING, now);
		ro_send_bu(mn, h, e, now);
	} else if (is_ready(h, e, now)) {
		next = sooner(next, ro_update_at(e));
	}
	arm(mn, e, next);
}

static void advance(struct mn *mn, struct mn_home *h, struct bul_entry *e, usec now)
{
	if (e->ro == MIP_RO_TESTING && h->place.where != AT_NOWHERE)
		carry_on(mn, h, e, false, now);
}

static void start_tests(struct mn *mn, struct mn_home *h, struct bul_entry *e, usec now)
{
	e->tries = 0;
	e->backoff = BACKOFF;
	e->retry_at = now + e->backoff;
	enter(mn, e, MIP_RO_TESTING, now);
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

	if (!h || h->state != MIP_MN_REGISTERED || mode == MIP_RO_NEVER || !addr_routable(peer) ||
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
		start_tests(mn, h, e, now);
}

/* --- answers ------------------------------------------------------------------------------------------------------ */

static bool take_token(struct bul_test *t, const struct mh *m, usec *rtt, usec now)
{
	if (!t->asked || t->cookie != m->u.test.cookie)
		return false;
	*rtt = now - t->asked;
	t->got = t->asked; /* a token lives from its making, which was later */
	t->asked = 0;
	t->token = m->u.test.token;
	t->nonce = m->u.test.nonce;
	return true;
}

/* 11.6.2: the answer to our question, at the address that asked; away, a Home Test comes out of the tunnel. */
void ro_on_test(struct mn *mn, const struct via *via, const struct mh *m, usec now)
{
	for (size_t i = 0; i < mn->homes && !via->has_rh2; i++) {
		struct mn_home *h = &mn->home[i];
		struct bul_entry *e = bul_find(&mn->bul, &h->conf.home, &via->src);
		bool home = m->type == MH_HOT;

		if (!e || !is_peer(e) || !addr_eq(&via->dst, home ? &e->home : &e->coa_test.coa))
			continue;
		if (home && via->bare && !via->esp && h->place.where == AT_AWAY)
			continue;
		if (home && !via->esp && h->place.where == AT_AWAY &&
			world_protects(mn->w, &h->conf.home, MIP_PROTECT_TEST)) {
			mn_complain(mn, &h->conf.home, &via->src, MH_HOT, now);
			continue;
		}
		if (!take_token(home ? &e->home_test : &e->coa_test, m, home ? &e->rtt_home : &e->rtt_coa, now))
			continue;
		e->spoke = true;
		advance(mn, h, e, now);
	}
}

/* From here on packets travel directly, for the lifetime granted but no longer than we asked for (11.7.3). */
static void now_optimized(struct mn *mn, struct bul_entry *e, const struct mh *m, usec now)
{
	uint16_t granted = m->u.ba.lifetime < e->asked ? m->u.ba.lifetime : e->asked;
	usec life = granted * MH_LIFE_UNIT * SEC;

	e->state = MIP_BUL_BOUND;
	e->bound = true;
	e->resyncs = 0;
	e->tries = 0;
	e->granted = granted;
	e->expires = e->sent_at + life;
	e->refresh_at = e->expires - sooner(life / 4, RENEW_BEFORE);
	if (now >= e->expires || direct(mn, e, &e->coa)) {
		give_up(mn, e, TRY_AGAIN, now);
		return;
	}
	enter(mn, e, MIP_RO_OPTIMIZED, now);
	arm(mn, e, e->refresh_at);
}

/* 11.7.3 and 9.5.1: which tokens have to be fetched again. */
static void refused(struct mn *mn, struct mn_home *h, struct bul_entry *e, const struct mh *m, usec now)
{
	uint8_t status = m->u.ba.status;

	if (status == BA_SEQ_OUT_OF_WINDOW)
		e->seq = m->u.ba.seq;
	else if (status < BA_HOME_NONCE_EXPIRED || status > BA_NONCES_EXPIRED)
		e->resyncs = UINT8_MAX - 1;
	if (status == BA_HOME_NONCE_EXPIRED || status == BA_NONCES_EXPIRED)
		e->home_test.got = 0;
	if (status == BA_COA_NONCE_EXPIRED || status == BA_NONCES_EXPIRED)
		e->coa_test.got = 0;
	if (++e->resyncs > 3)
		give_up(mn, e, TRY_AGAIN, now);
	else
		start_tests(mn, h, e, now);
}

/* Signed, unless it says that the key could not be made (6.2.7). */
static bool ba_ok(const struct bul_entry *e, const struct mh *m, const uint8_t *data)
{
	bool behind = m->u.ba.status == BA_SEQ_OUT_OF_WINDOW && bul_is_behind(e, m->u.ba.seq);

	if (m->u.ba.seq != e->seq && !behind)
		return false;
	if (m->opt.has & MHO_AUTH)
		return rr_mac_ok(e->kbm, &e->coa, &e->peer, data, m->opt.auth_at, m->opt.auth);
	return m->u.ba.status >= BA_HOME_NONCE_EXPIRED && m->u.ba.status <= BA_NONCES_EXPIRED;
}

bool ro_on_ba(struct mn *mn, const struct via *via, const struct mh *m, const uint8_t *data, usec now)
{
	struct mn_home *h = mn_find(mn, via->has_rh2 ? &via->rh2 : &via->dst);
	struct bul_entry *e = h ? bul_find(&mn->bul, &h->conf.home, &via->src) : NULL;

	if (!e || e->ro != MIP_RO_BINDING || e->state != MIP_BUL_WAITING || !ba_ok(e, m, data))
		return false;
	e->status = m->u.ba.status;
	mn->w->event(mn->w->ctx, &(struct event){.type = EV_BA_RECEIVED, .bul = e, .status = e->status}, now);
	if (e->status >= BA_UNSPECIFIED) {
		e->state = MIP_BUL_REFUSED;
		refused(mn, h, e, m, now);
	} else if (e->leaving) {
		e->state = MIP_BUL_BOUND;
		e->held_until = 0;
		rest(mn, e, now);
	} else if (m->u.ba.lifetime) {
		now_optimized(mn, e, m, now);
	} else {
		give_up(mn, e, TRY_AGAIN, now);
	}
	return true;
}

/* Packets flow, or it is wished for always. */
static bool is_wanted(struct mn *mn, const struct bul_entry *e)
{
	return mn->w->busy(mn->w->ctx, &e->home, &e->peer) || ro_mode(mn, &e->peer) == MIP_RO_ALWAYS;
}

static void renew(struct mn *mn, struct mn_home *h, struct bul_entry *e, usec now)
{
	e->home_test.got = e->coa_test.got = 0;
	start_tests(mn, h, e, now);
}

/* 9.5.5 and 11.7.4: it would like to keep the binding. So do we, if we have seen the packets. */
void ro_on_brr(struct mn *mn, const struct via *via, usec now)
{
	struct mn_home *h = mn_find(mn, via->has_rh2 ? &via->rh2 : &via->dst);
	struct bul_entry *e = h ? bul_find(&mn->bul, &h->conf.home, &via->src) : NULL;

	if (e && e->ro == MIP_RO_OPTIMIZED && now - e->sent_at > RENEW_BEFORE && is_wanted(mn, e))
		renew(mn, h, e, now);
}

/* 11.3.6: it has forgotten us (1), or never understood (2). The tokens may still be good, so that a forged error costs
 * one update and a round trip through the tunnel, once a second. */
void ro_on_be(struct mn *mn, const struct via *via, const struct mh *m, usec now)
{
	struct mn_home *h = mn_find(mn, &m->u.be.home);
	struct bul_entry *e = h ? bul_find(&mn->bul, &h->conf.home, &via->src) : NULL;

	if (m->u.be.status == BE_UNKNOWN_TYPE) {
		ro_on_unsupported(mn, &via->src, now);
	} else if (m->u.be.status == BE_UNKNOWN_HAO && e && e->ro == MIP_RO_OPTIMIZED && now - e->sent_at > SEC) {
		unbind(mn, e);
		start_tests(mn, h, e, now);
	}
}

void ro_on_unsupported(struct mn *mn, const struct in6_addr *peer, usec now)
{
	for (size_t i = bul_count(&mn->bul); i-- > 0;) {
		struct bul_entry *e = bul_at(&mn->bul, i);

		/* One that answered us once knows Mobile IPv6, whatever a forged error says. */
		if (is_peer(e) && addr_eq(&e->peer, peer) && e->ro == MIP_RO_TESTING && !e->spoke)
			give_up(mn, e, TRY_AGAIN, now);
	}
}

/* --- time --------------------------------------------------------------------------------------------------------- */

/* No answer: again, slower; after a while it is taken for one that cannot. While the home agent does not answer
 * either nothing is concluded: its answer carries on. */
static void repeat(struct mn *mn, struct mn_home *h, struct bul_entry *e, usec now)
{
	if (!settled(h)) {
		enter(mn, e, MIP_RO_TESTING, now);
		arm(mn, e, now + BACKOFF_MAX);
		return;
	}
	if (++e->tries > TRIES_MAX) {
		give_up(mn, e, e->spoke ? TRY_SOON : TRY_AGAIN, now);
		return;
	}
	e->backoff = sooner(e->backoff * 2, BACKOFF_MAX);
	e->retry_at = now + e->backoff;
	if (e->ro == MIP_RO_BINDING && is_ready(h, e, now)) {
		ro_send_bu(mn, h, e, now);
		arm(mn, e, e->retry_at);
	} else {
		enter(mn, e, MIP_RO_TESTING, now); /* tokens have died meanwhile */
		carry_on(mn, h, e, true, now);
	}
}

static void advance_or_repeat(struct mn *mn, struct mn_home *h, struct bul_entry *e, usec now)
{
	advance(mn, h, e, now);
	if (e->ro == MIP_RO_TESTING && now >= e->retry_at)
		repeat(mn, h, e, now);
}

/* Renewed as long as it is wanted, ended with the binding when not. */
static void renew_or_end(struct mn *mn, struct mn_home *h, struct bul_entry *e, usec now)
{
	if (is_wanted(mn, e))
		renew(mn, h, e, now);
	else if (!e->bound)
		drop_or_rest(mn, e, now);
	else
		arm(mn, e, now + RENEW_BEFORE / 4);
}

/* Nothing can be said. What a correspondent may still hold, or remember of us (rest), is remembered until it has
 * forgotten it, too. */
static void wait_for_link(struct mn *mn, struct bul_entry *e, usec now)
{
	usec numbered = e->sent_at ? e->sent_at + RR_MAX_NONCE_LIFE : 0;
	usec until = e->held_until > numbered ? e->held_until : numbered;

	if (now < until)
		arm(mn, e, until);
	else
		drop(mn, e, now);
}

static void on_timer(struct timer *t, usec now)
{
	struct bul_entry *e = timer_owner(t, struct bul_entry, timer);
	struct mn *mn = e->owner;
	struct mn_home *h = home_of(mn, e);

	if (e->bound && now >= e->expires)
		unbind(mn, e);
	if (h->place.where == AT_NOWHERE) {
		wait_for_link(mn, e, now);
		return;
	}
	if (e->leaving && now >= e->held_until) {
		rest(mn, e, now);
		return;
	}
	switch (e->ro) {
	case MIP_RO_OPTIMIZED: renew_or_end(mn, h, e, now); break;
	case MIP_RO_TESTING: advance_or_repeat(mn, h, e, now); break;
	case MIP_RO_BINDING:
		if (now >= e->retry_at)
			repeat(mn, h, e, now);
		else
			arm(mn, e, e->retry_at);
		break;
	case MIP_RO_UNSUPPORTED: rest(mn, e, now); break;
	default: drop(mn, e, now);
	}
}

/* --- moves -------------------------------------------------------------------------------------------------------- */

/* The correspondent must not send packets to the care-of address any more. */
static void leave(struct mn *mn, struct mn_home *h, struct bul_entry *e, usec now)
{
	if (now >= e->held_until) {
		rest(mn, e, now);
		return;
	}
	e->leaving = true;
	start_tests(mn, h, e, now);
}

/* The old care-of address is no source any more: packets go back into the tunnel at once. */
static void moved(struct mn *mn, struct mn_home *h, struct bul_entry *e, usec now)
{
	bool asleep = e->ro == MIP_RO_IDLE || e->ro == MIP_RO_UNSUPPORTED;

	if (asleep && (h->place.where != AT_HOME || now >= e->held_until))
		return;
	direct(mn, e, NULL);
	e->coa_test.got = e->coa_test.asked = 0;
	e->leaving = e->leaving && ro_mode(mn, &e->peer) == MIP_RO_NEVER;
	if (h->place.where == AT_NOWHERE) {
		enter(mn, e, MIP_RO_TESTING, now);
		arm(mn, e, e->held_until > now + WAIT_LINK ? e->held_until : now + WAIT_LINK);
	} else if (h->place.where == AT_HOME || e->leaving) { /* 11.5.5, 11.7.2: at home packets need no help */
		leave(mn, h, e, now);
	} else {
		start_tests(mn, h, e, now);
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
		renew(mn, h, e, now);
}

void ro_on_prefix(struct mn *mn, struct mn_home *h, usec now)
{
	ro_each_peer(mn, h, now, shorten);
}

static void forget_peer(struct mn *mn, struct mn_home *h, struct bul_entry *e, usec now)
{
	(void)h;
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
	if (h->place.where == AT_NOWHERE || now >= e->held_until) {
		drop_or_rest(mn, e, now);
		return;
	}
	direct(mn, e, NULL);
	leave(mn, h, e, now);
}
