/*
 * Steps along the chain of extension headers, between exthdr.c, which checks
 * them, and exthdr_edit.c, which changes what exthdr.c has checked.
 */
#ifndef MIP_WIRE_EXTHDR_WALK_H
#define MIP_WIRE_EXTHDR_WALK_H

#include "wire/exthdr.h"

enum { AT_PLEN = 4, AT_NEXT = 6, AT_SRC = 8, AT_DST = 24 };	 /* in the IPv6 header */
enum { EXTHDR_PAD1 = 0, EXTHDR_PADN = 1, EXTHDR_RH_TYPE_2 = 2 }; /* RFC 8200 4.2, RFC 6275 6.4.1 */

/* One header: where it is, what it is, and which octet before it says so. */
struct exthdr_hop {
	size_t at, named_at;
	uint8_t proto;
};

static inline struct exthdr_hop exthdr_first(const uint8_t *pkt)
{
	return (struct exthdr_hop){IP6_HLEN, AT_NEXT, pkt[AT_NEXT]};
}

/* Two octets of the header must be there. A fragment header has no length: it is 8 octets. */
static inline size_t exthdr_len(const uint8_t *pkt, const struct exthdr_hop *h)
{
	return h->proto == IPPROTO_FRAGMENT ? 8 : 8 * ((size_t)pkt[h->at + 1] + 1);
}

static inline struct exthdr_hop exthdr_next(const uint8_t *pkt, const struct exthdr_hop *h)
{
	return (struct exthdr_hop){h->at + exthdr_len(pkt, h), h->at, pkt[h->at]};
}

/* Of an option with its type octet; two octets must be there unless it is a Pad1. */
static inline size_t exthdr_opt_len(const uint8_t *pkt, size_t at)
{
	return pkt[at] == EXTHDR_PAD1 ? 1 : 2 + (size_t)pkt[at + 1];
}

#endif
