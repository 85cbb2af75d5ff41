/*
 * cell.h: the closed process group as corosync's (Totem, agreed delivery, extended virtual synchrony): messages of
 * those who hear each other, a ring, have one order. Each machine delivers what it has without a gap; a sender has its
 * own at once, the others later, lost packets much later. When the ring breaks, those who stay together bring each
 * other to the same point; what none of them has, from one who is gone, is lost. Then they hear who is in the group
 * now.
 */
#include <stdlib.h>

#include "tests/sim/cell.h"

#define RING_MAX 4096 /* messages of one ring */

enum what { MESSAGE, JOIN, LEAVE };

struct packet {
	enum what what;
	unsigned sender; /* machine */
	uint32_t pid;
	uint8_t *data;
	size_t len;
	bool got[MACHINES];
};

struct ring {
	struct ring *next;
	size_t n;
	struct packet p[RING_MAX];
};

/* A packet under way. */
struct arrival {
	struct timer timer;
	struct machine *to;
	struct ring *ring;
	size_t i;
};

/* What corosync has for the process: a message, or who is in the group. */
struct item {
	struct item *next;
	struct cpg_node from, list[MACHINES];
	size_t n, len; /* n: members; 0: a message */
	uint8_t data[];
};

static uint8_t *copy(const uint8_t *data, size_t len)
{
	uint8_t *p = malloc(len + 1);

	if (!p)
		abort();
	if (len)
		memcpy(p, data, len);
	return p;
}

/* --- to the process ----------------------------------------------------------------------------------------------- */

static void on_dispatch(struct timer *t, usec now)
{
	struct machine *m = timer_owner(t, struct machine, dispatch);

	(void)now;
	cell_sim_enter(m);
	while (m->first) {
		struct item *it = m->first;

		m->first = it->next;
		if (!m->first)
			m->end = &m->first;
		if (it->n)
			cell_sim_members(m, it->list, it->n);
		else
			cell_sim_message(m, it->from, it->data, it->len);
		free(it);
	}
	cell_sim_leave(m);
}

static struct item *push(struct machine *m, size_t len)
{
	struct sim *sim = &m->cs->sim;
	struct item *it = calloc(1, sizeof(*it) + len);
	usec at = sim->now + sim_around(sim, 2 * MSEC);

	if (!it)
		abort();
	*m->end = it;
	m->end = &it->next;
	if (!timer_armed(&m->dispatch))
		timer_arm(&sim->timers, &m->dispatch, at > m->stalled_until ? at : m->stalled_until, on_dispatch);
	return it;
}

static void push_members(struct machine *m)
{
	struct item *it = push(m, 0);

	for (unsigned i = 0; i < MACHINES; i++)
		if (m->view[i])
			it->list[it->n++] = (struct cpg_node){i + 1, m->view[i]};
}

static void forget_items(struct machine *m)
{
	while (m->first) {
		struct item *it = m->first;

		m->first = it->next;
		free(it);
	}
	m->end = &m->first;
	timer_stop(&m->cs->sim.timers, &m->dispatch);
}

/* --- one order ---------------------------------------------------------------------------------------------------- */

static void deliver(struct machine *m, const struct packet *p)
{
	bool in = m->view[m->id];
	struct item *it;

	if (p->what == JOIN)
		m->view[p->sender] = p->pid;
	else if (p->what == LEAVE && m->view[p->sender] == p->pid)
		m->view[p->sender] = 0;
	in = in || m->view[m->id];
	if (!m->up || !in || m->view[m->id] != m->pid)
		return;
	if (p->what != MESSAGE) {
		push_members(m);
		return;
	}
	it = push(m, p->len);
	it->from = (struct cpg_node){p->sender + 1, p->pid};
	it->len = p->len;
	memcpy(it->data, p->data, p->len);
}

static void deliver_all(struct machine *m)
{
	while (m->next < m->ring->n && m->ring->p[m->next].got[m->id])
		deliver(m, &m->ring->p[m->next++]);
}

static void on_arrival(struct timer *t, usec now)
{
	struct arrival *a = timer_owner(t, struct arrival, timer);

	(void)now;
	a->ring->p[a->i].got[a->to->id] = true;
	if (a->to->ring == a->ring)
		deliver_all(a->to);
	a->to->cs->sim.flying--;
	free(a);
}

/* A packet that got lost is asked for again. */
static void carry(struct machine *to, struct ring *ring, size_t i)
{
	struct sim *sim = &to->cs->sim;
	struct arrival *a = calloc(1, sizeof(*a));
	usec late = sim_around(sim, sim->delay);

	if (!a)
		abort();
	*a = (struct arrival){.to = to, .ring = ring, .i = i};
	while (sim_below(sim, 1000) < sim->loss)
		late += sim_around(sim, 100 * MSEC);
	sim->flying++;
	timer_arm(&sim->timers, &a->timer, sim->now + late, on_arrival);
}

static void put(struct machine *m, enum what what, const uint8_t *data, size_t len)
{
	struct ring *r = m->ring;
	struct packet *p = &r->p[r->n];

	if (r->n == RING_MAX)
		abort();
	*p = (struct packet){what, m->id, m->pid, copy(data, len), len, {false}};
	p->got[m->id] = true;
	r->n++;
	m->cs->sim.stats.messages++;
	for (unsigned i = 0; i < MACHINES; i++)
		if (i != m->id && m->cs->m[i].ring == r)
			carry(&m->cs->m[i], r, r->n - 1);
	deliver_all(m);
}

void group_send(struct machine *m, const uint8_t *data, size_t len)
{
	put(m, MESSAGE, data, len);
}

void group_join(struct machine *m)
{
	m->joined = true;
	put(m, JOIN, NULL, 0);
}

void group_leave(struct machine *m)
{
	m->joined = false;
	forget_items(m);
	put(m, LEAVE, NULL, 0);
}

/* --- who hears whom ----------------------------------------------------------------------------------------------- */

static bool stays(const struct machine *m, const struct machine *with, const struct machine *gone)
{
	return m != gone && m->ring == with->ring && m->side == with->side;
}

/* Those who were and are together deliver the same. */
static void recover(struct machine *with, const struct machine *gone)
{
	struct machine *all = with->cs->m;
	struct ring *r = with->ring;
	bool hole = false;

	for (size_t k = 0; k < r->n; k++) {
		struct packet *p = &r->p[k];
		bool any = false;

		for (unsigned i = 0; i < MACHINES; i++)
			any |= stays(&all[i], with, gone) && p->got[i];
		hole |= !any;
		for (unsigned i = 0; i < MACHINES; i++) {
			if (!stays(&all[i], with, gone) || all[i].next > k)
				continue;
			if (any && (!hole || stays(&all[p->sender], with, gone)))
				deliver(&all[i], p);
			all[i].next = k + 1;
		}
	}
}

static struct ring *new_ring(struct cell_sim *cs)
{
	struct ring *r = calloc(1, sizeof(*r));

	if (!r)
		abort();
	r->next = cs->rings;
	return cs->rings = r;
}

/* The processes of the machines of its side, as each of these knows of its own. */
static void look(struct machine *m, const uint32_t *own)
{
	bool differs = false;

	for (unsigned i = 0; i < MACHINES; i++) {
		uint32_t pid = m->cs->m[i].side == m->side ? own[i] : 0;

		differs |= m->view[i] != pid;
		m->view[i] = pid;
	}
	if (differs && m->up && m->view[m->id] == m->pid)
		push_members(m);
}

void group_regroup(struct cell_sim *cs, const struct machine *gone)
{
	uint32_t own[MACHINES];
	struct ring *of[MACHINES];

	for (unsigned i = 0; i < MACHINES; i++)
		if (cs->m[i].ring && &cs->m[i] != gone)
			recover(&cs->m[i], gone);
	for (unsigned i = 0; i < MACHINES; i++) {
		own[i] = &cs->m[i] == gone ? 0 : cs->m[i].view[i];
		of[i] = NULL;
		for (unsigned k = 0; k < i; k++)
			of[i] = cs->m[k].side == cs->m[i].side ? of[k] : of[i];
		of[i] = of[i] ? of[i] : new_ring(cs);
	}
	for (unsigned i = 0; i < MACHINES; i++) {
		cs->m[i].ring = of[i];
		cs->m[i].next = 0;
		if (&cs->m[i] == gone) {
			forget_items(&cs->m[i]);
			memset(cs->m[i].view, 0, sizeof(cs->m[i].view));
			cs->m[i].joined = false;
		}
	}
	for (unsigned i = 0; i < MACHINES; i++)
		look(&cs->m[i], own);
}

void group_close(struct cell_sim *cs)
{
	for (unsigned i = 0; i < MACHINES; i++)
		forget_items(&cs->m[i]);
	while (cs->rings) {
		struct ring *r = cs->rings;

		cs->rings = r->next;
		for (size_t i = 0; i < r->n; i++)
			free(r->p[i].data);
		free(r);
	}
}
