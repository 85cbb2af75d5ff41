/* `mip __man OBJECT [commands]`: the parts of a manual page the table knows, in mdoc. `mip __schema`: attr.def as JSON.
 */
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

		fputs(a->form == PAIR || a->form == FLAG ? ".It Cm " : ".It Ar ", stdout);
		put_word(a->form == PAIR || a->form == FLAG ? info->word : info->metavar);
		putchar('\n');
		put_word(info->help);
		puts("");
	}
	puts(".El");
}

int run_man(const char *object, bool commands)
{
	if (!object || !object_find(object)) {
		complain("no such object: '%s'", object ? object : "");
		return WORDS;
	}
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

static const char *const kinds[] = {[MIP_K_U8] = "u8",
	[MIP_K_U16] = "u16",
	[MIP_K_U32] = "u32",
	[MIP_K_U64] = "u64",
	[MIP_K_SECS] = "seconds",
	[MIP_K_USEC] = "microseconds",
	[MIP_K_BOOL] = "boolean",
	[MIP_K_ADDR] = "address",
	[MIP_K_PREFIX] = "prefix",
	[MIP_K_DEV] = "interface",
	[MIP_K_STR] = "string",
	[MIP_K_BSTATE] = "binding-state",
	[MIP_K_MSTATE] = "mobile-state",
	[MIP_K_LSTATE] = "list-state",
	[MIP_K_OSTATE] = "optimization-state",
	[MIP_K_RPOLICY] = "policy",
	[MIP_K_VERDICT] = "verdict"};

static void put_choices(unsigned kind)
{
	const char *word;

	for (unsigned i = 0; (word = kind_choice(kind, i)); i++) {
		fputs(i ? "," : ",\"words\":[", stdout);
		json_string(word);
	}
	if (kind_choice(kind, 0))
		putchar(']');
}

static void put_attr(unsigned a, const struct mip_attr_info *info, bool first)
{
	printf("%s\n{\"number\":%u,\"kind\":\"%s\",\"key\":\"", first ? "" : ",", a, kinds[info->kind]);
	for (const char *p = info->word; *p; p++)
		putchar(*p == '-' ? '_' : *p);
	fputs("\",\"meaning\":", stdout);
	json_string(info->help);
	put_choices(info->kind);
	putchar('}');
}

int run_schema(void)
{
	bool first = true;

	putchar('[');
	for (unsigned a = 1; a < MIP_A_COUNT; a++) {
		if (!attr_info(a))
			continue;
		put_attr(a, attr_info(a), first);
		first = false;
	}
	puts("\n]");
	return out_flush();
}
