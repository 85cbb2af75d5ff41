/*
 * steps.h: a step is an octet that chooses it and octets for its details, as many as it wants; behind the end all are
 * 0. Messages come from anybody, hold anything, and may be signed with keys a node that answers tests would have.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/addr.h"
#include "tests/fuzz/steps.h"
#include "wire/mhauth.h"

#define IN_A_ROW 24 /* the simulation's account of what a cache heard is so long: then time must pass */

struct steps {
	const uint8_t *data;
	size_t left;
	unsigned row; /* messages since time passed */
	struct sim sim;
	struct sim_node *focus;
};

void sim_violated(const struct sim *sim, enum sim_invariant which, const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "%.6f s: invariant %d violated: ", (double)sim->now / 1e6, (int)which);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	abort();
}

void sim_trace(const struct sim_node *n, const char *what, const struct via *via, const struct mh *m)
{
	if (n->sim->trace)
		fprintf(stderr, "%.6f node %u %s %s %s > %s\n", (double)n->sim->now / 1e6, n->id, what,
			mh_type_name(m->type), addr_text(&via->src).s, addr_text(&via->dst).s);
}

/* --- details ------------------------------------------------------------------------------------------------------ */

static uint8_t octet(struct steps *s)
{
	if (!s->left)
		return 0;
	s->left--;
	return *s->data++;
}

static uint16_t number(struct steps *s)
{
	uint8_t high = octet(s);

	return (uint16_t)(high << 8 | octet(s));
}

static struct sim_node *node_of(struct steps *s, enum sim_kind kind)
{
	unsigned first = kind == SIM_HA ? 0 : kind == SIM_CN ? s->sim.conf.has : s->sim.conf.has + s->sim.conf.cns;
	unsigned n = kind == SIM_HA ? s->sim.conf.has : kind == SIM_CN ? s->sim.conf.cns : s->sim.conf.mns;

	return s->sim.node[first + octet(s) % n];
}

/* One of the mobile node's care-of addresses, or one it will have. */
static struct in6_addr some_coa(struct steps *s)
{
	const struct sim_node *mn = node_of(s, SIM_MN);
	const struct sim_iface *f = &mn->iface[octet(s) % SIM_IFACES];
	struct in6_addr a = sim_prefix(&s->sim, (int)s->sim.conf.has);

	a.s6_addr[15] = 0x77;
	return f->addrs ? f->addr[octet(s) % f->addrs].addr : a;
}

/* A stranger's, on the home link or elsewhere; the number is nobody's. */
static struct in6_addr stranger(struct steps *s, int link)
{
	struct in6_addr a = sim_prefix(&s->sim, link);

	a.s6_addr[14] = 1;
	a.s6_addr[15] = octet(s) % 8;
	return a;
}

static struct in6_addr address(struct steps *s)
{
	static const struct in6_addr odd[] = {{{{0}}}, {{{[15] = 1}}}, {{{0xff, 2, [15] = 1}}},
		{{{0xfe, 0x80, [15] = 1}}}, {{{0x20, 1, 0x0d, 0xb8}}}};
	struct in6_addr a = in6addr_any;
	uint8_t what = octet(s);

	if (what < 0x80)
		return s->sim.node[what % s->sim.nodes]->addr;
	if (what < 0xa0)
		return some_coa(s);
	if (what < 0xc0)
		return stranger(s, 0);
	if (what < 0xe0)
		return stranger(s, (int)s->sim.conf.has + 1);
	if (what < 0xf8)
		return odd[what % 5];
	for (int i = 0; i < 16; i++)
		a.s6_addr[i] = octet(s);
	return a;
}

/* --- messages ----------------------------------------------------------------------------------------------------- */

static void some_time(struct steps *s)
{
	static const usec unit[] = {MSEC, 100 * MSEC, SEC, 60 * SEC};
	uint8_t how = octet(s);

	s->row = 0;
	sim_until(&s->sim, s->sim.now + (1 + how / 4) * unit[how % 4]);
}

/* Everybody's receives may be late, but not all of them: messages to one node pile up only so far. */
static void hand(struct steps *s, struct sim_node *to, const struct via *via, const uint8_t *bytes, size_t len)
{
	if (++s->row == IN_A_ROW) {
		s->row = 0;
		sim_until(&s->sim, s->sim.now + 2 * SEC);
	}
	if (!sim_asleep(to))
		sim_hand(to, via, bytes, len);
}

/* Mostly to where the node is listening. */
static struct via some_via(struct steps *s, const struct sim_node *to)
{
	uint8_t how = octet(s);
	struct via via = {.src = address(s), .dst = how & 8 ? address(s) : to->addr};

	via.has_hao = how & 1;
	via.has_rh2 = how & 2;
	via.esp = how & 4;
	if (via.has_hao)
		via.hao = address(s);
	if (via.has_rh2)
		via.rh2 = how & 16 ? address(s) : to->addr;
	if (via.has_rh2 && !(how & 8))
		via.dst = some_coa(s);
	return via;
}

static void fill_options(struct steps *s, struct mh_opts *o, bool bu)
{
	o->has = octet(s) & (MHO_REFRESH | MHO_ALT_COA | MHO_NONCES | MHO_AUTH) & (bu ? ~MHO_REFRESH : MHO_REFRESH);
	o->refresh = number(s);
	if (o->has & MHO_ALT_COA)
		o->alt_coa = address(s);
	if (o->has & MHO_NONCES) {
		o->home_nonce = number(s);
		o->coa_nonce = number(s);
	}
}

/* The number is the one before, or after, what the home agent holds: anything may be guessed. */
static uint16_t sequence(struct steps *s, const struct sim_node *n, const struct via *via)
{
	const struct bc *bc = n->ha ? &n->ha->bc : &n->cn->bc;
	const struct bc_entry *e = bc_find(bc, via->has_hao ? &via->hao : &via->src, &n->addr);
	const struct bul_entry *u = n->mn ? bul_find(&n->mn->bul, &n->addr, &via->src) : NULL;
	uint16_t base = e ? e->seq : u ? u->seq : 0;

	return (uint16_t)(base + (int8_t)octet(s));
}

/* Cookies of questions under way: an eavesdropper knows them. */
static uint64_t cookie(struct steps *s, const struct sim_node *n, const struct via *via, uint8_t type)
{
	const struct bul_entry *u = n->mn ? bul_find(&n->mn->bul, &n->addr, &via->src) : NULL;

	if (!u || octet(s) & 1)
		return number(s);
	return type == MH_HOT ? u->home_test.cookie : u->coa_test.cookie;
}

static void fill(struct steps *s, struct mh *m, const struct sim_node *to, const struct via *via)
{
	switch (m->type) {
	case MH_HOTI:
	case MH_COTI: m->u.init.cookie = number(s); break;
	case MH_HOT:
	case MH_COT:
		m->u.test.cookie = cookie(s, to, via, m->type);
		m->u.test.token = number(s);
		m->u.test.nonce = number(s);
		break;
	case MH_BU:
		m->u.bu.seq = sequence(s, to, via);
		m->u.bu.flags = (uint16_t)(octet(s) << 8);
		m->u.bu.lifetime = number(s);
		fill_options(s, &m->opt, true);
		break;
	case MH_BA:
		m->u.ba.status = octet(s);
		m->u.ba.flags = octet(s);
		m->u.ba.seq = sequence(s, to, via);
		m->u.ba.lifetime = number(s);
		fill_options(s, &m->opt, false);
		break;
	case MH_BE:
		m->u.be.status = octet(s);
		m->u.be.home = address(s);
		break;
	default: break;
	}
}

/* The key of a node that asked for tokens of these two addresses; false when those nonces are dead. */
static bool key_of(const struct sim_node *cn, const struct via *via, const struct mh *m, uint8_t kbm[RR_KBM_LEN])
{
	const struct in6_addr *home = via->has_hao ? &via->hao : &via->src;
	const struct in6_addr *coa = m->opt.has & MHO_ALT_COA ? &m->opt.alt_coa : &via->src;
	usec now = sim_clock(cn);
	uint64_t h, c;
	bool remove = !m->u.bu.lifetime || addr_eq(coa, home);

	if (!cn->cn || !rr_recall(&cn->cn->rr, m->opt.home_nonce, RR_HOME, home, now, &h) ||
		(!remove && !rr_recall(&cn->cn->rr, m->opt.coa_nonce, RR_COA, coa, now, &c)))
		return false;
	rr_kbm(h, remove ? NULL : &c, kbm);
	return true;
}

static void sign(const struct sim_node *to, const struct via *via, const struct mh *m, uint8_t *bytes)
{
	const struct in6_addr *home = via->has_hao ? &via->hao : &via->src;
	const struct in6_addr *coa = m->opt.has & MHO_ALT_COA ? &m->opt.alt_coa : &via->src;
	const struct in6_addr *cn = via->has_rh2 ? &via->rh2 : &via->dst;
	struct mh_auth auth = {.coa = !m->u.bu.lifetime ? *home : *coa, .end = *cn};

	if (key_of(to, via, m, auth.key))
		mh_sign(&auth, m, bytes);
}

static void message(struct steps *s, struct sim_node *to)
{
	struct via via = some_via(s, to);
	struct mh m = {.type = octet(s) % MH_TYPES};
	uint8_t bytes[128];
	int len;

	fill(s, &m, to, &via);
	len = mh_write(&m, bytes, sizeof(bytes));
	if (len <= 0)
		return;
	if (m.type == MH_BU && m.opt.has & MHO_AUTH)
		sign(to, &via, &m, bytes);
	hand(s, to, &via, bytes, (size_t)len);
}

static void octets(struct steps *s, struct sim_node *to)
{
	struct via via = some_via(s, to);
	uint8_t bytes[128];
	size_t len = octet(s) % sizeof(bytes);

	for (size_t i = 0; i < len; i++)
		bytes[i] = octet(s);
	hand(s, to, &via, bytes, len);
}

/* A stranger does all that return routability asks for, and then says what he likes. */
static void registration(struct steps *s, struct sim_node *cn)
{
	struct via test = {.src = stranger(s, 0), .dst = cn->addr};
	struct via via = {.src = some_coa(s), .dst = cn->addr, .hao = test.src, .has_hao = true};
	struct mh m = {.type = MH_HOTI};
	uint8_t bytes[128];
	int len = mh_write(&m, bytes, sizeof(bytes));

	hand(s, cn, &test, bytes, (size_t)len);
	m.type = MH_COTI;
	test.src = via.src;
	len = mh_write(&m, bytes, sizeof(bytes));
	hand(s, cn, &test, bytes, (size_t)len);
	m = (struct mh){.type = MH_BU, .u.bu = {.flags = (uint16_t)(octet(s) << 8 & ~BU_F_HOME)}};
	m.u.bu.seq = sequence(s, cn, &via);
	m.u.bu.lifetime = number(s);
	m.opt.has = MHO_NONCES | MHO_AUTH;
	m.opt.home_nonce = m.opt.coa_nonce = (uint16_t)(cn->cn->rr.index - octet(s) % 4);
	len = mh_write(&m, bytes, sizeof(bytes));
	sign(cn, &via, &m, bytes);
	hand(s, cn, &via, bytes, (size_t)len);
}

/* --- facts -------------------------------------------------------------------------------------------------------- */

static void plug(struct steps *s)
{
	struct sim_node *mn = node_of(s, SIM_MN);
	unsigned iface = octet(s) % SIM_IFACES;
	uint8_t link = octet(s);

	if (mn->iface[iface].link != SIM_NOWHERE)
		sim_detach(mn, iface);
	if (link & 3)
		sim_attach(mn, iface, link % (int)(s->sim.conf.has + s->sim.conf.links));
}

static void talk(struct steps *s)
{
	struct sim_flow *f = &s->sim.flow[octet(s) % s->sim.flows];
	uint8_t n = octet(s) % 16;

	for (; n; n--) {
		sim_say(f->a, f->b, f);
		sim_say(f->b, f->a, f);
		sim_until(&s->sim, s->sim.now + 20 * MSEC);
	}
}

static void weather(struct steps *s)
{
	s->sim.loss = octet(s) % 4 * 200;
	s->sim.twice = octet(s) % 4 * 200;
	s->sim.jitter = octet(s) % 4 * 50 * MSEC;
	s->sim.cut[octet(s) % (s->sim.conf.has + s->sim.conf.links)] ^= true;
	s->sim.calm = false;
}

static void trouble(struct steps *s)
{
	struct sim_node *n = s->sim.node[octet(s) % s->sim.nodes];
	uint8_t what = octet(s), how = octet(s);

	if (sim_asleep(n))
		return;
	switch (what % 5) {
	case 0:
		sim_crash(n);
		sim_boot_later(n, how * SEC);
		break;
	case 1: sim_freeze(n, how % 32 * SEC, how & 1); break;
	case 2: sim_leap(n, how * 10 * SEC); break;
	case 3: n->bind_err = n->mn || how & 1 ? 0 : -5; break;
	default: n->squatted_until = s->sim.now + how * SEC;
	}
}

/* What is heard of neighbours and errors. */
static void rumour(struct steps *s, struct sim_node *n)
{
	struct in6_addr a = address(s), b = address(s);
	struct via via = {.src = a, .dst = n->addr};
	usec now = sim_clock(n);
	uint8_t what = octet(s);

	if (sim_asleep(n))
		return;
	sim_enter(n);
	if (n->ha && what % 3 == 0)
		ha_on_taken(n->ha, 1, &a, now);
	else if (n->ha && what % 3 == 1)
		ha_on_dhaad(n->ha, &via, &(struct dhaad){.id = number(s), .routers = what & 8}, now);
	else if (n->ha)
		ha_on_mps(n->ha, &via, number(s), now);
	else if (!n->mn || what % 4 == 0)
		cn_on_unknown_hao(n->cn, &a, &n->addr, &b, now);
	else if (what % 4 == 1)
		ro_on_unsupported(n->mn, &b, &a, &(struct mh){.type = MH_COTI}, now);
	else if (what % 4 == 2)
		mn_on_unreachable(n->mn, &n->mn->home[0].place.coa, &a, &b, now);
	else
		ro_on_traffic(n->mn, &n->addr, &b, what & 4, now);
	sim_leave(n);
}

static void step(struct steps *s)
{
	uint8_t what = octet(s);
	struct sim_node *to = what & 0x80 ? s->sim.node[octet(s) % s->sim.nodes] : s->focus;

	switch (what % 16) {
	case 0:
	case 1:
	case 2: some_time(s); break;
	case 3: plug(s); break;
	case 4: talk(s); break;
	case 5: weather(s); break;
	case 6: trouble(s); break;
	case 7: rumour(s, to); break;
	case 8: sim_replay(&s->sim); break;
	case 9: octets(s, to); break;
	case 10:
	case 11:
		if (to->cn && !sim_asleep(to))
			registration(s, to);
		break;
	default: message(s, to);
	}
}

/* --- all ---------------------------------------------------------------------------------------------------------- */

static void settle(struct sim *sim)
{
	memset(sim->cut, 0, sizeof(sim->cut));
	sim->loss = sim->twice = 0;
	sim->calm = true;
	for (size_t i = 0; i < sim->nodes; i++)
		sim->node[i]->bind_err = 0;
	sim_until(sim, sim->now + (RR_MAX_BINDING_LIFE + 60) * SEC);
	sim_check_all(sim);
}

void steps_run(const uint8_t *data, size_t len, enum sim_kind focus)
{
	static struct steps s;

	s = (struct steps){.data = data, .left = len};
	s.sim.conf = (struct sim_conf){.has = 1, .cns = 2, .mns = 2, .links = 3, .lifetime = 300};
	s.sim.state = 1 + number(&s);
	sim_open(&s.sim);
	s.focus = s.sim.node[focus == SIM_HA ? 0 : focus == SIM_CN ? 2 : 3];
	sim_attach(s.sim.node[3], 0, 1);
	sim_until(&s.sim, s.sim.now + 5 * SEC);
	while (s.left)
		step(&s);
	settle(&s.sim);
	sim_close(&s.sim);
}
