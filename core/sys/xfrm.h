/*
 * The kernel's IPsec (XFRM), as far as Mobile IPv6 needs it: ESP security associations with keys set by hand, and the
 * policies that use them. Ours are known by their reqid, policies without a template by their priority; everything of
 * others is left alone, also when it is in the way.
 */
#ifndef MIP_SYS_XFRM_H
#define MIP_SYS_XFRM_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/why.h"

struct loop;
struct xfrm;

/* Ours, documented in mip-ipsec(8). */
#define XFRM_REQID	 0x6d000000 /* 'm' ... */
#define XFRM_REQID_LAST	 0x6dffffff
#define XFRM_PRIO	 119010 /* of the first policy; smaller numbers come first, and those of IKE daemons are larger */
#define XFRM_PRIO_BYPASS 119040 /* of policies that let pass */

/* An algorithm by its kernel name. */
struct xfrm_key {
	const char *name; /* NULL: none */
	bool aead;
	uint16_t icv; /* bits of the integrity check value; aead and authentication only */
	const uint8_t *key;
	size_t len; /* octets */
};

struct xfrm_sa {
	struct in6_addr src, dst;
	uint32_t spi, reqid;
	bool tunnel;
	struct xfrm_key cipher, auth;
};

struct xfrm_policy {
	struct in6_addr src, dst;
	uint8_t src_plen, dst_plen;
	uint8_t proto;	   /* 0 = any */
	uint8_t icmp_type; /* 0 = any */
	uint8_t dir;	   /* XFRM_POLICY_IN, _OUT, _FWD */
	uint32_t priority;
	uint32_t reqid; /* of the SA it wants; 0: lets pass */
	bool tunnel;
	struct in6_addr from, to; /* ends of the tunnel */
};

/* What the kernel counted for an SA. */
struct xfrm_counts {
	uint64_t packets, bytes, failed; /* failed: the integrity check, or a replay */
};

/* An SA of ours, as the kernel has it. */
struct xfrm_seen {
	struct in6_addr dst;
	uint32_t spi, reqid;
	uint64_t made;		   /* seconds since 1970 */
	uint64_t renewal;	   /* seconds after that; 0: never */
	const char *cipher, *auth; /* as the kernel calls them, while it is told; NULL: none */
	struct xfrm_counts counts;
};

/* Where the two ends that negotiate keys are from now on. */
struct xfrm_km {
	struct in6_addr local, remote;
};

/* -EPROTONOSUPPORT: a kernel without CONFIG_XFRM_USER. */
int xfrm_open(struct xfrm **out, struct loop *loop, struct why *why) __attribute__((warn_unused_result));
void xfrm_close(struct xfrm *x); /* NULL is nothing */

/* Adds an SA. One of ours with its destination and SPI stays, numbers and counts and all, when it is the same, and is
 * replaced when it is not; -EEXIST: it is another's. -EPROTONOSUPPORT: a kernel without ESP, -ENOSYS: without the
 * algorithm; both say which option is missing. */
int xfrm_sa_add(struct xfrm *x, const struct xfrm_sa *sa, struct why *why) __attribute__((warn_unused_result));
/* Would that go? Says the same, and leaves everything as it was. */
int xfrm_sa_try(struct xfrm *x, const struct xfrm_sa *sa, struct why *why) __attribute__((warn_unused_result));
/* What is not there is 0. */
int xfrm_sa_del(struct xfrm *x, const struct in6_addr *dst, uint32_t spi, struct why *why)
	__attribute__((warn_unused_result));

/* Adds a policy, or changes ours of this selector and direction; -EEXIST: another's stands there. */
int xfrm_policy_set(struct xfrm *x, const struct xfrm_policy *p, struct why *why) __attribute__((warn_unused_result));
/* What is not there, or not ours, is 0. */
int xfrm_policy_del(struct xfrm *x, const struct xfrm_policy *p, struct why *why) __attribute__((warn_unused_result));
/* Moves the policy's template, and the SA with its reqid, from the ends p->from, p->to to others, counters of sequence
 * and all (XFRM_MSG_MIGRATE, RFC 4555's way); in transport mode there is no template to move. -ENOENT and others: not
 * done, make them anew. km: the daemon that negotiates keys for that reqid is told (XFRMA_KMADDRESS); NULL: nobody. */
int xfrm_migrate(struct xfrm *x, const struct xfrm_policy *p, const struct in6_addr *from, const struct in6_addr *to,
	const struct xfrm_km *km) __attribute__((warn_unused_result));

/* Calls each for every SA of ours. */
int xfrm_each_sa(struct xfrm *x, void (*each)(void *ctx, const struct xfrm_seen *sa), void *ctx, struct why *why)
	__attribute__((warn_unused_result));
/* Deletes SAs and policies of ours for which keep_sa and keep_policy (NULL = none) say false. */
struct xfrm_keep {
	void *ctx;
	bool (*sa)(void *ctx, const struct xfrm_seen *sa);
	bool (*policy)(void *ctx, const struct xfrm_policy *p);
};
int xfrm_sweep(struct xfrm *x, const struct xfrm_keep *keep, struct why *why) __attribute__((warn_unused_result));

/* Do two policies have the same selector and direction? */
bool xfrm_policy_same(const struct xfrm_policy *a, const struct xfrm_policy *b);

#endif
