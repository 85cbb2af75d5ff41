/*
 * link.h: neighbours. Proxy entries (RFC 6275 10.4.1) carry NDA_PROTOCOL, by which those of an
 * earlier agent are told from everybody else's.
 */
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>

#include "base/addr.h"
#include "sys/link.h"

static struct nlmsghdr *neigh_msg(
	void *buf, uint16_t type, uint16_t flags, unsigned ifindex, const struct in6_addr *addr)
{
	struct nlmsghdr *h = nl_msg(buf, type, flags, sizeof(struct ndmsg));
	struct ndmsg *m = mnl_nlmsg_get_payload(h);

	m->ndm_family = AF_INET6;
	m->ndm_ifindex = (int)ifindex;
	mnl_attr_put(h, NDA_DST, sizeof(*addr), addr);
	return h;
}

static struct nlmsghdr *proxy_msg(
	void *buf, uint16_t type, uint16_t flags, unsigned ifindex, const struct in6_addr *addr)
{
	struct nlmsghdr *h = neigh_msg(buf, type, flags, ifindex, addr);

	((struct ndmsg *)mnl_nlmsg_get_payload(h))->ndm_flags = NTF_PROXY;
	return h;
}

int neigh_proxy_add(struct nl *nl, unsigned ifindex, const struct in6_addr *addr, struct why *why)
{
	char buf[NL_MSG_MAX], what[80];
	struct nlmsghdr *h = proxy_msg(buf, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, ifindex, addr);

	mnl_attr_put_u8(h, NDA_PROTOCOL, MIP_RTPROT);
	snprintf(what, sizeof(what), "add proxy neighbour %s", addr_text(addr).s);
	return nl_add(nl, h, why, what);
}

int neigh_proxy_del(struct nl *nl, unsigned ifindex, const struct in6_addr *addr, struct why *why)
{
	char buf[NL_MSG_MAX], what[80];

	snprintf(what, sizeof(what), "delete proxy neighbour %s", addr_text(addr).s);
	return nl_del(nl, proxy_msg(buf, RTM_DELNEIGH, 0, ifindex, addr), why, what);
}

int neigh_learn(struct nl *nl, unsigned ifindex, const struct in6_addr *addr, const uint8_t lladdr[6], struct why *why)
{
	char buf[NL_MSG_MAX], what[80];
	struct nlmsghdr *h = neigh_msg(buf, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, ifindex, addr);

	((struct ndmsg *)mnl_nlmsg_get_payload(h))->ndm_state = NUD_STALE; /* used at once, verified by use */
	mnl_attr_put(h, NDA_LLADDR, 6, lladdr);
	snprintf(what, sizeof(what), "add neighbour %s", addr_text(addr).s);
	return nl_add(nl, h, why, what);
}

struct walk {
	struct nl *nl;
	struct why *why;
	int err;
};

static int sweep_one(const struct nlmsghdr *h, void *ctx)
{
	const struct ndmsg *m = mnl_nlmsg_get_payload(h);
	const struct in6_addr *addr = NULL;
	struct walk *w = ctx;
	const struct nlattr *a;
	bool ours = false;

	mnl_attr_for_each (a, h, sizeof(*m)) {
		if (mnl_attr_get_type(a) == NDA_PROTOCOL)
			ours = mnl_attr_get_u8(a) == MIP_RTPROT;
		else if (mnl_attr_get_type(a) == NDA_DST && mnl_attr_get_payload_len(a) == sizeof(*addr))
			addr = mnl_attr_get_payload(a);
	}
	if (ours && addr && (m->ndm_flags & NTF_PROXY))
		w->err = neigh_proxy_del(w->nl, (unsigned)m->ndm_ifindex, addr, w->why) ?: w->err;
	return MNL_CB_OK;
}

int neigh_proxy_sweep(struct nl *nl, struct why *why)
{
	struct walk w = {nl, why, 0};
	char buf[NL_MSG_MAX];
	struct nlmsghdr *h = nl_msg(buf, RTM_GETNEIGH, 0, sizeof(struct ndmsg));
	struct ndmsg *m = mnl_nlmsg_get_payload(h);
	int err;

	m->ndm_family = AF_INET6;
	m->ndm_flags = NTF_PROXY;
	err = nl_dump(nl, h, sweep_one, &w, why, "list proxy neighbours");
	return err ?: w.err;
}
