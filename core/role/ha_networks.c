/*
 * Home agent: mobile networks (RFC 3963 6), and IPv4 home addresses (RFC 5555 4), which are prefixes of a binding like
 * them. Which a mobile node may have routed to it, in the RFCs' order of answers, and which of them a binding holds.
 */
#include <stdlib.h>

#include "base/addr.h"
#include "role/ha_impl.h"

#define IPV4_LOOKS 1024

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

/* --- an IPv4 home address ----------------------------------------------------------------------------------------- */

/* Given out by a rule for fewer home addresses, it is theirs. */
static bool is_reserved(const struct ha *ha, const struct ha_rule *r, const struct addr_prefix *p)
{
	for (size_t i = 0; i < ha->conf.rules; i++) {
		const struct ha_rule *q = &ha->conf.rule[i];

		if (q != r && q->plen > r->plen && q->ipv4.plen &&
			addr_in(&q->ipv4.addr, &p->addr, q->ipv4.plen < p->plen ? q->ipv4.plen : p->plen))
			return true;
	}
	return false;
}

/* The first and the last address of a subnet are nobody's. */
static bool is_ipv4_host(const struct ha *ha, const struct ha_rule *r, const struct in6_addr *a)
{
	uint32_t inside = r->ipv4.plen > 126 ? 1 : UINT32_MAX >> (r->ipv4.plen - 96), at;

	memcpy(&at, &a->s6_addr[12], sizeof(at));
	at = ntohl(at) & inside;
	return addr_is_place(a) && !addr_eq(a, &ha->conf.ipv4) && (r->ipv4.plen > 126 || (at && at != inside));
}

/* Like a DHCP server, the same for the same node as long as nobody else has it. Only so many are looked at, so that
 * asking costs little when none is free. */
static uint8_t choose_ipv4_home(const struct ha *ha, const struct ha_rule *r, const struct in6_addr *home,
	const struct bc_entry *e, struct addr_prefix *to)
{
	const struct addr_prefix *has = e ? bc_ipv4_home(e) : NULL;
	uint32_t size = 1U << (128 - r->ipv4.plen), first, begin;

	if (has && addr_in(&r->ipv4.addr, &has->addr, r->ipv4.plen)) {
		*to = *has;
		return IPV4_ACCEPTED;
	}
	memcpy(&first, &r->ipv4.addr.s6_addr[12], sizeof(first));
	memcpy(&begin, &home->s6_addr[12], sizeof(begin));
	for (uint32_t i = 0; i < size && i < IPV4_LOOKS; i++) {
		uint32_t at = htonl(ntohl(first) + (ntohl(begin) + i) % size);

		*to = (struct addr_prefix){addr_mapped(&at), 128};
		if (is_ipv4_host(ha, r, &to->addr) && !is_reserved(ha, r, to) &&
			!networks_meeting(&ha->networks, to, e))
			return IPV4_ACCEPTED;
	}
	return IPV4_NOT_AVAILABLE;
}

/* RFC 5555 3.1.1, 3.2.1. Beside IPv6 that IPsec hides nothing is to go openly. */
static uint8_t judge_ipv4(const struct ha *ha, const struct ha_request *rq, const struct ha_rule *r,
	const struct bc_entry *e, struct addr_prefix *p)
{
	bool any = !memcmp(&p->addr.s6_addr[12], &(struct in_addr){INADDR_ANY}, sizeof(struct in_addr));

	if (p->plen <= 96 || p->plen > 128 || rq->networks >= MH_NETWORKS)
		return IPV4_UNSPECIFIED;
	if (!any && (!addr_is_place(&p->addr) || addr_in(&p->addr, &ha->conf.ipv4, p->plen)))
		return IPV4_INVALID;
	if (rq->ipv4_prefix || p->plen < 128)
		return IPV4_NO_PREFIX;
	if (world_protects(ha->w, &rq->home, MIP_PROTECT_PAYLOAD))
		return IPV4_PROHIBITED;
	if (!r || !r->ipv4.plen)
		return any ? IPV4_NOT_AVAILABLE : IPV4_PROHIBITED;
	if (any)
		return choose_ipv4_home(ha, r, &rq->home, e, p);
	if (!addr_in(&r->ipv4.addr, &p->addr, r->ipv4.plen) || is_reserved(ha, r, p))
		return IPV4_PROHIBITED;
	return networks_meeting(&ha->networks, p, e) || !is_ipv4_host(ha, r, &p->addr) ? IPV4_INCORRECT : IPV4_ACCEPTED;
}

/* Refused, the IPv6 home address is registered all the same. */
static void judge_ipv4_home(
	const struct ha *ha, struct ha_request *rq, const struct ha_rule *r, const struct bc_entry *e)
{
	struct addr_prefix p = rq->ipv4_home;

	rq->ipv4_status = judge_ipv4(ha, rq, r, e, &p);
	if (rq->ipv4_status != IPV4_ACCEPTED)
		return;
	rq->ipv4_home = p;
	rq->network[rq->networks++] = p;
}

/* --- both --------------------------------------------------------------------------------------------------------- */

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
	if (!status && rq->ipv4_asked)
		judge_ipv4_home(ha, rq, r, e);
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
			ha->w->unroute(ha->w->ctx, e, &before[i]);
}
