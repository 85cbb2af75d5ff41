/*
 * What happened, once, for monitor and log alike. The name is the JSON value of
 * "event" and never changes.
 */
#ifndef MIP_ROLE_EVENT_H
#define MIP_ROLE_EVENT_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

struct bc_entry;
struct bul_entry;
struct mn_home;

/* E(NAME, "name", remote): remote = a stranger can cause it, so its log line is rate limited. */
#define EVENT_TYPES(E)                                                                                                 \
	E(BINDING_PROBING, "binding_probing", 1)                                                                       \
	E(BINDING_ADDED, "binding_added", 1)                                                                           \
	E(BINDING_MOVED, "binding_moved", 1)                                                                           \
	E(BINDING_REFRESHED, "binding_refreshed", 1)                                                                   \
	E(BINDING_REMOVED, "binding_removed", 1)                                                                       \
	E(BINDING_EXPIRED, "binding_expired", 1)                                                                       \
	E(UNPROTECTED, "unprotected", 1)                                                                               \
	E(BU_REFUSED, "bu_refused", 1)                                                                                 \
	E(LINK_UP, "link_up", 0)                                                                                       \
	E(LINK_DOWN, "link_down", 0)                                                                                   \
	E(RA, "ra", 1)                                                                                                 \
	E(ROUTER_LOST, "router_lost", 1)                                                                               \
	E(ADDRESS, "address", 0)                                                                                       \
	E(DUPLICATE, "duplicate", 1)                                                                                   \
	E(BU_SENT, "bu_sent", 0)                                                                                       \
	E(BA_RECEIVED, "ba_received", 1)                                                                               \
	E(HOME_AGENT, "home_agent", 1)                                                                                 \
	E(HOME_PREFIX, "home_prefix", 1)                                                                               \
	E(IPV4_HOME, "ipv4_home", 1)                                                                                   \
	E(NO_ROUTER, "no_router", 1)                                                                                   \
	E(SILENCE, "silence", 1)                                                                                       \
	E(MN_STATE, "state", 0)                                                                                        \
	E(RO_STATE, "ro", 0)

#define EVENT_ENUM(name, text, remote) EV_##name,
enum event_type { EVENT_TYPES(EVENT_ENUM) EV_TYPES };
#undef EVENT_ENUM

/* Pointers are valid during the call only; NULL and 0 where an event has no such part. */
struct event {
	enum event_type type;
	const struct bc_entry *binding;
	const struct mn_home *home;
	const struct bul_entry *bul;
	unsigned ifindex;
	const struct in6_addr *addr; /* ADDRESS, DUPLICATE: the address; RA, ROUTER_LOST: the router; BU_REFUSED,
					UNPROTECTED: the home address */
	const struct in6_addr *coa;  /* BU_REFUSED: asked for; BINDING_MOVED: the old one; UNPROTECTED: the sender */
	const char *why;	     /* BINDING_REMOVED: a few words */
	uint8_t status;		     /* BU_REFUSED, BA_RECEIVED */
	uint8_t mh;		     /* UNPROTECTED: enum mh_type, or ICMPv6 type, of what was to come protected, */
	bool option;		     /* by the authentication option, else by IPsec */
};

const char *event_name(enum event_type type);
/* Can a stranger cause it? */
bool event_is_remote(enum event_type type);

#endif
