/*
 * When an agent is killed, what it installed for home addresses stays in the kernel: proxies that defend them on the
 * home link, routes into tunnels. For a moment that is good, the next agent takes it over. Where none comes it keeps
 * the home agent a mobile node turns to next from serving the address (Duplicate Address Detection finds ours, RFC 6275
 * 10.3.1). So a second process waits for the end of the agent and, when no other was there by then, cleans up. Where
 * another was, and was killed as well, that is for the one that waited for its end: it has waited less.
 */
#ifndef MIP_AGENT_REMAINS_H
#define MIP_AGENT_REMAINS_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/why.h"

struct remains {
	pid_t pid;
	int pipe;    /* its other end says that we are gone; -1 = closed */
	bool before; /* what an agent before us left, that was killed, is still there */
};

/* Forks: when our socket is there, before there are secrets in our memory, after capabilities were dropped.
 * `path`: see agent_options. */
int remains_open(struct remains *r, const char *path, struct why *why) __attribute__((warn_unused_result));
/* Is there, from now on, anything to clean up after us? */
void remains_matter(const struct remains *r, bool yes);
/* An end in good order; what was left before us and nobody took over is still cleaned up. */
void remains_close(struct remains *r);

#endif
