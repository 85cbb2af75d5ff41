/* A home agent of one home link under virtual time, whose rules a test makes: who may register, and what is routed to
 * him. */
#ifndef MIP_TESTS_UNIT_T_HA_H
#define MIP_TESTS_UNIT_T_HA_H

#include "base/addr.h"
#include "role/ha.h"
#include "tests/unit/world.h"

#define LINK  7
#define AGENT "2001:db8:1::1"

static struct fake f;
static struct ha ha;
static struct ha_conf conf;

static inline void t_rule(const char *prefix, uint8_t plen, struct ha_rule r)
{
	r.addr = t_addr(prefix);
	r.plen = plen;
	conf.rule[conf.rules++] = r;
	ha_start(&ha, &conf);
}

static int t_setup(void **state)
{
	struct in6_addr a = t_addr(AGENT);

	(void)state;
	fake_open(&f);
	ha_init(&ha, &f.w, 42);
	conf = (struct ha_conf){.links = 1, .link = {{.ifindex = LINK}}, .max_lifetime = 600, .max_bindings = 100};
	conf.insecure = true;
	ha_start(&ha, &conf);
	ha_address(&ha, LINK, &a, 64, false);
	return 0;
}

static int t_teardown(void **state)
{
	(void)state;
	ha_stop(&ha, f.now);
	fake_close(&f);
	return 0;
}

#endif
