/* Between attach.c (the place), attach_addr.c (which addresses are there) and router.c (which routers). */
#ifndef MIP_ROLE_ATTACH_IMPL_H
#define MIP_ROLE_ATTACH_IMPL_H

#include "role/attach.h"

struct attach_link *attach_link(struct attach *a, unsigned ifindex);
/* Asks for routers, at once and then ever more slowly, until one speaks. */
void attach_solicit(struct attach_link *l, usec now);
/* The same, once a second at most. */
void attach_seek(struct attach_link *l, usec now);
/* attach_addr.c. An advertisement was heard: does the kernel have an address that it has not told of? */
void attach_expect_addr(struct attach_link *l, usec now);
/* Another node said, after a question, that it has the address: if it is a link-local one of ours, that is told. */
void attach_on_duplicate(struct attach_link *l, const struct in6_addr *addr, usec now);

/* Looks again when an IPv4 address of the link begins to count. */
void attach_await_ipv4(struct attach_link *l, usec now);

/* Which router a bit of told_by is. */
static inline unsigned router_nr(uint8_t bit)
{
	return (unsigned)__builtin_ctz(bit);
}

/* router.c. An advertisement was heard: its router, as a bit of told_by. 0: it is not to be believed yet. */
uint8_t router_heard(struct attach_link *l, const struct in6_addr *from, const struct nd_ra *ra, usec now);
/* Those that are gone are forgotten, with what they alone told, as soon as another one is there. Then the watch. */
void router_tidy(struct attach_link *l, usec now);
/* The link went down: nothing is known any more. */
void router_forget(struct attach_link *l);
/* Bits of the routers that are there, and of those that packets may be given to. */
uint8_t router_there(const struct attach_link *l);
uint8_t router_default(const struct attach_link *l, usec now);
/* The first of these bits, or ::. */
struct in6_addr router_addr(const struct attach_link *l, uint8_t bits);
/* Was a router that is there heard first no later than `when`? */
bool router_since(const struct attach_link *l, usec when);

#endif
