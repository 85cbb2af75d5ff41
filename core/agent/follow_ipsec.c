/* agent_impl.h: the configuration's security associations in the kernel's terms, and what the kernel says of them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/agent_impl.h"
#include "base/addr.h"

static struct ipsec_sa sa_of(const struct conf *c, const struct conf_sa *sa)
{
	struct ipsec_sa s = {.home = sa->home,
		.agent = sa->agent,
		.mine = conf_is_mine(c, &sa->home),
		.protect = sa->protect,
		.towards = sa->towards,
		.cipher = sa->cipher,
		.auth = sa->auth,
		.key_len = sa->key_len,
		.auth_key_len = sa->auth_key_len,
		.spi = sa->spi,
		.reqid = sa->reqid};

	memcpy(s.key, sa->key, sizeof(s.key));
	memcpy(s.auth_key, sa->auth_key, sizeof(s.auth_key));
	return s;
}

static bool has(const struct conf *c, const struct conf_sa *sa)
{
	for (size_t i = 0; i < c->sas; i++)
		if (c->sa[i].spi == sa->spi && c->sa[i].towards == sa->towards && addr_eq(&c->sa[i].home, &sa->home))
			return true;
	return false;
}

/* No role runs: nothing stands in the kernel yet, but whether it can is said at once. */
static int try_new(struct agent *a, const struct conf *want, struct why *why)
{
	int err = 0;

	for (size_t i = 0; i < want->sas && !err; i++) {
		struct ipsec_sa s = sa_of(want, &want->sa[i]);

		if (!has(&a->conf, &want->sa[i]))
			err = ipsec_try(&a->loop, &s, why);
		explicit_bzero(&s, sizeof(s));
	}
	return err;
}

int agent_follow_ipsec(struct agent *a, const struct conf *want, struct why *why)
{
	struct ipsec_sa *list;
	size_t n = 0;
	int err;

	if (!host_is_open(&a->host))
		return try_new(a, want, why);
	list = calloc(want->sas + 1, sizeof(*list));
	if (!list)
		return why_set(why, ENOMEM, "out of memory");
	for (size_t i = 0; i < want->sas; i++)
		if (want->ha.enabled || conf_is_mine(want, &want->sa[i].home))
			list[n++] = sa_of(want, &want->sa[i]);
	err = host_protect(&a->host, list, n, why);
	explicit_bzero(list, (want->sas + 1) * sizeof(*list));
	free(list);
	return err;
}

void agent_sa_facts(void *ctx, const struct conf_sa *sa, bool first, struct sa_facts *to)
{
	struct agent *a = ctx;
	struct ipsec_sa s = sa_of(&a->conf, sa);
	struct ipsec_counts c = {0};

	if (host_is_open(&a->host) && first)
		ipsec_refresh(a->host.ipsec);
	if (host_is_open(&a->host))
		c = ipsec_counts(a->host.ipsec, &s);
	explicit_bzero(&s, sizeof(s));
	*to = (struct sa_facts){c.installed, c.packets, c.bytes, c.failed};
}
