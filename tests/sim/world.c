/* sim.h: what a role may do to the world, written down. */
#include <errno.h>
#include <stdlib.h>

#include "base/addr.h"
#include "tests/sim/sim.h"
#include "wire/mhauth.h"

struct sim_fact *sim_fact(const struct map *m, const struct in6_addr *a, const struct in6_addr *b)
{
	struct in6_addr key[2] = {*a};

	if (b)
		key[1] = *b;
	return (struct sim_fact *)(void *)map_find(m, key);
}

void sim_map_clear(struct map *m)
{
	for (size_t i = 0; i < m->n; i++)
		free(m->item[i]);
	map_free(m);
}

static void put(struct sim_node *n, struct map *m, const struct in6_addr *a, const struct in6_addr *b,
	const struct in6_addr *coa)
{
	struct sim_fact *f = sim_fact(m, a, b);
	struct in6_addr old = f ? f->coa : *coa;

	if (!f) {
		f = calloc(1, sizeof(*f));
		if (!f)
			abort();
		f->key[0] = *a;
		f->key[1] = b ? *b : in6addr_any;
		if (map_add(m, &f->node))
			abort();
	}
	f->coa = *coa;
	if (n->sim->plant && n->sim->plant->binding)
		n->sim->plant->binding(n, f, &old);
}

static void take(struct map *m, struct sim_fact *f)
{
	map_del(m, &f->node);
	free(f);
}

/* The networks of that mobile router go with its home address. */
static void route(struct sim_node *n, const struct in6_addr *home, const struct addr_prefix *list, size_t networks,
	const struct in6_addr *coa)
{
	for (size_t i = 0; i < networks; i++) {
		struct in6_addr plen = {.s6_addr[15] = list[i].plen};
		struct sim_fact *f = sim_routed(n, &list[i]);

		if (f && !addr_eq(&f->router->addr, home))
			sim_violated(n->sim, SIM_NETWORK, "node %u routes %s to two bindings", n->id,
				addr_text(&list[i].addr).s);
		put(n, &n->routed, &list[i].addr, &plen, coa);
		sim_routed(n, &list[i])->router = sim_owner(n->sim, home);
	}
}

static void unroute(struct sim_node *n, const struct addr_prefix *list, size_t networks)
{
	for (size_t i = 0; i < networks; i++) {
		struct sim_fact *f = sim_routed(n, &list[i]);

		if (!f)
			continue;
		sim_touch(n, &f->router->addr);
		take(&n->routed, f);
	}
}

static uint32_t on_random(void *ctx)
{
	struct sim_node *n = ctx;

	return (uint32_t)(sim_random(n->sim) >> 16);
}

static usec on_wall(void *ctx)
{
	struct sim_node *n = ctx;

	return 1700000000 * SEC + n->sim->now + n->calendar;
}

static void on_event(void *ctx, const struct event *ev, usec now)
{
	struct sim_node *n = ctx;

	if (now != sim_clock(n))
		sim_violated(n->sim, SIM_CONTRACT, "node %u tells %s at another time", n->id, event_name(ev->type));
	sim_told(n, ev);
	sim_write(n, ev);
}

/* As the sender of the agent does: encoded, then signed over the bytes. */
static void on_send(void *ctx, const struct via *via, struct mh *m)
{
	struct sim_node *n = ctx;
	struct via bare = *via;
	uint8_t bytes[256];
	int len = mh_write(m, bytes, sizeof(bytes));

	if (len <= 0 || !via->auth != !(m->opt.has & (MHO_AUTH | MHO_MN_HA)))
		sim_violated(
			n->sim, SIM_CONTRACT, "node %u sends a %s nobody can encode", n->id, mh_type_name(m->type));
	if (via->auth)
		mh_sign(via->auth, m, bytes);
	sim_said(n, via, m);
	bare.auth = NULL;
	if (!n->stopping)
		sim_post(n, &bare, bytes, (size_t)len);
}

static int on_bind(void *ctx, const struct bc_entry *e, struct why *why)
{
	struct sim_node *n = ctx;

	sim_touch(n, &e->home);
	if (n->bind_err)
		return why_set(why, -n->bind_err, "the data path is broken");
	put(n, &n->bound, &e->home, NULL, &e->coa);
	route(n, &e->home, e->network, e->networks, &e->coa);
	return 0;
}

static void on_unbind(void *ctx, const struct bc_entry *e)
{
	struct sim_node *n = ctx;
	struct sim_fact *f = sim_fact(&n->bound, &e->home, NULL);

	sim_touch(n, &e->home);
	if (!f)
		sim_violated(
			n->sim, SIM_CONTRACT, "node %u unbinds %s, which is not bound", n->id, addr_text(&e->home).s);
	take(&n->bound, f);
	unroute(n, e->network, e->networks);
}

static void on_unroute(void *ctx, const struct bc_entry *e, const struct addr_prefix *network)
{
	(void)e;
	unroute(ctx, network, 1);
}

static void on_probe(void *ctx, unsigned ifindex, const struct in6_addr *target)
{
	(void)ifindex;
	sim_taken(ctx, target);
}

static void on_claim(void *ctx, unsigned ifindex, const struct in6_addr *home)
{
	(void)ctx, (void)ifindex, (void)home;
}

static void on_ask_addrs(void *ctx)
{
	(void)ctx;
}

static void on_solicit(void *ctx, unsigned ifindex)
{
	sim_solicited(ctx, ifindex);
}

static void on_settle(void *ctx, unsigned ifindex, const struct in6_addr *router, size_t routers,
	const struct in6_addr *prefix, size_t prefixes)
{
	(void)router, (void)routers;
	sim_settle(ctx, ifindex, prefix, prefixes);
}

static void on_leave_by(void *ctx, const struct mn_home *h)
{
	(void)ctx, (void)h;
}

static void on_reach(void *ctx, unsigned ifindex, const struct in6_addr *router)
{
	sim_asked(ctx, ifindex, router);
}

/* ICMPv6 of discovery is not carried: nobody here discovers, and a prefix that is never heard of again stays. */
static void on_send_icmp(void *ctx, const struct via *via, const uint8_t *data, size_t len)
{
	(void)ctx, (void)via, (void)data, (void)len;
}

static void on_own_home(void *ctx, const struct in6_addr *home, bool on)
{
	(void)ctx, (void)home, (void)on;
}

static void on_arrive(void *ctx, const struct mn_home *h, unsigned ifindex, const uint8_t *lladdr)
{
	struct sim_node *n = ctx;

	(void)h, (void)ifindex, (void)lladdr;
	if (n->arrived)
		sim_violated(n->sim, SIM_CONTRACT, "node %u arrives at home, and is there", n->id);
	n->arrived = true;
}

static void on_leave(void *ctx, const struct mn_home *h, unsigned ifindex)
{
	struct sim_node *n = ctx;

	(void)h, (void)ifindex;
	if (!n->arrived)
		sim_violated(n->sim, SIM_CONTRACT, "node %u leaves home, and is not there", n->id);
	n->arrived = false;
}

/* The reverse tunnel is a path to everybody, from the networks, too. */
static int on_tunnel(void *ctx, const struct mn_home *h)
{
	struct sim_node *n = ctx;

	put(n, &n->bound, &h->conf.home, NULL, &h->place.coa);
	if (mn_is_router(h))
		route(n, &h->conf.home, h->conf.network, h->conf.networks, &h->place.coa);
	return 0;
}

static void on_untunnel(void *ctx, const struct mn_home *h)
{
	struct sim_node *n = ctx;
	struct sim_fact *f = sim_fact(&n->bound, &h->conf.home, NULL);

	if (f)
		take(&n->bound, f);
	unroute(n, h->conf.network, h->conf.networks);
}

static int on_optimize(void *ctx, enum ro_side side, const struct in6_addr *local, const struct in6_addr *remote,
	const struct in6_addr *coa)
{
	struct sim_node *n = ctx;
	struct sim_fact *f = sim_fact(&n->path[side], local, remote);

	sim_touch(n, remote);
	n->sim->stats.optimized += coa && !f;
	if (coa && n->bind_err)
		return n->bind_err;
	if (coa)
		put(n, &n->path[side], local, remote, coa);
	else if (f)
		take(&n->path[side], f);
	return 0;
}

static bool on_busy(void *ctx, const struct in6_addr *local, const struct in6_addr *remote)
{
	struct sim_node *n = ctx;
	bool busy = false;

	for (int side = RO_HOME; side <= RO_PEER; side++) {
		struct sim_fact *f = sim_fact(&n->path[side], local, remote);

		busy = busy || (f && f->busy);
		if (f)
			f->busy = false;
	}
	return busy;
}

static uint64_t on_heard(void *ctx, const struct in6_addr *local, const struct in6_addr *remote)
{
	struct sim_node *n = ctx;
	uint64_t heard = 0;

	for (int side = RO_HOME; side <= RO_PEER; side++) {
		struct sim_fact *f = sim_fact(&n->path[side], local, remote);

		heard += f ? f->heard : 0;
	}
	return heard;
}

void sim_world(struct sim_node *n)
{
	n->w = (struct world){.ctx = n,
		.timers = &n->timers,
		.random = on_random,
		.wall = on_wall,
		.event = on_event,
		.send = on_send,
		.send_icmp = on_send_icmp,
		.bind = on_bind,
		.unbind = on_unbind,
		.unroute = on_unroute,
		.probe = on_probe,
		.claim = on_claim,
		.solicit = on_solicit,
		.ask_addrs = on_ask_addrs,
		.reach = on_reach,
		.leave_by = on_leave_by,
		.settle = on_settle,
		.arrive_home = on_arrive,
		.leave_home = on_leave,
		.own_home = on_own_home,
		.tunnel = on_tunnel,
		.untunnel = on_untunnel,
		.optimize = on_optimize,
		.busy = on_busy,
		.heard = on_heard};
}
