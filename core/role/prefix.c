/* prefix.h: an array; a link has few prefixes. */
#include "base/addr.h"
#include "role/prefix.h"

#define TWO_HOURS (2 * 3600 * SEC)
#define SLACK	  (2 * SEC) /* a lifetime that counts down arrives a little late or early */

usec prefix_until(uint32_t lifetime, usec now)
{
	return lifetime == UINT32_MAX ? NEVER : now + lifetime * SEC;
}

uint32_t prefix_left(usec until, usec now)
{
	if (until == NEVER)
		return UINT32_MAX;
	return until <= now ? 0 : (uint32_t)((until - now + SEC / 2) / SEC);
}

void prefixes_expire(struct prefixes *l, usec now)
{
	for (size_t i = l->n; i-- > 0;)
		if (l->list[i].valid_until <= now)
			l->list[i] = l->list[--l->n];
}

const struct prefix *prefixes_find(const struct prefixes *l, const struct in6_addr *addr)
{
	const struct prefix *best = NULL;

	for (size_t i = 0; i < l->n; i++)
		if (addr_in(&l->list[i].prefix, addr, l->list[i].len) && (!best || l->list[i].len > best->len))
			best = &l->list[i];
	return best;
}

static struct prefix *slot(struct prefixes *l, const struct nd_prefix *p)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->list[i].len == p->len && addr_in(&l->list[i].prefix, &p->prefix, p->len))
			return &l->list[i];
	return NULL;
}

/* Another value than before, and not the old one counted down. */
static bool differs(uint32_t told, uint32_t before, usec until, usec now)
{
	usec end = prefix_until(told, now);

	if (told == before)
		return false;
	return end == NEVER || until == NEVER || end > until + SLACK || until > end + SLACK;
}

static usec two_hour_rule(usec end, usec until, usec now)
{
	if (end > now + TWO_HOURS || end >= until)
		return end;
	return until < now + TWO_HOURS ? until : now + TWO_HOURS;
}

static bool renew_prefix(struct prefix *x, const struct nd_prefix *p, bool ours, usec now)
{
	usec end = prefix_until(p->valid, now);
	bool changed = x->onlink != p->onlink || x->autoconf != p->autoconf ||
		       differs(p->valid, x->valid, x->valid_until, now) ||
		       differs(p->preferred, x->preferred, x->preferred_until, now);

	x->onlink = p->onlink;
	x->autoconf = p->autoconf;
	x->valid = p->valid;
	x->preferred = p->preferred;
	x->valid_until = ours ? end : two_hour_rule(end, x->valid_until, now);
	x->preferred_until = prefix_until(p->preferred, now);
	return changed;
}

static bool keep(struct prefixes *l, const struct nd_prefix *p, bool ours, usec now)
{
	struct prefix *x = slot(l, p);

	if (x)
		return renew_prefix(x, p, ours, now);
	if (!p->valid || l->n == PREFIXES_MAX)
		return false;
	x = &l->list[l->n++];
	*x = (struct prefix){.prefix = p->prefix, .len = p->len, .valid_until = now};
	renew_prefix(x, p, true, now);
	return true;
}

bool prefixes_on_ra(struct prefixes *l, const struct nd_ra *ra, bool ours, usec now)
{
	bool changed = false;

	prefixes_expire(l, now);
	for (size_t i = 0; i < ra->prefixes; i++) {
		const struct nd_prefix *p = &ra->prefix[i];

		if (p->len && p->len <= 128 && p->preferred <= p->valid && addr_routable(&p->prefix))
			changed |= keep(l, p, ours, now);
	}
	return changed;
}
