/*
 * Mobile node: the home registration (RFC 6275 11.7.1, 11.7.3, 11.8; of a mobile router
 * RFC 3963 5): Binding Updates out, repeated until they are answered, Binding Acknowledgements in. Nothing mutes it:
 * after any refusal or silence the next update follows, at most 32 s later. But a home
 * address that another node has is not used again.
 */
#include <string.h>

#include "base/addr.h"
#include "role/mn_impl.h"
#include "role/ro.h"

#define FIRST_BACKOFF (1500 * MSEC) /* InitialBindackTimeoutFirstReg: the home agent's DAD takes 1 s */
#define BACKOFF	      SEC	    /* INITIAL_BINDACK_TIMEOUT */
#define BACKOFF_MAX   (32 * SEC)    /* MAX_BINDACK_TIMEOUT */
#define BRR_GAP	      SEC	    /* an update this young is not repeated because a home agent asks */
#define RESYNCS_MAX   3		    /* sequence numbers taken over at once; then the back-off decides */
#define MARGIN_MAX    (60 * SEC)    /* refresh at the latest this long before the binding ends */
#define KEYS_TRIES    3		    /* updates without an answer before keys are negotiated anew */
#define ROUTER_TRIES  2		    /* updates without an answer before it is asked whether the router is there */
#define HOME_TRIES    2		    /* de-registrations without an answer before something else than home is taken */
#define CLAIMS	      3		    /* MAX_NEIGHBOR_ADVERTISEMENT (RFC 4861 10) */
#define CLAIM_GAP     SEC	    /* RETRANS_TIMER */
#define REG_FLAGS     (BU_F_ACK | BU_F_HOME)

static void registration_due(struct timer *t, usec now);

/* --- Binding Updates --------------------------------------------------------------------------------------------- */

/* 11.7.1: away, from the care-of address with a Home Address option; at home (11.5.5), bare, from the home address.
 * With the authentication option where there is a key for it (RFC 4285 5.1.1). */
static void transmit(struct mn *mn, const struct mn_home *h, struct bul_entry *e, uint16_t lifetime)
{
	bool away = !addr_eq(&e->coa, &h->conf.home);
	struct via via = {
		.src = e->coa, .dst = h->agent, .hao = h->conf.home, .has_hao = away, .ifindex = h->place.ifindex};
	struct mh bu = {.type = MH_BU, .u.bu = {.seq = e->seq, .flags = e->flags, .lifetime = lifetime}};
	struct auth_sa *sa = auth_find(&mn->auth, &h->conf.home);
	struct mh_auth auth;

	via.esp = world_protects(mn->w, &h->conf.home, MIP_PROTECT_BINDING);
	if (addr_is_ipv4(&e->coa)) { /* RFC 5555 4.4.2 */
		via.src = h->conf.home;
		via.has_hao = false;
		via.udp = (struct udp_ends){e->coa, h->conf.ipv4, MIP_UDP_PORT, h->place.ifindex};
		bu.opt.has = MHO_IPV4_COA;
		bu.opt.ipv4_coa = e->coa;
	} else if (away) {
		bu.opt.has = MHO_ALT_COA;
		bu.opt.alt_coa = e->coa;
	}
	if (lifetime && addr_is_ipv4(&h->conf.ipv4_home)) { /* RFC 5555 3.1.1: in each of them */
		bu.opt.has |= MHO_IPV4_HOME;
		bu.opt.ipv4_home.addr = addr_is_ipv4(&h->ipv4_home) ? h->ipv4_home : h->conf.ipv4_home;
		bu.opt.ipv4_home.plen = 128;
	}
	if (lifetime && e->flags & BU_F_ROUTER && !h->implicit) { /* RFC 3963 5.2: in each of them */
		bu.opt.has |= MHO_NETWORK;
		bu.opt.networks = h->conf.networks;
		memcpy(bu.opt.network, h->conf.network, sizeof(bu.opt.network));
	}
	via.on_link = !away; /* beyond this link nobody is asked to take us for being at home */
	if (sa) {
		auth_add(sa, &bu, &e->coa, auth_next(sa, e->seq != e->first, mn->w->wall(mn->w->ctx)), &auth);
		via.auth = &auth;
	}
	mn->w->send(mn->w->ctx, &via, &bu);
	explicit_bzero(&auth, sizeof(auth));
}

/* 11.7.1: the home agent is to defend the link-local address, too, if that is made of the same interface identifier. */
static uint16_t flags_of(const struct mn *mn, const struct mn_home *h)
{
	bool keys_move = mn->w->keys_move && mn->w->keys_move(mn->w->ctx, &h->conf.home);

	return REG_FLAGS | (keys_move ? BU_F_KEYMGMT : 0) | (mn_is_router(h) ? BU_F_ROUTER : 0) |
	       (mn_is_over_ipv4(h) ? BU_F_UDP : 0) |
	       (attach_has_local(&mn->attach, h->place.ifindex, &h->conf.home) ? BU_F_LINKLOCAL : 0);
}

/* RFC 4877 7.3: keys before the first update, and the one that they are there for follows at once (mn_on_keys). A
 * binding that was made with others is moved with them. */
static bool has_keys(struct mn *mn, struct mn_home *h, bool doubt)
{
	h->keyless = h->place.where == AT_AWAY && mn->w->keys && !mn->w->keys(mn->w->ctx, h, doubt);
	return !h->keyless;
}

/* The next update for this entry, with the next sequence number; it will be repeated until it is answered. `again`: it
 * says what the last one said. */
static void send_bu(struct mn *mn, struct mn_home *h, struct bul_entry *e, bool again, usec now)
{
	bool away = !addr_eq(&e->coa, &h->conf.home);

	timer_arm(mn->w->timers, &e->timer, now + e->backoff, registration_due);
	if (!has_keys(mn, h, false)) {
		e->tries = 0;
		e->state = e->state == MIP_BUL_BOUND ? MIP_BUL_WAITING : e->state;
		return;
	}
	e->seq++;
	if (!again) {
		e->first = e->seq;
		e->first_at = now;
	}
	e->flags = flags_of(mn, h);
	e->sent_at = now;
	e->state = MIP_BUL_WAITING;
	e->asked = away ? mn_lifetime(mn, h, now) : 0;
	transmit(mn, h, e, e->asked);
	mn_tell(mn, EV_BU_SENT, h, e, now);
}

void mn_on_keys(struct mn *mn, const struct in6_addr *home, usec now)
{
	struct mn_home *h = mn_find(mn, home);

	if (!h || !h->keyless || !h->reg || h->place.where != AT_AWAY)
		return;
	h->reg->backoff = h->reg->bound ? BACKOFF : FIRST_BACKOFF;
	send_bu(mn, h, h->reg, false, now);
}

/* The home agent may have lost its keys; the registration goes on when there are new ones. Once a place, for it may
 * have lost more than that. */
static void doubt_keys(struct mn *mn, struct mn_home *h)
{
	if (h->renewed || h->keyless)
		return;
	h->renewed = true;
	(void)has_keys(mn, h, true);
}

static struct bul_entry *registration(struct mn *mn, struct mn_home *h, usec now)
{
	struct bul_entry *e = h->reg;

	if (e)
		return e;
	e = bul_add(&mn->bul, &h->conf.home, &h->agent);
	if (!e)
		return NULL;
	e->owner = mn;
	e->made = now;
	e->seq = h->numbered ? h->seq : (uint16_t)mn->w->random(mn->w->ctx);
	return h->reg = e;
}

/* The binding at the home agent is over (11.8): what follows is a first registration again. */
static void lapse(struct bul_entry *e, usec now)
{
	if (e->bound && now >= e->expires) {
		e->bound = false;
		e->expires = e->refresh_at = NEVER;
	}
}

/* A new registration, or the present one from a new place: first transmission, fresh back-off. */
void mn_start_registering(struct mn *mn, struct mn_home *h, const struct in6_addr *coa, usec now)
{
	struct bul_entry *e = registration(mn, h, now);

	if (!e)
		return;
	lapse(e, now);
	e->coa = *coa;
	e->backoff = e->bound ? BACKOFF : FIRST_BACKOFF;
	e->resyncs = e->tries = 0;
	h->renewed = false;
	h->tunnel.unanswered = h->tunnel.alone = 0;
	e->refresh_at = NEVER;
	send_bu(mn, h, e, false, now);
}

void mn_drop_registration(struct mn *mn, struct mn_home *h)
{
	if (!h->reg)
		return;
	h->seq = h->reg->seq;
	h->numbered = true;
	timer_stop(mn->w->timers, &h->reg->timer);
	bul_del(&mn->bul, h->reg);
	h->reg = NULL;
}

/* The tunnel moves before the update leaves: the home agent takes the first packet out of it right behind the update.
 */
void mn_register(struct mn *mn, struct mn_home *h, usec now)
{
	h->tunnelled = !mn->w->tunnel(mn->w->ctx, h);
	mn_start_registering(mn, h, &h->place.coa, now);
	mn_enter(mn, h, MIP_MN_REGISTERING, now);
}

/* What we hold at the home agent, or may hold, is given back: one update, not waited for. It may have accepted, and its
 * answer is under way; it says that it has a binding of the other kind, router or not; or it refused to renew that of a
 * router, which we are no more. */
void mn_give_back(struct mn *mn, struct mn_home *h)
{
	struct bul_entry *e = h->reg;
	bool no_router = e && e->flags & BU_F_ROUTER && !mn_is_router(h);

	if (!e || h->place.where != AT_AWAY)
		return;
	if (no_router) /* RFC 3963 5.4.1: and no update says so any more */
		e->flags &= (uint16_t)~BU_F_ROUTER;
	if (e->bound || e->state == MIP_BUL_WAITING || e->status == BA_TYPE_CHANGE || no_router) {
		e->seq++;
		transmit(mn, h, e, 0);
		e->flags &= (uint16_t)~BU_F_ROUTER; /* that is over */
	}
}

void mn_unregister(struct mn *mn, struct mn_home *h, usec now)
{
	ro_forget_home(mn, &h->conf.home, now);
	mn_give_back(mn, h);
	mn_drop_registration(mn, h);
	dhaad_stop(&h->search, mn->w);
	mn_untunnel(mn, h);
	if (h->place.where == AT_AWAY)
		mn_enter(mn, h, MIP_MN_REGISTERING, now);
}

void mn_await_end(struct mn *mn, struct mn_home *h)
{
	timer_arm(mn->w->timers, &h->reg->timer, h->reg->expires, registration_due);
}

/* --- timers ------------------------------------------------------------------------------------------------------ */

void mn_refresh(struct mn *mn, struct mn_home *h, usec now)
{
	h->reg->backoff = BACKOFF;
	h->reg->tries = 0;
	send_bu(mn, h, h->reg, false, now);
}

static void registration_due(struct timer *t, usec now)
{
	struct bul_entry *e = timer_owner(t, struct bul_entry, timer);
	struct mn *mn = e->owner;
	struct mn_home *h = mn_find(mn, &e->home);

	lapse(e, now);
	if (h->place.where == AT_NOWHERE) {
		mn_drop_registration(mn, h);
		return;
	}
	if (!e->bound && h->state == MIP_MN_REGISTERED)
		mn_enter(mn, h, MIP_MN_REGISTERING, now);
	if (!e->bound && h->place.where == AT_HOME)
		mn_return(mn, h, now);
	if (e->state == MIP_BUL_BOUND) {
		mn_refresh(mn, h, now);
		return;
	}
	e->tries += e->tries < UINT8_MAX;
	if (h->place.where == AT_HOME && e->tries >= HOME_TRIES && mn_not_home(mn, h, now))
		return;
	if (e->bound ? mn_agent_silent(mn, h, now) : e->tries >= MN_AGENT_TRIES && mn_agent_failed(mn, h, now))
		return;
	e->backoff = e->backoff * 2 < BACKOFF_MAX ? e->backoff * 2 : BACKOFF_MAX;
	if (e->state == MIP_BUL_REFUSED && e->status == BA_TYPE_CHANGE)
		mn_give_back(mn, h); /* that of before did not arrive, or nobody knew of the binding any more */
	send_bu(mn, h, e, e->state == MIP_BUL_WAITING, now);
	if (e->tries == ROUTER_TRIES)
		attach_doubt(&mn->attach, h->place.ifindex, NULL, now);
	if (e->tries == KEYS_TRIES)
		doubt_keys(mn, h);
}

/* --- Binding Acknowledgements ------------------------------------------------------------------------------------ */

/* When to renew a binding of this lifetime: a quarter of it early, a minute at most, or as the home agent advises. */
static usec refresh_after(const struct mh *m, usec lifetime)
{
	usec margin = lifetime / 4 < MARGIN_MAX ? lifetime / 4 : MARGIN_MAX, after = lifetime - margin;
	usec advice = m->opt.has & MHO_REFRESH ? m->opt.refresh * MH_LIFE_UNIT * SEC : after;

	if (advice && advice < after)
		after = advice;
	/* RFC 5555 4.3: sooner than the NAT forgets. 0: the home agent does not know when. */
	if (m->opt.has & MHO_NAT && m->opt.nat_refresh != NAT_REFRESH_NEVER) {
		bool told = m->opt.nat_refresh && m->opt.nat_refresh < NAT_KEEPALIVE;

		advice = (told ? m->opt.nat_refresh : NAT_KEEPALIVE) * SEC;
		after = advice < after ? advice : after;
	}
	return after;
}

/* 11.5.5: told again, for multicast is not reliable. */
static void claim(struct timer *t, usec now)
{
	struct mn_home *h = timer_owner(t, struct mn_home, claim);
	const struct world *w = h->mn->w;

	w->claim(w->ctx, h->place.ifindex, &h->conf.home);
	if (mn_has_ipv4_home(h))
		w->claim(w->ctx, h->place.ifindex, &h->conf.ipv4_home);
	if (++h->claims < CLAIMS)
		timer_arm(w->timers, t, now + CLAIM_GAP, claim);
}

/* 11.7.3: at home and the home agent keeps no binding (any more): the address is ours alone. */
void mn_now_home(struct mn *mn, struct mn_home *h, usec now)
{
	mn_return(mn, h, now);
	mn_drop_registration(mn, h);
	if (!mn_has_ipv4_home(h))
		mn_have_ipv4_home(mn, h, &in6addr_any);
	h->taken = h->ended = h->implicit = h->no_router = false;
	h->refusal = 0;
	h->claims = 0;
	claim(&h->claim, now);
	mn_enter(mn, h, MIP_MN_HOME, now);
	ro_on_registered(mn, h, now);
}

void mn_have_ipv4_home(struct mn *mn, struct mn_home *h, const struct in6_addr *addr)
{
	const struct world *w = mn->w;

	if (addr_eq(&h->ipv4_home, addr))
		return;
	if (!addr_any(&h->ipv4_home) && !mn_has_ipv4_home(h))
		w->own_home(w->ctx, &h->ipv4_home, false);
	h->ipv4_home = *addr;
	if (!addr_any(addr) && !mn_has_ipv4_home(h))
		w->own_home(w->ctx, addr, true);
	if (h->tunnelled)
		h->tunnelled = !w->tunnel(w->ctx, h);
}

/* RFC 5555 3.2.1. Who says nothing of it does not know what it is. */
static void on_ipv4_home(struct mn *mn, struct mn_home *h, const struct mh_opts *o, usec now)
{
	bool answered = o->has & MHO_IPV4_ACK, ok = answered && o->ipv4_status < IPV4_UNSPECIFIED;
	struct in6_addr was = h->ipv4_home;

	if (addr_any(&h->conf.ipv4_home))
		return;
	if (ok && (!addr_is_place(&o->ipv4_home.addr) ||
			  (mn_has_ipv4_home(h) && !addr_eq(&o->ipv4_home.addr, &h->conf.ipv4_home))))
		ok = false;
	h->ipv4_status = !answered ? IPV4_UNSPECIFIED : ok || o->ipv4_status ? o->ipv4_status : IPV4_INCORRECT;
	mn_have_ipv4_home(mn, h, ok ? &o->ipv4_home.addr : &in6addr_any);
	if (!h->ipv4_answered || !addr_eq(&was, &h->ipv4_home))
		mn_tell(mn, EV_IPV4_HOME, h, NULL, now);
	h->ipv4_answered = true;
}

static void now_bound(struct mn *mn, struct mn_home *h, struct bul_entry *e, const struct mh *m, usec now)
{
	uint16_t granted = m->u.ba.lifetime < e->asked ? m->u.ba.lifetime : e->asked; /* 10.3.1: never longer */
	usec lifetime = granted * MH_LIFE_UNIT * SEC;

	mn_agent_answers(mn, h, true);
	h->refusal = 0;
	h->renewed = false;
	e->state = MIP_BUL_BOUND;
	e->bound = true;
	e->resyncs = 0;
	e->granted = granted;
	e->expires = e->first_at + lifetime; /* the home agent's began later, never earlier */
	e->refresh_at = now + refresh_after(m, e->expires - now);
	timer_arm(mn->w->timers, &e->timer, e->refresh_at, registration_due);
	if (!h->tunnelled)
		h->tunnelled = !mn->w->tunnel(mn->w->ctx, h);
	on_ipv4_home(mn, h, &m->opt, now);
	mn_enter(mn, h, MIP_MN_REGISTERED, now);
	mn_prefix_registered(mn, h, e->status == BA_ACCEPTED_PREFIX, now);
	ro_on_registered(mn, h, now);
	mn_shorten(mn, h, now);
}

/* 11.7.3, RFC 4285 6: the home agent's idea of sequence number or time was taken over. Answered at once a few times
 * only, so that a liar cannot make us send at his pace. */
static void resync(struct mn *mn, struct mn_home *h, struct bul_entry *e, usec now)
{
	if (e->resyncs == RESYNCS_MAX)
		return;
	e->resyncs++;
	send_bu(mn, h, e, false, now);
}

/* 11.7.1: the address is another node's, and must not be used again. */
static void give_up(struct mn *mn, struct mn_home *h, struct bul_entry *e)
{
	timer_stop(mn->w->timers, &e->timer);
	mn_untunnel(mn, h);
}

/* Status 134, unless it may be our own binding, with a home agent that was left because it was silent. */
static bool is_taken(const struct mn_home *h, const struct bul_entry *e, usec now)
{
	return h->place.where == AT_AWAY && e->status == BA_DAD_FAILED && now >= h->held_until;
}

/* RFC 3963 5.4. True: it registers in the next mode, at once: there are two more until it was home. */
static bool not_routed(struct mn *mn, struct mn_home *h, usec now)
{
	if (!mn_next_mode(mn, h, now))
		return false;
	if (!mn_is_router(h)) /* a binding of a router is not made one of a node (RFC 3963 6.2) */
		mn_give_back(mn, h);
	mn_drop_registration(mn, h);
	mn_register(mn, h, now);
	return true;
}

/* The home agent has a binding of the other kind (9.5.1, RFC 3963 6.2): it is given back, and asked for anew. */
static bool other_kind(struct mn *mn, struct mn_home *h, struct bul_entry *e, usec now)
{
	if (e->status != BA_TYPE_CHANGE || e->resyncs == RESYNCS_MAX)
		return false;
	mn_give_back(mn, h);
	resync(mn, h, e, now);
	return true;
}

/* Any other refusal: the state says so, the next try comes with the back-off. */
static void refused(struct mn *mn, struct mn_home *h, struct bul_entry *e, usec now)
{
	e->state = MIP_BUL_REFUSED;
	if (h->place.where == AT_HOME) {
		e->tries = 0;
		if (e->status == BA_NOT_HOME_AGENT)
			mn_now_home(mn, h, now);
		return;
	}
	h->refusal = e->status;
	h->refused_by = e->peer;
	mn_agent_answers(mn, h, false);
	h->taken = is_taken(h, e, now);
	if (!h->taken && (other_kind(mn, h, e, now) || mn_agent_failed(mn, h, now) || not_routed(mn, h, now)))
		return;
	e->bound = false;
	e->expires = e->refresh_at = NEVER;
	if (h->taken)
		give_up(mn, h, e);
	mn_enter(mn, h, MIP_MN_REGISTERING, now);
}

static void accepted(struct mn *mn, struct mn_home *h, struct bul_entry *e, const struct mh *m, usec now)
{
	bool routes = m->u.ba.flags & BA_F_ROUTER || !(e->flags & BU_F_ROUTER);

	if (mn->w->keys_at) /* 11.7.3 */
		(void)mn->w->keys_at(mn->w->ctx, &h->conf.home, &e->coa, m->u.ba.flags & BA_F_KEYMGMT);
	if (h->place.where == AT_HOME) {
		mn_now_home(mn, h, now);
	} else if (!routes) { /* RFC 3963 5.3: it is no home agent of mobile routers, and is left */
		mn_give_back(mn, h);
		e->bound = false;
		e->status = BA_NO_ROUTER;
		refused(mn, h, e, now);
	} else if (m->u.ba.lifetime)
		now_bound(mn, h, e, m, now);
	else
		refused(mn, h, e, now);
}

/* In UDP from where the update went to; else, unless IPsec hides it, with a type 2 routing header when away. */
static bool came_right(const struct mn_home *h, const struct via *via)
{
	bool ipv4 = h->place.where == AT_AWAY && addr_is_ipv4(&h->place.coa);

	if (ipv4 || via->udp.port)
		return ipv4 && via->udp.port == MIP_UDP_PORT && addr_eq(&via->udp.peer, &h->conf.ipv4);
	return via->esp || (h->place.where == AT_AWAY) == via->has_rh2;
}

/* 11.7.3's checks: from the peer of an update that waits, about that update or one that said the same before, whose
 * answer took longer than the time to repeat it; through IPsec if that is agreed, which hides the type 2 routing
 * header; at home, straight off the home link. */
static struct mn_home *answered(struct mn *mn, const struct via *via, const struct mh *m, usec now)
{
	struct mn_home *h = mn_find(mn, via->has_rh2 ? &via->rh2 : &via->dst);

	if (!h || !h->reg || h->reg->state != MIP_BUL_WAITING || !addr_eq(&via->src, &h->agent))
		return NULL;
	if (!via->esp && world_protects(mn->w, &h->conf.home, MIP_PROTECT_BINDING)) {
		mn_complain(mn, &h->conf.home, &via->src, MH_BA, now);
		return NULL;
	}
	if (h->place.where == AT_NOWHERE || !came_right(h, via))
		return NULL;
	if (h->place.where == AT_HOME && (!via->bare || via->ifindex != h->place.ifindex))
		return NULL;
	if (m->u.ba.status == BA_SEQ_OUT_OF_WINDOW)
		return bul_is_behind(h->reg, m->u.ba.seq) ? h : NULL;
	return (uint16_t)(h->reg->seq - m->u.ba.seq) <= (uint16_t)(h->reg->seq - h->reg->first) ? h : NULL;
}

void mn_on_route(struct mn *mn, unsigned ifindex, usec now)
{
	for (size_t i = 0; i < mn->homes; i++) {
		struct mn_home *h = &mn->home[i];

		if (h->reg && h->reg->state == MIP_BUL_WAITING && mn_is_over_ipv4(h) && h->place.ifindex == ifindex)
			send_bu(mn, h, h->reg, true, now);
	}
}

/* 11.7.4: packets reach the home agent from where it has no binding: a NAT on the way has another mapping for us.
 * Nobody vouches for that, so an update a second is all it may cause. */
void mn_on_brr(struct mn *mn, const struct via *via, usec now)
{
	struct mn_home *h = mn_find(mn, &via->dst);
	const struct bul_entry *e = h ? h->reg : NULL;

	if (e && via->udp.port && addr_eq(&via->src, &h->agent) && came_right(h, via) && e->state == MIP_BUL_BOUND &&
		now - e->sent_at >= BRR_GAP)
		mn_refresh(mn, h, now);
}

/* RFC 4285 5.1.1, 6: silence about what does not have the option, or answers another update; a wrong authenticator is
 * worth a word, for two keys that differ show so. */
static bool is_authentic(
	struct mn *mn, const struct mn_home *h, struct auth_sa *sa, const struct via *via, const struct mh *m, usec now)
{
	if (auth_has(sa, m) && auth_ok(sa, m, &h->reg->coa))
		return auth_answers(sa, m);
	mn_complain(mn, &h->conf.home, &via->src, MH_BA, now);
	return false;
}

void mn_on_ba(struct mn *mn, const struct via *via, const struct mh *m, usec now)
{
	struct mn_home *h = answered(mn, via, m, now);
	struct auth_sa *sa = h ? auth_find(&mn->auth, &h->conf.home) : NULL;

	if (!h || (sa && !is_authentic(mn, h, sa, via, m, now)))
		return;
	h->reg->status = m->u.ba.status;
	mn_tell(mn, EV_BA_RECEIVED, h, h->reg, now);
	if (h->place.where == AT_HOME)
		attach_confirm(&mn->attach, h->place.ifindex, &h->conf.home, h->conf.plen);
	if (m->u.ba.status == BA_SEQ_OUT_OF_WINDOW)
		h->reg->seq = m->u.ba.seq;
	if (m->u.ba.status == BA_ID_MISMATCH && sa)
		auth_adjust(sa, m->opt.timestamp, mn->w->wall(mn->w->ctx));
	if (m->u.ba.status == BA_SEQ_OUT_OF_WINDOW || (m->u.ba.status == BA_ID_MISMATCH && sa))
		resync(mn, h, h->reg, now);
	else if (m->u.ba.status >= BA_UNSPECIFIED)
		refused(mn, h, h->reg, now);
	else
		accepted(mn, h, h->reg, m, now);
}
