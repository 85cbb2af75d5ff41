/*
 * radvd_impl.h: the keeper of radvd. It starts radvd again when that dies, and ends it when there has been no home
 * agent for a while: the agent may have been killed, and one that comes back in time finds radvd as it left it.
 */
#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmd/client.h"
#include "cmd/fault.h"
#include "cmd/mip.h"
#include "cmd/radvd_impl.h"

#define LOOK_MS	    2000  /* between looks whether there is a home agent */
#define GRACE_MS    10000 /* a home agent that is started again is not gone; a loaded machine takes its time */
#define FIRST_RETRY 1000  /* a radvd that died is started again; not all the time when it does so all the time */
#define LAST_RETRY  60000
#define TOLD_AT	    3

struct keeper {
	const struct radvd_files *files;
	pid_t radvd;			/* 0: died */
	int64_t begun, again, patience; /* when it was started, when it will be, how long that waits the next time */
	int64_t served;			/* when there was a home agent */
	int signals;
};

static int count(void *ctx, const struct nlmsghdr *msg)
{
	(void)msg;
	++*(unsigned *)ctx;
	return DONE;
}

/* One that does not answer may do so yet. */
static bool home_agent_serves(void)
{
	unsigned links = 0;
	struct request rq;
	struct refusal no;
	int err = client_connect();

	if (!err) {
		request_open(&rq, MIP_HA_GET);
		err = client_ask(&rq, count, &links, &no);
	}
	client_close();
	return err == REFUSED || links;
}

static void begin(struct keeper *k)
{
	k->radvd = radvd_spawn(k->files, STDERR_FILENO, false);
	k->begun = client_now();
	if (k->radvd < 0)
		k->radvd = 0;
	k->again = k->begun + k->patience;
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

/* False: it is told to end. */
static bool take_signal(struct keeper *k)
{
	struct signalfd_siginfo s;
	int status;

	if (read(k->signals, &s, sizeof(s)) != sizeof(s))
		return true;
	if (s.ssi_signo == SIGHUP && k->radvd)
		kill(k->radvd, SIGHUP);
	if (s.ssi_signo == SIGCHLD)
		for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;)
			if (pid == k->radvd)
				radvd_died(k);
	return s.ssi_signo != SIGTERM && s.ssi_signo != SIGINT;
}

static int time_left(const struct keeper *k, int64_t looked)
{
	int64_t next = looked + LOOK_MS, now = client_now();

	if (!k->radvd && k->again < next)
		next = k->again;
	return next > now ? (int)(next - now) : 0;
}

static void keep(struct keeper *k)
{
	struct pollfd p = {.fd = k->signals, .events = POLLIN};
	int64_t looked = k->served = client_now();

	for (;;) {
		if (poll(&p, 1, time_left(k, looked)) > 0 && !take_signal(k))
			return;
		if (!k->radvd && client_now() >= k->again)
			begin(k);
		if (client_now() < looked + LOOK_MS)
			continue;
		if (home_agent_serves())
			k->served = client_now();
		looked = client_now();
		if (looked - k->served >= GRACE_MS)
			return;
	}
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

/* In the child: of who started it nothing stays but the log and the network namespace; `told` until radvd runs. */
static void become_keeper(const struct radvd_files *f, int log, int told)
{
	struct keeper k = {.files = f, .patience = FIRST_RETRY};
	int null = open("/dev/null", O_RDWR);

	client_close();
	setsid();
	prctl(PR_SET_NAME, RADVD_KEEPER);
	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	dup2(log, STDERR_FILENO);
	dup3(told, TOLD_AT, O_CLOEXEC);
	close_range(TOLD_AT + 1, ~0U, 0);
	if (chdir("/") < 0)
		_exit(1);
	k.signals = client_interrupt_fd = watch_signals();
	begin(&k);
	close(TOLD_AT);
	keep(&k);
	if (k.radvd)
		(void)!radvd_end(k.radvd, RADVD_STOP_MS);
	radvd_forget(f);
	_exit(0);
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
