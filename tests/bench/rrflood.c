/*
 * rrflood: N Home Test Inits and N Care-of Test Inits from random addresses of 2001:db8:77::/48, as fast as the link
 * takes them, and how many Home and Care-of Tests come back.
 *
 *	rrflood DEV MAC CORRESPONDENT N
 *
 * "sent N in MS ms, answered A": all answers have come when a Care-of Test Init sent last, and again until it gets
 * past the limit, is answered.
 */
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/addr.h"
#include "base/clock.h"
#include "wire/exthdr.h"
#include "wire/mh.h"

#define BATCH	64
#define RETRY	(20 * MSEC)
#define GIVE_UP (60 * SEC)

static int fd;
static struct sockaddr_ll to;
static struct in6_addr target, source;
static const uint64_t last_cookie = 0x6c617374; /* of the question sent last */
static size_t answered;
static bool done;

static void die(const char *what)
{
	fprintf(stderr, "rrflood: %s\n", what);
	exit(2);
}

static size_t make(uint8_t *pkt, uint8_t type, uint64_t cookie)
{
	struct mh m = {.type = type, .u.init = {cookie}};
	uint8_t *mh = pkt + IP6_HLEN;
	int len = mh_write(&m, mh, 64);
	uint16_t sum = mh_checksum(&source, &target, mh, (size_t)len);

	mh[MH_CKSUM_AT] = (uint8_t)(sum >> 8);
	mh[MH_CKSUM_AT + 1] = (uint8_t)sum;
	ip6_header(pkt, &source, &target, MH_PROTO, (size_t)len);
	return IP6_HLEN + (size_t)len;
}

static void take(const uint8_t *pkt, size_t len)
{
	struct exthdr e;
	struct mh m;

	if (exthdr_read(pkt, len, &e) != EXT_OK || e.upper != MH_PROTO ||
		mh_read(pkt + e.upper_at, e.end - e.upper_at, &m, NULL) != MH_OK ||
		(m.type != MH_HOT && m.type != MH_COT))
		return;
	if (m.u.test.cookie == last_cookie)
		done = true;
	else
		answered++;
}

static void receive(int ms)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	uint8_t buf[2048];
	struct sockaddr_ll from = {0};
	socklen_t n = sizeof(from);
	ssize_t len;

	poll(&p, 1, ms);
	while ((len = recvfrom(fd, buf, sizeof(buf), MSG_DONTWAIT, (struct sockaddr *)&from, &n)) > 0)
		if (from.sll_pkttype != PACKET_OUTGOING)
			take(buf, (size_t)len);
}

/* HoTI and CoTI by turns. Returns how many the link took. */
static size_t batch(size_t n)
{
	static uint8_t packets[BATCH][128];
	struct mmsghdr msgs[BATCH] = {0};
	struct iovec iov[BATCH];
	uint64_t random[BATCH];
	int sent;

	if (getrandom(random, sizeof(random), 0) != sizeof(random))
		die("no random numbers");
	for (size_t i = 0; i < n; i++) {
		memcpy(&source.s6_addr[6], &random[i], 8); /* networks without number */
		iov[i] = (struct iovec){packets[i], make(packets[i], i & 1 ? MH_COTI : MH_HOTI, random[i])};
		msgs[i].msg_hdr = (struct msghdr){&to, sizeof(to), &iov[i], 1, NULL, 0, 0};
	}
	sent = sendmmsg(fd, msgs, (unsigned)n, 0);
	if (sent < 0 && errno != ENOBUFS && errno != EAGAIN)
		die(strerror(errno));
	return sent > 0 ? (size_t)sent : 0;
}

static void flood(size_t n)
{
	for (size_t left = n; left;) {
		left -= batch(left < BATCH ? left : BATCH);
		receive(0);
	}
}

static int settle(void)
{
	usec end = clock_now() + GIVE_UP, again = 0;
	uint8_t pkt[128];

	while (!done && clock_now() < end) {
		if (clock_now() >= again) {
			(void)!sendto(fd, pkt, make(pkt, MH_COTI, last_cookie), 0, (struct sockaddr *)&to, sizeof(to));
			again = clock_now() + RETRY;
		}
		receive(5);
	}
	return done ? 0 : 1;
}

static void open_link(char **argv)
{
	unsigned char *mac = to.sll_addr;
	int size = 16 << 20;

	to = (struct sockaddr_ll){.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_IPV6), .sll_halen = 6};
	to.sll_ifindex = (int)if_nametoindex(argv[1]);
	fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, htons(ETH_P_IPV6));
	if (!to.sll_ifindex || fd < 0 || bind(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		die("cannot open that link");
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	if (sscanf(argv[2], "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", mac, mac + 1, mac + 2, mac + 3, mac + 4, mac + 5) != 6)
		die("not a link-layer address");
}

int main(int argc, char **argv)
{
	usec began = clock_now();
	unsigned long n = argc == 5 ? strtoul(argv[4], NULL, 10) : 0;
	int status;

	if (!n || inet_pton(AF_INET6, argv[3], &target) != 1)
		die("usage: rrflood DEV MAC CORRESPONDENT N");
	inet_pton(AF_INET6, "2001:db8:77::", &source);
	open_link(argv);
	flood(2 * n);
	status = settle();
	printf("sent %lu in %lld ms, answered %zu\n", 2 * n, (long long)((clock_now() - began) / MSEC), answered);
	if (status)
		fprintf(stderr, "rrflood: no answer to the last question\n");
	return status;
}
