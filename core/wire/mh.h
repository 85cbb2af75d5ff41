/*
 * The Mobility Header (RFC 6275 6.1) and its options (6.2), with those of mobile networks (RFC 3963 4), of IPv4 access
 * (RFC 5555 3), of the mobile node's identifier (RFC 4283) and of the authentication protocol (RFC 4285): bytes <->
 * structs. Decoding is whole before anybody looks: mh_read either fills the struct or says what is wrong and where. No
 * clock, no log, no allocation, no state.
 */
#ifndef MIP_WIRE_MH_H
#define MIP_WIRE_MH_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"

#define MH_PROTO     135  /* IPPROTO_MH */
#define MH_NO_NEXT   59	  /* the only Payload Proto allowed, RFC 6275 6.1.1 */
#define MH_PROTO_AT  0	  /* offset of the Payload Proto */
#define MH_LEN_AT    1	  /* offset of the Header Len */
#define MH_TYPE_AT   2	  /* offset of the type */
#define MH_CKSUM_AT  4	  /* offset of the checksum */
#define MH_MAX	     2048 /* Header Len is 8 bits of 8 octets beyond the first 8 */
#define MH_LIFE_UNIT 4	  /* seconds in one unit of a lifetime field */
#define MH_LIFE_INF  0xffff
#define MH_MAC_MAX   16 /* octets of the longest authenticator */
#define MH_NETWORKS  16 /* mobile network prefixes of one message that are kept */

enum mh_type {
	MH_BRR = 0,  /* Binding Refresh Request */
	MH_HOTI = 1, /* Home Test Init */
	MH_COTI = 2, /* Care-of Test Init */
	MH_HOT = 3,  /* Home Test */
	MH_COT = 4,  /* Care-of Test */
	MH_BU = 5,   /* Binding Update */
	MH_BA = 6,   /* Binding Acknowledgement */
	MH_BE = 7,   /* Binding Error */
	MH_TYPES
};

/* Flags of a Binding Update (6.1.7) in its 16-bit flag field, and of a Binding Acknowledgement (6.1.8) in its 8-bit
 * one. The fields are kept whole: reserved bits are neither checked nor cleared, test only what is named here. */
#define BU_F_ACK       0x8000
#define BU_F_HOME      0x4000
#define BU_F_LINKLOCAL 0x2000
#define BU_F_KEYMGMT   0x1000
#define BU_F_ROUTER    0x0400 /* RFC 3963 4.1 */
#define BU_F_UDP       0x0100 /* RFC 5555 3.1.3, F: UDP even without a NAT */
#define BU_F_TLV       0x0080 /* T: a TLV header behind UDP */
#define BA_F_KEYMGMT   0x80
#define BA_F_ROUTER    0x40 /* RFC 3963 4.2 */
#define BA_F_TLV       0x10 /* RFC 5555 3.2.3 */

/* Binding Acknowledgement status (6.1.8): below 128 accepted. */
enum ba_status {
	BA_ACCEPTED = 0,
	BA_ACCEPTED_PREFIX = 1, /* accepted but prefix discovery necessary */
	BA_UNSPECIFIED = 128,
	BA_PROHIBITED = 129,
	BA_RESOURCES = 130,
	BA_NO_HOME_REG = 131, /* home registration not supported */
	BA_NOT_HOME_SUBNET = 132,
	BA_NOT_HOME_AGENT = 133, /* not home agent for this mobile node */
	BA_DAD_FAILED = 134,
	BA_SEQ_OUT_OF_WINDOW = 135,
	BA_HOME_NONCE_EXPIRED = 136,
	BA_COA_NONCE_EXPIRED = 137,
	BA_NONCES_EXPIRED = 138,
	BA_TYPE_CHANGE = 139, /* registration type change disallowed */
	BA_NO_ROUTER = 140,   /* RFC 3963 4.2: mobile router operation not permitted */
	BA_INVALID_PREFIX = 141,
	BA_NOT_AUTHORIZED = 142, /* for prefix */
	BA_NO_FORWARDING = 143,	 /* forwarding setup failed */
	BA_ID_MISMATCH = 144,	 /* RFC 4285 8: MIPV6-ID-MISMATCH */
	BA_ID_REQUIRED = 145,	 /* MIPV6-MESG-ID-REQD */
	BA_AUTH_FAILED = 146,	 /* MIPV6-AUTH-FAIL */
	BA_INVALID_COA = 174,	 /* RFC 6275 6.1.8 */
};

enum be_status { BE_UNKNOWN_HAO = 1, BE_UNKNOWN_TYPE = 2 };

/* Which options were present, in mh_opts.has. */
enum mh_has {
	MHO_REFRESH = 1 << 0,  /* Binding Refresh Advice (BA only) */
	MHO_ALT_COA = 1 << 1,  /* Alternate Care-of Address (BU only) */
	MHO_NONCES = 1 << 2,   /* Nonce Indices (BU only) */
	MHO_AUTH = 1 << 3,     /* Binding Authorization Data; always last */
	MHO_NETWORK = 1 << 4,  /* Mobile Network Prefix (RFC 3963 4.3; BU only), the one that may occur several times */
	MHO_NAT = 1 << 5,      /* NAT Detection (RFC 5555 3.2.2; BA only) */
	MHO_IPV4_COA = 1 << 6, /* IPv4 Care-of Address (RFC 5555 3.1.2; BU only) */
	MHO_MN_ID = 1 << 7,    /* Mobile Node Identifier, an NAI (RFC 4283) */
	MHO_TIMESTAMP = 1 << 8,	 /* Mobility Message Replay Protection (RFC 4285 6) */
	MHO_MN_HA = 1 << 9,	 /* Mobility Message Authentication, MN-HA (RFC 4285 5.1) */
	MHO_MN_AAA = 1 << 10,	 /* the same, MN-AAA (5.2; BU only) */
	MHO_IPV4_HOME = 1 << 11, /* IPv4 Home Address (RFC 5555 3.1.1; BU only) */
	MHO_IPV4_ACK = 1 << 12,	 /* IPv4 Address Acknowledgement (RFC 5555 3.2.1; BA only) */
};

/* Mobility Message Authentication (RFC 4285 5). An authenticator may be longer than what is kept of it. */
struct mh_mac {
	uint32_t spi;
	uint8_t len, bytes[MH_MAC_MAX];
	size_t at; /* offset of the authenticator in the message, what the MAC covers up to */
};

/* Status of an IPv4 Address Acknowledgement (RFC 5555 3.2.1): below 128 the address is the mobile node's. */
enum ipv4_status {
	IPV4_ACCEPTED = 0,
	IPV4_UNSPECIFIED = 128,
	IPV4_PROHIBITED = 129,
	IPV4_INCORRECT = 130,	  /* IPv4 home address */
	IPV4_INVALID = 131,	  /* address */
	IPV4_NOT_AVAILABLE = 132, /* dynamic assignment */
	IPV4_NO_PREFIX = 133,	  /* prefix allocation unauthorized */
};

#define NAT_KEEPALIVE	  110	     /* NATKATIMEOUT (RFC 5555 6), seconds */
#define NAT_REFRESH_NEVER UINT32_MAX /* of a NAT Detection option: no keepalives are needed; 0 says nothing (3.2.2) */

struct mh_opts {
	unsigned has;
	uint16_t refresh; /* units of 4 s */
	struct in6_addr alt_coa;
	uint16_t home_nonce, coa_nonce;
	uint8_t auth[12];
	size_t networks; /* Mobile Network Prefix options; the first MH_NETWORKS of them, as they stood there, lengths
			    too */
	struct addr_prefix network[MH_NETWORKS];
	struct in6_addr ipv4_coa;     /* IPv4-mapped */
	struct addr_prefix ipv4_home; /* IPv4-mapped, its length, too: 96 and up. 0.0.0.0 asks for any */
	bool ipv4_prefix;	      /* P: a prefix is asked for */
	uint8_t ipv4_status;	      /* of an acknowledgement, enum ipv4_status */
	bool nat_udp;		      /* F: UDP is required */
	uint32_t nat_refresh;	      /* seconds */
	const uint8_t *mn_id;	      /* not terminated; read: within the message */
	uint8_t mn_id_len;
	uint64_t timestamp; /* of NTP: seconds since 1900, 32 bits of fraction */
	struct mh_mac mn_ha, mn_aaa;
	size_t auth_at; /* read: offset of the authenticator in the message, what the MAC covers up to (6.2.7) */
};

/* One decoded message, host order. `u` is chosen by `type`. */
struct mh {
	uint8_t type; /* enum mh_type, or any other number with MH_UNKNOWN_TYPE */
	union {
		struct {
			uint64_t cookie;
		} init; /* HoTI, CoTI */
		struct {
			uint16_t nonce;
			uint64_t cookie, token;
		} test; /* HoT, CoT */
		struct {
			uint16_t seq, flags, lifetime; /* lifetime in units of 4 s */
		} bu;
		struct {
			uint8_t status, flags;
			uint16_t seq, lifetime;
		} ba;
		struct {
			uint8_t status;
			struct in6_addr home;
		} be;
	} u;
	struct mh_opts opt;
	const uint8_t *bytes; /* read: the message, as long as the caller keeps it */
};

/* What is wrong with a message, and what RFC 6275 9.2 wants done about it. */
enum mh_verdict {
	MH_OK,
	MH_DROP,	 /* silently: shorter than its Header Len claims, malformed option */
	MH_BAD_PROTO,	 /* Payload Proto is not 59: ICMPv6 Parameter Problem code 0, pointing at *at */
	MH_BAD_LENGTH,	 /* Header Len less than the type's least: the same */
	MH_UNKNOWN_TYPE, /* Binding Error status 2; only mh.type is filled */
};

/*
 * Decodes `len` bytes that begin with a Mobility Header; bytes after its Header Len are ignored, as they stand behind a
 * Next Header of 59. The checksum is not looked at: mh_checksum_ok() comes first (9.2). On anything but MH_OK, `out` is
 * not touched (but for the type on MH_UNKNOWN_TYPE) and *at is the offset of the offending field or option from the
 * start of the header; `at` may be NULL. Unknown options are skipped (6.2.1), those foreign to the message's type too;
 * of a doubled option the first counts, but for Mobile Network Prefixes. Anything after Binding Authorization Data is
 * malformed (6.2.7), and an option behind Mobility Message Authentication (RFC 4285 5.1).
 */
enum mh_verdict mh_read(const uint8_t *data, size_t len, struct mh *out, size_t *at)
	__attribute__((warn_unused_result));

/*
 * Encodes `m` with its options, each aligned as 6.2 demands, padded to 8 octets, checksum 0. Returns the length, or
 * -EINVAL (unknown type, option foreign to the type) or -ENOSPC. Authenticators are written last, and where they are is
 * noted in m->opt: mh_sign() puts them there.
 */
int mh_write(struct mh *m, uint8_t *data, size_t cap) __attribute__((warn_unused_result));

/* The value for the checksum field of a message in which that field is 0; _ok says whether a received message has it.
 * Pseudo-header: RFC 8200 8.1; its length, the header's by Header Len (RFC 6275 6.1.1). With a Home Address option src
 * is the home address, with a type 2 routing header dst is the home address (RFC 6275 6.1.1). */
uint16_t mh_checksum(const struct in6_addr *src, const struct in6_addr *dst, const uint8_t *data, size_t len);
bool mh_checksum_ok(const struct in6_addr *src, const struct in6_addr *dst, const uint8_t *data, size_t len);

/* The least Header Len of a message of that type; 0 when unknown. */
uint8_t mh_least(uint8_t type);

/* "BU", "HoTI", ...; "MH-type-42" style numbers are the caller's. NULL when unknown. */
const char *mh_type_name(uint8_t type);
/* The RFC's words for a BA status, e.g. "sequence number out of window"; "unknown status" otherwise. */
const char *ba_status_text(uint8_t status);
/* The same for an IPv4 Address Acknowledgement. */
const char *ipv4_status_text(uint8_t status);
/* The same for a Binding Error. */
const char *be_status_text(uint8_t status);

#endif
