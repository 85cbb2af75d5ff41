/* IPv6 addresses: comparing, prefixes, and which may be a mobile node's (RFC 6275's "unicast routable address"). An
 * IPv4 address stands as the IPv4-mapped one (RFC 4291 2.5.5.2), so that it needs no form of its own. */
#ifndef MIP_BASE_ADDR_H
#define MIP_BASE_ADDR_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* A prefix: bits behind the length mean nothing. */
struct addr_prefix {
	struct in6_addr addr;
	uint8_t plen;
};

static inline bool addr_eq(const struct in6_addr *a, const struct in6_addr *b)
{
	return !memcmp(a, b, sizeof(*a));
}

static inline bool addr_any(const struct in6_addr *a)
{
	return IN6_IS_ADDR_UNSPECIFIED(a);
}

/* Of the 4 octets of an IPv4 address. */
static inline struct in6_addr addr_mapped(const void *ipv4)
{
	struct in6_addr a = {.s6_addr = {[10] = 0xff, [11] = 0xff}};

	memcpy(&a.s6_addr[12], ipv4, 4);
	return a;
}

static inline bool addr_is_ipv4(const struct in6_addr *a)
{
	return IN6_IS_ADDR_V4MAPPED(a);
}

/* Are the first `plen` bits of a and b the same? plen <= 128. */
static inline bool addr_in(const struct in6_addr *a, const struct in6_addr *b, unsigned plen)
{
	unsigned bytes = plen / 8, bits = plen % 8;

	if (memcmp(a, b, bytes))
		return false;
	return !bits || !((a->s6_addr[bytes] ^ b->s6_addr[bytes]) >> (8 - bits));
}

/* With the bits behind the length cleared; of a length beyond 128 nothing is. */
static inline struct addr_prefix addr_prefix(const struct in6_addr *a, uint8_t plen)
{
	struct addr_prefix p = {*a, plen};

	for (unsigned at = plen / 8; at < sizeof(*a); at++)
		p.addr.s6_addr[at] &= at == plen / 8 ? (uint8_t)(0xff00 >> plen % 8) : 0;
	return p;
}

/* Could it be one node's, and reached from other links: fit for a home or care-of address (RFC 6275 9.5.1)? */
bool addr_routable(const struct in6_addr *a);
/* Could an IPv4 address be one node's, wherever that is? */
bool addr_is_place(const struct in6_addr *a);
/* In a prefix of that length, is it the routers' (RFC 4291 2.6.1) or a reserved one (RFC 2526, RFC 5453), and so no
 * node's own? */
bool addr_is_anycast(const struct in6_addr *a, unsigned plen);

/* The address as text, an IPv4 one as such, for one expression: addr_text(&a).s */
struct addr_text {
	char s[INET6_ADDRSTRLEN];
};

static inline struct addr_text addr_text(const struct in6_addr *a)
{
	struct addr_text t;

	if (addr_is_ipv4(a))
		inet_ntop(AF_INET, &a->s6_addr[12], t.s, sizeof(t.s));
	else
		inet_ntop(AF_INET6, a, t.s, sizeof(t.s));
	return t;
}

#endif
