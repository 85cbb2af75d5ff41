/*
 * The four octets every ICMPv6 message begins with (RFC 4443 2.1), between
 * icmp6.c and nd.c.
 */
#ifndef MIP_WIRE_ICMP6_HEAD_H
#define MIP_WIRE_ICMP6_HEAD_H

#include "base/buf.h"
#include "wire/icmp6.h"

/* Steps over type, code and checksum. 0, -EINVAL when the type is another, -EBADMSG when the code is not 0 or they are
 * not all there. */
int icmp6_head_read(struct rd *r, uint8_t type) __attribute__((warn_unused_result));
void icmp6_head_write(struct wr *w, uint8_t type, uint8_t code);
/* What a writer returns: the length, or -ENOSPC. */
int icmp6_end(const struct wr *w) __attribute__((warn_unused_result));

#endif
