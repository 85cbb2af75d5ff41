/*
 * path.h: what is the same for every implementation. Tables of home addresses, one rule and
 * routing table per reverse tunnel, and the order of things: on the way in the implementation
 * first, then the routes that send packets to it; on the way out the reverse.
 */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "flow/path_impl.h"

static const struct path_ops *const best[] = {&path_ip6tnl, &path_tun};

static int open_wanted(struct path **out, struct loop *loop, struct nl *nl, const char *want, struct why *why)
{
	for (size_t i = 0; i < sizeof(best) / sizeof(best[0]); i++)
		if (!strcmp(best[i]->name, want))
			return best[i]->open(out, loop, nl, why);
	return why_set(why, EINVAL, "no data path is called '%s'", want);
}

int path_open(struct path **out, struct loop *loop, struct nl *nl, const char *want, struct why *why)
{
	struct why ignored = {0};
	int err;

	if (want)
		return open_wanted(out, loop, nl, want, why);
	err = path_ip6tnl.open(out, loop, nl, &ignored);
	if (!err)
		return 0;
	/* Not there is a reason to take the other one; any other failure is not hidden by doing so: it says EBUSY
	 * itself. */
	return path_tun.open(out, loop, nl, why);
}

/* Of our routes only ends of tables are looked at. */
static bool end_known(void *ctx, const struct route *r)
{
	const struct path *p = ctx;
	bool known = !r->end;

	for (size_t i = 0; i < homes_count(&p->reversed) && !known; i++)
		known = r->table == MIP_TABLE + homes_at(&p->reversed, i)->slot;
	return known;
}

void path_close(struct path *p)
{
	if (!p)
		return;
	(void)!rule_sweep(p->nl, NULL, NULL, NULL);
	homes_free(&p->bound);
	homes_free(&p->reversed);
	(void)!route_sweep(p->nl, p->ifindex, NULL, NULL, NULL);
	(void)!route_sweep(p->nl, 0, end_known, p, NULL);
	p->ops->close(p);
}

struct route path_route(const struct path *p, const struct home *h, bool reversed)
{
	struct route r = {.table = reversed ? MIP_TABLE + h->slot : RT_TABLE_MAIN, .ifindex = p->ifindex};

	if (!reversed) {
		r.dst = h->home;
		r.plen = 128;
	}
	if (p->ops->encap) {
		r.encap = true;
		r.src = h->local;
		r.remote = h->peer;
	}
	return r;
}

/* While its tunnel's route is away, what comes from a home address must not leave as it is by the foreign link. */
static struct route end_of(const struct home *h)
{
	return (struct route){.table = MIP_TABLE + h->slot, .end = true};
}

static struct rule rule_of(const struct home *h)
{
	return (struct rule){.home = h->home, .table = MIP_TABLE + h->slot};
}

bool path_hold(struct path *p, struct held *h)
{
	bool other = p->ops->hold(p, h);
	struct why why = {0};
	int err;

	nl_bulk_begin(p->nl);
	for (size_t i = 0; i < homes_count(&p->bound); i++) {
		struct route r = path_route(p, homes_at(&p->bound, i), false);

		held_route(h, &r);
	}
	for (size_t i = 0; i < homes_count(&p->reversed); i++) {
		const struct home *each = homes_at(&p->reversed, i);
		struct route r = path_route(p, each, true), end = end_of(each);
		struct rule rule = rule_of(each);

		held_route(h, &end);
		held_route(h, &r);
		held_rule(h, &rule);
	}
	err = nl_bulk_end(p->nl, &why);
	if (err)
		held_failed(h, err, &why);
	return other;
}

static bool rule_known(void *ctx, const struct rule *r)
{
	const struct path *p = ctx;
	const struct home *h = homes_find(&p->reversed, &r->home);

	return r->oif[0] || (h && r->table == MIP_TABLE + h->slot);
}

int path_sweep(struct path *p, struct why *why)
{
	int err = rule_sweep(p->nl, rule_known, p, why) ?: p->ops->sweep(p, why);

	return err ?: route_sweep(p->nl, 0, end_known, p, why);
}

const char *path_name(const struct path *p)
{
	return p->ops->name;
}

const char *path_why(const struct path *p)
{
	return p->ops->why;
}

unsigned path_mtu(const struct path *p)
{
	(void)p;
	return PATH_MTU;
}

unsigned path_ifindex(const struct path *p)
{
	return p->ifindex;
}

int path_bind(struct path *p, const struct path_bind *b, struct why *why)
{
	const struct home *old = homes_find(&p->bound, &b->home);
	struct home h = {.home = b->home, .peer = b->coa, .local = b->local};
	int err = p->ops->bind(p, &h, old, why);

	if (!err && homes_put(&p->bound, &h))
		err = why_set(why, ENOMEM, "out of memory");
	return err;
}

int path_unbind(struct path *p, const struct in6_addr *home, struct why *why)
{
	const struct home *found = homes_find(&p->bound, home);
	struct home old;

	if (!found)
		return 0;
	old = *found;
	homes_del(&p->bound, home);
	return p->ops->unbind(p, &old, why);
}

void path_bulk_begin(struct path *p)
{
	nl_bulk_begin(p->nl);
	if (p->ops->bulk)
		(void)!p->ops->bulk(p, true, NULL);
}

int path_bulk_end(struct path *p, struct why *why)
{
	int err = p->ops->bulk ? p->ops->bulk(p, false, why) : 0, sent = nl_bulk_end(p->nl, why);

	return err ?: sent;
}

/* The lowest routing table no home address uses. */
static int free_slot(const struct path *p)
{
	bool used[SLOTS_MAX] = {0};

	for (size_t i = 0; i < homes_count(&p->reversed); i++)
		used[homes_at(&p->reversed, i)->slot] = true;
	for (int i = 0; i < SLOTS_MAX; i++)
		if (!used[i])
			return i;
	return -1;
}

int path_reverse_add(struct path *p, const struct path_reverse *r, struct why *why)
{
	const struct home *old = homes_find(&p->reversed, &r->home);
	struct home h = {.home = r->home, .peer = r->agent, .local = r->coa};
	struct route end;
	struct rule rule;
	int err, slot = old ? (int)old->slot : free_slot(p);

	if (slot < 0)
		return why_set(why, ENOSPC, "more than %d home addresses", SLOTS_MAX);
	h.slot = (unsigned)slot;
	end = end_of(&h);
	rule = rule_of(&h);
	err = old ? 0 : route_add(p->nl, &end, why);
	if (!err)
		err = p->ops->reverse(p, &h, old, why);
	if (!err && homes_put(&p->reversed, &h))
		err = why_set(why, ENOMEM, "out of memory");
	return err ?: rule_add(p->nl, &rule, why);
}

int path_reverse_del(struct path *p, const struct in6_addr *home, struct why *why)
{
	const struct home *found = homes_find(&p->reversed, home);
	struct home old;
	struct route end;
	struct rule rule;
	int err, gone;

	if (!found)
		return 0;
	old = *found;
	end = end_of(&old);
	rule = rule_of(&old);
	err = rule_del(p->nl, &rule, why);
	homes_del(&p->reversed, home);
	gone = p->ops->unreverse(p, &old, why) ?: route_del(p->nl, &end, why);
	return err ?: gone;
}

bool path_is_away(const struct path *p, const struct in6_addr *home)
{
	return homes_find(&p->reversed, home) != NULL;
}

uint32_t path_table(const struct path *p, const struct in6_addr *home)
{
	const struct home *h = homes_find(&p->reversed, home);

	return h ? MIP_TABLE + h->slot : 0;
}

bool path_place(const struct path *p, const struct in6_addr *home, struct in6_addr *coa)
{
	const struct home *bound = homes_find(&p->bound, home), *reversed = homes_find(&p->reversed, home);

	if (bound)
		*coa = bound->peer;
	else if (reversed)
		*coa = reversed->local;
	return bound || reversed;
}

bool path_bound(const struct path *p, const struct in6_addr *home, struct path_bind *out)
{
	const struct home *h = homes_find(&p->bound, home);

	if (h)
		*out = (struct path_bind){.home = h->home, .coa = h->peer, .local = h->local};
	return h != NULL;
}

int path_stats(struct path *p, struct path_stats *out)
{
	*out = (struct path_stats){0};
	return p->ops->stats(p, out);
}
