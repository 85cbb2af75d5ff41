/*
 * The authentication option (RFC 4285 5.1, 6) between a mobile node and its home agent, neither of which has IPsec nor
 * takes anybody insecurely: what is forged, changed or played again changes nothing, and clocks that differ are found
 * out.
 */
#include "base/addr.h"
#include "tests/unit/net.h"
#include "wire/mhauth.h"

#define HOME  "2001:db8:1::100"
#define OTHER "2001:db8:1::200"
#define EVIL  "2001:db8:bad::1"
#define SPI   256

static struct net net;
static struct net_node *agent, *mn;
static struct auth_key key;

static int setup(void **state)
{
	(void)state;
	net_open(&net);
	agent = &net.node[0];
	agent->ha.conf.insecure = false;
	key = (struct auth_key){.home = t_addr(HOME), .spi = SPI, .alg = MH_HMAC_SHA1, .key = "0123456789abcdef"};
	assert_int_equal(auth_set(&agent->ha.auth, &key, 1, T_WALL + net.now), 0);
	mn = net_mn(&net, HOME);
	assert_int_equal(auth_set(&mn->mn.auth, &key, 1, T_WALL + net.now + mn->skew), 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	net_close(&net);
	auth_free(&agent->ha.auth);
	auth_free(&mn->mn.auth);
	return 0;
}

static struct bc_entry *entry(void)
{
	return bc_find(&agent->ha.bc, &mn->addr, NULL);
}

static bool is_registered(void *arg)
{
	(void)arg;
	return net_registered(mn) && entry() && addr_eq(&entry()->coa, &mn->coa);
}

static void registered(int link)
{
	net_move(mn, link);
	assert_true(net_until(&net, 20 * SEC, is_registered, NULL));
}

static bool is_home(void *arg)
{
	(void)arg;
	return mn->mn.home[0].state == MIP_MN_HOME && !entry();
}

static uint64_t stamp(usec off)
{
	return mh_timestamp(T_WALL + net.now + off);
}

/* An update as whoever holds `by` can make it. */
struct forgery {
	const char *src, *hao, *alt; /* NULL: none */
	uint16_t seq, lifetime;
	uint64_t timestamp; /* 0: none */
	const struct auth_key *by;
	uint8_t mac_len; /* 0: as it is */
	bool plain;	 /* without the option */
};

static void give(struct forgery u)
{
	struct via via = {.src = t_addr(u.src), .dst = agent->addr, .has_hao = u.hao};
	struct mh bu = {.type = MH_BU, .u.bu = {.seq = u.seq, .flags = BU_F_ACK | BU_F_HOME, .lifetime = u.lifetime}};
	struct auth_sa sa = {.conf = u.by ? *u.by : key};
	struct mh_auth auth;

	if (u.hao)
		via.hao = t_addr(u.hao);
	if (u.alt) {
		bu.opt.has |= MHO_ALT_COA;
		bu.opt.alt_coa = t_addr(u.alt);
	}
	if (!u.plain) {
		auth_add(&sa, &bu, u.alt ? &bu.opt.alt_coa : &via.src, u.timestamp, &auth);
		bu.opt.mn_ha.len = u.mac_len ? u.mac_len : bu.opt.mn_ha.len;
		via.auth = &auth;
		if (!u.timestamp)
			bu.opt.has &= ~(unsigned)MHO_TIMESTAMP;
	}
	net_give(agent, &via, &bu);
}

/* The last acknowledgement has that status, and proves that it is the home agent's. */
static struct mh assert_ba(uint8_t status, const struct in6_addr *coa)
{
	const struct net_msg *ba = net_last(&net, agent, MH_BA);
	struct mh_auth auth = {.alg = key.alg, .coa = *coa, .end = key.home};
	static struct mh m;

	memcpy(auth.key, key.key, sizeof(auth.key));
	assert_int_equal(mh_read(ba->bytes, ba->len, &m, NULL), MH_OK);
	assert_int_equal(m.u.ba.status, status);
	assert_int_equal(m.opt.mn_ha.spi, SPI);
	assert_true(mh_signed(&auth, &m));
	return m;
}

/* --- what is meant to be ------------------------------------------------------------------------------------------ */

static void a_node_registers_moves_and_returns(void **state)
{
	(void)state;
	for (unsigned alg = MH_HMAC_SHA1; alg <= MH_HMAC_SHA256; alg++) {
		key.alg = (uint8_t)alg;
		assert_int_equal(auth_set(&agent->ha.auth, &key, 1, 0), 0);
		assert_int_equal(auth_set(&mn->mn.auth, &key, 1, 0), 0);
		registered(1);
		assert_ba(BA_ACCEPTED, &mn->coa);
		assert_int_equal(
			net_last(&net, mn, MH_BU)->mh.opt.has & (MHO_MN_HA | MHO_TIMESTAMP), MHO_MN_HA | MHO_TIMESTAMP);
		assert_int_equal(net_last(&net, mn, MH_BU)->mh.opt.mn_ha.len, alg == MH_HMAC_SHA1 ? 12 : 16);
		registered(2);
		net_run(&net, 3600 * SEC); /* is renewed */
		assert_true(is_registered(NULL));
		net_move(mn, NET_HOME);
		assert_true(net_until(&net, 20 * SEC, is_home, NULL));
	}
	assert_int_equal(mn->events[EV_UNPROTECTED] + agent->events[EV_UNPROTECTED], 0);
}

/* 6: the home agent says what time it is, whoever is wrong; once, and one more update does it. */
static void clocks_ten_minutes_apart(void **state)
{
	static const usec skews[] = {600 * SEC, -600 * SEC, 8 * SEC, -1600000000 * SEC};

	(void)state;
	net_run(&net, 2 * SEC); /* older than the home agent's start no timestamp may be, and a second is as good as it
				   gets */
	for (size_t i = 0; i < sizeof(skews) / sizeof(skews[0]); i++) {
		size_t before;

		mn->skew = skews[i];
		before = net_sent(mn, MH_BU);
		registered(i % 2 + 1);
		assert_int_equal(net_sent(mn, MH_BU), before + 2);
		net_run(&net, 2000 * SEC);
		assert_true(is_registered(NULL));
	}
}

/* No more is sent at once than a few when the home agent goes on saying so; then the back-off decides. */
static void a_home_agent_whose_clock_runs_wild(void **state)
{
	size_t sent;

	(void)state;
	registered(1);
	sent = net_sent(mn, MH_BU);
	net_move(mn, 2);
	for (int i = 0; i < 1000; i++) {
		agent->skew += 60 * SEC;
		net_run(&net, 10 * MSEC);
	}
	assert_in_range(net_sent(mn, MH_BU) - sent, 4, 10);
	assert_true(net_until(&net, 60 * SEC, is_registered, NULL));
}

/* The clock may stop and go back a little: timestamps go on. */
static void a_clock_that_goes_back(void **state)
{
	(void)state;
	registered(1);
	mn->skew = -5 * SEC;
	registered(2);
	assert_int_equal(agent->events[EV_BU_REFUSED], 0);
}

/* --- what is not -------------------------------------------------------------------------------------------------- */

/* The 12 forms of an update that takes a home address over, or away, without the key; then with the wrong one. */
static void without_the_key_nothing_changes(void **state)
{
	const char *coa = "2001:db8:f001::100";
	struct auth_key wrong = key, unknown = key, of_another = key;
	struct forgery forms[] = {
		{.src = EVIL, .hao = HOME, .lifetime = 100},
		{.src = EVIL, .hao = HOME},
		{.src = coa, .hao = HOME, .alt = coa, .lifetime = 100},
		{.src = coa, .hao = HOME, .alt = coa},
		{.src = coa, .hao = HOME, .alt = EVIL, .lifetime = 100},
		{.src = HOME},
		{.src = HOME, .lifetime = 100},
		{.src = HOME, .alt = EVIL, .lifetime = 100},
		{.src = HOME, .alt = EVIL},
		{.src = HOME, .hao = HOME},
		{.src = EVIL, .hao = HOME, .alt = HOME, .lifetime = 100},
		{.src = EVIL, .hao = HOME, .alt = EVIL, .lifetime = 100},
	};
	struct bc_entry was;
	size_t answers;

	(void)state;
	registered(1);
	wrong.key[15] ^= 1;
	unknown.spi = SPI + 1;
	of_another.home = t_addr(OTHER);
	was = *entry();
	for (size_t i = 0; i < 5 * sizeof(forms) / sizeof(forms[0]); i++) {
		struct forgery u = forms[i / 5];

		u.seq = (uint16_t)(was.seq + 1 + i);
		u.timestamp = stamp(0);
		u.by = i % 5 == 1 ? &wrong : i % 5 == 2 ? &unknown : i % 5 == 3 ? &of_another : NULL;
		u.mac_len = i % 5 == 4 ? 8 : 0; /* truncated */
		u.plain = i % 5 == 0;
		answers = net_sent(agent, MH_BA);
		give(u);
		assert_memory_equal(&entry()->coa, &was.coa, sizeof(was.coa));
		assert_memory_equal(&entry()->from, &was.from, sizeof(was.from));
		assert_int_equal(entry()->seq, was.seq);
		assert_int_equal(entry()->expires, was.expires);
		/* 5.1.1: nothing to who has no association with us; an answer to who should know better. */
		assert_int_equal(net_sent(agent, MH_BA) - answers, i % 5 == 0 || i % 5 == 2 ? 0 : 1);
		if (i % 5 == 1)
			assert_ba(BA_AUTH_FAILED, &(struct in6_addr[]){t_addr(u.alt ? u.alt : u.src)}[0]);
	}
	assert_true(is_registered(NULL));
}

/* A copy of what the node said, as it is on the wire, from where it came. */
static void play_again(const struct net_msg *m)
{
	struct mh bu;

	assert_int_equal(mh_read(m->bytes, m->len, &bu, NULL), MH_OK);
	ha_on_bu(&agent->ha, &m->via, &bu, false, net.now);
}

static struct net_msg sent_before;

/* Its sequence number may be right again after the binding ended; its timestamp never is (6). */
static void what_is_played_again_is_refused(void **state)
{
	struct mh ba;

	(void)state;
	registered(1);
	sent_before = *net_last(&net, mn, MH_BU);
	play_again(&sent_before);
	ba = assert_ba(BA_ID_MISMATCH, &mn->coa);
	assert_true(ba.opt.timestamp == ((stamp(0) & ~(uint64_t)UINT32_MAX) | (uint32_t)sent_before.mh.opt.timestamp));
	registered(2);
	play_again(&sent_before);
	assert_ba(BA_ID_MISMATCH, &sent_before.via.src);
	assert_true(is_registered(NULL));
	net_move(mn, NET_HOME);
	assert_true(net_until(&net, 20 * SEC, is_home, NULL));
	net_run(&net, 100 * SEC);
	play_again(&sent_before);
	assert_ba(BA_ID_MISMATCH, &sent_before.via.src);
	assert_null(entry());
	/* Nor after the home agent started anew, as if it knew nothing. */
	auth_free(&agent->ha.auth);
	seq_forget(&agent->ha.ended, &mn->addr);
	assert_int_equal(auth_set(&agent->ha.auth, &key, 1, T_WALL + net.now), 0);
	play_again(&sent_before);
	assert_ba(BA_ID_MISMATCH, &sent_before.via.src);
	assert_null(entry());
}

/* 145: what policy wants; and 7 s either way, no more. */
static void timestamps(void **state)
{
	static const struct {
		usec off;
		uint8_t status;
	} cases[] = {{-8 * SEC, BA_ID_MISMATCH}, {8 * SEC, BA_ID_MISMATCH}, {-6 * SEC, BA_ACCEPTED},
		{-6 * SEC - 600 * MSEC, BA_ID_MISMATCH}, {7 * SEC, BA_ACCEPTED}, {0, BA_ID_MISMATCH}};
	const char *src = "2001:db8:f001::100";
	struct in6_addr coa = t_addr(src);
	uint16_t seq;

	(void)state;
	registered(1);
	seq = entry()->seq;
	net_run(&net, 10 * SEC);
	give((struct forgery){.src = src, .hao = HOME, .seq = ++seq, .lifetime = 100});
	assert_false(assert_ba(BA_ID_REQUIRED, &coa).opt.has & MHO_TIMESTAMP);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		give((struct forgery){src, HOME, NULL, ++seq, 100, .timestamp = stamp(cases[i].off)});
		assert_ba(cases[i].status, &coa);
		net_run(&net, SEC / 2); /* so that each is answered */
	}
}

/* A home address without a key: an authenticator nobody can verify is none, though anybody may register (5.1.1). */
static void an_option_without_a_key(void **state)
{
	size_t answers;

	(void)state;
	agent->ha.conf.insecure = true;
	assert_int_equal(auth_set(&agent->ha.auth, NULL, 0, 0), 0);
	answers = net_sent(agent, MH_BA);
	give((struct forgery){EVIL, OTHER, NULL, 1, 100, .timestamp = stamp(0)});
	net_run(&net, 2 * SEC);
	assert_int_equal(net_sent(agent, MH_BA), answers);
	assert_int_equal(agent->events[EV_UNPROTECTED], 1);
	give((struct forgery){EVIL, OTHER, NULL, 1, 100, .plain = true});
	net_run(&net, 2 * SEC);
	assert_int_equal(net_sent(agent, MH_BA), answers + 1);
}

/* --- mobile node -------------------------------------------------------------------------------------------------- */

static bool lose_answers(struct net *n, const struct net_msg *m)
{
	(void)n;
	return m->mh.type == MH_BA;
}

static void answer(uint8_t status, uint64_t timestamp, const struct auth_key *by, int has)
{
	struct via via = {.src = agent->addr, .dst = mn->coa, .rh2 = mn->addr, .has_rh2 = true};
	struct mh ba = {.type = MH_BA, .u.ba = {.status = status, .seq = mn->mn.home[0].reg->seq, .lifetime = 100}};
	struct auth_sa sa = {.conf = *by};
	struct mh_auth auth;

	auth_add(&sa, &ba, &mn->coa, timestamp, &auth);
	ba.opt.has &= (unsigned)has;
	via.auth = has & MHO_MN_HA ? &auth : NULL;
	net_give(mn, &via, &ba);
}

/* Every status: without the option, by another key, with another SPI, about another update, or truncated, it is none.
 */
static void acknowledgements_that_prove_nothing(void **state)
{
	struct auth_key wrong = key, unknown = key;
	uint64_t last;

	(void)state;
	wrong.key[0] ^= 1;
	unknown.spi++;
	net.lose = lose_answers;
	net_move(mn, 1);
	net_run(&net, 100 * MSEC);
	assert_int_equal(mn->mn.home[0].reg->state, MIP_BUL_WAITING);
	last = mn->mn.auth.map.n ? auth_find(&mn->mn.auth, &mn->addr)->last : 0;
	for (unsigned status = 0; status < 256; status++) {
		if (status == BA_SEQ_OUT_OF_WINDOW)
			continue;
		answer((uint8_t)status, last, &wrong, ~0);
		answer((uint8_t)status, last, &unknown, ~0);
		answer((uint8_t)status, last, &key, ~MHO_MN_HA);
		answer((uint8_t)status, last, &key, ~MHO_TIMESTAMP);
		answer((uint8_t)status, last + 1, &key, ~0);
		answer((uint8_t)status, last - ((uint64_t)60 << 32) - 1, &key, ~0);
	}
	assert_int_equal(mn->events[EV_BA_RECEIVED], 0);
	assert_int_equal(mn->mn.home[0].reg->state, MIP_BUL_WAITING);
	assert_in_range(mn->mn.unprotected, 3 * 255, 3 * 255);
	answer(BA_ACCEPTED, last, &key, ~0);
	assert_true(net_registered(mn));
}

/* 5.3 says to stop: but a repaired key must be found, and a refusal is repeated more and more seldom. */
static void authentication_failed(void **state)
{
	struct auth_key right = key;
	size_t sent;

	(void)state;
	key.key[3] ^= 1;
	assert_int_equal(auth_set(&mn->mn.auth, &key, 1, 0), 0);
	net_move(mn, 1);
	net_run(&net, 600 * SEC);
	assert_false(net_registered(mn));
	assert_null(entry());
	sent = net_sent(mn, MH_BU);
	assert_in_range(sent, 10, 30);
	assert_true(mn->mn.unprotected > 0);
	for (size_t n = 0; n < 2; n++) /* out, and in again, while an update is repeated */
		assert_int_equal(auth_set(&mn->mn.auth, &right, n, T_WALL + net.now), 0);
	assert_true(net_until(&net, 64 * SEC, is_registered, NULL));
}

/* Forgeries do not keep the node itself from being heard and answered. */
static void a_flood_of_forgeries(void **state)
{
	struct auth_key wrong = key;

	(void)state;
	wrong.key[7] ^= 1;
	registered(1);
	for (int i = 0; i < 20000; i++) {
		give((struct forgery){EVIL, HOME, NULL, (uint16_t)i, 100, .timestamp = stamp(0), .by = &wrong});
		if (i % 1000 == 0)
			net_run(&net, 10 * MSEC);
	}
	assert_true(net_sent(agent, MH_BA) < 2000);
	mn->skew = 600 * SEC; /* it takes a refusal, too */
	registered(2);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_node_registers_moves_and_returns),
		T(clocks_ten_minutes_apart),
		T(a_home_agent_whose_clock_runs_wild),
		T(a_clock_that_goes_back),
		T(without_the_key_nothing_changes),
		T(what_is_played_again_is_refused),
		T(timestamps),
		T(an_option_without_a_key),
		T(acknowledgements_that_prove_nothing),
		T(authentication_failed),
		T(a_flood_of_forgeries),
	};

	t_seed();
	return cmocka_run_group_tests_name("auth", tests, NULL, NULL);
}
