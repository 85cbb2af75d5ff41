/*
 * TUN devices: whole IPv6 packets between the stack and the agent. They, and the routes through them, go with the
 * agent, also when it crashes, unless they are made persistent: then the next agent takes them over.
 */
#ifndef MIP_SYS_TUN_H
#define MIP_SYS_TUN_H

#include "sys/link.h"

/* Opens the device `name`, a new one or one an agent left, set up as `set` says. Each packet has a struct
 * virtio_net_hdr before it; those the stack has not yet cut into segments or summed come as they are. *ifindex: a
 * number it had before and should have again, or 0; then what it has. The descriptor (non-blocking), or -errno. -EBUSY:
 * another agent has it. */
int tun_open_vnet(struct nl *nl, const char *name, const struct link_set *set, unsigned *ifindex, struct why *why)
	__attribute__((warn_unused_result));
/* Does the device stay without the descriptor, with its routes and programs? */
void tun_persist(int fd, bool yes);
/* Deletes a persistent device that an agent left. -EBUSY: an agent has it. */
int tun_delete_left(struct nl *nl, const char *name, struct why *why) __attribute__((warn_unused_result));
/* Grows the buffers of a socket to `bytes`, past the system's limit when we may. */
void sock_grow(int fd, int bytes);

#endif
