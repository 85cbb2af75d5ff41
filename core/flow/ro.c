/*
 * ro.h: which pairs of addresses are optimized, which home addresses of ours are where. A pair lives while one of its
 * sides is set. It is in the table before its route leads packets here, and after: a packet on its way through the
 * device while that changes is sent on as it is.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/addr.h"
#include "base/log.h"
#include "flow/path.h"
#include "flow/path_impl.h"
#include "flow/ro_impl.h"

struct ro_pair *ro_pair_find(const struct ro *ro, const struct in6_addr *local, const struct in6_addr *remote)
{
	struct ro_ends ends = {*local, *remote};

	return (struct ro_pair *)(void *)map_find(&ro->pairs, &ends);
}

const struct ro_home *ro_home_find(const struct ro *ro, const struct in6_addr *home)
{
	return (const struct ro_home *)(void *)map_find(&ro->homes, home);
}

/* --- pairs -------------------------------------------------------------------------------------------------------- */

static struct ro_pair *pair_add(struct ro *ro, const struct in6_addr *local, const struct in6_addr *remote)
{
	struct ro_pair *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->ends = (struct ro_ends){*local, *remote};
	if (!map_add(&ro->pairs, &p->node))
		return p;
	free(p);
	return NULL;
}

static void pair_del(struct ro *ro, struct ro_pair *p)
{
	if (p->routed)
		ro_unroute(ro, p);
	map_del(&ro->pairs, &p->node);
	free(p);
}

static int forward_once(struct ro *ro, struct why *why)
{
	int err = ro->forwards ? 0 : ro_forwarding(why);

	ro->forwards = !err;
	return err;
}

static void unset(struct ro *ro, enum ro_end side, struct ro_pair *p)
{
	if (!p)
		return;
	p->on[side] = false;
	if (!p->on[!side])
		pair_del(ro, p);
}

static int set(struct ro *ro, enum ro_end side, const struct ro_ends *ends, const struct in6_addr *coa, bool registered,
	struct why *why)
{
	struct ro_pair *p = ro_pair_find(ro, &ends->local, &ends->remote);
	int err = forward_once(ro, why);

	if (err)
		return err;
	if (!p)
		p = pair_add(ro, &ends->local, &ends->remote);
	if (!p)
		return why_set(why, ENOMEM, "out of memory");
	p->registered = registered;
	if (!p->on[side] || !addr_eq(&p->coa[side], coa))
		p->mtu = 0; /* another path */
	p->coa[side] = *coa;
	p->on[side] = true;
	err = ro_route(ro, p, why);
	if (err)
		unset(ro, side, p);
	return err;
}

int ro_set(struct ro *ro, enum ro_end side, const struct in6_addr *local, const struct in6_addr *remote,
	const struct in6_addr *coa, struct why *why)
{
	struct ro_ends ends = {*local, *remote};

	if (coa)
		return set(ro, side, &ends, coa, false, why);
	unset(ro, side, ro_pair_find(ro, local, remote));
	return 0;
}

/* A remote has a pair made once a registration, and only so many a second. */
static void set_registered(struct ro *ro, const struct path_bind *b)
{
	const struct ro_pair *p = ro_pair_find(ro, &b->local, &b->home);
	struct ro_ends ends = {b->local, b->home};
	struct why why = {0};

	if ((p && p->on[RO_REMOTE]) || !rate_take(&ro->registrations, clock_now()))
		return;
	if (set(ro, RO_REMOTE, &ends, &b->coa, true, &why))
		log_remote(LOG_WARN, clock_now(), "answers to %s take the tunnel: %s", addr_text(&b->home).s, why.text);
}

bool ro_registered(struct ro *ro, const struct in6_addr *home, const struct in6_addr *coa, const struct in6_addr *local)
{
	struct path_bind b;

	if (!path_bound(ro->path, home, &b) || !addr_eq(&b.coa, coa))
		return false;
	if (addr_eq(&b.local, local))
		set_registered(ro, &b);
	return true;
}

void ro_unregister(struct ro *ro, const struct in6_addr *home)
{
	struct path_bind b;
	struct ro_pair *p = path_bound(ro->path, home, &b) ? ro_pair_find(ro, &b.local, home) : NULL;

	if (!p || !p->registered)
		return;
	unset(ro, RO_REMOTE, p);
}

bool ro_busy(struct ro *ro, const struct in6_addr *local, const struct in6_addr *remote)
{
	struct ro_pair *p = ro_pair_find(ro, local, remote);
	bool busy = p && p->busy;

	if (p)
		p->busy = false;
	return busy;
}

bool ro_stats(const struct ro *ro, const struct in6_addr *local, const struct in6_addr *remote, struct ro_stats *out)
{
	const struct ro_pair *p = ro_pair_find(ro, local, remote);

	*out = p ? p->stats : (struct ro_stats){0};
	return p != NULL;
}

void ro_drops(const struct ro *ro, struct ro_drops *out)
{
	*out = ro->drops;
}

/* --- home addresses ----------------------------------------------------------------------------------------------- */

static int home_put(struct ro *ro, const struct in6_addr *home, const struct in6_addr *coa)
{
	struct ro_home *h = (struct ro_home *)(void *)map_find(&ro->homes, home);
	int err;

	if (!h) {
		h = calloc(1, sizeof(*h));
		if (!h)
			return -ENOMEM;
		h->home = *home;
		err = map_add(&ro->homes, &h->node);
		if (err) {
			free(h);
			return err;
		}
	}
	h->coa = *coa;
	return 0;
}

static void home_del(struct ro *ro, const struct in6_addr *home)
{
	struct map_node *n = map_find(&ro->homes, home);

	if (!n)
		return;
	map_del(&ro->homes, n);
	free(n);
}

/* Somebody must be asked for samples only while there is a home address. */
static int watch_traffic(struct ro *ro, struct why *why)
{
	if (ro->homes.n && !ro->traffic)
		return ro_traffic_open(&ro->traffic, ro, why);
	if (!ro->homes.n) {
		ro_traffic_close(ro->traffic);
		ro->traffic = NULL;
	}
	return 0;
}

/* The routes of a home address's pairs stand in the table its packets are routed by, which changes with its tunnel. */
static int reroute(struct ro *ro, const struct in6_addr *home, struct why *why)
{
	int err = 0;

	for (size_t i = ro->pairs.n; i-- > 0;) {
		struct ro_pair *p = (struct ro_pair *)(void *)ro->pairs.item[i];

		if (addr_eq(&p->ends.local, home))
			err = ro_route(ro, p, why) ?: err;
	}
	return err;
}

int ro_home(struct ro *ro, const struct in6_addr *home, const struct in6_addr *coa, struct why *why)
{
	int err = 0, watched;

	if (coa)
		err = home_put(ro, home, coa);
	else
		home_del(ro, home);
	if (err)
		return why_set(why, -err, "out of memory");
	watched = watch_traffic(ro, why);
	return reroute(ro, home, why) ?: watched;
}

void ro_hold(struct ro *ro, struct held *h, bool tunnel, bool shim)
{
	struct why why = {0};
	int err = 0;

	if (tunnel)
		(void)!shim_detach(ro->shim, PATH_DEV, NULL);
	if (tunnel || shim)
		err = shim_attach(ro->shim, PATH_DEV, &why);
	if (tunnel && !err) {
		ro_traffic_close(ro->traffic);
		ro->traffic = NULL;
		err = watch_traffic(ro, &why);
	}
	if (err)
		held_failed(h, err, &why);
	nl_bulk_begin(ro->nl);
	for (size_t i = 0; i < ro->pairs.n; i++)
		ro_route_hold(ro, (struct ro_pair *)(void *)ro->pairs.item[i], h);
	err = nl_bulk_end(ro->nl, &why);
	if (err)
		held_failed(h, err, &why);
}

/* --- open and close ----------------------------------------------------------------------------------------------- */

static uint64_t seed(void)
{
	uint64_t v = 0;

	if (getrandom(&v, sizeof(v), 0) != sizeof(v))
		v = clock_now();
	return v;
}

/* Bound to ::1, so that its packets, which have headers of their own, are routed like those of a source no pair has. */
static int aside(struct ro *ro, struct why *why)
{
	const struct sockaddr_in6 at = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};

	ro->aside = socket(AF_INET6, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_RAW);
	if (ro->aside < 0 || bind(ro->aside, (const struct sockaddr *)&at, sizeof(at)) < 0)
		return why_set(why, errno, "raw socket: %s", strerror(errno));
	return 0;
}

int ro_open(struct ro **out, struct loop *loop, struct nl *nl, struct path *path, struct shim *shim,
	const struct ro_events *ev, struct why *why)
{
	struct ro *ro = calloc(1, sizeof(*ro));
	int err;

	if (!ro)
		return why_set(why, ENOMEM, "out of memory");
	*ro = (struct ro){.loop = loop, .nl = nl, .path = path, .shim = shim, .ev = *ev, .aside = -1};
	ro->registrations = (struct rate){.rate = 100, .burst = 100};
	map_init(&ro->pairs, sizeof(struct ro_ends), seed());
	map_init(&ro->homes, sizeof(struct in6_addr), seed());
	shim_set_ro(shim, &(struct shim_ro){ro, ro_in, ro_out});
	err = aside(ro, why);
	if (!err)
		err = shim_attach(shim, PATH_DEV, why); /* what comes out of tunnels may carry a HAO too */
	if (err)
		ro_close(ro);
	else
		*out = ro;
	return err;
}

void ro_close(struct ro *ro)
{
	if (!ro)
		return;
	shim_set_ro(ro->shim, NULL);
	(void)!shim_detach(ro->shim, PATH_DEV, NULL);
	ro_traffic_close(ro->traffic);
	while (ro->pairs.n)
		pair_del(ro, (struct ro_pair *)(void *)ro->pairs.item[ro->pairs.n - 1]);
	while (ro->homes.n)
		home_del(ro, &((struct ro_home *)(void *)ro->homes.item[ro->homes.n - 1])->home);
	map_free(&ro->pairs);
	map_free(&ro->homes);
	if (ro->aside >= 0)
		close(ro->aside);
	free(ro);
}
