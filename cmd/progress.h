/* What takes long says so: on a terminal a line of stderr, from the second second on, that goes when it is done. In a
 * pipe nothing. */
#ifndef MIP_CMD_PROGRESS_H
#define MIP_CMD_PROGRESS_H

#include <poll.h>
#include <stddef.h>
#include <stdint.h>

/* As poll(), but until `deadline_ms` of client_now(), -1: none, and through signals. `what` is waited for; NULL: says
 * nothing. */
int progress_poll(struct pollfd *p, nfds_t n, int64_t deadline_ms, const char *what);

/* `done` of `all` is done. Where all is done the line goes. */
void progress_count(const char *what, size_t done, size_t all);

#endif
