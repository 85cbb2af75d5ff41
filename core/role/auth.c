/* auth.h. Timestamps are those of NTP; they are compared as a circle, which goes round in 2036. */
#include "role/auth.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/addr.h"

_Static_assert(offsetof(struct auth_sa, conf.home) == offsetof(struct auth_sa, node) + sizeof(struct map_node),
	"the key follows the node");

static bool is_newer(uint64_t a, uint64_t b)
{
	return (int64_t)(a - b) > 0;
}

static struct auth_sa *auth_of(struct map_node *n)
{
	return n ? (struct auth_sa *)(void *)((char *)n - offsetof(struct auth_sa, node)) : NULL;
}

void auth_init(struct auth *a, uint64_t seed)
{
	map_init(&a->map, sizeof(struct in6_addr), seed);
}

static void drop_sa(struct auth *a, struct auth_sa *sa)
{
	map_del(&a->map, &sa->node);
	explicit_bzero(sa, sizeof(*sa));
	free(sa);
}

void auth_free(struct auth *a)
{
	while (a->map.n)
		drop_sa(a, auth_of(a->map.item[a->map.n - 1]));
	map_free(&a->map);
}

static struct auth_sa *add_sa(struct auth *a, const struct in6_addr *home, usec wall)
{
	struct auth_sa *sa = calloc(1, sizeof(*sa));

	if (!sa)
		return NULL;
	sa->conf.home = *home;
	sa->last = mh_timestamp(wall);
	if (!map_add(&a->map, &sa->node))
		return sa;
	free(sa);
	return NULL;
}

int auth_set(struct auth *a, const struct auth_key *list, size_t n, usec wall)
{
	int err = 0;

	for (size_t i = 0; i < n && !err; i++) {
		struct auth_sa *sa = auth_find(a, &list[i].home) ?: add_sa(a, &list[i].home, wall);

		err = sa ? 0 : -ENOMEM;
		if (sa) {
			sa->conf = list[i];
			sa->wanted = true;
		}
	}
	for (size_t i = a->map.n; i-- > 0;) {
		struct auth_sa *sa = auth_of(a->map.item[i]);

		if (!sa->wanted)
			drop_sa(a, sa);
		else
			sa->wanted = false;
	}
	return err;
}

struct auth_sa *auth_find(const struct auth *a, const struct in6_addr *home)
{
	return a->map.n ? auth_of(map_find(&a->map, home)) : NULL;
}

static void fill_auth(const struct auth_sa *sa, const struct in6_addr *coa, struct mh_auth *to)
{
	*to = (struct mh_auth){.alg = sa->conf.alg, .coa = *coa, .end = sa->conf.home};
	memcpy(to->key, sa->conf.key, sizeof(to->key));
}

void auth_add(
	const struct auth_sa *sa, struct mh *m, const struct in6_addr *coa, uint64_t timestamp, struct mh_auth *to)
{
	m->opt.has |= MHO_MN_HA | MHO_TIMESTAMP;
	m->opt.timestamp = timestamp;
	m->opt.mn_ha = (struct mh_mac){.spi = sa->conf.spi, .len = mh_mac_len(sa->conf.alg)};
	fill_auth(sa, coa, to);
}

bool auth_has(const struct auth_sa *sa, const struct mh *m)
{
	return m->opt.has & MHO_MN_HA && m->opt.mn_ha.spi == sa->conf.spi;
}

bool auth_ok(struct auth_sa *sa, const struct mh *m, const struct in6_addr *coa)
{
	struct mh_auth auth;
	bool ok;

	fill_auth(sa, coa, &auth);
	ok = mh_signed(&auth, m);
	explicit_bzero(&auth, sizeof(auth));
	*(ok ? &sa->good : &sa->bad) += 1;
	return ok;
}

/* --- time --------------------------------------------------------------------------------------------------------- */

bool auth_take(struct auth_sa *sa, uint64_t timestamp, usec wall)
{
	usec off = mh_time(timestamp) - wall;

	if (off > AUTH_WINDOW || off < -AUTH_WINDOW || !is_newer(timestamp, sa->last))
		return false;
	sa->last = timestamp;
	return true;
}

uint64_t auth_correct(uint64_t timestamp, usec wall)
{
	return (mh_timestamp(wall) & ~(uint64_t)UINT32_MAX) | (timestamp & UINT32_MAX);
}

uint64_t auth_next(struct auth_sa *sa, bool again, usec wall)
{
	uint64_t next = mh_timestamp(wall + sa->ahead);

	sa->last = sa->last && !is_newer(next, sa->last) ? sa->last + 1 : next;
	if (!again || !sa->first) /* the key may be younger than what is said again */
		sa->first = sa->last;
	return sa->last;
}

/* A mismatch tells the time of the home agent, and of ours the fraction alone: of the last one. */
bool auth_answers(const struct auth_sa *sa, const struct mh *ba)
{
	uint64_t t = ba->opt.timestamp;

	if (!(ba->opt.has & MHO_TIMESTAMP))
		return false;
	if (ba->u.ba.status == BA_ID_MISMATCH)
		return (uint32_t)t == (uint32_t)sa->last;
	return !is_newer(sa->first, t) && !is_newer(t, sa->last);
}

void auth_adjust(struct auth_sa *sa, uint64_t timestamp, usec wall)
{
	sa->ahead = mh_time(timestamp) - wall;
	sa->last = 0;
}
