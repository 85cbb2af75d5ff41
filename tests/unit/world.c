/* world.h: the notebook. */
#include "tests/unit/world.h"

#include "base/addr.h"

static struct note *write_down(struct fake *f, enum did what)
{
	struct note *n;

	if (f->notes == FAKE_NOTES)
		fail_msg("the notebook is full: fake_forget more often");
	if (f->detached && (what == DID_SEND || what == DID_ICMP || what == DID_PROBE || what == DID_CLAIM))
		fail_msg("who is detached says something");
	n = &f->note[f->notes++];
	*n = (struct note){.what = what, .at = f->now};
	f->count[what]++;
	return n;
}

bool fake_holds(const struct fake_held *h, const struct in6_addr *addr)
{
	for (size_t i = 0; i < h->n; i++)
		if (addr_eq(&h->addr[i], addr))
			return true;
	return false;
}

static void hold(struct fake_held *h, const struct in6_addr *addr)
{
	if (fake_holds(h, addr))
		return;
	assert_true(h->n < FAKE_HELD);
	h->addr[h->n++] = *addr;
}

static void let_go(struct fake_held *h, const struct in6_addr *addr)
{
	for (size_t i = 0; i < h->n; i++)
		if (addr_eq(&h->addr[i], addr))
			h->addr[i--] = h->addr[--h->n];
}

static uint32_t on_random(void *ctx)
{
	struct fake *f = ctx;

	return f->next_random ? f->next_random : (uint32_t)t_random();
}

static usec on_wall(void *ctx)
{
	struct fake *f = ctx;

	return T_WALL + f->now + f->skew;
}

static void on_event(void *ctx, const struct event *ev, usec now)
{
	struct fake *f = ctx;
	struct note *n = write_down(f, DID_EVENT);

	assert_int_equal(now, f->now);
	assert_non_null(event_name(ev->type));
	n->event = ev->type;
	n->status = ev->status;
	n->ifindex = ev->ifindex;
	n->state = ev->home ? ev->home->state : 0;
	if (ev->addr)
		n->addr = *ev->addr;
	else if (ev->binding)
		n->addr = ev->binding->home;
	if (ev->coa)
		n->coa = *ev->coa;
}

static void on_send(void *ctx, const struct via *via, struct mh *m)
{
	struct fake *f = ctx;
	struct note *n = write_down(f, DID_SEND);
	uint8_t bytes[MH_MAX];

	n->via = *via;
	n->mh = *m;
	assert_true(mh_write(m, bytes, sizeof(bytes)) > 0);
	if (f->on_send)
		f->on_send(f, via, m);
}

static void on_send_icmp(void *ctx, const struct via *via, const uint8_t *data, size_t len)
{
	struct fake *f = ctx;
	struct note *n = write_down(f, DID_ICMP);

	n->via = *via;
	n->icmp_len = len < sizeof(n->icmp) ? len : sizeof(n->icmp);
	memcpy(n->icmp, data, n->icmp_len);
}

static void on_attach(void *ctx, bool on)
{
	struct fake *f = ctx;

	write_down(f, DID_ATTACH);
	f->detached = !on;
}

static int on_bind(void *ctx, const struct bc_entry *e, struct why *why)
{
	struct fake *f = ctx;
	struct note *n = write_down(f, DID_BIND);

	n->addr = e->home;
	n->coa = e->coa;
	if (f->bind_err)
		return why_set(why, -f->bind_err, "the data path is broken");
	hold(&f->bound, &e->home);
	for (size_t i = 0; i < e->networks; i++)
		hold(&f->routed, &e->network[i].addr);
	return 0;
}

static void on_unroute(void *ctx, const struct bc_entry *e, const struct addr_prefix *network)
{
	struct fake *f = ctx;

	(void)e;
	write_down(f, DID_UNROUTE)->addr = network->addr;
	let_go(&f->routed, &network->addr);
}

static void on_unbind(void *ctx, const struct bc_entry *e)
{
	struct fake *f = ctx;

	write_down(f, DID_UNBIND)->addr = e->home;
	if (!fake_holds(&f->bound, &e->home))
		fail_msg("unbind of %s, which is not bound", addr_text(&e->home).s);
	let_go(&f->bound, &e->home);
	for (size_t i = 0; i < e->networks; i++)
		let_go(&f->routed, &e->network[i].addr);
}

static void on_probe(void *ctx, unsigned ifindex, const struct in6_addr *target)
{
	struct note *n = write_down(ctx, DID_PROBE);

	n->ifindex = ifindex;
	n->addr = *target;
}

static void on_claim(void *ctx, unsigned ifindex, const struct in6_addr *home)
{
	struct note *n = write_down(ctx, DID_CLAIM);

	n->ifindex = ifindex;
	n->addr = *home;
}

static void on_solicit(void *ctx, unsigned ifindex)
{
	write_down(ctx, DID_SOLICIT)->ifindex = ifindex;
}

static void on_ask_addrs(void *ctx)
{
	write_down(ctx, DID_ASK_ADDRS);
}

static void on_settle(void *ctx, unsigned ifindex, const struct in6_addr *router, size_t routers,
	const struct in6_addr *prefix, size_t prefixes)
{
	struct note *n = write_down(ctx, DID_SETTLE);

	assert_true(routers > 0);
	n->ifindex = ifindex;
	n->addr = *router;
	n->routers = routers;
	n->prefixes = prefixes;
	if (prefixes)
		n->coa = *prefix;
}

static void on_reach(void *ctx, unsigned ifindex, const struct in6_addr *router)
{
	struct fake *f = ctx;
	struct note *n = write_down(f, DID_REACH);

	n->ifindex = ifindex;
	n->addr = *router;
	if (f->on_reach)
		f->on_reach(f, ifindex, router);
}

static void on_arrive(void *ctx, const struct mn_home *h, unsigned ifindex, const uint8_t *lladdr)
{
	struct fake *f = ctx;
	struct note *n = write_down(f, DID_ARRIVE);

	n->ifindex = ifindex;
	n->addr = h->conf.home;
	n->lladdr = lladdr != NULL;
	if (fake_holds(&f->home, &h->conf.home))
		fail_msg("%s arrives at home, and is there", addr_text(&h->conf.home).s);
	hold(&f->home, &h->conf.home);
}

static void on_leave(void *ctx, const struct mn_home *h, unsigned ifindex)
{
	struct fake *f = ctx;
	struct note *n = write_down(f, DID_LEAVE);

	n->ifindex = ifindex;
	n->addr = h->conf.home;
	if (!fake_holds(&f->home, &h->conf.home))
		fail_msg("%s leaves home, and is not there", addr_text(&h->conf.home).s);
	let_go(&f->home, &h->conf.home);
}

static void on_leave_by(void *ctx, const struct mn_home *h)
{
	struct fake *f = ctx;
	struct note *n = write_down(f, DID_LEAVE_BY);

	n->ifindex = h->place.ifindex;
	n->addr = h->place.router;
	n->coa = h->place.coa;
	let_go(&f->way, &h->conf.home);
	if (!addr_any(&h->place.router))
		hold(&f->way, &h->conf.home);
}

static void on_own_home(void *ctx, const struct in6_addr *home, bool on)
{
	struct fake *f = ctx;

	write_down(f, DID_OWN)->addr = *home;
	if (on)
		hold(&f->own, home);
	else
		let_go(&f->own, home);
}

static int on_tunnel(void *ctx, const struct mn_home *h)
{
	struct fake *f = ctx;
	struct note *n = write_down(f, DID_TUNNEL);

	n->addr = h->conf.home;
	n->coa = h->place.coa;
	assert_true((addr_is_place(&h->place.coa) || addr_routable(&h->place.coa)) && addr_routable(&h->agent));
	if (!f->tunnel_err)
		hold(&f->tunnel, &h->conf.home);
	return f->tunnel_err;
}

static void on_untunnel(void *ctx, const struct mn_home *h)
{
	struct fake *f = ctx;

	write_down(f, DID_UNTUNNEL)->addr = h->conf.home;
	let_go(&f->tunnel, &h->conf.home);
}

static int on_optimize(void *ctx, enum ro_side side, const struct in6_addr *local, const struct in6_addr *remote,
	const struct in6_addr *coa)
{
	struct note *n = write_down(ctx, DID_OPTIMIZE);

	n->addr = side == RO_HOME ? *remote : *local;
	if (coa)
		n->coa = *coa;
	return 0;
}

static unsigned on_protects(void *ctx, const struct in6_addr *home)
{
	const struct fake *f = ctx;

	(void)home;
	return f->protects;
}

static bool on_keys(void *ctx, const struct mn_home *h, bool doubt)
{
	struct fake *f = ctx;
	struct note *n;

	f->keyless |= doubt;
	if (!f->negotiates || !f->keyless)
		return true;
	n = write_down(f, DID_KEYS);
	n->addr = h->conf.home;
	n->coa = h->place.coa;
	n->doubt = doubt;
	return false;
}

static bool on_keys_move(void *ctx, const struct in6_addr *home)
{
	const struct fake *f = ctx;

	(void)home;
	return f->keys_move;
}

static bool on_keys_at(void *ctx, const struct in6_addr *home, const struct in6_addr *at, bool moves)
{
	struct fake *f = ctx;
	struct note *n = write_down(f, DID_KEYS_AT);

	n->addr = *home;
	n->coa = *at;
	n->moves = moves;
	return moves && f->keys_move;
}

static bool on_busy(void *ctx, const struct in6_addr *local, const struct in6_addr *remote)
{
	(void)ctx;
	(void)local;
	(void)remote;
	return false;
}

static uint64_t on_heard(void *ctx, const struct in6_addr *local, const struct in6_addr *remote)
{
	(void)ctx;
	(void)local;
	(void)remote;
	return 0;
}

void fake_open(struct fake *f)
{
	memset(f, 0, sizeof(*f));
	if (!t_state)
		t_state = 1;
	f->now = 3600 * SEC;
	f->w = (struct world){.ctx = f,
		.timers = &f->timers,
		.random = on_random,
		.wall = on_wall,
		.event = on_event,
		.send = on_send,
		.send_icmp = on_send_icmp,
		.attach = on_attach,
		.bind = on_bind,
		.unbind = on_unbind,
		.unroute = on_unroute,
		.probe = on_probe,
		.claim = on_claim,
		.solicit = on_solicit,
		.ask_addrs = on_ask_addrs,
		.reach = on_reach,
		.settle = on_settle,
		.arrive_home = on_arrive,
		.leave_home = on_leave,
		.leave_by = on_leave_by,
		.own_home = on_own_home,
		.tunnel = on_tunnel,
		.untunnel = on_untunnel,
		.optimize = on_optimize,
		.busy = on_busy,
		.heard = on_heard,
		.protects = on_protects,
		.keys = on_keys,
		.keys_move = on_keys_move,
		.keys_at = on_keys_at};
}

void fake_close(struct fake *f)
{
	assert_int_equal(fake_armed(f), 0);
	assert_int_equal(f->bound.n, 0);
	assert_int_equal(f->routed.n, 0);
	assert_int_equal(f->home.n, 0);
	assert_int_equal(f->tunnel.n, 0);
	assert_int_equal(f->own.n, 0);
	assert_int_equal(f->way.n, 0);
}

void fake_run_until(struct fake *f, usec until)
{
	assert_true(until >= f->now);
	while (timers_next(&f->timers) <= until) {
		if (timers_next(&f->timers) > f->now)
			f->now = timers_next(&f->timers);
		timers_run(&f->timers, f->now);
	}
	f->now = until;
}

void fake_run(struct fake *f, usec for_)
{
	fake_run_until(f, f->now + for_);
}

static size_t count_heap(const struct timer *t)
{
	size_t n = 0;

	for (; t; t = t->next)
		n += 1 + count_heap(t->child);
	return n;
}

size_t fake_armed(const struct fake *f)
{
	return count_heap(f->timers.root);
}

void fake_forget(struct fake *f)
{
	f->notes = 0;
	memset(f->count, 0, sizeof(f->count));
}

const struct note *fake_nth(const struct fake *f, enum did what, size_t n)
{
	for (size_t i = 0; i < f->notes; i++)
		if (f->note[i].what == what && !n--)
			return &f->note[i];
	fail_msg("only %zu notes of kind %d", f->count[what], (int)what);
	return NULL;
}

const struct note *fake_last(const struct fake *f, enum did what)
{
	assert_true(f->count[what] > 0);
	return fake_nth(f, what, f->count[what] - 1);
}

size_t fake_events(const struct fake *f, enum event_type type)
{
	size_t n = 0;

	for (size_t i = 0; i < f->notes; i++)
		n += f->note[i].what == DID_EVENT && f->note[i].event == type;
	return n;
}
