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

	if (sa->ike)
		return s;
	memcpy(s.key, sa->key, sizeof(s.key));
	memcpy(s.auth_key, sa->auth_key, sizeof(s.auth_key));
	return s;
}

static struct ike_conf ike_of(const struct conf *c, const struct conf_sa *sa)
{
	struct ike_conf i = {.home = sa->home,
		.agent = sa->agent,
		.mine = conf_is_mine(c, &sa->home),
		.cert = sa->ike == CONF_CERT,
		.reqid = sa->reqid,
		.rekey = sa->rekey};

	memcpy(i.id, sa->id, sizeof(i.id));
	memcpy(i.file, sa->file, sizeof(i.file));
	return i;
}

static bool has(const struct conf *c, const struct conf_sa *sa)
{
	for (size_t i = 0; i < c->sas; i++)
		if (c->sa[i].ike == sa->ike &&
			(!sa->ike || (!strcmp(c->sa[i].id, sa->id) && !strcmp(c->sa[i].file, sa->file))) &&
			c->sa[i].spi == sa->spi && c->sa[i].towards == sa->towards &&
			addr_eq(&c->sa[i].home, &sa->home))
			return true;
	return false;
}

/* Which algorithms it will be is not known yet: some that every kernel has. And the file is there. */
static int try_ike(struct agent *a, const struct conf *want, const struct conf_sa *sa, struct why *why)
{
	struct ike_conf conf = ike_of(want, sa);
	struct ipsec_sa s = sa_of(want, sa);
	int err = ike_check_file(&conf, why);

	s.towards = MIP_TO_AGENT;
	s.spi = UINT32_MAX;
	s.cipher = MIP_AES_CBC;
	s.key_len = 16;
	s.auth = MIP_HMAC_SHA256;
	s.auth_key_len = 32;
	return err ?: ipsec_try(&a->loop, &s, why);
}

/* Nothing stands in the kernel yet, while no role runs and of keys that are negotiated, but whether it can is said at
 * once. */
static int try_new(struct agent *a, const struct conf *want, struct why *why)
{
	int err = 0;

	for (size_t i = 0; i < want->sas && !err; i++) {
		const struct conf_sa *sa = &want->sa[i];
		struct ipsec_sa s;

		if ((!sa->ike && host_is_open(&a->host)) || has(&a->conf, sa))
			continue;
		s = sa_of(want, sa);
		err = sa->ike ? try_ike(a, want, sa, why) : ipsec_try(&a->loop, &s, why);
		explicit_bzero(&s, sizeof(s));
	}
	return err;
}

static int follow_ike(struct agent *a, const struct conf *want, struct why *why)
{
	struct ike_conf *list = calloc(want->sas + 1, sizeof(*list));
	size_t n = 0;
	int err;

	if (!list)
		return why_set(why, ENOMEM, "out of memory");
	for (size_t i = 0; i < want->sas; i++)
		if (want->sa[i].ike && (want->ha.enabled || conf_is_mine(want, &want->sa[i].home)))
			list[n++] = ike_of(want, &want->sa[i]);
	err = ike_set(a->host.ike, list, n, why);
	free(list);
	return err;
}

/* Two of one line where keys are negotiated. */
static size_t add(const struct conf *want, const struct conf_sa *sa, struct ipsec_sa *list)
{
	list[0] = list[1] = sa_of(want, sa);
	if (!sa->ike)
		return 1;
	list[0].towards = MIP_TO_AGENT;
	list[1].towards = MIP_TO_HOME;
	return 2;
}

int agent_follow_ipsec(struct agent *a, const struct conf *want, struct why *why)
{
	struct ipsec_sa *list;
	size_t n = 0;
	int err = try_new(a, want, why);

	if (err || !host_is_open(&a->host))
		return err;
	list = calloc(2 * want->sas + 1, sizeof(*list));
	if (!list)
		return why_set(why, ENOMEM, "out of memory");
	for (size_t i = 0; i < want->sas; i++)
		if (want->ha.enabled || conf_is_mine(want, &want->sa[i].home))
			n += add(want, &want->sa[i], &list[n]);
	err = host_protect(&a->host, list, n, why);
	explicit_bzero(list, (2 * want->sas + 1) * sizeof(*list));
	free(list);
	return err ?: follow_ike(a, want, why);
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
	*to = (struct sa_facts){
		c.installed, c.spi, "", "", c.cipher, c.auth, c.made, c.renewal, c.packets, c.bytes, c.failed};
	if (!host_is_open(&a->host))
		return;
	to->waits = ike_trouble(a->host.ike, &sa->home);
	to->refused = c.installed ? "" : ike_refused(a->host.ike, &sa->home);
}
