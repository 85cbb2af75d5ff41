/*
 * attach_impl.h: movement that no link tells of (RFC 6275 11.5.1). A router that is silent for longer than it says it
 * ever is (7.3), or beside which a new one speaks, is asked by Neighbor Solicitations; only one that answers none is
 * gone. So neither a second router nor a forged advertisement moves the node, and the forged one's router goes again.
 * It is asked at its global address when that is known, and its link-layer address has to be the same: the router of
 * the next link may share its link-local one.
 */
#include <string.h>

#include "base/addr.h"
#include "role/attach_impl.h"
#include "role/event.h"

#define QUESTIONS  3 /* MAX_UNICAST_SOLICIT */
#define WAIT	   (200 * MSEC)
#define SILENCE	   2 /* advertisements that may be lost */
#define SILENT_MIN (500 * MSEC)
#define UNHEARD	   (3 * SEC) /* a router, while another one speaks */
#define DETECTION  SEC	     /* RetransTimer, after one question (RFC 4862 5.4) */
#define SETTLE_GAP SEC	     /* the kernel's tables are not looked through more often */

static void on_watch(struct timer *t, usec now);

static bool is_used(const struct attach_router *r)
{
	return !addr_any(&r->addr);
}

static uint8_t bit_of(const struct attach_link *l, const struct attach_router *r)
{
	return (uint8_t)(1U << (r - l->routers));
}

uint8_t router_there(const struct attach_link *l)
{
	uint8_t bits = 0;

	for (const struct attach_router *r = l->routers; r < l->routers + ATTACH_ROUTERS; r++)
		if (is_used(r) && !r->gone)
			bits |= bit_of(l, r);
	return bits;
}

uint8_t router_default(const struct attach_link *l, usec now)
{
	uint8_t bits = 0;

	for (const struct attach_router *r = l->routers; r < l->routers + ATTACH_ROUTERS; r++)
		if (is_used(r) && !r->gone && r->until > now)
			bits |= bit_of(l, r);
	return bits;
}

struct in6_addr router_addr(const struct attach_link *l, uint8_t bits)
{
	for (size_t i = 0; i < ATTACH_ROUTERS; i++)
		if (bits & 1U << i)
			return l->routers[i].addr;
	return in6addr_any;
}

bool router_since(const struct attach_link *l, usec when)
{
	for (const struct attach_router *r = l->routers; r < l->routers + ATTACH_ROUTERS; r++)
		if (is_used(r) && !r->gone && r->since <= when)
			return true;
	return false;
}

/* --- known routers ------------------------------------------------------------------------------------------------ */

static struct attach_router *find_router(struct attach_link *l, const struct in6_addr *addr)
{
	for (struct attach_router *r = l->routers; r < l->routers + ATTACH_ROUTERS; r++)
		if (addr_eq(&r->addr, addr))
			return r;
	return NULL;
}

static void drop_router(struct attach_link *l, struct attach_router *r)
{
	for (struct attach_prefix *p = l->prefix; p < l->prefix + l->prefixes; p++) {
		p->told_by &= (uint8_t)~bit_of(l, r);
		p->refuted_by &= (uint8_t)~bit_of(l, r);
		p->tellings[r - l->routers] = p->untold[r - l->routers] = 0;
	}
	l->stale |= r->gone;
	*r = (struct attach_router){0};
}

/* A free slot, that of one that is gone, or that of the newcomer: liars push each other out. */
static struct attach_router *slot(struct attach_link *l)
{
	struct attach_router *best = &l->routers[0];

	for (struct attach_router *r = l->routers; r < l->routers + ATTACH_ROUTERS; r++) {
		if (!is_used(r) || r->gone)
			return r;
		if (r->since > best->since)
			best = r;
	}
	return best;
}

static bool told(const struct attach_link *l, uint8_t by, const struct nd_ra *ra)
{
	for (size_t i = 0; i < l->prefixes; i++)
		for (size_t k = 0; l->prefix[i].told_by & by && k < ra->prefixes; k++)
			if (addr_in(&l->prefix[i].prefix, &ra->prefix[k].prefix, ra->prefix[k].len))
				return true;
	return false;
}

static bool other_lladdr(const struct attach_router *r, const uint8_t *lladdr)
{
	return r->has_lladdr && lladdr && memcmp(r->lladdr, lladdr, sizeof(r->lladdr)) != 0;
}

/* Routers of two networks may have the same address (fe80::1 is popular): another link-layer address and nothing of
 * what was told before. Or somebody speaks in the name of the one that is known. */
static bool is_another(const struct attach_link *l, const struct attach_router *r, const struct nd_ra *ra)
{
	return other_lladdr(r, ra->has_lladdr ? ra->lladdr : NULL) && !told(l, bit_of(l, r), ra);
}

static void doubt(struct attach_router *r)
{
	if (!is_used(r) || r->gone || r->doubted)
		return;
	r->doubted = true;
	r->questions = 0;
}

static void trust(struct attach_router *r, usec now)
{
	r->doubted = false;
	r->heard = now;
}

/* The first router of a link is believed. A later one may be another link's: all are asked, itself, too. */
static struct attach_router *meet(struct attach_link *l, const struct in6_addr *addr, usec now)
{
	bool others = router_there(l) != 0;
	struct attach_router *r = slot(l);
	usec asked = r->asked; /* of a slot: newcomers cannot make us ask faster */

	drop_router(l, r);
	*r = (struct attach_router){.addr = *addr, .since = l->heard ? now : l->up_at, .asked = asked};
	for (struct attach_router *each = l->routers; others && each < l->routers + ATTACH_ROUTERS; each++)
		doubt(each);
	return r;
}

/* Of two networks behind one carrier the node may be back in the first, whose router it knows: that one speaks, and the
 * others have not for a while. */
static void doubt_silent(struct attach_link *l, const struct attach_router *speaks, usec now)
{
	for (struct attach_router *r = l->routers; r < l->routers + ATTACH_ROUTERS; r++)
		if (r != speaks && now - r->heard >= UNHEARD)
			doubt(r);
}

/* A router has a global address (7.2) that every advertisement of it told since the first one. Who speaks in its name
 * can end that, and put none in its place: it would be asked there in vain. */
static void note_global(struct attach_router *r, const struct nd_ra *ra, bool first)
{
	const struct in6_addr *told = NULL;

	for (size_t i = 0; i < ra->prefixes; i++)
		if (ra->prefix[i].router && (first ? !told : addr_eq(&ra->prefix[i].prefix, &r->global)))
			told = &ra->prefix[i].prefix;
	r->global = told ? *told : in6addr_any;
}

/* The same for its link-layer address; a new one it has when it answers with it, too. */
static void note_lladdr(struct attach_router *r, const struct nd_ra *ra, bool first)
{
	r->has_lladdr = ra->has_lladdr && (first || (r->has_lladdr && !other_lladdr(r, ra->lladdr)));
	memcpy(r->lladdr, ra->lladdr, sizeof(r->lladdr));
}

uint8_t router_heard(struct attach_link *l, const struct in6_addr *from, const struct nd_ra *ra, usec now)
{
	struct attach_router *r = find_router(l, from);
	bool first;

	if (r && !r->gone && is_another(l, r, ra)) {
		attach_doubt(l->attach, l->ifindex, from, now);
		return 0;
	}
	if (r && is_another(l, r, ra)) {
		drop_router(l, r);
		r = NULL;
	}
	first = !r;
	if (r) {
		trust(r, now);
		doubt_silent(l, r, now);
	} else {
		r = meet(l, from, now);
	}
	r->gone = false;
	r->heard = now;
	r->until = now + ra->router_lifetime * SEC;
	r->every = ra->has_interval ? ra->interval_ms * MSEC : 0;
	note_lladdr(r, ra, first);
	note_global(r, ra, first);
	return bit_of(l, r);
}

void router_forget(struct attach_link *l)
{
	timer_stop(l->attach->w->timers, &l->watch_timer);
	memset(l->routers, 0, sizeof(l->routers));
}

static const struct in6_addr *identity(const struct attach_router *r)
{
	return addr_any(&r->global) ? &r->addr : &r->global;
}

void attach_on_na(struct attach *a, unsigned ifindex, const struct nd_nx *na, usec now)
{
	struct attach_link *l = attach_link(a, ifindex);
	const uint8_t *lladdr = na->has_lladdr ? na->lladdr : NULL;

	if (l && now < l->probed_until)
		attach_on_duplicate(l, &na->target, now);
	for (struct attach_router *r = l ? l->routers : NULL; l && r < l->routers + ATTACH_ROUTERS; r++) {
		bool answers = addr_eq(identity(r), &na->target);

		if (!is_used(r) || (!answers && !addr_eq(&r->addr, &na->target)))
			continue;
		if (other_lladdr(r, lladdr)) {
			attach_doubt(a, ifindex, &r->addr, now);
		} else if (r->doubted && r->questions && answers && na->solicited) {
			trust(r, now);
			r->has_lladdr = lladdr && !memcmp(r->lladdr, lladdr, sizeof(r->lladdr));
		}
	}
}

void attach_doubt(struct attach *a, unsigned ifindex, const struct in6_addr *router, usec now)
{
	struct attach_link *l = attach_link(a, ifindex);

	if (!l || !l->up)
		return;
	for (struct attach_router *r = l->routers; r < l->routers + ATTACH_ROUTERS; r++)
		if (!router || addr_eq(&r->addr, router))
			doubt(r);
	on_watch(&l->watch_timer, now);
}

void attach_resume(struct attach *a, usec now)
{
	for (size_t i = 0; i < ATTACH_LINKS; i++)
		if (a->link[i].ifindex)
			attach_doubt(a, a->link[i].ifindex, NULL, now);
}

/* --- the watch ---------------------------------------------------------------------------------------------------- */

static usec silent_at(const struct attach_router *r)
{
	usec wait = SILENCE * r->every;

	return !r->every ? NEVER : r->heard + (wait > SILENT_MIN ? wait : SILENT_MIN);
}

/* When something is to be done about it; questions are never closer than WAIT, whoever provokes them. */
static usec due_of(const struct attach_router *r)
{
	if (!is_used(r) || r->gone)
		return NEVER;
	return r->doubted ? (r->asked ? r->asked + WAIT : 0) : silent_at(r);
}

static void ask_router(struct attach_link *l, struct attach_router *r, usec now)
{
	const struct world *w = l->attach->w;

	if (r->questions < QUESTIONS) {
		r->questions++;
		r->asked = now;
		w->reach(w->ctx, l->ifindex, identity(r));
		return;
	}
	r->gone = true;
	w->event(w->ctx, &(struct event){.type = EV_ROUTER_LOST, .ifindex = l->ifindex, .addr = &r->addr}, now);
}

/* When an answer of attach_place changes by itself. */
static usec next_end(const struct attach_link *l, usec now)
{
	usec next = l->stale && router_there(l) ? l->settled + SETTLE_GAP : NEVER;

	for (const struct attach_prefix *p = l->prefix; p < l->prefix + l->prefixes; p++) {
		if (p->valid_until > now && p->valid_until < next)
			next = p->valid_until;
		if (p->refuted_until > now && p->refuted_until < next)
			next = p->refuted_until;
	}
	for (const struct attach_addr *c = l->addr; c < l->addr + l->addrs; c++)
		if (c->deprecated_at > now && c->deprecated_at < next)
			next = c->deprecated_at;
	for (const struct attach_router *r = l->routers; r < l->routers + ATTACH_ROUTERS; r++) {
		usec due = due_of(r);

		if (due < next)
			next = due;
		if (is_used(r) && !r->gone && r->until > now && r->until < next)
			next = r->until;
	}
	return next;
}

static size_t living(const struct attach_link *l, struct in6_addr to[ATTACH_ROUTERS])
{
	size_t n = 0;

	for (const struct attach_router *r = l->routers; r < l->routers + ATTACH_ROUTERS; r++)
		if (is_used(r) && !r->gone)
			to[n++] = r->addr;
	return n;
}

static void settle(struct attach_link *l)
{
	const struct world *w = l->attach->w;
	struct in6_addr router[ATTACH_ROUTERS], prefix[ATTACH_PREFIXES];
	size_t prefixes = 0;

	for (size_t i = l->prefixes; i-- > 0;) {
		if (l->prefix[i].told_by)
			prefix[prefixes++] = l->prefix[i].prefix;
		else
			l->prefix[i] = l->prefix[--l->prefixes];
	}
	w->settle(w->ctx, l->ifindex, router, living(l, router), prefix, prefixes);
}

/* 11.5.1. Asked by us: for the kernel to ask, the link-local address would have to go, and programs hold it. */
static void ask_duplicates(struct attach_link *l, usec now)
{
	const struct world *w = l->attach->w;

	for (size_t i = 0; i < ATTACH_LOCALS; i++)
		if (!addr_any(&l->local[i]))
			w->probe(w->ctx, l->ifindex, &l->local[i]);
	l->probed_until = now + DETECTION;
}

/* While no other one is there, what was told by one that is gone stays: it may come back. */
static void bury(struct attach_link *l)
{
	for (struct attach_router *r = l->routers; r < l->routers + ATTACH_ROUTERS; r++)
		if (is_used(r) && r->gone && router_there(l))
			drop_router(l, r);
}

void router_tidy(struct attach_link *l, usec now)
{
	usec next;

	bury(l);
	if (router_there(l) && (!l->heard || (l->stale && now >= l->settled + SETTLE_GAP))) {
		settle(l);
		if (l->heard) /* else the link came up: the kernel asks */
			ask_duplicates(l, now);
		l->settled = now;
		l->stale = false;
		l->heard = true;
	}
	next = next_end(l, now);
	if (next == NEVER)
		timer_stop(l->attach->w->timers, &l->watch_timer);
	else
		timer_arm(l->attach->w->timers, &l->watch_timer, next > now ? next : now, on_watch);
}

static void on_watch(struct timer *t, usec now)
{
	struct attach_link *l = timer_owner(t, struct attach_link, watch_timer);
	uint8_t before = router_there(l);

	for (struct attach_router *r = l->routers; r < l->routers + ATTACH_ROUTERS; r++) {
		if (silent_at(r) <= now)
			doubt(r);
		if (is_used(r) && r->doubted && due_of(r) <= now)
			ask_router(l, r, now);
	}
	if (before && !router_there(l))
		attach_solicit(l, now);
	router_tidy(l, now);
	l->attach->changed(l->attach, now);
}
