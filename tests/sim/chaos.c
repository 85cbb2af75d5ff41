/* sim.h: what the world does to the nodes: moves, traffic, weather, crashes, sleep, clock jumps, liars. */
#include <errno.h>
#include <string.h>

#include "tests/sim/sim.h"

#define PACKET_EVERY (200 * MSEC)
#define CALM_EVERY   (5 * SEC)
#define BEACON	     (7 * SEC) /* routers speak unasked */

static struct sim_node *some(struct sim *sim, enum sim_kind kind)
{
	const struct sim_conf *c = &sim->conf;

	switch (kind) {
	case SIM_HA: return sim->node[sim_below(sim, c->has)];
	case SIM_CN: return sim->node[c->has + sim_below(sim, c->cns)];
	default: return sim->node[c->has + c->cns + sim_below(sim, c->mns)];
	}
}

/* --- moves -------------------------------------------------------------------------------------------------------- */

static int some_link(struct sim *sim, const struct sim_node *n)
{
	if (sim_below(sim, 4) == 0)
		return n->home_link;
	return (int)sim_below(sim, sim->conf.has + sim->conf.links);
}

/* The old link first, or the new one; for a while there may be two, or none. */
static void move(struct sim_node *n)
{
	struct sim *sim = n->sim;
	unsigned i = sim_below(sim, SIM_IFACES);

	sim->stats.moves++;
	if (n->iface[i].link != SIM_NOWHERE && sim_below(sim, 6) == 0) {
		sim_slide(n, i, some_link(sim, n));
		return;
	}
	if (n->iface[i].link != SIM_NOWHERE)
		sim_detach(n, i);
	if (sim_below(sim, 8))
		sim_attach(n, i, some_link(sim, n));
	if (sim_below(sim, 3) == 0 && n->iface[!i].link != SIM_NOWHERE)
		sim_detach(n, !i);
}

/* --- traffic ------------------------------------------------------------------------------------------------------ */

static void on_flow(struct timer *t, usec now)
{
	struct sim_flow *f = timer_owner(t, struct sim_flow, timer);
	struct sim *sim = f->sim;
	usec next = sim->calm && !sim->conf.week ? CALM_EVERY : PACKET_EVERY;

	if (!f->left--) {
		f->left = 1 + sim_below(sim, 20);
		next = sim_around(sim, sim->conf.quiet);
	} else {
		sim_say(f->a, f->b, f);
		sim_say(f->b, f->a, f);
	}
	timer_arm(&sim->timers, t, now + next, on_flow);
}

void sim_talk_all(struct sim *sim, bool on)
{
	for (size_t i = 0; i < sim->flows; i++) {
		if (on)
			timer_arm(&sim->timers, &sim->flow[i].timer, sim->now + sim_below(sim, 1000000), on_flow);
		else
			timer_stop(&sim->timers, &sim->flow[i].timer);
	}
}

/* --- weather and disasters ---------------------------------------------------------------------------------------- */

static void weather(struct sim *sim)
{
	sim->loss = sim_below(sim, 2) ? 0 : sim_below(sim, 400);
	sim->twice = sim_below(sim, 2) ? 0 : sim_below(sim, 200);
	sim->jitter = sim_below(sim, 2) ? 10 * MSEC : sim_below(sim, 3000) * MSEC;
	for (unsigned i = 0; i < sim->conf.has + sim->conf.links; i++)
		sim->cut[i] = sim_below(sim, 10) == 0;
}

static void crash(struct sim *sim)
{
	struct sim_node *n = some(sim, (enum sim_kind)sim_below(sim, 3));

	if (n->down || sim->now < n->frozen_until)
		return;
	sim_crash(n);
	sim_boot_later(n, sim_around(sim, 5 * SEC));
}

static void disturb_clock(struct sim *sim)
{
	struct sim_node *n = some(sim, (enum sim_kind)sim_below(sim, 3));

	if (n->down || sim->now < n->frozen_until)
		return;
	switch (sim_below(sim, 3)) {
	case 0: sim_freeze(n, sim_around(sim, 60 * SEC), true); break;
	case 1: sim_freeze(n, sim_around(sim, 60 * SEC), false); break;
	default: sim_leap(n, sim_around(sim, 300 * SEC)); break;
	}
}

/* The longer lists of disasters come with the numbers of nodes: moves are most of what happens. */
static void one_thing(struct sim *sim)
{
	unsigned rare = 20 + sim->conf.mns / 4;

	move(some(sim, SIM_MN));
	if (sim->conf.week)
		return;
	if (sim_below(sim, rare) == 0)
		weather(sim);
	if (sim_below(sim, rare) == 0)
		crash(sim);
	if (sim_below(sim, rare) == 0)
		disturb_clock(sim);
	if (sim_below(sim, rare) == 0)
		some(sim, SIM_CN)->deaf = sim_below(sim, 3) == 0;
	if (sim_below(sim, rare) == 0)
		some(sim, (enum sim_kind)sim_below(sim, 2))->bind_err = sim_below(sim, 3) ? 0 : -ENOBUFS;
	if (sim_below(sim, rare) == 0)
		some(sim, SIM_HA)->disk_full = sim_below(sim, 2);
	if (sim_below(sim, rare) == 0)
		sim_regrant(some(sim, SIM_MN));
	if (sim_below(sim, 8) == 0)
		some(sim, SIM_MN)->squatted_until = sim->now + sim_around(sim, 20 * SEC);
	if (sim_below(sim, 8) == 0)
		some(sim, SIM_MN)->rivalled_until = sim->now + sim_around(sim, 20 * SEC);
	sim_replay(sim);
	sim_replay(sim);
}

static void on_chaos(struct timer *t, usec now)
{
	struct sim *sim = timer_owner(t, struct sim, chaos);

	one_thing(sim);
	for (size_t i = 0; i < SIM_LINKS; i++)
		if (sim->loss || sim->cut[i])
			sim->lossy[i] = now;
	timer_arm(&sim->timers, t, now + sim_around(sim, sim->conf.dwell) / sim->conf.mns, on_chaos);
}

static void on_forger(struct timer *t, usec now)
{
	struct sim *sim = timer_owner(t, struct sim, forger);

	sim_forge_error(some(sim, SIM_MN));
	if (!sim->calm)
		sim_forge_ra(some(sim, SIM_MN));
	timer_arm(&sim->timers, t, now + sim_around(sim, sim->conf.dwell) / sim->conf.mns, on_forger);
}

static void on_beacon(struct timer *t, usec now)
{
	struct sim *sim = timer_owner(t, struct sim, beacon);

	for (size_t i = sim->conf.has + sim->conf.cns; i < sim->nodes; i++)
		for (unsigned k = 0; k < SIM_IFACES; k++)
			sim_solicited(sim->node[i], k + 1);
	timer_arm(&sim->timers, t, now + BEACON, on_beacon);
}

void sim_storm(struct sim *sim)
{
	sim->calm = false;
	if (sim->conf.week)
		sim->loss = 20;
	else
		weather(sim);
	sim_talk_all(sim, true);
	timer_arm(&sim->timers, &sim->chaos, sim->now, on_chaos);
	if (sim->conf.week)
		return;
	timer_arm(&sim->timers, &sim->forger, sim->now, on_forger);
	timer_arm(&sim->timers, &sim->beacon, sim->now, on_beacon);
}

static void recover(struct sim_node *n)
{
	n->deaf = false;
	n->bind_err = 0;
	n->disk_full = false;
	n->squatted_until = n->rivalled_until = 0;
	if (n->down)
		sim_boot(n);
	else if (n->sim->now < n->frozen_until)
		sim_thaw(n);
	if (n->mn && n->iface[0].link == SIM_NOWHERE && n->iface[1].link == SIM_NOWHERE)
		sim_attach(n, 0, some_link(n->sim, n));
	for (unsigned i = 0; n->mn && i < SIM_IFACES; i++)
		sim_advertise(n, i);
}

/* All is well again, and nobody moves. */
void sim_heal(struct sim *sim)
{
	sim->calm = true;
	sim->loss = sim->twice = 0;
	sim->jitter = 10 * MSEC;
	memset(sim->cut, 0, sizeof(sim->cut));
	timer_stop(&sim->timers, &sim->chaos);
	sim_tape_clear(sim);
	for (size_t i = 0; i < sim->nodes; i++)
		recover(sim->node[i]);
}
