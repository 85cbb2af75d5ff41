/* removal.h, and who uses it for rtnetlink: nl.h's nl_watch. nft_watch.c does for nf_tables. */
#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "sys/nl_impl.h"

#define READS_A_TURN 64

/* The messages of one read: does any concern the owner? */
static bool any(struct removal *r, const void *buf, ssize_t len)
{
	const struct nlmsghdr *h = buf;
	int left = (int)len;

	for (; mnl_nlmsg_ok(h, left); h = mnl_nlmsg_next(h, &left))
		if (r->concerns(r->ctx, h))
			return true;
	return false;
}

static void removals_came(struct watch *w, uint32_t events)
{
	struct removal *r = timer_owner(w, struct removal, watch);
	char buf[16 * 1024];
	bool told = false;

	(void)events;
	for (int i = 0; i < READS_A_TURN; i++) {
		ssize_t n = recv(w->fd, buf, sizeof(buf), MSG_DONTWAIT);

		if (n < 0 && errno != ENOBUFS)
			break;
		told |= n < 0 || any(r, buf, n);
	}
	if (told)
		r->told(r->ctx);
}

int removal_open(struct removal *r, struct loop *loop, int family, const int *groups, const struct sock_fprog *prog,
	struct why *why)
{
	int err = 0, fd;

	r->loop = loop;
	r->s = nl_socket(family, why);
	if (!r->s)
		return -EPROTONOSUPPORT;
	fd = mnl_socket_get_fd(r->s);
	r->watch = (struct watch){fd, removals_came};
	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, prog, sizeof(*prog)) < 0)
		err = -errno;
	for (; !err && *groups; groups++)
		if (mnl_socket_setsockopt(r->s, NETLINK_ADD_MEMBERSHIP, (void *)groups, sizeof(*groups)) < 0)
			err = -errno;
	if (!err)
		err = loop_watch(loop, &r->watch, EPOLLIN);
	if (!err)
		return 0;
	mnl_socket_close(r->s);
	r->s = NULL;
	return why_set(why, -err, "news of removals: %s", strerror(-err));
}

void removal_close(struct removal *r)
{
	if (!r->s)
		return;
	loop_unwatch(r->loop, &r->watch);
	mnl_socket_close(r->s);
	r->s = NULL;
}

/* --- rtnetlink ---------------------------------------------------------------------------------------------------- */

#define AT_TYPE	    4 /* in a netlink header */
#define AT_PID	    12
#define AT_PROTOCOL (16 + 5) /* of a route message */

static bool is_our_rule(const struct nlmsghdr *h)
{
	const struct nlattr *a;

	mnl_attr_for_each (a, h, sizeof(struct fib_rule_hdr))
		if (mnl_attr_get_type(a) == FRA_PROTOCOL && mnl_attr_validate(a, MNL_TYPE_U8) >= 0)
			return mnl_attr_get_u8(a) == MIP_RTPROT;
	return false;
}

/* The kernel filtered routes by their protocol already. */
static bool is_removal(void *ctx, const struct nlmsghdr *h)
{
	struct nl *nl = ctx;

	if (h->nlmsg_type == RTM_NEWNETCONF)
		nl_lost(nl, LOST_SYSCTLS);
	return h->nlmsg_type == RTM_DELROUTE || (h->nlmsg_type == RTM_DELRULE && is_our_rule(h));
}

static void told(void *ctx)
{
	nl_lost(ctx, LOST_ENTRIES);
}

/* A message is one packet here. Loads are big endian, the header is not. */
int nl_watch(struct nl *nl, void (*lost)(void *, unsigned), void *ctx, struct why *why)
{
	static const int groups[] = {
		RTNLGRP_IPV6_ROUTE, RTNLGRP_IPV6_RULE, RTNLGRP_IPV6_NETCONF, RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV4_RULE, 0};
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, AT_TYPE),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_NEWNETCONF), 8, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_DELRULE), 4, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_DELROUTE), 0, 5),
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, AT_PROTOCOL),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, MIP_RTPROT, 1, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, MIP_RTPROT_END, 0, 2),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, AT_PID),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htonl(mnl_socket_get_portid(nl->req)), 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 0),
		BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
	};
	const struct sock_fprog prog = {sizeof(code) / sizeof(code[0]), code};

	nl->lost = lost;
	nl->lost_ctx = ctx;
	nl->removal.concerns = is_removal;
	nl->removal.told = told;
	nl->removal.ctx = nl;
	return removal_open(&nl->removal, nl->loop, NETLINK_ROUTE, groups, &prog, why);
}

void nl_lost(struct nl *nl, enum nl_lost what)
{
	if (nl->lost)
		nl->lost(nl->lost_ctx, what);
}
