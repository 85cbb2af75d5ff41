/*
 * Taking the Home Address option (RFC 6275 6.3) and the type 2 routing header
 * (6.4) out of a packet and putting them in, in place. Works on what exthdr.c has
 * checked. Upper-layer checksums stay as they are: they are over home addresses.
 */
#include <errno.h>

#include "base/buf.h"
#include "wire/exthdr_walk.h"

/* Moves what follows `at` + n down to `at`. Returns the packet's new end. */
static size_t close_gap(uint8_t *pkt, size_t end, size_t at, size_t n)
{
	memmove(pkt + at, pkt + at + n, end - at - n);
	put_u16(pkt + AT_PLEN, (uint16_t)(end - n - IP6_HLEN));
	return end - n;
}

/* The octet that names the header at `at`. */
static size_t named_at(const uint8_t *pkt, size_t at)
{
	struct exthdr_hop h = exthdr_first(pkt);

	while (h.at < at)
		h = exthdr_next(pkt, &h);
	return h.named_at;
}

/* Takes out a whole header that has a length octet. */
static size_t header_cut(uint8_t *pkt, size_t end, size_t at)
{
	pkt[named_at(pkt, at)] = pkt[at];
	return close_gap(pkt, end, at, 8 * ((size_t)pkt[at + 1] + 1));
}

/* The run of padding that the HAO at opt_at would be part of if it were padding: its start and its end. */
static void pad_run(const uint8_t *pkt, size_t at, size_t opt_at, size_t *from, size_t *to)
{
	size_t end = at + 8 * ((size_t)pkt[at + 1] + 1), p;

	*from = at + 2;
	for (p = at + 2; p < end; p += exthdr_opt_len(pkt, p)) {
		if (p == opt_at || pkt[p] <= EXTHDR_PADN)
			continue;
		if (p > opt_at)
			break;
		*from = p + exthdr_opt_len(pkt, p);
	}
	*to = p;
}

static void pad(uint8_t *p, size_t n)
{
	memset(p, 0, n); /* n Pad1 */
	if (n >= 2) {
		p[0] = EXTHDR_PADN;
		p[1] = (uint8_t)(n - 2);
	}
}

/* Takes the HAO out of its header, or the header out when it held nothing else. The padding around it shrinks by whole
 * eights, so that the other options keep their alignment; all of it left standing, receivers that take more than 7
 * octets of padding for a covert channel (Linux does) would drop the packet. */
static size_t hao_cut(uint8_t *pkt, size_t end, const struct exthdr *e)
{
	size_t at = e->hao_at, from, to, cut;

	if (!at)
		return end;
	pad_run(pkt, at, e->hao_opt_at, &from, &to);
	if (from == at + 2 && to == at + 8 * ((size_t)pkt[at + 1] + 1))
		return header_cut(pkt, end, at);
	cut = (to - from) & ~(size_t)7;
	pkt[at + 1] = (uint8_t)(pkt[at + 1] - cut / 8);
	end = close_gap(pkt, end, from, cut);
	pad(pkt + from, to - from - cut);
	return end;
}

static size_t rh2_cut(uint8_t *pkt, size_t end, const struct exthdr *e)
{
	return e->rh2_at ? header_cut(pkt, end, e->rh2_at) : end;
}

size_t exthdr_strip(uint8_t *pkt, size_t len, const struct exthdr *e)
{
	(void)len;
	if (e->hao_at)
		memcpy(pkt + AT_SRC, &e->hao, sizeof(e->hao));
	if (e->rh2_at)
		memcpy(pkt + AT_DST, &e->rh2, sizeof(e->rh2));
	/* The later one first: the offset of the other stays true. */
	if (e->hao_at > e->rh2_at)
		return rh2_cut(pkt, hao_cut(pkt, e->end, e), e);
	return hao_cut(pkt, rh2_cut(pkt, e->end, e), e);
}

/* Puts a header of 24 octets at `at`: `head` with the right next header in it, then the address at addr_at of the IPv6
 * header, where `instead` takes its place. */
static size_t header_put(uint8_t *pkt, size_t end, size_t at, uint8_t proto, const uint8_t head[static 8],
	size_t addr_at, const struct in6_addr *instead)
{
	size_t name = named_at(pkt, at);

	memmove(pkt + at + 24, pkt + at, end - at);
	memcpy(pkt + at, head, 8);
	memcpy(pkt + at + 8, pkt + addr_at, sizeof(*instead));
	pkt[at] = pkt[name];
	pkt[name] = proto;
	memcpy(pkt + addr_at, instead, sizeof(*instead));
	put_u16(pkt + AT_PLEN, (uint16_t)(end + 24 - IP6_HLEN));
	return end + 24;
}

int exthdr_insert(uint8_t *pkt, size_t len, size_t cap, const struct in6_addr *coa, const struct in6_addr *to_coa)
{
	static const uint8_t hao[8] = {0, 2, EXTHDR_PADN, 2, 0, 0, HAO_TYPE, 16};
	static const uint8_t rh2[8] = {0, 2, EXTHDR_RH_TYPE_2, 1};
	size_t room = (coa ? HAO_ROOM : 0) + (to_coa ? RH2_ROOM : 0), end;
	struct exthdr e;

	if (exthdr_read(pkt, len, &e) != EXT_OK || (coa && e.hao_at) || (to_coa && e.rh2_at))
		return -EINVAL;
	end = e.end;
	if (end + room > cap || end + room > IP6_HLEN + UINT16_MAX)
		return -ENOSPC;
	/* RH2 second, at the same place: it comes to stand before the HAO. */
	if (coa)
		end = header_put(pkt, end, e.insert_at, IPPROTO_DSTOPTS, hao, AT_SRC, coa);
	if (to_coa)
		end = header_put(pkt, end, e.insert_at, IPPROTO_ROUTING, rh2, AT_DST, to_coa);
	return (int)end;
}

void ip6_header(uint8_t *pkt, const struct in6_addr *src, const struct in6_addr *dst, uint8_t next, size_t payload)
{
	memset(pkt, 0, IP6_HLEN);
	pkt[0] = 6 << 4;
	put_u16(pkt + AT_PLEN, (uint16_t)payload);
	pkt[AT_NEXT] = next;
	pkt[AT_NEXT + 1] = 64;
	memcpy(pkt + AT_SRC, src, sizeof(*src));
	memcpy(pkt + AT_DST, dst, sizeof(*dst));
}
