/*
 * The router advertisements of the home link, said by radvd: its configuration, and one of ours. That one has a keeper:
 * it starts radvd when the home agent serves, again when it dies, and ends it with the home agent, however that ended.
 * The keeper is a service of its own where systemd runs the machine, else a process that `mip` leaves behind. Every
 * other radvd is left alone.
 */
#ifndef MIP_CMD_RADVD_H
#define MIP_CMD_RADVD_H

#include <stdbool.h>

struct call;

/* Sees to it that the home links are announced, when there is a home agent and no radvd of somebody else's. DONE, or
 * REFUSED having complained. */
int radvd_start(const struct call *call);
/* Ends ours, if it runs: the home agent has ended; or, for good, though it has not. DONE, or REFUSED having complained.
 */
int radvd_stop(bool for_good);

#endif
