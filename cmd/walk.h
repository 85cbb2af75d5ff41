/*
 * The one walk over the table, a word at a time. The command line, files, completion and error messages all take it,
 * so they cannot disagree about what may stand where. Knows no agent and no terminal.
 */
#ifndef MIP_CMD_WALK_H
#define MIP_CMD_WALK_H

#include <stddef.h>
#include <stdint.h>

#include "cmd/kind.h"
#include "cmd/table.h"

#define VALUES_MAX 32

/* Where words came from. file NULL: the command line. */
struct line {
	const char *file;
	int no, n;
	char **words;
	bool open; /* others than the owner can read the file */
};

/* What is wrong with a word. */
struct fault {
	int at; /* index of the word, n = behind the last, -1 = none in particular */
	char text[240];
	bool told; /* the text says already what would fit */
};

struct value {
	const struct arg *arg;
	const char *word;
	int at; /* index of the word */
	size_t len;
	uint8_t bytes[KIND_MAX];
};

/* A command said in full. */
struct call {
	const struct verb *verb;
	struct line line;
	int n;
	struct value values[VALUES_MAX];
};

struct walk {
	const struct verb *rows;   /* of the object, NULL before it is said */
	const struct verb *verb;   /* the row, NULL before it is said */
	const struct arg *pending; /* whose value comes next */
	uint32_t given;		   /* args of the row, by index */
	int at;			   /* words so far */
	struct call call;
};

typedef void (*offer_fn)(void *ctx, const char *word, const char *help);

/* Takes one word. False with `f`. */
bool walk_word(struct walk *w, const char *word, struct fault *f);
/* The words end here: settles the default verb, finds what is missing. False with `f`. */
bool walk_end(struct walk *w, struct fault *f);
/* All of it: a walk over `line`. */
bool walk_line(const struct line *line, struct call *call, struct fault *f);
/* The words that could stand next. */
void walk_offers(const struct walk *w, offer_fn offer, void *ctx);
/* The attribute whose value could stand next (0 = none), when the walk cannot list its values. */
unsigned walk_awaits(const struct walk *w);

/* The first value given for an attribute, or NULL. */
const struct value *call_value(const struct call *call, unsigned attr);

#endif
