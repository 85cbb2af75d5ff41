/*
 * tuncheck_impl.h. The chains of nft table `ip6 mip`:
 *
 * `outer` judges packets to us that hold a packet. What comes from a bound home address must be in set `bound`, {outer
 * source . inner source}; what goes to a reverse-tunnelled one in set `reverse`, {outer source . inner destination}; a
 * first fragment too short to tell is dropped. Of mobile networks one rule for each prefix length looks for {outer
 * source . inner prefix . length} in `network-bound`, or `network-reverse`. Other tunnels of this machine are left
 * alone. The check looks through extension headers, as the tunnel does.
 *
 * `inner` judges what comes out of the device: it must be from a bound or to a reverse-tunnelled home address, so
 * nothing is relayed for strangers.
 *
 * `postrouting` judges packets into the device that hold a packet, by nest.h.
 */
#include <string.h>

#include "flow/nest.h"
#include "flow/tuncheck_impl.h"
#include <linux/netfilter.h> /* after netinet/in.h, which linux/in.h gives way to */
#include <linux/netfilter/nf_tables.h>

#define INNER_SRC 8
#define INNER_DST 24
#define IP6_NEXT  6
#define IP6_HLEN  40
#define EXT_LEN	  8

/* {outer source . inner address at `at`} is in `set`: the packet is right. */
static void return_if_pair(struct nft *n, const char *set, uint32_t at)
{
	struct nftnl_rule *r = nft_rule(n, CHAIN_OUTER);

	nfx_payload(r, NFT_PAYLOAD_NETWORK_HEADER, INNER_SRC, ADDR, NFT_REG_1);
	nfx_payload(r, NFT_PAYLOAD_TRANSPORT_HEADER, at, ADDR, NFT_REG_2);
	nfx_lookup(r, set, NFT_REG_1);
	nfx_verdict(r, NFT_RETURN, NULL);
	nft_rule_add(n, r);
}

/* The address is a home of ours: with the pair not right, the packet is forged. */
static void judge_home(struct nft *n, const char *chain, uint32_t base, const char *set, uint32_t at, bool drop)
{
	struct nftnl_rule *r = nft_rule(n, chain);

	nfx_payload(r, base, at, ADDR, NFT_REG_1);
	nfx_lookup(r, set, NFT_REG_1);
	if (drop)
		nfx_counter(r);
	nfx_verdict(r, drop ? NF_DROP : NFT_RETURN, NULL);
	nft_rule_add(n, r);
}

static void mask_to(struct nftnl_rule *r, uint32_t reg, uint32_t plen_reg, uint8_t plen)
{
	uint8_t mask[ADDR] = {0}, len[PLEN] = {plen};

	memset(mask, 0xff, plen / 8);
	if (plen % 8)
		mask[plen / 8] = (uint8_t)(0xff00 >> plen % 8);
	nfx_mask(r, reg, mask, sizeof(mask));
	nfx_load(r, plen_reg, len, sizeof(len));
}

/* {outer source . prefix of the inner address . length}: as return_if_pair. */
static void return_if_network(struct nft *n, const char *set, uint32_t at, uint8_t plen)
{
	struct nftnl_rule *r = nft_rule(n, CHAIN_OUTER);

	nfx_payload(r, NFT_PAYLOAD_NETWORK_HEADER, INNER_SRC, ADDR, NFT_REG32_00);
	nfx_payload(r, NFT_PAYLOAD_TRANSPORT_HEADER, at, ADDR, NFT_REG32_04);
	mask_to(r, NFT_REG32_04, NFT_REG32_08, plen);
	nfx_lookup(r, set, NFT_REG32_00);
	nfx_verdict(r, NFT_RETURN, NULL);
	nft_rule_add(n, r);
}

/* As judge_home. */
static void judge_network(
	struct nft *n, const char *chain, uint32_t base, const char *set, uint32_t at, bool drop, uint8_t plen)
{
	struct nftnl_rule *r = nft_rule(n, chain);

	nfx_payload(r, base, at, ADDR, NFT_REG32_00);
	mask_to(r, NFT_REG32_00, NFT_REG32_04, plen);
	nfx_lookup(r, set, NFT_REG32_00);
	if (drop)
		nfx_counter(r);
	nfx_verdict(r, drop ? NF_DROP : NFT_RETURN, NULL);
	nft_rule_add(n, r);
}

static void drop_all(struct nft *n, const char *chain)
{
	struct nftnl_rule *r = nft_rule(n, chain);

	nfx_counter(r);
	nfx_verdict(r, NF_DROP, NULL);
	nft_rule_add(n, r);
}

/* A later fragment tells nothing; its packet's first one was looked at. */
static void return_if_later_fragment(struct nft *n)
{
	static const uint8_t offset[] = {0xff, 0xf8}, first[] = {0, 0};
	struct nftnl_rule *r = nft_rule(n, CHAIN_OUTER);

	nfx_exthdr(r, IPPROTO_FRAGMENT, 2, sizeof(offset), NFT_REG_1);
	nfx_mask(r, NFT_REG_1, offset, sizeof(offset));
	nfx_cmp(r, NFT_REG_1, NFT_CMP_NEQ, first, sizeof(first));
	nfx_verdict(r, NFT_RETURN, NULL);
	nft_rule_add(n, r);
}

/* The whole inner header could be read: this is somebody else's tunnel. */
static void return_if_whole(struct nft *n)
{
	static const uint8_t mask[] = {0xf0};
	struct nftnl_rule *r = nft_rule(n, CHAIN_OUTER);

	nfx_payload(r, NFT_PAYLOAD_TRANSPORT_HEADER, 39, 1, NFT_REG_1);
	nfx_payload(r, NFT_PAYLOAD_TRANSPORT_HEADER, 0, 1, NFT_REG_1);
	nfx_mask(r, NFT_REG_1, mask, sizeof(mask));
	nfx_cmp_u8(r, NFT_REG_1, NFT_CMP_EQ, 0x60);
	nfx_verdict(r, NFT_RETURN, NULL);
	nft_rule_add(n, r);
}

static void jumps(struct nft *n, unsigned ifindex)
{
	struct nftnl_rule *r = nft_rule(n, CHAIN);

	nfx_meta(r, NFT_META_L4PROTO, NFT_REG_1);
	nfx_cmp_u8(r, NFT_REG_1, NFT_CMP_EQ, IPPROTO_IPV6);
	nfx_local(r);
	nfx_verdict(r, NFT_JUMP, CHAIN_OUTER);
	nft_rule_add(n, r);
	r = nft_rule(n, CHAIN);
	nfx_meta(r, NFT_META_IIF, NFT_REG_1);
	nfx_cmp(r, NFT_REG_1, NFT_CMP_EQ, &ifindex, sizeof(ifindex));
	nfx_verdict(r, NFT_JUMP, CHAIN_INNER);
	nft_rule_add(n, r);
}

static void networks_right(struct nft *n, const uint8_t lengths[2][129])
{
	for (uint8_t plen = 1; plen < 128; plen++) {
		if (lengths[0][plen])
			return_if_network(n, "network-bound", INNER_SRC, plen);
		if (lengths[1][plen])
			return_if_network(n, "network-reverse", INNER_DST, plen);
	}
}

static void networks_judge(struct nft *n, const char *chain, uint32_t base, bool drop, const uint8_t lengths[2][129])
{
	for (uint8_t plen = 1; plen < 128; plen++) {
		if (lengths[0][plen])
			judge_network(n, chain, base, "network-home", INNER_SRC, drop, plen);
		if (lengths[1][plen])
			judge_network(n, chain, base, "network-away", INNER_DST, drop, plen);
	}
}

static void return_unless(struct nft *n, uint32_t key, const void *value, uint32_t len)
{
	struct nftnl_rule *r = nft_rule(n, CHAIN_NEST);

	nfx_meta(r, key, NFT_REG_1);
	nfx_cmp(r, NFT_REG_1, NFT_CMP_NEQ, value, len);
	nfx_verdict(r, NFT_RETURN, NULL);
	nft_rule_add(n, r);
}

/* It holds a packet for the care-of address its own destination is bound to. */
static void refuse_round(struct nft *n)
{
	struct nftnl_rule *r = nft_rule(n, CHAIN_NEST);

	nfx_payload(r, NFT_PAYLOAD_TRANSPORT_HEADER, INNER_DST, ADDR, NFT_REG_1);
	nfx_payload(r, NFT_PAYLOAD_NETWORK_HEADER, INNER_DST, ADDR, NFT_REG_2);
	nfx_lookup(r, "bound", NFT_REG_1);
	nfx_counter(r);
	nfx_verdict(r, NF_DROP, NULL);
	nft_rule_add(n, r);
}

/* The IPv6 header at `at` is followed by another, whose place is returned: at once, or behind the only extension
 * headers that tunnels put there, a fragment header (44) or options with a tunnel encapsulation limit (60). */
static uint32_t followed(struct nftnl_rule *r, uint32_t at, bool ext)
{
	nfx_payload(r, NFT_PAYLOAD_TRANSPORT_HEADER, at + IP6_NEXT, 1, NFT_REG_1);
	if (ext) {
		nfx_cmp_u8(r, NFT_REG_1, NFT_CMP_GTE, IPPROTO_FRAGMENT);
		nfx_cmp_u8(r, NFT_REG_1, NFT_CMP_LTE, IPPROTO_DSTOPTS);
		nfx_payload(r, NFT_PAYLOAD_TRANSPORT_HEADER, at + IP6_HLEN, 1, NFT_REG_1);
	}
	nfx_cmp_u8(r, NFT_REG_1, NFT_CMP_EQ, IPPROTO_IPV6);
	return at + IP6_HLEN + (ext ? EXT_LEN : 0);
}

/* In the packet's payload, which is a packet, are NEST_MAX - 1 others: a rule for each arrangement of extension
 * headers. */
static void refuse_nested(struct nft *n)
{
	for (unsigned ext = 0; ext < 1U << (NEST_MAX - 1); ext++) {
		struct nftnl_rule *r = nft_rule(n, CHAIN_NEST);
		uint32_t at = 0;

		for (int i = 0; i < NEST_MAX - 1; i++)
			at = followed(r, at, ext >> i & 1);
		nfx_counter(r);
		nfx_verdict(r, NF_DROP, NULL);
		nft_rule_add(n, r);
	}
}

/* A home address inside a mobile network is judged for itself, and before. */
void tuncheck_rules(struct nft *n, unsigned ifindex, const uint8_t lengths[2][129])
{
	return_if_later_fragment(n);
	return_if_pair(n, "bound", INNER_SRC);
	return_if_pair(n, "reverse", INNER_DST);
	judge_home(n, CHAIN_OUTER, NFT_PAYLOAD_TRANSPORT_HEADER, "home-bound", INNER_SRC, true);
	judge_home(n, CHAIN_OUTER, NFT_PAYLOAD_TRANSPORT_HEADER, "home-reverse", INNER_DST, true);
	networks_right(n, lengths);
	networks_judge(n, CHAIN_OUTER, NFT_PAYLOAD_TRANSPORT_HEADER, true, lengths);
	return_if_whole(n);
	drop_all(n, CHAIN_OUTER);
	judge_home(n, CHAIN_INNER, NFT_PAYLOAD_NETWORK_HEADER, "home-bound", INNER_SRC, false);
	judge_home(n, CHAIN_INNER, NFT_PAYLOAD_NETWORK_HEADER, "home-reverse", INNER_DST, false);
	networks_judge(n, CHAIN_INNER, NFT_PAYLOAD_NETWORK_HEADER, false, lengths);
	drop_all(n, CHAIN_INNER);
	jumps(n, ifindex);
	return_unless(n, NFT_META_OIF, &ifindex, sizeof(ifindex));
	return_unless(n, NFT_META_L4PROTO, (uint8_t[]){IPPROTO_IPV6}, 1);
	refuse_round(n);
	refuse_nested(n);
}
