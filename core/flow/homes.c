/* homes.h. Home addresses are those of authorised mobile nodes, so the hash needs no secret seed. */
#include <errno.h>
#include <stdlib.h>

#include "flow/homes.h"

_Static_assert(offsetof(struct home, home) == sizeof(struct map_node), "the key follows the node");

void homes_init(struct homes *t)
{
	map_init(&t->map, sizeof(struct in6_addr), 1);
}

struct home *homes_find(const struct homes *t, const struct in6_addr *home)
{
	return (struct home *)(void *)map_find(&t->map, home);
}

int homes_put(struct homes *t, const struct home *h)
{
	struct home *at = homes_find(t, &h->home);

	if (!at) {
		at = malloc(sizeof(*at));
		if (!at)
			return -ENOMEM;
		at->home = h->home;
		if (map_add(&t->map, &at->node)) {
			free(at);
			return -ENOMEM;
		}
	}
	at->peer = h->peer;
	at->local = h->local;
	at->slot = h->slot;
	return 0;
}

void homes_del(struct homes *t, const struct in6_addr *home)
{
	struct home *h = homes_find(t, home);

	if (!h)
		return;
	map_del(&t->map, &h->node);
	free(h);
}

void homes_free(struct homes *t)
{
	while (homes_count(t))
		homes_del(t, &homes_at(t, homes_count(t) - 1)->home);
	map_free(&t->map);
}
