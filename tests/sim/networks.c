/*
 * sim.h: mobile networks (RFC 3963). Some mobile nodes are routers; each has one to three networks, some of them
 * another router's, too. A home agent lets a router have all it names, or, by a rule for its home address, some: those
 * it need not name. The rule may change at any time; what is bound stays until the next update.
 */
#include "base/addr.h"
#include "tests/sim/sim.h"

#define NETWORKS  0xee /* the fifth octet of their addresses; then which, and the home link; the router's number */
#define CACHE_MAX 100000

static uint8_t all_of(const struct sim_node *n)
{
	return (uint8_t)((1 << n->nets) - 1);
}

static struct addr_prefix network(unsigned link, unsigned which, uint32_t id, uint8_t plen)
{
	struct in6_addr a = {{{0x20, 0x01, 0x0d, 0xb8, NETWORKS, (uint8_t)(which << 4 | link)}}};

	a.s6_addr[6] = (uint8_t)(id >> 8);
	a.s6_addr[7] = (uint8_t)id;
	return addr_prefix(&a, plen);
}

/* --- configuration ------------------------------------------------------------------------------------------------ */

static void grant(struct sim_node *n)
{
	n->ruled = sim_below(n->sim, 2);
	n->granted = sim_below(n->sim, 2) ? all_of(n) : (uint8_t)sim_below(n->sim, all_of(n) + 1u);
}

/* The last network of n is the first of another router of its home agent, or lies in that. */
static void contest(struct sim_node *n, struct sim_node *with)
{
	if (n->home_link != with->home_link || with->rival || sim_below(n->sim, 4))
		return;
	n->rival = with;
	with->rival = n;
	n->net[n->nets - 1] = addr_prefix(&with->net[0].addr, sim_below(n->sim, 2) ? 64 : 72);
}

void sim_networks(struct sim *sim)
{
	struct sim_node **mn = &sim->node[sim->conf.has + sim->conf.cns];

	for (unsigned i = 0; i < sim->conf.routers; i++) {
		struct sim_node *n = mn[i];

		n->nets = 1 + sim_below(sim, SIM_NETS);
		for (unsigned k = 0; k < n->nets; k++)
			n->net[k] = network((unsigned)n->home_link, k, n->id, 64);
		if (i)
			contest(n, mn[sim_below(sim, i)]);
		grant(n);
	}
}

static struct ha_rule rule_for(const struct sim_node *n)
{
	struct ha_rule r = {.addr = n->addr, .plen = 128};

	for (unsigned i = 0; i < n->nets; i++)
		if (n->granted >> i & 1)
			r.network[r.networks++] = n->net[i];
	return r;
}

void sim_serve(struct sim_node *ha)
{
	const struct sim *sim = ha->sim;
	struct ha_conf conf = {.links = 1,
		.link = {{.ifindex = 1}},
		.insecure = true,
		.max_lifetime = 3600,
		.max_bindings = CACHE_MAX,
		.rules = 1,
		.rule = {{.addr = ha->addr, .plen = 64}}};

	for (unsigned i = 0; i < SIM_NETS && sim->conf.routers; i++)
		conf.rule[0].network[conf.rule[0].networks++] = network(ha->id - 1, i, 0, 48);
	for (unsigned i = 0; i < sim->conf.routers; i++) {
		const struct sim_node *n = sim->node[sim->conf.has + sim->conf.cns + i];

		if (n->ruled && sim->node[n->home_link] == ha)
			conf.rule[conf.rules++] = rule_for(n);
	}
	ha_start(ha->ha, &conf);
}

void sim_regrant(struct sim_node *n)
{
	struct sim_node *ha = n->nets ? n->sim->node[n->home_link] : NULL;

	if (!ha || sim_asleep(ha))
		return;
	grant(n);
	n->lost_at = n->sim->now;
	sim_enter(ha);
	sim_serve(ha);
	sim_leave(ha);
}

/* RFC 3963 6.2: all that is named, or nothing; named by nobody, what is configured. */
uint8_t sim_allowed(const struct sim_node *n, const struct mh *bu)
{
	if (!n || !n->nets || (n->ruled && !n->granted))
		return SIM_DENIED;
	if (!bu->opt.networks)
		return n->ruled ? n->granted : SIM_DENIED;
	return n->ruled && n->granted != all_of(n) ? SIM_DENIED : all_of(n);
}

bool sim_grants(const struct sim_node *n, uint8_t nets)
{
	return !n || !n->ruled || !nets || !(nets & ~n->granted);
}

uint8_t sim_nets(const struct sim_node *n, const struct addr_prefix *list, size_t networks)
{
	uint8_t nets = 0;

	for (size_t k = 0; k < networks; k++) {
		unsigned i = 0;

		while (n && i < n->nets && (n->net[i].plen != list[k].plen || !addr_eq(&n->net[i].addr, &list[k].addr)))
			i++;
		nets |= (uint8_t)(n && i < n->nets ? 1 << i : SIM_DENIED);
	}
	return nets;
}

/* --- packets ------------------------------------------------------------------------------------------------------ */

struct in6_addr sim_host(const struct sim_node *n, const struct addr_prefix *net)
{
	struct in6_addr a = net->addr;

	memcpy(&a.s6_addr[12], &n->addr.s6_addr[12], 4);
	return a;
}

bool sim_inside(const struct in6_addr *addr)
{
	return addr->s6_addr[4] == NETWORKS;
}

struct sim_fact *sim_routed(const struct sim_node *n, const struct addr_prefix *net)
{
	struct in6_addr plen = {.s6_addr[15] = net->plen};

	return sim_fact(&n->routed, &net->addr, &plen);
}

/* No two that are routed share an address: route() and meets() see to it. */
struct sim_fact *sim_route(const struct sim_node *n, const struct in6_addr *host)
{
	const struct sim_node *whose[] = {sim_owner(n->sim, host), NULL};

	whose[1] = whose[0] ? whose[0]->rival : NULL;
	for (size_t k = 0; k < 2 && whose[k]; k++)
		for (unsigned i = 0; i < whose[k]->nets; i++) {
			struct sim_fact *f = sim_routed(n, &whose[k]->net[i]);

			if (f && addr_in(&whose[k]->net[i].addr, host, whose[k]->net[i].plen))
				return f;
		}
	return NULL;
}

bool sim_reachable(const struct sim_node *n, const struct addr_prefix *net)
{
	return !n->rival && !n->mn->home[0].no_router && sim_grants(n, sim_nets(n, net, 1));
}

/* --- what must hold ----------------------------------------------------------------------------------------------- */

/* A network of the other router that shares an address with that of f, and is routed to the other. */
static bool meets(const struct sim_node *n, const struct sim_fact *f, const struct sim_node *other)
{
	for (unsigned i = 0; i < other->nets; i++) {
		const struct sim_fact *g = sim_routed(n, &other->net[i]);
		uint8_t plen = f->key[1].s6_addr[15] < other->net[i].plen ? f->key[1].s6_addr[15] : other->net[i].plen;

		if (g && g->router == other && addr_in(&f->key[0], &g->key[0], plen))
			return true;
	}
	return false;
}

void sim_check_routes(const struct sim_node *n, const struct in6_addr *home, const struct bc_entry *e, uint8_t nets)
{
	const struct sim_node *router = sim_owner(n->sim, home);

	if (!n->ha || !router)
		return;
	if (e && sim_nets(router, e->network, e->networks) != nets)
		sim_violated(n->sim, SIM_NETWORK, "node %u binds other networks of %s than it agreed to", n->id,
			addr_text(home).s);
	for (unsigned i = 0; i < router->nets; i++) {
		const struct sim_fact *f = sim_routed(n, &router->net[i]);
		bool is_its = f && f->router == router, must = e && nets >> i & 1;

		if (is_its != must || (must && !addr_eq(&f->coa, &e->coa)))
			sim_violated(n->sim, SIM_NETWORK,
				"node %u sends the packets of network %u of %s elsewhere (%d, %d)", n->id, i,
				addr_text(home).s, is_its, must);
		if (must && router->rival && meets(n, f, router->rival))
			sim_violated(n->sim, SIM_NETWORK, "node %u routes network %u of %s to two bindings", n->id, i,
				addr_text(home).s);
	}
}

/* All go by the tunnel of the home address, while that stands, unless no home agent takes it for a router. */
void sim_check_router(const struct sim_node *n)
{
	const struct mn_home *h = &n->mn->home[0];
	const struct sim_fact *tunnel = sim_fact(&n->bound, &n->addr, NULL);
	bool must = tunnel && mn_is_router(h);

	if (h->state == MIP_MN_REGISTERED ? !tunnel : h->state == MIP_MN_HOME && tunnel)
		sim_violated(n->sim, SIM_NETWORK, "node %u has %s", n->id, tunnel ? "a tunnel at home" : "no tunnel");
	for (unsigned i = 0; i < n->nets; i++) {
		const struct sim_fact *f = sim_routed(n, &n->net[i]);

		if (!f == must || (f && tunnel && !addr_eq(&f->coa, &tunnel->coa)))
			sim_violated(n->sim, SIM_NETWORK, "node %u sends what its network %u says elsewhere (%d, %d)",
				n->id, i, f != NULL, must);
	}
}
