/* `mip` alone: one page that joins the agent, its roles and its registrations, and says what is wrong. */
#include <libmnl/libmnl.h>
#include <stdio.h>
#include <string.h>

#include "cmd/client.h"
#include "cmd/fault.h"
#include "cmd/mip.h"
#include "cmd/out.h"
#include "cmd/record.h"
#include "cmd/table.h"

static const uint16_t parts[] = {MIP_AGENT_GET, MIP_HA_GET, MIP_MN_GET, MIP_BUL_GET, MIP_RO_GET, 0};

/* What is wrong, gathered while the records pass by. */
static struct {
	char text[16][240];
	unsigned n;
} page;

static void wrong(const char *what, const char *which, const char *why)
{
	if (page.n < MNL_ARRAY_SIZE(page.text))
		snprintf(page.text[page.n++], sizeof(page.text[0]), "%s %s%s%s", which, what, *why ? ": " : "", why);
}

static void judge(const struct nlmsghdr *msg)
{
	char home[64], peer[64], state[32], why[120];

	record_print(msg, MIP_A_HOME, home, sizeof(home));
	record_print(msg, MIP_A_PEER, peer, sizeof(peer));
	record_print(msg, MIP_A_STATUS_TEXT, why, sizeof(why));
	if (msg->nlmsg_type == MIP_MN_GET && *home) {
		record_print(msg, MIP_A_MSTATE, state, sizeof(state));
		if (!strcmp(state, "detached"))
			wrong("is detached", home, "no link with a care-of address");
		else if (!strcmp(state, "registering"))
			wrong("is not registered yet", home, why);
	}
	if (record_find(msg, MIP_A_CONFIRM)) {
		record_print(msg, MIP_A_CONFIRM, state, sizeof(state));
		wrong("goes back unless you say 'mip confirm'", "the last change", state);
	}
	if (msg->nlmsg_type == MIP_BUL_GET) {
		record_print(msg, MIP_A_LSTATE, state, sizeof(state));
		if (!strcmp(state, "refused"))
			wrong("refuses the binding", peer, why);
	}
}

static const char *object_of(uint16_t cmd)
{
	for (const struct verb *v = verbs; v->object; v++)
		if (v->cmd == cmd)
			return v->object;
	return "";
}

static int one(void *ctx, const struct nlmsghdr *msg)
{
	(void)ctx;
	judge(msg);
	out_begin();
	if (!record_find(msg, MIP_A_OBJECT))
		out_put_str(MIP_A_OBJECT, object_of(msg->nlmsg_type));
	out_values(msg);
	return out_end();
}

int run_status(void)
{
	struct request rq;
	struct refusal no = {0};
	int err = client_need(NULL), closed;

	if (err)
		return err;
	page.n = 0;
	out_open(OUT_LIST, NULL, true);
	for (const uint16_t *cmd = parts; *cmd && !err; cmd++) {
		request_open(&rq, *cmd);
		err = client_ask(&rq, one, NULL, &no);
	}
	closed = out_close();
	if (err == REFUSED && no.err)
		complain("%s", no.text);
	for (unsigned i = 0; i < page.n && !opt.json; i++)
		printf("! %s\n", page.text[i]);
	return err ? err : closed;
}
