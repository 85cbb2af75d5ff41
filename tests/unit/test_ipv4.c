/* Links without IPv6 (RFC 5555 4) under virtual time: the home agent and the mobile node, in UDP over IPv4. */
#include "role/mn.h"
#include "tests/unit/t_ha.h"

#define ETH    2
#define HOME   "2001:db8:1::100"
#define HA4    "::ffff:198.51.100.1"
#define MN4    "::ffff:192.0.2.77"
#define NAT4   "::ffff:203.0.113.9"
#define COA    "2001:db8:a::5"
#define ROUTER "fe80::1"
#define FLAGS  (BU_F_ACK | BU_F_HOME | BU_F_UDP)

static struct mn mn;

static int setup(void **state)
{
	int err = t_setup(state);

	conf.ipv4 = t_addr(HA4);
	ha_start(&ha, &conf);
	mn_init(&mn, &f.w, 42);
	mn_start(&mn);
	return err;
}

static int teardown(void **state)
{
	mn_stop(&mn, f.now);
	return t_teardown(state);
}

/* --- the home agent ----------------------------------------------------------------------------------------------- */

static struct via from(const char *peer, uint16_t port)
{
	return (struct via){.src = t_addr(HOME),
		.dst = t_addr(AGENT),
		.udp = {.local = t_addr(HA4), .peer = t_addr(peer), .port = port, .ifindex = 9}};
}

/* What it says when an update that names `coa` (NULL: none) came by `via`, or NULL. */
static const struct note *hear(const struct via *via, const char *coa, uint16_t seq, uint16_t life)
{
	struct mh m = {.type = MH_BU, .u.bu = {.seq = seq, .flags = FLAGS, .lifetime = life}};

	if (coa) {
		m.opt.has = MHO_IPV4_COA;
		m.opt.ipv4_coa = t_addr(coa);
	}
	fake_forget(&f);
	ha_on_bu(&ha, via, &m, false, f.now);
	fake_run(&f, 2 * SEC);
	return fake_did(&f, DID_SEND) ? fake_last(&f, DID_SEND) : NULL;
}

static const struct bc_entry *bound(void)
{
	struct in6_addr home = t_addr(HOME);

	return bc_find(&ha.bc, &home, NULL);
}

static void answered_to_where_it_came_from(void **state)
{
	struct via via = from(MN4, 4191);
	const struct note *n = hear(&via, MN4, 1, 50);

	(void)state;
	assert_non_null(n);
	assert_int_equal(n->mh.u.ba.status, BA_ACCEPTED);
	assert_addr(n->via.dst, HOME);
	assert_false(n->via.has_rh2);
	assert_addr(n->via.udp.peer, MN4);
	assert_addr(n->via.udp.local, HA4);
	assert_int_equal(n->via.udp.port, 4191);
	/* no NAT, and UDP all the same */
	assert_int_equal(n->mh.opt.has, MHO_NAT);
	assert_true(n->mh.opt.nat_udp);
	assert_true(n->mh.opt.nat_refresh == NAT_REFRESH_NEVER);
	assert_addr(bound()->coa, MN4);
}

static void a_nat_is_told(void **state)
{
	struct via via = from(NAT4, 40000), other = from(NAT4, 40001);
	const struct note *n = hear(&via, MN4, 1, 50);

	(void)state;
	assert_int_equal(n->mh.opt.nat_refresh, NAT_KEEPALIVE);
	assert_addr(bound()->coa, NAT4);
	assert_int_equal(bound()->udp.port, 40000);
	/* another mapping: the binding moves by an update */
	n = hear(&other, MN4, 2, 50);
	assert_int_equal(fake_did(&f, DID_BIND), 1);
	assert_int_equal(n->via.udp.port, 40001);
	assert_int_equal(bound()->udp.port, 40001);
	/* played again from elsewhere: refused there, and nothing moves */
	other = from("::ffff:192.0.2.200", 7);
	n = hear(&other, MN4, 2, 50);
	assert_int_equal(n->mh.u.ba.status, BA_SEQ_OUT_OF_WINDOW);
	assert_int_equal(n->mh.opt.has, 0);
	assert_int_equal(fake_did(&f, DID_BIND), 0);
	assert_int_equal(bound()->udp.port, 40001);
	n = hear(&via, MN4, 3, 0);
	assert_int_equal(n->mh.u.ba.status, BA_ACCEPTED);
	assert_null(bound());
}

/* The node did not move, and its NAT has another mapping: it did not last as long as that. */
static void a_nat_that_forgets_sooner_is_found_out(void **state)
{
	static const struct {
		uint16_t port; /* of the NAT, of the next update, */
		usec after;    /* which comes so long after the last */
		uint32_t told;
	} step[] = {{40001, 111 * SEC, 55}, {40001, 55 * SEC, 55}, {40002, 55 * SEC, 27}, {40003, 100 * SEC, 27},
		{40003, 27 * SEC, 27}, {40004, SEC, 15}, {40005, 110 * SEC, 15}};
	struct via via = from(NAT4, 40000);
	uint16_t seq = 1;

	(void)state;
	assert_int_equal(hear(&via, MN4, seq, 100)->mh.opt.nat_refresh, NAT_KEEPALIVE);
	for (size_t i = 0; i < sizeof(step) / sizeof(step[0]); i++) {
		via.udp.port = step[i].port;
		f.now += step[i].after - 2 * SEC; /* which hear() took */
		assert_int_equal(hear(&via, MN4, ++seq, 100)->mh.opt.nat_refresh, step[i].told);
	}
	/* elsewhere nothing is known of the NAT */
	assert_int_equal(hear(&via, "::ffff:192.0.2.78", ++seq, 100)->mh.opt.nat_refresh, NAT_KEEPALIVE);
	assert_true(hear(&via, NAT4, ++seq, 100)->mh.opt.nat_refresh == NAT_REFRESH_NEVER);
}

static void what_comes_from_elsewhere_causes_a_question(void **state)
{
	struct via via = from(NAT4, 40000);
	struct udp_ends other = from(NAT4, 40001).udp, noone = from("::ffff:224.0.0.1", 1).udp;
	struct in6_addr home = t_addr(HOME), stranger = t_addr("2001:db8:1::101");
	const struct note *n;

	(void)state;
	hear(&via, MN4, 1, 50);
	fake_forget(&f);
	ha_on_elsewhere(&ha, &other, &stranger, f.now);
	ha_on_elsewhere(&ha, &noone, &home, f.now);
	assert_int_equal(fake_did(&f, DID_SEND), 0);
	ha_on_elsewhere(&ha, &other, &home, f.now);
	n = fake_last(&f, DID_SEND);
	assert_int_equal(n->mh.type, MH_BRR);
	assert_addr(n->via.src, AGENT);
	assert_addr(n->via.dst, HOME);
	assert_int_equal(n->via.udp.port, 40001);
	assert_addr(n->via.udp.peer, NAT4);
	assert_int_equal(bound()->udp.port, 40000);
	/* and no more of them than there are refusals */
	for (int i = 0; i < 10000; i++)
		ha_on_elsewhere(&ha, &other, &home, f.now);
	assert_true(fake_did(&f, DID_SEND) <= HA_REFUSAL_BURST / HA_REFUSAL_GROUPS);
	/* what is not bound in UDP cannot be elsewhere there */
	ha_stop(&ha, f.now);
	fake_forget(&f);
	ha_on_elsewhere(&ha, &other, &home, f.now);
	assert_int_equal(fake_did(&f, DID_SEND), 0);
}

static void a_move_that_the_data_path_refuses_is_none(void **state)
{
	struct via via = from(NAT4, 40000), other = from("::ffff:203.0.113.10", 40001);

	(void)state;
	hear(&via, MN4, 1, 50);
	f.bind_err = -ENOMEM;
	assert_true(hear(&other, MN4, 2, 50)->mh.u.ba.status >= BA_UNSPECIFIED);
	f.bind_err = 0;
	assert_addr(bound()->coa, NAT4);
	assert_addr(bound()->udp.peer, NAT4);
	assert_int_equal(bound()->udp.port, 40000);
}

/* No answer is longer than what asked for it. */
static void no_answer_is_longer_than_its_question(void **state)
{
	struct via via = from(NAT4, 40000);
	uint8_t data[MH_MAX];
	struct mh bu = {.type = MH_BU, .opt = {.has = MHO_IPV4_COA}};
	int asked = mh_write(&bu, data, sizeof(data));

	(void)state;
	for (uint16_t seq = 1; seq < 3; seq++) {
		struct mh ba = hear(&via, MN4, seq == 2 ? 1 : seq, 50)->mh;
		int n = mh_write(&ba, data, sizeof(data));

		assert_true(n > 0 && n <= asked);
	}
}

static void what_is_not_right_is_nothing(void **state)
{
	static const char *const nobody[] = {"::ffff:0.0.0.0", "::ffff:127.0.0.1", "::ffff:224.0.0.1",
		"::ffff:255.255.255.255", "::ffff:169.254.0.1"};
	struct via via = from(MN4, 4191);

	(void)state;
	assert_null(hear(&via, NULL, 1, 50)); /* no IPv4 Care-of Address option */
	for (size_t i = 0; i < sizeof(nobody) / sizeof(nobody[0]); i++) {
		struct via strange = from(nobody[i], 4191);

		assert_null(hear(&strange, MN4, 1, 50));
	}
	via.udp.local = t_addr("::ffff:198.51.100.2"); /* not where it is served */
	assert_null(hear(&via, MN4, 1, 50));
	via = from(MN4, 4191);
	f.protects = 1 << MIP_PROTECT_BINDING;
	assert_null(hear(&via, MN4, 1, 50));
	f.protects = 0;
	conf.insecure = false;
	ha_start(&ha, &conf);
	assert_int_equal(hear(&via, MN4, 1, 50)->mh.u.ba.status, BA_PROHIBITED);
	conf.insecure = true;
	conf.ipv4 = in6addr_any;
	ha_start(&ha, &conf);
	assert_null(hear(&via, MN4, 1, 50));
	assert_null(bound());
}

static void restored_where_it_was(void **state)
{
	struct via via = from(NAT4, 40000);
	struct bc_entry kept;

	(void)state;
	assert_non_null(hear(&via, MN4, 1, 50));
	kept = *bound();
	ha_stop(&ha, f.now);
	ha_start(&ha, &conf);
	ha_address(&ha, LINK, &kept.local, 64, false);
	assert_int_equal(ha_restore(&ha, &kept, f.now), 0);
	assert_int_equal(bound()->udp.port, 40000);
	assert_addr(bound()->udp.local, HA4);
}

/* --- the mobile node ---------------------------------------------------------------------------------------------- */

static void add(bool ipv4)
{
	struct mn_home_conf c = {.home = t_addr(HOME), .agent = t_addr(AGENT), .plen = 64, .lifetime = 420};

	if (ipv4)
		c.ipv4 = t_addr(HA4);
	assert_int_equal(mn_add(&mn, &c, f.now, NULL), 0);
}

static void address(const char *text, uint8_t plen)
{
	struct attach_addr a = {.addr = t_addr(text), .plen = plen, .usable = true, .dynamic = true};

	mn_on_addr(&mn, ETH, &a, false, f.now);
}

static void link_up(void)
{
	mn_on_link(&mn, ETH, false, false, f.now);
	mn_on_link(&mn, ETH, true, false, f.now);
}

static void router(void)
{
	struct in6_addr by = t_addr(ROUTER);
	struct nd_ra ra = {.router_lifetime = 1800, .prefixes = 1};

	ra.prefix[0] = (struct nd_prefix){
		.prefix = t_addr("2001:db8:a::"), .len = 64, .onlink = true, .autoconf = true, .valid = 86400};
	mn_on_ra(&mn, ETH, &by, &ra, f.now);
}

/* The home agent's answer to the last update, which says that of a NAT. */
static void answer(const char *peer, uint32_t nat)
{
	const struct note *n = fake_last(&f, DID_SEND);
	struct via via = {.src = n->via.dst, .dst = n->via.src, .has_rh2 = n->via.has_hao, .rh2 = n->via.hao};
	struct mh m = {.type = MH_BA, .u.ba = {.seq = n->mh.u.bu.seq, .lifetime = n->mh.u.bu.lifetime}};

	if (n->via.udp.port) {
		via.udp = (struct udp_ends){n->via.udp.local, t_addr(peer), 4191, ETH};
		m.opt.has = MHO_NAT;
		m.opt.nat_refresh = nat;
	}
	mn_on_ba(&mn, &via, &m, f.now);
}

static struct mn_home *home(void)
{
	return &mn.home[0];
}

static void an_ipv4_address_where_there_is_no_other(void **state)
{
	const struct note *n;

	(void)state;
	add(true);
	link_up();
	address(MN4, 120);
	assert_int_equal(fake_did(&f, DID_SEND), 0); /* IPv6 may be about to come */
	fake_run(&f, 300 * MSEC);
	n = fake_last(&f, DID_SEND);
	assert_int_equal(n->mh.u.bu.flags, FLAGS);
	assert_addr(n->via.src, HOME);
	assert_addr(n->via.dst, AGENT);
	assert_false(n->via.has_hao);
	assert_int_equal(n->mh.opt.has, MHO_IPV4_COA);
	assert_addr(n->mh.opt.ipv4_coa, MN4);
	assert_addr(n->via.udp.local, MN4);
	assert_addr(n->via.udp.peer, HA4);
	assert_int_equal(n->via.udp.port, 4191);
	answer("::ffff:192.0.2.1", 110); /* of somebody else */
	assert_int_equal(home()->state, MIP_MN_REGISTERING);
	answer(HA4, 110);
	assert_int_equal(home()->state, MIP_MN_REGISTERED);
	/* one that comes later on is taken at once; IPv6 is taken as soon as it is there */
	fake_forget(&f);
	router();
	address(COA, 64);
	n = fake_last(&f, DID_SEND);
	assert_addr(n->via.src, COA);
	assert_int_equal(n->via.udp.port, 0);
	assert_int_equal(n->mh.u.bu.flags & BU_F_UDP, 0);
	answer(HA4, 0);
	assert_int_equal(home()->state, MIP_MN_REGISTERED);
}

static void not_without_the_home_agents_address(void **state)
{
	(void)state;
	add(false);
	link_up();
	address(MN4, 120);
	fake_run(&f, 10 * SEC);
	assert_int_equal(fake_did(&f, DID_SEND), 0);
	assert_int_equal(home()->state, MIP_MN_DETACHED);
}

static void not_where_ipv6_comes(void **state)
{
	(void)state;
	add(true);
	link_up();
	address(MN4, 120);
	fake_run(&f, 200 * MSEC);
	router();
	fake_run(&f, 200 * MSEC);
	assert_int_equal(fake_did(&f, DID_SEND), 0);
	address(COA, 64);
	assert_addr(fake_last(&f, DID_SEND)->via.src, COA);
	fake_run(&f, SEC);
	assert_addr(home()->place.coa, COA);
}

/* Of the link before, until the network gives it again. */
static void a_lease_of_the_link_before_is_void(void **state)
{
	(void)state;
	add(true);
	link_up();
	address(MN4, 120);
	fake_run(&f, SEC);
	link_up();
	fake_run(&f, SEC);
	assert_int_equal(home()->place.where, AT_NOWHERE);
	address(MN4, 120);
	assert_addr(home()->place.coa, MN4);
}

/* RFC 5555 4.3: an update before the NAT forgets, and none that nothing needs. */
static void kept_alive(void **state)
{
	static const struct {
		uint32_t told;
		usec after;
	} nat[] = {{110, 110 * SEC}, {30, 30 * SEC}, {0, 110 * SEC}, {3600, 110 * SEC}, {NAT_REFRESH_NEVER, 360 * SEC}};

	(void)state;
	add(true);
	link_up();
	address(MN4, 120);
	fake_run(&f, SEC);
	for (size_t i = 0; i < sizeof(nat) / sizeof(nat[0]); i++) {
		answer(HA4, nat[i].told);
		fake_forget(&f);
		fake_run(&f, nat[i].after - 2 * SEC);
		assert_int_equal(fake_did(&f, DID_SEND), 0);
		fake_run(&f, 2 * SEC);
		assert_int_equal(fake_did(&f, DID_SEND), 1);
	}
}

/* A NAT has another mapping: the home agent asks, and is told at once, once a second. */
static void asked_for_an_update(void **state)
{
	struct via via = {.src = t_addr(AGENT), .dst = t_addr(HOME)}, wrong;

	(void)state;
	via.udp = (struct udp_ends){t_addr(MN4), t_addr(HA4), 4191, ETH};
	add(true);
	link_up();
	address(MN4, 120);
	fake_run(&f, SEC);
	mn_on_brr(&mn, &via, f.now); /* one waits for its answer */
	answer(HA4, 110);
	fake_forget(&f);
	mn_on_brr(&mn, &via, f.now - MSEC);
	assert_int_equal(fake_did(&f, DID_SEND), 0);
	fake_run(&f, SEC);
	wrong = via;
	wrong.udp.peer = t_addr("::ffff:192.0.2.1");
	mn_on_brr(&mn, &wrong, f.now);
	wrong = via;
	wrong.src = t_addr("2001:db8:1::2");
	mn_on_brr(&mn, &wrong, f.now);
	wrong = via;
	wrong.udp.port = 0;
	mn_on_brr(&mn, &wrong, f.now);
	assert_int_equal(fake_did(&f, DID_SEND), 0);
	mn_on_brr(&mn, &via, f.now);
	assert_int_equal(fake_did(&f, DID_SEND), 1);
	assert_int_equal(fake_last(&f, DID_SEND)->mh.type, MH_BU);
	answer(HA4, 110);
	mn_on_brr(&mn, &via, f.now);
	assert_int_equal(fake_did(&f, DID_SEND), 1);
}

int main(void)
{
#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(answered_to_where_it_came_from),
		T(a_nat_is_told),
		T(a_nat_that_forgets_sooner_is_found_out),
		T(what_comes_from_elsewhere_causes_a_question),
		T(a_move_that_the_data_path_refuses_is_none),
		T(no_answer_is_longer_than_its_question),
		T(what_is_not_right_is_nothing),
		T(restored_where_it_was),
		T(an_ipv4_address_where_there_is_no_other),
		T(not_without_the_home_agents_address),
		T(not_where_ipv6_comes),
		T(a_lease_of_the_link_before_is_void),
		T(kept_alive),
		T(asked_for_an_update),
	};

	return cmocka_run_group_tests_name("ipv4", tests, NULL, NULL);
}
