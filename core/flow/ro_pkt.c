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
#include "flow/ro_impl.h"
#include "wire/icmp6.h"
#include "wire/mh.h"

#define AT_HOPS 7

static void hand_on(struct ro *ro, struct packet *p)
{
	if (shim_send(ro->shim, p))
		ro->drops.refused++;
}

/* A packet optimized at the other end only, of a home address of ours that is away: traffic like what passes its
 * tunnel. The callee may end the pair. */
static void half(struct ro *ro, const struct ro_pair *pair, const struct in6_addr *local, const struct in6_addr *remote,
	bool out)
{
	if ((!pair || !pair->on[RO_LOCAL]) && ro->ev.traffic && ro_home_find(ro, local))
		ro->ev.traffic(ro->ev.ctx, local, remote, out);
}

/* --- out ---------------------------------------------------------------------------------------------------------- */

/* Signalling chooses its way itself: a Home Test goes to the home address (9.4.3), and the routes of
 * other sources lead there. */
static void go_aside(struct ro *ro, const struct packet *p, const struct exthdr *e)
{
	struct sockaddr_in6 to = {.sin6_family = AF_INET6, .sin6_addr = e->dst};

	if (sendto(ro->aside, p->data, p->len, 0, (struct sockaddr *)&to, sizeof(to)) < 0)
		ro->drops.refused++;
}

static const struct in6_addr *place_of(const struct ro_pair *pair, enum ro_end side)
{
	return pair && pair->on[side] ? &pair->coa[side] : NULL;
}

/* A care-of address can be a correspondent, too. What one header sets as the other end has then a route into here: the
 * second header is put in at once. */
static void insert(struct ro *ro, struct ro_pair *pair, struct packet *p, const struct exthdr *e)
{
	const struct in6_addr *coa = place_of(pair, RO_LOCAL), *to_coa = place_of(pair, RO_REMOTE);
	int err;

	if (!to_coa)
		to_coa = place_of(ro_pair_find(ro, coa, &e->dst), RO_REMOTE);
	else if (!coa)
		coa = place_of(ro_pair_find(ro, &e->src, to_coa), RO_LOCAL);
	err = edit_insert(p, e, coa, to_coa);
	if (err) {
		*(err == -EMSGSIZE ? &ro->drops.too_long : &ro->drops.malformed) += 1;
		return;
	}
	if (p->data[AT_HOPS] < 255)
		p->data[AT_HOPS]++; /* forwarding takes it away again */
	if (coa)
		edit_count(&pair->stats.hao_out, p);
	if (to_coa)
		edit_count(&pair->stats.rh2_out, p);
	pair->busy = true;
	hand_on(ro, p);
	half(ro, pair, &e->src, &e->dst, true);
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

bool ro_out(void *ctx, struct packet *p, const struct exthdr *e)
{
	struct ro *ro = ctx;
	struct ro_pair *pair = ro_pair_find(ro, &e->src, &e->dst);

	if (!pair)
		return false;
	if (is_signalling(p, e))
		go_aside(ro, p, e);
	else
		insert(ro, pair, p, e);
	return true;
}

/* --- in ----------------------------------------------------------------------------------------------------------- */

/* 11.3.3: a home address of ours, and where it is. */
static bool rh2_allowed(struct ro *ro, const struct exthdr *e)
{
	const struct ro_home *h = ro_home_find(ro, &e->rh2);

	if (h && addr_eq(&h->coa, &e->dst))
		return true;
	ro->drops.rh2_home++;
	return false;
}

/* 9.3.1: a binding of that home address, with us under this address or where we are, or a home registration, says the
 * care-of address is the source. */
static bool hao_allowed(struct ro *ro, const struct ro_pair *pair, const struct exthdr *e, const struct in6_addr *local)
{
	const struct in6_addr *at = place_of(pair, RO_REMOTE);

	if (!at && e->rh2_at)
		at = place_of(ro_pair_find(ro, &e->dst, &e->hao), RO_REMOTE);
	if (at ? addr_eq(at, &e->src) : ro_registered(ro, &e->hao, &e->src, local))
		return true;
	ro->drops.hao_unknown++;
	if (ro->ev.unknown_hao)
		ro->ev.unknown_hao(ro->ev.ctx, &e->src, local, &e->hao);
	return false;
}

/* 9.3.1: those speak for the home address themselves, with a binding or without. */
static bool is_ipsec(uint8_t upper)
{
	return upper == IPPROTO_ESP || upper == IPPROTO_AH;
}

static void account(struct ro_pair *pair, const struct packet *p, const struct exthdr *e)
{
	if (!pair)
		return;
	if (e->hao_at)
		edit_count(&pair->stats.hao_in, p);
	if (e->rh2_at)
		edit_count(&pair->stats.rh2_in, p);
	pair->busy = true;
}

void ro_in(void *ctx, struct packet *p, const struct exthdr *e)
{
	const struct in6_addr *local = e->rh2_at ? &e->rh2 : &e->dst, *remote = e->hao_at ? &e->hao : &e->src;
	struct ro *ro = ctx;
	struct ro_pair *pair = ro_pair_find(ro, local, remote);

	if (e->rh2_at && !rh2_allowed(ro, e))
		return;
	if (e->hao_at && !is_ipsec(e->upper) && !hao_allowed(ro, pair, e, local))
		return;
	edit_settle(p);
	account(pair, p, e);
	if (edit_strip(p, e)) {
		ro->drops.malformed++;
		return;
	}
	hand_on(ro, p);
	half(ro, pair, local, remote, false);
}
