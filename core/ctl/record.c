/* record.h: role state -> attributes. */
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
	} letters[] = {{BU_F_ACK, 'A'}, {BU_F_HOME, 'H'}, {BU_F_LINKLOCAL, 'L'}, {BU_F_KEYMGMT, 'K'},
		{BU_F_ROUTER, 'R'}, {BU_F_UDP, 'F'}, {BU_F_TLV, 'T'}};
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

/* What shows whose a registration is (ha_proof()). */
static void put_proof(struct ctl_msg *m, const struct world *w, const struct auth *auth, const struct in6_addr *home)
{
	const char *what = world_protects(w, home, MIP_PROTECT_BINDING) ? "ipsec"
			   : auth_find(auth, home)			? "option"
									: "nothing";

	ctl_put_str(m, MIP_A_PROTECTED_BY, what);
}

void record_binding(
	struct ctl_msg *m, const struct view *v, const struct bc_entry *e, enum mip_binding_state state, usec now)
{
	ctl_put_str(m, MIP_A_OBJECT, "binding");
	ctl_put_addr(m, MIP_A_HOME, &e->home);
	ctl_put_addr(m, MIP_A_COA, &e->coa);
	if (e->udp.port)
		ctl_put_num(m, MIP_A_PORT, e->udp.port);
	ctl_put_addr(m, MIP_A_LOCAL, &e->local);
	ctl_put_num(m, MIP_A_BSTATE, state);
	put_flags(m, e->flags);
	ctl_put_num(m, MIP_A_SEQUENCE, e->seq);
	ctl_put_num(m, MIP_A_LIFETIME, (uint64_t)e->lifetime * MH_LIFE_UNIT);
	put_left(m, MIP_A_REMAINING, e->expires, now);
	ctl_put_num(m, MIP_A_AGE, (uint64_t)((now - e->made) / SEC));
	ctl_put_num(m, MIP_A_STATIC, e->fixed);
	ctl_put_prefixes(m, MIP_A_NETWORK, e->network, bc_networks(e));
	if (bc_ipv4_home(e))
		ctl_put_addr(m, MIP_A_HOME4, &bc_ipv4_home(e)->addr);
	if (e->cache == &v->ha->bc && !e->fixed)
		put_proof(m, v->ha->w, &v->ha->auth, &e->home);
	if (e->cache == &v->cn->bc)
		put_traffic(m, v, &e->local, &e->home);
}

/* Those of a mobile router's registration. */
static void put_networks(struct ctl_msg *m, const struct bul_entry *e)
{
	const struct mn_home *h = e->flags & BU_F_ROUTER ? mn_find(e->owner, &e->home) : NULL;

	if (h)
		ctl_put_prefixes(m, MIP_A_NETWORK, h->conf.network, h->conf.networks);
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
	if (timer_armed(&e->timer))
		ctl_put_num(m, MIP_A_RETRY, (uint64_t)e->backoff);
	put_networks(m, e);
	if (e->state != MIP_BUL_WAITING) {
		ctl_put_num(m, MIP_A_STATUS, e->status);
		ctl_put_str(m, MIP_A_STATUS_TEXT, ba_status_text(e->status));
	}
}

static const struct in6_addr *taken(const struct attach *a)
{
	for (const struct attach_link *l = a->link; l < a->link + ATTACH_LINKS; l++)
		if (l->ifindex && !addr_any(&l->taken[0]))
			return &l->taken[0];
	return NULL;
}

/* What it has, or asks for, and why it has not. */
static void put_ipv4_home(struct ctl_msg *m, const struct mn_home *h)
{
	if (addr_any(&h->conf.ipv4_home))
		return;
	ctl_put_addr(m, MIP_A_HOME4, addr_any(&h->ipv4_home) ? &h->conf.ipv4_home : &h->ipv4_home);
	if (h->ipv4_answered)
		ctl_put_str(m, MIP_A_HOME4_STATUS, ipv4_status_text(h->ipv4_status));
}

void record_home(struct ctl_msg *m, const struct mn_home *h, usec now)
{
	char dev[IF_NAMESIZE];

	ctl_put_str(m, MIP_A_OBJECT, "mn");
	ctl_put_addr(m, MIP_A_HOME, &h->conf.home);
	ctl_put_prefix(m, MIP_A_PREFIX, &h->conf.home, h->conf.plen);
	if (!addr_any(&h->agent))
		ctl_put_addr(m, MIP_A_AGENT, &h->agent);
	if (!addr_any(&h->conf.ipv4))
		ctl_put_addr(m, MIP_A_IPV4, &h->conf.ipv4);
	put_ipv4_home(m, h);
	ctl_put_num(m, MIP_A_MSTATE, h->state);
	ctl_put_num(m, MIP_A_AT_HOME, h->place.where == AT_HOME);
	if (h->place.where == AT_AWAY)
		ctl_put_addr(m, MIP_A_COA, &h->place.coa);
	if (h->place.where != AT_NOWHERE && if_indextoname(h->place.ifindex, dev))
		ctl_put_str(m, MIP_A_DEV, dev);
	if (taken(&h->mn->attach))
		ctl_put_addr(m, MIP_A_DUPLICATE, taken(&h->mn->attach));
	ctl_put_num(m, MIP_A_LIFETIME, h->conf.lifetime);
	ctl_put_prefixes(m, MIP_A_NETWORK, h->conf.network, h->conf.networks);
	if (h->conf.networks)
		ctl_put_num(m, MIP_A_ROUTERS, !h->no_router);
	put_proof(m, h->mn->w, &h->mn->auth, &h->conf.home);
	if (h->reg)
		put_left(m, MIP_A_REMAINING, h->reg->expires, now);
	put_left(m, MIP_A_VALID, h->prefix.valid_until, now);
	put_left(m, MIP_A_PREFERRED, h->prefix.preferred_until, now);
	if (mn_silence(h, now))
		ctl_put_num(m, MIP_A_SILENT, (uint64_t)(mn_silence(h, now) / SEC));
	if (h->refusal) {
		ctl_put_addr(m, MIP_A_REFUSED_BY, &h->refused_by);
		ctl_put_num(m, MIP_A_STATUS, h->refusal);
		ctl_put_str(m, MIP_A_STATUS_TEXT, ba_status_text(h->refusal));
	}
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

void record_ha(struct ctl_msg *m, const struct view *v, size_t n)
{
	const struct ha *ha = v->ha;
	unsigned ifindex = ha->on && n < ha->links ? ha->link[n].conf.ifindex : 0;
	const struct ha_addr *first = first_on(ha, ifindex);
	struct agent_facts f = {.ha_lacks = "", .refused = ""};
	char dev[IF_NAMESIZE];

	v->facts(v->ctx, &f);

	ctl_put_str(m, MIP_A_OBJECT, "ha");
	ctl_put_num(m, MIP_A_ENABLED, ha->on);
	if (if_indextoname(ifindex, dev))
		ctl_put_str(m, MIP_A_DEV, dev);
	if (!addr_any(&ha->conf.address))
		ctl_put_addr(m, MIP_A_ADDRESS, &ha->conf.address);
	else if (first)
		ctl_put_addr(m, MIP_A_ADDRESS, &first->addr);
	if (!addr_any(&ha->conf.ipv4))
		ctl_put_addr(m, MIP_A_IPV4, &ha->conf.ipv4);
	if (first)
		ctl_put_prefix(m, MIP_A_PREFIX, &first->addr, first->plen);
	ctl_put_num(m, MIP_A_BINDINGS, bc_count(&ha->bc));
	ctl_put_num(m, MIP_A_MAX_BINDINGS, v->conf->ha.max_bindings);
	ctl_put_num(m, MIP_A_MAX_LIFETIME, v->conf->ha.max_lifetime);
	ctl_put_num(m, MIP_A_PREFERENCE, v->conf->ha.preference);
	ctl_put_num(m, MIP_A_INSECURE, v->conf->ha.insecure);
	ctl_put_num(m, MIP_A_ROUTERS, ha_serves_routers(ha));
	if (*f.ha_lacks)
		ctl_put_str(m, MIP_A_WAITS, f.ha_lacks);
	if (*f.refused)
		ctl_put_str(m, MIP_A_IKE_REFUSED, f.refused);
	if (f.silent)
		ctl_put_num(m, MIP_A_SILENT, (uint64_t)(f.silent / SEC));
	ctl_put_num(m, MIP_A_RX_BU, ha->stats.rx_bu);
	ctl_put_num(m, MIP_A_RX_REFUSED, ha->stats.refused);
	ctl_put_num(m, MIP_A_RX_DROPPED, ha->stats.dropped);
	ctl_put_num(m, MIP_A_UNPROTECTED, ha->stats.unprotected);
	ctl_put_num(m, MIP_A_RX_LIMITED, ha->stats.limited);
	ctl_put_num(m, MIP_A_TX_BA, ha->stats.tx_ba);
}

void record_known_agent(struct ctl_msg *m, const struct ha_known *k, usec now)
{
	char dev[IF_NAMESIZE];

	ctl_put_str(m, MIP_A_OBJECT, "ha");
	if (if_indextoname(k->ifindex, dev))
		ctl_put_str(m, MIP_A_DEV, dev);
	ctl_put_addr(m, MIP_A_ADDRESS, &k->addr);
	ctl_put_num(m, MIP_A_PREFERENCE, k->preference);
	ctl_put_num(m, MIP_A_OWN, addr_any(&k->router));
	ctl_put_num(m, MIP_A_ROUTERS, k->routers);
	if (!addr_any(&k->router))
		ctl_put_addr(m, MIP_A_ROUTER, &k->router);
	put_left(m, MIP_A_REMAINING, k->expires, now);
}

void record_rule(struct ctl_msg *m, const struct view *v, size_t n)
{
	const struct ha_rule *r = &v->conf->ha.rule[n];

	ctl_put_str(m, MIP_A_OBJECT, "acl");
	ctl_put_prefix(m, MIP_A_PREFIX, &r->addr, r->plen);
	ctl_put_num(m, MIP_A_PERMITTED, !r->deny);
	ctl_put_num(m, MIP_A_INSECURE, r->insecure);
	ctl_put_num(m, MIP_A_BINDINGS, v->ha->on ? v->ha->bound[n] : 0);
	if (r->max_bindings)
		ctl_put_num(m, MIP_A_MAX_BINDINGS, r->max_bindings);
	if (r->max_lifetime)
		ctl_put_num(m, MIP_A_MAX_LIFETIME, r->max_lifetime);
	ctl_put_prefixes(m, MIP_A_NETWORK, r->network, r->networks);
	if (r->networks)
		ctl_put_num(m, MIP_A_MAX_NETWORKS, r->max_networks ? r->max_networks : HA_NETWORKS);
	if (r->ipv4.plen)
		ctl_put_prefix(m, MIP_A_HOMES4, &r->ipv4.addr, r->ipv4.plen);
}

void record_cn(struct ctl_msg *m, const struct view *v)
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

static const char *why_alone(const struct bul_entry *e)
{
	static const char *const text[] = {[ALONE_SILENT] = "it does not answer",
		[ALONE_DENIES] = "it says that it does not know Mobile IPv6",
		[ALONE_ENDED] = "its binding had ended when its answer came",
		[ALONE_NO_PATH] = "this node's data path does not take it"};

	return e->alone == ALONE_REFUSES ? ba_status_text(e->status) : text[e->alone];
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
	if (e->ro == MIP_RO_UNSUPPORTED) {
		put_left(m, MIP_A_AGAIN, e->timer.due, now);
		ctl_put_str(m, MIP_A_WHY, why_alone(e));
	}
	put_tokens(m, e, now);
	put_traffic(m, v, &e->home, &e->peer);
}

/* What anybody can make the agent hold and do. */
static void put_limits(struct ctl_msg *m, const struct view *v)
{
	char text[640];

	snprintf(text, sizeof(text),
		"bindings %u+%u, first registrations %u/s (one network %u/s), updates of a binding %u/s, "
		"refusals %u/s (one network %u/s, one binding %u/s), tests %u/s (one network %u/s, one binding %u/s), "
		"unknown updates %u/s (one network %u/s), peers %u, clients %u, bytes waiting for a client %u, "
		"messages of strangers waiting %u",
		v->conf->ha.max_bindings, v->conf->cn.max_bindings, HA_NEW_RATE, HA_NEW_GROUP_RATE, HA_UPDATE_RATE,
		HA_REFUSAL_RATE, HA_REFUSAL_RATE / HA_REFUSAL_GROUPS, HA_BINDING_REFUSAL, v->conf->cn.test_rate,
		(v->conf->cn.test_rate + CN_TEST_GROUPS - 1) / CN_TEST_GROUPS, CN_UPDATE_RATE, CN_NEW_RATE,
		CN_NEW_GROUP_RATE, MN_PEERS_MAX, MIP_CLIENTS_MAX, MIP_QUEUE_MAX, MIP_STRANGERS_MAX);
	ctl_put_str(m, MIP_A_LIMITS, text);
}

void record_agent(struct ctl_msg *m, const struct view *v, usec now)
{
	struct agent_facts f = {.path = "",
		.path_why = "",
		.caps = "",
		.seccomp = "",
		.kernel = "",
		.state = "",
		.removed = "",
		.confirm = NEVER};
	const char *roles[] = {"", "ha", "mn", "ha mn", "cn", "ha cn", "mn cn", "ha mn cn"};

	v->facts(v->ctx, &f);
	ctl_put_str(m, MIP_A_OBJECT, "agent");
	ctl_put_str(m, MIP_A_VERSION, MIP_VERSION);
	ctl_put_num(m, MIP_A_PID, (uint64_t)getpid());
	ctl_put_num(m, MIP_A_NETNS, f.netns);
	ctl_put_num(m, MIP_A_UPTIME, (uint64_t)((now - f.started) / SEC));
	ctl_put_str(m, MIP_A_ROLES, roles[(v->conf->ha.enabled ? 1 : 0) + (v->mn->on ? 2 : 0) + (v->cn->on ? 4 : 0)]);
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
	if (*f.removed)
		ctl_put_str(m, MIP_A_REMOVED, f.removed);
	ctl_put_num(m, MIP_A_RX_DROPPED, f.dropped);
	ctl_put_num(m, MIP_A_TUN_RX, f.tun_rx);
	ctl_put_num(m, MIP_A_TUN_TX, f.tun_tx);
	ctl_put_num(m, MIP_A_TUN_REFUSED, f.tun_refused);
}

void record_flow(struct ctl_msg *m, const struct flow_facts *f)
{
	ctl_put_prefix(m, MIP_A_FLOW_FROM, &f->src, f->splen);
	ctl_put_prefix(m, MIP_A_FLOW_TO, &f->dst, f->dplen);
	ctl_put_str(m, MIP_A_EDITS, f->edits);
	if (!addr_any(&f->local))
		ctl_put_addr(m, MIP_A_FLOW_LOCAL, &f->local);
	if (!addr_any(&f->peer))
		ctl_put_addr(m, MIP_A_FLOW_PEER, &f->peer);
	ctl_put_str(m, MIP_A_PATH, f->path);
	ctl_put_num(m, MIP_A_MTU, f->mtu);
	if (!f->counted)
		return;
	ctl_put_num(m, MIP_A_OUT_PACKETS, f->count.out_packets);
	ctl_put_num(m, MIP_A_OUT_BYTES, f->count.out_bytes);
	ctl_put_num(m, MIP_A_IN_PACKETS, f->count.in_packets);
	ctl_put_num(m, MIP_A_IN_BYTES, f->count.in_bytes);
}
