/* Network namespaces by name, path or process: the socket of an agent is named by the inode. */
#ifndef MIP_CMD_NETNS_H
#define MIP_CMD_NETNS_H

#include <stdint.h>

/* The inode of that namespace, NULL = ours; 0 with errno when there is none. Needs no privilege. */
uint64_t netns_inode(const char *name);
/* Says on stderr which other namespaces have an agent: the most likely reason why none is here. */
void netns_others(const char *run_dir);
/* Moves this process there. 0 or -1 with errno. */
int netns_enter(const char *name);
/* The same to the one that -n names, if any. DONE, or REFUSED having complained. */
int netns_go(void);

#endif
