/*
 * Following the configuration: the difference between what runs and what is wished
 * for is started, changed or stopped, role by role. Doing it again changes nothing.
 */
#include <errno.h>
#include <string.h>

#include "agent/agent_impl.h"
#include "base/addr.h"
#include "base/log.h"
#include "role/ro.h"
#include "sys/link.h"

/* Is the binding of this home address in both the same? */
static bool same_binding(const struct conf *a, const struct conf *b, const struct in6_addr *home)
{
	const struct conf_binding *x = conf_binding(a, home), *y = conf_binding(b, home);

	return x && y && addr_eq(&x->coa, &y->coa) && addr_eq(&x->local, &y->local) && x->lifetime == y->lifetime;
}

/* What is in the cache follows the configuration that ran; going back after a failure finds both there. */
static bool stays(const struct agent *a, const struct conf *want, const struct bc_entry *e)
{
	const struct conf_binding *b = conf_binding(want, &e->home);

	return b && addr_eq(&b->coa, &e->coa) && same_binding(&a->conf, want, &e->home);
}

/* Ours on the home link of that home address, or else any. */
static const struct in6_addr *own_address(const struct agent *a, const struct in6_addr *home)
{
	for (size_t i = 0; i < a->ha.addrs; i++)
		if (addr_in(&a->ha.addr[i].addr, home, a->ha.addr[i].plen))
			return &a->ha.addr[i].addr;
	return &a->ha.addr[0].addr;
}

static int follow_bindings(struct agent *a, const struct conf *want, struct why *why)
{
	usec now = clock_now();
	int err = 0;

	if (!a->ha.on || a->ha.standby || !(want->bindings || a->ha.made))
		return 0;
	for (size_t i = bc_count(&a->ha.bc); i-- > 0;) {
		const struct bc_entry *e = bc_at(&a->ha.bc, i);
		struct in6_addr home = e->home;

		if (e->fixed && !stays(a, want, e))
			err = ha_del(&a->ha, &home, now, NULL);
	}
	for (size_t i = 0; !err && i < want->bindings; i++) {
		const struct conf_binding *b = &want->binding[i];

		if (!conf_binding(&a->conf, &b->home) || !bc_find(&a->ha.bc, &b->home, NULL))
			err = ha_add(&a->ha, &b->home, &b->coa,
				addr_any(&b->local) ? own_address(a, &b->home) : &b->local, b->lifetime, now, why);
	}
	return err;
}

/* The home address goes last: the de-registration may come from it. */
static void drop_home(struct agent *a, const struct mn_home *h)
{
	struct in6_addr home = h->conf.home;

	struct mn_home_conf conf = h->conf;

	(void)!mn_del(&a->mn, &home, clock_now(), NULL);
	host_del_networks(&a->host, &conf);
	host_del_home(&a->host, &home);
}

static void stop_mn(struct agent *a)
{
	if (!a->mn.on)
		return;
	while (a->mn.homes)
		drop_home(a, &a->mn.home[a->mn.homes - 1]);
	mn_stop(&a->mn, clock_now());
}

static bool same_networks(const struct mn_home_conf *a, const struct mn_home_conf *b)
{
	size_t i = 0;

	while (i < a->networks && i < b->networks && a->network[i].plen == b->network[i].plen &&
		addr_eq(&a->network[i].addr, &b->network[i].addr))
		i++;
	return i == a->networks && i == b->networks && !strcmp(a->inside, b->inside);
}

static bool same_home(const struct mn_home_conf *a, const struct mn_home_conf *b)
{
	return same_networks(a, b) && addr_eq(&a->home, &b->home) && addr_eq(&a->agent, &b->agent) &&
	       addr_eq(&a->ipv4, &b->ipv4) && addr_eq(&a->ipv4_home, &b->ipv4_home) && a->plen == b->plen;
}

static const struct mn_home_conf *wanted_home(const struct conf *c, const struct mn_home_conf *h)
{
	for (size_t i = 0; i < c->mn.homes; i++)
		if (same_home(&c->mn.home[i], h))
			return &c->mn.home[i];
	return NULL;
}

/* What goes is de-registered, while IPsec still protects it. */
static void drop_homes(struct agent *a, const struct conf *want)
{
	if (!want->mn.enabled)
		stop_mn(a);
	for (size_t i = a->mn.homes; i-- > 0;)
		if (i < a->mn.homes && !a->mn.home[i].derived && !wanted_home(want, &a->mn.home[i].conf))
			drop_home(a, &a->mn.home[i]); /* what was derived of it goes with it */
	if (host_is_open(&a->host))
		host_flush(&a->host);
}

static int follow_homes(struct agent *a, const struct conf *want, struct why *why)
{
	usec now = clock_now();
	int err = 0;

	for (size_t i = 0; !err && i < want->mn.homes; i++) {
		struct mn_home *h = mn_find(&a->mn, &want->mn.home[i].home);

		if (h) {
			h->conf.lifetime = want->mn.home[i].lifetime;
			continue;
		}
		err = host_add_home(&a->host, &want->mn.home[i].home, why);
		if (!err)
			err = host_add_networks(&a->host, &want->mn.home[i], why);
		if (!err)
			err = mn_add(&a->mn, &want->mn.home[i], now, why);
	}
	return err;
}

/* Is every link of the machine used as before? */
static bool same_links(const struct agent *a, const struct conf *want)
{
	for (size_t i = 0; i < a->host.mirror.links; i++) {
		const char *dev = a->host.mirror.link[i].l.name;

		if (conf_preference(&a->conf, dev) != conf_preference(want, dev))
			return false;
	}
	return true;
}

static int follow_mn(struct agent *a, const struct conf *want, struct why *why)
{
	bool begins = !a->mn.on;
	int err;

	if (!want->mn.enabled)
		return 0;
	if (want->mn.dev[0] && !mirror_named(&a->host.mirror, want->mn.dev))
		return why_attr(why, ENODEV, MIP_A_DEV, "no interface %s", want->mn.dev);
	if (!a->mn.on || !same_links(a, want)) {
		memcpy(a->conf.mn.dev, want->mn.dev, sizeof(a->conf.mn.dev));
		memcpy(a->conf.mn.link, want->mn.link, sizeof(a->conf.mn.link));
		a->conf.mn.links = want->mn.links;
		mn_start(&a->mn);
		agent_tell_mn_all(a);
	}
	err = follow_homes(a, want, why);
	agent_prepare_links(a);
	if (!err && begins)
		keep_restore_mn(&a->keep);
	return err;
}

static int follow_policies(struct agent *a, const struct conf *want, struct why *why)
{
	usec now = clock_now();
	int err = 0;

	for (size_t i = a->mn.policies; i-- > 0;)
		err = ro_policy_del(&a->mn, &a->mn.policy[i].peer, a->mn.policy[i].plen, why);
	for (size_t i = 0; !err && i < want->ro.policies; i++)
		err = ro_policy_set(&a->mn, &want->ro.policy[i], now, why);
	return err;
}

/* A home agent and a mobile node are correspondents too (RFC 6275 8.2, 8.5). */
static void follow_cn(struct agent *a, const struct conf *want, bool run)
{
	struct cn_conf conf = {want->cn.max_bindings, want->cn.test_rate};
	bool begins = run && !a->cn.on;

	if (run)
		cn_start(&a->cn, &conf);
	else if (a->cn.on)
		cn_stop(&a->cn, clock_now());
	if (begins)
		keep_restore_cn(&a->keep);
}

static int sweep(struct agent *a, struct why *why)
{
	int err = host_sweep(&a->host, why);

	if (!err && a->remains.before) {
		a->remains.before = false;
		remains_matter(&a->remains, a->ha.on);
	}
	return err;
}

/* Each role has all keys, and looks up those of its home addresses. */
static int follow_auth(struct agent *a, const struct conf *want, struct why *why)
{
	usec wall = clock_wall();

	if (auth_set(&a->ha.auth, want->auth, want->ha.enabled ? want->auths : 0, wall) ||
		auth_set(&a->mn.auth, want->auth, want->mn.enabled ? want->auths : 0, wall))
		return why_set(why, ENOMEM, "out of memory");
	return 0;
}

/* UDP is open while somebody may be reached by it, and de-registrations have left. */
static int follow_ipv4(struct agent *a, const struct conf *want, bool begins, struct why *why)
{
	bool on = want->ha.enabled && !addr_any(&want->ha.ipv4);

	for (size_t i = 0; i < want->mn.homes; i++)
		on |= want->mn.enabled && !addr_any(&want->mn.home[i].ipv4);
	return host_is_open(&a->host) && on == begins ? flow_udp_listen(a->host.flows, on, why) : 0;
}

/* Makes the roles be as `want` says. The data path is there while a role is. */
int agent_follow(struct agent *a, const struct conf *want, struct why *why)
{
	bool needed = want->ha.enabled || want->mn.enabled || want->cn.enabled;
	struct raw_events ev = agent_packets;
	struct flow_events ro = agent_optimized;
	bool fresh = needed && !host_is_open(&a->host);
	int err = 0;

	ev.ctx = ro.ctx = a;
	if (fresh)
		err = host_open(&a->host, &ev, &ro, a->options->path, why);
	drop_homes(a, want);
	if (!err)
		err = follow_auth(a, want, why);
	if (!err)
		err = follow_ipv4(a, want, true, why);
	if (!err)
		err = agent_follow_ipsec(a, want, why);
	if (!err)
		err = agent_follow_ha(a, want, why);
	if (!err)
		err = follow_bindings(a, want, why);
	/* The bindings of before have taken over their tunnels; nothing of a mobile node is sent yet. */
	if (!err && fresh)
		err = ipsec_sweep(a->host.ipsec, why);
	if (!err)
		err = follow_policies(a, want, why);
	if (!err)
		err = follow_mn(a, want, why);
	if (!err)
		err = follow_ipv4(a, want, false, why);
	follow_cn(a, want, needed && host_is_open(&a->host));
	/* Only now is it known what of an earlier agent is still wanted. */
	if (!err && fresh)
		err = sweep(a, why);
	if (!agent_runs(a) && host_is_open(&a->host))
		host_close(&a->host);
	return err;
}

int agent_rest(struct agent *a, uint16_t cmd, struct why *why)
{
	struct conf rest = a->conf;
	int err;

	if (cmd != MIP_HA_RESTART && cmd != MIP_MN_RESTART && cmd != MIP_CN_RESTART)
		return 0;
	rest.ha.enabled &= cmd != MIP_HA_RESTART;
	rest.mn.enabled &= cmd != MIP_MN_RESTART;
	rest.cn.enabled &= cmd != MIP_CN_RESTART;
	keep_sleep(&a->keep, true);
	if (cmd == MIP_CN_RESTART && a->cn.on) /* beside another role it would go on */
		cn_stop(&a->cn, clock_now());
	err = agent_follow(a, &rest, why);
	keep_sleep(&a->keep, false);
	explicit_bzero(&rest, sizeof(rest)); /* keys */
	return err;
}

void agent_stop_roles(struct agent *a)
{
	stop_mn(a);
	agent_stop_ha(a);
	if (a->cn.on)
		cn_stop(&a->cn, clock_now());
	auth_free(&a->ha.auth);
	auth_free(&a->mn.auth);
	if (host_is_open(&a->host))
		host_close(&a->host);
}
