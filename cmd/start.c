/*
 * Starting: the checks of `mip doctor` first; then the agent: find mipd (beside this program first, so a checkout runs
 * its own), fork and exec it, wait for READY with a deadline, pass its complaint on when it dies. A fresh agent gets
 * the configuration file; then the command that asked (`mip ha start`) is sent like any other.
 */
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmd/client.h"
#include "cmd/doctor.h"
#include "cmd/fault.h"
#include "cmd/mip.h"
#include "cmd/netns.h"
#include "cmd/radvd.h"
#include "cmd/run.h"
#include "cmd/walk.h"

#define START_MS 10000
#define LOG_MAX	 (16 << 20) /* the log of an agent no service manager looks after ends here */

struct child {
	pid_t pid;
	int ready; /* the pipe READY comes through */
	char log[sizeof(((struct sockaddr_un *)0)->sun_path) + 8];
};

/* Beside this program, or where it is installed from bin; else wherever PATH finds it. */
static void mipd_path(char *buf, size_t size)
{
	static const char *const beside[] = {"mipd", "../sbin/mipd"};
	ssize_t n = readlink("/proc/self/exe", buf, size - sizeof("../sbin/mipd"));
	char *slash;

	buf[n > 0 ? n : 0] = 0;
	slash = strrchr(buf, '/');
	for (size_t i = 0; slash && i < 2; i++) {
		snprintf(slash + 1, size - (size_t)(slash + 1 - buf), "%s", beside[i]);
		if (access(buf, X_OK) == 0)
			return;
	}
	snprintf(buf, size, "mipd");
}

/* The log stands beside the socket; where none can be made the agent keeps our stderr. */
static int open_log(struct child *c)
{
	struct sockaddr_un at;

	c->log[0] = 0;
	if (!client_address(&at) || (mkdir(client_run_dir(), 0750) < 0 && errno != EEXIST))
		return -1;
	snprintf(c->log, sizeof(c->log), "%.*s.log", (int)(strlen(at.sun_path) - strlen(".sock")), at.sun_path);
	return open(c->log, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0640);
}

/* In the child, from fork to exec. */
static void become_mipd(int ready, int log, bool transient)
{
	char path[4096], fd[16];
	int null = open("/dev/null", O_RDWR);

	if (opt.netns && netns_enter(opt.netns) < 0) {
		complain("cannot enter network namespace %s: %s", opt.netns, strerror(errno));
		_exit(REFUSED);
	}
	mipd_path(path, sizeof(path));
	setsid();
	if (log >= 0) {
		signal(SIGXFSZ, SIG_IGN);
		setrlimit(RLIMIT_FSIZE, &(struct rlimit){LOG_MAX, LOG_MAX});
		dup2(log, STDERR_FILENO);
	}
	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	fcntl(ready, F_SETFD, 0);
	snprintf(fd, sizeof(fd), "%d", ready);
	execlp(path, "mipd", "--ready-fd", fd, transient ? "--transient" : (char *)NULL, (char *)NULL);
	complain("cannot run %s: %s", path, strerror(errno));
	_exit(127);
}

static int spawn(struct child *c, bool transient)
{
	int pipe_fds[2], log = open_log(c);

	if (pipe2(pipe_fds, O_CLOEXEC) < 0) {
		complain("cannot make a pipe: %s", strerror(errno));
		return REFUSED;
	}
	c->pid = fork();
	if (c->pid == 0)
		become_mipd(pipe_fds[1], log, transient);
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
	int64_t deadline = client_now() + START_MS, left;
	char buf[8];
	int n;

	do {
		left = deadline - client_now();
		n = poll(&p, 1, left > 0 ? (int)left : 0);
	} while (n < 0 && errno == EINTR);
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

/* An agent that a role started ends with its last role. */
static int start_agent(bool transient)
{
	struct child c;
	int err = spawn(&c, transient);

	if (err)
		return err;
	err = await_ready(&c);
	close(c.ready);
	return err ? err : client_connect();
}

static int configure(void)
{
	const char *conf = getenv("MIP_CONF");

	conf = conf ? conf : MIP_CONF_FILE;
	return access(conf, F_OK) == 0 ? config_apply(conf) : DONE;
}

int run_reload(const struct call *call)
{
	int err = client_need(call->verb->object);

	return err ? err : configure();
}

/* Done when the agent is gone, not when it agreed to go: it hangs up last. */
static int stop_agent(struct refusal *no)
{
	struct request rq;
	int err;

	request_open(&rq, MIP_AGENT_STOP);
	err = client_ask(&rq, NULL, NULL, no);
	return err ? err : client_await_end();
}

int run_stop(const struct call *call)
{
	struct refusal no;
	int err = client_need(call->verb->object);

	if (err)
		return err;
	err = stop_agent(&no);
	return err == REFUSED ? run_refused(call, &no) : err ? err : radvd_stop();
}

/* What this command started it takes back when the command fails. */
static int give_up(int err)
{
	struct refusal no;

	if (client_connect() == DONE)
		stop_agent(&no);
	return err;
}

/* A mobile node's link serves from the first moment: up before the agent looks for it. */
static int raise_link(const char *dev)
{
	struct ifreq req = {0};
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0), err = DONE;

	snprintf(req.ifr_name, sizeof(req.ifr_name), "%s", dev);
	if (fd >= 0 && ioctl(fd, SIOCGIFFLAGS, &req) == 0 && !(req.ifr_flags & IFF_UP)) {
		req.ifr_flags |= IFF_UP;
		if (ioctl(fd, SIOCSIFFLAGS, &req) < 0) {
			complain("cannot bring %s up: %s", dev, strerror(errno));
			err = REFUSED;
		}
	}
	if (fd >= 0)
		close(fd);
	return err;
}

/* What comes before a role: the checks, and the link of a mobile node. */
static int prepare(const struct call *call, bool running)
{
	const struct value *dev = call_value(call, MIP_A_DEV);
	int err = doctor_admits(call, running);

	return err || !dev || strcmp(call->verb->object, "mn") != 0 ? err : raise_link(dev->word);
}

int run_start(const struct call *call)
{
	int err = client_connect();
	bool fresh = err == NO_AGENT && (errno == ENOENT || errno == ECONNREFUSED);

	if (err && !fresh)
		return client_need(call->verb->object);
	err = call->verb->cmd ? prepare(call, !fresh) : DONE;
	if (err)
		return err;
	if (fresh) {
		err = start_agent(call->verb->cmd != 0);
		if (err)
			return err;
		err = configure();
	}
	if (!err && call->verb->cmd)
		err = run_generic(call);
	if (!err && call_value(call, W_RADVD))
		err = radvd_start(call);
	return err && fresh ? give_up(err) : err;
}
