/*
 * The Mobility Header, RFC 6275 6.1: one row per message type says how long it
 * is at least, which options mean something in it, how its body is read and
 * written. The order of the checks is that of 9.2 (for home agents 10.2). Options are in mhopt.c, texts
 * in mhtext.c; checksums are ip6_checksum()'s, what a value means is the role's.
 */
#include <errno.h>

#include "wire/icmp6.h"
#include "wire/mhopt.h"

#define MH_FIXED 6 /* Payload Proto, Header Len, MH Type, Reserved, Checksum */

static void brr_read(struct rd *r, struct mh *m)
{
	(void)m;
	rd_take(r, 2);
}

static void brr_write(struct wr *w, const struct mh *m)
{
	(void)m;
	wr_room(w, 2);
}

static void init_read(struct rd *r, struct mh *m)
{
	rd_take(r, 2);
	m->u.init.cookie = rd_u64(r);
}

static void init_write(struct wr *w, const struct mh *m)
{
	wr_room(w, 2);
	wr_u64(w, m->u.init.cookie);
}

static void test_read(struct rd *r, struct mh *m)
{
	m->u.test.nonce = rd_u16(r);
	m->u.test.cookie = rd_u64(r);
	m->u.test.token = rd_u64(r);
}

static void test_write(struct wr *w, const struct mh *m)
{
	wr_u16(w, m->u.test.nonce);
	wr_u64(w, m->u.test.cookie);
	wr_u64(w, m->u.test.token);
}

static void bu_read(struct rd *r, struct mh *m)
{
	m->u.bu.seq = rd_u16(r);
	m->u.bu.flags = rd_u16(r);
	m->u.bu.lifetime = rd_u16(r);
}

static void bu_write(struct wr *w, const struct mh *m)
{
	wr_u16(w, m->u.bu.seq);
	wr_u16(w, m->u.bu.flags);
	wr_u16(w, m->u.bu.lifetime);
}

static void ba_read(struct rd *r, struct mh *m)
{
	m->u.ba.status = rd_u8(r);
	m->u.ba.flags = rd_u8(r);
	m->u.ba.seq = rd_u16(r);
	m->u.ba.lifetime = rd_u16(r);
}

static void ba_write(struct wr *w, const struct mh *m)
{
	wr_u8(w, m->u.ba.status);
	wr_u8(w, m->u.ba.flags);
	wr_u16(w, m->u.ba.seq);
	wr_u16(w, m->u.ba.lifetime);
}

static void be_read(struct rd *r, struct mh *m)
{
	m->u.be.status = rd_u8(r);
	rd_take(r, 1);
	rd_bytes(r, &m->u.be.home, sizeof(m->u.be.home));
}

static void be_write(struct wr *w, const struct mh *m)
{
	wr_u8(w, m->u.be.status);
	wr_room(w, 1);
	wr_bytes(w, &m->u.be.home, sizeof(m->u.be.home));
}

/* Options of a message that a shared key protects (RFC 4283, RFC 4285). */
#define BY_KEY (MHO_MN_ID | MHO_TIMESTAMP | MHO_MN_HA)

static const struct kind {
	uint8_t min;  /* least Header Len */
	unsigned has; /* the options that belong to it, enum mh_has */
	void (*read)(struct rd *r, struct mh *m);
	void (*write)(struct wr *w, const struct mh *m);
} kinds[MH_TYPES] = {
	[MH_BRR] = {0, 0, brr_read, brr_write},	   /* 6.1.2 */
	[MH_HOTI] = {1, 0, init_read, init_write}, /* 6.1.3 */
	[MH_COTI] = {1, 0, init_read, init_write}, /* 6.1.4 */
	[MH_HOT] = {2, 0, test_read, test_write},  /* 6.1.5 */
	[MH_COT] = {2, 0, test_read, test_write},  /* 6.1.6 */
	[MH_BU] = {1,
		MHO_ALT_COA | MHO_NONCES | MHO_NETWORK | MHO_IPV4_HOME | MHO_IPV4_COA | MHO_AUTH | BY_KEY | MHO_MN_AAA,
		bu_read, bu_write},								    /* 6.1.7 */
	[MH_BA] = {1, MHO_REFRESH | MHO_IPV4_ACK | MHO_NAT | MHO_AUTH | BY_KEY, ba_read, ba_write}, /* 6.1.8 */
	[MH_BE] = {2, 0, be_read, be_write},							    /* 6.1.9 */
};

uint8_t mh_least(uint8_t type)
{
	return type < MH_TYPES ? kinds[type].min : 0;
}

static size_t header_len(const uint8_t *data)
{
	return 8 * ((size_t)data[MH_LEN_AT] + 1);
}

/* The checks of 9.2. A message shorter than it claims cannot have had a good checksum, so that is the first of them. */
static enum mh_verdict header_check(const uint8_t *data, size_t len, size_t *at)
{
	*at = MH_LEN_AT;
	if (len < 8 || header_len(data) > len)
		return MH_DROP;
	*at = MH_TYPE_AT;
	if (data[MH_TYPE_AT] >= MH_TYPES)
		return MH_UNKNOWN_TYPE;
	*at = MH_PROTO_AT;
	if (data[MH_PROTO_AT] != MH_NO_NEXT)
		return MH_BAD_PROTO;
	*at = MH_LEN_AT;
	return data[MH_LEN_AT] < kinds[data[MH_TYPE_AT]].min ? MH_BAD_LENGTH : MH_OK;
}

/* Body and options of a message whose header is in order. Bytes after Header Len are not ours: behind a Next Header of
 * 59 they are ignored (RFC 8200 4.7). */
static bool body_read(const uint8_t *data, struct mh *m, size_t *at)
{
	const struct kind *kind = &kinds[m->type];
	struct rd r = rd_over(data, header_len(data));

	rd_take(&r, MH_FIXED);
	kind->read(&r, m);
	return mhopt_read(&r, kind->has, &m->opt, at) && !r.bad;
}

enum mh_verdict mh_read(const uint8_t *data, size_t len, struct mh *out, size_t *at)
{
	struct mh m = {0};
	size_t unwanted;
	enum mh_verdict v = header_check(data, len, at ? at : &unwanted);

	if (v == MH_UNKNOWN_TYPE)
		out->type = data[MH_TYPE_AT];
	if (v != MH_OK)
		return v;
	m.type = data[MH_TYPE_AT];
	m.bytes = data;
	if (!body_read(data, &m, at ? at : &unwanted))
		return MH_DROP;
	*out = m;
	return MH_OK;
}

int mh_write(struct mh *m, uint8_t *data, size_t cap)
{
	struct wr w = wr_over(data, cap);

	if (m->type >= MH_TYPES || m->opt.has & ~kinds[m->type].has)
		return -EINVAL;
	wr_room(&w, MH_FIXED);
	kinds[m->type].write(&w, m);
	mhopt_write(&w, &m->opt);
	if (w.bad)
		return -ENOSPC;
	data[MH_PROTO_AT] = MH_NO_NEXT;
	data[MH_LEN_AT] = (uint8_t)(wr_at(&w) / 8 - 1);
	data[MH_TYPE_AT] = m->type;
	return (int)wr_at(&w);
}

uint16_t mh_checksum(const struct in6_addr *src, const struct in6_addr *dst, const uint8_t *data, size_t len)
{
	return ip6_checksum(src, dst, MH_PROTO, data, len);
}

/* Over the Mobility Header alone: its length is the Upper-Layer Packet Length of the pseudo-header (6.1.1), whatever
 * follows it in the packet. A Header Len below the type's least is wrong itself, and the sender of such a message may
 * have summed what it meant to send: either sum earns the Parameter Problem of 9.2. */
bool mh_checksum_ok(const struct in6_addr *src, const struct in6_addr *dst, const uint8_t *data, size_t len)
{
	if (len < 8 || header_len(data) > len)
		return false;
	if (mh_checksum(src, dst, data, header_len(data)) == 0)
		return true;
	return data[MH_LEN_AT] < mh_least(data[MH_TYPE_AT]) && mh_checksum(src, dst, data, len) == 0;
}
