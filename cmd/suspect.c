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
	uint8_t family;
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
	const struct nfgenmsg *head = mnl_nlmsg_get_payload(h);
	struct chain c = {.family = head->nfgen_family, .table = "", .name = "", .type = "", .policy = NF_ACCEPT};
	const struct nlattr *at;

	c.hook = NF_INET_NUMHOOKS;
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

/* Does it see packets of IPv6 there, and is it not ours? Our tables' names begin with mip. */
static bool is_of_others(const struct chain *c, uint32_t hook)
{
	return (c->family == NFPROTO_INET || c->family == NFPROTO_IPV6) && c->hook == hook &&
	       !strcmp(c->type, "filter") && strncmp(c->table, "mip", 3) != 0;
}

static int take_chain(const struct nlmsghdr *h, void *ctx)
{
	struct chain c = read_chain(h);
	struct filter *f = ctx;
	enum suspect_filter is = !strcmp(c.table, "firewalld") ? SUSPECT_FIREWALLD
				 : c.policy == NF_DROP	       ? SUSPECT_POLICY
							       : SUSPECT_RULES;

	if (!is_of_others(&c, f->hook) || is <= f->found)
		return MNL_CB_OK;
	f->found = is;
	snprintf(f->chain, f->size, "chain %s of nft table %s", c.name, c.table);
	return MNL_CB_OK;
}

static struct nlmsghdr *dump_of(void *buf, uint16_t type, uint8_t family)
{
	struct nlmsghdr *h = mnl_nlmsg_put_header(buf);
	struct nfgenmsg *head;

	h->nlmsg_type = (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | type);
	h->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	head = mnl_nlmsg_put_extra_header(h, sizeof(*head));
	head->nfgen_family = family;
	return h;
}

enum suspect_filter suspect_filter(bool forward, char *chain, size_t size)
{
	struct filter f = {.hook = forward ? NF_INET_FORWARD : NF_INET_LOCAL_IN, .chain = chain, .size = size};
	char buf[64] = "";

	ask(NETLINK_NETFILTER, dump_of(buf, NFT_MSG_GETCHAIN, NFPROTO_UNSPEC), take_chain, &f);
	return f.found;
}

/* --- rules -------------------------------------------------------------------------------------------------------- */

struct rules {
	bool (*is)(const char *expr, const struct nlattr *data, const char *dev); /* the one that is looked for */
	const char *dev;
	bool found;
};

/* The attribute of that type in `in`, or NULL. */
static const struct nlattr *inside(const struct nlattr *in, uint16_t type)
{
	const struct nlattr *at;

	mnl_attr_for_each_nested (at, in)
		if (mnl_attr_get_type(at) == type)
			return at;
	return NULL;
}

static int take_rule(const struct nlmsghdr *h, void *ctx)
{
	const struct nlattr *at, *expr, *name, *data;
	struct rules *r = ctx;

	mnl_attr_for_each (at, h, sizeof(struct nfgenmsg)) {
		if (mnl_attr_get_type(at) != NFTA_RULE_EXPRESSIONS)
			continue;
		mnl_attr_for_each_nested (expr, at) {
			name = inside(expr, NFTA_EXPR_NAME);
			data = inside(expr, NFTA_EXPR_DATA);
			r->found |= name && data && r->is(mnl_attr_get_str(name), data, r->dev);
		}
	}
	return MNL_CB_OK;
}

/* Of that table; of one of its chains only, unless it is NULL. */
static void ask_rules(uint8_t family, const char *table, const char *chain, struct rules *r)
{
	char buf[512] = "";
	struct nlmsghdr *h = dump_of(buf, NFT_MSG_GETRULE, family);

	mnl_attr_put_strz(h, NFTA_RULE_TABLE, table);
	if (chain)
		mnl_attr_put_strz(h, NFTA_RULE_CHAIN, chain);
	ask(NETLINK_NETFILTER, h, take_rule, r);
}

static bool is_about(const char *expr, const struct nlattr *data, const char *dev)
{
	const struct nlattr *value = strcmp(expr, "cmp") != 0 ? NULL : inside(data, NFTA_CMP_DATA);

	value = value ? inside(value, NFTA_DATA_VALUE) : NULL;
	return value && mnl_attr_get_payload_len(value) > strlen(dev) &&
	       !memcmp(mnl_attr_get_payload(value), dev, strlen(dev) + 1);
}

bool suspect_no_zone(const char *dev)
{
	struct rules r = {.is = is_about, .dev = dev};
	char chain[200];

	if (suspect_filter(true, chain, sizeof(chain)) != SUSPECT_FIREWALLD)
		return false;
	ask_rules(NFPROTO_INET, "firewalld", NULL, &r);
	return !r.found;
}

static bool is_reverse_path(const char *expr, const struct nlattr *data, const char *dev)
{
	const struct nlattr *flags = strcmp(expr, "fib") != 0 ? NULL : inside(data, NFTA_FIB_FLAGS);
	const struct nlattr *result = flags ? inside(data, NFTA_FIB_RESULT) : NULL;

	(void)dev;
	return result && ntohl(mnl_attr_get_u32(result)) == NFT_FIB_RESULT_OIF &&
	       ntohl(mnl_attr_get_u32(flags)) & NFTA_FIB_F_SADDR && ntohl(mnl_attr_get_u32(flags)) & NFTA_FIB_F_IIF;
}

static int look_for_reverse_path(const struct nlmsghdr *h, void *ctx)
{
	struct chain c = read_chain(h);
	struct rules r = {.is = is_reverse_path};
	struct filter *f = ctx;

	if (f->found || !is_of_others(&c, NF_INET_PRE_ROUTING))
		return MNL_CB_OK;
	ask_rules(c.family, c.table, c.name, &r);
	if (r.found) {
		f->found = SUSPECT_RULES;
		snprintf(f->chain, f->size, "chain %s of nft table %s", c.name, c.table);
	}
	return MNL_CB_OK;
}

bool suspect_reverse_path(char *chain, size_t size)
{
	struct filter f = {.chain = chain, .size = size};
	char buf[64] = "";

	ask(NETLINK_NETFILTER, dump_of(buf, NFT_MSG_GETCHAIN, NFPROTO_UNSPEC), look_for_reverse_path, &f);
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
