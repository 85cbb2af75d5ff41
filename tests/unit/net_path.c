/* net.h: packets on their way: tunnels and home agents, HAO and RH2, delay and loss. */
#include "base/addr.h"
#include "tests/unit/net_impl.h"

struct net_packet {
	struct timer timer;
	struct net *net;
	struct in6_addr from, to; /* outermost, this hop */
	bool tunnelled;		  /* a home agent has it, or had it */
	bool through;		  /* a link, whatever is routed elsewhere */
	bool is_data;
	struct net_msg msg; /* data: via alone */
};

static void arrive(struct timer *t, usec now);

static void launch(struct net_packet *p)
{
	struct net *net = p->net;
	usec jitter = net->jitter ? (usec)t_below((unsigned)net->jitter) : 0;

	timer_arm(&net->timers, &p->timer, net->now + net->delay + jitter, arrive);
}

static void land(struct net_packet *p)
{
	p->net->flying--;
	free(p);
}

static void lose(struct net_packet *p)
{
	p->net->lost_data += p->is_data;
	land(p);
}

static void hop(struct net_packet *p, const struct in6_addr *from, const struct in6_addr *to)
{
	p->from = *from;
	p->to = *to;
	if (t_below(1000) < p->net->loss)
		lose(p);
	else
		launch(p);
}

/* Away, what comes from the home address goes through the reverse tunnel; what has a HAO comes from the care-of
 * address. */
static void depart(struct net_node *n, struct net_packet *p)
{
	const struct via *via = &p->msg.via;
	struct in6_addr agent = t_addr(NET_AGENT);

	if (n->mobile && n->link > 0 && addr_eq(&via->src, &n->addr))
		hop(p, &n->coa, &agent);
	else
		hop(p, &via->src, &via->dst);
}

static void send_off(struct net_node *n, const struct net_msg *m, bool is_data)
{
	struct net_packet *p = calloc(1, sizeof(*p));

	assert_non_null(p);
	n->net->flying++;
	p->net = n->net;
	p->is_data = is_data;
	p->through = n == &n->net->node[0] && m->via.ifindex;
	p->msg = *m;
	depart(n, p);
}

void net_post(struct net_node *n, const struct net_msg *m)
{
	send_off(n, m, false);
	if (t_below(1000) < n->net->twice)
		send_off(n, m, false);
}

/* --- arrival ------------------------------------------------------------------------------------------------------ */

static struct net_node *node_at(struct net *net, const struct in6_addr *addr)
{
	for (size_t i = 0; i < net->nodes; i++) {
		struct net_node *n = &net->node[i];

		if (n->link > 0 && addr_eq(&n->coa, addr))
			return n;
		if (n->link == NET_HOME && addr_eq(&n->addr, addr))
			return n;
	}
	return NULL;
}

static const struct in6_addr *binding_of(struct net *net, const struct in6_addr *home)
{
	const struct bc_entry *e = bc_find(&net->node[0].ha.bc, home, NULL);

	return e && e->state == MIP_BINDING_ACTIVE ? &e->coa : NULL;
}

/* At the home agent: out of the reverse tunnel when it comes from where it must (10.4.5), into the tunnel for a home
 * address that is away. False: it is for somebody right here. */
static bool forwarded(struct net_packet *p)
{
	struct net *net = p->net;
	const struct via *via = &p->msg.via;
	struct in6_addr agent = net->node[0].addr;
	const struct in6_addr *coa;

	if (addr_eq(&p->to, &agent) && !addr_eq(&via->dst, &agent)) {
		coa = binding_of(net, &via->src);
		p->tunnelled = true;
		if (!coa || !addr_eq(coa, &p->from))
			lose(p);
		else
			hop(p, &via->src, &via->dst);
		return true;
	}
	coa = p->through ? NULL : binding_of(net, &p->to);
	if (!coa)
		return false;
	p->tunnelled = true;
	hop(p, &agent, coa);
	return true;
}

static void deliver_data(struct net_node *n, struct net_packet *p)
{
	const struct via *via = &p->msg.via;
	const struct in6_addr *remote = via->has_hao ? &via->hao : &via->src;
	struct net_fact *peer = net_find_fact(n, RO_PEER, &n->addr, remote);
	struct net_fact *own = net_find_fact(n, RO_HOME, &n->addr, remote);

	if (via->has_hao && (!peer || !addr_eq(&peer->coa, &via->src))) {
		n->refused_hao++;
		cn_on_unknown_hao(&n->cn, &via->src, &n->addr, &via->hao, n->net->now);
		lose(p);
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
	if (p->tunnelled)
		n->got_tunnelled++;
	else
		n->got_direct++;
	if (n->mobile && n->link > 0 && !(via->has_rh2 && own))
		ro_on_traffic(&n->mn, &n->addr, remote, false, n->net->now);
	land(p);
}

static void complain(struct net_node *deaf, const struct net_msg *about)
{
	for (size_t i = 0; deaf->complains && i < deaf->net->nodes; i++)
		ro_on_unsupported(&deaf->net->node[i].mn, &about->via.src, &about->via.dst, &about->mh, deaf->net->now);
}

static void dispatch(struct net_node *n, const struct via *via, const struct mh *m)
{
	usec now = n->net->now;

	switch (m->type) {
	case MH_BU:
		if (m->u.bu.flags & BU_F_HOME)
			ha_on_bu(&n->ha, via, m, false, now);
		else
			cn_on_bu(&n->cn, via, m, now);
		break;
	case MH_BA:
		if (!ro_on_ba(&n->mn, via, m, now))
			mn_on_ba(&n->mn, via, m, now);
		break;
	case MH_HOTI:
	case MH_COTI: cn_on_init(&n->cn, via, m, now); break;
	case MH_COT: net_heard_cot(n, via, m); /* fall through */
	case MH_HOT: ro_on_test(&n->mn, via, m, now); break;
	case MH_BRR: ro_on_brr(&n->mn, via, now); break;
	case MH_BE: ro_on_be(&n->mn, via, m, now); break;
	default: fail_msg("message of type %u", m->type);
	}
}

void net_deliver(struct net_node *n, const struct net_msg *msg)
{
	uint8_t *bytes = t_copy(msg->bytes, msg->len);
	struct mh m;

	assert_int_equal(mh_read(bytes, msg->len, &m, NULL), MH_OK);
	if (n->deaf)
		complain(n, msg);
	else
		dispatch(n, &msg->via, &m);
	free(bytes);
}

static void arrive(struct timer *t, usec now)
{
	struct net_packet *p = timer_owner(t, struct net_packet, timer);
	struct net *net = p->net;
	struct net_node *n;

	(void)now;
	if (!net->cut && forwarded(p))
		return;
	n = net->cut ? NULL : node_at(net, &p->to);
	if (!n) {
		lose(p);
	} else if (p->is_data) {
		deliver_data(n, p);
	} else {
		p->msg.via.bare = !p->tunnelled;
		p->msg.via.ifindex = (unsigned)n->link + 1;
		net_deliver(n, &p->msg);
		land(p);
	}
}

/* --- data --------------------------------------------------------------------------------------------------------- */

void net_say(struct net_node *from, struct net_node *to)
{
	struct net_msg m = {.via = {.src = from->addr, .dst = to->addr}};
	struct net_fact *own = net_find_fact(from, RO_HOME, &from->addr, &to->addr);
	struct net_fact *peer = net_find_fact(from, RO_PEER, &from->addr, &to->addr);

	if (from->link == NET_NOWHERE)
		return;
	if (own) {
		own->busy = true;
		m.via.hao = from->addr;
		m.via.has_hao = true;
		m.via.src = own->coa;
		assert_memory_equal(&own->coa, &from->coa, sizeof(from->coa));
	} else if (from->mobile && from->link > 0) {
		ro_on_traffic(&from->mn, &from->addr, &to->addr, true, from->net->now);
	}
	if (peer) {
		peer->busy = true;
		m.via.rh2 = to->addr;
		m.via.has_rh2 = true;
		m.via.dst = peer->coa;
	}
	send_off(from, &m, true);
}
