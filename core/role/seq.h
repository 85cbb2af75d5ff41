/*
 * Sequence numbers that outlive their bindings, so that an update that was on its way, or was recorded, does not make a
 * binding again after it ended. The home agent keeps them by home address, a correspondent node by home address and its
 * own. Bounded; nothing runs by timers: what has ended is dropped when something else is kept.
 */
#ifndef MIP_ROLE_SEQ_H
#define MIP_ROLE_SEQ_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/map.h"

struct seq {
	struct map map;
	size_t max;  /* entries */
	size_t hand; /* where the search for ended ones goes on */
};

struct seq_entry {
	usec until; /* NEVER: as long as there is room */
	uint16_t seq;
	uint16_t nonce; /* at a correspondent node: the last index issued by then */
	struct map_node node;
	uint8_t key[];
};

void seq_init(struct seq *s, size_t key_len, uint64_t seed);
void seq_free(struct seq *s);
/* The entry of `key` that has not ended, or NULL; good until the next seq_keep or seq_forget. */
const struct seq_entry *seq_find(const struct seq *s, const void *key, usec now);
/* Keeps or replaces the number of `key`. In a full table an entry that has ended gives way, and for a number without an
 * end any other. False: there was no room. */
bool seq_keep(struct seq *s, const void *key, uint16_t seq, uint16_t nonce, usec until, usec now)
	__attribute__((warn_unused_result));
/* Entry by index, also one that has ended; NULL behind the last. */
const struct seq_entry *seq_at(const struct seq *s, size_t i);
void seq_forget(struct seq *s, const void *key);

/* Not above `last`, modulo 2^16 (RFC 6275 9.5.1). */
static inline bool seq_is_old(uint16_t seq, uint16_t last)
{
	return (int16_t)(seq - last) <= 0;
}

#endif
