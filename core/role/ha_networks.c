/*
 * Home agent: mobile networks (RFC 3963 6). Which prefixes a mobile router may have routed to it, in the RFC's order of
 * answers, and which of them a binding holds.
 */
#include <stdlib.h>

#include "base/addr.h"
#include "role/ha_impl.h"

bool ha_serves_routers(const struct ha *ha)
{
	for (size_t i = 0; i < ha->conf.rules; i++)
		if (ha->conf.rule[i].networks)
			return true;
	return false;
}

/* --- may it? ------------------------------------------------------------------------------------------------------ */

/* A prefix of unicast addresses, none of which is ours; the default route is none. */
static bool is_valid(const struct ha *ha, const struct addr_prefix *p)
{
	if (!p->plen || p->plen > 128 || !addr_routable(&p->addr))
		return false;
	for (size_t i = 0; i < ha->addrs; i++)
		if (addr_in(&p->addr, &ha->addr[i].addr, p->plen))
			return false;
	return true;
}

static bool is_doubled(const struct ha_request *rq, size_t n)
{
	const struct addr_prefix *p = &rq->network[n];

	for (size_t i = 0; i < n; i++) {
		const struct addr_prefix *q = &rq->network[i];

		if (addr_in(&p->addr, &q->addr, p->plen < q->plen ? p->plen : q->plen))
			return true;
	}
	return false;
}

static bool is_granted(const struct ha_rule *r, const struct addr_prefix *p)
{
	for (size_t i = 0; i < r->networks; i++)
		if (p->plen >= r->network[i].plen && addr_in(&r->network[i].addr, &p->addr, r->network[i].plen))
			return true;
	return false;
}

/* 6.2: invalid ones first, then those that are not this router's to have. */
static int judge_each(
	const struct ha *ha, const struct ha_request *rq, const struct ha_rule *r, const struct bc_entry *e)
{
	size_t most = r->max_networks ? r->max_networks : HA_NETWORKS;

	for (size_t i = 0; i < rq->networks && i < MH_NETWORKS; i++)
		if (!is_valid(ha, &rq->network[i]) || is_doubled(rq, i))
			return BA_INVALID_PREFIX;
	if (rq->networks > most)
		return BA_NOT_AUTHORIZED;
	for (size_t i = 0; i < rq->networks; i++)
		if (!is_granted(r, &rq->network[i]) || networks_meeting(&ha->networks, &rq->network[i], e))
			return BA_NOT_AUTHORIZED;
	return 0;
}

/* Implicit mode: what is configured for this home address, and for no other. */
static int judge_implicit(const struct ha *ha, struct ha_request *rq, const struct ha_rule *r, const struct bc_entry *e)
{
	if (r->plen != 128)
		return BA_NO_FORWARDING;
	memcpy(rq->network, r->network, sizeof(rq->network));
	rq->networks = r->networks;
	for (size_t i = 0; i < rq->networks; i++)
		if (!is_valid(ha, &rq->network[i]) || networks_meeting(&ha->networks, &rq->network[i], e))
			return BA_NO_FORWARDING;
	return 0;
}

/* The care-of address must not be inside what is tunnelled to it, by way of other mobile routers neither. */
static bool is_circle(const struct ha *ha, const struct ha_request *rq, const struct bc_entry *e)
{
	struct in6_addr at = rq->coa;

	for (int depth = 0; depth < HA_NESTED; depth++) {
		const struct network *in = networks_of(&ha->networks, &at);

		for (size_t i = 0; i < rq->networks; i++)
			if (addr_in(&rq->network[i].addr, &at, rq->network[i].plen))
				return true;
		if (addr_eq(&at, &rq->home) || (in && in->owner == e))
			return true;
		if (!in)
			return false;
		at = in->owner->coa;
	}
	return true;
}

int ha_judge_networks(const struct ha *ha, struct ha_request *rq, const struct bc_entry *e)
{
	const struct network *in = networks_of(&ha->networks, &rq->home);
	const struct ha_rule *r = ha_rule_for(ha, &rq->home);
	int status = 0;

	if (in && in->owner != e)
		return BA_PROHIBITED;
	if (rq->flags & BU_F_ROUTER) {
		if (!r || !r->networks || world_protects(ha->w, &rq->home, MIP_PROTECT_PAYLOAD))
			return BA_NO_ROUTER;
		rq->implicit = !rq->networks;
		status = rq->implicit ? judge_implicit(ha, rq, r, e) : judge_each(ha, rq, r, e);
	} else {
		rq->networks = 0;
	}
	return status ? status : is_circle(ha, rq, e) ? BA_INVALID_COA : 0;
}

uint8_t ha_no_forwarding(uint16_t flags, bool implicit)
{
	if (!(flags & BU_F_ROUTER))
		return BA_RESOURCES;
	return implicit ? BA_NO_FORWARDING : BA_INVALID_PREFIX;
}

/* --- what a binding holds ----------------------------------------------------------------------------------------- */

bool ha_hold_networks(struct ha *ha, struct bc_entry *e, const struct addr_prefix *list, size_t n)
{
	if (n && !e->network)
		e->network = calloc(MH_NETWORKS, sizeof(*e->network));
	if ((n && !e->network) || !networks_reserve(&ha->networks, n))
		return false;
	for (size_t i = 0; i < e->networks; i++)
		networks_drop(&ha->networks, &e->network[i]);
	for (size_t i = 0; i < n; i++)
		networks_put(&ha->networks, &list[i], e);
	if (n)
		memcpy(e->network, list, n * sizeof(*list));
	e->networks = (uint8_t)n;
	return true;
}

static bool is_among(const struct addr_prefix *list, size_t n, const struct addr_prefix *p)
{
	while (n-- > 0)
		if (list[n].plen == p->plen && addr_eq(&list[n].addr, &p->addr))
			return true;
	return false;
}

bool ha_same_networks(const struct bc_entry *e, const struct addr_prefix *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!is_among(e->network, e->networks, &list[i]))
			return false;
	return n == e->networks;
}

void ha_unroute(struct ha *ha, const struct bc_entry *e, const struct addr_prefix *before, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!is_among(e->network, e->networks, &before[i]))
			ha->w->unroute(ha->w->ctx, &before[i]);
}
