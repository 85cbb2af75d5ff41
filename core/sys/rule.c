/*
 * link.h: policy rules `from HOME iif lo lookup TABLE`, `from NETWORK iif DEV lookup TABLE`, `oif DEV lookup TABLE`,
 * `to NETWORK lookup main`, `fwmark MARK/MARK lookup TABLE` and `iif DEV blackhole`, known by FRA_PROTOCOL. IPv4 knows
 * no source address selection before a route is found: who has not chosen a source says 0.0.0.0, which `from
 * 0.0.0.0/32` is a rule for. FIB_RULE_FIND_SADDR lets a packet whose source is not chosen yet try the rule too: the
 * kernel then asks source address selection and follows the rule when that would pick the home address.
 */
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>

#include "base/addr.h"
#include "sys/link.h"

static void put_prefix(struct nlmsghdr *h, const struct rule *r)
{
	struct fib_rule_hdr *m = mnl_nlmsg_get_payload(h);

	*(r->to ? &m->dst_len : &m->src_len) = nl_plen(&r->home, r->plen ? r->plen : 128);
	nl_put_addr(h, r->to ? FRA_DST : FRA_SRC, &r->home);
}

static struct nlmsghdr *rule_msg(void *buf, uint16_t type, uint16_t flags, const struct rule *r)
{
	struct nlmsghdr *h = nl_msg(buf, type, flags, sizeof(struct fib_rule_hdr));
	struct fib_rule_hdr *m = mnl_nlmsg_get_payload(h);
	uint32_t prio = r->oif[0] || r->to || r->links ? MIP_RULE_PRIO - 1 : MIP_RULE_PRIO;

	m->family = nl_family(&r->home);
	m->action = r->table ? FR_ACT_TO_TBL : FR_ACT_BLACKHOLE;
	m->table = RT_TABLE_UNSPEC;
	if (r->oif[0])
		mnl_attr_put_strz(h, FRA_OIFNAME, r->oif);
	if (r->iif[0] || r->local)
		mnl_attr_put_strz(h, FRA_IIFNAME, r->local ? "lo" : r->iif);
	if (!addr_any(&r->home))
		put_prefix(h, r);
	else if (!r->oif[0])
		prio++;
	if (r->mark) {
		mnl_attr_put_u32(h, FRA_FWMARK, r->mark);
		mnl_attr_put_u32(h, FRA_FWMASK, r->mark);
	}
	if (r->table)
		mnl_attr_put_u32(h, FRA_TABLE, r->table);
	if (r->links)
		mnl_attr_put_u32(h, FRA_SUPPRESS_PREFIXLEN, 0);
	mnl_attr_put_u32(h, FRA_PRIORITY, prio);
	mnl_attr_put_u8(h, FRA_PROTOCOL, MIP_RTPROT);
	return h;
}

static const char *name_of(const struct rule *r, struct addr_text *text)
{
	*text = addr_text(&r->home);
	return r->oif[0] ? r->oif : r->iif[0] ? r->iif : text->s;
}

int rule_add(struct nl *nl, const struct rule *r, struct why *why)
{
	char buf[NL_MSG_MAX], what[80];
	struct addr_text text;
	struct nlmsghdr *h = rule_msg(buf, RTM_NEWRULE, NLM_F_CREATE | NLM_F_EXCL, r);

	if (!addr_any(&r->home) && !r->iif[0] && !r->to && !addr_is_ipv4(&r->home))
		((struct fib_rule_hdr *)mnl_nlmsg_get_payload(h))->flags = FIB_RULE_FIND_SADDR;
	snprintf(what, sizeof(what), "add rule for %s", name_of(r, &text));
	return nl_add(nl, h, why, what);
}

int rule_del(struct nl *nl, const struct rule *r, struct why *why)
{
	char buf[NL_MSG_MAX], what[80];
	struct addr_text text;

	snprintf(what, sizeof(what), "delete rule for %s", name_of(r, &text));
	return nl_del(nl, rule_msg(buf, RTM_DELRULE, 0, r), why, what);
}

struct walk {
	struct nl *nl;
	struct why *why;
	bool (*keep)(void *ctx, const struct rule *r);
	void *ctx;
	int err;
};

static void seen_iif(struct rule *r, const char *name)
{
	r->local = !strcmp(name, "lo");
	if (!r->local)
		snprintf(r->iif, sizeof(r->iif), "%s", name);
}

static int sweep_one(const struct nlmsghdr *h, void *ctx)
{
	const struct fib_rule_hdr *m = mnl_nlmsg_get_payload(h);
	struct rule r = {.to = m->dst_len > 0};
	uint8_t plen = r.to ? m->dst_len : m->src_len;
	struct walk *w = ctx;
	const struct nlattr *a;
	bool ours = false;

	mnl_attr_for_each (a, h, sizeof(*m)) {
		uint16_t type = mnl_attr_get_type(a);

		if (type == FRA_PROTOCOL)
			ours = mnl_attr_get_u8(a) == MIP_RTPROT;
		else if (type == FRA_TABLE)
			r.table = mnl_attr_get_u32(a);
		else if (type == FRA_SRC || type == FRA_DST)
			(void)!nl_addr(a, &r.home);
		else if (type == FRA_FWMARK)
			r.mark = mnl_attr_get_u32(a);
		else if (type == FRA_SUPPRESS_PREFIXLEN)
			r.links = !mnl_attr_get_u32(a);
		else if (type == FRA_OIFNAME)
			snprintf(r.oif, sizeof(r.oif), "%s", mnl_attr_get_str(a));
		else if (type == FRA_IIFNAME)
			seen_iif(&r, mnl_attr_get_str(a));
	}
	if (m->family == AF_INET)
		plen = (uint8_t)(plen + NL_IPV4_BITS);
	r.plen = plen < 128 ? plen : 0;
	r.table = m->action == FR_ACT_TO_TBL ? r.table : 0;
	if (ours && (!w->keep || !w->keep(w->ctx, &r)))
		w->err = rule_del(w->nl, &r, w->why) ?: w->err;
	return MNL_CB_OK;
}

int rule_sweep(struct nl *nl, bool (*keep)(void *, const struct rule *), void *ctx, struct why *why)
{
	struct walk w = {nl, why, keep, ctx, 0};
	char buf[NL_MSG_MAX];
	static const uint8_t families[] = {AF_INET6, AF_INET};
	int err = 0;

	for (size_t i = 0; i < sizeof(families) && !err; i++) {
		struct nlmsghdr *h = nl_msg(buf, RTM_GETRULE, 0, sizeof(struct fib_rule_hdr));

		((struct fib_rule_hdr *)mnl_nlmsg_get_payload(h))->family = families[i];
		err = nl_dump(nl, h, sweep_one, &w, why, "list rules");
	}
	return err ?: w.err;
}

struct noting {
	struct left *left;
	int err;
};

/* A rule is its own key; octets behind the name are zero. */
static bool note_rule(void *noting, const struct rule *r)
{
	struct noting *n = noting;

	n->err = left_note(n->left, r, NULL) ?: n->err;
	return true;
}

int rule_find(struct nl *nl, struct left *to, struct why *why)
{
	struct noting n = {to, 0};
	int err;

	*to = (struct left){.klen = sizeof(struct rule)};
	err = rule_sweep(nl, note_rule, &n, why);
	return err || !n.err ? err : why_set(why, -n.err, "out of memory");
}

bool rule_has(struct left *found, const struct rule *r)
{
	return left_value(found, r) != NULL;
}
