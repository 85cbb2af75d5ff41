/*
 * nftables by libnftnl, as far as shim.c and lwt.c need it: tables called "mip", of which one is ours in each
 * family. Requests are collected and committed together or not at all. No nft program is needed.
 */
#ifndef MIP_SYS_NFT_H
#define MIP_SYS_NFT_H

#include <libnftnl/rule.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/loop.h"
#include "base/why.h"

#define NFT_TABLE "mip"

struct nft;

/* family: NFPROTO_NETDEV, NFPROTO_IPV6. */
int nft_open(struct nft **out, uint8_t family, struct why *why) __attribute__((warn_unused_result));
void nft_close(struct nft *n); /* NULL is nothing */

/* Calls lost when somebody else deleted our table, or something in it. */
int nft_watch(struct nft *n, struct loop *loop, void (*lost)(void *ctx), void *ctx, struct why *why)
	__attribute__((warn_unused_result));

/* All of these put one request into the batch; one that does not fit any more makes nft_commit fail. */
void nft_table_add(struct nft *n, uint32_t flags); /* NFT_TABLE_F_OWNER: goes with our socket, and no flush takes it */
void nft_table_del(struct nft *n);
/* A base chain. dev: of a netdev chain, else NULL. excl: EEXIST when there is one of this name. */
void nft_chain_add(struct nft *n, const char *name, uint32_t hook, int prio, const char *dev, bool excl);
void nft_chain_plain(struct nft *n, const char *name); /* one to jump to */
void nft_chain_del(struct nft *n, const char *name);
void nft_chain_flush(struct nft *n, const char *name);
struct nftnl_rule *nft_rule(struct nft *n, const char *chain);
void nft_rule_add(struct nft *n, struct nftnl_rule *r); /* frees r */
/* A set of IPv6 addresses, klen 16, or of pairs of them, 32; and of 4 octets more behind these. */
void nft_set_add(struct nft *n, const char *name, uint32_t klen);
void nft_elem_add(struct nft *n, const char *set, const void *key, uint32_t klen);
void nft_elem_del(struct nft *n, const char *set, const void *key, uint32_t klen);

bool nft_room(const struct nft *n); /* for several more requests */
/* Sends the batch. 0 or the first error; `fine` (may be NULL) names one errno that is no error. The batch is empty
 * after. */
int nft_commit(struct nft *n, int fine, struct why *why, const char *what) __attribute__((warn_unused_result));
/* Calls each for all keys of a set, after they are read: each may put requests. */
int nft_elem_each(struct nft *n, const char *set, uint32_t klen, void (*each)(void *ctx, const uint8_t *key), void *ctx)
	__attribute__((warn_unused_result));
/* Packets counted by the counters of all rules of a chain that carry one. */
int nft_count(struct nft *n, const char *chain, uint64_t *packets) __attribute__((warn_unused_result));

/* Expressions, appended to a rule; reg: NFT_REG_1 and so on (nft_rule.c). */
void nfx_meta(struct nftnl_rule *r, uint32_t key, uint32_t reg);
void nfx_load(struct nftnl_rule *r, uint32_t reg, const void *data, uint32_t len);
void nfx_payload(struct nftnl_rule *r, uint32_t base, uint32_t at, uint32_t len, uint32_t reg);
void nfx_payload_set(struct nftnl_rule *r, uint32_t base, uint32_t at, uint8_t value); /* one octet; uses NFT_REG_1 */
void nfx_exthdr(struct nftnl_rule *r, uint8_t header, uint32_t at, uint32_t len, uint32_t reg);
void nfx_exthdr_present(struct nftnl_rule *r, uint8_t header, uint32_t reg);
void nfx_mask(struct nftnl_rule *r, uint32_t reg, const void *mask, uint32_t len);
void nfx_cmp(struct nftnl_rule *r, uint32_t reg, uint32_t op, const void *data, uint32_t len);
void nfx_cmp_u8(struct nftnl_rule *r, uint32_t reg, uint32_t op, uint8_t value);
void nfx_local(struct nftnl_rule *r); /* fib daddr type local */
void nfx_lookup(struct nftnl_rule *r, const char *set, uint32_t reg);
void nfx_counter(struct nftnl_rule *r);
void nfx_verdict(struct nftnl_rule *r, int verdict, const char *chain); /* chain: of NFT_JUMP, else NULL */
void nfx_fwd(struct nftnl_rule *r, unsigned ifindex);

#endif
