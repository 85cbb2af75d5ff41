/*
 * nl.h, the listening half: links and addresses as they change, those of IPv4 as IPv4-mapped ones. The groups are
 * joined before the snapshot is taken, so nothing falls between; a change may be told twice. Lost notifications
 * (ENOBUFS) are answered by a fresh snapshot.
 */
#include <errno.h>
#include <linux/if_addr.h>
#include <net/if_arp.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/addr.h"
#include "base/log.h"
#include "sys/nl_impl.h"

#define READS_A_TURN 32
#define DRAIN_READS  65536 /* more than a full socket holds */

static void link_attr(const struct nlattr *a, struct nl_link *l)
{
	switch (mnl_attr_get_type(a)) {
	case IFLA_IFNAME:
		if (mnl_attr_validate(a, MNL_TYPE_NUL_STRING) >= 0)
			strncpy(l->name, mnl_attr_get_str(a), IF_NAMESIZE - 1);
		break;
	case IFLA_CARRIER_UP_COUNT:
		if (mnl_attr_validate(a, MNL_TYPE_U32) >= 0)
			l->ups = mnl_attr_get_u32(a);
		break;
	case IFLA_MTU:
		if (mnl_attr_validate(a, MNL_TYPE_U32) >= 0)
			l->mtu = mnl_attr_get_u32(a);
		break;
	case IFLA_ADDRESS:
		if (l->ether && mnl_attr_get_payload_len(a) == sizeof(l->lladdr))
			memcpy(l->lladdr, mnl_attr_get_payload(a), sizeof(l->lladdr));
		break;
	}
}

/* A bridge port and wireless news come as RTM_NEWLINK too: the first with another family, the second without a change.
 */
static void link_event(struct nl *nl, const struct nlmsghdr *h)
{
	const struct ifinfomsg *i = mnl_nlmsg_get_payload(h);
	struct nl_link l = {.gone = h->nlmsg_type == RTM_DELLINK};
	const struct nlattr *a;

	if (mnl_nlmsg_get_payload_len(h) < sizeof(*i) || i->ifi_family != AF_UNSPEC || !nl->events.link)
		return;
	l.index = (unsigned)i->ifi_index;
	l.loopback = (i->ifi_flags & IFF_LOOPBACK) != 0;
	l.noarp = (i->ifi_flags & IFF_NOARP) != 0;
	l.ether = i->ifi_type == ARPHRD_ETHER;
	l.up = !l.gone && (i->ifi_flags & IFF_UP) && (i->ifi_flags & IFF_RUNNING);
	mnl_attr_for_each (a, h, sizeof(*i))
		link_attr(a, &l);
	nl->events.link(nl->events.ctx, &l);
}

/* With a peer, IFA_ADDRESS is the peer's, and IFA_LOCAL ours. */
static void addr_attr(const struct nlattr *a, struct nl_addr *to, uint32_t *flags, bool *local)
{
	switch (mnl_attr_get_type(a)) {
	case IFA_LOCAL: *local |= nl_addr(a, &to->addr); break;
	case IFA_ADDRESS:
		if (!*local)
			(void)!nl_addr(a, &to->addr);
		break;
	case IFA_CACHEINFO:
		if (mnl_attr_validate2(a, MNL_TYPE_UNSPEC, sizeof(struct ifa_cacheinfo)) >= 0) {
			const struct ifa_cacheinfo *c = mnl_attr_get_payload(a);

			to->valid = c->ifa_valid;
			to->preferred = c->ifa_prefered;
		}
		break;
	case IFA_FLAGS:
		if (mnl_attr_validate(a, MNL_TYPE_U32) >= 0)
			*flags = mnl_attr_get_u32(a);
		break;
	}
}

static void addr_flags(struct nl_addr *to, uint32_t flags)
{
	to->optimistic = (flags & IFA_F_OPTIMISTIC) != 0;
	to->failed = (flags & IFA_F_DADFAILED) != 0;
	to->usable = !to->gone && !to->failed && (to->optimistic || !(flags & IFA_F_TENTATIVE));
	to->deprecated = (flags & IFA_F_DEPRECATED) != 0;
	to->temporary = (flags & IFA_F_TEMPORARY) != 0;
	to->dynamic = !(flags & IFA_F_PERMANENT);
	to->routeless = (flags & IFA_F_NOPREFIXROUTE) != 0;
}

static void addr_event(struct nl *nl, const struct nlmsghdr *h)
{
	const struct ifaddrmsg *m = mnl_nlmsg_get_payload(h);
	struct nl_addr to = {.gone = h->nlmsg_type == RTM_DELADDR};
	const struct nlattr *a;
	bool local = false;
	uint32_t flags;

	if (mnl_nlmsg_get_payload_len(h) < sizeof(*m) || !nl->events.addr)
		return;
	if (m->ifa_family != AF_INET6 && m->ifa_family != AF_INET)
		return;
	if (m->ifa_scope != RT_SCOPE_UNIVERSE && m->ifa_scope != RT_SCOPE_LINK)
		return;
	flags = m->ifa_flags;
	to.index = m->ifa_index;
	to.plen = (uint8_t)(m->ifa_prefixlen + (m->ifa_family == AF_INET ? NL_IPV4_BITS : 0));
	mnl_attr_for_each (a, h, sizeof(*m))
		addr_attr(a, &to, &flags, &local);
	addr_flags(&to, flags);
	nl->events.addr(nl->events.ctx, &to);
}

/* Those the kernel makes come with an address, and lead no further than the link. */
static void route_event(struct nl *nl, const struct nlmsghdr *h)
{
	const struct rtmsg *m = mnl_nlmsg_get_payload(h);
	const struct nlattr *a;

	if (mnl_nlmsg_get_payload_len(h) < sizeof(*m) || !nl->events.route || m->rtm_family != AF_INET ||
		m->rtm_type != RTN_UNICAST || m->rtm_protocol == RTPROT_KERNEL || m->rtm_protocol == MIP_RTPROT)
		return;
	mnl_attr_for_each (a, h, sizeof(*m))
		if (mnl_attr_get_type(a) == RTA_OIF && mnl_attr_validate(a, MNL_TYPE_U32) >= 0)
			nl->events.route(nl->events.ctx, mnl_attr_get_u32(a));
}

static int event(const struct nlmsghdr *h, void *ctx)
{
	switch (h->nlmsg_type) {
	case RTM_NEWLINK:
	case RTM_DELLINK: link_event(ctx, h); break;
	case RTM_NEWADDR:
	case RTM_DELADDR: addr_event(ctx, h); break;
	case RTM_NEWROUTE: route_event(ctx, h); break;
	}
	return MNL_CB_OK;
}

static struct nlmsghdr *list_addrs(void *buf, unsigned char family)
{
	struct nlmsghdr *h = nl_msg(buf, RTM_GETADDR, 0, sizeof(struct ifaddrmsg));

	((struct ifaddrmsg *)mnl_nlmsg_get_payload(h))->ifa_family = family;
	return h;
}

static int snapshot(struct nl *nl, struct why *why)
{
	char buf[NL_MSG_MAX];
	struct nlmsghdr *h = nl_msg(buf, RTM_GETLINK, 0, sizeof(struct ifinfomsg));
	int err = nl_dump(nl, h, event, nl, why, "list links");

	if (err)
		return err;
	return nl_dump(nl, list_addrs(buf, AF_UNSPEC), event, nl, why, "list addresses");
}

/* On the socket of the notifications, so that the answer is in order with them. While a list is under way the kernel
 * says EBUSY, and that list serves. */
void nl_ask_addrs(struct nl *nl)
{
	char buf[NL_MSG_MAX];
	struct nlmsghdr *h = list_addrs(buf, AF_INET6);

	h->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	if (mnl_socket_sendto(nl->ev, h, h->nlmsg_len) < 0)
		log_debug("list addresses: %s", strerror(errno));
}

void nl_hear_routes(struct nl *nl, bool on)
{
	int group = RTNLGRP_IPV4_ROUTE;

	if (nl->ev)
		(void)!mnl_socket_setsockopt(
			nl->ev, on ? NETLINK_ADD_MEMBERSHIP : NETLINK_DROP_MEMBERSHIP, &group, sizeof(group));
}

/* What still waits to be read is older than what was lost, and than the snapshot: told after it, it would undo it. */
static void drain(struct nl *nl)
{
	char buf[16 * 1024];
	ssize_t n = 1;

	for (int i = 0; i < DRAIN_READS && (n > 0 || errno == ENOBUFS || errno == EINTR); i++)
		n = recv(mnl_socket_get_fd(nl->ev), buf, sizeof(buf), MSG_DONTWAIT);
}

static void resync(struct nl *nl)
{
	struct why why = {0};

	drain(nl);
	if (nl->events.resync)
		nl->events.resync(nl->events.ctx);
	if (snapshot(nl, &why))
		log_error("%s", why.text);
	else if (nl->events.synced)
		nl->events.synced(nl->events.ctx);
}

/* False when there is nothing more to read. Each read has its own buffer: a callback may dump. */
static bool read_events(struct nl *nl)
{
	char buf[16 * 1024];
	ssize_t n = recv(mnl_socket_get_fd(nl->ev), buf, sizeof(buf), MSG_DONTWAIT);
	const struct nlmsghdr *h = (const void *)buf;
	int left = (int)n;

	if (n < 0 && errno == ENOBUFS)
		resync(nl);
	if (n < 0)
		return errno == ENOBUFS || errno == EINTR;
	for (; mnl_nlmsg_ok(h, left); h = mnl_nlmsg_next(h, &left))
		event(h, nl);
	return n > 0;
}

static void news_came(struct watch *w, uint32_t events)
{
	struct nl *nl = timer_owner(w, struct nl, watch);

	(void)events;
	for (int i = 0; i < READS_A_TURN; i++)
		if (!read_events(nl))
			return;
}

static int join(struct nl *nl, struct why *why)
{
	static const int groups[] = {RTNLGRP_LINK, RTNLGRP_IPV6_IFADDR, RTNLGRP_IPV4_IFADDR};

	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
		if (mnl_socket_setsockopt(nl->ev, NETLINK_ADD_MEMBERSHIP, (void *)&groups[i], sizeof(int)) < 0)
			return why_set(why, errno, "netlink notifications: %s", strerror(errno));
	return 0;
}

int nl_listen(struct nl *nl, const struct nl_events *ev, struct why *why)
{
	int err;

	nl->events = *ev;
	nl->ev = nl_socket(NETLINK_ROUTE, why);
	if (!nl->ev)
		return -(why && why->err ? why->err : EPROTONOSUPPORT);
	nl->watch = (struct watch){mnl_socket_get_fd(nl->ev), news_came};
	err = join(nl, why);
	if (!err)
		err = loop_watch(nl->loop, &nl->watch, EPOLLIN);
	return err ? why_set(why, -err, "netlink notifications: %s", strerror(-err)) : snapshot(nl, why);
}

void nl_unlisten(struct nl *nl)
{
	if (!nl->ev)
		return;
	loop_unwatch(nl->loop, &nl->watch);
	mnl_socket_close(nl->ev);
	nl->ev = NULL;
}
