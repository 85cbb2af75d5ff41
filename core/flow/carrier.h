/*
 * Packets of tunnels in and out of one socket: that of protocol 41 (tun.c), and those of UDP over IPv4 and of IPv4 in
 * IPv6 (apart.c). Out: a
 * packet of segments is cut into those that fit, and many leave in one call. In: a packet goes to a TUN device when its
 * outer source is that of its flow (RFC 6275 10.4.5), and segments that come in a row become one. Bounded work a turn;
 * what the kernel does not take at once is dropped, as any router does.
 */
#ifndef MIP_FLOW_CARRIER_H
#define MIP_FLOW_CARRIER_H

#include <netinet/in.h>
#include <sys/socket.h>

#include "base/loop.h"
#include "flow/flow.h"
#include "flow/segment.h"

#define CARRIER_BATCH 64
#define CARRIER_ROOM  9216 /* one inner packet; a longer one comes only out of fragments and is dropped */

struct carrier_out {
	int n;
	struct mmsghdr msgs[CARRIER_BATCH];
	struct iovec iov[CARRIER_BATCH][2];
	struct sockaddr_in6 peer[CARRIER_BATCH];
	_Alignas(struct cmsghdr) uint8_t ctl[CARRIER_BATCH][CMSG_SPACE(sizeof(struct in6_pktinfo))];
	uint8_t head[CARRIER_BATCH][SEGMENT_HEAD];
};

struct carrier_in {
	struct mmsghdr msgs[CARRIER_BATCH];
	struct iovec iov[CARRIER_BATCH];
	struct sockaddr_in6 peer[CARRIER_BATCH];
	_Alignas(struct cmsghdr) uint8_t ctl[CARRIER_BATCH][CMSG_SPACE(sizeof(struct in6_pktinfo))];
	uint8_t data[CARRIER_BATCH][CARRIER_ROOM];
	struct merge merge;
};

struct carrier {
	struct watch socket;
	struct flows *flows;
	const int *device; /* the TUN device what came goes to */
	/* Is that packet a message, and done with? NULL: none is. */
	bool (*message)(struct carrier *c, const struct msghdr *h, const uint8_t *pkt, size_t len);
	/* A packet did not come from where its flow is, and was dropped. NULL: nobody is told. */
	void (*elsewhere)(struct carrier *c, const struct msghdr *h, const uint8_t *pkt, size_t len);
	uint64_t rx_packets, tx_packets;
	struct carrier_out out;
	struct carrier_in in;
};

/* A raw socket of that protocol over IPv6. -errno: none. */
int carrier_raw(int proto, struct why *why) __attribute__((warn_unused_result));
/* What c begins with; the socket is the caller's to open, and loop_watch. */
void carrier_begin(struct carrier *c, struct flows *flows, const int *device);
/* Takes a packet to be sent by `e`, which must stay where it is until carrier_flush. */
void carrier_add(struct carrier *c, struct packet *p, struct flow_entry *e);
/* Sends what was taken. 0, or -errno of the last that was refused, which are counted. */
int carrier_flush(struct carrier *c);
/* May the packet go into the tunnel of `e`? False: counted. */
bool carrier_may(struct carrier *c, const struct packet *p, const struct flow_entry *e);

#endif
