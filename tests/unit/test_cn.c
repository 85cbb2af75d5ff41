/* The correspondent node (RFC 6275 9): what it answers, what it takes, and what it never does. The mobile node here is
 * made by hand. */
#include "base/addr.h"
#include "tests/unit/net.h"
#include "wire/mhauth.h"

#define SELF "2001:db8:c::2"
#define HOME "2001:db8:1::100"
#define COA  "2001:db8:a::5"
#define COA2 "2001:db8:b::5"
#define LIFE 105 /* 420 s in units */

static struct net net;
static struct net_node *cn;

static int setup(void **state)
{
	(void)state;
	net_open(&net);
	cn = net_cn(&net, SELF);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	net_close(&net);
	return 0;
}

/* --- a mobile node by hand ---------------------------------------------------------------------------------------- */

struct token {
	uint64_t bits;
	uint16_t index;
};

/* Everything in a Binding Update; what a test does not set is right. */
struct update {
	const char *home, *coa, *src, *alt, *to;
	uint16_t seq, lifetime, flags;
	bool bare, no_nonces, no_auth, bad_auth, with_rh2;
	struct token home_token, coa_token;
};

static struct token fetch(uint8_t type, const char *from)
{
	struct via via = {.src = t_addr(from), .dst = cn->addr};
	struct mh m = {.type = type, .u.init.cookie = t_random()};
	const struct net_msg *answer;

	net_give(cn, &via, &m);
	answer = net_last(&net, cn, type == MH_HOTI ? MH_HOT : MH_COT);
	assert_int_equal(answer->mh.u.test.cookie, m.u.init.cookie);
	assert_memory_equal(&answer->via.dst, &via.src, sizeof(via.src));
	assert_memory_equal(&answer->via.src, &cn->addr, sizeof(cn->addr));
	assert_false(answer->via.has_hao || answer->via.has_rh2);
	return (struct token){answer->mh.u.test.token, answer->mh.u.test.nonce};
}

static struct update update(uint16_t seq)
{
	struct update u = {.home = HOME, .coa = COA, .to = SELF, .seq = seq, .lifetime = LIFE, .flags = BU_F_ACK};

	u.home_token = fetch(MH_HOTI, HOME);
	u.coa_token = fetch(MH_COTI, COA);
	return u;
}

static void give(const struct update *u)
{
	bool remove = !u->lifetime || u->bare;
	struct mh_auth auth = {.coa = t_addr(remove ? u->home : u->coa), .end = t_addr(u->to)};
	struct via via = {.src = t_addr(u->src ? u->src : u->bare ? u->home : u->coa), .dst = t_addr(u->to)};
	struct mh bu = {.type = MH_BU, .u.bu = {.seq = u->seq, .flags = u->flags, .lifetime = u->lifetime}};

	via.hao = t_addr(u->home);
	via.has_hao = !u->bare;
	if (u->with_rh2) {
		via.rh2 = via.dst;
		via.has_rh2 = true;
		via.dst = t_addr("2001:db8:d::1");
	}
	bu.opt.has = (u->no_nonces ? 0 : MHO_NONCES) | (u->no_auth ? 0 : MHO_AUTH) | (u->alt ? MHO_ALT_COA : 0);
	bu.opt.home_nonce = u->home_token.index;
	bu.opt.coa_nonce = u->coa_token.index;
	if (u->alt)
		bu.opt.alt_coa = t_addr(u->alt);
	rr_kbm(u->home_token.bits, remove ? NULL : &u->coa_token.bits, auth.key);
	auth.key[0] ^= u->bad_auth;
	via.auth = u->no_auth ? NULL : &auth;
	net_give(cn, &via, &bu);
}

/* The key of the answer, as the mobile node knows it. */
static bool signed_for(const struct net_msg *ba, const struct update *u)
{
	bool remove = !u->lifetime || u->bare;
	struct mh_auth auth = {.coa = t_addr(remove ? u->home : u->coa), .end = t_addr(u->to)};
	struct mh m;

	assert_int_equal(mh_read(ba->bytes, ba->len, &m, NULL), MH_OK);
	rr_kbm(u->home_token.bits, remove ? NULL : &u->coa_token.bits, auth.key);
	return mh_signed(&auth, &m);
}

static void assert_ba(const struct update *u, uint8_t status, uint16_t seq, uint16_t lifetime, bool sealed)
{
	const struct net_msg *ba = net_last(&net, cn, MH_BA);

	assert_int_equal(ba->mh.u.ba.status, status);
	assert_int_equal(ba->mh.u.ba.seq, seq);
	assert_int_equal(ba->mh.u.ba.lifetime, lifetime);
	assert_int_equal(signed_for(ba, u), sealed);
	if (!sealed)
		assert_int_equal(ba->mh.opt.has, 0);
	assert_addr(ba->via.src, u->to);
	assert_addr(ba->via.dst, u->src ? u->src : u->bare ? u->home : u->coa);
	assert_int_equal(ba->via.has_rh2, !u->bare);
	assert_false(ba->via.has_hao);
	if (!u->bare)
		assert_addr(ba->via.rh2, u->home);
}

/* Given, and nothing came of it: no word, no state. */
static void assert_silence(const struct update *u)
{
	size_t logged = net.logged, n = bc_count(&cn->cn.bc), ended = cn->cn.ended.map.n;
	uint64_t dropped = cn->cn.stats.dropped;

	give(u);
	assert_int_equal(net.logged, logged);
	assert_int_equal(bc_count(&cn->cn.bc), n);
	assert_int_equal(cn->cn.ended.map.n, ended);
	assert_int_equal(cn->cn.stats.dropped, dropped + 1);
}

static const struct bc_entry *bound(const char *home)
{
	struct in6_addr a = t_addr(home);

	return bc_find(&cn->cn.bc, &a, &cn->addr);
}

static const struct net_fact *any_path(void)
{
	for (size_t i = 0; i < NET_FACTS; i++)
		if (cn->fact[i].on)
			return &cn->fact[i];
	return NULL;
}

/* --- tests -------------------------------------------------------------------------------------------------------- */

static void accepts_and_answers(void **state)
{
	struct update u = update(7);
	struct in6_addr home = t_addr(HOME);

	(void)state;
	give(&u);
	assert_ba(&u, BA_ACCEPTED, 7, LIFE, true);
	assert_addr(bound(HOME)->coa, COA);
	assert_int_equal(cn->fact[0].side, RO_PEER);
	assert_memory_equal(&cn->fact[0].remote, &home, sizeof(home));
	assert_addr(cn->fact[0].coa, COA);
}

static void without_a_it_does_not_answer(void **state)
{
	struct update u = update(7);

	(void)state;
	u.flags = 0;
	give(&u);
	assert_non_null(bound(HOME));
	u.lifetime = 0;
	u.seq = 8;
	give(&u);
	assert_null(bound(HOME));
	assert_int_equal(net_sent(cn, MH_BA), 0);
	give(&u); /* but refuses */
	assert_ba(&u, BA_SEQ_OUT_OF_WINDOW, 8, 0, true);
}

static void tests_with_a_home_address_option_are_ignored(void **state)
{
	struct via via = {.src = t_addr(COA), .dst = cn->addr, .hao = t_addr(HOME), .has_hao = true};
	struct mh m = {.type = MH_COTI};

	(void)state;
	net_give(cn, &via, &m);
	m.type = MH_HOTI;
	net_give(cn, &via, &m);
	assert_int_equal(net.logged, 0);
}

static void hostile_sources_are_ignored(void **state)
{
	static const char *const bad[] = {"::", "::1", "ff02::1", "ff0e::5", "fe80::1", "::ffff:192.0.2.1", SELF};
	struct in6_addr self = t_addr(SELF), home = t_addr(HOME);
	struct mh m = {.type = MH_COTI};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct via via = {.src = t_addr(bad[i]), .dst = self};
		struct update u = update(7);

		net.logged = 0;
		net_give(cn, &via, &m);
		if (strcmp(bad[i], SELF) != 0)
			cn_on_unknown_hao(&cn->cn, &via.src, &self, &home, net.now);
		assert_int_equal(net.logged, 0);
		u.src = bad[i];
		u.alt = COA;
		assert_silence(&u);
	}
}

/* A multicast group is nobody to answer as. */
static void multicast_destinations_are_ignored(void **state)
{
	struct via via = {.src = t_addr(COA), .dst = t_addr("ff02::1")};
	struct mh m = {.type = MH_COTI};
	struct update u = update(7);

	(void)state;
	net.logged = 0;
	net_give(cn, &via, &m);
	assert_int_equal(net.logged, 0);
	u.to = "ff02::1";
	assert_silence(&u);
	cn_on_unknown_hao(&cn->cn, &via.src, &via.dst, &via.src, net.now);
	assert_int_equal(net.logged, 0);
}

/* As if it had been handed out: whoever has no business with it may have found a way. */
static struct token stolen(enum rr_kind kind, const char *text)
{
	struct in6_addr a = t_addr(text);
	struct token t;

	t.index = rr_issue(&cn->cn.rr, &cn->w, kind, &a, net.now, &t.bits);
	return t;
}

static void bad_addresses_in_an_update_are_ignored(void **state)
{
	static const char *const bad[] = {
		"::", "::1", "ff0e::5", "fe80::1", "fec0::1", "2001:db8:1::", "2001:db8:1:0:fdff:ffff:ffff:fffe", SELF};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct update u = update(7);

		u.home = bad[i];
		u.home_token = stolen(RR_HOME, bad[i]);
		assert_silence(&u);
		u = update(7);
		u.alt = u.coa = bad[i];
		u.coa_token = stolen(RR_COA, bad[i]);
		u.src = COA;
		assert_silence(&u);
	}
}

static void unauthorised_updates_are_ignored(void **state)
{
	struct update u = update(7), v = u;

	(void)state;
	v.no_nonces = true;
	assert_silence(&v);
	v = u;
	v.no_auth = true;
	assert_silence(&v);
	v = u;
	v.bad_auth = true;
	assert_silence(&v);
	v = u;
	v.coa = COA2; /* tokens of another care-of address */
	assert_silence(&v);
	v = u;
	v.home = "2001:db8:1::101";
	assert_silence(&v);
	give(&u);
	assert_non_null(bound(HOME));
	u.seq = 1;
	u.bad_auth = true; /* nor does it learn the sequence number */
	assert_silence(&u);
}

/* 9.5.1: which of the nonces is unknown. Nothing is signed, there is no key. */
static void expired_nonces_are_named(void **state)
{
	struct update u = update(7), v = u;

	(void)state;
	v.home_token.index += 1000;
	give(&v);
	assert_ba(&v, BA_HOME_NONCE_EXPIRED, 7, 0, false);
	v = u;
	v.coa_token.index += 1000;
	give(&v);
	assert_ba(&v, BA_COA_NONCE_EXPIRED, 7, 0, false);
	v.home_token.index += 1000;
	give(&v);
	assert_ba(&v, BA_NONCES_EXPIRED, 7, 0, false);
	net_run(&net, 240 * SEC);
	give(&u);
	assert_ba(&u, BA_NONCES_EXPIRED, 7, 0, false);
	assert_null(bound(HOME));
}

static void tokens_work_for_210_seconds(void **state)
{
	struct update u = update(7);

	(void)state;
	net_run(&net, 210 * SEC);
	give(&u);
	assert_ba(&u, BA_ACCEPTED, 7, LIFE, true);
}

static void old_sequences_are_refused_with_the_last(void **state)
{
	struct update u = update(100);

	(void)state;
	give(&u);
	for (size_t i = 0; i < 3; i++) {
		u.seq = (uint16_t[]){100, 99, 100 + 32768}[i];
		give(&u);
		assert_ba(&u, BA_SEQ_OUT_OF_WINDOW, 100, 0, true);
	}
	u.seq = 100 + 32767;
	give(&u);
	assert_ba(&u, BA_ACCEPTED, 100 + 32767, LIFE, true);
	u.seq = 40; /* wraps */
	give(&u);
	assert_ba(&u, BA_ACCEPTED, 40, LIFE, true);
}

static void home_registered_addresses_are_refused(void **state)
{
	struct update u = update(7);
	struct in6_addr home = t_addr(HOME);

	(void)state;
	ha_start(&cn->ha, &(struct ha_conf){.links = 1,
				  .link = {{.ifindex = 1}},
				  .max_lifetime = 3600,
				  .max_bindings = 16,
				  .insecure = true});
	ha_address(&cn->ha, 1, &(struct in6_addr){{{0x20, 1, 0xd, 0xb8, 0, 1, [15] = 1}}}, 64, false);
	assert_int_equal(ha_add(&cn->ha, &home, &(struct in6_addr){{{0x20, 1, 0xd, 0xb8, 0, 9, [15] = 1}}}, &cn->addr,
				 0, net.now, NULL),
		0);
	give(&u);
	assert_ba(&u, BA_TYPE_CHANGE, 7, 0, true);
	assert_null(bound(HOME));
	u.bad_auth = true;
	assert_silence(&u);
}

static void lifetimes_are_cut(void **state)
{
	struct update u = update(7);

	(void)state;
	u.lifetime = 0xffff;
	give(&u);
	assert_ba(&u, BA_ACCEPTED, 7, LIFE, true);
	assert_int_equal(bound(HOME)->expires, net.now + 420 * SEC);
	u.lifetime = 1;
	u.seq++;
	give(&u);
	assert_ba(&u, BA_ACCEPTED, 8, 1, true);
	net_run(&net, 4 * SEC - 1);
	assert_non_null(bound(HOME));
	net_run(&net, 1);
	assert_null(bound(HOME));
	assert_int_equal(cn->events[EV_BINDING_EXPIRED], 1);
	assert_null(any_path());
}

/* 5.2.5, 6.2.7: with the home token alone, over the home address, whether it is sent from there or from away. */
static void deletes(void **state)
{
	(void)state;
	for (int way = 0; way < 3; way++) {
		struct update u = update((uint16_t)(10 * way + 1));

		give(&u);
		assert_non_null(bound(HOME));
		u.seq++;
		u.bare = way != 1;
		u.lifetime = way == 2 ? LIFE : 0; /* the care-of address is the home address */
		u.coa_token.index = 0;
		give(&u);
		assert_ba(&u, BA_ACCEPTED, u.seq, 0, true);
		assert_null(bound(HOME));
		u.seq++;
		give(&u); /* of what is not there: the same */
		assert_ba(&u, BA_ACCEPTED, u.seq, 0, true);
	}
	assert_int_equal(cn->events[EV_BINDING_REMOVED], 3);
}

/* 5.2.8: an update overheard before must not make the binding again while its nonces live. */
static void ended_bindings_are_not_replayed(void **state)
{
	struct update u = update(7), del = u;

	(void)state;
	give(&u);
	del.seq = 8;
	del.lifetime = 0;
	give(&del);
	give(&u);
	assert_ba(&u, BA_SEQ_OUT_OF_WINDOW, 8, 0, true);
	assert_null(bound(HOME));
	net_run(&net, 200 * SEC);
	give(&u);
	assert_null(bound(HOME));
	net_run(&net, 41 * SEC);
	give(&u); /* the nonces are dead: nobody needs to remember */
	assert_ba(&u, BA_NONCES_EXPIRED, 7, 0, false);
}

static void expired_bindings_are_not_replayed(void **state)
{
	struct update u = update(7);

	(void)state;
	u.lifetime = 1;
	give(&u);
	net_run(&net, 10 * SEC);
	assert_null(bound(HOME));
	give(&u);
	assert_ba(&u, BA_SEQ_OUT_OF_WINDOW, 7, 0, true);
	u.seq++;
	give(&u);
	assert_ba(&u, BA_ACCEPTED, 8, 1, true);
	assert_int_equal(cn->cn.ended.map.n, 0);
}

/* 9.5.1: with nonces from after the end any number will do; and the old ones stay as useless as they were. */
static void new_nonces_begin_anew(void **state)
{
	struct update old = update(500), del = old, u;

	(void)state;
	give(&old);
	del.seq = 501;
	del.lifetime = 0;
	give(&del);
	net_run(&net, 40 * SEC);
	u = update(3);
	give(&u);
	assert_ba(&u, BA_ACCEPTED, 3, LIFE, true);
	give(&old);
	assert_ba(&old, BA_SEQ_OUT_OF_WINDOW, 501, 0, true);
	give(&del);
	assert_ba(&del, BA_SEQ_OUT_OF_WINDOW, 501, 0, true);
	assert_addr(bound(HOME)->coa, COA);
	u.seq = 4;
	u.lifetime = 0;
	give(&u);
	assert_ba(&u, BA_ACCEPTED, 4, 0, true);
	give(&old);
	give(&del);
	u.lifetime = LIFE;
	give(&u);
	assert_ba(&u, BA_SEQ_OUT_OF_WINDOW, 501, 0, true);
	assert_null(bound(HOME));
}

/* Each with a number of its own. */
static void bind_at(const char *home, const char *coa)
{
	static uint16_t seq;
	struct update u = update(++seq);

	u.home = home;
	u.coa = coa;
	u.home_token = fetch(MH_HOTI, home);
	u.coa_token = fetch(MH_COTI, coa);
	give(&u);
}

/* 6.1.7: of two, of three, over a home registration, and a chain of any length. One node at another is none. */
static void circles_are_discarded(void **state)
{
	struct in6_addr c = t_addr("2001:db8:3::1"), d = t_addr("2001:db8:4::1");
	struct bc_entry *registered;
	char home[64], coa[64];

	(void)state;
	bind_at("2001:db8:1::1", "2001:db8:2::1");
	bind_at("2001:db8:2::1", "2001:db8:3::1");
	assert_non_null(bound("2001:db8:2::1"));
	bind_at("2001:db8:3::1", "2001:db8:1::1");
	assert_null(bound("2001:db8:3::1"));
	bind_at("2001:db8:2::1", "2001:db8:1::1");
	assert_addr(bound("2001:db8:2::1")->coa, "2001:db8:3::1");
	cn->ha.bc.max = 1;
	registered = bc_add(&cn->ha.bc, &c, &c);
	registered->coa = d;
	bind_at("2001:db8:4::1", "2001:db8:1::1");
	assert_null(bound("2001:db8:4::1"));
	bc_del(&cn->ha.bc, registered);
	for (int i = 10; i < 15; i++) {
		snprintf(home, sizeof(home), "2001:db8:5::%d", i + 1);
		snprintf(coa, sizeof(coa), "2001:db8:5::%d", i);
		bind_at(home, coa);
		assert_int_equal(bound(home) != NULL, i < 14);
	}
	assert_int_equal(cn->cn.stats.refused, 0);
}

/* 9.3.4: for 20 s without a pause of 10 s, and without an update. */
static void leaves_where_nobody_is(void **state)
{
	struct update u = update(7);
	struct in6_addr home = t_addr(HOME), self = t_addr(SELF), other = t_addr(COA2);

	(void)state;
	give(&u);
	for (int i = 0; i < 10; i++) {
		for (int k = 0; k < 100; k++)
			cn_on_unreachable(&cn->cn, &home, &self, net.now);
		net_run(&net, 11 * SEC);
	}
	for (int i = 0; i < 3; i++) {
		cn_on_unreachable(&cn->cn, &home, &self, net.now);
		cn_on_unreachable(&cn->cn, &other, &self, net.now);
		net_run(&net, 9 * SEC);
	}
	assert_non_null(bound(HOME));
	u.seq++;
	give(&u);
	for (int i = 0; i < 3; i++) {
		cn_on_unreachable(&cn->cn, &home, &self, net.now);
		assert_non_null(bound(HOME));
		net_run(&net, 9 * SEC);
	}
	cn_on_unreachable(&cn->cn, &home, &self, net.now);
	assert_null(bound(HOME));
}

/* Packets from there say that it is there; one that only listens is asked for an update. */
static void forged_errors_end_no_binding(void **state)
{
	struct update u = update(7);
	struct in6_addr home = t_addr(HOME), self = t_addr(SELF);

	(void)state;
	give(&u);
	cn->fact[0].busy = true;
	for (int i = 0; i < 300; i++) {
		cn->fact[0].heard += i % 10 == 0;
		cn_on_unreachable(&cn->cn, &home, &self, net.now);
		net_run(&net, SEC);
	}
	assert_non_null(bound(HOME));
	assert_int_equal(net_sent(cn, MH_BRR), 0);
	for (int i = 0; i < 12; i++) {
		cn_on_unreachable(&cn->cn, &home, &self, net.now);
		net_run(&net, SEC);
	}
	assert_int_equal(net_sent(cn, MH_BRR), 1);
	u = update(8);
	give(&u);
	for (int i = 0; i < 19; i++) {
		cn_on_unreachable(&cn->cn, &home, &self, net.now);
		net_run(&net, SEC);
	}
	assert_non_null(bound(HOME));
	assert_int_equal(net_sent(cn, MH_BRR), 1); /* nothing was sent there any more */
}

/* Where there is no room to remember, the nonces go: whoever has tokens fetches new ones. */
static void forgetting_too_many_voids_the_nonces(void **state)
{
	struct update first = update(7), u;
	char home[64];

	(void)state;
	give(&first);
	first.lifetime = 0;
	first.seq++;
	for (int i = 0; i < 17; i++) {
		give(&first);
		snprintf(home, sizeof(home), "2001:db8:1::%x", 0x200 + i);
		u = update(1);
		u.home = home;
		u.home_token = fetch(MH_HOTI, home);
		u.lifetime = 0;
		give(&u);
		first.seq++;
	}
	assert_int_equal(cn->cn.ended.map.n, 16);
	first.seq = 7;
	first.lifetime = LIFE;
	give(&first);
	assert_ba(&first, BA_NONCES_EXPIRED, 7, 0, false);
	assert_int_equal(bc_count(&cn->cn.bc), 0);
}

/* 9.5.4, 6.2.7: to the source; the correspondent is our home address when we are mobile ourselves. */
static void addressed_as_it_came(void **state)
{
	struct update u = update(7);

	(void)state;
	u.alt = COA;
	u.src = COA2;
	give(&u);
	assert_ba(&u, BA_ACCEPTED, 7, LIFE, true);
	assert_addr(bound(HOME)->coa, COA);
	u.seq = 8;
	u.with_rh2 = true;
	give(&u);
	assert_ba(&u, BA_ACCEPTED, 8, LIFE, true);
	assert_int_equal(bc_count(&cn->cn.bc), 1);
}

static void asks_for_refresh_when_used(void **state)
{
	struct update u = update(7);
	const struct net_msg *brr;

	(void)state;
	give(&u);
	net_run(&net, 380 * SEC);
	cn->fact[0].busy = true;
	net_run(&net, 10 * SEC - 1);
	assert_int_equal(net_sent(cn, MH_BRR), 0);
	net_run(&net, 1);
	brr = net_last(&net, cn, MH_BRR);
	assert_addr(brr->via.dst, HOME);
	assert_false(brr->via.has_rh2);
	cn->fact[0].busy = true;
	net_run(&net, 30 * SEC);
	assert_int_equal(net_sent(cn, MH_BRR), 1);
	assert_null(bound(HOME));
}

static void does_not_ask_when_idle_or_short(void **state)
{
	struct update u = update(7);

	(void)state;
	give(&u);
	net_run(&net, 100 * SEC);
	for (int i = 0; i < 10; i++) {
		u = update((uint16_t)(8 + i));
		u.lifetime = 5;
		give(&u);
		cn->fact[0].busy = true;
		net_run(&net, SEC);
	}
	cn->fact[0].busy = false;
	u = update(100);
	give(&u);
	net_run(&net, 420 * SEC);
	assert_int_equal(net_sent(cn, MH_BRR), 0);
	assert_null(bound(HOME));
}

static void broken_data_path_is_a_refusal(void **state)
{
	struct update u = update(7);

	(void)state;
	cn->optimize_err = -ENOMEM;
	give(&u);
	assert_ba(&u, BA_RESOURCES, 7, 0, true);
	assert_null(bound(HOME));
	cn->optimize_err = 0;
	u.seq++;
	give(&u);
	assert_ba(&u, BA_ACCEPTED, 8, LIFE, true);
	cn->optimize_err = -ENOMEM;
	u.seq++;
	give(&u);
	assert_ba(&u, BA_RESOURCES, 9, 0, true);
	assert_null(bound(HOME));
	assert_null(any_path());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		T(accepts_and_answers),
		T(without_a_it_does_not_answer),
		T(tests_with_a_home_address_option_are_ignored),
		T(hostile_sources_are_ignored),
		T(multicast_destinations_are_ignored),
		T(bad_addresses_in_an_update_are_ignored),
		T(unauthorised_updates_are_ignored),
		T(expired_nonces_are_named),
		T(tokens_work_for_210_seconds),
		T(old_sequences_are_refused_with_the_last),
		T(home_registered_addresses_are_refused),
		T(lifetimes_are_cut),
		T(deletes),
		T(ended_bindings_are_not_replayed),
		T(expired_bindings_are_not_replayed),
		T(new_nonces_begin_anew),
		T(circles_are_discarded),
		T(leaves_where_nobody_is),
		T(forged_errors_end_no_binding),
		T(forgetting_too_many_voids_the_nonces),
		T(addressed_as_it_came),
		T(asks_for_refresh_when_used),
		T(does_not_ask_when_idle_or_short),
		T(broken_data_path_is_a_refusal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
