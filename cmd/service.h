/* Where systemd runs the machine its units run our agent, and what announces the home link: one owner. */
#ifndef MIP_CMD_SERVICE_H
#define MIP_CMD_SERVICE_H

#include <stdbool.h>

#define SERVICE_AGENT "mipd.service"

/* Is that unit the one to start, of programs of the same installation, in the chosen network namespace? Only the
 * machine's own has units, and only root may start them. */
bool service_runs(const char *unit);
/* systemctl VERB UNIT. DONE, or REFUSED having complained. */
int service_do(const char *verb, const char *unit);

#endif
