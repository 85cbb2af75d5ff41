/*
 * `mip shell`: a line editor (libedit) around the words of the command line. TAB completes, '?' explains, Ctrl-C ends a
 * command and not the shell. It only reads: each line is run as the arguments of `mip` are. Input that is no terminal
 * is a batch.
 */
#include <histedit.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "cmd/client.h"
#include "cmd/complete.h"
#include "cmd/fault.h"
#include "cmd/history.h"
#include "cmd/lines.h"
#include "cmd/mip.h"
#include "cmd/offers.h"
#include "cmd/out.h"
#include "cmd/record.h"

#define PROMPT_MAX 64

static char the_prompt[PROMPT_MAX];

/* --- prompt ----------------------------------------------------------------------------------------------------- */

static int take_roles(void *ctx, const struct nlmsghdr *msg)
{
	(void)ctx;
	record_print(msg, MIP_A_ROLES, the_prompt, PROMPT_MAX - 8);
	return DONE;
}

/* "mip ha mn# ": the roles that run; '#' for who may change them, as in any shell. */
static char *prompt(EditLine *el)
{
	(void)el;
	return the_prompt;
}

static void make_prompt(void)
{
	char roles[PROMPT_MAX];
	struct request rq;
	struct refusal no;

	the_prompt[0] = 0;
	if (client_connect() == DONE) {
		request_open(&rq, MIP_AGENT_GET);
		client_ask(&rq, take_roles, NULL, &no);
	}
	client_close();
	memcpy(roles, the_prompt, sizeof(roles));
	snprintf(the_prompt, sizeof(the_prompt), "mip%s%.48s%c ", *roles ? " " : "", roles, geteuid() ? '>' : '#');
}

/* --- keys ------------------------------------------------------------------------------------------------------- */

/* The words before the cursor; the last, perhaps "", is the one being typed. 0: too many. */
static int words_at_cursor(EditLine *el, char *text, size_t size, char *words[static LINE_WORDS])
{
	const LineInfo *li = el_line(el);
	int len = (int)(li->cursor - li->buffer), n;

	if (snprintf(text, size, "%.*s", len, li->buffer) >= (int)size)
		return 0;
	n = len == 0 || strchr(" \t", text[len - 1]) ? -1 : 0;
	len = words_split(text, words);
	if (n == 0 || len < 0 || len == LINE_WORDS)
		return len > 0 ? len : 0;
	words[len] = "";
	return len + 1;
}

static unsigned char on_tab(EditLine *el, int ch)
{
	char text[1024], *words[LINE_WORDS], more[256];
	struct offers list = {0};
	struct options was = opt;
	int n = words_at_cursor(el, text, sizeof(text), words);
	unsigned char what = CC_ERROR;

	(void)ch;
	if (n)
		complete_words(n, words, offers_add, &list);
	if (n && offers_common(&list, strlen(words[n - 1]), more, sizeof(more))) {
		el_insertstr(el, more);
		what = CC_REFRESH;
	} else if (list.n > 1) {
		putchar('\n');
		offers_columns(&list);
		what = CC_REDISPLAY;
	}
	offers_free(&list);
	client_close();
	opt = was;
	return what;
}

static unsigned char on_question(EditLine *el, int ch)
{
	char text[1024], *words[LINE_WORDS];
	struct offers list = {0};
	struct options was = opt;
	struct fault f;
	int n = words_at_cursor(el, text, sizeof(text), words), skip;

	(void)ch;
	putchar('\n');
	if (n && !complete_explain(n, words, offers_add, &list, &skip, &f)) {
		struct line line = {.n = n - skip - !*words[n - 1], .words = words + skip};

		fault_print_hint(&line, &f);
	}
	offers_explained(&list);
	offers_free(&list);
	client_close();
	opt = was;
	return CC_REDISPLAY;
}

/* The line is given up; what is on the screen stays. */
static unsigned char on_interrupt(EditLine *el, int ch)
{
	const LineInfo *li = el_line(el);

	(void)ch;
	el_cursor(el, (int)(li->lastchar - li->cursor));
	el_deletestr(el, (int)(li->lastchar - li->buffer));
	fputs("^C\n", stdout);
	return CC_REDISPLAY;
}

static unsigned char on_suspend(EditLine *el, int ch)
{
	(void)el, (void)ch;
	raise(SIGTSTP); /* libedit's own handler gives the terminal back first */
	return CC_REDISPLAY;
}

/* --- commands --------------------------------------------------------------------------------------------------- */

/* Somebody interrupts the command that runs: readable until it has ended. */
static void on_sigint(int sig)
{
	uint64_t one = 1;

	(void)sig;
	if (write(client_interrupt_fd, &one, sizeof(one)) < 0)
		_exit(REFUSED); /* an eventfd cannot fail here */
}

static void forget_interrupt(void)
{
	uint64_t n;

	if (read(client_interrupt_fd, &n, sizeof(n)) > 0)
		putchar('\n'); /* behind the terminal's ^C */
}

/* A line is what follows `mip` on the command line; `mip` itself may be typed too. Options hold for the line. */
static int run_typed(int n, char **words)
{
	struct options was = opt;
	int err, written;

	err = run_args(n, words);
	written = out_flush();
	client_close();
	forget_interrupt();
	opt = was;
	return err ? err : written;
}

static int loop(EditLine *el, struct history *h)
{
	char *text, *words[LINE_WORDS];
	const char *typed;
	int err = DONE, len, n, skip;

	for (;;) {
		make_prompt();
		typed = el_gets(el, &len);
		if (!typed || len <= 0)
			break;
		history_add(h, typed);
		text = strdup(typed);
		n = text ? words_split(text, words) : -1;
		skip = n > 0 && !strcmp(words[0], "mip");
		if (n < 0)
			complain("not a line of at most %d words", LINE_WORDS);
		else if (n == 1 && (!strcmp(words[0], "exit") || !strcmp(words[0], "quit")))
			n = -2;
		else if (n > 0)
			err = run_typed(n - skip, words + skip);
		free(text);
		if (n == -2)
			return err;
	}
	putchar('\n');
	return err;
}

static void bind_keys(EditLine *el)
{
	el_set(el, EL_EDITOR, "emacs");
	el_set(el, EL_SIGNAL, 1);
	el_set(el, EL_PROMPT, prompt);
	/* Wide, because libedit keeps what it is given and never frees the copies that the narrow call makes. */
	el_wset(el, EL_ADDFN, L"mip-complete", L"complete the word", on_tab);
	el_wset(el, EL_ADDFN, L"mip-explain", L"say what may come next", on_question);
	el_wset(el, EL_ADDFN, L"mip-interrupt", L"give the line up", on_interrupt);
	el_wset(el, EL_ADDFN, L"mip-suspend", L"stop until continued", on_suspend);
	el_set(el, EL_BIND, "^I", "mip-complete", NULL);
	el_set(el, EL_BIND, "?", "mip-explain", NULL);
	el_set(el, EL_BIND, "^R", "em-inc-search-prev", NULL);
	el_set(el, EL_BIND, "^D", "em-delete-or-list", NULL);
	/* While a line is edited Ctrl-C is a key; while a command runs it is the signal. */
	el_set(el, EL_SETTY, "-d", "-isig", NULL);
	el_set(el, EL_BIND, "^C", "mip-interrupt", NULL);
	el_set(el, EL_BIND, "^Z", "mip-suspend", NULL);
	el_source(el, NULL);
}

int run_shell(const struct call *call)
{
	struct sigaction act = {.sa_handler = on_sigint, .sa_flags = SA_RESTART};
	struct history h;
	EditLine *el;
	int err;

	(void)call;
	if (!isatty(STDIN_FILENO))
		return run_batch("-");
	if (client_interrupt_fd >= 0) {
		complain("this is the shell already");
		return WORDS;
	}
	client_interrupt_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	el = el_init("mip", stdin, stdout, stderr);
	if (!el || client_interrupt_fd < 0) {
		complain("cannot open the terminal");
		return REFUSED;
	}
	sigaction(SIGINT, &act, NULL);
	bind_keys(el);
	history_open(&h, el);
	err = loop(el, &h);
	history_close(&h);
	el_end(el);
	return err;
}
