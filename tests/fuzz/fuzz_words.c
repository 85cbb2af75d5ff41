/*
 * Fuzzes the walk with lines of words: it says what is wrong or fills a call whose values fit their kinds and print
 * to words that read the same; at every word, what was offered is accepted.
 */
#include <stdlib.h>
#include <string.h>

#include "cmd/walk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define WORDS_MAX 64

static void must(bool ok)
{
	if (!ok)
		abort();
}

static void check_value(const struct value *v)
{
	unsigned kind = attr_info(v->arg->attr)->kind;
	char printed[128], text[240];
	uint8_t again[KIND_MAX];
	size_t len;

	if (!v->len)
		return;
	must(v->len <= KIND_MAX && kind_fits(kind, v->bytes, v->len));
	kind_print(kind, v->bytes, v->len, false, printed, sizeof(printed));
	must(kind_parse(kind, printed, again, &len, text, sizeof(text)));
	must(len == v->len && !memcmp(again, v->bytes, len));
}

static void accepted(void *ctx, const char *word, const char *help)
{
	struct walk copy = *(const struct walk *)ctx;
	struct fault f;

	must(help && *help);
	if (copy.call.n < VALUES_MAX)
		must(walk_word(&copy, word, &f));
}

static void walk(const struct line *line)
{
	struct walk w = {.call.line = *line};
	struct fault f;

	for (int i = 0; i < line->n; i++) {
		walk_offers(&w, accepted, &w);
		if (!walk_word(&w, line->words[i], &f)) {
			must(f.at == i && *f.text);
			return;
		}
	}
	if (!walk_end(&w, &f)) {
		must(f.at == line->n && *f.text);
		return;
	}
	for (int i = 0; i < w.call.n; i++)
		check_value(&w.call.values[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *text = malloc(len + 1), *save, *word, *words[WORDS_MAX];
	struct line line = {.words = words};

	memcpy(text, data, len);
	text[len] = 0;
	for (word = strtok_r(text, " \n", &save); word && line.n < WORDS_MAX; word = strtok_r(NULL, " \n", &save))
		words[line.n++] = word;
	walk(&line);
	free(text);
	return 0;
}
