/* trial.h. One child, one namespace, one message a question. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/if_tun.h>
#include <linux/if_tunnel.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/rtnetlink.h>
#include <linux/xfrm.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmd/trial.h"

#define ROOM 2048 /* for the messages of one question */

/* Sends `len` bytes of messages; the errno of the first refusal, 0 when the one numbered `last` is acknowledged. */
static int try_on(int bus, const void *data, size_t len, unsigned last)
{
	struct mnl_socket *nl = mnl_socket_open(bus);
	char rx[8192];
	ssize_t n = 0;
	int err = nl ? -1 : errno;

	if (nl && (mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) < 0 || mnl_socket_sendto(nl, data, len) < 0))
		err = errno;
	while (err < 0 && (n = mnl_socket_recvfrom(nl, rx, sizeof(rx))) > 0) {
		int left = (int)n;

		for (const struct nlmsghdr *h = (void *)rx; mnl_nlmsg_ok(h, left) && err < 0;
			h = mnl_nlmsg_next(h, &left)) {
			const struct nlmsgerr *e = mnl_nlmsg_get_payload(h);

			if (h->nlmsg_type == NLMSG_ERROR && (e->error || h->nlmsg_seq == last))
				err = -e->error;
		}
	}
	if (nl)
		mnl_socket_close(nl);
	return err < 0 ? EIO : err;
}

static struct nlmsghdr *put_request(char *at, uint16_t type, uint16_t flags, unsigned seq)
{
	struct nlmsghdr *h = mnl_nlmsg_put_header(at);

	h->nlmsg_type = type;
	h->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
	h->nlmsg_seq = seq;
	return h;
}

static int try_tunnel(void)
{
	_Alignas(8) char buf[ROOM] = {0};
	struct nlmsghdr *h = put_request(buf, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, 1);
	struct nlattr *info, *data;

	mnl_nlmsg_put_extra_header(h, sizeof(struct ifinfomsg));
	mnl_attr_put_strz(h, IFLA_IFNAME, "trial0");
	info = mnl_attr_nest_start(h, IFLA_LINKINFO);
	mnl_attr_put_strz(h, IFLA_INFO_KIND, "ip6tnl");
	data = mnl_attr_nest_start(h, IFLA_INFO_DATA);
	mnl_attr_put(h, IFLA_IPTUN_COLLECT_METADATA, 0, NULL);
	mnl_attr_nest_end(h, data);
	mnl_attr_nest_end(h, info);
	return try_on(NETLINK_ROUTE, h, h->nlmsg_len, 1);
}

static int try_tun(void)
{
	struct ifreq req = {.ifr_flags = IFF_TUN | IFF_NO_PI};
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC), err = fd < 0 ? errno : 0;

	if (!err && ioctl(fd, TUNSETIFF, &req) < 0)
		err = errno;
	if (fd >= 0)
		close(fd);
	return err;
}

static struct nlmsghdr *put_nft(char *at, unsigned type, uint16_t flags, unsigned seq)
{
	bool edge = type == NFNL_MSG_BATCH_BEGIN || type == NFNL_MSG_BATCH_END;
	struct nlmsghdr *h = put_request(at, (uint16_t)(edge ? type : NFNL_SUBSYS_NFTABLES << 8 | type), flags, seq);
	struct nfgenmsg *g = mnl_nlmsg_put_extra_header(h, sizeof(*g));

	if (edge)
		h->nlmsg_flags = NLM_F_REQUEST;
	g->nfgen_family = edge ? AF_UNSPEC : NFPROTO_NETDEV;
	g->version = NFNETLINK_V0;
	g->res_id = edge ? htons(NFNL_SUBSYS_NFTABLES) : 0;
	return h;
}

static void put_ingress_chain(struct nlmsghdr *h)
{
	struct nlattr *hook;

	mnl_attr_put_strz(h, NFTA_CHAIN_TABLE, "trial");
	mnl_attr_put_strz(h, NFTA_CHAIN_NAME, "in");
	mnl_attr_put_strz(h, NFTA_CHAIN_TYPE, "filter");
	hook = mnl_attr_nest_start(h, NFTA_CHAIN_HOOK);
	mnl_attr_put_u32(h, NFTA_HOOK_HOOKNUM, htonl(NF_NETDEV_INGRESS));
	mnl_attr_put_u32(h, NFTA_HOOK_PRIORITY, 0);
	mnl_attr_put_strz(h, NFTA_HOOK_DEV, "lo");
	mnl_attr_nest_end(h, hook);
}

/* One expression: what stands between its name and its end is put by the caller. */
static struct nlattr *open_expr(struct nlmsghdr *h, const char *name, struct nlattr **data)
{
	struct nlattr *elem = mnl_attr_nest_start(h, NFTA_LIST_ELEM);

	mnl_attr_put_strz(h, NFTA_EXPR_NAME, name);
	*data = mnl_attr_nest_start(h, NFTA_EXPR_DATA);
	return elem;
}

static void close_expr(struct nlmsghdr *h, struct nlattr *elem, struct nlattr *data)
{
	mnl_attr_nest_end(h, data);
	mnl_attr_nest_end(h, elem);
}

/* fwd to lo: an interface index in a register, and the verdict. */
static void put_forward_rule(struct nlmsghdr *h)
{
	struct nlattr *list, *elem, *data, *value;

	mnl_attr_put_strz(h, NFTA_RULE_TABLE, "trial");
	mnl_attr_put_strz(h, NFTA_RULE_CHAIN, "in");
	list = mnl_attr_nest_start(h, NFTA_RULE_EXPRESSIONS);
	elem = open_expr(h, "immediate", &data);
	mnl_attr_put_u32(h, NFTA_IMMEDIATE_DREG, htonl(NFT_REG_1));
	value = mnl_attr_nest_start(h, NFTA_IMMEDIATE_DATA);
	mnl_attr_put_u32(h, NFTA_DATA_VALUE, 1);
	mnl_attr_nest_end(h, value);
	close_expr(h, elem, data);
	elem = open_expr(h, "fwd", &data);
	mnl_attr_put_u32(h, NFTA_FWD_SREG_DEV, htonl(NFT_REG_1));
	close_expr(h, elem, data);
	mnl_attr_nest_end(h, list);
}

static int try_ingress(void)
{
	_Alignas(8) char buf[ROOM] = {0};
	char *at = buf;
	struct nlmsghdr *h;

	at += put_nft(at, NFNL_MSG_BATCH_BEGIN, 0, 1)->nlmsg_len;
	h = put_nft(at, NFT_MSG_NEWTABLE, NLM_F_CREATE, 2);
	mnl_attr_put_strz(h, NFTA_TABLE_NAME, "trial");
	at += h->nlmsg_len;
	h = put_nft(at, NFT_MSG_NEWCHAIN, NLM_F_CREATE, 3);
	put_ingress_chain(h);
	at += h->nlmsg_len;
	h = put_nft(at, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND, 4);
	put_forward_rule(h);
	at += h->nlmsg_len;
	at += put_nft(at, NFNL_MSG_BATCH_END, 0, 5)->nlmsg_len;
	return try_on(NETLINK_NETFILTER, buf, (size_t)(at - buf), 4);
}

static void put_algorithm(struct nlmsghdr *h, uint16_t type, const char *name, unsigned bits)
{
	_Alignas(8) char room[sizeof(struct xfrm_algo) + 32] = {0};
	struct xfrm_algo *a = (void *)room;

	snprintf(a->alg_name, sizeof(a->alg_name), "%s", name);
	a->alg_key_len = bits;
	mnl_attr_put(h, type, sizeof(*a) + bits / 8, a);
}

/* The algorithms of RFC 4877's day that every kernel still has. */
static int try_esp(void)
{
	_Alignas(8) char buf[ROOM] = {0};
	struct nlmsghdr *h = put_request(buf, XFRM_MSG_NEWSA, NLM_F_CREATE | NLM_F_EXCL, 1);
	struct xfrm_usersa_info *sa = mnl_nlmsg_put_extra_header(h, sizeof(*sa));

	sa->family = AF_INET6;
	sa->mode = XFRM_MODE_TRANSPORT;
	sa->id.proto = IPPROTO_ESP;
	sa->id.spi = htonl(0x1000);
	inet_pton(AF_INET6, "2001:db8::1", &sa->id.daddr);
	inet_pton(AF_INET6, "2001:db8::2", &sa->saddr);
	sa->lft.soft_byte_limit = sa->lft.hard_byte_limit = XFRM_INF;
	sa->lft.soft_packet_limit = sa->lft.hard_packet_limit = XFRM_INF;
	put_algorithm(h, XFRMA_ALG_AUTH, "hmac(sha256)", 256);
	put_algorithm(h, XFRMA_ALG_CRYPT, "cbc(aes)", 128);
	return try_on(NETLINK_XFRM, h, h->nlmsg_len, 1);
}

/* In the child. A user namespace lends who has no privilege those over a network namespace of his own. */
static void try_all(int to)
{
	struct trial t = {TRIAL_UNKNOWN, TRIAL_UNKNOWN, TRIAL_UNKNOWN, TRIAL_UNKNOWN};

	if (unshare(CLONE_NEWNET) == 0 || unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0)
		t = (struct trial){try_tunnel(), try_tun(), try_ingress(), try_esp()};
	_exit(write(to, &t, sizeof(t)) == sizeof(t) ? 0 : 1);
}

void trial_run(struct trial *t)
{
	struct trial answer = {TRIAL_UNKNOWN, TRIAL_UNKNOWN, TRIAL_UNKNOWN, TRIAL_UNKNOWN};
	int fds[2];
	pid_t pid;

	*t = answer;
	if (pipe2(fds, O_CLOEXEC) < 0)
		return;
	pid = fork();
	if (pid == 0)
		try_all(fds[1]);
	close(fds[1]);
	if (pid > 0 && read(fds[0], &answer, sizeof(answer)) == sizeof(answer))
		*t = answer;
	close(fds[0]);
	if (pid > 0)
		waitpid(pid, NULL, 0);
}
