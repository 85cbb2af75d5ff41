/* cpg.h by libcpg, whose descriptor is in the loop. */
#include <corosync/cpg.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/clock.h"
#include "sys/cpg.h"

#define RETRY	 SEC /* until corosync is looked for again */
#define A_TURN	 64  /* messages taken in one turn of the loop, at most */
#define TRY_JOIN 10  /* how often corosync may say that it is not ready, before that counts as not being there */

struct cpg {
	struct watch watch;
	struct loop *loop;
	struct timer timer;
	struct cpg_events ev;
	struct cpg_name name;
	struct cpg_node self;
	cpg_handle_t handle;
	bool connected, failed; /* failed: in a callback; seen after it */
};

static void try_again(struct timer *t, usec now);

static void on_message(
	cpg_handle_t handle, const struct cpg_name *name, uint32_t node, uint32_t pid, void *data, size_t len)
{
	void *ctx = NULL;
	struct cpg *c;

	(void)name;
	if (cpg_context_get(handle, &ctx) != CS_OK)
		return;
	c = ctx;
	if (c->connected && !c->failed)
		c->ev.message(c->ev.ctx, (struct cpg_node){node, pid}, data, len);
}

static void on_members(cpg_handle_t handle, const struct cpg_name *name, const struct cpg_address *list, size_t n,
	const struct cpg_address *left, size_t lefts, const struct cpg_address *joined, size_t joins)
{
	struct cpg_node node[CPG_NODES_MAX];
	void *ctx = NULL;
	struct cpg *c;

	(void)name, (void)left, (void)lefts, (void)joined, (void)joins;
	if (cpg_context_get(handle, &ctx) != CS_OK)
		return;
	c = ctx;
	n = n < CPG_NODES_MAX ? n : CPG_NODES_MAX;
	for (size_t i = 0; i < n; i++)
		node[i] = (struct cpg_node){list[i].nodeid, list[i].pid};
	if (c->connected && !c->failed)
		c->ev.members(c->ev.ctx, c->self, node, n);
}

static void disconnect(struct cpg *c)
{
	if (!c->connected)
		return;
	c->connected = c->failed = false;
	loop_unwatch(c->loop, &c->watch);
	cpg_finalize(c->handle);
}

static void lose(struct cpg *c, const char *why)
{
	disconnect(c);
	timer_arm(&c->loop->timers, &c->timer, clock_now() + RETRY, try_again);
	c->ev.lost(c->ev.ctx, why);
}

static void on_ready(struct watch *w, uint32_t events)
{
	struct cpg *c = timer_owner(w, struct cpg, watch);
	cs_error_t rc = CS_OK;

	(void)events;
	for (int i = 0; i < A_TURN && rc == CS_OK && !c->failed; i++)
		rc = cpg_dispatch(c->handle, CS_DISPATCH_ONE_NONBLOCKING);
	if (c->failed || (rc != CS_OK && rc != CS_ERR_TRY_AGAIN))
		lose(c, c->failed ? "the group takes nothing any more" : "corosync is gone");
}

static const char *text_of(cs_error_t rc)
{
	switch (rc) {
	case CS_ERR_ACCESS: return "corosync does not let this account in: see uidgid in corosync.conf(5)";
	case CS_ERR_TRY_AGAIN: return "corosync is not ready";
	default: return "corosync does not run";
	}
}

static cs_error_t join(struct cpg *c)
{
	cs_error_t rc = CS_ERR_TRY_AGAIN;
	unsigned self = 0;

	if (cpg_local_get(c->handle, &self) != CS_OK || cpg_fd_get(c->handle, &c->watch.fd) != CS_OK)
		return CS_ERR_LIBRARY;
	c->self = (struct cpg_node){self, (uint32_t)getpid()};
	for (int i = 0; i < TRY_JOIN && rc == CS_ERR_TRY_AGAIN; i++)
		rc = cpg_join(c->handle, &c->name);
	if (rc == CS_OK && loop_watch(c->loop, &c->watch, EPOLLIN))
		rc = CS_ERR_LIBRARY;
	return rc;
}

static void try_again(struct timer *t, usec now)
{
	struct cpg *c = timer_owner(t, struct cpg, timer);
	cpg_model_v1_data_t model = {CPG_MODEL_V1, on_message, on_members, NULL, 0};
	cs_error_t rc;

	(void)now;
	disconnect(c);
	rc = cpg_model_initialize(&c->handle, CPG_MODEL_V1, (cpg_model_data_t *)&model, c);
	if (rc == CS_OK) {
		rc = join(c);
		if (rc != CS_OK)
			cpg_finalize(c->handle);
	}
	if (rc != CS_OK)
		lose(c, text_of(rc));
	else
		c->connected = true;
}

struct cpg *cpg_open(struct loop *loop, const char *name, const struct cpg_events *ev)
{
	struct cpg *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->loop = loop;
	c->ev = *ev;
	c->watch.ready = on_ready;
	c->name.length = (uint32_t)snprintf(c->name.value, sizeof(c->name.value), "mip:%s", name);
	timer_arm(&loop->timers, &c->timer, clock_now(), try_again);
	return c;
}

void cpg_close(struct cpg *c)
{
	if (!c)
		return;
	timer_stop(&c->loop->timers, &c->timer);
	disconnect(c);
	free(c);
}

int cpg_send(struct cpg *c, const void *data, size_t len)
{
	struct iovec iov = {(void *)data, len};
	cs_error_t rc =
		c->connected && !c->failed ? cpg_mcast_joined(c->handle, CPG_TYPE_AGREED, &iov, 1) : CS_ERR_LIBRARY;

	return rc == CS_OK ? 0 : rc == CS_ERR_TRY_AGAIN ? -EAGAIN : -ENOTCONN;
}

/* Maybe from inside a callback of libcpg: the rest is done outside of it. */
void cpg_rejoin(struct cpg *c)
{
	c->failed = true;
	timer_arm(&c->loop->timers, &c->timer, clock_now() + RETRY, try_again);
}
