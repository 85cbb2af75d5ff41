/* conf_impl.h: the mobile node and its home addresses; conf_link.c has its interfaces. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/addr.h"
#include "ctl/conf_impl.h"

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
	if (!addr_any(&h->ipv4) && addr_any(&h->agent))
		return why_attr(
			why, EINVAL, MIP_A_IPV4, "over IPv4 no home agent can be discovered: say agent ADDRESS, too");
	return 0;
}

/* Each takes a routing table, and so does each home address. */
static int check_networks(const struct conf *c, const struct mn_home_conf *h, struct why *why)
{
	size_t n = h->networks;

	for (size_t i = 0; i < c->mn.homes; i++)
		n += addr_eq(&c->mn.home[i].home, &h->home) ? 0 : c->mn.home[i].networks;
	if (h->networks > MH_NETWORKS || n > CONF_NETWORKS_MAX)
		return why_attr(why, ENOSPC, MIP_A_NETWORK,
			"no room for more than %d networks of one home address, %d in all", MH_NETWORKS,
			CONF_NETWORKS_MAX);
	for (size_t i = 0; i < h->networks; i++)
		if (!h->network[i].plen || h->network[i].plen == 128 || !addr_routable(&h->network[i].addr))
			return why_attr(why, EINVAL, MIP_A_NETWORK, "%s/%u cannot be a mobile network",
				addr_text(&h->network[i].addr).s, h->network[i].plen);
	if (h->inside[0] && !strcmp(h->inside, c->mn.dev))
		return why_attr(why, EINVAL, MIP_A_INSIDE, "%s is what the mobile node moves on", h->inside);
	return 0;
}

static int take_ipv4_home(const struct conf *c, const struct ctl_request *rq, struct mn_home_conf *h, struct why *why)
{
	const struct in6_addr *v = ctl_addr(rq, MIP_A_HOME4);
	bool any = v && !memcmp(&v->s6_addr[12], &(struct in_addr){INADDR_ANY}, sizeof(struct in_addr));

	if (v && !any && !addr_is_place(v))
		return why_attr(why, EINVAL, MIP_A_HOME4, "%s cannot be a home address", addr_text(v).s);
	for (size_t i = 0; v && !any && i < c->mn.homes; i++)
		if (addr_eq(&c->mn.home[i].ipv4_home, v) && !addr_eq(&c->mn.home[i].home, &h->home))
			return why_attr(why, EEXIST, MIP_A_HOME4, "%s is beside %s already", addr_text(v).s,
				addr_text(&c->mn.home[i].home).s);
	if (v)
		h->ipv4_home = *v;
	return 0;
}

static int read_home(const struct conf *c, const struct ctl_request *rq, struct mn_home_conf *h, struct why *why)
{
	struct in6_addr prefix;
	int err = ctl_need(rq, MIP_A_HOME, why);

	if (!err)
		err = conf_take_address(rq, MIP_A_HOME, &h->home, why);
	if (!err)
		err = conf_take_address(rq, MIP_A_AGENT, &h->agent, why);
	if (!err)
		err = conf_take_ipv4(rq, &h->ipv4, why);
	if (!err)
		err = take_ipv4_home(c, rq, h, why);
	if (!err)
		err = conf_take_lifetime(rq, MIP_A_LIFETIME, CONF_LIFETIME_MIN, &h->lifetime, why);
	if (err)
		return err;
	if (!ctl_prefix(rq, MIP_A_PREFIX, &prefix, &h->plen)) {
		prefix = h->home;
		h->plen = 64;
	}
	h->networks = ctl_prefixes(rq, MIP_A_NETWORK, h->network, MH_NETWORKS);
	if (ctl_has(rq, MIP_A_INSIDE))
		snprintf(h->inside, sizeof(h->inside), "%s", ctl_str(rq, MIP_A_INSIDE));
	err = check_home(h, &prefix, why);
	return err ? err : check_networks(c, h, why);
}

int conf_mn_add(struct conf *c, const struct ctl_request *rq, struct why *why)
{
	struct mn_home_conf h = {.lifetime = 600}, *old;
	int err = read_home(c, rq, &h, why);

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

int conf_mn_del(struct conf *c, const struct ctl_request *rq, struct why *why)
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

int conf_mn_start(struct conf *c, const struct ctl_request *rq, struct why *why)
{
	conf_take_dev(rq, c->mn.dev);
	c->mn.enabled = true;
	if (ctl_has(rq, MIP_A_HOME) || ctl_has(rq, MIP_A_AGENT)) {
		int err = conf_mn_add(c, rq, why);

		if (err)
			return err;
	}
	if (!c->mn.homes)
		return why_set(why, EINVAL, "no home address: say home ADDRESS prefix PREFIX, or use 'mip mn add'");
	return 0;
}

int conf_mn_stop(struct conf *c, const struct ctl_request *rq, struct why *why)
{
	(void)rq, (void)why;
	c->mn.enabled = false;
	return 0;
}
