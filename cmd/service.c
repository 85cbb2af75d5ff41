/* service.h: systemctl, and where units are found. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmd/fault.h"
#include "cmd/mip.h"
#include "cmd/netns.h"
#include "cmd/service.h"

/* The directory this program is in: a checkout's is not the unit's. */
static bool is_of_this_installation(const char *path)
{
	char line[512], mine[PATH_MAX], *start, theirs[PATH_MAX] = "";
	FILE *f = fopen(path, "re");

	while (f && fgets(line, sizeof(line), f))
		if ((start = strstr(line, "ExecStart")) && (start = strchr(start, '/')) && strstr(start, "bin/mip ")) {
			start[strcspn(start, " \n")] = 0;
			if (!realpath(start, theirs))
				*theirs = 0;
		}
	if (f)
		fclose(f);
	return *theirs && realpath("/proc/self/exe", mine) && !strcmp(mine, theirs);
}

bool service_runs(const char *unit)
{
	static const char *const dirs[] = {"/etc", "/run", "/usr/local/lib", "/usr/lib", "/lib"};
	char path[256];

	if (geteuid() || access("/run/systemd/system", F_OK) || getenv("MIP_RUN_DIR") || getenv("MIP_CONF") ||
		netns_inode(opt.netns) != netns_inode("1"))
		return false;
	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
		snprintf(path, sizeof(path), "%s/systemd/system/%s", dirs[i], unit);
		if (access(path, R_OK) == 0)
			return is_of_this_installation(path);
	}
	return false;
}

int service_do(const char *verb, const char *unit)
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0) {
		execlp("systemctl", "systemctl", verb, unit, (char *)NULL);
		_exit(127);
	}
	if (pid > 0 && waitpid(pid, &status, 0) == pid && status == 0)
		return DONE;
	complain("systemctl %s %s failed", verb, unit);
	fprintf(stderr, "see why with: journalctl -u %s\n", unit);
	return REFUSED;
}
