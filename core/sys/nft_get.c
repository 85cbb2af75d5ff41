/*
 * nft.h: reading back. Elements of a set, counters of a chain's rules.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libmnl/libmnl.h>
#include <libnftnl/common.h>
#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <libnftnl/set.h>

#include "sys/nft_impl.h"
#include <linux/netfilter/nf_tables.h>

#define ANSWER (32 * 1024)

static int dump(struct nft *n, const struct nlmsghdr *h, mnl_cb_t each, void *ctx)
{
	char *buf = malloc(ANSWER);
	int more = 1;

	if (!buf)
		return -ENOMEM;
	if (mnl_socket_sendto(n->s, h, h->nlmsg_len) < 0)
		more = -1;
	while (more > 0) {
		ssize_t len = mnl_socket_recvfrom(n->s, buf, ANSWER);

		more = len < 0 ? -1 : mnl_cb_run(buf, (size_t)len, n->seq, mnl_socket_get_portid(n->s), each, ctx);
	}
	free(buf);
	return more < 0 ? -errno : 0;
}

struct keys {
	uint32_t klen;
	size_t n, cap;
	uint8_t *key;
	bool lost;
};

static int keep_key(struct nftnl_set_elem *e, void *ctx)
{
	struct keys *k = ctx;
	uint32_t len = 0;
	const void *key = nftnl_set_elem_get(e, NFTNL_SET_ELEM_KEY, &len);

	if (!key || len != k->klen)
		return 0;
	if (k->n == k->cap) {
		size_t cap = k->cap ? 2 * k->cap : 64;
		uint8_t *more = realloc(k->key, cap * k->klen);

		k->lost |= !more;
		if (!more)
			return 0;
		k->key = more;
		k->cap = cap;
	}
	memcpy(k->key + k->n++ * k->klen, key, k->klen);
	return 0;
}

static int read_elems(const struct nlmsghdr *h, void *keys)
{
	struct nftnl_set *s = nftnl_set_alloc();

	if (s && nftnl_set_elems_nlmsg_parse(h, s) >= 0)
		nftnl_set_elem_foreach(s, keep_key, keys);
	if (s)
		nftnl_set_free(s);
	return MNL_CB_OK;
}

int nft_elem_each(struct nft *n, const char *set, uint32_t klen, void (*each)(void *, const uint8_t *), void *ctx)
{
	struct nftnl_set *s = nftnl_set_alloc();
	struct keys k = {.klen = klen};
	char buf[NL_MSG_MAX];
	struct nlmsghdr *h;
	int err;

	if (!s)
		return -ENOMEM;
	nftnl_set_set_str(s, NFTNL_SET_TABLE, NFT_TABLE);
	nftnl_set_set_str(s, NFTNL_SET_NAME, set);
	h = nftnl_nlmsg_build_hdr(buf, NFT_MSG_GETSETELEM, n->family, NLM_F_DUMP, ++n->seq);
	nftnl_set_elems_nlmsg_build_payload(h, s);
	nftnl_set_free(s);
	err = dump(n, h, read_elems, &k);
	for (size_t i = 0; !err && i < k.n; i++)
		each(ctx, k.key + i * klen);
	free(k.key);
	return err ? err : k.lost ? -ENOMEM : 0;
}

static int count_expr(struct nftnl_expr *e, void *sum)
{
	const char *name = nftnl_expr_get_str(e, NFTNL_EXPR_NAME);

	if (name && !strcmp(name, "counter"))
		*(uint64_t *)sum += nftnl_expr_get_u64(e, NFTNL_EXPR_CTR_PACKETS);
	return 0;
}

static int count_rule(const struct nlmsghdr *h, void *sum)
{
	struct nftnl_rule *r = nftnl_rule_alloc();

	if (r && nftnl_rule_nlmsg_parse(h, r) >= 0)
		nftnl_expr_foreach(r, count_expr, sum);
	if (r)
		nftnl_rule_free(r);
	return MNL_CB_OK;
}

int nft_count(struct nft *n, const char *chain, uint64_t *packets)
{
	struct nftnl_rule *r = nft_rule(n, chain);
	char buf[NL_MSG_MAX];
	struct nlmsghdr *h;

	*packets = 0;
	if (!r)
		return -ENOMEM;
	h = nftnl_nlmsg_build_hdr(buf, NFT_MSG_GETRULE, n->family, NLM_F_DUMP, ++n->seq);
	nftnl_rule_nlmsg_build_payload(h, r);
	nftnl_rule_free(r);
	return dump(n, h, count_rule, packets);
}
