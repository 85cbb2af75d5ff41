/* Inside of tuncheck.h: its chains, and the rules in them. */
#ifndef MIP_FLOW_TUNCHECK_IMPL_H
#define MIP_FLOW_TUNCHECK_IMPL_H

#include "sys/nft.h"
#include "flow/flow_impl.h"
#include "flow/tuncheck.h"

#define CHAIN	    "prerouting"
#define CHAIN_OUTER "outer"
#define CHAIN_INNER "inner"
#define CHAIN_NEST  "postrouting"
#define ADDR	    16
#define PLEN	    4 /* a prefix length takes a register */

/* Puts the rules of all chains into the batch, for packets out of device ifindex and into it; for mobile networks of
 * the lengths that are not 0, of bindings and of reverse tunnels. */
void tuncheck_rules(struct nft *n, unsigned ifindex, const uint8_t lengths[2][129]);

#endif
