/*
 * Neighbor Discovery as a mobile node and a home agent read and write it: RS, RA,
 * NS, NA (RFC 4861 4.1-4.4) and the Mobile Prefix Advertisement (RFC 6275 6.8),
 * which carries the same options (RFC 4861 4.6, RFC 6275 7.2-7.4). Reading keeps
 * the checks of 6.1.2, 7.1.1 and 7.1.2 that need the message alone.
 */
#include <errno.h>

#include "wire/icmp6_head.h"

enum {
	OPT_SOURCE_LLADDR = 1,
	OPT_TARGET_LLADDR = 2,
	OPT_PREFIX = 3,
	OPT_INTERVAL = 7, /* RFC 6275 7.3 */
	OPT_HA_INFO = 8,  /* RFC 6275 7.4 */
};

enum { RA_M = 0x80, RA_O = 0x40, RA_H = 0x20 };
enum { PREFIX_L = 0x80, PREFIX_A = 0x40, PREFIX_R = 0x20 };
enum { HA_INFO_R = 0x8000 }; /* RFC 3963 7.3 */
enum { NA_R = 0x80, NA_S = 0x40, NA_O = 0x20 };

/* A row per option: how many units of 8 octets it takes, and where its data goes. */
struct row {
	uint8_t type, units;
	void (*read)(struct rd *r, void *out);
};

static const struct row *row_find(const struct row *rows, size_t n, uint8_t type, uint8_t units)
{
	for (size_t i = 0; i < n; i++)
		if (rows[i].type == type && rows[i].units == units)
			return &rows[i];
	return NULL;
}

/* All options up to the end of r. An option that is unknown, or known with a length that is not its own (a link-layer
 * address longer than Ethernet's), is skipped; one of length 0 or cut short makes the message invalid (RFC 4861 6.1.2).
 */
static bool options_read(struct rd *r, const struct row *rows, size_t n, void *out)
{
	while (rd_left(r)) {
		uint8_t type = rd_u8(r), units = rd_u8(r);
		const struct row *row = row_find(rows, n, type, units);
		struct rd data = *r;

		if (!units || !rd_take(r, (size_t)units * 8 - 2))
			return false;
		if (row)
			row->read(&data, out);
	}
	return true;
}

static void ra_lladdr_read(struct rd *r, void *out)
{
	struct nd_ra *ra = out;

	ra->has_lladdr = true;
	rd_bytes(r, ra->lladdr, sizeof(ra->lladdr));
}

static void ra_prefix_read(struct rd *r, void *out)
{
	struct nd_ra *ra = out;
	struct nd_prefix p = {.len = rd_u8(r)};
	uint8_t flags = rd_u8(r);

	p.onlink = flags & PREFIX_L;
	p.autoconf = flags & PREFIX_A;
	p.router = flags & PREFIX_R;
	p.valid = rd_u32(r);
	p.preferred = rd_u32(r);
	rd_take(r, 4);
	rd_bytes(r, &p.prefix, sizeof(p.prefix));
	if (p.len <= 128 && ra->prefixes < RA_PREFIXES_MAX)
		ra->prefix[ra->prefixes++] = p;
}

static void ra_interval_read(struct rd *r, void *out)
{
	struct nd_ra *ra = out;

	ra->has_interval = true;
	rd_take(r, 2);
	ra->interval_ms = rd_u32(r);
}

static void ra_ha_info_read(struct rd *r, void *out)
{
	struct nd_ra *ra = out;

	ra->has_ha_info = true;
	ra->ha_routers = rd_u16(r) & HA_INFO_R;
	ra->ha_preference = rd_u16(r);
	ra->ha_lifetime = rd_u16(r);
}

static void nx_lladdr_read(struct rd *r, void *out)
{
	struct nd_nx *nx = out;

	nx->has_lladdr = true;
	rd_bytes(r, nx->lladdr, sizeof(nx->lladdr));
}

static const struct row ra_rows[] = {
	{OPT_SOURCE_LLADDR, 1, ra_lladdr_read},
	{OPT_PREFIX, 4, ra_prefix_read},
	{OPT_INTERVAL, 1, ra_interval_read},
	{OPT_HA_INFO, 1, ra_ha_info_read},
};
static const struct row mpa_rows[] = {{OPT_PREFIX, 4, ra_prefix_read}};
static const struct row ns_rows[] = {{OPT_SOURCE_LLADDR, 1, nx_lladdr_read}};
static const struct row na_rows[] = {{OPT_TARGET_LLADDR, 1, nx_lladdr_read}};

int ra_read(const uint8_t *data, size_t len, struct nd_ra *out)
{
	struct nd_ra ra = {0};
	struct rd r = rd_over(data, len);
	int err = icmp6_head_read(&r, ICMP6_RA);
	uint8_t flags;

	if (err)
		return err;
	ra.hop_limit = rd_u8(&r);
	flags = rd_u8(&r);
	ra.managed = flags & RA_M;
	ra.other = flags & RA_O;
	ra.home_agent = flags & RA_H;
	ra.router_lifetime = rd_u16(&r);
	rd_take(&r, 8); /* reachable time, retransmission timer */
	if (r.bad || !options_read(&r, ra_rows, sizeof(ra_rows) / sizeof(ra_rows[0]), &ra))
		return -EBADMSG;
	*out = ra;
	return 0;
}

int mpa_read(const uint8_t *data, size_t len, struct nd_ra *out)
{
	struct nd_ra ra = {0};
	struct rd r = rd_over(data, len);
	int err = icmp6_head_read(&r, ICMP6_MPA);
	uint8_t flags;

	if (err)
		return err;
	ra.id = rd_u16(&r);
	flags = rd_u8(&r);
	ra.managed = flags & RA_M;
	ra.other = flags & RA_O;
	rd_take(&r, 1);
	if (r.bad || !options_read(&r, mpa_rows, 1, &ra))
		return -EBADMSG;
	*out = ra;
	return 0;
}

int nx_read(const uint8_t *data, size_t len, struct nd_nx *out)
{
	bool advert = len && data[0] == ICMP6_NA;
	struct nd_nx nx = {0};
	struct rd r = rd_over(data, len);
	int err = icmp6_head_read(&r, advert ? ICMP6_NA : ICMP6_NS);
	uint8_t flags;

	if (err)
		return err;
	flags = rd_u8(&r);
	nx.router = advert && flags & NA_R;
	nx.solicited = advert && flags & NA_S;
	nx.override = advert && flags & NA_O;
	rd_take(&r, 3);
	rd_bytes(&r, &nx.target, sizeof(nx.target));
	if (r.bad || IN6_IS_ADDR_MULTICAST(&nx.target) || !options_read(&r, advert ? na_rows : ns_rows, 1, &nx))
		return -EBADMSG;
	*out = nx;
	return 0;
}

static void lladdr_write(struct wr *w, uint8_t type, const uint8_t *lladdr)
{
	wr_u8(w, type);
	wr_u8(w, 1);
	wr_bytes(w, lladdr, 6);
}

static void prefix_write(struct wr *w, const struct nd_prefix *p)
{
	wr_u8(w, OPT_PREFIX);
	wr_u8(w, 4);
	wr_u8(w, p->len);
	wr_u8(w, (p->onlink ? PREFIX_L : 0) | (p->autoconf ? PREFIX_A : 0) | (p->router ? PREFIX_R : 0));
	wr_u32(w, p->valid);
	wr_u32(w, p->preferred);
	wr_room(w, 4);
	wr_bytes(w, &p->prefix, sizeof(p->prefix));
}

static void prefixes_write(struct wr *w, const struct nd_ra *ra)
{
	for (size_t i = 0; i < ra->prefixes && i < RA_PREFIXES_MAX; i++)
		prefix_write(w, &ra->prefix[i]);
}

static void interval_write(struct wr *w, uint32_t ms)
{
	wr_u8(w, OPT_INTERVAL);
	wr_u8(w, 1);
	wr_room(w, 2);
	wr_u32(w, ms);
}

static void ha_info_write(struct wr *w, const struct nd_ra *ra)
{
	wr_u8(w, OPT_HA_INFO);
	wr_u8(w, 1);
	wr_u16(w, ra->ha_routers ? HA_INFO_R : 0);
	wr_u16(w, ra->ha_preference);
	wr_u16(w, ra->ha_lifetime);
}

int rs_write(uint8_t *data, size_t cap, const uint8_t *lladdr)
{
	struct wr w = wr_over(data, cap);

	icmp6_head_write(&w, ICMP6_RS, 0);
	wr_room(&w, 4);
	if (lladdr)
		lladdr_write(&w, OPT_SOURCE_LLADDR, lladdr);
	return icmp6_end(&w);
}

int ra_write(const struct nd_ra *ra, uint8_t *data, size_t cap)
{
	struct wr w = wr_over(data, cap);

	icmp6_head_write(&w, ICMP6_RA, 0);
	wr_u8(&w, ra->hop_limit);
	wr_u8(&w, (ra->managed ? RA_M : 0) | (ra->other ? RA_O : 0) | (ra->home_agent ? RA_H : 0));
	wr_u16(&w, ra->router_lifetime);
	wr_room(&w, 8); /* reachable time, retransmission timer: unspecified */
	if (ra->has_lladdr)
		lladdr_write(&w, OPT_SOURCE_LLADDR, ra->lladdr);
	prefixes_write(&w, ra);
	if (ra->has_interval)
		interval_write(&w, ra->interval_ms);
	if (ra->has_ha_info)
		ha_info_write(&w, ra);
	return icmp6_end(&w);
}

int mpa_write(const struct nd_ra *ra, uint8_t *data, size_t cap)
{
	struct wr w = wr_over(data, cap);

	icmp6_head_write(&w, ICMP6_MPA, 0);
	wr_u16(&w, ra->id);
	wr_u8(&w, (ra->managed ? RA_M : 0) | (ra->other ? RA_O : 0));
	wr_room(&w, 1);
	prefixes_write(&w, ra);
	return icmp6_end(&w);
}

static int nx_write(const struct nd_nx *nx, uint8_t type, uint8_t flags, uint8_t opt, struct wr w)
{
	icmp6_head_write(&w, type, 0);
	wr_u8(&w, flags);
	wr_room(&w, 3);
	wr_bytes(&w, &nx->target, sizeof(nx->target));
	if (nx->has_lladdr)
		lladdr_write(&w, opt, nx->lladdr);
	return icmp6_end(&w);
}

int ns_write(const struct nd_nx *ns, uint8_t *data, size_t cap)
{
	return nx_write(ns, ICMP6_NS, 0, OPT_SOURCE_LLADDR, wr_over(data, cap));
}

int na_write(const struct nd_nx *na, uint8_t *data, size_t cap)
{
	uint8_t flags = (na->router ? NA_R : 0) | (na->solicited ? NA_S : 0) | (na->override ? NA_O : 0);

	return nx_write(na, ICMP6_NA, flags, OPT_TARGET_LLADDR, wr_over(data, cap));
}
