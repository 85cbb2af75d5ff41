/* host.h: the effects of the roles on this machine's kernel, those of a mobile node (host_mn.c) and Neighbor Discovery
 * (host_nd.c) aside, and their start and stop order. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "base/addr.h"
#include "base/buf.h"
#include "base/log.h"
#include "host/host_impl.h"
#include "role/ha.h"
#include "role/mn.h"
#include "sys/link.h"
#include "wire/exthdr.h"
#include "wire/mhauth.h"

#define MESSAGE_MAX (128 + 24 * MH_NETWORKS) /* of ours */
#define LINGER	    (2 * SEC)

/* --- messages ----------------------------------------------------------------------------------------------------- */

static uint32_t do_random(void *ctx)
{
	uint32_t v = 0;

	(void)ctx;
	if (getrandom(&v, sizeof(v), 0) != sizeof(v))
		v = (uint32_t)clock_now();
	return v;
}

static usec do_wall(void *ctx)
{
	(void)ctx;
	return clock_wall();
}

static void do_event(void *ctx, const struct event *ev, usec now)
{
	struct host *h = ctx;

	h->on_event(h->owner, ev, now);
}

/* What a home address of ours says while it is away goes through the tunnel, past any optimized route (11.3.1). */
static unsigned tunnel_of(const struct host *h, const struct in6_addr *src)
{
	const struct flow_entry *away = table_away(flow_table(h->flows), src);

	return !away ? 0 : away->flow.port ? shim_ifindex(h->shim) : flow_ifindex(h->flows);
}

/* RFC 5555 4: the message in an IPv6 header between home address and home agent. IPsec does not reach in there yet. */
static int send_udp(struct host *h, const struct via *via, const uint8_t *data, size_t len)
{
	uint8_t pkt[IP6_HLEN + MESSAGE_MAX], *msg = pkt + IP6_HLEN;

	if (via->esp)
		return -EOPNOTSUPP;
	ip6_header(pkt, &via->src, &via->dst, MH_PROTO, len);
	memcpy(msg, data, len);
	put_u16(msg + MH_CKSUM_AT, mh_checksum(&via->src, &via->dst, msg, len));
	return flow_udp_send(h->flows, &via->udp, pkt, IP6_HLEN + len);
}

void host_await_route(struct host *h, unsigned ifindex)
{
	if (!h->routeless != !ifindex)
		nl_hear_routes(h->nl, ifindex);
	h->routeless = ifindex;
}

static void do_send(void *ctx, const struct via *via, struct mh *m)
{
	struct host *h = ctx;
	struct raw_meta meta = {.src = via->src, .dst = via->dst, .hao = via->hao, .rh2 = via->rh2};
	uint8_t buf[MESSAGE_MAX];
	int len = mh_write(m, buf, sizeof(buf));
	int err;

	meta.has_hao = via->has_hao;
	meta.has_rh2 = via->has_rh2;
	meta.ifindex = via->ifindex ? via->ifindex : tunnel_of(h, &via->src);
	meta.hop_limit = via->on_link; /* 1, or as usual */
	if (len > 0 && via->auth)
		mh_sign(via->auth, m, buf);
	if (len > 0 && via->udp.port) {
		err = send_udp(h, via, buf, (size_t)len);
		if (m->type == MH_BU)
			host_await_route(h, via->udp.ifindex);
	} else
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

static uint64_t do_replicate(void *ctx)
{
	struct host *h = ctx;

	return h->on_replicate(h->owner);
}

static void do_ended(void *ctx, const struct in6_addr *home, uint16_t seq, usec until)
{
	struct host *h = ctx;

	h->on_ended(h->owner, home, seq, until);
}

/* --- home agent --------------------------------------------------------------------------------------------------- */

/* A remote may have asked for it, as often as it likes. */
void host_warn(const struct why *why)
{
	if (why->err)
		log_remote(LOG_WARN, clock_now(), "%s", why->text);
}

/* The addresses the home link is to send to us. */
static size_t defended(const struct bc_entry *e, struct in6_addr addr[static 3])
{
	size_t n = 0;

	addr[n++] = e->home;
	if (e->flags & BU_F_LINKLOCAL)
		addr[n++] = ha_link_local(&e->home);
	if (bc_ipv4_home(e))
		addr[n++] = bc_ipv4_home(e)->addr;
	return n;
}

static int proxy(struct host *h, const struct bc_entry *e, bool on, struct why *why)
{
	struct in6_addr addr[3];
	size_t n = e->ifindex ? defended(e, addr) : 0;
	int err = 0;

	for (size_t i = 0; i < n && !err; i++)
		err = on ? proxies_add(h->proxies, e->ifindex, &addr[i], why)
			 : proxies_del(h->proxies, e->ifindex, &addr[i], why);
	if (on)
		host_hold_proxies(h);
	return err;
}

static struct flow flow_of(const struct bc_entry *e, const struct in6_addr *to, uint8_t plen)
{
	struct flow f = {.key = {.dst = *to, .dplen = plen}, .edits = FLOW_ENCAP, .local = e->local, .peer = e->coa};

	if (e->udp.port) {
		f.local = e->udp.local;
		f.port = e->udp.port;
	}
	return f;
}

static void do_unroute(void *ctx, const struct bc_entry *e, const struct addr_prefix *network)
{
	struct flow_key key = {.dst = network->addr, .dplen = network->plen};
	struct host *h = ctx;
	struct why why = {0};

	if (addr_is_ipv4(&network->addr) && e->ifindex && proxies_del(h->proxies, e->ifindex, &network->addr, &why))
		host_warn(&why);
	if (flow_del(h->flows, &key, &why))
		host_warn(&why);
}

static void do_unbind(void *ctx, const struct bc_entry *e)
{
	struct host *h = ctx;
	struct flow_key key = flow_key_bound(&e->home);
	struct why why = {0};

	if (proxy(h, e, false, &why))
		host_warn(&why);
	why = (struct why){0};
	ipsec_home(h->ipsec, &e->home);
	for (size_t i = 0; i < e->networks; i++)
		do_unroute(ctx, e, &e->network[i]);
	if (flow_del(h->flows, &key, &why))
		host_warn(&why);
}

int host_may_udp(const struct flow *f, struct why *why)
{
	if (!f->port || !f->protect)
		return 0;
	return why_set(why, EOPNOTSUPP, "%s is protected by IPsec, which does not work over IPv4",
		addr_text(f->key.dplen ? &f->key.dst : &f->key.src).s);
}

/* Policies follow when the binding is bound again. */
static void detach(struct host *h)
{
	struct in6_addr home, agent;
	struct why why = {0};

	if (flow_attach(h->flows, false, &why))
		log_error("%s", why.text);
	for (size_t i = 0; ipsec_nth(h->ipsec, i, &home, &agent); i++)
		if (table_bound(flow_table(h->flows), &home))
			ipsec_home(h->ipsec, &home);
}

static void lingered(struct timer *t, usec now)
{
	struct host *h = timer_owner(t, struct host, linger);
	struct why why = {0};

	(void)now;
	host_bulk_begin(h);
	detach(h);
	if (host_bulk_end(h, &why))
		log_error("not all of the kernel is as on standby: %s", why.text);
}

/* Who hands over defends nothing any more, and goes on tunnelling: until the home link has heard of the other, and the
 * other's programs have moved its address, packets come here. */
static void do_attach(void *ctx, bool on)
{
	struct host *h = ctx;
	struct why why = {0};

	h->detached = !on;
	timer_stop(&h->loop->timers, &h->linger);
	if (!on)
		proxies_clear(h->proxies);
	if (!on && h->hands_over)
		timer_arm(&h->loop->timers, &h->linger, clock_now() + LINGER, lingered);
	else if (!on)
		detach(h);
	else if (flow_attach(h->flows, true, &why))
		log_error("%s", why.text);
}

int host_join_cell(struct host *h, bool in, struct why *why)
{
	timer_stop(&h->loop->timers, &h->linger);
	h->detached &= in;
	return flow_part(h->flows, in, why);
}

/* 10.4.2. The tunnel first: once the home link sends us the packets they must have somewhere to go. */
static int do_bind(void *ctx, const struct bc_entry *e, struct why *why)
{
	struct host *h = ctx;
	struct flow f = flow_of(e, &e->home, 128);
	struct why own = {0};
	int err;

	f.protect = host_protects(h, &e->home);
	err = host_may_udp(&f, &own) ?: flow_set(h->flows, &f, &own);

	for (size_t i = 0; i < e->networks && !err; i++) {
		f = flow_of(e, &e->network[i].addr, e->network[i].plen);
		err = flow_set(h->flows, &f, &own);
	}
	if (!err && !f.port && !h->detached)
		err = ipsec_away(h->ipsec, &e->home, &e->local, &e->coa, &own);
	if (!err && (e->state != MIP_BINDING_ACTIVE || bc_ipv4_home(e)) && !h->detached)
		err = proxy(h, e, true, &own);
	if (err && e->state != MIP_BINDING_ACTIVE)
		do_unbind(ctx, e);
	host_warn(&own);
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

int host_forwards_ipv4(struct why *why)
{
	int v = 0;

	if (!sysctl_get("/ipv4/ip_forward", &v) && v)
		return 0;
	return why_set(why, ENETDOWN,
		"this machine does not forward IPv4, as a home agent that gives out IPv4 home "
		"addresses must: run 'sysctl -w net.ipv4.ip_forward=1'");
}

int host_proxy_again(struct host *h, const struct bc_entry *e, unsigned before, struct why *why)
{
	struct in6_addr addr[3];
	size_t n = before ? defended(e, addr) : 0;

	if (e->state != MIP_BINDING_ACTIVE)
		return 0;
	for (size_t i = 0; i < n; i++)
		if (proxies_del(h->proxies, before, &addr[i], NULL))
			log_debug("the proxy of %s went with its link", addr_text(&addr[i]).s);
	return proxy(h, e, true, why);
}

int host_defend(struct host *h, const struct bc_entry *e, unsigned before, struct why *why)
{
	int err = host_proxy_again(h, e, before, why);

	if (e->state == MIP_BINDING_ACTIVE && !err && e->ifindex)
		h->world.claim(h, e->ifindex, &e->home);
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
		host_warn(&why);
}

/* --- links -------------------------------------------------------------------------------------------------------- */

/* Of a device that was made anew the mirror may know the one before, by its name. */
static bool is_ours(const struct host *h, const struct nl_link *l)
{
	return l->index == flow_ifindex(h->flows) || l->index == shim_ifindex(h->shim) || !strcmp(l->name, SHIM_DEV);
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
	l->attached = !shim_attach(h->shim, l->l.name, &why) &&
		      (!h->flows || !flow_link(h->flows, l->l.index, l->l.ether, &why));
	host_warn(&why);
}

/* --- start and stop ----------------------------------------------------------------------------------------------- */

static const struct world effects = {
	.random = do_random,
	.wall = do_wall,
	.event = do_event,
	.send = do_send,
	.send_icmp = do_send_icmp,
	.bind = do_bind,
	.unbind = do_unbind,
	.unroute = do_unroute,
	.attach = do_attach,
	.replicate = do_replicate,
	.ended = do_ended,
	.optimize = host_optimize,
	.protects = host_protects,
	.keys = host_keys,
	.keys_move = host_keys_move,
	.keys_at = host_keys_at,
};

void host_world(struct host *h)
{
	h->world = effects;
	host_nd_world(&h->world);
	host_mn_world(&h->world);
	h->hold.rate = (struct rate){.rate = 1, .burst = 10};
	h->answers = (struct rate){.rate = 10000, .burst = 10000};
	h->routes = (struct rate){.rate = 1, .burst = 5};
	h->world.ctx = h;
	h->world.timers = &h->loop->timers;
}

int host_open(
	struct host *h, const struct raw_events *ev, const struct flow_events *fe, const char *want, struct why *why)
{
	int err = raw_open(&h->raw, h->loop, ev, why);

	h->routeless = 0;
	/* Before anything that an earlier agent left is taken over or swept: the shim's device is there but once. */
	if (!err)
		err = shim_open(&h->shim, h->loop, h->nl, raw_from_shim, h->raw, why);
	if (!err)
		err = ipsec_open(&h->ipsec, h->loop, h->nl, h->shim, h->raw, why);
	if (!err)
		err = host_open_ike(h, why);
	if (!err)
		err = flow_open(&h->flows, h->loop, h->nl, h->shim, fe, want, why);
	if (!err)
		err = ways_open(&h->ways, h->nl, why);
	if (!err)
		err = proxies_open(&h->proxies, h->nl, why);
	for (size_t i = 0; !err && i < h->mirror.links; i++)
		host_guard(h, &h->mirror.link[i]);
	if (err)
		host_close(h);
	return err;
}

int host_sweep(struct host *h, struct why *why)
{
	int err = proxies_sweep(h->proxies, why);

	return err ?: flow_sweep(h->flows, why);
}

void host_bulk_begin(struct host *h)
{
	flow_batch_begin(h->flows);
}

int host_bulk_end(struct host *h, struct why *why)
{
	return flow_batch_end(h->flows, why);
}

void host_close(struct host *h)
{
	host_hold_close(h);
	timer_stop(&h->loop->timers, &h->linger);
	if (h->shim)
		host_flush(h);
	ike_close(h->ike);
	ipsec_close(h->ipsec);
	flow_close(h->flows);
	proxies_close(h->proxies);
	ways_close(&h->ways);
	shim_close(h->shim);
	raw_close(h->raw);
	h->ike = NULL;
	h->ipsec = NULL;
	h->proxies = NULL;
	h->shim = NULL;
	h->raw = NULL;
	h->ways.nl = NULL;
	h->flows = NULL;
	for (size_t i = 0; i < h->mirror.links; i++)
		h->mirror.link[i].attached = false;
	sysctl_restore();
}
