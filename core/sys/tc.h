/*
 * Programs on the ingress and the egress of links: qdisc clsact and filters of kind bpf, by rtnetlink. A filter of ours
 * carries the name "mip"; it and its program stay when the agent dies, and are replaced in one step by the next one's.
 */
#ifndef MIP_SYS_TC_H
#define MIP_SYS_TC_H

#include <stdbool.h>

#include "sys/nl.h"

enum tc_side { TC_IN, TC_OUT };

/* Puts program `prog` on the link, in place of ours that is there. */
int tc_attach(struct nl *nl, unsigned ifindex, enum tc_side side, int prog, struct why *why)
	__attribute__((warn_unused_result));
/* Is a program of ours there? */
int tc_attached(struct nl *nl, unsigned ifindex, enum tc_side side, bool *there, struct why *why)
	__attribute__((warn_unused_result));
/* Takes ours off both sides, and the qdisc when nobody else's filter hangs on it. A link that is gone is 0. */
int tc_detach(struct nl *nl, unsigned ifindex, struct why *why) __attribute__((warn_unused_result));

#endif
