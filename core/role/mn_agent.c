/*
 * Mobile node: with which home agent a home address is registered (RFC 6275 11.4.1,
 * 11.7.1). One that was configured stays; else those that Home Agent Address
 * Discovery names are tried in their order, the one in use first.
 */
#include "base/addr.h"
#include "role/mn_impl.h"

#define PAUSE	      SEC
#define PAUSE_MAX     (32 * SEC)
#define PROBE_GAP     (5 * SEC) /* between updates that an ICMPv6 error makes us send */
#define CONFIGURED(h) (!addr_any(&(h)->conf.agent))

static void on_search_timer(struct timer *t, usec now);

static void take(struct mn *mn, struct mn_home *h, const struct in6_addr *agent, usec now)
{
	h->agent = *agent;
	mn_tell(mn, EV_HOME_AGENT, h, NULL, now);
}

/* Nobody answers: those who were named before are tried again, and then it is asked again. */
static void ask(struct mn *mn, struct mn_home *h, usec now)
{
	const struct in6_addr *old;

	if (dhaad_ask(&h->search, mn->w, &h->conf.home, h->conf.plen, &h->place, now, on_search_timer))
		return;
	dhaad_rewind(&h->search);
	old = dhaad_next(&h->search);
	if (!old) {
		timer_arm(mn->w->timers, &h->search.timer, now + PAUSE_MAX, on_search_timer);
		return;
	}
	take(mn, h, old, now);
	mn_register(mn, h, now);
}

static void on_search_timer(struct timer *t, usec now)
{
	struct mn_home *h = timer_owner(t, struct mn_home, search.timer);

	if (h->place.where == AT_AWAY)
		ask(h->mn, h, now);
}

bool mn_has_agent(struct mn *mn, struct mn_home *h, usec now)
{
	if (!addr_any(&h->agent))
		return true;
	dhaad_stop(&h->search, mn->w);
	ask(mn, h, now);
	return !addr_any(&h->agent);
}

bool mn_hears_agent(struct mn *mn, struct mn_home *h, usec now)
{
	const struct in6_addr *heard;

	dhaad_stop(&h->search, mn->w);
	if (!addr_any(&h->agent))
		return true;
	heard = attach_agent(&mn->attach, h->place.ifindex, &h->conf.home, h->conf.plen, now);
	if (heard)
		take(mn, h, heard, now);
	return heard != NULL;
}

/* When all were tried there is a pause, longer each time, so that refusals cannot make us busy. */
bool mn_agent_failed(struct mn *mn, struct mn_home *h, usec now)
{
	struct dhaad_search *s = &h->search;
	const struct in6_addr *next;

	if (CONFIGURED(h) || h->place.where != AT_AWAY)
		return false;
	mn_drop_registration(mn, h);
	mn_prefix_forget(mn, h);
	mn_enter(mn, h, MIP_MN_REGISTERING, now);
	next = dhaad_next(s);
	if (next && addr_eq(next, &h->agent))
		next = dhaad_next(s);
	if (next) {
		take(mn, h, next, now);
		mn_register(mn, h, now);
		return true;
	}
	h->agent = in6addr_any;
	timer_arm(mn->w->timers, &s->timer, now + s->pause, on_search_timer);
	s->pause = !s->pause ? PAUSE : s->pause * 2 < PAUSE_MAX ? s->pause * 2 : PAUSE_MAX;
	return true;
}

void mn_agent_works(struct mn_home *h)
{
	h->search.pause = 0;
}

void mn_on_dhaad(struct mn *mn, const struct via *via, const struct dhaad *reply, usec now)
{
	for (size_t i = 0; i < mn->homes; i++) {
		struct mn_home *h = &mn->home[i];

		if (h->place.where != AT_AWAY || !addr_eq(&via->dst, &h->place.coa) ||
			!dhaad_answer(&h->search, mn->w, reply))
			continue;
		take(mn, h, dhaad_next(&h->search), now);
		mn_register(mn, h, now);
	}
}

void mn_on_unreachable(struct mn *mn, const struct in6_addr *dst, usec now)
{
	for (size_t i = 0; i < mn->homes; i++) {
		struct mn_home *h = &mn->home[i];

		if (h->place.where == AT_AWAY && addr_eq(&h->agent, dst) && h->reg && h->reg->state == MIP_BUL_BOUND &&
			now - h->reg->sent_at >= PROBE_GAP)
			mn_refresh(mn, h, now);
	}
}
