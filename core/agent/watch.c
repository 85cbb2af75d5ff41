/* Messages in and out, counted and shown to those who watch packets; and the counts of everybody added up. */
#include "agent/agent_impl.h"

#define LOOK	 (5 * SEC)
#define PATIENCE (15 * SEC) /* after the last packet of a conversation */

void agent_saw(struct agent *a, const struct message *msg)
{
	struct ctl_msg m;

	message_count(msg, &a->tally);
	if (!ctl_watched(a->ctl, MIP_WATCH_PACKETS))
		return;
	message_record(msg, &m);
	ctl_event(a->ctl, &m);
}

void agent_on_sent(void *owner, const struct message *msg)
{
	agent_saw(owner, msg);
}

/* What the data path dropped, by the reasons it is told under. */
static void add_drops(struct agent *a, uint64_t to[DROP_COUNT])
{
	struct flow_stats s;

	if (!host_is_open(&a->host) || flow_stats(a->host.flows, &s))
		return;
	to[DROP_RH2] += s.drops.rh2_home;
	to[DROP_HAO] += s.drops.hao_unknown;
	to[DROP_MALFORMED] += s.drops.malformed;
	to[DROP_TOO_LONG] += s.drops.too_long;
	to[DROP_NESTED] += s.drops.nested;
	to[DROP_NOT_SENT] += s.drops.refused;
	to[DROP_TUNNEL] += s.drops.tunnel;
	to[DROP_NO_BINDING] += s.drops.no_flow;
}

uint64_t agent_flow_drops(void *ctx, enum drop why)
{
	uint64_t all[DROP_COUNT] = {0};

	add_drops(ctx, all);
	return all[why];
}

void agent_tally(void *ctx, struct tally *to)
{
	struct agent *a = ctx;
	struct raw_stats rs = {0};

	*to = a->tally;
	to->dropped[DROP_HOME_AGENT] += a->ha.stats.dropped;
	to->dropped[DROP_LIMIT] += a->ha.stats.limited + a->cn.stats.limited;
	to->dropped[DROP_CORRESPONDENT] += a->cn.stats.dropped;
	if (!host_is_open(&a->host))
		return;
	raw_stats(a->host.raw, &rs);
	add_drops(a, to->dropped);
	to->dropped[DROP_CHECKSUM] += rs.rx_malformed;
	to->dropped[DROP_LIMIT] += rs.rx_crowded;
}

uint64_t agent_malformed(struct agent *a)
{
	static const enum drop malformed[] = {DROP_CHECKSUM, DROP_MALFORMED, DROP_PAYLOAD_PROTO, DROP_LENGTH, DROP_TYPE,
		DROP_RH2, DROP_HAO, DROP_ADVERTISEMENT};
	struct tally t;
	uint64_t n = 0;

	agent_tally(a, &t);
	for (size_t i = 0; i < sizeof(malformed) / sizeof(*malformed); i++)
		n += t.dropped[malformed[i]];
	return n;
}

/* --- one way only ------------------------------------------------------------------------------------------------- */

static void look_at_flows(struct timer *t, usec now)
{
	struct agent *a = timer_owner(t, struct agent, look);
	struct flow_stats fs;

	if (!a->ha.on || !host_is_open(&a->host))
		return;
	timer_arm(&a->loop.timers, t, now + LOOK, look_at_flows);
	if (flow_stats(a->host.flows, &fs))
		return;
	if (fs.rx_packets != a->tun_rx)
		a->heard = now;
	if (fs.tx_packets != a->tun_tx || now - a->heard > PATIENCE)
		a->alone = 0;
	else if (!a->alone)
		a->alone = now;
	a->tun_rx = fs.rx_packets;
	a->tun_tx = fs.tx_packets;
}

void agent_look(struct agent *a)
{
	if (!timer_armed(&a->look))
		timer_arm(&a->loop.timers, &a->look, clock_now() + LOOK, look_at_flows);
}
