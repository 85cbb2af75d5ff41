/*
 * Bindings that outlive the agent, here and at correspondents: what happens to them is written to the store
 * (store/store.h) at the end of each turn of the loop, and a role that starts gets back what it had. Without a store
 * all works as with one, and a crash forgets. So it is while its disk is full: what could not be changed is deleted,
 * and written anew when there is room; what is believed later was true when it was written last.
 */
#ifndef MIP_AGENT_KEEP_H
#define MIP_AGENT_KEEP_H

#include "base/loop.h"
#include "role/cn.h"
#include "role/event.h"
#include "role/ha.h"
#include "role/mn.h"
#include "store/store.h"

struct keep {
	struct loop *loop;
	struct ha *ha;
	struct cn *cn;
	struct mn *mn;
	struct store *store; /* NULL: not to be had now */
	struct store_owner owner;
	struct turn turn;
	struct timer retry;
	usec patience; /* until the next try */
	int nonce;     /* the index the store has, or -1 */
	unsigned said; /* updates to correspondents since those that ended were last taken out */
	bool behind;   /* the store lacks what happened since it failed */
	bool asleep;   /* what happens now is not the bindings' end */
	char trouble[160];
};

/* Opens the store in `dir`; failing that, says why and tries again later. */
void keep_open(struct keep *k, struct loop *loop, struct ha *ha, struct cn *cn, struct mn *mn, const char *dir);
void keep_close(struct keep *k);
void keep_event(struct keep *k, const struct event *ev);
/* While asleep the store stays as it is: roles stop, to be started again with what they had. */
void keep_sleep(struct keep *k, bool asleep);
/* The bindings of before into the cache of a role that has just started. */
void keep_restore_ha(struct keep *k);
void keep_restore_cn(struct keep *k);
void keep_restore_mn(struct keep *k);
/* A binding as a record, and back: `network` of the entry is the record's. Times are the machine's. */
struct store_binding keep_binding_of(const struct bc_entry *e);
struct bc_entry keep_entry_of(const struct store_binding *b);
/* Bindings made by hand are the configuration's; those that are being probed do not exist yet. */
bool keep_is_kept(const struct bc_entry *e);
/* Where the state is kept, or why it is not. */
const char *keep_where(const struct keep *k);

#endif
