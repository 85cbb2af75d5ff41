/* homeagents.h: an array, searched from end to end; it is no longer than an answer. */
#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "role/homeagents.h"

void homeagents_expire(struct homeagents *l, usec now)
{
	for (size_t i = l->n; i-- > 0;)
		if (homeagents_end(&l->list[i]) <= now)
			l->list[i] = l->list[--l->n];
}

/* Room for one of that preference: at the end, or that of the worst. NULL when none is worse. */
static struct homeagent *make_room(struct homeagents *l, uint16_t preference)
{
	struct homeagent *worst = &l->list[0];

	if (l->n < HOMEAGENTS_MAX)
		return &l->list[l->n++];
	for (size_t i = 1; i < l->n; i++)
		if (l->list[i].preference < worst->preference)
			worst = &l->list[i];
	return worst->preference < preference ? worst : NULL;
}

static struct homeagent *find_agent(struct homeagents *l, const struct in6_addr *router, const struct in6_addr *addr)
{
	for (size_t i = 0; i < l->n; i++)
		if (addr_eq(&l->list[i].router, router) && addr_eq(&l->list[i].addr, addr))
			return &l->list[i];
	return NULL;
}

/* A prefix with R and no interface identifier names no router (radvd's AdvRouterAddr with a bare prefix). Lifetime 0
 * takes an address back at the next look. */
static void keep_addr(struct homeagents *l, const struct homeagent *says, const struct nd_prefix *p, usec now)
{
	struct homeagent *h = find_agent(l, &says->router, &p->prefix);

	if (!p->router || !addr_routable(&p->prefix) || addr_is_anycast(&p->prefix, p->len) || (!h && !p->valid))
		return;
	if (!h)
		h = make_room(l, says->preference);
	if (!h)
		return;
	*h = *says;
	h->addr = p->prefix;
	h->valid_until = p->valid == UINT32_MAX ? NEVER : now + p->valid * SEC;
}

/* All that this router named before: what it says of itself is the newest. */
static void follow(struct homeagents *l, const struct homeagent *says)
{
	for (size_t i = 0; i < l->n; i++)
		if (addr_eq(&l->list[i].router, &says->router)) {
			l->list[i].preference = says->preference;
			l->list[i].serves_until = says->serves_until;
			l->list[i].routers = says->routers;
		}
}

void homeagents_on_ra(struct homeagents *l, const struct in6_addr *router, const struct nd_ra *ra, usec now)
{
	uint16_t lifetime = ra->has_ha_info ? ra->ha_lifetime : ra->router_lifetime;
	struct homeagent says = {.router = *router, .preference = ra->has_ha_info ? ra->ha_preference : 0};

	says.serves_until = ra->home_agent ? now + lifetime * SEC : now;
	says.routers = ra->ha_routers;
	homeagents_expire(l, now);
	follow(l, &says);
	for (size_t i = 0; i < ra->prefixes && says.serves_until > now; i++)
		keep_addr(l, &says, &ra->prefix[i], now);
	homeagents_expire(l, now);
}

const struct homeagent *homeagents_find(const struct homeagents *l, const struct in6_addr *addr)
{
	for (size_t i = 0; i < l->n; i++)
		if (addr_eq(&l->list[i].addr, addr))
			return &l->list[i];
	return NULL;
}

static int compare(const void *x, const void *y)
{
	const struct homeagents_choice *a = x, *b = y;

	if (a->preference != b->preference)
		return a->preference > b->preference ? -1 : 1;
	return a->lot < b->lot ? -1 : a->lot > b->lot;
}

void homeagents_sort(struct homeagents_choice *c, size_t n)
{
	qsort(c, n, sizeof(*c), compare);
}

struct in6_addr homeagents_anycast(const struct in6_addr *prefix, uint8_t plen)
{
	struct in6_addr a = *prefix;

	for (unsigned bit = plen; bit < 128; bit++)
		a.s6_addr[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
	if (plen == 64)
		a.s6_addr[8] = 0xfd;
	a.s6_addr[15] = (uint8_t)((a.s6_addr[15] & 0x80) | HOMEAGENTS_ANYCAST);
	return a;
}
