/*
 * Correspondent node: HoTI and CoTI (RFC 6275 9.4), Binding Updates authorised by
 * return routability (9.5.1-9.5.4), refresh requests (9.5.5), and a bounded cache
 * (9.5.6) in which the one that ends soonest gives way.
 */
#include <errno.h>

#include "base/addr.h"
#include "role/cn_impl.h"
#include "role/event.h"

#define BRR_BEFORE (30 * SEC) /* ask for a refresh this long before the end, when the binding is used */
#define EVICT_OF   8	      /* how many at random the one to give way is chosen from */
#define EVICT_AGE                                                                                                      \
	(10 * SEC) /* a younger one stays: many for little room must not throw each other out all the time             \
		    */
#define UNREACHABLE_FOR (20 * SEC) /* a care-of address of which errors say so for that long ... */
#define UNREACHABLE_GAP (10 * SEC) /* ... without a pause of that, is left */

static void binding_due(struct timer *t, usec now);

void cn_init(struct cn *cn, const struct world *w, uint64_t seed)
{
	*cn = (struct cn){.w = w,
		.tests.seed = seed,
		.newcomers = {.all = {.rate = CN_NEW_RATE, .burst = CN_NEW_RATE},
			.rate = CN_NEW_GROUP_RATE,
			.burst = CN_NEW_GROUP_RATE,
			.seed = seed},
		.errors = {.rate = 100, .burst = 100}};
	cn_places_init(cn, seed);
	bc_init(&cn->bc, BC_BY_HOME_AND_LOCAL, seed, cn);
	seq_init(&cn->ended, sizeof(struct cn_key), seed);
}

void cn_start(struct cn *cn, const struct cn_conf *conf)
{
	if (!cn->on)
		rr_init(&cn->rr, cn->w);
	cn->conf = *conf;
	cn->bc.max = cn->ended.max = conf->max_bindings;
	cn->tests.all.rate = cn->tests.all.burst = cn->known.rate = cn->known.burst = conf->test_rate;
	cn->tests.rate = cn->tests.burst = (conf->test_rate + CN_TEST_GROUPS - 1) / CN_TEST_GROUPS;
	cn->on = true;
}

static void tell_binding(
	struct cn *cn, enum event_type type, const struct bc_entry *e, const struct in6_addr *old, usec now)
{
	cn->w->event(cn->w->ctx, &(struct event){.type = type, .binding = e, .coa = old}, now);
}

/* --- bindings that ended --------------------------------------------------------------------------------------- */

/* 5.2.8: an update seen on its way must not make the binding again after it ended. Until the nonces that authorised it
 * are dead, its sequence number is kept; where there is no room for that, the nonces die at once. */
static void remember_ended(struct cn *cn, const struct in6_addr *home, const struct in6_addr *local, uint16_t seq,
	uint16_t nonce, usec until, usec now)
{
	struct cn_key key = {*home, *local};
	const struct seq_entry *last = seq_find(&cn->ended, &key, now);

	if (last && seq_is_old(seq, last->seq))
		seq = last->seq;
	if (until > now && !seq_keep(&cn->ended, &key, seq, nonce, until, now))
		rr_revoke(&cn->rr);
}

/* The last update of this binding was accepted then. */
static usec updated_at(const struct bc_entry *e)
{
	return e->expires - e->lifetime * MH_LIFE_UNIT * SEC;
}

/* When the nonces behind the last update of this binding are dead at the latest. */
static usec nonces_end(const struct bc_entry *e)
{
	return updated_at(e) + RR_MAX_NONCE_LIFE;
}

/* why: as in struct event; NULL: its lifetime is over. */
static void forget_binding(struct cn *cn, struct bc_entry *e, const char *why, usec now)
{
	struct event ev = {.type = why ? EV_BINDING_REMOVED : EV_BINDING_EXPIRED, .binding = e, .why = why};

	if (e->state == MIP_BINDING_ACTIVE)
		remember_ended(cn, &e->home, &e->local, e->seq, e->nonce, nonces_end(e), now);
	timer_stop(cn->w->timers, &e->timer);
	cn_place_leave(cn, e);
	cn->w->optimize(cn->w->ctx, RO_PEER, &e->local, &e->home, NULL);
	cn->w->event(cn->w->ctx, &ev, now);
	bc_del(&cn->bc, e);
}

void cn_stop(struct cn *cn, usec now)
{
	while (bc_count(&cn->bc))
		forget_binding(cn, bc_at(&cn->bc, bc_count(&cn->bc) - 1), "the correspondent stops", now);
	bc_free(&cn->bc);
	seq_free(&cn->ended);
	map_free(&cn->places);
	cn->on = false;
}

/* --- return routability ------------------------------------------------------------------------------------------- */

static bool may_test(struct cn *cn, const struct via *via, enum rr_kind kind, usec now)
{
	struct bc_entry *e = kind == RR_HOME ? bc_find(&cn->bc, &via->src, cn_local_of(via)) : NULL;
	usec *known = e ? &e->told : kind == RR_COA ? cn_place_pace(cn, &via->src) : NULL;
	bool ok = !known ? rates_take(&cn->tests, &via->src, now)
			 : rate_spend(known, CN_UPDATE_RATE, CN_UPDATE_BURST, now) && rate_take(&cn->known, now);

	cn->stats.limited += !ok;
	return ok;
}

/* 9.4.1, 9.4.2: never with a Home Address option. The answer carries what is needed to recognise its question later:
 * nothing is kept. */
void cn_on_init(struct cn *cn, const struct via *via, const struct mh *m, usec now)
{
	enum rr_kind kind = m->type == MH_HOTI ? RR_HOME : RR_COA;
	struct mh test = {.type = kind == RR_HOME ? MH_HOT : MH_COT};
	struct via back = {.src = *cn_local_of(via), .dst = via->src};

	cn->stats.rx_test++;
	if (!cn->on || via->has_hao || !cn_is_sane(via) || !cn->conf.test_rate) {
		cn->stats.dropped++;
		return;
	}
	if (!may_test(cn, via, kind, now))
		return;
	test.u.test.cookie = m->u.init.cookie;
	test.u.test.nonce = rr_issue(&cn->rr, cn->w, kind, &via->src, now, &test.u.test.token);
	cn->w->send(cn->w->ctx, &back, &test);
}

/* --- Binding Updates ---------------------------------------------------------------------------------------------- */

/* 9.5.4: to the care-of address with a type 2 routing header; bare to a mobile node at home. Signed when we have a key.
 */
static void send_ba(struct cn *cn, const struct cn_request *rq, uint8_t status, uint16_t seq, uint16_t lifetime)
{
	struct mh ba = {.type = MH_BA, .u.ba = {.status = status, .seq = seq, .lifetime = lifetime}};
	struct via via = {.src = rq->local, .dst = rq->via->src, .rh2 = rq->home};

	via.has_rh2 = !addr_eq(&rq->via->src, &rq->home);
	if (rq->authorised) {
		ba.opt.has = MHO_AUTH;
		via.auth = &rq->auth;
	}
	cn->w->send(cn->w->ctx, &via, &ba);
}

static void refuse(struct cn *cn, const struct cn_request *rq, uint8_t status, uint16_t seq, usec now)
{
	struct event ev = {.type = EV_BU_REFUSED, .addr = &rq->home, .coa = &rq->coa, .status = status};

	cn->stats.refused++;
	if (!rate_take(&cn->errors, now))
		return;
	cn->w->event(cn->w->ctx, &ev, now);
	send_ba(cn, rq, status, seq, 0);
}

/* 9.6: of a few at random the one that ends first makes room. False when that was bound a moment ago. */
static bool evict_one(struct cn *cn, usec now)
{
	struct bc_entry *victim = NULL;

	for (int i = 0; i < EVICT_OF; i++) {
		struct bc_entry *e = bc_at(&cn->bc, cn->w->random(cn->w->ctx) % bc_count(&cn->bc));

		if (!victim || e->expires < victim->expires)
			victim = e;
	}
	if (now - updated_at(victim) < EVICT_AGE)
		return false;
	cn->stats.evicted++;
	forget_binding(cn, victim, "replaced, the cache is full", now);
	return true;
}

/* The limit may have been lowered: room is made until there is some. NULL when there is none. */
static struct bc_entry *add_entry(struct cn *cn, const struct cn_request *rq, usec now)
{
	struct bc_entry *e;

	while (cn->bc.max && bc_count(&cn->bc) >= cn->bc.max)
		if (!evict_one(cn, now))
			return NULL;
	e = bc_add(&cn->bc, &rq->home, &rq->local);
	if (e)
		e->made = now;
	return e;
}

/* A binding shorter than that is not asked for. */
static void rearm(struct cn *cn, struct bc_entry *e)
{
	bool ask = !e->asked && e->lifetime * MH_LIFE_UNIT * SEC > BRR_BEFORE;

	timer_arm(cn->w->timers, &e->timer, ask ? e->expires - BRR_BEFORE : e->expires, binding_due);
}

static void note(struct bc_entry *e, const struct cn_request *rq, uint16_t nonce, usec now)
{
	uint16_t most = RR_MAX_BINDING_LIFE / MH_LIFE_UNIT, asked = rq->m->u.bu.lifetime;

	e->coa = rq->coa;
	e->from = rq->via->src;
	e->seq = rq->m->u.bu.seq;
	e->nonce = nonce;
	e->flags = rq->m->u.bu.flags;
	e->lifetime = asked < most ? asked : most;
	e->expires = now + e->lifetime * MH_LIFE_UNIT * SEC;
	e->asked = false;
	e->unreachable_since = 0;
	e->state = MIP_BINDING_ACTIVE;
}

/* 9.5.2 */
static void take_binding(struct cn *cn, struct bc_entry *e, const struct cn_request *rq, usec now)
{
	struct cn_key key = {rq->home, rq->local};
	const struct seq_entry *ended;
	struct in6_addr old = e ? e->coa : rq->coa;
	enum event_type what = !e			 ? EV_BINDING_ADDED
			       : addr_eq(&old, &rq->coa) ? EV_BINDING_REFRESHED
							 : EV_BINDING_MOVED;

	if (!e)
		e = add_entry(cn, rq, now);
	if (!e || cn->w->optimize(cn->w->ctx, RO_PEER, &e->local, &e->home, &rq->coa)) {
		if (e)
			forget_binding(cn, e, ba_status_text(BA_RESOURCES), now);
		refuse(cn, rq, BA_RESOURCES, rq->m->u.bu.seq, now);
		return;
	}
	ended = seq_find(&cn->ended, &key, now);
	if (ended && !seq_is_old(rq->m->u.bu.seq, ended->seq))
		seq_forget(&cn->ended, &key);
	cn_place_leave(cn, e);
	note(e, rq, cn->rr.index, now);
	cn_place_enter(cn, e);
	rearm(cn, e);
	tell_binding(cn, what, e, &old, now);
	if (e->flags & BU_F_ACK)
		send_ba(cn, rq, BA_ACCEPTED, e->seq, e->lifetime);
}

int cn_restore(struct cn *cn, const struct bc_entry *kept, usec now)
{
	struct bc_entry *e = bc_find(&cn->bc, &kept->home, &kept->local);

	if (e || kept->expires <= now || !addr_routable(&kept->home) || !addr_routable(&kept->coa))
		return e ? -EEXIST : -EADDRNOTAVAIL;
	e = bc_add(&cn->bc, &kept->home, &kept->local);
	if (!e)
		return -ENOSPC;
	e->coa = kept->coa;
	e->from = kept->from;
	e->made = kept->made;
	e->expires = kept->expires;
	e->seq = kept->seq;
	e->flags = kept->flags;
	e->nonce = cn->rr.index;
	e->lifetime = kept->lifetime;
	e->state = MIP_BINDING_ACTIVE;
	if (cn->w->optimize(cn->w->ctx, RO_PEER, &e->local, &e->home, &e->coa)) {
		bc_del(&cn->bc, e);
		return -EIO;
	}
	cn_place_enter(cn, e);
	rearm(cn, e);
	return 0;
}

/* 9.5.3 */
static void drop_binding(struct cn *cn, struct bc_entry *e, const struct cn_request *rq, usec now)
{
	if (e)
		forget_binding(cn, e, "deregistered", now);
	remember_ended(cn, &rq->home, &rq->local, rq->m->u.bu.seq, cn->rr.index, now + RR_MAX_NONCE_LIFE, now);
	if (rq->m->u.bu.flags & BU_F_ACK)
		send_ba(cn, rq, BA_ACCEPTED, rq->m->u.bu.seq, 0);
}

/* Before the authenticator of a stranger is computed, and before anything is done for one whose binding it is. A forger
 * gets no further than the authenticator, which takes nothing from the binding. */
static bool is_over_limit(struct cn *cn, struct bc_entry *e, const struct via *via, bool judged, usec now)
{
	bool ok = judged ? !e || rate_spend(&e->paced, CN_UPDATE_RATE, CN_UPDATE_BURST, now)
			 : e || rates_take(&cn->newcomers, &via->src, now);

	cn->stats.limited += !ok;
	return !ok;
}

void cn_on_bu(struct cn *cn, const struct via *via, const struct mh *m, usec now)
{
	struct cn_request rq = cn_request_of(via, m);
	struct bc_entry *e = bc_find(&cn->bc, &rq.home, &rq.local);
	uint16_t last = m->u.bu.seq;
	int status;

	cn->stats.rx_bu++;
	if (is_over_limit(cn, e, via, false, now))
		return;
	status = cn->on ? cn_judge(cn, &rq, cn_is_old(cn, &rq, e, now, &last), now) : CN_DROP;
	if (status == CN_DROP)
		cn->stats.dropped++;
	else if (status)
		refuse(cn, &rq, (uint8_t)status, status == BA_SEQ_OUT_OF_WINDOW ? last : m->u.bu.seq, now);
	else if (!is_over_limit(cn, e, via, true, now))
		(rq.remove ? drop_binding : take_binding)(cn, e, &rq, now);
	explicit_bzero(&rq.auth, sizeof(rq.auth));
}

/* --- what the correspondent says unasked -------------------------------------------------------------------------- */

/* 9.5.5: a binding in use is worth asking for; at the home address, for no Mobility Header but an acknowledgement has a
 * type 2 routing header (6.1). */
static void ask_refresh(struct cn *cn, struct bc_entry *e)
{
	struct mh brr = {.type = MH_BRR};
	struct via via = {.src = e->local, .dst = e->home};

	e->asked = true;
	if (!cn->w->busy(cn->w->ctx, &e->local, &e->home))
		return;
	cn->stats.tx_brr++;
	cn->w->send(cn->w->ctx, &via, &brr);
}

static void binding_due(struct timer *t, usec now)
{
	struct bc_entry *e = timer_owner(t, struct bc_entry, timer);
	struct cn *cn = e->cache->owner;

	if (now >= e->expires) {
		forget_binding(cn, e, NULL, now);
		return;
	}
	ask_refresh(cn, e);
	rearm(cn, e);
}

void cn_on_unknown_hao(
	struct cn *cn, const struct in6_addr *coa, const struct in6_addr *local, const struct in6_addr *home, usec now)
{
	struct mh be = {.type = MH_BE, .u.be = {.status = BE_UNKNOWN_HAO, .home = *home}};
	struct via via = {.src = *local, .dst = *coa};

	if (!cn->on || !addr_routable(coa) || IN6_IS_ADDR_MULTICAST(local) || !rate_take(&cn->errors, now))
		return;
	cn->stats.tx_be++;
	cn->w->send(cn->w->ctx, &via, &be);
}

/* 9.3.4: once is nothing, and whoever knows the addresses can forge it; again and again is persistent, unless packets
 * come from there, or an update. One that only listens is asked for that through its home agent. */
void cn_on_unreachable(struct cn *cn, const struct in6_addr *home, const struct in6_addr *local, usec now)
{
	struct bc_entry *e = bc_find(&cn->bc, home, local);
	uint64_t heard = e ? cn->w->heard(cn->w->ctx, local, home) : 0;

	if (!e)
		return;
	if (!e->unreachable_since || now - e->unreachable_last > UNREACHABLE_GAP || heard != e->heard)
		e->unreachable_since = now;
	e->heard = heard;
	e->unreachable_last = now;
	if (now - e->unreachable_since >= UNREACHABLE_FOR) {
		forget_binding(cn, e, "the care-of address is unreachable", now);
	} else if (now - e->unreachable_since >= UNREACHABLE_FOR / 2 && !e->asked) {
		ask_refresh(cn, e);
		rearm(cn, e);
	}
}
