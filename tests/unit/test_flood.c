/* The home agent against more than it can serve: who is registered stays so, whatever strangers or forgers send, and
 * what one node or one network may use of it is bounded. Virtual time. */
#include <stdio.h>

#include "base/addr.h"
#include "role/ha.h"
#include "tests/unit/world.h"

#define HOME_LINK 7
#define AGENT	  "2001:db8:1::1"
#define LIFE	  2 /* 8 s */
#define FOR	  (60 * SEC)
#define NODES	  10 /* that are registered and refresh every 2 s */

static struct fake f;
static struct ha ha;
static uint16_t seq[NODES];
static size_t binds, probes, answers;

static int setup(void **state)
{
	struct ha_conf conf = {.links = 1,
		.link = {{.ifindex = HOME_LINK}},
		.insecure = true,
		.max_lifetime = 3600,
		.max_bindings = 100000};
	struct in6_addr agent = t_addr(AGENT);

	(void)state;
	t_seed();
	fake_open(&f);
	ha_init(&ha, &f.w, t_random());
	ha_start(&ha, &conf);
	ha_address(&ha, HOME_LINK, &agent, 64, false);
	memset(seq, 0, sizeof(seq));
	binds = probes = answers = 0;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	fake_forget(&f);
	ha_stop(&ha, f.now);
	fake_close(&f);
	return 0;
}

static struct in6_addr numbered(const char *prefix, uint32_t n)
{
	struct in6_addr a = t_addr(prefix);

	for (int k = 0; k < 4; k++)
		a.s6_addr[12 + k] = (uint8_t)(n >> (24 - 8 * k));
	return a;
}

/* Of the registered node. */
static struct in6_addr home_of(unsigned node)
{
	return numbered("2001:db8:1::", 0x100 + node);
}

static void update(const struct in6_addr *home, const struct in6_addr *coa, uint16_t number, uint16_t life)
{
	struct via via = {.src = *coa, .dst = t_addr(AGENT), .hao = *home, .has_hao = true};
	struct mh m = {.type = MH_BU, .u.bu = {.seq = number, .flags = BU_F_ACK | BU_F_HOME, .lifetime = life}};

	ha_on_bu(&ha, &via, &m, false, f.now);
}

static void refresh(unsigned node)
{
	struct in6_addr home = home_of(node), coa = numbered("2001:db8:a::", node + 1);

	update(&home, &coa, ++seq[node], LIFE);
}

/* The notebook is read and emptied. */
static void read_notes(void)
{
	binds += fake_did(&f, DID_BIND);
	probes += fake_did(&f, DID_PROBE);
	answers += fake_did(&f, DID_SEND);
	assert_int_equal(fake_events(&f, EV_BINDING_EXPIRED), 0);
	fake_forget(&f);
}

/* Ten nodes keep their registrations while `flood` runs once a millisecond. */
static void keep_registered(void (*flood)(unsigned ms))
{
	unsigned ms = 0;

	for (unsigned n = 0; n < NODES; n++)
		refresh(n);
	fake_run(&f, 2 * SEC);
	read_notes();
	binds = probes = answers = 0;
	for (usec end = f.now + FOR; f.now < end; ms++) {
		flood(ms);
		if (ms % 200 == 0)
			refresh(ms / 200 % NODES);
		read_notes();
		fake_run(&f, MSEC);
	}
	for (unsigned n = 0; n < NODES; n++) {
		struct in6_addr home = home_of(n);
		const struct bc_entry *e = bc_find(&ha.bc, &home, NULL);

		assert_non_null(e);
		assert_int_equal(e->seq, seq[n]);
	}
}

/* Nobody can be made to do without his refresh by what others may not do anyway. */
static void refused_strangers(unsigned ms)
{
	for (int i = 0; i < 20; i++) {
		struct in6_addr home = numbered("2001:db8:2::", (uint32_t)t_random()), coa = numbered("2001:db8::", ms);

		t_bytes(&coa.s6_addr[4], 8);
		update(&home, &coa, 1, LIFE);
	}
}

static void strangers_are_refused_within_limits(void **state)
{
	(void)state;
	keep_registered(refused_strangers);
	assert_in_range(answers, HA_REFUSAL_RATE * 59, HA_REFUSAL_RATE * 62 + HA_REFUSAL_BURST + FOR / SEC * NODES);
	assert_int_equal(binds, 0);
}

/* One network may have a fourth of the answers; what is left is for the others. */
static void one_network_cannot_have_all_answers(void **state)
{
	struct in6_addr coa = t_addr("2001:db8:bad::1"), other = t_addr("2001:db8:f00d::1");

	(void)state;
	for (uint32_t i = 0; i < 10000; i++) {
		struct in6_addr home = numbered("2001:db8:2::", i);

		update(&home, &coa, 1, LIFE);
		read_notes();
	}
	assert_int_equal(answers, HA_REFUSAL_BURST / HA_REFUSAL_GROUPS);
	if (rates_group(&ha.refusals, &coa) == rates_group(&ha.refusals, &other))
		other = t_addr("2001:db8:f00d:1::1");
	answers = 0;
	update(&other, &other, 1, LIFE);
	read_notes();
	assert_int_equal(answers, 1);
}

/* First registrations, each with a probe of the home link: so many a second, and a registered node needs none of it. */
static void newcomers(unsigned ms)
{
	if (ms >= 1000)
		return;
	for (uint32_t i = 0; i < 50; i++) {
		struct in6_addr home = numbered("2001:db8:1::", 0x10000 + 50 * ms + i),
				coa = numbered("2001:db8::", 1 + i);

		coa.s6_addr[6] = (uint8_t)t_random();
		coa.s6_addr[7] = (uint8_t)t_random();
		update(&home, &coa, 1, 900);
	}
}

/* More than the notebook of the fake world holds. */
static int count_bind(void *ctx, const struct bc_entry *e, struct why *why)
{
	(void)ctx, (void)e, (void)why;
	binds++;
	return 0;
}

static void no_unbind(void *ctx, const struct bc_entry *e)
{
	(void)ctx, (void)e;
}

static void no_event(void *ctx, const struct event *ev, usec now)
{
	(void)ctx, (void)now;
	assert_int_not_equal(ev->type, EV_BINDING_EXPIRED);
}

static void hold_many(void)
{
	f.w.bind = count_bind;
	f.w.unbind = no_unbind;
	f.w.event = no_event;
}

static void first_registrations_are_limited(void **state)
{
	(void)state;
	hold_many();
	keep_registered(newcomers);
	assert_in_range(probes, HA_NEW_RATE * 19 / 10, HA_NEW_RATE * 2 + 100);
	assert_int_equal(binds, probes);
	assert_int_equal(ha.stats.limited, 50000 - probes);
}

static void one_network_cannot_have_all_first_registrations(void **state)
{
	struct in6_addr coa = t_addr("2001:db8:bad::1");

	(void)state;
	hold_many();
	for (uint32_t i = 0; i < 50000; i++) {
		struct in6_addr home = numbered("2001:db8:1::", 0x10000 + i);

		update(&home, &coa, 1, 900);
		read_notes();
	}
	assert_int_equal(probes, HA_NEW_GROUP_RATE);
}

/* A node, or somebody who has its keys, that sends far too many updates: its bucket is its own. */
static void chatter(unsigned ms)
{
	struct in6_addr home = home_of(0), coa = numbered("2001:db8:b::", ms);

	if (ms % 200)
		update(&home, &coa, ++seq[0], LIFE);
}

static void one_node_moves_so_often_and_no_more(void **state)
{
	unsigned most = HA_UPDATE_RATE * (unsigned)(FOR / SEC) + HA_UPDATE_BURST;
	struct in6_addr home = home_of(0);

	(void)state;
	for (unsigned n = 0; n < NODES; n++)
		refresh(n);
	fake_run(&f, 2 * SEC);
	read_notes();
	binds = answers = 0;
	for (unsigned ms = 0; ms < FOR / MSEC; ms++) {
		chatter(ms);
		if (ms % 200 == 0 && ms / 200 % NODES)
			refresh(ms / 200 % NODES);
		read_notes();
		fake_run(&f, MSEC);
	}
	assert_in_range(binds, most / 4, most + 1);
	assert_true(answers <= most + 1 + (size_t)(FOR / (200 * MSEC)));
	assert_non_null(bc_find(&ha.bc, &home, NULL));
	assert_true(ha.stats.limited > 50000);
}

/* A forger who does not know the number of the last update takes nothing from the binding: neither its updates nor,
 * when the node starts anew, the answer that tells it the number. */
static void forger(unsigned ms)
{
	struct in6_addr home = home_of(ms % NODES), coa = numbered("2001:db8:bad::", ms);

	for (uint16_t i = 0; i < 20; i++)
		update(&home, &coa, (uint16_t)(seq[ms % NODES] - i), LIFE);
}

static void forged_updates_take_nothing(void **state)
{
	(void)state;
	keep_registered(forger);
	assert_int_equal(binds, 0);
	assert_int_equal(ha.stats.limited, 0);
	assert_true(answers <=
		    (size_t)NODES * (HA_BINDING_REFUSAL * 61 + 4 * HA_BINDING_REFUSAL) + (size_t)FOR / (200 * MSEC));
}

static void who_starts_anew_hears_its_number(void **state)
{
	struct in6_addr home = home_of(0), coa = numbered("2001:db8:a::", 1);

	(void)state;
	seq[0] = 500;
	refresh(0);
	fake_run(&f, 2 * SEC);
	for (unsigned ms = 0; ms < 2000; ms++) {
		refused_strangers(ms);
		fake_forget(&f);
		fake_run(&f, MSEC);
	}
	update(&home, &coa, 3, LIFE);
	assert_int_equal(fake_did(&f, DID_SEND), 1);
	assert_int_equal(fake_last(&f, DID_SEND)->mh.u.ba.status, BA_SEQ_OUT_OF_WINDOW);
	assert_int_equal(fake_last(&f, DID_SEND)->mh.u.ba.seq, 501);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		T(strangers_are_refused_within_limits),
		T(one_network_cannot_have_all_answers),
		T(first_registrations_are_limited),
		T(one_network_cannot_have_all_first_registrations),
		T(one_node_moves_so_often_and_no_more),
		T(forged_updates_take_nothing),
		T(who_starts_anew_hears_its_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
