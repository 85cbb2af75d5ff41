/*
 * The Mobility Header: golden packets field by field and back to the same bytes,
 * the refusals of RFC 6275 9.2, and random messages that survive writing and
 * reading. Options by themselves are in test_wire_mhopt.c.
 */
#include "t.h"
#include "wire/exthdr.h"
#include "wire/mh.h"

/* The Mobility Header of a golden packet. */
static struct golden message(const char *name)
{
	struct golden g = t_golden(name);
	struct exthdr e;

	assert_int_equal(exthdr_read(g.pkt, g.len, &e), EXT_OK);
	assert_int_equal(e.upper, MH_PROTO);
	g.len -= e.upper_at;
	memmove(g.pkt, g.pkt + e.upper_at, g.len);
	return g;
}

static struct mh read_ok(const char *name)
{
	struct golden g = message(name);
	struct mh m;

	assert_int_equal(mh_read(g.pkt, g.len, &m, NULL), MH_OK);
	return m;
}

static const uint8_t auth[12] = {0xa0, 0xa1, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7, 0xa8, 0xa9, 0xaa, 0xab};

static void test_fields_rr(void **state)
{
	struct mh m = read_ok("brr");

	(void)state;
	assert_int_equal(m.type, MH_BRR);
	assert_int_equal(m.opt.has, 0);
	m = read_ok("hoti");
	assert_int_equal(m.type, MH_HOTI);
	assert_true(m.u.init.cookie == 0x0123456789abcdef);
	m = read_ok("coti");
	assert_int_equal(m.type, MH_COTI);
	assert_true(m.u.init.cookie == 0xfedcba9876543210);
	m = read_ok("hot");
	assert_int_equal(m.type, MH_HOT);
	assert_int_equal(m.u.test.nonce, 0x0102);
	assert_true(m.u.test.cookie == 0x0123456789abcdef);
	assert_true(m.u.test.token == 0x1122334455667788);
	m = read_ok("cot");
	assert_int_equal(m.type, MH_COT);
	assert_int_equal(m.u.test.nonce, 0x0304);
	assert_true(m.u.test.cookie == 0xfedcba9876543210);
	assert_true(m.u.test.token == 0x99aabbccddeeff00);
}

static void test_fields_bu(void **state)
{
	struct mh m = read_ok("bu_home");

	(void)state;
	assert_int_equal(m.type, MH_BU);
	assert_int_equal(m.u.bu.seq, 0x1234);
	assert_int_equal(m.u.bu.flags, BU_F_ACK | BU_F_HOME | BU_F_KEYMGMT);
	assert_int_equal(m.u.bu.lifetime * MH_LIFE_UNIT, 420);
	assert_int_equal(m.opt.has, MHO_ALT_COA);
	assert_addr(m.opt.alt_coa, "2001:db8:a::77");
	m = read_ok("bu_home_l");
	assert_int_equal(m.u.bu.flags, BU_F_ACK | BU_F_HOME | BU_F_LINKLOCAL | BU_F_KEYMGMT);
	assert_int_equal(m.u.bu.lifetime, MH_LIFE_INF);
	assert_int_equal(m.opt.has, 0);
	m = read_ok("bu_dereg");
	assert_int_equal(m.u.bu.lifetime, 0);
	assert_int_equal(m.u.bu.seq, 0x8000);
}

/* RFC 3963 4.1-4.3. */
static void test_fields_router(void **state)
{
	struct mh m = read_ok("bu_router");

	(void)state;
	assert_int_equal(m.u.bu.flags, BU_F_ACK | BU_F_HOME | BU_F_ROUTER);
	assert_int_equal(m.opt.has, MHO_ALT_COA | MHO_NETWORK);
	assert_int_equal(m.opt.networks, 2);
	assert_addr(m.opt.network[0].addr, "2001:db8:77::");
	assert_int_equal(m.opt.network[0].plen, 56);
	assert_addr(m.opt.network[1].addr, "2001:db8:78:1::");
	assert_int_equal(m.opt.network[1].plen, 64);
	m = read_ok("ba_router");
	assert_int_equal(m.u.ba.status, BA_NOT_AUTHORIZED);
	assert_int_equal(m.u.ba.flags, BA_F_ROUTER);
}

/* RFC 5555 3.1.2, 3.1.3, 3.2.2: an IPv4 address is the mapped one. */
static void test_fields_ipv4(void **state)
{
	struct mh m = read_ok("bu_ipv4");

	(void)state;
	assert_int_equal(m.u.bu.flags, BU_F_ACK | BU_F_HOME | BU_F_UDP);
	assert_int_equal(m.opt.has, MHO_IPV4_COA);
	assert_addr(m.opt.ipv4_coa, "::ffff:198.51.100.7");
	assert_string_equal(addr_text(&m.opt.ipv4_coa).s, "198.51.100.7");
	m = read_ok("ba_nat");
	assert_int_equal(m.opt.has, MHO_NAT);
	assert_true(m.opt.nat_udp);
	assert_int_equal(m.opt.nat_refresh, 110);
}

static void test_fields_bu_cn(void **state)
{
	struct mh m = read_ok("bu_cn");

	(void)state;
	assert_int_equal(m.opt.has, MHO_NONCES | MHO_AUTH);
	assert_int_equal(m.opt.home_nonce, 0x0102);
	assert_int_equal(m.opt.coa_nonce, 0x0304);
	assert_memory_equal(m.opt.auth, auth, 12);
	assert_int_equal(m.opt.auth_at, 20); /* 12 fixed, 6 nonce indices, 2 of the option itself */
	m = read_ok("bu_auth");
	assert_int_equal(m.opt.has, MHO_ALT_COA | MHO_TIMESTAMP | MHO_MN_HA);
	assert_true(m.opt.timestamp == 0xe8f1a2b3c4d5e6f7);
	assert_int_equal(m.opt.mn_ha.spi, 256);
	assert_int_equal(m.opt.mn_ha.len, 12);
	assert_int_equal(m.opt.mn_ha.at, 52);
	m = read_ok("bu_all");
	assert_int_equal(m.opt.has, MHO_ALT_COA | MHO_NONCES | MHO_AUTH);
	assert_addr(m.opt.alt_coa, "2001:db8:b::88");
	assert_int_equal(m.opt.home_nonce, 0x0102);
	assert_memory_equal(m.opt.auth, auth, 12);
	assert_int_equal(m.opt.auth_at, 44);
}

static void test_fields_ba_be(void **state)
{
	struct mh m = read_ok("ba");

	(void)state;
	assert_int_equal(m.type, MH_BA);
	assert_int_equal(m.u.ba.status, BA_ACCEPTED);
	assert_int_equal(m.u.ba.flags, BA_F_KEYMGMT);
	assert_int_equal(m.u.ba.seq, 0x1234);
	assert_int_equal(m.u.ba.lifetime, 105);
	assert_int_equal(m.opt.has, MHO_REFRESH);
	assert_int_equal(m.opt.refresh, 84);
	m = read_ok("ba_all");
	assert_int_equal(m.u.ba.status, BA_ACCEPTED_PREFIX);
	assert_int_equal(m.opt.has, MHO_REFRESH | MHO_AUTH);
	assert_memory_equal(m.opt.auth, auth, 12);
	m = read_ok("ba_refused");
	assert_int_equal(m.u.ba.status, BA_SEQ_OUT_OF_WINDOW);
	m = read_ok("be");
	assert_int_equal(m.u.be.status, BE_UNKNOWN_HAO);
	assert_addr(m.u.be.home, "2001:db8:1::100");
}

static void put_sum(uint8_t *msg, size_t len, const struct in6_addr *src, const struct in6_addr *dst)
{
	uint16_t sum = mh_checksum(src, dst, msg, len);

	msg[MH_CKSUM_AT] = (uint8_t)(sum >> 8);
	msg[MH_CKSUM_AT + 1] = (uint8_t)sum;
}

static size_t messages;

/* Read, written, checksummed with the home addresses: the same packet. Every truncation: refused. */
static void golden_check(const struct golden *g)
{
	struct exthdr e;
	struct mh m;
	uint8_t again[MH_MAX];
	const uint8_t *msg;
	size_t len, at;
	int n;

	assert_int_equal(exthdr_read(g->pkt, g->len, &e), EXT_OK);
	if (e.upper != MH_PROTO)
		return;
	messages++;
	msg = g->pkt + e.upper_at;
	len = g->len - e.upper_at;
	assert_int_equal(mh_read(msg, len, &m, NULL), MH_OK);
	n = mh_write(&m, again, sizeof(again));
	assert_int_equal(n, len);
	put_sum(again, (size_t)n, e.hao_at ? &e.hao : &e.src, e.rh2_at ? &e.rh2 : &e.dst);
	if (memcmp(again, msg, len) != 0)
		fail_msg("%s: written otherwise than read", g->name);
	for (size_t cut = 0; cut < len; cut++) {
		uint8_t *part = t_copy(msg, cut);

		assert_int_equal(mh_read(part, cut, &m, &at), MH_DROP);
		assert_false(mh_checksum_ok(&e.src, &e.dst, part, cut));
		assert_int_equal(mh_write(&m, again, cut), -ENOSPC);
		free(part);
	}
}

static void test_golden(void **state)
{
	(void)state;
	messages = 0;
	assert_true(t_golden_each(golden_check) > 0);
	assert_int_equal(messages, 22);
}

/* RFC 6275 6.1.1: the pseudo-header has home addresses where the packet has care-of addresses. */
static void test_checksum_home(void **state)
{
	struct golden g = message("bu_home");
	struct in6_addr home = t_addr("2001:db8:1::100"), coa = t_addr("2001:db8:a::77"), ha = t_addr("2001:db8:1::1");
	uint8_t *odd;

	(void)state;
	assert_true(mh_checksum_ok(&home, &ha, g.pkt, g.len));
	assert_false(mh_checksum_ok(&coa, &ha, g.pkt, g.len));
	/* What follows a Next Header of 59 is nobody's, of the checksum neither. */
	g.pkt[g.len] = 0xee;
	assert_true(mh_checksum_ok(&home, &ha, g.pkt, g.len + 1));
	for (size_t i = 0; i < g.len; i++) {
		g.pkt[i] ^= 0x40;
		assert_false(mh_checksum_ok(&home, &ha, g.pkt, g.len));
		g.pkt[i] ^= 0x40;
	}
	odd = t_copy(g.pkt, g.len);
	odd[1] = 0xff;
	assert_false(mh_checksum_ok(&home, &ha, odd, g.len));
	free(odd);
}

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

/* The checks of 9.2 and what they point at. */
static void test_refusals(void **state)
{
	struct golden g = message("hot");

	(void)state;
	verdict(g.pkt, g.len, MH_OK, 0);
	g.pkt[0] = 58;
	verdict(g.pkt, g.len, MH_BAD_PROTO, 0);
	g.pkt[2] = 8; /* type before protocol, as 9.2 has them */
	verdict(g.pkt, g.len, MH_UNKNOWN_TYPE, 2);
	g = message("hot");
	g.pkt[1] = 1;
	verdict(g.pkt, g.len, MH_BAD_LENGTH, 1);
	g.pkt[1] = 3;
	verdict(g.pkt, g.len, MH_DROP, 1);
	g.pkt[1] = 255;
	verdict(g.pkt, g.len, MH_DROP, 1);
	g.pkt[1] = 2;
	for (int type = MH_TYPES; type < 256; type++) {
		g.pkt[2] = (uint8_t)type;
		verdict(g.pkt, g.len, MH_UNKNOWN_TYPE, 2);
	}
}

/* 6.1.2-6.1.9: the least Header Len of every type. */
static void test_least_length(void **state)
{
	static const uint8_t least[MH_TYPES] = {0, 1, 1, 2, 2, 1, 1, 2};
	uint8_t msg[64] = {MH_NO_NEXT};

	(void)state;
	for (unsigned type = 0; type < MH_TYPES; type++) {
		msg[2] = (uint8_t)type;
		for (uint8_t n = 0; n < 4; n++) {
			msg[1] = n;
			verdict(msg, 8 * ((size_t)n + 1), n < least[type] ? MH_BAD_LENGTH : MH_OK, 1);
		}
	}
}

static struct mh random_mh(void)
{
	static const unsigned belongs[MH_TYPES] = {[MH_BU] = MHO_ALT_COA | MHO_NONCES | MHO_IPV4_COA | MHO_AUTH,
		[MH_BA] = MHO_REFRESH | MHO_NAT | MHO_AUTH};
	struct mh m = {.type = (uint8_t)t_below(MH_TYPES)}, noise;

	t_bytes(&noise, sizeof(noise));
	switch (m.type) {
	case MH_HOTI:
	case MH_COTI: m.u.init = noise.u.init; break;
	case MH_HOT:
	case MH_COT:
		m.u.test.nonce = noise.u.test.nonce;
		m.u.test.cookie = noise.u.test.cookie;
		m.u.test.token = noise.u.test.token;
		break;
	case MH_BU: m.u.bu = noise.u.bu; break;
	case MH_BA:
		m.u.ba.status = noise.u.ba.status;
		m.u.ba.flags = noise.u.ba.flags;
		m.u.ba.seq = noise.u.ba.seq;
		m.u.ba.lifetime = noise.u.ba.lifetime;
		break;
	case MH_BE:
		m.u.be.status = noise.u.be.status;
		m.u.be.home = noise.u.be.home;
		break;
	default: break;
	}
	m.opt.has = noise.opt.has & belongs[m.type];
	if (m.opt.has & MHO_REFRESH)
		m.opt.refresh = noise.opt.refresh;
	if (m.opt.has & MHO_ALT_COA)
		m.opt.alt_coa = noise.opt.alt_coa;
	if (m.opt.has & MHO_NONCES)
		m.opt.home_nonce = noise.opt.home_nonce, m.opt.coa_nonce = noise.opt.coa_nonce;
	if (m.opt.has & MHO_NAT) {
		m.opt.nat_udp = noise.opt.home_nonce & 1;
		m.opt.nat_refresh = noise.opt.nat_refresh;
	}
	if (m.opt.has & MHO_IPV4_COA)
		m.opt.ipv4_coa = addr_mapped(&noise.opt.ipv4_coa);
	if (m.opt.has & MHO_AUTH)
		memcpy(m.opt.auth, noise.opt.auth, sizeof(m.opt.auth));
	return m;
}

static void test_random_round_trip(void **state)
{
	uint8_t data[MH_MAX], again[MH_MAX];

	(void)state;
	t_seed();
	for (int i = 0; i < 20000; i++) {
		struct mh m = random_mh(), back;
		int n = mh_write(&m, data, sizeof(data));

		assert_true(n > 0);
		assert_int_equal(mh_read(data, (size_t)n, &back, NULL), MH_OK);
		assert_memory_equal(&back.u, &m.u, sizeof(m.u));
		assert_memory_equal(&back.opt, &m.opt, sizeof(m.opt));
		assert_int_equal(mh_write(&back, again, sizeof(again)), n);
		assert_memory_equal(again, data, (size_t)n);
	}
}

/* Header in order, the rest noise: whatever is accepted can be written, and reads back as it was accepted. */
static void test_random_noise(void **state)
{
	size_t accepted = 0;

	(void)state;
	t_seed();
	for (int i = 0; i < 50000; i++) {
		size_t len = 8 * (1 + (size_t)t_below(8));
		uint8_t noise[64], out[MH_MAX], *exact;
		struct mh m, back;
		int n;

		t_bytes(noise, sizeof(noise));
		noise[0] = MH_NO_NEXT;
		noise[1] = (uint8_t)(len / 8 - 1);
		noise[2] &= 7;
		for (size_t p = 12; p + 1 < len; p++) /* options that often fit */
			noise[p] = t_below(3) ? noise[p] & 7 : noise[p];
		exact = t_copy(noise, len);
		if (mh_read(exact, len, &m, NULL) == MH_OK) {
			accepted++;
			n = mh_write(&m, out, sizeof(out));
			assert_true(n > 0);
			assert_int_equal(mh_read(out, (size_t)n, &back, NULL), MH_OK);
			assert_memory_equal(&back.u, &m.u, sizeof(m.u));
			assert_int_equal(back.opt.has, m.opt.has);
		}
		free(exact);
	}
	assert_true(accepted > 100);
}

static void test_texts(void **state)
{
	(void)state;
	assert_string_equal(mh_type_name(MH_BRR), "BRR");
	assert_string_equal(mh_type_name(MH_COT), "CoT");
	assert_string_equal(mh_type_name(MH_BE), "BE");
	assert_null(mh_type_name(MH_TYPES));
	assert_null(mh_type_name(255));
	assert_string_equal(ba_status_text(BA_ACCEPTED), "binding update accepted");
	assert_string_equal(ba_status_text(BA_SEQ_OUT_OF_WINDOW), "sequence number out of window");
	assert_string_equal(ba_status_text(BA_INVALID_COA), "invalid care-of address");
	assert_string_equal(ba_status_text(2), "unknown status");
	assert_string_equal(ba_status_text(255), "unknown status");
	assert_string_equal(be_status_text(BE_UNKNOWN_TYPE), "unknown type");
	assert_string_equal(be_status_text(0), "unknown status");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields_rr),
		cmocka_unit_test(test_fields_bu),
		cmocka_unit_test(test_fields_router),
		cmocka_unit_test(test_fields_ipv4),
		cmocka_unit_test(test_fields_bu_cn),
		cmocka_unit_test(test_fields_ba_be),
		cmocka_unit_test(test_golden),
		cmocka_unit_test(test_checksum_home),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_least_length),
		cmocka_unit_test(test_random_round_trip),
		cmocka_unit_test(test_random_noise),
		cmocka_unit_test(test_texts),
	};

	return cmocka_run_group_tests_name("wire_mh", tests, NULL, NULL);
}
