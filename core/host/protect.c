/* host.h: what IPsec changes about the effects of the roles (RFC 3776, RFC 4877). */
#include <errno.h>

#include "base/addr.h"
#include "base/log.h"
#include "host/host.h"
#include "wire/mh.h"

void host_flush(struct host *h)
{
	shim_drain(h->shim);
}

/* Tunnels whose packets IPsec has to see from now on, or no more. */
static int protect_flows(struct host *h, struct why *why)
{
	const struct flow_table *t = flow_table(h->flows);
	int err = 0;

	for (size_t i = table_count(t); i-- > 0;) {
		struct flow f = table_at(t, i)->flow;
		bool was = f.protect;

		if (!(f.edits & FLOW_ENCAP))
			continue;
		f.protect = host_protects(h, f.key.dplen ? &f.key.dst : &f.key.src);
		if (f.protect != was && !f.port)
			err = flow_set(h->flows, &f, why) ?: err;
	}
	return err;
}

int host_protect(struct host *h, const struct ipsec_sa *list, size_t n, struct why *why)
{
	struct in6_addr home, agent, coa;
	int err = ipsec_set(h->ipsec, list, n, why);

	if (!err)
		err = protect_flows(h, why);
	for (size_t i = 0; !err && ipsec_nth(h->ipsec, i, &home, &agent); i++)
		if (flow_place(h->flows, &home, &coa) && !addr_is_ipv4(&coa) &&
			!(h->detached && table_bound(flow_table(h->flows), &home)))
			err = ipsec_away(h->ipsec, &home, &agent, &coa, why);
	return err;
}

/* A Home Test Init goes to the correspondent, through the tunnel; everything else between home address and home agent,
 * beneath which the care-of address is. Without its protection a message stays here. */
int host_send(struct host *h, const struct via *via, const struct raw_meta *meta, uint8_t proto, const uint8_t *data,
	size_t len)
{
	if (!via->esp)
		return (proto == MH_PROTO ? raw_send_mh : raw_send_icmp)(h->raw, meta, data, len);
	if (proto == MH_PROTO && data[MH_TYPE_AT] == MH_HOTI)
		return raw_send_plain(h->raw, proto, meta, data, len);
	return ipsec_send(h->ipsec, proto, meta, data, len);
}

unsigned host_protects(void *ctx, const struct in6_addr *home)
{
	struct host *h = ctx;

	return h->ipsec ? ipsec_protects(h->ipsec, home) : 0;
}

static void on_keyed(void *ctx, const struct in6_addr *home)
{
	struct host *h = ctx;

	h->on_keys(h->owner, home);
}

int host_open_ike(struct host *h, struct why *why)
{
	return ike_open(&h->ike, h->loop, h->ipsec, &(struct ike_events){h, on_keyed}, why);
}

bool host_keys(void *ctx, const struct mn_home *home, bool doubt)
{
	struct host *h = ctx;

	if (!h->ike || addr_is_ipv4(&home->place.coa)) /* there IPsec is of no use */
		return true;
	return ike_keys(h->ike, &home->conf.home, &home->agent, &home->place.coa, doubt);
}

bool host_keys_move(void *ctx, const struct in6_addr *home)
{
	struct host *h = ctx;

	return h->ike && ike_moves(h->ike, home);
}

bool host_keys_at(void *ctx, const struct in6_addr *home, const struct in6_addr *at, bool moves)
{
	struct host *h = ctx;

	return h->ike && !addr_is_ipv4(at) && ike_at(h->ike, home, at, moves);
}

/* Packets that travel directly are let past the tunnel before the first one does, and until after the last. */
int host_optimize(void *ctx, enum ro_side side, const struct in6_addr *local, const struct in6_addr *remote,
	const struct in6_addr *coa)
{
	struct host *h = ctx;
	struct why why = {0};
	struct flow f = {.key = flow_key_pair(local, remote)};
	const struct flow_entry *e = table_find(flow_table(h->flows), &f.key);
	uint8_t edit = side == RO_HOME ? FLOW_HAO : FLOW_RH2;
	int err = coa ? ipsec_bypass(h->ipsec, local, remote, true, &why) : 0;

	if (e)
		f = e->flow;
	f.edits = (uint8_t)(coa ? f.edits | edit : f.edits & ~edit);
	*(edit == FLOW_HAO ? &f.local : &f.peer) = coa ? *coa : in6addr_any;
	if (!err)
		err = f.edits ? flow_set(h->flows, &f, &why) : flow_del(h->flows, &f.key, &why);
	if (!table_find(flow_table(h->flows), &f.key))
		(void)!ipsec_bypass(h->ipsec, local, remote, false, NULL);
	if (why.err)
		log_warn("%s", why.text);
	return err;
}
