/*
 * The Internet checksum (RFC 1071) over the pseudo-header of IPv6 (RFC 8200
 * 8.1). Whether home addresses stand for the addresses of the packet (RFC 6275
 * 6.1.1) is the caller's knowledge.
 */
#include "wire/icmp6.h"

/* Sums 16-bit words in network order; an odd last byte counts as if a zero followed. 64 bits cannot overflow on a
 * packet. */
static uint64_t sum(uint64_t s, const uint8_t *p, size_t len)
{
	for (; len >= 2; p += 2, len -= 2)
		s += (uint64_t)p[0] << 8 | p[1];
	return len ? s + ((uint64_t)p[0] << 8) : s;
}

uint16_t ip6_checksum(
	const struct in6_addr *src, const struct in6_addr *dst, uint8_t proto, const uint8_t *data, size_t len)
{
	uint64_t s = (uint64_t)len + proto; /* the fold adds the high half of the length for us */

	s = sum(s, src->s6_addr, sizeof(src->s6_addr));
	s = sum(s, dst->s6_addr, sizeof(dst->s6_addr));
	s = sum(s, data, len);
	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	return (uint16_t)~s;
}
