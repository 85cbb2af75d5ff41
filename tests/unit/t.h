/*
 * What unit tests share: cmocka, golden packets, buffers that end where their
 * bytes end (so that a sanitizer sees the first octet read too far), and random
 * numbers from a seed that is printed and that SEED=n in the environment replays.
 */
#ifndef MIP_TESTS_UNIT_T_H
#define MIP_TESTS_UNIT_T_H

#include <arpa/inet.h>
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#define T_GOLDEN "tests/golden"
#define T_WALL	 (1700000000 * SEC) /* the time of day when the clock of a test began */

struct golden {
	char name[64];
	uint8_t pkt[2048];
	size_t len;
};

static inline struct in6_addr t_addr(const char *text)
{
	struct in6_addr a;

	assert_int_equal(inet_pton(AF_INET6, text, &a), 1);
	return a;
}

#define assert_addr(a, text)                                                                                           \
	do {                                                                                                           \
		struct in6_addr want_ = t_addr(text);                                                                  \
		assert_memory_equal(&(a), &want_, sizeof(want_));                                                      \
	} while (0)

/* A copy that ends where the bytes end. */
static inline uint8_t *t_copy(const void *from, size_t len)
{
	uint8_t *p = malloc(len ? len : 1);

	assert_non_null(p);
	memcpy(p, from, len);
	return p;
}

static inline void t_hex_line(struct golden *g, const char *p)
{
	for (unsigned byte; *p && *p != '#'; p++) {
		if (isspace((unsigned char)*p))
			continue;
		assert_int_equal(sscanf(p++, "%2x", &byte), 1);
		assert_true(g->len < sizeof(g->pkt));
		g->pkt[g->len++] = (uint8_t)byte;
	}
}

/* tests/golden/NAME.hex: hex digits, white space, comments from # to the end of the line. */
static inline struct golden t_golden(const char *name)
{
	struct golden g = {0};
	char line[512];
	FILE *f;

	snprintf(line, sizeof(line), T_GOLDEN "/%s.hex", name);
	f = fopen(line, "r");
	if (!f)
		fail_msg("%s: %s", line, strerror(errno));
	snprintf(g.name, sizeof(g.name), "%s", name);
	while (fgets(line, sizeof(line), f))
		t_hex_line(&g, line);
	fclose(f);
	assert_true(g.len >= 40);
	return g;
}

/* Calls fn for every golden packet; returns how many. */
static inline size_t t_golden_each(void (*fn)(const struct golden *g))
{
	DIR *d = opendir(T_GOLDEN);
	size_t n = 0;

	assert_non_null(d);
	for (struct dirent *e; (e = readdir(d));) {
		char name[64];
		struct golden g;
		size_t len = strlen(e->d_name);

		if (len < 5 || len > sizeof(name) || strcmp(e->d_name + len - 4, ".hex") != 0)
			continue;
		snprintf(name, sizeof(name), "%.*s", (int)len - 4, e->d_name);
		g = t_golden(name);
		fn(&g);
		n++;
	}
	closedir(d);
	return n;
}

/* One for all files of a test program: weak, so that each may define it. */
extern uint64_t t_state;
__attribute__((weak)) uint64_t t_state = 1;

/* xorshift64*; never 0. */
static inline uint64_t t_random(void)
{
	t_state ^= t_state >> 12;
	t_state ^= t_state << 25;
	t_state ^= t_state >> 27;
	return t_state * 2685821657736338717u;
}

static inline unsigned t_below(unsigned n)
{
	return (unsigned)(t_random() >> 32) % n;
}

static inline void t_bytes(void *to, size_t n)
{
	for (uint8_t *p = to; n; n--)
		*p++ = (uint8_t)(t_random() >> 56);
}

/* First thing in every test that draws: says how to get the same draw again. */
static inline void t_seed(void)
{
	const char *env = getenv("SEED");
	unsigned long long seed = env ? strtoull(env, NULL, 0) : (unsigned long long)time(NULL);

	print_message("SEED=%llu\n", seed);
	t_state = (seed + 1) * 0x9e3779b97f4a7c15u;
	if (!t_state)
		t_state = 1;
}

#endif
