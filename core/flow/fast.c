/* fast.h. Maps are bounded when they are made. A flow of two hosts or one is an element of a hash, of a prefix one of a
 * longest-prefix trie. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "flow/bpf/maps.h"
#include "flow/fast.h"
#include "sys/ebpf.h"
#include "sys/tc.h"

#define FLOWS_FIRST    (1 << 13) /* of each kind; 16 octets of kernel memory each, used or not */
#define FLOWS_MAX      (1 << 20)
#define FLOWS_SMALL    (1 << 17) /* on a machine with less than BIG_MACHINE octets */
#define BIG_MACHINE    (4ULL << 30)
#define GROWTH	       8
#define PROCESSORS_MAX 1024
#define DEVICE_LINKS   2

enum { BOUND, AWAY, PAIRS, BOUND_NETS, AWAY_NETS, DROPS, MAPS };
enum { OUT, AGAIN, IN, IN_BARE, PROGS };

struct fast_link {
	unsigned ifindex;
	enum tc_side side;
	int prog;
	bool ours; /* attached; or an earlier agent's is there until fast_live */
};

struct fast {
	struct nl *nl;
	struct ebpf_map map[MAPS];
	struct ebpf_prog prog[PROGS];
	struct fast_link *link; /* the first DEVICE_LINKS are the TUN device's two sides */
	size_t links;
	struct flow_drops dropped; /* by programs that others took the place of */
	unsigned processors;
	bool live;
};

#ifdef FAST_ELF /* built where there is a compiler for it */
__asm__(".pushsection .rodata\n.balign 8\n.globl fast_elf, fast_elf_end\nfast_elf:\n.incbin \"" FAST_ELF
	"\"\nfast_elf_end:\n.byte 0\n.popsection");
extern const uint8_t fast_elf[], fast_elf_end[];

const void *fast_program(size_t *len)
{
	*len = (size_t)(fast_elf_end - fast_elf);
	return fast_elf;
}
#else
const void *fast_program(size_t *len)
{
	*len = 0;
	return NULL;
}
#endif

/* --- flows -------------------------------------------------------------------------------------------------------- */

union key {
	struct fmap_addr addr;
	struct fmap_pair pair;
	struct fmap_net net;
};

static struct fmap_addr addr_of(const struct in6_addr *a)
{
	struct fmap_addr out;

	memcpy(&out, a, sizeof(out));
	return out;
}

/* The map a flow stands in, and its key there. */
static int place(const struct flow_key *k, union key *key)
{
	bool to = k->dplen > 0, prefix;
	uint8_t plen = to ? k->dplen : k->splen;

	if (k->splen && k->dplen) {
		key->pair = (struct fmap_pair){addr_of(&k->src), addr_of(&k->dst)};
		return PAIRS;
	}
	prefix = plen < 128;
	if (prefix)
		key->net = (struct fmap_net){plen, addr_of(to ? &k->dst : &k->src)};
	else
		key->addr = addr_of(to ? &k->dst : &k->src);
	return to ? (prefix ? BOUND_NETS : BOUND) : (prefix ? AWAY_NETS : AWAY);
}

int fast_drops(const struct fast *f, struct flow_drops *to)
{
	uint64_t *const at[FMAP_DROPS] = {
		[FMAP_DROP_TUNNEL] = &to->tunnel, [FMAP_DROP_ROUTE] = &to->refused, [FMAP_DROP_EDIT] = &to->refused};
	uint64_t n[PROCESSORS_MAX];

	to->tunnel += f->dropped.tunnel;
	to->refused += f->dropped.refused;
	for (uint32_t i = 0; i < FMAP_DROPS; i++) {
		int err = ebpf_lookup(f->map[DROPS].fd, &i, n);

		if (err)
			return err;
		for (unsigned p = 0; p < f->processors; p++)
			*at[i] += n[p];
	}
	return 0;
}

/* --- size --------------------------------------------------------------------------------------------------------- */

static int load(struct fast *f, unsigned ifindex, struct why *why)
{
	const struct fmap_conf conf = {.mip0 = ifindex};
	size_t len;
	const void *elf = fast_program(&len);

	if (!len)
		return why_set(why, EOPNOTSUPP, "mipd was built without clang");
	return ebpf_load(elf, len, &conf, sizeof(conf), f->map, MAPS, f->prog, PROGS, why);
}

static int attach(const struct fast *f, struct fast_link *l, struct why *why)
{
	int err = tc_attach(f->nl, l->ifindex, l->side, f->prog[l->prog].fd, why);

	l->ours |= !err;
	return err;
}

static uint32_t flows_max(void)
{
	long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGESIZE);

	return pages > 0 && size > 0 && (uint64_t)pages * (uint64_t)size >= BIG_MACHINE ? FLOWS_MAX : FLOWS_SMALL;
}

static int copy(int from, int to)
{
	union key key, next;
	struct fmap_flow v;
	int err = ebpf_next(from, NULL, &next);

	while (!err) {
		key = next;
		err = ebpf_lookup(from, &key, &v) ?: ebpf_update(to, &key, &v);
		err = err ?: ebpf_next(from, &key, &next);
	}
	return err == -ENOENT ? 0 : err;
}

/* A map is made for so many flows. When it is full other programs with a larger one take the place of these. */
static int enlarge(struct fast *f, int map, struct why *why)
{
	struct fast more = *f;
	uint32_t most = flows_max(), want = f->map[map].entries * GROWTH;
	int err;

	if (!f->map[map].entries || f->map[map].entries >= most)
		return -ENOSPC;
	more.map[map].entries = want < most ? want : most;
	err = load(&more, f->link[0].ifindex, why);
	for (int i = 0; i < DROPS && !err; i++)
		err = copy(f->map[i].fd, more.map[i].fd);
	if (err) {
		ebpf_unload(more.map, MAPS, more.prog, PROGS);
		return err;
	}
	more.dropped = (struct flow_drops){0};
	(void)!fast_drops(f, &more.dropped);
	ebpf_unload(f->map, MAPS, f->prog, PROGS);
	*f = more;
	for (size_t i = 0; i < f->links; i++)
		if (f->link[i].ours)
			err = attach(f, &f->link[i], why) ?: err;
	return nl_flush(f->nl, why) ?: err; /* a batch names descriptors: before the next growth closes them */
}

/* --- set, delete, count ------------------------------------------------------------------------------------------- */

_Static_assert(
	(int)FMAP_ENCAP == FLOW_ENCAP && (int)FMAP_HAO == FLOW_HAO && (int)FMAP_RH2 == FLOW_RH2, "one numbering");

int fast_set(struct fast *f, const struct flow *flow, struct why *why)
{
	struct fmap_flow v = {.local = addr_of(&flow->local), .peer = addr_of(&flow->peer)}, had;
	union key key;
	int err, map = place(&flow->key, &key);

	if (!flow->edits)
		return 0;
	if (flow->key.splen && flow->key.dplen && (flow->key.splen < 128 || flow->key.dplen < 128))
		return why_set(why, EINVAL, "a pair of prefixes has no fast path");
	v.edits = flow->edits | (flow->protect ? FMAP_STACK : 0);
	if (!ebpf_lookup(f->map[map].fd, &key, &had))
		memcpy(v.count, had.count, sizeof(v.count));
	err = ebpf_update(f->map[map].fd, &key, &v);
	if ((err == -E2BIG || err == -ENOSPC) && !enlarge(f, map, why))
		err = ebpf_update(f->map[map].fd, &key, &v);
	if (err == -E2BIG || err == -ENOSPC)
		return why_set(why, ENOSPC, "the kernel's table of flows is full");
	return err ? why_set(why, -err, "kernel's table of flows: %s", strerror(-err)) : 0;
}

int fast_del(struct fast *f, const struct flow_key *k, struct why *why)
{
	union key key;
	int map = place(k, &key), err = ebpf_delete(f->map[map].fd, &key);

	return err && err != -ENOENT ? why_set(why, -err, "kernel's table of flows: %s", strerror(-err)) : 0;
}

int fast_counts(const struct fast *f, const struct flow_key *k, struct flow_counts *out)
{
	struct fmap_flow v;
	union key key;
	int map = place(k, &key), err = ebpf_lookup(f->map[map].fd, &key, &v);

	if (err)
		return err;
	out->out = (struct flow_count){v.count[FMAP_OUT].packets, v.count[FMAP_OUT].octets};
	out->in = (struct flow_count){v.count[FMAP_IN].packets, v.count[FMAP_IN].octets};
	return 0;
}

/* --- links -------------------------------------------------------------------------------------------------------- */

static struct fast_link *find_attached(const struct fast *f, unsigned ifindex)
{
	for (size_t i = 0; i < f->links; i++)
		if (f->link[i].ifindex == ifindex)
			return &f->link[i];
	return NULL;
}

static int link_add(struct fast *f, struct fast_link *l, struct why *why)
{
	struct fast_link *more = realloc(f->link, (f->links + 1) * sizeof(*more));
	bool theirs = false;
	int err = 0;

	if (!more)
		return why_set(why, ENOMEM, "out of memory");
	f->link = more;
	if (!f->live)
		err = tc_attached(f->nl, l->ifindex, l->side, &theirs, why);
	if (!err && !theirs)
		err = attach(f, l, why);
	if (!err)
		f->link[f->links++] = *l;
	return err;
}

int fast_link(struct fast *f, unsigned ifindex, bool ether, struct why *why)
{
	return find_attached(f, ifindex)
		       ? 0
		       : link_add(f, &(struct fast_link){ifindex, TC_IN, ether ? IN : IN_BARE, false}, why);
}

bool fast_on(const struct fast *f, unsigned ifindex)
{
	return find_attached(f, ifindex) != NULL;
}

void fast_unlink(struct fast *f, unsigned ifindex)
{
	struct fast_link *l = find_attached(f, ifindex);

	if (l && l >= f->link + DEVICE_LINKS)
		*l = f->link[--f->links];
}

int fast_live(struct fast *f, struct why *why)
{
	int err = 0;

	f->live = true;
	for (size_t i = 0; i < f->links; i++)
		err = attach(f, &f->link[i], why) ?: err;
	return err == -ENODEV ? 0 : err;
}

int fast_again(struct fast *f, unsigned device, struct why *why)
{
	f->link[0].ifindex = f->link[1].ifindex = device;
	return fast_live(f, why);
}

/* --- open and close ----------------------------------------------------------------------------------------------- */

static bool kernel_before(unsigned major, unsigned minor)
{
	struct utsname u;
	unsigned have[2] = {0};

	if (uname(&u) || sscanf(u.release, "%u.%u", &have[0], &have[1]) != 2)
		return true;
	return have[0] < major || (have[0] == major && have[1] < minor);
}

/* Processors that may come: a value of a map that has one for each. */
static unsigned possible_processors(void)
{
	FILE *file = fopen("/sys/devices/system/cpu/possible", "r");
	unsigned first = 0, last = 0;

	if (file && fscanf(file, "%u-%u", &first, &last) < 1)
		last = PROCESSORS_MAX;
	if (file)
		fclose(file);
	return file && last < PROCESSORS_MAX ? last + 1 : 0;
}

/* Kernels before 5.19 want the privilege for every update; an agent that has it to load only would find that later. */
static int try_update(struct fast *f, struct why *why)
{
	struct fmap_addr none = {{0}};
	struct fmap_flow v = {.edits = 0};
	int err = ebpf_update(f->map[AWAY].fd, &none, &v) ?: ebpf_delete(f->map[AWAY].fd, &none);

	return err ? why_set(why, -err, "no privilege to fill the kernel's table of flows (CAP_BPF)") : 0;
}

int fast_open(struct fast **out, struct nl *nl, unsigned ifindex, struct why *why)
{
	static const char *const maps[MAPS] = {"bound", "away", "pairs", "bound_nets", "away_nets", "drops"};
	static const char *const progs[PROGS] = {"mip_out", "mip_again", "mip_in", "mip_in_bare"};
	struct fast *f = calloc(1, sizeof(*f));
	int err;

	if (!f)
		return why_set(why, ENOMEM, "out of memory");
	f->nl = nl;
	for (int i = 0; i < MAPS; i++)
		f->map[i] = (struct ebpf_map){maps[i], i == BOUND || i == PAIRS ? FLOWS_FIRST : 0, -1};
	for (int i = 0; i < PROGS; i++)
		f->prog[i] = (struct ebpf_prog){progs[i], -1};
	f->processors = possible_processors();
	if (kernel_before(5, 12))
		err = why_set(why, EOPNOTSUPP, "kernels before 5.12 do not tell programs the way to a new neighbour");
	else if (!f->processors)
		err = why_set(why, EOPNOTSUPP, "the number of processors is not known");
	else
		err = load(f, ifindex, why);
	if (!err)
		err = try_update(f, why) ?: link_add(f, &(struct fast_link){ifindex, TC_OUT, OUT, false}, why);
	if (!err)
		err = link_add(f, &(struct fast_link){ifindex, TC_IN, AGAIN, false}, why);
	if (err)
		fast_close(f);
	else
		*out = f;
	return err;
}

void fast_close(struct fast *f)
{
	if (!f)
		return;
	for (size_t i = 0; i < f->links; i++)
		(void)!tc_detach(f->nl, f->link[i].ifindex, NULL);
	ebpf_unload(f->map, MAPS, f->prog, PROGS);
	free(f->link);
	free(f);
}
