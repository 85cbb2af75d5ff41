/*
 * The shim (DESIGN: data path): the TUN device `mipro` between what is on the wire and what the stack sees. In: packets
 * addressed to this machine that carry a Home Address option or a type 2 routing header are taken at the links' ingress
 * by nft `fwd` before the kernel can object to them; so are Mobility Headers some kernels would answer themselves. Out:
 * routes lead packets here that are to get one (packet.c). Both are given to their readers; what is nobody's goes back
 * to the stack. Segments the kernel has coalesced (GSO) stay whole.
 */
#ifndef MIP_FLOW_SHIM_H
#define MIP_FLOW_SHIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/loop.h"
#include "base/why.h"
#include "sys/nl.h"
#include "flow/edit.h"

#define SHIM_DEV "mipro" /* the TUN device */
#define SHIM_MTU 1452	 /* of a link of 1500, with room for a HAO and an RH2 */

struct held;
struct shim;

/* A whole IPv6 packet as it came in, with a HAO or an RH2, or a Mobility Header; `e` is what exthdr_read said, EXT_OK.
 * The interface it came by is not known. True: it was signalling, and is done with. */
typedef bool shim_in(void *ctx, const struct exthdr *e, const uint8_t *pkt);

/* Who does route optimization (packet.c). Packets may be changed and given to shim_send before these return. */
struct shim_ro {
	void *ctx;
	/* Came in with a HAO or an RH2 and is no signalling. */
	void (*in)(void *ctx, struct packet *p, const struct exthdr *e);
	/* Came in, holds a packet, and says that it may be in no other tunnel (RFC 2473 4.1.1). False: none is here for
	 * it.
	 */
	bool (*limited)(void *ctx, const struct packet *p, const struct exthdr *e);
	/* The stack sent it here, or it came by a tunnel and has neither. False: not mine. It may be used until flush,
	 * which comes after some of them, and before the shim waits for more. */
	bool (*out)(void *ctx, struct packet *p, const struct exthdr *e);
	void (*flush)(void *ctx);
};

/* Who looks after signalling that IPsec protects (host/guard.c). False: not mine. */
struct shim_guard {
	void *ctx;
	/* ESP that came in behind a HAO or an RH2. */
	bool (*in)(void *ctx, struct packet *p, const struct exthdr *e);
	/* ESP the stack sent here, with neither. */
	bool (*out)(void *ctx, struct packet *p, const struct exthdr *e);
};

struct shim_stats {
	uint64_t taken, given_back, malformed;
	uint64_t failed; /* refused by the kernel */
};

/* Until path and raw want packets, ctx must live: close the shim before what `in` uses. -EBUSY: another agent runs
 * here. */
int shim_open(struct shim **out, struct loop *loop, struct nl *nl, shim_in *in, void *ctx, struct why *why)
	__attribute__((warn_unused_result));
void shim_close(struct shim *s); /* NULL is nothing */
unsigned shim_ifindex(const struct shim *s);
const int *shim_device(const struct shim *s); /* what is open of it now; -1: nothing */
/* NULL: nobody; packets that carry something are then dropped. */
void shim_set_ro(struct shim *s, const struct shim_ro *ro);
void shim_set_guard(struct shim *s, const struct shim_guard *g); /* NULL: nobody */
/* Mobility Header messages from `from` that IPsec does not protect are taken too, without a HAO or an RH2: the agent
 * shall see them, not the stack. Twice is 0. */
int shim_watch(struct shim *s, const struct in6_addr *from, bool on, struct why *why)
	__attribute__((warn_unused_result));
/* Attaches to / detaches from a link by name; attaching twice and detaching a vanished link are 0. A link that went and
 * came again under its name must be attached again. */
int shim_attach(struct shim *s, const char *dev, struct why *why) __attribute__((warn_unused_result));
int shim_detach(struct shim *s, const char *dev, struct why *why) __attribute__((warn_unused_result));
/* Puts the device and the nft table back where somebody removed them. True: nothing is attached or watched any more. */
bool shim_hold(struct shim *s, struct held *h);
/* Gives a packet, from a buffer with EDIT_FRONT octets before it, to the stack as if it had come in by `mipro`: it is
 * delivered here, or forwarded. 0 or -errno. */
int shim_send(struct shim *s, struct packet *p) __attribute__((warn_unused_result));
/* Reads what waits in the device, as the loop would. */
void shim_drain(struct shim *s);
void shim_stats(const struct shim *s, struct shim_stats *out);

#endif
