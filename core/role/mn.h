/*
 * The mobile node (RFC 6275 11): for each home address, keep the home agent
 * informed of the care-of address (11.7.1, 11.7.3, 11.8) and return home (11.5.5).
 * With networks behind it, it is a mobile router (RFC 3963 5).
 */
#ifndef MIP_ROLE_MN_H
#define MIP_ROLE_MN_H

#include "base/rate.h"
#include "role/attach.h"
#include "role/auth.h"
#include "role/bul.h"
#include "role/dhaad.h"
#include "role/world.h"

#define MN_HOMES_MAX	16
#define MN_PEERS_MAX	1024 /* correspondents, all home addresses together */
#define MN_CANDIDATES	64   /* that are counted at once before they are worth it */
#define MN_POLICIES_MAX 64

struct mn_home_conf {
	struct in6_addr home, agent; /* agent ::  = the one that is discovered */
	struct in6_addr ipv4;	     /* IPv4-mapped: that home agent's, for links without IPv6 (RFC 5555); :: = none */
	struct in6_addr ipv4_home;   /* IPv4-mapped: to have beside `home`; 0.0.0.0 = any; :: = none */
	uint8_t plen;		     /* of the home prefix */
	uint32_t lifetime;	     /* seconds asked for, 4 .. 262140 */
	size_t networks;	     /* behind a mobile router */
	struct addr_prefix network[MH_NETWORKS];
	char inside[16]; /* the interface they are on, "": not said */
};

/* What says that the home agent may be gone: packets through its tunnel. */
struct mn_tunnel {
	struct timer quiet; /* armed: one came; then, when no more come */
	usec in, out;	    /* the last one that came, and left */
	usec unanswered; /* since when packets leave and none comes; 0: the last one came, or the home agent answered */
	usec alone;	 /* the same of packets to and from others than the home agent, whatever it answers */
	usec sent;	 /* the last one to another */
	bool told;	 /* that none comes */
	usec doubted;	 /* when the routers were asked because of that */
	usec asked, gap; /* the last question because of that, and how long at least to the next; 0: PROBE_GAP */
};

/* What is known of the prefix of a home address, and the question about it. */
struct mn_prefix {
	struct timer timer;
	uint16_t id;
	uint8_t tries;
	bool asking, known;
	usec heard;			   /* the last advertisement nobody asked for */
	usec valid_until, preferred_until; /* NEVER while nothing else is known */
};

struct mn_home {
	struct mn_home_conf conf;
	struct mn *mn;
	struct in6_addr agent;	    /* in use; :: = none found yet */
	struct dhaad_search search; /* idle when an agent is configured */
	struct mn_prefix prefix;
	bool derived;	       /* not configured: the home prefix was renumbered */
	struct in6_addr from;  /* derived: the home address that was configured */
	struct place place;    /* where we are, as last acted upon */
	struct place left;     /* AT_AWAY: returning, and packets still go by there; else of no meaning */
	struct bul_entry *reg; /* the home registration, NULL while there is none */
	uint8_t state;	       /* enum mip_mn_state */
	usec since;	       /* in this state */
	bool tunnelled;	       /* the reverse tunnel stands at place.coa, or left.coa */
	bool routed;	       /* packets of that address have a router of their own */
	struct mn_tunnel tunnel;
	struct timer claim; /* at home: the next advertisement of the home address */
	uint8_t claims;	    /* sent since we are */
	struct in6_addr
		held_by; /* a home agent that fell silent, and may still defend the home address by our binding */
	usec held_until; /* ... till then */
	bool ended;	 /* its prefix is no more: it is not registered until we were home */
	bool taken;	 /* another node has this address (status 134): it is not registered until we were home */
	bool implicit;	 /* its networks are not named: naming them was refused (RFC 3963 5.4.2) */
	bool no_router;	 /* no home agent takes it for a router: it is a mobile node until we were home (5.4) */
	uint8_t refusal; /* status of the last refusal since it was registered; 0: none */
	struct in6_addr refused_by;
	bool keyless;		   /* an update waits for keys */
	bool renewed;		   /* keys were negotiated anew here, because updates were not answered */
	struct in6_addr ipv4_home; /* IPv4-mapped: the home agent gave us; :: = none */
	bool ipv4_answered;	   /* it said so or refused: */
	uint8_t ipv4_status;	   /* enum ipv4_status */
	bool numbered;		   /* seq is that of the last update, kept from one registration to the next */
	uint16_t seq;
};

/* Has it an IPv4 home address of its own, wherever it is? */
static inline bool mn_has_ipv4_home(const struct mn_home *h)
{
	return addr_is_ipv4(&h->conf.ipv4_home) && addr_is_place(&h->conf.ipv4_home);
}

/* Do its networks go with it? */
static inline bool mn_is_router(const struct mn_home *h)
{
	return h->conf.networks && !h->no_router;
}

/* Where packets of the home address go by. */
static inline const struct place *mn_place(const struct mn_home *h)
{
	return h->left.where == AT_AWAY ? &h->left : &h->place;
}

/* In UDP over IPv4, or at another place? */
static inline bool mn_is_over_ipv4(const struct mn_home *h)
{
	return mn_place(h)->where == AT_AWAY && addr_is_ipv4(&mn_place(h)->coa);
}

/* What is wished for correspondents under a prefix; the longest match counts, none = the default mode. */
struct ro_policy {
	struct in6_addr peer;
	uint8_t plen;
	uint8_t mode; /* enum mip_ro_policy */
};

/* A correspondent that may become worth optimizing. */
struct ro_candidate {
	struct in6_addr home, peer;
	usec since; /* 0 = free */
	uint16_t in, out;
};

struct mn {
	const struct world *w;
	struct attach attach;
	struct bul bul;
	struct auth auth; /* home addresses that the authentication option protects */
	struct mn_home home[MN_HOMES_MAX];
	size_t homes;
	struct ro_candidate candidate[MN_CANDIDATES];
	struct ro_policy policy[MN_POLICIES_MAX];
	size_t policies;
	uint8_t mode;	      /* enum mip_ro_policy, for everybody else */
	uint64_t unprotected; /* messages that were to come through IPsec */
	struct rate complaints;
	bool on;
};

void mn_init(struct mn *mn, const struct world *w, uint64_t seed);
void mn_start(struct mn *mn);
/* De-registers what is bound (one Binding Update, not waited for) and forgets links, homes and registrations. */
void mn_stop(struct mn *mn, usec now);

/* -EEXIST, -ENOSPC. The place is looked for at once. */
int mn_add(struct mn *mn, const struct mn_home_conf *conf, usec now, struct why *why)
	__attribute__((warn_unused_result));
int mn_del(struct mn *mn, const struct in6_addr *home, usec now, struct why *why) __attribute__((warn_unused_result));
struct mn_home *mn_find(struct mn *mn, const struct in6_addr *home);

/* A message that was to come through IPsec did not: counted, told, and otherwise nothing. */
void mn_complain(struct mn *mn, const struct in6_addr *home, const struct in6_addr *from, uint8_t mh, usec now);

/* Facts (see attach.h) and messages. */
void mn_on_link(struct mn *mn, unsigned ifindex, bool up, bool gone, usec now);
void mn_prefer(struct mn *mn, unsigned ifindex, uint8_t preference, usec now);
void mn_on_ra(struct mn *mn, unsigned ifindex, const struct in6_addr *router, const struct nd_ra *ra, usec now);
void mn_on_addr(struct mn *mn, unsigned ifindex, const struct attach_addr *addr, bool gone, usec now);
/* IPv4 has another route by that link, which an update may have lacked. */
void mn_on_route(struct mn *mn, unsigned ifindex, usec now);
/* From a home agent; a correspondent's is for ro.h. */
void mn_on_ba(struct mn *mn, const struct via *via, const struct mh *m, usec now);
/* A Binding Refresh Request of a home agent, in UDP over IPv4. */
void mn_on_brr(struct mn *mn, const struct via *via, usec now);
/* The keys are there that world.h's `keys` said were not. */
void mn_on_keys(struct mn *mn, const struct in6_addr *home, usec now);
/* A Home Agent Address Discovery Reply. */
void mn_on_dhaad(struct mn *mn, const struct via *via, const struct dhaad *reply, usec now);
/* A Mobile Prefix Advertisement. */
void mn_on_mpa(struct mn *mn, const struct via *via, const struct nd_ra *mpa, usec now);
/* An ICMPv6 Destination Unreachable about a packet of `home` (::  = not to be seen) from `src` to the home agent `dst`.
 * It may be forged: unless packets come out of the tunnel, the home agent is asked, by a Binding Update, whether it is
 * still there. */
void mn_on_unreachable(
	struct mn *mn, const struct in6_addr *src, const struct in6_addr *dst, const struct in6_addr *home, usec now);
/* A packet of the home address to `peer` went into the tunnel (out), or one from there came out of it. When none comes
 * any more, the home agent is asked, too, and told is an event, as is the end of that. */
void mn_on_traffic(struct mn *mn, struct mn_home *h, const struct in6_addr *peer, bool out, usec now);
/* For how long packets to others than the home agent have been leaving through the tunnel and none of others came out
 * of it: what it sends itself may be ICMPv6 errors about what it does not forward. 0: that is not so. */
usec mn_silence(const struct mn_home *h, usec now);

#endif
