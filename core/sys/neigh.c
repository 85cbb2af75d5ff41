/* link.h: a neighbour whose link-layer address is known already. */
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <stdio.h>

#include "base/addr.h"
#include "sys/link.h"

int neigh_learn(struct nl *nl, unsigned ifindex, const struct in6_addr *addr, const uint8_t lladdr[6], struct why *why)
{
	char buf[NL_MSG_MAX], what[80];
	struct nlmsghdr *h = nl_msg(buf, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, sizeof(struct ndmsg));
	struct ndmsg *m = mnl_nlmsg_get_payload(h);

	m->ndm_family = AF_INET6;
	m->ndm_ifindex = (int)ifindex;
	m->ndm_state = NUD_STALE; /* used at once, verified by use */
	mnl_attr_put(h, NDA_DST, sizeof(*addr), addr);
	mnl_attr_put(h, NDA_LLADDR, 6, lladdr);
	snprintf(what, sizeof(what), "add neighbour %s", addr_text(addr).s);
	return nl_add(nl, h, why, what);
}
