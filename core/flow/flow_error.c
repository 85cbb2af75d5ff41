/*
 * ICMPv6 errors about packets that carried a HAO or an RH2 of ours: the kernel delivers them to the care-of address,
 * where no socket knows the packet inside. Told again without the headers, from the same router, they find the socket:
 * Packet Too Big lowers the path MTU of the home address's flow by what we put in, traceroute works. Those about
 * Mobility Header messages are the roles'.
 */
#include <string.h>

#include "base/addr.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "sys/raw.h"
#include "flow/flow_impl.h"
#include "wire/icmp6.h"
#include "wire/mh.h"

#define ICMP_HLEN 8
#define CKSUM_AT  2
#define WORD_AT	  4
#define PLEN_AT	  4
#define MTU_MIN	  1280
#define ERROR_MAX 1280 /* RFC 4443 2.4 (c) */
#define IS_ERROR  128  /* types below are errors */

#define ERRONEOUS_FIELD	 0 /* codes of a Parameter Problem */
#define UNKNOWN_OPTION	 2
#define PORT_UNREACHABLE 4 /* code of Destination Unreachable */

/* An error as it will be told: a packet of its own, with the packet it is about inside. */
struct error {
	uint8_t room[EDIT_FRONT];
	uint8_t b[ERROR_MAX];
	uint8_t *icmp, *about;
	size_t have, was; /* octets of the packet inside that are here; its Payload Length */
};

static bool error_read(struct error *r, const uint8_t *data, size_t len, struct exthdr *e)
{
	r->icmp = r->b + IP6_HLEN;
	r->about = r->icmp + ICMP_HLEN;
	if (len < ICMP_HLEN + IP6_HLEN || data[0] >= IS_ERROR)
		return false;
	r->have = len - ICMP_HLEN;
	if (r->have > ERROR_MAX - IP6_HLEN - ICMP_HLEN)
		r->have = ERROR_MAX - IP6_HLEN - ICMP_HLEN;
	memcpy(r->icmp, data, ICMP_HLEN + r->have);
	r->was = (size_t)r->about[PLEN_AT] << 8 | r->about[PLEN_AT + 1];
	if (r->was > r->have - IP6_HLEN)
		put_u16(r->about + PLEN_AT, (uint16_t)(r->have - IP6_HLEN));
	else
		r->have = r->was + IP6_HLEN;
	return exthdr_read(r->about, r->have, e) == EXT_OK && (e->hao_at || e->rh2_at) && e->upper != MH_PROTO;
}

/* The pair whose packet it was: sent by us, with what it says now. */
static struct flow_entry *sent_by_us(const struct flows *t, const struct exthdr *e)
{
	struct flow_entry *p = table_pair(&t->table, e->hao_at ? &e->hao : &e->src, e->rh2_at ? &e->rh2 : &e->dst);

	if (!p || p->flow.edits != (e->hao_at ? FLOW_HAO : 0) + (e->rh2_at ? FLOW_RH2 : 0))
		return NULL;
	if ((e->hao_at && !addr_eq(&e->src, &p->flow.local)) || (e->rh2_at && !addr_eq(&e->dst, &p->flow.peer)))
		return NULL;
	return p;
}

/* Pointer or MTU. */
static uint32_t word_of(const struct error *r)
{
	struct rd word = rd_over(r->icmp + WORD_AT, 4);

	return rd_u32(&word);
}

uint32_t flow_obey(struct flows *t, struct flow_entry *p, uint32_t path, size_t room)
{
	uint32_t mtu = path < MTU_MIN ? MTU_MIN : path > SHIM_MTU + room ? SHIM_MTU + (uint32_t)room : path;

	mtu -= (uint32_t)room;
	if (mtu < MTU_MIN && p->mtu != mtu) {
		p->mtu = mtu;
		(void)!flow_lead(t, p, NULL);
	}
	return mtu;
}

static void tell_source(struct flows *t, struct error *r, const struct in6_addr *from, const struct in6_addr *local)
{
	size_t len = ICMP_HLEN + r->have;
	struct packet p = {.data = r->b, .len = IP6_HLEN + len};

	ip6_header(r->b, from, local, IPPROTO_ICMPV6, len);
	put_u16(r->icmp + CKSUM_AT, 0);
	put_u16(r->icmp + CKSUM_AT, ip6_checksum(from, local, IPPROTO_ICMPV6, r->icmp, len));
	if (shim_send(t->shim, &p))
		t->drops.refused++;
}

/* RFC 6275 11.3.5: logged and then discarded, for who took part in return routability knows the Home Address option,
 * and the error may be forged. The application put no such option in, and is not told either. */
static bool is_about_hao(const struct error *r, const struct exthdr *e)
{
	uint32_t at = word_of(r);

	return r->icmp[0] == ICMP6_PARAM_PROB_T && r->icmp[1] == UNKNOWN_OPTION && e->hao_at && at >= e->hao_at &&
	       at < e->hao_at + HAO_ROOM;
}

/* The care-of address is not there, or nobody there knows the home address (any more): a closed port is another thing.
 */
static bool is_unreachable(const struct error *r, const struct exthdr *e)
{
	uint32_t at = word_of(r);

	if (!e->rh2_at)
		return false;
	if (r->icmp[0] == ICMP6_PARAM_PROB_T)
		return r->icmp[1] == ERRONEOUS_FIELD && at >= e->rh2_at && at < e->rh2_at + RH2_ROOM;
	return r->icmp[0] == ICMP6_DEST_UNREACH_T && r->icmp[1] != PORT_UNREACHABLE;
}

bool flow_error(struct flows *t, const struct raw_meta *m, const uint8_t *data, size_t len)
{
	struct error r;
	struct exthdr e;
	struct flow_entry *p = error_read(&r, data, len, &e) ? sent_by_us(t, &e) : NULL;
	size_t had, removed;
	bool gone;

	if (!p)
		return false;
	if (is_about_hao(&r, &e)) {
		log_remote(LOG_WARN, clock_now(), "%s says that it does not know the Home Address option",
			addr_text(&m->src).s);
		return true;
	}
	if (r.icmp[0] == ICMP6_TOO_BIG_T && word_of(&r) >= IP6_HLEN + r.was)
		return true; /* it was not */
	gone = is_unreachable(&r, &e);
	had = r.have;
	r.have = exthdr_strip(r.about, had, &e);
	removed = had - r.have;
	put_u16(r.about + PLEN_AT, (uint16_t)(r.was - removed));
	if (r.icmp[0] == ICMP6_TOO_BIG_T) {
		put_u16(r.icmp + WORD_AT, 0);
		put_u16(r.icmp + WORD_AT + 2, (uint16_t)flow_obey(t, p, word_of(&r), removed));
	}
	tell_source(t, &r, &m->src, &p->flow.key.src);
	if (gone && t->ev.unreachable)
		t->ev.unreachable(t->ev.ctx, &p->flow.key.src, &p->flow.key.dst); /* may end the pair */
	return true;
}
