/*
 * server.h: the requests of clients, who may make them, and clients coming and going. What is sent is conn.c's.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "ctl/conn.h"

#define RENEW_DELAY SEC

/* --- requests --------------------------------------------------------------------------------------------------- */

static int hello(struct conn *c, struct why *why)
{
	uint64_t theirs = ctl_num(&c->rq, MIP_A_PROTOCOL, 0);
	struct ctl_msg *m;

	if (theirs != MIP_CTL_VERSION)
		return why_attr(why, EPROTONOSUPPORT, MIP_A_PROTOCOL,
			"the agent (mip %s) speaks version %d of the protocol, not %llu", MIP_VERSION, MIP_CTL_VERSION,
			(unsigned long long)theirs);
	c->greeted = true;
	m = conn_open_msg(c, MIP_HELLO, NLM_F_MULTI);
	ctl_put_num(m, MIP_A_PROTOCOL, MIP_CTL_VERSION);
	ctl_put_str(m, MIP_A_VERSION, MIP_VERSION);
	ctl_put_num(m, MIP_A_PID, (uint64_t)getpid());
	ctl_put_num(m, MIP_A_NETNS, c->ctl->listener.netns);
	conn_send(c, m);
	conn_send_done(c);
	return 0;
}

/* 0 when the answer is made elsewhere, 1 when it is "done". */
static int run(struct conn *c, int64_t *bad, struct why *why)
{
	const struct ctl_ops *ops = c->ctl->ops;
	int err;

	switch (c->rq.cmd) {
	case MIP_HELLO: return hello(c, why);
	case MIP_MONITOR: return conn_monitor(c, why);
	case MIP_BEGIN:
		if (c->batch.open)
			return why_set(why, EINVAL, "BEGIN inside BEGIN");
		c->batch.open = true;
		return 1;
	case MIP_COMMIT: err = batch_commit(&c->batch, ops, &c->rq, bad, why); break;
	default:
		if (!ctl_is_write(c->rq.cmd)) {
			conn_dump(c);
			return 0;
		}
		err = ops->set(ops->ctx, &c->rq, why);
	}
	return err ? err : 1;
}

static int admit(const struct conn *c, struct why *why)
{
	if (!c->greeted && c->rq.cmd != MIP_HELLO)
		return why_set(why, EPROTO, "say HELLO first");
	if (ctl_is_write(c->rq.cmd) && !c->may_write)
		return why_set(why, EPERM, "only root may change the agent");
	return 0;
}

static bool goes_in_batch(const struct conn *c)
{
	uint16_t cmd = c->rq.cmd;

	return c->batch.open && ctl_is_write(cmd) && cmd != MIP_BEGIN && cmd != MIP_COMMIT;
}

static void on_request(struct conn *c, size_t len)
{
	struct ctl_request *rq = &c->rq;
	pid_t pid = rq->pid;
	uid_t uid = rq->uid;
	struct why why = {0};
	int64_t bad = -1;
	int err = ctl_parse(rq, c->rx, len, &why);

	rq->pid = pid;
	rq->uid = uid;
	rq->may_write = c->may_write;
	if (!err)
		err = admit(c, &why);
	if (goes_in_batch(c) || (err && c->batch.open))
		batch_add(&c->batch, rq, c->rx, len, &why);
	if (goes_in_batch(c))
		return;
	if (!err)
		err = run(c, &bad, &why);
	if (!err)
		return;
	if (err < 0)
		why_set(&why, -err, "%s", strerror(-err));
	conn_answer(c, &why, bad);
}

static void receive(struct conn *c)
{
	ssize_t n = recv(c->watch.fd, c->rx, sizeof(c->rx), MSG_DONTWAIT | MSG_TRUNC);

	if (n > 0)
		on_request(c, (size_t)n);
	else if (n == 0 || (errno != EAGAIN && errno != EINTR))
		conn_hang_up(c);
}

/* --- coming and going ------------------------------------------------------------------------------------------- */

static void conn_free(struct conn *c)
{
	struct conn **at = &c->ctl->conns;

	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	c->ctl->n--;
	conn_end_monitoring(c);
	loop_unwatch(c->ctl->loop, &c->watch);
	close(c->watch.fd);
	queue_clear(&c->out);
	batch_drop(&c->batch);
	free(c);
}

static void conn_ready(struct watch *w, uint32_t events)
{
	struct conn *c = timer_owner(w, struct conn, watch);

	if (events & (EPOLLHUP | EPOLLERR)) {
		conn_free(c);
		return;
	}
	if (events & EPOLLOUT)
		conn_go_on(c);
	else if (events & EPOLLIN)
		receive(c);
	conn_rewatch(c);
}

static void refuse(int fd, int err, const char *text)
{
	struct why why = {0};
	struct ctl_msg m;

	why_set(&why, err, "%s", text);
	ctl_msg_error(&m, 0, &why, -1);
	send(fd, m.bytes, m.head.nlmsg_len, MSG_DONTWAIT | MSG_NOSIGNAL);
	close(fd);
}

static void conn_new(struct ctl *ctl, int fd)
{
	struct ucred cred = {.uid = (uid_t)-1};
	socklen_t len = sizeof(cred);
	struct conn *c;
	bool may_write;

	getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len); /* on failure: nobody */
	may_write = cred.uid == 0 || cred.uid == geteuid();
	if (ctl->n >= MIP_CLIENTS_MAX - (may_write ? 0 : MIP_CLIENTS_ROOT)) {
		refuse(fd, EBUSY, "too many connections to the agent");
		return;
	}
	c = calloc(1, sizeof(*c));
	if (!c) {
		refuse(fd, ENOMEM, "out of memory");
		return;
	}
	c->watch = (struct watch){fd, conn_ready};
	c->ctl = ctl;
	c->waits = EPOLLIN;
	c->may_write = may_write;
	c->rq.pid = cred.pid;
	c->rq.uid = cred.uid;
	if (loop_watch(ctl->loop, &c->watch, c->waits) < 0) {
		free(c);
		refuse(fd, ENOMEM, "out of memory");
		return;
	}
	c->next = ctl->conns;
	ctl->conns = c;
	ctl->n++;
}

static void accept_ready(struct watch *w, uint32_t events)
{
	struct ctl *ctl = timer_owner(w, struct ctl, watch);
	int fd = accept4(w->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)events;
	if (fd >= 0) {
		conn_new(ctl, fd);
		return;
	}
	if (errno != EMFILE && errno != ENFILE)
		return;
	close(ctl->spare);
	fd = accept4(w->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd >= 0)
		refuse(fd, EMFILE, "the agent has no descriptors left");
	ctl->spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

/* --- somebody removes the socket -------------------------------------------------------------------------------- */

static void renew_budget(struct timer *t, usec now)
{
	struct ctl *ctl = timer_owner(t, struct ctl, renew);
	struct why why = {0};
	int err;

	if (listener_stands(&ctl->listener))
		return;
	loop_unwatch(ctl->loop, &ctl->watch);
	err = listener_renew(&ctl->listener, &why);
	ctl->watch.fd = ctl->listener.fd;
	err = loop_watch(ctl->loop, &ctl->watch, EPOLLIN) ?: err;
	if (err)
		timer_arm(&ctl->loop->timers, &ctl->renew, now + RENEW_DELAY, renew_budget);
	if (err && ctl->renews++ == 0)
		log_warn("the control socket was removed, and cannot be made anew yet: %s", why.text);
	if (err)
		return;
	ctl->renews = 0;
	log_warn("the control socket was removed: made anew");
}

/* Whoever cleans up does not end with the first file. */
static void files_went(struct watch *w, uint32_t events)
{
	struct ctl *ctl = timer_owner(w, struct ctl, files);
	char buf[4096];

	(void)events;
	while (read(w->fd, buf, sizeof(buf)) > 0)
		;
	if (!listener_stands(&ctl->listener) && !timer_armed(&ctl->renew))
		timer_arm(&ctl->loop->timers, &ctl->renew, clock_now() + RENEW_DELAY, renew_budget);
}

static int watch_socket(struct ctl *ctl, struct why *why)
{
	int err;

	ctl->watch = (struct watch){ctl->listener.fd, accept_ready};
	ctl->files = (struct watch){ctl->listener.files, files_went};
	err = loop_watch(ctl->loop, &ctl->watch, EPOLLIN);
	if (err)
		return why_set(why, -err, "cannot watch the control socket: %s", strerror(-err));
	/* Where inotify is used up the socket is not watched over. */
	if (ctl->files.fd < 0 || loop_watch(ctl->loop, &ctl->files, EPOLLIN))
		log_warn("the control socket will not be made anew when somebody removes it: %s", strerror(errno));
	return 0;
}

int ctl_open(struct ctl **out, struct loop *loop, const struct ctl_ops *ops, struct why *why)
{
	struct ctl *ctl = calloc(1, sizeof(*ctl));
	int err;

	if (!ctl)
		return why_set(why, ENOMEM, "out of memory");
	*ctl = (struct ctl){.loop = loop, .ops = ops, .spare = open("/dev/null", O_RDONLY | O_CLOEXEC)};
	err = listener_open(&ctl->listener, why);
	if (!err) {
		err = watch_socket(ctl, why);
		if (err)
			listener_close(&ctl->listener);
	}
	if (err) {
		close(ctl->spare);
		free(ctl);
		return err;
	}
	*out = ctl;
	return 0;
}

void ctl_close(struct ctl *ctl)
{
	if (!ctl)
		return;
	loop_unwatch(ctl->loop, &ctl->watch);
	if (ctl->files.fd >= 0)
		loop_unwatch(ctl->loop, &ctl->files);
	timer_stop(&ctl->loop->timers, &ctl->renew);
	listener_close(&ctl->listener); /* first: who sees us hang up may start the next agent */
	for (struct conn *c = ctl->conns, *next; c; c = next) {
		next = c->next;
		conn_free(c);
	}
	close(ctl->spare);
	free(ctl);
}

const char *ctl_path(const struct ctl *ctl)
{
	return ctl->listener.at.sun_path;
}

bool ctl_after_kill(const struct ctl *ctl)
{
	return ctl->listener.stale;
}
