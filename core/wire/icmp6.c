/*
 * The ICMPv6 messages of RFC 6275 6.5-6.7 (home agent address discovery, mobile
 * prefix solicitation), the Parameter Problem (RFC 4443 3.4), and the head all of
 * them share. What looks like Neighbor Discovery is in nd.c.
 */
#include <errno.h>

#include "wire/icmp6_head.h"

#define IP6_MIN_MTU 1280
#define IP6_HLEN    40
#define DHAAD_R	    0x8000

int icmp6_head_read(struct rd *r, uint8_t type)
{
	uint8_t is = rd_u8(r), code = rd_u8(r);

	rd_take(r, 2);
	if (r->bad)
		return -EBADMSG;
	if (is != type)
		return -EINVAL;
	return code ? -EBADMSG : 0;
}

void icmp6_head_write(struct wr *w, uint8_t type, uint8_t code)
{
	wr_u8(w, type);
	wr_u8(w, code);
	wr_room(w, 2);
}

int icmp6_end(const struct wr *w)
{
	return w->bad ? -ENOSPC : (int)wr_at(w);
}

/* 6.5, 6.6; RFC 3963 7. In a reply the rest is addresses and nothing else; the preferred come first, so the last go
 * when they are too many. In a request nothing is defined, and what stands there is ignored. */
int dhaad_read(const uint8_t *data, size_t len, struct dhaad *out)
{
	bool reply = len && data[0] == ICMP6_DHAAD_REP;
	struct dhaad d = {0};
	struct rd r = rd_over(data, len);
	int err = icmp6_head_read(&r, reply ? ICMP6_DHAAD_REP : ICMP6_DHAAD_REQ);

	if (err)
		return err;
	d.id = rd_u16(&r);
	d.routers = rd_u16(&r) & DHAAD_R;
	if (r.bad || (reply && rd_left(&r) % sizeof(d.agent[0])))
		return -EBADMSG;
	while (reply && rd_left(&r) && d.agents < DHAAD_MAX)
		rd_bytes(&r, &d.agent[d.agents++], sizeof(d.agent[0]));
	*out = d;
	return 0;
}

int dhaad_write(const struct dhaad *d, bool reply, uint8_t *data, size_t cap)
{
	struct wr w = wr_over(data, cap);

	icmp6_head_write(&w, reply ? ICMP6_DHAAD_REP : ICMP6_DHAAD_REQ, 0);
	wr_u16(&w, d->id);
	wr_u16(&w, d->routers ? DHAAD_R : 0);
	for (size_t i = 0; reply && i < d->agents && i < DHAAD_MAX; i++)
		wr_bytes(&w, &d->agent[i], sizeof(d->agent[i]));
	return icmp6_end(&w);
}

/* 6.7. No options are defined for it; what follows is ignored. */
int mps_read(const uint8_t *data, size_t len, uint16_t *id)
{
	struct rd r = rd_over(data, len);
	int err = icmp6_head_read(&r, ICMP6_MPS);
	uint16_t v;

	if (err)
		return err;
	v = rd_u16(&r);
	rd_take(&r, 2);
	if (r.bad)
		return -EBADMSG;
	*id = v;
	return 0;
}

int mps_write(uint16_t id, uint8_t *data, size_t cap)
{
	struct wr w = wr_over(data, cap);

	icmp6_head_write(&w, ICMP6_MPS, 0);
	wr_u16(&w, id);
	wr_room(&w, 2);
	return icmp6_end(&w);
}

int icmp6_error_write(
	uint8_t type, uint8_t code, uint32_t info, const uint8_t *pkt, size_t len, uint8_t *data, size_t cap)
{
	const size_t most = IP6_MIN_MTU - IP6_HLEN - ICMP6_ERROR_HLEN; /* RFC 4443 2.4 (c) */
	struct wr w = wr_over(data, cap);

	icmp6_head_write(&w, type, code);
	wr_u32(&w, info);
	wr_bytes(&w, pkt, len < most ? len : most);
	return icmp6_end(&w);
}
