/* Inside of tuncheck.h: its chains, and the rules in them. */
#ifndef MIP_FLOW_TUNCHECK_IMPL_H
#define MIP_FLOW_TUNCHECK_IMPL_H

#include "sys/nft.h"
#include "flow/tuncheck.h"

#define CHAIN	    "prerouting"
#define CHAIN_OUTER "outer"
#define CHAIN_INNER "inner"
#define ADDR	    16

/* Puts the rules of all three chains into the batch, for packets out of device ifindex. */
void tuncheck_rules(struct nft *n, unsigned ifindex);

#endif
