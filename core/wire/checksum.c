/*
 * The Internet checksum (RFC 1071) over the pseudo-header of IPv6 (RFC 8200
 * 8.1). Whether home addresses stand for the addresses of the packet (RFC 6275
 * 6.1.1) is the caller's knowledge.
 */
#include <string.h>

#include "wire/icmp6.h"

static uint16_t fold(uint64_t s)
{
	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	return (uint16_t)s;
}

/* The sum of words is the same in either order of octets but for that order (RFC 1071 2): eight octets are added at
 * once, as this machine reads them. 64 bits cannot overflow on a packet. */
uint64_t ip6_sum(uint64_t s, const uint8_t *p, size_t len)
{
	uint64_t own = 0, w[4];
	uint16_t odd[4] = {0};

	for (; len >= sizeof(w); p += sizeof(w), len -= sizeof(w)) {
		memcpy(w, p, sizeof(w));
		for (int i = 0; i < 4; i++)
			own += (w[i] & UINT32_MAX) + (w[i] >> 32);
	}
	for (; len >= sizeof(odd); p += sizeof(odd), len -= sizeof(odd)) {
		memcpy(odd, p, sizeof(odd));
		own += (uint64_t)odd[0] + odd[1] + odd[2] + odd[3];
	}
	memset(odd, 0, sizeof(odd));
	memcpy(odd, p, len);
	own += (uint64_t)odd[0] + odd[1] + odd[2] + odd[3];
	return s + ntohs(fold(own));
}

uint16_t ip6_sum_end(uint64_t s)
{
	return (uint16_t)~fold(s);
}

uint16_t ip6_checksum(
	const struct in6_addr *src, const struct in6_addr *dst, uint8_t proto, const uint8_t *data, size_t len)
{
	uint64_t s = (uint64_t)len + proto; /* the fold adds the high half of the length for us */

	s = ip6_sum(s, src->s6_addr, sizeof(src->s6_addr));
	s = ip6_sum(s, dst->s6_addr, sizeof(dst->s6_addr));
	return ip6_sum_end(ip6_sum(s, data, len));
}
