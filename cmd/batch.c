/* -b FILE: every line is a command, run in order over one connection; the first that fails ends it unless -force. */
#include "cmd/lines.h"
#include "cmd/mip.h"
#include "cmd/out.h"

int run_batch(const char *path)
{
	struct lines l;
	struct line line;
	int err = DONE, next;

	if (!lines_open(&l, path))
		return WORDS;
	while ((next = lines_next(&l, &line)) != 0) {
		int this = next < 0 ? WORDS : run_words(&line);

		if (!this)
			this = out_flush();
		if (this > err)
			err = this;
		if (next < 0 || (this && !opt.force))
			break;
	}
	lines_close(&l);
	return err;
}
