/*
 * link.h: routes. Ours carry protocol MIP_RTPROT and a metric nobody else uses, so that a
 * replace hits only ours; of others only what Router Advertisements of a link left behind
 * brought is deleted, by route_flush_*.
 *
 * The end of a table is an unreachable default route that stands behind all others. It carries a protocol of its own,
 * so that it is still there when somebody flushes ours.
 */
#include <linux/lwtunnel.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "sys/link.h"

#define ENCAP_HOPS 64

static struct nlmsghdr *route_msg(void *buf, uint16_t type, uint16_t flags, const struct route *r)
{
	struct nlmsghdr *h = nl_msg(buf, type, flags, sizeof(struct rtmsg));
	struct rtmsg *m = mnl_nlmsg_get_payload(h);

	m->rtm_family = nl_family(&r->dst);
	m->rtm_dst_len = nl_plen(&r->dst, r->plen);
	m->rtm_table = RT_TABLE_UNSPEC;
	m->rtm_protocol = r->end ? MIP_RTPROT_END : MIP_RTPROT;
	m->rtm_scope = RT_SCOPE_UNIVERSE;
	m->rtm_type = r->end ? RTN_UNREACHABLE : RTN_UNICAST;
	if (m->rtm_dst_len)
		nl_put_addr(h, RTA_DST, &r->dst);
	mnl_attr_put_u32(h, RTA_TABLE, r->table ? r->table : RT_TABLE_MAIN);
	mnl_attr_put_u32(h, RTA_PRIORITY, r->end ? MIP_METRIC_END : MIP_METRIC);
	if (r->ifindex)
		mnl_attr_put_u32(h, RTA_OIF, r->ifindex);
	if (r->has_from) {
		m->rtm_src_len = 128;
		mnl_attr_put(h, RTA_SRC, sizeof(r->from), &r->from);
	}
	if (!addr_any(&r->gateway))
		mnl_attr_put(h, RTA_GATEWAY, sizeof(r->gateway), &r->gateway);
	return h;
}

static void put_encap(struct nlmsghdr *h, const struct route *r)
{
	struct nlattr *nest;

	mnl_attr_put_u16(h, RTA_ENCAP_TYPE, LWTUNNEL_ENCAP_IP6);
	nest = mnl_attr_nest_start(h, RTA_ENCAP);
	mnl_attr_put_u64(h, LWTUNNEL_IP6_ID, 0);
	mnl_attr_put(h, LWTUNNEL_IP6_DST, sizeof(r->remote), &r->remote);
	mnl_attr_put(h, LWTUNNEL_IP6_SRC, sizeof(r->src), &r->src);
	mnl_attr_put_u8(h, LWTUNNEL_IP6_HOPLIMIT, ENCAP_HOPS);
	mnl_attr_nest_end(h, nest);
}

static void put_mtu(struct nlmsghdr *h, uint32_t mtu)
{
	struct nlattr *nest = mnl_attr_nest_start(h, RTA_METRICS);

	mnl_attr_put_u32(h, RTAX_MTU, mtu);
	mnl_attr_nest_end(h, nest);
}

int route_add(struct nl *nl, const struct route *r, struct why *why)
{
	char buf[NL_MSG_MAX], what[80];
	struct nlmsghdr *h = route_msg(buf, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, r);

	if (r->encap)
		put_encap(h, r);
	else if (!addr_any(&r->src))
		nl_put_addr(h, RTA_PREFSRC, &r->src);
	if (r->mtu)
		put_mtu(h, r->mtu);
	snprintf(what, sizeof(what), "add route %s/%u", addr_text(&r->dst).s, r->plen);
	return nl_do(nl, h, why, what);
}

int route_del(struct nl *nl, const struct route *r, struct why *why)
{
	char buf[NL_MSG_MAX], what[80];

	snprintf(what, sizeof(what), "delete route %s/%u", addr_text(&r->dst).s, r->plen);
	return nl_del(nl, route_msg(buf, RTM_DELROUTE, 0, r), why, what);
}

/* A route as a dump tells it. */
struct seen {
	const struct rtmsg *m;
	struct route r;
	bool has_gateway, expires;
	uint32_t metric;
};

static void seen_encap(const struct nlattr *nest, struct route *r)
{
	const struct nlattr *a;

	r->encap = true;
	mnl_attr_for_each_nested (a, nest) {
		if (mnl_attr_get_payload_len(a) != sizeof(struct in6_addr))
			continue;
		if (mnl_attr_get_type(a) == LWTUNNEL_IP6_DST)
			memcpy(&r->remote, mnl_attr_get_payload(a), sizeof(r->remote));
		else if (mnl_attr_get_type(a) == LWTUNNEL_IP6_SRC)
			memcpy(&r->src, mnl_attr_get_payload(a), sizeof(r->src));
	}
}

static int seen_mtu(const struct nlattr *a, void *route)
{
	struct route *r = route;

	if (mnl_attr_get_type(a) == RTAX_MTU && mnl_attr_validate(a, MNL_TYPE_U32) >= 0)
		r->mtu = mnl_attr_get_u32(a);
	return MNL_CB_OK;
}

static void seen_attr(const struct nlattr *a, struct seen *s)
{
	bool is_u32 = mnl_attr_validate(a, MNL_TYPE_U32) >= 0;

	switch (mnl_attr_get_type(a)) {
	case RTA_DST: (void)!nl_addr(a, &s->r.dst); break;
	case RTA_GATEWAY: s->has_gateway = nl_addr(a, &s->r.gateway); break;
	case RTA_SRC: s->r.has_from = nl_addr(a, &s->r.from); break;
	case RTA_TABLE: s->r.table = is_u32 ? mnl_attr_get_u32(a) : s->r.table; break;
	case RTA_OIF: s->r.ifindex = is_u32 ? mnl_attr_get_u32(a) : 0; break;
	case RTA_CACHEINFO:
		if (mnl_attr_get_payload_len(a) >= sizeof(struct rta_cacheinfo))
			s->expires = ((const struct rta_cacheinfo *)mnl_attr_get_payload(a))->rta_expires != 0;
		break;
	case RTA_PRIORITY: s->metric = is_u32 ? mnl_attr_get_u32(a) : 0; break;
	case RTA_PREFSRC: (void)!nl_addr(a, &s->r.src); break;
	case RTA_METRICS: mnl_attr_parse_nested(a, seen_mtu, &s->r); break;
	case RTA_ENCAP: seen_encap(a, &s->r); break;
	}
}

static struct seen seen_route(const struct nlmsghdr *h)
{
	struct seen s = {.m = mnl_nlmsg_get_payload(h)};
	const struct nlattr *a;

	s.r.plen = s.m->rtm_dst_len;
	if (s.m->rtm_family == AF_INET) {
		s.r.plen = (uint8_t)(s.r.plen + NL_IPV4_BITS);
		s.r.dst = addr_mapped(&(struct in_addr){INADDR_ANY});
	}
	s.r.table = s.m->rtm_table;
	s.r.end = s.m->rtm_protocol == MIP_RTPROT_END;
	mnl_attr_for_each (a, h, sizeof(*s.m))
		seen_attr(a, &s);
	return s;
}

/* A walk over the kernel's routes: what it is after, and for whom. Deletions are queued; the caller flushes. */
struct walk {
	struct nl *nl;
	struct why *why;
	unsigned ifindex;
	int err;
	bool (*keep)(void *ctx, const struct route *r);
	void *ctx;
	const struct in6_addr *addr;
	size_t n;
};

/* The route as it was told, gateway, metric and all, is what is deleted: a message turned round. */
static void delete_seen(struct walk *w, const struct seen *s)
{
	char buf[NL_MSG_MAX];
	struct nlmsghdr *h = route_msg(buf, RTM_DELROUTE, 0, &s->r);
	struct rtmsg *m = mnl_nlmsg_get_payload(h);
	struct nlattr *a;

	m->rtm_protocol = s->m->rtm_protocol;
	m->rtm_type = s->m->rtm_type;
	m->rtm_scope = s->m->rtm_scope;
	mnl_attr_for_each (a, h, sizeof(*m))
		if (mnl_attr_get_type(a) == RTA_PRIORITY)
			*(uint32_t *)mnl_attr_get_payload(a) = s->metric;
	w->err = nl_queue(w->nl, h, w->why) ?: w->err;
}

static int walk_routes(struct walk *w, uint8_t family, mnl_cb_t each)
{
	char buf[NL_MSG_MAX];
	struct nlmsghdr *h = nl_msg(buf, RTM_GETROUTE, 0, sizeof(struct rtmsg));
	struct rtmsg *m = mnl_nlmsg_get_payload(h);
	int err, flushed;

	m->rtm_family = family;
	err = nl_dump(w->nl, h, each, w, w->why, "list routes");
	flushed = nl_flush(w->nl, w->why);
	return err ?: w->err ?: flushed;
}

static int sweep_one(const struct nlmsghdr *h, void *ctx)
{
	struct seen s = seen_route(h);
	struct walk *w = ctx;

	if ((s.m->rtm_protocol != MIP_RTPROT && !s.r.end) || (w->ifindex && s.r.ifindex != w->ifindex))
		return MNL_CB_OK;
	if (!w->keep || !w->keep(w->ctx, &s.r))
		delete_seen(w, &s);
	return MNL_CB_OK;
}

int route_sweep(struct nl *nl, unsigned ifindex, bool (*keep)(void *, const struct route *), void *ctx, struct why *why)
{
	struct walk w = {.nl = nl, .why = why, .ifindex = ifindex, .keep = keep, .ctx = ctx};

	return walk_routes(&w, AF_INET6, sweep_one) ?: walk_routes(&w, AF_INET, sweep_one);
}

/* --- what was found ----------------------------------------------------------------------------------------------- */

struct key {
	struct in6_addr dst, from;
	uint32_t table;
	uint8_t plen, has_from, end, zero;
};

struct value {
	struct in6_addr src, remote, gateway;
	uint32_t ifindex, mtu;
};

static struct key key_of(const struct route *r)
{
	struct key k = {.dst = r->dst, .from = r->from, .table = r->table ? r->table : RT_TABLE_MAIN};

	k.plen = r->plen;
	k.has_from = r->has_from;
	k.end = r->end;
	return k;
}

static struct value route_value(const struct route *r)
{
	struct value v = {.src = r->src, .remote = r->remote, .gateway = r->gateway};

	v.ifindex = r->end ? 0 : r->ifindex;
	v.mtu = r->mtu;
	return v;
}

struct noting {
	struct left *left;
	int err;
};

static bool note_route(void *noting, const struct route *r)
{
	struct key k = key_of(r);
	struct value v = route_value(r);
	struct noting *n = noting;

	n->err = left_note(n->left, &k, &v) ?: n->err;
	return true;
}

int route_find(struct nl *nl, unsigned ifindex, struct left *to, struct why *why)
{
	struct noting n = {to, 0};
	int err;

	*to = (struct left){.klen = sizeof(struct key), .vlen = sizeof(struct value)};
	err = route_sweep(nl, ifindex, note_route, &n, why);
	return err || !n.err ? err : why_set(why, -n.err, "out of memory");
}

bool route_take(struct left *found, const struct route *r)
{
	struct key k = key_of(r);
	struct value v = route_value(r);

	return left_take(found, &k, &v);
}

bool route_has_source(struct left *found, const struct route *r)
{
	struct key k = key_of(r);
	const void *at = left_value(found, &k);
	struct value v;

	if (!at)
		return false;
	memcpy(&v, at, sizeof(v));
	return v.ifindex == r->ifindex && !addr_any(&v.src);
}

static void delete_key(void *nl, const uint8_t *key)
{
	struct key k;

	memcpy(&k, key, sizeof(k));
	(void)!route_del(nl,
		&(struct route){.dst = k.dst,
			.plen = k.plen,
			.table = k.table,
			.has_from = k.has_from,
			.from = k.from,
			.end = k.end},
		NULL); /* queued */
}

int route_end_found(struct nl *nl, struct left *found, struct why *why)
{
	nl_bulk_begin(nl);
	left_end(found, delete_key, nl);
	return nl_bulk_end(nl, why);
}

static bool among(const struct walk *w, const struct in6_addr *a, size_t bytes)
{
	for (size_t i = 0; i < w->n; i++)
		if (!memcmp(&w->addr[i], a, bytes))
			return true;
	return false;
}

/* Routes to a router: default ones and those of Route Information options (RFC 4191). */
static int flush_router(const struct nlmsghdr *h, void *ctx)
{
	struct seen s = seen_route(h);
	struct walk *w = ctx;

	if (s.r.ifindex == w->ifindex && s.m->rtm_protocol == RTPROT_RA && s.has_gateway && !among(w, &s.r.gateway, 16))
		delete_seen(w, &s);
	return MNL_CB_OK;
}

int route_flush_ra(struct nl *nl, unsigned ifindex, const struct in6_addr *keep, size_t n, struct why *why)
{
	struct walk w = {.nl = nl, .why = why, .ifindex = ifindex, .addr = keep, .n = n};

	return walk_routes(&w, AF_INET6, flush_router);
}

/* The route of a prefix that an RA told expires, as that of an address set by hand does not; or the RA said it never
 * does: then no address is under it any more. */
static bool is_left_behind(struct walk *w, const struct seen *s)
{
	bool any = false;

	if (s->m->rtm_protocol == RTPROT_RA || s->expires)
		return true;
	w->err = addr_any_under(w->nl, w->ifindex, &s->r.dst, &any, w->why) ?: w->err;
	return !w->err && !any;
}

static int flush_prefix(const struct nlmsghdr *h, void *ctx)
{
	struct seen s = seen_route(h);
	struct walk *w = ctx;
	uint8_t proto = s.m->rtm_protocol;

	if (s.r.ifindex != w->ifindex || s.r.plen != 64 || s.has_gateway || s.r.table != RT_TABLE_MAIN)
		return MNL_CB_OK;
	if ((proto == RTPROT_KERNEL || proto == RTPROT_RA) && !IN6_IS_ADDR_LINKLOCAL(&s.r.dst) &&
		!among(w, &s.r.dst, 8) && is_left_behind(w, &s))
		delete_seen(w, &s);
	return MNL_CB_OK;
}

int route_flush_prefixes(struct nl *nl, unsigned ifindex, const struct in6_addr *keep, size_t n, struct why *why)
{
	struct walk w = {.nl = nl, .why = why, .ifindex = ifindex, .addr = keep, .n = n};

	return walk_routes(&w, AF_INET6, flush_prefix);
}
