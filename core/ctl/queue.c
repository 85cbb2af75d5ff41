/* queue.h: one allocation a packet; what it takes counts with it, so a bound on `bytes` is a bound on memory. */
#include <stdlib.h>
#include <string.h>

#include "ctl/queue.h"

bool queue_put(struct queue *q, const void *bytes, size_t len)
{
	struct packet *p = malloc(sizeof(*p) + len);

	if (!p)
		return false;
	p->next = NULL;
	p->len = len;
	memcpy(p->bytes, bytes, len);
	if (!q->head)
		q->tail = &q->head;
	*q->tail = p;
	q->tail = &p->next;
	q->bytes += sizeof(*p) + len;
	q->n++;
	return true;
}

void queue_drop_first(struct queue *q)
{
	struct packet *p = q->head;

	q->head = p->next;
	q->bytes -= sizeof(*p) + p->len;
	q->n--;
	free(p);
}

void queue_clear(struct queue *q)
{
	while (q->head)
		queue_drop_first(q);
}
