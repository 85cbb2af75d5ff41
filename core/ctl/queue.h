/* Packets that wait for a slow reader: a first-in first-out list that knows its bytes. */
#ifndef MIP_CTL_QUEUE_H
#define MIP_CTL_QUEUE_H

#include <stdbool.h>
#include <stddef.h>

struct packet {
	struct packet *next;
	size_t len;
	_Alignas(8) char bytes[];
};

struct queue {
	struct packet *head, **tail; /* zeroed = empty */
	size_t bytes, n;
};

/* A copy at the end of q. False when memory is short. */
bool queue_put(struct queue *q, const void *bytes, size_t len) __attribute__((warn_unused_result));
void queue_drop_first(struct queue *q);
void queue_clear(struct queue *q);

#endif
