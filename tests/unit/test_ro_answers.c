/* What a mobile node believes of what correspondents, and those who say they are, answer (RFC 6275 11.3.5, 11.3.6,
 * 11.7.3); what it does with those that cannot. */
#include "tests/unit/t_ro.h"
#include "wire/mhauth.h"

static bool hold_bas(struct net *n, const struct net_msg *m)
{
	(void)n;
	return m->mh.type == MH_BA && m->node == cn->id;
}

static bool waits_for_ba(void *arg)
{
	(void)arg;
	return ro_state() == MIP_RO_BINDING;
}

/* An update is under way, and its true answer will never come. */
static void wait_for_ba(void)
{
	net.lose = hold_bas;
	net_chat(mn, cn, 1);
	net_say(mn, cn);
	assert_true(net_until(&net, SEC, waits_for_ba, NULL));
}

static struct mh ba_of(uint8_t status, uint16_t seq)
{
	return (struct mh){
		.type = MH_BA, .u.ba = {.status = status, .seq = seq, .lifetime = status < BA_UNSPECIFIED ? 105 : 0}};
}

static void give_ba(struct mh ba, const uint8_t *kbm)
{
	struct mh_auth auth = {.coa = mn->coa, .end = cn->addr};
	struct via via = {.src = cn->addr, .dst = mn->coa, .rh2 = mn->addr, .has_rh2 = true};

	if (kbm) {
		memcpy(auth.key, kbm, RR_KBM_LEN);
		via.auth = &auth;
		ba.opt.has = MHO_AUTH;
	}
	net_give(mn, &via, &ba);
}

static void forged_acknowledgements_are_ignored(void **state)
{
	uint8_t wrong[20], right[20];
	uint16_t seq;

	(void)state;
	wait_for_ba();
	memcpy(right, net_entry(mn, cn)->kbm, sizeof(right));
	memcpy(wrong, right, sizeof(wrong));
	wrong[19] ^= 1;
	seq = net_entry(mn, cn)->seq;
	for (unsigned status = 0; status < 256; status++) {
		give_ba(ba_of((uint8_t)status, seq), wrong);
		if (status < BA_HOME_NONCE_EXPIRED || status > BA_NONCES_EXPIRED)
			give_ba(ba_of((uint8_t)status, seq), NULL);
		if (status != BA_SEQ_OUT_OF_WINDOW)
			give_ba(ba_of((uint8_t)status, (uint16_t)(seq - 1)), right);
		give_ba(ba_of((uint8_t)status, (uint16_t)(seq + 1)), NULL);
	}
	assert_int_equal(mn->events[EV_BA_RECEIVED], 1); /* the home agent's */
	assert_int_equal(ro_state(), MIP_RO_BINDING);
	assert_null(net_fact(mn, RO_HOME, cn));
	give_ba(ba_of(BA_ACCEPTED, seq), right);
	assert_int_equal(ro_state(), MIP_RO_OPTIMIZED);
	assert_non_null(net_fact(mn, RO_HOME, cn));
}

/* The true answer to the update before the move: that address is not ours any more. */
static void late_acknowledgements_are_ignored(void **state)
{
	struct via via = {.src = cn->addr, .rh2 = mn->addr, .has_rh2 = true};
	struct mh_auth auth = {.end = cn->addr};
	struct mh ba;

	(void)state;
	wait_for_ba();
	ba = ba_of(BA_ACCEPTED, net_entry(mn, cn)->seq);
	ba.opt.has = MHO_AUTH;
	auth.coa = via.dst = mn->coa;
	memcpy(auth.key, net_entry(mn, cn)->kbm, RR_KBM_LEN);
	via.auth = &auth;
	net_move(mn, 2);
	net_give(mn, &via, &ba);
	assert_null(net_fact(mn, RO_HOME, cn));
	assert_int_equal(ro_state(), MIP_RO_TESTING);
}

static void tests_from_elsewhere_are_ignored(void **state)
{
	struct via via = {.src = t_addr("2001:db8:c::3"), .dst = mn->addr};
	struct mh hot = {.type = MH_HOT, .u.test = {.token = 1}};
	struct mh cot = {.type = MH_COT, .u.test = {.token = 1}};
	const struct bul_entry *e;

	(void)state;
	net_chat(mn, cn, 1);
	net_say(mn, cn);
	e = net_entry(mn, cn);
	hot.u.test.cookie = e->home_test.cookie;
	cot.u.test.cookie = e->coa_test.cookie;
	net_give(mn, &via, &hot); /* another node */
	via.src = cn->addr;
	net_give(mn, &via, &cot); /* at the home address */
	via.dst = mn->coa;
	net_give(mn, &via, &hot);
	via.has_rh2 = true;
	via.rh2 = mn->addr;
	net_give(mn, &via, &hot);
	net_give(mn, &via, &cot);
	via.has_rh2 = false;
	cot.u.test.cookie ^= 1;
	net_give(mn, &via, &cot); /* a wrong cookie */
	assert_true(!e->home_test.got && !e->coa_test.got);
	cot.u.test.cookie ^= 1;
	net_give(mn, &via, &cot);
	assert_true(e->coa_test.got);
	via = (struct via){.src = cn->addr, .dst = mn->addr, .bare = true};
	net_give(mn, &via, &hot); /* past the tunnel */
	assert_true(!e->home_test.got);
	via.bare = false;
	net_give(mn, &via, &hot);
	assert_true(e->home_test.got);
}

/* Statuses a signed answer may have that end the attempt: later again. */
static void refusals_are_remembered(void **state)
{
	static const uint8_t refusals[] = {BA_UNSPECIFIED, BA_PROHIBITED, BA_RESOURCES, BA_TYPE_CHANGE, BA_INVALID_COA};

	(void)state;
	for (size_t i = 0; i < sizeof(refusals); i++) {
		wait_for_ba();
		give_ba(ba_of(refusals[i], net_entry(mn, cn)->seq), net_entry(mn, cn)->kbm);
		assert_int_equal(ro_state(), MIP_RO_UNSUPPORTED);
		clear_sent(mn);
		assert_int_equal(net_entry(mn, cn)->pause, (30 * SEC) << i);
		net_run(&net, net_entry(mn, cn)->pause - SEC);
		net_chat(mn, cn, 5);
		assert_int_equal(net_sent(mn, MH_HOTI) + net_sent_updates(mn), 0);
		net_run(&net, 2 * SEC);
	}
	net.lose = NULL;
	optimize();
}

static void zero_lifetime_is_no_binding(void **state)
{
	struct mh ba;

	(void)state;
	wait_for_ba();
	ba = ba_of(BA_ACCEPTED, net_entry(mn, cn)->seq);
	ba.u.ba.lifetime = 0;
	give_ba(ba, net_entry(mn, cn)->kbm);
	assert_int_equal(ro_state(), MIP_RO_UNSUPPORTED);
	assert_null(net_fact(mn, RO_HOME, cn));
}

/* What is granted counts, but never more than was asked for. */
static void granted_lifetime_counts(void **state)
{
	struct mh ba;

	(void)state;
	wait_for_ba();
	ba = ba_of(BA_ACCEPTED, net_entry(mn, cn)->seq);
	ba.u.ba.lifetime = 0xffff;
	net_run(&net, 500 * MSEC); /* counted from the update, not from its answer */
	give_ba(ba, net_entry(mn, cn)->kbm);
	assert_int_equal(net_entry(mn, cn)->expires, net_entry(mn, cn)->sent_at + 420 * SEC);
	net_run(&net, 421 * SEC);
	wait_for_ba();
	ba = ba_of(BA_ACCEPTED, net_entry(mn, cn)->seq);
	ba.u.ba.lifetime = 3;
	give_ba(ba, net_entry(mn, cn)->kbm);
	assert_non_null(net_fact(mn, RO_HOME, cn));
	net_run(&net, 12 * SEC);
	assert_null(net_fact(mn, RO_HOME, cn));
}

/* --- refusals that are mended ------------------------------------------------------------------------------------- */

/* The correspondent knows a later sequence number: taken over, with the next update at once. */
static void sequence_is_taken_over(void **state)
{
	struct bul_entry *e;
	usec at;

	(void)state;
	optimize();
	e = net_entry(mn, cn);
	e->seq = (uint16_t)(e->seq - 1000);
	clear_sent(mn);
	net_move(mn, 2);
	at = net.now;
	assert_true(net_until(&net, SEC, is_optimized, NULL));
	assert_true(net.now - at <= 100 * MSEC);
	assert_int_equal(net_sent(mn, MH_BU), 3); /* one to the home agent */
	assert_int_equal(net_sent(mn, MH_COTI), 1);
}

/* The correspondent has new secrets (it was restarted, say). */
static void expired_nonces_are_fetched_again(void **state)
{
	(void)state;
	for (int which = 0; which < 3; which++) {
		uint8_t status = (uint8_t[]){BA_HOME_NONCE_EXPIRED, BA_COA_NONCE_EXPIRED, BA_NONCES_EXPIRED}[which];

		wait_for_ba();
		clear_sent(mn);
		give_ba(ba_of(status, net_entry(mn, cn)->seq), NULL);
		net.lose = NULL;
		assert_int_equal(net_sent(mn, MH_HOTI), status != BA_COA_NONCE_EXPIRED);
		assert_int_equal(net_sent(mn, MH_COTI), status != BA_HOME_NONCE_EXPIRED);
		assert_true(net_until(&net, 2 * SEC, is_optimized, NULL));
		net_run(&net, 421 * SEC);
	}
}

static void endless_refusals_end(void **state)
{
	static const uint8_t status[] = {BA_SEQ_OUT_OF_WINDOW, BA_NONCES_EXPIRED};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		int answers = 0;

		wait_for_ba();
		for (; ro_state() == MIP_RO_BINDING && answers < 20; answers++) {
			struct bul_entry *e = net_entry(mn, cn);

			give_ba(ba_of(status[i], e->seq), i ? NULL : e->kbm);
			net_run(&net, SEC - 1);
		}
		assert_int_equal(answers, 4);
		assert_int_equal(ro_state(), MIP_RO_UNSUPPORTED);
		net_run(&net, 700 * SEC);
		net_run(&net, 300 * SEC);
	}
}

static void a_restarted_correspondent_is_found_again(void **state)
{
	(void)state;
	optimize();
	cn_stop(&cn->cn, net.now);
	cn_start(&cn->cn, &(struct cn_conf){.max_bindings = 16, .test_rate = 1000});
	net_run(&net, 2 * SEC);
	net_say(mn, cn); /* unknown Home Address option: Binding Error, back into the tunnel, new tokens */
	assert_true(net_until(&net, SEC, is_optimized, NULL));
	assert_int_equal(cn->refused_hao, 1);
	net_chat(mn, cn, 5);
	assert_int_equal(cn->refused_hao, 1);
}

/* --- errors ------------------------------------------------------------------------------------------------------- */

static void forge_error(uint8_t status, const struct in6_addr *src)
{
	struct via via = {.src = *src, .dst = mn->coa};
	struct mh be = {.type = MH_BE, .u.be = {.status = status, .home = mn->addr}};

	net_give(mn, &via, &be);
}

/* An ICMPv6 error that quotes what anybody could have made up. */
static void forge_unsupported(void)
{
	struct mh quoted = {.type = MH_COTI};

	ro_on_unsupported(&mn->mn, &mn->coa, &cn->addr, &quoted, net.now);
	quoted.type = MH_HOTI;
	ro_on_unsupported(&mn->mn, &mn->addr, &cn->addr, &quoted, net.now);
	ro_on_unsupported(&mn->mn, &cn->addr, &cn->addr, &quoted, net.now);
	quoted.type = MH_BU;
	ro_on_unsupported(&mn->mn, &mn->coa, &cn->addr, &quoted, net.now);
}

/* 1,000 forged errors a second for 5 minutes: one update in 8 s at most, no packet lost, and packets travel directly
 * nearly all of the time; and afterwards all is well. */
static void forged_errors_do_little(void **state)
{
	size_t direct = 0, all = 0;

	(void)state;
	optimize();
	clear_sent(mn);
	for (int i = 0; i < 300 * 1000; i++) {
		forge_error(BE_UNKNOWN_HAO, &cn->addr);
		if (i % 20 == 0) {
			net_say(mn, cn);
			direct += net_fact(mn, RO_HOME, cn) != NULL;
			all++;
		}
		net_run(&net, MSEC);
	}
	assert_in_range(net_sent_updates(mn), 30, 41);
	assert_in_range(net_sent(mn, MH_HOTI) + net_sent(mn, MH_COTI), 2, 8);
	assert_true(direct * 100 / all >= 98);
	assert_int_equal(cn->refused_hao + net.lost_data, 0);
	net_run(&net, 2 * SEC);
	assert_true(net_optimized(mn, cn));
}

/* Nothing was sent that an error could be about: nobody makes us speak, or keep what nobody uses. */
static void errors_about_nothing_are_ignored(void **state)
{
	(void)state;
	optimize();
	net_run(&net, 60 * SEC);
	mn->w.busy(mn, &mn->addr, &cn->addr); /* forgets the packets of before */
	clear_sent(mn);
	for (int i = 0; i < 20; i++) {
		forge_error(BE_UNKNOWN_HAO, &cn->addr);
		net_run(&net, 40 * SEC);
	}
	assert_int_equal(net_sent_updates(mn), 0);
	assert_null(net_entry(mn, cn));
}

static void errors_about_others_are_ignored(void **state)
{
	struct in6_addr other = t_addr("2001:db8:c::3");

	(void)state;
	optimize();
	net_run(&net, 2 * SEC);
	clear_sent(mn);
	forge_error(BE_UNKNOWN_HAO, &other);
	forge_error(BE_UNKNOWN_TYPE, &other);
	forge_error(BE_UNKNOWN_TYPE, &cn->addr);
	forge_unsupported();
	forge_error(77, &cn->addr);
	assert_true(net_optimized(mn, cn));
	assert_int_equal(net_sent(mn, MH_BU), 0);
}

/* Renewal, too, is no time to believe that a correspondent does not know Mobile IPv6 any more. */
static bool is_testing(void *arg)
{
	(void)arg;
	return ro_state() == MIP_RO_TESTING;
}

static void errors_during_renewal_are_ignored(void **state)
{
	(void)state;
	optimize();
	assert_true(net_until(&net, 400 * SEC, is_testing, NULL));
	assert_true(!net_entry(mn, cn)->home_test.got && !net_entry(mn, cn)->coa_test.got);
	forge_unsupported();
	forge_error(BE_UNKNOWN_TYPE, &cn->addr);
	assert_true(net_optimized(mn, cn));
	net_run(&net, 100 * SEC);
	assert_true(net_optimized(mn, cn));
}

/* --- correspondents that cannot ----------------------------------------------------------------------------------- */

/* It is asked no more while it is left alone, whatever flows, and then again. */
static void left_alone_for(usec pause)
{
	const struct bul_entry *e = net_entry(mn, cn);
	size_t tests = net_sent(mn, MH_HOTI);

	assert_int_equal(ro_state(), MIP_RO_UNSUPPORTED);
	assert_int_equal(e->pause, pause);
	while (net.now < e->timer.due - SEC) {
		net_chat(mn, cn, 5);
		net_run(&net, SEC / 2);
	}
	assert_int_equal(net_sent(mn, MH_HOTI), tests);
	net_run(&net, 2 * SEC);
	net_chat(mn, cn, 2);
	assert_int_equal(net_sent(mn, MH_HOTI), tests + 1);
}

static void deaf_for(usec known_after)
{
	cn->deaf = true;
	net_chat(mn, cn, 2);
	for (usec pause = 30 * SEC; pause < 600 * SEC; pause *= 2) {
		net_run(&net, known_after);
		left_alone_for(pause);
	}
	net_run(&net, known_after);
	left_alone_for(600 * SEC);
	assert_int_equal(net.lost_data, 0);
	assert_null(net_fact(mn, RO_HOME, cn));
	assert_true(cn->got_tunnelled > 2900 && mn->got_tunnelled > 2900);
	assert_int_equal(net_sent_updates(mn), 0);
}

static void silent_ones_are_left_alone_ever_longer(void **state)
{
	(void)state;
	deaf_for(64 * SEC);
}

static void complaining_ones_are_left_alone_at_once(void **state)
{
	(void)state;
	cn->complains = true;
	deaf_for(MSEC);
}

/* Nothing in it shows that it is an answer: another answer is waited for, but not as long. */
static void binding_error_2_is_believed_when_nobody_answers(void **state)
{
	(void)state;
	cn->deaf = true;
	net_chat(mn, cn, 2);
	forge_error(BE_UNKNOWN_TYPE, &cn->addr);
	assert_int_equal(ro_state(), MIP_RO_TESTING);
	net_run(&net, 4 * SEC);
	assert_int_equal(ro_state(), MIP_RO_UNSUPPORTED);
	assert_int_equal(net_sent(mn, MH_HOTI), 2);
}

/* As fast as the wire takes them, while the first questions have no answer, over moves, with loss: whoever does not see
 * the questions cannot keep two from optimizing. */
static void forged_errors_suppress_nothing(void **state)
{
	size_t optimized = 0;

	(void)state;
	for (int round = 0; round < 50; round++) {
		net.loss = 0;
		net_move(mn, 2 - round % 2);
		net_run(&net, 5 * SEC);
		net.loss = 50;
		net_chat(mn, cn, 2);
		for (int i = 0; i < 2000; i++) {
			forge_unsupported();
			forge_error(BE_UNKNOWN_TYPE, &cn->addr);
			net_run(&net, 2 * MSEC);
		}
		net_chat(mn, cn, 2);
		optimized += net_optimized(mn, cn);
		net_run(&net, 700 * SEC); /* it ends by itself, and everything is new */
	}
	assert_in_range(optimized, 45, 50);
}

static void they_may_learn(void **state)
{
	(void)state;
	cn->deaf = cn->complains = true;
	net_chat(mn, cn, 2);
	cn->deaf = false;
	net_run(&net, 31 * SEC);
	optimize();
}

/* Who knows that it has learnt says so: it is asked at once, and only who is left alone is. */
static void they_are_asked_again_when_told(void **state)
{
	struct in6_addr other = t_addr("2001:db8:c::3");
	struct why why = {0};

	(void)state;
	cn->deaf = cn->complains = true;
	net_chat(mn, cn, 2);
	net_run(&net, 31 * SEC);
	net_chat(mn, cn, 2);
	assert_int_equal(ro_state(), MIP_RO_UNSUPPORTED);
	assert_int_equal(net_entry(mn, cn)->alone, ALONE_DENIES);
	assert_int_equal(net_entry(mn, cn)->pause, 60 * SEC);
	cn->deaf = false;
	assert_int_equal(ro_retry(&mn->mn, &other, net.now, &why), -ENOENT);
	assert_int_equal(ro_state(), MIP_RO_UNSUPPORTED);
	assert_int_equal(ro_retry(&mn->mn, &cn->addr, net.now, &why), 0);
	net_run(&net, SEC);
	assert_true(net_optimized(mn, cn));
	assert_int_equal(net_entry(mn, cn)->pause, 0);
	assert_int_equal(ro_retry(&mn->mn, &cn->addr, net.now, &why), -ENOENT);
	assert_int_equal(ro_retry(&mn->mn, NULL, net.now, &why), 0);
	assert_true(net_optimized(mn, cn));
}

/* It may have been the path: from another place it is asked anew. */
static void they_may_be_heard_from_elsewhere(void **state)
{
	(void)state;
	cn->deaf = cn->complains = true;
	net_chat(mn, cn, 2);
	net_run(&net, 31 * SEC);
	net_chat(mn, cn, 2);
	assert_int_equal(net_entry(mn, cn)->pause, 60 * SEC);
	cn->deaf = false;
	settle(mn, 2);
	optimize();
}

/* The data path fails: packets stay in the tunnel. */
static void broken_data_path_keeps_the_tunnel(void **state)
{
	(void)state;
	mn->optimize_err = -ENOMEM;
	net_chat(mn, cn, 5);
	assert_int_equal(ro_state(), MIP_RO_UNSUPPORTED);
	assert_int_equal(net.lost_data, 0);
	mn->optimize_err = 0;
	net_run(&net, 31 * SEC);
	optimize();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(forged_acknowledgements_are_ignored),
		T(late_acknowledgements_are_ignored),
		T(tests_from_elsewhere_are_ignored),
		T(refusals_are_remembered),
		T(zero_lifetime_is_no_binding),
		T(granted_lifetime_counts),
		T(sequence_is_taken_over),
		T(expired_nonces_are_fetched_again),
		T(endless_refusals_end),
		T(a_restarted_correspondent_is_found_again),
		T(forged_errors_do_little),
		T(errors_about_nothing_are_ignored),
		T(errors_about_others_are_ignored),
		T(errors_during_renewal_are_ignored),
		T(silent_ones_are_left_alone_ever_longer),
		T(complaining_ones_are_left_alone_at_once),
		T(binding_error_2_is_believed_when_nobody_answers),
		T(forged_errors_suppress_nothing),
		T(they_may_learn),
		T(they_are_asked_again_when_told),
		T(they_may_be_heard_from_elsewhere),
		T(broken_data_path_keeps_the_tunnel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
