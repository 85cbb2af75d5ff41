/*
 * rtnetlink by libmnl: one socket for requests, one for notifications, and the
 * kernel's extended ack as the text of a `struct why`. What others of core/sys need to talk rtnetlink.
 */
#ifndef MIP_SYS_NL_H
#define MIP_SYS_NL_H

#include <libmnl/libmnl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/loop.h"
#include "base/why.h"

/* Our mark on routes and rules: rtm_protocol (16, which older daemons used, is DHCP's). Documented in mipd(8). */
#define MIP_RTPROT	119
#define MIP_RTPROT_END	120 /* of the end of a reverse tunnel's table: it stays when somebody flushes protocol 119 */
#define MIP_TABLE	1190 /* first routing table of reverse tunnels; one per home address where homes differ in agent */
#define MIP_TABLE_GUARD 1189 /* of signalling that IPsec protects */
#define MIP_TABLE_LOCAL 1188 /* of what the programs mark, or a home agent itself sends, to home addresses */
#define MIP_TABLE_CELL	1187 /* tunnels of a home agent of a cell */
#define MIP_RULE_PRIO	1190
#define MIP_METRIC	119	    /* of our routes: nobody else's route of the same prefix is ever replaced by ours */
#define MIP_METRIC_END	0x7fffffffU /* of ends: behind all others, also the kernel's own of a link */
#define MIP_ALIAS	"mip"	    /* interface alias (IFLA_IFALIAS) of devices that are ours */

#define NL_IPV4_BITS 96	  /* of an IPv4-mapped address, before the IPv4 one */
#define NL_MSG_MAX   1024 /* a buffer for any one request of core/sys */

/* What the kernel says changed. Addresses: usable = neither tentative (unless optimistic) nor failed. */
struct nl_link {
	unsigned index;
	char name[IF_NAMESIZE];
	bool gone, up;		     /* up = administratively up, carrier, and operational (IFF_RUNNING) */
	bool loopback, ether, noarp; /* noarp: no neighbours to ask */
	uint8_t lladdr[6];
	uint32_t mtu;
	uint32_t ups; /* how often the carrier came: a quick down and up are told as one piece of news, or none */
};

struct nl_addr {
	unsigned index;
	struct in6_addr addr;
	uint8_t plen;
	bool gone, usable, optimistic, deprecated, failed, temporary, dynamic; /* failed: DAD found a duplicate */
	bool routeless;							       /* made without a route to its prefix */
	uint32_t valid, preferred;					       /* seconds left, UINT32_MAX for ever */
};

struct nl_events {
	void *ctx;
	void (*link)(void *ctx, const struct nl_link *l);
	void (*addr)(void *ctx, const struct nl_addr *a);
	void (*route)(void *ctx, unsigned ifindex); /* of IPv4: somebody made one by that link */
	void (*resync)(void *ctx); /* notifications were lost: links and addresses follow again as a snapshot ... */
	void (*synced)(void *ctx); /* ... and that was all of it: what was not told is gone */
};

/* What of ours somebody else may have removed. */
enum nl_lost {
	LOST_ENTRIES = 1, /* devices, addresses, routes, rules */
	LOST_NFT = 2,
	LOST_SYSCTLS = 4, /* and neighbour proxies */
};

struct nl;

int nl_open(struct nl **out, struct loop *loop, struct why *why) __attribute__((warn_unused_result));
/* Of another family (NETLINK_XFRM): requests and dumps only. */
int nl_open_family(struct nl **out, struct loop *loop, int family, struct why *why) __attribute__((warn_unused_result));
void nl_close(struct nl *nl); /* NULL is nothing */
/* Subscribes: a snapshot of all links, then all global and link-local addresses, arrives before this returns, then
 * changes. Callbacks may make requests, not close. */
int nl_listen(struct nl *nl, const struct nl_events *ev, struct why *why) __attribute__((warn_unused_result));
/* nl_events.route is told of routes from now on / no more. A router's are many. */
void nl_hear_routes(struct nl *nl, bool on);
/* The addresses once more, as changes: also those that the kernel has not told of yet. */
void nl_ask_addrs(struct nl *nl);

/* Calls lost when somebody else removed a route or rule that carries our mark, or changed a sysctl, and at nl_lost. Our
 * own requests (of nl_do, nl_queue ...) are not told. */
int nl_watch(struct nl *nl, void (*lost)(void *ctx, unsigned what), void *ctx, struct why *why)
	__attribute__((warn_unused_result));
void nl_lost(struct nl *nl, enum nl_lost what);

/* A request in buf (NL_MSG_MAX bytes): header, and `extra` zeroed bytes behind it (struct rtmsg...) at
 * mnl_nlmsg_get_payload. */
struct nlmsghdr *nl_msg(void *buf, uint16_t type, uint16_t flags, size_t extra);

/* Addresses as netlink says them: an IPv4-mapped one, and a prefix of such, is one of IPv4. */
uint8_t nl_family(const struct in6_addr *a);
uint8_t nl_plen(const struct in6_addr *a, uint8_t plen);
void nl_put_addr(struct nlmsghdr *req, uint16_t type, const struct in6_addr *a);
/* False: that is no address. */
bool nl_addr(const struct nlattr *a, struct in6_addr *to) __attribute__((warn_unused_result));

/* One request with NLM_F_ACK, waited for. 0 or -errno; `what` names the operation in why ("add route 2001:db8::1"). */
int nl_do(struct nl *nl, struct nlmsghdr *req, struct why *why, const char *what) __attribute__((warn_unused_result));
/* The same where "is there" (nl_add) or "is not there" (nl_del: not found, no such device) is the answer wished for. */
int nl_add(struct nl *nl, struct nlmsghdr *req, struct why *why, const char *what) __attribute__((warn_unused_result));
int nl_del(struct nl *nl, struct nlmsghdr *req, struct why *why, const char *what) __attribute__((warn_unused_result));
/* A dump, read whole before cb is called for each message: cb may make requests. NLM_F_DUMP_INTR restarts it unseen. */
int nl_dump(struct nl *nl, struct nlmsghdr *req, mnl_cb_t cb, void *ctx, struct why *why, const char *what)
	__attribute__((warn_unused_result));
/* Requests queued and sent in batches without waiting one by one; nl_flush waits for all, reports the first error.
 * Queued deletes of what is not there and adds of what is there are no errors. */
int nl_queue(struct nl *nl, struct nlmsghdr *req, struct why *why) __attribute__((warn_unused_result));
int nl_flush(struct nl *nl, struct why *why) __attribute__((warn_unused_result));

/* From begin to end nl_do, nl_add and nl_del queue and say 0; the first error comes at the end. For thousands of
 * requests at once that nobody waits for one by one. */
void nl_bulk_begin(struct nl *nl);
int nl_bulk_end(struct nl *nl, struct why *why) __attribute__((warn_unused_result));

/* For other netlink families (nft.c). A socket with extended acks, a grown buffer and a deadline; NULL with why filled.
 */
struct mnl_socket *nl_socket(int family, struct why *why);
/* Sends len bytes and reads all answers (the kernel has them ready when send returns): the first error, unless `fine`
 * (may be NULL) says of it that it is none. */
int nl_talk(struct mnl_socket *s, const void *buf, size_t len, bool (*fine)(int err), struct why *why, const char *what)
	__attribute__((warn_unused_result));

#endif
