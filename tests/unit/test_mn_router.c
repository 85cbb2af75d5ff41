/* A mobile router (RFC 3963 5) under virtual time: what its updates say, and what it makes of the answers. */
#include "base/addr.h"
#include "role/mn.h"
#include "tests/unit/world.h"

#define ETH    2
#define AGENT  "2001:db8:1::1"
#define AGENT2 "2001:db8:1::2"
#define HOME   "2001:db8:1::100"
#define COA    "2001:db8:a::5"
#define COA2   "2001:db8:b::5"
#define ROUTER "fe80::1"
#define FLAGS  (BU_F_ACK | BU_F_HOME | BU_F_ROUTER)

static struct fake f;
static struct mn mn;

static void begin(const char *agent)
{
	struct mn_home_conf conf = {.home = t_addr(HOME), .plen = 64, .lifetime = 420, .networks = 2};

	if (agent)
		conf.agent = t_addr(agent);
	conf.network[0] = (struct addr_prefix){t_addr("2001:db8:77::"), 56};
	conf.network[1] = (struct addr_prefix){t_addr("2001:db8:78::"), 64};
	assert_int_equal(mn_add(&mn, &conf, f.now, NULL), 0);
}

static int setup(void **state)
{
	(void)state;
	fake_open(&f);
	mn_init(&mn, &f.w, 42);
	mn_start(&mn);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	mn_stop(&mn, f.now);
	fake_close(&f);
	return 0;
}

static void move_to(const char *coa)
{
	struct in6_addr from = t_addr(ROUTER);
	struct nd_ra ra = {.router_lifetime = 1800, .prefixes = 1};
	struct attach_addr a = {.addr = t_addr(coa), .plen = 64, .usable = true, .dynamic = true};

	mn_on_link(&mn, ETH, false, false, f.now);
	mn_on_link(&mn, ETH, true, false, f.now);
	ra.prefix[0] =
		(struct nd_prefix){.prefix = a.addr, .len = 64, .onlink = true, .autoconf = true, .valid = 86400};
	memset(&ra.prefix[0].prefix.s6_addr[8], 0, 8);
	mn_on_ra(&mn, ETH, &from, &ra, f.now);
	if (strcmp(coa, HOME) != 0)
		mn_on_addr(&mn, ETH, &a, false, f.now);
}

static const struct note *update(uint16_t flags, size_t networks)
{
	const struct note *n = fake_last(&f, DID_SEND);

	assert_int_equal(n->mh.type, MH_BU);
	assert_int_equal(n->mh.u.bu.flags, flags);
	assert_int_equal(n->mh.opt.networks, networks);
	assert_int_equal((n->mh.opt.has & MHO_NETWORK) != 0, networks != 0);
	return n;
}

/* To the last update. */
static void answer(uint8_t status, uint8_t flags)
{
	const struct note *n = fake_last(&f, DID_SEND);
	struct via via = {.src = n->via.dst, .dst = n->via.src, .has_rh2 = n->via.has_hao, .rh2 = n->via.hao};
	struct mh m = {.type = MH_BA, .u.ba = {.status = status, .flags = flags, .seq = n->mh.u.bu.seq}};

	m.u.ba.lifetime = status < BA_UNSPECIFIED ? n->mh.u.bu.lifetime : 0;
	via.bare = true;
	via.ifindex = ETH;
	mn_on_ba(&mn, &via, &m, f.now);
}

/* 5.2: in each update, those that renew as well; not in the one that ends it. */
static void prefixes_in_every_update(void **state)
{
	const struct note *n;

	(void)state;
	begin(AGENT);
	move_to(COA);
	n = update(FLAGS, 2);
	assert_addr(n->mh.opt.network[1].addr, "2001:db8:78::");
	assert_int_equal(n->mh.opt.network[0].plen, 56);
	answer(BA_ACCEPTED, BA_F_ROUTER);
	assert_int_equal(mn.home[0].state, MIP_MN_REGISTERED);
	fake_run(&f, 400 * SEC);
	update(FLAGS, 2);
	answer(BA_ACCEPTED, BA_F_ROUTER);
	move_to(COA2);
	update(FLAGS, 2);
	answer(BA_ACCEPTED, BA_F_ROUTER);
	move_to(HOME); /* 5.8 */
	assert_int_equal(update(FLAGS, 0)->mh.u.bu.lifetime, 0);
	answer(BA_ACCEPTED, BA_F_ROUTER);
	assert_int_equal(mn.home[0].state, MIP_MN_HOME);
}

/* 5.4.2: naming the prefixes is refused, so they are not named. */
static void refused_prefixes(void **state)
{
	(void)state;
	begin(AGENT);
	move_to(COA);
	answer(BA_NOT_AUTHORIZED, BA_F_ROUTER);
	update(FLAGS, 0); /* at once */
	answer(BA_ACCEPTED, BA_F_ROUTER);
	assert_int_equal(mn.home[0].state, MIP_MN_REGISTERED);
	assert_true(mn_is_router(&mn.home[0]));
}

/* 5.4: refused in each mode, it says no more that it is a router. 141 and 142 are no answers in implicit mode, nor 143
 * in explicit: the same. */
static void refused_in_each_mode(void **state)
{
	static const uint8_t first[] = {BA_NOT_AUTHORIZED, BA_INVALID_PREFIX, BA_NO_FORWARDING},
			     second[] = {BA_NO_FORWARDING, BA_NOT_AUTHORIZED, BA_NO_ROUTER};

	(void)state;
	begin(AGENT);
	for (size_t i = 0; i < 3; i++) {
		move_to(COA);
		update(FLAGS, 2);
		answer(first[i], BA_F_ROUTER);
		update(FLAGS, 0);
		answer(second[i], BA_F_ROUTER);
		update(BU_F_ACK | BU_F_HOME, 0);
		assert_int_equal(fake_events(&f, EV_NO_ROUTER), i + 1);
		answer(BA_ACCEPTED, 0);
		assert_int_equal(mn.home[0].state, MIP_MN_REGISTERED);
		move_to(HOME);
		answer(BA_ACCEPTED, 0);
	}
}

/* The home agent does not renew the binding of a router: that stands until it is given back. */
static void not_renewed(void **state)
{
	const struct note *n;

	(void)state;
	begin(AGENT);
	move_to(COA);
	answer(BA_ACCEPTED, BA_F_ROUTER);
	move_to("2001:db8:a::6");
	answer(BA_INVALID_PREFIX, BA_F_ROUTER);
	answer(BA_NO_FORWARDING, BA_F_ROUTER);
	n = fake_nth(&f, DID_SEND, fake_did(&f, DID_SEND) - 2);
	assert_int_equal(n->mh.u.bu.lifetime, 0);
	assert_int_equal(n->mh.u.bu.flags, BU_F_ACK | BU_F_HOME);
	update(BU_F_ACK | BU_F_HOME, 0);
}

/* 5.4: nobody takes it for a router: no R any more, until it was home. */
static void not_permitted(void **state)
{
	(void)state;
	begin(AGENT);
	move_to(COA);
	answer(BA_NO_ROUTER, 0);
	update(BU_F_ACK | BU_F_HOME, 0);
	assert_int_equal(fake_events(&f, EV_NO_ROUTER), 1);
	answer(BA_ACCEPTED, 0);
	assert_int_equal(mn.home[0].state, MIP_MN_REGISTERED);
	assert_false(mn_is_router(&mn.home[0]));
	move_to(HOME);
	answer(BA_ACCEPTED, 0);
	move_to(COA);
	update(FLAGS, 2);
}

/* Its end got lost: the home agent keeps the binding of a router, and takes no mobile node until that is given back,
 * with each step of the back-off. */
static void ended_in_vain(void **state)
{
	(void)state;
	begin(AGENT);
	move_to(COA);
	answer(BA_NO_ROUTER, 0);
	/* At once three times, then at the pace of any refusal. */
	for (int i = 0; i < 5; i++) {
		size_t before = fake_did(&f, DID_SEND);

		answer(BA_TYPE_CHANGE, 0);
		if (i >= 3)
			fake_run(&f, (2 << (i - 3)) * SEC);
		assert_int_equal(fake_did(&f, DID_SEND), before + 2);
		assert_int_equal(fake_nth(&f, DID_SEND, before)->mh.u.bu.lifetime, 0);
		assert_true(update(BU_F_ACK | BU_F_HOME, 0)->mh.u.bu.lifetime);
	}
	answer(BA_ACCEPTED, 0);
	assert_int_equal(mn.home[0].state, MIP_MN_REGISTERED);
}

/* 5.3: a home agent that does not know mobile routers accepts a mobile node: that is ended. */
static void accepted_without_r(void **state)
{
	const struct note *n;
	size_t before;

	(void)state;
	begin(AGENT);
	move_to(COA);
	before = fake_did(&f, DID_SEND);
	answer(BA_ACCEPTED, 0);
	assert_int_equal(fake_did(&f, DID_SEND), before + 2);
	n = fake_nth(&f, DID_SEND, before);
	assert_int_equal(n->mh.u.bu.lifetime, 0);
	assert_int_equal(n->mh.u.bu.flags, FLAGS);
	update(BU_F_ACK | BU_F_HOME, 0);
	answer(BA_ACCEPTED, 0);
	assert_int_equal(mn.home[0].state, MIP_MN_REGISTERED);
}

static void discover_as(bool asks, bool routers, const char *one, const char *two)
{
	const struct note *n = fake_last(&f, DID_ICMP);
	struct via via = {.src = t_addr(AGENT), .dst = t_addr(COA)};
	struct dhaad asked, d = {.routers = routers, .agents = 2, .agent = {t_addr(one), t_addr(two)}};

	assert_int_equal(dhaad_read(n->icmp, n->icmp_len, &asked), 0);
	assert_int_equal(asked.routers, asks);
	d.id = asked.id;
	mn_on_dhaad(&mn, &via, &d, f.now);
}

static void discover(bool routers, const char *one, const char *two)
{
	discover_as(true, routers, one, two);
}

/* 7: asked with R, and only an answer with R names home agents; a refusal is for the next of them. */
static void discovery(void **state)
{
	(void)state;
	begin(NULL);
	move_to(COA);
	discover(false, AGENT, AGENT2);
	assert_int_equal(fake_did(&f, DID_SEND), 0);
	fake_run(&f, 4 * SEC);
	discover(true, AGENT, AGENT2);
	assert_addr(update(FLAGS, 2)->via.dst, AGENT);
	answer(BA_NOT_AUTHORIZED, BA_F_ROUTER);
	assert_addr(update(FLAGS, 2)->via.dst, AGENT2);
	answer(BA_ACCEPTED, BA_F_ROUTER);
	assert_int_equal(mn.home[0].state, MIP_MN_REGISTERED);
}

/* 7, 5.4: a home link without home agents of mobile routers says so, and nobody else speaks: a mobile node. */
static void served_by_none(void **state)
{
	(void)state;
	begin(NULL);
	move_to(COA);
	discover(false, AGENT, AGENT2);
	fake_run(&f, 92 * SEC);
	assert_int_equal(fake_events(&f, EV_NO_ROUTER), 0);
	fake_run(&f, 2 * SEC);
	assert_int_equal(fake_events(&f, EV_NO_ROUTER), 1);
	discover_as(false, false, AGENT, AGENT2);
	assert_addr(update(BU_F_ACK | BU_F_HOME, 0)->via.dst, AGENT);
	answer(BA_ACCEPTED, 0);
	assert_int_equal(mn.home[0].state, MIP_MN_REGISTERED);
}

/* Silence says nothing: the question is asked on, as a router. */
static void answered_by_none(void **state)
{
	(void)state;
	begin(NULL);
	move_to(COA);
	fake_run(&f, 300 * SEC);
	assert_int_equal(fake_events(&f, EV_NO_ROUTER), 0);
	discover(true, AGENT, AGENT2);
	assert_addr(update(FLAGS, 2)->via.dst, AGENT);
}

/* 5.4: each of those that were found, in each mode. */
static void all_that_were_found_refuse(void **state)
{
	(void)state;
	begin(NULL);
	move_to(COA);
	discover(true, AGENT, AGENT2);
	answer(BA_NOT_AUTHORIZED, BA_F_ROUTER);
	assert_addr(update(FLAGS, 2)->via.dst, AGENT2);
	answer(BA_INVALID_PREFIX, BA_F_ROUTER);
	assert_addr(update(FLAGS, 0)->via.dst, AGENT);
	answer(BA_NO_FORWARDING, BA_F_ROUTER);
	assert_addr(update(FLAGS, 0)->via.dst, AGENT2);
	answer(BA_NO_ROUTER, 0);
	assert_addr(update(BU_F_ACK | BU_F_HOME, 0)->via.dst, AGENT);
	assert_int_equal(fake_events(&f, EV_NO_ROUTER), 1);
	answer(BA_RESOURCES, 0);
	assert_addr(update(BU_F_ACK | BU_F_HOME, 0)->via.dst, AGENT2);
	answer(BA_ACCEPTED, 0);
	assert_int_equal(mn.home[0].state, MIP_MN_REGISTERED);
}

#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(prefixes_in_every_update),
		T(refused_prefixes),
		T(refused_in_each_mode),
		T(not_renewed),
		T(not_permitted),
		T(ended_in_vain),
		T(accepted_without_r),
		T(discovery),
		T(served_by_none),
		T(answered_by_none),
		T(all_that_were_found_refuse),
	};

	return cmocka_run_group_tests_name("mn_router", tests, NULL, NULL);
}
