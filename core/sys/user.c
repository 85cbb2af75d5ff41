/*
 * self.h: from root to an account that owns nothing but the agent's two directories. What an agent of root left there
 * for this network namespace changes hands too; nothing does in a directory the account has already, where it could
 * have put a name of its own.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/self.h"

#define ACCOUNT "mip"

static int user_failed(struct why *why, const char *what, const char *which)
{
	int err = errno;

	return why_set(why, err, "cannot %s %s: %s", what, which, strerror(err));
}

/* The files of this network namespace: "<inode>.sock" and so on. */
static void take_files(int dir, const struct passwd *pw)
{
	char ours[32];
	int copy = dup(dir);
	DIR *d = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *e;

	snprintf(ours, sizeof(ours), "%llu.", (unsigned long long)self_netns());
	while (d && (e = readdir(d)))
		if (!strncmp(e->d_name, ours, strlen(ours)))
			(void)!fchownat(dir, e->d_name, pw->pw_uid, pw->pw_gid, AT_SYMLINK_NOFOLLOW);
	if (d)
		closedir(d);
	else if (copy >= 0)
		close(copy);
}

static int take_dir(const char *path, const struct passwd *pw, struct why *why)
{
	struct stat st;
	int dir, err = 0;

	if (mkdir(path, 0750) < 0 && errno != EEXIST)
		return user_failed(why, "make", path);
	dir = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir < 0 || fstat(dir, &st) < 0)
		err = user_failed(why, "open", path);
	else if (!st.st_uid && fchown(dir, pw->pw_uid, pw->pw_gid) < 0)
		err = user_failed(why, "give away", path);
	else if (!st.st_uid)
		take_files(dir, pw);
	if (dir >= 0)
		close(dir);
	return err;
}

/* A directory of sockets that belongs to account mip is its agents': one of root's could not keep its files there. */
static const struct passwd *account(const char *user, const char *run_dir)
{
	const struct passwd *pw;
	struct stat st;

	if (user)
		return getpwnam(user);
	if (geteuid() || stat(run_dir, &st) < 0 || !st.st_uid)
		return NULL;
	pw = getpwuid(st.st_uid);
	return pw && !strcmp(pw->pw_name, ACCOUNT) ? pw : NULL;
}

int self_become(const char *user, const char *run_dir, const char *state_dir, struct why *why)
{
	const struct passwd *pw = account(user, run_dir);
	int err;

	if (!pw)
		return user ? why_set(why, ENOENT, "there is no user %s", user) : 0;
	if (pw->pw_uid == geteuid())
		return 0;
	if (geteuid())
		return why_set(why, EPERM, "only root can become user %s", pw->pw_name);
	err = take_dir(run_dir, pw, why) ?: take_dir(state_dir, pw, why);
	if (err)
		return err;
	if (prctl(PR_SET_KEEPCAPS, 1) < 0 || initgroups(pw->pw_name, pw->pw_gid) < 0 ||
		setresgid(pw->pw_gid, pw->pw_gid, pw->pw_gid) < 0 || setresuid(pw->pw_uid, pw->pw_uid, pw->pw_uid) < 0)
		return user_failed(why, "become user", pw->pw_name);
	return 0;
}
