/*
 * IPsec between mobile nodes and home agents (RFC 3776, RFC 4877) in the kernel: which home address is protected how,
 * by which security associations. Policies follow from that by themselves. What goes through a tunnel follows the
 * care-of address; at home there is no tunnel. Everything installed is found again after a crash: ipsec_open leaves
 * what an earlier agent left, ipsec_sweep removes what nobody has wished for since, ipsec_close removes all.
 */
#ifndef MIP_HOST_IPSEC_H
#define MIP_HOST_IPSEC_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/why.h"
#include "mip/attr.h"
#include "mip/types.h"

struct held;
struct ipsec;
struct loop;
struct nl;
struct raw;
struct raw_meta;
struct shim;

#define IPSEC_BIT(protect) (1U << (protect)) /* of enum mip_protect */

/* One direction of one protection of a home address. A home address has one home agent. */
struct ipsec_sa {
	struct in6_addr home, agent;
	bool mine;	      /* the home address is ours, the agent somebody else */
	uint8_t protect;      /* enum mip_protect */
	uint8_t towards;      /* enum mip_towards */
	uint8_t cipher, auth; /* cipher 0: its keys, and its SPI, are charon's (ike.h) */
	uint8_t key_len, auth_key_len;
	uint32_t spi, reqid;
	uint8_t key[MIP_KEY_MAX], auth_key[MIP_KEY_MAX];
};

struct ipsec_counts {
	bool installed;
	uint32_t spi;		/* charon's */
	uint8_t cipher, auth;	/* those, too; 0: not known */
	uint64_t made, renewal; /* seconds since 1970; renewal 0: not by this side */
	uint64_t packets, bytes, failed;
};

/* A kernel that cannot is no error until something is to be protected. */
int ipsec_open(struct ipsec **out, struct loop *loop, struct nl *nl, struct shim *shim, struct raw *raw,
	struct why *why) __attribute__((warn_unused_result));
void ipsec_close(struct ipsec *s); /* NULL is nothing */
/* Removes what an earlier agent left and nobody has added again, but for SAs that a tunnel of ours will take over. */
int ipsec_sweep(struct ipsec *s, struct why *why) __attribute__((warn_unused_result));

/* From now on these. What is in the kernel of the list before and not of this one is taken out. A home address that is
 * new here is at home until ipsec_away. On failure some of it may stand: call again with the list before. */
int ipsec_set(struct ipsec *s, const struct ipsec_sa *list, size_t n, struct why *why)
	__attribute__((warn_unused_result));
/* Tries whether the kernel takes this one, and leaves everything as it was. */
int ipsec_try(struct loop *loop, const struct ipsec_sa *sa, struct why *why) __attribute__((warn_unused_result));

/* The tunnel of a home address is between `coa` and `agent` now; one that is not protected is nothing. */
int ipsec_away(struct ipsec *s, const struct in6_addr *home, const struct in6_addr *agent, const struct in6_addr *coa,
	struct why *why) __attribute__((warn_unused_result));
/* There is no tunnel any more. */
void ipsec_home(struct ipsec *s, const struct in6_addr *home);
/* Packets between a home address of ours and `peer` do (not) travel directly, past the tunnel. */
int ipsec_bypass(struct ipsec *s, const struct in6_addr *home, const struct in6_addr *peer, bool on, struct why *why)
	__attribute__((warn_unused_result));

/* raw_send_mh (proto MH_PROTO) and raw_send_icmp for signalling that is protected: the same m, as on the wire. -ENOENT:
 * it is not, and nothing is sent. */
int ipsec_send(struct ipsec *s, uint8_t proto, const struct raw_meta *m, const uint8_t *data, size_t len)
	__attribute__((warn_unused_result));
/* Puts back what leads signalling there; anew: the shim has just been put back. */
void ipsec_hold(struct ipsec *s, struct held *h, bool anew);

/* IPSEC_BIT of what is to be protected for this home address. */
unsigned ipsec_protects(const struct ipsec *s, const struct in6_addr *home);
/* Did what the kernel gave us from src to dst come in ESP, because a policy of ours lets nothing else pass? protect:
 * MIP_PROTECT_BINDING, of Mobility Header messages; MIP_PROTECT_PREFIX, of mobile prefix discovery. */
bool ipsec_came(
	const struct ipsec *s, enum mip_protect protect, const struct in6_addr *src, const struct in6_addr *dst);
/* Keys that charon negotiates for a home address: had the kernel what it made of them, both ways, when ipsec_refresh
 * looked last? */
bool ipsec_keyed(const struct ipsec *s, const struct in6_addr *home);
/* What charon made before that second since 1970 goes. */
void ipsec_unkey(struct ipsec *s, const struct in6_addr *home, uint64_t before);
/* Where the mobile node with that home address is; false: it is at home, or not bound. */
bool ipsec_place(const struct ipsec *s, const struct in6_addr *home, struct in6_addr *coa);
/* The mobile node negotiates from `to` from now on: charon is told. 0 or -errno. */
int ipsec_km_move(struct ipsec *s, const struct in6_addr *home, const struct in6_addr *to)
	__attribute__((warn_unused_result));
/* Home addresses under protection, 0 .. : false when there is no i-th. */
bool ipsec_nth(const struct ipsec *s, size_t i, struct in6_addr *home, struct in6_addr *agent);
/* Reads the kernel's counters for ipsec_counts. */
void ipsec_refresh(struct ipsec *s);
struct ipsec_counts ipsec_counts(const struct ipsec *s, const struct ipsec_sa *sa);

#endif
