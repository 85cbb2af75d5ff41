/*
 * sim [-s FIRST] [-n SEEDS] [-v] [-c]           each seed from FIRST on is a world of its own, and a cell of home
 *                                               agents (-c: that alone); TAP, one test for all
 * sim -P                                        every planted bug must be found by the invariant it breaks
 * sim -w [-m NODES] [-s SEED]                   a week of many mobile nodes; memory must stay flat
 *
 * sim -s SEED -n 1 -t NODE                      the messages of one node (and about it), as they are said and heard;
 *                                               with -c, what the machines of the cell do
 *
 * A violation prints seed, time and what was wrong; `sim -s SEED -n 1` shows it again.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/addr.h"
#include "tests/sim/cell.h"
#include "tests/sim/sim.h"

#define VIOLATED(which) (10 + (int)(which)) /* exit status */
#define SETTLE_HOME	(40 * SEC)	    /* MAX_BINDACK_TIMEOUT, the longest pause of solicitations, and an answer */
#define SETTLE_PATH	(40 * SEC)	    /* beyond the end of every binding of old */
#define PATH_TRIES	5
#define PLANT_SEEDS	40 /* within as many a planted bug must show */

const char *const sim_invariant_names[] = {
#define SIM_NAME(name, text) text,
	SIM_INVARIANTS(SIM_NAME)
#undef SIM_NAME
};

static bool verbose, cells_alone;
static uint32_t traced;
static struct sim_stats *sum; /* of all processes */

void sim_violated(const struct sim *sim, enum sim_invariant which, const char *fmt, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (!sim->plant || verbose)
		printf("# seed %llu, %.6f s: %s violated: %s\n", (unsigned long long)sim->seed, (double)sim->now / 1e6,
			sim_invariant_names[which], text);
	fflush(stdout);
	_exit(VIOLATED(which));
}

void sim_trace(const struct sim_node *n, const char *what, const struct via *via, const struct mh *m)
{
	const struct in6_addr *home = via->has_hao ? &via->hao : via->has_rh2 ? &via->rh2 : &via->src;
	const struct sim_node *about = sim_owner(n->sim, home), *to = sim_owner(n->sim, &via->dst);
	uint32_t id = n->sim->trace;

	if (!id || (n->id != id && (!about || about->id != id) && (!to || to->id != id)))
		return;
	printf("# %.6f node %u %s %s %s > %s home %s", (double)n->sim->now / 1e6, n->id, what, mh_type_name(m->type),
		addr_text(&via->src).s, addr_text(&via->dst).s, addr_text(home).s);
	if (m->type == MH_BU)
		printf(" number %u lifetime %u flags %x", m->u.bu.seq, m->u.bu.lifetime, m->u.bu.flags);
	if (m->type == MH_BA)
		printf(" number %u lifetime %u status %u", m->u.ba.seq, m->u.ba.lifetime, m->u.ba.status);
	if (m->type == MH_HOT || m->type == MH_COT)
		printf(" nonce %u", m->u.test.nonce);
	putchar('\n');
}

/* --- one run ------------------------------------------------------------------------------------------------------ */

/* What a seed means: mostly small worlds with much going on, a large one now and then. */
static struct sim_conf draw(struct sim *sim)
{
	struct sim_conf c = {.rounds = 2};
	unsigned size = sim_below(sim, 25);

	c.mns = size == 0 ? 2000 : size < 5 ? 100 + sim_below(sim, 200) : 3 + sim_below(sim, 40);
	c.has = 1 + sim_below(sim, 3);
	c.cns = 1 + sim_below(sim, 8);
	c.links = 2 + sim_below(sim, 12);
	c.routers = sim_below(sim, c.mns < 64 ? c.mns + 1 : 64) / (1 + sim_below(sim, 3));
	c.lifetime = 60 + 4 * sim_below(sim, 120);
	c.chaos = c.mns > 1000 ? 60 * SEC : c.mns > 50 ? 200 * SEC : 600 * SEC;
	c.dwell = (2 + sim_below(sim, 60)) * SEC;
	c.quiet = (5 + sim_below(sim, 200)) * SEC;
	return c;
}

static struct sim_conf week_of(unsigned mns)
{
	return (struct sim_conf){.has = 4,
		.cns = 16,
		.mns = mns,
		.links = 40,
		.routers = mns < 60 ? mns : 60,
		.lifetime = 3600,
		.week = true,
		.chaos = 24 * 3600 * SEC,
		.rounds = 7,
		.dwell = 3600 * SEC,
		.quiet = 3600 * SEC};
}

/* Somebody forgot, or lost his sense of time, since the home agent last agreed; or only one of two can register. */
static bool is_excused(const struct sim_node *n)
{
	return n->rival ||
	       (n->mn && (n->sim->node[n->home_link]->lost_at >= n->agreed_at || n->lost_at >= n->agreed_at));
}

static bool is_reached(const struct sim_node *n)
{
	return n->probed_in && n->probed_out;
}

/* One packet each way between every mobile node and a correspondent it has nothing to do with, through the home agent.
 * Those whose home agent or clock forgot are not asked unless `all`: they find out when they refresh. */
static void probe(struct sim *sim, bool all)
{
	struct sim_node *cn = sim->node[sim->conf.has];

	for (size_t i = 0; i < sim->nodes; i++)
		sim->node[i]->probed_in = sim->node[i]->probed_out = !all && is_excused(sim->node[i]);
	/* Once more where one was lost: a node may have tried just then whether it is at home. */
	for (unsigned try = 0; try < 2; try++) {
		for (size_t i = 0; i < sim->nodes; i++) {
			struct sim_node *n = sim->node[i];

			if (n->mn && !is_reached(n)) {
				sim_say(cn, n, NULL);
				sim_say(n, cn, NULL);
			}
		}
		sim_until(sim, sim->now + SEC);
	}
	for (size_t i = 0; i < sim->nodes; i++) {
		const struct sim_node *n = sim->node[i];

		if (n->mn && !is_reached(n) && !(n->rival && is_reached(n->rival)))
			sim_violated(sim, SIM_REACHABLE, "node %u cannot be reached by way of its home agent (%d, %d)",
				n->id, n->probed_in, n->probed_out);
	}
}

/* May it be silent? One of two that have the same network is not registered; what is not granted is not routed. */
static bool may_be_silent(const struct sim_flow *f)
{
	return f->a->rival || f->b->rival || (f->net && !sim_reachable(f->a, f->net));
}

/* Every pair that talks. A few packets may be lost on paths one end has forgotten: they say so (9.3.3). */
static void probe_flows(struct sim *sim)
{
	for (size_t i = 0; i < sim->flows; i++)
		sim->flow[i].got[0] = sim->flow[i].got[1] = false;
	for (unsigned try = 0; try < PATH_TRIES; try++) {
		for (size_t i = 0; i < sim->flows; i++) {
			sim_say(sim->flow[i].a, sim->flow[i].b, &sim->flow[i]);
			sim_say(sim->flow[i].b, sim->flow[i].a, &sim->flow[i]);
		}
		sim_until(sim, sim->now + SEC);
	}
	for (size_t i = 0; i < sim->flows; i++)
		if ((!sim->flow[i].got[0] || !sim->flow[i].got[1]) && !may_be_silent(&sim->flow[i]))
			sim_violated(sim, SIM_REACHABLE, "%s %u and node %u cannot reach each other (%d, %d)",
				sim->flow[i].net ? "a network of node" : "node", sim->flow[i].a->id, sim->flow[i].b->id,
				sim->flow[i].got[0], sim->flow[i].got[1]);
}

static void one_round(struct sim *sim)
{
	usec life = sim->conf.lifetime * SEC, healed;

	sim_storm(sim);
	sim_until(sim, sim->now + sim->conf.chaos);
	sim_heal(sim);
	sim_check_all(sim);
	healed = sim->now;
	sim_until(sim, healed + SETTLE_HOME);
	probe(sim, false);
	sim_until(sim, healed + SETTLE_HOME + life);
	probe(sim, true);
	if (sim->now < healed + RR_MAX_BINDING_LIFE * SEC + SETTLE_PATH)
		sim_until(sim, healed + RR_MAX_BINDING_LIFE * SEC + SETTLE_PATH);
	probe_flows(sim);
	sim_check_all(sim);
}

/* Nobody speaks any more: all but the home registrations ends. */
static void check_silence(struct sim *sim)
{
	sim_talk_all(sim, false);
	sim_until(sim, sim->now + 2000 * SEC);
	for (size_t i = 0; i < sim->nodes; i++) {
		const struct sim_node *n = sim->node[i];

		if (n->cn && bc_count(&n->cn->bc))
			sim_violated(sim, SIM_LEAK, "node %u keeps bindings nobody uses", n->id);
		if (n->mn && (bul_count(&n->mn->bul) > 1 || n->path[RO_HOME].n))
			sim_violated(sim, SIM_LEAK, "node %u keeps correspondents nobody talks to", n->id);
	}
	sim_check_all(sim);
}

static void begin(struct sim *sim, uint64_t seed, const struct sim_plant *plant)
{
	*sim = (struct sim){.seed = seed, .plant = plant, .state = (seed + 1) * 0x9e3779b97f4a7c15u};
	if (!sim->state)
		sim->state = 1;
	sim_random(sim);
}

void sim_run(struct sim *sim)
{
	size_t before = sim_allocated();

	sim_open(sim);
	for (unsigned i = 0; i < sim->conf.rounds; i++)
		one_round(sim);
	check_silence(sim);
	sim_close(sim);
	if (sim_allocated() > before)
		sim_violated(sim, SIM_LEAK, "%zu bytes of memory are left", sim_allocated() - before);
}

static void add_up(const struct sim *sim)
{
	const uint64_t *from = (const uint64_t *)&sim->stats;
	uint64_t *to = (uint64_t *)sum;

	for (size_t i = 0; i < sizeof(*sum) / sizeof(*to); i++)
		__atomic_fetch_add(&to[i], from[i], __ATOMIC_RELAXED);
}

/* --- many runs ---------------------------------------------------------------------------------------------------- */

/* A process of its own: a crash is a violation like another. */
static pid_t start(uint64_t seed, const struct sim_plant *plant)
{
	static struct cell_sim cell;
	static struct sim sim;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0 && (plant ? plant->cell == BUG_NONE : !cells_alone)) {
		begin(&sim, seed, plant);
		sim.conf = draw(&sim);
		sim.trace = traced;
		sim_run(&sim);
		add_up(&sim);
	}
	if (pid == 0 && (!plant || plant->cell != BUG_NONE)) {
		begin(&cell.sim, seed, plant);
		cell.sim.trace = traced;
		cell_sim_run(&cell);
		add_up(&cell.sim);
	}
	if (pid == 0)
		_exit(0);
	if (pid < 0)
		abort();
	return pid;
}

static unsigned run_seeds(uint64_t first, unsigned seeds)
{
	unsigned at_once = (unsigned)sysconf(_SC_NPROCESSORS_ONLN), running = 0, bad = 0;

	for (unsigned i = 0; i < seeds || running; running--) {
		int status = 0;

		for (; i < seeds && running < at_once; running++)
			start(first + i++, NULL);
		if (wait(&status) < 0)
			abort();
		bad += status != 0;
		if (WIFSIGNALED(status))
			printf("# a run was killed by signal %d\n", WTERMSIG(status));
	}
	return bad;
}

/* The seed that shows the bug by the right invariant, 0 if another one spoke or none did. */
static uint64_t find_plant(const struct sim_plant *plant)
{
	for (uint64_t seed = 1; seed <= PLANT_SEEDS; seed++) {
		int status;

		waitpid(start(seed, plant), &status, 0);
		if (WIFEXITED(status) && WEXITSTATUS(status) == VIOLATED(plant->breaks))
			return seed;
		if (status && WIFEXITED(status))
			printf("# %s, seed %llu: found by %s\n", plant->name, (unsigned long long)seed,
				sim_invariant_names[WEXITSTATUS(status) - VIOLATED(0)]);
		if (status)
			return 0;
	}
	return 0;
}

static int run_plants(void)
{
	bool found[SIM_INVARIANTS_N] = {false};
	int n = 0, bad = 0;

	for (const struct sim_plant *p = sim_plants; p->name; p++) {
		uint64_t seed = find_plant(p);

		bad += !seed;
		found[p->breaks] = found[p->breaks] || seed;
		printf("%s %d planted bug %s is found: %s (seed %llu)\n", seed ? "ok" : "not ok", ++n, p->name,
			sim_invariant_names[p->breaks], (unsigned long long)seed);
	}
	for (int i = 0; i < SIM_INVARIANTS_N; i++)
		if (!found[i])
			printf("not ok %d nothing shows that %s can fail\n", ++n, sim_invariant_names[i]);
	printf("1..%d\n", n);
	return bad;
}

/* --- a week ------------------------------------------------------------------------------------------------------- */

static size_t resident_kb(void)
{
	unsigned long size = 0, resident = 0;
	FILE *f = fopen("/proc/self/statm", "r");

	if (f && fscanf(f, "%lu %lu", &size, &resident) != 2)
		resident = 0;
	if (f)
		fclose(f);
	return resident * (size_t)sysconf(_SC_PAGESIZE) / 1024;
}

/* Day by day; the first is left out of the comparison, tables grow in it. */
static int run_week(uint64_t seed, unsigned mns)
{
	static struct sim sim;
	size_t first = 0, used = 0;

	begin(&sim, seed, NULL);
	sim.conf = week_of(mns);
	sim_open(&sim);
	for (unsigned day = 1; day <= 7; day++) {
		one_round(&sim);
		used = sim_allocated() / 1024;
		if (day == 2)
			first = used;
		printf("# day %u: %zu KiB in use, %zu KiB resident, %llu moves, %llu updates, %llu messages\n", day,
			used, resident_kb(), (unsigned long long)sim.stats.moves, (unsigned long long)sim.stats.updates,
			(unsigned long long)sim.stats.messages);
		fflush(stdout);
	}
	printf("1..1\n%s 1 a week of %u mobile nodes: memory %zu KiB after two days, %zu KiB after seven\n",
		used <= first + first / 50 ? "ok" : "not ok", mns, first, used);
	return used > first + first / 50;
}

static int run_tap(uint64_t first, unsigned seeds)
{
	unsigned bad = run_seeds(first, seeds);

	printf("1..1\n%s 1 %u seeds from %llu, %u violations: %llu steps, %llu messages, %llu moves, %llu crashes, "
	       "%llu sleeps, %llu updates, %llu paths optimized, %llu messages replayed, %llu forged\n",
		bad ? "not ok" : "ok", seeds, (unsigned long long)first, bad, (unsigned long long)sum->steps,
		(unsigned long long)sum->messages, (unsigned long long)sum->moves, (unsigned long long)sum->crashes,
		(unsigned long long)sum->sleeps, (unsigned long long)sum->updates, (unsigned long long)sum->optimized,
		(unsigned long long)sum->replays, (unsigned long long)sum->forged);
	return bad != 0;
}

int main(int argc, char **argv)
{
	unsigned seeds = 50, mns = 10000;
	bool plants = false, week = false;
	uint64_t first = 1;

	for (int opt; (opt = getopt(argc, argv, "s:n:m:t:Pwvc")) != -1;) {
		switch (opt) {
		case 's': first = strtoull(optarg, NULL, 0); break;
		case 'n': seeds = (unsigned)strtoul(optarg, NULL, 0); break;
		case 'm': mns = (unsigned)strtoul(optarg, NULL, 0); break;
		case 't': traced = (uint32_t)strtoul(optarg, NULL, 0); break;
		case 'P': plants = true; break;
		case 'w': week = true; break;
		case 'v': verbose = true; break;
		case 'c': cells_alone = true; break;
		default: return 2;
		}
	}
	sum = mmap(NULL, sizeof(*sum), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (sum == MAP_FAILED)
		return 2;
	if (week)
		return run_week(first, mns);
	return plants ? run_plants() : run_tap(first, seeds);
}
