/*
 * Route optimization on packets (RFC 6275 6.3, 6.4, 9.3, 11.3): puts Home Address options and type 2 routing headers
 * into what the stack sends, checks and takes them out of what comes in, on top of the shim (shim.h). Which pairs of
 * addresses, and where they are, is the roles' to say. Also: which correspondents a home address talks to through its
 * reverse tunnel, and ICMPv6 errors about packets we changed, told to the stack in its own words.
 *
 *	path_open(...), raw_open(...), shim_open(...), ro_open(...)
 * and closed in the reverse order.
 */
#ifndef MIP_FLOW_RO_H
#define MIP_FLOW_RO_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/why.h"
#include "flow/table.h"

struct held;
struct loop;
struct nl;
struct path;
struct raw_meta;
struct ro;
struct shim;

struct ro_events {
	void *ctx;
	/* A packet from `coa` to `local` with a Home Address option no binding allows was dropped (9.3.1). As often as
	 * packets come: the callee limits. */
	void (*unknown_hao)(
		void *ctx, const struct in6_addr *coa, const struct in6_addr *local, const struct in6_addr *home);
	/* An error about a packet from `local` with a type 2 routing header to `remote`: the care-of address is not
	 * reached, or the routing header not understood there. As often as errors come. */
	void (*unreachable)(void *ctx, const struct in6_addr *local, const struct in6_addr *remote);
	/* A packet passed the reverse tunnel of `home`. Samples: some hundreds a second at most; of a short or new flow
	 * every packet. Callbacks may call ro_set and ro_home, not close. */
	void (*traffic)(void *ctx, const struct in6_addr *home, const struct in6_addr *peer, bool out);
};

/* Which end of a pair moves. */
enum ro_end { RO_LOCAL, RO_REMOTE };

struct ro_stats {
	struct flow_count hao_out, rh2_out, hao_in, rh2_in;
};

struct ro_drops {
	uint64_t rh2_home;    /* RH2 with an address that is no home address of ours, or not at this care-of address */
	uint64_t hao_unknown; /* HAO no binding allows */
	uint64_t malformed;   /* headers too long to be moved */
	uint64_t too_long;    /* no room for what had to be put in */
	uint64_t refused;     /* by the kernel */
};

int ro_open(struct ro **out, struct loop *loop, struct nl *nl, struct path *path, struct shim *shim,
	const struct ro_events *ev, struct why *why) __attribute__((warn_unused_result));
void ro_close(struct ro *ro); /* NULL is nothing */

/* Our home address `home` is away at coa: an RH2 with it is accepted in packets to that address. NULL: not any more. To
 * be called after its reverse tunnel was made or taken down: routes follow it. */
int ro_home(struct ro *ro, const struct in6_addr *home, const struct in6_addr *coa, struct why *why)
	__attribute__((warn_unused_result));
/* Packets local -> remote. RO_LOCAL: carry a HAO (`local`; source becomes coa). RO_REMOTE: carry an RH2 (`remote`;
 * destination becomes coa), and packets from `remote` with a HAO are accepted from coa. NULL undoes that side; calling
 * again moves it. The first one switches forwarding on (sysctl_restore takes it back). -EOPNOTSUPP... of the kernel
 * without CONFIG_IPV6_SUBTREES. */
int ro_set(struct ro *ro, enum ro_end side, const struct in6_addr *local, const struct in6_addr *remote,
	const struct in6_addr *coa, struct why *why) __attribute__((warn_unused_result));

/* The tunnel of this home registration goes, or goes elsewhere: so does the pair its first Home Address option made
 * (9.3.1). To be called before that. */
void ro_unregister(struct ro *ro, const struct in6_addr *home);
/* Puts back what somebody removed. tunnel: path_hold said true; shim: shim_hold did. */
void ro_hold(struct ro *ro, struct held *h, bool tunnel, bool shim);

/* Did packets travel optimized between the two, either way, since this was asked last? */
bool ro_busy(struct ro *ro, const struct in6_addr *local, const struct in6_addr *remote);
/* False: no such pair. */
bool ro_stats(const struct ro *ro, const struct in6_addr *local, const struct in6_addr *remote, struct ro_stats *out);
void ro_drops(const struct ro *ro, struct ro_drops *out);

/* An ICMPv6 error that came to a care-of address or from the machine itself (raw_events.icmp). True: it was about a
 * packet of a pair; the sender has been told, and a Packet Too Big obeyed. */
bool ro_icmp_error(struct ro *ro, const struct raw_meta *m, const uint8_t *data, size_t len);

#endif
