/* Between net.c and net_path.c. */
#ifndef MIP_TESTS_UNIT_NET_IMPL_H
#define MIP_TESTS_UNIT_NET_IMPL_H

#include "tests/unit/net.h"

/* A message leaves n. */
void net_post(struct net_node *n, const struct net_msg *m);
/* A message arrived: read, and given to the role it is for. */
void net_deliver(struct net_node *n, const struct net_msg *m);
void net_heard_cot(struct net_node *n, const struct via *via, const struct mh *m);
struct net_fact *net_find_fact(
	struct net_node *n, enum ro_side side, const struct in6_addr *local, const struct in6_addr *remote);

#endif
