/* A cell of home agents (agent/cell.h, role/ha_cell.c) on a group that a test cuts, mends, holds up and fills with
 * garbage, under virtual time. Each member's clock has a start of its own. */
#include "agent/cell.h"
#include "base/addr.h"
#include "tests/unit/world.h"

#define LINK  7
#define PEERS 3
#define QUEUE 1024
#define AGENT "2001:db8:1::1"
#define HOME  "2001:db8:1::100"
#define COA   "2001:db8:a::5"
#define COA2  "2001:db8:b::5"
#define LIFE  105 /* 420 s */
#define TICK  1000

/* fake first: `ctx` of its world is the peer. */
static struct peer {
	struct fake f;
	struct ha ha;
	struct cell cell;
	void (*note_event)(void *, const struct event *, usec);
	bool in, held_up;
	int side;
	size_t changes, refused;
} peer[PEERS];

static struct sent {
	int side;
	struct cpg_node from;
	uint8_t *data;
	size_t len;
} queue[QUEUE];
static size_t queued;
static bool stopped; /* nothing is delivered */

static struct cpg_node id_of(const struct peer *p)
{
	return (struct cpg_node){(uint32_t)(p - peer) + 1, 100};
}

/* --- the group ---------------------------------------------------------------------------------------------------- */

static int on_group_send(void *ctx, const void *data, size_t len)
{
	struct peer *p = ctx;

	if (p->held_up)
		return -EAGAIN;
	assert_true(queued < QUEUE && len <= CELL_MESSAGE_MAX);
	queue[queued++] = (struct sent){p->side, id_of(p), t_copy(data, len), len};
	return 0;
}

static void on_changed(void *ctx, const struct cell_member *m, bool gone)
{
	(void)m, (void)gone;
	((struct peer *)ctx)->changes++;
}

static void on_rejoin(void *ctx)
{
	((struct peer *)ctx)->in = false;
}

static void on_refused(void *ctx, const struct cell_member *m, const char *why)
{
	assert_non_null(m);
	assert_non_null(why);
	((struct peer *)ctx)->refused++;
}

static void hear(const struct sent *m)
{
	for (struct peer *p = peer; p < peer + PEERS; p++)
		if (p->in && p->side == m->side)
			cell_on_message(&p->cell, m->from, m->data, m->len, p->f.now);
}

static void turn(void)
{
	struct sent m;

	for (struct peer *p = peer; p < peer + PEERS; p++)
		cell_flush(&p->cell, p->f.now);
	for (size_t n = stopped ? 0 : queued; n; n--) {
		m = queue[0];
		memmove(queue, queue + 1, --queued * sizeof(m));
		hear(&m);
		free(m.data);
	}
}

static void run(usec for_)
{
	for (usec end = peer[0].f.now + for_; peer[0].f.now < end; turn())
		for (struct peer *p = peer; p < peer + PEERS; p++)
			fake_run(&p->f, TICK);
}

/* As the closed process group does it: what nobody got before is delivered in the membership its sender has then. */
static void regroup(void)
{
	size_t n = 0;

	for (size_t i = 0; i < queued; i++) {
		struct peer *from = &peer[queue[i].from.node - 1];

		queue[i].side = from->side;
		if (from->in)
			queue[n++] = queue[i];
		else
			free(queue[i].data);
	}
	queued = n;
	for (struct peer *p = peer; p < peer + PEERS; p++) {
		struct cpg_node list[PEERS];
		size_t k = 0;

		for (struct peer *q = peer; q < peer + PEERS; q++)
			if (q->in && q->side == p->side)
				list[k++] = id_of(q);
		if (p->in)
			cell_on_members(&p->cell, id_of(p), list, k, p->f.now);
	}
}

static void join(int i, int side)
{
	peer[i].in = true;
	peer[i].side = side;
	regroup();
}

/* --- members ------------------------------------------------------------------------------------------------------ */

static void on_ha_event(void *ctx, const struct event *ev, usec now)
{
	struct peer *p = ctx;

	p->note_event(ctx, ev, now);
	cell_event(&p->cell, ev);
}

static uint64_t on_replicate(void *ctx)
{
	return cell_replicate(&((struct peer *)ctx)->cell);
}

static void on_ended(void *ctx, const struct in6_addr *home, uint16_t seq, usec until)
{
	cell_ended(&((struct peer *)ctx)->cell, home, seq, until);
}

static void address(int i, bool here)
{
	struct in6_addr a = t_addr(AGENT);
	struct peer *p = &peer[i];

	ha_address(&p->ha, LINK, &a, 64, !here);
	if (here)
		ha_take_over(&p->ha, p->f.now);
	else
		ha_stand_by(&p->ha, p->f.now);
	cell_news(&p->cell);
	fake_forget(&p->f);
}

static void begin(int i)
{
	struct ha_conf conf = {.links = 1, .link = {{.ifindex = LINK}}, .max_lifetime = 600, .max_bindings = 100};
	struct in6_addr own = t_addr("2001:db8:1::a");
	struct peer *p = &peer[i];
	struct cell_ops ops = {p, on_group_send, on_rejoin, on_changed, on_refused};

	memset(p, 0, sizeof(*p));
	fake_open(&p->f);
	p->f.now += i * 1000 * SEC;
	p->note_event = p->f.w.event;
	p->f.w.event = on_ha_event;
	p->f.w.replicate = on_replicate;
	p->f.w.ended = on_ended;
	own.s6_addr[15] = (uint8_t)(10 + i);
	conf.insecure = true;
	conf.address = t_addr(AGENT);
	ha_init(&p->ha, &p->f.w, 42);
	ha_start(&p->ha, &conf);
	ha_address(&p->ha, LINK, &own, 64, false);
	ha_stand_by(&p->ha, p->f.now);
	cell_open(&p->cell, &p->ha, &ops);
}

static void finish(int i)
{
	struct peer *p = &peer[i];

	p->in = false;
	cell_close(&p->cell);
	ha_stop(&p->ha, p->f.now);
	fake_close(&p->f);
}

static void ask(int i, const char *home, const char *coa, uint16_t seq, uint16_t life)
{
	struct via via = {.src = t_addr(coa), .dst = t_addr(AGENT), .has_hao = true, .hao = t_addr(home)};
	struct mh m = {.type = MH_BU, .u.bu = {.seq = seq, .flags = BU_F_ACK | BU_F_HOME, .lifetime = life}};

	via.esp = peer[i].f.protects;
	m.u.bu.flags |= peer[i].f.keys_move ? BU_F_KEYMGMT : 0;
	ha_on_bu(&peer[i].ha, &via, &m, false, peer[i].f.now);
}

static const struct bc_entry *entry(int i, const char *home)
{
	struct in6_addr a = t_addr(home);

	return bc_find(&peer[i].ha.bc, &a, NULL);
}

static void assert_bound(int i, const char *home, const char *coa, uint16_t seq, unsigned state)
{
	const struct bc_entry *e = entry(i, home);

	assert_non_null(e);
	assert_addr(e->coa, coa);
	assert_int_equal(e->seq, seq);
	assert_int_equal(e->state, state);
}

static void home_text(char *to, unsigned n)
{
	sprintf(to, "2001:db8:1::%x", 0x200 + n);
}

static unsigned state_of(int i)
{
	struct cell_member alone = {0};

	return cell_state(&peer[i].cell, cell_self(&peer[i].cell) ?: &alone);
}

/* The first two are a cell, the first serves. */
static int setup(void **state)
{
	(void)state;
	queued = 0;
	stopped = false;
	t_seed();
	for (int i = 0; i < PEERS; i++)
		begin(i);
	join(0, 0);
	address(0, true);
	join(1, 0);
	run(10 * TICK);
	assert_int_equal(state_of(0), MIP_CELL_SYNCED);
	assert_int_equal(state_of(1), MIP_CELL_SYNCED);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	for (int i = 0; i < PEERS; i++)
		finish(i);
	while (queued)
		free(queue[--queued].data);
	return 0;
}

/* --- an acknowledged registration is replicated ---------------------------------------------------------------------
 */

static void acknowledged_when_all_have_it(void **state)
{
	(void)state;
	peer[0].f.keys_move = peer[1].f.keys_move = true;
	stopped = true;
	ask(0, HOME, COA, 1, LIFE);
	run(2 * SEC);
	assert_int_equal(fake_did(&peer[0].f, DID_SEND), 0);
	assert_int_equal(fake_did(&peer[0].f, DID_KEYS_AT), 0); /* nor follow the keys one that may not be */
	assert_null(entry(1, HOME));
	stopped = false;
	run(2 * TICK);
	assert_int_equal(fake_did(&peer[0].f, DID_SEND), 1);
	assert_int_equal(fake_did(&peer[0].f, DID_KEYS_AT), 1);
	assert_int_equal(fake_did(&peer[1].f, DID_KEYS_AT), 0);
	assert_int_equal(fake_last(&peer[0].f, DID_SEND)->mh.u.ba.status, BA_ACCEPTED);
	assert_bound(1, HOME, COA, 1, MIP_BINDING_STANDBY);
}

/* That it came back to who sent it does not say that it came to anybody else. */
static void not_when_it_came_back(void **state)
{
	(void)state;
	stopped = true;
	ask(0, HOME, COA, 1, LIFE);
	run(SEC + TICK);
	for (size_t i = 0; i < queued; i++)
		cell_on_message(&peer[0].cell, queue[i].from, queue[i].data, queue[i].len, peer[0].f.now);
	run(SEC);
	assert_int_equal(fake_did(&peer[0].f, DID_SEND), 0);
	stopped = false;
	run(2 * TICK);
	assert_int_equal(fake_did(&peer[0].f, DID_SEND), 1);
	assert_non_null(entry(1, HOME));
}

/* It hangs; it is a member again when it says something. */
static void who_is_silent_is_not_waited_for(void **state)
{
	(void)state;
	peer[1].held_up = true;
	ask(0, HOME, COA, 1, LIFE);
	run(2 * SEC);
	assert_int_equal(fake_did(&peer[0].f, DID_SEND), 0);
	run(2 * SEC);
	assert_int_equal(fake_did(&peer[0].f, DID_SEND), 1);
	ask(0, HOME, COA2, 2, LIFE);
	run(2 * TICK);
	assert_int_equal(fake_did(&peer[0].f, DID_SEND), 2);
	peer[1].held_up = false;
	run(5 * TICK);
	stopped = true;
	ask(0, HOME, COA, 3, LIFE);
	run(SEC);
	assert_int_equal(fake_did(&peer[0].f, DID_SEND), 2);
	stopped = false;
	run(2 * TICK);
	assert_int_equal(fake_did(&peer[0].f, DID_SEND), 3);
}

static void alone_at_once(void **state)
{
	(void)state;
	peer[1].in = false;
	regroup();
	assert_int_equal(state_of(0), MIP_CELL_ALONE);
	stopped = true;
	ask(0, HOME, COA, 1, LIFE);
	run(SEC + TICK);
	assert_int_equal(fake_did(&peer[0].f, DID_SEND), 1);
	assert_int_equal(queued, 0);
}

static void a_member_that_dies_holds_nothing_up(void **state)
{
	(void)state;
	stopped = true;
	ask(0, HOME, COA, 1, LIFE);
	run(2 * SEC);
	assert_int_equal(fake_did(&peer[0].f, DID_SEND), 0);
	peer[1].in = false;
	regroup();
	assert_int_equal(fake_did(&peer[0].f, DID_SEND), 1);
}

static void without_corosync_it_serves(void **state)
{
	(void)state;
	stopped = true;
	ask(0, HOME, COA, 1, LIFE);
	run(2 * SEC);
	peer[0].in = false;
	cell_lost(&peer[0].cell);
	assert_int_equal(fake_did(&peer[0].f, DID_SEND), 1);
	assert_int_equal(state_of(0), MIP_CELL_DETACHED);
	stopped = false;
	ask(0, HOME, COA2, 2, LIFE);
	assert_int_equal(fake_did(&peer[0].f, DID_SEND), 2);
	regroup();
	run(10 * TICK);
	join(0, 0);
	run(10 * TICK);
	assert_int_equal(state_of(0), MIP_CELL_SYNCED);
	assert_bound(1, HOME, COA2, 2, MIP_BINDING_STANDBY);
}

static void what_is_not_taken_is_sent_later(void **state)
{
	(void)state;
	peer[0].held_up = true;
	ask(0, HOME, COA, 1, LIFE);
	run(2 * SEC);
	ask(0, HOME, COA2, 2, LIFE);
	run(SEC);
	assert_int_equal(fake_did(&peer[0].f, DID_SEND), 0);
	peer[0].held_up = false;
	run(5 * TICK);
	assert_int_equal(fake_did(&peer[0].f, DID_SEND), 2);
	assert_bound(1, HOME, COA2, 2, MIP_BINDING_STANDBY);
}

/* --- standby and serving --------------------------------------------------------------------------------------------
 */

static void standby_is_ready_and_touches_nothing(void **state)
{
	(void)state;
	fake_forget(&peer[1].f);
	peer[1].f.keys_move = true;
	ask(0, HOME, COA, 1, LIFE);
	run(2 * SEC);
	ask(1, HOME, COA2, 2, LIFE);
	run(5 * SEC);
	assert_bound(1, HOME, COA, 1, MIP_BINDING_STANDBY);
	for (enum did d = 0; d < DIDS; d++)
		if (d != DID_EVENT && d != DID_BIND)
			assert_int_equal(fake_did(&peer[1].f, d), 0);
	assert_true(peer[1].f.detached);
	assert_true(fake_holds(&peer[1].f.bound, &entry(1, HOME)->home));
}

static void takes_over_without_asking(void **state)
{
	(void)state;
	ask(0, HOME, COA, 7, LIFE);
	run(2 * SEC);
	fake_forget(&peer[0].f);
	ha_stand_by(&peer[0].ha, peer[0].f.now);
	assert_int_equal(fake_did(&peer[0].f, DID_UNBIND), 0);
	assert_true(peer[0].f.detached);
	assert_bound(0, HOME, COA, 7, MIP_BINDING_STANDBY);
	address(0, false);
	address(1, true);
	run(TICK);
	assert_bound(1, HOME, COA, 7, MIP_BINDING_ACTIVE);
	assert_false(peer[1].f.detached);
	assert_true(fake_holds(&peer[1].f.bound, &entry(1, HOME)->home));
	run(5 * SEC);
	assert_int_equal(fake_did(&peer[1].f, DID_PROBE), 0);
	assert_int_equal(fake_did(&peer[1].f, DID_CLAIM), 3);
	fake_forget(&peer[1].f);
	ask(1, HOME, COA2, 7, LIFE);
	assert_int_equal(fake_last(&peer[1].f, DID_SEND)->mh.u.ba.status, BA_SEQ_OUT_OF_WINDOW);
	ask(1, HOME, COA2, 8, LIFE);
	run(2 * TICK);
	assert_int_equal(fake_last(&peer[1].f, DID_SEND)->mh.u.ba.status, BA_ACCEPTED);
	assert_bound(0, HOME, COA2, 8, MIP_BINDING_STANDBY);
}

/* The home link is told of those first whose tunnels were seen in use, of which all members know. */
static void announces_first_who_has_traffic(void **state)
{
	struct in6_addr busy;
	char home[64];

	(void)state;
	for (unsigned n = 0; n < 20; n++) {
		home_text(home, n);
		ask(0, home, COA, 1, LIFE);
		run(100 * TICK);
	}
	home_text(home, 7);
	busy = t_addr(home);
	run(SEC);
	cell_traffic(&peer[0].cell, &busy, peer[0].f.now);
	join(2, 0); /* and who joins hears of it, too */
	run(10 * TICK);
	address(0, false);
	for (int i = 1; i < PEERS; i++) {
		fake_forget(&peer[i].f);
		ha_take_over(&peer[i].ha, peer[i].f.now);
		assert_int_equal(fake_did(&peer[i].f, DID_CLAIM), 1);
		assert_addr(fake_nth(&peer[i].f, DID_CLAIM, 0)->addr, home);
		run(100 * TICK);
		assert_int_equal(fake_did(&peer[i].f, DID_CLAIM), 20);
		address(i, false);
	}
}

static void an_ended_binding_stays_ended(void **state)
{
	(void)state;
	ask(0, HOME, COA, 7, LIFE);
	run(2 * SEC);
	ask(0, HOME, COA, 8, 0);
	run(2 * TICK);
	assert_int_equal(fake_last(&peer[0].f, DID_SEND)->mh.u.ba.lifetime, 0);
	assert_null(entry(1, HOME));
	address(0, false);
	address(1, true);
	ask(1, HOME, COA, 7, LIFE);
	assert_int_equal(fake_last(&peer[1].f, DID_SEND)->mh.u.ba.status, BA_SEQ_OUT_OF_WINDOW);
}

/* Asked for on the home link while the address went: it was not acknowledged, and what was before it stays. */
static void what_was_under_way_ends_nothing(void **state)
{
	(void)state;
	peer[1].side = 1;
	regroup();
	address(1, true);
	ask(0, HOME, COA, 7, LIFE);
	run(2 * SEC);
	ask(1, HOME, COA, 8, LIFE);
	run(SEC / 2);
	assert_int_equal(entry(1, HOME)->state, MIP_BINDING_DAD);
	address(1, false);
	join(1, 0);
	run(10 * TICK);
	assert_bound(0, HOME, COA, 7, MIP_BINDING_ACTIVE);
	assert_bound(1, HOME, COA, 7, MIP_BINDING_STANDBY);
}

/* The number of the end stays until the registration after it is accepted. */
static void an_end_is_not_forgotten_for_what_was_under_way(void **state)
{
	(void)state;
	ask(0, HOME, COA, 7, LIFE);
	run(2 * SEC);
	peer[1].side = 1;
	regroup();
	ask(0, HOME, COA, 8, 0);
	run(TICK);
	ask(0, HOME, COA, 9, LIFE);
	run(SEC / 2);
	assert_int_equal(entry(0, HOME)->state, MIP_BINDING_DAD);
	address(0, false);
	join(1, 0);
	run(10 * TICK);
	assert_null(entry(0, HOME));
	assert_null(entry(1, HOME));
}

/* Two of three forgot an end, or the clock of one is wrong: who knows better says it to all. */
static void who_knows_better_says_so(void **state)
{
	struct in6_addr home = t_addr(HOME);

	(void)state;
	ask(0, HOME, COA, 7, LIFE);
	run(2 * SEC);
	peer[0].side = 1;
	join(2, 0);
	address(1, true);
	run(10 * TICK);
	ask(1, HOME, COA2, 8, 0);
	run(10 * TICK);
	assert_null(entry(2, HOME));
	seq_forget(&peer[1].ha.ended, &home);
	address(1, false);
	join(0, 0);
	run(10 * TICK);
	for (int i = 0; i < PEERS; i++)
		assert_null(entry(i, HOME));
}

static void lifetimes_are_deadlines(void **state)
{
	(void)state;
	ask(0, HOME, COA, 1, 3); /* 12 s */
	run(5 * SEC);
	join(2, 0);
	run(7 * SEC);
	for (int i = 0; i < PEERS; i++)
		assert_non_null(entry(i, HOME));
	run(SEC + 10 * TICK);
	for (int i = 0; i < PEERS; i++)
		assert_null(entry(i, HOME));
}

/* --- join, split, merge ---------------------------------------------------------------------------------------------
 */

static void a_joiner_gets_all_while_updates_go_on(void **state)
{
	char home[64];

	(void)state;
	for (unsigned n = 0; n < 60; n++) {
		home_text(home, n);
		ask(0, home, COA, 1, LIFE);
	}
	run(2 * SEC);
	join(2, 0);
	assert_int_equal(state_of(2), MIP_CELL_SYNCING);
	for (unsigned n = 0; n < 60; n += 2) {
		home_text(home, n);
		ask(0, home, n % 4 ? COA : COA2, 2, n % 4 ? 0 : LIFE);
	}
	run(20 * TICK);
	assert_int_equal(state_of(2), MIP_CELL_SYNCED);
	for (unsigned n = 0; n < 60; n++) {
		home_text(home, n);
		if (n % 2)
			assert_bound(2, home, COA, 1, MIP_BINDING_STANDBY);
		else if (n % 4)
			assert_null(entry(2, home));
		else
			assert_bound(2, home, COA2, 2, MIP_BINDING_STANDBY);
	}
}

/* While it is being told it joins again, and who tells dies. */
static void a_joiner_whose_teller_dies(void **state)
{
	(void)state;
	ask(0, HOME, COA, 1, LIFE);
	run(2 * SEC);
	stopped = true;
	join(2, 0);
	run(5 * TICK);
	peer[0].in = false;
	cell_lost(&peer[0].cell);
	stopped = false;
	regroup();
	run(10 * TICK);
	assert_int_equal(state_of(2), MIP_CELL_SYNCED);
	assert_bound(2, HOME, COA, 1, MIP_BINDING_STANDBY);
}

static void the_newer_registration_wins(void **state)
{
	char other[64];

	(void)state;
	home_text(other, 1);
	ask(0, HOME, COA, 65535, LIFE);
	ask(0, other, COA, 5, LIFE);
	run(2 * SEC);
	peer[1].side = 1;
	regroup();
	address(1, true);
	ask(1, HOME, COA2, 0, LIFE);
	ask(0, other, COA, 6, 0);
	run(SEC);
	assert_bound(0, HOME, COA, 65535, MIP_BINDING_ACTIVE);
	assert_non_null(entry(1, other));
	join(1, 0);
	run(10 * TICK);
	assert_bound(0, HOME, COA2, 0, MIP_BINDING_ACTIVE);
	assert_bound(1, HOME, COA2, 0, MIP_BINDING_ACTIVE);
	assert_null(entry(0, other));
	assert_null(entry(1, other));
	assert_int_equal(state_of(0), MIP_CELL_SYNCED);
}

/* The mobile node is at COA2, and this member can have no binding to there: the older one is not its any more. */
static void what_cannot_follow_ends_and_is_told(void **state)
{
	struct in6_addr coa2 = t_addr(COA2);

	(void)state;
	ask(0, HOME, COA, 1, LIFE);
	run(2 * SEC);
	ha_address(&peer[1].ha, LINK, &coa2, 64, false);
	fake_forget(&peer[1].f);
	ask(0, HOME, COA2, 2, LIFE);
	run(5 * TICK);
	assert_null(entry(1, HOME));
	assert_int_equal(fake_events(&peer[1].f, EV_BINDING_REMOVED), 1);
	assert_int_equal(peer[1].refused, 1);
	ha_address(&peer[1].ha, LINK, &coa2, 64, true);
	address(0, false);
	address(1, true);
	ask(1, HOME, COA, 2, LIFE);
	assert_int_equal(fake_last(&peer[1].f, DID_SEND)->mh.u.ba.status, BA_SEQ_OUT_OF_WINDOW);
}

static void what_the_data_path_does_not_take_ends_and_is_told(void **state)
{
	(void)state;
	ask(0, HOME, COA, 1, LIFE);
	run(2 * SEC);
	peer[1].side = 1;
	regroup();
	address(1, true);
	ask(1, HOME, COA2, 2, LIFE);
	run(TICK);
	peer[0].f.bind_err = -ENOMEM;
	fake_forget(&peer[0].f);
	join(1, 0);
	run(10 * TICK);
	peer[0].f.bind_err = 0;
	assert_null(entry(0, HOME));
	assert_int_equal(fake_events(&peer[0].f, EV_BINDING_REMOVED), 1);
	assert_bound(1, HOME, COA2, 2, MIP_BINDING_ACTIVE);
}

/* --- garbage --------------------------------------------------------------------------------------------------------
 */

/* One valid message of the first member, and what may be made of it. */
static void garbage_is_refused(void **state)
{
	struct sent m;
	size_t members = peer[1].cell.members;

	(void)state;
	stopped = true;
	ask(0, HOME, COA, 1, LIFE);
	run(SEC + 5 * TICK);
	assert_true(queued > 0);
	m = queue[queued - 1];
	for (size_t len = 0; len < m.len; len++) {
		uint8_t *cut = t_copy(m.data, len);

		cell_on_message(&peer[1].cell, m.from, cut, len, peer[1].f.now);
		free(cut);
	}
	for (int i = 0; i < 20000; i++) {
		uint8_t *bad = t_copy(m.data, m.len);

		for (unsigned n = 1 + t_below(4); n; n--)
			bad[32 + t_below((unsigned)m.len - 32)] = (uint8_t)t_below(256);
		if (!memcmp(bad, m.data, m.len))
			bad[m.len - 1] ^= 1;
		cell_on_message(&peer[1].cell, m.from, bad, m.len, peer[1].f.now);
		free(bad);
	}
	for (int i = 0; i < 20000; i++) {
		size_t len = t_below(400);
		uint8_t *bad = t_copy(m.data, 0);

		bad = realloc(bad, len + 1);
		t_bytes(bad, len);
		cell_on_message(&peer[1].cell, m.from, bad, len, peer[1].f.now);
		free(bad);
	}
	assert_true(peer[1].cell.refusals > 30000);
	assert_in_range(peer[1].refused, 1, 10);
	assert_int_equal(peer[1].cell.members, members);
	assert_null(entry(1, HOME));
	stopped = false;
	run(2 * TICK);
	assert_bound(1, HOME, COA, 1, MIP_BINDING_STANDBY);
	assert_int_equal(state_of(1), MIP_CELL_SYNCED);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(acknowledged_when_all_have_it),
		T(not_when_it_came_back),
		T(who_is_silent_is_not_waited_for),
		T(alone_at_once),
		T(a_member_that_dies_holds_nothing_up),
		T(without_corosync_it_serves),
		T(what_is_not_taken_is_sent_later),
		T(standby_is_ready_and_touches_nothing),
		T(takes_over_without_asking),
		T(announces_first_who_has_traffic),
		T(an_ended_binding_stays_ended),
		T(what_was_under_way_ends_nothing),
		T(an_end_is_not_forgotten_for_what_was_under_way),
		T(who_knows_better_says_so),
		T(lifetimes_are_deadlines),
		T(a_joiner_gets_all_while_updates_go_on),
		T(a_joiner_whose_teller_dies),
		T(the_newer_registration_wins),
		T(what_cannot_follow_ends_and_is_told),
		T(what_the_data_path_does_not_take_ends_and_is_told),
		T(garbage_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
