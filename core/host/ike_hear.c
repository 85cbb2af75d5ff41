/*
 * ike_impl.h: whom charon refuses, and what it does by itself. No event of VICI says it, only its log does: lines of an
 * attempt are known by the number of its SA, and the answer that is generated tells how it ended. Anybody can cause
 * them: what is kept is a few attempts and the last refusal, and what is logged is limited.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "base/addr.h"
#include "base/log.h"
#include "host/ike_impl.h"

#define REFUSAL_KEPT (3600 * SEC)

static const char looking[] = "looking for peer configs matching ", answer[] = "generating IKE_AUTH response ";

static bool begins(const char *text, const char *with)
{
	return !strncmp(text, with, strlen(with));
}

/* Where its addresses change charon gives up what is not at a configured one: so are those that were moved before. */
static void on_roam(struct ike *s, struct vici_text name)
{
	if (s->roams || !ike_peer_named(s, name))
		return;
	s->roams = true;
	log_warn("charon negotiates anew at each move: say roam_events = no in "
		 "/etc/strongswan.d/charon/kernel-netlink.conf, then systemctl restart strongswan");
}

/* Does it explain a refusal? What comes after the first that does follows from it. */
static bool is_reason(const char *msg)
{
	static const char *const reasons[] = {"no matching peer", "subject certificate invalid",
		"issuer certificate invalid", "certificate was revoked", "certificate was on hold",
		"no issuer certificate", "no trusted", "constraint", "signature validation failed", "tried ",
		"traffic selectors", "no acceptable", "unable to install"};

	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (begins(msg, reasons[i]))
			return true;
	return false;
}

static bool is_our_end(const struct ike *s, const char *local)
{
	struct in6_addr a;

	if (inet_pton(AF_INET6, local, &a) != 1)
		return false;
	for (size_t i = 0; i < s->peers; i++)
		if (addr_eq(s->peer[i]->conf.mine ? &s->peer[i]->at : &s->peer[i]->conf.agent, &a))
			return true;
	return false;
}

/* The log has it so: LOCAL[IDENTITY]...REMOTE[IDENTITY]. Other users of charon are none of our business. */
static void begin_attempt(struct ike *s, struct ike_attempt *a, uint32_t id, const char *ends)
{
	const char *remote = strstr(ends, "]...");
	char local[INET6_ADDRSTRLEN];

	*a = (struct ike_attempt){0};
	snprintf(local, sizeof(local), "%.*s", (int)strcspn(ends, "["), ends);
	if (!remote || !is_our_end(s, local))
		return;
	a->id = id;
	snprintf(a->who, sizeof(a->who), "%s", remote + 4);
}

static void put_refusal(struct ike_refusal *r, const struct ike_attempt *a)
{
	r->at = clock_now();
	snprintf(r->text, sizeof(r->text), "%s: %s", a->who, *a->why ? a->why : "see charon's log");
}

static void note_refusal(struct ike *s, struct ike_attempt *a, struct vici_text name)
{
	struct ike_peer *p = ike_peer_named(s, name);

	put_refusal(&s->refusal, a);
	if (p)
		put_refusal(&p->refusal, a);
	if (rate_take(&s->refusals, clock_now()))
		log_warn("IKE refused %s", s->refusal.text);
	a->id = 0;
}

void ike_hear(struct ike *s, struct vici_reader *r)
{
	struct vici_text name = {0};
	struct vici_item item;
	struct ike_attempt *a;
	char msg[200] = "";
	uint32_t id = 0;

	while (vici_next(r, &item) == 1) {
		if (item.type != VICI_VALUE)
			continue;
		if (vici_is(item.name, "ikesa-name"))
			name = item.value;
		if (vici_is(item.name, "ikesa-uniqueid"))
			id = ike_number(item.value);
		if (vici_is(item.name, "msg"))
			vici_copy(item.value, msg, sizeof(msg));
	}
	a = &s->attempt[id % IKE_ATTEMPTS];
	if (!id)
		return;
	if (begins(msg, "reauthenticating IKE_SA due to address change"))
		on_roam(s, name);
	if (begins(msg, looking))
		begin_attempt(s, a, id, msg + strlen(looking));
	if (a->id != id)
		return;
	if (!*a->why && is_reason(msg))
		snprintf(a->why, sizeof(a->why), "%s", msg);
	if (!begins(msg, answer))
		return;
	if (strstr(msg, "N(AUTH_FAILED)") || strstr(msg, "N(TS_UNACCEPT)") || strstr(msg, "N(NO_PROP)"))
		note_refusal(s, a, name);
	else
		a->id = 0;
}

const char *ike_refusal(const struct ike_refusal *r)
{
	return r->at && clock_now() - r->at < REFUSAL_KEPT ? r->text : "";
}
