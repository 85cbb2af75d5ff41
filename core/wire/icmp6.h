/*
 * ICMPv6 messages of RFC 6275 (6.5-6.8: home agent address discovery, mobile prefix
 * discovery) and what a mobile node reads of Neighbor Discovery (RFC 4861, with the
 * options of RFC 6275 7): bytes <-> structs.
 */
#ifndef MIP_WIRE_ICMP6_H
#define MIP_WIRE_ICMP6_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum icmp6_type {
	ICMP6_DEST_UNREACH_T = 1,
	ICMP6_TOO_BIG_T = 2,
	ICMP6_PARAM_PROB_T = 4,
	ICMP6_RS = 133,
	ICMP6_RA = 134,
	ICMP6_NS = 135,
	ICMP6_NA = 136,
	ICMP6_DHAAD_REQ = 144, /* Home Agent Address Discovery Request */
	ICMP6_DHAAD_REP = 145,
	ICMP6_MPS = 146, /* Mobile Prefix Solicitation */
	ICMP6_MPA = 147, /* Mobile Prefix Advertisement */
};

#define RA_PREFIXES_MAX	 16
#define DHAAD_MAX	 77 /* as many as the minimum MTU has room for (RFC 6275 10.5.1) */
#define ICMP6_ERROR_HLEN 8  /* before the packet an ICMPv6 error quotes */

/* Prefix Information option (RFC 4861 4.6.2, R bit RFC 6275 7.2). */
struct nd_prefix {
	struct in6_addr prefix; /* the whole field: with `router` it is the router's global address */
	uint8_t len;
	bool onlink, autoconf, router; /* L, A, R */
	uint32_t valid, preferred;     /* seconds */
};

/* Router Advertisement, or Mobile Prefix Advertisement (which has only prefixes, M and O). */
struct nd_ra {
	uint8_t hop_limit;
	bool managed, other, home_agent; /* M, O, H */
	uint16_t router_lifetime;	 /* seconds */
	uint16_t id;			 /* MPA only */
	size_t prefixes;		 /* those beyond RA_PREFIXES_MAX are not kept */
	struct nd_prefix prefix[RA_PREFIXES_MAX];
	bool has_lladdr, has_ha_info, has_interval;
	bool ha_routers;   /* R of the Home Agent Information: it serves mobile routers (RFC 3963 7.3) */
	uint8_t lladdr[6]; /* Source Link-Layer Address */
	uint16_t ha_preference, ha_lifetime; /* Home Agent Information (7.4) */
	uint32_t interval_ms;		     /* Advertisement Interval (7.3) */
};

/* NS or NA. */
struct nd_nx {
	struct in6_addr target;
	bool router, solicited, override; /* NA: R, S, O */
	bool has_lladdr;		  /* source (NS) or target (NA) link-layer address option */
	uint8_t lladdr[6];
};

struct dhaad {
	uint16_t id;
	bool routers;  /* R (RFC 3963 7.1, 7.2): wanted, or named, are those that serve mobile routers */
	size_t agents; /* reply: home agents, most preferred first; those beyond DHAAD_MAX are not kept */
	struct in6_addr agent[DHAAD_MAX];
};

/* Readers take the whole ICMPv6 message. 0, or -EBADMSG when it is malformed (RFC 4861 6.1.2 etc. length and option
 * checks: an option of length 0 makes the message malformed; unknown options are skipped, known ones of a wrong length
 * too). Type must be right, else -EINVAL. `out` is touched on success alone. Hop limit, source and checksum are the
 * caller's checks. */
int ra_read(const uint8_t *data, size_t len, struct nd_ra *out) __attribute__((warn_unused_result));
int mpa_read(const uint8_t *data, size_t len, struct nd_ra *out) __attribute__((warn_unused_result));
int nx_read(const uint8_t *data, size_t len, struct nd_nx *out) __attribute__((warn_unused_result));	/* NS and NA */
int dhaad_read(const uint8_t *data, size_t len, struct dhaad *out) __attribute__((warn_unused_result)); /* both */
int mps_read(const uint8_t *data, size_t len, uint16_t *id) __attribute__((warn_unused_result));

/* Writers leave the checksum 0 and return the length or -ENOSPC; they write no more than RA_PREFIXES_MAX and DHAAD_MAX.
 * lladdr NULL = no option. */
int rs_write(uint8_t *data, size_t cap, const uint8_t *lladdr) __attribute__((warn_unused_result));
int ra_write(const struct nd_ra *ra, uint8_t *data, size_t cap) __attribute__((warn_unused_result));
int mpa_write(const struct nd_ra *ra, uint8_t *data, size_t cap) __attribute__((warn_unused_result));
int ns_write(const struct nd_nx *ns, uint8_t *data, size_t cap) __attribute__((warn_unused_result));
int na_write(const struct nd_nx *na, uint8_t *data, size_t cap) __attribute__((warn_unused_result));
int dhaad_write(const struct dhaad *d, bool reply, uint8_t *data, size_t cap) __attribute__((warn_unused_result));
int mps_write(uint16_t id, uint8_t *data, size_t cap) __attribute__((warn_unused_result));
/* An error about `pkt`, of which as much is quoted as fits 1280; info: a pointer from its start, an MTU, or 0. */
int icmp6_error_write(uint8_t type, uint8_t code, uint32_t info, const uint8_t *pkt, size_t len, uint8_t *data,
	size_t cap) __attribute__((warn_unused_result));

/* Internet checksum over pseudo-header and message for upper protocol `proto` (58: ICMPv6, 135: MH); the checksum field
 * in data counts as it stands. */
uint16_t ip6_checksum(
	const struct in6_addr *src, const struct in6_addr *dst, uint8_t proto, const uint8_t *data, size_t len);
/* Its parts: `s` and the octets behind, an odd last one as if a zero followed; the value of the field for a sum. */
uint64_t ip6_sum(uint64_t s, const uint8_t *p, size_t len);
uint16_t ip6_sum_end(uint64_t s);

#endif
