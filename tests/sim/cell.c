/* cell.h: machines, their agents, whoever moves the address, mobile nodes, disasters, and what must hold. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "agent/keep.h"
#include "base/addr.h"
#include "base/buf.h"
#include "role/ha_impl.h"
#include "tests/sim/cell.h"

#define LINK	  7
#define LONG_LIFE 3600 /* 4 h: longer than a run and all leaps of its clocks */
#define ROUNDS	  6
#define STEPS	  40
#define LEAP	  300
#define SETTLED	  (20 * SEC)
#define KIND_LATE 200 /* of a record that a version to come may have */
#define FLAG_LATE 0x80
#define CONFIRM	  5 /* kind and flag that the version before does not have */
#define CONFIRMS  2
#define HEAD	  32
#define RECORD	  3

static struct machine *machine_of(void *ctx)
{
	return ctx;
}

static usec clock_of(const struct machine *m)
{
	return m->cs->sim.now + m->offset;
}

static bool is_planted(const struct cell_sim *cs, enum cell_bug bug)
{
	return cs->sim.plant && cs->sim.plant->cell == (int)bug;
}

static struct cell_home *home_of(struct cell_sim *cs, const struct in6_addr *home)
{
	return &cs->home[home->s6_addr[15] % CELL_HOMES];
}

static struct in6_addr address(uint8_t net, uint8_t host)
{
	return (struct in6_addr){{{0x20, 0x01, 0x0d, 0xb8, 0, net, [15] = host}}};
}

static void trace(const struct machine *m, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void trace(const struct machine *m, const char *fmt, ...)
{
	va_list ap;

	if (!m->cs->sim.trace)
		return;
	va_start(ap, fmt);
	printf("# %.6f member %u ", (double)m->cs->sim.now / 1e6, m->id);
	vprintf(fmt, ap);
	putchar('\n');
	va_end(ap);
}

/* --- turns -------------------------------------------------------------------------------------------------------- */

static void on_wake(struct timer *t, usec now);

static void rearm(struct machine *m)
{
	struct sim *sim = &m->cs->sim;
	usec due = timers_next(&m->timers);

	if (due == NEVER || !m->up) {
		timer_stop(&sim->timers, &m->wake);
		return;
	}
	due -= m->offset;
	due = due > m->stalled_until ? due : m->stalled_until;
	timer_arm(&sim->timers, &m->wake, due > sim->now ? due : sim->now, on_wake);
}

/* What another member was told of with its state is safe as well. */
static void look_what_is_safe(struct machine *m)
{
	struct cell_sim *cs = m->cs;

	if (cell_state(&m->cell, cell_self(&m->cell)) != MIP_CELL_SYNCED)
		return;
	for (size_t i = 0; i < CELL_HOMES; i++) {
		struct promise *p = &cs->home[i].acked;

		if (!p->made || p->by == m || p->at >= m->changed_at || m->view[p->by->id] != p->pid)
			continue;
		cs->home[i].safe = *p;
		cs->home[i].safe.crashes = cs->crashes;
		p->made = false;
	}
}

void cell_sim_enter(struct machine *m)
{
	m->cs->sim.stats.steps++;
}

void cell_sim_leave(struct machine *m)
{
	if (!m->up)
		return;
	cell_flush(&m->cell, clock_of(m));
	if (m->ha.standby == m->attached)
		sim_violated(&m->cs->sim, SIM_STANDBY, "member %u is %s", m->id,
			m->attached ? "a standby, and attached" : "not attached, and serves");
	if (cell_self(&m->cell))
		look_what_is_safe(m);
	rearm(m);
}

static void on_wake(struct timer *t, usec now)
{
	struct machine *m = timer_owner(t, struct machine, wake);

	(void)now;
	cell_sim_enter(m);
	timers_run(&m->timers, clock_of(m));
	cell_sim_leave(m);
}

void cell_sim_members(struct machine *m, const struct cpg_node *list, size_t n)
{
	m->changed_at = m->cs->sim.now;
	trace(m, "hears of %zu members: %u %u %u", n, m->view[0], m->view[1], m->view[2]);
	cell_on_members(&m->cell, (struct cpg_node){m->id + 1, m->pid}, list, n, clock_of(m));
}

void cell_sim_message(struct machine *m, struct cpg_node from, const uint8_t *data, size_t len)
{
	cell_on_message(&m->cell, from, data, len, clock_of(m));
}

/* --- what the cell does ------------------------------------------------------------------------------------------- */

/* As an older version writes it, or one to come. */
static size_t rewrite(const struct machine *m, const uint8_t *data, size_t len, uint8_t *to)
{
	size_t n = HEAD;

	memcpy(to, data, HEAD);
	if (m->version == V_BEFORE)
		to[5] &= (uint8_t)~CONFIRMS;
	for (size_t at = HEAD, next; at < len; at = next) {
		next = at + RECORD + ((size_t)data[at + 1] << 8 | data[at + 2]);
		if (m->version == V_BEFORE && data[at] == CONFIRM)
			continue;
		memcpy(to + n, data + at, next - at);
		n += next - at;
	}
	if (m->version == V_TO_COME) {
		to[5] |= FLAG_LATE;
		memcpy(to + n, (uint8_t[]){KIND_LATE, 0, 2, 1, 2}, 5);
		n += 5;
	}
	return n;
}

static int on_group_send(void *ctx, const void *data, size_t len)
{
	struct machine *m = machine_of(ctx);
	uint8_t text[CELL_MESSAGE_MAX + 8];

	if (!m->joined)
		return -1;
	group_send(m, text, rewrite(m, data, len, text));
	return 0;
}

static void on_rejoin(void *ctx)
{
	struct machine *m = machine_of(ctx);

	sim_violated(&m->cs->sim, SIM_CONTRACT, "member %u leaves a group that takes everything", m->id);
}

static void on_changed(void *ctx, const struct cell_member *m, bool gone)
{
	struct machine *me = machine_of(ctx);

	trace(me, "node %u %s", m->id.node, gone ? "is gone" : m->together ? "together" : "apart");
}

static void on_refused(void *ctx, const struct cell_member *from, const char *why)
{
	struct machine *m = machine_of(ctx);

	sim_violated(&m->cs->sim, SIM_AGREE, "member %u refuses what node %u sent: %s", m->id, from->id.node, why);
}

/* --- what the home agent does ------------------------------------------------------------------------------------- */

static uint32_t on_random(void *ctx)
{
	return (uint32_t)(sim_random(&machine_of(ctx)->cs->sim) >> 16);
}

static usec on_wall(void *ctx)
{
	return 1700000000 * SEC + machine_of(ctx)->cs->sim.now;
}

static void on_event(void *ctx, const struct event *ev, usec now)
{
	struct machine *m = machine_of(ctx);

	(void)now;
	if (!is_planted(m->cs, BUG_UNTOLD_MOVE) || ev->type != EV_BINDING_MOVED)
		cell_event(&m->cell, ev);
}

static void on_ended(void *ctx, const struct in6_addr *home, uint16_t seq, usec until)
{
	cell_ended(&machine_of(ctx)->cell, home, seq, until);
}

static uint64_t on_replicate(void *ctx)
{
	struct machine *m = machine_of(ctx);

	return is_planted(m->cs, BUG_AT_ONCE) ? 0 : cell_replicate(&m->cell);
}

static unsigned on_protects(void *ctx, const struct in6_addr *home)
{
	(void)home;
	return machine_of(ctx)->cs->is_protected ? 1U << MIP_PROTECT_BINDING : 0;
}

/* Members that confirm what they have. */
static bool has_others(const struct machine *m)
{
	for (size_t i = 0; i < m->cell.members; i++) {
		const struct cell_member *other = &m->cell.member[i];

		if (other->together && other->id.node != m->id + 1 && m->cs->m[other->id.node - 1].version != V_BEFORE)
			return true;
	}
	return false;
}

static void check_speaks(const struct machine *m)
{
	if (!m->has_address)
		sim_violated(&m->cs->sim, SIM_ONE_SPEAKS, "member %u answers, and the address is elsewhere", m->id);
	if (!m->attached)
		sim_violated(&m->cs->sim, SIM_STANDBY, "member %u says something, and is not attached", m->id);
}

static void on_send(void *ctx, const struct via *via, struct mh *msg)
{
	struct machine *m = machine_of(ctx);
	struct sim *sim = &m->cs->sim;
	struct cell_home *h = home_of(m->cs, via->has_rh2 ? &via->rh2 : &via->dst);
	struct promise p = {true, !msg->u.ba.lifetime, msg->u.ba.seq, m, m->pid, sim->now, NEVER, h->leapt, h->crashes};

	if (!m->up)
		return;
	check_speaks(m);
	if (msg->type != MH_BA || msg->u.ba.status != BA_ACCEPTED)
		return;
	if (msg->u.ba.lifetime && msg->u.ba.lifetime != LONG_LIFE)
		p.until = sim->now + msg->u.ba.lifetime * MH_LIFE_UNIT * SEC;
	if (p.ends && !m->cs->is_protected)
		p.until = sim->now + HA_LATE_FOR;
	sim->stats.updates++;
	trace(m, "acknowledges %s number %u lifetime %u", addr_text(&h->home).s, p.seq, msg->u.ba.lifetime);
	h->acked = p;
	if (!has_others(m))
		return;
	h->safe = p;
	h->acked.made = false;
}

static void on_send_icmp(void *ctx, const struct via *via, const uint8_t *data, size_t len)
{
	(void)via, (void)data, (void)len;
	check_speaks(machine_of(ctx));
}

static void on_link(void *ctx, unsigned ifindex, const struct in6_addr *addr)
{
	(void)ifindex, (void)addr;
	if (machine_of(ctx)->up)
		check_speaks(machine_of(ctx));
}

static void on_attach(void *ctx, bool on)
{
	struct machine *m = machine_of(ctx);

	if (on && !m->has_address)
		sim_violated(&m->cs->sim, SIM_STANDBY, "member %u attaches, and the address is elsewhere", m->id);
	m->attached = on;
}

static int on_bind(void *ctx, const struct bc_entry *e, struct why *why)
{
	(void)why;
	machine_of(ctx)->bound[e->home.s6_addr[15] % CELL_HOMES] = true;
	return 0;
}

static void on_unbind(void *ctx, const struct bc_entry *e)
{
	machine_of(ctx)->bound[e->home.s6_addr[15] % CELL_HOMES] = false;
}

static void on_unroute(void *ctx, const struct bc_entry *e, const struct addr_prefix *network)
{
	(void)ctx, (void)e, (void)network;
}

static struct world world_of(struct machine *m)
{
	return (struct world){.ctx = m,
		.timers = &m->timers,
		.random = on_random,
		.wall = on_wall,
		.event = on_event,
		.send = on_send,
		.send_icmp = on_send_icmp,
		.bind = on_bind,
		.unbind = on_unbind,
		.unroute = on_unroute,
		.probe = on_link,
		.claim = on_link,
		.attach = on_attach,
		.replicate = on_replicate,
		.ended = on_ended,
		.protects = on_protects};
}

/* --- whoever moves the address ------------------------------------------------------------------------------------ */

static void tell_address(struct machine *m)
{
	struct in6_addr agent = address(1, 1);

	if (!m->up || (is_planted(m->cs, BUG_UNNOTICED) && !m->has_address))
		return;
	cell_sim_enter(m);
	ha_address(&m->ha, LINK, &agent, 64, !m->has_address);
	if (m->has_address && m->ha.standby)
		ha_take_over(&m->ha, clock_of(m));
	else if (!m->has_address)
		ha_stand_by(&m->ha, clock_of(m));
	cell_news(&m->cell);
	cell_sim_leave(m);
}

static void on_address(struct timer *t, usec now)
{
	(void)now;
	tell_address(timer_owner(t, struct machine, address));
}

/* That it is gone the kernel knows at once: nothing leaves from it. That it came is told a little later. */
static void put_address(struct machine *m, bool has)
{
	struct sim *sim = &m->cs->sim;

	if (m->has_address == has)
		return;
	trace(m, has ? "has the address" : "loses the address");
	m->has_address = has;
	timer_stop(&sim->timers, &m->address);
	if (has)
		timer_arm(&sim->timers, &m->address, sim->now + sim_around(sim, 50 * MSEC), on_address);
	else
		tell_address(m);
}

/* One of each side: who has it keeps it. */
static void move_address(struct cell_sim *cs)
{
	for (int side = 0; side < MACHINES; side++) {
		struct machine *who = NULL;

		for (unsigned i = 0; i < MACHINES; i++) {
			struct machine *m = &cs->m[i];

			if (m->side == side && m->up && (!who || (m->has_address && !who->has_address)))
				who = m;
		}
		for (unsigned i = 0; i < MACHINES; i++)
			if (cs->m[i].side == side && &cs->m[i] != who)
				put_address(&cs->m[i], false);
		if (who)
			put_address(who, true);
	}
}

/* --- lives -------------------------------------------------------------------------------------------------------- */

static void restore(struct machine *m)
{
	for (size_t i = 0; i < m->kept.n; i++)
		(void)!ha_restore(&m->ha, &m->kept.e[i], clock_of(m));
}

static void boot(struct machine *m)
{
	struct ha_conf conf = {.links = 1, .link = {{.ifindex = LINK}}, .max_lifetime = 200000, .max_bindings = 100};
	struct cell_ops ops = {m, on_group_send, on_rejoin, on_changed, on_refused};
	struct in6_addr own = address(1, (uint8_t)(10 + m->id)), agent = address(1, 1);

	conf.insecure = true;
	conf.address = agent;
	m->up = true;
	m->pid++;
	trace(m, "starts, %zu in its store", m->kept.n);
	m->timers = (struct timers){0};
	ha_init(&m->ha, &m->w, sim_random(&m->cs->sim));
	ha_start(&m->ha, &conf);
	ha_address(&m->ha, LINK, &own, 64, false);
	cell_open(&m->cell, &m->ha, &ops);
	if (m->has_address)
		ha_address(&m->ha, LINK, &agent, 64, false);
	m->attached = true;
	if (!m->has_address)
		ha_stand_by(&m->ha, clock_of(m));
	restore(m);
	if (is_planted(m->cs, BUG_EAGER) && !m->has_address)
		ha_take_over(&m->ha, clock_of(m));
	group_join(m);
	rearm(m);
}

static void on_boot(struct timer *t, usec now)
{
	struct machine *m = timer_owner(t, struct machine, boot);

	(void)now;
	if (m->up)
		return;
	boot(m);
	move_address(m->cs);
}

/* Nothing it does from now on is seen. */
static void wipe(struct machine *m)
{
	m->kept.n = 0;
	for (size_t i = 0; i < bc_count(&m->ha.bc); i++)
		if (keep_is_kept(bc_at(&m->ha.bc, i)))
			m->kept.e[m->kept.n++] = *bc_at(&m->ha.bc, i);
	m->up = false;
	m->joined = false;
	cell_close(&m->cell);
	ha_stop(&m->ha, clock_of(m));
	timer_stop(&m->cs->sim.timers, &m->wake);
	timer_stop(&m->cs->sim.timers, &m->address);
	for (size_t i = 0; i < CELL_HOMES; i++)
		if (m->bound[i])
			sim_violated(&m->cs->sim, SIM_LEAK, "member %u stopped, and left a binding", m->id);
	if (m->timers.root)
		sim_violated(&m->cs->sim, SIM_LEAK, "member %u stopped, and a timer is armed", m->id);
}

/* The process, or its machine; it comes back, with its store or without. */
static void crash(struct machine *m)
{
	struct sim *sim = &m->cs->sim;
	bool machine = sim_below(sim, 2);

	if (!m->up)
		return;
	m->cs->crashes++;
	trace(m, machine ? "crashes" : "is killed");
	sim->stats.crashes++;
	if (!machine)
		group_leave(m);
	wipe(m);
	if (machine)
		group_regroup(m->cs, m);
	if (sim_below(sim, 2))
		m->kept.n = 0;
	move_address(m->cs);
	timer_arm(&sim->timers, &m->boot, sim->now + sim_around(sim, 20 * SEC), on_boot);
}

/* corosync dies; the agent goes on, and finds the next one. */
static void lose_corosync(struct machine *m)
{
	if (!m->up || !m->joined)
		return;
	m->cs->crashes++;
	trace(m, "loses its corosync");
	group_regroup(m->cs, m);
	cell_sim_enter(m);
	cell_lost(&m->cell);
	cell_sim_leave(m);
	group_join(m);
}

/* --- mobile nodes ------------------------------------------------------------------------------------------------- */

static void some_update(struct cell_sim *cs)
{
	struct machine *m = &cs->m[sim_below(&cs->sim, MACHINES)];
	struct cell_home *h = &cs->home[sim_below(&cs->sim, CELL_HOMES)];
	struct via via = {.src = address(10, (uint8_t)(1 + sim_below(&cs->sim, 3))), .dst = address(1, 1)};
	struct mh bu = {.type = MH_BU, .u.bu = {.flags = BU_F_ACK | BU_F_HOME, .lifetime = LONG_LIFE}};
	unsigned what = sim_below(&cs->sim, 8);

	if (!m->up || m->ha.standby || cs->sim.now < m->stalled_until)
		return;
	via.has_hao = true;
	via.hao = h->home;
	via.esp = cs->is_protected;
	bu.u.bu.seq = ++h->seq;
	h->crashes = cs->crashes;
	h->leapt = cs->leapt;
	if (what < 2)
		bu.u.bu.lifetime = what ? (uint16_t)(30 + sim_below(&cs->sim, 200)) : 0;
	if (what < 2) {
		h->ended = true;
		h->last_end = h->seq;
	}
	trace(m, "hears %s number %u lifetime %u", addr_text(&h->home).s, h->seq, bu.u.bu.lifetime);
	cell_sim_enter(m);
	ha_on_bu(&m->ha, &via, &bu, false, clock_of(m));
	cell_sim_leave(m);
}

/* --- disasters ---------------------------------------------------------------------------------------------------- */

static void divide(struct cell_sim *cs)
{
	for (unsigned i = 0; i < MACHINES; i++)
		cs->m[i].side = (int)sim_below(&cs->sim, 2);
	cs->sim.stats.moves++;
	trace(&cs->m[0], "sides %d %d %d", cs->m[0].side, cs->m[1].side, cs->m[2].side);
	group_regroup(cs, NULL);
	move_address(cs);
}

static void leap(struct machine *m)
{
	usec by;

	if (!m->up)
		return;
	by = sim_around(&m->cs->sim, LEAP / 2 * SEC);
	m->offset += by;
	m->cs->leapt += by;
	trace(m, "leaps");
	rearm(m);
}

/* Busy with something else, as a machine with many bindings may be. */
static void stall(struct machine *m)
{
	m->stalled_until = m->cs->sim.now + sim_around(&m->cs->sim, 400 * MSEC);
	if (m->up)
		rearm(m);
}

static void something(struct cell_sim *cs)
{
	struct machine *m = &cs->m[sim_below(&cs->sim, MACHINES)];

	cs->sim.loss = sim_below(&cs->sim, 2) ? 0 : sim_below(&cs->sim, 500);
	cs->sim.delay = sim_below(&cs->sim, 2) ? MSEC : 30 * MSEC;
	switch (sim_below(&cs->sim, 8)) {
	case 0:
	case 1: divide(cs); break;
	case 2:
	case 3: crash(m); break;
	case 4: lose_corosync(m); break;
	case 5: leap(m); break;
	case 6: stall(m); break;
	default: /* handed over */
		if (m->up && !m->has_address) {
			for (unsigned i = 0; i < MACHINES; i++)
				if (cs->m[i].side == m->side)
					put_address(&cs->m[i], false);
			put_address(m, true);
		}
	}
}

/* --- what must hold ----------------------------------------------------------------------------------------------- */

static void check_kept(const struct cell_sim *cs, const struct cell_home *h)
{
	const struct bc_entry *e = bc_find(&cs->m[0].ha.bc, &h->home, NULL);
	const struct promise *p = &h->safe;

	if (!p->made || cs->crashes - p->crashes > 1 || p->until - cs->sim.now <= cs->leapt - p->leapt)
		return;
	if (e ? !seq_is_old(p->seq, e->seq) || (p->ends && e->seq == p->seq)
	      : !p->ends && !(h->ended && !seq_is_old(h->last_end, p->seq)))
		sim_violated(&cs->sim, SIM_SURVIVES,
			"%s of %s, number %u, was acknowledged by member %u at %.6f s, and is lost (now %d)",
			p->ends ? "the end" : "a registration", addr_text(&h->home).s, p->seq, p->by->id,
			(double)p->at / 1e6, e ? e->seq : -1);
}

static void check_same(const struct cell_sim *cs, const struct in6_addr *home)
{
	const struct bc_entry *a = bc_find(&cs->m[0].ha.bc, home, NULL);

	for (unsigned i = 0; i < MACHINES; i++) {
		const struct machine *m = &cs->m[i];
		const struct bc_entry *b = bc_find(&m->ha.bc, home, NULL);

		if (!a != !b || (a && (a->seq != b->seq || !addr_eq(&a->coa, &b->coa) || a->lifetime != b->lifetime)))
			sim_violated(&cs->sim, SIM_AGREE, "members 0 and %u differ about %s (numbers %d and %d)", i,
				addr_text(home).s, a ? a->seq : -1, b ? b->seq : -1);
		if (m->bound[home->s6_addr[15] % CELL_HOMES] != !!b ||
			(b && b->state != (m->has_address ? MIP_BINDING_ACTIVE : MIP_BINDING_STANDBY)))
			sim_violated(
				&cs->sim, SIM_AGREE, "member %u does not hold %s as it should", i, addr_text(home).s);
	}
}

/* All machines are well, nothing gets lost, everybody hears everybody. */
static void heal(struct cell_sim *cs)
{
	cs->sim.loss = 0;
	cs->sim.delay = MSEC;
	for (unsigned i = 0; i < MACHINES; i++) {
		struct machine *m = &cs->m[i];

		m->side = 0;
		timer_stop(&cs->sim.timers, &m->boot);
		if (!m->up)
			boot(m);
	}
	group_regroup(cs, NULL);
	move_address(cs);
	sim_until(&cs->sim, cs->sim.now + SETTLED);
	for (unsigned i = 0; i < MACHINES; i++) {
		const struct cell_member *self = cell_self(&cs->m[i].cell);

		if (!self || cs->m[i].cell.members != MACHINES || cell_state(&cs->m[i].cell, self) != MIP_CELL_SYNCED)
			sim_violated(&cs->sim, SIM_AGREE, "member %u is not one of %d that have the same", i, MACHINES);
		if (cs->m[i].ha.answers)
			sim_violated(&cs->sim, SIM_AGREE, "member %u holds answers back", i);
	}
	for (size_t i = 0; i < CELL_HOMES; i++) {
		check_same(cs, &cs->home[i].home);
		check_kept(cs, &cs->home[i]);
	}
}

static void open_all(struct cell_sim *cs)
{
	cs->sim.now = 1000 * SEC;
	cs->sim.delay = MSEC;
	cs->is_protected = sim_below(&cs->sim, 2);
	for (uint8_t i = 0; i < CELL_HOMES; i++)
		cs->home[i] = (struct cell_home){
			.home = address(1, (uint8_t)(CELL_HOMES * 4 + i)), .seq = (uint16_t)sim_random(&cs->sim)};
	for (unsigned i = 0; i < MACHINES; i++) {
		struct machine *m = &cs->m[i];

		m->cs = cs;
		m->id = i;
		m->end = &m->first;
		m->offset = sim_around(&cs->sim, 100000 * SEC);
		m->w = world_of(m);
	}
	if (sim_below(&cs->sim, 3) == 0)
		cs->m[sim_below(&cs->sim, MACHINES)].version = sim_below(&cs->sim, 2) ? V_BEFORE : V_TO_COME;
	group_regroup(cs, NULL);
}

static void close_all(struct cell_sim *cs)
{
	for (unsigned i = 0; i < MACHINES; i++) {
		wipe(&cs->m[i]);
		timer_stop(&cs->sim.timers, &cs->m[i].boot);
		timer_stop(&cs->sim.timers, &cs->m[i].dispatch);
	}
	sim_until(&cs->sim, cs->sim.now + 60 * SEC); /* packets under way */
	group_close(cs);
	if (cs->sim.flying || cs->sim.timers.root)
		sim_violated(&cs->sim, SIM_LEAK, "%zu packets of a cell under way for ever", cs->sim.flying);
}

void cell_sim_run(struct cell_sim *cs)
{
	size_t before = sim_allocated();

	open_all(cs);
	heal(cs);
	for (unsigned round = 0; round < ROUNDS; round++) {
		unsigned rare = 1 + sim_below(&cs->sim, 20); /* often only one thing happens between two heals */

		for (unsigned step = 0; step < STEPS; step++) {
			if (sim_below(&cs->sim, rare) == 0)
				something(cs);
			some_update(cs);
			sim_until(
				&cs->sim, cs->sim.now + sim_around(&cs->sim, sim_below(&cs->sim, 2) ? SEC : 20 * MSEC));
		}
		heal(cs);
	}
	close_all(cs);
	if (sim_allocated() > before)
		sim_violated(&cs->sim, SIM_LEAK, "%zu bytes of memory are left of a cell", sim_allocated() - before);
}
