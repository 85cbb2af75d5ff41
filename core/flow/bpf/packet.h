/*
 * What the tc programs of either direction (flow.bpf.c) share: the maps, how a flow is found, how a packet is measured,
 * counted, put into a tunnel and sent, and the copy of it that the agent gets.
 */
#ifndef MIP_FLOW_BPF_PACKET_H
#define MIP_FLOW_BPF_PACKET_H

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/in.h>
#include <linux/ipv6.h>
#include <linux/pkt_cls.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "flow/bpf/maps.h"

#ifndef BPF_F_ADJ_ROOM_DECAP_L3_IPV6
#define BPF_F_ADJ_ROOM_DECAP_L3_IPV6 (1ULL << 8)
#endif

#define INLINE	     static __attribute__((always_inline)) inline
#define PASS	     TC_ACT_UNSPEC
#define AF_INET6     10
#define IP6	     40
#define EXT	     24 /* a type 2 routing header, or a destination options header with nothing but a HAO */
#define HOPS	     64
#define MH	     135
#define ICMP6_MPS    146 /* Mobile Prefix Solicitation */
#define ICMP6_MPA    147 /* ... Advertisement */
#define LIMIT	     4	 /* the option of RFC 2473 4.1.1 */
#define IS_IPSEC(nh) ((nh) == IPPROTO_ESP || (nh) == IPPROTO_AH)
#define SAMPLE	     0x6d70 /* tc_index of a copy that shows who talks to whom */
#define AGAIN	     0x6d71 /* tc_index of a packet that mip_again is for */
#define SAMPLE_LEN   80
#define SAMPLES	     8
#define PAUSE	     20000000U /* ns, on average */
#define ECN_CE	     3

const volatile struct fmap_conf conf; /* the only constant: it is what .rodata holds */

__u64 sample_next, sample_count; /* races between processors cost or give a sample */

/* A map of flows; the loader says how many. */
#define FLOWS(kind, of, most)                                                                                          \
	struct {                                                                                                       \
		__uint(type, kind);                                                                                    \
		__uint(map_flags, BPF_F_NO_PREALLOC);                                                                  \
		__uint(max_entries, most);                                                                             \
		__type(key, struct of);                                                                                \
		__type(value, struct fmap_flow);                                                                       \
	}

FLOWS(BPF_MAP_TYPE_HASH, fmap_addr, 1024) bound SEC(".maps"), away SEC(".maps");
FLOWS(BPF_MAP_TYPE_HASH, fmap_pair, 1024) pairs SEC(".maps");
FLOWS(BPF_MAP_TYPE_LPM_TRIE, fmap_net, 4096) bound_nets SEC(".maps"), away_nets SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, FMAP_DROPS);
	__type(key, __u32);
	__type(value, __u64);
} drops SEC(".maps");

/* The IPv6 header as the programs handle it. */
struct ip6 {
	__be32 first; /* version, class, label */
	__be16 plen;
	__u8 next, hops;
	struct fmap_addr src, dst;
};

INLINE int is_ip6(const struct ip6 *ip)
{
	return (ip->first & bpf_htonl(0xf0000000)) == bpf_htonl(0x60000000);
}

/* A packet as it will be on the wire: how long each segment is, how many there are, what of each is headers. */
struct wire {
	__u32 seg, segs, head;
};

INLINE int same(const struct fmap_addr *a, const struct fmap_addr *b)
{
	return a->a[0] == b->a[0] && a->a[1] == b->a[1];
}

INLINE int drop(__u32 reason)
{
	__u64 *n = bpf_map_lookup_elem(&drops, &reason);

	if (n)
		*n += 1;
	return TC_ACT_SHOT;
}

/* --- flows -------------------------------------------------------------------------------------------------------- */

INLINE struct fmap_flow *find_flow(void *hosts, void *nets, const struct fmap_addr *addr)
{
	struct fmap_flow *f = bpf_map_lookup_elem(hosts, addr);
	struct {
		__u32 unused; /* the address at a multiple of 8 (put_ext) */
		struct fmap_net key;
	} a __attribute__((aligned(8)));

	if (f)
		return f;
	a.key.plen = 128;
	__builtin_memcpy(__builtin_assume_aligned(&a.key.addr, 8), addr, sizeof(*addr));
	return bpf_map_lookup_elem(nets, &a.key);
}

INLINE struct fmap_flow *find_bound(const struct fmap_addr *home)
{
	return find_flow(&bound, &bound_nets, home);
}

INLINE struct fmap_flow *find_away(const struct fmap_addr *home)
{
	return find_flow(&away, &away_nets, home);
}

INLINE struct fmap_flow *find_pair(const struct fmap_addr *src, const struct fmap_addr *dst)
{
	struct fmap_pair key = {*src, *dst};

	return bpf_map_lookup_elem(&pairs, &key);
}

/* `l3`: length of the packet that begins with an IPv6 header at `at`, behind whose `room` octets `next` stands. */
INLINE struct wire measure(struct __sk_buff *skb, __u32 at, __u32 room, __u8 next)
{
	__u32 len = skb->len - at, size = skb->gso_size;
	struct wire w = {len, 1, 0};
	__u8 off = 0;

	if (!size)
		return w;
	w.head = room + 8;
	if (next == IPPROTO_TCP && !bpf_skb_load_bytes(skb, at + room + 12, &off, 1))
		w.head = room + (off >> 4) * 4;
	w.seg = w.head + size;
	w.segs = skb->gso_segs;
	if (!w.segs && len > w.head)
		w.segs = (len - w.head + size - 1) / size;
	return w;
}

/* The packet has its edits, `added` octets; it begins at `at`. */
INLINE void count(struct fmap_flow *f, __u32 dir, __u32 octets, const struct wire *w, __u32 added)
{
	__u32 segs = w->segs ? w->segs : 1;

	__sync_fetch_and_add(&f->count[dir].packets, segs);
	__sync_fetch_and_add(&f->count[dir].octets, octets + (segs - 1) * (w->head + added));
}

/* --- ways --------------------------------------------------------------------------------------------------------- */

struct hop {
	struct fmap_addr to;
	__u32 ifindex;
};

enum { HOP_OK, HOP_NONE, HOP_NEW, HOP_TOO_BIG };

/* Where a packet of `seg` octets from src to dst goes. A packet on its way out has the route that led here, and the
 * kernel would ask that one for the address of a neighbour it does not know yet. */
INLINE int next_hop(struct __sk_buff *skb, const struct fmap_addr *src, const struct fmap_addr *dst, __u8 proto,
	__u32 seg, struct hop *hop)
{
	struct bpf_fib_lookup fib = {};
	long rc;

	fib.family = AF_INET6;
	fib.l4_protocol = proto;
	fib.tot_len = seg;
	fib.ifindex = skb->ifindex; /* which must forward */
	__builtin_memcpy(fib.ipv6_src, src, sizeof(*src));
	__builtin_memcpy(fib.ipv6_dst, dst, sizeof(*dst));
	rc = bpf_fib_lookup(skb, &fib, sizeof(fib), 0);
	if (rc == BPF_FIB_LKUP_RET_FRAG_NEEDED)
		return HOP_TOO_BIG;
	if (rc && rc != BPF_FIB_LKUP_RET_NO_NEIGH)
		return HOP_NONE;
	hop->ifindex = fib.ifindex;
	__builtin_memcpy(&hop->to, fib.ipv6_dst, sizeof(hop->to)); /* before what old verifiers speculate past */
	if (hop->ifindex == conf.mip0)
		return HOP_OK;
	return rc && skb->ifindex == conf.mip0 && skb->tc_index != AGAIN ? HOP_NEW : HOP_OK;
}

/* What becomes of a packet on mip0 for another reason than HOP_OK. By the ingress of mip0 it loses its route. */
INLINE int no_hop(struct __sk_buff *skb, int reason)
{
	if (reason == HOP_NONE)
		return drop(FMAP_DROP_ROUTE);
	if (reason == HOP_TOO_BIG)
		return TC_ACT_OK;
	skb->tc_index = AGAIN;
	return bpf_redirect(conf.mip0, BPF_F_INGRESS);
}

/* Sends what begins with its IPv6 header, or an Ethernet header of no meaning before it. A care-of address in
 * somebody's mobile network is at the end of another tunnel. */
INLINE int send(struct __sk_buff *skb, __u32 l2, const struct hop *hop)
{
	struct {
		__u32 unused; /* the address at a multiple of 8 (put_ext) */
		struct bpf_redir_neigh to;
	} a __attribute__((aligned(8))) = {};

	if (hop->ifindex == conf.mip0)
		return bpf_redirect(conf.mip0, 0);
	if (!l2 && bpf_skb_change_head(skb, ETH_HLEN, 0))
		return drop(FMAP_DROP_EDIT);
	a.to.nh_family = AF_INET6;
	__builtin_memcpy(__builtin_assume_aligned(a.to.ipv6_nh, 8), &hop->to, sizeof(hop->to));
	return bpf_redirect_neigh(hop->ifindex, &a.to, sizeof(a.to), 0);
}

/* Into the tunnel of f, from `at`, where ip was read. */
INLINE int encapsulate(struct __sk_buff *skb, __u32 l2, const struct ip6 *ip, struct fmap_flow *f, struct wire *w,
	const struct hop *hop)
{
	struct {
		__be64 first; /* at once (put_ext) */
		struct fmap_addr src, dst;
	} outer;

	if (bpf_skb_adjust_room(skb, IP6, BPF_ADJ_ROOM_MAC, BPF_F_ADJ_ROOM_FIXED_GSO | BPF_F_ADJ_ROOM_ENCAP_L3_IPV6) &&
		bpf_skb_adjust_room(skb, IP6, BPF_ADJ_ROOM_MAC, BPF_F_ADJ_ROOM_FIXED_GSO))
		return drop(FMAP_DROP_EDIT);
	outer.first = bpf_cpu_to_be64((0x60000000ULL | (bpf_ntohl(ip->first) & 0x0ff00000)) << 32 |
				      (__u64)(__u16)(skb->len - l2 - IP6) << 16 | IPPROTO_IPV6 << 8 | HOPS);
	outer.src = f->local;
	outer.dst = f->peer;
	if (bpf_skb_store_bytes(skb, l2, &outer, sizeof(outer), BPF_F_RECOMPUTE_CSUM))
		return drop(FMAP_DROP_EDIT);
	count(f, FMAP_OUT, skb->len - l2, w, IP6);
	return send(skb, l2, hop);
}

/* RFC 2473 4.1.1: how deep tunnels may be nested the agent sees: it gets what is in two already, or in one with
 * options. */
INLINE int is_nested(struct __sk_buff *skb, __u32 l2, const struct ip6 *ip)
{
	__u8 next = 0;

	if (ip->next == IPPROTO_DSTOPTS)
		return bpf_skb_load_bytes(skb, l2 + IP6, &next, 1) || next == IPPROTO_IPV6;
	return ip->next == IPPROTO_IPV6 &&
	       (bpf_skb_load_bytes(skb, l2 + IP6 + 6, &next, 1) || next == IPPROTO_IPV6 || next == IPPROTO_DSTOPTS);
}

/* A tunnel encapsulation limit of 0: the shim answers. */
INLINE int is_limited(struct __sk_buff *skb, __u32 l2, const struct ip6 *ip)
{
	__u8 b[5];

	return ip->next == IPPROTO_DSTOPTS && !bpf_skb_load_bytes(skb, l2 + IP6, b, sizeof(b)) && b[2] == LIMIT &&
	       !b[4];
}

/* A copy of the packet's beginning, for the agent. Pauses differ: what comes at regular times is not missed each time.
 */
INLINE void sample(struct __sk_buff *skb)
{
	__u64 now = bpf_ktime_get_ns();
	__u32 was = skb->tc_index;

	if (now >= sample_next) {
		sample_next = now + PAUSE / 2 + bpf_get_prandom_u32() % PAUSE;
		sample_count = 0;
	}
	if (sample_count >= SAMPLES)
		return;
	sample_count++;
	skb->tc_index = SAMPLE;
	bpf_clone_redirect(skb, conf.mip0, 0);
	skb->tc_index = was;
}

struct ext {
	__u8 next, len, b[6];
	struct fmap_addr addr;
};

#endif
