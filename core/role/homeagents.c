/* homeagents.h: an array, searched from end to end; a link has few home agents. */
#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "role/homeagents.h"

static struct homeagent *find(struct homeagents *l, const struct in6_addr *router)
{
	for (size_t i = 0; i < l->n; i++)
		if (addr_eq(&l->list[i].router, router))
			return &l->list[i];
	return NULL;
}

static void forget(struct homeagents *l, struct homeagent *h)
{
	*h = l->list[--l->n];
}

static void expire_addrs(struct homeagent *h, usec now)
{
	for (size_t i = h->addrs; i-- > 0;)
		if (h->addr[i].valid_until <= now)
			h->addr[i] = h->addr[--h->addrs];
}

void homeagents_expire(struct homeagents *l, usec now)
{
	for (size_t i = l->n; i-- > 0;) {
		expire_addrs(&l->list[i], now);
		if (l->list[i].expires <= now)
			forget(l, &l->list[i]);
	}
}

/* An address that is told again lives anew; lifetime 0 takes it back at the next look. */
static void keep_addr(struct homeagent *h, const struct nd_prefix *p, usec now)
{
	size_t i = 0;

	if (!p->router || !addr_routable(&p->prefix))
		return;
	while (i < h->addrs && !addr_eq(&h->addr[i].addr, &p->prefix))
		i++;
	if (i == HOMEAGENTS_ADDRS || (i == h->addrs && !p->valid))
		return;
	h->addr[i] = (struct homeagents_addr){p->prefix, p->valid == UINT32_MAX ? NEVER : now + p->valid * SEC};
	h->addrs += i == h->addrs;
}

void homeagents_on_ra(struct homeagents *l, const struct in6_addr *router, const struct nd_ra *ra, usec now)
{
	uint16_t lifetime = ra->has_ha_info ? ra->ha_lifetime : ra->router_lifetime;
	struct homeagent *h;

	homeagents_expire(l, now);
	h = find(l, router);
	if (!ra->home_agent || !lifetime) {
		if (h)
			forget(l, h);
		return;
	}
	if (!h && l->n == HOMEAGENTS_MAX)
		return;
	if (!h) {
		h = &l->list[l->n++];
		*h = (struct homeagent){.router = *router};
	}
	h->preference = ra->has_ha_info ? (int16_t)ra->ha_preference : 0;
	h->expires = now + lifetime * SEC;
	for (size_t i = 0; i < ra->prefixes; i++)
		keep_addr(h, &ra->prefix[i], now);
	expire_addrs(h, now);
}

const struct homeagent *homeagents_find(const struct homeagents *l, const struct in6_addr *addr)
{
	for (size_t i = 0; i < l->n; i++)
		for (size_t k = 0; k < l->list[i].addrs; k++)
			if (addr_eq(&l->list[i].addr[k].addr, addr))
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
