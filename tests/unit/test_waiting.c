/* Who comes first: of what the shim hands over, the known are served at once, strangers later, some a turn. */
#include "mip/ctl.h"
#include "sys/raw_impl.h"
#include "tests/unit/t.h"
#include "wire/exthdr.h"
#include "wire/mh.h"

#define KNOWN 7 /* the home address with this number has a binding */

static struct loop the_loop;
static struct raw r;
static uint32_t served[20000];
static size_t count;

static uint32_t number_of(const struct in6_addr *a)
{
	uint32_t n;

	memcpy(&n, &a->s6_addr[12], sizeof(n));
	return ntohl(n);
}

static bool known(void *ctx, const struct exthdr *e)
{
	(void)ctx;
	return number_of(&e->hao) == KNOWN;
}

static void took(void *ctx, const struct raw_meta *m, const uint8_t *data, size_t len)
{
	(void)ctx, (void)data;
	assert_true(m->has_hao);
	assert_addr(m->src, "2001:db8:f0::1");
	assert_true(len >= 6 + 6);
	served[count++] = number_of(&m->hao);
}

/* A Binding Update of that home address, as it comes off the wire. */
static void comes(uint32_t number)
{
	struct mh bu = {.type = MH_BU, .u.bu = {1, BU_F_ACK | BU_F_HOME, 10}};
	struct in6_addr home = t_addr("2001:db8:1::"), coa = t_addr("2001:db8:f0::1"), ha = t_addr("2001:db8:1::1");
	uint8_t pkt[256], *mh = pkt + IP6_HLEN;
	int len = mh_write(&bu, mh, 128);
	struct exthdr e;
	uint16_t sum;

	number = htonl(number);
	memcpy(&home.s6_addr[12], &number, sizeof(number));
	sum = mh_checksum(&home, &ha, mh, (size_t)len);
	mh[MH_CKSUM_AT] = (uint8_t)(sum >> 8);
	mh[MH_CKSUM_AT + 1] = (uint8_t)sum;
	ip6_header(pkt, &home, &ha, MH_PROTO, (size_t)len);
	len = exthdr_insert(pkt, IP6_HLEN + (size_t)len, sizeof(pkt), &coa, NULL);
	assert_true(len > 0);
	assert_int_equal(exthdr_read(pkt, (size_t)len, &e), EXT_OK);
	assert_true(raw_from_shim(&r, &e, pkt));
}

static int begin(void **state)
{
	(void)state;
	the_loop = (struct loop){0};
	r = (struct raw){.loop = &the_loop, .ev = {.known = known, .mh = took}, .waiting_end = &r.waiting};
	count = 0;
	return 0;
}

static int end(void **state)
{
	(void)state;
	raw_wait_close(&r);
	return the_loop.timers.root != NULL;
}

static void the_known_come_first(void **state)
{
	(void)state;
	comes(1);
	comes(2);
	comes(KNOWN);
	assert_int_equal(count, 1);
	assert_int_equal(served[0], KNOWN);
	timers_run(&the_loop.timers, clock_now());
	assert_int_equal(count, 3);
	assert_int_equal(served[1], 1);
	assert_int_equal(served[2], 2);
	assert_false(timer_armed(&r.serve));
}

/* Between two turns there is room for whom we know. */
static void strangers_come_by_and_by(void **state)
{
	size_t before;

	(void)state;
	for (uint32_t i = 0; i < 1000; i++)
		comes(100 + i);
	timers_run(&the_loop.timers, clock_now());
	assert_in_range(count, 1, 100);
	before = count;
	comes(KNOWN);
	assert_int_equal(served[before], KNOWN);
	for (int turns = 0; timer_armed(&r.serve) && turns < 1000; turns++)
		timers_run(&the_loop.timers, clock_now());
	assert_int_equal(count, 1001);
	assert_int_equal(served[1000], 1099);
}

static void no_more_wait_than_may(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 15000; i++)
		comes(100 + i);
	assert_int_equal(r.waits + r.stats.rx_crowded, 15000);
	assert_int_equal(r.waits, MIP_STRANGERS_MAX);
	comes(KNOWN);
	assert_int_equal(count, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_known_come_first, begin, end),
		cmocka_unit_test_setup_teardown(strangers_come_by_and_by, begin, end),
		cmocka_unit_test_setup_teardown(no_more_wait_than_may, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
