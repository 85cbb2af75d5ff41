/*
 * host.h: what we hold in the kernel is put back where somebody removed it. Whatever is noticed leads to one look at
 * everything of its sort, as an agent does that takes over after a crash: what is as it should be stays untouched. That
 * is once for a burst of news, and rate limited, in time as well: a home agent with many bindings must not spend its
 * life looking after them.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/addr.h"
#include "base/log.h"
#include "flow/flow_impl.h"
#include "host/host_impl.h"
#include "sys/held.h"

#define SETTLE	  (30 * MSEC) /* a burst of removals is one */
#define EVERY	  (2 * SEC)   /* what nobody tells of is looked at */
#define LOOK_COST 10	      /* a look that took 1 ms is followed by none for 10 ms */
#define RETRY	  SEC
#define RETRY_MAX (32 * SEC)
#define LATELY	  (60 * SEC)

static void look(struct timer *t, usec now);

static void look_at(struct host *h, usec due)
{
	if (due < h->hold.not_before)
		due = h->hold.not_before;
	if (!timer_armed(&h->hold.timer) || h->hold.timer.due > due)
		timer_arm(&h->loop->timers, &h->hold.timer, due, look);
}

static void was_removed(void *ctx, unsigned what)
{
	struct host *h = ctx;

	if (!host_is_open(h))
		return;
	h->hold.lost |= what;
	look_at(h, clock_now() + SETTLE);
}

/* --- addresses ---------------------------------------------------------------------------------------------------- */

static unsigned link_of(const struct host *h, const struct host_addr *a)
{
	return a->ifindex ? a->ifindex : flow_ifindex(h->flows);
}

static struct host_addr *find_addr(struct host *h, const struct host_addr *a)
{
	for (size_t i = 0; i < h->hold.addrs; i++)
		if (h->hold.addr[i].ifindex == a->ifindex && addr_eq(&h->hold.addr[i].addr, &a->addr))
			return &h->hold.addr[i];
	return NULL;
}

int host_own(struct host *h, const struct host_addr *a, struct why *why)
{
	struct host_addr *at = find_addr(h, a);

	if (!at && h->hold.addrs < HOST_ADDRS_MAX)
		at = &h->hold.addr[h->hold.addrs++];
	if (at)
		*at = *a;
	return addr_add(h->nl, link_of(h, a), &a->addr, a->plen, why);
}

int host_disown(struct host *h, const struct host_addr *a, struct why *why)
{
	struct host_addr *at = find_addr(h, a);

	if (at)
		*at = h->hold.addr[--h->hold.addrs];
	return addr_del(h->nl, link_of(h, a), &a->addr, a->plen, why);
}

/* Of a link that is gone or unusable the role hears. */
static void hold_addresses(struct host *h, struct held *held)
{
	for (size_t i = 0; i < h->hold.addrs; i++) {
		const struct host_addr *a = &h->hold.addr[i];
		unsigned on = link_of(h, a);
		struct why why = {0};
		int err;

		if (mirror_addr(&h->mirror, on, &a->addr) || (a->ifindex && !mirror_link(&h->mirror, on)))
			continue;
		err = addr_add(h->nl, on, &a->addr, a->plen, &why);
		if (err)
			held_failed(held, err, &why);
		else
			held_put(held, HELD_ADDRESS, 1);
	}
}

/* --- news --------------------------------------------------------------------------------------------------------- */

void host_hold_link(struct host *h, const struct nl_link *l)
{
	bool tunnel = host_is_open(h) && l->index == flow_ifindex(h->flows);
	bool shim = host_is_open(h) && l->index == shim_ifindex(h->shim);

	if (!tunnel && !shim)
		return;
	if (l->gone || !l->up || strcmp(l->name, tunnel ? FLOW_DEV : SHIM_DEV) ||
		l->mtu != (tunnel ? FLOW_MTU : SHIM_MTU))
		was_removed(h, LOST_ENTRIES);
}

void host_hold_addr(struct host *h, const struct nl_addr *k)
{
	const struct host_addr on_tunnel = {.addr = k->addr}, at_home = {.addr = k->addr, .ifindex = k->index};

	if (!k->gone || !host_is_open(h))
		return;
	if (find_addr(h, &at_home) || (k->index == flow_ifindex(h->flows) && find_addr(h, &on_tunnel)))
		was_removed(h, LOST_ENTRIES);
}

/* --- a look ------------------------------------------------------------------------------------------------------- */

static bool is_up(void *host, unsigned ifindex)
{
	const struct host *h = host;
	const struct mirror_link *l = mirror_link(&h->mirror, ifindex);

	return l && l->l.up;
}

static void hold_proxies(struct host *h, struct held *held)
{
	struct why why = {0};
	int n = proxies_hold(h->proxies, is_up, h, &why);

	if (n < 0)
		held_failed(held, n, &why);
	else
		held_put(held, HELD_PROXY, (size_t)n);
}

/* Devices come first, addresses before the routes that choose them as a source. */
static void hold_entries(struct host *h, struct held *held)
{
	bool shim = shim_hold(h->shim, held);

	flow_hold_device(h->flows, held, shim);
	if (held->what & LOST_ENTRIES)
		hold_addresses(h, held);
	ipsec_hold(h->ipsec, held, shim);
	flow_hold(h->flows, held);
	ways_hold(&h->ways, held);
	for (size_t i = 0; shim && i < h->mirror.links; i++) {
		h->mirror.link[i].attached = false;
		host_guard(h, &h->mirror.link[i]);
	}
}

static void put_back(struct host *h, const struct held *held, usec now)
{
	struct hold *o = &h->hold;

	if (!*held_text(held, o->what, sizeof(o->what)))
		return;
	memmove(&o->at[1], &o->at[0], sizeof(o->at) - sizeof(o->at[0]));
	o->at[0] = now;
	o->times++;
	h->on_put_back(h->owner, o->what);
}

static void put_back_later(struct host *h, const struct held *held, usec now)
{
	struct hold *o = &h->hold;

	if (!o->patience)
		log_error("what somebody removed is not put back: %s", held->why.text);
	o->patience = !o->patience ? RETRY : o->patience * 2 < RETRY_MAX ? o->patience * 2 : RETRY_MAX;
	o->lost |= held->what;
	look_at(h, now + o->patience);
}

static void look(struct timer *t, usec now)
{
	struct host *h = timer_owner(t, struct host, hold.timer);
	struct hold *o = &h->hold;
	struct held held;

	if (held_read(&held, h->nl, o->lost ? o->lost : LOST_SYSCTLS)) {
		put_back_later(h, &held, now);
		return;
	}
	o->lost = 0;
	if (held.what & (LOST_ENTRIES | LOST_NFT))
		hold_entries(h, &held);
	hold_proxies(h, &held);
	held_put(&held, HELD_SYSCTL, sysctl_hold());
	held_free(&held);
	put_back(h, &held, now);
	o->not_before = clock_now() + LOOK_COST * (clock_now() - now) + (rate_take(&o->rate, now) ? 0 : SEC);
	if (held.err)
		put_back_later(h, &held, now);
	else
		o->patience = 0;
	if (o->lost)
		look_at(h, now);
	host_hold_proxies(h);
}

void host_hold_proxies(struct host *h)
{
	if (!timer_armed(&h->hold.timer) && proxies_any(h->proxies))
		look_at(h, clock_now() + EVERY);
}

const char *host_keeps_losing(const struct host *h, usec now, char *text, size_t cap)
{
	const struct hold *o = &h->hold;
	usec first = o->at[sizeof(o->at) / sizeof(o->at[0]) - 1];

	*text = 0;
	if (first && now - first < LATELY)
		snprintf(text, cap, "%s the last time, %u times in all", o->what, o->times);
	return text;
}

int host_hold_open(struct host *h, struct why *why)
{
	return nl_watch(h->nl, was_removed, h, why);
}

void host_hold_close(struct host *h)
{
	timer_stop(&h->loop->timers, &h->hold.timer);
	h->hold = (struct hold){.rate = {.rate = 1, .burst = 10}};
}
