/*
 * Mobility Header and ICMPv6 packets in and out of the machine. In: raw sockets
 * and, for packets with a Home Address option or a type 2 routing header, the
 * shim (shim.c: nft ingress `fwd` into the TUN device `mipro`, so that the kernel
 * never sees them). Out: a header-included raw socket.
 *
 * The shim is opened by whoever opens raw, because it is attached link by link:
 *	raw_open(&raw, loop, &events, why);
 *	shim_open(&shim, loop, nl, raw_from_shim, raw, why);
 * and closed before raw is.
 */
#ifndef MIP_SYS_RAW_H
#define MIP_SYS_RAW_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/loop.h"
#include "base/why.h"

struct exthdr;

/* How a message travelled, as RFC 6275 looks at it. */
struct raw_meta {
	struct in6_addr src, dst; /* of the IPv6 header on the wire */
	struct in6_addr hao, rh2; /* home addresses, valid when has_* */
	bool has_hao, has_rh2;
	unsigned ifindex; /* in: arrived on, 0 = through the shim; out: leave through, 0 = by routing */
	uint8_t hop_limit;
	/* in: the packet as it came, for Parameter Problem; upper_at = offset of the message in it. NULL when only the
	 * message is known: then pkt is rebuilt by the answerer. */
	const uint8_t *pkt;
	size_t pkt_len, upper_at;
};

/* Data and meta live until the callback returns. Callbacks may send and watch, not close. */
struct raw_events {
	void *ctx;
	/* Do its sender and we know each other? Then a message that came through the shim is served before others. */
	bool (*known)(void *ctx, const struct exthdr *e);
	/* A Mobility Header message whose checksum is right. */
	void (*mh)(void *ctx, const struct raw_meta *m, const uint8_t *data, size_t len);
	/* An ICMPv6 message whose checksum is right: RA, RS, NA, DHAAD, MPS, MPA, and errors about our packets. */
	void (*icmp)(void *ctx, const struct raw_meta *m, const uint8_t *data, size_t len);
	/* Neighbor Discovery seen on a watched link (raw_nd_watch): NS and NA for any target, hop limit 255. */
	void (*nd)(void *ctx, const struct raw_meta *m, const uint8_t *data, size_t len);
};

struct raw_stats {
	uint64_t rx, tx;       /* messages given to callbacks, sent */
	uint64_t rx_malformed; /* checksum, truncation, headers that cannot be walked */
	uint64_t rx_other;     /* from the shim, neither MH nor mobile prefix discovery: left to route optimization */
	uint64_t rx_crowded;   /* of strangers, too many of whom wait */
	uint64_t tx_failed;    /* refused by the kernel: no route, no buffer, source not ours */
};

struct raw;

int raw_open(struct raw **out, struct loop *loop, const struct raw_events *ev, struct why *why)
	__attribute__((warn_unused_result));
void raw_close(struct raw *r); /* NULL is nothing */
void raw_stats(const struct raw *r, struct raw_stats *out);

/* The shim_in callback (shim.h) of a struct raw: takes Mobility Header messages and mobile prefix discovery. */
bool raw_from_shim(void *raw, const struct exthdr *e, const uint8_t *pkt);

/* Sends a message (checksum 0; filled here over home addresses, RFC 6275 6.1.1) from m->src to m->dst, with a HAO
 * holding m->hao when has_hao and an RH2 holding m->rh2 when has_rh2. 0 or -errno (-EADDRNOTAVAIL: m->src is not ours
 * (any more), or still tentative). */
int raw_send_mh(struct raw *r, const struct raw_meta *m, const uint8_t *data, size_t len)
	__attribute__((warn_unused_result));
/* The same for ICMPv6. hop_limit 0 = 64 (Neighbor Discovery wants 255). src may be :: (DAD probes). */
int raw_send_icmp(struct raw *r, const struct raw_meta *m, const uint8_t *data, size_t len)
	__attribute__((warn_unused_result));

/* Takes ICMPv6 messages to an anycast address on a link, until raw_anycast_leave or raw_close; the link must forward.
 * Joining again is 0, leaving what was not joined too. */
int raw_anycast_join(struct raw *r, unsigned ifindex, const struct in6_addr *addr, struct why *why)
	__attribute__((warn_unused_result));
void raw_anycast_leave(struct raw *r, unsigned ifindex, const struct in6_addr *addr);
/* Questions for `addr` on the link are heard from now on, or no more: its solicited-node group is joined. The kernel
 * joins it, too, but a moment after it has the address, and the first question would be lost. */
void raw_solicited_join(struct raw *r, unsigned ifindex, const struct in6_addr *addr);
void raw_solicited_leave(struct raw *r, unsigned ifindex, const struct in6_addr *addr);

/* The kernel writes the IPv6 header, and its IPsec policies for (m->src, m->dst, proto) apply: for messages that are to
 * be protected. Neither HAO nor RH2. proto: MH_PROTO or IPPROTO_ICMPV6. A Mobility Header with a hop limit leaves
 * through m->ifindex whatever a policy rule says. */
int raw_send_plain(struct raw *r, uint8_t proto, const struct raw_meta *m, const uint8_t *data, size_t len)
	__attribute__((warn_unused_result));
/* A whole packet from m->src to m->dst, through m->ifindex. */
int raw_send_packet(struct raw *r, const struct raw_meta *m, const uint8_t *pkt, size_t len)
	__attribute__((warn_unused_result));

/* Watches / stops watching Neighbor Discovery on a link (all-multicast packet socket with a filter): NS and NA.
 * Watching twice is 0; so is unwatching a link that vanished. */
int raw_nd_watch(struct raw *r, unsigned ifindex, struct why *why) __attribute__((warn_unused_result));
void raw_nd_unwatch(struct raw *r, unsigned ifindex);
/* RFC 5227 2.3: everybody on the link learns that it reaches that IPv4 address there. 0 or -errno. */
int raw_arp_announce(unsigned ifindex, const uint8_t lladdr[static 6], const uint8_t ipv4[static 4])
	__attribute__((warn_unused_result));

#endif
