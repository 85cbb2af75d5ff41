/* Inside of radvd: its configuration (radvd.c), for who runs it (radvd_run.c). Not for others. */
#ifndef MIP_CMD_RADVD_IMPL_H
#define MIP_CMD_RADVD_IMPL_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "cmd/radvd.h"

struct value;

#define RADVD_LINKS_MAX 16

struct radvd_links {
	char name[RADVD_LINKS_MAX][IFNAMSIZ];
	size_t n;
	uint32_t preference; /* of the home agent among others (RFC 6275 7.4) */
	bool routers;	     /* it serves mobile routers (RFC 3963 7.3) */
};

/* The one named, else those the home agent serves, else the one it would serve. False, having complained, when there is
 * none. */
bool radvd_links(const struct value *dev, struct radvd_links *l);
/* A link without neighbours: nobody is there to be told. */
bool radvd_alone(const char *dev);
/* What radvd should say there. DONE, or REFUSED having complained. */
int radvd_write(FILE *to, const struct radvd_links *l);

#define RADVD_KEEPER  "mip-radvd" /* what the keeper is called */
#define RADVD_STOP_MS 10000	  /* radvd says goodbye on each link first */

struct radvd_files {
	char conf[192], log[192], pid[192];
};

/* The process, in the background: with `test` it only reads its configuration. -1 having complained. */
pid_t radvd_spawn(const struct radvd_files *f, int log, bool test);
/* Ends a process, and waits until it has. False when it does not. */
bool radvd_end(pid_t pid, int patience_ms) __attribute__((warn_unused_result));
void radvd_forget(const struct radvd_files *f);

/* radvd_keep.c: starts the keeper, and waits until it has started radvd. DONE, or REFUSED having complained. */
int radvd_keep(const struct radvd_files *f, int log) __attribute__((warn_unused_result));

#endif
