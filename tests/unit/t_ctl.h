/*
 * What tests of the control socket share: a real socket in a temporary directory, server and clients in one thread;
 * `pump` turns the loop until nothing moves, so nothing here waits for time to pass.
 */
#ifndef MIP_TESTS_UNIT_T_CTL_H
#define MIP_TESTS_UNIT_T_CTL_H

#include "t.h"

#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <malloc.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/loop.h"
#include "ctl/conn.h"

static struct {
	struct loop loop;
	struct timer wake;
	struct turn turn;
	struct ctl *ctl;
	char dir[64];
	bool large;	  /* records fill the socket long before a turn ends */
	unsigned records; /* a BINDING_GET has so many */
	unsigned gets;	  /* records asked for */
	unsigned set_n;	  /* writes done */
	uint16_t set_last;
	char order[256]; /* of a transaction */
	int refuse_at;	 /* index of a transaction, -1 = none */
} t;

/* --- an agent ----------------------------------------------------------------------------------------------------- */

static inline int on_set(void *ctx, const struct ctl_request *rq, struct why *why)
{
	(void)ctx;
	t.set_n++;
	t.set_last = rq->cmd;
	if (rq->cmd == MIP_MN_ADD)
		return ctl_need(rq, MIP_A_AGENT, why);
	return 0;
}

static inline int on_get(
	void *ctx, const struct ctl_request *rq, struct ctl_cursor *at, struct ctl_msg *m, struct why *why)
{
	struct in6_addr home = {.s6_addr = {0x20, 1}};
	uint64_t n = rq->cmd == MIP_BINDING_GET ? t.records : 1;

	(void)ctx;
	t.gets++;
	if (rq->cmd == MIP_BUL_GET)
		return why_set(why, EIO, "the list is on fire");
	if (at->at == n)
		return 1;
	at->at++;
	memcpy(&home.s6_addr[8], &at->at, 8);
	ctl_put_str(m, MIP_A_OBJECT, rq->cmd == MIP_BINDING_GET ? "binding" : "other");
	ctl_put_addr(m, MIP_A_HOME, &home);
	ctl_put_num(m, MIP_A_LIFETIME, 420);
	if (t.large) {
		char text[3000];

		memset(text, 'x', sizeof(text));
		text[sizeof(text) - 1] = 0;
		ctl_put_str(m, MIP_A_MESSAGE, text);
	}
	return 0;
}

static inline int on_commit(void *ctx, const struct ctl_request *commit, const struct ctl_request *list, size_t n,
	size_t *bad, struct why *why)
{
	(void)ctx, (void)commit;
	t.order[0] = 0;
	for (size_t i = 0; i < n; i++) {
		size_t len = strlen(t.order);

		if ((int)i == t.refuse_at) {
			*bad = i;
			return why_attr(why, EEXIST, MIP_A_HOME, "there already");
		}
		snprintf(t.order + len, sizeof(t.order) - len, "%s ", ctl_name(list[i].cmd));
	}
	return 0;
}

static const struct ctl_ops ops = {NULL, on_set, on_get, on_commit};

/* --- the loop by hand --------------------------------------------------------------------------------------------- */

static inline void end_turn(struct turn *turn)
{
	(void)turn;
	loop_quit(&t.loop);
}

static inline void nothing(struct timer *timer, usec now)
{
	(void)timer;
	(void)now;
}

static inline void pump_once(void)
{
	t.loop.quit = false;
	timer_arm(&t.loop.timers, &t.wake, clock_now(), nothing);
	assert_int_equal(loop_run(&t.loop), 0);
}

static inline void pump(void)
{
	for (int i = 0; i < 8; i++)
		pump_once();
}

static inline int setup(void **state)
{
	struct why why = {0};

	(void)state;
	memset(&t, 0, sizeof(t));
	t.refuse_at = -1;
	t.records = 3;
	strcpy(t.dir, "/tmp/mip-test-XXXXXX");
	assert_non_null(mkdtemp(t.dir));
	setenv("MIP_RUN_DIR", t.dir, 1);
	assert_int_equal(loop_open(&t.loop), 0);
	t.turn.run = end_turn;
	loop_each_turn(&t.loop, &t.turn);
	if (ctl_open(&t.ctl, &t.loop, &ops, &why))
		fail_msg("%s", why.text);
	return 0;
}

static inline int teardown(void **state)
{
	char cmd[128];

	(void)state;
	ctl_close(t.ctl);
	loop_close(&t.loop);
	snprintf(cmd, sizeof(cmd), "rm -r %s", t.dir);
	return system(cmd);
}

/* --- a client ----------------------------------------------------------------------------------------------------- */

static inline int dial(void)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	snprintf(at.sun_path, sizeof(at.sun_path), "%s", ctl_path(t.ctl));
	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	return fd;
}

static inline void say(int fd, struct ctl_msg *m, uint32_t seq)
{
	m->head.nlmsg_seq = seq;
	assert_int_equal(send(fd, m->bytes, m->head.nlmsg_len, MSG_NOSIGNAL), m->head.nlmsg_len);
}

static inline void say_plain(int fd, uint16_t cmd, uint32_t seq)
{
	struct ctl_msg m;

	ctl_msg_open(&m, cmd);
	say(fd, &m, seq);
}

/* The next message, or type 0 when there is none, or when the server hung up (then `full` is set). */
static inline struct ctl_msg hear(int fd)
{
	struct ctl_msg m = {0};
	ssize_t n = recv(fd, m.bytes, sizeof(m.bytes), 0);

	m.full = n == 0;
	if (n > 0)
		assert_int_equal(n, m.head.nlmsg_len);
	return m;
}

static inline struct ctl_msg ask(int fd, struct ctl_msg *m, uint32_t seq)
{
	say(fd, m, seq);
	pump();
	return hear(fd);
}

static inline const struct nlattr *attr_of(const struct ctl_msg *m, uint16_t type, unsigned skip)
{
	const struct nlattr *at;

	mnl_attr_for_each (at, &m->head, skip)
		if (at->nla_type == type)
			return at;
	return NULL;
}

static inline void assert_refused(const struct ctl_msg *m, int err, const char *text)
{
	const struct nlmsgerr *e = mnl_nlmsg_get_payload(&m->head);

	assert_int_equal(m->head.nlmsg_type, NLMSG_ERROR);
	assert_int_equal(e->error, -err);
	if (err) {
		const struct nlattr *at = attr_of(m, MIP_ERR_TEXT, sizeof(*e));

		assert_non_null(at);
		if (!strstr(mnl_attr_get_str(at), text))
			fail_msg("'%s' does not say '%s'", mnl_attr_get_str(at), text);
	}
}

static inline uint16_t blamed(const struct ctl_msg *m)
{
	const struct nlattr *at = attr_of(m, MIP_ERR_ATTR, sizeof(struct nlmsgerr));

	return at ? mnl_attr_get_u16(at) : 0;
}

static inline int greet(void)
{
	struct ctl_msg m;
	int fd = dial();

	ctl_msg_open(&m, MIP_HELLO);
	ctl_put_num(&m, MIP_A_PROTOCOL, MIP_CTL_VERSION);
	m = ask(fd, &m, 1);
	assert_int_equal(m.head.nlmsg_type, MIP_HELLO);
	assert_int_equal(mnl_attr_get_u32(attr_of(&m, MIP_A_PID, 0)), (uint32_t)getpid());
	m = hear(fd);
	assert_int_equal(m.head.nlmsg_type, NLMSG_DONE);
	return fd;
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
