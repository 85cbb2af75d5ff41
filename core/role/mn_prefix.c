/*
 * Mobile node: what the home agent tells of the prefixes of the home link (RFC 6275
 * 11.4.2, 11.4.3). Only the answer to our own question is believed; an advertisement
 * that was not asked for makes us ask, which acknowledges it too. When the prefix of a
 * home address is deprecated and another is there, a home address of that is added.
 */
#include "base/addr.h"
#include "role/mn_impl.h"
#include "role/prefix.h"
#include "role/ro.h"

#define FIRST	   (3 * SEC) /* INITIAL_SOLICIT_TIMER */
#define TRIES	   5
#define AGAIN_MIN  (60 * SEC) /* between questions that nothing provokes */
#define HEARD_WAIT SEC	      /* an unsolicited advertisement is answered within this, at random */

static void prefix_due(struct timer *t, usec now);

/* Or when the prefix ends. */
static void ask_at(struct mn *mn, struct mn_home *h, usec at)
{
	timer_arm(mn->w->timers, &h->prefix.timer, at < h->prefix.valid_until ? at : h->prefix.valid_until, prefix_due);
}

static void solicit(struct mn *mn, struct mn_home *h, usec now)
{
	struct mn_prefix *x = &h->prefix;
	struct via via = {.src = h->place.coa,
		.dst = h->agent,
		.hao = h->conf.home,
		.has_hao = true,
		.esp = world_protects(mn->w, &h->conf.home, MIP_PROTECT_PREFIX),
		.ifindex = h->place.ifindex};
	uint8_t data[8];
	int len;

	if (!x->asking)
		x->id = (uint16_t)mn->w->random(mn->w->ctx);
	x->asking = true;
	len = mps_write(x->id, data, sizeof(data));
	if (len > 0)
		mn->w->send_icmp(mn->w->ctx, &via, data, (size_t)len);
	ask_at(mn, h, now + (FIRST << x->tries));
	x->tries++;
}

static bool can_ask(const struct mn_home *h)
{
	return h->place.where == AT_AWAY && !mn_is_over_ipv4(h) && h->reg && h->reg->bound;
}

/* The next look while the prefix still holds: at half its time. */
static void look_again(struct mn *mn, struct mn_home *h, usec now)
{
	usec end = h->prefix.preferred_until > now ? h->prefix.preferred_until : h->prefix.valid_until;
	usec wait = end <= now ? AGAIN_MIN : (end - now) / 2, at = now + (wait > AGAIN_MIN ? wait : AGAIN_MIN);

	if (h->prefix.valid_until == NEVER && end == NEVER)
		timer_stop(mn->w->timers, &h->prefix.timer);
	else
		ask_at(mn, h, at);
}

/* What was asked is over; a home address that has an end still ends. */
static void stop_asking(struct mn *mn, struct mn_home *h)
{
	timer_stop(mn->w->timers, &h->prefix.timer);
	h->prefix.asking = false;
	h->prefix.tries = 0;
	if (h->prefix.valid_until != NEVER)
		ask_at(mn, h, h->prefix.valid_until);
}

void mn_prefix_forget(struct mn *mn, struct mn_home *h)
{
	stop_asking(mn, h);
	h->prefix.known = false;
}

/* RFC 4862 5.5.4: with its prefix a home address ends. One that was configured stays, without a registration, for the
 * prefix may be told again at home. */
static void end_prefixes(struct mn *mn, struct mn_home *h, usec now)
{
	if (h->derived) {
		mn_leave(mn, h, now);
		return;
	}
	h->ended = true;
	mn_tell(mn, EV_HOME_PREFIX, h, NULL, now);
	mn_unregister(mn, h, now);
}

/* A question nobody answers is asked again with the next registration. */
static void prefix_due(struct timer *t, usec now)
{
	struct mn_home *h = timer_owner(t, struct mn_home, prefix.timer);

	if (now >= h->prefix.valid_until) {
		end_prefixes(h->mn, h, now);
		return;
	}
	if (h->prefix.tries >= TRIES || !can_ask(h)) {
		mn_prefix_forget(h->mn, h);
		return;
	}
	solicit(h->mn, h, now);
}

void mn_prefix_registered(struct mn *mn, struct mn_home *h, bool wanted, usec now)
{
	if (h->prefix.asking || (h->prefix.known && !wanted))
		return;
	h->prefix.tries = 0;
	solicit(mn, h, now);
}

/* --- advertisements ----------------------------------------------------------------------------------------------- */

static bool have_home_in(const struct mn *mn, const struct nd_prefix *p)
{
	for (size_t i = 0; i < mn->homes; i++)
		if (addr_in(&mn->home[i].conf.home, &p->prefix, p->len))
			return true;
	return false;
}

/* The same interface identifier under the new prefix (RFC 4862 5.5.3), with the home agent's address in that prefix; or
 * one is discovered, as before. */
static void derive(struct mn *mn, const struct mn_home *h, const struct nd_prefix *p, usec now)
{
	struct mn_home_conf conf = h->conf;
	struct mn_home *new;

	conf.plen = p->len;
	conf.networks = 0;	      /* they stay the first one's, */
	conf.ipv4_home = in6addr_any; /* and so does this */
	memcpy(&conf.home, &p->prefix, 8);
	if (!addr_any(&h->conf.agent) && p->router)
		conf.agent = p->prefix;
	if (addr_eq(&conf.home, &conf.agent) || mn_add(mn, &conf, now, NULL))
		return;
	new = mn_find(mn, &conf.home);
	new->derived = true;
	new->from = h->conf.home;
	new->prefix.valid_until = now + p->valid *SEC;
	new->prefix.preferred_until = now + p->preferred *SEC;
	mn->w->own_home(mn->w->ctx, &conf.home, true);
	mn_tell(mn, EV_HOME_PREFIX, new, NULL, now);
}

static void take_lifetimes(struct mn *mn, struct mn_home *h, const struct nd_ra *mpa, usec now)
{
	usec valid = h->prefix.valid_until, preferred = h->prefix.preferred_until;

	for (size_t i = 0; i < mpa->prefixes; i++) {
		const struct nd_prefix *p = &mpa->prefix[i];

		if (p->preferred > p->valid || !addr_in(&p->prefix, &h->conf.home, p->len))
			continue;
		valid = prefix_until(p->valid, now);
		preferred = prefix_until(p->preferred, now);
	}
	h->prefix.valid_until = valid;
	h->prefix.preferred_until = preferred;
	mn_tell(mn, EV_HOME_PREFIX, h, NULL, now);
}

/* May move homes about in their array: h is void afterwards. */
static void renumber(struct mn *mn, struct mn_home *h, const struct nd_ra *mpa, usec now)
{
	for (size_t i = 0; i < mpa->prefixes && h->prefix.preferred_until <= now; i++) {
		const struct nd_prefix *p = &mpa->prefix[i];

		if (p->autoconf && p->len == 64 && p->preferred && p->preferred <= p->valid &&
			addr_routable(&p->prefix) && !have_home_in(mn, p))
			derive(mn, h, p, now);
	}
}

/* 11.4.3: from the home agent, to the home address in a type 2 routing header, about a registration that stands. */
void mn_on_mpa(struct mn *mn, const struct via *via, const struct nd_ra *mpa, usec now)
{
	struct mn_home *h = via->has_rh2 || via->esp ? mn_find(mn, via->has_rh2 ? &via->rh2 : &via->dst) : NULL;

	if (!h || !can_ask(h) || !addr_eq(&via->src, &h->agent))
		return;
	if (!via->esp && world_protects(mn->w, &h->conf.home, MIP_PROTECT_PREFIX)) {
		mn_complain(mn, &h->conf.home, &via->src, ICMP6_MPA, now);
		return;
	}
	if (!via->esp && !addr_eq(&via->dst, &h->place.coa))
		return;
	if (!h->prefix.asking) {
		h->prefix.tries = 0;
		if (!h->prefix.heard || now - h->prefix.heard > FIRST)
			ask_at(mn, h, now + mn->w->random(mn->w->ctx) % HEARD_WAIT);
		h->prefix.heard = now;
		return;
	}
	if (mpa->id != h->prefix.id)
		return;
	stop_asking(mn, h);
	h->prefix.known = true;
	take_lifetimes(mn, h, mpa, now);
	look_again(mn, h, now);
	mn_shorten(mn, h, now);
	ro_on_prefix(mn, h, now);
	renumber(mn, h, mpa, now);
}

/* When the first of home address and care-of address ends. */
static usec end_of_both(const struct mn *mn, const struct mn_home *h)
{
	usec coa = attach_valid_until(&mn->attach, h->place.ifindex, &h->place.coa);

	return h->prefix.valid_until < coa ? h->prefix.valid_until : coa;
}

void mn_shorten(struct mn *mn, struct mn_home *h, usec now)
{
	usec end = end_of_both(mn, h);

	if (h->place.where != AT_AWAY || !h->reg || h->reg->state != MIP_BUL_BOUND)
		return;
	if (h->reg->expires > end && end > now + MH_LIFE_UNIT * SEC)
		mn_refresh(mn, h, now);
}

/* 11.7.1: no longer than the home address and the care-of address live. In units of 4 s, at least one. */
uint16_t mn_lifetime(const struct mn *mn, const struct mn_home *h, usec now)
{
	usec end = end_of_both(mn, h);
	uint32_t left = end == NEVER ? UINT32_MAX : end > now ? (uint32_t)((end - now) / SEC) : 0;
	uint32_t life = left < h->conf.lifetime ? left : h->conf.lifetime;

	return life < MH_LIFE_UNIT ? 1 : (uint16_t)(life / MH_LIFE_UNIT);
}
