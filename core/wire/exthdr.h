/*
 * Extension headers of an IPv6 packet: the Home Address destination option
 * (RFC 6275 6.3) and the type 2 routing header (6.4), found, taken out, put in.
 */
#ifndef MIP_WIRE_EXTHDR_H
#define MIP_WIRE_EXTHDR_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HAO_TYPE 201 /* 0xC9: action 11, do not skip */
#define TEL_TYPE 4   /* Tunnel Encapsulation Limit (RFC 2473 4.1.1) */
#define HAO_ROOM 24  /* a destination options header that holds nothing but a HAO */
#define RH2_ROOM 24  /* a type 2 routing header */
#define IP6_HLEN 40

enum exthdr_verdict {
	EXT_OK,
	EXT_DROP,    /* truncated, jumbo, malformed, a HAO or RH2 where 6.3 and 6.4 do not allow it: silently */
	EXT_BAD_RH2, /* type 2 routing header not of length 2 and segments left 1: silently too (11.3.3) */
};

/* What the chain of headers of one packet holds. Offsets from the start of the IPv6 header; 0 = absent. */
struct exthdr {
	struct in6_addr src, dst; /* of the IPv6 header */
	struct in6_addr hao, rh2; /* home addresses; valid when hao_at / rh2_at are set */
	size_t hao_at;		  /* the destination options header that holds the HAO */
	size_t hao_opt_at;	  /* the option itself */
	size_t tel_at;		  /* the Tunnel Encapsulation Limit option; its value is the third octet */
	size_t rh2_at;		  /* the routing header */
	size_t frag_at;		  /* the fragment header */
	size_t insert_at; /* where exthdr_insert() puts headers: behind hop-by-hop options and routing headers */
	size_t upper_at;  /* the first header that is neither options, routing nor fragment; == end only for 59, No Next
			     Header */
	size_t end;	  /* end of the packet by Payload Length */
	size_t at;	  /* on a verdict other than EXT_OK: the offending octet */
	uint8_t upper;	  /* its protocol number */
	uint8_t rh2_segleft;
	bool fragment; /* more fragments follow, or this is a later one */
	bool later;    /* a later one: no upper header in it; `upper` is 44, upper_at == frag_at */
};

/* Walks the headers of a packet of len bytes (which may be longer than its Payload Length, never shorter). Stops at the
 * first upper header, AH and ESP included. Every fragment of a packet carries HAO and RH2 in front of its fragment
 * header (6.3: they are unfragmentable), so a later fragment is EXT_OK like the first. */
enum exthdr_verdict exthdr_read(const uint8_t *pkt, size_t len, struct exthdr *out) __attribute__((warn_unused_result));

/* The offsets of the headers of packets one in another, that of `pkt` first, as many as `max`; how many. What is in a
 * later fragment, or behind AH or ESP, is not found. The packets inside need not be whole. */
size_t exthdr_nested(const uint8_t *pkt, size_t len, size_t *at, size_t max);

/* Takes the HAO and the RH2 out of a packet in place: source becomes the home address of the HAO, destination the home
 * address of the RH2, as the upper layers see them (6.3, 6.4). A destination options header that holds other options
 * keeps them, in their alignment, and the padding around the HAO goes with it. Returns the new length: bytes behind the
 * Payload Length are not part of it. `e` is what exthdr_read said of these bytes, with EXT_OK; it is void afterwards.
 */
size_t exthdr_strip(uint8_t *pkt, size_t len, const struct exthdr *e);

/*
 * Puts a HAO (coa != NULL: the packet's source moves into it, `coa` becomes the source) and/or an RH2 (to_coa != NULL:
 * the destination moves into it, `to_coa` becomes the destination) into a packet in place: after hop-by-hop options and
 * other routing headers, RH2 before HAO, both before any fragment header (6.3, 6.4). Room for 24 bytes each must follow
 * the packet within `cap`. Returns the new length (bytes behind the Payload Length are overwritten), or -ENOSPC, also
 * when the packet would outgrow its Payload Length field, or -EINVAL when the headers cannot be walked or there is one
 * already.
 */
int exthdr_insert(uint8_t *pkt, size_t len, size_t cap, const struct in6_addr *coa, const struct in6_addr *to_coa)
	__attribute__((warn_unused_result));

/* Writes an IPv6 header (hop limit 64, payload length and next header given). */
void ip6_header(uint8_t *pkt, const struct in6_addr *src, const struct in6_addr *dst, uint8_t next, size_t payload);

#endif
