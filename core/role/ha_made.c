/*
 * Home agent: bindings no Binding Update made: those an earlier agent kept, and those
 * made by hand.
 */
#include <errno.h>
#include <string.h>

#include "base/addr.h"
#include "role/event.h"
#include "role/ha_impl.h"

/* --- of before ---------------------------------------------------------------------------------------------------- */

/* What it says of the mobile node. False: no memory for its networks; it is as it was. */
static bool take_kept(struct ha *ha, struct bc_entry *e, const struct bc_entry *kept)
{
	if (!ha_hold_networks(ha, e, kept->network, kept->networks))
		return false;
	e->local = kept->local;
	e->coa = kept->coa;
	e->udp = kept->udp;
	e->from = kept->from;
	e->made = kept->made;
	e->expires = kept->expires;
	e->seq = kept->seq;
	e->flags = kept->flags;
	e->lifetime = kept->lifetime;
	e->implicit = kept->implicit;
	return true;
}

static struct bc_entry *copy_kept(struct ha *ha, const struct bc_entry *kept)
{
	struct bc_entry *e = bc_add(&ha->bc, &kept->home, &kept->local);

	if (!e)
		return NULL;
	e->ifindex = ha_wire_of(ha, &e->home);
	if (take_kept(ha, e, kept))
		return e;
	bc_del(&ha->bc, e);
	return NULL;
}

/* May it still have its mobile networks? `e`: the binding of its home address, or NULL. */
static bool may_route(const struct ha *ha, const struct bc_entry *kept, const struct bc_entry *e)
{
	struct ha_request rq = {
		.home = kept->home, .coa = kept->coa, .flags = kept->flags, .networks = bc_networks(kept)};

	const struct addr_prefix *ipv4 = bc_ipv4_home(kept);

	if (kept->networks)
		memcpy(rq.network, kept->network, kept->networks * sizeof(rq.network[0]));
	if (ipv4) {
		rq.ipv4_asked = true;
		rq.ipv4_home = *ipv4;
	}
	return !ha_judge_networks(ha, &rq, e) && rq.ipv4_status == IPV4_ACCEPTED;
}

static bool may_be_at(const struct ha *ha, const struct bc_entry *kept)
{
	if (kept->udp.port)
		return addr_is_place(&kept->coa) && addr_eq(&kept->udp.local, &ha->conf.ipv4);
	return !ha_judge_coa(ha, &kept->home, &kept->coa);
}

/* The address of a home agent of a cell is another member's while that serves. */
static bool is_local(const struct ha *ha, const struct in6_addr *local)
{
	return ha->standby ? addr_eq(local, &ha->conf.address) : ha_serves(ha, local);
}

static bool may_be(const struct ha *ha, const struct bc_entry *kept, const struct bc_entry *e)
{
	return ha_addr_for(ha, &kept->home) && ha_is_unicast(ha, &kept->home) && !ha_is_ours(ha, &kept->home) &&
	       is_local(ha, &kept->local) && may_be_at(ha, kept) && may_route(ha, kept, e);
}

int ha_adopt(struct ha *ha, const struct bc_entry *kept, struct bc_entry **to)
{
	struct bc_entry *e;
	int err;

	if (!may_be(ha, kept, NULL))
		return -EADDRNOTAVAIL;
	e = copy_kept(ha, kept);
	if (!e)
		return -ENOSPC;
	err = ha->w->bind(ha->w->ctx, e, NULL);
	if (err) {
		(void)!ha_hold_networks(ha, e, NULL, 0);
		bc_del(&ha->bc, e);
		return err;
	}
	e->state = ha->standby ? MIP_BINDING_STANDBY : MIP_BINDING_ACTIVE;
	ha_count(ha, e, 1);
	ha_rearm(ha, e);
	*to = e;
	return 0;
}

int ha_succeed(struct ha *ha, struct bc_entry *e, const struct bc_entry *kept)
{
	struct addr_prefix before[MH_NETWORKS];
	size_t n = e->networks;
	int err;

	if (n)
		memcpy(before, e->network, n * sizeof(before[0]));
	if (!may_be(ha, kept, e))
		return -EADDRNOTAVAIL;
	if (!take_kept(ha, e, kept))
		return -ENOSPC;
	err = ha->w->bind(ha->w->ctx, e, NULL);
	ha_unroute(ha, e, before, n);
	if (err)
		return err;
	e->state = ha->standby ? MIP_BINDING_STANDBY : MIP_BINDING_ACTIVE;
	e->doubt = HA_SURE;
	ha_rearm(ha, e);
	return 0;
}

int ha_restore(struct ha *ha, const struct bc_entry *kept, usec now)
{
	struct bc_entry *e = bc_find(&ha->bc, &kept->home, NULL);
	int err = e ? -EEXIST : kept->expires <= now ? -EADDRNOTAVAIL : ha_adopt(ha, kept, &e);

	if (err)
		return err;
	if (e->ifindex && !ha->standby)
		ha_doubt(ha, e, now + (usec)bc_count(&ha->bc) * HA_RESTORE_EVERY);
	return 0;
}

/* --- by hand ----------------------------------------------------------------------------------------------------- */

int ha_add(struct ha *ha, const struct in6_addr *home, const struct in6_addr *coa, const struct in6_addr *local,
	uint32_t lifetime, usec now, struct why *why)
{
	uint32_t units = lifetime / MH_LIFE_UNIT;
	struct bc_entry *e;
	int err;

	if (!ha_is_unicast(ha, home) || ha_is_ours(ha, home))
		return why_set(why, EINVAL, "%s cannot be a home address", addr_text(home).s);
	if (ha_judge_coa(ha, home, coa))
		return why_set(why, EINVAL, "%s cannot be the care-of address", addr_text(coa).s);
	if (bc_find(&ha->bc, home, NULL))
		return why_set(why, EEXIST, "%s has a binding already", addr_text(home).s);
	e = bc_add(&ha->bc, home, local);
	if (!e)
		return why_set(why, ENOSPC, "the binding cache is full (%zu entries)", bc_count(&ha->bc));
	e->ifindex = ha_wire_of(ha, home);
	e->coa = *coa;
	e->made = now;
	e->fixed = true;
	e->expires = lifetime ? now + lifetime * SEC : NEVER;
	e->lifetime = units < MH_LIFE_INF ? (uint16_t)units : MH_LIFE_INF;
	err = ha_activate(ha, e, now, why);
	if (err)
		bc_del(&ha->bc, e);
	else
		ha->made++;
	return err;
}

int ha_del(struct ha *ha, const struct in6_addr *home, usec now, struct why *why)
{
	struct bc_entry *e = bc_find(&ha->bc, home, NULL);

	if (!e)
		return why_set(why, ENOENT, "no binding of %s", addr_text(home).s);
	ha_forget(ha, e, "by hand", now);
	return 0;
}
