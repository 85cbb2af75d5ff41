/*
 * Links, addresses, routes, rules, neighbours and sysctls, as far as a role needs them. Each is one request
 * to the kernel; adding what is there and deleting what is not are 0. Functions take the nl.h request socket.
 */
#ifndef MIP_SYS_LINK_H
#define MIP_SYS_LINK_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/why.h"
#include "sys/left.h"
#include "sys/nl.h"

/* link.c: our own devices. */
struct link_set {
	unsigned mtu, txqlen; /* 0 = as it is */
	unsigned gso_max;     /* longest packet not yet cut into segments; 0 = as it is */
	bool no_lladdr;	      /* no link-local address is made for it */
	bool up;
};
/* Sets these and the alias MIP_ALIAS. */
int link_setup(struct nl *nl, unsigned ifindex, const struct link_set *set, struct why *why)
	__attribute__((warn_unused_result));
/* A device of ours under another name, down, or with another MTU, gets what is its own. 1, 0: there was nothing to do,
 * -ENODEV: there is none of this number. */
int link_mend(struct nl *nl, unsigned ifindex, const char *name, const struct link_set *set, struct why *why)
	__attribute__((warn_unused_result));
int link_delete(struct nl *nl, unsigned ifindex, struct why *why) __attribute__((warn_unused_result));
/* The device `name` of kind `kind` ("ip6tnl") that carries our alias: its index, 0 = there is none (or it is not ours).
 */
int link_find_ours(struct nl *nl, const char *name, const char *kind, unsigned *ifindex, struct why *why)
	__attribute__((warn_unused_result));
/* Makes an ip6tnl device in collect-metadata mode. -EOPNOTSUPP: kernel without ip6_tunnel; -EEXIST: the name is taken.
 */
int link_add_ip6tnl(struct nl *nl, const char *name, struct why *why) __attribute__((warn_unused_result));

/* Packets in and out, and those out that were dropped or failed. */
int link_counters(struct nl *nl, unsigned ifindex, uint64_t *rx, uint64_t *tx, uint64_t *tx_dropped)
	__attribute__((warn_unused_result));

/* addr.c: the home address, usable at once, also where the kernel has formed it and still asks for duplicates.
 * IFA_F_HOMEADDRESS: preferred as a source (RFC 3484 rule 4). No prefix route is made. */
int addr_add(struct nl *nl, unsigned ifindex, const struct in6_addr *addr, uint8_t plen, struct why *why)
	__attribute__((warn_unused_result));
int addr_del(struct nl *nl, unsigned ifindex, const struct in6_addr *addr, uint8_t plen, struct why *why)
	__attribute__((warn_unused_result));

/* Adds an address as the kernel would have formed it, optimistic (RFC 4429) and without a route to its prefix. */
int addr_form(struct nl *nl, const struct nl_addr *k, struct why *why) __attribute__((warn_unused_result));
/* An autoconfigured address that waits for Duplicate Address Detection is made anew, so. The route to its prefix the
 * kernel has made. */
int addr_hasten(struct nl *nl, const struct nl_addr *k, struct why *why) __attribute__((warn_unused_result));

/*
 * After a move, what an earlier link left on an interface is forgotten.
 * addr_flush_prefixes: global /64 addresses the kernel autoconfigured (RFC 4862, temporary ones too) outside the /64s
 * of keep[n]. Addresses set by hand or by DHCPv6 clients stay (before Linux 5.18 they must be permanent or not /64 for
 * it). route_flush_prefixes: on-link /64 routes that came with such prefixes. route_flush_ra: routes learnt from Router
 * Advertisements (default, RFC 4191) whose gateway is not one of keep[n].
 */
int addr_flush_prefixes(struct nl *nl, unsigned ifindex, const struct in6_addr *keep, size_t n, struct why *why)
	__attribute__((warn_unused_result));
/* Has the link an address under that /64? */
int addr_any_under(struct nl *nl, unsigned ifindex, const struct in6_addr *prefix, bool *any, struct why *why)
	__attribute__((warn_unused_result));
int route_flush_prefixes(struct nl *nl, unsigned ifindex, const struct in6_addr *keep, size_t n, struct why *why)
	__attribute__((warn_unused_result));
int route_flush_ra(struct nl *nl, unsigned ifindex, const struct in6_addr *keep, size_t n, struct why *why)
	__attribute__((warn_unused_result));

/* route.c: routes of ours (protocol MIP_RTPROT, metric MIP_METRIC). With encap the packet leaves in a tunnel src ->
 * remote (collect-metadata device). Adding again replaces our own, and never another's. */
struct route {
	struct in6_addr dst; /* IPv4-mapped: a route of IPv4, and so is 0.0.0.0/96 */
	uint8_t plen;
	uint32_t table; /* 0 = main */
	unsigned ifindex;
	bool encap;
	struct in6_addr src, remote; /* without encap: src is the source the stack is to choose, :: = as it likes */
	bool has_from; /* for packets of this source only; more specific than any without (CONFIG_IPV6_SUBTREES) */
	struct in6_addr from;
	struct in6_addr gateway; /* :: = none */
	uint32_t mtu;		 /* 0 = the device's */
	bool end;		 /* unreachable, where no other route of the table is */
};
int route_add(struct nl *nl, const struct route *r, struct why *why) __attribute__((warn_unused_result));
int route_del(struct nl *nl, const struct route *r, struct why *why) __attribute__((warn_unused_result));
/* Deletes all routes of ours out of device ifindex (0 = any; ends of tables, too) for which keep (NULL = none) says
 * false. */
int route_sweep(struct nl *nl, unsigned ifindex, bool (*keep)(void *ctx, const struct route *r), void *ctx,
	struct why *why) __attribute__((warn_unused_result));

/* Notes the same routes in `to`. Those that are wanted as they are taken; whoever takes none adds his own. What nobody
 * took is deleted by route_end_found, or forgotten by left_end. */
int route_find(struct nl *nl, unsigned ifindex, struct left *to, struct why *why) __attribute__((warn_unused_result));
bool route_take(struct left *found, const struct route *r);
/* Is there one in this place, out of the same device, with any source for the stack to choose? Nothing is taken. */
bool route_has_source(struct left *found, const struct route *r);
int route_end_found(struct nl *nl, struct left *found, struct why *why) __attribute__((warn_unused_result));

/* rule.c: packets from `home`, and those that may yet choose it as their source, are routed by `table`, all or those
 * that are `local` or came in by device `iif`; before those, packets whose sender wants them out of device `oif`, and
 * those to a mobile network. Behind those, without `home`: what is local; and what came in by `iif`, without a table,
 * goes nowhere. */
struct rule {
	struct in6_addr home;
	uint32_t table;
	uint32_t mark; /* of packets that have all its bits; 0: of any */
	char oif[IF_NAMESIZE], iif[IF_NAMESIZE];
	uint8_t plen; /* of a mobile network; 0: a home address */
	bool to;
	bool local; /* of what this machine itself sends */
	bool links; /* before those, and only as far as a route of `table` is no default route */
};
int rule_add(struct nl *nl, const struct rule *r, struct why *why) __attribute__((warn_unused_result));
int rule_del(struct nl *nl, const struct rule *r, struct why *why) __attribute__((warn_unused_result));
/* Deletes all rules of ours for which keep (NULL = none) says false. */
int rule_sweep(struct nl *nl, bool (*keep)(void *ctx, const struct rule *r), void *ctx, struct why *why)
	__attribute__((warn_unused_result));

int rule_find(struct nl *nl, struct left *to, struct why *why) __attribute__((warn_unused_result)); /* as route_find */
bool rule_has(struct left *found, const struct rule *r);

/* neigh.c: a known link-layer address of a neighbour (11.5.5: the home agent's, learnt from its RA). */
int neigh_learn(struct nl *nl, unsigned ifindex, const struct in6_addr *addr, const uint8_t lladdr[6], struct why *why)
	__attribute__((warn_unused_result));

/* sysctl.c: sets net/ipv6/PATH (e.g. "conf/eth0/optimistic_dad"), or net/PATH when that begins with a slash, and
 * remembers the old value in MIP_RUN_DIR (or the environment's), so that sysctl_restore puts everything back, also
 * after a crash and a new start. ENOENT (kernel without it) is returned as -ENOENT. */
int sysctl_set(const char *path, int value, struct why *why) __attribute__((warn_unused_result));
int sysctl_get(const char *path, int *value) __attribute__((warn_unused_result));
void sysctl_restore(void);
/* Sets again what somebody set otherwise since sysctl_set; how many there were. */
size_t sysctl_hold(void);

#endif
