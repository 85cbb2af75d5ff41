/* sim.h: bugs on purpose, one or more for each invariant: what cannot fail proves nothing. */
#include <stdlib.h>

#include "base/addr.h"
#include "tests/sim/cell.h"
#include "tests/sim/model.h"

static bool sometimes(struct sim_node *n, unsigned one_of)
{
	return sim_below(n->sim, one_of) == 0;
}

static struct bc_entry *some_binding(struct sim_node *n)
{
	struct bc *bc = n->ha ? &n->ha->bc : &n->cn->bc;
	struct bc_entry *e = bc_count(bc) ? bc_at(bc, sim_below(n->sim, (unsigned)bc_count(bc))) : NULL;

	return e && e->state == MIP_BINDING_ACTIVE ? e : NULL;
}

/* A second entry of the same home address, as good as the first. */
static void double_entry(struct sim_node *n)
{
	struct bc_entry *e = some_binding(n), *twin;

	if (!e || !sometimes(n, 100))
		return;
	twin = bc_add(e->cache, &e->home, &e->local);
	if (!twin)
		return;
	twin->coa = e->coa;
	twin->seq = e->seq;
	twin->flags = e->flags;
	twin->lifetime = e->lifetime;
	twin->expires = e->expires;
	twin->state = e->state;
	timer_arm(&n->timers, &twin->timer, e->timer.due, e->timer.fire);
	sim_touch(n, &e->home);
}

/* The data path keeps the old care-of address. */
static void keep_path(struct sim_node *n, struct sim_fact *f, const struct in6_addr *old)
{
	if (n->kind != SIM_MN)
		f->coa = *old;
}

/* Another care-of address than the one that was accepted. */
static void stray(struct sim_node *n)
{
	struct bc_entry *e = some_binding(n);

	if (e && sometimes(n, 100)) {
		e->coa.s6_addr[8] ^= 1;
		sim_touch(n, &e->home);
	}
}

/* Nonces never die. */
static void undying_nonces(struct sim_node *n)
{
	for (size_t i = 0; n->cn && i < RR_NONCES; i++)
		if (n->cn->rr.nonce[i].made)
			n->cn->rr.nonce[i].made = sim_clock(n);
}

/* Tokens never die. */
static void undying_tokens(struct sim_node *n)
{
	for (size_t i = 0; n->mn && i < bul_count(&n->mn->bul); i++) {
		struct bul_entry *e = bul_at(&n->mn->bul, i);

		if (e->home_test.got)
			e->home_test.got = sim_clock(n);
		if (e->coa_test.got)
			e->coa_test.got = sim_clock(n);
	}
}

/* The mobile node counts backwards now and then. */
static void count_back(struct sim_node *n)
{
	for (size_t i = 0; n->mn && i < bul_count(&n->mn->bul); i++)
		if (sometimes(n, 50))
			bul_at(&n->mn->bul, i)->seq -= 3;
}

static void shift_numbers(struct sim_node *n, uint16_t from, uint16_t by)
{
	struct bc *bc = n->ha ? &n->ha->bc : &n->cn->bc;

	for (size_t i = 0; i < bc_count(bc); i++) {
		struct bc_entry *e = bc_at(bc, i);
		struct sim_belief *b = sim_belief(n, &e->home, &e->local, false);

		if (b && b->bound && e->seq == (uint16_t)(b->seq + from))
			e->seq += by;
	}
}

/* The cache forgets the numbers while it judges: what is played again counts. */
static void forget_numbers(struct sim_node *n)
{
	shift_numbers(n, 0, (uint16_t)-1000);
}

static void remember_numbers(struct sim_node *n)
{
	shift_numbers(n, (uint16_t)-1000, 1000);
}

/* A home agent that never hears an update. */
static bool is_deaf_agent(struct sim_node *to, const struct mh *m)
{
	return to->id == 1 && m->type == MH_BU;
}

/* The update is sent once. */
static void no_retry(struct sim_node *n)
{
	struct bul_entry *e = n->mn && n->mn->homes ? n->mn->home[0].reg : NULL;

	if (e && e->state == MIP_BUL_WAITING)
		timer_stop(&n->timers, &e->timer);
}

/* A binding nothing ends. */
static void no_end(struct sim_node *n)
{
	struct bc_entry *e = some_binding(n);

	if (e && sometimes(n, 100)) {
		timer_stop(&n->timers, &e->timer);
		sim_touch(n, &e->home);
	}
}

static void on_nothing(struct timer *t, usec now)
{
	(void)now;
	free(t);
}

/* A timer nobody owns. */
static void lost_timer(struct sim_node *n)
{
	struct timer *t = n->stopping && sometimes(n, 10) ? calloc(1, sizeof(*t)) : NULL;

	if (t)
		timer_arm(&n->timers, t, sim_clock(n) + SEC, on_nothing);
}

static void *lost;

/* Memory nobody frees. */
static void lost_memory(struct sim_node *n)
{
	void **p = sometimes(n, 10) ? malloc(64) : NULL;

	if (p) {
		*p = lost;
		lost = p;
	}
}

/* The data path keeps what it was told to forget. */
static void keep_for_ever(struct sim_node *n)
{
	struct sim_fact *f = n->stopping ? calloc(1, sizeof(*f)) : NULL;

	if (f && map_add(&n->bound, &f->node))
		abort();
}

/* A care-of address of another time. */
static void old_source(struct sim_node *n)
{
	struct attach_link *l = n->mn ? &n->mn->attach.link[0] : NULL;

	if (l && l->addrs && sometimes(n, 50))
		l->addr[0].addr.s6_addr[8] ^= 1;
}

/* An advertisement says that this is home: the tunnel goes. */
static void home_at_a_word(struct sim_node *n)
{
	struct mn_home *h = n->mn && n->mn->homes ? &n->mn->home[0] : NULL;

	if (h && h->left.where == AT_AWAY)
		n->w.untunnel(n, h);
}

/* What was told once is true for ever, whoever goes on without it and whatever came of it. */
static void undying_prefixes(struct sim_node *n)
{
	struct attach_link *l = n->mn ? n->mn->attach.link : NULL;

	for (size_t i = 0; l && i < SIM_IFACES; i++)
		for (size_t k = 0; k < l[i].prefixes; k++) {
			memset(l[i].prefix[k].untold, 0, sizeof(l[i].prefix[k].untold));
			l[i].prefix[k].refuted_until = 0;
		}
}

/* An address that another node has is tried again with the next advertisement. */
static void forget_duplicates(struct sim_node *n)
{
	for (size_t i = 0; n->mn && i < SIM_IFACES; i++)
		memset(n->mn->attach.link[i].taken, 0, sizeof(n->mn->attach.link[i].taken));
}

/* A Binding Error ends all patience. */
static void impatience(struct sim_node *n)
{
	for (size_t i = 0; n->mn && i < bul_count(&n->mn->bul); i++)
		if (bul_at(&n->mn->bul, i)->denied)
			bul_at(&n->mn->bul, i)->tries = 100;
}

/* Questions whose cookie anybody can quote. */
static void known_cookies(struct sim_node *n)
{
	for (size_t i = 0; n->mn && i < bul_count(&n->mn->bul); i++) {
		struct bul_entry *e = bul_at(&n->mn->bul, i);

		e->home_test.cookie = e->coa_test.cookie = 0;
	}
}

static struct sim_row *first_row(struct sim_node *n)
{
	return n->ha && n->disk.n ? (struct sim_row *)(void *)n->disk.item[0] : NULL;
}

/* A store that keeps what it should have deleted, or changed: a home agent that starts finds a binding of an hour ago.
 */
static void stale_store(struct sim_node *n)
{
	static struct sim_row old;
	static uint32_t whose;
	struct sim_row *row = first_row(n), *other;

	if (row && bc_count(&n->ha->bc) && sometimes(n, 100)) {
		old = *row;
		whose = n->id;
	}
	if (n->id != whose || !n->ha || bc_count(&n->ha->bc))
		return;
	other = (struct sim_row *)(void *)map_find(&n->disk, &old.home);
	if (other)
		other->b = old.b;
}

/* A mobile network of a binding is forgotten. */
static void forget_network(struct sim_node *n)
{
	struct bc_entry *e = n->ha ? some_binding(n) : NULL;

	if (e && e->networks && sometimes(n, 10)) {
		e->networks--;
		sim_touch(n, &e->home);
	}
}

/* Who may have one network may have all. */
static void generous(struct sim_node *n)
{
	for (size_t i = 0; n->ha && i < n->ha->conf.rules; i++)
		for (size_t k = 0; k < n->ha->conf.rule[i].networks; k++)
			n->ha->conf.rule[i].network[k].plen = 16;
}

/* A network of another's binding is nobody's. */
static void overlook_owners(struct sim_node *n)
{
	for (size_t i = 0; n->ha && i < n->ha->networks.n; i++)
		n->ha->networks.list[i].prefix.addr = in6addr_loopback;
}

/* A router's tunnel takes its home address alone. */
static void bare_networks(struct sim_node *n)
{
	if (n->mn && n->mn->homes && sometimes(n, 10))
		n->w.unroute(n, NULL, &n->net[0]);
}

/* A store that knows but the calendar. */
static void calendar_alone(struct sim_node *n)
{
	for (size_t i = 0; n->ha && i < n->disk.n; i++)
		((struct sim_row *)(void *)n->disk.item[i])->b.boot = 0;
}

const struct sim_plant sim_plants[] = {
	{"double-entry", SIM_ONE_BINDING, .before = double_entry},
	{"old-path", SIM_LAST_UPDATE, .binding = keep_path},
	{"stray-binding", SIM_LAST_UPDATE, .after = stray},
	{"undying-nonces", SIM_TOKEN, .before = undying_nonces},
	{"undying-tokens", SIM_TOKEN, .before = undying_tokens},
	{"count-back", SIM_SEQUENCE, .after = count_back},
	{"forgotten-numbers", SIM_SEQUENCE, .before = forget_numbers, .after = remember_numbers},
	{"deaf-agent", SIM_REACHABLE, .deafens = is_deaf_agent},
	{"no-retry", SIM_REACHABLE, .after = no_retry},
	{"undying-prefixes", SIM_REACHABLE, .before = undying_prefixes},
	{"no-end", SIM_LEAK, .after = no_end},
	{"lost-timer", SIM_LEAK, .after = lost_timer},
	{"lost-memory", SIM_LEAK, .after = lost_memory},
	{"kept-path", SIM_LEAK, .after = keep_for_ever},
	{"home-at-a-word", SIM_TUNNEL, .after = home_at_a_word},
	{"forgotten-duplicates", SIM_DUPLICATE, .before = forget_duplicates},
	{"impatience", SIM_SUPPRESSED, .before = impatience},
	{"known-cookies", SIM_SUPPRESSED, .before = known_cookies},
	{"forgotten-network", SIM_NETWORK, .before = forget_network},
	{"generous-agent", SIM_NETWORK, .before = generous},
	{"overlooked-owner", SIM_NETWORK, .before = overlook_owners},
	{"bare-networks", SIM_NETWORK, .after = bare_networks},
	{"stale-store", SIM_REVIVED, .before = stale_store},
	{"calendar-alone", SIM_REVIVED, .before = calendar_alone},
	{"acknowledged-at-once", SIM_SURVIVES, .cell = BUG_AT_ONCE},
	{"untold-move", SIM_AGREE, .cell = BUG_UNTOLD_MOVE},
	{"unnoticed-address", SIM_ONE_SPEAKS, .cell = BUG_UNNOTICED},
	{"eager-standby", SIM_STANDBY, .cell = BUG_EAGER},
	{"old-source", SIM_CONTRACT, .before = old_source},
	{0},
};
