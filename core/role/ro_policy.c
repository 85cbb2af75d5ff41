/*
 * Which correspondents are worth route optimization: what the user wishes for them
 * by prefix, and what their traffic looks like. How they get it is ro.c's.
 */
#include <errno.h>

#include "base/addr.h"
#include "role/ro_impl.h"

#define WORTH_PACKETS 3 /* and at least one each way: a port scan gets no further */
#define WORTH_WITHIN  (10 * SEC)

enum mip_ro_policy ro_mode(const struct mn *mn, const struct in6_addr *peer)
{
	const struct ro_policy *best = NULL;

	for (size_t i = 0; i < mn->policies; i++) {
		const struct ro_policy *p = &mn->policy[i];

		if (addr_in(&p->peer, peer, p->plen) && (!best || p->plen > best->plen))
			best = p;
	}
	return best ? best->mode : mn->mode;
}

static struct ro_candidate *candidate(struct mn *mn, const struct in6_addr *home, const struct in6_addr *peer, usec now)
{
	struct ro_candidate *oldest = &mn->candidate[0];

	for (size_t i = 0; i < MN_CANDIDATES; i++) {
		struct ro_candidate *c = &mn->candidate[i];

		if (c->since && addr_eq(&c->peer, peer) && addr_eq(&c->home, home)) {
			if (now - c->since > WORTH_WITHIN)
				*c = (struct ro_candidate){*home, *peer, now, 0, 0};
			return c;
		}
		if (c->since < oldest->since)
			oldest = c;
	}
	*oldest = (struct ro_candidate){*home, *peer, now, 0, 0};
	return oldest;
}

bool ro_worth_it(struct mn *mn, const struct in6_addr *home, const struct in6_addr *peer, bool out, usec now)
{
	struct ro_candidate *c = candidate(mn, home, peer, now);

	if (out)
		c->out++;
	else
		c->in++;
	if (!c->in || !c->out || c->in + c->out < WORTH_PACKETS)
		return false;
	c->since = 0;
	return true;
}

static struct ro_policy *find_policy(struct mn *mn, const struct in6_addr *peer, uint8_t plen)
{
	for (size_t i = 0; i < mn->policies; i++)
		if (mn->policy[i].plen == plen && addr_in(&mn->policy[i].peer, peer, plen))
			return &mn->policy[i];
	return NULL;
}

static void apply_policy(struct mn *mn, struct mn_home *h, struct bul_entry *e, usec now)
{
	if (ro_mode(mn, &e->peer) == MIP_RO_NEVER)
		ro_unwanted(mn, h, e, now);
}

/* A correspondent wished for by its address is wanted without traffic. */
static void want(struct mn *mn, const struct mn_home *h, const struct ro_policy *p, usec now)
{
	if (p->mode == MIP_RO_ALWAYS && p->plen == 128)
		ro_on_traffic(mn, &h->conf.home, &p->peer, true, now);
}

void ro_want_always(struct mn *mn, const struct mn_home *h, usec now)
{
	for (size_t i = 0; i < mn->policies; i++)
		want(mn, h, &mn->policy[i], now);
}

int ro_policy_set(struct mn *mn, const struct ro_policy *p, usec now, struct why *why)
{
	struct ro_policy *at = find_policy(mn, &p->peer, p->plen);

	if (!at && mn->policies == MN_POLICIES_MAX)
		return why_set(why, ENOSPC, "no room for more than %d policies", MN_POLICIES_MAX);
	if (!at)
		at = &mn->policy[mn->policies++];
	*at = *p;
	for (size_t i = 0; i < mn->homes; i++) {
		ro_each_peer(mn, &mn->home[i], now, apply_policy);
		want(mn, &mn->home[i], p, now);
	}
	return 0;
}

int ro_policy_del(struct mn *mn, const struct in6_addr *peer, uint8_t plen, struct why *why)
{
	struct ro_policy *p = find_policy(mn, peer, plen);

	if (!p)
		return why_set(why, ENOENT, "no policy for %s/%u", addr_text(peer).s, plen);
	*p = mn->policy[--mn->policies];
	return 0;
}
