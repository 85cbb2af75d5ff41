/* ipsec.h: what is protected and how it fares, and the beginning and the end. */
#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

#include "base/addr.h"
#include "base/clock.h"
#include "flow/shim.h"
#include "host/ipsec_impl.h"

/* --- questions ---------------------------------------------------------------------------------------------------- */

unsigned ipsec_protects(const struct ipsec *s, const struct in6_addr *home)
{
	const struct ipsec_home *h = ipsec_home_find(s, home);

	return h ? h->want : 0;
}

bool ipsec_came(const struct ipsec *s, enum mip_protect protect, const struct in6_addr *src, const struct in6_addr *dst)
{
	const struct ipsec_home *from = ipsec_home_find(s, src), *to = ipsec_home_find(s, dst);

	if (from && !from->mine && addr_eq(&from->agent, dst))
		return from->set & IPSEC_BIT(protect);
	if (!to || !to->mine)
		return false;
	if (addr_eq(&to->agent, src) && to->set & IPSEC_BIT(protect))
		return true;
	return protect == MIP_PROTECT_BINDING &&
	       to->set & (IPSEC_BIT(MIP_PROTECT_TEST) | IPSEC_BIT(MIP_PROTECT_PAYLOAD));
}

bool ipsec_nth(const struct ipsec *s, size_t i, struct in6_addr *home, struct in6_addr *agent)
{
	if (i >= s->homes.n)
		return false;
	*home = ipsec_home_at(s, i)->home;
	*agent = ipsec_home_at(s, i)->agent;
	return true;
}

/* Charon's: the one with the newest keys counts, which the kernel tells first. */
static bool is_charons(const struct ipsec_entry *e, const struct xfrm_seen *sa)
{
	return !e->sa.cipher && !e->installed && e->sa.reqid == sa->reqid &&
	       addr_eq(e->sa.towards == MIP_TO_AGENT ? &e->sa.agent : &e->sa.home, &sa->dst);
}

static void count_one(void *ctx, const struct xfrm_seen *sa)
{
	struct ipsec *s = ctx;

	for (size_t i = 0; i < s->entries; i++) {
		struct ipsec_entry *e = &s->entry[i];

		if (is_charons(e, sa)) {
			e->sa.spi = sa->spi;
			e->dst = sa->dst;
			e->installed = true;
		}
		if (e->installed && e->sa.spi == sa->spi && addr_eq(&e->dst, &sa->dst)) {
			e->counts = (struct ipsec_counts){.spi = sa->spi,
				.cipher = ipsec_cipher(sa->cipher),
				.auth = ipsec_auth(sa->auth),
				.made = sa->made,
				.renewal = sa->renewal ? sa->made + sa->renewal : 0,
				.packets = sa->counts.packets,
				.bytes = sa->counts.bytes,
				.failed = sa->counts.failed};
			e->lost = false;
		}
	}
}

void ipsec_refresh(struct ipsec *s)
{
	for (size_t i = 0; i < s->entries; i++) {
		s->entry[i].lost = true;
		s->entry[i].installed &= s->entry[i].sa.cipher != 0;
	}
	if (!s->entries || !xfrm_each_sa(s->x, count_one, s, NULL))
		return;
	for (size_t i = 0; i < s->entries; i++)
		s->entry[i].lost = false; /* who knows */
}

struct ipsec_counts ipsec_counts(const struct ipsec *s, const struct ipsec_sa *sa)
{
	const struct ipsec_entry *e = ipsec_entry_find(s->entry, s->entries, sa);
	struct ipsec_counts c;

	if (!e)
		return (struct ipsec_counts){0};
	c = e->counts;
	c.installed = e->installed && !e->lost;
	return c;
}

bool ipsec_place(const struct ipsec *s, const struct in6_addr *home, struct in6_addr *coa)
{
	const struct ipsec_home *h = ipsec_home_find(s, home);

	if (!h || !h->away)
		return false;
	*coa = h->coa;
	return true;
}

bool ipsec_keyed(const struct ipsec *s, const struct in6_addr *home)
{
	unsigned keyed = 0;

	for (size_t i = 0; i < s->entries; i++) {
		const struct ipsec_entry *e = &s->entry[i];

		if (!e->sa.cipher && addr_eq(&e->sa.home, home) && e->installed && !e->lost)
			keyed |= 1U << e->sa.towards;
	}
	return keyed == (1U << MIP_TO_AGENT | 1U << MIP_TO_HOME);
}

/* --- open and close ----------------------------------------------------------------------------------------------- */

/* What a mobile node sends with into its tunnel is known by the home agent's address, also before it has registered. */
static bool is_awaited(const struct ipsec_entry *e, const struct in6_addr *dst)
{
	return !e->installed && e->sa.mine && ipsec_is_tunnel(e->sa.protect) && e->sa.towards == MIP_TO_AGENT &&
	       addr_eq(&e->sa.agent, dst);
}

static bool keep_sa(void *ctx, const struct xfrm_seen *sa)
{
	struct ipsec *s = ctx;

	for (size_t i = 0; i < s->entries; i++) {
		struct ipsec_entry *e = &s->entry[i];

		if (!e->sa.cipher && e->sa.reqid == sa->reqid)
			return true; /* whether charon still knows it is asked there */
		if (e->sa.spi != sa->spi)
			continue;
		if (e->installed && addr_eq(&e->dst, &sa->dst))
			return true;
		if (is_awaited(e, &sa->dst)) {
			e->dst = sa->dst;
			e->left = true;
			return true;
		}
	}
	return false;
}

static bool is_among(const struct xfrm_policy *p, const struct xfrm_policy *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (xfrm_policy_same(p, &list[i]))
			return true;
	return false;
}

static bool keep_policy(void *ctx, const struct xfrm_policy *p)
{
	const struct ipsec *s = ctx;
	struct xfrm_policy ours[IPSEC_POLICIES];

	for (size_t i = 0; i < s->homes.n; i++)
		for (unsigned what = MIP_PROTECT_BINDING; what <= MIP_PROTECT_PAYLOAD; what++)
			if (ipsec_home_at(s, i)->set & IPSEC_BIT(what) &&
				is_among(p, ours, ipsec_policies(ipsec_home_at(s, i), what, ours)))
				return true;
	for (size_t i = 0; i < s->bypasses; i++)
		if (s->bypass[i].installed &&
			is_among(p, ours, ipsec_bypasses(&s->bypass[i], ipsec_home_find(s, &s->bypass[i].home), ours)))
			return true;
	return false;
}

int ipsec_sweep(struct ipsec *s, struct why *why)
{
	return s->x ? xfrm_sweep(s->x, &(struct xfrm_keep){s, keep_sa, keep_policy}, why) : 0;
}

int ipsec_open(
	struct ipsec **out, struct loop *loop, struct nl *nl, struct shim *shim, struct raw *raw, struct why *why)
{
	struct ipsec *s = calloc(1, sizeof(*s));
	uint64_t seed = 0;

	if (!s)
		return why_set(why, ENOMEM, "out of memory");
	if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
		seed = (uint64_t)clock_now();
	s->nl = nl;
	s->shim = shim;
	s->raw = raw;
	guard_unlead(s);
	shim_set_guard(shim, &(struct shim_guard){s, guard_in, guard_out});
	map_init(&s->homes, sizeof(struct in6_addr), seed);
	(void)!xfrm_open(&s->x, loop, &s->cannot);
	*out = s;
	return 0;
}

void ipsec_close(struct ipsec *s)
{
	if (!s)
		return;
	shim_set_guard(s->shim, NULL);
	s->bypasses = 0;
	while (s->homes.n)
		ipsec_home_out(s, ipsec_home_at(s, s->homes.n - 1));
	if (s->x)
		(void)!xfrm_sweep(s->x, NULL, NULL);
	xfrm_close(s->x);
	map_free(&s->homes);
	ipsec_free_entries(s->entry, s->entries);
	free(s->bypass);
	free(s);
}
