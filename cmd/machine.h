/* What this machine is, as its kernel shows it to anybody: interfaces, addresses, sysctls, processes. Changes nothing.
 */
#ifndef MIP_CMD_MACHINE_H
#define MIP_CMD_MACHINE_H

#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct nic {
	char name[IFNAMSIZ];
	bool up, ether; /* ether: of Ethernet's kind and no loopback, so a mobile node can be on it */
	bool alone;	/* no neighbours: as a home link it is a virtual one */
};

struct nic_addr {
	struct in6_addr addr;
	unsigned plen;
	char dev[IFNAMSIZ];
	bool usable;   /* Duplicate Address Detection is over and found none */
	bool failed;   /* it found one */
	bool lent;     /* for a lifetime, as what Router Advertisements and DHCPv6 give */
	bool routable; /* neither loopback, multicast, link-local nor IPv4 in disguise */
};

/* Fills at most `max`; how many there are of them. */
size_t machine_nics(struct nic *list, size_t max);
size_t machine_addrs(struct nic_addr *list, size_t max);
/* The interface of that name. False when there is none. */
bool machine_nic(const char *name, struct nic *to);
/* The home link: `dev`, or the only interface with a routable address. False when there is none or more than one. */
bool machine_home_link(const char *dev, char to[IFNAMSIZ]);

/* Value of /proc/sys/net/ipv6/PATH; -1 when it cannot be read. */
int machine_sysctl(const char *path);
/* 0 when it can be written, else the errno. */
int machine_sysctl_writable(const char *path);

/* A process called `name` in this network namespace, with `word` (NULL: any) among its arguments; the lowest number of
 * several, 0 = none that we may see. */
pid_t machine_process(const char *name, const char *word);
/* Whether PATH, or the directories of system programs, have the program. */
bool machine_program(const char *name);
/* Whether this process holds that capability (CAP_NET_ADMIN, ...) in effect. */
bool machine_capable(unsigned cap);

#endif
