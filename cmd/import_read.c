/*
 * import.h: characters to words, words to statements. `Statement value ...;`, blocks in { }, strings in "", # to the
 * end of the line; `include "pattern"` has no semicolon. A wrong statement is said with its line and a caret, and
 * skipped.
 */
#include <ctype.h>
#include <errno.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cmd/fault.h"
#include "cmd/import.h"

#define DEPTH_MAX  5 /* files that include files */
#define ERRORS_MAX 20
#define FILE_MAX   (1 << 20)

struct token {
	char kind; /* w word, " string, one of ; { } ( ) , or 0 at the end */
	const char *at;
	size_t len;
	int line;
	const char *start; /* of its line */
};

struct reader {
	struct umip *u;
	const char *name, *at, *end, *start;
	int line;
	unsigned depth;
	struct token t; /* the one to be read next */
};

static void read_file(struct umip *u, const char *path, unsigned depth);

/* --- words -------------------------------------------------------------------------------------------------------- */

static void skip_blanks(struct reader *r)
{
	for (; r->at < r->end && (isspace((unsigned char)*r->at) || *r->at == '#'); r->at++) {
		if (*r->at == '#')
			while (r->at + 1 < r->end && r->at[1] != '\n')
				r->at++;
		if (*r->at == '\n') {
			r->line++;
			r->start = r->at + 1;
		}
	}
}

static bool ends_word(char c)
{
	return isspace((unsigned char)c) || (c && strchr(";{}(),\"#", c));
}

static void next(struct reader *r)
{
	skip_blanks(r);
	r->t = (struct token){0, r->at, 0, r->line, r->start};
	if (r->at == r->end)
		return;
	if (*r->at == '"') {
		const char *from = ++r->at;

		while (r->at < r->end && *r->at != '"' && *r->at != '\n')
			r->at++;
		r->t.kind = r->at < r->end && *r->at == '"' ? '"' : '?';
		r->t.at = from;
		r->t.len = (size_t)(r->at - from);
		r->at += r->t.kind == '"';
	} else if (strchr(";{}(),", *r->at) && *r->at) {
		r->t.kind = *r->at++;
		r->t.len = 1;
	} else {
		while (r->at < r->end && !ends_word(*r->at))
			r->at++;
		r->t.kind = 'w';
		r->t.len = (size_t)(r->at - r->t.at);
	}
}

/* --- what is wrong ------------------------------------------------------------------------------------------------ */

static void put_char(FILE *to, char c)
{
	fputc((unsigned char)c < 0x20 || c == 0x7f ? (c == '\t' ? '\t' : '?') : c, to);
}

/* The line, and a caret under the word: a tab stands where the line has one. */
static void complain_at(struct reader *r, const struct token *t, const char *why)
{
	FILE *to = r->u->faults;
	const char *p = t->start;

	if (r->u->errors++ >= ERRORS_MAX)
		return;
	fprintf(to, "%s:%d: %s\n    ", r->name, t->line, why);
	for (; p < r->end && *p != '\n' && p < t->start + 200; p++)
		put_char(to, *p);
	fputs("\n    ", to);
	for (p = t->start; p < t->at && p < t->start + 200; p++)
		if (((unsigned char)*p & 0xc0) != 0x80)
			fputc(*p == '\t' ? '\t' : ' ', to);
	fputc('^', to);
	for (size_t i = 1; i < t->len && i < 64; i++)
		fputc('~', to);
	fputc('\n', to);
}

/* To behind the statement, over blocks it opens. */
static void skip_statement(struct reader *r)
{
	unsigned open = 0;

	for (; r->t.kind; next(r)) {
		if (r->t.kind == '}' && open == 0)
			return;
		open += r->t.kind == '{';
		open -= r->t.kind == '}';
		if (open == 0 && (r->t.kind == ';' || r->t.kind == '}')) {
			next(r);
			return;
		}
	}
}

static bool same(const struct token *t, const char *word)
{
	return strlen(word) == t->len && !strncasecmp(t->at, word, t->len);
}

static void complain_unknown(struct reader *r, const struct token *t, unsigned where)
{
	char word[33], why[160];
	const char *best = NULL;
	int least = (int)(t->len + 5) / 3;

	snprintf(word, sizeof(word), "%.*s", t->len < 32 ? (int)t->len : 32, t->at);
	for (const struct statement *s = umip_statements; s->word; s++) {
		int d = s->where & where ? fault_distance(word, s->word) : least;

		if (d < least) {
			least = d;
			best = s->word;
		}
	}
	if (t->kind != 'w')
		snprintf(why, sizeof(why), "a statement begins with a word");
	else
		snprintf(why, sizeof(why), "no such statement here%s%s%s", best ? ": did you mean '" : "",
			best ? best : "", best ? "'?" : "");
	complain_at(r, t, why);
}

/* --- statements --------------------------------------------------------------------------------------------------- */

/* False when said what is wrong. */
static bool take_list(struct reader *r, struct umip_line *l)
{
	struct umip_arg a = {.kind = 'p'};
	const char *why;

	for (next(r); r->t.kind == 'w'; next(r)) {
		a.at = r->t.at;
		a.len = r->t.len;
		why = umip_value(&a);
		if (why) {
			complain_at(r, &r->t, why);
			return false;
		}
		next(r);
		if (r->t.kind != ',')
			break;
	}
	if (r->t.kind != ')') {
		complain_at(r, &r->t, "a list of prefixes ends with )");
		return false;
	}
	next(r);
	l->arg[l->n++] = (struct umip_arg){.kind = '('};
	return true;
}

static bool take_one(struct reader *r, struct umip_line *l, char kind, bool optional)
{
	struct umip_arg *a = &l->arg[l->n];
	const char *why = "a value is missing";

	*a = (struct umip_arg){.kind = kind, .at = r->t.at, .len = r->t.len};
	if (r->t.kind == 'w' || r->t.kind == '"')
		why = umip_value(a);
	else if (r->t.kind == '?')
		why = "a string ends with \" on the same line";
	if (!why) {
		l->n++;
		next(r);
		return true;
	}
	if (!optional)
		complain_at(r, &r->t, why);
	return optional;
}

static bool take_args(struct reader *r, const struct statement *s, struct umip_line *l)
{
	for (const char *k = s->args; *k; k++) {
		bool optional = *k == '?';

		if (*k == '(' && r->t.kind != '(')
			continue;
		k += optional;
		if (*k == '(' ? !take_list(r, l) : !take_one(r, l, *k, optional))
			return false;
	}
	return true;
}

static void note(struct reader *r, const struct statement *s, const struct umip_line *l)
{
	FILE *to = r->u->notes;

	fprintf(to, "# %s", s->word);
	for (int i = 0; i < l->n; i++) {
		fputc(' ', to);
		for (size_t c = 0; c < l->arg[i].len; c++)
			put_char(to, l->arg[i].at[c]);
	}
	fprintf(to, " (line %d): %s\n", l->line, s->note);
}

static void include(struct reader *r)
{
	char pattern[512];
	struct token t;
	glob_t found;

	next(r);
	t = r->t;
	if (t.kind != '"' || t.len == 0 || t.len >= sizeof(pattern)) {
		complain_at(r, &t, "include wants a string: \"/etc/mip6d.conf.d/*.conf\"");
		skip_statement(r);
		return;
	}
	next(r);
	if (!r->u->follow)
		return;
	if (r->depth + 1 > DEPTH_MAX) {
		complain_at(r, &t, "files include each other too deeply");
		return;
	}
	snprintf(pattern, sizeof(pattern), "%.*s", (int)t.len, t.at);
	if (glob(pattern, 0, NULL, &found) != 0) {
		fprintf(r->u->notes, "# include (line %d): no file fits that pattern\n", t.line);
		return;
	}
	for (size_t i = 0; i < found.gl_pathc && r->u->errors < ERRORS_MAX; i++)
		read_file(r->u, found.gl_pathv[i], r->depth + 1);
	globfree(&found);
}

static void statements(struct reader *r, unsigned where);

/* Its end: a semicolon or a block. */
static bool take_end(struct reader *r, const struct statement *s)
{
	if (s->block && r->t.kind == '{') {
		next(r);
		statements(r, s->block);
		if (r->t.kind != '}') {
			complain_at(r, &r->t, "a block ends with }");
			return false;
		}
		next(r);
		if (r->t.kind == ';')
			next(r);
		return true;
	}
	if (r->t.kind != ';' || (s->block && !s->bare)) {
		complain_at(r, &r->t, s->block ? "a block in { } is missing" : "; is missing");
		return false;
	}
	next(r);
	return true;
}

static void statement(struct reader *r, unsigned where)
{
	const struct statement *s = umip_statements;
	struct umip_line l = {.line = r->t.line};
	struct token word = r->t;
	const char *why = NULL;

	while (s->word && (word.kind != 'w' || !(s->where & where) || !same(&word, s->word)))
		s++;
	if (!s->word) {
		complain_unknown(r, &word, where);
		skip_statement(r);
		return;
	}
	l.word = s->word;
	next(r);
	if (!take_args(r, s, &l)) {
		skip_statement(r);
		return;
	}
	if (s->take)
		why = s->take(r->u, &l);
	if (why)
		complain_at(r, &word, why);
	if (s->note && !why)
		note(r, s, &l);
	if (!take_end(r, s))
		skip_statement(r);
}

static void statements(struct reader *r, unsigned where)
{
	while (r->t.kind && r->u->errors < ERRORS_MAX && (r->t.kind != '}' || where == IN_FILE)) {
		if (where == IN_FILE && r->t.kind == 'w' && same(&r->t, "include"))
			include(r);
		else if (where == IN_FILE && r->t.kind == '}') {
			complain_at(r, &r->t, "this } closes nothing");
			next(r);
		} else {
			statement(r, where);
		}
	}
}

static void read_text(struct umip *u, const char *name, const char *text, size_t len, unsigned depth)
{
	struct reader r = {u, name, text, text + len, text, 1, depth, {0}};

	next(&r);
	statements(&r, IN_FILE);
}

void import_read(struct umip *u, const char *name, const char *text, size_t len)
{
	read_text(u, name, text, len, 0);
}

static void read_file(struct umip *u, const char *path, unsigned depth)
{
	bool from_stdin = !strcmp(path, "-") && depth == 0;
	FILE *f = from_stdin ? stdin : fopen(path, "re");
	char *text = f ? malloc(FILE_MAX) : NULL;
	size_t len = text ? fread(text, 1, FILE_MAX, f) : 0;

	if (!text || len == FILE_MAX || ferror(f)) {
		fprintf(u->faults, "mip: cannot read %s: %s\n", path,
			len == FILE_MAX ? "it is too long" : strerror(errno));
		u->errors++;
	} else {
		read_text(u, from_stdin ? "stdin" : path, text, len, depth);
	}
	free(text);
	if (f && !from_stdin)
		fclose(f);
}

void import_file(struct umip *u, const char *path)
{
	read_file(u, path, 0);
}
