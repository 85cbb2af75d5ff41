/* get.h: dumps. They walk maps from the end, so that entries may go between two records; record.c fills those. */
#include <errno.h>

#include "base/addr.h"
#include "ctl/message.h"
#include "ctl/record.h"

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

	while (v->mn->on && at->at < ATTACH_LINKS)
		if (record_link(m, v, &v->mn->attach.link[at->at++], dev, now))
			return 0;
	return 1;
}

static int get_ha(
	const struct view *v, const struct ctl_request *rq, struct ctl_cursor *at, struct ctl_msg *m, usec now)
{
	(void)rq, (void)now;
	/* One that waits for all of its links is shown without one. */
	if (!v->conf->ha.enabled || (size_t)at->at >= (v->ha->on ? v->ha->links : 1))
		return 1;
	record_ha(m, v, (size_t)at->at++);
	return 0;
}

static int get_home_agents(
	const struct view *v, const struct ctl_request *rq, struct ctl_cursor *at, struct ctl_msg *m, usec now)
{
	struct ha_known k;

	(void)rq;
	if (!v->ha->on || !ha_known(v->ha, (size_t)at->at++, &k))
		return 1;
	record_known_agent(m, &k, now);
	return 0;
}

static int get_rules(
	const struct view *v, const struct ctl_request *rq, struct ctl_cursor *at, struct ctl_msg *m, usec now)
{
	size_t n = (size_t)at->at++;

	(void)rq, (void)now;
	if (n >= v->conf->ha.rules)
		return 1;
	record_rule(m, v, n);
	return 0;
}

static int get_agent(
	const struct view *v, const struct ctl_request *rq, struct ctl_cursor *at, struct ctl_msg *m, usec now)
{
	(void)rq;
	if (!first_only(at))
		return 1;
	record_agent(m, v, now);
	return 0;
}

static int get_cn(
	const struct view *v, const struct ctl_request *rq, struct ctl_cursor *at, struct ctl_msg *m, usec now)
{
	(void)rq, (void)now;
	if (!v->cn->on || !first_only(at))
		return 1;
	record_cn(m, v);
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

/* Two records of one line where keys are negotiated, as if it were two. */
static int get_ipsec(
	const struct view *v, const struct ctl_request *rq, struct ctl_cursor *at, struct ctl_msg *m, usec now)
{
	(void)now;
	for (; at->at < 2 * v->conf->sas; at->at++) {
		const struct conf_sa *sa = &v->conf->sa[at->at / 2];
		struct conf_sa one = {0};

		if (!is_asked(rq, sa) || (at->at % 2 && !sa->ike))
			continue;
		if (sa->ike) {
			one = *sa;
			one.towards = at->at % 2 ? MIP_TO_HOME : MIP_TO_AGENT;
		}
		at->at++;
		record_sa(m, v, sa->ike ? &one : sa, ctl_num(rq, MIP_A_KEYS, 0), at->key[0]++ == 0);
		return 0;
	}
	return 1;
}

static int get_auth(
	const struct view *v, const struct ctl_request *rq, struct ctl_cursor *at, struct ctl_msg *m, usec now)
{
	const struct in6_addr *home = ctl_addr(rq, MIP_A_HOME);

	(void)now;
	while (at->at < v->conf->auths) {
		const struct auth_key *k = &v->conf->auth[at->at++];

		if (home && !addr_eq(home, &k->home))
			continue;
		record_auth(m, v, k, ctl_num(rq, MIP_A_KEYS, 0));
		return 0;
	}
	return 1;
}

static bool is_flow_of(const struct flow_facts *f, const struct in6_addr *a)
{
	return !a || (f->splen && addr_in(&f->src, a, f->splen)) || (f->dplen && addr_in(&f->dst, a, f->dplen));
}

/* The flows, then the drops, which no flow is to blame for. */
static int get_flow(
	const struct view *v, const struct ctl_request *rq, struct ctl_cursor *at, struct ctl_msg *m, usec now)
{
	const struct in6_addr *home = ctl_addr(rq, MIP_A_HOME);
	struct flow_facts f;
	size_t i;

	(void)now;
	while (!at->key[0] && step_down(at, v->flows(v->ctx), &i)) {
		v->flow_facts(v->ctx, i, &f);
		if (!is_flow_of(&f, home))
			continue;
		record_flow(m, &f);
		return 0;
	}
	for (; !home && at->key[0] < DROP_COUNT; at->key[0]++) {
		uint64_t n = v->flow_drops(v->ctx, (enum drop)at->key[0]);

		if (!n)
			continue;
		ctl_put_str(m, MIP_A_FLOW_DROPPED, drop_text((enum drop)at->key[0]++));
		ctl_put_num(m, MIP_A_VALUE, n);
		return 0;
	}
	return 1;
}

void get_cell_record(struct ctl_msg *m, const struct cell_facts *f, bool gone)
{
	ctl_put_str(m, MIP_A_OBJECT, "cell");
	ctl_put_str(m, MIP_A_CELL, f->name);
	ctl_put_num(m, MIP_A_NODE, f->node);
	ctl_put_num(m, MIP_A_PID, f->pid);
	if (gone)
		return;
	ctl_put_num(m, MIP_A_OWN, f->own);
	ctl_put_num(m, MIP_A_CSTATE, f->state);
	ctl_put_num(m, MIP_A_SERVES, f->serves);
	ctl_put_num(m, MIP_A_BINDINGS, f->bindings);
	if (f->own)
		ctl_put_num(m, MIP_A_BEHIND, f->behind);
}

static int get_cell(
	const struct view *v, const struct ctl_request *rq, struct ctl_cursor *at, struct ctl_msg *m, usec now)
{
	struct cell_facts f;

	(void)rq, (void)now;
	if (!v->cell(v->ctx, (size_t)at->at++, &f))
		return 1;
	get_cell_record(m, &f, false);
	return 0;
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
		[MIP_AUTH_GET] = get_auth,
		[MIP_MN_LINKS] = get_links,
		[MIP_FLOW_GET] = get_flow,
		[MIP_CELL_GET] = get_cell,
	};

	if (rq->cmd >= sizeof(getters) / sizeof(getters[0]) || !getters[rq->cmd])
		return why_set(why, EOPNOTSUPP, "%s cannot be shown", ctl_name(rq->cmd));
	if (ctl_num(rq, MIP_A_KEYS, 0) && !rq->may_write)
		return why_attr(why, EPERM, MIP_A_KEYS, "only root and the agent's own account may see keys");
	return getters[rq->cmd](v, rq, at, m, clock_now());
}
