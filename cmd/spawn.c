/*
 * spawn.h: find mipd (beside this program first, so a checkout runs its own), fork and exec it, wait for READY with a
 * deadline, pass its complaint on when it dies.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmd/client.h"
#include "cmd/fault.h"
#include "cmd/mip.h"
#include "cmd/netns.h"
#include "cmd/progress.h"
#include "cmd/spawn.h"

#define START_MS 10000
#define LOG_MAX	 (16 << 20) /* the log of an agent no service manager looks after ends here */

struct child {
	pid_t pid;
	int ready; /* the pipe READY comes through */
	char log[CLIENT_LOG_MAX];
};

void spawn_find(const char *name, char *buf, size_t size)
{
	static const char *const dirs[] = {"", "../sbin/"};
	ssize_t n = readlink("/proc/self/exe", buf, size - 1);
	size_t at;

	buf[n > 0 ? n : 0] = 0;
	at = strrchr(buf, '/') ? (size_t)(strrchr(buf, '/') + 1 - buf) : 0;
	for (size_t i = 0; at && i < 2; i++) {
		snprintf(buf + at, size - at, "%s%s", dirs[i], name);
		if (access(buf, X_OK) == 0)
			return;
	}
	snprintf(buf, size, "%s", name);
}

/* The log stands beside the socket; where none can be made the agent keeps our stderr. */
static int open_log(struct child *c)
{
	c->log[0] = 0;
	if (!client_log_name(c->log) || (mkdir(client_run_dir(), 0750) < 0 && errno != EEXIST))
		return -1;
	return open(c->log, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0640);
}

/* In the child, from fork to exec. */
static void become_mipd(int ready, int log, char *const *options)
{
	char path[4096], fd[16], *args[SPAWN_OPTIONS + 4] = {"mipd", "--ready-fd", fd};
	int null = open("/dev/null", O_RDWR);

	if (opt.netns && netns_enter(opt.netns) < 0) {
		complain("cannot enter network namespace %s: %s", opt.netns, strerror(errno));
		_exit(REFUSED);
	}
	spawn_find("mipd", path, sizeof(path));
	setsid();
	if (log >= 0) {
		signal(SIGXFSZ, SIG_IGN);
		setrlimit(RLIMIT_FSIZE, &(struct rlimit){LOG_MAX, LOG_MAX});
		dup2(log, STDERR_FILENO);
	}
	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	/* A lock or a pipe of our starter's is not the agent's. */
	close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
	fcntl(ready, F_SETFD, 0);
	snprintf(fd, sizeof(fd), "%d", ready);
	for (size_t i = 0; i < SPAWN_OPTIONS && options[i]; i++)
		args[i + 3] = options[i];
	execvp(path, args);
	complain("cannot run %s: %s", path, strerror(errno));
	_exit(127);
}

static int spawn(struct child *c, char *const *options)
{
	int pipe_fds[2], log = open_log(c);

	if (pipe2(pipe_fds, O_CLOEXEC) < 0) {
		complain("cannot make a pipe: %s", strerror(errno));
		return REFUSED;
	}
	c->pid = fork();
	if (c->pid == 0)
		become_mipd(pipe_fds[1], log, options);
	if (log >= 0)
		close(log);
	close(pipe_fds[1]);
	c->ready = pipe_fds[0];
	if (c->pid > 0)
		return DONE;
	complain("cannot fork: %s", strerror(errno));
	close(c->ready);
	return REFUSED;
}

/* What mipd said before it died, as it said it. */
static void pass_on_log(const struct child *c)
{
	char buf[4096];
	FILE *f = c->log[0] ? fopen(c->log, "re") : NULL;
	size_t n;

	while (f && (n = fread(buf, 1, sizeof(buf), f)) > 0)
		fwrite(buf, 1, n, stderr);
	if (f)
		fclose(f);
}

static int await_ready(const struct child *c)
{
	struct pollfd p = {.fd = c->ready, .events = POLLIN};
	int n = progress_poll(&p, 1, client_now() + START_MS, client_awaits);
	char buf[8];

	if (n > 0 && read(c->ready, buf, sizeof(buf)) > 0)
		return DONE;
	if (n == 0)
		kill(c->pid, SIGTERM);
	waitpid(c->pid, NULL, 0);
	pass_on_log(c);
	if (n == 0)
		complain("the agent is not ready after %d s", START_MS / 1000);
	else
		complain("the agent did not start");
	return REFUSED;
}

int spawn_agent(char *const *options)
{
	struct child c;
	int err = spawn(&c, options);

	if (err)
		return err;
	err = await_ready(&c);
	close(c.ready);
	return err ? err : client_connect();
}

int end_agent(pid_t pid)
{
	if (pid && kill(pid, SIGTERM) == 0)
		return client_await_end();
	complain("cannot end the agent, process %d: %s", (int)pid, pid ? strerror(errno) : "not to be seen from here");
	return REFUSED;
}
