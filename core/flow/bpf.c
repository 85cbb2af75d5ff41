/*
 * flow.h with the kernel's fast path (fast.h) under the TUN device. What the programs do not do, tun.c does, and here
 * is what is to be done about packets they gave up: who sent one that is too big is told (RFC 2473 7.1).
 *
 * Home addresses have no route of their own each. One route for each /64 that has some, in a table of their own, leads
 * to the device what the programs marked on a link, for a home address that is away; and what the home agent itself
 * sends: of that, what is for nodes that are at home is sent on from there, by the other routes.
 */
#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/addr.h"
#include "base/buf.h"
#include "base/clock.h"
#include "flow/bpf/maps.h"
#include "flow/edit.h"
#include "flow/fast.h"
#include "flow/flow_impl.h"
#include "sys/tc.h"
#include "wire/icmp6.h"
#include <linux/if_ether.h>

#define ERRORS_A_SECOND 100
#define MTU_MIN		1280
#define AT_SRC		8
#define AT_DST		24

struct bpf {
	struct fast *fast;
	struct map nets;
	struct rate errors;
};

struct net {
	struct map_node node;
	struct in6_addr prefix; /* the key: a /64 */
	size_t homes;
};

_Static_assert(offsetof(struct net, prefix) == sizeof(struct map_node), "the key follows the node");

/* --- what leads to home addresses --------------------------------------------------------------------------------- */

static const struct rule lead_rules[] = {
	{.table = MIP_TABLE_LOCAL, .mark = FMAP_MARK},
	{.table = MIP_TABLE_LOCAL, .local = true},
};

#define N_LEADS (sizeof(lead_rules) / sizeof(lead_rules[0]))

static struct route net_route(const struct flows *t, const struct in6_addr *prefix)
{
	return (struct route){.dst = *prefix, .plen = 64, .table = MIP_TABLE_LOCAL, .ifindex = t->ifindex};
}

static struct net *net_at(const struct bpf *b, size_t i)
{
	return (struct net *)(void *)b->nets.item[i];
}

static struct net *net_of(const struct bpf *b, const struct in6_addr *home, struct in6_addr *prefix)
{
	*prefix = *home;
	memset(prefix->s6_addr + 8, 0, 8);
	return (struct net *)(void *)map_find(&b->nets, prefix);
}

static int net_new(struct bpf *b, const struct in6_addr *prefix, struct why *why)
{
	struct net *n = calloc(1, sizeof(*n));

	if (n) {
		n->prefix = *prefix;
		n->homes = 1;
		if (!map_add(&b->nets, &n->node))
			return 0;
	}
	free(n);
	return why_set(why, ENOMEM, "out of memory");
}

static int lead_by(struct flows *t, int (*how)(struct nl *, const struct rule *, struct why *), struct why *why)
{
	int err = 0;

	for (size_t i = 0; i < N_LEADS; i++)
		err = how(t->nl, &lead_rules[i], why) ?: err;
	return err;
}

static void net_del(struct flows *t, const struct in6_addr *home)
{
	struct in6_addr prefix;
	struct net *n = net_of(t->bpf, home, &prefix);
	struct route r = net_route(t, &prefix);

	if (!n || --n->homes)
		return;
	map_del(&t->bpf->nets, &n->node);
	free(n);
	(void)!route_del(t->nl, &r, NULL);
	if (!t->bpf->nets.n)
		(void)!lead_by(t, rule_del, NULL);
}

static int net_add(struct flows *t, const struct in6_addr *home, struct why *why)
{
	struct in6_addr prefix;
	struct net *n = net_of(t->bpf, home, &prefix);
	struct route r = net_route(t, &prefix);
	int err;

	if (n) {
		n->homes++;
		return 0;
	}
	err = net_new(t->bpf, &prefix, why);
	if (err)
		return err;
	err = route_take(&t->left, &r) ? 0 : route_add(t->nl, &r, why);
	if (!err && t->bpf->nets.n == 1 && !t->detached)
		err = lead_by(t, rule_add, why);
	if (err)
		net_del(t, home);
	return err;
}

int bpf_lead(struct flows *t, struct flow_entry *e, struct why *why)
{
	int err = e->routed ? 0 : net_add(t, &e->flow.key.dst, why);

	e->routed = !err;
	return err;
}

int bpf_unlead(struct flows *t, struct flow_entry *e)
{
	if (e->routed)
		net_del(t, &e->flow.key.dst);
	e->routed = false;
	return 0;
}

bool bpf_leads(const struct flows *t)
{
	return t->bpf && t->bpf->nets.n && !t->detached;
}

int bpf_attach(struct flows *t, bool on, struct why *why)
{
	return t->bpf->nets.n ? lead_by(t, on ? rule_add : rule_del, why) : 0;
}

/* --- flows -------------------------------------------------------------------------------------------------------- */

int bpf_set(struct flows *t, const struct flow *f, const struct flow *old, struct why *why)
{
	(void)old;
	return fast_set(t->bpf->fast, f, why);
}

int bpf_del(struct flows *t, const struct flow *f, struct why *why)
{
	return fast_del(t->bpf->fast, &f->key, why);
}

struct flow_counts bpf_counted(const struct flows *t, const struct flow_key *key)
{
	struct flow_counts c = {0};

	(void)!fast_counts(t->bpf->fast, key, &c);
	return c;
}

int bpf_stats(struct flows *t, struct flow_stats *to)
{
	for (size_t i = table_count(&t->table); i-- > 0;) {
		const struct flow_entry *e = table_at(&t->table, i);
		struct flow_counts c = {0};

		if (e->flow.edits & FLOW_ENCAP)
			c = bpf_counted(t, &e->flow.key);
		to->tx_packets += c.out.packets;
		to->rx_packets += c.in.packets;
	}
	return fast_drops(t->bpf->fast, &to->drops);
}

/* --- packets ------------------------------------------------------------------------------------------------------ */

/* What the kernel knows of the path to `peer`; 0: nothing. */
static uint32_t path_mtu_to(const struct in6_addr *peer)
{
	struct sockaddr_in6 to = {.sin6_family = AF_INET6, .sin6_addr = *peer, .sin6_port = htons(9)};
	int mtu = 0, fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	socklen_t len = sizeof(mtu);

	if (fd < 0)
		return 0;
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) || getsockopt(fd, IPPROTO_IPV6, IPV6_MTU, &mtu, &len))
		mtu = 0;
	close(fd);
	return mtu > 0 ? (uint32_t)mtu : 0;
}

static size_t room_of(const struct flow *f)
{
	return (f->edits & FLOW_ENCAP ? IP6_HLEN : 0) + (f->edits & FLOW_HAO ? HAO_ROOM : 0) +
	       (f->edits & FLOW_RH2 ? RH2_ROOM : 0);
}

/* The length of what is sent of it at once. */
static size_t segment_of(const struct packet *p)
{
	return p->vnet.gso_type == VIRTIO_NET_HDR_GSO_NONE ? p->len : (size_t)p->vnet.hdr_len + p->vnet.gso_size;
}

static void send_error(int fd, const struct in6_addr *from, const struct tunnel_error *e)
{
	uint8_t b[sizeof(struct virtio_net_hdr) + IP6_HLEN + sizeof(e->data)] = {0};
	uint8_t *pkt = b + sizeof(struct virtio_net_hdr);

	ip6_header(pkt, from, &e->to, IPPROTO_ICMPV6, e->len);
	memcpy(pkt + IP6_HLEN, e->data, e->len);
	put_u16(pkt + IP6_HLEN + 2, ip6_checksum(from, &e->to, IPPROTO_ICMPV6, pkt + IP6_HLEN, e->len));
	(void)!write(fd, b, sizeof(struct virtio_net_hdr) + IP6_HLEN + e->len);
}

/* A pair takes what the path does; a tunnel no less than 1280 octets, in fragments. */
static uint32_t mtu_for(struct flows *t, struct flow_entry *e, const struct in6_addr *dst)
{
	const struct flow *f = &e->flow;
	uint32_t path = path_mtu_to(f->edits & (FLOW_ENCAP | FLOW_RH2) ? &f->peer : dst);

	if (!(f->edits & FLOW_ENCAP))
		return flow_obey(t, e, path, room_of(f));
	return path < MTU_MIN + IP6_HLEN ? MTU_MIN : path - IP6_HLEN;
}

static bool too_big(struct flows *t, int fd, struct packet *pkt)
{
	struct in6_addr src, dst;
	struct flow_entry *f;
	struct tunnel_error e;
	uint32_t mtu;

	memcpy(&src, pkt->data + AT_SRC, sizeof(src));
	memcpy(&dst, pkt->data + AT_DST, sizeof(dst));
	f = table_lookup(&t->table, &src, &dst, FLOW_ENCAP | FLOW_HAO | FLOW_RH2);
	edit_settle(pkt);
	if (!f || (f->flow.edits & FLOW_ENCAP && segment_of(pkt) <= MTU_MIN))
		return false;
	if (!rate_take(&t->bpf->errors, clock_now()))
		return true;
	mtu = mtu_for(t, f, &dst);
	if (segment_of(pkt) <= mtu)
		return false;
	if (tunnel_too_big(pkt->data, pkt->len, mtu < MTU_MIN ? MTU_MIN : mtu, &e))
		send_error(fd, f->flow.edits & FLOW_RH2 ? &src : &f->flow.local, &e);
	return true;
}

bool bpf_took(struct flows *t, int fd, struct packet *pkt)
{
	bool sample = pkt->len > ETH_HLEN + IP6_HLEN && !pkt->data[0];

	if (sample)
		traffic_sample(t, pkt->data + ETH_HLEN);
	return sample || pkt->len < IP6_HLEN || too_big(t, fd, pkt);
}

/* --- links -------------------------------------------------------------------------------------------------------- */

int flow_link(struct flows *t, unsigned ifindex, bool ether, struct why *why)
{
	return t->bpf ? fast_link(t->bpf->fast, ifindex, ether, why) : 0;
}

void flow_unlink(struct flows *t, unsigned ifindex)
{
	if (t->bpf)
		fast_unlink(t->bpf->fast, ifindex);
}

/* Programs of an earlier agent on links where this one has none. */
int bpf_sweep_links(struct flows *t, struct why *why)
{
	struct if_nameindex *links = if_nameindex();
	int err = links ? 0 : why_set(why, errno, "list links: %s", strerror(errno));

	for (const struct if_nameindex *l = links; l && l->if_index; l++)
		if (!t->bpf || !fast_on(t->bpf->fast, l->if_index))
			err = tc_detach(t->nl, l->if_index, why) ?: err;
	if (links)
		if_freenameindex(links);
	return err;
}

/* --- open and close ----------------------------------------------------------------------------------------------- */

/* Programs may ask for the way of a packet only where a device forwards; this one forwards nothing by itself. */
static int forward_device(struct why *why)
{
	return sysctl_set("conf/" FLOW_DEV "/forwarding", 1, why);
}

int bpf_open(struct flows *t, struct why *why)
{
	struct bpf *b = calloc(1, sizeof(*b));
	int err;

	if (!b)
		return why_set(why, ENOMEM, "out of memory");
	map_init(&b->nets, sizeof(struct in6_addr), t->table.map.seed);
	b->errors = (struct rate){.rate = ERRORS_A_SECOND, .burst = ERRORS_A_SECOND};
	t->bpf = b;
	err = forward_device(why);
	return err ?: fast_open(&b->fast, t->nl, t->ifindex, why);
}

int bpf_sweep(struct flows *t, struct why *why)
{
	return fast_live(t->bpf->fast, why);
}

void bpf_hold(struct flows *t, struct held *h)
{
	struct why why = {0};
	int err = forward_device(&why);

	err = fast_again(t->bpf->fast, t->ifindex, &why) ?: err;
	if (err)
		held_failed(h, err, &why);
	for (size_t i = 0; i < t->bpf->nets.n; i++) {
		struct route r = net_route(t, &net_at(t->bpf, i)->prefix);

		held_route(h, &r);
	}
	for (size_t i = 0; bpf_leads(t) && i < N_LEADS; i++)
		held_rule(h, &lead_rules[i]);
}

void bpf_close(struct flows *t)
{
	struct bpf *b = t->bpf;

	if (!b)
		return;
	while (b->nets.n) {
		struct net *n = net_at(b, b->nets.n - 1);

		map_del(&b->nets, &n->node);
		free(n);
	}
	map_free(&b->nets);
	fast_close(b->fast);
	free(b);
	t->bpf = NULL;
}
