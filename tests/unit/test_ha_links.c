/* A home agent of several home links, and of a virtual one, under virtual time. */
#include <errno.h>

#include "base/addr.h"
#include "role/ha.h"
#include "tests/unit/world.h"

#define ONE   7
#define TWO   8
#define VIRT  9
#define COA   "2001:db8:a::5"
#define HOME1 "2001:db8:1::100"
#define HOME2 "2001:db8:2::100"
#define HOME9 "2001:db8:9::100"

static struct fake f;
static struct ha ha;

static const struct ha_conf conf = {.links = 3,
	.link = {{ONE, false}, {TWO, false}, {VIRT, true}},
	.max_lifetime = 600,
	.max_bindings = 100,
	.insecure = true};

static void own(unsigned ifindex, const char *text)
{
	struct in6_addr a = t_addr(text);

	ha_address(&ha, ifindex, &a, 64, false);
}

static int setup(void **state)
{
	(void)state;
	fake_open(&f);
	ha_init(&ha, &f.w, 42);
	ha_start(&ha, &conf);
	own(ONE, "2001:db8:1::1");
	own(TWO, "2001:db8:2::1");
	own(VIRT, "2001:db8:9::1");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	ha_stop(&ha, f.now);
	fake_close(&f);
	return 0;
}

static void ask(const char *home, const char *agent, uint16_t seq)
{
	struct via via = {.src = t_addr(COA), .dst = t_addr(agent), .hao = t_addr(home), .has_hao = true};
	struct mh m = {
		.type = MH_BU, .u.bu = {.seq = seq, .flags = BU_F_ACK | BU_F_HOME | BU_F_LINKLOCAL, .lifetime = 50}};

	ha_on_bu(&ha, &via, &m, false, f.now);
}

static struct bc_entry *entry(const char *home)
{
	struct in6_addr a = t_addr(home);

	return bc_find(&ha.bc, &a, NULL);
}

static size_t on_link(enum did what, unsigned ifindex)
{
	size_t n = 0;

	for (size_t i = 0; i < fake_did(&f, what); i++)
		n += fake_nth(&f, what, i)->ifindex == ifindex;
	return n;
}

static void both_registered(void)
{
	ask(HOME1, "2001:db8:1::1", 1);
	ask(HOME2, "2001:db8:2::1", 1);
	fake_run(&f, 10 * SEC);
	assert_int_equal(bc_count(&ha.bc), 2);
	assert_int_equal(entry(HOME1)->state, MIP_BINDING_ACTIVE);
	assert_int_equal(entry(HOME2)->state, MIP_BINDING_ACTIVE);
}

static void defended_where_the_prefix_is(void **state)
{
	(void)state;
	both_registered();
	/* the address and its link-local one, each on its own link; three announcements of both */
	assert_int_equal(on_link(DID_PROBE, ONE), 2);
	assert_int_equal(on_link(DID_PROBE, TWO), 2);
	assert_int_equal(on_link(DID_CLAIM, ONE), 6);
	assert_int_equal(on_link(DID_CLAIM, TWO), 6);
	assert_true(ha_defends(&ha, ONE, &entry(HOME1)->home));
	assert_false(ha_defends(&ha, TWO, &entry(HOME1)->home));
	assert_false(ha_defends(&ha, VIRT, &entry(HOME1)->home));
}

/* The same interface identifier on both links, so the same link-local address: who has it on one says nothing of the
 * other. */
static void taken_on_one_link(void **state)
{
	struct in6_addr ll = t_addr("fe80::100");

	(void)state;
	ask(HOME1, "2001:db8:1::1", 1);
	ask(HOME2, "2001:db8:2::1", 1);
	ha_on_taken(&ha, TWO, &ll, f.now);
	assert_non_null(entry(HOME1));
	assert_null(entry(HOME2));
	assert_int_equal(fake_last(&f, DID_SEND)->mh.u.ba.status, BA_DAD_FAILED);
	fake_run(&f, SEC);
	assert_int_equal(entry(HOME1)->state, MIP_BINDING_ACTIVE);
}

static void served_at_another_links_address(void **state)
{
	(void)state;
	ask(HOME2, "2001:db8:1::1", 1);
	fake_run(&f, SEC);
	assert_int_equal(entry(HOME2)->ifindex, TWO);
	assert_int_equal(on_link(DID_PROBE, TWO), 2);
}

/* Nobody is there to be asked, or to be told. */
static void virtual_link(void **state)
{
	(void)state;
	ask(HOME9, "2001:db8:9::1", 1);
	assert_int_equal(fake_last(&f, DID_SEND)->mh.u.ba.status, BA_ACCEPTED);
	assert_int_equal(entry(HOME9)->state, MIP_BINDING_ACTIVE);
	assert_int_equal(fake_did(&f, DID_BIND), 1);
	fake_run(&f, 10 * SEC);
	assert_int_equal(fake_did(&f, DID_PROBE) + fake_did(&f, DID_CLAIM), 0);
	ask(HOME9, "2001:db8:9::1", 2);
	assert_int_equal(entry(HOME9)->seq, 2);
	fake_run(&f, 200 * SEC);
	assert_null(entry(HOME9));
}

static struct nd_ra ra_of(const char *addr, uint16_t preference, uint32_t valid)
{
	struct nd_ra ra = {.home_agent = true, .has_ha_info = true, .ha_lifetime = 1800, .prefixes = 1};

	ra.ha_preference = preference;
	ra.router_lifetime = 1800;
	ra.prefix[0] = (struct nd_prefix){.prefix = t_addr(addr), .len = 64, .router = true, .valid = valid};
	ra.prefix[0].preferred = valid;
	return ra;
}

static void discover(const char *anycast, struct dhaad *to)
{
	struct via via = {.src = t_addr(COA), .dst = t_addr(anycast)};
	const struct note *n;

	fake_forget(&f);
	ha_on_dhaad(&ha, &via, &(struct dhaad){.id = 77}, f.now);
	assert_int_equal(fake_did(&f, DID_ICMP), 1);
	n = fake_last(&f, DID_ICMP);
	assert_int_equal(dhaad_read(n->icmp, n->icmp_len, to), 0);
}

/* 10.5: the home agents of the link that was asked, and no other. */
static void each_link_has_its_list(void **state)
{
	struct in6_addr router = t_addr("fe80::2");
	struct nd_ra ra = ra_of("2001:db8:2::2", 5, 7200);
	struct ha_conf other = conf;
	struct dhaad d;

	(void)state;
	ha_on_ra(&ha, TWO, &router, &ra, f.now);
	ha_on_ra(&ha, 99, &router, &ra, f.now);
	discover("2001:db8:1:0:fdff:ffff:ffff:fffe", &d);
	assert_int_equal(d.agents, 1);
	assert_addr(d.agent[0], "2001:db8:1::1");
	discover("2001:db8:2:0:fdff:ffff:ffff:fffe", &d);
	assert_int_equal(d.agents, 2);
	assert_addr(d.agent[0], "2001:db8:2::2");
	/* what was heard outlives a change of other links */
	other.links = 1;
	other.link[0] = conf.link[1];
	ha_start(&ha, &other);
	discover("2001:db8:2:0:fdff:ffff:ffff:fffe", &d);
	assert_int_equal(d.agents, 2);
}

/* What a link's routers say bounds its own bindings. */
static void lifetimes_of_one_link(void **state)
{
	struct in6_addr router = t_addr("fe80::1");
	struct nd_ra ra = ra_of("2001:db8:2::1", 0, 40);

	(void)state;
	ha_on_ra(&ha, TWO, &router, &ra, f.now);
	both_registered();
	assert_int_equal(entry(HOME1)->lifetime, 50);
	assert_int_equal(entry(HOME2)->lifetime, 10);
}

static void a_link_that_is_served_no_more(void **state)
{
	struct ha_conf less = conf;

	(void)state;
	both_registered();
	ask(HOME9, "2001:db8:9::1", 1);
	ha_drop_link(&ha, TWO, f.now);
	assert_null(entry(HOME2));
	ha_drop_link(&ha, VIRT, f.now);
	assert_null(entry(HOME9));
	less.links = 1;
	ha_start(&ha, &less);
	assert_non_null(entry(HOME1));
	assert_int_equal(ha.links, 1);
}

/* The link went and came back as another number; the binding outlived it. */
static void a_link_with_another_number(void **state)
{
	struct ha_conf now = conf;
	struct in6_addr a = t_addr("2001:db8:2::1");

	(void)state;
	both_registered();
	now.link[1].ifindex = 55;
	ha_address(&ha, TWO, &a, 64, true);
	ha_start(&ha, &now);
	assert_false(ha_rehome(&ha, entry(HOME2)));
	own(55, "2001:db8:2::1");
	assert_true(ha_rehome(&ha, entry(HOME2)));
	assert_false(ha_rehome(&ha, entry(HOME2)));
	assert_false(ha_rehome(&ha, entry(HOME1)));
	assert_true(ha_defends(&ha, 55, &entry(HOME2)->home));
}

/* A carrier that was gone: the kernel defends nothing there any more, and somebody else may have begun to. */
static void a_link_that_was_cut_off(void **state)
{
	struct in6_addr home1 = t_addr(HOME1), home2 = t_addr(HOME2);

	(void)state;
	both_registered();
	fake_forget(&f);
	ha_link_back(&ha, TWO, f.now);
	fake_run(&f, SEC / 2);
	assert_int_equal(on_link(DID_PROBE, TWO), 2);
	assert_int_equal(fake_did(&f, DID_PROBE), 2);
	fake_run(&f, SEC);
	assert_int_equal(on_link(DID_CLAIM, TWO), 2);
	assert_int_equal(fake_did(&f, DID_CLAIM), 2);
	ha_on_taken(&ha, TWO, &home2, f.now);
	assert_non_null(entry(HOME2));
	ha_link_back(&ha, ONE, f.now);
	fake_run(&f, SEC / 2);
	ha_on_taken(&ha, ONE, &home1, f.now);
	assert_null(entry(HOME1));
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(defended_where_the_prefix_is),
		T(taken_on_one_link),
		T(served_at_another_links_address),
		T(virtual_link),
		T(each_link_has_its_list),
		T(lifetimes_of_one_link),
		T(a_link_that_is_served_no_more),
		T(a_link_with_another_number),
		T(a_link_that_was_cut_off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
