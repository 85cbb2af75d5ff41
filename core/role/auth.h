/*
 * The authentication option (RFC 4285): mobility security associations of home addresses, shared by a mobile node and
 * its home agent, and the timestamps that keep an update from being played again (6). Which messages are to have it is
 * the roles' decision. The sequence numbers of RFC 6275 count beside timestamps, as ever.
 */
#ifndef MIP_ROLE_AUTH_H
#define MIP_ROLE_AUTH_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/map.h"
#include "wire/mhauth.h"

#define AUTH_WINDOW (7 * SEC) /* how far two clocks may be apart: "close enough", 5.1 */

/* What both sides are given. */
struct auth_key {
	struct in6_addr home;
	uint32_t spi;
	uint8_t alg; /* enum mh_alg */
	uint8_t key[MH_KEY_MAX];
};

struct auth_sa {
	struct map_node node;
	struct auth_key conf; /* begins with the key of the map */
	uint64_t last;	      /* home agent: newest timestamp accepted. mobile node: newest sent, 0: none that counts */
	uint64_t first;	      /* mobile node: of the first of the updates that say the same, 0: none yet */
	bool wanted;	      /* while they are set */
	usec ahead;	      /* mobile node: how far the home agent's clock is ahead of ours, as it told */
	uint64_t good, bad;   /* messages with the right authenticator, and with a wrong one */
};

struct auth {
	struct map map;
};

void auth_init(struct auth *a, uint64_t seed);
/* Forgets all, and wipes the keys. */
void auth_free(struct auth *a);
/* From now on these; what was there keeps its timestamps. Older than `wall` none is accepted of a new one: what was
 * recorded before a restart is not. 0 or -ENOMEM. */
int auth_set(struct auth *a, const struct auth_key *list, size_t n, usec wall) __attribute__((warn_unused_result));
/* NULL: that home address has none. */
struct auth_sa *auth_find(const struct auth *a, const struct in6_addr *home);

/* Adds option and timestamp to a message, and fills what mh_sign() wants, which the caller wipes. */
void auth_add(
	const struct auth_sa *sa, struct mh *m, const struct in6_addr *coa, uint64_t timestamp, struct mh_auth *to);
/* Does a message have the option with the SPI? */
bool auth_has(const struct auth_sa *sa, const struct mh *m);
/* And the right authenticator? Counted. */
bool auth_ok(struct auth_sa *sa, const struct mh *m, const struct in6_addr *coa);

/* Home agent: is a timestamp close to the clock, and newer than all accepted before? Then it is the newest. */
bool auth_take(struct auth_sa *sa, uint64_t timestamp, usec wall);
/* What a mismatch is answered with (6): the time of day here, and the fraction that tells which update is meant. */
uint64_t auth_correct(uint64_t timestamp, usec wall);

/* Mobile node: the timestamp of the next update, newer than any before; `again`: that says what the last one said. */
uint64_t auth_next(struct auth_sa *sa, bool again, usec wall);
/* Does an acknowledgement answer one of them? */
bool auth_answers(const struct auth_sa *sa, const struct mh *ba);
/* The home agent told its time: what was sent by another does not count. */
void auth_adjust(struct auth_sa *sa, uint64_t timestamp, usec wall);

#endif
