/* message.h. The line reads like tcpdump's: direction, link, addresses, type, what the message says. */
#include <net/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/addr.h"
#include "base/clock.h"
#include "ctl/message.h"
#include "ctl/record.h"
#include "wire/mhauth.h"

#define ICMP6_DHAAD_REQUEST 144 /* 6.5 */

const char *drop_text(enum drop why)
{
#define DROP_TEXT(name, text) [DROP_##name] = text,
	static const char *const texts[DROP_COUNT + 1] = {DROP_REASONS(DROP_TEXT)};
#undef DROP_TEXT

	return texts[why];
}

enum message_type message_type(const struct message *msg)
{
	uint8_t type = msg->mh ? msg->mh->type : msg->mh_type;

	if (msg->icmp)
		return MSG_DHAAD_REQUEST + (msg->icmp - ICMP6_DHAAD_REQUEST);
	return type < MH_TYPES ? type : MSG_OTHER;
}

const char *message_type_name(enum message_type type)
{
	static const char *const names[] = {[MSG_OTHER] = "other",
		[MSG_DHAAD_REQUEST] = "DHAAD-request",
		[MSG_DHAAD_REPLY] = "DHAAD-reply",
		[MSG_PREFIX_SOLICITATION] = "MPS",
		[MSG_PREFIX_ADVERTISEMENT] = "MPA"};

	return type < MSG_OTHER ? mh_type_name((uint8_t)type) : names[type];
}

void message_count(const struct message *msg, struct tally *t)
{
	if (msg->out && msg->dropped == DROP_NONE)
		t->out[message_type(msg)]++;
	else if (!msg->out)
		t->in[message_type(msg)]++;
	if (msg->dropped != DROP_NONE)
		t->dropped[msg->dropped]++;
}

/* A line being written; what does not fit is left out. */
struct line {
	char text[1024];
	size_t at;
};

static void add_words(struct line *l, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void add_words(struct line *l, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(l->text + l->at, sizeof(l->text) - l->at, fmt, ap);
	va_end(ap);
	l->at = n < 0 || (size_t)n >= sizeof(l->text) - l->at ? sizeof(l->text) - 1 : l->at + (size_t)n;
}

/* A value in both: " word value" in the line, the attribute in the record. */
static void both_num(struct line *l, struct ctl_msg *m, enum mip_attr a, uint64_t v)
{
	add_words(l, " %s %llu", ctl_attrs[a].word, (unsigned long long)v);
	ctl_put_num(m, a, v);
}

static void both_addr(struct line *l, struct ctl_msg *m, enum mip_attr a, const struct in6_addr *v)
{
	add_words(l, " %s %s", ctl_attrs[a].word, addr_text(v).s);
	ctl_put_addr(m, a, v);
}

/* What RFC 4283 and RFC 4285 add. */
static void put_by_key(struct line *l, struct ctl_msg *m, const struct mh_opts *o)
{
	char id[UINT8_MAX + 1] = "";

	if (o->has & MHO_MN_ID) {
		memcpy(id, o->mn_id, o->mn_id_len);
		add_words(l, " identifier %s", id);
		ctl_put_str(m, MIP_A_IDENTIFIER, id);
	}
	if (o->has & MHO_TIMESTAMP)
		both_num(l, m, MIP_A_TIMESTAMP, (uint64_t)mh_time(o->timestamp));
	if (o->has & MHO_MN_HA)
		both_num(l, m, MIP_A_SPI, o->mn_ha.spi);
}

/* An update may name more than are kept. */
static void put_networks(struct line *l, struct ctl_msg *m, const struct mh_opts *o)
{
	size_t n = o->networks < MH_NETWORKS ? o->networks : MH_NETWORKS;

	if (!(o->has & MHO_NETWORK))
		return;
	for (size_t i = 0; i < n; i++)
		add_words(l, "%s%s/%u", i ? "," : " network ", addr_text(&o->network[i].addr).s, o->network[i].plen);
	ctl_put_prefixes(m, MIP_A_NETWORK, o->network, n);
}

static void put_bu(struct line *l, struct ctl_msg *m, const struct mh *mh)
{
	char flags[FLAGS_MAX];

	flags_text(mh->u.bu.flags, flags);
	both_num(l, m, MIP_A_SEQUENCE, mh->u.bu.seq);
	if (*flags)
		add_words(l, " flags %s", flags);
	ctl_put_str(m, MIP_A_FLAGS, flags);
	both_num(l, m, MIP_A_LIFETIME, (uint64_t)mh->u.bu.lifetime * MH_LIFE_UNIT);
	if (mh->opt.has & MHO_ALT_COA)
		both_addr(l, m, MIP_A_COA, &mh->opt.alt_coa);
	else if (mh->opt.has & MHO_IPV4_COA)
		both_addr(l, m, MIP_A_COA, &mh->opt.ipv4_coa);
	put_networks(l, m, &mh->opt);
	if (mh->opt.has & MHO_IPV4_HOME)
		both_addr(l, m, MIP_A_HOME4, &mh->opt.ipv4_home.addr);
	put_by_key(l, m, &mh->opt);
	if (!(mh->opt.has & MHO_NONCES))
		return;
	both_num(l, m, MIP_A_HOME_NONCE, mh->opt.home_nonce);
	both_num(l, m, MIP_A_COA_NONCE, mh->opt.coa_nonce);
}

static void put_ba(struct line *l, struct ctl_msg *m, const struct mh *mh)
{
	const char *text = ba_status_text(mh->u.ba.status);

	both_num(l, m, MIP_A_STATUS, mh->u.ba.status);
	add_words(l, " (%s)", text);
	ctl_put_str(m, MIP_A_STATUS_TEXT, text);
	both_num(l, m, MIP_A_SEQUENCE, mh->u.ba.seq);
	both_num(l, m, MIP_A_LIFETIME, (uint64_t)mh->u.ba.lifetime * MH_LIFE_UNIT);
	if (mh->opt.has & MHO_REFRESH)
		both_num(l, m, MIP_A_REFRESH, (uint64_t)mh->opt.refresh * MH_LIFE_UNIT);
	if (mh->opt.has & MHO_NAT)
		both_num(l, m, MIP_A_KEEPALIVE, mh->opt.nat_refresh == NAT_REFRESH_NEVER ? 0 : mh->opt.nat_refresh);
	if (mh->opt.has & MHO_IPV4_ACK) {
		both_addr(l, m, MIP_A_HOME4, &mh->opt.ipv4_home.addr);
		add_words(l, " (%s)", ipv4_status_text(mh->opt.ipv4_status));
		ctl_put_str(m, MIP_A_HOME4_STATUS, ipv4_status_text(mh->opt.ipv4_status));
	}
	put_by_key(l, m, &mh->opt);
}

static void put_be(struct line *l, struct ctl_msg *m, const struct mh *mh)
{
	both_num(l, m, MIP_A_STATUS, mh->u.be.status);
	add_words(l, " (%s)", be_status_text(mh->u.be.status));
	if (!addr_any(&mh->u.be.home))
		both_addr(l, m, MIP_A_HOME, &mh->u.be.home);
}

static void put_content(struct line *l, struct ctl_msg *m, const struct mh *mh)
{
	switch (mh->type) {
	case MH_BU: put_bu(l, m, mh); break;
	case MH_BA: put_ba(l, m, mh); break;
	case MH_BE: put_be(l, m, mh); break;
	case MH_HOT: both_num(l, m, MIP_A_HOME_NONCE, mh->u.test.nonce); break;
	case MH_COT: both_num(l, m, MIP_A_COA_NONCE, mh->u.test.nonce); break;
	default: break;
	}
}

static void put_travel(struct line *l, struct ctl_msg *m, const struct message *msg)
{
	const struct via *via = msg->via;
	char dev[IF_NAMESIZE] = "";

	if (via->ifindex && if_indextoname(via->ifindex, dev)) {
		add_words(l, " %s", dev);
		ctl_put_str(m, MIP_A_DEV, dev);
	}
	add_words(l, " %s > %s:", addr_text(&via->src).s, addr_text(&via->dst).s);
	ctl_put_addr(m, MIP_A_SOURCE, &via->src);
	ctl_put_addr(m, MIP_A_DESTINATION, &via->dst);
	if (via->esp)
		add_words(l, " esp");
	ctl_put_num(m, MIP_A_ESP, via->esp);
	add_words(l, " %s", message_type_name(message_type(msg)));
	ctl_put_str(m, MIP_A_TYPE, message_type_name(message_type(msg)));
	if (via->has_hao)
		both_addr(l, m, MIP_A_HOME, &via->hao);
	if (via->has_rh2)
		both_addr(l, m, MIP_A_RH2, &via->rh2);
}

void message_record(const struct message *msg, struct ctl_msg *m)
{
	struct line l = {.at = 0};

	ctl_msg_open(m, MIP_EVENT);
	ctl_put_num(m, MIP_A_TS, (uint64_t)clock_wall());
	ctl_put_str(m, MIP_A_OBJECT, MIP_WATCH_PACKETS);
	ctl_put_str(m, MIP_A_EVENT, msg->out ? "sent" : "received");
	add_words(&l, "%s", msg->out ? "out" : "in ");
	put_travel(&l, m, msg);
	if (msg->mh)
		put_content(&l, m, msg->mh);
	if (msg->dropped != DROP_NONE) {
		add_words(&l, " dropped: %s", drop_text(msg->dropped));
		ctl_put_str(m, MIP_A_DROPPED, drop_text(msg->dropped));
	}
	ctl_put_str(m, MIP_A_MESSAGE, l.text);
}
