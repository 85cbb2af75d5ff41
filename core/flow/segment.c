/*
 * segment.h. What belongs together is what generic receive offload takes for it: one connection, sequence numbers in a
 * row, the same headers but for length, sequence number, PSH and checksum, and all as long as the first, the last
 * excepted. Each segment's checksum is verified before it loses it.
 */
#include <errno.h>
#include <string.h>

#include "base/buf.h"
#include "flow/segment.h"
#include "wire/icmp6.h"

#define AT_PLEN	 4
#define AT_NEXT	 6
#define AT_ADDRS 8
#define TCP_HLEN 20
#define UDP_HLEN 8

#ifndef VIRTIO_NET_HDR_GSO_UDP_L4
#define VIRTIO_NET_HDR_GSO_UDP_L4 5
#endif

enum { TCP_SEQ = 4, TCP_OFF = 12, TCP_FLAGS = 13, TCP_SUM = 16 };
enum { FIN = 0x01, PSH = 0x08, ACK = 0x10, CWR = 0x80 };
enum { UDP_LEN = 4, UDP_SUM = 6 };

static uint32_t get_u32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static uint16_t get_u16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static void put_u32(uint8_t *p, uint32_t v)
{
	put_u16(p, (uint16_t)(v >> 16));
	put_u16(p + 2, (uint16_t)v);
}

/* --- cutting ------------------------------------------------------------------------------------------------------ */

static uint8_t gso(const struct packet *p)
{
	return p->vnet.gso_type & (uint8_t)~VIRTIO_NET_HDR_GSO_ECN;
}

/* 0 stands for "none" in UDP (RFC 768). */
static void sum_put(uint8_t *at, uint64_t s, bool udp)
{
	uint16_t sum = ip6_sum_end(s);

	put_u16(at, udp && !sum ? UINT16_MAX : sum);
}

int cut_begin(struct cut *c, struct packet *p)
{
	size_t at = p->vnet.csum_start, sum_at = at + p->vnet.csum_offset;

	*c = (struct cut){.p = p};
	edit_settle(p);
	if (!p->vnet.flags)
		return p->vnet.gso_type == VIRTIO_NET_HDR_GSO_NONE ? 0 : -EINVAL;
	if (at < IP6_HLEN || sum_at + 2 > p->len)
		return -EINVAL;
	if (p->vnet.gso_type == VIRTIO_NET_HDR_GSO_NONE) {
		sum_put(p->data + sum_at, ip6_sum(0, p->data + at, p->len - at), p->vnet.csum_offset == UDP_SUM);
		return 0;
	}
	if (gso(p) != (p->vnet.csum_offset == TCP_SUM ? VIRTIO_NET_HDR_GSO_TCPV6 : VIRTIO_NET_HDR_GSO_UDP_L4))
		return -EINVAL;
	c->at = p->vnet.hdr_len;
	return c->at > SEGMENT_HEAD || c->at > p->len || !p->vnet.gso_size ? -EINVAL : 0;
}

/* The upper header of a segment of `len` octets of payload. Its checksum field holds the sum of the pseudo-header with
 * the length of all segments, which becomes that of this one. */
static void upper_put(const struct cut *c, uint8_t *head, size_t len)
{
	const struct virtio_net_hdr *v = &c->p->vnet;
	uint8_t *upper = head + v->csum_start, *sum = upper + v->csum_offset;
	size_t done = c->at - v->hdr_len, hlen = (size_t)(v->hdr_len - v->csum_start);
	uint64_t s = get_u16(sum) + (uint64_t)(uint16_t) ~(c->p->len - v->csum_start) + hlen + len;

	if (v->csum_offset == TCP_SUM) {
		put_u32(upper + TCP_SEQ, get_u32(upper + TCP_SEQ) + (uint32_t)done);
		if (c->at + len < c->p->len)
			upper[TCP_FLAGS] &= (uint8_t) ~(FIN | PSH);
		if (done)
			upper[TCP_FLAGS] &= (uint8_t)~CWR;
	} else
		put_u16(upper + UDP_LEN, (uint16_t)(hlen + len));
	put_u16(sum, 0);
	s = ip6_sum(ip6_sum(s, upper, hlen), c->p->data + c->at, len);
	sum_put(sum, s, v->csum_offset == UDP_SUM);
}

int cut_next(struct cut *c, uint8_t head[static SEGMENT_HEAD], struct iovec piece[static 2])
{
	const struct packet *p = c->p;
	size_t len = p->len - c->at;

	if (!len)
		return 0;
	if (!c->at) {
		piece[0] = (struct iovec){p->data, p->len};
		c->at = p->len;
		return 1;
	}
	if (len > p->vnet.gso_size)
		len = p->vnet.gso_size;
	memcpy(head, p->data, p->vnet.hdr_len);
	put_u16(head + AT_PLEN, (uint16_t)(p->vnet.hdr_len - IP6_HLEN + len));
	upper_put(c, head, len);
	piece[0] = (struct iovec){head, p->vnet.hdr_len};
	piece[1] = (struct iovec){p->data + c->at, len};
	c->at += len;
	return 2;
}

/* --- putting together --------------------------------------------------------------------------------------------- */

/* A segment that others may follow or that may follow others: its header's length, or 0. */
static size_t tcp_head(const uint8_t *pkt, size_t len)
{
	const uint8_t *tcp = pkt + IP6_HLEN;
	size_t head;

	if (len < IP6_HLEN + TCP_HLEN || pkt[AT_NEXT] != IPPROTO_TCP || get_u16(pkt + AT_PLEN) != len - IP6_HLEN)
		return 0;
	head = IP6_HLEN + (tcp[TCP_OFF] >> 4 << 2);
	if (head < IP6_HLEN + TCP_HLEN || head >= len || (tcp[TCP_FLAGS] & ~PSH) != ACK)
		return 0;
	return head;
}

static bool sum_ok(const uint8_t *pkt, size_t len)
{
	uint64_t s = ip6_sum(len - IP6_HLEN + IPPROTO_TCP, pkt + AT_ADDRS, 2 * sizeof(struct in6_addr));

	return !ip6_sum_end(ip6_sum(s, pkt + IP6_HLEN, len - IP6_HLEN));
}

/* But for length, sequence number, flags (PSH may differ) and checksum. */
static bool same_head(const uint8_t *a, const uint8_t *b, size_t head)
{
	const size_t tcp = IP6_HLEN;

	return !memcmp(a, b, AT_PLEN) && !memcmp(a + AT_NEXT, b + AT_NEXT, tcp + TCP_SEQ - AT_NEXT) &&
	       !memcmp(a + tcp + TCP_SEQ + 4, b + tcp + TCP_SEQ + 4, TCP_FLAGS - TCP_SEQ - 4) &&
	       !memcmp(a + tcp + TCP_FLAGS + 1, b + tcp + TCP_FLAGS + 1, TCP_SUM - TCP_FLAGS - 1) &&
	       !memcmp(a + tcp + TCP_SUM + 2, b + tcp + TCP_SUM + 2, head - tcp - TCP_SUM - 2);
}

static void begin(struct merge *m, const uint8_t *pkt, size_t len)
{
	m->head = tcp_head(pkt, len);
	m->first = pkt;
	m->size = len - m->head;
	m->len = len;
	m->push = false;
	m->open = m->head && m->head <= SEGMENT_HEAD && !(pkt[IP6_HLEN + TCP_FLAGS] & PSH);
	m->next = m->open ? get_u32(pkt + IP6_HLEN + TCP_SEQ) + (uint32_t)m->size : 0;
	m->piece[1] = (struct iovec){(void *)pkt, len};
	m->pieces = 2;
}

/* The next of those that are there. */
static bool belongs(const struct merge *m, const uint8_t *pkt, size_t len)
{
	return m->open && m->pieces < 2 + MERGE_MAX && tcp_head(pkt, len) == m->head && len - m->head <= m->size &&
	       m->len + len - m->head <= IP6_HLEN + UINT16_MAX && get_u32(pkt + IP6_HLEN + TCP_SEQ) == m->next &&
	       same_head(m->first, pkt, m->head);
}

bool merge_add(struct merge *m, const uint8_t *pkt, size_t len)
{
	size_t payload = len - m->head;

	if (merge_empty(m)) {
		begin(m, pkt, len);
		return true;
	}
	if (!belongs(m, pkt, len) || !sum_ok(pkt, len) || (m->pieces == 2 && !sum_ok(m->first, m->len)))
		return false;
	if (m->pieces == 2) {
		m->piece[1] = (struct iovec){m->front, m->head};
		m->piece[m->pieces++] = (struct iovec){(uint8_t *)m->first + m->head, m->size};
	}
	m->piece[m->pieces++] = (struct iovec){(uint8_t *)pkt + m->head, payload};
	m->len += payload;
	m->next += (uint32_t)payload;
	m->push = pkt[IP6_HLEN + TCP_FLAGS] & PSH;
	m->open = payload == m->size && !m->push;
	return true;
}

void merge_end(struct merge *m)
{
	size_t plen = m->len - IP6_HLEN;
	uint8_t *tcp = m->front + IP6_HLEN;
	uint64_t pseudo;

	m->vnet = (struct virtio_net_hdr){0};
	m->piece[0] = (struct iovec){&m->vnet, sizeof(m->vnet)};
	if (m->pieces == 2)
		return;
	memcpy(m->front, m->first, m->head);
	put_u16(m->front + AT_PLEN, (uint16_t)plen);
	tcp[TCP_FLAGS] |= m->push ? PSH : 0;
	pseudo = ip6_sum(plen + IPPROTO_TCP, m->front + AT_ADDRS, 2 * sizeof(struct in6_addr));
	put_u16(tcp + TCP_SUM, (uint16_t)~ip6_sum_end(pseudo));
	m->vnet = (struct virtio_net_hdr){.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
		.gso_type = VIRTIO_NET_HDR_GSO_TCPV6,
		.gso_size = (uint16_t)m->size,
		.hdr_len = (uint16_t)m->head,
		.csum_start = IP6_HLEN,
		.csum_offset = TCP_SUM};
}
