/*
 * What leads packets of a flow where they belong: a route to the home address of a binding, a table and a rule for a
 * home address of ours that is away, and for a pair a route into the shim. That stands in the table that routes its
 * source: adding it there is also what makes sockets forget the destination they have cached, so that connections that
 * are open already become optimized.
 */
#include <dirent.h>
#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>

#include "flow/flow_impl.h"

#define RULES_MAX	 3			 /* of one reverse tunnel */
#define REGISTERED_TABLE (MIP_TABLE + SLOTS_MAX) /* behind those of the home addresses */

/* --- tunnels ------------------------------------------------------------------------------------------------------ */

/* To wherever, of the family of the flow's home address; one of IPv4 has to be said to be the source. */
static void anywhere(const struct flow *f, struct route *r)
{
	if (!flow_is_ipv4(&f->key))
		return;
	r->dst = addr_mapped(&(struct in_addr){INADDR_ANY});
	r->plen = NL_IPV4_BITS;
	if (!r->end)
		r->src = f->key.src;
}

static struct route tunnel_route(const struct flows *t, const struct flow_entry *e)
{
	const struct flow *f = &e->flow;
	struct route r = {.dst = f->key.dst, .plen = f->key.dplen, .table = RT_TABLE_MAIN, .ifindex = t->ifindex};

	if (flow_is_away(f)) {
		r.table = e->table;
		anywhere(f, &r);
	} else if (t->apart && !flow_is_ipv4(&f->key)) {
		r.table = MIP_TABLE_CELL;
	}
	if (flow_is_apart(f)) {
		r.ifindex = shim_ifindex(t->shim);
	} else if (t->ops->encap) {
		r.encap = true;
		r.src = f->local;
		r.remote = f->peer;
	}
	return r;
}

/* While its tunnel's route is away, what comes from a home address must not leave as it is by the foreign link. */
static struct route unreachable(const struct flow_entry *e)
{
	struct route r = {.table = e->table, .end = true};

	anywhere(&e->flow, &r);
	return r;
}

/* IPv4 packets whose source is not chosen yet: neighbours on a link are reached as they are, others from the home
 * address. */
static size_t sourceless_rules(uint32_t table, struct rule r[static 2])
{
	r[0] = (struct rule){.home = addr_mapped(&(struct in_addr){INADDR_ANY}), .table = table, .local = true};
	r[1] = r[0];
	r[1].table = RT_TABLE_MAIN;
	r[1].links = true;
	return 2;
}

/* Nobody else sends with the machine's own home address; what is from a mobile network comes in by its interface, if
 * that was said, or is the machine's own, too: a neighbour on the link outside has no use of the tunnel (RFC 3963 9).
 */
static size_t rules_of(const struct flows *t, const struct flow_entry *e, struct rule r[static RULES_MAX])
{
	bool network = flow_is_network(&e->flow.key);
	const char *dev = network ? network_dev(t, &e->flow.key) : "";
	uint8_t plen = e->flow.key.splen;

	r[0] = (struct rule){.home = e->flow.key.src, .plen = plen < 128 ? plen : 0, .table = e->table};
	r[1] = r[0];
	r[0].local = !network || dev[0];
	if (flow_is_ipv4(&e->flow.key))
		return 1 + sourceless_rules(e->table, r + 1);
	if (!dev[0])
		return 1;
	snprintf(r[1].iif, sizeof(r[1].iif), "%s", dev);
	return 2;
}

/* The programs take what comes by a link for this home address, past the stack and its IPsec. A network has a route. */
static bool is_in_programs(const struct flows *t, const struct flow_entry *e)
{
	return t->bpf && e->flow.key.dplen == 128 && !e->flow.protect && !flow_is_apart(&e->flow);
}

/* A route that was found as it should be stays. */
static int lead_tunnel(struct flows *t, struct flow_entry *e, struct why *why)
{
	struct route r = tunnel_route(t, e), end = unreachable(e);
	bool away = flow_is_away(&e->flow);
	struct rule rule[RULES_MAX];
	int err;

	if (is_in_programs(t, e))
		return bpf_lead(t, e, why);
	err = away && !e->routed ? route_add(t->nl, &end, why) : 0;

	if (!err && (t->ops->encap || !e->routed) && !route_take(&t->left, &r))
		err = route_add(t->nl, &r, why);
	for (size_t i = away && !e->routed ? rules_of(t, e, rule) : 0; i-- > 0 && !err;)
		err = rule_add(t->nl, &rule[i], why);
	e->routed = !err;
	return err;
}

/* Reverse tunnels of IPv4. */
static size_t ipv4_aways(const struct flows *t)
{
	size_t n = 0;

	for (size_t i = table_count(&t->table); i-- > 0;) {
		const struct flow *f = &table_at(&t->table, i)->flow;

		n += flow_is_away(f) && flow_is_ipv4(&f->key);
	}
	return n;
}

static int unlead_tunnel(struct flows *t, struct flow_entry *e, struct why *why)
{
	struct route r = tunnel_route(t, e), end = unreachable(e);
	struct rule rule[RULES_MAX];
	int err = 0;

	if (is_in_programs(t, e))
		return bpf_unlead(t, e);
	if (!flow_is_away(&e->flow))
		return route_del(t->nl, &r, why);
	if (!e->table)
		return 0;
	for (size_t i = rules_of(t, e, rule); i-- > 0;)
		if (!rule[i].links || ipv4_aways(t) == 1)
			err = rule_del(t->nl, &rule[i], why) ?: err;
	err = route_del(t->nl, &r, why) ?: err;
	return route_del(t->nl, &end, why) ?: err;
}

static void hold_tunnel(struct flows *t, struct flow_entry *e, struct held *h)
{
	struct route r = tunnel_route(t, e), end = unreachable(e);
	bool away = flow_is_away(&e->flow);
	struct rule rule[RULES_MAX];

	if (is_in_programs(t, e))
		return;
	if (away)
		held_route(h, &end);
	held_route(h, &r);
	for (size_t i = away ? rules_of(t, e, rule) : 0; i-- > 0;)
		held_rule(h, &rule[i]);
}

/* --- pairs -------------------------------------------------------------------------------------------------------- */

/* In the table of an earlier moment, or as it should be: 0, the main one, for this source. */
static struct route pair_route(const struct flows *t, const struct flow_entry *e, uint32_t table)
{
	const struct flow_key *k = &e->flow.key;
	struct route r = {.dst = k->dst, .plen = k->dplen, .ifindex = shim_ifindex(t->shim), .mtu = e->mtu};

	if (t->bpf) {
		r.ifindex = t->ifindex;
		r.mtu = e->mtu ? e->mtu : SHIM_MTU;
	}
	r.table = table;
	r.has_from = !table;
	if (r.has_from)
		r.from = k->src;
	return r;
}

/* The same for a packet whose source is not chosen yet, which the main table looks up as coming from ::. It gets the
 * source that is optimized: left to itself a kernel without CONFIG_IPV6_MIP6 would take a care-of address. The last
 * pair of a correspondent has this route; another gets it again when it is set again. */
static struct route sourceless(const struct flow_entry *e, const struct route *r)
{
	struct route any = *r;

	any.table = 0;
	any.src = e->flow.key.src;
	any.has_from = true;
	any.from = in6addr_any;
	return any;
}

static uint32_t table_of(const struct flows *t, const struct flow_entry *e)
{
	const struct flow_entry *away = table_away(&t->table, &e->flow.key.src);

	if (e->registered)
		return REGISTERED_TABLE;
	return away ? away->table : 0;
}

/* To a node that is registered here what is forwarded must go on taking the tunnel's route in the main table, which a
 * route for some sources beside it would hide from the others. Only packets of our own are asked for in another table;
 * its rule, of which there is one an address of ours, goes with the data path's. */
static struct rule registered_rule(const struct flow_entry *e)
{
	return (struct rule){.home = e->flow.key.src, .table = REGISTERED_TABLE};
}

/* The new route first: between the two packets would leave unchanged. */
static int lead_pair(struct flows *t, struct flow_entry *e, struct why *why)
{
	uint32_t table = table_of(t, e);
	struct route r = pair_route(t, e, table), old = pair_route(t, e, e->table), any = sourceless(e, &r);
	struct rule rule = registered_rule(e);
	int err = route_take(&t->left, &r) ? 0 : route_add(t->nl, &r, why);

	if (err)
		return err;
	if (e->routed && table != e->table)
		(void)!route_del(t->nl, &old, NULL);
	e->table = table;
	e->routed = true;
	if (e->registered)
		return rule_add(t->nl, &rule, why);
	return route_take(&t->left, &any) ? 0 : route_add(t->nl, &any, why);
}

static int unlead_pair(struct flows *t, struct flow_entry *e)
{
	struct route r = pair_route(t, e, e->table), any = sourceless(e, &r);

	if (!e->routed)
		return 0;
	(void)!route_del(t->nl, &r, NULL);
	if (!e->registered)
		(void)!route_del(t->nl, &any, NULL);
	e->routed = false;
	return 0;
}

/* What another pair of this correspondent has put there is as good. */
static void hold_pair(struct flows *t, struct flow_entry *e, struct held *h)
{
	struct rule rule = registered_rule(e);
	struct route r, any;

	e->table = table_of(t, e);
	r = pair_route(t, e, e->table);
	any = sourceless(e, &r);
	held_route(h, &r);
	if (e->registered)
		held_rule(h, &rule);
	else if (h->what & LOST_ENTRIES && !route_has_source(&h->routes, &any))
		held_route(h, &any);
}

/* --- both --------------------------------------------------------------------------------------------------------- */

int flow_lead(struct flows *t, struct flow_entry *e, struct why *why)
{
	return flow_is_pair(&e->flow.key) ? lead_pair(t, e, why) : lead_tunnel(t, e, why);
}

int flow_unlead(struct flows *t, struct flow_entry *e, struct why *why)
{
	return flow_is_pair(&e->flow.key) ? unlead_pair(t, e) : unlead_tunnel(t, e, why);
}

void flow_lead_hold(struct flows *t, struct flow_entry *e, struct held *h)
{
	(flow_is_pair(&e->flow.key) ? hold_pair : hold_tunnel)(t, e, h);
}

static const struct rule apart_rule = {.table = MIP_TABLE_CELL};

int flow_lead_apart(struct flows *t, bool on, struct why *why)
{
	int err = (on ? rule_add : rule_del)(t->nl, &apart_rule, why);

	return t->bpf ? bpf_attach(t, on, why) ?: err : err;
}

void flow_lead_apart_hold(struct flows *t, struct held *h)
{
	if (t->apart && !t->detached)
		held_rule(h, &apart_rule);
}

/* Of our routes only ends of tables are looked at. */
static bool end_known(void *ctx, const struct route *r)
{
	const struct flows *t = ctx;
	bool known = !r->end || network_has_end(t, r);

	for (size_t i = table_count(&t->table); i-- > 0 && !known;) {
		const struct flow_entry *e = table_at(&t->table, i);

		known = flow_is_away(&e->flow) && e->table == r->table;
	}
	return known;
}

static bool has_source(const struct in6_addr *home)
{
	return !addr_is_ipv4(home) || memcmp(&home->s6_addr[12], &(struct in_addr){INADDR_ANY}, 4) != 0;
}

/* A reverse tunnel of IPv4 that has this rule of packets without a source; NULL: none has. */
static const struct flow_entry *ipv4_away(const struct flows *t, const struct rule *r)
{
	for (size_t i = table_count(&t->table); i-- > 0;) {
		const struct flow_entry *e = table_at(&t->table, i);

		if (flow_is_away(&e->flow) && flow_is_ipv4(&e->flow.key) && (r->links || e->table == r->table))
			return e;
	}
	return NULL;
}

static bool rule_known(void *ctx, const struct rule *r)
{
	struct flow_key k = {.src = r->home, .splen = r->plen ? r->plen : 128};
	const struct flows *t = ctx;
	const struct flow_entry *e = has_source(&r->home) ? table_find(&t->table, &k) : ipv4_away(t, r);
	struct rule known[RULES_MAX];
	size_t n = 0;

	if (r->to || !r->table)
		return network_has_rule(t, r);
	if (addr_any(&r->home))
		return r->oif[0] || (r->local || r->mark ? bpf_leads(t) : t->apart && !t->detached);
	for (size_t i = e ? rules_of(t, e, known) : 0; i-- > 0;)
		n += !memcmp(&known[i], r, sizeof(*r));
	return n;
}

int flow_lead_sweep(struct flows *t, struct why *why)
{
	int err = rule_sweep(t->nl, rule_known, t, why) ?: route_end_found(t->nl, &t->left, why);

	return err ?: route_sweep(t->nl, 0, end_known, t, why);
}

/* --- forwarding --------------------------------------------------------------------------------------------------- */

/* An interface that hears Router Advertisements shall do so as a router, too. One that vanishes meanwhile is no loss.
 */
static void hear_routers(const char *dev)
{
	char path[NAME_MAX + 32];
	int v;

	snprintf(path, sizeof(path), "conf/%s/accept_ra", dev);
	if (!sysctl_get(path, &v) && v == 1)
		(void)!sysctl_set(path, 2, NULL);
}

void flow_hear_routers(void)
{
	DIR *d = opendir("/proc/sys/net/ipv6/conf");
	const struct dirent *e;

	while (d && (e = readdir(d)))
		if (e->d_name[0] != '.')
			hear_routers(e->d_name);
	if (d)
		closedir(d);
}

/* Since 6.17 one device can forward by itself. Before, the whole machine has to; the advertised default routes are kept
 * when accept_ra is 2 before forwarding is 1. */
int flow_forwarding(struct why *why)
{
	int on = 0;

	if (!sysctl_get("conf/all/forwarding", &on) && on)
		return 0;
	if (!sysctl_set("conf/" SHIM_DEV "/force_forwarding", 1, NULL))
		return 0;
	flow_hear_routers();
	return sysctl_set("conf/all/forwarding", 1, why);
}
