/* cell.h: what members say (cell_impl.h), who has what, and what is said. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/cell_impl.h"
#include "agent/keep.h"
#include "base/buf.h"
#include "store/record.h"

#define HEAD_LEN    32
#define RECORD_HEAD 3
#define END_LEN	    13		/* node, process, epoch, whether its state was told */
#define AHEAD	    (64 * 1024) /* octets of the state that wait to be sent, at most */
#define PENDING_MAX (32 << 20)	/* octets that wait when the group takes nothing: then it is left */
#define A_TURN	    32		/* messages sent in one turn, at most */
#define SOON	    (2 * 1000)	/* us, until what could not be sent is tried again */
#define LOOK_EVERY  (SEC / 2)	/* whether anything was confirmed meanwhile; */
#define LOOKS	    4		/* who did not so often counts as a member that does not confirm */

static bool is_before(struct cpg_node a, struct cpg_node b)
{
	return a.node != b.node ? a.node < b.node : a.pid < b.pid;
}

struct cell_member *cell_find(const struct cell *c, struct cpg_node id)
{
	for (size_t i = 0; i < c->members; i++)
		if (cell_same_node(c->member[i].id, id))
			return (struct cell_member *)&c->member[i];
	return NULL;
}

struct cell_member *cell_self(const struct cell *c)
{
	return cell_find(c, c->self);
}

static bool all_together(const struct cell *c)
{
	for (size_t i = 0; i < c->members; i++)
		if (!c->member[i].together)
			return false;
	return true;
}

unsigned cell_state(const struct cell *c, const struct cell_member *m)
{
	bool ours = cell_same_node(m->id, c->self);

	if (!c->members)
		return MIP_CELL_DETACHED;
	if (c->members == 1)
		return MIP_CELL_ALONE;
	return (ours ? all_together(c) : m->together) ? MIP_CELL_SYNCED : MIP_CELL_SYNCING;
}

/* --- confirmed ---------------------------------------------------------------------------------------------------- */

/* What came back to us, and one other has. */
void cell_release(struct cell *c)
{
	uint64_t most = 0;
	bool any = false;

	for (size_t i = 0; i < c->members; i++) {
		const struct cell_member *m = &c->member[i];

		if (!m->confirms || cell_same_node(m->id, c->self))
			continue;
		any = true;
		most = m->has > most ? m->has : most;
	}
	most = any && most < c->delivered ? most : c->delivered;
	if (most <= c->held)
		return;
	c->held = most;
	c->look_at = 0;
	ha_replicated(c->ha, most);
}

/* Who waits for an acknowledgement asks again after 1 s, and longer (11.8): a member that hangs is not waited for.
 * Several times are looked at: the clock may leap. */
static void look_who_is_silent(struct cell *c, usec now)
{
	if (c->held >= c->live || c->members < 2) {
		c->look_at = 0;
		return;
	}
	if (c->look_at > now)
		return;
	c->looks = c->look_at ? c->looks + 1 : 0;
	c->look_at = now + LOOK_EVERY;
	if (c->looks < LOOKS)
		return;
	c->looks = 0;
	for (size_t i = 0; i < c->members; i++)
		c->member[i].confirms = false;
	cell_release(c);
}

/* --- out ---------------------------------------------------------------------------------------------------------- */

static void forget_pending(struct cell *c)
{
	c->from = c->to = 0;
	c->sent = c->delivered = c->held = c->queued;
}

static void leave(struct cell *c)
{
	cell_lost(c);
	c->ops.rejoin(c->ops.ctx);
}

static uint8_t *room(struct cell *c, size_t n)
{
	size_t cap = c->cap ? c->cap : CELL_MESSAGE_MAX;
	uint8_t *p;

	if (c->to + n > c->cap && c->from) {
		memmove(c->pending, c->pending + c->from, c->to - c->from);
		c->to -= c->from;
		c->from = 0;
	}
	while (cap < c->to + n)
		cap *= 2;
	p = cap <= PENDING_MAX ? realloc(c->pending, cap) : NULL;
	if (!p)
		return NULL;
	c->pending = p;
	c->cap = cap;
	return p + c->to;
}

static void queue(struct cell *c, enum cell_kind kind, const void *body, size_t len)
{
	uint8_t *p = room(c, RECORD_HEAD + len);

	if (!p) { /* nobody is to wait for what will not be sent */
		leave(c);
		return;
	}
	p[0] = (uint8_t)kind;
	put_u16(p + 1, (uint16_t)len);
	memcpy(p + RECORD_HEAD, body, len);
	c->to += RECORD_HEAD + len;
	c->queued++;
}

void cell_queue_binding(struct cell *c, enum cell_kind kind, const struct bc_entry *e)
{
	struct store_binding b = keep_binding_of(e);
	uint8_t body[1 + KEY_MAX + VALUE_MAX];
	struct record r;

	record_write(&r, STORE_HA, &b);
	body[0] = (uint8_t)r.key_len;
	memcpy(body + 1, r.key, (size_t)r.key_len);
	memcpy(body + 1 + r.key_len, r.value, (size_t)r.value_len);
	queue(c, kind, body, 1 + (size_t)r.key_len + (size_t)r.value_len);
	if (kind == CELL_LIVE)
		c->live = c->queued;
}

static void queue_end(struct cell *c)
{
	uint8_t body[END_LEN * CELL_MEMBERS_MAX];
	struct wr w = wr_over(body, sizeof(body));

	for (size_t i = 0; i < c->members; i++) {
		wr_u32(&w, c->member[i].id.node);
		wr_u32(&w, c->member[i].id.pid);
		wr_u32(&w, c->member[i].epoch);
		wr_u8(&w, c->member[i].together);
	}
	queue(c, CELL_END, body, wr_at(&w));
}

static void queue_confirmations(struct cell *c)
{
	uint8_t body[CELL_CONFIRM_LEN];

	for (size_t i = 0; i < c->members; i++) {
		struct cell_member *m = &c->member[i];
		struct wr w = wr_over(body, sizeof(body));

		if (!m->owed || !m->confirms || cell_same_node(m->id, c->self))
			continue;
		m->owed = false;
		wr_u32(&w, m->id.node);
		wr_u32(&w, m->id.pid);
		wr_u64(&w, m->heard);
		queue(c, CELL_CONFIRM, body, sizeof(body));
	}
}

/* Maps are walked from the end: what goes meanwhile makes one be told twice, none be left out. */
static void tell_state(struct cell *c, usec now)
{
	struct ha *ha = c->ha;
	struct bc_entry e;

	while (c->telling && c->to - c->from < AHEAD) {
		if (c->ended && ha_ended(ha, --c->ended, &e)) {
			if (e.expires > now)
				cell_queue_binding(c, CELL_STATE, &e);
		} else if (!c->ended && c->bindings) {
			const struct bc_entry *b =
				--c->bindings < bc_count(&ha->bc) ? bc_at(&ha->bc, c->bindings) : NULL;

			if (b && keep_is_kept(b))
				cell_queue_binding(c, CELL_STATE, b);
			if (b && ha_is_busy(b, now))
				queue(c, CELL_TRAFFIC, &b->home, sizeof(b->home));
		} else if (!c->ended) {
			c->telling = false;
			queue_end(c);
		}
	}
}

static void write_head(struct cell *c, struct wr *w, usec now)
{
	wr_u32(w, CELL_MAGIC);
	wr_u8(w, CELL_VERSION);
	wr_u8(w, CELL_CONFIRMS | (c->ha->on && !c->ha->standby ? CELL_SERVES : 0));
	wr_u16(w, 0);
	wr_u32(w, c->epoch);
	wr_u64(w, (uint64_t)now);
	wr_u64(w, c->sent);
	wr_u32(w, (uint32_t)bc_count(&c->ha->bc));
}

/* One message of whole records, from the front of those that wait. 0, or why it was not sent. */
static int send_some(struct cell *c, usec now)
{
	uint8_t data[CELL_MESSAGE_MAX];
	struct wr w = wr_over(data, sizeof(data));
	uint64_t before = c->sent;
	size_t at = c->from, next;
	int err;

	while (at < c->to) {
		const uint8_t *p = c->pending + at;

		next = at + RECORD_HEAD + ((size_t)p[1] << 8 | p[2]);
		if (HEAD_LEN + next - c->from > sizeof(data))
			break;
		at = next;
		c->sent++;
	}
	write_head(c, &w, now);
	if (at > c->from)
		wr_bytes(&w, c->pending + c->from, at - c->from);
	err = c->ops.send(c->ops.ctx, data, wr_at(&w));
	if (err) {
		c->sent = before;
		return err;
	}
	c->from = at;
	c->news = false;
	return 0;
}

static void cell_due(struct timer *t, usec now)
{
	cell_flush(timer_owner(t, struct cell, timer), now);
}

void cell_flush(struct cell *c, usec now)
{
	int err = 0;

	look_who_is_silent(c, now);
	tell_state(c, now);
	queue_confirmations(c);
	for (int i = 0; i < A_TURN && !err && c->members > 1 && (c->news || c->from < c->to); i++)
		err = send_some(c, now);
	if (err && err != -EAGAIN)
		leave(c);
	else if (c->members > 1 && (c->telling || c->news || c->from < c->to))
		timer_arm(c->timers, &c->timer, now + SOON, cell_due);
	else if (c->look_at)
		timer_arm(c->timers, &c->timer, c->look_at, cell_due);
}

void cell_event(struct cell *c, const struct event *ev)
{
	const struct bc_entry *e = ev->binding;

	if (c->members < 2 || c->applying || !e || e->cache != &c->ha->bc || !keep_is_kept(e))
		return;
	switch (ev->type) {
	case EV_BINDING_ADDED:
	case EV_BINDING_MOVED:
	case EV_BINDING_REFRESHED: cell_queue_binding(c, CELL_LIVE, e); break;
	default: break;
	}
}

void cell_ended(struct cell *c, const struct in6_addr *home, uint16_t seq, usec until)
{
	struct bc_entry end = {.home = *home, .seq = seq, .expires = until};

	if (c->members > 1 && !c->applying)
		cell_queue_binding(c, CELL_LIVE, &end);
}

void cell_traffic(struct cell *c, const struct in6_addr *home, usec now)
{
	if (c->members > 1 && ha_saw_traffic(c->ha, home, now))
		queue(c, CELL_TRAFFIC, home, sizeof(*home));
}

void cell_news(struct cell *c)
{
	struct cell_member *self = cell_self(c);

	c->news = true;
	if (!self)
		return;
	self->serves = c->ha->on && !c->ha->standby;
	c->ops.changed(c->ops.ctx, self, false);
}

uint64_t cell_replicate(const struct cell *c)
{
	return c->members > 1 && c->held < c->live ? c->live : 0;
}

/* --- members ------------------------------------------------------------------------------------------------------ */

static void put_member(struct cell *c, struct cpg_node id)
{
	size_t i = c->members;

	if (i == CELL_MEMBERS_MAX || cell_find(c, id))
		return;
	for (; i && is_before(id, c->member[i - 1].id); i--)
		c->member[i] = c->member[i - 1];
	c->member[i] = (struct cell_member){.id = id, .together = cell_same_node(id, c->self)};
	c->members++;
}

static bool is_listed(struct cpg_node id, const struct cpg_node *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (cell_same_node(id, list[i]))
			return true;
	return false;
}

static void drop_member(struct cell *c, size_t i)
{
	struct cell_member gone = c->member[i];

	c->members--;
	memmove(&c->member[i], &c->member[i + 1], (c->members - i) * sizeof(gone));
	c->ops.changed(c->ops.ctx, &gone, true);
}

/* Everybody is here, and hears what is said from now on: the lowest of those who were together begins. */
void cell_begin_telling(struct cell *c)
{
	size_t lowest = c->members;

	for (size_t i = c->members; i-- > 0;) {
		if (!c->member[i].epoch)
			return;
		lowest = c->member[i].together ? i : lowest;
	}
	if (all_together(c) || !cell_same_node(c->member[lowest].id, c->self))
		return;
	c->telling = true;
	c->ended = c->ha->ended.map.n;
	c->bindings = bc_count(&c->ha->bc);
}

void cell_say_all(struct cell *c)
{
	for (size_t i = 0; i < c->members; i++)
		c->ops.changed(c->ops.ctx, &c->member[i], false);
}

void cell_on_members(struct cell *c, struct cpg_node self, const struct cpg_node *list, size_t n, usec now)
{
	c->self = self;
	put_member(c, self);
	for (size_t i = c->members; i-- > 0;)
		if (!cell_same_node(c->member[i].id, self) && !is_listed(c->member[i].id, list, n))
			drop_member(c, i);
	for (size_t i = 0; i < n; i++)
		put_member(c, list[i]);
	for (size_t i = 0; i < c->members; i++) {
		c->member[i].told = false;
		c->member[i].epoch = 0;
	}
	c->epoch++;
	c->telling = false;
	if (c->members == 1) {
		forget_pending(c);
		ha_replicated(c->ha, UINT64_MAX);
	}
	cell_release(c);
	cell_self(c)->bindings = (uint32_t)bc_count(&c->ha->bc);
	cell_news(c);
	cell_say_all(c);
	cell_flush(c, now);
}

void cell_lost(struct cell *c)
{
	while (c->members)
		drop_member(c, c->members - 1);
	timer_stop(c->timers, &c->timer);
	c->telling = false;
	c->look_at = 0;
	forget_pending(c);
	ha_replicated(c->ha, UINT64_MAX);
}

/* --- open and close ----------------------------------------------------------------------------------------------- */

void cell_open(struct cell *c, struct ha *ha, const struct cell_ops *ops)
{
	*c = (struct cell){.ha = ha, .timers = ha->w->timers, .ops = *ops, .complaints = {.rate = 1, .burst = 5}};
}

void cell_close(struct cell *c)
{
	cell_lost(c);
	free(c->pending);
	c->pending = NULL;
	c->cap = 0;
}
