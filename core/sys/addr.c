/*
 * link.h: addresses. The home address is ours to add and delete; care-of addresses are the
 * kernel's (RFC 4862) and only those of links left behind are taken away from it.
 */
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>

#include "base/addr.h"
#include "sys/link.h"

#ifndef IFAPROT_KERNEL_RA
#define IFAPROT_KERNEL_RA 2 /* since 5.18, as IFA_PROTO */
#endif
#define PROTO_ATTR 11 /* IFA_PROTO; older headers lack it */
#define FLUSH_MAX  64
#define ADD_TRIES  3

static struct nlmsghdr *addr_msg(
	void *buf, uint16_t type, uint16_t flags, unsigned ifindex, const struct in6_addr *addr, uint8_t plen)
{
	struct nlmsghdr *h = nl_msg(buf, type, flags, sizeof(struct ifaddrmsg));
	struct ifaddrmsg *m = mnl_nlmsg_get_payload(h);

	m->ifa_family = nl_family(addr);
	m->ifa_prefixlen = nl_plen(addr, plen);
	m->ifa_index = ifindex;
	nl_put_addr(h, IFA_LOCAL, addr);
	return h;
}

int addr_del(struct nl *nl, unsigned ifindex, const struct in6_addr *addr, uint8_t plen, struct why *why)
{
	char buf[NL_MSG_MAX], what[80];

	snprintf(what, sizeof(what), "delete address %s/%u", addr_text(addr).s, plen);
	return nl_del(nl, addr_msg(buf, RTM_DELADDR, 0, ifindex, addr, plen), why, what);
}

int addr_form(struct nl *nl, const struct nl_addr *k, struct why *why)
{
	uint32_t flags = IFA_F_OPTIMISTIC | IFA_F_NOPREFIXROUTE | IFA_F_MANAGETEMPADDR;
	struct ifa_cacheinfo life = {.ifa_valid = k->valid, .ifa_prefered = k->preferred};
	char buf[NL_MSG_MAX], what[80];
	struct nlmsghdr *h = addr_msg(buf, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, k->index, &k->addr, k->plen);

	mnl_attr_put_u32(h, IFA_FLAGS, flags);
	mnl_attr_put(h, IFA_CACHEINFO, sizeof(life), &life);
	mnl_attr_put_u8(h, PROTO_ATTR, IFAPROT_KERNEL_RA);
	snprintf(what, sizeof(what), "form address %s/%u", addr_text(&k->addr).s, k->plen);
	return nl_add(nl, h, why, what);
}

int addr_hasten(struct nl *nl, const struct nl_addr *k, struct why *why)
{
	return addr_del(nl, k->index, &k->addr, k->plen, why) ?: addr_form(nl, k, why);
}

/* What a dump of addresses is looked through for. */
struct stale {
	unsigned ifindex;
	const struct in6_addr *keep;
	size_t n, found;
	bool protos; /* this kernel says who made an address */
	struct {
		struct in6_addr addr;
		bool by_ra;
	} a[FLUSH_MAX];
};

static bool kept(const struct stale *s, const struct in6_addr *addr)
{
	for (size_t i = 0; i < s->n; i++)
		if (!memcmp(&s->keep[i], addr, 8))
			return true;
	return false;
}

/* Known to be of an RA (its lifetime may be infinite), or at least finite. */
static void consider(struct stale *s, const struct ifaddrmsg *m, const struct in6_addr *addr, uint32_t flags, int proto)
{
	bool by_ra = proto == IFAPROT_KERNEL_RA;

	s->protos |= proto != 0;
	if (m->ifa_index != s->ifindex || m->ifa_scope != RT_SCOPE_UNIVERSE || m->ifa_prefixlen != 64 || !addr)
		return;
	if ((!by_ra && (proto || (flags & IFA_F_PERMANENT))) || s->found == FLUSH_MAX || kept(s, addr))
		return;
	s->a[s->found].addr = *addr;
	s->a[s->found++].by_ra = by_ra;
}

static int find_stale(const struct nlmsghdr *h, void *ctx)
{
	const struct ifaddrmsg *m = mnl_nlmsg_get_payload(h);
	const struct in6_addr *addr = NULL;
	uint32_t flags = m->ifa_flags;
	const struct nlattr *a;
	int proto = 0;

	mnl_attr_for_each (a, h, sizeof(*m)) {
		uint16_t type = mnl_attr_get_type(a);

		if (type == IFA_ADDRESS && mnl_attr_get_payload_len(a) == sizeof(*addr))
			addr = mnl_attr_get_payload(a);
		else if (type == IFA_FLAGS)
			flags = mnl_attr_get_u32(a);
		else if (type == PROTO_ATTR)
			proto = mnl_attr_get_u8(a);
	}
	consider(ctx, m, addr, flags, proto);
	return MNL_CB_OK;
}

static int dump(struct nl *nl, mnl_cb_t each, void *ctx, struct why *why)
{
	char buf[NL_MSG_MAX];
	struct nlmsghdr *h = nl_msg(buf, RTM_GETADDR, 0, sizeof(struct ifaddrmsg));
	struct ifaddrmsg *m = mnl_nlmsg_get_payload(h);

	m->ifa_family = AF_INET6;
	return nl_dump(nl, h, each, ctx, why, "list addresses");
}

int addr_flush_prefixes(struct nl *nl, unsigned ifindex, const struct in6_addr *keep, size_t n, struct why *why)
{
	struct stale s = {.ifindex = ifindex, .keep = keep, .n = n};
	int err = dump(nl, find_stale, &s, why);

	for (size_t i = 0; i < s.found && !err; i++)
		if (s.a[i].by_ra || !s.protos)
			err = addr_del(nl, ifindex, &s.a[i].addr, 64, why);
	return err;
}

struct under {
	unsigned ifindex;
	const struct in6_addr *prefix;
	bool any;
};

static int find_under(const struct nlmsghdr *h, void *ctx)
{
	const struct ifaddrmsg *m = mnl_nlmsg_get_payload(h);
	struct under *u = ctx;
	const struct nlattr *a;

	mnl_attr_for_each (a, h, sizeof(*m))
		if (mnl_attr_get_type(a) == IFA_ADDRESS && mnl_attr_get_payload_len(a) == sizeof(*u->prefix) &&
			m->ifa_index == u->ifindex && !memcmp(mnl_attr_get_payload(a), u->prefix, 8))
			u->any = true;
	return MNL_CB_OK;
}

int addr_any_under(struct nl *nl, unsigned ifindex, const struct in6_addr *prefix, bool *any, struct why *why)
{
	struct under u = {ifindex, prefix, false};
	int err = dump(nl, find_under, &u, why);

	*any = u.any;
	return err;
}

struct tentative {
	unsigned ifindex;
	const struct in6_addr *addr;
	uint8_t plen; /* 0 = not found */
};

static int find_tentative(const struct nlmsghdr *h, void *ctx)
{
	const struct ifaddrmsg *m = mnl_nlmsg_get_payload(h);
	struct tentative *t = ctx;
	uint32_t flags = m->ifa_flags;
	const struct nlattr *a;
	bool same = false;

	mnl_attr_for_each (a, h, sizeof(*m)) {
		if (mnl_attr_get_type(a) == IFA_ADDRESS && mnl_attr_get_payload_len(a) == sizeof(*t->addr))
			same = !memcmp(mnl_attr_get_payload(a), t->addr, sizeof(*t->addr));
		else if (mnl_attr_get_type(a) == IFA_FLAGS)
			flags = mnl_attr_get_u32(a);
	}
	if (same && m->ifa_index == t->ifindex && flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED))
		t->plen = m->ifa_prefixlen;
	return MNL_CB_OK;
}

/* 1: it was there, and is gone. */
static int del_tentative(struct nl *nl, unsigned ifindex, const struct in6_addr *addr, struct why *why)
{
	struct tentative t = {ifindex, addr, 0};
	int err = dump(nl, find_tentative, &t, why);

	if (err || !t.plen)
		return err;
	return addr_del(nl, ifindex, addr, t.plen, why) ?: 1;
}

static int add_own(struct nl *nl, unsigned ifindex, const struct in6_addr *addr, uint8_t plen, struct why *why)
{
	char buf[NL_MSG_MAX], what[80];
	struct nlmsghdr *h = addr_msg(buf, RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, ifindex, addr, plen);

	mnl_attr_put_u32(
		h, IFA_FLAGS, IFA_F_NOPREFIXROUTE | (addr_is_ipv4(addr) ? 0 : IFA_F_NODAD | IFA_F_HOMEADDRESS));
	snprintf(what, sizeof(what), "add address %s/%u", addr_text(addr).s, plen);
	return nl_add(nl, h, why, what);
}

/* An advertisement may make the kernel form the same address, at this very moment, too: one that is tentative stays so
 * when it is replaced. */
int addr_add(struct nl *nl, unsigned ifindex, const struct in6_addr *addr, uint8_t plen, struct why *why)
{
	int err = add_own(nl, ifindex, addr, plen, why);

	for (int i = 0; i < ADD_TRIES && !err && !addr_is_ipv4(addr); i++) {
		err = del_tentative(nl, ifindex, addr, why);
		if (err <= 0)
			return err;
		err = add_own(nl, ifindex, addr, plen, why);
	}
	return err;
}
