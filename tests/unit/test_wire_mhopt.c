/*
 * The options of a Mobility Header (RFC 6275 6.2): which are skipped and which are
 * malformed, doubled ones, those foreign to a message, and their alignment; the identifier of RFC 4283, and
 * authentication and replay protection of RFC 4285.
 */
#include "t.h"
#include "wire/exthdr.h"
#include "wire/mh.h"
#include "wire/mhauth.h"

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
	static const unsigned belongs[MH_TYPES] = {[MH_BU] = MHO_ALT_COA | MHO_NONCES | MHO_NETWORK | MHO_IPV4_HOME |
							     MHO_IPV4_COA | MHO_AUTH | MHO_MN_ID | MHO_TIMESTAMP |
							     MHO_MN_HA | MHO_MN_AAA,
		[MH_BA] = MHO_REFRESH | MHO_IPV4_ACK | MHO_NAT | MHO_AUTH | MHO_MN_ID | MHO_TIMESTAMP | MHO_MN_HA};
	uint8_t data[MH_MAX];

	(void)state;
	for (unsigned type = 0; type < MH_TYPES; type++)
		for (unsigned bit = 1; bit < 1 << 14; bit <<= 1) {
			struct mh m = {.type = (uint8_t)type, .opt.has = bit};
			int n = mh_write(&m, data, sizeof(data));

			assert_true(bit & belongs[type] ? n > 0 : n == -EINVAL);
		}
	for (int type = MH_TYPES; type < 256; type++)
		assert_int_equal(mh_write(&(struct mh){.type = (uint8_t)type}, data, sizeof(data)), -EINVAL);
}

/* RFC 5555 3.1.1, 3.2.1: what is reserved says nothing, and a length no address has is the role's to refuse. */
static void test_options_ipv4_home(void **state)
{
	struct mh m;
	uint8_t data[MH_MAX];

	(void)state;
	OPTIONS(MH_OK, 0, MHO_IPV4_HOME, 1, 2, 0, 0, 29, 6, 0x71, 0xff, 198, 51, 100, 64);
	OPTIONS(MH_DROP, 12, 0, 29, 5, 0x80, 0, 198, 51, 100, 1, 3, 0, 0, 0);
	OPTIONS(MH_OK, 0, 0, 1, 2, 0, 0, 30, 6, 0, 0x80, 198, 51, 100, 7); /* an acknowledgement's */
	m = (struct mh){0};
	assert_int_equal(
		mh_read(data, bu_with(data, (const uint8_t[]){1, 2, 0, 0, 29, 6, 0x72, 0, 198, 51, 100, 64}, 12), &m,
			NULL),
		MH_OK);
	assert_string_equal(addr_text(&m.opt.ipv4_home.addr).s, "198.51.100.64");
	assert_int_equal(m.opt.ipv4_home.plen, 96 + 28);
	assert_true(m.opt.ipv4_prefix);
	assert_int_equal(mh_read(data, bu_with(data, (const uint8_t[]){1, 2, 0, 0, 29, 6, 0xfd, 0xff, 0, 0, 0, 0}, 12),
				 &m, NULL),
		MH_OK);
	assert_int_equal(m.opt.ipv4_home.plen, 96 + 63);
	assert_false(m.opt.ipv4_prefix);
	m = (struct mh){.type = MH_BA, .opt = {.has = MHO_IPV4_ACK, .ipv4_status = IPV4_INCORRECT}};
	m.opt.ipv4_home = (struct addr_prefix){t_addr("::ffff:198.51.100.7"), 128};
	assert_int_equal(mh_write(&m, data, sizeof(data)), 24);
	assert_memory_equal(data + 12, ((const uint8_t[]){30, 6, 130, 0x80, 198, 51, 100, 7}), 8);
	assert_int_equal(mh_read(data, 24, &m, NULL), MH_OK);
	assert_int_equal(m.opt.has, MHO_IPV4_ACK);
	assert_int_equal(m.opt.ipv4_status, IPV4_INCORRECT);
	assert_int_equal(m.opt.ipv4_home.plen, 128);
	for (int status = 0; status < 256; status++)
		assert_string_not_equal(ipv4_status_text((uint8_t)status), "");
}

#define NAI "mn1@example.org"

/* The options of RFC 4283 and RFC 4285, as the home agent of a mobile node has them. */
static struct mh_opts opts_of(unsigned has)
{
	return (struct mh_opts){.has = has,
		.networks = 2,
		.ipv4_home = {.plen = 128},
		.mn_id = (const uint8_t *)NAI,
		.mn_id_len = sizeof(NAI) - 1,
		.timestamp = 0xe8f1a2b3c4d5e6f7,
		.mn_ha = {.spi = 256, .len = 12, .bytes = {1, 2, 3}},
		.mn_aaa = {.spi = 3, .len = 12, .bytes = {4, 5, 6}}};
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
		[8] = {1, 0, 1 + sizeof(NAI) - 1},
		[9] = {4, 1, 17},
		[10] = {8, 2, 8},
		[29] = {4, 0, 6},
		[30] = {4, 0, 6},
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
	for (unsigned has = 0; has < 1 << 13; has++) {
		struct mh bu = {.type = MH_BU, .opt = opts_of(has & ~(MHO_REFRESH | MHO_NAT | MHO_IPV4_ACK))},
			  ba = {.type = MH_BA};
		int n = mh_write(&bu, data, sizeof(data));

		assert_true(n > 0);
		alignment_check(data, (size_t)n, 12);
		if (has & MHO_MN_AAA)
			assert_int_equal(bu.opt.mn_aaa.at, n - 12);
		else if (has & MHO_MN_HA)
			assert_int_equal(bu.opt.mn_ha.at, n - 12);
		else if (has & MHO_AUTH)
			assert_int_equal(bu.opt.auth_at, n - 12);
		ba.opt = opts_of(has & (MHO_REFRESH | MHO_IPV4_ACK | MHO_NAT | MHO_AUTH | MHO_TIMESTAMP | MHO_MN_HA |
					       MHO_MN_ID));
		n = mh_write(&ba, data, sizeof(data));
		assert_true(n > 0);
		alignment_check(data, (size_t)n, 12);
	}
}

/* What is written is read, and the identifier is where it stands. */
static void test_by_key_read(void **state)
{
	uint8_t data[MH_MAX];
	struct mh bu = {.type = MH_BU, .opt = opts_of(MHO_MN_ID | MHO_TIMESTAMP | MHO_MN_HA | MHO_MN_AAA)}, back;
	int n = mh_write(&bu, data, sizeof(data));

	(void)state;
	assert_true(n > 0);
	assert_int_equal(mh_read(data, (size_t)n, &back, NULL), MH_OK);
	assert_int_equal(back.opt.has, bu.opt.has);
	assert_int_equal(back.opt.mn_id_len, sizeof(NAI) - 1);
	assert_memory_equal(back.opt.mn_id, NAI, sizeof(NAI) - 1);
	assert_true(back.opt.mn_id > data && back.opt.mn_id < data + n);
	assert_true(back.opt.timestamp == bu.opt.timestamp);
	assert_memory_equal(&back.opt.mn_ha, &bu.opt.mn_ha, sizeof(bu.opt.mn_ha));
	assert_memory_equal(&back.opt.mn_aaa, &bu.opt.mn_aaa, sizeof(bu.opt.mn_aaa));
}

/* RFC 4285 5.1, 5.2: the authenticator covers nothing behind it, so nothing may stand there but padding and one of
 * another subtype. */
static void test_by_key_last(void **state)
{
	(void)state;
	OPTIONS(MH_OK, 0, MHO_MN_HA, 0, 9, 5, 1, 0, 0, 1, 0, 0, 0, 0, 0);			  /* Pad1 */
	OPTIONS(MH_OK, 0, MHO_MN_HA, 0, 9, 5, 1, 0, 0, 1, 0, 1, 2, 0, 0);			  /* PadN */
	OPTIONS(MH_OK, 0, MHO_MN_HA, 0, 9, 5, 1, 0, 0, 1, 0, 9, 5, 9, 0, 0, 0, 1, 0, 0, 0, 0, 0); /* subtype 9 */
	OPTIONS(MH_DROP, 20, 0, 0, 9, 5, 1, 0, 0, 1, 0, 42, 2, 0, 0);				  /* unknown */
	OPTIONS(MH_DROP, 20, 0, 0, 9, 5, 1, 0, 0, 1, 0, 4, 4, 0, 1, 0, 2, 0, 0, 0, 0, 0, 0);	  /* nonces */
	OPTIONS(MH_DROP, 20, 0, 0, 9, 5, 1, 0, 0, 1, 0, 5, 10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);	  /* 6.2.7's */
	OPTIONS(MH_OK, 0, MHO_MN_HA | MHO_MN_AAA, 0, 9, 5, 1, 0, 0, 1, 0, 9, 5, 2, 0, 0, 0, 3, 0, 0, 0, 0,
		0);									     /* MN-AAA */
	OPTIONS(MH_DROP, 20, 0, 0, 9, 5, 2, 0, 0, 0, 3, 9, 5, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0); /* before MN-HA */
}

static void test_by_key_malformed(void **state)
{
	(void)state;
	OPTIONS(MH_DROP, 13, 0, 0, 9, 4, 1, 0, 0, 1, 0, 0, 0, 0, 0); /* no room for an SPI */
	OPTIONS(MH_DROP, 12, 0, 10, 2, 0, 0);			     /* half a timestamp */
	OPTIONS(MH_OK, 0, 0, 9, 0, 0, 0);			     /* no subtype at all: none that is known */
	OPTIONS(MH_OK, 0, 0, 8, 2, 2, 0);			     /* an identifier that is no NAI */
	OPTIONS(MH_OK, 0, MHO_MN_ID, 8, 1, 1, 0);		     /* an empty one */
}

/* RFC 4285 5.1, as another implementation of HMAC has it: a key of 00 .. 0f (1f), care-of address 2001:db8:a::5, home
 * address 2001:db8:1::100, and a Binding Update as the mobile node sends it. The checksum counts as 0. */
static void test_by_key_signed(void **state)
{
	static const struct {
		uint8_t alg, len;
		uint8_t mac[MH_MAC_MAX];
	} want[] = {
		{MH_HMAC_SHA1, 12, {0x6b, 0xb1, 0x0c, 0x23, 0x0f, 0x1f, 0x1a, 0xb0, 0x54, 0xde, 0xbf, 0x23}},
		{MH_HMAC_SHA256, 16,
			{0x96, 0xdd, 0x42, 0x8a, 0x63, 0x88, 0x01, 0x9e, 0x66, 0xbc, 0xd1, 0x84, 0x41, 0x94, 0xc8,
				0x19}},
	};
	struct mh_auth auth = {.coa = t_addr("2001:db8:a::5"), .end = t_addr("2001:db8:1::100")};
	uint8_t data[128];

	(void)state;
	for (uint8_t i = 0; i < MH_KEY_MAX; i++)
		auth.key[i] = i;
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		struct mh bu = {.type = MH_BU, .u.bu = {.seq = 0x1234, .flags = BU_F_ACK | BU_F_HOME, .lifetime = 105}},
			  m;
		int n;

		bu.opt = opts_of(MHO_ALT_COA | MHO_TIMESTAMP | MHO_MN_HA);
		bu.opt.alt_coa = auth.coa;
		bu.opt.mn_ha.len = want[i].len;
		auth.alg = want[i].alg;
		assert_int_equal(mh_mac_len(auth.alg), want[i].len);
		n = mh_write(&bu, data, sizeof(data));
		assert_int_equal(n, want[i].len == 12 ? 64 : 72);
		mh_sign(&auth, &bu, data);
		assert_memory_equal(data + bu.opt.mn_ha.at, want[i].mac, want[i].len);
		data[MH_CKSUM_AT] = 0xab;
		for (int bit = 0; bit < 8 * n; bit++) {
			uint8_t was = data[bit / 8];
			bool covered = bit / 8 != MH_CKSUM_AT && bit / 8 != MH_CKSUM_AT + 1;

			data[bit / 8] ^= (uint8_t)(1 << bit % 8);
			if (mh_read(data, (size_t)n, &m, NULL) == MH_OK)
				assert_int_equal(mh_signed(&auth, &m), !covered);
			data[bit / 8] = was;
		}
		bu.opt.mn_ha.len = 8; /* truncated */
		n = mh_write(&bu, data, sizeof(data));
		mh_sign(&auth, &bu, data);
		assert_int_equal(mh_read(data, (size_t)n, &m, NULL), MH_OK);
		assert_false(mh_signed(&auth, &m));
	}
}

/* Microseconds survive, but for what a fraction of 32 bits rounds off. */
static void test_timestamp(void **state)
{
	(void)state;
	assert_true(mh_timestamp(0) == (uint64_t)2208988800 << 32);
	assert_true(mh_timestamp(SEC / 2) == ((uint64_t)2208988800 << 32 | 0x80000000));
	for (usec t = 0; t < 4000000000 * SEC; t += 12345678901) {
		usec back = mh_time(mh_timestamp(t));

		assert_true(back == t || back == t - 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_options_skipped),
		cmocka_unit_test(test_options_malformed),
		cmocka_unit_test(test_options_auth_last),
		cmocka_unit_test(test_options_doubled),
		cmocka_unit_test(test_options_ipv4_home),
		cmocka_unit_test(test_options_networks),
		cmocka_unit_test(test_write_foreign),
		cmocka_unit_test(test_alignment),
		cmocka_unit_test(test_by_key_read),
		cmocka_unit_test(test_timestamp),
		cmocka_unit_test(test_by_key_last),
		cmocka_unit_test(test_by_key_malformed),
		cmocka_unit_test(test_by_key_signed),
	};

	return cmocka_run_group_tests_name("wire_mhopt", tests, NULL, NULL);
}
