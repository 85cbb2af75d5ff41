/* Movement that no link tells of (RFC 6275 11.5.1): routers that fall silent, second ones, and forged ones. */
#include "base/addr.h"
#include "role/attach.h"
#include "tests/unit/world.h"

#define HOME "2001:db8:1::100"
#define ETH  2
#define WLAN 3
#define R1   "fe80::a1"
#define R2   "fe80::a2"
#define AT_A "2001:db8:a::5"
#define AT_B "2001:db8:b::5"

static struct fake f;
static struct attach attach;
static struct place place;
static size_t changes, answered;
static char there[4][16]; /* routers that answer */

static void look(void)
{
	struct in6_addr home = t_addr(HOME);

	place = attach_place(&attach, &home, 64, false, &place, f.now);
}

static void on_changed(struct attach *a, usec now)
{
	assert_ptr_equal(a, &attach);
	assert_int_equal(now, f.now);
	changes++;
	look();
}

static uint8_t card; /* the last octet of the link-layer address in answers; 0: none */

static void answer(const char *router)
{
	struct nd_nx na = {
		.target = t_addr(router), .solicited = true, .has_lladdr = card != 0, .lladdr = {[5] = card}};

	attach_on_na(&attach, ETH, &na, f.now);
}

/* Asked, a router that is there answers before the next question. */
static void run(usec for_)
{
	usec end = f.now + for_;

	while (f.now < end) {
		fake_run(&f, 10 * MSEC);
		if (answered > fake_did(&f, DID_REACH))
			answered = 0;
		for (; answered < fake_did(&f, DID_REACH); answered++)
			for (size_t i = 0; i < 4; i++)
				if (!strcmp(addr_text(&fake_nth(&f, DID_REACH, answered)->addr).s, there[i]))
					answer(there[i]);
	}
}

static int setup(void **state)
{
	(void)state;
	fake_open(&f);
	attach = (struct attach){.w = &f.w, .changed = on_changed};
	place = (struct place){0};
	changes = answered = card = 0;
	memset(there, 0, sizeof(there));
	attach_on_link(&attach, ETH, true, false, f.now);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	attach_reset(&attach);
	fake_close(&f);
	return 0;
}

struct says {
	const char *router, *prefix; /* prefix NULL: none */
	uint32_t valid;
	uint16_t lifetime;
	uint32_t every; /* ms; 0: it does not say */
	uint8_t mac;
};

static void say(struct says s)
{
	struct in6_addr from = t_addr(s.router);
	struct nd_ra ra = {.router_lifetime = s.lifetime, .prefixes = s.prefix ? 1 : 0};

	ra.has_interval = s.every != 0;
	ra.interval_ms = s.every;
	ra.has_lladdr = s.mac != 0;
	ra.lladdr[5] = s.mac;
	if (s.prefix)
		ra.prefix[0] = (struct nd_prefix){
			.prefix = t_addr(s.prefix), .len = 64, .onlink = true, .autoconf = true, .valid = s.valid};
	attach_on_ra(&attach, ETH, &from, &ra, f.now);
	look();
}

static void hear(const char *router, const char *prefix)
{
	say((struct says){router, prefix, 86400, 1800, 0, 0});
}

static void address_on(unsigned link, const char *text, uint8_t plen, enum attach_like like)
{
	struct attach_addr a = {
		.addr = t_addr(text), .plen = plen, .usable = true, .dynamic = true, .like = (uint8_t)like};

	attach_on_addr(&attach, link, &a, false, f.now);
	look();
}

static void address(const char *text)
{
	address_on(ETH, text, 64, LIKE_NORMAL);
}

static void assert_away(const char *coa)
{
	assert_int_equal(place.where, AT_AWAY);
	assert_addr(place.coa, coa);
}

static void at_a(uint32_t every)
{
	say((struct says){R1, "2001:db8:a::", 86400, 1800, every, 0});
	address(AT_A);
	assert_away(AT_A);
	fake_forget(&f);
}

/* --- movement ----------------------------------------------------------------------------------------------------- */

/* After a sleep routers are asked: one that answers is all there is to it. */
static void sleeps_and_wakes(void **state)
{
	(void)state;
	at_a(0);
	strcpy(there[0], R1);
	attach_resume(&attach, f.now);
	run(5 * SEC);
	assert_int_equal(fake_did(&f, DID_REACH), 1);
	assert_away(AT_A);
	assert_int_equal(fake_did(&f, DID_SOLICIT), 0);
	there[0][0] = '\0'; /* carried elsewhere meanwhile */
	attach_resume(&attach, f.now);
	run(SEC);
	assert_int_equal(fake_did(&f, DID_REACH), 4);
	assert_true(fake_did(&f, DID_SOLICIT) > 0);
	hear(R2, "2001:db8:b::");
	address(AT_B);
	assert_away(AT_B);
}

/* Another network behind the same carrier: the old router is asked three times, then the new one's address counts. */
static void another_network(void **state)
{
	(void)state;
	at_a(0);
	run(2 * SEC);
	hear(R2, "2001:db8:b::");
	address(AT_B);
	memcpy(there[0], R2, sizeof(R2));
	assert_away(AT_A);
	run(590 * MSEC);
	assert_away(AT_A);
	assert_int_equal(fake_did(&f, DID_REACH), 4); /* the new one once: it answered */
	assert_int_equal(fake_did(&f, DID_SETTLE), 0);
	run(20 * MSEC);
	assert_away(AT_B);
	assert_int_equal(fake_events(&f, EV_ROUTER_LOST), 1);
	assert_int_equal(fake_did(&f, DID_SETTLE), 1);
	assert_addr(fake_last(&f, DID_SETTLE)->addr, R2);
	assert_int_equal(fake_last(&f, DID_SETTLE)->routers, 1);
	assert_int_equal(fake_last(&f, DID_SETTLE)->prefixes, 1);
	assert_addr(fake_last(&f, DID_SETTLE)->coa, "2001:db8:b::");
	/* And what was told there is no place any more. */
	assert_int_equal(attach.link[0].prefixes, 1);
}

static void home_and_away_again(void **state)
{
	(void)state;
	at_a(0);
	hear(R2, "2001:db8:1::");
	assert_int_equal(place.where, AT_HOME);
	memcpy(there[0], R2, sizeof(R2));
	run(2 * SEC);
	assert_int_equal(place.where, AT_HOME);
	hear(R1, "2001:db8:a::");
	address(AT_A);
	assert_int_equal(place.where, AT_HOME);
	memcpy(there[0], R1, sizeof(R1));
	run(2 * SEC);
	assert_away(AT_A);
}

/* Both routers answered while the node was between them; then it is with the first again, whose advertisement is no
 * news: the other one is asked all the same. */
static void back_so_soon(void **state)
{
	(void)state;
	at_a(0);
	memcpy(there[0], R1, sizeof(R1));
	memcpy(there[1], R2, sizeof(R2));
	run(2 * SEC);
	hear(R2, "2001:db8:1::"); /* at home for a moment, */
	run(2 * SEC);
	assert_int_equal(place.where, AT_HOME);
	memset(there[1], 0, sizeof(there[1])); /* and back behind the router that is known */
	run(10 * SEC);
	assert_int_equal(place.where, AT_HOME);
	hear(R1, "2001:db8:a::");
	run(SEC);
	assert_away(AT_A);
}

/* Both answer: nothing moves, nothing is forgotten, and nobody is asked for every advertisement. */
static void two_routers(void **state)
{
	(void)state;
	at_a(1000);
	memcpy(there[0], R1, sizeof(R1));
	memcpy(there[1], R2, sizeof(R2));
	for (int i = 0; i < 100; i++) {
		say((struct says){R2, "2001:db8:b::", 86400, 1800, 1000, 0});
		address(AT_B);
		run(300 * MSEC);
		say((struct says){R1, "2001:db8:a::", 86400, 1800, 1000, 0});
		run(300 * MSEC);
		assert_away(AT_A);
	}
	assert_int_equal(fake_did(&f, DID_REACH), 2);
	assert_int_equal(fake_did(&f, DID_SETTLE), 0);
	assert_int_equal(fake_events(&f, EV_ROUTER_LOST), 0);
	/* One dies: the other one's address is there. */
	there[0][0] = 0;
	for (int i = 0; i < 10; i++) {
		say((struct says){R2, "2001:db8:b::", 86400, 1800, 1000, 0});
		run(300 * MSEC);
	}
	assert_away(AT_B);
	assert_int_equal(fake_did(&f, DID_SETTLE), 1);
}

/* 7.3: it says how often it speaks. Silent, it is asked; while it answers, nothing happens. */
static void silence(void **state)
{
	(void)state;
	at_a(1000);
	memcpy(there[0], R1, sizeof(R1));
	run(1990 * MSEC);
	assert_int_equal(fake_did(&f, DID_REACH), 0);
	run(20 * MSEC);
	assert_int_equal(fake_did(&f, DID_REACH), 1);
	run(60 * SEC);
	assert_in_range(fake_did(&f, DID_REACH), 25, 31);
	assert_away(AT_A);
	assert_int_equal(fake_did(&f, DID_SOLICIT), 0);
	/* Gone, and nobody else there: what we have is kept, and others are asked for until it is back. */
	there[0][0] = 0;
	run(3 * SEC);
	assert_int_equal(fake_events(&f, EV_ROUTER_LOST), 1);
	assert_away(AT_A);
	assert_in_range(fake_did(&f, DID_SOLICIT), 1, 6);
	assert_int_equal(fake_did(&f, DID_SETTLE), 0);
	say((struct says){R1, "2001:db8:a::", 86400, 1800, 1000, 0});
	fake_forget(&f);
	run(1900 * MSEC);
	assert_away(AT_A);
	assert_int_equal(fake_did(&f, DID_SOLICIT), 0);
	assert_int_equal(fake_did(&f, DID_SETTLE), 0);
}

/* Gone first, and only then another one speaks: at once. */
static void gap_between_networks(void **state)
{
	(void)state;
	at_a(500);
	run(5 * SEC);
	assert_away(AT_A);
	assert_int_equal(fake_events(&f, EV_ROUTER_LOST), 1);
	hear(R2, "2001:db8:b::");
	assert_int_equal(fake_did(&f, DID_SETTLE), 1);
	assert_int_equal(place.where, AT_NOWHERE);
	address(AT_B);
	assert_away(AT_B);
}

/* Other things that say so: the kernel's own probing, a home agent that does not answer. */
static void doubts(void **state)
{
	struct in6_addr r1 = t_addr(R1), r2 = t_addr(R2);

	(void)state;
	at_a(0);
	memcpy(there[0], R1, sizeof(R1));
	attach_doubt(&attach, ETH, &r2, f.now);
	attach_doubt(&attach, WLAN, NULL, f.now);
	assert_int_equal(fake_did(&f, DID_REACH), 0);
	attach_doubt(&attach, ETH, &r1, f.now);
	assert_int_equal(fake_did(&f, DID_REACH), 1);
	run(SEC);
	attach_doubt(&attach, ETH, NULL, f.now);
	run(SEC);
	assert_int_equal(fake_did(&f, DID_REACH), 2);
	assert_int_equal(fake_events(&f, EV_ROUTER_LOST), 0);
	there[0][0] = 0;
	attach_doubt(&attach, ETH, NULL, f.now);
	for (int i = 0; i < 50; i++) {
		attach_doubt(&attach, ETH, NULL, f.now); /* no faster for being said often */
		run(10 * MSEC);
	}
	assert_int_equal(fake_did(&f, DID_REACH), 5);
	run(SEC);
	assert_int_equal(fake_events(&f, EV_ROUTER_LOST), 1);
}

static void says_it_has(const char *address)
{
	struct nd_nx na = {.target = t_addr(address), .has_lladdr = true, .lladdr = {[5] = 0x66}};

	attach_on_na(&attach, ETH, &na, f.now);
}

/* The kernel asks when the link comes up, not when the routers are others. */
static void asks_for_duplicates_of_the_link_local_address(void **state)
{
	struct in6_addr local = t_addr("fe80::5");

	(void)state;
	at_a(1000);
	address("fe80::5");
	says_it_has("fe80::5"); /* nobody asked */
	run(200 * MSEC);
	assert_int_equal(fake_did(&f, DID_PROBE), 0);
	memcpy(there[0], R2, sizeof(R2));
	hear(R2, "2001:db8:b::");
	assert_int_equal(fake_did(&f, DID_PROBE), 0); /* the router of before is there, for all we know */
	run(SEC);
	assert_int_equal(fake_events(&f, EV_ROUTER_LOST), 1);
	assert_int_equal(fake_did(&f, DID_PROBE), 1);
	assert_true(addr_eq(&fake_nth(&f, DID_PROBE, 0)->addr, &local));
	says_it_has("fe80::6"); /* not ours */
	assert_int_equal(fake_events(&f, EV_DUPLICATE), 0);
	says_it_has("fe80::5");
	says_it_has("fe80::5");
	assert_int_equal(fake_events(&f, EV_DUPLICATE), 1);
	run(60 * SEC);
	assert_int_equal(fake_did(&f, DID_PROBE), 1);
}

/* A router that is none any more (lifetime 0) gives way to one that is; alone, it is better than nothing. */
static void lifetime_zero(void **state)
{
	(void)state;
	at_a(0);
	say((struct says){R1, "2001:db8:a::", 86400, 0, 0, 0});
	assert_away(AT_A);
	memcpy(there[0], R1, sizeof(R1));
	memcpy(there[1], R2, sizeof(R2));
	hear(R2, "2001:db8:b::");
	address(AT_B);
	assert_away(AT_B);
	run(SEC);
	hear(R1, "2001:db8:a::");
	assert_away(AT_B); /* the one in use stays */
	/* And by itself, when it is over. */
	say((struct says){R2, "2001:db8:b::", 86400, 60, 0, 0});
	changes = 0;
	run(61 * SEC);
	assert_away(AT_A);
	assert_true(changes > 0);
}

/* The same address, another router: fe80::1 is popular. */
static void same_address_elsewhere(void **state)
{
	(void)state;
	say((struct says){R1, "2001:db8:a::", 86400, 1800, 0, 1});
	address(AT_A);
	run(2 * SEC);
	fake_forget(&f);
	say((struct says){R1, "2001:db8:a::", 86400, 1800, 0, 2}); /* it has a new card */
	say((struct says){R1, "2001:db8:a::", 86400, 1800, 0, 2});
	strcpy(there[0], R1);
	card = 2;
	attach_resume(&attach, f.now);
	run(SEC);
	assert_int_equal(fake_did(&f, DID_SETTLE), 0);
	assert_away(AT_A);
	there[0][0] = '\0';
	fake_forget(&f);
	say((struct says){R1, "2001:db8:b::", 86400, 1800, 0, 3});
	assert_away(AT_A); /* that anybody can say: first it is asked for */
	assert_true(fake_did(&f, DID_REACH) > 0);
	run(SEC);
	assert_int_equal(fake_events(&f, EV_ROUTER_LOST), 1);
	assert_true(fake_did(&f, DID_SOLICIT) > 0);
	say((struct says){R1, "2001:db8:b::", 86400, 1800, 0, 3});
	assert_int_equal(fake_did(&f, DID_SETTLE), 1);
	assert_addr(fake_last(&f, DID_SETTLE)->coa, "2001:db8:b::");
	address(AT_B);
	assert_away(AT_B);
}

/* 11.5.1: the router of the next link may share the link-local address; it has another link-layer address, or another
 * global one. */
static void answers_of_another(void **state)
{
	(void)state;
	say((struct says){R1, "2001:db8:a::", 86400, 1800, 0, 1});
	address(AT_A);
	strcpy(there[0], R1);
	card = 2;
	attach_resume(&attach, f.now);
	run(SEC);
	assert_int_equal(fake_events(&f, EV_ROUTER_LOST), 1);
	say((struct says){R1, "2001:db8:a::", 86400, 1800, 0, 1});
	fake_forget(&f);
	card = 1;
	attach_resume(&attach, f.now);
	run(SEC);
	assert_int_equal(fake_events(&f, EV_ROUTER_LOST), 0);
}

static void is_asked_at_its_global_address(void **state)
{
	struct in6_addr from = t_addr(R1);
	struct nd_ra ra = {.router_lifetime = 1800, .prefixes = 1};

	(void)state;
	ra.prefix[0] = (struct nd_prefix){
		.prefix = t_addr("2001:db8:a::1"), .len = 64, .autoconf = true, .router = true, .valid = 86400};
	attach_on_ra(&attach, ETH, &from, &ra, f.now);
	address(AT_A);
	strcpy(there[0], R1); /* another link's, of the same name */
	attach_resume(&attach, f.now);
	run(SEC);
	assert_addr(fake_nth(&f, DID_REACH, 0)->addr, "2001:db8:a::1");
	assert_int_equal(fake_events(&f, EV_ROUTER_LOST), 1);
	attach_on_ra(&attach, ETH, &from, &ra, f.now);
	fake_forget(&f);
	strcpy(there[0], "2001:db8:a::1");
	attach_resume(&attach, f.now);
	run(SEC);
	assert_int_equal(fake_events(&f, EV_ROUTER_LOST), 0);
}

/* --- forgers ------------------------------------------------------------------------------------------------------ */

/* Nobody behind it: it is asked, and what it told is forgotten by us and by the kernel. */
static void forged(void **state)
{
	(void)state;
	at_a(0);
	memcpy(there[0], R1, sizeof(R1));
	say((struct says){"fe80::bad", "2001:db8:bad::", UINT32_MAX, 65535, 0, 0});
	address("2001:db8:bad::5");
	assert_away(AT_A);
	run(SEC);
	assert_away(AT_A);
	assert_int_equal(fake_events(&f, EV_ROUTER_LOST), 1);
	assert_addr(fake_last(&f, DID_SETTLE)->addr, R1);
	assert_int_equal(fake_last(&f, DID_SETTLE)->routers, 1);
	assert_int_equal(attach.link[0].prefixes, 1);
	/* In the router's own name: it cannot end the prefix in use, RFC 4862 5.5.3. */
	say((struct says){R1, "2001:db8:a::", 0, 0, 0, 0});
	say((struct says){R1, "2001:db8:a::", 1, 0, 1, 0});
	run(2 * SEC);
	assert_away(AT_A);
}

/* A Neighbor Advertisement in the router's name sends the kernel's packets elsewhere: its own answer, which the kernel
 * hears, too, is asked for. Who goes on cannot make it be asked faster, nor be taken for gone. */
static void forged_answers(void **state)
{
	(void)state;
	say((struct says){R1, "2001:db8:a::", 86400, 1800, 0, 1});
	address(AT_A);
	memcpy(there[0], R1, sizeof(R1));
	card = 1;
	fake_forget(&f);
	for (int i = 0; i < 1000; i++) {
		card = 2;
		answer(R1);
		card = 1;
		run(10 * MSEC);
	}
	assert_in_range(fake_did(&f, DID_REACH), 10, 51);
	assert_int_equal(fake_nth(&f, DID_REACH, 0)->at, f.now - 10 * SEC);
	assert_int_equal(fake_events(&f, EV_ROUTER_LOST), 0);
	assert_away(AT_A);
}

/* In the router's name, with a global or a link-layer address that is not its: it is asked where it answers, as ever.
 */
static void forged_identity(void **state)
{
	struct in6_addr from = t_addr(R1);
	struct nd_ra ra = {.router_lifetime = 1800, .prefixes = 2};

	(void)state;
	at_a(0);
	memcpy(there[0], R1, sizeof(R1));
	ra.prefix[0] = (struct nd_prefix){.prefix = t_addr("2001:db8:a::"), .len = 64, .valid = 86400};
	ra.prefix[1] = (struct nd_prefix){.prefix = t_addr("2001:db8:bad::1"), .len = 64, .router = true, .valid = 60};
	for (card = 1; card < 3; card++) {
		ra.has_lladdr = card == 2;
		attach_on_ra(&attach, ETH, &from, &ra, f.now);
		attach_resume(&attach, f.now);
		run(SEC);
		assert_addr(fake_last(&f, DID_REACH)->addr, R1);
		assert_int_equal(fake_events(&f, EV_ROUTER_LOST), 0);
	}
	assert_away(AT_A);
}

/* In the name of the next link's router: however often the last one's told the prefix, it fades as quickly. */
static void forged_home_elsewhere(void **state)
{
	(void)state;
	strcpy(there[0], R1);
	for (int i = 0; i < 20; i++, run(SEC))
		hear(R2, "2001:db8:1::");
	assert_int_equal(place.where, AT_HOME);
	hear(R1, "2001:db8:a::");
	hear(R1, "2001:db8:1::");
	address(AT_A);
	run(SEC);
	assert_int_equal(fake_events(&f, EV_ROUTER_LOST), 1);
	for (int i = 0; i < 6; i++, run(SEC)) {
		assert_int_equal(place.where, AT_HOME);
		hear(R1, "2001:db8:a::");
	}
	assert_away(AT_A);
}

/* In the router's name, without its prefix, which it had told once: it is asked, and though it speaks only when it is,
 * as late as it may, the prefix stays. */
static void forged_without_prefix(void **state)
{
	usec asked = 0;

	(void)state;
	at_a(0);
	memcpy(there[0], R1, sizeof(R1));
	fake_forget(&f);
	for (int i = 0; i < 100; i++) {
		hear(R1, "2001:db8:bad::");
		run(SEC);
		if (!asked && fake_did(&f, DID_SOLICIT))
			asked = fake_nth(&f, DID_SOLICIT, 0)->at;
		if (asked && f.now - asked >= 3500 * MSEC) {
			hear(R1, "2001:db8:a::");
			fake_forget(&f);
			asked = 0;
		}
		assert_away(AT_A);
		assert_true(attach_holds(&attach, &place, f.now));
	}
}

/* In the router's name, and of its link-layer address or another: away all the same once nobody at home answered, and
 * the prefix fades as the router goes on without it. */
static void forged_home(void **state)
{
	struct in6_addr home = t_addr(HOME);

	(void)state;
	at_a(0);
	memcpy(there[0], R1, sizeof(R1));
	say((struct says){R1, "2001:db8:1::", 86400, 1800, 0, 0});
	assert_int_equal(place.where, AT_HOME);
	attach_refute(&attach, ETH, &home, 64, f.now);
	look();
	assert_away(AT_A);
	run(11 * SEC);
	assert_int_equal(place.where, AT_HOME); /* it may have been the home agent's fault */
	attach_refute(&attach, ETH, &home, 64, f.now);
	look();
	assert_away(AT_A);
	run(11 * SEC);
	assert_away(AT_A); /* not that often */
	attach_confirm(&attach, ETH, &home, 64);
	look();
	assert_int_equal(place.where, AT_HOME);
	fake_forget(&f);
	for (int i = 0; i < 6; i++) {
		run(SEC);
		assert_int_equal(place.where, AT_HOME);
		hear(R1, "2001:db8:a::");
	}
	assert_away(AT_A);
	assert_int_equal(attach.link[0].prefixes, 1);
	assert_int_equal(fake_did(&f, DID_SETTLE), 1);
	assert_addr(fake_last(&f, DID_SETTLE)->coa, "2001:db8:a::");
}

/* Several advertisements of one router may share its prefixes, and one that was told for long does not go so soon. */
static void prefixes_of_several_advertisements(void **state)
{
	(void)state;
	at_a(0);
	memcpy(there[0], R1, sizeof(R1));
	for (int i = 0; i < 40; i++) {
		hear(R1, "2001:db8:a::");
		hear(R1, "2001:db8:b::");
		hear(R1, "2001:db8:c::");
		hear(R1, "2001:db8:d::");
		run(SEC);
	}
	assert_int_equal(attach.link[0].prefixes, 4);
	for (int i = 0; i < 31; i++) {
		hear(R1, "2001:db8:b::");
		run(SEC);
	}
	assert_int_equal(attach.link[0].prefixes, 4);
	hear(R1, "2001:db8:b::");
	run(2 * SEC);
	assert_int_equal(attach.link[0].prefixes, 1);
}

/* The router resigns, or somebody does it in its name: routers are asked for, seldom. */
static void resigned(void **state)
{
	(void)state;
	at_a(0);
	memcpy(there[0], R1, sizeof(R1));
	fake_forget(&f);
	for (int i = 0; i < 100; i++) {
		say((struct says){R1, "2001:db8:a::", 86400, 0, 0, 0});
		say((struct says){R1, "2001:db8:a::", 86400, 1800, 0, 0});
		run(20 * MSEC);
	}
	assert_in_range(fake_did(&f, DID_SOLICIT), 2, 3);
	assert_away(AT_A);
}

/* Any number of them: the router in use keeps its place, the questions their distance, the kernel its rest. */
static void flood(void **state)
{
	(void)state;
	at_a(1000);
	memcpy(there[0], R1, sizeof(R1));
	for (unsigned i = 0; i < 3000; i++) {
		char router[32], prefix[32];

		snprintf(router, sizeof(router), "fe80::bad:%x", i + 1);
		snprintf(prefix, sizeof(prefix), "2001:db8:%x::", 0x1000 + i);
		say((struct says){router, prefix, UINT32_MAX, 65535, 1, (uint8_t)i});
		if (i % 10 == 0)
			run(10 * MSEC);
		if (i % 300 == 0)
			say((struct says){R1, "2001:db8:a::", 86400, 1800, 1000, 0});
		if (i % 500 == 499) {
			assert_true(fake_did(&f, DID_REACH) <= 8 * 5);
			assert_true(fake_did(&f, DID_SETTLE) <= 1);
			fake_forget(&f);
		}
		assert_away(AT_A);
	}
	run(10 * SEC);
	assert_away(AT_A);
	assert_int_equal(attach.link[0].prefixes, 1);
}

/* --- which address -------------------------------------------------------------------------------------------------
 */

static void which_address(void **state)
{
	(void)state;
	hear(R1, "2001:db8:a::");
	address_on(ETH, "2001:db8:a::1", 64, LIKE_TEMPORARY);
	assert_away("2001:db8:a::1");
	address(AT_A);
	assert_away(AT_A); /* lives longer */
	address_on(ETH, "2001:db8:a::2", 64, LIKE_PRIVATE);
	assert_away("2001:db8:a::2"); /* the user wants it so */
	address_on(ETH, "2001:db8:a::3", 64, LIKE_PRIVATE);
	assert_away("2001:db8:a::2");
	address_on(ETH, "2001:db8:a::2", 64, LIKE_DEPRECATED); /* before it ends */
	run(11 * SEC);
	assert_away("2001:db8:a::3");
	address_on(ETH, "2001:db8:a::3", 64, LIKE_DEPRECATED);
	run(11 * SEC);
	assert_away(AT_A);
	/* Deprecated, by whomever, is better than none. */
	address_on(ETH, AT_A, 64, LIKE_DEPRECATED);
	run(11 * SEC);
	assert_away("2001:db8:a::1");
	address_on(ETH, "2001:db8:a::1", 64, LIKE_DEPRECATED);
	assert_away("2001:db8:a::1");
}

/* Anybody may say so in the router's name, beside a prefix that leads nowhere: the router is asked, and takes it back,
 * however often. */
static void deprecated_by_a_liar(void **state)
{
	(void)state;
	at_a(0);
	memcpy(there[0], R1, sizeof(R1));
	hear(R1, "2001:db8:bad::");
	for (int i = 0; i < 20; i++) {
		fake_forget(&f);
		address_on(ETH, AT_A, 64, LIKE_DEPRECATED);
		address("2001:db8:bad::5");
		assert_away(AT_A);
		assert_int_equal(fake_did(&f, DID_SOLICIT), 1);
		run(4 * SEC);
		assert_away(AT_A);
		hear(R1, "2001:db8:a::");
		address(AT_A);
		run(2 * SEC);
	}
	run(20 * SEC);
	assert_away(AT_A);
}

/* An address of DHCPv6 is of the network whose router was there before it. */
static void dhcpv6_elsewhere(void **state)
{
	(void)state;
	say((struct says){R1, NULL, 0, 1800, 0, 0});
	run(SEC);
	address_on(ETH, "2001:db8:a::d", 128, LIKE_NORMAL);
	assert_away("2001:db8:a::d");
	run(SEC);
	memcpy(there[0], R2, sizeof(R2));
	say((struct says){R2, NULL, 0, 1800, 0, 0});
	assert_away("2001:db8:a::d");
	run(SEC);
	assert_int_equal(place.where, AT_NOWHERE);
	address_on(ETH, "2001:db8:b::d", 128, LIKE_NORMAL);
	assert_away("2001:db8:b::d");
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(sleeps_and_wakes),
		T(another_network),
		T(home_and_away_again),
		T(back_so_soon),
		T(two_routers),
		T(silence),
		T(gap_between_networks),
		T(doubts),
		T(asks_for_duplicates_of_the_link_local_address),
		T(lifetime_zero),
		T(same_address_elsewhere),
		T(answers_of_another),
		T(is_asked_at_its_global_address),
		T(forged),
		T(forged_answers),
		T(forged_identity),
		T(forged_home),
		T(forged_home_elsewhere),
		T(forged_without_prefix),
		T(prefixes_of_several_advertisements),
		T(resigned),
		T(flood),
		T(which_address),
		T(deprecated_by_a_liar),
		T(dhcpv6_elsewhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
