/* bul.h: the binding update list is a map by (home address, peer). */
#include <stdlib.h>

#include "role/bul.h"

_Static_assert(offsetof(struct bul_entry, home) == sizeof(struct map_node), "the key follows the node");

void bul_init(struct bul *bul, uint64_t seed)
{
	map_init(&bul->map, 2 * sizeof(struct in6_addr), seed);
}

void bul_free(struct bul *bul)
{
	while (bul_count(bul))
		bul_del(bul, bul_at(bul, bul_count(bul) - 1));
	map_free(&bul->map);
}

struct bul_entry *bul_find(const struct bul *bul, const struct in6_addr *home, const struct in6_addr *peer)
{
	struct in6_addr key[2] = {*home, *peer};

	return (struct bul_entry *)(void *)map_find(&bul->map, key);
}

struct bul_entry *bul_add(struct bul *bul, const struct in6_addr *home, const struct in6_addr *peer)
{
	struct bul_entry *e = calloc(1, sizeof(*e));

	if (!e)
		return NULL;
	e->home = *home;
	e->peer = *peer;
	e->expires = e->refresh_at = NEVER;
	if (map_add(&bul->map, &e->node)) {
		free(e);
		return NULL;
	}
	return e;
}

void bul_del(struct bul *bul, struct bul_entry *e)
{
	map_del(&bul->map, &e->node);
	free(e);
}
