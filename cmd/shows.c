/*
 * What the records of an object may hold: the schema and the manual are drawn from it, and tests hold the agent to it.
 */
#include <string.h>

#include "cmd/table.h"

static const uint16_t agent_shows[] = {MIP_A_VERSION, MIP_A_PID, MIP_A_NETNS, MIP_A_UPTIME, MIP_A_ROLES, MIP_A_KERNEL,
	MIP_A_CAPS, MIP_A_SECCOMP, MIP_A_KEPT_IN, MIP_A_PATH, MIP_A_PATH_WHY, MIP_A_MTU, MIP_A_MEMORY, MIP_A_BINDINGS,
	MIP_A_LIMITS, MIP_A_CONFIRM, MIP_A_REMOVED, MIP_A_RX_DROPPED, MIP_A_TUN_RX, MIP_A_TUN_TX, MIP_A_TUN_REFUSED, 0};
static const uint16_t ha_shows[] = {MIP_A_ENABLED, MIP_A_DEV, MIP_A_ADDRESS, MIP_A_IPV4, MIP_A_PREFIX, MIP_A_BINDINGS,
	MIP_A_MAX_BINDINGS, MIP_A_MAX_LIFETIME, MIP_A_RX_BU, MIP_A_RX_REFUSED, MIP_A_RX_DROPPED, MIP_A_TX_BA,
	MIP_A_INSECURE, MIP_A_PREFERENCE, MIP_A_OWN, MIP_A_ROUTERS, MIP_A_ROUTER, MIP_A_REMAINING, MIP_A_UNPROTECTED,
	MIP_A_RX_LIMITED, MIP_A_WAITS, MIP_A_IKE_REFUSED, MIP_A_SILENT, 0};
static const uint16_t cell_shows[] = {
	MIP_A_CELL, MIP_A_NODE, MIP_A_PID, MIP_A_OWN, MIP_A_CSTATE, MIP_A_SERVES, MIP_A_BINDINGS, MIP_A_BEHIND, 0};
static const uint16_t acl_shows[] = {MIP_A_PREFIX, MIP_A_PERMITTED, MIP_A_INSECURE, MIP_A_BINDINGS, MIP_A_MAX_BINDINGS,
	MIP_A_MAX_LIFETIME, MIP_A_NETWORK, MIP_A_MAX_NETWORKS, MIP_A_HOMES4, 0};
static const uint16_t mn_shows[] = {MIP_A_HOME, MIP_A_PREFIX, MIP_A_AGENT, MIP_A_IPV4, MIP_A_HOME4, MIP_A_HOME4_STATUS,
	MIP_A_MSTATE, MIP_A_AT_HOME, MIP_A_COA, MIP_A_DEV, MIP_A_LIFETIME, MIP_A_REMAINING, MIP_A_AGE, MIP_A_VALID,
	MIP_A_PREFERRED, MIP_A_FROM, MIP_A_RANK, MIP_A_LINK, MIP_A_IN_USE, MIP_A_PROTECTED_BY, MIP_A_ROUTER,
	MIP_A_DUPLICATE, MIP_A_NETWORK, MIP_A_ROUTERS, MIP_A_WAITS, MIP_A_SILENT, MIP_A_REFUSED_BY, MIP_A_STATUS,
	MIP_A_STATUS_TEXT, 0};
static const uint16_t cn_shows[] = {MIP_A_ENABLED, MIP_A_BINDINGS, MIP_A_MAX_BINDINGS, MIP_A_TEST_RATE, MIP_A_RX_TEST,
	MIP_A_RX_BU, MIP_A_RX_REFUSED, MIP_A_RX_DROPPED, MIP_A_TX_BE, MIP_A_TX_BRR, MIP_A_EVICTED, MIP_A_RX_LIMITED, 0};
static const uint16_t ro_shows[] = {MIP_A_PEER, MIP_A_HOME, MIP_A_OSTATE, MIP_A_AGAIN, MIP_A_WHY, MIP_A_COA,
	MIP_A_REMAINING, MIP_A_HOME_NONCE, MIP_A_COA_NONCE, MIP_A_TOKENS, MIP_A_RTT_TUNNEL, MIP_A_RTT_DIRECT,
	MIP_A_OUT_PACKETS, MIP_A_OUT_BYTES, MIP_A_IN_PACKETS, MIP_A_IN_BYTES, MIP_A_WAY_OUT, MIP_A_WAY_IN, MIP_A_SENT,
	MIP_A_RECEIVED, 0};
static const uint16_t binding_shows[] = {MIP_A_HOME, MIP_A_COA, MIP_A_PORT, MIP_A_LOCAL, MIP_A_BSTATE, MIP_A_FLAGS,
	MIP_A_SEQUENCE, MIP_A_LIFETIME, MIP_A_REMAINING, MIP_A_AGE, MIP_A_STATIC, MIP_A_NETWORK, MIP_A_HOME4,
	MIP_A_PROTECTED_BY, MIP_A_OUT_PACKETS, MIP_A_OUT_BYTES, MIP_A_IN_PACKETS, MIP_A_IN_BYTES, 0};
static const uint16_t bul_shows[] = {MIP_A_HOME, MIP_A_PEER, MIP_A_COA, MIP_A_HOME_REG, MIP_A_LSTATE, MIP_A_FLAGS,
	MIP_A_SEQUENCE, MIP_A_LIFETIME, MIP_A_REMAINING, MIP_A_REFRESH, MIP_A_RETRY, MIP_A_NETWORK, MIP_A_STATUS,
	MIP_A_STATUS_TEXT, 0};

static const uint16_t stats_shows[] = {MIP_A_METRIC, MIP_A_OF, MIP_A_VALUE, 0};
static const uint16_t flow_shows[] = {MIP_A_FLOW_FROM, MIP_A_FLOW_TO, MIP_A_EDITS, MIP_A_FLOW_LOCAL, MIP_A_FLOW_PEER,
	MIP_A_PATH, MIP_A_MTU, MIP_A_OUT_PACKETS, MIP_A_OUT_BYTES, MIP_A_IN_PACKETS, MIP_A_IN_BYTES, MIP_A_FLOW_DROPPED,
	MIP_A_VALUE, 0};
static const uint16_t ipsec_shows[] = {MIP_A_HOME, MIP_A_AGENT, MIP_A_PROTECT, MIP_A_SPI, MIP_A_TOWARDS, MIP_A_CIPHER,
	MIP_A_AUTH, MIP_A_KEY, MIP_A_AUTH_KEY, MIP_A_IKE, MIP_A_IKE_ID, MIP_A_PSK, MIP_A_CERT, MIP_A_WAITS,
	MIP_A_IKE_REFUSED, MIP_A_AGE, MIP_A_REKEY, MIP_A_RENEWAL, MIP_A_REQID, MIP_A_MODE, MIP_A_SELECTOR,
	MIP_A_INSTALLED, MIP_A_PACKETS, MIP_A_BYTES, MIP_A_FAILED, MIP_A_VERDICT, MIP_A_MESSAGE, MIP_A_COMMAND, 0};
static const uint16_t auth_shows[] = {MIP_A_HOME, MIP_A_SPI, MIP_A_AUTH, MIP_A_KEY, MIP_A_FINGERPRINT, MIP_A_PACKETS,
	MIP_A_FAILED, MIP_A_CLOCK, MIP_A_COMMAND, 0};
static const uint16_t doctor_shows[] = {MIP_A_VERDICT, MIP_A_CHECK, MIP_A_MESSAGE, MIP_A_MEND, 0};
static const uint16_t import_shows[] = {MIP_A_COMMAND, MIP_A_MESSAGE, 0};

static const struct {
	const char *object;
	const uint16_t *list;
} shows[] = {
	{"agent", agent_shows},
	{"ha", ha_shows},
	{"cell", cell_shows},
	{"acl", acl_shows},
	{"mn", mn_shows},
	{"cn", cn_shows},
	{"ro", ro_shows},
	{"binding", binding_shows},
	{"bul", bul_shows},
	{"ipsec", ipsec_shows},
	{"auth", auth_shows},
	{"doctor", doctor_shows},
	{"flow", flow_shows},
	{"stats", stats_shows},
	{"import", import_shows},
};

const uint16_t *object_shows(const struct object *o)
{
	for (size_t i = 0; i < sizeof(shows) / sizeof(*shows); i++)
		if (strcmp(shows[i].object, o->word) == 0)
			return shows[i].list;
	return NULL;
}
