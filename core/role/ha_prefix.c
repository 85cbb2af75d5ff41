/*
 * Home agent: mobile nodes that are away hear of the prefixes of their home link, when
 * they ask and when something changes (RFC 6275 10.6).
 */
#include "base/addr.h"
#include "role/ha_impl.h"

#define RETRIES 3	  /* PREFIX_ADV_RETRIES */
#define TIMEOUT (3 * SEC) /* PREFIX_ADV_TIMEOUT */
#define MIN_MTU 1280
#define MPA_MAX (8 + 32 * PREFIXES_MAX)
_Static_assert(40 + 24 + MPA_MAX <= MIN_MTU, "an advertisement is not fragmented");

usec ha_prefix_end(const struct ha *ha, const struct in6_addr *home)
{
	const struct ha_addr *a = ha_addr_for(ha, home);
	const struct ha_link *l = a ? ha_link(ha, a->ifindex) : NULL;
	const struct prefix *p = l ? prefixes_find(&l->prefixes, home) : NULL;

	if (p)
		return p->valid_until;
	return a ? a->prefix_until : NEVER;
}

/* One that we advertised and that ended stays ended, although our address there may stand: nobody is at home in it any
 * more (10.3.1), until we advertise it again. */
void ha_prefix_heard(struct ha *ha, const struct ha_link *l)
{
	for (size_t i = 0; i < ha->addrs; i++) {
		struct ha_addr *a = &ha->addr[i];
		const struct prefix *p = prefixes_find(&l->prefixes, &a->addr);

		if (p && a->ifindex == l->conf.ifindex)
			a->prefix_until = p->valid_until;
	}
}

/* 10.3.1: both in units of four seconds. */
bool ha_prefix_lasts(const struct ha *ha, const struct bc_entry *e, usec now)
{
	const struct ha_link *l = ha_link_of(ha, e);
	const struct prefix *p = l ? prefixes_find(&l->prefixes, &e->home) : NULL;

	return !p || (prefix_left(p->preferred_until, now) / MH_LIFE_UNIT >= e->lifetime &&
			     prefix_left(p->valid_until, now) / MH_LIFE_UNIT > e->lifetime);
}

/* Our own address in that prefix goes along (6.8: R). */
static void put_prefix(
	const struct ha *ha, const struct ha_link *l, const struct prefix *x, struct nd_ra *mpa, usec now)
{
	struct nd_prefix *p = &mpa->prefix[mpa->prefixes++];

	*p = (struct nd_prefix){.prefix = x->prefix, .len = x->len, .onlink = x->onlink, .autoconf = x->autoconf};
	p->valid = prefix_left(x->valid_until, now);
	p->preferred = prefix_left(x->preferred_until, now);
	for (size_t i = 0; i < ha->addrs; i++)
		if (ha->addr[i].ifindex == l->conf.ifindex && ha->addr[i].plen == x->len &&
			addr_in(&ha->addr[i].addr, &x->prefix, x->len)) {
			p->prefix = ha->addr[i].addr;
			p->router = true;
		}
}

/* Ours that nobody advertises: they last as long as our address does. */
static void put_own(const struct ha *ha, const struct ha_link *l, struct nd_ra *mpa, usec now)
{
	for (size_t i = 0; i < ha->addrs && mpa->prefixes < PREFIXES_MAX; i++) {
		struct prefix x = {.prefix = ha->addr[i].addr, .len = ha->addr[i].plen, .onlink = true};

		x.autoconf = x.len == 64;
		x.valid_until = x.preferred_until = NEVER;
		if (ha->addr[i].ifindex == l->conf.ifindex && ha->addr[i].prefix_until > now &&
			!prefixes_find(&l->prefixes, &x.prefix))
			put_prefix(ha, l, &x, mpa, now);
	}
}

static void advertise(struct ha *ha, const struct bc_entry *e, uint16_t id, usec now)
{
	struct via via = {.src = e->local,
		.dst = e->coa,
		.rh2 = e->home,
		.has_rh2 = true,
		.esp = world_protects(ha->w, &e->home, MIP_PROTECT_PREFIX)};
	struct ha_link *l = ha_link_of(ha, e);
	struct nd_ra mpa = {.id = id};
	uint8_t data[MPA_MAX];
	int len;

	if (!l || e->udp.port) /* what it was not told it asks for, with IPv6 */
		return;
	prefixes_expire(&l->prefixes, now);
	for (size_t i = 0; i < l->prefixes.n; i++)
		put_prefix(ha, l, &l->prefixes.list[i], &mpa, now);
	put_own(ha, l, &mpa, now);
	len = mpa_write(&mpa, data, sizeof(data));
	if (len > 0)
		ha->w->send_icmp(ha->w->ctx, &via, data, (size_t)len);
}

/* RAND_ADV_DELAY of 10.6.2. A prefix that is preferred for less than the least interval is told of before that ends. */
static usec random_delay(const struct ha *ha, const struct bc_entry *e, usec now)
{
	const struct ha_link *l = ha_link_of(ha, e);
	const struct prefix *p = l ? prefixes_find(&l->prefixes, &e->home) : NULL;
	uint32_t most = ha->conf.max_prefix_interval, least = ha->conf.min_prefix_interval;
	uint32_t left = p ? prefix_left(p->preferred_until, now) : UINT32_MAX;

	most = left < most ? left : most;
	least = least <= most ? least : 0;
	return (least + ha->w->random(ha->w->ctx) % (most - least + 1)) * SEC;
}

/* Does it say anything without being asked? */
static bool unasked(const struct ha *ha)
{
	return ha->conf.max_prefix_interval && !ha->conf.no_prefix_advs;
}

void ha_prefix_schedule(struct ha *ha, struct bc_entry *e, usec now)
{
	usec at = now + random_delay(ha, e, now);

	e->prefix_tries = 0;
	e->prefix_at = unasked(ha) && !e->fixed ? at : NEVER;
}

/* Unsolicited: repeated until the mobile node solicits, which shows that it heard (10.6.3). */
void ha_prefix_due(struct ha *ha, struct bc_entry *e, usec now)
{
	if (!unasked(ha)) {
		ha_prefix_schedule(ha, e, now);
		return;
	}
	if (!e->prefix_tries)
		e->prefix_id = (uint16_t)ha->w->random(ha->w->ctx);
	advertise(ha, e, e->prefix_id, now);
	e->prefix_at = now + (TIMEOUT << e->prefix_tries);
	if (e->prefix_tries++ == RETRIES) {
		ha_prefix_schedule(ha, e, now);
		e->prefix_unheard = true;
	}
}

void ha_prefix_again(struct bc_entry *e, usec now)
{
	if (e->prefix_unheard)
		e->prefix_at = now;
	e->prefix_unheard = false;
}

/* 10.3.1: no binding outlives the prefix of its home address, which may end earlier than it was to. */
static void bound_by_prefix(const struct ha *ha, struct bc_entry *e)
{
	usec end = ha_prefix_end(ha, &e->home);

	if (!e->fixed && end < e->expires)
		e->expires = end;
}

void ha_prefix_changed(struct ha *ha, const struct ha_link *l, usec now)
{
	for (size_t i = 0; i < bc_count(&ha->bc); i++) {
		struct bc_entry *e = bc_at(&ha->bc, i);
		usec before = e->prefix_at;

		if (e->state != MIP_BINDING_ACTIVE || ha_link_of(ha, e) != l)
			continue;
		bound_by_prefix(ha, e);
		if (!e->prefix_tries) {
			ha_prefix_schedule(ha, e, now);
			e->prefix_at = before < e->prefix_at ? before : e->prefix_at;
		}
		ha_rearm(ha, e);
	}
}

/* Only a mobile node with a binding is answered, where that says it is (10.6.3). */
void ha_on_mps(struct ha *ha, const struct via *via, uint16_t id, usec now)
{
	const struct in6_addr *home = via->has_hao ? &via->hao : &via->src;
	struct bc_entry *e = bc_find(&ha->bc, home, NULL);

	if (!via->esp && world_protects(ha->w, home, MIP_PROTECT_PREFIX)) {
		ha_complain(ha, home, &via->src, ICMP6_MPS, now);
		return;
	}
	if (ha->conf.no_prefix_advs || !e || e->state != MIP_BINDING_ACTIVE || e->fixed ||
		!(via->esp || (via->has_hao && addr_eq(&e->coa, &via->src))) || !addr_eq(&e->local, &via->dst) ||
		!rate_take(&ha->replies, now))
		return;
	advertise(ha, e, id, now);
	e->prefix_unheard = false;
	ha_prefix_schedule(ha, e, now);
	ha_rearm(ha, e);
}
