/*
 * The prefixes of mobile networks that bindings hold (RFC 3963 6.1.2): no two share an address, so that each packet
 * has one mobile router. Sorted by address; a look costs the logarithm of how many there are.
 */
#ifndef MIP_ROLE_NETWORKS_H
#define MIP_ROLE_NETWORKS_H

#include <stddef.h>

#include "base/addr.h"

struct bc_entry;

struct network {
	struct addr_prefix prefix; /* bits behind its length are zero */
	const struct bc_entry *owner;
};

struct networks {
	struct network *list;
	size_t n, room;
};

void networks_free(struct networks *l);
/* The one that holds `addr`, or NULL. */
const struct network *networks_of(const struct networks *l, const struct in6_addr *addr);
/* One that shares an address with p and is not `but`'s, or NULL. */
const struct network *networks_meeting(
	const struct networks *l, const struct addr_prefix *p, const struct bc_entry *but);
/* Room for n more: false when out of memory. Then networks_put of as many cannot fail. */
bool networks_reserve(struct networks *l, size_t n) __attribute__((warn_unused_result));
/* p meets nobody's. */
void networks_put(struct networks *l, const struct addr_prefix *p, const struct bc_entry *owner);
void networks_drop(struct networks *l, const struct addr_prefix *p);

#endif
