/*
 * get.h: the metrics of include/mip/stats.def as records, all of one metric together. The cursor counts through a list
 * of sections, each with as many records as it has labels.
 */
#include <stdio.h>

#include "ctl/message.h"
#include "ctl/record.h"
#include "role/cn.h"

struct all {
	const struct view *v;
	struct tally tally;
	struct agent_facts facts;
	usec now;
};

static bool put_count(struct ctl_msg *m, const char *of, uint64_t count)
{
	if (of)
		ctl_put_str(m, MIP_A_OF, of);
	ctl_put_num(m, MIP_A_VALUE, count);
	return true;
}

static bool put_received(const struct all *a, size_t i, struct ctl_msg *m)
{
	return put_count(m, message_type_name((enum message_type)i), a->tally.in[i]);
}

static bool put_sent(const struct all *a, size_t i, struct ctl_msg *m)
{
	return put_count(m, message_type_name((enum message_type)i), a->tally.out[i]);
}

static bool put_dropped(const struct all *a, size_t i, struct ctl_msg *m)
{
	return put_count(m, drop_text((enum drop)i), a->tally.dropped[i]);
}

/* 256 statuses, of which few occur. */
static bool put_refused(const struct all *a, size_t i, struct ctl_msg *m)
{
	char of[64];

	if (!a->tally.refused[i])
		return false;
	snprintf(of, sizeof(of), "%zu %s", i, ba_status_text((uint8_t)i));
	return put_count(m, of, a->tally.refused[i]);
}

static bool put_tunnelled(const struct all *a, size_t i, struct ctl_msg *m)
{
	return put_count(m, i ? "out" : "in", i ? a->facts.tun_tx : a->facts.tun_rx);
}

static bool put_bindings(const struct all *a, size_t i, struct ctl_msg *m)
{
	return put_count(m, i ? "correspondent" : "home-agent", bc_count(i ? &a->v->cn->bc : &a->v->ha->bc));
}

/* Of a home agent that is in none there is nothing to say. */
static bool put_members(const struct all *a, size_t i, struct ctl_msg *m)
{
	struct cell_facts f;

	if (!a->v->cell(a->v->ctx, 0, &f))
		return false;
	i = f.state != MIP_CELL_DETACHED;
	while (i && a->v->cell(a->v->ctx, i, &f))
		i++;
	return put_count(m, NULL, i);
}

static bool own_cell(const struct all *a, struct cell_facts *f)
{
	for (size_t i = 0; a->v->cell(a->v->ctx, i, f); i++)
		if (f->own)
			return true;
	return false;
}

static bool put_serves(const struct all *a, size_t i, struct ctl_msg *m)
{
	struct cell_facts f;

	(void)i;
	return own_cell(a, &f) && put_count(m, NULL, f.serves);
}

static bool put_behind(const struct all *a, size_t i, struct ctl_msg *m)
{
	struct cell_facts f;

	(void)i;
	return own_cell(a, &f) && put_count(m, NULL, f.behind);
}

static bool put_memory(const struct all *a, size_t i, struct ctl_msg *m)
{
	(void)i;
	return put_count(m, NULL, a->facts.memory);
}

static bool put_uptime(const struct all *a, size_t i, struct ctl_msg *m)
{
	(void)i;
	return put_count(m, NULL, (uint64_t)((a->now - a->facts.started) / SEC));
}

enum {
#define M(name, metric, type, label, help) METRIC_##name,
#include "mip/stats.def"
#undef M
	METRICS
};

static const char *const names[] = {
#define M(name, metric, type, label, help) [METRIC_##name] = metric,
#include "mip/stats.def"
#undef M
};

/* n records each, number i put by `put`: false when that one has nothing to say. */
static const struct {
	size_t n;
	bool (*put)(const struct all *a, size_t i, struct ctl_msg *m);
} sections[METRICS] = {
	[METRIC_RECEIVED] = {MSG_TYPES, put_received},
	[METRIC_SENT] = {MSG_TYPES, put_sent},
	[METRIC_DROPPED] = {DROP_COUNT, put_dropped},
	[METRIC_REFUSED] = {256, put_refused},
	[METRIC_TUNNELLED] = {2, put_tunnelled},
	[METRIC_BINDINGS] = {2, put_bindings},
	[METRIC_CELL_MEMBERS] = {1, put_members},
	[METRIC_CELL_SERVES] = {1, put_serves},
	[METRIC_CELL_BEHIND] = {1, put_behind},
	[METRIC_MEMORY] = {1, put_memory},
	[METRIC_UPTIME] = {1, put_uptime},
};

int get_stats(const struct view *v, struct ctl_cursor *at, struct ctl_msg *m, usec now)
{
	struct all a = {.v = v, .now = now};
	const struct nlmsghdr empty = m->head;

	v->facts(v->ctx, &a.facts);
	v->tally(v->ctx, &a.tally);
	for (; at->key[0] < METRICS; at->key[0]++, at->at = 0) {
		m->head = empty;
		ctl_put_str(m, MIP_A_METRIC, names[at->key[0]]);
		while (at->at < sections[at->key[0]].n)
			if (sections[at->key[0]].put(&a, (size_t)at->at++, m))
				return 0;
	}
	return 1;
}
