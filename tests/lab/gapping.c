/*
 * gapping: an ICMPv6 echo request every INTERVAL milliseconds, on a high-resolution timer, until SIGINT, and a line
 * for each reply with the time of day it arrived, in the words of `ping -D`. ping itself keeps its intervals by
 * timeouts in jiffies: at HZ=250 its 10 ms are 16, too coarse to measure a handover with.
 *
 *   gapping INTERVAL ADDRESS [SOURCE]
 */
#include <arpa/inet.h>
#include <netinet/icmp6.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

static unsigned long sent, received;

static void echo(int sock)
{
	struct icmp6_hdr h = {.icmp6_type = ICMP6_ECHO_REQUEST};

	h.icmp6_seq = htons((uint16_t)++sent);
	(void)!write(sock, &h, sizeof(h)); /* an unreachable network is what we are here to measure */
}

static void reply(int sock)
{
	struct icmp6_hdr h;
	struct timespec now;
	ssize_t n = read(sock, &h, sizeof(h));

	clock_gettime(CLOCK_REALTIME, &now);
	if (n < (ssize_t)sizeof(h) || h.icmp6_type != ICMP6_ECHO_REPLY)
		return;
	received++;
	printf("[%lld.%06ld] bytes from icmp_seq=%u\n", (long long)now.tv_sec, now.tv_nsec / 1000, ntohs(h.icmp6_seq));
}

static int ticker(long ms)
{
	struct timespec t = {ms / 1000, ms % 1000 * 1000000};
	int fd = timerfd_create(CLOCK_MONOTONIC, 0);

	return fd < 0 || timerfd_settime(fd, 0, &(struct itimerspec){t, t}, NULL) < 0 ? -1 : fd;
}

static int interrupt(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, 0);
}

static int run(int sock, int tick, int stop)
{
	struct pollfd p[] = {{sock, POLLIN, 0}, {tick, POLLIN, 0}, {stop, POLLIN, 0}};
	uint64_t ticks;

	while (!p[2].revents) {
		if (poll(p, 3, -1) < 0)
			return perror("poll"), 1;
		if (p[0].revents)
			reply(sock);
		if (p[1].revents && read(tick, &ticks, sizeof(ticks)) == sizeof(ticks))
			echo(sock);
	}
	printf("%lu packets transmitted, %lu received\n", sent, received);
	return 0;
}

int main(int argc, char **argv)
{
	struct sockaddr_in6 to = {.sin6_family = AF_INET6}, from = to;
	long ms = argc == 3 || argc == 4 ? strtol(argv[1], NULL, 10) : 0;
	int sock, tick, stop;

	if (ms <= 0 || inet_pton(AF_INET6, argv[2], &to.sin6_addr) != 1 ||
		(argc == 4 && inet_pton(AF_INET6, argv[3], &from.sin6_addr) != 1))
		return fprintf(stderr, "usage: gapping INTERVAL-MS ADDRESS [SOURCE]\n"), 1;
	setvbuf(stdout, NULL, _IOLBF, 0);
	sock = socket(AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK, IPPROTO_ICMPV6);
	if (sock < 0)
		return perror("socket"), 1;
	tick = ticker(ms);
	stop = interrupt();
	if (tick < 0 || stop < 0 || bind(sock, (struct sockaddr *)&from, sizeof(from)) < 0 ||
		connect(sock, (struct sockaddr *)&to, sizeof(to)) < 0)
		return perror("gapping"), 1;
	return run(sock, tick, stop);
}
