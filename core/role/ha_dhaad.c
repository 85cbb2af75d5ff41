/*
 * Home agent: who serves on the home link, told to mobile nodes that ask (RFC 6275
 * 10.5). Our own addresses are known without hearing our own advertisements; what we
 * advertise as our preference counts when we do hear them, as it counts for others.
 */
#include "base/addr.h"
#include "role/ha_impl.h"

/* An answer fits the minimum MTU (10.5). */
_Static_assert(
	40 + 8 + 16 * DHAAD_MAX <= 1280 && 40 + 8 + 16 * (DHAAD_MAX + 1) > 1280, "a full reply fills the least MTU");

/* Does it name an address of ours as the router's? */
static bool is_our_own(const struct ha *ha, const struct nd_ra *ra)
{
	for (size_t i = 0; i < ra->prefixes; i++)
		if (ra->prefix[i].router && ha_is_ours(ha, &ra->prefix[i].prefix))
			return true;
	return false;
}

/* Who changes prefixes all the time cannot make us tell everybody all the time. */
void ha_on_ra(struct ha *ha, unsigned ifindex, const struct in6_addr *router, const struct nd_ra *ra, usec now)
{
	struct ha_link *l = ha_link(ha, ifindex);
	bool own_ra = is_our_own(ha, ra);

	if (!l)
		return;
	homeagents_on_ra(&l->agents, router, ra, now);
	l->prefixes_differ |= prefixes_on_ra(&l->prefixes, ra, own_ra, now);
	if (own_ra)
		ha_prefix_heard(ha, l);
	if (!l->prefixes_differ || !rate_take(&ha->changes, now))
		return;
	l->prefixes_differ = false;
	ha_prefix_changed(ha, l, now);
}

bool ha_has_prefix(const struct ha *ha, unsigned ifindex, const struct in6_addr *addr, uint8_t plen)
{
	for (size_t i = 0; i < ha->addrs; i++)
		if (ha->addr[i].ifindex == ifindex && ha->addr[i].plen == plen &&
			addr_in(&ha->addr[i].addr, addr, plen))
			return true;
	return false;
}

static struct ha_known own(const struct ha *ha, const struct ha_link *l, const struct in6_addr *addr)
{
	const struct homeagent *heard = homeagents_find(&l->agents, addr);
	struct ha_known k = {
		.ifindex = l->conf.ifindex, .addr = *addr, .preference = ha->conf.preference, .expires = NEVER};

	k.routers = ha_serves_routers(ha);
	if (heard)
		k.preference = heard->preference;
	return k;
}

/* Our addresses first, then those heard of; until `see` returns true. */
static bool each_on(
	const struct ha *ha, const struct ha_link *l, bool (*see)(void *ctx, const struct ha_known *k), void *ctx)
{
	for (size_t i = 0; i < ha->addrs; i++) {
		const struct ha_addr *a = &ha->addr[i];
		struct ha_known k = own(ha, l, &a->addr);

		if (a->ifindex == l->conf.ifindex && ha_serves(ha, &a->addr) && see(ctx, &k))
			return true;
	}
	for (size_t i = 0; i < l->agents.n; i++) {
		const struct homeagent *h = &l->agents.list[i];
		struct ha_known other = {
			l->conf.ifindex, h->addr, h->router, h->preference, homeagents_end(h), h->routers};

		if (!ha_is_ours(ha, &h->addr) && see(ctx, &other))
			return true;
	}
	return false;
}

struct nth {
	size_t left;
	struct ha_known *to;
};

static bool see_nth(void *ctx, const struct ha_known *k)
{
	struct nth *n = ctx;

	if (n->left--)
		return false;
	*n->to = *k;
	return true;
}

bool ha_known(const struct ha *ha, size_t n, struct ha_known *to)
{
	struct nth nth = {n, to};

	for (size_t i = 0; i < ha->links; i++)
		if (each_on(ha, &ha->link[i], see_nth, &nth))
			return true;
	return false;
}

/* The home prefix whose anycast address that is: one of our addresses in it, or NULL. */
static const struct ha_addr *asked_for(const struct ha *ha, const struct in6_addr *anycast)
{
	for (size_t i = 0; i < ha->addrs; i++) {
		const struct ha_addr *a = &ha->addr[i];
		struct in6_addr group = homeagents_anycast(&a->addr, a->plen);

		if (ha_serves(ha, &a->addr) && addr_eq(&group, anycast))
			return a;
	}
	return NULL;
}

struct choices {
	const struct world *w;
	bool routers; /* only those that serve mobile routers */
	size_t n;
	struct homeagents_choice choice[HA_ADDRS_MAX + HOMEAGENTS_MAX];
};

static bool see_choice(void *ctx, const struct ha_known *k)
{
	struct choices *c = ctx;

	if (k->routers || !c->routers)
		c->choice[c->n++] = (struct homeagents_choice){k->addr, k->preference, c->w->random(c->w->ctx)};
	return false;
}

/* In the order of preference, equals in a new order each time, also the addresses of one home agent among themselves.
 * Those that serve mobile routers, if they are asked for and there are any (RFC 3963 7.2). */
static void choose(const struct ha *ha, const struct ha_link *l, struct dhaad *reply)
{
	struct choices c = {.w = ha->w, .routers = reply->routers};

	(void)each_on(ha, l, see_choice, &c);
	reply->routers &= c.n > 0;
	c.routers = false;
	if (!c.n)
		(void)each_on(ha, l, see_choice, &c);
	homeagents_sort(c.choice, c.n);
	for (reply->agents = 0; reply->agents < c.n && reply->agents < DHAAD_MAX; reply->agents++)
		reply->agent[reply->agents] = c.choice[reply->agents].addr;
}

void ha_on_dhaad(struct ha *ha, const struct via *via, const struct dhaad *request, usec now)
{
	const struct ha_addr *a = asked_for(ha, &via->dst);
	struct ha_link *l = a ? ha_link(ha, a->ifindex) : NULL;
	struct dhaad reply = {.id = request->id, .routers = request->routers};
	uint8_t data[8 + 16 * DHAAD_MAX];
	int len;

	if (!ha->on || ha->standby || !l || !addr_routable(&via->src) || !rate_take(&ha->replies, now))
		return;
	homeagents_expire(&l->agents, now);
	choose(ha, l, &reply);
	len = dhaad_write(&reply, true, data, sizeof(data));
	if (len > 0)
		ha->w->send_icmp(ha->w->ctx, &(struct via){.src = a->addr, .dst = via->src}, data, (size_t)len);
}
