/*
 * Flows: what the protocol wants of packets, as a table that all of the data path looks up. A flow is said as this
 *machine sends it; the same flow says how packets come back, and what is checked then:
 *
 *	home agent, a binding    ::/0 -> HOME/n    ENCAP  local = home agent, peer = care-of address
 *	                         back: in a tunnel from peer to local, the inner source is in HOME/n (RFC 6275 10.4.5)
 *	mobile node, away        HOME/n -> ::/0    ENCAP  local = care-of address, peer = home agent
 *	                         back: in a tunnel from peer to local, the inner destination is in HOME/n; a type 2
 *routing header that names HOME comes to local (11.3.3) our home address, direct HOME -> CN        HAO    local =
 *care-of address, which becomes the source (11.3.1) back: a type 2 routing header, as above another's, direct LOCAL ->
 *HOME     RH2    peer = care-of address, which becomes the destination (9.3.2) back: a Home Address option HOME is
 *accepted from peer only (9.3.1) a care-of address        COA -> ::/0       none   leaves by `router` on `ifindex`,
 *whatever other routes say
 *
 * A tunnel whose ends are IPv4-mapped addresses is one in UDP over IPv4 (RFC 5555), and its peer has a port.
 *
 * HAO and RH2 stand in one flow when both ends are mobile nodes. The table is memory: what a back end (flow_impl.h)
 *does with it is flow.h's.
 */
#ifndef MIP_FLOW_TABLE_H
#define MIP_FLOW_TABLE_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/map.h"

enum flow_edit { FLOW_ENCAP = 1, FLOW_HAO = 2, FLOW_RH2 = 4 };

/* A prefix of length 0 is any address, and stands as ::. */
struct flow_key {
	struct in6_addr src, dst;
	uint8_t splen, dplen;
};

struct flow {
	struct flow_key key;
	uint8_t edits; /* enum flow_edit */
	bool protect;  /* ENCAP: the kernel's IPsec has to see the packets, and may tunnel them itself */
	uint16_t port; /* of the peer, in UDP over IPv4; 0: protocol 41 */
	struct in6_addr local, peer;
	struct in6_addr router; /* out by it on `ifindex`; :: = by routing */
	unsigned ifindex;	/* of a tunnel in UDP, too */
};

/* As on the wire: segments, IPv6 header and all. */
struct flow_count {
	uint64_t packets, octets;
};

struct flow_counts {
	struct flow_count out, in;
};

struct flow_entry {
	struct map_node node;
	struct flow flow; /* flow.key: the key */
	struct flow_counts counts;
	uint32_t mtu;	 /* less than 1280, told by a router: no Packet Too Big can say it; 0 = none */
	uint32_t table;	 /* back ends with routes: the routing table of this source, or where the route of a pair stands
			  */
	uint32_t asked;	 /* packets that programs in the kernel had counted at the last flow_busy() */
	bool busy;	 /* packets passed since flow_busy() */
	bool registered; /* RH2 was set for a home registration, by its first packet */
	bool routed;	 /* back ends with routes: the route of a pair stands */
};

#define FLOW_SHAPES (2 * 129 + 1) /* pairs of prefix lengths in one table, at most: pairs of addresses, and one end */

struct flow_shape {
	uint8_t splen, dplen;
	uint32_t flows;
};

struct flow_table {
	struct map map;
	struct flow_shape shape[FLOW_SHAPES]; /* that occur, in the order of lookups */
	unsigned shapes;
};

/* The seed keeps those who choose addresses from choosing the bucket. */
void table_init(struct flow_table *t, uint64_t seed);
void table_free(struct flow_table *t);
/* Adds a flow, or takes its values over into the entry of the same key, whose counts stay. Bits behind the prefixes are
 * cleared. NULL: *err is -ENOMEM, -ENOSPC (too many shapes) or -EINVAL (a prefix longer than 128, or of ::). */
struct flow_entry *table_put(struct flow_table *t, const struct flow *f, int *err) __attribute__((warn_unused_result));
void table_del(struct flow_table *t, struct flow_entry *e);

/* The entry of just this key, or NULL. */
struct flow_entry *table_find(const struct flow_table *t, const struct flow_key *key);
/* The flow of a packet with one of these edits: a pair first, then the longest destination prefix, then the longest
 * source prefix. A packet that comes is looked up with its addresses swapped. */
struct flow_entry *table_lookup(
	const struct flow_table *t, const struct in6_addr *src, const struct in6_addr *dst, unsigned edits);
/* The flow of a pair of addresses, whatever its edits, or NULL. */
struct flow_entry *table_pair(const struct flow_table *t, const struct in6_addr *src, const struct in6_addr *dst);
/* The tunnel of a mobile node's home address (home agent) / of one of ours that is away, or NULL. What is inside a
 * mobile network has the network's tunnel, and is no home address. */
struct flow_entry *table_bound(const struct flow_table *t, const struct in6_addr *home);
struct flow_entry *table_away(const struct flow_table *t, const struct in6_addr *home);

/* Every entry: from n - 1 down to 0, then deletions between two steps hide none. */
static inline size_t table_count(const struct flow_table *t)
{
	return t->map.n;
}
static inline struct flow_entry *table_at(const struct flow_table *t, size_t i)
{
	return (struct flow_entry *)(void *)t->map.item[i];
}

/* Keys of the kinds above. */
static inline struct flow_key flow_key_bound(const struct in6_addr *home)
{
	return (struct flow_key){.dst = *home, .dplen = 128};
}
static inline struct flow_key flow_key_away(const struct in6_addr *home)
{
	return (struct flow_key){.src = *home, .splen = 128};
}
static inline struct flow_key flow_key_pair(const struct in6_addr *src, const struct in6_addr *dst)
{
	return (struct flow_key){*src, *dst, 128, 128};
}

#endif
