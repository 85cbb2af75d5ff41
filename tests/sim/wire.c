/*
 * sim.h: packets on their way. A packet goes from the sender's link to the
 * receiver's, or first to a home agent, as its outermost addresses say.
 */
#include <stdlib.h>

#include "base/addr.h"
#include "tests/sim/sim.h"

struct sim_packet {
	struct timer timer;
	struct sim *sim;
	struct in6_addr from, to; /* outermost, this hop */
	struct sim_node *origin;
	bool data;
	struct sim_flow *flow;
	struct via via;
	uint8_t bytes[128];
	size_t len;
};

static void on_arrival(struct timer *t, usec now);

/* --- where addresses are ------------------------------------------------------------------------------------------ */

struct sim_node *sim_owner(const struct sim *sim, const struct in6_addr *addr)
{
	uint32_t id = (uint32_t)addr->s6_addr[12] << 24 | (uint32_t)addr->s6_addr[13] << 16 |
		      (uint32_t)addr->s6_addr[14] << 8 | addr->s6_addr[15];

	return id && id <= sim->nodes ? sim->node[id - 1] : NULL;
}

/* The link that address lives on, SIM_NOWHERE for a correspondent's. */
static int link_of(const struct sim *sim, const struct in6_addr *addr)
{
	if (addr->s6_addr[4] == 0xf0)
		return addr->s6_addr[5];
	if (sim_inside(addr))
		return addr->s6_addr[5] & 15;
	return addr->s6_addr[4] == 0 && addr->s6_addr[5] <= sim->conf.has ? addr->s6_addr[5] - 1 : SIM_NOWHERE;
}

/* Whoever answers to that address now, home agents' interception left aside. */
static struct sim_node *listener(const struct sim *sim, const struct in6_addr *addr)
{
	struct sim_node *n = sim_owner(sim, addr);
	struct sim_addr *a;

	if (!n || sim_asleep(n))
		return NULL;
	if (n->kind != SIM_MN)
		return addr_eq(&n->addr, addr) ? n : NULL;
	if (addr_eq(&n->addr, addr) || sim_inside(addr))
		return n->arrived && sim_at(n, n->home_link) ? n : NULL;
	a = sim_addr_of(n, addr);
	return a && a->usable && sim_at(n, a->link) ? n : NULL;
}

/* The tunnel that node has for a home address, or for a host of a mobile network. */
static struct sim_fact *path_of(const struct sim_node *n, const struct in6_addr *addr)
{
	return sim_inside(addr) ? sim_route(n, addr) : sim_fact(&n->bound, addr, NULL);
}

/* The home agent of the link that address is on, and the path it has for it. */
static struct sim_fact *interceptor(const struct sim *sim, const struct in6_addr *addr)
{
	int link = link_of(sim, addr);

	if (link < 0 || link >= (int)sim->conf.has || sim_asleep(sim->node[link]))
		return NULL;
	return path_of(sim->node[link], addr);
}

static bool is_cut(const struct sim *sim, const struct in6_addr *addr)
{
	int link = link_of(sim, addr);

	return link >= 0 && link < SIM_LINKS && sim->cut[link];
}

/* --- hops --------------------------------------------------------------------------------------------------------- */

static void drop(struct sim_packet *p)
{
	p->sim->stats.lost++;
	p->sim->flying--;
	free(p);
}

static void hop(struct sim_packet *p, const struct in6_addr *from, const struct in6_addr *to)
{
	struct sim *sim = p->sim;

	p->from = *from;
	p->to = *to;
	if (is_cut(sim, from) || is_cut(sim, to) || sim_below(sim, 1000) < sim->loss)
		drop(p);
	else
		timer_arm(&sim->timers, &p->timer, sim->now + sim->delay + sim_below(sim, (unsigned)sim->jitter + 1),
			on_arrival);
}

/* What a home address says while it is away goes through the reverse tunnel, if that stands. What a network says does
 * not leave otherwise, but by the home link. */
static void depart(struct sim_packet *p)
{
	struct sim_node *n = p->origin;
	struct sim_fact *tunnel = n->kind == SIM_MN ? path_of(n, &p->via.src) : NULL;
	bool closed = sim_inside(&p->via.src) && !tunnel && !listener(n->sim, &p->via.src);

	if (closed || (n->kind == SIM_MN && p->via.on_link && n->iface[p->via.ifindex - 1].link != n->home_link))
		drop(p); /* nobody on that link is its destination */
	else if (tunnel && !p->via.on_link)
		hop(p, &tunnel->coa, &n->sim->node[n->home_link]->addr);
	else
		hop(p, &p->via.src, &p->via.dst);
}

static void launch(const struct sim_packet *like)
{
	struct sim_packet *p = malloc(sizeof(*p));

	if (!p)
		abort();
	*p = *like;
	p->timer = (struct timer){0};
	p->sim->flying++;
	depart(p);
}

/* An eavesdropper keeps what he will say again. Updates for a home agent travel in ESP: those are of no use to him. */
static void keep(const struct sim_packet *p)
{
	struct sim *sim = p->sim;
	struct sim_packet **slot = &sim->tape[sim_below(sim, SIM_TAPE)];

	if (sim->calm || sim_below(sim, 8))
		return;
	if (!*slot)
		*slot = malloc(sizeof(**slot));
	if (!*slot)
		abort();
	**slot = *p;
}

void sim_post(struct sim_node *from, const struct via *via, const uint8_t *bytes, size_t len)
{
	struct sim *sim = from->sim;
	struct sim_packet p = {.sim = sim, .origin = from, .via = *via, .len = len};

	if (len > sizeof(p.bytes))
		abort();
	memcpy(p.bytes, bytes, len);
	sim->stats.messages++;
	launch(&p);
	if (sim_below(sim, 1000) < sim->twice)
		launch(&p);
	if (from->kind != SIM_HA && !(bytes[2] == MH_BU && bytes[8] << 8 & BU_F_HOME))
		keep(&p);
}

void sim_replay(struct sim *sim)
{
	struct sim_packet *p = sim->tape[sim_below(sim, SIM_TAPE)];

	if (!p || sim_asleep(p->origin))
		return;
	sim->stats.replays++;
	if (sim_below(sim, 3) == 0)
		p->bytes[6 + sim_below(sim, (unsigned)p->len - 6)] ^= (uint8_t)(1 << sim_below(sim, 8));
	launch(p);
}

void sim_tape_clear(struct sim *sim)
{
	for (size_t i = 0; i < SIM_TAPE; i++) {
		free(sim->tape[i]);
		sim->tape[i] = NULL;
	}
}

/* The link an address of n is on; a home address, on the home link. */
static unsigned ifindex_of(struct sim_node *n, const struct in6_addr *addr)
{
	const struct sim_addr *a = n->mn ? sim_addr_of(n, addr) : NULL;
	int link = a ? a->link : n->home_link;

	for (unsigned i = 0; i < SIM_IFACES; i++)
		if (n->iface[i].link == link)
			return n->iface[i].ifindex;
	return 0;
}

/* --- arrival ------------------------------------------------------------------------------------------------------ */

/* Out of the reverse tunnel when it comes from where it must (RFC 6275 10.4.5), into the tunnel for what is away.
 * False: it is for somebody right here. */
static bool forwarded(struct sim_packet *p)
{
	struct sim *sim = p->sim;
	bool on_link = p->origin->kind == SIM_HA && p->via.ifindex; /* sent past the tunnels */
	struct sim_fact *f = on_link ? NULL : interceptor(sim, &p->to);
	struct sim_node *ha = listener(sim, &p->to);

	if (f) {
		hop(p, &sim->node[link_of(sim, &p->to)]->addr, &f->coa);
		return true;
	}
	if (!ha || ha->kind != SIM_HA || addr_eq(&p->via.dst, &ha->addr))
		return false;
	f = path_of(ha, &p->via.src);
	if (!f || !addr_eq(&f->coa, &p->from))
		drop(p);
	else
		hop(p, &p->via.src, &p->via.dst);
	return true;
}

static void deliver_data(struct sim_node *n, const struct sim_packet *p)
{
	const struct via *via = &p->via;
	const struct in6_addr *remote = via->has_hao ? &via->hao : &via->src;
	struct sim_fact *peer = sim_fact(&n->path[RO_PEER], &n->addr, remote);
	struct sim_fact *own = sim_fact(&n->path[RO_HOME], &n->addr, remote);
	bool inside = p->flow && p->flow->net;

	if (sim_inside(&via->dst) && sim_owner(n->sim, &via->dst) != n)
		return; /* no such host is there */
	if (via->has_hao && (!peer || !addr_eq(&peer->coa, &via->src))) {
		if (n->cn && !n->deaf)
			cn_on_unknown_hao(n->cn, &via->src, &n->addr, &via->hao, sim_clock(n));
		return;
	}
	if (via->has_hao) {
		peer->busy = true;
		peer->heard++;
	}
	if (via->has_rh2 && own) {
		own->busy = true;
		own->heard++;
	}
	n->sim->stats.data++;
	if (p->flow)
		p->flow->got[n == p->flow->a] = true;
	else
		n->probed_in = p->origin->probed_out = true;
	if (n->mn && !via->has_rh2 && p->flow && !inside)
		ro_on_traffic(n->mn, &n->addr, remote, false, sim_clock(n));
}

/* As the agent does. */
static void dispatch(struct sim_node *n, const struct via *via, const struct mh *m)
{
	usec now = sim_clock(n);

	switch (m->type) {
	case MH_BU:
		sim_heard_update(n, via, m);
		if (m->u.bu.flags & BU_F_HOME && n->ha)
			ha_on_bu(n->ha, via, m, false, now);
		else if (n->cn && !(m->u.bu.flags & BU_F_HOME))
			cn_on_bu(n->cn, via, m, now);
		break;
	case MH_HOTI:
	case MH_COTI:
		if (n->cn)
			cn_on_init(n->cn, via, m, now);
		break;
	case MH_HOT:
	case MH_COT:
		sim_heard_test(n, via, m);
		if (n->mn)
			ro_on_test(n->mn, via, m, now);
		break;
	case MH_BA:
		sim_heard_ack(n, via, m);
		if (n->mn && !ro_on_ba(n->mn, via, m, now)) {
			mn_on_ba(n->mn, via, m, now);
			sim_answered(n);
		}
		break;
	case MH_BRR:
		if (n->mn)
			ro_on_brr(n->mn, via, now);
		break;
	case MH_BE:
		sim_heard_error(n, via, m);
		if (n->mn)
			ro_on_be(n->mn, via, m, now);
		break;
	default: break;
	}
}

/* The kernel gives a node what is addressed to it: a packet that somebody's false binding tunnelled here is not taken
 * out. What a mobile node is told as a correspondent at a care-of address, the model does not follow. */
static bool is_for(struct sim_node *n, const struct via *via, const struct mh *m)
{
	if (addr_eq(&via->dst, &n->addr))
		return true;
	return n->mn && sim_addr_of(n, &via->dst) && (m->type != MH_BU || via->has_rh2);
}

static void deliver_message(struct sim_node *n, const struct via *via, const uint8_t *bytes, size_t len)
{
	const struct sim_plant *plant = n->sim->plant;
	struct mh m;

	/* 11.3.3: a type 2 routing header that does not name a home address of ours. */
	if (via->has_rh2 && (!n->mn || !addr_eq(&via->rh2, &n->addr)))
		return;
	if (mh_read(bytes, len, &m, NULL) != MH_OK || !is_for(n, via, &m) ||
		(plant && plant->deafens && plant->deafens(n, &m)))
		return;
	sim_trace(n, "hears", via, &m);
	if (!n->deaf)
		dispatch(n, via, &m);
}

void sim_hand(struct sim_node *n, const struct via *via, const uint8_t *bytes, size_t len)
{
	sim_enter(n);
	deliver_message(n, via, bytes, len);
	sim_leave(n);
}

/* One that knows no Mobility Header says so (11.3.5). */
static void complain(struct sim_node *deaf, struct sim_packet *p)
{
	struct mh about;

	if (p->data || !p->origin->mn || sim_asleep(p->origin) || sim_below(deaf->sim, 2) ||
		mh_read(p->bytes, p->len, &about, NULL) != MH_OK)
		return;
	sim_enter(p->origin);
	sim_denied(p->origin, &p->via.dst);
	ro_on_unsupported(p->origin->mn, &p->via.src, &p->via.dst, &about, sim_clock(p->origin));
	sim_leave(p->origin);
}

static void on_arrival(struct timer *t, usec now)
{
	struct sim_packet *p = timer_owner(t, struct sim_packet, timer);
	struct sim_node *n;

	(void)now;
	if (forwarded(p))
		return;
	n = listener(p->sim, &p->to);
	if (!n) {
		drop(p);
		return;
	}
	p->via.bare = addr_eq(&p->from, &p->via.src);
	p->via.ifindex = ifindex_of(n, &p->to);
	sim_enter(n);
	if (p->data)
		deliver_data(n, p);
	else
		deliver_message(n, &p->via, p->bytes, p->len);
	sim_leave(n);
	if (n->deaf)
		complain(n, p);
	p->sim->flying--;
	free(p);
}

/* --- data --------------------------------------------------------------------------------------------------------- */

static void send_data(struct sim_node *from, struct sim_node *to, struct sim_flow *flow)
{
	struct sim_packet p = {.sim = from->sim, .origin = from, .data = true, .flow = flow};
	bool itself = flow && !flow->net;
	struct sim_fact *own = itself ? sim_fact(&from->path[RO_HOME], &from->addr, &to->addr) : NULL;
	struct sim_fact *peer = itself ? sim_fact(&from->path[RO_PEER], &from->addr, &to->addr) : NULL;

	p.via = (struct via){.src = from->addr, .dst = to->addr};
	if (flow && flow->net)
		*(from == flow->a ? &p.via.src : &p.via.dst) = sim_host(flow->a, flow->net);
	if (own) {
		own->busy = p.via.has_hao = true;
		p.via.hao = from->addr;
		p.via.src = own->coa;
	} else if (from->mn && itself) {
		ro_on_traffic(from->mn, &from->addr, &to->addr, true, sim_clock(from));
	}
	if (peer) {
		peer->busy = p.via.has_rh2 = true;
		p.via.rh2 = to->addr;
		p.via.dst = peer->coa;
	}
	launch(&p);
}

void sim_say(struct sim_node *from, struct sim_node *to, struct sim_flow *flow)
{
	if (sim_asleep(from))
		return;
	sim_enter(from);
	send_data(from, to, flow);
	sim_leave(from);
}
