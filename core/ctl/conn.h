/* One connection, shared by server.c (requests, coming and going) and conn.c (everything sent). Not for others. */
#ifndef MIP_CTL_CONN_H
#define MIP_CTL_CONN_H

#include "base/loop.h"
#include "ctl/batch.h"
#include "ctl/listen.h"
#include "ctl/server.h"

struct conn {
	struct watch watch;
	struct ctl *ctl;
	struct conn *next;
	uint32_t waits; /* the epoll events asked for */
	bool greeted, gone, may_write;

	struct queue out;
	uint64_t lost; /* events since the queue was full */
	struct batch batch;

	bool dumping; /* rq, at: the dump under way */
	struct ctl_request rq;
	struct ctl_cursor at;
	unsigned stage; /* of the snapshot */

	bool monitors, once;
	uint32_t monitor_seq;
	char want[128]; /* objects, "" = all */

	_Alignas(8) char rx[MIP_MSG_MAX];
};

struct ctl {
	struct watch watch, files;
	struct timer renew; /* armed: the socket was removed, and is made anew */
	struct loop *loop;
	const struct ctl_ops *ops;
	struct listener listener;
	int spare; /* a descriptor to give up when there are no more, so that the caller can be told */
	struct conn *conns;
	unsigned n, monitors;
	unsigned renews;    /* of the socket, that failed in a row */
	struct ctl_msg msg; /* the message being made; valid until the next one */
};

/* The client goes: shut down now, freed in its own turn, never under a caller's feet. */
void conn_hang_up(struct conn *c);
/* Asks epoll for what this client is waited for. Call when a turn with it ends. */
void conn_rewatch(struct conn *c);
/* Sends what waits, then a share of the dump under way. */
void conn_go_on(struct conn *c);
void conn_send(struct conn *c, const struct ctl_msg *m);
/* The server's message, opened as an answer to the request in hand. */
struct ctl_msg *conn_open_msg(struct conn *c, uint16_t type, uint16_t flags);
/* "done", or the refusal in `why`; index as for ctl_msg_error. */
void conn_answer(struct conn *c, const struct why *why, int64_t index);
void conn_send_done(struct conn *c);
/* The request in hand is a GET: streams its records from now on. */
void conn_dump(struct conn *c);
/* The request in hand is MIP_MONITOR: snapshot, SYNC, events. */
int conn_monitor(struct conn *c, struct why *why) __attribute__((warn_unused_result));
void conn_end_monitoring(struct conn *c);

#endif
