/*
 * The options of a Mobility Header, RFC 6275 6.2, RFC 3963 4.3, RFC 4283 3, RFC 4285 5 and 6, RFC 5555 3: one row per
 * option gives its length, its alignment (6.2.1: xn+y from the start of the Mobility Header), its
 * reader and its writer. Which option belongs to which message is mh.c's
 * knowledge; whether its value is acceptable is the role's.
 */
#include "wire/mhopt.h"

enum { OPT_PAD1 = 0, OPT_PADN = 1, OPT_MAC = 9 };
enum { SUB_NAI = 1, SUB_MN_HA = 1, SUB_MN_AAA = 2 };

#define NAT_UDP	    0x8000 /* F */
#define IPV4_PREFIX 0x0200 /* P */
#define IPV4_BITS   96	   /* of an IPv4-mapped address, before the IPv4 one */

struct option {
	unsigned has;
	uint8_t type, subtype;	/* subtype 0: it has none */
	uint8_t len;		/* the data alone, as Option Length says it; of one that varies the least */
	uint8_t multiple, rest; /* alignment: offset of the type octet = rest modulo multiple */
	size_t (*more)(const struct mh_opts *o); /* octets beyond len; NULL: it does not vary */
	void (*read)(struct rd *r, struct mh_opts *o);
	void (*write)(struct wr *w, struct mh_opts *o, size_t n); /* the n-th of them */
};

static void refresh_read(struct rd *r, struct mh_opts *o)
{
	o->refresh = rd_u16(r);
}

static void refresh_write(struct wr *w, struct mh_opts *o, size_t n)
{
	(void)n;
	wr_u16(w, o->refresh);
}

static void alt_coa_read(struct rd *r, struct mh_opts *o)
{
	rd_bytes(r, &o->alt_coa, sizeof(o->alt_coa));
}

static void alt_coa_write(struct wr *w, struct mh_opts *o, size_t n)
{
	(void)n;
	wr_bytes(w, &o->alt_coa, sizeof(o->alt_coa));
}

static void nonces_read(struct rd *r, struct mh_opts *o)
{
	o->home_nonce = rd_u16(r);
	o->coa_nonce = rd_u16(r);
}

static void nonces_write(struct wr *w, struct mh_opts *o, size_t n)
{
	(void)n;
	wr_u16(w, o->home_nonce);
	wr_u16(w, o->coa_nonce);
}

static void network_read(struct rd *r, struct mh_opts *o)
{
	struct addr_prefix p = {0};

	rd_take(r, 1);
	p.plen = rd_u8(r);
	rd_bytes(r, &p.addr, sizeof(p.addr));
	if (o->networks < MH_NETWORKS)
		o->network[o->networks] = p;
	o->networks++;
}

static void network_write(struct wr *w, struct mh_opts *o, size_t n)
{
	wr_room(w, 1);
	wr_u8(w, o->network[n].plen);
	wr_bytes(w, &o->network[n].addr, sizeof(o->network[n].addr));
}

static void auth_read(struct rd *r, struct mh_opts *o)
{
	o->auth_at = rd_at(r);
	rd_bytes(r, o->auth, sizeof(o->auth));
}

static void auth_write(struct wr *w, struct mh_opts *o, size_t n)
{
	(void)n;
	o->auth_at = wr_at(w);
	wr_bytes(w, o->auth, sizeof(o->auth));
}

static void nat_read(struct rd *r, struct mh_opts *o)
{
	o->nat_udp = rd_u16(r) & NAT_UDP;
	o->nat_refresh = rd_u32(r);
}

static void nat_write(struct wr *w, struct mh_opts *o, size_t n)
{
	(void)n;
	wr_u16(w, o->nat_udp ? NAT_UDP : 0);
	wr_u32(w, o->nat_refresh);
}

static void ipv4_coa_read(struct rd *r, struct mh_opts *o)
{
	uint8_t ipv4[4];

	rd_take(r, 2);
	rd_bytes(r, ipv4, sizeof(ipv4));
	o->ipv4_coa = addr_mapped(ipv4);
}

static void ipv4_coa_write(struct wr *w, struct mh_opts *o, size_t n)
{
	(void)n;
	wr_room(w, 2);
	wr_bytes(w, &o->ipv4_coa.s6_addr[12], 4);
}

/* A length of 6 bits, P and 9 bits reserved (3.1.1). No length is longer than an address: the role finds it so. */
static void ipv4_home_read(struct rd *r, struct mh_opts *o)
{
	uint16_t head = rd_u16(r);
	uint8_t ipv4[4];

	o->ipv4_prefix = head & IPV4_PREFIX;
	rd_bytes(r, ipv4, sizeof(ipv4));
	o->ipv4_home = (struct addr_prefix){addr_mapped(ipv4), (uint8_t)(IPV4_BITS + (head >> 10))};
}

static void ipv4_home_write(struct wr *w, struct mh_opts *o, size_t n)
{
	(void)n;
	wr_u16(w, (uint16_t)((unsigned)(o->ipv4_home.plen - IPV4_BITS) << 10 | (o->ipv4_prefix ? IPV4_PREFIX : 0)));
	wr_bytes(w, &o->ipv4_home.addr.s6_addr[12], 4);
}

/* A status, a length of 6 bits and 2 bits reserved (3.2.1). */
static void ipv4_ack_read(struct rd *r, struct mh_opts *o)
{
	uint8_t ipv4[4], plen;

	o->ipv4_status = rd_u8(r);
	plen = rd_u8(r) >> 2;
	rd_bytes(r, ipv4, sizeof(ipv4));
	o->ipv4_home = (struct addr_prefix){addr_mapped(ipv4), (uint8_t)(IPV4_BITS + plen)};
}

static void ipv4_ack_write(struct wr *w, struct mh_opts *o, size_t n)
{
	(void)n;
	wr_u8(w, o->ipv4_status);
	wr_u8(w, (uint8_t)((unsigned)(o->ipv4_home.plen - IPV4_BITS) << 2));
	wr_bytes(w, &o->ipv4_home.addr.s6_addr[12], 4);
}

static size_t mn_id_more(const struct mh_opts *o)
{
	return o->mn_id_len;
}

static void mn_id_read(struct rd *r, struct mh_opts *o)
{
	rd_take(r, 1);
	o->mn_id_len = (uint8_t)rd_left(r);
	o->mn_id = rd_take(r, o->mn_id_len);
}

static void mn_id_write(struct wr *w, struct mh_opts *o, size_t n)
{
	(void)n;
	wr_u8(w, SUB_NAI);
	if (o->mn_id_len)
		wr_bytes(w, o->mn_id, o->mn_id_len);
}

static void timestamp_read(struct rd *r, struct mh_opts *o)
{
	o->timestamp = (uint64_t)rd_u32(r) << 32;
	o->timestamp |= rd_u32(r);
}

static void timestamp_write(struct wr *w, struct mh_opts *o, size_t n)
{
	(void)n;
	wr_u32(w, (uint32_t)(o->timestamp >> 32));
	wr_u32(w, (uint32_t)o->timestamp);
}

/* A longer authenticator than any algorithm makes is right for none: its length says so. */
static void mac_read(struct rd *r, struct mh_mac *mac)
{
	rd_take(r, 1);
	mac->spi = rd_u32(r);
	mac->at = rd_at(r);
	mac->len = (uint8_t)rd_left(r);
	rd_bytes(r, mac->bytes, mac->len < MH_MAC_MAX ? mac->len : MH_MAC_MAX);
}

static void mac_write(struct wr *w, uint8_t subtype, struct mh_mac *mac)
{
	wr_u8(w, subtype);
	wr_u32(w, mac->spi);
	mac->at = wr_at(w);
	wr_bytes(w, mac->bytes, mac->len);
}

static size_t mn_ha_more(const struct mh_opts *o)
{
	return o->mn_ha.len;
}

static void mn_ha_read(struct rd *r, struct mh_opts *o)
{
	mac_read(r, &o->mn_ha);
}

static void mn_ha_write(struct wr *w, struct mh_opts *o, size_t n)
{
	(void)n;
	mac_write(w, SUB_MN_HA, &o->mn_ha);
}

static size_t mn_aaa_more(const struct mh_opts *o)
{
	return o->mn_aaa.len;
}

static void mn_aaa_read(struct rd *r, struct mh_opts *o)
{
	mac_read(r, &o->mn_aaa);
}

static void mn_aaa_write(struct wr *w, struct mh_opts *o, size_t n)
{
	(void)n;
	mac_write(w, SUB_MN_AAA, &o->mn_aaa);
}

/* In the order they are written: RFC 6275 6.2.7 and RFC 4285 5.1, 5.2 want an authenticator last. */
static const struct option options[] = {
	{MHO_REFRESH, 2, 0, 2, 2, 0, NULL, refresh_read, refresh_write},		    /* 6.2.4 */
	{MHO_ALT_COA, 3, 0, 16, 8, 6, NULL, alt_coa_read, alt_coa_write},		    /* 6.2.5 */
	{MHO_NONCES, 4, 0, 4, 2, 0, NULL, nonces_read, nonces_write},			    /* 6.2.6 */
	{MHO_NETWORK, 6, 0, 18, 8, 4, NULL, network_read, network_write},		    /* RFC 3963 4.3 */
	{MHO_IPV4_HOME, 29, 0, 6, 4, 0, NULL, ipv4_home_read, ipv4_home_write},		    /* RFC 5555 3.1.1 */
	{MHO_IPV4_ACK, 30, 0, 6, 4, 0, NULL, ipv4_ack_read, ipv4_ack_write},		    /* RFC 5555 3.2.1 */
	{MHO_NAT, 31, 0, 6, 4, 0, NULL, nat_read, nat_write},				    /* RFC 5555 3.2.2 */
	{MHO_IPV4_COA, 32, 0, 6, 4, 0, NULL, ipv4_coa_read, ipv4_coa_write},		    /* RFC 5555 3.1.2 */
	{MHO_MN_ID, 8, SUB_NAI, 1, 1, 0, mn_id_more, mn_id_read, mn_id_write},		    /* RFC 4283 3 */
	{MHO_TIMESTAMP, 10, 0, 8, 8, 2, NULL, timestamp_read, timestamp_write},		    /* RFC 4285 6 */
	{MHO_AUTH, 5, 0, 12, 8, 2, NULL, auth_read, auth_write},			    /* 6.2.7 */
	{MHO_MN_HA, OPT_MAC, SUB_MN_HA, 5, 4, 1, mn_ha_more, mn_ha_read, mn_ha_write},	    /* RFC 4285 5.1 */
	{MHO_MN_AAA, OPT_MAC, SUB_MN_AAA, 5, 4, 1, mn_aaa_more, mn_aaa_read, mn_aaa_write}, /* RFC 4285 5.2 */
};

#define OPTIONS (sizeof(options) / sizeof(options[0]))

/* The row of an option that means something in this message, or NULL: 6.2.1 skips what is not recognized. */
static const struct option *option_find(uint8_t type, const struct rd *data, unsigned allowed)
{
	for (size_t i = 0; i < OPTIONS; i++)
		if (options[i].type == type &&
			(!options[i].subtype || (rd_left(data) && *data->p == options[i].subtype)))
			return options[i].has & allowed ? &options[i] : NULL;
	return NULL;
}

/* One option with its type octet already read; `data` is a cursor over the message that ends where the option ends. */
static bool option_read(struct rd *data, uint8_t type, unsigned allowed, struct mh_opts *o)
{
	const struct option *opt = option_find(type, data, allowed);

	if (!opt || (o->has & opt->has && opt->has != MHO_NETWORK))
		return true;
	if (opt->more ? rd_left(data) < opt->len : rd_left(data) != opt->len)
		return false;
	opt->read(data, o);
	o->has |= opt->has;
	return true;
}

/* Behind Binding Authorization Data comes nothing, padding neither (6.2.7); behind the authenticator of RFC 4285, which
 * covers nothing that follows it, padding and one of another subtype. */
static bool may_follow(const struct mh_opts *o, uint8_t type)
{
	if (type == OPT_PAD1 || type == OPT_PADN)
		return !(o->has & MHO_AUTH);
	return !(o->has & (MHO_AUTH | MHO_MN_AAA)) && (!(o->has & MHO_MN_HA) || type == OPT_MAC);
}

bool mhopt_read(struct rd *r, unsigned allowed, struct mh_opts *o, size_t *at)
{
	while (rd_left(r)) {
		uint8_t type, len;
		struct rd data;

		*at = rd_at(r);
		type = rd_u8(r);
		if (!may_follow(o, type))
			return false;
		if (type == OPT_PAD1)
			continue;
		len = rd_u8(r);
		data = *r;
		if (!rd_take(r, len))
			return false;
		data.end = r->p;
		if (!option_read(&data, type, allowed, o))
			return false;
	}
	return true;
}

static void pad(struct wr *w, size_t n)
{
	if (n == 1) {
		wr_u8(w, OPT_PAD1);
	} else if (n >= 2) {
		wr_u8(w, OPT_PADN);
		wr_u8(w, (uint8_t)(n - 2));
		wr_room(w, n - 2);
	}
}

static void align(struct wr *w, size_t multiple, size_t rest)
{
	pad(w, (multiple + rest - wr_at(w) % multiple) % multiple);
}

void mhopt_write(struct wr *w, struct mh_opts *o)
{
	for (size_t i = 0; i < OPTIONS; i++) {
		const struct option *opt = &options[i];
		size_t times = opt->has == MHO_NETWORK ? o->networks : 1;

		for (size_t n = 0; o->has & opt->has && n < times && n < MH_NETWORKS; n++) {
			size_t len = opt->len + (opt->more ? opt->more(o) : 0);

			/* So that one that is to be last is: nothing is padded behind it. */
			if (opt->type == OPT_MAC)
				align(w, 8, (8 - (2 + len) % 8) % 8);
			align(w, opt->multiple, opt->rest);
			wr_u8(w, opt->type);
			wr_u8(w, (uint8_t)len);
			opt->write(w, o, n);
		}
	}
	align(w, 8, 0);
}
