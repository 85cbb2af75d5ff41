/*
 * shim.h. Which packets: a Home Address option needs 18 octets, so a destination options header of 8 or 16 octets
 * (a tunnel encapsulation limit, say) cannot hold one and is left alone; in a longer one it may stand anywhere behind
 * any padding, which nft cannot look for. So all longer ones are taken, those with another options or routing header
 * behind a short one too, and what has no HAO goes back. So do tunnelled packets with a limit of 0 that are in no
 * tunnel of ours, to whomever. Link-local destinations are excluded: written back they would have lost their link.
 * Packets for others, a proxied home address among them, are not local and pass.
 */
#include <errno.h>
#include <linux/if_ether.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

#include "sys/held.h"
#include "sys/nft.h"
#include "flow/shim.h"
#include "sys/tun.h"
#include "wire/mh.h"
#include <linux/if_arp.h>
#include <linux/netfilter.h> /* after netinet/in.h, which linux/in.h gives way to */
#include <linux/netfilter/nf_tables.h>

#define DEV	     SHIM_DEV
#define TXQLEN	     10000 /* bursts of thousands of Binding Updates wait here */
#define READS_A_TURN 4096
#define ROOM	     (64 * 1024 + ETH_HLEN)
#define GSO_MAX	     (65535 - HAO_ROOM - RH2_ROOM) /* a packet grown by both still has a Payload Length */
#define SHIM_PRIO    -150			   /* before firewalls at ingress: they see what we give back */
#define ETHER_MARK   0x02
#define WATCHED	     "watched" /* the set of sources whose Mobility Header messages are taken */

struct shim {
	struct loop *loop;
	struct nl *nl;
	struct nft *nft;
	struct watch dev;
	unsigned ifindex;
	shim_in *in;
	void *ctx;
	struct shim_ro ro;
	struct shim_guard guard;
	struct shim_stats stats;
	size_t used;			      /* octets of packets until flush */
	uint8_t buf[4 * (EDIT_FRONT + ROOM)]; /* these */
};

_Static_assert(EDIT_FRONT >= HAO_ROOM + RH2_ROOM + sizeof(struct virtio_net_hdr), "room before a packet");

unsigned shim_ifindex(const struct shim *s)
{
	return s->ifindex;
}

const int *shim_device(const struct shim *s)
{
	return &s->dev.fd;
}

void shim_set_ro(struct shim *s, const struct shim_ro *ro)
{
	s->ro = ro ? *ro : (struct shim_ro){0};
}

void shim_set_guard(struct shim *s, const struct shim_guard *g)
{
	s->guard = g ? *g : (struct shim_guard){0};
}

int shim_send(struct shim *s, struct packet *p)
{
	uint8_t *at = p->data - sizeof(p->vnet);

	memcpy(at, &p->vnet, sizeof(p->vnet));
	if (write(s->dev.fd, at, p->len + sizeof(p->vnet)) >= 0)
		return 0;
	s->stats.failed++;
	return -errno;
}

void shim_stats(const struct shim *s, struct shim_stats *out)
{
	*out = s->stats;
}

static void came_in(struct shim *s, struct packet *p, const struct exthdr *e)
{
	s->stats.taken++;
	if (e->upper == IPPROTO_ESP && s->guard.in && s->guard.in(s->guard.ctx, p, e))
		return;
	if (!s->in(s->ctx, e, p->data) && s->ro.in)
		s->ro.in(s->ro.ctx, p, e);
}

static bool goes_out(struct shim *s, struct packet *p, const struct exthdr *e)
{
	if (e->upper == IPPROTO_ESP && s->guard.out && s->guard.out(s->guard.ctx, p, e))
		return true;
	return s->ro.out && s->ro.out(s->ro.ctx, p, e);
}

/* A packet the stack sent here with no one to take it goes back too: its route has just gone, the next one is right. A
 * Mobility Header message of ours may have its extension headers when it is routed here. */
static void packet(struct shim *s, struct packet *p, bool routed)
{
	struct exthdr e;
	bool edited;

	if (exthdr_read(p->data, p->len, &e) != EXT_OK) {
		s->stats.malformed++;
		return;
	}
	p->len = e.end;
	edited = e.hao_at || e.rh2_at;
	if (routed && (!edited || e.upper == MH_PROTO) && goes_out(s, p, &e))
		return;
	if (e.tel_at && !p->data[e.tel_at + 2] && e.upper == IPPROTO_IPV6 && s->ro.limited &&
		s->ro.limited(s->ro.ctx, p, &e))
		return;
	if (edited || (!routed && e.upper == MH_PROTO))
		came_in(s, p, &e);
	else if (!shim_send(s, p))
		s->stats.given_back++;
}

/* The link's header goes; what is counted from the start is counted from the packet. */
static void drop_link_header(struct packet *p)
{
	p->data += ETH_HLEN;
	p->len -= ETH_HLEN;
	if (p->vnet.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM)
		p->vnet.csum_start = (uint16_t)(p->vnet.csum_start - ETH_HLEN);
	p->vnet.hdr_len = (uint16_t)(p->vnet.hdr_len > ETH_HLEN ? p->vnet.hdr_len - ETH_HLEN : 0);
}

/*
 * `fwd` leaves the link's header before the packet: 14 octets of Ethernet, which our rule has made begin with
 * ETHER_MARK, nothing on a point-to-point device. So the first octet tells. IPv4 packets are for tunnels only. The
 * stack's own multicasts (MLD) come out of the device too, and are for nobody.
 */
static void frame(struct shim *s, struct packet *p)
{
	bool plain = p->len > IP6_HLEN && p->data[0] >> 4 == 6;
	struct exthdr ipv4 = {0};

	if (p->data[0] >> 4 == 4 && edit_addrs(p->data, p->len, &ipv4.src, &ipv4.dst)) {
		if (!IN_MULTICAST(ipv4.dst.s6_addr[12] << 24) && !goes_out(s, p, &ipv4))
			s->stats.malformed++;
		return;
	}
	if (!plain && p->len > ETH_HLEN + IP6_HLEN && p->data[12] == ETH_P_IPV6 >> 8 &&
		p->data[13] == (ETH_P_IPV6 & 0xff))
		drop_link_header(p);
	else if (!plain) {
		s->stats.malformed++;
		return;
	}
	if (p->data[24] != 0xff)
		packet(s, p, plain);
}

static void pass_on(struct shim *s)
{
	if (s->ro.flush)
		s->ro.flush(s->ro.ctx);
	s->used = 0;
}

/* False: the device is drained. */
static bool read_one(struct shim *s)
{
	struct packet p = {.data = s->buf + s->used + EDIT_FRONT};
	struct iovec to[2] = {{&p.vnet, sizeof(p.vnet)}, {p.data, ROOM}};
	ssize_t len = readv(s->dev.fd, to, 2);

	if (len < 0 && errno == EBADFD) /* deleted by somebody; shim_hold makes another */
		loop_unwatch(s->loop, &s->dev);
	if (len <= (ssize_t)sizeof(p.vnet))
		return false;
	p.len = (size_t)len - sizeof(p.vnet);
	s->used += EDIT_FRONT + p.len;
	frame(s, &p);
	return true;
}

static void ready(struct watch *w, uint32_t events)
{
	struct shim *s = timer_owner(w, struct shim, dev);

	(void)events;
	for (int i = 0; i < READS_A_TURN && read_one(s); i++)
		if (s->used + EDIT_FRONT + ROOM > sizeof(s->buf))
			pass_on(s);
	pass_on(s);
}

void shim_drain(struct shim *s)
{
	ready(&s->dev, EPOLLIN);
}

/* A table with an owner goes when we do, and no `nft flush ruleset` takes it from us. Kernels before 5.12 know no
 * owners. */
static int table(struct shim *s, struct why *why)
{
	struct why ignored = {0};

	nft_table_del(s->nft); /* left by an agent without owner flag */
	(void)!nft_commit(s->nft, ENOENT, &ignored, "delete nft table");
	nft_table_add(s->nft, NFT_TABLE_F_OWNER);
	if (!nft_commit(s->nft, 0, &ignored, "add nft table"))
		return 0;
	nft_table_add(s->nft, 0);
	return nft_commit(s->nft, 0, why, "add nft table netdev " NFT_TABLE);
}

static int watched_set(struct shim *s, struct why *why)
{
	nft_set_add(s->nft, WATCHED, sizeof(struct in6_addr));
	return nft_commit(s->nft, 0, why, "add nft set " WATCHED);
}

static const struct link_set set = {
	.mtu = SHIM_MTU, .txqlen = TXQLEN, .gso_max = GSO_MAX, .no_lladdr = true, .up = true};

static int device(struct shim *s, struct why *why)
{
	s->dev.fd = tun_open_vnet(s->nl, DEV, &set, &s->ifindex, why);
	return s->dev.fd < 0 ? s->dev.fd : loop_watch(s->loop, &s->dev, EPOLLIN);
}

static void nft_removed(void *nl)
{
	nl_lost(nl, LOST_NFT);
}

static int open_all(struct shim *s, struct why *why)
{
	int err = device(s, why);

	if (!err)
		err = nft_open(&s->nft, NFPROTO_NETDEV, why);
	if (!err)
		err = table(s, why) ?: watched_set(s, why);
	if (!err)
		err = nft_watch(s->nft, s->loop, nft_removed, s->nl, why);
	return err ? why_set(why, -err, "shim: %s", strerror(-err)) : 0;
}

static int device_again(struct shim *s, struct why *why)
{
	loop_unwatch(s->loop, &s->dev);
	if (s->dev.fd >= 0)
		close(s->dev.fd);
	return device(s, why);
}

/* The rules name the device by its number, and links by theirs: of a link that went and came nothing is left either. */
bool shim_hold(struct shim *s, struct held *h)
{
	int touched = h->what & LOST_ENTRIES ? held_device(h, s->ifindex, DEV, &set) : 0;
	bool gone = touched == -ENODEV, renew = gone || h->what & LOST_NFT;
	struct why why = {0};
	int err = gone ? device_again(s, &why) : 0;

	if (!err && gone)
		(void)held_device(h, s->ifindex, DEV, &set);
	if (!err && renew)
		err = table(s, &why) ?: watched_set(s, &why);
	if (err)
		held_failed(h, err, &why);
	held_put(h, HELD_DEVICE, gone);
	return renew;
}

int shim_open(struct shim **out, struct loop *loop, struct nl *nl, shim_in *in, void *ctx, struct why *why)
{
	struct shim *s = calloc(1, sizeof(*s));
	int err;

	if (!s)
		return why_set(why, ENOMEM, "out of memory");
	s->loop = loop;
	s->in = in;
	s->ctx = ctx;
	s->dev = (struct watch){-1, ready};
	s->nl = nl;
	err = open_all(s, why);
	if (err)
		shim_close(s);
	else
		*out = s;
	return err;
}

void shim_close(struct shim *s)
{
	if (!s)
		return;
	if (s->nft) {
		nft_table_del(s->nft);
		(void)!nft_commit(s->nft, ENOENT, NULL, "delete nft table");
		nft_close(s->nft);
	}
	if (s->dev.fd >= 0) {
		loop_unwatch(s->loop, &s->dev);
		close(s->dev.fd);
	}
	free(s);
}

/* A device with a link's header before its packets. */
static bool is_ether(const char *dev)
{
	struct ifreq req = {0};
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool ether;

	snprintf(req.ifr_name, sizeof(req.ifr_name), "%s", dev);
	ether = fd >= 0 && !ioctl(fd, SIOCGIFHWADDR, &req) && req.ifr_hwaddr.sa_family == ARPHRD_ETHER;
	if (fd >= 0)
		close(fd);
	return ether;
}

/* ... and the rest of each rule: to an address that is not link-local. */
static void take_any(struct shim *s, struct nftnl_rule *r, bool ether)
{
	static const uint8_t mask[] = {0xff, 0xc0}, link_local[] = {0xfe, 0x80};

	nfx_payload(r, NFT_PAYLOAD_NETWORK_HEADER, 24, sizeof(mask), NFT_REG_1);
	nfx_mask(r, NFT_REG_1, mask, sizeof(mask));
	nfx_cmp(r, NFT_REG_1, NFT_CMP_NEQ, link_local, sizeof(link_local));
	nfx_counter(r);
	if (ether)
		nfx_payload_set(r, NFT_PAYLOAD_LL_HEADER, 0, ETHER_MARK);
	nfx_fwd(r, s->ifindex);
	nft_rule_add(s->nft, r);
}

/* ... that is ours. */
static void take_rest(struct shim *s, struct nftnl_rule *r, bool ether)
{
	nfx_local(r);
	take_any(s, r, ether);
}

struct take {
	uint8_t header;
	uint32_t at, op;
	uint8_t value;
};

/* A rule on one octet of an extension header. */
static void take_if(struct shim *s, const char *chain, const struct take *t, bool ether)
{
	static const uint8_t ipv6[] = {ETH_P_IPV6 >> 8, ETH_P_IPV6 & 0xff};
	struct nftnl_rule *r = nft_rule(s->nft, chain);

	nfx_meta(r, NFT_META_PROTOCOL, NFT_REG_1);
	nfx_cmp(r, NFT_REG_1, NFT_CMP_EQ, ipv6, sizeof(ipv6));
	nfx_exthdr(r, t->header, t->at, 1, NFT_REG_1);
	nfx_cmp_u8(r, NFT_REG_1, t->op, t->value);
	take_rest(s, r, ether);
}

/* A packet in a tunnel, whose encapsulation limit is 0. */
static void take_limited(struct shim *s, const char *chain, bool ether)
{
	static const uint8_t option[] = {TEL_TYPE, 1, 0};
	struct nftnl_rule *r = nft_rule(s->nft, chain);

	nfx_meta(r, NFT_META_L4PROTO, NFT_REG_1);
	nfx_cmp_u8(r, NFT_REG_1, NFT_CMP_EQ, IPPROTO_IPV6);
	nfx_exthdr(r, IPPROTO_DSTOPTS, 2, sizeof(option), NFT_REG_1);
	nfx_cmp(r, NFT_REG_1, NFT_CMP_EQ, option, sizeof(option));
	take_any(s, r, ether);
}

/* A Mobility Header message (after pass_others) that nothing protects, from one who is to send protected ones. */
static void take_watched(struct shim *s, const char *chain, bool ether)
{
	struct nftnl_rule *r = nft_rule(s->nft, chain);

	nfx_payload(r, NFT_PAYLOAD_NETWORK_HEADER, 8, sizeof(struct in6_addr), NFT_REG_1);
	nfx_lookup(r, WATCHED, NFT_REG_1);
	take_rest(s, r, ether);
}

/* Nearly all packets are done with here. No rule after this one names the protocol again: nft 1.0 aborts listing one
 * that names it and looks at octets of its header. */
static void pass_others(struct shim *s, const char *chain)
{
	struct nftnl_rule *r = nft_rule(s->nft, chain);

	nfx_meta(r, NFT_META_L4PROTO, NFT_REG_1);
	nfx_cmp_u8(r, NFT_REG_1, NFT_CMP_NEQ, MH_PROTO);
	nfx_verdict(r, NF_ACCEPT, NULL);
	nft_rule_add(s->nft, r);
}

static void mh_octet(struct nftnl_rule *r, uint32_t at, uint32_t op, uint8_t value)
{
	nfx_payload(r, NFT_PAYLOAD_TRANSPORT_HEADER, at, 1, NFT_REG_1);
	nfx_cmp_u8(r, NFT_REG_1, op, value);
}

/* What is wrong with a Mobility Header itself (after pass_others): a kernel with CONFIG_IPV6_MIP6 answers that before
 * it has looked at the checksum, and lets the answer take a route-optimized way, which 9.2 forbids. */
static void take_wrong(struct shim *s, const char *chain, bool ether)
{
	struct nftnl_rule *r = nft_rule(s->nft, chain);

	mh_octet(r, MH_PROTO_AT, NFT_CMP_NEQ, MH_NO_NEXT);
	take_rest(s, r, ether);
	for (uint8_t type = 0; type < (uint8_t)MH_TYPES; type++) {
		if (!mh_least(type))
			continue;
		r = nft_rule(s->nft, chain);
		mh_octet(r, MH_TYPE_AT, NFT_CMP_EQ, type);
		mh_octet(r, MH_LEN_AT, NFT_CMP_LT, mh_least(type));
		take_rest(s, r, ether);
	}
}

int shim_watch(struct shim *s, const struct in6_addr *from, bool on, struct why *why)
{
	(on ? nft_elem_add : nft_elem_del)(s->nft, WATCHED, from, sizeof(*from));
	return nft_commit(s->nft, on ? EEXIST : ENOENT, why, "watch for unprotected messages");
}

int shim_attach(struct shim *s, const char *dev, struct why *why)
{
	static const struct take takes[] = {
		{IPPROTO_ROUTING, 2, NFT_CMP_EQ, 2},		   /* type 2 */
		{IPPROTO_DSTOPTS, 1, NFT_CMP_GTE, 2},		   /* 24 octets and more */
		{IPPROTO_DSTOPTS, 0, NFT_CMP_EQ, IPPROTO_DSTOPTS}, /* a short one, another behind */
		{IPPROTO_DSTOPTS, 0, NFT_CMP_EQ, IPPROTO_ROUTING},
	};
	bool ether = is_ether(dev);
	char what[80];

	nft_chain_add(s->nft, dev, NF_NETDEV_INGRESS, SHIM_PRIO, dev, true);
	for (size_t i = 0; i < sizeof(takes) / sizeof(takes[0]); i++)
		take_if(s, dev, &takes[i], ether);
	take_limited(s, dev, ether);
	pass_others(s, dev);
	take_watched(s, dev, ether);
	take_wrong(s, dev, ether);
	snprintf(what, sizeof(what), "attach to %s", dev);
	return nft_commit(s->nft, EEXIST, why, what);
}

int shim_detach(struct shim *s, const char *dev, struct why *why)
{
	char what[80];

	nft_chain_del(s->nft, dev);
	snprintf(what, sizeof(what), "detach from %s", dev);
	return nft_commit(s->nft, ENOENT, why, what);
}
