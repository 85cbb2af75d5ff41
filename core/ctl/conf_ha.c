/* conf_impl.h: the home agent, its links, who may register, and bindings made by hand. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/addr.h"
#include "ctl/conf_impl.h"

#define PREFIX_INTERVAL_MAX (30 * 86400)

/* 7.4. It was taken for a signed number once: what a configuration of then has below 0 is the least there is. */
static int take_preference(const struct ctl_request *rq, uint16_t *to, struct why *why)
{
	int32_t v = (int32_t)ctl_num(rq, MIP_A_PREFERENCE, *to);

	if (v < INT16_MIN || v > UINT16_MAX)
		return why_attr(why, ERANGE, MIP_A_PREFERENCE, "0 to %d", UINT16_MAX);
	*to = v < 0 ? 0 : (uint16_t)v;
	return 0;
}

/* 0 as the longest: prefixes are told of only when a mobile node asks. */
static int take_intervals(const struct ctl_request *rq, struct conf *c, struct why *why)
{
	uint64_t least = ctl_num(rq, MIP_A_MIN_PREFIX, c->ha.min_prefix_interval);
	uint64_t most = ctl_num(rq, MIP_A_MAX_PREFIX, c->ha.max_prefix_interval);

	if (most > PREFIX_INTERVAL_MAX)
		return why_attr(why, ERANGE, MIP_A_MAX_PREFIX, "0 to %d seconds", PREFIX_INTERVAL_MAX);
	if (least < 1 || (most && least > most))
		return why_attr(why, ERANGE, MIP_A_MIN_PREFIX, "1 second to max-prefix-interval");
	c->ha.min_prefix_interval = (uint32_t)least;
	c->ha.max_prefix_interval = (uint32_t)most;
	return 0;
}

/* Which of the members serves is told by who has the address: it has to be said. */
static int take_cell(const struct ctl_request *rq, struct conf *c, struct why *why)
{
	const char *name = ctl_str(rq, MIP_A_CELL);

	if (name && (!*name || strlen(name) >= sizeof(c->ha.cell)))
		return why_attr(why, EINVAL, MIP_A_CELL, "1 to %zu characters", sizeof(c->ha.cell) - 1);
	if (name)
		snprintf(c->ha.cell, sizeof(c->ha.cell), "%s", name);
	if (c->ha.cell[0] && addr_any(&c->ha.address))
		return why_attr(
			why, EINVAL, MIP_A_CELL, "say which address moves between its members: address ADDRESS");
	return 0;
}

int conf_ha_set(struct conf *c, const struct ctl_request *rq, struct why *why)
{
	int err = conf_take_lifetime(rq, MIP_A_MAX_LIFETIME, CONF_LIFETIME_MIN, &c->ha.max_lifetime, why);

	if (!err)
		err = conf_take_address(rq, MIP_A_ADDRESS, &c->ha.address, why);
	if (!err)
		err = conf_take_ipv4(rq, &c->ha.ipv4, why);
	if (!err)
		err = conf_take_number(rq, MIP_A_MAX_BINDINGS, CONF_CACHE_MAX, &c->ha.max_bindings, why);
	if (!err)
		err = take_cell(rq, c, why);
	if (!err)
		err = take_preference(rq, &c->ha.preference, why);
	if (!err)
		err = take_intervals(rq, c, why);
	c->ha.insecure = ctl_num(rq, MIP_A_INSECURE, c->ha.insecure);
	c->ha.no_prefix_advs = !ctl_num(rq, MIP_A_PREFIX_ADVS, !c->ha.no_prefix_advs);
	return err;
}

/* Whose registration is taken? */
bool conf_serves_nobody(const struct conf *c)
{
	bool some = c->ha.insecure || c->auths || conf_protects(c, NULL);

	for (size_t i = 0; i < c->ha.rules; i++)
		some |= c->ha.rule[i].insecure;
	return !some;
}

/* Registrations are protected by IPsec (RFC 6275 5.1) or the authentication option (RFC 4285); doing without is a
 * decision. */
static int check_who_may(const struct conf *c, struct why *why)
{
	if (!conf_serves_nobody(c))
		return 0;
	return why_set(why, EPERM,
		"without IPsec anybody can take over a home address: protect them with 'mip ipsec add' or 'mip auth "
		"add', or say insecure, or 'mip acl allow PREFIX insecure' for some");
}

static size_t find_link(const struct conf *c, const struct ctl_request *rq)
{
	size_t i = 0;

	while (i < c->ha.devs && strcmp(c->ha.dev[i], ctl_str(rq, MIP_A_DEV)))
		i++;
	return i;
}

static int add_link(struct conf *c, const struct ctl_request *rq, struct why *why)
{
	if (find_link(c, rq) < c->ha.devs)
		return 0;
	if (c->ha.devs == HA_LINKS_MAX)
		return why_attr(why, ENOSPC, MIP_A_DEV, "no room for more than %d home links", HA_LINKS_MAX);
	conf_take_dev(rq, c->ha.dev[c->ha.devs++]);
	return 0;
}

int conf_ha_add(struct conf *c, const struct ctl_request *rq, struct why *why)
{
	int err = ctl_need(rq, MIP_A_DEV, why);

	return err ? err : add_link(c, rq, why);
}

int conf_ha_del(struct conf *c, const struct ctl_request *rq, struct why *why)
{
	int err = ctl_need(rq, MIP_A_DEV, why);
	size_t i = err ? 0 : find_link(c, rq);

	if (err)
		return err;
	if (i == c->ha.devs)
		return why_attr(why, ENOENT, MIP_A_DEV, "%s was not named as a home link", ctl_str(rq, MIP_A_DEV));
	c->ha.devs--;
	memmove(c->ha.dev[i], c->ha.dev[i + 1], (c->ha.devs - i) * IF_NAMESIZE);
	return 0;
}

static struct ha_rule *find_rule(struct conf *c, const struct ha_rule *like)
{
	for (size_t i = 0; i < c->ha.rules; i++)
		if (c->ha.rule[i].plen == like->plen && addr_eq(&c->ha.rule[i].addr, &like->addr))
			return &c->ha.rule[i];
	return NULL;
}

static int take_prefix(const struct ctl_request *rq, struct ha_rule *r, struct why *why)
{
	return ctl_prefix(rq, MIP_A_PREFIX, &r->addr, &r->plen) ? 0 : ctl_need(rq, MIP_A_PREFIX, why);
}

/* One of the same prefix takes the place of the one before. */
static int put_rule(struct conf *c, const struct ha_rule *r, struct why *why)
{
	struct ha_rule *old = find_rule(c, r);

	if (!old && c->ha.rules == HA_RULES_MAX)
		return why_attr(why, ENOSPC, MIP_A_PREFIX, "no room for more than %d prefixes", HA_RULES_MAX);
	if (!old)
		old = &c->ha.rule[c->ha.rules++];
	*old = *r;
	return 0;
}

/* What mobile routers of that prefix may have routed to them (RFC 3963 6.1.2). */
static int take_networks(const struct ctl_request *rq, struct ha_rule *r, struct why *why)
{
	size_t n = ctl_prefixes(rq, MIP_A_NETWORK, r->network, MH_NETWORKS);

	r->networks = n < MH_NETWORKS ? n : MH_NETWORKS;
	if (n > MH_NETWORKS)
		return why_attr(why, ENOSPC, MIP_A_NETWORK, "no room for more than %d networks", MH_NETWORKS);
	for (size_t i = 0; i < n; i++)
		if (!r->network[i].plen || !addr_routable(&r->network[i].addr))
			return why_attr(why, EINVAL, MIP_A_NETWORK, "%s/%u cannot be a mobile network",
				addr_text(&r->network[i].addr).s, r->network[i].plen);
	if (!ctl_has(rq, MIP_A_MAX_NETWORKS))
		return 0;
	if (!n)
		return why_attr(why, EINVAL, MIP_A_MAX_NETWORKS, "of which networks?");
	return conf_take_number(rq, MIP_A_MAX_NETWORKS, MH_NETWORKS, &r->max_networks, why);
}

/* What IPv4 home addresses of that prefix are given out of. */
static int take_ipv4_homes(const struct ctl_request *rq, struct ha_rule *r, struct why *why)
{
	struct in6_addr addr;
	uint8_t plen;

	if (!ctl_prefix(rq, MIP_A_HOMES4, &addr, &plen))
		return 0;
	if (!addr_is_place(&addr))
		return why_attr(why, EINVAL, MIP_A_HOMES4, "%s cannot be a home address", addr_text(&addr).s);
	if (plen < 96 + 16)
		return why_attr(why, EINVAL, MIP_A_HOMES4, "no more than a /16");
	r->ipv4 = addr_prefix(&addr, plen);
	return 0;
}

int conf_acl_allow(struct conf *c, const struct ctl_request *rq, struct why *why)
{
	struct ha_rule r = {.insecure = ctl_num(rq, MIP_A_INSECURE, false)};
	int err = take_prefix(rq, &r, why);

	if (!err && ctl_has(rq, MIP_A_MAX_BINDINGS))
		err = conf_take_number(rq, MIP_A_MAX_BINDINGS, CONF_CACHE_MAX, &r.max_bindings, why);
	if (!err && ctl_has(rq, MIP_A_MAX_LIFETIME))
		err = conf_take_lifetime(rq, MIP_A_MAX_LIFETIME, CONF_LIFETIME_MIN, &r.max_lifetime, why);
	if (!err)
		err = take_networks(rq, &r, why);
	if (!err)
		err = take_ipv4_homes(rq, &r, why);
	return err ? err : put_rule(c, &r, why);
}

int conf_acl_deny(struct conf *c, const struct ctl_request *rq, struct why *why)
{
	struct ha_rule r = {.deny = true};
	int err = take_prefix(rq, &r, why);

	return err ? err : put_rule(c, &r, why);
}

int conf_acl_del(struct conf *c, const struct ctl_request *rq, struct why *why)
{
	struct ha_rule like, *r;
	int err = take_prefix(rq, &like, why);

	if (err)
		return err;
	r = find_rule(c, &like);
	if (!r)
		return why_attr(why, ENOENT, MIP_A_PREFIX, "%s/%u was neither allowed nor denied",
			addr_text(&like.addr).s, like.plen);
	*r = c->ha.rule[--c->ha.rules];
	return 0;
}

int conf_ha_start(struct conf *c, const struct ctl_request *rq, struct why *why)
{
	int err = ctl_has(rq, MIP_A_DEV) ? add_link(c, rq, why) : 0;

	if (!err)
		err = conf_ha_set(c, rq, why);
	c->ha.enabled = true;
	return err ? err : check_who_may(c, why);
}

/* Bindings need the home agent: those made by hand end with it, as those registered do. */
int conf_ha_stop(struct conf *c, const struct ctl_request *rq, struct why *why)
{
	(void)rq, (void)why;
	c->ha.enabled = false;
	c->ha.cell[0] = 0;
	c->bindings = 0;
	return 0;
}

struct conf_binding *conf_binding(const struct conf *c, const struct in6_addr *home)
{
	for (size_t i = 0; i < c->bindings; i++)
		if (addr_eq(&c->binding[i].home, home))
			return (struct conf_binding *)&c->binding[i];
	return NULL;
}

int conf_binding_add(struct conf *c, const struct ctl_request *rq, struct why *why)
{
	struct conf_binding b = {0};
	int err = ctl_need(rq, MIP_A_HOME, why);

	if (!err && !c->ha.enabled)
		err = why_set(why, EOPNOTSUPP, "bindings need the home agent: run 'mip ha start' first");
	if (!err)
		err = ctl_need(rq, MIP_A_COA, why);
	if (!err)
		err = conf_take_address(rq, MIP_A_HOME, &b.home, why);
	if (!err)
		err = conf_take_address(rq, MIP_A_COA, &b.coa, why);
	if (!err)
		err = conf_take_address(rq, MIP_A_LOCAL, &b.local, why);
	if (!err)
		err = conf_take_lifetime(rq, MIP_A_LIFETIME, 0, &b.lifetime, why);
	if (!err && conf_binding(c, &b.home))
		err = why_attr(why, EEXIST, MIP_A_HOME, "%s has a binding already", addr_text(&b.home).s);
	if (!err && c->bindings == CONF_BINDINGS_MAX)
		err = why_set(why, ENOSPC, "no room for more than %d bindings made by hand", CONF_BINDINGS_MAX);
	if (!err)
		c->binding[c->bindings++] = b;
	return err;
}

int conf_binding_del(struct conf *c, const struct ctl_request *rq, struct why *why)
{
	struct conf_binding *b;

	(void)why;
	if (!ctl_has(rq, MIP_A_HOME)) {
		c->bindings = 0;
		return 0;
	}
	/* One that a mobile node registered is not of the configuration: the agent removes it. */
	b = conf_binding(c, ctl_addr(rq, MIP_A_HOME));
	if (b)
		*b = c->binding[--c->bindings];
	return 0;
}
