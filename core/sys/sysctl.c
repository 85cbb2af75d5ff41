/*
 * link.h: sysctls under net/ipv6. The value found before the first change is kept in a file per
 * network namespace, one "PATH OLD" a line, written before the sysctl is: whoever comes after a
 * crash still knows what to put back. The file is replaced whole, never edited.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "mip/ctl.h"
#include "sys/link.h"

#define NET	 "/proc/sys/net"
#define LINE	 128
#define KEPT_MAX 512

static const char *store(char *to, size_t cap)
{
	const char *dir = getenv("MIP_RUN_DIR");
	struct stat st;

	if (!dir)
		dir = MIP_RUN_DIR;
	if (stat("/proc/self/ns/net", &st) < 0)
		return NULL;
	(void)mkdir(dir, 0755);
	snprintf(to, cap, "%s/%lu.sysctl", dir, (unsigned long)st.st_ino);
	return to;
}

/* PATH comes from us and from interface names: no step out of net. */
static int full_path(char *to, size_t cap, const char *path)
{
	if (strstr(path, "..") || strchr(path, ' ') || strlen(path) > LINE - 24)
		return -EINVAL;
	snprintf(to, cap, *path == '/' ? NET "%s" : NET "/ipv6/%s", path);
	return 0;
}

int sysctl_get(const char *path, int *value)
{
	char name[256];
	int err = full_path(name, sizeof(name), path);
	FILE *f;

	if (err)
		return err;
	f = fopen(name, "re");
	if (!f)
		return -errno;
	err = fscanf(f, "%d", value) == 1 ? 0 : -EINVAL;
	fclose(f);
	return err;
}

static int write_value(const char *path, int value)
{
	char name[256];
	int err = full_path(name, sizeof(name), path);
	FILE *f;

	if (err)
		return err;
	f = fopen(name, "we");
	if (!f)
		return -errno;
	if (fprintf(f, "%d\n", value) < 0)
		err = -errno;
	if (fclose(f) && !err)
		err = -errno;
	return err;
}

static bool remembered(FILE *f, const char *path)
{
	char line[LINE], name[LINE];
	int old;

	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "%127s %d", name, &old) == 2 && !strcmp(name, path))
			return true;
	return false;
}

/* Copies the store and adds one line, in a new file that takes its place. */
static int append(const char *file, const char *path, int old)
{
	char tmp[280], line[LINE];
	FILE *in = fopen(file, "re"), *out;
	int err = 0;

	snprintf(tmp, sizeof(tmp), "%s.tmp", file);
	out = fopen(tmp, "we");
	if (!out)
		err = -errno;
	while (out && in && fgets(line, sizeof(line), in))
		fputs(line, out);
	if (in)
		fclose(in);
	if (!out)
		return err;
	if (fprintf(out, "%s %d\n", path, old) < 0 || fflush(out) || fsync(fileno(out)))
		err = -errno;
	if (fclose(out) && !err)
		err = -errno;
	if (!err && rename(tmp, file) < 0)
		err = -errno;
	return err;
}

static int remember(const char *path, int old)
{
	char name[256];
	const char *file = store(name, sizeof(name));
	FILE *f = file ? fopen(file, "re") : NULL;
	bool there = f && remembered(f, path);

	if (f)
		fclose(f);
	if (!file)
		return -errno;
	return there ? 0 : append(file, path, old);
}

/* --- what shall stay as it was set -------------------------------------------------------------------------------- */

static struct {
	char path[LINE];
	int value;
} held[KEPT_MAX];
static size_t helds;

static void hold(const char *path, int value)
{
	size_t i = 0;

	while (i < helds && strcmp(held[i].path, path))
		i++;
	if (i == KEPT_MAX)
		return;
	helds += i == helds;
	snprintf(held[i].path, sizeof(held[i].path), "%s", path);
	held[i].value = value;
}

/* In the order they were set in: conf/all/forwarding also writes those of all interfaces. Some are gone with their
 * link.
 */
size_t sysctl_hold(void)
{
	size_t n = 0, i = 0;

	while (i < helds) {
		int v = 0, err = sysctl_get(held[i].path, &v);

		if (err == -ENOENT) {
			memmove(&held[i], &held[i + 1], (--helds - i) * sizeof(held[0]));
			continue;
		}
		if (!err && v != held[i].value && !write_value(held[i].path, held[i].value))
			n++;
		i++;
	}
	return n;
}

int sysctl_set(const char *path, int value, struct why *why)
{
	int old = 0, err = sysctl_get(path, &old);

	if (!err)
		hold(path, value);
	if (!err && old == value)
		return 0;
	if (!err)
		err = remember(path, old);
	if (!err)
		err = write_value(path, value);
	return err ? why_set(why, -err, "set sysctl net/ipv6/%s to %d: %s", path, value, strerror(-err)) : 0;
}

/* A line that has no sysctl any more (its interface went) is no loss. */
static void restore_line(const char *line)
{
	char name[LINE];
	int old, err;

	if (sscanf(line, "%127s %d", name, &old) != 2)
		return;
	err = write_value(name, old);
	if (err && err != -ENOENT)
		log_warn("sysctl net/ipv6/%s is not put back to %d: %s", name, old, strerror(-err));
}

/* Last change first, for the same reason. */
void sysctl_restore(void)
{
	static char line[KEPT_MAX][LINE];
	char name[256];
	const char *file = store(name, sizeof(name));
	FILE *f = file ? fopen(file, "re") : NULL;
	size_t n = 0;

	helds = 0;
	if (!f)
		return;
	while (n < KEPT_MAX && fgets(line[n], LINE, f))
		n++;
	fclose(f);
	while (n)
		restore_line(line[--n]);
	unlink(file);
}
