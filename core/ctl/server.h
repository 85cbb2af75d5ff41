/*
 * The control socket of the agent: accepts clients, checks who may do what, hands requests to `struct ctl_ops`,
 * streams dumps, broadcasts events. Knows nothing of Mobile IPv6. Never blocks: a slow reader waits for itself.
 */
#ifndef MIP_CTL_SERVER_H
#define MIP_CTL_SERVER_H

#include "base/why.h"
#include "ctl/codec.h"

struct loop;
struct ctl;

/*
 * Where a dump stands: zeroed before the first record, kept by the server between records, possibly many turns
 * of the loop apart. Keep keys in it, never pointers: what it points at may be gone by the next call.
 */
struct ctl_cursor {
	uint64_t at;
	uint8_t key[48];
};

struct ctl_ops {
	void *ctx;
	/* One WRITE command (not BEGIN or COMMIT). 0, or -errno with `why`. The answer is sent when it returns. */
	int (*set)(void *ctx, const struct ctl_request *rq, struct why *why);
	/*
	 * The next record of a dump (AGENT_GET, BINDING_GET, BUL_GET, HA_GET, MN_GET, CONFIG_GET). `record` is an open
	 * message of the right type: put the attributes and advance the cursor. 0 = filled, 1 = no more, -errno and
	 * why. Filters of the command line (home A) are in rq->attr. For the snapshot of a monitor rq has no
	 * attributes.
	 */
	int (*get)(void *ctx, const struct ctl_request *rq, struct ctl_cursor *at, struct ctl_msg *record,
		struct why *why);
	/*
	 * The write commands of one transaction, in order, all or nothing (CONFIG_RESET may be among them).
	 * On -errno *bad is the index of the one that could not be, n or more: none of them. `commit` is the COMMIT.
	 */
	int (*commit)(void *ctx, const struct ctl_request *commit, const struct ctl_request *list, size_t n,
		size_t *bad, struct why *why);
};

/*
 * Makes the directory and the socket of this network namespace, and serves on `loop`. `ops` is kept, not copied.
 * A stale socket is replaced; -EEXIST when an agent serves there. 0 or -errno with `why`.
 */
int ctl_open(struct ctl **out, struct loop *loop, const struct ctl_ops *ops, struct why *why)
	__attribute__((warn_unused_result));
/* Hangs up on everyone and removes the socket. NULL may be closed. */
void ctl_close(struct ctl *c);
/*
 * Sends an event (ctl_msg_open(m, MIP_EVENT); MIP_A_OBJECT one of "mn" "bul" "binding" "ha" "agent") to the monitors
 * that want its object. A monitor that lags loses it and is told how many it lost. May be called from inside ops.
 */
void ctl_event(struct ctl *c, const struct ctl_msg *record);
/* Whether anyone monitors that object, NULL = anything: no need to build an event otherwise. */
bool ctl_watched(const struct ctl *c, const char *object);
/* Where it listens. */
const char *ctl_path(const struct ctl *c);
/* The agent before was killed, and has not cleaned up. */
bool ctl_after_kill(const struct ctl *c);

#endif
