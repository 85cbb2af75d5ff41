/* IPv4 home addresses (RFC 5555) under virtual time: who is given which by the home agent, and what a mobile node makes
 * of the answer. */
#include <errno.h>

#include "role/mn.h"
#include "tests/unit/t_ha.h"

#define ETH   2
#define HOME  "2001:db8:1::105"
#define HOME2 "2001:db8:1::206"
#define COA   "2001:db8:a::5"
#define OWN   "::ffff:198.51.100.100" /* of HOME alone */
#define POOL  "::ffff:198.51.100.96"  /* a /28 */
#define ANY   "::ffff:0.0.0.0"
#define HA4   "::ffff:198.51.100.1"

static struct mn mn;
static uint16_t seq;

static void rule(const char *home, uint8_t plen, const char *ipv4, uint8_t bits)
{
	struct ha_rule r = {.ipv4 = {.plen = 0}};

	if (ipv4)
		r.ipv4 = (struct addr_prefix){t_addr(ipv4), bits};
	t_rule(home, plen, r);
}

static int setup(void **state)
{
	int err = t_setup(state);

	seq = 0;
	conf.ipv4 = t_addr(HA4);
	rule("2001:db8:1::", 64, POOL, 124);
	rule(HOME, 128, OWN, 128);
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

/* The acknowledgement of an update of `home` that asks for `ipv4` (NULL: for none). */
static const struct mh *ask_for(const char *home, const char *ipv4, uint8_t bits, bool prefix, uint16_t life)
{
	struct via via = {.src = t_addr(COA), .dst = t_addr(AGENT), .hao = t_addr(home), .has_hao = true};
	struct mh m = {.type = MH_BU, .u.bu = {.seq = ++seq, .flags = BU_F_ACK | BU_F_HOME, .lifetime = life}};

	if (ipv4) {
		m.opt.has = MHO_IPV4_HOME;
		m.opt.ipv4_home = (struct addr_prefix){t_addr(ipv4), bits};
		m.opt.ipv4_prefix = prefix;
	}
	fake_forget(&f);
	ha_on_bu(&ha, &via, &m, false, f.now);
	fake_run(&f, 2 * SEC);
	assert_int_equal(fake_did(&f, DID_SEND), 1);
	return &fake_last(&f, DID_SEND)->mh;
}

/* The status: the IPv6 home address is registered, whatever it is. */
static uint8_t asked(const char *home, const char *ipv4)
{
	const struct mh *m = ask_for(home, ipv4, 128, false, 100);

	assert_int_equal(m->u.ba.status, BA_ACCEPTED);
	assert_int_equal(m->opt.has & MHO_IPV4_ACK, MHO_IPV4_ACK);
	return m->opt.ipv4_status;
}

static bool routed(const char *ipv4)
{
	struct in6_addr a = t_addr(ipv4);

	return fake_holds(&f.routed, &a);
}

static struct bc_entry *bound(const char *home)
{
	struct in6_addr a = t_addr(home);

	return bc_find(&ha.bc, &a, NULL);
}

static void one_of_its_own(void **state)
{
	const struct mh *m;

	(void)state;
	m = ask_for(HOME, OWN, 128, false, 100);
	assert_int_equal(m->opt.ipv4_status, IPV4_ACCEPTED);
	assert_addr(m->opt.ipv4_home.addr, OWN);
	assert_int_equal(m->opt.ipv4_home.plen, 128);
	assert_true(routed(OWN));
	assert_int_equal(fake_did(&f, DID_CLAIM) > 0, true);
	/* again, and from elsewhere: it stays */
	assert_int_equal(asked(HOME, OWN), IPV4_ACCEPTED);
	assert_true(routed(OWN));
	/* what is not asked for any more is not its any more */
	m = ask_for(HOME, NULL, 0, false, 100);
	assert_int_equal(m->opt.has & MHO_IPV4_ACK, 0);
	assert_false(routed(OWN));
	/* and comes again; it ends with the binding */
	assert_int_equal(asked(HOME, ANY), IPV4_ACCEPTED);
	assert_true(routed(OWN));
	m = ask_for(HOME, OWN, 128, false, 0);
	assert_int_equal(m->opt.has & MHO_IPV4_ACK, 0);
	assert_false(routed(OWN));
}

/* The 13 hosts of the /28 that are nobody's: not its first and last address, nor what a rule keeps for HOME. */
static void any_of_those_there_are(void **state)
{
	struct in6_addr had[16];
	char home[40];

	(void)state;
	for (size_t i = 0; i < 14; i++) {
		const struct mh *m;

		snprintf(home, sizeof(home), "2001:db8:1::%zx", 0x300 + i * i);
		m = ask_for(home, ANY, 128, false, 100);
		assert_int_equal(m->u.ba.status, BA_ACCEPTED);
		if (i == 13) {
			assert_int_equal(m->opt.ipv4_status, IPV4_NOT_AVAILABLE);
			break;
		}
		assert_int_equal(m->opt.ipv4_status, IPV4_ACCEPTED);
		had[i] = m->opt.ipv4_home.addr;
		assert_true(had[i].s6_addr[15] > 96 && had[i].s6_addr[15] < 111 && had[i].s6_addr[15] != 100);
		for (size_t j = 0; j < i; j++)
			assert_false(addr_eq(&had[i], &had[j]));
		/* who asks again is given the same */
		m = ask_for(home, ANY, 128, false, 100);
		assert_true(addr_eq(&m->opt.ipv4_home.addr, &had[i]));
	}
	/* one is free again */
	(void)ask_for("2001:db8:1::300", ANY, 128, false, 0);
	assert_int_equal(asked(home, ANY), IPV4_ACCEPTED);
	assert_true(addr_eq(&bc_ipv4_home(bound(home))->addr, &had[0]));
}

static void not_what_is_another_s(void **state)
{
	(void)state;
	assert_int_equal(asked(HOME2, "::ffff:198.51.100.98"), IPV4_ACCEPTED);
	assert_int_equal(asked("2001:db8:1::307", "::ffff:198.51.100.98"), IPV4_INCORRECT);
	assert_addr(bound(HOME2)->network[0].addr, "::ffff:198.51.100.98");
	assert_int_equal(asked(HOME2, OWN), IPV4_PROHIBITED); /* a rule keeps it for HOME */
	assert_false(routed("::ffff:198.51.100.98"));	      /* which it gave back by that */
	assert_int_equal(asked(HOME2, "::ffff:198.51.100.200"), IPV4_PROHIBITED);
	assert_int_equal(asked(HOME2, "::ffff:198.51.100.96"), IPV4_INCORRECT);
	assert_int_equal(asked(HOME, "::ffff:198.51.100.98"), IPV4_PROHIBITED);
	assert_int_equal(asked(HOME2, HA4), IPV4_INVALID);
	assert_int_equal(asked(HOME2, "::ffff:127.0.0.1"), IPV4_INVALID);
	assert_int_equal(asked(HOME2, "::ffff:224.0.0.1"), IPV4_INVALID);
	assert_int_equal(f.routed.n, 0);
}

/* RFC 5555 3.1.1: no prefixes are given, and a length of 0 is an error. */
static void one_address_only(void **state)
{
	(void)state;
	assert_int_equal(ask_for(HOME2, ANY, 128, true, 100)->opt.ipv4_status, IPV4_NO_PREFIX);
	assert_int_equal(ask_for(HOME2, "::ffff:198.51.100.96", 124, false, 100)->opt.ipv4_status, IPV4_NO_PREFIX);
	assert_int_equal(ask_for(HOME2, ANY, 96, false, 100)->opt.ipv4_status, IPV4_UNSPECIFIED);
	assert_int_equal(ask_for(HOME2, ANY, 96 + 63, false, 100)->opt.ipv4_status, IPV4_UNSPECIFIED);
	assert_int_equal(f.routed.n, 0);
}

static void none_without_a_rule(void **state)
{
	(void)state;
	conf.rules = 0;
	ha_start(&ha, &conf);
	assert_int_equal(asked(HOME2, ANY), IPV4_NOT_AVAILABLE);
	assert_int_equal(asked(HOME2, "::ffff:198.51.100.98"), IPV4_PROHIBITED);
	assert_int_equal(f.routed.n, 0);
}

/* What IPsec hides of IPv6 must not go openly in IPv4. */
static void none_beside_what_ipsec_hides(void **state)
{
	struct via via = {.src = t_addr(COA), .dst = t_addr(AGENT), .hao = t_addr(HOME), .has_hao = true, .esp = true};
	struct mh m = {.type = MH_BU, .u.bu = {.seq = 1, .flags = BU_F_ACK | BU_F_HOME, .lifetime = 100}};

	(void)state;
	f.protects = 1U << MIP_PROTECT_BINDING | 1U << MIP_PROTECT_PAYLOAD;
	m.opt = (struct mh_opts){.has = MHO_IPV4_HOME | MHO_ALT_COA, .alt_coa = t_addr(COA)};
	m.opt.ipv4_home = (struct addr_prefix){t_addr(OWN), 128};
	ha_on_bu(&ha, &via, &m, false, f.now);
	fake_run(&f, 2 * SEC);
	assert_int_equal(fake_last(&f, DID_SEND)->mh.opt.ipv4_status, IPV4_PROHIBITED);
	assert_int_equal(f.routed.n, 0);
	f.protects = 0;
}

/* Its own IPv4 home address is no place for a mobile node to be. */
static void not_inside_itself(void **state)
{
	struct via via = {.src = t_addr(HOME),
		.dst = t_addr(AGENT),
		.udp = {.local = t_addr(HA4), .peer = t_addr(OWN), .port = 4191, .ifindex = 9}};
	struct mh m = {.type = MH_BU, .u.bu = {.seq = 1, .flags = BU_F_ACK | BU_F_HOME, .lifetime = 100}};

	(void)state;
	m.opt = (struct mh_opts){.has = MHO_IPV4_HOME | MHO_IPV4_COA, .ipv4_coa = t_addr(OWN)};
	m.opt.ipv4_home = (struct addr_prefix){t_addr(OWN), 128};
	ha_on_bu(&ha, &via, &m, false, f.now);
	fake_run(&f, 2 * SEC);
	assert_int_equal(fake_last(&f, DID_SEND)->mh.u.ba.status, BA_INVALID_COA);
	assert_null(bound(HOME));
}

static void when_the_data_path_refuses(void **state)
{
	(void)state;
	assert_int_equal(ask_for(HOME, NULL, 0, false, 100)->u.ba.status, BA_ACCEPTED);
	f.bind_err = ENOMEM;
	assert_int_equal(ask_for(HOME, OWN, 128, false, 100)->u.ba.status, BA_RESOURCES);
	assert_null(bc_ipv4_home(bound(HOME)));
	f.bind_err = 0;
	assert_int_equal(asked(HOME, OWN), IPV4_ACCEPTED);
}

/* As an earlier agent, or another member of the cell, had it: unless it may not have it any more. */
static void restored(void **state)
{
	struct addr_prefix network = {t_addr(OWN), 128};
	struct bc_entry kept = {.home = t_addr(HOME), .local = t_addr(AGENT), .coa = t_addr(COA), .from = t_addr(COA)};

	(void)state;
	kept.flags = BU_F_ACK | BU_F_HOME;
	kept.lifetime = 50;
	kept.expires = f.now + 200 * SEC;
	kept.networks = 1;
	kept.network = &network;
	assert_int_equal(ha_restore(&ha, &kept, f.now), 0);
	assert_true(routed(OWN));
	assert_addr(bc_ipv4_home(bound(HOME))->addr, OWN);
	assert_int_equal(bc_networks(bound(HOME)), 0);
	assert_int_equal(ha_del(&ha, &kept.home, f.now, NULL), 0);
	network.addr = t_addr("::ffff:198.51.100.98");
	assert_int_equal(ha_restore(&ha, &kept, f.now), -EADDRNOTAVAIL);
}

/* --- the mobile node ---------------------------------------------------------------------------------------------- */

static void start(const char *ipv4)
{
	struct mn_home_conf c = {.home = t_addr(HOME), .agent = t_addr(AGENT), .plen = 64, .lifetime = 600};
	struct attach_addr a = {.addr = t_addr(COA), .plen = 64, .usable = true, .dynamic = true};
	struct in6_addr by = t_addr("fe80::1");
	struct nd_ra ra = {.router_lifetime = 1800, .prefixes = 1};

	c.ipv4_home = t_addr(ipv4);
	ra.prefix[0] = (struct nd_prefix){
		.prefix = t_addr("2001:db8:a::"), .len = 64, .onlink = true, .autoconf = true, .valid = 86400};
	assert_int_equal(mn_add(&mn, &c, f.now, NULL), 0);
	mn_on_link(&mn, ETH, true, false, f.now);
	mn_on_ra(&mn, ETH, &by, &ra, f.now);
	mn_on_addr(&mn, ETH, &a, false, f.now);
}

/* The home agent says that of it; ack false: nothing. */
static void answer(bool ack, uint8_t status, const char *ipv4)
{
	const struct note *n = fake_last(&f, DID_SEND);
	struct via via = {.src = n->via.dst, .dst = n->via.src, .has_rh2 = true, .rh2 = n->via.hao};
	struct mh m = {.type = MH_BA, .u.ba = {.seq = n->mh.u.bu.seq, .lifetime = n->mh.u.bu.lifetime}};

	m.opt.has = ack ? MHO_IPV4_ACK : 0;
	m.opt.ipv4_status = status;
	m.opt.ipv4_home = (struct addr_prefix){t_addr(ipv4), 128};
	mn_on_ba(&mn, &via, &m, f.now);
	assert_int_equal(mn.home[0].state, MIP_MN_REGISTERED);
}

static bool owns(const char *ipv4)
{
	struct in6_addr a = t_addr(ipv4);

	return fake_holds(&f.own, &a);
}

static void asks_and_has_it(void **state)
{
	const struct note *n;

	(void)state;
	start(OWN);
	n = fake_last(&f, DID_SEND);
	assert_int_equal(n->mh.opt.has & MHO_IPV4_HOME, MHO_IPV4_HOME);
	assert_addr(n->mh.opt.ipv4_home.addr, OWN);
	assert_int_equal(n->mh.opt.ipv4_home.plen, 128);
	assert_true(owns(OWN)); /* wherever it is */
	assert_addr(mn.home[0].ipv4_home, "::");
	answer(true, IPV4_ACCEPTED, OWN);
	assert_addr(mn.home[0].ipv4_home, OWN);
	assert_int_equal(fake_events(&f, EV_IPV4_HOME), 1);
	/* refused later on: no tunnel has it any more, and the event says so */
	fake_run(&f, 545 * SEC);
	answer(true, IPV4_PROHIBITED, OWN);
	assert_addr(mn.home[0].ipv4_home, "::");
	assert_int_equal(fake_events(&f, EV_IPV4_HOME), 2);
}

static void takes_what_it_is_given(void **state)
{
	(void)state;
	start(ANY);
	assert_addr(fake_last(&f, DID_SEND)->mh.opt.ipv4_home.addr, ANY);
	answer(true, IPV4_ACCEPTED, "::ffff:198.51.100.98");
	assert_true(owns("::ffff:198.51.100.98"));
	/* and asks for that from then on */
	fake_run(&f, 545 * SEC);
	assert_addr(fake_last(&f, DID_SEND)->mh.opt.ipv4_home.addr, "::ffff:198.51.100.98");
	answer(true, IPV4_ACCEPTED, "::ffff:198.51.100.99");
	assert_false(owns("::ffff:198.51.100.98"));
	assert_true(owns("::ffff:198.51.100.99"));
	fake_run(&f, 545 * SEC);
	answer(true, IPV4_NOT_AVAILABLE, ANY);
	assert_int_equal(f.own.n, 0);
	fake_run(&f, 545 * SEC);
	assert_addr(fake_last(&f, DID_SEND)->mh.opt.ipv4_home.addr, ANY);
}

/* A home agent that knows no IPv4 home addresses, or says what cannot be. */
static void has_none_when_the_answer_is_wrong(void **state)
{
	(void)state;
	start(OWN);
	answer(false, 0, ANY);
	assert_addr(mn.home[0].ipv4_home, "::");
	assert_int_equal(mn.home[0].ipv4_status, IPV4_UNSPECIFIED);
	fake_run(&f, 545 * SEC);
	answer(true, IPV4_ACCEPTED, "::ffff:198.51.100.98");
	assert_addr(mn.home[0].ipv4_home, "::");
	assert_int_equal(mn.home[0].ipv4_status, IPV4_INCORRECT);
	fake_run(&f, 545 * SEC);
	answer(true, IPV4_ACCEPTED, "::ffff:127.0.0.1");
	assert_addr(mn.home[0].ipv4_home, "::");
}

#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		T(one_of_its_own),
		T(any_of_those_there_are),
		T(not_what_is_another_s),
		T(one_address_only),
		T(none_without_a_rule),
		T(none_beside_what_ipsec_hides),
		T(not_inside_itself),
		T(when_the_data_path_refuses),
		T(restored),
		T(asks_and_has_it),
		T(takes_what_it_is_given),
		T(has_none_when_the_answer_is_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
