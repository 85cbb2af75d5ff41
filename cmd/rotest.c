/*
 * `mip ro test ADDRESS`: is the traffic between a home address and ADDRESS route-optimized, in each direction? Sends
 * echo requests from the home address until route optimization stands or cannot, then a round that counts: the agent's
 * own counters say how the packets of that round travelled, the replies how long they took.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <netinet/icmp6.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "cmd/client.h"
#include "cmd/fault.h"
#include "cmd/mip.h"
#include "cmd/netns.h"
#include "cmd/out.h"
#include "cmd/run.h"
#include "cmd/walk.h"
#include "mip/types.h"

#define ROUND	   5	 /* echo requests that count */
#define WARM_UP_MS 10000 /* for route optimization to come about */
#define REPLY_MS   2000
#define PACE_MS	   50

struct echo {
	int fd;
	bool raw; /* then the identifier is ours to choose, and to check */
	uint16_t id, seq;
	struct sockaddr_in6 peer;
};

/* What the agent says of the pair. */
struct pair {
	bool found, optimized;
	uint8_t home[16];
	uint32_t home_state;
	uint64_t out, in, rtt_tunnel;
};

static uint64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static void note_home(struct pair *p, const struct nlattr *home, uint32_t state)
{
	if (!home || mnl_attr_get_payload_len(home) != sizeof(p->home) ||
		(p->found && p->home_state == MIP_MN_REGISTERED))
		return;
	memcpy(p->home, mnl_attr_get_payload(home), sizeof(p->home));
	p->home_state = state;
	p->found = true;
}

/* The home address to test from: a registered one if there is. */
static int take_home(void *ctx, const struct nlmsghdr *msg)
{
	const struct nlattr *at, *home = NULL;
	uint32_t state = 0;

	mnl_attr_for_each (at, msg, 0) {
		if (at->nla_type == MIP_A_HOME)
			home = at;
		if (at->nla_type == MIP_A_MSTATE)
			state = mnl_attr_get_u32(at);
	}
	note_home(ctx, home, state);
	return DONE;
}

static int take_pair(void *ctx, const struct nlmsghdr *msg)
{
	struct pair *p = ctx;
	const struct nlattr *at;

	p->found = true;
	mnl_attr_for_each (at, msg, 0) {
		switch (at->nla_type) {
		case MIP_A_OSTATE: p->optimized = mnl_attr_get_u32(at) == MIP_RO_OPTIMIZED; break;
		case MIP_A_OUT_PACKETS: p->out = mnl_attr_get_u64(at); break;
		case MIP_A_IN_PACKETS: p->in = mnl_attr_get_u64(at); break;
		case MIP_A_RTT_TUNNEL: p->rtt_tunnel = mnl_attr_get_u64(at); break;
		default: break;
		}
	}
	return DONE;
}

static int ask_agent(uint16_t cmd, const struct value *peer, const uint8_t *home, record_fn take, struct pair *p)
{
	struct request rq;
	struct refusal no = {0};
	int err;

	request_open(&rq, cmd);
	if (peer)
		request_put(&rq, MIP_A_PEER, peer->bytes, peer->len);
	if (home)
		request_put(&rq, MIP_A_HOME, home, 16);
	err = client_ask(&rq, take, p, &no);
	if (err == REFUSED)
		complain("%s", no.text);
	return err;
}

static int ask_pair(const struct value *peer, const uint8_t *home, struct pair *p)
{
	*p = (struct pair){0};
	return ask_agent(MIP_RO_GET, peer, home, take_pair, p);
}

/* A raw socket where we may, else one of those anybody in net.ipv4.ping_group_range may open. */
static int echo_open(struct echo *e, const uint8_t *home, const struct value *peer)
{
	struct sockaddr_in6 from = {.sin6_family = AF_INET6};
	struct icmp6_filter only;

	*e = (struct echo){.id = htons((uint16_t)getpid()), .peer = {.sin6_family = AF_INET6}};
	memcpy(&from.sin6_addr, home, 16);
	memcpy(&e->peer.sin6_addr, peer->bytes, 16);
	e->fd = socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMPV6);
	e->raw = e->fd >= 0;
	if (e->raw) {
		ICMP6_FILTER_SETBLOCKALL(&only);
		ICMP6_FILTER_SETPASS(ICMP6_ECHO_REPLY, &only);
		setsockopt(e->fd, IPPROTO_ICMPV6, ICMP6_FILTER, &only, sizeof(only));
	} else {
		e->fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, IPPROTO_ICMPV6);
	}
	if (e->fd < 0 || bind(e->fd, (struct sockaddr *)&from, sizeof(from)) < 0) {
		complain("echo requests from the home address: %s", strerror(errno));
		return REFUSED;
	}
	return DONE;
}

static bool is_reply(const struct echo *e, const struct icmp6_hdr *h, ssize_t len, const struct sockaddr_in6 *from)
{
	return len >= (ssize_t)sizeof(*h) && h->icmp6_type == ICMP6_ECHO_REPLY && ntohs(h->icmp6_seq) == e->seq &&
	       (!e->raw || h->icmp6_id == e->id) && !memcmp(&from->sin6_addr, &e->peer.sin6_addr, 16);
}

/* One echo request and its reply. The round trip in microseconds, 0 = none came. */
static uint64_t echo_once(struct echo *e, int wait_ms)
{
	struct icmp6_hdr h[8] = {{.icmp6_type = ICMP6_ECHO_REQUEST}}, back[16];
	struct pollfd p = {.fd = e->fd, .events = POLLIN};
	uint64_t sent = now_us(), end = sent + (uint64_t)wait_ms * 1000;

	h[0].icmp6_id = e->id;
	h[0].icmp6_seq = htons(++e->seq);
	if (sendto(e->fd, h, sizeof(h), 0, (struct sockaddr *)&e->peer, sizeof(e->peer)) < 0)
		return 0;
	while (now_us() < end && poll(&p, 1, (int)((end - now_us()) / 1000) + 1) > 0) {
		struct sockaddr_in6 from = {0};
		socklen_t size = sizeof(from);
		ssize_t len = recvfrom(e->fd, back, sizeof(back), 0, (struct sockaddr *)&from, &size);

		if (is_reply(e, back, len, &from))
			return now_us() - sent + !(now_us() - sent);
	}
	return 0;
}

/* Traffic until the pair is optimized, or time is up. The best round trip through the tunnel, 0 = none seen. */
static int warm_up(struct echo *e, const struct value *peer, const uint8_t *home, uint64_t *tunnel)
{
	int64_t end = client_now() + WARM_UP_MS;
	struct pair p;
	int err;

	*tunnel = 0;
	while (!(err = ask_pair(peer, home, &p)) && !p.optimized && client_now() < end) {
		uint64_t rtt = echo_once(e, REPLY_MS);

		if (rtt && (!*tunnel || rtt < *tunnel))
			*tunnel = rtt;
		poll(NULL, 0, PACE_MS); /* the pace of the traffic, not a wait for anything */
	}
	if (!*tunnel)
		*tunnel = p.rtt_tunnel;
	return err;
}

struct result {
	uint32_t sent, received;
	uint64_t rtt; /* best */
	uint64_t out, in;
};

static int round_of(struct echo *e, const struct value *peer, const uint8_t *home, struct result *r)
{
	struct pair before, after;
	int err = ask_pair(peer, home, &before);

	*r = (struct result){0};
	for (int i = 0; !err && i < ROUND; i++) {
		uint64_t rtt = echo_once(e, REPLY_MS);

		r->sent++;
		r->received += rtt != 0;
		if (rtt && (!r->rtt || rtt < r->rtt))
			r->rtt = rtt;
	}
	if (!err)
		err = ask_pair(peer, home, &after);
	r->out = err ? 0 : after.out - before.out;
	r->in = err ? 0 : after.in - before.in;
	return err;
}

static const char *way(uint64_t optimized, uint32_t of)
{
	return !of ? "nothing" : optimized >= of ? "optimized" : optimized ? "partly" : "tunnel";
}

static int report(const struct call *call, const uint8_t *home, const struct result *r, uint64_t tunnel)
{
	const struct value *peer = call_value(call, MIP_A_PEER);
	bool both = r->received == r->sent && r->out >= r->sent && r->in >= r->received;
	int err;

	out_open(OUT_LIST, verb_columns(call->verb), false);
	out_begin();
	out_put(MIP_A_PEER, peer->bytes, peer->len);
	out_put(MIP_A_HOME, home, 16);
	out_put_str(MIP_A_WAY_OUT, way(r->out, r->sent));
	out_put_str(MIP_A_WAY_IN, way(r->in, r->received));
	out_put(MIP_A_SENT, &r->sent, sizeof(r->sent));
	out_put(MIP_A_RECEIVED, &r->received, sizeof(r->received));
	if (tunnel)
		out_put(MIP_A_RTT_TUNNEL, &tunnel, sizeof(tunnel));
	if (r->rtt && both)
		out_put(MIP_A_RTT_DIRECT, &r->rtt, sizeof(r->rtt));
	err = out_end();
	if (!err)
		err = out_close();
	return err ? err : both ? DONE : REFUSED;
}

static int find_home(const struct call *call, struct pair *at)
{
	const struct value *home = call_value(call, MIP_A_HOME);
	int err = ask_agent(MIP_MN_GET, NULL, home ? home->bytes : NULL, take_home, at);

	if (err)
		return err;
	if (!at->found)
		complain(home ? "no such home address" : "there is no home address: this is not a mobile node");
	else if (at->home_state == MIP_MN_HOME)
		complain("the mobile node is at home: its packets need no optimization");
	else if (at->home_state != MIP_MN_REGISTERED)
		complain("the mobile node is not registered with its home agent");
	else
		return DONE;
	return REFUSED;
}

int run_ro_test(const struct call *call)
{
	const struct value *peer = call_value(call, MIP_A_PEER);
	struct pair at = {0};
	struct echo e = {.fd = -1};
	struct result r;
	uint64_t tunnel = 0;
	int err = client_need(call->verb->object);

	if (!err)
		err = find_home(call, &at);
	if (!err)
		err = netns_go();
	if (!err)
		err = echo_open(&e, at.home, peer);
	if (!err)
		err = warm_up(&e, peer, at.home, &tunnel);
	if (!err)
		err = round_of(&e, peer, at.home, &r);
	if (e.fd >= 0)
		close(e.fd);
	return err ? err : report(call, at.home, &r, tunnel);
}
