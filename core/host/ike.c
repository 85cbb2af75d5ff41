/*
 * ike.h: what charon lacks is asked of it one after the other, on one connection; the next thing follows from what it
 * has, so that a charon that starts anew is given everything again. An initiation, which lasts until the other side
 * answers or charon gives up, has a connection of its own.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/addr.h"
#include "base/log.h"
#include "base/loop.h"
#include "host/ike_impl.h"
#include "host/ipsec.h"

#define CONNECT_GAP  SEC /* until charon is looked for again */
#define TALKS_MAX    32	 /* of a home agent at a time */
#define FAREWELL_MAX (SEC / 2)
/* Until a file or a refusal is looked at again; sooner while charon begins, for it does so without its keys. */
#define RETRY_GAP (10 * SEC)

static void ask(struct ike *s);

static struct ike_peer *find(const struct ike *s, const struct in6_addr *home)
{
	for (size_t i = 0; i < s->peers; i++)
		if (!s->peer[i]->gone && addr_eq(&s->peer[i]->conf.home, home))
			return s->peer[i];
	return NULL;
}

/* --- what charon has ---------------------------------------------------------------------------------------------- */

uint32_t ike_number(struct vici_text t)
{
	char text[12];
	unsigned v = 0;

	vici_copy(t, text, sizeof(text));
	return sscanf(text, "%u", &v) == 1 ? v : 0;
}

struct ike_peer *ike_peer_named(const struct ike *s, struct vici_text name)
{
	char own[IKE_NAME];

	for (size_t i = 0; i < s->peers; i++) {
		ike_name(&s->peer[i]->conf, own);
		if (!s->peer[i]->gone && vici_is(name, own))
			return s->peer[i];
	}
	return NULL;
}

/* An SA of it with what protects the binding. The newest one serves. */
static void see(struct ike_peer *p, uint32_t id)
{
	uint32_t other = p->id && p->id != id ? p->id : 0;

	p->seen = p->up = true;
	p->id = id > other ? id : other;
	if (other)
		p->older = id > other ? other : id;
}

static void on_list_sa(struct ike *s, struct vici_reader *r)
{
	struct ike_peer *p = NULL;
	struct vici_item item;
	uint32_t id = 0;

	while (vici_next(r, &item) == 1) {
		if (item.type == VICI_SECTION && item.depth == 1)
			p = ike_peer_named(s, item.name);
		if (!p || item.type != VICI_VALUE)
			continue;
		if (item.depth == 1 && vici_is(item.name, "uniqueid"))
			id = ike_number(item.value);
		if (item.depth == 3 && vici_is(item.name, "reqid") && ike_number(item.value) == p->conf.reqid)
			see(p, id);
	}
}

static void list_begins(struct ike *s)
{
	for (size_t i = 0; i < s->peers; i++) {
		s->peer[i]->seen = false;
		s->peer[i]->id = s->peer[i]->older = 0;
	}
}

static void negotiate_from(struct ike_peer *p, const struct in6_addr *coa)
{
	if (!addr_eq(&p->at, coa) && p->step == IKE_LOADED)
		p->step = IKE_SECRET;
	p->at = *coa;
	p->wanted = true;
	p->failed = false;
}

/* Charon has none. What is in the kernel then is of one that was killed, and protects until there are new keys. A home
 * agent does not wait for the update of a mobile node that knows of no loss. */
static void on_unseen(struct ike_peer *p, bool keyed)
{
	bool lost = p->conf.mine ? p->up || keyed : ipsec_place(p->ike->ipsec, &p->conf.home, &p->coa);

	if (keyed)
		p->unknown = (uint64_t)(clock_wall() / SEC);
	if (lost && addr_routable(&p->coa) && !addr_is_ipv4(&p->coa))
		negotiate_from(p, &p->coa);
	p->up = false;
}

/* Charon has some that the kernel has not, after an agent was killed: they end, of which the other side is told. */
static void on_seen(struct ike_peer *p, bool keyed)
{
	if (keyed) {
		p->wanted &= !p->failed; /* the other side began */
		if (!p->failed || p->step == IKE_LOADED)
			ike_settle(p);
		return;
	}
	p->renew = true;
	if (p->conf.mine && addr_routable(&p->coa))
		negotiate_from(p, &p->coa);
}

static void listed(struct ike *s)
{
	ipsec_refresh(s->ipsec);
	for (size_t i = 0; i < s->peers; i++) {
		struct ike_peer *p = s->peer[i];

		if (!p->talk && !p->gone)
			(p->seen ? on_seen : on_unseen)(p, ipsec_keyed(s->ipsec, &p->conf.home));
	}
}

/* --- what it is asked next ---------------------------------------------------------------------------------------- */

static enum ike_command next_of_gone(const struct ike_peer *p)
{
	switch (p->step) {
	case IKE_NEW: return p->up ? IKE_UNLOAD : IKE_NOTHING;
	case IKE_SECRET: /* perhaps with a connection from another place */
	case IKE_LOADED: return IKE_UNLOAD;
	case IKE_UNLOADED: return IKE_END;
	case IKE_ENDED: break;
	}
	return p->conf.cert ? IKE_NOTHING : IKE_UNLOAD_SECRET;
}

static enum ike_command next_of(const struct ike_peer *p)
{
	if (p->gone)
		return next_of_gone(p);
	if (p->renew)
		return IKE_END;
	if (p->older && p->conf.mine)
		return IKE_END_OLDER;
	if (p->step == IKE_LOADED || p->failed || (p->conf.mine && !p->wanted && !(p->up && addr_routable(&p->at))))
		return IKE_NOTHING;
	return p->step == IKE_NEW && !p->conf.cert ? IKE_LOAD_SECRET : IKE_LOAD;
}

static void done(struct ike_peer *p, enum ike_command what, bool ok, const char *text)
{
	p->failed = !ok && (what == IKE_LOAD || what == IKE_LOAD_SECRET);
	if (what == IKE_END) { /* what was not there is no failure */
		if (p->renew || p->gone)
			ipsec_unkey(p->ike->ipsec, &p->conf.home, UINT64_MAX);
		p->unknown = 0;
		p->renew = p->up = false;
		p->step = p->gone ? IKE_ENDED : p->step;
	} else if (what == IKE_END_OLDER) {
		p->older = 0;
	} else if (what == IKE_UNLOAD) {
		p->step = IKE_UNLOADED;
	} else if (what == IKE_UNLOAD_SECRET) {
		p->step = IKE_NEW;
	} else if (ok) {
		p->step = what == IKE_LOAD ? IKE_LOADED : IKE_SECRET;
	}
	if (p->failed || what == IKE_LOAD)
		ike_note(p, p->failed ? text : "");
}

static void remove_peer(struct ike *s, size_t i)
{
	struct ike_peer *p = s->peer[i];

	if (s->asked == p)
		s->asked = NULL;
	ike_talk_ends(p);
	free(p);
	s->peer[i] = s->peer[--s->peers];
}

/* True: something is under way for it, or has just failed. */
static bool ask_for(struct ike *s, struct ike_peer *p)
{
	struct why why = {0};

	s->command = next_of(p);
	if (s->command == IKE_NOTHING) {
		if (!p->gone && p->step == IKE_LOADED && p->wanted && !p->failed && !p->talk && s->talks < TALKS_MAX)
			ike_initiate(p);
		return false;
	}
	s->asked = p;
	if (!ike_say(s->charon, p, s->command, &why))
		return true;
	s->asked = NULL;
	done(p, s->command, false, why.err ? why.text : "too much for charon");
	return charon_is_busy(s->charon);
}

static void ask_charon(struct ike *s)
{
	static const char *const events[] = {[STAGE_STREAM] = "list-sa",
		[STAGE_NEWS] = "child-updown",
		[STAGE_NEWS_IKE] = "ike-updown",
		[STAGE_LOG] = "log"};
	bool lists = s->stage == STAGE_LIST;
	struct wr w =
		charon_begin(s->charon, lists ? VICI_REQUEST : VICI_REGISTER, lists ? "list-sas" : events[s->stage]);

	if (lists)
		list_begins(s);
	s->news &= !lists;
	(void)!charon_send(s->charon, &w);
}

static void ask(struct ike *s)
{
	if (!s->charon || charon_is_busy(s->charon))
		return;
	if (s->news && s->stage == STAGE_PEERS)
		s->stage = STAGE_LIST;
	if (s->stage < STAGE_PEERS) {
		ask_charon(s);
		return;
	}
	/* One that goes has the name of the one that takes its place. */
	for (size_t i = s->peers; i-- > 0;) {
		if (s->peer[i]->gone && ask_for(s, s->peer[i]))
			return;
		if (s->peer[i]->gone)
			remove_peer(s, i);
	}
	for (size_t i = s->peers; i-- > 0;)
		if (ask_for(s, s->peer[i]))
			return;
}

/* --- charon comes and goes ---------------------------------------------------------------------------------------- */

static void on_timer(struct timer *t, usec now);

static void on_answer(void *ctx, enum vici_packet type, struct vici_reader *r)
{
	struct ike *s = ctx;
	char text[120];
	bool ok = ike_succeeded(type, r, text, sizeof(text));

	if (s->stage == STAGE_LIST)
		listed(s);
	if (s->stage < STAGE_PEERS)
		s->stage++;
	else if (s->asked)
		done(s->asked, s->command, ok, text);
	s->asked = NULL;
	ask(s);
}

/* Which of a mobile node's SAs began or ended the list says; a home agent waits for the next that comes, unless those
 * are awaited that take the place of others. */
static void on_event(void *ctx, struct vici_text name, struct vici_reader *r)
{
	struct ike *s = ctx;
	bool news = false;

	if (vici_is(name, "list-sa")) {
		on_list_sa(s, r);
		return;
	}
	if (vici_is(name, "log")) {
		ike_hear(s, r);
		return;
	}
	for (size_t i = 0; i < s->peers; i++)
		news |= s->peer[i]->conf.mine || s->peer[i]->unknown || *s->peer[i]->trouble;
	s->news |= news;
	ask(s);
}

static void on_gone(void *ctx)
{
	struct ike *s = ctx;

	charon_close(s->charon);
	s->charon = NULL;
	for (size_t i = s->peers; i-- > 0;) {
		s->peer[i]->step = IKE_NEW;
		s->peer[i]->renew = s->peer[i]->failed = false;
		s->peer[i]->older = 0;
		if (s->peer[i]->gone)
			remove_peer(s, i);
	}
	s->asked = NULL;
	timer_arm(&s->loop->timers, &s->timer, clock_now() + CONNECT_GAP, on_timer);
}

static void say_why(struct ike *s, int err)
{
	char was[sizeof(s->trouble)];

	memcpy(was, s->trouble, sizeof(was));
	if (err == -EACCES)
		snprintf(s->trouble, sizeof(s->trouble),
			"charon does not let mipd in: put group = mip into /etc/strongswan.d/charon-systemd.conf, then "
			"systemctl restart strongswan");
	else if (err == -ENOENT || err == -ECONNREFUSED)
		snprintf(s->trouble, sizeof(s->trouble), "%s",
			access("/usr/sbin/charon-systemd", F_OK) ? "strongSwan is not installed: apt install "
								   "charon-systemd"
								 : "charon does not run: systemctl start strongswan");
	else
		snprintf(s->trouble, sizeof(s->trouble), "%s: %s", charon_path(), strerror(-err));
	if (strcmp(was, s->trouble) != 0)
		log_warn("%s", s->trouble);
}

static void connect_charon(struct ike *s)
{
	const struct charon_events ev = {s, on_answer, on_event, on_gone};
	int err = charon_open(&s->charon, s->loop, &ev);

	if (err) {
		s->charon = NULL;
		say_why(s, err);
		return;
	}
	*s->trouble = 0;
	s->stage = STAGE_STREAM;
	s->gap = CONNECT_GAP / 2;
	s->roams = false;
	ask(s);
}

static void on_timer(struct timer *t, usec now)
{
	struct ike *s = timer_owner(t, struct ike, timer);

	if (!s->peers)
		return;
	if (!s->charon)
		connect_charon(s);
	for (size_t i = 0; i < s->peers; i++) {
		struct ike_peer *p = s->peer[i];

		p->failed = false;
		if (p->wanted && !p->conf.mine && !ipsec_place(s->ipsec, &p->conf.home, &p->coa))
			p->wanted = false;
	}
	s->news |= s->charon && s->gap < RETRY_GAP; /* bindings may have been restored since */
	ask(s);
	s->gap = 2 * s->gap < RETRY_GAP ? 2 * s->gap : RETRY_GAP;
	timer_arm(&s->loop->timers, &s->timer, now + (s->charon ? s->gap : CONNECT_GAP), on_timer);
}

/* --- ike.h -------------------------------------------------------------------------------------------------------- */

int ike_open(struct ike **out, struct loop *loop, struct ipsec *ipsec, const struct ike_events *ev, struct why *why)
{
	struct ike *s = calloc(1, sizeof(*s));

	if (!s)
		return why_set(why, ENOMEM, "out of memory");
	s->loop = loop;
	s->ipsec = ipsec;
	s->ev = *ev;
	s->refusals = (struct rate){.rate = 1, .burst = 10};
	*out = s;
	return 0;
}

/* Charon is told, and given a moment to do it. */
static void farewell(struct ike *s, const struct ike_peer *p, usec until)
{
	static const enum ike_command last[] = {IKE_UNLOAD, IKE_END, IKE_UNLOAD_SECRET};

	for (size_t i = 0; i < sizeof(last) / sizeof(last[0]) && (p->step != IKE_NEW || p->up); i++)
		if (!charon_is_busy(s->charon) && !ike_say(s->charon, p, last[i], NULL))
			charon_finish(s->charon, until);
}

void ike_close(struct ike *s)
{
	usec until = clock_now() + FAREWELL_MAX;

	if (!s)
		return;
	if (s->charon)
		charon_finish(s->charon, until); /* with what is under way */
	for (size_t i = 0; s->charon && i < s->peers; i++)
		farewell(s, s->peer[i], until);
	while (s->peers)
		remove_peer(s, s->peers - 1);
	timer_stop(&s->loop->timers, &s->timer);
	charon_close(s->charon);
	free(s->peer);
	free(s);
}

static bool is_same(const struct ike_conf *a, const struct ike_conf *b)
{
	return addr_eq(&a->home, &b->home) && addr_eq(&a->agent, &b->agent) && a->mine == b->mine &&
	       a->cert == b->cert && a->reqid == b->reqid && a->rekey == b->rekey && !strcmp(a->id, b->id) &&
	       !strcmp(a->file, b->file);
}

static bool has(const struct ike *s, const struct ike_conf *conf)
{
	const struct ike_peer *p = find(s, &conf->home);

	return p && is_same(&p->conf, conf);
}

static bool is_wished(const struct ike_peer *p, const struct ike_conf *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (is_same(&p->conf, &list[i]))
			return true;
	return false;
}

/* With other words for the same home address; who had keys negotiates new ones. */
static void take_over(struct ike *s, struct ike_peer *p)
{
	for (size_t i = 0; i < s->peers; i++)
		if (s->peer[i]->gone && addr_eq(&s->peer[i]->conf.home, &p->conf.home)) {
			p->at = s->peer[i]->at;
			p->wanted = p->conf.mine && s->peer[i]->up;
		}
}

static int add_peer(struct ike *s, const struct ike_conf *conf, struct why *why)
{
	struct ike_peer *p = calloc(1, sizeof(*p)), **peer;

	peer = p ? reallocarray(s->peer, s->peers + 1, sizeof(void *)) : NULL;
	if (!peer) {
		free(p);
		return why_set(why, ENOMEM, "out of memory");
	}
	p->ike = s;
	p->conf = *conf;
	take_over(s, p);
	s->peer = peer;
	s->peer[s->peers++] = p;
	return 0;
}

int ike_set(struct ike *s, const struct ike_conf *list, size_t n, struct why *why)
{
	int err = 0;

	for (size_t i = s->peers; i-- > 0;) {
		struct ike_peer *p = s->peer[i];

		p->gone |= !is_wished(p, list, n);
		if (p->gone)
			ike_talk_ends(p);
		if (p->gone && (!s->charon || (next_of(p) == IKE_NOTHING && s->asked != p)))
			remove_peer(s, i);
	}
	for (size_t i = 0; i < n && !err; i++)
		if (!has(s, &list[i]))
			err = add_peer(s, &list[i], why);
	if (!timer_armed(&s->timer) && s->peers)
		timer_arm(&s->loop->timers, &s->timer, clock_now(), on_timer);
	ask(s);
	return err;
}

/* From another place the connection is another one; what is under way from the old one will not come to anything. */
static void want_from(struct ike_peer *p, const struct in6_addr *at)
{
	if (!addr_eq(&p->at, at)) {
		p->renew |= p->talk != NULL;
		ike_talk_ends(p);
	}
	negotiate_from(p, at);
	ask(p->ike);
}

bool ike_keys(struct ike *s, const struct in6_addr *home, const struct in6_addr *agent, const struct in6_addr *coa,
	bool doubt)
{
	struct ike_peer *p = find(s, home);
	bool keyed;

	if (!p || !p->conf.mine || !addr_eq(&p->conf.agent, agent))
		return true;
	p->coa = *coa;
	ipsec_refresh(s->ipsec);
	keyed = !doubt && !p->renew && ipsec_keyed(s->ipsec, home);
	if (keyed && !p->unknown)
		return true;
	p->renew |= doubt && !p->talk;
	want_from(p, coa);
	return keyed;
}

bool ike_at(struct ike *s, const struct in6_addr *home, const struct in6_addr *at, bool moves)
{
	struct ike_peer *p = find(s, home);
	int err;

	if (p)
		p->coa = *at;
	if (!p || addr_eq(&p->at, at))
		return p && moves;
	err = moves ? ipsec_km_move(s->ipsec, home, at) : -EOPNOTSUPP;
	s->fixed |= err == -ENOPROTOOPT;
	if (!err) {
		p->at = *at;
		p->step = p->step == IKE_LOADED && p->conf.mine ? IKE_SECRET : p->step;
		return true;
	}
	if (p->conf.mine)
		want_from(p, at);
	return false;
}

bool ike_moves(const struct ike *s, const struct in6_addr *home)
{
	return !s->fixed && find(s, home);
}

const char *ike_trouble(const struct ike *s, const struct in6_addr *home)
{
	const struct ike_peer *p = find(s, home);

	return !p ? "" : *s->trouble ? s->trouble : p->trouble;
}

const char *ike_refused(const struct ike *s, const struct in6_addr *home)
{
	const struct ike_peer *p = home ? find(s, home) : NULL;

	return home && !p ? "" : ike_refusal(p ? &p->refusal : &s->refusal);
}
