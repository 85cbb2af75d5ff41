/* conf.h: what IPsec protects, with keys set by hand or negotiated. What the kernel would refuse for its form is
 * refused here. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/addr.h"
#include "ctl/conf_impl.h"

#define SPI_MIN	   256 /* those below are reserved, RFC 4303 2.1 */
#define REQID_BASE 0x6d000000
#define REQID_STEP 8 /* reqids of one home address: base, and the protection */
#define SLOTS	   (1U << 20)
#define REKEY_MIN  10
#define REKEY_MAX  (7 * 24 * 3600)

/* Octets of the keys an algorithm takes. */
struct lengths {
	uint8_t len[3];
};

static const struct lengths cipher_keys[] = {
	[MIP_AES_CBC] = {{16, 24, 32}},
	[MIP_AES_GCM] = {{20, 28, 36}}, /* with 4 octets of salt, RFC 4106 8.1 */
	[MIP_3DES_CBC] = {{24}},
};

static const struct lengths auth_keys[] = {
	[MIP_HMAC_SHA256] = {{32}},
	[MIP_HMAC_SHA384] = {{48}},
	[MIP_HMAC_SHA512] = {{64}},
	[MIP_HMAC_SHA1] = {{20}},
};

static int take_key(const struct ctl_request *rq, enum mip_attr a, const struct lengths *fit, uint8_t key[MIP_KEY_MAX],
	uint8_t *len, struct why *why)
{
	size_t given;
	const uint8_t *v = ctl_key(rq, a, &given);

	for (size_t i = 0; v && i < sizeof(fit->len); i++)
		if (fit->len[i] && fit->len[i] == given) {
			memcpy(key, v, given);
			*len = (uint8_t)given;
			return 0;
		}
	if (!v)
		return ctl_need(rq, a, why);
	if (!fit->len[1])
		return why_attr(why, EINVAL, a, "this algorithm takes a key of %u octets, not %zu", fit->len[0], given);
	return why_attr(why, EINVAL, a, "this algorithm takes a key of %u, %u or %u octets, not %zu", fit->len[0],
		fit->len[1], fit->len[2], given);
}

static int take_cipher(const struct ctl_request *rq, struct conf_sa *sa, struct why *why)
{
	uint64_t v = ctl_num(rq, MIP_A_CIPHER, 0);

	if (v < MIP_AES_CBC || v > MIP_3DES_CBC)
		return ctl_need(rq, MIP_A_CIPHER, why)
			       ?: why_attr(why, EINVAL, MIP_A_CIPHER, "no such encryption algorithm");
	sa->cipher = (uint8_t)v;
	return take_key(rq, MIP_A_KEY, &cipher_keys[v], sa->key, &sa->key_len, why);
}

/* ESP without an integrity check protects nothing. */
static int take_auth(const struct ctl_request *rq, struct conf_sa *sa, struct why *why)
{
	uint64_t v = ctl_num(rq, MIP_A_AUTH, 0);

	if (sa->cipher == MIP_AES_GCM)
		return v ? why_attr(why, EINVAL, MIP_A_AUTH, "aes-gcm authenticates itself") : 0;
	if (v < MIP_HMAC_SHA256 || v > MIP_HMAC_SHA1)
		return ctl_need(rq, MIP_A_AUTH, why)
			       ?: why_attr(why, EINVAL, MIP_A_AUTH, "no such authentication algorithm");
	sa->auth = (uint8_t)v;
	return take_key(rq, MIP_A_AUTH_KEY, &auth_keys[v], sa->auth_key, &sa->auth_key_len, why);
}

static int take_end(const struct ctl_request *rq, enum mip_attr a, struct in6_addr *to, struct why *why)
{
	int err = ctl_need(rq, a, why);

	if (err)
		return err;
	*to = *ctl_addr(rq, a);
	if (!addr_routable(to))
		return why_attr(why, EINVAL, a, "%s is not a unicast routable address", addr_text(to).s);
	return 0;
}

/* What is protected: home, agent, protection. */
static int take_ends(const struct ctl_request *rq, struct conf_sa *sa, struct why *why)
{
	uint64_t protect = ctl_num(rq, MIP_A_PROTECT, 0);
	int err = take_end(rq, MIP_A_HOME, &sa->home, why);

	if (!err)
		err = take_end(rq, MIP_A_AGENT, &sa->agent, why);
	if (!err && addr_eq(&sa->home, &sa->agent))
		err = why_attr(why, EINVAL, MIP_A_AGENT, "the home agent has the home address itself");
	if (!err && (protect < MIP_PROTECT_BINDING || protect > MIP_PROTECT_PAYLOAD))
		err = ctl_need(rq, MIP_A_PROTECT, why) ?: why_attr(why, EINVAL, MIP_A_PROTECT, "no such protection");
	sa->protect = (uint8_t)protect;
	return err;
}

/* Direction and SPI. */
static int take_way(const struct ctl_request *rq, struct conf_sa *sa, struct why *why)
{
	uint64_t towards = ctl_num(rq, MIP_A_TOWARDS, 0);
	int err = 0;

	if (towards < MIP_TO_AGENT || towards > MIP_TO_HOME)
		err = ctl_need(rq, MIP_A_TOWARDS, why) ?: why_attr(why, EINVAL, MIP_A_TOWARDS, "no such direction");
	if (!err)
		err = ctl_need(rq, MIP_A_SPI, why);
	if (err)
		return err;
	sa->towards = (uint8_t)towards;
	sa->spi = (uint32_t)ctl_num(rq, MIP_A_SPI, 0);
	if (sa->spi < SPI_MIN)
		return why_attr(why, ERANGE, MIP_A_SPI, "an SPI is %u or more", SPI_MIN);
	return 0;
}

static int take_text(const struct ctl_request *rq, enum mip_attr a, char to[static MIP_NAME_MAX], struct why *why)
{
	const char *v = ctl_str(rq, a);

	if (!v)
		return ctl_need(rq, a, why);
	if (strpbrk(v, " \t#")) /* a configuration file could not say it */
		return why_attr(why, EINVAL, a, "no blanks and no #; those of a subject can be left out: C=CH,CN=mn1");
	if (strlen(v) >= MIP_NAME_MAX)
		return why_attr(why, EINVAL, a, "longer than %d characters", MIP_NAME_MAX - 1);
	snprintf(to, MIP_NAME_MAX, "%s", v);
	return 0;
}

static int take_ike(const struct ctl_request *rq, struct conf_sa *sa, struct why *why)
{
	enum mip_attr file = ctl_has(rq, MIP_A_CERT) ? MIP_A_CERT : MIP_A_PSK;
	int err = take_text(rq, MIP_A_IKE_ID, sa->id, why);

	if (sa->protect != MIP_PROTECT_BINDING)
		return why_attr(why, EOPNOTSUPP, MIP_A_PROTECT,
			"keys are negotiated for protect binding; others have keys set by hand");
	if (!err && ctl_has(rq, MIP_A_CERT) && ctl_has(rq, MIP_A_PSK))
		err = why_attr(why, EINVAL, MIP_A_PSK, "a certificate or a shared secret, not both");
	if (!err)
		err = take_text(rq, file, sa->file, why);
	if (!err && sa->file[0] != '/')
		err = why_attr(why, EINVAL, file, "the agent needs the whole path, from /");
	sa->ike = file == MIP_A_CERT ? CONF_CERT : CONF_PSK;
	sa->rekey = (uint32_t)ctl_num(rq, MIP_A_REKEY, 0);
	if (!err && ctl_has(rq, MIP_A_REKEY) && (sa->rekey < REKEY_MIN || sa->rekey > REKEY_MAX))
		err = why_attr(why, ERANGE, MIP_A_REKEY, "from %d seconds to %d hours", REKEY_MIN, REKEY_MAX / 3600);
	return err;
}

static const struct in6_addr *receiver(const struct conf_sa *sa)
{
	return sa->towards == MIP_TO_AGENT ? &sa->agent : &sa->home;
}

/* SPIs are the receiver's: it has one SA of each. */
static int check_others(const struct conf *c, const struct conf_sa *sa, struct why *why)
{
	if (sa->protect == MIP_PROTECT_BINDING && conf_auth(c, &sa->home))
		return why_attr(why, EEXIST, MIP_A_HOME, "%s has the authentication option: run 'mip auth del home %s'",
			addr_text(&sa->home).s, addr_text(&sa->home).s);
	if (c->sas == CONF_SAS_MAX)
		return why_set(why, ENOSPC, "no room for more than %d security associations", CONF_SAS_MAX);
	for (size_t i = 0; i < c->sas; i++) {
		const struct conf_sa *o = &c->sa[i];

		if (addr_eq(&o->home, &sa->home) && !addr_eq(&o->agent, &sa->agent))
			return why_attr(why, EEXIST, MIP_A_AGENT, "%s is protected with home agent %s already",
				addr_text(&o->home).s, addr_text(&o->agent).s);
		if (addr_eq(&o->home, &sa->home) && o->protect == sa->protect && (o->ike || sa->ike))
			return why_attr(why, EEXIST, MIP_A_PROTECT, "%s has keys for that: run 'mip ipsec del home %s'",
				addr_text(&o->home).s, addr_text(&o->home).s);
		if (o->spi == sa->spi && !o->ike && !sa->ike && addr_eq(receiver(o), receiver(sa)))
			return why_attr(
				why, EEXIST, MIP_A_SPI, "SPI %u to %s is in use", sa->spi, addr_text(receiver(sa)).s);
	}
	return 0;
}

static uint32_t slot_of(const struct conf_sa *sa)
{
	return (sa->reqid - REQID_BASE) / REQID_STEP;
}

/* A number that follows from the home address, so that it is the same after a restart, and on the other side; the next
 * one if another home address has it. */
static uint32_t choose_reqid(const struct conf *c, const struct conf_sa *sa)
{
	uint32_t slot = 2166136261;

	for (size_t i = 0; i < sizeof(sa->home); i++)
		slot = (slot ^ sa->home.s6_addr[i]) * 16777619;
	slot = (slot ^ slot >> 20) % SLOTS;
	for (size_t i = 0; i < c->sas; i++) {
		bool same = addr_eq(&c->sa[i].home, &sa->home);

		if (same)
			return c->sa[i].reqid - c->sa[i].protect + sa->protect;
		if (slot_of(&c->sa[i]) == slot) {
			slot = (slot + 1) % SLOTS;
			i = (size_t)-1; /* from the beginning */
		}
	}
	return REQID_BASE + slot * REQID_STEP + sa->protect;
}

int conf_ipsec_add(struct conf *c, const struct ctl_request *rq, struct why *why)
{
	struct conf_sa sa = {0};
	bool ike = ctl_num(rq, MIP_A_IKE, 0);
	int err = take_ends(rq, &sa, why);

	if (!err)
		err = ike ? take_ike(rq, &sa, why) : take_way(rq, &sa, why);
	if (!err && !ike)
		err = take_cipher(rq, &sa, why);
	if (!err && !ike)
		err = take_auth(rq, &sa, why);
	if (!err)
		err = check_others(c, &sa, why);
	if (err)
		return err;
	sa.reqid = choose_reqid(c, &sa);
	c->sa[c->sas++] = sa;
	return 0;
}

static bool is_meant(const struct ctl_request *rq, const struct conf_sa *sa)
{
	const struct in6_addr *agent = ctl_addr(rq, MIP_A_AGENT);

	return addr_eq(ctl_addr(rq, MIP_A_HOME), &sa->home) && (!agent || addr_eq(agent, &sa->agent)) &&
	       ctl_num(rq, MIP_A_PROTECT, sa->protect) == sa->protect &&
	       ctl_num(rq, MIP_A_TOWARDS, sa->towards) == sa->towards && ctl_num(rq, MIP_A_SPI, sa->spi) == sa->spi;
}

/* All that fit what is said. The order of the others stays, and with it their reqids. */
int conf_ipsec_del(struct conf *c, const struct ctl_request *rq, struct why *why)
{
	size_t kept = 0;
	int err = ctl_need(rq, MIP_A_HOME, why);

	if (err)
		return err;
	for (size_t i = 0; i < c->sas; i++)
		if (!is_meant(rq, &c->sa[i]))
			c->sa[kept++] = c->sa[i];
	if (kept == c->sas)
		return why_set(why, ENOENT, "no such security association");
	explicit_bzero(&c->sa[kept], (c->sas - kept) * sizeof(c->sa[0]));
	c->sas = kept;
	return 0;
}

bool conf_protects(const struct conf *c, const struct in6_addr *home)
{
	for (size_t i = 0; i < c->sas; i++)
		if (c->sa[i].protect == MIP_PROTECT_BINDING && (!home || addr_eq(&c->sa[i].home, home)))
			return true;
	return false;
}

void conf_ipsec_put(const struct conf_sa *sa, bool keys, struct ctl_msg *m)
{
	ctl_put_addr(m, MIP_A_HOME, &sa->home);
	ctl_put_addr(m, MIP_A_AGENT, &sa->agent);
	ctl_put_num(m, MIP_A_PROTECT, sa->protect);
	if (sa->ike) {
		ctl_put_num(m, MIP_A_IKE, true);
		ctl_put_str(m, MIP_A_IKE_ID, sa->id);
		ctl_put_str(m, sa->ike == CONF_CERT ? MIP_A_CERT : MIP_A_PSK, sa->file);
		if (sa->rekey)
			ctl_put_num(m, MIP_A_REKEY, sa->rekey);
		return;
	}
	ctl_put_num(m, MIP_A_SPI, sa->spi);
	ctl_put_num(m, MIP_A_TOWARDS, sa->towards);
	ctl_put_num(m, MIP_A_CIPHER, sa->cipher);
	if (sa->auth)
		ctl_put_num(m, MIP_A_AUTH, sa->auth);
	if (!keys)
		return;
	ctl_put_key(m, MIP_A_KEY, sa->key, sa->key_len);
	if (sa->auth)
		ctl_put_key(m, MIP_A_AUTH_KEY, sa->auth_key, sa->auth_key_len);
}
