/*
 * Signalling that IPsec protects, between the wire and the stack (RFC 3776 4, RFC 4877 4.2). What the agent sends goes
 * through the stack from home address to home agent, or back, into the shim's device: there the kernel has put it into
 * ESP, and a Home Address option or a type 2 routing header goes outside. In: ESP behind such a header loses it and is
 * given to the stack, which opens it; the message then comes out of the raw sockets. Messages that are not protected
 * are taken from the wire by the shim, and come as they are.
 */
#ifndef MIP_FLOW_GUARD_H
#define MIP_FLOW_GUARD_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/why.h"

struct guard;
struct held;
struct nl;
struct raw;
struct raw_meta;
struct shim;

int guard_open(struct guard **out, struct nl *nl, struct shim *shim, struct raw *raw, struct why *why)
	__attribute__((warn_unused_result));
void guard_close(struct guard *g); /* NULL is nothing */

/* Signalling between `home` and `agent` is protected; mine: the home address is ours, the agent somebody else. */
int guard_add(struct guard *g, const struct in6_addr *home, const struct in6_addr *agent, bool mine, struct why *why)
	__attribute__((warn_unused_result));
void guard_del(struct guard *g, const struct in6_addr *home);

/* Puts back what somebody removed. anew: the shim watches nobody any more. */
void guard_hold(struct guard *g, struct held *h, bool anew);

/* raw_send_mh (proto MH_PROTO) and raw_send_icmp for a pair that was added: the same m, as on the wire. -ENOENT: it was
 * not, and nothing is sent. */
int guard_send(struct guard *g, uint8_t proto, const struct raw_meta *m, const uint8_t *data, size_t len)
	__attribute__((warn_unused_result));

#endif
