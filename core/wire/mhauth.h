/*
 * The authenticator over a Mobility Header: Binding Authorization Data (RFC 6275 6.2.7) and MN-HA Mobility Message
 * Authentication (RFC 4285 5.1), which differ in key and place alone. HMAC by nettle. Pure, and what is made of a key
 * on the way is wiped.
 */
#ifndef MIP_WIRE_MHAUTH_H
#define MIP_WIRE_MHAUTH_H

#include "base/clock.h"
#include "wire/mh.h"

#define MH_KEY_MAX 32 /* octets */

enum mh_alg {
	MH_KBM,		/* RFC 6275 6.2.7: First(96, HMAC_SHA1), Kbm of 20 octets; Binding Authorization Data */
	MH_HMAC_SHA1,	/* RFC 4285 5.1: First(96, HMAC_SHA1), key of 16 octets; MN-HA, as below */
	MH_HMAC_SHA256, /* an extension of ours: First(128, HMAC_SHA256), key of 32 octets */
};

/* What the authenticator of a message is made of, beside its octets. */
struct mh_auth {
	uint8_t alg; /* enum mh_alg */
	uint8_t key[MH_KEY_MAX];
	struct in6_addr
		coa; /* the care-of address that is or was asked for; the home address at home, or when none is */
	struct in6_addr end; /* the correspondent node (6.2.7), or the home address (RFC 4285 5.1) */
};

/* A timestamp of NTP (RFC 4285 6) to and from microseconds since 1970. */
uint64_t mh_timestamp(usec wall);
usec mh_time(uint64_t timestamp);

/* Octets. */
uint8_t mh_key_len(enum mh_alg alg);
uint8_t mh_mac_len(enum mh_alg alg);

#define MH_FINGERPRINT 9 /* octets of the text */
/* What two people may tell each other of a key: eight digits that do not give it away. */
void mh_fingerprint(const uint8_t *key, size_t len, char text[MH_FINGERPRINT]);

/* Puts the authenticator into the bytes mh_write() made of `m`, which has the option, of that algorithm's length. */
void mh_sign(const struct mh_auth *auth, const struct mh *m, uint8_t *bytes);
/* Does a message that mh_read() decoded have the option, and the right authenticator in it? In constant time. The
 * checksum counts as 0. */
bool mh_signed(const struct mh_auth *auth, const struct mh *m);

#endif
