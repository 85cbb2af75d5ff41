/* core/base: the timer heap and the map against naive models, the token bucket, byte cursors, why, and the loop. */
#include <sys/epoll.h>
#include <unistd.h>

#include "base/addr.h"
#include "base/buf.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/map.h"
#include "base/rate.h"
#include "base/timer.h"
#include "base/why.h"
#include "tests/unit/t.h"

/* --- log ---------------------------------------------------------------------------------------------------------- */

/* What `say` wrote on stderr. */
static const char *logged(void (*say)(void))
{
	static char text[8192];
	FILE *f = tmpfile();
	int was = dup(STDERR_FILENO);

	assert_non_null(f);
	fflush(stderr);
	dup2(fileno(f), STDERR_FILENO);
	say();
	fflush(stderr);
	dup2(was, STDERR_FILENO);
	close(was);
	rewind(f);
	text[fread(text, 1, sizeof(text) - 1, f)] = 0;
	fclose(f);
	return text;
}

static void say_name(void)
{
	log_line(LOG_WARN, "interface %s is gone", "ev\033[31mil\nmipd: forged");
}

static void say_often(void)
{
	for (int i = 0; i < 1000; i++)
		log_remote(LOG_WARN, SEC, "out of memory");
	log_remote(LOG_WARN, 2 * SEC, "later");
}

static void log_is_one_line(void **state)
{
	(void)state;
	unsetenv("JOURNAL_STREAM");
	assert_string_equal(logged(say_name), "mipd: interface ev?[31mil?mipd: forged is gone\n");
}

static void log_of_remotes_is_limited(void **state)
{
	const char *text = logged(say_often);
	size_t lines = 0;

	(void)state;
	for (const char *c = text; *c; c++)
		lines += *c == '\n';
	assert_int_equal(lines, 52); /* the burst, how many were dropped, and the later one */
	assert_non_null(strstr(text, "950 lines of this kind dropped"));
}

/* --- timers ------------------------------------------------------------------------------------------------------ */

#define TIMERS 200

struct alarm_clock {
	struct timer t;
	bool armed; /* the model */
	usec due;
	size_t fired;
	int then; /* what its callback does: -1 nothing, else an index into clocks to stop (own: rearm) */
	usec again;
};

static struct timers ts;
static struct alarm_clock clocks[TIMERS];
static usec last_due;

static void on_alarm(struct timer *t, usec now)
{
	struct alarm_clock *c = timer_owner(t, struct alarm_clock, t);

	assert_true(c->armed);
	assert_false(timer_armed(t));
	assert_true(c->due <= now);
	assert_true(c->due >= last_due);
	last_due = c->due;
	c->armed = false;
	c->fired++;
	if (c->then < 0)
		return;
	if (&clocks[c->then] == c) {
		timer_arm(&ts, t, c->again, on_alarm);
		c->armed = true;
		c->due = c->again > now ? c->again : now + 1;
	} else {
		timer_stop(&ts, &clocks[c->then].t);
		clocks[c->then].armed = false;
	}
}

static usec model_next(void)
{
	usec next = NEVER;

	for (size_t i = 0; i < TIMERS; i++)
		if (clocks[i].armed && clocks[i].due < next)
			next = clocks[i].due;
	return next;
}

static void one_operation(usec now)
{
	struct alarm_clock *c = &clocks[t_below(TIMERS)];

	if (t_below(3)) {
		c->due = now - 50 + t_below(1000);
		c->armed = true;
		c->then = t_below(4) ? -1 : (int)t_below(TIMERS);
		c->again = now + t_below(100) - 50;
		timer_arm(&ts, &c->t, c->due, on_alarm);
	} else {
		timer_stop(&ts, &c->t);
		c->armed = false;
	}
	assert_int_equal(timer_armed(&c->t), c->armed);
	assert_int_equal(timers_next(&ts), model_next());
}

static void timers_agree_with_model(void **state)
{
	usec now = 1000;

	(void)state;
	t_seed();
	for (int round = 0; round < 300; round++) {
		for (unsigned n = t_below(60); n; n--)
			one_operation(now);
		now += t_below(400);
		last_due = INT64_MIN;
		timers_run(&ts, now);
		/* A callback that rearms itself for the past is next called a microsecond later, not now. */
		assert_true(model_next() > now);
		assert_int_equal(timers_next(&ts), model_next());
	}
	for (size_t i = 0; i < TIMERS; i++)
		timer_stop(&ts, &clocks[i].t);
	assert_int_equal(timers_next(&ts), NEVER);
}

static void timers_fire_each_once_in_order(void **state)
{
	(void)state;
	memset(clocks, 0, sizeof(clocks));
	for (int i = 0; i < TIMERS; i++) {
		clocks[i] = (struct alarm_clock){.armed = true, .due = (i * 37) % TIMERS, .then = -1};
		timer_arm(&ts, &clocks[i].t, clocks[i].due, on_alarm);
	}
	last_due = -1;
	assert_int_equal(timers_run(&ts, TIMERS / 2 - 1), TIMERS / 2);
	assert_int_equal(timers_run(&ts, TIMERS), TIMERS / 2);
	assert_int_equal(timers_run(&ts, NEVER), 0);
	for (int i = 0; i < TIMERS; i++)
		assert_int_equal(clocks[i].fired, 1);
}

/* --- map --------------------------------------------------------------------------------------------------------- */

#define KEYS 500

struct entry {
	struct map_node node;
	uint8_t key[13]; /* not a multiple of 8: the hash takes a tail */
	bool in, seen;
};

static struct entry entries[KEYS];

static void map_start(struct map *m)
{
	map_init(m, sizeof(entries[0].key), t_random());
	memset(entries, 0, sizeof(entries));
	for (int i = 0; i < KEYS; i++) {
		t_bytes(entries[i].key, sizeof(entries[i].key));
		put_u16(entries[i].key + 11, (uint16_t)i); /* all different */
	}
}

static void map_agrees_with_model(void **state)
{
	struct map m;
	size_t n = 0;

	(void)state;
	t_seed();
	map_start(&m);
	assert_null(map_find(&m, entries[0].key));
	for (int i = 0; i < 20000; i++) {
		struct entry *e = &entries[t_below(KEYS)];

		assert_ptr_equal(map_find(&m, e->key), e->in ? &e->node : NULL);
		if (e->in)
			map_del(&m, &e->node), n--;
		else
			assert_int_equal(map_add(&m, &e->node), 0), n++;
		e->in = !e->in;
		assert_int_equal(m.n, n);
	}
	for (size_t i = 0; i < KEYS; i++)
		assert_ptr_equal(map_find(&m, entries[i].key), entries[i].in ? &entries[i].node : NULL);
	map_free(&m);
	assert_int_equal(m.n, 0);
}

/* A dump in pieces: whoever is there from the beginning to the end is seen. */
static void map_walk_backwards_misses_nobody(void **state)
{
	struct map m;

	(void)state;
	t_seed();
	for (int round = 0; round < 50; round++) {
		map_start(&m);
		for (int i = 0; i < KEYS; i++) {
			assert_int_equal(map_add(&m, &entries[i].node), 0);
			entries[i].in = true;
		}
		for (size_t at = m.n; at > 0; at = at - 1 < m.n ? at - 1 : m.n) {
			((struct entry *)(void *)m.item[at - 1])->seen = true;
			for (unsigned k = t_below(3); k; k--) {
				struct entry *e = &entries[t_below(KEYS)];

				if (e->in)
					map_del(&m, &e->node);
				e->in = false;
			}
			if (!m.n)
				break;
		}
		for (int i = 0; i < KEYS; i++)
			assert_true(entries[i].seen || !entries[i].in);
		map_free(&m);
	}
}

/* So many that two have the same hash: only the key tells them apart. */
static void map_tells_equal_hashes_apart(void **state)
{
	static struct {
		struct map_node node;
		uint64_t key;
	} many[300000];
	struct map m;
	size_t same = 0, n = sizeof(many) / sizeof(many[0]);

	(void)state;
	map_init(&m, sizeof(many[0].key), 42);
	for (size_t i = 0; i < n; i++) {
		many[i].key = i;
		assert_int_equal(map_add(&m, &many[i].node), 0);
	}
	for (size_t i = 0; i < n; i++) {
		assert_ptr_equal(map_find(&m, &many[i].key), &many[i].node);
		for (const struct map_node *next = many[i].node.next; next; next = next->next)
			same += next->hash == many[i].node.hash;
	}
	assert_true(same > 0);
	map_free(&m);
}

/* --- token bucket ------------------------------------------------------------------------------------------------ */

static void rate_gives_burst_then_average(void **state)
{
	struct rate r = {.rate = 10, .burst = 5};
	usec now = 7 * SEC;
	size_t got = 0;

	(void)state;
	for (int i = 0; i < 8; i++)
		got += rate_take(&r, now);
	assert_int_equal(got, 5);
	assert_int_equal(r.refused, 3);
	assert_false(rate_take(&r, now + SEC / 10 - 1));
	assert_true(rate_take(&r, now + SEC / 10));
	assert_false(rate_take(&r, now + SEC / 10));
	for (got = 0; now < 107 * SEC; now += 10 * MSEC)
		got += rate_take(&r, now);
	assert_in_range(got, 10 * 100 - 3, 10 * 100);
}

/* A network that asks for all gets its share, and leaves the rest to others; all together get no more than there is. */
static void rates_are_shared(void **state)
{
	struct rates r = {.all = {.rate = 100, .burst = 100}, .rate = 25, .burst = 25, .seed = 42};
	struct in6_addr one = {{{0x20, 1}}}, other = one;
	unsigned got = 0, rest = 0;

	(void)state;
	for (int i = 0; i < 1000; i++)
		got += rates_take(&r, &one, SEC);
	assert_int_equal(got, 25);
	one.s6_addr[15] = 1; /* a neighbour of the same network */
	assert_false(rates_take(&r, &one, SEC));
	for (int i = 0; i < 1000; i++) {
		other.s6_addr[6] = (uint8_t)i;
		other.s6_addr[7] = (uint8_t)(i >> 8 | 1);
		rest += rates_take(&r, &other, SEC);
	}
	assert_int_equal(rest, 75);
	assert_int_equal(r.all.refused, 1000 - 25 + 1 + 1000 - 75);
}

static void rate_saves_up_no_more_than_burst(void **state)
{
	struct rate r = {.rate = 10, .burst = 5};
	size_t got = 0;

	(void)state;
	assert_true(rate_take(&r, SEC));
	for (int i = 0; i < 100; i++)
		got += rate_take(&r, 3600 * SEC);
	assert_int_equal(got, 5);
}

/* --- cursors, addresses, why ------------------------------------------------------------------------------------- */

static void cursors_stop_at_the_end(void **state)
{
	uint8_t *three = t_copy("\1\2\3", 3);
	struct rd r = rd_over(three, 3);
	struct wr w;
	uint8_t four[4] = {9, 9, 9, 9};

	(void)state;
	assert_int_equal(rd_u16(&r), 0x0102);
	assert_int_equal(rd_at(&r), 2);
	assert_int_equal(rd_u16(&r), 0);
	assert_true(r.bad);
	assert_int_equal(rd_u8(&r), 0); /* stays bad */
	assert_null(rd_take(&r, (size_t)-1));
	rd_bytes(&r, four, 4);
	assert_memory_equal(four, "\0\0\0\0", 4);
	w = wr_over(three, 3);
	wr_u8(&w, 0xaa);
	wr_u16(&w, 0xbbcc);
	assert_false(w.bad);
	assert_int_equal(wr_at(&w), 3);
	wr_u8(&w, 0xdd);
	assert_true(w.bad);
	assert_memory_equal(three, "\xaa\xbb\xcc", 3);
	w = wr_over(four, 4);
	wr_u32(&w, 0x01020304);
	r = rd_over(four, 4);
	assert_int_equal(rd_u32(&r), 0x01020304);
	assert_int_equal(rd_left(&r), 0);
	free(three);
}

static void addresses(void **state)
{
	struct in6_addr a = t_addr("2001:db8:0:ffff::1"), b = t_addr("2001:db8:0:fffe::1"), r;

	(void)state;
	assert_true(addr_in(&a, &b, 63));
	assert_false(addr_in(&a, &b, 64));
	assert_true(addr_in(&a, &b, 0));
	assert_true(addr_in(&a, &a, 128));
	r = t_addr("2001:db8:0:ffff::2");
	assert_false(addr_in(&a, &r, 128));
	assert_true(addr_in(&a, &r, 126));
	assert_true(addr_routable(&a));
	for (const char *const *bad = (const char *const[]){"::", "::1", "ff02::1", "fe80::1", "::ffff:1.2.3.4",
		     "::1.2.3.4", "fec0::1", "100::1", "64:ff9b::c000:201", "2001:10::1", "2001:2f::1", "2002::1",
		     "2002:7f00:1::1", "2002:a00:1::1", "2002:a9fe:1::1", "2002:ac1f:1::1", "2002:c0a8:1::1",
		     "2002:6440:1::1", "2002:e000:1::1", "2002:ffff:ffff::1", NULL};
		*bad; bad++) {
		r = t_addr(*bad);
		assert_false(addr_routable(&r));
	}
	for (const char *const *good = (const char *const[]){"100:0:0:1::1", "2001::1", "2001:30::1",
		     "2002:c000:201::1", "2002:ac20:1::1", "2002:6480:1::1", "2002:dfff:1::1", "fd00::1", "fc00::1",
		     "3fff::1", NULL};
		*good; good++) {
		r = t_addr(*good);
		assert_true(addr_routable(&r));
	}
	assert_string_equal(addr_text(&a).s, "2001:db8:0:ffff::1");
}

/* RFC 4291 2.6.1, RFC 2526, RFC 5453. */
static void anycast_addresses(void **state)
{
	static const struct {
		const char *addr;
		unsigned plen;
		bool is;
	} all[] = {
		{"2001:db8::", 64, true},
		{"2001:db8::", 48, true},
		{"2001:db8:0:1::", 48, false},
		{"2001:db8::", 126, true},
		{"2001:db8::", 127, false},
		{"2001:db8::", 128, false},
		{"2001:db8::1", 64, false},
		{"2001:db8::fdff:ffff:ffff:fffe", 64, true},
		{"2001:db8::fdff:ffff:ffff:ff80", 64, true},
		{"2001:db8::fdff:ffff:ffff:ff7f", 64, false},
		{"2001:db8::ffff:ffff:ffff:fffe", 64, false},
		{"2001:db8:0:ffff:ffff:ffff:ffff:fffe", 48, true},
		{"2001:db8:0:ffff:fdff:ffff:ffff:fffe", 48, false},
		{"2001:db8::fffe", 112, true},
		{"2001:db8::ff7f", 112, false},
		{"2001:db8::7f", 121, false},
		{"2001:db8::200:5eff:fe00:5213", 64, true},
		{"2001:db8::200:5eff:feff:ffff", 64, true},
		{"2001:db8::200:5eff:fd00:5213", 64, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		struct in6_addr a = t_addr(all[i].addr);

		if (addr_is_anycast(&a, all[i].plen) != all[i].is)
			fail_msg("%s/%u", all[i].addr, all[i].plen);
	}
}

static void why_keeps_the_first(void **state)
{
	struct why why = {0};

	(void)state;
	assert_int_equal(why_attr(&why, ENOENT, 7, "no %s", "bread"), -ENOENT);
	assert_int_equal(why_set(&why, EINVAL, "other"), -EINVAL);
	assert_int_equal(why.err, ENOENT);
	assert_int_equal(why.attr, 7);
	assert_string_equal(why.text, "no bread");
	assert_int_equal(why_set(NULL, EINVAL, "nobody listens"), -EINVAL);
}

/* --- the loop ---------------------------------------------------------------------------------------------------- */

struct end {
	struct watch w;
	struct loop *l;
	struct end *other;
	int calls;
};

static struct loop loop;

static void read_byte(struct watch *w, uint32_t events)
{
	struct end *e = (struct end *)w;
	char c;

	assert_true(events & EPOLLIN);
	assert_int_equal(read(w->fd, &c, 1), 1);
	e->calls++;
	if (c == 'q')
		loop_quit(&loop);
}

/* Both ends are ready in the same batch; whoever is first closes and frees the other, then itself. */
static void remove_both(struct watch *w, uint32_t events)
{
	struct end *e = (struct end *)w;

	(void)events;
	assert_int_equal(e->calls++, 0);
	loop_unwatch(&loop, &e->other->w);
	close(e->other->w.fd);
	memset(e->other, 0xee, sizeof(*e->other));
	free(e->other);
	loop_unwatch(&loop, w);
	close(w->fd);
	memset(e, 0xee, sizeof(*e));
	free(e);
}

static void quit_loop(struct timer *t, usec now)
{
	assert_true(t->due <= now && now <= clock_now());
	loop_quit(&loop);
}

static void count_turn(struct turn *t)
{
	struct {
		struct turn t;
		int n;
	} *counted = (void *)t;

	counted->n++;
}

static void open_end(struct end *e, int *to, void (*ready)(struct watch *, uint32_t))
{
	int fd[2];

	assert_int_equal(pipe(fd), 0);
	*e = (struct end){.w = {.fd = fd[0], .ready = ready}};
	*to = fd[1];
	assert_int_equal(loop_watch(&loop, &e->w, EPOLLIN), 0);
}

static void loop_reads_and_turns(void **state)
{
	struct {
		struct turn t;
		int n;
	} turn = {.t = {.run = count_turn}};
	struct end e;
	int to;

	(void)state;
	assert_int_equal(loop_open(&loop), 0);
	loop_each_turn(&loop, &turn.t);
	open_end(&e, &to, read_byte);
	assert_int_equal(write(to, "aaq", 3), 3);
	assert_int_equal(loop_run(&loop), 0);
	assert_int_equal(e.calls, 3); /* level triggered: one byte a turn */
	assert_int_equal(turn.n, 3);
	loop_unwatch(&loop, &e.w);
	close(e.w.fd);
	close(to);
	loop_close(&loop);
}

static void loop_unwatch_in_a_batch(void **state)
{
	struct end *a = malloc(sizeof(*a)), *b = malloc(sizeof(*b));
	struct timer t = {0};
	int to_a, to_b;

	(void)state;
	assert_int_equal(loop_open(&loop), 0);
	open_end(a, &to_a, remove_both);
	open_end(b, &to_b, remove_both);
	a->other = b;
	b->other = a;
	assert_int_equal(write(to_a, "x", 1), 1);
	assert_int_equal(write(to_b, "x", 1), 1);
	timer_arm(&loop.timers, &t, clock_now() + 5 * MSEC, quit_loop);
	assert_int_equal(loop_run(&loop), 0);
	assert_int_equal(loop.nready, 0);
	assert_null(loop.ready);
	close(to_a);
	close(to_b);
	loop_close(&loop);
}

static void loop_wakes_for_timers(void **state)
{
	struct timer t = {0};
	usec start = clock_now();
	struct end e;
	int to;

	(void)state;
	assert_int_equal(loop_open(&loop), 0);
	open_end(&e, &to, read_byte);
	assert_int_equal(write(to, "a", 1), 1); /* wakes it long before */
	timer_arm(&loop.timers, &t, start + 20 * MSEC, quit_loop);
	assert_int_equal(loop_run(&loop), 0);
	assert_true(clock_now() >= start + 20 * MSEC);
	assert_int_equal(e.calls, 1);
	loop_unwatch(&loop, &e.w);
	close(e.w.fd);
	close(to);
	loop_close(&loop);
}

/* The alarm counts the time the machine sleeps: CLOCK_BOOTTIME is 7. */
static void loop_is_woken_by_the_boot_clock(void **state)
{
	char path[64], line[128];
	int clockid = -1;
	struct timer t = {0};
	FILE *info;

	(void)state;
	assert_int_equal(loop_open(&loop), 0);
	timer_arm(&loop.timers, &t, clock_now() + 5 * MSEC, quit_loop);
	assert_int_equal(loop_run(&loop), 0);
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", loop.timerfd);
	info = fopen(path, "r");
	assert_non_null(info);
	while (fgets(line, sizeof(line), info))
		(void)!sscanf(line, "clockid: %d", &clockid);
	fclose(info);
	assert_int_equal(clockid, CLOCK_BOOTTIME);
	loop_close(&loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(log_is_one_line),
		cmocka_unit_test(log_of_remotes_is_limited),
		cmocka_unit_test(timers_agree_with_model),
		cmocka_unit_test(timers_fire_each_once_in_order),
		cmocka_unit_test(map_agrees_with_model),
		cmocka_unit_test(map_walk_backwards_misses_nobody),
		cmocka_unit_test(map_tells_equal_hashes_apart),
		cmocka_unit_test(rate_gives_burst_then_average),
		cmocka_unit_test(rates_are_shared),
		cmocka_unit_test(rate_saves_up_no_more_than_burst),
		cmocka_unit_test(cursors_stop_at_the_end),
		cmocka_unit_test(addresses),
		cmocka_unit_test(anycast_addresses),
		cmocka_unit_test(why_keeps_the_first),
		cmocka_unit_test(loop_reads_and_turns),
		cmocka_unit_test(loop_unwatch_in_a_batch),
		cmocka_unit_test(loop_wakes_for_timers),
		cmocka_unit_test(loop_is_woken_by_the_boot_clock),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
