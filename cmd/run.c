/*
 * Running a command line: options, then one of: a status page, a batch, what completion and the manual ask for, or a
 * command, by the walk and the row's own function or the common one: pack, send, print what comes.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cmd/client.h"
#include "cmd/fault.h"
#include "cmd/keys.h"
#include "cmd/mip.h"
#include "cmd/out.h"
#include "cmd/run.h"
#include "cmd/walk.h"

int run_refused(const struct call *call, const struct refusal *no)
{
	const struct value *v = no->attr ? call_value(call, (unsigned)no->attr) : NULL;
	struct fault f = {.at = v ? v->at : -1};

	if (no->err == EINTR)
		return REFUSED; /* by who asked */
	snprintf(f.text, sizeof(f.text), "%s", no->text);
	if (v || call->line.file)
		fault_print(&call->line, &f);
	else
		complain("%s", no->text);
	return REFUSED;
}

/* A READ command that has no function of its own is a dump. */
static bool is_dump(const struct verb *v)
{
	enum { READ, WRITE };
	static const bool writes[] = {
#define C(name, number, class) [number] = class == WRITE,
		MIP_COMMANDS(C)
#undef C
	};

	return !writes[v->cmd];
}

int run_generic(const struct call *call)
{
	struct request rq;
	struct refusal no;
	int err = client_need(call->verb->object), closed;

	if (err)
		return err;
	request_put_call(&rq, call);
	if (!is_dump(call->verb)) {
		err = client_do(&rq, &no);
		return err == REFUSED ? run_refused(call, &no) : err;
	}
	out_open(verb_is_list(call->verb) ? OUT_TABLE : OUT_LIST, verb_columns(call->verb), false);
	err = client_ask(&rq, out_record, NULL, &no);
	closed = out_close();
	if (err == REFUSED && no.err)
		run_refused(call, &no);
	return err ? err : closed;
}

/* `OBJECT help`, `OBJECT VERB --help`: the words of `mip help`. */
static bool asks_for_help(const struct line *line)
{
	const char *last = line->n > 1 ? line->words[line->n - 1] : "";

	return line->n <= 3 && (!strcmp(last, "help") || !strcmp(last, "-h") || !strcmp(last, "--help"));
}

static int run_asked_help(const struct line *line)
{
	char *words[3] = {"help", line->words[0], line->words[1]};

	return run_words(&(struct line){.file = line->file, .no = line->no, .n = line->n, .words = words});
}

int run_words(const struct line *line)
{
	struct call call;
	struct fault f;

	if (asks_for_help(line) && strcmp(line->words[0], "help") != 0)
		return run_asked_help(line);

	if (!walk_line(line, &call, &f)) {
		fault_print_hint(line, &f);
		return WORDS;
	}
	if (!keys_hidden(&call, &f)) {
		fault_print(line, &f);
		return WORDS;
	}
	return call.verb->run ? call.verb->run(&call) : run_generic(&call);
}

/* Words for programs, not for people. */
static bool run_internal(int n, char **words, int *err)
{
	if (n == 0)
		return false;
	if (strcmp(words[0], "__complete") == 0)
		*err = run_complete(n - 1, words + 1);
	else if (!strcmp(words[0], "__man"))
		*err = run_man(n > 1 ? words[1] : NULL, n > 2 ? words[2] : NULL);
	else if (!strcmp(words[0], "__schema"))
		*err = run_schema();
	else
		return false;
	return true;
}

int run_args(int n, char **words)
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
	return n ? run_words(&(struct line){.n = n, .words = words}) : run_status();
}
