/* The listening end of the control socket: its directory, its name, who else may have it. */
#ifndef MIP_CTL_LISTEN_H
#define MIP_CTL_LISTEN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "base/why.h"

struct listener {
	int fd;	    /* SOCK_SEQPACKET, listening */
	int lock;   /* held while the agent lives */
	int files;  /* inotify: something in the directory, or the directory, was removed */
	bool stale; /* the socket of an agent that was killed was in its place */
	uint64_t netns;
	struct sockaddr_un at;
	struct stat made; /* the socket, when it was bound */
};

/* Only the lock, without a socket: nobody serves here, nor begins to until l->lock is closed. -EEXIST: an agent
 * runs. */
int listener_lock(struct listener *l, struct why *why) __attribute__((warn_unused_result));
/* 0 or -errno with `why`; -EEXIST when an agent serves this network namespace already. */
int listener_open(struct listener *l, struct why *why) __attribute__((warn_unused_result));
void listener_close(struct listener *l);
/* Somebody may clean /run up. After l->files became readable: is the socket still to be found? */
bool listener_stands(const struct listener *l);
/* Makes it anew, with another l->fd; directory and lock as well, where they went. 0 or -errno with `why`, and nothing
 * changed: try again. */
int listener_renew(struct listener *l, struct why *why) __attribute__((warn_unused_result));
/* Whose socket is there: another number for every agent, 0 = none, that is nobody's or of one that ended in good order.
 */
uint64_t listener_mark(void);

#endif
