/* radvd.h: radvd as a process: its files, whether one is needed, start and stop. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmd/client.h"
#include "cmd/fault.h"
#include "cmd/machine.h"
#include "cmd/mip.h"
#include "cmd/netns.h"
#include "cmd/radvd_impl.h"
#include "cmd/run.h"
#include "cmd/service.h"
#include "cmd/walk.h"

/* --- files -------------------------------------------------------------------------------------------------------- */

/* A directory beside the agent's: that one may belong to an account that must not lead root astray. */
static void dir_name(char *buf, size_t size)
{
	snprintf(buf, size, "%s.radvd", client_run_dir());
}

bool radvd_name(struct radvd_files *f)
{
	unsigned long long inode = netns_inode(NULL);
	char dir[128];

	dir_name(dir, sizeof(dir));
	snprintf(f->conf, sizeof(f->conf), "%s/%llu.conf", dir, inode);
	snprintf(f->log, sizeof(f->log), "%s/%llu.log", dir, inode);
	snprintf(f->pid, sizeof(f->pid), "%s/%llu.pid", dir, inode);
	return inode != 0;
}

static int create(const char *path)
{
	char dir[128];
	int fd;

	dir_name(dir, sizeof(dir));
	mkdir(dir, 0755);
	unlink(path);
	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0)
		complain("cannot write %s: %s", path, strerror(errno));
	return fd;
}

void radvd_forget(const struct radvd_files *f)
{
	char dir[128];

	unlink(f->conf);
	unlink(f->log);
	unlink(f->pid);
	dir_name(dir, sizeof(dir));
	rmdir(dir); /* unless another namespace has files there */
}

int radvd_put(const char *path, const char *text)
{
	int fd = create(path);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "w");

	if (!f)
		return REFUSED;
	fputs(text, f);
	if (fclose(f) == 0)
		return DONE;
	complain("cannot write %s: %s", path, strerror(errno));
	return REFUSED;
}

/* --- radvd -------------------------------------------------------------------------------------------------------- */

/* In the child, from fork to exec. Whether the configuration is right, or for good; then it ends with its keeper. */
static void become_radvd(const struct radvd_files *f, int log, bool test)
{
	const char *const args[] = {"radvd", "-C", f->conf, test ? "-c" : "-n", "-m", "stderr", "-p", f->pid, NULL};
	int null = open("/dev/null", O_RDWR);
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (!test)
		prctl(PR_SET_PDEATHSIG, SIGTERM);
	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	dup2(log, STDERR_FILENO);
	execvp("radvd", (char *const *)args);
	execv("/usr/sbin/radvd", (char *const *)args);
	dprintf(STDERR_FILENO, "cannot run radvd: %s\n", strerror(errno));
	_exit(127);
}

pid_t radvd_spawn(const struct radvd_files *f, int log, bool test)
{
	pid_t pid = fork();

	if (pid == 0)
		become_radvd(f, log, test);
	if (pid < 0)
		complain("cannot fork: %s", strerror(errno));
	return pid;
}

bool radvd_end(pid_t pid, int patience_ms)
{
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);
	struct pollfd p = {.fd = fd, .events = POLLIN};
	bool gone = kill(pid, SIGTERM) < 0 && errno == ESRCH;

	gone = gone || (fd >= 0 && poll(&p, 1, patience_ms) == 1);
	if (fd >= 0)
		close(fd);
	return gone;
}

/* --- start and stop ----------------------------------------------------------------------------------------------- */

static void pass_on(int log)
{
	char buf[2048];
	ssize_t n = pread(log, buf, sizeof(buf), 0);

	if (n > 0)
		fwrite(buf, 1, (size_t)n, stderr);
}

/* radvd says itself what it does not like of its configuration, before it is left alone with it. */
static int try_config(const struct radvd_files *f, const struct radvd_links *l, int log)
{
	char *text = radvd_text(l);
	int status = -1, err = text ? radvd_put(f->conf, text) : DONE;
	pid_t pid;

	if (!text || err)
		return err;
	free(text);
	pid = radvd_spawn(f, log, true);
	if (pid > 0 && waitpid(pid, &status, 0) == pid && status == 0)
		return DONE;
	pass_on(log);
	complain("radvd did not start");
	return REFUSED;
}

static int launch(const struct radvd_files *f, const struct radvd_links *l)
{
	int log = create(f->log), err;

	if (log < 0)
		return REFUSED;
	err = try_config(f, l, log) ?: radvd_keep(f, log);
	close(log);
	return err;
}

/* A service manager's keeper is root's; who may not tell it is not waited for: it looks by itself. */
static int renew(pid_t keeper)
{
	if (kill(keeper, SIGHUP) == 0 || errno == EPERM)
		return DONE;
	complain("the keeper of radvd, process %d: %s", (int)keeper, strerror(errno));
	return REFUSED;
}

pid_t radvd_other(void)
{
	return machine_process("radvd", NULL);
}

static bool all_alone(const struct radvd_links *l)
{
	for (size_t i = 0; i < l->n; i++)
		if (!radvd_alone(l->name[i]))
			return false;
	return l->n > 0;
}

/* Is none to be started, because there is somebody else's, or nobody to tell? */
static bool is_needless(const struct value *word, const struct radvd_links *l)
{
	pid_t other = radvd_other();

	if (other && word)
		fprintf(stderr, "radvd runs here already, process %d: see that it says what 'mip ha radvd' prints\n",
			(int)other);
	return other || all_alone(l);
}

static bool is_installed(void)
{
	if (machine_program("radvd"))
		return true;
	complain("cannot run radvd: mobile nodes find the home link only if another router announces it");
	fprintf(stderr, "mend it with: apt install radvd\n");
	return false;
}

/* The service of the agent, that reads its configuration, is not; it wants the one that announces. */
static bool is_root(const struct value *word)
{
	if (geteuid() && word)
		complain("only root can run radvd");
	return !geteuid();
}

static int start(const struct value *word)
{
	pid_t keeper = machine_process(RADVD_KEEPER, NULL);
	struct radvd_files f;
	struct radvd_links l;
	int err = netns_go();

	if (!err)
		err = radvd_served(&l);
	if (err || !l.configured || !radvd_name(&f))
		return err;
	if (keeper)
		return renew(keeper);
	if (is_needless(word, &l))
		return DONE;
	if (!is_root(word) || !is_installed())
		return word ? REFUSED : DONE;
	return service_runs(RADVD_SERVICE) ? service_do("start", RADVD_SERVICE) : launch(&f, &l);
}

/* The home agent serves without it, too: only who asked for it is refused. */
int radvd_start(const struct call *call)
{
	const struct value *word = call_value(call, W_RADVD);
	int err;

	if (word && !word->bytes[0])
		return radvd_stop(true);
	err = start(word);
	return word ? err : DONE;
}

static int stop_keeper(pid_t keeper)
{
	struct radvd_files f;

	if (keeper && !radvd_end(keeper, 2 * RADVD_STOP_MS)) {
		complain("radvd does not end, its keeper is process %d", (int)keeper);
		return REFUSED;
	}
	if (radvd_name(&f))
		radvd_forget(&f);
	return DONE;
}

int radvd_stop(bool for_good)
{
	pid_t keeper;

	if (netns_go())
		return REFUSED;
	keeper = machine_process(RADVD_KEEPER, NULL);
	if (!service_runs(RADVD_SERVICE))
		return stop_keeper(keeper);
	if (for_good)
		return service_do("stop", RADVD_SERVICE);
	return keeper ? renew(keeper) : DONE;
}

int run_ha_stop(const struct call *call)
{
	int err = run_generic(call);

	return err ? err : radvd_stop(false);
}
