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
#include "sys/nl_impl.h"
#include "sys/xfrm.h"
#include <linux/xfrm.h> /* after netinet/in.h, which linux/in6.h gives way to */

#define ALL_ALGORITHMS 0xffffffff

struct xfrm {
	struct nl *nl;
};

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

static bool is_ours(uint32_t reqid)
{
	return reqid >= XFRM_REQID && reqid <= XFRM_REQID_LAST;
}

/* --- security associations ---------------------------------------------------------------------------------------- */

static void put_auth(struct nlmsghdr *h, const struct xfrm_key *k)
{
	uint8_t room[sizeof(struct xfrm_algo_auth) + 128] = {0};
	struct xfrm_algo_auth *a = (void *)room;

	snprintf(a->alg_name, sizeof(a->alg_name), "%s", k->name);
	a->alg_key_len = (unsigned)k->len * 8;
	a->alg_trunc_len = k->icv;
	memcpy(a->alg_key, k->key, k->len);
	mnl_attr_put(h, XFRMA_ALG_AUTH_TRUNC, sizeof(*a) + k->len, a);
	explicit_bzero(room, sizeof(room));
}

static void put_cipher(struct nlmsghdr *h, const struct xfrm_key *k)
{
	uint8_t room[sizeof(struct xfrm_algo_aead) + 128] = {0};
	struct xfrm_algo_aead *a = (void *)room;
	struct xfrm_algo *plain = (void *)room;

	if (k->aead) {
		snprintf(a->alg_name, sizeof(a->alg_name), "%s", k->name);
		a->alg_key_len = (unsigned)k->len * 8;
		a->alg_icv_len = k->icv;
		memcpy(a->alg_key, k->key, k->len);
		mnl_attr_put(h, XFRMA_ALG_AEAD, sizeof(*a) + k->len, a);
	} else {
		snprintf(plain->alg_name, sizeof(plain->alg_name), "%s", k->name);
		plain->alg_key_len = (unsigned)k->len * 8;
		memcpy(plain->alg_key, k->key, k->len);
		mnl_attr_put(h, XFRMA_ALG_CRYPT, sizeof(*plain) + k->len, plain);
	}
	explicit_bzero(room, sizeof(room));
}

static struct nlmsghdr *sa_msg(void *buf, const struct xfrm_sa *sa)
{
	struct nlmsghdr *h = nl_msg(buf, XFRM_MSG_NEWSA, NLM_F_CREATE | NLM_F_EXCL, sizeof(struct xfrm_usersa_info));
	struct xfrm_usersa_info *i = mnl_nlmsg_get_payload(h);

	memcpy(&i->id.daddr, &sa->dst, sizeof(sa->dst));
	memcpy(&i->saddr, &sa->src, sizeof(sa->src));
	i->id.spi = htonl(sa->spi);
	i->id.proto = IPPROTO_ESP;
	i->family = i->sel.family = AF_INET6;
	i->mode = sa->tunnel ? XFRM_MODE_TUNNEL : XFRM_MODE_TRANSPORT;
	i->reqid = sa->reqid;
	i->lft.soft_byte_limit = i->lft.hard_byte_limit = XFRM_INF;
	i->lft.soft_packet_limit = i->lft.hard_packet_limit = XFRM_INF;
	put_cipher(h, &sa->cipher);
	if (sa->auth.name)
		put_auth(h, &sa->auth);
	return h;
}

/* One SA as the kernel has it, or a policy: fills `to` with the message. -ENOENT, -ESRCH: there is none. */
static int get_one(struct xfrm *x, struct nlmsghdr *req, void *to, size_t room)
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

static bool sa_is_ours(struct xfrm *x, const struct in6_addr *dst, uint32_t spi)
{
	_Alignas(8) char buf[NL_MSG_MAX], answer[4096];
	struct nlmsghdr *h = nl_msg(buf, XFRM_MSG_GETSA, 0, sizeof(struct xfrm_usersa_id));
	struct xfrm_usersa_id *id = mnl_nlmsg_get_payload(h);
	const struct xfrm_usersa_info *i;
	bool ours;

	memcpy(&id->daddr, dst, sizeof(*dst));
	id->spi = htonl(spi);
	id->family = AF_INET6;
	id->proto = IPPROTO_ESP;
	if (get_one(x, h, answer, sizeof(answer)))
		return false;
	i = mnl_nlmsg_get_payload((void *)answer);
	ours = is_ours(i->reqid);
	explicit_bzero(answer, sizeof(answer));
	return ours;
}

/* What the kernel lacks, by the errno it says so with. */
static int explain(const struct xfrm_sa *sa, int err, const struct why *said, struct why *why)
{
	if (err == -EPROTONOSUPPORT)
		return why_set(why, -err, "this kernel has no ESP for IPv6 (CONFIG_INET6_ESP)");
	if (err == -ENOSYS)
		return why_set(why, -err, "this kernel lacks %s%s%s", sa->cipher.name, sa->auth.name ? " or " : "",
			sa->auth.name ? sa->auth.name : "");
	if (err == -EEXIST)
		return why_set(why, -err, "another has an SA with SPI 0x%x to %s", sa->spi, addr_text(&sa->dst).s);
	return why_set(why, -err, "%s", said->text);
}

int xfrm_sa_add(struct xfrm *x, const struct xfrm_sa *sa, struct why *why)
{
	struct why said = {0};
	char buf[NL_MSG_MAX], what[80];
	struct nlmsghdr *h = sa_msg(buf, sa);
	int err;

	snprintf(what, sizeof(what), "add SA 0x%x to %s", sa->spi, addr_text(&sa->dst).s);
	err = nl_do(x->nl, h, &said, what);
	if (err == -EEXIST && sa_is_ours(x, &sa->dst, sa->spi)) {
		said = (struct why){0};
		err = xfrm_sa_del(x, &sa->dst, sa->spi, &said) ?: nl_do(x->nl, h, &said, what);
	}
	explicit_bzero(buf, sizeof(buf));
	return err ? explain(sa, err, &said, why) : 0;
}

int xfrm_sa_del(struct xfrm *x, const struct in6_addr *dst, uint32_t spi, struct why *why)
{
	char buf[NL_MSG_MAX], what[80];
	struct nlmsghdr *h = nl_msg(buf, XFRM_MSG_DELSA, 0, sizeof(struct xfrm_usersa_id));
	struct xfrm_usersa_id *id = mnl_nlmsg_get_payload(h);

	memcpy(&id->daddr, dst, sizeof(*dst));
	id->spi = htonl(spi);
	id->family = AF_INET6;
	id->proto = IPPROTO_ESP;
	snprintf(what, sizeof(what), "delete SA 0x%x to %s", spi, addr_text(dst).s);
	return nl_del(x->nl, h, why, what);
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
	return p->reqid ? is_ours(p->reqid) : p->priority == XFRM_PRIO_BYPASS;
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

	if (get_one(x, policy_id_msg(buf, XFRM_MSG_GETPOLICY, p), answer, sizeof(answer)))
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

int xfrm_migrate(struct xfrm *x, const struct xfrm_policy *p, const struct in6_addr *from, const struct in6_addr *to)
{
	char buf[NL_MSG_MAX];
	struct nlmsghdr *h = policy_id_msg(buf, XFRM_MSG_MIGRATE, p);
	struct xfrm_user_migrate m = {.proto = IPPROTO_ESP,
		.mode = XFRM_MODE_TUNNEL,
		.reqid = p->reqid,
		.old_family = AF_INET6,
		.new_family = AF_INET6};

	memcpy(&m.old_saddr, &p->from, sizeof(p->from));
	memcpy(&m.old_daddr, &p->to, sizeof(p->to));
	memcpy(&m.new_saddr, from, sizeof(*from));
	memcpy(&m.new_daddr, to, sizeof(*to));
	mnl_attr_put(h, XFRMA_MIGRATE, sizeof(m), &m);
	return nl_do(x->nl, h, NULL, "migrate");
}

/* --- all of ours -------------------------------------------------------------------------------------------------- */

struct sa_walk {
	struct xfrm *x;
	void (*each)(void *ctx, const struct in6_addr *dst, uint32_t spi, const struct xfrm_counts *counts);
	void *ctx;
};

static int walk_sa(const struct nlmsghdr *h, void *ctx)
{
	const struct xfrm_usersa_info *i = mnl_nlmsg_get_payload(h);
	struct xfrm_counts c = {i->curlft.packets, i->curlft.bytes, i->stats.integrity_failed + i->stats.replay};
	struct sa_walk *w = ctx;
	struct in6_addr dst;

	memcpy(&dst, &i->id.daddr, sizeof(dst));
	if (i->family == AF_INET6 && i->id.proto == IPPROTO_ESP && is_ours(i->reqid))
		w->each(w->ctx, &dst, ntohl(i->id.spi), &c);
	return MNL_CB_OK;
}

int xfrm_each_sa(struct xfrm *x,
	void (*each)(void *ctx, const struct in6_addr *dst, uint32_t spi, const struct xfrm_counts *counts), void *ctx,
	struct why *why)
{
	struct sa_walk w = {x, each, ctx};
	char buf[NL_MSG_MAX];
	/* No payload: what stands there is taken for a filter. */
	struct nlmsghdr *h = nl_msg(buf, XFRM_MSG_GETSA, 0, 0);

	return nl_dump(x->nl, h, walk_sa, &w, why, "list SAs");
}

struct sweep {
	struct xfrm *x;
	const struct xfrm_keep *keep;
	struct why *why;
	int err;
};

static void sweep_sa(void *ctx, const struct in6_addr *dst, uint32_t spi, const struct xfrm_counts *counts)
{
	struct sweep *s = ctx;

	(void)counts;
	if (!s->keep || !s->keep->sa(s->keep->ctx, dst, spi))
		s->err = xfrm_sa_del(s->x, dst, spi, s->why) ?: s->err;
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
