/*
 * nft.h: batches of requests to nf_tables. The kernel answers only what failed; the batch
 * takes effect whole or not at all.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libmnl/libmnl.h>
#include <libnftnl/chain.h>
#include <libnftnl/common.h>
#include <libnftnl/expr.h>
#include <libnftnl/set.h>
#include <libnftnl/table.h>

#include "sys/nft_impl.h"
#include <linux/netfilter.h> /* after netinet/in.h, which linux/in.h gives way to */
#include <linux/netfilter/nf_tables.h>

#define MARGIN	  4096 /* more than any one request of ours */
#define ADDR	  16   /* of IPv6 */
#define TYPE_ADDR 8    /* nft's number for ipv6_addr, so that a list shows addresses */
#define TYPE_MARK 19   /* and for 4 octets */
#define TYPE_BITS 6    /* of each field of several */

int nft_open(struct nft **out, uint8_t family, struct why *why)
{
	struct nft *n = calloc(1, sizeof(*n));

	if (!n)
		return why_set(why, ENOMEM, "out of memory");
	n->family = family;
	n->s = nl_socket(NETLINK_NETFILTER, why);
	if (!n->s) {
		free(n);
		return -(why && why->err ? why->err : EPROTONOSUPPORT);
	}
	*out = n;
	return 0;
}

void nft_close(struct nft *n)
{
	if (!n)
		return;
	removal_close(&n->removal);
	mnl_socket_close(n->s);
	free(n);
}

/* A request's header at the end of the batch, or NULL: full. */
static struct nlmsghdr *put_message(struct nft *n, uint16_t type, uint16_t flags)
{
	if (!n->len) {
		nftnl_batch_begin(n->buf, n->seq++);
		n->len = ((struct nlmsghdr *)(void *)n->buf)->nlmsg_len;
	}
	if (n->full || NFT_BATCH - n->len < 2 * MARGIN) {
		n->full = true;
		return NULL;
	}
	return nftnl_nlmsg_build_hdr(n->buf + n->len, type, n->family, flags, n->seq++);
}

static void done(struct nft *n, const struct nlmsghdr *h)
{
	n->len += MNL_ALIGN(h->nlmsg_len);
}

static void put_table(struct nft *n, uint16_t type, uint16_t flags, uint32_t table_flags)
{
	struct nftnl_table *t = nftnl_table_alloc();
	struct nlmsghdr *h = t ? put_message(n, type, flags) : NULL;

	n->full |= !t;
	if (h) {
		nftnl_table_set_str(t, NFTNL_TABLE_NAME, NFT_TABLE);
		if (table_flags)
			nftnl_table_set_u32(t, NFTNL_TABLE_FLAGS, table_flags);
		nftnl_table_nlmsg_build_payload(h, t);
		done(n, h);
	}
	if (t)
		nftnl_table_free(t);
}

void nft_table_add(struct nft *n, uint32_t flags)
{
	put_table(n, NFT_MSG_NEWTABLE, NLM_F_CREATE, flags);
}

void nft_table_del(struct nft *n)
{
	put_table(n, NFT_MSG_DELTABLE, 0, 0);
}

static struct nftnl_chain *chain_alloc(struct nft *n, const char *name)
{
	struct nftnl_chain *c = nftnl_chain_alloc();

	n->full |= !c;
	if (c) {
		nftnl_chain_set_str(c, NFTNL_CHAIN_TABLE, NFT_TABLE);
		nftnl_chain_set_str(c, NFTNL_CHAIN_NAME, name);
	}
	return c;
}

static void chain_put(struct nft *n, struct nftnl_chain *c, uint16_t type, uint16_t flags)
{
	struct nlmsghdr *h = c ? put_message(n, type, flags) : NULL;

	if (h) {
		nftnl_chain_nlmsg_build_payload(h, c);
		done(n, h);
	}
	if (c)
		nftnl_chain_free(c);
}

void nft_chain_add(struct nft *n, const char *name, uint32_t hook, int prio, const char *dev, bool excl)
{
	struct nftnl_chain *c = chain_alloc(n, name);

	if (c) {
		nftnl_chain_set_str(c, NFTNL_CHAIN_TYPE, "filter");
		nftnl_chain_set_u32(c, NFTNL_CHAIN_HOOKNUM, hook);
		nftnl_chain_set_s32(c, NFTNL_CHAIN_PRIO, prio);
		nftnl_chain_set_u32(c, NFTNL_CHAIN_POLICY, NF_ACCEPT);
		if (dev)
			nftnl_chain_set_str(c, NFTNL_CHAIN_DEV, dev);
	}
	chain_put(n, c, NFT_MSG_NEWCHAIN, (uint16_t)(NLM_F_CREATE | (excl ? NLM_F_EXCL : 0)));
}

void nft_chain_plain(struct nft *n, const char *name)
{
	chain_put(n, chain_alloc(n, name), NFT_MSG_NEWCHAIN, NLM_F_CREATE);
}

void nft_chain_del(struct nft *n, const char *name)
{
	chain_put(n, chain_alloc(n, name), NFT_MSG_DELCHAIN, 0);
}

struct nftnl_rule *nft_rule(struct nft *n, const char *chain)
{
	struct nftnl_rule *r = nftnl_rule_alloc();

	n->full |= !r;
	if (r) {
		nftnl_rule_set_str(r, NFTNL_RULE_TABLE, NFT_TABLE);
		nftnl_rule_set_str(r, NFTNL_RULE_CHAIN, chain);
		nftnl_rule_set_u32(r, NFTNL_RULE_FAMILY, n->family);
	}
	return r;
}

void nft_rule_add(struct nft *n, struct nftnl_rule *r)
{
	struct nlmsghdr *h = r ? put_message(n, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND) : NULL;

	if (h) {
		nftnl_rule_nlmsg_build_payload(h, r);
		done(n, h);
	}
	if (r)
		nftnl_rule_free(r);
}

void nft_chain_flush(struct nft *n, const char *name)
{
	struct nftnl_rule *r = nft_rule(n, name);
	struct nlmsghdr *h = r ? put_message(n, NFT_MSG_DELRULE, 0) : NULL;

	if (h) {
		nftnl_rule_nlmsg_build_payload(h, r);
		done(n, h);
	}
	if (r)
		nftnl_rule_free(r);
}

static struct nftnl_set *set_alloc(struct nft *n, const char *name)
{
	struct nftnl_set *s = nftnl_set_alloc();

	n->full |= !s;
	if (s) {
		nftnl_set_set_str(s, NFTNL_SET_TABLE, NFT_TABLE);
		nftnl_set_set_str(s, NFTNL_SET_NAME, name);
		nftnl_set_set_u32(s, NFTNL_SET_FAMILY, n->family);
	}
	return s;
}

static uint32_t type_of(uint32_t klen)
{
	uint32_t type = 0;

	for (; klen >= ADDR; klen -= ADDR)
		type = type << TYPE_BITS | TYPE_ADDR;
	return klen ? type << TYPE_BITS | TYPE_MARK : type;
}

void nft_set_add(struct nft *n, const char *name, uint32_t klen)
{
	struct nftnl_set *s = set_alloc(n, name);
	struct nlmsghdr *h = s ? put_message(n, NFT_MSG_NEWSET, NLM_F_CREATE) : NULL;

	if (h) {
		nftnl_set_set_u32(s, NFTNL_SET_ID, ++n->set_id);
		nftnl_set_set_u32(s, NFTNL_SET_KEY_TYPE, type_of(klen));
		nftnl_set_set_u32(s, NFTNL_SET_KEY_LEN, klen);
		nftnl_set_nlmsg_build_payload(h, s);
		done(n, h);
	}
	if (s)
		nftnl_set_free(s);
}

static void elems(struct nft *n, const char *name, const void *key, uint32_t klen, uint16_t type, uint16_t flags)
{
	struct nftnl_set *s = set_alloc(n, name);
	struct nftnl_set_elem *e = s ? nftnl_set_elem_alloc() : NULL;
	struct nlmsghdr *h = s ? put_message(n, type, flags) : NULL;

	n->full |= !e;
	if (e) {
		nftnl_set_elem_set(e, NFTNL_SET_ELEM_KEY, key, klen);
		nftnl_set_elem_add(s, e); /* freed with the set */
	}
	if (h) {
		nftnl_set_elems_nlmsg_build_payload(h, s);
		done(n, h);
	}
	if (s)
		nftnl_set_free(s);
}

void nft_elem_add(struct nft *n, const char *set, const void *key, uint32_t klen)
{
	elems(n, set, key, klen, NFT_MSG_NEWSETELEM, NLM_F_CREATE);
}

void nft_elem_del(struct nft *n, const char *set, const void *key, uint32_t klen)
{
	elems(n, set, key, klen, NFT_MSG_DELSETELEM, 0);
}

bool nft_room(const struct nft *n)
{
	return NFT_BATCH - n->len > 4 * MARGIN;
}

static int accepted_errno;

static bool is_fine(int err)
{
	return err == accepted_errno;
}

int nft_commit(struct nft *n, int fine, struct why *why, const char *what)
{
	size_t len = n->len;
	bool full = n->full;

	n->len = 0;
	n->full = false;
	if (full)
		return why_set(why, ENOBUFS, "%s: batch too long", what);
	if (!len)
		return 0;
	nftnl_batch_end(n->buf + len, n->seq++);
	len += ((struct nlmsghdr *)(void *)(n->buf + len))->nlmsg_len;
	accepted_errno = fine;
	return nl_talk(n->s, n->buf, len, is_fine, why, what);
}
