/*
 * Kernel news to roles: links and addresses, mirrored for those that start later.
 */
#include <string.h>

#include "agent/agent_impl.h"
#include "base/addr.h"
#include "base/log.h"

static bool mn_uses(const struct agent *a, const struct nl_link *l)
{
	return a->mn.on && host_is_movable(l) && conf_preference(&a->conf, l->name);
}

/* A home agent's links are a router's. */
static void prepare_link(struct agent *a, const struct nl_link *l)
{
	host_prepare_link(&a->host, l);
	if (!a->ha.on)
		host_be_guest(&a->host, l);
}

void agent_prepare_links(struct agent *a)
{
	const struct mirror *m = &a->host.mirror;

	for (size_t i = 0; i < m->links; i++)
		if (mn_uses(a, &m->link[i].l))
			prepare_link(a, &m->link[i].l);
}

static void tell_mn_link(struct agent *a, const struct nl_link *l)
{
	if (!l->gone)
		prepare_link(a, l);
	mn_on_link(&a->mn, l->index, l->up, l->gone, clock_now());
	mn_prefer(&a->mn, l->index, conf_preference(&a->conf, l->name), clock_now());
}

/* The carrier went and came back before the kernel told: it may be another network all the same. */
static bool flapped(const struct agent *a, const struct nl_link *l)
{
	const struct mirror_link *was = mirror_link(&a->host.mirror, l->index);

	return was && was->l.up && l->up && was->l.ups != l->ups;
}

/* It is up, and was not all the time. */
static bool came_back(const struct agent *a, const struct nl_link *l)
{
	const struct mirror_link *was = mirror_link(&a->host.mirror, l->index);

	return was && !l->gone && l->up && (!was->l.up || was->l.ups != l->ups);
}

static void on_link(void *ctx, const struct nl_link *l)
{
	struct agent *a = ctx;
	bool again = flapped(a, l), back = came_back(a, l);
	struct mirror_link *known = mirror_on_link(&a->host.mirror, l);

	if (known)
		host_guard(&a->host, known);
	else if (a->host.flows)
		flow_unlink(a->host.flows, l->index);
	if (again && mn_uses(a, l))
		mn_on_link(&a->mn, l->index, false, false, clock_now());
	if (mn_uses(a, l))
		tell_mn_link(a, l);
	if (l->gone && ha_link(&a->ha, l->index))
		agent_lose_home_link(a, l->index);
	if (back && ha_link(&a->ha, l->index))
		agent_home_link_back(a, l->index);
	host_hold_link(&a->host, l);
}

/* RFC 6724 5, rules 3 and 7, and use_tempaddr's say in the latter. */
static enum attach_like like_of(const struct agent *a, const struct nl_addr *k)
{
	if (k->deprecated)
		return LIKE_DEPRECATED;
	if (!k->temporary)
		return LIKE_NORMAL;
	return host_prefers_temporary(&a->host, k->index) ? LIKE_PRIVATE : LIKE_TEMPORARY;
}

static void tell_mn_addr(struct agent *a, const struct nl_addr *k)
{
	struct attach_addr addr = {.addr = k->addr, .plen = k->plen, .usable = k->usable, .dynamic = k->dynamic};

	addr.optimistic = k->optimistic;
	addr.failed = k->failed;

	addr.like = (uint8_t)like_of(a, k);
	mn_on_addr(&a->mn, k->index, &addr, k->gone, clock_now());
}

/* The anycast address is there while one of ours in its prefix is, and can stand beside it. */
void agent_tell_ha_addr(struct agent *a, const struct nl_addr *k)
{
	struct in6_addr anycast = homeagents_anycast(&k->addr, k->plen);

	if (!addr_routable(&k->addr) || k->plen == 128)
		return;
	ha_address(&a->ha, k->index, &k->addr, k->plen, k->gone || k->failed);
	if (a->ha.on && k->plen <= HOMEAGENTS_PLEN_MAX)
		host_hear_anycast(&a->host, k->index, &anycast, ha_has_prefix(&a->ha, k->index, &k->addr, k->plen));
}

/* The home agent waits for its home link: is that it? */
static void find_home_link(struct agent *a)
{
	struct why why = {0};

	if (agent_follow(a, &a->conf, &why))
		log_warn("the home agent does not serve: %s", why.text);
}

static void on_addr(void *ctx, const struct nl_addr *k)
{
	struct agent *a = ctx;
	const struct mirror_link *l = mirror_link(&a->host.mirror, k->index);

	mirror_on_addr(&a->host.mirror, k);
	if (ha_link(&a->ha, k->index)) {
		agent_tell_ha_addr(a, k);
		agent_look_at_address(a);
	}
	if (l && mn_uses(a, &l->l)) {
		tell_mn_addr(a, k);
		if (addr_routable(&k->addr) && !mn_find(&a->mn, &k->addr))
			host_form_addr(&a->host, k);
	}
	if (k->usable && addr_routable(&k->addr) && agent_finds_home_link(a))
		find_home_link(a);
	host_hold_addr(&a->host, k);
}

static void on_route(void *ctx, unsigned ifindex)
{
	struct agent *a = ctx;

	if (!a->mn.on || ifindex != a->host.routeless || !rate_take(&a->host.routes, clock_now()))
		return;
	mn_on_route(&a->mn, ifindex, clock_now());
}

/* What vanished while we were deaf is not told again: it is what the snapshot that follows lacks. */
static void on_resync(void *ctx)
{
	struct agent *a = ctx;

	log_warn("kernel notifications were lost: looking at everything again");
	if (a->before.links)
		mirror_free(&a->host.mirror); /* the snapshot before this one failed half way */
	else
		a->before = a->host.mirror;
	a->host.mirror = (struct mirror){0};
}

/* A link may have been plugged into another network meanwhile: what was heard on it is void, as after any flap. */
static void reattach(struct agent *a)
{
	for (size_t i = 0; i < a->host.mirror.links; i++) {
		const struct nl_link *l = &a->host.mirror.link[i].l;

		if (mn_uses(a, l))
			mn_on_link(&a->mn, l->index, false, false, clock_now());
	}
	if (a->mn.on)
		agent_tell_mn_all(a);
}

static void on_synced(void *ctx)
{
	struct agent *a = ctx;
	struct mirror *was = &a->before;

	for (size_t i = 0; i < was->addrs; i++) {
		struct nl_addr *k = &was->addr[i];

		if (mirror_addr(&a->host.mirror, k->index, &k->addr))
			continue;
		k->gone = true;
		k->usable = false;
		on_addr(a, k);
	}
	for (size_t i = 0; i < was->links; i++) {
		struct nl_link *l = &was->link[i].l;

		if (mirror_link(&a->host.mirror, l->index))
			continue;
		l->gone = true;
		l->up = false;
		on_link(a, l);
	}
	mirror_free(was);
	reattach(a);
	nl_lost(a->host.nl, LOST_ENTRIES);
}

/* The role hears of every link it may move on, then of their addresses; and of those it may no more, last. */
void agent_tell_mn_all(struct agent *a)
{
	const struct mirror *m = &a->host.mirror;

	for (size_t i = 0; i < m->links; i++)
		if (mn_uses(a, &m->link[i].l))
			tell_mn_link(a, &m->link[i].l);
	for (size_t i = 0; i < m->addrs; i++) {
		const struct mirror_link *l = mirror_link(m, m->addr[i].index);

		if (l && mn_uses(a, &l->l))
			tell_mn_addr(a, &m->addr[i]);
	}
	for (size_t i = 0; i < m->links; i++)
		if (!mn_uses(a, &m->link[i].l))
			mn_on_link(&a->mn, m->link[i].l.index, false, true, clock_now());
}

const struct nl_events agent_news = {
	.link = on_link, .addr = on_addr, .route = on_route, .resync = on_resync, .synced = on_synced};
