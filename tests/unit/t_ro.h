/* A mobile node, a correspondent and a network between them: what the tests of route optimization begin with. */
#ifndef MIP_TESTS_UNIT_T_RO_H
#define MIP_TESTS_UNIT_T_RO_H

#include "base/addr.h"
#include "tests/unit/net.h"

static struct net net;
static struct net_node *mn, *cn;

static bool is_registered(void *n)
{
	return net_registered(n);
}

/* To a link, and the home agent has agreed. */
static inline void settle(struct net_node *n, int link)
{
	net_move(n, link);
	assert_true(net_until(&net, 10 * SEC, is_registered, n));
}

static bool is_optimized(void *arg)
{
	(void)arg;
	return net_optimized(mn, cn);
}

static int setup(void **state)
{
	(void)state;
	t_seed();
	net_open(&net);
	cn = net_cn(&net, "2001:db8:c::2");
	mn = net_mn(&net, "2001:db8:1::100");
	settle(mn, 1);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	net_close(&net);
	return 0;
}

static inline enum mip_ro_state ro_state(void)
{
	const struct bul_entry *e = net_entry(mn, cn);

	return e ? e->ro : MIP_RO_NONE;
}

/* Traffic until packets travel directly. */
static inline void optimize(void)
{
	net_chat(mn, cn, 2);
	assert_true(net_until(&net, 5 * SEC, is_optimized, NULL));
	assert_true(net_until(&net, SEC, is_optimized, NULL));
}

/* What left since it was cleared, by type. */
static inline void clear_sent(struct net_node *n)
{
	memset(n->sent, 0, sizeof(n->sent));
	n->to_agent = 0;
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
