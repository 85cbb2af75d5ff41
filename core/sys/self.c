/* self.h: /proc, libcap, and the one datagram systemd wants. */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "sys/self.h"

bool self_has_cap_bpf(void)
{
	cap_t caps = cap_get_proc();
	cap_flag_value_t bpf = CAP_CLEAR;
	bool has = caps && !cap_get_flag(caps, CAP_BPF, CAP_PERMITTED, &bpf) && bpf == CAP_SET;

	if (caps)
		cap_free(caps);
	return has;
}

int self_keep_caps(bool bpf, struct why *why)
{
	static const cap_value_t keep[] = {CAP_NET_ADMIN, CAP_NET_RAW, CAP_BPF};
	int err = 0, n = bpf && self_has_cap_bpf() ? 3 : 2;
	cap_t caps = cap_init();

	if (!caps)
		return why_set(why, ENOMEM, "out of memory");
	if (cap_set_flag(caps, CAP_PERMITTED, n, keep, CAP_SET) ||
		cap_set_flag(caps, CAP_EFFECTIVE, n, keep, CAP_SET) || cap_set_proc(caps) ||
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		err = why_set(why, EPERM, "mipd needs CAP_NET_ADMIN and CAP_NET_RAW: run it as root");
	cap_free(caps);
	return err;
}

void self_caps(char *text, size_t cap)
{
	cap_t caps = cap_get_proc();
	char *s = caps ? cap_to_text(caps, NULL) : NULL;

	snprintf(text, cap, "%s", s ? s : "");
	cap_free(s);
	cap_free(caps);
}

uint64_t self_memory(void)
{
	unsigned long long pages = 0;
	FILE *f = fopen("/proc/self/statm", "re");

	if (!f)
		return 0;
	if (fscanf(f, "%*u %llu", &pages) != 1)
		pages = 0;
	fclose(f);
	return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

uint64_t self_netns(void)
{
	struct stat st;

	return stat("/proc/self/ns/net", &st) ? 0 : st.st_ino;
}

uint64_t self_netns_cookie(void)
{
	uint64_t cookie = 0;
	socklen_t len = sizeof(cookie);
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return 0;
	if (getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &len) < 0)
		cookie = 0;
	close(fd);
	return cookie;
}

void self_boot(char *text, size_t cap)
{
	FILE *f = fopen("/proc/sys/kernel/random/boot_id", "re");

	*text = 0;
	if (f && fgets(text, (int)cap, f))
		text[strcspn(text, "\n")] = 0;
	if (f)
		fclose(f);
}

void self_kernel(char *text, size_t cap)
{
	struct utsname u;

	snprintf(text, cap, "%s", uname(&u) ? "" : u.release);
}

void self_notify(const char *state)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	size_t len = path ? strlen(path) : 0;
	int fd;

	if (!len || len >= sizeof(to.sun_path))
		return;
	memcpy(to.sun_path, path, len);
	if (path[0] == '@')
		to.sun_path[0] = 0;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	sendto(fd, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *)&to,
		(socklen_t)(offsetof(struct sockaddr_un, sun_path) + len));
	close(fd);
}

void self_seclude(void)
{
	const struct rlimit none = {0};

	(void)!chdir("/");
	(void)setrlimit(RLIMIT_CORE, &none);
	(void)prctl(PR_SET_DUMPABLE, 0); /* a program that takes core dumps is not asked for the limit */
}
