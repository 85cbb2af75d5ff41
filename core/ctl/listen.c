/*
 * listen.h: MIP_RUN_DIR/<inode of the network namespace>.sock, mode 0660, in a directory of mode 0750, both of
 * group mip where there is one. A lock beside the socket, held for life, tells a live agent from a dead one's socket.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctl/listen.h"
#include "mip/ctl.h"

#define PATIENCE_MS 3000 /* with somebody who holds the lock and does not listen */
#define POLL_MS	    10

static int fail(struct why *why, const char *what, const char *path)
{
	int err = errno;

	return why_set(why, err, "cannot %s %s: %s", what, path, strerror(err));
}

/* Who may write there could put a socket of his own in the agent's place. */
static int make_dir(const char *dir, struct why *why)
{
	struct stat st;

	if (mkdir(dir, 0750) < 0 && errno != EEXIST)
		return fail(why, "make", dir);
	if (stat(dir, &st) < 0)
		return fail(why, "stat", dir);
	if (!S_ISDIR(st.st_mode) || (st.st_uid && st.st_uid != geteuid()) || st.st_mode & 022)
		return why_set(why, EPERM, "%s is not a directory that only its owner can write", dir);
	return 0;
}

static int name_it(struct listener *l, const char *dir, struct why *why)
{
	struct stat st;
	int n;

	if (stat("/proc/self/ns/net", &st) < 0)
		return fail(why, "stat", "/proc/self/ns/net");
	l->netns = st.st_ino;
	l->at.sun_family = AF_UNIX;
	n = snprintf(l->at.sun_path, sizeof(l->at.sun_path), "%s/%llu.sock", dir, (unsigned long long)l->netns);
	if (n < 0 || (size_t)n >= sizeof(l->at.sun_path))
		return why_set(why, ENAMETOOLONG, "%s is too long a name for a socket's directory", dir);
	return 0;
}

/* The process that listens at l->at, or 0. */
static pid_t who_listens(const struct listener *l)
{
	struct ucred cred = {0};
	socklen_t len = sizeof(cred);
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return 0;
	if (connect(fd, (const struct sockaddr *)&l->at, sizeof(l->at)) < 0 ||
		getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) < 0)
		cred.pid = 0;
	close(fd);
	return cred.pid;
}

/* One that ends, or cleans up after one that was killed, is gone in a moment. */
static int lock_in_time(const struct listener *l)
{
	int err = flock(l->lock, LOCK_EX | LOCK_NB) ? errno : 0;

	for (int waited = 0; err == EWOULDBLOCK && waited < PATIENCE_MS && !who_listens(l); waited += POLL_MS) {
		poll(NULL, 0, POLL_MS);
		err = flock(l->lock, LOCK_EX | LOCK_NB) ? errno : 0;
	}
	return err;
}

#define LOCK_MAX (sizeof(((struct listener *)0)->at.sun_path) + 8)

static void name_lock(const struct listener *l, char path[static LOCK_MAX])
{
	snprintf(path, LOCK_MAX, "%.*s.lock", (int)(strlen(l->at.sun_path) - strlen(".sock")), l->at.sun_path);
}

static int take_lock(struct listener *l, struct why *why)
{
	char path[LOCK_MAX];
	pid_t pid;
	int err;

	name_lock(l, path);
	l->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (l->lock < 0)
		return fail(why, "open", path);
	err = lock_in_time(l);
	if (!err)
		return 0;
	if (err != EWOULDBLOCK)
		return why_set(why, err, "cannot lock %s: %s", path, strerror(err));
	pid = who_listens(l);
	return pid ? why_set(why, EEXIST, "an agent runs already (pid %d)", (int)pid)
		   : why_set(why, EEXIST, "an agent starts or stops right now (it holds %s)", path);
}

/* The mode is right from the first moment: umask before bind, not chmod after. */
static int bind_it(struct listener *l, struct why *why)
{
	const struct sockaddr *at = (const struct sockaddr *)&l->at;
	mode_t mask;
	int err;

	l->fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (l->fd < 0)
		return fail(why, "make a socket for", l->at.sun_path);
	l->stale = unlink(l->at.sun_path) == 0;
	if (!l->stale && errno != ENOENT)
		return fail(why, "replace the stale", l->at.sun_path);
	mask = umask(0117);
	err = bind(l->fd, at, sizeof(l->at));
	umask(mask);
	if (err < 0)
		return fail(why, "bind", l->at.sun_path);
	if (listen(l->fd, 16) < 0)
		return fail(why, "listen at", l->at.sun_path);
	if (lstat(l->at.sun_path, &l->made) < 0)
		return fail(why, "stat", l->at.sun_path);
	return 0;
}

/* A machine without that group serves root only. */
static void open_to_group(const struct listener *l, const char *dir)
{
	struct group *gr = getgrnam("mip");

	if (gr && (chown(dir, (uid_t)-1, gr->gr_gid) < 0 || chown(l->at.sun_path, (uid_t)-1, gr->gr_gid) < 0))
		return; /* then the group is let in by nobody: safe */
}

static const char *run_dir(void)
{
	const char *dir = secure_getenv("MIP_RUN_DIR");

	return dir ? dir : MIP_RUN_DIR;
}

int listener_lock(struct listener *l, struct why *why)
{
	int err = make_dir(run_dir(), why);

	*l = (struct listener){.fd = -1, .lock = -1, .files = -1};
	if (!err)
		err = name_it(l, run_dir(), why);
	if (!err)
		err = take_lock(l, why);
	if (err && l->lock >= 0)
		close(l->lock);
	return err;
}

/* A directory that was made anew is another one. */
static void watch_files(const struct listener *l)
{
	(void)!inotify_add_watch(l->files, run_dir(), IN_DELETE | IN_MOVED_FROM | IN_DELETE_SELF | IN_MOVE_SELF);
}

int listener_open(struct listener *l, struct why *why)
{
	int err = listener_lock(l, why);

	if (err)
		return err;
	err = bind_it(l, why);
	if (err) {
		if (l->fd >= 0)
			close(l->fd);
		close(l->lock);
		return err;
	}
	open_to_group(l, run_dir());
	l->files = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	watch_files(l);
	return 0;
}

bool listener_stands(const struct listener *l)
{
	struct stat st;

	return lstat(l->at.sun_path, &st) == 0 && st.st_ino == l->made.st_ino && st.st_dev == l->made.st_dev;
}

static bool lock_stands(const struct listener *l)
{
	char path[LOCK_MAX];
	struct stat held, st;

	name_lock(l, path);
	return fstat(l->lock, &held) == 0 && lstat(path, &st) == 0 && st.st_ino == held.st_ino;
}

/* The new socket is as old as the first: it is of the same agent, see listener_mark(). */
int listener_renew(struct listener *l, struct why *why)
{
	struct listener new = *l;
	const struct timespec mark[] = {l->made.st_mtim, l->made.st_mtim};
	bool locked = lock_stands(l);
	int err = make_dir(run_dir(), why);

	if (!err && !locked)
		err = listener_lock(&new, why);
	if (err)
		return err;
	err = bind_it(&new, why);
	if (err) {
		if (new.fd >= 0 && new.fd != l->fd)
			close(new.fd);
		if (!locked)
			close(new.lock);
		return err;
	}
	open_to_group(&new, run_dir());
	utimensat(AT_FDCWD, new.at.sun_path, mark, AT_SYMLINK_NOFOLLOW);
	new.made.st_mtim = mark[0];
	close(l->fd);
	if (!locked)
		close(l->lock);
	new.files = l->files;
	new.stale = l->stale;
	*l = new;
	watch_files(l);
	return 0;
}

/* Unlinked before the lock goes: nobody else can have bound that name in between. */
void listener_close(struct listener *l)
{
	unlink(l->at.sun_path);
	close(l->fd);
	close(l->files);
	close(l->lock);
}

/* When it was bound; owner and mode may be changed by anybody who manages the machine. */
uint64_t listener_mark(void)
{
	struct listener l = {0};
	struct stat st;

	if (name_it(&l, run_dir(), NULL) || lstat(l.at.sun_path, &st) < 0)
		return 0;
	return (uint64_t)st.st_mtim.tv_sec * 1000000000 + (uint64_t)st.st_mtim.tv_nsec;
}
