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
