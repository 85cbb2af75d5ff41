/*
 * The options of a Mobility Header (RFC 6275 6.2): which are skipped and which are
 * malformed, doubled ones, those foreign to a message, and their alignment.
 */
#include "t.h"
#include "wire/exthdr.h"
#include "wire/mh.h"

static void verdict(const uint8_t *msg, size_t len, enum mh_verdict want, size_t want_at)
{
	uint8_t *exact = t_copy(msg, len);
	struct mh m, before;
	size_t at = 9999;

	memset(&m, 0x5a, sizeof(m));
	before = m;
	assert_int_equal(mh_read(exact, len, &m, &at), want);
	if (want != MH_OK)
		assert_int_equal(at, want_at);
	if (want == MH_UNKNOWN_TYPE)
		before.type = msg[2];
	if (want != MH_OK)
		assert_memory_equal(&m, &before, sizeof(m));
	assert_int_equal(mh_read(exact, len, &m, NULL), want);
	free(exact);
}

/* A Binding Update whose options are these bytes. */
static size_t bu_with(uint8_t *msg, const void *opts, size_t n)
{
	memset(msg, 0, 12);
	msg[0] = MH_NO_NEXT;
	msg[1] = (uint8_t)((12 + n) / 8 - 1);
	msg[2] = MH_BU;
	memcpy(msg + 12, opts, n);
	assert_int_equal((12 + n) % 8, 0);
	return 12 + n;
}

static void options(const void *opts, size_t n, enum mh_verdict want, size_t want_at, unsigned want_has)
{
	uint8_t msg[128];
	size_t len = bu_with(msg, opts, n);
	struct mh m;

	verdict(msg, len, want, want_at);
	if (want != MH_OK)
		return;
	assert_int_equal(mh_read(msg, len, &m, NULL), MH_OK);
	assert_int_equal(m.opt.has, want_has);
}

#define OPTIONS(want, at, has, ...)                                                                                    \
	options((const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}), want, at, has)

static void test_options_skipped(void **state)
{
	(void)state;
	OPTIONS(MH_OK, 0, 0, 0, 0, 0, 0);				     /* Pad1 */
	OPTIONS(MH_OK, 0, 0, 1, 0, 1, 0);				     /* PadN without data */
	OPTIONS(MH_OK, 0, 0, 42, 2, 9, 9);				     /* unknown: skipped, 6.2.1 */
	OPTIONS(MH_OK, 0, MHO_NONCES, 255, 4, 9, 9, 9, 9, 4, 4, 0, 1, 0, 2); /* and what follows is read */
	OPTIONS(MH_OK, 0, 0, 2, 2, 0, 9);				     /* Binding Refresh Advice: of a BA only */
	OPTIONS(MH_OK, 0, 0, 2, 1, 0, 0);				     /* its length is not ours to judge then */
}

static void test_options_malformed(void **state)
{
	(void)state;
	OPTIONS(MH_DROP, 15, 0, 0, 0, 0, 42);			      /* no length */
	OPTIONS(MH_DROP, 12, 0, 42, 3, 0, 0);			      /* unknown, beyond the end */
	OPTIONS(MH_DROP, 12, 0, 1, 255, 0, 0);			      /* PadN beyond the end */
	OPTIONS(MH_DROP, 12, 0, 3, 2, 0, 0);			      /* Alternate Care-of Address too short */
	OPTIONS(MH_DROP, 12, 0, 4, 2, 0, 0);			      /* Nonce Indices too short */
	OPTIONS(MH_DROP, 14, 0, 1, 0, 4, 8, 0, 0, 0, 0, 0, 0, 0, 0);  /* too long */
	OPTIONS(MH_DROP, 12, 0, 5, 2, 0, 0);			      /* authenticator too short */
	OPTIONS(MH_DROP, 12, 0, 32, 2, 0, 0);			      /* IPv4 Care-of Address too short */
	OPTIONS(MH_DROP, 14, 0, 1, 0, 32, 8, 0, 0, 0, 0, 0, 0, 0, 0); /* too long */
}

/* 6.2.7: last, without padding behind it. */
static void test_options_auth_last(void **state)
{
	(void)state;
	OPTIONS(MH_OK, 0, MHO_AUTH, 1, 4, 0, 0, 0, 0, 5, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
	OPTIONS(MH_DROP, 26, 0, 5, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 4, 0, 0, 0, 0);
	OPTIONS(MH_DROP, 31, 0, 1, 3, 0, 0, 0, 5, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
}

static void test_options_doubled(void **state)
{
	static const uint8_t twice[] = {4, 4, 0, 1, 0, 2, 4, 4, 0, 3, 0, 4};
	uint8_t msg[64];
	size_t len = bu_with(msg, twice, sizeof(twice));
	struct mh m;

	(void)state;
	assert_int_equal(mh_read(msg, len, &m, NULL), MH_OK);
	assert_int_equal(m.opt.home_nonce, 1);
	assert_int_equal(m.opt.coa_nonce, 2);
}

/* RFC 3963 4.3: as many as there are; those beyond what is kept are counted, a length is the role's to judge. */
static void test_options_networks(void **state)
{
	uint8_t data[MH_MAX], more[20 + 24 * MH_NETWORKS];
	struct mh m = {.type = MH_BU, .opt = {.has = MHO_NETWORK, .networks = MH_NETWORKS}}, back;
	size_t len;
	int n;

	(void)state;
	for (size_t i = 0; i < MH_NETWORKS; i++)
		m.opt.network[i] = (struct addr_prefix){t_addr("2001:db8:77::"), (uint8_t)(i ? 200 + i : 0)};
	n = mh_write(&m, data, sizeof(data));
	assert_true(n > 0);
	assert_int_equal(mh_read(data, (size_t)n, &back, NULL), MH_OK);
	assert_memory_equal(&back.opt, &m.opt, sizeof(m.opt));
	len = (size_t)n - 12;
	memcpy(more, data + 12, len);
	memcpy(more + len, (const uint8_t[24]){1, 2, 0, 0, 6, 18}, 24);
	len = bu_with(data, more, len + 24);
	assert_int_equal(mh_read(data, len, &back, NULL), MH_OK);
	assert_int_equal(back.opt.networks, MH_NETWORKS + 1);
	assert_memory_equal(back.opt.network, m.opt.network, sizeof(m.opt.network));
	OPTIONS(MH_DROP, 12, 0, 6, 2, 0, 64);
}

/* Which option belongs to which message, 6.2.4-6.2.7, RFC 3963 4.3, RFC 5555 3. */
static void test_write_foreign(void **state)
{
	static const unsigned belongs[MH_TYPES] = {
		[MH_BU] = MHO_ALT_COA | MHO_NONCES | MHO_NETWORK | MHO_IPV4_COA | MHO_AUTH,
		[MH_BA] = MHO_REFRESH | MHO_NAT | MHO_AUTH};
	uint8_t data[MH_MAX];

	(void)state;
	for (unsigned type = 0; type < MH_TYPES; type++)
		for (unsigned bit = 1; bit < 1 << 7; bit <<= 1) {
			struct mh m = {.type = (uint8_t)type, .opt.has = bit};
			int n = mh_write(&m, data, sizeof(data));

			assert_true(bit & belongs[type] ? n > 0 : n == -EINVAL);
		}
	for (int type = MH_TYPES; type < 256; type++)
		assert_int_equal(mh_write(&(struct mh){.type = (uint8_t)type}, data, sizeof(data)), -EINVAL);
}

/* Walks what was written with nothing but 6.2.1, and checks 6.2's alignments: xn+y from the start of the header. */
static void alignment_check(const uint8_t *msg, size_t len, size_t at)
{
	static const struct {
		size_t multiple, rest, len;
	} rule[33] = {[0] = {1, 0, 0},
		[1] = {1, 0, 0},
		[2] = {2, 0, 2},
		[3] = {8, 6, 16},
		[4] = {2, 0, 4},
		[5] = {8, 2, 12},
		[6] = {8, 4, 18},
		[31] = {4, 0, 6},
		[32] = {4, 0, 6}};
	size_t pads = 0;

	while (at < len) {
		uint8_t type = msg[at];

		assert_true(type < 2 || (type < 33 && rule[type].len));
		if (type < 2) {
			pads += type ? 2u + msg[at + 1] : 1;
		} else {
			assert_int_equal(at % rule[type].multiple, rule[type].rest);
			assert_int_equal(msg[at + 1], rule[type].len);
			assert_true(pads < 8); /* no more than alignment needs */
			pads = 0;
		}
		at += type ? 2u + msg[at + 1] : 1;
	}
	assert_int_equal(at, len);
	assert_int_equal(len % 8, 0);
}

static void test_alignment(void **state)
{
	uint8_t data[MH_MAX];

	(void)state;
	for (unsigned has = 0; has < 1 << 7; has++) {
		struct mh bu = {.type = MH_BU, .opt = {.has = has & ~(MHO_REFRESH | MHO_NAT), .networks = 2}},
			  ba = {.type = MH_BA};
		int n = mh_write(&bu, data, sizeof(data));

		assert_true(n > 0);
		alignment_check(data, (size_t)n, 12);
		if (has & MHO_AUTH)
			assert_int_equal(bu.opt.auth_at, n - 12);
		ba.opt.has = has & (MHO_REFRESH | MHO_NAT | MHO_AUTH);
		n = mh_write(&ba, data, sizeof(data));
		assert_true(n > 0);
		alignment_check(data, (size_t)n, 12);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_options_skipped),
		cmocka_unit_test(test_options_malformed),
		cmocka_unit_test(test_options_auth_last),
		cmocka_unit_test(test_options_doubled),
		cmocka_unit_test(test_options_networks),
		cmocka_unit_test(test_write_foreign),
		cmocka_unit_test(test_alignment),
	};

	return cmocka_run_group_tests_name("wire_mhopt", tests, NULL, NULL);
}
