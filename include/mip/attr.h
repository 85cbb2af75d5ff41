/* The attributes of attr.def as numbers and as a table. Values in host byte order, addresses in network order. */
#ifndef MIP_ATTR_H
#define MIP_ATTR_H

enum mip_kind {
	MIP_K_U8 = 1,
	MIP_K_U16,
	MIP_K_U32,
	MIP_K_U64,
	MIP_K_SECS,
	MIP_K_USEC,
	MIP_K_BOOL,
	MIP_K_ADDR,
	MIP_K_PREFIX,
	MIP_K_DEV,
	MIP_K_STR,
	MIP_K_BSTATE,
	MIP_K_MSTATE,
	MIP_K_LSTATE,
	MIP_K_OSTATE,
	MIP_K_RPOLICY,
	MIP_K_VERDICT,
	MIP_K_S32,
	MIP_K_PROTECT,
	MIP_K_TOWARDS,
	MIP_K_CIPHER,
	MIP_K_AUTH,
	MIP_K_KEY,
	MIP_K_BYTES,
	MIP_K_PREFIXES,
	MIP_K_IPV4, /* as ADDR, IPv4-mapped */
	MIP_K_CSTATE,
	MIP_K_PREFIX4, /* as PREFIX, IPv4-mapped */
};

#define MIP_KEY_MAX    64  /* octets of a key */
#define MIP_NAME_MAX   128 /* octets of an IKE identity, or of a file's name, with the NUL */
#define MIP_PREFIX_LEN 17  /* of a prefix: address and length */

#define A(name, number, kind, word, metavar, help) MIP_A_##name = number,
enum mip_attr {
#include "mip/attr.def"
	MIP_A_COUNT
};
#undef A

struct mip_attr_info {
	enum mip_kind kind;
	const char *word, *metavar, *help;
};

/* Indexed by attribute number; word NULL where a number is not used. Each program defines its own from attr.def. */
#define MIP_ATTR_TABLE(table) const struct mip_attr_info table[MIP_A_COUNT]

/* Payload bytes of a value of that kind; 0 = a string, NUL-terminated, a key, or prefixes end to end. */
static inline unsigned mip_kind_size(enum mip_kind kind)
{
	switch (kind) {
	case MIP_K_U8:
	case MIP_K_BOOL: return 1;
	case MIP_K_U16: return 2;
	case MIP_K_U32:
	case MIP_K_SECS:
	case MIP_K_BSTATE:
	case MIP_K_MSTATE:
	case MIP_K_LSTATE:
	case MIP_K_OSTATE:
	case MIP_K_CSTATE:
	case MIP_K_RPOLICY:
	case MIP_K_VERDICT:
	case MIP_K_S32:
	case MIP_K_PROTECT:
	case MIP_K_TOWARDS:
	case MIP_K_CIPHER:
	case MIP_K_AUTH: return 4;
	case MIP_K_U64:
	case MIP_K_USEC:
	case MIP_K_BYTES: return 8;
	case MIP_K_ADDR:
	case MIP_K_IPV4: return 16;
	case MIP_K_PREFIX:
	case MIP_K_PREFIX4: return 17;
	case MIP_K_DEV:
	case MIP_K_STR:
	case MIP_K_KEY:
	case MIP_K_PREFIXES: return 0;
	}
	return 0;
}

#endif
