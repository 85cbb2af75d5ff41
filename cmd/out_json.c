/* JSON for out.h: one array of objects, or an object a line; numbers are numbers, keys are the words with '_' for '-'.
 */
#include <stdio.h>

#include "cmd/mip.h"
#include "cmd/out.h"
#include "cmd/table.h"
#include "cmd/kind.h"

static enum out_shape shape;
static unsigned long records;
static unsigned members;

/* Bytes that are no UTF-8 become U+FFFD: the output is always valid JSON. Returns the length of the sequence at s. */
static int utf8(const unsigned char *s)
{
	int n = s[0] < 0x80 ? 1 : s[0] >= 0xc2 && s[0] < 0xe0 ? 2 : (s[0] & 0xf0) == 0xe0 ? 3 : 4;

	if (s[0] >= 0xf5 || (s[0] >= 0x80 && s[0] < 0xc2))
		return 0;
	for (int i = 1; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) || (s[0] == 0xf0 && s[1] < 0x90) ||
		(s[0] == 0xf4 && s[1] > 0x8f))
		return 0;
	return n;
}

void json_string(const char *str)
{
	const unsigned char *s = (const unsigned char *)str;

	putchar('"');
	while (*s) {
		int n = utf8(s);

		if (*s == '"' || *s == '\\')
			printf("\\%c", *s);
		else if (*s < 0x20 || *s == 0x7f)
			printf("\\u%04x", *s);
		else if (n == 0)
			fputs("\xef\xbf\xbd", stdout);
		else
			fwrite(s, 1, (size_t)n, stdout);
		s += n ? n : 1;
	}
	putchar('"');
}

static bool pretty(void)
{
	return opt.pretty && shape != OUT_LINES;
}

static void open_list(enum out_shape as, const uint16_t *columns)
{
	(void)columns;
	shape = as;
	records = 0;
	if (shape != OUT_LINES)
		putchar('[');
}

static void begin(void)
{
	if (records++ && shape != OUT_LINES)
		putchar(',');
	fputs(pretty() ? "\n    {" : "{", stdout);
	members = 0;
}

static void put_key(const char *word)
{
	putchar('"');
	for (; *word; word++)
		putchar(*word == '-' ? '_' : *word);
	fputs(pretty() ? "\": " : "\":", stdout);
}

static void put_array(const uint8_t *bytes, size_t len)
{
	char value[64];

	for (size_t at = 0; at < len; at += MIP_PREFIX_LEN) {
		kind_print(MIP_K_PREFIX, bytes + at, MIP_PREFIX_LEN, true, value, sizeof(value));
		putchar(at ? ',' : '[');
		json_string(value);
	}
	putchar(']');
}

static void put(unsigned attr, const void *bytes, size_t len)
{
	const struct mip_attr_info *info = attr_info(attr);
	char value[MIP_MSG_MAX];

	if (members++)
		putchar(',');
	if (pretty())
		fputs("\n        ", stdout);
	put_key(info->word);
	kind_print(info->kind, bytes, len, true, value, sizeof(value));
	if (info->kind == MIP_K_PREFIXES)
		put_array(bytes, len);
	else if ((unsigned)info->kind == MIP_K_BOOL)
		fputs(*(const uint8_t *)bytes ? "true" : "false", stdout);
	else if (kind_is_number(info->kind))
		fputs(value, stdout);
	else
		json_string(value);
}

static void end(void)
{
	fputs(pretty() ? "\n    }" : "}", stdout);
	if (shape == OUT_LINES)
		putchar('\n');
}

static void close_list(void)
{
	if (shape != OUT_LINES)
		fputs(pretty() && records ? "\n]\n" : "]\n", stdout);
}

const struct out_format out_json = {open_list, begin, put, end, close_list};
