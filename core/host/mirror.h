/*
 * The kernel's links and addresses as last told: roles start later than the
 * snapshot comes, and must hear it all the same.
 */
#ifndef MIP_HOST_MIRROR_H
#define MIP_HOST_MIRROR_H

#include <stddef.h>

#include "sys/nl.h"

struct mirror_link {
	struct nl_link l;
	bool attached;	/* the shim sits on it */
	uint8_t formed; /* addresses in place of duplicates, since it came up */
};

struct mirror {
	struct mirror_link *link;
	struct nl_addr *addr;
	size_t links, addrs, links_cap, addrs_cap;
};

void mirror_free(struct mirror *m);
/* Notes what the kernel said; a gone link takes its addresses with it. NULL when it is gone or out of memory. */
struct mirror_link *mirror_on_link(struct mirror *m, const struct nl_link *l);
void mirror_on_addr(struct mirror *m, const struct nl_addr *a);
struct mirror_link *mirror_link(const struct mirror *m, unsigned ifindex);
struct mirror_link *mirror_named(const struct mirror *m, const char *name);
/* A usable link-local address of the link, or NULL. Valid until the next change. */
const struct in6_addr *mirror_link_local(const struct mirror *m, unsigned ifindex);
/* The same, or any usable address of the link while there is none. */
const struct in6_addr *mirror_source(const struct mirror *m, unsigned ifindex);
const struct nl_addr *mirror_addr(const struct mirror *m, unsigned ifindex, const struct in6_addr *addr);

#endif
