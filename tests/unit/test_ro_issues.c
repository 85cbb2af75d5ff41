/* Five known issues of an older implementation, each as it would show here. */
#include "tests/unit/t_ro.h"

static struct net_node *other;

/* --- (a) two mobile nodes ----------------------------------------------------------------------------------------- */

static bool both_ways(void *arg)
{
	(void)arg;
	return net_optimized(mn, other) && net_optimized(other, mn);
}

static void two_mobile_nodes(void)
{
	other = net_mn(&net, "2001:db8:1::200");
	settle(other, 2);
}

static void each_starts(struct net_node *n, struct net_node *peer)
{
	for (int i = 0; i < 3; i++)
		ro_on_traffic(&n->mn, &n->addr, &peer->addr, i % 2, net.now);
}

/* 100 packets each way: none lost, none through a home agent, once both are optimized. */
static void assert_all_direct(void)
{
	size_t tunnelled = mn->got_tunnelled + other->got_tunnelled, direct = mn->got_direct + other->got_direct;
	size_t lost = net.lost_data;

	net_chat(mn, other, 100);
	assert_int_equal(net.lost_data, lost);
	assert_int_equal(mn->got_tunnelled + other->got_tunnelled, tunnelled);
	assert_int_equal(mn->got_direct + other->got_direct, direct + 200);
}

/* The second procedure begins at any moment of the first, from before it to long after it. */
static void issue_a_two_mobile_nodes_in_every_order(void **state)
{
	(void)state;
	two_mobile_nodes();
	for (int round = 0; round < 2; round++)
		for (usec after = 0; after < 200 * MSEC; after += 5 * MSEC) {
			each_starts(round ? other : mn, round ? mn : other);
			net_run(&net, after);
			each_starts(round ? mn : other, round ? other : mn);
			assert_true(net_until(&net, 2 * SEC, both_ways, NULL));
			assert_all_direct();
			net_run(&net, 800 * SEC); /* both end */
			assert_null(net_fact(mn, RO_HOME, other));
			assert_null(net_fact(other, RO_PEER, mn));
		}
}

static void issue_a_both_move_at_once(void **state)
{
	(void)state;
	two_mobile_nodes();
	for (int i = 0; i < 100; i++) {
		net_chat(mn, other, 3);
		assert_true(net_until(&net, 3 * SEC, both_ways, NULL));
		assert_all_direct();
		net_move(mn, 1 + (i + 1) % 4);
		if (i % 3 == 1)
			net_run(&net, t_below(100) * MSEC);
		net_move(other, 5 + (i + 1) % 4);
		assert_true(net_until(&net, 3 * SEC, both_ways, NULL));
		assert_all_direct();
	}
}

static void issue_a_with_loss_and_disorder(void **state)
{
	(void)state;
	two_mobile_nodes();
	net.loss = 200;
	net.jitter = 50 * MSEC;
	net.twice = 200;
	for (int i = 0; i < 20; i++) {
		net_move(i % 2 ? mn : other, 1 + i % 8 + (i % 2 ? 10 : 0));
		for (int k = 0; k < 200; k++)
			net_chat(mn, other, 1);
	}
	net.loss = net.jitter = net.twice = 0;
	for (int k = 0; k < 200 && !both_ways(NULL); k++)
		net_chat(mn, other, 10);
	assert_true(both_ways(NULL));
	net_run(&net, SEC); /* what was on its way has come */
	assert_all_direct();
}

static bool to_mn(struct net *n, const struct net_msg *m)
{
	(void)n;
	return m->node == other->id && (addr_eq(&m->via.dst, &mn->addr) || addr_eq(&m->via.rh2, &mn->addr));
}

/* The one that is not told of a move sends to where the other was: no packet of its comes that begins anything. */
static void issue_a_a_move_that_could_not_be_told_is_told_later(void **state)
{
	(void)state;
	two_mobile_nodes();
	for (int k = 0; k < 20 && !both_ways(NULL); k++)
		net_chat(mn, other, 10);
	net.lose = to_mn;
	net_move(other, 9);
	for (int k = 0; k < 300 && net_entry(other, mn)->ro != MIP_RO_UNSUPPORTED; k++)
		net_chat(mn, other, 10);
	assert_int_equal(net_entry(other, mn)->ro, MIP_RO_UNSUPPORTED);
	net.lose = NULL;
	for (int k = 0; k < 60 && !both_ways(NULL); k++)
		net_chat(mn, other, 10);
	assert_all_direct();
}

/* Who is not to be optimized any more, and was not told, is told after the move, and not optimized. */
static void issue_a_policy_never_outlives_what_was_lost(void **state)
{
	struct ro_policy never = {.plen = 128, .mode = MIP_RO_NEVER};

	(void)state;
	two_mobile_nodes();
	never.peer = mn->addr;
	for (int k = 0; k < 20 && !both_ways(NULL); k++)
		net_chat(mn, other, 10);
	net.lose = to_mn;
	assert_int_equal(ro_policy_set(&other->mn, &never, net.now, NULL), 0);
	for (int k = 0; k < 300 && net_entry(other, mn)->ro != MIP_RO_IDLE; k++)
		net_chat(mn, other, 10);
	assert_int_equal(net_entry(other, mn)->ro, MIP_RO_IDLE);
	assert_non_null(net_fact(mn, RO_PEER, other));
	net.lose = NULL;
	net_move(other, 9);
	for (int k = 0; k < 10; k++) {
		net_chat(mn, other, 10);
		assert_null(net_fact(other, RO_HOME, mn));
	}
	assert_null(net_fact(mn, RO_PEER, other));
}

/* --- (b) a binding that expires just after the return home -------------------------------------------------------- */

static struct in6_addr left; /* the care-of address that was left */

static bool old_coa_never(struct net *n, const struct net_msg *m)
{
	(void)n;
	if (m->node == mn->id && (addr_eq(&m->via.src, &left) || (m->mh.opt.has & MHO_ALT_COA)))
		fail_msg("%s from or about the care-of address that was left", mh_type_name(m->mh.type));
	return false;
}

static void issue_b_binding_expires_just_after_the_return(void **state)
{
	(void)state;
	for (usec before = 0; before < 60 * SEC; before += 1700 * MSEC) {
		settle(mn, 1);
		optimize();
		for (size_t i = 0; i < NET_FACTS; i++)
			mn->fact[i].busy = false; /* nothing renews it */
		net_run(&net, net_entry(mn, cn)->expires - before - net.now - 1);
		cn->deaf = before > 20 * SEC; /* so that the deletion is not answered either */
		left = mn->coa;
		net_move(mn, NET_HOME);
		net.lose = old_coa_never;
		net_run(&net, 100 * SEC);
		assert_null(net_fact(mn, RO_HOME, cn));
		assert_null(net_fact(cn, RO_PEER, mn));
		net_run(&net, 700 * SEC);
		assert_null(net_entry(mn, cn));
		net.lose = NULL;
		cn->deaf = false;
	}
}

/* The registration with the home agent, too. */
static void issue_b_home_registration_expires_just_after_the_return(void **state)
{
	(void)state;
	for (usec before = 0; before < 300 * SEC; before += 11 * SEC) {
		settle(mn, 1);
		left = mn->coa;
		net.node[0].deaf = true; /* no renewal is answered */
		net_run(&net, mn->mn.home[0].reg->expires - before - net.now - 1);
		net_move(mn, NET_HOME);
		net.lose = old_coa_never;
		net_run(&net, 400 * SEC);
		net.node[0].deaf = false;
		net_run(&net, 400 * SEC);
		net.lose = NULL;
		assert_int_equal(mn->mn.home[0].state, MIP_MN_HOME);
	}
}

/* --- (c) re-binding beyond 420 s, and its end --------------------------------------------------------------------- */

static void issue_c_rebinding_goes_on_while_packets_flow(void **state)
{
	(void)state;
	optimize();
	for (int i = 0; i < 3600; i += 5) {
		net_say(i % 2 ? mn : cn, i % 2 ? cn : mn);
		net_run(&net, 5 * SEC);
		assert_true(net_optimized(mn, cn));
	}
	assert_int_equal(net.lost_data, 0);
	net_run(&net, 850 * SEC); /* renewed once more for what the last binding carried */
	assert_null(net_entry(mn, cn));
	assert_null(net_fact(mn, RO_HOME, cn));
	assert_null(net_fact(cn, RO_PEER, mn));
	clear_sent(mn);
	net_run(&net, 1000 * SEC);
	assert_int_equal(net_sent(mn, MH_HOTI) + net_sent(mn, MH_COTI), 0);
}

static void issue_c_idle_bindings_end_once(void **state)
{
	(void)state;
	optimize();
	net_chat(mn, cn, 2);
	net_run(&net, 850 * SEC);
	assert_null(net_entry(mn, cn));
	assert_int_equal(bul_count(&mn->mn.bul), 1);
	assert_true(net_sent(mn, MH_HOTI) <= 2);
}

/* Traffic one way only keeps it as well: a download with few acknowledgements, a stream. */
static void issue_c_one_way_traffic_counts(void **state)
{
	(void)state;
	optimize();
	for (int i = 0; i < 3600; i++) {
		net_say(cn, mn);
		net_run(&net, SEC);
		assert_true(net_optimized(mn, cn));
	}
}

/* --- (d) what triggered it becomes optimized itself --------------------------------------------------------------- */

static void issue_d_the_trigger_itself_becomes_optimized(void **state)
{
	struct net_node *cn2 = net_cn(&net, "2001:db8:c::3");
	size_t tunnelled;

	(void)state;
	net_chat(mn, cn2, 1); /* not worth it, and stays as it is */
	net_chat(mn, cn, 2);
	assert_true(net_until(&net, SEC, is_optimized, NULL));
	assert_true(net_fact(mn, RO_HOME, cn) != NULL);
	assert_null(net_fact(mn, RO_HOME, cn2));
	tunnelled = mn->got_tunnelled + cn->got_tunnelled;
	net_chat(mn, cn, 50);
	assert_int_equal(mn->got_tunnelled + cn->got_tunnelled, tunnelled);
	assert_int_equal(net.lost_data, 0);
}

/* --- (e) the care-of nonce index ---------------------------------------------------------------------------------- */

/* That it is the latest Care-of Test's for the present care-of address is checked in net.c for every update; here it is
 * made hard: there and back again, answers late, doubled and overtaken, nonces rotating meanwhile. */
static void issue_e_nonce_index_there_and_back(void **state)
{
	(void)state;
	optimize();
	net.jitter = 400 * MSEC;
	net.twice = 500;
	for (int i = 0; i < 300; i++) {
		net_move(mn, 1 + i % 2);
		net_run(&net, t_below(i % 10 ? 700 : 40000) * MSEC);
		if (net_registered(mn))
			net_chat(mn, cn, 2);
	}
	net.jitter = net.twice = 0;
	net_chat(mn, cn, 20);
	net_run(&net, 5 * SEC);
	assert_true(net_optimized(mn, cn));
	assert_true(net_sent(mn, MH_BU) > 400);
}

/* By hand: CoT for A, asked before the move to B, arrives after the return to A. */
static struct net_msg late;
static bool keep_cot;

static bool keep_one(struct net *n, const struct net_msg *m)
{
	(void)n;
	if (m->mh.type != MH_COT || !keep_cot)
		return false;
	late = *m;
	keep_cot = false;
	return true;
}

static void issue_e_late_answer_of_the_same_address(void **state)
{
	struct mh m;
	struct via via;

	(void)state;
	net.lose = keep_one;
	keep_cot = true;
	net_chat(mn, cn, 2); /* its Care-of Test is on its way, slowly */
	net_run(&net, 31 * SEC);
	optimize();
	net_move(mn, 2);
	net_run(&net, 31 * SEC); /* the next nonce */
	net_move(mn, 1);
	via = late.via;
	m = late.mh;
	net_give(mn, &via, &m);
	assert_int_equal(net_entry(mn, cn)->coa_test.got, 0);
	assert_true(net_until(&net, SEC, is_optimized, NULL));
	net_give(mn, &via, &m);
	assert_int_not_equal(net_entry(mn, cn)->coa_test.nonce, late.mh.u.test.nonce);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(issue_a_two_mobile_nodes_in_every_order),
		T(issue_a_both_move_at_once),
		T(issue_a_with_loss_and_disorder),
		T(issue_a_a_move_that_could_not_be_told_is_told_later),
		T(issue_a_policy_never_outlives_what_was_lost),
		T(issue_b_binding_expires_just_after_the_return),
		T(issue_b_home_registration_expires_just_after_the_return),
		T(issue_c_rebinding_goes_on_while_packets_flow),
		T(issue_c_idle_bindings_end_once),
		T(issue_c_one_way_traffic_counts),
		T(issue_d_the_trigger_itself_becomes_optimized),
		T(issue_e_nonce_index_there_and_back),
		T(issue_e_late_answer_of_the_same_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
