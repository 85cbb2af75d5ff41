/*
 * What outlives the agent: bindings, here and at correspondents, and the number of the last nonce, in an SQLite file.
 * Changes of one turn of the loop become one transaction. A crash of the agent loses at most the turn under way; one of
 * the machine what its disk had not written yet. Nothing secret is in it, but where people are: the file is its owner's
 * alone.
 *
 * A file that is damaged is set aside as FILE.bad, and what can be read of it goes on. Every record has a checksum of
 * its own: what a torn page made of one is not taken for a binding.
 */
#ifndef MIP_STORE_STORE_H
#define MIP_STORE_STORE_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/clock.h"
#include "base/why.h"

#define STORE_NETWORKS 16 /* prefixes of one binding, at most */

/* STORE_BUL: correspondents (`local`) that may hold a binding of ours until `expires`. */
enum store_cache { STORE_HA = 1, STORE_CN = 2, STORE_BUL = 3 };

/* One binding. Times are microseconds since 1970, as the calendar was then: they must mean the same after the machine
 * started again. Until it does, `booted` turns them into its own time, whatever becomes of the calendar. */
struct store_binding {
	struct in6_addr home, local, coa, from;
	usec made, expires;
	uint16_t seq, flags, lifetime; /* lifetime as granted, units of STORE_LIFE_UNIT */
	size_t networks;
	struct addr_prefix network[STORE_NETWORKS]; /* of a mobile router */
	struct in6_addr udp_local;		    /* of one in UDP over IPv4, whose coa is the other end's address */
	uint16_t udp_port;			    /* 0: it is not */
	usec booted;				    /* when, by that calendar, the machine's clock was 0 */
	uint64_t boot; /* which start of the machine that was; 0: of a store that did not say */
};

#define STORE_LIFE_UNIT (4 * SEC)

/* The machine's clock, and the calendar, now. */
struct store_clock {
	uint64_t boot;
	usec now, wall;
};

/* When the clock was 0, in the calendar of that binding: what turns its times into those of the clock. */
usec store_booted(const struct store_binding *b, const struct store_clock *c);
/* How much longer it lasts; 0: no more. One that comes from the future by a calendar that is not the one it was written
 * by cannot be dated, and is not believed. */
usec store_left(const struct store_binding *b, const struct store_clock *c);

/* Whose file it is. A network namespace's inode is used again; its cookie is not, until the machine starts anew. */
struct store_owner {
	const char *dir;
	uint64_t netns, cookie, boot;
};

struct store;

/* Makes the directory and the file when there is none. -EBUSY: another agent has it. */
int store_open(struct store **out, const struct store_owner *owner, struct why *why)
	__attribute__((warn_unused_result));
/* Commits and closes; a file without bindings is deleted. NULL is nothing. */
void store_close(struct store *s);
/* Closes and deletes: what it says is true no more, and could not be changed. (To delete takes no room.) */
void store_abandon(struct store *s);
const char *store_path(const struct store *s);

/* Changes, together in force with store_commit. What fails fails there. */
void store_put(struct store *s, enum store_cache cache, const struct store_binding *b);
void store_del(struct store *s, enum store_cache cache, const struct in6_addr *home, const struct in6_addr *local);
void store_clear(struct store *s, enum store_cache cache);
void store_put_nonce(struct store *s, uint16_t index);
/* 0; or -errno, and nothing of it is kept: what was there before is. */
int store_commit(struct store *s, struct why *why) __attribute__((warn_unused_result));

/* All bindings of a cache; one for which `each` says false is deleted. Returns how many there were. */
size_t store_each(
	struct store *s, enum store_cache cache, bool (*each)(void *ctx, const struct store_binding *b), void *ctx);
/* The nonce index put last, or -1. */
int store_nonce(struct store *s);

#endif
