/*
 * flow.h: mobile networks of this machine (RFC 3963 5). The machine forwards; what is for a network is routed by the
 * main table, whatever its source, and ends there when nobody inside has it: by a default route it would come back.
 * While the machine is away from home, an interface inside is heard only with sources of its networks, for which there
 * are rules of their own before.
 */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>

#include "base/addr.h"
#include "flow/flow_impl.h"

static struct route unreachable(const struct addr_prefix *p)
{
	return (struct route){.dst = p->addr, .plen = p->plen, .end = true};
}

static struct rule to_rule(const struct addr_prefix *p)
{
	return (struct rule){.home = p->addr, .plen = p->plen, .to = true, .table = RT_TABLE_MAIN};
}

static struct rule close_rule(const struct flow_inner *i)
{
	struct rule r = {0};

	snprintf(r.iif, sizeof(r.iif), "%s", i->dev);
	return r;
}

static struct flow_inner *find_network(const struct flows *t, const struct addr_prefix *p)
{
	for (size_t i = 0; i < t->inners; i++)
		if (t->inner[i].prefix.plen == p->plen && addr_eq(&t->inner[i].prefix.addr, &p->addr))
			return (struct flow_inner *)&t->inner[i];
	return NULL;
}

bool network_has_end(const struct flows *t, const struct route *r)
{
	struct addr_prefix p = {r->dst, r->plen};

	return r->table == RT_TABLE_MAIN && find_network(t, &p);
}

bool network_has_rule(const struct flows *t, const struct rule *r)
{
	struct addr_prefix p = {r->home, r->plen};

	for (size_t i = 0; i < t->inners && !r->to; i++)
		if (t->inner[i].closed && !strcmp(t->inner[i].dev, r->iif))
			return true;
	return r->to && find_network(t, &p);
}

const char *network_dev(const struct flows *t, const struct flow_key *k)
{
	struct addr_prefix p = {k->src, k->splen};
	const struct flow_inner *i = find_network(t, &p);

	return i ? i->dev : "";
}

/* --- forwarding --------------------------------------------------------------------------------------------------- */

static int set(const char *dev, const char *what, int value, struct why *why)
{
	char path[64];

	snprintf(path, sizeof(path), "conf/%s/%s", dev, what);
	return sysctl_set(path, value, why);
}

/* Inside we are a router. Since 6.17 devices can forward by themselves; else all do, but what each is to its link is
 * still said by its own sysctl: host_be_guest. */
static int forward(const struct flows *t, const char *dev, struct why *why)
{
	bool by_device = dev[0] && t->ops != &flow_bpf; /* what the programs take out of a tunnel came by the link */
	int on = 0;

	if (!sysctl_get("conf/all/forwarding", &on) && on)
		return 0;
	flow_hear_routers();
	/* Out of tunnels in UDP packets come by the shim. */
	if (by_device && !set(FLOW_DEV, "force_forwarding", 1, NULL) && !set(SHIM_DEV, "force_forwarding", 1, NULL) &&
		!set(dev, "force_forwarding", 1, NULL))
		return set(dev, "forwarding", 1, why);
	return sysctl_set("conf/all/forwarding", 1, why);
}

bool flow_knows_inside(const struct flows *t)
{
	size_t i = 0;

	while (i < t->inners && t->inner[i].dev[0])
		i++;
	return i && i == t->inners;
}

void flow_forward_link(const char *dev, bool on)
{
	int all = 0;

	if (!sysctl_get("conf/all/forwarding", &all) && !all)
		(void)!set(dev, "force_forwarding", on, NULL);
}

/* --- networks ----------------------------------------------------------------------------------------------------- */

int flow_add_network(struct flows *t, const struct addr_prefix *p, const char *dev, struct why *why)
{
	struct flow_inner *i = &t->inner[t->inners];
	struct route end = unreachable(p);
	struct rule to = to_rule(p);
	int err;

	if (find_network(t, p))
		return why_set(why, EEXIST, "network %s/%u is there already", addr_text(&p->addr).s, p->plen);
	if (t->inners == FLOW_NETWORKS)
		return why_set(why, ENOSPC, "no room for more than %d networks", FLOW_NETWORKS);
	*i = (struct flow_inner){.prefix = *p};
	snprintf(i->dev, sizeof(i->dev), "%s", dev);
	t->inners++;
	err = forward(t, dev, why) ?: route_add(t->nl, &end, why) ?: rule_add(t->nl, &to, why);
	if (err)
		flow_del_network(t, p);
	else
		flow_close_network(t, p, true);
	return err;
}

void flow_del_network(struct flows *t, const struct addr_prefix *p)
{
	struct flow_inner *i = find_network(t, p);
	struct route end = unreachable(p);
	struct rule to = to_rule(p);

	if (!i)
		return;
	flow_close_network(t, p, false);
	(void)!rule_del(t->nl, &to, NULL);
	(void)!route_del(t->nl, &end, NULL);
	*i = t->inner[--t->inners];
}

void flow_close_network(struct flows *t, const struct addr_prefix *p, bool closed)
{
	struct flow_inner *i = find_network(t, p);
	struct rule r;

	if (!i || !i->dev[0] || i->closed == closed)
		return;
	i->closed = closed;
	r = close_rule(i);
	if (closed)
		(void)!rule_add(t->nl, &r, NULL);
	else if (!network_has_rule(t, &r))
		(void)!rule_del(t->nl, &r, NULL);
}

void network_hold(struct flows *t, struct held *h)
{
	for (size_t i = 0; i < t->inners; i++) {
		struct route end = unreachable(&t->inner[i].prefix);
		struct rule to = to_rule(&t->inner[i].prefix), close = close_rule(&t->inner[i]);

		held_route(h, &end);
		held_rule(h, &to);
		if (t->inner[i].closed)
			held_rule(h, &close);
	}
}
