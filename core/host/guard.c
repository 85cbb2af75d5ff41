/*
 * ipsec.h: signalling that IPsec protects, between the wire and the stack (RFC 3776 4, RFC 4877 4.2). What the agent
 * sends goes through the stack from home address to home agent, or back, into the shim's device: there the kernel has
 * put it into ESP, and a Home Address option or a type 2 routing header goes outside. In: ESP behind such a header
 * loses it and is given to the stack, which opens it; the message then comes out of the raw sockets. Messages that are
 * not protected are taken from the wire by the shim, and come as they are.
 *
 * Where the next ESP packet of a home address goes to (or comes from) is noted as the message is given to the stack:
 * the packet comes out of the device right after, and nobody else's goes there. A table of its own and a rule for the
 * device lead there what is sent with the device named.
 */
#include <errno.h>
#include <string.h>

#include "base/addr.h"
#include "flow/shim.h"
#include "host/ipsec_impl.h"
#include "sys/raw.h"

#define PKT_MAX 4096

/* The guarded pair (home, agent), seen from here. */
static struct ipsec_home *pair(
	const struct ipsec *s, const struct in6_addr *home, const struct in6_addr *agent, bool mine)
{
	struct ipsec_home *h = ipsec_home_find(s, home);

	return h && h->guarded && h->mine == mine && addr_eq(&h->agent, agent) ? h : NULL;
}

/* --- packets ------------------------------------------------------------------------------------------------------ */

bool guard_out(void *ctx, struct packet *p, const struct exthdr *e)
{
	struct ipsec *s = ctx;
	struct ipsec_home *h = pair(s, &e->src, &e->dst, true);
	struct raw_meta m = {.src = e->src, .dst = e->dst};
	uint8_t pkt[PKT_MAX + HAO_ROOM];
	int len;

	if (!h)
		h = pair(s, &e->dst, &e->src, false);
	if (!h)
		return false;
	if (p->len > PKT_MAX)
		return true;
	memcpy(pkt, p->data, p->len);
	len = exthdr_insert(pkt, p->len, sizeof(pkt), h->mine ? &h->via_coa : NULL, h->mine ? NULL : &h->via_coa);
	*(h->mine ? &m.src : &m.dst) = h->via_coa;
	m.ifindex = h->via_ifindex;
	if (len > 0)
		(void)!raw_send_packet(s->raw, &m, pkt, (size_t)len);
	return true;
}

/* The care-of address the packet came from or to is not looked at: what is inside tells it, and proves it. */
bool guard_in(void *ctx, struct packet *p, const struct exthdr *e)
{
	struct ipsec *s = ctx;
	bool to_agent = e->hao_at && !e->rh2_at && pair(s, &e->hao, &e->dst, false);
	bool to_home = e->rh2_at && !e->hao_at && pair(s, &e->rh2, &e->src, true);

	if (!to_agent && !to_home)
		return false;
	p->len = exthdr_strip(p->data, p->len, e);
	p->vnet = (struct virtio_net_hdr){0};
	(void)!shim_send(s->shim, p);
	return true;
}

int ipsec_send(struct ipsec *s, uint8_t proto, const struct raw_meta *m, const uint8_t *data, size_t len)
{
	struct raw_meta plain = *m;
	struct ipsec_home *h;

	plain.src = m->has_hao ? m->hao : m->src;
	plain.dst = m->has_rh2 ? m->rh2 : m->dst;
	h = pair(s, &plain.src, &plain.dst, true);
	if (!h)
		h = pair(s, &plain.dst, &plain.src, false);
	if (!h)
		return -ENOENT;
	if (m->has_hao || m->has_rh2) {
		h->via_coa = m->has_hao ? m->src : m->dst;
		h->via_ifindex = m->ifindex;
		plain.ifindex = shim_ifindex(s->shim);
	}
	return raw_send_plain(s->raw, proto, &plain, data, len);
}

/* --- home addresses ----------------------------------------------------------------------------------------------- */

static const struct rule rule = {.table = MIP_TABLE_GUARD, .oif = SHIM_DEV};

static struct route route(const struct ipsec *s)
{
	return (struct route){.table = MIP_TABLE_GUARD, .ifindex = shim_ifindex(s->shim)};
}

void guard_unlead(struct ipsec *s)
{
	struct route r = route(s);

	(void)!rule_del(s->nl, &rule, NULL);
	(void)!route_del(s->nl, &r, NULL);
}

/* Who sends us protected messages. */
static const struct in6_addr *sender(const struct ipsec_home *h)
{
	return h->mine ? &h->agent : &h->home;
}

/* Several home addresses may have one agent. a NULL: any. */
static bool is_sender(const struct ipsec *s, const struct in6_addr *a)
{
	for (size_t i = 0; i < s->homes.n; i++)
		if (ipsec_home_at(s, i)->guarded && (!a || addr_eq(sender(ipsec_home_at(s, i)), a)))
			return true;
	return false;
}

void guard_end(struct ipsec *s, struct ipsec_home *h)
{
	if (!h->guarded)
		return;
	h->guarded = false;
	if (!is_sender(s, sender(h)))
		(void)!shim_watch(s->shim, sender(h), false, NULL);
	if (!is_sender(s, NULL))
		guard_unlead(s);
}

int guard_begin(struct ipsec *s, struct ipsec_home *h, struct why *why)
{
	struct route r = route(s);
	int err;

	if (h->guarded)
		return 0;
	err = is_sender(s, NULL) ? 0 : route_add(s->nl, &r, why) ?: rule_add(s->nl, &rule, why);
	h->guarded = !err;
	return err ?: shim_watch(s->shim, sender(h), true, why);
}

void ipsec_hold(struct ipsec *s, struct held *h, bool anew)
{
	struct route r = route(s);
	struct why why = {0};
	int err = 0;

	if (!is_sender(s, NULL))
		return;
	held_route(h, &r);
	held_rule(h, &rule);
	for (size_t i = 0; anew && i < s->homes.n; i++)
		if (ipsec_home_at(s, i)->guarded)
			err = shim_watch(s->shim, sender(ipsec_home_at(s, i)), true, &why) ?: err;
	if (err)
		held_failed(h, err, &why);
}
