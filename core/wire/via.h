/*
 * How a message travels beside its own octets: addresses, Home Address option, type 2 routing header, link, IPsec; and
 * why one went no further. Plain values, filled by whoever receives or sends.
 */
#ifndef MIP_WIRE_VIA_H
#define MIP_WIRE_VIA_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

struct mh;
struct mh_auth;

#define MIP_UDP_PORT 4191 /* RFC 5555 8 */

/* The outside of what travels in UDP over IPv4 (RFC 5555): IPv4-mapped addresses, and the port of the other end. */
struct udp_ends {
	struct in6_addr local, peer;
	uint16_t port; /* 0: it does not travel so */
	unsigned ifindex;
};

/* How a message travels, as RFC 6275 looks at it: addresses of the IPv6 header, home addresses of HAO and RH2. */
struct via {
	struct in6_addr src, dst;
	struct in6_addr hao, rh2; /* valid with has_* */
	bool has_hao, has_rh2;
	bool esp;	  /* in: came through IPsec; then HAO and RH2 it had are not known. out: goes through IPsec */
	bool bare;	  /* in: straight off a link, out of no tunnel of ours */
	bool on_link;	  /* out: no router may forward it */
	unsigned ifindex; /* in: came through this link (0 = not known); out: leave through it (0 = by routing) */
	struct udp_ends udp;
	const struct mh_auth *auth; /* out: sign the message with this; it has the option */
};

/* Why a message or a packet went no further. */
#define DROP_REASONS(R)                                                                                                \
	R(CHECKSUM, "checksum or truncated headers")                                                                   \
	R(MALFORMED, "malformed message")                                                                              \
	R(PAYLOAD_PROTO, "payload proto is not 59")                                                                    \
	R(LENGTH, "header too short for its type")                                                                     \
	R(TYPE, "unknown type")                                                                                        \
	R(RH2, "routing header names no home address of ours")                                                         \
	R(HAO, "home address option without a binding")                                                                \
	R(ADVERTISEMENT, "malformed router advertisement")                                                             \
	R(TUNNEL, "tunnelled from another than the care-of address")                                                   \
	R(NO_BINDING, "for the tunnel, without a binding")                                                             \
	R(TOO_LONG, "no room for the header to put in")                                                                \
	R(NESTED, "in as many tunnels as a packet may be, or round in one")                                            \
	R(HOME_AGENT, "not for this home agent")                                                                       \
	R(LIMIT, "too many of its kind")                                                                               \
	R(CORRESPONDENT, "test or update the correspondent node does not answer")                                      \
	R(NOT_SENT, "not sent: no route, no source address, or a firewall here drops what goes out")

#define DROP_ENUM(name, text) DROP_##name,
enum drop { DROP_REASONS(DROP_ENUM) DROP_COUNT };
#undef DROP_ENUM
#define DROP_NONE DROP_COUNT

/* One message on its way. */
struct message {
	bool out;
	const struct via *via;
	const struct mh *mh; /* NULL: not decoded, then icmp or mh_type has its type */
	uint8_t icmp, mh_type;
	enum drop dropped; /* DROP_NONE = it was not */
};

#endif
