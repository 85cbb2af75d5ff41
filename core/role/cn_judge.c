/*
 * cn_impl.h: may a Binding Update count? Whose it is, whether return routability
 * authorises it, whether it is an old one (RFC 6275 9.5.1, 5.2.8).
 */
#include "base/addr.h"
#include "role/cn_impl.h"

#define CHAIN_MAX 4 /* care-of addresses that are home addresses themselves */

bool cn_is_sane(const struct via *via)
{
	return addr_routable(&via->src) && addr_routable(cn_local_of(via)) && !addr_eq(&via->src, cn_local_of(via));
}

/* An update that could have been seen before the binding ended: one with a newer nonce was not, and may have any
 * sequence number (9.5.1). */
static bool is_replay(const struct seq_entry *g, const struct mh *m, bool remove)
{
	bool newer = !seq_is_old(m->opt.home_nonce, g->nonce) || (!remove && !seq_is_old(m->opt.coa_nonce, g->nonce));

	return !newer && seq_is_old(m->u.bu.seq, g->seq);
}

struct cn_request cn_request_of(const struct via *via, const struct mh *m)
{
	struct cn_request rq = {.via = via, .m = m};

	rq.local = *cn_local_of(via);
	rq.home = via->has_hao ? via->hao : via->src;
	rq.coa = m->opt.has & MHO_ALT_COA ? m->opt.alt_coa : via->src;
	rq.remove = !m->u.bu.lifetime || addr_eq(&rq.coa, &rq.home);
	return rq;
}

/* 9.5.1: the tokens its nonce indices stand for. To delete a binding the home token is enough, and the authenticator is
 * over the home address, wherever the update came from (6.2.7). 0 or a status. */
static int recall_key(const struct cn *cn, struct cn_request *rq, usec now)
{
	const struct mh_opts *o = &rq->m->opt;
	uint64_t home, coa;
	bool has_home = rr_recall(&cn->rr, o->home_nonce, RR_HOME, &rq->home, now, &home);
	bool has_coa = rq->remove || rr_recall(&cn->rr, o->coa_nonce, RR_COA, &rq->coa, now, &coa);

	if (!has_home || !has_coa)
		return has_coa ? BA_HOME_NONCE_EXPIRED : has_home ? BA_COA_NONCE_EXPIRED : BA_NONCES_EXPIRED;
	rr_kbm(home, rq->remove ? NULL : &coa, rq->auth.key);
	rq->auth.coa = rq->remove ? rq->home : rq->coa;
	rq->auth.end = rq->local;
	return 0;
}

bool cn_is_old(const struct cn *cn, const struct cn_request *rq, const struct bc_entry *e, usec now, uint16_t *last)
{
	const struct seq_entry *ended = seq_find(&cn->ended, &(struct cn_key){rq->home, rq->local}, now);

	if (e && seq_is_old(rq->m->u.bu.seq, e->seq))
		*last = e->seq;
	else if (ended && is_replay(ended, rq->m, rq->remove))
		*last = ended->seq;
	else
		return false;
	return true;
}

/* 9.5.1, 6.1.7: unicast. Prefixes of others are unknown here, and of 64 bits nearly everywhere (RFC 4291 2.5.1). */
static bool is_a_node(const struct in6_addr *addr)
{
	return addr_routable(addr) && !addr_is_anycast(addr, 64);
}

static const struct bc_entry *registration(const struct cn *cn, const struct in6_addr *home)
{
	return cn->registered ? bc_find(cn->registered, home, NULL) : NULL;
}

/* 6.1.7: would packets to the care-of address come back to the home address, by a binding or several, be they a
 * correspondent's or home registrations? A chain longer than any that is in use counts as a circle, so that looking
 * costs the same whatever the caches hold. */
static bool is_circle(const struct cn *cn, const struct cn_request *rq)
{
	const struct in6_addr *at = &rq->coa;

	for (int i = 0; i < CHAIN_MAX; i++) {
		const struct bc_entry *e = bc_find(&cn->bc, at, &rq->local);

		if (!e)
			e = registration(cn, at);
		if (!e)
			return false;
		if (addr_eq(&e->coa, &rq->home))
			return true;
		at = &e->coa;
	}
	return true;
}

/* Nothing an unauthorised sender says is answered with more than "expired". */
int cn_judge(const struct cn *cn, struct cn_request *rq, bool is_old, usec now)
{
	const struct mh_opts *o = &rq->m->opt;
	int status;

	if (!cn_is_sane(rq->via) || !is_a_node(&rq->home) || addr_eq(&rq->home, &rq->local))
		return CN_DROP;
	if (!is_a_node(&rq->coa) || addr_eq(&rq->coa, &rq->local))
		return CN_DROP;
	if ((o->has & (MHO_NONCES | MHO_AUTH)) != (MHO_NONCES | MHO_AUTH))
		return CN_DROP;
	status = recall_key(cn, rq, now);
	if (status)
		return status;
	if (!mh_signed(&rq->auth, rq->m))
		return CN_DROP;
	rq->authorised = true;
	if (is_old)
		return BA_SEQ_OUT_OF_WINDOW;
	if (!rq->remove && is_circle(cn, rq))
		return CN_DROP;
	return registration(cn, &rq->home) ? BA_TYPE_CHANGE : 0;
}
