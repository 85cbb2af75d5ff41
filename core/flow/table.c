/* table.h: one hash map for all flows. A lookup tries each pair of prefix lengths that occurs: three or four. */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "flow/table.h"

#define KEY_LEN (offsetof(struct flow_key, dplen) + 1)

_Static_assert(offsetof(struct flow_entry, flow.key) == sizeof(struct map_node), "the key follows the node");
_Static_assert(KEY_LEN == 34, "no padding inside the key");

void table_init(struct flow_table *t, uint64_t seed)
{
	*t = (struct flow_table){0};
	map_init(&t->map, KEY_LEN, seed);
}

void table_free(struct flow_table *t)
{
	while (t->map.n)
		table_del(t, table_at(t, t->map.n - 1));
	map_free(&t->map);
}

static struct flow_key key_of(const struct in6_addr *src, const struct in6_addr *dst, unsigned splen, unsigned dplen)
{
	return (struct flow_key){addr_prefix(src, (uint8_t)splen).addr, addr_prefix(dst, (uint8_t)dplen).addr,
		(uint8_t)splen, (uint8_t)dplen};
}

/* --- shapes ------------------------------------------------------------------------------------------------------- */

/* Greater is looked up before: pairs, then by destination, then by source, each the longer one first. */
static unsigned rank(unsigned splen, unsigned dplen)
{
	return (splen && dplen ? 2U << 16 : dplen ? 1U << 16 : 0) + (dplen << 8) + splen;
}

static int shape_add(struct flow_table *t, const struct flow_key *k)
{
	unsigned i = 0, wanted = rank(k->splen, k->dplen);

	while (i < t->shapes && rank(t->shape[i].splen, t->shape[i].dplen) > wanted)
		i++;
	if (i == t->shapes || rank(t->shape[i].splen, t->shape[i].dplen) != wanted) {
		if (t->shapes == FLOW_SHAPES)
			return -ENOSPC;
		memmove(&t->shape[i + 1], &t->shape[i], (t->shapes - i) * sizeof(t->shape[0]));
		t->shape[i] = (struct flow_shape){k->splen, k->dplen, 0};
		t->shapes++;
	}
	t->shape[i].flows++;
	return 0;
}

static void shape_del(struct flow_table *t, const struct flow_key *k)
{
	unsigned i = 0;

	while (t->shape[i].splen != k->splen || t->shape[i].dplen != k->dplen)
		i++;
	if (--t->shape[i].flows)
		return;
	t->shapes--;
	memmove(&t->shape[i], &t->shape[i + 1], (t->shapes - i) * sizeof(t->shape[0]));
}

/* --- entries ------------------------------------------------------------------------------------------------------ */

static struct flow_entry *entry_add(struct flow_table *t, const struct flow_key *k, int *err)
{
	struct flow_entry *e = calloc(1, sizeof(*e));

	*err = e ? shape_add(t, k) : -ENOMEM;
	if (*err) {
		free(e);
		return NULL;
	}
	e->flow.key = *k;
	*err = map_add(&t->map, &e->node);
	if (!*err)
		return e;
	shape_del(t, k);
	free(e);
	return NULL;
}

struct flow_entry *table_put(struct flow_table *t, const struct flow *f, int *err)
{
	struct flow_key k;
	struct flow_entry *e;

	*err = -EINVAL;
	if (f->key.splen > 128 || f->key.dplen > 128)
		return NULL;
	k = key_of(&f->key.src, &f->key.dst, f->key.splen, f->key.dplen);
	if ((k.splen && addr_any(&k.src)) || (k.dplen && addr_any(&k.dst)))
		return NULL;
	*err = 0;
	e = table_find(t, &k) ?: entry_add(t, &k, err);
	if (e) {
		e->flow = *f;
		e->flow.key = k;
	}
	return e;
}

void table_del(struct flow_table *t, struct flow_entry *e)
{
	shape_del(t, &e->flow.key);
	map_del(&t->map, &e->node);
	free(e);
}

/* --- lookups ------------------------------------------------------------------------------------------------------ */

struct flow_entry *table_find(const struct flow_table *t, const struct flow_key *key)
{
	return (struct flow_entry *)(void *)map_find(&t->map, key);
}

struct flow_entry *table_lookup(
	const struct flow_table *t, const struct in6_addr *src, const struct in6_addr *dst, unsigned edits)
{
	for (unsigned i = 0; i < t->shapes; i++) {
		struct flow_key k = key_of(src, dst, t->shape[i].splen, t->shape[i].dplen);
		struct flow_entry *e = table_find(t, &k);

		if (e && e->flow.edits & edits)
			return e;
	}
	return NULL;
}

struct flow_entry *table_pair(const struct flow_table *t, const struct in6_addr *src, const struct in6_addr *dst)
{
	struct flow_key k = flow_key_pair(src, dst);

	return table_find(t, &k);
}

struct flow_entry *table_bound(const struct flow_table *t, const struct in6_addr *home)
{
	struct flow_key k = flow_key_bound(home);

	return table_find(t, &k);
}

struct flow_entry *table_away(const struct flow_table *t, const struct in6_addr *home)
{
	struct flow_key k = flow_key_away(home);

	return table_find(t, &k);
}
