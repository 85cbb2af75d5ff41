/*
 * Home agent: its home links and our addresses there. Which link a home address belongs to is a matter of its prefix.
 */
#include "base/addr.h"
#include "role/ha_impl.h"

bool ha_is_ours(const struct ha *ha, const struct in6_addr *addr)
{
	for (size_t i = 0; i < ha->addrs; i++)
		if (addr_eq(&ha->addr[i].addr, addr))
			return true;
	return false;
}

bool ha_is_unicast(const struct ha *ha, const struct in6_addr *addr)
{
	const struct ha_addr *at = ha_addr_for(ha, addr);

	return addr_routable(addr) && !(at && addr_is_anycast(addr, at->plen));
}

bool ha_serves(const struct ha *ha, const struct in6_addr *local)
{
	return ha_is_ours(ha, local) && (addr_any(&ha->conf.address) || addr_eq(&ha->conf.address, local));
}

struct ha_link *ha_link(const struct ha *ha, unsigned ifindex)
{
	for (size_t i = 0; i < ha->links; i++)
		if (ha->link[i].conf.ifindex == ifindex)
			return (struct ha_link *)&ha->link[i];
	return NULL;
}

static bool wants_link(const struct ha_conf *conf, unsigned ifindex)
{
	for (size_t i = 0; i < conf->links; i++)
		if (conf->link[i].ifindex == ifindex)
			return true;
	return false;
}

/* What was heard on a link that stays is still true. */
void ha_follow_links(struct ha *ha, const struct ha_conf *conf)
{
	size_t n = 0;

	for (size_t i = 0; i < ha->links; i++)
		if (wants_link(conf, ha->link[i].conf.ifindex) && n++ != i)
			ha->link[n - 1] = ha->link[i];
	ha->links = n;
	for (size_t i = 0; i < conf->links; i++)
		if (!ha_link(ha, conf->link[i].ifindex))
			ha->link[ha->links++] = (struct ha_link){.conf = conf->link[i]};
}

void ha_address(struct ha *ha, unsigned ifindex, const struct in6_addr *addr, uint8_t plen, bool gone)
{
	size_t i = 0;

	while (i < ha->addrs && !(ha->addr[i].ifindex == ifindex && addr_eq(&ha->addr[i].addr, addr)))
		i++;
	if (gone && i < ha->addrs)
		ha->addr[i] = ha->addr[--ha->addrs];
	else if (!gone && i < ha->addrs)
		ha->addr[i].plen = plen;
	else if (!gone && i < HA_ADDRS_MAX)
		ha->addr[ha->addrs++] = (struct ha_addr){*addr, plen, ifindex, NEVER};
}

const struct ha_addr *ha_addr_for(const struct ha *ha, const struct in6_addr *home)
{
	const struct ha_addr *best = NULL;

	for (size_t i = 0; i < ha->addrs; i++) {
		const struct ha_addr *a = &ha->addr[i];

		if (addr_in(&a->addr, home, a->plen) && (!best || a->plen > best->plen))
			best = a;
	}
	return best;
}

struct ha_link *ha_link_of(const struct ha *ha, const struct bc_entry *e)
{
	const struct ha_addr *a = e->ifindex ? NULL : ha_addr_for(ha, &e->home);

	return ha_link(ha, a ? a->ifindex : e->ifindex);
}

unsigned ha_wire_of(const struct ha *ha, const struct in6_addr *home)
{
	const struct ha_addr *a = ha_addr_for(ha, home);
	const struct ha_link *l = a ? ha_link(ha, a->ifindex) : NULL;

	return l && !l->conf.is_virtual ? a->ifindex : 0;
}

bool ha_rehome(const struct ha *ha, struct bc_entry *e)
{
	unsigned to = ha_wire_of(ha, &e->home);

	if (!to || to == e->ifindex)
		return false;
	e->ifindex = to;
	return true;
}
