/* host.h: the effects of the roles on this machine's kernel, and their start and stop order. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "base/addr.h"
#include "base/log.h"
#include "host.h"
#include "role/ha.h"
#include "role/mn.h"
#include "role/rr.h"
#include "sys/link.h"

#define ND_HOPS 255 /* RFC 4861: Neighbor Discovery never crosses a router */

static const struct in6_addr all_nodes = {{{0xff, 0x02, [15] = 1}}};
static const struct in6_addr all_routers = {{{0xff, 0x02, [15] = 2}}};

/* --- messages ----------------------------------------------------------------------------------------------------- */

static uint32_t do_random(void *ctx)
{
	uint32_t v = 0;

	(void)ctx;
	if (getrandom(&v, sizeof(v), 0) != sizeof(v))
		v = (uint32_t)clock_now();
	return v;
}

static void do_event(void *ctx, const struct event *ev, usec now)
{
	struct host *h = ctx;

	h->on_event(h->owner, ev, now);
}

/* What a home address of ours says while it is away goes through the tunnel, past any optimized route (11.3.1). */
static unsigned tunnel_of(const struct host *h, const struct in6_addr *src)
{
	return path_is_away(h->path, src) ? path_ifindex(h->path) : 0;
}

static void do_send(void *ctx, const struct via *via, struct mh *m)
{
	struct host *h = ctx;
	struct raw_meta meta = {.src = via->src, .dst = via->dst, .hao = via->hao, .rh2 = via->rh2};
	uint8_t buf[256];
	int len = mh_write(m, buf, sizeof(buf));
	int err;

	meta.has_hao = via->has_hao;
	meta.has_rh2 = via->has_rh2;
	meta.ifindex = via->ifindex ? via->ifindex : tunnel_of(h, &via->src);
	if (len > 0 && via->auth)
		rr_mac(via->auth->kbm, &via->auth->coa, &via->auth->cn, buf, m->opt.auth_at, buf + m->opt.auth_at);
	err = len < 0 ? len : host_send(h, via, &meta, MH_PROTO, buf, (size_t)len);
	h->on_sent(h->owner,
		&(struct message){.out = true, .via = via, .mh = m, .dropped = err ? DROP_NOT_SENT : DROP_NONE});
	if (err)
		log_remote(LOG_DEBUG, clock_now(), "%s to %s not sent: %s", mh_type_name(m->type),
			addr_text(&via->dst).s, strerror(-err));
}

static void do_send_icmp(void *ctx, const struct via *via, const uint8_t *data, size_t len)
{
	struct host *h = ctx;
	struct raw_meta meta = {.src = via->src, .dst = via->dst, .hao = via->hao, .rh2 = via->rh2};
	int err;

	meta.has_hao = via->has_hao;
	meta.has_rh2 = via->has_rh2;
	meta.ifindex = via->ifindex;
	err = host_send(h, via, &meta, IPPROTO_ICMPV6, data, len);
	h->on_sent(h->owner,
		&(struct message){
			.out = true, .via = via, .icmp = data[0], .dropped = err ? DROP_NOT_SENT : DROP_NONE});
	if (err)
		log_remote(LOG_DEBUG, clock_now(), "ICMPv6 type %u to %s not sent: %s", data[0], addr_text(&via->dst).s,
			strerror(-err));
}

static void send_nd(struct host *h, unsigned ifindex, const struct in6_addr *src, const struct in6_addr *dst,
	const uint8_t *data, int len)
{
	struct raw_meta meta = {.src = *src, .dst = *dst, .ifindex = ifindex, .hop_limit = ND_HOPS};
	int err = len < 0 ? len : raw_send_icmp(h->raw, &meta, data, (size_t)len);

	if (err)
		log_debug("neighbor discovery on link %u not sent: %s", ifindex, strerror(-err));
}

static void do_probe(void *ctx, unsigned ifindex, const struct in6_addr *target)
{
	struct nd_nx ns = {.target = *target};
	struct in6_addr group = {{{0xff, 0x02, [11] = 1, [12] = 0xff}}};
	uint8_t buf[64];

	memcpy(&group.s6_addr[13], &target->s6_addr[13], 3);
	send_nd(ctx, ifindex, &in6addr_any, &group, buf, ns_write(&ns, buf, sizeof(buf)));
}

static void advertise(
	struct host *h, const struct mirror_link *l, const struct in6_addr *src, const struct in6_addr *target)
{
	struct nd_nx na = {.target = *target, .override = true, .has_lladdr = true};
	uint8_t buf[64];

	memcpy(na.lladdr, l->l.lladdr, sizeof(na.lladdr));
	send_nd(h, l->l.index, src, &all_nodes, buf, na_write(&na, buf, sizeof(buf)));
}

/* The source is an address of the link: the mobile node's home address when it is ours, our own otherwise. Who is back
 * home tells of its link-local address, too (RFC 6275 11.5.5): the home agent may have defended it. */
static void do_claim(void *ctx, unsigned ifindex, const struct in6_addr *home)
{
	struct host *h = ctx;
	const struct mirror_link *l = mirror_link(&h->mirror, ifindex);
	const struct in6_addr *local = mirror_link_local(&h->mirror, ifindex);
	bool own = mirror_addr(&h->mirror, ifindex, home);
	const struct in6_addr *src = own ? home : mirror_source(&h->mirror, ifindex);

	if (!l || !src)
		return;
	advertise(h, l, src, home);
	if (own && local)
		advertise(h, l, local, local);
}

/* With our link-local address and its link-layer address when there is one, from :: otherwise (RFC 4861 4.1). */
static void do_solicit(void *ctx, unsigned ifindex)
{
	struct host *h = ctx;
	const struct mirror_link *l = mirror_link(&h->mirror, ifindex);
	const struct in6_addr *src = mirror_link_local(&h->mirror, ifindex);
	uint8_t buf[64];
	int len = rs_write(buf, sizeof(buf), src && l ? l->l.lladdr : NULL);

	send_nd(h, ifindex, src ? src : &in6addr_any, &all_routers, buf, len);
}

/* RFC 4861 7.3.3. To its address alone: the neighbour cache knows where that is, or was. */
static void do_reach(void *ctx, unsigned ifindex, const struct in6_addr *router)
{
	struct host *h = ctx;
	const struct mirror_link *l = mirror_link(&h->mirror, ifindex);
	const struct in6_addr *src = mirror_link_local(&h->mirror, ifindex);
	struct nd_nx ns = {.target = *router, .has_lladdr = true};
	uint8_t buf[64];

	if (!l || !src)
		return;
	memcpy(ns.lladdr, l->l.lladdr, sizeof(ns.lladdr));
	send_nd(h, ifindex, src, router, buf, ns_write(&ns, buf, sizeof(buf)));
}

/* --- home agent --------------------------------------------------------------------------------------------------- */

static void warn(const struct why *why)
{
	if (why->err)
		log_warn("%s", why->text);
}

static int proxy(struct host *h, const struct bc_entry *e, bool on, struct why *why)
{
	struct in6_addr addr[] = {e->home, ha_link_local(&e->home)};
	int err = 0;

	for (int i = 0; e->ifindex && i <= (e->flags & BU_F_LINKLOCAL ? 1 : 0) && !err; i++)
		err = on ? proxies_add(h->proxies, e->ifindex, &addr[i], why)
			 : proxies_del(h->proxies, e->ifindex, &addr[i], why);
	return err;
}

/* RFC 4861 7.2.4, 7.2.8. With Override 0, as the kernel does it: a mobile node that is back answers for itself. */
void host_answer(struct host *h, unsigned ifindex, const struct in6_addr *home, const struct in6_addr *to)
{
	const struct mirror_link *l = mirror_link(&h->mirror, ifindex);
	const struct in6_addr *src = mirror_source(&h->mirror, ifindex);
	struct nd_nx na = {.target = *home, .solicited = !addr_any(to), .has_lladdr = true};
	uint8_t buf[64];

	if (!l || !src || proxies_has(h->proxies, ifindex, home) || !rate_take(&h->answers, clock_now()))
		return;
	memcpy(na.lladdr, l->l.lladdr, sizeof(na.lladdr));
	send_nd(h, ifindex, src, addr_any(to) ? &all_nodes : to, buf, na_write(&na, buf, sizeof(buf)));
}

static void do_unbind(void *ctx, const struct bc_entry *e)
{
	struct host *h = ctx;
	struct why why = {0};

	if (proxy(h, e, false, &why))
		warn(&why);
	why = (struct why){0};
	ipsec_home(h->ipsec, &e->home);
	if (path_unbind(h->path, &e->home, &why))
		warn(&why);
}

/* The tunnel first: once the home link sends us the packets they must have somewhere to go. */
static int do_bind(void *ctx, const struct bc_entry *e, struct why *why)
{
	struct host *h = ctx;
	struct path_bind b = {e->home, e->coa, e->local};
	struct why own = {0};
	int err = path_bind(h->path, &b, &own);

	if (!err)
		err = ipsec_away(h->ipsec, &b.home, &b.local, &b.coa, &own);
	if (!err && e->state != MIP_BINDING_ACTIVE)
		err = proxy(h, e, true, &own);
	if (err && e->state != MIP_BINDING_ACTIVE)
		do_unbind(ctx, e);
	warn(&own);
	if (err && why)
		*why = own;
	return err;
}

bool host_is_virtual(const struct nl_link *l)
{
	return l->loopback || l->noarp;
}

int host_serve_link(struct host *h, unsigned ifindex, struct why *why)
{
	const struct mirror_link *l = mirror_link(&h->mirror, ifindex);
	char path[64];
	int v = 0, err;

	snprintf(path, sizeof(path), "conf/%s/forwarding", l->l.name);
	if (sysctl_get(path, &v) || !v)
		return why_set(why, ENETDOWN,
			"%s does not forward: a home agent is a router; run 'sysctl -w net.ipv6.conf.all.forwarding=1'",
			l->l.name);
	if (host_is_virtual(&l->l))
		return 0;
	snprintf(path, sizeof(path), "conf/%s/proxy_ndp", l->l.name);
	err = sysctl_set(path, 1, why);
	if (!err)
		err = sysctl_set("conf/all/proxy_ndp", 1, why);
	snprintf(path, sizeof(path), "neigh/%s/proxy_delay", l->l.name);
	if (!err)
		err = sysctl_set(path, 0, why);
	return err ? err : raw_nd_watch(h->raw, ifindex, why);
}

int host_proxy_again(struct host *h, const struct bc_entry *e, unsigned before, struct why *why)
{
	struct in6_addr ll = ha_link_local(&e->home);

	if (e->state != MIP_BINDING_ACTIVE)
		return 0;
	if (before && (proxies_del(h->proxies, before, &e->home, NULL) || proxies_del(h->proxies, before, &ll, NULL)))
		log_debug("the proxies of %s went with their link", addr_text(&e->home).s);
	return proxy(h, e, true, why);
}

int host_defend(struct host *h, const struct bc_entry *e, unsigned before, struct why *why)
{
	int err = host_proxy_again(h, e, before, why);

	if (e->state == MIP_BINDING_ACTIVE && !err && e->ifindex)
		do_claim(h, e->ifindex, &e->home);
	return err;
}

void host_leave_link(struct host *h, unsigned ifindex)
{
	raw_nd_unwatch(h->raw, ifindex);
}

void host_hear_anycast(struct host *h, unsigned ifindex, const struct in6_addr *anycast, bool on)
{
	struct why why = {0};

	if (!on)
		raw_anycast_leave(h->raw, ifindex, anycast);
	else if (raw_anycast_join(h->raw, ifindex, anycast, &why))
		warn(&why);
}

/* --- mobile node -------------------------------------------------------------------------------------------------- */

static void do_settle(void *ctx, unsigned ifindex, const struct in6_addr *router, size_t routers,
	const struct in6_addr *prefix, size_t prefixes)
{
	struct host *h = ctx;
	struct why why = {0};

	if (route_flush_ra(h->nl, ifindex, router, routers, &why) ||
		addr_flush_prefixes(h->nl, ifindex, prefix, prefixes, &why) ||
		route_flush_prefixes(h->nl, ifindex, prefix, prefixes, &why))
		warn(&why);
}

static void do_arrive_home(void *ctx, const struct mn_home *home, unsigned ifindex, const uint8_t *agent_lladdr)
{
	struct host *h = ctx;
	struct why why = {0};

	if (agent_lladdr && neigh_learn(h->nl, ifindex, &home->agent, agent_lladdr, &why))
		warn(&why);
	why = (struct why){0};
	if (addr_add(h->nl, ifindex, &home->conf.home, home->conf.plen, true, true, &why))
		warn(&why);
}

static void do_leave_home(void *ctx, const struct mn_home *home, unsigned ifindex)
{
	struct host *h = ctx;
	struct why why = {0};

	if (addr_del(h->nl, ifindex, &home->conf.home, home->conf.plen, &why))
		warn(&why);
}

static int do_tunnel(void *ctx, const struct mn_home *home)
{
	struct host *h = ctx;
	struct path_reverse r = {home->conf.home, home->place.coa, home->agent};
	struct why why = {0};
	int err = path_reverse_add(h->path, &r, &why);

	if (!err)
		err = ro_home(h->ro, &r.home, &r.coa, &why);
	if (!err)
		err = ipsec_away(h->ipsec, &r.home, &r.agent, &r.coa, &why);
	warn(&why);
	return err;
}

static void do_untunnel(void *ctx, const struct mn_home *home)
{
	struct host *h = ctx;
	struct why why = {0};

	ipsec_home(h->ipsec, &home->conf.home);
	if (path_reverse_del(h->path, &home->conf.home, &why) || ro_home(h->ro, &home->conf.home, NULL, &why))
		warn(&why);
}

static void do_leave_by(void *ctx, const struct mn_home *home)
{
	struct host *h = ctx;
	struct way way = {home->conf.home, home->place.coa, home->place.router, home->place.ifindex};
	struct why why = {0};

	/* Without CONFIG_IPV6_SUBTREES the routes of the kernel decide: they are right while there is one link. */
	if (ways_set(&h->ways, &way, &why))
		log_debug("%s", why.text);
}

static bool do_busy(void *ctx, const struct in6_addr *local, const struct in6_addr *remote)
{
	struct host *h = ctx;

	return ro_busy(h->ro, local, remote);
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
	return addr_add(h->nl, path_ifindex(h->path), home, 128, true, true, why);
}

void host_del_home(struct host *h, const struct in6_addr *home)
{
	struct why why = {0};

	if (addr_del(h->nl, path_ifindex(h->path), home, 128, &why))
		warn(&why);
}

static void do_own_home(void *ctx, const struct in6_addr *home, bool on)
{
	struct host *h = ctx;
	struct why why = {0};

	if (!on)
		host_del_home(h, home);
	else if (host_add_home(h, home, &why))
		warn(&why);
}

/* --- links -------------------------------------------------------------------------------------------------------- */

static bool is_ours(const struct host *h, const struct nl_link *l)
{
	return l->index == path_ifindex(h->path) || !strcmp(l->name, SHIM_DEV);
}

/* News comes late: a device of that name may be the next one already. */
bool host_lost_device(const struct host *h, const struct nl_link *l)
{
	if (!host_is_open(h))
		return false;
	return l->index == path_ifindex(h->path) || (!strcmp(l->name, SHIM_DEV) && !if_nametoindex(SHIM_DEV));
}

bool host_is_movable(const struct nl_link *l)
{
	return l->ether && !l->loopback;
}

void host_guard(struct host *h, struct mirror_link *l)
{
	struct why why = {0};

	if (!h->shim || l->attached || l->l.loopback || is_ours(h, &l->l))
		return;
	l->attached = !shim_attach(h->shim, l->l.name, &why);
	warn(&why);
}

/* --- start and stop ----------------------------------------------------------------------------------------------- */

static const struct world effects = {
	.random = do_random,
	.event = do_event,
	.send = do_send,
	.send_icmp = do_send_icmp,
	.bind = do_bind,
	.unbind = do_unbind,
	.probe = do_probe,
	.claim = do_claim,
	.solicit = do_solicit,
	.reach = do_reach,
	.settle = do_settle,
	.arrive_home = do_arrive_home,
	.leave_home = do_leave_home,
	.leave_by = do_leave_by,
	.own_home = do_own_home,
	.tunnel = do_tunnel,
	.untunnel = do_untunnel,
	.optimize = host_optimize,
	.busy = do_busy,
	.protects = host_protects,
};

void host_world(struct host *h)
{
	h->world = effects;
	h->answers = (struct rate){.rate = 10000, .burst = 10000};
	h->world.ctx = h;
	h->world.timers = &h->loop->timers;
}

int host_open(
	struct host *h, const struct raw_events *ev, const struct ro_events *ro, const char *want, struct why *why)
{
	int err = raw_open(&h->raw, h->loop, ev, why);

	/* Before anything that an earlier agent left is taken over or swept: the shim's device is there but once. */
	if (!err)
		err = shim_open(&h->shim, h->loop, h->nl, raw_from_shim, h->raw, why);
	if (!err)
		err = guard_open(&h->guard, h->nl, h->shim, h->raw, why);
	if (!err)
		err = ipsec_open(&h->ipsec, h->loop, h->guard, why);
	if (!err)
		err = path_open(&h->path, h->loop, h->nl, want, why);
	if (!err)
		err = ways_open(&h->ways, h->nl, why);
	if (!err)
		err = proxies_open(&h->proxies, h->nl, why);
	if (!err)
		err = ro_open(&h->ro, h->loop, h->nl, h->path, h->shim, ro, why);
	for (size_t i = 0; !err && i < h->mirror.links; i++)
		host_guard(h, &h->mirror.link[i]);
	if (err)
		host_close(h);
	return err;
}

int host_sweep(struct host *h, struct why *why)
{
	int err = proxies_sweep(h->proxies, why);

	return err ?: path_sweep(h->path, why);
}

void host_bulk_begin(struct host *h)
{
	path_bulk_begin(h->path);
}

int host_bulk_end(struct host *h, struct why *why)
{
	return path_bulk_end(h->path, why);
}

void host_close(struct host *h)
{
	if (h->shim)
		host_flush(h);
	ipsec_close(h->ipsec);
	guard_close(h->guard);
	ro_close(h->ro);
	proxies_close(h->proxies);
	ways_close(&h->ways);
	shim_close(h->shim);
	raw_close(h->raw);
	path_close(h->path);
	h->ipsec = NULL;
	h->guard = NULL;
	h->ro = NULL;
	h->proxies = NULL;
	h->shim = NULL;
	h->raw = NULL;
	h->ways.nl = NULL;
	h->path = NULL;
	for (size_t i = 0; i < h->mirror.links; i++)
		h->mirror.link[i].attached = false;
	sysctl_restore();
}
