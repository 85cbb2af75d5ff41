/*
 * Who talks through the tunnels of home addresses, ours and, in a cell of home agents, those bound here: samples of
 * what passes the tunnel device, both implementations alike. A packet socket whose filter lets pass 40 octets of
 * unicast packets that are not Mobility Header, and whose buffer is small. What carries a Home Address option or a
 * routing header names a care-of address where the peer should be: packet.c sees that. After a handful it is not read
 * for a while: the kernel then drops at the cost of the filter, so that a fast flow costs no more than a slow one.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <netpacket/packet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/loop.h"
#include "flow/flow_impl.h"
#include "wire/mh.h"

#define SAMPLES 8
#define PAUSE	(20 * MSEC) /* on average: what comes at regular times is not missed each time */
#define RCVBUF	8192
#define AT_SRC	8
#define AT_DST	24

struct traffic {
	struct flows *flows;
	struct watch watch;
	struct timer pause;
};

static int filter(int fd)
{
	static struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 0),
		BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xf0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x60, 0, 7),
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 6),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, MH_PROTO, 5, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_ROUTING, 4, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_DSTOPTS, 3, 0),
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, AT_DST),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0xff, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, IP6_HLEN),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	const struct sock_fprog prog = {sizeof(code) / sizeof(code[0]), code};

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof(prog));
}

/* The packet's end that is a home address of ours, first as its source. */
static void sample(struct flows *flows, const uint8_t *pkt, bool out)
{
	struct in6_addr home, peer;

	memcpy(&home, pkt + (out ? AT_SRC : AT_DST), sizeof(home));
	memcpy(&peer, pkt + (out ? AT_DST : AT_SRC), sizeof(peer));
	if (table_away(&flows->table, &home) && flows->ev.traffic)
		flows->ev.traffic(flows->ev.ctx, &home, &peer, out);
	else if (flows->apart && table_bound(&flows->table, &home))
		flows->ev.bound(flows->ev.ctx, &home);
	else if (flows->apart && table_bound(&flows->table, &peer))
		flows->ev.bound(flows->ev.ctx, &peer);
}

void traffic_sample(struct flows *flows, const uint8_t *pkt)
{
	struct in6_addr src;

	memcpy(&src, pkt + AT_SRC, sizeof(src));
	sample(flows, pkt, table_away(&flows->table, &src) != NULL);
}

static void resume(struct timer *t, usec now)
{
	struct traffic *w = timer_owner(t, struct traffic, pause);

	(void)now;
	(void)!loop_watch(w->flows->loop, &w->watch, EPOLLIN);
}

/* The callee may end the last home address, and us with it: nothing of ours is touched after it. */
static void sample_came(struct watch *watch, uint32_t events)
{
	struct traffic *t = timer_owner(watch, struct traffic, watch);
	struct flows *flows = t->flows;
	uint32_t jitter;

	(void)events;
	for (int i = 0; i < SAMPLES && flows->traffic == t; i++) {
		struct sockaddr_ll from = {0};
		socklen_t from_len = sizeof(from);
		uint8_t pkt[IP6_HLEN];
		ssize_t len = recvfrom(t->watch.fd, pkt, sizeof(pkt), 0, (struct sockaddr *)&from, &from_len);

		if (len < 0)
			return;
		if (len == IP6_HLEN)
			sample(flows, pkt, from.sll_pkttype == PACKET_OUTGOING);
	}
	if (flows->traffic != t)
		return;
	loop_unwatch(flows->loop, &t->watch);
	if (getrandom(&jitter, sizeof(jitter), 0) != sizeof(jitter))
		jitter = 0;
	timer_arm(&flows->loop->timers, &t->pause, clock_now() + PAUSE / 2 + jitter % PAUSE, resume);
}

/* Filter and buffer before it is bound: until then nothing comes. */
static int packet_socket(unsigned ifindex)
{
	struct sockaddr_ll at = {
		.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = (int)ifindex};
	int size = RCVBUF, fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), err;

	if (fd < 0)
		return -errno;
	if (!setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)) && !filter(fd) &&
		!bind(fd, (struct sockaddr *)&at, sizeof(at)))
		return fd;
	err = -errno;
	close(fd);
	return err;
}

int traffic_open(struct traffic **out, struct flows *flows, struct why *why)
{
	struct traffic *t = calloc(1, sizeof(*t));
	int err;

	if (!t)
		return why_set(why, ENOMEM, "out of memory");
	t->flows = flows;
	t->watch = (struct watch){packet_socket(flows->ifindex), sample_came};
	err = t->watch.fd < 0 ? t->watch.fd : loop_watch(flows->loop, &t->watch, EPOLLIN);
	if (!err) {
		*out = t;
		return 0;
	}
	traffic_close(t);
	return why_set(why, -err, "packet socket on the tunnel: %s", strerror(-err));
}

void traffic_close(struct traffic *t)
{
	if (!t)
		return;
	timer_stop(&t->flows->loop->timers, &t->pause);
	if (t->watch.fd >= 0) {
		loop_unwatch(t->flows->loop, &t->watch);
		close(t->watch.fd);
	}
	free(t);
}
