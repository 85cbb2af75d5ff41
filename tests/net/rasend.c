/*
 * rasend: one Router Advertisement, in anybody's name.
 *
 *	rasend DEV ROUTER LIFETIME PREFIX VALID PREFERRED [FLAGS [LLADDR]]
 *
 * From the link-local address ROUTER to all nodes of DEV's link, for one /64 PREFIX; times in seconds. FLAGS: of h
 *(home agent), r (PREFIX is the router's address), o (off-link), - (none). The link-layer address told, and sent from,
 *is LLADDR, or 02:00:00:00:ba:d1.
 */
#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "wire/exthdr.h"
#include "wire/icmp6.h"

static uint8_t from[6] = {2, 0, 0, 0, 0xba, 0xd1};
static const uint8_t all[6] = {0x33, 0x33, 0, 0, 0, 1};

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static size_t build(char **arg, const char *flags, uint8_t *pkt, size_t cap)
{
	struct in6_addr src, dst = {{{0xff, 0x02, [15] = 1}}};
	struct nd_ra ra = {.prefixes = 1, .has_lladdr = true, .hop_limit = 64};
	struct nd_prefix *p = &ra.prefix[0];
	uint16_t sum;
	int len;

	ra.router_lifetime = (uint16_t)strtoul(arg[1], NULL, 0);
	ra.home_agent = strchr(flags, 'h');
	*p = (struct nd_prefix){
		.len = 64, .onlink = !strchr(flags, 'o'), .autoconf = true, .router = strchr(flags, 'r')};
	p->valid = (uint32_t)strtoul(arg[3], NULL, 0);
	p->preferred = (uint32_t)strtoul(arg[4], NULL, 0);
	memcpy(ra.lladdr, from, sizeof(from));
	if (inet_pton(AF_INET6, arg[0], &src) != 1 || inet_pton(AF_INET6, arg[2], &p->prefix) != 1)
		return 0;
	len = ra_write(&ra, pkt + IP6_HLEN, cap - IP6_HLEN);
	if (len < 0)
		return 0;
	ip6_header(pkt, &src, &dst, IPPROTO_ICMPV6, (size_t)len);
	pkt[7] = 255;
	sum = ip6_checksum(&src, &dst, IPPROTO_ICMPV6, pkt + IP6_HLEN, (size_t)len);
	pkt[IP6_HLEN + 2] = (uint8_t)(sum >> 8);
	pkt[IP6_HLEN + 3] = (uint8_t)sum;
	return IP6_HLEN + (size_t)len;
}

int main(int argc, char **argv)
{
	uint8_t frame[ETH_HLEN + 512];
	struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_halen = 6};
	size_t len = 0;
	int fd = socket(AF_PACKET, SOCK_RAW, 0);

	if (argc > 8 && sscanf(argv[8], "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", &from[0], &from[1], &from[2], &from[3],
				&from[4], &from[5]) != 6)
		argc = 0;
	if (argc >= 7)
		len = build(argv + 2, argc > 7 ? argv[7] : "-", frame + ETH_HLEN, sizeof(frame) - ETH_HLEN);
	if (!len) {
		fprintf(stderr, "usage: rasend DEV ROUTER LIFETIME PREFIX VALID PREFERRED [FLAGS [LLADDR]]\n");
		return 1;
	}
	if (fd < 0)
		fail("socket");
	to.sll_ifindex = (int)if_nametoindex(argv[1]);
	memcpy(frame, all, sizeof(all));
	memcpy(frame + 6, from, sizeof(from));
	frame[12] = ETHERTYPE_IPV6 >> 8;
	frame[13] = ETHERTYPE_IPV6 & 0xff;
	if (sendto(fd, frame, ETH_HLEN + len, 0, (struct sockaddr *)&to, sizeof(to)) < 0)
		fail(argv[1]);
	return 0;
}
