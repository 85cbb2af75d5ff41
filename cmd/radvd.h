/*
 * The router advertisements of the home link, said by radvd: its configuration, and one that `mip ha start` started.
 * That one has a keeper, a process of ours: it starts radvd again when that dies, and ends it with the home agent,
 * however that ended. Every other radvd is left alone.
 */
#ifndef MIP_CMD_RADVD_H
#define MIP_CMD_RADVD_H

struct call;

/* Starts radvd for the home link when none runs, or has ours read its configuration again. DONE, or REFUSED having
 * complained. */
int radvd_start(const struct call *call);
/* Ends ours, if it runs, and removes its files. DONE, or REFUSED having complained. */
int radvd_stop(void);

#endif
