/*
 * `mip OBJECT wait STATE`: monitors the object until the entry that is named, or every one there is, is in that state.
 * Scripts wait for states; they do not sleep.
 */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/client.h"
#include "cmd/fault.h"
#include "cmd/mip.h"
#include "cmd/run.h"
#include "cmd/walk.h"
#include "mip/types.h"

#define REACHED	   (-1) /* out of client_receive */
#define AGAIN	   (-2) /* events were lost: look at the whole anew */
#define SYNCED	   (-3) /* the state is known: from here on the time runs, so that 0 looks once */
#define CONNECT_MS 50	/* between looks whether an agent serves: nothing tells */

/* What an entry is known by: the zero address where its object has no such thing. */
struct key {
	uint8_t home[16], peer[16];
};

struct entry {
	struct entry *next;
	struct key key;
	uint32_t state; /* 0 = gone */
};

struct wait {
	unsigned attr; /* of the state */
	uint32_t state;
	const struct value *home, *peer; /* NULL = every one */
	struct entry *entries;
	bool synced;
};

static struct entry *entry_get(struct wait *w, const struct key *key)
{
	struct entry *e = w->entries;

	while (e && memcmp(&e->key, key, sizeof(*key)))
		e = e->next;
	if (e)
		return e;
	e = calloc(1, sizeof(*e));
	if (!e)
		return NULL;
	e->key = *key;
	e->next = w->entries;
	w->entries = e;
	return e;
}

static void entries_free(struct wait *w)
{
	struct entry *e;

	while ((e = w->entries)) {
		w->entries = e->next;
		free(e);
	}
	w->synced = false;
}

static bool concerns(const struct wait *w, const struct key *key)
{
	return (!w->home || !memcmp(w->home->bytes, key->home, sizeof(key->home))) &&
	       (!w->peer || !memcmp(w->peer->bytes, key->peer, sizeof(key->peer)));
}

static bool wants_gone(const struct wait *w)
{
	return w->attr == MIP_A_BSTATE && w->state == MIP_BINDING_GONE;
}

static bool reached(const struct wait *w)
{
	bool any = false;

	for (const struct entry *e = w->entries; e; e = e->next) {
		if (!e->state)
			continue;
		if (e->state != w->state)
			return false;
		any = true;
	}
	return w->synced && (any || wants_gone(w));
}

static bool take_addr(const struct nlattr *at, unsigned attr, uint8_t to[static 16])
{
	if (at->nla_type != attr || mnl_attr_get_payload_len(at) != 16)
		return false;
	memcpy(to, mnl_attr_get_payload(at), 16);
	return true;
}

/* A member of a cell. */
static bool take_member(const struct nlattr *at, struct key *key)
{
	uint32_t n;

	if ((at->nla_type != MIP_A_NODE && at->nla_type != MIP_A_PID) || mnl_attr_get_payload_len(at) != 4)
		return false;
	n = mnl_attr_get_u32(at);
	memcpy(key->peer + (at->nla_type == MIP_A_NODE ? 0 : 4), &n, sizeof(n));
	return true;
}

static int look_at(void *ctx, const struct nlmsghdr *msg)
{
	struct wait *w = ctx;
	struct key key = {0};
	const struct nlattr *at;
	struct entry *e = NULL;
	uint32_t state = 0;
	bool named = false;

	mnl_attr_for_each (at, msg, 0) {
		if (at->nla_type == MIP_A_LOST)
			return AGAIN;
		named |= take_addr(at, MIP_A_HOME, key.home);
		named |= w->attr == MIP_A_CSTATE && take_member(at, &key);
		if (w->attr != MIP_A_MSTATE && w->attr != MIP_A_BSTATE)
			take_addr(at, MIP_A_PEER, key.peer);
		if (at->nla_type == w->attr && mnl_attr_get_payload_len(at) == 4)
			state = mnl_attr_get_u32(at);
	}
	if (msg->nlmsg_type == MIP_EVENT_SYNC) {
		w->synced = true;
		return reached(w) ? REACHED : SYNCED;
	}
	if (named && concerns(w, &key))
		e = entry_get(w, &key);
	if (e) /* an event without a state: the home address is gone */
		e->state = w->attr == MIP_A_BSTATE && state == MIP_BINDING_GONE ? 0 : state;
	return reached(w) ? REACHED : DONE;
}

static void say_timeout(const struct wait *w)
{
	char home[64], state[32];
	uint32_t node;
	bool any = false;

	for (const struct entry *e = w->entries; e; e = e->next) {
		if (!e->state || e->state == w->state)
			continue;
		memcpy(&node, e->key.peer, sizeof(node));
		if (w->attr == MIP_A_CSTATE)
			snprintf(home, sizeof(home), "node %u", node);
		else
			kind_print(MIP_K_ADDR, e->key.home, sizeof(e->key.home), false, home, sizeof(home));
		kind_print(attr_info(w->attr)->kind, &e->state, sizeof(e->state), false, state, sizeof(state));
		complain("timed out: %s is still %s", home, state);
		any = true;
	}
	if (!any)
		complain("timed out: there is no %s%s", w->home || w->peer ? "such " : "",
			w->attr == MIP_A_MSTATE ? "home address" : "entry");
}

static int watch(const struct call *call, struct wait *w, struct refusal *no, int64_t deadline)
{
	const char *object = call->verb->object;
	struct request rq;
	int err = client_need(object);

	if (err)
		return err;
	request_open(&rq, MIP_MONITOR);
	request_put(&rq, MIP_A_OBJECT, object, strlen(object) + 1);
	err = client_send(&rq);
	if (!err)
		err = client_receive(look_at, w, no, CLIENT_PATIENCE);
	if (err == SYNCED)
		err = client_receive(look_at, w, no, deadline);
	client_close();
	return err;
}

/* -1 = none. */
static int64_t deadline_of(const struct call *call)
{
	const struct value *timeout = call_value(call, MIP_A_TIMEOUT);
	uint32_t seconds;

	if (!timeout)
		return -1;
	memcpy(&seconds, timeout->bytes, sizeof(seconds));
	return client_now() + (int64_t)seconds * 1000;
}

int run_wait(const struct call *call)
{
	const struct value *state = &call->values[0];
	struct wait w = {
		.attr = state->arg->attr, .home = call_value(call, MIP_A_HOME), .peer = call_value(call, MIP_A_PEER)};
	const char *before = client_awaits;
	int64_t deadline = deadline_of(call);
	struct refusal no = {0};
	int err;

	memcpy(&w.state, state->bytes, sizeof(w.state));
	client_awaits = "waiting";
	while ((err = watch(call, &w, &no, deadline)) == AGAIN)
		entries_free(&w);
	if (err == REFUSED && no.err == ETIMEDOUT)
		say_timeout(&w);
	else if (err == REFUSED)
		run_refused(call, &no);
	client_awaits = before;
	entries_free(&w);
	return err == REACHED ? DONE : err;
}

static bool agent_serves(void)
{
	bool serves = client_connect() == DONE;

	client_close();
	return serves;
}

int run_agent_wait(const struct call *call)
{
	struct pollfd p = {.fd = client_interrupt_fd, .events = POLLIN};
	bool want = strcmp(call->values[0].word, "running") == 0;
	int64_t deadline = deadline_of(call);

	while (agent_serves() != want) {
		if (deadline >= 0 && client_now() >= deadline) {
			complain("timed out: the agent is still %s", want ? "stopped" : "running");
			return REFUSED;
		}
		if (poll(&p, 1, CONNECT_MS) > 0)
			return REFUSED; /* interrupted by who asked */
	}
	return DONE;
}
