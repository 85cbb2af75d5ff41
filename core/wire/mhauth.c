/* mhauth.h: First(n, HMAC(key, care-of address | other end | message up to the authenticator)). */
#include <nettle/hmac.h>
#include <nettle/memops.h>
#include <nettle/nettle-meta.h>
#include <nettle/sha1.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <string.h>

#include "wire/mhauth.h"

#define NTP_1970 ((usec)2208988800) /* seconds since 1900 */
#define NTP_ERA	 ((usec)1 << 32)    /* then the count begins again, in 2036 (RFC 5905 6) */

static const struct algorithm {
	const struct nettle_hash *hash;
	uint8_t key_len, mac_len;
} algorithms[] = {
	[MH_KBM] = {&nettle_sha1, 20, 12},
	[MH_HMAC_SHA1] = {&nettle_sha1, 16, 12},
	[MH_HMAC_SHA256] = {&nettle_sha256, 32, 16},
};

uint64_t mh_timestamp(usec wall)
{
	uint64_t seconds = (uint64_t)(wall / SEC + NTP_1970), fraction = ((uint64_t)(wall % SEC) << 32) / SEC;

	return seconds << 32 | fraction;
}

usec mh_time(uint64_t timestamp)
{
	usec seconds = (usec)(timestamp >> 32), fraction = (usec)(((timestamp & UINT32_MAX) * SEC) >> 32);

	if (!(timestamp >> 63))
		seconds += NTP_ERA;
	return (seconds - NTP_1970) * SEC + fraction;
}

uint8_t mh_key_len(enum mh_alg alg)
{
	return algorithms[alg].key_len;
}

uint8_t mh_mac_len(enum mh_alg alg)
{
	return algorithms[alg].mac_len;
}

void mh_fingerprint(const uint8_t *key, size_t len, char text[MH_FINGERPRINT])
{
	struct sha256_ctx h;
	uint8_t sum[4];

	sha256_init(&h);
	sha256_update(&h, len, key);
	sha256_digest(&h, sizeof(sum), sum);
	explicit_bzero(&h, sizeof(h));
	snprintf(text, MH_FINGERPRINT, "%02x%02x%02x%02x", sum[0], sum[1], sum[2], sum[3]);
}

static void mac_of(const struct mh_auth *auth, const uint8_t *bytes, size_t at, uint8_t mac[MH_MAC_MAX])
{
	static const uint8_t no_checksum[2];
	const struct algorithm *a = &algorithms[auth->alg];
	const struct nettle_hash *hash = a->hash;
	struct {
		struct sha256_ctx outer, inner, state; /* the larger of the two */
	} h;

	_Static_assert(sizeof(struct sha256_ctx) >= sizeof(struct sha1_ctx), "room for either");
	hmac_set_key(&h.outer, &h.inner, &h.state, hash, a->key_len, auth->key);
	hmac_update(&h.state, hash, sizeof(auth->coa), auth->coa.s6_addr);
	hmac_update(&h.state, hash, sizeof(auth->end), auth->end.s6_addr);
	hmac_update(&h.state, hash, MH_CKSUM_AT, bytes);
	hmac_update(&h.state, hash, sizeof(no_checksum), no_checksum);
	hmac_update(&h.state, hash, at - MH_CKSUM_AT - 2, bytes + MH_CKSUM_AT + 2);
	hmac_digest(&h.outer, &h.inner, &h.state, hash, a->mac_len, mac);
	explicit_bzero(&h, sizeof(h));
}

void mh_sign(const struct mh_auth *auth, const struct mh *m, uint8_t *bytes)
{
	size_t at = auth->alg == MH_KBM ? m->opt.auth_at : m->opt.mn_ha.at;

	mac_of(auth, bytes, at, bytes + at);
}

bool mh_signed(const struct mh_auth *auth, const struct mh *m)
{
	uint8_t want[MH_MAC_MAX], len = mh_mac_len(auth->alg);
	bool kbm = auth->alg == MH_KBM;

	if (!m->bytes || !(m->opt.has & (kbm ? MHO_AUTH : MHO_MN_HA)) || (!kbm && m->opt.mn_ha.len != len))
		return false;
	mac_of(auth, m->bytes, kbm ? m->opt.auth_at : m->opt.mn_ha.at, want);
	return memeql_sec(want, kbm ? m->opt.auth : m->opt.mn_ha.bytes, len);
}
