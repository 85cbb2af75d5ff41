/* Words that could stand next, gathered to be shown: a list that owns its text. */
#ifndef MIP_CMD_OFFERS_H
#define MIP_CMD_OFFERS_H

#include <stdbool.h>
#include <stddef.h>

struct offer {
	char *word, *help;
};

struct offers {
	struct offer *list; /* zeroed = empty */
	size_t n, room;
};

/* An offer_fn (walk.h); ctx is the struct offers. The same word twice is one. */
void offers_add(void *ctx, const char *word, const char *help);
void offers_free(struct offers *o);
/*
 * What all words go on with behind their first `typed` bytes; a blank behind it when there is but one word. False when
 * there is nothing to add.
 */
bool offers_common(const struct offers *o, size_t typed, char *more, size_t size);
/* On stdout: the words side by side, sorted, or one a line with its help. Of very many, the first. */
void offers_columns(struct offers *o);
void offers_explained(const struct offers *o);

#endif
