/* Inside of ipsec.h: ipsec.c (which protections stand), guard.c (signalling), ipsec_get.c (questions, opening,
 * closing), ipsec_sa.c (from a protection to the kernel's terms). */
#ifndef MIP_HOST_IPSEC_IMPL_H
#define MIP_HOST_IPSEC_IMPL_H

#include "base/map.h"
#include "host/ipsec.h"
#include "sys/held.h"
#include "sys/xfrm.h"

struct exthdr;
struct packet;

#define IPSEC_POLICIES 4 /* of one protection or bypass, at most */

/* An SA that is wished for, and how the kernel has it. */
struct ipsec_entry {
	struct ipsec_sa sa;
	bool installed;
	bool lost;	     /* installed, but when last looked at somebody had taken it out */
	bool left;	     /* not installed, but an earlier agent's stands, to be taken over by the tunnel */
	struct in6_addr dst; /* when installed, or left */
	struct ipsec_counts counts;
};

/* A home address under protection. */
struct ipsec_home {
	struct map_node node;
	struct in6_addr home; /* the key */
	struct in6_addr agent;
	bool mine, away;
	struct in6_addr coa;	 /* when away */
	bool guarded;		 /* its signalling goes through the stack (guard.c) */
	struct in6_addr via_coa; /* of messages under way there */
	unsigned via_ifindex;	 /* they leave through, 0 = by routing */
	unsigned want, set;	 /* IPSEC_BIT: to be protected; whose policies stand */
	uint32_t reqid[MIP_PROTECT_PAYLOAD + 1];
};

/* Which of the kernel's SAs go. */
struct ipsec_unkey {
	struct xfrm *x;
	uint32_t reqid;
	uint64_t before;
};

/* Two addresses that packets travel between directly. */
struct ipsec_bypass {
	struct in6_addr home, peer;
	bool installed;
};

struct ipsec {
	struct xfrm *x; /* NULL: this kernel cannot, as `cannot` says */
	struct why cannot;
	struct nl *nl;
	struct shim *shim;
	struct raw *raw;
	struct ipsec_entry *entry;
	size_t entries;
	struct map homes;
	struct ipsec_bypass *bypass;
	size_t bypasses, bypass_room;
};

static inline struct ipsec_home *ipsec_home_at(const struct ipsec *s, size_t i)
{
	return (struct ipsec_home *)(void *)s->homes.item[i];
}

static inline struct ipsec_home *ipsec_home_find(const struct ipsec *s, const struct in6_addr *home)
{
	return (struct ipsec_home *)(void *)map_find(&s->homes, home);
}

static inline bool ipsec_is_tunnel(unsigned protect)
{
	return protect == MIP_PROTECT_TEST || protect == MIP_PROTECT_PAYLOAD;
}

/* ipsec.c. The entry of an SA, keys and all, or NULL; wants nothing protected any more and frees h; frees a list. */
struct ipsec_entry *ipsec_entry_find(struct ipsec_entry *list, size_t n, const struct ipsec_sa *sa);
void ipsec_home_out(struct ipsec *s, struct ipsec_home *h);
void ipsec_free_entries(struct ipsec_entry *list, size_t n);

/* guard.c. The shim's readers of ESP, ctx: the struct ipsec; signalling of a home address begins and ends to go through
 * the stack; what an agent that crashed left goes. */
bool guard_in(void *ctx, struct packet *p, const struct exthdr *e);
bool guard_out(void *ctx, struct packet *p, const struct exthdr *e);
int guard_begin(struct ipsec *s, struct ipsec_home *h, struct why *why) __attribute__((warn_unused_result));
void guard_end(struct ipsec *s, struct ipsec_home *h);
void guard_unlead(struct ipsec *s);

/* ipsec_sa.c. Algorithms by the kernel's name; 0: none that we know, or NULL. */
uint8_t ipsec_cipher(const char *name);
uint8_t ipsec_auth(const char *name);
/* The SA as the kernel wants it; the pointers in it are into e and constants. */
struct xfrm_sa ipsec_kernel_sa(const struct ipsec_home *h, const struct ipsec_sa *sa);
/* The policies of one protection, and those that let a directly travelling pair pass: all but its Mobility Headers,
 * which stay in the tunnel of h; h NULL: to take them down. Returns how many. */
size_t ipsec_policies(const struct ipsec_home *h, unsigned protect, struct xfrm_policy p[static IPSEC_POLICIES]);
size_t ipsec_bypasses(
	const struct ipsec_bypass *b, const struct ipsec_home *h, struct xfrm_policy p[static IPSEC_POLICIES]);

#endif
