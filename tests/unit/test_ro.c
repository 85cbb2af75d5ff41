/* Route optimization by a mobile node (RFC 6275 5.2, 11.6, 11.7.2): the procedure, who is worth it, and answers good
 * and bad. */
#include "tests/unit/t_ro.h"

static unsigned losing[MH_TYPES]; /* so many more of the type get lost */

static bool lose_some(struct net *n, const struct net_msg *m)
{
	(void)n;
	if (!losing[m->mh.type])
		return false;
	losing[m->mh.type]--;
	return true;
}

static void lose(uint8_t type, unsigned times)
{
	memset(losing, 0, sizeof(losing));
	losing[type] = times;
	net.lose = lose_some;
}

/* --- the procedure ------------------------------------------------------------------------------------------------ */

static void whole_procedure(void **state)
{
	const struct net_msg *m;

	(void)state;
	net_chat(mn, cn, 2);
	net_run(&net, SEC);
	assert_true(net_optimized(mn, cn));
	assert_int_equal(ro_state(), MIP_RO_OPTIMIZED);
	m = net_last(&net, mn, MH_HOTI);
	assert_addr(m->via.src, "2001:db8:1::100");
	assert_memory_equal(&m->via.dst, &cn->addr, 16);
	m = net_last(&net, mn, MH_COTI);
	assert_memory_equal(&m->via.src, &mn->coa, 16);
	m = net_last(&net, mn, MH_BU);
	assert_memory_equal(&m->via.src, &mn->coa, 16);
	assert_true(m->via.has_hao);
	assert_false(m->via.has_rh2);
	assert_int_equal(m->mh.u.bu.flags, BU_F_ACK);
	assert_int_equal(m->mh.u.bu.lifetime, 105);
	assert_int_equal(net_sent(mn, MH_HOTI) + net_sent(mn, MH_COTI), 2);
	assert_int_equal(net_sent(cn, MH_BA), 1);
}

/* HoTI takes two hops each way, CoTI one; both leave in the same moment, and the update when the slower is back. */
/* 11.4.2: the correspondent would send to the care-of address when the home agent no more does. */
static void no_longer_than_the_home_registration(void **state)
{
	(void)state;
	mn->mn.home[0].reg->expires = net.now + 103 * SEC;
	net_chat(mn, cn, 2);
	assert_true(net_until(&net, 5 * SEC, is_optimized, NULL));
	assert_in_range(net_entry(mn, cn)->asked, 24, 25);
}

static void no_longer_than_the_home_prefix(void **state)
{
	(void)state;
	optimize();
	mn->mn.home[0].prefix.valid_until = net.now + 103 * SEC;
	ro_on_prefix(&mn->mn, &mn->mn.home[0], net.now);
	net_run(&net, SEC);
	assert_true(net_optimized(mn, cn));
	assert_true(net_entry(mn, cn)->expires <= mn->mn.home[0].prefix.valid_until);
}

static void both_tests_at_once(void **state)
{
	usec asked;

	(void)state;
	net_chat(mn, cn, 1);
	net_say(mn, cn);
	asked = net.now;
	assert_int_equal(net_last(&net, mn, MH_HOTI)->at, asked);
	assert_int_equal(net_last(&net, mn, MH_COTI)->at, asked);
	assert_true(net_until(&net, SEC, is_optimized, NULL));
	assert_int_equal(net.now - asked, (4 + 2) * 10 * MSEC);
	assert_int_equal(
		net_entry(mn, cn)->home_test.got, asked); /* a token's life is counted from before its making */
	assert_int_equal(net_entry(mn, cn)->coa_test.got, asked);
	assert_int_equal(net_entry(mn, cn)->rtt_home, 40 * MSEC);
	assert_int_equal(net_entry(mn, cn)->rtt_coa, 20 * MSEC);
}

/* 11.8: the first repetition after a second, then twice as long each time, with new cookies. */
static void unanswered_questions_are_repeated(void **state)
{
	usec start;
	uint64_t last = 0;

	(void)state;
	cn->deaf = true;
	net_chat(mn, cn, 1);
	net_say(mn, cn);
	start = net.now;
	clear_sent(mn);
	for (unsigned i = 1, at = 0; i <= 5; i++) {
		const struct net_msg *m;

		at = 2 * at + 1;
		net_run(&net, start + at * SEC - net.now - 1);
		assert_int_equal(net_sent(mn, MH_HOTI), i - 1);
		net_run(&net, 1);
		assert_int_equal(net_sent(mn, MH_HOTI), i);
		assert_int_equal(net_sent(mn, MH_COTI), i);
		m = net_last(&net, mn, MH_HOTI);
		assert_true(m->mh.u.init.cookie != last);
		last = m->mh.u.init.cookie;
	}
	assert_int_equal(net_sent_updates(mn), 0);
}

static void only_the_missing_token_is_asked_for(void **state)
{
	(void)state;
	lose(MH_HOT, 1);
	net_chat(mn, cn, 2);
	net_run(&net, 2 * SEC);
	assert_true(net_optimized(mn, cn));
	assert_int_equal(net_sent(mn, MH_HOTI), 2);
	assert_int_equal(net_sent(mn, MH_COTI), 1);
}

static void doubled_answers_change_nothing(void **state)
{
	(void)state;
	net.twice = 1000;
	net_chat(mn, cn, 2);
	net_run(&net, SEC);
	assert_true(net_optimized(mn, cn));
	assert_int_equal(net_sent(mn, MH_HOTI), 1);
	assert_int_equal(net_sent(mn, MH_COTI), 1);
}

static void lost_updates_and_answers_are_repeated(void **state)
{
	uint16_t seq;

	(void)state;
	lose(MH_BU, 2);
	losing[MH_BA] = 1;
	net_chat(mn, cn, 2);
	seq = net_last(&net, mn, MH_BU)->mh.u.bu.seq;
	net_run(&net, 8 * SEC);
	assert_true(net_optimized(mn, cn));
	assert_int_equal(net_last(&net, mn, MH_BU)->mh.u.bu.seq, (uint16_t)(seq + 3));
	assert_int_equal(net_sent(mn, MH_HOTI), 1);
}

/* --- who is worth it ---------------------------------------------------------------------------------------------- */

static void no_updates_without_home_registration(void **state)
{
	(void)state;
	net_move(mn, 2);
	net.lose = NULL;
	lose(MH_BA, 1000);
	net_chat(mn, cn, 5);
	assert_int_equal(net_sent(mn, MH_HOTI), 0);
}

static void a_port_scan_triggers_nothing(void **state)
{
	struct in6_addr peer = t_addr("2001:db8:5::");

	(void)state;
	for (int i = 0; i < 10000; i++) { /* one there, one back: refused */
		t_bytes(&peer.s6_addr[8], 8);
		ro_on_traffic(&mn->mn, &mn->addr, &peer, false, net.now);
		ro_on_traffic(&mn->mn, &mn->addr, &peer, true, net.now);
		net_run(&net, MSEC);
	}
	peer = t_addr("2001:db8:6::1");
	for (int i = 0; i < 70000; i++) /* and one way only */
		ro_on_traffic(&mn->mn, &mn->addr, &peer, false, net.now + i * MSEC);
	assert_int_equal(net_sent(mn, MH_HOTI), 0);
	assert_int_equal(bul_count(&mn->mn.bul), 1);
	optimize();
}

static void slow_traffic_is_not_worth_it(void **state)
{
	(void)state;
	for (int i = 0; i < 20; i++) {
		net_say(i % 2 ? mn : cn, i % 2 ? cn : mn);
		net_run(&net, 6 * SEC);
	}
	assert_int_equal(net_sent(mn, MH_HOTI), 0);
}

static void some_peers_are_never_asked(void **state)
{
	struct in6_addr peers[] = {t_addr(NET_AGENT), t_addr("fe80::1"), t_addr("ff0e::1"), t_addr("::1")};
	struct in6_addr other = t_addr("2001:db8:1::999");

	(void)state;
	for (size_t i = 0; i < 4; i++)
		for (int k = 0; k < 10; k++)
			ro_on_traffic(&mn->mn, &mn->addr, &peers[i], k % 2, net.now);
	for (int k = 0; k < 10; k++)
		ro_on_traffic(&mn->mn, &other, &cn->addr, k % 2, net.now);
	assert_int_equal(net_sent(mn, MH_HOTI), 0);
}

static void policy_set(const char *prefix, uint8_t plen, enum mip_ro_policy mode)
{
	struct ro_policy p = {.peer = t_addr(prefix), .plen = plen, .mode = (uint8_t)mode};

	assert_int_equal(ro_policy_set(&mn->mn, &p, net.now, NULL), 0);
}

static void always_is_at_once_and_for_ever(void **state)
{
	(void)state;
	policy_set("2001:db8:c::2", 128, MIP_RO_ALWAYS);
	net_run(&net, SEC);
	assert_true(net_optimized(mn, cn));
	for (int i = 0; i < 3600; i++) {
		net_run(&net, SEC);
		assert_true(net_optimized(mn, cn));
	}
}

static void always_for_a_prefix_is_at_the_first_packet(void **state)
{
	(void)state;
	policy_set("2001:db8::", 32, MIP_RO_ALWAYS);
	assert_int_equal(net_sent(mn, MH_HOTI), 0);
	net_say(mn, cn);
	assert_int_equal(net_sent(mn, MH_HOTI), 1);
}

static void never_is_never_and_the_longest_prefix_counts(void **state)
{
	struct in6_addr c = t_addr("2001:db8:c::2");

	(void)state;
	mn->mn.mode = MIP_RO_NEVER;
	net_chat(mn, cn, 5);
	assert_int_equal(net_sent(mn, MH_HOTI), 0);
	policy_set("2001:db8:c::", 48, MIP_RO_AUTO);
	policy_set("2001:db8:c::2", 128, MIP_RO_NEVER);
	policy_set("2001:db8::", 32, MIP_RO_AUTO);
	net_chat(mn, cn, 5);
	assert_int_equal(net_sent(mn, MH_HOTI), 0);
	assert_int_equal(ro_policy_del(&mn->mn, &c, 128, NULL), 0);
	assert_int_equal(ro_policy_del(&mn->mn, &c, 128, NULL), -ENOENT);
	optimize();
}

/* Not wanted any more: the correspondent is told, from where we are (11.7.2), and forgets. */
static void never_ends_what_stands(void **state)
{
	const struct net_msg *m;

	(void)state;
	optimize();
	policy_set("2001:db8:c::", 64, MIP_RO_NEVER);
	assert_null(net_fact(mn, RO_HOME, cn));
	net_run(&net, SEC);
	m = net_last(&net, mn, MH_BU);
	assert_int_equal(m->mh.u.bu.lifetime, 0);
	assert_memory_equal(&m->via.src, &mn->coa, 16);
	assert_true(m->via.has_hao);
	assert_null(net_fact(cn, RO_PEER, mn));
	net_chat(mn, cn, 5);
	assert_int_equal(ro_state(), MIP_RO_IDLE);
	net_run(&net, 241 * SEC);
	assert_null(net_entry(mn, cn));
	assert_int_equal(cn->refused_hao + net.lost_data, 0);
}

static void policies_are_bounded(void **state)
{
	struct ro_policy p = {.plen = 128, .mode = MIP_RO_NEVER};
	struct why why = {0};

	(void)state;
	for (int i = 0; i < MN_POLICIES_MAX; i++) {
		p.peer.s6_addr[15] = (uint8_t)i;
		assert_int_equal(ro_policy_set(&mn->mn, &p, net.now, NULL), 0);
	}
	assert_int_equal(ro_policy_set(&mn->mn, &p, net.now, NULL), 0); /* the same again */
	p.peer.s6_addr[15] = MN_POLICIES_MAX;
	assert_int_equal(ro_policy_set(&mn->mn, &p, net.now, &why), -ENOSPC);
}

static void peers_are_bounded(void **state)
{
	struct in6_addr peer = t_addr("2001:db8:5::");

	(void)state;
	net.cut = true;
	for (int i = 0; i < 2 * MN_PEERS_MAX; i++) {
		peer.s6_addr[14] = (uint8_t)(i >> 8);
		peer.s6_addr[15] = (uint8_t)i;
		for (int k = 0; k < 3; k++)
			ro_on_traffic(&mn->mn, &mn->addr, &peer, k % 2, net.now);
	}
	assert_int_equal(bul_count(&mn->mn.bul), MN_PEERS_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(whole_procedure),
		T(no_longer_than_the_home_registration),
		T(no_longer_than_the_home_prefix),
		T(both_tests_at_once),
		T(unanswered_questions_are_repeated),
		T(only_the_missing_token_is_asked_for),
		T(doubled_answers_change_nothing),
		T(lost_updates_and_answers_are_repeated),
		T(no_updates_without_home_registration),
		T(a_port_scan_triggers_nothing),
		T(slow_traffic_is_not_worth_it),
		T(some_peers_are_never_asked),
		T(always_is_at_once_and_for_ever),
		T(always_for_a_prefix_is_at_the_first_packet),
		T(never_is_never_and_the_longest_prefix_counts),
		T(never_ends_what_stands),
		T(policies_are_bounded),
		T(peers_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
