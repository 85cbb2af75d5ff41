/* record.h: a security association, with its policies' selector, and what the kernel counted for it; and one of the
 * authentication option, with what was counted in the role that has it. */
#include <stdio.h>

#include "base/addr.h"
#include "base/clock.h"
#include "ctl/record.h"

/* Packets it is for, as tcpdump writes them. */
static void put_selector(struct ctl_msg *m, const struct conf_sa *sa)
{
	static const char *const what[] = {
		[MIP_PROTECT_BINDING] = " mobility header",
		[MIP_PROTECT_PREFIX] = " mobile prefix",
		[MIP_PROTECT_TEST] = " mobility header",
		[MIP_PROTECT_PAYLOAD] = "",
	};
	bool to_agent = sa->towards == MIP_TO_AGENT;
	bool any = sa->protect == MIP_PROTECT_TEST || sa->protect == MIP_PROTECT_PAYLOAD;
	struct addr_text home = addr_text(&sa->home), agent = addr_text(&sa->agent);
	const char *other = any ? "any" : agent.s;
	char text[128];

	snprintf(text, sizeof(text), "%s > %s%s", to_agent ? home.s : other, to_agent ? other : home.s,
		what[sa->protect]);
	ctl_put_str(m, MIP_A_MODE, any ? "tunnel" : "transport");
	ctl_put_str(m, MIP_A_SELECTOR, text);
}

/* Algorithms that have no name here are left out. */
static void put_negotiated(struct ctl_msg *m, const struct sa_facts *f)
{
	uint64_t now = (uint64_t)(clock_wall() / SEC);

	ctl_put_num(m, MIP_A_SPI, f->spi);
	if (f->cipher)
		ctl_put_num(m, MIP_A_CIPHER, f->cipher);
	if (f->auth)
		ctl_put_num(m, MIP_A_AUTH, f->auth);
	ctl_put_num(m, MIP_A_AGE, now > f->made ? now - f->made : 0);
	if (f->renewal)
		ctl_put_num(m, MIP_A_RENEWAL, f->renewal > now ? f->renewal - now : 0);
}

void record_sa(struct ctl_msg *m, const struct view *v, const struct conf_sa *sa, bool keys, bool first)
{
	struct sa_facts f = {0};

	v->sa_facts(v->ctx, sa, first, &f);
	ctl_put_str(m, MIP_A_OBJECT, "ipsec");
	conf_ipsec_put(sa, keys, m);
	if (sa->ike) {
		ctl_put_num(m, MIP_A_TOWARDS, sa->towards);
		if (f.installed)
			put_negotiated(m, &f);
		if (*f.waits)
			ctl_put_str(m, MIP_A_WAITS, f.waits);
		if (*f.refused)
			ctl_put_str(m, MIP_A_IKE_REFUSED, f.refused);
	}
	ctl_put_num(m, MIP_A_REQID, sa->reqid);
	put_selector(m, sa);
	ctl_put_num(m, MIP_A_INSTALLED, f.installed);
	ctl_put_num(m, MIP_A_PACKETS, f.packets);
	ctl_put_num(m, MIP_A_BYTES, f.bytes);
	ctl_put_num(m, MIP_A_FAILED, f.failed);
}

void record_auth(struct ctl_msg *m, const struct view *v, const struct auth_key *k, bool keys)
{
	bool mine = conf_is_mine(v->conf, &k->home);
	const struct auth_sa *sa = auth_find(mine ? &v->mn->auth : &v->ha->auth, &k->home);
	char text[MH_FINGERPRINT];

	mh_fingerprint(k->key, mh_key_len(k->alg), text);
	ctl_put_str(m, MIP_A_OBJECT, "auth");
	conf_auth_put(k, keys, m);
	ctl_put_str(m, MIP_A_FINGERPRINT, text);
	ctl_put_num(m, MIP_A_PACKETS, sa ? sa->good : 0);
	ctl_put_num(m, MIP_A_FAILED, sa ? sa->bad : 0);
	if (mine && sa)
		ctl_put_num(m, MIP_A_CLOCK, (uint32_t)(int32_t)(sa->ahead / SEC));
}
