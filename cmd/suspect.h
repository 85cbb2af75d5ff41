/* What on this machine may keep packets from where they should go; asked when some do not arrive. */
#ifndef MIP_CMD_SUSPECT_H
#define MIP_CMD_SUSPECT_H

#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>

enum suspect_filter { SUSPECT_NONE, SUSPECT_RULES, SUSPECT_POLICY, SUSPECT_FIREWALLD };

/* A filter of somebody else's for what comes in (`forward` false) or passes through, as `chain` in words: firewalld's,
 * whose last rule rejects, one whose policy is drop, or else one that may have rules that drop; none, too, without
 * CAP_NET_ADMIN. */
enum suspect_filter suspect_filter(bool forward, char *chain, size_t size);

/* Whether firewalld filters what passes through, and none of its zones has the interface: what comes by it is rejected.
 */
bool suspect_no_zone(const char *dev);

/* A rule of somebody else's, in the `chain` named so, that drops what comes by another interface than the route to its
 * source leads to. */
bool suspect_reverse_path(char *chain, size_t size);

struct suspect_route {
	char dev[IFNAMSIZ];
	bool ours; /* the agent's route */
};

/* By which route packets from `src` to `dst` (NULL: anywhere) leave. False: by none, or it cannot be asked. */
bool suspect_route(const struct in6_addr *src, const struct in6_addr *dst, struct suspect_route *to);

#endif
