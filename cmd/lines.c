/* lines.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cmd/fault.h"
#include "cmd/lines.h"

bool is_open(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_mode & 077;
}

bool lines_open(struct lines *l, const char *path)
{
	bool from_stdin = strcmp(path, "-") == 0;

	*l = (struct lines){.in = from_stdin ? stdin : fopen(path, "re"), .name = from_stdin ? "stdin" : path};
	if (!l->in)
		complain("cannot read %s: %s", path, strerror(errno));
	l->open = l->in && is_open(fileno(l->in));
	return l->in != NULL;
}

int words_split(char *text, char *words[static LINE_WORDS])
{
	char *save, *word;
	int n = 0;

	for (word = strtok_r(text, " \t\r\n", &save); word; word = strtok_r(NULL, " \t\r\n", &save)) {
		if (word[0] == '#')
			break;
		if (n == LINE_WORDS)
			return -1;
		words[n++] = word;
	}
	return n;
}

int lines_next(struct lines *l, struct line *line)
{
	ssize_t len;
	int n;

	do {
		l->no++;
		len = getline(&l->text, &l->room, l->in);
		if (len < 0) {
			if (!ferror(l->in))
				return 0;
			complain("cannot read %s: %s", l->name, strerror(errno));
			return -1;
		}
		n = memchr(l->text, 0, (size_t)len) ? -1 : words_split(l->text, l->words);
	} while (n == 0);
	if (n < 0) {
		complain("%s:%d: not a line of at most %d words", l->name, l->no, LINE_WORDS);
		return -1;
	}
	*line = (struct line){l->name, l->no, n, l->words, l->open};
	return 1;
}

void lines_close(struct lines *l)
{
	if (l->in && l->in != stdin)
		fclose(l->in);
	free(l->text);
}
