/* codec.h: netlink-shaped messages, read strictly (attr.def is the policy) and written bounded. */
#include <assert.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <net/if.h>
#include <string.h>

#include "ctl/codec.h"

#define A(name, number, kind, word, metavar, help) [number] = {MIP_K_##kind, word, metavar, help},
MIP_ATTR_TABLE(ctl_attrs) = {
#include "mip/attr.def"
};
#undef A

enum class { READ = 1, WRITE };

static const struct {
	const char *name;
	enum class class;
} commands[] = {
#define C(name, number, class) [number] = {#name, class},
	MIP_COMMANDS(C)
#undef C
};

const char *ctl_name(uint16_t cmd)
{
	return cmd < MNL_ARRAY_SIZE(commands) ? commands[cmd].name : NULL;
}

bool ctl_is_write(uint16_t cmd)
{
	return cmd < MNL_ARRAY_SIZE(commands) && commands[cmd].class == WRITE;
}

/* A string is NUL-terminated, not empty, and without control characters: it may end on a terminal. */
static bool str_ok(const char *s, size_t len, size_t max)
{
	if (len < 2 || len > max || s[len - 1])
		return false;
	for (size_t i = 0; i + 1 < len; i++)
		if ((unsigned char)s[i] < 0x20 || s[i] == 0x7f)
			return false;
	return true;
}

static bool prefix_ok(const uint8_t *p)
{
	unsigned len = p[16];

	for (unsigned bit = len; bit < 128; bit++)
		if (p[bit / 8] & 0x80 >> bit % 8)
			return false;
	return len <= 128;
}

static bool prefixes_ok(const uint8_t *p, size_t len)
{
	bool ok = len > 0 && len % MIP_PREFIX_LEN == 0;

	for (size_t at = 0; ok && at < len; at += MIP_PREFIX_LEN)
		ok = prefix_ok(p + at);
	return ok;
}

static bool is_ipv4(const uint8_t *p)
{
	struct in6_addr a;

	memcpy(&a, p, sizeof(a));
	return addr_is_ipv4(&a);
}

static bool value_ok(enum mip_kind kind, const struct nlattr *at)
{
	const uint8_t *p = mnl_attr_get_payload(at);
	unsigned len = mnl_attr_get_payload_len(at);

	switch (kind) {
	case MIP_K_STR: return str_ok((const char *)p, len, MIP_MSG_MAX);
	case MIP_K_DEV: return str_ok((const char *)p, len, IFNAMSIZ);
	case MIP_K_PREFIX: return len == MIP_PREFIX_LEN && prefix_ok(p);
	case MIP_K_PREFIX4: return len == MIP_PREFIX_LEN && prefix_ok(p) && is_ipv4(p) && p[16] >= 96;
	case MIP_K_IPV4: return len == sizeof(struct in6_addr) && is_ipv4(p);
	case MIP_K_PREFIXES: return prefixes_ok(p, len);
	case MIP_K_KEY: return len >= 1 && len <= MIP_KEY_MAX;
	case MIP_K_BOOL: return len == 1 && p[0] <= 1;
	default: return len == mip_kind_size(kind);
	}
}

static int take(struct ctl_request *rq, const struct nlattr *at, struct why *why)
{
	uint16_t type = at->nla_type;

	if (type >= MIP_A_COUNT || !ctl_attrs[type].word)
		return why_attr(why, EINVAL, type, "unknown attribute %u", type);
	if (rq->attr[type])
		return why_attr(why, EINVAL, type, "%s is given twice", ctl_attrs[type].word);
	if (!value_ok(ctl_attrs[type].kind, at))
		return why_attr(why, EINVAL, type, "%s is not a %s", ctl_attrs[type].word, ctl_attrs[type].metavar);
	rq->attr[type] = at;
	return 0;
}

int ctl_parse(struct ctl_request *rq, const void *bytes, size_t len, struct why *why)
{
	const struct nlmsghdr *head = bytes;
	const struct nlattr *at;
	int left, err;

	*rq = (struct ctl_request){0};
	if (len < sizeof(*head) || len > MIP_MSG_MAX || head->nlmsg_len != len)
		return why_set(why, EBADMSG, "malformed message of %zu bytes", len);
	rq->cmd = head->nlmsg_type;
	rq->seq = head->nlmsg_seq;
	if (!ctl_name(rq->cmd))
		return why_set(why, EOPNOTSUPP, "unknown command %u", rq->cmd);
	left = (int)(len - sizeof(*head));
	for (at = mnl_nlmsg_get_payload(head); mnl_attr_ok(at, left); at = mnl_attr_next(at)) {
		err = take(rq, at, why);
		if (err)
			return err;
		left -= MNL_ALIGN(at->nla_len);
	}
	if (left > 0)
		return why_set(why, EBADMSG, "%d stray bytes after the attributes", left);
	return 0;
}

uint64_t ctl_num(const struct ctl_request *rq, enum mip_attr a, uint64_t fallback)
{
	const struct nlattr *at = rq->attr[a];

	switch (mip_kind_size(ctl_attrs[a].kind)) {
	case 1: return at ? mnl_attr_get_u8(at) : fallback;
	case 2: return at ? mnl_attr_get_u16(at) : fallback;
	case 4: return at ? mnl_attr_get_u32(at) : fallback;
	case 8: return at ? mnl_attr_get_u64(at) : fallback;
	}
	assert(!"ctl_num of what is not a number");
	return fallback;
}

const struct in6_addr *ctl_addr(const struct ctl_request *rq, enum mip_attr a)
{
	assert(ctl_attrs[a].kind == MIP_K_ADDR || ctl_attrs[a].kind == MIP_K_IPV4);
	return rq->attr[a] ? mnl_attr_get_payload(rq->attr[a]) : NULL;
}

const char *ctl_str(const struct ctl_request *rq, enum mip_attr a)
{
	assert(ctl_attrs[a].kind == MIP_K_STR || ctl_attrs[a].kind == MIP_K_DEV);
	return rq->attr[a] ? mnl_attr_get_str(rq->attr[a]) : NULL;
}

bool ctl_prefix(const struct ctl_request *rq, enum mip_attr a, struct in6_addr *prefix, uint8_t *len)
{
	const uint8_t *p;

	assert(ctl_attrs[a].kind == MIP_K_PREFIX || ctl_attrs[a].kind == MIP_K_PREFIX4);
	if (!rq->attr[a])
		return false;
	p = mnl_attr_get_payload(rq->attr[a]);
	memcpy(prefix, p, sizeof(*prefix));
	*len = p[16];
	return true;
}

size_t ctl_prefixes(const struct ctl_request *rq, enum mip_attr a, struct addr_prefix *list, size_t max)
{
	const uint8_t *p = rq->attr[a] ? mnl_attr_get_payload(rq->attr[a]) : NULL;
	size_t n = p ? mnl_attr_get_payload_len(rq->attr[a]) / MIP_PREFIX_LEN : 0;

	assert(ctl_attrs[a].kind == MIP_K_PREFIXES);
	for (size_t i = 0; i < n && i < max; i++, p += MIP_PREFIX_LEN) {
		memcpy(&list[i].addr, p, sizeof(list[i].addr));
		list[i].plen = p[16];
	}
	return n;
}

const uint8_t *ctl_key(const struct ctl_request *rq, enum mip_attr a, size_t *len)
{
	assert(ctl_attrs[a].kind == MIP_K_KEY);
	*len = rq->attr[a] ? mnl_attr_get_payload_len(rq->attr[a]) : 0;
	return rq->attr[a] ? mnl_attr_get_payload(rq->attr[a]) : NULL;
}

int ctl_need(const struct ctl_request *rq, enum mip_attr a, struct why *why)
{
	if (rq->attr[a])
		return 0;
	return why_attr(why, EINVAL, (uint16_t)a, "%s is missing", ctl_attrs[a].word);
}

void ctl_msg_open(struct ctl_msg *m, uint16_t type)
{
	m->full = false;
	mnl_nlmsg_put_header(m->bytes)->nlmsg_type = type;
}

/* Whose length is not a multiple of four is followed by zeros: what stood there of another message may be of a key. */
static void put_attr(struct ctl_msg *m, uint16_t type, size_t len, const void *v)
{
	char *to = (char *)mnl_nlmsg_get_payload_tail(&m->head) + MNL_ATTR_HDRLEN;

	if (mnl_attr_put_check(&m->head, sizeof(m->bytes), type, len, v))
		memset(to + len, 0, MNL_ALIGN(len) - len);
	else
		m->full = true;
}

void ctl_put_num(struct ctl_msg *m, enum mip_attr a, uint64_t v)
{
	switch (mip_kind_size(ctl_attrs[a].kind)) {
	case 1: put_attr(m, (uint16_t)a, 1, &(uint8_t){(uint8_t)v}); return;
	case 2: put_attr(m, (uint16_t)a, 2, &(uint16_t){(uint16_t)v}); return;
	case 4: put_attr(m, (uint16_t)a, 4, &(uint32_t){(uint32_t)v}); return;
	case 8: put_attr(m, (uint16_t)a, 8, &v); return;
	}
	assert(!"ctl_put_num of what is not a number");
}

void ctl_put_addr(struct ctl_msg *m, enum mip_attr a, const struct in6_addr *v)
{
	assert(ctl_attrs[a].kind == MIP_K_ADDR || ctl_attrs[a].kind == MIP_K_IPV4);
	put_attr(m, (uint16_t)a, sizeof(*v), v);
}

static void pack(uint8_t bytes[MIP_PREFIX_LEN], const struct in6_addr *v, uint8_t len)
{
	struct addr_prefix p = addr_prefix(v, len);

	assert(len <= 128);
	memcpy(bytes, &p.addr, sizeof(p.addr));
	bytes[sizeof(p.addr)] = len;
}

void ctl_put_prefix(struct ctl_msg *m, enum mip_attr a, const struct in6_addr *v, uint8_t len)
{
	uint8_t bytes[MIP_PREFIX_LEN];

	assert(ctl_attrs[a].kind == MIP_K_PREFIX || ctl_attrs[a].kind == MIP_K_PREFIX4);
	pack(bytes, v, len);
	put_attr(m, (uint16_t)a, sizeof(bytes), bytes);
}

void ctl_put_prefixes(struct ctl_msg *m, enum mip_attr a, const struct addr_prefix *list, size_t n)
{
	uint8_t bytes[MIP_MSG_MAX / MIP_PREFIX_LEN * MIP_PREFIX_LEN];

	assert(ctl_attrs[a].kind == MIP_K_PREFIXES && n <= sizeof(bytes) / MIP_PREFIX_LEN);
	for (size_t i = 0; i < n; i++)
		pack(bytes + i * MIP_PREFIX_LEN, &list[i].addr, list[i].plen);
	if (n)
		put_attr(m, (uint16_t)a, n * MIP_PREFIX_LEN, bytes);
}

void ctl_put_key(struct ctl_msg *m, enum mip_attr a, const uint8_t *v, size_t len)
{
	assert(ctl_attrs[a].kind == MIP_K_KEY && len <= MIP_KEY_MAX);
	put_attr(m, (uint16_t)a, len, v);
}

void ctl_put_str(struct ctl_msg *m, enum mip_attr a, const char *v)
{
	assert(ctl_attrs[a].kind == MIP_K_STR || ctl_attrs[a].kind == MIP_K_DEV);
	put_attr(m, (uint16_t)a, strlen(v) + 1, v);
}

void ctl_msg_error(struct ctl_msg *m, uint32_t seq, const struct why *why, int64_t index)
{
	struct nlmsgerr *err;

	ctl_msg_open(m, NLMSG_ERROR);
	m->head.nlmsg_seq = seq;
	err = mnl_nlmsg_put_extra_header(&m->head, sizeof(*err));
	err->msg.nlmsg_seq = seq;
	err->msg.nlmsg_len = sizeof(err->msg);
	if (!why || !why->err)
		return;
	err->error = -why->err;
	put_attr(m, MIP_ERR_TEXT, strlen(why->text) + 1, why->text);
	if (why->attr)
		put_attr(m, MIP_ERR_ATTR, sizeof(why->attr), &why->attr);
	if (index >= 0)
		put_attr(m, MIP_ERR_INDEX, 4, &(uint32_t){(uint32_t)index});
}
