/*
 * guard.h: one entry a home address. Where its next ESP packet goes to (or comes from) is noted as the message is given
 * to the stack: the packet comes out of the device right after, and nobody else's goes there. A table of its own and a
 * rule for the device lead there what is sent with the device named.
 */
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/addr.h"
#include "base/clock.h"
#include "base/map.h"
#include "flow/guard.h"
#include "sys/held.h"
#include "sys/raw.h"
#include "flow/shim.h"

#define PKT_MAX 4096

struct guard_home {
	struct map_node node;
	struct in6_addr home; /* the key */
	struct in6_addr agent;
	struct in6_addr coa; /* of the messages under way */
	unsigned ifindex;    /* they leave through, 0 = by routing */
	bool mine;
};

_Static_assert(offsetof(struct guard_home, home) == sizeof(struct map_node), "the key follows the node");

struct guard {
	struct nl *nl;
	struct shim *shim;
	struct raw *raw;
	struct map homes;
};

static struct guard_home *find(const struct guard *g, const struct in6_addr *home)
{
	return (struct guard_home *)(void *)map_find(&g->homes, home);
}

/* The pair (home, agent), seen from here. */
static struct guard_home *pair(
	const struct guard *g, const struct in6_addr *home, const struct in6_addr *agent, bool mine)
{
	struct guard_home *h = find(g, home);

	return h && h->mine == mine && addr_eq(&h->agent, agent) ? h : NULL;
}

/* --- packets ------------------------------------------------------------------------------------------------------ */

static bool out(void *ctx, struct packet *p, const struct exthdr *e)
{
	struct guard *g = ctx;
	struct guard_home *h = pair(g, &e->src, &e->dst, true);
	struct raw_meta m = {.src = e->src, .dst = e->dst};
	uint8_t pkt[PKT_MAX + HAO_ROOM];
	int len;

	if (!h)
		h = pair(g, &e->dst, &e->src, false);
	if (!h)
		return false;
	if (p->len > PKT_MAX)
		return true;
	memcpy(pkt, p->data, p->len);
	len = exthdr_insert(pkt, p->len, sizeof(pkt), h->mine ? &h->coa : NULL, h->mine ? NULL : &h->coa);
	*(h->mine ? &m.src : &m.dst) = h->coa;
	m.ifindex = h->ifindex;
	if (len > 0)
		(void)!raw_send_packet(g->raw, &m, pkt, (size_t)len);
	return true;
}

/* The care-of address the packet came from or to is not looked at: what is inside tells it, and proves it. */
static bool in(void *ctx, struct packet *p, const struct exthdr *e)
{
	struct guard *g = ctx;
	bool to_agent = e->hao_at && !e->rh2_at && pair(g, &e->hao, &e->dst, false);
	bool to_home = e->rh2_at && !e->hao_at && pair(g, &e->rh2, &e->src, true);

	if (!to_agent && !to_home)
		return false;
	p->len = exthdr_strip(p->data, p->len, e);
	p->vnet = (struct virtio_net_hdr){0};
	(void)!shim_send(g->shim, p);
	return true;
}

int guard_send(struct guard *g, uint8_t proto, const struct raw_meta *m, const uint8_t *data, size_t len)
{
	struct raw_meta plain = *m;
	struct guard_home *h;

	plain.src = m->has_hao ? m->hao : m->src;
	plain.dst = m->has_rh2 ? m->rh2 : m->dst;
	h = pair(g, &plain.src, &plain.dst, true);
	if (!h)
		h = pair(g, &plain.dst, &plain.src, false);
	if (!h)
		return -ENOENT;
	if (m->has_hao || m->has_rh2) {
		h->coa = m->has_hao ? m->src : m->dst;
		h->ifindex = m->ifindex;
		plain.ifindex = shim_ifindex(g->shim);
	}
	return raw_send_plain(g->raw, proto, &plain, data, len);
}

/* --- home addresses ----------------------------------------------------------------------------------------------- */

static const struct rule rule = {.table = MIP_TABLE_GUARD, .oif = SHIM_DEV};

static struct route route(const struct guard *g)
{
	return (struct route){.table = MIP_TABLE_GUARD, .ifindex = shim_ifindex(g->shim)};
}

static int lead(struct guard *g, struct why *why)
{
	struct route r = route(g);

	return route_add(g->nl, &r, why) ?: rule_add(g->nl, &rule, why);
}

static void unlead(struct guard *g)
{
	struct route r = route(g);

	(void)!rule_del(g->nl, &rule, NULL);
	(void)!route_del(g->nl, &r, NULL);
}

/* Who sends us protected messages. */
static const struct in6_addr *sender(const struct guard_home *h)
{
	return h->mine ? &h->agent : &h->home;
}

/* Several home addresses may have one agent. */
static bool is_sender(const struct guard *g, const struct in6_addr *a)
{
	for (size_t i = 0; i < g->homes.n; i++)
		if (addr_eq(sender((const struct guard_home *)(void *)g->homes.item[i]), a))
			return true;
	return false;
}

void guard_del(struct guard *g, const struct in6_addr *home)
{
	struct guard_home *h = find(g, home);
	struct in6_addr from;

	if (!h)
		return;
	from = *sender(h);
	map_del(&g->homes, &h->node);
	free(h);
	if (!is_sender(g, &from))
		(void)!shim_watch(g->shim, &from, false, NULL);
	if (!g->homes.n)
		unlead(g);
}

int guard_add(struct guard *g, const struct in6_addr *home, const struct in6_addr *agent, bool mine, struct why *why)
{
	struct guard_home *h;
	int err;

	if (pair(g, home, agent, mine))
		return 0;
	guard_del(g, home);
	err = g->homes.n ? 0 : lead(g, why);
	if (err)
		return err;
	h = calloc(1, sizeof(*h));
	if (!h)
		return why_set(why, ENOMEM, "out of memory");
	h->home = *home;
	h->agent = *agent;
	h->mine = mine;
	err = map_add(&g->homes, &h->node);
	if (!err)
		return shim_watch(g->shim, sender(h), true, why);
	free(h);
	return why_set(why, -err, "out of memory");
}

void guard_hold(struct guard *g, struct held *h, bool anew)
{
	struct route r = route(g);
	struct why why = {0};
	int err = 0;

	if (!g->homes.n)
		return;
	held_route(h, &r);
	held_rule(h, &rule);
	for (size_t i = 0; anew && i < g->homes.n; i++)
		err = shim_watch(g->shim, sender((const struct guard_home *)(void *)g->homes.item[i]), true, &why)
			      ?: err;
	if (err)
		held_failed(h, err, &why);
}

int guard_open(struct guard **to, struct nl *nl, struct shim *shim, struct raw *raw, struct why *why)
{
	struct guard *g = calloc(1, sizeof(*g));
	uint64_t seed = 0;

	if (!g)
		return why_set(why, ENOMEM, "out of memory");
	if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
		seed = (uint64_t)clock_now();
	*g = (struct guard){.nl = nl, .shim = shim, .raw = raw};
	map_init(&g->homes, sizeof(struct in6_addr), seed);
	unlead(g); /* left by an agent that crashed */
	shim_set_guard(shim, &(struct shim_guard){g, in, out});
	*to = g;
	return 0;
}

void guard_close(struct guard *g)
{
	if (!g)
		return;
	shim_set_guard(g->shim, NULL);
	while (g->homes.n)
		guard_del(g, &((struct guard_home *)(void *)g->homes.item[g->homes.n - 1])->home);
	map_free(&g->homes);
	free(g);
}
