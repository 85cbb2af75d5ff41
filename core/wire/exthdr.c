/*
 * The chain of IPv6 extension headers, and in it the Home Address option (RFC
 * 6275 6.3, 9.3.1) and the type 2 routing header (6.4, 11.3.3): reading. One row
 * per header that is walked through; what is not in the table is an upper header
 * and ends the walk (AH, ESP and an inner IPv6 header too). exthdr_edit.c writes.
 */
#include "base/addr.h"
#include "base/buf.h"
#include "wire/exthdr_walk.h"

/* Readers of one whole header, pkt[at] up to pkt[end]. On a verdict other than EXT_OK they have set e->at. */
typedef enum exthdr_verdict reader(const uint8_t *pkt, size_t at, size_t end, struct exthdr *e);

static enum exthdr_verdict verdict_at(struct exthdr *e, enum exthdr_verdict v, size_t at)
{
	e->at = at;
	return v;
}

/* RFC 8200 4: nowhere but right behind the IPv6 header. Let pass elsewhere, they would get there when a HAO in front of
 * them is taken out. */
static enum exthdr_verdict hopopts_read(const uint8_t *pkt, size_t at, size_t end, struct exthdr *e)
{
	(void)pkt;
	if (at != IP6_HLEN)
		return verdict_at(e, EXT_DROP, at);
	e->insert_at = end;
	return EXT_OK;
}

/* 6.3: 16 octets, once, before any fragment header (behind one it could not be taken out of a fragment alone). */
static enum exthdr_verdict hao_read(const uint8_t *pkt, size_t at, size_t opt_at, struct exthdr *e)
{
	if (e->hao_at || e->frag_at)
		return verdict_at(e, EXT_DROP, opt_at);
	if (pkt[opt_at + 1] != sizeof(e->hao))
		return verdict_at(e, EXT_DROP, opt_at + 1);
	memcpy(&e->hao, pkt + opt_at + 2, sizeof(e->hao));
	if (!addr_routable(&e->hao))
		return verdict_at(e, EXT_DROP, opt_at + 2);
	e->hao_at = at;
	e->hao_opt_at = opt_at;
	return EXT_OK;
}

static enum exthdr_verdict dstopts_read(const uint8_t *pkt, size_t at, size_t end, struct exthdr *e)
{
	enum exthdr_verdict v = EXT_OK;

	for (size_t p = at + 2; p < end && v == EXT_OK; p += exthdr_opt_len(pkt, p)) {
		if (pkt[p] != EXTHDR_PAD1 && (end - p < 2 || end - p < exthdr_opt_len(pkt, p)))
			return verdict_at(e, EXT_DROP, p);
		if (pkt[p] == HAO_TYPE)
			v = hao_read(pkt, at, p, e);
		else if (pkt[p] == TEL_TYPE && pkt[p + 1] == 1 && !e->tel_at)
			e->tel_at = p;
	}
	return v;
}

/* 6.4.1: one address, one segment left, a home address one can route to; once, before any fragment header. */
static enum exthdr_verdict rh2_read(const uint8_t *pkt, size_t at, struct exthdr *e)
{
	e->rh2_segleft = pkt[at + 3];
	if (e->rh2_at || e->frag_at)
		return verdict_at(e, EXT_DROP, at);
	if (pkt[at + 1] != 2)
		return verdict_at(e, EXT_BAD_RH2, at + 1);
	if (e->rh2_segleft != 1)
		return verdict_at(e, EXT_BAD_RH2, at + 3);
	memcpy(&e->rh2, pkt + at + 8, sizeof(e->rh2));
	if (!addr_routable(&e->rh2))
		return verdict_at(e, EXT_DROP, at + 8);
	e->rh2_at = at;
	return EXT_OK;
}

static enum exthdr_verdict routing_read(const uint8_t *pkt, size_t at, size_t end, struct exthdr *e)
{
	if (!e->frag_at)
		e->insert_at = end;
	return pkt[at + 2] == EXTHDR_RH_TYPE_2 ? rh2_read(pkt, at, e) : EXT_OK;
}

/* An atomic fragment (RFC 6946: offset 0, no more) is a whole packet. */
static enum exthdr_verdict fragment_read(const uint8_t *pkt, size_t at, size_t end, struct exthdr *e)
{
	unsigned field = (unsigned)pkt[at + 2] << 8 | pkt[at + 3];

	(void)end;
	e->frag_at = at;
	e->later = field >> 3;
	e->fragment = e->later || field & 1;
	return EXT_OK;
}

static const struct {
	uint8_t proto;
	reader *read;
} readers[] = {
	{IPPROTO_HOPOPTS, hopopts_read},
	{IPPROTO_DSTOPTS, dstopts_read},
	{IPPROTO_ROUTING, routing_read},
	{IPPROTO_FRAGMENT, fragment_read},
};

static reader *reader_find(uint8_t proto)
{
	for (size_t i = 0; i < sizeof(readers) / sizeof(readers[0]); i++)
		if (readers[i].proto == proto)
			return readers[i].read;
	return NULL;
}

static enum exthdr_verdict ip6_read(const uint8_t *pkt, size_t len, struct exthdr *e)
{
	if (len < IP6_HLEN || pkt[0] >> 4 != 6)
		return verdict_at(e, EXT_DROP, 0);
	e->end = IP6_HLEN + ((size_t)pkt[AT_PLEN] << 8 | pkt[AT_PLEN + 1]);
	e->insert_at = IP6_HLEN;
	memcpy(&e->src, pkt + AT_SRC, sizeof(e->src));
	memcpy(&e->dst, pkt + AT_DST, sizeof(e->dst));
	if (e->end > len)
		return verdict_at(e, EXT_DROP, AT_PLEN);
	return EXT_OK;
}

enum exthdr_verdict exthdr_read(const uint8_t *pkt, size_t len, struct exthdr *out)
{
	struct exthdr_hop h;
	reader *read;
	enum exthdr_verdict v;

	memset(out, 0, sizeof(*out));
	v = ip6_read(pkt, len, out);
	if (v != EXT_OK)
		return v;
	for (h = exthdr_first(pkt); (read = reader_find(h.proto)); h = exthdr_next(pkt, &h)) {
		if (out->end - h.at < 8 || out->end - h.at < exthdr_len(pkt, &h))
			return verdict_at(out, EXT_DROP, h.at);
		v = read(pkt, h.at, h.at + exthdr_len(pkt, &h), out);
		if (v != EXT_OK)
			return v;
		if (out->later)
			break;
	}
	/* A name and nothing that bears it: cut short, or a jumbogram (RFC 2675), whose Payload Length is 0. */
	if (h.at == out->end && h.proto != IPPROTO_NONE)
		return verdict_at(out, EXT_DROP, h.named_at);
	out->upper = h.proto;
	out->upper_at = h.at;
	return EXT_OK;
}

static bool is_later_fragment(const uint8_t *pkt, const struct exthdr_hop *h)
{
	return h->proto == IPPROTO_FRAGMENT && (pkt[h->at + 2] || pkt[h->at + 3] & 0xf8);
}

size_t exthdr_nested(const uint8_t *pkt, size_t len, size_t *at, size_t max)
{
	size_t n = 0, from = 0;

	while (n < max && from + IP6_HLEN <= len && pkt[from] >> 4 == 6) {
		const uint8_t *ip = pkt + from;
		struct exthdr_hop h = exthdr_first(ip);

		at[n++] = from;
		while (reader_find(h.proto) && from + h.at + 8 <= len && !is_later_fragment(ip, &h))
			h = exthdr_next(ip, &h);
		if (h.proto != IPPROTO_IPV6)
			break;
		from += h.at;
	}
	return n;
}
