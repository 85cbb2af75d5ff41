/*
 * The binding update list (RFC 6275 11.1): one entry for each (home address, peer)
 * a Binding Update was sent to. It owns its entries; mn.c gives them life.
 */
#ifndef MIP_ROLE_BUL_H
#define MIP_ROLE_BUL_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/map.h"
#include "base/timer.h"
#include "mip/types.h"

#define BUL_UPDATE_RATE 3 /* MAX_UPDATE_RATE (12): messages of one type to one correspondent in a second (11.8) */

#define BUL_RECENT 64 /* numbers: as many updates may have an answer under way */

/* When the last messages of one type left, oldest first; 0 = never. */
struct bul_pace {
	usec at[BUL_UPDATE_RATE];
};

/* One half of return routability (5.2.5): what was asked, and the token that came back. */
struct bul_test {
	uint64_t cookie, token;
	uint16_t nonce;
	usec asked;	     /* last question; 0 = none since the last answer, or it is owed */
	usec got;	     /* when the question of this token was asked; 0 = no token */
	struct in6_addr coa; /* the address that asked, which the token proves */
	struct bul_pace pace;
};

/* Why a correspondent is left alone. */
enum bul_alone {
	ALONE_SILENT,  /* no answer */
	ALONE_DENIES,  /* an error says that it does not know Mobility Headers */
	ALONE_REFUSES, /* it refused, with the last status */
	ALONE_ENDED,   /* what it granted had ended when we heard of it */
	ALONE_NO_PATH  /* our own data path does not take it */
};

struct bul_entry {
	struct map_node node;
	struct in6_addr home, peer; /* the key: right after the node */
	struct in6_addr coa;	    /* as in the last update; the home address when it de-registers */
	void *owner;		    /* the role */
	struct timer timer;	    /* retransmission, refresh or expiry: whichever comes next */
	usec made, sent_at;
	usec expires, refresh_at; /* while bound; NEVER otherwise */
	usec backoff;		  /* until the next retransmission */
	uint16_t seq, flags;
	uint16_t first;		 /* number of the first of the updates that say the same, the last of which is seq */
	usec first_at;		 /* when that left */
	uint16_t asked, granted; /* lifetimes, units of 4 s */
	uint8_t state;		 /* enum mip_bul_state */
	uint8_t status;		 /* of the last acknowledgement */
	uint8_t resyncs;	 /* in a row, answered at once */
	uint8_t tries;		 /* questions or updates without an answer */
	bool bound;		 /* an earlier update was accepted and has not expired */

	/* Correspondents only (ro.c). */
	uint8_t ro;	 /* enum mip_ro_state */
	bool leaving;	 /* at home, or not wanted any more: the binding is being deleted */
	bool spoke;	 /* it answered once: it knows Mobile IPv6 */
	bool denied;	 /* a Binding Error, which may be forged, says that it does not know our messages */
	uint8_t alone;	 /* enum bul_alone; while unsupported */
	usec pause;	 /* how long it was left alone last, because it cannot or does not want to; 0: it was not */
	usec be_gap;	 /* how old an update must be before a Binding Error says that its binding is lost */
	usec retry_at;	 /* when the unanswered is repeated; the timer may be due earlier */
	usec held_until; /* an update of ours may have made a binding that lives till then, acknowledged or not */
	struct bul_pace updates;
	struct bul_test home_test, coa_test;
	usec rtt_home, rtt_coa; /* of the last tests: through the home agent, and direct */
	uint8_t kbm[20];	/* of the update that waits or stands */
};

struct bul {
	struct map map;
};

void bul_init(struct bul *bul, uint64_t seed);
/* Frees all entries; their timers must be stopped. */
void bul_free(struct bul *bul);
struct bul_entry *bul_find(const struct bul *bul, const struct in6_addr *home, const struct in6_addr *peer);
/* A zeroed entry; NULL when out of memory. The key must not be there. */
struct bul_entry *bul_add(struct bul *bul, const struct in6_addr *home, const struct in6_addr *peer);
void bul_del(struct bul *bul, struct bul_entry *e);
/* Must our number follow `seq`, told as the last one accepted? Not when it is one we used shortly before the last: then
 * an earlier update was meant, or one that arrived twice, and going back would use numbers again. */
static inline bool bul_is_behind(const struct bul_entry *e, uint16_t seq)
{
	uint16_t before = (uint16_t)(e->seq - seq);

	return !before || before > BUL_RECENT;
}
static inline size_t bul_count(const struct bul *bul)
{
	return bul->map.n;
}
static inline struct bul_entry *bul_at(const struct bul *bul, size_t i)
{
	return (struct bul_entry *)(void *)bul->map.item[i];
}

#endif
