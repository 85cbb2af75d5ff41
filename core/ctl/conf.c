/* conf.h: what each write command does to the configuration, and the way back from a configuration to commands. */
#include <errno.h>
#include <stdio.h>

#include "base/addr.h"
#include "ctl/conf.h"

#define LIFETIME_MIN	    4
#define PREFIX_INTERVAL_MAX (30 * 86400)
#define MAX_BINDINGS	    10000000
#define MAX_RATE	    1000000
#define LIFETIME_MAX	    (65534 * 4) /* 65535 would mean infinity, RFC 6275 6.1.7 */

void conf_default(struct conf *c)
{
	*c = (struct conf){.ha = {.max_lifetime = 3600, .max_bindings = 100000}};
	c->ha.min_prefix_interval = 600;
	c->ha.max_prefix_interval = 86400;
	c->cn.max_bindings = 10000;
	c->cn.test_rate = 1000;
}

/* --- values ------------------------------------------------------------------------------------------------------- */

static int take_lifetime(const struct ctl_request *rq, enum mip_attr a, uint32_t least, uint32_t *to, struct why *why)
{
	uint64_t v = ctl_num(rq, a, *to);

	if (v < least || v > LIFETIME_MAX)
		return why_attr(why, ERANGE, a, "a lifetime is %u to %u seconds", least, LIFETIME_MAX);
	*to = (uint32_t)v;
	return 0;
}

static int take_address(const struct ctl_request *rq, enum mip_attr a, struct in6_addr *to, struct why *why)
{
	const struct in6_addr *v = ctl_addr(rq, a);

	if (!v)
		return 0;
	if (!addr_routable(v))
		return why_attr(why, EINVAL, a, "%s is not a unicast routable address", addr_text(v).s);
	*to = *v;
	return 0;
}

static void take_dev(const struct ctl_request *rq, char dev[IF_NAMESIZE])
{
	if (ctl_has(rq, MIP_A_DEV))
		snprintf(dev, IF_NAMESIZE, "%s", ctl_str(rq, MIP_A_DEV));
}

/* --- home agent --------------------------------------------------------------------------------------------------- */

static int take_number(const struct ctl_request *rq, enum mip_attr a, uint32_t most, uint32_t *to, struct why *why)
{
	uint64_t v = ctl_num(rq, a, *to);

	if (v < 1 || v > most)
		return why_attr(why, ERANGE, a, "1 to %u", most);
	*to = (uint32_t)v;
	return 0;
}

static int take_preference(const struct ctl_request *rq, int16_t *to, struct why *why)
{
	int32_t v = (int32_t)ctl_num(rq, MIP_A_PREFERENCE, (uint32_t)*to);

	if (v < INT16_MIN || v > INT16_MAX)
		return why_attr(why, ERANGE, MIP_A_PREFERENCE, "%d to %d", INT16_MIN, INT16_MAX);
	*to = (int16_t)v;
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

static int ha_set(struct conf *c, const struct ctl_request *rq, struct why *why)
{
	int err = take_lifetime(rq, MIP_A_MAX_LIFETIME, LIFETIME_MIN, &c->ha.max_lifetime, why);

	if (!err)
		err = take_address(rq, MIP_A_ADDRESS, &c->ha.address, why);
	if (!err)
		err = take_number(rq, MIP_A_MAX_BINDINGS, MAX_BINDINGS, &c->ha.max_bindings, why);
	if (!err)
		err = take_preference(rq, &c->ha.preference, why);
	if (!err)
		err = take_intervals(rq, c, why);
	c->ha.insecure = ctl_num(rq, MIP_A_INSECURE, c->ha.insecure);
	c->ha.no_prefix_advs = !ctl_num(rq, MIP_A_PREFIX_ADVS, !c->ha.no_prefix_advs);
	return err;
}

/* Whose registration is taken? */
static bool serves_nobody(const struct conf *c)
{
	bool some = c->ha.insecure || conf_protects(c);

	for (size_t i = 0; i < c->ha.rules; i++)
		some |= c->ha.rule[i].insecure;
	return !some;
}

/* Registrations are protected by IPsec (RFC 6275 5.1); doing without is a decision. */
static int check_who_may(const struct conf *c, struct why *why)
{
	if (!serves_nobody(c))
		return 0;
	return why_set(why, EPERM,
		"without IPsec anybody can take over a home address: protect them with 'mip ipsec add', "
		"or say insecure, or 'mip acl allow PREFIX insecure' for some");
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
	take_dev(rq, c->ha.dev[c->ha.devs++]);
	return 0;
}

static int do_ha_add(struct conf *c, const struct ctl_request *rq, struct why *why)
{
	int err = ctl_need(rq, MIP_A_DEV, why);

	return err ? err : add_link(c, rq, why);
}

static int do_ha_del(struct conf *c, const struct ctl_request *rq, struct why *why)
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

static int acl_allow(struct conf *c, const struct ctl_request *rq, struct why *why)
{
	struct ha_rule r = {.insecure = ctl_num(rq, MIP_A_INSECURE, false)};
	int err = take_prefix(rq, &r, why);

	if (!err && ctl_has(rq, MIP_A_MAX_BINDINGS))
		err = take_number(rq, MIP_A_MAX_BINDINGS, MAX_BINDINGS, &r.max_bindings, why);
	if (!err && ctl_has(rq, MIP_A_MAX_LIFETIME))
		err = take_lifetime(rq, MIP_A_MAX_LIFETIME, LIFETIME_MIN, &r.max_lifetime, why);
	return err ? err : put_rule(c, &r, why);
}

static int acl_deny(struct conf *c, const struct ctl_request *rq, struct why *why)
{
	struct ha_rule r = {.deny = true};
	int err = take_prefix(rq, &r, why);

	return err ? err : put_rule(c, &r, why);
}

static int acl_del(struct conf *c, const struct ctl_request *rq, struct why *why)
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

static int do_ha_start(struct conf *c, const struct ctl_request *rq, struct why *why)
{
	int err = ctl_has(rq, MIP_A_DEV) ? add_link(c, rq, why) : 0;

	if (!err)
		err = ha_set(c, rq, why);
	c->ha.enabled = true;
	return err ? err : check_who_may(c, why);
}

/* Bindings need the home agent: those made by hand end with it, as those registered do. */
static int do_ha_stop(struct conf *c, const struct ctl_request *rq, struct why *why)
{
	(void)rq, (void)why;
	c->ha.enabled = false;
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

static int binding_add(struct conf *c, const struct ctl_request *rq, struct why *why)
{
	struct conf_binding b = {0};
	int err = ctl_need(rq, MIP_A_HOME, why);

	if (!err && !c->ha.enabled)
		err = why_set(why, EOPNOTSUPP, "bindings need the home agent: run 'mip ha start' first");
	if (!err)
		err = ctl_need(rq, MIP_A_COA, why);
	if (!err)
		err = take_address(rq, MIP_A_HOME, &b.home, why);
	if (!err)
		err = take_address(rq, MIP_A_COA, &b.coa, why);
	if (!err)
		err = take_address(rq, MIP_A_LOCAL, &b.local, why);
	if (!err)
		err = take_lifetime(rq, MIP_A_LIFETIME, 0, &b.lifetime, why);
	if (!err && conf_binding(c, &b.home))
		err = why_attr(why, EEXIST, MIP_A_HOME, "%s has a binding already", addr_text(&b.home).s);
	if (!err && c->bindings == CONF_BINDINGS_MAX)
		err = why_set(why, ENOSPC, "no room for more than %d bindings made by hand", CONF_BINDINGS_MAX);
	if (!err)
		c->binding[c->bindings++] = b;
	return err;
}

static int binding_del(struct conf *c, const struct ctl_request *rq, struct why *why)
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

/* --- mobile node -------------------------------------------------------------------------------------------------- */

bool conf_is_mine(const struct conf *c, const struct in6_addr *home)
{
	for (size_t i = 0; i < c->mn.homes; i++)
		if (addr_eq(&c->mn.home[i].home, home))
			return c->mn.enabled;
	return false;
}

static struct mn_home_conf *find_home(struct conf *c, const struct in6_addr *home)
{
	for (size_t i = 0; i < c->mn.homes; i++)
		if (addr_eq(&c->mn.home[i].home, home))
			return &c->mn.home[i];
	return NULL;
}

static int check_home(const struct mn_home_conf *h, const struct in6_addr *prefix, struct why *why)
{
	if (!addr_in(prefix, &h->home, h->plen))
		return why_attr(why, EINVAL, MIP_A_HOME, "%s is not in the home prefix", addr_text(&h->home).s);
	if (addr_eq(&h->home, &h->agent))
		return why_attr(why, EINVAL, MIP_A_AGENT, "the home agent has the home address itself");
	return 0;
}

static int read_home(const struct ctl_request *rq, struct mn_home_conf *h, struct why *why)
{
	struct in6_addr prefix;
	int err = ctl_need(rq, MIP_A_HOME, why);

	if (!err)
		err = take_address(rq, MIP_A_HOME, &h->home, why);
	if (!err)
		err = take_address(rq, MIP_A_AGENT, &h->agent, why);
	if (!err)
		err = take_lifetime(rq, MIP_A_LIFETIME, LIFETIME_MIN, &h->lifetime, why);
	if (err)
		return err;
	if (!ctl_prefix(rq, MIP_A_PREFIX, &prefix, &h->plen)) {
		prefix = h->home;
		h->plen = 64;
	}
	return check_home(h, &prefix, why);
}

static int mn_home_add(struct conf *c, const struct ctl_request *rq, struct why *why)
{
	struct mn_home_conf h = {.lifetime = 600}, *old;
	int err = read_home(rq, &h, why);

	if (err)
		return err;
	old = find_home(c, &h.home);
	if (old && rq->cmd == MIP_MN_ADD)
		return why_attr(why, EEXIST, MIP_A_HOME, "home address %s is there already", addr_text(&h.home).s);
	if (!old && c->mn.homes == MN_HOMES_MAX)
		return why_set(why, ENOSPC, "no room for more than %d home addresses", MN_HOMES_MAX);
	if (!old)
		old = &c->mn.home[c->mn.homes++];
	*old = h;
	return 0;
}

static int mn_home_del(struct conf *c, const struct ctl_request *rq, struct why *why)
{
	struct mn_home_conf *h;
	int err = ctl_need(rq, MIP_A_HOME, why);

	if (err)
		return err;
	h = find_home(c, ctl_addr(rq, MIP_A_HOME));
	if (!h)
		return why_attr(why, ENOENT, MIP_A_HOME, "no home address %s", addr_text(ctl_addr(rq, MIP_A_HOME)).s);
	*h = c->mn.home[--c->mn.homes];
	return 0;
}

static int do_mn_start(struct conf *c, const struct ctl_request *rq, struct why *why)
{
	take_dev(rq, c->mn.dev);
	c->mn.enabled = true;
	if (ctl_has(rq, MIP_A_HOME) || ctl_has(rq, MIP_A_AGENT)) {
		int err = mn_home_add(c, rq, why);

		if (err)
			return err;
	}
	if (!c->mn.homes)
		return why_set(why, EINVAL, "no home address: say home ADDRESS prefix PREFIX, or use 'mip mn add'");
	return 0;
}

static int do_mn_stop(struct conf *c, const struct ctl_request *rq, struct why *why)
{
	(void)rq, (void)why;
	c->mn.enabled = false;
	return 0;
}

/* --- correspondent node, route optimization ------------------------------------------------------------------------
 */

static int cn_set(struct conf *c, const struct ctl_request *rq, struct why *why)
{
	int err = take_number(rq, MIP_A_MAX_BINDINGS, MAX_BINDINGS, &c->cn.max_bindings, why);

	return err ? err : take_number(rq, MIP_A_TEST_RATE, MAX_RATE, &c->cn.test_rate, why);
}

static int do_cn_start(struct conf *c, const struct ctl_request *rq, struct why *why)
{
	c->cn.enabled = true;
	return cn_set(c, rq, why);
}

static int do_cn_stop(struct conf *c, const struct ctl_request *rq, struct why *why)
{
	(void)rq, (void)why;
	c->cn.enabled = false;
	return 0;
}

static struct ro_policy *find_policy(struct conf *c, const struct in6_addr *peer, uint8_t plen)
{
	for (size_t i = 0; i < c->ro.policies; i++)
		if (c->ro.policy[i].plen == plen && addr_eq(&c->ro.policy[i].peer, peer))
			return &c->ro.policy[i];
	return NULL;
}

static int ro_add(struct conf *c, const struct ctl_request *rq, struct why *why)
{
	struct ro_policy p = {0}, *old;
	int err = ctl_need(rq, MIP_A_TO, why);

	if (!err)
		err = ctl_need(rq, MIP_A_POLICY, why);
	if (err)
		return err;
	ctl_prefix(rq, MIP_A_TO, &p.peer, &p.plen);
	p.mode = (uint8_t)ctl_num(rq, MIP_A_POLICY, 0);
	if (p.mode < MIP_RO_AUTO || p.mode > MIP_RO_NEVER)
		return why_attr(why, EINVAL, MIP_A_POLICY, "no such policy");
	old = find_policy(c, &p.peer, p.plen);
	if (!old && c->ro.policies == MN_POLICIES_MAX)
		return why_set(why, ENOSPC, "no room for more than %d policies", MN_POLICIES_MAX);
	if (!old)
		old = &c->ro.policy[c->ro.policies++];
	*old = p;
	return 0;
}

static int ro_del(struct conf *c, const struct ctl_request *rq, struct why *why)
{
	struct in6_addr peer;
	struct ro_policy *p;
	uint8_t plen;

	if (!ctl_prefix(rq, MIP_A_TO, &peer, &plen))
		return ctl_need(rq, MIP_A_TO, why);
	p = find_policy(c, &peer, plen);
	if (!p)
		return why_attr(why, ENOENT, MIP_A_TO, "no policy for %s/%u", addr_text(&peer).s, plen);
	*p = c->ro.policy[--c->ro.policies];
	return 0;
}

static int reset(struct conf *c, const struct ctl_request *rq, struct why *why)
{
	(void)rq, (void)why;
	conf_default(c);
	return 0;
}

static int (*const changes[])(struct conf *, const struct ctl_request *, struct why *) = {
	[MIP_HA_SET] = ha_set,
	[MIP_HA_START] = do_ha_start,
	[MIP_HA_ADD] = do_ha_add,
	[MIP_HA_DEL] = do_ha_del,
	[MIP_HA_STOP] = do_ha_stop,
	[MIP_ACL_ALLOW] = acl_allow,
	[MIP_ACL_DENY] = acl_deny,
	[MIP_ACL_DEL] = acl_del,
	[MIP_BINDING_ADD] = binding_add,
	[MIP_BINDING_DEL] = binding_del,
	[MIP_MN_ADD] = mn_home_add,
	[MIP_MN_DEL] = mn_home_del,
	[MIP_MN_USE] = conf_mn_use,
	[MIP_MN_UNUSE] = conf_mn_unuse,
	[MIP_MN_START] = do_mn_start,
	[MIP_MN_STOP] = do_mn_stop,
	[MIP_CN_SET] = cn_set,
	[MIP_CN_START] = do_cn_start,
	[MIP_CN_STOP] = do_cn_stop,
	[MIP_RO_ADD] = ro_add,
	[MIP_RO_DEL] = ro_del,
	[MIP_IPSEC_ADD] = conf_ipsec_add,
	[MIP_IPSEC_DEL] = conf_ipsec_del,
	[MIP_CONFIG_RESET] = reset,
};

int conf_change(struct conf *c, const struct ctl_request *rq, struct why *why)
{
	if (rq->cmd >= sizeof(changes) / sizeof(changes[0]) || !changes[rq->cmd])
		return why_set(why, EOPNOTSUPP, "%s cannot be part of a configuration", ctl_name(rq->cmd));
	return changes[rq->cmd](c, rq, why);
}

/* --- back to commands --------------------------------------------------------------------------------------------- */

static bool has_default_intervals(const struct conf *c)
{
	struct conf d;

	conf_default(&d);
	return c->ha.min_prefix_interval == d.ha.min_prefix_interval &&
	       c->ha.max_prefix_interval == d.ha.max_prefix_interval;
}

/* How many of the home links 'ha start' names; the others are added one by one. */
static size_t links_in_start(const struct conf *c)
{
	return c->ha.enabled && c->ha.devs ? 1 : 0;
}

static void put_link(const char *dev, struct ctl_msg *m)
{
	ctl_put_str(m, MIP_A_COMMAND, "ha add");
	ctl_put_str(m, MIP_A_DEV, dev);
}

/* It was started for somebody, and they were taken away: two commands make that, none does alone. */
static bool is_shut(const struct conf *c)
{
	return c->ha.enabled && serves_nobody(c);
}

static void put_shut(struct ctl_msg *m)
{
	ctl_put_str(m, MIP_A_COMMAND, "ha set");
	ctl_put_num(m, MIP_A_INSECURE, false);
}

static void put_ha(const struct conf *c, struct ctl_msg *m)
{
	ctl_put_str(m, MIP_A_COMMAND, c->ha.enabled ? "ha start" : "ha set");
	if (links_in_start(c))
		ctl_put_str(m, MIP_A_DEV, c->ha.dev[0]);
	if (!addr_any(&c->ha.address))
		ctl_put_addr(m, MIP_A_ADDRESS, &c->ha.address);
	ctl_put_num(m, MIP_A_MAX_LIFETIME, c->ha.max_lifetime);
	ctl_put_num(m, MIP_A_MAX_BINDINGS, c->ha.max_bindings);
	if (c->ha.insecure || is_shut(c))
		ctl_put_num(m, MIP_A_INSECURE, true);
	if (c->ha.preference)
		ctl_put_num(m, MIP_A_PREFERENCE, (uint32_t)c->ha.preference);
	if (!has_default_intervals(c)) {
		ctl_put_num(m, MIP_A_MIN_PREFIX, c->ha.min_prefix_interval);
		ctl_put_num(m, MIP_A_MAX_PREFIX, c->ha.max_prefix_interval);
	}
	if (c->ha.no_prefix_advs)
		ctl_put_num(m, MIP_A_PREFIX_ADVS, false);
}

static void put_rule_command(const struct ha_rule *r, struct ctl_msg *m)
{
	ctl_put_str(m, MIP_A_COMMAND, r->deny ? "acl deny" : "acl allow");
	ctl_put_prefix(m, MIP_A_PREFIX, &r->addr, r->plen);
	if (r->insecure)
		ctl_put_num(m, MIP_A_INSECURE, true);
	if (r->max_bindings)
		ctl_put_num(m, MIP_A_MAX_BINDINGS, r->max_bindings);
	if (r->max_lifetime)
		ctl_put_num(m, MIP_A_MAX_LIFETIME, r->max_lifetime);
}

static void put_home(const struct mn_home_conf *h, struct ctl_msg *m)
{
	ctl_put_str(m, MIP_A_COMMAND, "mn add");
	ctl_put_addr(m, MIP_A_HOME, &h->home);
	ctl_put_prefix(m, MIP_A_PREFIX, &h->home, h->plen);
	if (!addr_any(&h->agent))
		ctl_put_addr(m, MIP_A_AGENT, &h->agent);
	ctl_put_num(m, MIP_A_LIFETIME, h->lifetime);
}

static void put_binding(const struct conf_binding *b, struct ctl_msg *m)
{
	ctl_put_str(m, MIP_A_COMMAND, "binding add");
	ctl_put_addr(m, MIP_A_HOME, &b->home);
	ctl_put_addr(m, MIP_A_COA, &b->coa);
	if (!addr_any(&b->local))
		ctl_put_addr(m, MIP_A_LOCAL, &b->local);
	if (b->lifetime)
		ctl_put_num(m, MIP_A_LIFETIME, b->lifetime);
}

static void put_mn_start(const struct conf *c, struct ctl_msg *m)
{
	ctl_put_str(m, MIP_A_COMMAND, "mn start");
	if (c->mn.dev[0])
		ctl_put_str(m, MIP_A_DEV, c->mn.dev);
}

static void put_use(const struct conf_link *l, struct ctl_msg *m)
{
	ctl_put_str(m, MIP_A_COMMAND, "mn use");
	conf_link_put(l, m);
}

static bool ha_is_default(const struct conf *c)
{
	struct conf d;

	conf_default(&d);
	return !c->ha.enabled && addr_any(&c->ha.address) && c->ha.max_lifetime == d.ha.max_lifetime &&
	       c->ha.max_bindings == d.ha.max_bindings && !c->ha.insecure && !c->ha.preference &&
	       !c->ha.no_prefix_advs && has_default_intervals(c);
}

static void put_cn(const struct conf *c, struct ctl_msg *m)
{
	ctl_put_str(m, MIP_A_COMMAND, c->cn.enabled ? "cn start" : "cn set");
	ctl_put_num(m, MIP_A_MAX_BINDINGS, c->cn.max_bindings);
	ctl_put_num(m, MIP_A_TEST_RATE, c->cn.test_rate);
}

static bool cn_is_default(const struct conf *c)
{
	struct conf d;

	conf_default(&d);
	return !c->cn.enabled && c->cn.max_bindings == d.cn.max_bindings && c->cn.test_rate == d.cn.test_rate;
}

static void put_policy(const struct ro_policy *p, struct ctl_msg *m)
{
	ctl_put_str(m, MIP_A_COMMAND, "ro add");
	ctl_put_prefix(m, MIP_A_TO, &p->peer, p->plen);
	ctl_put_num(m, MIP_A_POLICY, p->mode);
}

static void put_sa(const struct conf_sa *sa, bool keys, struct ctl_msg *m)
{
	ctl_put_str(m, MIP_A_COMMAND, "ipsec add");
	conf_ipsec_put(sa, keys, m);
}

/* Order: what IPsec protects, who may register, the home agent, its links and bindings, the correspondent,
 * policies, home addresses, interfaces, and the mobile node last: it starts with all of them. One whose last home
 * address was taken away does nothing, and could not be started so. */
int conf_command(const struct conf *c, size_t n, bool keys, struct ctl_msg *m)
{
	size_t shut = is_shut(c), ha = ha_is_default(c) ? 0 : 1, cn = cn_is_default(c) ? 0 : 1,
	       named = links_in_start(c);

	if (n < c->sas)
		put_sa(&c->sa[n], keys, m);
	else if ((n -= c->sas) < c->ha.rules)
		put_rule_command(&c->ha.rule[n], m);
	else if ((n -= c->ha.rules) < ha)
		put_ha(c, m);
	else if ((n -= ha) < shut)
		put_shut(m);
	else if ((n -= shut) < c->ha.devs - named)
		put_link(c->ha.dev[named + n], m);
	else if ((n -= c->ha.devs - named) < c->bindings)
		put_binding(&c->binding[n], m);
	else if ((n -= c->bindings) < cn)
		put_cn(c, m);
	else if ((n -= cn) < c->ro.policies)
		put_policy(&c->ro.policy[n], m);
	else if ((n -= c->ro.policies) < c->mn.homes)
		put_home(&c->mn.home[n], m);
	else if ((n -= c->mn.homes) < c->mn.links)
		put_use(&c->mn.link[n], m);
	else if (n == c->mn.links && c->mn.homes && c->mn.enabled)
		put_mn_start(c, m);
	else
		return 1;
	return 0;
}
