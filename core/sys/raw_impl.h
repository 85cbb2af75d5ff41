/*
 * Inside of raw.h, shared by raw.c (opening, sending), raw_in.c (receiving), raw_wait.c (who comes first) and raw_nd.c
 * (watching).
 */
#ifndef MIP_SYS_RAW_IMPL_H
#define MIP_SYS_RAW_IMPL_H

#include <sys/socket.h>

#include "sys/raw.h"

#define RAW_BATCH  32	/* messages a recvmmsg */
#define RAW_ROUNDS 8	/* recvmmsg a turn: other work goes on under a flood */
#define RAW_ROOM   4096 /* one message; a longer one is none of ours (MH: at most 2048) */
#define RAW_CTL	   128

/* A descriptor that yields messages of one kind. */
struct raw_sock {
	struct watch watch;
	struct raw *raw;
	void (*take)(struct raw *r, struct raw_meta *m, const uint8_t *data, size_t len);
};

/* A link whose Neighbor Discovery is watched. */
struct raw_link {
	struct raw_sock sock;
	unsigned ifindex;
	struct raw_link *next;
};

struct raw {
	struct loop *loop;
	struct raw_events ev;
	struct raw_stats stats;
	struct raw_sock mh, icmp;
	struct raw_link *links;
	int out; /* header-included */
	struct raw_waiting *waiting, **waiting_end;
	size_t waits; /* how many */
	struct timer serve;
	struct mmsghdr msgs[RAW_BATCH];
	struct iovec iov[RAW_BATCH];
	struct sockaddr_storage from[RAW_BATCH];
	_Alignas(struct cmsghdr) uint8_t ctl[RAW_BATCH][RAW_CTL];
	uint8_t data[RAW_BATCH][RAW_ROOM];
};

void raw_ready(struct watch *w, uint32_t events);
void raw_take_mh(struct raw *r, struct raw_meta *m, const uint8_t *data, size_t len);
void raw_take_icmp(struct raw *r, struct raw_meta *m, const uint8_t *data, size_t len);
/* Takes a message of the shim's; a copy of the packet is kept for later, when there is room. */
void raw_serve(struct raw *r, const struct exthdr *e, const uint8_t *pkt);
void raw_wait(struct raw *r, const uint8_t *pkt, size_t len);
void raw_wait_close(struct raw *r);
void raw_nd_close(struct raw *r);

#endif
