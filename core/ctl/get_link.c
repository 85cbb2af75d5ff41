/* record.h: an interface of a mobile node. */
#include <string.h>

#include "base/addr.h"
#include "ctl/record.h"

/* A home address that is reached through it, or NULL. */
static const struct mn_home *reached(const struct mn *mn, unsigned ifindex)
{
	for (size_t i = 0; i < mn->homes; i++)
		if (mn->home[i].place.where != AT_NOWHERE && mn->home[i].place.ifindex == ifindex)
			return &mn->home[i];
	return NULL;
}

bool record_link(struct ctl_msg *m, const struct view *v, const struct attach_link *l, const char *dev, usec now)
{
	const struct mn_home *h = reached(v->mn, l->ifindex);
	const char *lack = attach_lack(l, now);
	char name[IF_NAMESIZE];

	if (!l->ifindex || !if_indextoname(l->ifindex, name) || (dev && strcmp(dev, name) != 0))
		return false;
	ctl_put_str(m, MIP_A_OBJECT, "mn");
	ctl_put_str(m, MIP_A_DEV, name);
	ctl_put_num(m, MIP_A_RANK, l->preference);
	ctl_put_num(m, MIP_A_LINK, l->up);
	ctl_put_num(m, MIP_A_IN_USE, h != NULL);
	if (h && h->place.where == AT_AWAY)
		ctl_put_addr(m, MIP_A_COA, &h->place.coa);
	if (!addr_any(&l->taken[0]))
		ctl_put_addr(m, MIP_A_DUPLICATE, &l->taken[0]);
	if (lack && !(h && (h->place.where == AT_HOME || mn_is_over_ipv4(h))))
		ctl_put_str(m, MIP_A_WAITS, lack);
	if (l->up && l->heard)
		ctl_put_addr(m, MIP_A_ROUTER, &l->router);
	return true;
}
