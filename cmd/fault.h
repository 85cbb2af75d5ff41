/* Wrong words, said so that they can be mended: the reason, the line with a caret, what was meant or would fit. */
#ifndef MIP_CMD_FAULT_H
#define MIP_CMD_FAULT_H

#include "cmd/walk.h"

/* On stderr: `f`, the line of words, and the caret. */
void fault_print(const struct line *line, const struct fault *f);
/* The same with what would fit at f->at: a suggestion by edit distance, or the list. */
void fault_print_hint(const struct line *line, const struct fault *f);
/* How many letters apart two words are; words over 32 letters are far from everything. */
int fault_distance(const char *a, const char *b);
/* One sentence on stderr, "mip: ..." */
void complain(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
