/*
 * Packets between the wire and the stack: a HAO and an RH2 put in on the way out (RFC 6275 9.3.2, 11.3.1), checked and
 * taken out on the way in (9.3.1, 11.3.3). Only the headers move, into the room before the packet: one that holds
 * 64 kB of segments costs no more than a small one.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "base/addr.h"
#include "base/buf.h"
#include "base/clock.h"
#include "flow/flow_impl.h"
#include "flow/apart.h"
#include "wire/icmp6.h"
#include "wire/mh.h"

#define AT_HOPS	 7
#define CKSUM_AT 2
#define IP6_MIN	 1280

static void hand_on(struct flows *t, struct packet *p)
{
	if (shim_send(t->shim, p))
		t->drops.refused++;
}

/* A packet optimized at the other end only, of a home address of ours that is away: traffic like what passes its
 * tunnel. The callee may end the pair. */
static void half(struct flows *t, const struct flow_entry *pair, const struct in6_addr *local,
	const struct in6_addr *remote, bool out)
{
	if ((!pair || !(pair->flow.edits & FLOW_HAO)) && t->ev.traffic && table_away(&t->table, local))
		t->ev.traffic(t->ev.ctx, local, remote, out);
}

/* --- out ---------------------------------------------------------------------------------------------------------- */

/* Signalling chooses its way itself: a Home Test goes to the home address (9.4.3), and the routes of
 * other sources lead there. */
static void go_aside(struct flows *t, const uint8_t *pkt, size_t len, const struct in6_addr *dst)
{
	struct sockaddr_in6 to = {.sin6_family = AF_INET6, .sin6_addr = *dst};

	if (sendto(t->aside, pkt, len, 0, (struct sockaddr *)&to, sizeof(to)) < 0)
		t->drops.refused++;
}

/* The care-of address of the end that moves. */
static const struct in6_addr *place_of(const struct flow_entry *pair, enum flow_edit edit)
{
	if (!pair || !(pair->flow.edits & edit))
		return NULL;
	return edit == FLOW_HAO ? &pair->flow.local : &pair->flow.peer;
}

/* A care-of address can be a correspondent, too. What one header sets as the other end has then a route into here: the
 * second header is put in at once. */
static void insert(struct flows *t, struct flow_entry *pair, struct packet *p, const struct exthdr *e)
{
	const struct in6_addr *coa = place_of(pair, FLOW_HAO), *to_coa = place_of(pair, FLOW_RH2);
	int err;

	if (!to_coa)
		to_coa = place_of(table_pair(&t->table, coa, &e->dst), FLOW_RH2);
	else if (!coa)
		coa = place_of(table_pair(&t->table, &e->src, to_coa), FLOW_HAO);
	err = edit_insert(p, e, coa, to_coa);
	if (err) {
		*(err == -EMSGSIZE ? &t->drops.too_long : &t->drops.malformed) += 1;
		return;
	}
	if (p->data[AT_HOPS] < 255)
		p->data[AT_HOPS]++; /* forwarding takes it away again */
	edit_count(&pair->counts.out, p);
	pair->busy = true;
	hand_on(t, p);
	half(t, pair, &e->src, &e->dst, true);
}

/* A Mobility Header message, or the answer to one that cannot be read (9.2: without the Binding Cache). */
static bool is_signalling(const struct packet *p, const struct exthdr *e)
{
	size_t quoted = e->upper_at + ICMP6_ERROR_HLEN;
	struct exthdr about;

	if (e->upper != IPPROTO_ICMPV6 || e->end < quoted || p->data[e->upper_at] != ICMP6_PARAM_PROB_T)
		return e->upper == MH_PROTO;
	return exthdr_read(p->data + quoted, e->end - quoted, &about) == EXT_OK && about.upper == MH_PROTO;
}

bool flow_out(void *ctx, struct packet *p, const struct exthdr *e)
{
	struct flows *t = ctx;
	struct flow_entry *pair = table_pair(&t->table, &e->src, &e->dst), *tunnel;

	tunnel = pair ? NULL : table_lookup(&t->table, &e->src, &e->dst, FLOW_ENCAP);
	if (tunnel && flow_is_apart(&tunnel->flow)) {
		apart_out(t, p, tunnel);
		return true;
	}
	if (!pair)
		return false;
	if (is_signalling(p, e))
		go_aside(t, p->data, p->len, &e->dst);
	else
		insert(t, pair, p, e);
	return true;
}

/* --- in ----------------------------------------------------------------------------------------------------------- */

/* 11.3.3: a home address of ours, and where it is. */
static bool rh2_allowed(struct flows *t, const struct exthdr *e)
{
	const struct flow_entry *away = table_away(&t->table, &e->rh2);

	if (away && addr_eq(&away->flow.local, &e->dst))
		return true;
	t->drops.rh2_home++;
	return false;
}

/* 9.3.1: a binding of that home address, with us under this address or where we are, or a home registration, says the
 * care-of address is the source. */
static bool hao_allowed(
	struct flows *t, const struct flow_entry *pair, const struct exthdr *e, const struct in6_addr *local)
{
	const struct in6_addr *at = place_of(pair, FLOW_RH2);

	if (!at && e->rh2_at)
		at = place_of(table_pair(&t->table, &e->dst, &e->hao), FLOW_RH2);
	if (at ? addr_eq(at, &e->src) : flow_registered(t, &e->hao, &e->src, local))
		return true;
	t->drops.hao_unknown++;
	if (t->ev.unknown_hao)
		t->ev.unknown_hao(t->ev.ctx, &e->src, local, &e->hao);
	return false;
}

/* 9.3.1: those speak for the home address themselves, with a binding or without. */
static bool is_ipsec(uint8_t upper)
{
	return upper == IPPROTO_ESP || upper == IPPROTO_AH;
}

static void account(struct flow_entry *pair, const struct packet *p)
{
	if (!pair)
		return;
	edit_count(&pair->counts.in, p);
	pair->busy = true;
}

void flow_in(void *ctx, struct packet *p, const struct exthdr *e)
{
	const struct in6_addr *local = e->rh2_at ? &e->rh2 : &e->dst, *remote = e->hao_at ? &e->hao : &e->src;
	struct flows *t = ctx;
	struct flow_entry *pair = table_pair(&t->table, local, remote);

	if (e->rh2_at && !rh2_allowed(t, e))
		return;
	if (e->hao_at && !is_ipsec(e->upper) && !hao_allowed(t, pair, e, local))
		return;
	edit_settle(p);
	account(pair, p);
	if (edit_strip(p, e)) {
		t->drops.malformed++;
		return;
	}
	hand_on(t, p);
	half(t, pair, local, remote, false);
}

/* RFC 2473 4.1.1, 5.1: discarded, and its source, where the tunnel it is in begins, is told which octet said so. */
bool flow_limited(void *ctx, const struct packet *p, const struct exthdr *e)
{
	struct flows *t = ctx;
	const struct flow_entry *tunnel = table_lookup(&t->table, &e->src, &e->dst, FLOW_ENCAP);
	uint8_t pkt[IP6_MIN], *icmp = pkt + IP6_HLEN;
	const struct in6_addr *from;
	int n;

	if (!tunnel)
		return false;
	t->drops.nested++;
	if (!addr_routable(&e->src) || !rate_take(&t->errors, clock_now()))
		return true;
	from = &tunnel->flow.local;
	n = icmp6_error_write(
		ICMP6_PARAM_PROB_T, 0, (uint32_t)e->tel_at + 2, p->data, p->len, icmp, sizeof(pkt) - IP6_HLEN);
	ip6_header(pkt, from, &e->src, IPPROTO_ICMPV6, (size_t)n);
	put_u16(icmp + CKSUM_AT, ip6_checksum(from, &e->src, IPPROTO_ICMPV6, icmp, (size_t)n));
	go_aside(t, pkt, IP6_HLEN + (size_t)n, &e->src);
	return true;
}
