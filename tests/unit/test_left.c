/* sys/left: what a crashed agent left is taken once, and only as it was; what nobody took is told in the end. */
#include "sys/left.h"
#include "t.h"

#define MANY 1000

static void rest(void *sum, const uint8_t *key)
{
	uint32_t k;

	memcpy(&k, key, sizeof(k));
	*(uint32_t *)sum += k;
}

static void note(struct left *l, uint32_t key, uint32_t value)
{
	assert_int_equal(left_note(l, &key, &value), 0);
}

static bool take(struct left *l, uint32_t key, uint32_t value)
{
	return left_take(l, &key, &value);
}

static void test_take(void **state)
{
	struct left l = {.klen = 4, .vlen = 4};
	uint32_t sum = 0;

	(void)state;
	assert_false(take(&l, 1, 1)); /* nothing was found */
	for (uint32_t i = 0; i < MANY; i++)
		note(&l, i * 7919 % MANY, i);
	for (uint32_t i = 10; i < MANY; i++)
		assert_true(take(&l, i * 7919 % MANY, i));
	assert_false(take(&l, 10 * 7919 % MANY, 10)); /* was taken, and may have been deleted since */
	assert_false(take(&l, MANY, 0));
	assert_false(take(&l, 0, 1)); /* another value: to be replaced, not to be deleted */
	left_end(&l, rest, &sum);
	for (uint32_t i = 1; i < 10; i++)
		sum -= i * 7919 % MANY;
	assert_int_equal(sum, 0);
	assert_false(take(&l, 7919 % MANY, 1)); /* the end is the end */
	left_end(&l, rest, &sum);
	assert_int_equal(sum, 0);
}

static void test_keys_alone(void **state)
{
	struct left l = {.klen = 4};
	uint32_t key = 5, sum = 0;

	(void)state;
	assert_int_equal(left_note(&l, &key, NULL), 0);
	assert_true(left_take(&l, &key, NULL));
	assert_false(left_take(&l, &key, NULL));
	left_end(&l, rest, &sum);
	assert_int_equal(sum, 0);
	assert_int_equal(left_note(&l, &key, NULL), 0);
	left_end(&l, NULL, NULL);
	assert_false(left_take(&l, &key, NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_take), cmocka_unit_test(test_keys_alone)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
