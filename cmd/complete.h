/* What could stand next on a line of words, with values from life: for the shells, for `mip shell` and its '?'. */
#ifndef MIP_CMD_COMPLETE_H
#define MIP_CMD_COMPLETE_H

#include "cmd/walk.h"

/* The words that could stand in place of the last of `words`, those that begin with it. All before it are complete. */
void complete_words(int n, char **words, offer_fn offer, void *ctx);
/*
 * For a person: those words, the kind of value where no list of them is had, and "<enter>" where the command may end.
 * False with `f` when a word is wrong; f->at counts from the first word that is no option, words + *skip.
 */
bool complete_explain(int n, char **words, offer_fn offer, void *ctx, int *skip, struct fault *f);

#endif
