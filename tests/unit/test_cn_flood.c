/* The correspondent node against many: no state for those who only ask, limited answers, a bounded cache, and bindings
 * that work meanwhile. */
#include <malloc.h>

#include "base/addr.h"
#include "tests/unit/net.h"
#include "wire/mhauth.h"

#define SELF "2001:db8:c::2"

static struct net net;
static struct net_node *cn;

static int setup(void **state)
{
	(void)state;
	t_seed();
	net_open(&net);
	cn = net_cn(&net, SELF);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	net_close(&net);
	return 0;
}

static struct in6_addr stranger(void)
{
	struct in6_addr a = t_addr("2001:db8::");

	t_bytes(&a.s6_addr[4], 12);
	return a;
}

static size_t in_use(void)
{
	return mallinfo2().uordblks;
}

static void init_from(const struct in6_addr *src, uint8_t type)
{
	struct via via = {.src = *src, .dst = cn->addr};
	struct mh m = {.type = type, .u.init.cookie = t_random()};

	net_give(cn, &via, &m);
}

static struct mh_auth tokens(const struct in6_addr *home, const struct in6_addr *coa, struct mh *bu)
{
	struct mh_auth auth = {.coa = *coa, .end = cn->addr};
	uint64_t h, c;

	bu->opt.has = MHO_NONCES | MHO_AUTH;
	bu->opt.home_nonce = rr_issue(&cn->cn.rr, &cn->w, RR_HOME, home, net.now, &h);
	bu->opt.coa_nonce = rr_issue(&cn->cn.rr, &cn->w, RR_COA, coa, net.now, &c);
	rr_kbm(h, &c, auth.key);
	return auth;
}

static void bind_one(const struct in6_addr *home, const struct in6_addr *coa, uint16_t seq, uint16_t lifetime)
{
	struct mh bu = {.type = MH_BU, .u.bu = {.seq = seq, .flags = BU_F_ACK, .lifetime = lifetime}};
	struct mh_auth auth = tokens(home, coa, &bu);
	struct via via = {.src = *coa, .dst = cn->addr, .hao = *home, .has_hao = true, .auth = &auth};

	net_give(cn, &via, &bu);
}

/* 100,000 questions from everywhere within 10 s: 1,000 answers a second, nothing kept; and a node that wants to
 * register meanwhile does. */
static void answers_are_limited_and_nothing_is_kept(void **state)
{
	struct in6_addr home = t_addr("2001:db8:1::100"), coa = t_addr("2001:db8:a::5");
	size_t before, answers;

	(void)state;
	bind_one(&home, &coa, 1, 105);
	net_run(&net, SEC);
	before = in_use();
	answers = net_sent(cn, MH_HOT) + net_sent(cn, MH_COT);
	for (int i = 0; i < 100000; i++) {
		struct in6_addr a = stranger();

		init_from(&a, i % 2 ? MH_HOTI : MH_COTI);
		if (i == 50000)
			bind_one(&home, &coa, 2, 105);
		net_run(&net, 100);
	}
	answers = net_sent(cn, MH_HOT) + net_sent(cn, MH_COT) - answers;
	assert_in_range(answers, 10900, 11100); /* the bucket was full: a second's worth more */
	net_run(&net, SEC);
	assert_true(in_use() < before + 65536); /* what the allocator keeps for later counts as used */
	assert_int_equal(bc_count(&cn->cn.bc), 1);
	assert_int_equal(bc_at(&cn->cn.bc, 0)->seq, 2);
}

/* 100 times the tests that are answered, from everywhere and from one place, and who has a binding gets every one of
 * his: home test, care-of test and update. */
static void who_has_a_binding_refreshes_it(void **state)
{
	struct in6_addr home = t_addr("2001:db8:1::100"), coa = t_addr("2001:db8:a::5"),
			bad = t_addr("2001:db8:bad::1");
	size_t before;

	(void)state;
	bind_one(&home, &coa, 1, 105);
	for (int i = 0; i < 500000; i++) {
		struct in6_addr a = i % 2 ? bad : stranger();

		if (i % 50000 == 5000) {
			before = net_sent(cn, MH_HOT) + net_sent(cn, MH_COT);
			init_from(&home, MH_HOTI);
			init_from(&coa, MH_COTI);
			assert_int_equal(net_sent(cn, MH_HOT) + net_sent(cn, MH_COT), before + 2);
			bind_one(&home, &coa, (uint16_t)(2 + i / 50000), 105);
			assert_int_equal(bc_at(&cn->cn.bc, 0)->seq, 2 + i / 50000);
		}
		init_from(&a, i % 3 ? MH_HOTI : MH_COTI);
		net_run(&net, 10);
	}
	assert_int_equal(bc_count(&cn->cn.bc), 1);
	assert_int_equal(cn->cn.places.n, 1);
	assert_true(cn->cn.stats.limited > 400000);
}

/* Even the tests of who has a binding are counted: it may be a forger who asks. */
static void tests_of_a_binding_are_limited(void **state)
{
	struct in6_addr home = t_addr("2001:db8:1::100"), coa = t_addr("2001:db8:a::5");
	size_t before;

	(void)state;
	bind_one(&home, &coa, 1, 105);
	before = net_sent(cn, MH_HOT) + net_sent(cn, MH_COT);
	for (int i = 0; i < 1000; i++)
		init_from(i % 2 ? &home : &coa, i % 2 ? MH_HOTI : MH_COTI);
	assert_int_equal(net_sent(cn, MH_HOT) + net_sent(cn, MH_COT) - before, 2 * CN_UPDATE_BURST);
}

/* The care-of address of a binding that moved or ended is a stranger's again. */
static void places_are_left(void **state)
{
	struct in6_addr home = t_addr("2001:db8:1::100"), coa = t_addr("2001:db8:a::5"), next = t_addr("2001:db8:b::5");

	(void)state;
	bind_one(&home, &coa, 1, 105);
	bind_one(&home, &next, 2, 105);
	assert_int_equal(cn->cn.places.n, 1);
	assert_non_null(map_find(&cn->cn.places, &next));
	net_run(&net, 421 * SEC);
	assert_int_equal(bc_count(&cn->cn.bc) + cn->cn.places.n, 0);
}

/* Forged updates of homes that have no binding: so many authenticators are computed a second, and not one is missing
 * for who has a binding. */
static void forged_updates_are_limited(void **state)
{
	struct in6_addr home = t_addr("2001:db8:1::100"), coa = t_addr("2001:db8:a::5"), self = t_addr(SELF);

	(void)state;
	bind_one(&home, &coa, 1, 105);
	for (int i = 0; i < 50000; i++) {
		struct via via = {.src = stranger(), .dst = self, .hao = stranger(), .has_hao = true};
		struct mh bu = {.type = MH_BU, .u.bu = {.seq = 1, .flags = BU_F_ACK, .lifetime = 105}};

		bu.opt.has = MHO_NONCES | MHO_AUTH;
		cn_on_bu(&cn->cn, &via, &bu, net.now);
	}
	assert_int_equal(cn->cn.stats.limited, 50000 + 1 - CN_NEW_RATE);
	bind_one(&home, &coa, 2, 105);
	assert_int_equal(bc_at(&cn->cn.bc, 0)->seq, 2);
}

static void a_rate_of_zero_answers_nobody(void **state)
{
	struct in6_addr a = stranger();

	(void)state;
	cn_start(&cn->cn, &(struct cn_conf){.max_bindings = 16, .test_rate = 0});
	init_from(&a, MH_HOTI);
	assert_int_equal(net.logged, 0);
}

/* Forged updates and unknown Home Address options: 100 refusals and errors a second together. */
static void refusals_are_limited(void **state)
{
	struct in6_addr self = t_addr(SELF);
	uint8_t kbm[RR_KBM_LEN] = {0};

	(void)state;
	for (int i = 0; i < 10000; i++) {
		struct in6_addr home = stranger(), coa = stranger();
		struct mh_auth auth = {.coa = coa, .end = cn->addr};
		struct via via = {.src = coa, .dst = self, .hao = home, .has_hao = true, .auth = &auth};
		struct mh bu = {.type = MH_BU, .u.bu = {.seq = 1, .flags = BU_F_ACK, .lifetime = 105}};

		memcpy(auth.key, kbm, sizeof(kbm));
		bu.opt.has = MHO_NONCES | MHO_AUTH;
		net_give(cn, &via, &bu);
		cn_on_unknown_hao(&cn->cn, &coa, &self, &home, net.now);
		net_run(&net, MSEC);
	}
	assert_in_range(net_sent(cn, MH_BA) + net_sent(cn, MH_BE), 1050, 1150);
	assert_int_equal(bc_count(&cn->cn.bc), 0);
	assert_true(net_sent(cn, MH_BE) > 0 && net_sent(cn, MH_BA) > 0);
}

static void a_binding_error_names_the_home_address(void **state)
{
	struct in6_addr home = stranger(), coa = stranger();
	const struct net_msg *be;

	(void)state;
	cn_on_unknown_hao(&cn->cn, &coa, &cn->addr, &home, net.now);
	be = net_last(&net, cn, MH_BE);
	assert_int_equal(be->mh.u.be.status, BE_UNKNOWN_HAO);
	assert_memory_equal(&be->mh.u.be.home, &home, sizeof(home));
	assert_memory_equal(&be->via.src, &cn->addr, sizeof(home));
	assert_memory_equal(&be->via.dst, &coa, sizeof(coa));
	assert_false(be->via.has_rh2);
}

/* One that ends soon gives way, not one that has long to live; nobody in the first seconds, or many for little room
 * would throw each other out at every packet. */
static void a_full_cache_makes_room(void **state)
{
	struct in6_addr coa = t_addr("2001:db8:a::5"), last = {0};

	(void)state;
	for (int i = 0; i < 16; i++) {
		struct in6_addr home = stranger();

		bind_one(&home, &coa, 1, i < 12 ? 10 : 105);
	}
	last = stranger();
	bind_one(&last, &coa, 1, 105);
	assert_null(bc_find(&cn->cn.bc, &last, &cn->addr));
	assert_int_equal(net_last(&net, cn, MH_BA)->mh.u.ba.status, BA_RESOURCES);
	net_run(&net, 10 * SEC);
	for (int i = 0; i < 4; i++) {
		last = stranger();
		bind_one(&last, &coa, 1, 105);
		assert_non_null(bc_find(&cn->cn.bc, &last, &cn->addr));
	}
	assert_int_equal(bc_count(&cn->cn.bc), 16);
	assert_int_equal(cn->cn.stats.evicted, 4);
	assert_int_equal(net_last(&net, cn, MH_BA)->mh.u.ba.status, BA_ACCEPTED);
	net_run(&net, 31 * SEC);
	assert_in_range(bc_count(&cn->cn.bc), 7, 8); /* of the 12 short ones 4 were gone, all but surely */
}

static void a_lowered_limit_is_kept(void **state)
{
	struct in6_addr coa = t_addr("2001:db8:a::5"), home;

	(void)state;
	for (int i = 0; i < 16; i++) {
		home = stranger();
		bind_one(&home, &coa, 1, 105);
	}
	cn_start(&cn->cn, &(struct cn_conf){.max_bindings = 4, .test_rate = 1000});
	net_run(&net, 10 * SEC);
	home = stranger();
	bind_one(&home, &coa, 1, 105);
	assert_int_equal(net_last(&net, cn, MH_BA)->mh.u.ba.status, BA_ACCEPTED);
	assert_int_equal(bc_count(&cn->cn.bc), 4);
}

/* One mobile node with a thousand home addresses that makes and ends bindings: what is remembered is bounded, too. */
static void endings_are_bounded(void **state)
{
	struct in6_addr coa = t_addr("2001:db8:a::5");

	(void)state;
	for (int i = 0; i < 1000; i++) {
		struct in6_addr home = stranger();

		bind_one(&home, &coa, 1, 105);
		assert_true(bc_count(&cn->cn.bc) <= 16);
		assert_true(cn->cn.ended.map.n <= 16);
		net_run(&net, 100 * MSEC);
	}
	net_run(&net, 420 * SEC);
	assert_int_equal(bc_count(&cn->cn.bc), 0);
}

/* A start after a stop has other secrets. */
static void a_restart_knows_no_old_token(void **state)
{
	struct in6_addr home = stranger(), coa = stranger();
	struct mh bu = {.type = MH_BU, .u.bu = {.seq = 1, .flags = BU_F_ACK, .lifetime = 105}};
	struct mh_auth auth = tokens(&home, &coa, &bu);
	struct via via = {.src = coa, .dst = cn->addr, .hao = home, .has_hao = true, .auth = &auth};

	(void)state;
	cn_stop(&cn->cn, net.now);
	net_give(cn, &via, &bu);
	init_from(&coa, MH_COTI);
	assert_int_equal(net.logged, 0);
	cn_start(&cn->cn, &(struct cn_conf){.max_bindings = 16, .test_rate = 1000});
	net_give(cn, &via, &bu);
	assert_int_equal(bc_count(&cn->cn.bc), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		T(answers_are_limited_and_nothing_is_kept),
		T(who_has_a_binding_refreshes_it),
		T(tests_of_a_binding_are_limited),
		T(places_are_left),
		T(forged_updates_are_limited),
		T(a_rate_of_zero_answers_nobody),
		T(refusals_are_limited),
		T(a_binding_error_names_the_home_address),
		T(a_full_cache_makes_room),
		T(a_lowered_limit_is_kept),
		T(endings_are_bounded),
		T(a_restart_knows_no_old_token),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
