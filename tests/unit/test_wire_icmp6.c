/*
 * ICMPv6: golden packets field by field and back to the same bytes, options of
 * length 0, of wrong length and unknown (RFC 4861 6.1.2), lists longer than we
 * keep, the Parameter Problem, and checksums with known answers.
 */
#include "t.h"
#include "wire/exthdr.h"
#include "wire/icmp6.h"

static const uint8_t mac[6] = {2, 0, 0, 0, 0, 1};

/* The ICMPv6 message of a golden packet. */
static struct golden message(const char *name)
{
	struct golden g = t_golden(name);
	struct exthdr e;

	assert_int_equal(exthdr_read(g.pkt, g.len, &e), EXT_OK);
	assert_int_equal(e.upper, IPPROTO_ICMPV6);
	g.len -= e.upper_at;
	memmove(g.pkt, g.pkt + e.upper_at, g.len);
	return g;
}

/* What was written is the golden message, but for the checksum. */
static void same(const uint8_t *data, int n, const struct golden *g)
{
	assert_int_equal(n, g->len);
	assert_int_equal(data[2] | data[3], 0);
	assert_memory_equal(data, g->pkt, 2);
	assert_memory_equal(data + 4, g->pkt + 4, g->len - 4);
}

static void test_ra(void **state)
{
	struct golden g = message("ra");
	struct nd_ra ra;
	uint8_t out[1280];

	(void)state;
	assert_int_equal(ra_read(g.pkt, g.len, &ra), 0);
	assert_int_equal(ra.hop_limit, 64);
	assert_false(ra.managed);
	assert_true(ra.other);
	assert_true(ra.home_agent);
	assert_int_equal(ra.router_lifetime, 1800);
	assert_true(ra.has_lladdr);
	assert_memory_equal(ra.lladdr, mac, 6);
	assert_int_equal(ra.prefixes, 1);
	assert_addr(ra.prefix[0].prefix, "2001:db8:1::1");
	assert_int_equal(ra.prefix[0].len, 64);
	assert_true(ra.prefix[0].onlink && ra.prefix[0].autoconf && ra.prefix[0].router);
	assert_int_equal(ra.prefix[0].valid, 2592000);
	assert_int_equal(ra.prefix[0].preferred, 604800);
	assert_true(ra.has_interval);
	assert_int_equal(ra.interval_ms, 1500);
	assert_true(ra.has_ha_info);
	assert_int_equal((int16_t)ra.ha_preference, -2);
	assert_int_equal(ra.ha_lifetime, 1800);
	same(out, ra_write(&ra, out, sizeof(out)), &g);
	assert_false(ra.ha_routers);
	ra.ha_routers = true; /* RFC 3963 7.3 */
	assert_int_equal(ra_write(&ra, out, sizeof(out)), g.len);
	ra.ha_routers = false;
	assert_int_equal(ra_read(out, g.len, &ra), 0);
	assert_true(ra.ha_routers);
	for (size_t cap = 0; cap < g.len; cap++)
		assert_int_equal(ra_write(&ra, out, cap), -ENOSPC);
}

static void test_mpa(void **state)
{
	struct golden g = message("mpa");
	struct nd_ra ra;
	uint8_t out[1280];

	(void)state;
	assert_int_equal(mpa_read(g.pkt, g.len, &ra), 0);
	assert_int_equal(ra.id, 0xcafe);
	assert_true(ra.managed);
	assert_false(ra.other);
	assert_int_equal(ra.prefixes, 2);
	assert_addr(ra.prefix[0].prefix, "2001:db8:1::");
	assert_int_equal(ra.prefix[0].valid, 86400);
	assert_int_equal(ra.prefix[0].preferred, 14400);
	assert_true(ra.prefix[0].onlink && ra.prefix[0].autoconf);
	assert_false(ra.prefix[0].router);
	assert_addr(ra.prefix[1].prefix, "2001:db8:2::");
	assert_true(ra.prefix[1].valid == 0xffffffff);
	assert_int_equal(ra.prefix[1].preferred, 0);
	assert_false(ra.prefix[1].onlink);
	same(out, mpa_write(&ra, out, sizeof(out)), &g);
}

static void test_nx(void **state)
{
	struct golden g = message("ns");
	struct nd_nx nx;
	uint8_t out[1280];

	(void)state;
	assert_int_equal(nx_read(g.pkt, g.len, &nx), 0);
	assert_addr(nx.target, "fe80::ff:fe00:1");
	assert_true(nx.has_lladdr);
	assert_int_equal(nx.lladdr[5], 2);
	assert_false(nx.router || nx.solicited || nx.override);
	same(out, ns_write(&nx, out, sizeof(out)), &g);
	g.pkt[24] = 2; /* a target address option says nothing in a solicitation */
	assert_int_equal(nx_read(g.pkt, g.len, &nx), 0);
	assert_false(nx.has_lladdr);
	g = message("na");
	assert_int_equal(nx_read(g.pkt, g.len, &nx), 0);
	assert_addr(nx.target, "2001:db8:1::100");
	assert_true(nx.router && nx.override);
	assert_false(nx.solicited);
	assert_memory_equal(nx.lladdr, mac, 6);
	same(out, na_write(&nx, out, sizeof(out)), &g);
	g.pkt[8] = 0xff; /* 7.1.2: the target is not multicast */
	assert_int_equal(nx_read(g.pkt, g.len, &nx), -EBADMSG);
}

static void test_rs(void **state)
{
	struct golden g = message("rs");
	uint8_t out[64];

	(void)state;
	same(out, rs_write(out, sizeof(out), (const uint8_t[]){2, 0, 0, 0, 0, 2}), &g);
	assert_int_equal(rs_write(out, sizeof(out), NULL), 8);
	assert_int_equal(rs_write(out, 15, mac), -ENOSPC);
}

static void test_dhaad(void **state)
{
	struct golden g = message("dhaad_req");
	struct dhaad d;
	uint8_t out[1280];

	(void)state;
	assert_int_equal(dhaad_read(g.pkt, g.len, &d), 0);
	assert_int_equal(d.id, 0xbeef);
	assert_int_equal(d.agents, 0);
	same(out, dhaad_write(&d, false, out, sizeof(out)), &g);
	g = message("dhaad_rep");
	assert_int_equal(dhaad_read(g.pkt, g.len, &d), 0);
	assert_int_equal(d.id, 0xbeef);
	assert_int_equal(d.agents, 2);
	assert_addr(d.agent[0], "2001:db8:1::1");
	assert_addr(d.agent[1], "2001:db8:1::2");
	same(out, dhaad_write(&d, true, out, sizeof(out)), &g);
	assert_false(d.routers);
	g = message("dhaad_req_r"); /* RFC 3963 7 */
	assert_int_equal(dhaad_read(g.pkt, g.len, &d), 0);
	assert_true(d.routers);
	same(out, dhaad_write(&d, false, out, sizeof(out)), &g);
	g = message("dhaad_rep_r");
	assert_int_equal(dhaad_read(g.pkt, g.len, &d), 0);
	assert_true(d.routers);
	same(out, dhaad_write(&d, true, out, sizeof(out)), &g);
	for (size_t cut = 1; cut < 16; cut++)
		assert_int_equal(dhaad_read(g.pkt, g.len - cut, &d), -EBADMSG);
	/* More than we keep: the first, which are the preferred. */
	memset(out, 0, sizeof(out));
	out[0] = ICMP6_DHAAD_REP;
	out[8] = 1;
	assert_int_equal(dhaad_read(out, 8 + 16 * (DHAAD_MAX + 1), &d), 0);
	assert_int_equal(d.agents, DHAAD_MAX);
	assert_int_equal(d.agent[0].s6_addr[0], 1);
}

static void test_mps(void **state)
{
	struct golden g = message("mps");
	uint8_t out[64];
	uint16_t id;

	(void)state;
	assert_int_equal(mps_read(g.pkt, g.len, &id), 0);
	assert_int_equal(id, 0xcafe);
	same(out, mps_write(id, out, sizeof(out)), &g);
	assert_int_equal(mps_read(g.pkt, 7, &id), -EBADMSG);
}

/* All readers over the same exact bytes. */
static void all_readers(const uint8_t *data, size_t len, int got[5])
{
	struct nd_ra ra;
	struct nd_nx nx;
	struct dhaad d;
	uint16_t id;

	got[0] = ra_read(data, len, &ra);
	got[1] = mpa_read(data, len, &ra);
	got[2] = nx_read(data, len, &nx);
	got[3] = dhaad_read(data, len, &d);
	got[4] = mps_read(data, len, &id);
}

static const struct {
	const char *name;
	int reader; /* of all_readers(), -1: none */
	size_t least;
} kinds[] = {
	{"ra", 0, 16},
	{"mpa", 1, 8},
	{"ns", 2, 24},
	{"na", 2, 24},
	{"dhaad_req", 3, 8},
	{"dhaad_rep", 3, 8},
	{"dhaad_req_r", 3, 8},
	{"dhaad_rep_r", 3, 8},
	{"mps", 4, 8},
	{"rs", -1, 8},
};

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

/* Only the reader of its type takes a message, code 0 alone, and nothing shorter than its fixed part or inside an
 * option. */
static void test_type_code_length(void **state)
{
	int got[5];

	(void)state;
	for (size_t i = 0; i < KINDS; i++) {
		struct golden g = message(kinds[i].name);

		all_readers(g.pkt, g.len, got);
		for (int r = 0; r < 5; r++)
			assert_int_equal(got[r], r == kinds[i].reader ? 0 : -EINVAL);
		for (size_t cut = 0; cut < g.len && kinds[i].reader >= 0; cut++) {
			uint8_t *part = t_copy(g.pkt, cut);

			all_readers(part, cut, got);
			if (cut < kinds[i].least || cut % 8)
				assert_int_equal(got[kinds[i].reader], -EBADMSG);
			free(part);
		}
		g.pkt[1] = 1;
		all_readers(g.pkt, g.len, got);
		assert_true(kinds[i].reader < 0 || got[kinds[i].reader] == -EBADMSG);
	}
}

/* A Router Advertisement with these options. */
static int ra_with(const void *opts, size_t n, struct nd_ra *ra)
{
	uint8_t data[256] = {ICMP6_RA}, *exact;
	int got;

	memcpy(data + 16, opts, n);
	exact = t_copy(data, 16 + n);
	got = ra_read(exact, 16 + n, ra);
	free(exact);
	return got;
}

static void test_options(void **state)
{
	static const uint8_t zero[8] = {99, 0}, unknown[24] = {99, 2, [16] = 1, 1, 2, 0, 0, 0, 0, 1};
	static const uint8_t cut[8] = {1, 2}, half[1] = {1}, wrong[8] = {3, 1}, longer[16] = {1, 2};
	struct nd_ra ra, before;

	(void)state;
	memset(&ra, 0x5a, sizeof(ra));
	before = ra;
	assert_int_equal(ra_with(zero, 8, &ra), -EBADMSG);
	assert_int_equal(ra_with(cut, 8, &ra), -EBADMSG);
	assert_int_equal(ra_with(half, 1, &ra), -EBADMSG);
	assert_memory_equal(&ra, &before, sizeof(ra));
	assert_int_equal(ra_with(unknown, 24, &ra), 0);
	assert_true(ra.has_lladdr);
	assert_memory_equal(ra.lladdr, mac, 6);
	assert_int_equal(ra_with(wrong, 8, &ra), 0);
	assert_int_equal(ra.prefixes, 0);
	assert_int_equal(ra_with(longer, 16, &ra), 0);
	assert_false(ra.has_lladdr);
}

static void test_prefixes(void **state)
{
	uint8_t data[16 + 32 * (RA_PREFIXES_MAX + 1)] = {ICMP6_RA};
	struct nd_ra ra;

	(void)state;
	for (size_t i = 0; i <= RA_PREFIXES_MAX; i++)
		memcpy(data + 16 + 32 * i, (const uint8_t[]){3, 4, (uint8_t)i}, 3);
	assert_int_equal(ra_read(data, sizeof(data), &ra), 0);
	assert_int_equal(ra.prefixes, RA_PREFIXES_MAX);
	assert_int_equal(ra.prefix[RA_PREFIXES_MAX - 1].len, RA_PREFIXES_MAX - 1);
	data[18] = 129; /* no such prefix */
	assert_int_equal(ra_read(data, sizeof(data), &ra), 0);
	assert_int_equal(ra.prefix[0].len, 1);
}

static void test_param_problem(void **state)
{
	static const uint8_t head[8] = {4, 2, 0, 0, 0, 0, 1, 2};
	uint8_t pkt[1500], out[1500];

	(void)state;
	memset(pkt, 0xab, sizeof(pkt));
	assert_int_equal(icmp6_error_write(ICMP6_PARAM_PROB_T, 2, 0x102, pkt, 100, out, sizeof(out)), 108);
	assert_memory_equal(out, head, 8);
	assert_memory_equal(out + 8, pkt, 100);
	/* RFC 4443 2.4 (c): as much as fits 1280 with the IPv6 header. */
	assert_int_equal(icmp6_error_write(ICMP6_PARAM_PROB_T, 0, 0, pkt, sizeof(pkt), out, sizeof(out)), 1240);
	assert_int_equal(icmp6_error_write(ICMP6_PARAM_PROB_T, 0, 0, pkt, 100, out, 107), -ENOSPC);
}

/* The worked example of RFC 1071 3: the words sum to ddf2. Here the length, 8, and the protocol come on top. */
static void test_checksum_known(void **state)
{
	static const uint8_t rfc1071[8] = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};
	struct in6_addr any = IN6ADDR_ANY_INIT, ones;

	(void)state;
	assert_int_equal(ip6_checksum(&any, &any, 0, rfc1071, 8), (uint16_t) ~(0xddf2 + 8));
	assert_int_equal(ip6_checksum(&any, &any, 135, rfc1071, 8), (uint16_t) ~(0xddf2 + 8 + 135));
	/* An odd octet counts as the high one: f600 for f6f7. */
	assert_int_equal(ip6_checksum(&any, &any, 0, rfc1071, 7), (uint16_t) ~(0xddf2 - 0xf7 + 7));
	memset(&ones, 0xff, sizeof(ones));
	assert_int_equal(ip6_checksum(&ones, &any, 0, rfc1071, 8), (uint16_t) ~(0xddf2 + 8));
	assert_int_equal(ip6_checksum(&any, &any, 0, NULL, 0), 0xffff);
}

/* One address for the other, and the sum is right again: addition does not care. A changed octet, and it is not. */
static void test_checksum_golden(void **state)
{
	struct in6_addr home = t_addr("2001:db8:1::100"), ha = t_addr("2001:db8:1::1"), coa = t_addr("2001:db8:a::77");
	struct golden g = message("mps");

	(void)state;
	assert_int_equal(ip6_checksum(&home, &ha, 58, g.pkt, g.len), 0);
	assert_int_equal(ip6_checksum(&ha, &home, 58, g.pkt, g.len), 0);
	assert_int_not_equal(ip6_checksum(&coa, &ha, 58, g.pkt, g.len), 0);
	assert_int_not_equal(ip6_checksum(&home, &ha, 135, g.pkt, g.len), 0);
	g.pkt[5]++;
	assert_int_not_equal(ip6_checksum(&home, &ha, 58, g.pkt, g.len), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ra),
		cmocka_unit_test(test_mpa),
		cmocka_unit_test(test_nx),
		cmocka_unit_test(test_rs),
		cmocka_unit_test(test_dhaad),
		cmocka_unit_test(test_mps),
		cmocka_unit_test(test_type_code_length),
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_prefixes),
		cmocka_unit_test(test_param_problem),
		cmocka_unit_test(test_checksum_known),
		cmocka_unit_test(test_checksum_golden),
	};

	return cmocka_run_group_tests_name("wire_icmp6", tests, NULL, NULL);
}
