/*
 * Fuzzes the reader of mip6d.conf: whatever the file says, it either ends in errors or in commands, each a line of
 * printable words that the walk over the command table takes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/import.h"
#include "cmd/walk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void must(bool ok)
{
	if (!ok)
		abort();
}

static void check_command(char *text)
{
	char *save, *word, *words[32];
	struct line line = {.words = words};
	struct call call;
	struct fault f;

	for (word = strtok_r(text, " ", &save); word && line.n < 32; word = strtok_r(NULL, " ", &save))
		words[line.n++] = word;
	must(walk_line(&line, &call, &f) && call.verb->config);
}

static void check_commands(char *text)
{
	char *save, *line;

	for (const char *p = text; *p; p++)
		must(*p == '\n' || *p == '\t' || ((unsigned char)*p >= 0x20 && *p != 0x7f));
	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		if (*line != '#')
			check_command(line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct umip u;
	char *notes = NULL, *faults = NULL, *text = NULL;
	size_t n;
	FILE *to;

	import_init(&u);
	u.notes = open_memstream(&notes, &n);
	u.faults = open_memstream(&faults, &n);
	import_read(&u, "fuzz", (const char *)data, len);
	fclose(u.notes);
	fclose(u.faults);
	must(!u.errors == !*faults);
	if (!u.errors) {
		to = open_memstream(&text, &n);
		import_say(&u, notes, to);
		fclose(to);
		check_commands(text);
	}
	free(notes);
	free(faults);
	free(text);
	return 0;
}
