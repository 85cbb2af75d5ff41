/*
 * Mobile node: home addresses and the place of each (attach.c). What follows from a
 * place, at home, away or nowhere (RFC 6275 11.5.5, 11.7.1), is begun here; the home
 * registration is mn_reg.c's, routes to correspondents are ro.c's.
 */
#include <errno.h>

#include "base/addr.h"
#include "role/mn_impl.h"
#include "role/ro.h"

static void on_changed(struct attach *a, usec now);

void mn_init(struct mn *mn, const struct world *w, uint64_t seed)
{
	*mn = (struct mn){.w = w,
		.attach = {.w = w, .changed = on_changed},
		.mode = MIP_RO_AUTO,
		.complaints = {.rate = 10, .burst = 100}};
	bul_init(&mn->bul, seed);
	auth_init(&mn->auth, seed);
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

	ev.option = mh == MH_BA && !world_protects(mn->w, home, MIP_PROTECT_BINDING);
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

/* --- places ------------------------------------------------------------------------------------------------------ */

/* That this is the home link anybody can say. Until the home agent says it by its answer, packets stay in the tunnel,
 * if that stands where we still are. */
static bool keeps_tunnel(const struct mn *mn, const struct mn_home *h, const struct place *at, usec now)
{
	bool bare = world_protects(mn->w, &h->conf.home, MIP_PROTECT_PAYLOAD) &&
		    !world_protects(mn->w, &h->conf.home, MIP_PROTECT_BINDING);

	/* What is not protected by itself the kernel would send through the tunnel with everything else. */
	return h->tunnelled && h->reg && h->reg->bound && at->where == AT_AWAY && !bare &&
	       attach_holds(&mn->attach, at, now);
}

/* The kernel's default routes may lead through another link, or to a router of the last one. */
static void leave_by(struct mn *mn, struct mn_home *h)
{
	h->routed = !addr_any(&h->place.router);
	mn->w->leave_by(mn->w->ctx, h);
}

void mn_untunnel(struct mn *mn, struct mn_home *h)
{
	mn->w->untunnel(mn->w->ctx, h);
	h->tunnelled = false;
	h->left.where = AT_NOWHERE;
	if (h->place.where == AT_HOME)
		leave_by(mn, h);
}

void mn_return(struct mn *mn, struct mn_home *h, usec now)
{
	if (!h->tunnelled)
		return;
	mn_untunnel(mn, h);
	ro_on_moved(mn, h, now);
}

/* 11.5.5. Without a binding the home address is used at once. */
static void go_home(struct mn *mn, struct mn_home *h, usec now)
{
	bool defended = mn_hears_agent(mn, h, now);

	if (!h->derived)
		h->prefix.valid_until = h->prefix.preferred_until = NEVER;
	mn_prefix_forget(mn, h);
	if (h->left.where != AT_AWAY)
		mn_untunnel(mn, h);
	mn->w->arrive_home(mn->w->ctx, h, h->place.ifindex, attach_lladdr(&mn->attach, h->place.ifindex, &h->agent));
	if (!defended) {
		mn_now_home(mn, h, now);
		return;
	}
	mn_start_registering(mn, h, &h->conf.home, now);
	mn_enter(mn, h, MIP_MN_RETURNING, now);
}

static void go_away(struct mn *mn, struct mn_home *h, usec now)
{
	mn_enter(mn, h, MIP_MN_REGISTERING, now);
	if (h->taken || h->ended)
		mn_drop_registration(mn, h);
	else if (mn_has_agent(mn, h, now))
		mn_register(mn, h, now);
}

/* No link: say nothing into the void, but keep what the home agent still believes until it expires. */
static void go_nowhere(struct mn *mn, struct mn_home *h, usec now)
{
	dhaad_stop(&h->search, mn->w);
	if (h->reg && h->reg->bound)
		mn_await_end(mn, h);
	else
		mn_drop_registration(mn, h);
	mn_enter(mn, h, MIP_MN_DETACHED, now);
}

static bool same_place(const struct place *a, const struct place *b)
{
	return a->where == b->where && a->ifindex == b->ifindex && (a->where != AT_AWAY || addr_eq(&a->coa, &b->coa));
}

static void go(struct mn *mn, struct mn_home *h, usec now)
{
	if (h->place.where == AT_HOME)
		go_home(mn, h, now);
	else if (h->place.where == AT_AWAY)
		go_away(mn, h, now);
	else
		go_nowhere(mn, h, now);
}

static void look_around(struct mn *mn, struct mn_home *h, usec now)
{
	struct place was = h->place, by = *mn_place(h);
	bool other;

	h->place = attach_place(&mn->attach, &h->conf.home, h->conf.plen, !addr_any(&h->conf.ipv4), &was, now);
	other = !same_place(&was, &h->place);
	if (h->place.where == AT_HOME && keeps_tunnel(mn, h, &by, now)) {
		h->left = by;
	} else {
		h->left.where = AT_NOWHERE;
		if (!addr_eq(&was.router, &h->place.router) || (other && !addr_any(&h->place.router)))
			leave_by(mn, h);
	}
	if (!other && h->place.where == AT_HOME && h->left.where != AT_AWAY)
		mn_return(mn, h, now);
	if (!other) {
		mn_shorten(mn, h, now);
		return;
	}
	timer_stop(mn->w->timers, &h->claim);
	if (was.where == AT_HOME)
		mn->w->leave_home(mn->w->ctx, h, was.ifindex);
	go(mn, h, now);
	if (!same_place(&by, mn_place(h)))
		ro_on_moved(mn, h, now);
}

bool mn_not_home(struct mn *mn, struct mn_home *h, usec now)
{
	attach_refute(&mn->attach, h->place.ifindex, &h->conf.home, h->conf.plen, now);
	look_around(mn, h, now);
	return h->place.where != AT_HOME;
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
	if (mn_has_ipv4_home(h))
		mn->w->own_home(mn->w->ctx, &h->conf.ipv4_home, true);
	if (mn->on)
		look_around(mn, h, now);
	return 0;
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
	move_timer(mn, &copy.tunnel.quiet, &from->tunnel.quiet);
	move_timer(mn, &copy.claim, &from->claim);
	*to = copy;
	move_timer(mn, &to->search.timer, &copy.search.timer);
	move_timer(mn, &to->prefix.timer, &copy.prefix.timer);
	move_timer(mn, &to->tunnel.quiet, &copy.tunnel.quiet);
	move_timer(mn, &to->claim, &copy.claim);
}

void mn_leave(struct mn *mn, struct mn_home *h, usec now)
{
	ro_forget_home(mn, &h->conf.home, now);
	mn_give_back(mn, h);
	if (h->place.where == AT_HOME)
		mn->w->leave_home(mn->w->ctx, h, h->place.ifindex);
	mn->w->untunnel(mn->w->ctx, h);
	h->tunnelled = false;
	if (mn_has_ipv4_home(h))
		mn->w->own_home(mn->w->ctx, &h->conf.ipv4_home, false);
	else
		mn_have_ipv4_home(mn, h, &in6addr_any);
	h->place.router = in6addr_any;
	if (h->routed)
		leave_by(mn, h);
	if (h->derived)
		mn->w->own_home(mn->w->ctx, &h->conf.home, false);
	mn_drop_registration(mn, h);
	dhaad_stop(&h->search, mn->w);
	timer_stop(mn->w->timers, &h->prefix.timer);
	timer_stop(mn->w->timers, &h->tunnel.quiet);
	timer_stop(mn->w->timers, &h->claim);
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
