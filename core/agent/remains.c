/* remains.h: a pipe whose last octet says what to do when it ends; cleaning up is what an agent does that starts and
 * stops. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "ctl/listen.h"
#include "host/host.h"
#include "agent/remains.h"
#include "sys/self.h"

#define GRACE_MS 5000 /* a service manager starts the next agent sooner */
#define NAME	 "mip-remains"
#define PIPE_AT	 3

/* Until the agent is gone: was there something to clean up? */
static bool outlive(int fd)
{
	char c, last = 0;
	ssize_t n;

	while ((n = read(fd, &c, 1)) > 0 || (n < 0 && errno == EINTR))
		last = n > 0 ? c : last;
	return last;
}

static int clean(const char *path, struct why *why)
{
	struct raw_events ev = {0};
	struct flow_events ro = {0};
	struct loop loop;
	struct host h = {.loop = &loop};
	int err = loop_open(&loop);

	if (err)
		return why_set(why, -err, "epoll: %s", strerror(-err));
	host_world(&h);
	err = nl_open(&h.nl, &loop, why);
	if (!err)
		err = host_open(&h, &ev, &ro, path, why);
	if (!err)
		err = ipsec_sweep(h.ipsec, why);
	if (!err)
		err = host_sweep(&h, why);
	if (host_is_open(&h))
		host_close(&h);
	if (h.nl)
		nl_close(h.nl);
	loop_close(&loop);
	return err;
}

/* Whoever holds the lock is the next agent: then all is his. One that was killed since left its socket. */
static void clean_alone(const char *path, uint64_t agent)
{
	struct why why = {0};
	struct listener l;
	uint64_t last;

	if (listener_lock(&l, &why))
		return;
	last = listener_mark();
	if (last && last != agent) {
		close(l.lock);
		return;
	}
	if (clean(path, &why))
		log_error("the agent was killed, and not all it left is gone: %s", why.text);
	else
		log_warn("the agent was killed and did not come back: what it left in the kernel is removed");
	close(l.lock);
}

static void wait_and_clean(int fd, const char *path, uint64_t agent)
{
	sigset_t none;
	char state[64];

	/* Descriptors of the agent would keep its lock and its socket alive. */
	if (fd != PIPE_AT)
		dup2(fd, PIPE_AT);
	close_range(PIPE_AT + 1, ~0U, 0);
	prctl(PR_SET_NAME, NAME);
	self_confine(true, state, sizeof(state));
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (!outlive(PIPE_AT))
		return;
	poll(NULL, 0, GRACE_MS);
	clean_alone(path, agent);
}

int remains_open(struct remains *r, const char *path, struct why *why)
{
	uint64_t agent = listener_mark();
	int fd[2];

	if (pipe2(fd, O_CLOEXEC) < 0)
		return why_set(why, errno, "pipe: %s", strerror(errno));
	r->pid = fork();
	if (r->pid < 0) {
		close(fd[0]);
		close(fd[1]);
		return why_set(why, errno, "fork: %s", strerror(errno));
	}
	if (r->pid == 0) {
		close(fd[1]);
		wait_and_clean(fd[0], path, agent);
		_exit(0);
	}
	close(fd[0]);
	r->pipe = fd[1];
	return 0;
}

void remains_matter(const struct remains *r, bool yes)
{
	char c = yes;

	if (r->pipe >= 0 && write(r->pipe, &c, 1) < 0)
		log_debug("nobody will clean up after this agent");
}

void remains_close(struct remains *r)
{
	if (r->pipe < 0)
		return;
	if (!r->before)
		remains_matter(r, false);
	close(r->pipe);
	r->pipe = -1;
	if (!r->before)
		waitpid(r->pid, NULL, 0);
}
