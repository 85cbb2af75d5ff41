/* Return routability (RFC 6275 5.2): tokens, keys and authenticators against numbers computed elsewhere (Python's hmac
 * and hashlib); the life of nonces. */
#include "role/rr.h"
#include "wire/mhauth.h"
#include "tests/unit/t.h"
#include "wire/mh.h"

#define HOME "2001:db8:1::100"
#define COA  "2001:db8:a::5"
#define PEER "2001:db8:c::2"

static uint32_t word;

/* 0x11111111, 0x12121212, ...: Kcn is 5 words, the index 1, each nonce 2. */
static uint32_t counted(void *ctx)
{
	(void)ctx;
	word += 0x01010101;
	return word;
}

static struct world world = {.random = counted};
static struct rr rr;
static usec now;

static int setup(void **state)
{
	(void)state;
	word = 0x10101010;
	now = 3600 * SEC;
	rr_init(&rr, &world);
	return 0;
}

static uint16_t issue(enum rr_kind kind, const char *addr, uint64_t *token)
{
	struct in6_addr a = t_addr(addr);

	return rr_issue(&rr, &world, kind, &a, now, token);
}

static bool recall(uint16_t index, enum rr_kind kind, const char *addr, uint64_t *token)
{
	struct in6_addr a = t_addr(addr);

	return rr_recall(&rr, index, kind, &a, now, token);
}

/* First(64, HMAC_SHA1(Kcn, address | nonce | 0 or 1)) with Kcn 1111111112121212..., nonce 1717171718181818. */
static void tokens_are_the_rfcs(void **state)
{
	uint64_t token;

	(void)state;
	assert_int_equal(issue(RR_HOME, HOME, &token), 0x1617);
	assert_int_equal(token, 0x0fc6e4887e1797e7);
	assert_int_equal(issue(RR_COA, COA, &token), 0x1617);
	assert_int_equal(token, 0x05d76b79727d2209);
}

static void kbm_of_both_tokens_or_home_alone(void **state)
{
	static const uint8_t both[] = {0x12, 0x95, 0x07, 0x78, 0x33, 0xde, 0x6c, 0xc3, 0x5b, 0xc6, 0x6b, 0x7f, 0x7c,
		0x2b, 0x6e, 0x51, 0x02, 0xc4, 0xd5, 0xcd};
	static const uint8_t alone[] = {0xcf, 0x3c, 0xc4, 0xb2, 0x12, 0xa2, 0x24, 0x6a, 0xf9, 0x9c, 0xaf, 0x24, 0xc2,
		0x56, 0x49, 0x1f, 0x60, 0xfc, 0xf2, 0x67};
	uint64_t home = 0x0fc6e4887e1797e7, coa = 0x05d76b79727d2209;
	uint8_t kbm[RR_KBM_LEN];

	(void)state;
	rr_kbm(home, &coa, kbm);
	assert_memory_equal(kbm, both, sizeof(both));
	rr_kbm(home, NULL, kbm);
	assert_memory_equal(kbm, alone, sizeof(alone));
}

static bool is_signed(const struct mh_auth *auth, const uint8_t *bytes)
{
	struct mh m;

	assert_int_equal(mh_read(bytes, 32, &m, NULL), MH_OK);
	return mh_signed(auth, &m);
}

/* First(96, HMAC_SHA1(Kbm, care-of address | correspondent | message)): a Binding Update, sequence 1234, A, 420 s,
 * nonce indices 7 and 9. Its checksum is in it already, and does not count. */
static void authenticator_is_the_rfcs(void **state)
{
	static const uint8_t want[] = {0xd6, 0x01, 0x1e, 0x68, 0xdb, 0x17, 0x2d, 0x7f, 0xe8, 0x7b, 0x91, 0xc9};
	static const uint8_t want_deletion[] = {0x3e, 0x3c, 0xb0, 0xe2, 0xac, 0x26, 0x14, 0x1d, 0x3a, 0xc2, 0x58, 0x46};
	struct mh bu = {.type = MH_BU, .u.bu = {.seq = 0x1234, .flags = BU_F_ACK, .lifetime = 105}};
	struct mh_auth auth = {.coa = t_addr(COA), .end = t_addr(PEER)}, other = auth;
	uint64_t home_token = 0x0fc6e4887e1797e7, coa_token = 0x05d76b79727d2209;
	uint8_t bytes[64], *mac;

	(void)state;
	bu.opt = (struct mh_opts){.has = MHO_NONCES | MHO_AUTH, .home_nonce = 7, .coa_nonce = 9};
	assert_int_equal(mh_write(&bu, bytes, sizeof(bytes)), 32);
	bytes[MH_CKSUM_AT] = 0xab;
	bytes[MH_CKSUM_AT + 1] = 0xcd;
	mac = bytes + bu.opt.auth_at;
	rr_kbm(home_token, &coa_token, auth.key);
	mh_sign(&auth, &bu, bytes);
	assert_memory_equal(mac, want, sizeof(want));
	assert_true(is_signed(&auth, bytes));
	memcpy(other.key, auth.key, sizeof(other.key));
	other.coa = t_addr(HOME);
	assert_false(is_signed(&other, bytes));
	other.coa = auth.coa;
	other.end = t_addr(HOME);
	assert_false(is_signed(&other, bytes));
	for (size_t i = 0; i < sizeof(want); i++) {
		mac[i] ^= 1;
		assert_false(is_signed(&auth, bytes));
		mac[i] ^= 1;
	}
	rr_kbm(home_token, NULL, auth.key);
	auth.coa = t_addr(HOME);
	mh_sign(&auth, &bu, bytes);
	assert_memory_equal(mac, want_deletion, sizeof(want_deletion));
}

static void a_token_is_for_one_address_kind_and_node(void **state)
{
	uint64_t token, other;
	uint16_t index = issue(RR_HOME, HOME, &token);

	(void)state;
	assert_true(recall(index, RR_HOME, HOME, &other));
	assert_int_equal(token, other);
	assert_true(recall(index, RR_COA, HOME, &other));
	assert_int_not_equal(token, other);
	assert_true(recall(index, RR_HOME, COA, &other));
	assert_int_not_equal(token, other);
	rr_init(&rr, &world);
	assert_false(recall(index, RR_HOME, HOME, &other));
}

/* A node that starts again: tokens of before are expired, never another's. */
static void indices_go_on_after_a_start(void **state)
{
	uint64_t token;

	(void)state;
	for (uint16_t last = 65500; last != 40; last++) {
		rr_init(&rr, &world);
		rr_go_on(&rr, last);
		issue(RR_HOME, HOME, &token);
		for (uint16_t age = 0; age < 2 * RR_NONCES; age++)
			assert_false(recall((uint16_t)(last + 1 - age), RR_HOME, HOME, &token));
		assert_true(recall(rr.index, RR_HOME, HOME, &token));
	}
}

static void a_nonce_rotates_after_30_seconds(void **state)
{
	uint64_t token;
	uint16_t first = issue(RR_HOME, HOME, &token);

	(void)state;
	now += 30 * SEC - 1;
	assert_int_equal(issue(RR_HOME, HOME, &token), first);
	now += 1;
	assert_int_equal(issue(RR_HOME, HOME, &token), (uint16_t)(first + 1));
	assert_int_equal(issue(RR_COA, COA, &token), (uint16_t)(first + 1));
}

/* The last token under a nonce lives its 210 s, the nonce never more than 240. */
static void a_token_lives_210_seconds_a_nonce_240(void **state)
{
	uint64_t token, again;
	uint16_t index = issue(RR_HOME, HOME, &token);
	usec made = now;

	(void)state;
	now += 30 * SEC - 1;
	assert_int_equal(issue(RR_HOME, HOME, &token), index);
	now += 210 * SEC;
	assert_true(recall(index, RR_HOME, HOME, &again));
	assert_int_equal(token, again);
	now = made + 240 * SEC;
	assert_false(recall(index, RR_HOME, HOME, &again));
}

static void busy_rotation_keeps_what_must_live(void **state)
{
	uint64_t token[64];
	uint16_t index[64];

	(void)state;
	for (size_t i = 0; i < 64; i++) {
		uint64_t again;

		index[i] = issue(RR_HOME, HOME, &token[i]);
		for (size_t k = 0; k <= i; k++) {
			bool lives = (i - k) * 30 < 240;

			assert_int_equal(recall(index[k], RR_HOME, HOME, &again), lives);
			if (lives)
				assert_int_equal(again, token[k]);
		}
		now += 30 * SEC;
	}
}

static void what_never_was_is_not_recalled(void **state)
{
	uint64_t token;
	uint16_t index = issue(RR_HOME, HOME, &token);

	(void)state;
	for (unsigned i = 1; i < 65536; i++)
		assert_false(recall((uint16_t)(index + i), RR_HOME, HOME, &token));
}

static void the_index_wraps(void **state)
{
	uint64_t token, again;

	(void)state;
	rr.index = 65533;
	for (int i = 0; i < 8; i++) {
		uint16_t index = issue(RR_HOME, HOME, &token);

		assert_int_equal(index, (uint16_t)(65534 + i));
		for (int k = 0; k <= i && k < 8; k++)
			assert_true(recall((uint16_t)(index - k), RR_HOME, HOME, &again));
		assert_false(recall((uint16_t)(index + 1), RR_HOME, HOME, &again));
		now += 30 * SEC;
	}
}

static void revoked_tokens_are_void(void **state)
{
	uint64_t token, again;
	uint16_t index = issue(RR_HOME, HOME, &token);

	(void)state;
	rr_revoke(&rr);
	assert_false(recall(index, RR_HOME, HOME, &again));
	assert_int_equal(issue(RR_HOME, HOME, &again), (uint16_t)(index + 1));
	assert_int_not_equal(token, again);
	assert_true(recall((uint16_t)(index + 1), RR_HOME, HOME, &again));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(tokens_are_the_rfcs, setup),
		cmocka_unit_test_setup(kbm_of_both_tokens_or_home_alone, setup),
		cmocka_unit_test_setup(authenticator_is_the_rfcs, setup),
		cmocka_unit_test_setup(a_token_is_for_one_address_kind_and_node, setup),
		cmocka_unit_test_setup(indices_go_on_after_a_start, setup),
		cmocka_unit_test_setup(a_nonce_rotates_after_30_seconds, setup),
		cmocka_unit_test_setup(a_token_lives_210_seconds_a_nonce_240, setup),
		cmocka_unit_test_setup(busy_rotation_keeps_what_must_live, setup),
		cmocka_unit_test_setup(what_never_was_is_not_recalled, setup),
		cmocka_unit_test_setup(the_index_wraps, setup),
		cmocka_unit_test_setup(revoked_tokens_are_void, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
