/*
 * Home agent: what a Binding Update does to the cache (RFC 6275 9.5.1, 10.3.1,
 * 10.3.2) and what it is answered (9.5.4). The data path, the home link and time
 * are behind struct world. Correspondent registrations are not handled here.
 */
#include <errno.h>

#include "base/addr.h"
#include "role/event.h"
#include "role/ha_impl.h"

#define DAD_WAIT       SEC /* RetransTimer x DupAddrDetectTransmits, RFC 4862 5.1 */
#define CLAIMS	       3   /* MAX_NEIGHBOR_ADVERTISEMENT, RFC 4861 10 */
#define CLAIM_INTERVAL SEC
#define GONE_FOR       (240 * SEC) /* how long a packet may wander about: 2 MSL, RFC 9293 3.4.2 */
#define RESTORE_EVERY  (200)	   /* us between the announcements of many bindings */
#define DROP	       (-1)	   /* verdict: say nothing */

static void on_timer(struct timer *t, usec now);

void ha_init(struct ha *ha, const struct world *w, uint64_t seed)
{
	*ha = (struct ha){.w = w,
		.refusals = {.all = {.rate = HA_REFUSAL_RATE, .burst = HA_REFUSAL_BURST},
			.rate = HA_REFUSAL_RATE / HA_REFUSAL_GROUPS,
			.burst = HA_REFUSAL_BURST / HA_REFUSAL_GROUPS,
			.seed = seed},
		.newcomers = {.all = {.rate = HA_NEW_RATE, .burst = HA_NEW_RATE},
			.rate = HA_NEW_GROUP_RATE,
			.burst = HA_NEW_GROUP_RATE,
			.seed = seed},
		.replies = {.rate = 50, .burst = 50},
		.changes = {.rate = 1, .burst = 3},
		.complaints = {.rate = 10, .burst = 100}};
	seq_init(&ha->last, seed);
	bc_init(&ha->bc, BC_BY_HOME, seed, ha);
	bc_init(&ha->gone, BC_BY_HOME, seed, ha);
}

void ha_start(struct ha *ha, const struct ha_conf *conf)
{
	ha->conf = *conf;
	ha_follow_rules(ha);
	ha_follow_links(ha, conf);
	ha->bc.max = ha->gone.max = conf->max_bindings;
	ha->on = true;
}

struct in6_addr ha_link_local(const struct in6_addr *home)
{
	struct in6_addr ll = *home;

	memset(&ll, 0, 8);
	ll.s6_addr[0] = 0xfe;
	ll.s6_addr[1] = 0x80;
	return ll;
}

static void tell(struct ha *ha, enum event_type type, const struct bc_entry *e, const struct in6_addr *old, usec now)
{
	ha->w->event(ha->w->ctx, &(struct event){.type = type, .binding = e, .coa = old}, now);
}

/* --- answers ----------------------------------------------------------------------------------------------------- */

/* 9.5.4: to where the update came from, whatever the cache says; with a type 2 routing header unless that is the home
 * address itself: then it is on the home link, and the tunnel of a binding that stands must not take the answer. */
static void send_ba(struct ha *ha, const struct in6_addr *local, const struct in6_addr *home, const struct in6_addr *to,
	uint8_t status, uint16_t seq, uint16_t lifetime)
{
	struct mh ba = {.type = MH_BA, .u.ba = {.status = status, .seq = seq, .lifetime = lifetime}};
	struct via via = {.src = *local, .dst = *to, .rh2 = *home, .has_rh2 = !addr_eq(to, home)};

	via.esp = world_protects(ha->w, home, MIP_PROTECT_BINDING);
	if (!via.has_rh2)
		via.ifindex = ha_wire_of(ha, home);
	ha->stats.tx_ba++;
	ha->w->send(ha->w->ctx, &via, &ba);
}

/* 10.3.1: with or without A. */
static void accept_bu(struct ha *ha, const struct bc_entry *e, usec now)
{
	uint8_t status = ha_prefix_lasts(ha, e, now) ? BA_ACCEPTED : BA_ACCEPTED_PREFIX;

	send_ba(ha, &e->local, &e->home, &e->from, status, e->seq, e->lifetime);
}

/* Who has a binding must hear why an update of his does not count (his number is behind: he started anew), however many
 * strangers are being refused. */
static bool may_refuse(struct ha *ha, const struct ha_request *rq, usec now)
{
	struct bc_entry *e = bc_find(&ha->bc, &rq->home, NULL);

	if (e)
		return rate_spend(&e->told, HA_BINDING_REFUSAL, 4 * HA_BINDING_REFUSAL, now);
	return rates_take(&ha->refusals, &rq->from, now);
}

static void refuse(struct ha *ha, const struct ha_request *rq, uint8_t status, uint16_t seq, usec now)
{
	struct event ev = {.type = EV_BU_REFUSED, .addr = &rq->home, .coa = &rq->coa, .status = status};

	ha->stats.refused++;
	if (!may_refuse(ha, rq, now))
		return;
	ha->w->event(ha->w->ctx, &ev, now);
	send_ba(ha, &rq->via->dst, &rq->home, &rq->from, status, seq, 0);
}

/* --- the life of a binding --------------------------------------------------------------------------------------- */

void ha_rearm(struct ha *ha, struct bc_entry *e)
{
	usec due = e->claim_at < e->expires ? e->claim_at : e->expires;

	due = e->prefix_at < due ? e->prefix_at : due;
	if (due == NEVER)
		timer_stop(ha->w->timers, &e->timer);
	else
		timer_arm(ha->w->timers, &e->timer, due, on_timer);
}

/* The number of a binding that ended: for as long as a packet may wander about, and for a protected home address as
 * long as there is room, because IPsec with keys set by hand lets anything be played again. */
static void remember(struct ha *ha, const struct in6_addr *home, const struct in6_addr *local, uint16_t seq, usec now)
{
	if (world_protects(ha->w, home, MIP_PROTECT_BINDING))
		seq_keep(&ha->last, home, seq);
	else
		bc_remember(&ha->gone, ha->w->timers, home, local, seq, now + GONE_FOR);
}

static void forget(struct ha *ha, struct bc_entry *e, enum event_type why, usec now)
{
	timer_stop(ha->w->timers, &e->timer);
	if (e->state == MIP_BINDING_ACTIVE)
		ha->w->unbind(ha->w->ctx, e);
	if (!e->fixed)
		remember(ha, &e->home, &e->local, e->seq, now);
	tell(ha, why, e, NULL, now);
	ha_count(ha, e, -1);
	bc_del(&ha->bc, e);
}

static void claim(struct ha *ha, struct bc_entry *e, usec now)
{
	ha->w->claim(ha->w->ctx, e->ifindex, &e->home);
	if (e->flags & BU_F_LINKLOCAL) {
		struct in6_addr ll = ha_link_local(&e->home);

		ha->w->claim(ha->w->ctx, e->ifindex, &ll);
	}
	e->claims--;
	e->claim_at = e->claims ? now + CLAIM_INTERVAL : NEVER;
}

static void probe(struct ha *ha, const struct bc_entry *e)
{
	ha->w->probe(ha->w->ctx, e->ifindex, &e->home);
	if (e->flags & BU_F_LINKLOCAL) {
		struct in6_addr ll = ha_link_local(&e->home);

		ha->w->probe(ha->w->ctx, e->ifindex, &ll);
	}
}

/* What is announced next: a binding of before not until nobody else was found to serve it. */
static void speak(struct ha *ha, struct bc_entry *e, usec now)
{
	if (e->doubt == HA_TO_ASK) {
		probe(ha, e);
		e->doubt = HA_ASKED;
		e->claim_at = now + DAD_WAIT;
		return;
	}
	e->doubt = HA_SURE;
	claim(ha, e, now);
}

/* The home address is free: into the data path, announced, acknowledged. */
static int activate(struct ha *ha, struct bc_entry *e, usec now, struct why *why)
{
	int err = ha->w->bind(ha->w->ctx, e, why);

	if (err)
		return err;
	e->state = MIP_BINDING_ACTIVE;
	e->claims = CLAIMS;
	if (e->ifindex)
		claim(ha, e, now);
	ha_prefix_schedule(ha, e, now);
	ha_rearm(ha, e);
	tell(ha, EV_BINDING_ADDED, e, NULL, now);
	return 0;
}

/* A pending registration that cannot be: the answer goes where the update came from. */
static void fail_pending(struct ha *ha, struct bc_entry *e, uint8_t status, usec now)
{
	struct via via = {.src = e->from, .dst = e->local};
	struct ha_request rq = {.via = &via, .home = e->home, .coa = e->coa, .from = e->from};
	uint16_t seq = e->seq;

	forget(ha, e, EV_BINDING_REMOVED, now);
	refuse(ha, &rq, status, seq, now);
}

/* The lifetime begins with the answer: the timer may be late by a sleep of the machine. */
static void probe_over(struct ha *ha, struct bc_entry *e, usec now)
{
	e->expires = now + e->lifetime * MH_LIFE_UNIT * SEC;
	if (activate(ha, e, now, NULL))
		fail_pending(ha, e, BA_RESOURCES, now);
	else
		accept_bu(ha, e, now);
}

static void on_timer(struct timer *t, usec now)
{
	struct bc_entry *e = timer_owner(t, struct bc_entry, timer);
	struct ha *ha = e->cache->owner;

	if (e->state == MIP_BINDING_DAD) {
		probe_over(ha, e, now);
	} else if (now >= e->expires) {
		forget(ha, e, EV_BINDING_EXPIRED, now);
	} else {
		if (now >= e->claim_at)
			speak(ha, e, now);
		if (now >= e->prefix_at)
			ha_prefix_due(ha, e, now);
		ha_rearm(ha, e);
	}
}

/* The binding in that state, defended on that link, which `target` is the home address of, or its link-local one: that
 * belongs to the home address with the same identifier under one of our prefixes there. */
static struct bc_entry *find_target(const struct ha *ha, unsigned ifindex, const struct in6_addr *target, uint8_t state)
{
	for (size_t i = 0; i <= ha->addrs; i++) {
		struct in6_addr home = *target;
		struct bc_entry *e;

		if (i < ha->addrs && IN6_IS_ADDR_LINKLOCAL(target))
			memcpy(&home, &ha->addr[i].addr, 8);
		e = bc_find(&ha->bc, &home, NULL);
		if (e && e->state == state && e->ifindex == ifindex &&
			(addr_eq(&home, target) || e->flags & BU_F_LINKLOCAL))
			return e;
	}
	return NULL;
}

void ha_on_taken(struct ha *ha, unsigned ifindex, const struct in6_addr *target, usec now)
{
	struct bc_entry *e = find_target(ha, ifindex, target, MIP_BINDING_DAD);

	if (e) {
		fail_pending(ha, e, BA_DAD_FAILED, now);
		return;
	}
	e = find_target(ha, ifindex, target, MIP_BINDING_ACTIVE);
	if (e && e->doubt == HA_ASKED)
		forget(ha, e, EV_BINDING_REMOVED, now);
}

bool ha_defends(const struct ha *ha, unsigned ifindex, const struct in6_addr *target)
{
	return find_target(ha, ifindex, target, MIP_BINDING_ACTIVE) != NULL;
}

static bool is_on(const struct ha *ha, const struct bc_entry *e, unsigned ifindex)
{
	const struct ha_link *l = ha_link_of(ha, e);

	return e->ifindex == ifindex || (l && l->conf.ifindex == ifindex);
}

void ha_drop_link(struct ha *ha, unsigned ifindex, usec now)
{
	for (size_t i = bc_count(&ha->bc); i-- > 0;) {
		struct bc_entry *e = bc_at(&ha->bc, i);

		if (is_on(ha, e, ifindex))
			forget(ha, e, EV_BINDING_REMOVED, now);
	}
}

/* Meanwhile another home agent may have taken over what we could not defend. */
void ha_link_back(struct ha *ha, unsigned ifindex, usec now)
{
	usec n = 0;

	for (size_t i = 0; i < bc_count(&ha->bc); i++) {
		struct bc_entry *e = bc_at(&ha->bc, i);

		if (e->ifindex != ifindex || e->state != MIP_BINDING_ACTIVE)
			continue;
		e->claims = 1;
		e->doubt = HA_TO_ASK;
		e->claim_at = now + ++n * RESTORE_EVERY;
		ha_rearm(ha, e);
	}
}

void ha_stop(struct ha *ha, usec now)
{
	while (bc_count(&ha->bc))
		forget(ha, bc_at(&ha->bc, bc_count(&ha->bc) - 1), EV_BINDING_REMOVED, now);
	while (bc_count(&ha->gone))
		bc_forget(&ha->gone, ha->w->timers, bc_at(&ha->gone, bc_count(&ha->gone) - 1));
	bc_free(&ha->bc);
	ha->links = 0;
	bc_free(&ha->gone);
	seq_free(&ha->last);
	ha->on = false;
}

/* --- Binding Updates --------------------------------------------------------------------------------------------- */

static bool ours(const struct ha *ha, const struct in6_addr *addr)
{
	for (size_t i = 0; i < ha->addrs; i++)
		if (addr_eq(&ha->addr[i].addr, addr))
			return true;
	return false;
}

static bool on_home_link(const struct ha *ha, const struct in6_addr *home)
{
	return ha_addr_for(ha, home) != NULL;
}

bool ha_serves(const struct ha *ha, const struct in6_addr *local)
{
	return ours(ha, local) && (addr_any(&ha->conf.address) || addr_eq(&ha->conf.address, local));
}

/* Would what is tunnelled to `coa` come back to be tunnelled there again, perhaps through other bindings (6.1.7)? */
static bool in_circle(const struct ha *ha, const struct in6_addr *home, const struct in6_addr *coa)
{
	const struct in6_addr *at = coa;

	for (size_t hops = bc_count(&ha->bc); !addr_eq(at, home); hops--) {
		const struct bc_entry *e = bc_find(&ha->bc, at, NULL);

		if (!e)
			return false;
		if (!hops)
			return true;
		at = &e->coa;
	}
	return true;
}

/* The number of the last update heard, whether its binding stands or not: the updates of one that ended a moment ago
 * may still be on their way. False: none was. */
static bool last_seq(const struct ha *ha, const struct in6_addr *home, const struct bc_entry *e, uint16_t *seq)
{
	if (!e)
		e = bc_find(&ha->gone, home, NULL);
	if (e)
		*seq = e->seq;
	return e ? !e->fixed : seq_find(&ha->last, home, seq);
}

static bool is_old(const struct ha *ha, const struct ha_request *rq, const struct bc_entry *e)
{
	uint16_t last;

	return last_seq(ha, &rq->home, e, &last) && (int16_t)(rq->seq - last) <= 0;
}

/* 10.3.1, 10.3.2 and 9.5.1, in the RFC's order: DROP, a status to refuse with, or 0. */
static int judge(const struct ha *ha, const struct ha_request *rq, const struct bc_entry *e, usec now)
{
	/* Without an address to answer from or to, nothing may happen (9.5.4); nonces are for correspondents (9.5.1).
	 */
	if (!addr_routable(&rq->home) || !addr_routable(&rq->from) || !addr_routable(&rq->via->dst) || rq->nonces)
		return DROP;
	/* 10.3.1: a registration has a Home Address option. IPsec hides it. */
	if (!rq->remove && !rq->via->has_hao && !rq->via->esp)
		return DROP;
	if (is_old(ha, rq, e))
		return BA_SEQ_OUT_OF_WINDOW;
	if (!(rq->flags & BU_F_HOME))
		return e ? BA_TYPE_CHANGE : DROP;
	if (!ha->on)
		return BA_NO_HOME_REG;
	if (!addr_routable(&rq->coa) || ours(ha, &rq->coa))
		return BA_INVALID_COA;
	if (!rq->remove && in_circle(ha, &rq->home, &rq->coa))
		return DROP;
	if (rq->remove && !e)
		return BA_NOT_HOME_AGENT;
	if (!on_home_link(ha, &rq->home) || ha_prefix_end(ha, &rq->home) < now + MH_LIFE_UNIT * SEC)
		return BA_NOT_HOME_SUBNET;
	if (!ha_serves(ha, &rq->via->dst) || ours(ha, &rq->home))
		return BA_NOT_HOME_AGENT;
	if (!ha_may_register(ha, &rq->home, rq->via->esp))
		return BA_PROHIBITED;
	if (rq->peer_registered)
		return BA_TYPE_CHANGE;
	return e && e->fixed ? BA_PROHIBITED : 0;
}

static void note(struct bc_entry *e, const struct ha_request *rq, const struct ha *ha, usec now)
{
	uint32_t most = ha_max_lifetime(ha, &rq->home), left = prefix_left(ha_prefix_end(ha, &rq->home), now);
	most = (left < most ? left : most) / MH_LIFE_UNIT;
	e->local = rq->via->dst;
	e->from = rq->from;
	e->coa = rq->coa;
	e->seq = rq->seq;
	e->flags = rq->flags;
	e->lifetime = rq->lifetime < most ? rq->lifetime : (uint16_t)most;
	e->expires = now + e->lifetime * MH_LIFE_UNIT * SEC;
}

/* First registration: nobody else on the home link may have the address (10.3.1). */
static void start_probe(struct ha *ha, const struct ha_request *rq, usec now)
{
	struct bc_entry *e = ha_has_room(ha, &rq->home) ? bc_add(&ha->bc, &rq->home, &rq->via->dst) : NULL;

	if (!e) {
		refuse(ha, rq, BA_RESOURCES, rq->seq, now);
		return;
	}
	bc_forget(&ha->gone, ha->w->timers, bc_find(&ha->gone, &rq->home, NULL));
	ha_count(ha, e, 1);
	note(e, rq, ha, now);
	e->made = now;
	e->state = MIP_BINDING_DAD;
	e->ifindex = ha_wire_of(ha, &e->home);
	if (!e->ifindex) { /* a virtual home link: nobody else can be there */
		probe_over(ha, e, now);
		return;
	}
	timer_arm(ha->w->timers, &e->timer, now + DAD_WAIT, on_timer);
	probe(ha, e);
	tell(ha, EV_BINDING_PROBING, e, NULL, now);
}

/* The mobile node moved or refreshes. While the probe runs, the newest update is the one that will be answered. */
static void renew(struct ha *ha, struct bc_entry *e, const struct ha_request *rq, usec now)
{
	struct bc_entry before = *e;
	bool moved = !addr_eq(&e->coa, &rq->coa) || !addr_eq(&e->local, &rq->via->dst);

	note(e, rq, ha, now);
	if (e->state == MIP_BINDING_DAD)
		return;
	if (moved && ha->w->bind(ha->w->ctx, e, NULL)) {
		*e = before;
		e->seq = rq->seq; /* used up all the same: it must not be played again */
		refuse(ha, rq, BA_RESOURCES, rq->seq, now);
		return;
	}
	if (e->doubt) {
		e->doubt = HA_SURE; /* the mobile node itself says whom it is with */
		e->claim_at = now;
	}
	ha_prefix_again(e, now);
	ha_rearm(ha, e);
	tell(ha, moved ? EV_BINDING_MOVED : EV_BINDING_REFRESHED, e, &before.coa, now);
	accept_bu(ha, e, now);
}

/* 10.3.2: intercept no more, then answer: the acknowledgement must reach the mobile node on its own link. */
static void deregister(struct ha *ha, struct bc_entry *e, const struct ha_request *rq, usec now)
{
	e->seq = rq->seq;
	forget(ha, e, EV_BINDING_REMOVED, now);
	send_ba(ha, &rq->via->dst, &rq->home, &rq->from, BA_ACCEPTED, rq->seq, 0);
}

static struct ha_request request_of(const struct via *via, const struct mh *m)
{
	struct ha_request rq = {.via = via, .seq = m->u.bu.seq, .flags = m->u.bu.flags, .lifetime = m->u.bu.lifetime};

	rq.home = via->has_hao ? via->hao : via->src;
	rq.coa = m->opt.has & MHO_ALT_COA ? m->opt.alt_coa : via->src;
	/* RFC 3776 3.1: the care-of address in the message is the protected one, and the message says it whenever there
	 * is one. */
	rq.from = via->esp ? rq.coa : via->src;
	rq.remove = !rq.lifetime || addr_eq(&rq.coa, &rq.home);
	rq.nonces = m->opt.has & MHO_NONCES;
	return rq;
}

void ha_complain(struct ha *ha, const struct in6_addr *home, const struct in6_addr *from, uint8_t type, usec now)
{
	struct event ev = {.type = EV_UNPROTECTED, .addr = home, .coa = from, .mh = type};

	ha->stats.unprotected++;
	if (rate_take(&ha->complaints, now))
		ha->w->event(ha->w->ctx, &ev, now);
}

/* Accepted, before anything is done for it. What is refused, as a forger's is who does not know the number, is not
 * counted: it takes nothing from the binding. */
static bool is_over_limit(struct ha *ha, const struct ha_request *rq, struct bc_entry *e, usec now)
{
	bool ok = e ? rate_spend(&e->paced, HA_UPDATE_RATE, HA_UPDATE_BURST, now)
		    : rates_take(&ha->newcomers, &rq->from, now);

	ha->stats.limited += !ok;
	return !ok;
}

void ha_on_bu(struct ha *ha, const struct via *via, const struct mh *m, bool peer_registered, usec now)
{
	struct ha_request rq = request_of(via, m);
	struct bc_entry *e = bc_find(&ha->bc, &rq.home, NULL);
	uint16_t seq = rq.seq;
	int status;

	rq.peer_registered = peer_registered;
	ha->stats.rx_bu++;
	if (!via->esp && world_protects(ha->w, &rq.home, MIP_PROTECT_BINDING)) {
		ha_complain(ha, &rq.home, &via->src, MH_BU, now);
		return;
	}
	status = judge(ha, &rq, e, now);
	if (rq.remove && !e && status == BA_NOT_HOME_AGENT && on_home_link(ha, &rq.home))
		remember(ha, &rq.home, &via->dst, rq.seq, now);
	if (status == BA_SEQ_OUT_OF_WINDOW)
		(void)last_seq(ha, &rq.home, e, &seq);
	if (status == DROP)
		ha->stats.dropped++;
	else if (status)
		refuse(ha, &rq, (uint8_t)status, seq, now);
	else if (is_over_limit(ha, &rq, e, now))
		return;
	else if (rq.remove)
		deregister(ha, e, &rq, now);
	else if (e)
		renew(ha, e, &rq, now);
	else
		start_probe(ha, &rq, now);
}

/* --- of before ---------------------------------------------------------------------------------------------------- */

static struct bc_entry *copy_kept(struct ha *ha, const struct bc_entry *kept)
{
	struct bc_entry *e = bc_add(&ha->bc, &kept->home, &kept->local);

	if (!e)
		return NULL;
	e->ifindex = ha_wire_of(ha, &e->home);
	e->coa = kept->coa;
	e->from = kept->from;
	e->made = kept->made;
	e->expires = kept->expires;
	e->seq = kept->seq;
	e->flags = kept->flags;
	e->lifetime = kept->lifetime;
	return e;
}

int ha_restore(struct ha *ha, const struct bc_entry *kept, usec now)
{
	struct bc_entry *e;
	int err;

	if (bc_find(&ha->bc, &kept->home, NULL))
		return -EEXIST;
	if (kept->expires <= now || !on_home_link(ha, &kept->home) || ours(ha, &kept->home) ||
		!ha_serves(ha, &kept->local) || !addr_routable(&kept->coa) || ours(ha, &kept->coa) ||
		in_circle(ha, &kept->home, &kept->coa))
		return -EADDRNOTAVAIL;
	e = copy_kept(ha, kept);
	if (!e)
		return -ENOSPC;
	err = ha->w->bind(ha->w->ctx, e, NULL);
	if (err) {
		bc_del(&ha->bc, e);
		return err;
	}
	e->state = MIP_BINDING_ACTIVE;
	ha_count(ha, e, 1);
	if (e->ifindex) {
		e->claims = 1;
		e->doubt = HA_TO_ASK;
		e->claim_at = now + (usec)bc_count(&ha->bc) * RESTORE_EVERY;
	}
	ha_rearm(ha, e);
	return 0;
}

/* --- by hand ----------------------------------------------------------------------------------------------------- */

int ha_add(struct ha *ha, const struct in6_addr *home, const struct in6_addr *coa, const struct in6_addr *local,
	uint32_t lifetime, usec now, struct why *why)
{
	uint32_t units = lifetime / MH_LIFE_UNIT;
	struct bc_entry *e;
	int err;

	if (!addr_routable(home) || ours(ha, home))
		return why_set(why, EINVAL, "%s cannot be a home address", addr_text(home).s);
	if (!addr_routable(coa) || ours(ha, coa) || in_circle(ha, home, coa))
		return why_set(why, EINVAL, "%s cannot be the care-of address", addr_text(coa).s);
	if (bc_find(&ha->bc, home, NULL))
		return why_set(why, EEXIST, "%s has a binding already", addr_text(home).s);
	e = bc_add(&ha->bc, home, local);
	if (!e)
		return why_set(why, ENOSPC, "the binding cache is full (%zu entries)", bc_count(&ha->bc));
	e->ifindex = ha_wire_of(ha, home);
	e->coa = *coa;
	e->made = now;
	e->fixed = true;
	e->expires = lifetime ? now + lifetime * SEC : NEVER;
	e->lifetime = units < MH_LIFE_INF ? (uint16_t)units : MH_LIFE_INF;
	err = activate(ha, e, now, why);
	if (err)
		bc_del(&ha->bc, e);
	return err;
}

int ha_del(struct ha *ha, const struct in6_addr *home, usec now, struct why *why)
{
	struct bc_entry *e = bc_find(&ha->bc, home, NULL);

	if (!e)
		return why_set(why, ENOENT, "no binding of %s", addr_text(home).s);
	forget(ha, e, EV_BINDING_REMOVED, now);
	return 0;
}
