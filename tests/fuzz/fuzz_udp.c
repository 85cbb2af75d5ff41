/*
 * Fuzzes what comes out of tunnels in UDP over IPv4, a turn at a time (flow/carrier.c): messages are read, and segments
 * in a row become one packet, which cut again gives the same segments. The input is datagrams, each behind its length
 * in two octets; the highest bit of that makes the checksum of a TCP segment right.
 */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "flow/segment.h"
#include "wire/exthdr.h"
#include "wire/icmp6.h"
#include "wire/mh.h"

#define DATAGRAMS 80
#define TCP_SUM	  16
#define SRC_AT	  8
#define IP4_HLEN  20
#define IP4_SUM	  10
#define IP4_SRC	  12

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

struct datagram {
	uint8_t *pkt;
	size_t len;
};

static void must(bool ok)
{
	if (!ok)
		abort();
}

static void message(const uint8_t *pkt, size_t len)
{
	struct exthdr e;
	struct mh mh;

	if (exthdr_read(pkt, len, &e) == EXT_OK && e.upper == MH_PROTO && !e.fragment)
		(void)!mh_read(pkt + e.upper_at, e.end - e.upper_at, &mh, NULL);
}

static void fill_checksum(uint8_t *pkt, size_t len)
{
	struct in6_addr end[2];

	if (pkt[0] >> 4 == 4) {
		if (len < IP4_HLEN + 20)
			return;
		put_u16(pkt + IP4_SUM, 0);
		put_u16(pkt + IP4_SUM, ip6_sum_end(ip6_sum(0, pkt, IP4_HLEN)));
		put_u16(pkt + IP4_HLEN + TCP_SUM, 0);
		put_u16(pkt + IP4_HLEN + TCP_SUM,
			ip6_sum_end(ip6_sum(ip6_sum(len - IP4_HLEN + IPPROTO_TCP, pkt + IP4_SRC, 8), pkt + IP4_HLEN,
				len - IP4_HLEN)));
		return;
	}
	if (len < IP6_HLEN + 20)
		return;
	memcpy(end, pkt + SRC_AT, sizeof(end));
	put_u16(pkt + IP6_HLEN + TCP_SUM, 0);
	put_u16(pkt + IP6_HLEN + TCP_SUM, ip6_checksum(&end[0], &end[1], IPPROTO_TCP, pkt + IP6_HLEN, len - IP6_HLEN));
}

/* The packet that n datagrams became, cut again. */
static void compare(struct merge *m, const struct datagram *of, size_t n)
{
	static uint8_t whole[1 << 17];
	struct packet p = {.data = whole};
	uint8_t head[SEGMENT_HEAD];
	struct iovec piece[2];
	struct cut cut;
	int pieces;

	merge_end(m);
	for (int i = 1; i < m->pieces; i++) {
		must(p.len + m->piece[i].iov_len <= sizeof(whole));
		memcpy(whole + p.len, m->piece[i].iov_base, m->piece[i].iov_len);
		p.len += m->piece[i].iov_len;
	}
	if (n == 1) {
		must(p.len == of->len && !memcmp(whole, of->pkt, p.len));
		return;
	}
	p.vnet = m->vnet;
	must(!cut_begin(&cut, &p));
	while ((pieces = cut_next(&cut, head, piece))) {
		must(n-- && piece[0].iov_len + (pieces == 2 ? piece[1].iov_len : 0) == of->len);
		must(!memcmp(of->pkt, piece[0].iov_base, piece[0].iov_len));
		must(pieces < 2 || !memcmp(of->pkt + piece[0].iov_len, piece[1].iov_base, piece[1].iov_len));
		of++;
	}
	must(!n);
}

/* Those that are long enough to be looked at. */
static size_t split(const uint8_t *data, size_t len, struct datagram *to)
{
	size_t n = 0;

	while (n < DATAGRAMS && len > 2) {
		size_t size = (size_t)(data[0] & 0x7f) << 8 | data[1];
		bool right = data[0] >> 7;

		data += 2;
		len -= 2;
		size = size < len ? size : len;
		if (size >= IP4_HLEN) {
			to[n] = (struct datagram){malloc(size), size};
			must(to[n].pkt != NULL);
			memcpy(to[n].pkt, data, size);
			if (right)
				fill_checksum(to[n].pkt, size);
			n++;
		}
		data += size;
		len -= size;
	}
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct merge m;
	struct datagram in[DATAGRAMS];
	size_t n = split(data, len, in), first = 0;

	m.pieces = 0;
	for (size_t i = 0; i < n; i++) {
		message(in[i].pkt, in[i].len);
		if (merge_add(&m, in[i].pkt, in[i].len))
			continue;
		compare(&m, in + first, i - first);
		m.pieces = 0;
		first = i;
		must(merge_add(&m, in[i].pkt, in[i].len));
	}
	if (!merge_empty(&m))
		compare(&m, in + first, n - first);
	for (size_t i = 0; i < n; i++)
		free(in[i].pkt);
	return 0;
}
