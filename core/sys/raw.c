/*
 * raw.h: the sockets, and sending. A packet is built whole, extension headers and all, and leaves
 * through a header-included socket; IPV6_PKTINFO makes the kernel check that the source is ours.
 * Checksums are over home addresses (RFC 6275 6.1.1), so they are filled before HAO and RH2 go in.
 */
#include <errno.h>
#include <netinet/icmp6.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/addr.h"
#include "base/buf.h"
#include "sys/raw_impl.h"
#include "sys/tun.h"
#include "wire/exthdr.h"
#include "wire/icmp6.h"
#include "wire/mh.h"

#define OUT_MAX	   (IP6_HLEN + HAO_ROOM + RH2_ROOM + RAW_ROOM)
#define RCVBUF	   (8 << 20) /* a burst of thousands of Binding Updates */
#define ICMP_CKSUM 2

static int set(int fd, int level, int name, int value)
{
	return setsockopt(fd, level, name, &value, sizeof(value)) < 0 ? -errno : 0;
}

/* A raw socket that tells destination, interface and hop limit of what it receives. */
static int in_socket(int proto)
{
	int fd = socket(AF_INET6, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, proto);
	int err = fd < 0 ? -errno : 0;

	if (err)
		return err;
	err = set(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1) ?: set(fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1);
	sock_grow(fd, RCVBUF);
	if (!err)
		return fd;
	close(fd);
	return err;
}

static const uint8_t wanted[] = {ICMP6_DEST_UNREACH_T, ICMP6_TOO_BIG_T, ICMP6_TIME_EXCEEDED, ICMP6_PARAM_PROB_T,
	ICMP6_RS, ICMP6_RA, ICMP6_NA, ICMP6_DHAAD_REQ, ICMP6_DHAAD_REP, ICMP6_MPS, ICMP6_MPA};

static int icmp_filter(int fd)
{
	struct icmp6_filter f;

	ICMP6_FILTER_SETBLOCKALL(&f);
	for (size_t i = 0; i < sizeof(wanted); i++)
		ICMP6_FILTER_SETPASS(wanted[i], &f);
	return setsockopt(fd, IPPROTO_ICMPV6, ICMP6_FILTER, &f, sizeof(f)) < 0 ? -errno : 0;
}

/* The kernel sums a Mobility Header message to the end of the packet, and drops what has octets behind its header
 * (RFC 6275 6.1.1: the checksum ends with the header). */
static int unsummed(int fd)
{
	return set(fd, IPPROTO_IPV6, IPV6_CHECKSUM, -1);
}

static int watch(struct raw *r, struct raw_sock *s, int proto,
	void (*take)(struct raw *, struct raw_meta *, const uint8_t *, size_t), struct why *why)
{
	int err;

	s->raw = r;
	s->take = take;
	s->watch = (struct watch){in_socket(proto), raw_ready};
	err = s->watch.fd < 0 ? s->watch.fd : 0;
	if (!err)
		err = proto == IPPROTO_ICMPV6 ? icmp_filter(s->watch.fd) : unsummed(s->watch.fd);
	if (!err)
		err = loop_watch(r->loop, &s->watch, EPOLLIN);
	return err ? why_set(why, -err, "raw socket for protocol %d: %s", proto, strerror(-err)) : 0;
}

/* What we send to a group is for others. */
static int out_socket(struct raw *r, struct why *why)
{
	r->out = socket(AF_INET6, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_RAW);
	if (r->out < 0 || set(r->out, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, 0))
		return why_set(why, errno, "raw socket: %s", strerror(errno));
	sock_grow(r->out, RCVBUF);
	return 0;
}

int raw_open(struct raw **out, struct loop *loop, const struct raw_events *ev, struct why *why)
{
	struct raw *r = calloc(1, sizeof(*r));
	int err;

	if (!r)
		return why_set(why, ENOMEM, "out of memory");
	r->loop = loop;
	r->ev = *ev;
	r->out = r->mh.watch.fd = r->icmp.watch.fd = -1;
	r->waiting_end = &r->waiting;
	err = out_socket(r, why);
	if (!err)
		err = watch(r, &r->mh, MH_PROTO, raw_take_mh, why);
	if (!err)
		err = watch(r, &r->icmp, IPPROTO_ICMPV6, raw_take_icmp, why);
	if (err)
		raw_close(r);
	else
		*out = r;
	return err;
}

static void unwatch(struct raw *r, struct raw_sock *s)
{
	if (s->watch.fd < 0)
		return;
	loop_unwatch(r->loop, &s->watch);
	close(s->watch.fd);
}

void raw_close(struct raw *r)
{
	if (!r)
		return;
	raw_wait_close(r);
	raw_nd_close(r);
	unwatch(r, &r->mh);
	unwatch(r, &r->icmp);
	if (r->out >= 0)
		close(r->out);
	free(r);
}

/* The kernel counts joins: ours are one a link and address. */
int raw_anycast_join(struct raw *r, unsigned ifindex, const struct in6_addr *addr, struct why *why)
{
	struct ipv6_mreq at = {.ipv6mr_multiaddr = *addr, .ipv6mr_interface = ifindex};

	raw_anycast_leave(r, ifindex, addr);
	if (!setsockopt(r->icmp.watch.fd, IPPROTO_IPV6, IPV6_JOIN_ANYCAST, &at, sizeof(at)))
		return 0;
	return why_set(why, errno, "listen to the anycast address %s: %s", addr_text(addr).s, strerror(errno));
}

void raw_anycast_leave(struct raw *r, unsigned ifindex, const struct in6_addr *addr)
{
	struct ipv6_mreq at = {.ipv6mr_multiaddr = *addr, .ipv6mr_interface = ifindex};

	(void)setsockopt(r->icmp.watch.fd, IPPROTO_IPV6, IPV6_LEAVE_ANYCAST, &at, sizeof(at));
}

/* RFC 4291 2.7.1 */
static struct ipv6_mreq solicited_node(unsigned ifindex, const struct in6_addr *addr)
{
	struct ipv6_mreq at = {
		.ipv6mr_multiaddr = {{{0xff, 0x02, [11] = 1, [12] = 0xff}}}, .ipv6mr_interface = ifindex};

	memcpy(&at.ipv6mr_multiaddr.s6_addr[13], &addr->s6_addr[13], 3);
	return at;
}

void raw_solicited_join(struct raw *r, unsigned ifindex, const struct in6_addr *addr)
{
	struct ipv6_mreq at = solicited_node(ifindex, addr);

	(void)setsockopt(r->icmp.watch.fd, IPPROTO_IPV6, IPV6_JOIN_GROUP, &at, sizeof(at));
}

void raw_solicited_leave(struct raw *r, unsigned ifindex, const struct in6_addr *addr)
{
	struct ipv6_mreq at = solicited_node(ifindex, addr);

	(void)setsockopt(r->icmp.watch.fd, IPPROTO_IPV6, IPV6_LEAVE_GROUP, &at, sizeof(at));
}

void raw_stats(const struct raw *r, struct raw_stats *out)
{
	*out = r->stats;
}

/* The link of an address alone does not decide: a route for source and destination would come first. */
static void bind_link(int fd, unsigned ifindex)
{
	int v = (int)ifindex;

	(void)setsockopt(fd, SOL_SOCKET, SO_BINDTOIFINDEX, &v, sizeof(v));
}

static int transmit(int fd, const struct raw_meta *m, const uint8_t *pkt, size_t len)
{
	struct sockaddr_in6 to = {.sin6_family = AF_INET6, .sin6_addr = m->dst, .sin6_scope_id = m->ifindex};
	struct in6_pktinfo info = {.ipi6_addr = m->src, .ipi6_ifindex = m->ifindex};
	_Alignas(struct cmsghdr) char ctl[CMSG_SPACE(sizeof(info))] = {0};
	struct iovec iov = {(void *)pkt, len};
	struct msghdr h = {&to, sizeof(to), &iov, 1, ctl, sizeof(ctl), 0};
	struct cmsghdr *c = CMSG_FIRSTHDR(&h);
	ssize_t sent;

	if (!IN6_IS_ADDR_LINKLOCAL(&m->dst) && !IN6_IS_ADDR_MULTICAST(&m->dst))
		to.sin6_scope_id = 0;
	*c = (struct cmsghdr){CMSG_LEN(sizeof(info)), IPPROTO_IPV6, IPV6_PKTINFO};
	memcpy(CMSG_DATA(c), &info, sizeof(info));
	sent = sendmsg(fd, &h, 0);
	if (sent >= 0)
		return 0;
	return errno == EINVAL ? -EADDRNOTAVAIL : -errno; /* what ip6_datagram_send_ctl says of a foreign source */
}

static int counted(struct raw *r, int err)
{
	if (err)
		r->stats.tx_failed++;
	else
		r->stats.tx++;
	return err;
}

static int transmit_through(struct raw *r, const struct raw_meta *m, const uint8_t *pkt, size_t len)
{
	int err;

	if (m->ifindex)
		bind_link(r->out, m->ifindex);
	err = transmit(r->out, m, pkt, len);
	if (m->ifindex)
		bind_link(r->out, 0);
	return err;
}

int raw_send_packet(struct raw *r, const struct raw_meta *m, const uint8_t *pkt, size_t len)
{
	return counted(r, transmit_through(r, m, pkt, len));
}

/* A socket of its own: one that listens, too, would be deaf to other links meanwhile. */
static int transmit_on_link(const struct raw_meta *m, const uint8_t *data, size_t len)
{
	int fd = socket(AF_INET6, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, MH_PROTO);
	int err = fd < 0 ? -errno : set(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, m->hop_limit);

	if (!err) {
		bind_link(fd, m->ifindex);
		err = transmit(fd, m, data, len);
	}
	if (fd >= 0)
		close(fd);
	return err;
}

int raw_send_plain(struct raw *r, uint8_t proto, const struct raw_meta *m, const uint8_t *data, size_t len)
{
	uint8_t msg[RAW_ROOM];

	if (proto != MH_PROTO)
		return counted(r, transmit(r->icmp.watch.fd, m, data, len));
	if (len > sizeof(msg) || len < MH_CKSUM_AT + 2)
		return counted(r, -EMSGSIZE);
	memcpy(msg, data, len);
	put_u16(msg + MH_CKSUM_AT, 0);
	put_u16(msg + MH_CKSUM_AT, mh_checksum(&m->src, &m->dst, msg, len));
	return counted(r, m->hop_limit ? transmit_on_link(m, msg, len) : transmit(r->mh.watch.fd, m, msg, len));
}

/* The packet as it goes on the wire, or -errno. */
static int build(uint8_t *pkt, const struct raw_meta *m, uint8_t proto, size_t sum_at, const uint8_t *data, size_t len)
{
	const struct in6_addr *src = m->has_hao ? &m->hao : &m->src, *dst = m->has_rh2 ? &m->rh2 : &m->dst;
	uint8_t *msg = pkt + IP6_HLEN;

	if (len > RAW_ROOM || len < sum_at + 2)
		return -EMSGSIZE;
	ip6_header(pkt, src, dst, proto, len);
	memcpy(msg, data, len);
	put_u16(msg + sum_at, 0);
	put_u16(msg + sum_at, ip6_checksum(src, dst, proto, msg, len));
	if (m->hop_limit)
		pkt[7] = m->hop_limit;
	return exthdr_insert(pkt, IP6_HLEN + len, OUT_MAX, m->has_hao ? &m->src : NULL, m->has_rh2 ? &m->dst : NULL);
}

static int send_message(
	struct raw *r, const struct raw_meta *m, uint8_t proto, size_t sum_at, const uint8_t *data, size_t len)
{
	uint8_t pkt[OUT_MAX];
	int n = build(pkt, m, proto, sum_at, data, len);

	return counted(r, n < 0 ? n : transmit_through(r, m, pkt, (size_t)n));
}

int raw_send_mh(struct raw *r, const struct raw_meta *m, const uint8_t *data, size_t len)
{
	return send_message(r, m, MH_PROTO, MH_CKSUM_AT, data, len);
}

int raw_send_icmp(struct raw *r, const struct raw_meta *m, const uint8_t *data, size_t len)
{
	return send_message(r, m, IPPROTO_ICMPV6, ICMP_CKSUM, data, len);
}
