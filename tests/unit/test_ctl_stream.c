/* The control socket: dumps, monitors, and readers that are slow or gone. */
#include "t_ctl.h"

/* 100,000 records to a reader that takes its time: what waits in the server is one packet. */
static void test_long_dump(void **state)
{
	size_t before, most = 0, waiting = 0;
	unsigned n = 0;
	struct ctl_msg m;
	int fd = greet();

	(void)state;
	t.records = 100000;
	before = mallinfo2().uordblks;
	say_plain(fd, MIP_BINDING_GET, 2);
	do {
		pump_once();
		while ((m = hear(fd)).head.nlmsg_type == MIP_BINDING_GET) {
			assert_int_equal(m.head.nlmsg_flags & NLM_F_MULTI, NLM_F_MULTI);
			n++;
			if (n % 1000 == 0 && t.ctl->conns->out.n > waiting)
				waiting = t.ctl->conns->out.n;
		}
		if (mallinfo2().uordblks > before && mallinfo2().uordblks - before > most)
			most = mallinfo2().uordblks - before;
	} while (m.head.nlmsg_type != NLMSG_DONE);
	assert_int_equal(n, 100000);
	assert_true(waiting <= 1);
	assert_true(most < 64 * 1024);
	close(fd);
}

/* One who does not read at all stops his own dump and nobody else's. */
static void test_slow_dump_blocks_nobody(void **state)
{
	struct ctl_msg m;
	int slow = greet(), fd;

	(void)state;
	t.large = true;
	t.records = 100000;
	say_plain(slow, MIP_BINDING_GET, 2);
	for (int i = 0; i < 200; i++)
		pump_once();
	assert_true(t.gets > 10 && t.gets < 10000);
	assert_int_equal(t.ctl->conns->out.n, 1);
	fd = greet();
	ctl_msg_open(&m, MIP_AGENT_GET);
	m = ask(fd, &m, 2);
	assert_int_equal(m.head.nlmsg_type, MIP_AGENT_GET);
	close(fd);
	close(slow);
	pump();
	assert_int_equal(t.ctl->n, 0);
}

/* Requests sent without waiting are answered in order, also behind a dump. */
static void test_pipelining(void **state)
{
	static const uint16_t want[] = {
		MIP_BINDING_GET, MIP_BINDING_GET, MIP_BINDING_GET, NLMSG_DONE, NLMSG_ERROR, MIP_AGENT_GET, NLMSG_DONE};
	int fd = greet();

	(void)state;
	say_plain(fd, MIP_BINDING_GET, 2);
	say_plain(fd, MIP_HA_STOP, 3);
	say_plain(fd, MIP_AGENT_GET, 4);
	pump();
	for (size_t i = 0; i < MNL_ARRAY_SIZE(want); i++)
		assert_int_equal(hear(fd).head.nlmsg_type, want[i]);
	close(fd);
}

static void test_failing_dump(void **state)
{
	struct ctl_msg m;
	int fd = greet();

	(void)state;
	ctl_msg_open(&m, MIP_BUL_GET);
	m = ask(fd, &m, 2);
	assert_refused(&m, EIO, "on fire");
	close(fd);
}

static int monitor(const char *objects, bool once)
{
	struct ctl_msg m;
	int fd = greet();

	ctl_msg_open(&m, MIP_MONITOR);
	ctl_put_str(&m, MIP_A_OBJECT, objects);
	if (once)
		ctl_put_num(&m, MIP_A_ONCE, 1);
	say(fd, &m, 7);
	pump();
	return fd;
}

static void event(const char *object)
{
	struct ctl_msg m;

	ctl_msg_open(&m, MIP_EVENT);
	ctl_put_str(&m, MIP_A_OBJECT, object);
	ctl_put_str(&m, MIP_A_EVENT, "happened");
	ctl_event(t.ctl, &m);
}

static void test_monitor(void **state)
{
	struct ctl_msg m;
	int fd = monitor("binding mn", false);

	(void)state;
	assert_true(ctl_watched(t.ctl, "mn"));
	assert_false(ctl_watched(t.ctl, "ha"));
	assert_int_equal(hear(fd).head.nlmsg_type, MIP_MN_GET);
	for (int i = 0; i < 3; i++)
		assert_int_equal(hear(fd).head.nlmsg_type, MIP_BINDING_GET);
	assert_int_equal(hear(fd).head.nlmsg_type, MIP_EVENT_SYNC);
	event("ha");
	event("bind");
	event("binding");
	pump();
	m = hear(fd);
	assert_int_equal(m.head.nlmsg_type, MIP_EVENT);
	assert_int_equal(m.head.nlmsg_seq, 7);
	assert_string_equal(mnl_attr_get_str(attr_of(&m, MIP_A_OBJECT, 0)), "binding");
	assert_int_equal(hear(fd).head.nlmsg_type, 0);
	close(fd);
	pump();
	assert_false(ctl_watched(t.ctl, NULL));
}

static void test_monitor_once(void **state)
{
	int fd = monitor("ha", true);

	(void)state;
	assert_int_equal(hear(fd).head.nlmsg_type, MIP_HA_GET);
	assert_int_equal(hear(fd).head.nlmsg_type, MIP_EVENT_SYNC);
	assert_int_equal(hear(fd).head.nlmsg_type, NLMSG_DONE);
	say_plain(fd, MIP_AGENT_GET, 9);
	pump();
	assert_int_equal(hear(fd).head.nlmsg_type, MIP_AGENT_GET);
	assert_false(ctl_watched(t.ctl, NULL));
	close(fd);
}

/* Takes what there is; counts events, and what it is told it lost. */
static void drain(int fd, uint64_t *seen, uint64_t *lost)
{
	struct ctl_msg m;

	do {
		pump_once();
		while ((m = hear(fd)).head.nlmsg_type == MIP_EVENT) {
			const struct nlattr *at = attr_of(&m, MIP_A_LOST, 0);

			if (at)
				*lost += mnl_attr_get_u64(at);
			else
				(*seen)++;
		}
	} while (t.ctl->conns->out.head);
	while ((m = hear(fd)).head.nlmsg_type == MIP_EVENT) {
		const struct nlattr *at = attr_of(&m, MIP_A_LOST, 0);

		if (at)
			*lost += mnl_attr_get_u64(at);
		else
			(*seen)++;
	}
}

static void test_slow_monitor_loses_and_is_told(void **state)
{
	uint64_t seen = 0, lost = 0;
	int fd = monitor("ha", false);

	(void)state;
	hear(fd);
	hear(fd);
	for (int i = 0; i < 20000; i++) {
		event("ha");
		assert_true(t.ctl->conns->out.bytes <= MIP_QUEUE_MAX);
	}
	drain(fd, &seen, &lost);
	assert_true(lost > 0);
	assert_int_equal(seen + lost, 20000);
	event("ha");
	drain(fd, &seen, &lost);
	assert_int_equal(seen + lost, 20001);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_long_dump),
		T(test_slow_dump_blocks_nobody),
		T(test_pipelining),
		T(test_failing_dump),
		T(test_monitor),
		T(test_monitor_once),
		T(test_slow_monitor_loses_and_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
