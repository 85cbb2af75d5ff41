/* fault.h: rendering on stderr. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cmd/fault.h"

#define WORD_MAX 32

/* What was typed, or is called so, may hold what a terminal obeys. */
static void put_word(const char *s)
{
	for (; *s; s++)
		fputc((unsigned char)*s < 0x20 || *s == 0x7f ? '?' : *s, stderr);
}

void complain(const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	fflush(stdout);
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	fputs("mip: ", stderr);
	put_word(text);
	fputc('\n', stderr);
}

/* Columns a word takes: bytes that do not continue a UTF-8 character. */
static int columns(const char *s)
{
	int n = 0;

	for (; *s; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

/* A key is nobody's business, least of all that of a log. */
static const char *shown(const char *word)
{
	return strncmp(word, "0x", 2) || strlen(word) < 10 ? word : "0x...";
}

static void repeat(char c, int n)
{
	while (n-- > 0)
		fputc(c, stderr);
}

static void put_line(const struct line *line, int at)
{
	int col = 0, width = 1;

	fputs(line->file ? "    " : "    mip", stderr);
	for (int i = 0; i < line->n; i++) {
		if (!line->file || i)
			fputc(' ', stderr);
		put_word(shown(line->words[i]));
		if (i < at)
			col += columns(shown(line->words[i])) + 1;
		else if (i == at)
			width = columns(shown(line->words[i]));
	}
	fputc('\n', stderr);
	if (at < 0)
		return;
	repeat(' ', col + (line->file ? 4 : 8));
	fputc('^', stderr);
	repeat('~', width - 1);
	fputc('\n', stderr);
}

void fault_print(const struct line *line, const struct fault *f)
{
	fflush(stdout);
	if (line->file) {
		put_word(line->file);
		fprintf(stderr, ":%d: ", line->no);
	} else {
		fputs("mip: ", stderr);
	}
	put_word(f->text);
	fputc('\n', stderr);
	put_line(line, f->at);
}

static int min3(int a, int b, int c)
{
	int ab = a < b ? a : b;

	return ab < c ? ab : c;
}

/* Levenshtein, with a swap of neighbours as one step. Words beyond WORD_MAX are far from everything. */
int fault_distance(const char *a, const char *b)
{
	int d[WORD_MAX + 1][WORD_MAX + 1], na = (int)strlen(a), nb = (int)strlen(b);

	if (na > WORD_MAX || nb > WORD_MAX)
		return WORD_MAX;
	for (int i = 0; i <= na; i++) {
		for (int j = 0; j <= nb; j++) {
			if (i == 0 || j == 0) {
				d[i][j] = i + j;
				continue;
			}
			d[i][j] = min3(d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
				d[i - 2][j - 2] + 1 < d[i][j])
				d[i][j] = d[i - 2][j - 2] + 1;
		}
	}
	return d[na][nb];
}

struct near {
	const char *word, *best;
	int distance, n;
	char list[240];
};

static void consider(void *ctx, const char *word, const char *help)
{
	struct near *near = ctx;
	size_t at = strlen(near->list);
	int d = near->word ? fault_distance(near->word, word) : WORD_MAX;

	(void)help;
	if (d < near->distance && d < (int)strlen(word)) {
		near->distance = d;
		near->best = word;
	}
	snprintf(near->list + at, sizeof(near->list) - at, "%s%s", near->n++ ? ", " : "", word);
}

void fault_print_hint(const struct line *line, const struct fault *f)
{
	const char *word = f->at < line->n ? line->words[f->at] : NULL;
	struct near near = {.word = word, .distance = word ? (int)(strlen(word) + 5) / 3 : 0};
	struct walk w = {0};
	struct fault ignored;

	fault_print(line, f);
	if (f->told)
		return;
	for (int i = 0; i < f->at && i < line->n; i++)
		if (!walk_word(&w, line->words[i], &ignored))
			return;
	walk_offers(&w, consider, &near);
	if (near.best)
		fprintf(stderr, "did you mean '%s'?\n", near.best);
	else if (near.n)
		fprintf(stderr, "expected one of: %s\n", near.list);
	else if (w.verb && !walk_awaits(&w))
		fprintf(stderr, "nothing more can stand here\n");
}
