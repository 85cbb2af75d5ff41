/*
 * seq.h: a map, and a hand that goes round it. Each number kept moves the hand over SWEEP entries: so no more than a
 * quarter of the table has ended while numbers come at a steady rate, and keeping one costs the same in any table.
 */
#include "role/seq.h"

#include <stdlib.h>
#include <string.h>

#define SWEEP 4

_Static_assert(offsetof(struct seq_entry, key) == offsetof(struct seq_entry, node) + sizeof(struct map_node),
	"the key follows the node");

static struct seq_entry *entry_of(struct map_node *n)
{
	return n ? (struct seq_entry *)(void *)((char *)n - offsetof(struct seq_entry, node)) : NULL;
}

void seq_init(struct seq *s, size_t key_len, uint64_t seed)
{
	*s = (struct seq){0};
	map_init(&s->map, key_len, seed);
}

static void drop_number(struct seq *s, struct seq_entry *e)
{
	map_del(&s->map, &e->node);
	free(e);
}

void seq_free(struct seq *s)
{
	while (s->map.n)
		drop_number(s, entry_of(s->map.item[s->map.n - 1]));
	map_free(&s->map);
}

const struct seq_entry *seq_find(const struct seq *s, const void *key, usec now)
{
	const struct seq_entry *e = entry_of(map_find(&s->map, key));

	return e && e->until > now ? e : NULL;
}

const struct seq_entry *seq_at(const struct seq *s, size_t i)
{
	return i < s->map.n ? entry_of(s->map.item[i]) : NULL;
}

static void sweep(struct seq *s, usec now)
{
	for (int i = 0; i < SWEEP && s->map.n; i++) {
		struct seq_entry *e;

		if (s->hand >= s->map.n)
			s->hand = 0;
		e = entry_of(s->map.item[s->hand]);
		if (e->until <= now)
			drop_number(s, e); /* the last of the array takes its place */
		else
			s->hand++;
	}
}

/* NULL without memory. */
static struct seq_entry *add(struct seq *s, const void *key)
{
	struct seq_entry *e = malloc(sizeof(*e) + s->map.key_len);

	if (!e)
		return NULL;
	memcpy(e->key, key, s->map.key_len);
	if (map_add(&s->map, &e->node)) {
		free(e);
		return NULL;
	}
	return e;
}

bool seq_keep(struct seq *s, const void *key, uint16_t seq, uint16_t nonce, usec until, usec now)
{
	struct seq_entry *e;

	sweep(s, now);
	e = entry_of(map_find(&s->map, key));
	if (!e && s->map.n >= s->max && s->map.n && until == NEVER)
		drop_number(s, entry_of(s->map.item[s->hand % s->map.n]));
	if (!e && s->map.n < s->max)
		e = add(s, key);
	if (!e)
		return false;
	e->seq = seq;
	e->nonce = nonce;
	e->until = until;
	return true;
}

void seq_forget(struct seq *s, const void *key)
{
	struct seq_entry *e = entry_of(map_find(&s->map, key));

	if (e)
		drop_number(s, e);
}
