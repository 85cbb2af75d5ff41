/*
 * sim.h: a mobile node's machine: interfaces that are plugged in and out, addresses
 * the kernel makes of advertisements, and the news of it all, a little late.
 */
#include <stdlib.h>

#include "base/addr.h"
#include "tests/sim/sim.h"

#define NEWS_LATE (20 * MSEC)
#define RA_LATE	  (500 * MSEC) /* MAX_RA_DELAY_TIME, RFC 4861 10 */

enum what { LINK_UP, LINK_DOWN, ROUTER, ANSWER, TENTATIVE, OPTIMISTIC, DAD_END, USABLE, FAILED, GONE, TAKEN };

struct sim_news {
	struct timer timer;
	struct sim_news *next; /* in the node's queue */
	struct sim_node *node;
	enum what what;
	unsigned iface, visit, boot;
	int link;
	struct in6_addr addr;
};

struct in6_addr sim_prefix(const struct sim *sim, int link)
{
	struct in6_addr a = {{{0x20, 0x01, 0x0d, 0xb8}}};
	bool foreign = link >= (int)sim->conf.has;

	a.s6_addr[4] = foreign ? 0xf0 : 0;
	a.s6_addr[5] = (uint8_t)(foreign ? link : link + 1);
	return a;
}

static struct in6_addr care_of(const struct sim_node *n, unsigned iface, int link)
{
	struct in6_addr a = sim_prefix(n->sim, link);

	memcpy(&a.s6_addr[12], &n->addr.s6_addr[12], 4);
	a.s6_addr[11] = (uint8_t)(iface + 1);
	return a;
}

bool sim_at(const struct sim_node *n, int link)
{
	for (unsigned i = 0; i < SIM_IFACES; i++)
		if (n->iface[i].link == link)
			return true;
	return false;
}

struct sim_addr *sim_addr_of(struct sim_node *n, const struct in6_addr *addr)
{
	for (unsigned i = 0; i < SIM_IFACES; i++)
		for (size_t k = 0; k < n->iface[i].addrs; k++)
			if (addr_eq(&n->iface[i].addr[k].addr, addr))
				return &n->iface[i].addr[k];
	return NULL;
}

/* --- addresses ---------------------------------------------------------------------------------------------------- */

static void on_news(struct timer *t, usec now);

/* Told in order, and kept while the listener sleeps. */
static bool is_netlink(enum what what)
{
	return what != ROUTER && what != ANSWER && what != DAD_END && what != TAKEN;
}

static struct sim_news *post(struct sim_node *n, enum what what, unsigned iface, usec delay)
{
	struct sim_news *w = calloc(1, sizeof(*w));

	if (!w)
		abort();
	*w = (struct sim_news){.node = n, .what = what, .iface = iface, .boot = n->boot};
	w->visit = n->iface[iface].visit;
	w->link = n->iface[iface].link;
	if (is_netlink(what)) {
		*n->news_end = w;
		n->news_end = &w->next;
	}
	n->sim->pending++;
	timer_arm(&n->sim->timers, &w->timer, n->sim->now + sim_around(n->sim, delay / 2), on_news);
	return w;
}

/* Gone from the kernel and for the role: gone, unless it is to be remembered. */
static void tidy(struct sim_iface *f)
{
	for (size_t k = f->addrs; k-- > 0;)
		if (!f->addr[k].here && !f->addr[k].owed && !f->addr[k].failed)
			f->addr[k] = f->addr[--f->addrs];
}

static void remove_addr(struct sim_node *n, unsigned iface, struct sim_addr *a, enum what why)
{
	if (!a->here)
		return;
	a->here = a->usable = false;
	a->owed++;
	post(n, why, iface, NEWS_LATE)->addr = a->addr;
}

void sim_autoconf(struct sim_node *n, unsigned iface, int link)
{
	struct sim_iface *f = &n->iface[iface];
	struct in6_addr addr = care_of(n, iface, link);
	struct sim_addr *a = sim_addr_of(n, &addr);

	if (link == n->home_link || (a && a->here) || (!a && f->addrs == SIM_ADDRS))
		return;
	if (!a) {
		a = &f->addr[f->addrs++];
		*a = (struct sim_addr){.addr = addr, .link = link};
	}
	a->here = true;
	a->usable = sim_below(n->sim, 3) == 0;
	post(n, a->usable ? OPTIMISTIC : TENTATIVE, iface, NEWS_LATE)->addr = addr;
	post(n, DAD_END, iface, a->usable || sim_below(n->sim, 2) ? 2 * SEC : 3 * NEWS_LATE)->addr = addr;
}

void sim_settle(struct sim_node *n, unsigned ifindex, const struct in6_addr *prefix, size_t prefixes)
{
	struct sim_iface *f = &n->iface[ifindex - 1];

	for (size_t k = 0; k < f->addrs; k++) {
		size_t i = 0;

		while (i < prefixes && !addr_in(&f->addr[k].addr, &prefix[i], 64))
			i++;
		if (i == prefixes)
			remove_addr(n, ifindex - 1, &f->addr[k], GONE);
	}
}

/* --- news --------------------------------------------------------------------------------------------------------- */

static void tell_addr(struct sim_node *n, unsigned iface, const struct in6_addr *addr, enum what what)
{
	struct attach_addr a = {.addr = *addr, .plen = 64, .dynamic = true};
	struct sim_addr *s = sim_addr_of(n, addr);

	a.optimistic = what == OPTIMISTIC;
	a.usable = what == USABLE || what == OPTIMISTIC;
	a.failed = what == FAILED;
	if (s) {
		s->told = a.usable;
		s->failed = what != USABLE && (s->failed || a.failed);
	}
	mn_on_addr(n->mn, iface + 1, &a, what == GONE || what == FAILED, sim_clock(n));
}

/* The kernel's own business, whoever listens: it keeps no autoconfigured address that another node has. */
static void end_dad(struct sim_node *n, unsigned iface, const struct in6_addr *addr)
{
	struct sim_addr *a = sim_addr_of(n, addr);

	if (!a || !a->here)
		return;
	if (n->sim->now < n->rivalled_until) {
		remove_addr(n, iface, a, FAILED);
		return;
	}
	a->usable = true;
	post(n, USABLE, iface, NEWS_LATE)->addr = *addr;
}

/* The kernel may have made the address again meanwhile: its own news is under way. */
static void tell_gone(struct sim_node *n, unsigned iface, const struct in6_addr *addr, enum what why)
{
	struct sim_addr *a = sim_addr_of(n, addr);

	if (a && a->owed)
		a->owed--;
	tell_addr(n, iface, addr, why);
	tidy(&n->iface[iface]);
}

struct in6_addr sim_router(int link)
{
	struct in6_addr router = {{{0xfe, 0x80, [15] = 1}}};

	router.s6_addr[14] = (uint8_t)link;
	return router;
}

static void lladdr_of(int link, uint8_t lladdr[6])
{
	memset(lladdr, 0, 6);
	lladdr[0] = 2;
	lladdr[5] = (uint8_t)link;
}

struct nd_ra sim_ra(const struct sim *sim, int link)
{
	struct nd_ra ra = {.router_lifetime = 1800, .has_lladdr = true, .prefixes = 1};
	bool home = link < (int)sim->conf.has;
	struct nd_prefix *p = &ra.prefix[0];

	lladdr_of(link, ra.lladdr);
	*p = (struct nd_prefix){.len = 64, .onlink = true, .autoconf = true, .valid = UINT32_MAX, .router = home};
	p->prefix = home ? sim->node[link]->addr : sim_prefix(sim, link);
	return ra;
}

static void tell_ra(struct sim_node *n, unsigned iface, int link)
{
	struct in6_addr router = sim_router(link);
	struct nd_ra ra = sim_ra(n->sim, link);

	n->iface[iface].spoke = n->sim->now;
	sim_autoconf(n, iface, link);
	mn_on_ra(n->mn, iface + 1, &router, &ra, sim_clock(n));
}

static void tell_answer(struct sim_node *n, unsigned iface, int link, const struct in6_addr *addr)
{
	struct nd_nx na = {.target = *addr, .solicited = true, .has_lladdr = true};

	lladdr_of(link, na.lladdr);
	attach_on_na(&n->mn->attach, iface + 1, &na, sim_clock(n));
}

static void tell_link(struct sim_node *n, unsigned iface, bool up)
{
	n->iface[iface].told_up = up;
	for (size_t k = 0; !up && k < n->iface[iface].addrs; k++)
		n->iface[iface].addr[k].failed = false;
	mn_on_link(n->mn, iface + 1, up, false, sim_clock(n));
}

static void tell(struct sim_node *n, const struct sim_news *w)
{
	switch (w->what) {
	case LINK_UP: tell_link(n, w->iface, true); break;
	case LINK_DOWN: tell_link(n, w->iface, false); break;
	case ROUTER:
		if (w->visit == n->iface[w->iface].visit && w->link != SIM_NOWHERE)
			tell_ra(n, w->iface, w->link);
		break;
	case ANSWER: tell_answer(n, w->iface, w->link, &w->addr); break;
	case TENTATIVE:
	case OPTIMISTIC:
	case USABLE: tell_addr(n, w->iface, &w->addr, w->what); break;
	case FAILED:
	case GONE: tell_gone(n, w->iface, &w->addr, w->what); break;
	case DAD_END: break;
	case TAKEN: ha_on_taken(n->ha, 1, &w->addr, sim_clock(n)); break;
	}
}

static bool must_wait(const struct sim_node *n, const struct sim_news *w)
{
	return is_netlink(w->what) && (n->news != w || (!n->down && n->sim->now < n->frozen_until));
}

static void pop(struct sim_node *n)
{
	n->news = n->news->next;
	if (!n->news)
		n->news_end = &n->news;
}

static void on_news(struct timer *t, usec now)
{
	struct sim_news *w = timer_owner(t, struct sim_news, timer);
	struct sim_node *n = w->node;

	if (must_wait(n, w)) {
		timer_arm(&n->sim->timers, t, now + MSEC, on_news);
		return;
	}
	if (is_netlink(w->what))
		pop(n);
	if (w->what == DAD_END) {
		end_dad(n, w->iface, &w->addr);
	} else if (!sim_asleep(n) && w->boot == n->boot) {
		sim_enter(n);
		tell(n, w);
		sim_leave(n);
	}
	n->sim->pending--;
	free(w);
}

/* --- what happens to it ------------------------------------------------------------------------------------------- */

void sim_attach(struct sim_node *n, unsigned iface, int link)
{
	n->iface[iface].link = link;
	n->iface[iface].visit++;
	n->iface[iface].spoke = 0;
	post(n, LINK_UP, iface, NEWS_LATE);
}

/* Another network behind the same socket: no link tells of it, its router does. */
void sim_slide(struct sim_node *n, unsigned iface, int link)
{
	n->iface[iface].link = link;
	n->iface[iface].visit++;
	n->iface[iface].spoke = 0;
	sim_advertise(n, iface);
}

void sim_advertise(struct sim_node *n, unsigned iface)
{
	if (n->iface[iface].link != SIM_NOWHERE)
		post(n, ROUTER, iface, RA_LATE);
}

/* Out of the socket, or shut down by hand: then its addresses go, too. */
void sim_detach(struct sim_node *n, unsigned iface)
{
	struct sim_iface *f = &n->iface[iface];

	f->link = SIM_NOWHERE;
	f->visit++;
	post(n, LINK_DOWN, iface, NEWS_LATE);
	for (size_t k = f->addrs; sim_below(n->sim, 2) && k-- > 0;)
		remove_addr(n, iface, &f->addr[k], GONE);
}

void sim_tell_all(struct sim_node *n)
{
	for (unsigned i = 0; i < SIM_IFACES; i++) {
		struct sim_iface *f = &n->iface[i];

		for (size_t k = 0; k < f->addrs; k++)
			f->addr[k] = (struct sim_addr){.addr = f->addr[k].addr,
				.link = f->addr[k].link,
				.here = f->addr[k].here,
				.usable = f->addr[k].usable};
		tidy(f);
		tell_link(n, i, f->link != SIM_NOWHERE);
		for (size_t k = 0; k < f->addrs; k++)
			tell_addr(n, i, &f->addr[k].addr, f->addr[k].usable ? USABLE : TENTATIVE);
	}
}

/* The router answers once; the first seconds behind a switch are deaf now and then. */
void sim_solicited(struct sim_node *n, unsigned ifindex)
{
	struct sim_iface *f = &n->iface[ifindex - 1];

	if (f->link == SIM_NOWHERE || n->sim->cut[f->link] || sim_below(n->sim, 1000) < n->sim->loss)
		return;
	post(n, ROUTER, ifindex - 1, RA_LATE);
}

void sim_asked(struct sim_node *n, unsigned ifindex, const struct in6_addr *router)
{
	struct sim *sim = n->sim;
	int link = n->iface[ifindex - 1].link;
	struct in6_addr here = sim_router(link), liar = sim_router(SIM_LINKS);
	bool global = link >= 0 && link < (int)sim->conf.has && addr_eq(&sim->node[link]->addr, router);
	bool answered = addr_eq(&here, router) || global || (addr_eq(&liar, router) && !sim->calm && sim_below(sim, 2));

	if (link != SIM_NOWHERE && answered && sim_below(sim, 1000) >= sim->loss)
		post(n, ANSWER, ifindex - 1, 20 * MSEC)->addr = *router;
}

/* A home agent probes: does somebody on the home link have that address? */
void sim_taken(struct sim_node *ha, const struct in6_addr *home)
{
	struct sim_node *n = sim_owner(ha->sim, home);

	if (n && n->kind == SIM_MN && (ha->sim->now < n->squatted_until || (n->arrived && sim_at(n, n->home_link))))
		post(ha, TAKEN, 0, 400 * MSEC)->addr = *home;
}
