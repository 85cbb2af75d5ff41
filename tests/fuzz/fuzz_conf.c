/*
 * Fuzzes the configuration, a file of commands: through the walk, the message, what it does to the configuration, and
 * back as the commands `mip save` prints. Those make the same configuration again.
 */
#include <libmnl/libmnl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/client.h"
#include "cmd/lines.h"
#include "cmd/record.h"
#include "cmd/walk.h"
#include "ctl/conf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void must(bool ok)
{
	if (!ok)
		abort();
}

/* What one line wishes for. False: nothing, or nothing that may be. */
static bool change(struct conf *c, char *text)
{
	static struct request msg;
	static struct conf copy;
	char *words[LINE_WORDS];
	struct line line = {.words = words, .n = words_split(text, words)};
	struct ctl_request rq;
	struct why why = {0};
	struct call call;
	struct fault f;

	if (line.n <= 0 || !walk_line(&line, &call, &f) || !ctl_is_write(call.verb->cmd))
		return false;
	request_put_call(&msg, &call);
	if (ctl_parse(&rq, &msg, msg.head.nlmsg_len, &why))
		return false;
	copy = *c;
	if (conf_change(&copy, &rq, &why)) {
		must(why.err && *why.text);
		return false;
	}
	*c = copy;
	return true;
}

/* The words of a saved command. */
static void print_command(const struct nlmsghdr *msg, char *buf, size_t size)
{
	const struct nlattr *command = record_find(msg, MIP_A_COMMAND);
	char object[64] = "", verb[64] = "", value[MIP_MSG_MAX];
	const struct verb *v;
	size_t n;

	must(command && sscanf(mnl_attr_get_str(command), "%63s %63s", object, verb) > 0);
	v = verb_find(object, verb);
	must(v && v->config);
	n = (size_t)snprintf(buf, size, "%s %s", v->object, v->verb);
	for (const struct arg *a = v->args; a->attr; a++) {
		record_print(msg, a->attr, value, sizeof(value));
		if (*value)
			n += (size_t)snprintf(buf + n, size - n, " %s%s%s",
				a->form == BARE ? "" : attr_info(a->attr)->word, a->form == PAIR ? " " : "",
				a->form == FLAG ? "" : value);
		must(n < size);
	}
}

static bool command(const struct conf *c, size_t n, char *buf, size_t size)
{
	static struct ctl_msg m;

	ctl_msg_open(&m, MIP_CONFIG_GET);
	if (conf_command(c, n, true, &m))
		return false;
	must(!m.full);
	print_command(&m.head, buf, size);
	return true;
}

static void round_trip(const struct conf *c)
{
	static struct conf again;
	char text[4096], other[4096];
	size_t n = 0;

	conf_default(&again);
	for (; command(c, n, text, sizeof(text)); n++)
		must(change(&again, text));
	must(!command(&again, n, text, sizeof(text)));
	while (n--) {
		must(command(c, n, text, sizeof(text)) && command(&again, n, other, sizeof(other)));
		must(!strcmp(text, other));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct conf c;
	char *text = malloc(len + 1), *save, *line;

	must(text != NULL);
	memcpy(text, data, len);
	text[len] = 0;
	conf_default(&c);
	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		change(&c, line);
	round_trip(&c);
	free(text);
	return 0;
}
