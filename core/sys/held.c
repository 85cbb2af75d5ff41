/* held.h. Routes and rules are read once, all of them: one that is as it should be costs a look. */
#include <errno.h>
#include <stdio.h>

#include "sys/held.h"

int held_read(struct held *h, struct nl *nl, unsigned what)
{
	int err = 0;

	*h = (struct held){.nl = nl, .what = what};
	if (what & LOST_ENTRIES)
		err = route_find(nl, 0, &h->routes, &h->why) ?: rule_find(nl, &h->rules, &h->why);
	if (err)
		held_free(h);
	return err;
}

void held_free(struct held *h)
{
	left_end(&h->routes, NULL, NULL);
	left_end(&h->rules, NULL, NULL);
}

void held_put(struct held *h, enum held_kind kind, size_t n)
{
	h->put[kind] += n;
}

void held_failed(struct held *h, int err, const struct why *why)
{
	if (h->err)
		return;
	h->err = err;
	h->why = *why;
}

void held_route(struct held *h, const struct route *r)
{
	struct why why = {0};
	int err;

	if (!(h->what & LOST_ENTRIES) || route_take(&h->routes, r))
		return;
	err = route_add(h->nl, r, &why);
	if (err)
		held_failed(h, err, &why);
	else
		held_put(h, HELD_ROUTE, 1);
}

void held_rule(struct held *h, const struct rule *r)
{
	struct why why = {0};
	int err;

	if (!(h->what & LOST_ENTRIES) || rule_has(&h->rules, r))
		return;
	err = rule_add(h->nl, r, &why);
	if (err)
		held_failed(h, err, &why);
	else
		held_put(h, HELD_RULE, 1);
}

/* Without IPv6 a device takes neither addresses nor routes. */
static int with_ipv6(const char *name, struct why *why)
{
	char path[64];
	int v = 0;

	snprintf(path, sizeof(path), "conf/%s/disable_ipv6", name);
	if (sysctl_get(path, &v) || !v)
		return 0;
	return sysctl_set(path, 0, why) ?: 1;
}

int held_device(struct held *h, unsigned ifindex, const char *name, const struct link_set *set)
{
	struct why why = {0};
	int mended = link_mend(h->nl, ifindex, name, set, &why), on = mended < 0 ? 0 : with_ipv6(name, &why);

	if (mended == -ENODEV)
		return mended;
	if (mended < 0 || on < 0)
		held_failed(h, mended < 0 ? mended : on, &why);
	if (mended <= 0 && on <= 0)
		return 0;
	held_put(h, HELD_DEVICE, 1);
	return 1;
}

const char *held_text(const struct held *h, char *text, size_t cap)
{
	static const char *const one[HELD_KINDS] = {[HELD_DEVICE] = "device",
		[HELD_ADDRESS] = "address",
		[HELD_ROUTE] = "route",
		[HELD_RULE] = "rule",
		[HELD_NFT] = "nft table",
		[HELD_PROXY] = "neighbour proxy",
		[HELD_SYSCTL] = "sysctl"};
	static const char *const many[HELD_KINDS] = {[HELD_DEVICE] = "devices",
		[HELD_ADDRESS] = "addresses",
		[HELD_ROUTE] = "routes",
		[HELD_RULE] = "rules",
		[HELD_NFT] = "nft tables",
		[HELD_PROXY] = "neighbour proxies",
		[HELD_SYSCTL] = "sysctls"};
	size_t at = 0;

	*text = 0;
	for (int i = 0; i < HELD_KINDS && at < cap; i++)
		if (h->put[i])
			at += (size_t)snprintf(text + at, cap - at, "%s%zu %s", at ? ", " : "", h->put[i],
				h->put[i] == 1 ? one[i] : many[i]);
	return text;
}
