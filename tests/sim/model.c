/*
 * sim.h: what every node heard and said, and what follows from it: an own, simple
 * account of bindings, sequence numbers, tokens and nonces to hold the roles to.
 */
#include <stdlib.h>

#include "base/addr.h"
#include "tests/sim/model.h"

#define BLAMED_FOR (20 * SEC) /* errors about a care-of address, in vain until then (9.3.4) */
#define BLAMED_GAP (10 * SEC)
#define SILENT_FOR (60 * SEC) /* a correspondent without an answer: six questions, each pause twice the last */
#define DENIED_FOR (3 * SEC)  /* and a Binding Error: two */

static void *get(struct map *m, size_t size, const struct in6_addr *a, const struct in6_addr *b, bool make)
{
	struct in6_addr key[2] = {*a, *b};
	struct map_node *node = map_find(m, key);

	if (node || !make)
		return node;
	node = calloc(1, size);
	if (!node)
		abort();
	memcpy(node + 1, key, sizeof(key));
	if (map_add(m, node))
		abort();
	return node;
}

struct sim_belief *sim_belief(struct sim_node *n, const struct in6_addr *home, const struct in6_addr *local, bool make)
{
	return get(&n->beliefs, sizeof(struct sim_belief), home, local, make);
}

static struct sim_talk *talk(struct sim_node *n, const struct in6_addr *peer)
{
	return get(&n->talks, sizeof(struct sim_talk), &n->addr, peer, true);
}

static bool newer(uint16_t seq, uint16_t than)
{
	return (int16_t)(seq - than) > 0;
}

/* --- caches ------------------------------------------------------------------------------------------------------- */

void sim_heard_update(struct sim_node *n, const struct via *via, const struct mh *m)
{
	const struct in6_addr *home = via->has_hao ? &via->hao : &via->src;
	struct sim_belief *b;
	struct sim_heard *h;

	if (m->u.bu.flags & BU_F_HOME ? !n->ha : !n->cn)
		return; /* for a role it does not play */
	b = sim_belief(n, home, via->has_rh2 ? &via->rh2 : &via->dst, true);
	h = &b->heard[b->heards++ % SIM_HEARD];
	*h = (struct sim_heard){.seq = m->u.bu.seq, .lifetime = m->u.bu.lifetime};
	h->coa = m->opt.has & MHO_ALT_COA ? m->opt.alt_coa : via->src;
	if (addr_eq(&h->coa, home))
		h->lifetime = 0;		/* a way to say the same, 6.1.7 */
	h->from = via->esp ? h->coa : via->src; /* IPsec hides where it came from, RFC 3776 3.1 */
	h->home_nonce = m->opt.home_nonce;
	h->coa_nonce = m->opt.coa_nonce;
	h->correspondent = !(m->u.bu.flags & BU_F_HOME);
	h->nets = m->u.bu.flags & BU_F_ROUTER ? sim_allowed(sim_owner(n->sim, home), m) : 0;
	sim_touch(n, home);
	if (addr_eq(&h->coa, home))
		h->lifetime = 0; /* 10.3.2, 9.5.3: that removes */
	if (!h->lifetime)
		n->removing = *home;
}

static bool same(const struct sim_heard *a, const struct sim_heard *b)
{
	return a->seq == b->seq && a->lifetime == b->lifetime && addr_eq(&a->coa, &b->coa);
}

/* What is acknowledged to `to`: a correspondent answers what it has just heard; a home agent, a second later, the
 * newest update of that number from there, and of its doubles the first. */
static const struct sim_heard *heard(const struct sim_belief *b, const struct in6_addr *to, const struct mh *ba)
{
	const struct sim_heard *best = b->heards ? &b->heard[(b->heards - 1) % SIM_HEARD] : NULL;

	if (best && best->correspondent)
		return best->seq == ba->u.ba.seq ? best : NULL;
	best = NULL;
	for (unsigned i = b->heards; i-- > 0 && b->heards - i <= SIM_HEARD;) {
		const struct sim_heard *h = &b->heard[i % SIM_HEARD];

		if (h->seq == ba->u.ba.seq && addr_eq(&h->from, to) && (h->lifetime != 0) == (ba->u.ba.lifetime != 0) &&
			(!best || same(h, best)))
			best = h;
	}
	return best;
}

static usec nonce_since(const struct sim_node *n, uint16_t index)
{
	const struct sim_nonce *k = &n->nonce[index % 64];

	return k->used && k->index == index ? k->first : -NEVER;
}

static void check_nonces(const struct sim_node *n, const struct sim_heard *h)
{
	usec oldest = sim_clock(n) - RR_MAX_NONCE_LIFE;
	bool binds = h->lifetime != 0;

	if (nonce_since(n, h->home_nonce) <= oldest || (binds && nonce_since(n, h->coa_nonce) <= oldest))
		sim_violated(n->sim, SIM_TOKEN, "node %u accepts nonces %u and %u, which are dead", n->id,
			h->home_nonce, h->coa_nonce);
}

/* While a number is remembered, or must be: a correspondent's as long as the nonces of the last update live (5.2.8). */
static bool must_be_newer(const struct sim_node *n, const struct sim_belief *b, const struct sim_heard *h)
{
	if (!b->numbered)
		return false;
	if (b->bound)
		return true;
	return h->correspondent && sim_clock(n) - b->accepted < RR_MAX_NONCE_LIFE &&
	       nonce_since(n, h->home_nonce) <= b->accepted;
}

/* What the home agent holds for it by now is what an update of that number, or its double, was allowed. */
static uint8_t granted(const struct sim_node *n, const struct sim_belief *b, uint16_t seq)
{
	const struct bc_entry *e = bc_find(&n->ha->bc, &b->key[0], NULL);
	uint8_t nets = e ? sim_nets(sim_owner(n->sim, &b->key[0]), e->network, e->networks) : 0;

	for (unsigned i = b->heards; i-- > 0 && b->heards - i <= SIM_HEARD;)
		if (b->heard[i % SIM_HEARD].seq == seq && b->heard[i % SIM_HEARD].nets == nets)
			return nets;
	sim_violated(n->sim, SIM_NETWORK, "node %u gives %s networks it was not allowed (%x)", n->id,
		addr_text(&b->key[0]).s, nets);
}

static void accepted(struct sim_node *n, struct sim_belief *b, const struct in6_addr *to, const struct mh *m)
{
	const struct sim_heard *h = heard(b, to, m);
	const char *home = addr_text(&b->key[0]).s;
	struct sim_node *mobile = sim_owner(n->sim, &b->key[0]);
	uint16_t last;

	if (!h || m->u.ba.lifetime > h->lifetime)
		sim_violated(n->sim, SIM_LAST_UPDATE, "node %u acknowledges to %s what it never heard", n->id, home);
	/* A home agent keeps the binding, and the number of the update it refused; a correspondent's binding has ended.
	 */
	last = b->bound && b->has_spent && !h->correspondent ? b->spent : b->seq;
	if (must_be_newer(n, b, h) && !newer(h->seq, last))
		sim_violated(
			n->sim, SIM_SEQUENCE, "node %u accepts number %u of %s after %u", n->id, h->seq, home, last);
	if (h->correspondent)
		check_nonces(n, h);
	else if (mobile && talk(mobile, &b->key[1])->seq == h->seq) /* an older one the node does not go by */
		mobile->agreed_at = n->sim->now;
	b->numbered = true;
	b->has_spent = false;
	b->seq = h->seq;
	b->accepted = sim_clock(n);
	b->blamed = 0;
	b->bound = m->u.ba.lifetime != 0;
	if (b->bound && n->ha)
		b->nets = granted(n, b, h->seq);
	b->coa = h->coa;
	b->expires = sim_clock(n) + m->u.ba.lifetime * MH_LIFE_UNIT * SEC;
}

/* RFC 3963 6.2: the data path cannot forward its networks, which other refusals do not say. */
static bool used_up(const struct sim_node *n, const struct in6_addr *home, const struct mh *m)
{
	const struct bc_entry *e = n->ha && n->bind_err ? bc_find(&n->ha->bc, home, NULL) : NULL;

	return e && e->seq == m->u.ba.seq &&
	       (m->u.ba.status == BA_INVALID_PREFIX || m->u.ba.status == BA_NO_FORWARDING);
}

static void acknowledged(struct sim_node *n, const struct via *via, const struct mh *m)
{
	const struct in6_addr *home = via->has_rh2 ? &via->rh2 : &via->dst;
	struct sim_belief *b = sim_belief(n, home, &via->src, true);

	sim_touch(n, home);
	if (m->u.ba.status < BA_UNSPECIFIED) {
		accepted(n, b, &via->dst, m);
	} else if (m->u.ba.status == BA_RESOURCES || used_up(n, home, m)) {
		b->has_spent = true;
		b->spent = m->u.ba.seq;
	}
}

/* Handed out for the first time, the index begins its life. */
static void gave_token(struct sim_node *n, const struct mh *m)
{
	struct sim_nonce *k = &n->nonce[m->u.test.nonce % 64];

	if (!k->used || k->index != m->u.test.nonce)
		*k = (struct sim_nonce){.used = true, .index = m->u.test.nonce, .first = sim_clock(n)};
}

void sim_blamed(struct sim_node *n, const struct in6_addr *home)
{
	struct sim_belief *b = sim_belief(n, home, &n->addr, true);
	uint64_t heard = n->w.heard(n, &n->addr, home);

	if (!b->blamed || sim_clock(n) - b->blamed_last > BLAMED_GAP || heard != b->blamed_heard)
		b->blamed = sim_clock(n);
	b->blamed_last = sim_clock(n);
	b->blamed_heard = heard;
	sim_touch(n, home);
}

static bool may_go(const struct sim_node *n, const struct bc_entry *e, const struct sim_belief *b, bool expired)
{
	bool full = n->cn && bc_count(&n->cn->bc) >= n->cn->bc.max;

	if (expired)
		return sim_clock(n) >= b->expires;
	if (n->cn && b->blamed && sim_clock(n) - b->blamed >= BLAMED_FOR)
		return true;
	if (e->doubt)
		return true; /* restored, and somebody else of the home link has it by now */
	return n->stopping || full || n->bind_err || addr_eq(&n->removing, &e->home);
}

static bool binds(enum event_type type)
{
	return type == EV_BINDING_ADDED || type == EV_BINDING_MOVED || type == EV_BINDING_REFRESHED;
}

/* A correspondent acknowledges only when asked to: what the cache tells stands for it. */
static void told_binding(struct sim_node *n, struct sim_belief *b, const struct bc_entry *e)
{
	struct mh ba = {.type = MH_BA, .u.ba = {.seq = e->seq, .lifetime = e->lifetime}};

	if (!(e->flags & (BU_F_ACK | BU_F_HOME)))
		accepted(n, b, &e->from, &ba);
}

/* RFC 6275 11.3.5, 11.3.6: neither a Binding Error nor an ICMPv6 error proves anything; the end of patience does. */
static void given_up(const struct sim_node *n, const struct sim_talk *t)
{
	usec silent = sim_clock(n) - t->asked;

	if (t->refused != n->sim->stats.steps && silent < (t->denied ? DENIED_FOR : SILENT_FOR))
		sim_violated(n->sim, SIM_SUPPRESSED, "node %u gives %s up after %.3f s", n->id, addr_text(&t->key[1]).s,
			(double)silent / 1e6);
}

static void told_peer(struct sim_node *n, const struct event *ev)
{
	struct sim_talk *t = talk(n, &ev->bul->peer);
	uint8_t ro = ev->bul->ro;

	if (ev->type == EV_BA_RECEIVED)
		t->refused = n->sim->stats.steps;
	if (ev->type != EV_RO_STATE)
		return;
	if (ro == MIP_RO_UNSUPPORTED)
		given_up(n, t);
	if (ro == MIP_RO_BINDING || t->ro != MIP_RO_BINDING) {
		t->asked = sim_clock(n);
		t->denied = false;
	}
	t->ro = ro;
}

void sim_denied(struct sim_node *n, const struct in6_addr *peer)
{
	talk(n, peer)->refused = n->sim->stats.steps;
}

void sim_heard_error(struct sim_node *n, const struct via *via, const struct mh *m)
{
	if (n->mn && m->u.be.status == BE_UNKNOWN_TYPE)
		talk(n, &via->src)->denied = true;
}

void sim_told(struct sim_node *n, const struct event *ev)
{
	const struct bc_entry *e = ev->binding;
	struct sim_belief *b;

	n->sim->stats.updates += ev->type == EV_BU_SENT;
	if (ev->bul && ev->bul->ro != MIP_RO_NONE)
		told_peer(n, ev);
	if (!e)
		return;
	sim_touch(n, &e->home);
	b = sim_belief(n, &e->home, &e->local, true);
	if (binds(ev->type))
		told_binding(n, b, e);
	if (ev->type != EV_BINDING_EXPIRED && ev->type != EV_BINDING_REMOVED)
		return;
	if (b->bound && !may_go(n, e, b, ev->type == EV_BINDING_EXPIRED))
		sim_violated(n->sim, SIM_LAST_UPDATE, "node %u ends the binding of %s without a reason", n->id,
			addr_text(&e->home).s);
	b->bound = false;
}

/* --- mobile nodes ------------------------------------------------------------------------------------------------- */

void sim_heard_test(struct sim_node *n, const struct via *via, const struct mh *m)
{
	struct sim_talk *t;
	struct sim_test *half;

	if (!n->mn || !n->mn->homes || via->has_rh2)
		return;
	if (m->type == MH_HOT && via->bare && mn_place(&n->mn->home[0])->where == AT_AWAY)
		return; /* away, a Home Test comes out of the tunnel */
	t = talk(n, &via->src);
	half = m->type == MH_HOT ? &t->home : &t->coa;
	if (half->answered || half->cookie != m->u.test.cookie || !addr_eq(&via->dst, &half->coa))
		return;
	half->answered = true;
	half->token_at = half->asked;
	half->nonce = m->u.test.nonce;
}

/* Told that its number is behind, it may begin anew anywhere. */
void sim_heard_ack(struct sim_node *n, const struct via *via, const struct mh *m)
{
	if (n->mn && m->u.ba.status == BA_SEQ_OUT_OF_WINDOW)
		talk(n, &via->src)->numbered = false;
}

static void check_source(struct sim_node *n, const struct via *via)
{
	const struct sim_addr *a = sim_addr_of(n, &via->src);
	bool up = false;

	for (unsigned i = 0; i < SIM_IFACES; i++)
		up = up || n->iface[i].told_up;
	if (!up && !n->stopping)
		sim_violated(n->sim, SIM_CONTRACT, "node %u speaks without a link", n->id);
	if (!addr_eq(&via->src, &n->addr) && !(a && a->told))
		sim_violated(n->sim, SIM_CONTRACT, "node %u speaks from %s, which it does not have", n->id,
			addr_text(&via->src).s);
	if (a && a->failed)
		sim_violated(n->sim, SIM_DUPLICATE, "node %u speaks from %s, which another node has", n->id,
			addr_text(&via->src).s);
	if (via->has_hao && !addr_eq(&via->hao, &n->addr))
		sim_violated(n->sim, SIM_CONTRACT, "node %u claims somebody else's home address", n->id);
}

static void check_tokens(const struct sim_node *n, const struct sim_talk *t, const struct via *via, const struct mh *m)
{
	usec oldest = sim_clock(n) - RR_MAX_TOKEN_LIFE;

	if (m->opt.home_nonce != t->home.nonce || t->home.token_at <= oldest)
		sim_violated(n->sim, SIM_TOKEN, "node %u updates %s with a home token that is dead", n->id,
			addr_text(&via->dst).s);
	if (!m->u.bu.lifetime)
		return;
	if (m->opt.coa_nonce != t->coa.nonce || t->coa.token_at <= oldest || !addr_eq(&t->coa.coa, &via->src))
		sim_violated(n->sim, SIM_TOKEN, "node %u updates %s with a care-of token that is dead", n->id,
			addr_text(&via->dst).s);
}

static void said_update(struct sim_node *n, struct sim_talk *t, const struct via *via, const struct mh *m)
{
	bool home = m->u.bu.flags & BU_F_HOME;
	bool remembered = t->numbered && (home || sim_clock(n) - t->at < RR_MAX_NONCE_LIFE);

	if (remembered && !newer(m->u.bu.seq, t->seq))
		sim_violated(n->sim, SIM_SEQUENCE, "node %u sends number %u to %s after %u", n->id, m->u.bu.seq,
			addr_text(&via->dst).s, t->seq);
	if (!home)
		check_tokens(n, t, via, m);
	t->numbered = true;
	t->seq = m->u.bu.seq;
	t->at = sim_clock(n);
}

static void asked(struct sim_test *t, const struct sim_node *n, const struct via *via, const struct mh *m)
{
	t->cookie = m->u.init.cookie;
	t->asked = sim_clock(n);
	t->answered = false;
	t->coa = via->src;
}

void sim_said(struct sim_node *n, const struct via *via, const struct mh *m)
{
	sim_trace(n, "says", via, m);
	if (m->type == MH_BA)
		acknowledged(n, via, m);
	if (m->type == MH_HOT || m->type == MH_COT)
		gave_token(n, m);
	if (m->type != MH_HOTI && m->type != MH_COTI && m->type != MH_BU)
		return;
	check_source(n, via);
	if (m->type == MH_BU)
		said_update(n, talk(n, &via->dst), via, m);
	else
		asked(m->type == MH_HOTI ? &talk(n, &via->dst)->home : &talk(n, &via->dst)->coa, n, via, m);
}
