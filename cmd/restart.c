/*
 * `mip agent restart`: what the agent runs with (its options, its configuration with keys) is read off it; then it is
 * told to end by a signal, upon which it keeps its bindings, and the next one gets all that. The configuration file is
 * not read: `mip agent reload` does that.
 */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/client.h"
#include "cmd/fault.h"
#include "cmd/mip.h"
#include "cmd/record.h"
#include "cmd/run.h"
#include "cmd/spawn.h"
#include "cmd/walk.h"

#define TEXT_MAX 4096

struct command {
	struct command *next;
	struct request rq;
};

struct heritage {
	char args[TEXT_MAX], *options[SPAWN_OPTIONS + 1];
	struct command *first, **last;
};

static void bury(struct heritage *h)
{
	struct command *c;

	while ((c = h->first)) {
		h->first = c->next;
		explicit_bzero(c, sizeof(*c)); /* keys */
		free(c);
	}
}

/* Words of /proc/PID/FILE, each with its end; how many bytes. */
static size_t read_proc(pid_t pid, const char *file, char text[TEXT_MAX])
{
	char path[64];
	FILE *f;
	size_t n = 0;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	f = fopen(path, "re");
	if (f) {
		n = fread(text, 1, TEXT_MAX - 1, f);
		fclose(f);
	}
	text[n] = 0;
	return n;
}

/* A service manager would not know the next agent; it starts one itself. */
static bool is_a_service(pid_t pid)
{
	char text[TEXT_MAX];
	size_t n = read_proc(pid, "environ", text);

	for (size_t at = 0; at < n; at += strlen(text + at) + 1)
		if (!strncmp(text + at, "NOTIFY_SOCKET=", strlen("NOTIFY_SOCKET=")))
			return true;
	return false;
}

/* All but the descriptor that was of the start. */
static bool read_options(pid_t pid, struct heritage *h)
{
	size_t n = read_proc(pid, "cmdline", h->args), kept = 0, at = strlen(h->args) + 1;

	for (; at < n && kept < SPAWN_OPTIONS; at += strlen(h->args + at) + 1) {
		if (!strcmp(h->args + at, "--ready-fd"))
			at += strlen(h->args + at) + 1;
		else
			h->options[kept++] = h->args + at;
	}
	return n > 0;
}

/* A command of the configuration, as it will be sent. */
static int take_command(void *ctx, const struct nlmsghdr *msg)
{
	const struct nlattr *command = record_find(msg, MIP_A_COMMAND), *at;
	char object[64] = "", verb[64] = "";
	struct heritage *h = ctx;
	struct command *c = calloc(1, sizeof(*c));
	const struct verb *v;

	if (!c)
		return REFUSED;
	*h->last = c;
	h->last = &c->next;
	if (command)
		sscanf(mnl_attr_get_str(command), "%63s %63s", object, verb);
	v = verb_find(object, verb);
	if (!v)
		return REFUSED;
	request_open(&c->rq, v->cmd);
	mnl_attr_for_each (at, msg, 0)
		if (at->nla_type != MIP_A_COMMAND)
			request_put(&c->rq, at->nla_type, mnl_attr_get_payload(at), mnl_attr_get_payload_len(at));
	return DONE;
}

static int waits_for_confirm(void *ctx, const struct nlmsghdr *msg)
{
	(void)ctx;
	return record_find(msg, MIP_A_CONFIRM) ? REFUSED : DONE;
}

static int inherit(struct heritage *h, pid_t pid)
{
	struct request rq;
	struct refusal no;

	if (!pid || !read_options(pid, h)) {
		complain("the agent's process cannot be seen from here: 'mip agent stop' and start it where it runs");
		return REFUSED;
	}
	if (is_a_service(pid)) {
		complain("the agent is a service");
		fprintf(stderr, "restart it with: systemctl restart mipd\n");
		return REFUSED;
	}
	request_open(&rq, MIP_AGENT_GET);
	if (client_ask(&rq, waits_for_confirm, NULL, &no)) {
		complain("the last change waits for 'mip confirm' or 'mip undo'");
		return REFUSED;
	}
	request_open(&rq, MIP_CONFIG_GET);
	if (!client_ask(&rq, take_command, h, &no))
		return DONE;
	complain("the configuration of the agent cannot be read");
	return REFUSED;
}

static int configure(const struct heritage *h)
{
	struct request rq;
	struct refusal no;
	int err;

	request_open(&rq, MIP_BEGIN);
	err = client_ask(&rq, NULL, NULL, &no);
	for (struct command *c = h->first; c && !err; c = c->next)
		err = client_send(&c->rq);
	if (!err) {
		request_open(&rq, MIP_COMMIT);
		err = client_do(&rq, &no);
	}
	if (err == REFUSED)
		complain("the agent runs, but not with its configuration: %s", no.text);
	return err;
}

static int restart(struct heritage *h)
{
	pid_t pid = client_agent_pid();
	int err = inherit(h, pid);

	if (!err)
		err = end_agent(pid);
	if (!err)
		err = spawn_agent(h->options);
	return err ? err : configure(h);
}

int run_restart(const struct call *call)
{
	struct heritage h = {0};
	int err = client_connect();

	if (err)
		return run_start(call);
	h.last = &h.first;
	err = restart(&h);
	bury(&h);
	return err;
}
