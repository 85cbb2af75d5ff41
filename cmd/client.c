/* client.h: one SEQPACKET connection, one request after the other. */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "cmd/client.h"
#include "cmd/fault.h"
#include "cmd/mip.h"
#include "cmd/netns.h"
#include "cmd/progress.h"

#define PATIENCE_MS 10000  /* an agent that says nothing for so long is stuck */
#define WORK_MS	    600000 /* or is at work: a million bindings are taken over, or leave the kernel */
#define DIAL_MS	    10
#define LEAVING_MS  3000 /* one that ends has hung up on everybody by then */

int client_interrupt_fd = -1;
const char *client_awaits = "waiting for the agent";
static int the_fd = -1;
static bool greeting; /* who hangs up before that was about to end: not missed yet */
static uint32_t the_seq;
static _Alignas(8) char rx[MIP_MSG_MAX];

int64_t client_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

const char *client_run_dir(void)
{
	const char *dir = getenv("MIP_RUN_DIR");

	return dir ? dir : MIP_RUN_DIR;
}

bool client_address(struct sockaddr_un *at)
{
	uint64_t inode = netns_inode(opt.netns);
	int n;

	*at = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (!inode) {
		complain("no network namespace %s: %s", opt.netns ? opt.netns : "here", strerror(errno));
		return false;
	}
	n = snprintf(at->sun_path, sizeof(at->sun_path), "%s/%llu.sock", client_run_dir(), (unsigned long long)inode);
	if (n < 0 || (size_t)n >= sizeof(at->sun_path)) {
		complain("%s is too long a name for a socket's directory", client_run_dir());
		return false;
	}
	return true;
}

bool client_log_name(char log[static CLIENT_LOG_MAX])
{
	struct sockaddr_un at;

	if (!client_address(&at))
		return false;
	snprintf(log, CLIENT_LOG_MAX, "%.*s.log", (int)(strlen(at.sun_path) - strlen(".sock")), at.sun_path);
	return true;
}

void client_close(void)
{
	if (the_fd >= 0)
		close(the_fd);
	the_fd = -1;
}

static int lost_agent(const char *why)
{
	if (!greeting)
		complain("the agent went away: %s", why);
	client_close();
	errno = EPIPE;
	return NO_AGENT;
}

pid_t client_agent_pid(void)
{
	struct ucred cred = {0};
	socklen_t len = sizeof(cred);

	return getsockopt(the_fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) < 0 ? 0 : cred.pid;
}

static int hello(void)
{
	uint32_t version = MIP_CTL_VERSION;
	struct refusal no;
	struct request rq;
	int err;

	request_open(&rq, MIP_HELLO);
	request_put(&rq, MIP_A_PROTOCOL, &version, sizeof(version));
	greeting = true;
	err = client_ask(&rq, NULL, NULL, &no);
	greeting = false;
	if (err == REFUSED)
		complain("%s", no.text);
	errno = err == REFUSED ? no.err : EPIPE;
	return err;
}

static int dial(const struct sockaddr_un *at)
{
	int saved;

	the_fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (the_fd >= 0 && connect(the_fd, (const struct sockaddr *)at, sizeof(*at)) == 0)
		return hello();
	saved = errno;
	client_close();
	errno = saved;
	return NO_AGENT;
}

/* Killed, an agent takes a moment to die: its socket still lets in, and hangs up. */
int client_connect(void)
{
	int64_t deadline = client_now() + LEAVING_MS;
	struct sockaddr_un at;
	int err;

	if (the_fd >= 0)
		return DONE;
	if (!client_address(&at)) {
		errno = ENXIO;
		return NO_AGENT;
	}
	while ((err = dial(&at)) == NO_AGENT && errno == EPIPE) {
		if (client_now() >= deadline)
			return lost_agent("it hangs up before a word is said");
		poll(NULL, 0, DIAL_MS);
	}
	return err;
}

int client_need(const char *object)
{
	const struct object *o = object ? object_find(object) : NULL;
	int err = client_connect();

	if (!err || err == REFUSED || errno == EPIPE || errno == ENXIO)
		return err;
	if (errno == EACCES) {
		complain("no permission to talk to the agent: be root or in group mip");
		return err;
	}
	if (errno != ENOENT && errno != ECONNREFUSED) {
		complain("cannot reach the agent: %s", strerror(errno));
		return err;
	}
	complain("no agent runs in %s%s", opt.netns ? "network namespace " : "this network namespace",
		opt.netns ? opt.netns : "");
	netns_others(client_run_dir());
	fprintf(stderr, "start it with: %s\n", o && o->start ? o->start : "mip agent start");
	return err;
}

void request_open(struct request *rq, uint16_t cmd)
{
	mnl_nlmsg_put_header(rq)->nlmsg_type = cmd;
	rq->head.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
}

void request_put(struct request *rq, uint16_t attr, const void *bytes, size_t len)
{
	if (!mnl_attr_put_check(&rq->head, sizeof(*rq), attr, len, bytes))
		rq->head.nlmsg_len = sizeof(*rq) + 1; /* too long: client_send says so */
}

static void put_watched(struct request *rq, const struct call *call)
{
	char list[VALUES_MAX * 16] = "";
	size_t at = 0;

	for (int i = 0; i < call->n && at < sizeof(list); i++)
		if (call->values[i].arg->attr == W_WATCHED)
			at += (size_t)snprintf(
				list + at, sizeof(list) - at, "%s%s", at ? " " : "", call->values[i].word);
	if (at)
		request_put(rq, MIP_A_OBJECT, list, strlen(list) + 1);
}

/* Said several times, prefixes are one value. */
static void put_prefixes(struct request *rq, const struct call *call, const struct value *first)
{
	uint8_t all[VALUES_MAX * MIP_PREFIX_LEN];
	size_t len = 0;

	if (call_value(call, first->arg->attr) != first)
		return;
	for (const struct value *v = first; v < call->values + call->n; v++)
		if (v->arg == first->arg) {
			memcpy(all + len, v->bytes, MIP_PREFIX_LEN);
			len += MIP_PREFIX_LEN;
		}
	request_put(rq, first->arg->attr, all, len);
}

void request_put_call(struct request *rq, const struct call *call)
{
	request_open(rq, call->verb->cmd);
	for (int i = 0; i < call->n; i++) {
		const struct value *v = &call->values[i];

		if (attr_info(v->arg->attr)->kind == MIP_K_PREFIXES)
			put_prefixes(rq, call, v);
		else if (v->arg->attr < MIP_A_COUNT)
			request_put(rq, v->arg->attr, v->len ? (const void *)v->bytes : v->word,
				v->len ? v->len : strlen(v->word) + 1);
	}
	put_watched(rq, call);
}

int client_send(struct request *rq)
{
	if (rq->head.nlmsg_len > sizeof(*rq)) {
		complain("too many or too long words for one command");
		return WORDS;
	}
	rq->head.nlmsg_seq = ++the_seq;
	if (send(the_fd, rq, rq->head.nlmsg_len, MSG_NOSIGNAL) < 0 && errno != EPIPE)
		return lost_agent(strerror(errno)); /* EPIPE: what it said before hanging up can still be read */
	return DONE;
}

static void read_refusal(const struct nlmsghdr *msg, struct refusal *no)
{
	const struct nlattr *at;

	mnl_attr_for_each (at, msg, sizeof(struct nlmsgerr)) {
		if (at->nla_type == MIP_ERR_TEXT &&
			kind_fits(MIP_K_STR, mnl_attr_get_payload(at), mnl_attr_get_payload_len(at)))
			snprintf(no->text, sizeof(no->text), "%s", mnl_attr_get_str(at));
		else if (at->nla_type == MIP_ERR_ATTR && mnl_attr_get_payload_len(at) == 2)
			no->attr = mnl_attr_get_u16(at);
		else if (at->nla_type == MIP_ERR_INDEX && mnl_attr_get_payload_len(at) == 4)
			no->index = mnl_attr_get_u32(at);
	}
}

/* DONE or REFUSED. */
static int verdict(const struct nlmsghdr *msg, struct refusal *no)
{
	const struct nlmsgerr *e = mnl_nlmsg_get_payload(msg);

	*no = (struct refusal){.index = -1};
	if (msg->nlmsg_len < sizeof(*msg) + sizeof(*e))
		return DONE;
	no->err = -e->error;
	if (!no->err)
		return DONE;
	snprintf(no->text, sizeof(no->text), "%s", strerror(no->err));
	read_refusal(msg, no);
	return REFUSED;
}

/* 1 when something can be read, 0 after the deadline, -1 when interrupted. */
static int await(int64_t deadline_ms)
{
	struct pollfd p[] = {{.fd = the_fd, .events = POLLIN}, {.fd = client_interrupt_fd, .events = POLLIN}};
	int n;

	if (deadline_ms == CLIENT_PATIENCE)
		deadline_ms = client_now() + PATIENCE_MS;
	n = progress_poll(p, 2, deadline_ms, client_awaits);
	return p[1].revents ? -1 : n;
}

static int one_packet(const struct nlmsghdr **msg)
{
	ssize_t n = recv(the_fd, rx, sizeof(rx), MSG_TRUNC);

	if (n == 0)
		return lost_agent("it hung up");
	if (n < 0)
		return lost_agent(strerror(errno));
	*msg = (const struct nlmsghdr *)rx;
	if ((size_t)n < sizeof(**msg) || (size_t)n > sizeof(rx) || (*msg)->nlmsg_len != (size_t)n)
		return lost_agent("it sends what is not our protocol");
	return DONE;
}

int client_receive(record_fn record, void *ctx, struct refusal *no, int64_t deadline_ms)
{
	const struct nlmsghdr *msg;
	int err;

	*no = (struct refusal){.index = -1};
	for (;;) {
		int ready = await(deadline_ms);

		if (ready <= 0) {
			no->err = ready ? EINTR : ETIMEDOUT;
			snprintf(no->text, sizeof(no->text), ready ? "interrupted" : "the agent does not answer");
			return REFUSED;
		}
		err = one_packet(&msg);
		if (err)
			return err;
		if (msg->nlmsg_seq && msg->nlmsg_seq != the_seq)
			continue; /* of a request given up on */
		if (msg->nlmsg_type == NLMSG_DONE)
			return DONE;
		if (msg->nlmsg_type == NLMSG_ERROR)
			return verdict(msg, no);
		err = record ? record(ctx, msg) : 0;
		if (err)
			return err;
	}
}

int client_await_end(void)
{
	int err = await(client_now() + WORK_MS) == 0 ? REFUSED : DONE;

	if (err)
		complain("the agent agreed to stop but still runs");
	client_close();
	return err;
}

int client_ask(struct request *rq, record_fn record, void *ctx, struct refusal *no)
{
	int err = client_send(rq);

	return err ? err : client_receive(record, ctx, no, CLIENT_PATIENCE);
}

int client_do(struct request *rq, struct refusal *no)
{
	int err = client_send(rq);

	return err ? err : client_receive(NULL, NULL, no, client_now() + WORK_MS);
}
