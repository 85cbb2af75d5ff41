/* VICI: the example of strongSwan's documentation both ways, and everything that is not well formed. */
#include <errno.h>

#include "t.h"
#include "wire/vici.h"

/* "key1 = value1, section1 { sub-section { key2 = value2 } list1 = [item1, item2] }" */
static const uint8_t example[] = {3, 4, 'k', 'e', 'y', '1', 0, 6, 'v', 'a', 'l', 'u', 'e', '1', 1, 8, 's', 'e', 'c',
	't', 'i', 'o', 'n', '1', 1, 11, 's', 'u', 'b', '-', 's', 'e', 'c', 't', 'i', 'o', 'n', 3, 4, 'k', 'e', 'y', '2',
	0, 6, 'v', 'a', 'l', 'u', 'e', '2', 2, 4, 5, 'l', 'i', 's', 't', '1', 5, 0, 5, 'i', 't', 'e', 'm', '1', 5, 0, 5,
	'i', 't', 'e', 'm', '2', 6, 2};

static struct vici_reader reader;
static struct vici_text event;

static bool open_packet(const uint8_t *head, size_t head_len, const uint8_t *message, size_t len)
{
	static uint8_t *packet;
	enum vici_packet type;

	free(packet); /* ends where the packet does: a sanitizer watches */
	packet = malloc(head_len + len);
	memcpy(packet, head, head_len);
	memcpy(packet + head_len, message, len);
	return vici_open(packet, head_len + len, &type, &event, &reader);
}

static int walk(void)
{
	struct vici_item item;
	int more;

	do
		more = vici_next(&reader, &item);
	while (more > 0);
	return more;
}

static int read_all(const uint8_t *message, size_t len)
{
	return open_packet((const uint8_t[]){VICI_RESPONSE}, 1, message, len) ? walk() : -EPROTO;
}

static void expect(enum vici_element type, unsigned depth, const char *name, const char *value)
{
	struct vici_item item;

	assert_int_equal(vici_next(&reader, &item), 1);
	assert_int_equal(item.type, type);
	assert_int_equal(item.depth, depth);
	assert_true(vici_is(item.name, name));
	assert_true(vici_is(item.value, value));
}

static void test_example(void **state)
{
	(void)state;
	assert_true(open_packet((const uint8_t[]){VICI_EVENT, 2, 'u', 'p'}, 4, example, sizeof(example)));
	assert_true(vici_is(event, "up"));
	expect(VICI_VALUE, 0, "key1", "value1");
	expect(VICI_SECTION, 1, "section1", "");
	expect(VICI_SECTION, 2, "sub-section", "");
	expect(VICI_VALUE, 2, "key2", "value2");
	expect(VICI_SECTION_END, 2, "", "");
	expect(VICI_LIST, 1, "list1", "");
	expect(VICI_ITEM, 1, "", "item1");
	expect(VICI_ITEM, 1, "", "item2");
	expect(VICI_LIST_END, 1, "", "");
	expect(VICI_SECTION_END, 1, "", "");
	assert_int_equal(walk(), 0);
}

static void test_written(void **state)
{
	uint8_t room[256];
	struct wr w = wr_over(room, sizeof(room));

	(void)state;
	vici_begin(&w, VICI_REQUEST, "x");
	vici_value(&w, "key1", "value1");
	vici_section(&w, "section1");
	vici_section(&w, "sub-section");
	vici_value(&w, "key2", "value2");
	vici_section_end(&w);
	vici_list(&w, "list1", "item1", "item2");
	vici_section_end(&w);
	vici_finish(&w);
	assert_false(w.bad);
	assert_int_equal(wr_at(&w), 4 + 3 + sizeof(example));
	assert_memory_equal(room, ((const uint8_t[]){0, 0, 0, 3 + sizeof(example), VICI_REQUEST, 1, 'x'}), 7);
	assert_memory_equal(room + 7, example, sizeof(example));
}

/* Every cut: only where a message could end it is one. */
static void test_cut(void **state)
{
	(void)state;
	for (size_t n = 0; n < sizeof(example); n++)
		assert_int_equal(read_all(example, n), n == 0 || n == 14 ? 0 : -EBADMSG);
	assert_int_equal(read_all(example, sizeof(example)), 0);
}

#define BAD(...)                                                                                                       \
	assert_int_equal(read_all((const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__})), -EBADMSG)

static void test_not_well_formed(void **state)
{
	uint8_t deep[3 * (VICI_DEPTH_MAX + 1)];

	(void)state;
	BAD(0);						       /* no such element */
	BAD(7);						       /* nor that */
	BAD(VICI_SECTION_END);				       /* of nothing */
	BAD(VICI_LIST_END);				       /* of nothing */
	BAD(VICI_ITEM, 0, 1, 'x');			       /* outside of a list */
	BAD(VICI_LIST, 0, VICI_VALUE, 0, 0, 0, VICI_LIST_END); /* a value within */
	BAD(VICI_LIST, 0, VICI_LIST, 0, VICI_LIST_END, VICI_LIST_END);
	BAD(VICI_LIST, 0, VICI_SECTION, 0, VICI_SECTION_END, VICI_LIST_END);
	BAD(VICI_VALUE, 255, 'x');	     /* a name beyond the end */
	BAD(VICI_VALUE, 0, 0xff, 0xff, 'x'); /* a value beyond it */
	for (size_t i = 0; i < sizeof(deep); i++)
		deep[i] = i % 2 ? 0 : VICI_SECTION;
	assert_int_equal(read_all(deep, (size_t)2 * (VICI_DEPTH_MAX + 1)), -EBADMSG);
	for (size_t i = 0; i < VICI_DEPTH_MAX; i++)
		deep[(size_t)2 * VICI_DEPTH_MAX + i] = VICI_SECTION_END;
	assert_int_equal(read_all(deep, (size_t)3 * VICI_DEPTH_MAX), 0);
}

static void test_packets(void **state)
{
	char text[6];

	(void)state;
	for (int type = 0; type < 256; type++)
		assert_int_equal(open_packet((const uint8_t[]){(uint8_t)type, 0}, 2, NULL, 0),
			type == VICI_RESPONSE || type == VICI_UNKNOWN_REQUEST || type == VICI_CONFIRM ||
				type == VICI_UNKNOWN_EVENT || type == VICI_EVENT);
	assert_false(open_packet(NULL, 0, NULL, 0));
	assert_false(open_packet((const uint8_t[]){VICI_EVENT}, 1, NULL, 0));
	assert_false(open_packet((const uint8_t[]){VICI_EVENT, 5, 'x'}, 3, NULL, 0));
	vici_copy((struct vici_text){"a\nb\0c\x1b[31m", 10}, text, sizeof(text));
	assert_string_equal(text, "a?b?c");
}

/* No room: said, and nothing written beyond it. */
static void test_room(void **state)
{
	(void)state;
	for (size_t cap = 1; cap < 64; cap++) {
		uint8_t *room = malloc(cap);
		struct wr w = wr_over(room, cap);

		vici_begin(&w, VICI_REQUEST, "load-shared");
		vici_list(&w, "owners", "one", "another");
		vici_data(&w, "data", "0123456789", 10);
		vici_finish(&w);
		assert_int_equal(w.bad, cap < 4 + 13 + 8 + 6 + 10 + 1 + 5 + 2 + 1 + 10);
		free(room);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_example), cmocka_unit_test(test_written),
		cmocka_unit_test(test_cut), cmocka_unit_test(test_not_well_formed), cmocka_unit_test(test_packets),
		cmocka_unit_test(test_room)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
