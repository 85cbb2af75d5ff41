/*
 * What leads packets of a pair into the shim, and on from there. The route stands in the table that routes its source:
 * adding it there is also what makes sockets forget the destination they have cached, so that connections that are open
 * already become optimized.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "flow/path.h"
#include "flow/path_impl.h"
#include "flow/ro_impl.h"

#define REGISTERED_TABLE (MIP_TABLE + SLOTS_MAX) /* behind those of the home addresses */

static bool same_place(const struct route *a, const struct route *b)
{
	return a->table == b->table && a->has_from == b->has_from;
}

/* The same for a packet whose source is not chosen yet, which the main table looks up as coming from ::. It gets the
 * source that is optimized: left to itself a kernel without CONFIG_IPV6_MIP6 would take a care-of address. The last
 * pair of a correspondent has this route; another gets it again when it is set again. */
static struct route unbound(const struct ro_pair *p, const struct route *r)
{
	struct route any = *r;

	any.table = 0;
	any.src = p->ends.local;
	any.has_from = true;
	any.from = in6addr_any;
	return any;
}

void ro_unroute(struct ro *ro, struct ro_pair *p)
{
	struct route any = unbound(p, &p->route);

	(void)!route_del(ro->nl, &p->route, NULL);
	if (!p->registered)
		(void)!route_del(ro->nl, &any, NULL);
	p->routed = false;
}

/* To a node that is registered here what is forwarded must go on taking the tunnel's route in the main table, which a
 * route for some sources beside it would hide from the others. Only packets of our own are asked for in another table;
 * its rule, of which there is one an address of ours, goes with the data path's. */
static struct rule registered_rule(const struct ro_pair *p)
{
	return (struct rule){.home = p->ends.local, .table = REGISTERED_TABLE};
}

static struct route wanted(const struct ro *ro, const struct ro_pair *p)
{
	struct route r = {.dst = p->ends.remote, .plen = 128, .ifindex = shim_ifindex(ro->shim), .mtu = p->mtu};

	r.table = p->registered ? REGISTERED_TABLE : path_table(ro->path, &p->ends.local);
	r.has_from = !r.table;
	if (r.has_from)
		r.from = p->ends.local;
	return r;
}

/* What another pair of this correspondent has put there for sources that are not chosen yet is as good. */
void ro_route_hold(struct ro *ro, struct ro_pair *p, struct held *h)
{
	struct route r = wanted(ro, p), any = unbound(p, &r);
	struct rule rule = registered_rule(p);

	p->route = r;
	held_route(h, &r);
	if (p->registered)
		held_rule(h, &rule);
	else if (h->what & LOST_ENTRIES && !route_has_source(&h->routes, &any))
		held_route(h, &any);
}

/* The new route first: between the two packets would leave unchanged. */
int ro_route(struct ro *ro, struct ro_pair *p, struct why *why)
{
	struct route r = wanted(ro, p), any = unbound(p, &r);
	struct rule rule = registered_rule(p);
	int err = route_add(ro->nl, &r, why);

	if (err)
		return err;
	if (p->routed && !same_place(&r, &p->route))
		(void)!route_del(ro->nl, &p->route, NULL);
	p->route = r;
	p->routed = true;
	return p->registered ? rule_add(ro->nl, &rule, why) : route_add(ro->nl, &any, why);
}

/* --- forwarding --------------------------------------------------------------------------------------------------- */

/* An interface that hears Router Advertisements shall do so as a router, too. One that vanishes meanwhile is no loss.
 */
static void hear_routers(const char *dev)
{
	char path[NAME_MAX + 32];
	int v;

	snprintf(path, sizeof(path), "conf/%s/accept_ra", dev);
	if (!sysctl_get(path, &v) && v == 1)
		(void)!sysctl_set(path, 2, NULL);
}

static void hear_routers_everywhere(void)
{
	DIR *d = opendir("/proc/sys/net/ipv6/conf");
	const struct dirent *e;

	while (d && (e = readdir(d)))
		if (e->d_name[0] != '.')
			hear_routers(e->d_name);
	if (d)
		closedir(d);
}

/* Since 6.17 one device can forward by itself. Before, the whole machine has to; the advertised default routes are kept
 * when accept_ra is 2 before forwarding is 1. */
int ro_forwarding(struct why *why)
{
	int on = 0;

	if (!sysctl_get("conf/all/forwarding", &on) && on)
		return 0;
	if (!sysctl_set("conf/" SHIM_DEV "/force_forwarding", 1, NULL))
		return 0;
	hear_routers_everywhere();
	return sysctl_set("conf/all/forwarding", 1, why);
}
