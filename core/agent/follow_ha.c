/*
 * Following the configuration, the home agent's part: which links are home links now, what is served and heard there.
 * A link that was taken out ends the bindings on it; one that only vanished may come back, as another number. A link
 * that is not there yet, or has no address yet, is waited for: at boot addresses come late.
 */
#include <errno.h>
#include <string.h>

#include "agent/agent_impl.h"
#include "base/addr.h"
#include "base/log.h"

/* None named: the only one with a global address, and that it stays. */
static int find_only_link(const struct agent *a, unsigned *ifindex, struct why *why)
{
	const struct mirror *m = &a->host.mirror;

	*ifindex = a->ha.on && !a->conf.ha.devs ? a->ha.link[0].conf.ifindex : 0;
	if (mirror_link(m, *ifindex))
		return 0;
	*ifindex = 0;
	for (size_t i = 0; i < m->addrs; i++) {
		const struct nl_addr *k = &m->addr[i];
		const struct mirror_link *l = mirror_link(m, k->index);

		if (!addr_routable(&k->addr) || !l || !host_is_movable(&l->l))
			continue;
		if (*ifindex && *ifindex != k->index)
			return why_set(why, EINVAL,
				"several interfaces have global addresses: say which is the home link with dev");
		*ifindex = k->index;
	}
	return *ifindex ? 0 : why_set(why, EADDRNOTAVAIL, "no interface has a global address: the home link needs one");
}

static void put_link(struct ha_conf *conf, const struct mirror_link *l)
{
	conf->link[conf->links++] = (struct ha_link_conf){l->l.index, host_is_virtual(&l->l)};
}

static bool has_address(const struct agent *a, unsigned ifindex)
{
	const struct mirror *m = &a->host.mirror;

	for (size_t i = 0; i < m->addrs; i++)
		if (m->addr[i].index == ifindex && addr_routable(&m->addr[i].addr) && m->addr[i].plen < 128 &&
			!m->addr[i].failed)
			return true;
	return false;
}

/* 0, or -errno: why that link cannot be served now. */
static int find_link(const struct agent *a, const char *dev, struct ha_conf *conf, struct why *why)
{
	const struct mirror_link *l = mirror_named(&a->host.mirror, dev);

	if (!l)
		return why_attr(why, ENODEV, MIP_A_DEV, "no interface %s", dev);
	if (has_address(a, l->l.index) || ha_link(&a->ha, l->l.index))
		put_link(conf, l);
	return has_address(a, l->l.index)
		       ? 0
		       : why_attr(why, EADDRNOTAVAIL, MIP_A_DEV, "home link %s has no global address", dev);
}

static bool has_served_address(const struct agent *a, const struct ha_conf *conf)
{
	for (size_t i = 0; i < conf->links; i++)
		if (mirror_addr(&a->host.mirror, conf->link[i].ifindex, &conf->address))
			return true;
	return addr_any(&conf->address);
}

/* The links of `want` that can be served now. 0, or -errno: why that is not all of them (the last one's reason). */
static int find_links(const struct agent *a, const struct conf *want, struct ha_conf *conf, struct why *why)
{
	unsigned only;
	int err = 0;

	for (size_t i = 0; i < want->ha.devs; i++)
		err = find_link(a, want->ha.dev[i], conf, why) ?: err;
	if (!want->ha.devs) {
		err = find_only_link(a, &only, why);
		if (!err)
			put_link(conf, mirror_link(&a->host.mirror, only));
	}
	if (!conf->links || want->ha.cell[0] || has_served_address(a, conf))
		return err;
	conf->links = 0;
	return why_attr(
		why, EADDRNOTAVAIL, MIP_A_ADDRESS, "%s is not an address of a home link", addr_text(&conf->address).s);
}

static void leave_link(struct agent *a, unsigned ifindex)
{
	for (size_t i = 0; i < a->ha.addrs; i++) {
		const struct ha_addr *k = &a->ha.addr[i];
		struct in6_addr anycast = homeagents_anycast(&k->addr, k->plen);

		if (k->ifindex == ifindex && k->plen <= HOMEAGENTS_PLEN_MAX)
			host_hear_anycast(&a->host, ifindex, &anycast, false);
	}
	host_leave_link(&a->host, ifindex);
}

void agent_stop_ha(struct agent *a)
{
	struct ha *ha = &a->ha;
	struct why why = {0};

	if (!ha->on)
		return;
	agent_leave_cell(a);
	for (size_t i = 0; i < ha->links; i++)
		leave_link(a, ha->link[i].conf.ifindex);
	host_bulk_begin(&a->host);
	ha_stop(ha, clock_now());
	if (host_bulk_end(&a->host, &why))
		log_warn("not all of the bindings left the kernel: %s", why.text);
	if (host_join_cell(&a->host, false, &why))
		log_warn("%s", why.text);
	ha->addrs = 0;
	remains_matter(&a->remains, false);
}

void agent_lose_home_link(struct agent *a, unsigned ifindex)
{
	log_warn("a home link is gone: its addresses are not defended until it is back");
	host_leave_link(&a->host, ifindex);
}

static bool serves_all(const struct agent *a, const struct ha_conf *conf)
{
	for (size_t i = 0; i < conf->links; i++)
		if (!ha_link(&a->ha, conf->link[i].ifindex))
			return false;
	return true;
}

/* What went may come back: until then the home agent is one of the links it had. */
static void keep_links(const struct agent *a, struct ha_conf *conf)
{
	for (size_t i = 0; i < a->ha.links; i++)
		conf->link[conf->links++] = a->ha.link[i].conf;
}

bool agent_finds_home_link(const struct agent *a)
{
	struct ha_conf conf = {.address = a->conf.ha.address};

	if (!a->conf.ha.enabled)
		return false;
	(void)!find_links(a, &a->conf, &conf, NULL);
	return conf.links && !(a->ha.on && serves_all(a, &conf));
}

int agent_ha_lacks(const struct agent *a, const struct conf *want, struct why *why)
{
	struct ha_conf conf = {.address = want->ha.address};

	return want->ha.enabled ? find_links(a, want, &conf, why) : 0;
}

/* A home link went and came as another: the bindings outlived it, their proxies did not. */
static void defend_again(struct agent *a)
{
	for (size_t i = 0; i < bc_count(&a->ha.bc); i++) {
		struct bc_entry *e = bc_at(&a->ha.bc, i);
		unsigned before = e->ifindex;
		struct why why = {0};

		if (ha_rehome(&a->ha, e) && host_defend(&a->host, e, before, &why))
			log_warn("%s", why.text);
	}
}

void agent_home_link_back(struct agent *a, unsigned ifindex)
{
	struct why why = {0};

	for (size_t i = 0; i < bc_count(&a->ha.bc); i++) {
		const struct bc_entry *e = bc_at(&a->ha.bc, i);

		if (e->ifindex == ifindex && host_proxy_again(&a->host, e, ifindex, &why))
			log_warn("%s", why.text);
	}
	ha_link_back(&a->ha, ifindex, clock_now());
}

static bool is_wanted(const struct ha_conf *conf, unsigned ifindex)
{
	for (size_t i = 0; i < conf->links; i++)
		if (conf->link[i].ifindex == ifindex)
			return true;
	return false;
}

static void drop_links(struct agent *a, const struct ha_conf *conf)
{
	for (size_t i = 0; i < a->ha.links; i++) {
		unsigned ifindex = a->ha.link[i].conf.ifindex;

		if (is_wanted(conf, ifindex))
			continue;
		if (mirror_link(&a->host.mirror, ifindex))
			ha_drop_link(&a->ha, ifindex, clock_now());
		leave_link(a, ifindex);
	}
}

static void tell_addresses(struct agent *a)
{
	const struct mirror *m = &a->host.mirror;

	a->ha.addrs = 0;
	for (size_t i = 0; i < m->addrs; i++)
		if (ha_link(&a->ha, m->addr[i].index))
			agent_tell_ha_addr(a, &m->addr[i]);
}

static bool same_links(const struct conf *a, const struct conf *b)
{
	size_t i = 0;

	while (i < a->ha.devs && i < b->ha.devs && !strcmp(a->ha.dev[i], b->ha.dev[i]))
		i++;
	return i == a->ha.devs && i == b->ha.devs;
}

static bool same_place(const struct conf *a, const struct conf *b)
{
	return a->ha.enabled == b->ha.enabled && same_links(a, b) && addr_eq(&a->ha.address, &b->ha.address) &&
	       !strcmp(a->ha.cell, b->ha.cell) && addr_eq(&a->ha.ipv4, &b->ha.ipv4);
}

int agent_ha_at_hand(const struct agent *a, const struct conf *want, struct why *why)
{
	return same_place(want, &a->conf) ? 0 : agent_ha_lacks(a, want, why);
}

static bool same_ha(const struct conf *a, const struct conf *b)
{
	return same_place(a, b) && a->ha.max_lifetime == b->ha.max_lifetime &&
	       a->ha.max_bindings == b->ha.max_bindings && a->ha.insecure == b->ha.insecure &&
	       a->ha.preference == b->ha.preference && a->ha.no_prefix_advs == b->ha.no_prefix_advs &&
	       a->ha.min_prefix_interval == b->ha.min_prefix_interval &&
	       a->ha.max_prefix_interval == b->ha.max_prefix_interval &&
	       ha_same_rules(a->ha.rule, a->ha.rules, b->ha.rule, b->ha.rules);
}

static void restore_ha(struct agent *a)
{
	struct why why = {0};

	host_bulk_begin(&a->host);
	keep_restore_ha(&a->keep);
	if (host_bulk_end(&a->host, &why))
		log_error("not all bindings of before are served: %s", why.text);
}

static int serve_links(struct agent *a, const struct ha_conf *conf, struct why *why)
{
	int err = 0;

	for (size_t i = 0; i < conf->links && !err; i++)
		if (!ha_link(&a->ha, conf->link[i].ifindex))
			err = host_serve_link(&a->host, conf->link[i].ifindex, why);
	for (size_t i = 0; i < conf->links && err; i++)
		if (!ha_link(&a->ha, conf->link[i].ifindex))
			host_leave_link(&a->host, conf->link[i].ifindex);
	return err;
}

static int begin_ha(struct agent *a, const struct conf *want, const struct ha_conf *conf, struct why *why)
{
	bool begins = !a->ha.on, same_wires = serves_all(a, conf) && a->ha.links == conf->links;
	int err;

	drop_links(a, conf);
	ha_start(&a->ha, conf);
	remains_matter(&a->remains, true);
	agent_look(a);
	tell_addresses(a);
	err = agent_follow_cell(a, want->ha.cell, why);
	if (begins)
		restore_ha(a);
	else if (!same_wires)
		defend_again(a);
	return err;
}

static bool gives_ipv4(const struct conf *c)
{
	for (size_t i = 0; i < c->ha.rules; i++)
		if (c->ha.rule[i].ipv4.plen)
			return true;
	return false;
}

int agent_follow_ha(struct agent *a, const struct conf *want, struct why *why)
{
	struct ha_conf conf = {.address = want->ha.address,
		.ipv4 = want->ha.ipv4,
		.max_lifetime = want->ha.max_lifetime,
		.max_bindings = want->ha.max_bindings,
		.insecure = want->ha.insecure,
		.rules = want->ha.rules,
		.preference = want->ha.preference,
		.min_prefix_interval = want->ha.min_prefix_interval,
		.max_prefix_interval = want->ha.max_prefix_interval,
		.no_prefix_advs = want->ha.no_prefix_advs};
	bool same = a->ha.on && same_ha(want, &a->conf);
	struct why lack = {0};
	int err;

	if (!want->ha.enabled) {
		agent_stop_ha(a);
		return 0;
	}
	memcpy(conf.rule, want->ha.rule, sizeof(conf.rule));
	err = find_links(a, want, &conf, &lack);
	if (err && same && serves_all(a, &conf))
		return 0;
	if (err == -EINVAL)
		return why_set(why, EINVAL, "%s", lack.text);
	if (!conf.links && a->ha.on && same_place(want, &a->conf))
		keep_links(a, &conf);
	if (err)
		log_warn("the home agent waits: %s", lack.text);
	if (!conf.links) {
		agent_stop_ha(a);
		return 0;
	}
	err = serve_links(a, &conf, why);
	if (!err && gives_ipv4(want) && !(a->ha.on && gives_ipv4(&a->conf)))
		err = host_forwards_ipv4(why);
	return err ? err : begin_ha(a, want, &conf, why);
}
