/*
 * path.h over ONE collect-metadata ip6tnl device: the kernel forwards, also while the agent is away. A binding is a
 * route `HOME/128 encap ip6 src HA dst CoA dev mip0`, a reverse tunnel the default route of its home's table. The
 * device takes tunnelled packets from anybody: tuncheck.c says which are right. After a crash, device, routes and check
 * go on; the next agent takes them over, and touches only what is not as it should be.
 */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "sys/left.h"
#include "flow/path_impl.h"
#include "flow/tuncheck.h"

/* Of our routes, what differs from one to another. */
struct route_key {
	struct in6_addr dst;
	uint32_t plen, table;
};

struct route_value {
	struct in6_addr src, remote;
};

struct ip6tnl {
	struct path path;
	struct tuncheck *check;
	struct left routes;
};

static struct ip6tnl *of(struct path *p)
{
	return (struct ip6tnl *)(void *)p;
}

/* Takes over the device of an agent that crashed, or makes one. EEXIST: a TUN device of another agent, or not ours at
 * all. */
static int device(struct path *p, struct why *why)
{
	static const struct link_set set = {.mtu = PATH_MTU, .no_lladdr = true, .up = true};
	int err = link_find_ours(p->nl, PATH_DEV, "ip6tnl", &p->ifindex, why);

	if (!err && !p->ifindex) {
		err = link_add_ip6tnl(p->nl, PATH_DEV, why);
		p->ifindex = err ? 0 : if_nametoindex(PATH_DEV);
	}
	return err ?: link_setup(p->nl, p->ifindex, &set, why);
}

static struct route_key key_of(const struct route *r)
{
	return (struct route_key){r->dst, r->plen, r->table};
}

static struct route_value value_of(const struct route *r)
{
	return (struct route_value){r->src, r->remote};
}

struct noting {
	struct left *routes;
	int err;
};

static bool note_route(void *noting, const struct route *r)
{
	struct route_key k = key_of(r);
	struct route_value v = value_of(r);
	struct noting *n = noting;

	n->err = left_note(n->routes, &k, &v) ?: n->err;
	return true;
}

static int find_routes(struct ip6tnl *t, struct why *why)
{
	struct noting n = {&t->routes, 0};
	int err;

	t->routes = (struct left){.klen = sizeof(struct route_key), .vlen = sizeof(struct route_value)};
	err = route_sweep(t->path.nl, t->path.ifindex, note_route, &n, why);
	return err || !n.err ? err : why_set(why, -n.err, "out of memory");
}

static void ip6tnl_close(struct path *p)
{
	if (p->ifindex)
		(void)!link_delete(p->nl, p->ifindex, NULL);
	tuncheck_close(of(p)->check);
	left_end(&of(p)->routes, NULL, NULL);
	free(p);
}

static int ip6tnl_open(struct path **out, struct loop *loop, struct nl *nl, struct why *why)
{
	struct ip6tnl *t = calloc(1, sizeof(*t));
	int err;

	if (!t)
		return why_set(why, ENOMEM, "out of memory");
	t->path.ops = &path_ip6tnl;
	t->path.nl = nl;
	homes_init(&t->path.bound);
	homes_init(&t->path.reversed);
	err = device(&t->path, why);
	if (!err)
		err = find_routes(t, why);
	if (!err)
		err = tuncheck_open(&t->check, loop, t->path.ifindex, &t->path.bound, &t->path.reversed, why);
	if (err)
		ip6tnl_close(&t->path);
	else
		*out = &t->path;
	return err;
}

static struct route host_route(const struct path *p, const struct home *h)
{
	return (struct route){.table = RT_TABLE_MAIN,
		.dst = h->home,
		.plen = 128,
		.ifindex = p->ifindex,
		.encap = true,
		.src = h->local,
		.remote = h->peer};
}

static struct route default_route(const struct path *p, const struct home *h)
{
	return (struct route){
		.table = MIP_TABLE + h->slot, .ifindex = p->ifindex, .encap = true, .src = h->local, .remote = h->peer};
}

/* A route that was found as it should be stays. */
static int have_route(struct path *p, const struct route *r, struct why *why)
{
	struct route_key k = key_of(r);
	struct route_value v = value_of(r);

	return left_take(&of(p)->routes, &k, &v) ? 0 : route_add(p->nl, r, why);
}

static int ip6tnl_bind(struct path *p, const struct home *h, const struct home *old, struct why *why)
{
	struct route r = host_route(p, h);
	int err = tuncheck_change(of(p)->check, TUN_BOUND, h, old, why);

	return err ?: have_route(p, &r, why);
}

static int ip6tnl_unbind(struct path *p, const struct home *old, struct why *why)
{
	struct route r = host_route(p, old);
	int err = route_del(p->nl, &r, why), closed = tuncheck_change(of(p)->check, TUN_BOUND, NULL, old, why);

	return err ?: closed;
}

static int ip6tnl_reverse(struct path *p, const struct home *h, const struct home *old, struct why *why)
{
	struct route r = default_route(p, h);
	int err = tuncheck_change(of(p)->check, TUN_REVERSE, h, old, why);

	return err ?: have_route(p, &r, why);
}

static int ip6tnl_unreverse(struct path *p, const struct home *old, struct why *why)
{
	struct route r = default_route(p, old);
	int err = route_del(p->nl, &r, why), closed = tuncheck_change(of(p)->check, TUN_REVERSE, NULL, old, why);

	return err ?: closed;
}

static void forget_route(void *path, const uint8_t *key)
{
	struct path *p = path;
	struct route r = {.ifindex = p->ifindex};
	struct route_key k;

	memcpy(&k, key, sizeof(k));
	r.dst = k.dst;
	r.plen = (uint8_t)k.plen;
	r.table = k.table;
	(void)!route_del(p->nl, &r, NULL); /* queued */
}

static int ip6tnl_sweep(struct path *p, struct why *why)
{
	int err;

	nl_bulk_begin(p->nl);
	left_end(&of(p)->routes, forget_route, p);
	err = nl_bulk_end(p->nl, why);
	return err ?: tuncheck_sweep(of(p)->check, why);
}

static int ip6tnl_bulk(struct path *p, bool begin, struct why *why)
{
	return tuncheck_bulk(of(p)->check, begin, why);
}

static int ip6tnl_stats(struct path *p, struct path_stats *out)
{
	int err = link_counters(p->nl, p->ifindex, &out->rx_packets, &out->tx_packets, &out->tx_dropped);

	return err ?: tuncheck_refused(of(p)->check, &out->rx_refused);
}

const struct path_ops path_ip6tnl = {
	.name = "ip6tnl",
	.why = "this kernel has a collect-metadata ip6tnl device: it forwards by itself, also while the agent restarts",
	.tells = true,
	.open = ip6tnl_open,
	.close = ip6tnl_close,
	.bind = ip6tnl_bind,
	.unbind = ip6tnl_unbind,
	.reverse = ip6tnl_reverse,
	.unreverse = ip6tnl_unreverse,
	.sweep = ip6tnl_sweep,
	.bulk = ip6tnl_bulk,
	.stats = ip6tnl_stats,
};
