/*
 * xfrm.h: security associations. One that an earlier agent left and that is what it should be stays, because its
 * numbers must not be used twice with one key (RFC 4303 3.3.3; RFC 4106 3.1); what cannot be compared is made anew.
 */
#include <errno.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <string.h>

#include "base/addr.h"
#include "sys/xfrm_impl.h"
#include <linux/xfrm.h> /* after netinet/in.h, which linux/in6.h gives way to */

/* --- what is asked for -------------------------------------------------------------------------------------------- */

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

static struct nlmsghdr *sa_id_msg(void *buf, uint16_t type, const struct in6_addr *dst, uint32_t spi)
{
	struct nlmsghdr *h = nl_msg(buf, type, 0, sizeof(struct xfrm_usersa_id));
	struct xfrm_usersa_id *id = mnl_nlmsg_get_payload(h);

	memcpy(&id->daddr, dst, sizeof(*dst));
	id->spi = htonl(spi);
	id->family = AF_INET6;
	id->proto = IPPROTO_ESP;
	return h;
}

/* --- what stands already ------------------------------------------------------------------------------------------ */

/* Kernels that are locked down say zeros for each key: such a key cannot be compared. */
static bool is_telling(const struct xfrm_key *k)
{
	uint8_t any = 0;

	for (size_t i = 0; i < k->len; i++)
		any |= k->key[i];
	return any || !k->name;
}

/* The kernel gives back copies of what it was given, padding and all. */
static bool same_octets(const void *a, const void *b, size_t len)
{
	return !memcmp(a, b, len);
}

static bool same_info(const struct nlmsghdr *a, const struct nlmsghdr *b)
{
	const struct xfrm_usersa_info *x = mnl_nlmsg_get_payload(a), *y = mnl_nlmsg_get_payload(b);

	return x->family == y->family && x->mode == y->mode && x->reqid == y->reqid && x->flags == y->flags &&
	       x->replay_window == y->replay_window && same_octets(&x->saddr, &y->saddr, sizeof(x->saddr)) &&
	       same_octets(&x->sel, &y->sel, sizeof(x->sel)) && same_octets(&x->lft, &y->lft, sizeof(x->lft));
}

static bool has_attr(const struct nlmsghdr *h, const struct nlattr *attr)
{
	const struct nlattr *a;

	mnl_attr_for_each (a, h, sizeof(struct xfrm_usersa_info))
		if (a->nla_len == attr->nla_len && !memcmp(a, attr, attr->nla_len))
			return true;
	return false;
}

/* What the kernel says of its own accord: counts, and XFRMA_ALG_AUTH_TRUNC again as older programs know it. */
static bool is_told_unasked(const struct nlattr *attr)
{
	uint16_t type = mnl_attr_get_type(attr);

	return type == XFRMA_REPLAY_VAL || type == XFRMA_LASTUSED || type == XFRMA_ALG_AUTH;
}

/* Has b all that a has? */
static bool has_attrs(const struct nlmsghdr *b, const struct nlmsghdr *a)
{
	const struct nlattr *attr;

	mnl_attr_for_each (attr, a, sizeof(struct xfrm_usersa_info))
		if (!is_told_unasked(attr) && !has_attr(b, attr))
			return false;
	return true;
}

struct standing {
	bool ours, same;
};

/* How the SA stands that the kernel already has in place of `sa`, which `want` asks for. */
static struct standing standing_of(struct xfrm *x, const struct xfrm_sa *sa, const struct nlmsghdr *want)
{
	_Alignas(8) char buf[NL_MSG_MAX], answer[4096];
	const struct nlmsghdr *there = (void *)answer;
	const struct xfrm_usersa_info *i;
	struct standing s = {0};

	if (!xfrm_get(x, sa_id_msg(buf, XFRM_MSG_GETSA, &sa->dst, sa->spi), answer, sizeof(answer)) &&
		mnl_nlmsg_get_payload_len(there) >= sizeof(*i)) {
		i = mnl_nlmsg_get_payload(there);
		s.ours = xfrm_is_ours(i->reqid);
		s.same = is_telling(&sa->cipher) && is_telling(&sa->auth) && same_info(there, want) &&
			 has_attrs(there, want) && has_attrs(want, there);
	}
	explicit_bzero(answer, sizeof(answer));
	return s;
}

/* --- adding and deleting ------------------------------------------------------------------------------------------ */

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

static void add_text(char *to, size_t room, const struct xfrm_sa *sa)
{
	snprintf(to, room, "add SA 0x%x to %s", sa->spi, addr_text(&sa->dst).s);
}

int xfrm_sa_add(struct xfrm *x, const struct xfrm_sa *sa, struct why *why)
{
	struct why said = {0};
	_Alignas(8) char buf[NL_MSG_MAX];
	char what[80];
	struct nlmsghdr *h = sa_msg(buf, sa);
	struct standing there = {0};
	int err;

	add_text(what, sizeof(what), sa);
	err = nl_do(x->nl, h, &said, what);
	if (err == -EEXIST)
		there = standing_of(x, sa, h);
	if (there.same) {
		err = 0;
	} else if (there.ours) {
		said = (struct why){0};
		err = xfrm_sa_del(x, &sa->dst, sa->spi, &said) ?: nl_do(x->nl, h, &said, what);
	}
	explicit_bzero(buf, sizeof(buf));
	return err ? explain(sa, err, &said, why) : 0;
}

/* The kernel looks at the algorithms before it says that there is one already. */
int xfrm_sa_try(struct xfrm *x, const struct xfrm_sa *sa, struct why *why)
{
	struct why said = {0};
	_Alignas(8) char buf[NL_MSG_MAX];
	char what[80];
	struct nlmsghdr *h = sa_msg(buf, sa);
	int err;

	add_text(what, sizeof(what), sa);
	err = nl_do(x->nl, h, &said, what);
	if (!err)
		err = xfrm_sa_del(x, &sa->dst, sa->spi, &said);
	else if (err == -EEXIST && standing_of(x, sa, h).ours)
		err = 0;
	explicit_bzero(buf, sizeof(buf));
	return err ? explain(sa, err, &said, why) : 0;
}

int xfrm_sa_del(struct xfrm *x, const struct in6_addr *dst, uint32_t spi, struct why *why)
{
	char buf[NL_MSG_MAX], what[80];

	snprintf(what, sizeof(what), "delete SA 0x%x to %s", spi, addr_text(dst).s);
	return nl_del(x->nl, sa_id_msg(buf, XFRM_MSG_DELSA, dst, spi), why, what);
}

/* --- all of them -------------------------------------------------------------------------------------------------- */

struct sa_walk {
	struct xfrm *x;
	void (*each)(void *ctx, const struct xfrm_seen *sa);
	void *ctx;
};

static int walk_sa(const struct nlmsghdr *h, void *ctx)
{
	const struct xfrm_usersa_info *i = mnl_nlmsg_get_payload(h);
	struct xfrm_seen sa = {.spi = ntohl(i->id.spi), .reqid = i->reqid, .made = i->curlft.add_time};
	struct sa_walk *w = ctx;
	const struct nlattr *at;

	memcpy(&sa.dst, &i->id.daddr, sizeof(sa.dst));
	if (i->lft.soft_add_expires_seconds != XFRM_INF)
		sa.renewal = i->lft.soft_add_expires_seconds;
	mnl_attr_for_each (at, h, sizeof(*i)) {
		if (mnl_attr_get_payload_len(at) < sizeof(struct xfrm_algo))
			continue;
		if (mnl_attr_get_type(at) == XFRMA_ALG_CRYPT || mnl_attr_get_type(at) == XFRMA_ALG_AEAD)
			sa.cipher = mnl_attr_get_payload(at); /* the name comes first */
		if (mnl_attr_get_type(at) == XFRMA_ALG_AUTH_TRUNC)
			sa.auth = mnl_attr_get_payload(at);
	}
	sa.counts =
		(struct xfrm_counts){i->curlft.packets, i->curlft.bytes, i->stats.integrity_failed + i->stats.replay};
	if (i->family == AF_INET6 && i->id.proto == IPPROTO_ESP && xfrm_is_ours(i->reqid))
		w->each(w->ctx, &sa);
	return MNL_CB_OK;
}

int xfrm_each_sa(struct xfrm *x, void (*each)(void *ctx, const struct xfrm_seen *sa), void *ctx, struct why *why)
{
	struct sa_walk w = {x, each, ctx};
	char buf[NL_MSG_MAX];
	/* No payload: what stands there is taken for a filter. */
	struct nlmsghdr *h = nl_msg(buf, XFRM_MSG_GETSA, 0, 0);

	return nl_dump(x->nl, h, walk_sa, &w, why, "list SAs");
}
