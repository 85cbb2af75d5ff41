/*
 * Packets to roles: what does not decode is answered as RFC 6275 9.2 wants, at a limited rate;
 * the rest goes to the role its type is for.
 */
#include <string.h>

#include "agent/agent_impl.h"
#include "base/addr.h"
#include "base/log.h"
#include "role/ro.h"
#include "wire/exthdr.h"

#define ICMP6_INFORMATIONAL 128 /* types below are errors, RFC 4443 2.1 */
#define UNKNOWN_NEXT_HEADER 1	/* code of a Parameter Problem */
#define IP6_NEXT_AT	    6
#define IP6_SRC_AT	    8

/* From the raw socket comes what the kernel's policies let pass: where they want ESP, it was ESP. From the shim it
 * comes as it is on the wire. */
static struct via via_of(const struct agent *a, const struct raw_meta *m, enum mip_protect how)
{
	return (struct via){.src = m->src,
		.dst = m->dst,
		.hao = m->hao,
		.rh2 = m->rh2,
		.has_hao = m->has_hao,
		.has_rh2 = m->has_rh2,
		.esp = !m->pkt && ipsec_came(a->host.ipsec, how, &m->src, &m->dst),
		.bare = m->ifindex != flow_ifindex(a->host.flows),
		.ifindex = m->ifindex};
}

/* A raw socket gives the message alone. The packet around it as far as we know it: without extension headers. */
static size_t rebuild(const struct raw_meta *m, const uint8_t *data, size_t len, uint8_t pkt[IP6_HLEN + MH_MAX])
{
	ip6_header(pkt, &m->src, &m->dst, MH_PROTO, len);
	pkt[7] = m->hop_limit;
	memcpy(pkt + IP6_HLEN, data, len < MH_MAX ? len : MH_MAX);
	return IP6_HLEN + (len < MH_MAX ? len : MH_MAX);
}

/* 9.2: ICMPv6 Parameter Problem, code 0, at the offending field of the packet as it came. */
static void answer_parameter_problem(
	struct agent *a, const struct raw_meta *m, const uint8_t *data, size_t len, size_t at)
{
	struct raw_meta to = {.src = m->dst, .dst = m->src, .ifindex = m->ifindex};
	uint8_t buf[1280], whole[IP6_HLEN + MH_MAX];
	const uint8_t *pkt = m->pkt ? m->pkt : whole;
	size_t upper_at = m->pkt ? m->upper_at : IP6_HLEN;
	size_t pkt_len = m->pkt ? m->pkt_len : rebuild(m, data, len, whole);
	int n = icmp6_error_write(ICMP6_PARAM_PROB_T, 0, (uint32_t)(upper_at + at), pkt, pkt_len, buf, sizeof(buf));

	if (n > 0 && raw_send_icmp(a->host.raw, &to, buf, (size_t)n))
		log_debug("parameter problem to %s not sent", addr_text(&to.dst).s);
}

/* 9.3.3: Binding Error status 2, to where the message came from, naming the home address it carried. */
static void answer_unknown_type(struct agent *a, const struct raw_meta *m)
{
	struct mh be = {.type = MH_BE, .u.be = {.status = BE_UNKNOWN_TYPE}};
	struct via to = {.src = m->dst, .dst = m->src};

	if (m->has_hao)
		be.u.be.home = m->hao;
	a->host.world.send(a->host.world.ctx, &to, &be);
}

static void refuse_message(
	struct agent *a, const struct raw_meta *m, const uint8_t *data, size_t len, enum mh_verdict verdict, size_t at)
{
	if (verdict == MH_DROP || IN6_IS_ADDR_MULTICAST(&m->dst) || !addr_routable(&m->src))
		return;
	if (!rate_take(&a->errors, clock_now()))
		return;
	if (verdict == MH_UNKNOWN_TYPE)
		answer_unknown_type(a, m);
	else
		answer_parameter_problem(a, m, data, len, at);
}

static void on_bu(struct agent *a, const struct via *via, const struct mh *m, usec now)
{
	const struct in6_addr *home = via->has_hao ? &via->hao : &via->src;

	if (m->u.bu.flags & BU_F_HOME || (m->u.bu.flags & BU_F_ROUTER && a->ha.on))
		ha_on_bu(&a->ha, via, m, bc_find(&a->cn.bc, home, &via->dst) != NULL, now);
	else
		cn_on_bu(&a->cn, via, m, now);
}

static void dispatch(struct agent *a, const struct via *via, const struct mh *m, usec now)
{
	switch (m->type) {
	case MH_BU: on_bu(a, via, m, now); break;
	case MH_BA:
		if (!ro_on_ba(&a->mn, via, m, now))
			mn_on_ba(&a->mn, via, m, now);
		break;
	case MH_HOTI:
	case MH_COTI: cn_on_init(&a->cn, via, m, now); break;
	case MH_HOT:
	case MH_COT: ro_on_test(&a->mn, via, m, now); break;
	case MH_BRR: (via->udp.port ? mn_on_brr : ro_on_brr)(&a->mn, via, now); break;
	case MH_BE: ro_on_be(&a->mn, via, m, now); break;
	default: break;
	}
}

static enum drop drop_of(enum mh_verdict verdict)
{
	switch (verdict) {
	case MH_OK: return DROP_NONE;
	case MH_DROP: return DROP_MALFORMED;
	case MH_BAD_PROTO: return DROP_PAYLOAD_PROTO;
	case MH_BAD_LENGTH: return DROP_LENGTH;
	case MH_UNKNOWN_TYPE: return DROP_TYPE;
	}
	return DROP_MALFORMED;
}

/* Between a mobile node of ours and this home agent, or the reverse: nothing else is taken out of a tunnel. What cannot
 * be read is not answered, as nobody has shown that he is there. */
static bool on_udp(void *ctx, const struct udp_ends *ends, const struct exthdr *e, const uint8_t *pkt)
{
	struct via via = {.src = e->src, .dst = e->dst, .udp = *ends, .ifindex = ends->ifindex};
	const uint8_t *data = pkt + e->upper_at;
	struct agent *a = ctx;
	struct mh mh;
	uint8_t type = e->end - e->upper_at > MH_TYPE_AT ? data[MH_TYPE_AT] : MH_TYPES;
	bool bu = type == MH_BU && a->ha.on && ha_serves(&a->ha, &e->dst);
	bool answer = (type == MH_BA || type == MH_BRR) && mn_find(&a->mn, &e->dst);
	struct message msg = {.via = &via, .dropped = DROP_NONE};

	if (!(bu || answer) || e->upper != MH_PROTO || e->hao_at || e->rh2_at || e->fragment)
		return false;
	msg.mh_type = type;
	if (!mh_checksum_ok(&e->src, &e->dst, data, e->end - e->upper_at))
		msg.dropped = DROP_CHECKSUM;
	else if (mh_read(data, e->end - e->upper_at, &mh, NULL) != MH_OK)
		msg.dropped = DROP_MALFORMED;
	else if (bu && !(mh.u.bu.flags & BU_F_HOME))
		return false;
	else
		msg.mh = &mh;
	agent_saw(a, &msg);
	if (msg.mh && answer)
		host_await_route(&a->host, 0);
	if (msg.mh)
		dispatch(a, &via, &mh, clock_now());
	return true;
}

static void on_mh(void *ctx, const struct raw_meta *m, const uint8_t *data, size_t len)
{
	struct agent *a = ctx;
	struct via via = via_of(a, m, MIP_PROTECT_BINDING);
	struct mh mh;
	size_t at = 0;
	enum mh_verdict verdict = mh_read(data, len, &mh, &at);
	/* 11.3.3: a type 2 routing header that does not name a home address of ours. */
	bool astray = via.has_rh2 && !mn_find(&a->mn, &via.rh2);
	struct message msg = {.via = &via, .mh = verdict == MH_OK ? &mh : NULL, .dropped = drop_of(verdict)};

	msg.mh_type = len > MH_TYPE_AT ? data[MH_TYPE_AT] : MH_TYPES;
	if (astray)
		msg.dropped = DROP_RH2;
	agent_saw(a, &msg);
	if (astray)
		return;
	if (verdict != MH_OK)
		refuse_message(a, m, data, len, verdict, at);
	else
		dispatch(a, &via, &mh, clock_now());
}

/* RFC 2473 8: who sent what a tunnel could not carry hears of it. False: that is not what the error is about. */
static bool tell_sender(struct agent *a, const uint8_t *data, size_t len)
{
	struct tunnel_error e;
	struct raw_meta to = {0};
	bool ours = flow_tunnel_error(a->host.flows, data, len, &e);

	if (!ours || !e.len || !rate_take(&a->errors, clock_now()))
		return ours;
	to.src = e.from;
	to.dst = e.to;
	if (raw_send_icmp(a->host.raw, &to, e.data, e.len))
		log_debug("what %s sent does not pass its tunnel, and it was not told", addr_text(&e.to).s);
	return true;
}

/* Is a packet of a home address to its home agent quoted, tunnelled or a Binding Update? ESP hides whose: :: then. What
 * is quoted is seldom whole, so addresses are read where they always stand. */
static bool quotes_home(const uint8_t *pkt, size_t len, struct in6_addr *home)
{
	uint8_t next = pkt[IP6_NEXT_AT];
	struct exthdr e;

	*home = in6addr_any;
	if (next == IPPROTO_IPV6 && len >= 2 * IP6_HLEN)
		memcpy(home, pkt + IP6_HLEN + IP6_SRC_AT, sizeof(*home));
	else if (next == IPPROTO_DSTOPTS && exthdr_read(pkt, len, &e) == EXT_OK && e.hao_at)
		*home = e.hao;
	return next == IPPROTO_ESP || !addr_any(home);
}

/* A correspondent that does not know Mobility Headers says so (11.3.5). Our questions fit into every error whole: the
 * checksum shows that nothing of the one quoted was made up carelessly, its cookie that it was asked. */
static void on_unknown_header(struct agent *a, const uint8_t *pkt, size_t len)
{
	struct exthdr e;
	struct mh mh;

	if (exthdr_read(pkt, len, &e) != EXT_OK || e.upper != MH_PROTO || e.fragment || e.hao_at || e.rh2_at ||
		!mh_checksum_ok(&e.src, &e.dst, pkt + e.upper_at, e.end - e.upper_at) ||
		mh_read(pkt + e.upper_at, e.end - e.upper_at, &mh, NULL) != MH_OK)
		return;
	ro_on_unsupported(&a->mn, &e.src, &e.dst, &mh, clock_now());
}

/* An ICMPv6 error about a packet of ours: it comes to where that came from. Nobody vouches for it, so whoever acts on
 * one compares what it quotes with what is known, and believes traffic more. */
static void on_error(struct agent *a, const struct raw_meta *m, const uint8_t *data, size_t len)
{
	const uint8_t *pkt = data + ICMP6_ERROR_HLEN;
	struct in6_addr end[2], home; /* source, destination */

	if (len < ICMP6_ERROR_HLEN + IP6_HLEN)
		return;
	len -= ICMP6_ERROR_HLEN;
	memcpy(end, pkt + IP6_SRC_AT, sizeof(end));
	if (!addr_eq(&end[0], &m->dst))
		return;
	if (data[0] == ICMP6_DEST_UNREACH_T && a->mn.on && quotes_home(pkt, len, &home))
		mn_on_unreachable(&a->mn, &end[0], &end[1], &home, clock_now());
	if (tell_sender(a, data, len + ICMP6_ERROR_HLEN) || flow_error(a->host.flows, m, data, len + ICMP6_ERROR_HLEN))
		return;
	if (data[0] == ICMP6_PARAM_PROB_T && data[1] == UNKNOWN_NEXT_HEADER && a->mn.on)
		on_unknown_header(a, pkt, len);
}

/* RFC 4861 6.1.2: an advertisement from beyond the link is none. */
static void on_ra(struct agent *a, const struct raw_meta *m, const uint8_t *data, size_t len)
{
	struct nd_ra ra;

	if (m->hop_limit != 255 || !IN6_IS_ADDR_LINKLOCAL(&m->src) || ra_read(data, len, &ra)) {
		a->tally.dropped[DROP_ADVERTISEMENT]++;
		return;
	}
	if (a->ha.on)
		ha_on_ra(&a->ha, m->ifindex, &m->src, &ra, clock_now());
	if (a->mn.on)
		mn_on_ra(&a->mn, m->ifindex, &m->src, &ra, clock_now());
}

/* RFC 4861 7.1.2: what one of the link says of itself. */
static void on_na(struct agent *a, const struct raw_meta *m, const uint8_t *data, size_t len)
{
	struct nd_nx na;

	if (a->mn.on && m->hop_limit == 255 && !nx_read(data, len, &na))
		attach_on_na(&a->mn.attach, m->ifindex, &na, clock_now());
}

static void on_dhaad(struct agent *a, const struct raw_meta *m, const uint8_t *data, size_t len)
{
	struct via via = via_of(a, m, MIP_PROTECT_PREFIX);
	struct dhaad d;

	if (dhaad_read(data, len, &d))
		a->tally.dropped[DROP_MALFORMED]++;
	else if (data[0] == ICMP6_DHAAD_REQ)
		ha_on_dhaad(&a->ha, &via, &d, clock_now());
	else if (a->mn.on)
		mn_on_dhaad(&a->mn, &via, &d, clock_now());
}

/* 9.3.1: does a binding allow the Home Address option? */
static bool is_bound(const struct agent *a, const struct via *via)
{
	const struct bc_entry *home = bc_find(&a->ha.bc, &via->hao, NULL),
			      *peer = bc_find(&a->cn.bc, &via->hao, &via->dst);

	return (home && home->state == MIP_BINDING_ACTIVE && addr_eq(&home->coa, &via->src)) ||
	       (peer && addr_eq(&peer->coa, &via->src));
}

static void on_mps(struct agent *a, const struct via *via, uint16_t id)
{
	if (via->has_hao && !is_bound(a, via))
		cn_on_unknown_hao(&a->cn, &via->src, &via->dst, &via->hao, clock_now());
	ha_on_mps(&a->ha, via, id, clock_now());
}

static void on_prefix(struct agent *a, const struct raw_meta *m, const uint8_t *data, size_t len)
{
	struct via via = via_of(a, m, MIP_PROTECT_PREFIX);
	struct nd_ra mpa;
	uint16_t id;

	if (data[0] == ICMP6_MPS && !mps_read(data, len, &id))
		on_mps(a, &via, id);
	else if (data[0] == ICMP6_MPA && !mpa_read(data, len, &mpa))
		mn_on_mpa(&a->mn, &via, &mpa, clock_now());
	else
		a->tally.dropped[DROP_MALFORMED]++;
}

static void on_icmp(void *ctx, const struct raw_meta *m, const uint8_t *data, size_t len)
{
	struct agent *a = ctx;

	if (len > ICMP6_ERROR_HLEN && data[0] < ICMP6_INFORMATIONAL) {
		on_error(a, m, data, len);
		return;
	}
	if (len && data[0] >= ICMP6_DHAAD_REQ && data[0] <= ICMP6_MPA) {
		struct via via = via_of(a, m, MIP_PROTECT_PREFIX);

		agent_saw(a, &(struct message){.via = &via, .icmp = data[0], .dropped = DROP_NONE});
	}
	switch (len ? data[0] : 0) {
	case ICMP6_RA: on_ra(a, m, data, len); break;
	case ICMP6_NA: on_na(a, m, data, len); break;
	case ICMP6_DHAAD_REQ:
	case ICMP6_DHAAD_REP: on_dhaad(a, m, data, len); break;
	case ICMP6_MPS:
	case ICMP6_MPA: on_prefix(a, m, data, len); break;
	default: break;
	}
}

/* Somebody else has, or probes for, an address we may be probing (RFC 4862 5.4.3, 5.4.4); or asks for one we defend. */
static void on_nd(void *ctx, const struct raw_meta *m, const uint8_t *data, size_t len)
{
	struct agent *a = ctx;
	struct nd_nx nx;

	if (!ha_link(&a->ha, m->ifindex) || nx_read(data, len, &nx))
		return;
	if (data[0] == ICMP6_NA || addr_any(&m->src))
		ha_on_taken(&a->ha, m->ifindex, &nx.target, clock_now());
	if (data[0] == ICMP6_NS && ha_defends(&a->ha, m->ifindex, &nx.target))
		host_answer(&a->host, m->ifindex, &nx.target, &m->src);
}

/* Who has a binding here, and who answers a home address of ours. */
static bool is_known(void *ctx, const struct exthdr *e)
{
	const struct in6_addr *home = e->hao_at ? &e->hao : &e->src;
	const struct agent *a = ctx;

	return e->rh2_at || bc_find(&a->ha.bc, home, NULL) || bc_find(&a->cn.bc, home, &e->dst);
}

const struct raw_events agent_packets = {.known = is_known, .mh = on_mh, .icmp = on_icmp, .nd = on_nd};

static void on_bound_traffic(void *ctx, const struct in6_addr *home)
{
	cell_traffic(&((struct agent *)ctx)->cell, home, clock_now());
}

static void on_unknown_hao(
	void *ctx, const struct in6_addr *coa, const struct in6_addr *local, const struct in6_addr *home)
{
	struct agent *a = ctx;

	cn_on_unknown_hao(&a->cn, coa, local, home, clock_now());
}

static void on_elsewhere(void *ctx, const struct udp_ends *ends, const struct in6_addr *src)
{
	struct agent *a = ctx;

	ha_on_elsewhere(&a->ha, ends, src, clock_now());
}

static void on_peer_unreachable(void *ctx, const struct in6_addr *local, const struct in6_addr *home)
{
	struct agent *a = ctx;

	cn_on_unreachable(&a->cn, home, local, clock_now());
}

static void on_traffic(void *ctx, const struct in6_addr *home, const struct in6_addr *peer, bool out)
{
	struct agent *a = ctx;

	if (a->mn.on)
		ro_on_traffic(&a->mn, home, peer, out, clock_now());
}

const struct flow_events agent_optimized = {.udp = on_udp,
	.elsewhere = on_elsewhere,
	.unknown_hao = on_unknown_hao,
	.unreachable = on_peer_unreachable,
	.traffic = on_traffic,
	.bound = on_bound_traffic};
