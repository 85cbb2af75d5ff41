/*
 * sim.h: what liars say. On a mobile node's link: Router Advertisements, in the name of its router or of one that
 * answers seldom, and not at all when it is over. From anywhere: Binding Errors, and ICMPv6 errors about packets that
 * are guessed: a liar knows all addresses, and no cookie. Advertisements end with the storm; errors go on when the
 * network is well again.
 */
#include "base/addr.h"
#include "tests/sim/sim.h"

#define WEATHERED (20 * SEC) /* after bad weather every router has spoken again */
#define SPOKE	  (4 * SEC)  /* what a router just told, forged advertisements do not outlive so soon */

/* --- Router Advertisements ---------------------------------------------------------------------------------------- */

/* Some other link's. */
static int other_link(struct sim *sim, int link)
{
	int links = (int)(sim->conf.has + sim->conf.links);

	return (link + 1 + (int)sim_below(sim, (unsigned)links - 1)) % links;
}

/* What the router of another link says, the home link's more often than not; a router that resigns, or ends its prefix;
 * and with prefix, flags and link-layer address of one and of the other. */
static struct nd_ra some_ra(struct sim_node *n, int link, int *of)
{
	struct sim *sim = n->sim;
	struct nd_ra ra;

	*of = sim_below(sim, 2) && link != n->home_link ? n->home_link : other_link(sim, link);
	if (sim_below(sim, 4) == 0)
		*of = link;
	ra = sim_ra(sim, *of);
	if (sim_below(sim, 2))
		ra.prefix[0].router = !ra.prefix[0].router;
	ra.home_agent = sim_below(sim, 2);
	ra.has_lladdr = sim_below(sim, 4);
	if (sim_below(sim, 2))
		ra.lladdr[5] = (uint8_t)link;
	if (sim_below(sim, 4) == 0)
		ra.router_lifetime = 0;
	if (sim_below(sim, 4) == 0)
		ra.prefix[0].valid = sim_below(sim, 60);
	return ra;
}

/* The router of that link spoke just now and has answered so far, or would have: no question got lost lately. */
static bool answers(const struct sim_node *n, int link, const struct place *at)
{
	const struct sim *sim = n->sim;

	if (sim->now - sim->lossy[link] > WEATHERED)
		return sim_at(n, link);
	for (const struct sim_iface *i = n->iface; i < n->iface + SIM_IFACES; i++)
		if (i->link == link && i->spoke && sim->now - i->spoke < SPOKE)
			return attach_holds(&n->mn->attach, at, sim_clock(n));
	return false;
}

/* The care-of address of a tunnel that serves: the home agent has a binding, the kernel the address, and the router
 * answers. NULL: none. */
static const struct sim_addr *served_at(struct sim_node *n)
{
	const struct mn_home *h = &n->mn->home[0];
	const struct place *at = mn_place(h);
	const struct sim_addr *a = sim_addr_of(n, &at->coa);
	bool bound = h->tunnelled && h->reg && h->reg->bound;

	return bound && a && a->here && a->told && answers(n, a->link, at) ? a : NULL;
}

/* The tunnel goes with its care-of address, or when the home agent says that it is not needed any more: an
 * advertisement cannot say so. */
void sim_forge_ra(struct sim_node *n)
{
	struct sim *sim = n->sim;
	unsigned i = sim_below(sim, SIM_IFACES);
	int link = n->iface[i].link, of;
	const struct sim_addr *at;
	struct in6_addr from;
	struct nd_ra ra;

	if (sim_asleep(n) || link == SIM_NOWHERE || !n->iface[i].told_up)
		return;
	ra = some_ra(n, link, &of);
	from = sim_router(sim_below(sim, 2) ? link : SIM_LINKS);
	sim->stats.forged++;
	sim_enter(n);
	at = served_at(n);
	if (of != link && of != n->home_link && ra.prefix[0].valid)
		sim_autoconf(n, i, of);
	mn_on_ra(n->mn, i + 1, &from, &ra, sim_clock(n));
	sim_leave(n);
	if (at && at->here && !n->bound.n)
		sim_violated(sim, SIM_TUNNEL, "node %u takes its tunnel down for an advertisement", n->id);
}

/* --- errors ------------------------------------------------------------------------------------------------------- */

static void binding_error(struct sim_node *n, const struct bul_entry *e, const struct in6_addr *to)
{
	struct mh m = {.type = MH_BE, .u.be = {.status = sim_below(n->sim, 2) ? BE_UNKNOWN_HAO : BE_UNKNOWN_TYPE}};
	struct via via = {.src = e->peer, .dst = *to, .bare = true};
	uint8_t bytes[64];
	int len;

	m.u.be.home = m.u.be.status == BE_UNKNOWN_HAO ? e->home : in6addr_any;
	len = mh_write(&m, bytes, sizeof(bytes));
	sim_hand(n, &via, bytes, (size_t)len);
}

/* About the questions or updates of n to that peer, or about its tunnel. */
static void icmp_error(struct sim_node *n, const struct bul_entry *e, const struct in6_addr *to)
{
	struct mh quoted = {.type = sim_below(n->sim, 2) ? MH_HOTI : MH_COTI};

	quoted.u.init.cookie = sim_below(n->sim, 2) ? sim_random(n->sim) : 0;
	sim_enter(n);
	if (sim_below(n->sim, 2))
		ro_on_unsupported(n->mn, to, &e->peer, &quoted, sim_clock(n));
	else
		mn_on_unreachable(n->mn, to, &n->mn->home[0].agent, &n->addr, sim_clock(n));
	sim_leave(n);
}

/* The correspondent is told that the care-of address is not there. */
static void unreachable(struct sim_node *n, const struct in6_addr *home)
{
	if (!n->cn || sim_asleep(n) || n->deaf)
		return;
	sim_enter(n);
	sim_blamed(n, home);
	cn_on_unreachable(n->cn, home, &n->addr, sim_clock(n));
	sim_leave(n);
}

void sim_forge_error(struct sim_node *n)
{
	size_t entries = n->mn ? bul_count(&n->mn->bul) : 0;
	const struct bul_entry *e;
	struct in6_addr to;

	if (sim_asleep(n) || !entries || !n->mn->homes)
		return;
	e = bul_at(&n->mn->bul, sim_below(n->sim, (unsigned)entries));
	to = sim_below(n->sim, 2) ? n->addr : mn_place(&n->mn->home[0])->coa;
	n->sim->stats.forged++;
	switch (sim_below(n->sim, 3)) {
	case 0: binding_error(n, e, &to); break;
	case 1: icmp_error(n, e, &to); break;
	default: unreachable(sim_owner(n->sim, &e->peer), &n->addr);
	}
}
