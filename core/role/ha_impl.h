/* Between ha.c (bindings), ha_dhaad.c (who serves) and ha_prefix.c (which prefixes). */
#ifndef MIP_ROLE_HA_IMPL_H
#define MIP_ROLE_HA_IMPL_H

#include "role/ha.h"

/* A binding of before, that another home agent of the link may have taken over meanwhile: asked before it is announced.
 */
enum ha_doubt { HA_SURE, HA_TO_ASK, HA_ASKED };

/* ha.c: the binding's timer is due at what comes next. */
void ha_rearm(struct ha *ha, struct bc_entry *e);
/* What was to come through IPsec and did not (enum mh_type, or ICMPv6 type) is counted, told, and not answered. */
void ha_complain(struct ha *ha, const struct in6_addr *home, const struct in6_addr *from, uint8_t type, usec now);

/* ha_rules.c. The configuration changed: bindings are counted anew; one came (1) or goes (-1). */
void ha_follow_rules(struct ha *ha);
void ha_count(struct ha *ha, const struct bc_entry *e, int by);
bool ha_has_room(const struct ha *ha, const struct in6_addr *home);
bool ha_may_register(const struct ha *ha, const struct in6_addr *home, bool esp);
uint32_t ha_max_lifetime(const struct ha *ha, const struct in6_addr *home);

/* ha_links.c. The configuration changed. */
void ha_follow_links(struct ha *ha, const struct ha_conf *conf);
/* The link a home address is defended on: that of its prefix, unless there are no neighbours; 0 = none. */
unsigned ha_wire_of(const struct ha *ha, const struct in6_addr *home);
/* The address of ours whose prefix covers `home`, or NULL; the home link the prefix of a binding is on, or NULL. */
const struct ha_addr *ha_addr_for(const struct ha *ha, const struct in6_addr *home);
struct ha_link *ha_link_of(const struct ha *ha, const struct bc_entry *e);

/* ha_prefix.c. When the prefix of a home address ends; NEVER when nothing is known of it. */
usec ha_prefix_end(const struct ha *ha, const struct in6_addr *home);
/* Does it stay preferred as long as the binding, and valid longer? Otherwise the mobile node is to ask (10.3.1). */
bool ha_prefix_lasts(const struct ha *ha, const struct bc_entry *e, usec now);
/* The next unsolicited advertisement to this mobile node; e->prefix_at has come; the prefixes of a link are not what
 * they were. */
void ha_prefix_schedule(struct ha *ha, struct bc_entry *e, usec now);
void ha_prefix_due(struct ha *ha, struct bc_entry *e, usec now);
void ha_prefix_changed(struct ha *ha, const struct ha_link *l, usec now);
/* It was heard of again: what it did not hear is told anew (10.6.2). */
void ha_prefix_again(struct bc_entry *e, usec now);

#endif
