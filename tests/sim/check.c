/* sim.h: what caches and mobile nodes may hold, judged after every step by what they heard and said. */
#include "base/addr.h"
#include "tests/sim/sim.h"
#include "tests/sim/model.h"

static bool is_overdue(const struct sim_node *n)
{
	return timers_next(&n->timers) <= sim_clock(n);
}

/* --- caches ------------------------------------------------------------------------------------------------------- */

static struct bc *cache_of(const struct sim_node *n)
{
	return n->ha ? &n->ha->bc : &n->cn->bc;
}

static const struct sim_fact *fact_of(const struct sim_node *n, const struct in6_addr *home)
{
	return n->ha ? sim_fact(&n->bound, home, NULL) : sim_fact(&n->path[RO_PEER], &n->addr, home);
}

static void check_time(const struct sim_node *n, const struct bc_entry *e)
{
	const char *home = addr_text(&e->home).s;

	if (!is_overdue(n) && sim_clock(n) >= e->expires)
		sim_violated(n->sim, SIM_LEAK, "node %u keeps the binding of %s past its end", n->id, home);
	if (!timer_armed(&e->timer) || e->timer.due > e->expires)
		sim_violated(n->sim, SIM_LEAK, "nothing will ever end the binding of %s at node %u", home, n->id);
	if (n->cn && e->expires - sim_clock(n) > RR_MAX_BINDING_LIFE * SEC)
		sim_violated(n->sim, SIM_TOKEN, "node %u keeps the binding of %s too long", n->id, home);
}

static void check_bound(const struct sim_node *n, const struct bc_entry *e, const struct sim_belief *b)
{
	const struct sim_fact *f = fact_of(n, &e->home);
	const char *home = addr_text(&e->home).s;
	bool spent = b->has_spent && b->spent == e->seq;

	if (!b->bound)
		sim_violated(n->sim, SIM_LAST_UPDATE, "node %u binds %s, which it never acknowledged", n->id, home);
	if (!addr_eq(&e->coa, &b->coa) || (e->seq != b->seq && !spent))
		sim_violated(n->sim, SIM_LAST_UPDATE,
			"node %u binds %s otherwise than acknowledged (number %u, not %u)", n->id, home, e->seq,
			b->seq);
	if (!f || !addr_eq(&f->coa, &e->coa))
		sim_violated(n->sim, SIM_LAST_UPDATE, "node %u sends the packets of %s elsewhere", n->id, home);
	if (e->expires > b->expires)
		sim_violated(n->sim, SIM_LEAK, "node %u keeps the binding of %s longer than granted", n->id, home);
}

static void check_key(struct sim_node *n, const struct in6_addr *home)
{
	const struct bc_entry *e = bc_find(cache_of(n), home, &n->addr);
	struct sim_belief *b = sim_belief(n, home, &n->addr, e != NULL);

	if (!b)
		return;
	n->present += (size_t)(e != NULL) - (size_t)b->present;
	b->present = e != NULL;
	if (e)
		check_time(n, e);
	if (e && e->state == MIP_BINDING_ACTIVE) {
		check_bound(n, e, b);
		sim_check_routes(n, home, e, b->nets);
		return;
	}
	sim_check_routes(n, home, NULL, 0);
	if (b->bound)
		sim_violated(n->sim, SIM_LAST_UPDATE, "node %u has lost the binding of %s", n->id, addr_text(home).s);
	if (fact_of(n, home))
		sim_violated(n->sim, SIM_LEAK, "node %u sends the packets of %s by a binding that is none", n->id,
			addr_text(home).s);
}

static void check_count(const struct sim_node *n)
{
	if (bc_count(cache_of(n)) != n->present)
		sim_violated(n->sim, SIM_ONE_BINDING, "node %u has %zu bindings of %zu home addresses", n->id,
			bc_count(cache_of(n)), n->present);
}

static void check_cache_all(struct sim_node *n)
{
	struct bc *bc = cache_of(n);
	size_t routed = 0;

	for (size_t i = 0; i < bc_count(bc); i++) {
		const struct bc_entry *e = bc_at(bc, i);

		routed += e->state == MIP_BINDING_ACTIVE ? e->networks : 0;

		if (bc_find(bc, &e->home, &e->local) != e)
			sim_violated(n->sim, SIM_ONE_BINDING, "node %u has two bindings of %s", n->id,
				addr_text(&e->home).s);
		check_key(n, &e->home);
	}
	if ((n->ha ? n->bound.n : n->path[RO_PEER].n) > bc_count(bc))
		sim_violated(n->sim, SIM_LEAK, "node %u has paths without bindings", n->id);
	if (n->ha && n->routed.n != routed)
		sim_violated(n->sim, SIM_NETWORK, "node %u routes %zu networks of %zu", n->id, n->routed.n, routed);
}

/* --- mobile nodes ------------------------------------------------------------------------------------------------- */

static void check_path(const struct sim_node *n, const struct sim_fact *f)
{
	const struct bul_entry *e = bul_find(&n->mn->bul, &f->key[0], &f->key[1]);
	const struct place *place = mn_place(&n->mn->home[0]);

	if (!e || !e->bound)
		sim_violated(n->sim, SIM_LEAK, "node %u sends to %s by a binding that is none", n->id,
			addr_text(&f->key[1]).s);
	if ((!is_overdue(n) && sim_clock(n) >= e->expires) || e->expires - e->sent_at > RR_MAX_BINDING_LIFE * SEC)
		sim_violated(n->sim, SIM_TOKEN, "node %u sends to %s by a binding past its life", n->id,
			addr_text(&f->key[1]).s);
	if (place->where != AT_AWAY || !addr_eq(&f->coa, &place->coa))
		sim_violated(n->sim, SIM_LAST_UPDATE, "node %u sends to %s from where it is not", n->id,
			addr_text(&f->key[1]).s);
}

static bool is_settled(const struct mn_home *h)
{
	if (h->place.where == AT_NOWHERE)
		return h->state == MIP_MN_DETACHED;
	return h->state == (h->place.where == AT_HOME ? MIP_MN_HOME : MIP_MN_REGISTERED);
}

/* Whoever waits has a timer; so has every entry. */
static void check_mn(const struct sim_node *n)
{
	const struct mn_home *h = &n->mn->home[0];

	if (!n->mn->homes)
		return;
	if (!is_settled(h) && !h->taken && !(h->reg && timer_armed(&h->reg->timer)))
		sim_violated(n->sim, SIM_REACHABLE, "node %u has given up", n->id);
	for (size_t i = 0; i < bul_count(&n->mn->bul); i++)
		if (!timer_armed(&bul_at(&n->mn->bul, i)->timer) && !h->taken)
			sim_violated(n->sim, SIM_LEAK, "an entry of node %u's update list lives for ever", n->id);
	for (size_t i = 0; i < n->path[RO_HOME].n; i++)
		check_path(n, (const struct sim_fact *)(const void *)n->path[RO_HOME].item[i]);
	sim_check_router(n);
}

/* --- all ---------------------------------------------------------------------------------------------------------- */

void sim_check(struct sim_node *n)
{
	for (size_t i = 0; n->touches <= SIM_TOUCHED && i < n->touches; i++)
		check_key(n, &n->touched[i]);
	for (size_t i = 0; n->touches > SIM_TOUCHED && i < n->beliefs.n; i++)
		check_key(n, &((const struct sim_belief *)(const void *)n->beliefs.item[i])->key[0]);
	check_count(n);
	if (n->mn)
		check_mn(n);
}

size_t sim_armed(const struct timer *t)
{
	size_t n = 0;

	for (; t; t = t->next)
		n += 1 + sim_armed(t->child);
	return n;
}

static void check_timers(const struct sim_node *n)
{
	size_t may = bc_count(cache_of(n));

	if (n->mn)
		may += bul_count(&n->mn->bul) + ATTACH_LINKS;
	if (sim_armed(n->timers.root) > may)
		sim_violated(n->sim, SIM_LEAK, "node %u has %zu timers for %zu things", n->id,
			sim_armed(n->timers.root), may);
}

void sim_check_all(struct sim *sim)
{
	for (size_t i = 0; i < sim->nodes; i++) {
		struct sim_node *n = sim->node[i];

		if (sim_asleep(n))
			continue;
		check_cache_all(n);
		check_count(n);
		check_timers(n);
		if (n->mn)
			check_mn(n);
	}
}
