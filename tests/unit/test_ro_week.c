/* A week of two mobile nodes and two correspondents: moves, traffic, loss, silence and restarts as they come. What may
 * never be said is checked in net.c for every message; here is what may never stand. */
#include "tests/unit/t_ro.h"

#define DAY (24 * 3600 * SEC)

static struct net_node *mn2, *cn2;
static struct net_node *pair[5][2];

static size_t count_heap(const struct timer *t)
{
	size_t n = 0;

	for (; t; t = t->next)
		n += 1 + count_heap(t->child);
	return n;
}

static void check_path(struct net_node *n, const struct net_fact *f)
{
	const struct bul_entry *e = bul_find(&n->mn.bul, &f->local, &f->remote);
	const struct bc_entry *b = bc_find(&n->cn.bc, &f->remote, &f->local);

	if (f->side == RO_HOME) {
		assert_non_null(e);
		assert_true(e->bound && net.now < e->expires);
		assert_memory_equal(&f->coa, &n->coa, 16);
		assert_true(n->link > 0);
	} else {
		assert_non_null(b);
		assert_true(net.now < b->expires && addr_eq(&b->coa, &f->coa));
	}
}

/* No path without a living binding; and nothing grows. */
static void check_all(void)
{
	size_t timers = net.flying;

	for (size_t i = 0; i < net.nodes; i++) {
		struct net_node *n = &net.node[i];

		for (size_t k = 0; k < NET_FACTS; k++)
			if (n->fact[k].on)
				check_path(n, &n->fact[k]);
		assert_true(bul_count(&n->mn.bul) <= 1 + 3);
		assert_true(bc_count(&n->cn.bc) + n->cn.ended.map.n <= 2 * 2);
		timers += bul_count(&n->mn.bul) + bc_count(&n->cn.bc) + bc_count(&n->ha.bc) + ATTACH_LINKS;
	}
	assert_true(count_heap(net.timers.root) <= timers);
}

static void wander(struct net_node *n)
{
	int link = (int)t_below(8) - 1;

	if (t_below(3) == 0 && link > 0 && n->link > 0)
		net_slide(n, link);
	else
		net_move(n, link);
}

static void weather(void)
{
	net.loss = t_below(2) ? 0 : t_below(400);
	net.jitter = t_below(2) ? 0 : (usec)t_below(200) * MSEC;
	net.twice = t_below(2) ? 0 : t_below(200);
	net.cut = t_below(10) == 0;
}

static void restart(struct net_node *n)
{
	cn_stop(&n->cn, net.now);
	cn_start(&n->cn, &(struct cn_conf){.max_bindings = 16, .test_rate = 1000});
}

static void one_thing(void)
{
	struct net_node **two = pair[t_below(5)];

	switch (t_below(12)) {
	case 0:
	case 1:
	case 2: wander(t_below(2) ? mn : mn2); break;
	case 3: weather(); break;
	case 4: net.node[t_below((unsigned)net.nodes - 1) + 1].deaf = t_below(4) == 0; break;
	case 5: restart(&net.node[t_below((unsigned)net.nodes - 1) + 1]); break;
	default: net_chat(two[0], two[1], t_below(20)); break;
	}
}

static void make_peace(void)
{
	net.loss = net.jitter = net.twice = 0;
	net.cut = false;
	for (size_t i = 0; i < net.nodes; i++)
		net.node[i].deaf = false;
	net_move(mn, 1);
	net_move(mn2, 2);
}

static bool all_optimized(void)
{
	for (size_t i = 0; i < 5; i++)
		if (!net_optimized(pair[i][0], pair[i][1]))
			return false;
	return net_optimized(mn2, mn);
}

/* One that was asked and never answered is left alone for 600 s; then it takes a moment. */
static void assert_heals(void)
{
	usec since = net.now;

	make_peace();
	while (!all_optimized() && net.now - since < 660 * SEC)
		for (size_t i = 0; i < 5; i++)
			net_chat(pair[i][0], pair[i][1], 2);
	assert_true(all_optimized());
	check_all();
}

static void a_week(void **state)
{
	usec end = net.now + 7 * DAY, heal = net.now + DAY / 4;
	size_t updates = 0;

	(void)state;
	while (net.now < end) {
		one_thing();
		check_all();
		net_run(&net, (usec)t_below(t_below(20) ? 3000 : 300000) * MSEC);
		check_all();
		if (net.now > heal) {
			assert_heals();
			heal = net.now + DAY / 4;
		}
	}
	for (size_t i = 0; i < net.nodes; i++)
		updates += net_sent(&net.node[i], MH_BU);
	assert_true(updates > 10000);
	make_peace();
	net_run(&net, 2000 * SEC); /* nobody speaks: all ends */
	assert_int_equal(bul_count(&mn->mn.bul) + bul_count(&mn2->mn.bul), 2);
	for (size_t i = 0; i < net.nodes; i++)
		assert_int_equal(bc_count(&net.node[i].cn.bc), 0);
}

static int setup_all(void **state)
{
	setup(state);
	mn2 = net_mn(&net, "2001:db8:1::200");
	cn2 = net_cn(&net, "2001:db8:d::2");
	settle(mn2, 2);
	memcpy(pair, (struct net_node *[5][2]){{mn, cn}, {mn, cn2}, {mn2, cn}, {mn2, cn2}, {mn, mn2}}, sizeof(pair));
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_week, setup_all, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
