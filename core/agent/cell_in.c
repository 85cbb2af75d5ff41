/* cell.h: what other members say. It is read as what strangers say: first whether all of it can be, then for what it
 * says. */
#include <errno.h>
#include <string.h>

#include "agent/cell_impl.h"
#include "agent/keep.h"
#include "base/buf.h"
#include "store/record.h"

#define TIME_MAX  (1LL << 60)  /* us: no clock goes so far */
#define ENDED_MAX (3600 * SEC) /* how long the number of an ended binding is remembered, unless for ever */

struct head {
	uint8_t flags;
	uint32_t epoch;
	usec now;
	uint64_t number;
	uint32_t bindings;
};

static bool read_head(struct rd *r, struct head *h)
{
	uint32_t magic = rd_u32(r);
	uint8_t version = rd_u8(r);

	h->flags = rd_u8(r);
	rd_u16(r);
	h->epoch = rd_u32(r);
	h->now = (usec)rd_u64(r);
	h->number = rd_u64(r);
	h->bindings = rd_u32(r);
	return !r->bad && magic == CELL_MAGIC && version == CELL_VERSION && h->now >= 0 && h->now < TIME_MAX;
}

/* A record with times by our clock; false: garbage. */
static bool read_binding(struct rd r, const struct head *h, usec now, struct store_binding *b)
{
	size_t key_len = rd_u8(&r);
	const uint8_t *key = rd_take(&r, key_len);
	size_t len = rd_left(&r);
	usec left;

	if (r.bad || !key_len || key[0] != STORE_HA || key_len != 17 || len > VALUE_MAX ||
		!record_read(key, (int)key_len, rd_take(&r, len), (int)len, b))
		return false;
	if (!b->lifetime && b->expires == NEVER)
		return true;
	if (b->expires < 0 || b->expires >= TIME_MAX || b->made < 0 || b->made > h->now)
		return false;
	left = b->expires - h->now;
	b->made = now - (h->now - b->made);
	b->expires = now + left;
	return left <= (b->lifetime ? b->lifetime * STORE_LIFE_UNIT : ENDED_MAX);
}

static struct cpg_node read_node(struct rd *r)
{
	struct cpg_node id = {.node = rd_u32(r)};

	id.pid = rd_u32(r);
	return id;
}

/* One that was begun before all who hear it were there counts for nobody. */
static bool is_of_now(const struct cell *c, struct rd r)
{
	size_t n = 0;

	for (; rd_left(&r); n++) {
		const struct cell_member *m = cell_find(c, read_node(&r));

		if (!m || m->epoch != rd_u32(&r))
			return false;
		rd_u8(&r);
	}
	return n == c->members && !r.bad;
}

static void take_end(struct cell *c, struct rd r)
{
	bool all = true;

	if (!is_of_now(c, r))
		return;
	for (size_t i = 0; i < c->members; i++) {
		struct cell_member *m = cell_find(c, read_node(&r));

		rd_u32(&r);
		m->told |= rd_u8(&r);
	}
	for (size_t i = 0; i < c->members; i++)
		all &= c->member[i].told;
	for (size_t i = 0; all && i < c->members; i++)
		c->member[i].together = c->member[i].owed = true;
	if (all)
		cell_say_all(c);
}

/* The newer, where a member has what is older: whoever believed that hears of it. */
static void retell(struct cell *c, const struct in6_addr *home, usec now)
{
	const struct bc_entry *e = bc_find(&c->ha->bc, home, NULL);
	struct bc_entry end;

	if (e && keep_is_kept(e))
		cell_queue_binding(c, CELL_LIVE, e);
	else if (!e && ha_end_of(c->ha, home, now, &end))
		cell_queue_binding(c, CELL_LIVE, &end);
}

/* NULL, or why not. What one tells with whom we are together is for others. */
static const char *take_binding(
	struct cell *c, const struct cell_member *m, enum cell_kind kind, const struct store_binding *b, usec now)
{
	struct bc_entry e = keep_entry_of(b);
	int err;

	if (cell_same_node(m->id, c->self) || (kind == CELL_STATE && m->together))
		return NULL;
	c->applying = true;
	err = ha_replica(c->ha, &e, now);
	c->applying = false;
	if (err > 0 && kind == CELL_STATE)
		retell(c, &e.home, now);
	return err == -ENOSPC ? "there is no room for its bindings"
	       : err < 0      ? "it has bindings that cannot be served here: is the configuration the same?"
			      : NULL;
}

static void take_confirmation(struct cell *c, struct cell_member *m, struct rd r)
{
	struct cpg_node whose = read_node(&r);
	uint64_t has = rd_u64(&r);

	if (!cell_same_node(whose, c->self) || has <= m->has || has > c->sent)
		return;
	m->has = has;
	cell_release(c);
}

static void take_traffic(struct cell *c, const uint8_t *body, usec now)
{
	struct in6_addr home;

	memcpy(&home, body, sizeof(home));
	(void)ha_saw_traffic(c->ha, &home, now);
}

/* Twice: whether all can be read, and then for what it says. */
static const char *walk(struct cell *c, struct cell_member *m, const struct head *h, struct rd r, bool take, usec now)
{
	const char *why = NULL;

	while (rd_left(&r)) {
		enum cell_kind kind = rd_u8(&r);
		size_t len = rd_u16(&r);
		const uint8_t *body = rd_take(&r, len);
		struct rd in = rd_over(body, len);
		struct store_binding b;

		if (r.bad || ((kind == CELL_LIVE || kind == CELL_STATE) && !read_binding(in, h, now, &b)))
			return "it sent what cannot be read";
		if ((kind == CELL_TRAFFIC && len != sizeof(struct in6_addr)) ||
			(kind == CELL_CONFIRM && len != CELL_CONFIRM_LEN))
			return "it sent what cannot be read";
		if (take && (kind == CELL_LIVE || kind == CELL_STATE) && c->ha->on)
			why = take_binding(c, m, kind, &b, now) ?: why;
		else if (take && kind == CELL_TRAFFIC)
			take_traffic(c, body, now);
		else if (take && kind == CELL_END)
			take_end(c, in);
		else if (take && kind == CELL_CONFIRM)
			take_confirmation(c, m, in);
		m->owed |= take && kind == CELL_LIVE;
	}
	return why;
}

static void refuse_record(struct cell *c, const struct cell_member *m, const char *why, usec now)
{
	c->refusals++;
	if (rate_take(&c->complaints, now))
		c->ops.refused(c->ops.ctx, m, why);
}

void cell_on_message(struct cell *c, struct cpg_node from, const uint8_t *data, size_t len, usec now)
{
	struct cell_member *m = cell_find(c, from);
	bool ours = cell_same_node(from, c->self), changed;
	struct rd r = rd_over(data, len);
	const char *why = NULL;
	struct head h;

	if (!m)
		return;
	if (!read_head(&r, &h))
		why = "it sent what cannot be read";
	else if (!ours)
		why = walk(c, m, &h, r, false, now);
	if (why) {
		refuse_record(c, m, why, now);
		return;
	}
	changed = m->serves != (h.flags & CELL_SERVES);
	m->serves = h.flags & CELL_SERVES;
	m->confirms = h.flags & CELL_CONFIRMS;
	m->heard = h.number;
	m->bindings = h.bindings;
	if (m->epoch != h.epoch) {
		m->epoch = h.epoch;
		cell_begin_telling(c);
	}
	if (changed)
		c->ops.changed(c->ops.ctx, m, false);
	if (ours) {
		c->delivered = h.number;
		cell_release(c);
	}
	why = walk(c, m, &h, r, true, now);
	if (why)
		refuse_record(c, m, why, now);
}
