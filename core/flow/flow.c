/* flow.h: the table, and the order of things. On the way in the back end comes first, then the routes that send packets
 * to it; on the way out the reverse. */
#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/addr.h"
#include "base/clock.h"
#include "base/log.h"
#include "flow/carrier.h"
#include "flow/apart.h"
#include "flow/flow_impl.h"

/* The last only for who asks for it. */
static const struct flow_ops *const best[] = {&flow_lwt, &flow_tun, &flow_bpf};

/* --- flows -------------------------------------------------------------------------------------------------------- */

static int forget_flow(struct flows *t, struct flow_entry *e, struct why *why);

/* Somebody must be asked for samples only while they are wanted. */
static int watch_traffic(struct flows *t, struct why *why)
{
	bool wanted = t->aways || (t->apart && !t->detached);

	if (wanted && !t->traffic && !t->bpf)
		return traffic_open(&t->traffic, t, why);
	if (!wanted) {
		traffic_close(t->traffic);
		t->traffic = NULL;
	}
	return 0;
}

/* The routes of a home address's pairs stand in the table its packets are routed by, which changes with its tunnel. */
static int reroute(struct flows *t, const struct flow_key *away, struct why *why)
{
	int err = 0;

	for (size_t i = table_count(&t->table); i-- > 0;) {
		struct flow_entry *e = table_at(&t->table, i);

		if (flow_is_pair(&e->flow.key) && addr_in(&e->flow.key.src, &away->src, away->splen))
			err = flow_lead(t, e, why) ?: err;
	}
	return err;
}

/* The lowest routing table no reverse tunnel uses; 0: none is free. */
static uint32_t free_table(const struct flows *t)
{
	bool used[SLOTS_MAX] = {0};

	for (size_t i = table_count(&t->table); i-- > 0;) {
		const struct flow_entry *e = table_at(&t->table, i);

		if (flow_is_away(&e->flow) && e->table)
			used[e->table - MIP_TABLE] = true;
	}
	for (unsigned i = 0; i < SLOTS_MAX; i++)
		if (!used[i])
			return MIP_TABLE + i;
	return 0;
}

/* The tunnel of a home registration goes, or goes elsewhere: so does the pair its first Home Address option made. */
static void unregister(struct flows *t, const struct flow *bound)
{
	struct flow_entry *e = table_pair(&t->table, &bound->local, &bound->key.dst);

	if (e && e->registered)
		(void)!forget_flow(t, e, NULL);
}

static int set_tunnel(struct flows *t, struct flow_entry *e, const struct flow *old, struct why *why)
{
	bool away = flow_is_away(&e->flow);
	int err = flow_is_ipv4(&e->flow.key) ? apart_listen(t, why) : 0;

	if (err)
		return err;
	t->aways += away && !old;
	if (away && !e->table)
		e->table = free_table(t);
	if (away && !e->table)
		return why_set(why, ENOSPC, "more than %d home addresses", SLOTS_MAX);
	if (old && old->key.dplen)
		unregister(t, old);
	if (!away && t->detached && flow_is_ipv4(&e->flow.key)) /* has no table apart */
		return 0;
	err = t->ops->set && !flow_is_apart(&e->flow) ? t->ops->set(t, &e->flow, old, why) : 0;
	err = err ?: flow_lead(t, e, why);
	if (err || !away)
		return err;
	err = reroute(t, &e->flow.key, why);
	return watch_traffic(t, why) ?: err;
}

static int set_edits(struct flows *t, struct flow_entry *e, const struct flow *old, struct why *why)
{
	int err = t->bpf ? bpf_set(t, &e->flow, old, why) : t->forwards ? 0 : flow_forwarding(why);

	if (err)
		return err;
	t->forwards = true;
	if (old && (!addr_eq(&old->local, &e->flow.local) || !addr_eq(&old->peer, &e->flow.peer)))
		e->mtu = 0; /* another path */
	return flow_lead(t, e, why);
}

static int del_tunnel(struct flows *t, const struct flow_entry *e, struct why *why)
{
	struct flow_key key = e->flow.key;
	int err = t->ops->del && !flow_is_apart(&e->flow) ? t->ops->del(t, &e->flow, why) : 0;
	bool away = flow_is_away(&e->flow);

	if (!away)
		unregister(t, &e->flow);
	table_del(&t->table, (struct flow_entry *)e);
	if (!away)
		return err;
	t->aways--;
	(void)!watch_traffic(t, NULL);
	return reroute(t, &key, why) ?: err;
}

static int forget_flow(struct flows *t, struct flow_entry *e, struct why *why)
{
	int err = flow_unlead(t, e, why);

	if (e->flow.edits & FLOW_ENCAP)
		return del_tunnel(t, e, why) ?: err;
	if (t->bpf)
		err = bpf_del(t, &e->flow, why) ?: err;
	table_del(&t->table, e);
	return err;
}

static bool is_same(const struct flow *a, const struct flow *b)
{
	return a->edits == b->edits && a->protect == b->protect && a->port == b->port &&
	       addr_eq(&a->local, &b->local) && addr_eq(&a->peer, &b->peer) && addr_eq(&a->router, &b->router) &&
	       a->ifindex == b->ifindex;
}

int flow_set(struct flows *t, const struct flow *f, struct why *why)
{
	struct flow_entry *e = table_find(&t->table, &f->key);
	struct flow old = e ? e->flow : *f;
	bool moved = e && !(t->bpf && e->flow.protect != f->protect) && flow_is_apart(&e->flow) == flow_is_apart(f);
	int err;

	if (e && e->routed && flow_is_bound(f) && is_same(&e->flow, f))
		return 0;
	if (e && !moved) /* other routes lead there */
		(void)!forget_flow(t, e, NULL);
	e = table_put(&t->table, f, &err);
	if (!e)
		return why_set(why, -err, "flow: %s", strerror(-err));
	e->registered = false;
	err = (f->edits & FLOW_ENCAP ? set_tunnel : set_edits)(t, e, moved ? &old : NULL, why);
	if (err && moved) {
		e->flow = old; /* what took the new values gets these again */
		(void)!(old.edits & FLOW_ENCAP ? set_tunnel : set_edits)(t, e, f, NULL);
	} else if (err)
		(void)!forget_flow(t, e, NULL);
	return err;
}

/* A remote has a pair made once a registration, and only so many a second. */
static void set_registered(struct flows *t, const struct flow *bound)
{
	struct flow f = {.key = flow_key_pair(&bound->local, &bound->key.dst), .edits = FLOW_RH2, .peer = bound->peer};
	struct flow_entry *e = table_find(&t->table, &f.key);
	struct why why = {0};
	int err;

	if (e || !rate_take(&t->registrations, clock_now()))
		return;
	e = table_put(&t->table, &f, &err);
	if (!e)
		return;
	e->registered = true;
	if (!set_edits(t, e, NULL, &why))
		return;
	(void)!forget_flow(t, e, NULL);
	log_remote(LOG_WARN, clock_now(), "answers to %s take the tunnel: %s", addr_text(&bound->key.dst).s, why.text);
}

bool flow_registered(
	struct flows *t, const struct in6_addr *home, const struct in6_addr *coa, const struct in6_addr *local)
{
	const struct flow_entry *bound = table_bound(&t->table, home);

	if (!bound || !addr_eq(&bound->flow.peer, coa))
		return false;
	if (addr_eq(&bound->flow.local, local))
		set_registered(t, &bound->flow);
	return true;
}

int flow_del(struct flows *t, const struct flow_key *key, struct why *why)
{
	struct flow_entry *e = table_find(&t->table, key);

	return e ? forget_flow(t, e, why) : 0;
}

/* --- a cell ------------------------------------------------------------------------------------------------------- */

typedef int each_bound(struct flows *t, struct flow_entry *e, struct why *why);

static int for_each_bound(struct flows *t, each_bound *do_it, struct why *why)
{
	int err = 0;

	for (size_t i = table_count(&t->table); i-- > 0;)
		if (flow_is_bound(&table_at(&t->table, i)->flow))
			err = do_it(t, table_at(&t->table, i), why) ?: err;
	return err;
}

static int take_out(struct flows *t, struct flow_entry *e, struct why *why)
{
	int err = flow_unlead(t, e, why);

	e->routed = false;
	return t->bpf && !flow_is_apart(&e->flow) ? bpf_del(t, &e->flow, why) ?: err : err;
}

static int put_in(struct flows *t, struct flow_entry *e, struct why *why)
{
	return set_tunnel(t, e, NULL, why);
}

static int take_ipv4(struct flows *t, struct flow_entry *e, struct why *why)
{
	return flow_is_ipv4(&e->flow.key) ? take_out(t, e, why) : 0;
}

static int put_ipv4(struct flows *t, struct flow_entry *e, struct why *why)
{
	return flow_is_ipv4(&e->flow.key) ? put_in(t, e, why) : 0;
}

int flow_part(struct flows *t, bool apart, struct why *why)
{
	int err = 0;

	if (t->apart == apart)
		return 0;
	if (!apart && !t->detached)
		err = flow_lead_apart(t, false, why);
	err = for_each_bound(t, take_out, why) ?: err;
	t->apart = apart;
	t->detached = false;
	err = for_each_bound(t, put_in, why) ?: err;
	err = watch_traffic(t, why) ?: err;
	return apart ? flow_lead_apart(t, true, why) ?: err : err;
}

int flow_attach(struct flows *t, bool on, struct why *why)
{
	int err;

	if (!t->apart || t->detached == !on)
		return 0;
	err = on ? 0 : for_each_bound(t, take_ipv4, why);
	t->detached = !on;
	err = on ? for_each_bound(t, put_ipv4, why) : err;
	err = flow_lead_apart(t, on, why) ?: err;
	return watch_traffic(t, why) ?: err;
}

void flow_batch_begin(struct flows *t)
{
	nl_bulk_begin(t->nl);
	if (t->ops->batch)
		(void)!t->ops->batch(t, true, NULL);
}

int flow_batch_end(struct flows *t, struct why *why)
{
	int err = t->ops->batch ? t->ops->batch(t, false, why) : 0, sent = nl_bulk_end(t->nl, why);

	return err ?: sent;
}

/* --- questions ---------------------------------------------------------------------------------------------------- */

const char *flow_name(const struct flows *t)
{
	return t->ops->name;
}

const char *flow_why(const struct flows *t)
{
	return t->ops->why;
}

unsigned flow_mtu(const struct flows *t)
{
	(void)t;
	return FLOW_MTU;
}

unsigned flow_mtu_of(const struct flows *t, const struct flow_entry *e)
{
	if (e->flow.edits & FLOW_ENCAP && !flow_is_apart(&e->flow))
		return flow_mtu(t);
	return e->mtu ? e->mtu : SHIM_MTU;
}

/* HAO and RH2 are the shim's, whatever tunnels. */
const char *flow_back_end(const struct flows *t, const struct flow *f)
{
	return (f->edits & FLOW_ENCAP || t->bpf) && !flow_is_apart(f) ? t->ops->name : flow_tun.name;
}

bool flow_counts(const struct flows *t, const struct flow *f)
{
	return !(f->edits & FLOW_ENCAP) || !t->ops->encap || flow_is_apart(f);
}

unsigned flow_ifindex(const struct flows *t)
{
	return t->ifindex;
}

const struct flow_table *flow_table(const struct flows *t)
{
	return &t->table;
}

bool flow_place(const struct flows *t, const struct in6_addr *home, struct in6_addr *coa)
{
	const struct flow_entry *bound = table_bound(&t->table, home), *away = table_away(&t->table, home);

	if (bound)
		*coa = bound->flow.peer;
	else if (away)
		*coa = away->flow.local;
	return bound || away;
}

bool flow_busy(struct flows *t, const struct flow_key *key)
{
	struct flow_entry *e = table_find(&t->table, key);
	bool busy = e && e->busy;

	if (e)
		e->busy = false;
	if (e && t->bpf) {
		struct flow_counts c = bpf_counted(t, key);
		uint32_t now = (uint32_t)(c.out.packets + c.in.packets);

		busy |= now != e->asked;
		e->asked = now;
	}
	return busy;
}

static void add_count(struct flow_count *to, const struct flow_count *c)
{
	to->packets += c->packets;
	to->octets += c->octets;
}

struct flow_counts flow_counted(const struct flows *t, const struct flow_entry *e)
{
	struct flow_counts all = e->counts;

	if (t->bpf) {
		struct flow_counts c = bpf_counted(t, &e->flow.key);

		add_count(&all.out, &c.out);
		add_count(&all.in, &c.in);
	}
	return all;
}

int flow_stats(struct flows *t, struct flow_stats *out)
{
	*out = (struct flow_stats){.drops = t->drops};
	for (int i = 0; i < 2; i++) {
		const struct carrier *c = i ? t->ipv4 : t->udp;

		out->rx_packets += c ? c->rx_packets : 0;
		out->tx_packets += c ? c->tx_packets : 0;
	}
	return t->ops->stats(t, out);
}

/* --- what somebody removed ---------------------------------------------------------------------------------------- */

void flow_hold_device(struct flows *t, struct held *h, bool shim)
{
	bool anew = t->ops->hold(t, h);
	struct why why = {0};
	int err = 0;

	if (anew)
		(void)!shim_detach(t->shim, FLOW_DEV, NULL);
	if (anew || shim)
		err = shim_attach(t->shim, FLOW_DEV, &why);
	if (anew && !err) {
		traffic_close(t->traffic);
		t->traffic = NULL;
		err = watch_traffic(t, &why);
	}
	if (err)
		held_failed(h, err, &why);
}

void flow_hold(struct flows *t, struct held *h)
{
	struct why why = {0};
	int err;

	nl_bulk_begin(t->nl);
	for (size_t i = 0; i < table_count(&t->table); i++)
		flow_lead_hold(t, table_at(&t->table, i), h);
	flow_lead_apart_hold(t, h);
	network_hold(t, h);
	err = nl_bulk_end(t->nl, &why);
	if (err)
		held_failed(h, err, &why);
}

int flow_sweep(struct flows *t, struct why *why)
{
	int err = flow_lead_sweep(t, why);

	err = err || !t->ops->sweep ? err : t->ops->sweep(t, why);
	return err ?: bpf_sweep_links(t, why);
}

/* --- open and close ----------------------------------------------------------------------------------------------- */

static uint64_t seed(void)
{
	uint64_t v = 0;

	if (getrandom(&v, sizeof(v), 0) != sizeof(v))
		v = (uint64_t)clock_now();
	return v;
}

/* Bound to ::1, so that its packets, which have headers of their own, are routed like those of a source no pair has. */
static int open_aside(struct flows *t, struct why *why)
{
	const struct sockaddr_in6 at = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};

	t->aside = socket(AF_INET6, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_RAW);
	if (t->aside < 0 || bind(t->aside, (const struct sockaddr *)&at, sizeof(at)) < 0)
		return why_set(why, errno, "raw socket: %s", strerror(errno));
	return 0;
}

/* Not there is a reason to take the other one; any other failure is not hidden by doing so: it says EBUSY itself. */
static int open_best(struct flows **out, struct loop *loop, struct nl *nl, const char *want, struct why *why)
{
	const size_t n = sizeof(best) / sizeof(best[0]);
	int err = -EINVAL;

	(void)!why_set(why, EINVAL, "no data path is called '%s'", want ? want : "");
	for (size_t i = 0; i < n && err; i++) {
		if (want ? strcmp(best[i]->name, want) != 0 : best[i] == &flow_bpf)
			continue;
		*why = (struct why){0};
		err = best[i]->open(best[i], out, loop, nl, why);
	}
	return err;
}

bool flow_wants_bpf(const char *want)
{
	return want && !strcmp(want, flow_bpf.name);
}

int flow_open(struct flows **out, struct loop *loop, struct nl *nl, struct shim *shim, const struct flow_events *ev,
	const char *want, struct why *why)
{
	struct flows *t = NULL;
	int err = open_best(&t, loop, nl, want, why);

	if (!t)
		return err;
	t->shim = shim;
	t->ev = *ev;
	shim_set_ro(shim, &(struct shim_ro){t, flow_in, flow_limited, flow_out, apart_flush});
	err = route_find(nl, t->ifindex, &t->left, why) ?: open_aside(t, why);
	if (!err)
		err = shim_attach(shim, FLOW_DEV, why); /* what comes out of tunnels may carry a HAO too */
	if (err)
		flow_close(t);
	else
		*out = t;
	return err;
}

struct flows flow_begin(const struct flow_ops *ops, struct loop *loop, struct nl *nl)
{
	struct flows t = {.ops = ops,
		.loop = loop,
		.nl = nl,
		.aside = -1,
		.registrations = {.rate = 100, .burst = 100},
		.errors = {.rate = 10, .burst = 10}};

	table_init(&t.table, seed());
	return t;
}

void flow_close(struct flows *t)
{
	if (!t)
		return;
	shim_set_ro(t->shim, NULL);
	apart_close(t);
	(void)!shim_detach(t->shim, FLOW_DEV, NULL);
	traffic_close(t->traffic);
	for (size_t i = table_count(&t->table); i-- > 0;)
		if (flow_is_pair(&table_at(&t->table, i)->flow.key))
			(void)!forget_flow(t, table_at(&t->table, i), NULL);
	table_free(&t->table);
	left_end(&t->left, NULL, NULL);
	t->inners = 0;
	(void)!flow_lead_sweep(t, NULL);
	(void)!route_sweep(t->nl, t->ifindex, NULL, NULL, NULL);
	if (t->aside >= 0)
		close(t->aside);
	t->ops->close(t);
}
