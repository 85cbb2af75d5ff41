/*
 * What we hold in the kernel, put back where somebody removed it. held_read asks the kernel what it has of ours; then
 * everybody who holds something says so by a held_ call, and what is lacking, or is not as it was, is put there again.
 * Doing it again changes nothing.
 */
#ifndef MIP_SYS_HELD_H
#define MIP_SYS_HELD_H

#include <stddef.h>

#include "sys/link.h"

enum held_kind { HELD_DEVICE, HELD_ADDRESS, HELD_ROUTE, HELD_RULE, HELD_NFT, HELD_PROXY, HELD_SYSCTL, HELD_KINDS };

struct held {
	struct nl *nl;
	unsigned what; /* enum nl_lost: what is to be looked at */
	struct left routes, rules;
	size_t put[HELD_KINDS]; /* how many were lacking */
	int err;		/* the first one */
	struct why why;
};

/* On an error nothing is to be held, and nothing to be freed. */
int held_read(struct held *h, struct nl *nl, unsigned what) __attribute__((warn_unused_result));
void held_free(struct held *h);
/* `n` of a kind were lacking; or it cannot be had, with `why` filled. */
void held_put(struct held *h, enum held_kind kind, size_t n);
void held_failed(struct held *h, int err, const struct why *why);

void held_route(struct held *h, const struct route *r);
void held_rule(struct held *h, const struct rule *r);
/* One of our devices, by its number: under its name, up, with the mtu of `set`. -ENODEV: it was deleted, which is for
 * the caller to mend; 1: it was mended, 0. */
int held_device(struct held *h, unsigned ifindex, const char *name, const struct link_set *set);

/* "2 routes, 1 rule"; "" when nothing was lacking. */
const char *held_text(const struct held *h, char *text, size_t cap);

#endif
