/*
 * tuncheck.h. The chains of nft table `ip6 mip`:
 *
 *	outer	packets to us that hold a packet: what comes from a bound home address must be in set `bound` {outer
 *source . inner source}, what goes to a reverse-tunnelled one in set `reverse` {outer source . inner destination}; a
 *		first fragment too short to tell is dropped. Other tunnels of this machine are left alone. The check
 *looks through extension headers, as the tunnel does.
 *	inner	what comes out of the device must be from a bound or to a reverse-tunnelled home address, so nothing is
 *		relayed for strangers.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/log.h"
#include "base/loop.h"
#include "sys/nft.h"
#include "sys/nl.h"
#include "sys/tuncheck.h"
#include <linux/netfilter.h> /* after netinet/in.h, which linux/in.h gives way to */
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#define CHAIN	    "prerouting"
#define CHAIN_OUTER "outer"
#define CHAIN_INNER "inner"
#define PRIO_RAW    -300
#define ADDR	    16
#define INNER_SRC   8
#define INNER_DST   24

/* The sets of one direction. */
struct side {
	const char *pairs, *single;
	const struct homes *homes;
};

struct tuncheck {
	struct loop *loop;
	struct nft *nft;
	struct mnl_socket *events;
	struct watch watch;
	unsigned ifindex;
	struct side side[2]; /* by enum tuncheck_side */
	bool bulk;
	int bulk_err;
};

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

static void rules(struct nft *n, unsigned ifindex)
{
	return_if_later_fragment(n);
	return_if_pair(n, "bound", INNER_SRC);
	return_if_pair(n, "reverse", INNER_DST);
	judge_home(n, CHAIN_OUTER, NFT_PAYLOAD_TRANSPORT_HEADER, "home-bound", INNER_SRC, true);
	judge_home(n, CHAIN_OUTER, NFT_PAYLOAD_TRANSPORT_HEADER, "home-reverse", INNER_DST, true);
	return_if_whole(n);
	drop_all(n, CHAIN_OUTER);
	judge_home(n, CHAIN_INNER, NFT_PAYLOAD_NETWORK_HEADER, "home-bound", INNER_SRC, false);
	judge_home(n, CHAIN_INNER, NFT_PAYLOAD_NETWORK_HEADER, "home-reverse", INNER_DST, false);
	drop_all(n, CHAIN_INNER);
	jumps(n, ifindex);
}

/* In one transaction: what a crashed agent has in its sets stays until the sweep, its rules are replaced by ours. */
static int table(struct tuncheck *c, struct why *why)
{
	static const char *const chains[] = {CHAIN, CHAIN_OUTER, CHAIN_INNER};
	struct nft *n = c->nft;

	nft_table_add(n, 0);
	for (int i = 0; i < 2; i++) {
		nft_set_add(n, c->side[i].pairs, 2 * ADDR);
		nft_set_add(n, c->side[i].single, ADDR);
	}
	nft_chain_plain(n, CHAIN_OUTER);
	nft_chain_plain(n, CHAIN_INNER);
	nft_chain_add(n, CHAIN, NF_INET_PRE_ROUTING, PRIO_RAW, NULL, false);
	for (size_t i = 0; i < sizeof(chains) / sizeof(chains[0]); i++)
		nft_chain_flush(n, chains[i]);
	rules(n, c->ifindex);
	return nft_commit(n, 0, why, "make nft table ip6 " NFT_TABLE);
}

static void elems(struct tuncheck *c, const struct side *s, const struct home *h, bool add)
{
	void (*f)(struct nft *, const char *, const void *, uint32_t) = add ? nft_elem_add : nft_elem_del;
	uint8_t key[2 * ADDR];

	memcpy(key, &h->peer, ADDR);
	memcpy(key + ADDR, &h->home, ADDR);
	f(c->nft, s->pairs, key, sizeof(key));
	f(c->nft, s->single, &h->home, ADDR);
}

int tuncheck_change(
	struct tuncheck *c, enum tuncheck_side side, const struct home *h, const struct home *old, struct why *why)
{
	if (old)
		elems(c, &c->side[side], old, false);
	if (h)
		elems(c, &c->side[side], h, true);
	if (c->bulk) {
		if (!nft_room(c->nft))
			c->bulk_err = nft_commit(c->nft, 0, NULL, "fill tunnel check") ?: c->bulk_err;
		return 0;
	}
	return nft_commit(c->nft, h ? 0 : ENOENT, why, "change tunnel check");
}

int tuncheck_bulk(struct tuncheck *c, bool begin, struct why *why)
{
	int err = begin ? 0 : nft_commit(c->nft, 0, why, "fill tunnel check") ?: c->bulk_err;

	c->bulk = begin;
	c->bulk_err = 0;
	return err ? why_set(why, -err, "fill tunnel check: %s", strerror(-err)) : 0;
}

/* All elements again, in as few transactions as they fit in. */
static int refill(struct tuncheck *c, const struct side *s, struct why *why)
{
	int err = 0;

	for (size_t i = 0; i < homes_count(s->homes); i++) {
		if (!nft_room(c->nft))
			err = nft_commit(c->nft, 0, why, "fill tunnel check") ?: err;
		elems(c, s, homes_at(s->homes, i), true);
	}
	return nft_commit(c->nft, 0, why, "fill tunnel check") ?: err;
}

static void mend(struct tuncheck *c)
{
	struct why why = {0};

	log_warn("nft table ip6 " NFT_TABLE " was deleted by somebody: made again");
	if (table(c, &why) || refill(c, &c->side[0], &why) || refill(c, &c->side[1], &why))
		log_error("%s: tunnelled packets are not checked", why.text);
}

static int is_deletion(const struct nlmsghdr *h, void *found)
{
	const struct nfgenmsg *m = mnl_nlmsg_get_payload(h);
	const struct nlattr *a;

	if (h->nlmsg_type != (NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_DELTABLE) || m->nfgen_family != NFPROTO_IPV6)
		return MNL_CB_OK;
	mnl_attr_for_each (a, h, sizeof(*m))
		if (mnl_attr_get_type(a) == NFTA_TABLE_NAME && !strcmp(mnl_attr_get_str(a), NFT_TABLE))
			*(bool *)found = true;
	return MNL_CB_OK;
}

/* `nft flush ruleset`, with which firewalls begin, takes our table too. Lost notifications may have been just that. */
static void on_event(struct watch *w, uint32_t events)
{
	struct tuncheck *c = timer_owner(w, struct tuncheck, watch);
	bool gone = false;
	char buf[16 * 1024];
	ssize_t n = 1;

	(void)events;
	for (int i = 0; i < 64 && n > 0; i++) {
		n = recv(w->fd, buf, sizeof(buf), MSG_DONTWAIT);
		if (n < 0 && errno == ENOBUFS)
			gone = true;
		if (n > 0)
			mnl_cb_run(buf, (size_t)n, 0, 0, is_deletion, &gone);
	}
	if (gone)
		mend(c);
}

static int listen_events(struct tuncheck *c, struct why *why)
{
	int err, group = NFNLGRP_NFTABLES;

	c->events = nl_socket(NETLINK_NETFILTER, why);
	if (!c->events)
		return -EPROTONOSUPPORT;
	c->watch = (struct watch){mnl_socket_get_fd(c->events), on_event};
	err = mnl_socket_setsockopt(c->events, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) < 0 ? -errno : 0;
	if (!err)
		err = loop_watch(c->loop, &c->watch, EPOLLIN);
	return err ? why_set(why, -err, "nft notifications: %s", strerror(-err)) : 0;
}

int tuncheck_open(struct tuncheck **out, struct loop *loop, unsigned ifindex, const struct homes *bound,
	const struct homes *reversed, struct why *why)
{
	struct tuncheck *c = calloc(1, sizeof(*c));
	int err;

	if (!c)
		return why_set(why, ENOMEM, "out of memory");
	c->loop = loop;
	c->ifindex = ifindex;
	c->side[TUN_BOUND] = (struct side){"bound", "home-bound", bound};
	c->side[TUN_REVERSE] = (struct side){"reverse", "home-reverse", reversed};
	err = nft_open(&c->nft, NFPROTO_IPV6, why);
	if (!err)
		err = table(c, why);
	if (!err)
		err = listen_events(c, why);
	if (err)
		tuncheck_close(c);
	else
		*out = c;
	return err;
}

void tuncheck_close(struct tuncheck *c)
{
	if (!c)
		return;
	if (c->events) {
		loop_unwatch(c->loop, &c->watch);
		mnl_socket_close(c->events);
	}
	if (c->nft) {
		nft_table_del(c->nft);
		(void)!nft_commit(c->nft, ENOENT, NULL, "delete nft table");
		nft_close(c->nft);
	}
	free(c);
}

/* The elements of one set nobody stands for any more. */
struct stale {
	struct tuncheck *c;
	const struct side *side;
	const char *set;
	uint32_t klen;
	int err;
	struct why *why;
};

static void sweep_elem(void *ctx, const uint8_t *key)
{
	struct stale *s = ctx;
	const struct home *h;
	struct in6_addr home;

	memcpy(&home, key + s->klen - ADDR, ADDR);
	h = homes_find(s->side->homes, &home);
	if (h && (s->klen == ADDR || !memcmp(&h->peer, key, ADDR)))
		return;
	if (!nft_room(s->c->nft))
		s->err = nft_commit(s->c->nft, 0, s->why, "sweep tunnel check") ?: s->err;
	nft_elem_del(s->c->nft, s->set, key, s->klen);
}

static int sweep_set(struct tuncheck *c, const struct side *side, const char *set, uint32_t klen, struct why *why)
{
	struct stale s = {c, side, set, klen, 0, why};
	int err = nft_elem_each(c->nft, set, klen, sweep_elem, &s);

	if (err)
		return why_set(why, -err, "list nft set %s: %s", set, strerror(-err));
	return nft_commit(c->nft, 0, why, "sweep tunnel check") ?: s.err;
}

int tuncheck_sweep(struct tuncheck *c, struct why *why)
{
	int err = 0;

	for (int i = 0; i < 2 && !err; i++) {
		const struct side *s = &c->side[i];

		err = sweep_set(c, s, s->pairs, 2 * ADDR, why);
		if (!err)
			err = sweep_set(c, s, s->single, ADDR, why);
	}
	return err;
}

int tuncheck_refused(struct tuncheck *c, uint64_t *packets)
{
	uint64_t inner = 0;
	int err = nft_count(c->nft, CHAIN_OUTER, packets);

	if (!err)
		err = nft_count(c->nft, CHAIN_INNER, &inner);
	*packets += inner;
	return err;
}
