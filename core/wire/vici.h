/*
 * VICI, what strongSwan's charon is spoken to in: packets of a stream, each a length of 4 octets, a type, for some a
 * name, and a message: a tree of sections, values and lists. What charon says is input like any other: lengths, nesting
 * and balance are checked, and a value is only ever a piece of the packet.
 */
#ifndef MIP_WIRE_VICI_H
#define MIP_WIRE_VICI_H

#include <stdint.h>

#include "base/buf.h"

#define VICI_LENGTH	4	     /* octets before each packet */
#define VICI_PACKET_MAX (512 * 1024) /* the protocol's limit */
#define VICI_DEPTH_MAX	8	     /* sections within sections; charon's own have 3 */

enum vici_packet {
	VICI_REQUEST = 0,
	VICI_RESPONSE = 1,
	VICI_UNKNOWN_REQUEST = 2,
	VICI_REGISTER = 3,
	VICI_CONFIRM = 5,
	VICI_UNKNOWN_EVENT = 6,
	VICI_EVENT = 7
};

enum vici_element {
	VICI_SECTION = 1,
	VICI_SECTION_END = 2,
	VICI_VALUE = 3,
	VICI_LIST = 4,
	VICI_ITEM = 5,
	VICI_LIST_END = 6
};

/* Text inside a packet; no NUL ends it. */
struct vici_text {
	const char *s;
	uint16_t len;
};

/* One element of a message. */
struct vici_item {
	enum vici_element type;
	unsigned depth; /* sections around it; of SECTION and SECTION_END: with their own */
	struct vici_text name, value;
};

struct vici_reader {
	struct rd rd;
	unsigned depth;
	bool list;
};

/* A packet without its length. False: not one of those charon sends. `name` is that of an event, else empty. */
bool vici_open(
	const uint8_t *packet, size_t len, enum vici_packet *type, struct vici_text *name, struct vici_reader *r);
/* 1: the next element; 0: the end; -EBADMSG: not well formed, and nothing behind it counts. */
int vici_next(struct vici_reader *r, struct vici_item *to);
bool vici_is(struct vici_text t, const char *s);
/* As a string: printable characters only, shortened to fit. */
void vici_copy(struct vici_text t, char *to, size_t cap);

/* Writes a request or a registration, then its elements, then the length in front; w->bad when there was no room. */
void vici_begin(struct wr *w, enum vici_packet type, const char *name);
void vici_section(struct wr *w, const char *name);
void vici_section_end(struct wr *w);
void vici_value(struct wr *w, const char *name, const char *value);
void vici_data(struct wr *w, const char *name, const void *data, size_t len);
/* A list of one or two items; second NULL: of one. */
void vici_list(struct wr *w, const char *name, const char *first, const char *second);
void vici_list_data(struct wr *w, const char *name, const void *data, size_t len);
void vici_finish(struct wr *w);

#endif
