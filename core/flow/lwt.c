/*
 * flow.h over ONE collect-metadata ip6tnl device: the kernel forwards, also while the agent is away. A binding is a
 * route `HOME/128 encap ip6 src HA dst CoA dev mip0`, a reverse tunnel the default route of its home's table. The
 * device takes tunnelled packets from anybody: tuncheck.c says which are right. After a crash, device, routes and check
 * go on; the next agent takes them over, and touches only what is not as it should be.
 */
#include <errno.h>
#include <stdlib.h>

#include "flow/flow_impl.h"
#include "flow/tuncheck.h"
#include "sys/tun.h"

struct lwt {
	struct flows flows;
	struct tuncheck *check;
};

static struct lwt *of(struct flows *t)
{
	return (struct lwt *)(void *)t;
}

static const struct link_set set = {.mtu = FLOW_MTU, .no_lladdr = true, .up = true};

/* Takes over the device of an agent that crashed, or makes one. EEXIST: a device that is not ours. */
static int device(struct flows *t, struct why *why)
{
	int err = link_find_ours(t->nl, FLOW_DEV, "ip6tnl", &t->ifindex, why);

	if (!err && !t->ifindex)
		err = tun_delete_left(t->nl, FLOW_DEV, why);
	if (!err && !t->ifindex) {
		err = link_add_ip6tnl(t->nl, FLOW_DEV, why);
		t->ifindex = err ? 0 : if_nametoindex(FLOW_DEV);
	}
	return err ?: link_setup(t->nl, t->ifindex, &set, why);
}

static void lwt_close(struct flows *t)
{
	if (t->ifindex)
		(void)!link_delete(t->nl, t->ifindex, NULL);
	tuncheck_close(of(t)->check);
	free(t);
}

static int lwt_open(const struct flow_ops *ops, struct flows **out, struct loop *loop, struct nl *nl, struct why *why)
{
	struct lwt *l = calloc(1, sizeof(*l));
	int err;

	if (!l)
		return why_set(why, ENOMEM, "out of memory");
	l->flows = flow_begin(ops, loop, nl);
	err = device(&l->flows, why);
	if (!err)
		err = tuncheck_open(&l->check, loop, nl, l->flows.ifindex, &l->flows.table, why);
	if (err)
		lwt_close(&l->flows);
	else
		*out = &l->flows;
	return err;
}

static int lwt_set(struct flows *t, const struct flow *f, const struct flow *old, struct why *why)
{
	return tuncheck_change(of(t)->check, f, old, why);
}

static int lwt_del(struct flows *t, const struct flow *f, struct why *why)
{
	return tuncheck_change(of(t)->check, NULL, f, why);
}

static int lwt_sweep(struct flows *t, struct why *why)
{
	return tuncheck_sweep(of(t)->check, why);
}

static bool lwt_hold(struct flows *t, struct held *h)
{
	int touched = h->what & LOST_ENTRIES ? held_device(h, t->ifindex, FLOW_DEV, &set) : 0;
	struct why why = {0};
	int err = touched == -ENODEV ? device(t, &why) : 0;

	if (!err && touched == -ENODEV)
		(void)held_device(h, t->ifindex, FLOW_DEV, &set);
	if (!err && (touched == -ENODEV || h->what & LOST_NFT))
		err = tuncheck_hold(of(t)->check, t->ifindex, &why);
	if (err)
		held_failed(h, err, &why);
	held_put(h, HELD_DEVICE, touched == -ENODEV);
	held_put(h, HELD_NFT, (h->what & LOST_NFT) != 0);
	return touched != 0;
}

static int lwt_batch(struct flows *t, bool begin, struct why *why)
{
	return tuncheck_bulk(of(t)->check, begin, why);
}

static int lwt_stats(struct flows *t, struct flow_stats *to)
{
	uint64_t refused = 0, nested = 0, dropped = 0;
	int err = link_counters(t->nl, t->ifindex, &to->rx_packets, &to->tx_packets, &dropped)
			  ?: tuncheck_refused(of(t)->check, &refused, &nested);

	to->drops.tunnel += refused;
	to->drops.nested += nested;
	to->drops.no_flow += dropped;
	return err;
}

const struct flow_ops flow_lwt = {
	.name = "ip6tnl",
	.why = "this kernel has a collect-metadata ip6tnl device: it forwards by itself, also while the agent restarts",
	.tells = true,
	.encap = true,
	.open = lwt_open,
	.close = lwt_close,
	.set = lwt_set,
	.del = lwt_del,
	.sweep = lwt_sweep,
	.hold = lwt_hold,
	.batch = lwt_batch,
	.stats = lwt_stats,
};
