/* batch.h: kept as bytes, read again at commit: a request is eight times its bytes. */
#include <errno.h>
#include <stdlib.h>

#include "ctl/batch.h"

#define BATCH_BYTES (4U << 20)

void batch_drop(struct batch *b)
{
	queue_clear(&b->list);
	*b = (struct batch){0};
}

void batch_add(struct batch *b, const struct ctl_request *rq, const void *bytes, size_t len, const struct why *why)
{
	if (b->why.err)
		return;
	b->bad = b->list.n;
	if (why->err)
		b->why = *why;
	else if (b->list.n >= MIP_BATCH_MAX || b->list.bytes + len > BATCH_BYTES)
		why_set(&b->why, E2BIG, "more than %d commands (or %u bytes) at once", MIP_BATCH_MAX, BATCH_BYTES);
	else if (!queue_put(&b->list, bytes, len))
		why_set(&b->why, ENOMEM, "out of memory for %s", ctl_name(rq->cmd));
}

static int run(
	struct batch *b, const struct ctl_ops *ops, const struct ctl_request *commit, size_t *bad, struct why *why)
{
	size_t n = 0;
	struct ctl_request *list = calloc(b->list.n ? b->list.n : 1, sizeof(*list));
	int err = 0;

	if (!list)
		return why_set(why, ENOMEM, "out of memory for %zu commands", b->list.n);
	for (const struct packet *p = b->list.head; p && !err; p = p->next, n++) {
		err = ctl_parse(&list[n], p->bytes, p->len, why);
		list[n].uid = commit->uid;
		list[n].pid = commit->pid;
	}
	if (!err)
		err = ops->commit(ops->ctx, commit, list, n, bad, why);
	free(list);
	return err;
}

int batch_commit(
	struct batch *b, const struct ctl_ops *ops, const struct ctl_request *commit, int64_t *bad, struct why *why)
{
	size_t at = SIZE_MAX, n = b->list.n;
	int err;

	if (!b->open)
		return why_set(why, EINVAL, "COMMIT without BEGIN");
	if (b->why.err) {
		*why = b->why;
		*bad = (int64_t)b->bad;
		err = -why->err;
	} else {
		err = run(b, ops, commit, &at, why);
		if (err && at < n)
			*bad = (int64_t)at;
	}
	batch_drop(b);
	return err;
}
