/* Inside of radvd: its configuration (radvd.c), for who runs it (radvd_run.c, radvd_keep.c). Not for others. */
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
	bool configured;     /* there is a home agent, though it may wait for its links */
};

/* Those the home agent serves; none without one. DONE, or REFUSED or NO_AGENT: it cannot be asked. */
int radvd_served(struct radvd_links *l);

/* The one named, else those the home agent serves, else the one it would serve. False, having complained, when there is
 * none. */
bool radvd_links(const struct value *dev, struct radvd_links *l);
/* A link without neighbours: nobody is there to be told. */
bool radvd_alone(const char *dev);
/* What radvd should say there. DONE, or REFUSED having complained. */
int radvd_write(FILE *to, const struct radvd_links *l);
/* The same of those links that have somebody to tell and something to say; NULL: none has. For free(). */
char *radvd_text(const struct radvd_links *l);

#define RADVD_KEEPER  "mip-radvd" /* what the keeper is called */
#define RADVD_SERVICE "mip-radvd.service"
#define RADVD_STOP_MS 10000 /* radvd says goodbye on each link first */

struct radvd_files {
	char conf[192], log[192], pid[192];
};

bool radvd_name(struct radvd_files *f);
/* The process, in the background: with `test` it only reads its configuration. -1 having complained. */
pid_t radvd_spawn(const struct radvd_files *f, int log, bool test);
/* Ends a process, and waits until it has. False when it does not. */
bool radvd_end(pid_t pid, int patience_ms) __attribute__((warn_unused_result));
void radvd_forget(const struct radvd_files *f);

/* Is there one that is not the child of the keeper? */
pid_t radvd_other(void);
/* Writes the whole file. DONE, or REFUSED having complained. */
int radvd_put(const char *path, const char *text);

/* radvd_keep.c: starts the keeper, and waits until it has started radvd. DONE, or REFUSED having complained. */
int radvd_keep(const struct radvd_files *f, int log) __attribute__((warn_unused_result));

#endif
