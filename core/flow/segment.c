/*
 * segment.h. What belongs together is what generic receive offload takes for it: one connection, sequence numbers in a
 * row, the same headers but for length, sequence number, PSH and checksum, in IPv4 identifications in a row, and all as
 * long as the first, the last excepted. Each segment's checksum is verified before it loses it.
 */
#include <errno.h>
#include <netinet/ip.h>
#include <string.h>

#include "base/buf.h"
#include "flow/segment.h"
#include "wire/icmp6.h"

#define AT_PLEN	 4
#define AT_NEXT	 6
#define AT_ADDRS 8
#define TCP_HLEN 20
#define UDP_HLEN 8
#define IP4_HLEN 20 /* without options */

#ifndef VIRTIO_NET_HDR_GSO_UDP_L4
#define VIRTIO_NET_HDR_GSO_UDP_L4 5
#endif

enum { IP4_LEN = 2, IP4_ID = 4, IP4_FRAGMENT = 6, IP4_PROTO = 9, IP4_SUM = 10, IP4_ADDRS = 12 };
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

static bool is_ipv4(const uint8_t *pkt)
{
	return pkt[0] >> 4 == 4;
}

/* Of the IP header, IPv4 options not looked for. */
static size_t ip_head(const uint8_t *pkt)
{
	return is_ipv4(pkt) ? IP4_HLEN : IP6_HLEN;
}

/* The lengths of an IP header of `hlen` octets with `len` behind it, and what follows of them. */
static void ip_put(uint8_t *pkt, size_t hlen, size_t len)
{
	if (!is_ipv4(pkt)) {
		put_u16(pkt + AT_PLEN, (uint16_t)(hlen - IP6_HLEN + len));
		return;
	}
	put_u16(pkt + IP4_LEN, (uint16_t)(hlen + len));
	put_u16(pkt + IP4_SUM, 0);
	put_u16(pkt + IP4_SUM, ip6_sum_end(ip6_sum(0, pkt, hlen)));
}

/* Of the pseudo-header of TCP. */
static uint64_t pseudo_sum(const uint8_t *pkt, size_t len)
{
	bool ipv4 = is_ipv4(pkt);

	return ip6_sum(len + IPPROTO_TCP, pkt + (ipv4 ? IP4_ADDRS : AT_ADDRS),
		2 * (ipv4 ? sizeof(struct in_addr) : sizeof(struct in6_addr)));
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
	if (at < ip_head(p->data) || sum_at + 2 > p->len)
		return -EINVAL;
	if (p->vnet.gso_type == VIRTIO_NET_HDR_GSO_NONE) {
		sum_put(p->data + sum_at, ip6_sum(0, p->data + at, p->len - at), p->vnet.csum_offset == UDP_SUM);
		return 0;
	}
	if (gso(p) != (p->vnet.csum_offset != TCP_SUM ? VIRTIO_NET_HDR_GSO_UDP_L4
			      : is_ipv4(p->data)      ? VIRTIO_NET_HDR_GSO_TCPV4
						      : VIRTIO_NET_HDR_GSO_TCPV6))
		return -EINVAL;
	c->at = p->vnet.hdr_len;
	return c->at > SEGMENT_HEAD || c->at > p->len || at > c->at || !p->vnet.gso_size ? -EINVAL : 0;
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
	if (is_ipv4(head))
		put_u16(head + IP4_ID,
			(uint16_t)(get_u16(head + IP4_ID) + (c->at - p->vnet.hdr_len) / p->vnet.gso_size));
	ip_put(head, p->vnet.csum_start, (size_t)(p->vnet.hdr_len - p->vnet.csum_start) + len);
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
	size_t ip = ip_head(pkt), head;
	const uint8_t *tcp = pkt + ip;

	if (len < ip + TCP_HLEN)
		return 0;
	if (is_ipv4(pkt) ? pkt[0] != 0x45 || pkt[IP4_PROTO] != IPPROTO_TCP || get_u16(pkt + IP4_LEN) != len ||
				   get_u16(pkt + IP4_FRAGMENT) & ~IP_DF
			 : pkt[AT_NEXT] != IPPROTO_TCP || get_u16(pkt + AT_PLEN) != len - ip)
		return 0;
	head = ip + (tcp[TCP_OFF] >> 4 << 2);
	if (head < ip + TCP_HLEN || head >= len || (tcp[TCP_FLAGS] & ~PSH) != ACK)
		return 0;
	return head;
}

static bool sum_ok(const uint8_t *pkt, size_t len)
{
	size_t ip = ip_head(pkt);

	if (is_ipv4(pkt) && ip6_sum_end(ip6_sum(0, pkt, ip)))
		return false;
	return !ip6_sum_end(ip6_sum(pseudo_sum(pkt, len - ip), pkt + ip, len - ip));
}

/* But for length and checksum, and an identification that is the n-th behind the first. */
static bool same_ip(const uint8_t *a, const uint8_t *b, size_t n)
{
	if (!is_ipv4(a))
		return !memcmp(a, b, AT_PLEN) && !memcmp(a + AT_NEXT, b + AT_NEXT, IP6_HLEN - AT_NEXT);
	return !memcmp(a, b, IP4_LEN) && !memcmp(a + IP4_FRAGMENT, b + IP4_FRAGMENT, IP4_SUM - IP4_FRAGMENT) &&
	       !memcmp(a + IP4_ADDRS, b + IP4_ADDRS, IP4_HLEN - IP4_ADDRS) &&
	       get_u16(b + IP4_ID) == (uint16_t)(get_u16(a + IP4_ID) + n);
}

/* But for sequence number, flags (PSH may differ) and checksum. */
static bool same_tcp(const uint8_t *a, const uint8_t *b, size_t head)
{
	const size_t tcp = ip_head(a);

	return !memcmp(a + tcp, b + tcp, TCP_SEQ) &&
	       !memcmp(a + tcp + TCP_SEQ + 4, b + tcp + TCP_SEQ + 4, TCP_FLAGS - TCP_SEQ - 4) &&
	       !memcmp(a + tcp + TCP_FLAGS + 1, b + tcp + TCP_FLAGS + 1, TCP_SUM - TCP_FLAGS - 1) &&
	       !memcmp(a + tcp + TCP_SUM + 2, b + tcp + TCP_SUM + 2, head - tcp - TCP_SUM - 2);
}

static void merge_begin(struct merge *m, const uint8_t *pkt, size_t len)
{
	m->head = tcp_head(pkt, len);
	m->first = pkt;
	m->size = len - m->head;
	m->len = len;
	m->push = false;
	m->open = m->head && m->head <= SEGMENT_HEAD && !(pkt[ip_head(pkt) + TCP_FLAGS] & PSH);
	m->next = m->open ? get_u32(pkt + ip_head(pkt) + TCP_SEQ) + (uint32_t)m->size : 0;
	m->piece[1] = (struct iovec){(void *)pkt, len};
	m->pieces = 2;
}

/* The next of those that are there. */
static bool belongs(const struct merge *m, const uint8_t *pkt, size_t len)
{
	size_t most = UINT16_MAX + (is_ipv4(pkt) ? 0 : IP6_HLEN), there = m->pieces == 2 ? 1 : (size_t)m->pieces - 2;

	return m->open && m->pieces < 2 + MERGE_MAX && tcp_head(pkt, len) == m->head && len - m->head <= m->size &&
	       m->len + len - m->head <= most && get_u32(pkt + ip_head(pkt) + TCP_SEQ) == m->next &&
	       same_ip(m->first, pkt, there) && same_tcp(m->first, pkt, m->head);
}

bool merge_add(struct merge *m, const uint8_t *pkt, size_t len)
{
	size_t payload = len - m->head;

	if (merge_empty(m)) {
		merge_begin(m, pkt, len);
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
	m->push = pkt[ip_head(pkt) + TCP_FLAGS] & PSH;
	m->open = payload == m->size && !m->push;
	return true;
}

void merge_end(struct merge *m)
{
	size_t ip = ip_head(m->first), plen = m->len - ip;
	uint8_t *tcp = m->front + ip;

	m->vnet = (struct virtio_net_hdr){0};
	m->piece[0] = (struct iovec){&m->vnet, sizeof(m->vnet)};
	if (m->pieces == 2)
		return;
	memcpy(m->front, m->first, m->head);
	ip_put(m->front, ip, plen);
	tcp[TCP_FLAGS] |= m->push ? PSH : 0;
	put_u16(tcp + TCP_SUM, (uint16_t)~ip6_sum_end(pseudo_sum(m->front, plen)));
	m->vnet = (struct virtio_net_hdr){.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
		.gso_type = is_ipv4(m->front) ? VIRTIO_NET_HDR_GSO_TCPV4 : VIRTIO_NET_HDR_GSO_TCPV6,
		.gso_size = (uint16_t)m->size,
		.hdr_len = (uint16_t)m->head,
		.csum_start = (uint16_t)ip,
		.csum_offset = TCP_SUM};
}
