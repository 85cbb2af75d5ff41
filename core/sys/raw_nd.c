/*
 * raw.h: Neighbor Discovery as it passes on a link, for DAD on behalf of home addresses (RFC 6275
 * 10.3.1, 10.4.1). One packet socket a link, all-multicast, with a classic BPF filter: Neighbor
 * Solicitations and Advertisements with hop limit 255 and nothing before them.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/if_ether.h>
#include <netpacket/packet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "sys/raw_impl.h"
#include "wire/exthdr.h"
#include "wire/icmp6.h"

static struct sock_filter program[] = {
	BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 6), /* next header */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_ICMPV6, 0, 6),
	BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 7), /* hop limit: RFC 4861 7.1 */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 255, 0, 4),
	BPF_STMT(BPF_LD | BPF_B | BPF_ABS, IP6_HLEN), /* type */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ICMP6_NS, 1, 0),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ICMP6_NA, 0, 1),
	BPF_STMT(BPF_RET | BPF_K, RAW_ROOM),
	BPF_STMT(BPF_RET | BPF_K, 0),
};

/* The whole IPv6 packet, as the link carried it. */
static void take_nd(struct raw *r, struct raw_meta *m, const uint8_t *data, size_t len)
{
	struct exthdr e;

	if (exthdr_read(data, len, &e) != EXT_OK || e.upper_at != IP6_HLEN || e.upper != IPPROTO_ICMPV6 ||
		ip6_checksum(&e.src, &e.dst, IPPROTO_ICMPV6, data + IP6_HLEN, e.end - IP6_HLEN)) {
		r->stats.rx_malformed++;
		return;
	}
	m->src = e.src;
	m->dst = e.dst;
	m->hop_limit = data[7];
	m->pkt = data;
	m->pkt_len = e.end;
	m->upper_at = IP6_HLEN;
	r->stats.rx++;
	if (r->ev.nd)
		r->ev.nd(r->ev.ctx, m, data + IP6_HLEN, e.end - IP6_HLEN);
}

/* Filter before bind: nothing else may be queued in between. */
static int nd_socket(unsigned ifindex)
{
	struct sock_fprog filter = {sizeof(program) / sizeof(program[0]), program};
	struct sockaddr_ll at = {
		.sll_family = AF_PACKET, .sll_protocol = htons(ETHERTYPE_IPV6), .sll_ifindex = (int)ifindex};
	struct packet_mreq all = {.mr_ifindex = (int)ifindex, .mr_type = PACKET_MR_ALLMULTI};
	int err, fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof(filter)) == 0 &&
		bind(fd, (struct sockaddr *)&at, sizeof(at)) == 0 &&
		setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &all, sizeof(all)) == 0)
		return fd;
	err = -errno;
	close(fd);
	return err;
}

static struct raw_link **find_raw_link(struct raw *r, unsigned ifindex)
{
	struct raw_link **at = &r->links;

	while (*at && (*at)->ifindex != ifindex)
		at = &(*at)->next;
	return at;
}

static void close_link(struct raw *r, struct raw_link **at)
{
	struct raw_link *l = *at;

	*at = l->next;
	loop_unwatch(r->loop, &l->sock.watch);
	close(l->sock.watch.fd);
	free(l);
}

int raw_nd_watch(struct raw *r, unsigned ifindex, struct why *why)
{
	struct raw_link *l;
	int err, fd;

	if (*find_raw_link(r, ifindex))
		return 0;
	fd = nd_socket(ifindex);
	if (fd < 0)
		return why_set(why, -fd, "watch Neighbor Discovery: %s", strerror(-fd));
	l = calloc(1, sizeof(*l));
	if (!l) {
		close(fd);
		return why_set(why, ENOMEM, "out of memory");
	}
	*l = (struct raw_link){{{fd, raw_ready}, r, take_nd}, ifindex, r->links};
	r->links = l;
	err = loop_watch(r->loop, &l->sock.watch, EPOLLIN);
	if (err)
		close_link(r, find_raw_link(r, ifindex));
	return err ? why_set(why, -err, "watch Neighbor Discovery: %s", strerror(-err)) : 0;
}

void raw_nd_unwatch(struct raw *r, unsigned ifindex)
{
	struct raw_link **at = find_raw_link(r, ifindex);

	if (*at)
		close_link(r, at);
}

void raw_nd_close(struct raw *r)
{
	while (r->links)
		close_link(r, &r->links);
}

int raw_arp_announce(unsigned ifindex, const uint8_t lladdr[static 6], const uint8_t ipv4[static 4])
{
	struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_protocol = htons(ETHERTYPE_ARP), .sll_halen = ETH_ALEN};
	struct ether_arp arp = {
		.ea_hdr = {htons(ARPHRD_ETHER), htons(ETHERTYPE_IP), ETH_ALEN, 4, htons(ARPOP_REQUEST)}};
	int err = 0, fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	to.sll_ifindex = (int)ifindex;
	memset(to.sll_addr, 0xff, ETH_ALEN);
	memcpy(arp.arp_sha, lladdr, sizeof(arp.arp_sha));
	memcpy(arp.arp_spa, ipv4, sizeof(arp.arp_spa));
	memcpy(arp.arp_tpa, ipv4, sizeof(arp.arp_tpa));
	if (sendto(fd, &arp, sizeof(arp), 0, (struct sockaddr *)&to, sizeof(to)) < 0)
		err = -errno;
	close(fd);
	return err;
}
