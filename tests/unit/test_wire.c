/*
 * Every golden packet, through every reader: as it is, cut at every length, and
 * with every octet set to every value. As it is it must be in order to its
 * checksum; cut it must be refused; changed it may be anything but read beyond its
 * end (the copies end where the packet ends: a sanitizer watches).
 */
#include "t.h"
#include "wire/exthdr.h"
#include "wire/icmp6.h"
#include "wire/mh.h"

/* One upper protocol: where its checksum counts. UDP's is checked though it is not ours: it shows what stripping keeps.
 */
static bool summed(uint8_t proto)
{
	return proto == MH_PROTO || proto == IPPROTO_ICMPV6 || proto == IPPROTO_UDP;
}

static bool sum_ok(const uint8_t *pkt, const struct exthdr *e)
{
	const struct in6_addr *src = e->hao_at ? &e->hao : &e->src, *dst = e->rh2_at ? &e->rh2 : &e->dst;

	return ip6_checksum(src, dst, e->upper, pkt + e->upper_at, e->end - e->upper_at) == 0;
}

static size_t sums;

/* The checksum is over the home addresses, so the packet without HAO and RH2 has the same one, and it is right. */
static void whole(const struct golden *g)
{
	struct golden bare = *g;
	struct exthdr e;

	assert_int_equal(exthdr_read(g->pkt, g->len, &e), EXT_OK);
	assert_int_equal(e.end, g->len);
	if (e.fragment || !summed(e.upper))
		return;
	if (!sum_ok(g->pkt, &e))
		fail_msg("%s: checksum", g->name);
	bare.len = exthdr_strip(bare.pkt, bare.len, &e);
	assert_int_equal(exthdr_read(bare.pkt, bare.len, &e), EXT_OK);
	assert_int_equal(e.hao_at + e.rh2_at, 0);
	if (!sum_ok(bare.pkt, &e))
		fail_msg("%s: checksum when stripped", g->name);
	sums++;
}

static void test_whole(void **state)
{
	(void)state;
	sums = 0;
	assert_true(t_golden_each(whole) >= 34);
	assert_true(sums >= 31);
}

static void cut(const struct golden *g)
{
	struct exthdr e;

	for (size_t n = 0; n < g->len; n++) {
		uint8_t *part = t_copy(g->pkt, n);

		if (exthdr_read(part, n, &e) != EXT_DROP)
			fail_msg("%s: taken with %zu of %zu octets", g->name, n, g->len);
		free(part);
	}
}

/* Cut with a Payload Length that fits: the walk, the Mobility Header or the checksum must find it. */
static void cut_and_relabelled(const struct golden *g)
{
	struct exthdr e;
	struct mh m;

	assert_int_equal(exthdr_read(g->pkt, g->len, &e), EXT_OK);
	if (e.fragment || !summed(e.upper))
		return;
	for (size_t n = 40; n < g->len; n++) {
		uint8_t *part = t_copy(g->pkt, n);

		part[4] = (uint8_t)((n - 40) >> 8);
		part[5] = (uint8_t)(n - 40);
		if (exthdr_read(part, n, &e) == EXT_OK) {
			if (e.upper == MH_PROTO)
				assert_int_equal(mh_read(part + e.upper_at, n - e.upper_at, &m, NULL), MH_DROP);
			if (sum_ok(part, &e))
				fail_msg("%s: taken when cut to %zu", g->name, n);
		}
		free(part);
	}
}

static void test_cut(void **state)
{
	(void)state;
	assert_true(t_golden_each(cut) > 0);
	assert_true(t_golden_each(cut_and_relabelled) > 0);
}

static size_t accepted;

/* Everything a packet meets. What is accepted must survive being edited and being written. */
static void meet(uint8_t *pkt, size_t len)
{
	struct in6_addr coa = t_addr("2001:db8:a::77");
	uint8_t copy[2048 + 48];
	struct exthdr e;
	struct mh m;
	struct nd_ra ra;
	struct nd_nx nx;
	struct dhaad d;
	uint16_t id;
	int n;

	if (exthdr_read(pkt, len, &e) != EXT_OK)
		return;
	accepted += mh_read(pkt + e.upper_at, e.end - e.upper_at, &m, NULL) == MH_OK;
	accepted += ra_read(pkt + e.upper_at, e.end - e.upper_at, &ra) == 0;
	accepted += mpa_read(pkt + e.upper_at, e.end - e.upper_at, &ra) == 0;
	accepted += nx_read(pkt + e.upper_at, e.end - e.upper_at, &nx) == 0;
	accepted += dhaad_read(pkt + e.upper_at, e.end - e.upper_at, &d) == 0;
	accepted += mps_read(pkt + e.upper_at, e.end - e.upper_at, &id) == 0;
	memcpy(copy, pkt, len);
	n = exthdr_insert(copy, len, sizeof(copy), e.hao_at ? NULL : &coa, e.rh2_at ? NULL : &coa);
	assert_int_equal(n, e.end + (e.hao_at ? 0 : 24u) + (e.rh2_at ? 0 : 24u));
	len = exthdr_strip(pkt, len, &e);
	assert_true(len <= e.end);
	assert_int_equal(exthdr_read(pkt, len, &e), EXT_OK);
	assert_int_equal(e.hao_at + e.rh2_at, 0);
}

static void changed(const struct golden *g)
{
	for (size_t at = 0; at < g->len; at++)
		for (int v = 0; v < 256; v++) {
			uint8_t *exact = t_copy(g->pkt, g->len);

			exact[at] = (uint8_t)v;
			meet(exact, g->len);
			free(exact);
		}
}

static void test_changed(void **state)
{
	(void)state;
	accepted = 0;
	assert_true(t_golden_each(changed) > 0);
	assert_true(accepted > 10000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_changed),
	};

	return cmocka_run_group_tests_name("wire", tests, NULL, NULL);
}
