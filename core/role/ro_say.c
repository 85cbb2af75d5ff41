/*
 * What a mobile node says to correspondents: Home and Care-of Test Init, Binding
 * Update (RFC 6275 11.6.1, 11.7.2), and how often it may (11.8). When is ro.c's.
 */
#include "base/addr.h"
#include "role/event.h"
#include "role/ro_impl.h"
#include "role/rr.h"
#include "wire/mhauth.h"

#define TOKEN_MARGIN (5 * SEC) /* a token this close to its end is not worth an update */

/* When one more message of that type may leave (11.8). */
static usec pace_next(const struct bul_pace *p)
{
	return p->at[0] ? p->at[0] + SEC : 0;
}

static void pace_note(struct bul_pace *p, usec now)
{
	for (size_t i = 1; i < BUL_UPDATE_RATE; i++)
		p->at[i - 1] = p->at[i];
	p->at[BUL_UPDATE_RATE - 1] = now;
}

usec ro_update_at(const struct bul_entry *e)
{
	return pace_next(&e->updates);
}

static uint64_t cookie(const struct mn *mn)
{
	uint64_t high = mn->w->random(mn->w->ctx);

	return high << 32 | mn->w->random(mn->w->ctx);
}

/* 5.2.7 */
bool ro_token_lives(const struct bul_test *t, usec now)
{
	return t->got && now - t->got < RR_MAX_TOKEN_LIFE - TOKEN_MARGIN;
}

bool ro_coa_token_lives(const struct bul_entry *e, const struct mn_home *h, usec now)
{
	return ro_token_lives(&e->coa_test, now) && addr_eq(&e->coa_test.coa, &mn_place(h)->coa);
}

/* One question, with a new cookie (11.8), unless one is under way and it is not to be asked `again`. Returns when it
 * may be asked, if not now. */
static usec send_init(struct mn *mn, const struct bul_entry *e, struct bul_test *t, uint8_t type,
	const struct in6_addr *from, unsigned ifindex, bool again, usec now)
{
	struct mh m = {.type = type};
	struct via via = {.src = *from, .dst = e->peer, .ifindex = ifindex};

	via.esp = type == MH_HOTI &&
		  (world_protects(mn->w, from, MIP_PROTECT_TEST) || world_protects(mn->w, from, MIP_PROTECT_PAYLOAD));
	if (t->asked && addr_eq(&t->coa, from) && !again)
		return NEVER;
	t->got = t->asked = 0;
	if (pace_next(&t->pace) > now)
		return pace_next(&t->pace);
	pace_note(&t->pace, now);
	t->cookie = m.u.init.cookie = cookie(mn);
	t->asked = now;
	t->coa = *from;
	mn->w->send(mn->w->ctx, &via, &m);
	return NEVER;
}

/* 11.6.1: HoTI from the home address, CoTI from the care-of address, at the same time, each only where its token is
 * missing, and the first when there is the tunnel it takes. To delete a binding the home token is enough. What the
 * care-of address says leaves through its link, past the routes of its own bindings: it may be a correspondent of that
 * peer. */
usec ro_ask_missing(struct mn *mn, const struct mn_home *h, struct bul_entry *e, bool again, usec now)
{
	usec next = NEVER;

	if (!h->tunnelled && mn_place(h)->where == AT_AWAY)
		return NEVER;
	if (!ro_token_lives(&e->home_test, now))
		next = send_init(mn, e, &e->home_test, MH_HOTI, &e->home, 0, again, now);
	if (!e->leaving && !ro_coa_token_lives(e, h, now))
		next = sooner(next,
			send_init(mn, e, &e->coa_test, MH_COTI, &mn_place(h)->coa, mn_place(h)->ifindex, again, now));
	return next;
}

/* In units of 4 s: no longer than the home registration, the care-of address and the home address last (11.4.2,
 * 11.7.2). */
static uint16_t lifetime(const struct mn *mn, const struct mn_home *h, usec now)
{
	usec end = sooner(now + RR_MAX_BINDING_LIFE * SEC, h->reg ? h->reg->expires : NEVER);

	end = sooner(end, h->prefix.valid_until);
	end = sooner(end, attach_valid_until(&mn->attach, mn_place(h)->ifindex, &mn_place(h)->coa));
	return end < now + MH_LIFE_UNIT * SEC ? 1 : (uint16_t)((end - now) / (MH_LIFE_UNIT * SEC));
}

/* 11.7.2: signed with what the tokens prove; deleting, with the home token alone (5.2.5) and from the home address
 * when we are there. The authenticator is over the care-of address that will be bound, over the home address when none
 * will (6.2.7). */
void ro_send_bu(struct mn *mn, const struct mn_home *h, struct bul_entry *e, usec now)
{
	bool away = mn_place(h)->where != AT_HOME && !mn_is_over_ipv4(h);
	struct mh bu = {.type = MH_BU, .opt = {.has = MHO_NONCES | MHO_AUTH}};
	struct mh_auth auth = {.end = e->peer};
	struct via via = {.dst = e->peer, .hao = e->home, .has_hao = away, .auth = &auth};

	via.src = away ? mn_place(h)->coa : e->home;
	via.ifindex = away ? mn_place(h)->ifindex : 0;
	e->coa = auth.coa = e->leaving ? e->home : mn_place(h)->coa;
	e->asked = e->leaving ? 0 : lifetime(mn, h, now);
	bu.u.bu.seq = ++e->seq;
	bu.u.bu.flags = e->flags;
	bu.u.bu.lifetime = e->asked;
	bu.opt.home_nonce = e->home_test.nonce;
	bu.opt.coa_nonce = e->leaving ? 0 : e->coa_test.nonce;
	rr_kbm(e->home_test.token, e->leaving ? NULL : &e->coa_test.token, e->kbm);
	memcpy(auth.key, e->kbm, sizeof(e->kbm));
	if (!e->leaving)
		e->held_until = now + e->asked * MH_LIFE_UNIT * SEC;
	e->sent_at = now;
	e->state = MIP_BUL_WAITING;
	pace_note(&e->updates, now);
	mn->w->send(mn->w->ctx, &via, &bu);
	explicit_bzero(&auth, sizeof(auth));
	mn->w->event(mn->w->ctx, &(struct event){.type = EV_BU_SENT, .bul = e}, now);
}
