/*
 * The router advertisements of the home link, said by radvd: its configuration, and one that `mip ha start radvd`
 * started. Ours is known by the name of its configuration file; every other radvd is left alone.
 */
#ifndef MIP_CMD_RADVD_H
#define MIP_CMD_RADVD_H

struct call;

/* Starts radvd for the home link, or has ours read its configuration again. DONE, or REFUSED having complained. */
int radvd_start(const struct call *call);
/* Ends ours, if it runs, and removes its files. DONE, or REFUSED having complained. */
int radvd_stop(void);

#endif
