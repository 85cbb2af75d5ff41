/* The lines typed in `mip shell`, kept from one to the next in $XDG_STATE_HOME/mip/history; only their owner reads it.
 */
#ifndef MIP_CMD_HISTORY_H
#define MIP_CMD_HISTORY_H

#include <histedit.h>
#include <stdbool.h>

struct history {
	History *list;
	char path[4096]; /* "" = none can be kept */
};

/* Reads it and gives it to the editor. Where no file can be made the history lives as long as the shell. */
void history_open(struct history *h, EditLine *el);
/* One more line. Not kept: blank ones and, as in other shells, those that begin with a blank. */
void history_add(struct history *h, const char *line);
void history_close(struct history *h);

#endif
