/* mip: the tool. Options, then one of: a status page, a batch, what completion and the manual ask for, a command. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "cmd/mip.h"
#include "cmd/out.h"

/* Words for programs, not for people. */
static bool run_internal(int n, char **words, int *err)
{
	if (n == 0)
		return false;
	if (!strcmp(words[0], "__complete"))
		*err = run_complete(n - 1, words + 1);
	else if (!strcmp(words[0], "__man"))
		*err = run_man(n > 1 ? words[1] : NULL, n > 2);
	else if (!strcmp(words[0], "__schema"))
		*err = run_schema();
	else
		return false;
	return true;
}

static int run(int n, char **words)
{
	int err = options_read(n, words);

	if (err < 0)
		return WORDS;
	n -= err;
	words += err;
	if (opt.version) {
		puts("mip " MIP_VERSION);
		return DONE;
	}
	if (opt.help)
		return run_help(NULL);
	if (opt.batch)
		return run_batch(opt.batch);
	if (run_internal(n, words, &err))
		return err;
	return n ? run_words(NULL, 0, n, words) : run_status();
}

int main(int argc, char **argv)
{
	int err, written;

	signal(SIGPIPE, SIG_IGN); /* a reader that goes is a write error, reported as one */
	err = run(argc - 1, argv + 1);
	written = out_flush();
	return err ? err : written;
}
