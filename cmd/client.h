/* The tool's end of the control socket: find the agent of a network namespace, ask, read answers. */
#ifndef MIP_CMD_CLIENT_H
#define MIP_CMD_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/un.h>

#include "mip/ctl.h"

struct call;

/* A refusal by the agent. */
struct refusal {
	int err; /* errno, 0 = none */
	int attr;
	int64_t index; /* of a transaction, -1 = none */
	char text[200];
};

/* Takes one message of an answer; not 0 ends the reading with that value. */
typedef int (*record_fn)(void *ctx, const struct nlmsghdr *msg);

/* A request being written. */
struct request {
	struct nlmsghdr head;
	char room[MIP_MSG_MAX - sizeof(struct nlmsghdr)];
};

/* Connects, once per process; later calls give the same connection. DONE, or NO_AGENT or REFUSED with errno = why. */
int client_connect(void);
void client_close(void);
/* The process at the other end of the connection; 0 = of another PID namespace. */
pid_t client_agent_pid(void);
/* client_connect that complains on stderr; `object` chooses the command it names. */
int client_need(const char *object);
/* Where the agent of the chosen network namespace listens. False, having complained, when there is no such namespace.
 */
bool client_address(struct sockaddr_un *at);
const char *client_run_dir(void);
/* The log of an agent that no service manager runs stands beside its socket. False when that has no name. */
#define CLIENT_LOG_MAX (sizeof(((struct sockaddr_un *)0)->sun_path) + 8)
bool client_log_name(char log[static CLIENT_LOG_MAX]);

void request_open(struct request *rq, uint16_t cmd);
void request_put(struct request *rq, uint16_t attr, const void *bytes, size_t len);
/* The values of a call. */
void request_put_call(struct request *rq, const struct call *call);

/* While it can be read, whoever waits for the agent stops with REFUSED, EINTR. -1: nothing interrupts. */
extern int client_interrupt_fd;

/* What is waited for: a terminal is told so after a second. NULL: nothing that would come to an end. */
extern const char *client_awaits;

/* Sends without waiting. DONE or NO_AGENT. */
int client_send(struct request *rq);
/* A deadline that starts anew with each message: a long dump is fine, a silent agent is not. */
#define CLIENT_PATIENCE ((int64_t)-2)
/*
 * Reads the answer to the last request sent: each record goes to `record`. DONE, REFUSED with `no` (ETIMEDOUT when
 * client_now() passed deadline_ms, -1 waits for ever; EINTR), NO_AGENT when the agent went away (said on stderr), or
 * what `record` returned.
 */
int client_receive(record_fn record, void *ctx, struct refusal *no, int64_t deadline_ms);
/* Both. */
int client_ask(struct request *rq, record_fn record, void *ctx, struct refusal *no);
/* For what the agent may have to work at for minutes, and gives no records. */
int client_do(struct request *rq, struct refusal *no);
/* Waits until the agent hangs up, as patiently. DONE or REFUSED (said on stderr). */
int client_await_end(void);
/* Milliseconds of the clock deadlines are in. */
int64_t client_now(void);

#endif
