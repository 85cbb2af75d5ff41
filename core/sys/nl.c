/*
 * nl.h: requests, dumps and batches on one rtnetlink socket. A request is answered
 * while send() runs, so its answers are read without waiting; a dump is produced by
 * reading it, guarded by SO_RCVTIMEO. What changes by itself is in nl_listen.c.
 */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "base/addr.h"
#include "sys/nl_impl.h"

#define TRIES 5 /* dumps interrupted by changes */

/* A failing option is not fatal: an old kernel only explains less. */
static void socket_options(struct mnl_socket *s)
{
	int fd = mnl_socket_get_fd(s), on = 1, size = 4 << 20;
	struct timeval limit = {.tv_sec = 5};

	(void)mnl_socket_setsockopt(s, NETLINK_EXT_ACK, &on, sizeof(on));
	(void)mnl_socket_setsockopt(s, NETLINK_CAP_ACK, &on, sizeof(on));
	(void)mnl_socket_setsockopt(s, NETLINK_GET_STRICT_CHK, &on, sizeof(on));
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
}

struct mnl_socket *nl_socket(int family, struct why *why)
{
	struct mnl_socket *s = mnl_socket_open2(family, SOCK_CLOEXEC);

	if (s && mnl_socket_bind(s, 0, MNL_SOCKET_AUTOPID) == 0) {
		socket_options(s);
		return s;
	}
	why_set(why, errno, "netlink socket: %s", strerror(errno));
	if (s)
		mnl_socket_close(s);
	return NULL;
}

int nl_open_family(struct nl **out, struct loop *loop, int family, struct why *why)
{
	struct nl *nl = calloc(1, sizeof(*nl));

	if (!nl)
		return why_set(why, ENOMEM, "out of memory");
	nl->loop = loop;
	nl->req = nl_socket(family, why);
	if (!nl->req) {
		free(nl);
		return -(why && why->err ? why->err : EPROTONOSUPPORT);
	}
	*out = nl;
	return 0;
}

int nl_open(struct nl **out, struct loop *loop, struct why *why)
{
	return nl_open_family(out, loop, NETLINK_ROUTE, why);
}

void nl_close(struct nl *nl)
{
	if (!nl)
		return;
	nl_unlisten(nl);
	removal_close(&nl->removal);
	mnl_socket_close(nl->req);
	free(nl->batch);
	free(nl);
}

uint8_t nl_family(const struct in6_addr *a)
{
	return addr_is_ipv4(a) ? AF_INET : AF_INET6;
}

uint8_t nl_plen(const struct in6_addr *a, uint8_t plen)
{
	return addr_is_ipv4(a) ? (uint8_t)(plen - NL_IPV4_BITS) : plen;
}

void nl_put_addr(struct nlmsghdr *req, uint16_t type, const struct in6_addr *a)
{
	if (addr_is_ipv4(a))
		mnl_attr_put(req, type, sizeof(struct in_addr), &a->s6_addr[12]);
	else
		mnl_attr_put(req, type, sizeof(*a), a);
}

bool nl_addr(const struct nlattr *a, struct in6_addr *to)
{
	if (mnl_attr_get_payload_len(a) == sizeof(*to))
		memcpy(to, mnl_attr_get_payload(a), sizeof(*to));
	else if (mnl_attr_get_payload_len(a) == sizeof(struct in_addr))
		*to = addr_mapped(mnl_attr_get_payload(a));
	else
		return false;
	return true;
}

struct nlmsghdr *nl_msg(void *buf, uint16_t type, uint16_t flags, size_t extra)
{
	struct nlmsghdr *h;

	memset(buf, 0, NL_MSG_MAX);
	h = mnl_nlmsg_put_header(buf);
	h->nlmsg_type = type;
	h->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
	mnl_nlmsg_put_extra_header(h, extra);
	return h;
}

static int find_text(const struct nlattr *attr, void *to)
{
	if (mnl_attr_get_type(attr) == NLMSGERR_ATTR_MSG && mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) >= 0)
		*(const char **)to = mnl_attr_get_str(attr);
	return MNL_CB_OK;
}

/* The kernel's own words about an error, or NULL. With NETLINK_CAP_ACK the request is not quoted before them. */
static const char *ext_ack(const struct nlmsghdr *h, const struct nlmsgerr *e)
{
	const char *text = NULL;
	size_t at = sizeof(*e);

	if (!(h->nlmsg_flags & NLM_F_ACK_TLVS))
		return NULL;
	if (!(h->nlmsg_flags & NLM_F_CAPPED))
		at += MNL_ALIGN(e->msg.nlmsg_len) - sizeof(e->msg);
	if (at < mnl_nlmsg_get_payload_len(h))
		mnl_attr_parse(h, (unsigned)at, find_text, &text);
	return text;
}

/* The verdict in an NLMSG_ERROR: 0 or -errno, put into why. */
static int verdict(const struct nlmsghdr *h, bool (*fine)(int), struct why *why, const char *what)
{
	const struct nlmsgerr *e = mnl_nlmsg_get_payload(h);
	const char *text;
	int err;

	if (mnl_nlmsg_get_payload_len(h) < sizeof(*e))
		return why_set(why, EBADMSG, "%s: short answer of the kernel", what);
	err = -e->error;
	if (err <= 0 || (fine && fine(err)))
		return 0;
	text = ext_ack(h, e);
	return why_set(why, err, "%s: %s", what, text ? text : strerror(err));
}

/* Walks the answers in buf. The first error counts. */
static int answers(const void *buf, ssize_t len, bool (*fine)(int), struct why *why, const char *what)
{
	const struct nlmsghdr *h = buf;
	int left = (int)len, first = 0;

	for (; mnl_nlmsg_ok(h, left); h = mnl_nlmsg_next(h, &left)) {
		int err = h->nlmsg_type == NLMSG_ERROR ? verdict(h, fine, first ? NULL : why, what) : 0;

		if (err && !first)
			first = err;
	}
	return first;
}

int nl_talk(struct mnl_socket *s, const void *buf, size_t len, bool (*fine)(int), struct why *why, const char *what)
{
	int fd = mnl_socket_get_fd(s), first = 0;
	char in[8192];
	ssize_t n;

	if (mnl_socket_sendto(s, buf, len) < 0)
		return why_set(why, errno, "%s: %s", what, strerror(errno));
	while ((n = recv(fd, in, sizeof(in), MSG_DONTWAIT)) != 0) {
		int err;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != ENOBUFS)
			break;
		/* Answers were lost: whether all went well is not known. */
		err = n < 0 ? why_set(why, ENOBUFS, "%s: answers lost", what)
			    : answers(in, n, fine, first ? NULL : why, what);
		if (err && !first)
			first = err;
	}
	return first;
}

static int request(struct nl *nl, struct nlmsghdr *req, bool (*fine)(int), struct why *why, const char *what)
{
	if (nl->bulk) {
		nl->bulk_err = nl_queue(nl, req, NULL) ?: nl->bulk_err;
		return 0;
	}
	req->nlmsg_flags |= NLM_F_ACK;
	req->nlmsg_seq = ++nl->seq;
	return nl_talk(nl->req, req, req->nlmsg_len, fine, why, what);
}

static bool is_there(int err)
{
	return err == EEXIST;
}

static bool is_gone(int err)
{
	return err == ENOENT || err == ESRCH || err == ENODEV || err == ENXIO || err == EADDRNOTAVAIL;
}

static bool either(int err)
{
	return is_there(err) || is_gone(err);
}

int nl_do(struct nl *nl, struct nlmsghdr *req, struct why *why, const char *what)
{
	return request(nl, req, NULL, why, what);
}

int nl_add(struct nl *nl, struct nlmsghdr *req, struct why *why, const char *what)
{
	return request(nl, req, is_there, why, what);
}

int nl_del(struct nl *nl, struct nlmsghdr *req, struct why *why, const char *what)
{
	return request(nl, req, is_gone, why, what);
}

/* Messages of a dump, one behind the other. There may be keys in them (xfrm). */
struct heap {
	char *data;
	size_t len, cap;
};

static void heap_free(struct heap *h)
{
	if (h->data)
		explicit_bzero(h->data, h->cap);
	free(h->data);
}

static int heap_put(struct heap *to, const void *data, size_t len)
{
	if (!len)
		return 0;
	if (to->cap - to->len < len) {
		struct heap more = {.len = to->len, .cap = (to->cap + len) * 2};

		more.data = malloc(more.cap);
		if (!more.data)
			return -ENOMEM;
		if (to->len)
			memcpy(more.data, to->data, to->len);
		heap_free(to);
		*to = more;
	}
	memcpy(to->data + to->len, data, len);
	to->len += len;
	return 0;
}

/* Keeps what belongs to the dump. 1 = end, 0 = more, -errno; -EINTR when the kernel says it changed under it. */
static int dump_part(struct nl *nl, const char *buf, ssize_t len, struct heap *to, bool *torn)
{
	const struct nlmsghdr *h = (const void *)buf;
	int left = (int)len, err = 0;

	for (; mnl_nlmsg_ok(h, left) && !err; h = mnl_nlmsg_next(h, &left)) {
		if (h->nlmsg_seq != nl->seq)
			continue;
		*torn |= (h->nlmsg_flags & NLM_F_DUMP_INTR) != 0;
		if (h->nlmsg_type == NLMSG_DONE)
			return *torn ? -EINTR : 1;
		if (h->nlmsg_type == NLMSG_ERROR)
			return verdict(h, NULL, NULL, "") ?: 1;
		err = heap_put(to, h, MNL_ALIGN(h->nlmsg_len));
	}
	return err;
}

static int dump_once(struct nl *nl, struct nlmsghdr *req, struct heap *to)
{
	bool torn = false;
	int done = 0;

	to->len = 0;
	req->nlmsg_flags |= NLM_F_DUMP;
	req->nlmsg_seq = ++nl->seq;
	if (mnl_socket_sendto(nl->req, req, req->nlmsg_len) < 0)
		return -errno;
	while (!done) {
		ssize_t n = recv(mnl_socket_get_fd(nl->req), nl->buf, sizeof(nl->buf), 0);

		if (n < 0 && errno != EINTR)
			return errno == EAGAIN ? -ETIMEDOUT : -errno;
		done = n < 0 ? 0 : dump_part(nl, nl->buf, n, to, &torn);
	}
	return done < 0 ? done : 0;
}

int nl_dump(struct nl *nl, struct nlmsghdr *req, mnl_cb_t cb, void *ctx, struct why *why, const char *what)
{
	struct heap all = {0};
	int err = -EINTR;

	for (int i = 0; i < TRIES && err == -EINTR; i++)
		err = dump_once(nl, req, &all);
	explicit_bzero(nl->buf, sizeof(nl->buf));
	if (err) {
		heap_free(&all);
		return why_set(why, -err, "%s: %s", what, strerror(-err));
	}
	for (size_t at = 0; at < all.len;) {
		struct nlmsghdr *h = (void *)(all.data + at);

		if (cb(h, ctx) < MNL_CB_STOP)
			break;
		at += MNL_ALIGN(h->nlmsg_len);
	}
	heap_free(&all);
	return 0;
}

int nl_flush(struct nl *nl, struct why *why)
{
	size_t len = nl->batch_len;

	nl->batch_len = 0;
	return len ? nl_talk(nl->req, nl->batch, len, either, why, "batch") : 0;
}

int nl_queue(struct nl *nl, struct nlmsghdr *req, struct why *why)
{
	size_t len = MNL_ALIGN(req->nlmsg_len);
	int err = 0;

	if (!nl->batch)
		nl->batch = malloc(NL_BATCH);
	if (!nl->batch)
		return why_set(why, ENOMEM, "out of memory");
	if (nl->batch_len + len > NL_BATCH)
		err = nl_flush(nl, why);
	/* Only errors are answered: acks of thousands would overflow the socket. */
	req->nlmsg_flags &= (uint16_t)~NLM_F_ACK;
	req->nlmsg_seq = ++nl->seq;
	memcpy(nl->batch + nl->batch_len, req, len);
	nl->batch_len += len;
	return err;
}

void nl_bulk_begin(struct nl *nl)
{
	nl->bulk = true;
	nl->bulk_err = 0;
}

int nl_bulk_end(struct nl *nl, struct why *why)
{
	int err = nl_flush(nl, why);

	nl->bulk = false;
	err = nl->bulk_err ?: err;
	return err ? why_set(why, -err, "batch: %s", strerror(-err)) : 0;
}
