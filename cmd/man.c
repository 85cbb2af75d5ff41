/* `mip __man pages`, `mip __man protocol ...`, `mip __man config`, `mip __man OBJECT [commands | keys]`: the parts of a
 * manual page the table knows, in mdoc. */
#include <stdio.h>
#include <string.h>

#include "cmd/fault.h"
#include "cmd/mip.h"
#include "cmd/out.h"
#include "cmd/usage.h"
#include "cmd/walk.h"

/* mdoc escapes: a hyphen that is typed is \-. */
static void put_word(const char *s)
{
	for (; *s; s++)
		printf(*s == '-' ? "\\-" : *s == '\\' ? "\\e" : "%c", *s);
}

static void mdoc_piece(void *ctx, enum piece piece, const char *word)
{
	bool *bracket = ctx; /* the line is inside Op */

	switch (piece) {
	case P_OPEN:
		fputs("\n.Op", stdout);
		*bracket = true;
		break;
	case P_CLOSE: *bracket = false; break;
	case P_MANY: fputs(" ...", stdout); break;
	case P_WORD:
	case P_VALUE:
		fputs(*bracket ? " " : "\n.", stdout);
		fputs(piece == P_WORD ? "Cm " : "Ar ", stdout);
		put_word(word);
	}
}

static void synopsis(const struct verb *v)
{
	bool bracket = false;

	fputs(".Nm mip\n.Op Ar OPTIONS", stdout);
	usage_pieces(v, mdoc_piece, &bracket);
	putchar('\n');
}

static void item(const struct verb *v)
{
	bool bracket = false;

	fputs(".It Xo", stdout);
	usage_pieces(v, mdoc_piece, &bracket);
	fputs("\n.Xc\n", stdout);
	put_word(v->help);
	puts(".");
	if (!v->args->attr)
		return;
	puts(".Bl -tag -width max\\-bindings -compact");
	for (const struct arg *a = v->args; a->attr; a++) {
		const struct mip_attr_info *info = attr_info(a->attr);

		fputs(a->form == BARE || a->form == MANY ? ".It Ar " : ".It Cm ", stdout);
		put_word(a->form == BARE || a->form == MANY ? info->metavar : info->word);
		putchar('\n');
		put_word(info->help);
		puts("");
	}
	puts(".El");
}

/* What its records hold: key and meaning. */
static int keys(const struct object *o)
{
	puts(".Bl -tag -width home_registration -compact");
	for (const uint16_t *a = object_shows(o); a && *a; a++) {
		fputs(".It Li ", stdout);
		for (const char *p = attr_info(*a)->word; *p; p++)
			putchar(*p == '-' ? '_' : *p);
		putchar('\n');
		put_word(attr_info(*a)->help);
		putchar('\n');
	}
	puts(".El");
	return out_flush();
}

/* The pages there are. */
static int pages(void)
{
	for (const struct object *o = objects; o->word; o++) {
		printf(".It Xr mip-%s 8\n", o->word);
		put_word(o->help);
		putchar('\n');
	}
	return out_flush();
}

/* The commands that may stand in a configuration file. */
static int config(void)
{
	puts(".Bl -bullet -compact");
	for (const struct verb *v = verbs; v->object; v++)
		if (v->config)
			printf(".It\n.Cm %s %s\n", v->object, v->verb);
	puts(".El");
	return out_flush();
}

int run_man(const char *object, const char *part)
{
	bool commands = part && strcmp(part, "commands") == 0;

	if (object && strcmp(object, "pages") == 0)
		return pages();
	if (object && strcmp(object, "config") == 0)
		return config();
	if (object && strcmp(object, "protocol") == 0)
		return run_man_protocol(part);
	if (!object || !object_find(object)) {
		complain("no such object: '%s'", object ? object : "");
		return WORDS;
	}
	if (part && strcmp(part, "keys") == 0)
		return keys(object_find(object));
	if (commands)
		puts(".Bl -tag -width Ds");
	for (const struct verb *v = verbs; v->object; v++)
		if (!strcmp(v->object, object) && commands)
			item(v);
		else if (!strcmp(v->object, object))
			synopsis(v);
	if (commands)
		puts(".El");
	return out_flush();
}
