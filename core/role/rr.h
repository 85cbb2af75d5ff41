/*
 * Return routability (RFC 6275 5.2): nonces and Kcn of a correspondent node, keygen
 * tokens and the binding management key. The
 * correspondent keeps no state for a peer it has only been asked by.
 */
#ifndef MIP_ROLE_RR_H
#define MIP_ROLE_RR_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "role/world.h"

#define RR_MAX_NONCE_LIFE   (240 * SEC) /* MAX_NONCE_LIFETIME */
#define RR_MAX_TOKEN_LIFE   (210 * SEC) /* MAX_TOKEN_LIFETIME */
#define RR_MAX_BINDING_LIFE 420		/* MAX_RR_BINDING_LIFETIME, seconds */
#define RR_KBM_LEN	    20

#define RR_NONCE_EVERY (RR_MAX_NONCE_LIFE - RR_MAX_TOKEN_LIFE) /* so that a token handed out now lives its 210 s */
#define RR_NONCES      16 /* a power of two, so that index and slot wrap together; 240 / 30 + 1 are in use */

struct rr_nonce {
	uint8_t bytes[8];
	usec made; /* 0 = never */
};

struct rr {
	uint8_t kcn[20];
	uint16_t index; /* of the newest nonce */
	struct rr_nonce nonce[RR_NONCES];
};

enum rr_kind { RR_HOME = 0, RR_COA = 1 }; /* the octet that separates the two tokens, 5.2.5 */

/* A fresh Kcn and no nonces. */
void rr_init(struct rr *rr, const struct world *w);
/* The nonces of before had indices up to `index`: ours are told from them, so that a token of theirs is answered as
 * expired and asked for again (9.5.1), not taken for a forgery. After rr_init. */
void rr_go_on(struct rr *rr, uint16_t index);
/* The token for `addr` under the newest nonce, which is made when the last one is 30 s old. Returns its index. */
uint16_t rr_issue(struct rr *rr, const struct world *w, enum rr_kind kind, const struct in6_addr *addr, usec now,
	uint64_t *token);
/* The token for `addr` under nonce `index`. False when that nonce has expired or never was. */
bool rr_recall(
	const struct rr *rr, uint16_t index, enum rr_kind kind, const struct in6_addr *addr, usec now, uint64_t *token);

/* All tokens handed out so far are void (5.2.8: what authorised a binding that is not remembered must not do so again).
 */
void rr_revoke(struct rr *rr);

/* Kbm = SHA1(home keygen token | care-of keygen token); coa NULL when the binding is deleted (5.2.5, 9.5.1). */
void rr_kbm(uint64_t home, const uint64_t *coa, uint8_t kbm[RR_KBM_LEN]);

#endif
