/*
 * conf.h: the defaults, values that several roles read, the correspondent node and route optimization, and which write
 * command changes what. conf_ha.c, conf_mn.c, conf_ipsec.c and conf_auth.c have the others, conf_save.c the way back.
 */
#include <errno.h>
#include <stdio.h>

#include "base/addr.h"
#include "ctl/conf_impl.h"

#define MAX_RATE 1000000

void conf_default(struct conf *c)
{
	*c = (struct conf){.ha = {.max_lifetime = CONF_HA_LIFETIME, .max_bindings = CONF_HA_BINDINGS}};
	c->ha.min_prefix_interval = CONF_MIN_PREFIX_INTERVAL;
	c->ha.max_prefix_interval = CONF_MAX_PREFIX_INTERVAL;
	c->cn.max_bindings = CONF_CN_BINDINGS;
	c->cn.test_rate = CONF_CN_TEST_RATE;
}

/* --- values ------------------------------------------------------------------------------------------------------- */

int conf_take_lifetime(const struct ctl_request *rq, enum mip_attr a, uint32_t least, uint32_t *to, struct why *why)
{
	uint64_t v = ctl_num(rq, a, *to);

	if (v < least || v > CONF_LIFETIME_MAX)
		return why_attr(why, ERANGE, a, "a lifetime is %u to %u seconds", least, CONF_LIFETIME_MAX);
	*to = (uint32_t)v;
	return 0;
}

int conf_take_address(const struct ctl_request *rq, enum mip_attr a, struct in6_addr *to, struct why *why)
{
	const struct in6_addr *v = ctl_addr(rq, a);

	if (!v)
		return 0;
	if (!addr_routable(v))
		return why_attr(why, EINVAL, a, "%s is not a unicast routable address", addr_text(v).s);
	*to = *v;
	return 0;
}

int conf_take_ipv4(const struct ctl_request *rq, struct in6_addr *to, struct why *why)
{
	const struct in6_addr *v = ctl_addr(rq, MIP_A_IPV4);

	if (v && !addr_is_place(v))
		return why_attr(why, EINVAL, MIP_A_IPV4, "%s is not an IPv4 address of one machine", addr_text(v).s);
	if (v)
		*to = *v;
	return 0;
}

void conf_take_dev(const struct ctl_request *rq, char dev[IF_NAMESIZE])
{
	if (ctl_has(rq, MIP_A_DEV))
		snprintf(dev, IF_NAMESIZE, "%s", ctl_str(rq, MIP_A_DEV));
}

int conf_take_number(const struct ctl_request *rq, enum mip_attr a, uint32_t most, uint32_t *to, struct why *why)
{
	uint64_t v = ctl_num(rq, a, *to);

	if (v < 1 || v > most)
		return why_attr(why, ERANGE, a, "1 to %u", most);
	*to = (uint32_t)v;
	return 0;
}

/* --- correspondent node, route optimization ----------------------------------------------------------------------- */

static int cn_set(struct conf *c, const struct ctl_request *rq, struct why *why)
{
	int err = conf_take_number(rq, MIP_A_MAX_BINDINGS, CONF_CACHE_MAX, &c->cn.max_bindings, why);

	return err ? err : conf_take_number(rq, MIP_A_TEST_RATE, MAX_RATE, &c->cn.test_rate, why);
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
	[MIP_HA_SET] = conf_ha_set,
	[MIP_HA_START] = conf_ha_start,
	[MIP_HA_RESTART] = conf_ha_start,
	[MIP_HA_ADD] = conf_ha_add,
	[MIP_HA_DEL] = conf_ha_del,
	[MIP_HA_STOP] = conf_ha_stop,
	[MIP_ACL_ALLOW] = conf_acl_allow,
	[MIP_ACL_DENY] = conf_acl_deny,
	[MIP_ACL_DEL] = conf_acl_del,
	[MIP_BINDING_ADD] = conf_binding_add,
	[MIP_BINDING_DEL] = conf_binding_del,
	[MIP_MN_ADD] = conf_mn_add,
	[MIP_MN_DEL] = conf_mn_del,
	[MIP_MN_USE] = conf_mn_use,
	[MIP_MN_UNUSE] = conf_mn_unuse,
	[MIP_MN_START] = conf_mn_start,
	[MIP_MN_RESTART] = conf_mn_start,
	[MIP_MN_STOP] = conf_mn_stop,
	[MIP_CN_SET] = cn_set,
	[MIP_CN_START] = do_cn_start,
	[MIP_CN_RESTART] = do_cn_start,
	[MIP_CN_STOP] = do_cn_stop,
	[MIP_RO_ADD] = ro_add,
	[MIP_RO_DEL] = ro_del,
	[MIP_IPSEC_ADD] = conf_ipsec_add,
	[MIP_IPSEC_DEL] = conf_ipsec_del,
	[MIP_AUTH_ADD] = conf_auth_add,
	[MIP_AUTH_DEL] = conf_auth_del,
	[MIP_CONFIG_RESET] = reset,
};

int conf_change(struct conf *c, const struct ctl_request *rq, struct why *why)
{
	if (rq->cmd >= sizeof(changes) / sizeof(changes[0]) || !changes[rq->cmd])
		return why_set(why, EOPNOTSUPP, "%s cannot be part of a configuration", ctl_name(rq->cmd));
	return changes[rq->cmd](c, rq, why);
}
