/* The home agent (RFC 6275 9.5, 10.3, 10.4.1) under virtual time. */
#include <errno.h>

#include "base/addr.h"
#include "role/ha.h"
#include "tests/unit/world.h"

#define HOME_LINK  7
#define AGENT	   "2001:db8:1::1"
#define HOME	   "2001:db8:1::100"
#define HOME2	   "2001:db8:1::101"
#define HOME_LL	   "fe80::100"
#define OTHER_LINK 8
#define OTHER_HOME "2001:db8:2::100"
#define COA	   "2001:db8:a::5"
#define COA2	   "2001:db8:b::5"
#define AH	   (BU_F_ACK | BU_F_HOME)
#define LIFE	   105 /* 420 s */

static struct fake f;
static struct ha ha;

/* One Binding Update: what the tests change between two. */
struct ask {
	const char *src, *hao, *dst, *alt; /* hao, alt: NULL = none */
	uint16_t seq, flags, life;
	bool nonces, peer_registered;
};

/* What is not said is this: */
#pragma GCC diagnostic ignored "-Woverride-init"
#define ASK(...)                                                                                                       \
	(struct ask)                                                                                                   \
	{                                                                                                              \
		.src = COA, .hao = HOME, .dst = AGENT, .seq = 1, .flags = AH, .life = LIFE, __VA_ARGS__                \
	}

static void ask(struct ask a)
{
	struct via via = {.src = t_addr(a.src), .dst = t_addr(a.dst), .has_hao = a.hao != NULL};
	struct mh m = {.type = MH_BU, .u.bu = {.seq = a.seq, .flags = a.flags, .lifetime = a.life}};

	if (a.hao)
		via.hao = t_addr(a.hao);
	if (a.alt) {
		m.opt.has = MHO_ALT_COA;
		m.opt.alt_coa = t_addr(a.alt);
	}
	m.opt.has |= a.nonces ? MHO_NONCES : 0;
	ha_on_bu(&ha, &via, &m, a.peer_registered, f.now);
}

/* The one answer since fake_forget. */
static const struct note *answer(void)
{
	assert_int_equal(fake_did(&f, DID_SEND), 1);
	assert_int_equal(fake_last(&f, DID_SEND)->mh.type, MH_BA);
	return fake_last(&f, DID_SEND);
}

static void assert_answer(uint8_t status, uint16_t seq, uint16_t life)
{
	const struct note *n = answer();

	assert_int_equal(n->mh.u.ba.status, status);
	assert_int_equal(n->mh.u.ba.seq, seq);
	assert_int_equal(n->mh.u.ba.lifetime, life);
}

static void assert_asked(struct ask a, uint8_t status, uint16_t seq, uint16_t life)
{
	fake_forget(&f);
	ask(a);
	assert_answer(status, seq, life);
}

static void assert_silence(struct ask a)
{
	size_t before = bc_count(&ha.bc);

	fake_forget(&f);
	ask(a);
	assert_int_equal(fake_did(&f, DID_SEND), 0);
	assert_int_equal(bc_count(&ha.bc), before);
}

static struct bc_entry *entry(const char *home)
{
	struct in6_addr a = t_addr(home);

	return bc_find(&ha.bc, &a, NULL);
}

/* HOME is registered at COA, seq 1. */
static void registered(void)
{
	ask(ASK());
	fake_run(&f, 10 * SEC);
	assert_non_null(entry(HOME));
	assert_int_equal(entry(HOME)->state, MIP_BINDING_ACTIVE);
	fake_forget(&f);
}

static void start(uint32_t max_lifetime, uint32_t max_bindings)
{
	struct ha_conf conf = {.links = 1,
		.link = {{.ifindex = HOME_LINK}},
		.max_lifetime = max_lifetime,
		.max_bindings = max_bindings};

	conf.insecure = true;
	ha_start(&ha, &conf);
}

static int setup(void **state)
{
	struct in6_addr a = t_addr(AGENT);

	(void)state;
	fake_open(&f);
	ha_init(&ha, &f.w, 42);
	start(600, 100);
	ha_address(&ha, HOME_LINK, &a, 64, false);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	ha_stop(&ha, f.now);
	assert_int_equal(bc_count(&ha.bc), 0);
	fake_close(&f);
	return 0;
}

/* --- first registration ------------------------------------------------------------------------------------------ */

static void first_registration_waits_for_dad(void **state)
{
	(void)state;
	ask(ASK());
	assert_int_equal(fake_did(&f, DID_PROBE), 1);
	assert_addr(fake_last(&f, DID_PROBE)->addr, HOME);
	assert_int_equal(fake_last(&f, DID_PROBE)->ifindex, HOME_LINK);
	assert_int_equal(fake_events(&f, EV_BINDING_PROBING), 1);
	assert_int_equal(entry(HOME)->state, MIP_BINDING_DAD);
	fake_run(&f, SEC - 1);
	assert_int_equal(fake_did(&f, DID_SEND) + fake_did(&f, DID_BIND) + fake_did(&f, DID_CLAIM), 0);
	fake_run(&f, 1);
	assert_answer(BA_ACCEPTED, 1, LIFE);
	assert_addr(fake_last(&f, DID_BIND)->addr, HOME);
	assert_addr(fake_last(&f, DID_BIND)->coa, COA);
	assert_int_equal(entry(HOME)->state, MIP_BINDING_ACTIVE);
	assert_int_equal(fake_events(&f, EV_BINDING_ADDED), 1);
	assert_int_equal(fake_did(&f, DID_PROBE), 1);
}

/* 9.5.4: from the address asked, to the one that asked, with the home address in a type 2 routing header. */
static void answer_goes_where_the_update_came_from(void **state)
{
	(void)state;
	ask(ASK());
	fake_run(&f, SEC);
	assert_addr(answer()->via.src, AGENT);
	assert_addr(answer()->via.dst, COA);
	assert_true(answer()->via.has_rh2);
	assert_addr(answer()->via.rh2, HOME);
	assert_false(answer()->via.has_hao);
	/* The care-of address may be another one than the source: this does not redirect the answer. */
	assert_asked(ASK(.seq = 2, .alt = COA2), BA_ACCEPTED, 2, LIFE);
	assert_addr(answer()->via.dst, COA);
	assert_addr(entry(HOME)->coa, COA2);
}

/* 10.3.1 */
static void registration_has_a_home_address_option(void **state)
{
	(void)state;
	assert_silence(ASK(.src = HOME, .hao = NULL, .alt = COA2));
	registered();
	assert_silence(ASK(.src = HOME, .hao = NULL, .seq = 3, .alt = COA2));
	assert_addr(entry(HOME)->coa, COA);
	assert_asked(ASK(.seq = 2), BA_ACCEPTED, 2, LIFE);
}

static void three_claims_a_second_apart(void **state)
{
	usec start_at = f.now;

	(void)state;
	ask(ASK());
	fake_run(&f, 60 * SEC);
	assert_int_equal(fake_did(&f, DID_CLAIM), 3);
	for (size_t i = 0; i < 3; i++) {
		assert_addr(fake_nth(&f, DID_CLAIM, i)->addr, HOME);
		assert_int_equal(fake_nth(&f, DID_CLAIM, i)->ifindex, HOME_LINK);
		assert_int_equal(fake_nth(&f, DID_CLAIM, i)->at, start_at + (usec)(i + 1) * SEC);
	}
}

static void dad_conflict(void **state)
{
	struct in6_addr home = t_addr(HOME), other = t_addr("2001:db8:1::101"), ll = t_addr(HOME_LL);

	(void)state;
	ask(ASK());
	ha_on_taken(&ha, HOME_LINK, &other, f.now);
	ha_on_taken(&ha, HOME_LINK, &ll, f.now); /* not ours: L was not asked for */
	assert_non_null(entry(HOME));
	fake_forget(&f);
	ha_on_taken(&ha, HOME_LINK, &home, f.now);
	assert_answer(BA_DAD_FAILED, 1, 0);
	assert_addr(answer()->via.dst, COA);
	assert_addr(answer()->via.rh2, HOME);
	assert_null(entry(HOME));
	fake_run(&f, 10 * SEC);
	assert_int_equal(fake_did(&f, DID_SEND), 1);
	assert_int_equal(fake_did(&f, DID_BIND), 0);
	/* Later it is free, and later still an advertisement does not take a standing binding away. */
	ask(ASK(.seq = 2));
	fake_run(&f, 2 * SEC);
	ha_on_taken(&ha, HOME_LINK, &home, f.now);
	assert_non_null(entry(HOME));
}

static void update_repeated_during_dad(void **state)
{
	usec start_at = f.now;

	(void)state;
	ask(ASK());
	fake_run(&f, SEC / 2);
	ask(ASK(.seq = 2, .src = COA2));
	assert_silence(ASK(.seq = 3, .src = COA2));
	assert_int_equal(fake_did(&f, DID_PROBE), 0); /* one probe is enough */
	fake_run(&f, SEC);
	assert_answer(BA_ACCEPTED, 3, LIFE);
	assert_int_equal(answer()->at, start_at + SEC);
	assert_addr(answer()->via.dst, COA2);
	assert_addr(fake_last(&f, DID_BIND)->coa, COA2);
}

static void removed_during_dad(void **state)
{
	(void)state;
	ask(ASK());
	assert_asked(ASK(.seq = 2, .life = 0), BA_ACCEPTED, 2, 0);
	assert_null(entry(HOME));
	fake_run(&f, 10 * SEC);
	assert_int_equal(fake_did(&f, DID_BIND) + fake_did(&f, DID_UNBIND), 0);
	assert_int_equal(fake_did(&f, DID_SEND), 1);
}

static void link_local_too(void **state)
{
	struct in6_addr ll = t_addr(HOME_LL);

	(void)state;
	ask(ASK(.flags = AH | BU_F_LINKLOCAL));
	assert_int_equal(fake_did(&f, DID_PROBE), 2);
	assert_addr(fake_nth(&f, DID_PROBE, 1)->addr, HOME_LL);
	fake_run(&f, 10 * SEC);
	assert_int_equal(fake_did(&f, DID_CLAIM), 6);
	assert_addr(fake_nth(&f, DID_CLAIM, 5)->addr, HOME_LL);
	ask(ASK(.seq = 2, .life = 0));
	fake_forget(&f);
	ask(ASK(.seq = 3, .flags = AH | BU_F_LINKLOCAL));
	ha_on_taken(&ha, HOME_LINK, &ll, f.now);
	assert_answer(BA_DAD_FAILED, 3, 0);
}

/* --- refresh, move, end ------------------------------------------------------------------------------------------ */

static void refresh(void **state)
{
	(void)state;
	registered();
	assert_asked(ASK(.seq = 2), BA_ACCEPTED, 2, LIFE);
	assert_int_equal(fake_did(&f, DID_BIND) + fake_did(&f, DID_PROBE) + fake_did(&f, DID_CLAIM), 0);
	assert_int_equal(fake_events(&f, EV_BINDING_REFRESHED), 1);
	assert_int_equal(entry(HOME)->expires, f.now + 420 * SEC);
	/* 10.3.1, 10.3.2: A or not. */
	assert_asked(ASK(.seq = 3, .flags = BU_F_HOME), BA_ACCEPTED, 3, LIFE);
	assert_asked(ASK(.seq = 4, .flags = BU_F_HOME, .life = 0), BA_ACCEPTED, 4, 0);
}

static void move(void **state)
{
	(void)state;
	registered();
	assert_asked(ASK(.seq = 2, .src = COA2), BA_ACCEPTED, 2, LIFE);
	assert_addr(answer()->via.dst, COA2);
	assert_int_equal(fake_did(&f, DID_BIND), 1);
	assert_addr(fake_last(&f, DID_BIND)->coa, COA2);
	assert_int_equal(fake_did(&f, DID_UNBIND) + fake_did(&f, DID_PROBE), 0);
	assert_int_equal(fake_events(&f, EV_BINDING_MOVED), 1);
	assert_addr(fake_last(&f, DID_EVENT)->coa, COA);
	/* A second address of ours: the tunnel's other end moves. */
	ha_address(&ha, HOME_LINK, &(struct in6_addr){.s6_addr = {0x20, 1, 0xd, 0xb8, 0, 1, [15] = 2}}, 64, false);
	assert_asked(ASK(.seq = 3, .src = COA2, .dst = "2001:db8:1::2"), BA_ACCEPTED, 3, LIFE);
	assert_addr(answer()->via.src, "2001:db8:1::2");
	assert_int_equal(fake_did(&f, DID_BIND), 1);
}

/* Returned: the answer must not be intercepted by ourselves. */
static void deregistration_at_home(void **state)
{
	(void)state;
	registered();
	assert_asked(ASK(.src = HOME, .hao = NULL, .seq = 2, .life = 0), BA_ACCEPTED, 2, 0);
	assert_addr(answer()->via.dst, HOME);
	assert_false(answer()->via.has_rh2);
	assert_null(entry(HOME));
	assert_true(fake_nth(&f, DID_UNBIND, 0) < fake_nth(&f, DID_SEND, 0));
	fake_run(&f, 3600 * SEC);
	assert_int_equal(fake_did(&f, DID_CLAIM), 0);
	/* Repeated because the answer was lost. */
	assert_asked(ASK(.src = HOME, .hao = NULL, .seq = 3, .life = 0), BA_NOT_HOME_AGENT, 3, 0);
	assert_false(answer()->via.has_rh2);
	/* Nobody was denied anything: no refusal for the eye of the operator. */
	assert_int_equal(ha.stats.refused, 0);
}

static void deregistration_from_away(void **state)
{
	(void)state;
	registered();
	assert_asked(ASK(.seq = 2, .life = 0, .alt = COA), BA_ACCEPTED, 2, 0);
	assert_addr(answer()->via.dst, COA);
	assert_addr(answer()->via.rh2, HOME);
	assert_null(entry(HOME));
	/* The home address as care-of address means the same, whatever the lifetime. */
	ask(ASK(.seq = 3));
	fake_run(&f, 10 * SEC);
	assert_asked(ASK(.seq = 4, .alt = HOME), BA_ACCEPTED, 4, 0);
	assert_null(entry(HOME));
	assert_asked(ASK(.seq = 5, .life = 0), BA_NOT_HOME_AGENT, 5, 0);
}

/* A claim due does not come after the end. */
static void deregistration_ends_the_claims(void **state)
{
	(void)state;
	ask(ASK());
	fake_run(&f, 1500 * MSEC);
	assert_asked(ASK(.seq = 2, .life = 0), BA_ACCEPTED, 2, 0);
	fake_run(&f, 10 * SEC);
	assert_int_equal(fake_did(&f, DID_CLAIM), 0);
}

static void expiry(void **state)
{
	(void)state;
	ask(ASK(.life = 5));
	fake_run(&f, 21 * SEC - 1); /* from the acknowledgement on */
	assert_non_null(entry(HOME));
	fake_run(&f, 1);
	assert_null(entry(HOME));
	assert_int_equal(fake_did(&f, DID_UNBIND), 1);
	assert_int_equal(fake_events(&f, EV_BINDING_EXPIRED), 1);
	ask(ASK(.seq = 2, .life = 5));
	fake_run(&f, 19 * SEC);
	ask(ASK(.seq = 3, .life = 5));
	fake_run(&f, 20 * SEC - 1);
	assert_non_null(entry(HOME));
	fake_run(&f, 1);
	assert_null(entry(HOME));
}

static void lifetime_is_bounded(void **state)
{
	(void)state;
	registered();
	assert_asked(ASK(.seq = 2, .life = 149), BA_ACCEPTED, 2, 149);
	assert_asked(ASK(.seq = 3, .life = 151), BA_ACCEPTED, 3, 150);
	assert_int_equal(entry(HOME)->expires, f.now + 600 * SEC);
	assert_asked(ASK(.seq = 4, .life = 0xffff), BA_ACCEPTED, 4, 150);
	start(4, 100);
	assert_asked(ASK(.seq = 5, .life = 0xffff), BA_ACCEPTED, 5, 1);
	start(262136, 100);
	assert_asked(ASK(.seq = 6, .life = 0xffff), BA_ACCEPTED, 6, 65534);
}

/* 9.5.1: modulo 2^16; what is refused is told the last number that was accepted. */
static void sequence_numbers(void **state)
{
	(void)state;
	ask(ASK(.seq = 65530));
	fake_run(&f, SEC);
	assert_asked(ASK(.seq = 65530), BA_SEQ_OUT_OF_WINDOW, 65530, 0);
	assert_asked(ASK(.seq = 65529), BA_SEQ_OUT_OF_WINDOW, 65530, 0);
	assert_asked(ASK(.seq = (uint16_t)(65530 + 32768)), BA_SEQ_OUT_OF_WINDOW, 65530, 0);
	assert_addr(answer()->via.dst, COA);
	assert_addr(answer()->via.rh2, HOME);
	assert_asked(ASK(.seq = 2), BA_ACCEPTED, 2, LIFE);
	assert_asked(ASK(.seq = 65535), BA_SEQ_OUT_OF_WINDOW, 2, 0);
	assert_asked(ASK(.seq = 2 + 32767), BA_ACCEPTED, 32769, LIFE);
	/* A removal out of order removes nothing. */
	assert_asked(ASK(.seq = 32769, .life = 0), BA_SEQ_OUT_OF_WINDOW, 32769, 0);
	assert_asked(ASK(.src = HOME, .hao = NULL, .seq = 3, .life = 0), BA_SEQ_OUT_OF_WINDOW, 32769, 0);
	assert_non_null(entry(HOME));
	assert_asked(ASK(.seq = 32770, .life = 0), BA_ACCEPTED, 32770, 0);
	/* What was on its way must not make the binding again. */
	assert_asked(ASK(.seq = 32769), BA_SEQ_OUT_OF_WINDOW, 32770, 0);
	assert_asked(ASK(.seq = 32770 - 15), BA_SEQ_OUT_OF_WINDOW, 32770, 0);
	assert_int_equal(bc_count(&ha.bc), 0);
}

/* 9.5.1: without a binding any number will do; a node that lost its own need not ask twice. */
static void ends_and_begins_with_any_number(void **state)
{
	static const uint16_t seq[] = {1000 - 16, 3, 1001, 1000 + 32768};

	(void)state;
	for (size_t i = 0; i < sizeof(seq) / sizeof(seq[0]); i++) {
		ask(ASK(.seq = 999));
		fake_run(&f, 60 * SEC);
		assert_asked(ASK(.seq = 1000, .life = 0), BA_ACCEPTED, 1000, 0);
		fake_forget(&f);
		ask(ASK(.seq = seq[i]));
		fake_run(&f, SEC);
		assert_answer(BA_ACCEPTED, seq[i], LIFE);
		ask(ASK(.seq = (uint16_t)(seq[i] + 1), .life = 0));
		fake_run(&f, 32 * SEC);
	}
	/* Nor is what was late for so long: it will not come any more. */
	fake_forget(&f);
	ask(ASK(.seq = seq[3]));
	fake_run(&f, SEC);
	assert_answer(BA_ACCEPTED, seq[3], LIFE);
}

/* Ends of what could not be bound, or was never, by anybody who likes: nothing is kept for most of them. */
static void ends_of_nothing_cost_nothing(void **state)
{
	struct ha_conf conf = ha.conf;
	char home[64];

	(void)state;
	conf.rules = 1;
	conf.rule[0] = (struct ha_rule){.addr = t_addr("2001:db8:1:0:1::"), .plen = 80, .deny = true};
	ha_start(&ha, &conf);
	for (int i = 1; i <= 20000; i++) {
		snprintf(home, sizeof(home), "2001:db8:1:0:1::%x", i);
		ask(ASK(.hao = home, .life = 0));
	}
	assert_int_equal(ha.ended.map.n, 0);
	fake_run(&f, 60 * SEC);
	for (int i = 1; i <= 20000; i++) {
		snprintf(home, sizeof(home), "2001:db8:1:0:2::%x", i);
		ask(ASK(.hao = home, .life = 0));
	}
	assert_in_range(ha.ended.map.n, 1, 100);
}

/* An end overtakes an update: with a binding there or none, the update must not bind after it. */
static void overtaken(void **state)
{
	(void)state;
	registered();
	assert_asked(ASK(.src = HOME, .hao = NULL, .seq = 5, .life = 0), BA_ACCEPTED, 5, 0);
	assert_asked(ASK(.seq = 4), BA_SEQ_OUT_OF_WINDOW, 5, 0);
	assert_asked(ASK(.src = HOME2, .hao = NULL, .seq = 5, .life = 0), BA_NOT_HOME_AGENT, 5, 0);
	assert_asked(ASK(.hao = HOME2, .seq = 4), BA_SEQ_OUT_OF_WINDOW, 5, 0);
	assert_int_equal(bc_count(&ha.bc), 0);
}

/* At home, refused: the answer leaves on the home link, past the tunnel of the binding that stands. */
static void answer_at_home(void **state)
{
	(void)state;
	registered();
	assert_asked(ASK(.src = HOME, .hao = NULL, .seq = 1, .life = 0), BA_SEQ_OUT_OF_WINDOW, 1, 0);
	assert_int_equal(answer()->via.ifindex, HOME_LINK);
	assert_asked(ASK(.seq = 1, .life = 0), BA_SEQ_OUT_OF_WINDOW, 1, 0);
	assert_int_equal(answer()->via.ifindex, 0);
}

/* The machine slept through the end of the probe: what is acknowledged lives from then on. */
static void late_probe_end(void **state)
{
	(void)state;
	ask(ASK(.life = 5));
	f.now += 100 * SEC;
	timers_run(&f.timers, f.now);
	assert_answer(BA_ACCEPTED, 1, 5);
	fake_run(&f, 19 * SEC);
	assert_non_null(entry(HOME));
}

/* --- refusals ---------------------------------------------------------------------------------------------------- */

static void refusals(void **state)
{
	(void)state;
	assert_asked(ASK(.hao = "2001:db8:2::100"), BA_NOT_HOME_SUBNET, 1, 0);
	assert_asked(ASK(.dst = "2001:db8:9::1"), BA_NOT_HOME_AGENT, 1, 0);
	assert_asked(ASK(.hao = AGENT), BA_NOT_HOME_AGENT, 1, 0);
	assert_asked(ASK(.seq = 0, .life = 0), BA_NOT_HOME_AGENT, 0, 0);
	assert_int_equal(fake_events(&f, EV_BU_REFUSED), 1);
	assert_addr(fake_nth(&f, DID_EVENT, 0)->addr, HOME);
	/* A refusal is sent without A too. */
	assert_asked(ASK(.hao = "2001:db8:2::100", .flags = BU_F_HOME), BA_NOT_HOME_SUBNET, 1, 0);
	assert_asked(ASK(.seq = 1, .peer_registered = true), BA_TYPE_CHANGE, 1, 0);
	assert_silence(ASK(.seq = 1, .nonces = true));
	registered();
	assert_silence(ASK(.seq = 1, .nonces = true));
	assert_asked(ASK(.seq = 2, .flags = BU_F_ACK), BA_TYPE_CHANGE, 2, 0);
	assert_int_equal(entry(HOME)->seq, 1);
	assert_int_equal(entry(HOME)->flags, AH);
	ha_stop(&ha, f.now);
	assert_asked(ASK(.seq = 3), BA_NO_HOME_REG, 3, 0);
	start(600, 100);
}

static void one_address_served(void **state)
{
	struct in6_addr second = t_addr("2001:db8:1::2");
	struct ha_conf conf = {.links = 1,
		.link = {{.ifindex = HOME_LINK}},
		.address = second,
		.max_lifetime = 600,
		.max_bindings = 9,
		.insecure = true};

	(void)state;
	ha_address(&ha, HOME_LINK, &second, 64, false);
	ha_start(&ha, &conf);
	assert_asked(ASK(), BA_NOT_HOME_AGENT, 1, 0);
	fake_forget(&f);
	ask(ASK(.dst = "2001:db8:1::2"));
	fake_run(&f, SEC);
	assert_answer(BA_ACCEPTED, 1, LIFE);
	ha_address(&ha, HOME_LINK, &second, 64, true);
	assert_asked(ASK(.hao = "2001:db8:1::200", .dst = "2001:db8:1::2"), BA_NOT_HOME_AGENT, 1, 0);
}

static void full(void **state)
{
	(void)state;
	start(600, 1);
	registered();
	assert_asked(ASK(.hao = "2001:db8:1::200", .seq = 9), BA_RESOURCES, 9, 0);
	assert_asked(ASK(.seq = 2, .src = COA2), BA_ACCEPTED, 2, LIFE);
	ask(ASK(.seq = 3, .life = 0));
	fake_forget(&f);
	ask(ASK(.hao = "2001:db8:1::200", .seq = 10));
	fake_run(&f, SEC);
	assert_answer(BA_ACCEPTED, 10, LIFE);
}

static const char *const hostile[] = {"::", "::1", "ff02::1", "ff0e::1", "fe80::1", "::ffff:192.0.2.1", NULL};

static void hostile_addresses(void **state)
{
	(void)state;
	for (const char *const *bad = hostile; *bad; bad++) {
		assert_silence(ASK(.hao = *bad));
		assert_silence(ASK(.src = *bad, .hao = NULL));
		/* 9.5.4: nobody to answer to, so nothing happens, even if all else is right. */
		assert_silence(ASK(.src = *bad));
		assert_silence(ASK(.src = *bad, .alt = COA));
		assert_silence(ASK(.src = *bad, .seq = 1, .life = 0));
		/* An answer would come from an address that cannot be a source. */
		assert_silence(ASK(.dst = *bad));
		assert_asked(ASK(.alt = *bad), BA_INVALID_COA, 1, 0);
		assert_null(entry(HOME));
	}
	/* To tunnel to ourselves is to loop. */
	assert_asked(ASK(.alt = AGENT), BA_INVALID_COA, 1, 0);
	registered();
	for (const char *const *bad = hostile; *bad; bad++)
		assert_asked(ASK(.seq = 2, .alt = *bad), BA_INVALID_COA, 2, 0);
	assert_addr(entry(HOME)->coa, COA);
	fake_run(&f, 10 * SEC);
	assert_int_equal(fake_did(&f, DID_BIND), 0);
}

/* 6.1.7: a care-of address that is a home address, bound (through others) to the home address in question. */
static void two_links(void)
{
	struct ha_conf conf = ha.conf;
	struct in6_addr other = t_addr("2001:db8:2::1"), nowhere = t_addr("2001:db8:3::1");

	conf.links = 3;
	conf.link[1] = (struct ha_link_conf){.ifindex = OTHER_LINK};
	conf.link[2] = (struct ha_link_conf){.ifindex = OTHER_LINK + 1, .is_virtual = true};
	ha_start(&ha, &conf);
	ha_address(&ha, OTHER_LINK, &other, 64, false);
	ha_address(&ha, OTHER_LINK + 1, &nowhere, 64, false);
}

static void circles(void **state)
{
	(void)state;
	two_links();
	ask(ASK(.src = OTHER_HOME)); /* free, for all that is known: somebody may visit there */
	fake_run(&f, 10 * SEC);
	fake_forget(&f);
	assert_silence(ASK(.hao = OTHER_HOME, .src = HOME));
	assert_null(entry(OTHER_HOME));
	assert_addr(entry(HOME)->coa, OTHER_HOME);
	assert_int_equal(entry(HOME)->seq, 1);
}

/* RFC 2473 4.1.1: a packet is not tunnelled from binding to binding. */
static void chains(void **state)
{
	(void)state;
	two_links();
	registered();
	/* Bound here, on whatever link. */
	assert_asked(ASK(.hao = HOME2, .src = HOME), BA_INVALID_COA, 1, 0);
	assert_asked(ASK(.hao = OTHER_HOME, .src = HOME), BA_INVALID_COA, 1, 0);
	assert_asked(ASK(.hao = HOME2, .alt = HOME), BA_INVALID_COA, 1, 0);
	/* Free, on the own home link, where nobody is away: the chain must not be made from its other end. */
	assert_asked(ASK(.hao = HOME2, .alt = "2001:db8:1::200"), BA_INVALID_COA, 1, 0);
	assert_asked(ASK(.seq = 2, .alt = HOME2), BA_INVALID_COA, 2, 0);
	assert_addr(entry(HOME)->coa, COA);
	/* On a virtual home link nobody is. */
	assert_asked(ASK(.hao = HOME2, .alt = "2001:db8:3::200"), BA_INVALID_COA, 1, 0);
	assert_asked(ASK(.hao = "2001:db8:3::100", .alt = "2001:db8:3::200"), BA_INVALID_COA, 1, 0);
	assert_int_equal(bc_count(&ha.bc), 1);
	/* A visit to another home link is one to any link, until the address there has a binding. */
	ask(ASK(.hao = HOME2, .src = OTHER_HOME));
	fake_run(&f, SEC);
	assert_addr(entry(HOME2)->coa, OTHER_HOME);
	ask(ASK(.hao = OTHER_HOME, .src = COA2));
	fake_run(&f, SEC);
	assert_asked(ASK(.seq = 2, .hao = HOME2, .src = OTHER_HOME), BA_INVALID_COA, 2, 0);
}

static void made_by_hand_they_do_not_chain_either(void **state)
{
	struct in6_addr home = t_addr(HOME), home2 = t_addr(HOME2), coa = t_addr(COA), local = t_addr(AGENT);
	struct bc_entry kept = {.home = home2, .coa = home, .local = local, .expires = f.now + 60 * SEC};

	(void)state;
	assert_int_equal(ha_add(&ha, &home2, &home, &local, 0, f.now, NULL), -EINVAL);
	assert_int_equal(ha_add(&ha, &home, &coa, &local, 0, f.now, NULL), 0);
	assert_int_equal(ha_add(&ha, &home2, &home, &local, 0, f.now, NULL), -EINVAL);
	assert_int_equal(ha_restore(&ha, &kept, f.now), -EADDRNOTAVAIL);
	assert_int_equal(bc_count(&ha.bc), 1);
}

/* 9.5.1, RFC 4291 2.6.1, RFC 2526: a home address is one node's. */
static void home_addresses_are_unicast(void **state)
{
	static const char *const nobodys[] = {"2001:db8:1::", "2001:db8:1:0:fdff:ffff:ffff:fffe",
		"2001:db8:1:0:fdff:ffff:ffff:ff80", "2001:db8:1:0:fdff:ffff:ffff:ffff",
		"2001:db8:1:0:200:5eff:fe00:5213", "fec0::100", "100::1", NULL};
	static const char *const somebodys[] = {"2001:db8:1:0:fdff:ffff:ffff:ff7f", "2001:db8:1:0:ffff:ffff:ffff:ffff",
		"2001:db8:1:0:200:5eff:fd00:1", NULL};
	struct in6_addr coa = t_addr(COA), local = t_addr(AGENT), home;

	(void)state;
	for (const char *const *bad = nobodys; *bad; bad++) {
		home = t_addr(*bad);
		assert_silence(ASK(.hao = *bad));
		assert_int_equal(ha_add(&ha, &home, &coa, &local, 0, f.now, NULL), -EINVAL);
	}
	for (const char *const *good = somebodys; *good; good++) {
		ask(ASK(.hao = *good));
		fake_run(&f, SEC);
		assert_non_null(entry(*good));
	}
}

/* 9.5.1: the same home address is bound by a correspondent registration, whatever this node serves as. */
static void the_type_of_a_registration_stays(void **state)
{
	(void)state;
	assert_asked(ASK(.peer_registered = true), BA_TYPE_CHANGE, 1, 0);
	ha.on = false;
	assert_asked(ASK(.peer_registered = true), BA_TYPE_CHANGE, 1, 0);
	assert_asked(ASK(), BA_NO_HOME_REG, 1, 0);
}

static void stranger_without_h_is_not_ours(void **state)
{
	(void)state;
	assert_silence(ASK(.flags = BU_F_ACK));
	assert_int_equal(ha.stats.dropped, 1);
}

static void refusals_are_limited(void **state)
{
	usec end = f.now + 10 * SEC;
	char src[INET6_ADDRSTRLEN];

	(void)state;
	t_seed();
	for (size_t sent = 0; f.now < end; fake_run(&f, MSEC)) {
		for (int i = 0; i < 5; i++) {
			snprintf(src, sizeof(src), "2001:db8:%x::5", (unsigned)t_random() & 0xffff);
			ask(ASK(.src = src, .hao = "2001:db8:2::100"));
		}
		sent += fake_did(&f, DID_SEND);
		assert_true(sent <= 1000 + 500 * 11);
		assert_int_equal(fake_did(&f, DID_EVENT), fake_did(&f, DID_SEND));
		fake_forget(&f);
	}
	assert_int_equal(ha.stats.refused, 50000);
	assert_in_range(ha.stats.tx_ba, 1000 + 500 * 9, 1000 + 500 * 10);
	/* Who is to be accepted is not held up by it. */
	ask(ASK());
	fake_run(&f, SEC);
	assert_answer(BA_ACCEPTED, 1, LIFE);
}

/* --- the data path fails ------------------------------------------------------------------------------------------ */

static void no_data_path_at_first(void **state)
{
	(void)state;
	f.bind_err = -ENOMEM;
	ask(ASK());
	fake_run(&f, SEC);
	assert_answer(BA_RESOURCES, 1, 0);
	assert_addr(answer()->via.dst, COA);
	assert_null(entry(HOME));
	assert_int_equal(fake_did(&f, DID_CLAIM) + fake_did(&f, DID_UNBIND), 0);
	f.bind_err = 0;
	fake_forget(&f);
	ask(ASK(.seq = 2));
	fake_run(&f, SEC);
	assert_answer(BA_ACCEPTED, 2, LIFE);
}

/* The binding stays what it was; the number is used up, so that the update cannot be played again. */
static void no_data_path_at_a_move(void **state)
{
	usec expires;

	(void)state;
	registered();
	expires = entry(HOME)->expires;
	f.bind_err = -ENOMEM;
	assert_asked(ASK(.seq = 2, .src = COA2, .life = 9, .flags = AH | BU_F_LINKLOCAL), BA_RESOURCES, 2, 0);
	assert_addr(answer()->via.dst, COA2);
	assert_addr(entry(HOME)->coa, COA);
	assert_addr(entry(HOME)->from, COA);
	assert_int_equal(entry(HOME)->flags, AH);
	assert_int_equal(entry(HOME)->lifetime, LIFE);
	assert_int_equal(entry(HOME)->expires, expires);
	f.bind_err = 0;
	assert_asked(ASK(.seq = 2, .src = COA2), BA_SEQ_OUT_OF_WINDOW, 2, 0);
	assert_asked(ASK(.seq = 3, .src = COA2), BA_ACCEPTED, 3, LIFE);
}

/* --- by hand ----------------------------------------------------------------------------------------------------- */

static int add(const char *home, const char *coa, uint32_t lifetime, struct why *why)
{
	struct in6_addr h = t_addr(home), c = t_addr(coa), l = t_addr(AGENT);

	return ha_add(&ha, &h, &c, &l, lifetime, f.now, why);
}

static void static_bindings(void **state)
{
	struct in6_addr home = t_addr(HOME);
	struct why why = {0};

	(void)state;
	assert_int_equal(add(HOME, COA, 0, NULL), 0);
	assert_int_equal(fake_did(&f, DID_PROBE), 0);
	assert_int_equal(fake_did(&f, DID_BIND), 1);
	assert_int_equal(add(HOME, COA, 0, &why), -EEXIST);
	assert_int_equal(why.err, EEXIST);
	fake_run(&f, 365 * 86400 * SEC);
	assert_non_null(entry(HOME));
	assert_int_equal(fake_did(&f, DID_CLAIM), 3);
	assert_asked(ASK(.src = COA2), BA_PROHIBITED, 1, 0);
	assert_asked(ASK(.life = 0), BA_PROHIBITED, 1, 0);
	assert_addr(entry(HOME)->coa, COA);
	assert_int_equal(ha_del(&ha, &home, f.now, NULL), 0);
	assert_int_equal(ha_del(&ha, &home, f.now, NULL), -ENOENT);
	assert_int_equal(add(HOME, COA, 10, NULL), 0);
	fake_run(&f, 10 * SEC - 1);
	assert_non_null(entry(HOME));
	fake_run(&f, 1);
	assert_null(entry(HOME));
}

static void static_bindings_refused(void **state)
{
	struct why why = {0};

	(void)state;
	for (const char *const *bad = hostile; *bad; bad++) {
		assert_int_equal(add(*bad, COA, 0, NULL), -EINVAL);
		assert_int_equal(add(HOME, *bad, 0, NULL), -EINVAL);
	}
	assert_int_equal(add(AGENT, COA, 0, &why), -EINVAL);
	assert_int_equal(why.err, EINVAL);
	assert_int_equal(add(HOME, AGENT, 0, NULL), -EINVAL);
	assert_int_equal(add(HOME, HOME, 0, NULL), -EINVAL);
	f.bind_err = -ENODEV;
	why.err = 0;
	assert_int_equal(add(HOME, COA, 0, &why), -ENODEV);
	assert_int_equal(why.err, ENODEV);
	assert_int_equal(bc_count(&ha.bc), 0);
	f.bind_err = 0;
	start(600, 1);
	assert_int_equal(add(HOME, COA, 4 * 65536, NULL), 0);
	assert_int_equal(entry(HOME)->lifetime, 65535); /* what a message could say */
	assert_int_equal(add("2001:db8:1::200", COA, 0, NULL), -ENOSPC);
}

/* --- at random --------------------------------------------------------------------------------------------------- */

static const char *one_of(const char *const *text, unsigned n)
{
	return text[t_below(n)];
}

static void check_cache(void)
{
	size_t active = 0;

	for (size_t i = 0; i < bc_count(&ha.bc); i++) {
		const struct bc_entry *e = bc_at(&ha.bc, i);

		assert_ptr_equal(bc_find(&ha.bc, &e->home, NULL), e);
		assert_true(e->expires > f.now && e->expires <= f.now + 600 * SEC);
		assert_true(timer_armed(&e->timer));
		assert_int_equal(fake_holds(&f.bound, &e->home), e->state == MIP_BINDING_ACTIVE);
		active += e->state == MIP_BINDING_ACTIVE;
	}
	assert_int_equal(f.bound.n, active);
	assert_int_equal(fake_armed(&f), bc_count(&ha.bc));
}

static void storm(void **state)
{
	static const char *const homes[] = {
		HOME, "2001:db8:1::200", "2001:db8:1::300", "2001:db8:2::1", AGENT, "ff02::1"};
	static const char *const coas[] = {COA, COA2, HOME, "2001:db8:1::200", AGENT, "fe80::1", "::"};

	(void)state;
	t_seed();
	start(600, 2);
	for (int i = 0; i < 30000; i++) {
		struct ask a = ASK(.src = one_of(coas, 7), .hao = t_below(5) ? one_of(homes, 6) : NULL,
			.alt = t_below(3) ? NULL : one_of(coas, 7), .seq = (uint16_t)(i + t_below(6)),
			.flags = (uint16_t)(t_below(8) << 13), .life = (uint16_t)(t_below(4) ? t_below(200) : 0));
		struct in6_addr taken = t_addr(one_of(homes, 6));

		f.bind_err = t_below(10) ? 0 : -ENOMEM;
		ask(a);
		if (!t_below(20))
			ha_on_taken(&ha, HOME_LINK, &taken, f.now);
		fake_run(&f, t_below(3) ? t_below(500) * MSEC : t_below(400) * SEC);
		check_cache();
		fake_forget(&f);
	}
}

/* --- who may register without IPsec ------------------------------------------------------------------------------- */

static void only_those_allowed_register(void **state)
{
	struct ha_conf conf = {.links = 1, .link = {{.ifindex = HOME_LINK}}, .max_lifetime = 600, .max_bindings = 9};

	(void)state;
	ha_start(&ha, &conf);
	assert_asked(ASK(), BA_PROHIBITED, 1, 0);
	conf.rule[conf.rules++] = (struct ha_rule){t_addr("2001:db8:ffff::"), 48, .insecure = true};
	ha_start(&ha, &conf);
	assert_asked(ASK(), BA_PROHIBITED, 1, 0);
	assert_null(entry(HOME));
	conf.rule[conf.rules++] = (struct ha_rule){t_addr(HOME), 128, .insecure = true};
	ha_start(&ha, &conf);
	registered();
	/* One that may no more keeps what it has until it ends; nothing prolongs it. */
	conf.rules = 0;
	ha_start(&ha, &conf);
	assert_asked(ASK(.seq = 2), BA_PROHIBITED, 2, 0);
	assert_asked(ASK(.seq = 3, .life = 0), BA_PROHIBITED, 3, 0);
	fake_run(&f, 601 * SEC);
	assert_null(entry(HOME));
}

/* --- of before ---------------------------------------------------------------------------------------------------- */

static struct bc_entry kept(const char *home, const char *coa, usec left)
{
	struct bc_entry e = {.home = t_addr(home), .coa = t_addr(coa), .local = t_addr(AGENT), .seq = 77, .flags = AH};

	e.from = e.coa;
	e.made = f.now - 100 * SEC;
	e.expires = f.now + left;
	e.lifetime = LIFE;
	return e;
}

static int restore(struct bc_entry e)
{
	return ha_restore(&ha, &e, f.now);
}

static void restored(void **state)
{
	(void)state;
	assert_int_equal(restore(kept(HOME, COA, 60 * SEC)), 0);
	assert_int_equal(fake_did(&f, DID_BIND), 1);
	assert_int_equal(fake_did(&f, DID_PROBE), 0);
	assert_int_equal(fake_did(&f, DID_SEND), 0);
	assert_int_equal(entry(HOME)->state, MIP_BINDING_ACTIVE);
	assert_true(ha_defends(&ha, HOME_LINK, &entry(HOME)->home));
	/* announced once, and as it was: the old sequence number is old */
	fake_run(&f, 10 * SEC);
	assert_int_equal(fake_did(&f, DID_PROBE), 1);
	assert_int_equal(fake_did(&f, DID_CLAIM), 1);
	assert_asked(ASK(.seq = 77), BA_SEQ_OUT_OF_WINDOW, 77, 0);
	assert_asked(ASK(.seq = 78, .src = COA2), BA_ACCEPTED, 78, LIFE);
	assert_int_equal(restore(kept(HOME, COA, 60 * SEC)), -EEXIST);
	assert_addr(entry(HOME)->coa, COA2);
}

static void taken(const char *target)
{
	struct in6_addr a = t_addr(target);

	ha_on_taken(&ha, HOME_LINK, &a, f.now);
}

/* Somebody else serves the address by now: he answers the probe, nothing is announced, nobody is told no. */
static void restored_gives_way(void **state)
{
	struct bc_entry e = kept(HOME, COA, 60 * SEC);

	(void)state;
	e.flags |= BU_F_LINKLOCAL;
	assert_int_equal(restore(e), 0);
	assert_int_equal(restore(kept(HOME2, COA, 60 * SEC)), 0);
	taken(HOME); /* not asked yet */
	assert_non_null(entry(HOME));
	fake_run(&f, SEC / 2);
	assert_int_equal(fake_did(&f, DID_PROBE), 3);
	assert_int_equal(fake_did(&f, DID_CLAIM), 0);
	taken(HOME_LL);
	assert_null(entry(HOME));
	assert_int_equal(fake_did(&f, DID_UNBIND), 1);
	assert_int_equal(fake_did(&f, DID_SEND), 0);
	fake_run(&f, SEC);
	assert_int_equal(fake_did(&f, DID_CLAIM), 1);
	taken(HOME2); /* it was asked in time */
	assert_non_null(entry(HOME2));
	assert_asked(ASK(.seq = 77), BA_SEQ_OUT_OF_WINDOW, 77, 0);
}

/* The mobile node registers with us before the probe is over: it is with us. */
static void restored_and_confirmed(void **state)
{
	(void)state;
	assert_int_equal(restore(kept(HOME, COA, 60 * SEC)), 0);
	fake_run(&f, SEC / 2);
	assert_asked(ASK(.seq = 78), BA_ACCEPTED, 78, LIFE);
	taken(HOME);
	assert_non_null(entry(HOME));
	fake_run(&f, 0);
	assert_int_equal(fake_did(&f, DID_CLAIM), 1);
	fake_run(&f, 10 * SEC);
	assert_int_equal(fake_did(&f, DID_CLAIM), 1);
}

static void restored_expires_when_it_would_have(void **state)
{
	(void)state;
	assert_int_equal(restore(kept(HOME, COA, 60 * SEC)), 0);
	fake_run(&f, 60 * SEC - 1);
	assert_non_null(entry(HOME));
	fake_run(&f, 1);
	assert_null(entry(HOME));
	assert_int_equal(fake_did(&f, DID_UNBIND), 1);
}

static void not_restored(void **state)
{
	struct bc_entry e = kept(HOME, COA, 60 * SEC);

	(void)state;
	assert_int_equal(restore(kept(HOME, COA, 0)), -EADDRNOTAVAIL);
	assert_int_equal(restore(kept("2001:db8:2::100", COA, SEC)), -EADDRNOTAVAIL);
	assert_int_equal(restore(kept(AGENT, COA, SEC)), -EADDRNOTAVAIL);
	assert_int_equal(restore(kept(HOME, AGENT, SEC)), -EADDRNOTAVAIL);
	assert_int_equal(restore(kept(HOME, HOME, SEC)), -EADDRNOTAVAIL);
	assert_int_equal(restore(kept(HOME, "ff02::1", SEC)), -EADDRNOTAVAIL);
	e.local = t_addr("2001:db8:1::2");
	assert_int_equal(restore(e), -EADDRNOTAVAIL);
	f.bind_err = -EIO;
	assert_true(restore(kept(HOME, COA, SEC)) < 0);
	f.bind_err = 0;
	assert_int_equal(bc_count(&ha.bc), 0);
	start(600, 1);
	assert_int_equal(restore(kept(HOME, COA, SEC)), 0);
	assert_int_equal(restore(kept("2001:db8:1::101", COA, SEC)), -ENOSPC);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(first_registration_waits_for_dad),
		T(answer_goes_where_the_update_came_from),
		T(registration_has_a_home_address_option),
		T(three_claims_a_second_apart),
		T(dad_conflict),
		T(update_repeated_during_dad),
		T(removed_during_dad),
		T(link_local_too),
		T(refresh),
		T(move),
		T(deregistration_at_home),
		T(deregistration_from_away),
		T(deregistration_ends_the_claims),
		T(expiry),
		T(lifetime_is_bounded),
		T(sequence_numbers),
		T(overtaken),
		T(answer_at_home),
		T(late_probe_end),
		T(refusals),
		T(one_address_served),
		T(full),
		T(hostile_addresses),
		T(circles),
		T(chains),
		T(made_by_hand_they_do_not_chain_either),
		T(home_addresses_are_unicast),
		T(the_type_of_a_registration_stays),
		T(ends_and_begins_with_any_number),
		T(ends_of_nothing_cost_nothing),
		T(stranger_without_h_is_not_ours),
		T(refusals_are_limited),
		T(no_data_path_at_first),
		T(no_data_path_at_a_move),
		T(static_bindings),
		T(static_bindings_refused),
		T(only_those_allowed_register),
		T(storm),
		T(restored),
		T(restored_gives_way),
		T(restored_and_confirmed),
		T(restored_expires_when_it_would_have),
		T(not_restored),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
