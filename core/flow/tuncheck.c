/* tuncheck.h: what the sets of its chains (tuncheck_rules.c) hold, and that they stay. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sys/left.h"
#include "sys/nft.h"
#include "sys/nl.h"
#include "flow/tuncheck_impl.h"
#include <linux/netfilter.h> /* after netinet/in.h, which linux/in.h gives way to */
#include <linux/netfilter/nf_tables.h>

#define PRIO_RAW -300

/* Of one direction: sets of {peer . home} and of {home}, of mobile networks {peer . prefix . length} and
 * {prefix . length}; and what of them is an agent's that crashed. */
enum { PAIRS, SINGLE, NET_PAIRS, NET_SINGLE, SETS };

static const uint32_t key_len[SETS] = {
	[PAIRS] = 2 * ADDR, [SINGLE] = ADDR, [NET_PAIRS] = 2 * ADDR + PLEN, [NET_SINGLE] = ADDR + PLEN};

struct side {
	const char *set[SETS];
	struct left left[SETS];
};

struct tuncheck {
	struct nft *nft;
	unsigned ifindex;
	const struct flow_table *flows;
	struct side side[2];   /* of bindings, of reverse tunnels */
	uint8_t ruled[2][129]; /* there are rules for mobile networks of that length */
	bool bulk;
	int bulk_err;
};

static bool is_network(const struct flow *f)
{
	return f->edits & FLOW_ENCAP && flow_is_network(&f->key);
}

/* The lengths of mobile networks that occur; those of before are forgotten. */
static void find_lengths(struct tuncheck *c)
{
	memset(c->ruled, 0, sizeof(c->ruled));
	for (unsigned i = 0; i < c->flows->shapes; i++) {
		const struct flow_shape *s = &c->flows->shape[i];

		if (!s->splen != !s->dplen && s->splen + s->dplen < 128)
			c->ruled[!s->dplen][s->splen + s->dplen] = 1;
	}
}

static void put_rules(struct tuncheck *c)
{
	static const char *const chains[] = {CHAIN, CHAIN_OUTER, CHAIN_INNER, CHAIN_NEST};

	find_lengths(c);
	for (size_t i = 0; i < sizeof(chains) / sizeof(chains[0]); i++)
		nft_chain_flush(c->nft, chains[i]);
	tuncheck_rules(c->nft, c->ifindex, c->ruled);
}

/* In one transaction: what a crashed agent has in its sets stays until the sweep, its rules are replaced by ours. */
static int table(struct tuncheck *c, struct why *why)
{
	struct nft *n = c->nft;

	nft_table_add(n, 0);
	for (int i = 0; i < 2; i++)
		for (int j = 0; j < SETS; j++)
			nft_set_add(n, c->side[i].set[j], key_len[j]);
	nft_chain_plain(n, CHAIN_OUTER);
	nft_chain_plain(n, CHAIN_INNER);
	nft_chain_add(n, CHAIN, NF_INET_PRE_ROUTING, PRIO_RAW, NULL, false);
	nft_chain_add(n, CHAIN_NEST, NF_INET_POST_ROUTING, PRIO_RAW, NULL, false);
	put_rules(c);
	return nft_commit(n, 0, why, "make nft table ip6 " NFT_TABLE);
}

typedef uint8_t keys[SETS][2 * ADDR + PLEN];

/* Which sets a flow stands in: from the first of these, two. */
static struct side *keys_of(struct tuncheck *c, const struct flow *f, keys k, int *first)
{
	const struct in6_addr *home = flow_home(&f->key);
	uint8_t plen = f->key.dplen ? f->key.dplen : f->key.splen;

	*first = is_network(f) ? NET_PAIRS : PAIRS;
	memset(k, 0, sizeof(keys));
	memcpy(k[*first], &f->peer, ADDR);
	memcpy(k[*first] + ADDR, home, ADDR);
	memcpy(k[*first + 1], home, ADDR);
	if (*first == NET_PAIRS) {
		k[NET_PAIRS][2L * ADDR] = plen;
		k[NET_SINGLE][ADDR] = plen;
	}
	return &c->side[!f->key.dplen];
}

static void take_out(struct tuncheck *c, const struct flow *f)
{
	keys k;
	int first;
	const struct side *s = keys_of(c, f, k, &first);

	for (int i = first; i < first + 2; i++)
		nft_elem_del(c->nft, s->set[i], k[i], key_len[i]);
}

/* What was found there stays there. */
static void put_lacking(struct tuncheck *c, const struct flow *f)
{
	keys k;
	int first;
	struct side *s = keys_of(c, f, k, &first);

	for (int i = first; i < first + 2; i++)
		if (!left_take(&s->left[i], k[i], NULL))
			nft_elem_add(c->nft, s->set[i], k[i], key_len[i]);
}

int tuncheck_change(struct tuncheck *c, const struct flow *f, const struct flow *old, struct why *why)
{
	if (f && is_network(f) && !c->ruled[!f->key.dplen][f->key.dplen + f->key.splen])
		put_rules(c);
	if (old)
		take_out(c, old);
	if (f)
		put_lacking(c, f);
	if (c->bulk) {
		if (!nft_room(c->nft))
			c->bulk_err = nft_commit(c->nft, 0, NULL, "fill tunnel check") ?: c->bulk_err;
		return 0;
	}
	return nft_commit(c->nft, f ? 0 : ENOENT, why, "change tunnel check");
}

int tuncheck_bulk(struct tuncheck *c, bool begin, struct why *why)
{
	int err = begin ? 0 : nft_commit(c->nft, 0, why, "fill tunnel check") ?: c->bulk_err;

	c->bulk = begin;
	c->bulk_err = 0;
	return err ? why_set(why, -err, "fill tunnel check: %s", strerror(-err)) : 0;
}

static void forget_left(struct tuncheck *c)
{
	for (int i = 0; i < 2; i++)
		for (int j = 0; j < SETS; j++)
			left_end(&c->side[i].left[j], NULL, NULL);
}

/* `nft flush ruleset`, with which firewalls begin, takes our table too. */
static void lost(void *nl)
{
	nl_lost(nl, LOST_NFT);
}

struct finding {
	struct left *left;
	int err;
};

static void found(void *finding, const uint8_t *key)
{
	struct finding *f = finding;

	f->err = left_note(f->left, key, NULL) ?: f->err;
}

static int find_left(struct tuncheck *c, const char *set, uint32_t klen, struct left *left, struct why *why)
{
	struct finding f = {left, 0};
	int err;

	*left = (struct left){.klen = klen};
	err = nft_elem_each(c->nft, set, klen, found, &f) ?: f.err;
	return err ? why_set(why, -err, "list nft set %s: %s", set, strerror(-err)) : 0;
}

static int find_all(struct tuncheck *c, struct why *why)
{
	int err = 0;

	for (int i = 0; i < 2; i++)
		for (int j = 0; j < SETS && !err; j++)
			err = find_left(c, c->side[i].set[j], key_len[j], &c->side[i].left[j], why);
	return err;
}

int tuncheck_hold(struct tuncheck *c, unsigned ifindex, struct why *why)
{
	int err;

	forget_left(c);
	c->ifindex = ifindex;
	err = table(c, why) ?: find_all(c, why);
	for (size_t i = 0; i < table_count(c->flows) && !err; i++) {
		const struct flow *f = &table_at(c->flows, i)->flow;

		if (f->edits & FLOW_ENCAP)
			put_lacking(c, f);
		if (!nft_room(c->nft))
			err = nft_commit(c->nft, 0, why, "fill tunnel check") ?: err;
	}
	err = nft_commit(c->nft, 0, why, "fill tunnel check") ?: err;
	forget_left(c);
	return err;
}

int tuncheck_open(struct tuncheck **out, struct loop *loop, struct nl *nl, unsigned ifindex,
	const struct flow_table *flows, struct why *why)
{
	struct tuncheck *c = calloc(1, sizeof(*c));
	int err;

	if (!c)
		return why_set(why, ENOMEM, "out of memory");
	c->ifindex = ifindex;
	c->flows = flows;
	c->side[0] = (struct side){.set = {"bound", "home-bound", "network-bound", "network-home"}};
	c->side[1] = (struct side){.set = {"reverse", "home-reverse", "network-reverse", "network-away"}};
	err = nft_open(&c->nft, NFPROTO_IPV6, why);
	if (!err)
		err = table(c, why);
	if (!err)
		err = find_all(c, why);
	if (!err)
		err = nft_watch(c->nft, loop, lost, nl, why);
	if (err)
		tuncheck_close(c);
	else
		*out = c;
	return err;
}

void tuncheck_close(struct tuncheck *c)
{
	if (!c)
		return;
	if (c->nft) {
		nft_table_del(c->nft);
		(void)!nft_commit(c->nft, ENOENT, NULL, "delete nft table");
		nft_close(c->nft);
	}
	forget_left(c);
	free(c);
}

/* The elements of one set nobody stands for any more. */
struct stale {
	struct tuncheck *c;
	const char *set;
	uint32_t klen;
	int err;
	struct why *why;
};

static void forget_elem(void *stale, const uint8_t *key)
{
	struct stale *s = stale;

	if (!nft_room(s->c->nft))
		s->err = nft_commit(s->c->nft, 0, s->why, "sweep tunnel check") ?: s->err;
	nft_elem_del(s->c->nft, s->set, key, s->klen);
}

int tuncheck_sweep(struct tuncheck *c, struct why *why)
{
	int err = 0;

	for (int i = 0; i < 2; i++)
		for (int j = 0; j < SETS; j++) {
			struct stale s = {c, c->side[i].set[j], key_len[j], 0, why};

			left_end(&c->side[i].left[j], forget_elem, &s);
			err = nft_commit(c->nft, 0, why, "sweep tunnel check") ?: s.err ?: err;
		}
	return err;
}

int tuncheck_refused(struct tuncheck *c, uint64_t *packets, uint64_t *nested)
{
	uint64_t inner = 0;
	int err = nft_count(c->nft, CHAIN_OUTER, packets);

	if (!err)
		err = nft_count(c->nft, CHAIN_INNER, &inner) ?: nft_count(c->nft, CHAIN_NEST, nested);
	*packets += inner;
	return err;
}
