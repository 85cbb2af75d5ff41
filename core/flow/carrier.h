/*
 * Packets of tunnels in and out of one socket: that of protocol 41 (tun.c), and those of UDP over IPv4 and of IPv4 in
 * IPv6 (apart.c). Out: a packet of segments is cut into those that fit, and many leave in one call; in UDP those that
 * are equally long are one message, which the kernel, or the device, makes datagrams of (UDP_SEGMENT). In: a packet
 * goes to a TUN device when its outer source is that of its flow (RFC 6275 10.4.5), and segments that come in a row
 * become one; so do datagrams, before they are read (UDP_GRO). Bounded work a turn; what the kernel does not take at
 * once is dropped, as any router does.
 */
#ifndef MIP_FLOW_CARRIER_H
#define MIP_FLOW_CARRIER_H

#include <netinet/in.h>
#include <sys/socket.h>

#include "base/loop.h"
#include "flow/flow.h"
#include "flow/segment.h"

#define CARRIER_BATCH  64	 /* messages a call */
#define CARRIER_PIECES 256	 /* packets in them, when they leave */
#define CARRIER_DATA   (1 << 20) /* octets that come in one call */
#define CARRIER_ROOM   9216	 /* one inner packet; a longer one comes only out of fragments and is dropped */
#define CARRIER_TRAIN  65536	 /* datagrams that came in a row */

struct carrier_out {
	int n, packets, iovs;
	struct mmsghdr msgs[CARRIER_BATCH];
	struct iovec iov[2 * CARRIER_PIECES];
	size_t segment; /* octets of a packet that may join the last message; 0: none may */
	size_t len;	/* of the last message */
	struct sockaddr_in6 peer[CARRIER_BATCH];
	_Alignas(struct cmsghdr)
		uint8_t ctl[CARRIER_BATCH][CMSG_SPACE(sizeof(struct in6_pktinfo)) + CMSG_SPACE(sizeof(uint16_t))];
	uint8_t head[CARRIER_PIECES][SEGMENT_HEAD];
};

struct carrier_in {
	struct mmsghdr msgs[CARRIER_BATCH];
	struct iovec iov[CARRIER_BATCH];
	struct sockaddr_in6 peer[CARRIER_BATCH];
	_Alignas(struct cmsghdr)
		uint8_t ctl[CARRIER_BATCH][CMSG_SPACE(sizeof(int)) + CMSG_SPACE(sizeof(struct in6_pktinfo))];
	uint8_t data[CARRIER_DATA];
	struct merge merge;
};

struct carrier {
	struct watch socket;
	struct flows *flows;
	const int *device; /* the TUN device what came goes to */
	size_t room;	   /* for a message that comes */
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
/* What c begins with; the socket is the caller's to open, and loop_watch. room: CARRIER_ROOM or CARRIER_TRAIN. */
void carrier_begin(struct carrier *c, struct flows *flows, const int *device, size_t room);
/* Takes a packet, which must stay where it is until carrier_flush, to be sent by `e`. */
void carrier_add(struct carrier *c, struct packet *p, struct flow_entry *e);
/* Sends what was taken. 0, or -errno of the last that was refused, which are counted. */
int carrier_flush(struct carrier *c);
/* What the kernel told with a message, of that type; false: nothing. */
bool carrier_told(const struct msghdr *h, int level, int type, void *out, size_t len);
/* May the packet go into the tunnel of `e`? False: counted. */
bool carrier_may(struct carrier *c, const struct packet *p, const struct flow_entry *e);

#endif
