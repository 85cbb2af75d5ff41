/* The table of flows (flow/table.h) against a list that is searched by its words, and the packet editor (flow/edit.h).
 */
#include "t.h"

#include "base/addr.h"
#include "base/buf.h"
#include "flow/segment.h"
#include "flow/table.h"
#include "wire/icmp6.h"

#define HOME "2001:db8:1::100"
#define COA  "2001:db8:2::2"
#define HA   "2001:db8:1::1"
#define CN   "2001:db8:3::2"

static struct flow_table t;

static int setup(void **state)
{
	(void)state;
	table_init(&t, 7);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	table_free(&t);
	return 0;
}

static struct flow_entry *put(const char *src, unsigned splen, const char *dst, unsigned dplen, unsigned edits)
{
	struct flow f = {.key = {t_addr(src), t_addr(dst), (uint8_t)splen, (uint8_t)dplen}, .edits = (uint8_t)edits};
	int err;
	struct flow_entry *e = table_put(&t, &f, &err);

	assert_int_equal(err, 0);
	assert_non_null(e);
	return e;
}

static struct flow_entry *lookup(const char *src, const char *dst, unsigned edits)
{
	struct in6_addr s = t_addr(src), d = t_addr(dst);

	return table_lookup(&t, &s, &d, edits);
}

static void test_order(void **state)
{
	struct flow_entry *pair, *bound, *net, *away;
	struct in6_addr home = t_addr(HOME);

	(void)state;
	away = put(HOME, 128, "::", 0, FLOW_ENCAP);
	assert_ptr_equal(lookup(HOME, CN, FLOW_ENCAP), away);
	net = put("::", 0, CN, 64, FLOW_ENCAP);
	assert_ptr_equal(lookup(HOME, CN, FLOW_ENCAP), net); /* by destination before by source */
	bound = put("::", 0, CN, 128, FLOW_ENCAP);
	assert_ptr_equal(lookup(HOME, CN, FLOW_ENCAP), bound); /* the longer prefix */
	assert_ptr_equal(lookup(HOME, "2001:db8:3::77", FLOW_ENCAP), net);
	pair = put(HOME, 128, CN, 128, FLOW_HAO | FLOW_RH2);
	assert_ptr_equal(lookup(HOME, CN, FLOW_ENCAP | FLOW_HAO), pair); /* a pair before all */
	assert_ptr_equal(lookup(HOME, CN, FLOW_ENCAP), bound);		 /* with the edit that is asked for */
	assert_ptr_equal(table_away(&t, &home), away);
	assert_null(table_bound(&t, &home));
	table_del(&t, bound);
	assert_ptr_equal(lookup(HOME, CN, FLOW_ENCAP), net);
	table_del(&t, net);
	assert_ptr_equal(lookup(HOME, CN, FLOW_ENCAP), away);
	assert_null(lookup(COA, CN, FLOW_ENCAP));
}

static void test_put(void **state)
{
	struct flow_entry *e = put("2001:db8:77:1234::1", 56, "::", 0, FLOW_ENCAP);
	struct flow f = {.key = {.splen = 129}};
	int err;

	(void)state;
	assert_addr(e->flow.key.src, "2001:db8:77:1200::");
	e->counts.out.packets = 5;
	assert_ptr_equal(put("2001:db8:77:12ff::", 56, "::", 0, FLOW_HAO), e);
	assert_int_equal(e->flow.edits, FLOW_HAO);
	assert_int_equal(e->counts.out.packets, 5);
	assert_null(table_put(&t, &f, &err));
	assert_int_equal(err, -EINVAL);
	f.key = (struct flow_key){.dst = t_addr("::1"), .dplen = 64};
	assert_null(table_put(&t, &f, &err));
	assert_int_equal(err, -EINVAL);
	assert_int_equal(table_count(&t), 1);
}

static void test_shapes(void **state)
{
	struct flow f = {.edits = FLOW_ENCAP};
	int err;

	(void)state;
	for (unsigned i = 1; i <= 128; i++) {
		put("::", 0, "ffff:ffff:ffff:ffff::", i, FLOW_ENCAP);
		put("ffff:ffff:ffff:ffff::", i, "::", 0, FLOW_ENCAP);
	}
	put(HOME, 128, CN, 128, FLOW_HAO);
	for (unsigned i = 1; t.shapes < FLOW_SHAPES; i++)
		put("ffff:ffff:ffff:ffff::", i, "ffff:ffff:ffff:ffff::", 128, FLOW_ENCAP);
	f.key = (struct flow_key){.src = t_addr(HOME), .splen = 64, .dst = t_addr(CN), .dplen = 64};
	assert_null(table_put(&t, &f, &err));
	assert_int_equal(err, -ENOSPC);
	table_del(&t, lookup("::", "ffff:ffff:ffff:ffff::", FLOW_ENCAP));
	assert_non_null(table_put(&t, &f, &err));
}

/* --- random flows, looked up by the words of table.h -------------------------------------------------------------- */

static struct in6_addr some_addr(void)
{
	struct in6_addr a = t_addr("2001:db8::");

	a.s6_addr[5] = (uint8_t)(t_random() % 3);
	a.s6_addr[7] = (uint8_t)(t_random() % 3 << 6);
	a.s6_addr[15] = (uint8_t)(t_random() % 4);
	return a;
}

static unsigned some_plen(void)
{
	static const uint8_t plen[] = {0, 0, 48, 57, 58, 64, 127, 128, 128};

	return plen[t_random() % sizeof(plen)];
}

static bool is_better(const struct flow_key *a, const struct flow_key *b)
{
	int kind_a = a->splen && a->dplen ? 2 : !!a->dplen, kind_b = b->splen && b->dplen ? 2 : !!b->dplen;

	if (kind_a != kind_b)
		return kind_a > kind_b;
	return a->dplen != b->dplen ? a->dplen > b->dplen : a->splen > b->splen;
}

static const struct flow_entry *search(const struct in6_addr *src, const struct in6_addr *dst, unsigned edits)
{
	const struct flow_entry *best = NULL;

	for (size_t i = table_count(&t); i-- > 0;) {
		const struct flow_entry *e = table_at(&t, i);
		const struct flow_key *k = &e->flow.key;

		if (e->flow.edits & edits && addr_in(&k->src, src, k->splen) && addr_in(&k->dst, dst, k->dplen) &&
			(!best || is_better(k, &best->flow.key)))
			best = e;
	}
	return best;
}

static void change(void)
{
	struct flow f = {.key = {some_addr(), some_addr(), (uint8_t)some_plen(), (uint8_t)some_plen()},
		.edits = (uint8_t)(1 + t_random() % 7)};
	int err;

	if (table_count(&t) > 60 || (table_count(&t) && t_random() % 4 == 0))
		table_del(&t, table_at(&t, t_random() % table_count(&t)));
	else if (!table_put(&t, &f, &err))
		assert_int_equal(err, -ENOSPC);
}

static void test_random(void **state)
{
	(void)state;
	t_seed();
	for (int i = 0; i < 20000; i++) {
		struct in6_addr src = some_addr(), dst = some_addr();
		unsigned edits = 1 + (unsigned)(t_random() % 7);

		change();
		assert_ptr_equal(table_lookup(&t, &src, &dst, edits), search(&src, &dst, edits));
	}
}

/* --- the editor --------------------------------------------------------------------------------------------------- */

struct room {
	uint8_t front[EDIT_FRONT], data[256];
};

static struct packet udp(struct room *r, uint8_t class)
{
	struct in6_addr src = t_addr(HOME), dst = t_addr(CN);
	struct packet p = {.data = r->data, .len = IP6_HLEN + 8};

	memset(r, 0, sizeof(*r));
	ip6_header(r->data, &src, &dst, IPPROTO_UDP, 8);
	r->data[0] = (uint8_t)(0x60 | class >> 4);
	r->data[1] = (uint8_t)(class << 4);
	put_u16(r->data + IP6_HLEN + 4, 8);
	return p;
}

static struct exthdr walk(const struct packet *p)
{
	struct exthdr e;

	assert_int_equal(exthdr_read(p->data, p->len, &e), EXT_OK);
	return e;
}

static void test_insert_and_strip(void **state)
{
	struct in6_addr coa = t_addr(COA), to = t_addr("2001:db8:9::9");
	struct room r;
	struct packet p = udp(&r, 0);
	struct exthdr e = walk(&p);
	uint8_t was[IP6_HLEN + 8];

	(void)state;
	memcpy(was, p.data, sizeof(was));
	p.vnet =
		(struct virtio_net_hdr){.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM, .csum_start = IP6_HLEN, .csum_offset = 6};
	assert_int_equal(edit_insert(&p, &e, &coa, &to), 0);
	e = walk(&p);
	assert_addr(e.src, COA);
	assert_addr(e.hao, HOME);
	assert_addr(e.dst, "2001:db8:9::9");
	assert_addr(e.rh2, CN);
	assert_int_equal(p.vnet.csum_start, e.upper_at);
	assert_int_equal(edit_insert(&p, &e, &coa, NULL), -EINVAL); /* there is one */
	assert_int_equal(edit_strip(&p, &e), 0);
	assert_int_equal(p.len, sizeof(was));
	assert_memory_equal(p.data, was, sizeof(was));
	assert_int_equal(p.vnet.csum_start, IP6_HLEN);
}

/* A packet may grow until its length does not fit the header any more. */
static void test_longest(void **state)
{
	struct in6_addr coa = t_addr(COA);
	struct room r;
	struct packet p = udp(&r, 0);
	struct exthdr e = walk(&p);

	(void)state;
	p.len = IP6_HLEN + UINT16_MAX - 23;
	assert_int_equal(edit_insert(&p, &e, &coa, NULL), -EMSGSIZE);
	assert_int_equal(edit_encap(&p, &coa, &coa), -EMSGSIZE);
	p.len--;
	assert_int_equal(edit_insert(&p, &e, &coa, NULL), 0);
	assert_int_equal(p.len, IP6_HLEN + UINT16_MAX);
}

static void test_tunnel(void **state)
{
	struct in6_addr local = t_addr(COA), peer = t_addr(HA);
	struct room r;
	struct packet p = udp(&r, 0xb9); /* ECT(1) */
	struct exthdr e;

	(void)state;
	assert_int_equal(edit_encap(&p, &local, &peer), 0);
	e = walk(&p);
	assert_addr(e.src, COA);
	assert_addr(e.dst, HA);
	assert_int_equal(e.upper, IPPROTO_IPV6);
	assert_int_equal(p.data[1] >> 4, 9);
	p.data[1] |= 0x30; /* a router met congestion */
	assert_int_equal(edit_decap(&p, &e), 0);
	assert_ptr_equal(p.data, r.data);
	assert_int_equal(p.len, IP6_HLEN + 8);
	assert_int_equal(p.data[1] >> 4, 0xb);

	p = udp(&r, 0); /* that cannot be told inside */
	assert_int_equal(edit_encap(&p, &local, &peer), 0);
	p.data[1] |= 0x30;
	e = walk(&p);
	assert_int_equal(edit_decap(&p, &e), -EINVAL);

	p = udp(&r, 0); /* the packet inside is longer than there is */
	assert_int_equal(edit_encap(&p, &local, &peer), 0);
	put_u16(p.data + IP6_HLEN + 4, 9);
	e = walk(&p);
	assert_int_equal(edit_decap(&p, &e), -EINVAL);
}

/* A packet in `tunnels` tunnels, each outer header followed by an extension header if `ext` is one (RFC 2473 4.1.1). */
static bool may_nest(int tunnels, uint8_t ext, const char *to)
{
	struct in6_addr home = t_addr(HOME), coa = t_addr(COA), peer = t_addr(to);
	uint8_t b[512] = {0}, *exact;
	struct packet p = {.data = b + sizeof(b) - IP6_HLEN, .len = IP6_HLEN};
	bool may;

	ip6_header(p.data, &home, &coa, IPPROTO_NONE, 0);
	for (int i = 0; i < tunnels; i++) {
		if (ext) {
			p.data -= 8;
			p.len += 8;
			memcpy(p.data,
				(uint8_t[]){IPPROTO_IPV6, 0, ext == IPPROTO_FRAGMENT ? 0 : TEL_TYPE, 1, 3, 0, 0, 9}, 8);
		}
		p.data -= IP6_HLEN;
		ip6_header(p.data, &home, &coa, ext ? ext : IPPROTO_IPV6, p.len);
		p.len += IP6_HLEN;
	}
	exact = t_copy(p.data, p.len);
	p.data = exact;
	may = edit_may_nest(&p, &peer);
	free(exact);
	return may;
}

static void test_nested(void **state)
{
	static const uint8_t ext[] = {0, IPPROTO_FRAGMENT, IPPROTO_DSTOPTS};

	(void)state;
	for (size_t i = 0; i < sizeof(ext); i++) {
		for (int tunnels = 0; tunnels < NEST_MAX; tunnels++)
			assert_true(may_nest(tunnels, ext[i], HA));
		assert_false(may_nest(NEST_MAX, ext[i], HA));
		assert_false(may_nest(NEST_MAX + 2, ext[i], HA));
		assert_true(may_nest(0, ext[i], COA)); /* to where the tunnel leads, and never in it */
		assert_false(may_nest(1, ext[i], COA));
	}
}

/* --- segments ----------------------------------------------------------------------------------------------------- */

#define BIG 9000

struct big {
	uint8_t front[EDIT_FRONT], data[IP6_HLEN + 64 + BIG];
};

/* With an identification that is there already. */
static void ip4_header(uint8_t *p, uint8_t proto, size_t len)
{
	p[0] = 0x45;
	put_u16(p + 2, (uint16_t)(20 + len));
	put_u16(p + 6, 0x4000); /* DF */
	p[9] = proto;
	put_u16(p + 10, 0);
	put_u16(p + 10, ip6_sum_end(ip6_sum(0, p, 20)));
}

/* A packet of segments, as a device with checksum and segmentation offload is given it: the sum of the pseudo-header
 * stands in the checksum field. */
static struct packet whole_of(
	struct big *b, unsigned version, uint8_t proto, size_t hlen, size_t payload, uint16_t size)
{
	struct in6_addr src = t_addr(HOME), dst = t_addr(CN);
	size_t ip = version == 4 ? 20 : IP6_HLEN;
	struct packet p = {.data = b->data, .len = ip + hlen + payload};
	bool tcp = proto == IPPROTO_TCP;
	uint8_t *upper = b->data + ip;

	t_bytes(b->data, p.len);
	if (version == 4)
		ip4_header(b->data, proto, hlen + payload);
	else
		ip6_header(b->data, &src, &dst, proto, hlen + payload);
	if (tcp) {
		upper[12] = (uint8_t)(hlen / 4 << 4);
		upper[13] = 0x18; /* ACK, PSH */
	} else
		put_u16(upper + 4, (uint16_t)(hlen + payload));
	p.vnet = (struct virtio_net_hdr){.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
		.gso_type = payload <= size ? 0
			    : !tcp	    ? 5
			    : version == 4  ? VIRTIO_NET_HDR_GSO_TCPV4
					    : VIRTIO_NET_HDR_GSO_TCPV6,
		.gso_size = payload <= size ? 0 : size,
		.csum_start = (uint16_t)ip,
		.csum_offset = tcp ? 16 : 6};
	put_u16(upper + p.vnet.csum_offset,
		(uint16_t)~ip6_sum_end(ip6_sum(hlen + payload + proto, b->data + (version == 4 ? 12 : 8),
			version == 4 ? 8 : 2 * sizeof(src))));
	return p;
}

static struct packet whole(struct big *b, uint8_t proto, size_t hlen, size_t payload, uint16_t size)
{
	return whole_of(b, 6, proto, hlen, payload, size);
}

/* Cuts p; each segment, gathered, goes to `each`. */
static unsigned cut_all(struct packet *p, uint8_t seg[][2048], size_t len[])
{
	uint8_t head[SEGMENT_HEAD];
	struct iovec piece[2];
	struct cut c;
	unsigned n = 0;
	int pieces;

	assert_int_equal(cut_begin(&c, p), 0);
	while ((pieces = cut_next(&c, head, piece))) {
		len[n] = 0;
		for (int i = 0; i < pieces; i++) {
			memcpy(seg[n] + len[n], piece[i].iov_base, piece[i].iov_len);
			len[n] += piece[i].iov_len;
		}
		n++;
	}
	return n;
}

static void assert_segment(const uint8_t *seg, size_t len, uint8_t proto)
{
	struct in6_addr src = t_addr(HOME), dst = t_addr(CN);
	struct exthdr e;

	if (seg[0] == 0x45) {
		assert_int_equal(seg[2] << 8 | seg[3], len);
		assert_int_equal(ip6_sum_end(ip6_sum(0, seg, 20)), 0);
		assert_int_equal(ip6_sum_end(ip6_sum(ip6_sum(len - 20 + proto, seg + 12, 8), seg + 20, len - 20)), 0);
		return;
	}
	assert_int_equal(exthdr_read(seg, len, &e), EXT_OK);
	assert_int_equal(e.end, len);
	assert_int_equal(ip6_checksum(&src, &dst, proto, seg + IP6_HLEN, len - IP6_HLEN), 0);
}

/* What is cut and put together again is what it was. */
static void test_segments(void **state)
{
	static uint8_t seg[MERGE_MAX][2048];
	size_t len[MERGE_MAX];
	struct merge m;
	struct big b;

	(void)state;
	t_seed();
	for (int round = 0; round < 300; round++) {
		size_t hlen = 20 + 4 * t_below(11), payload = 1 + t_below(BIG), ip = round % 2 ? 20 : IP6_HLEN;
		uint16_t size = (uint16_t)(200 + t_below(1200));
		struct packet p = whole_of(&b, round % 2 ? 4 : 6, IPPROTO_TCP, hlen, payload, size);
		unsigned n = cut_all(&p, seg, len);

		assert_int_equal(n, (payload + size - 1) / size);
		m.pieces = 0;
		for (unsigned i = 0; i < n; i++) {
			assert_segment(seg[i], len[i], IPPROTO_TCP);
			assert_int_equal(seg[i][ip + 13], i + 1 < n ? 0x10 : 0x18);
			assert_true(merge_add(&m, seg[i], len[i]));
		}
		merge_end(&m);
		if (n == 1)
			continue;
		assert_memory_equal(m.piece[1].iov_base, b.data, m.piece[1].iov_len);
		assert_int_equal(m.len, p.len);
		assert_int_equal(m.vnet.gso_size, size);
		assert_int_equal(m.vnet.hdr_len, ip + hlen);
	}
}

static void test_datagrams(void **state)
{
	static uint8_t seg[MERGE_MAX][2048];
	size_t len[MERGE_MAX];
	struct big b;
	struct packet p = whole(&b, IPPROTO_UDP, 8, 2500, 1000);

	(void)state;
	assert_int_equal(cut_all(&p, seg, len), 3);
	for (int i = 0; i < 3; i++) {
		assert_segment(seg[i], len[i], IPPROTO_UDP);
		assert_int_equal(len[i], IP6_HLEN + 8 + (i < 2 ? 1000 : 500));
	}
	p = whole(&b, IPPROTO_UDP, 8, 2500, 1000);
	p.vnet.gso_type = VIRTIO_NET_HDR_GSO_TCPV6; /* what it says is not what it is */
	assert_int_equal(cut_begin(&(struct cut){0}, &p), -EINVAL);
}

/* Others are not put behind, each for one reason. */
static void test_not_merged(void **state)
{
	static uint8_t seg[MERGE_MAX][2048];
	static const struct {
		size_t at;
		const char *what;
	} change[] = {{IP6_HLEN + 7, "a gap in the sequence"}, {IP6_HLEN + 11, "another acknowledgement"},
		{IP6_HLEN + 13, "other flags"}, {IP6_HLEN + 15, "another window"}, {IP6_HLEN + 30, "another option"},
		{IP6_HLEN + 1, "another port"}, {7, "another hop limit"}, {23, "another source"}, {1, "another class"},
		{IP6_HLEN + 40, "a checksum that is not right"}};
	size_t len[MERGE_MAX];
	struct merge m;
	struct big b;
	struct packet p = whole(&b, IPPROTO_TCP, 32, 3000, 1000);

	(void)state;
	assert_int_equal(cut_all(&p, seg, len), 3);
	for (size_t i = 0; i < sizeof(change) / sizeof(change[0]); i++) {
		uint8_t *at = &seg[1][change[i].at];

		m.pieces = 0;
		assert_true(merge_add(&m, seg[0], len[0]));
		*at ^= 0x04;
		if (merge_add(&m, seg[1], len[1]))
			fail_msg("%s, and yet one packet", change[i].what);
		*at ^= 0x04;
		assert_true(merge_add(&m, seg[1], len[1]));
	}
	assert_false(merge_add(&m, seg[0], len[0])); /* not in a row */
	assert_true(merge_add(&m, seg[2], len[2]));
	assert_false(merge_add(&m, seg[2], len[2])); /* behind PSH */
	assert_false(merge_add(&m, seg[0], 10));     /* too short for anything */
}

static void test_count(void **state)
{
	struct room r;
	struct packet p = udp(&r, 0);
	struct flow_count c = {0};

	(void)state;
	edit_count(&c, &p);
	assert_int_equal(c.packets, 1);
	assert_int_equal(c.octets, 48);
	p.len = 60 + 2500;
	p.vnet = (struct virtio_net_hdr){.hdr_len = 60, .gso_type = VIRTIO_NET_HDR_GSO_TCPV6, .gso_size = 1000};
	edit_count(&c, &p);
	assert_int_equal(c.packets, 4);
	assert_int_equal(c.octets, 48 + 3 * 60 + 2500);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_order, setup, teardown),
		cmocka_unit_test_setup_teardown(test_put, setup, teardown),
		cmocka_unit_test_setup_teardown(test_shapes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_random, setup, teardown),
		cmocka_unit_test(test_insert_and_strip),
		cmocka_unit_test(test_longest),
		cmocka_unit_test(test_tunnel),
		cmocka_unit_test(test_nested),
		cmocka_unit_test(test_segments),
		cmocka_unit_test(test_datagrams),
		cmocka_unit_test(test_not_merged),
		cmocka_unit_test(test_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
