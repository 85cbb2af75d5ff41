/* edit.h. The headers of a packet are copied out, changed as a short packet of their own, and put back before the rest.
 */
#include <errno.h>
#include <string.h>

#include "base/addr.h"
#include "base/buf.h"
#include "flow/edit.h"

#define HEAD_MAX     512 /* of headers that can be moved */
#define AT_PLEN	     4
#define AT_SRC	     8
#define AT_DST	     24
#define IP4_HLEN     20
#define IP4_SRC	     12
#define IP4_DST	     16
#define TCP_HLEN     20
#define TCP_HLEN_AT  12
#define TCP_CKSUM_AT 16
#define UPPER_MIN    8 /* octets of the upper header that let the headers be read without the rest */

enum { ECN_NOT = 0, ECN_CE = 3 }; /* RFC 3168: 1 and 2 are capable of it */

bool edit_addrs(const uint8_t *pkt, size_t len, struct in6_addr *src, struct in6_addr *dst)
{
	if (len >= IP4_HLEN && pkt[0] >> 4 == 4) {
		*src = addr_mapped(pkt + IP4_SRC);
		*dst = addr_mapped(pkt + IP4_DST);
		return true;
	}
	if (len < IP6_HLEN || pkt[0] >> 4 != 6)
		return false;
	memcpy(src, pkt + AT_SRC, sizeof(*src));
	memcpy(dst, pkt + AT_DST, sizeof(*dst));
	return !addr_is_ipv4(src) && !addr_is_ipv4(dst);
}

struct head {
	uint8_t b[HEAD_MAX + HAO_ROOM + RH2_ROOM];
	size_t len;
};

static int head_take(struct head *h, const struct packet *p, const struct exthdr *e)
{
	size_t upper = e->end - e->upper_at;

	h->len = e->upper_at + (upper < UPPER_MIN ? upper : UPPER_MIN);
	if (h->len > HEAD_MAX)
		return -EINVAL;
	memcpy(h->b, p->data, h->len);
	put_u16(h->b + AT_PLEN, (uint16_t)(h->len - IP6_HLEN));
	return 0;
}

static void vnet_move(struct virtio_net_hdr *v, int by)
{
	if (v->flags)
		v->csum_start = (uint16_t)(v->csum_start + by);
	if (v->hdr_len)
		v->hdr_len = (uint16_t)(v->hdr_len + by);
}

/* The headers h, now `len` long, in place of what they were taken from. */
static void head_put(const struct head *h, struct packet *p, size_t len)
{
	p->data = p->data + h->len - len;
	p->len = p->len - h->len + len;
	memcpy(p->data, h->b, len);
	put_u16(p->data + AT_PLEN, (uint16_t)(p->len - IP6_HLEN));
	vnet_move(&p->vnet, (int)len - (int)h->len);
}

/* Segments are cut behind the upper header: where that ends the kernel need not have told. That a checksum is good it
 * cannot have seen through a HAO. */
void edit_settle(struct packet *p)
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

int edit_insert(struct packet *p, const struct exthdr *e, const struct in6_addr *coa, const struct in6_addr *to_coa)
{
	struct head h;
	int len = head_take(&h, p, e) ?: exthdr_insert(h.b, h.len, sizeof(h.b), coa, to_coa);

	if (len < 0)
		return -EINVAL;
	if (p->len - h.len + (size_t)len > IP6_HLEN + UINT16_MAX)
		return -EMSGSIZE;
	head_put(&h, p, (size_t)len);
	return 0;
}

int edit_strip(struct packet *p, const struct exthdr *e)
{
	struct exthdr of_head = *e;
	struct head h;
	int err = head_take(&h, p, e);

	if (err)
		return err;
	of_head.end = h.len;
	head_put(&h, p, exthdr_strip(h.b, h.len, &of_head));
	return 0;
}

/* --- tunnels ------------------------------------------------------------------------------------------------------ */

static uint8_t class_of(const uint8_t *pkt)
{
	return (uint8_t)(pkt[0] << 4 | pkt[1] >> 4);
}

static void class_put(uint8_t *pkt, uint8_t class)
{
	pkt[0] = (uint8_t)(0x60 | class >> 4);
	pkt[1] = (uint8_t)((class & 0x0f) << 4 | (pkt[1] & 0x0f));
}

bool edit_may_nest(const struct packet *p, const struct in6_addr *peer)
{
	size_t at[NEST_MAX + 1], n = exthdr_nested(p->data, p->len, at, NEST_MAX + 1);

	return n <= NEST_MAX && (n < 2 || memcmp(p->data + at[1] + AT_DST, peer, sizeof(*peer)) != 0);
}

int edit_encap(struct packet *p, const struct in6_addr *local, const struct in6_addr *peer)
{
	uint8_t class = class_of(p->data);

	if (p->len > UINT16_MAX)
		return -EMSGSIZE;
	p->data -= IP6_HLEN;
	ip6_header(p->data, local, peer, IPPROTO_IPV6, p->len);
	class_put(p->data, class);
	p->len += IP6_HLEN;
	vnet_move(&p->vnet, IP6_HLEN);
	return 0;
}

/* RFC 6040 4.2: congestion told outside to an inner packet that is not capable of it means it is dropped. */
static int congestion_in(uint8_t *inner, uint8_t outer_class)
{
	uint8_t class = class_of(inner);

	if ((outer_class & 3) != ECN_CE)
		return 0;
	if ((class & 3) == ECN_NOT)
		return -EINVAL;
	class_put(inner, class | ECN_CE);
	return 0;
}

int edit_decap(struct packet *p, const struct exthdr *e)
{
	uint8_t *inner = p->data + e->upper_at;
	size_t len = e->end - e->upper_at, plen;

	if (len < IP6_HLEN || inner[0] >> 4 != 6)
		return -EINVAL;
	plen = (size_t)inner[AT_PLEN] << 8 | inner[AT_PLEN + 1];
	if (IP6_HLEN + plen > len || congestion_in(inner, class_of(p->data)))
		return -EINVAL;
	p->data = inner;
	p->len = IP6_HLEN + plen;
	vnet_move(&p->vnet, -(int)e->upper_at);
	return 0;
}

void edit_count(struct flow_count *c, const struct packet *p)
{
	size_t head = p->vnet.hdr_len, body = p->len > head ? p->len - head : 0, n = 1;

	if (p->vnet.gso_type != VIRTIO_NET_HDR_GSO_NONE && p->vnet.gso_size)
		n = (body + p->vnet.gso_size - 1) / p->vnet.gso_size;
	c->packets += n;
	c->octets += p->len + (n - 1) * head;
}
