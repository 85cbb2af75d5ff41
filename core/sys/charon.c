/* charon.h: a packet is read in two steps, its length and then itself, and handled before the next one is begun. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/loop.h"
#include "sys/charon.h"

#define OUT_MAX (32 * 1024) /* of ours; a certificate is the longest thing in it */

struct charon {
	struct loop *loop;
	struct watch watch;
	struct charon_events ev;
	bool busy;
	uint8_t out[OUT_MAX];
	size_t out_len, out_at; /* out_at < out_len: the rest is still to be sent */
	uint8_t head[VICI_LENGTH];
	uint8_t *in; /* NULL: the head comes first */
	size_t in_len, in_at;
};

const char *charon_path(void)
{
	const char *path = secure_getenv("MIP_VICI");

	return path ? path : CHARON_SOCKET;
}

/* --- packets in --------------------------------------------------------------------------------------------------- */

/* The last of it: a callback may have closed the connection. */
static void handle(struct charon *c)
{
	struct vici_reader r;
	struct vici_text name;
	enum vici_packet type;
	uint8_t *packet = c->in;

	c->in = NULL;
	c->in_at = 0;
	if (!vici_open(packet, c->in_len, &type, &name, &r)) {
		c->ev.gone(c->ev.ctx);
	} else if (type == VICI_EVENT) {
		c->ev.event(c->ev.ctx, name, &r);
	} else {
		c->busy = false;
		c->ev.answer(c->ev.ctx, type, &r);
	}
	free(packet);
}

static void ignore_answer(void *ctx, enum vici_packet type, struct vici_reader *r)
{
	(void)ctx, (void)type, (void)r;
}

static void ignore_event(void *ctx, struct vici_text name, struct vici_reader *r)
{
	(void)ctx, (void)name, (void)r;
}

static void ignore_end(void *ctx)
{
	(void)ctx;
}

static bool begin_packet(struct charon *c)
{
	struct rd rd = rd_over(c->head, sizeof(c->head));

	c->in_len = rd_u32(&rd);
	c->in_at = 0;
	if (!c->in_len || c->in_len > VICI_PACKET_MAX)
		return false;
	c->in = malloc(c->in_len);
	return c->in;
}

/* False: it is over. */
static bool receive(struct charon *c, bool *whole)
{
	uint8_t *to = c->in ? c->in : c->head;
	size_t want = c->in ? c->in_len : sizeof(c->head);
	ssize_t n = recv(c->watch.fd, to + c->in_at, want - c->in_at, 0);

	*whole = false;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return true;
	if (n <= 0)
		return false;
	c->in_at += (size_t)n;
	if (c->in_at < want)
		return true;
	if (!c->in)
		return begin_packet(c);
	*whole = true;
	return true;
}

/* --- packets out -------------------------------------------------------------------------------------------------- */

static bool flush(struct charon *c)
{
	ssize_t n = send(c->watch.fd, c->out + c->out_at, c->out_len - c->out_at, MSG_NOSIGNAL);

	if (n < 0 && errno != EAGAIN && errno != EINTR)
		return false;
	c->out_at += n > 0 ? (size_t)n : 0;
	if (c->out_at == c->out_len) {
		explicit_bzero(c->out, c->out_len);
		c->out_at = c->out_len = 0;
	}
	return !loop_rewatch(c->loop, &c->watch, EPOLLIN | (c->out_len ? EPOLLOUT : 0));
}

static void on_ready(struct watch *w, uint32_t events)
{
	struct charon *c = timer_owner(w, struct charon, watch);
	bool whole = false;

	if ((events & EPOLLOUT && c->out_len && !flush(c)) || (events & ~EPOLLOUT && !receive(c, &whole)))
		c->ev.gone(c->ev.ctx);
	else if (whole)
		handle(c);
}

/* A charon whose client hangs up does not read what is left of it. */
void charon_finish(struct charon *c, usec until)
{
	struct pollfd p = {.fd = c->watch.fd, .events = POLLIN};
	bool whole = false;

	c->ev = (struct charon_events){NULL, ignore_answer, ignore_event, ignore_end};
	while (c->busy && clock_now() < until && poll(&p, 1, (int)((until - clock_now()) / MSEC) + 1) > 0) {
		if (!receive(c, &whole))
			return;
		if (whole)
			handle(c);
	}
}

bool charon_is_busy(const struct charon *c)
{
	return c->busy;
}

struct wr charon_begin(struct charon *c, enum vici_packet type, const char *name)
{
	struct wr w = wr_over(c->out, sizeof(c->out));

	vici_begin(&w, type, name);
	return w;
}

int charon_send(struct charon *c, struct wr *w)
{
	vici_finish(w);
	if (w->bad) {
		explicit_bzero(c->out, sizeof(c->out));
		return -EMSGSIZE;
	}
	c->busy = true;
	c->out_len = wr_at(w);
	c->out_at = 0;
	return flush(c) ? 0 : -EPIPE;
}

/* --- open and close ----------------------------------------------------------------------------------------------- */

int charon_open(struct charon **out, struct loop *loop, const struct charon_events *ev)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	struct charon *c;
	int err = 0;

	if (strlen(charon_path()) >= sizeof(to.sun_path))
		return -ENAMETOOLONG;
	snprintf(to.sun_path, sizeof(to.sun_path), "%s", charon_path());
	c = calloc(1, sizeof(*c));
	if (!c)
		return -ENOMEM;
	c->loop = loop;
	c->ev = *ev;
	c->watch = (struct watch){socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), on_ready};
	if (c->watch.fd < 0 || connect(c->watch.fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		err = -errno;
	if (!err)
		err = loop_watch(loop, &c->watch, EPOLLIN);
	if (!err) {
		*out = c;
		return 0;
	}
	if (c->watch.fd >= 0)
		close(c->watch.fd);
	free(c);
	return err;
}

void charon_close(struct charon *c)
{
	if (!c)
		return;
	loop_unwatch(c->loop, &c->watch);
	close(c->watch.fd);
	explicit_bzero(c->out, sizeof(c->out));
	free(c->in);
	free(c);
}
