/*
 * link.h: network devices of our own. They carry the alias MIP_ALIAS, by which a later
 * agent knows them; a device without it is never touched.
 */
#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>

#include "sys/link.h" /* net/if.h before linux/if.h, which gives way to it */
#include <linux/if_tunnel.h>

static struct nlmsghdr *link_msg(void *buf, uint16_t type, uint16_t flags, unsigned ifindex)
{
	struct nlmsghdr *h = nl_msg(buf, type, flags, sizeof(struct ifinfomsg));
	struct ifinfomsg *i = mnl_nlmsg_get_payload(h);

	i->ifi_index = (int)ifindex;
	return h;
}

/* A TUN or tunnel device needs no link-local address: nobody talks Neighbor Discovery there. */
static void no_lladdr(struct nlmsghdr *h)
{
	struct nlattr *af = mnl_attr_nest_start(h, IFLA_AF_SPEC);
	struct nlattr *v6 = mnl_attr_nest_start(h, AF_INET6);

	mnl_attr_put_u8(h, IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE);
	mnl_attr_nest_end(h, v6);
	mnl_attr_nest_end(h, af);
}

static int link_up(struct nl *nl, unsigned ifindex, struct why *why)
{
	char buf[NL_MSG_MAX];
	struct nlmsghdr *h = link_msg(buf, RTM_SETLINK, 0, ifindex);
	struct ifinfomsg *i = mnl_nlmsg_get_payload(h);

	i->ifi_flags = i->ifi_change = IFF_UP;
	return nl_do(nl, h, why, "set device up");
}

/* Up comes last and by itself: in one request the kernel would first bring it up, and make the link-local address. */
int link_setup(struct nl *nl, unsigned ifindex, const struct link_set *set, struct why *why)
{
	char buf[NL_MSG_MAX];
	struct nlmsghdr *h = link_msg(buf, RTM_SETLINK, 0, ifindex);
	int err;

	if (set->mtu)
		mnl_attr_put_u32(h, IFLA_MTU, set->mtu);
	if (set->txqlen)
		mnl_attr_put_u32(h, IFLA_TXQLEN, set->txqlen);
	if (set->gso_max)
		mnl_attr_put_u32(h, IFLA_GSO_MAX_SIZE, set->gso_max);
	mnl_attr_put_str(h, IFLA_IFALIAS, MIP_ALIAS);
	if (set->no_lladdr)
		no_lladdr(h);
	err = nl_do(nl, h, why, "set up device");
	return err || !set->up ? err : link_up(nl, ifindex, why);
}

struct looked {
	unsigned ifindex, flags, mtu;
	char name[IF_NAMESIZE];
	bool found;
};

static int take_link(const struct nlmsghdr *h, void *ctx)
{
	const struct ifinfomsg *i = mnl_nlmsg_get_payload(h);
	struct looked *l = ctx;
	const struct nlattr *a;

	if ((unsigned)i->ifi_index != l->ifindex)
		return MNL_CB_OK;
	l->found = true;
	l->flags = i->ifi_flags;
	mnl_attr_for_each (a, h, sizeof(*i)) {
		if (mnl_attr_get_type(a) == IFLA_IFNAME)
			snprintf(l->name, sizeof(l->name), "%s", mnl_attr_get_str(a));
		else if (mnl_attr_get_type(a) == IFLA_MTU && mnl_attr_validate(a, MNL_TYPE_U32) >= 0)
			l->mtu = mnl_attr_get_u32(a);
	}
	return MNL_CB_OK;
}

static int rename_link(struct nl *nl, unsigned ifindex, const char *name, struct why *why)
{
	char buf[NL_MSG_MAX];
	struct nlmsghdr *h = link_msg(buf, RTM_SETLINK, 0, ifindex);

	mnl_attr_put_strz(h, IFLA_IFNAME, name);
	return nl_do(nl, h, why, "rename device");
}

static int link_down(struct nl *nl, unsigned ifindex, struct why *why)
{
	char buf[NL_MSG_MAX];
	struct nlmsghdr *h = link_msg(buf, RTM_SETLINK, 0, ifindex);

	((struct ifinfomsg *)mnl_nlmsg_get_payload(h))->ifi_change = IFF_UP;
	return nl_do(nl, h, why, "set device down");
}

/* With less than 1280 a device has no IPv6, and refuses what link_setup says of that. It gets it back while it is down,
 * so that no link-local address is made. */
static int take_mtu_back(struct nl *nl, unsigned ifindex, unsigned mtu, struct why *why)
{
	char buf[NL_MSG_MAX];
	struct nlmsghdr *h;
	int err = link_down(nl, ifindex, why);

	if (err)
		return err;
	h = link_msg(buf, RTM_SETLINK, 0, ifindex);
	mnl_attr_put_u32(h, IFLA_MTU, mtu);
	return nl_do(nl, h, why, "set MTU of device");
}

/* Kernels before 6.2 rename only what is down. */
static int take_name_back(struct nl *nl, unsigned ifindex, const char *name, struct why *why)
{
	int err = rename_link(nl, ifindex, name, NULL);

	if (err != -EBUSY)
		return err ? rename_link(nl, ifindex, name, why) : 0;
	return link_down(nl, ifindex, why) ?: rename_link(nl, ifindex, name, why);
}

int link_mend(struct nl *nl, unsigned ifindex, const char *name, const struct link_set *set, struct why *why)
{
	struct looked l = {.ifindex = ifindex};
	char buf[NL_MSG_MAX];
	int err = nl_dump(nl, link_msg(buf, RTM_GETLINK, 0, 0), take_link, &l, why, "list links");

	if (err)
		return err;
	if (!l.found)
		return -ENODEV;
	if (!strcmp(l.name, name) && (l.flags & IFF_UP) && (!set->mtu || l.mtu == set->mtu))
		return 0;
	if (strcmp(l.name, name))
		err = take_name_back(nl, ifindex, name, why);
	if (!err && set->mtu && l.mtu != set->mtu)
		err = take_mtu_back(nl, ifindex, set->mtu, why);
	return err ?: link_setup(nl, ifindex, set, why) ?: 1;
}

int link_delete(struct nl *nl, unsigned ifindex, struct why *why)
{
	char buf[NL_MSG_MAX];

	return nl_del(nl, link_msg(buf, RTM_DELLINK, 0, ifindex), why, "delete device");
}

int link_add_ip6tnl(struct nl *nl, const char *name, struct why *why)
{
	char buf[NL_MSG_MAX];
	struct nlmsghdr *h = link_msg(buf, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, 0);
	struct nlattr *info, *data;

	mnl_attr_put_strz(h, IFLA_IFNAME, name);
	info = mnl_attr_nest_start(h, IFLA_LINKINFO);
	mnl_attr_put_str(h, IFLA_INFO_KIND, "ip6tnl");
	data = mnl_attr_nest_start(h, IFLA_INFO_DATA);
	mnl_attr_put(h, IFLA_IPTUN_COLLECT_METADATA, 0, NULL);
	mnl_attr_put_u8(h, IFLA_IPTUN_PROTO, IPPROTO_IPV6);
	mnl_attr_nest_end(h, data);
	mnl_attr_nest_end(h, info);
	return nl_do(nl, h, why, "add ip6tnl device");
}

struct ours {
	const char *name, *kind;
	unsigned found;
};

static int kind_of(const struct nlattr *a, void *to)
{
	if (mnl_attr_get_type(a) == IFLA_INFO_KIND && mnl_attr_validate(a, MNL_TYPE_STRING) >= 0)
		snprintf(to, IF_NAMESIZE, "%.*s", (int)mnl_attr_get_payload_len(a), mnl_attr_get_str(a));
	return MNL_CB_OK;
}

static int match(const struct nlmsghdr *h, void *ctx)
{
	const struct ifinfomsg *i = mnl_nlmsg_get_payload(h);
	char name[IF_NAMESIZE] = "", kind[IF_NAMESIZE] = "";
	struct ours *o = ctx;
	const struct nlattr *a;
	bool alias = false;

	mnl_attr_for_each (a, h, sizeof(*i)) {
		uint16_t type = mnl_attr_get_type(a);

		if (type == IFLA_IFNAME)
			snprintf(name, sizeof(name), "%s", mnl_attr_get_str(a));
		else if (type == IFLA_IFALIAS)
			alias = !strcmp(mnl_attr_get_str(a), MIP_ALIAS);
		else if (type == IFLA_LINKINFO)
			mnl_attr_parse_nested(a, kind_of, kind);
	}
	if (alias && !strcmp(name, o->name) && !strcmp(kind, o->kind))
		o->found = (unsigned)i->ifi_index;
	return MNL_CB_OK;
}

int link_find_ours(struct nl *nl, const char *name, const char *kind, unsigned *ifindex, struct why *why)
{
	struct ours o = {name, kind, 0};
	char buf[NL_MSG_MAX];
	int err = nl_dump(nl, link_msg(buf, RTM_GETLINK, 0, 0), match, &o, why, "list links");

	*ifindex = o.found;
	return err;
}

struct counters {
	unsigned ifindex;
	struct rtnl_link_stats64 stats;
};

static int count(const struct nlmsghdr *h, void *ctx)
{
	const struct ifinfomsg *i = mnl_nlmsg_get_payload(h);
	struct counters *c = ctx;
	const struct nlattr *a;

	mnl_attr_for_each (a, h, sizeof(*i)) {
		size_t len = mnl_attr_get_payload_len(a);

		if ((unsigned)i->ifi_index == c->ifindex && mnl_attr_get_type(a) == IFLA_STATS64)
			memcpy(&c->stats, mnl_attr_get_payload(a), len < sizeof(c->stats) ? len : sizeof(c->stats));
	}
	return MNL_CB_OK;
}

int link_counters(struct nl *nl, unsigned ifindex, uint64_t *rx, uint64_t *tx, uint64_t *tx_dropped)
{
	struct counters c = {.ifindex = ifindex};
	char buf[NL_MSG_MAX];
	int err = nl_dump(nl, link_msg(buf, RTM_GETLINK, 0, 0), count, &c, NULL, "list links");

	*rx = c.stats.rx_packets;
	*tx = c.stats.tx_packets;
	*tx_dropped = c.stats.tx_dropped + c.stats.tx_errors;
	return err;
}
