/* The write commands of one client between MIP_BEGIN and MIP_COMMIT. The first that is refused spoils the batch. */
#ifndef MIP_CTL_BATCH_H
#define MIP_CTL_BATCH_H

#include "ctl/queue.h"
#include "ctl/server.h"

struct batch {
	bool open;
	struct queue list;
	struct why why; /* of the first refusal */
	size_t bad;
};

/* Keeps the request read from `bytes`; `err` and `why` say how reading it went. */
void batch_add(struct batch *b, const struct ctl_request *rq, const void *bytes, size_t len, const struct why *why);
/* Hands all to ops->commit. 0 or -errno; *bad >= 0 names the one to blame. The batch is empty and closed after. */
int batch_commit(struct batch *b, const struct ctl_ops *ops, const struct ctl_request *commit, int64_t *bad,
	struct why *why) __attribute__((warn_unused_result));
void batch_drop(struct batch *b);

#endif
