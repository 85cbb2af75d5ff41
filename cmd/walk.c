/* walk.h. Exact beats prefix; prefixes are for objects and verbs only; what is ambiguous is an error that says so. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cmd/walk.h"

static bool fail(struct fault *f, int at, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

static bool fail(struct fault *f, int at, const char *fmt, ...)
{
	va_list ap;

	f->at = at;
	f->told = false;
	va_start(ap, fmt);
	vsnprintf(f->text, sizeof(f->text), fmt, ap);
	va_end(ap);
	return false;
}

static bool same_object(const struct verb *a, const struct verb *b)
{
	return a->object && b->object && strcmp(a->object, b->object) == 0;
}

/* The next row that says something new: another object, or another verb of this one. */
static const struct verb *next_row(const struct verb *v, bool verbs_of_one)
{
	const struct verb *from = v++;

	if (verbs_of_one)
		return same_object(v, from) ? v : NULL;
	while (same_object(v, from))
		v++;
	return v->object ? v : NULL;
}

static const char *row_word(const struct verb *v, bool verb)
{
	return verb ? v->verb : v->object;
}

static bool has_prefix(const char *word, const char *prefix)
{
	return *prefix && strncmp(word, prefix, strlen(prefix)) == 0;
}

static void say_ambiguous(const struct verb *v, bool verb, const char *word, int at, struct fault *f)
{
	size_t len;

	fail(f, at, "'%s' could be", word);
	f->told = true;
	for (bool first = true; v; v = next_row(v, verb)) {
		len = strlen(f->text);
		if (!has_prefix(row_word(v, verb), word))
			continue;
		snprintf(f->text + len, sizeof(f->text) - len, "%s %s", first ? "" : " or", row_word(v, verb));
		first = false;
	}
}

/* The row `word` names among those from `v` on. NULL with `f`. */
static const struct verb *pick(const struct verb *v, bool verb, const char *word, int at, struct fault *f)
{
	const struct verb *found = NULL, *from = v;
	int n = 0;

	for (; v; v = next_row(v, verb)) {
		if (strcmp(row_word(v, verb), word) == 0)
			return v;
		if (has_prefix(row_word(v, verb), word)) {
			found = v;
			n++;
		}
	}
	if (n == 1)
		return found;
	if (n > 1)
		say_ambiguous(from, verb, word, at, f);
	else
		fail(f, at, "no such %s: '%s'", verb ? "verb" : "object", word);
	return NULL;
}

static void enter_row(struct walk *w, const struct verb *v)
{
	w->verb = v;
	w->call.verb = v;
}

static bool take_object(struct walk *w, const char *word, struct fault *f)
{
	w->rows = pick(verbs, false, word, w->at, f);
	if (w->rows && !w->rows->verb)
		enter_row(w, w->rows);
	return w->rows != NULL;
}

static bool take_verb(struct walk *w, const char *word, struct fault *f)
{
	const struct verb *v = pick(w->rows, true, word, w->at, f);

	if (v)
		enter_row(w, v);
	return v != NULL;
}

static bool is_given(const struct walk *w, const struct arg *a)
{
	return w->given & 1U << (a - w->verb->args) && a->form != MANY && attr_info(a->attr)->kind != MIP_K_PREFIXES;
}

/* The verbs of the object said before stand for the verb of `help`. */
static const char *choice(const struct walk *w, const struct arg *a, unsigned i)
{
	const struct value *object = call_value(&w->call, W_OBJECT);
	const struct verb *v = verbs;

	if (a->attr != W_VERB)
		return kind_choice(attr_info(a->attr)->kind, i);
	while (object && v && strcmp(v->object, object->word))
		v = next_row(v, false);
	while (object && v && i--)
		v = next_row(v, true);
	return object && v ? v->verb : NULL;
}

static bool is_choice(const struct walk *w, const struct arg *a, const char *word)
{
	const char *c;

	for (unsigned i = 0; (c = choice(w, a, i)); i++)
		if (strcmp(c, word) == 0)
			return true;
	return false;
}

static void keep_value(struct walk *w, const struct arg *a, const char *word)
{
	struct value *v = &w->call.values[w->call.n++];

	v->arg = a;
	v->word = word;
	v->at = w->at;
	w->given |= 1U << (a - w->verb->args);
	w->pending = NULL;
}

static bool take_value(struct walk *w, const struct arg *a, const char *word, struct fault *f)
{
	struct value *v = &w->call.values[w->call.n];

	if (w->call.n == VALUES_MAX)
		return fail(f, w->at, "too many words");
	if (a->attr == W_VERB && !is_choice(w, a, word))
		return fail(f, w->at, "no such verb: '%s'", word);
	if (a->form == FLAG) {
		v->len = 1;
		v->bytes[0] = 1;
	} else if (!kind_parse(attr_info(a->attr)->kind, word, v->bytes, &v->len, f->text, sizeof(f->text))) {
		f->at = w->at;
		f->told = false;
		return false;
	}
	keep_value(w, a, word);
	return true;
}

/* ADDRESS/LENGTH where the argument behind it in the row is the prefix of the address: both. */
static bool take_both(struct walk *w, const struct arg *a, const char *word, struct fault *f)
{
	struct value *v = &w->call.values[w->call.n];

	if (w->call.n + 1 >= VALUES_MAX)
		return fail(f, w->at, "too many words");
	if (is_given(w, a + 1))
		return fail(f, w->at, "%s is given twice", attr_info(a[1].attr)->word);
	if (!kind_split(word, v[0].bytes, v[1].bytes))
		return fail(f, w->at, "'%s' is not an IPv6 address with the length of its prefix", word);
	v[0].len = mip_kind_size(MIP_K_ADDR);
	v[1].len = MIP_PREFIX_LEN;
	keep_value(w, a, word);
	keep_value(w, a + 1, word);
	return true;
}

/* The bare argument whose turn it is: they stand in order, so the first not given yet. */
static const struct arg *bare_turn(const struct walk *w)
{
	for (const struct arg *a = w->verb->args; a->attr; a++)
		if ((a->form == BARE || a->form == MANY) && !is_given(w, a))
			return a;
	return NULL;
}

/* Behind what it goes with; there it comes before an argument of the same word. */
static bool is_after(const struct walk *w, const struct arg *a)
{
	return a->form == AFTER && w->call.n && w->call.values[w->call.n - 1].arg == a - 1;
}

static bool has_word(const struct walk *w, const struct arg *a)
{
	return a->form == PAIR || a->form == FLAG || a->form == EITHER || is_after(w, a);
}

static const struct arg *named(const struct walk *w, const char *word)
{
	const struct arg *found = NULL;

	for (const struct arg *a = w->verb->args; a->attr; a++)
		if (has_word(w, a) && strcmp(attr_info(a->attr)->word, word) == 0 && (!found || a->form == AFTER))
			found = a;
	return found;
}

/* The argument whose value stands without its word. */
static const struct arg *unnamed(const struct walk *w, const char *word)
{
	uint8_t bytes[KIND_MAX];
	char ignored[240];
	size_t len;

	for (const struct arg *a = w->verb->args; a->attr; a++)
		if (a->form == EITHER && !is_given(w, a) &&
			kind_parse(attr_info(a->attr)->kind, word, bytes, &len, ignored, sizeof(ignored)))
			return a;
	return NULL;
}

static bool take_arg(struct walk *w, const char *word, struct fault *f)
{
	const struct arg *bare = bare_turn(w), *a = named(w, word);

	if (w->pending && w->pending->attr == MIP_A_HOME && w->pending[1].attr == MIP_A_PREFIX && strchr(word, '/'))
		return take_both(w, w->pending, word, f);
	if (w->pending)
		return take_value(w, w->pending, word, f);
	if (bare && (!a || bare->need == REQ))
		return take_value(w, bare, word, f);
	if (!a && (a = unnamed(w, word)))
		return take_value(w, a, word, f);
	if (!a)
		return fail(f, w->at, "unexpected '%s'", word);
	if (is_given(w, a))
		return fail(f, w->at, "%s is given twice", word);
	if (a->form == FLAG)
		return take_value(w, a, word, f);
	w->pending = a;
	return true;
}

bool walk_word(struct walk *w, const char *word, struct fault *f)
{
	bool ok = w->verb ? take_arg(w, word, f) : w->rows ? take_verb(w, word, f) : take_object(w, word, f);

	w->at += ok;
	return ok;
}

static bool needs(const struct walk *w, const struct arg *a)
{
	if (a->need != ALL || is_given(w, a))
		return a->need == REQ && !(w->given & 1U << (a - w->verb->args));
	for (const struct arg *b = w->verb->args; b->attr; b++)
		if (b->need == ALL && is_given(w, b))
			return true;
	return false;
}

/* Is it a row that wants some of several, and has none? */
static bool lacks_all(const struct walk *w)
{
	bool some = false;

	for (const struct arg *a = w->verb->args; a->attr; a++)
		some |= a->need == SOME;
	return some && !w->call.n;
}

bool walk_end(struct walk *w, struct fault *f)
{
	if (!w->rows)
		return fail(f, w->at, "an object is missing");
	if (!w->verb) {
		const struct verb *show = verb_find(w->rows->object, "show");

		if (!show)
			return fail(f, w->at, "a verb is missing");
		enter_row(w, show);
	}
	if (w->pending)
		return fail(f, w->at, "%s needs a value: %s", attr_info(w->pending->attr)->word,
			attr_info(w->pending->attr)->metavar);
	for (const struct arg *a = w->verb->args; a->attr; a++)
		if (needs(w, a))
			return fail(f, w->at, "%s is missing", attr_info(a->attr)->word);
	if (lacks_all(w))
		return fail(f, w->at, "what to %s is missing", w->verb->verb);
	return true;
}

/* An argument list that is not complete is offered what it lacks; order is free, so everything not given is. */
static void offer_args(const struct walk *w, offer_fn offer, void *ctx)
{
	const struct arg *bare = w->pending ? w->pending : bare_turn(w);
	const char *c;

	for (unsigned i = 0; bare && (c = choice(w, bare, i)); i++)
		offer(ctx, c, attr_info(bare->attr)->help);
	if (w->pending || (bare && bare->need == REQ))
		return;
	for (const struct arg *a = w->verb->args; a->attr; a++)
		if (has_word(w, a) && !is_given(w, a) && named(w, attr_info(a->attr)->word) == a)
			offer(ctx, attr_info(a->attr)->word, attr_info(a->attr)->help);
}

void walk_offers(const struct walk *w, offer_fn offer, void *ctx)
{
	if (w->verb) {
		offer_args(w, offer, ctx);
		return;
	}
	for (const struct verb *v = w->rows ? w->rows : verbs; v; v = next_row(v, w->rows != NULL))
		if (w->rows)
			offer(ctx, v->verb, v->help);
		else
			offer(ctx, v->object, object_find(v->object)->help);
}

unsigned walk_awaits(const struct walk *w)
{
	const struct arg *a = !w->verb ? NULL : w->pending ? w->pending : bare_turn(w);

	return a && !choice(w, a, 0) ? a->attr : 0;
}

bool walk_line(const struct line *line, struct call *call, struct fault *f)
{
	struct walk w = {.call.line = *line};
	bool ok = true;

	for (int i = 0; i < line->n && ok; i++)
		ok = walk_word(&w, line->words[i], f);
	ok = ok && walk_end(&w, f);
	*call = w.call;
	return ok;
}

const struct value *call_value(const struct call *call, unsigned attr)
{
	for (int i = 0; i < call->n; i++)
		if (call->values[i].arg->attr == attr)
			return &call->values[i];
	return NULL;
}
