/*
 * The data path: what is to be done with packets (table.h), done by the best back end this kernel offers: lwt.c, the
 * kernel's own tunnel, or tun.c, a TUN device and a raw socket; HAO and RH2 by the shim (shim.h). Nothing outside this
 *room knows which one runs. Everything installed is found again after a crash: flow_open takes over or removes what an
 *earlier agent of this network namespace left, flow_close removes all.
 *
 *	raw_open(...), shim_open(...), flow_open(...)
 * and closed in the reverse order.
 */
#ifndef MIP_FLOW_FLOW_H
#define MIP_FLOW_FLOW_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/why.h"
#include "flow/table.h"
#include "wire/via.h"

#define FLOW_NETWORKS 32 /* mobile networks of this machine */

struct exthdr;
struct flows;
struct held;
struct loop;
struct nl;
struct raw_meta;
struct shim;

/* Callbacks may set and delete flows, not close. */
struct flow_events {
	void *ctx;
	/* A packet with a Mobility Header came in UDP over IPv4. True: it was for this machine's roles, and is done
	 * with. */
	bool (*udp)(void *ctx, const struct udp_ends *ends, const struct exthdr *e, const uint8_t *pkt);
	/* A packet from `src`, longer than a Binding Refresh Request in its place, came in UDP over IPv4 from
	 * another end than its flow has, and was dropped. As often as packets come: the callee limits. */
	void (*elsewhere)(void *ctx, const struct udp_ends *ends, const struct in6_addr *src);
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
	/* The same of the tunnel of a binding that stands apart (flow_part), where the agent or the kernel forwards. */
	void (*bound)(void *ctx, const struct in6_addr *home);
};

/* Packets that went no further, by reason. */
struct flow_drops {
	uint64_t tunnel;      /* in a tunnel: outer source is not the flow's peer (10.4.5) */
	uint64_t no_flow;     /* out: led here, and no flow is for it */
	uint64_t rh2_home;    /* RH2 with an address that is no home address of ours, or not at this care-of address */
	uint64_t hao_unknown; /* HAO no binding allows */
	uint64_t malformed;   /* headers that cannot be walked, or too long to be moved */
	uint64_t too_long;    /* no room for what had to be put in */
	uint64_t nested;      /* in NEST_MAX tunnels, in this tunnel before, or with a limit that says no more */
	uint64_t refused;     /* by the kernel */
};

struct flow_stats {
	uint64_t rx_packets, tx_packets; /* through tunnels, all of them */
	struct flow_drops drops;
};

/* Opens the best back end this kernel offers; `want` forces one by name ("ip6tnl", "tun", "bpf"), NULL = best. What an
 * earlier agent left goes on working until flow_sweep. */
int flow_open(struct flows **out, struct loop *loop, struct nl *nl, struct shim *shim, const struct flow_events *ev,
	const char *want, struct why *why) __attribute__((warn_unused_result));
void flow_close(struct flows *t); /* NULL is nothing */
/* Would flow_open try the programs, which take CAP_BPF? */
bool flow_wants_bpf(const char *want);
/* Removes what an earlier agent left and nobody has set again since flow_open. To be called once the state is restored.
 */
int flow_sweep(struct flows *t, struct why *why) __attribute__((warn_unused_result));
/* Put back what somebody removed: the device first, then, with addresses on it, what leads there. `shim`: the shim has
 * just been put back. */
void flow_hold_device(struct flows *t, struct held *h, bool shim);
void flow_hold(struct flows *t, struct held *h);
const char *flow_name(const struct flows *t); /* "ip6tnl", "tun" or "bpf" */
const char *flow_why(const struct flows *t);  /* one sentence: why this one */
unsigned flow_mtu(const struct flows *t);
/* The largest packet of a flow, inside; by what it is done; does that count the packets of each? */
unsigned flow_mtu_of(const struct flows *t, const struct flow_entry *e);
const char *flow_back_end(const struct flows *t, const struct flow *f);
bool flow_counts(const struct flows *t, const struct flow *f);
/* The device packets of home addresses come and go by (mip0); a mobile node's home address is put on it. */
unsigned flow_ifindex(const struct flows *t);

/* A link packets come by, with (ether) Ethernet headers or without any; and it is gone. */
int flow_link(struct flows *t, unsigned ifindex, bool ether, struct why *why) __attribute__((warn_unused_result));
void flow_unlink(struct flows *t, unsigned ifindex);

/* Adds a flow, or moves the one of the same key; doing it again changes nothing. On failure it is as it was. The first
 * with a HAO or an RH2 switches forwarding on (sysctl_restore takes it back), and wants CONFIG_IPV6_SUBTREES. */
int flow_set(struct flows *t, const struct flow *f, struct why *why) __attribute__((warn_unused_result));
/* What is not there is 0. */
int flow_del(struct flows *t, const struct flow_key *key, struct why *why) __attribute__((warn_unused_result));
/* Home agent in a cell: tunnels of bindings stand apart from other routes from now on / beside them, as without a cell.
 * What is there moves. */
int flow_part(struct flows *t, bool apart, struct why *why) __attribute__((warn_unused_result));
/* Packets take the tunnels that stand apart, which they do at first / take them no more, and what is set is ready for
 * when they do. The number of bindings costs nothing, but where programs forward. */
int flow_attach(struct flows *t, bool on, struct why *why) __attribute__((warn_unused_result));
/* From begin to end flow_set only collects; what the kernel says to all of it comes at the end. For a home agent that
 * starts with many bindings. */
void flow_batch_begin(struct flows *t);
int flow_batch_end(struct flows *t, struct why *why) __attribute__((warn_unused_result));

/* network.c: a mobile network of this machine, a mobile router, on interface `dev` ("": not said), from now on / no
 * more. Packets are forwarded to it and for it; what is for it and has no place there goes nowhere. Where its packets
 * go is a flow's to say. */
int flow_add_network(struct flows *t, const struct addr_prefix *p, const char *dev, struct why *why)
	__attribute__((warn_unused_result));
void flow_del_network(struct flows *t, const struct addr_prefix *p);
/* Has this machine mobile networks, and is it said of each which interface it is on? */
bool flow_knows_inside(const struct flows *t);
/* Of what comes in by its interface, only what is from the network is forwarded / everything (at home). */
void flow_close_network(struct flows *t, const struct addr_prefix *p, bool closed);
/* What comes by that link, the home link, is forwarded, where the machine does not forward anyway / no more. */
void flow_forward_link(const char *dev, bool on);

/* The flows, to be looked up (table.h). */
const struct flow_table *flow_table(const struct flows *t);
/* The care-of address of a home address with a tunnel, either side. False: it has none. */
bool flow_place(const struct flows *t, const struct in6_addr *home, struct in6_addr *coa);
/* What travelled by it, as far as it is counted. */
struct flow_counts flow_counted(const struct flows *t, const struct flow_entry *e);
/* Did packets travel by this flow, either way, since this was asked last? */
bool flow_busy(struct flows *t, const struct flow_key *key);
int flow_stats(struct flows *t, struct flow_stats *out) __attribute__((warn_unused_result));

/* apart.c: packets in UDP over IPv4 come and go from now on, or no more. */
int flow_udp_listen(struct flows *t, bool on, struct why *why) __attribute__((warn_unused_result));
/* A whole packet, between ends that no flow has (yet). */
int flow_udp_send(struct flows *t, const struct udp_ends *to, uint8_t *pkt, size_t len)
	__attribute__((warn_unused_result));

/* An ICMPv6 error as the sender of the packet in the tunnel is told it (RFC 2473 8); len 0: it is not told. */
struct tunnel_error {
	struct in6_addr from, to;
	size_t len;
	uint8_t data[1280];
};
/* False: `data`, an ICMPv6 error, is not about a tunnel of ours, or the kernel tells of it. */
bool flow_tunnel_error(const struct flows *t, const uint8_t *data, size_t len, struct tunnel_error *out);
/* An ICMPv6 error that came to a care-of address or from the machine itself (raw_events.icmp). True: it was about a
 * packet with a HAO or an RH2 of ours; the sender has been told, and a Packet Too Big obeyed. */
bool flow_error(struct flows *t, const struct raw_meta *m, const uint8_t *data, size_t len);

#endif
