/*
 * `mip __schema`: the attributes and commands of the control protocol, and a JSON Schema of what each object prints
 * with -j, so that programs can check what they read.
 */
#include <libmnl/libmnl.h>
#include <stdio.h>
#include <string.h>

#include "cmd/mip.h"
#include "cmd/out.h"
#include "cmd/table.h"
#include "cmd/kind.h"

/* What a kind is in JSON, if it is neither a string nor one of its words. */
static const char *const kinds[] = {
	[MIP_K_U8] = "\"type\":\"integer\",\"minimum\":0,\"maximum\":255",
	[MIP_K_U16] = "\"type\":\"integer\",\"minimum\":0,\"maximum\":65535",
	[MIP_K_U32] = "\"type\":\"integer\",\"minimum\":0,\"maximum\":4294967295",
	[MIP_K_U64] = "\"type\":\"integer\",\"minimum\":0",
	[MIP_K_SECS] = "\"type\":\"integer\",\"minimum\":0,\"maximum\":4294967295",
	[MIP_K_USEC] = "\"type\":\"integer\",\"minimum\":0",
	[MIP_K_BYTES] = "\"type\":\"integer\",\"minimum\":0",
	[MIP_K_BOOL] = "\"type\":\"boolean\"",
	[MIP_K_ADDR] = "\"type\":\"string\",\"anyOf\":[{\"format\":\"ipv6\"},{\"format\":\"ipv4\"}]",
	[MIP_K_IPV4] = "\"type\":\"string\",\"format\":\"ipv4\"",
	[MIP_K_PREFIX] = "\"type\":\"string\",\"pattern\":\"^[0-9a-f:.]+/[0-9]+$\"",
	[MIP_K_PREFIX4] = "\"type\":\"string\",\"pattern\":\"^[0-9.]+/[0-9]+$\"",
	[MIP_K_S32] = "\"type\":\"integer\",\"minimum\":-2147483648,\"maximum\":2147483647",
	[MIP_K_PREFIXES] = "\"type\":\"array\",\"items\":{\"type\":\"string\",\"pattern\":\"^[0-9a-f:.]+/[0-9]+$\"}",
	[MIP_K_KEY] = "\"type\":\"string\",\"pattern\":\"^0x([0-9a-f]{2})+$\"",
};

static void put_words(const char *key, unsigned kind)
{
	const char *word;

	printf(",\"%s\":[", key);
	for (unsigned i = 0; (word = kind_choice(kind, i)); i++) {
		if (i)
			putchar(',');
		json_string(word);
	}
	putchar(']');
}

static void put_member(const char *word)
{
	putchar('"');
	for (; *word; word++)
		putchar(*word == '-' ? '_' : *word);
	putchar('"');
}

/* --- the protocol ----------------------------------------------------------------------------------------------- */

static void put_attr(unsigned a, const struct mip_attr_info *info)
{
	printf("%s\n  {\"number\":%u,\"kind\":\"%s\",\"key\":", a > 1 ? "," : "", a, kind_name(info->kind));
	put_member(info->word);
	fputs(",\"meaning\":", stdout);
	json_string(info->help);
	if (kind_choice(info->kind, 0) && (unsigned)info->kind != MIP_K_BOOL)
		put_words("words", info->kind);
	putchar('}');
}

static void put_commands(void)
{
	static const struct {
		const char *name;
		unsigned number;
		const char *class;
	} commands[] = {
#define COMMAND(name, number, class) {#name, number, #class},
		MIP_COMMANDS(COMMAND)
#undef COMMAND
	};

	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++)
		printf("%s\n  {\"name\":\"%s\",\"number\":%u,\"class\":\"%s\"}", i ? "," : "", commands[i].name,
			commands[i].number, commands[i].class);
}

/* --- what is printed -------------------------------------------------------------------------------------------- */

static void put_type(const struct mip_attr_info *info)
{
	const char *json = info->kind < MNL_ARRAY_SIZE(kinds) ? kinds[info->kind] : NULL;

	fputs(json ? json : "\"type\":\"string\"", stdout);
	if (!json && kind_choice(info->kind, 0))
		put_words("enum", info->kind);
}

static bool same_key(unsigned a, unsigned b)
{
	return strcmp(attr_info(a)->word, attr_info(b)->word) == 0;
}

/* Attributes with the same key are one property that is any of them. */
static void put_property(const uint16_t *list, const uint16_t *at)
{
	bool first = true;

	for (const uint16_t *a = list; a < at; a++)
		if (same_key(*a, *at))
			return;
	printf("%s\n    ", at > list ? "," : "");
	put_member(attr_info(*at)->word);
	fputs(":{\"description\":", stdout);
	json_string(attr_info(*at)->help);
	fputs(",\"anyOf\":[", stdout);
	for (const uint16_t *a = at; *a; a++) {
		if (!same_key(*a, *at))
			continue;
		fputs(first ? "{" : ",{", stdout);
		put_type(attr_info(*a));
		putchar('}');
		first = false;
	}
	fputs("]}", stdout);
}

static void put_record(const char *name, const uint16_t *list)
{
	printf("\n  \"%s\":{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{", name);
	for (const uint16_t *a = list; *a; a++)
		put_property(list, a);
	fputs("}}", stdout);
}

/* Lines of monitor, of the status page and of save hold what any object does, and say which. */
static void put_any(void)
{
	uint16_t all[MIP_A_COUNT];
	size_t n = 0;

	for (unsigned a = 1; a < MIP_A_COUNT; a++)
		if (attr_info(a))
			all[n++] = (uint16_t)a;
	all[n] = 0;
	put_record("any", all);
}

int run_schema(void)
{
	puts("{\"$schema\":\"https://json-schema.org/draft/2020-12/schema\",\"title\":\"mip " MIP_VERSION "\",");
	printf(" \"protocol\":%d,\n \"attributes\":[", MIP_CTL_VERSION);
	for (unsigned a = 1; a < MIP_A_COUNT; a++)
		if (attr_info(a))
			put_attr(a, attr_info(a));
	fputs("],\n \"commands\":[", stdout);
	put_commands();
	fputs("],\n \"$defs\":{", stdout);
	for (const struct object *o = objects; o->word; o++)
		if (object_shows(o)) {
			put_record(o->word, object_shows(o));
			putchar(',');
		}
	put_any();
	puts("}}");
	return out_flush();
}
