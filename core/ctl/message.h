/*
 * Mobility messages as people and programs watch them: a record and a line each, and the counts of all.
 * Cookies, tokens, nonces' keys and authenticators are never shown.
 */
#ifndef MIP_CTL_MESSAGE_H
#define MIP_CTL_MESSAGE_H

#include "ctl/codec.h"
#include "role/world.h"

/* What is counted apart: the types of the Mobility Header, others of it, and ICMPv6's of RFC 6275 6.5 to 6.8. */
enum message_type {
	MSG_OTHER = MH_TYPES,
	MSG_DHAAD_REQUEST,
	MSG_DHAAD_REPLY,
	MSG_PREFIX_SOLICITATION,
	MSG_PREFIX_ADVERTISEMENT,
	MSG_TYPES
};

/* Why a message or a packet went no further. */
#define DROP_REASONS(R)                                                                                                \
	R(CHECKSUM, "checksum or truncated headers")                                                                   \
	R(MALFORMED, "malformed message")                                                                              \
	R(PAYLOAD_PROTO, "payload proto is not 59")                                                                    \
	R(LENGTH, "header too short for its type")                                                                     \
	R(TYPE, "unknown type")                                                                                        \
	R(RH2, "routing header names no home address of ours")                                                         \
	R(HAO, "home address option without a binding")                                                                \
	R(ADVERTISEMENT, "malformed router advertisement")                                                             \
	R(TUNNEL, "tunnelled from another than the care-of address")                                                   \
	R(NO_BINDING, "for the tunnel, without a binding")                                                             \
	R(TOO_LONG, "no room for the header to put in")                                                                \
	R(HOME_AGENT, "not for this home agent")                                                                       \
	R(LIMIT, "too many of its kind")                                                                               \
	R(CORRESPONDENT, "test or update the correspondent node does not answer")                                      \
	R(NOT_SENT, "not sent: no route, no source address, or refused by the kernel")

#define DROP_ENUM(name, text) DROP_##name,
enum drop { DROP_REASONS(DROP_ENUM) DROP_COUNT };
#undef DROP_ENUM
#define DROP_NONE DROP_COUNT

const char *drop_text(enum drop why); /* NULL for DROP_NONE */

/* Since the agent started. */
struct tally {
	uint64_t in[MSG_TYPES], out[MSG_TYPES];
	uint64_t dropped[DROP_COUNT];
	uint64_t refused[256]; /* Binding Updates, by status of the answer (6.1.8) */
};

/* One message on its way. */
struct message {
	bool out;
	const struct via *via;
	const struct mh *mh; /* NULL: not decoded, then icmp or mh_type has its type */
	uint8_t icmp, mh_type;
	enum drop dropped; /* DROP_NONE = it was not */
};

enum message_type message_type(const struct message *msg);
/* "BU", "DHAAD-request"; "other". */
const char *message_type_name(enum message_type type);
void message_count(const struct message *msg, struct tally *t);
/* An event of MIP_WATCH_PACKETS. */
void message_record(const struct message *msg, struct ctl_msg *m);

#endif
