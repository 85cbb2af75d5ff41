/*
 * Home agent: who may register and how he proves it, how many and for how long, by prefix of the home address. Of the
 * rules that cover it the longest decides alone, so that one look says what holds.
 */
#include "base/addr.h"
#include "role/ha_impl.h"

const struct ha_rule *ha_rule_for(const struct ha *ha, const struct in6_addr *home)
{
	const struct ha_rule *best = NULL;

	for (size_t i = 0; i < ha->conf.rules; i++) {
		const struct ha_rule *r = &ha->conf.rule[i];

		if (addr_in(&r->addr, home, r->plen) && (!best || r->plen > best->plen))
			best = r;
	}
	return best;
}

static size_t *bound_by(struct ha *ha, const struct in6_addr *home)
{
	const struct ha_rule *r = ha_rule_for(ha, home);

	return r ? &ha->bound[r - ha->conf.rule] : NULL;
}

/* Bindings made by hand are nobody's to limit. */
void ha_count(struct ha *ha, const struct bc_entry *e, int by)
{
	size_t *n = e->fixed ? NULL : bound_by(ha, &e->home);

	if (n)
		*n += (size_t)by;
}

static bool same_networks(const struct ha_rule *a, const struct ha_rule *b)
{
	size_t i = 0;

	while (i < a->networks && i < b->networks && a->network[i].plen == b->network[i].plen &&
		addr_eq(&a->network[i].addr, &b->network[i].addr))
		i++;
	return i == a->networks && i == b->networks && a->max_networks == b->max_networks &&
	       a->ipv4.plen == b->ipv4.plen && addr_eq(&a->ipv4.addr, &b->ipv4.addr);
}

static bool same_rule(const struct ha_rule *a, const struct ha_rule *b)
{
	return a->plen == b->plen && addr_eq(&a->addr, &b->addr) && a->deny == b->deny && a->insecure == b->insecure &&
	       a->max_bindings == b->max_bindings && a->max_lifetime == b->max_lifetime && same_networks(a, b);
}

bool ha_same_rules(const struct ha_rule *a, size_t as, const struct ha_rule *b, size_t bs)
{
	size_t i = 0;

	while (i < as && i < bs && same_rule(&a[i], &b[i]))
		i++;
	return i == as && i == bs;
}

void ha_follow_rules(struct ha *ha)
{
	memset(ha->bound, 0, sizeof(ha->bound));
	for (size_t i = 0; ha->conf.rules && i < bc_count(&ha->bc); i++)
		ha_count(ha, bc_at(&ha->bc, i), 1);
}

bool ha_has_room(const struct ha *ha, const struct in6_addr *home)
{
	const struct ha_rule *r = ha_rule_for(ha, home);

	return !r || !r->max_bindings || ha->bound[r - ha->conf.rule] < r->max_bindings;
}

enum ha_proof ha_proof(const struct ha *ha, const struct in6_addr *home)
{
	const struct ha_rule *r = ha_rule_for(ha, home);

	if (world_protects(ha->w, home, MIP_PROTECT_BINDING))
		return HA_IPSEC;
	if (auth_find(&ha->auth, home))
		return HA_OPTION;
	return ha->conf.insecure || (r && r->insecure) ? HA_ANYBODY : HA_NO_PROOF;
}

bool ha_may_register(const struct ha *ha, const struct in6_addr *home)
{
	const struct ha_rule *r = ha_rule_for(ha, home);

	return !(r && r->deny) && ha_proof(ha, home) != HA_NO_PROOF;
}

uint32_t ha_max_lifetime(const struct ha *ha, const struct in6_addr *home)
{
	const struct ha_rule *r = ha_rule_for(ha, home);

	return r && r->max_lifetime && r->max_lifetime < ha->conf.max_lifetime ? r->max_lifetime
									       : ha->conf.max_lifetime;
}
