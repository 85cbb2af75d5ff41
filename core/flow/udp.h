/* Inside of flow.h: tunnels in UDP over IPv4 (RFC 5555 4), whatever back end does the others. Packets for them come by
 * the shim, whose device those that come out of them go to. */
#ifndef MIP_FLOW_UDP_H
#define MIP_FLOW_UDP_H

struct flow_entry;
struct flows;
struct packet;

/* A packet of the stack into the tunnel of `e`. */
void udp_out(struct flows *t, struct packet *p, struct flow_entry *e);

#endif
