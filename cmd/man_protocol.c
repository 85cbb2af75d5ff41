/* `mip __man protocol commands | kinds | attributes`: the tables of mip-ctl(7), in mdoc. */
#include <stdio.h>
#include <string.h>

#include "cmd/fault.h"
#include "cmd/kind.h"
#include "cmd/mip.h"
#include "cmd/out.h"
#include "cmd/table.h"

/* mdoc: a hyphen of a key is '_', a letter at the start of a cell is no macro. */
static void put_key(const char *word)
{
	for (; *word; word++)
		putchar(*word == '-' ? '_' : *word);
}

static void commands(void)
{
	puts(".Bl -column 99 CONFIG_RESET WRITE -compact");
#define COMMAND(name, number, class) printf(".It %d Ta %s Ta %s\n", number, #name, #class);
	MIP_COMMANDS(COMMAND)
#undef COMMAND
	printf(".It %d Ta EVENT Ta \\&\n.It %d Ta EVENT_SYNC Ta \\&\n.El\n", MIP_EVENT, MIP_EVENT_SYNC);
}

static const char *layout(unsigned kind)
{
	switch (kind) {
	case MIP_K_ADDR: return "16 bytes";
	case MIP_K_IPV4: return "16 bytes, an IPv4-mapped address";
	case MIP_K_PREFIX: return "16 bytes, then one of length";
	case MIP_K_PREFIX4: return "16 bytes, an IPv4-mapped address, then one of length, 96 to 128";
	case MIP_K_STR: return "text, then a zero byte";
	case MIP_K_DEV: return "name of an interface, then a zero byte";
	case MIP_K_S32: return "s32";
	case MIP_K_PREFIXES: return "as prefix, one after the other";
	case MIP_K_KEY: return "1 to 64 bytes";
	default: break;
	}
	switch (mip_kind_size((enum mip_kind)kind)) {
	case 1: return "u8";
	case 2: return "u16";
	case 4: return "u32";
	default: return "u64";
	}
}

static void put_words(unsigned kind)
{
	const char *word;
	unsigned first = kind == MIP_K_BOOL ? 0 : 1;

	for (unsigned i = 0; (word = kind_choice(kind, i)); i++)
		printf("%s%u %s", i ? ", " : ": ", i + first, word);
}

static void kinds(void)
{
	bool seen[256] = {0};

	puts(".Bl -tag -width microseconds -compact");
	for (unsigned a = 1; a < MIP_A_COUNT; a++) {
		unsigned kind = attr_info(a) ? attr_info(a)->kind : 0;

		if (!kind || seen[kind])
			continue;
		seen[kind] = true;
		printf(".It %s\n%s", kind_name(kind), layout(kind));
		put_words(kind);
		putchar('\n');
	}
	puts(".El");
}

static void attributes(void)
{
	puts(".Bl -column 999 home_registration optimization\\-state meaning -compact");
	for (unsigned a = 1; a < MIP_A_COUNT; a++) {
		if (!attr_info(a))
			continue;
		printf(".It %u Ta ", a);
		put_key(attr_info(a)->word);
		printf(" Ta %s Ta \\&%s\n", kind_name(attr_info(a)->kind), attr_info(a)->help);
	}
	puts(".El");
}

int run_man_protocol(const char *part)
{
	if (part && strcmp(part, "commands") == 0)
		commands();
	else if (part && strcmp(part, "kinds") == 0)
		kinds();
	else if (part && strcmp(part, "attributes") == 0)
		attributes();
	else {
		complain("commands, kinds or attributes");
		return WORDS;
	}
	return out_flush();
}
