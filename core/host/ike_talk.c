/* ike_impl.h: an initiation lasts until the other side answers or charon gives up, and has a connection of its own. */
#include <stdio.h>
#include <string.h>

#include "base/addr.h"
#include "base/log.h"
#include "host/ike_impl.h"
#include "host/ipsec.h"

void ike_note(struct ike_peer *p, const char *text)
{
	if (*text && strcmp(p->trouble, text) != 0)
		log_warn("IKE for %s: %s", addr_text(&p->conf.home).s, text);
	snprintf(p->trouble, sizeof(p->trouble), "%s", text);
}

void ike_settle(struct ike_peer *p)
{
	if (p->unknown)
		ipsec_unkey(p->ike->ipsec, &p->conf.home, p->unknown);
	p->unknown = 0;
	ike_note(p, "");
}

bool ike_succeeded(enum vici_packet type, struct vici_reader *r, char *text, size_t cap)
{
	struct vici_item item;
	bool ok = type == VICI_CONFIRM || type == VICI_RESPONSE;

	snprintf(text, cap, "%s", ok ? "" : "charon does not know the command: is its version 5.9 or later?");
	while (vici_next(r, &item) == 1) {
		if (item.type != VICI_VALUE || item.depth)
			continue;
		if (vici_is(item.name, "success"))
			ok &= vici_is(item.value, "yes");
		if (vici_is(item.name, "errmsg"))
			vici_copy(item.value, text, cap);
	}
	return ok;
}

void ike_talk_ends(struct ike_peer *p)
{
	p->ike->talks -= p->talk != NULL;
	charon_close(p->talk);
	p->talk = NULL;
}

static void talk_failed(struct ike_peer *p, const char *text)
{
	char why[sizeof(p->trouble)];

	snprintf(why, sizeof(why), "no keys from %s: %s", addr_text(p->conf.mine ? &p->conf.agent : &p->at).s,
		*p->heard ? p->heard : text);
	ike_talk_ends(p);
	p->failed = true;
	ike_note(p, why);
}

static void on_talk_answer(void *ctx, enum vici_packet type, struct vici_reader *r)
{
	struct ike_peer *p = ctx;
	char text[120];
	bool ok = ike_succeeded(type, r, text, sizeof(text));

	if (ok && !p->initiated) { /* the log is told from now on */
		p->initiated = true;
		if (ike_say_initiate(p->talk, p))
			talk_failed(p, "charon ended");
		return;
	}
	if (!ok) {
		talk_failed(p, text);
		return;
	}
	ike_talk_ends(p);
	p->wanted = false;
	p->up = p->seen = true;
	ike_settle(p);
	p->ike->ev.keyed(p->ike->ev.ctx, &p->conf.home);
}

/* Of the log what tells why it does not succeed. */
static void on_talk_event(void *ctx, struct vici_text name, struct vici_reader *r)
{
	static const char *const telling[] = {"received ", "giving up", "no ", "constraint", "parsed IKE_AUTH"};
	struct ike_peer *p = ctx;
	struct vici_item item;
	char text[sizeof(p->heard)];

	while (vici_is(name, "control-log") && vici_next(r, &item) == 1) {
		if (item.type != VICI_VALUE || !vici_is(item.name, "msg"))
			continue;
		vici_copy(item.value, text, sizeof(text));
		for (size_t i = 0; i < sizeof(telling) / sizeof(telling[0]); i++)
			if (!strncmp(text, telling[i], strlen(telling[i])))
				memcpy(p->heard, text, sizeof(text));
	}
}

static void on_talk_gone(void *ctx)
{
	talk_failed(ctx, "charon ended");
}

void ike_initiate(struct ike_peer *p)
{
	const struct charon_events ev = {p, on_talk_answer, on_talk_event, on_talk_gone};
	int err = charon_open(&p->talk, p->ike->loop, &ev);
	struct wr w;

	p->initiated = false;
	*p->heard = 0;
	if (err) {
		p->talk = NULL;
		return; /* the other connection ends as well */
	}
	p->ike->talks++;
	w = charon_begin(p->talk, VICI_REGISTER, "control-log");
	if (charon_send(p->talk, &w))
		talk_failed(p, "charon ended");
}
