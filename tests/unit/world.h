/*
 * A world for roles to act on: it writes down what they do, its clock is turned
 * by hand, and it fails the test when a role breaks the contract of role/world.h
 * (takes down what was not put up, puts up twice, forgets to take down).
 */
#ifndef MIP_TESTS_UNIT_WORLD_H
#define MIP_TESTS_UNIT_WORLD_H

#include "role/bc.h"
#include "role/event.h"
#include "role/mn.h"
#include "role/world.h"
#include "tests/unit/t.h"

enum did {
	DID_SEND,
	DID_ICMP,
	DID_OWN,
	DID_LEAVE_BY,
	DID_EVENT,
	DID_ATTACH,
	DID_BIND,
	DID_UNBIND,
	DID_UNROUTE,
	DID_PROBE,
	DID_CLAIM,
	DID_SOLICIT,
	DID_ASK_ADDRS,
	DID_SETTLE,
	DID_REACH,
	DID_ARRIVE,
	DID_LEAVE,
	DID_TUNNEL,
	DID_UNTUNNEL,
	DID_OPTIMIZE,
	DID_KEYS, /* asked for keys that were not there */
	DID_KEYS_AT,
	DIDS
};

struct note {
	enum did what;
	usec at;
	unsigned ifindex;
	struct in6_addr addr;  /* home address, target, router, or the event's address */
	struct in6_addr coa;   /* BIND, TUNNEL; :: of OPTIMIZE: no more; SETTLE: the first prefix */
	struct via via;	       /* SEND */
	struct mh mh;	       /* SEND */
	enum event_type event; /* EVENT */
	uint8_t status;	       /* EVENT */
	uint8_t state;	       /* EVENT: of the mobile node */
	uint8_t icmp[1280];    /* ICMP: the message */
	size_t icmp_len;
	bool lladdr;		  /* ARRIVE: a link-layer address came along */
	size_t routers, prefixes; /* SETTLE */
	bool doubt, moves;	  /* KEYS, KEYS_AT */
};

#define FAKE_NOTES 4096
#define FAKE_HELD  64

/* What stands in the world because a role put it there. */
struct fake_held {
	struct in6_addr addr[FAKE_HELD];
	size_t n;
};

struct fake {
	struct world w;
	struct timers timers;
	usec now;
	struct note note[FAKE_NOTES];
	size_t notes;
	size_t count[DIDS]; /* since fake_forget */
	struct fake_held bound, routed, home, tunnel, own, way;
	bool detached;		  /* then nothing may be said */
	int bind_err, tunnel_err; /* what the data path answers: 0 or -errno */
	bool negotiates;	  /* keys, which an IKE daemon would */
	bool keyless;		  /* they are not there, when asked for */
	bool keys_move;		  /* what negotiates them follows the mobile node */
	unsigned protects;	  /* of every home address: 1 << enum mip_protect */
	usec skew;		  /* of the time of day */
	uint32_t next_random;	  /* used while > 0, else drawn */
	void (*on_send)(struct fake *f, const struct via *via, const struct mh *m);
	void (*on_reach)(struct fake *f, unsigned ifindex, const struct in6_addr *router);
};

/* A fresh world at one hour after boot. The random numbers are those of t_seed, called by the test if it cares. */
void fake_open(struct fake *f);
/* Fails when a timer is armed still or anything stands that a role put up. */
void fake_close(struct fake *f);
/* Turns the clock to `until`, firing timers in order, each at its own time. */
void fake_run_until(struct fake *f, usec until);
void fake_run(struct fake *f, usec for_);
size_t fake_armed(const struct fake *f);

/* Forgets the notes (not what stands). */
void fake_forget(struct fake *f);
static inline size_t fake_did(const struct fake *f, enum did what)
{
	return f->count[what];
}
/* The nth (from 0) note of that kind since fake_forget; it must be there. */
const struct note *fake_nth(const struct fake *f, enum did what, size_t n);
const struct note *fake_last(const struct fake *f, enum did what);
size_t fake_events(const struct fake *f, enum event_type type);
bool fake_holds(const struct fake_held *h, const struct in6_addr *addr);

#endif
