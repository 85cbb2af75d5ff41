/*
 * Extension headers: where HAO and RH2 are found and when they are refused (RFC
 * 6275 6.3, 6.4, 9.3.1, 11.3.3). Taking them out and putting them in is in
 * test_wire_edit.c.
 */
#include "t.h"
#include "wire/exthdr.h"

#define HOA  "2001:db8:1::100"
#define HOA2 "2001:db8:2::200"
#define COA  "2001:db8:a::77"
#define COA2 "2001:db8:b::88"
#define CN   "2001:db8:c::2"

static struct exthdr read_ok(const struct golden *g)
{
	struct exthdr e;

	assert_int_equal(exthdr_read(g->pkt, g->len, &e), EXT_OK);
	return e;
}

/* Reads a copy that ends where the packet ends; what is said besides the verdict must be `at`. */
static void refused(const struct golden *g, enum exthdr_verdict want, size_t at)
{
	uint8_t *exact = t_copy(g->pkt, g->len);
	struct exthdr e;

	assert_int_equal(exthdr_read(exact, g->len, &e), want);
	assert_int_equal(e.at, at);
	free(exact);
}

static void test_fields(void **state)
{
	struct golden g = t_golden("hbh_rh2_hao_udp");
	struct exthdr e = read_ok(&g);

	(void)state;
	assert_addr(e.src, COA);
	assert_addr(e.dst, COA2);
	assert_addr(e.hao, HOA);
	assert_addr(e.rh2, HOA2);
	assert_int_equal(e.rh2_at, 48);
	assert_int_equal(e.rh2_segleft, 1);
	assert_int_equal(e.hao_at, 72);
	assert_int_equal(e.hao_opt_at, 78);
	assert_int_equal(e.upper_at, 96);
	assert_int_equal(e.upper, IPPROTO_UDP);
	assert_int_equal(e.end, g.len);
	assert_false(e.fragment);
}

static void test_fields_none(void **state)
{
	struct golden g = t_golden("udp");
	struct exthdr e = read_ok(&g);

	(void)state;
	assert_int_equal(e.hao_at, 0);
	assert_int_equal(e.rh2_at, 0);
	assert_int_equal(e.upper_at, 40);
	assert_int_equal(e.upper, IPPROTO_UDP);
	g.len += 6; /* padding of a link: not of the packet */
	assert_int_equal(read_ok(&g).end, g.len - 6);
}

static void test_stops(void **state)
{
	struct golden g = t_golden("rh2_hao_esp");

	(void)state;
	assert_int_equal(read_ok(&g).upper, IPPROTO_ESP);
	assert_int_equal(read_ok(&g).upper_at, 88);
	g = t_golden("udp");
	g.pkt[6] = IPPROTO_AH;
	assert_int_equal(read_ok(&g).upper, IPPROTO_AH);
	g.pkt[6] = IPPROTO_IPV6;
	assert_int_equal(read_ok(&g).upper, IPPROTO_IPV6);
	/* Hop-by-hop options anywhere but first (RFC 8200 4). */
	g = t_golden("rh2_udp");
	g.pkt[40] = IPPROTO_HOPOPTS;
	g.pkt[64] = IPPROTO_UDP; /* well-formed */
	g.pkt[65] = 0;
	refused(&g, EXT_DROP, 64);
}

static void test_fragments(void **state)
{
	struct golden g = t_golden("hao_frag_first");
	struct exthdr e = read_ok(&g);

	(void)state;
	assert_true(e.fragment);
	assert_false(e.later);
	assert_int_equal(e.upper, IPPROTO_UDP);
	assert_int_equal(e.frag_at, 64);
	assert_int_equal(e.upper_at, 72);
	g.pkt[67] &= 0xfe; /* atomic: offset 0, no more */
	assert_false(read_ok(&g).fragment);
	g = t_golden("hao_frag_last");
	e = read_ok(&g);
	assert_true(e.fragment);
	assert_true(e.later);
	assert_int_equal(e.upper, IPPROTO_FRAGMENT);
	assert_int_equal(e.upper_at, 64);
	assert_addr(e.hao, HOA);
}

static void test_two_options_headers(void **state)
{
	struct golden g = t_golden("hao_dstopts_udp");
	struct exthdr e = read_ok(&g);

	(void)state;
	assert_int_equal(e.hao_at, 40);
	assert_int_equal(e.upper_at, 72);
	g = t_golden("dstopts_hao_udp");
	e = read_ok(&g);
	assert_int_equal(e.hao_at, 40);
	assert_int_equal(e.hao_opt_at, 46);
	assert_int_equal(e.upper_at, 72);
}

/* Home addresses that are not unicast routable, in either place. */
static void test_home_address(void **state)
{
	static const char *const not_ours[] = {"::", "::1", "fe80::1", "ff02::1", "ff0e::101", "::ffff:192.0.2.1"};
	struct golden hao = t_golden("hao_udp"), rh2 = t_golden("rh2_udp");

	(void)state;
	for (size_t i = 0; i < sizeof(not_ours) / sizeof(not_ours[0]); i++) {
		struct in6_addr a = t_addr(not_ours[i]);

		memcpy(hao.pkt + 48, &a, 16);
		refused(&hao, EXT_DROP, 48);
		memcpy(rh2.pkt + 48, &a, 16);
		refused(&rh2, EXT_DROP, 48);
	}
}

static void test_hao_refused(void **state)
{
	struct golden g = t_golden("hao_udp"), twice = t_golden("hao_dstopts_udp");

	(void)state;
	g.pkt[47] = 15;
	refused(&g, EXT_DROP, 47);
	g.pkt[47] = 17; /* beyond its header */
	refused(&g, EXT_DROP, 46);
	g.pkt[47] = 0;
	refused(&g, EXT_DROP, 47);
	/* 6.3: once. The same options header a second time. */
	memmove(twice.pkt + 64, twice.pkt + 40, 24);
	twice.pkt[40] = IPPROTO_DSTOPTS;
	refused(&twice, EXT_DROP, 70);
}

/* 6.3: before the fragment header. */
static void test_behind_fragment(void **state)
{
	struct golden g = t_golden("hao_frag_first");
	uint8_t hao[24];

	(void)state;
	memcpy(hao, g.pkt + 40, 24);
	memmove(g.pkt + 40, g.pkt + 64, 8);
	memcpy(g.pkt + 48, hao, 24);
	g.pkt[6] = IPPROTO_FRAGMENT;
	g.pkt[40] = IPPROTO_DSTOPTS;
	g.pkt[48] = IPPROTO_UDP;
	refused(&g, EXT_DROP, 54);
	g.pkt[40] = IPPROTO_ROUTING;
	memcpy(g.pkt + 48, (const uint8_t[]){IPPROTO_UDP, 2, 2, 1, 0, 0, 0, 0}, 8);
	refused(&g, EXT_DROP, 48);
}

static void test_rh2_refused(void **state)
{
	struct golden g = t_golden("rh2_udp"), both = t_golden("rh2_hao_udp");

	(void)state;
	g.pkt[43] = 0;
	refused(&g, EXT_BAD_RH2, 43);
	g.pkt[43] = 2;
	refused(&g, EXT_BAD_RH2, 43);
	g.pkt[43] = 1;
	for (int len = 0; len < 5; len++) {
		g.pkt[41] = (uint8_t)len;
		if (len != 2)
			refused(&g, EXT_BAD_RH2, 41);
	}
	g.pkt[41] = 200;
	refused(&g, EXT_DROP, 40);
	/* Another type is walked past, whatever it holds. */
	g.pkt[41] = 2;
	g.pkt[42] = 4;
	assert_int_equal(read_ok(&g).rh2_at, 0);
	assert_int_equal(read_ok(&g).upper, IPPROTO_UDP);
	/* Twice. */
	memcpy(both.pkt + 64, both.pkt + 40, 24);
	both.pkt[40] = IPPROTO_ROUTING;
	both.pkt[64] = IPPROTO_UDP;
	refused(&both, EXT_DROP, 64);
}

static void test_options_malformed(void **state)
{
	struct golden g = t_golden("dstopts_hao_udp");

	(void)state;
	g.pkt[71] = 42; /* a type in the last octet: no room for its length */
	g.pkt[70] = 0;
	refused(&g, EXT_DROP, 71);
	g = t_golden("dstopts_hao_udp");
	g.pkt[65] = 9; /* beyond its header */
	refused(&g, EXT_DROP, 64);
}

static void test_ip6_refused(void **state)
{
	struct golden g = t_golden("udp");

	(void)state;
	g.pkt[0] = 0x45;
	refused(&g, EXT_DROP, 0);
	g.pkt[0] = 0x60;
	g.pkt[5]++; /* longer than it is */
	refused(&g, EXT_DROP, 4);
	g.pkt[4] = g.pkt[5] = 0; /* jumbo */
	refused(&g, EXT_DROP, 6);
	g.pkt[6] = IPPROTO_NONE; /* nothing at all: allowed */
	assert_int_equal(read_ok(&g).end, 40);
	g.pkt[6] = IPPROTO_HOPOPTS; /* the jumbogram of RFC 2675 */
	refused(&g, EXT_DROP, 40);
	g.len = 0;
	refused(&g, EXT_DROP, 0);
	g = t_golden("hao_udp");
	g.len = 64; /* headers, and no UDP behind them */
	g.pkt[5] = 24;
	refused(&g, EXT_DROP, 40);
	g.pkt[40] = IPPROTO_NONE;
	assert_int_equal(read_ok(&g).upper_at, 64);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_fields_none),
		cmocka_unit_test(test_stops),
		cmocka_unit_test(test_fragments),
		cmocka_unit_test(test_two_options_headers),
		cmocka_unit_test(test_home_address),
		cmocka_unit_test(test_hao_refused),
		cmocka_unit_test(test_behind_fragment),
		cmocka_unit_test(test_rh2_refused),
		cmocka_unit_test(test_options_malformed),
		cmocka_unit_test(test_ip6_refused),
	};

	return cmocka_run_group_tests_name("wire_exthdr", tests, NULL, NULL);
}
