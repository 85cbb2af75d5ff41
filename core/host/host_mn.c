/* host.h: what a mobile node does to its links, addresses and tunnels. */
#include <errno.h>
#include <stdio.h>
#include <sys/random.h>

#include "base/addr.h"
#include "base/log.h"
#include "host/host_impl.h"
#include "role/mn.h"
#include "sys/link.h"

#define FORMED_MAX 3

static void do_ask_addrs(void *ctx)
{
	struct host *h = ctx;

	nl_ask_addrs(h->nl);
}

static void do_settle(void *ctx, unsigned ifindex, const struct in6_addr *router, size_t routers,
	const struct in6_addr *prefix, size_t prefixes)
{
	struct host *h = ctx;
	struct why why = {0};

	if (route_flush_ra(h->nl, ifindex, router, routers, &why) ||
		addr_flush_prefixes(h->nl, ifindex, prefix, prefixes, &why) ||
		route_flush_prefixes(h->nl, ifindex, prefix, prefixes, &why))
		host_warn(&why);
}

/* RFC 3963 5.8: at home a mobile router is an ordinary one, and forwards what comes by the home link. */
static void close_networks(struct host *h, const struct mn_home_conf *conf, unsigned ifindex, bool closed)
{
	const struct mirror_link *l = mirror_link(&h->mirror, ifindex);

	if (conf->networks && l)
		flow_forward_link(l->l.name, !closed);
	for (size_t i = 0; i < conf->networks; i++)
		flow_close_network(h->flows, &conf->network[i], closed);
}

static void do_arrive_home(void *ctx, const struct mn_home *home, unsigned ifindex, const uint8_t *agent_lladdr)
{
	struct host *h = ctx;
	struct why why = {0};

	if (agent_lladdr && neigh_learn(h->nl, ifindex, &home->agent, agent_lladdr, &why))
		host_warn(&why);
	why = (struct why){0};
	raw_solicited_join(h->raw, ifindex, &home->conf.home);
	close_networks(h, &home->conf, ifindex, false);
	/* 11.5.5: no Duplicate Address Detection, which the home agent would answer. */
	if (host_own(h, &(struct host_addr){home->conf.home, ifindex, home->conf.plen}, &why))
		host_warn(&why);
}

static void do_leave_home(void *ctx, const struct mn_home *home, unsigned ifindex)
{
	struct host *h = ctx;
	struct why why = {0};

	raw_solicited_leave(h->raw, ifindex, &home->conf.home);
	close_networks(h, &home->conf, ifindex, true);
	if (host_disown(h, &(struct host_addr){home->conf.home, ifindex, home->conf.plen}, &why))
		host_warn(&why);
}

/* Without CONFIG_IPV6_SUBTREES the routes of the kernel decide: they are right while there is one link. */
static void do_leave_by(void *ctx, const struct mn_home *home)
{
	struct host *h = ctx;
	bool at_home = home->place.where == AT_HOME;
	struct way way = {.home = home->conf.home,
		.coa = at_home ? home->conf.home : home->place.coa,
		.router = home->place.router,
		.agent = at_home ? in6addr_any : home->agent,
		.ifindex = home->place.ifindex};
	struct why why = {0};

	if (ways_set(&h->ways, &way, &why))
		log_debug("%s", why.text);
}

static struct flow_key network_key(const struct addr_prefix *p)
{
	return (struct flow_key){.src = p->addr, .splen = p->plen};
}

static int do_tunnel(void *ctx, const struct mn_home *home)
{
	struct host *h = ctx;
	struct flow f = {.key = flow_key_away(&home->conf.home),
		.edits = FLOW_ENCAP,
		.protect = host_protects(h, &home->conf.home),
		.local = home->place.coa,
		.peer = home->agent};
	struct why why = {0};
	int err;

	if (addr_is_ipv4(&f.local)) {
		f.peer = home->conf.ipv4;
		f.port = MIP_UDP_PORT;
		f.ifindex = home->place.ifindex;
	}
	do_leave_by(ctx, home);
	err = host_may_udp(&f, &why) ?: flow_set(h->flows, &f, &why);
	for (size_t i = 0; i < home->conf.networks && mn_is_router(home) && !err; i++) {
		f.key = network_key(&home->conf.network[i]);
		err = flow_set(h->flows, &f, &why);
	}
	if (!err && addr_is_ipv4(&home->ipv4_home)) {
		f.key = flow_key_away(&home->ipv4_home);
		f.protect = false;
		err = flow_set(h->flows, &f, &why);
	}
	if (!err && !f.port)
		err = ipsec_away(h->ipsec, &home->conf.home, &f.peer, &f.local, &why);
	host_warn(&why);
	return err;
}

static void do_untunnel(void *ctx, const struct mn_home *home)
{
	struct host *h = ctx;
	struct flow_key key = flow_key_away(&home->conf.home), ipv4 = flow_key_away(&home->ipv4_home);
	struct why why = {0};

	ipsec_home(h->ipsec, &home->conf.home);
	for (size_t i = 0; i < home->conf.networks; i++) {
		struct flow_key network = network_key(&home->conf.network[i]);

		if (flow_del(h->flows, &network, &why))
			host_warn(&why);
	}
	if (flow_del(h->flows, &ipv4, &why))
		host_warn(&why);
	if (flow_del(h->flows, &key, &why))
		host_warn(&why);
}

static bool do_busy(void *ctx, const struct in6_addr *local, const struct in6_addr *remote)
{
	struct host *h = ctx;
	struct flow_key key = flow_key_pair(local, remote);

	return flow_busy(h->flows, &key);
}

static uint64_t do_heard(void *ctx, const struct in6_addr *local, const struct in6_addr *remote)
{
	struct host *h = ctx;
	const struct flow_entry *e = table_pair(flow_table(h->flows), local, remote);

	return e ? flow_counted(h->flows, e).in.packets : 0;
}

/* Absent sysctls (a kernel without optimistic DAD) cost time, not function. */
void host_prepare_link(struct host *h, const struct nl_link *l)
{
	static const char *const optimistic[] = {"optimistic_dad", "use_optimistic"};
	char path[64];
	int forwarding = 0;

	(void)h;
	for (size_t i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "conf/%s/%s", l->name, optimistic[i]);
		if (sysctl_set(path, 1, NULL))
			log_debug("%s is not to be had", path);
	}
	snprintf(path, sizeof(path), "conf/%s/forwarding", l->name);
	if (!sysctl_get(path, &forwarding) && forwarding) {
		snprintf(path, sizeof(path), "conf/%s/accept_ra", l->name);
		if (sysctl_set(path, 2, NULL))
			log_warn("%s: forwarding is on and accept_ra cannot be set to 2: no router will be heard",
				l->name);
	}
}

void host_be_guest(struct host *h, const struct nl_link *l)
{
	char path[64];

	if (!flow_knows_inside(h->flows))
		return;
	snprintf(path, sizeof(path), "conf/%s/forwarding", l->name);
	(void)!sysctl_set(path, 0, NULL); /* it may be gone already */
}

/* Usable while Duplicate Address Detection goes on, where the kernel was not told so in time. */
static int hasten(const struct host *h, const struct nl_addr *k, const char *dev, struct why *why)
{
	char path[64];
	int may = 0;

	if (k->gone || k->usable || k->routeless)
		return 0;
	snprintf(path, sizeof(path), "conf/%s/optimistic_dad", dev);
	return !sysctl_get(path, &may) && may ? addr_hasten(h->nl, k, why) : 0;
}

static bool has_another(const struct mirror *m, const struct nl_addr *k)
{
	for (size_t i = 0; i < m->addrs; i++)
		if (m->addr[i].index == k->index && !m->addr[i].failed && !addr_eq(&m->addr[i].addr, &k->addr) &&
			addr_in(&k->addr, &m->addr[i].addr, k->plen))
			return true;
	return false;
}

/* RFC 4862 5.4.5: k is another node's. An interface identifier at random, as often as RFC 7217 6 tries. */
static int replace(const struct host *h, const struct nl_addr *k, struct mirror_link *l, struct why *why)
{
	struct nl_addr other = *k;

	if (l->formed == FORMED_MAX || has_another(&h->mirror, k))
		return 0;
	l->formed++;
	if (getrandom(&other.addr.s6_addr[8], 8, 0) != 8)
		return why_set(why, errno, "no random interface identifier");
	return addr_form(h->nl, &other, why);
}

void host_form_addr(struct host *h, const struct nl_addr *k)
{
	struct mirror_link *l = mirror_link(&h->mirror, k->index);
	struct why why = {0};

	if (k->temporary || !k->dynamic || k->plen != 64 || !l)
		return;
	if (k->failed ? replace(h, k, l, &why) : hasten(h, k, l->l.name, &why))
		host_warn(&why);
}

bool host_prefers_temporary(const struct host *h, unsigned ifindex)
{
	const struct mirror_link *l = mirror_link(&h->mirror, ifindex);
	char path[64];
	int v = 0;

	snprintf(path, sizeof(path), "conf/%s/use_tempaddr", l ? l->l.name : "default");
	return !sysctl_get(path, &v) && v == 2;
}

int host_add_home(struct host *h, const struct in6_addr *home, struct why *why)
{
	return host_own(h, &(struct host_addr){*home, 0, 128}, why);
}

void host_del_home(struct host *h, const struct in6_addr *home)
{
	struct why why = {0};

	if (host_disown(h, &(struct host_addr){*home, 0, 128}, &why))
		host_warn(&why);
}

int host_add_networks(struct host *h, const struct mn_home_conf *conf, struct why *why)
{
	int err = 0;

	for (size_t i = 0; i < conf->networks && !err; i++)
		err = flow_add_network(h->flows, &conf->network[i], conf->inside, why);
	return err;
}

void host_del_networks(struct host *h, const struct mn_home_conf *conf)
{
	for (size_t i = 0; i < conf->networks; i++)
		flow_del_network(h->flows, &conf->network[i]);
}

static void do_own_home(void *ctx, const struct in6_addr *home, bool on)
{
	struct flow_key ipv4 = flow_key_away(home);
	struct host *h = ctx;
	struct why why = {0};

	if (!on && addr_is_ipv4(home) && flow_del(h->flows, &ipv4, &why))
		host_warn(&why);
	if (!on)
		host_del_home(h, home);
	else if (host_add_home(h, home, &why))
		host_warn(&why);
}

void host_mn_world(struct world *w)
{
	w->ask_addrs = do_ask_addrs;
	w->settle = do_settle;
	w->arrive_home = do_arrive_home;
	w->leave_home = do_leave_home;
	w->leave_by = do_leave_by;
	w->own_home = do_own_home;
	w->tunnel = do_tunnel;
	w->untunnel = do_untunnel;
	w->busy = do_busy;
	w->heard = do_heard;
}
