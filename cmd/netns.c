/* netns.h: a name is looked for in /run/netns, as `ip netns` puts it; digits are a process; a slash makes it a path. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "cmd/fault.h"
#include "cmd/mip.h"
#include "cmd/netns.h"

#define NAMES "/run/netns"

static void path_of(const char *name, char *buf, size_t size)
{
	if (!name)
		snprintf(buf, size, "/proc/self/ns/net");
	else if (strchr(name, '/'))
		snprintf(buf, size, "%s", name);
	else
		snprintf(buf, size, NAMES "/%s", name);
	if (name && access(buf, F_OK) < 0 && name[strspn(name, "0123456789")] == 0)
		snprintf(buf, size, "/proc/%s/ns/net", name);
}

uint64_t netns_inode(const char *name)
{
	char path[512];
	struct stat st;

	path_of(name, path, sizeof(path));
	return stat(path, &st) < 0 ? 0 : st.st_ino;
}

int netns_enter(const char *name)
{
	char path[512];
	int fd, err;

	path_of(name, path, sizeof(path));
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	err = setns(fd, CLONE_NEWNET);
	close(fd);
	return err;
}

int netns_go(void)
{
	if (!opt.netns || netns_enter(opt.netns) == 0)
		return DONE;
	complain("cannot enter network namespace %s: %s", opt.netns, strerror(errno));
	return REFUSED;
}

/* The name under /run/netns of that inode, or NULL. */
static const char *name_of(uint64_t inode, char *buf, size_t size)
{
	DIR *d = opendir(NAMES);
	const struct dirent *e;
	const char *found = NULL;

	while (d && !found && (e = readdir(d))) {
		if (e->d_name[0] == '.' || netns_inode(e->d_name) != inode)
			continue;
		snprintf(buf, size, "%s", e->d_name);
		found = buf;
	}
	if (d)
		closedir(d);
	return found;
}

static bool serves(const char *dir, const char *file)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int n = snprintf(at.sun_path, sizeof(at.sun_path), "%s/%s", dir, file), fd;
	bool yes;

	if (n < 0 || (size_t)n >= sizeof(at.sun_path))
		return false;
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	yes = fd >= 0 && connect(fd, (struct sockaddr *)&at, sizeof(at)) == 0;
	if (fd >= 0)
		close(fd);
	return yes;
}

static void say(const char *file)
{
	uint64_t inode = strtoull(file, NULL, 10);
	char buf[256];
	const char *name = name_of(inode, buf, sizeof(buf));

	for (char *c = buf; name && *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = '?';
	if (name)
		fprintf(stderr, "but one runs in network namespace '%s': mip -n %s ...\n", name, name);
	else
		fprintf(stderr, "but one runs in another network namespace (inode %llu)\n", (unsigned long long)inode);
}

void netns_others(const char *run_dir)
{
	DIR *d = opendir(run_dir);
	const struct dirent *e;

	while (d && (e = readdir(d))) {
		const char *dot = strrchr(e->d_name, '.');

		if (dot && strcmp(dot, ".sock") == 0 && serves(run_dir, e->d_name))
			say(e->d_name);
	}
	if (d)
		closedir(d);
}
