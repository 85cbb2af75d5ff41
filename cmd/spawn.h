/* The process of the agent, for who starts it. */
#ifndef MIP_CMD_SPAWN_H
#define MIP_CMD_SPAWN_H

#include <sys/types.h>

#define SPAWN_OPTIONS 16

/* Starts mipd with at most that many options (NULL ends them), and waits until it serves. DONE, connected to it, or not
 * DONE, having said why. */
int spawn_agent(char *const *options);
/* Ends the agent we are connected to, by a signal: told to stop by a command it would forget its bindings. DONE, when
 * it is gone, or REFUSED, having said why. */
int end_agent(pid_t pid);

/* Where the program `name` of this project is: beside this one, so that a checkout runs its own; where make install
 * puts it; else wherever PATH finds it. `size` >= 64. */
void spawn_find(const char *name, char *buf, size_t size);

#endif
