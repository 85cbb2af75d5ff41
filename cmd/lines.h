/* Files of commands: read a line at a time, split at blanks, '#' begins a comment. */
#ifndef MIP_CMD_LINES_H
#define MIP_CMD_LINES_H

#include <stdio.h>

#include "cmd/walk.h"

#define LINE_WORDS 64

struct lines {
	FILE *in;
	const char *name;
	int no;
	char *text; /* of the line, cut into words */
	size_t room;
	char *words[LINE_WORDS];
	bool open; /* others than the owner can read it */
};

/* Is this a file that others than its owner can read or write? */
bool is_open(int fd);
/* "-" is standard input. False, having complained. */
bool lines_open(struct lines *l, const char *path);
/* The next line that has words, valid until the next call. 1, 0 at the end, -1 having complained. */
int lines_next(struct lines *l, struct line *line);
void lines_close(struct lines *l);
/* Cuts `text` into at most LINE_WORDS words. How many, -1: more. */
int words_split(char *text, char *words[static LINE_WORDS]);

#endif
