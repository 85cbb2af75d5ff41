/* mirror.h: two arrays, searched from end to end; a machine has few links. */
#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "host/mirror.h"

/* Room for one more element of `size` bytes behind *n; the array, or NULL. */
static void *room(void *array, size_t n, size_t *cap, size_t size)
{
	void *bigger;

	if (n < *cap)
		return array;
	bigger = realloc(array, (*cap ? *cap * 2 : 16) * size);
	if (bigger)
		*cap = *cap ? *cap * 2 : 16;
	return bigger;
}

void mirror_free(struct mirror *m)
{
	free(m->link);
	free(m->addr);
	*m = (struct mirror){0};
}

struct mirror_link *mirror_link(const struct mirror *m, unsigned ifindex)
{
	for (size_t i = 0; i < m->links; i++)
		if (m->link[i].l.index == ifindex)
			return &m->link[i];
	return NULL;
}

struct mirror_link *mirror_named(const struct mirror *m, const char *name)
{
	for (size_t i = 0; i < m->links; i++)
		if (!strcmp(m->link[i].l.name, name))
			return &m->link[i];
	return NULL;
}

static void forget_link(struct mirror *m, unsigned ifindex)
{
	struct mirror_link *at = mirror_link(m, ifindex);

	if (at)
		*at = m->link[--m->links];
	for (size_t i = m->addrs; i-- > 0;)
		if (m->addr[i].index == ifindex)
			m->addr[i] = m->addr[--m->addrs];
}

struct mirror_link *mirror_on_link(struct mirror *m, const struct nl_link *l)
{
	struct mirror_link *at = mirror_link(m, l->index);
	void *bigger;

	if (l->gone) {
		forget_link(m, l->index);
		return NULL;
	}
	if (at) {
		at->attached &= !strcmp(at->l.name, l->name); /* the shim knows a link by its name */
		if (!l->up || at->l.ups != l->ups)
			at->formed = 0;
		at->l = *l;
		return at;
	}
	bigger = room(m->link, m->links, &m->links_cap, sizeof(*m->link));
	if (!bigger)
		return NULL;
	m->link = bigger;
	m->link[m->links] = (struct mirror_link){.l = *l};
	return &m->link[m->links++];
}

const struct nl_addr *mirror_addr(const struct mirror *m, unsigned ifindex, const struct in6_addr *addr)
{
	for (size_t i = 0; i < m->addrs; i++)
		if (m->addr[i].index == ifindex && addr_eq(&m->addr[i].addr, addr))
			return &m->addr[i];
	return NULL;
}

void mirror_on_addr(struct mirror *m, const struct nl_addr *a)
{
	struct nl_addr *at = (struct nl_addr *)mirror_addr(m, a->index, &a->addr);
	void *bigger;

	if (a->gone) {
		if (at)
			*at = m->addr[--m->addrs];
		return;
	}
	if (at) {
		*at = *a;
		return;
	}
	bigger = room(m->addr, m->addrs, &m->addrs_cap, sizeof(*m->addr));
	if (!bigger)
		return;
	m->addr = bigger;
	m->addr[m->addrs++] = *a;
}

const struct in6_addr *mirror_link_local(const struct mirror *m, unsigned ifindex)
{
	for (size_t i = 0; i < m->addrs; i++)
		if (m->addr[i].index == ifindex && m->addr[i].usable && IN6_IS_ADDR_LINKLOCAL(&m->addr[i].addr))
			return &m->addr[i].addr;
	return NULL;
}

const struct in6_addr *mirror_source(const struct mirror *m, unsigned ifindex)
{
	const struct in6_addr *ll = mirror_link_local(m, ifindex);

	for (size_t i = 0; !ll && i < m->addrs; i++)
		if (m->addr[i].index == ifindex && m->addr[i].usable && !addr_is_ipv4(&m->addr[i].addr))
			return &m->addr[i].addr;
	return ll;
}
