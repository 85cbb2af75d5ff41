/* Kept to its system calls: what an agent that serves does works, what it never does is refused. */
#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/loop.h"
#include "sys/self.h"
#include "tests/unit/t.h"

/* Exit status of a process that is confined and then calls `act`; 77: there is no filter here. */
static int confined(int (*act)(void))
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0) {
		char state[64];

		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		self_confine(true, state, sizeof(state));
		_exit(strcmp(state, "on") ? 77 : act());
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static bool is_refused(long rc)
{
	return rc < 0 && errno == EPERM;
}

static int never(void)
{
	char *argv[] = {"true", NULL};

	if (!is_refused(execv("/bin/true", argv)))
		return 1;
	if (!is_refused(fork()))
		return 2;
	if (!is_refused(ptrace(PTRACE_TRACEME, 0, 0, 0)))
		return 3;
	if (!is_refused(mount("none", "/nowhere", "tmpfs", 0, NULL)))
		return 4;
	return is_refused(kill(getppid(), 0)) ? 0 : 5;
}

static struct loop loop; /* remains.c opens one when it is confined */

static void ring(struct timer *t, usec now)
{
	(void)t;
	(void)now;
	loop_quit(&loop);
}

static int always(void)
{
	struct timer alarm = {0};
	int fd = socket(AF_UNIX, SOCK_SEQPACKET, 0), ep = epoll_create1(0), f = open("/proc/self/statm", O_RDONLY);
	char buf[16], *mem = malloc(1 << 20);

	if (fd < 0 || ep < 0 || f < 0 || read(f, buf, sizeof(buf)) <= 0 || !mem)
		return 1;
	free(mem);
	if (loop_open(&loop))
		return 3;
	timer_arm(&loop.timers, &alarm, clock_now() + MSEC, ring);
	if (loop_run(&loop))
		return 2;
	return close(fd) || close(ep) || close(f);
}

static void what_it_never_does_is_refused(void **state)
{
	int status = confined(never);

	(void)state;
	if (status == 77)
		skip();
	assert_int_equal(status, 0);
}

static void what_it_does_works(void **state)
{
	int status = confined(always);

	(void)state;
	if (status == 77)
		skip();
	assert_int_equal(status, 0);
}

static void it_may_be_left_out(void **state)
{
	char text[64];

	(void)state;
	self_confine(false, text, sizeof(text));
	assert_memory_equal(text, "off: ", 5);
	assert_int_equal(prctl(PR_GET_SECCOMP, 0, 0, 0, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_it_never_does_is_refused),
		cmocka_unit_test(what_it_does_works),
		cmocka_unit_test(it_may_be_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
