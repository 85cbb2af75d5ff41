/*
 * buflood: RATE Binding Updates a second, 0 = as fast as the wire takes them, of four kinds in turn: first
 *registrations from networks all over, updates for home addresses this home agent does not serve, forged ones of a
 *crowd's home addresses with numbers of long ago, and those of 50 registered nodes that never pause.
 *
 *	buflood IFACE GATEWAY-MAC HOME-AGENT HOME-PREFIX COA-PREFIX CROWD SECONDS RATE [HOME-AGENT-IPV4]
 *
 * With the last one in UDP over IPv4 (RFC 5555), from sources in 128.0.0.0/2, which take the last octets of COA-PREFIX.
 * "sent N in MS ms". Home addresses: the crowd's (buload.c) are PREFIX::1:0 and up, the 50 have PREFIX::2:0:0 and up
 *(in UDP PREFIX::4:0:0), the strangers random ones.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/addr.h"
#include "base/clock.h"
#include "wire/exthdr.h"
#include "wire/mh.h"
#include "wire/via.h"

#define IP4_HLEN 20
#define UDP_HLEN 8

#define BATCH  64
#define ROOM   192
#define ALWAYS 50

static int fd;
static struct sockaddr_ll gateway;
static struct in6_addr agent, home_prefix, coa_prefix;
static struct in_addr agent4; /* 0.0.0.0: over IPv6 */
static uint32_t crowd;
static uint64_t state = 88172645463325252u;

static uint32_t draw(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)(state >> 32);
}

static struct in6_addr numbered(const struct in6_addr *prefix, uint32_t high, uint32_t low)
{
	struct in6_addr a = *prefix;
	uint32_t n[2] = {htonl(high), htonl(low)};

	memcpy(&a.s6_addr[8], n, sizeof(n));
	return a;
}

/* Of 2001:db8:8000::/33: a network of its own each. */
static struct in6_addr far_away(void)
{
	struct in6_addr a = numbered(&coa_prefix, draw(), draw());
	uint32_t net = htonl(draw() | 0x80000000);

	memcpy(&a.s6_addr[4], &net, sizeof(net));
	return a;
}

static uint16_t header_sum(const uint8_t head[IP4_HLEN])
{
	uint32_t sum = 0;

	for (int i = 0; i < IP4_HLEN; i += 2)
		sum += (uint32_t)head[i] << 8 | head[i + 1];
	sum = (sum & 0xffff) + (sum >> 16);
	return htons((uint16_t) ~(sum + (sum >> 16)));
}

/* The IPv6 packet behind IPv4 and UDP headers; its checksum is 0, which is none. */
static size_t wrap(uint8_t *pkt, size_t len, const struct in_addr *from)
{
	uint8_t *udp = pkt + IP4_HLEN;
	uint16_t at[] = {htons(MIP_UDP_PORT), htons(MIP_UDP_PORT), htons((uint16_t)(UDP_HLEN + len)), 0};
	uint16_t total = htons((uint16_t)(IP4_HLEN + UDP_HLEN + len)), sum;

	memmove(udp + UDP_HLEN, pkt, len);
	memcpy(udp, at, sizeof(at));
	memset(pkt, 0, IP4_HLEN);
	pkt[0] = 0x45;
	memcpy(pkt + 2, &total, sizeof(total));
	pkt[8] = 64;
	pkt[9] = IPPROTO_UDP;
	memcpy(pkt + 12, from, sizeof(*from));
	memcpy(pkt + 16, &agent4, sizeof(agent4));
	sum = header_sum(pkt);
	memcpy(pkt + 10, &sum, sizeof(sum));
	return IP4_HLEN + UDP_HLEN + len;
}

static size_t write_bu(uint8_t *pkt, const struct in6_addr *home, const struct in6_addr *coa, uint16_t seq)
{
	struct mh bu = {.type = MH_BU, .u.bu = {seq, BU_F_ACK | BU_F_HOME, 900}};
	struct in_addr from = {htonl(0x80000000 | (ntohl(coa->s6_addr32[3]) & 0x3fffffff))};
	uint8_t *mh = pkt + IP6_HLEN;
	uint16_t sum;
	int len;

	if (agent4.s_addr) {
		bu.opt.has = MHO_IPV4_COA;
		bu.opt.ipv4_coa = addr_mapped(&from);
	}
	len = mh_write(&bu, mh, 128);
	sum = mh_checksum(home, &agent, mh, (size_t)len);
	mh[MH_CKSUM_AT] = (uint8_t)(sum >> 8);
	mh[MH_CKSUM_AT + 1] = (uint8_t)sum;
	ip6_header(pkt, home, &agent, MH_PROTO, (size_t)len);
	if (agent4.s_addr)
		return wrap(pkt, IP6_HLEN + (size_t)len, &from);
	return (size_t)exthdr_insert(pkt, IP6_HLEN + (size_t)len, ROOM, coa, NULL);
}

static size_t make(uint8_t *pkt, uint64_t n)
{
	uint32_t i = (uint32_t)(n / 4), of = 0x10000 + i % crowd;
	struct in6_addr coa = far_away(), home;

	switch (n % 4) {
	case 0: home = numbered(&home_prefix, 3, draw()); return write_bu(pkt, &home, &coa, 1);
	case 1: home = far_away(); return write_bu(pkt, &home, &coa, 1);
	case 2: home = numbered(&home_prefix, 0, of); return write_bu(pkt, &home, &coa, 1);
	default:
		home = numbered(&home_prefix, agent4.s_addr ? 4 : 2, i % ALWAYS);
		coa = numbered(&coa_prefix, 2, i % ALWAYS);
		return write_bu(pkt, &home, &coa, (uint16_t)(i / ALWAYS));
	}
}

static uint64_t flood(usec start, usec until, uint64_t rate)
{
	static uint8_t pkt[BATCH][ROOM];
	struct mmsghdr msgs[BATCH] = {0};
	struct iovec iov[BATCH];
	struct pollfd p = {.fd = fd, .events = POLLOUT};
	uint64_t n = 0;

	while (clock_now() < until) {
		int sent;

		if (rate && n > (uint64_t)(clock_now() - start) * rate / SEC) {
			poll(NULL, 0, 1);
			continue;
		}
		for (int k = 0; k < BATCH; k++) {
			iov[k] = (struct iovec){pkt[k], make(pkt[k], n + (uint64_t)k)};
			msgs[k].msg_hdr = (struct msghdr){&gateway, sizeof(gateway), &iov[k], 1, NULL, 0, 0};
		}
		sent = sendmmsg(fd, msgs, BATCH, 0);
		if (sent > 0)
			n += (uint64_t)sent;
		else if (errno != ENOBUFS && errno != EAGAIN)
			exit((perror("buflood: send"), 2));
		else
			poll(&p, 1, 10);
	}
	return n;
}

int main(int argc, char **argv)
{
	unsigned char *mac = gateway.sll_addr;
	usec start = clock_now();
	uint64_t sent;

	gateway = (struct sockaddr_ll){.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_IPV6), .sll_halen = 6};
	if (argc < 9 || argc > 10 ||
		sscanf(argv[2], "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", &mac[0], &mac[1], &mac[2], &mac[3], &mac[4],
			&mac[5]) != 6 ||
		inet_pton(AF_INET6, argv[3], &agent) != 1 || inet_pton(AF_INET6, argv[4], &home_prefix) != 1 ||
		inet_pton(AF_INET6, argv[5], &coa_prefix) != 1 ||
		(argc == 10 && inet_pton(AF_INET, argv[9], &agent4) != 1)) {
		fputs("usage: buflood IFACE GATEWAY-MAC HOME-AGENT HOME-PREFIX COA-PREFIX CROWD SECONDS RATE "
		      "[HOME-AGENT-IPV4]\n",
			stderr);
		return 1;
	}
	if (agent4.s_addr)
		gateway.sll_protocol = htons(ETH_P_IP);
	gateway.sll_ifindex = (int)if_nametoindex(argv[1]);
	crowd = (uint32_t)strtoul(argv[6], NULL, 10);
	state ^= agent4.s_addr;
	fd = socket(AF_PACKET, SOCK_DGRAM, 0);
	if (fd < 0 || !crowd)
		return perror("buflood"), 1;
	sent = flood(start, start + (usec)strtoul(argv[7], NULL, 10) * SEC, strtoul(argv[8], NULL, 10));
	printf("sent %llu in %lld ms\n", (unsigned long long)sent, (long long)(clock_now() - start) / 1000);
	return 0;
}
