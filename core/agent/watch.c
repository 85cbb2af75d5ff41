/* Messages in and out, counted and shown to those who watch packets; and the counts of everybody added up. */
#include "agent/agent_impl.h"

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

void agent_tally(void *ctx, struct tally *to)
{
	struct agent *a = ctx;
	struct path_stats ps = {0};
	struct raw_stats rs = {0};
	struct ro_drops ds;

	*to = a->tally;
	to->dropped[DROP_HOME_AGENT] += a->ha.stats.dropped;
	to->dropped[DROP_LIMIT] += a->ha.stats.limited + a->cn.stats.limited;
	to->dropped[DROP_CORRESPONDENT] += a->cn.stats.dropped;
	if (!host_is_open(&a->host))
		return;
	raw_stats(a->host.raw, &rs);
	ro_drops(a->host.ro, &ds);
	to->dropped[DROP_CHECKSUM] += rs.rx_malformed;
	to->dropped[DROP_LIMIT] += rs.rx_crowded;
	to->dropped[DROP_RH2] += ds.rh2_home;
	to->dropped[DROP_HAO] += ds.hao_unknown;
	to->dropped[DROP_MALFORMED] += ds.malformed;
	to->dropped[DROP_TOO_LONG] += ds.too_long;
	to->dropped[DROP_NOT_SENT] += ds.refused;
	if (path_stats(a->host.path, &ps) == 0) {
		to->dropped[DROP_TUNNEL] += ps.rx_refused;
		to->dropped[DROP_NO_BINDING] += ps.tx_dropped;
	}
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
