/*
 * radvd_impl.h: the keeper of radvd. It starts radvd when the home agent serves a link, has it read its configuration
 * again when that changes, starts it again when it dies, and ends it with the home agent. When there has been no agent
 * for a while it ends itself: the agent may have been killed, and one that comes back in time finds radvd as it left
 * it. As a service of its own it is `mip agent advertise`.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmd/client.h"
#include "cmd/fault.h"
#include "cmd/mip.h"
#include "cmd/netns.h"
#include "cmd/radvd_impl.h"

#define LOOK_MS	    2000  /* between looks at what the home agent serves */
#define GRACE_MS    10000 /* an agent that is started again is not gone; a loaded machine takes its time */
#define FIRST_RETRY 1000  /* a radvd that died is started again; not all the time when it does so all the time */
#define LAST_RETRY  60000
#define TOLD_AT	    3

struct keeper {
	const struct radvd_files *files;
	char *text;			/* the configuration radvd has, NULL = it says nothing */
	pid_t radvd;			/* 0: none, or died */
	int64_t begun, again, patience; /* when it was started, when it will be, how long that waits the next time */
	int64_t agent;			/* when there was one */
	bool doubt;			/* it did not want radvd, the last time */
	int signals;
};

/* A radvd that is somebody else's, the distribution's perhaps, says what is to be said. */
static void begin_keeping(struct keeper *k)
{
	bool other = radvd_other() != 0;

	k->begun = client_now();
	k->again = k->begun + (other ? LAST_RETRY : k->patience);
	if (!other)
		k->radvd = radvd_spawn(k->files, STDERR_FILENO, false);
	if (k->radvd < 0)
		k->radvd = 0;
}

/* One that served for long is started again soon. */
static void radvd_died(struct keeper *k)
{
	int64_t now = client_now();

	k->radvd = 0;
	if (now - k->begun > LAST_RETRY)
		k->patience = FIRST_RETRY;
	k->again = now + k->patience;
	k->patience = k->patience * 2 < LAST_RETRY ? k->patience * 2 : LAST_RETRY;
}

static void silence(struct keeper *k)
{
	if (k->radvd)
		(void)!radvd_end(k->radvd, RADVD_STOP_MS);
	free(k->text);
	k->text = NULL;
}

static void announce(struct keeper *k, char *text)
{
	bool same = k->text && !strcmp(k->text, text);

	k->doubt = false;
	if (same || radvd_put(k->files->conf, text)) {
		free(text);
		return;
	}
	free(k->text);
	k->text = text;
	if (k->radvd)
		kill(k->radvd, SIGHUP);
	else
		begin_keeping(k);
}

/* radvd says what there is to say of the home links now. One that does not answer may do so yet; what is seen once may
 * be a home agent that starts again, unless we are told to look: `sure`. */
static void look_after(struct keeper *k, bool sure)
{
	struct radvd_links l;
	int err = radvd_served(&l);
	char *text = err ? NULL : radvd_text(&l);

	client_close();
	if (err == NO_AGENT)
		return;
	k->agent = client_now();
	if (text)
		announce(k, text);
	else if (!err && k->text && (sure || k->doubt))
		silence(k);
	else
		k->doubt = !err;
}

/* False: it is told to end. */
static bool take_signal(struct keeper *k)
{
	struct signalfd_siginfo s;
	int status;

	if (read(k->signals, &s, sizeof(s)) != sizeof(s))
		return true;
	if (s.ssi_signo == SIGHUP)
		look_after(k, true);
	if (s.ssi_signo == SIGCHLD)
		for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;)
			if (pid == k->radvd)
				radvd_died(k);
	return s.ssi_signo != SIGTERM && s.ssi_signo != SIGINT;
}

static int time_left(const struct keeper *k, int64_t looked)
{
	int64_t next = looked + LOOK_MS, now = client_now();

	if (k->text && !k->radvd && k->again < next)
		next = k->again;
	return next > now ? (int)(next - now) : 0;
}

/* Until it is told to end, or there was no agent for a while. */
static void keep(struct keeper *k)
{
	struct pollfd p = {.fd = k->signals, .events = POLLIN};
	int64_t looked = client_now();

	for (;;) {
		if (poll(&p, 1, time_left(k, looked)) > 0 && !take_signal(k))
			break;
		if (k->text && !k->radvd && client_now() >= k->again)
			begin_keeping(k);
		if (client_now() < looked + LOOK_MS)
			continue;
		look_after(k, false);
		looked = client_now();
		if (looked - k->agent >= GRACE_MS)
			break;
	}
	silence(k);
	radvd_forget(k->files);
}

static int watch_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_SETMASK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void open_keeper(struct keeper *k)
{
	k->signals = client_interrupt_fd = watch_signals();
	prctl(PR_SET_NAME, RADVD_KEEPER);
	k->agent = client_now();
	look_after(k, true);
}

/* In the child: of who started it nothing stays but the log and the network namespace; `told` until radvd runs. */
static void become_keeper(const struct radvd_files *f, int log, int told)
{
	struct keeper k = {.files = f, .patience = FIRST_RETRY};
	int null = open("/dev/null", O_RDWR);

	client_close();
	setsid();
	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	dup2(log, STDERR_FILENO);
	dup3(told, TOLD_AT, O_CLOEXEC);
	close_range(TOLD_AT + 1, ~0U, 0);
	if (chdir("/") < 0)
		_exit(1);
	open_keeper(&k);
	close(TOLD_AT);
	keep(&k);
	_exit(0);
}

int run_advertise(const struct call *call)
{
	struct radvd_files f;
	struct keeper k = {.files = &f, .patience = FIRST_RETRY};

	(void)call;
	if (netns_go() || !radvd_name(&f))
		return REFUSED;
	open_keeper(&k);
	keep(&k);
	return DONE;
}

/* Not a child of ours: who runs many commands would have to bury it. */
static void fork_keeper(const struct radvd_files *f, int log, int told)
{
	pid_t pid = fork();

	if (pid == 0)
		become_keeper(f, log, told);
	_exit(pid < 0);
}

int radvd_keep(const struct radvd_files *f, int log)
{
	int status = 1, told[2];
	pid_t pid;
	char c;

	if (pipe2(told, O_CLOEXEC) < 0) {
		complain("cannot make a pipe: %s", strerror(errno));
		return REFUSED;
	}
	pid = fork();
	if (pid == 0)
		fork_keeper(f, log, told[1]);
	close(told[1]);
	if (pid > 0 && waitpid(pid, &status, 0) == pid && status == 0) {
		while (read(told[0], &c, 1) < 0 && errno == EINTR)
			;
	} else {
		complain("cannot fork: %s", strerror(errno));
	}
	close(told[0]);
	return status ? REFUSED : DONE;
}
