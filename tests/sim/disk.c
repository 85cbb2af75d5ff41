/*
 * sim.h: the store of a home agent's machine. Every change of a binding is written at once, unless the disk is full:
 * then the store is given up, and written anew with the first change after there is room again (agent/keep.c). What is
 * believed at a start is what the store says: store_left and ha_restore, held to what the home agent believed when it
 * died.
 */
#include <stdlib.h>

#include "base/addr.h"
#include "tests/sim/model.h"

#define DAY (86400 * SEC)

static struct sim_row *row_of(const struct sim_node *n, const struct in6_addr *home)
{
	return (struct sim_row *)(void *)map_find(&n->disk, home);
}

static void put_row(struct sim_node *n, const struct bc_entry *e)
{
	struct sim_row *row = row_of(n, &e->home);
	usec booted = n->sim->now + n->calendar - sim_clock(n);

	if (!row) {
		row = calloc(1, sizeof(*row));
		if (!row)
			abort();
		row->home = e->home;
		if (map_add(&n->disk, &row->node))
			abort();
	}
	row->b = (struct store_binding){.home = e->home,
		.local = e->local,
		.coa = e->coa,
		.from = e->from,
		.made = e->made + booted,
		.expires = e->expires + booted,
		.seq = e->seq,
		.flags = e->flags,
		.lifetime = e->lifetime,
		.booted = booted,
		.boot = n->machine,
		.networks = e->networks};
	if (e->networks)
		memcpy(row->b.network, e->network, e->networks * sizeof(row->b.network[0]));
}

static void drop_row(struct sim_node *n, struct sim_row *row)
{
	if (!row)
		return;
	map_del(&n->disk, &row->node);
	free(row);
}

static void put_all(struct sim_node *n)
{
	for (size_t i = 0; i < bc_count(&n->ha->bc); i++)
		if (bc_at(&n->ha->bc, i)->state == MIP_BINDING_ACTIVE)
			put_row(n, bc_at(&n->ha->bc, i));
	n->disk_behind = false;
}

void sim_write(struct sim_node *n, const struct event *ev)
{
	const struct bc_entry *e = ev->binding;

	if (!n->ha || n->stopping || !e || e->state != MIP_BINDING_ACTIVE)
		return;
	if (n->disk_full) {
		sim_map_clear(&n->disk);
		n->disk_behind = true;
		return;
	}
	if (n->disk_behind)
		put_all(n);
	if (ev->type == EV_BINDING_EXPIRED || ev->type == EV_BINDING_REMOVED)
		drop_row(n, row_of(n, &e->home));
	else if (ev->type == EV_BINDING_ADDED || ev->type == EV_BINDING_MOVED || ev->type == EV_BINDING_REFRESHED)
		put_row(n, e);
}

/* The process is gone, or the machine with it: then its clock begins anew. Somebody sets the calendar, a day off. */
void sim_die(struct sim_node *n)
{
	n->whole = !n->disk_behind && !n->disk_full;
	for (size_t i = 0; i < n->beliefs.n; i++) {
		struct sim_belief *b = (struct sim_belief *)(void *)n->beliefs.item[i];

		b->was_bound = b->bound;
		b->bound = b->numbered = b->present = false;
		b->heards = 0;
	}
	if (sim_below(n->sim, 3) == 0)
		n->calendar += sim_below(n->sim, 2) ? DAY : -DAY;
	if (sim_below(n->sim, 3) == 0) {
		usec before = n->offset;

		n->machine++;
		n->whole = false; /* its calendar may be wrong */
		n->offset = sim_around(n->sim, 100 * SEC) - n->sim->now;
		for (size_t i = 0; i < n->beliefs.n; i++)
			((struct sim_belief *)(void *)n->beliefs.item[i])->expires += n->offset - before;
	}
}

/* That of the last update that counted, or of one after it that was refused and used up. */
static bool is_its_number(const struct sim_belief *b, uint16_t seq)
{
	uint16_t most = b->has_spent ? (uint16_t)(b->spent - b->seq) : 0;

	return (uint16_t)(seq - b->seq) <= most;
}

static void restore(struct sim_node *n, struct sim_row *row, usec left)
{
	struct in6_addr home = row->home;
	struct sim_belief *b = sim_belief(n, &home, &n->addr, true);
	struct bc_entry kept = {.home = home, .local = row->b.local, .coa = row->b.coa, .from = row->b.from};

	kept.made = sim_clock(n);
	kept.expires = sim_clock(n) + left;
	kept.seq = row->b.seq;
	kept.flags = row->b.flags;
	kept.lifetime = row->b.lifetime;
	kept.networks = (uint8_t)row->b.networks;
	kept.network = row->b.network;
	if (!left || ha_restore(n->ha, &kept, sim_clock(n))) {
		drop_row(n, row);
		return;
	}
	if (!b->was_bound || !addr_eq(&b->coa, &kept.coa) || !is_its_number(b, kept.seq) || kept.expires > b->expires ||
		sim_nets(sim_owner(n->sim, &home), kept.network, kept.networks) != b->nets)
		sim_violated(n->sim, SIM_REVIVED, "node %u serves %s by a binding that had ended, or longer", n->id,
			addr_text(&home).s);
	b->bound = b->numbered = true;
	b->has_spent = false;
	b->seq = kept.seq;
	if (!n->whole)
		b->expires = kept.expires; /* by a calendar that was set */
	sim_touch(n, &home);
	put_row(n, bc_find(&n->ha->bc, &home, NULL));
}

void sim_revive(struct sim_node *n)
{
	for (size_t i = n->disk.n; i-- > 0;) {
		struct sim_row *row = (struct sim_row *)(void *)n->disk.item[i];
		struct store_clock c = {n->machine, sim_clock(n), n->sim->now + n->calendar};

		restore(n, row, store_left(&row->b, &c));
	}
	for (size_t i = 0; n->whole && i < n->beliefs.n; i++) {
		const struct sim_belief *b = (const struct sim_belief *)(const void *)n->beliefs.item[i];

		if (b->was_bound && !b->bound && b->expires > sim_clock(n) && !n->bind_err &&
			sim_grants(sim_owner(n->sim, &b->key[0]), b->nets))
			sim_violated(n->sim, SIM_REVIVED, "node %u has forgotten the binding of %s", n->id,
				addr_text(&b->key[0]).s);
	}
}
