/*
 * The options of a Mobility Header, RFC 6275 6.2, RFC 3963 4.3 and RFC 5555 3: one row per option gives its
 * length, its alignment (6.2.1: xn+y from the start of the Mobility Header), its
 * reader and its writer. Which option belongs to which message is mh.c's
 * knowledge; whether its value is acceptable is the role's.
 */
#include "wire/mhopt.h"

enum { OPT_PAD1 = 0, OPT_PADN = 1 };

#define NAT_UDP 0x8000 /* F */

struct option {
	unsigned has;
	uint8_t type, len;	/* len: the data alone, as Option Length says it */
	uint8_t multiple, rest; /* alignment: offset of the type octet = rest modulo multiple */
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
	struct addr_prefix p;

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

/* In the order they are written: 6.2.7 wants the authenticator last. */
static const struct option options[] = {
	{MHO_REFRESH, 2, 2, 2, 0, refresh_read, refresh_write},	    /* 6.2.4 */
	{MHO_ALT_COA, 3, 16, 8, 6, alt_coa_read, alt_coa_write},    /* 6.2.5 */
	{MHO_NONCES, 4, 4, 2, 0, nonces_read, nonces_write},	    /* 6.2.6 */
	{MHO_NETWORK, 6, 18, 8, 4, network_read, network_write},    /* RFC 3963 4.3 */
	{MHO_NAT, 31, 6, 4, 0, nat_read, nat_write},		    /* RFC 5555 3.2.2 */
	{MHO_IPV4_COA, 32, 6, 4, 0, ipv4_coa_read, ipv4_coa_write}, /* RFC 5555 3.1.2 */
	{MHO_AUTH, 5, 12, 8, 2, auth_read, auth_write},		    /* 6.2.7 */
};

#define OPTIONS (sizeof(options) / sizeof(options[0]))

/* The row of an option that means something in this message, or NULL: 6.2.1 skips what is not recognized. */
static const struct option *option_find(uint8_t type, unsigned allowed)
{
	for (size_t i = 0; i < OPTIONS; i++)
		if (options[i].type == type)
			return options[i].has & allowed ? &options[i] : NULL;
	return NULL;
}

/* One option with its type octet already read; `data` is a cursor over the message that ends where the option ends. */
static bool option_read(struct rd *data, uint8_t type, unsigned allowed, struct mh_opts *o)
{
	const struct option *opt = option_find(type, allowed);

	if (!opt || (o->has & opt->has && opt->has != MHO_NETWORK))
		return true;
	if (rd_left(data) != opt->len)
		return false;
	opt->read(data, o);
	o->has |= opt->has;
	return true;
}

bool mhopt_read(struct rd *r, unsigned allowed, struct mh_opts *o, size_t *at)
{
	while (rd_left(r)) {
		uint8_t type, len;
		struct rd data;

		*at = rd_at(r);
		if (o->has & MHO_AUTH)
			return false; /* 6.2.7: last, and no padding after it */
		type = rd_u8(r);
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
			align(w, opt->multiple, opt->rest);
			wr_u8(w, opt->type);
			wr_u8(w, opt->len);
			opt->write(w, o, n);
		}
	}
	align(w, 8, 0);
}
