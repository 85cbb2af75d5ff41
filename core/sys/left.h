/*
 * What an agent that crashed left in the kernel, as this one found it: keys with values, for as long as it is not known
 * what of it is still wanted. What is taken is kept as it is; the rest is to be deleted.
 */
#ifndef MIP_SYS_LEFT_H
#define MIP_SYS_LEFT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* klen, vlen: octets of each key and value, set by the owner; all else zero. */
struct left {
	size_t klen, vlen, n, room;
	uint8_t *item; /* key, value, taken */
	bool sorted;
};

/* One more, before the first is taken. 0 or -ENOMEM. value: NULL where vlen is 0. */
int left_note(struct left *l, const void *key, const void *value) __attribute__((warn_unused_result));
/* True: it was there with this value, and nobody took it before. Whatever the value, the key is no rest any more:
 * whoever asks puts its own in its place. */
bool left_take(struct left *l, const void *key, const void *value);
/* The value that was found with this key, taken or not; NULL: there was none. Until the next left_note. */
const void *left_value(struct left *l, const void *key);
/* Calls each for all that nobody took; then nothing is left, and memory is freed. each NULL: only that. */
void left_end(struct left *l, void (*each)(void *ctx, const uint8_t *key), void *ctx);

#endif
