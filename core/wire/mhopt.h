/*
 * Mobility options (RFC 6275 6.2), between mh.c and mhopt.c. Not for others:
 * what they need of it stands in mh.h.
 */
#ifndef MIP_WIRE_MHOPT_H
#define MIP_WIRE_MHOPT_H

#include "base/buf.h"
#include "wire/mh.h"

/* Reads options up to the end of r, whose base is the start of the Mobility Header, keeping those in `allowed` (enum
 * mh_has). False: malformed, and *at is the offset of the option. */
bool mhopt_read(struct rd *r, unsigned allowed, struct mh_opts *o, size_t *at) __attribute__((warn_unused_result));

/* Writes the options in o->has, each aligned, and pads to 8 octets. Sets o->auth_at. w->bad when there is no room. */
void mhopt_write(struct wr *w, struct mh_opts *o);

#endif
