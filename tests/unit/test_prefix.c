/* Mobile Prefix Discovery (RFC 6275 10.6, 11.4.2, 11.4.3) under virtual time: what a home agent tells, when and how
 * often; what a mobile node asks and believes, and its home address when the home link is renumbered. */
#include "base/addr.h"
#include "role/ha.h"
#include "role/mn.h"
#include "tests/unit/world.h"

#define LINK  7
#define AGENT "2001:db8:1::1"
#define HOME  "2001:db8:1::100"
#define COA   "2001:db8:a::5"
#define DAY   86400

static struct fake f;
static struct ha ha;
static struct mn mn;

static void serve(uint32_t least, uint32_t most)
{
	struct ha_conf conf = {
		.links = 1, .link = {{.ifindex = LINK}}, .max_lifetime = 3600, .max_bindings = 10, .insecure = true};

	conf.min_prefix_interval = least;
	conf.max_prefix_interval = most;
	ha_start(&ha, &conf);
}

static int setup(void **state)
{
	struct in6_addr a = t_addr(AGENT);

	(void)state;
	fake_open(&f);
	t_seed();
	ha_init(&ha, &f.w, 1);
	serve(600, DAY);
	ha_address(&ha, LINK, &a, 64, false);
	mn_init(&mn, &f.w, 2);
	mn_start(&mn);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	ha_stop(&ha, f.now);
	mn_stop(&mn, f.now);
	fake_close(&f);
	return 0;
}

/* --- the home agent ----------------------------------------------------------------------------------------------- */

static void router_says(const char *prefix, bool ours, uint32_t valid, uint32_t preferred)
{
	struct in6_addr router = t_addr("fe80::9");
	struct nd_ra ra = {.router_lifetime = 1800, .prefixes = 1};

	ra.prefix[0] = (struct nd_prefix){
		.prefix = t_addr(prefix), .len = 64, .onlink = true, .autoconf = true, .router = ours};
	ra.prefix[0].valid = valid;
	ra.prefix[0].preferred = preferred;
	ha_on_ra(&ha, LINK, &router, &ra, f.now);
}

static const struct bc_entry *bound(uint16_t seq, uint16_t life)
{
	struct via via = {.src = t_addr(COA), .dst = t_addr(AGENT), .hao = t_addr(HOME), .has_hao = true};
	struct mh m = {.type = MH_BU, .u.bu = {.seq = seq, .flags = BU_F_ACK | BU_F_HOME, .lifetime = life}};
	struct in6_addr home = t_addr(HOME);

	ha_on_bu(&ha, &via, &m, false, f.now);
	fake_run(&f, 1100 * MSEC);
	return bc_find(&ha.bc, &home, NULL);
}

static void solicit(const char *from, const char *home, uint16_t id)
{
	struct via via = {.src = t_addr(from), .dst = t_addr(AGENT), .has_hao = home != NULL};

	if (home)
		via.hao = t_addr(home);
	fake_forget(&f);
	ha_on_mps(&ha, &via, id, f.now);
}

static struct nd_ra told(void)
{
	const struct note *n = fake_last(&f, DID_ICMP);
	struct nd_ra mpa = {0};

	assert_addr(n->via.src, AGENT);
	assert_addr(n->via.dst, COA);
	assert_true(n->via.has_rh2);
	assert_addr(n->via.rh2, HOME);
	assert_int_equal(mpa_read(n->icmp, n->icmp_len, &mpa), 0);
	return mpa;
}

static void answers(void **state)
{
	struct nd_ra mpa;

	(void)state;
	router_says("2001:db8:1::", false, 3600, 1800);
	bound(1, 100);
	solicit(COA, HOME, 77);
	mpa = told();
	assert_int_equal(mpa.id, 77);
	assert_int_equal(mpa.prefixes, 1);
	assert_in_range(mpa.prefix[0].valid, 3598, 3599);
	assert_in_range(mpa.prefix[0].preferred, 1798, 1799);
	assert_true(mpa.prefix[0].router && mpa.prefix[0].autoconf);
	assert_addr(mpa.prefix[0].prefix, AGENT);
}

static void knows_its_own_without_hearing_it(void **state)
{
	struct nd_ra mpa;

	(void)state;
	bound(1, 100);
	solicit(COA, HOME, 5);
	mpa = told();
	assert_int_equal(mpa.prefixes, 1);
	assert_addr(mpa.prefix[0].prefix, AGENT);
	assert_int_equal(mpa.prefix[0].valid, UINT32_MAX);
}

static void strangers_get_nothing(void **state)
{
	(void)state;
	solicit(COA, HOME, 5);
	assert_int_equal(fake_did(&f, DID_ICMP), 0);
	bound(1, 100);
	solicit("2001:db8:b::5", HOME, 5);
	assert_int_equal(fake_did(&f, DID_ICMP), 0);
	solicit(COA, NULL, 5);
	assert_int_equal(fake_did(&f, DID_ICMP), 0);
	solicit(COA, "2001:db8:1::101", 5);
	assert_int_equal(fake_did(&f, DID_ICMP), 0);
}

static void questions_are_rationed(void **state)
{
	size_t n = 0;

	(void)state;
	bound(1, 100);
	for (int i = 0; i < 1000; i++) {
		solicit(COA, HOME, 5);
		n += fake_did(&f, DID_ICMP);
	}
	assert_in_range(n, 1, 60);
}

/* Keeps the binding, and counts what comes unasked. */
static size_t unsolicited(usec for_, bool acknowledge)
{
	usec until = f.now + for_;
	uint16_t seq = 100;
	size_t n = 0;

	while (f.now < until) {
		struct via via = {.src = t_addr(COA), .dst = t_addr(AGENT), .hao = t_addr(HOME), .has_hao = true};

		fake_forget(&f);
		fake_run(&f, SEC);
		n += fake_did(&f, DID_ICMP);
		if (acknowledge && fake_did(&f, DID_ICMP))
			ha_on_mps(&ha, &via, 9, f.now);
		if (f.now / SEC % 200 == 0)
			bound(seq++, 100);
	}
	return n;
}

static void paced(void **state)
{
	(void)state;
	serve(100, 1000);
	bound(1, 100);
	assert_in_range(unsolicited(20000 * SEC, true), 20, 200);
}

static void repeated_until_heard(void **state)
{
	usec at[4];

	(void)state;
	serve(10, 10);
	bound(1, 1000);
	fake_forget(&f);
	fake_run(&f, 35 * SEC);
	assert_int_equal(fake_did(&f, DID_ICMP), 4);
	for (size_t i = 0; i < 4; i++)
		at[i] = fake_nth(&f, DID_ICMP, i)->at;
	assert_int_equal(at[1] - at[0], 3 * SEC);
	assert_int_equal(at[2] - at[1], 6 * SEC);
	assert_int_equal(at[3] - at[2], 12 * SEC);
	assert_memory_equal(fake_nth(&f, DID_ICMP, 0)->icmp, fake_nth(&f, DID_ICMP, 3)->icmp, 8);
}

static void a_change_is_told(void **state)
{
	(void)state;
	serve(10, DAY);
	router_says(AGENT, true, DAY, DAY);
	bound(1, 1000);
	for (int i = 0; i < 100; i++) { /* the same again, and counted down: no news */
		fake_run(&f, SEC);
		router_says(AGENT, true, i % 2 ? DAY : DAY - 1, DAY - 1);
	}
	fake_forget(&f);
	router_says(AGENT, true, 300, 60);
	fake_run(&f, 61 * SEC);
	assert_true(fake_did(&f, DID_ICMP) >= 1);
	assert_in_range(told().prefix[0].preferred, 0, 60);
}

static void storms_of_changes(void **state)
{
	(void)state;
	serve(1, 1);
	bound(1, 1000);
	fake_forget(&f);
	for (int i = 0; i < 1000; i++) {
		router_says("2001:db8:1::", false, DAY, i % 2 ? 100 : 20000);
		fake_run(&f, 10 * MSEC);
	}
	assert_in_range(fake_did(&f, DID_ICMP), 1, 20);
}

static void lifetime_within_the_prefix(void **state)
{
	(void)state;
	router_says(AGENT, true, 100, 50);
	assert_int_equal(bound(1, 300)->lifetime, 25);
	router_says(AGENT, true, 2, 0);
	fake_forget(&f);
	bound(2, 300);
	assert_int_equal(fake_nth(&f, DID_SEND, 0)->mh.u.ba.status, BA_NOT_HOME_SUBNET);
}

static uint8_t status_of(uint16_t seq, uint16_t life)
{
	fake_forget(&f);
	assert_int_equal(bound(seq, life)->lifetime, life);
	return fake_nth(&f, DID_SEND, 0)->mh.u.ba.status;
}

/* 10.3.1, in units of four seconds. */
static void told_that_the_prefix_is_to_end(void **state)
{
	(void)state;
	router_says(AGENT, true, 1000, 1000);
	assert_int_equal(status_of(1, 200), BA_ACCEPTED);
	router_says(AGENT, true, 1000, 403);
	assert_int_equal(status_of(2, 100), BA_ACCEPTED);
	router_says(AGENT, true, 1000, 398);
	assert_int_equal(status_of(3, 100), BA_ACCEPTED_PREFIX);
	router_says(AGENT, true, 1000, 0);
	assert_int_equal(status_of(4, 1), BA_ACCEPTED_PREFIX);
	router_says(AGENT, true, 402, 402);
	assert_int_equal(status_of(5, 100), BA_ACCEPTED_PREFIX);
}

static void binding_ends_with_its_prefix(void **state)
{
	struct in6_addr home = t_addr(HOME);

	(void)state;
	router_says(AGENT, true, DAY, DAY);
	bound(1, 300);
	router_says(AGENT, true, 60, 60);
	fake_run(&f, 59 * SEC);
	assert_non_null(bc_find(&ha.bc, &home, NULL));
	fake_run(&f, 2 * SEC);
	assert_null(bc_find(&ha.bc, &home, NULL));
	router_says(AGENT, true, DAY, DAY);
	assert_non_null(bound(2, 300));
	fake_run(&f, 2 * SEC);
	router_says(AGENT, true, 0, 0);
	fake_run(&f, 1);
	assert_null(bc_find(&ha.bc, &home, NULL));
}

/* 8.4 */
static void told_nothing(void **state)
{
	(void)state;
	bound(1, 900);
	ha.conf.no_prefix_advs = true;
	solicit(COA, HOME, 1);
	fake_run(&f, 3600 * SEC);
	assert_int_equal(fake_did(&f, DID_ICMP), 0);
	ha.conf.no_prefix_advs = false;
	bound(2, 900);
	solicit(COA, HOME, 1);
	assert_int_equal(fake_did(&f, DID_ICMP), 1);
}

/* 10.6.2: in vain, until the mobile node is heard of again. */
static void told_again_after_an_update(void **state)
{
	(void)state;
	serve(600, 600);
	bound(1, 900);
	fake_forget(&f);
	fake_run(&f, 700 * SEC);
	assert_int_equal(fake_did(&f, DID_ICMP), 4);
	bound(2, 900);
	assert_int_equal(fake_did(&f, DID_ICMP), 5);
	fake_run(&f, 3 * SEC);
	assert_int_equal(fake_did(&f, DID_ICMP), 6);
	solicit(COA, HOME, 1);
	fake_forget(&f);
	bound(3, 900);
	assert_int_equal(fake_did(&f, DID_ICMP), 0);
}

/* What was to be told is not when that is no longer wanted. */
static void not_paced_any_more(void **state)
{
	(void)state;
	router_says(AGENT, true, UINT32_MAX, UINT32_MAX);
	bound(1, 900);
	fake_forget(&f);
	serve(1, 0);
	fake_run(&f, 3600 * SEC);
	assert_int_equal(fake_did(&f, DID_ICMP), 0);
}

/* One forged advertisement does not end a prefix; our own does. */
static void two_hours(void **state)
{
	struct in6_addr home = t_addr(HOME);

	(void)state;
	router_says(AGENT, true, DAY, DAY);
	router_says("2001:db8:1::", false, 0, 0);
	assert_int_equal(prefix_left(prefixes_find(&ha.link[0].prefixes, &home)->valid_until, f.now), 7200);
	router_says("2001:db8:1::", false, 0, 0);
	assert_int_equal(prefix_left(prefixes_find(&ha.link[0].prefixes, &home)->valid_until, f.now), 7200);
	router_says(AGENT, true, 60, 60);
	assert_int_equal(prefix_left(prefixes_find(&ha.link[0].prefixes, &home)->valid_until, f.now), 60);
}

/* --- the mobile node ---------------------------------------------------------------------------------------------- */

static void hear(uint32_t valid)
{
	struct in6_addr from = t_addr("fe80::1");
	struct nd_ra ra = {.router_lifetime = 1800, .prefixes = 1};

	ra.prefix[0] =
		(struct nd_prefix){.prefix = t_addr("2001:db8:a::"), .len = 64, .autoconf = true, .valid = valid};
	mn_on_ra(&mn, LINK, &from, &ra, f.now);
}

static void home_is_heard(void)
{
	struct in6_addr from = t_addr("fe80::1");
	struct nd_ra ra = {.router_lifetime = 1800, .prefixes = 1};

	ra.prefix[0] = (struct nd_prefix){.prefix = t_addr("2001:db8:1::"), .len = 64, .autoconf = true, .valid = DAY};
	mn_on_ra(&mn, LINK, &from, &ra, f.now);
}

static void no_binding_at_home(void)
{
	const struct note *n = fake_last(&f, DID_SEND);
	struct via via = {.src = n->via.dst, .dst = t_addr(HOME), .bare = true, .ifindex = LINK};
	struct mh m = {.type = MH_BA, .u.ba = {.status = BA_NOT_HOME_AGENT, .seq = n->mh.u.bu.seq}};

	mn_on_ba(&mn, &via, &m, f.now);
}

static void accept_last(uint8_t status)
{
	const struct note *n = fake_last(&f, DID_SEND);
	struct via via = {.src = n->via.dst, .dst = t_addr(COA), .rh2 = n->via.hao, .has_rh2 = true};
	struct mh m = {.type = MH_BA, .u.ba = {.status = status, .seq = n->mh.u.bu.seq}};

	m.u.ba.lifetime = n->mh.u.bu.lifetime;
	mn_on_ba(&mn, &via, &m, f.now);
}

static void registered(void)
{
	struct mn_home_conf conf = {.home = t_addr(HOME), .agent = t_addr(AGENT), .plen = 64, .lifetime = 200000};
	struct attach_addr a = {.addr = t_addr(COA), .plen = 64, .usable = true, .dynamic = true};

	assert_int_equal(mn_add(&mn, &conf, f.now, NULL), 0);
	mn_on_link(&mn, LINK, true, false, f.now);
	hear(UINT32_MAX);
	mn_on_addr(&mn, LINK, &a, false, f.now);
	accept_last(BA_ACCEPTED);
}

static uint16_t question(void)
{
	const struct note *n = fake_last(&f, DID_ICMP);
	uint16_t id;

	assert_addr(n->via.src, COA);
	assert_addr(n->via.dst, AGENT);
	assert_true(n->via.has_hao);
	assert_int_equal(mps_read(n->icmp, n->icmp_len, &id), 0);
	return id;
}

/* The home agent agrees to what is asked for when a prefix turns out to end sooner. */
static void accept_shorter(void)
{
	struct via via = {.src = t_addr(AGENT), .dst = t_addr(COA), .rh2 = t_addr(HOME), .has_rh2 = true};
	const struct bul_entry *e = mn.home[0].reg;
	struct mh m = {.type = MH_BA};

	if (!e || e->state != MIP_BUL_WAITING)
		return;
	m.u.ba.seq = e->seq;
	m.u.ba.lifetime = e->asked;
	mn_on_ba(&mn, &via, &m, f.now);
}

static void advertised(uint16_t id, uint32_t valid, uint32_t preferred, const char *other)
{
	struct via via = {.src = t_addr(AGENT), .dst = t_addr(COA), .rh2 = t_addr(HOME), .has_rh2 = true};
	struct nd_ra mpa = {.id = id, .prefixes = 1};

	mpa.prefix[0] = (struct nd_prefix){.prefix = t_addr(AGENT), .len = 64, .autoconf = true, .router = true};
	mpa.prefix[0].valid = valid;
	mpa.prefix[0].preferred = preferred;
	if (other) {
		mpa.prefix[1] =
			(struct nd_prefix){.prefix = t_addr(other), .len = 64, .autoconf = true, .router = true};
		mpa.prefix[1].valid = mpa.prefix[1].preferred = DAY;
		mpa.prefixes = 2;
	}
	mn_on_mpa(&mn, &via, &mpa, f.now);
	accept_shorter();
}

static void asks_once(void **state)
{
	(void)state;
	registered();
	assert_int_equal(fake_did(&f, DID_ICMP), 1);
	advertised(question(), 2 * DAY, DAY, NULL);
	fake_forget(&f);
	fake_run(&f, DAY / 4 * SEC);
	assert_int_equal(fake_did(&f, DID_ICMP), 0);
	fake_run(&f, DAY / 3 * SEC);
	assert_true(fake_did(&f, DID_ICMP) > 0); /* while the prefix is still preferred */
}

static void asks_with_patience(void **state)
{
	static const unsigned at[] = {0, 3, 9, 21, 45};
	usec start = f.now;

	(void)state;
	registered();
	fake_run(&f, 1000 * SEC);
	assert_int_equal(fake_did(&f, DID_ICMP), 5);
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(fake_nth(&f, DID_ICMP, i)->at - start, at[i] * SEC);
}

static void asks_when_told_to(void **state)
{
	(void)state;
	registered();
	advertised(question(), UINT32_MAX, UINT32_MAX, NULL);
	fake_forget(&f);
	fake_run(&f, 200000 * SEC - 50 * SEC);
	assert_int_equal(fake_did(&f, DID_ICMP), 0);
	accept_last(BA_ACCEPTED_PREFIX);
	assert_int_equal(fake_did(&f, DID_ICMP), 1);
}

static void only_the_answer_is_believed(void **state)
{
	uint16_t id;

	(void)state;
	registered();
	id = question();
	advertised((uint16_t)(id + 1), 10, 5, NULL);
	assert_true(mn.home[0].prefix.valid_until == NEVER);
	advertised(id, UINT32_MAX, UINT32_MAX, NULL);
	fake_forget(&f);
	for (int i = 0; i < 100; i++) /* forged: it costs one question in three seconds */
		advertised(7, 10, 0, "2001:db8:9::1");
	fake_run(&f, 2 * SEC);
	assert_int_equal(fake_did(&f, DID_ICMP), 1);
	assert_int_equal(mn.homes, 1);
	assert_true(mn.home[0].prefix.valid_until == NEVER);
}

static void renumbered(void **state)
{
	struct in6_addr new = t_addr("2001:db8:9::100"), old = t_addr(HOME);

	(void)state;
	registered();
	advertised(question(), DAY, DAY, "2001:db8:9::1"); /* another prefix alone is no reason */
	assert_int_equal(mn.homes, 1);
	fake_run(&f, DAY * SEC / 2 + SEC);
	fake_forget(&f);
	mn.home[0].prefix.tries = 0;
	mn.home[0].prefix.asking = true;
	advertised(mn.home[0].prefix.id, 3600, 0, "2001:db8:9::1");
	assert_int_equal(mn.homes, 2);
	assert_non_null(mn_find(&mn, &new));
	assert_true(fake_holds(&f.own, &new));
	assert_addr(fake_last(&f, DID_SEND)->via.dst, "2001:db8:9::1");
	assert_addr(fake_last(&f, DID_SEND)->via.hao, "2001:db8:9::100");
	accept_last(BA_ACCEPTED);
	accept_last(BA_ACCEPTED); /* asked for anew, for no longer than its prefix lasts */
	assert_int_equal(mn_find(&mn, &new)->state, MIP_MN_REGISTERED);
	/* It ends with its prefix, which nobody confirms any more. */
	fake_run(&f, DAY / 2 * SEC);
	fake_forget(&f);
	fake_run(&f, DAY * SEC);
	assert_null(mn_find(&mn, &new));
	assert_false(fake_holds(&f.own, &new));
	assert_int_equal(mn_del(&mn, &old, f.now, NULL), 0);
	assert_int_equal(mn.homes, 0);
}

/* Asked for once more, and the lifetimes get shorter with it; then there is an end, and no update every 3 s. At home,
 * and away again, all is as ever. */
static void ends_with_its_prefix(void **state)
{
	(void)state;
	registered();
	advertised(question(), 200, 100, NULL);
	fake_forget(&f);
	for (int i = 0; i < 199; i++) {
		fake_run(&f, SEC);
		if (mn.home[0].reg->state == MIP_BUL_WAITING)
			accept_last(BA_ACCEPTED);
	}
	assert_true(fake_did(&f, DID_ICMP) > 0);
	assert_int_equal(mn.home[0].state, MIP_MN_REGISTERED);
	fake_run(&f, 2 * SEC);
	assert_int_equal(mn.home[0].state, MIP_MN_REGISTERING);
	assert_null(mn.home[0].reg);
	fake_forget(&f);
	fake_run(&f, 3600 * SEC);
	assert_int_equal(fake_did(&f, DID_SEND) + fake_did(&f, DID_ICMP), 0);
	mn_on_link(&mn, LINK, false, false, f.now);
	mn_on_link(&mn, LINK, true, false, f.now);
	hear(400);
	assert_int_equal(fake_did(&f, DID_SEND), 0);
	home_is_heard();
	fake_run(&f, SEC);
	assert_true(fake_did(&f, DID_SEND) > 0);
	assert_true(mn.home[0].ended);
	no_binding_at_home();
	assert_false(mn.home[0].ended);
	assert_true(mn.home[0].prefix.valid_until == NEVER);
}

static void derived_goes_with_its_base(void **state)
{
	struct in6_addr old = t_addr(HOME);

	(void)state;
	registered();
	advertised(question(), 3600, 0, "2001:db8:9::1");
	assert_int_equal(mn.homes, 2);
	assert_int_equal(mn_del(&mn, &old, f.now, NULL), 0);
	assert_int_equal(mn.homes, 0);
}

static void asks_for_no_longer_than_addresses_live(void **state)
{
	(void)state;
	registered();
	assert_int_equal(fake_last(&f, DID_SEND)->mh.u.bu.lifetime, 50000);
	advertised(question(), 1000, 1000, NULL);
	mn_on_link(&mn, LINK, false, false, f.now);
	mn_on_link(&mn, LINK, true, false, f.now);
	hear(400);
	mn_on_addr(&mn, LINK, &(struct attach_addr){t_addr(COA), 64, true, true}, false, f.now);
	assert_int_equal(fake_last(&f, DID_SEND)->mh.u.bu.lifetime, 100);
	hear(86400);
	accept_last(BA_ACCEPTED);
	fake_run(&f, 400 * SEC);
	assert_in_range(fake_last(&f, DID_SEND)->mh.u.bu.lifetime, 100, 250);
}

/* 11.7.1: at once, and no more often than it shrinks. */
static void asks_anew_when_a_lifetime_shrinks(void **state)
{
	(void)state;
	registered();
	fake_forget(&f);
	hear(7200);
	assert_int_equal(fake_last(&f, DID_SEND)->mh.u.bu.lifetime, 1800);
	accept_last(BA_ACCEPTED);
	fake_forget(&f);
	for (int i = 0; i < 10; i++) {
		fake_run(&f, SEC);
		hear(7200);
	}
	assert_int_equal(fake_did(&f, DID_SEND), 0);
	fake_run(&f, 3600 * SEC); /* the question was not answered and is asked with the next registration */
	mn_on_link(&mn, LINK, false, false, f.now);
	mn_on_link(&mn, LINK, true, false, f.now);
	hear(86400);
	mn_on_addr(&mn, LINK, &(struct attach_addr){t_addr(COA), 64, true, true}, false, f.now);
	accept_last(BA_ACCEPTED);
	advertised(question(), 91, 91, NULL);
	assert_int_equal(fake_last(&f, DID_SEND)->mh.u.bu.lifetime, 22);
	fake_forget(&f);
	fake_run(&f, SEC);
	assert_int_equal(fake_did(&f, DID_SEND), 0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(answers),
		T(knows_its_own_without_hearing_it),
		T(strangers_get_nothing),
		T(questions_are_rationed),
		T(paced),
		T(repeated_until_heard),
		T(a_change_is_told),
		T(storms_of_changes),
		T(lifetime_within_the_prefix),
		T(told_that_the_prefix_is_to_end),
		T(binding_ends_with_its_prefix),
		T(told_nothing),
		T(told_again_after_an_update),
		T(not_paced_any_more),
		T(two_hours),
		T(asks_once),
		T(asks_with_patience),
		T(asks_when_told_to),
		T(only_the_answer_is_believed),
		T(renumbered),
		T(ends_with_its_prefix),
		T(derived_goes_with_its_base),
		T(asks_for_no_longer_than_addresses_live),
		T(asks_anew_when_a_lifetime_shrinks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
