/* left.h: an array, sorted by key when the first is asked for: a hundred thousand of these live for a moment only. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sys/left.h"

#define FIRST_ROOM 64

static size_t item_size(const struct left *l)
{
	return l->klen + l->vlen + 1;
}

int left_note(struct left *l, const void *key, const void *value)
{
	size_t size = item_size(l), room = l->room ? 2 * l->room : FIRST_ROOM;
	uint8_t *at, *more = l->n == l->room ? realloc(l->item, room * size) : l->item;

	if (!more)
		return -ENOMEM;
	if (l->n == l->room)
		l->room = room;
	l->item = more;
	at = more + l->n++ * size;
	memcpy(at, key, l->klen);
	if (l->vlen)
		memcpy(at + l->klen, value, l->vlen);
	at[size - 1] = false;
	l->sorted = false;
	return 0;
}

static int by_key(const void *a, const void *b, void *klen)
{
	return memcmp(a, b, *(size_t *)klen);
}

static uint8_t *find_item(struct left *l, const uint8_t *key)
{
	size_t low = 0, high = l->n;

	if (l->n && !l->sorted)
		qsort_r(l->item, l->n, item_size(l), by_key, &l->klen);
	l->sorted = true;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		uint8_t *at = l->item + mid * item_size(l);
		int d = memcmp(key, at, l->klen);

		if (!d)
			return at;
		if (d < 0)
			high = mid;
		else
			low = mid + 1;
	}
	return NULL;
}

bool left_take(struct left *l, const void *key, const void *value)
{
	uint8_t *at = find_item(l, key), *taken = at ? at + item_size(l) - 1 : NULL;
	bool first = taken && !*taken;

	if (taken)
		*taken = true;
	return first && (!l->vlen || !memcmp(at + l->klen, value, l->vlen));
}

const void *left_value(struct left *l, const void *key)
{
	const uint8_t *at = find_item(l, key);

	return at ? at + l->klen : NULL;
}

void left_end(struct left *l, void (*each)(void *, const uint8_t *), void *ctx)
{
	size_t size = item_size(l);

	for (size_t i = 0; each && i < l->n; i++)
		if (!l->item[i * size + size - 1])
			each(ctx, l->item + i * size);
	free(l->item);
	l->item = NULL;
	l->n = l->room = 0;
}
