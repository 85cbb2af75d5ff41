/*
 * Mobile node: with which home agent a home address is registered (RFC 6275 11.4.1,
 * 11.7.1). One that was configured stays; else those that Home Agent Address
 * Discovery names are tried in their order, the one in use first. Whether that is still there is asked long before the
 * binding ends, when something says that it may not be.
 */
#include "base/addr.h"
#include "role/mn_impl.h"

#define PAUSE	      SEC
#define PAUSE_MAX     (32 * SEC)
#define PROBE_GAP     (5 * SEC) /* between updates that ask whether the home agent is there, at first */
#define PROBE_GAP_MAX (60 * SEC)
#define SILENCE	      (3 * SEC)	 /* packets go into the tunnel and none comes out */
#define PATIENCE      (10 * SEC) /* packets further apart are not one conversation */
#define BELIED	      SEC	 /* packets came out of the tunnel this recently: it is not unreachable */
#define QUIET	      (5 * SEC)	 /* packets came out of the tunnel, and no more come */
#define CONFIGURED(h) (!addr_any(&(h)->conf.agent))

static void on_search_timer(struct timer *t, usec now);

static void take_agent(struct mn *mn, struct mn_home *h, const struct in6_addr *agent, usec now)
{
	h->agent = *agent;
	mn_tell(mn, EV_HOME_AGENT, h, NULL, now);
}

static void try(struct mn *mn, struct mn_home *h, const struct in6_addr *agent, usec now)
{
	take_agent(mn, h, agent, now);
	mn_register(mn, h, now);
}

/* No home agent takes it for a router: it is a mobile node until it was home (RFC 3963 5.4). */
static void be_node(struct mn *mn, struct mn_home *h, usec now)
{
	h->no_router = true;
	mn_untunnel(mn, h);
	mn_tell(mn, EV_NO_ROUTER, h, NULL, now);
}

static bool asks(struct mn *mn, struct mn_home *h, usec now)
{
	h->search.routers = mn_is_router(h);
	return dhaad_ask(&h->search, mn->w, &h->conf.home, h->conf.plen, &h->place, now, on_search_timer);
}

/* Nobody answers: those who were named before are tried again, and then it is asked again; or the answers were that no
 * home agent serves mobile routers. */
static void ask_again(struct mn *mn, struct mn_home *h, usec now)
{
	bool unserved = h->search.unserved;
	const struct in6_addr *old;

	if (asks(mn, h, now))
		return;
	dhaad_rewind(&h->search);
	old = dhaad_next(&h->search);
	if (!old && unserved) {
		dhaad_stop(&h->search, mn->w);
		be_node(mn, h, now);
		(void)!asks(mn, h, now);
		return;
	}
	if (!old) {
		timer_arm(mn->w->timers, &h->search.timer, now + PAUSE_MAX, on_search_timer);
		return;
	}
	try(mn, h, old, now);
}

/* The same while a binding holds. */
static void ask_beside(struct mn *mn, struct mn_home *h, usec now)
{
	if (!asks(mn, h, now))
		dhaad_stop(&h->search, mn->w);
}

static void on_search_timer(struct timer *t, usec now)
{
	struct mn_home *h = timer_owner(t, struct mn_home, search.timer);

	if (h->place.where == AT_AWAY && h->reg && h->reg->bound)
		ask_beside(h->mn, h, now);
	else if (h->place.where == AT_AWAY)
		ask_again(h->mn, h, now);
}

bool mn_has_agent(struct mn *mn, struct mn_home *h, usec now)
{
	if (!addr_any(&h->agent))
		return true;
	dhaad_stop(&h->search, mn->w);
	ask_again(mn, h, now);
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
		take_agent(mn, h, heard, now);
	return heard != NULL;
}

/* The next candidate that is not the one in use. */
static const struct in6_addr *another(struct mn_home *h)
{
	const struct in6_addr *next = dhaad_next(&h->search);

	return next && addr_eq(next, &h->agent) ? dhaad_next(&h->search) : next;
}

static void leave_agent(struct mn *mn, struct mn_home *h, usec now)
{
	dhaad_stop(&h->search, mn->w);
	mn_drop_registration(mn, h);
	mn_prefix_forget(mn, h);
	mn_enter(mn, h, MIP_MN_REGISTERING, now);
}

/* None of the others either: it may have been the network. The first still has our binding. */
static bool back_to_agent(struct mn *mn, struct mn_home *h, usec now)
{
	struct in6_addr agent = h->held_by;

	if (now >= h->held_until || addr_eq(&agent, &h->agent))
		return false;
	dhaad_rewind(&h->search);
	try(mn, h, &agent, now);
	return true;
}

/* RFC 3963 5.4: no home agent lets it be the router of its networks in this mode. What is left: not to name them, for
 * the home agent may know them; then to be a mobile node, until we were home. False: it was not refused as a router. */
bool mn_next_mode(struct mn *mn, struct mn_home *h, usec now)
{
	if (!mn_is_router(h) || h->refusal < BA_NO_ROUTER || h->refusal > BA_NO_FORWARDING)
		return false;
	if (h->refusal == BA_NO_ROUTER || h->implicit)
		be_node(mn, h, now);
	h->implicit = true;
	return true;
}

/* When all were tried there is a pause, longer each time, so that refusals cannot make us busy. */
bool mn_agent_failed(struct mn *mn, struct mn_home *h, usec now)
{
	struct dhaad_search *s = &h->search;
	const struct in6_addr *next;

	if (CONFIGURED(h) || h->place.where != AT_AWAY)
		return false;
	leave_agent(mn, h, now);
	next = another(h);
	if (next) {
		try(mn, h, next, now);
		return true;
	}
	if (back_to_agent(mn, h, now))
		return true;
	if (mn_next_mode(mn, h, now)) {
		dhaad_rewind(s);
		next = dhaad_next(s);
	}
	if (next) {
		try(mn, h, next, now);
		return true;
	}
	h->agent = in6addr_any;
	timer_arm(mn->w->timers, &s->timer, now + s->pause, on_search_timer);
	s->pause = !s->pause ? PAUSE : s->pause * 2 < PAUSE_MAX ? s->pause * 2 : PAUSE_MAX;
	return true;
}

/* Who else is there is asked, unless it is known, and one of them tried in time. If there is none the binding is kept:
 * it may be the network, and good when that is back. */
bool mn_agent_silent(struct mn *mn, struct mn_home *h, usec now)
{
	const struct in6_addr *next;
	size_t at = h->search.at;

	if (CONFIGURED(h) || h->place.where != AT_AWAY)
		return false;
	next = another(h);
	if (next && h->reg->tries >= MN_AGENT_TRIES) {
		h->held_by = h->agent;
		h->held_until = h->reg->expires;
		leave_agent(mn, h, now);
		try(mn, h, next, now);
		return true;
	}
	h->search.at = at;
	if (!next && !h->search.asking)
		ask_beside(mn, h, now);
	return false;
}

void mn_agent_answers(struct mn *mn, struct mn_home *h, bool accepts)
{
	if (addr_eq(&h->agent, &h->held_by))
		h->held_until = 0;
	if (!accepts)
		return;
	dhaad_stop(&h->search, mn->w);
	h->search.pause = 0;
	h->tunnel.unanswered = 0;
}

void mn_on_dhaad(struct mn *mn, const struct via *via, const struct dhaad *reply, usec now)
{
	for (size_t i = 0; i < mn->homes; i++) {
		struct mn_home *h = &mn->home[i];

		if (h->place.where != AT_AWAY || !addr_eq(&via->dst, &h->place.coa) ||
			!dhaad_answer(&h->search, mn->w, reply, h->conf.plen))
			continue;
		if (h->reg && h->reg->bound)
			mn_agent_silent(mn, h, now);
		else
			try(mn, h, dhaad_next(&h->search), now);
	}
}

/* --- is it there? ------------------------------------------------------------------------------------------------- */

/* When it may be asked. */
static usec probe_at(const struct mn_home *h)
{
	if (h->place.where != AT_AWAY || !h->reg || h->reg->state != MIP_BUL_BOUND)
		return NEVER;
	return h->reg->sent_at + (h->tunnel.gap ? h->tunnel.gap : PROBE_GAP);
}

/* By an update that renews the binding: its answer, or the lack of it, cannot be forged. Ever more seldom. */
static void probe(struct mn *mn, struct mn_home *h, usec now)
{
	usec gap = h->tunnel.gap ? h->tunnel.gap * 2 : PROBE_GAP * 2;

	if (now < probe_at(h))
		return;
	h->tunnel.gap = gap < PROBE_GAP_MAX ? gap : PROBE_GAP_MAX;
	h->tunnel.asked = now;
	mn_refresh(mn, h, now);
}

void mn_on_unreachable(
	struct mn *mn, const struct in6_addr *src, const struct in6_addr *dst, const struct in6_addr *home, usec now)
{
	for (size_t i = 0; i < mn->homes; i++) {
		struct mn_home *h = &mn->home[i];

		if (!addr_eq(&h->agent, dst) || !addr_eq(&h->place.coa, src) ||
			(!addr_any(home) && !addr_eq(&h->conf.home, home)))
			continue;
		if (now - h->tunnel.in >= BELIED)
			probe(mn, h, now);
	}
}

static void on_quiet(struct timer *t, usec now)
{
	struct mn_home *h = timer_owner(t, struct mn_home, tunnel.quiet);
	usec due = h->tunnel.in + QUIET, may = probe_at(h);

	due = may > due ? may : due;
	if (due == NEVER)
		return;
	if (now < due)
		timer_arm(h->mn->w->timers, t, due, on_quiet);
	else
		probe(h->mn, h, now);
}

static void on_packet_in(struct mn *mn, struct mn_home *h, usec now)
{
	struct mn_tunnel *t = &h->tunnel;

	if (now - t->asked >= PROBE_GAP_MAX)
		t->gap = 0;
	t->unanswered = 0;
	t->in = now;
	if (!CONFIGURED(h) && !timer_armed(&t->quiet))
		timer_arm(mn->w->timers, &t->quiet, now + QUIET, on_quiet);
}

/* It may be the router as well. */
static void on_packet_out(struct mn *mn, struct mn_home *h, usec now)
{
	struct mn_tunnel *t = &h->tunnel;

	if (!t->unanswered || now - t->out > PATIENCE)
		t->unanswered = now;
	t->out = now;
	if (now - t->unanswered < SILENCE)
		return;
	if (now - t->doubted >= PROBE_GAP) {
		t->doubted = now;
		attach_doubt(&mn->attach, h->place.ifindex, NULL, now);
	}
	probe(mn, h, now);
}

usec mn_silence(const struct mn_home *h, usec now)
{
	const struct mn_tunnel *t = &h->tunnel;
	bool talks = h->place.where == AT_AWAY && t->alone && now - t->sent <= PATIENCE;

	return talks && now - t->alone >= SILENCE ? now - t->alone : 0;
}

static void note_others(struct mn_tunnel *t, bool out, usec now)
{
	if (!out)
		t->alone = 0;
	else if (!t->alone || now - t->sent > PATIENCE)
		t->alone = now;
	if (out)
		t->sent = now;
}

/* Once for each that begins, and when it ends. */
static void tell_silence(struct mn *mn, struct mn_home *h, usec now)
{
	bool silent = mn_silence(h, now) > 0;

	if (silent == h->tunnel.told)
		return;
	h->tunnel.told = silent;
	mn_tell(mn, EV_SILENCE, h, NULL, now);
}

void mn_on_traffic(struct mn *mn, struct mn_home *h, const struct in6_addr *peer, bool out, usec now)
{
	if (!addr_eq(peer, &h->agent) && (!out || h->place.where == AT_AWAY))
		note_others(&h->tunnel, out, now);
	tell_silence(mn, h, now);
	if (out && h->place.where == AT_AWAY)
		on_packet_out(mn, h, now);
	else if (!out)
		on_packet_in(mn, h, now);
}
