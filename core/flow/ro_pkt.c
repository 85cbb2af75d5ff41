/*
 * Packets between the wire and the stack: a HAO and an RH2 put in on the way out (RFC 6275 9.3.2, 11.3.1), checked and
 * taken out on the way in (9.3.1, 11.3.3). Only the headers move, into the room before the packet: one that holds
 * 64 kB of segments costs no more than a small one.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "base/addr.h"
#include "base/buf.h"
#include "flow/ro_impl.h"
#include "wire/icmp6.h"
#include "wire/mh.h"

#define HEAD_MAX     512 /* of headers that can be moved */
#define AT_PLEN	     4
#define AT_HOPS	     7
#define TCP_HLEN     20
#define TCP_HLEN_AT  12
#define TCP_CKSUM_AT 16
#define UPPER_MIN    8 /* octets of the upper header that let the headers be read without the rest */

/* The headers of a packet by themselves: a packet that ends soon behind them. */
struct head {
	uint8_t b[HEAD_MAX + HAO_ROOM + RH2_ROOM];
	size_t len;
};

static bool head_take(struct head *h, const struct shim_pkt *p, const struct exthdr *e)
{
	size_t upper = e->end - e->upper_at;

	h->len = e->upper_at + (upper < UPPER_MIN ? upper : UPPER_MIN);
	if (h->len > HEAD_MAX)
		return false;
	memcpy(h->b, p->data, h->len);
	put_u16(h->b + AT_PLEN, (uint16_t)(h->len - IP6_HLEN));
	return true;
}

/* Segments are cut behind the upper header: where that ends the kernel need not have told. That a checksum is good it
 * cannot have seen through a HAO. */
static void vnet_settle(struct shim_pkt *p)
{
	struct virtio_net_hdr *v = &p->vnet;
	size_t at = v->csum_start, upper = 8;

	v->flags &= VIRTIO_NET_HDR_F_NEEDS_CSUM;
	if (!v->flags || v->gso_type == VIRTIO_NET_HDR_GSO_NONE) {
		v->hdr_len = 0;
		return;
	}
	if (v->csum_offset == TCP_CKSUM_AT && at + TCP_HLEN <= p->len)
		upper = p->data[at + TCP_HLEN_AT] >> 4 << 2;
	v->hdr_len = (uint16_t)(at + upper);
}

static void vnet_move(struct virtio_net_hdr *v, int by)
{
	if (v->flags)
		v->csum_start = (uint16_t)(v->csum_start + by);
	if (v->hdr_len)
		v->hdr_len = (uint16_t)(v->hdr_len + by);
}

/* The headers h, now `len` long, in place of what they were taken from. */
static void head_put(struct head *h, struct shim_pkt *p, size_t len)
{
	p->data = p->data + h->len - len;
	p->len = p->len - h->len + len;
	memcpy(p->data, h->b, len);
	put_u16(p->data + AT_PLEN, (uint16_t)(p->len - IP6_HLEN));
	vnet_move(&p->vnet, (int)len - (int)h->len);
}

/* Packets and octets as they are on the wire: `p` still has its headers. */
static void count(struct ro_count *c, const struct shim_pkt *p)
{
	size_t head = p->vnet.hdr_len, body = p->len > head ? p->len - head : 0, n = 1;

	if (p->vnet.gso_type != VIRTIO_NET_HDR_GSO_NONE && p->vnet.gso_size)
		n = (body + p->vnet.gso_size - 1) / p->vnet.gso_size;
	c->packets += n;
	c->bytes += p->len + (n - 1) * head;
}

static void hand_on(struct ro *ro, struct shim_pkt *p)
{
	if (shim_send(ro->shim, p))
		ro->drops.refused++;
}

/* A packet optimized at the other end only, of a home address of ours that is away: traffic like what passes its
 * tunnel. The callee may end the pair. */
static void half(struct ro *ro, const struct ro_pair *pair, const struct in6_addr *local, const struct in6_addr *remote,
	bool out)
{
	if ((!pair || !pair->on[RO_LOCAL]) && ro->ev.traffic && ro_home_find(ro, local))
		ro->ev.traffic(ro->ev.ctx, local, remote, out);
}

/* --- out ---------------------------------------------------------------------------------------------------------- */

/* Signalling chooses its way itself: a Home Test goes to the home address (9.4.3), and the routes of
 * other sources lead there. */
static void go_aside(struct ro *ro, const struct shim_pkt *p, const struct exthdr *e)
{
	struct sockaddr_in6 to = {.sin6_family = AF_INET6, .sin6_addr = e->dst};

	if (sendto(ro->aside, p->data, p->len, 0, (struct sockaddr *)&to, sizeof(to)) < 0)
		ro->drops.refused++;
}

static const struct in6_addr *place_of(const struct ro_pair *pair, enum ro_end side)
{
	return pair && pair->on[side] ? &pair->coa[side] : NULL;
}

/* A care-of address can be a correspondent, too. What one header sets as the other end has then a route into here: the
 * second header is put in at once. */
static void insert(struct ro *ro, struct ro_pair *pair, struct shim_pkt *p, const struct exthdr *e)
{
	const struct in6_addr *coa = place_of(pair, RO_LOCAL), *to_coa = place_of(pair, RO_REMOTE);
	struct head h;
	int len;

	if (!to_coa)
		to_coa = place_of(ro_pair_find(ro, coa, &e->dst), RO_REMOTE);
	else if (!coa)
		coa = place_of(ro_pair_find(ro, &e->src, to_coa), RO_LOCAL);
	len = head_take(&h, p, e) ? exthdr_insert(h.b, h.len, sizeof(h.b), coa, to_coa) : -EINVAL;
	if (len < 0 || p->len - h.len + (size_t)len > IP6_HLEN + UINT16_MAX) {
		*(len < 0 ? &ro->drops.malformed : &ro->drops.too_long) += 1;
		return;
	}
	head_put(&h, p, (size_t)len);
	if (p->data[AT_HOPS] < 255)
		p->data[AT_HOPS]++; /* forwarding takes it away again */
	if (coa)
		count(&pair->stats.hao_out, p);
	if (to_coa)
		count(&pair->stats.rh2_out, p);
	pair->busy = true;
	hand_on(ro, p);
	half(ro, pair, &e->src, &e->dst, true);
}

/* A Mobility Header message, or the answer to one that cannot be read (9.2: without the Binding Cache). */
static bool is_signalling(const struct shim_pkt *p, const struct exthdr *e)
{
	size_t quoted = e->upper_at + ICMP6_ERROR_HLEN;
	struct exthdr about;

	if (e->upper != IPPROTO_ICMPV6 || e->end < quoted || p->data[e->upper_at] != ICMP6_PARAM_PROB_T)
		return e->upper == MH_PROTO;
	return exthdr_read(p->data + quoted, e->end - quoted, &about) == EXT_OK && about.upper == MH_PROTO;
}

bool ro_out(void *ctx, struct shim_pkt *p, const struct exthdr *e)
{
	struct ro *ro = ctx;
	struct ro_pair *pair = ro_pair_find(ro, &e->src, &e->dst);

	if (!pair)
		return false;
	if (is_signalling(p, e))
		go_aside(ro, p, e);
	else
		insert(ro, pair, p, e);
	return true;
}

/* --- in ----------------------------------------------------------------------------------------------------------- */

/* 11.3.3: a home address of ours, and where it is. */
static bool rh2_allowed(struct ro *ro, const struct exthdr *e)
{
	const struct ro_home *h = ro_home_find(ro, &e->rh2);

	if (h && addr_eq(&h->coa, &e->dst))
		return true;
	ro->drops.rh2_home++;
	return false;
}

/* 9.3.1: a binding of that home address, with us under this address or where we are, says the care-of address is the
 * source. */
static bool hao_allowed(struct ro *ro, const struct ro_pair *pair, const struct exthdr *e, const struct in6_addr *local)
{
	const struct in6_addr *at = place_of(pair, RO_REMOTE);

	if (!at && e->rh2_at)
		at = place_of(ro_pair_find(ro, &e->dst, &e->hao), RO_REMOTE);
	if (at && addr_eq(at, &e->src))
		return true;
	ro->drops.hao_unknown++;
	if (ro->ev.unknown_hao)
		ro->ev.unknown_hao(ro->ev.ctx, &e->src, local, &e->hao);
	return false;
}

/* 9.3.1: those speak for the home address themselves, with a binding or without. */
static bool is_ipsec(uint8_t upper)
{
	return upper == IPPROTO_ESP || upper == IPPROTO_AH;
}

static void account(struct ro_pair *pair, const struct shim_pkt *p, const struct exthdr *e)
{
	if (!pair)
		return;
	if (e->hao_at)
		count(&pair->stats.hao_in, p);
	if (e->rh2_at)
		count(&pair->stats.rh2_in, p);
	pair->busy = true;
}

void ro_in(void *ctx, struct shim_pkt *p, const struct exthdr *e)
{
	const struct in6_addr *local = e->rh2_at ? &e->rh2 : &e->dst, *remote = e->hao_at ? &e->hao : &e->src;
	struct ro *ro = ctx;
	struct ro_pair *pair = ro_pair_find(ro, local, remote);
	struct exthdr of_head = *e;
	struct head h;

	if (e->rh2_at && !rh2_allowed(ro, e))
		return;
	if (e->hao_at && !is_ipsec(e->upper) && !hao_allowed(ro, pair, e, local))
		return;
	if (!head_take(&h, p, e)) {
		ro->drops.malformed++;
		return;
	}
	vnet_settle(p);
	account(pair, p, e);
	of_head.end = h.len;
	head_put(&h, p, exthdr_strip(h.b, h.len, &of_head));
	hand_on(ro, p);
	half(ro, pair, local, remote, false);
}
