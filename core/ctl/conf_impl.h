/* Inside of conf.h: what its files share. Not for others. */
#ifndef MIP_CTL_CONF_IMPL_H
#define MIP_CTL_CONF_IMPL_H

#include "ctl/conf.h"

#define CONF_LIFETIME_MIN 4
#define CONF_LIFETIME_MAX (65534 * 4) /* 65535 would mean infinity, RFC 6275 6.1.7 */
#define CONF_CACHE_MAX	  10000000

/* Defaults. */
#define CONF_HA_LIFETIME	 3600
#define CONF_HA_BINDINGS	 100000
#define CONF_MIN_PREFIX_INTERVAL 600
#define CONF_MAX_PREFIX_INTERVAL 86400
#define CONF_CN_BINDINGS	 10000
#define CONF_CN_TEST_RATE	 1000

/* Values of a request: what is not said, or refused, stays as it was. 0 or -errno with `why`. */
int conf_take_lifetime(const struct ctl_request *rq, enum mip_attr a, uint32_t least, uint32_t *to, struct why *why)
	__attribute__((warn_unused_result));
int conf_take_ipv4(const struct ctl_request *rq, struct in6_addr *to, struct why *why)
	__attribute__((warn_unused_result));
int conf_take_address(const struct ctl_request *rq, enum mip_attr a, struct in6_addr *to, struct why *why)
	__attribute__((warn_unused_result));
/* 1 to most. */
int conf_take_number(const struct ctl_request *rq, enum mip_attr a, uint32_t most, uint32_t *to, struct why *why)
	__attribute__((warn_unused_result));
void conf_take_dev(const struct ctl_request *rq, char dev[IF_NAMESIZE]);

/* Is there nobody whose registration the home agent would take? */
bool conf_serves_nobody(const struct conf *c);

/* A write command each, as conf_change. */
#define CHANGE(name)                                                                                                   \
	int conf_##name(struct conf *c, const struct ctl_request *rq, struct why *why)                                 \
		__attribute__((warn_unused_result))
CHANGE(ha_set);
CHANGE(ha_start);
CHANGE(ha_add);
CHANGE(ha_del);
CHANGE(ha_stop);
CHANGE(acl_allow);
CHANGE(acl_deny);
CHANGE(acl_del);
CHANGE(binding_add);
CHANGE(binding_del);
CHANGE(mn_add);
CHANGE(mn_del);
CHANGE(mn_start);
CHANGE(mn_stop);
CHANGE(mn_use);
CHANGE(mn_unuse);
CHANGE(ipsec_add);
CHANGE(ipsec_del);
CHANGE(auth_add);
CHANGE(auth_del);
#undef CHANGE

/* conf_link.c: the attributes of `mn use`. */
void conf_link_put(const struct conf_link *l, struct ctl_msg *m);

#endif
