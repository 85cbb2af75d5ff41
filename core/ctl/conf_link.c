/*
 * conf.h: the interfaces of a mobile node and in which order they serve. Once one is named, here or by
 * `mn start dev`, only those named are used.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "ctl/conf_impl.h"

static struct conf_link *link_of_conf(const struct conf *c, const char *dev)
{
	for (size_t i = 0; i < c->mn.links; i++)
		if (!strcmp(c->mn.link[i].dev, dev))
			return (struct conf_link *)&c->mn.link[i];
	return NULL;
}

uint8_t conf_preference(const struct conf *c, const char *dev)
{
	const struct conf_link *l = link_of_conf(c, dev);

	for (size_t i = 0; i < c->mn.homes; i++)
		if (!strcmp(c->mn.home[i].inside, dev))
			return 0; /* its own network */
	if (l)
		return l->preference;
	if (c->mn.dev[0] && !strcmp(c->mn.dev, dev))
		return CONF_PREFERENCE;
	l = link_of_conf(c, CONF_ANY);
	if (l)
		return l->preference;
	return c->mn.links || c->mn.dev[0] ? 0 : CONF_PREFERENCE;
}

/* It need not be there yet, so nobody else looks whether it can be. */
static int check_dev(const char *dev, struct why *why)
{
	for (const char *p = dev; *p; p++)
		if (*p <= ' ' || *p > '~' || *p == '/')
			return why_attr(why, EINVAL, MIP_A_DEV, "an interface cannot have this name");
	return dev[0] ? 0 : why_attr(why, EINVAL, MIP_A_DEV, "an interface has a name");
}

int conf_mn_use(struct conf *c, const struct ctl_request *rq, struct why *why)
{
	int err = ctl_need(rq, MIP_A_DEV, why);
	const char *dev = ctl_str(rq, MIP_A_DEV);
	uint64_t preference = ctl_num(rq, MIP_A_RANK, CONF_PREFERENCE);
	struct conf_link *l;

	if (!err)
		err = check_dev(dev, why);
	if (!err && preference > UINT8_MAX)
		err = why_attr(why, ERANGE, MIP_A_RANK, "0 to %d", UINT8_MAX);
	if (err)
		return err;
	l = link_of_conf(c, dev);
	if (!l && c->mn.links == CONF_LINKS_MAX)
		return why_set(why, ENOSPC, "no room for more than %d interfaces", CONF_LINKS_MAX);
	if (!l)
		l = &c->mn.link[c->mn.links++];
	snprintf(l->dev, sizeof(l->dev), "%s", dev);
	l->preference = (uint8_t)preference;
	return 0;
}

int conf_mn_unuse(struct conf *c, const struct ctl_request *rq, struct why *why)
{
	int err = ctl_need(rq, MIP_A_DEV, why);
	struct conf_link *l = err ? NULL : link_of_conf(c, ctl_str(rq, MIP_A_DEV));

	if (err)
		return err;
	if (!l)
		return why_attr(why, ENOENT, MIP_A_DEV, "%s was not named by 'mip mn use'", ctl_str(rq, MIP_A_DEV));
	*l = c->mn.link[--c->mn.links];
	return 0;
}

void conf_link_put(const struct conf_link *l, struct ctl_msg *m)
{
	ctl_put_str(m, MIP_A_DEV, l->dev);
	ctl_put_num(m, MIP_A_RANK, l->preference);
}
