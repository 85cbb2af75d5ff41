/*
 * raw.h: receiving, from the raw sockets in batches and from the shim one by one. Checksums are
 * verified here although the kernel does it for raw ICMPv6 sockets: from the shim nobody
 * has, and there they are over home addresses (RFC 6275 6.1.1).
 */
#include <errno.h>
#include <netpacket/packet.h>
#include <string.h>

#include "sys/raw_impl.h"
#include "wire/exthdr.h"
#include "wire/icmp6.h"
#include "wire/mh.h"

/* Over the addresses the upper layers know (6.3, 6.4). */
static bool sum_ok(const struct raw_meta *m, uint8_t proto, const uint8_t *data, size_t len)
{
	const struct in6_addr *src = m->has_hao ? &m->hao : &m->src, *dst = m->has_rh2 ? &m->rh2 : &m->dst;

	if (proto == MH_PROTO)
		return mh_checksum_ok(src, dst, data, len);
	return ip6_checksum(src, dst, proto, data, len) == 0;
}

static void give(struct raw *r, uint8_t proto, void (*to)(void *, const struct raw_meta *, const uint8_t *, size_t),
	const struct raw_meta *m, const uint8_t *data, size_t len)
{
	if (len < 4 || !sum_ok(m, proto, data, len)) {
		r->stats.rx_malformed++;
		return;
	}
	r->stats.rx++;
	if (to)
		to(r->ev.ctx, m, data, len);
}

void raw_take_mh(struct raw *r, struct raw_meta *m, const uint8_t *data, size_t len)
{
	give(r, MH_PROTO, r->ev.mh, m, data, len);
}

void raw_take_icmp(struct raw *r, struct raw_meta *m, const uint8_t *data, size_t len)
{
	give(r, IPPROTO_ICMPV6, r->ev.icmp, m, data, len);
}

static bool is_prefix_discovery(const struct exthdr *e, const uint8_t *pkt)
{
	uint8_t type = e->end > e->upper_at ? pkt[e->upper_at] : 0;

	return e->upper == IPPROTO_ICMPV6 && (type == ICMP6_MPS || type == ICMP6_MPA);
}

void raw_serve(struct raw *r, const struct exthdr *e, const uint8_t *pkt)
{
	struct raw_meta m = {
		.src = e->src, .dst = e->dst, .hao = e->hao, .rh2 = e->rh2, .has_hao = e->hao_at, .has_rh2 = e->rh2_at};

	m.hop_limit = pkt[7];
	m.pkt = pkt;
	m.pkt_len = e->end;
	m.upper_at = e->upper_at;
	(e->upper == MH_PROTO ? raw_take_mh : raw_take_icmp)(r, &m, pkt + e->upper_at, e->end - e->upper_at);
}

/* A Mobility Header message is never fragmented (6.1.1: it fits any link). */
bool raw_from_shim(void *raw, const struct exthdr *e, const uint8_t *pkt)
{
	struct raw *r = raw;

	if (e->upper != MH_PROTO && !is_prefix_discovery(e, pkt)) {
		r->stats.rx_other++;
		return false;
	}
	if (e->fragment)
		r->stats.rx_malformed++;
	else if (!r->ev.known || r->ev.known(r->ev.ctx, e))
		raw_serve(r, e, pkt);
	else
		raw_wait(r, pkt, e->end);
	return true;
}

static void meta_ctl(struct raw_meta *m, struct msghdr *h)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(h); c; c = CMSG_NXTHDR(h, c)) {
		struct in6_pktinfo info;
		int hops;

		if (c->cmsg_level != IPPROTO_IPV6)
			continue;
		if (c->cmsg_type == IPV6_PKTINFO && c->cmsg_len >= CMSG_LEN(sizeof(info))) {
			memcpy(&info, CMSG_DATA(c), sizeof(info));
			m->dst = info.ipi6_addr;
			m->ifindex = info.ipi6_ifindex;
		} else if (c->cmsg_type == IPV6_HOPLIMIT && c->cmsg_len >= CMSG_LEN(sizeof(hops))) {
			memcpy(&hops, CMSG_DATA(c), sizeof(hops));
			m->hop_limit = (uint8_t)hops;
		}
	}
}

static void take_packet(struct raw_sock *s, struct mmsghdr *msg)
{
	struct raw *r = s->raw;
	struct raw_meta m = {0};
	const struct sockaddr_storage *from = msg->msg_hdr.msg_name;

	if (msg->msg_hdr.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) {
		r->stats.rx_malformed++;
		return;
	}
	if (from->ss_family == AF_INET6)
		m.src = ((const struct sockaddr_in6 *)(const void *)from)->sin6_addr;
	else if (from->ss_family == AF_PACKET)
		m.ifindex = (unsigned)((const struct sockaddr_ll *)(const void *)from)->sll_ifindex;
	meta_ctl(&m, &msg->msg_hdr);
	s->take(r, &m, msg->msg_hdr.msg_iov->iov_base, msg->msg_len);
}

static void prepare_messages(struct raw *r)
{
	for (int i = 0; i < RAW_BATCH; i++) {
		r->iov[i] = (struct iovec){r->data[i], RAW_ROOM};
		r->msgs[i].msg_hdr =
			(struct msghdr){&r->from[i], sizeof(r->from[i]), &r->iov[i], 1, r->ctl[i], RAW_CTL, 0};
	}
}

/* A callback may unwatch the link whose messages are being walked: the list node may be gone after take_packet(). */
static bool still_there(const struct raw *r, const struct raw_sock *s)
{
	if (s == &r->mh || s == &r->icmp)
		return true;
	for (const struct raw_link *l = r->links; l; l = l->next)
		if (&l->sock == s)
			return true;
	return false;
}

void raw_ready(struct watch *w, uint32_t events)
{
	struct raw_sock *s = timer_owner(w, struct raw_sock, watch);
	struct raw *r = s->raw;
	int n = RAW_BATCH;

	(void)events;
	for (int round = 0; round < RAW_ROUNDS && n == RAW_BATCH; round++) {
		prepare_messages(r);
		n = recvmmsg(s->watch.fd, r->msgs, RAW_BATCH, MSG_DONTWAIT, NULL);
		for (int i = 0; i < n; i++) {
			take_packet(s, &r->msgs[i]);
			if (!still_there(r, s))
				return;
		}
	}
}
