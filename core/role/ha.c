/*
 * Home agent: the life of a binding. Its home address is asked for on the home link,
 * goes into the data path, is announced, defended and given up (RFC 6275 10.3.1,
 * 10.4.1). What Binding Updates do is in ha_bu.c, bindings not made by them are in
 * ha_made.c. The data path, the home link and time are behind struct world.
 */
#include "base/addr.h"
#include "role/event.h"
#include "role/ha_impl.h"

#define DAD_WAIT       SEC /* RetransTimer x DupAddrDetectTransmits, RFC 4862 5.1 */
#define CLAIMS	       3   /* MAX_NEIGHBOR_ADVERTISEMENT, RFC 4861 10 */
#define CLAIM_INTERVAL SEC

static void binding_due(struct timer *t, usec now);

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
	seq_init(&ha->ended, sizeof(struct in6_addr), seed);
	bc_init(&ha->bc, BC_BY_HOME, seed, ha);
	auth_init(&ha->auth, seed);
}

void ha_start(struct ha *ha, const struct ha_conf *conf)
{
	bool recount = !ha_same_rules(conf->rule, conf->rules, ha->conf.rule, ha->conf.rules);

	ha->conf = *conf;
	if (recount) /* a walk over all bindings */
		ha_follow_rules(ha);
	ha_follow_links(ha, conf);
	ha->bc.max = ha->ended.max = conf->max_bindings;
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

void ha_tell(struct ha *ha, enum event_type type, const struct bc_entry *e, const struct in6_addr *old, usec now)
{
	ha->w->event(ha->w->ctx, &(struct event){.type = type, .binding = e, .coa = old}, now);
}

/* --- the life of a binding --------------------------------------------------------------------------------------- */

void ha_rearm(struct ha *ha, struct bc_entry *e)
{
	usec due = e->claim_at < e->expires ? e->claim_at : e->expires;

	due = e->prefix_at < due ? e->prefix_at : due;
	if (due == NEVER)
		timer_stop(ha->w->timers, &e->timer);
	else
		timer_arm(ha->w->timers, &e->timer, due, binding_due);
}

/* 9.5.1 lets any number begin a binding. Two updates must not all the same: one that was on its way while the binding
 * ended, and one that was recorded where IPsec with keys set by hand lets it be played again (RFC 3776 4.3). The first
 * is forgotten when it cannot come any more. A table that is full forgets: then it is as the RFC says. */
void ha_remember(struct ha *ha, const struct in6_addr *home, uint16_t seq, usec now)
{
	bool is_protected = world_protects(ha->w, home, MIP_PROTECT_BINDING);
	usec until = is_protected ? NEVER : now + HA_LATE_FOR;

	(void)!seq_keep(&ha->ended, home, seq, 0, until, now);
	if (ha->w->ended)
		ha->w->ended(ha->w->ctx, home, seq, until);
}

void ha_forget(struct ha *ha, struct bc_entry *e, const char *why, usec now)
{
	struct event ev = {.type = why ? EV_BINDING_REMOVED : EV_BINDING_EXPIRED, .binding = e, .why = why};

	timer_stop(ha->w->timers, &e->timer);
	if (e->state != MIP_BINDING_DAD)
		ha->w->unbind(ha->w->ctx, e);
	/* What was under way when the address went is for the member that has it now: nothing has ended. */
	if (!e->fixed && !(ha->standby && e->state == MIP_BINDING_DAD))
		ha_remember(ha, &e->home, e->seq, now);
	ha->w->event(ha->w->ctx, &ev, now);
	ha_count(ha, e, -1);
	ha->made -= e->fixed;
	(void)!ha_hold_networks(ha, e, NULL, 0);
	bc_del(&ha->bc, e);
}

static void claim(struct ha *ha, struct bc_entry *e, usec now)
{
	ha->w->claim(ha->w->ctx, e->ifindex, &e->home);
	if (e->flags & BU_F_LINKLOCAL) {
		struct in6_addr ll = ha_link_local(&e->home);

		ha->w->claim(ha->w->ctx, e->ifindex, &ll);
	}
	if (bc_ipv4_home(e))
		ha->w->claim(ha->w->ctx, e->ifindex, &bc_ipv4_home(e)->addr);
	e->claims--;
	e->claim_at = e->claims ? now + CLAIM_INTERVAL : NEVER;
}

void ha_announce_now(struct ha *ha, struct bc_entry *e, usec now)
{
	e->claims = CLAIMS;
	if (e->ifindex)
		claim(ha, e, now);
	ha_rearm(ha, e);
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
int ha_activate(struct ha *ha, struct bc_entry *e, usec now, struct why *why)
{
	int err = ha->w->bind(ha->w->ctx, e, why);

	if (err)
		return err;
	e->state = MIP_BINDING_ACTIVE;
	ha_prefix_schedule(ha, e, now);
	ha_announce_now(ha, e, now);
	ha_tell(ha, EV_BINDING_ADDED, e, NULL, now);
	return 0;
}

/* A pending registration that cannot be: the answer goes where the update came from. */
static void fail_pending(struct ha *ha, struct bc_entry *e, uint8_t status, usec now)
{
	struct via via;
	struct ha_request rq = ha_request_again(ha, e, &via);
	uint16_t seq = e->seq;

	ha_forget(ha, e, ba_status_text(status), now);
	ha_refuse(ha, &rq, status, seq, now);
}

/* The lifetime begins with the answer: the timer may be late by a sleep of the machine. */
static void probe_over(struct ha *ha, struct bc_entry *e, usec now)
{
	e->expires = now + e->lifetime * MH_LIFE_UNIT * SEC;
	if (ha_activate(ha, e, now, NULL)) {
		fail_pending(ha, e, ha_no_forwarding(e->flags, e->implicit), now);
		return;
	}
	seq_forget(&ha->ended, &e->home);
	ha_accept(ha, e, now);
}

/* First registration: nobody else on the home link may have the address (10.3.1). */
void ha_begin(struct ha *ha, struct bc_entry *e, usec now)
{
	e->made = now;
	e->state = MIP_BINDING_DAD;
	e->ifindex = ha_wire_of(ha, &e->home);
	if (!e->ifindex) { /* a virtual home link: nobody else can be there */
		probe_over(ha, e, now);
		return;
	}
	timer_arm(ha->w->timers, &e->timer, now + DAD_WAIT, binding_due);
	probe(ha, e);
	ha_tell(ha, EV_BINDING_PROBING, e, NULL, now);
}

static void binding_due(struct timer *t, usec now)
{
	struct bc_entry *e = timer_owner(t, struct bc_entry, timer);
	struct ha *ha = e->cache->owner;

	if (e->state == MIP_BINDING_DAD) {
		probe_over(ha, e, now);
	} else if (now >= e->expires) {
		ha_forget(ha, e, NULL, now);
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
		ha_forget(ha, e, "the node is at home", now);
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
			ha_forget(ha, e, "the home link is gone", now);
	}
}

void ha_announce(struct ha *ha, struct bc_entry *e, usec at)
{
	e->claims = CLAIMS;
	e->claim_at = e->ifindex ? at : NEVER;
	ha_rearm(ha, e);
}

void ha_doubt(struct ha *ha, struct bc_entry *e, usec at)
{
	e->claims = 1;
	e->doubt = HA_TO_ASK;
	e->claim_at = at;
	ha_rearm(ha, e);
}

/* Meanwhile another home agent may have taken over what we could not defend. */
void ha_link_back(struct ha *ha, unsigned ifindex, usec now)
{
	usec n = 0;

	for (size_t i = 0; i < bc_count(&ha->bc); i++) {
		struct bc_entry *e = bc_at(&ha->bc, i);

		if (e->ifindex != ifindex || e->state != MIP_BINDING_ACTIVE)
			continue;
		ha_doubt(ha, e, now + ++n * HA_RESTORE_EVERY);
	}
}

void ha_stop(struct ha *ha, usec now)
{
	timer_stop(ha->w->timers, &ha->serving);
	while (bc_count(&ha->bc))
		ha_forget(ha, bc_at(&ha->bc, bc_count(&ha->bc) - 1), "the home agent stops", now);
	bc_free(&ha->bc);
	networks_free(&ha->networks);
	ha->links = 0;
	seq_free(&ha->ended);
	ha_drop_answers(ha);
	ha->on = ha->standby = false;
}
