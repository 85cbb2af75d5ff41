/* way.h: routes of one source address each, in the main table: the default, and one to the home agent. */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "base/addr.h"
#include "flow/way.h"

static struct route route_of(const struct way *w)
{
	return (struct route){.ifindex = w->ifindex, .has_from = true, .from = w->coa, .gateway = w->router};
}

static struct route agent_route_of(const struct way *w)
{
	struct route r = route_of(w);

	r.dst = w->agent;
	r.plen = 128;
	return r;
}

static bool is_none(void *ctx, const struct route *r)
{
	(void)ctx;
	return (r->plen && r->plen != 128) || !r->has_from || r->table != RT_TABLE_MAIN;
}

int ways_open(struct ways *w, struct nl *nl, struct why *why)
{
	*w = (struct ways){.nl = nl};
	return route_sweep(nl, 0, is_none, NULL, why);
}

static struct way *way_slot(struct ways *w, const struct in6_addr *home)
{
	struct way *free_slot = NULL;

	for (struct way *each = w->way; each < w->way + WAYS_MAX; each++) {
		if (addr_eq(&each->home, home))
			return each;
		if (addr_any(&each->home) && !free_slot)
			free_slot = each;
	}
	return free_slot;
}

/* Home addresses share the care-of address, and the way; of one home agent (NULL: of any). */
static bool is_shared(const struct ways *w, const struct way *way, const struct in6_addr *agent)
{
	for (const struct way *each = w->way; each < w->way + WAYS_MAX; each++)
		if (each != way && !addr_any(&each->home) && addr_eq(&each->coa, &way->coa) &&
			(!agent || addr_eq(&each->agent, agent)))
			return true;
	return false;
}

static int forget(struct ways *w, struct way *way, struct why *why)
{
	struct route r = route_of(way), to_agent = agent_route_of(way);
	int err = 0;

	if (!addr_any(&way->home) && !addr_any(&way->agent) && !is_shared(w, way, &way->agent))
		err = route_del(w->nl, &to_agent, why);
	if (!addr_any(&way->home) && !is_shared(w, way, NULL))
		err = err ?: route_del(w->nl, &r, why);
	*way = (struct way){0};
	return err;
}

int ways_set(struct ways *w, const struct way *way, struct why *why)
{
	struct way *at = way_slot(w, &way->home);
	struct route r = route_of(way), to_agent = agent_route_of(way);
	int err;

	if (!at)
		return why_set(why, ENOSPC, "more than %d ways out", WAYS_MAX);
	if (!memcmp(at, way, sizeof(*way)))
		return 0;
	err = forget(w, at, why);
	if (err || addr_any(&way->router))
		return err;
	err = route_add(w->nl, &r, why);
	if (err)
		return err;
	*at = *way;
	return addr_any(&way->agent) ? 0 : route_add(w->nl, &to_agent, why);
}

void ways_hold(struct ways *w, struct held *h)
{
	for (struct way *each = w->way; each < w->way + WAYS_MAX; each++) {
		struct route r = route_of(each), to_agent = agent_route_of(each);

		if (!(h->what & LOST_ENTRIES) || addr_any(&each->home))
			continue;
		if (!route_take(&h->routes, &r))
			(void)!route_add(w->nl, &r, NULL);
		if (!addr_any(&each->agent) && !route_take(&h->routes, &to_agent))
			(void)!route_add(w->nl, &to_agent, NULL);
	}
}

void ways_close(struct ways *w)
{
	for (struct way *each = w->way; w->nl && each < w->way + WAYS_MAX; each++)
		(void)!forget(w, each, NULL);
}
