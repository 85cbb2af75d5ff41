/*
 * The kernel's fast path: flows in maps, and programs of tc on the tunnel device and on the links that look there
 * (bpf/flow.bpf.c). They do what a back end would do to a packet, in the kernel; what they do not know they leave to
 * it: on a link the packet goes on to the stack, on the device it is read.
 *
 * What an earlier agent attached goes on working, with its maps, until fast_live: by then this agent's maps say what is
 * to be known, and one program takes the other's place. No map has to be found again.
 */
#ifndef MIP_FLOW_FAST_H
#define MIP_FLOW_FAST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/why.h"
#include "flow/flow.h"

struct fast;
struct nl;

/* For the TUN device `ifindex`. -EOPNOTSUPP, -EPERM and others: there is no fast path here, and why. */
int fast_open(struct fast **out, struct nl *nl, unsigned ifindex, struct why *why) __attribute__((warn_unused_result));
/* Takes the programs off. NULL is nothing. */
void fast_close(struct fast *f);

/* Programs on a link, which has (ether) Ethernet headers or none; at once, or with fast_live when an earlier agent's
 * are there. Twice is 0. */
int fast_link(struct fast *f, unsigned ifindex, bool ether, struct why *why) __attribute__((warn_unused_result));
bool fast_on(const struct fast *f, unsigned ifindex); /* asked for, this link? */
/* The link is gone. */
void fast_unlink(struct fast *f, unsigned ifindex);
/* From now on these programs run everywhere; those that somebody took off are put back. */
int fast_live(struct fast *f, struct why *why) __attribute__((warn_unused_result));

/* The same, and the device may be another one by now. */
int fast_again(struct fast *f, unsigned device, struct why *why) __attribute__((warn_unused_result));

/* A flow of table.h, new or with new values: its counts go on. One that is nothing to the programs (without edits) is
 * 0. */
int fast_set(struct fast *f, const struct flow *flow, struct why *why) __attribute__((warn_unused_result));
/* Not there is 0. */
int fast_del(struct fast *f, const struct flow_key *key, struct why *why) __attribute__((warn_unused_result));
/* What the programs counted. -ENOENT: no such flow. */
int fast_counts(const struct fast *f, const struct flow_key *key, struct flow_counts *out)
	__attribute__((warn_unused_result));
/* Adds what they dropped. */
int fast_drops(const struct fast *f, struct flow_drops *to) __attribute__((warn_unused_result));

/* The ELF object of the programs; of length 0 when there was no clang to make it. */
const void *fast_program(size_t *len);

#endif
