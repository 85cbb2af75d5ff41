/*
 * Names of Mobility Header messages and the words of RFC 6275, RFC 3963, RFC 4285 and RFC 5555 for the status of
 * a Binding Acknowledgement (6.1.8), of a Binding Error (6.1.9) and of an IPv4 Address Acknowledgement (RFC
 * 5555 3.2.1). Text only.
 */
#include "wire/mh.h"

static const char *const types[MH_TYPES] = {
	[MH_BRR] = "BRR",
	[MH_HOTI] = "HoTI",
	[MH_COTI] = "CoTI",
	[MH_HOT] = "HoT",
	[MH_COT] = "CoT",
	[MH_BU] = "BU",
	[MH_BA] = "BA",
	[MH_BE] = "BE",
};

/* A byte indexes it, so there is no range to check. */
static const char *const statuses[256] = {
	[BA_ACCEPTED] = "binding update accepted",
	[BA_ACCEPTED_PREFIX] = "accepted but prefix discovery necessary",
	[BA_UNSPECIFIED] = "reason unspecified",
	[BA_PROHIBITED] = "administratively prohibited",
	[BA_RESOURCES] = "insufficient resources",
	[BA_NO_HOME_REG] = "home registration not supported",
	[BA_NOT_HOME_SUBNET] = "not home subnet",
	[BA_NOT_HOME_AGENT] = "not home agent for this mobile node",
	[BA_DAD_FAILED] = "duplicate address detection failed",
	[BA_SEQ_OUT_OF_WINDOW] = "sequence number out of window",
	[BA_HOME_NONCE_EXPIRED] = "expired home nonce index",
	[BA_COA_NONCE_EXPIRED] = "expired care-of nonce index",
	[BA_NONCES_EXPIRED] = "expired nonces",
	[BA_TYPE_CHANGE] = "registration type change disallowed",
	[BA_NO_ROUTER] = "mobile router operation not permitted",
	[BA_INVALID_PREFIX] = "invalid prefix",
	[BA_NOT_AUTHORIZED] = "not authorized for prefix",
	[BA_NO_FORWARDING] = "forwarding setup failed",
	[BA_ID_MISMATCH] = "timestamp does not match",
	[BA_ID_REQUIRED] = "timestamp required",
	[BA_AUTH_FAILED] = "authentication failed",
	[BA_INVALID_COA] = "invalid care-of address",
};

const char *mh_type_name(uint8_t type)
{
	return type < MH_TYPES ? types[type] : NULL;
}

const char *ba_status_text(uint8_t status)
{
	return statuses[status] ? statuses[status] : "unknown status";
}

const char *ipv4_status_text(uint8_t status)
{
	switch (status) {
	case IPV4_ACCEPTED: return "success";
	case IPV4_UNSPECIFIED: return "failure, reason unspecified";
	case IPV4_PROHIBITED: return "administratively prohibited";
	case IPV4_INCORRECT: return "incorrect IPv4 home address";
	case IPV4_INVALID: return "invalid IPv4 address";
	case IPV4_NOT_AVAILABLE: return "dynamic IPv4 home address assignment not available";
	case IPV4_NO_PREFIX: return "prefix allocation unauthorized";
	default: return "unknown status";
	}
}

const char *be_status_text(uint8_t status)
{
	switch (status) {
	case BE_UNKNOWN_HAO: return "no binding for the home address option";
	case BE_UNKNOWN_TYPE: return "unknown type";
	default: return "unknown status";
	}
}
