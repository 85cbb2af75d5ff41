/*
 * Segments: a packet that the stack has left whole is cut into those that fit the tunnel, and those that come in a row
 * are put together again, so that the stacks on either side see few large packets. TCP both ways, UDP when cut; IPv6
 * and IPv4. Payload is not copied: pieces point to where it is.
 */
#ifndef MIP_FLOW_SEGMENT_H
#define MIP_FLOW_SEGMENT_H

#include <stdbool.h>
#include <sys/uio.h>

#include "flow/edit.h"

#define SEGMENT_HEAD 192 /* octets of headers of a packet that can be cut */
#define MERGE_MAX    64	 /* packets put together */

/* What is left of a packet that is being cut. */
struct cut {
	const struct packet *p;
	size_t at; /* of the payload that comes next */
};

/* Begins; fills the checksum of a packet that is one segment only. -EINVAL: not a packet whose segments we know. */
int cut_begin(struct cut *c, struct packet *p) __attribute__((warn_unused_result));
/* The next segment, in one or two pieces: its headers, in `head`, and its payload. 0: that was all. */
int cut_next(struct cut *c, uint8_t head[static SEGMENT_HEAD], struct iovec piece[static 2]);

/* Packets that become one. */
struct merge {
	struct iovec piece[2 + MERGE_MAX]; /* header of the device; headers, or all of a packet alone; payloads */
	int pieces;
	const uint8_t *first;
	size_t head, size, len; /* octets of the headers, of the first one's payload, in all */
	uint32_t next;		/* sequence number */
	bool open, push;	/* others may follow; the last one says PSH */
	struct virtio_net_hdr vnet;
	uint8_t front[SEGMENT_HEAD];
};

static inline bool merge_empty(const struct merge *m)
{
	return !m->pieces;
}
/* Takes a whole packet, IP header and all, which must stay where it is, behind those that are there. False: it does not
 * belong to them; into an empty one everything goes. */
bool merge_add(struct merge *m, const uint8_t *pkt, size_t len) __attribute__((warn_unused_result));
/* m->piece is the packet now; whoever has written it sets m->pieces to 0. */
void merge_end(struct merge *m);

#endif
