/*
 * Messages of the control socket (include/mip/ctl.h) in memory: reading a request into an array indexed by
 * attribute, checked against attr.def, and writing answers. libmnl does the framing; nothing here does I/O.
 */
#ifndef MIP_CTL_CODEC_H
#define MIP_CTL_CODEC_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/addr.h"
#include "base/why.h"
#include "mip/attr.h"
#include "mip/ctl.h"

extern MIP_ATTR_TABLE(ctl_attrs);

/* One request. attr[] points into the bytes it was read from; every one there has the size and form of its kind. */
struct ctl_request {
	uint16_t cmd; /* enum mip_command */
	uint32_t seq;
	pid_t pid; /* who asks, from SO_PEERCRED */
	uid_t uid;
	bool may_write;
	const struct nlattr *attr[MIP_A_COUNT];
};

/*
 * Reads `len` received bytes, which must be aligned as a nlmsghdr. 0, or -errno with `why`: EBADMSG malformed,
 * EINVAL an attribute, EOPNOTSUPP unknown command.
 */
int ctl_parse(struct ctl_request *rq, const void *bytes, size_t len, struct why *why)
	__attribute__((warn_unused_result));
/* Whether the command changes something, and its name ("MN_ADD"); NULL name = no such command. */
bool ctl_is_write(uint16_t cmd);
const char *ctl_name(uint16_t cmd);

/* Values of a request. Asking for an attribute with the getter of another kind is a bug (assert). */
static inline bool ctl_has(const struct ctl_request *rq, enum mip_attr a)
{
	return rq->attr[a] != NULL;
}
uint64_t ctl_num(const struct ctl_request *rq, enum mip_attr a, uint64_t fallback); /* U8..U64 SECS USEC BOOL, states */
const struct in6_addr *ctl_addr(const struct ctl_request *rq, enum mip_attr a);	    /* NULL when not given */
const char *ctl_str(const struct ctl_request *rq, enum mip_attr a);		    /* STR DEV; NULL when not given */
/* False when not given. The bits behind the length are zero. */
bool ctl_prefix(const struct ctl_request *rq, enum mip_attr a, struct in6_addr *prefix, uint8_t *len);
/* How many prefixes are given; the first `max` of them in `list`, as ctl_prefix. */
size_t ctl_prefixes(const struct ctl_request *rq, enum mip_attr a, struct addr_prefix *list, size_t max);
const uint8_t *ctl_key(const struct ctl_request *rq, enum mip_attr a, size_t *len); /* NULL when not given */
/* 0, or -EINVAL naming the attribute that is missing. */
int ctl_need(const struct ctl_request *rq, enum mip_attr a, struct why *why) __attribute__((warn_unused_result));

/* A message being written. What does not fit is left out whole and sets `full`. */
struct ctl_msg {
	bool full;
	union {
		struct nlmsghdr head;
		char bytes[MIP_MSG_MAX];
	};
};

/* Starts over with an empty message of that type. */
void ctl_msg_open(struct ctl_msg *m, uint16_t type);
void ctl_put_num(struct ctl_msg *m, enum mip_attr a, uint64_t v); /* every number kind, by the kind in attr.def */
void ctl_put_addr(struct ctl_msg *m, enum mip_attr a, const struct in6_addr *v);
void ctl_put_prefix(struct ctl_msg *m, enum mip_attr a, const struct in6_addr *v, uint8_t len);
void ctl_put_prefixes(struct ctl_msg *m, enum mip_attr a, const struct addr_prefix *list, size_t n); /* 0: nothing */
void ctl_put_key(struct ctl_msg *m, enum mip_attr a, const uint8_t *v, size_t len);
void ctl_put_str(struct ctl_msg *m, enum mip_attr a, const char *v); /* STR and DEV */

/*
 * The answer to request `seq`: NLMSG_ERROR with `why` (NULL or err 0 = done).
 * index >= 0: which request of a transaction.
 */
void ctl_msg_error(struct ctl_msg *m, uint32_t seq, const struct why *why, int64_t index);

#endif
