/* Where a mobile node is (RFC 6275 11.5.1, 11.5.3, 11.5.5): links, routers and addresses in, a place out. */
#include "base/addr.h"
#include "role/attach.h"
#include "tests/unit/world.h"

#define HOME "2001:db8:1::100"
#define ETH  2
#define WLAN 3
#define R1   "fe80::a1"
#define R2   "fe80::a2"

static struct fake f;
static struct attach attach;
static struct place place;

static size_t changes;

static void on_changed(struct attach *a, usec now)
{
	assert_ptr_equal(a, &attach);
	assert_int_equal(now, f.now);
	changes++;
}

static int setup(void **state)
{
	(void)state;
	fake_open(&f);
	attach = (struct attach){.w = &f.w, .changed = on_changed};
	changes = 0;
	place = (struct place){0};
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	attach_reset(&attach);
	fake_close(&f);
	return 0;
}

static struct nd_ra ra_of(const char *prefix, uint8_t len, uint32_t valid)
{
	struct nd_ra ra = {.router_lifetime = 1800, .prefixes = 1, .has_lladdr = true, .lladdr = {2, 0, 0, 0, 0, 9}};

	ra.prefix[0] = (struct nd_prefix){.prefix = t_addr(prefix),
		.len = len,
		.onlink = true,
		.autoconf = true,
		.valid = valid,
		.preferred = valid};
	return ra;
}

static void hear_ra(unsigned link, const char *router, const struct nd_ra *ra)
{
	struct in6_addr from = t_addr(router);

	attach_on_ra(&attach, link, &from, ra, f.now);
}

static void hear(unsigned link, const char *router, const char *prefix)
{
	struct nd_ra ra = ra_of(prefix, 64, 86400);

	hear_ra(link, router, &ra);
}

static bool address(unsigned link, const char *text, uint8_t plen, bool usable, bool dynamic)
{
	struct attach_addr a = {.addr = t_addr(text), .plen = plen, .usable = usable, .dynamic = dynamic};

	return attach_on_addr(&attach, link, &a, false, f.now);
}

static bool no_address(unsigned link, const char *text)
{
	struct attach_addr a = {.addr = t_addr(text)};

	return attach_on_addr(&attach, link, &a, true, f.now);
}

static bool link_is(unsigned link, bool up)
{
	return attach_on_link(&attach, link, up, false, f.now);
}

static void look(void)
{
	struct in6_addr home = t_addr(HOME);

	place = attach_place(&attach, &home, 64, false, &place, f.now);
}

static void assert_nowhere(void)
{
	look();
	assert_int_equal(place.where, AT_NOWHERE);
}

static void assert_home(unsigned link)
{
	look();
	assert_int_equal(place.where, AT_HOME);
	assert_int_equal(place.ifindex, link);
}

static void assert_away(unsigned link, const char *coa)
{
	look();
	assert_int_equal(place.where, AT_AWAY);
	assert_int_equal(place.ifindex, link);
	assert_addr(place.coa, coa);
}

/* --- links and routers -------------------------------------------------------------------------------------------- */

static void router_says_home_or_away(void **state)
{
	(void)state;
	assert_nowhere();
	assert_true(link_is(ETH, true));
	assert_nowhere();
	hear(ETH, R1, "2001:db8:1::");
	assert_home(ETH);
	assert_true(link_is(ETH, false));
	assert_nowhere();
	link_is(ETH, true);
	hear(ETH, R1, "2001:db8:a::");
	assert_nowhere(); /* no address yet */
	assert_true(address(ETH, "2001:db8:a::5", 64, true, true));
	assert_away(ETH, "2001:db8:a::5");
	assert_true(attach_on_link(&attach, ETH, false, true, f.now));
	assert_nowhere();
}

static void solicits_until_a_router_speaks(void **state)
{
	static const usec at[] = {0, 100, 300, 700, 1500, 3100, 6300, 12700, 25500, 51100, 83100, 115100}; /* ms */
	usec up = f.now;

	(void)state;
	link_is(ETH, true);
	fake_run(&f, 130 * SEC);
	assert_int_equal(fake_did(&f, DID_SOLICIT), 12);
	for (size_t i = 0; i < 12; i++)
		assert_int_equal(fake_nth(&f, DID_SOLICIT, i)->at, up + at[i] * MSEC);
	hear(ETH, R1, "2001:db8:a::");
	fake_run(&f, 600 * SEC);
	assert_int_equal(fake_did(&f, DID_SOLICIT), 12);
	/* Up again: the first leaves at once. */
	link_is(ETH, false);
	link_is(ETH, true);
	assert_int_equal(fake_did(&f, DID_SOLICIT), 13);
	fake_run(&f, 1000 * MSEC);
	assert_int_equal(fake_did(&f, DID_SOLICIT), 16); /* as soon as the first time */
	link_is(ETH, false);
	fake_run(&f, 600 * SEC);
	assert_int_equal(fake_did(&f, DID_SOLICIT), 16);
	/* Told twice is up once. */
	assert_true(link_is(ETH, true));
	assert_false(link_is(ETH, true));
	assert_int_equal(fake_did(&f, DID_SOLICIT), 17);
	attach_on_link(&attach, ETH, true, true, f.now);
	assert_int_equal(fake_armed(&f), 0);
}

/* The first router after link-up settles the link; a second one beside it does not unsettle it. */
static void second_router(void **state)
{
	(void)state;
	link_is(ETH, true);
	hear(ETH, R1, "2001:db8:a::");
	address(ETH, "2001:db8:a::5", 64, true, true);
	assert_away(ETH, "2001:db8:a::5");
	hear(ETH, R2, "2001:db8:b::");
	address(ETH, "2001:db8:b::5", 64, true, true);
	assert_away(ETH, "2001:db8:a::5");
	assert_int_equal(fake_did(&f, DID_SETTLE), 1);
	assert_addr(fake_last(&f, DID_SETTLE)->addr, R1);
	assert_int_equal(fake_events(&f, EV_RA), 2);
	no_address(ETH, "2001:db8:a::5");
	assert_away(ETH, "2001:db8:b::5");
	hear(ETH, R2, "2001:db8:b::");
	assert_int_equal(fake_events(&f, EV_RA), 2);
	link_is(ETH, false);
	link_is(ETH, true);
	hear(ETH, R2, "2001:db8:b::");
	assert_int_equal(fake_did(&f, DID_SETTLE), 2);
}

static void not_heard_while_down(void **state)
{
	(void)state;
	hear(ETH, R1, "2001:db8:1::"); /* no such link */
	link_is(ETH, false);
	hear(ETH, R1, "2001:db8:1::");
	link_is(ETH, true);
	assert_nowhere();
	assert_int_equal(fake_did(&f, DID_SETTLE), 0);
}

static void home_beats_away(void **state)
{
	(void)state;
	link_is(ETH, true);
	link_is(WLAN, true);
	hear(ETH, R1, "2001:db8:a::");
	address(ETH, "2001:db8:a::5", 64, true, true);
	assert_away(ETH, "2001:db8:a::5");
	hear(WLAN, R2, "2001:db8:b::");
	address(WLAN, "2001:db8:b::5", 64, true, true);
	assert_away(ETH, "2001:db8:a::5"); /* the one in use stays */
	link_is(ETH, false);
	assert_away(WLAN, "2001:db8:b::5");
	link_is(ETH, true);
	hear(ETH, R1, "2001:db8:a::");
	assert_away(WLAN, "2001:db8:b::5");
	hear(ETH, R1, "2001:db8:1::");
	assert_home(ETH);
}

/* Of links that serve the preferred one is taken, home before all, and one whose router is gone last. */
static void preferred_link(void **state)
{
	(void)state;
	link_is(ETH, true);
	link_is(WLAN, true);
	hear(ETH, R1, "2001:db8:a::");
	address(ETH, "2001:db8:a::5", 64, true, true);
	hear(WLAN, R2, "2001:db8:b::");
	address(WLAN, "2001:db8:b::5", 64, true, true);
	assert_away(ETH, "2001:db8:a::5");
	assert_addr(place.router, R1);
	assert_true(attach_prefer(&attach, ETH, 2));
	assert_false(attach_prefer(&attach, ETH, 2));
	assert_false(attach_prefer(&attach, 77, 2));
	assert_true(attach_prefer(&attach, WLAN, 1));
	assert_away(WLAN, "2001:db8:b::5");
	assert_addr(place.router, R2);
	link_is(WLAN, false);
	assert_away(ETH, "2001:db8:a::5");
	link_is(WLAN, true);
	assert_away(ETH, "2001:db8:a::5"); /* nothing is known of it yet */
	hear(WLAN, R2, "2001:db8:b::");
	assert_away(WLAN, "2001:db8:b::5");
	attach_doubt(&attach, WLAN, NULL, f.now);
	fake_run(&f, SEC);
	assert_away(ETH, "2001:db8:a::5");
	hear(WLAN, R2, "2001:db8:b::");
	assert_away(WLAN, "2001:db8:b::5");
	hear(ETH, R1, "2001:db8:1::");
	assert_home(ETH);
}

static void prefix_withdrawn_or_over(void **state)
{
	struct nd_ra gone = ra_of("2001:db8:1::", 64, 0), brief = ra_of("2001:db8:1::", 64, 30);

	(void)state;
	link_is(ETH, true);
	hear(ETH, R1, "2001:db8:1::");
	assert_home(ETH);
	assert_addr(place.router, R1);
	/* RFC 4862 5.5.3: not at once, whoever says so, and not later for being said again. */
	hear_ra(ETH, R1, &gone);
	fake_run(&f, 3600 * SEC);
	hear_ra(ETH, R1, &gone);
	hear_ra(ETH, R1, &brief);
	fake_run(&f, 3600 * SEC - 1);
	assert_home(ETH);
	fake_run(&f, 1);
	assert_nowhere();
	hear_ra(ETH, R1, &brief);
	fake_run(&f, 30 * SEC - 1);
	assert_home(ETH);
	fake_run(&f, 1);
	assert_nowhere();
}

/* Strange prefixes mean nothing, and nothings need no room. */
static void strange_prefixes(void **state)
{
	struct nd_ra ra = ra_of("fe80::", 10, 600), gone = {.prefixes = RA_PREFIXES_MAX};

	(void)state;
	link_is(ETH, true);
	hear_ra(ETH, R1, &ra);
	ra = ra_of("ff00::", 8, 600);
	hear_ra(ETH, R1, &ra);
	ra = ra_of("2001:db8:1::", 129, 600);
	hear_ra(ETH, R1, &ra);
	assert_nowhere();
	for (unsigned i = 0; i < ATTACH_PREFIXES; i++) {
		char text[64];

		snprintf(text, sizeof(text), "2001:db8:%x::", i + 1);
		hear(ETH, R1, text);
	}
	assert_home(ETH);
	for (unsigned i = 0; i < RA_PREFIXES_MAX; i++) {
		gone.prefix[i] = (struct nd_prefix){.prefix = t_addr("2001:db8:f00::"), .len = 64};
		gone.prefix[i].prefix.s6_addr[7] = (uint8_t)i;
	}
	hear_ra(ETH, R2, &gone);
	assert_home(ETH);
}

/* The home prefix is the home link's, not one that only contains it. */
static void short_prefix_is_not_home(void **state)
{
	(void)state;
	link_is(ETH, true);
	for (uint8_t len = 0; len < 64; len++) {
		struct nd_ra ra = ra_of("2001:db8:1::", len, 600);

		hear_ra(ETH, R1, &ra);
	}
	assert_nowhere();
	hear(ETH, R1, "2001:db8:1::");
	assert_home(ETH);
}

/* --- addresses ---------------------------------------------------------------------------------------------------- */

/* What the kernel says of an autoconfigured address: optimistic, and gone because another node has it (RFC 4862 5.4.5).
 */
static void optimistic(const char *text)
{
	struct attach_addr a = {.addr = t_addr(text), .plen = 64, .usable = true, .optimistic = true, .dynamic = true};

	attach_on_addr(&attach, ETH, &a, false, f.now);
}

static void duplicate(const char *text)
{
	struct attach_addr a = {.addr = t_addr(text), .plen = 64, .failed = true, .dynamic = true};

	attach_on_addr(&attach, ETH, &a, true, f.now);
}

/* Linux 6.1 does not tell of a tentative address while it forwards. */
static void address_that_the_kernel_did_not_tell_of(void **state)
{
	struct nd_ra by_dhcp = ra_of("2001:db8:b::", 64, 86400);

	(void)state;
	by_dhcp.prefix[0].autoconf = false;
	link_is(ETH, true);
	hear_ra(ETH, R1, &by_dhcp);
	fake_run(&f, SEC);
	assert_int_equal(fake_did(&f, DID_ASK_ADDRS), 0);
	hear(ETH, R1, "2001:db8:a::");
	hear(ETH, R1, "2001:db8:a::");
	fake_run(&f, 9 * MSEC); /* the kernel reads it later than we */
	assert_int_equal(fake_did(&f, DID_ASK_ADDRS), 0);
	fake_run(&f, MSEC);
	assert_int_equal(fake_did(&f, DID_ASK_ADDRS), 1);
	fake_run(&f, 20 * MSEC);
	assert_int_equal(fake_did(&f, DID_ASK_ADDRS), 2);
	address(ETH, "2001:db8:a::5", 64, false, true);
	fake_run(&f, 10 * SEC);
	assert_int_equal(fake_did(&f, DID_ASK_ADDRS), 2);
	/* None comes: a few times an advertisement, however many come at once. */
	hear(ETH, R1, "2001:db8:c::");
	hear(ETH, R1, "2001:db8:c::");
	fake_run(&f, 10 * SEC);
	assert_int_equal(fake_did(&f, DID_ASK_ADDRS), 2 + 5);
	/* Nor for as long as a router tells of it. */
	for (int i = 0; i < 100; i++) {
		hear(ETH, R1, "2001:db8:c::");
		fake_run(&f, SEC);
	}
	assert_int_equal(fake_did(&f, DID_ASK_ADDRS), 2 + 15);
	hear(ETH, R1, "2001:db8:d::");
	link_is(ETH, false);
	fake_run(&f, 10 * SEC);
	assert_int_equal(fake_did(&f, DID_ASK_ADDRS), 2 + 15);
}

static void duplicates_are_not_used_again(void **state)
{
	(void)state;
	link_is(ETH, true);
	hear(ETH, R1, "2001:db8:a::");
	optimistic("2001:db8:a::5");
	assert_away(ETH, "2001:db8:a::5");
	for (int i = 0; i < 10; i++) {
		duplicate("2001:db8:a::5");
		assert_nowhere();
		optimistic("2001:db8:a::5"); /* the next advertisement made it */
		assert_nowhere();
	}
	assert_int_equal(fake_events(&f, EV_DUPLICATE), 1);
	optimistic("2001:db8:a::6");
	assert_away(ETH, "2001:db8:a::6");
	no_address(ETH, "2001:db8:a::6");
	/* Detection passes it: the other one is gone. */
	address(ETH, "2001:db8:a::5", 64, true, true);
	assert_away(ETH, "2001:db8:a::5");
	/* One for each of several prefixes, and another network. */
	for (int i = 0; i < 6; i++)
		duplicate((const char *[]){"2001:db8:a::1", "2001:db8:a::2", "2001:db8:a::3", "2001:db8:a::4",
			"2001:db8:a::7", "2001:db8:a::5"}[i]);
	optimistic("2001:db8:a::1");
	assert_nowhere();
	link_is(ETH, false);
	link_is(ETH, true);
	hear(ETH, R1, "2001:db8:a::");
	optimistic("2001:db8:a::5");
	assert_away(ETH, "2001:db8:a::5");
}

static void tentative_then_usable(void **state)
{
	(void)state;
	link_is(ETH, true);
	hear(ETH, R1, "2001:db8:a::");
	assert_false(address(ETH, "2001:db8:a::5", 64, false, true));
	assert_nowhere();
	assert_int_equal(fake_events(&f, EV_ADDRESS), 0);
	assert_true(address(ETH, "2001:db8:a::5", 64, true, true));
	assert_away(ETH, "2001:db8:a::5");
	assert_int_equal(fake_events(&f, EV_ADDRESS), 1);
	assert_false(address(ETH, "2001:db8:a::5", 64, true, true)); /* told again: nothing new */
	assert_true(address(ETH, "2001:db8:a::5", 64, false, true)); /* duplicate */
	assert_nowhere();
	assert_false(no_address(ETH, "2001:db8:a::7"));
	/* The one in use stays, though another one could be chosen. */
	address(ETH, "2001:db8:a::6", 64, true, true);
	assert_away(ETH, "2001:db8:a::6");
	address(ETH, "2001:db8:a::5", 64, true, true);
	assert_away(ETH, "2001:db8:a::6");
	address(ETH, "2001:db8:a::6", 64, false, true);
	assert_away(ETH, "2001:db8:a::5");
}

/* The kernel keeps what another network gave; it serves again only when a router here says so. */
static void stale_addresses(void **state)
{
	(void)state;
	link_is(ETH, true);
	hear(ETH, R1, "2001:db8:a::");
	address(ETH, "2001:db8:a::5", 64, true, true);
	assert_away(ETH, "2001:db8:a::5");
	link_is(ETH, false);
	link_is(ETH, true);
	assert_nowhere();
	address(ETH, "2001:db8:a::5", 64, true, true); /* a dump tells of it again */
	assert_nowhere();
	hear(ETH, R2, "2001:db8:b::");
	assert_nowhere();
	address(ETH, "2001:db8:b::5", 64, true, true);
	assert_away(ETH, "2001:db8:b::5");
	/* And back: the old address still stands. */
	link_is(ETH, false);
	link_is(ETH, true);
	hear(ETH, R1, "2001:db8:a::");
	assert_away(ETH, "2001:db8:a::5");
}

static void dhcpv6_address(void **state)
{
	struct nd_ra managed = {.managed = true, .router_lifetime = 1800};

	(void)state;
	link_is(ETH, true);
	address(ETH, "2001:db8:a::d", 128, true, true);
	assert_nowhere(); /* no router heard: who knows where we are */
	hear_ra(ETH, R1, &managed);
	assert_away(ETH, "2001:db8:a::d");
	link_is(ETH, false);
	link_is(ETH, true);
	hear_ra(ETH, R2, &managed);
	assert_nowhere(); /* of the network before */
	no_address(ETH, "2001:db8:a::d");
	address(ETH, "2001:db8:b::d", 128, true, true);
	assert_away(ETH, "2001:db8:b::d");
	/* Given while the link is down, it is not this network's either. */
	link_is(ETH, false);
	address(ETH, "2001:db8:c::d", 128, true, true);
	link_is(ETH, true);
	hear_ra(ETH, R2, &managed);
	assert_nowhere();
	/* A flap: the address is not given anew, but the router tells its prefix (A clear, L set). */
	link_is(ETH, false);
	link_is(ETH, true);
	assert_nowhere();
	hear(ETH, R2, "2001:db8:b::");
	assert_away(ETH, "2001:db8:b::d");
}

static void address_by_hand(void **state)
{
	(void)state;
	link_is(ETH, true);
	address(ETH, "2001:db8:a::5", 64, true, false);
	assert_away(ETH, "2001:db8:a::5"); /* somebody knows what he does */
	address(ETH, "2001:db8:1::77", 64, true, false);
	no_address(ETH, "2001:db8:a::5");
	assert_nowhere(); /* under the home prefix: no care-of address */
}

static void strange_addresses(void **state)
{
	(void)state;
	link_is(ETH, true);
	hear(ETH, R1, "2001:db8:a::");
	assert_false(address(ETH, "fe80::5", 64, true, false));
	assert_false(address(ETH, "ff02::5", 64, true, false));
	assert_false(address(ETH, "::1", 128, true, false));
	assert_false(address(WLAN, "2001:db8:a::5", 64, true, true)); /* no such link */
	assert_nowhere();
	for (unsigned i = 0; i < ATTACH_ADDRS + 4; i++) {
		char text[64];

		snprintf(text, sizeof(text), "2001:db8:a::%x", i + 1);
		assert_int_equal(address(ETH, text, 64, true, true), i < ATTACH_ADDRS);
	}
	assert_away(ETH, "2001:db8:a::1");
	no_address(ETH, "2001:db8:a::1");
	assert_true(address(ETH, "2001:db8:a::99", 64, true, true));
	no_address(ETH, "2001:db8:a::99");
}

static void too_many_links(void **state)
{
	(void)state;
	for (unsigned i = 1; i <= ATTACH_LINKS + 2; i++)
		assert_int_equal(link_is(i, true), i <= ATTACH_LINKS);
	attach_on_link(&attach, 5, false, true, f.now);
	assert_true(link_is(ATTACH_LINKS + 1, true));
	hear(ATTACH_LINKS + 1, R1, "2001:db8:1::");
	assert_home(ATTACH_LINKS + 1);
}

/* The home agent's link-layer address: of its own advertisement, whatever others say of the prefix. */
static void agents_link_layer_address(void **state)
{
	struct in6_addr agent = t_addr("2001:db8:1::1");
	struct nd_ra ra = ra_of("2001:db8:1::1", 64, 600), other = ra_of("2001:db8:1::", 64, 600);

	(void)state;
	link_is(ETH, true);
	hear_ra(ETH, R2, &other);
	assert_null(attach_lladdr(&attach, ETH, &agent));
	ra.prefix[0].router = true;
	ra.lladdr[5] = 0x77;
	hear_ra(ETH, R1, &ra);
	assert_non_null(attach_lladdr(&attach, ETH, &agent));
	assert_int_equal(attach_lladdr(&attach, ETH, &agent)[5], 0x77);
	assert_null(attach_lladdr(&attach, WLAN, &agent));
	hear_ra(ETH, R2, &other);
	assert_non_null(attach_lladdr(&attach, ETH, &agent));
	assert_int_equal(attach_lladdr(&attach, ETH, &agent)[5], 0x77);
	assert_home(ETH);
	ra.has_lladdr = false;
	hear_ra(ETH, R1, &ra);
	assert_null(attach_lladdr(&attach, ETH, &agent));
	/* The other one speaks second. */
	link_is(ETH, false);
	link_is(ETH, true);
	ra.has_lladdr = true;
	hear_ra(ETH, R1, &ra);
	hear_ra(ETH, R2, &other);
	assert_non_null(attach_lladdr(&attach, ETH, &agent));
	assert_int_equal(attach_lladdr(&attach, ETH, &agent)[5], 0x77);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(router_says_home_or_away),
		T(solicits_until_a_router_speaks),
		T(second_router),
		T(not_heard_while_down),
		T(home_beats_away),
		T(preferred_link),
		T(prefix_withdrawn_or_over),
		T(strange_prefixes),
		T(short_prefix_is_not_home),
		T(tentative_then_usable),
		T(address_that_the_kernel_did_not_tell_of),
		T(duplicates_are_not_used_again),
		T(stale_addresses),
		T(dhcpv6_address),
		T(address_by_hand),
		T(strange_addresses),
		T(too_many_links),
		T(agents_link_layer_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
