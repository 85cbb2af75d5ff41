/*
 * buload: N mobile nodes on one wire. Sends real Binding Updates with a Home
 * Address option through a packet socket, takes the acknowledgements, repeats what
 * is not answered in time as a mobile node would, and prints rates.
 *
 *   buload IFACE GATEWAY-MAC HOME-AGENT HOME-PREFIX COA-PREFIX N [SEQUENCE [echo|register|refresh|keep=SECONDS ...]]
 *
 * Sequence numbers are above SEQUENCE (100). Without words the first three are done, one after the other. keep: for so
 * long each node refreshes a binding of 8 s every 4 s and, without an answer, again after 1, 2, 4 s; how many were
 * without a binding for a moment. In the end all refresh for an hour.
 *
 * Node i has home address HOME-PREFIX::i+0x10000 and care-of address COA-PREFIX::i+0x10000; both prefixes are /64.
 * The same loop with echo requests to the same address is the baseline: what this wire and
 * this machine's kernel give anybody who asks and waits for an answer.
 */
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/addr.h"
#include "base/clock.h"
#include "wire/exthdr.h"
#include "wire/icmp6.h"
#include "wire/mh.h"

#define RETRY	(1500 * MSEC)
#define GIVE_UP (120 * SEC)
#define BATCH	64
#define KEEP	(8 * SEC)

struct node {
	usec sent;	 /* 0 = not yet in this pass */
	usec next, good; /* keep: when it speaks again, and was accepted last */
	uint16_t seq;
	uint8_t done, status, tries, expired;
};

static int fd;
static struct sockaddr_ll gateway;
static struct in6_addr agent, home_prefix, coa_prefix;
static struct node *nodes;
static size_t count, answered, refused, resent, outstanding;
static uint16_t lifetime = 900; /* units of 4 s */
static uint8_t packets[BATCH][256];

static struct in6_addr numbered(const struct in6_addr *prefix, size_t i)
{
	struct in6_addr a = *prefix;
	uint32_t n = htonl((uint32_t)i + 0x10000);

	memcpy(&a.s6_addr[12], &n, 4);
	return a;
}

/* Which node an address of ours is, or count. */
static size_t number_of(const struct in6_addr *a)
{
	uint32_t n;

	memcpy(&n, &a->s6_addr[12], 4);
	n = ntohl(n) - 0x10000;
	return n < count ? n : count;
}

static size_t make_bu(size_t i, uint8_t *pkt)
{
	struct in6_addr home = numbered(&home_prefix, i), coa = numbered(&coa_prefix, i);
	struct mh bu = {.type = MH_BU, .u.bu = {nodes[i].seq, BU_F_ACK | BU_F_HOME, lifetime}};
	uint8_t *mh = pkt + IP6_HLEN;
	int len = mh_write(&bu, mh, 128);
	uint16_t sum = mh_checksum(&home, &agent, mh, (size_t)len);

	mh[MH_CKSUM_AT] = (uint8_t)(sum >> 8);
	mh[MH_CKSUM_AT + 1] = (uint8_t)sum;
	ip6_header(pkt, &home, &agent, MH_PROTO, (size_t)len);
	return (size_t)exthdr_insert(pkt, IP6_HLEN + (size_t)len, 256, &coa, NULL);
}

static size_t make_echo(size_t i, uint8_t *pkt)
{
	struct in6_addr coa = numbered(&coa_prefix, i);
	uint8_t *m = pkt + IP6_HLEN;
	uint16_t sum;

	memset(m, 0, 40);
	m[0] = 128;
	sum = ip6_checksum(&coa, &agent, 58, m, 40);
	m[2] = (uint8_t)(sum >> 8);
	m[3] = (uint8_t)sum;
	ip6_header(pkt, &coa, &agent, 58, 40);
	return IP6_HLEN + 40;
}

static size_t (*make)(size_t i, uint8_t *pkt);

static void send_nodes(const size_t *which, size_t n)
{
	struct mmsghdr msgs[BATCH] = {0};
	struct iovec iov[BATCH];
	usec now = clock_now();

	for (size_t k = 0; k < n; k++) {
		struct node *node = &nodes[which[k]];

		node->seq++;
		node->sent = now;
		iov[k] = (struct iovec){packets[k], make(which[k], packets[k])};
		msgs[k].msg_hdr = (struct msghdr){&gateway, sizeof(gateway), &iov[k], 1, NULL, 0, 0};
	}
	/* What does not go out now is repeated like any other loss. */
	if (sendmmsg(fd, msgs, (unsigned)n, 0) < 0 && errno != ENOBUFS && errno != EAGAIN)
		perror("buload: send");
}

static void take(uint8_t *pkt, size_t len)
{
	struct exthdr e;
	struct mh m;
	size_t i;

	if (exthdr_read(pkt, len, &e) != EXT_OK)
		return;
	i = number_of(&e.dst);
	if (i == count || nodes[i].done || !nodes[i].sent)
		return;
	if (make == make_echo) {
		if (e.upper != 58 || pkt[e.upper_at] != 129)
			return;
	} else {
		if (e.upper != MH_PROTO || mh_read(pkt + e.upper_at, e.end - e.upper_at, &m, NULL) != MH_OK ||
			m.type != MH_BA)
			return;
		nodes[i].status = m.u.ba.status;
		if (m.u.ba.status >= BA_UNSPECIFIED)
			refused++;
	}
	nodes[i].done = 1;
	answered++;
	outstanding--;
}

static void receive(void)
{
	static uint8_t bufs[BATCH][2048];
	struct mmsghdr msgs[BATCH] = {0};
	struct iovec iov[BATCH];
	int n;

	for (size_t k = 0; k < BATCH; k++) {
		iov[k] = (struct iovec){bufs[k], sizeof(bufs[k])};
		msgs[k].msg_hdr.msg_iov = &iov[k];
		msgs[k].msg_hdr.msg_iovlen = 1;
	}
	do {
		n = recvmmsg(fd, msgs, BATCH, MSG_DONTWAIT, NULL);
		for (int k = 0; k < n; k++)
			take(bufs[k], msgs[k].msg_len);
	} while (n == BATCH);
}

/* Next node to send for: one whose time is over first, else a fresh one while the window has room. */
static size_t next_batch(size_t *which, size_t *fresh, size_t *scan, size_t window)
{
	usec now = clock_now();
	size_t n = 0;

	for (size_t steps = 0; steps < 256 && n < BATCH && count; steps++) {
		struct node *node = &nodes[*scan];

		if (node->sent && !node->done && now - node->sent > RETRY) {
			which[n++] = *scan;
			resent++;
		}
		*scan = (*scan + 1) % count;
	}
	while (n < BATCH && *fresh < count && outstanding < window) {
		which[n++] = (*fresh)++;
		outstanding++;
	}
	return n;
}

/* All nodes once; how many answers a second. */
static double pass(const char *name, size_t window)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	size_t which[BATCH], fresh = 0, scan = 0;
	usec start = clock_now(), took;

	answered = refused = resent = outstanding = 0;
	for (size_t i = 0; i < count; i++)
		nodes[i].done = 0, nodes[i].sent = 0;
	while (answered < count && clock_now() - start < GIVE_UP) {
		size_t n = next_batch(which, &fresh, &scan, window);

		if (n)
			send_nodes(which, n);
		poll(&p, 1, n ? 0 : 1);
		receive();
	}
	took = clock_now() - start;
	printf("%s nodes %zu answered %zu refused %zu resent %zu seconds %.3f rate %.0f\n", name, count, answered,
		refused, resent, (double)took / (double)SEC, (double)answered * (double)SEC / (double)took);
	fflush(stdout);
	return (double)answered * (double)SEC / (double)took;
}

static int setup(char **argv)
{
	unsigned char *mac = gateway.sll_addr;
	int size = 16 << 20;

	gateway = (struct sockaddr_ll){.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_IPV6), .sll_halen = 6};
	gateway.sll_ifindex = (int)if_nametoindex(argv[1]);
	count = strtoul(argv[6], NULL, 10);
	nodes = calloc(count ? count : 1, sizeof(*nodes));
	if (!gateway.sll_ifindex || !nodes || !count ||
		sscanf(argv[2], "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", &mac[0], &mac[1], &mac[2], &mac[3], &mac[4],
			&mac[5]) != 6 ||
		inet_pton(AF_INET6, argv[3], &agent) != 1 || inet_pton(AF_INET6, argv[4], &home_prefix) != 1 ||
		inet_pton(AF_INET6, argv[5], &coa_prefix) != 1)
		return -EINVAL;
	fd = socket(AF_PACKET, SOCK_DGRAM, htons(ETH_P_IPV6));
	if (fd < 0 || bind(fd, (struct sockaddr *)&gateway, sizeof(gateway)) < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
	return 0;
}

/* A node that was without a binding for a moment has lost it. */
static void judge(struct node *node, usec now)
{
	if (now - node->good > KEEP)
		node->expired = 1;
}

static size_t speakers(size_t *which, size_t *scan, usec now)
{
	size_t n = 0;

	for (size_t steps = 0; steps < count && n < BATCH; steps++, *scan = (*scan + 1) % count) {
		struct node *node = &nodes[*scan];

		if (node->done) {
			judge(node, now);
			node->good = now;
			node->next = node->sent + KEEP / 2;
			node->done = node->tries = 0;
			node->sent = 0;
		}
		if (now < node->next)
			continue;
		resent += node->tries > 0;
		node->next = now + (SEC << (node->tries < 2 ? node->tries : 2));
		node->tries++;
		which[n++] = *scan;
	}
	return n;
}

static int keep(unsigned seconds)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	usec start = clock_now(), now = start;
	size_t which[BATCH], scan = 0, expired = 0;

	make = make_bu;
	lifetime = KEEP / (MH_LIFE_UNIT * SEC);
	answered = refused = resent = 0;
	for (size_t i = 0; i < count; i++)
		nodes[i] = (struct node){
			.seq = nodes[i].seq, .good = start, .next = start + (usec)i * (KEEP / 2) / (usec)count};
	for (; now - start < seconds * SEC; now = clock_now()) {
		size_t n = speakers(which, &scan, now);

		if (n)
			send_nodes(which, n);
		poll(&p, 1, 5);
		receive();
	}
	for (size_t i = 0; i < count; i++) {
		judge(&nodes[i], now);
		expired += nodes[i].expired;
	}
	printf("keep nodes %zu expired %zu answered %zu refused %zu resent %zu seconds %u\n", count, expired, answered,
		refused, resent, seconds);
	lifetime = 900;
	pass("hour", 1000);
	return expired || refused || answered < count;
}

/* Every node must be served, and none refused. */
static double registrations(const char *name, size_t window, int *failed)
{
	double rate;

	make = make_bu;
	rate = pass(name, window);
	*failed |= refused || answered < count;
	return rate;
}

static int all_three(void)
{
	double base, first, again;
	int failed = 0;

	make = make_echo;
	base = pass("echo", 1000);
	first = registrations("register", count, &failed);
	again = registrations("refresh", 1000, &failed);
	printf("ratio register %.3f refresh %.3f (of echo)\n", first / base, again / base);
	return failed;
}

static int one(const char *word)
{
	int failed = 0;

	if (!strncmp(word, "keep=", 5))
		return keep((unsigned)strtoul(word + 5, NULL, 10));
	make = make_echo;
	if (!strcmp(word, "echo"))
		pass(word, 1000);
	else if (!strcmp(word, "register"))
		registrations(word, count, &failed);
	else
		registrations(word, 1000, &failed);
	return failed;
}

int main(int argc, char **argv)
{
	int failed = 0, err = argc >= 7 ? setup(argv) : -EINVAL;

	if (err) {
		fprintf(stderr, "usage: buload IFACE GATEWAY-MAC HOME-AGENT HOME-PREFIX COA-PREFIX N (%s)\n",
			strerror(-err));
		return 1;
	}
	for (size_t i = 0; i < count; i++)
		nodes[i].seq = argc > 7 ? (uint16_t)strtoul(argv[7], NULL, 10) : 100;
	if (argc <= 8)
		failed = all_three();
	for (int i = 8; i < argc; i++)
		failed |= one(argv[i]);
	free(nodes);
	return failed;
}
