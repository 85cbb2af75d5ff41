/*
 * ipsec_impl.h: a protection in the kernel's terms (RFC 4877 4). Inbound selectors name the Mobility Header as a whole:
 * those with a message type match outbound only on many kernels. The home agent forwards what comes out of the tunnel,
 * or takes it itself: in and fwd; the mobile node is no router.
 */
#include <string.h>

#include "host/ipsec_impl.h"
#include "wire/icmp6.h"
#include "wire/mh.h"
#include <linux/xfrm.h> /* after netinet/in.h, which linux/in6.h gives way to */

struct algorithm {
	const char *name;
	bool aead;
	uint16_t icv;
};

static const struct algorithm ciphers[] = {
	[MIP_AES_CBC] = {"cbc(aes)", false, 0},
	[MIP_AES_GCM] = {"rfc4106(gcm(aes))", true, 128},
	[MIP_3DES_CBC] = {"cbc(des3_ede)", false, 0},
};

static const struct algorithm auths[] = {
	[MIP_HMAC_SHA256] = {"hmac(sha256)", false, 128}, /* RFC 4868 */
	[MIP_HMAC_SHA384] = {"hmac(sha384)", false, 192},
	[MIP_HMAC_SHA512] = {"hmac(sha512)", false, 256},
	[MIP_HMAC_SHA1] = {"hmac(sha1)", false, 96}, /* RFC 2404 */
};

static uint8_t named(const struct algorithm *list, size_t n, const char *name)
{
	for (size_t i = 1; name && i < n; i++)
		if (!strcmp(list[i].name, name))
			return (uint8_t)i;
	return 0;
}

uint8_t ipsec_cipher(const char *name)
{
	return named(ciphers, sizeof(ciphers) / sizeof(ciphers[0]), name);
}

uint8_t ipsec_auth(const char *name)
{
	return named(auths, sizeof(auths) / sizeof(auths[0]), name);
}

struct xfrm_sa ipsec_kernel_sa(const struct ipsec_home *h, const struct ipsec_sa *sa)
{
	const struct algorithm *c = &ciphers[sa->cipher], *a = &auths[sa->auth];
	bool tunnel = ipsec_is_tunnel(sa->protect), to_agent = sa->towards == MIP_TO_AGENT;
	const struct in6_addr *node = tunnel ? &h->coa : &sa->home;
	struct xfrm_sa k = {.spi = sa->spi, .reqid = sa->reqid, .tunnel = tunnel};

	k.src = to_agent ? *node : sa->agent;
	k.dst = to_agent ? sa->agent : *node;
	k.cipher = (struct xfrm_key){c->name, c->aead, c->icv, sa->key, sa->key_len};
	if (a->name)
		k.auth = (struct xfrm_key){a->name, false, a->icv, sa->auth_key, sa->auth_key_len};
	return k;
}

/* Between home address and home agent, one way. */
static struct xfrm_policy transport(const struct ipsec_home *h, unsigned protect, bool to_agent)
{
	struct xfrm_policy p = {.src_plen = 128, .dst_plen = 128, .proto = MH_PROTO, .reqid = h->reqid[protect]};

	p.src = to_agent ? h->home : h->agent;
	p.dst = to_agent ? h->agent : h->home;
	p.dir = to_agent == h->mine ? XFRM_POLICY_OUT : XFRM_POLICY_IN;
	p.priority = XFRM_PRIO;
	if (protect == MIP_PROTECT_PREFIX) {
		p.priority = XFRM_PRIO + 10;
		p.proto = IPPROTO_ICMPV6;
		p.icmp_type = to_agent ? ICMP6_MPS : ICMP6_MPA;
	}
	return p;
}

/* Between the home address and everybody, one way, through the tunnel. */
static struct xfrm_policy tunnel(const struct ipsec_home *h, unsigned protect, bool to_agent, uint8_t dir)
{
	struct xfrm_policy p = {.reqid = h->reqid[protect], .tunnel = true, .dir = dir};

	p.src_plen = to_agent ? 128 : 0;
	p.dst_plen = to_agent ? 0 : 128;
	*(to_agent ? &p.src : &p.dst) = h->home;
	p.from = to_agent ? h->coa : h->agent;
	p.to = to_agent ? h->agent : h->coa;
	p.proto = protect == MIP_PROTECT_TEST ? MH_PROTO : 0;
	p.priority = protect == MIP_PROTECT_TEST ? XFRM_PRIO + 20 : XFRM_PRIO_BYPASS + 10;
	return p;
}

size_t ipsec_policies(const struct ipsec_home *h, unsigned protect, struct xfrm_policy p[static IPSEC_POLICIES])
{
	if (!ipsec_is_tunnel(protect)) {
		p[0] = transport(h, protect, true);
		p[1] = transport(h, protect, false);
		return 2;
	}
	p[0] = tunnel(h, protect, h->mine, XFRM_POLICY_OUT);
	p[1] = tunnel(h, protect, !h->mine, XFRM_POLICY_IN);
	if (h->mine)
		return 2;
	p[2] = tunnel(h, protect, true, XFRM_POLICY_FWD);
	return 3;
}

/* Home Tests and their Inits travel by way of the home agent always (5.2.6, 10.4.6): without a protection of their own
 * they are payload, and would be let pass, too. */
size_t ipsec_bypasses(
	const struct ipsec_bypass *b, const struct ipsec_home *h, struct xfrm_policy p[static IPSEC_POLICIES])
{
	struct xfrm_policy pass = {.src_plen = 128, .dst_plen = 128, .priority = XFRM_PRIO_BYPASS};

	for (size_t i = 0; i < IPSEC_POLICIES; i++) {
		bool out = i % 2 == 0, tests = i >= 2;

		p[i] = tests && h ? tunnel(h, MIP_PROTECT_PAYLOAD, out, XFRM_POLICY_OUT) : pass;
		p[i].dir = out ? XFRM_POLICY_OUT : XFRM_POLICY_IN;
		p[i].src = out ? b->home : b->peer;
		p[i].dst = out ? b->peer : b->home;
		p[i].src_plen = p[i].dst_plen = 128;
		if (tests) {
			p[i].proto = MH_PROTO;
			p[i].priority = XFRM_PRIO + 25;
		}
	}
	return IPSEC_POLICIES;
}
