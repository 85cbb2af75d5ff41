/* Who may register, how many and for how long: `acl allow` and `acl deny`, under virtual time. */
#include "tests/unit/t_ha.h"

#define COA "2001:db8:a::5"

/* What a registration of that home address is answered with. */
struct answer {
	uint8_t status;
	uint16_t lifetime;
};

static struct answer asked(const char *home, uint16_t seq, uint16_t life, bool esp)
{
	struct via via = {.src = t_addr(COA), .dst = t_addr(AGENT), .hao = t_addr(home), .has_hao = true, .esp = esp};
	struct mh m = {.type = MH_BU, .u.bu = {.seq = seq, .flags = BU_F_ACK | BU_F_HOME, .lifetime = life}};
	const struct note *n;

	fake_forget(&f);
	f.protects = esp ? 1 << MIP_PROTECT_BINDING : 0;
	ha_on_bu(&ha, &via, &m, false, f.now);
	fake_run(&f, 2 * SEC);
	assert_int_equal(fake_did(&f, DID_SEND), 1);
	n = fake_last(&f, DID_SEND);
	return (struct answer){n->mh.u.ba.status, n->mh.u.ba.lifetime};
}

static void the_longest_prefix_decides(void **state)
{
	(void)state;
	t_rule("::", 0, (struct ha_rule){.deny = true});
	t_rule("2001:db8:1::", 64, (struct ha_rule){0});
	t_rule("2001:db8:1::dead:0", 112, (struct ha_rule){.deny = true});
	t_rule("2001:db8:1::dead:1", 128, (struct ha_rule){0});
	assert_int_equal(asked("2001:db8:1::100", 1, 100, false).status, BA_ACCEPTED);
	assert_int_equal(asked("2001:db8:1::dead:2", 1, 100, false).status, BA_PROHIBITED);
	assert_int_equal(asked("2001:db8:1::dead:2", 2, 100, true).status, BA_PROHIBITED); /* IPsec or not */
	assert_int_equal(asked("2001:db8:1::dead:1", 1, 100, false).status, BA_ACCEPTED);
	conf.rules = 1;
	ha_start(&ha, &conf);
	assert_int_equal(asked("2001:db8:1::200", 1, 100, false).status, BA_PROHIBITED);
}

/* The longest prefix decides about that, too: it is not the sum of what shorter ones allow. */
static void without_ipsec(void **state)
{
	(void)state;
	conf.insecure = false;
	t_rule("2001:db8:1::", 64, (struct ha_rule){.insecure = true});
	t_rule("2001:db8:1::100", 128, (struct ha_rule){0});
	assert_int_equal(asked("2001:db8:1::100", 1, 100, false).status, BA_PROHIBITED);
	assert_int_equal(asked("2001:db8:1::100", 2, 100, true).status, BA_ACCEPTED);
	assert_int_equal(asked("2001:db8:1::200", 1, 100, false).status, BA_ACCEPTED);
}

static void so_many_bindings(void **state)
{
	(void)state;
	assert_int_equal(asked("2001:db8:1::1:1", 1, 100, false).status, BA_ACCEPTED); /* before the rule: counts */
	t_rule("2001:db8:1::1:0", 112, (struct ha_rule){.max_bindings = 2});
	assert_int_equal(asked("2001:db8:1::1:2", 1, 100, false).status, BA_ACCEPTED);
	assert_int_equal(asked("2001:db8:1::1:3", 1, 100, false).status, BA_RESOURCES);
	assert_int_equal(asked("2001:db8:1::2:3", 1, 100, false).status, BA_ACCEPTED); /* others do not care */
	assert_int_equal(asked("2001:db8:1::1:1", 2, 100, false).status, BA_ACCEPTED); /* who is in stays in */
	assert_int_equal(ha.bound[0], 2);
	/* one leaves, one comes */
	assert_int_equal(asked("2001:db8:1::1:1", 3, 0, false).status, BA_ACCEPTED);
	assert_int_equal(ha.bound[0], 1);
	assert_int_equal(asked("2001:db8:1::1:3", 2, 100, false).status, BA_ACCEPTED);
	assert_int_equal(asked("2001:db8:1::1:1", 4, 100, false).status, BA_RESOURCES);
	fake_run(&f, 500 * SEC);
	assert_int_equal(ha.bound[0], 0);
	assert_int_equal(asked("2001:db8:1::1:1", 5, 100, false).status, BA_ACCEPTED);
}

static void bindings_by_hand_do_not_count(void **state)
{
	struct in6_addr home = t_addr("2001:db8:1::1:9"), coa = t_addr(COA), local = t_addr(AGENT);

	(void)state;
	t_rule("2001:db8:1::1:0", 112, (struct ha_rule){.max_bindings = 1});
	assert_int_equal(ha_add(&ha, &home, &coa, &local, 0, f.now, NULL), 0);
	assert_int_equal(ha.bound[0], 0);
	assert_int_equal(asked("2001:db8:1::1:1", 1, 100, false).status, BA_ACCEPTED);
	assert_int_equal(ha_del(&ha, &home, f.now, NULL), 0);
	assert_int_equal(ha.bound[0], 1);
}

static void restored_bindings_count(void **state)
{
	struct bc_entry e = {
		.home = t_addr("2001:db8:1::1:1"), .local = t_addr(AGENT), .coa = t_addr(COA), .lifetime = 9};

	(void)state;
	t_rule("2001:db8:1::1:0", 112, (struct ha_rule){.max_bindings = 1});
	e.expires = f.now + 30 * SEC;
	assert_int_equal(ha_restore(&ha, &e, f.now), 0);
	assert_int_equal(asked("2001:db8:1::1:2", 1, 100, false).status, BA_RESOURCES);
}

static void so_long(void **state)
{
	(void)state;
	t_rule("2001:db8:1::1:0", 112, (struct ha_rule){.max_lifetime = 40});
	t_rule("2001:db8:1::2:0", 112, (struct ha_rule){.max_lifetime = 6000});
	assert_int_equal(asked("2001:db8:1::1:1", 1, 100, false).lifetime, 10);
	assert_int_equal(asked("2001:db8:1::1:1", 2, 5, false).lifetime, 5);
	assert_int_equal(asked("2001:db8:1::2:1", 1, 1000, false).lifetime, 150); /* no longer than the home agent's */
	assert_int_equal(asked("2001:db8:1::3:1", 1, 1000, false).lifetime, 150);
}

#define T(name) cmocka_unit_test_setup_teardown(name, t_setup, t_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(the_longest_prefix_decides),
		T(without_ipsec),
		T(so_many_bindings),
		T(bindings_by_hand_do_not_count),
		T(restored_bindings_count),
		T(so_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
