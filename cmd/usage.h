/* How a row is written, piece by piece: help, the manual and messages render the same pieces. */
#ifndef MIP_CMD_USAGE_H
#define MIP_CMD_USAGE_H

#include "cmd/table.h"

enum piece {
	P_WORD /* said as it is */,
	P_VALUE /* stands for a value */,
	P_OPEN,
	P_CLOSE /* optional from .. to */,
	P_MANY
};

typedef void (*piece_fn)(void *ctx, enum piece piece, const char *word);

/* The pieces of a row, from its object on. */
void usage_pieces(const struct verb *v, piece_fn piece, void *ctx);

#endif
