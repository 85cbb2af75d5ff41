/*
 * ipsec.h: the difference between what is wished for and what stands, one home address after the other. Policies are
 * taken down before the SAs they need, and put up after them; in between packets wait or are dropped, and never travel
 * without protection.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "host/ipsec_impl.h"

#define TRANSPORTS (IPSEC_BIT(MIP_PROTECT_BINDING) | IPSEC_BIT(MIP_PROTECT_PREFIX))

/* --- security associations ---------------------------------------------------------------------------------------- */

static bool belongs(const struct ipsec_entry *e, const struct ipsec_home *h)
{
	return addr_eq(&e->sa.home, &h->home) && addr_eq(&e->sa.agent, &h->agent);
}

static void unkey_one(void *ctx, const struct xfrm_seen *sa)
{
	struct ipsec_unkey *u = ctx;

	if (sa->reqid == u->reqid && sa->made < u->before)
		(void)!xfrm_sa_del(u->x, &sa->dst, sa->spi, NULL);
}

/* Charon's, of whatever SPI. */
static void unkey(struct ipsec *s, uint32_t reqid, uint64_t before)
{
	(void)!xfrm_each_sa(s->x, unkey_one, &(struct ipsec_unkey){s->x, reqid, before}, NULL);
}

void ipsec_unkey(struct ipsec *s, const struct in6_addr *home, uint64_t before)
{
	for (size_t i = 0; i < s->entries; i++)
		if (!s->entry[i].sa.cipher && addr_eq(&s->entry[i].sa.home, home) &&
			s->entry[i].sa.towards == MIP_TO_HOME)
			unkey(s, s->entry[i].sa.reqid, before);
}

static void sa_out(struct ipsec *s, struct ipsec_entry *e)
{
	if (!e->sa.cipher && e->sa.towards == MIP_TO_HOME)
		unkey(s, e->sa.reqid, UINT64_MAX);
	else if (e->installed || e->left)
		(void)!xfrm_sa_del(s->x, &e->dst, e->sa.spi, NULL);
	e->installed = e->left = false;
}

/* What moves to another destination is there before it is taken away from the old one. */
static int sa_in(struct ipsec *s, const struct ipsec_home *h, struct ipsec_entry *e, struct why *why)
{
	struct xfrm_sa k;
	int err;

	if (!e->sa.cipher)
		return 0;
	k = ipsec_kernel_sa(h, &e->sa);
	err = xfrm_sa_add(s->x, &k, why);
	if (err)
		return err;
	if (e->installed && !addr_eq(&e->dst, &k.dst))
		sa_out(s, e);
	e->installed = true;
	e->left = false;
	e->dst = k.dst;
	return 0;
}

/* Those of one protection; `again`: also those that stand. */
static int sas_in(struct ipsec *s, const struct ipsec_home *h, unsigned protect, bool again, struct why *why)
{
	int err = 0;

	for (size_t i = 0; i < s->entries && !err; i++) {
		struct ipsec_entry *e = &s->entry[i];

		if (belongs(e, h) && e->sa.protect == protect && (again || !e->installed))
			err = sa_in(s, h, e, why);
	}
	return err;
}

static void sas_out(struct ipsec *s, const struct ipsec_home *h, unsigned protect)
{
	for (size_t i = 0; i < s->entries; i++)
		if (belongs(&s->entry[i], h) && s->entry[i].sa.protect == protect && s->entry[i].installed)
			sa_out(s, &s->entry[i]);
}

/* --- policies ----------------------------------------------------------------------------------------------------- */

static int policies_in(struct ipsec *s, struct ipsec_home *h, unsigned protect, struct why *why)
{
	struct xfrm_policy p[IPSEC_POLICIES];
	size_t n = ipsec_policies(h, protect, p);
	int err = 0;

	h->set |= IPSEC_BIT(protect);
	for (size_t i = 0; i < n && !err; i++)
		err = xfrm_policy_set(s->x, &p[i], why);
	return err;
}

static void policies_out(struct ipsec *s, struct ipsec_home *h, unsigned protect)
{
	struct xfrm_policy p[IPSEC_POLICIES];
	size_t n = h->set & IPSEC_BIT(protect) ? ipsec_policies(h, protect, p) : 0;

	for (size_t i = 0; i < n; i++)
		(void)!xfrm_policy_del(s->x, &p[i], NULL);
	h->set &= ~IPSEC_BIT(protect);
}

/* What travels directly is let pass as long as everything else has to go through the tunnel. */
static int bypass_one(struct ipsec *s, struct ipsec_bypass *b, bool gone, struct why *why)
{
	const struct ipsec_home *h = ipsec_home_find(s, &b->home);
	bool want = !gone && h && h->mine && h->set & IPSEC_BIT(MIP_PROTECT_PAYLOAD);
	struct xfrm_policy p[IPSEC_POLICIES];
	size_t n = want == b->installed ? 0 : ipsec_bypasses(b, h, p);
	int err = 0;

	b->installed = want;
	for (size_t i = 0; i < n && !err; i++)
		err = want ? xfrm_policy_set(s->x, &p[i], why) : xfrm_policy_del(s->x, &p[i], why);
	return err;
}

static int bypass_all(struct ipsec *s, struct why *why)
{
	int err = 0;

	for (size_t i = 0; i < s->bypasses; i++)
		err = bypass_one(s, &s->bypass[i], false, why) ?: err;
	return err;
}

/* Until bypass_all: what they have of the tunnel is about to move. */
static void bypasses_out(struct ipsec *s, const struct in6_addr *home)
{
	for (size_t i = 0; i < s->bypasses; i++)
		if (addr_eq(&s->bypass[i].home, home))
			(void)!bypass_one(s, &s->bypass[i], true, NULL);
}

/* --- one home address --------------------------------------------------------------------------------------------- */

static bool may_stand(const struct ipsec_home *h, unsigned protect)
{
	return h->want & IPSEC_BIT(protect) && (h->away || !ipsec_is_tunnel(protect));
}

/* What may stand and does not is put up, what stands and may not is taken down. */
static int settle(struct ipsec *s, struct ipsec_home *h, struct why *why)
{
	int err = 0;

	for (unsigned p = MIP_PROTECT_PAYLOAD; p >= MIP_PROTECT_BINDING; p--) {
		if (!may_stand(h, p)) {
			policies_out(s, h, p);
			sas_out(s, h, p);
			continue;
		}
		err = err ?: sas_in(s, h, p, false, why);
		if (!err && !(h->set & IPSEC_BIT(p)))
			err = policies_in(s, h, p, why);
	}
	if (!(h->want & TRANSPORTS))
		guard_end(s, h);
	else if (!err)
		err = guard_begin(s, h, why);
	return err;
}

void ipsec_home_out(struct ipsec *s, struct ipsec_home *h)
{
	h->want = 0;
	(void)!settle(s, h, NULL);
	map_del(&s->homes, &h->node);
	free(h);
}

/* A kernel with one SA a direction moves it itself, in one step with the policy; it does not find a second one. */
static bool migrate(struct ipsec *s, const struct ipsec_home *h, unsigned protect, const struct in6_addr *coa)
{
	struct xfrm_policy old[IPSEC_POLICIES], new[IPSEC_POLICIES];
	struct ipsec_home moved = *h;
	size_t n = ipsec_policies(h, protect, old), sas = 0;

	moved.coa = *coa;
	ipsec_policies(&moved, protect, new);
	for (size_t i = 0; i < s->entries; i++)
		sas += belongs(&s->entry[i], h) && s->entry[i].sa.protect == protect;
	if (sas > 2)
		return false;
	for (size_t i = 0; i < n; i++)
		if (xfrm_migrate(s->x, &old[i], &new[i].from, &new[i].to, NULL))
			return false;
	return true;
}

/* One message about the policy outward tells charon. The SAs between home address and home agent stay as they are: no
 * SA has the addresses that it says are the old ones. Those of IKE would not do, for at home they are those of the SA.
 */
int ipsec_km_move(struct ipsec *s, const struct in6_addr *home, const struct in6_addr *to)
{
	const struct ipsec_home *h = ipsec_home_find(s, home);
	struct xfrm_policy p[IPSEC_POLICIES], *outward;
	struct xfrm_km km;

	if (!h || !(h->set & IPSEC_BIT(MIP_PROTECT_BINDING)))
		return -ENOENT;
	ipsec_policies(h, MIP_PROTECT_BINDING, p);
	outward = h->mine ? &p[0] : &p[1];
	outward->from = outward->to = in6addr_any;
	km.local = h->mine ? *to : h->agent;
	km.remote = h->mine ? h->agent : *to;
	return xfrm_migrate(s->x, outward, &km.local, &km.remote, &km);
}

static void note_moved(struct ipsec *s, const struct ipsec_home *h, unsigned protect)
{
	for (size_t i = 0; i < s->entries; i++) {
		struct ipsec_entry *e = &s->entry[i];

		if (belongs(e, h) && e->sa.protect == protect && e->sa.towards == MIP_TO_HOME)
			e->dst = h->coa;
	}
}

static int move(struct ipsec *s, struct ipsec_home *h, unsigned protect, const struct in6_addr *coa, struct why *why)
{
	struct in6_addr was = h->coa;
	bool moved = migrate(s, h, protect, coa);
	int err = 0;

	h->coa = *coa;
	if (moved)
		note_moved(s, h, protect);
	else
		err = sas_in(s, h, protect, true, why) ?: policies_in(s, h, protect, why);
	h->coa = was;
	return err;
}

int ipsec_away(struct ipsec *s, const struct in6_addr *home, const struct in6_addr *agent, const struct in6_addr *coa,
	struct why *why)
{
	struct ipsec_home *h = ipsec_home_find(s, home);
	int err = 0;

	if (!h || !addr_eq(&h->agent, agent))
		return 0;
	if (h->away && !addr_eq(&h->coa, coa)) {
		bypasses_out(s, home);
		for (unsigned p = MIP_PROTECT_TEST; p <= MIP_PROTECT_PAYLOAD && !err; p++)
			if (h->set & IPSEC_BIT(p))
				err = move(s, h, p, coa, why);
	}
	h->away = true;
	h->coa = *coa;
	err = err ?: settle(s, h, why);
	return err ?: bypass_all(s, why);
}

void ipsec_home(struct ipsec *s, const struct in6_addr *home)
{
	struct ipsec_home *h = ipsec_home_find(s, home);

	if (!h || !h->away)
		return;
	h->away = false;
	(void)!settle(s, h, NULL);
	(void)!bypass_all(s, NULL);
}

int ipsec_bypass(struct ipsec *s, const struct in6_addr *home, const struct in6_addr *peer, bool on, struct why *why)
{
	size_t i = 0;

	while (i < s->bypasses && !(addr_eq(&s->bypass[i].home, home) && addr_eq(&s->bypass[i].peer, peer)))
		i++;
	if (!on && i < s->bypasses) {
		(void)!bypass_one(s, &s->bypass[i], true, NULL);
		s->bypass[i] = s->bypass[--s->bypasses];
	}
	if (!on)
		return 0;
	if (i == s->bypass_room) {
		size_t room = i ? 2 * i : 16;
		struct ipsec_bypass *b = realloc(s->bypass, room * sizeof(*b));

		if (!b)
			return why_set(why, ENOMEM, "out of memory");
		s->bypass = b;
		s->bypass_room = room;
	}
	if (i == s->bypasses)
		s->bypass[s->bypasses++] = (struct ipsec_bypass){*home, *peer, false};
	return bypass_one(s, &s->bypass[i], false, why);
}

/* --- all of them -------------------------------------------------------------------------------------------------- */

static bool same_sa(const struct ipsec_sa *a, const struct ipsec_sa *b)
{
	return addr_eq(&a->home, &b->home) && addr_eq(&a->agent, &b->agent) && a->mine == b->mine &&
	       a->protect == b->protect && a->towards == b->towards && a->cipher == b->cipher && a->auth == b->auth &&
	       (a->spi == b->spi || !a->cipher) && a->reqid == b->reqid && a->key_len == b->key_len &&
	       a->auth_key_len == b->auth_key_len && !memcmp(a->key, b->key, a->key_len) &&
	       !memcmp(a->auth_key, b->auth_key, a->auth_key_len);
}

struct ipsec_entry *ipsec_entry_find(struct ipsec_entry *list, size_t n, const struct ipsec_sa *sa)
{
	for (size_t i = 0; i < n; i++)
		if (same_sa(&list[i].sa, sa))
			return &list[i];
	return NULL;
}

void ipsec_free_entries(struct ipsec_entry *list, size_t n)
{
	if (list)
		explicit_bzero(list, n * sizeof(*list));
	free(list);
}

/* The new list, with what stands of the old one; what does not stay is taken out. */
static int replace_entries(struct ipsec *s, const struct ipsec_sa *list, size_t n, struct why *why)
{
	struct ipsec_entry *new = calloc(n ? n : 1, sizeof(*new));

	if (!new)
		return why_set(why, ENOMEM, "out of memory");
	for (size_t i = 0; i < n; i++) {
		struct ipsec_entry *old = ipsec_entry_find(s->entry, s->entries, &list[i]);

		if (old)
			new[i] = *old;
		new[i].sa = list[i];
	}
	for (size_t i = 0; i < s->entries; i++)
		if (!ipsec_entry_find(new, n, &s->entry[i].sa))
			sa_out(s, &s->entry[i]);
	ipsec_free_entries(s->entry, s->entries);
	s->entry = new;
	s->entries = n;
	return 0;
}

/* The home address of an SA, wanting what this one protects, too. */
static int want(struct ipsec *s, const struct ipsec_sa *sa, struct why *why)
{
	struct ipsec_home *h = ipsec_home_find(s, &sa->home);

	if (!h) {
		h = calloc(1, sizeof(*h));
		if (!h)
			return why_set(why, ENOMEM, "out of memory");
		h->home = sa->home;
		h->agent = sa->agent;
		h->mine = sa->mine;
		if (map_add(&s->homes, &h->node)) {
			free(h);
			return why_set(why, ENOMEM, "out of memory");
		}
	}
	h->want |= IPSEC_BIT(sa->protect);
	h->reqid[sa->protect] = sa->reqid;
	return 0;
}

static const struct ipsec_sa *sa_of(const struct ipsec_home *h, const struct ipsec_sa *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (addr_eq(&list[i].home, &h->home))
			return &list[i];
	return NULL;
}

/* Policies go before the SAs they need. One that has another agent now, or is at the other end, begins anew. */
static void drop_unwanted(struct ipsec *s, const struct ipsec_sa *list, size_t n)
{
	for (size_t i = s->homes.n; i-- > 0;) {
		struct ipsec_home *h = ipsec_home_at(s, i);
		const struct ipsec_sa *sa = sa_of(h, list, n);

		if (!sa || !addr_eq(&sa->agent, &h->agent) || sa->mine != h->mine)
			ipsec_home_out(s, h);
		else
			h->want = 0;
	}
}

int ipsec_set(struct ipsec *s, const struct ipsec_sa *list, size_t n, struct why *why)
{
	int err = 0;

	if (n && !s->x)
		return why_set(why, s->cannot.err, "%s", s->cannot.text);
	drop_unwanted(s, list, n);
	err = replace_entries(s, list, n, why);
	for (size_t i = 0; i < n && !err; i++)
		err = want(s, &list[i], why);
	for (size_t i = 0; i < s->homes.n && !err; i++)
		err = settle(s, ipsec_home_at(s, i), why);
	return err ?: bypass_all(s, why);
}

int ipsec_try(struct loop *loop, const struct ipsec_sa *sa, struct why *why)
{
	struct ipsec_home h = {.home = sa->home, .agent = sa->agent, .coa = sa->home};
	struct xfrm_sa k = ipsec_kernel_sa(&h, sa);
	struct xfrm *x;
	int err = xfrm_open(&x, loop, why);

	if (err)
		return err;
	err = xfrm_sa_try(x, &k, why);
	xfrm_close(x);
	return err;
}
