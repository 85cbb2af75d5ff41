/*
 * apart.h. UDP over IPv4: one socket that knows IPv4 only, and says it as IPv4-mapped addresses; a datagram holds a
 * whole packet of IPv6, or of IPv4. IPv4 in IPv6: a raw socket of protocol 4. The outer Don't Fragment bit is the
 * kernel's: set until a router says that the path takes less; then what is longer leaves in fragments.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "flow/carrier.h"
#include "flow/flow_impl.h"
#include "flow/apart.h"
#include "sys/tun.h"
#include "wire/mh.h"
#include <linux/udp.h> /* after netinet/in.h */

#define SOCK_BUF    (8 << 20)
#define IP6_NEXT_AT 6
#define BRR_LEN	    8 /* RFC 6275 6.1.2 */

static struct udp_ends ends_of(const struct msghdr *h)
{
	const struct sockaddr_in6 *from = h->msg_name;
	struct udp_ends ends = {.peer = from->sin6_addr, .port = ntohs(from->sin6_port)};
	struct in6_pktinfo info;

	if (carrier_told(h, IPPROTO_IPV6, IPV6_PKTINFO, &info, sizeof(info))) {
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

	if (len <= IP6_HLEN || pkt[0] >> 4 != 6 || pkt[IP6_NEXT_AT] != MH_PROTO || !ev->udp ||
		exthdr_read(pkt, len, &e) != EXT_OK)
		return false;
	ends = ends_of(h);
	return ev->udp(ev->ctx, &ends, &e, pkt);
}

static void elsewhere(struct carrier *c, const struct msghdr *h, const uint8_t *pkt, size_t len)
{
	const struct flow_events *ev = &c->flows->ev;
	struct in6_addr src, dst;
	struct udp_ends ends;

	if (len <= IP6_HLEN + BRR_LEN || !ev->elsewhere || !edit_addrs(pkt, len, &src, &dst))
		return;
	ends = ends_of(h);
	ev->elsewhere(ev->ctx, &ends, &src);
}

void apart_out(struct flows *t, struct packet *p, struct flow_entry *e)
{
	struct carrier *c = e->flow.port ? t->udp : t->ipv4;

	if (!c) {
		t->drops.no_flow++;
		return;
	}
	if (carrier_may(c, p, e))
		carrier_add(c, p, e);
}

void apart_flush(void *flows)
{
	struct flows *t = flows;

	if (t->udp)
		(void)!carrier_flush(t->udp);
	if (t->ipv4)
		(void)!carrier_flush(t->ipv4);
}

int flow_udp_send(struct flows *t, const struct udp_ends *to, uint8_t *pkt, size_t len)
{
	struct packet p = {.data = pkt, .len = len};
	struct flow_entry e = {
		.flow = {.local = to->local, .peer = to->peer, .port = to->port, .ifindex = to->ifindex}};

	if (!t->udp)
		return -ENOTCONN;
	apart_flush(t); /* what the kernel says is about this one */
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
		(void)setsockopt(fd, IPPROTO_UDP, UDP_GRO, &on, sizeof(on)); /* 5.0 */
		sock_grow(fd, SOCK_BUF);
		return fd;
	}
	err = why_set(why, errno, "UDP port %d: %s", MIP_UDP_PORT, strerror(errno));
	if (fd >= 0)
		close(fd);
	return err;
}

static void end_socket(struct flows *t, struct carrier **at)
{
	struct carrier *c = *at;

	*at = NULL;
	if (!c)
		return;
	if (c->socket.fd >= 0) {
		loop_unwatch(t->loop, &c->socket);
		close(c->socket.fd);
	}
	free(c);
}

static int begin_socket(struct flows *t, struct carrier **at, int fd, size_t room)
{
	struct carrier *c = fd < 0 ? NULL : calloc(1, sizeof(*c));
	int err;

	*at = c;
	if (!c) {
		if (fd >= 0)
			close(fd);
		return fd < 0 ? fd : -ENOMEM;
	}
	carrier_begin(c, t, shim_device(t->shim), room);
	c->socket.fd = fd;
	err = loop_watch(t->loop, &c->socket, EPOLLIN);
	if (err)
		end_socket(t, at);
	return err;
}

int flow_udp_listen(struct flows *t, bool on, struct why *why)
{
	int err;

	if (!on)
		end_socket(t, &t->udp);
	if (!on || t->udp)
		return 0;
	err = begin_socket(t, &t->udp, udp_socket(why), CARRIER_TRAIN);
	if (err)
		return why && why->err ? err : why_set(why, -err, "UDP port %d: %s", MIP_UDP_PORT, strerror(-err));
	t->udp->message = message;
	t->udp->elsewhere = elsewhere;
	return 0;
}

int apart_listen(struct flows *t, struct why *why)
{
	int err = t->ipv4 ? 0 : begin_socket(t, &t->ipv4, carrier_raw(IPPROTO_IPIP, why), CARRIER_ROOM);

	return err && why && !why->err ? why_set(why, -err, "tunnels of IPv4: %s", strerror(-err)) : err;
}

void apart_close(struct flows *t)
{
	end_socket(t, &t->udp);
	end_socket(t, &t->ipv4);
}
