/*
 * The data path: what is to be done with packets (table.h), done by the best back end this kernel offers. Nothing
 * outside this room knows which one runs. Everything installed is found again after a crash: flow_open takes over or
 * removes what an earlier agent of this network namespace left, flow_close removes all.
 */
#ifndef MIP_FLOW_FLOW_H
#define MIP_FLOW_FLOW_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/why.h"
#include "flow/table.h"

struct flows;
struct loop;
struct nl;

struct flow_events {
	void *ctx;
	/* A packet from `coa` to `local` with a Home Address option no binding allows was dropped (9.3.1). As often as
	 * packets come: the callee limits. */
	void (*unknown_hao)(
		void *ctx, const struct in6_addr *coa, const struct in6_addr *local, const struct in6_addr *home);
	/* Destination Unreachable about a packet from `local` with a type 2 routing header to `remote`; not that a port
	 * is closed there. As often as routers send it. */
	void (*unreachable)(void *ctx, const struct in6_addr *local, const struct in6_addr *remote);
	/* A packet passed the reverse tunnel of `home`. Samples: some hundreds a second at most; of a short or new flow
	 * every packet. */
	void (*traffic)(void *ctx, const struct in6_addr *home, const struct in6_addr *peer, bool out);
};

/* Packets that went no further, by reason. */
struct flow_drops {
	uint64_t tunnel;      /* in a tunnel: outer source is not the flow's peer (10.4.5) */
	uint64_t no_flow;     /* out: led here, and no flow is for it */
	uint64_t rh2_home;    /* RH2 with an address that is no home address of ours, or not at this care-of address */
	uint64_t hao_unknown; /* HAO no binding allows */
	uint64_t malformed;   /* headers that cannot be walked, or too long to be moved */
	uint64_t too_long;    /* no room for what had to be put in */
	uint64_t refused;     /* by the kernel */
};

#endif
