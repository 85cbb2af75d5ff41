/* conf.h: a configuration back into the commands that make it. */
#include <string.h>

#include "base/addr.h"
#include "ctl/conf_impl.h"

static bool has_default_intervals(const struct conf *c)
{
	return c->ha.min_prefix_interval == CONF_MIN_PREFIX_INTERVAL &&
	       c->ha.max_prefix_interval == CONF_MAX_PREFIX_INTERVAL;
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
	return c->ha.enabled && conf_serves_nobody(c);
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
	if (!addr_any(&c->ha.ipv4))
		ctl_put_addr(m, MIP_A_IPV4, &c->ha.ipv4);
	if (c->ha.cell[0])
		ctl_put_str(m, MIP_A_CELL, c->ha.cell);
	ctl_put_num(m, MIP_A_MAX_LIFETIME, c->ha.max_lifetime);
	ctl_put_num(m, MIP_A_MAX_BINDINGS, c->ha.max_bindings);
	if (c->ha.insecure || is_shut(c))
		ctl_put_num(m, MIP_A_INSECURE, true);
	if (c->ha.preference)
		ctl_put_num(m, MIP_A_PREFERENCE, c->ha.preference);
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
	ctl_put_prefixes(m, MIP_A_NETWORK, r->network, r->networks);
	if (r->max_networks)
		ctl_put_num(m, MIP_A_MAX_NETWORKS, r->max_networks);
	if (r->ipv4.plen)
		ctl_put_prefix(m, MIP_A_HOMES4, &r->ipv4.addr, r->ipv4.plen);
}

static void put_home(const struct mn_home_conf *h, struct ctl_msg *m)
{
	ctl_put_str(m, MIP_A_COMMAND, "mn add");
	ctl_put_addr(m, MIP_A_HOME, &h->home);
	ctl_put_prefix(m, MIP_A_PREFIX, &h->home, h->plen);
	if (!addr_any(&h->agent))
		ctl_put_addr(m, MIP_A_AGENT, &h->agent);
	if (!addr_any(&h->ipv4))
		ctl_put_addr(m, MIP_A_IPV4, &h->ipv4);
	if (!addr_any(&h->ipv4_home))
		ctl_put_addr(m, MIP_A_HOME4, &h->ipv4_home);
	ctl_put_num(m, MIP_A_LIFETIME, h->lifetime);
	ctl_put_prefixes(m, MIP_A_NETWORK, h->network, h->networks);
	if (h->inside[0])
		ctl_put_str(m, MIP_A_INSIDE, h->inside);
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
	return !c->ha.enabled && addr_any(&c->ha.address) && addr_any(&c->ha.ipv4) &&
	       c->ha.max_lifetime == CONF_HA_LIFETIME && c->ha.max_bindings == CONF_HA_BINDINGS && !c->ha.insecure &&
	       !c->ha.preference && !c->ha.no_prefix_advs && has_default_intervals(c);
}

static void put_cn(const struct conf *c, struct ctl_msg *m)
{
	ctl_put_str(m, MIP_A_COMMAND, c->cn.enabled ? "cn start" : "cn set");
	ctl_put_num(m, MIP_A_MAX_BINDINGS, c->cn.max_bindings);
	ctl_put_num(m, MIP_A_TEST_RATE, c->cn.test_rate);
}

static bool cn_is_default(const struct conf *c)
{
	return !c->cn.enabled && c->cn.max_bindings == CONF_CN_BINDINGS && c->cn.test_rate == CONF_CN_TEST_RATE;
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

static void put_auth(const struct auth_key *k, bool keys, struct ctl_msg *m)
{
	ctl_put_str(m, MIP_A_COMMAND, "auth add");
	conf_auth_put(k, keys, m);
}

/* Order: what IPsec and the authentication option protect, who may register, the home agent, its links and bindings,
 * the correspondent, policies, home addresses, interfaces, and the mobile node last: it starts with all of them. One
 * whose last home address was taken away does nothing, and could not be started so. */
int conf_command(const struct conf *c, size_t n, bool keys, struct ctl_msg *m)
{
	size_t shut = is_shut(c), ha = ha_is_default(c) ? 0 : 1, cn = cn_is_default(c) ? 0 : 1,
	       named = links_in_start(c);

	if (n < c->sas)
		put_sa(&c->sa[n], keys, m);
	else if ((n -= c->sas) < c->auths)
		put_auth(&c->auth[n], keys, m);
	else if ((n -= c->auths) < c->ha.rules)
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

bool conf_same(const struct conf *a, const struct conf *b)
{
	struct ctl_msg x, y;
	bool same = true, more = true;

	for (size_t n = 0; same && more; n++) {
		ctl_msg_open(&x, MIP_CONFIG_GET);
		ctl_msg_open(&y, MIP_CONFIG_GET);
		more = !conf_command(a, n, true, &x);
		same = more == !conf_command(b, n, true, &y) && x.head.nlmsg_len == y.head.nlmsg_len &&
		       !memcmp(x.bytes, y.bytes, x.head.nlmsg_len);
	}
	explicit_bzero(&x, sizeof(x)); /* keys */
	explicit_bzero(&y, sizeof(y));
	return same;
}
