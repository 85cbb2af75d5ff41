/*
 * Tunnels by home address (base/map.h). A found entry lives until homes_put or
 * homes_del of the same address.
 */
#ifndef MIP_FLOW_HOMES_H
#define MIP_FLOW_HOMES_H

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>

#include "base/map.h"

struct home {
	struct map_node node;
	struct in6_addr home;	     /* the key: right after the node */
	struct in6_addr peer, local; /* outer addresses: the other end, and ours */
	unsigned slot;		     /* mobile node: which of the routing tables */
};

struct homes {
	struct map map; /* homes_init'ed */
};

void homes_init(struct homes *t);
struct home *homes_find(const struct homes *t, const struct in6_addr *home);
/* Adds or replaces. 0 or -ENOMEM. */
int homes_put(struct homes *t, const struct home *h) __attribute__((warn_unused_result));
void homes_del(struct homes *t, const struct in6_addr *home);
void homes_free(struct homes *t);
static inline size_t homes_count(const struct homes *t)
{
	return t->map.n;
}
static inline struct home *homes_at(const struct homes *t, size_t i)
{
	return (struct home *)(void *)t->map.item[i];
}

#endif
