/* bc.h: the binding cache is a map by home address, or by home address and ours. */
#include <stdlib.h>

#include "role/bc.h"

_Static_assert(offsetof(struct bc_entry, home) == sizeof(struct map_node), "the key follows the node");
_Static_assert(offsetof(struct bc_entry, local) == offsetof(struct bc_entry, home) + 16, "the longer key too");

void bc_init(struct bc *bc, enum bc_key key, uint64_t seed, void *owner)
{
	map_init(&bc->map, key == BC_BY_HOME ? 16 : 32, seed);
	bc->max = 0;
	bc->owner = owner;
}

void bc_free(struct bc *bc)
{
	while (bc_count(bc))
		bc_del(bc, bc_at(bc, bc_count(bc) - 1));
	map_free(&bc->map);
}

struct bc_entry *bc_find(const struct bc *bc, const struct in6_addr *home, const struct in6_addr *local)
{
	struct in6_addr key[2] = {*home};

	if (local)
		key[1] = *local;
	return (struct bc_entry *)(void *)map_find(&bc->map, key);
}

struct bc_entry *bc_add(struct bc *bc, const struct in6_addr *home, const struct in6_addr *local)
{
	struct bc_entry *e = bc_count(bc) < bc->max ? calloc(1, sizeof(*e)) : NULL;

	if (!e)
		return NULL;
	e->home = *home;
	e->local = *local;
	e->cache = bc;
	e->expires = e->claim_at = e->prefix_at = NEVER;
	if (map_add(&bc->map, &e->node)) {
		free(e);
		return NULL;
	}
	return e;
}

void bc_del(struct bc *bc, struct bc_entry *e)
{
	map_del(&bc->map, &e->node);
	free(e->network);
	free(e);
}
