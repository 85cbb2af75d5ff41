/* conf.h: keys of the authentication option (RFC 4285 5.1). A home address has one, or IPsec, not both. */
#include <errno.h>
#include <string.h>

#include "base/addr.h"
#include "ctl/conf_impl.h"

#define SPI_MIN 256 /* those below are reserved, 5.1 */

static const struct {
	uint8_t said, alg; /* enum mip_auth, enum mh_alg */
} algorithms[] = {{MIP_HMAC_SHA1, MH_HMAC_SHA1}, {MIP_HMAC_SHA256, MH_HMAC_SHA256}};

#define ALGORITHMS (sizeof(algorithms) / sizeof(algorithms[0]))

const struct auth_key *conf_auth(const struct conf *c, const struct in6_addr *home)
{
	for (size_t i = 0; i < c->auths; i++)
		if (addr_eq(&c->auth[i].home, home))
			return &c->auth[i];
	return NULL;
}

static int take_key(const struct ctl_request *rq, struct auth_key *k, struct why *why)
{
	uint64_t said = ctl_num(rq, MIP_A_AUTH, MIP_HMAC_SHA1);
	const uint8_t *v;
	size_t len, i = 0;

	while (i < ALGORITHMS && algorithms[i].said != said)
		i++;
	if (i == ALGORITHMS)
		return why_attr(
			why, EINVAL, MIP_A_AUTH, "the option has hmac-sha1, or hmac-sha256 between two of ours");
	k->alg = algorithms[i].alg;
	v = ctl_key(rq, MIP_A_KEY, &len);
	if (!v)
		return ctl_need(rq, MIP_A_KEY, why);
	if (len != mh_key_len(k->alg))
		return why_attr(why, EINVAL, MIP_A_KEY, "this algorithm takes a key of %u octets, not %zu",
			mh_key_len(k->alg), len);
	memcpy(k->key, v, len);
	return 0;
}

int conf_auth_add(struct conf *c, const struct ctl_request *rq, struct why *why)
{
	struct auth_key *k = &c->auth[c->auths];
	int err = ctl_need(rq, MIP_A_HOME, why);

	if (!err)
		err = ctl_need(rq, MIP_A_SPI, why);
	if (!err && c->auths == CONF_AUTHS_MAX)
		err = why_set(why, ENOSPC, "no room for more than %d keys", CONF_AUTHS_MAX);
	if (err)
		return err;
	*k = (struct auth_key){.spi = (uint32_t)ctl_num(rq, MIP_A_SPI, 0)};
	err = conf_take_address(rq, MIP_A_HOME, &k->home, why);
	if (!err && conf_auth(c, &k->home))
		err = why_attr(why, EEXIST, MIP_A_HOME, "%s has a key already", addr_text(&k->home).s);
	if (!err && conf_protects(c, &k->home))
		err = why_attr(why, EEXIST, MIP_A_HOME, "IPsec protects %s already", addr_text(&k->home).s);
	if (!err && k->spi < SPI_MIN)
		err = why_attr(why, ERANGE, MIP_A_SPI, "an SPI is %u or more", SPI_MIN);
	if (!err)
		err = take_key(rq, k, why);
	if (!err)
		c->auths++;
	return err;
}

int conf_auth_del(struct conf *c, const struct ctl_request *rq, struct why *why)
{
	int err = ctl_need(rq, MIP_A_HOME, why);
	const struct auth_key *k = err ? NULL : conf_auth(c, ctl_addr(rq, MIP_A_HOME));

	if (err)
		return err;
	if (!k)
		return why_attr(why, ENOENT, MIP_A_HOME, "%s has no key", addr_text(ctl_addr(rq, MIP_A_HOME)).s);
	c->auth[k - c->auth] = c->auth[--c->auths];
	explicit_bzero(&c->auth[c->auths], sizeof(c->auth[0]));
	return 0;
}

void conf_auth_put(const struct auth_key *k, bool keys, struct ctl_msg *m)
{
	size_t i = 0;

	while (algorithms[i].alg != k->alg)
		i++;
	ctl_put_addr(m, MIP_A_HOME, &k->home);
	ctl_put_num(m, MIP_A_SPI, k->spi);
	ctl_put_num(m, MIP_A_AUTH, algorithms[i].said);
	if (keys)
		ctl_put_key(m, MIP_A_KEY, k->key, mh_key_len(k->alg));
}
