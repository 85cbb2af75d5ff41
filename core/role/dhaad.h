/*
 * Dynamic Home Agent Address Discovery, the mobile node's half (RFC 6275 11.4.1):
 * one home address's question under way, and the home agents that were named.
 */
#ifndef MIP_ROLE_DHAAD_H
#define MIP_ROLE_DHAAD_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "role/world.h"

struct place;

#define DHAAD_RETRIES	 4	   /* RFC 6275 12 */
#define DHAAD_FIRST	 (3 * SEC) /* INITIAL_DHAAD_TIMEOUT */
#define DHAAD_CANDIDATES 16	   /* of an answer, the most preferred */

struct dhaad_search {
	struct timer timer; /* the next question; the owner's callback */
	uint16_t id;	    /* of the question under way */
	bool asking;
	bool routers;  /* only home agents that serve mobile routers are looked for (RFC 3963 7) */
	bool unserved; /* and somebody answered that there are none */
	uint8_t tries; /* questions without an answer */
	usec pause;    /* before the next search when this one's candidates are used up; 0 = none failed yet */
	size_t n, at;  /* candidates, and how many of them were tried */
	struct in6_addr agent[DHAAD_CANDIDATES];
};

/* Asks the home agents of the prefix of `home` from the care-of address, and arms the timer for the next question:
 * 3 s later, then twice as long each time. False when DHAAD_RETRIES repetitions were not answered: nothing was sent,
 * and the count begins anew. */
bool dhaad_ask(struct dhaad_search *s, const struct world *w, const struct in6_addr *home, uint8_t plen,
	const struct place *at, usec now, void (*again)(struct timer *t, usec now));
/* Takes the answer to the question under way: true when it names anybody. No anycast address of the home link, whose
 * prefix has that length, is a home agent's. That no home agent serves mobile routers is only noted: another one may
 * know better, and anybody can say so. */
bool dhaad_answer(struct dhaad_search *s, const struct world *w, const struct dhaad *reply, uint8_t plen);
/* The next candidate, or NULL when all were tried; dhaad_rewind() begins with the first again. */
const struct in6_addr *dhaad_next(struct dhaad_search *s);
static inline void dhaad_rewind(struct dhaad_search *s)
{
	s->at = 0;
}
/* Nothing is asked any more; the candidates stay. */
void dhaad_stop(struct dhaad_search *s, const struct world *w);

#endif
