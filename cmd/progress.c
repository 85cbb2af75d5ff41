/* progress.h: the line begins with \r, which a terminal of any kind knows, and blanks erase what was longer. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "cmd/client.h"
#include "cmd/progress.h"

#define EVERY_MS 1000
#define WIDTH	 79

static int64_t since, shown; /* when it began; when it was last said, 0: not yet */

static void start_clock(void)
{
	since = client_now();
	shown = 0;
}

static void erase_line(void)
{
	if (shown)
		fprintf(stderr, "\r%*s\r", WIDTH - 1, "");
	shown = 0;
}

/* `text`: what, and how far. */
static void show_line(const char *text)
{
	shown = client_now();
	fprintf(stderr, "\r%-*.*s", WIDTH - 1, WIDTH - 1, text);
	fflush(stderr);
}

static bool is_due(void)
{
	return client_now() - (shown ? shown : since) >= EVERY_MS;
}

static void say_waiting(const char *what)
{
	char text[160];

	if (!is_due())
		return;
	snprintf(text, sizeof(text), "%s, for %lld s", what, (long long)(client_now() - since) / 1000);
	show_line(text);
}

int progress_poll(struct pollfd *p, nfds_t n, int64_t deadline_ms, const char *what)
{
	bool says = what && isatty(STDERR_FILENO);
	int64_t left;
	int found;

	start_clock();
	for (;;) {
		left = deadline_ms < 0 ? INT32_MAX : deadline_ms - client_now();
		left = left < 0 ? 0 : left < EVERY_MS || !says ? left : EVERY_MS;
		found = poll(p, n, left > INT32_MAX ? INT32_MAX : (int)left);
		if (found > 0 || (found < 0 && errno != EINTR) || (deadline_ms >= 0 && client_now() >= deadline_ms))
			break;
		if (says)
			say_waiting(what);
	}
	erase_line();
	return found;
}

void progress_count(const char *what, size_t done, size_t all)
{
	char text[160];

	if (!done)
		start_clock();
	if (done >= all)
		erase_line();
	if (done >= all || !is_due() || !isatty(STDERR_FILENO))
		return;
	snprintf(text, sizeof(text), "%s, %zu of %zu, for %lld s", what, done, all,
		(long long)(client_now() - since) / 1000);
	show_line(text);
}
