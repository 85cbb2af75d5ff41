/* net.h: nodes, and what they may not do. Packets and their ways are in net_path.c. */
#include "tests/unit/net.h"
#include "wire/mhauth.h"

#include "base/addr.h"
#include "tests/unit/net_impl.h"

/* --- what a node does --------------------------------------------------------------------------------------------- */

static uint32_t on_random(void *ctx)
{
	(void)ctx;
	return (uint32_t)(t_random() >> 16);
}

static usec on_wall(void *ctx)
{
	struct net_node *n = ctx;

	return T_WALL + n->net->now + n->skew;
}

static void on_event(void *ctx, const struct event *ev, usec now)
{
	struct net_node *n = ctx;

	assert_int_equal(now, n->net->now);
	n->events[ev->type]++;
}

static int on_bind(void *ctx, const struct bc_entry *e, struct why *why)
{
	(void)ctx, (void)e, (void)why;
	return 0;
}

static void on_unbind(void *ctx, const struct bc_entry *e)
{
	(void)ctx, (void)e;
}

static void on_unroute(void *ctx, const struct bc_entry *e, const struct addr_prefix *network)
{
	(void)ctx, (void)e, (void)network;
}

static void on_link_addr(void *ctx, unsigned ifindex, const struct in6_addr *addr)
{
	(void)ctx, (void)ifindex, (void)addr;
}

static void on_ask_addrs(void *ctx)
{
	(void)ctx;
}

static void on_solicit(void *ctx, unsigned ifindex)
{
	(void)ctx, (void)ifindex;
}

static void on_settle(void *ctx, unsigned ifindex, const struct in6_addr *router, size_t routers,
	const struct in6_addr *prefix, size_t prefixes)
{
	(void)ctx, (void)ifindex, (void)router, (void)routers, (void)prefix, (void)prefixes;
}

static void on_reach(void *ctx, unsigned ifindex, const struct in6_addr *router)
{
	(void)ctx, (void)ifindex, (void)router;
}

static void on_leave_by(void *ctx, const struct mn_home *h)
{
	(void)ctx, (void)h;
}

static void on_arrive(void *ctx, const struct mn_home *h, unsigned ifindex, const uint8_t *lladdr)
{
	(void)ctx, (void)h, (void)ifindex, (void)lladdr;
}

static void on_leave(void *ctx, const struct mn_home *h, unsigned ifindex)
{
	(void)ctx, (void)h, (void)ifindex;
}

static int on_tunnel(void *ctx, const struct mn_home *h)
{
	(void)ctx, (void)h;
	return 0;
}

static void on_untunnel(void *ctx, const struct mn_home *h)
{
	(void)ctx, (void)h;
}

struct net_fact *net_find_fact(
	struct net_node *n, enum ro_side side, const struct in6_addr *local, const struct in6_addr *remote)
{
	for (size_t i = 0; i < NET_FACTS; i++) {
		struct net_fact *f = &n->fact[i];

		if (f->on && f->side == side && addr_eq(&f->local, local) && addr_eq(&f->remote, remote))
			return f;
	}
	return NULL;
}

static struct net_fact *free_fact(struct net_node *n)
{
	for (size_t i = 0; i < NET_FACTS; i++)
		if (!n->fact[i].on)
			return &n->fact[i];
	fail_msg("node %zu has too many optimized paths", n->id);
	return NULL;
}

static int on_optimize(void *ctx, enum ro_side side, const struct in6_addr *local, const struct in6_addr *remote,
	const struct in6_addr *coa)
{
	struct net_node *n = ctx;
	struct net_fact *f = net_find_fact(n, side, local, remote);

	assert_false(addr_eq(local, remote));
	if (!coa) {
		if (f)
			f->on = false;
		return 0;
	}
	if (n->optimize_err)
		return n->optimize_err;
	assert_true(addr_routable(coa));
	if (!f)
		f = free_fact(n);
	f->on = true;
	f->side = side;
	f->local = *local;
	f->remote = *remote;
	f->coa = *coa;
	f->since = n->net->now;
	return 0;
}

static bool on_busy(void *ctx, const struct in6_addr *local, const struct in6_addr *remote)
{
	struct net_node *n = ctx;
	bool busy = false;

	for (enum ro_side side = RO_HOME; side <= RO_PEER; side++) {
		struct net_fact *f = net_find_fact(n, side, local, remote);

		busy = busy || (f && f->busy);
		if (f)
			f->busy = false;
	}
	return busy;
}

static uint64_t on_heard(void *ctx, const struct in6_addr *local, const struct in6_addr *remote)
{
	struct net_node *n = ctx;
	uint64_t heard = 0;

	for (enum ro_side side = RO_HOME; side <= RO_PEER; side++) {
		struct net_fact *f = net_find_fact(n, side, local, remote);

		heard += f ? f->heard : 0;
	}
	return heard;
}

/* --- what it may not do ------------------------------------------------------------------------------------------- */

static struct net_talk *talk_with(struct net_node *n, const struct in6_addr *peer)
{
	for (size_t i = 0; i < NET_TALKS; i++) {
		struct net_talk *t = &n->talk[i];

		if (t->used && addr_eq(&t->peer, peer))
			return t;
		if (!t->used) {
			t->used = true;
			t->peer = *peer;
			return t;
		}
	}
	fail_msg("node %zu talks to too many", n->id);
	return NULL;
}

/* 11.8: no more than three a second of a type to a correspondent. */
static void check_rate(struct net_node *n, struct net_talk *t, uint8_t type)
{
	usec *sent = t->sent[type], now = n->net->now;

	if (sent[0] && now - sent[0] < SEC)
		fail_msg("node %zu sent 4 messages of type %u within %lld us", n->id, type, (long long)(now - sent[0]));
	sent[0] = sent[1];
	sent[1] = sent[2];
	sent[2] = now;
}

static void check_bu(struct net_node *n, const struct net_talk *t, const struct via *via, const struct mh *m)
{
	const struct bul_entry *e = bul_find(&n->mn.bul, &n->addr, &via->dst);
	usec now = n->net->now;

	assert_non_null(e);
	assert_non_null(via->auth);
	assert_int_equal(m->opt.has, MHO_NONCES | MHO_AUTH);
	assert_true(e->home_test.got && now - e->home_test.got < RR_MAX_TOKEN_LIFE);
	assert_true(m->u.bu.lifetime * MH_LIFE_UNIT <= RR_MAX_BINDING_LIFE);
	if (!m->u.bu.lifetime) {
		assert_int_equal(m->opt.coa_nonce, 0);
		return;
	}
	assert_true(n->link > 0 && via->has_hao);
	assert_true(e->coa_test.got && now - e->coa_test.got < RR_MAX_TOKEN_LIFE);
	/* Known issue (e): the latest Care-of Test's, and of this very address. */
	assert_memory_equal(&t->coa, &via->src, sizeof(t->coa));
	assert_true(t->answered);
	assert_int_equal(m->opt.coa_nonce, t->nonce);
}

static void check_source(const struct net_node *n, const struct via *via)
{
	bool ours = addr_eq(&via->src, &n->addr) || (n->link > 0 && addr_eq(&via->src, &n->coa));

	if (n->mobile && n->link == NET_NOWHERE)
		fail_msg("node %zu speaks without a link", n->id);
	if (!ours)
		fail_msg("node %zu speaks from %s, which it does not have", n->id, addr_text(&via->src).s);
	assert_true(addr_routable(&via->dst));
	if (via->has_hao)
		assert_memory_equal(&via->hao, &n->addr, sizeof(n->addr));
}

static void check_sent(struct net_node *n, const struct via *via, const struct mh *m)
{
	struct net_talk *t = n->mobile ? talk_with(n, &via->dst) : NULL;
	bool bu = m->type == MH_BU && !(m->u.bu.flags & BU_F_HOME);

	check_source(n, via);
	if (!t)
		return;
	if (bu || m->type == MH_HOTI || m->type == MH_COTI)
		check_rate(n, t, m->type);
	if (m->type == MH_COTI) {
		t->coa = via->src;
		t->cookie = m->u.init.cookie;
		t->answered = false;
	}
	if (m->type == MH_HOTI || m->type == MH_COTI)
		assert_false(via->has_hao || via->has_rh2);
	if (bu)
		check_bu(n, t, via, m);
}

void net_heard_cot(struct net_node *n, const struct via *via, const struct mh *m)
{
	struct net_talk *t = talk_with(n, &via->src);

	if (!t->answered && addr_eq(&via->dst, &t->coa) && m->u.test.cookie == t->cookie) {
		t->answered = true; /* a question that was doubled on its way is answered twice: the first counts */
		t->nonce = m->u.test.nonce;
	}
}

/* --- messages ----------------------------------------------------------------------------------------------------- */

/* As the sender of the agent does: encoded, then signed over the bytes. */
static size_t encode(const struct via *via, struct mh *m, uint8_t *bytes, size_t cap)
{
	int len = mh_write(m, bytes, cap);

	assert_true(len > 0);
	assert_int_equal(!via->auth, !(m->opt.has & (MHO_AUTH | MHO_MN_HA)));
	if (via->auth)
		mh_sign(via->auth, m, bytes);
	return (size_t)len;
}

static void on_send(void *ctx, const struct via *via, struct mh *m)
{
	struct net_node *n = ctx;
	struct net *net = n->net;
	struct net_msg *log = &net->log[net->logged++ % NET_LOG];

	if (m->type == MH_BRR && n->link == NET_NOWHERE)
		return; /* a correspondent does not know about links; the kernel drops it */
	check_sent(n, via, m);
	n->sent[m->type]++;
	n->to_agent += m->type == MH_BU && m->u.bu.flags & BU_F_HOME;
	*log = (struct net_msg){.at = net->now, .node = n->id, .via = *via};
	log->len = encode(via, m, log->bytes, sizeof(log->bytes));
	log->via.auth = NULL;
	log->mh = *m;
	if (!net->lose || !net->lose(net, log))
		net_post(n, log);
}

void net_give(struct net_node *n, const struct via *via, struct mh *m)
{
	struct net_msg msg = {.via = *via};

	msg.len = encode(via, m, msg.bytes, sizeof(msg.bytes));
	net_deliver(n, &msg);
}

/* Nobody here speaks it. */
static void on_send_icmp(void *ctx, const struct via *via, const uint8_t *data, size_t len)
{
	(void)ctx;
	(void)via;
	(void)data;
	(void)len;
}

static void on_own_home(void *ctx, const struct in6_addr *home, bool on)
{
	(void)ctx;
	(void)home;
	(void)on;
}

/* --- nodes -------------------------------------------------------------------------------------------------------- */

static struct net_node *add_node(struct net *net, const char *addr)
{
	struct net_node *n = &net->node[net->nodes];

	assert_true(net->nodes < NET_NODES);
	n->net = net;
	n->id = net->nodes++;
	n->addr = t_addr(addr);
	n->link = NET_HOME;
	n->w = (struct world){.ctx = n,
		.timers = &net->timers,
		.random = on_random,
		.wall = on_wall,
		.event = on_event,
		.send = on_send,
		.send_icmp = on_send_icmp,
		.bind = on_bind,
		.unbind = on_unbind,
		.unroute = on_unroute,
		.probe = on_link_addr,
		.claim = on_link_addr,
		.solicit = on_solicit,
		.ask_addrs = on_ask_addrs,
		.reach = on_reach,
		.leave_by = on_leave_by,
		.settle = on_settle,
		.arrive_home = on_arrive,
		.leave_home = on_leave,
		.own_home = on_own_home,
		.tunnel = on_tunnel,
		.untunnel = on_untunnel,
		.optimize = on_optimize,
		.busy = on_busy,
		.heard = on_heard};
	ha_init(&n->ha, &n->w, 1);
	cn_init(&n->cn, &n->w, 2);
	n->cn.registered = &n->ha.bc;
	mn_init(&n->mn, &n->w, 3);
	return n;
}

struct net_node *net_cn(struct net *net, const char *addr)
{
	struct net_node *n = add_node(net, addr);

	cn_start(&n->cn, &(struct cn_conf){.max_bindings = 16, .test_rate = 1000});
	return n;
}

struct net_node *net_mn(struct net *net, const char *home)
{
	struct net_node *n = net_cn(net, home);
	struct mn_home_conf conf = {.home = n->addr, .agent = t_addr(NET_AGENT), .plen = 64, .lifetime = 3600};

	n->mobile = true;
	n->link = NET_NOWHERE;
	mn_start(&n->mn);
	assert_int_equal(mn_add(&n->mn, &conf, net->now, NULL), 0);
	return n;
}

void net_open(struct net *net)
{
	struct net_node *ha;

	memset(net, 0, sizeof(*net));
	net->now = 3600 * SEC;
	net->delay = 10 * MSEC;
	ha = add_node(net, NET_AGENT);
	ha_start(&ha->ha, &(struct ha_conf){.links = 1,
				  .link = {{.ifindex = 1}},
				  .max_lifetime = 3600,
				  .max_bindings = 16,
				  .insecure = true});
	ha_address(&ha->ha, 1, &ha->addr, 64, false);
}

void net_close(struct net *net)
{
	net->cut = true;
	for (size_t i = 0; i < net->nodes; i++) {
		mn_stop(&net->node[i].mn, net->now);
		cn_stop(&net->node[i].cn, net->now);
		ha_stop(&net->node[i].ha, net->now);
	}
	net_run(net, net->delay * 4 + net->jitter * 4); /* what flies arrives nowhere */
	assert_int_equal(net->flying, 0);
	assert_int_equal(timers_next(&net->timers), NEVER);
	for (size_t i = 0; i < net->nodes; i++)
		for (size_t k = 0; k < NET_FACTS; k++)
			assert_false(net->node[i].fact[k].on);
}

static void turn_to(struct net *net, usec at)
{
	if (at > net->now)
		net->now = at;
	timers_run(&net->timers, net->now);
}

void net_run(struct net *net, usec for_)
{
	usec until = net->now + for_;

	while (timers_next(&net->timers) <= until)
		turn_to(net, timers_next(&net->timers));
	net->now = until;
}

bool net_until(struct net *net, usec within, bool (*cond)(void *arg), void *arg)
{
	usec until = net->now + within;

	while (!cond(arg)) {
		if (timers_next(&net->timers) > until)
			return false;
		turn_to(net, timers_next(&net->timers));
	}
	return true;
}

/* --- moves -------------------------------------------------------------------------------------------------------- */

struct in6_addr net_coa(const struct net_node *n, int link)
{
	struct in6_addr a = t_addr("2001:db8:f000::");

	a.s6_addr[5] = (uint8_t)link;
	a.s6_addr[15] = (uint8_t)(n->id + 1);
	return a;
}

static void hear_router(struct net_node *n, int link)
{
	struct in6_addr router = t_addr("fe80::1");
	struct nd_ra ra = {.router_lifetime = 1800, .prefixes = 1};

	ra.prefix[0] = (struct nd_prefix){.len = 64, .onlink = true, .autoconf = true, .valid = UINT32_MAX};
	ra.prefix[0].prefix = link == NET_HOME ? t_addr("2001:db8:1::") : net_coa(n, link);
	mn_on_ra(&n->mn, (unsigned)link + 1, &router, &ra, n->net->now);
}

static void link_up(struct net_node *n, int link)
{
	struct attach_addr a = {.addr = net_coa(n, link), .plen = 64, .usable = true, .dynamic = true};

	mn_on_link(&n->mn, (unsigned)link + 1, true, false, n->net->now);
	if (link != NET_HOME)
		mn_on_addr(&n->mn, (unsigned)link + 1, &a, false, n->net->now);
	hear_router(n, link);
}

static void link_down(struct net_node *n, int link)
{
	struct attach_addr a = {.addr = net_coa(n, link), .plen = 64, .dynamic = true};
	unsigned ifindex = (unsigned)link + 1;

	mn_on_link(&n->mn, ifindex, false, false, n->net->now);
	mn_on_addr(&n->mn, ifindex, &a, true, n->net->now);
}

void net_move(struct net_node *n, int link)
{
	int old = n->link;

	n->link = NET_NOWHERE;
	if (old != NET_NOWHERE)
		link_down(n, old);
	n->link = link;
	n->coa = net_coa(n, link);
	if (link != NET_NOWHERE)
		link_up(n, link);
}

void net_slide(struct net_node *n, int link)
{
	int old = n->link;

	if (link == NET_HOME || old == NET_HOME || old == link) {
		net_move(n, link);
		return;
	}
	if (old != NET_NOWHERE)
		hear_router(n, old); /* of two links that are there, the one in use stays */
	link_up(n, link);
	n->link = link;
	n->coa = net_coa(n, link);
	link_down(n, old);
}

bool net_registered(const struct net_node *n)
{
	return n->mn.home[0].state == MIP_MN_REGISTERED;
}

/* --- questions of a test ------------------------------------------------------------------------------------------ */

void net_chat(struct net_node *a, struct net_node *b, unsigned times)
{
	while (times--) {
		net_say(a, b);
		net_run(a->net, 50 * MSEC);
		net_say(b, a);
		net_run(a->net, 50 * MSEC);
	}
}

struct bul_entry *net_entry(struct net_node *n, const struct net_node *peer)
{
	return bul_find(&n->mn.bul, &n->addr, &peer->addr);
}

const struct net_fact *net_fact(const struct net_node *n, enum ro_side side, const struct net_node *peer)
{
	return net_find_fact((struct net_node *)(uintptr_t)n, side, &n->addr, &peer->addr);
}

bool net_optimized(const struct net_node *m, const struct net_node *peer)
{
	const struct net_fact *out = net_fact(m, RO_HOME, peer), *back = net_fact(peer, RO_PEER, m);

	return m->link > 0 && out && back && addr_eq(&out->coa, &m->coa) && addr_eq(&back->coa, &m->coa);
}

size_t net_sent(const struct net_node *n, uint8_t type)
{
	return n->sent[type];
}

size_t net_sent_updates(const struct net_node *n)
{
	return n->sent[MH_BU] - n->to_agent;
}

const struct net_msg *net_last(const struct net *net, const struct net_node *n, uint8_t type)
{
	for (size_t i = net->logged; i > 0 && i + NET_LOG > net->logged; i--) {
		const struct net_msg *m = &net->log[(i - 1) % NET_LOG];

		if (m->node == n->id && m->mh.type == type)
			return m;
	}
	fail_msg("node %zu sent no %s", n->id, mh_type_name(type));
	return NULL;
}
