/*
 * `mip import`: runs mip-import (import.awk), which stands beside this program, and shows its lines. It knows the
 * grammar of mip6d.conf; this file only shows what it prints.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmd/fault.h"
#include "cmd/mip.h"
#include "cmd/out.h"
#include "cmd/spawn.h"

/* The child: its output is `to`. */
static void become_importer(const char *file, int to)
{
	char path[4096];

	spawn_find("mip-import", path, sizeof(path));
	dup2(to, STDOUT_FILENO);
	setenv("LC_ALL", "C", 1); /* it counts octets */
	execlp(path, "mip-import", file, (char *)NULL);
	complain("cannot run mip-import: %s", strerror(errno));
	_exit(REFUSED);
}

/* A line a record: a comment is a message, anything else a command. */
static int show_json(FILE *from)
{
	char *line = NULL;
	size_t size = 0;
	int err = DONE, closed;

	out_open(OUT_LIST, NULL, false);
	while (!err && getline(&line, &size, from) > 0) {
		line[strcspn(line, "\n")] = 0;
		out_begin();
		if (*line == '#')
			out_put_str(MIP_A_MESSAGE, line + 2);
		else
			out_put_str(MIP_A_COMMAND, line);
		err = out_end();
	}
	free(line);
	closed = out_close();
	return err ? err : closed;
}

static int wait_for(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return REFUSED;
	return WIFEXITED(status) ? WEXITSTATUS(status) : REFUSED;
}

int run_import(const struct call *call)
{
	int fds[2] = {-1, STDOUT_FILENO}, err = DONE, status;
	FILE *from = NULL;
	pid_t pid;

	fflush(stdout);
	if (opt.json && (pipe2(fds, O_CLOEXEC) < 0 || !(from = fdopen(fds[0], "r")))) {
		complain("mip-import: %s", strerror(errno));
		return REFUSED;
	}
	pid = fork();
	if (pid == 0)
		become_importer(call_value(call, W_FILE)->word, fds[1]);
	if (from) {
		close(fds[1]);
		err = pid > 0 ? show_json(from) : REFUSED;
		fclose(from);
	}
	if (pid < 0) {
		complain("mip-import: %s", strerror(errno));
		return REFUSED;
	}
	status = wait_for(pid);
	return status ? status : err;
}
