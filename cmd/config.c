/*
 * The configuration is a file of commands. `check` walks it, `apply` sends it as one transaction, `save` prints
 * what the agent has as such a file: save | apply changes nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/client.h"
#include "cmd/fault.h"
#include "cmd/keys.h"
#include "cmd/lines.h"
#include "cmd/mip.h"
#include "cmd/out.h"
#include "cmd/progress.h"
#include "cmd/radvd.h"
#include "cmd/record.h"
#include "cmd/run.h"

#define WRONG_MAX 10
#define ROLES_MAX 32 /* "ha mn cn" */

/* One line of the file, kept for the message of a refusal. */
struct kept {
	struct lines from; /* owns the text the words are in */
	struct call call;
};

struct plan {
	struct kept *list;
	size_t n, room;
};

static void plan_free(struct plan *p)
{
	for (size_t i = 0; i < p->n; i++)
		free(p->list[i].from.text);
	free(p->list);
}

static struct kept *plan_grow(struct plan *p)
{
	if (p->n == p->room) {
		size_t room = p->room ? p->room * 2 : 64;
		struct kept *list = realloc(p->list, room * sizeof(*list));

		if (!list)
			return NULL;
		p->list = list;
		p->room = room;
	}
	return &p->list[p->n++];
}

/* What only the tool does, the agent cannot do when it reads the configuration. */
static bool is_for_agent(const struct line *line, const struct call *call)
{
	struct fault f;

	for (int i = 0; i < call->n; i++) {
		if (call->values[i].arg->attr < MIP_A_COUNT)
			continue;
		f.at = call->values[i].at;
		snprintf(f.text, sizeof(f.text), "%s is said on the command line, not in a configuration",
			attr_info(call->values[i].arg->attr)->word);
		fault_print(line, &f);
		return false;
	}
	return true;
}

static bool walk_config(const struct line *line, struct call *call)
{
	struct fault f;

	if (!walk_line(line, call, &f)) {
		fault_print_hint(line, &f);
		return false;
	}
	if (!keys_hidden(call, &f)) {
		fault_print(line, &f);
		return false;
	}
	if (call->verb->config)
		return is_for_agent(line, call);
	f.at = 0;
	snprintf(f.text, sizeof(f.text), "%s%s%s sets nothing: it cannot stand in a configuration", call->verb->object,
		call->verb->verb ? " " : "", call->verb->verb ? call->verb->verb : "");
	fault_print(line, &f);
	return false;
}

/* Lines with something wrong are reported, not only the first; many mean that the file is of another kind. */
static int read_file(const char *path, struct plan *p)
{
	struct lines l;
	struct line line;
	struct call call;
	int err = DONE, next, wrong = 0;

	if (!lines_open(&l, path))
		return WORDS;
	while ((next = lines_next(&l, &line)) > 0) {
		struct kept *k;

		if (!walk_config(&line, &call)) {
			err = WORDS;
			if (++wrong < WRONG_MAX)
				continue;
			complain("%s: %d lines are wrong, no more is read: a configuration is a file of commands", path,
				wrong);
			break;
		}
		k = plan_grow(p);
		if (!k) {
			complain("out of memory");
			err = WORDS;
			break;
		}
		*k = (struct kept){.from = l, .call = call};
		l.text = NULL;
		l.room = 0;
	}
	lines_close(&l);
	return next < 0 ? WORDS : err;
}

static int send_plain(uint16_t cmd)
{
	struct request rq;

	request_open(&rq, cmd);
	return client_send(&rq);
}

static int plan_refused(struct plan *p, const struct refusal *no)
{
	struct kept *k = no->index > 0 && (size_t)no->index <= p->n ? &p->list[no->index - 1] : NULL;

	if (k) {
		k->call.line.words = k->from.words;
		return run_refused(&k->call, no);
	}
	complain("%s", no->text);
	return REFUSED;
}

/* Index 0 of the transaction is CONFIG_RESET, then the lines. */
static int send_plan(struct plan *p, const struct value *confirm)
{
	struct request rq;
	struct refusal no;
	int err;

	request_open(&rq, MIP_BEGIN);
	err = client_ask(&rq, NULL, NULL, &no);
	if (!err)
		err = send_plain(MIP_CONFIG_RESET);
	for (size_t i = 0; i < p->n && !err; i++) {
		progress_count("applying commands", i, p->n);
		request_put_call(&rq, &p->list[i].call);
		err = client_send(&rq);
	}
	progress_count("applying commands", p->n, p->n);
	if (!err) {
		request_open(&rq, MIP_COMMIT);
		if (confirm)
			request_put(&rq, MIP_A_CONFIRM, confirm->bytes, confirm->len);
		err = client_do(&rq, &no);
	}
	return err == REFUSED ? plan_refused(p, &no) : err;
}

static int take_roles(void *roles, const struct nlmsghdr *msg)
{
	record_print(msg, MIP_A_ROLES, roles, ROLES_MAX);
	return DONE;
}

static int read_roles(char roles[ROLES_MAX])
{
	struct request rq;
	struct refusal no;

	request_open(&rq, MIP_AGENT_GET);
	return client_ask(&rq, take_roles, roles, &no);
}

/* A file that says nothing of a role ends it: not always what was meant. */
static void say_ended(const char *path, char *before, const char *after)
{
	char *save;

	for (char *role = strtok_r(before, " ", &save); role; role = strtok_r(NULL, " ", &save))
		if (!strstr(after, role))
			complain("%s has no '%s start': that role ended", path, role);
}

static int apply(const char *path, const struct value *confirm)
{
	char before[ROLES_MAX] = "", after[ROLES_MAX] = "";
	struct plan p = {0};
	int err = read_file(path, &p);

	if (!err)
		err = client_need("apply");
	if (!err)
		err = read_roles(before);
	if (!err)
		err = send_plan(&p, confirm);
	if (!err && read_roles(after) == DONE)
		say_ended(path, before, after);
	plan_free(&p);
	return err;
}

const char *config_path(void)
{
	const char *path = getenv("MIP_CONF");

	return path ? path : MIP_CONF_FILE;
}

int config_apply(const char *path)
{
	return apply(path, NULL);
}

int run_apply(const struct call *call)
{
	const struct value *confirm = call_value(call, MIP_A_CONFIRM);
	int err = apply(call_value(call, W_FILE)->word, confirm);

	if (!err)
		err = radvd_start(call);
	if (!err && confirm)
		complain("applied; it goes back in %s unless you say: mip confirm", confirm->word);
	return err;
}

int run_check(const struct call *call)
{
	struct plan p = {0};
	int err = read_file(call_value(call, W_FILE)->word, &p);

	plan_free(&p);
	return err;
}

/* One by one, as they can be said. */
static void print_prefixes(const char *word, char *list)
{
	char *save = NULL;

	for (char *p = strtok_r(list, ",", &save); p; p = strtok_r(NULL, ",", &save))
		printf(" %s %s", word, p);
}

/* A flag stands in a record only when it is set. */
static void print_arg(const struct nlmsghdr *msg, const struct arg *a)
{
	const struct mip_attr_info *info = attr_info(a->attr);
	char value[MIP_MSG_MAX];

	record_print(msg, a->attr, value, sizeof(value));
	if (info->kind == MIP_K_PREFIXES)
		print_prefixes(info->word, value);
	else if (*value && a->form == FLAG)
		printf(" %s", info->word);
	else if (*value && a->form == BARE)
		printf(" %s", value);
	else if (*value)
		printf(" %s %s", info->word, value);
}

/* A row back into words: the table says which, and in which order. */
static int print_row(void *has_keys, const struct nlmsghdr *msg)
{
	const struct nlattr *command = record_find(msg, MIP_A_COMMAND);
	char object[64] = "", verb[64] = "";
	const struct verb *v;

	if (record_find(msg, MIP_A_KEY)) {
		*(bool *)has_keys = true;
		if (!keys_go_unseen())
			return REFUSED;
	}
	if (command)
		sscanf(mnl_attr_get_str(command), "%63s %63s", object, verb);
	v = verb_find(object, verb);
	if (!v || !v->config) {
		complain("the agent has a setting this mip has no word for: %s",
			command ? mnl_attr_get_str(command) : "?");
		return REFUSED;
	}
	printf("%s %s", v->object, v->verb);
	for (const struct arg *a = v->args; a->attr; a++)
		print_arg(msg, a);
	putchar('\n');
	return DONE;
}

static int print_json(void *has_keys, const struct nlmsghdr *msg)
{
	*(bool *)has_keys |= record_find(msg, MIP_A_KEY) != NULL;
	return record_find(msg, MIP_A_KEY) && !keys_go_unseen() ? REFUSED : out_record(NULL, msg);
}

/* Writes the configuration to stdout. */
static int write_config(const struct call *call, bool *has_keys)
{
	struct request rq;
	struct refusal no = {0};
	int err = client_need("save"), closed = DONE;

	if (err)
		return err;
	request_open(&rq, MIP_CONFIG_GET);
	if (opt.json)
		out_open(OUT_LIST, verb_columns(verb_find("save", NULL)), false);
	err = client_ask(&rq, opt.json ? print_json : print_row, has_keys, &no);
	if (opt.json)
		closed = out_close();
	err = err ? err : closed;
	return err == REFUSED && no.err ? run_refused(call, &no) : err;
}

/* What is written goes to the temporary file `to` instead of stdout. */
static int write_to(const struct call *call, int to, bool *has_keys)
{
	int before = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0), err = out_flush(), flushed;

	dup2(to, STDOUT_FILENO);
	err = err ? err : write_config(call, has_keys);
	flushed = out_flush();
	if (before >= 0) {
		dup2(before, STDOUT_FILENO);
		close(before);
	}
	return err ? err : flushed;
}

/* A whole new file takes the place of the old one, with its mode; one that holds keys is its owner's alone. */
int config_save(const struct call *call, const char *path)
{
	char *real = realpath(path, NULL), tmp[PATH_MAX];
	const char *name = real ? real : path;
	struct stat st;
	mode_t mode = stat(name, &st) ? 0644 : st.st_mode & 07777;
	bool has_keys = false, failed;
	int fd, err;

	snprintf(tmp, sizeof(tmp), "%s.XXXXXX", name);
	fd = mkostemp(tmp, O_CLOEXEC);
	failed = fd < 0;
	err = failed ? REFUSED : write_to(call, fd, &has_keys);
	if (!err)
		failed = fchmod(fd, has_keys ? mode & 0700 : mode) || fsync(fd) || rename(tmp, name);
	if (failed) {
		complain("cannot write %s: %s", name, strerror(errno));
		err = REFUSED;
	}
	if (fd >= 0)
		close(fd);
	if (fd >= 0 && err)
		unlink(tmp);
	free(real);
	return err;
}

int run_save(const struct call *call)
{
	const struct value *file = call_value(call, W_FILE);
	bool has_keys = false;

	return file ? config_save(call, file->word) : write_config(call, &has_keys);
}
