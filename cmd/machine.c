/* machine.h: getifaddrs and /proc, which show the network namespace of who reads them. */
#include <arpa/inet.h>
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <ifaddrs.h>
#include <linux/if_addr.h>
#include <net/if_arp.h>
#include <netpacket/packet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/machine.h"

#define SYSCTL "/proc/sys/net/ipv6/"

static bool is_ether(const struct ifaddrs *i)
{
	const struct sockaddr_ll *ll = (const struct sockaddr_ll *)(const void *)i->ifa_addr;

	return ll->sll_hatype == ARPHRD_ETHER && !(i->ifa_flags & IFF_LOOPBACK);
}

size_t machine_nics(struct nic *list, size_t max)
{
	struct ifaddrs *all = NULL;
	size_t n = 0;

	if (getifaddrs(&all) < 0)
		return 0;
	for (const struct ifaddrs *i = all; i && n < max; i = i->ifa_next) {
		if (!i->ifa_addr || i->ifa_addr->sa_family != AF_PACKET)
			continue;
		list[n] = (struct nic){.up = (i->ifa_flags & IFF_UP) != 0,
			.ether = is_ether(i),
			.alone = (i->ifa_flags & (IFF_NOARP | IFF_LOOPBACK)) != 0};
		snprintf(list[n++].name, IFNAMSIZ, "%s", i->ifa_name);
	}
	freeifaddrs(all);
	return n;
}

bool machine_nic(const char *name, struct nic *to)
{
	struct nic list[256];
	size_t n = machine_nics(list, sizeof(list) / sizeof(list[0]));

	while (n-- > 0)
		if (!strcmp(list[n].name, name)) {
			*to = list[n];
			return true;
		}
	return false;
}

static bool is_routable(const struct in6_addr *a)
{
	return !IN6_IS_ADDR_UNSPECIFIED(a) && !IN6_IS_ADDR_LOOPBACK(a) && !IN6_IS_ADDR_MULTICAST(a) &&
	       !IN6_IS_ADDR_LINKLOCAL(a) && !IN6_IS_ADDR_V4MAPPED(a) && !IN6_IS_ADDR_V4COMPAT(a);
}

/* 32 hexadecimal digits without colons. */
static bool read_hex(const char *hex, struct in6_addr *to)
{
	char text[40];
	size_t at = 0;

	if (strlen(hex) != 32)
		return false;
	for (size_t i = 0; i < 32; i++) {
		text[at++] = hex[i];
		if (i % 4 == 3)
			text[at++] = ':';
	}
	text[at - 1] = 0;
	return inet_pton(AF_INET6, text, to) == 1;
}

/* A line of if_inet6: address, index, prefix length, scope, flags (IFA_F_*), name. */
static bool read_addr(const char *line, struct nic_addr *to)
{
	char hex[33];
	unsigned flags;

	if (sscanf(line, "%32s %*x %x %*x %x %15s", hex, &to->plen, &flags, to->dev) != 4 || !read_hex(hex, &to->addr))
		return false;
	to->failed = (flags & IFA_F_DADFAILED) != 0;
	to->usable = !to->failed && (!(flags & IFA_F_TENTATIVE) || flags & IFA_F_OPTIMISTIC);
	to->lent = !(flags & IFA_F_PERMANENT);
	to->routable = is_routable(&to->addr);
	return true;
}

size_t machine_addrs(struct nic_addr *list, size_t max)
{
	FILE *f = fopen("/proc/self/net/if_inet6", "re");
	char line[128];
	size_t n = 0;

	while (f && n < max && fgets(line, sizeof(line), f))
		n += read_addr(line, &list[n]);
	if (f)
		fclose(f);
	return n;
}

bool machine_home_link(const char *dev, char to[IFNAMSIZ])
{
	struct nic_addr list[256];
	size_t n = machine_addrs(list, sizeof(list) / sizeof(list[0]));
	struct nic nic;

	to[0] = 0;
	if (dev && machine_nic(dev, &nic))
		snprintf(to, IFNAMSIZ, "%s", dev);
	for (size_t i = 0; i < n && !dev; i++) {
		if (!list[i].routable || !machine_nic(list[i].dev, &nic) || !nic.ether)
			continue;
		if (to[0] && strcmp(to, list[i].dev) != 0) {
			to[0] = 0;
			return false;
		}
		snprintf(to, IFNAMSIZ, "%s", list[i].dev);
	}
	return to[0];
}

int machine_sysctl(const char *path)
{
	char name[256];
	int value = -1;
	FILE *f;

	snprintf(name, sizeof(name), SYSCTL "%s", path);
	f = fopen(name, "re");
	if (f && fscanf(f, "%d", &value) != 1)
		value = -1;
	if (f)
		fclose(f);
	return value;
}

int machine_sysctl_writable(const char *path)
{
	char name[256];

	snprintf(name, sizeof(name), SYSCTL "%s", path);
	return access(name, W_OK) == 0 ? 0 : errno;
}

static bool same_netns(const char *pid)
{
	char path[64];
	struct stat ours, theirs;

	snprintf(path, sizeof(path), "/proc/%.20s/ns/net", pid);
	return stat("/proc/self/ns/net", &ours) == 0 && stat(path, &theirs) == 0 && ours.st_ino == theirs.st_ino;
}

static bool is_called(const char *pid, const char *name)
{
	char path[64], comm[32] = "";
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%.20s/comm", pid);
	f = fopen(path, "re");
	if (f && !fgets(comm, sizeof(comm), f))
		comm[0] = 0;
	if (f)
		fclose(f);
	comm[strcspn(comm, "\n")] = 0;
	return strcmp(comm, name) == 0;
}

static bool has_word(const char *pid, const char *word)
{
	char path[64], args[4096];
	FILE *f;
	size_t n = 0;

	snprintf(path, sizeof(path), "/proc/%.20s/cmdline", pid);
	f = fopen(path, "re");
	if (f) {
		n = fread(args, 1, sizeof(args) - 1, f);
		fclose(f);
	}
	args[n] = 0;
	for (size_t at = 0; at < n; at += strlen(args + at) + 1)
		if (!strcmp(args + at, word))
			return true;
	return false;
}

pid_t machine_process(const char *name, const char *word)
{
	DIR *d = opendir("/proc");
	const struct dirent *e;
	long found = 0, pid;

	while (d && (e = readdir(d))) {
		if (!isdigit((unsigned char)e->d_name[0]) || !is_called(e->d_name, name) || !same_netns(e->d_name))
			continue;
		if (word && !has_word(e->d_name, word))
			continue;
		pid = strtol(e->d_name, NULL, 10);
		found = found && found < pid ? found : pid;
	}
	if (d)
		closedir(d);
	return (pid_t)found;
}

bool machine_program(const char *name)
{
	const char *path = getenv("PATH");
	char list[4096], file[4096], *save, *dir;

	snprintf(list, sizeof(list), "%s:/usr/local/sbin:/usr/sbin:/sbin", path ? path : "");
	for (dir = strtok_r(list, ":", &save); dir; dir = strtok_r(NULL, ":", &save)) {
		snprintf(file, sizeof(file), "%.3000s/%s", dir, name);
		if (access(file, X_OK) == 0)
			return true;
	}
	return false;
}

bool machine_capable(unsigned cap)
{
	FILE *f = fopen("/proc/self/status", "re");
	unsigned long long set = 0;
	char line[256];

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "CapEff: %llx", &set) == 1)
			break;
	if (f)
		fclose(f);
	return set >> cap & 1;
}
