/* tc.h. Only packets of IPv6 get to our filter. It stands before filters of a higher preference, and lets packets it
 * does not want go on to them. */
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "sys/tc.h"

#define PREFERENCE 119
#define HANDLE	   1
#define NAME	   "mip"

static struct nlmsghdr *tc_msg(void *buf, uint16_t type, uint16_t flags, unsigned ifindex, uint32_t parent)
{
	struct nlmsghdr *h = nl_msg(buf, type, flags, sizeof(struct tcmsg));
	struct tcmsg *t = mnl_nlmsg_get_payload(h);

	t->tcm_family = AF_UNSPEC;
	t->tcm_ifindex = (int)ifindex;
	t->tcm_parent = parent;
	return h;
}

static struct nlmsghdr *qdisc_msg(void *buf, uint16_t type, uint16_t flags, unsigned ifindex)
{
	struct nlmsghdr *h = tc_msg(buf, type, flags, ifindex, TC_H_CLSACT);
	struct tcmsg *t = mnl_nlmsg_get_payload(h);

	t->tcm_handle = TC_H_MAKE(TC_H_CLSACT, 0);
	mnl_attr_put_strz(h, TCA_KIND, "clsact");
	return h;
}

static uint32_t parent_of(enum tc_side side)
{
	return TC_H_MAKE(TC_H_CLSACT, side == TC_IN ? TC_H_MIN_INGRESS : TC_H_MIN_EGRESS);
}

static struct nlmsghdr *filter_msg(void *buf, uint16_t type, uint16_t flags, unsigned ifindex, enum tc_side side)
{
	struct nlmsghdr *h = tc_msg(buf, type, flags, ifindex, parent_of(side));
	struct tcmsg *t = mnl_nlmsg_get_payload(h);

	t->tcm_handle = HANDLE;
	t->tcm_info = TC_H_MAKE(PREFERENCE << 16, htons(ETH_P_IPV6));
	mnl_attr_put_strz(h, TCA_KIND, "bpf");
	return h;
}

int tc_attach(struct nl *nl, unsigned ifindex, enum tc_side side, int prog, struct why *why)
{
	char buf[NL_MSG_MAX];
	struct nlmsghdr *h = qdisc_msg(buf, RTM_NEWQDISC, NLM_F_CREATE | NLM_F_EXCL, ifindex);
	struct nlattr *options;
	int err = nl_add(nl, h, why, "add qdisc clsact");

	if (err)
		return err;
	h = filter_msg(buf, RTM_NEWTFILTER, NLM_F_CREATE | NLM_F_REPLACE, ifindex, side);
	options = mnl_attr_nest_start(h, TCA_OPTIONS);
	mnl_attr_put_u32(h, TCA_BPF_FD, (uint32_t)prog);
	mnl_attr_put_strz(h, TCA_BPF_NAME, NAME);
	mnl_attr_put_u32(h, TCA_BPF_FLAGS, TCA_BPF_FLAG_ACT_DIRECT);
	mnl_attr_nest_end(h, options);
	return nl_do(nl, h, why, "add tc filter");
}

struct found {
	unsigned ifindex;
	bool ours, others;
};

static bool is_ours(const struct nlmsghdr *h, const struct tcmsg *t)
{
	const struct nlattr *a, *b;

	mnl_attr_for_each (a, h, sizeof(*t)) {
		if (mnl_attr_get_type(a) != TCA_OPTIONS)
			continue;
		mnl_attr_for_each_nested (b, a)
			if (mnl_attr_get_type(b) == TCA_BPF_NAME && !strcmp(mnl_attr_get_str(b), NAME))
				return t->tcm_info >> 16 == PREFERENCE;
	}
	return false;
}

/* A filter comes with a handle; what comes without stands for its preference. */
static int note_filter(const struct nlmsghdr *h, void *found)
{
	const struct tcmsg *t = mnl_nlmsg_get_payload(h);
	struct found *f = found;

	if (!t->tcm_handle || (unsigned)t->tcm_ifindex != f->ifindex)
		return MNL_CB_OK;
	*(is_ours(h, t) ? &f->ours : &f->others) = true;
	return MNL_CB_OK;
}

/* No such link, and no clsact there, is an answer. */
static int find_filter(struct nl *nl, enum tc_side side, struct found *f, struct why *why)
{
	char buf[NL_MSG_MAX];
	struct why own = {0};
	int err = nl_dump(nl, tc_msg(buf, RTM_GETTFILTER, 0, f->ifindex, parent_of(side)), note_filter, f, &own,
		"list tc filters");

	if (err == -ENODEV || err == -EINVAL || err == -ENOENT || err == -EOPNOTSUPP)
		return 0;
	if (err && why)
		*why = own;
	return err;
}

int tc_attached(struct nl *nl, unsigned ifindex, enum tc_side side, bool *there, struct why *why)
{
	struct found f = {.ifindex = ifindex};
	int err = find_filter(nl, side, &f, why);

	*there = f.ours;
	return err;
}

int tc_detach(struct nl *nl, unsigned ifindex, struct why *why)
{
	struct found in = {.ifindex = ifindex}, out = in;
	char buf[NL_MSG_MAX];
	int err = find_filter(nl, TC_IN, &in, why) ?: find_filter(nl, TC_OUT, &out, why);

	if (!err && in.ours)
		err = nl_del(nl, filter_msg(buf, RTM_DELTFILTER, 0, ifindex, TC_IN), why, "delete tc filter");
	if (!err && out.ours)
		err = nl_del(nl, filter_msg(buf, RTM_DELTFILTER, 0, ifindex, TC_OUT), why, "delete tc filter");
	if (!err && (in.ours || out.ours) && !in.others && !out.others)
		err = nl_del(nl, qdisc_msg(buf, RTM_DELQDISC, 0, ifindex), why, "delete qdisc clsact");
	return err;
}
