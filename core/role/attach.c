/* attach.h: facts about links in, the place of a home address out. Router Solicitations are sent until a router speaks.
 */
#include <string.h>

#include "base/addr.h"
#include "role/attach.h"
#include "role/event.h"

/* The first may be lost while the switch still opens the port; then RFC 7559's patience. */
#define SOLICIT_SOON (200 * MSEC)
#define SOLICIT_MAX  (32 * SEC)

static struct attach_link *find(struct attach *a, unsigned ifindex, bool make)
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
	*free_slot = (struct attach_link){.ifindex = ifindex, .attach = a};
	return free_slot;
}

static void tell(struct attach *a, enum event_type type, unsigned ifindex, const struct in6_addr *addr, usec now)
{
	a->w->event(a->w->ctx, &(struct event){.type = type, .ifindex = ifindex, .addr = addr}, now);
}

static void solicit(struct timer *t, usec now)
{
	struct attach_link *l = timer_owner(t, struct attach_link, solicit_timer);
	const struct world *w = l->attach->w;
	usec wait =
		l->solicits < 2 ? SOLICIT_SOON << (2 * l->solicits) : SEC << (l->solicits < 7 ? l->solicits - 1 : 5);

	w->solicit(w->ctx, l->ifindex);
	l->solicits++;
	timer_arm(w->timers, t, now + (wait < SOLICIT_MAX ? wait : SOLICIT_MAX), solicit);
}

static void come_up(struct attach_link *l, usec now)
{
	l->up = true;
	l->up_at = now;
	l->solicits = 0;
	tell(l->attach, EV_LINK_UP, l->ifindex, NULL, now);
	solicit(&l->solicit_timer, now);
}

static void go_down(struct attach_link *l, usec now)
{
	l->up = l->heard = false;
	l->prefixes = 0;
	for (size_t i = 0; i < l->addrs; i++)
		l->addr[i].fresh = false;
	timer_stop(l->attach->w->timers, &l->solicit_timer);
	tell(l->attach, EV_LINK_DOWN, l->ifindex, NULL, now);
}

bool attach_on_link(struct attach *a, unsigned ifindex, bool up, bool gone, usec now)
{
	struct attach_link *l = find(a, ifindex, !gone);
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

void attach_reset(struct attach *a)
{
	for (size_t i = 0; i < ATTACH_LINKS; i++) {
		timer_stop(a->w->timers, &a->link[i].solicit_timer);
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

/* The slot of this prefix, a new one, or the one that expires first: a liar's prefixes only push each other out. NULL
 * for a withdrawal of what was never told. */
static struct attach_prefix *prefix_slot(struct attach_link *l, const struct nd_prefix *p)
{
	struct attach_prefix *oldest = &l->prefix[0];

	for (size_t i = 0; i < l->prefixes; i++) {
		if (same_prefix(&l->prefix[i], p))
			return &l->prefix[i];
		if (l->prefix[i].valid_until < oldest->valid_until)
			oldest = &l->prefix[i];
	}
	if (!p->valid)
		return NULL;
	return l->prefixes < ATTACH_PREFIXES ? &l->prefix[l->prefixes++] : oldest;
}

static void keep_prefix(struct attach_link *l, const struct nd_ra *ra, const struct nd_prefix *p, usec now)
{
	struct attach_prefix *slot;

	if (p->len > 128 || IN6_IS_ADDR_LINKLOCAL(&p->prefix) || IN6_IS_ADDR_MULTICAST(&p->prefix))
		return;
	slot = prefix_slot(l, p);
	if (!slot)
		return;
	*slot = (struct attach_prefix){
		.prefix = p->prefix, .len = p->len, .router = p->router, .has_lladdr = ra->has_lladdr};
	slot->agent = p->router && ra->home_agent;
	memcpy(slot->lladdr, ra->lladdr, sizeof(slot->lladdr));
	slot->valid_until = p->valid == UINT32_MAX ? NEVER : now + p->valid * SEC;
}

bool attach_on_ra(struct attach *a, unsigned ifindex, const struct in6_addr *router, const struct nd_ra *ra, usec now)
{
	struct attach_link *l = find(a, ifindex, false);

	if (!l || !l->up)
		return false;
	if (!l->heard)
		a->w->settle(a->w->ctx, ifindex, router, ra);
	if (!l->heard || !addr_eq(&l->router, router))
		tell(a, EV_RA, ifindex, router, now);
	l->heard = true;
	l->router = *router;
	timer_stop(a->w->timers, &l->solicit_timer);
	for (size_t i = 0; i < ra->prefixes; i++)
		keep_prefix(l, ra, &ra->prefix[i], now);
	return true;
}

/* --- what the kernel says of addresses --------------------------------------------------------------------------- */

static struct attach_addr *addr_slot(struct attach_link *l, const struct in6_addr *addr)
{
	for (size_t i = 0; i < l->addrs; i++)
		if (addr_eq(&l->addr[i].addr, addr))
			return &l->addr[i];
	return NULL;
}

bool attach_on_addr(struct attach *a, unsigned ifindex, const struct attach_addr *addr, bool gone, usec now)
{
	struct attach_link *l = find(a, ifindex, false);
	struct attach_addr *slot = l ? addr_slot(l, &addr->addr) : NULL;
	bool was = slot && slot->usable;

	if (!l || !addr_routable(&addr->addr))
		return false;
	if (gone) {
		if (slot)
			*slot = l->addr[--l->addrs];
		return slot != NULL;
	}
	if (!slot && l->addrs == ATTACH_ADDRS)
		return false;
	if (!slot) {
		slot = &l->addr[l->addrs++];
		*slot = (struct attach_addr){.fresh = l->up};
	}
	*slot = (struct attach_addr){addr->addr, addr->plen, addr->usable, addr->dynamic, slot->fresh};
	if (slot->usable && !was)
		tell(a, EV_ADDRESS, ifindex, &slot->addr, now);
	return slot->usable != was;
}

/* --- the place --------------------------------------------------------------------------------------------------- */

/* Does a router here tell a prefix of `addr`, of at least `least` bits? */
static bool covering(const struct attach_link *l, const struct in6_addr *addr, uint8_t least, usec now)
{
	for (size_t i = 0; i < l->prefixes; i++) {
		const struct attach_prefix *p = &l->prefix[i];

		if (p->valid_until > now && p->len >= least && addr_in(&p->prefix, addr, p->len))
			return true;
	}
	return false;
}

/* An address serves as care-of address when this network gave it or it was set by hand (11.5.3). One of DHCPv6 may be
 * under no prefix a router tells: then it must be newer than the link. */
static bool serves(
	const struct attach_link *l, const struct attach_addr *c, const struct in6_addr *home, uint8_t plen, usec now)
{
	if (!c->usable || addr_in(&c->addr, home, plen))
		return false;
	if (!c->dynamic)
		return true;
	return (c->plen == 128 && c->fresh && l->heard) || covering(l, &c->addr, 0, now);
}

static const struct attach_addr *choose_addr(
	const struct attach_link *l, const struct in6_addr *home, uint8_t plen, const struct in6_addr *last, usec now)
{
	const struct attach_addr *best = NULL;

	for (size_t i = 0; i < l->addrs; i++) {
		if (!serves(l, &l->addr[i], home, plen, now))
			continue;
		if (addr_eq(&l->addr[i].addr, last))
			return &l->addr[i];
		if (!best)
			best = &l->addr[i];
	}
	return best;
}

/* At home on any link beats away; of several care-of addresses the one in use stays. */
struct place attach_place(
	const struct attach *a, const struct in6_addr *home, uint8_t plen, const struct place *last, usec now)
{
	struct place best = {.where = AT_NOWHERE};

	for (size_t i = 0; i < ATTACH_LINKS; i++) {
		const struct attach_link *l = &a->link[i];
		const struct attach_addr *c;

		if (!l->ifindex || !l->up)
			continue;
		if (covering(l, home, plen, now))
			return (struct place){.where = AT_HOME, .ifindex = l->ifindex};
		c = choose_addr(l, home, plen, &last->coa, now);
		if (c && (best.where == AT_NOWHERE || l->ifindex == last->ifindex))
			best = (struct place){AT_AWAY, l->ifindex, c->addr};
	}
	return best;
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

usec attach_valid_until(const struct attach *a, unsigned ifindex, const struct in6_addr *addr)
{
	usec end = 0;

	for (size_t i = 0; i < ATTACH_LINKS; i++) {
		const struct attach_link *l = &a->link[i];

		for (size_t k = 0; l->ifindex == ifindex && k < l->prefixes; k++)
			if (addr_in(&l->prefix[k].prefix, addr, l->prefix[k].len) && l->prefix[k].valid_until > end)
				end = l->prefix[k].valid_until;
	}
	return end ? end : NEVER;
}
