/* radvd.h: radvd as a process: its files, whether one is needed, start and stop. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
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
#include "cmd/walk.h"

/* --- files -------------------------------------------------------------------------------------------------------- */

/* A directory beside the agent's: that one may belong to an account that must not lead root astray. */
static void dir_name(char *buf, size_t size)
{
	snprintf(buf, size, "%s.radvd", client_run_dir());
}

static bool name_files(struct radvd_files *f)
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

static int write_config(const struct radvd_links *l, const char *path)
{
	int fd = create(path), err;
	FILE *f = fd < 0 ? NULL : fdopen(fd, "w");

	if (!f)
		return REFUSED;
	err = radvd_write(f, l);
	if (fclose(f) && !err) {
		complain("cannot write %s: %s", path, strerror(errno));
		err = REFUSED;
	}
	return err;
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
static int launch(const struct radvd_files *f)
{
	int log = create(f->log), status = -1, err = REFUSED;
	pid_t pid;

	if (log < 0)
		return REFUSED;
	pid = radvd_spawn(f, log, true);
	if (pid > 0 && waitpid(pid, &status, 0) == pid && status == 0) {
		err = radvd_keep(f, log);
	} else {
		pass_on(log);
		complain("radvd did not start");
	}
	close(log);
	return err;
}

static bool all_alone(const struct radvd_links *l)
{
	for (size_t i = 0; i < l->n; i++)
		if (!radvd_alone(l->name[i]))
			return false;
	return true;
}

static int renew(pid_t keeper)
{
	if (kill(keeper, SIGHUP) == 0)
		return DONE;
	complain("the keeper of radvd, process %d: %s", (int)keeper, strerror(errno));
	return REFUSED;
}

/* Is none to be started, because there is somebody else's, or nobody to tell? */
static bool is_needless(const struct value *word, const struct radvd_links *l)
{
	pid_t other = machine_process("radvd", NULL);

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

static int start(const struct value *word)
{
	pid_t keeper;
	struct radvd_files f;
	struct radvd_links l;
	int err;

	if (netns_go() || !radvd_links(NULL, &l) || !name_files(&f))
		return REFUSED;
	keeper = machine_process(RADVD_KEEPER, NULL);
	if (!keeper && is_needless(word, &l))
		return DONE;
	if (!keeper && !is_installed())
		return REFUSED;
	err = write_config(&l, f.conf);
	if (err)
		return err;
	return keeper ? renew(keeper) : launch(&f);
}

/* The home agent serves without it, too: only who asked for it is refused. */
int radvd_start(const struct call *call)
{
	const struct value *word = call_value(call, W_RADVD);
	int err;

	if (word && !word->bytes[0])
		return radvd_stop();
	err = start(word);
	return word ? err : DONE;
}

int radvd_stop(void)
{
	struct radvd_files f;
	pid_t keeper;

	if (netns_go() || !name_files(&f))
		return REFUSED;
	keeper = machine_process(RADVD_KEEPER, NULL);
	if (keeper && !radvd_end(keeper, 2 * RADVD_STOP_MS)) {
		complain("radvd does not end, its keeper is process %d", (int)keeper);
		return REFUSED;
	}
	radvd_forget(&f);
	return DONE;
}

int run_ha_stop(const struct call *call)
{
	int err = run_generic(call);

	return err ? err : radvd_stop();
}
