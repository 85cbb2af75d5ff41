/* networks.h */
#include <stdlib.h>
#include <string.h>

#include "role/networks.h"

void networks_free(struct networks *l)
{
	free(l->list);
	*l = (struct networks){0};
}

/* How many begin before `addr`, or with it: the last of them is the one that may hold it. */
static size_t upto(const struct networks *l, const struct in6_addr *addr)
{
	size_t low = 0, high = l->n;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (memcmp(&l->list[mid].prefix.addr, addr, sizeof(*addr)) <= 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

const struct network *networks_of(const struct networks *l, const struct in6_addr *addr)
{
	size_t i = upto(l, addr);
	const struct network *w = i ? &l->list[i - 1] : NULL;

	return w && addr_in(&w->prefix.addr, addr, w->prefix.plen) ? w : NULL;
}

/* Those that begin inside p stand behind the one that may hold its beginning. */
const struct network *networks_meeting(
	const struct networks *l, const struct addr_prefix *p, const struct bc_entry *but)
{
	const struct network *holds = networks_of(l, &p->addr);

	if (holds && holds->owner != but)
		return holds;
	for (size_t i = upto(l, &p->addr); i < l->n && addr_in(&p->addr, &l->list[i].prefix.addr, p->plen); i++)
		if (l->list[i].owner != but)
			return &l->list[i];
	return NULL;
}

bool networks_reserve(struct networks *l, size_t n)
{
	size_t room = l->room * 2 > l->n + n ? l->room * 2 : l->n + n;
	struct network *list;

	if (l->n + n <= l->room)
		return true;
	list = realloc(l->list, room * sizeof(*list));
	if (!list)
		return false;
	l->list = list;
	l->room = room;
	return true;
}

void networks_put(struct networks *l, const struct addr_prefix *p, const struct bc_entry *owner)
{
	size_t i = upto(l, &p->addr);

	memmove(&l->list[i + 1], &l->list[i], (l->n++ - i) * sizeof(*l->list));
	l->list[i] = (struct network){*p, owner};
}

void networks_drop(struct networks *l, const struct addr_prefix *p)
{
	size_t i = upto(l, &p->addr);

	if (i && addr_eq(&l->list[i - 1].prefix.addr, &p->addr))
		memmove(&l->list[i - 1], &l->list[i], (l->n-- - i) * sizeof(*l->list));
}
