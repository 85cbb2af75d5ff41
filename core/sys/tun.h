/*
 * TUN devices: whole IPv6 packets between the stack and the agent. Not persistent: they, and
 * the routes through them, go with the agent, also when it crashes.
 */
#ifndef MIP_SYS_TUN_H
#define MIP_SYS_TUN_H

#include "sys/link.h"

/* Opens a new device `name`, set up as `set` says. Each packet has a struct virtio_net_hdr before it; those the stack
 * has not yet cut into segments or summed come as they are. *ifindex: a number it had before and should have again, or
 * 0; then what it has. The descriptor (non-blocking), or -errno. -EBUSY: another agent has it. */
int tun_open_vnet(struct nl *nl, const char *name, const struct link_set *set, unsigned *ifindex, struct why *why)
	__attribute__((warn_unused_result));
/* Grows the buffers of a socket to `bytes`, past the system's limit when we may. */
void sock_grow(int fd, int bytes);

#endif
