/*
 * The packet editor: puts Home Address options, type 2 routing headers and outer headers into a packet and takes them
 * out (RFC 6275 6.3, 6.4, RFC 2473), in a buffer with room before it. Only headers move: a packet that holds 64 kB of
 * segments costs no more than a small one. Which edit a packet gets is decided elsewhere; nothing here has state.
 */
#ifndef MIP_FLOW_EDIT_H
#define MIP_FLOW_EDIT_H

#include <linux/virtio_net.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flow/nest.h"
#include "flow/table.h"
#include "wire/exthdr.h"

/* Octets free before a packet's data: HAO, RH2, an outer header, and the header of the device. */
#define EDIT_FRONT 128
#define EDIT_HOPS  64 /* of an outer header */

/* A packet between stack and wire. The offsets in vnet are from data. */
struct packet {
	struct virtio_net_hdr vnet; /* checksum to be filled, segments to be cut; zeroed = neither */
	uint8_t *data;
	size_t len;
};

/* Source and destination of a packet of IPv6, or of IPv4: these are IPv4-mapped, and in IPv6 no address is. */
bool edit_addrs(const uint8_t *pkt, size_t len, struct in6_addr *src, struct in6_addr *dst)
	__attribute__((warn_unused_result));

/* Puts a HAO (coa: becomes the source) and an RH2 (to_coa: becomes the destination) in; either may be NULL. `e`: what
 * exthdr_read said of the packet, EXT_OK. -EINVAL: headers longer than can be moved, or there is one already.
 * -EMSGSIZE: the packet would outgrow its Payload Length. Then it is as it was. */
int edit_insert(struct packet *p, const struct exthdr *e, const struct in6_addr *coa, const struct in6_addr *to_coa)
	__attribute__((warn_unused_result));
/* What the kernel said of a packet that came in with a HAO or an RH2, made true: to be called before counting or
 * stripping it. */
void edit_settle(struct packet *p);
/* Takes HAO and RH2 out: source and destination become the home addresses. -EINVAL as above. */
int edit_strip(struct packet *p, const struct exthdr *e) __attribute__((warn_unused_result));

/* May the packet go into a tunnel to `peer` (nest.h)? */
bool edit_may_nest(const struct packet *p, const struct in6_addr *peer);
/* Puts an outer header before it, with the inner traffic class and ECN (RFC 6040). The packet must not be one of
 * segments to be cut (vnet.gso_type): no device cuts them behind two headers. -EMSGSIZE as above. */
int edit_encap(struct packet *p, const struct in6_addr *local, const struct in6_addr *peer)
	__attribute__((warn_unused_result));
/* Takes the outer header and what stands between it and the packet inside off. `e`: of the outer packet, its upper
 * header is protocol 41. Congestion met on the way is told inside (RFC 6040). -EINVAL: no whole packet inside, or one
 * that must be dropped, as congestion cannot be told. */
int edit_decap(struct packet *p, const struct exthdr *e) __attribute__((warn_unused_result));

/* Counts a packet as it is on the wire: `p` has its edits. */
void edit_count(struct flow_count *c, const struct packet *p);

#endif
