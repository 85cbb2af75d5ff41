/* Home Agent Address Discovery (RFC 6275 10.5, 11.4.1) under virtual time: the list a home agent keeps and tells, and a
 * mobile node that finds its home agent, and another one when that is silent or refuses. */
#include "base/addr.h"
#include "role/ha.h"
#include "role/mn.h"
#include "tests/unit/world.h"

#define LINK	7
#define PREFIX	"2001:db8:1::"
#define ANYCAST "2001:db8:1:0:fdff:ffff:ffff:fffe"
#define OURS	"2001:db8:1::1"
#define HOME	"2001:db8:1::100"
#define COA	"2001:db8:a::5"
#define A1	"2001:db8:1::a"
#define B1	"2001:db8:1::b"
#define C1	"2001:db8:1::c"

static struct fake f;
static struct ha ha;
static struct mn mn;

static int setup(void **state)
{
	struct ha_conf conf = {
		.links = 1, .link = {{.ifindex = LINK}}, .max_lifetime = 3600, .max_bindings = 10, .insecure = true};
	struct in6_addr a = t_addr(OURS);

	(void)state;
	fake_open(&f);
	ha_init(&ha, &f.w, 1);
	ha_start(&ha, &conf);
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

/* --- the list ----------------------------------------------------------------------------------------------------- */

struct says {
	const char *router, *addr;
	bool plain, no_info; /* without the home agent flag, without Home Agent Information */
	uint16_t preference;
	uint16_t lifetime, router_lifetime;
	uint32_t valid;
};
#pragma GCC diagnostic ignored "-Woverride-init"
#define SAYS(...)                                                                                                      \
	says((struct says){.router = "fe80::a",                                                                        \
		.addr = A1,                                                                                            \
		.lifetime = 1800,                                                                                      \
		.router_lifetime = 600,                                                                                \
		.valid = 86400,                                                                                        \
		__VA_ARGS__})

static void says(struct says s)
{
	struct in6_addr router = t_addr(s.router);
	struct nd_ra ra = {.home_agent = !s.plain, .router_lifetime = s.router_lifetime, .has_ha_info = !s.no_info};

	ra.ha_preference = s.preference;
	ra.ha_lifetime = s.lifetime;
	ra.prefixes = 1;
	ra.prefix[0] = (struct nd_prefix){
		.prefix = t_addr(s.addr), .len = 64, .onlink = true, .router = true, .valid = s.valid};
	ha_on_ra(&ha, LINK, &router, &ra, f.now);
}

static struct dhaad ask(const char *to)
{
	struct via via = {.src = t_addr(COA), .dst = t_addr(to)};
	struct dhaad d = {0};

	fake_forget(&f);
	ha_on_dhaad(&ha, &via, &(struct dhaad){.id = 0x1234}, f.now);
	if (!fake_did(&f, DID_ICMP))
		return d;
	assert_addr(fake_last(&f, DID_ICMP)->via.src, OURS);
	assert_addr(fake_last(&f, DID_ICMP)->via.dst, COA);
	assert_int_equal(dhaad_read(fake_last(&f, DID_ICMP)->icmp, fake_last(&f, DID_ICMP)->icmp_len, &d), 0);
	assert_int_equal(fake_last(&f, DID_ICMP)->icmp[0], ICMP6_DHAAD_REP);
	assert_int_equal(d.id, 0x1234);
	return d;
}

static void alone(void **state)
{
	struct dhaad d = ask(ANYCAST);

	(void)state;
	assert_int_equal(d.agents, 1);
	assert_addr(d.agent[0], OURS);
}

static void not_for_us(void **state)
{
	(void)state;
	assert_int_equal(ask("2001:db8:2:0:fdff:ffff:ffff:fffe").agents, 0);
	assert_int_equal(ask(OURS).agents, 0);
	ha_stop(&ha, f.now);
	assert_int_equal(ask(ANYCAST).agents, 0);
}

static void by_preference(void **state)
{
	struct dhaad d;

	(void)state;
	SAYS(.preference = 1);
	SAYS(.router = "fe80::b", .addr = B1, .preference = 0xffff);
	SAYS(.router = "fe80::c", .addr = C1, .no_info = true);
	d = ask(ANYCAST);
	assert_int_equal(d.agents, 4);
	assert_addr(d.agent[0], B1);
	assert_addr(d.agent[1], A1);
}

/* radvd's AdvRouterAddr with a bare prefix: R, and an address that is every router's. */
static void nonsense_is_not_listed(void **state)
{
	(void)state;
	SAYS(.addr = "2001:db8:1::", .preference = 20);
	SAYS(.addr = ANYCAST, .preference = 20);
	SAYS(.addr = "fec0::1", .preference = 20);
	assert_int_equal(ask(ANYCAST).agents, 1);
	assert_addr(ask(ANYCAST).agent[0], OURS);
}

/* As many as fit, and of more those that are better, whoever was first; our own place is by preference as well. */
static void the_best_of_many(void **state)
{
	struct dhaad d;
	char router[32], addr[32];

	(void)state;
	for (int i = 0; i < 100; i++) {
		snprintf(router, sizeof(router), "fe80::%x", 0x100 + i);
		snprintf(addr, sizeof(addr), "2001:db8:1::%x", 0x100 + i);
		SAYS(.router = router, .addr = addr, .preference = (uint16_t)(10 + i));
	}
	SAYS(.router = "fe80::1", .addr = OURS, .preference = 5);
	d = ask(ANYCAST);
	assert_int_equal(fake_last(&f, DID_ICMP)->icmp_len + 40, 1280);
	assert_int_equal(d.agents, 77);
	for (int i = 0; i < 77; i++) {
		snprintf(addr, sizeof(addr), "2001:db8:1::%x", 0x100 + 99 - i);
		assert_addr(d.agent[i], addr);
	}
	/* The best says that it is the worst, and leaves. */
	SAYS(.router = "fe80::163", .addr = "2001:db8:1::163", .preference = 0);
	assert_addr(ask(ANYCAST).agent[0], "2001:db8:1::162");
	SAYS(.router = "fe80::162", .addr = "2001:db8:1::162", .plain = true);
	d = ask(ANYCAST);
	assert_addr(d.agent[0], "2001:db8:1::161");
	assert_int_equal(d.agents, 77);
}

static void our_preference(void **state)
{
	struct ha_conf conf = ha.conf;

	(void)state;
	SAYS(.preference = 5);
	assert_addr(ask(ANYCAST).agent[0], A1);
	conf.preference = 6;
	ha_start(&ha, &conf);
	assert_addr(ask(ANYCAST).agent[0], OURS);
	/* What is advertised for us is what the others know. */
	SAYS(.router = "fe80::1", .addr = OURS, .preference = 4);
	assert_int_equal(ask(ANYCAST).agents, 2);
	assert_addr(ask(ANYCAST).agent[0], A1);
}

static void equals_take_turns(void **state)
{
	unsigned first[3] = {0};

	(void)state;
	t_seed();
	SAYS();
	SAYS(.router = "fe80::b", .addr = B1);
	for (int i = 0; i < 300; i++) {
		struct dhaad d = ask(ANYCAST);
		struct in6_addr a = t_addr(A1), b = t_addr(B1);

		assert_int_equal(d.agents, 3);
		first[addr_eq(&d.agent[0], &a) ? 0 : addr_eq(&d.agent[0], &b) ? 1 : 2]++;
		fake_run(&f, SEC);
	}
	for (int i = 0; i < 3; i++)
		assert_in_range(first[i], 60, 140);
}

static void they_end(void **state)
{
	(void)state;
	SAYS(.lifetime = 10);
	assert_int_equal(ask(ANYCAST).agents, 2);
	fake_run(&f, 10 * SEC);
	assert_int_equal(ask(ANYCAST).agents, 1);
	SAYS();
	SAYS(.plain = true);
	assert_int_equal(ask(ANYCAST).agents, 1);
	SAYS();
	SAYS(.lifetime = 0);
	assert_int_equal(ask(ANYCAST).agents, 1);
	SAYS(.no_info = true, .router_lifetime = 5);
	fake_run(&f, 5 * SEC);
	assert_int_equal(ask(ANYCAST).agents, 1);
	SAYS(.valid = 3);
	assert_int_equal(ask(ANYCAST).agents, 2);
	fake_run(&f, 3 * SEC);
	assert_int_equal(ask(ANYCAST).agents, 1); /* 10.1: with the prefix goes the address */
}

static void bounded(void **state)
{
	char router[40], addr[40];
	size_t asked = 0;

	(void)state;
	for (int i = 0; i < 200; i++) {
		snprintf(router, sizeof(router), "fe80::1:%x", i);
		snprintf(addr, sizeof(addr), "2001:db8:1::1:%x", i);
		SAYS(.router = router, .addr = addr);
		snprintf(addr, sizeof(addr), "2001:db8:1::2:%x", i);
		SAYS(.router = "fe80::1:0", .addr = addr);
	}
	assert_int_equal(ha.link[0].agents.n, HOMEAGENTS_MAX);
	assert_in_range(ask(ANYCAST).agents, HOMEAGENTS_MAX, DHAAD_MAX);
	for (int i = 0; i < 500; i++)
		asked += ask(ANYCAST).agents > 0;
	assert_in_range(asked, 1, 60);
}

static void anycast_addresses(void **state)
{
	struct in6_addr p = t_addr("2001:db8:1:2:3:4:5:0"), a;

	(void)state;
	a = homeagents_anycast(&p, 64);
	assert_addr(a, "2001:db8:1:2:fdff:ffff:ffff:fffe");
	a = homeagents_anycast(&p, 48);
	assert_addr(a, "2001:db8:1:ffff:ffff:ffff:ffff:fffe");
	a = homeagents_anycast(&p, 112);
	assert_addr(a, "2001:db8:1:2:3:4:5:fffe");
}

/* --- the mobile node ---------------------------------------------------------------------------------------------- */

static void add(const char *agent)
{
	struct mn_home_conf conf = {.home = t_addr(HOME), .plen = 64, .lifetime = 420};

	if (agent)
		conf.agent = t_addr(agent);
	assert_int_equal(mn_add(&mn, &conf, f.now, NULL), 0);
}

static void hear(const char *prefix, bool agent)
{
	struct in6_addr from = t_addr("fe80::1");
	struct nd_ra ra = {.router_lifetime = 1800, .home_agent = agent, .prefixes = 1};

	ra.prefix[0] = (struct nd_prefix){.prefix = t_addr(prefix), .len = 64, .onlink = true, .autoconf = true};
	ra.prefix[0].valid = 86400;
	ra.prefix[0].router = agent;
	mn_on_ra(&mn, LINK, &from, &ra, f.now);
}

static void away(void)
{
	struct attach_addr a = {.addr = t_addr(COA), .plen = 64, .usable = true, .dynamic = true};

	mn_on_link(&mn, LINK, true, false, f.now);
	hear("2001:db8:a::", false);
	mn_on_addr(&mn, LINK, &a, false, f.now);
}

static size_t questions(void)
{
	size_t n = 0;

	for (size_t i = 0; i < f.notes; i++)
		n += f.note[i].what == DID_ICMP && f.note[i].icmp[0] == ICMP6_DHAAD_REQ;
	return n;
}

static uint16_t question(void)
{
	const struct note *n = fake_last(&f, DID_ICMP);
	struct dhaad d;

	assert_int_equal(n->icmp[0], ICMP6_DHAAD_REQ);
	assert_addr(n->via.src, COA);
	assert_addr(n->via.dst, ANYCAST);
	assert_int_equal(n->via.ifindex, LINK);
	assert_int_equal(dhaad_read(n->icmp, n->icmp_len, &d), 0);
	return d.id;
}

static void named_by(const char *by, uint16_t id, const char *first, const char *second)
{
	struct via via = {.src = t_addr(by), .dst = t_addr(COA)};
	struct dhaad d = {.id = id};

	if (first)
		d.agent[d.agents++] = t_addr(first);
	if (second)
		d.agent[d.agents++] = t_addr(second);
	mn_on_dhaad(&mn, &via, &d, f.now);
}

static void named(uint16_t id, const char *first, const char *second)
{
	named_by(OURS, id, first, second);
}

static void answer(uint8_t status, uint16_t life)
{
	const struct note *n = fake_last(&f, DID_SEND);
	struct via via = {.src = n->via.dst, .dst = t_addr(COA), .rh2 = t_addr(HOME), .has_rh2 = true};
	struct mh m = {.type = MH_BA, .u.ba = {.status = status, .seq = n->mh.u.bu.seq, .lifetime = life}};

	mn_on_ba(&mn, &via, &m, f.now);
}

static void assert_update_to(const char *agent)
{
	assert_addr(fake_last(&f, DID_SEND)->via.dst, agent);
}

static void registered_with(const char *agent, const char *other)
{
	add(NULL);
	away();
	named(question(), agent, other);
	answer(BA_ACCEPTED, 105);
	fake_run(&f, 60 * SEC);
	fake_forget(&f);
}

static void found(void **state)
{
	(void)state;
	add(NULL);
	away();
	assert_int_equal(fake_did(&f, DID_SEND), 0);
	named(question(), A1, B1);
	assert_update_to(A1);
	assert_int_equal(fake_events(&f, EV_HOME_AGENT), 1);
	answer(BA_ACCEPTED, 105);
	assert_int_equal(mn.home[0].state, MIP_MN_REGISTERED);
	fake_forget(&f);
	fake_run(&f, 10 * SEC);
	assert_int_equal(questions(), 0);
}

/* What cannot be a home agent costs no time. */
static void nonsense_is_not_asked(void **state)
{
	(void)state;
	add(NULL);
	away();
	named(question(), PREFIX, B1);
	assert_update_to(B1);
}

static void asks_with_patience(void **state)
{
	static const unsigned at[] = {0, 3, 9, 21, 45};
	usec start = f.now;

	(void)state;
	add(NULL);
	away();
	fake_run(&f, 60 * SEC);
	assert_int_equal(questions(), 5); /* DHAAD_RETRIES = 4 */
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(fake_nth(&f, DID_ICMP, i)->at - start, at[i] * SEC);
	fake_forget(&f);
	fake_run(&f, 1000 * SEC); /* never mute */
	assert_in_range(questions(), 20, 60);
}

static void wrong_answers(void **state)
{
	uint16_t id;

	(void)state;
	add(NULL);
	away();
	id = question();
	named((uint16_t)(id + 1), A1, NULL);
	named(id, NULL, NULL);
	named(id, "fe80::1", "ff02::1");
	assert_int_equal(fake_did(&f, DID_SEND), 0);
	named(id, "ff02::1", A1);
	assert_update_to(A1);
	named(id, B1, NULL); /* nobody asks any more */
	assert_int_equal(fake_did(&f, DID_SEND), 1);
}

static void silence(void **state)
{
	struct in6_addr a = t_addr(A1);
	usec start;

	(void)state;
	add(NULL);
	away();
	named(question(), A1, B1);
	start = f.now;
	while (addr_eq(&fake_last(&f, DID_SEND)->via.dst, &a))
		fake_run(&f, SEC / 2);
	assert_update_to(B1);
	assert_int_equal(fake_did(&f, DID_SEND), 4);
	assert_in_range(f.now - start, 10 * SEC, 11 * SEC);
	answer(BA_ACCEPTED, 105);
	assert_int_equal(mn.home[0].state, MIP_MN_REGISTERED);
	assert_int_equal(bul_count(&mn.bul), 1);
}

static void refusal(void **state)
{
	(void)state;
	add(NULL);
	away();
	named(question(), A1, B1);
	answer(BA_RESOURCES, 0);
	assert_update_to(B1);
	answer(BA_PROHIBITED, 0);
	assert_int_equal(fake_did(&f, DID_SEND), 2);
	fake_run(&f, 1);
	assert_int_equal(questions(), 2); /* both refused: who else is there? */
	named(question(), C1, NULL);
	assert_update_to(C1);
	answer(BA_ACCEPTED, 105);
	assert_int_equal(mn.home[0].state, MIP_MN_REGISTERED);
}

/* All say no at once, for an hour: a few updates a minute, not a storm. */
static void refusals_do_not_make_us_busy(void **state)
{
	(void)state;
	add(NULL);
	away();
	for (int s = 0; s < 3600; s++) {
		if (questions() && mn.home[0].search.asking)
			named(question(), A1, B1);
		while (mn.home[0].reg && mn.home[0].reg->state == MIP_BUL_WAITING)
			answer(BA_PROHIBITED, 0);
		fake_run(&f, SEC);
	}
	assert_in_range(fake_did(&f, DID_SEND), 100, 300);
}

/* Those named before are tried again when nobody answers any more. */
static void old_ones_again(void **state)
{
	(void)state;
	add(NULL);
	away();
	named(question(), A1, NULL);
	fake_run(&f, 12 * SEC);
	assert_true(mn.home[0].search.asking);
	fake_forget(&f);
	fake_run(&f, 100 * SEC);
	assert_update_to(A1);
	answer(BA_ACCEPTED, 105);
	assert_int_equal(mn.home[0].state, MIP_MN_REGISTERED);
}

static void configured_stays(void **state)
{
	(void)state;
	add(A1);
	away();
	answer(BA_PROHIBITED, 0);
	fake_run(&f, 300 * SEC);
	assert_int_equal(questions(), 0);
	assert_update_to(A1);
}

static void unreachable(void **state)
{
	struct in6_addr us = t_addr(COA), a = t_addr(A1), b = t_addr(B1), home = t_addr(HOME);

	(void)state;
	registered_with(A1, B1);
	mn_on_unreachable(&mn, &us, &a, &b, f.now); /* another home address's */
	assert_int_equal(fake_did(&f, DID_SEND), 0);
	for (int i = 0; i < 100; i++) {
		mn_on_unreachable(&mn, &us, &b, &home, f.now);
		mn_on_unreachable(&mn, &b, &a, &home, f.now); /* about a packet that was not ours */
	}
	assert_int_equal(fake_did(&f, DID_SEND), 0);
	for (int i = 0; i < 100; i++)
		mn_on_unreachable(&mn, &us, &a, &home, f.now);
	assert_int_equal(fake_did(&f, DID_SEND), 1); /* a forged error costs one update in 5 s */
	answer(BA_ACCEPTED, 105);
	mn_on_unreachable(&mn, &us, &a, &home, f.now + SEC);
	assert_int_equal(fake_did(&f, DID_SEND), 1);
	fake_run(&f, 10 * SEC);
	mn_on_unreachable(&mn, &us, &a, &home, f.now); /* this time it is true */
	fake_run(&f, 8 * SEC);
	assert_update_to(B1);
}

static void packet(bool out)
{
	const struct in6_addr peer = t_addr("2001:db8:c::2");

	mn_on_traffic(&mn, &mn.home[0], &peer, out, f.now);
}

/* A packet out each 100 ms and none in: the home agent is dead, long before the binding ends. */
static void mute(usec for_)
{
	for (usec end = f.now + for_; f.now < end; fake_run(&f, SEC / 10))
		packet(true);
}

static void another_in_time(void **state)
{
	(void)state;
	registered_with(A1, B1);
	mute(29 * SEC / 10);
	assert_int_equal(fake_did(&f, DID_SEND), 0);
	mute(6 * SEC);
	assert_update_to(A1); /* an answer or two may be lost */
	mute(2 * SEC);
	assert_update_to(B1);
	answer(BA_ACCEPTED, 105);
	assert_int_equal(mn.home[0].state, MIP_MN_REGISTERED);
	assert_addr(mn.home[0].agent, B1);
	assert_int_equal(questions(), 0); /* it was known */
}

static void another_is_asked_for(void **state)
{
	(void)state;
	registered_with(A1, NULL);
	mute(5 * SEC);
	assert_int_equal(questions(), 1);
	named(question(), A1, B1);
	assert_update_to(A1);
	mute(6 * SEC);
	assert_update_to(B1);
	answer(BA_ACCEPTED, 105);
	assert_int_equal(mn.home[0].state, MIP_MN_REGISTERED);
	fake_forget(&f);
	fake_run(&f, 60 * SEC);
	assert_int_equal(questions(), 0);
}

/* Nobody answers: it is the network. What the home agent holds is good for when it is back. */
static void outage(void **state)
{
	(void)state;
	registered_with(A1, NULL);
	mute(100 * SEC);
	assert_int_equal(mn.home[0].state, MIP_MN_REGISTERED);
	assert_update_to(A1);
	assert_in_range(fake_did(&f, DID_SEND), 6, 9);
	assert_in_range(questions(), 5, 8);
	answer(BA_ACCEPTED, 105);
	fake_forget(&f);
	fake_run(&f, 200 * SEC);
	assert_int_equal(fake_did(&f, DID_SEND) + questions(), 0);
	assert_int_equal(fake_did(&f, DID_UNTUNNEL), 0);
}

/* The same where another is known: both are tried in turn. */
static void outage_of_both(void **state)
{
	size_t to_first = 0, to_other = 0;
	struct in6_addr a = t_addr(A1);

	(void)state;
	registered_with(A1, B1);
	mute(100 * SEC);
	for (size_t i = 0; i < fake_did(&f, DID_SEND); i++)
		*(addr_eq(&fake_nth(&f, DID_SEND, i)->via.dst, &a) ? &to_first : &to_other) += 1;
	assert_in_range(to_first, 12, 18);
	assert_in_range(to_other, 9, 15);
	assert_int_equal(questions(), 0);
	answer(BA_ACCEPTED, 105);
	assert_int_equal(mn.home[0].state, MIP_MN_REGISTERED);
}

/* Nobody ever answers what this one sends: the home agent, which does, is asked ever more seldom. */
static void one_way(void **state)
{
	(void)state;
	registered_with(A1, B1);
	for (int i = 0; i < 3000; i++) {
		mute(SEC / 10);
		if (mn.home[0].reg->state == MIP_BUL_WAITING)
			answer(BA_ACCEPTED, 105);
	}
	assert_in_range(fake_did(&f, DID_SEND), 5, 9);
	assert_int_equal(questions(), 0);
	packet(false);
	fake_forget(&f);
	for (int i = 0; i < 100; i++) {
		mute(2 * SEC);
		packet(false);
	}
	assert_in_range(fake_did(&f, DID_SEND), 0, 1); /* the binding is renewed in time */
}

/* Packets came, and come no more: it says nothing itself, and would not know. Asked once, and after long silences ever
 * again, but for a packet now and then no more than once a minute. */
static void only_listens(void **state)
{
	(void)state;
	registered_with(A1, B1);
	for (int i = 0; i < 100; i++) {
		packet(false);
		fake_run(&f, SEC);
	}
	assert_int_equal(fake_did(&f, DID_SEND), 0);
	fake_run(&f, 4 * SEC);
	assert_int_equal(fake_did(&f, DID_SEND), 1);
	answer(BA_ACCEPTED, 105);
	fake_run(&f, 100 * SEC);
	assert_int_equal(fake_did(&f, DID_SEND), 1);
	for (int i = 0; i < 60; i++) {
		packet(false);
		fake_run(&f, 9 * SEC);
		if (mn.home[0].reg->state == MIP_BUL_WAITING)
			answer(BA_ACCEPTED, 105);
		fake_run(&f, SEC);
	}
	assert_in_range(fake_did(&f, DID_SEND), 6, 30);
}

/* The silent one still defends the address, by our own binding: that is no other node's. */
static void refused_because_of_the_first(void **state)
{
	(void)state;
	registered_with(A1, B1);
	mute(11 * SEC);
	assert_update_to(B1);
	answer(BA_DAD_FAILED, 0);
	assert_false(mn.home[0].taken);
	assert_update_to(A1);
	answer(BA_PROHIBITED, 0); /* it has no binding of ours any more */
	assert_update_to(B1);
	answer(BA_DAD_FAILED, 0);
	assert_true(mn.home[0].taken);
}

static void moves_while_it_asks(void **state)
{
	uint16_t id;

	(void)state;
	add(NULL);
	away();
	id = question();
	mn_on_link(&mn, LINK, false, false, f.now);
	named(id, A1, NULL);
	assert_int_equal(fake_did(&f, DID_SEND), 0);
	fake_forget(&f);
	fake_run(&f, 100 * SEC);
	assert_int_equal(questions(), 0);
	away();
	named(question(), A1, NULL);
	assert_update_to(A1);
}

static void heard_at_home(void **state)
{
	(void)state;
	add(NULL);
	mn_on_link(&mn, LINK, true, false, f.now);
	hear(OURS, true);
	assert_update_to(OURS);
	assert_int_equal(mn.home[0].state, MIP_MN_RETURNING);
}

static void nobody_at_home(void **state)
{
	(void)state;
	add(NULL);
	mn_on_link(&mn, LINK, true, false, f.now);
	hear(PREFIX, false);
	assert_int_equal(fake_did(&f, DID_SEND), 0);
	assert_int_equal(mn.home[0].state, MIP_MN_HOME);
	mn_on_link(&mn, LINK, false, false, f.now);
	away();
	named(question(), A1, NULL);
	assert_update_to(A1);
}

static void the_last_home_takes_the_place(void **state)
{
	struct mn_home_conf conf = {.home = t_addr("2001:db8:1::200"), .plen = 64, .lifetime = 420};
	struct in6_addr first = t_addr(HOME);

	(void)state;
	add(NULL);
	assert_int_equal(mn_add(&mn, &conf, f.now, NULL), 0);
	away();
	assert_int_equal(questions(), 2);
	assert_int_equal(mn_del(&mn, &first, f.now, NULL), 0);
	fake_forget(&f);
	fake_run(&f, 4 * SEC);
	assert_int_equal(questions(), 1);
	named(question(), A1, NULL);
	assert_addr(fake_last(&f, DID_SEND)->via.hao, "2001:db8:1::200");
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(alone),
		T(not_for_us),
		T(by_preference),
		T(our_preference),
		T(nonsense_is_not_listed),
		T(the_best_of_many),
		T(equals_take_turns),
		T(they_end),
		T(bounded),
		T(anycast_addresses),
		T(found),
		T(nonsense_is_not_asked),
		T(asks_with_patience),
		T(wrong_answers),
		T(silence),
		T(refusal),
		T(refusals_do_not_make_us_busy),
		T(old_ones_again),
		T(configured_stays),
		T(unreachable),
		T(another_in_time),
		T(another_is_asked_for),
		T(outage),
		T(outage_of_both),
		T(one_way),
		T(only_listens),
		T(refused_because_of_the_first),
		T(moves_while_it_asks),
		T(heard_at_home),
		T(nobody_at_home),
		T(the_last_home_takes_the_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
