/*
 * A connection to strongSwan's charon, which negotiates keys (IKEv2), by VICI (wire/vici.h). One command is under way
 * at a time. Nothing here waits: charon may take minutes to answer. What was sent is wiped, for it may be a secret.
 */
#ifndef MIP_SYS_CHARON_H
#define MIP_SYS_CHARON_H

#include "base/clock.h"
#include "wire/vici.h"

#define CHARON_SOCKET "/run/charon.vici" /* $MIP_VICI instead, unless we are more than who started us */

struct charon;
struct loop;

/* Any of them may close the connection. */
struct charon_events {
	void *ctx;
	/* To what was sent last. */
	void (*answer)(void *ctx, enum vici_packet type, struct vici_reader *r);
	void (*event)(void *ctx, struct vici_text name, struct vici_reader *r);
	/* charon ended it, or said what is not VICI; charon_close is still to be called. */
	void (*gone)(void *ctx);
};

/* 0, or -errno: -ENOENT, -ECONNREFUSED: it does not run; -EACCES: it does not let us in. */
int charon_open(struct charon **out, struct loop *loop, const struct charon_events *ev)
	__attribute__((warn_unused_result));
void charon_close(struct charon *c); /* NULL is nothing */
bool charon_is_busy(const struct charon *c);
/* Begins a request, or a registration for an event; not while it is busy. */
struct wr charon_begin(struct charon *c, enum vici_packet type, const char *name);
/* Sends it. -EMSGSIZE: it had no room; then nothing is sent, and it is not busy. */
int charon_send(struct charon *c, struct wr *w) __attribute__((warn_unused_result));
/* Where nothing else goes on any more: waits for the answer, until then at the latest; there are no events from now on.
 */
void charon_finish(struct charon *c, usec until);
/* Where it listens. */
const char *charon_path(void);

#endif
