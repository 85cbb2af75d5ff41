/*
 * The agent: roles + kernel + control socket. A command changes a copy of the
 * configuration; the agent makes the running roles follow it or goes back.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "agent/agent_impl.h"
#include "base/addr.h"
#include "base/log.h"
#include "role/ro.h"
#include "sys/self.h"

#define UNDO_PATIENCE (60 * SEC) /* after the last role ended: somebody may want it back */

/* --- commands ----------------------------------------------------------------------------------------------------- */

/* One that a mobile node registered is not of the configuration, but may be removed by hand all the same. */
static int remove_registered(struct agent *a, const struct ctl_request *rq, struct why *why)
{
	const struct in6_addr *home = ctl_addr(rq, MIP_A_HOME);
	usec now = clock_now();

	if (rq->cmd != MIP_BINDING_DEL)
		return 0;
	if (home && !bc_find(&a->ha.bc, home, NULL) && !conf_binding(&a->conf, home))
		return why_attr(why, ENOENT, MIP_A_HOME, "no binding of %s", addr_text(home).s);
	for (size_t i = bc_count(&a->ha.bc); i-- > 0;) {
		const struct bc_entry *e = bc_at(&a->ha.bc, i);
		struct in6_addr each = e->home;

		if (!e->fixed && (!home || addr_eq(home, &each)) && ha_del(&a->ha, &each, now, why))
			return -why->err;
	}
	return 0;
}

/* A role that could not start takes nothing away from what it had before. */
static void go_back(struct agent *a, const struct conf *was, bool ran)
{
	keep_sleep(&a->keep, !ran);
	if (agent_follow(a, was, NULL))
		log_error("could not go back to the configuration before");
	keep_sleep(&a->keep, false);
}

static void end_for_good(struct agent *a)
{
	a->told = true;
	loop_quit(&a->loop);
}

static void idle_for_long(struct timer *t, usec now)
{
	struct agent *a = timer_owner(t, struct agent, idle);

	(void)now;
	if (!agent_runs(a))
		end_for_good(a);
}

void agent_end_if_idle(struct agent *a, bool ran)
{
	usec now = clock_now(), confirm = timer_armed(&a->confirm) ? a->confirm.due + SEC : now;

	if (!a->options->transient || !ran || agent_runs(a))
		return;
	if (!a->can_undo) {
		end_for_good(a);
		return;
	}
	/* But for undo it is as if it had ended: what is started next starts from nothing. */
	conf_default(&a->conf);
	timer_arm(&a->loop.timers, &a->idle, (confirm > now ? confirm : now) + UNDO_PATIENCE, idle_for_long);
}

static int on_commit(void *ctx, const struct ctl_request *commit, const struct ctl_request *list, size_t n, size_t *bad,
	struct why *why)
{
	struct agent *a = ctx;
	struct conf want, was;
	bool ran = agent_runs(a);
	int err = agent_may_change(a, why) ?: agent_read_confirm(commit, why);

	*bad = SIZE_MAX; /* none of them yet */
	if (err)
		return err;
	want = was = a->conf;
	for (*bad = 0; *bad < n && !err; *bad += !err)
		err = conf_change(&want, &list[*bad], why);
	if (!err) {
		*bad = n ? n - 1 : 0;
		/* Who types a command, or changes what serves, is told what is not there; a start waits for it. */
		if (commit->cmd != MIP_COMMIT || a->ha.on)
			err = agent_ha_at_hand(a, &want, why);
		for (size_t i = 0; i < n && !err; i++)
			err = agent_rest(a, list[i].cmd, why);
		err = err ? err : agent_follow(a, &want, why);
		if (err)
			go_back(a, &was, ran);
	}
	if (!err) {
		a->conf = want;
		if (!conf_same(&want, &was) || ctl_has(commit, MIP_A_CONFIRM))
			agent_remember(a, &was, commit);
	}
	agent_end_if_idle(a, ran);
	explicit_bzero(&want, sizeof(want)); /* keys */
	explicit_bzero(&was, sizeof(was));
	return err;
}

static int on_set(void *ctx, const struct ctl_request *rq, struct why *why)
{
	struct agent *a = ctx;
	size_t bad;
	int err;

	if (rq->cmd == MIP_AGENT_STOP) {
		end_for_good(a);
		return 0;
	}
	if (rq->cmd == MIP_CONFIRM)
		return agent_confirm(a, why);
	if (rq->cmd == MIP_UNDO)
		return agent_undo(a, why);
	if (rq->cmd == MIP_RO_RETRY)
		return ro_retry(&a->mn, ctl_addr(rq, MIP_A_PEER), clock_now(), why);
	err = agent_may_change(a, why);
	if (!err)
		err = remove_registered(a, rq, why);
	return err ? err : on_commit(a, rq, rq, 1, &bad, why);
}

static int on_get(void *ctx, const struct ctl_request *rq, struct ctl_cursor *at, struct ctl_msg *m, struct why *why)
{
	struct agent *a = ctx;

	return get_record(&a->view, rq, at, m, why);
}

static void facts(void *ctx, struct agent_facts *to)
{
	static char removed[160];
	static struct why lack;
	struct agent *a = ctx;
	struct flow_stats fs;

	lack = (struct why){0};

	*to = (struct agent_facts){
		.path = "", .path_why = "no role runs", .caps = a->caps, .kernel = a->kernel, .refused = ""};
	to->seccomp = a->seccomp;
	to->started = a->started;
	to->confirm = timer_armed(&a->confirm) ? a->confirm.due : NEVER;
	to->netns = self_netns();
	to->memory = self_memory();
	to->state = keep_where(&a->keep);
	to->dropped = agent_malformed(a);
	to->ha_lacks = agent_ha_lacks(a, &a->conf, &lack) ? lack.text : "";
	to->removed = host_keeps_losing(&a->host, clock_now(), removed, sizeof(removed));
	if (!host_is_open(&a->host) || flow_stats(a->host.flows, &fs))
		return;
	to->path = flow_name(a->host.flows);
	to->path_why = flow_why(a->host.flows);
	to->refused = ike_refused(a->host.ike, NULL);
	to->silent = a->ha.on && a->alone ? clock_now() - a->alone : 0;
	to->mtu = flow_mtu(a->host.flows);
	to->tun_rx = fs.rx_packets;
	to->tun_tx = fs.tx_packets;
	to->tun_refused = fs.drops.tunnel;
}

static void count_facts(const struct flows *t, const struct flow_entry *e, struct ro_facts *to)
{
	struct flow_counts c = flow_counted(t, e);

	to->out_packets = c.out.packets;
	to->out_bytes = c.out.octets;
	to->in_packets = c.in.packets;
	to->in_bytes = c.in.octets;
}

static void ro_facts(void *ctx, const struct in6_addr *local, const struct in6_addr *remote, struct ro_facts *to)
{
	struct agent *a = ctx;
	const struct flow_entry *e =
		host_is_open(&a->host) ? table_pair(flow_table(a->host.flows), local, remote) : NULL;

	if (e)
		count_facts(a->host.flows, e, to);
}

static size_t flows(void *ctx)
{
	struct agent *a = ctx;

	return host_is_open(&a->host) ? table_count(flow_table(a->host.flows)) : 0;
}

static void flow_facts(void *ctx, size_t i, struct flow_facts *to)
{
	static const char *const edits[] = {[FLOW_ENCAP] = "tunnel",
		[FLOW_HAO] = "home-address",
		[FLOW_RH2] = "routing-header",
		[FLOW_HAO | FLOW_RH2] = "home-address routing-header"};
	struct agent *a = ctx;
	const struct flow_entry *e = table_at(flow_table(a->host.flows), i);
	const struct flow *f = &e->flow;

	*to = (struct flow_facts){.src = f->key.src,
		.dst = f->key.dst,
		.splen = f->key.splen,
		.dplen = f->key.dplen,
		.edits = edits[f->edits],
		.path = flow_back_end(a->host.flows, f),
		.local = f->local,
		.peer = f->peer,
		.mtu = flow_mtu_of(a->host.flows, e),
		.counted = flow_counts(a->host.flows, f)};
	count_facts(a->host.flows, e, &to->count);
}

void agent_tell(struct agent *a, const char *event, const char *text)
{
	struct ctl_msg m;

	log_warn("%s", text);
	if (!ctl_watched(a->ctl, "agent"))
		return;
	ctl_msg_open(&m, MIP_EVENT);
	ctl_put_num(&m, MIP_A_TS, (uint64_t)clock_wall());
	ctl_put_str(&m, MIP_A_EVENT, event);
	ctl_put_str(&m, MIP_A_OBJECT, "agent");
	ctl_put_str(&m, MIP_A_MESSAGE, text);
	ctl_event(a->ctl, &m);
}

static void on_keys(void *owner, const struct in6_addr *home)
{
	struct agent *a = owner;

	if (a->mn.on)
		mn_on_keys(&a->mn, home, clock_now());
}

static void on_put_back(void *owner, const char *what)
{
	char text[160];

	snprintf(text, sizeof(text), "somebody removed what is the agent's: %s put back", what);
	agent_tell(owner, "restored", text);
}

/* A binding made by hand that ended by itself is not wished for any more. */
static void forget_expired(struct agent *a, const struct event *ev)
{
	for (size_t i = 0; ev->type == EV_BINDING_EXPIRED && ev->binding->fixed && i < a->conf.bindings; i++)
		if (addr_eq(&a->conf.binding[i].home, &ev->binding->home))
			a->conf.binding[i] = a->conf.binding[--a->conf.bindings];
}

static void on_event(void *ctx, const struct event *ev, usec now)
{
	struct agent *a = ctx;
	struct ctl_msg m;
	char text[256];

	keep_event(&a->keep, ev);
	cell_event(&a->cell, ev);
	forget_expired(a, ev);
	if (ev->type == EV_BU_REFUSED)
		a->tally.refused[ev->status]++;
	if (ctl_watched(a->ctl, NULL)) {
		event_record(&a->view, ev, now, &m);
		ctl_event(a->ctl, &m);
	}
	if (!log_wanted(LOG_INFO))
		return;
	event_text(ev, text, sizeof(text));
	if (event_is_remote(ev->type))
		log_remote(LOG_INFO, now, "%s", text);
	else
		log_info("%s", text);
}

static uint64_t on_replicate(void *owner)
{
	return cell_replicate(&((struct agent *)owner)->cell);
}

static void on_ended(void *owner, const struct in6_addr *home, uint16_t seq, usec until)
{
	cell_ended(&((struct agent *)owner)->cell, home, seq, until);
}

/* --- start and stop ----------------------------------------------------------------------------------------------- */

static void on_signal(struct watch *w, uint32_t events)
{
	struct agent *a = timer_owner(w, struct agent, signals);

	(void)events;
	loop_quit(&a->loop);
}

static int watch_signals(struct agent *a, struct why *why)
{
	sigset_t set;

	signal(SIGPIPE, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	a->signals = (struct watch){signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK), on_signal};
	if (a->signals.fd < 0 || loop_watch(&a->loop, &a->signals, EPOLLIN))
		return why_set(why, errno, "signals: %s", strerror(errno));
	return 0;
}

/* Lifetimes went on: what ended meanwhile is due now. Whether the links are what they were has to be asked. */
static void on_wake(struct wake *w, usec slept)
{
	struct agent *a = timer_owner(w, struct agent, wake);

	log_info("the machine slept for %lld s", (long long)(slept / SEC));
	if (a->mn.on)
		attach_resume(&a->mn.attach, clock_now());
}

static void prepare_agent(struct agent *a, const struct agent_options *options)
{
	uint64_t seed = 0;

	if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
		seed = (uint64_t)clock_now();
	*a = (struct agent){.options = options, .started = clock_now(), .errors = {.rate = 100, .burst = 100}};
	a->signals.fd = a->wake.watch.fd = a->remains.pipe = -1;
	a->host.loop = &a->loop;
	a->host.owner = a;
	a->host.on_event = on_event;
	a->host.on_sent = agent_on_sent;
	a->host.on_put_back = on_put_back;
	a->host.on_replicate = on_replicate;
	a->host.on_ended = on_ended;
	a->host.on_keys = on_keys;
	host_world(&a->host);
	ha_init(&a->ha, &a->host.world, seed);
	mn_init(&a->mn, &a->host.world, ~seed);
	conf_default(&a->conf);
	cn_init(&a->cn, &a->host.world, seed ^ 0x5555);
	a->cn.registered = &a->ha.bc;
	a->view = (struct view){&a->ha, &a->mn, &a->cn, &a->conf, a, facts, agent_tally, ro_facts, flows, flow_facts,
		agent_flow_drops, agent_sa_facts, agent_cell_facts};
	a->ops = (struct ctl_ops){a, on_set, on_get, on_commit};
	self_kernel(a->kernel, sizeof(a->kernel));
}

static const char *dir_of(const char *variable, const char *otherwise)
{
	const char *dir = secure_getenv(variable);

	return dir ? dir : otherwise;
}

static int start(struct agent *a, struct why *why)
{
	struct nl_events news = agent_news;
	int err = loop_open(&a->loop);

	if (err)
		return why_set(why, -err, "epoll: %s", strerror(-err));
	news.ctx = a;
	err = wake_open(&a->wake, &a->loop, on_wake);
	if (err)
		return why_set(why, -err, "timer: %s", strerror(-err));
	err = watch_signals(a, why);
	if (!err)
		err = self_become(a->options->user, dir_of("MIP_RUN_DIR", MIP_RUN_DIR),
			dir_of("MIP_STATE_DIR", MIP_STATE_DIR), why);
	if (!err)
		err = ctl_open(&a->ctl, &a->loop, &a->ops, why);
	if (!err)
		err = self_keep_caps(flow_wants_bpf(a->options->path), why);
	self_seclude();
	if (!err)
		err = remains_open(&a->remains, a->options->path, why);
	if (!err && ctl_after_kill(a->ctl)) {
		a->remains.before = true;
		remains_matter(&a->remains, true);
	}
	if (!err)
		keep_open(&a->keep, &a->loop, &a->ha, &a->cn, &a->mn, dir_of("MIP_STATE_DIR", MIP_STATE_DIR));
	if (!err) {
		a->cell_turn.run = agent_cell_turn;
		loop_each_turn(&a->loop, &a->cell_turn);
	}
	if (!err)
		err = nl_open(&a->host.nl, &a->loop, why);
	if (!err)
		err = nl_listen(a->host.nl, &news, why) ?: host_hold_open(&a->host, why);
	self_caps(a->caps, sizeof(a->caps));
	self_confine(!err && !a->options->unconfined, a->seccomp, sizeof(a->seccomp));
	return err;
}

/* In the reverse order of start; nothing of ours is left in the kernel. Told to stop by a command it forgets its
 * bindings; told by a signal (the machine goes down, a new version comes) it does not. */
static void stop(struct agent *a)
{
	keep_sleep(&a->keep, !a->told);
	agent_stop_roles(a);
	remains_close(&a->remains);
	keep_close(&a->keep);
	if (a->host.nl)
		nl_close(a->host.nl);
	mirror_free(&a->host.mirror);
	mirror_free(&a->before);
	ctl_close(a->ctl);
	if (a->signals.fd >= 0)
		close(a->signals.fd);
	wake_close(&a->wake, &a->loop);
	loop_close(&a->loop);
}

static void say_ready(const struct agent_options *o)
{
	static const char word[] = "READY\n";

	if (o->ready_fd >= 0) {
		if (write(o->ready_fd, word, sizeof(word) - 1) < 0)
			log_debug("nobody waits for READY");
		close(o->ready_fd);
	}
	self_notify("READY=1");
}

int agent_main(const struct agent_options *options)
{
	static struct agent a;
	struct why why = {0};
	int err;

	if (options->debug)
		log_level_set(LOG_DEBUG);
	prepare_agent(&a, options);
	err = start(&a, &why);
	if (!err) {
		say_ready(options);
		err = loop_run(&a.loop);
		self_notify("STOPPING=1");
	}
	if (why.err)
		log_error("%s", why.text);
	stop(&a);
	return err ? 1 : 0;
}
