/* Inside of flow.h: tunnels that are apart from a back end, whatever it is: in UDP over IPv4 (RFC 5555 4), and those of
 * IPv4 packets in IPv6 (RFC 2473). Packets for them come by the shim, whose device those that come out of them go to.
 */
#ifndef MIP_FLOW_APART_H
#define MIP_FLOW_APART_H

#include "base/why.h"

struct flow_entry;
struct flows;
struct packet;

/* IPv4 packets in IPv6 come and go from now on. */
int apart_listen(struct flows *t, struct why *why) __attribute__((warn_unused_result));
void apart_close(struct flows *t);
/* A packet of the stack into the tunnel of `e`: it leaves with apart_flush, of these flows. */
void apart_out(struct flows *t, struct packet *p, struct flow_entry *e);
void apart_flush(void *flows);

#endif
