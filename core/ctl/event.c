/* get.h: an event as a record and as a sentence, which the log prints too. */
#include <stdio.h>

#include "base/addr.h"
#include "ctl/record.h"

static bool has_ended(const struct event *ev)
{
	return ev->type == EV_BINDING_REMOVED || ev->type == EV_BINDING_EXPIRED;
}

/* Without an entry of the cache, yet about it. */
static bool is_of_binding(const struct event *ev)
{
	return ev->type == EV_BU_REFUSED || (ev->type == EV_UNPROTECTED && (ev->mh == MH_BU || ev->mh == ICMP6_MPS));
}

static void put_object(struct ctl_msg *m, const struct view *v, const struct event *ev, usec now)
{
	if (ev->binding)
		record_binding(m, v, ev->binding, has_ended(ev) ? MIP_BINDING_GONE : ev->binding->state, now);
	else if (ev->type == EV_MN_STATE || ev->type == EV_HOME_AGENT || ev->type == EV_HOME_PREFIX ||
		 ev->type == EV_NO_ROUTER || ev->type == EV_IPV4_HOME || ev->type == EV_SILENCE)
		record_home(m, ev->home, now);
	else if (ev->type == EV_RO_STATE)
		record_ro(m, v, ev->bul, now);
	else if (ev->bul)
		record_bul(m, ev->bul, now);
	else
		ctl_put_str(m, MIP_A_OBJECT, is_of_binding(ev) ? "binding" : "mn");
}

static void put_rest(struct ctl_msg *m, const struct event *ev)
{
	char dev[IF_NAMESIZE];

	if (ev->ifindex && if_indextoname(ev->ifindex, dev))
		ctl_put_str(m, MIP_A_DEV, dev);
	if (ev->type == EV_RA || ev->type == EV_ROUTER_LOST)
		ctl_put_addr(m, MIP_A_ROUTER, ev->addr);
	else if (ev->type == EV_ADDRESS || ev->type == EV_DUPLICATE)
		ctl_put_addr(m, MIP_A_ADDRESS, ev->addr);
	if (ev->type == EV_BU_REFUSED || ev->type == EV_UNPROTECTED) {
		ctl_put_addr(m, MIP_A_HOME, ev->addr);
		ctl_put_addr(m, MIP_A_COA, ev->coa);
	}
	if (ev->why)
		ctl_put_str(m, MIP_A_WHY, ev->why);
	if (ev->type != EV_BU_REFUSED && ev->type != EV_BA_RECEIVED)
		return;
	ctl_put_num(m, MIP_A_STATUS, ev->status);
	ctl_put_str(m, MIP_A_STATUS_TEXT, ba_status_text(ev->status));
}

static const char *const mn_words[] = {
	[MIP_MN_DETACHED] = "detached",
	[MIP_MN_HOME] = "home",
	[MIP_MN_REGISTERING] = "registering",
	[MIP_MN_REGISTERED] = "registered",
	[MIP_MN_RETURNING] = "returning",
};

static const char *const ro_words[] = {
	[MIP_RO_TESTING] = "testing",
	[MIP_RO_BINDING] = "binding",
	[MIP_RO_OPTIMIZED] = "optimized",
	[MIP_RO_UNSUPPORTED] = "unsupported",
	[MIP_RO_IDLE] = "idle",
};

static void text_of_mn(const struct event *ev, char *text, size_t cap)
{
	const struct bul_entry *e = ev->bul;

	if (ev->home && ev->type == EV_MN_STATE)
		snprintf(text, cap, "%s: %s", addr_text(&ev->home->conf.home).s, mn_words[ev->home->state]);
	else if (ev->type == EV_HOME_AGENT)
		snprintf(text, cap, "home agent of %s: %s", addr_text(&ev->home->conf.home).s,
			addr_text(&ev->home->agent).s);
	else if (ev->type == EV_NO_ROUTER)
		snprintf(text, cap, "%s registers without its mobile networks: no home agent routes them",
			addr_text(&ev->home->conf.home).s);
	else if (ev->type == EV_SILENCE)
		snprintf(text, cap, "%s sends through the tunnel, and %s", addr_text(&ev->home->conf.home).s,
			ev->home->tunnel.told ? "nothing comes back" : "packets come back again, or it is left");
	else if (ev->type == EV_IPV4_HOME)
		snprintf(text, cap, "IPv4 home address of %s: %s", addr_text(&ev->home->conf.home).s,
			addr_any(&ev->home->ipv4_home) ? ipv4_status_text(ev->home->ipv4_status)
						       : addr_text(&ev->home->ipv4_home).s);
	else if (ev->type == EV_HOME_PREFIX)
		snprintf(text, cap, "home prefix of %s %s", addr_text(&ev->home->conf.home).s,
			ev->home->ended	    ? "has ended: the address is not registered any more"
			: ev->home->derived ? "is told: the home link was renumbered"
					    : "is told");
	else if (ev->type == EV_RO_STATE)
		snprintf(text, cap, "route optimization of %s with %s: %s", addr_text(&e->home).s,
			addr_text(&e->peer).s, ro_words[e->ro]);
	else if (ev->type == EV_BU_SENT)
		snprintf(text, cap, "binding update of %s to %s: care-of %s sequence %u lifetime %u",
			addr_text(&e->home).s, addr_text(&e->peer).s, addr_text(&e->coa).s, e->seq,
			e->asked * MH_LIFE_UNIT);
	else
		snprintf(text, cap, "binding acknowledgement for %s: %s (%u)", addr_text(&e->home).s,
			ba_status_text(e->status), e->status);
}

static void text_of_unprotected(const struct event *ev, char *text, size_t cap)
{
	const char *what = mh_type_name(ev->mh);

	snprintf(text, cap, "ignored: %s for %s from %s came without %s", what ? what : "mobile prefix discovery",
		addr_text(ev->addr).s, addr_text(ev->coa).s, ev->option ? "the right authentication option" : "IPsec");
}

static void text_of_link(const struct event *ev, char *text, size_t cap)
{
	char dev[IF_NAMESIZE] = "?";

	if_indextoname(ev->ifindex, dev);
	if (ev->type == EV_ROUTER_LOST)
		snprintf(text, cap, "%s: router %s does not answer any more", dev, addr_text(ev->addr).s);
	else if (ev->type == EV_DUPLICATE)
		snprintf(text, cap, "%s: another node has address %s%s", dev, addr_text(ev->addr).s,
			IN6_IS_ADDR_LINKLOCAL(ev->addr) ? ", too" : ", which is not used");
	else if (ev->addr)
		snprintf(text, cap, "%s: %s %s", dev, ev->type == EV_RA ? "router" : "address", addr_text(ev->addr).s);
	else
		snprintf(text, cap, "%s: link %s", dev, ev->type == EV_LINK_UP ? "up" : "down");
}

static void text_of_binding(const struct event *ev, char *text, size_t cap)
{
	const struct bc_entry *e = ev->binding;

	if (ev->type == EV_BU_REFUSED)
		snprintf(text, cap, "refused %s care-of %s: %s (%u)", addr_text(ev->addr).s, addr_text(ev->coa).s,
			ba_status_text(ev->status), ev->status);
	else
		snprintf(text, cap, "%s %s care-of %s lifetime %u%s%s", event_name(ev->type), addr_text(&e->home).s,
			addr_text(&e->coa).s, e->lifetime * MH_LIFE_UNIT, ev->why ? ": " : "", ev->why ? ev->why : "");
}

void event_text(const struct event *ev, char *text, size_t cap)
{
	if (ev->type == EV_UNPROTECTED)
		text_of_unprotected(ev, text, cap);
	else if (ev->binding || ev->type == EV_BU_REFUSED)
		text_of_binding(ev, text, cap);
	else if (ev->home || ev->bul)
		text_of_mn(ev, text, cap);
	else
		text_of_link(ev, text, cap);
}

void event_record(const struct view *v, const struct event *ev, usec now, struct ctl_msg *m)
{
	char text[256];

	ctl_msg_open(m, MIP_EVENT);
	ctl_put_num(m, MIP_A_TS, (uint64_t)clock_wall());
	ctl_put_str(m, MIP_A_EVENT, event_name(ev->type));
	put_object(m, v, ev, now);
	put_rest(m, ev);
	event_text(ev, text, sizeof(text));
	ctl_put_str(m, MIP_A_MESSAGE, text);
}
