/* carrier.h. */
#include <errno.h>
#include <string.h>
#include <sys/uio.h>

#include "base/addr.h"
#include "flow/carrier.h"
#include "flow/flow_impl.h"
#include "sys/tun.h"
#include <linux/udp.h> /* after netinet/in.h */

#define ROUNDS	      4 /* batches a turn */
#define SOCK_BUF      (8 << 20)
#define TRAIN_PACKETS 64				     /* as kernels had it first (UDP_MAX_SEGMENTS) */
#define TRAIN_MAX     65507				     /* octets of a UDP datagram over IPv4 */
#define SINGLE	      CMSG_SPACE(sizeof(struct in6_pktinfo)) /* octets of what is said with a message of one packet */

/* --- out ---------------------------------------------------------------------------------------------------------- */

static int packets_of(const struct msghdr *m)
{
	return m->msg_controllen > SINGLE ? (int)m->msg_iovlen / 2 : 1;
}

/* The kernel makes no datagrams of a message when they would leave in fragments, or by a device that sums nothing. */
static int send_singly(struct carrier *c, const struct msghdr *m)
{
	struct msghdr one = *m;
	int err = 0;

	one.msg_controllen = SINGLE;
	one.msg_iovlen = 2;
	for (size_t at = 0; at < m->msg_iovlen; at += 2) {
		one.msg_iov = m->msg_iov + at;
		if (sendmsg(c->socket.fd, &one, MSG_DONTWAIT) >= 0) {
			c->tx_packets++;
			continue;
		}
		err = -errno;
		c->flows->drops.refused++;
	}
	return err;
}

static int send_refused(struct carrier *c, const struct msghdr *m, int err)
{
	if (packets_of(m) > 1 && (err == EINVAL || err == EIO || err == EMSGSIZE))
		return send_singly(c, m);
	c->flows->drops.refused += (unsigned)packets_of(m);
	return -err;
}

/* What the kernel refuses is skipped, not retried. */
int carrier_flush(struct carrier *c)
{
	struct carrier_out *o = &c->out;
	int err = 0;

	for (int at = 0; at < o->n;) {
		int sent = sendmmsg(c->socket.fd, o->msgs + at, (unsigned)(o->n - at), MSG_DONTWAIT);

		if (sent < 0 && errno != EINTR)
			err = send_refused(c, &o->msgs[at++].msg_hdr, errno);
		for (; sent > 0; sent--)
			c->tx_packets += (unsigned)packets_of(&o->msgs[at++].msg_hdr);
	}
	o->n = o->packets = o->iovs = 0;
	o->segment = 0;
	return err;
}

static struct in6_pktinfo source_of(const struct flow *f)
{
	return (struct in6_pktinfo){.ipi6_addr = f->local, .ipi6_ifindex = f->ifindex};
}

/* A message of one packet yet, `len` octets in so many pieces, into the tunnel of f. */
static void begin_message(struct carrier_out *o, int pieces, size_t len, const struct flow *f)
{
	struct in6_pktinfo info = source_of(f);
	uint16_t segment = (uint16_t)len;
	int i = o->n++;
	struct msghdr *m = &o->msgs[i].msg_hdr;
	struct cmsghdr *c;

	o->peer[i] = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_addr = f->peer, .sin6_port = htons(f->port)};
	*m = (struct msghdr){&o->peer[i], sizeof(o->peer[i]), o->iov + o->iovs, (size_t)pieces, o->ctl[i], SINGLE, 0};
	c = CMSG_FIRSTHDR(m);
	*c = (struct cmsghdr){CMSG_LEN(sizeof(info)), IPPROTO_IPV6, IPV6_PKTINFO};
	memcpy(CMSG_DATA(c), &info, sizeof(info));
	c = (struct cmsghdr *)(void *)(o->ctl[i] + SINGLE);
	*c = (struct cmsghdr){CMSG_LEN(sizeof(segment)), IPPROTO_UDP, UDP_SEGMENT};
	memcpy(CMSG_DATA(c), &segment, sizeof(segment));
	o->len = len;
	o->segment = f->port && pieces == 2 ? len : 0;
}

/* Does the last message go where packets of f go? */
static bool same_ends(const struct carrier_out *o, const struct flow *f)
{
	const struct in6_pktinfo info = source_of(f);
	int i = o->n - 1;

	return addr_eq(&o->peer[i].sin6_addr, &f->peer) && o->peer[i].sin6_port == htons(f->port) &&
	       !memcmp(CMSG_DATA((const struct cmsghdr *)(const void *)o->ctl[i]), &info, sizeof(info));
}

/* Segments, which but for the last are equally long, leave in one message. */
static void add_piece(struct carrier_out *o, int pieces, const struct flow *f)
{
	const struct iovec *v = o->iov + o->iovs;
	size_t len = v[0].iov_len + (pieces == 2 ? v[1].iov_len : 0);
	struct msghdr *m = &o->msgs[o->n ? o->n - 1 : 0].msg_hdr; /* the last one */

	if (pieces < 2 || len > o->segment || o->len + len > TRAIN_MAX || m->msg_iovlen == 2 * TRAIN_PACKETS)
		begin_message(o, pieces, len, f);
	else {
		m->msg_iovlen += 2;
		m->msg_controllen = sizeof(o->ctl[0]);
		o->len += len;
		o->segment = len == o->segment ? len : 0;
	}
	o->packets++;
	o->iovs += pieces;
}

bool carrier_may(struct carrier *c, const struct packet *p, const struct flow_entry *e)
{
	bool may = edit_may_nest(p, &e->flow.peer);

	c->flows->drops.nested += !may;
	return may;
}

void carrier_add(struct carrier *c, struct packet *p, struct flow_entry *e)
{
	struct carrier_out *o = &c->out;
	struct cut cut;
	int pieces;

	if (cut_begin(&cut, p)) {
		c->flows->drops.malformed++;
		return;
	}
	edit_count(&e->counts.out, p);
	if (!o->n || !same_ends(o, &e->flow))
		o->segment = 0;
	while ((pieces = cut_next(&cut, o->head[o->packets], o->iov + o->iovs))) {
		add_piece(o, pieces, &e->flow);
		if (o->packets == CARRIER_PIECES || o->n == CARRIER_BATCH)
			(void)!carrier_flush(c);
	}
}

/* --- in ----------------------------------------------------------------------------------------------------------- */

/* 10.4.5. Inner sources and destinations we have no tunnel for are refused too. In protocol 41 both ports are 0. */
static bool accepted(struct carrier *c, const uint8_t *pkt, size_t len, const struct sockaddr_in6 *outer)
{
	struct in6_addr src, dst;
	struct flow_entry *e;

	if (!edit_addrs(pkt, len, &src, &dst))
		return false;
	e = table_lookup(&c->flows->table, &dst, &src, FLOW_ENCAP);
	if (!e || !addr_eq(&e->flow.peer, &outer->sin6_addr) || htons(e->flow.port) != outer->sin6_port)
		return false;
	e->counts.in.packets++;
	e->counts.in.octets += len;
	return true;
}

static void write_merged(struct carrier *c)
{
	struct merge *m = &c->in.merge;

	if (merge_empty(m))
		return;
	merge_end(m);
	if (writev(*c->device, m->piece, m->pieces) >= 0)
		c->rx_packets += m->pieces == 2 ? 1 : (unsigned)m->pieces - 2;
	m->pieces = 0;
}

static void take_packet(struct carrier *c, const struct msghdr *h, const uint8_t *pkt, size_t len)
{
	struct merge *m = &c->in.merge;
	bool whole = !(h->msg_flags & MSG_TRUNC);

	if (whole && c->message && c->message(c, h, pkt, len))
		return;
	if (!whole || !accepted(c, pkt, len, h->msg_name)) {
		c->flows->drops.tunnel++;
		if (whole && c->elsewhere)
			c->elsewhere(c, h, pkt, len);
		return;
	}
	if (merge_add(m, pkt, len))
		return;
	write_merged(c);
	(void)!merge_add(m, pkt, len);
}

bool carrier_told(const struct msghdr *h, int level, int type, void *out, size_t len)
{
	struct msghdr *m = (struct msghdr *)h;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c))
		if (c->cmsg_level == level && c->cmsg_type == type && c->cmsg_len >= CMSG_LEN(len)) {
			memcpy(out, CMSG_DATA(c), len);
			return true;
		}
	return false;
}

static void take_message(struct carrier *c, struct mmsghdr *m)
{
	const uint8_t *at = m->msg_hdr.msg_iov->iov_base;
	size_t left = m->msg_len, len;
	int segment;

	if (!carrier_told(&m->msg_hdr, IPPROTO_UDP, UDP_GRO, &segment, sizeof(segment)) || segment <= 0)
		segment = CARRIER_TRAIN;
	do {
		len = (size_t)segment < left ? (size_t)segment : left;
		take_packet(c, &m->msg_hdr, at, len);
		at += len;
		left -= len;
	} while (left);
}

/* False: that was all. */
static bool receive_batch(struct carrier *c)
{
	struct carrier_in *in = &c->in;
	int most = (int)(CARRIER_DATA / c->room), n;

	most = most < CARRIER_BATCH ? most : CARRIER_BATCH;
	for (int i = 0; i < most; i++) {
		in->iov[i] = (struct iovec){in->data + (size_t)i * c->room, c->room};
		in->msgs[i].msg_hdr = (struct msghdr){
			&in->peer[i], sizeof(in->peer[i]), &in->iov[i], 1, in->ctl[i], sizeof(in->ctl[i]), 0};
	}
	n = recvmmsg(c->socket.fd, in->msgs, (unsigned)most, MSG_DONTWAIT, NULL);
	for (int i = 0; i < n; i++)
		take_message(c, &in->msgs[i]);
	write_merged(c);
	return n == most;
}

static void packets_came(struct watch *w, uint32_t events)
{
	struct carrier *c = timer_owner(w, struct carrier, socket);

	(void)events;
	for (int round = 0; round < ROUNDS && receive_batch(c); round++)
		;
}

int carrier_raw(int proto, struct why *why)
{
	int hops = EDIT_HOPS, fd = socket(AF_INET6, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, proto);

	if (fd < 0)
		return why_set(why, errno, "raw socket for tunnels: %s", strerror(errno));
	(void)setsockopt(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, &hops, sizeof(hops));
	sock_grow(fd, SOCK_BUF);
	return fd;
}

void carrier_begin(struct carrier *c, struct flows *flows, const int *device, size_t room)
{
	c->socket = (struct watch){-1, packets_came};
	c->flows = flows;
	c->device = device;
	c->room = room;
}
