/* The agent: one process, one thread, one network namespace; and a process that sleeps until it is killed, see
 * remains.h. */
#ifndef MIP_AGENT_AGENT_H
#define MIP_AGENT_AGENT_H

#include <stdbool.h>

struct agent_options {
	int ready_fd;	  /* "READY\n" is written here when it serves, then closed; -1 = nobody waits */
	bool debug;	  /* log debug lines too */
	bool unconfined;  /* makes what system calls it likes: to look for a fault */
	bool transient;	  /* started by `mip ROLE start`: ends with its last role */
	const char *user; /* runs as this account; NULL = as who started it */
	const char *path; /* "ip6tnl", "bpf" or "tun" forces the data path; NULL = the best this kernel offers */
};

/* Serves until it is told to stop, then takes everything it installed out of the kernel. The exit status of the
 * program. */
int agent_main(const struct agent_options *options);

#endif
