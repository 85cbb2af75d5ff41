/* rr.h: tokens and keys of return routability (RFC 6275 5.2.3-5.2.6), SHA-1 by nettle. */
#include <nettle/hmac.h>
#include <nettle/sha1.h>
#include <string.h>

#include "role/rr.h"

static void fill_random(const struct world *w, uint8_t *to, size_t n)
{
	while (n) {
		uint32_t r = w->random(w->ctx);
		size_t k = n < sizeof(r) ? n : sizeof(r);

		memcpy(to, &r, k);
		to += k;
		n -= k;
	}
}

void rr_init(struct rr *rr, const struct world *w)
{
	*rr = (struct rr){0};
	fill_random(w, rr->kcn, sizeof(rr->kcn));
	rr->index = (uint16_t)w->random(w->ctx);
}

void rr_go_on(struct rr *rr, uint16_t index)
{
	rr->index = (uint16_t)(index + RR_NONCES);
}

/* First(64, HMAC_SHA1(Kcn, address | nonce | kind)) */
static uint64_t token_of(const struct rr *rr, const struct rr_nonce *n, enum rr_kind kind, const struct in6_addr *addr)
{
	struct hmac_sha1_ctx h;
	uint8_t octet = (uint8_t)kind, digest[8];
	uint64_t token = 0;

	hmac_sha1_set_key(&h, sizeof(rr->kcn), rr->kcn);
	hmac_sha1_update(&h, sizeof(*addr), addr->s6_addr);
	hmac_sha1_update(&h, sizeof(n->bytes), n->bytes);
	hmac_sha1_update(&h, 1, &octet);
	hmac_sha1_digest(&h, sizeof(digest), digest);
	for (size_t i = 0; i < sizeof(digest); i++)
		token = token << 8 | digest[i];
	return token;
}

uint16_t rr_issue(
	struct rr *rr, const struct world *w, enum rr_kind kind, const struct in6_addr *addr, usec now, uint64_t *token)
{
	struct rr_nonce *n = &rr->nonce[rr->index % RR_NONCES];

	if (!n->made || now - n->made >= RR_NONCE_EVERY) {
		n = &rr->nonce[++rr->index % RR_NONCES];
		fill_random(w, n->bytes, sizeof(n->bytes));
		n->made = now;
	}
	*token = token_of(rr, n, kind, addr);
	return rr->index;
}

bool rr_recall(
	const struct rr *rr, uint16_t index, enum rr_kind kind, const struct in6_addr *addr, usec now, uint64_t *token)
{
	uint16_t age = (uint16_t)(rr->index - index);
	const struct rr_nonce *n = &rr->nonce[index % RR_NONCES];

	if (age >= RR_NONCES || !n->made || now - n->made >= RR_MAX_NONCE_LIFE)
		return false;
	*token = token_of(rr, n, kind, addr);
	return true;
}

void rr_revoke(struct rr *rr)
{
	memset(rr->nonce, 0, sizeof(rr->nonce));
}

static void hash_token(struct sha1_ctx *h, uint64_t token)
{
	uint8_t bytes[8];

	for (int i = 7; i >= 0; i--, token >>= 8)
		bytes[i] = (uint8_t)token;
	sha1_update(h, sizeof(bytes), bytes);
}

void rr_kbm(uint64_t home, const uint64_t *coa, uint8_t kbm[RR_KBM_LEN])
{
	struct sha1_ctx h;

	sha1_init(&h);
	hash_token(&h, home);
	if (coa)
		hash_token(&h, *coa);
	sha1_digest(&h, RR_KBM_LEN, kbm);
}
