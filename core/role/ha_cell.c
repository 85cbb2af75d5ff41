/*
 * Home agent: one of a cell, whose members have the same bindings; the one that has the home agent's address serves.
 * What another member tells is merged here, standby and serving follow one another, and Binding Acknowledgements wait
 * until the other members know what they say. How members talk to one another is no matter of this room.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/addr.h"
#include "role/ha_impl.h"

#define BUSY_FOR     (10 * SEC) /* since packets were seen in its tunnel */
#define BUSY_AT_ONCE 500
#define REST_AT_ONCE 64
#define REST_EVERY   1000 /* us */

/* --- standby ------------------------------------------------------------------------------------------------------ */

/* What nobody was told of, or what is of this machine alone, is not held. */
static void hold(struct ha *ha, struct bc_entry *e, usec now)
{
	if (e->fixed || e->state == MIP_BINDING_DAD) {
		ha_forget(ha, e, "another home agent of the cell serves", now);
		return;
	}
	e->state = MIP_BINDING_STANDBY;
	e->doubt = HA_SURE;
	e->claim_at = e->prefix_at = NEVER;
	ha_rearm(ha, e);
}

void ha_stand_by(struct ha *ha, usec now)
{
	if (ha->standby)
		return;
	ha_drop_answers(ha);
	timer_stop(ha->w->timers, &ha->serving);
	ha->standby = true;
	for (size_t i = bc_count(&ha->bc); i-- > 0;)
		hold(ha, bc_at(&ha->bc, i), now);
	ha->w->attach(ha->w->ctx, false);
}

bool ha_is_busy(const struct bc_entry *e, usec now)
{
	return e->busy && now - e->busy < BUSY_FOR;
}

bool ha_saw_traffic(struct ha *ha, const struct in6_addr *home, usec now)
{
	struct bc_entry *e = bc_find(&ha->bc, home, NULL);
	bool old = e && (!e->busy || now - e->busy > BUSY_FOR / 2);

	if (old)
		e->busy = now;
	return old;
}

static bool serve(struct ha *ha, struct bc_entry *e, usec now)
{
	e->ifindex = ha_wire_of(ha, &e->home);
	if (ha->w->bind(ha->w->ctx, e, NULL)) {
		ha_forget(ha, e, "the data path does not take it", now);
		return false;
	}
	e->state = MIP_BINDING_ACTIVE;
	ha_prefix_schedule(ha, e, now);
	return true;
}

/* From the end of the map: what goes meanwhile makes one be looked at twice, none be left out. */
static void serve_rest(struct timer *t, usec now)
{
	struct ha *ha = timer_owner(t, struct ha, serving);

	for (int i = 0; i < REST_AT_ONCE && ha->unserved; i++) {
		struct bc_entry *e = --ha->unserved < bc_count(&ha->bc) ? bc_at(&ha->bc, ha->unserved) : NULL;

		if (!e || e->state != MIP_BINDING_STANDBY || !serve(ha, e, now))
			continue;
		ha_announce(ha, e, ha->announce_at);
		ha->announce_at += HA_RESTORE_EVERY;
	}
	if (ha->unserved)
		timer_arm(ha->w->timers, &ha->serving, now + REST_EVERY, serve_rest);
}

/* Until the home link is told, it sends to a machine that is gone: those to whom it does send come first. */
static void serve_busy(struct ha *ha, usec now)
{
	size_t n = 0;

	for (size_t i = bc_count(&ha->bc); i-- > 0 && n < BUSY_AT_ONCE;) {
		struct bc_entry *e = bc_at(&ha->bc, i);

		if (e->state != MIP_BINDING_STANDBY || !ha_is_busy(e, now) || !serve(ha, e, now))
			continue;
		ha_announce_now(ha, e, now);
		n++;
	}
}

void ha_take_over(struct ha *ha, usec now)
{
	ha->standby = false;
	ha->w->attach(ha->w->ctx, true);
	serve_busy(ha, now);
	ha->unserved = bc_count(&ha->bc);
	ha->announce_at = now;
	timer_arm(ha->w->timers, &ha->serving, now, serve_rest);
}

/* --- what other members have -------------------------------------------------------------------------------------- */

/* When the mobile node registered last. */
static usec registered_at(const struct bc_entry *e)
{
	return e->expires - e->lifetime * MH_LIFE_UNIT * SEC;
}

/* Is the end with that number, remembered until then, that of this binding? As for an update that comes late (is_old()
 * in ha_bu.c); a number far behind is one of before unless its node registered again since. */
static bool is_end_of(const struct bc_entry *e, uint16_t seq, usec until)
{
	if (until != NEVER && (uint16_t)(seq - e->seq) < HA_LATE)
		return true;
	return seq_is_old(e->seq, seq) && (until == NEVER || registered_at(e) <= until - HA_LATE_FOR);
}

/* The newer registration wins: by its sequence number (9.5.1), then by time. A binding ends after its last update. What
 * is still asked for on the home link was not acknowledged: it gives way, and its mobile node says it again. */
static bool is_newer(const struct ha *ha, const struct bc_entry *theirs, const struct bc_entry *ours, usec now)
{
	const struct seq_entry *ended = seq_find(&ha->ended, &theirs->home, now);

	if (!theirs->lifetime && ours)
		return is_end_of(ours, theirs->seq, theirs->expires);
	if (!theirs->lifetime)
		return !ended || !seq_is_old(theirs->seq, ended->seq);
	if (!ours || ours->state == MIP_BINDING_DAD)
		return !ended || !is_end_of(theirs, ended->seq, ended->until);
	return theirs->seq != ours->seq ? !seq_is_old(theirs->seq, ours->seq)
					: registered_at(theirs) > registered_at(ours);
}

static void end_older(struct ha *ha, struct bc_entry *e, const struct bc_entry *theirs, usec now)
{
	if (e) {
		e->seq = theirs->seq;
		ha_forget(ha, e, "it ended at another home agent of the cell", now);
	}
	if (theirs->expires > now)
		(void)!seq_keep(&ha->ended, &theirs->home, theirs->seq, 0, theirs->expires, now);
}

static int begin_binding(struct ha *ha, const struct bc_entry *theirs, struct bc_entry **to)
{
	int err = ha_has_room(ha, &theirs->home) ? ha_adopt(ha, theirs, to) : -ENOSPC;

	if (!err)
		seq_forget(&ha->ended, &theirs->home);
	return err;
}

/* The mobile node is where its newer registration says, and nowhere else: what cannot follow ends. */
static int succeed(struct ha *ha, struct bc_entry *e, const struct bc_entry *theirs, usec now)
{
	int err = ha_succeed(ha, e, theirs);

	if (!err)
		return 0;
	e->seq = theirs->seq;
	ha_forget(ha, e, "its newer registration at another home agent of the cell cannot be served here", now);
	return err;
}

int ha_replica(struct ha *ha, const struct bc_entry *theirs, usec now)
{
	struct bc_entry *e = bc_find(&ha->bc, &theirs->home, NULL);
	struct in6_addr old = e ? e->coa : in6addr_any;
	enum event_type type = !e || e->state == MIP_BINDING_DAD ? EV_BINDING_ADDED
			       : addr_eq(&e->coa, &theirs->coa)	 ? EV_BINDING_REFRESHED
								 : EV_BINDING_MOVED;
	int err;

	if (e && e->fixed)
		return -EEXIST;
	if (!is_newer(ha, theirs, e, now))
		return theirs->lifetime && (!e || e->seq != theirs->seq);
	if (!theirs->lifetime) {
		end_older(ha, e, theirs, now);
		return 0;
	}
	if (theirs->expires <= now)
		return 0;
	err = e ? succeed(ha, e, theirs, now) : begin_binding(ha, theirs, &e);
	if (err)
		return err;
	if (!ha->standby)
		ha_announce(ha, e, now);
	ha_tell(ha, type, e, &old, now);
	return 0;
}

static bool as_end(const struct ha *ha, const struct seq_entry *s, struct bc_entry *to)
{
	if (!s)
		return false;
	*to = (struct bc_entry){.local = ha->conf.address, .expires = s->until, .seq = s->seq};
	memcpy(&to->home, s->key, sizeof(to->home));
	return true;
}

bool ha_ended(const struct ha *ha, size_t i, struct bc_entry *to)
{
	return as_end(ha, seq_at(&ha->ended, i), to);
}

bool ha_end_of(const struct ha *ha, const struct in6_addr *home, usec now, struct bc_entry *to)
{
	return as_end(ha, seq_find(&ha->ended, home, now), to);
}

/* --- answers that wait -------------------------------------------------------------------------------------------- */

bool ha_hold_answer(struct ha *ha, const struct ha_answer *a)
{
	uint64_t number = ha->w->replicate ? ha->w->replicate(ha->w->ctx) : 0;
	struct ha_answer *at;

	if (!number)
		return false;
	if (!ha->answer)
		ha->answer = calloc(HA_ANSWERS_MAX, sizeof(*ha->answer));
	if (!ha->answer || ha->answers == HA_ANSWERS_MAX) { /* as if it were lost: the mobile node asks again */
		ha->stats.limited++;
		return true;
	}
	at = &ha->answer[(ha->first + ha->answers++) % HA_ANSWERS_MAX];
	*at = *a;
	at->number = number;
	return true;
}

void ha_replicated(struct ha *ha, uint64_t number)
{
	while (ha->answers && ha->answer[ha->first].number <= number) {
		ha_answer(ha, &ha->answer[ha->first]);
		ha->first = (ha->first + 1) % HA_ANSWERS_MAX;
		ha->answers--;
	}
}

void ha_drop_answers(struct ha *ha)
{
	free(ha->answer);
	ha->answer = NULL;
	ha->answers = ha->first = 0;
}
