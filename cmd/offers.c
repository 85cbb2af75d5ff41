/* offers.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/offers.h"
#include "cmd/out.h"

#define SHOWN_MAX 100

static bool grow(struct offers *o)
{
	size_t room = o->room ? o->room * 2 : 32;
	struct offer *list = realloc(o->list, room * sizeof(*list));

	if (!list)
		return false;
	o->list = list;
	o->room = room;
	return true;
}

void offers_add(void *ctx, const char *word, const char *help)
{
	struct offers *o = ctx;
	struct offer new;

	if (o->n && strcmp(o->list[o->n - 1].word, word) == 0)
		return;
	if (o->n == o->room && !grow(o))
		return;
	new = (struct offer){strdup(word), strdup(help)};
	if (new.word &&new.help) {
		o->list[o->n++] = new;
		return;
	}
	free(new.word);
	free(new.help);
}

void offers_free(struct offers *o)
{
	for (size_t i = 0; i < o->n; i++) {
		free(o->list[i].word);
		free(o->list[i].help);
	}
	free(o->list);
	*o = (struct offers){0};
}

bool offers_common(const struct offers *o, size_t typed, char *more, size_t size)
{
	size_t len = o->n ? strlen(o->list[0].word) : 0;

	for (size_t i = 1; i < o->n; i++)
		for (size_t at = 0; at < len; at++)
			if (o->list[i].word[at] != o->list[0].word[at])
				len = at;
	if (!o->n || len < typed)
		return false;
	snprintf(more, size, "%.*s%s", (int)(len - typed), o->list[0].word + typed, o->n == 1 ? " " : "");
	return *more != 0;
}

static size_t shown(const struct offers *o)
{
	return o->n < SHOWN_MAX ? o->n : SHOWN_MAX;
}

static int widest(const struct offers *o)
{
	size_t width = 0;

	for (size_t i = 0; i < shown(o); i++)
		if (strlen(o->list[i].word) > width)
			width = strlen(o->list[i].word);
	return (int)width;
}

static void say_more(const struct offers *o)
{
	if (o->n > SHOWN_MAX)
		printf("... and %zu more\n", o->n - SHOWN_MAX);
}

static int by_word(const void *a, const void *b)
{
	return strcmp(((const struct offer *)a)->word, ((const struct offer *)b)->word);
}

void offers_columns(struct offers *o)
{
	int width = widest(o) + 2, columns = out_width() > width ? out_width() / width : 1;

	qsort(o->list, o->n, sizeof(*o->list), by_word);
	for (size_t i = 0; i < shown(o); i++) {
		bool last = (i + 1) % (size_t)columns == 0 || i + 1 == shown(o);

		printf("%-*s%s", last ? 0 : width, o->list[i].word, last ? "\n" : "");
	}
	say_more(o);
}

void offers_explained(const struct offers *o)
{
	int width = widest(o);

	for (size_t i = 0; i < shown(o); i++)
		printf("  %-*s  %s\n", width, o->list[i].word, o->list[i].help);
	say_more(o);
}
