/*
 * Feeds packets to the programs of the kernel's fast path (core/flow/bpf/flow.bpf.c) by BPF_PROG_TEST_RUN and compares
 * verdict and octets with what the flow table and the packet editor of the agent (core/flow/table.h, edit.h) make of
 * them. Packets are built of what the programs look for, then some are damaged.
 *
 *	fastfuzz [SEED [PACKETS]]	in a network namespace with a default route; prints the seed and what went wrong
 */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/addr.h"
#include "base/buf.h"
#include "base/loop.h"
#include "flow/bpf/maps.h"
#include "flow/edit.h"
#include "flow/fast.h"
#include "flow/table.h"
#include "sys/ebpf.h"
#include "sys/link.h"
#include "wire/icmp6.h"
#include "wire/mh.h"
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>

#define ROOM	 2048
#define MARGIN	 128
#define IP6_NEXT 6

enum verdict { UNCHANGED, CHANGED, SENT, DROPPED };
static const char *const verdict_name[] = {"unchanged", "changed", "sent", "dropped"};

enum { OUT, IN, PROGS };
static struct ebpf_map map[] = {{"bound", 0, -1}, {"away", 0, -1}, {"pairs", 0, -1}, {"bound_nets", 0, -1}};
static struct ebpf_prog prog[PROGS] = {{"mip_out", -1}, {"mip_in", -1}};
static struct flow_table table;
static uint64_t state;

static uint32_t rnd(uint32_t below)
{
	state = state * 6364136223846793005ULL + 1442695040888963407ULL;
	return (uint32_t)(state >> 33) % below;
}

/* --- flows -------------------------------------------------------------------------------------------------------- */

enum {
	BOUND1,
	BOUND2,
	NET_HOST,
	AGENT,
	BOUND1_AT,
	BOUND2_AT,
	NET_AT,
	MINE,
	MINE_AT,
	MY_AGENT,
	PEER,
	PEER_AT,
	HOST,
	OTHER,
	ADDRS
};
static const char *const text[ADDRS] = {"2001:db8:1::100", "2001:db8:1::200", "2001:db8:77::9", "2001:db8:1::1",
	"2001:db8:f1::100", "2001:db8:f2::200", "2001:db8:f2::77", "2001:db8:2::100", "2001:db8:f1::22",
	"2001:db8:2::1", "2001:db8:3::100", "2001:db8:f2::33", "2001:db8:c::2", "2001:db8:d::1"};
static struct in6_addr pool[ADDRS];

static void put(struct flow_key key, unsigned edits, int local, int peer)
{
	struct flow f = {.key = key, .edits = (uint8_t)edits, .local = pool[local], .peer = pool[peer]};
	struct fmap_flow v = {.edits = edits};
	bool pair = key.splen && key.dplen;
	struct fmap_net net = {key.dplen, {{0}}};
	const void *at = pair ? (const void *)&key : key.dplen ? (const void *)&key.dst : (const void *)&key.src;
	int err;

	memcpy(&v.local, &f.local, sizeof(v.local));
	memcpy(&v.peer, &f.peer, sizeof(v.peer));
	memcpy(&net.addr, &key.dst, sizeof(net.addr));
	if (key.dplen && key.dplen < 128)
		err = ebpf_update(map[3].fd, &net, &v);
	else
		err = ebpf_update(map[pair ? 2 : key.dplen ? 0 : 1].fd, at, &v);
	if (err || !table_put(&table, &f, &err)) {
		fprintf(stderr, "flow: %s\n", strerror(-err));
		exit(2);
	}
}

static void flows(void)
{
	struct flow_key net = {.dst = pool[NET_HOST], .dplen = 56};

	memset(net.dst.s6_addr + 7, 0, 9);
	put(flow_key_bound(&pool[BOUND1]), FLOW_ENCAP, AGENT, BOUND1_AT);
	put(flow_key_bound(&pool[BOUND2]), FLOW_ENCAP, AGENT, BOUND2_AT);
	put(net, FLOW_ENCAP, AGENT, NET_AT);
	put(flow_key_away(&pool[MINE]), FLOW_ENCAP, MINE_AT, MY_AGENT);
	put(flow_key_pair(&pool[MINE], &pool[HOST]), FLOW_HAO, MINE_AT, OTHER);
	put(flow_key_pair(&pool[MINE], &pool[PEER]), FLOW_HAO | FLOW_RH2, MINE_AT, PEER_AT);
	put(flow_key_pair(&pool[AGENT], &pool[PEER]), FLOW_RH2, OTHER, PEER_AT);
	put(flow_key_pair(&pool[MINE], &pool[BOUND1]), FLOW_HAO, MINE_AT, OTHER);
	put(flow_key_pair(&pool[MINE_AT], &pool[BOUND1]), FLOW_RH2, OTHER, BOUND1_AT);
}

/* --- packets ------------------------------------------------------------------------------------------------------ */

static uint8_t *header(uint8_t *p, uint8_t *next, uint8_t type, size_t len)
{
	memset(p, 0, len);
	*next = type;
	return p;
}

static size_t upper(uint8_t *p, uint8_t *next, int depth);

static void random_addr(uint8_t *to)
{
	memcpy(to, &pool[rnd(ADDRS)], 16);
	if (!rnd(12))
		to[rnd(16)] ^= (uint8_t)(1 << rnd(8));
	if (!rnd(40))
		to[0] = rnd(2) ? 0xfe : 0xff, to[1] = 0x80;
}

static size_t rh2(uint8_t *p, uint8_t *next)
{
	header(p, next, IPPROTO_ROUTING, RH2_ROOM);
	p[1] = rnd(10) ? 2 : (uint8_t)rnd(4);
	p[2] = rnd(10) ? 2 : (uint8_t)rnd(4);
	p[3] = rnd(10) ? 1 : (uint8_t)rnd(3);
	random_addr(p + 8);
	return RH2_ROOM;
}

static size_t hao(uint8_t *p, uint8_t *next)
{
	static const uint8_t forms[4][8] = {{0, 2, 1, 2, 0, 0, HAO_TYPE, 16}, {0, 2, 0, 0, 0, 0, HAO_TYPE, 16},
		{0, 2, 1, 1, 0, 0, HAO_TYPE, 16}, {0, 2, 1, 2, 0, 0, HAO_TYPE, 15}};

	header(p, next, IPPROTO_DSTOPTS, HAO_ROOM);
	memcpy(p + 1, forms[rnd(8) ? 0 : rnd(4)] + 1, 7);
	random_addr(p + 8);
	return HAO_ROOM;
}

static size_t small_options(uint8_t *p, uint8_t *next, uint8_t type)
{
	header(p, next, type, 8);
	p[2] = 1;
	p[3] = 4;
	return 8;
}

static size_t fragment(uint8_t *p, uint8_t *next)
{
	header(p, next, IPPROTO_FRAGMENT, 8);
	p[3] = (uint8_t)(rnd(3) ? 1 : rnd(256));
	return 8;
}

static size_t packet(uint8_t *p, int depth)
{
	size_t n = IP6_HLEN;
	uint8_t *next = p + 6;

	memset(p, 0, IP6_HLEN);
	p[0] = 0x60 | (uint8_t)rnd(16);
	p[1] = (uint8_t)rnd(256);
	p[7] = (uint8_t)(rnd(6) ? 64 : rnd(3));
	random_addr(p + 8);
	random_addr(p + 24);
	if (!rnd(10))
		next = p + n, n += small_options(p + n, n == IP6_HLEN ? p + 6 : next, IPPROTO_HOPOPTS);
	for (int i = 0; i < 3; i++) {
		uint8_t *at = p + n;

		switch (rnd(9)) {
		case 0:
		case 1: n += i ? 0 : rh2(at, next); break;
		case 2:
		case 3: n += i > 1 ? 0 : hao(at, next); break;
		case 4: n += i < 2 ? 0 : fragment(at, next); break;
		case 5: n += rnd(3) ? 0 : small_options(at, next, IPPROTO_DSTOPTS); break;
		}
		if (p + n > at)
			next = at;
	}
	n += upper(p + n, next, depth);
	put_u16(p + 4, (uint16_t)(n - IP6_HLEN));
	return n;
}

static size_t upper(uint8_t *p, uint8_t *next, int depth)
{
	static const uint8_t protos[] = {
		IPPROTO_TCP, IPPROTO_UDP, IPPROTO_UDP, IPPROTO_ICMPV6, MH_PROTO, IPPROTO_ESP, IPPROTO_AH, IPPROTO_NONE};
	size_t len = 24 + rnd(100);

	if (depth && !rnd(3)) {
		*next = IPPROTO_IPV6;
		return packet(p, depth - 1);
	}
	header(p, next, protos[rnd(sizeof(protos))], len);
	for (size_t i = 0; i < len; i++)
		p[i] = (uint8_t)rnd(256);
	if (*next == IPPROTO_ICMPV6)
		p[0] = (uint8_t)(rnd(2) ? 128 + rnd(10) : rnd(6));
	return len;
}

/* Packets that a flow is for. */
struct aim {
	int src, dst, hao, rh2, in_src, in_dst; /* of the pool; ADDRS = none */
};

static size_t aimed(uint8_t *p, const struct aim *a)
{
	size_t n = IP6_HLEN;
	uint8_t *next = p + 6, head, hops;

	packet(p, 0);
	head = p[1];
	hops = p[7];
	header(p, next, IPPROTO_NONE, IP6_HLEN);
	p[0] = 0x60 | (uint8_t)rnd(16);
	p[1] = head;
	p[7] = hops;
	memcpy(p + 8, &pool[a->src], 16);
	memcpy(p + 24, &pool[a->dst], 16);
	if (a->rh2 < ADDRS) {
		size_t len = rh2(p + n, next);

		memcpy(p + n + 8, &pool[a->rh2], 16);
		next = p + n;
		n += len;
	}
	if (a->hao < ADDRS) {
		size_t len = hao(p + n, next);

		memcpy(p + n + 8, &pool[a->hao], 16);
		next = p + n;
		n += len;
	}
	if (a->in_src < ADDRS) {
		const struct aim inner = {a->in_src, a->in_dst, ADDRS, ADDRS, ADDRS, ADDRS};

		*next = IPPROTO_IPV6;
		n += aimed(p + n, &inner);
	} else {
		if (!rnd(6)) {
			size_t len = fragment(p + n, next);

			next = p + n;
			n += len;
		}
		n += upper(p + n, next, 0);
	}
	put_u16(p + 4, (uint16_t)(n - IP6_HLEN));
	return n;
}

static const struct aim aims[] = {
	{BOUND1_AT, AGENT, ADDRS, ADDRS, BOUND1, HOST},
	{BOUND1_AT, AGENT, ADDRS, ADDRS, BOUND1, BOUND2},
	{BOUND2_AT, AGENT, ADDRS, ADDRS, BOUND1, HOST},
	{NET_AT, AGENT, ADDRS, ADDRS, NET_HOST, HOST},
	{MY_AGENT, MINE_AT, ADDRS, ADDRS, HOST, MINE},
	{HOST, MINE_AT, ADDRS, MINE, ADDRS, ADDRS},
	{HOST, OTHER, ADDRS, MINE, ADDRS, ADDRS},
	{PEER_AT, AGENT, PEER, ADDRS, ADDRS, ADDRS},
	{OTHER, AGENT, PEER, ADDRS, ADDRS, ADDRS},
	{PEER_AT, MINE_AT, PEER, MINE, ADDRS, ADDRS},
	{HOST, BOUND1, ADDRS, ADDRS, ADDRS, ADDRS},
	{HOST, NET_HOST, ADDRS, ADDRS, ADDRS, ADDRS},
	{MINE, HOST, ADDRS, ADDRS, ADDRS, ADDRS},
	{MINE, PEER, ADDRS, ADDRS, ADDRS, ADDRS},
	{AGENT, PEER, ADDRS, ADDRS, ADDRS, ADDRS},
	{MINE, BOUND1, ADDRS, ADDRS, ADDRS, ADDRS},
};

/* --- what the agent would do -------------------------------------------------------------------------------------- */

struct want {
	enum verdict verdict;
	bool mark;	/* for a home address that is away */
	bool may_leave; /* a form the programs need not know: UNCHANGED is right, too */
	struct packet p;
};

static struct flow_entry *pair_of(const struct in6_addr *a, const struct in6_addr *b, unsigned edit)
{
	struct flow_entry *f = table_pair(&table, a, b);

	return f && f->flow.edits & edit ? f : NULL;
}

static struct flow_entry *bound(const struct in6_addr *home)
{
	return table_lookup(&table, &in6addr_any, home, FLOW_ENCAP);
}

static bool is_extension(uint8_t next)
{
	return next == IPPROTO_HOPOPTS || next == IPPROTO_ROUTING || next == IPPROTO_DSTOPTS;
}

static struct in6_addr at(const uint8_t *p)
{
	struct in6_addr a;

	memcpy(&a, p, sizeof(a));
	return a;
}

static bool is_link_local(const struct in6_addr *a)
{
	return a->s6_addr[0] == 0xfe && (a->s6_addr[1] & 0xc0) == 0x80;
}

static void tunnel(struct want *w, const struct flow_entry *f)
{
	w->verdict = edit_encap(&w->p, &f->flow.local, &f->flow.peer) ? DROPPED : SENT;
}

/* What is in two tunnels, or in one with options, is the agent's to look at. */
static bool is_nested(const struct packet *p)
{
	const uint8_t *b = p->data;
	uint8_t next = b[IP6_NEXT];

	if (next == IPPROTO_DSTOPTS)
		return p->len <= IP6_HLEN || b[IP6_HLEN] == IPPROTO_IPV6;
	return next == IPPROTO_IPV6 && (p->len <= IP6_HLEN + IP6_NEXT || b[IP6_HLEN + IP6_NEXT] == IPPROTO_IPV6 ||
					       b[IP6_HLEN + IP6_NEXT] == IPPROTO_DSTOPTS);
}

/* A tunnel encapsulation limit of 0. */
static bool is_limited(const struct packet *p)
{
	const uint8_t *b = p->data;

	return b[IP6_NEXT] == IPPROTO_DSTOPTS && p->len >= IP6_HLEN + 5 && b[IP6_HLEN + 2] == TEL_TYPE &&
	       !b[IP6_HLEN + 4];
}

static void decapsulate(struct want *w)
{
	struct in6_addr src = at(w->p.data + 8), dst = at(w->p.data + 24), in_src, in_dst;
	uint8_t *inner = w->p.data + IP6_HLEN;
	struct flow_entry *f, *to;
	struct exthdr e;

	if (w->p.len < (size_t)2 * IP6_HLEN || inner[0] >> 4 != 6)
		return;
	in_src = at(inner + 8);
	in_dst = at(inner + 24);
	f = bound(&in_src);
	to = table_away(&table, &in_dst);
	if (!f && !to)
		return;
	if (!(f && addr_eq(&f->flow.peer, &src)))
		f = to;
	if (!f || !addr_eq(&f->flow.peer, &src)) {
		w->verdict = DROPPED;
		return;
	}
	if (!addr_eq(&f->flow.local, &dst) || exthdr_read(w->p.data, w->p.len, &e) != EXT_OK)
		return;
	/* octets behind a packet: the stack's to cut off */
	w->may_leave = w->p.len != e.end || (size_t)2 * IP6_HLEN + ((size_t)inner[4] << 8 | inner[5]) != w->p.len;
	w->verdict = edit_decap(&w->p, &e) ? DROPPED : SENT; /* to mip0 */
	w->mark = bound(&in_dst);
}

/* The headers as the agent itself writes them, and nothing that must be looked at behind them. */
static bool usual(const uint8_t *p, const struct exthdr *e)
{
	static const uint8_t head[] = {2, 1, 2, 0, 0, HAO_TYPE, 16};
	size_t end = IP6_HLEN;
	uint8_t next = p[6];

	if (e->rh2_at) {
		if (e->rh2_at != end)
			return false;
		next = p[end];
		end += RH2_ROOM;
	}
	if (e->hao_at) {
		if (e->hao_at != end || memcmp(p + end + 1, head, sizeof(head)))
			return false;
		next = p[end];
		end += HAO_ROOM;
	}
	return !is_extension(next) && (next != IPPROTO_FRAGMENT || !is_extension(p[end]));
}

static bool is_prefix_discovery(uint8_t type)
{
	return type == ICMP6_MPS || type == ICMP6_MPA;
}

static void strip(struct want *w)
{
	struct in6_addr local, remote;
	struct flow_entry *home, *f;
	struct exthdr e;
	uint8_t proto;

	if (exthdr_read(w->p.data, w->p.len, &e) != EXT_OK || !(e.hao_at || e.rh2_at))
		return;
	proto = e.later ? w->p.data[e.frag_at] : e.upper;
	if (proto == MH_PROTO || proto == IPPROTO_ESP || proto == IPPROTO_AH)
		return;
	if (proto == IPPROTO_ICMPV6 && !e.fragment &&
		(e.upper_at >= w->p.len || is_prefix_discovery(w->p.data[e.upper_at])))
		return;
	local = e.rh2_at ? e.rh2 : e.dst;
	remote = e.hao_at ? e.hao : e.src;
	home = e.rh2_at ? table_away(&table, &e.rh2) : NULL;
	if (e.rh2_at && !(home && addr_eq(&home->flow.local, &e.dst)))
		return;
	f = pair_of(&local, &remote, FLOW_RH2);
	if (e.hao_at && !(f && addr_eq(&f->flow.peer, &e.src)))
		return;
	w->may_leave = w->p.len != e.end || !usual(w->p.data, &e);
	if (!edit_strip(&w->p, &e))
		w->verdict = CHANGED;
}

static void want_in(struct want *w)
{
	struct in6_addr dst = at(w->p.data + 24);

	if (w->p.data[0] >> 4 != 6)
		return;
	w->mark = bound(&dst);
	if (w->mark)
		return;
	if (w->p.data[6] == IPPROTO_IPV6)
		decapsulate(w);
	else
		strip(w);
}

static bool may_edit(const struct packet *p)
{
	const uint8_t *b = p->data;
	uint8_t first = p->len > IP6_HLEN ? b[IP6_HLEN] : 0;

	if (is_extension(b[6]) || b[6] == MH_PROTO)
		return false;
	if (b[6] == IPPROTO_FRAGMENT)
		return first != MH_PROTO;
	return b[6] != IPPROTO_ICMPV6 || first != 4;
}

static void want_out(struct want *w)
{
	struct in6_addr src = at(w->p.data + 8), dst = at(w->p.data + 24);
	struct flow_entry *f = table_pair(&table, &src, &dst), *other;
	const struct in6_addr *coa = NULL, *to = NULL;
	struct exthdr e;

	if (dst.s6_addr[0] == 0xff || w->p.data[0] >> 4 != 6) {
		w->verdict = DROPPED;
		return;
	}
	w->verdict = SENT;
	if (!f || !may_edit(&w->p)) {
		f = bound(&dst);
		if (!f)
			f = table_away(&table, &src);
		if (f && (is_nested(&w->p) || is_limited(&w->p)))
			w->verdict = UNCHANGED;
		else if (f)
			tunnel(w, f);
		else if (is_link_local(&dst))
			w->verdict = DROPPED; /* it has no link here */
		return;
	}
	coa = f->flow.edits & FLOW_HAO ? &f->flow.local : NULL;
	to = f->flow.edits & FLOW_RH2 ? &f->flow.peer : NULL;
	other = !to ? pair_of(coa, &dst, FLOW_RH2) : !coa ? pair_of(&src, to, FLOW_HAO) : NULL;
	if (other && !to)
		to = &other->flow.peer;
	else if (other)
		coa = &other->flow.local;
	w->may_leave = true; /* where the editor cannot walk */
	if (exthdr_read(w->p.data, w->p.len, &e) == EXT_OK && !edit_insert(&w->p, &e, coa, to))
		w->may_leave = false;
}

/* --- what the programs do ----------------------------------------------------------------------------------------- */

static enum verdict run(int fd, const uint8_t *frame, size_t len, uint8_t *out, size_t *out_len, bool *mark)
{
	struct __sk_buff skb = {0};
	union bpf_attr a;

	memset(&a, 0, sizeof(a));
	a.test.prog_fd = (uint32_t)fd;
	a.test.data_in = (uint64_t)(uintptr_t)frame;
	a.test.data_size_in = (uint32_t)len;
	a.test.data_out = (uint64_t)(uintptr_t)out;
	a.test.data_size_out = (uint32_t)*out_len;
	a.test.ctx_out = (uint64_t)(uintptr_t)&skb;
	a.test.ctx_size_out = sizeof(skb);
	if (syscall(SYS_bpf, BPF_PROG_TEST_RUN, &a, sizeof(a)) < 0) {
		perror("BPF_PROG_TEST_RUN");
		exit(2);
	}
	*out_len = a.test.data_size_out;
	*mark = skb.mark & FMAP_MARK;
	if (a.test.retval == TC_ACT_SHOT)
		return DROPPED;
	if (a.test.retval == TC_ACT_REDIRECT)
		return SENT;
	return *out_len == len && !memcmp(out + ETH_HLEN, frame + ETH_HLEN, len - ETH_HLEN) ? UNCHANGED : CHANGED;
}

static void dump(const char *what, const uint8_t *p, size_t len)
{
	printf("%s", what);
	for (size_t i = 0; i < len; i++)
		printf("%s%02x", i % 8 ? "" : " ", p[i]);
	printf("\n");
}

static bool one(int which, unsigned long seen[4])
{
	uint8_t frame[ETH_HLEN + ROOM] = {[12] = ETH_P_IPV6 >> 8, [13] = ETH_P_IPV6 & 0xff}, got[ROOM * 2];
	uint8_t buf[EDIT_FRONT + ROOM];
	size_t out_len = sizeof(got), len = rnd(3) ? aimed(frame + ETH_HLEN, &aims[rnd(sizeof(aims) / sizeof(aims[0]))])
						   : packet(frame + ETH_HLEN, 1);
	struct want w = {.p = {.data = buf + EDIT_FRONT}};
	enum verdict v;
	bool mark, marked, same;

	if (!rnd(8))
		frame[ETH_HLEN + rnd((uint32_t)len)] ^= (uint8_t)(1 << rnd(8));
	if (!rnd(20) && len > 80)
		len -= 1 + rnd(40);
	w.p.len = len;
	memcpy(w.p.data, frame + ETH_HLEN, len);
	(which == IN ? want_in : want_out)(&w);
	v = run(prog[which].fd, frame, ETH_HLEN + len, got, &out_len, &mark);
	seen[v]++;
	same = v == w.verdict &&
	       (v == DROPPED || (out_len - ETH_HLEN == w.p.len && !memcmp(got + ETH_HLEN, w.p.data, w.p.len)));
	marked = v == DROPPED || mark == w.mark || (v == UNCHANGED && w.may_leave);
	if (marked && (same || (w.may_leave && (v == UNCHANGED || which == OUT))))
		return true;
	if (!marked)
		printf("%s\n", mark ? "a mark, wanted none" : "no mark, wanted one");
	printf("%s: %s, wanted %s\n", prog[which].name, verdict_name[v], verdict_name[w.verdict]);
	dump("packet", frame + ETH_HLEN, len);
	dump("got   ", got + ETH_HLEN, out_len - ETH_HLEN);
	dump("wanted", w.p.data, w.p.len);
	return false;
}

int main(int argc, char **argv)
{
	struct fmap_conf conf = {.mip0 = if_nametoindex("mip0"), .l2 = ETH_HLEN};
	unsigned long n = argc > 2 ? strtoul(argv[2], NULL, 10) : 100000, seen[PROGS][4] = {{0}};
	uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 10) : (uint64_t)time(NULL);
	struct why why = {0};
	size_t len;
	const void *elf = fast_program(&len);

	state = seed;
	printf("seed %llu\n", (unsigned long long)seed);
	for (int i = 0; i < ADDRS; i++)
		inet_pton(AF_INET6, text[i], &pool[i]);
	table_init(&table, 1);
	if (ebpf_load(elf, len, &conf, sizeof(conf), map, sizeof(map) / sizeof(map[0]), prog, PROGS, &why)) {
		printf("%s\n", why.text);
		return 2;
	}
	flows();
	for (unsigned long i = 0; i < n; i++)
		for (int p = 0; p < PROGS; p++)
			if (!one(p, seen[p])) {
				printf("packet %lu of seed %llu\n", i, (unsigned long long)seed);
				return 1;
			}
	for (int p = 0; p < PROGS; p++)
		for (int v = 0; v < 4; v++)
			if (seen[p][v])
				printf("%s %s %lu\n", prog[p].name, verdict_name[v], seen[p][v]);
	return 0;
}
