/* proxy.h: proxy entries of the kernel's neighbour table, and a map of which are ours. */
#include <errno.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "base/map.h"
#include "sys/nl.h"
#include "sys/proxy.h"

struct proxy {
	struct map_node node;
	struct in6_addr addr; /* the key, right after the node: addr and ifindex */
	uint32_t ifindex;
	bool claimed; /* by this agent */
	bool seen;    /* in the kernel, just now */
};

struct proxies {
	struct nl *nl;
	struct map map;
	int err; /* of a listing */
};

_Static_assert(offsetof(struct proxy, addr) == sizeof(struct map_node), "the key follows the node");

_Static_assert(offsetof(struct proxy, ifindex) == offsetof(struct proxy, addr) + 16, "all of it");

#define KEY_LEN (sizeof(struct in6_addr) + sizeof(uint32_t))

static struct proxy *find_proxy(const struct proxies *p, unsigned ifindex, const struct in6_addr *addr)
{
	uint8_t key[KEY_LEN];

	memcpy(key, addr, sizeof(*addr));
	memcpy(key + sizeof(*addr), &(uint32_t){ifindex}, sizeof(uint32_t));
	return (struct proxy *)(void *)map_find(&p->map, key);
}

static struct proxy *at(const struct proxies *p, size_t i)
{
	return (struct proxy *)(void *)p->map.item[i];
}

static struct proxy *note_proxy(struct proxies *p, unsigned ifindex, const struct in6_addr *addr)
{
	struct proxy *x = find_proxy(p, ifindex, addr);

	if (x || !(x = calloc(1, sizeof(*x))))
		return x;
	x->addr = *addr;
	x->ifindex = ifindex;
	if (!map_add(&p->map, &x->node))
		return x;
	free(x);
	return NULL;
}

static void forget_proxy(struct proxies *p, struct proxy *x)
{
	map_del(&p->map, &x->node);
	free(x);
}

static struct nlmsghdr *request(void *buf, uint16_t type, uint16_t flags, unsigned ifindex, const struct in6_addr *addr)
{
	struct nlmsghdr *h = nl_msg(buf, type, flags, sizeof(struct ndmsg));
	struct ndmsg *m = mnl_nlmsg_get_payload(h);

	m->ndm_family = addr ? nl_family(addr) : AF_UNSPEC;
	m->ndm_flags = NTF_PROXY;
	m->ndm_ifindex = (int)ifindex;
	if (addr)
		nl_put_addr(h, NDA_DST, addr);
	return h;
}

static int kernel_add(struct proxies *p, const struct proxy *x, struct why *why)
{
	char buf[NL_MSG_MAX], what[80];
	struct nlmsghdr *h = request(buf, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, x->ifindex, &x->addr);

	mnl_attr_put_u8(h, NDA_PROTOCOL, MIP_RTPROT);
	snprintf(what, sizeof(what), "add proxy neighbour %s", addr_text(&x->addr).s);
	return nl_add(p->nl, h, why, what);
}

static int kernel_del(struct proxies *p, const struct proxy *x, struct why *why)
{
	char buf[NL_MSG_MAX], what[80];

	snprintf(what, sizeof(what), "delete proxy neighbour %s", addr_text(&x->addr).s);
	return nl_del(p->nl, request(buf, RTM_DELNEIGH, 0, x->ifindex, &x->addr), why, what);
}

int proxies_add(struct proxies *p, unsigned ifindex, const struct in6_addr *addr, struct why *why)
{
	struct proxy *x = find_proxy(p, ifindex, addr);
	bool adopted = x && !x->claimed;
	int err;

	if (!x && p->map.n >= PROXIES_MAX)
		return 0;
	x = note_proxy(p, ifindex, addr);
	if (!x)
		return why_set(why, ENOMEM, "out of memory");
	x->claimed = true;
	err = adopted ? 0 : kernel_add(p, x, why);
	if (err)
		forget_proxy(p, x);
	return err;
}

int proxies_del(struct proxies *p, unsigned ifindex, const struct in6_addr *addr, struct why *why)
{
	struct proxy *x = find_proxy(p, ifindex, addr);
	int err = x ? kernel_del(p, x, why) : 0;

	if (x)
		forget_proxy(p, x);
	return err;
}

bool proxies_has(const struct proxies *p, unsigned ifindex, const struct in6_addr *addr)
{
	return find_proxy(p, ifindex, addr) != NULL;
}

/* Is it a proxy that carries our mark? Those of others are left alone. */
static bool is_marked(const struct nlmsghdr *h, struct in6_addr *addr)
{
	const struct ndmsg *m = mnl_nlmsg_get_payload(h);
	bool ours = false, known = false;
	const struct nlattr *a;

	mnl_attr_for_each (a, h, sizeof(*m)) {
		if (mnl_attr_get_type(a) == NDA_PROTOCOL)
			ours = mnl_attr_get_u8(a) == MIP_RTPROT;
		else if (mnl_attr_get_type(a) == NDA_DST)
			known = nl_addr(a, addr);
	}
	return ours && known && m->ndm_flags & NTF_PROXY;
}

static int see(const struct nlmsghdr *h, void *ctx)
{
	const struct ndmsg *m = mnl_nlmsg_get_payload(h);
	struct proxies *p = ctx;
	struct in6_addr addr;

	if (is_marked(h, &addr) && !note_proxy(p, (unsigned)m->ndm_ifindex, &addr))
		p->err = -ENOMEM;
	return MNL_CB_OK;
}

static int see_again(const struct nlmsghdr *h, void *ctx)
{
	const struct ndmsg *m = mnl_nlmsg_get_payload(h);
	struct in6_addr addr;
	struct proxy *x = is_marked(h, &addr) ? find_proxy(ctx, (unsigned)m->ndm_ifindex, &addr) : NULL;

	if (x)
		x->seen = true;
	return MNL_CB_OK;
}

bool proxies_any(const struct proxies *p)
{
	return p->map.n > 0;
}

int proxies_hold(struct proxies *p, bool (*up)(void *ctx, unsigned ifindex), void *ctx, struct why *why)
{
	char buf[NL_MSG_MAX];
	int err, n = 0;

	for (size_t i = 0; i < p->map.n; i++)
		at(p, i)->seen = false;
	err = nl_dump(p->nl, request(buf, RTM_GETNEIGH, 0, 0, NULL), see_again, p, why, "list proxy neighbours");
	for (size_t i = 0; i < p->map.n && !err; i++) {
		if (at(p, i)->seen || !up(ctx, at(p, i)->ifindex))
			continue;
		err = kernel_add(p, at(p, i), why);
		n++;
	}
	return err ?: n;
}

int proxies_open(struct proxies **out, struct nl *nl, struct why *why)
{
	struct proxies *p = calloc(1, sizeof(*p));
	char buf[NL_MSG_MAX];
	int err;

	if (!p)
		return why_set(why, ENOMEM, "out of memory");
	p->nl = nl;
	map_init(&p->map, KEY_LEN, 1);
	err = nl_dump(nl, request(buf, RTM_GETNEIGH, 0, 0, NULL), see, p, why, "list proxy neighbours");
	if (!err && p->err)
		err = why_set(why, ENOMEM, "out of memory");
	if (err)
		proxies_close(p);
	else
		*out = p;
	return err;
}

int proxies_sweep(struct proxies *p, struct why *why)
{
	int err = 0;

	for (size_t i = p->map.n; i-- > 0;) {
		struct proxy *x = at(p, i);

		if (x->claimed)
			continue;
		err = kernel_del(p, x, why) ?: err;
		forget_proxy(p, x);
	}
	return err;
}

void proxies_clear(struct proxies *p)
{
	while (p->map.n) {
		(void)!kernel_del(p, at(p, p->map.n - 1), NULL);
		forget_proxy(p, at(p, p->map.n - 1));
	}
}

void proxies_close(struct proxies *p)
{
	if (!p)
		return;
	proxies_clear(p);
	map_free(&p->map);
	free(p);
}
