/* Route optimization and moves (RFC 6275 11.5, 11.7.2): handover, the return home, links that come and go, and a week
 * of all of it. */
#include "tests/unit/t_ro.h"

#define HOP (10 * MSEC)

static bool at_home(void *arg)
{
	return ((struct net_node *)arg)->mn.home[0].state == MIP_MN_HOME;
}

/* --- handover ----------------------------------------------------------------------------------------------------- */

/* At once: packets to the tunnel, CoTI with the home agent's update. The answers come after 2 hops each, the update to
 * the correspondent and its answer take 2 more. The home token lives: no HoTI. */
static void handover(void (*move)(struct net_node *, int))
{
	usec at;

	optimize();
	net_run(&net, 10 * SEC);
	clear_sent(mn);
	at = net.now;
	move(mn, 2);
	assert_null(net_fact(mn, RO_HOME, cn));
	assert_int_equal(net_sent(mn, MH_COTI), 1);
	assert_int_equal(net_last(&net, mn, MH_COTI)->at, at);
	assert_memory_equal(&net_last(&net, mn, MH_COTI)->via.src, &mn->coa, 16);
	assert_true(net_until(&net, SEC, is_registered, mn));
	assert_int_equal(net.now - at, 2 * HOP);
	assert_true(net_until(&net, SEC, is_optimized, NULL));
	assert_int_equal(net.now - at, 4 * HOP);
	assert_int_equal(net_sent(mn, MH_HOTI), 0);
	assert_int_equal(net_sent(mn, MH_BU), 2);
}

static void handover_takes_two_round_trips(void **state)
{
	(void)state;
	handover(net_move);
}

static void handover_before_the_old_link_breaks(void **state)
{
	(void)state;
	handover(net_slide);
}

/* The home token is too old: HoTI right behind the home agent's update, in the same moment. */
static void handover_with_a_dead_home_token(void **state)
{
	usec at;

	(void)state;
	optimize();
	net_run(&net, 206 * SEC);
	clear_sent(mn);
	at = net.now;
	net_move(mn, 2);
	assert_int_equal(net_sent(mn, MH_HOTI), 1);
	assert_true(net_until(&net, SEC, is_optimized, NULL));
	assert_int_equal(net.now - at, 6 * HOP);
	assert_int_equal(net_sent(mn, MH_HOTI), 1);
}

/* Around the 210 s of the home token, to the tenth of a second: no update is ever signed with a dead one (net.c), and
 * none is refused for it. */
static void moves_around_the_end_of_a_token(void **state)
{
	(void)state;
	for (usec age = 203 * SEC; age < 212 * SEC; age += 100 * MSEC) {
		settle(mn, 1);
		optimize();
		net_run(&net, net_entry(mn, cn)->home_test.got + age - net.now);
		net_move(mn, 2);
		assert_true(net_until(&net, SEC, is_optimized, NULL));
		net_run(&net, 900 * SEC);
	}
	assert_int_equal(cn->cn.stats.refused, 0);
}

/* The home agent answers late: the correspondent hears nothing before. */
static void the_home_agent_comes_first(void **state)
{
	(void)state;
	optimize();
	net_run(&net, SEC);
	clear_sent(mn);
	net.node[0].deaf = true;
	net_move(mn, 2);
	net_run(&net, 100 * SEC);
	for (size_t i = 0; i < net.logged && i < NET_LOG; i++)
		if (net.log[i].node == mn->id && net.log[i].mh.type == MH_BU && net.log[i].at > net.now - 100 * SEC)
			assert_true(net.log[i].mh.u.bu.flags & BU_F_HOME);
	assert_null(net_fact(mn, RO_HOME, cn));
	net.node[0].deaf = false;
	assert_true(net_until(&net, 33 * SEC, is_registered, mn));
	assert_true(net_until(&net, 200 * MSEC, is_optimized, NULL));
}

/* Whatever the moves, no more than 3 of a type a second (net.c); and it ends well at once. */
static void many_moves_a_second(void **state)
{
	(void)state;
	optimize();
	for (int i = 0; i < 2000; i++) {
		int link = (int)t_below(6) - 1;

		if (t_below(2))
			net_move(mn, link);
		else if (link > 0 && mn->link > 0)
			net_slide(mn, link);
		net_run(&net, t_below(200) * MSEC);
		if (net_registered(mn))
			net_chat(mn, cn, 1);
	}
	settle(mn, 7);
	optimize();
}

/* --- home and away again ------------------------------------------------------------------------------------------ */

static void correspondents_are_told_at_home(void **state)
{
	const struct net_msg *m;

	(void)state;
	optimize();
	net_run(&net, SEC);
	clear_sent(mn);
	net_move(mn, NET_HOME);
	assert_null(net_fact(mn, RO_HOME, cn));
	assert_true(net_until(&net, SEC, at_home, mn));
	m = net_last(&net, mn, MH_BU);
	assert_memory_equal(&m->via.dst, &cn->addr, 16);
	assert_memory_equal(&m->via.src, &mn->addr, 16);
	assert_false(m->via.has_hao);
	assert_int_equal(m->mh.u.bu.lifetime, 0);
	assert_int_equal(net_sent(mn, MH_HOTI) + net_sent(mn, MH_COTI), 0);
	net_run(&net, 2 * HOP);
	assert_null(net_fact(cn, RO_PEER, mn));
	assert_int_equal(ro_state(), MIP_RO_IDLE);
	net_run(&net, 241 * SEC);
	assert_null(net_entry(mn, cn));
	assert_int_equal(net_sent(mn, MH_BU), 2);
}

static void with_an_old_home_token_one_is_fetched(void **state)
{
	(void)state;
	optimize();
	net_run(&net, 300 * SEC);
	clear_sent(mn);
	net_move(mn, NET_HOME);
	net_run(&net, 3 * SEC);
	assert_null(net_fact(cn, RO_PEER, mn));
	assert_true(net_sent(mn, MH_HOTI) >= 1);
	assert_int_equal(net_sent(mn, MH_COTI), 0);
}

/* The correspondent has thrown the nonce away already. */
static void a_refused_deletion_is_mended(void **state)
{
	(void)state;
	optimize();
	rr_revoke(&cn->cn.rr);
	net_move(mn, NET_HOME);
	net_run(&net, 3 * SEC);
	assert_null(net_fact(cn, RO_PEER, mn));
}

static void deletions_are_repeated_and_end(void **state)
{
	(void)state;
	optimize();
	cn->deaf = true;
	clear_sent(mn);
	net_move(mn, NET_HOME);
	net_run(&net, 64 * SEC);
	assert_int_equal(net_sent(mn, MH_BU), 1 + 6);
	net_run(&net, 300 * SEC);
	assert_int_equal(net_sent(mn, MH_BU), 1 + 6);
	assert_null(net_entry(mn, cn));
}

/* The correspondent bound us, its answer got lost, and then we went home: it must be told all the same. */
static bool no_ba(struct net *n, const struct net_msg *m)
{
	(void)n;
	return m->mh.type == MH_BA && m->node == cn->id;
}

static void an_unacknowledged_binding_is_deleted_too(void **state)
{
	(void)state;
	net.lose = no_ba;
	net_chat(mn, cn, 2);
	net_run(&net, 100 * MSEC);
	assert_non_null(net_fact(cn, RO_PEER, mn));
	assert_null(net_fact(mn, RO_HOME, cn));
	net.lose = NULL;
	net_move(mn, NET_HOME);
	net_run(&net, SEC);
	assert_null(net_fact(cn, RO_PEER, mn));
}

/* Even if it was given up as one that does not answer. */
static void a_given_up_binding_is_deleted_too(void **state)
{
	(void)state;
	net.lose = no_ba;
	net_chat(mn, cn, 2);
	net_run(&net, 70 * SEC);
	assert_int_equal(ro_state(), MIP_RO_UNSUPPORTED);
	assert_non_null(net_fact(cn, RO_PEER, mn));
	net.lose = NULL;
	net_move(mn, NET_HOME);
	net_run(&net, SEC);
	assert_null(net_fact(cn, RO_PEER, mn));
}

static void leaving_home_in_the_middle(void **state)
{
	(void)state;
	for (usec wait = 0; wait < 100 * MSEC; wait += 3 * MSEC) {
		optimize();
		net_run(&net, 2 * SEC);
		net_move(mn, NET_HOME);
		net_run(&net, wait);
		settle(mn, 2);
		optimize();
		net_chat(mn, cn, 10);
		assert_true(net_optimized(mn, cn));
	}
}

/* Before the deletion is done: optimized again without a new reason. */
static void a_short_visit_home(void **state)
{
	(void)state;
	optimize();
	net_run(&net, 2 * SEC);
	net_move(mn, NET_HOME);
	net_move(mn, 2);
	assert_true(net_until(&net, 3 * SEC, is_optimized, NULL));
}

/* The home agent never agrees: in the end there is nothing left to delete. */
static void deletions_end_without_a_home_agent(void **state)
{
	(void)state;
	optimize();
	net.node[0].deaf = true;
	net_move(mn, NET_HOME);
	net_run(&net, 421 * SEC);
	assert_int_equal(ro_state(), MIP_RO_IDLE);
	net_run(&net, 241 * SEC);
	assert_null(net_entry(mn, cn));
}

/* Sequence numbers go on: no update after the return is refused. */
static void home_and_away_costs_no_refusal(void **state)
{
	(void)state;
	for (int i = 0; i < 10; i++) {
		optimize();
		net_move(mn, NET_HOME);
		net_run(&net, 10 * SEC);
		settle(mn, 1 + i % 3);
	}
	optimize();
	assert_int_equal(cn->cn.stats.refused, 0);
}

static void unbound_correspondents_are_not_told(void **state)
{
	(void)state;
	cn->deaf = true;
	net_chat(mn, cn, 2);
	clear_sent(mn);
	mn->sent[MH_BU] = 1;
	net_move(mn, NET_HOME);
	net_run(&net, 100 * SEC);
	assert_int_equal(net_sent(mn, MH_HOTI), 0);
	assert_int_equal(net_sent(mn, MH_BU), 2);
}

static void removed_homes_leave_nothing(void **state)
{
	(void)state;
	optimize();
	assert_int_equal(mn_del(&mn->mn, &mn->addr, net.now, NULL), 0);
	assert_int_equal(bul_count(&mn->mn.bul), 0);
	assert_null(net_fact(mn, RO_HOME, cn));
}

/* A node that stops while away: who could be told is, once, and does not send to the care-of address any more. */
static void correspondents_are_told_at_the_end(void **state)
{
	(void)state;
	optimize();
	net_run(&net, 10 * SEC);
	clear_sent(mn);
	assert_int_equal(mn_del(&mn->mn, &mn->addr, net.now, NULL), 0);
	assert_int_equal(net_last(&net, mn, MH_BU)->mh.u.bu.lifetime, 0);
	net_run(&net, SEC);
	assert_int_equal(bc_count(&cn->cn.bc), 0);
}

/* --- without a link ----------------------------------------------------------------------------------------------- */

/* Nothing is said (net.c), for hours; a binding that ran out meanwhile is none. */
static void detached_is_silent(void **state)
{
	(void)state;
	for (int policy = 0; policy < 2; policy++) {
		struct ro_policy p = {.peer = cn->addr, .plen = 128, .mode = MIP_RO_ALWAYS};

		settle(mn, 1);
		optimize();
		if (policy)
			assert_int_equal(ro_policy_set(&mn->mn, &p, net.now, NULL), 0);
		net_move(mn, NET_NOWHERE);
		assert_null(net_fact(mn, RO_HOME, cn));
		net_run(&net, 7200 * SEC);
		assert_int_equal(bul_count(&mn->mn.bul), 0);
	}
}

/* The home agent refuses from now on, for good: correspondents nobody talks to are forgotten, and not asked any more.
 */
static void unregistered_forgets(void **state)
{
	struct ha_conf conf = net.node[0].ha.conf;

	(void)state;
	optimize();
	conf.rules = 1;
	conf.rule[0] = (struct ha_rule){.addr = mn->addr, .plen = 128, .deny = true};
	ha_start(&net.node[0].ha, &conf);
	net_move(mn, 2);
	net_run(&net, 1000 * SEC);
	clear_sent(mn);
	net_run(&net, 3600 * SEC);
	assert_int_equal(mn->mn.home[0].state, MIP_MN_REGISTERING);
	assert_null(net_entry(mn, cn));
	assert_int_equal(mn->sent[MH_HOTI] + mn->sent[MH_COTI], 0);
}

/* Not even when a true answer comes up late from some queue. */
static void late_answers_do_not_break_the_silence(void **state)
{
	struct via via = {.src = cn->addr, .dst = mn->addr};
	struct mh hot = {.type = MH_HOT, .u.test = {.token = 1}};

	(void)state;
	net_chat(mn, cn, 1);
	net_say(mn, cn);
	hot.u.test.cookie = net_entry(mn, cn)->home_test.cookie;
	net_move(mn, NET_NOWHERE);
	net_give(mn, &via, &hot);
	assert_true(net_entry(mn, cn)->home_test.got);
	net_run(&net, 10 * SEC);
}

static void reattached_is_optimized_again(void **state)
{
	usec at;

	(void)state;
	optimize();
	for (int i = 0; i < 10; i++) {
		net_move(mn, NET_NOWHERE);
		net_run(&net, i * 5 * SEC);
		at = net.now;
		net_move(mn, 1 + i % 2);
		assert_true(net_until(&net, 3 * SEC, is_optimized, NULL));
		assert_true(net.now - at <= 6 * HOP);
		net_run(&net, SEC);
	}
}

/* --- renewal ------------------------------------------------------------------------------------------------------ */

/* A stream of 20 packets a second for an hour: after the first moment all travel directly, and none is lost. */
static void renewal_has_no_gap(void **state)
{
	size_t tunnelled;

	(void)state;
	optimize();
	tunnelled = mn->got_tunnelled + cn->got_tunnelled;
	for (int i = 0; i < 36000; i++)
		net_chat(mn, cn, 1);
	assert_int_equal(mn->got_tunnelled + cn->got_tunnelled, tunnelled);
	assert_int_equal(net.lost_data, 0);
}

/* The correspondent falls silent: the binding is used to its end, not longer; and asked for again a minute later. */
static bool no_tests(struct net *n, const struct net_msg *m)
{
	(void)n;
	return m->mh.type == MH_HOT;
}

static void unanswered_renewal_ends_with_the_binding(void **state)
{
	usec expires;

	(void)state;
	optimize();
	net.lose = no_tests;
	expires = net_entry(mn, cn)->expires;
	while (net.now < expires - SEC / 10) {
		assert_true(net_optimized(mn, cn));
		net_chat(mn, cn, 1);
	}
	net_run(&net, expires - net.now);
	assert_null(net_fact(mn, RO_HOME, cn));
	net_chat(mn, cn, 300);
	assert_int_equal(cn->refused_hao, 0);
	net.lose = NULL;
	for (int i = 0; i < 120 && !net_optimized(mn, cn); i++)
		net_chat(mn, cn, 10);
	assert_true(net_optimized(mn, cn));
}

/* A correspondent that wants its binding renewed gets it renewed. */
static void refresh_requests_are_heard(void **state)
{
	struct via via = {.src = cn->addr, .dst = mn->addr};
	struct mh brr = {.type = MH_BRR};

	(void)state;
	optimize();
	net_run(&net, 4 * SEC);
	clear_sent(mn);
	net_give(mn, &via, &brr); /* too soon to be true */
	assert_int_equal(net_sent(mn, MH_HOTI), 0);
	net_run(&net, 60 * SEC);
	mn->fact[0].busy = false;
	net_give(mn, &via, &brr); /* nothing to renew it for */
	assert_int_equal(net_sent(mn, MH_HOTI), 0);
	net_chat(mn, cn, 1);
	for (int i = 0; i < 100; i++)
		net_give(mn, &via, &brr);
	assert_int_equal(net_sent(mn, MH_HOTI) + net_sent(mn, MH_COTI), 2);
	assert_non_null(net_fact(mn, RO_HOME, cn));
	net_run(&net, SEC);
	assert_int_equal(net_sent(mn, MH_BU), 1);
	assert_true(net_optimized(mn, cn));
}

/* --- an agent that is killed and started again -------------------------------------------------------------------- */

static bool lose_all(struct net *n, const struct net_msg *m)
{
	(void)n;
	(void)m;
	return true;
}

/* Without a word, and back on that link with what the store has of the correspondent. */
static void killed_and_started(int link)
{
	struct mn_home_conf conf = mn->mn.home[0].conf;
	struct bul_entry kept = *net_entry(mn, cn);

	net.lose = lose_all;
	mn_stop(&mn->mn, net.now);
	net_move(mn, NET_NOWHERE);
	net.lose = NULL;
	clear_sent(mn);
	net_run(&net, 3 * SEC);
	mn_start(&mn->mn);
	assert_int_equal(mn_add(&mn->mn, &conf, net.now, NULL), 0);
	assert_int_equal(ro_restore(&mn->mn, &kept, net.now), 0);
	net_move(mn, link);
}

/* Nobody says a word but the agent (11.7.2). */
static void killed_moved_and_started(void **state)
{
	(void)state;
	optimize();
	killed_and_started(2);
	assert_true(net_until(&net, 5 * SEC, is_optimized, NULL));
	assert_memory_equal(&bc_find(&cn->cn.bc, &mn->addr, &cn->addr)->coa, &mn->coa, sizeof(mn->coa));
	assert_int_equal(cn->cn.stats.refused, 0);
}

static void killed_and_started_at_home(void **state)
{
	(void)state;
	optimize();
	killed_and_started(NET_HOME);
	assert_true(net_until(&net, 30 * SEC, at_home, mn));
	net_run(&net, 5 * SEC);
	assert_null(bc_find(&cn->cn.bc, &mn->addr, &cn->addr));
}

/* What the correspondent has forgotten meanwhile is nothing to it. */
static void killed_for_long(void **state)
{
	(void)state;
	optimize();
	killed_and_started(NET_NOWHERE);
	net_run(&net, 500 * SEC);
	assert_null(net_entry(mn, cn));
	settle(mn, 2);
	net_run(&net, 10 * SEC);
	assert_int_equal(net_sent(mn, MH_HOTI), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(handover_takes_two_round_trips),
		T(handover_before_the_old_link_breaks),
		T(handover_with_a_dead_home_token),
		T(moves_around_the_end_of_a_token),
		T(the_home_agent_comes_first),
		T(many_moves_a_second),
		T(correspondents_are_told_at_home),
		T(with_an_old_home_token_one_is_fetched),
		T(a_refused_deletion_is_mended),
		T(deletions_are_repeated_and_end),
		T(an_unacknowledged_binding_is_deleted_too),
		T(a_given_up_binding_is_deleted_too),
		T(leaving_home_in_the_middle),
		T(a_short_visit_home),
		T(deletions_end_without_a_home_agent),
		T(home_and_away_costs_no_refusal),
		T(unbound_correspondents_are_not_told),
		T(removed_homes_leave_nothing),
		T(correspondents_are_told_at_the_end),
		T(detached_is_silent),
		T(unregistered_forgets),
		T(late_answers_do_not_break_the_silence),
		T(reattached_is_optimized_again),
		T(renewal_has_no_gap),
		T(unanswered_renewal_ends_with_the_binding),
		T(refresh_requests_are_heard),
		T(killed_moved_and_started),
		T(killed_and_started_at_home),
		T(killed_for_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
