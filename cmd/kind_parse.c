/* kind.h: values as people write them. Their input is refused with a reason, never asserted. */
#include <arpa/inet.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "cmd/kind.h"
#include "cmd/table.h"

static bool put_number(uint64_t v, size_t size, uint8_t *bytes)
{
	uint8_t b1 = (uint8_t)v;
	uint16_t b2 = (uint16_t)v;
	uint32_t b4 = (uint32_t)v;

	if (size < 8 && v >> (8 * size))
		return false;
	memcpy(bytes, size == 1 ? (void *)&b1 : size == 2 ? (void *)&b2 : size == 4 ? (void *)&b4 : (void *)&v, size);
	return true;
}

/* Decimal digits at *p, at least one. */
static bool digits(const char **p, uint64_t *v)
{
	const char *from = *p;

	for (*v = 0; **p >= '0' && **p <= '9'; (*p)++) {
		if (*v > (UINT64_MAX - 9) / 10)
			return false;
		*v = *v * 10 + (uint64_t)(**p - '0');
	}
	return *p > from;
}

static bool parse_number(const char *word, uint64_t *v)
{
	return digits(&word, v) && !*word;
}

static bool parse_signed(const char *word, uint64_t *v)
{
	bool minus = *word == '-';

	if (!parse_number(word + minus, v) || *v > INT32_MAX)
		return false;
	*v = minus ? (uint32_t) - (int64_t)*v : *v;
	return true;
}

/* 420, 420s, 7m, 1h30m: units fall from left to right; a number alone is seconds. */
static bool parse_seconds(const char *word, uint64_t *v)
{
	uint64_t n, unit, last = UINT64_MAX;

	if (parse_number(word, v))
		return true;
	for (*v = 0; *word; word++) {
		if (!digits(&word, &n))
			return false;
		unit = kind_unit(*word);
		if (!unit || unit >= last || n > UINT32_MAX)
			return false;
		*v += n * unit;
		last = unit;
	}
	return last != UINT64_MAX;
}

static bool parse_ipv4(const char *word, uint8_t *bytes)
{
	memcpy(bytes, kind_ipv4, sizeof(kind_ipv4));
	return inet_pton(AF_INET, word, bytes + sizeof(kind_ipv4)) == 1;
}

/* An address alone is the prefix of it alone. */
static bool parse_prefix(const char *word, uint8_t *bytes)
{
	char addr[INET6_ADDRSTRLEN];
	const char *slash = strchr(word, '/');
	uint64_t len;

	bytes[16] = 128;
	if (!slash)
		return inet_pton(AF_INET6, word, bytes) == 1;
	if ((size_t)(slash - word) >= sizeof(addr) || !parse_number(slash + 1, &len) || len > 128)
		return false;
	memcpy(addr, word, (size_t)(slash - word));
	addr[slash - word] = 0;
	bytes[16] = (uint8_t)len;
	return inet_pton(AF_INET6, addr, bytes) == 1;
}

/* ADDRESS/LENGTH, or an address alone. */
static bool parse_prefix4(const char *word, uint8_t bytes[static KIND_MAX])
{
	const char *slash = strchr(word, '/');
	size_t n = slash ? (size_t)(slash - word) : strlen(word);
	char addr[INET_ADDRSTRLEN];
	uint64_t len = 32;

	if (n >= sizeof(addr) || (slash && (!parse_number(slash + 1, &len) || len > 32)))
		return false;
	memcpy(addr, word, n);
	addr[n] = 0;
	bytes[16] = (uint8_t)(8 * sizeof(kind_ipv4) + len);
	return parse_ipv4(addr, bytes);
}

/* The prefix that `bytes` are of. True when they are it themselves. */
static bool cut(const uint8_t *bytes, uint8_t prefix[static MIP_PREFIX_LEN])
{
	memcpy(prefix, bytes, MIP_PREFIX_LEN);
	for (unsigned bit = bytes[16]; bit < 128; bit++)
		prefix[bit / 8] &= (uint8_t) ~(0x80 >> bit % 8);
	return !memcmp(bytes, prefix, MIP_PREFIX_LEN);
}

bool kind_split(const char *word, uint8_t address[static KIND_MAX], uint8_t prefix[static KIND_MAX])
{
	if (!strchr(word, '/') || !parse_prefix(word, address))
		return false;
	cut(address, prefix);
	return true;
}

static bool say_bad(char *text, size_t size, const char *fmt, const char *word)
{
	snprintf(text, size, fmt, word);
	return false;
}

static bool parse_prefix_kind(unsigned kind, const char *word, uint8_t *bytes, size_t *len, char *text, size_t size)
{
	bool ipv4 = kind == MIP_K_PREFIX4;
	uint8_t prefix[MIP_PREFIX_LEN];
	char meant[INET6_ADDRSTRLEN + 4];

	*len = MIP_PREFIX_LEN;
	if (ipv4 ? !parse_prefix4(word, bytes) : !parse_prefix(word, bytes))
		return say_bad(text, size,
			ipv4 ? "'%s' is not an IPv4 prefix: write 198.51.100.64/26"
			     : "'%s' is not a prefix: write 2001:db8:1::/64",
			word);
	if (cut(bytes, prefix))
		return true;
	kind_print(kind, prefix, sizeof(prefix), true, meant, sizeof(meant));
	snprintf(text, size, "'%s' has bits set behind its length: is %s meant?", word, meant);
	return false;
}

static bool parse_choice(unsigned kind, const char *word, uint8_t *bytes, size_t *len, char *text, size_t size)
{
	const char *c;

	for (unsigned i = 0; (c = kind_choice(kind, i)); i++) {
		if (strcmp(c, word))
			continue;
		*len = mip_kind_size((enum mip_kind)kind);
		return *len == 0 || put_number(i + kind_first(kind), *len, bytes);
	}
	return say_bad(text, size, "'%s' is none of the words that can stand here", word);
}

static bool parse_text(unsigned kind, const char *word, char *text, size_t size)
{
	for (const char *p = word; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			return say_bad(text, size, "control characters cannot stand in a word%s", "");
	if (!*word)
		return say_bad(text, size, "unexpected empty word%s", "");
	if (kind == MIP_K_DEV && (strlen(word) >= IFNAMSIZ || strchr(word, '/')))
		return say_bad(text, size, "'%s' cannot be the name of an interface", word);
	return true;
}

static bool parse_num_kind(unsigned kind, const char *word, uint8_t *bytes, size_t size, char *text, size_t room)
{
	bool time = kind == MIP_K_SECS;
	uint64_t v;

	if (kind == MIP_K_S32 ? !parse_signed(word, &v) : time ? !parse_seconds(word, &v) : !parse_number(word, &v))
		return say_bad(
			text, room, time ? "'%s' is not a time: write 420, 7m or 1h30m" : "'%s' is not a number", word);
	return put_number(v, size, bytes) || say_bad(text, room, "%s is too large", word);
}

static int hex_digit(char c)
{
	const char *digits = "0123456789abcdef", *at = c ? strchr(digits, c | ('A' ^ 'a')) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* The word is not repeated: it may be most of a key. */
static bool parse_key(const char *word, uint8_t *bytes, size_t *len, char *text, size_t size)
{
	*len = 0;
	if (strncmp(word, "0x", 2) || !word[2])
		return say_bad(text, size, "a key is written in hexadecimal: 0x...%s", "");
	for (word += 2; *word; word += 2) {
		int high = hex_digit(word[0]), low = hex_digit(word[1]);

		if (high < 0 || low < 0)
			return say_bad(text, size, "a key is written in hexadecimal, two digits an octet%s", "");
		if (*len == MIP_KEY_MAX)
			return say_bad(text, size, "no key is so long%s", "");
		bytes[(*len)++] = (uint8_t)(high << 4 | low);
	}
	return true;
}

bool kind_parse(unsigned kind, const char *word, uint8_t bytes[static KIND_MAX], size_t *len, char *text, size_t size)
{
	*len = 0;
	if (kind_choice(kind, 0))
		return parse_choice(kind, word, bytes, len, text, size);
	if (kind >= K_FILE || kind == MIP_K_STR || kind == MIP_K_DEV)
		return parse_text(kind, word, text, size);
	if (kind == MIP_K_KEY)
		return parse_key(word, bytes, len, text, size);
	*len = mip_kind_size((enum mip_kind)kind);
	if (kind == MIP_K_ADDR)
		return inet_pton(AF_INET6, word, bytes) == 1 ||
		       say_bad(text, size, "'%s' is not an IPv6 address", word);
	if (kind == MIP_K_IPV4)
		return parse_ipv4(word, bytes) || say_bad(text, size, "'%s' is not an IPv4 address", word);
	if (kind == MIP_K_PREFIX || kind == MIP_K_PREFIXES || kind == MIP_K_PREFIX4)
		return parse_prefix_kind(kind, word, bytes, len, text, size);
	return parse_num_kind(kind, word, bytes, *len, text, size);
}
