/*
 * IPv6 in UDP over IPv4, RFC 5555 4: one socket that knows IPv4 only, and says it as IPv4-mapped addresses. A datagram
 * holds a whole IPv6 packet. The outer Don't Fragment bit is the kernel's: set until a router says that the path takes
 * less; then what is longer leaves in fragments.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "flow/carrier.h"
#include "flow/flow_impl.h"
#include "flow/udp.h"
#include "sys/tun.h"
#include "wire/mh.h"

#define SOCK_BUF    (8 << 20)
#define IP6_NEXT_AT 6
#define IP6_SRC_AT  8
#define BRR_LEN	    8 /* RFC 6275 6.1.2 */

static struct udp_ends ends_of(const struct msghdr *h)
{
	const struct sockaddr_in6 *from = h->msg_name;
	struct udp_ends ends = {.peer = from->sin6_addr, .port = ntohs(from->sin6_port)};
	const struct cmsghdr *c = CMSG_FIRSTHDR(h);
	struct in6_pktinfo info;

	if (c && c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO &&
		c->cmsg_len >= CMSG_LEN(sizeof(info))) {
		memcpy(&info, CMSG_DATA(c), sizeof(info));
		ends.local = info.ipi6_addr;
		ends.ifindex = info.ipi6_ifindex;
	}
	return ends;
}

/* Extension headers are none of the messages between a mobile node and its home agent. */
static bool message(struct carrier *c, const struct msghdr *h, const uint8_t *pkt, size_t len)
{
	const struct flow_events *ev = &c->flows->ev;
	struct exthdr e;
	struct udp_ends ends;

	if (len <= IP6_HLEN || pkt[IP6_NEXT_AT] != MH_PROTO || !ev->udp || exthdr_read(pkt, len, &e) != EXT_OK)
		return false;
	ends = ends_of(h);
	return ev->udp(ev->ctx, &ends, &e, pkt);
}

static void elsewhere(struct carrier *c, const struct msghdr *h, const uint8_t *pkt, size_t len)
{
	const struct flow_events *ev = &c->flows->ev;
	struct in6_addr src;
	struct udp_ends ends;

	if (len <= IP6_HLEN + BRR_LEN || !ev->elsewhere)
		return;
	memcpy(&src, pkt + IP6_SRC_AT, sizeof(src));
	ends = ends_of(h);
	ev->elsewhere(ev->ctx, &ends, &src);
}

void udp_out(struct flows *t, struct packet *p, struct flow_entry *e)
{
	if (!t->udp) {
		t->drops.no_flow++;
		return;
	}
	if (!carrier_may(t->udp, p, e))
		return;
	carrier_add(t->udp, p, e);
	(void)!carrier_flush(t->udp);
}

int flow_udp_send(struct flows *t, const struct udp_ends *to, uint8_t *pkt, size_t len)
{
	struct packet p = {.data = pkt, .len = len};
	struct flow_entry e = {
		.flow = {.local = to->local, .peer = to->peer, .port = to->port, .ifindex = to->ifindex}};

	if (!t->udp)
		return -ENOTCONN;
	carrier_add(t->udp, &p, &e);
	return carrier_flush(t->udp);
}

static int udp_socket(struct why *why)
{
	struct sockaddr_in6 at = {.sin6_family = AF_INET6, .sin6_port = htons(MIP_UDP_PORT)};
	int on = 1, fd = socket(AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), err;

	at.sin6_addr = addr_mapped(&(struct in_addr){INADDR_ANY});
	if (fd >= 0 && !setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof(on)) &&
		!bind(fd, (struct sockaddr *)&at, sizeof(at))) {
		sock_grow(fd, SOCK_BUF);
		return fd;
	}
	err = why_set(why, errno, "UDP port %d: %s", MIP_UDP_PORT, strerror(errno));
	if (fd >= 0)
		close(fd);
	return err;
}

static void udp_close(struct flows *t)
{
	if (!t->udp)
		return;
	if (t->udp->socket.fd >= 0) {
		loop_unwatch(t->loop, &t->udp->socket);
		close(t->udp->socket.fd);
	}
	free(t->udp);
	t->udp = NULL;
}

int flow_udp_listen(struct flows *t, bool on, struct why *why)
{
	int err;

	if (!on)
		udp_close(t);
	if (!on || t->udp)
		return 0;
	t->udp = calloc(1, sizeof(*t->udp));
	if (!t->udp)
		return why_set(why, ENOMEM, "out of memory");
	carrier_begin(t->udp, t, shim_device(t->shim));
	t->udp->message = message;
	t->udp->elsewhere = elsewhere;
	t->udp->socket.fd = udp_socket(why);
	err = t->udp->socket.fd < 0 ? t->udp->socket.fd : loop_watch(t->loop, &t->udp->socket, EPOLLIN);
	if (err)
		udp_close(t);
	return err;
}
