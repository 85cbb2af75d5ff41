/*
 * `mip mn wait STATE`: monitors the mobile node until the home address, or every one there is, is in that state.
 * Scripts wait for states; they do not sleep.
 */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/client.h"
#include "cmd/fault.h"
#include "cmd/mip.h"
#include "cmd/run.h"
#include "cmd/walk.h"

#define REACHED (-1) /* out of client_receive */
#define AGAIN	(-2) /* events were lost: look at the whole anew */

struct home {
	struct home *next;
	uint8_t addr[16];
	uint32_t state;
};

struct wait {
	uint32_t state;
	const uint8_t *only; /* NULL = every home address */
	struct home *homes;
	bool synced;
};

static struct home *home_get(struct wait *w, const uint8_t *addr)
{
	struct home *h = w->homes;

	while (h && memcmp(h->addr, addr, sizeof(h->addr)))
		h = h->next;
	if (h)
		return h;
	h = calloc(1, sizeof(*h));
	if (!h)
		return NULL;
	memcpy(h->addr, addr, sizeof(h->addr));
	h->next = w->homes;
	w->homes = h;
	return h;
}

static void homes_free(struct wait *w)
{
	struct home *h;

	while ((h = w->homes)) {
		w->homes = h->next;
		free(h);
	}
	w->synced = false;
}

static bool concerns(const struct wait *w, const struct home *h)
{
	return !w->only || memcmp(h->addr, w->only, sizeof(h->addr)) == 0;
}

static bool reached(const struct wait *w)
{
	bool any = false;

	for (const struct home *h = w->homes; h; h = h->next) {
		if (!concerns(w, h) || !h->state)
			continue;
		if (h->state != w->state)
			return false;
		any = true;
	}
	return any && w->synced;
}

static int look(void *ctx, const struct nlmsghdr *msg)
{
	struct wait *w = ctx;
	const uint8_t *addr = NULL;
	const struct nlattr *at;
	uint32_t state = 0;
	struct home *h;

	mnl_attr_for_each (at, msg, 0) {
		if (at->nla_type == MIP_A_LOST)
			return AGAIN;
		if (at->nla_type == MIP_A_HOME && mnl_attr_get_payload_len(at) == 16)
			addr = mnl_attr_get_payload(at);
		if (at->nla_type == MIP_A_MSTATE && mnl_attr_get_payload_len(at) == 4)
			state = mnl_attr_get_u32(at);
	}
	if (msg->nlmsg_type == MIP_EVENT_SYNC)
		w->synced = true;
	h = addr ? home_get(w, addr) : NULL;
	if (h)
		h->state = state; /* an event without a state: the home address is gone */
	return reached(w) ? REACHED : DONE;
}

static void say_timeout(const struct wait *w)
{
	char addr[64], state[32];
	bool any = false;

	for (const struct home *h = w->homes; h; h = h->next) {
		if (!concerns(w, h) || !h->state || h->state == w->state)
			continue;
		kind_print(MIP_K_ADDR, h->addr, sizeof(h->addr), false, addr, sizeof(addr));
		kind_print(MIP_K_MSTATE, &h->state, sizeof(h->state), false, state, sizeof(state));
		complain("the time is up: %s is still %s", addr, state);
		any = true;
	}
	if (!any)
		complain("the time is up: there is no %shome address", w->only ? "such " : "");
}

static int watch(const struct call *call, struct wait *w, struct refusal *no, int64_t deadline)
{
	struct request rq;
	int err = client_need(call->verb->object);

	if (err)
		return err;
	request_open(&rq, MIP_MONITOR);
	request_put(&rq, MIP_A_OBJECT, "mn", sizeof("mn"));
	err = client_send(&rq);
	if (!err)
		err = client_receive(look, w, no, deadline);
	client_close();
	return err;
}

int run_wait(const struct call *call)
{
	const struct value *state = call_value(call, MIP_A_MSTATE), *home = call_value(call, MIP_A_HOME),
			   *timeout = call_value(call, MIP_A_TIMEOUT);
	struct wait w = {.only = home ? home->bytes : NULL};
	struct refusal no = {0};
	int64_t deadline = -1;
	uint32_t seconds;
	int err;

	memcpy(&w.state, state->bytes, sizeof(w.state));
	if (timeout) {
		memcpy(&seconds, timeout->bytes, sizeof(seconds));
		deadline = client_now() + (int64_t)seconds * 1000;
	}
	while ((err = watch(call, &w, &no, deadline)) == AGAIN)
		homes_free(&w);
	if (err == REFUSED && no.err == ETIMEDOUT)
		say_timeout(&w);
	else if (err == REFUSED)
		run_refused(call, &no);
	homes_free(&w);
	return err == REACHED ? DONE : err;
}
