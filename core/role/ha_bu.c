/*
 * Home agent: what a Binding Update does to the cache (RFC 6275 9.5.1, 10.3.1,
 * 10.3.2; RFC 3963 6), once it is proven whose it is (RFC 4285 5), and what it is answered (9.5.4). Correspondent
 * registrations are not handled here.
 */
#include <string.h>

#include "base/addr.h"
#include "role/event.h"
#include "role/ha_impl.h"

#define KEEPALIVE_MIN 15 /* seconds */

/* --- answers ----------------------------------------------------------------------------------------------------- */

/* 10.3.1: what negotiates keys goes to where the mobile node is, if it can do that, too. */
static bool keys_follow(const struct ha *ha, const struct ha_request *rq)
{
	return rq->flags & BU_F_KEYMGMT && ha->w->keys_at &&
	       ha->w->keys_at(ha->w->ctx, &rq->home, rq->remove ? &rq->home : &rq->coa, true);
}

/* 9.5.4: to where the update came from, whatever the cache says; with a type 2 routing header unless that is the home
 * address itself: then it is on the home link, and the tunnel of a binding that stands must not take the answer. Whose
 * updates have the authentication option is answered with it (RFC 4285 5.1.1), and with the timestamp (6). In
 * UDP, which is required, as there is no other way to an IPv4 address here (RFC 5555 4.2). */
void ha_answer(struct ha *ha, const struct ha_answer *a)
{
	const struct ha_request *rq = &a->rq;
	struct mh ba = {.type = MH_BA, .u.ba = {.status = a->status, .seq = a->seq, .lifetime = a->lifetime}};
	struct via via = {.src = a->via.dst,
		.dst = rq->from,
		.rh2 = rq->home,
		.has_rh2 = !addr_eq(&rq->from, &rq->home),
		.udp = a->via.udp};
	const struct auth_sa *sa = auth_find(&ha->auth, &rq->home);
	struct mh_auth auth;

	if (via.udp.port) {
		via.dst = rq->home;
		via.has_rh2 = false;
		ba.opt.has = a->status < BA_UNSPECIFIED ? MHO_NAT : 0;
		ba.opt.nat_udp = true;
		ba.opt.nat_refresh = rq->keepalive ? rq->keepalive : NAT_KEEPALIVE;
		if (addr_eq(&rq->named, &rq->coa))
			ba.opt.nat_refresh = NAT_REFRESH_NEVER;
	}
	if (rq->ipv4_asked && a->status < BA_UNSPECIFIED) {
		ba.opt.has |= MHO_IPV4_ACK;
		ba.opt.ipv4_status = rq->ipv4_status;
		ba.opt.ipv4_home = rq->ipv4_home;
	}
	if (rq->flags & BU_F_ROUTER && ha_serves_routers(ha)) /* RFC 3963 4.2 */
		ba.u.ba.flags = BA_F_ROUTER;
	if (a->status < BA_UNSPECIFIED && keys_follow(ha, rq))
		ba.u.ba.flags |= BA_F_KEYMGMT;

	via.esp = world_protects(ha->w, &rq->home, MIP_PROTECT_BINDING);
	if (!via.has_rh2 && !via.udp.port)
		via.ifindex = ha_wire_of(ha, &rq->home);
	if (sa) {
		auth_add(sa, &ba, &rq->named, rq->timestamp, &auth);
		ba.opt.has &= ~(rq->stamped ? 0u : MHO_TIMESTAMP);
		via.auth = &auth;
	}
	ha->stats.tx_ba++;
	ha->w->send(ha->w->ctx, &via, &ba);
	explicit_bzero(&auth, sizeof(auth));
}

/* What is accepted leaves when the other members of the cell know it, too. */
static void send_ba(struct ha *ha, const struct ha_request *rq, uint8_t status, uint16_t seq, uint16_t lifetime)
{
	struct ha_answer a = {.via = *rq->via, .rq = *rq, .seq = seq, .lifetime = lifetime, .status = status};

	a.rq.via = NULL; /* it is the caller's */
	if (status >= BA_UNSPECIFIED || !ha_hold_answer(ha, &a))
		ha_answer(ha, &a);
}

struct ha_request ha_request_again(const struct ha *ha, const struct bc_entry *e, struct via *via)
{
	const struct auth_sa *sa = auth_find(&ha->auth, &e->home);
	struct ha_request rq = {.via = via, .home = e->home, .coa = e->coa, .from = e->from, .flags = e->flags};

	rq.keepalive = e->keepalive;
	rq.ipv4_asked = e->ipv4_asked;
	rq.ipv4_status = e->ipv4_status;
	rq.ipv4_home =
		bc_ipv4_home(e) ? *bc_ipv4_home(e) : (struct addr_prefix){addr_mapped(&(struct in_addr){0}), 128};
	*via = (struct via){.src = e->from, .dst = e->local, .udp = e->udp};
	rq.named = e->named;
	rq.stamped = sa != NULL;
	rq.timestamp = sa ? sa->last : 0;
	return rq;
}

/* 10.3.1: with or without A. */
void ha_accept(struct ha *ha, const struct bc_entry *e, usec now)
{
	struct via via;
	struct ha_request rq = ha_request_again(ha, e, &via);

	send_ba(ha, &rq, ha_prefix_lasts(ha, e, now) ? BA_ACCEPTED : BA_ACCEPTED_PREFIX, e->seq, e->lifetime);
}

/* Who has a binding must hear why an update of his does not count (his number is behind: he started anew), however many
 * strangers are being refused; and they must not use up what he may hear. */
static bool may_refuse(struct ha *ha, const struct ha_request *rq, uint8_t status, usec now)
{
	struct bc_entry *e = status == BA_AUTH_FAILED ? NULL : bc_find(&ha->bc, &rq->home, NULL);

	if (e)
		return rate_spend(&e->told, HA_BINDING_REFUSAL, 4 * HA_BINDING_REFUSAL, now);
	return rates_take(&ha->refusals, &rq->from, now);
}

/* False: limited, and not said. */
static bool say_no(struct ha *ha, const struct ha_request *rq, uint8_t status, uint16_t seq, usec now)
{
	struct event ev = {.type = EV_BU_REFUSED, .addr = &rq->home, .coa = &rq->coa, .status = status};

	if (!may_refuse(ha, rq, status, now))
		return false;
	ha->w->event(ha->w->ctx, &ev, now);
	send_ba(ha, rq, status, seq, 0);
	return true;
}

void ha_refuse(struct ha *ha, const struct ha_request *rq, uint8_t status, uint16_t seq, usec now)
{
	ha->stats.refused++;
	say_no(ha, rq, status, seq, now);
}

/* --- Binding Updates --------------------------------------------------------------------------------------------- */

/* 6.1.7, and RFC 2473 4.1.1: what is tunnelled to the care-of address must not be tunnelled again by us, be it back or
 * on: a chain of bindings multiplies packets. So a care-of address is no home address that is bound here, and lies
 * nowhere that only a home address can: on the home link itself, whose nodes are at home, or on a virtual one, where
 * nobody is. One on another home link, free today and bound tomorrow, and one behind another home agent are bounded by
 * the tunnel encapsulation limit of the data path. Nothing here grows with the number of bindings. */
int ha_judge_coa(const struct ha *ha, const struct in6_addr *home, const struct in6_addr *coa)
{
	const struct ha_addr *at = ha_addr_for(ha, coa), *home_at = ha_addr_for(ha, home);
	const struct ha_link *l = at ? ha_link(ha, at->ifindex) : NULL;
	const struct bc_entry *e = bc_find(&ha->bc, coa, NULL);

	if (!ha_is_unicast(ha, coa) || addr_is_anycast(coa, 64) || ha_is_ours(ha, coa))
		return BA_INVALID_COA;
	if (addr_eq(home, coa) || (e && addr_eq(&e->coa, home)))
		return HA_DROP; /* a circle */
	if (e || (l && (l->conf.is_virtual || (home_at && home_at->ifindex == at->ifindex))))
		return BA_INVALID_COA;
	return 0;
}

/* Does its number make the update an old one? Then *last is the newest heard. A binding that ended leaves a number
 * behind (ha_remember): without protection anybody may say any number, so only those just before count as late, and a
 * node that starts anew elsewhere in the circle is served at once. */
static bool is_old(const struct ha *ha, const struct ha_request *rq, const struct bc_entry *e, usec now, uint16_t *last)
{
	const struct seq_entry *ended = e ? NULL : seq_find(&ha->ended, &rq->home, now);

	if (e && !e->fixed)
		*last = e->seq;
	else if (ended)
		*last = ended->seq;
	else
		return false;
	if (ended && ended->until != NEVER)
		return (uint16_t)(ended->seq - rq->seq) < HA_LATE;
	return seq_is_old(rq->seq, *last);
}

/* 10.3.1, 10.3.2 and 9.5.1, then RFC 3963 6.2, in the RFCs' order: HA_DROP, a status to refuse with, or 0. */
static int judge(const struct ha *ha, struct ha_request *rq, const struct bc_entry *e, usec now, uint16_t *last)
{
	bool udp = rq->via->udp.port;
	int coa = rq->remove || udp ? 0 : ha_judge_coa(ha, &rq->home, &rq->coa);

	/* Without an address to answer from or to, nothing may happen (9.5.4); nonces are for correspondents (9.5.1).
	 */
	if (!ha_is_unicast(ha, &rq->home) || !(udp ? addr_is_place : addr_routable)(&rq->from) ||
		!addr_routable(&rq->via->dst) || rq->nonces)
		return HA_DROP;
	/* RFC 5555 3.1.2: the option is there, so that the answer, which needs as much room, is no longer. */
	if (udp && (addr_any(&rq->named) || !addr_eq(&rq->via->udp.local, &ha->conf.ipv4)))
		return HA_DROP;
	/* 10.3.1: a registration has a Home Address option. IPsec hides it. */
	if (!rq->remove && !rq->via->has_hao && !rq->via->esp && !udp)
		return HA_DROP;
	if (is_old(ha, rq, e, now, last))
		return BA_SEQ_OUT_OF_WINDOW;
	if (!(rq->flags & BU_F_HOME))
		return e ? BA_TYPE_CHANGE : rq->flags & BU_F_ROUTER ? BA_NO_ROUTER : HA_DROP;
	if (rq->peer_registered || (e && !rq->remove && (e->flags ^ rq->flags) & BU_F_ROUTER))
		return BA_TYPE_CHANGE;
	if (!ha->on)
		return BA_NO_HOME_REG;
	if (!(udp ? addr_is_place : addr_routable)(&rq->coa) || ha_is_ours(ha, &rq->coa))
		return BA_INVALID_COA;
	if (coa == HA_DROP)
		return HA_DROP;
	if (rq->remove && !e)
		return BA_NOT_HOME_AGENT;
	if (!ha_addr_for(ha, &rq->home) || ha_prefix_end(ha, &rq->home) < now + MH_LIFE_UNIT * SEC)
		return BA_NOT_HOME_SUBNET;
	if (!ha_serves(ha, &rq->via->dst) || ha_is_ours(ha, &rq->home))
		return BA_NOT_HOME_AGENT;
	if (!ha_may_register(ha, &rq->home) || (e && e->fixed))
		return BA_PROHIBITED;
	return coa || rq->remove ? coa : ha_judge_networks(ha, rq, e);
}

/* RFC 5555 4.3. The node is where it was, and its NAT has another mapping: the one before did not last until this
 * update, so the next ones are to come in half the time. */
static uint8_t keepalive_of(const struct bc_entry *e, const struct ha_request *rq, usec now)
{
	usec heard = e->expires - e->lifetime * MH_LIFE_UNIT * SEC, half = (now - heard) / 2 / SEC;
	unsigned most = e->keepalive ? e->keepalive : NAT_KEEPALIVE;

	if (!addr_eq(&e->named, &rq->named) || addr_eq(&rq->named, &rq->coa))
		return 0;
	if (e->udp.port == rq->via->udp.port && addr_eq(&e->coa, &rq->coa))
		return e->keepalive;
	return (uint8_t)(half > most ? most : half > KEEPALIVE_MIN ? half : KEEPALIVE_MIN);
}

static void note(struct bc_entry *e, const struct ha_request *rq, const struct ha *ha, usec now)
{
	uint32_t most = ha_max_lifetime(ha, &rq->home), left = prefix_left(ha_prefix_end(ha, &rq->home), now);
	most = (left < most ? left : most) / MH_LIFE_UNIT;
	e->keepalive = keepalive_of(e, rq, now);
	e->local = rq->via->dst;
	e->from = rq->from;
	e->coa = rq->coa;
	e->udp = rq->via->udp;
	e->udp.ifindex = 0;
	e->named = rq->named;
	e->seq = rq->seq;
	e->flags = rq->flags;
	e->implicit = rq->implicit;
	e->ipv4_asked = rq->ipv4_asked;
	e->ipv4_status = rq->ipv4_status;
	e->lifetime = rq->lifetime < most ? rq->lifetime : (uint16_t)most;
	e->expires = now + e->lifetime * MH_LIFE_UNIT * SEC;
}

static void start_binding(struct ha *ha, const struct ha_request *rq, usec now)
{
	struct bc_entry *e = ha_has_room(ha, &rq->home) ? bc_add(&ha->bc, &rq->home, &rq->via->dst) : NULL;

	if (e && !ha_hold_networks(ha, e, rq->network, rq->networks)) {
		bc_del(&ha->bc, e);
		e = NULL;
	}
	if (!e) {
		ha_refuse(ha, rq, BA_RESOURCES, rq->seq, now);
		return;
	}
	ha_count(ha, e, 1);
	note(e, rq, ha, now);
	ha_begin(ha, e, now);
}

/* Into the data path as it is now. False: it is as it was before, but for the number, which is used up all the same: it
 * must not be played again. */
static bool rebind(struct ha *ha, struct bc_entry *e, const struct bc_entry *before, const struct addr_prefix *network)
{
	struct addr_prefix wished[MH_NETWORKS];
	size_t n = e->networks;
	uint16_t seq = e->seq;

	if (!ha->w->bind(ha->w->ctx, e, NULL)) {
		ha_unroute(ha, e, network, before->networks);
		return true;
	}
	if (n)
		memcpy(wished, e->network, n * sizeof(wished[0]));
	(void)!ha_hold_networks(ha, e, network, before->networks);
	ha_unroute(ha, e, wished, n);
	e->local = before->local;
	e->from = before->from;
	e->coa = before->coa;
	e->udp = before->udp;
	e->named = before->named;
	e->keepalive = before->keepalive;
	e->flags = before->flags;
	e->implicit = before->implicit;
	e->lifetime = before->lifetime;
	e->expires = before->expires;
	e->seq = seq;
	return false;
}

/* The mobile node moved or refreshes. While the probe runs, the newest update is the one that will be answered. */
static void renew_binding(struct ha *ha, struct bc_entry *e, const struct ha_request *rq, usec now)
{
	struct bc_entry before = *e;
	struct addr_prefix network[MH_NETWORKS];
	bool other = !ha_same_networks(e, rq->network, rq->networks);
	bool moved =
		!addr_eq(&e->coa, &rq->coa) || !addr_eq(&e->local, &rq->via->dst) || e->udp.port != rq->via->udp.port;

	if (e->networks)
		memcpy(network, e->network, e->networks * sizeof(network[0]));
	if (other && !ha_hold_networks(ha, e, rq->network, rq->networks)) {
		ha_refuse(ha, rq, BA_RESOURCES, rq->seq, now);
		return;
	}
	note(e, rq, ha, now);
	if (e->state == MIP_BINDING_DAD)
		return;
	if ((moved || other) && !rebind(ha, e, &before, network)) {
		ha_refuse(ha, rq, ha_no_forwarding(rq->flags, rq->implicit), rq->seq, now);
		return;
	}
	if (e->doubt) {
		e->doubt = HA_SURE; /* the mobile node itself says whom it is with */
		e->claim_at = now;
	}
	if (other && bc_ipv4_home(e) && e->ifindex)
		ha_announce(ha, e, now);
	ha_prefix_again(e, now);
	ha_rearm(ha, e);
	ha_tell(ha, moved ? EV_BINDING_MOVED : EV_BINDING_REFRESHED, e, &before.coa, now);
	ha_accept(ha, e, now);
}

/* 10.3.2: intercept no more, then answer: the acknowledgement must reach the mobile node on its own link. */
static void deregister(struct ha *ha, struct bc_entry *e, const struct ha_request *rq, usec now)
{
	e->seq = rq->seq;
	ha_forget(ha, e, "deregistered", now);
	send_ba(ha, rq, BA_ACCEPTED, rq->seq, 0);
}

static struct ha_request request_of(const struct via *via, const struct mh *m)
{
	struct ha_request rq = {.via = via, .seq = m->u.bu.seq, .flags = m->u.bu.flags, .lifetime = m->u.bu.lifetime};

	rq.home = via->has_hao ? via->hao : via->src;
	rq.coa = m->opt.has & MHO_ALT_COA ? m->opt.alt_coa : via->src;
	/* RFC 3776 3.1: the care-of address in the message is the protected one, and the message says it whenever there
	 * is one. */
	rq.from = via->esp ? rq.coa : via->src;
	rq.named = rq.coa;
	if (via->udp.port) { /* RFC 5555 4.2: where it came from, which a NAT may have made another */
		rq.from = rq.coa = via->udp.peer;
		rq.named = m->opt.ipv4_coa; /* ::, unless it has the option */
	}
	rq.remove = !rq.lifetime || addr_eq(&rq.coa, &rq.home);
	rq.nonces = m->opt.has & MHO_NONCES;
	rq.ipv4_asked = m->opt.has & MHO_IPV4_HOME && !rq.remove;
	rq.ipv4_home = m->opt.ipv4_home;
	rq.ipv4_prefix = m->opt.ipv4_prefix;
	rq.stamped = m->opt.has & MHO_TIMESTAMP;
	rq.timestamp = m->opt.timestamp;
	rq.networks = m->opt.networks;
	for (size_t i = 0; i < rq.networks && i < MH_NETWORKS; i++)
		rq.network[i] = addr_prefix(&m->opt.network[i].addr, m->opt.network[i].plen);
	return rq;
}

void ha_complain(struct ha *ha, const struct in6_addr *home, const struct in6_addr *from, uint8_t type, usec now)
{
	struct event ev = {.type = EV_UNPROTECTED, .addr = home, .coa = from, .mh = type};

	ev.option = type == MH_BU && ha_proof(ha, home) != HA_IPSEC;
	ha->stats.unprotected++;
	if (rate_take(&ha->complaints, now))
		ha->w->event(ha->w->ctx, &ev, now);
}

/* Accepted, before anything is done for it. What is refused, as a forger's is who does not know the number, is not
 * counted: it takes nothing from the binding. */
static bool is_over_limit(struct ha *ha, struct ha_request *rq, struct bc_entry *e, usec now)
{
	bool ok = e ? rate_spend(&e->paced, HA_UPDATE_RATE, HA_UPDATE_BURST, now)
		    : rq->counted || rates_take(&ha->newcomers, &rq->from, now);

	rq->counted = true;

	ha->stats.limited += !ok;
	return !ok;
}

/* 10.3.2: there is no binding to end. A mobile node that starts at home asks for that, so it does not count as refused.
 * The end may have overtaken the update that was to begin the binding: remembered of one that could have been bound,
 * and no more often than strangers are answered. */
static void refuse_end(struct ha *ha, const struct ha_request *rq, usec now)
{
	if (say_no(ha, rq, BA_NOT_HOME_AGENT, rq->seq, now) && ha_addr_for(ha, &rq->home) &&
		ha_may_register(ha, &rq->home))
		ha_remember(ha, &rq->home, rq->seq, now);
}

/* RFC 4285 5.1.1, 6, before anything else is looked at: 0, a status to refuse with, or HA_DROP. Without the option, or
 * with an SPI that is not known, nothing is answered. The authenticator of a stranger is computed as often as he might
 * register; a forger takes nothing from a binding. */
static int authenticate(struct ha *ha, struct ha_request *rq, const struct bc_entry *e, const struct mh *m, usec now)
{
	struct auth_sa *sa = auth_find(&ha->auth, &rq->home);
	usec wall = ha->w->wall(ha->w->ctx);

	if (!auth_has(sa, m)) {
		ha_complain(ha, &rq->home, &rq->via->src, MH_BU, now);
		return HA_DROP;
	}
	if (!e && is_over_limit(ha, rq, NULL, now))
		return HA_DROP;
	if (!auth_ok(sa, m, &rq->named))
		return BA_AUTH_FAILED;
	if (!rq->stamped)
		return BA_ID_REQUIRED;
	if (auth_take(sa, rq->timestamp, wall))
		return 0;
	rq->timestamp = auth_correct(rq->timestamp, wall);
	return BA_ID_MISMATCH;
}

/* Has it the proof that its home address asks for? 0, a status to refuse with, or HA_DROP: counted and told of. */
static int prove(struct ha *ha, struct ha_request *rq, const struct bc_entry *e, const struct mh *m, usec now)
{
	enum ha_proof proof = ha_proof(ha, &rq->home);

	if (proof == HA_OPTION)
		return authenticate(ha, rq, e, m, now);
	/* RFC 4285 5.1.1: an authenticator that cannot be verified is none. */
	if (!(m->opt.has & MHO_MN_HA) && (proof != HA_IPSEC || rq->via->esp))
		return 0; /* judge() says who may */
	ha_complain(ha, &rq->home, &rq->via->src, MH_BU, now);
	return HA_DROP;
}

void ha_on_bu(struct ha *ha, const struct via *via, const struct mh *m, bool peer_registered, usec now)
{
	struct ha_request rq = request_of(via, m);
	struct bc_entry *e = bc_find(&ha->bc, &rq.home, NULL);
	uint16_t last = rq.seq;
	int status;

	rq.peer_registered = peer_registered;
	ha->stats.rx_bu++;
	if (ha->standby) {
		ha->stats.dropped++;
		return;
	}
	status = prove(ha, &rq, e, m, now);
	if (status == HA_DROP)
		return;
	if (!status)
		status = judge(ha, &rq, e, now, &last);
	if (status == HA_DROP)
		ha->stats.dropped++;
	else if (status == BA_NOT_HOME_AGENT && rq.remove && !e)
		refuse_end(ha, &rq, now);
	else if (status)
		ha_refuse(ha, &rq, (uint8_t)status, status == BA_SEQ_OUT_OF_WINDOW ? last : rq.seq, now);
	else if (is_over_limit(ha, &rq, e, now))
		return;
	else if (rq.remove)
		deregister(ha, e, &rq, now);
	else if (e)
		renew_binding(ha, e, &rq, now);
	else
		start_binding(ha, &rq, now);
}

/* A NAT may have forgotten the node, and have another mapping for it. Only an update moves a binding: it is asked for
 * one, there. In all there are so many of such questions as strangers get refusals, and each is shorter than its cause.
 */
void ha_on_elsewhere(struct ha *ha, const struct udp_ends *ends, const struct in6_addr *src, usec now)
{
	const struct network *network = networks_of(&ha->networks, src);
	const struct bc_entry *e = network ? network->owner : bc_find(&ha->bc, src, NULL);
	struct via via = {.udp = *ends};

	if (!ha->on || !e || !e->udp.port || e->state != MIP_BINDING_ACTIVE || !addr_is_place(&ends->peer) ||
		!addr_eq(&ends->local, &ha->conf.ipv4) || !rates_take(&ha->refusals, &ends->peer, now))
		return;
	via.src = e->local;
	via.dst = e->home;
	ha->w->send(ha->w->ctx, &via, &(struct mh){.type = MH_BRR});
}
