/*
 * What this kernel can do, found by doing it: devices, rules and a security association are made in a network
 * namespace of their own and vanish with it. Nothing of the caller's namespace is touched; modules may get loaded.
 */
#ifndef MIP_CMD_TRIAL_H
#define MIP_CMD_TRIAL_H

#define TRIAL_UNKNOWN (-1) /* no namespace to try it in */

/* Each: 0 = works, an errno = does not, TRIAL_UNKNOWN. */
struct trial {
	int tunnel;  /* collect-metadata ip6tnl device */
	int tun;     /* TUN device */
	int ingress; /* nft: forward at netdev ingress */
	int esp;     /* ESP transport mode security association */
};

void trial_run(struct trial *t);

#endif
