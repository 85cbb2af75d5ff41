/* mip: the tool. What its words do is run.c's. */
#include <signal.h>

#include "cmd/mip.h"
#include "cmd/out.h"

int main(int argc, char **argv)
{
	int err, written;

	signal(SIGPIPE, SIG_IGN); /* a reader that goes is a write error, reported as one */
	options_default();
	err = run_args(argc - 1, argv + 1);
	written = out_flush();
	return err ? err : written;
}
