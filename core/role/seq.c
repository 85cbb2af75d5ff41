/* seq.h: a map that never shrinks until it is freed. */
#include "role/seq.h"

#include <stdlib.h>
#include <string.h>

struct seq_entry {
	struct map_node node;
	struct in6_addr home; /* the key */
	uint16_t seq;
};

_Static_assert(offsetof(struct seq_entry, home) == sizeof(struct map_node), "the key follows the node");

void seq_init(struct seq *s, uint64_t seed)
{
	map_init(&s->map, sizeof(struct in6_addr), seed);
}

void seq_free(struct seq *s)
{
	while (s->map.n) {
		struct map_node *n = s->map.item[s->map.n - 1];

		map_del(&s->map, n);
		free(n);
	}
	map_free(&s->map);
}

/* A new entry, or the one that has been there longest. */
static struct seq_entry *take(struct seq *s)
{
	struct map_node *n;

	if (s->map.n < SEQ_MAX)
		return calloc(1, sizeof(struct seq_entry));
	n = s->map.item[0];
	map_del(&s->map, n);
	return (struct seq_entry *)(void *)n;
}

void seq_keep(struct seq *s, const struct in6_addr *home, uint16_t seq)
{
	struct seq_entry *e = (struct seq_entry *)(void *)map_find(&s->map, home);

	if (!e) {
		e = take(s);
		if (!e)
			return;
		e->home = *home;
		if (map_add(&s->map, &e->node)) {
			free(e);
			return;
		}
	}
	e->seq = seq;
}

bool seq_find(const struct seq *s, const struct in6_addr *home, uint16_t *seq)
{
	const struct seq_entry *e = (const struct seq_entry *)(const void *)map_find(&s->map, home);

	if (e)
		*seq = e->seq;
	return e != NULL;
}
