/*
 * path.h over ONE collect-metadata ip6tnl device: the kernel forwards, also while the agent is away. A binding is a
 * route `HOME/128 encap ip6 src HA dst CoA dev mip0`, a reverse tunnel the default route of its home's table. The
 * device takes tunnelled packets from anybody: tuncheck.c says which are right. After a crash, device, routes and check
 * go on; the next agent takes them over, and touches only what is not as it should be.
 */
#include <errno.h>
#include <stdlib.h>

#include "flow/path_impl.h"
#include "flow/tuncheck.h"

struct ip6tnl {
	struct path path;
	struct tuncheck *check;
	struct left routes;
};

static struct ip6tnl *of(struct path *p)
{
	return (struct ip6tnl *)(void *)p;
}

static const struct link_set set = {.mtu = PATH_MTU, .no_lladdr = true, .up = true};

/* Takes over the device of an agent that crashed, or makes one. EEXIST: a TUN device of another agent, or not ours at
 * all. */
static int device(struct path *p, struct why *why)
{
	int err = link_find_ours(p->nl, PATH_DEV, "ip6tnl", &p->ifindex, why);

	if (!err && !p->ifindex) {
		err = link_add_ip6tnl(p->nl, PATH_DEV, why);
		p->ifindex = err ? 0 : if_nametoindex(PATH_DEV);
	}
	return err ?: link_setup(p->nl, p->ifindex, &set, why);
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
		err = route_find(nl, t->path.ifindex, &t->routes, why);
	if (!err)
		err = tuncheck_open(&t->check, loop, nl, t->path.ifindex, &t->path.bound, &t->path.reversed, why);
	if (err)
		ip6tnl_close(&t->path);
	else
		*out = &t->path;
	return err;
}

/* A route that was found as it should be stays. */
static int have_route(struct path *p, const struct route *r, struct why *why)
{
	return route_take(&of(p)->routes, r) ? 0 : route_add(p->nl, r, why);
}

static int ip6tnl_bind(struct path *p, const struct home *h, const struct home *old, struct why *why)
{
	struct route r = path_route(p, h, false);
	int err = tuncheck_change(of(p)->check, TUN_BOUND, h, old, why);

	return err ?: have_route(p, &r, why);
}

static int ip6tnl_unbind(struct path *p, const struct home *old, struct why *why)
{
	struct route r = path_route(p, old, false);
	int err = route_del(p->nl, &r, why), closed = tuncheck_change(of(p)->check, TUN_BOUND, NULL, old, why);

	return err ?: closed;
}

static int ip6tnl_reverse(struct path *p, const struct home *h, const struct home *old, struct why *why)
{
	struct route r = path_route(p, h, true);
	int err = tuncheck_change(of(p)->check, TUN_REVERSE, h, old, why);

	return err ?: have_route(p, &r, why);
}

static int ip6tnl_unreverse(struct path *p, const struct home *old, struct why *why)
{
	struct route r = path_route(p, old, true);
	int err = route_del(p->nl, &r, why), closed = tuncheck_change(of(p)->check, TUN_REVERSE, NULL, old, why);

	return err ?: closed;
}

static int ip6tnl_sweep(struct path *p, struct why *why)
{
	int err = route_end_found(p->nl, &of(p)->routes, why);

	return err ?: tuncheck_sweep(of(p)->check, why);
}

static bool ip6tnl_hold(struct path *p, struct held *h)
{
	int touched = h->what & LOST_ENTRIES ? held_device(h, p->ifindex, PATH_DEV, &set) : 0;
	struct why why = {0};
	int err = touched == -ENODEV ? device(p, &why) : 0;

	if (!err && touched == -ENODEV)
		(void)held_device(h, p->ifindex, PATH_DEV, &set);
	if (!err && (touched == -ENODEV || h->what & LOST_NFT))
		err = tuncheck_hold(of(p)->check, p->ifindex, &why);
	if (err)
		held_failed(h, err, &why);
	held_put(h, HELD_DEVICE, touched == -ENODEV);
	held_put(h, HELD_NFT, (h->what & LOST_NFT) != 0);
	return touched != 0;
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
	.encap = true,
	.open = ip6tnl_open,
	.close = ip6tnl_close,
	.bind = ip6tnl_bind,
	.unbind = ip6tnl_unbind,
	.reverse = ip6tnl_reverse,
	.unreverse = ip6tnl_unreverse,
	.sweep = ip6tnl_sweep,
	.hold = ip6tnl_hold,
	.bulk = ip6tnl_bulk,
	.stats = ip6tnl_stats,
};
