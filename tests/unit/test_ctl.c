/* The control socket: who gets in, what is read, what is refused, transactions. */
#include "ctl/record.h"
#include "t_ctl.h"

static void test_hello(void **state)
{
	struct ctl_msg m;
	int fd = dial();

	(void)state;
	ctl_msg_open(&m, MIP_AGENT_GET);
	m = ask(fd, &m, 5);
	assert_refused(&m, EPROTO, "HELLO");
	assert_int_equal(m.head.nlmsg_seq, 5);
	ctl_msg_open(&m, MIP_HELLO);
	ctl_put_num(&m, MIP_A_PROTOCOL, MIP_CTL_VERSION + 1);
	m = ask(fd, &m, 6);
	assert_refused(&m, EPROTONOSUPPORT, "version");
	assert_int_equal(blamed(&m), MIP_A_PROTOCOL);
	close(fd);
	close(greet());
	pump();
	assert_int_equal(t.ctl->n, 0);
}

/* A message is made where others were, maybe with keys: nothing of them may stay between its attributes. */
static void test_nothing_stays_between_attributes(void **state)
{
	struct ctl_msg m;

	(void)state;
	memset(&m, 0xaa, sizeof(m));
	ctl_msg_open(&m, MIP_AGENT_GET);
	ctl_put_str(&m, MIP_A_CAPS, "");
	ctl_put_num(&m, MIP_A_ENABLED, true);
	ctl_put_str(&m, MIP_A_PATH, "ip6tnl");
	assert_null(memchr(m.bytes, 0xaa, m.head.nlmsg_len));
}

static void test_socket_modes(void **state)
{
	struct stat st;

	(void)state;
	assert_int_equal(stat(ctl_path(t.ctl), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0660);
	assert_true(S_ISSOCK(st.st_mode));
}

static void test_second_agent_is_refused(void **state)
{
	struct loop loop;
	struct ctl *second = NULL;
	struct why why = {0};
	char want[64];

	(void)state;
	assert_int_equal(loop_open(&loop), 0);
	assert_int_equal(ctl_open(&second, &loop, &ops, &why), -EEXIST);
	snprintf(want, sizeof(want), "an agent runs already (pid %d)", (int)getpid());
	assert_string_equal(why.text, want);
	loop_close(&loop);
}

/* A crashed agent leaves its socket: the next one takes the place. */
static void test_stale_socket_is_replaced(void **state)
{
	struct why why = {0};
	pid_t pid;
	int status;

	(void)state;
	ctl_close(t.ctl);
	pid = fork();
	if (pid == 0)
		_exit(ctl_open(&t.ctl, &t.loop, &ops, NULL) ? 1 : 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(ctl_open(&t.ctl, &t.loop, &ops, &why), 0);
	close(greet());
}

static void test_open_directory_is_refused(void **state)
{
	struct ctl *second = NULL;
	struct why why = {0};

	(void)state;
	assert_int_equal(chmod(t.dir, 0777), 0);
	assert_int_equal(ctl_open(&second, &t.loop, &ops, &why), -EPERM);
	assert_int_equal(chmod(t.dir, 0700), 0);
}

static void test_write_needs_the_right(void **state)
{
	struct ctl_msg m;
	int fd = greet();

	(void)state;
	ctl_msg_open(&m, MIP_HA_STOP);
	m = ask(fd, &m, 2);
	assert_refused(&m, 0, "");
	assert_int_equal(t.set_n, 1);
	t.ctl->conns->may_write = false; /* as it is for another uid */
	for (uint16_t cmd = 0; cmd < 100; cmd++) {
		if (!ctl_is_write(cmd))
			continue;
		ctl_msg_open(&m, cmd);
		m = ask(fd, &m, 3);
		assert_refused(&m, EPERM, "root");
	}
	assert_int_equal(t.set_n, 1);
	ctl_msg_open(&m, MIP_AGENT_GET);
	m = ask(fd, &m, 4);
	assert_int_equal(m.head.nlmsg_type, MIP_AGENT_GET);
	close(fd);
}

/* The real thing: another user connects. Only root can become one. */
static void test_another_user(void **state)
{
	struct ctl_msg m;
	int fd;

	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(chmod(t.dir, 0755) | chmod(ctl_path(t.ctl), 0666), 0);
	assert_int_equal(seteuid(65534), 0);
	fd = dial();
	assert_int_equal(seteuid(0), 0);
	ctl_msg_open(&m, MIP_HELLO);
	ctl_put_num(&m, MIP_A_PROTOCOL, MIP_CTL_VERSION);
	say(fd, &m, 1);
	say_plain(fd, MIP_HA_STOP, 2);
	pump();
	hear(fd);
	hear(fd);
	m = hear(fd);
	assert_refused(&m, EPERM, "root");
	close(fd);
}

static void test_bad_attributes(void **state)
{
	struct ctl_msg m;
	struct nlattr *at;
	int fd = greet();

	(void)state;
	ctl_msg_open(&m, MIP_BINDING_DEL);
	mnl_attr_put_u32(&m.head, MIP_A_COUNT + 7, 1);
	m = ask(fd, &m, 2);
	assert_refused(&m, EINVAL, "unknown attribute");
	ctl_msg_open(&m, MIP_BINDING_DEL);
	mnl_attr_put_u32(&m.head, MIP_A_HOME, 1);
	m = ask(fd, &m, 3);
	assert_refused(&m, EINVAL, "home is not a ADDRESS");
	assert_int_equal(blamed(&m), MIP_A_HOME);
	ctl_msg_open(&m, MIP_HA_SET);
	ctl_put_num(&m, MIP_A_MAX_BINDINGS, 1);
	ctl_put_num(&m, MIP_A_MAX_BINDINGS, 1);
	m = ask(fd, &m, 4);
	assert_refused(&m, EINVAL, "twice");
	ctl_msg_open(&m, MIP_HA_SET);
	mnl_attr_put(&m.head, MIP_A_DEV, 4, "eth0"); /* no NUL */
	m = ask(fd, &m, 5);
	assert_refused(&m, EINVAL, "dev");
	ctl_msg_open(&m, MIP_HA_SET);
	mnl_attr_put_strz(&m.head, MIP_A_DEV, "et\033[0m");
	m = ask(fd, &m, 6);
	assert_refused(&m, EINVAL, "dev");
	ctl_msg_open(&m, MIP_HA_SET);
	ctl_put_num(&m, MIP_A_MAX_BINDINGS, 1);
	at = mnl_nlmsg_get_payload(&m.head);
	at->nla_len = 200; /* past the end */
	m = ask(fd, &m, 7);
	assert_refused(&m, EBADMSG, "stray");
	ctl_msg_open(&m, 200);
	m = ask(fd, &m, 8);
	assert_refused(&m, EOPNOTSUPP, "unknown command");
	ctl_msg_open(&m, MIP_MN_ADD);
	m = ask(fd, &m, 9);
	assert_refused(&m, EINVAL, "agent is missing");
	assert_int_equal(blamed(&m), MIP_A_AGENT);
	assert_int_equal(t.set_n, 1);
	close(fd);
}

/* Every truncation of a good message is refused quietly, and the connection lives. */
static void test_truncations(void **state)
{
	struct in6_addr a = {.s6_addr = {0x20}};
	struct ctl_msg m, r;
	int fd = greet();

	(void)state;
	ctl_msg_open(&m, MIP_BINDING_ADD);
	ctl_put_addr(&m, MIP_A_HOME, &a);
	ctl_put_prefix(&m, MIP_A_PREFIX, &a, 3);
	for (uint32_t len = 1; len < m.head.nlmsg_len; len++) {
		assert_int_equal(send(fd, m.bytes, len, 0), len);
		pump();
		r = hear(fd);
		assert_refused(&r, EBADMSG, "malformed");
		r = m;
		r.head.nlmsg_len = len;
		if (len < sizeof(r.head))
			continue;
		assert_int_equal(send(fd, r.bytes, len, 0), len);
		pump();
		r = hear(fd);
		assert_int_equal(r.head.nlmsg_type, NLMSG_ERROR);
	}
	ctl_msg_open(&m, MIP_AGENT_GET);
	m = ask(fd, &m, 9);
	assert_int_equal(m.head.nlmsg_type, MIP_AGENT_GET);
	close(fd);
}

static void test_garbage_and_oversize(void **state)
{
	static char big[MIP_MSG_MAX * 2];
	struct ctl_msg m;
	int fd = greet();

	(void)state;
	srand(1);
	for (int i = 0; i < 2000; i++) {
		size_t n = 1 + (size_t)rand() % 200;

		for (size_t j = 0; j < n; j++)
			big[j] = (char)rand();
		assert_int_equal(send(fd, big, n, 0), n);
		pump_once();
		pump_once();
		m = hear(fd);
		assert_int_equal(m.head.nlmsg_type, NLMSG_ERROR);
	}
	assert_int_equal(send(fd, big, sizeof(big), 0), sizeof(big));
	pump();
	m = hear(fd);
	assert_refused(&m, EBADMSG, "malformed message of 8192 bytes");
	close(fd);
}

static void test_65_clients(void **state)
{
	int fds[MIP_CLIENTS_MAX], extra;
	struct ctl_msg m;

	(void)state;
	for (int i = 0; i < MIP_CLIENTS_MAX; i++)
		fds[i] = greet();
	extra = dial();
	pump();
	m = hear(extra);
	assert_refused(&m, EBUSY, "too many");
	m = hear(extra);
	assert_true(m.full);
	close(extra);
	close(fds[7]);
	pump();
	fds[7] = greet();
	for (int i = 0; i < MIP_CLIENTS_MAX; i++)
		close(fds[i]);
	pump();
	assert_int_equal(t.ctl->n, 0);
}

static void test_transaction(void **state)
{
	struct ctl_msg m;
	int fd = greet();

	(void)state;
	say_plain(fd, MIP_BEGIN, 2);
	say_plain(fd, MIP_CONFIG_RESET, 3);
	say_plain(fd, MIP_MN_ADD, 4);
	say_plain(fd, MIP_AGENT_GET, 5); /* reading goes on meanwhile */
	say_plain(fd, MIP_HA_START, 6);
	ctl_msg_open(&m, MIP_COMMIT);
	m = ask(fd, &m, 7);
	assert_refused(&m, 0, "");
	assert_int_equal(m.head.nlmsg_seq, 2);
	assert_int_equal(hear(fd).head.nlmsg_type, MIP_AGENT_GET);
	assert_int_equal(hear(fd).head.nlmsg_type, NLMSG_DONE);
	m = hear(fd);
	assert_refused(&m, 0, "");
	assert_int_equal(m.head.nlmsg_seq, 7);
	assert_string_equal(t.order, "CONFIG_RESET MN_ADD HA_START ");
	assert_int_equal(t.set_n, 0);
	ctl_msg_open(&m, MIP_COMMIT);
	m = ask(fd, &m, 8);
	assert_refused(&m, EINVAL, "without BEGIN");
	close(fd);
}

static uint32_t index_of(const struct ctl_msg *m)
{
	const struct nlattr *at = attr_of(m, MIP_ERR_INDEX, sizeof(struct nlmsgerr));

	assert_non_null(at);
	return mnl_attr_get_u32(at);
}

static void test_refused_transaction(void **state)
{
	struct ctl_msg m;
	int fd = greet();

	(void)state;
	t.refuse_at = 1;
	say_plain(fd, MIP_BEGIN, 2);
	for (int i = 0; i < 3; i++)
		say_plain(fd, MIP_MN_STOP, 3);
	ctl_msg_open(&m, MIP_COMMIT);
	ask(fd, &m, 4);
	m = hear(fd);
	assert_refused(&m, EEXIST, "there already");
	assert_int_equal(index_of(&m), 1);
	assert_int_equal(blamed(&m), MIP_A_HOME);

	/* What cannot be read spoils the whole: the agent is not even asked. */
	t.refuse_at = -1;
	strcpy(t.order, "untouched");
	say_plain(fd, MIP_BEGIN, 5);
	say_plain(fd, MIP_MN_STOP, 6);
	ctl_msg_open(&m, MIP_HA_SET);
	mnl_attr_put_u8(&m.head, MIP_A_MAX_BINDINGS, 1);
	say(fd, &m, 7);
	say_plain(fd, MIP_MN_STOP, 8);
	ctl_msg_open(&m, MIP_COMMIT);
	ask(fd, &m, 9);
	m = hear(fd);
	assert_refused(&m, EINVAL, "max-bindings");
	assert_int_equal(index_of(&m), 1);
	assert_string_equal(t.order, "untouched");
	close(fd);
}

/* Hanging up before COMMIT leaves nothing; neither does hanging up in a dump. */
static void test_hang_up_anywhere(void **state)
{
	int fd = greet();

	(void)state;
	say_plain(fd, MIP_BEGIN, 2);
	say_plain(fd, MIP_MN_STOP, 3);
	pump();
	close(fd);
	pump();
	fd = greet();
	t.records = 100000;
	say_plain(fd, MIP_BINDING_GET, 2);
	pump_once();
	close(fd);
	pump();
	assert_int_equal(t.ctl->n, 0);
	assert_string_equal(t.order, "");
}

/* Whoever sends a Binding Update chooses them: all at once fit. */
static void test_all_flags_fit(void **state)
{
	struct {
		char text[FLAGS_MAX];
		char behind;
	} f = {.behind = 'x'};

	(void)state;
	flags_text(0xffff, f.text);
	assert_string_equal(f.text, "AHLKRFT");
	assert_int_equal(f.behind, 'x');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_hello),
		cmocka_unit_test(test_nothing_stays_between_attributes),
		cmocka_unit_test(test_all_flags_fit),
		T(test_socket_modes),
		T(test_second_agent_is_refused),
		T(test_stale_socket_is_replaced),
		T(test_open_directory_is_refused),
		T(test_write_needs_the_right),
		T(test_another_user),
		T(test_bad_attributes),
		T(test_truncations),
		T(test_garbage_and_oversize),
		T(test_65_clients),
		T(test_transaction),
		T(test_refused_transaction),
		T(test_hang_up_anywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
