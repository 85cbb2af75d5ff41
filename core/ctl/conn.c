/*
 * conn.h: everything sent to a client. It is read from only while nothing is owed to it: no answer waits, no dump
 * is under way. So what can pile up for it is one answer and, when it monitors, MIP_QUEUE_MAX bytes of events; what
 * it is late for, it loses, and is told.
 */
#include <assert.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "ctl/conn.h"

#define RECORDS_A_TURN 128

/* What a monitor sees first, in this order. */
static const struct {
	const char *object;
	uint16_t cmd;
} snapshot[] = {{"agent", MIP_AGENT_GET}, {"mn", MIP_MN_GET}, {"bul", MIP_BUL_GET}, {"binding", MIP_BINDING_GET},
	{"ha", MIP_HA_GET}, {"cell", MIP_CELL_GET}, {"cn", MIP_CN_GET}, {"ro", MIP_RO_GET}};

/* --- sending ---------------------------------------------------------------------------------------------------- */

void conn_hang_up(struct conn *c)
{
	c->gone = true;
	shutdown(c->watch.fd, SHUT_RDWR); /* wakes conn_ready with EPOLLHUP */
}

/* 0, -EAGAIN, or the client is gone. */
static int send_now(struct conn *c, const void *bytes, size_t len)
{
	if (send(c->watch.fd, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
		return 0;
	if (errno == EAGAIN || errno == ENOBUFS || errno == ENOMEM)
		return -EAGAIN;
	conn_hang_up(c);
	return 0;
}

void conn_rewatch(struct conn *c)
{
	bool owed = c->out.head || c->dumping;
	uint32_t waits = owed ? EPOLLOUT : c->monitors ? 0 : EPOLLIN;

	if (waits == c->waits || c->gone)
		return;
	c->waits = waits;
	if (loop_rewatch(c->ctl->loop, &c->watch, waits) < 0)
		conn_hang_up(c);
}

/* Sends m, or keeps it until the client reads. */
void conn_send(struct conn *c, const struct ctl_msg *m)
{
	assert(!m->full);
	if (c->gone || (!c->out.head && send_now(c, m->bytes, m->head.nlmsg_len) == 0))
		return;
	if (!queue_put(&c->out, m->bytes, m->head.nlmsg_len))
		conn_hang_up(c);
	conn_rewatch(c);
}

void conn_answer(struct conn *c, const struct why *why, int64_t index)
{
	ctl_msg_error(&c->ctl->msg, c->rq.seq, why, index);
	conn_send(c, &c->ctl->msg);
}

struct ctl_msg *conn_open_msg(struct conn *c, uint16_t type, uint16_t flags)
{
	struct ctl_msg *m = &c->ctl->msg;

	ctl_msg_open(m, type);
	m->head.nlmsg_seq = c->rq.seq;
	m->head.nlmsg_flags = flags;
	return m;
}

void conn_send_done(struct conn *c)
{
	struct ctl_msg *m = conn_open_msg(c, NLMSG_DONE, NLM_F_MULTI);

	*(int *)mnl_nlmsg_put_extra_header(&m->head, sizeof(int)) = 0;
	conn_send(c, m);
}

/* --- events ----------------------------------------------------------------------------------------------------- */

static void say_lost(struct conn *c)
{
	struct ctl_msg m;
	char text[64];

	snprintf(text, sizeof(text), "lost %llu events", (unsigned long long)c->lost);
	ctl_msg_open(&m, MIP_EVENT);
	m.head.nlmsg_seq = c->monitor_seq;
	ctl_put_num(&m, MIP_A_TS, (uint64_t)clock_wall());
	ctl_put_str(&m, MIP_A_OBJECT, "monitor");
	ctl_put_str(&m, MIP_A_EVENT, "lost");
	ctl_put_num(&m, MIP_A_LOST, c->lost);
	ctl_put_str(&m, MIP_A_MESSAGE, text);
	c->lost = 0;
	conn_send(c, &m);
}

/* Sends what waits. When all is out, the gap, if there was one, is exactly here. */
static void flush(struct conn *c)
{
	while (c->out.head && !c->gone) {
		if (send_now(c, c->out.head->bytes, c->out.head->len) < 0)
			return;
		queue_drop_first(&c->out);
	}
	if (c->lost && !c->gone)
		say_lost(c);
}

/* Packets are many: they come only to who names them. */
static bool wants(const struct conn *c, const char *object)
{
	size_t len = strlen(object);

	for (const char *p = c->want; (p = strstr(p, object)); p += len)
		if ((p == c->want || p[-1] == ' ') && (!p[len] || p[len] == ' '))
			return true;
	return !c->want[0] && strcmp(object, MIP_WATCH_PACKETS) != 0;
}

static const char *object_of(const struct ctl_msg *m)
{
	const struct nlattr *at;

	mnl_attr_for_each (at, &m->head, 0)
		if (mnl_attr_get_type(at) == MIP_A_OBJECT)
			return mnl_attr_get_str(at);
	return "";
}

static void push_event(struct conn *c, const struct ctl_msg *record)
{
	size_t len = record->head.nlmsg_len;
	struct ctl_msg m;

	if (c->lost || c->out.bytes + sizeof(struct packet) + len > MIP_QUEUE_MAX) {
		c->lost++;
		return;
	}
	m.full = false;
	memcpy(m.bytes, record->bytes, len);
	m.head.nlmsg_seq = c->monitor_seq;
	conn_send(c, &m);
}

void ctl_event(struct ctl *ctl, const struct ctl_msg *record)
{
	const char *object = object_of(record);

	assert(!record->full);
	for (struct conn *c = ctl->conns; c && ctl->monitors; c = c->next)
		if (c->monitors && !c->gone && wants(c, object))
			push_event(c, record);
}

bool ctl_watched(const struct ctl *ctl, const char *object)
{
	for (const struct conn *c = ctl->conns; c && ctl->monitors; c = c->next)
		if (c->monitors && !c->gone && (!object || wants(c, object)))
			return true;
	return false;
}

/* --- dumps ------------------------------------------------------------------------------------------------------ */

/* Turns the request into the next get of the snapshot. False when there is none. */
static bool next_stage(struct conn *c)
{
	while (c->stage < MNL_ARRAY_SIZE(snapshot) && !wants(c, snapshot[c->stage].object))
		c->stage++;
	if (c->stage == MNL_ARRAY_SIZE(snapshot))
		return false;
	c->rq.cmd = snapshot[c->stage++].cmd;
	c->at = (struct ctl_cursor){0};
	return true;
}

void conn_end_monitoring(struct conn *c)
{
	c->ctl->monitors -= c->monitors;
	c->monitors = false;
}

static void end_dump(struct conn *c)
{
	if (c->monitors && next_stage(c))
		return;
	c->dumping = false;
	if (c->monitors)
		conn_send(c, conn_open_msg(c, MIP_EVENT_SYNC, 0));
	if (c->monitors && !c->once)
		return;
	conn_end_monitoring(c);
	conn_send_done(c);
}

static void fail_dump(struct conn *c, int err, struct why *why)
{
	why_set(why, -err, "%s", strerror(-err));
	c->dumping = false;
	conn_end_monitoring(c);
	conn_answer(c, why, -1);
}

static void dump_one(struct conn *c)
{
	const struct ctl_ops *ops = c->ctl->ops;
	struct ctl_msg *m = conn_open_msg(c, c->rq.cmd, NLM_F_MULTI);
	struct why why = {0};
	int err = ops->get(ops->ctx, &c->rq, &c->at, m, &why);

	if (err == 0)
		conn_send(c, m);
	else if (err > 0)
		end_dump(c);
	else
		fail_dump(c, err, &why);
}

/* A share of a dump: nothing new while something waits, so a dump never takes more than one packet of the queue. */
static void dump_some(struct conn *c)
{
	for (int i = 0; i < RECORDS_A_TURN && c->dumping && !c->out.head && !c->gone; i++)
		dump_one(c);
}

void conn_go_on(struct conn *c)
{
	flush(c);
	dump_some(c);
}

void conn_dump(struct conn *c)
{
	c->dumping = true;
	c->at = (struct ctl_cursor){0};
	dump_some(c);
}

int conn_monitor(struct conn *c, struct why *why)
{
	const char *want = ctl_str(&c->rq, MIP_A_OBJECT);

	if (want && strlen(want) >= sizeof(c->want))
		return why_attr(why, EINVAL, MIP_A_OBJECT, "too many objects");
	snprintf(c->want, sizeof(c->want), "%s", want ? want : "");
	c->once = ctl_num(&c->rq, MIP_A_ONCE, 0);
	c->monitors = true;
	c->ctl->monitors++;
	c->monitor_seq = c->rq.seq;
	c->stage = 0;
	memset(c->rq.attr, 0, sizeof(c->rq.attr));
	if (next_stage(c))
		conn_dump(c);
	else
		end_dump(c);
	return 0;
}
