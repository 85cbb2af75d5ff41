/* suspect.h: base chains of nftables, of which iptables' are some, and the kernel's choice of a route. */
#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>

#include "cmd/suspect.h"

#define ROOM 8192

/* Sends one request and hands each answer to `each`. */
static void ask(int bus, struct nlmsghdr *h, mnl_cb_t each, void *ctx)
{
	struct mnl_socket *nl = mnl_socket_open2(bus, SOCK_CLOEXEC);
	char buf[ROOM];
	ssize_t n;

	h->nlmsg_seq = 1;
	if (!nl)
		return;
	if (mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) == 0 && mnl_socket_sendto(nl, h, h->nlmsg_len) >= 0)
		do
			n = mnl_socket_recvfrom(nl, buf, sizeof(buf));
		while (n > 0 && mnl_cb_run(buf, (size_t)n, 1, 0, each, ctx) > MNL_CB_STOP);
	mnl_socket_close(nl);
}

/* --- filters ------------------------------------------------------------------------------------------------------ */

struct filter {
	uint32_t hook;
	enum suspect_filter found;
	char *chain;
	size_t size;
};

struct chain {
	const char *table, *name, *type;
	uint32_t hook, policy;
};

static void read_hook(const struct nlattr *hook, struct chain *c)
{
	const struct nlattr *at;

	mnl_attr_for_each_nested (at, hook)
		if (mnl_attr_get_type(at) == NFTA_HOOK_HOOKNUM)
			c->hook = ntohl(mnl_attr_get_u32(at));
}

static struct chain read_chain(const struct nlmsghdr *h)
{
	struct chain c = {.table = "", .name = "", .type = "", .hook = NF_INET_NUMHOOKS, .policy = NF_ACCEPT};
	const struct nlattr *at;

	mnl_attr_for_each (at, h, sizeof(struct nfgenmsg))
		switch (mnl_attr_get_type(at)) {
		case NFTA_CHAIN_TABLE: c.table = mnl_attr_get_str(at); break;
		case NFTA_CHAIN_NAME: c.name = mnl_attr_get_str(at); break;
		case NFTA_CHAIN_TYPE: c.type = mnl_attr_get_str(at); break;
		case NFTA_CHAIN_POLICY: c.policy = ntohl(mnl_attr_get_u32(at)); break;
		case NFTA_CHAIN_HOOK: read_hook(at, &c); break;
		default: break;
		}
	return c;
}

/* Ours are in tables whose names begin with mip. */
static int take_chain(const struct nlmsghdr *h, void *ctx)
{
	const struct nfgenmsg *head = mnl_nlmsg_get_payload(h);
	struct chain c = read_chain(h);
	struct filter *f = ctx;
	enum suspect_filter is = !strcmp(c.table, "firewalld") ? SUSPECT_FIREWALLD
				 : c.policy == NF_DROP	       ? SUSPECT_POLICY
							       : SUSPECT_RULES;

	if ((head->nfgen_family != NFPROTO_INET && head->nfgen_family != NFPROTO_IPV6) || c.hook != f->hook ||
		strcmp(c.type, "filter") != 0 || !strncmp(c.table, "mip", 3) || is <= f->found)
		return MNL_CB_OK;
	f->found = is;
	snprintf(f->chain, f->size, "chain %s of nft table %s", c.name, c.table);
	return MNL_CB_OK;
}

enum suspect_filter suspect_filter(bool forward, char *chain, size_t size)
{
	struct filter f = {.hook = forward ? NF_INET_FORWARD : NF_INET_LOCAL_IN, .chain = chain, .size = size};
	char buf[64] = "";
	struct nlmsghdr *h = mnl_nlmsg_put_header(buf);

	h->nlmsg_type = NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETCHAIN;
	h->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	mnl_nlmsg_put_extra_header(h, sizeof(struct nfgenmsg));
	ask(NETLINK_NETFILTER, h, take_chain, &f);
	return f.found;
}

/* --- routes ------------------------------------------------------------------------------------------------------- */

#define OUR_ROUTES 119 /* the protocol they have, mipd(8) */

static int take_route(const struct nlmsghdr *h, void *ctx)
{
	const struct rtmsg *r = mnl_nlmsg_get_payload(h);
	struct suspect_route *to = ctx;
	const struct nlattr *at;

	to->ours = r->rtm_protocol == OUR_ROUTES;
	mnl_attr_for_each (at, h, sizeof(*r))
		if (mnl_attr_get_type(at) == RTA_OIF)
			if_indextoname(mnl_attr_get_u32(at), to->dev);
	return MNL_CB_STOP;
}

bool suspect_route(const struct in6_addr *src, const struct in6_addr *dst, struct suspect_route *to)
{
	static const struct in6_addr anywhere = {{{0x20}}}; /* 2000::, of global unicast and nobody's */
	char buf[256] = "";
	struct nlmsghdr *h = mnl_nlmsg_put_header(buf);
	struct rtmsg *r;

	h->nlmsg_type = RTM_GETROUTE;
	h->nlmsg_flags = NLM_F_REQUEST;
	r = mnl_nlmsg_put_extra_header(h, sizeof(*r));
	*r = (struct rtmsg){.rtm_family = AF_INET6, .rtm_src_len = 128, .rtm_dst_len = 128};
	mnl_attr_put(h, RTA_SRC, sizeof(*src), src);
	mnl_attr_put(h, RTA_DST, sizeof(anywhere), dst ? dst : &anywhere);
	*to = (struct suspect_route){0};
	ask(NETLINK_ROUTE, h, take_route, to);
	return *to->dev;
}
