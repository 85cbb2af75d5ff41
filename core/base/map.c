/* map.h: chained buckets, doubled when full, and the dense array beside them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"

#define FIRST_CAP 16
#define SPARSE	  2 /* buckets for an entry: another entry met on the way is a cache miss in a large map */

void map_init(struct map *m, size_t key_len, uint64_t seed)
{
	*m = (struct map){.key_len = key_len, .seed = seed | 1};
}

void map_free(struct map *m)
{
	free(m->bucket);
	free(m->item);
	map_init(m, m->key_len, m->seed);
}

/* Multiply and fold, 8 bytes at a time; seeded, so buckets cannot be aimed at from outside. */
static uint32_t hash_of(const struct map *m, const void *key)
{
	const uint8_t *p = key;
	uint64_t h = m->seed;

	for (size_t left = m->key_len; left;) {
		size_t n = left < 8 ? left : 8;
		uint64_t word = 0;
		__uint128_t wide;

		memcpy(&word, p, n);
		wide = (__uint128_t)(h ^ word) * (0x9e3779b97f4a7c15u ^ (m->seed << 1));
		h = (uint64_t)wide ^ (uint64_t)(wide >> 64) ^ m->seed;
		p += n;
		left -= n;
	}
	return (uint32_t)(h ^ h >> 32);
}

static struct map_node **bucket_of(const struct map *m, uint32_t hash)
{
	return &m->bucket[hash & (m->cap * SPARSE - 1)];
}

struct map_node *map_find(const struct map *m, const void *key)
{
	uint32_t hash;

	if (!m->n)
		return NULL;
	hash = hash_of(m, key);
	for (struct map_node *at = *bucket_of(m, hash); at; at = at->next)
		if (at->hash == hash && !memcmp(at + 1, key, m->key_len))
			return at;
	return NULL;
}

static void link_node(struct map *m, struct map_node *node)
{
	struct map_node **head = bucket_of(m, node->hash);

	node->next = *head;
	*head = node;
}

static int grow(struct map *m)
{
	size_t cap = m->cap ? m->cap * 2 : FIRST_CAP;
	struct map_node **bucket = calloc(cap * SPARSE, sizeof(struct map_node *));
	struct map_node **item = bucket ? realloc(m->item, cap * sizeof(struct map_node *)) : NULL;

	if (!item) {
		free(bucket);
		return -ENOMEM;
	}
	free(m->bucket);
	m->bucket = bucket;
	m->item = item;
	m->cap = cap;
	for (size_t i = 0; i < m->n; i++)
		link_node(m, m->item[i]);
	return 0;
}

int map_add(struct map *m, struct map_node *node)
{
	if (m->n == m->cap) {
		int err = grow(m);

		if (err)
			return err;
	}
	node->hash = hash_of(m, node + 1);
	node->index = (uint32_t)m->n;
	m->item[m->n++] = node;
	link_node(m, node);
	return 0;
}

void map_del(struct map *m, struct map_node *node)
{
	struct map_node **at = bucket_of(m, node->hash), *last = m->item[m->n - 1];

	while (*at != node)
		at = &(*at)->next;
	*at = node->next;
	last->index = node->index;
	m->item[node->index] = last;
	m->n--;
}
