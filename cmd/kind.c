/* kind.h. Input is people's: it is refused with a reason, never asserted. */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/kind.h"
#include "cmd/table.h"
#include "mip/types.h"

static const char *const bstates[] = {
	[MIP_BINDING_DAD] = "dad", [MIP_BINDING_ACTIVE] = "active", [MIP_BINDING_GONE] = "gone", NULL};
static const char *const mstates[] = {[MIP_MN_DETACHED] = "detached",
	[MIP_MN_HOME] = "home",
	[MIP_MN_REGISTERING] = "registering",
	[MIP_MN_REGISTERED] = "registered",
	[MIP_MN_RETURNING] = "returning",
	NULL};
static const char *const lstates[] = {
	[MIP_BUL_WAITING] = "waiting", [MIP_BUL_BOUND] = "bound", [MIP_BUL_REFUSED] = "refused", NULL};
static const char *const ostates[] = {[MIP_RO_TESTING] = "testing",
	[MIP_RO_BINDING] = "binding",
	[MIP_RO_OPTIMIZED] = "optimized",
	[MIP_RO_UNSUPPORTED] = "unsupported",
	[MIP_RO_IDLE] = "idle",
	NULL};
static const char *const policies[] = {
	[MIP_RO_AUTO] = "auto", [MIP_RO_ALWAYS] = "always", [MIP_RO_NEVER] = "never", NULL};
static const char *const verdicts[] = {[MIP_VERDICT_OK] = "ok",
	[MIP_VERDICT_WEAK] = "weak",
	[MIP_VERDICT_BAD] = "bad",
	[MIP_VERDICT_UNKNOWN] = "unknown",
	NULL};
static const char *const roles[] = {"ha", "mn", "cn", NULL};
static const char *const lives[] = {"running", "stopped", NULL};
static const char *const formats[] = {"text", "openmetrics", NULL};
static const char *const protections[] = {[MIP_PROTECT_BINDING] = "binding",
	[MIP_PROTECT_PREFIX] = "prefix",
	[MIP_PROTECT_TEST] = "test",
	[MIP_PROTECT_PAYLOAD] = "payload",
	NULL};
static const char *const ends[] = {[MIP_TO_AGENT] = "agent", [MIP_TO_HOME] = "home", NULL};
static const char *const ciphers[] = {
	[MIP_AES_CBC] = "aes-cbc", [MIP_AES_GCM] = "aes-gcm", [MIP_3DES_CBC] = "3des-cbc", NULL};
static const char *const auths[] = {[MIP_HMAC_SHA256] = "hmac-sha256",
	[MIP_HMAC_SHA384] = "hmac-sha384",
	[MIP_HMAC_SHA512] = "hmac-sha512",
	[MIP_HMAC_SHA1] = "hmac-sha1",
	NULL};
static const char *const bools[] = {"no", "yes", NULL};

/* The words of an enum kind and the number of the first. */
static const char *const *words_of(unsigned kind, unsigned *first)
{
	*first = kind == MIP_K_BOOL || kind >= K_FILE ? 0 : 1;
	switch (kind) {
	case K_ROLE: return roles;
	case MIP_K_BSTATE: return bstates;
	case MIP_K_MSTATE: return mstates;
	case MIP_K_LSTATE: return lstates;
	case MIP_K_OSTATE: return ostates;
	case MIP_K_RPOLICY: return policies;
	case MIP_K_VERDICT: return verdicts;
	case MIP_K_PROTECT: return protections;
	case MIP_K_TOWARDS: return ends;
	case MIP_K_CIPHER: return ciphers;
	case MIP_K_AUTH: return auths;
	case MIP_K_BOOL: return bools;
	case K_FORMAT: return formats;
	case K_LIFE: return lives;
	default: return NULL;
	}
}

static const char *watched(unsigned i)
{
	for (const struct object *o = objects; o->word; o++)
		if (o->watched && i-- == 0)
			return o->word;
	return i == 0 ? MIP_WATCH_PACKETS : NULL;
}

static const char *object_word(unsigned i)
{
	for (const struct object *o = objects; o->word; o++)
		if (i-- == 0)
			return o->word;
	return NULL;
}

const char *kind_name(unsigned kind)
{
	static const char *const names[] = {
		[MIP_K_U8] = "u8",
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
		[MIP_K_VERDICT] = "verdict",
		[MIP_K_S32] = "integer",
		[MIP_K_PROTECT] = "protection",
		[MIP_K_TOWARDS] = "end",
		[MIP_K_CIPHER] = "cipher",
		[MIP_K_AUTH] = "authentication",
		[MIP_K_KEY] = "key",
		[MIP_K_BYTES] = "bytes",
	};

	return names[kind];
}

const char *kind_choice(unsigned kind, unsigned i)
{
	unsigned first;
	const char *const *words = words_of(kind, &first);

	if (kind == K_WATCHED)
		return watched(i);
	if (kind == K_OBJECT)
		return object_word(i);
	for (unsigned at = first; words && words[at]; at++)
		if (at - first == i)
			return words[at];
	return NULL;
}

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

static uint64_t get_number(const void *bytes, size_t size)
{
	uint16_t b2;
	uint32_t b4;
	uint64_t b8;

	switch (size) {
	case 1: return *(const uint8_t *)bytes;
	case 2: memcpy(&b2, bytes, 2); return b2;
	case 4: memcpy(&b4, bytes, 4); return b4;
	default: memcpy(&b8, bytes, 8); return b8;
	}
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

static uint64_t unit_seconds(char unit)
{
	switch (unit) {
	case 's': return 1;
	case 'm': return 60;
	case 'h': return 3600;
	case 'd': return 86400;
	default: return 0;
	}
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
		unit = unit_seconds(*word);
		if (!unit || unit >= last || n > UINT32_MAX)
			return false;
		*v += n * unit;
		last = unit;
	}
	return last != UINT64_MAX;
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

static bool host_bits(const uint8_t *bytes)
{
	for (unsigned bit = bytes[16]; bit < 128; bit++)
		if (bytes[bit / 8] & 0x80 >> bit % 8)
			return true;
	return false;
}

static bool say(char *text, size_t size, const char *fmt, const char *word)
{
	snprintf(text, size, fmt, word);
	return false;
}

static bool parse_choice(unsigned kind, const char *word, uint8_t *bytes, size_t *len, char *text, size_t size)
{
	unsigned first;
	const char *c;

	for (unsigned i = 0; (c = kind_choice(kind, i)); i++) {
		if (strcmp(c, word))
			continue;
		words_of(kind, &first);
		*len = mip_kind_size((enum mip_kind)kind);
		return *len == 0 || put_number(i + first, *len, bytes);
	}
	return say(text, size, "'%s' is none of the words that can stand here", word);
}

static bool parse_text(unsigned kind, const char *word, char *text, size_t size)
{
	for (const char *p = word; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			return say(text, size, "control characters cannot stand in a word%s", "");
	if (!*word)
		return say(text, size, "an empty word cannot stand here%s", "");
	if (kind == MIP_K_DEV && (strlen(word) >= IFNAMSIZ || strchr(word, '/')))
		return say(text, size, "'%s' cannot be the name of an interface", word);
	return true;
}

static bool parse_num_kind(unsigned kind, const char *word, uint8_t *bytes, size_t size, char *text, size_t room)
{
	bool time = kind == MIP_K_SECS;
	uint64_t v;

	if (kind == MIP_K_S32 ? !parse_signed(word, &v) : time ? !parse_seconds(word, &v) : !parse_number(word, &v))
		return say(
			text, room, time ? "'%s' is not a time: write 420, 7m or 1h30m" : "'%s' is not a number", word);
	return put_number(v, size, bytes) || say(text, room, "%s is too large", word);
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
		return say(text, size, "a key is written in hexadecimal: 0x...%s", "");
	for (word += 2; *word; word += 2) {
		int high = hex_digit(word[0]), low = hex_digit(word[1]);

		if (high < 0 || low < 0)
			return say(text, size, "a key is written in hexadecimal, two digits an octet%s", "");
		if (*len == MIP_KEY_MAX)
			return say(text, size, "no key is so long%s", "");
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
		return inet_pton(AF_INET6, word, bytes) == 1 || say(text, size, "'%s' is not an IPv6 address", word);
	if (kind == MIP_K_PREFIX) {
		if (!parse_prefix(word, bytes))
			return say(text, size, "'%s' is not a prefix: write 2001:db8:1::/64", word);
		return !host_bits(bytes) || say(text, size, "'%s' has bits set behind its length", word);
	}
	return parse_num_kind(kind, word, bytes, *len, text, size);
}

bool kind_fits(unsigned kind, const void *bytes, size_t len)
{
	const char *s = bytes;
	size_t size = mip_kind_size((enum mip_kind)kind);

	if (kind == MIP_K_KEY)
		return len > 0 && len <= MIP_KEY_MAX;
	return size ? len == size : len > 0 && !s[len - 1];
}

static void print_seconds(uint64_t v, char *buf, size_t size)
{
	static const char units[] = "dhm";
	size_t at = 0;

	for (const char *u = units; *u; u++) {
		uint64_t unit = unit_seconds(*u);

		if (v >= unit && at < size)
			at += (size_t)snprintf(buf + at, size - at, "%" PRIu64 "%c", v / unit, *u);
		v %= unit;
	}
	if ((v || at == 0) && at < size)
		snprintf(buf + at, size - at, "%" PRIu64 "s", v);
}

static void print_usec(uint64_t v, char *buf, size_t size)
{
	if (v % 1000000 == 0)
		snprintf(buf, size, "%" PRIu64 "s", v / 1000000);
	else if (v < 1000000)
		snprintf(buf, size, "%" PRIu64 ".%03ums", v / 1000, (unsigned)(v % 1000));
	else
		snprintf(buf, size, "%" PRIu64 ".%03us", v / 1000000, (unsigned)(v / 1000 % 1000));
}

static void print_bytes(uint64_t v, char *buf, size_t size)
{
	static const char units[] = "KMGTPE";
	const char *u = units;
	uint64_t tenths;

	if (v < 1024) {
		snprintf(buf, size, "%" PRIu64 "B", v);
		return;
	}
	for (tenths = v / 1024 * 10 + v % 1024 * 10 / 1024; tenths >= 10240; tenths /= 1024)
		u++;
	snprintf(buf, size, "%" PRIu64 ".%" PRIu64 "%ciB", tenths / 10, tenths % 10, *u);
}

/* Text of the agent ends on a terminal: no control characters. */
static void print_text(const char *s, size_t len, char *buf, size_t size)
{
	size_t i;

	for (i = 0; i + 1 < size && i < len && s[i]; i++)
		buf[i] = (unsigned char)s[i] < 0x20 || s[i] == 0x7f ? '?' : s[i];
	buf[i] = 0;
}

static void print_prefix(const uint8_t *bytes, char *buf, size_t size)
{
	char addr[INET6_ADDRSTRLEN];

	inet_ntop(AF_INET6, bytes, addr, sizeof(addr));
	snprintf(buf, size, "%s/%u", addr, bytes[16]);
}

static void print_key(const uint8_t *bytes, size_t len, char *buf, size_t size)
{
	size_t at = (size_t)snprintf(buf, size, "0x");

	for (size_t i = 0; i < len && at < size; i++)
		at += (size_t)snprintf(buf + at, size - at, "%02x", bytes[i]);
}

static void print_number(unsigned kind, uint64_t v, bool plain, char *buf, size_t size)
{
	unsigned first;
	const char *const *words = words_of(kind, &first);
	const char *word = words && v >= first ? kind_choice(kind, (unsigned)(v - first)) : NULL;

	if (word)
		snprintf(buf, size, "%s", word);
	else if (kind == MIP_K_S32)
		snprintf(buf, size, "%" PRId32, (int32_t)v);
	else if (kind == MIP_K_SECS && !plain)
		print_seconds(v, buf, size);
	else if (kind == MIP_K_USEC && !plain)
		print_usec(v, buf, size);
	else if (kind == MIP_K_BYTES && !plain)
		print_bytes(v, buf, size);
	else
		snprintf(buf, size, "%" PRIu64, v);
}

void kind_print(unsigned kind, const void *bytes, size_t len, bool plain, char *buf, size_t size)
{
	buf[0] = 0;
	if (!kind_fits(kind, bytes, len))
		snprintf(buf, size, "?");
	else if (kind == MIP_K_STR || kind == MIP_K_DEV)
		print_text(bytes, len, buf, size);
	else if (kind == MIP_K_KEY)
		print_key(bytes, len, buf, size);
	else if (kind == MIP_K_ADDR)
		inet_ntop(AF_INET6, bytes, buf, (socklen_t)size);
	else if (kind == MIP_K_PREFIX)
		print_prefix(bytes, buf, size);
	else
		print_number(kind, get_number(bytes, len), plain, buf, size);
}

bool kind_is_number(unsigned kind)
{
	switch (kind) {
	case MIP_K_U8:
	case MIP_K_U16:
	case MIP_K_U32:
	case MIP_K_U64:
	case MIP_K_SECS:
	case MIP_K_USEC:
	case MIP_K_BOOL:
	case MIP_K_BYTES:
	case MIP_K_S32: return true;
	default: return false;
	}
}
