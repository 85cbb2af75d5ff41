/*
 * Inside of nl.h, shared by nl.c (requests) and nl_listen.c (notifications).
 */
#ifndef MIP_SYS_NL_IMPL_H
#define MIP_SYS_NL_IMPL_H

#include "sys/nl.h"
#include "sys/removal.h"

#define NL_BATCH (32 * 1024)

struct nl {
	struct loop *loop;
	struct mnl_socket *req;
	uint32_t seq;
	char *batch;
	size_t batch_len;
	bool bulk;
	int bulk_err;
	struct mnl_socket *ev; /* NULL until nl_listen */
	struct watch watch;
	struct nl_events events;
	struct removal removal;
	void (*lost)(void *ctx, unsigned what); /* NULL until nl_watch */
	void *lost_ctx;
	char buf[32 * 1024];
};

void nl_unlisten(struct nl *nl);

#endif
