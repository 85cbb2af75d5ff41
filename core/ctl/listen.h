/* The listening end of the control socket: its directory, its name, who else may have it. */
#ifndef MIP_CTL_LISTEN_H
#define MIP_CTL_LISTEN_H

#include <stdint.h>
#include <sys/un.h>

#include "base/why.h"

struct listener {
	int fd;	  /* SOCK_SEQPACKET, listening */
	int lock; /* held while the agent lives */
	uint64_t netns;
	struct sockaddr_un at;
};

/* Only the lock, without a socket: nobody serves here, nor begins to until l->lock is closed. -EEXIST: an agent
 * runs. */
int listener_lock(struct listener *l, struct why *why) __attribute__((warn_unused_result));
/* 0 or -errno with `why`; -EEXIST when an agent serves this network namespace already. */
int listener_open(struct listener *l, struct why *why) __attribute__((warn_unused_result));
void listener_close(struct listener *l);

#endif
