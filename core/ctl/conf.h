/*
 * The wished-for configuration: a plain value. Write commands change a copy of it,
 * the agent makes the world follow, and only then the copy becomes the truth: that is the whole
 * transaction. `mip save` prints it back as the commands that make it.
 */
#ifndef MIP_CTL_CONF_H
#define MIP_CTL_CONF_H

#include <net/if.h>

#include "ctl/codec.h"
#include "role/ha.h"
#include "role/mn.h"

#define CONF_BINDINGS_MAX 256

struct conf_binding {
	struct in6_addr home, coa, local; /* local :: = the home agent's address */
	uint32_t lifetime;		  /* seconds, 0 = until removed */
};

struct conf {
	struct {
		bool enabled;
		char dev[IF_NAMESIZE]; /* "" = the only link with a global address */
		struct in6_addr address;
		uint32_t max_lifetime, max_bindings;
		bool insecure;
		size_t allows;
		struct ha_prefix allow[HA_ALLOWS_MAX];
		int16_t preference;
		uint32_t min_prefix_interval, max_prefix_interval;
	} ha;
	struct {
		bool enabled;
		char dev[IF_NAMESIZE]; /* "" = all */
		size_t homes;
		struct mn_home_conf home[MN_HOMES_MAX];
	} mn;
	struct {
		bool enabled; /* by itself; with another role it runs anyway */
		uint32_t max_bindings, test_rate;
	} cn;
	struct {
		size_t policies;
		struct ro_policy policy[MN_POLICIES_MAX];
	} ro;
	size_t bindings;
	struct conf_binding binding[CONF_BINDINGS_MAX];
};

void conf_default(struct conf *c);
/* The binding made by hand of a home address, or NULL. */
struct conf_binding *conf_binding(const struct conf *c, const struct in6_addr *home);
/* What one write command wishes for. 0 or -errno with `why`; on failure *c may be half changed: work on a copy. */
int conf_change(struct conf *c, const struct ctl_request *rq, struct why *why) __attribute__((warn_unused_result));
/* The n-th of the commands that make c out of the default, as a CONFIG_GET record. 0, or 1 when there is no n-th. */
int conf_command(const struct conf *c, size_t n, struct ctl_msg *record);

#endif
