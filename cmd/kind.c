/* kind.h: the words of each kind, and values as people read them. */
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

static const char *const bstates[] = {[MIP_BINDING_DAD] = "dad",
	[MIP_BINDING_ACTIVE] = "active",
	[MIP_BINDING_GONE] = "gone",
	[MIP_BINDING_STANDBY] = "standby",
	NULL};
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
static const char *const cstates[] = {[MIP_CELL_DETACHED] = "detached",
	[MIP_CELL_ALONE] = "alone",
	[MIP_CELL_SYNCING] = "syncing",
	[MIP_CELL_SYNCED] = "synced",
	NULL};
static const char *const bools[] = {"no", "yes", NULL};

unsigned kind_first(unsigned kind)
{
	return kind == MIP_K_BOOL || kind >= K_FILE ? 0 : 1;
}

/* The words of an enum kind, from kind_first on. */
static const char *const *words_of(unsigned kind)
{
	switch (kind) {
	case K_ROLE: return roles;
	case MIP_K_BSTATE: return bstates;
	case MIP_K_MSTATE: return mstates;
	case MIP_K_LSTATE: return lstates;
	case MIP_K_OSTATE: return ostates;
	case MIP_K_CSTATE: return cstates;
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
		[MIP_K_PREFIXES] = "prefixes",
		[MIP_K_IPV4] = "ipv4-address",
		[MIP_K_CSTATE] = "cell-state",
		[MIP_K_PREFIX4] = "ipv4-prefix",
	};

	return names[kind];
}

const char *kind_choice(unsigned kind, unsigned i)
{
	unsigned first = kind_first(kind);
	const char *const *words = words_of(kind);

	if (kind == K_WATCHED)
		return watched(i);
	if (kind == K_OBJECT)
		return object_word(i);
	for (unsigned at = first; words && words[at]; at++)
		if (at - first == i)
			return words[at];
	return NULL;
}

uint64_t kind_unit(char unit)
{
	switch (unit) {
	case 's': return 1;
	case 'm': return 60;
	case 'h': return 3600;
	case 'd': return 86400;
	default: return 0;
	}
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

bool kind_fits(unsigned kind, const void *bytes, size_t len)
{
	const char *s = bytes;
	size_t size = mip_kind_size((enum mip_kind)kind);

	if (kind == MIP_K_KEY)
		return len > 0 && len <= MIP_KEY_MAX;
	if (kind == MIP_K_PREFIXES)
		return len > 0 && len % MIP_PREFIX_LEN == 0;
	return size ? len == size : len > 0 && !s[len - 1];
}

static void print_seconds(uint64_t v, char *buf, size_t size)
{
	static const char units[] = "dhm";
	size_t at = 0;

	for (const char *u = units; *u; u++) {
		uint64_t unit = kind_unit(*u);

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

static void print_address(const uint8_t *bytes, char *buf, size_t size)
{
	bool is_ipv4 = !memcmp(bytes, kind_ipv4, sizeof(kind_ipv4));

	inet_ntop(is_ipv4 ? AF_INET : AF_INET6, is_ipv4 ? bytes + sizeof(kind_ipv4) : bytes, buf, (socklen_t)size);
}

static void print_prefix(const uint8_t *bytes, char *buf, size_t size)
{
	unsigned before = memcmp(bytes, kind_ipv4, sizeof(kind_ipv4)) ? 0 : 8 * sizeof(kind_ipv4);
	char addr[INET6_ADDRSTRLEN];

	print_address(bytes, addr, sizeof(addr));
	snprintf(buf, size, "%s/%u", addr, bytes[16] - before);
}

/* As many as fit, with a comma between two. */
static void print_prefixes(const uint8_t *bytes, size_t len, char *buf, size_t size)
{
	for (size_t at = 0, used = 0; at < len && used + INET6_ADDRSTRLEN + 8 < size; at += MIP_PREFIX_LEN) {
		if (at)
			buf[used++] = ',';
		print_prefix(bytes + at, buf + used, size - used);
		used += strlen(buf + used);
	}
}

static void print_key(const uint8_t *bytes, size_t len, char *buf, size_t size)
{
	size_t at = (size_t)snprintf(buf, size, "0x");

	for (size_t i = 0; i < len && at < size; i++)
		at += (size_t)snprintf(buf + at, size - at, "%02x", bytes[i]);
}

static void print_number(unsigned kind, uint64_t v, bool plain, char *buf, size_t size)
{
	unsigned first = kind_first(kind);
	const char *word = words_of(kind) && v >= first ? kind_choice(kind, (unsigned)(v - first)) : NULL;

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
	else if (kind == MIP_K_ADDR || kind == MIP_K_IPV4)
		print_address(bytes, buf, size);
	else if (kind == MIP_K_PREFIX || kind == MIP_K_PREFIX4)
		print_prefix(bytes, buf, size);
	else if (kind == MIP_K_PREFIXES)
		print_prefixes(bytes, len, buf, size);
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
