/*
 * xfrm.h: one request a change. An update takes the place of whatever has the same selector, so a policy is added
 * exclusively first, and updated only when what is there is ours.
 */
#include <errno.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "sys/xfrm_impl.h"
#include <linux/xfrm.h> /* after netinet/in.h, which linux/in6.h gives way to */

#define ALL_ALGORITHMS 0xffffffff

int xfrm_open(struct xfrm **out, struct loop *loop, struct why *why)
{
	struct xfrm *x = calloc(1, sizeof(*x));
	int err;

	if (!x)
		return why_set(why, ENOMEM, "out of memory");
	err = nl_open_family(&x->nl, loop, NETLINK_XFRM, NULL);
	if (!err) {
		*out = x;
		return 0;
	}
	free(x);
	return why_set(why, -err, "this kernel has no IPsec to be set up (CONFIG_XFRM_USER): %s", strerror(-err));
}

void xfrm_close(struct xfrm *x)
{
	if (!x)
		return;
	nl_close(x->nl);
	free(x);
}

int xfrm_get(struct xfrm *x, struct nlmsghdr *req, void *to, size_t room)
{
	int fd = mnl_socket_get_fd(x->nl->req);
	const struct nlmsghdr *h = to;
	ssize_t n;

	req->nlmsg_seq = ++x->nl->seq;
	if (mnl_socket_sendto(x->nl->req, req, req->nlmsg_len) < 0)
		return -errno;
	do
		n = recv(fd, to, room, 0);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	if (!mnl_nlmsg_ok(h, (int)n))
		return -EBADMSG;
	return h->nlmsg_type == NLMSG_ERROR ? ((const struct nlmsgerr *)mnl_nlmsg_get_payload(h))->error : 0;
}

/* --- policies ----------------------------------------------------------------------------------------------------- */

static void put_selector(struct xfrm_selector *s, const struct xfrm_policy *p)
{
	memcpy(&s->daddr, &p->dst, sizeof(p->dst));
	memcpy(&s->saddr, &p->src, sizeof(p->src));
	s->prefixlen_d = p->dst_plen;
	s->prefixlen_s = p->src_plen;
	s->family = AF_INET6;
	s->proto = p->proto;
	if (p->icmp_type) {
		s->sport = htons(p->icmp_type);
		s->sport_mask = 0xffff;
	}
}

static struct nlmsghdr *policy_id_msg(void *buf, uint16_t type, const struct xfrm_policy *p)
{
	struct nlmsghdr *h = nl_msg(buf, type, 0, sizeof(struct xfrm_userpolicy_id));
	struct xfrm_userpolicy_id *id = mnl_nlmsg_get_payload(h);

	put_selector(&id->sel, p);
	id->dir = p->dir;
	return h;
}

static struct nlmsghdr *policy_msg(void *buf, uint16_t type, const struct xfrm_policy *p)
{
	struct nlmsghdr *h = nl_msg(buf, type, NLM_F_CREATE, sizeof(struct xfrm_userpolicy_info));
	struct xfrm_userpolicy_info *i = mnl_nlmsg_get_payload(h);
	struct xfrm_user_tmpl t = {.family = AF_INET6, .reqid = p->reqid};

	put_selector(&i->sel, p);
	i->dir = p->dir;
	i->priority = p->priority;
	i->action = XFRM_POLICY_ALLOW;
	i->lft.soft_byte_limit = i->lft.hard_byte_limit = XFRM_INF;
	i->lft.soft_packet_limit = i->lft.hard_packet_limit = XFRM_INF;
	if (!p->reqid)
		return h;
	t.id.proto = IPPROTO_ESP;
	t.mode = p->tunnel ? XFRM_MODE_TUNNEL : XFRM_MODE_TRANSPORT;
	t.aalgos = t.ealgos = t.calgos = ALL_ALGORITHMS;
	if (p->tunnel) {
		memcpy(&t.id.daddr, &p->to, sizeof(p->to));
		memcpy(&t.saddr, &p->from, sizeof(p->from));
	}
	mnl_attr_put(h, XFRMA_TMPL, sizeof(t), &t);
	return h;
}

/* A policy as a dump tells it. */
static struct xfrm_policy seen_policy(const struct nlmsghdr *h)
{
	const struct xfrm_userpolicy_info *i = mnl_nlmsg_get_payload(h);
	struct xfrm_policy p = {.proto = i->sel.proto, .dir = i->dir, .priority = i->priority};
	const struct nlattr *a;

	memcpy(&p.dst, &i->sel.daddr, sizeof(p.dst));
	memcpy(&p.src, &i->sel.saddr, sizeof(p.src));
	p.dst_plen = i->sel.prefixlen_d;
	p.src_plen = i->sel.prefixlen_s;
	p.icmp_type = (uint8_t)ntohs(i->sel.sport);
	mnl_attr_for_each (a, h, sizeof(*i)) {
		const struct xfrm_user_tmpl *t = mnl_attr_get_payload(a);

		if (mnl_attr_get_type(a) != XFRMA_TMPL || mnl_attr_get_payload_len(a) < sizeof(*t))
			continue;
		p.reqid = t->reqid;
		p.tunnel = t->mode == XFRM_MODE_TUNNEL;
		memcpy(&p.to, &t->id.daddr, sizeof(p.to));
		memcpy(&p.from, &t->saddr, sizeof(p.from));
	}
	return p;
}

static bool policy_ours(const struct xfrm_policy *p)
{
	return p->reqid ? xfrm_is_ours(p->reqid) : p->priority == XFRM_PRIO_BYPASS;
}

bool xfrm_policy_same(const struct xfrm_policy *a, const struct xfrm_policy *b)
{
	return a->dir == b->dir && a->proto == b->proto && a->icmp_type == b->icmp_type && a->src_plen == b->src_plen &&
	       a->dst_plen == b->dst_plen && addr_eq(&a->src, &b->src) && addr_eq(&a->dst, &b->dst);
}

/* Is the policy of this selector and direction there, and ours? */
static bool policy_is_ours(struct xfrm *x, const struct xfrm_policy *p)
{
	_Alignas(8) char buf[NL_MSG_MAX], answer[4096];
	struct xfrm_policy there;

	if (xfrm_get(x, policy_id_msg(buf, XFRM_MSG_GETPOLICY, p), answer, sizeof(answer)))
		return false;
	there = seen_policy((void *)answer);
	return policy_ours(&there);
}

static void policy_text(char *to, size_t room, const char *verb, const struct xfrm_policy *p)
{
	snprintf(to, room, "%s policy %s to %s", verb, addr_text(&p->src).s, addr_text(&p->dst).s);
}

int xfrm_policy_set(struct xfrm *x, const struct xfrm_policy *p, struct why *why)
{
	char buf[NL_MSG_MAX], what[120];
	struct why said = {0};
	int err;

	policy_text(what, sizeof(what), "add", p);
	err = nl_do(x->nl, policy_msg(buf, XFRM_MSG_NEWPOLICY, p), &said, what);
	if (!err)
		return 0;
	if (err != -EEXIST)
		return why_set(why, -err, "%s", said.text);
	if (!policy_is_ours(x, p))
		return why_set(
			why, EEXIST, "another has a policy for %s to %s", addr_text(&p->src).s, addr_text(&p->dst).s);
	return nl_do(x->nl, policy_msg(buf, XFRM_MSG_UPDPOLICY, p), why, what);
}

int xfrm_policy_del(struct xfrm *x, const struct xfrm_policy *p, struct why *why)
{
	char buf[NL_MSG_MAX], what[120];

	policy_text(what, sizeof(what), "delete", p);
	return policy_is_ours(x, p) ? nl_del(x->nl, policy_id_msg(buf, XFRM_MSG_DELPOLICY, p), why, what) : 0;
}

int xfrm_migrate(struct xfrm *x, const struct xfrm_policy *p, const struct in6_addr *from, const struct in6_addr *to,
	const struct xfrm_km *km)
{
	char buf[NL_MSG_MAX];
	struct nlmsghdr *h = policy_id_msg(buf, XFRM_MSG_MIGRATE, p);
	struct xfrm_user_kmaddress k = {.family = AF_INET6};
	struct xfrm_user_migrate m = {.proto = IPPROTO_ESP,
		.mode = p->tunnel ? XFRM_MODE_TUNNEL : XFRM_MODE_TRANSPORT,
		.reqid = p->reqid,
		.old_family = AF_INET6,
		.new_family = AF_INET6};

	memcpy(&m.old_saddr, &p->from, sizeof(p->from));
	memcpy(&m.old_daddr, &p->to, sizeof(p->to));
	memcpy(&m.new_saddr, from, sizeof(*from));
	memcpy(&m.new_daddr, to, sizeof(*to));
	mnl_attr_put(h, XFRMA_MIGRATE, sizeof(m), &m);
	if (km) {
		memcpy(&k.local, &km->local, sizeof(km->local));
		memcpy(&k.remote, &km->remote, sizeof(km->remote));
		mnl_attr_put(h, XFRMA_KMADDRESS, sizeof(k), &k);
	}
	return nl_do(x->nl, h, NULL, "migrate");
}

/* --- all of ours -------------------------------------------------------------------------------------------------- */

struct sweep {
	struct xfrm *x;
	const struct xfrm_keep *keep;
	struct why *why;
	int err;
};

static void sweep_sa(void *ctx, const struct xfrm_seen *sa)
{
	struct sweep *s = ctx;

	if (!s->keep || !s->keep->sa(s->keep->ctx, sa))
		s->err = xfrm_sa_del(s->x, &sa->dst, sa->spi, s->why) ?: s->err;
}

static int sweep_policy(const struct nlmsghdr *h, void *ctx)
{
	struct xfrm_policy p = seen_policy(h);
	struct sweep *s = ctx;

	if (policy_ours(&p) && (!s->keep || !s->keep->policy(s->keep->ctx, &p)))
		s->err = xfrm_policy_del(s->x, &p, s->why) ?: s->err;
	return MNL_CB_OK;
}

int xfrm_sweep(struct xfrm *x, const struct xfrm_keep *keep, struct why *why)
{
	struct sweep s = {x, keep, why, 0};
	char buf[NL_MSG_MAX];
	int err = nl_dump(x->nl, nl_msg(buf, XFRM_MSG_GETPOLICY, 0, 0), sweep_policy, &s, why, "list IPsec policies");

	if (!err)
		err = xfrm_each_sa(x, sweep_sa, &s, why);
	return err ?: s.err;
}
