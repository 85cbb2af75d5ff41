/* dhaad.h: questions with a back-off, the answer kept as a list of candidates. */
#include "base/addr.h"
#include "role/attach.h"
#include "role/dhaad.h"
#include "role/homeagents.h"

/* From the care-of address: the answer comes straight to it, without a binding (11.4.1). */
static void send_request(struct dhaad_search *s, const struct world *w, const struct in6_addr *home, uint8_t plen,
	const struct place *at)
{
	struct via via = {.src = at->coa, .dst = homeagents_anycast(home, plen), .ifindex = at->ifindex};
	struct dhaad request = {.id = s->id, .routers = s->routers};
	uint8_t data[8];
	int len = dhaad_write(&request, false, data, sizeof(data));

	if (len > 0)
		w->send_icmp(w->ctx, &via, data, (size_t)len);
}

bool dhaad_ask(struct dhaad_search *s, const struct world *w, const struct in6_addr *home, uint8_t plen,
	const struct place *at, usec now, void (*again)(struct timer *t, usec now))
{
	if (s->tries > DHAAD_RETRIES) {
		s->tries = 0;
		return false;
	}
	if (!s->asking)
		s->id = (uint16_t)w->random(w->ctx);
	s->asking = true;
	send_request(s, w, home, plen, at);
	timer_arm(w->timers, &s->timer, now + (DHAAD_FIRST << s->tries), again);
	s->tries++;
	return true;
}

bool dhaad_answer(struct dhaad_search *s, const struct world *w, const struct dhaad *reply, uint8_t plen)
{
	size_t n = 0;

	if (!s->asking || reply->id != s->id)
		return false;
	s->unserved = s->routers && !reply->routers;
	if (s->unserved)
		return false;
	for (size_t i = 0; i < reply->agents && n < DHAAD_CANDIDATES; i++)
		if (addr_routable(&reply->agent[i]) && !addr_is_anycast(&reply->agent[i], plen))
			s->agent[n++] = reply->agent[i];
	if (!n)
		return false;
	s->n = n;
	s->at = 0;
	dhaad_stop(s, w);
	return true;
}

const struct in6_addr *dhaad_next(struct dhaad_search *s)
{
	return s->at < s->n ? &s->agent[s->at++] : NULL;
}

void dhaad_stop(struct dhaad_search *s, const struct world *w)
{
	timer_stop(w->timers, &s->timer);
	s->asking = s->unserved = false;
	s->tries = 0;
}
