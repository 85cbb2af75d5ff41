/*
 * Taking HAO and RH2 out of packets and putting them in (RFC 6275 6.3, 6.4): in the
 * right place, once, and nothing else in a packet changes.
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

static void strip(struct golden *g)
{
	struct exthdr e = read_ok(g);

	g->len = exthdr_strip(g->pkt, g->len, &e);
}

static void same(const struct golden *a, const struct golden *b)
{
	assert_int_equal(a->len, b->len);
	for (size_t i = 0; i < a->len; i++)
		if (a->pkt[i] != b->pkt[i])
			fail_msg("%s and %s: differ at %zu", a->name, b->name, i);
}

/* Out, and what is left is the packet as the upper layers have it; in again, and it is the packet as it was. */
static void round_trip(const char *name, const char *coa, const char *to_coa, size_t headers)
{
	struct golden was = t_golden(name), g = was;
	struct exthdr e, old = read_ok(&was);
	struct in6_addr from = t_addr(coa ? coa : "::"), to = t_addr(to_coa ? to_coa : "::");

	strip(&g);
	e = read_ok(&g);
	assert_int_equal(g.len, was.len - headers * 24);
	assert_int_equal(e.hao_at + e.rh2_at, 0);
	assert_memory_equal(&e.src, coa ? &old.hao : &old.src, 16);
	assert_memory_equal(&e.dst, to_coa ? &old.rh2 : &old.dst, 16);
	g.len = (size_t)exthdr_insert(g.pkt, g.len, was.len, coa ? &from : NULL, to_coa ? &to : NULL);
	same(&g, &was);
}

static void test_round_trips(void **state)
{
	(void)state;
	round_trip("udp", NULL, NULL, 0);
	round_trip("hao_udp", COA, NULL, 1);
	round_trip("rh2_udp", NULL, COA, 1);
	round_trip("rh2_hao_udp", COA, COA2, 2);
	round_trip("hbh_hao_icmp6", COA, NULL, 1);
	round_trip("hbh_rh2_hao_udp", COA, COA2, 2);
	round_trip("rh2_hao_esp", COA, COA2, 2);
	round_trip("hao_frag_first", COA, NULL, 1);
	round_trip("hao_frag_last", COA, NULL, 1);
	round_trip("hao_dstopts_udp", COA, NULL, 1);
	round_trip("bu_home", COA, NULL, 1);
	round_trip("ba", NULL, COA, 1);
	round_trip("mpa", NULL, COA, 1);
}

/* Stripped, the golden packets are one golden packet. */
static void test_strip_known(void **state)
{
	struct golden want = t_golden("udp"), g = t_golden("hao_udp");

	(void)state;
	strip(&g);
	same(&g, &want);
	g = t_golden("hbh_rh2_hao_udp");
	strip(&g);
	assert_int_equal(g.pkt[6], IPPROTO_HOPOPTS);
	assert_int_equal(g.pkt[40], IPPROTO_UDP);
	assert_int_equal(g.len, 48 + want.len - 40);
	assert_memory_equal(g.pkt + 48, want.pkt + 40, 6); /* up to the checksum: it is over other addresses */
}

/* The HAO goes, the other options stay in their alignment, with less than 8 octets of padding. */
static void test_strip_shared(void **state)
{
	struct golden g = t_golden("dstopts_hao_udp"), was = g;
	static const uint8_t left[16] = {
		IPPROTO_UDP,
		1,
		4,
		1,
		9,
		1,
		1,
		0, /* limit; 1 + 18 octets of padding, less 16 */
		0x1e,
		4,
		1,
		2,
		3,
		4,
		1,
		0,
	};

	(void)state;
	strip(&g);
	assert_int_equal(g.len, was.len - 16);
	assert_int_equal(read_ok(&g).hao_at, 0);
	assert_memory_equal(g.pkt + 40, left, 16);
	assert_memory_equal(g.pkt + 56, was.pkt + 72, was.len - 72);
}

static void test_insert_refused(void **state)
{
	struct golden g = t_golden("rh2_hao_udp"), was = g;
	struct in6_addr a = t_addr(COA);

	(void)state;
	assert_int_equal(exthdr_insert(g.pkt, g.len, sizeof(g.pkt), &a, NULL), -EINVAL);
	assert_int_equal(exthdr_insert(g.pkt, g.len, sizeof(g.pkt), NULL, &a), -EINVAL);
	assert_int_equal(exthdr_insert(g.pkt, g.len - 1, sizeof(g.pkt), NULL, NULL), -EINVAL);
	same(&g, &was);
	g = t_golden("udp");
	was = g;
	assert_int_equal(exthdr_insert(g.pkt, g.len, g.len + 23, &a, NULL), -ENOSPC);
	assert_int_equal(exthdr_insert(g.pkt, g.len, g.len + 47, &a, &a), -ENOSPC);
	same(&g, &was);
	assert_int_equal(exthdr_insert(g.pkt, g.len, g.len + 48, &a, &a), g.len + 48);
}

/* A packet so long that its length field cannot say 24 more. */
static void test_insert_longest(void **state)
{
	enum { CAP = 40 + 65535 + 48 };
	uint8_t *pkt = calloc(1, CAP);
	struct in6_addr a = t_addr(COA), b = t_addr(CN);

	(void)state;
	ip6_header(pkt, &a, &b, IPPROTO_UDP, 65535 - 23);
	assert_int_equal(exthdr_insert(pkt, CAP, CAP, &a, NULL), -ENOSPC);
	ip6_header(pkt, &a, &b, IPPROTO_UDP, 65535 - 24);
	assert_int_equal(exthdr_insert(pkt, CAP, CAP, &a, NULL), 40 + 65535);
	assert_int_equal(pkt[4] << 8 | pkt[5], 65535);
	free(pkt);
}

/* Behind routing headers of other types, and options headers in front of them; in front of the options of the end. */
static void test_insert_place(void **state)
{
	struct golden g = {.name = "built", .len = 40 + 8 + 8 + 24 + 8 + 8};
	struct in6_addr src = t_addr(HOA), dst = t_addr(CN), coa = t_addr(COA);

	(void)state;
	ip6_header(g.pkt, &src, &dst, IPPROTO_HOPOPTS, g.len - 40);
	memcpy(g.pkt + 40, (const uint8_t[]){IPPROTO_DSTOPTS, 0, 1, 4, 0, 0, 0, 0}, 8);
	memcpy(g.pkt + 48, (const uint8_t[]){IPPROTO_ROUTING, 0, 1, 4, 0, 0, 0, 0}, 8);
	memcpy(g.pkt + 56, (const uint8_t[]){IPPROTO_DSTOPTS, 2, 4, 0, 0, 0, 0, 0}, 8);
	memcpy(g.pkt + 80, (const uint8_t[]){IPPROTO_UDP, 0, 1, 4, 0, 0, 0, 0}, 8);
	assert_int_equal(exthdr_insert(g.pkt, g.len, sizeof(g.pkt), &coa, NULL), g.len + 24);
	g.len += 24;
	assert_int_equal(read_ok(&g).hao_at, 80);
	assert_int_equal(g.pkt[56], IPPROTO_DSTOPTS);
	assert_int_equal(g.pkt[80], IPPROTO_DSTOPTS);
	assert_int_equal(g.pkt[104], IPPROTO_UDP);
}

/* A chain of random headers that reads, its random upper bytes behind it. Returns false when the draw is not one. */
static bool random_packet(struct golden *g, bool hao, bool rh2)
{
	static const uint8_t kinds[] = {IPPROTO_HOPOPTS, IPPROTO_DSTOPTS, IPPROTO_ROUTING, IPPROTO_FRAGMENT};
	struct in6_addr a = t_addr(HOA), b = t_addr(CN), coa = t_addr(COA), coa2 = t_addr(COA2);
	size_t name = 6, at = 40;
	struct exthdr e;
	int n;

	ip6_header(g->pkt, &a, &b, IPPROTO_UDP, 0);
	for (unsigned i = t_below(4); i--;) {
		size_t len = 8 * (1 + (size_t)t_below(3));
		uint8_t kind = kinds[t_below(4)];

		if (kind == IPPROTO_HOPOPTS && at != 40)
			kind = IPPROTO_DSTOPTS;
		memset(g->pkt + at, 0, len);
		g->pkt[name] = kind;
		g->pkt[at + 1] = (uint8_t)(len / 8 - 1);
		if (kind == IPPROTO_ROUTING)
			g->pkt[at + 2] = 4;
		if (kind == IPPROTO_FRAGMENT) {
			g->pkt[at + 3] = (uint8_t)t_below(256);
			len = 8;
		} else if (kind == IPPROTO_DSTOPTS) {
			g->pkt[at + 2] = 0x1e;
			g->pkt[at + 3] = (uint8_t)t_below((unsigned)len - 3);
		}
		name = at;
		at += len;
	}
	g->pkt[name] = IPPROTO_UDP;
	g->len = at + 1 + t_below(64);
	t_bytes(g->pkt + at, g->len - at);
	g->pkt[4] = 0;
	g->pkt[5] = (uint8_t)(g->len - 40);
	if (exthdr_read(g->pkt, g->len, &e) != EXT_OK)
		return false;
	n = exthdr_insert(g->pkt, g->len, sizeof(g->pkt), hao ? &coa : NULL, rh2 ? &coa2 : NULL);
	assert_int_equal(n, g->len + 24u * hao + 24u * rh2);
	g->len = (size_t)n;
	return true;
}

/* Whatever the chain: what is put in is found, and taken out again leaves every byte as it was. */
static void test_random_round_trip(void **state)
{
	size_t good = 0;

	(void)state;
	t_seed();
	for (int i = 0; i < 20000; i++) {
		struct golden g = {.name = "random"}, plain = {.name = "plain"};
		bool hao = t_below(2), rh2 = t_below(2);
		uint64_t again = t_state;
		struct exthdr e;

		if (!random_packet(&g, hao, rh2))
			continue;
		good++;
		t_state = again; /* the same draw */
		assert_true(random_packet(&plain, false, false));
		e = read_ok(&g);
		assert_int_equal(e.hao_at != 0, hao);
		assert_int_equal(e.rh2_at != 0, rh2);
		assert_true(!hao || !rh2 || e.rh2_at < e.hao_at);
		assert_true(!e.frag_at || e.hao_at < e.frag_at);
		strip(&g);
		same(&g, &plain);
	}
	assert_true(good > 5000);
}

/* A HAO among random options: the options that are no padding survive in order, in content, and in place modulo 8. */
static size_t options_list(const uint8_t *pkt, size_t end, uint8_t *list)
{
	size_t n = 0;

	for (size_t p = 42, len; p < end; p += len) {
		len = pkt[p] ? 2u + pkt[p + 1] : 1;
		if (pkt[p] <= 1 || pkt[p] == HAO_TYPE)
			continue;
		list[n++] = (uint8_t)(p % 8);
		memcpy(list + n, pkt + p, len);
		n += len;
	}
	return n;
}

/* Linux takes more than 7 octets of padding in a row for a covert channel and drops the packet. */
static void padding_check(const uint8_t *pkt, size_t end)
{
	size_t run = 0;

	for (size_t p = 42, len; p < end; p += len) {
		len = pkt[p] ? 2u + pkt[p + 1] : 1;
		run = pkt[p] > 1 ? 0 : run + len;
		assert_true(run < 8);
	}
}

static size_t put_option(uint8_t *p, uint8_t type, size_t data)
{
	t_bytes(p + 2, data);
	p[0] = type;
	p[1] = (uint8_t)data;
	return data + 2;
}

static size_t put_pad(uint8_t *p, size_t n)
{
	memset(p, 0, n);
	if (n > 1)
		p[0] = 1, p[1] = (uint8_t)(n - 2);
	return n;
}

static void test_random_shared(void **state)
{
	struct in6_addr a = t_addr(COA), b = t_addr(CN), hoa = t_addr(HOA);

	(void)state;
	t_seed();
	for (int i = 0; i < 20000; i++) {
		struct golden g = {.name = "random"};
		uint8_t before[512], after[512];
		size_t at = 42, n, opts, m;

		for (unsigned k = t_below(3); k--;)
			at += put_option(g.pkt + at, 0x1e, t_below(12));
		at += put_pad(g.pkt + at, (14 - at % 8) % 8);
		memcpy(g.pkt + at, (const uint8_t[]){HAO_TYPE, 16}, 2);
		memcpy(g.pkt + at + 2, &hoa, 16);
		at += 18;
		at += put_pad(g.pkt + at, t_below(8));
		for (unsigned k = t_below(3); k--;)
			at += put_option(g.pkt + at, 0x3e, t_below(12));
		at += put_pad(g.pkt + at, (8 - at % 8) % 8);
		ip6_header(g.pkt, &a, &b, IPPROTO_DSTOPTS, at + 8 - 40);
		g.pkt[40] = IPPROTO_UDP;
		g.pkt[41] = (uint8_t)((at - 40) / 8 - 1);
		t_bytes(g.pkt + at, 8);
		g.len = at + 8;
		n = options_list(g.pkt, at, before);
		memcpy(after, g.pkt + at, 8);
		strip(&g);
		opts = read_ok(&g).upper_at;
		assert_int_equal(g.len, opts + 8);
		assert_memory_equal(g.pkt + opts, after, 8);
		m = opts == 40 ? 0 : options_list(g.pkt, opts, after);
		padding_check(g.pkt, opts);
		assert_int_equal(m, n);
		assert_memory_equal(after, before, n);
		assert_true(n || opts == 40);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trips),
		cmocka_unit_test(test_strip_known),
		cmocka_unit_test(test_strip_shared),
		cmocka_unit_test(test_insert_refused),
		cmocka_unit_test(test_insert_longest),
		cmocka_unit_test(test_insert_place),
		cmocka_unit_test(test_random_round_trip),
		cmocka_unit_test(test_random_shared),
	};

	return cmocka_run_group_tests_name("wire_edit", tests, NULL, NULL);
}
