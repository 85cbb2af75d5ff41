/* The store: what a transaction put is there for the next agent, what none committed is not, and damage is no binding.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "store/record.h"
#include "tests/unit/t.h"

static char dir[64];
static struct store_owner owner;
static struct store *s;

static int setup(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/mip-store-XXXXXX");
	assert_non_null(mkdtemp(dir));
	owner = (struct store_owner){dir, 42, 7, 0xa1b2c3d4e5f};
	log_level_set(LOG_ERROR);
	assert_int_equal(store_open(&s, &owner, NULL), 0);
	return 0;
}

static int teardown(void **state)
{
	char command[128];

	(void)state;
	store_close(s);
	s = NULL;
	snprintf(command, sizeof(command), "rm -r %s", dir);
	return system(command);
}

static void reopen(void)
{
	store_close(s);
	assert_int_equal(store_open(&s, &owner, NULL), 0);
}

static struct store_binding binding(unsigned i)
{
	struct store_binding b = {.home = t_addr("2001:db8:1::"), .local = t_addr("2001:db8:1::1")};

	b.home.s6_addr[14] = (uint8_t)(i >> 8);
	b.home.s6_addr[15] = (uint8_t)i;
	b.coa = b.from = t_addr("2001:db8:a::5");
	b.made = 1700000000 * SEC + i;
	b.expires = b.made + 420 * SEC;
	b.seq = (uint16_t)(65000 + i);
	b.flags = 0xc000;
	b.lifetime = 105;
	b.booted = 1699990000 * SEC;
	b.boot = 0xa1b2c3d4e5f;
	return b;
}

static size_t good;

static bool same(void *ctx, const struct store_binding *b)
{
	struct store_binding want = binding((unsigned)b->home.s6_addr[14] << 8 | b->home.s6_addr[15]);

	(void)ctx;
	assert_memory_equal(&b->home, &want.home, 16);
	assert_memory_equal(&b->local, &want.local, 16);
	assert_memory_equal(&b->coa, &want.coa, 16);
	assert_memory_equal(&b->from, &want.from, 16);
	assert_true(b->made == want.made && b->expires == want.expires);
	assert_true(b->seq == want.seq && b->flags == want.flags && b->lifetime == want.lifetime);
	good++;
	return true;
}

static size_t there(enum store_cache cache)
{
	size_t n;

	good = 0;
	n = store_each(s, cache, same, NULL);
	assert_int_equal(n, good);
	return n;
}

static void put(enum store_cache cache, unsigned from, unsigned to)
{
	for (unsigned i = from; i < to; i++) {
		struct store_binding b = binding(i);

		store_put(s, cache, &b);
	}
}

static void what_was_put_is_there(void **state)
{
	struct store_binding b = binding(3);

	(void)state;
	put(STORE_HA, 0, 500);
	put(STORE_CN, 0, 20);
	put(STORE_HA, 0, 10);
	store_put_nonce(s, 65535);
	assert_int_equal(store_commit(s, NULL), 0);
	assert_int_equal(store_commit(s, NULL), 0);
	reopen();
	assert_int_equal(there(STORE_HA), 500);
	assert_int_equal(there(STORE_CN), 20);
	assert_int_equal(store_nonce(s), 65535);
	store_del(s, STORE_HA, &b.home, &b.local);
	store_clear(s, STORE_CN);
	assert_int_equal(store_commit(s, NULL), 0);
	reopen();
	assert_int_equal(there(STORE_HA), 499);
	assert_int_equal(there(STORE_CN), 0);
}

static bool none(void *ctx, const struct store_binding *b)
{
	(void)ctx, (void)b;
	return false;
}

static void what_nobody_wants_is_deleted(void **state)
{
	(void)state;
	put(STORE_HA, 0, 300);
	assert_int_equal(store_commit(s, NULL), 0);
	assert_int_equal(store_each(s, STORE_HA, none, NULL), 300);
	assert_int_equal(store_commit(s, NULL), 0);
	assert_int_equal(there(STORE_HA), 0);
}

static void an_empty_file_does_not_stay(void **state)
{
	struct stat st;

	(void)state;
	reopen();
	assert_int_equal(stat(store_path(s), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	store_close(s);
	s = NULL;
	assert_int_equal(rmdir(dir), 0);
	assert_int_equal(store_open(&s, &owner, NULL), 0);
}

static void two_agents(void **state)
{
	struct why why = {0};
	struct store *other;

	(void)state;
	put(STORE_HA, 0, 5);
	assert_int_equal(store_commit(s, NULL), 0);
	assert_int_equal(store_open(&other, &owner, &why), -EBUSY);
	assert_non_null(strstr(why.text, "another agent"));
	put(STORE_HA, 5, 10);
	assert_int_equal(store_commit(s, NULL), 0);
	assert_int_equal(there(STORE_HA), 10);
}

static void an_inode_used_again(void **state)
{
	(void)state;
	put(STORE_HA, 0, 5);
	assert_int_equal(store_commit(s, NULL), 0);
	owner.boot = 0xffffffffffff; /* the machine started again: cookies are dealt anew */
	owner.cookie = 9;
	reopen();
	assert_int_equal(there(STORE_HA), 5);
	owner.cookie = 10;
	reopen();
	assert_int_equal(there(STORE_HA), 0);
}

/* Half the life of a binding of 420 s is over. */
static usec left(uint64_t boot, usec off_by)
{
	struct store_binding b = binding(0);
	struct store_clock c = {boot, b.made + 210 * SEC - b.booted, b.made + 210 * SEC + off_by};

	return store_left(&b, &c);
}

static void how_long_it_lasts(void **state)
{
	const uint64_t same = binding(0).boot, other = same + 1;
	struct store_binding b = binding(0);
	struct store_clock c = {same, b.expires - b.booted, b.made};

	(void)state;
	/* Since the same start of the machine its own clock says it, and the calendar may be set to anything. */
	assert_int_equal(left(same, 0), 210 * SEC);
	assert_int_equal(left(same, -86400 * SEC), 210 * SEC);
	assert_int_equal(left(same, 86400 * SEC), 210 * SEC);
	assert_int_equal(store_left(&b, &c), 0);
	assert_int_equal(store_booted(&b, &c), b.booted);
	/* After another there is but the calendar; what was written in its future may be of any age. */
	assert_int_equal(left(other, 0), 210 * SEC);
	assert_int_equal(left(other, 100 * SEC), 110 * SEC);
	assert_int_equal(left(other, 210 * SEC), 0);
	assert_int_equal(left(other, -210 * SEC), 420 * SEC);
	assert_int_equal(left(other, -211 * SEC), 0);
	/* So it is with a store that does not say when it was written. */
	b.boot = 0;
	c = (struct store_clock){0, 77, b.made + 20 * SEC};
	assert_int_equal(store_left(&b, &c), 400 * SEC);
}

/* FNV-1a, as the checksum is. */
static uint64_t sum(const uint8_t *data, size_t len, uint64_t h)
{
	while (len--)
		h = (h ^ *data++) * 0x100000001b3u;
	return h;
}

static void a_record_of_old(void **state)
{
	struct store_binding b = binding(3), read;
	struct record r;
	uint64_t h;

	(void)state;
	record_write(&r, STORE_HA, &b);
	h = sum(r.value, OLD_LEN - 8, sum(r.key, (size_t)r.key_len, 0xcbf29ce484222325u));
	for (int i = 0; i < 8; i++)
		r.value[OLD_LEN - 1 - i] = (uint8_t)(h >> 8 * i);
	assert_true(record_read(r.key, r.key_len, r.value, OLD_LEN, &read));
	b.booted = 0;
	b.boot = 0;
	assert_memory_equal(&read, &b, sizeof(b));
	assert_false(record_read(r.key, r.key_len, r.value, OLD_LEN - 1, &read));
	r.value[5] ^= 1;
	assert_false(record_read(r.key, r.key_len, r.value, OLD_LEN, &read));
}

static void a_record_with_networks(void **state)
{
	struct store_binding b = binding(3), read;
	struct record r;

	(void)state;
	for (b.networks = 0; b.networks < STORE_NETWORKS; b.networks++) {
		record_write(&r, STORE_HA, &b);
		assert_true(record_read(r.key, r.key_len, r.value, r.value_len, &read));
		assert_memory_equal(&read, &b, sizeof(b));
		assert_false(record_read(r.key, r.key_len, r.value, r.value_len - 17, &read));
		b.network[b.networks] = (struct addr_prefix){b.home, (uint8_t)(b.networks * 8)};
	}
}

static void a_record_of_one_in_udp(void **state)
{
	struct store_binding b = binding(3), read;
	struct record r;

	(void)state;
	b.udp_local = b.home;
	b.udp_port = 40000;
	for (b.networks = 0; b.networks < STORE_NETWORKS; b.networks++) {
		record_write(&r, STORE_HA, &b);
		assert_true(record_read(r.key, r.key_len, r.value, r.value_len, &read));
		assert_memory_equal(&read, &b, sizeof(b));
		b.network[b.networks] = (struct addr_prefix){b.home, (uint8_t)(b.networks * 8)};
	}
}

static void what_could_not_be_changed_is_not_believed(void **state)
{
	(void)state;
	put(STORE_HA, 0, 5);
	assert_int_equal(store_commit(s, NULL), 0);
	put(STORE_HA, 5, 10);
	store_abandon(s);
	assert_int_equal(rmdir(dir), 0);
	assert_int_equal(store_open(&s, &owner, NULL), 0);
	assert_int_equal(there(STORE_HA), 0);
}

/* One octet after the other is another one; what is served is right all the same (same() looks). */
static void every_octet_torn(void **state)
{
	char path[128], bad[136];
	struct stat st;
	struct why why = {0};
	uint8_t *file;
	int fd;

	(void)state;
	put(STORE_HA, 0, 60);
	assert_int_equal(store_commit(s, NULL), 0);
	snprintf(path, sizeof(path), "%s", store_path(s));
	snprintf(bad, sizeof(bad), "%s.bad", path);
	store_close(s);
	fd = open(path, O_RDWR);
	assert_int_equal(fstat(fd, &st), 0);
	file = malloc((size_t)st.st_size);
	assert_int_equal(pread(fd, file, (size_t)st.st_size, 0), st.st_size);
	close(fd);
	t_seed();
	for (off_t at = 0; at < st.st_size; at += 1 + t_below(120)) {
		uint8_t other = file[at] ^ (uint8_t)(1 + t_below(255));

		fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
		assert_int_equal(write(fd, file, (size_t)st.st_size), st.st_size);
		assert_int_equal(pwrite(fd, &other, 1, at), 1);
		close(fd);
		if (store_open(&s, &owner, &why))
			fail_msg("octet %jd made %#x: %s", (intmax_t)at, other, why.text);
		there(STORE_HA);
		store_clear(s, STORE_HA);
		put(STORE_HA, 100, 110);
		assert_int_equal(store_commit(s, NULL), 0);
		assert_int_equal(there(STORE_HA), 10);
		store_close(s);
	}
	free(file);
	assert_int_equal(access(bad, F_OK), 0);
	assert_int_equal(store_open(&s, &owner, NULL), 0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(what_was_put_is_there),
		T(what_nobody_wants_is_deleted),
		T(an_empty_file_does_not_stay),
		T(two_agents),
		T(an_inode_used_again),
		T(how_long_it_lasts),
		T(a_record_of_old),
		T(a_record_with_networks),
		T(a_record_of_one_in_udp),
		T(what_could_not_be_changed_is_not_believed),
		T(every_octet_torn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
