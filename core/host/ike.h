/*
 * Keys of what ipsec.h protects, negotiated by strongSwan's charon (IKEv2; RFC 4877): connections are loaded into it,
 * and a mobile node's initiated, when it has none; policies, reqids and order stay ours. The identity of a home agent's
 * connection is the one that may own its home address (RFC 4877's peer authorization database). Charon may come, go and
 * come again at any time: it is given all again, and what it left in the kernel when it was killed is removed.
 */
#ifndef MIP_HOST_IKE_H
#define MIP_HOST_IKE_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/why.h"
#include "mip/attr.h"

struct ike;
struct ipsec;
struct loop;

/* What is between a home address and its home agent. */
struct ike_conf {
	struct in6_addr home, agent;
	bool mine; /* the home address is ours: we initiate */
	bool cert; /* the file holds a certificate; else the secret both have */
	uint32_t reqid;
	uint32_t rekey; /* seconds; 0: as charon does by itself */
	char id[MIP_NAME_MAX], file[MIP_NAME_MAX];
};

struct ike_events {
	void *ctx;
	void (*keyed)(void *ctx, const struct in6_addr *home); /* ike_keys had said false; it is true now */
};

int ike_open(struct ike **out, struct loop *loop, struct ipsec *ipsec, const struct ike_events *ev, struct why *why)
	__attribute__((warn_unused_result));
void ike_close(struct ike *s); /* NULL is nothing */
/* From now on these. */
int ike_set(struct ike *s, const struct ike_conf *list, size_t n, struct why *why) __attribute__((warn_unused_result));
/* Can the file be read, and if it holds a secret by nobody else? */
int ike_check_file(const struct ike_conf *conf, struct why *why) __attribute__((warn_unused_result));

/* The effects `keys`, `keys_at` and `keys_move` of world.h. */
bool ike_keys(struct ike *s, const struct in6_addr *home, const struct in6_addr *agent, const struct in6_addr *coa,
	bool doubt);
bool ike_at(struct ike *s, const struct in6_addr *home, const struct in6_addr *at, bool moves);
bool ike_moves(const struct ike *s, const struct in6_addr *home);
/* What keeps that home address from having keys, and what to do, in a line; "" when nothing is known to. */
const char *ike_trouble(const struct ike *s, const struct in6_addr *home);
/* Whom charon refused keys last, within the hour, and why; "": nobody. Of those with the identity of that home address,
 * NULL: of all. */
const char *ike_refused(const struct ike *s, const struct in6_addr *home);

#endif
