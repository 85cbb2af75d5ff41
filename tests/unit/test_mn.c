/* The mobile node (RFC 6275 11.5, 11.7, 11.8) under virtual time; at the end it lives with a real home agent for weeks.
 */
#include "base/addr.h"
#include "role/ha.h"
#include "role/mn.h"
#include "tests/unit/world.h"

#define ETH    2
#define AGENT  "2001:db8:1::1"
#define HOME   "2001:db8:1::100"
#define HOME2  "2001:db8:1::200"
#define AT_A   "2001:db8:a::5"
#define AT_B   "2001:db8:b::5"
#define ROUTER "fe80::1"
#define LIFE   105 /* 420 s in units */

static struct fake f;
static struct mn mn;

static struct mn_home *home(void)
{
	struct in6_addr a = t_addr(HOME);
	struct mn_home *h = mn_find(&mn, &a);

	assert_non_null(h);
	return h;
}

static int add_home(const char *text)
{
	struct mn_home_conf conf = {.home = t_addr(text), .agent = t_addr(AGENT), .plen = 64, .lifetime = 420};

	return mn_add(&mn, &conf, f.now, NULL);
}

static int setup(void **state)
{
	(void)state;
	fake_open(&f);
	mn_init(&mn, &f.w, 42);
	mn_start(&mn);
	assert_int_equal(add_home(HOME), 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	mn_stop(&mn, f.now);
	assert_int_equal(bul_count(&mn.bul), 0);
	fake_close(&f);
	return 0;
}

/* --- facts -------------------------------------------------------------------------------------------------------- */

static void link_is(bool up)
{
	mn_on_link(&mn, ETH, up, false, f.now);
}

static void hear(const char *router, const char *prefix)
{
	struct in6_addr from = t_addr(router);
	struct nd_ra ra = {.router_lifetime = 1800, .prefixes = 1};

	ra.prefix[0] = (struct nd_prefix){
		.prefix = t_addr(prefix), .len = 64, .onlink = true, .autoconf = true, .valid = 86400};
	mn_on_ra(&mn, ETH, &from, &ra, f.now);
}

static void address(const char *text, bool usable)
{
	struct attach_addr a = {.addr = t_addr(text), .plen = 64, .usable = usable, .dynamic = true};

	mn_on_addr(&mn, ETH, &a, false, f.now);
}

static void arrive(const char *coa)
{
	link_is(true);
	if (!strcmp(coa, HOME)) {
		hear(ROUTER, "2001:db8:1::");
		return;
	}
	hear(ROUTER, strcmp(coa, AT_A) ? "2001:db8:b::" : "2001:db8:a::");
	address(coa, true);
}

static void move_to(const char *coa)
{
	link_is(false);
	arrive(coa);
}

/* --- messages ------------------------------------------------------------------------------------------------------
 */

static size_t updates(void)
{
	return fake_did(&f, DID_SEND);
}

static const struct note *update(void)
{
	const struct note *n = fake_last(&f, DID_SEND);

	assert_int_equal(n->mh.type, MH_BU);
	assert_int_equal(n->mh.u.bu.flags, BU_F_ACK | BU_F_HOME);
	assert_addr(n->via.dst, AGENT);
	assert_int_equal(n->via.ifindex, ETH);
	return n;
}

/* 11.7.1: from the care-of address, with the home address in a Home Address option and an Alternate Care-of Address. */
static void assert_away_update(const char *coa)
{
	const struct note *n = update();

	assert_addr(n->via.src, coa);
	assert_true(n->via.has_hao);
	assert_addr(n->via.hao, HOME);
	assert_false(n->via.has_rh2);
	assert_int_equal(n->mh.opt.has, MHO_ALT_COA);
	assert_addr(n->mh.opt.alt_coa, coa);
	assert_int_equal(n->mh.u.bu.lifetime, LIFE);
}

/* 11.5.5: from the home address, nothing more, lifetime 0. */
static void assert_home_update(void)
{
	const struct note *n = update();

	assert_addr(n->via.src, HOME);
	assert_false(n->via.has_hao || n->via.has_rh2);
	assert_int_equal(n->mh.opt.has, 0);
	assert_int_equal(n->mh.u.bu.lifetime, 0);
}

struct reply {
	const char *src, *dst, *rh2; /* rh2 NULL: none */
	uint8_t status;
	uint16_t seq, life, refresh;
};

static void reply(struct reply r)
{
	struct via via = {.src = t_addr(r.src), .dst = t_addr(r.dst), .has_rh2 = r.rh2 != NULL};
	struct mh m = {.type = MH_BA, .u.ba = {.status = r.status, .seq = r.seq, .lifetime = r.life}};

	via.bare = true;
	via.ifindex = ETH;
	if (r.rh2)
		via.rh2 = t_addr(r.rh2);
	if (r.refresh) {
		m.opt.has = MHO_REFRESH;
		m.opt.refresh = r.refresh;
	}
	mn_on_ba(&mn, &via, &m, f.now);
}

/* The home agent's answer to the last update, as it should be. */
static struct reply right(uint8_t status)
{
	const struct note *n = update();
	struct reply r = {.src = AGENT, .status = status};

	r.rh2 = n->via.has_hao ? HOME : NULL;
	r.dst = n->via.has_hao ? AT_A : HOME;
	r.seq = n->mh.u.bu.seq;
	r.life = status < BA_UNSPECIFIED ? n->mh.u.bu.lifetime : 0;
	return r;
}

static void answer(uint8_t status)
{
	reply(right(status));
}

static void assert_state(enum mip_mn_state state)
{
	assert_int_equal(home()->state, state);
}

static void registered_at(const char *coa)
{
	move_to(coa);
	answer(BA_ACCEPTED);
	assert_state(MIP_MN_REGISTERED);
	fake_forget(&f);
}

static void at_home(void)
{
	move_to(HOME);
	answer(BA_NOT_HOME_AGENT);
	assert_state(MIP_MN_HOME);
	fake_forget(&f);
}

/* --- starts --------------------------------------------------------------------------------------------------------
 */

static void starts_nowhere(void **state)
{
	(void)state;
	assert_state(MIP_MN_DETACHED);
	link_is(true);
	fake_run(&f, 600 * SEC);
	assert_int_equal(updates(), 0);
	assert_state(MIP_MN_DETACHED);
}

/* A binding may be left from before a crash: it is given back, and 133 says there was none. */
static void starts_at_home(void **state)
{
	(void)state;
	arrive(HOME);
	assert_int_equal(fake_did(&f, DID_ARRIVE), 1);
	assert_int_equal(updates(), 1);
	assert_home_update();
	assert_state(MIP_MN_RETURNING);
	answer(BA_NOT_HOME_AGENT);
	assert_state(MIP_MN_HOME);
	assert_int_equal(fake_did(&f, DID_CLAIM), 1);
	assert_addr(fake_last(&f, DID_CLAIM)->addr, HOME);
	assert_int_equal(bul_count(&mn.bul), 0);
	fake_run(&f, 86400 * SEC);
	assert_int_equal(updates(), 1);
}

static void starts_away(void **state)
{
	(void)state;
	arrive(AT_A);
	assert_int_equal(updates(), 1);
	assert_away_update(AT_A);
	assert_state(MIP_MN_REGISTERING);
	assert_int_equal(fake_did(&f, DID_TUNNEL), 1);
	assert_addr(fake_last(&f, DID_TUNNEL)->coa, AT_A);
	/* The tunnel stands before the update leaves. */
	assert_true(fake_last(&f, DID_TUNNEL) < fake_last(&f, DID_SEND));
	answer(BA_ACCEPTED);
	assert_state(MIP_MN_REGISTERED);
	assert_int_equal(bul_count(&mn.bul), 1);
	assert_int_equal(fake_events(&f, EV_BU_SENT), 1);
	assert_int_equal(fake_events(&f, EV_BA_RECEIVED), 1);
}

static void home_added_later(void **state)
{
	struct in6_addr h = t_addr(HOME);

	(void)state;
	assert_int_equal(mn_del(&mn, &h, f.now, NULL), 0);
	assert_int_equal(mn_del(&mn, &h, f.now, NULL), -ENOENT);
	arrive(AT_A);
	assert_int_equal(updates(), 0);
	assert_int_equal(add_home(HOME), 0);
	assert_int_equal(add_home(HOME), -EEXIST);
	assert_int_equal(updates(), 1);
	assert_away_update(AT_A);
}

/* 11.5.5: multicast is not reliable; and no more once it is away. */
static void claims_thrice(void **state)
{
	(void)state;
	move_to(HOME);
	answer(BA_NOT_HOME_AGENT);
	assert_int_equal(fake_did(&f, DID_CLAIM), 1);
	fake_run(&f, SEC);
	assert_int_equal(fake_did(&f, DID_CLAIM), 2);
	fake_run(&f, 3600 * SEC);
	assert_int_equal(fake_did(&f, DID_CLAIM), 3);
	registered_at(AT_A);
	move_to(HOME);
	answer(BA_ACCEPTED);
	registered_at(AT_A);
	fake_run(&f, 10 * SEC);
	assert_int_equal(fake_did(&f, DID_CLAIM), 0);
}

/* 11.7.1: L is set while a link-local address has the interface identifier of the home address. */
static void link_local_compatibility(void **state)
{
	struct attach_addr local = {.addr = t_addr("fe80::100"), .plen = 64, .usable = true};

	(void)state;
	arrive(AT_A);
	update(); /* of flags A and H */
	mn_on_addr(&mn, ETH, &local, false, f.now);
	assert_int_equal(updates(), 1);
	fake_run(&f, 2 * SEC);
	assert_int_equal(fake_last(&f, DID_SEND)->mh.u.bu.flags, BU_F_ACK | BU_F_HOME | BU_F_LINKLOCAL);
	assert_addr(fake_last(&f, DID_SEND)->via.src, AT_A);
	mn_on_addr(&mn, ETH, &local, true, f.now);
	fake_run(&f, 4 * SEC);
	update();
}

/* --- repetition -----------------------------------------------------------------------------------------------------
 */

/* Milliseconds between repetitions (11.8): a first registration waits for the home agent's DAD. */
static const usec first[] = {1500, 3000, 6000, 12000, 24000, 32000, 32000, 32000};
static const usec again[] = {1000, 2000, 4000, 8000, 16000, 32000, 32000, 32000};

/* Silence: the last update, just sent, is repeated after such gaps, each time with a new number. */
static void assert_repeats(const usec gap[8])
{
	usec at = f.now;
	uint16_t seq = update()->mh.u.bu.seq;

	fake_forget(&f);
	for (size_t i = 0; i < 8; i++) {
		at += gap[i] * MSEC;
		fake_run_until(&f, at - 1);
		assert_int_equal(updates(), i);
		fake_run_until(&f, at);
		assert_int_equal(updates(), i + 1);
		assert_int_equal(update()->mh.u.bu.seq, (uint16_t)(seq + i + 1));
	}
}

static void first_registration_repeats(void **state)
{
	(void)state;
	f.next_random = 0xfffc; /* the numbers wrap */
	arrive(AT_A);
	assert_repeats(first);
	assert_away_update(AT_A);
	answer(BA_ACCEPTED);
	assert_state(MIP_MN_REGISTERED);
}

static void move_repeats(void **state)
{
	(void)state;
	registered_at(AT_A);
	move_to(AT_B);
	assert_repeats(again);
	assert_away_update(AT_B);
	/* A new place, a new patience. */
	registered_at(AT_A);
	move_to(AT_B);
	assert_repeats(again);
	move_to(AT_A);
	assert_repeats(again);
}

static void return_repeats(void **state)
{
	(void)state;
	registered_at(AT_A);
	move_to(HOME);
	assert_repeats(again);
	assert_home_update();
	assert_state(MIP_MN_RETURNING);
}

/* What leaves through the tunnel is not answered: it may be the router, which tells no interval, and no link says so.
 */
static void silence_is_the_router_s(void **state)
{
	const struct in6_addr peer = t_addr("2001:db8:c::2");

	(void)state;
	registered_at(AT_A);
	for (int i = 0; i < 40; i++) {
		mn_on_traffic(&mn, home(), &peer, true, f.now);
		fake_run(&f, SEC / 10);
	}
	assert_int_equal(fake_did(&f, DID_REACH), 3);
	assert_addr(fake_last(&f, DID_REACH)->addr, ROUTER);
	assert_true(fake_did(&f, DID_SOLICIT) > 0);
	assert_int_equal(updates(), 0); /* the home agent is the only one there may be */
}

/* A home agent whose firewall rejects what it is to forward answers each packet by an ICMPv6 error. */
static void errors_of_the_home_agent_are_silence(void **state)
{
	const struct in6_addr peer = t_addr("2001:db8:c::2");

	(void)state;
	registered_at(AT_A);
	for (int i = 0; i < 40; i++) {
		mn_on_traffic(&mn, home(), &peer, true, f.now);
		mn_on_traffic(&mn, home(), &home()->agent, false, f.now);
		fake_run(&f, SEC / 10);
	}
	assert_true(mn_silence(home(), f.now) >= 3 * SEC);
	assert_int_equal(fake_events(&f, EV_SILENCE), 1);
	mn_on_traffic(&mn, home(), &home()->agent, true, f.now);
	mn_on_traffic(&mn, home(), &peer, false, f.now);
	assert_int_equal(mn_silence(home(), f.now), 0);
	assert_int_equal(fake_events(&f, EV_SILENCE), 2);
	for (int i = 0; i < 40; i++) { /* who talks with the home agent alone is not refuted by it */
		mn_on_traffic(&mn, home(), &home()->agent, true, f.now);
		fake_run(&f, SEC / 10);
	}
	assert_int_equal(mn_silence(home(), f.now), 0);
}

/* --- handovers ------------------------------------------------------------------------------------------------------
 */

static void handover_is_one_update(void **state)
{
	uint16_t seq;

	(void)state;
	registered_at(AT_A);
	seq = home()->reg->seq;
	link_is(false);
	assert_state(MIP_MN_DETACHED);
	assert_int_equal(updates(), 0);
	fake_run(&f, 300 * MSEC);
	link_is(true);
	assert_int_equal(fake_did(&f, DID_SOLICIT), 1);
	hear(ROUTER, "2001:db8:b::");
	assert_int_equal(fake_did(&f, DID_SETTLE), 1);
	address(AT_B, false);
	assert_int_equal(updates(), 0);
	address(AT_B, true);
	address(AT_B, true);
	hear(ROUTER, "2001:db8:b::");
	assert_int_equal(updates(), 1);
	assert_away_update(AT_B);
	assert_int_equal(update()->mh.u.bu.seq, (uint16_t)(seq + 1));
	assert_int_equal(fake_did(&f, DID_TUNNEL), 1);
	assert_int_equal(fake_did(&f, DID_UNTUNNEL), 0);
	fake_run(&f, 40 * MSEC);
	answer(BA_ACCEPTED);
	assert_state(MIP_MN_REGISTERED);
	fake_run(&f, 300 * SEC);
	assert_int_equal(updates(), 1);
}

/* A network passed through before its answer came: the number goes on, or the next network begins with 135. */
static void numbers_go_on(void **state)
{
	uint16_t seq;

	(void)state;
	arrive(AT_A);
	seq = update()->mh.u.bu.seq;
	move_to(AT_B);
	assert_int_equal(update()->mh.u.bu.seq, (uint16_t)(seq + 1));
	answer(BA_ACCEPTED);
	at_home();
	move_to(AT_A);
	assert_int_equal(update()->mh.u.bu.seq, (uint16_t)(seq + 3));
}

static void flaps(void **state)
{
	(void)state;
	registered_at(AT_A);
	for (int i = 0; i < 20; i++) {
		link_is(false);
		fake_run(&f, 10 * MSEC);
		link_is(true);
		fake_run(&f, 10 * MSEC);
	}
	assert_int_equal(updates(), 0); /* no router heard */
	assert_int_equal(fake_did(&f, DID_SOLICIT), 20);
	hear(ROUTER, "2001:db8:a::");
	assert_int_equal(updates(), 1);
	assert_away_update(AT_A);
	answer(BA_ACCEPTED);
	assert_state(MIP_MN_REGISTERED);
}

static void second_router_changes_nothing(void **state)
{
	(void)state;
	registered_at(AT_A);
	hear("fe80::2", "2001:db8:b::");
	address(AT_B, true);
	assert_int_equal(updates(), 0);
	assert_state(MIP_MN_REGISTERED);
}

static void stale_address_is_not_used(void **state)
{
	(void)state;
	registered_at(AT_A);
	registered_at(AT_B); /* the kernel still has AT_A */
	link_is(false);
	link_is(true);
	address(AT_A, true);
	fake_run(&f, 60 * SEC);
	assert_int_equal(updates(), 0);
	hear(ROUTER, "2001:db8:a::");
	assert_int_equal(updates(), 1);
	assert_away_update(AT_A);
}

static void address_lost(void **state)
{
	struct attach_addr a = {.addr = t_addr(AT_A)};

	(void)state;
	registered_at(AT_A);
	mn_on_addr(&mn, ETH, &a, true, f.now);
	assert_state(MIP_MN_DETACHED);
	fake_run(&f, 30 * SEC);
	assert_int_equal(updates(), 0);
	address("2001:db8:a::6", true);
	assert_away_update("2001:db8:a::6");
}

static void tunnel_is_tried_again(void **state)
{
	(void)state;
	f.tunnel_err = -ENODEV;
	arrive(AT_A);
	assert_int_equal(updates(), 1);
	f.tunnel_err = 0;
	answer(BA_ACCEPTED);
	assert_int_equal(fake_did(&f, DID_TUNNEL), 2);
	assert_int_equal(f.tunnel.n, 1);
}

/* --- renewal --------------------------------------------------------------------------------------------------------
 */

static void refresh_before_the_end(void **state)
{
	usec start = f.now;

	(void)state;
	registered_at(AT_A);
	fake_run_until(&f, start + 360 * SEC - 1);
	assert_int_equal(updates(), 0);
	fake_run_until(&f, start + 360 * SEC);
	assert_int_equal(updates(), 1);
	assert_away_update(AT_A);
	assert_state(MIP_MN_REGISTERED);
	fake_run(&f, 1500 * MSEC);
	assert_int_equal(updates(), 2); /* 1 s: a re-registration */
	answer(BA_ACCEPTED);
	fake_run(&f, 300 * SEC);
	assert_int_equal(updates(), 2);
	assert_state(MIP_MN_REGISTERED);
}

static void refresh_of_what_was_granted(void **state)
{
	struct reply r;

	(void)state;
	arrive(AT_A);
	r = right(BA_ACCEPTED);
	r.life = 10; /* 40 s: a quarter early */
	reply(r);
	fake_run(&f, 30 * SEC - 1);
	assert_int_equal(updates(), 1);
	fake_run(&f, 1);
	assert_int_equal(updates(), 2);
	/* Advice to come earlier is followed, later is not; the time is counted from the sending of the update. */
	fake_run(&f, SEC / 2);
	r = right(BA_ACCEPTED_PREFIX);
	r.refresh = 5;
	reply(r);
	fake_run(&f, 20 * SEC);
	assert_int_equal(updates(), 3);
	fake_run(&f, SEC / 2);
	r = right(BA_ACCEPTED);
	r.refresh = 200;
	reply(r);
	assert_int_equal(home()->reg->expires, f.now - SEC / 2 + 420 * SEC);
	fake_run(&f, 360 * SEC - SEC / 2 - 1);
	assert_int_equal(updates(), 3);
	fake_run(&f, 1);
	assert_int_equal(updates(), 4);
}

static void binding_runs_out(void **state)
{
	(void)state;
	registered_at(AT_A);
	fake_run(&f, 360 * SEC);
	assert_repeats(again);
	assert_state(MIP_MN_REGISTERING);
	assert_false(home()->reg->bound);
	answer(BA_ACCEPTED);
	assert_state(MIP_MN_REGISTERED);
}

/* Asleep, no timer fires in time; awake again, what is overdue is done at once, and once. */
static void sleeps_beyond_the_end(void **state)
{
	(void)state;
	registered_at(AT_A);
	f.now += 600 * SEC;
	timers_run(&f.timers, f.now);
	assert_int_equal(updates(), 1);
	assert_away_update(AT_A);
	assert_state(MIP_MN_REGISTERING);
	answer(BA_ACCEPTED);
	assert_state(MIP_MN_REGISTERED);
}

/* The home agent has forgotten us meanwhile, so it will do DAD again: the first-registration wait. */
static void moved_after_the_end(void **state)
{
	(void)state;
	registered_at(AT_A);
	fake_run(&f, 421 * SEC); /* repeating: the next timer is later than the end */
	move_to(AT_B);
	assert_repeats(first);
}

static void runs_out_while_detached(void **state)
{
	(void)state;
	registered_at(AT_A);
	link_is(false);
	fake_run(&f, 419 * SEC);
	assert_int_equal(bul_count(&mn.bul), 1);
	fake_run(&f, SEC);
	assert_int_equal(bul_count(&mn.bul), 0);
	assert_int_equal(updates(), 0);
	assert_int_equal(fake_armed(&f), 0);
	arrive(AT_A);
	assert_int_equal(updates(), 1);
	assert_repeats(first);
}

/* What nobody acknowledged is not worth keeping. */
static void detached_before_the_answer(void **state)
{
	(void)state;
	arrive(AT_A);
	link_is(false);
	assert_int_equal(bul_count(&mn.bul), 0);
	assert_int_equal(fake_armed(&f), 0);
}

static void runs_out_after_returning(void **state)
{
	(void)state;
	registered_at(AT_A);
	fake_run(&f, 350 * SEC);
	move_to(HOME);
	for (int i = 0; i < 60; i++) {
		assert_home_update();
		fake_run(&f, 5 * SEC);
		assert_state(MIP_MN_RETURNING);
	}
	answer(BA_ACCEPTED);
	assert_state(MIP_MN_HOME);
	fake_forget(&f);
	fake_run(&f, 3600 * SEC);
	assert_int_equal(updates(), 0);
}

/* --- answers --------------------------------------------------------------------------------------------------------
 */

static void wrong_answers(void **state)
{
	struct reply r;

	(void)state;
	arrive(AT_A);
	r = right(BA_ACCEPTED);
	r.seq--;
	reply(r);
	r.seq += 2;
	reply(r);
	r = right(BA_ACCEPTED);
	r.src = "2001:db8:1::2";
	reply(r);
	r = right(BA_ACCEPTED);
	r.rh2 = NULL;
	reply(r);
	r = right(BA_ACCEPTED);
	r.rh2 = HOME2;
	reply(r);
	r = right(BA_SEQ_OUT_OF_WINDOW);
	r.src = "2001:db8:1::2";
	reply(r);
	assert_state(MIP_MN_REGISTERING);
	assert_int_equal(updates(), 1);
	assert_int_equal(fake_events(&f, EV_BA_RECEIVED), 0);
	answer(BA_ACCEPTED);
	assert_state(MIP_MN_REGISTERED);
	/* Once is enough. */
	r = right(BA_RESOURCES);
	reply(r);
	assert_state(MIP_MN_REGISTERED);
}

static void wrong_answers_at_home(void **state)
{
	struct reply r;

	(void)state;
	arrive(HOME);
	r = right(BA_ACCEPTED);
	r.rh2 = HOME;
	reply(r);
	assert_state(MIP_MN_RETURNING);
	link_is(false);
	r.rh2 = NULL;
	reply(r);
	assert_state(MIP_MN_DETACHED);
}

static void answer_to_the_last_place(void **state)
{
	struct reply r;

	(void)state;
	registered_at(AT_A);
	move_to(AT_B);
	r = right(BA_ACCEPTED);
	move_to(AT_A);
	reply(r);
	assert_state(MIP_MN_REGISTERING);
	move_to(HOME);
	r.rh2 = NULL;
	r.dst = HOME;
	reply(r);
	assert_state(MIP_MN_RETURNING);
}

/* 11.7.3: when the round trip is longer than the time to repeat, the answer to the first of the updates that say the
 * same counts, and the binding is as old as that. */
static void answered_after_it_was_repeated(void **state)
{
	struct reply r;
	usec sent = f.now;

	(void)state;
	arrive(AT_A);
	r = right(BA_ACCEPTED);
	fake_run(&f, 4 * SEC);
	assert_int_equal(updates(), 2);
	reply(r);
	assert_state(MIP_MN_REGISTERED);
	assert_int_equal(home()->reg->expires, sent + LIFE * MH_LIFE_UNIT * SEC);
	move_to(HOME);
	r = right(BA_ACCEPTED);
	fake_run(&f, 1200 * MSEC);
	assert_int_equal(update()->mh.u.bu.seq, (uint16_t)(r.seq + 1));
	reply(r);
	assert_state(MIP_MN_HOME);
}

/* 11.7.3: the home agent's number is taken over. Not for ever at its pace. */
static void resync(void **state)
{
	struct reply r;

	(void)state;
	f.next_random = 9;
	arrive(AT_A);
	r = right(BA_SEQ_OUT_OF_WINDOW);
	r.seq = 40000;
	reply(r);
	assert_int_equal(updates(), 2);
	assert_int_equal(update()->mh.u.bu.seq, 40001);
	assert_away_update(AT_A);
	for (int i = 0; i < 1000; i++) {
		r = right(BA_SEQ_OUT_OF_WINDOW);
		r.seq = (uint16_t)(r.seq + 7);
		reply(r);
	}
	assert_in_range(updates(), 3, 5);
	fake_run(&f, 33 * SEC);
	assert_true(updates() >= 6);
	answer(BA_ACCEPTED);
	assert_state(MIP_MN_REGISTERED);
	move_to(AT_B);
	fake_forget(&f);
	address(AT_B, false);
	address(AT_B, true);
	r = right(BA_SEQ_OUT_OF_WINDOW);
	r.seq = 100;
	reply(r);
	assert_int_equal(update()->mh.u.bu.seq, 101);
}

/* The answer to the double of an earlier update: our number must not go back. */
static void stale_resync(void **state)
{
	struct reply r;

	(void)state;
	f.next_random = 9;
	arrive(AT_A);
	fake_run(&f, 1500 * MSEC);
	assert_int_equal(update()->mh.u.bu.seq, 11);
	r = right(BA_SEQ_OUT_OF_WINDOW);
	r.seq = 10;
	reply(r);
	assert_int_equal(updates(), 2);
	assert_int_equal(fake_events(&f, EV_BA_RECEIVED), 0);
	r.seq = 11;
	reply(r);
	assert_int_equal(update()->mh.u.bu.seq, 12);
}

/* Nobody grants more than was asked for, whatever an answer says: refreshes must not wait for days. */
static void granted_too_much(void **state)
{
	struct reply r;

	(void)state;
	arrive(AT_A);
	r = right(BA_ACCEPTED);
	r.life = 0xffff;
	reply(r);
	assert_state(MIP_MN_REGISTERED);
	assert_int_equal(home()->reg->granted, home()->conf.lifetime / 4);
	assert_true(home()->reg->refresh_at < f.now + home()->conf.lifetime * SEC);
}

/* Whatever the status: another try within 32 s, and the node recovers. */
static void refusals_never_mute(void **state)
{
	(void)state;
	for (int status = 128; status < 256; status++) {
		if (status == BA_SEQ_OUT_OF_WINDOW || status == BA_DAD_FAILED)
			continue;
		registered_at(AT_A);
		move_to(AT_B);
		for (int i = 0; i < 8; i++) {
			answer((uint8_t)status);
			assert_state(MIP_MN_REGISTERING);
			assert_int_equal(home()->reg->status, status);
			/* The binding of the other kind is given back at once, a few times. */
			if (status != BA_TYPE_CHANGE || i >= 3)
				assert_int_equal(home()->reg->state, MIP_BUL_REFUSED);
			fake_forget(&f);
			fake_run(&f, 32 * SEC);
			assert_in_range(updates(), 1, 6);
			assert_away_update(AT_B);
		}
		answer(BA_ACCEPTED);
		assert_state(MIP_MN_REGISTERED);
		fake_forget(&f);
	}
}

static void refusals_never_mute_at_home(void **state)
{
	(void)state;
	for (int status = 128; status < 256; status++) {
		if (status == BA_SEQ_OUT_OF_WINDOW || status == BA_NOT_HOME_AGENT)
			continue;
		registered_at(AT_A);
		move_to(HOME);
		for (int i = 0; i < 8; i++) {
			answer((uint8_t)status);
			assert_state(MIP_MN_RETURNING);
			fake_forget(&f);
			fake_run(&f, 32 * SEC);
			assert_in_range(updates(), 1, 6);
			assert_home_update();
		}
		answer(BA_ACCEPTED);
		assert_state(MIP_MN_HOME);
		fake_forget(&f);
	}
}

/* 11.7.1: another node has the home address. */
static void taken_by_another(void **state)
{
	(void)state;
	arrive(AT_A);
	answer(BA_DAD_FAILED);
	fake_forget(&f);
	fake_run(&f, 3600 * SEC);
	move_to(AT_B);
	fake_run(&f, 3600 * SEC);
	assert_int_equal(updates(), 0);
	assert_state(MIP_MN_REGISTERING);
	move_to(HOME);
	move_to(AT_A); /* that we were at home only a router said */
	fake_forget(&f);
	fake_run(&f, 3600 * SEC);
	assert_int_equal(updates(), 0);
	at_home();
	move_to(AT_A);
	assert_int_equal(updates(), 1);
}

static void accepted_for_no_time(void **state)
{
	struct reply r;

	(void)state;
	arrive(AT_A);
	r = right(BA_ACCEPTED);
	r.life = 0;
	reply(r);
	assert_state(MIP_MN_REGISTERING);
	fake_run(&f, 2 * SEC);
	assert_int_equal(updates(), 2);
}

/* --- home ------------------------------------------------------------------------------------------------------------
 */

static void return_home(void **state)
{
	(void)state;
	registered_at(AT_A);
	move_to(HOME);
	assert_state(MIP_MN_RETURNING);
	assert_int_equal(updates(), 1);
	assert_home_update();
	assert_int_equal(f.tunnel.n, 0);
	assert_int_equal(f.home.n, 1);
	/* The address is there before it is a source. */
	assert_true(fake_last(&f, DID_ARRIVE) < fake_last(&f, DID_SEND));
	assert_int_equal(fake_did(&f, DID_CLAIM), 0);
	answer(BA_ACCEPTED);
	assert_state(MIP_MN_HOME);
	assert_int_equal(fake_did(&f, DID_CLAIM), 1);
	assert_int_equal(bul_count(&mn.bul), 0);
	fake_run(&f, 3 * SEC);
	assert_int_equal(fake_armed(&f), 1); /* until the prefix, or the router, ends */
}

/* The router of a foreign link says, or somebody in its name, that this is home. Packets stay in the tunnel until the
 * home agent agrees, and go on in it when it does not. */
static void home_in_vain(void **state)
{
	(void)state;
	registered_at(AT_A);
	hear(ROUTER, "2001:db8:1::");
	assert_state(MIP_MN_RETURNING);
	assert_home_update();
	assert_true(update()->via.on_link);
	assert_int_equal(fake_did(&f, DID_UNTUNNEL), 0);
	assert_int_equal(fake_did(&f, DID_LEAVE_BY), 0);
	fake_run(&f, 2999 * MSEC);
	assert_state(MIP_MN_RETURNING);
	assert_int_equal(updates(), 2);
	fake_forget(&f);
	fake_run(&f, 2 * MSEC);
	assert_away_update(AT_A);
	assert_false(update()->via.on_link);
	assert_int_equal(f.home.n, 0);
	assert_int_equal(f.tunnel.n, 1);
	answer(BA_ACCEPTED);
	assert_state(MIP_MN_REGISTERED);
	hear(ROUTER, "2001:db8:1::");
	assert_state(MIP_MN_REGISTERED);
	assert_int_equal(fake_did(&f, DID_UNTUNNEL), 0);
}

/* An answer that came out of a tunnel, or by another link, proves nothing. */
static void home_is_proven_on_its_link(void **state)
{
	struct via via = {.src = t_addr(AGENT), .dst = t_addr(HOME), .ifindex = ETH};
	struct mh m = {.type = MH_BA};

	(void)state;
	registered_at(AT_A);
	hear(ROUTER, "2001:db8:1::");
	m.u.ba.seq = update()->mh.u.bu.seq;
	mn_on_ba(&mn, &via, &m, f.now);
	assert_state(MIP_MN_RETURNING);
	via.bare = true;
	via.ifindex = ETH + 1;
	mn_on_ba(&mn, &via, &m, f.now);
	assert_state(MIP_MN_RETURNING);
	assert_int_equal(f.tunnel.n, 1);
	via.ifindex = ETH;
	mn_on_ba(&mn, &via, &m, f.now);
	assert_state(MIP_MN_HOME);
	assert_int_equal(f.tunnel.n, 0);
}

/* The link we were on is gone: then the tunnel is of no use, whether the home agent answers or not. */
static void home_without_a_home_agent(void **state)
{
	(void)state;
	registered_at(AT_A);
	move_to(HOME);
	assert_int_equal(f.tunnel.n, 0);
	fake_run(&f, 3600 * SEC);
	assert_state(MIP_MN_RETURNING);
	assert_home_update();
}

/* 11.5.5: the link-local address is told of, too; when it was tentative at the answer, as soon as it is not. */
static void claims_again_with_a_link_local_address(void **state)
{
	struct attach_addr local = {.addr = {{{0xfe, 0x80, [15] = 1}}}, .plen = 64, .usable = true};

	(void)state;
	registered_at(AT_A);
	mn_on_addr(&mn, ETH, &local, false, f.now);
	assert_int_equal(fake_did(&f, DID_CLAIM), 0);
	at_home();
	mn_on_addr(&mn, ETH, &local, false, f.now);
	assert_int_equal(fake_did(&f, DID_CLAIM), 1);
	assert_addr(fake_last(&f, DID_CLAIM)->addr, HOME);
	local.usable = false;
	mn_on_addr(&mn, ETH, &local, false, f.now);
	assert_int_equal(fake_did(&f, DID_CLAIM), 1);
}

static void return_answer_lost(void **state)
{
	(void)state;
	registered_at(AT_A);
	move_to(HOME);
	fake_run(&f, SEC);
	assert_int_equal(updates(), 2);
	answer(BA_NOT_HOME_AGENT); /* the first one did it */
	assert_state(MIP_MN_HOME);
	fake_run(&f, 3600 * SEC);
	assert_int_equal(updates(), 2);
}

static void leaves_home_again_at_once(void **state)
{
	uint16_t seq;

	(void)state;
	registered_at(AT_A);
	move_to(HOME);
	seq = update()->mh.u.bu.seq;
	link_is(false);
	assert_int_equal(f.home.n, 0);
	arrive(AT_B);
	assert_int_equal(updates(), 2);
	assert_away_update(AT_B);
	assert_int_equal(update()->mh.u.bu.seq, (uint16_t)(seq + 1));
	assert_int_equal(f.tunnel.n, 1);
	answer(BA_ACCEPTED);
	assert_state(MIP_MN_REGISTERED);
	fake_run(&f, 100 * SEC);
	assert_int_equal(updates(), 2);
}

/* --- ends ------------------------------------------------------------------------------------------------------------
 */

static void assert_given_back(const char *coa)
{
	assert_int_equal(updates(), 1);
	assert_addr(update()->via.src, coa);
	assert_addr(update()->via.hao, HOME);
	assert_int_equal(update()->mh.u.bu.lifetime, 0);
	assert_int_equal(bul_count(&mn.bul), 0);
	assert_int_equal(f.tunnel.n, 0);
	fake_run(&f, 3600 * SEC);
	assert_int_equal(updates(), 1);
}

static void del_gives_back(void **state)
{
	struct in6_addr h = t_addr(HOME);
	uint16_t seq;

	(void)state;
	registered_at(AT_A);
	seq = home()->reg->seq;
	assert_int_equal(mn_del(&mn, &h, f.now, NULL), 0);
	assert_given_back(AT_A);
	assert_int_equal(update()->mh.u.bu.seq, (uint16_t)(seq + 1));
	assert_int_equal(add_home(HOME), 0);
	assert_away_update(AT_A);
}

/* The home agent may have accepted what it did not answer yet. */
static void stop_gives_back_what_waits(void **state)
{
	(void)state;
	arrive(AT_A);
	fake_forget(&f);
	mn_stop(&mn, f.now);
	assert_given_back(AT_A);
	assert_int_equal(mn.homes, 0);
	assert_int_equal(fake_armed(&f), 0);
	/* Nothing to give back at home. */
	mn_start(&mn);
	assert_int_equal(add_home(HOME), 0);
	at_home();
	mn_stop(&mn, f.now);
	assert_int_equal(updates(), 0);
	assert_int_equal(f.home.n, 0);
}

static void several_homes(void **state)
{
	struct in6_addr h = t_addr(HOME), h2 = t_addr(HOME2);
	struct reply r;

	(void)state;
	assert_int_equal(add_home(HOME2), 0);
	arrive(AT_A);
	assert_int_equal(updates(), 2);
	assert_addr(fake_nth(&f, DID_SEND, 0)->via.hao, HOME);
	assert_addr(fake_nth(&f, DID_SEND, 1)->via.hao, HOME2);
	r = right(BA_ACCEPTED);
	r.rh2 = HOME2;
	reply(r);
	assert_state(MIP_MN_REGISTERING);
	assert_int_equal(mn_find(&mn, &h2)->state, MIP_MN_REGISTERED);
	assert_int_equal(bul_count(&mn.bul), 2);
	/* The first goes; the second's timers find it where it moved to. */
	assert_int_equal(mn_del(&mn, &h, f.now, NULL), 0);
	fake_forget(&f);
	fake_run(&f, 360 * SEC);
	assert_int_equal(updates(), 1);
	assert_addr(update()->via.hao, HOME2);
	assert_int_equal(mn_find(&mn, &h2)->state, MIP_MN_REGISTERED);
	for (int i = 0; i < MN_HOMES_MAX + 1; i++) {
		char text[64];

		snprintf(text, sizeof(text), "2001:db8:1::3:%x", i);
		assert_int_equal(add_home(text), i < MN_HOMES_MAX - 1 ? 0 : -ENOSPC);
	}
}

/* --- weeks of life ----------------------------------------------------------------------------------------------- */

#define WEEK	    (7 * 86400 * SEC)
#define HOMES	    3
#define BUSY_MINUTE 40 /* updates of one home address, with a move every few seconds */

/* A message on its way. */
struct flight {
	struct timer t;
	struct via via;
	struct mh m;
};

static struct ha ha;
static const char *const net[] = {NULL, "2001:db8:1::", "2001:db8:a::", "2001:db8:b::", "2001:db8:c::"};
static int at;	       /* index into net: the truth about where the cable goes, 0 = nowhere */
static unsigned lossy; /* per cent */
static size_t in_flight, sent_in_minute;
static usec minute;

static struct in6_addr coa_at(int where)
{
	struct in6_addr a = t_addr(net[where]);

	a.s6_addr[15] = 5;
	return a;
}

static bool receives(const struct in6_addr *dst)
{
	struct in6_addr coa;

	if (at < 2)
		return at == 1 && fake_holds(&f.home, dst);
	coa = coa_at(at);
	return addr_eq(dst, &coa);
}

static void land(struct timer *t, usec now)
{
	struct flight *x = timer_owner(t, struct flight, t);

	in_flight--;
	if (x->m.type == MH_BU)
		ha_on_bu(&ha, &x->via, &x->m, false, now);
	else if (receives(&x->via.dst))
		mn_on_ba(&mn, &x->via, &x->m, now);
	free(x);
}

/* What a mobile node sends must have a source that is right where it really is. */
static void take_off(struct fake *fake, const struct via *via, const struct mh *m)
{
	struct flight *x;

	if (m->type == MH_BU) {
		if (f.now >= minute + 60 * SEC) {
			minute = f.now;
			sent_in_minute = 0;
		}
		sent_in_minute++;
		if (!receives(&via->src))
			fail_msg("sent from %s at network %d", addr_text(&via->src).s, at);
	}
	if (t_below(100) < lossy)
		return;
	x = calloc(1, sizeof(*x));
	x->via = *via;
	x->via.bare = true;
	x->via.ifindex = ETH;
	x->m = *m;
	in_flight++;
	timer_arm(&fake->timers, &x->t, fake->now + 2 * MSEC + t_below(80) * MSEC, land);
}

static void truth(void)
{
	struct in6_addr router = t_addr(ROUTER), coa;
	struct nd_ra ra = {.router_lifetime = 1800, .prefixes = 1};

	if (!at || !mn.attach.link[0].up)
		return;
	ra.prefix[0] = (struct nd_prefix){.prefix = t_addr(net[at]), .len = 64, .autoconf = true, .valid = 86400};
	router.s6_addr[15] = (uint8_t)at;
	mn_on_ra(&mn, ETH, &router, &ra, f.now);
	if (at < 2)
		return;
	coa = coa_at(at);
	mn_on_addr(&mn, ETH, &(struct attach_addr){.addr = coa, .plen = 64, .usable = true, .dynamic = true}, false,
		f.now);
}

static void check_home(struct mn_home *h)
{
	static const uint8_t may[3][2] = {[AT_NOWHERE] = {MIP_MN_DETACHED, MIP_MN_DETACHED},
		[AT_HOME] = {MIP_MN_HOME, MIP_MN_RETURNING},
		[AT_AWAY] = {MIP_MN_REGISTERING, MIP_MN_REGISTERED}};
	const struct bul_entry *e = bul_find(&mn.bul, &h->conf.home, &h->conf.agent);

	assert_true(h->state == may[h->place.where][0] || h->state == may[h->place.where][1]);
	assert_ptr_equal(e, h->reg);
	assert_int_equal(fake_holds(&f.home, &h->conf.home), h->place.where == AT_HOME);
	if (h->place.where == AT_AWAY || h->state == MIP_MN_RETURNING)
		assert_true(e && timer_armed(&e->timer) && e->timer.due <= f.now + 420 * SEC);
	if (h->state == MIP_MN_HOME)
		assert_null(e);
	if (h->state == MIP_MN_REGISTERED)
		assert_true(e && e->bound && e->expires + 32 * SEC >= f.now);
}

static void check_life(void)
{
	size_t links = 0, asking = 0;

	for (size_t i = 0; i < mn.homes; i++) {
		check_home(&mn.home[i]);
		asking += timer_armed(&mn.home[i].prefix.timer) + timer_armed(&mn.home[i].claim);
	}
	for (size_t i = 0; i < ATTACH_LINKS; i++)
		links += timer_armed(&mn.attach.link[i].solicit_timer) + timer_armed(&mn.attach.link[i].watch_timer) +
			 timer_armed(&mn.attach.link[i].addr_timer);
	assert_true(bul_count(&mn.bul) <= mn.homes);
	assert_true(fake_armed(&f) <= bul_count(&mn.bul) + bc_count(&ha.bc) + links + asking + in_flight);
	assert_true(sent_in_minute <= HOMES * BUSY_MINUTE);
}

/* Long enough in one place with a sound network: everybody agrees. */
static void check_settled(void)
{
	struct in6_addr coa = at > 1 ? coa_at(at) : (struct in6_addr){0};

	for (size_t i = 0; i < mn.homes; i++) {
		const struct mn_home *h = &mn.home[i];
		const struct bc_entry *e = bc_find(&ha.bc, &h->conf.home, NULL);

		assert_int_equal(h->state, at > 1 ? MIP_MN_REGISTERED : at ? MIP_MN_HOME : MIP_MN_DETACHED);
		if (at > 1)
			assert_true(e && e->state == MIP_BINDING_ACTIVE && addr_eq(&e->coa, &coa));
		if (at == 1)
			assert_null(e);
	}
}

static void live(usec for_)
{
	usec end = f.now + for_;

	while (f.now < end) {
		usec step = t_below(10) ? 10 * SEC : t_below(1000) * MSEC;

		fake_run(&f, step < end - f.now ? step : end - f.now);
		if (t_below(100) >= lossy)
			truth();
		check_life();
		fake_forget(&f);
	}
}

static void one_move(void)
{
	mn_on_link(&mn, ETH, false, false, f.now);
	at = (int)t_below(5);
	lossy = t_below(3) ? 0 : t_below(95);
	live(t_below(2000) * MSEC);
	if (at)
		mn_on_link(&mn, ETH, true, false, f.now);
	if (t_below(4)) /* else moved on before a router spoke */
		live(t_below(2) ? t_below(3000) * MSEC : t_below(900) * SEC);
	if (!t_below(3)) {
		lossy = 0;
		live(120 * SEC);
		check_settled();
	}
}

static void start_agent(void)
{
	struct ha_conf conf = {
		.links = 1, .link = {{.ifindex = 9}}, .max_lifetime = 600, .max_bindings = 10, .insecure = true};
	struct in6_addr a = t_addr(AGENT);

	ha_init(&ha, &f.w, 43);
	ha_start(&ha, &conf);
	ha_address(&ha, 9, &a, 64, false);
}

static void start_life(int where)
{
	t_seed();
	start_agent();
	f.on_send = take_off;
	at = where;
	lossy = 0;
	sent_in_minute = 0;
	minute = f.now;
}

static void a_week_of_moves(void **state)
{
	usec end = f.now + WEEK;
	size_t moves = 0;

	(void)state;
	start_life(0);
	add_home(HOME2);
	add_home("2001:db8:1::300");
	while (f.now < end) {
		one_move();
		moves++;
	}
	assert_true(moves > 500);
	mn_on_link(&mn, ETH, false, false, f.now);
	mn_stop(&mn, f.now);
	fake_run(&f, 5 * SEC);
	assert_int_equal(in_flight, 0);
	ha_stop(&ha, f.now);
	assert_int_equal(fake_armed(&f), 0);
}

/* The home agent restarts with nothing in its memory, again and again. */
static void agent_forgets(void **state)
{
	(void)state;
	start_life(2);
	mn_on_link(&mn, ETH, true, false, f.now);
	for (int i = 0; i < 50; i++) {
		live(60 * SEC);
		ha_stop(&ha, f.now);
		live(t_below(100) * SEC);
		start_agent();
		live(480 * SEC);
		check_settled();
	}
	mn_stop(&mn, f.now);
	fake_run(&f, 5 * SEC);
	assert_int_equal(bc_count(&ha.bc), 0); /* given back */
	ha_stop(&ha, f.now);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(starts_nowhere),
		T(starts_at_home),
		T(silence_is_the_router_s),
		T(errors_of_the_home_agent_are_silence),
		T(claims_thrice),
		T(link_local_compatibility),
		T(starts_away),
		T(home_added_later),
		T(first_registration_repeats),
		T(move_repeats),
		T(return_repeats),
		T(handover_is_one_update),
		T(numbers_go_on),
		T(flaps),
		T(second_router_changes_nothing),
		T(stale_address_is_not_used),
		T(address_lost),
		T(tunnel_is_tried_again),
		T(refresh_before_the_end),
		T(refresh_of_what_was_granted),
		T(sleeps_beyond_the_end),
		T(binding_runs_out),
		T(moved_after_the_end),
		T(runs_out_while_detached),
		T(detached_before_the_answer),
		T(runs_out_after_returning),
		T(wrong_answers),
		T(wrong_answers_at_home),
		T(answer_to_the_last_place),
		T(answered_after_it_was_repeated),
		T(resync),
		T(stale_resync),
		T(granted_too_much),
		T(refusals_never_mute),
		T(refusals_never_mute_at_home),
		T(taken_by_another),
		T(accepted_for_no_time),
		T(return_home),
		T(home_in_vain),
		T(home_is_proven_on_its_link),
		T(home_without_a_home_agent),
		T(claims_again_with_a_link_local_address),
		T(return_answer_lost),
		T(leaves_home_again_at_once),
		T(del_gives_back),
		T(stop_gives_back_what_waits),
		T(several_homes),
		T(a_week_of_moves),
		T(agent_forgets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
