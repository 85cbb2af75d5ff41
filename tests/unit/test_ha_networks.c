/* Mobile routers at the home agent (RFC 3963 6) under virtual time: who may have which prefix routed to him. */
#include <errno.h>

#include "tests/unit/t_ha.h"

#define ROUTER	   "2001:db8:1::100"
#define ROUTER2	   "2001:db8:1::200"
#define COA	   "2001:db8:a::5"
#define COA2	   "2001:db8:b::5"
#define NET	   "2001:db8:77::"
#define FLAGS	   (BU_F_ACK | BU_F_HOME | BU_F_ROUTER)
#define PREFIX_MAX 24

static uint16_t seq;

static void rule(const char *home, uint8_t plen, uint32_t most, const char *network, uint8_t nlen)
{
	struct ha_rule r = {.max_networks = most, .networks = network != NULL};

	if (network)
		r.network[0] = (struct addr_prefix){t_addr(network), nlen};
	t_rule(home, plen, r);
}

static int setup(void **state)
{
	int err = t_setup(state);

	seq = 0;
	rule(ROUTER, 128, 0, NET, 48);
	rule(ROUTER2, 128, 0, "2001:db8:88::", 48);
	return err;
}

/* One update of `home` from `coa` with these prefixes, "A/n B/n ...", is answered with: */
static uint8_t asked_by(const char *home, const char *coa, uint16_t flags, uint16_t life, const char *prefixes)
{
	struct via via = {.src = t_addr(coa), .dst = t_addr(AGENT), .hao = t_addr(home), .has_hao = true};
	struct mh m = {.type = MH_BU, .u.bu = {.seq = ++seq, .flags = flags, .lifetime = life}};
	char text[1024], *save = NULL;
	const struct note *n;

	snprintf(text, sizeof(text), "%s", prefixes);
	for (char *p = strtok_r(text, " ", &save); p; p = strtok_r(NULL, " ", &save)) {
		char *slash = strchr(p, '/');

		*slash = 0;
		if (m.opt.networks < MH_NETWORKS)
			m.opt.network[m.opt.networks] = (struct addr_prefix){t_addr(p), (uint8_t)atoi(slash + 1)};
		m.opt.networks++;
	}
	m.opt.has = m.opt.networks ? MHO_NETWORK : 0;
	fake_forget(&f);
	ha_on_bu(&ha, &via, &m, false, f.now);
	fake_run(&f, 2 * SEC);
	assert_int_equal(fake_did(&f, DID_SEND), 1);
	n = fake_last(&f, DID_SEND);
	assert_int_equal(n->mh.u.ba.flags, flags & BU_F_ROUTER ? BA_F_ROUTER : 0);
	return n->mh.u.ba.status;
}

static uint8_t asked(const char *prefixes)
{
	return asked_by(ROUTER, COA, FLAGS, 100, prefixes);
}

static bool routed(const char *network)
{
	struct in6_addr a = t_addr(network);

	return fake_holds(&f.routed, &a);
}

static struct bc_entry *entry(const char *home)
{
	struct in6_addr a = t_addr(home);

	return bc_find(&ha.bc, &a, NULL);
}

/* 6.2: all of them; kept through a move, withdrawn at de-registration. */
static void explicit_prefixes(void **state)
{
	(void)state;
	assert_int_equal(asked("2001:db8:77:1::/64 2001:db8:77:200::/56"), BA_ACCEPTED);
	assert_true(routed("2001:db8:77:1::") && routed("2001:db8:77:200::"));
	assert_int_equal(entry(ROUTER)->networks, 2);
	assert_int_equal(asked_by(ROUTER, COA2, FLAGS, 100, "2001:db8:77:1::/64 2001:db8:77:200::/56"), BA_ACCEPTED);
	assert_int_equal(fake_did(&f, DID_BIND), 1);
	assert_int_equal(fake_did(&f, DID_UNROUTE), 0);
	assert_int_equal(asked_by(ROUTER, COA2, FLAGS, 100, "2001:db8:77:1::/64 2001:db8:77:200::/56"), BA_ACCEPTED);
	assert_int_equal(fake_did(&f, DID_BIND), 0); /* a refresh changes nothing */
	assert_int_equal(asked_by(ROUTER, COA2, FLAGS, 0, ""), BA_ACCEPTED);
	assert_int_equal(f.routed.n, 0);
	assert_int_equal(ha.networks.n, 0);
}

/* 5.2: what is to go on being forwarded is in every update. */
static void prefixes_change_with_an_update(void **state)
{
	(void)state;
	assert_int_equal(asked("2001:db8:77::/56"), BA_ACCEPTED);
	assert_int_equal(asked("2001:db8:77::/57 2001:db8:77:80::/57"), BA_ACCEPTED);
	assert_true(routed("2001:db8:77:80::"));
	assert_int_equal(asked("2001:db8:77:80::/57"), BA_ACCEPTED);
	assert_false(routed("2001:db8:77::"));
	assert_int_equal(f.routed.n, 1);
	fake_run(&f, 500 * SEC);
	assert_null(entry(ROUTER));
	assert_int_equal(ha.networks.n, 0);
}

static void implicit_prefixes(void **state)
{
	(void)state;
	assert_int_equal(asked(""), BA_ACCEPTED);
	assert_true(routed(NET));
	rule("2001:db8:1::300", 120, 0, "2001:db8:99::", 48);
	assert_int_equal(asked_by("2001:db8:1::301", COA, FLAGS, 100, ""), BA_NO_FORWARDING); /* whose are they? */
	assert_int_equal(asked_by("2001:db8:1::301", COA, FLAGS, 100, "2001:db8:99:1::/64"), BA_ACCEPTED);
}

static void who_is_no_router(void **state)
{
	(void)state;
	assert_int_equal(asked_by("2001:db8:1::400", COA, FLAGS, 100, "2001:db8:77::/56"), BA_NO_ROUTER);
	assert_int_equal(asked_by("2001:db8:1::400", COA, FLAGS, 100, ""), BA_NO_ROUTER);
	/* 6.2: without H */
	assert_int_equal(asked_by(ROUTER, COA, BU_F_ACK | BU_F_ROUTER, 100, ""), BA_NO_ROUTER);
	/* 4.1: without R nothing is forwarded, whatever it carries */
	assert_int_equal(asked_by(ROUTER, COA, FLAGS & ~BU_F_ROUTER, 100, "2001:db8:77::/56"), BA_ACCEPTED);
	assert_int_equal(f.routed.n, 0);
	assert_int_equal(asked("2001:db8:77::/56"), BA_TYPE_CHANGE);
	f.protects = 1 << MIP_PROTECT_PAYLOAD;
	assert_int_equal(asked_by(ROUTER2, COA, FLAGS, 100, ""), BA_NO_ROUTER);
}

static void type_change(void **state)
{
	(void)state;
	assert_int_equal(asked("2001:db8:77::/56"), BA_ACCEPTED);
	assert_int_equal(asked_by(ROUTER, COA, FLAGS & ~BU_F_ROUTER, 100, ""), BA_TYPE_CHANGE);
	assert_true(routed(NET));
	/* 6.2: it may end the binding whatever it says it is */
	assert_int_equal(asked_by(ROUTER, COA, FLAGS & ~BU_F_ROUTER, 0, ""), BA_ACCEPTED);
	assert_false(routed(NET));
}

/* 141 before 142; refused as a whole, and what stood stands. */
static void invalid_prefixes(void **state)
{
	(void)state;
	assert_int_equal(asked("2001:db8:77::/56"), BA_ACCEPTED);
	assert_int_equal(asked("2001:db8:77:1::/64 ::/0"), BA_INVALID_PREFIX);
	assert_int_equal(asked("2001:db8:77:1::/64 2001:db8:66::/129"), BA_INVALID_PREFIX);
	assert_int_equal(asked("ff00::/8"), BA_INVALID_PREFIX);
	assert_int_equal(asked("fe80::/64"), BA_INVALID_PREFIX);
	assert_int_equal(asked("2001:db8:1::/64"), BA_INVALID_PREFIX); /* the home link's, and ours */
	assert_int_equal(asked("2001:db8::/32"), BA_INVALID_PREFIX);   /* covers it */
	assert_int_equal(asked("2001:db8:77::/56 2001:db8:77:1::/64"), BA_INVALID_PREFIX);
	assert_int_equal(asked("2001:db8:66::/64 ::/0"), BA_INVALID_PREFIX);
	assert_true(routed(NET));
	assert_int_equal(f.routed.n, 1);
}

static void prefixes_of_others(void **state)
{
	(void)state;
	assert_int_equal(asked("2001:db8:88::/56"), BA_NOT_AUTHORIZED);
	assert_int_equal(asked("2001:db8:76::/47"), BA_NOT_AUTHORIZED); /* more than it may have */
	conf.rules = 0;
	rule("2001:db8:1::", 64, 0, "2001:db8:7000::", 36);
	assert_int_equal(asked("2001:db8:7000::/56"), BA_ACCEPTED);
	assert_int_equal(asked_by(ROUTER2, COA2, FLAGS, 100, "2001:db8:7000::/56"), BA_NOT_AUTHORIZED);
	assert_int_equal(asked_by(ROUTER2, COA2, FLAGS, 100, "2001:db8:7000:1::/64"), BA_NOT_AUTHORIZED);
	assert_int_equal(asked_by(ROUTER2, COA2, FLAGS, 100, "2001:db8:7000::/48"), BA_NOT_AUTHORIZED);
	assert_int_equal(asked_by(ROUTER2, COA2, FLAGS, 100, "2001:db8:7000:100::/56"), BA_ACCEPTED);
	assert_int_equal(ha.networks.n, 2);
	/* nor a home address inside somebody's mobile network */
	rule("2001:db8:1::5", 128, 0, "2001:db8:1:0:8000::", 68);
	assert_int_equal(asked_by("2001:db8:1::5", COA, FLAGS, 100, ""), BA_ACCEPTED);
	assert_int_equal(asked_by("2001:db8:1:0:8000::5", COA2, BU_F_ACK | BU_F_HOME, 100, ""), BA_PROHIBITED);
}

static void so_many(void **state)
{
	char text[PREFIX_MAX * 24] = "";

	(void)state;
	for (int i = 0; i < 17; i++) {
		size_t at = strlen(text);

		snprintf(text + at, sizeof(text) - at, "2001:db8:77:%x::/64 ", i);
		if (i == HA_NETWORKS - 1)
			assert_int_equal(asked(text), BA_ACCEPTED);
		if (i == HA_NETWORKS)
			assert_int_equal(asked(text), BA_NOT_AUTHORIZED);
	}
	assert_int_equal(asked(text), BA_NOT_AUTHORIZED);
	conf.rules = 0;
	rule(ROUTER, 128, MH_NETWORKS, NET, 48);
	assert_int_equal(asked(text), BA_NOT_AUTHORIZED); /* 17 */
	assert_int_equal(entry(ROUTER)->networks, HA_NETWORKS);
}

/* A care-of address inside what is tunnelled to it. */
static void circles(void **state)
{
	(void)state;
	assert_int_equal(asked_by(ROUTER, "2001:db8:77::5", FLAGS, 100, "2001:db8:77::/56"), BA_INVALID_COA);
	assert_int_equal(asked("2001:db8:77::/56"), BA_ACCEPTED);
	assert_int_equal(asked_by(ROUTER, "2001:db8:77::5", FLAGS, 100, "2001:db8:77::/56"), BA_INVALID_COA);
	assert_int_equal(asked_by(ROUTER2, "2001:db8:77::5", FLAGS, 100, "2001:db8:88::/56"), BA_ACCEPTED);
	assert_int_equal(asked_by(ROUTER, "2001:db8:88::5", FLAGS, 100, "2001:db8:77::/56"), BA_INVALID_COA);
	assert_int_equal(asked_by("2001:db8:1::9", "2001:db8:88::9", BU_F_ACK | BU_F_HOME, 100, ""), BA_ACCEPTED);
}

/* All or none. */
static void the_data_path_fails(void **state)
{
	(void)state;
	f.bind_err = -ENOMEM;
	assert_int_equal(asked("2001:db8:77::/56"), BA_INVALID_PREFIX);
	assert_int_equal(asked(""), BA_NO_FORWARDING);
	assert_int_equal(ha.networks.n, 0);
	f.bind_err = 0;
	assert_int_equal(asked("2001:db8:77::/56"), BA_ACCEPTED);
	f.bind_err = -ENOMEM;
	assert_int_equal(asked("2001:db8:77:100::/56"), BA_INVALID_PREFIX);
	f.bind_err = 0;
	assert_true(routed(NET));
	assert_int_equal(ha.networks.n, 1);
	assert_int_equal(asked("2001:db8:77::/56"), BA_ACCEPTED);
}

static void restored(void **state)
{
	struct addr_prefix net = {t_addr(NET), 56};
	struct bc_entry kept = {.home = t_addr(ROUTER),
		.local = t_addr(AGENT),
		.coa = t_addr(COA),
		.flags = FLAGS,
		.lifetime = 9,
		.networks = 1,
		.network = &net};

	(void)state;
	kept.expires = f.now + 30 * SEC;
	assert_int_equal(ha_restore(&ha, &kept, f.now), 0);
	assert_true(routed(NET));
	net = (struct addr_prefix){t_addr("2001:db8:99::"), 56}; /* which was its once */
	kept.home = t_addr(ROUTER2);
	assert_int_equal(ha_restore(&ha, &kept, f.now), -EADDRNOTAVAIL);
	assert_int_equal(f.routed.n, 1);
}

/* RFC 3963 7: who asks for home agents of mobile routers hears of those; of all when there is none. */
static void discovery(void **state)
{
	struct in6_addr net = t_addr("2001:db8:1::"), other = t_addr("fe80::2");
	struct via via = {.src = t_addr(COA), .dst = homeagents_anycast(&net, 64)};
	struct dhaad d, request = {.id = 5, .routers = true};
	struct nd_ra ra = {.home_agent = true, .router_lifetime = 1800, .prefixes = 1};

	(void)state;
	ra.prefix[0] = (struct nd_prefix){.prefix = t_addr("2001:db8:1::2"), .len = 64, .router = true, .valid = 9999};
	ha_on_ra(&ha, LINK, &other, &ra, f.now);
	ha_on_dhaad(&ha, &via, &request, f.now);
	assert_int_equal(dhaad_read(fake_last(&f, DID_ICMP)->icmp, fake_last(&f, DID_ICMP)->icmp_len, &d), 0);
	assert_true(d.routers);
	assert_int_equal(d.agents, 1);
	ra.has_ha_info = ra.ha_routers = true;
	ra.ha_lifetime = 1800;
	ha_on_ra(&ha, LINK, &other, &ra, f.now);
	ha_on_dhaad(&ha, &via, &request, f.now);
	assert_int_equal(dhaad_read(fake_last(&f, DID_ICMP)->icmp, fake_last(&f, DID_ICMP)->icmp_len, &d), 0);
	assert_int_equal(d.agents, 2);
	conf.rules = 0;
	ha_start(&ha, &conf);
	ra.ha_routers = false;
	ha_on_ra(&ha, LINK, &other, &ra, f.now);
	ha_on_dhaad(&ha, &via, &request, f.now);
	assert_int_equal(dhaad_read(fake_last(&f, DID_ICMP)->icmp, fake_last(&f, DID_ICMP)->icmp_len, &d), 0);
	assert_false(d.routers);
	assert_int_equal(d.agents, 2);
}

/* Against a list that is searched from end to end. */
static void the_table(void **state)
{
	struct networks l = {0};
	struct addr_prefix all[64];
	size_t n = 0;

	(void)state;
	for (int step = 0; step < 20000; step++) {
		struct in6_addr a = {{{0x20, [2] = (uint8_t)(t_random() & 3), [3] = (uint8_t)(t_random() & 15)}}};
		struct addr_prefix p = addr_prefix(&a, (uint8_t)(20 + t_random() % 13));
		bool meets = false;
		const struct network *holds = networks_of(&l, &a);

		for (size_t i = 0; i < n; i++) {
			meets |= addr_in(&p.addr, &all[i].addr, p.plen < all[i].plen ? p.plen : all[i].plen);
			assert_int_equal(addr_in(&all[i].addr, &a, all[i].plen),
				holds && addr_eq(&holds->prefix.addr, &all[i].addr));
		}
		assert_int_equal(networks_meeting(&l, &p, NULL) != NULL, meets);
		if (!meets && n < 64) {
			assert_true(networks_reserve(&l, 1));
			networks_put(&l, &p, (const struct bc_entry *)&l);
			all[n++] = p;
		} else if (n && t_random() % 2) {
			size_t i = t_random() % n;

			networks_drop(&l, &all[i]);
			all[i] = all[--n];
		}
		assert_int_equal(l.n, n);
	}
	networks_free(&l);
}

#define T(test) cmocka_unit_test_setup_teardown(test, setup, t_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(explicit_prefixes),
		T(prefixes_change_with_an_update),
		T(implicit_prefixes),
		T(who_is_no_router),
		T(type_change),
		T(invalid_prefixes),
		T(prefixes_of_others),
		T(so_many),
		T(circles),
		T(the_data_path_fails),
		T(restored),
		T(discovery),
		cmocka_unit_test(the_table),
	};

	return cmocka_run_group_tests_name("ha_networks", tests, NULL, NULL);
}
