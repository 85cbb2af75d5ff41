/*
 * Mobility messages as people and programs watch them: a record and a line each, and the counts of all.
 * Cookies, tokens, nonces' keys and authenticators are never shown.
 */
#ifndef MIP_CTL_MESSAGE_H
#define MIP_CTL_MESSAGE_H

#include "ctl/codec.h"
#include "wire/mh.h"
#include "wire/via.h"

/* What is counted apart: the types of the Mobility Header, others of it, and ICMPv6's of RFC 6275 6.5 to 6.8. */
enum message_type {
	MSG_OTHER = MH_TYPES,
	MSG_DHAAD_REQUEST,
	MSG_DHAAD_REPLY,
	MSG_PREFIX_SOLICITATION,
	MSG_PREFIX_ADVERTISEMENT,
	MSG_TYPES
};

/* Since the agent started. */
struct tally {
	uint64_t in[MSG_TYPES], out[MSG_TYPES];
	uint64_t dropped[DROP_COUNT];
	uint64_t refused[256]; /* Binding Updates, by status of the answer (6.1.8) */
};

const char *drop_text(enum drop why); /* NULL for DROP_NONE */
enum message_type message_type(const struct message *msg);
/* "BU", "DHAAD-request"; "other". */
const char *message_type_name(enum message_type type);
void message_count(const struct message *msg, struct tally *t);
/* An event of MIP_WATCH_PACKETS. */
void message_record(const struct message *msg, struct ctl_msg *m);

#endif
