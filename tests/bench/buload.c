/*
 * buload: N mobile nodes on one wire. Sends real Binding Updates with a Home
 * Address option through a packet socket, takes the acknowledgements, repeats what
 * is not answered in time as a mobile node would, and prints rates.
 *
 *   buload IFACE GATEWAY-MAC HOME-AGENT HOME-PREFIX COA-PREFIX N [SEQUENCE [WORD ...]]
 *
 * Sequence numbers are above SEQUENCE (100). The words, and without any the first three, are done one after the other:
 *
 *   echo, register, refresh	each node once
 *   keep=SECONDS	for so long each node refreshes a binding of 8 s every 4 s and, without an answer, again after
 *1, 2, 4 s; how many were without a binding for a moment. In the end all refresh for an hour echoes=TOTAL,
 *refreshes=TOTAL	so many by whose turn it is: as many at once for few nodes as for many. In runs of what the home
 *agent's limit lets a thousand bindings do without a pause (HA_UPDATE_BURST), with the rest after each that the limit
 *wants; the rate is that of the runs
 *   renew=TIMES	so often the last thousand nodes leave and register again, Duplicate Address Detection and all;
 *			the rate is without its second
 *   latency=TIMES	so often one update, when the one before was answered; the median time until then
 *   pace=SECONDS	for so long 1,000 updates a second, answered or not
 *   networks=N	from now on all are mobile routers with so many prefixes (RFC 3963), up to 4
 *   answer=SECONDS	for so long nodes answer echo requests that come through their tunnels, by the same way
 *   auth	from now on all have the authentication option (RFC 4285), key 0x11...
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
#include "role/auth.h"
#include "role/ha.h"
#include "wire/exthdr.h"
#include "wire/icmp6.h"
#include "wire/mh.h"

#define RETRY	(1500 * MSEC) /* INITIAL_BINDACK_TIMEOUT_FIRSTREG, doubled each time */
#define TRIES	5	      /* that wait longer than the one before */
#define GIVE_UP (60 * SEC)    /* without any answer */
#define BATCH	64
#define WINDOW	1000		  /* not yet answered */
#define FIRSTS	HA_NEW_GROUP_RATE /* the same, of first registrations: the limit of one network */
#define SOME	1000		  /* nodes */
#define REST	(HA_UPDATE_BURST * SEC / HA_UPDATE_RATE)
#define DAD	SEC
#define KEEP	(8 * SEC)

struct node {
	usec sent;	 /* 0 = not yet in this pass */
	usec next, good; /* keep: when it speaks again, and was accepted last */
	uint16_t seq;
	uint8_t done, tries, expired;
};

static int fd;
static struct sockaddr_ll gateway;
static struct in6_addr agent, home_prefix, coa_prefix;
static struct node *nodes;
static size_t count, answered, refused, resent, outstanding;
static uint16_t lifetime = 900; /* units of 4 s */
static size_t networks;		/* of each */
static bool authenticated;
static usec retry = RETRY; /* MIP_SLOW times longer */
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
	struct mh_auth auth;
	uint16_t sum;
	int len;

	if (networks) {
		bu.u.bu.flags |= BU_F_ROUTER;
		bu.opt.has = MHO_NETWORK;
		bu.opt.networks = networks;
	}
	for (size_t k = 0; k < networks; k++) { /* 2001:da0:NUMBER and k::/64 */
		struct in6_addr *a = &bu.opt.network[k].addr;

		*a = (struct in6_addr){.s6_addr = {0x20, 0x01, 0x0d, 0xa0}};
		memcpy(&a->s6_addr[4], &home.s6_addr[13], 3);
		a->s6_addr[7] = (uint8_t)k;
		bu.opt.network[k].plen = 64;
	}
	if (authenticated) {
		struct auth_sa sa = {.conf = {home, 256, MH_HMAC_SHA1, {0}}};

		memset(sa.conf.key, 0x11, mh_key_len(MH_HMAC_SHA1));
		auth_add(&sa, &bu, &coa, mh_timestamp(clock_wall()), &auth);
	}
	len = mh_write(&bu, mh, 128);
	if (authenticated)
		mh_sign(&auth, &bu, mh);
	sum = mh_checksum(&home, &agent, mh, (size_t)len);
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
	m[6] = (uint8_t)(nodes[i].seq >> 8);
	m[7] = (uint8_t)nodes[i].seq;
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

/* The sequence number answered, or -1: it is no answer to what is being asked. */
static int answer_of(const uint8_t *pkt, const struct exthdr *e, const struct node *node, uint8_t *status)
{
	const uint8_t *at = pkt + e->upper_at;
	struct mh m;

	if (make == make_echo)
		return e->upper == 58 && e->end - e->upper_at >= 8 && at[0] == 129 ? at[6] << 8 | at[7] : -1;
	if (e->upper != MH_PROTO || mh_read(at, e->end - e->upper_at, &m, NULL) != MH_OK || m.type != MH_BA)
		return -1;
	*status = m.u.ba.status;
	return *status == BA_SEQ_OUT_OF_WINDOW ? node->seq : m.u.ba.seq; /* that names the last one accepted */
}

static void take(uint8_t *pkt, size_t len)
{
	struct exthdr e;
	uint8_t status = BA_ACCEPTED;
	int seq;
	size_t i;

	if (exthdr_read(pkt, len, &e) != EXT_OK)
		return;
	i = number_of(&e.dst);
	if (i == count || nodes[i].done || !nodes[i].sent)
		return;
	seq = answer_of(pkt, &e, &nodes[i], &status);
	if (seq < 0 || (uint16_t)(nodes[i].seq - seq) >= nodes[i].tries)
		return;
	refused += status >= BA_UNSPECIFIED;
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

/* `total` updates, from node `from` on, by turns. */
struct job {
	const char *name;
	size_t from, total, window;
	size_t fresh, scan;
};

static bool is_over(const struct node *node, usec now)
{
	unsigned doublings = node->tries < TRIES ? node->tries - 1 : TRIES - 1;

	return node->sent && !node->done && now - node->sent > retry << doublings;
}

/* Next node to send for: one whose time is over first, else whose turn it is while the window has room. */
static size_t next_batch(size_t *which, struct job *j)
{
	usec now = clock_now();
	size_t n = 0;

	for (size_t steps = 0; steps < 256 && n < BATCH && count; steps++) {
		if (is_over(&nodes[j->scan], now)) {
			nodes[j->scan].tries++;
			which[n++] = j->scan;
			resent++;
		}
		j->scan = (j->scan + 1) % count;
	}
	while (n < BATCH && count && j->fresh < j->total && outstanding < j->window) {
		size_t i = (j->from + j->fresh) % count;

		if (nodes[i].sent && !nodes[i].done)
			break;
		nodes[i].done = 0;
		nodes[i].tries = 1;
		which[n++] = i;
		j->fresh++;
		outstanding++;
	}
	return n;
}

/* How long it took. */
static usec work(struct job j)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	usec start = clock_now(), heard = start;
	size_t which[BATCH], before = answered, seen = answered;

	outstanding = 0;
	for (size_t i = 0; i < count; i++)
		nodes[i].done = 0, nodes[i].sent = 0;
	while (answered - before < j.total && clock_now() - heard < GIVE_UP) {
		size_t n = next_batch(which, &j);

		if (n)
			send_nodes(which, n);
		poll(&p, 1, n ? 0 : 1);
		receive();
		if (answered > seen)
			heard = clock_now();
		seen = answered;
	}
	return clock_now() - start;
}

static double say(const char *name, usec took)
{
	double rate = (double)answered * (double)SEC / (double)(took > 0 ? took : 1);

	printf("%.*s nodes %zu answered %zu refused %zu resent %zu seconds %.3f rate %.0f\n", (int)strcspn(name, "="),
		name, count, answered, refused, resent, (double)took / (double)SEC, rate);
	fflush(stdout);
	return rate;
}

/* All nodes once; how many answers a second. */
static double pass(const char *name, size_t window)
{
	answered = refused = resent = 0;
	return say(name, work((struct job){.total = count, .window = window}));
}

/* True when one was refused or not answered. The rate is that of the best run: others use the machine, too. */
static int in_runs(const char *name, size_t total)
{
	size_t run = HA_UPDATE_BURST * (count < SOME ? count : SOME), todo = total, all = 0;
	usec took, least = 0;

	refused = resent = 0;
	for (; todo; todo -= run) {
		run = run < todo ? run : todo;
		if (todo < total)
			usleep(REST);
		answered = 0;
		took = work((struct job){.from = (total - todo) % count, .total = run, .window = WINDOW});
		all += answered;
		if (answered == run && (!least || took < least))
			least = took;
	}
	answered = run;
	say(name, least);
	return refused || all < total;
}

static int by_time(const void *a, const void *b)
{
	const usec *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* True when one was refused or not answered. */
static int one_by_one(size_t times)
{
	usec *took = calloc(times + 1, sizeof(*took));

	if (!took)
		return 1;
	make = make_bu;
	answered = refused = resent = 0;
	for (size_t i = 0; i < times; i++)
		took[i] = work((struct job){.from = i % count, .total = 1, .window = 1});
	qsort(took, times, sizeof(*took), by_time);
	printf("latency nodes %zu answered %zu refused %zu median %lld\n", count, answered, refused,
		(long long)took[times / 2]);
	free(took);
	return refused || answered < times;
}

/* True when less than nine of ten were answered. */
static int at_a_pace(unsigned seconds)
{
	size_t total = seconds * 1000ul, sent = 0;
	usec start = clock_now();

	make = make_bu;
	answered = refused = resent = outstanding = 0;
	for (size_t i = 0; i < count; i++)
		nodes[i].done = 1;
	while (sent < total) {
		size_t due = (size_t)((clock_now() - start) / MSEC), which[1];

		for (due = due < total ? due : total; sent < due; sent++) {
			which[0] = sent % count;
			nodes[which[0]].done = 0;
			nodes[which[0]].tries = 1;
			outstanding++;
			send_nodes(which, 1);
		}
		usleep(500);
		receive();
	}
	say("pace", clock_now() - start);
	return answered < total - total / 10;
}

/* True when one was refused or not answered. */
static int leave_and_register(unsigned times)
{
	size_t some = count < SOME ? count : SOME, left = 0, came = 0;
	struct job j = {.from = count - some, .total = some, .window = some};
	uint16_t granted = lifetime;
	usec took = 0;

	make = make_bu;
	refused = resent = 0;
	for (unsigned t = 0; t < times; t++) {
		lifetime = 0;
		answered = 0;
		work(j);
		left += answered;
		lifetime = granted;
		answered = 0;
		took += work(j) - DAD;
		came += answered;
	}
	answered = came;
	say("renew", took);
	return refused || left < some * times || came < some * times;
}

static int setup(char **argv)
{
	unsigned char *mac = gateway.sll_addr;
	const char *slow = getenv("MIP_SLOW");
	int size = 16 << 20;

	gateway = (struct sockaddr_ll){.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_IPV6), .sll_halen = 6};
	gateway.sll_ifindex = (int)if_nametoindex(argv[1]);
	count = strtoul(argv[6], NULL, 10);
	retry *= slow && atoi(slow) > 0 ? atoi(slow) : 1;
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
	pass("hour", WINDOW);
	return expired || refused || answered < count;
}

/* An echo request through the tunnel of a node becomes the answer by the same way. False: it is none. */
static bool answer_to(uint8_t *pkt, size_t len)
{
	uint8_t *in, *echo;
	struct in6_addr home, peer;
	struct exthdr e, i;
	uint16_t sum;

	if (exthdr_read(pkt, len, &e) != EXT_OK || e.upper != 41 || number_of(&e.dst) == count)
		return false;
	in = pkt + e.upper_at;
	if (exthdr_read(in, e.end - e.upper_at, &i) != EXT_OK || i.upper != 58 || i.end - i.upper_at < 8)
		return false;
	echo = in + i.upper_at;
	if (echo[0] != 128)
		return false;
	home = i.dst;
	peer = i.src;
	echo[0] = 129;
	echo[2] = echo[3] = 0;
	sum = ip6_checksum(&home, &peer, 58, echo, i.end - i.upper_at);
	echo[2] = (uint8_t)(sum >> 8);
	echo[3] = (uint8_t)sum;
	memcpy(in + 8, &home, sizeof(home));
	memcpy(in + 24, &peer, sizeof(peer));
	memcpy(pkt + 8, &e.dst, sizeof(e.dst));
	memcpy(pkt + 24, &agent, sizeof(agent));
	return true;
}

static int answer(unsigned seconds)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	usec end = clock_now() + seconds * SEC;
	uint8_t pkt[2048];
	ssize_t n;

	while (clock_now() < end) {
		poll(&p, 1, 100);
		while ((n = recv(fd, pkt, sizeof(pkt), MSG_DONTWAIT)) > 0)
			if (answer_to(pkt, (size_t)n))
				(void)!sendto(fd, pkt, (size_t)n, 0, (struct sockaddr *)&gateway, sizeof(gateway));
	}
	return 0;
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
	base = pass("echo", WINDOW);
	first = registrations("register", FIRSTS, &failed);
	again = registrations("refresh", WINDOW, &failed);
	printf("ratio register %.3f refresh %.3f (of echo)\n", first / base, again / base);
	return failed;
}

static int one(const char *word)
{
	int failed = 0;

	const char *value = strchr(word, '=');
	unsigned number = value ? (unsigned)strtoul(value + 1, NULL, 10) : 0;

	if (!strncmp(word, "latency=", 8))
		return one_by_one(number);
	if (!strncmp(word, "pace=", 5))
		return at_a_pace(number);
	if (!strncmp(word, "keep=", 5))
		return keep(number);
	if (!strncmp(word, "answer=", 7))
		return answer(number);
	if (!strncmp(word, "networks=", 9)) {
		networks = number < 4 ? number : 4;
		return 0;
	}
	if (!strcmp(word, "auth")) {
		authenticated = true;
		return 0;
	}
	if (!strncmp(word, "renew=", 6))
		return leave_and_register(number);
	make = word[0] == 'e' ? make_echo : make_bu;
	if (value)
		return in_runs(word, number);
	if (!strcmp(word, "echo"))
		pass(word, WINDOW);
	else
		registrations(word, !strcmp(word, "register") ? FIRSTS : WINDOW, &failed);
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
