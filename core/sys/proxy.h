/*
 * Proxy Neighbor Discovery for home addresses (RFC 6275 10.4.1) by the kernel: it answers also while the agent is away,
 * and keeps every proxied address in two lists it walks from end to end. So it gets PROXIES_MAX of them, and the agent
 * answers for the rest itself. An entry of ours carries our mark and is taken over by the next agent.
 *
 * The kernel answers only with net/ipv6 sysctls conf/DEV/forwarding and conf/DEV/proxy_ndp at 1, and late (up to 0.8 s)
 * unless neigh/DEV/proxy_delay is 0. Its answers leave Override 0: the announcement with Override 1 is the agent's.
 */
#ifndef MIP_SYS_PROXY_H
#define MIP_SYS_PROXY_H

#include <netinet/in.h>
#include <stdbool.h>

#include "base/why.h"

#define PROXIES_MAX 1024

struct nl;
struct proxies;

/* What an earlier agent left is known from now on, and works until proxies_sweep. */
int proxies_open(struct proxies **out, struct nl *nl, struct why *why) __attribute__((warn_unused_result));
/* Removes all. NULL is nothing. */
void proxies_close(struct proxies *p);
/* The kernel answers for addr on the link, if there is room: ask proxies_has. */
int proxies_add(struct proxies *p, unsigned ifindex, const struct in6_addr *addr, struct why *why)
	__attribute__((warn_unused_result));
int proxies_del(struct proxies *p, unsigned ifindex, const struct in6_addr *addr, struct why *why)
	__attribute__((warn_unused_result));
/* Removes all of ours, and goes on. */
void proxies_clear(struct proxies *p);
bool proxies_has(const struct proxies *p, unsigned ifindex, const struct in6_addr *addr);
/* Puts back what the kernel has no more, on links for which up says true: it drops those of a link that goes down. How
 * many there were, or -errno. */
int proxies_hold(struct proxies *p, bool (*up)(void *ctx, unsigned ifindex), void *ctx, struct why *why)
	__attribute__((warn_unused_result));
bool proxies_any(const struct proxies *p);
/* Removes what an earlier agent left and nobody has added again. */
int proxies_sweep(struct proxies *p, struct why *why) __attribute__((warn_unused_result));

#endif
