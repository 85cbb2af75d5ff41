/* cn_impl.h: a map of care-of addresses, each with the number of bindings that are there. */
#include <stdlib.h>

#include "role/cn_impl.h"

struct place {
	struct map_node node;
	struct in6_addr coa; /* the key, right after the node */
	size_t bindings;
	usec full_at;
};

_Static_assert(offsetof(struct place, coa) == sizeof(struct map_node), "the key follows the node");

void cn_places_init(struct cn *cn, uint64_t seed)
{
	map_init(&cn->places, sizeof(struct in6_addr), seed);
}

static struct place *find_place(const struct cn *cn, const struct in6_addr *coa)
{
	return (struct place *)(void *)map_find(&cn->places, coa);
}

void cn_place_enter(struct cn *cn, const struct bc_entry *e)
{
	struct place *p = find_place(cn, &e->coa);

	if (!p) {
		p = calloc(1, sizeof(*p));
		if (!p)
			return;
		p->coa = e->coa;
		if (map_add(&cn->places, &p->node)) {
			free(p);
			return;
		}
	}
	p->bindings++;
}

void cn_place_leave(struct cn *cn, const struct bc_entry *e)
{
	struct place *p = e->state == MIP_BINDING_ACTIVE ? find_place(cn, &e->coa) : NULL;

	if (!p || --p->bindings)
		return;
	map_del(&cn->places, &p->node);
	free(p);
}

usec *cn_place_pace(const struct cn *cn, const struct in6_addr *coa)
{
	struct place *p = find_place(cn, coa);

	return p ? &p->full_at : NULL;
}
