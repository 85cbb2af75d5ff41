/* addr.h: the addresses that are no single node's, by the registries of IANA. */
#include "base/addr.h"

#include <stddef.h>

struct block {
	struct in6_addr prefix;
	uint8_t plen;
};

/* RFC 6890 and what updates it. Unique local addresses (fc00::/7) and those for documentation are some node's. */
static const struct block nobodys[] = {
	{{{{0}}}, 8},			    /* unspecified, loopback, IPv4 in IPv6, translated (RFC 4291, 6052) */
	{{{{0x01}}}, 64},		    /* discarded (RFC 6666) */
	{{{{0x20, 0x01, 0x00, 0x10}}}, 28}, /* ORCHID: identifiers that are not routed (RFC 4843), */
	{{{{0x20, 0x01, 0x00, 0x20}}}, 28}, /* and of today (RFC 7343) */
	{{{{0xfe, 0x80}}}, 9},		    /* of a link, of a site (RFC 3879) */
	{{{{0xff}}}, 8},		    /* groups */
	{{{{0x20, 0x02, 0x00}}}, 24},	    /* 6to4 of an IPv4 address that is nobody's (RFC 3964 3): 0/8, */
	{{{{0x20, 0x02, 0x0a}}}, 24},	    /* 10/8, */
	{{{{0x20, 0x02, 0x7f}}}, 24},	    /* 127/8, */
	{{{{0x20, 0x02, 0x64, 0x40}}}, 26}, /* 100.64/10, */
	{{{{0x20, 0x02, 0xa9, 0xfe}}}, 32}, /* 169.254/16, */
	{{{{0x20, 0x02, 0xac, 0x10}}}, 28}, /* 172.16/12, */
	{{{{0x20, 0x02, 0xc0, 0xa8}}}, 32}, /* 192.168/16, */
	{{{{0x20, 0x02, 0xe0}}}, 19},	    /* 224/4 and 240/4 */
};

bool addr_routable(const struct in6_addr *a)
{
	for (size_t i = 0; i < sizeof(nobodys) / sizeof(nobodys[0]); i++)
		if (addr_in(&nobodys[i].prefix, a, nobodys[i].plen))
			return false;
	return true;
}

/* 0/8, 127/8, 169.254/16, and groups and what is reserved behind them. */
bool addr_is_place(const struct in6_addr *a)
{
	const uint8_t *ipv4 = &a->s6_addr[12];

	return addr_is_ipv4(a) && ipv4[0] && ipv4[0] != 127 && ipv4[0] < 224 && !(ipv4[0] == 169 && ipv4[1] == 254);
}

/* Are the bits from `from` up to `to` all `one`? */
static bool bits_are(const struct in6_addr *a, unsigned from, unsigned to, bool one)
{
	for (unsigned bit = from; bit < to; bit++)
		if ((a->s6_addr[bit / 8] >> (7 - bit % 8) & 1) != one)
			return false;
	return true;
}

bool addr_is_anycast(const struct in6_addr *a, unsigned plen)
{
	static const uint8_t reserved[7] = {0xfd, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
			     iana[5] = {0x02, 0x00, 0x5e, 0xff, 0xfe};

	if (plen >= 127) /* two ends of a link, or one address (RFC 6164) */
		return false;
	if (bits_are(a, plen, 128, false))
		return true;
	if (plen == 64)
		return (!memcmp(a->s6_addr + 8, reserved, 7) && a->s6_addr[15] & 0x80) ||
		       !memcmp(a->s6_addr + 8, iana, 5);
	return plen <= 120 && bits_are(a, plen, 121, true);
}
