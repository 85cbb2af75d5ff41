/* nft.h: news of what others delete in our table. */
#include <errno.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>

#include "sys/nft_impl.h"
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#define AT_PID 12 /* in a netlink header */

/* The attribute that names the table is the first of all these messages. */
_Static_assert(NFTA_TABLE_NAME == 1 && NFTA_CHAIN_TABLE == 1 && NFTA_RULE_TABLE == 1 && NFTA_SET_TABLE == 1 &&
		       NFTA_SET_ELEM_LIST_TABLE == 1,
	"one number");

static bool is_deletion(uint16_t type)
{
	static const uint8_t deletions[] = {
		NFT_MSG_DELTABLE, NFT_MSG_DELCHAIN, NFT_MSG_DELRULE, NFT_MSG_DELSET, NFT_MSG_DELSETELEM};

	for (size_t i = 0; i < sizeof(deletions); i++)
		if (type == (NFNL_SUBSYS_NFTABLES << 8 | deletions[i]))
			return true;
	return false;
}

static bool is_of_nft(void *ctx, const struct nlmsghdr *h)
{
	const struct nfgenmsg *m = mnl_nlmsg_get_payload(h);
	const struct nft *n = ctx;
	const struct nlattr *a;

	if (!is_deletion(h->nlmsg_type) || m->nfgen_family != n->family)
		return false;
	mnl_attr_for_each (a, h, sizeof(*m))
		if (mnl_attr_get_type(a) == NFTA_TABLE_NAME && mnl_attr_validate(a, MNL_TYPE_NUL_STRING) >= 0)
			return !strcmp(mnl_attr_get_str(a), NFT_TABLE);
	return false;
}

static void nft_changed(void *ctx)
{
	struct nft *n = ctx;

	n->lost(n->lost_ctx);
}

/* The messages of one packet are of one sender. */
int nft_watch(struct nft *n, struct loop *loop, void (*lost)(void *ctx), void *ctx, struct why *why)
{
	static const int groups[] = {NFNLGRP_NFTABLES, 0};
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, AT_PID),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htonl(mnl_socket_get_portid(n->s)), 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 0),
		BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
	};
	const struct sock_fprog prog = {sizeof(code) / sizeof(code[0]), code};

	n->lost = lost;
	n->lost_ctx = ctx;
	n->removal.concerns = is_of_nft;
	n->removal.told = nft_changed;
	n->removal.ctx = n;
	return removal_open(&n->removal, loop, NETLINK_NETFILTER, groups, &prog, why);
}
