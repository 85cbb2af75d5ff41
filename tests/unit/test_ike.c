/* What charon's log says of those it refuses: which of its lines count, whose they are, and how much is kept. */
#include <stdio.h>
#include <string.h>

#include "host/ike_impl.h"
#include "t.h"

#define LOOKING "looking for peer configs matching 2001:db8:1::1[2001:db8:1::1]...2001:db8:f1::9[%s]"
#define FAILED	"generating IKE_AUTH response 1 [ N(AUTH_FAILED) ]"

static struct ike_peer node;
static struct ike_peer *peers[] = {&node};
static struct ike s;

static int setup(void **state)
{
	(void)state;
	memset(&s, 0, sizeof(s));
	memset(&node, 0, sizeof(node));
	node.ike = &s;
	node.conf.home = t_addr("2001:db8:1::100");
	node.conf.agent = t_addr("2001:db8:1::1");
	s.peer = peers;
	s.peers = 1;
	s.refusals = (struct rate){.rate = 1, .burst = 10};
	return 0;
}

/* A line of the log about the SA with that number and the connection with that name. */
static void hear(unsigned id, const char *name, const char *msg)
{
	uint8_t room[1024];
	struct wr w = wr_over(room, sizeof(room));
	struct vici_reader r;
	char number[12];

	snprintf(number, sizeof(number), "%u", id);
	vici_value(&w, "group", "CFG");
	vici_value(&w, "ikesa-name", name);
	if (id)
		vici_value(&w, "ikesa-uniqueid", number);
	vici_value(&w, "msg", msg);
	r = (struct vici_reader){.rd = rd_over(room, wr_at(&w))};
	ike_hear(&s, &r);
}

static void looks(unsigned id, const char *who)
{
	char msg[300];

	snprintf(msg, sizeof(msg), LOOKING, who);
	hear(id, "(unnamed)", msg);
}

static void test_first_reason(void **state)
{
	(void)state;
	looks(5, "mn1@example.org");
	looks(6, "evil@example.org");
	hear(5, "mip-2001:db8:1::100", "subject certificate invalid (valid from A to B)");
	hear(6, "(unnamed)", "no matching peer config found");
	hear(5, "mip-2001:db8:1::100", "signature validation failed, looking for another key");
	assert_string_equal(ike_refused(&s, NULL), "");
	hear(5, "mip-2001:db8:1::100", FAILED);
	assert_string_equal(ike_refused(&s, NULL),
		"2001:db8:f1::9[mn1@example.org]: subject certificate invalid (valid from A to B)");
	assert_string_equal(ike_refused(&s, &node.conf.home), ike_refused(&s, NULL));
	hear(6, "(unnamed)", FAILED);
	assert_string_equal(ike_refused(&s, NULL), "2001:db8:f1::9[evil@example.org]: no matching peer config found");
	assert_ptr_equal(strstr(ike_refused(&s, &node.conf.home), "evil"), NULL);
}

static void test_who_succeeds(void **state)
{
	(void)state;
	looks(5, "mn1@example.org");
	hear(5, "mip-2001:db8:1::100", "certificate was revoked on some day, reason: unspecified");
	hear(5, "mip-2001:db8:1::100", "generating IKE_AUTH response 1 [ IDr AUTH SA TSi TSr ]");
	hear(5, "mip-2001:db8:1::100", FAILED);
	assert_string_equal(ike_refused(&s, NULL), "");
}

/* Other users of this charon, other addresses of this machine, lines of no SA. */
static void test_not_ours(void **state)
{
	(void)state;
	hear(7, "vpn", "looking for peer configs matching 192.0.2.1[gw]...192.0.2.9[user]");
	hear(7, "vpn", FAILED);
	hear(8, "vpn", "looking for peer configs matching 2001:db8:2::1[gw]...2001:db8:f1::9[user]");
	hear(8, "vpn", FAILED);
	hear(9, "mip-2001:db8:1::100", FAILED);
	looks(0, "mn1@example.org");
	hear(0, "(unnamed)", FAILED);
	hear(10, "(unnamed)", "looking for peer configs matching 2001:db8:1::1");
	hear(10, "(unnamed)", FAILED);
	assert_string_equal(ike_refused(&s, NULL), "");
	hear(11, "vpn", "reauthenticating IKE_SA due to address change");
	assert_false(s.roams);
	hear(12, "mip-2001:db8:1::100", "reauthenticating IKE_SA due to address change");
	assert_true(s.roams);
}

/* An identity may be anything; attempts that are never answered displace each other, and no others. */
static void test_hostile(void **state)
{
	char who[151];

	(void)state;
	memset(who, '[', sizeof(who) - 1);
	who[sizeof(who) - 1] = 0;
	memcpy(who, "\033[2J%n\n]...", 10);
	looks(1, who);
	hear(1, "(unnamed)", FAILED);
	for (const char *c = ike_refused(&s, NULL); *c; c++)
		assert_in_range(*c, ' ', '~');
	assert_in_range(strlen(ike_refused(&s, NULL)), 1, 159);
	for (unsigned id = 2; id < 100000; id++)
		looks(id, "nobody");
	looks(100000, "mn1@example.org");
	hear(100000 - IKE_ATTEMPTS, "(unnamed)", FAILED);
	assert_ptr_equal(strstr(ike_refused(&s, NULL), "mn1@"), NULL);
	hear(100000, "mip-2001:db8:1::100", FAILED);
	assert_string_equal(ike_refused(&s, NULL), "2001:db8:f1::9[mn1@example.org]: see charon's log");
	assert_int_equal(s.refusals.refused, 0);
	for (unsigned id = 1; id < 100; id++) {
		looks(id, "nobody");
		hear(id, "(unnamed)", FAILED);
	}
	assert_in_range(s.refusals.refused, 80, 99); /* are not logged */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_first_reason, setup),
		cmocka_unit_test_setup(test_who_succeeds, setup),
		cmocka_unit_test_setup(test_not_ours, setup),
		cmocka_unit_test_setup(test_hostile, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
