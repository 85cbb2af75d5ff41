/*
 * Following the configuration, the cell: its group is joined and left, and the home agent serves while its address is
 * on this machine, whoever put it there.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "agent/agent_impl.h"
#include "base/log.h"

/* --- what is told ------------------------------------------------------------------------------------------------- */

static struct cell_facts facts_of(const struct agent *a, const struct cell_member *m)
{
	struct cell_facts f = {.name = a->cell_name, .node = m->id.node, .pid = m->id.pid};

	f.own = m == cell_self(&a->cell);
	f.serves = m->serves;
	f.state = cell_state(&a->cell, m);
	f.bindings = f.own ? bc_count(&a->ha.bc) : m->bindings;
	f.behind = f.own && a->cell.held < a->cell.live ? a->cell.queued - a->cell.held : 0;
	return f;
}

bool agent_cell_facts(void *ctx, size_t n, struct cell_facts *to)
{
	struct agent *a = ctx;

	if (!a->cpg || (n && n >= a->cell.members))
		return false;
	if (a->cell.members)
		*to = facts_of(a, &a->cell.member[n]);
	else
		*to = (struct cell_facts){.name = a->cell_name,
			.own = true,
			.serves = !a->ha.standby,
			.state = MIP_CELL_DETACHED,
			.bindings = bc_count(&a->ha.bc)};
	return true;
}

static void tell_cell(struct agent *a, const struct cell_facts *f, bool gone)
{
	static const char *const states[] = {"", "detached", "alone", "syncing", "synced"};
	struct ctl_msg m;
	char text[96];

	snprintf(text, sizeof(text), "cell %s: node %u %s%s", f->name, f->node, gone ? "is gone" : states[f->state],
		!gone && f->serves ? ", serves" : "");
	log_info("%s", text);
	if (!ctl_watched(a->ctl, "cell"))
		return;
	ctl_msg_open(&m, MIP_EVENT);
	ctl_put_num(&m, MIP_A_TS, (uint64_t)clock_wall());
	ctl_put_str(&m, MIP_A_EVENT, "cell");
	get_cell_record(&m, f, gone);
	ctl_put_str(&m, MIP_A_MESSAGE, text);
	ctl_event(a->ctl, &m);
}

static void on_changed(void *ctx, const struct cell_member *m, bool gone)
{
	struct agent *a = ctx;
	struct cell_facts f = facts_of(a, m);

	tell_cell(a, &f, gone);
}

static void on_refused(void *ctx, const struct cell_member *m, const char *why)
{
	char text[160];

	snprintf(text, sizeof(text), "node %u of the cell, process %u: %s", m->id.node, m->id.pid, why);
	agent_tell(ctx, "cell", text);
}

/* --- the group ---------------------------------------------------------------------------------------------------- */

static int do_send(void *ctx, const void *data, size_t len)
{
	return cpg_send(((struct agent *)ctx)->cpg, data, len);
}

static void do_rejoin(void *ctx)
{
	cpg_rejoin(((struct agent *)ctx)->cpg);
}

static void on_members(void *ctx, struct cpg_node self, const struct cpg_node *list, size_t n)
{
	struct agent *a = ctx;
	struct cell_facts f;

	if (!a->cell.members && agent_cell_facts(a, 0, &f))
		tell_cell(a, &f, true); /* it has a number now */
	a->cell_why[0] = 0;
	cell_on_members(&a->cell, self, list, n, clock_now());
}

static void on_message(void *ctx, struct cpg_node from, const void *data, size_t len)
{
	struct agent *a = ctx;

	cell_on_message(&a->cell, from, data, len, clock_now());
}

/* Said once, however often corosync is looked for. */
static void on_lost(void *ctx, const char *why)
{
	struct agent *a = ctx;
	struct cell_facts f;
	char text[200];

	cell_lost(&a->cell);
	if (!strcmp(a->cell_why, why))
		return;
	snprintf(a->cell_why, sizeof(a->cell_why), "%s", why);
	snprintf(text, sizeof(text), "bindings are not replicated: %s", why);
	agent_tell(a, "cell", text);
	if (agent_cell_facts(a, 0, &f))
		tell_cell(a, &f, false);
}

void agent_cell_turn(struct turn *t)
{
	struct agent *a = timer_owner(t, struct agent, cell_turn);

	if (a->cpg)
		cell_flush(&a->cell, clock_now());
}

void agent_leave_cell(struct agent *a)
{
	if (!a->cpg)
		return;
	cell_close(&a->cell);
	cpg_close(a->cpg);
	a->cpg = NULL;
}

static int join_cell(struct agent *a, const char *name, struct why *why)
{
	struct cell_ops ops = {a, do_send, do_rejoin, on_changed, on_refused};
	struct cpg_events ev = {a, on_members, on_message, on_lost};
	int err = host_join_cell(&a->host, true, why);

	if (err)
		return err;
	a->cell_why[0] = 0;
	snprintf(a->cell_name, sizeof(a->cell_name), "%s", name);
	a->cpg = cpg_open(&a->loop, name, &ev);
	if (!a->cpg)
		return why_set(why, ENOMEM, "out of memory");
	cell_open(&a->cell, &a->ha, &ops);
	if (!agent_has_served_address(a))
		ha_stand_by(&a->ha, clock_now());
	return 0;
}

int agent_follow_cell(struct agent *a, const char *name, struct why *why)
{
	if (a->cpg && !strcmp(a->cell_name, name))
		return 0;
	agent_leave_cell(a);
	if (*name)
		return join_cell(a, name, why);
	if (a->ha.standby)
		ha_take_over(&a->ha, clock_now());
	return host_join_cell(&a->host, false, why);
}

/* --- the address -------------------------------------------------------------------------------------------------- */

bool agent_has_served_address(const struct agent *a)
{
	const struct mirror *m = &a->host.mirror;

	for (size_t i = 0; i < m->addrs; i++)
		if (addr_eq(&m->addr[i].addr, &a->ha.conf.address) && m->addr[i].usable &&
			ha_link(&a->ha, m->addr[i].index))
			return true;
	return false;
}

void agent_look_at_address(struct agent *a)
{
	bool serves = agent_has_served_address(a);
	struct why why = {0};

	if (!a->cpg || serves != a->ha.standby)
		return;
	log_info("the home agent's address is %s: %s", serves ? "here" : "gone", serves ? "serving" : "standby");
	if (serves) {
		ha_take_over(&a->ha, clock_now());
	} else {
		host_bulk_begin(&a->host);
		a->host.hands_over = a->cell.members > 1;
		ha_stand_by(&a->ha, clock_now());
		a->host.hands_over = false;
		if (host_bulk_end(&a->host, &why))
			log_error("not all of the kernel is as on standby: %s", why.text);
	}
	cell_news(&a->cell);
	if (serves && agent_follow(a, &a->conf, &why)) /* bindings made by hand */
		log_warn("%s", why.text);
}
