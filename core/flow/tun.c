/*
 * flow.h over a TUN device and a raw socket of protocol 41 (carrier.h): works on every kernel. The raw socket also
 * keeps a kernel without ip6_tunnel from answering tunnelled packets with parameter problems.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/log.h"
#include "base/loop.h"
#include "sys/nft.h"
#include "flow/carrier.h"
#include "flow/flow_impl.h"
#include "flow/apart.h"
#include "sys/tun.h"
#include "wire/exthdr.h"
#include <linux/netfilter.h> /* after netinet/in.h, which linux/in.h gives way to */
#include <linux/netfilter/nf_tables.h>

#define READS_A_TURN 256
#define WHOLE	     (64 * 1024 + 64) /* a packet of segments */
#define TXQLEN	     2000
#define AT_DST	     24

struct tun {
	struct flows flows;
	struct nft *nft; /* NULL: this kernel has none */
	struct watch dev;
	struct carrier raw;
	size_t used;		 /* octets of packets that wait to be sent */
	uint8_t data[4 * WHOLE]; /* these */
};

static struct tun *tun_of(struct flows *p)
{
	return (struct tun *)(void *)p;
}

static void send_all(struct tun *t)
{
	(void)!carrier_flush(&t->raw);
	t->used = 0;
}

/* The tunnel of a packet the stack sent here. */
static struct flow_entry *tunnel_of(struct tun *t, const struct packet *p)
{
	struct in6_addr from, to;

	if (!edit_addrs(p->data, p->len, &from, &to))
		return NULL;
	return table_lookup(&t->flows.table, &from, &to, FLOW_ENCAP);
}

/* Reads one packet behind those that wait to be sent. False: the device is drained. */
static bool read_one(struct tun *t)
{
	struct packet p = {.data = t->data + t->used};
	struct iovec to[2] = {{&p.vnet, sizeof(p.vnet)}, {p.data, WHOLE}};
	ssize_t len = readv(t->dev.fd, to, 2);
	struct flow_entry *e;

	if (len < 0 && errno == EBADFD) /* deleted by somebody; tun_hold makes another */
		loop_unwatch(t->flows.loop, &t->dev);
	if (len <= (ssize_t)sizeof(p.vnet))
		return false;
	p.len = (size_t)len - sizeof(p.vnet);
	if (t->flows.bpf && bpf_took(&t->flows, t->dev.fd, &p))
		return true;
	e = tunnel_of(t, &p);
	if (e && flow_is_apart(&e->flow)) {
		apart_out(&t->flows, &p, e);
		apart_flush(&t->flows);
	} else if (e && carrier_may(&t->raw, &p, e)) {
		t->used += p.len;
		carrier_add(&t->raw, &p, e);
		if (!t->raw.out.n)
			t->used = 0;
	} else if (!e && p.len > AT_DST && p.data[AT_DST] != 0xff) /* the stack's own multicasts have nowhere to go */
		t->flows.drops.no_flow++;
	return true;
}

static void dev_ready(struct watch *w, uint32_t events)
{
	struct tun *t = timer_owner(w, struct tun, dev);
	bool more = true;

	(void)events;
	for (int reads = 0; reads < READS_A_TURN && more; reads++) {
		if (t->used + WHOLE > sizeof(t->data))
			send_all(t);
		more = read_one(t);
	}
	send_all(t);
}

static void tun_close(struct flows *p)
{
	struct tun *t = tun_of(p);

	bpf_close(p);
	if (t->dev.fd >= 0) {
		loop_unwatch(t->flows.loop, &t->dev);
		tun_persist(t->dev.fd, false);
		close(t->dev.fd);
	}
	if (t->raw.socket.fd >= 0) {
		loop_unwatch(t->flows.loop, &t->raw.socket);
		close(t->raw.socket.fd);
	}
	if (t->nft) {
		nft_table_del(t->nft);
		(void)!nft_commit(t->nft, ENOENT, NULL, "delete nft table");
		nft_close(t->nft);
	}
	free(t);
}

/*
 * A kernel with ip6_tunnel gives us the packet and answers "port unreachable" all the same, because no device of its
 * own took it: our table drops that answer. The table of the other implementation, left by a crash, goes first.
 */
static void hush_about(struct tun *t, uint8_t proto)
{
	static const uint8_t port_unreachable[] = {1, 4};
	struct nftnl_rule *r = nft_rule(t->nft, "output");

	nfx_meta(r, NFT_META_L4PROTO, NFT_REG_1);
	nfx_cmp_u8(r, NFT_REG_1, NFT_CMP_EQ, IPPROTO_ICMPV6);
	nfx_payload(r, NFT_PAYLOAD_TRANSPORT_HEADER, 0, sizeof(port_unreachable), NFT_REG_1);
	nfx_cmp(r, NFT_REG_1, NFT_CMP_EQ, port_unreachable, sizeof(port_unreachable));
	nfx_payload(r, NFT_PAYLOAD_TRANSPORT_HEADER, 8 + 6, 1, NFT_REG_1); /* next header of the packet it is about */
	nfx_cmp_u8(r, NFT_REG_1, NFT_CMP_EQ, proto);
	nfx_verdict(r, NF_DROP, NULL);
	nft_rule_add(t->nft, r);
}

static void hush(struct tun *t)
{
	struct why ignored = {0};

	nft_table_del(t->nft);
	(void)!nft_commit(t->nft, ENOENT, &ignored, "delete nft table");
	nft_table_add(t->nft, 0);
	nft_chain_add(t->nft, "output", NF_INET_LOCAL_OUT, 0, NULL, false);
	hush_about(t, IPPROTO_IPV6);
	hush_about(t, IPPROTO_IPIP);
	(void)!nft_commit(t->nft, 0, &ignored, "add nft table");
}

static void lost(void *nl)
{
	nl_lost(nl, LOST_NFT);
}

/* No nft, no such kernel. */
static void hush_from_now_on(struct tun *t, struct nl *nl)
{
	struct why ignored = {0};

	if (nft_open(&t->nft, NFPROTO_IPV6, &ignored))
		return;
	hush(t);
	if (nft_watch(t->nft, t->flows.loop, lost, nl, &ignored))
		log_debug("%s", ignored.text);
}

/* A device of the other implementation, left by an agent that crashed, is in the way of the name. */
static int leftover(struct nl *nl, struct why *why)
{
	unsigned ifindex;
	int err = link_find_ours(nl, FLOW_DEV, "ip6tnl", &ifindex, why);

	return err || !ifindex ? err : link_delete(nl, ifindex, why);
}

static const struct link_set set = {.mtu = FLOW_MTU, .txqlen = TXQLEN, .no_lladdr = true, .up = true};

static int open_both(struct tun *t, struct nl *nl, struct why *why)
{
	int err = leftover(nl, why);

	if (err)
		return err;
	t->dev.fd = tun_open_vnet(nl, FLOW_DEV, &set, &t->flows.ifindex, why);
	if (t->dev.fd < 0)
		return t->dev.fd;
	hush_from_now_on(t, nl);
	t->raw.socket.fd = carrier_raw(IPPROTO_IPV6, why);
	return t->raw.socket.fd < 0 ? t->raw.socket.fd : 0;
}

static int tun_flow_open(
	const struct flow_ops *ops, struct flows **out, struct loop *loop, struct nl *nl, struct why *why)
{
	struct tun *t = calloc(1, sizeof(*t));
	int err;

	if (!t)
		return why_set(why, ENOMEM, "out of memory");
	t->flows = flow_begin(ops, loop, nl);
	t->dev = (struct watch){-1, dev_ready};
	carrier_begin(&t->raw, &t->flows, &t->dev.fd, CARRIER_ROOM);
	err = open_both(t, nl, why);
	if (!err)
		err = loop_watch(loop, &t->dev, EPOLLIN) ?: loop_watch(loop, &t->raw.socket, EPOLLIN);
	if (err)
		(void)!why_set(why, -err, "tunnel device: %s", strerror(-err));
	else if (ops == &flow_bpf)
		err = bpf_open(&t->flows, why);
	if (err) {
		tun_close(&t->flows);
		return err;
	}
	tun_persist(t->dev.fd, t->flows.bpf);
	*out = &t->flows;
	return 0;
}

static int device_again(struct tun *t, struct why *why)
{
	loop_unwatch(t->flows.loop, &t->dev);
	if (t->dev.fd >= 0)
		close(t->dev.fd);
	t->dev.fd = tun_open_vnet(t->flows.nl, FLOW_DEV, &set, &t->flows.ifindex, why);
	if (t->dev.fd < 0)
		return t->dev.fd;
	tun_persist(t->dev.fd, t->flows.bpf);
	return loop_watch(t->flows.loop, &t->dev, EPOLLIN);
}

static bool tun_hold(struct flows *p, struct held *h)
{
	int touched = h->what & LOST_ENTRIES ? held_device(h, p->ifindex, FLOW_DEV, &set) : 0;
	struct why why = {0};
	int err = touched == -ENODEV ? device_again(tun_of(p), &why) : 0;

	if (err)
		held_failed(h, err, &why);
	else if (touched == -ENODEV)
		(void)held_device(h, p->ifindex, FLOW_DEV, &set);
	if (h->what & LOST_NFT && tun_of(p)->nft)
		hush(tun_of(p));
	held_put(h, HELD_DEVICE, touched == -ENODEV);
	held_put(h, HELD_NFT, (h->what & LOST_NFT) != 0);
	if (p->bpf)
		bpf_hold(p, h);
	return touched != 0;
}

static int tun_stats(struct flows *p, struct flow_stats *to)
{
	to->rx_packets += tun_of(p)->raw.rx_packets;
	to->tx_packets += tun_of(p)->raw.tx_packets;
	return p->bpf ? bpf_stats(p, to) : 0;
}

const struct flow_ops flow_tun = {
	.name = "tun",
	.why = "this kernel has no collect-metadata ip6tnl device; TUN and a raw socket work everywhere",
	.open = tun_flow_open,
	.close = tun_close,
	.hold = tun_hold,
	.stats = tun_stats,
};

const struct flow_ops flow_bpf = {
	.name = "bpf",
	.why = "programs of tc in the kernel do what can be done there, also while the agent restarts",
	.open = tun_flow_open,
	.close = tun_close,
	.set = bpf_set,
	.del = bpf_del,
	.sweep = bpf_sweep,
	.hold = tun_hold,
	.stats = tun_stats,
};
