/* `mip monitor`: the snapshot, a sync, then events until the reader has enough. JSON: one object a line. */
#include <inttypes.h>
#include <libmnl/libmnl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cmd/client.h"
#include "cmd/mip.h"
#include "cmd/out.h"
#include "cmd/record.h"
#include "cmd/run.h"
#include "cmd/walk.h"

#define ENOUGH (-1) /* out of client_receive: as many events as were asked for */

struct count {
	uint32_t limit, seen; /* limit 0 = none */
	bool no_snapshot;
};

static uint64_t wall_usec(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

/* Records of the snapshot get the keys events have, so that every line can be read alike. */
static void put_snapshot_keys(const char *event)
{
	uint64_t now = wall_usec();

	out_put(MIP_A_TS, &now, sizeof(now));
	if (opt.json)
		out_put_str(MIP_A_EVENT, event);
}

/* People read the sentence an event comes with; -d and JSON have all of it. */
static void put_event(const struct nlmsghdr *msg)
{
	const struct nlattr *ts = record_find(msg, MIP_A_TS), *message = record_find(msg, MIP_A_MESSAGE);

	if (opt.json || (opt.details && !opt.brief) || !message) {
		out_values(msg);
		return;
	}
	if (ts)
		out_put(MIP_A_TS, mnl_attr_get_payload(ts), mnl_attr_get_payload_len(ts));
	out_put_str(MIP_A_MESSAGE, mnl_attr_get_str(message));
}

static int one(void *ctx, const struct nlmsghdr *msg)
{
	struct count *count = ctx;
	int err;

	if (count->no_snapshot && msg->nlmsg_type != MIP_EVENT)
		return DONE;
	if (msg->nlmsg_type == MIP_EVENT_SYNC && !opt.json)
		return out_flush();
	out_begin();
	if (msg->nlmsg_type == MIP_EVENT_SYNC)
		put_snapshot_keys("sync");
	else if (msg->nlmsg_type != MIP_EVENT)
		put_snapshot_keys("snapshot");
	put_event(msg);
	err = out_end();
	if (!err && msg->nlmsg_type == MIP_EVENT && ++count->seen == count->limit)
		return ENOUGH;
	return err;
}

int run_monitor(const struct call *call)
{
	const struct value *limit = call_value(call, MIP_A_LIMIT);
	struct count count = {.no_snapshot = call_value(call, W_NO_SNAPSHOT)};
	const char *before = client_awaits;
	struct refusal no = {0};
	struct request rq;
	int err = client_need(call->verb->object);

	if (err)
		return err;
	if (limit)
		memcpy(&count.limit, limit->bytes, sizeof(count.limit));
	request_put_call(&rq, call);
	out_open(OUT_LINES, NULL, true);
	err = client_send(&rq);
	client_awaits = NULL; /* events come or do not */
	if (!err)
		err = client_receive(one, &count, &no, -1);
	client_awaits = before;
	client_close();
	if (err == REFUSED && no.err)
		return run_refused(call, &no);
	return err == ENOUGH ? DONE : err;
}
