/*
 * The walk over the command table: for every row and every prefix of it, completion offers the next word of the row,
 * and only words that are then accepted. Kinds: what is printed reads the same.
 */
#include "t.h"

#include "cmd/mip.h"
#include "cmd/walk.h"

struct offers {
	const struct walk *at;
	const char *wanted;
	int n, hits;
};

static void offered(void *ctx, const char *word, const char *help)
{
	struct offers *o = ctx;
	struct walk copy = *o->at;
	struct fault f;

	assert_true(help && *help);
	if (!walk_word(&copy, word, &f))
		fail_msg("'%s' is offered and refused: %s", word, f.text);
	o->n++;
	o->hits += o->wanted && strcmp(word, o->wanted) == 0;
}

static int offers_of(const struct walk *w, const char *wanted)
{
	struct offers o = {.at = w, .wanted = wanted};

	walk_offers(w, offered, &o);
	return o.hits;
}

/* Some value of that kind. */
static const char *sample(const struct walk *w, unsigned attr)
{
	const struct value *object = call_value(&w->call, W_OBJECT);
	unsigned kind = attr_info(attr)->kind;

	if (attr == W_VERB)
		return object && strcmp(object->word, "agent") == 0 ? "show" : NULL;
	if (kind_choice(kind, 0))
		return kind_choice(kind, 0);
	switch (kind) {
	case MIP_K_ADDR: return "2001:db8::1";
	case MIP_K_IPV4: return "192.0.2.1";
	case MIP_K_PREFIX4: return "198.51.100.64/26";
	case MIP_K_PREFIX:
	case MIP_K_PREFIXES: return "2001:db8::/64";
	case MIP_K_SECS: return "7m";
	case MIP_K_KEY: return "0x00FF";
	case MIP_K_DEV: return "eth0";
	case K_FILE: return "file";
	default: return "5";
	}
}

static void step(struct walk *w, const char *word, bool listed)
{
	struct fault f;

	if (listed)
		assert_int_equal(offers_of(w, word), 1);
	else
		offers_of(w, NULL);
	if (!walk_word(w, word, &f))
		fail_msg("'%s': %s", word, f.text);
}

static void take_arg(struct walk *w, const struct arg *a)
{
	const struct mip_attr_info *info = attr_info(a->attr);

	if (a->form != BARE && a->form != MANY) {
		step(w, info->word, true);
		if (a->form == FLAG)
			assert_int_equal(offers_of(w, info->word), 0);
	}
	if (a->form == FLAG)
		return;
	assert_true((a->form != PAIR && a->form != EITHER && a->form != AFTER) || w->pending == a);
	if (!kind_choice(info->kind, 0) && a->attr != W_VERB)
		assert_int_equal(walk_awaits(w), a->attr);
	step(w, sample(w, a->attr), kind_choice(info->kind, 0) != NULL || a->attr == W_VERB);
	if (a->form == PAIR || a->form == EITHER)
		assert_int_equal(offers_of(w, info->word), info->kind == MIP_K_PREFIXES);
}

static void test_every_row(void **state)
{
	struct fault f;

	(void)state;
	for (const struct verb *v = verbs; v->object; v++) {
		struct walk w = {0};

		step(&w, v->object, true);
		if (v->verb)
			step(&w, v->verb, true);
		assert_ptr_equal(w.verb, v);
		for (const struct arg *a = v->args; a->attr; a++)
			take_arg(&w, a);
		if (!walk_end(&w, &f))
			fail_msg("%s %s: %s", v->object, v->verb ? v->verb : "", f.text);
	}
}

/* A row without one of its required words is refused, naming it. */
static void test_missing_words(void **state)
{
	struct fault f;
	struct walk w;

	(void)state;
	for (const struct verb *v = verbs; v->object; v++)
		for (const struct arg *left = v->args; left->attr; left++) {
			if (left->form != PAIR)
				continue;
			w = (struct walk){0};
			step(&w, v->object, true);
			if (v->verb)
				step(&w, v->verb, true);
			for (const struct arg *a = v->args; a->attr; a++)
				if (a != left && (a->form != AFTER || a - 1 != left))
					take_arg(&w, a);
			assert_int_equal(walk_end(&w, &f), left->need == OPT || left->need == SOME);
			if (left->need == REQ || left->need == ALL)
				assert_non_null(strstr(f.text, attr_info(left->attr)->word));
		}
}

static bool walks(const char *text, struct call *call, struct fault *f)
{
	static char copy[256];
	static char *words[32];
	struct line line = {.words = words};

	snprintf(copy, sizeof(copy), "%s", text);
	for (char *w = strtok(copy, " "); w; w = strtok(NULL, " "))
		words[line.n++] = w;
	return walk_line(&line, call, f);
}

static void test_words(void **state)
{
	static const struct {
		const char *line;
		int at; /* -1 = right */
		const char *text;
	} cases[] = {
		{"bind show", -1, ""},
		{"mn", -1, ""},
		{"mon", -1, ""},
		{"mn w home home 1::1", -1, ""},
		{"monitor limit 3 mn", -1, ""},
		{"b", 0, "binding or bul"},
		{"", 0, "object is missing"},
		{"frob", 0, "no such object"},
		{"mn sta", -1, ""},
		{"mn st", 1, "start or stop"},
		{"mn wait", 2, "state is missing"},
		{"binding add ho", 2, "unexpected"},
		{"binding add home", 3, "needs a value"},
		{"binding add home 1::1 home 1::1", 4, "twice"},
		{"binding flush home 1::1", 2, "unexpected"},
		{"mn start home 1::1", 4, "prefix is missing"},
		{"mn start prefix 1::/64 agent 1::1", 6, "home is missing"},
		{"help mn frob", 2, "no such verb"},
		{"apply a b", 2, "unexpected"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct call call;
		struct fault f = {0};
		bool ok = walks(cases[i].line, &call, &f);

		if (ok != (cases[i].at < 0) || (!ok && (f.at != cases[i].at || !strstr(f.text, cases[i].text))))
			fail_msg("'%s': %s at %d", cases[i].line, ok ? "accepted" : f.text, f.at);
	}
}

/* The examples of help and manual are commands. */
static void test_examples(void **state)
{
	struct call call;
	struct fault f;

	(void)state;
	for (const struct object *o = objects; o->word; o++) {
		char example[256];

		assert_int_equal(strncmp(o->example, "mip ", 4), 0);
		snprintf(example, sizeof(example), "%s", o->example + 4);
		example[strcspn(example, "|>")] = 0;
		if (!walks(example + (example[0] == '-' ? 3 : 0), &call, &f))
			fail_msg("'%s': %s", example, f.text);
		assert_string_equal(call.verb->object, o->word);
	}
}

static void test_times(void **state)
{
	static const struct {
		const char *word;
		int64_t seconds; /* -1 = refused */
		const char *printed;
	} cases[] = {
		{"420", 420, "7m"},
		{"420s", 420, "7m"},
		{"7m", 420, "7m"},
		{"1h30m", 5400, "1h30m"},
		{"2d1s", 172801, "2d1s"},
		{"0", 0, "0s"},
		{"4294967295", 4294967295, "49710d6h28m15s"},
		{"4294967296", -1, ""},
		{"49711d", -1, ""},
		{"30m1h", -1, ""},
		{"1h1h", -1, ""},
		{"1h30", -1, ""},
		{"m", -1, ""},
		{"-1", -1, ""},
		{"", -1, ""},
		{"7 m", -1, ""},
		{"1.5h", -1, ""},
		{"99999999999999999999", -1, ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		uint8_t bytes[KIND_MAX];
		char text[240];
		uint32_t v;
		size_t len;
		bool ok = kind_parse(MIP_K_SECS, cases[i].word, bytes, &len, text, sizeof(text));

		if (ok != (cases[i].seconds >= 0))
			fail_msg("'%s' is %s", cases[i].word, ok ? "accepted" : "refused");
		if (!ok)
			continue;
		memcpy(&v, bytes, sizeof(v));
		assert_int_equal(v, cases[i].seconds);
		kind_print(MIP_K_SECS, bytes, len, false, text, sizeof(text));
		assert_string_equal(text, cases[i].printed);
	}
}

static void test_bytes(void **state)
{
	static const struct {
		uint64_t bytes;
		const char *printed;
	} cases[] = {
		{0, "0B"},
		{1023, "1023B"},
		{1024, "1.0KiB"},
		{1536, "1.5KiB"},
		{1048575, "1023.9KiB"},
		{6029312, "5.7MiB"},
		{UINT64_MAX, "15.9EiB"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char text[64], plain[64];

		kind_print(MIP_K_BYTES, &cases[i].bytes, sizeof(cases[i].bytes), false, text, sizeof(text));
		assert_string_equal(text, cases[i].printed);
		kind_print(MIP_K_BYTES, &cases[i].bytes, sizeof(cases[i].bytes), true, text, sizeof(text));
		snprintf(plain, sizeof(plain), "%llu", (unsigned long long)cases[i].bytes);
		assert_string_equal(text, plain);
	}
}

/* --- offered is what is accepted -------------------------------------------------------------------------------- */

struct vocabulary {
	const char *word[512];
	size_t n;
};

static void learn(struct vocabulary *all, const char *word)
{
	for (size_t i = 0; i < all->n; i++)
		if (strcmp(all->word[i], word) == 0)
			return;
	assert_in_range(all->n, 0, 511);
	all->word[all->n++] = word;
}

/* Every word the table can say. */
static void learn_all(struct vocabulary *all)
{
	const char *word;

	for (const struct verb *v = verbs; v->object; v++) {
		learn(all, v->object);
		if (v->verb)
			learn(all, v->verb);
		for (const struct arg *a = v->args; a->attr; a++) {
			if (a->form == PAIR || a->form == FLAG)
				learn(all, attr_info(a->attr)->word);
			for (unsigned i = 0; (word = kind_choice(attr_info(a->attr)->kind, i)); i++)
				learn(all, word);
		}
	}
}

/* A value that any word can be: a file, an interface, text. Those are not offered. */
static bool takes_any_word(const struct walk *w)
{
	unsigned attr = walk_awaits(w);
	unsigned kind = attr ? attr_info(attr)->kind : 0;

	return kind == MIP_K_STR || kind == MIP_K_DEV || kind >= K_FILE;
}

/* At this point of a line every word is offered exactly when it is accepted. Objects and verbs may be shortened, so
 * that what is accepted for them is what is meant in full. */
static void check_point(const struct vocabulary *all, const struct walk *w)
{
	for (size_t i = 0; i < all->n; i++) {
		struct walk copy = *w;
		struct fault f;
		bool ok = walk_word(&copy, all->word[i], &f), offered_too = offers_of(w, all->word[i]) > 0;

		if (ok && !w->rows)
			ok = strcmp(copy.rows->object, all->word[i]) == 0;
		else if (ok && !w->verb)
			ok = strcmp(copy.verb->verb, all->word[i]) == 0;
		if (ok != offered_too && !takes_any_word(w))
			fail_msg("word %d of %s %s: '%s' is %s and %s", w->at, w->rows ? w->rows->object : "",
				w->verb && w->verb->verb ? w->verb->verb : "", all->word[i],
				offered_too ? "offered" : "not offered", ok ? "accepted" : "refused");
	}
}

/* From here on: every way to go on with arguments not given yet, one after the other, is taken. */
static void check_from(const struct vocabulary *all, const struct walk *w, const struct arg *from, int *points)
{
	check_point(all, w);
	++*points;
	for (const struct arg *a = from; a->attr; a++) {
		struct walk copy = *w;
		struct fault f;
		const char *value = sample(w, a->attr);

		if (a->form == PAIR || a->form == FLAG || a->form == EITHER) {
			if (!walk_word(&copy, attr_info(a->attr)->word, &f))
				continue;
			check_point(all, &copy);
			++*points;
		}
		if (a->form != FLAG && (!value || !walk_word(&copy, value, &f)))
			continue;
		check_from(all, &copy, a + 1, points);
	}
}

static void test_offered_is_accepted(void **state)
{
	struct vocabulary all = {0};
	struct walk start = {0};
	struct fault f;
	int points = 0;

	(void)state;
	learn_all(&all);
	check_point(&all, &start);
	for (const struct verb *v = verbs; v->object; v++) {
		struct walk w = {0};

		assert_true(walk_word(&w, v->object, &f));
		if (v->verb) {
			check_point(&all, &w);
			assert_true(walk_word(&w, v->verb, &f));
		}
		check_from(&all, &w, v->args, &points);
	}
	assert_in_range(points, 200, 1000000);
}

/* What can be shown says what it shows. */
static void test_shown_is_described(void **state)
{
	(void)state;
	for (const struct verb *v = verbs; v->object; v++) {
		const struct object *o = object_find(v->object);
		const uint16_t *columns = verb_columns(v);

		if (!columns && (!v->verb || strcmp(v->verb, "show")))
			continue;
		assert_non_null(object_shows(o));
		for (const uint16_t *a = object_shows(o); *a; a++)
			assert_true(*a < MIP_A_COUNT && attr_info(*a));
		for (int i = 0; i < 6 && columns[i]; i++) {
			const uint16_t *a = object_shows(o);

			while (*a && *a != columns[i])
				a++;
			assert_int_equal(*a, columns[i]);
		}
	}
}

/* Every attribute has a kind with a size or a string, a word people can type, and a meaning. */
static void test_attributes(void **state)
{
	(void)state;
	for (unsigned a = 1; a < W_END; a++) {
		const struct mip_attr_info *info = attr_info(a);

		if (!info)
			continue;
		assert_true(*info->metavar && *info->help);
		assert_int_equal(strspn(info->word, "abcdefghijklmnopqrstuvwxyz0123456789-"), strlen(info->word));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_row),
		cmocka_unit_test(test_offered_is_accepted),
		cmocka_unit_test(test_shown_is_described),
		cmocka_unit_test(test_missing_words),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_examples),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_attributes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
