/*
 * The last sequence number of home addresses that have no binding any more. With keys set by hand IPsec itself does not
 * notice a packet that is played again (RFC 3776 4.2.3): what is older than the last update is refused by its number,
 * also after the binding ended. Bounded; who is not protected has no place here.
 */
#ifndef MIP_ROLE_SEQ_H
#define MIP_ROLE_SEQ_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/map.h"

#define SEQ_MAX 4096

struct seq {
	struct map map;
};

void seq_init(struct seq *s, uint64_t seed);
void seq_free(struct seq *s);
/* Without memory, or when full, another address is forgotten. */
void seq_keep(struct seq *s, const struct in6_addr *home, uint16_t seq);
bool seq_find(const struct seq *s, const struct in6_addr *home, uint16_t *seq);

#endif
