/* attach.h: facts about links in, the place of a home address out. Router Solicitations are sent until a router speaks.
 */
#include <string.h>

#include "base/addr.h"
#include "role/attach_impl.h"
#include "role/event.h"

/* The first may be lost while the switch still opens the port; then RFC 7559's patience. */
#define SOLICIT_SOON (100 * MSEC)
#define SOLICIT_MAX  (32 * SEC)
/* A router speaks 33 times a second at most (RFC 6275 7.5); what is beyond this is a flood. */
#define HEEDED                                                                                                         \
	(struct rate)                                                                                                  \
	{                                                                                                              \
		.rate = 100, .burst = 100                                                                              \
	}
#define LACK_AFTER (4 * SEC) /* RTR_SOLICITATION_INTERVAL: a router has answered by then */
/* An IPv4 address that is there before an IPv6 one is not taken at once where that is about to come: this long after
 * the link is up, and after the first advertisement. */
#define IPV4_AFTER (300 * MSEC)
#define TWO_HOURS  (7200 * SEC)

/* A router that goes on without a prefix has ended it, or never told it. Advertisements may be forged: from the second
 * one on the router is asked, and it has MIN_DELAY_BETWEEN_RAS and MAX_RA_DELAY_TIME (RFC 4861 10) to tell the prefix
 * again. Several of them may share the prefixes of one router (6.2.3): those of one second count once. */
#define UNTOLD_ASK  2
#define UNTOLD	    6
#define UNTOLD_MAX  32 /* and at least as many as told of it, no more than these */
#define UNTOLD_GAP  SEC
#define REFUTED	    (10 * SEC)
#define REFUTED_MAX (320 * SEC)

static struct attach_link *link_for(struct attach *a, unsigned ifindex, bool make)
{
	struct attach_link *free_slot = NULL;

	for (size_t i = 0; i < ATTACH_LINKS; i++) {
		if (a->link[i].ifindex == ifindex)
			return &a->link[i];
		if (!a->link[i].ifindex && !free_slot)
			free_slot = &a->link[i];
	}
	if (!make || !free_slot)
		return NULL;
	*free_slot = (struct attach_link){.ifindex = ifindex, .attach = a, .heeded = HEEDED};
	return free_slot;
}

struct attach_link *attach_link(struct attach *a, unsigned ifindex)
{
	return link_for(a, ifindex, false);
}

static void tell(struct attach *a, enum event_type type, unsigned ifindex, const struct in6_addr *addr, usec now)
{
	a->w->event(a->w->ctx, &(struct event){.type = type, .ifindex = ifindex, .addr = addr}, now);
}

static void solicit(struct timer *t, usec now)
{
	struct attach_link *l = timer_owner(t, struct attach_link, solicit_timer);
	const struct world *w = l->attach->w;
	usec wait = l->solicits < 9 ? SOLICIT_SOON << l->solicits : SOLICIT_MAX;

	w->solicit(w->ctx, l->ifindex);
	l->solicits++;
	timer_arm(w->timers, t, now + (wait < SOLICIT_MAX ? wait : SOLICIT_MAX), solicit);
}

void attach_solicit(struct attach_link *l, usec now)
{
	l->solicits = 0;
	solicit(&l->solicit_timer, now);
}

static void allow_ipv4(struct timer *t, usec now)
{
	struct attach_link *l = timer_owner(t, struct attach_link, ipv4_timer);

	l->attach->changed(l->attach, now);
}

void attach_await_ipv4(struct attach_link *l, usec now)
{
	for (size_t i = 0; i < l->addrs && l->up && now < l->ipv4_at; i++)
		if (addr_is_ipv4(&l->addr[i].addr))
			timer_arm(l->attach->w->timers, &l->ipv4_timer, l->ipv4_at, allow_ipv4);
}

static void come_up(struct attach_link *l, usec now)
{
	l->up = true;
	l->up_at = now;
	tell(l->attach, EV_LINK_UP, l->ifindex, NULL, now);
	l->ipv4_at = now + IPV4_AFTER;
	attach_solicit(l, now);
	attach_await_ipv4(l, now);
}

static void go_down(struct attach_link *l, usec now)
{
	l->up = l->heard = l->stale = false;
	l->prefixes = 0;
	memset(l->taken, 0, sizeof(l->taken));
	for (size_t i = 0; i < l->addrs; i++)
		l->addr[i].since = 0;
	router_forget(l);
	timer_stop(l->attach->w->timers, &l->solicit_timer);
	timer_stop(l->attach->w->timers, &l->addr_timer);
	timer_stop(l->attach->w->timers, &l->ipv4_timer);
	tell(l->attach, EV_LINK_DOWN, l->ifindex, NULL, now);
}

bool attach_on_link(struct attach *a, unsigned ifindex, bool up, bool gone, usec now)
{
	struct attach_link *l = link_for(a, ifindex, !gone);
	bool was = l && l->up;

	if (!l)
		return false;
	if (was && (!up || gone))
		go_down(l, now);
	if (!was && up && !gone)
		come_up(l, now);
	if (gone)
		*l = (struct attach_link){0};
	return was != (up && !gone);
}

bool attach_prefer(struct attach *a, unsigned ifindex, uint8_t preference)
{
	struct attach_link *l = link_for(a, ifindex, false);
	bool other = l && l->preference != preference;

	if (other)
		l->preference = preference;
	return other;
}

void attach_reset(struct attach *a)
{
	for (size_t i = 0; i < ATTACH_LINKS; i++) {
		timer_stop(a->w->timers, &a->link[i].solicit_timer);
		timer_stop(a->w->timers, &a->link[i].watch_timer);
		timer_stop(a->w->timers, &a->link[i].addr_timer);
		timer_stop(a->w->timers, &a->link[i].ipv4_timer);
		a->link[i] = (struct attach_link){0};
	}
}

/* --- what routers say -------------------------------------------------------------------------------------------- */

/* The same prefix told by the same home agent, or by routers that are none (7.2): a home agent's own address is not
 * overwritten by its neighbours. */
static bool same_prefix(const struct attach_prefix *a, const struct nd_prefix *b)
{
	if (a->len != b->len || a->router != b->router)
		return false;
	return addr_in(&a->prefix, &b->prefix, b->router ? 128 : b->len);
}

/* The slot of this prefix, a new one, or the newest: liars' prefixes push each other out. NULL for a withdrawal of what
 * was never told. */
static struct attach_prefix *prefix_slot(struct attach_link *l, const struct nd_prefix *p)
{
	struct attach_prefix *newest = &l->prefix[0];

	for (size_t i = 0; i < l->prefixes; i++) {
		if (same_prefix(&l->prefix[i], p))
			return &l->prefix[i];
		if (l->prefix[i].since > newest->since)
			newest = &l->prefix[i];
	}
	if (!p->valid)
		return NULL;
	if (l->prefixes < ATTACH_PREFIXES)
		newest = &l->prefix[l->prefixes++];
	*newest = (struct attach_prefix){0};
	return newest;
}

/* RFC 4862 5.5.3 (e): nobody can end at once what others rely on. */
static usec valid_until(const struct attach_prefix *slot, uint32_t valid, usec now)
{
	usec end = valid == UINT32_MAX ? NEVER : now + valid * SEC;
	usec least = slot->valid_until < now + TWO_HOURS ? slot->valid_until : now + TWO_HOURS;

	return end > least ? end : least;
}

static void keep_prefix(
	struct attach_link *l, uint8_t told_by, const struct nd_ra *ra, const struct nd_prefix *p, usec now)
{
	struct attach_prefix *slot;

	if (p->len > 128 || IN6_IS_ADDR_LINKLOCAL(&p->prefix) || IN6_IS_ADDR_MULTICAST(&p->prefix))
		return;
	slot = prefix_slot(l, p);
	if (!slot)
		return;
	slot->prefix = p->prefix;
	slot->len = p->len;
	slot->router = p->router;
	slot->agent = p->router && ra->home_agent;
	slot->has_lladdr = ra->has_lladdr;
	memcpy(slot->lladdr, ra->lladdr, sizeof(slot->lladdr));
	slot->told_by |= told_by;
	slot->tellings[router_nr(told_by)] += slot->tellings[router_nr(told_by)] < UNTOLD_MAX;
	slot->untold[router_nr(told_by)] = 0;
	if (!slot->since) {
		slot->since = now;
		l->addr_asks = 0;
	}
	slot->counted = now;
	slot->valid_until = valid_until(slot, p->valid, now);
	slot->autoconf = p->autoconf;
}

/* The router spoke, of other prefixes. True: it should be asked. */
static bool fade(struct attach_link *l, uint8_t told_by, usec now)
{
	bool ask = false;

	for (struct attach_prefix *p = l->prefix; p < l->prefix + l->prefixes; p++) {
		uint8_t *untold = &p->untold[router_nr(told_by)];

		if (!(p->told_by & told_by) || now - p->counted < UNTOLD_GAP)
			continue;
		p->counted = now;
		*untold += *untold < UINT8_MAX;
		ask |= *untold >= UNTOLD_ASK;
		if (*untold < UNTOLD || *untold < p->tellings[router_nr(told_by)])
			continue;
		p->told_by &= (uint8_t)~told_by;
		l->stale |= !p->told_by;
	}
	return ask;
}

/* Routers are asked for because of what was said in the name of one, which anybody can provoke. */
void attach_seek(struct attach_link *l, usec now)
{
	if (now - l->sought < SEC)
		return;
	l->sought = now;
	attach_solicit(l, now);
}

bool attach_on_ra(struct attach *a, unsigned ifindex, const struct in6_addr *router, const struct nd_ra *ra, usec now)
{
	struct attach_link *l = link_for(a, ifindex, false);
	uint8_t there, told_by;
	bool had_default, ask;

	if (!l || !l->up || !rate_take(&l->heeded, now))
		return false;
	there = router_there(l);
	had_default = router_default(l, now);
	told_by = router_heard(l, router, ra, now);
	if (!told_by)
		return false;
	timer_stop(a->w->timers, &l->solicit_timer);
	if (!l->heard && now < l->ipv4_at)
		l->ipv4_at = now + IPV4_AFTER;
	attach_await_ipv4(l, now);
	if (!(there & told_by) || !addr_eq(&l->router, router))
		tell(a, EV_RA, ifindex, router, now);
	l->router = *router;
	l->managed = ra->managed;
	for (size_t i = 0; i < ra->prefixes; i++)
		keep_prefix(l, told_by, ra, &ra->prefix[i], now);
	attach_expect_addr(l, now);
	ask = ra->prefixes && fade(l, told_by, now);
	router_tidy(l, now);
	ask |= had_default && !router_default(l, now); /* the last router resigned, or somebody did it in its name */
	if (ask)
		attach_seek(l, now);
	return true;
}

/* --- the place --------------------------------------------------------------------------------------------------- */

/* How good a place is. Doubtful: only routers that are gone, or are none any more, tell of it; it is kept while there
 * is nothing better. */
enum rank { NOTHING, DOUBTFUL_AWAY, DOUBTFUL_HOME, LAST, AWAY_IPV4, AWAY, HOME };

static bool is_home_prefix(const struct attach_prefix *p, const struct in6_addr *home, uint8_t plen)
{
	return p->len >= plen && addr_in(&p->prefix, home, p->len);
}

/* Those that advertise the prefix and were not refuted. */
static uint8_t believed(const struct attach_prefix *p, usec now)
{
	return p->refuted_until > now ? p->told_by & (uint8_t)~p->refuted_by : p->told_by;
}

/* Does one of the routers `by` here tell a prefix of `addr`, of at least `least` bits? by 0: one that did tell it. */
static bool covering(const struct attach_link *l, const struct in6_addr *addr, uint8_t least, uint8_t by, usec now)
{
	for (size_t i = 0; i < l->prefixes; i++) {
		const struct attach_prefix *p = &l->prefix[i];

		if (p->valid_until > now && p->len >= least && addr_in(&p->prefix, addr, p->len) &&
			(!by || p->told_by & by))
			return true;
	}
	return false;
}

/* An address serves as care-of address when this network gave it or it was set by hand (11.5.3). One of DHCPv6 may be
 * under no prefix a router tells: then it must be newer than the link. */
static enum rank rank_addr(
	const struct attach_link *l, const struct attach_addr *c, const struct in6_addr *home, uint8_t plen, usec now)
{
	uint8_t to = router_default(l, now);

	if (addr_is_ipv4(&c->addr))
		return c->usable && now >= l->ipv4_at && (!c->dynamic || c->since) ? AWAY_IPV4 : NOTHING;
	if (!c->usable || addr_in(&c->addr, home, plen))
		return NOTHING;
	if (!c->dynamic)
		return to || !l->heard ? AWAY : DOUBTFUL_AWAY;
	if (to && covering(l, &c->addr, 0, to, now))
		return AWAY;
	if (c->plen == 128 && c->since && router_since(l, c->since))
		return to ? AWAY : DOUBTFUL_AWAY;
	return covering(l, &c->addr, 0, 0, now) ? DOUBTFUL_AWAY : NOTHING;
}

struct candidate {
	enum rank rank;
	const struct attach_link *link;
	const struct attach_addr *addr;
};

static enum attach_like like_of(const struct attach_addr *c, usec now)
{
	return c->deprecated_at && now >= c->deprecated_at ? LIKE_DEPRECATED : (enum attach_like)c->like;
}

static bool is_better(const struct candidate *a, const struct candidate *b, const struct place *last, usec now)
{
	if (a->rank != b->rank)
		return a->rank > b->rank;
	if (a->link != b->link && a->link->preference != b->link->preference)
		return a->link->preference < b->link->preference;
	if (a->link != b->link)
		return a->link->ifindex == last->ifindex;
	if (like_of(a->addr, now) != like_of(b->addr, now))
		return like_of(a->addr, now) > like_of(b->addr, now);
	return addr_eq(&a->addr->addr, &last->coa);
}

static void try_away(struct candidate *best, const struct attach_link *l, const struct in6_addr *home, uint8_t plen,
	bool ipv4, const struct place *last, usec now)
{
	for (size_t i = 0; i < l->addrs; i++) {
		struct candidate c = {rank_addr(l, &l->addr[i], home, plen, now), l, &l->addr[i]};

		if (c.rank == AWAY_IPV4 && !ipv4)
			continue;
		if (c.rank == DOUBTFUL_AWAY && last->where == AT_AWAY && addr_eq(&c.addr->addr, &last->coa))
			c.rank = LAST;
		if (c.rank != NOTHING && is_better(&c, best, last, now))
			*best = c;
	}
}

/* Does a router that is there say that this is the home link, and was not refuted? */
static bool is_home(const struct attach_link *l, const struct in6_addr *home, uint8_t plen, usec now)
{
	uint8_t there = router_there(l);

	for (const struct attach_prefix *p = l->prefix; p < l->prefix + l->prefixes; p++)
		if (is_home_prefix(p, home, plen) && p->valid_until > now && believed(p, now) & there)
			return true;
	return false;
}

static void try_home(struct candidate *best, const struct attach_link *l, const struct in6_addr *home, uint8_t plen,
	const struct place *last, usec now)
{
	static const struct attach_addr none = {0};
	struct candidate c = {.link = l, .addr = &none};

	if (!covering(l, home, plen, 0, now))
		return;
	if (is_home(l, home, plen, now))
		c.rank = HOME;
	else
		c.rank = last->where == AT_HOME && last->ifindex == l->ifindex ? LAST : DOUBTFUL_HOME;
	if (is_better(&c, best, last, now))
		*best = c;
}

/* Rather one that told the prefix of the address: others may not let it pass. */
static struct in6_addr way_out(const struct attach_link *l, const struct in6_addr *coa, usec now)
{
	uint8_t to = router_default(l, now), told = 0;

	for (size_t i = 0; i < l->prefixes; i++)
		if (addr_in(&l->prefix[i].prefix, coa, l->prefix[i].len))
			told |= l->prefix[i].told_by;
	return router_addr(l, to & told ? to & told : to);
}

/* At home on any link beats away; of several care-of addresses the one in use stays, unless it ends. */
struct place attach_place(const struct attach *a, const struct in6_addr *home, uint8_t plen, bool ipv4,
	const struct place *last, usec now)
{
	struct candidate best = {.rank = NOTHING};

	for (size_t i = 0; i < ATTACH_LINKS; i++) {
		const struct attach_link *l = &a->link[i];

		if (!l->ifindex || !l->up)
			continue;
		try_home(&best, l, home, plen, last, now);
		try_away(&best, l, home, plen, ipv4, last, now);
	}
	if (best.rank == NOTHING)
		return (struct place){.where = AT_NOWHERE};
	if (!best.addr->plen)
		return (struct place){AT_HOME, best.link->ifindex, in6addr_any, way_out(best.link, home, now)};
	if (best.rank == AWAY_IPV4)
		return (struct place){AT_AWAY, best.link->ifindex, best.addr->addr, in6addr_any};
	return (struct place){AT_AWAY, best.link->ifindex, best.addr->addr, way_out(best.link, &best.addr->addr, now)};
}

bool attach_holds(const struct attach *a, const struct place *at, usec now)
{
	for (const struct attach_link *l = a->link; l < a->link + ATTACH_LINKS; l++)
		for (const struct attach_addr *c = l->addr;
			l->ifindex == at->ifindex && l->up && c < l->addr + l->addrs; c++)
			if (addr_eq(&c->addr, &at->coa))
				return c->usable &&
				       (addr_is_ipv4(&c->addr) ||
					       (router_there(l) && (!c->dynamic || covering(l, &c->addr, 0,
											   router_there(l), now))));
	return false;
}

void attach_refute(struct attach *a, unsigned ifindex, const struct in6_addr *home, uint8_t plen, usec now)
{
	struct attach_link *l = link_for(a, ifindex, false);

	for (struct attach_prefix *p = l ? l->prefix : NULL; l && p < l->prefix + l->prefixes; p++) {
		if (!is_home_prefix(p, home, plen) || p->refuted_until > now)
			continue;
		p->refuted_by = p->told_by;
		p->refuted_for = !p->refuted_for		    ? REFUTED
				 : p->refuted_for * 2 < REFUTED_MAX ? p->refuted_for * 2
								    : REFUTED_MAX;
		p->refuted_until = now + p->refuted_for;
	}
	if (l)
		router_tidy(l, now);
}

void attach_confirm(struct attach *a, unsigned ifindex, const struct in6_addr *home, uint8_t plen)
{
	struct attach_link *l = link_for(a, ifindex, false);

	for (struct attach_prefix *p = l ? l->prefix : NULL; l && p < l->prefix + l->prefixes; p++)
		if (is_home_prefix(p, home, plen))
			p->refuted_until = p->refuted_for = 0;
}

const uint8_t *attach_lladdr(const struct attach *a, unsigned ifindex, const struct in6_addr *agent)
{
	for (size_t i = 0; i < ATTACH_LINKS; i++) {
		const struct attach_link *l = &a->link[i];

		for (size_t k = 0; l->ifindex == ifindex && k < l->prefixes; k++)
			if (l->prefix[k].router && l->prefix[k].has_lladdr && addr_eq(&l->prefix[k].prefix, agent))
				return l->prefix[k].lladdr;
	}
	return NULL;
}

const struct in6_addr *attach_agent(
	const struct attach *a, unsigned ifindex, const struct in6_addr *home, uint8_t plen, usec now)
{
	for (size_t i = 0; i < ATTACH_LINKS; i++) {
		const struct attach_link *l = &a->link[i];

		for (size_t k = 0; l->ifindex == ifindex && k < l->prefixes; k++) {
			const struct attach_prefix *p = &l->prefix[k];

			if (p->agent && p->valid_until > now && p->len >= plen && addr_in(&p->prefix, home, plen))
				return &p->prefix;
		}
	}
	return NULL;
}

const char *attach_lack(const struct attach_link *l, usec now)
{
	if (!l->up || now - l->up_at < LACK_AFTER)
		return NULL;
	for (size_t i = 0; i < l->addrs; i++)
		if (rank_addr(l, &l->addr[i], &in6addr_any, 128, now) == AWAY)
			return NULL;
	for (size_t i = 0; i < l->addrs && !l->heard; i++)
		if (addr_is_ipv4(&l->addr[i].addr))
			return "it has IPv4 only: tell 'mip mn' the home agent's IPv4 address, too";
	if (!l->heard)
		return "no IPv6 router here: no router advertisement was received; is it an IPv4 network, or does a "
		       "firewall drop ICMPv6?";
	if (!router_there(l))
		return "its router is gone: it does not answer neighbor solicitations";
	if (!router_default(l, now))
		return "its router is no default router: it advertises a router lifetime of 0";
	if (!addr_any(&l->taken[0]))
		return "no address that another node does not have: give one of the two another";
	return l->managed ? "no address, and this network gives them by DHCPv6 only: run a DHCPv6 client on it"
			  : "no address in the prefixes its router advertises: is its sysctl accept_ra or autoconf 0?";
}

usec attach_valid_until(const struct attach *a, unsigned ifindex, const struct in6_addr *addr)
{
	usec end = 0;

	for (const struct attach_link *l = a->link; l < a->link + ATTACH_LINKS; l++)
		for (size_t k = 0; l->ifindex == ifindex && k < l->prefixes; k++)
			if (addr_in(&l->prefix[k].prefix, addr, l->prefix[k].len) && l->prefix[k].valid_until > end)
				end = l->prefix[k].valid_until;
	return end ? end : NEVER;
}
