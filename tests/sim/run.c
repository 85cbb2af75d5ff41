/* sim.h: nodes with clocks of their own under one world's clock; their births, crashes and steps. */
#include <stdlib.h>

#include "base/addr.h"
#include "tests/sim/sim.h"

/* xorshift64*; the state is never 0. */
uint64_t sim_random(struct sim *sim)
{
	sim->state ^= sim->state >> 12;
	sim->state ^= sim->state << 25;
	sim->state ^= sim->state >> 27;
	return sim->state * 2685821657736338717u;
}

usec sim_around(struct sim *sim, usec mean)
{
	usec ms = mean / MSEC;

	return (usec)sim_below(sim, (unsigned)(2 * ms) + 1) * MSEC + sim_below(sim, 1000);
}

/* --- steps -------------------------------------------------------------------------------------------------------- */

static void on_wake(struct timer *t, usec now);

/* The node's next timer, in the world's time. */
static void rearm(struct sim_node *n)
{
	struct sim *sim = n->sim;
	usec due = timers_next(&n->timers);

	if (due == NEVER || n->down) {
		timer_stop(&sim->timers, &n->wake);
		return;
	}
	due -= n->offset;
	if (due < n->frozen_until)
		due = n->frozen_until + sim_below(sim, 1000); /* packets may come first */
	timer_arm(&sim->timers, &n->wake, due < sim->now ? sim->now : due, on_wake);
}

void sim_enter(struct sim_node *n)
{
	n->sim->stats.steps++;
	n->touches = 0;
	n->removing = in6addr_any;
	if (n->sim->plant && n->sim->plant->before)
		n->sim->plant->before(n);
}

void sim_leave(struct sim_node *n)
{
	if (n->sim->plant && n->sim->plant->after)
		n->sim->plant->after(n);
	sim_check(n);
	rearm(n);
}

void sim_freeze(struct sim_node *n, usec for_, bool clock_runs)
{
	n->frozen_until = n->sim->now + for_;
	n->paused = !clock_runs;
	if (n->paused) {
		n->offset -= for_;
		n->lost_at = n->frozen_until;
	}
	n->sim->stats.sleeps++;
	rearm(n);
}

void sim_thaw(struct sim_node *n)
{
	if (n->paused) {
		n->offset += n->frozen_until - n->sim->now;
		n->lost_at = n->sim->now;
	}
	n->frozen_until = 0;
	rearm(n);
}

void sim_leap(struct sim_node *n, usec by)
{
	n->offset += by;
	n->calendar += by;
	n->lost_at = n->sim->now;
	rearm(n);
}

static void on_wake(struct timer *t, usec now)
{
	struct sim_node *n = timer_owner(t, struct sim_node, wake);

	(void)now;
	sim_enter(n);
	timers_run(&n->timers, sim_clock(n));
	sim_leave(n);
}

void sim_touch(struct sim_node *n, const struct in6_addr *home)
{
	for (size_t i = 0; i < n->touches && i < SIM_TOUCHED; i++)
		if (addr_eq(&n->touched[i], home))
			return;
	if (n->touches < SIM_TOUCHED)
		n->touched[n->touches] = *home;
	n->touches++;
}

void sim_until(struct sim *sim, usec until)
{
	while (timers_next(&sim->timers) <= until) {
		if (timers_next(&sim->timers) > sim->now)
			sim->now = timers_next(&sim->timers);
		timers_run(&sim->timers, sim->now);
	}
	sim->now = until;
}

/* --- lives -------------------------------------------------------------------------------------------------------- */

static void start_mn(struct sim_node *n)
{
	struct in6_addr agent = n->sim->node[n->home_link]->addr;
	struct mn_home_conf conf = {.home = n->addr, .agent = agent, .plen = 64, .lifetime = n->sim->conf.lifetime};

	conf.networks = n->nets;
	memcpy(conf.network, n->net, sizeof(n->net));
	mn_init(n->mn, &n->w, sim_random(n->sim));
	mn_start(n->mn);
	if (mn_add(n->mn, &conf, sim_clock(n), NULL))
		sim_violated(n->sim, SIM_CONTRACT, "node %u cannot add its home address", n->id);
	sim_tell_all(n);
}

static void on_user(struct timer *t, usec now)
{
	struct sim_node *n = timer_owner(t, struct sim_node, user);
	struct mn_home_conf conf;

	if (n->down || !n->mn->homes || !n->mn->home[0].taken)
		return;
	if (now < n->frozen_until) {
		timer_arm(&n->sim->timers, t, n->frozen_until, on_user);
		return;
	}
	conf = n->mn->home[0].conf;
	n->lost_at = now;
	sim_map_clear(&n->talks); /* the numbers go with the home address */
	if (mn_del(n->mn, &conf.home, sim_clock(n), NULL) || mn_add(n->mn, &conf, sim_clock(n), NULL))
		sim_violated(n->sim, SIM_CONTRACT, "node %u cannot add its home address again", n->id);
}

void sim_answered(struct sim_node *n)
{
	if (n->mn->homes && n->mn->home[0].taken && !timer_armed(&n->user))
		timer_arm(&n->sim->timers, &n->user, n->sim->now + 20 * SEC, on_user);
}

void sim_boot(struct sim_node *n)
{
	struct cn_conf cn = {.max_bindings = n->id % 3 ? 1000 : 4, .test_rate = 100000};

	n->down = false;
	n->boot++;
	sim_enter(n);
	if (n->ha) {
		ha_init(n->ha, &n->w, sim_random(n->sim));
		sim_serve(n);
		ha_address(n->ha, 1, &n->addr, 64, false);
		sim_revive(n);
	}
	if (n->cn) {
		cn_init(n->cn, &n->w, sim_random(n->sim));
		cn_start(n->cn, &cn);
	}
	if (n->mn)
		start_mn(n);
	sim_leave(n);
}

/* What the process held is gone; what it put into the data path goes with the machine. */
static void wipe(struct sim_node *n)
{
	if (n->ha) {
		bc_free(&n->ha->bc);
		networks_free(&n->ha->networks);
		seq_free(&n->ha->ended);
	}
	if (n->cn) {
		bc_free(&n->cn->bc);
		seq_free(&n->cn->ended);
		sim_map_clear(&n->cn->places);
	}
	if (n->mn)
		bul_free(&n->mn->bul);
	sim_map_clear(&n->bound);
	sim_map_clear(&n->routed);
	sim_map_clear(&n->path[0]);
	sim_map_clear(&n->path[1]);
	if (n->ha && !n->stopping)
		sim_die(n);
	else
		sim_map_clear(&n->beliefs);
	sim_map_clear(&n->talks);
	memset(n->nonce, 0, sizeof(n->nonce));
	n->present = 0;
	n->arrived = false;
}

void sim_crash(struct sim_node *n)
{
	n->timers = (struct timers){0};
	wipe(n);
	n->down = true;
	n->lost_at = n->sim->now;
	timer_stop(&n->sim->timers, &n->wake);
	n->sim->stats.crashes++;
}

static void on_boot(struct timer *t, usec now)
{
	(void)now;
	sim_boot(timer_owner(t, struct sim_node, wake));
}

void sim_boot_later(struct sim_node *n, usec after)
{
	timer_arm(&n->sim->timers, &n->wake, n->sim->now + after, on_boot);
}

/* In order: nothing may be left behind. */
static void stop(struct sim_node *n)
{
	usec now = sim_clock(n);

	n->stopping = true;
	sim_enter(n);
	if (n->mn)
		mn_stop(n->mn, now);
	if (n->cn)
		cn_stop(n->cn, now);
	if (n->ha)
		ha_stop(n->ha, now);
	n->present = 0;
	if (n->sim->plant && n->sim->plant->after)
		n->sim->plant->after(n);
	if (n->timers.root)
		sim_violated(n->sim, SIM_LEAK, "node %u stopped, and a timer is armed", n->id);
	if (n->bound.n || n->routed.n || n->path[0].n || n->path[1].n || n->arrived)
		sim_violated(n->sim, SIM_LEAK, "node %u stopped, and left something in the data path", n->id);
	timer_stop(&n->sim->timers, &n->wake);
	wipe(n);
	n->down = true;
}

static void bury(struct sim_node *n)
{
	sim_map_clear(&n->disk);
	free(n->ha);
	free(n->cn);
	free(n->mn);
	free(n);
}

/* --- a world ------------------------------------------------------------------------------------------------------ */

static struct sim_node *add_node(struct sim *sim, enum sim_kind kind)
{
	struct sim_node *n = calloc(1, sizeof(*n));

	if (!n)
		abort();
	n->sim = sim;
	n->kind = kind;
	n->id = (uint32_t)sim->nodes + 1;
	n->news_end = &n->news;
	n->offset = sim_around(sim, 100000 * SEC);
	n->home_link = kind == SIM_MN ? (int)sim_below(sim, sim->conf.has) : SIM_NOWHERE;
	for (unsigned i = 0; i < SIM_IFACES; i++)
		n->iface[i] = (struct sim_iface){.ifindex = i + 1, .link = SIM_NOWHERE};
	n->ha = kind == SIM_HA ? calloc(1, sizeof(*n->ha)) : NULL;
	n->cn = kind == SIM_HA ? NULL : calloc(1, sizeof(*n->cn));
	n->mn = kind == SIM_MN ? calloc(1, sizeof(*n->mn)) : NULL;
	if ((kind == SIM_HA && !n->ha) || (kind != SIM_HA && !n->cn) || (kind == SIM_MN && !n->mn))
		abort();
	map_init(&n->disk, 16, 6);
	n->machine = 1;
	n->calendar = sim_around(sim, 1000000000 * SEC);
	map_init(&n->bound, 16, 1);
	map_init(&n->routed, 32, 7);
	map_init(&n->path[0], 32, 2);
	map_init(&n->path[1], 32, 3);
	map_init(&n->beliefs, 32, 4);
	map_init(&n->talks, 32, 5);
	sim_world(n);
	sim->node[sim->nodes++] = n;
	return n;
}

/* The last four octets of every address of a node are its number. */
static void number(struct sim_node *n)
{
	struct in6_addr a = {{{0x20, 0x01, 0x0d, 0xb8}}};

	if (n->kind == SIM_CN)
		a.s6_addr[4] = 0xcc;
	else
		a = sim_prefix(n->sim, n->kind == SIM_HA ? (int)n->id - 1 : n->home_link);
	for (int i = 0; i < 4; i++)
		a.s6_addr[12 + i] = (uint8_t)(n->id >> (24 - 8 * i));
	n->addr = a;
}

static void add_flows(struct sim *sim)
{
	const struct sim_conf *c = &sim->conf;

	sim->flows = c->mns + c->routers;
	sim->flow = calloc(sim->flows, sizeof(*sim->flow));
	if (!sim->flow)
		abort();
	for (size_t i = 0; i < c->mns; i++) {
		struct sim_node *a = sim->node[c->has + c->cns + i], *b;

		do
			b = sim->node[c->has + sim_below(sim, sim_below(sim, 3) ? c->cns : c->cns + c->mns)];
		while (a == b);
		sim->flow[i] = (struct sim_flow){.sim = sim, .a = a, .b = b};
	}
	for (size_t i = 0; i < c->routers; i++) {
		struct sim_node *a = sim->node[c->has + c->cns + i], *b = sim->node[c->has + sim_below(sim, c->cns)];

		sim->flow[c->mns + i] =
			(struct sim_flow){.sim = sim, .a = a, .b = b, .net = &a->net[sim_below(sim, a->nets)]};
	}
}

void sim_open(struct sim *sim)
{
	const struct sim_conf *c = &sim->conf;

	sim->now = 1000 * SEC;
	sim->delay = 5 * MSEC;
	sim->calm = true;
	sim->node = calloc(c->has + c->cns + c->mns, sizeof(struct sim_node *));
	if (!sim->node)
		abort();
	for (unsigned i = 0; i < c->has + c->cns + c->mns; i++)
		number(add_node(sim, i < c->has ? SIM_HA : i < c->has + c->cns ? SIM_CN : SIM_MN));
	sim_networks(sim);
	for (size_t i = 0; i < sim->nodes; i++)
		sim_boot(sim->node[i]);
	add_flows(sim);
}

void sim_close(struct sim *sim)
{
	timer_stop(&sim->timers, &sim->chaos);
	timer_stop(&sim->timers, &sim->forger);
	timer_stop(&sim->timers, &sim->beacon);
	for (size_t i = 0; i < SIM_LINKS; i++)
		sim->cut[i] = true; /* nobody hears the last words */
	sim_talk_all(sim, false);
	sim_tape_clear(sim);
	for (size_t i = 0; i < sim->nodes; i++)
		stop(sim->node[i]);
	sim_until(sim, sim->now + 3600 * SEC);
	if (sim->flying || sim->pending || sim->timers.root)
		sim_violated(sim, SIM_LEAK, "%zu packets, %zu news under way for ever", sim->flying, sim->pending);
	for (size_t i = 0; i < sim->nodes; i++)
		bury(sim->node[i]);
	free(sim->node);
	free(sim->flow);
}
