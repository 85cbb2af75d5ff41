/* history.h. Each line is appended as it is typed, so that two shells at once lose nothing of each other's. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/history.h"

#define LINES_MAX 1000

/* The directories of `path`, as far as they are missing. */
static void make_dirs(char *path)
{
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = 0;
		mkdir(path, 0700); /* one that cannot be made is noticed when the file is opened */
		*slash = '/';
	}
}

static bool find_path(char *path, size_t size)
{
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
	int n = -1;

	if (state && state[0] == '/')
		n = snprintf(path, size, "%s/mip/history", state);
	else if (home && home[0] == '/')
		n = snprintf(path, size, "%s/.local/state/mip/history", home);
	return n > 0 && (size_t)n < size;
}

static int open_store(struct history *h)
{
	return open(h->path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
}

void history_open(struct history *h, EditLine *el)
{
	HistEvent ev;
	int fd;

	*h = (struct history){.list = history_init()};
	if (!h->list)
		return;
	history(h->list, &ev, H_SETSIZE, LINES_MAX);
	history(h->list, &ev, H_SETUNIQUE, 1);
	el_set(el, EL_HIST, history, h->list);
	if (!find_path(h->path, sizeof(h->path))) {
		h->path[0] = 0;
		return;
	}
	make_dirs(h->path);
	fd = open_store(h);
	if (fd < 0) {
		h->path[0] = 0;
		return;
	}
	close(fd);
	if (history(h->list, &ev, H_LOAD, h->path) >= LINES_MAX)
		history(h->list, &ev, H_SAVE, h->path); /* what is older goes */
}

void history_add(struct history *h, const char *line)
{
	HistEvent ev;
	FILE *f;
	int fd;

	if (!h->list || strchr(" \t\n", line[0]) || strstr(line, "key 0x") ||
		history(h->list, &ev, H_ENTER, line) < 0 || !h->path[0])
		return;
	fd = open_store(h);
	f = fd < 0 ? NULL : fdopen(fd, "a");
	if (!f)
		return;
	fseek(f, 0, SEEK_END); /* a file with something in it gets no second head */
	history(h->list, &ev, H_NSAVE_FP, (size_t)1, f);
	fclose(f);
}

void history_close(struct history *h)
{
	if (h->list)
		history_end(h->list);
}
