/* keep.h: bindings and events to records of the store, and back. */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "agent/keep.h"
#include "role/ro.h"
#include "sys/self.h"

_Static_assert(STORE_NETWORKS == MH_NETWORKS, "what a binding may have is kept");

#define FIRST_RETRY SEC
#define LAST_RETRY  (60 * SEC)

/* --- to the store ------------------------------------------------------------------------------------------------- */

static enum store_cache cache_of(const struct keep *k, const struct bc_entry *e)
{
	return e->cache == &k->ha->bc ? STORE_HA : STORE_CN;
}

bool keep_is_kept(const struct bc_entry *e)
{
	return !e->fixed && e->state != MIP_BINDING_DAD;
}

/* Times of b are the machine's, and become the calendar's. */
static void put_binding(struct keep *k, enum store_cache cache, struct store_binding b)
{
	b.booted = clock_wall() - clock_now();
	b.boot = k->owner.boot;
	b.made += b.booted;
	b.expires += b.booted;
	store_put(k->store, cache, &b);
}

struct store_binding keep_binding_of(const struct bc_entry *e)
{
	struct store_binding b = {.home = e->home, .local = e->local, .coa = e->coa, .from = e->from};

	b.made = e->made;
	b.expires = e->expires;
	b.seq = e->seq;
	b.flags = e->flags;
	b.lifetime = e->lifetime;
	b.udp_local = e->udp.local;
	b.udp_port = e->udp.port;
	b.networks = e->networks;
	if (e->networks)
		memcpy(b.network, e->network, e->networks * sizeof(b.network[0]));
	return b;
}

static void put_entry(struct keep *k, const struct bc_entry *e)
{
	put_binding(k, cache_of(k, e), keep_binding_of(e));
}

static void put_peer(struct keep *k, const struct bul_entry *e)
{
	put_binding(k, STORE_BUL,
		(struct store_binding){.home = e->home,
			.local = e->peer,
			.coa = e->coa,
			.made = e->sent_at,
			.expires = e->held_until,
			.seq = e->seq,
			.flags = e->flags,
			.lifetime = e->asked});
}

static void put_peers(struct keep *k)
{
	store_clear(k->store, STORE_BUL);
	for (size_t i = 0; i < bul_count(&k->mn->bul); i++)
		if (bul_at(&k->mn->bul, i)->held_until > clock_now())
			put_peer(k, bul_at(&k->mn->bul, i));
	k->said = 0;
}

/* Ends that nobody tells stay in the store until as many updates are sent as there may be correspondents. */
static void keep_peer(struct keep *k, const struct event *ev)
{
	const struct bul_entry *e = ev->bul;

	if (ev->type == EV_BU_SENT && e->held_until && ++k->said > MN_PEERS_MAX)
		put_peers(k);
	else if (ev->type == EV_BU_SENT && e->held_until)
		put_peer(k, e);
	else if (ev->type == EV_RO_STATE && e->ro == MIP_RO_IDLE && e->held_until <= clock_now())
		store_del(k->store, STORE_BUL, &e->home, &e->peer);
}

void keep_event(struct keep *k, const struct event *ev)
{
	const struct bc_entry *e = ev->binding;

	if (!k->store || k->behind || k->asleep)
		return;
	if (ev->bul)
		keep_peer(k, ev);
	if (!e || !keep_is_kept(e))
		return;
	switch (ev->type) {
	case EV_BINDING_ADDED:
	case EV_BINDING_MOVED:
	case EV_BINDING_REFRESHED: put_entry(k, e); break;
	case EV_BINDING_REMOVED:
	case EV_BINDING_EXPIRED: store_del(k->store, cache_of(k, e), &e->home, &e->local); break;
	default: break;
	}
}

void keep_sleep(struct keep *k, bool asleep)
{
	k->asleep = asleep;
}

static void put_all(struct keep *k, enum store_cache cache, const struct bc *bc)
{
	store_clear(k->store, cache);
	for (size_t i = 0; i < bc_count(bc); i++)
		if (keep_is_kept(bc_at(bc, i)))
			put_entry(k, bc_at(bc, i));
}

/* --- trouble ------------------------------------------------------------------------------------------------------ */

static void try_again(struct timer *t, usec now);

/* What the store has is soon of before, and must not be believed by anybody who starts later. */
static void fall_behind(struct keep *k, const struct why *why)
{
	if (k->store)
		store_abandon(k->store);
	k->store = NULL;
	if (!k->behind || strcmp(k->trouble, why->text)) {
		snprintf(k->trouble, sizeof(k->trouble), "%s", why->text);
		log_warn("bindings are not kept: %s", k->trouble);
	}
	k->patience = k->behind && k->patience * 2 < LAST_RETRY ? k->patience * 2
		      : k->behind				? LAST_RETRY
								: FIRST_RETRY;
	k->behind = true;
	timer_arm(&k->loop->timers, &k->retry, clock_now() + k->patience, try_again);
}

/* All anew: the roles that run know what should be there; of others the store knows more. */
static void catch_up(struct keep *k, struct why *why)
{
	if (k->ha->on)
		put_all(k, STORE_HA, &k->ha->bc);
	if (k->cn->on) {
		put_all(k, STORE_CN, &k->cn->bc);
		store_put_nonce(k->store, k->cn->rr.index);
		k->nonce = k->cn->rr.index;
	}
	if (k->mn->on)
		put_peers(k);
	k->behind = store_commit(k->store, why) != 0;
}

static void try_again(struct timer *t, usec now)
{
	struct keep *k = timer_owner(t, struct keep, retry);
	struct why why = {0};

	(void)now;
	if (!store_open(&k->store, &k->owner, &why))
		catch_up(k, &why);
	k->behind = true;
	if (why.err) {
		fall_behind(k, &why);
		return;
	}
	k->behind = false;
	log_info("bindings are kept again in %s", store_path(k->store));
}

/* One transaction a turn. */
static void end_turn(struct turn *t)
{
	struct keep *k = timer_owner(t, struct keep, turn);
	struct why why = {0};

	if (!k->store || k->behind || k->asleep)
		return;
	if (k->cn->on && k->nonce != k->cn->rr.index) {
		k->nonce = k->cn->rr.index;
		store_put_nonce(k->store, k->cn->rr.index);
	}
	if (store_commit(k->store, &why))
		fall_behind(k, &why);
}

/* --- from the store ----------------------------------------------------------------------------------------------- */

/* 0: it serves again. Times of b are the machine's. */
typedef int restorer(struct keep *k, const struct store_binding *b, usec now);

struct restoring {
	struct keep *k;
	restorer *restore;
	struct store_clock clock;
	size_t ended, refused;
	int err;	   /* of the last that was refused */
	bool another_boot; /* wrote some of them */
};

/* False: not to be had any more. */
static bool restore_one(void *ctx, const struct store_binding *b)
{
	struct restoring *r = ctx;
	usec left = store_left(b, &r->clock), made = b->made - store_booted(b, &r->clock), now = r->clock.now;
	struct store_binding here = *b;
	int err;

	here.made = made < now ? made : now;
	here.expires = now + left;
	r->another_boot |= b->boot != r->clock.boot;
	if (!left) {
		r->ended++;
		return false;
	}
	err = r->restore(r->k, &here, now);
	if (!err)
		return true;
	r->refused++;
	r->err = err;
	return false;
}

static void restore_all(struct keep *k, enum store_cache cache, const char *whose, restorer *restore)
{
	struct restoring r = {k, restore, {k->owner.boot, clock_now(), clock_wall()}, 0, 0, 0, false};
	size_t n = k->store ? store_each(k->store, cache, restore_one, &r) : 0;

	if (r.another_boot && cache == STORE_BUL) /* from now on it is this one's clock that counts */
		put_peers(k);
	else if (r.another_boot)
		put_all(k, cache, cache == STORE_HA ? &k->ha->bc : &k->cn->bc);
	if (n)
		log_info("%zu bindings of before serve again %s, %zu ended meanwhile", n - r.ended - r.refused, whose,
			r.ended);
	if (r.refused)
		log_warn("%zu bindings of before cannot be served %s any more: %s", r.refused, whose, strerror(-r.err));
}

struct bc_entry keep_entry_of(const struct store_binding *b)
{
	return (struct bc_entry){.home = b->home,
		.local = b->local,
		.coa = b->coa,
		.udp = {b->udp_local, b->udp_port ? b->coa : in6addr_any, b->udp_port, 0},
		.from = b->from,
		.made = b->made,
		.expires = b->expires,
		.seq = b->seq,
		.flags = b->flags,
		.lifetime = b->lifetime,
		.networks = (uint8_t)b->networks,
		.network = (struct addr_prefix *)b->network};
}

static int into_ha(struct keep *k, const struct store_binding *b, usec now)
{
	struct bc_entry e = keep_entry_of(b);

	return ha_restore(k->ha, &e, now);
}

void keep_restore_ha(struct keep *k)
{
	restore_all(k, STORE_HA, "at the home agent", into_ha);
}

static int into_cn(struct keep *k, const struct store_binding *b, usec now)
{
	struct bc_entry e = keep_entry_of(b);

	return cn_restore(k->cn, &e, now);
}

void keep_restore_cn(struct keep *k)
{
	int nonce = k->store ? store_nonce(k->store) : -1;

	if (nonce >= 0)
		rr_go_on(&k->cn->rr, (uint16_t)nonce);
	restore_all(k, STORE_CN, "at the correspondent node", into_cn);
}

static int into_bul(struct keep *k, const struct store_binding *b, usec now)
{
	const struct bul_entry e = {.home = b->home,
		.peer = b->local,
		.coa = b->coa,
		.sent_at = b->made,
		.held_until = b->expires,
		.seq = b->seq};

	return ro_restore(k->mn, &e, now);
}

void keep_restore_mn(struct keep *k)
{
	restore_all(k, STORE_BUL, "at correspondents", into_bul);
}

/* The start of this machine as a number: 60 bits of its identifier. */
static uint64_t boot_number(void)
{
	char boot[40];
	uint64_t n = 0;

	self_boot(boot, sizeof(boot));
	for (int i = 0, digits = 0; boot[i] && digits < 15; i++) {
		const char *hex = "0123456789abcdef", *at = strchr(hex, boot[i]);

		if (at) {
			n = n * 16 + (uint64_t)(at - hex);
			digits++;
		}
	}
	return n;
}

/* --- open and close ----------------------------------------------------------------------------------------------- */

void keep_open(struct keep *k, struct loop *loop, struct ha *ha, struct cn *cn, struct mn *mn, const char *dir)
{
	struct why why = {0};

	*k = (struct keep){.loop = loop, .ha = ha, .cn = cn, .mn = mn, .turn = {.run = end_turn}, .nonce = -1};
	k->owner = (struct store_owner){dir, self_netns(), self_netns_cookie(), boot_number()};
	loop_each_turn(loop, &k->turn);
	if (store_open(&k->store, &k->owner, &why))
		fall_behind(k, &why);
}

void keep_close(struct keep *k)
{
	if (!k->loop)
		return;
	timer_stop(&k->loop->timers, &k->retry);
	store_close(k->store);
	k->store = NULL;
}

const char *keep_where(const struct keep *k)
{
	return k->store && !k->behind ? store_path(k->store) : k->trouble;
}
