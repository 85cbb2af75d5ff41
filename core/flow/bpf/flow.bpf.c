/*
 * The data path as programs of tc (clsact): `mip_out` on the egress of mip0, where routes lead what is to be edited;
 * `mip_in` on the ingress of each link, once for those with an Ethernet header and once for those without. A packet
 * these do not know, or may not edit (it is too big, its headers are unusual, it is signalling), goes on as if they
 * were not there: on a link to the stack, on mip0 to the agent. RFC 6275 6.3, 6.4, 9.3.1, 9.3.2, 10.4, 11.3.
 *
 * Helpers and flags, and the kernel that had them first: bpf_redirect_neigh with a next hop 5.10; bpf_fib_lookup 4.18
 * (it names the link of a neighbour it does not know since 5.12; older kernels have tun); bpf_skb_adjust_room 4.13,
 * with ENCAP_L3_IPV6 5.1, FIXED_GSO 5.2, DECAP_L3_IPV6 6.3, else without; bpf_redirect and bpf_clone_redirect 4.2;
 * bpf_skb_change_head 4.10; gso_segs 5.1 and gso_size 5.7 of __sk_buff.
 */
#include "flow/bpf/packet.h"

/* --- out ---------------------------------------------------------------------------------------------------------- */

/* A packet that gets a HAO or an RH2 may begin with any header before which they stand (6.3, 6.4): one with others
 * first takes the longer way, which is always right. So does signalling, and what is said about it (11.3.1). */
INLINE int may_edit(struct __sk_buff *skb, __u32 at, __u8 next)
{
	__u8 type = 0;

	switch (next) {
	case IPPROTO_HOPOPTS:
	case IPPROTO_ROUTING:
	case IPPROTO_DSTOPTS:
	case MH: return 0;
	case IPPROTO_FRAGMENT: return !bpf_skb_load_bytes(skb, at + IP6, &type, 1) && type != MH;
	case IPPROTO_ICMPV6: return !bpf_skb_load_bytes(skb, at + IP6, &type, 1) && type != 4;
	}
	return 1;
}

/* Source and destination of a packet with the edits that are returned: those of f. What one header sets as the other
 * end may have a flow of its own, as a care-of address can be a correspondent, too. */
INLINE __u32 readdress(struct ip6 *ip, const struct fmap_flow *f)
{
	__u32 edits = f->edits & (FMAP_HAO | FMAP_RH2), more = edits ^ (FMAP_HAO | FMAP_RH2);
	const struct fmap_flow *other;

	if (edits & FMAP_HAO)
		ip->src = f->local;
	if (edits & FMAP_RH2)
		ip->dst = f->peer;
	other = more ? find_pair(&ip->src, &ip->dst) : 0;
	if (!other || !(other->edits & more))
		return edits;
	if (more == FMAP_HAO)
		ip->src = other->local;
	else
		ip->dst = other->peer;
	return edits | more;
}

/* From a home address that is away only what gets a HAO leaves by the foreign link. The rest takes the tunnel: it looks
 * the same at the other end as with a routing header in it. */
INLINE int is_direct(const struct ip6 *ip, const struct fmap_flow *f)
{
	struct ip6 edited = *ip;

	return !find_away(&ip->src) || readdress(&edited, f) & FMAP_HAO;
}

/* A header with `addr` in it, the original source (edit: HAO) or destination (RH2). Its first eight octets are written
 * at once: kernels such as 6.1 take a narrower write there for one into a pointer, unless CAP_PERFMON allows it. */
INLINE long put_ext(struct __sk_buff *skb, __u32 at, __u8 next, __u32 edit, const struct fmap_addr *addr)
{
	__u64 rh2 = 0x0002020100000000ULL; /* length, type, segments left */
	__u64 hao = 0x000201020000c910ULL; /* length, PadN, the option */
	struct head {
		__be64 first;
		struct fmap_addr addr;
	} e = {bpf_cpu_to_be64((__u64)next << 56 | (edit == FMAP_RH2 ? rh2 : hao)), *addr};

	return bpf_skb_store_bytes(skb, at, &e, sizeof(e), 0);
}

INLINE int insert(struct __sk_buff *skb, __u32 l2, struct ip6 *ip, struct fmap_flow *f)
{
	struct wire w = measure(skb, l2, IP6, ip->next);
	struct fmap_addr src = ip->src, dst = ip->dst;
	__u32 edits = readdress(ip, f), room = edits == (FMAP_HAO | FMAP_RH2) ? 2 * EXT : EXT, at = l2 + IP6;
	struct hop hop;
	int to = next_hop(skb, &ip->src, &ip->dst, ip->next, w.seg + room, &hop);
	__u8 next = ip->next;

	if (to)
		return no_hop(skb, to);
	/* The size is a constant to each call, as old verifiers want it. */
	if (room == 2 * EXT ? bpf_skb_adjust_room(skb, 2 * EXT, BPF_ADJ_ROOM_NET, BPF_F_ADJ_ROOM_FIXED_GSO)
			    : bpf_skb_adjust_room(skb, EXT, BPF_ADJ_ROOM_NET, BPF_F_ADJ_ROOM_FIXED_GSO))
		return TC_ACT_OK;
	ip->plen = bpf_htons(skb->len - l2 - IP6);
	ip->next = edits & FMAP_RH2 ? IPPROTO_ROUTING : IPPROTO_DSTOPTS;
	if (bpf_skb_store_bytes(skb, l2, ip, sizeof(*ip), 0))
		return drop(FMAP_DROP_EDIT);
	if (edits & FMAP_RH2) {
		if (put_ext(skb, at, edits & FMAP_HAO ? IPPROTO_DSTOPTS : next, FMAP_RH2, &dst))
			return drop(FMAP_DROP_EDIT);
		at += EXT;
	}
	if (edits & FMAP_HAO && put_ext(skb, at, next, FMAP_HAO, &src))
		return drop(FMAP_DROP_EDIT);
	count(f, FMAP_OUT, skb->len - l2, &w, room);
	return send(skb, l2, &hop);
}

/* What has no flow goes where it would have gone without mip0. No route of ours is for packets of 100:: (RFC 6666). */
INLINE int plain(struct __sk_buff *skb, __u32 l2, const struct ip6 *ip)
{
	struct wire w = measure(skb, l2, IP6, ip->next);
	struct fmap_addr any = {{bpf_cpu_to_be64(1ULL << 56), 0}};
	struct hop hop;
	int to = next_hop(skb, &any, &ip->dst, ip->next, w.seg, &hop);

	if (!to && hop.ifindex == conf.mip0)
		to = HOP_NONE;
	return to ? no_hop(skb, to) : send(skb, l2, &hop);
}

INLINE int tunnel(struct __sk_buff *skb, __u32 l2, const struct ip6 *ip, struct fmap_flow *f)
{
	struct wire w;
	struct hop hop;
	int to;

	if (is_nested(skb, l2, ip) || is_limited(skb, l2, ip))
		return TC_ACT_OK;
	w = measure(skb, l2, IP6, ip->next);
	to = next_hop(skb, &f->local, &f->peer, IPPROTO_IPV6, w.seg + IP6, &hop);
	return to ? no_hop(skb, to) : encapsulate(skb, l2, ip, f, &w, &hop);
}

INLINE int out(struct __sk_buff *skb)
{
	const __u32 l2 = conf.l2;
	struct fmap_flow *f;
	struct ip6 ip;

	if (skb->protocol != bpf_htons(ETH_P_IPV6) || bpf_skb_load_bytes(skb, l2, &ip, sizeof(ip)) || !is_ip6(&ip))
		return TC_ACT_SHOT;
	if ((ip.dst.a[0] & bpf_cpu_to_be64(0xffULL << 56)) == bpf_cpu_to_be64(0xffULL << 56))
		return TC_ACT_SHOT; /* the stack's own multicasts */
	f = find_pair(&ip.src, &ip.dst);
	if (f && may_edit(skb, l2, ip.next) && is_direct(&ip, f)) {
		if (!(f->edits & FMAP_HAO) && find_away(&ip.src))
			sample(skb);
		return insert(skb, l2, &ip, f);
	}
	f = find_bound(&ip.dst);
	if (f)
		return tunnel(skb, l2, &ip, f);
	f = find_away(&ip.src);
	if (!f)
		return plain(skb, l2, &ip);
	if (ip.next != MH && ip.next != IPPROTO_ROUTING && ip.next != IPPROTO_DSTOPTS)
		sample(skb);
	return tunnel(skb, l2, &ip, f);
}

/* On mip0: what the agent reads begins with an Ethernet header of zeros, so it is no packet sent. */
INLINE int deliver_sample(struct __sk_buff *skb)
{
	if (skb->len > SAMPLE_LEN)
		bpf_skb_change_tail(skb, SAMPLE_LEN, 0); /* or all of it */
	return bpf_skb_change_head(skb, ETH_HLEN, 0) ? TC_ACT_SHOT : TC_ACT_OK;
}

SEC("tc")
int mip_out(struct __sk_buff *skb)
{
	return skb->tc_index == SAMPLE ? deliver_sample(skb) : out(skb);
}

/* On the ingress of mip0, for what mip_out sends there; the rest is what the agent gives the stack. */
SEC("tc")
int mip_again(struct __sk_buff *skb)
{
	int verdict = skb->tc_index == AGAIN ? out(skb) : PASS;

	return verdict == TC_ACT_OK ? TC_ACT_SHOT : verdict;
}

/* --- in ----------------------------------------------------------------------------------------------------------- */

/* RFC 6040 4.2: congestion met by the outer packet is told inside. */
INLINE int congestion_in(struct __sk_buff *skb, __u32 at, const struct ip6 *outer, struct ip6 *inner)
{
	if ((bpf_ntohl(outer->first) >> 20 & 3) != ECN_CE)
		return 0;
	if (!(bpf_ntohl(inner->first) >> 20 & 3))
		return -1;
	inner->first |= bpf_htonl(ECN_CE << 20);
	return bpf_skb_store_bytes(skb, at, &inner->first, sizeof(inner->first), BPF_F_RECOMPUTE_CSUM);
}

/* 10.4.1: what is for a home address that is away gets the mark whose rule leads it to mip0. It goes by the stack, its
 * packet filter and its errors, as anything that is forwarded. */
INLINE void intercept(struct __sk_buff *skb, const struct fmap_flow *f)
{
	if (f && !(f->edits & FMAP_STACK))
		skb->mark |= FMAP_MARK;
}

/* `ip` comes out of the tunnel of f: by mip0, as with any other data path. */
INLINE int unwrap(struct __sk_buff *skb, __u32 l2, const struct ip6 *outer, struct ip6 *ip, struct fmap_flow *f)
{
	__u64 flags = BPF_F_ADJ_ROOM_FIXED_GSO;
	struct wire w;

	if (!same(&f->local, &outer->dst) || f->edits & FMAP_STACK)
		return PASS;
	/* Octets behind either packet are the stack's to cut off. */
	if (bpf_ntohs(outer->plen) + IP6 != skb->len - l2 || bpf_ntohs(ip->plen) + IP6 != bpf_ntohs(outer->plen))
		return PASS;
	w = measure(skb, l2, 2 * IP6, ip->next);
	if (congestion_in(skb, l2 + IP6, outer, ip))
		return drop(FMAP_DROP_TUNNEL);
	count(f, FMAP_IN, skb->len - l2, &w, 0);
	if (bpf_skb_adjust_room(skb, -IP6, BPF_ADJ_ROOM_MAC, flags | BPF_F_ADJ_ROOM_DECAP_L3_IPV6) &&
		bpf_skb_adjust_room(skb, -IP6, BPF_ADJ_ROOM_MAC, flags))
		return drop(FMAP_DROP_EDIT);
	if (find_away(&ip->dst) && ip->next != MH && ip->next != IPPROTO_ROUTING && ip->next != IPPROTO_DSTOPTS)
		sample(skb);
	intercept(skb, find_bound(&ip->dst));
	return bpf_redirect(conf.mip0, BPF_F_INGRESS);
}

/* 10.4.5: an inner packet counts only from the care-of address of its source, or the home agent of its destination.
 * Tunnels that are not ours are left alone. */
INLINE int decapsulate(struct __sk_buff *skb, __u32 l2, const struct ip6 *outer)
{
	struct fmap_flow *from, *to;
	struct ip6 ip;

	if (bpf_skb_load_bytes(skb, l2 + IP6, &ip, sizeof(ip)) || !is_ip6(&ip))
		return PASS;
	from = find_bound(&ip.src);
	if (from && same(&from->peer, &outer->src))
		return unwrap(skb, l2, outer, &ip, from);
	to = find_away(&ip.dst);
	if (to && same(&to->peer, &outer->src))
		return unwrap(skb, l2, outer, &ip, to);
	return from || to ? drop(FMAP_DROP_TUNNEL) : PASS;
}

/* What must not lose its HAO or RH2 here, as somebody after us looks at that: signalling, how prefix discovery came
 * (6.7, 6.8), IPsec, and more headers. `next` stands at `at`. */
INLINE int is_for_agent(struct __sk_buff *skb, __u32 at, __u8 next)
{
	__u8 type = 0;

	if (next == IPPROTO_HOPOPTS || next == IPPROTO_ROUTING || next == IPPROTO_DSTOPTS || next == MH ||
		IS_IPSEC(next))
		return 1;
	if (next != IPPROTO_FRAGMENT && next != IPPROTO_ICMPV6)
		return 0;
	if (bpf_skb_load_bytes(skb, at, &type, 1))
		return 1;
	if (next == IPPROTO_ICMPV6)
		return type == ICMP6_MPS || type == ICMP6_MPA;
	return type == MH || IS_IPSEC(type) || type == IPPROTO_DSTOPTS || type == IPPROTO_ROUTING;
}

/* HAO and RH2 the way everybody writes them: nothing else in those headers, the RH2 first. What is allowed loses them
 * (9.3.1, 11.3.3), the rest is for the agent to judge. */
INLINE int strip(struct __sk_buff *skb, __u32 l2, struct ip6 *ip)
{
	struct fmap_addr src = ip->src, dst = ip->dst;
	__u32 has_hao = 0, has_rh2 = 0, room;
	struct fmap_flow *f, *home = 0;
	__u64 edits = 0;
	__u8 next = ip->next;
	struct ext e;
	struct wire w;

	if (next == IPPROTO_ROUTING) {
		if (bpf_skb_load_bytes(skb, l2 + IP6, &e, sizeof(e)) || e.len != 2 || e.b[0] != 2 || e.b[1] != 1)
			return PASS;
		home = find_away(&e.addr);
		if (!home || !same(&home->local, &dst))
			return PASS;
		has_rh2 = 1;
		dst = e.addr;
		next = e.next;
	}
	if (next == IPPROTO_DSTOPTS) {
		if (bpf_skb_load_bytes(skb, has_rh2 ? l2 + IP6 + EXT : l2 + IP6, &e, sizeof(e)) || e.len != 2 ||
			e.b[0] != 1 || e.b[1] != 2 || e.b[2] || e.b[3] || e.b[4] != 201 || e.b[5] != 16)
			return PASS;
		has_hao = 1;
		src = e.addr;
		next = e.next;
	}
	room = (has_hao ? EXT : 0) + (has_rh2 ? EXT : 0);
	if (is_for_agent(skb, l2 + IP6 + room, next))
		return PASS;
	if (bpf_ntohs(ip->plen) + IP6 != skb->len - l2 || bpf_ntohs(ip->plen) < room)
		return PASS;
	w = measure(skb, l2, IP6 + room, next);
	f = find_pair(&dst, &src);
	if (f) {
		edits = f->edits;
		if (has_hao && (!(edits & FMAP_RH2) || !same(&f->peer, &ip->src)))
			return PASS;
		count(f, FMAP_IN, skb->len - l2, &w, 0);
	} else if (has_hao)
		return PASS;
	if (room == 2 * EXT ? bpf_skb_adjust_room(skb, -2 * EXT, BPF_ADJ_ROOM_NET, BPF_F_ADJ_ROOM_FIXED_GSO)
			    : bpf_skb_adjust_room(skb, -EXT, BPF_ADJ_ROOM_NET, BPF_F_ADJ_ROOM_FIXED_GSO))
		return drop(FMAP_DROP_EDIT);
	ip->src = src;
	ip->dst = dst;
	ip->next = next;
	ip->plen = bpf_htons(bpf_ntohs(ip->plen) - room);
	if (bpf_skb_store_bytes(skb, l2, ip, sizeof(*ip), BPF_F_RECOMPUTE_CSUM))
		return drop(FMAP_DROP_EDIT);
	if (home && !(edits & FMAP_HAO))
		sample(skb);
	return PASS;
}

INLINE int in(struct __sk_buff *skb, __u32 l2)
{
	struct fmap_flow *f;
	struct ip6 ip;

	if (skb->protocol != bpf_htons(ETH_P_IPV6) || skb->pkt_type != PACKET_HOST || skb->vlan_present)
		return PASS;
	if (bpf_skb_load_bytes(skb, l2, &ip, sizeof(ip)) || !is_ip6(&ip))
		return PASS;
	f = find_bound(&ip.dst);
	if (f) {
		intercept(skb, f);
		return PASS;
	}
	switch (ip.next) {
	case IPPROTO_IPV6: return decapsulate(skb, l2, &ip);
	case IPPROTO_ROUTING:
	case IPPROTO_DSTOPTS: return strip(skb, l2, &ip);
	}
	return PASS;
}

SEC("tc")
int mip_in(struct __sk_buff *skb)
{
	return in(skb, ETH_HLEN);
}

SEC("tc")
int mip_in_bare(struct __sk_buff *skb)
{
	return in(skb, 0);
}

char _license[] SEC("license") = "GPL";
