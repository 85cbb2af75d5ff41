/* get.h: role state -> attributes. Dumps walk maps from the end, so that entries may go between two records. */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/addr.h"
#include "ctl/record.h"

static uint64_t seconds_left(usec until, usec now)
{
	return until <= now ? 0 : (uint64_t)((until - now + SEC / 2) / SEC);
}

static void put_left(struct ctl_msg *m, enum mip_attr a, usec until, usec now)
{
	if (until != NEVER)
		ctl_put_num(m, a, seconds_left(until, now));
}

void flags_text(uint16_t flags, char text[FLAGS_MAX])
{
	static const struct {
		uint16_t bit;
		char letter;
	} letters[] = {{BU_F_ACK, 'A'}, {BU_F_HOME, 'H'}, {BU_F_LINKLOCAL, 'L'}, {BU_F_KEYMGMT, 'K'}};
	size_t n = 0;

	for (size_t i = 0; i < sizeof(letters) / sizeof(letters[0]); i++)
		if (flags & letters[i].bit)
			text[n++] = letters[i].letter;
	text[n] = 0;
}

static void put_flags(struct ctl_msg *m, uint16_t flags)
{
	char text[FLAGS_MAX];

	flags_text(flags, text);
	ctl_put_str(m, MIP_A_FLAGS, text);
}

static void put_traffic(
	struct ctl_msg *m, const struct view *v, const struct in6_addr *local, const struct in6_addr *remote)
{
	struct ro_facts f = {0};

	v->ro_facts(v->ctx, local, remote, &f);
	ctl_put_num(m, MIP_A_OUT_PACKETS, f.out_packets);
	ctl_put_num(m, MIP_A_OUT_BYTES, f.out_bytes);
	ctl_put_num(m, MIP_A_IN_PACKETS, f.in_packets);
	ctl_put_num(m, MIP_A_IN_BYTES, f.in_bytes);
}

void record_binding(
	struct ctl_msg *m, const struct view *v, const struct bc_entry *e, enum mip_binding_state state, usec now)
{
	ctl_put_str(m, MIP_A_OBJECT, "binding");
	ctl_put_addr(m, MIP_A_HOME, &e->home);
	ctl_put_addr(m, MIP_A_COA, &e->coa);
	ctl_put_addr(m, MIP_A_LOCAL, &e->local);
	ctl_put_num(m, MIP_A_BSTATE, state);
	put_flags(m, e->flags);
	ctl_put_num(m, MIP_A_SEQUENCE, e->seq);
	ctl_put_num(m, MIP_A_LIFETIME, (uint64_t)e->lifetime * MH_LIFE_UNIT);
	put_left(m, MIP_A_REMAINING, e->expires, now);
	ctl_put_num(m, MIP_A_AGE, (uint64_t)((now - e->made) / SEC));
	ctl_put_num(m, MIP_A_STATIC, e->fixed);
	if (e->cache == &v->cn->bc)
		put_traffic(m, v, &e->local, &e->home);
}

void record_bul(struct ctl_msg *m, const struct bul_entry *e, usec now)
{
	ctl_put_str(m, MIP_A_OBJECT, "bul");
	ctl_put_addr(m, MIP_A_HOME, &e->home);
	ctl_put_addr(m, MIP_A_PEER, &e->peer);
	ctl_put_addr(m, MIP_A_COA, &e->coa);
	ctl_put_num(m, MIP_A_HOME_REG, (e->flags & BU_F_HOME) != 0);
	ctl_put_num(m, MIP_A_LSTATE, e->state);
	put_flags(m, e->flags);
	ctl_put_num(m, MIP_A_SEQUENCE, e->seq);
	ctl_put_num(m, MIP_A_LIFETIME, (uint64_t)(e->bound ? e->granted : e->asked) * MH_LIFE_UNIT);
	put_left(m, MIP_A_REMAINING, e->expires, now);
	put_left(m, MIP_A_REFRESH, e->refresh_at, now);
	ctl_put_num(m, MIP_A_RETRY, (uint64_t)e->backoff);
	if (e->state != MIP_BUL_WAITING) {
		ctl_put_num(m, MIP_A_STATUS, e->status);
		ctl_put_str(m, MIP_A_STATUS_TEXT, ba_status_text(e->status));
	}
}

void record_home(struct ctl_msg *m, const struct mn_home *h, usec now)
{
	char dev[IF_NAMESIZE];

	ctl_put_str(m, MIP_A_OBJECT, "mn");
	ctl_put_addr(m, MIP_A_HOME, &h->conf.home);
	ctl_put_prefix(m, MIP_A_PREFIX, &h->conf.home, h->conf.plen);
	if (!addr_any(&h->agent))
		ctl_put_addr(m, MIP_A_AGENT, &h->agent);
	ctl_put_num(m, MIP_A_MSTATE, h->state);
	ctl_put_num(m, MIP_A_AT_HOME, h->place.where == AT_HOME);
	if (h->place.where == AT_AWAY)
		ctl_put_addr(m, MIP_A_COA, &h->place.coa);
	if (h->place.where != AT_NOWHERE && if_indextoname(h->place.ifindex, dev))
		ctl_put_str(m, MIP_A_DEV, dev);
	ctl_put_num(m, MIP_A_LIFETIME, h->conf.lifetime);
	if (h->reg)
		put_left(m, MIP_A_REMAINING, h->reg->expires, now);
	put_left(m, MIP_A_VALID, h->prefix.valid_until, now);
	put_left(m, MIP_A_PREFERRED, h->prefix.preferred_until, now);
	if (h->derived)
		ctl_put_addr(m, MIP_A_FROM, &h->from);
	ctl_put_num(m, MIP_A_AGE, (uint64_t)((now - h->since) / SEC));
}

static const struct ha_addr *first_on(const struct ha *ha, unsigned ifindex)
{
	for (size_t i = 0; i < ha->addrs; i++)
		if (ha->addr[i].ifindex == ifindex)
			return &ha->addr[i];
	return NULL;
}

/* The n-th home link. */
static void put_ha(struct ctl_msg *m, const struct view *v, size_t n)
{
	const struct ha *ha = v->ha;
	unsigned ifindex = n < ha->links ? ha->link[n].conf.ifindex : 0;
	const struct ha_addr *first = first_on(ha, ifindex);
	char dev[IF_NAMESIZE];

	ctl_put_str(m, MIP_A_OBJECT, "ha");
	ctl_put_num(m, MIP_A_ENABLED, ha->on);
	if (if_indextoname(ifindex, dev))
		ctl_put_str(m, MIP_A_DEV, dev);
	if (!addr_any(&ha->conf.address))
		ctl_put_addr(m, MIP_A_ADDRESS, &ha->conf.address);
	else if (first)
		ctl_put_addr(m, MIP_A_ADDRESS, &first->addr);
	if (first)
		ctl_put_prefix(m, MIP_A_PREFIX, &first->addr, first->plen);
	ctl_put_num(m, MIP_A_BINDINGS, bc_count(&ha->bc));
	ctl_put_num(m, MIP_A_MAX_BINDINGS, v->conf->ha.max_bindings);
	ctl_put_num(m, MIP_A_MAX_LIFETIME, v->conf->ha.max_lifetime);
	ctl_put_num(m, MIP_A_PREFERENCE, (uint32_t)v->conf->ha.preference);
	ctl_put_num(m, MIP_A_INSECURE, ha->conf.insecure);
	ctl_put_num(m, MIP_A_RX_BU, ha->stats.rx_bu);
	ctl_put_num(m, MIP_A_RX_REFUSED, ha->stats.refused);
	ctl_put_num(m, MIP_A_RX_DROPPED, ha->stats.dropped);
	ctl_put_num(m, MIP_A_UNPROTECTED, ha->stats.unprotected);
	ctl_put_num(m, MIP_A_RX_LIMITED, ha->stats.limited);
	ctl_put_num(m, MIP_A_TX_BA, ha->stats.tx_ba);
}

static void put_cn(struct ctl_msg *m, const struct view *v)
{
	const struct cn_stats *s = &v->cn->stats;

	ctl_put_str(m, MIP_A_OBJECT, "cn");
	ctl_put_num(m, MIP_A_ENABLED, v->cn->on);
	ctl_put_num(m, MIP_A_BINDINGS, bc_count(&v->cn->bc));
	ctl_put_num(m, MIP_A_MAX_BINDINGS, v->conf->cn.max_bindings);
	ctl_put_num(m, MIP_A_TEST_RATE, v->conf->cn.test_rate);
	ctl_put_num(m, MIP_A_RX_TEST, s->rx_test);
	ctl_put_num(m, MIP_A_RX_BU, s->rx_bu);
	ctl_put_num(m, MIP_A_RX_REFUSED, s->refused);
	ctl_put_num(m, MIP_A_RX_DROPPED, s->dropped);
	ctl_put_num(m, MIP_A_TX_BE, s->tx_be);
	ctl_put_num(m, MIP_A_TX_BRR, s->tx_brr);
	ctl_put_num(m, MIP_A_EVICTED, s->evicted);
	ctl_put_num(m, MIP_A_RX_LIMITED, s->limited);
}

static void put_tokens(struct ctl_msg *m, const struct bul_entry *e, usec now)
{
	usec oldest = e->home_test.got < e->coa_test.got ? e->home_test.got : e->coa_test.got;

	if (!e->home_test.got || !e->coa_test.got)
		return;
	ctl_put_num(m, MIP_A_HOME_NONCE, e->home_test.nonce);
	ctl_put_num(m, MIP_A_COA_NONCE, e->coa_test.nonce);
	put_left(m, MIP_A_TOKENS, oldest + RR_MAX_TOKEN_LIFE, now);
	ctl_put_num(m, MIP_A_RTT_TUNNEL, (uint64_t)e->rtt_home);
	ctl_put_num(m, MIP_A_RTT_DIRECT, (uint64_t)e->rtt_coa);
}

void record_ro(struct ctl_msg *m, const struct view *v, const struct bul_entry *e, usec now)
{
	ctl_put_str(m, MIP_A_OBJECT, "ro");
	ctl_put_addr(m, MIP_A_PEER, &e->peer);
	ctl_put_addr(m, MIP_A_HOME, &e->home);
	ctl_put_num(m, MIP_A_OSTATE, e->ro);
	if (e->bound) {
		ctl_put_addr(m, MIP_A_COA, &e->coa);
		put_left(m, MIP_A_REMAINING, e->expires, now);
	}
	put_tokens(m, e, now);
	put_traffic(m, v, &e->home, &e->peer);
}

/* What anybody can make the agent hold and do. */
static void put_limits(struct ctl_msg *m, const struct view *v)
{
	char text[512];

	snprintf(text, sizeof(text),
		"bindings %u+%u, first registrations %u/s (one network %u/s), updates of a binding %u/s, "
		"refusals %u/s (one network %u/s, one binding %u/s), tests %u/s (one network %u/s, one binding %u/s), "
		"unknown updates %u/s (one network %u/s), peers %u, clients %u, bytes waiting for a client %u",
		v->conf->ha.max_bindings, v->conf->cn.max_bindings, HA_NEW_RATE, HA_NEW_GROUP_RATE, HA_UPDATE_RATE,
		HA_REFUSAL_RATE, HA_REFUSAL_RATE / HA_REFUSAL_GROUPS, HA_BINDING_REFUSAL, v->conf->cn.test_rate,
		(v->conf->cn.test_rate + CN_TEST_GROUPS - 1) / CN_TEST_GROUPS, CN_UPDATE_RATE, CN_NEW_RATE,
		CN_NEW_GROUP_RATE, MN_PEERS_MAX, MIP_CLIENTS_MAX, MIP_QUEUE_MAX);
	ctl_put_str(m, MIP_A_LIMITS, text);
}

static void put_agent(struct ctl_msg *m, const struct view *v, usec now)
{
	struct agent_facts f = {
		.path = "", .path_why = "", .caps = "", .seccomp = "", .kernel = "", .state = "", .confirm = NEVER};
	const char *roles[] = {"", "ha", "mn", "ha mn", "cn", "ha cn", "mn cn", "ha mn cn"};

	v->facts(v->ctx, &f);
	ctl_put_str(m, MIP_A_OBJECT, "agent");
	ctl_put_str(m, MIP_A_VERSION, MIP_VERSION);
	ctl_put_num(m, MIP_A_PID, (uint64_t)getpid());
	ctl_put_num(m, MIP_A_NETNS, f.netns);
	ctl_put_num(m, MIP_A_UPTIME, (uint64_t)((now - f.started) / SEC));
	ctl_put_str(m, MIP_A_ROLES, roles[(v->ha->on ? 1 : 0) + (v->mn->on ? 2 : 0) + (v->cn->on ? 4 : 0)]);
	ctl_put_str(m, MIP_A_KERNEL, f.kernel);
	ctl_put_str(m, MIP_A_CAPS, f.caps);
	ctl_put_str(m, MIP_A_SECCOMP, f.seccomp);
	ctl_put_str(m, MIP_A_KEPT_IN, f.state);
	ctl_put_str(m, MIP_A_PATH, f.path);
	ctl_put_str(m, MIP_A_PATH_WHY, f.path_why);
	ctl_put_num(m, MIP_A_MTU, f.mtu);
	ctl_put_num(m, MIP_A_MEMORY, f.memory);
	ctl_put_num(m, MIP_A_BINDINGS, bc_count(&v->ha->bc) + bc_count(&v->cn->bc));
	put_limits(m, v);
	put_left(m, MIP_A_CONFIRM, f.confirm, now);
	ctl_put_num(m, MIP_A_RX_DROPPED, f.dropped);
	ctl_put_num(m, MIP_A_TUN_RX, f.tun_rx);
	ctl_put_num(m, MIP_A_TUN_TX, f.tun_tx);
	ctl_put_num(m, MIP_A_TUN_REFUSED, f.tun_refused);
}

/* --- dumps -------------------------------------------------------------------------------------------------------- */

/* Steps a walk from the last index to the first: at->at is 0 before the first step, then 1 + the index given out. */
static bool step_down(struct ctl_cursor *at, size_t count, size_t *i)
{
	uint64_t next = at->at ? at->at - 1 : count; /* how many are still to come */

	if (next > count)
		next = count;
	if (!next)
		return false;
	*i = (size_t)next - 1;
	at->at = next; /* = index + 1 */
	return true;
}

static bool first_only(struct ctl_cursor *at)
{
	return at->at++ == 0;
}

static const struct bc_entry *next_binding(const struct bc *bc, struct ctl_cursor *at)
{
	size_t i;

	return step_down(at, bc_count(bc), &i) ? bc_at(bc, i) : NULL;
}

/* The home agent's cache, then the correspondent node's. */
static int get_binding(
	const struct view *v, const struct ctl_request *rq, struct ctl_cursor *at, struct ctl_msg *m, usec now)
{
	const struct in6_addr *home = ctl_addr(rq, MIP_A_HOME);
	const struct bc *caches[] = {&v->ha->bc, &v->cn->bc};
	const struct bc_entry *e;

	for (; at->key[0] < 2; at->key[0]++, at->at = 0)
		while ((e = next_binding(caches[at->key[0]], at)))
			if (!home || addr_eq(&e->home, home)) {
				record_binding(m, v, e, e->state, now);
				return 0;
			}
	return 1;
}

static int get_bul(
	const struct view *v, const struct ctl_request *rq, struct ctl_cursor *at, struct ctl_msg *m, usec now)
{
	const struct in6_addr *home = ctl_addr(rq, MIP_A_HOME);
	size_t i;

	while (step_down(at, bul_count(&v->mn->bul), &i)) {
		const struct bul_entry *e = bul_at(&v->mn->bul, i);

		/* A correspondent that was sent no update, or holds none: `ro show` has it. */
		if ((home && !addr_eq(&e->home, home)) || !e->state || e->ro == MIP_RO_IDLE)
			continue;
		record_bul(m, e, now);
		return 0;
	}
	return 1;
}

static int get_mn(
	const struct view *v, const struct ctl_request *rq, struct ctl_cursor *at, struct ctl_msg *m, usec now)
{
	const struct in6_addr *home = ctl_addr(rq, MIP_A_HOME);

	while (at->at < v->mn->homes) {
		const struct mn_home *h = &v->mn->home[at->at++];

		if (home && !addr_eq(&h->conf.home, home))
			continue;
		record_home(m, h, now);
		return 0;
	}
	return 1;
}

static int get_links(
	const struct view *v, const struct ctl_request *rq, struct ctl_cursor *at, struct ctl_msg *m, usec now)
{
	const char *dev = ctl_str(rq, MIP_A_DEV);

	(void)now;
	while (v->mn->on && at->at < ATTACH_LINKS)
		if (record_link(m, v, &v->mn->attach.link[at->at++], dev))
			return 0;
	return 1;
}

static int get_ha(
	const struct view *v, const struct ctl_request *rq, struct ctl_cursor *at, struct ctl_msg *m, usec now)
{
	(void)rq, (void)now;
	if (!v->ha->on || (size_t)at->at >= v->ha->links)
		return 1;
	put_ha(m, v, (size_t)at->at++);
	return 0;
}

static int get_home_agents(
	const struct view *v, const struct ctl_request *rq, struct ctl_cursor *at, struct ctl_msg *m, usec now)
{
	char dev[IF_NAMESIZE];
	struct ha_known k;

	(void)rq;
	if (!v->ha->on || !ha_known(v->ha, (size_t)at->at++, &k))
		return 1;
	ctl_put_str(m, MIP_A_OBJECT, "ha");
	if (if_indextoname(k.ifindex, dev))
		ctl_put_str(m, MIP_A_DEV, dev);
	ctl_put_addr(m, MIP_A_ADDRESS, &k.addr);
	ctl_put_num(m, MIP_A_PREFERENCE, (uint32_t)k.preference);
	ctl_put_num(m, MIP_A_OWN, addr_any(&k.router));
	if (!addr_any(&k.router))
		ctl_put_addr(m, MIP_A_ROUTER, &k.router);
	put_left(m, MIP_A_REMAINING, k.expires, now);
	return 0;
}

static int get_rules(
	const struct view *v, const struct ctl_request *rq, struct ctl_cursor *at, struct ctl_msg *m, usec now)
{
	size_t n = (size_t)at->at++;
	const struct ha_rule *r = &v->conf->ha.rule[n];

	(void)rq, (void)now;
	if (n >= v->conf->ha.rules)
		return 1;
	ctl_put_str(m, MIP_A_OBJECT, "acl");
	ctl_put_prefix(m, MIP_A_PREFIX, &r->addr, r->plen);
	ctl_put_num(m, MIP_A_PERMITTED, !r->deny);
	ctl_put_num(m, MIP_A_INSECURE, r->insecure);
	ctl_put_num(m, MIP_A_BINDINGS, v->ha->on ? v->ha->bound[n] : 0);
	if (r->max_bindings)
		ctl_put_num(m, MIP_A_MAX_BINDINGS, r->max_bindings);
	if (r->max_lifetime)
		ctl_put_num(m, MIP_A_MAX_LIFETIME, r->max_lifetime);
	return 0;
}

static int get_agent(
	const struct view *v, const struct ctl_request *rq, struct ctl_cursor *at, struct ctl_msg *m, usec now)
{
	(void)rq;
	if (!first_only(at))
		return 1;
	put_agent(m, v, now);
	return 0;
}

static int get_cn(
	const struct view *v, const struct ctl_request *rq, struct ctl_cursor *at, struct ctl_msg *m, usec now)
{
	(void)rq, (void)now;
	if (!v->cn->on || !first_only(at))
		return 1;
	put_cn(m, v);
	return 0;
}

static int get_ro(
	const struct view *v, const struct ctl_request *rq, struct ctl_cursor *at, struct ctl_msg *m, usec now)
{
	const struct in6_addr *home = ctl_addr(rq, MIP_A_HOME), *peer = ctl_addr(rq, MIP_A_PEER);
	size_t i;

	while (step_down(at, bul_count(&v->mn->bul), &i)) {
		const struct bul_entry *e = bul_at(&v->mn->bul, i);

		if (!e->ro || (home && !addr_eq(&e->home, home)) || (peer && !addr_eq(&e->peer, peer)))
			continue;
		record_ro(m, v, e, now);
		return 0;
	}
	return 1;
}

static int get_conf(
	const struct view *v, const struct ctl_request *rq, struct ctl_cursor *at, struct ctl_msg *m, usec now)
{
	(void)now;
	return conf_command(v->conf, (size_t)at->at++, rq->may_write, m);
}

static bool is_asked(const struct ctl_request *rq, const struct conf_sa *sa)
{
	const struct in6_addr *home = ctl_addr(rq, MIP_A_HOME);

	return (!home || addr_eq(home, &sa->home)) && ctl_num(rq, MIP_A_PROTECT, sa->protect) == sa->protect;
}

static int get_ipsec(
	const struct view *v, const struct ctl_request *rq, struct ctl_cursor *at, struct ctl_msg *m, usec now)
{
	(void)now;
	while (at->at < v->conf->sas) {
		const struct conf_sa *sa = &v->conf->sa[at->at++];

		if (!is_asked(rq, sa))
			continue;
		record_sa(m, v, sa, ctl_num(rq, MIP_A_KEYS, 0), at->key[0]++ == 0);
		return 0;
	}
	return 1;
}

static int get_metrics(
	const struct view *v, const struct ctl_request *rq, struct ctl_cursor *at, struct ctl_msg *m, usec now)
{
	(void)rq;
	return get_stats(v, at, m, now);
}

int get_record(
	const struct view *v, const struct ctl_request *rq, struct ctl_cursor *at, struct ctl_msg *m, struct why *why)
{
	static int (*const getters[])(
		const struct view *, const struct ctl_request *, struct ctl_cursor *, struct ctl_msg *, usec) = {
		[MIP_AGENT_GET] = get_agent,
		[MIP_BINDING_GET] = get_binding,
		[MIP_BUL_GET] = get_bul,
		[MIP_HA_GET] = get_ha,
		[MIP_ACL_GET] = get_rules,
		[MIP_MN_GET] = get_mn,
		[MIP_CN_GET] = get_cn,
		[MIP_RO_GET] = get_ro,
		[MIP_HA_LIST] = get_home_agents,
		[MIP_CONFIG_GET] = get_conf,
		[MIP_STATS_GET] = get_metrics,
		[MIP_IPSEC_GET] = get_ipsec,
		[MIP_MN_LINKS] = get_links,
	};

	if (rq->cmd >= sizeof(getters) / sizeof(getters[0]) || !getters[rq->cmd])
		return why_set(why, EOPNOTSUPP, "%s cannot be shown", ctl_name(rq->cmd));
	if (ctl_num(rq, MIP_A_KEYS, 0) && !rq->may_write)
		return why_attr(why, EPERM, MIP_A_KEYS, "only root and the agent's own account may see keys");
	return getters[rq->cmd](v, rq, at, m, clock_now());
}
