/*
 * Mobile node: the place of each home address (attach.c) is turned into Binding
 * Updates to its home agent, and the answers into a state. Nothing mutes it: after
 * any refusal or silence the next update follows, at most 32 s later. But a home
 * address that another node has is not used again.
 */
#include <errno.h>

#include "base/addr.h"
#include "role/mn_impl.h"
#include "role/ro.h"

#define FIRST_BACKOFF (1500 * MSEC) /* InitialBindackTimeoutFirstReg: the home agent's DAD takes 1 s */
#define BACKOFF	      SEC	    /* INITIAL_BINDACK_TIMEOUT */
#define BACKOFF_MAX   (32 * SEC)    /* MAX_BINDACK_TIMEOUT */
#define RESYNCS_MAX   3		    /* sequence numbers taken over at once; then the back-off decides */
#define MARGIN_MAX    (60 * SEC)    /* refresh at the latest this long before the binding ends */
#define ROUTER_TRIES  2		    /* updates without an answer before it is asked whether the router is there */
#define REG_FLAGS     (BU_F_ACK | BU_F_HOME)

static void on_timer(struct timer *t, usec now);
static void now_home(struct mn *mn, struct mn_home *h, usec now);
static void on_changed(struct attach *a, usec now);

void mn_init(struct mn *mn, const struct world *w, uint64_t seed)
{
	*mn = (struct mn){.w = w,
		.attach = {.w = w, .changed = on_changed},
		.mode = MIP_RO_AUTO,
		.complaints = {.rate = 10, .burst = 100}};
	bul_init(&mn->bul, seed);
}

void mn_start(struct mn *mn)
{
	mn->on = true;
}

struct mn_home *mn_find(struct mn *mn, const struct in6_addr *home)
{
	for (size_t i = 0; i < mn->homes; i++)
		if (addr_eq(&mn->home[i].conf.home, home))
			return &mn->home[i];
	return NULL;
}

void mn_complain(struct mn *mn, const struct in6_addr *home, const struct in6_addr *from, uint8_t mh, usec now)
{
	struct event ev = {.type = EV_UNPROTECTED, .addr = home, .coa = from, .mh = mh};

	mn->unprotected++;
	if (rate_take(&mn->complaints, now))
		mn->w->event(mn->w->ctx, &ev, now);
}

void mn_tell(struct mn *mn, enum event_type type, const struct mn_home *h, const struct bul_entry *e, usec now)
{
	struct event ev = {.type = type, .home = h, .bul = e, .status = e ? e->status : 0};

	mn->w->event(mn->w->ctx, &ev, now);
}

void mn_enter(struct mn *mn, struct mn_home *h, enum mip_mn_state state, usec now)
{
	if (h->state == state)
		return;
	h->state = (uint8_t)state;
	h->since = now;
	mn_tell(mn, EV_MN_STATE, h, h->reg, now);
}

/* --- Binding Updates --------------------------------------------------------------------------------------------- */

/* 11.7.1: away, from the care-of address with a Home Address option; at home (11.5.5), bare, from the home address. */
static void transmit(struct mn *mn, const struct mn_home *h, struct bul_entry *e, uint16_t lifetime)
{
	bool away = !addr_eq(&e->coa, &h->conf.home);
	struct via via = {
		.src = e->coa, .dst = h->agent, .hao = h->conf.home, .has_hao = away, .ifindex = h->place.ifindex};
	struct mh bu = {.type = MH_BU, .u.bu = {.seq = e->seq, .flags = e->flags, .lifetime = lifetime}};

	via.esp = world_protects(mn->w, &h->conf.home, MIP_PROTECT_BINDING);
	if (away) {
		bu.opt.has = MHO_ALT_COA;
		bu.opt.alt_coa = e->coa;
	}
	mn->w->send(mn->w->ctx, &via, &bu);
}

/* The next update for this entry, with the next sequence number; it will be repeated until it is answered. */
static void send_bu(struct mn *mn, struct mn_home *h, struct bul_entry *e, usec now)
{
	bool away = !addr_eq(&e->coa, &h->conf.home);

	e->seq++;
	e->sent_at = now;
	e->state = MIP_BUL_WAITING;
	e->asked = away ? mn_lifetime(mn, h, now) : 0;
	transmit(mn, h, e, e->asked);
	timer_arm(mn->w->timers, &e->timer, now + e->backoff, on_timer);
	mn_tell(mn, EV_BU_SENT, h, e, now);
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
	e->flags = REG_FLAGS;
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
static void start_registering(struct mn *mn, struct mn_home *h, const struct in6_addr *coa, usec now)
{
	struct bul_entry *e = registration(mn, h, now);

	if (!e)
		return;
	lapse(e, now);
	e->coa = *coa;
	e->backoff = e->bound ? BACKOFF : FIRST_BACKOFF;
	e->resyncs = e->tries = 0;
	e->refresh_at = NEVER;
	send_bu(mn, h, e, now);
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

/* --- places ------------------------------------------------------------------------------------------------------ */

static void go_home(struct mn *mn, struct mn_home *h, usec now)
{
	bool defended = mn_hears_agent(mn, h, now);

	h->taken = false;
	mn_prefix_forget(mn, h);
	mn->w->untunnel(mn->w->ctx, h);
	h->tunnelled = false;
	mn->w->arrive_home(mn->w->ctx, h, h->place.ifindex, attach_lladdr(&mn->attach, h->place.ifindex, &h->agent));
	if (!defended) {
		now_home(mn, h, now);
		return;
	}
	start_registering(mn, h, &h->conf.home, now);
	mn_enter(mn, h, MIP_MN_RETURNING, now);
}

/* The tunnel moves before the update leaves: the home agent takes the first packet out of it right behind the update.
 */
void mn_register(struct mn *mn, struct mn_home *h, usec now)
{
	h->tunnelled = !mn->w->tunnel(mn->w->ctx, h);
	start_registering(mn, h, &h->place.coa, now);
	mn_enter(mn, h, MIP_MN_REGISTERING, now);
}

static void go_away(struct mn *mn, struct mn_home *h, usec now)
{
	mn_enter(mn, h, MIP_MN_REGISTERING, now);
	if (!h->taken && mn_has_agent(mn, h, now))
		mn_register(mn, h, now);
}

/* No link: say nothing into the void, but keep what the home agent still believes until it expires. */
static void go_nowhere(struct mn *mn, struct mn_home *h, usec now)
{
	dhaad_stop(&h->search, mn->w);
	if (h->reg && h->reg->bound)
		timer_arm(mn->w->timers, &h->reg->timer, h->reg->expires, on_timer);
	else
		mn_drop_registration(mn, h);
	mn_enter(mn, h, MIP_MN_DETACHED, now);
}

static bool same_place(const struct place *a, const struct place *b)
{
	return a->where == b->where && a->ifindex == b->ifindex && (a->where != AT_AWAY || addr_eq(&a->coa, &b->coa));
}

/* The kernel's default routes may lead through another link. */
static void leave_by(struct mn *mn, struct mn_home *h, const struct place *was)
{
	bool other = !same_place(was, &h->place) && !addr_any(&h->place.router);

	if (other || !addr_eq(&was->router, &h->place.router))
		mn->w->leave_by(mn->w->ctx, h);
}

static void look_around(struct mn *mn, struct mn_home *h, usec now)
{
	struct place was = h->place;

	h->place = attach_place(&mn->attach, &h->conf.home, h->conf.plen, &was, now);
	leave_by(mn, h, &was);
	if (same_place(&was, &h->place))
		return;
	if (was.where == AT_HOME)
		mn->w->leave_home(mn->w->ctx, h, was.ifindex);
	if (h->place.where == AT_HOME)
		go_home(mn, h, now);
	else if (h->place.where == AT_AWAY)
		go_away(mn, h, now);
	else
		go_nowhere(mn, h, now);
	ro_on_moved(mn, h, now);
}

static void look_around_all(struct mn *mn, usec now)
{
	for (size_t i = 0; mn->on && i < mn->homes; i++)
		look_around(mn, &mn->home[i], now);
}

static void on_changed(struct attach *a, usec now)
{
	look_around_all(timer_owner(a, struct mn, attach), now);
}

void mn_on_link(struct mn *mn, unsigned ifindex, bool up, bool gone, usec now)
{
	if (attach_on_link(&mn->attach, ifindex, up, gone, now))
		look_around_all(mn, now);
}

void mn_prefer(struct mn *mn, unsigned ifindex, uint8_t preference, usec now)
{
	if (attach_prefer(&mn->attach, ifindex, preference))
		look_around_all(mn, now);
}

void mn_on_ra(struct mn *mn, unsigned ifindex, const struct in6_addr *router, const struct nd_ra *ra, usec now)
{
	if (attach_on_ra(&mn->attach, ifindex, router, ra, now))
		look_around_all(mn, now);
}

/* 11.5.5 tells of the link-local address, too, which was tentative when the home address was claimed. */
static void claim_again(struct mn *mn, unsigned ifindex)
{
	for (size_t i = 0; i < mn->homes; i++)
		if (mn->home[i].state == MIP_MN_HOME && mn->home[i].place.ifindex == ifindex)
			mn->w->claim(mn->w->ctx, ifindex, &mn->home[i].conf.home);
}

void mn_on_addr(struct mn *mn, unsigned ifindex, const struct attach_addr *addr, bool gone, usec now)
{
	if (IN6_IS_ADDR_LINKLOCAL(&addr->addr) && addr->usable && !gone)
		claim_again(mn, ifindex);
	if (attach_on_addr(&mn->attach, ifindex, addr, gone, now))
		look_around_all(mn, now);
}

/* --- timers ------------------------------------------------------------------------------------------------------ */

void mn_refresh(struct mn *mn, struct mn_home *h, usec now)
{
	h->reg->backoff = BACKOFF;
	h->reg->tries = 0;
	send_bu(mn, h, h->reg, now);
}

static void on_timer(struct timer *t, usec now)
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
	if (e->state == MIP_BUL_BOUND) {
		mn_refresh(mn, h, now);
		return;
	}
	if (++e->tries >= MN_AGENT_TRIES && mn_agent_failed(mn, h, now))
		return;
	e->backoff = e->backoff * 2 < BACKOFF_MAX ? e->backoff * 2 : BACKOFF_MAX;
	send_bu(mn, h, e, now);
	if (e->tries == ROUTER_TRIES)
		attach_doubt(&mn->attach, h->place.ifindex, NULL, now);
}

/* --- Binding Acknowledgements ------------------------------------------------------------------------------------ */

/* When to renew a binding of this lifetime: a quarter of it early, a minute at most, or as the home agent advises. */
static usec refresh_after(const struct mh *m, usec lifetime)
{
	usec margin = lifetime / 4 < MARGIN_MAX ? lifetime / 4 : MARGIN_MAX, after = lifetime - margin;
	usec advice = m->opt.has & MHO_REFRESH ? m->opt.refresh * MH_LIFE_UNIT * SEC : after;

	return advice && advice < after ? advice : after;
}

/* 11.7.3: at home and the home agent keeps no binding (any more): the address is ours alone. */
static void now_home(struct mn *mn, struct mn_home *h, usec now)
{
	mn_drop_registration(mn, h);
	mn->w->claim(mn->w->ctx, h->place.ifindex, &h->conf.home);
	mn_enter(mn, h, MIP_MN_HOME, now);
	ro_on_registered(mn, h, now);
}

static void now_bound(struct mn *mn, struct mn_home *h, struct bul_entry *e, const struct mh *m, usec now)
{
	uint16_t granted = m->u.ba.lifetime < e->asked ? m->u.ba.lifetime : e->asked; /* 10.3.1: never longer */
	usec lifetime = granted * MH_LIFE_UNIT * SEC;

	mn_agent_works(h);
	e->state = MIP_BUL_BOUND;
	e->bound = true;
	e->resyncs = 0;
	e->granted = granted;
	e->expires = e->sent_at + lifetime; /* the home agent's began later, never earlier */
	e->refresh_at = now + refresh_after(m, e->expires - now);
	timer_arm(mn->w->timers, &e->timer, e->refresh_at, on_timer);
	if (!h->tunnelled)
		h->tunnelled = !mn->w->tunnel(mn->w->ctx, h);
	mn_enter(mn, h, MIP_MN_REGISTERED, now);
	mn_prefix_registered(mn, h, e->status == BA_ACCEPTED_PREFIX, now);
	ro_on_registered(mn, h, now);
}

/* 11.7.3: take over the home agent's idea of the sequence number. Answered at once a few times only, so that a liar
 * cannot make us send at his pace. */
static void resync(struct mn *mn, struct mn_home *h, struct bul_entry *e, uint16_t seq, usec now)
{
	e->seq = seq;
	if (e->resyncs == RESYNCS_MAX)
		return;
	e->resyncs++;
	send_bu(mn, h, e, now);
}

/* 11.7.1: the address is another node's, and must not be used again. */
static void give_up(struct mn *mn, struct mn_home *h, struct bul_entry *e)
{
	timer_stop(mn->w->timers, &e->timer);
	mn->w->untunnel(mn->w->ctx, h);
	h->tunnelled = false;
}

/* Any other refusal: the state says so, the next try comes with the back-off. */
static void refused(struct mn *mn, struct mn_home *h, struct bul_entry *e, usec now)
{
	if (h->place.where == AT_HOME && e->status == BA_NOT_HOME_AGENT) {
		now_home(mn, h, now);
		return;
	}
	h->taken = h->place.where == AT_AWAY && e->status == BA_DAD_FAILED;
	if (!h->taken && mn_agent_failed(mn, h, now))
		return;
	e->state = MIP_BUL_REFUSED;
	e->bound = false;
	e->expires = e->refresh_at = NEVER;
	if (h->taken)
		give_up(mn, h, e);
	mn_enter(mn, h, h->place.where == AT_HOME ? MIP_MN_RETURNING : MIP_MN_REGISTERING, now);
}

static void accepted(struct mn *mn, struct mn_home *h, struct bul_entry *e, const struct mh *m, usec now)
{
	if (h->place.where == AT_HOME)
		now_home(mn, h, now);
	else if (m->u.ba.lifetime)
		now_bound(mn, h, e, m, now);
	else
		refused(mn, h, e, now);
}

/* 11.7.3's checks: from the peer of an update that waits, about that update; through IPsec if that is agreed, which
 * hides the type 2 routing header. */
static struct mn_home *answered(struct mn *mn, const struct via *via, const struct mh *m, usec now)
{
	struct mn_home *h = mn_find(mn, via->has_rh2 ? &via->rh2 : &via->dst);

	if (!h || !h->reg || h->reg->state != MIP_BUL_WAITING || !addr_eq(&via->src, &h->agent))
		return NULL;
	if (!via->esp && world_protects(mn->w, &h->conf.home, MIP_PROTECT_BINDING)) {
		mn_complain(mn, &h->conf.home, &via->src, MH_BA, now);
		return NULL;
	}
	if (h->place.where == AT_NOWHERE || (!via->esp && (h->place.where == AT_AWAY) != via->has_rh2))
		return NULL;
	if (m->u.ba.status == BA_SEQ_OUT_OF_WINDOW)
		return bul_is_behind(h->reg, m->u.ba.seq) ? h : NULL;
	return m->u.ba.seq == h->reg->seq ? h : NULL;
}

void mn_on_ba(struct mn *mn, const struct via *via, const struct mh *m, usec now)
{
	struct mn_home *h = answered(mn, via, m, now);

	if (!h)
		return;
	h->reg->status = m->u.ba.status;
	mn_tell(mn, EV_BA_RECEIVED, h, h->reg, now);
	if (m->u.ba.status == BA_SEQ_OUT_OF_WINDOW)
		resync(mn, h, h->reg, m->u.ba.seq, now);
	else if (m->u.ba.status >= BA_UNSPECIFIED)
		refused(mn, h, h->reg, now);
	else
		accepted(mn, h, h->reg, m, now);
}

/* --- home addresses ---------------------------------------------------------------------------------------------- */

int mn_add(struct mn *mn, const struct mn_home_conf *conf, usec now, struct why *why)
{
	struct mn_home *h = &mn->home[mn->homes];

	if (mn_find(mn, &conf->home))
		return why_set(why, EEXIST, "home address %s is there already", addr_text(&conf->home).s);
	if (mn->homes == MN_HOMES_MAX)
		return why_set(why, ENOSPC, "no room for more than %d home addresses", MN_HOMES_MAX);
	*h = (struct mn_home){.conf = *conf, .mn = mn, .agent = conf->agent, .state = MIP_MN_DETACHED, .since = now};
	h->prefix.valid_until = h->prefix.preferred_until = NEVER;
	mn->homes++;
	if (mn->on)
		look_around(mn, h, now);
	return 0;
}

/* What we hold at the home agent, or may hold (it accepted and its answer is under way), is given back: one update, not
 * waited for. */
static void give_back(struct mn *mn, struct mn_home *h)
{
	struct bul_entry *e = h->reg;

	if (e && (e->bound || e->state == MIP_BUL_WAITING) && h->place.where == AT_AWAY) {
		e->seq++;
		transmit(mn, h, e, 0);
	}
}

static void move_timer(struct mn *mn, struct timer *to, struct timer *from)
{
	struct timer was = *from;

	timer_stop(mn->w->timers, from);
	*to = (struct timer){0};
	if (was.fire)
		timer_arm(mn->w->timers, to, was.due, was.fire);
}

/* Registrations find their home by address: the last one may move into the gap, its timers with it. */
static void take_place(struct mn *mn, struct mn_home *to, struct mn_home *from)
{
	struct mn_home copy = *from;

	if (to == from)
		return;
	move_timer(mn, &copy.search.timer, &from->search.timer);
	move_timer(mn, &copy.prefix.timer, &from->prefix.timer);
	*to = copy;
	move_timer(mn, &to->search.timer, &copy.search.timer);
	move_timer(mn, &to->prefix.timer, &copy.prefix.timer);
}

void mn_leave(struct mn *mn, struct mn_home *h, usec now)
{
	ro_forget_home(mn, &h->conf.home, now);
	give_back(mn, h);
	if (h->place.where == AT_HOME)
		mn->w->leave_home(mn->w->ctx, h, h->place.ifindex);
	mn->w->untunnel(mn->w->ctx, h);
	if (!addr_any(&h->place.router)) {
		h->place.router = in6addr_any;
		mn->w->leave_by(mn->w->ctx, h);
	}
	if (h->derived)
		mn->w->own_home(mn->w->ctx, &h->conf.home, false);
	mn_drop_registration(mn, h);
	dhaad_stop(&h->search, mn->w);
	timer_stop(mn->w->timers, &h->prefix.timer);
	take_place(mn, h, &mn->home[--mn->homes]);
}

/* Those that came of this one when its prefix was renumbered. */
static void leave_derived(struct mn *mn, const struct in6_addr *from, usec now)
{
	for (size_t i = mn->homes; i-- > 0;)
		if (mn->home[i].derived && addr_eq(&mn->home[i].from, from))
			mn_leave(mn, &mn->home[i], now);
}

int mn_del(struct mn *mn, const struct in6_addr *home, usec now, struct why *why)
{
	if (!mn_find(mn, home))
		return why_set(why, ENOENT, "no home address %s", addr_text(home).s);
	leave_derived(mn, home, now);
	mn_leave(mn, mn_find(mn, home), now);
	return 0;
}

void mn_stop(struct mn *mn, usec now)
{
	while (mn->homes)
		mn_leave(mn, &mn->home[mn->homes - 1], now);
	attach_reset(&mn->attach);
	bul_free(&mn->bul);
	mn->on = false;
}
