/*
 * The data path: how packets of a home address travel, as a table of operations
 * with its implementations (path_ip6tnl.c: the kernel's collect-metadata tunnel,
 * path_tun.c: a TUN device and a raw socket). Nothing outside this seam knows
 * which one runs. Everything installed is found again after a crash: path_open
 * takes over or removes what an earlier agent of this network namespace left,
 * path_close removes all.
 */
#ifndef MIP_FLOW_PATH_H
#define MIP_FLOW_PATH_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/why.h"

struct held;
struct loop;
struct nl;
struct path;

/* Home agent: tunnel to the mobile node `home` at care-of `coa`; our end is `local`. */
struct path_bind {
	struct in6_addr home, coa, local;
};

/* Mobile node: reverse tunnel of `home` from `coa` to the home agent `agent`. */
struct path_reverse {
	struct in6_addr home, coa, agent;
};

struct path_stats {
	uint64_t rx_packets, tx_packets; /* through the tunnel, all bindings */
	uint64_t rx_refused; /* tunnelled packets dropped: outer source is not the binding's care-of address (10.4.5) */
	uint64_t tx_dropped; /* no binding for it, or the kernel refused it */
};

/* Opens the best implementation this kernel offers; `want` forces one by name ("ip6tnl", "tun"), NULL = best. What an
 * earlier agent left goes on working until path_sweep. */
int path_open(struct path **out, struct loop *loop, struct nl *nl, const char *want, struct why *why)
	__attribute__((warn_unused_result));
void path_close(struct path *p); /* NULL is nothing */
/* Removes what an earlier agent left and nobody has added again since path_open. To be called once the state is
 * restored. */
int path_sweep(struct path *p, struct why *why) __attribute__((warn_unused_result));
/* Puts back what somebody removed. True: the device was deleted, or was not as it should be. */
bool path_hold(struct path *p, struct held *h);
const char *path_name(const struct path *p); /* "ip6tnl" or "tun" */
const char *path_why(const struct path *p);  /* one sentence: why this one */
unsigned path_mtu(const struct path *p);
/* The device packets of home addresses come and go by (mip0); a mobile node's home address is put on it. */
unsigned path_ifindex(const struct path *p);

/* Home agent side. Adding again moves the tunnel to the new care-of address. unbind of what is not there is 0. */
int path_bind(struct path *p, const struct path_bind *b, struct why *why) __attribute__((warn_unused_result));
int path_unbind(struct path *p, const struct in6_addr *home, struct why *why) __attribute__((warn_unused_result));

/* From begin to end path_bind only collects; what the kernel says to all of it comes at the end. For a home agent that
 * starts with many bindings. */
void path_bulk_begin(struct path *p);
int path_bulk_end(struct path *p, struct why *why) __attribute__((warn_unused_result));

/* Mobile node side: packets from `home` go into the tunnel; tunnelled packets are taken only from `agent` to `home`.
 * Adding again moves it to another care-of address or agent. */
int path_reverse_add(struct path *p, const struct path_reverse *r, struct why *why) __attribute__((warn_unused_result));
int path_reverse_del(struct path *p, const struct in6_addr *home, struct why *why) __attribute__((warn_unused_result));

/* Is a reverse tunnel of `home` up? */
bool path_is_away(const struct path *p, const struct in6_addr *home);
/* The routing table of packets from `home` while its reverse tunnel is up; 0: it has none, they go by the main one. */
uint32_t path_table(const struct path *p, const struct in6_addr *home);

/* The care-of address of a home address with a tunnel, either side. False: it has none. */
bool path_place(const struct path *p, const struct in6_addr *home, struct in6_addr *coa);

/* Home agent side: the tunnel of `home`. False: it has none. */
bool path_bound(const struct path *p, const struct in6_addr *home, struct path_bind *out);

/* An ICMPv6 error as the sender of the packet in the tunnel is told it (RFC 2473 8); len 0: it is not told. */
struct path_error {
	struct in6_addr from, to;
	size_t len;
	uint8_t data[1280];
};
/* False: `data`, an ICMPv6 error, is not about a tunnel of ours, or the kernel tells of it. */
bool path_error(const struct path *p, const uint8_t *data, size_t len, struct path_error *out);

int path_stats(struct path *p, struct path_stats *out) __attribute__((warn_unused_result));

#endif
