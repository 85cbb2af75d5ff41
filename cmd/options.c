/* The options in front of the words: the letters of `ip`, one dash or two, whole or as its shorthand. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "cmd/fault.h"
#include "cmd/mip.h"

struct options opt;

enum takes { NONE, VALUE, MAYBE /* -c=WHEN */ };

static const struct option {
	const char *brief, *word;
	enum takes value;
	bool *flag;
	const char **text;
	const char *help;
} options[] = {
	{"-j", "-json", NONE, &opt.json, NULL, "JSON"},
	{"-p", "-pretty", NONE, &opt.pretty, NULL, "JSON with line breaks; implies -j"},
	{"-br", "-brief", NONE, &opt.brief, NULL, "the most important columns"},
	{"-o", "-oneline", NONE, &opt.oneline, NULL, "each record on one line"},
	{"-d", "-details", NONE, &opt.details, NULL, "details"},
	{"-s", "-statistics", NONE, &opt.stats, NULL, "counters"},
	{"-t", "-timestamp", NONE, &opt.timestamp, NULL, "when an event happened"},
	{"-N", "-Numeric", NONE, &opt.numeric, NULL, "times and sizes as plain numbers"},
	{"-c", "-color", MAYBE, NULL, NULL, "colors: -c=auto, always or never"},
	{"-n", "-netns", VALUE, NULL, &opt.netns, "the agent of that network namespace: name, path or process"},
	{"-b", "-batch", VALUE, NULL, &opt.batch, "commands from a file, - for standard input"},
	{"-force", "-force", NONE, &opt.force, NULL, "go on when a line of -b fails"},
	{"-V", "-Version", NONE, &opt.version, NULL, "version"},
	{"-h", "-help", NONE, &opt.help, NULL, "help"},
	{0},
};

static const struct option *find(const char *word)
{
	size_t len = strcspn(word, "=");

	if (word[0] == '-' && word[1] == '-') {
		word++;
		len--;
	}
	for (const struct option *o = options; o->brief; o++) {
		bool same = (strlen(o->brief) == len && !strncmp(o->brief, word, len)) ||
			    (strlen(o->word) == len && !strncasecmp(o->word, word, len));

		if (same && (o->value == MAYBE || !word[len]))
			return o;
	}
	return NULL;
}

static bool set_color(const char *word)
{
	const char *when = strchr(word, '=');

	when = when ? when + 1 : "always";
	if (!strcmp(when, "auto"))
		opt.color = isatty(STDOUT_FILENO) && !getenv("NO_COLOR");
	else
		opt.color = !strcmp(when, "always");
	return opt.color || !strcmp(when, "auto") || !strcmp(when, "never");
}

bool option_takes_value(const char *word)
{
	const struct option *o = find(word);

	return o && o->value == VALUE;
}

void options_each(void (*each)(void *ctx, const char *word, const char *help), void *ctx)
{
	for (const struct option *o = options; o->brief; o++)
		each(ctx, o->brief, o->help);
}

static int wrong(int n, char **words, int at, const char *what)
{
	struct line line = {.n = n, .words = words};
	struct fault f = {.at = at};

	snprintf(f.text, sizeof(f.text), "%s: %s", at < n ? words[at] : words[n - 1], what);
	fault_print(&line, &f);
	return -1;
}

void options_default(void)
{
	set_color("-c=auto");
}

int options_read(int n, char **words)
{
	int i;

	for (i = 0; i < n && words[i][0] == '-' && words[i][1]; i++) {
		const struct option *o = find(words[i]);

		if (!o)
			return wrong(n, words, i, "no such option, see mip help");
		if (o->flag)
			*o->flag = true;
		if (o->value == MAYBE && !set_color(words[i]))
			return wrong(n, words, i, "colors are auto, always or never");
		if (o->value == VALUE && i + 1 == n)
			return wrong(n, words, n, "a value is missing");
		if (o->value == VALUE)
			*o->text = words[++i];
	}
	opt.json |= opt.pretty;
	return i;
}
