/*
 * What correspondents say to a mobile node: Home and Care-of Test, Binding
 * Acknowledgement, Refresh Request and Error, and ICMPv6 errors (RFC 6275 11.3.5,
 * 11.3.6, 11.6.2, 11.7.3, 11.7.4). What follows from it is ro.c's.
 */
#include "base/addr.h"
#include "role/event.h"
#include "role/ro_impl.h"
#include "role/rr.h"
#include "wire/mhauth.h"

#define BRR_GAP	   (5 * SEC)  /* an update this young needs no refresh */
#define BE_GAP	   SEC	      /* one this young is not lost yet, */
#define BE_GAP_MAX (8 * SEC)  /* or this, after several that were said to be */
#define BE_CALM	   (60 * SEC) /* until none was for so long */

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
		if (home && via->bare && !via->esp && mn_place(h)->where == AT_AWAY)
			continue;
		if (home && !via->esp && mn_place(h)->where == AT_AWAY &&
			world_protects(mn->w, &h->conf.home, MIP_PROTECT_TEST)) {
			mn_complain(mn, &h->conf.home, &via->src, MH_HOT, now);
			continue;
		}
		if (!take_token(home ? &e->home_test : &e->coa_test, m, home ? &e->rtt_home : &e->rtt_coa, now))
			continue;
		e->spoke = true;
		e->denied = false; /* a liar said so */
		ro_advance(mn, h, e, now);
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
	e->pause = 0;
	e->granted = granted;
	e->expires = e->sent_at + life;
	e->refresh_at = e->expires - sooner(life / 4, RO_RENEW_BEFORE);
	if (now >= e->expires || ro_direct(mn, e, &e->coa)) {
		ro_give_up(mn, e, now >= e->expires ? ALONE_ENDED : ALONE_NO_PATH, RO_TRY_MOST, now);
		return;
	}
	ro_enter(mn, e, MIP_RO_OPTIMIZED, now);
	ro_arm(mn, e, e->refresh_at);
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
		ro_give_up(mn, e, ALONE_REFUSES, RO_TRY_MOST, now);
	else
		ro_start_tests(mn, h, e, now);
}

/* Signed, unless it says that the key could not be made (6.2.7). */
static bool ba_ok(const struct bul_entry *e, const struct mh *m)
{
	struct mh_auth auth = {.coa = e->coa, .end = e->peer};
	bool behind = m->u.ba.status == BA_SEQ_OUT_OF_WINDOW && bul_is_behind(e, m->u.ba.seq), ok;

	if (m->u.ba.seq != e->seq && !behind)
		return false;
	if (m->opt.has & MHO_AUTH) {
		memcpy(auth.key, e->kbm, sizeof(e->kbm));
		ok = mh_signed(&auth, m);
		explicit_bzero(&auth, sizeof(auth));
		return ok;
	}
	return m->u.ba.status >= BA_HOME_NONCE_EXPIRED && m->u.ba.status <= BA_NONCES_EXPIRED;
}

bool ro_on_ba(struct mn *mn, const struct via *via, const struct mh *m, usec now)
{
	struct mn_home *h = mn_find(mn, via->has_rh2 ? &via->rh2 : &via->dst);
	struct bul_entry *e = h ? bul_find(&mn->bul, &h->conf.home, &via->src) : NULL;

	if (!e || e->ro != MIP_RO_BINDING || e->state != MIP_BUL_WAITING || !ba_ok(e, m))
		return false;
	e->status = m->u.ba.status;
	mn->w->event(mn->w->ctx, &(struct event){.type = EV_BA_RECEIVED, .bul = e, .status = e->status}, now);
	if (e->status >= BA_UNSPECIFIED) {
		e->state = MIP_BUL_REFUSED;
		refused(mn, h, e, m, now);
	} else if (e->leaving) {
		e->state = MIP_BUL_BOUND;
		e->held_until = 0;
		ro_rest(mn, e, now);
	} else if (m->u.ba.lifetime) {
		now_optimized(mn, e, m, now);
	} else {
		ro_give_up(mn, e, ALONE_ENDED, RO_TRY_MOST, now);
	}
	return true;
}

/* 9.5.5 and 11.7.4: it would like to keep the binding. So do we, if we have seen the packets. */
void ro_on_brr(struct mn *mn, const struct via *via, usec now)
{
	struct mn_home *h = mn_find(mn, via->has_rh2 ? &via->rh2 : &via->dst);
	struct bul_entry *e = h ? bul_find(&mn->bul, &h->conf.home, &via->src) : NULL;

	if (e && e->ro == MIP_RO_OPTIMIZED && now - e->sent_at > BRR_GAP && ro_is_wanted(mn, e))
		ro_renew(mn, h, e, now);
}

/* It has forgotten us, if packets travelled directly that the error may be about. The tokens may still be good, so that
 * a forged error costs one update and a round trip through the tunnel; who goes on forging is believed ever more
 * seldom. */
static void lost_binding(struct mn *mn, struct mn_home *h, struct bul_entry *e, usec now)
{
	usec age = now - e->sent_at, gap = e->be_gap && age <= BE_CALM ? e->be_gap : BE_GAP;

	if (age <= gap || !mn->w->busy(mn->w->ctx, &e->home, &e->peer))
		return;
	e->be_gap = sooner(2 * gap, BE_GAP_MAX);
	ro_unbind(mn, e);
	ro_start_tests(mn, h, e, now);
}

/* A question is under way from that address. One that answered us once knows Mobile IPv6, whatever an error says. */
static struct bul_test *test_from(struct bul_entry *e, const struct in6_addr *from)
{
	if (e->ro != MIP_RO_TESTING || e->spoke)
		return NULL;
	if (e->home_test.asked && addr_eq(&e->home, from))
		return &e->home_test;
	return e->coa_test.asked && addr_eq(&e->coa_test.coa, from) ? &e->coa_test : NULL;
}

/* 11.3.6: it has forgotten us (1), or never understood (2). Nothing in the error shows that it is an answer: 2 is
 * believed when no other answer comes, and shortens the waiting for one. */
void ro_on_be(struct mn *mn, const struct via *via, const struct mh *m, usec now)
{
	for (size_t i = 0; i < mn->homes; i++) {
		struct mn_home *h = &mn->home[i];
		struct bul_entry *e = bul_find(&mn->bul, &h->conf.home, &via->src);

		if (!e || !is_peer(e))
			continue;
		if (m->u.be.status == BE_UNKNOWN_TYPE && test_from(e, &via->dst))
			e->denied = true;
		if (m->u.be.status == BE_UNKNOWN_HAO && e->ro == MIP_RO_OPTIMIZED && addr_eq(&m->u.be.home, &e->home) &&
			addr_eq(&via->dst, &e->coa))
			lost_binding(mn, h, e, now);
	}
}

/* 11.3.5: the question that is quoted has the cookie of one that is under way, which nobody but those on its path
 * knows. */
void ro_on_unsupported(
	struct mn *mn, const struct in6_addr *src, const struct in6_addr *dst, const struct mh *quoted, usec now)
{
	for (size_t i = 0; i < mn->homes; i++) {
		struct bul_entry *e = bul_find(&mn->bul, &mn->home[i].conf.home, dst);
		struct bul_test *t = e && is_peer(e) ? test_from(e, src) : NULL;
		uint8_t type = t && t == &e->home_test ? MH_HOTI : MH_COTI;

		if (t && quoted->type == type && quoted->u.init.cookie == t->cookie)
			ro_give_up(mn, e, ALONE_DENIES, RO_TRY_MOST, now);
	}
}
