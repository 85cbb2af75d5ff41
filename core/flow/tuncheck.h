/*
 * The check of tunnelled packets that RFC 6275 10.4.5 asks for, where the kernel takes them itself: nft table `ip6
 * mip`. A firewall's `nft flush ruleset` takes the table too: nl_lost is told.
 */
#ifndef MIP_FLOW_TUNCHECK_H
#define MIP_FLOW_TUNCHECK_H

#include "base/loop.h"
#include "base/why.h"
#include "flow/table.h"
#include "sys/nl.h"

struct tuncheck;

/* For packets out of device ifindex. The table of flows is the owner's; it is read for mending. An nft table that an
 * agent left is taken over with what its sets hold. */
int tuncheck_open(struct tuncheck **out, struct loop *loop, struct nl *nl, unsigned ifindex,
	const struct flow_table *flows, struct why *why) __attribute__((warn_unused_result));
/* The whole table as it should be, for a device of maybe another number. */
int tuncheck_hold(struct tuncheck *c, unsigned ifindex, struct why *why) __attribute__((warn_unused_result));
void tuncheck_close(struct tuncheck *c); /* NULL is nothing */
/* In one transaction: the tunnel f (or NULL) is allowed, old (or NULL) no longer. */
int tuncheck_change(struct tuncheck *c, const struct flow *f, const struct flow *old, struct why *why)
	__attribute__((warn_unused_result));
/* From begin to end tuncheck_change collects, in as few transactions as it fits in; the first error comes at the end.
 */
int tuncheck_bulk(struct tuncheck *c, bool begin, struct why *why) __attribute__((warn_unused_result));
/* Forgets what an earlier agent left and nobody has asked for. */
int tuncheck_sweep(struct tuncheck *c, struct why *why) __attribute__((warn_unused_result));
/* Packets that were refused: as forged, and as nested. */
int tuncheck_refused(struct tuncheck *c, uint64_t *packets, uint64_t *nested) __attribute__((warn_unused_result));

#endif
