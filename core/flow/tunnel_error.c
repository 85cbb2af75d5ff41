/*
 * flow.h: errors of routers between the ends of a tunnel, told to who sent the packet inside (RFC 2473 8), where the
 * kernel does not do it. What the sender hears comes from the tunnel's entry: a path MTU less the outer header, or that
 * the address is not to be reached.
 */
#include <string.h>

#include "base/addr.h"
#include "base/buf.h"
#include "flow/flow_impl.h"
#include "wire/exthdr.h"
#include "wire/icmp6.h"

#define AT_PLEN		    4
#define AT_SRC		    8
#define AT_DST		    24
#define MTU_MIN		    1280
#define ADDRESS_UNREACHABLE 3	/* code of Destination Unreachable */
#define INFORMATIONAL	    128 /* ICMPv6 types below are errors */

static struct in6_addr addr_at(const uint8_t *at)
{
	struct in6_addr a;

	memcpy(&a, at, sizeof(a));
	return a;
}

static size_t length_of(const uint8_t *pkt)
{
	struct rd r = rd_over(pkt + AT_PLEN, 2);

	return IP6_HLEN + rd_u16(&r);
}

/* The tunnel between the ends of the outer header that the packet in it takes. */
static const struct flow_entry *tunnel_quoted(const struct flows *t, const uint8_t *outer, const uint8_t *inner)
{
	struct in6_addr src = addr_at(inner + AT_SRC), dst = addr_at(inner + AT_DST);
	struct in6_addr local = addr_at(outer + AT_SRC), peer = addr_at(outer + AT_DST);
	const struct flow_entry *e = table_lookup(&t->table, &src, &dst, FLOW_ENCAP);

	return e && addr_eq(&e->flow.local, &local) && addr_eq(&e->flow.peer, &peer) ? e : NULL;
}

/* RFC 4443 2.4 (e): not about another error, nor to many. */
static bool may_tell(const uint8_t *inner, size_t len)
{
	struct in6_addr src = addr_at(inner + AT_SRC), dst = addr_at(inner + AT_DST);
	struct exthdr e;

	if (!addr_routable(&src) || IN6_IS_ADDR_MULTICAST(&dst) || exthdr_read(inner, len, &e) != EXT_OK)
		return false;
	return e.upper != IPPROTO_ICMPV6 || e.end <= e.upper_at || inner[e.upper_at] >= INFORMATIONAL;
}

/* What is quoted of a packet, seldom the whole: as if it ended there. */
static size_t cut(uint8_t *pkt, const uint8_t *from, size_t len)
{
	memcpy(pkt, from, len);
	if (length_of(from) > len)
		put_u16(pkt + AT_PLEN, (uint16_t)(len - IP6_HLEN));
	return len;
}

static int write_error(uint8_t type, uint32_t mtu, const uint8_t *inner, size_t len, struct tunnel_error *out)
{
	if (type != ICMP6_TOO_BIG_T)
		return icmp6_error_write(
			ICMP6_DEST_UNREACH_T, ADDRESS_UNREACHABLE, 0, inner, len, out->data, sizeof(out->data));
	/* RFC 2473 7.1: what is no longer than the least MTU goes in fragments. */
	mtu = mtu < MTU_MIN + IP6_HLEN ? MTU_MIN : mtu - IP6_HLEN;
	if (length_of(inner) <= mtu)
		return 0;
	return icmp6_error_write(ICMP6_TOO_BIG_T, 0, mtu, inner, len, out->data, sizeof(out->data));
}

bool tunnel_too_big(const uint8_t *pkt, size_t len, uint32_t mtu, struct tunnel_error *out)
{
	uint8_t quoted[1280];
	int n;

	len = cut(quoted, pkt, len < sizeof(quoted) ? len : sizeof(quoted));
	if (!may_tell(quoted, len))
		return false;
	n = icmp6_error_write(ICMP6_TOO_BIG_T, 0, mtu, quoted, len, out->data, sizeof(out->data));
	out->to = addr_at(pkt + AT_SRC);
	out->len = n > 0 ? (size_t)n : 0;
	return n > 0;
}

bool flow_tunnel_error(const struct flows *t, const uint8_t *data, size_t len, struct tunnel_error *out)
{
	const uint8_t *outer = data + ICMP6_ERROR_HLEN, *inner = outer + IP6_HLEN;
	struct rd info = rd_over(data + 4, 4);
	const struct flow_entry *e;
	uint8_t pkt[1280];
	int n = 0;

	if (t->ops->tells || len < ICMP6_ERROR_HLEN + 2 * IP6_HLEN || outer[6] != IPPROTO_IPV6)
		return false;
	e = tunnel_quoted(t, outer, inner);
	if (!e)
		return false;
	len -= ICMP6_ERROR_HLEN + IP6_HLEN;
	len = len < sizeof(pkt) ? len : sizeof(pkt);
	if (may_tell(pkt, cut(pkt, inner, len)))
		n = write_error(data[0], rd_u32(&info), inner, len, out);
	out->from = e->flow.local;
	out->to = addr_at(inner + AT_SRC);
	out->len = n > 0 ? (size_t)n : 0;
	return true;
}
