/* What the agent asks the system about itself, and tells the service manager. */
#ifndef MIP_SYS_SELF_H
#define MIP_SYS_SELF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/why.h"

/* user.c: runs as `user` from now on, with capabilities still to be dropped; the directories are made and become the
 * user's. NULL: as who we are, but as account mip where run_dir is its. */
int self_become(const char *user, const char *run_dir, const char *state_dir, struct why *why)
	__attribute__((warn_unused_result));
/* Keeps CAP_NET_ADMIN and CAP_NET_RAW, and (bpf) CAP_BPF where it is there, drops every other capability for good, and
 * gains none by exec. -EPERM when one of the two is missing. */
int self_keep_caps(bool bpf, struct why *why) __attribute__((warn_unused_result));
bool self_has_cap_bpf(void);
/* Leaves the directory it was started in, which may be on a file system that is to go. Dumps no core, and its memory is
 * read by nobody without CAP_SYS_PTRACE: keys are in it. */
void self_seclude(void);
/* confine.c: from now on only the system calls of an agent that serves, when `wanted`. `state` says what is: "on", or
 * "off: " and why. */
void self_confine(bool wanted, char *state, size_t cap);
/* The capabilities held, as libcap prints them. */
void self_caps(char *text, size_t cap);
uint64_t self_memory(void);		  /* resident bytes */
uint64_t self_netns(void);		  /* inode of the network namespace */
uint64_t self_netns_cookie(void);	  /* never used again while the machine runs; 0 = not known */
void self_boot(char *text, size_t cap);	  /* identifier of this start of the machine */
void self_kernel(char *text, size_t cap); /* release */
/* sd_notify(3) without its library: state such as "READY=1" to $NOTIFY_SOCKET, if there is one. */
void self_notify(const char *state);

#endif
