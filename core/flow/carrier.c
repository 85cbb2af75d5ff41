/* carrier.h. */
#include <errno.h>
#include <string.h>
#include <sys/uio.h>

#include "base/addr.h"
#include "flow/carrier.h"
#include "flow/flow_impl.h"
#include "sys/tun.h"

#define ROUNDS	 4 /* batches a turn */
#define SOCK_BUF (8 << 20)

/* --- out ---------------------------------------------------------------------------------------------------------- */

/* A message the kernel refuses is skipped, not retried. */
int carrier_flush(struct carrier *c)
{
	struct carrier_out *o = &c->out;
	int err = 0;

	for (int at = 0; at < o->n;) {
		int sent = sendmmsg(c->socket.fd, o->msgs + at, (unsigned)(o->n - at), MSG_DONTWAIT);

		if (sent > 0) {
			c->tx_packets += (unsigned)sent;
			at += sent;
		} else if (errno != EINTR) {
			err = -errno;
			c->flows->drops.refused++;
			at++;
		}
	}
	o->n = 0;
	return err;
}

/* The ends of the tunnel of message i; its pieces are there. */
static void address_message(struct carrier_out *o, int i, int pieces, const struct flow *f)
{
	struct in6_pktinfo info = {.ipi6_addr = f->local, .ipi6_ifindex = f->ifindex};
	struct msghdr *m = &o->msgs[i].msg_hdr;
	struct cmsghdr *c;

	o->peer[i] = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_addr = f->peer, .sin6_port = htons(f->port)};
	*m = (struct msghdr){
		&o->peer[i], sizeof(o->peer[i]), o->iov[i], (size_t)pieces, o->ctl[i], sizeof(o->ctl[i]), 0};
	c = CMSG_FIRSTHDR(m);
	*c = (struct cmsghdr){CMSG_LEN(sizeof(info)), IPPROTO_IPV6, IPV6_PKTINFO};
	memcpy(CMSG_DATA(c), &info, sizeof(info));
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
	while ((pieces = cut_next(&cut, o->head[o->n], o->iov[o->n]))) {
		address_message(o, o->n, pieces, &e->flow);
		if (++o->n == CARRIER_BATCH)
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

static void take_packet(struct carrier *c, int i)
{
	struct carrier_in *in = &c->in;
	size_t len = in->msgs[i].msg_len;
	bool whole = !(in->msgs[i].msg_hdr.msg_flags & MSG_TRUNC);

	if (whole && c->message && c->message(c, &in->msgs[i].msg_hdr, in->data[i], len))
		return;
	if (!whole || !accepted(c, in->data[i], len, &in->peer[i])) {
		c->flows->drops.tunnel++;
		if (whole && c->elsewhere)
			c->elsewhere(c, &in->msgs[i].msg_hdr, in->data[i], len);
		return;
	}
	if (merge_add(&in->merge, in->data[i], len))
		return;
	write_merged(c);
	(void)!merge_add(&in->merge, in->data[i], len);
}

static int receive_batch(struct carrier *c)
{
	struct carrier_in *in = &c->in;
	int n;

	for (int i = 0; i < CARRIER_BATCH; i++) {
		in->iov[i] = (struct iovec){in->data[i], CARRIER_ROOM};
		in->msgs[i].msg_hdr = (struct msghdr){
			&in->peer[i], sizeof(in->peer[i]), &in->iov[i], 1, in->ctl[i], sizeof(in->ctl[i]), 0};
	}
	n = recvmmsg(c->socket.fd, in->msgs, CARRIER_BATCH, MSG_DONTWAIT, NULL);
	for (int i = 0; i < n; i++)
		take_packet(c, i);
	write_merged(c);
	return n;
}

static void packets_came(struct watch *w, uint32_t events)
{
	struct carrier *c = timer_owner(w, struct carrier, socket);
	int n = CARRIER_BATCH;

	(void)events;
	for (int round = 0; round < ROUNDS && n == CARRIER_BATCH; round++)
		n = receive_batch(c);
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

void carrier_begin(struct carrier *c, struct flows *flows, const int *device)
{
	c->socket = (struct watch){-1, packets_came};
	c->flows = flows;
	c->device = device;
}
