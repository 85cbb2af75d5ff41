/* host.h: Neighbor Discovery as the roles want it sent (RFC 4861; RFC 6275 10.3.1, 10.4.1, 11.5). */
#include <errno.h>
#include <string.h>

#include "base/addr.h"
#include "base/log.h"
#include "host/host_impl.h"

#define ND_HOPS 255 /* RFC 4861: Neighbor Discovery never crosses a router */

static const struct in6_addr all_nodes = {{{0xff, 0x02, [15] = 1}}};
static const struct in6_addr all_routers = {{{0xff, 0x02, [15] = 2}}};

static void send_nd(struct host *h, unsigned ifindex, const struct in6_addr *src, const struct in6_addr *dst,
	const uint8_t *data, int len)
{
	struct raw_meta meta = {.src = *src, .dst = *dst, .ifindex = ifindex, .hop_limit = ND_HOPS};
	int err = len < 0 ? len : raw_send_icmp(h->raw, &meta, data, (size_t)len);

	if (err)
		log_debug("neighbor discovery on link %u not sent: %s", ifindex, strerror(-err));
}

/* RFC 4291 2.7.1 */
static struct in6_addr solicited_group(const struct in6_addr *addr)
{
	struct in6_addr group = {{{0xff, 0x02, [11] = 1, [12] = 0xff}}};

	memcpy(&group.s6_addr[13], &addr->s6_addr[13], 3);
	return group;
}

static void do_probe(void *ctx, unsigned ifindex, const struct in6_addr *target)
{
	struct nd_nx ns = {.target = *target};
	struct in6_addr group = solicited_group(target);
	uint8_t buf[64];

	send_nd(ctx, ifindex, &in6addr_any, &group, buf, ns_write(&ns, buf, sizeof(buf)));
}

static void advertise(
	struct host *h, const struct mirror_link *l, const struct in6_addr *src, const struct in6_addr *target)
{
	struct nd_nx na = {.target = *target, .override = true, .has_lladdr = true};
	uint8_t buf[64];

	memcpy(na.lladdr, l->l.lladdr, sizeof(na.lladdr));
	send_nd(h, l->l.index, src, &all_nodes, buf, na_write(&na, buf, sizeof(buf)));
}

/* The source is an address of the link: the mobile node's home address when it is ours, our own otherwise. Who is back
 * home tells of its link-local address, too (RFC 6275 11.5.5): the home agent may have defended it. */
static void do_claim(void *ctx, unsigned ifindex, const struct in6_addr *home)
{
	struct host *h = ctx;
	const struct mirror_link *l = mirror_link(&h->mirror, ifindex);
	int err = addr_is_ipv4(home) && l ? raw_arp_announce(ifindex, l->l.lladdr, &home->s6_addr[12]) : 0;
	const struct in6_addr *local = mirror_link_local(&h->mirror, ifindex);
	bool own = mirror_addr(&h->mirror, ifindex, home);
	const struct in6_addr *src = own ? home : mirror_source(&h->mirror, ifindex);

	if (err)
		log_debug("ARP announcement of %s not sent: %s", addr_text(home).s, strerror(-err));
	if (!l || !src || addr_is_ipv4(home))
		return;
	advertise(h, l, src, home);
	if (own && local)
		advertise(h, l, local, local);
}

/* With our link-local address and its link-layer address when there is one, from :: otherwise (RFC 4861 4.1). */
static void do_solicit(void *ctx, unsigned ifindex)
{
	struct host *h = ctx;
	const struct mirror_link *l = mirror_link(&h->mirror, ifindex);
	const struct in6_addr *src = mirror_link_local(&h->mirror, ifindex);
	uint8_t buf[64];
	int len = rs_write(buf, sizeof(buf), src && l ? l->l.lladdr : NULL);

	send_nd(h, ifindex, src ? src : &in6addr_any, &all_routers, buf, len);
}

/* RFC 4861 7.2.2. To everybody it may be: the neighbour cache knows where it was, or who last spoke in its name. */
static void do_reach(void *ctx, unsigned ifindex, const struct in6_addr *router)
{
	struct host *h = ctx;
	const struct mirror_link *l = mirror_link(&h->mirror, ifindex);
	const struct in6_addr *src = mirror_link_local(&h->mirror, ifindex);
	struct in6_addr group = solicited_group(router);
	struct nd_nx ns = {.target = *router, .has_lladdr = true};
	uint8_t buf[64];

	if (!l || !src)
		return;
	memcpy(ns.lladdr, l->l.lladdr, sizeof(ns.lladdr));
	send_nd(h, ifindex, src, &group, buf, ns_write(&ns, buf, sizeof(buf)));
}

/* RFC 4861 7.2.4, 7.2.8. With Override 0, as the kernel does it: a mobile node that is back answers for itself. */
void host_answer(struct host *h, unsigned ifindex, const struct in6_addr *home, const struct in6_addr *to)
{
	const struct mirror_link *l = mirror_link(&h->mirror, ifindex);
	const struct in6_addr *src = mirror_source(&h->mirror, ifindex);
	struct nd_nx na = {.target = *home, .solicited = !addr_any(to), .has_lladdr = true};
	uint8_t buf[64];

	if (!l || !src || proxies_has(h->proxies, ifindex, home) || !rate_take(&h->answers, clock_now()))
		return;
	memcpy(na.lladdr, l->l.lladdr, sizeof(na.lladdr));
	send_nd(h, ifindex, src, addr_any(to) ? &all_nodes : to, buf, na_write(&na, buf, sizeof(buf)));
}

void host_nd_world(struct world *w)
{
	w->probe = do_probe;
	w->claim = do_claim;
	w->solicit = do_solicit;
	w->reach = do_reach;
}
