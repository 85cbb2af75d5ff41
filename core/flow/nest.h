/*
 * How many tunnels a packet may be in (RFC 2473 4.1.1), for every back end, the programs of tc among them: plain
 * numbers only.
 *
 * Four, the default that RFC 2473 6.6 gives a tunnel encapsulation limit. A mobile node in the network of a mobile
 * router that visits the network of another is in three: each of the three home agents puts one around what it has for
 * it. The fourth is left for a tunnel of their own. What bindings of several home agents that point at each other make
 * of a packet is bounded by it, as the agent of each sees no more than care-of addresses elsewhere.
 *
 * A packet that holds one for the very address its next tunnel leads to goes round, and is refused before that.
 */
#ifndef MIP_FLOW_NEST_H
#define MIP_FLOW_NEST_H

#define NEST_MAX 4 /* a packet in as many gets no other */

#endif
