/*
 * Everything a role does to the world, and all it may know of it. Roles are pure:
 * (state, message, now) -> calls of this table. The agent fills it with the kernel,
 * tests fill it with a notebook and turn the clock by hand.
 *
 * Calls never come back into the role that makes them.
 */
#ifndef MIP_ROLE_WORLD_H
#define MIP_ROLE_WORLD_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/timer.h"
#include "base/why.h"
#include "mip/types.h"
#include "wire/icmp6.h"
#include "wire/mh.h"
#include "wire/via.h"

struct bc_entry;
struct event;
struct mn_home;

/* Which end of an optimized path moves: `local` is a home address of ours and packets carry a HAO, or `remote` is a
 * mobile node's and packets carry an RH2 (and those from it a HAO). Two mobile nodes: both. */
enum ro_side { RO_HOME, RO_PEER };

struct world {
	void *ctx;
	struct timers *timers;
	uint32_t (*random)(void *ctx);
	/* The time of day, which may jump: microseconds since 1970. */
	usec (*wall)(void *ctx);
	void (*event)(void *ctx, const struct event *ev, usec now);
	/* Sends m. Failures are the link's weather: counted by the implementation, cured by retransmission. */
	void (*send)(void *ctx, const struct via *via, struct mh *m);
	/* The same for an ICMPv6 message, whole but for its checksum. */
	void (*send_icmp)(void *ctx, const struct via *via, const uint8_t *data, size_t len);

	/* Home agent: intercept `home` on the home link and tunnel it, and what is for the mobile networks behind it,
	 * to the care-of address, all or none (also: move, and more networks). */
	int (*bind)(void *ctx, const struct bc_entry *e, struct why *why);
	void (*unbind)(void *ctx, const struct bc_entry *e);
	/* That mobile network, or IPv4 home address, is not of the binding any more. */
	void (*unroute)(void *ctx, const struct bc_entry *e, const struct addr_prefix *network);
	/* One Neighbor Solicitation from :: for `target` on the home link (RFC 4862 5.4.2). */
	void (*probe)(void *ctx, unsigned ifindex, const struct in6_addr *target);
	/* A multicast Neighbor Advertisement, Override set, Router clear, that makes the home link send `home` to us
	 * (10.4.1); an ARP announcement (RFC 5227) when it is one of IPv4. */
	void (*claim)(void *ctx, unsigned ifindex, const struct in6_addr *home);

	/* Home agent in a cell: packets take what bind() set, as they do at first / take it no more, nothing is
	 * intercepted, and what bind() sets is ready for when they do. Then each binding is bound again. NULL: no cell.
	 */
	void (*attach)(void *ctx, bool on);
	/* Home agent in a cell: the number under which what was changed until now reaches the other members; once it
	 * has, ha_replicated() is told. 0: there is nobody to wait for. NULL: there is no cell. */
	uint64_t (*replicate)(void *ctx);
	/* And there is no binding of `home`, whose last update had this number; remembered until then. NULL: no cell.
	 */
	void (*ended)(void *ctx, const struct in6_addr *home, uint16_t seq, usec until);

	/* Mobile node: ask for routers at once. */
	void (*solicit)(void *ctx, unsigned ifindex);
	/* Ask this router of the link, by one multicast Neighbor Solicitation for an address of its, whether it is
	 * still there. */
	void (*reach)(void *ctx, unsigned ifindex, const struct in6_addr *router);
	/* Ask the kernel for its addresses: they come as if they were news, later. */
	void (*ask_addrs)(void *ctx);
	/* Forget default routers, and autoconfigured addresses, of the link that are not these, nor of these prefixes
	 * (moved). */
	void (*settle)(void *ctx, unsigned ifindex, const struct in6_addr *router, size_t routers,
		const struct in6_addr *prefix, size_t prefixes);
	/* Put the home address on the home link, usable at once / take it away. `agent_lladdr` may be NULL. */
	void (*arrive_home)(void *ctx, const struct mn_home *h, unsigned ifindex, const uint8_t *agent_lladdr);
	void (*leave_home)(void *ctx, const struct mn_home *h, unsigned ifindex);
	/* Packets from h->place.coa, at home from the home address, leave by h->place.router; ::, by whatever route
	 * there is. */
	void (*leave_by)(void *ctx, const struct mn_home *h);
	/* A home address that is not of the configuration is ours from now on / no more. Of IPv4, its tunnel ends with
	 * it. */
	void (*own_home)(void *ctx, const struct in6_addr *home, bool on);
	/* Reverse tunnel from the care-of address h->place.coa to h->agent, of the home address and, if mn_is_router(),
	 * of its networks, and of h->ipv4_home: made or moved / taken down. 0 or -errno (logged). */
	int (*tunnel)(void *ctx, const struct mn_home *h);
	void (*untunnel)(void *ctx, const struct mn_home *h);

	/* Route optimization between `local` and `remote`: the side that moves is at `coa`; NULL: no more. 0 or -errno
	 * (logged). */
	int (*optimize)(void *ctx, enum ro_side side, const struct in6_addr *local, const struct in6_addr *remote,
		const struct in6_addr *coa);
	/* Did packets travel optimized between the two, either way, since this was asked last? */
	bool (*busy)(void *ctx, const struct in6_addr *local, const struct in6_addr *remote);
	/* How many packets came optimized from `remote` to `local` since that began. */
	uint64_t (*heard)(void *ctx, const struct in6_addr *local, const struct in6_addr *remote);

	/* What IPsec is to protect between this home address and its home agent: 1 << enum mip_protect. NULL: nothing.
	 */
	unsigned (*protects)(void *ctx, const struct in6_addr *home);

	/* Keys that are negotiated (RFC 4877). NULL: none are.
	 * Mobile node, away: are those there that protect its registration with h->agent? If not, they are negotiated
	 * from h->place.coa, and mn_on_keys() says that they are there. doubt: those that are may be of no use. */
	bool (*keys)(void *ctx, const struct mn_home *h, bool doubt);
	/* Can what negotiates them follow the mobile node (the K bit, RFC 6275 6.1.7)? */
	bool (*keys_move)(void *ctx, const struct in6_addr *home);
	/* Both ends know that the mobile node is at `at`; moves: and both want that to follow. True: it does. */
	bool (*keys_at)(void *ctx, const struct in6_addr *home, const struct in6_addr *at, bool moves);
};

static inline bool world_protects(const struct world *w, const struct in6_addr *home, enum mip_protect what)
{
	return w->protects && w->protects(w->ctx, home) >> what & 1;
}

#endif
