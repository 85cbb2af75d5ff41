/* attach.h: the addresses the kernel has on a link: which are there, which another node has (RFC 4862 5.4.5), which
 * somebody deprecated, and those the kernel has not told of.
 */
#include <string.h>

#include "base/addr.h"
#include "role/attach_impl.h"
#include "role/event.h"

/* One advertisement deprecates an address; the router that is asked then has this long to take it back. */
#define DEPRECATING (10 * SEC)
/* The kernel reads an advertisement after us: it is asked soon, and ever more slowly. Those that tell nothing new make
 * it be asked no more than that often. */
#define FORMED	 (10 * MSEC)
#define ASKS	 5  /* an advertisement */
#define ASKS_MAX 15 /* a new prefix */

static void tell_addr(struct attach_link *l, enum event_type type, const struct in6_addr *addr, usec now)
{
	const struct world *w = l->attach->w;

	w->event(w->ctx, &(struct event){.type = type, .ifindex = l->ifindex, .addr = addr}, now);
}

/* --- those the kernel has not told of ---------------------------------------------------------------------------- */

/* Has the kernel told of no address of a prefix it autoconfigures? */
static bool lacks_addr(const struct attach_link *l)
{
	for (const struct attach_prefix *p = l->prefix; p < l->prefix + l->prefixes; p++) {
		bool lacks = p->autoconf && p->told_by;

		for (size_t i = 0; i < l->addrs && lacks; i++)
			lacks = !addr_in(&p->prefix, &l->addr[i].addr, p->len);
		if (lacks)
			return true;
	}
	return false;
}

static void ask_addrs(struct timer *t, usec now)
{
	struct attach_link *l = timer_owner(t, struct attach_link, addr_timer);
	const struct world *w = l->attach->w;

	if (!lacks_addr(l))
		return;
	w->ask_addrs(w->ctx);
	if (++l->addr_asks % ASKS)
		timer_arm(w->timers, t, now + (FORMED << l->addr_asks % ASKS), ask_addrs);
}

/* While it forwards, Linux 6.1 tells of an address only when Duplicate Address Detection has passed it, seconds later;
 * when it is asked it says at once that it is there. */
void attach_expect_addr(struct attach_link *l, usec now)
{
	if (!timer_armed(&l->addr_timer) && l->addr_asks < ASKS_MAX && lacks_addr(l))
		timer_arm(l->attach->w->timers, &l->addr_timer, now + FORMED, ask_addrs);
}

/* --- what it tells ------------------------------------------------------------------------------------------------ */

static struct attach_addr *addr_slot(struct attach_link *l, const struct in6_addr *addr)
{
	for (size_t i = 0; i < l->addrs; i++)
		if (addr_eq(&l->addr[i].addr, addr))
			return &l->addr[i];
	return NULL;
}

static void keep_local(struct attach_link *l, const struct in6_addr *addr, bool there)
{
	struct in6_addr *at = NULL;

	for (size_t i = 0; i < ATTACH_LOCALS; i++)
		if (addr_eq(&l->local[i], addr) || (!at && addr_any(&l->local[i])))
			at = &l->local[i];
	if (at)
		*at = there ? *addr : in6addr_any;
}

static struct in6_addr *find_taken(struct attach_link *l, const struct in6_addr *addr)
{
	for (size_t i = 0; i < ATTACH_TAKEN; i++)
		if (addr_eq(&l->taken[i], addr))
			return &l->taken[i];
	return NULL;
}

static void mark_taken(struct attach_link *l, const struct in6_addr *addr, usec now)
{
	memmove(&l->taken[1], &l->taken[0], sizeof(l->taken) - sizeof(l->taken[0]));
	l->taken[0] = *addr;
	tell_addr(l, EV_DUPLICATE, addr, now);
}

void attach_on_duplicate(struct attach_link *l, const struct in6_addr *addr, usec now)
{
	for (size_t i = 0; i < ATTACH_LOCALS; i++)
		if (addr_eq(&l->local[i], addr) && !addr_any(addr) && !find_taken(l, addr))
			mark_taken(l, addr, now);
}

/* RFC 4862 5.4.5: another node has it. The kernel forgets an autoconfigured address that is a duplicate, and the next
 * advertisement makes it again, optimistic. True: it may be used. */
static bool is_own_address(struct attach_link *l, const struct attach_addr *addr, usec now)
{
	struct in6_addr *at = find_taken(l, &addr->addr);

	if (addr->failed && !at) {
		mark_taken(l, &addr->addr, now);
	} else if (at && addr->usable && !addr->optimistic) {
		memmove(at, at + 1, (size_t)(&l->taken[ATTACH_TAKEN - 1] - at) * sizeof(*at));
		l->taken[ATTACH_TAKEN - 1] = in6addr_any;
		at = NULL;
	}
	return !addr->failed && !at && addr->usable;
}

/* RFC 4862 5.5.4: existing communication goes on with a deprecated address. The care-of address may be one that
 * somebody deprecated in the router's name, to lead us to a prefix that leads nowhere. */
static void deprecate(struct attach_link *l, struct attach_addr *slot, const struct attach_addr *before, usec now)
{
	if (slot->like != LIKE_DEPRECATED || !before->usable || before->like == LIKE_DEPRECATED)
		return;
	slot->like = before->like;
	slot->deprecated_at = before->deprecated_at ? before->deprecated_at : now + DEPRECATING;
	attach_seek(l, now);
	router_tidy(l, now);
}

bool attach_on_addr(struct attach *a, unsigned ifindex, const struct attach_addr *addr, bool gone, usec now)
{
	struct attach_link *l = attach_link(a, ifindex);
	struct attach_addr *slot = l ? addr_slot(l, &addr->addr) : NULL;
	struct attach_addr before;
	bool usable;

	if (l && IN6_IS_ADDR_LINKLOCAL(&addr->addr))
		keep_local(l, &addr->addr, addr->usable && !gone);
	if (!l || !(addr_routable(&addr->addr) || addr_is_place(&addr->addr)))
		return false;
	usable = is_own_address(l, addr, now);
	if (gone) {
		if (slot)
			*slot = l->addr[--l->addrs];
		return slot != NULL;
	}
	if (!slot && l->addrs == ATTACH_ADDRS)
		return false;
	if (!slot) {
		slot = &l->addr[l->addrs++];
		*slot = (struct attach_addr){.since = l->up ? now : 0};
	}
	before = *slot;
	*slot = (struct attach_addr){.addr = addr->addr,
		.plen = addr->plen,
		.usable = usable,
		.dynamic = addr->dynamic,
		.like = addr->like,
		.since = addr_is_ipv4(&addr->addr) && l->up ? now : slot->since}; /* a DHCP client renews it */
	deprecate(l, slot, &before, now);
	attach_await_ipv4(l, now);
	if (slot->usable && !before.usable)
		tell_addr(l, EV_ADDRESS, &slot->addr, now);
	return slot->usable != before.usable || slot->like != before.like || !before.since != !slot->since;
}

bool attach_has_local(const struct attach *a, unsigned ifindex, const struct in6_addr *home)
{
	for (size_t i = 0; i < ATTACH_LINKS; i++) {
		const struct attach_link *l = &a->link[i];

		for (size_t k = 0; l->ifindex == ifindex && k < ATTACH_LOCALS; k++)
			if (!addr_any(&l->local[k]) && !memcmp(&l->local[k].s6_addr[8], &home->s6_addr[8], 8))
				return true;
	}
	return false;
}
