/* `mip help`: usage written from the table. An object fits a screen and ends with an example. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "cmd/mip.h"
#include "cmd/usage.h"
#include "cmd/walk.h"

#define EDGE	 79
#define INDENT	 12 /* of a usage line that goes on */
#define REPEATED 4  /* more words than these are not written out twice */

static void arg_pieces(const struct arg *a, piece_fn piece, void *ctx)
{
	const struct mip_attr_info *info = attr_info(a->attr);

	char either[64];

	snprintf(either, sizeof(either), "[%s]", info->word);
	if (a->form == PAIR || a->form == FLAG || a->form == EITHER || a->form == AFTER)
		piece(ctx, P_WORD, a->form == EITHER ? either : info->word);
	if (a->form != FLAG)
		piece(ctx, P_VALUE, info->metavar);
	if (a->form == MANY || info->kind == MIP_K_PREFIXES)
		piece(ctx, P_MANY, NULL);
}

/* Arguments that go together (ALL) share one pair of brackets. */
void usage_pieces(const struct verb *v, piece_fn piece, void *ctx)
{
	piece(ctx, P_WORD, v->object);
	if (v->verb)
		piece(ctx, P_WORD, v->verb);
	for (const struct arg *a = v->args; a->attr; a++) {
		bool goes_on = a > v->args && a->need == ALL && a[-1].need == ALL;
		bool stays = a->need == ALL && a[1].attr && a[1].need == ALL;

		if (a->need != REQ && !goes_on)
			piece(ctx, P_OPEN, NULL);
		arg_pieces(a, piece, ctx);
		if (a->need != REQ && !stays)
			piece(ctx, P_CLOSE, NULL);
	}
}

/* A usage line being written: what belongs together is not torn apart at the edge. */
struct usage {
	char group[512];
	int col;
	bool inside; /* brackets */
};

static void put_group(struct usage *u)
{
	int len = (int)strlen(u->group);

	if (u->col + len > EDGE) {
		printf("\n%*s", INDENT - 1, "");
		u->col = INDENT - 1;
	}
	fputs(u->group, stdout);
	u->col += len;
	u->group[0] = 0;
}

static void text_piece(void *ctx, enum piece piece, const char *word)
{
	struct usage *u = ctx;
	size_t at;

	if (!u->inside && piece != P_MANY && piece != P_VALUE)
		put_group(u);
	u->inside = (u->inside || piece == P_OPEN) && piece != P_CLOSE;
	at = strlen(u->group);
	if (piece == P_MANY)
		snprintf(u->group + at, sizeof(u->group) - at, "...");
	else
		snprintf(u->group + at, sizeof(u->group) - at, " %s",
			piece == P_OPEN	   ? "["
			: piece == P_CLOSE ? "]"
					   : word);
}

static void print_row(const struct verb *v)
{
	struct usage u = {.col = 7};

	fputs("    mip", stdout);
	usage_pieces(v, text_piece, &u);
	put_group(&u);
	printf("\n        %s\n", v->help);
}

/* Does the row take what the one above it takes, and a lot of it? */
static bool repeats(const struct verb *v)
{
	size_t n = 0;

	while (v->args[n].attr)
		n++;
	return n > REPEATED && v->args == v[-1].args;
}

static void print_repeated(const struct verb *v)
{
	printf("    mip %s %s [ WORDS OF ", v->object, v->verb);
	for (const char *c = v[-1].verb; *c; c++)
		putchar(toupper((unsigned char)*c));
	printf(" ]\n        %s\n", v->help);
}

static void print_choices(unsigned kind)
{
	const char *word;

	for (unsigned i = 0; (word = kind_choice(kind, i)); i++)
		printf("%s%s", i ? " | " : ": ", word);
	putchar('\n');
}

static int widest_arg(const struct verb *from, const struct verb *to)
{
	size_t width = 0, len;

	for (const struct verb *v = from; v < to; v++)
		for (const struct arg *a = v->args; a->attr; a++) {
			len = strlen(attr_info(a->attr)->word);
			width = len > width ? len : width;
		}
	return (int)width;
}

/* Each argument of these rows once. */
static void print_args(const struct verb *from, const struct verb *to)
{
	bool seen[W_END] = {0};
	int widest = widest_arg(from, to);

	for (const struct verb *v = from; v < to; v++)
		for (const struct arg *a = v->args; a->attr; a++) {
			const struct mip_attr_info *info = attr_info(a->attr);

			if (seen[a->attr])
				continue;
			seen[a->attr] = true;
			printf("    %-*s  %s", widest, a->form == BARE || a->form == MANY ? info->metavar : info->word,
				info->help);
			if (a->form == FLAG)
				putchar('\n'); /* said or not */
			else
				print_choices(info->kind);
		}
}

static void help_rows(const struct object *o, const struct verb *from, const struct verb *to)
{
	printf("%s: %s\n\n", o->word, o->help);
	for (const struct verb *v = from; v < to; v++)
		if (v > from && repeats(v))
			print_repeated(v);
		else
			print_row(v);
	putchar('\n');
	print_args(from, to);
	printf("    example: %s\n", o->example);
}

static void help_object(const char *word)
{
	const struct verb *from = verbs, *to;

	while (from->object && strcmp(from->object, word))
		from++;
	for (to = from; to->object && !strcmp(to->object, word); to++)
		;
	help_rows(object_find(word), from, to);
}

static void print_option(void *ctx, const char *word, const char *help)
{
	(void)ctx;
	printf("    %-8s %s\n", word, help);
}

static void help_all(void)
{
	puts("mip: Mobile IPv6\n\n    mip [OPTIONS] OBJECT [VERB] [WORD VALUE]...\n    mip                  one page "
	     "of status\n");
	for (const struct object *o = objects; o->word; o++)
		printf("    %-8s %s\n", o->word, o->help);
	puts("\noptions:");
	options_each(print_option, NULL);
	puts("\nmore: mip help OBJECT [VERB], mip(8)");
}

int run_help(const struct call *call)
{
	const struct value *object = call ? call_value(call, W_OBJECT) : NULL;
	const struct value *verb = call ? call_value(call, W_VERB) : NULL;
	const struct verb *v = verb ? verb_find(object->word, verb->word) : NULL;

	if (v)
		help_rows(object_find(object->word), v, v + 1);
	else if (object)
		help_object(object->word);
	else
		help_all();
	return DONE;
}
