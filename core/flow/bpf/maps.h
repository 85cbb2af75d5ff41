/*
 * What the tc programs (flow.bpf.c) and their loader (bpf.c) have in common: keys, values and numbers of the maps. Seen
 * by the compiler of either side, so plain types only. Addresses are in network order, as two words that are only
 * compared.
 */
#ifndef MIP_FLOW_BPF_MAPS_H
#define MIP_FLOW_BPF_MAPS_H

#include <linux/types.h>

struct fmap_addr {
	__u64 a[2];
};

struct fmap_pair {
	struct fmap_addr src, dst;
};

/* Key of the longest-prefix tables. */
struct fmap_net {
	__u32 plen;
	struct fmap_addr addr;
} __attribute__((packed, aligned(4)));

enum { FMAP_OUT, FMAP_IN };
/* STACK: what comes for it goes to the stack, where IPsec may want it. */
enum { FMAP_ENCAP = 1, FMAP_HAO = 2, FMAP_RH2 = 4, FMAP_STACK = 8 };

#define FMAP_MARK 0x8000000 /* of a packet to a home address that is away; the other bits of a mark are not ours */

struct fmap_count {
	__u64 packets, octets;
};

/* A flow (table.h). Kernels spend 48 octets more on each, and 8 from 6.1 on: with its key it stays below 192, where
 * they round up to. */
struct fmap_flow {
	struct fmap_addr local, peer;
	struct fmap_count count[2]; /* by FMAP_OUT, FMAP_IN */
	__u64 edits;
};

/* Set before the programs are loaded. */
struct fmap_conf {
	__u32 mip0; /* ifindex */
	__u32 l2;   /* octets of link header there: none on a TUN device */
};

/* Packets that are dropped here. */
enum { FMAP_DROP_TUNNEL, FMAP_DROP_ROUTE, FMAP_DROP_EDIT, FMAP_DROPS };

#endif
