/* table.h: the rows. A new command is a row here; what a row cannot say is a function in the file of its object. */
#include <string.h>

#include "cmd/mip.h"
#include "cmd/table.h"

#define A(name, number, kind, word, metavar, help) [number] = {MIP_K_##kind, word, metavar, help},
static const struct mip_attr_info attrs[W_END] = {
#include "mip/attr.def"
	[W_FILE] = {(enum mip_kind)K_FILE, "file", "FILE", "file of commands, - for standard input"},
	[W_OBJECT] = {(enum mip_kind)K_OBJECT, "object", "OBJECT", "object of a command"},
	[W_VERB] = {(enum mip_kind)K_VERB, "verb", "VERB", "verb of that object"},
	[W_FORMAT] = {(enum mip_kind)K_FORMAT, "-o", "FORMAT", "how it is printed"},
	[W_LIFE] = {(enum mip_kind)K_LIFE, "state", "STATE", "whether the agent serves"},
	[W_WATCHED] = {(enum mip_kind)K_WATCHED, "object", "OBJECT",
		"only events of this object; packets: each mobility message in and out"},
	[W_RADVD] = {MIP_K_BOOL, "radvd", "BOOL", "announce the home link with radvd when none runs; yes unless said"},
	[W_NO_SNAPSHOT] = {MIP_K_BOOL, "no-snapshot", "BOOL", "changes alone, without the state before them"},
	[W_SAVE] = {MIP_K_BOOL, "save", "BOOL", "and from every start on: write the configuration file, /etc/mip.conf"},
	[W_ROLE] = {(enum mip_kind)K_ROLE, "role", "ROLE", "home agent, mobile node or correspondent node"},
};
#undef A

static const struct arg none[] = {{0}}, home[] = {{MIP_A_HOME, OPT, EITHER}, {0}},
			home_req[] = {{MIP_A_HOME, REQ, EITHER}, {0}}, file[] = {{W_FILE, REQ, BARE}, {0}},
			save[] = {{W_FILE, OPT, BARE}, {0}};
static const struct arg ha_start[] = {{MIP_A_DEV, OPT}, {W_RADVD, OPT}, {MIP_A_ADDRESS, OPT}, {MIP_A_CELL, OPT},
	{MIP_A_INSECURE, OPT, FLAG}, {MIP_A_IPV4, OPT}, {MIP_A_PREFIX_ADVS, OPT}, {MIP_A_MAX_LIFETIME, OPT},
	{MIP_A_MAX_BINDINGS, OPT}, {MIP_A_PREFERENCE, OPT}, {MIP_A_MIN_PREFIX, OPT}, {MIP_A_MAX_PREFIX, OPT},
	{W_SAVE, OPT, FLAG}, {0}};
static const struct arg ha_radvd[] = {{MIP_A_DEV, OPT}, {0}}, ha_link[] = {{MIP_A_DEV, REQ}, {0}};
static const struct arg ha_set[] = {{MIP_A_ADDRESS, SOME}, {MIP_A_IPV4, SOME}, {MIP_A_MAX_LIFETIME, SOME},
	{MIP_A_MAX_BINDINGS, SOME}, {MIP_A_INSECURE, SOME}, {MIP_A_PREFERENCE, SOME}, {MIP_A_MIN_PREFIX, SOME},
	{MIP_A_MAX_PREFIX, SOME}, {MIP_A_PREFIX_ADVS, SOME}, {0}};
static const struct arg acl_allow[] = {{MIP_A_PREFIX, REQ, BARE}, {MIP_A_INSECURE, OPT, FLAG},
	{MIP_A_MAX_BINDINGS, OPT}, {MIP_A_MAX_LIFETIME, OPT}, {MIP_A_NETWORK, OPT}, {MIP_A_MAX_NETWORKS, OPT},
	{MIP_A_HOMES4, OPT}, {0}};
static const struct arg acl_prefix[] = {{MIP_A_PREFIX, REQ, BARE}, {0}};
static const struct arg mn_start[] = {{MIP_A_HOME, ALL}, {MIP_A_PREFIX, ALL}, {MIP_A_AGENT, OPT}, {MIP_A_IPV4, OPT},
	{MIP_A_HOME4, OPT}, {MIP_A_DEV, OPT}, {MIP_A_LIFETIME, OPT}, {MIP_A_NETWORK, OPT}, {MIP_A_INSIDE, OPT, AFTER},
	{W_SAVE, OPT, FLAG}, {0}};
static const struct arg mn_links[] = {{MIP_A_DEV, OPT}, {0}}, mn_unuse[] = {{MIP_A_DEV, REQ}, {0}},
			mn_use[] = {{MIP_A_DEV, REQ}, {MIP_A_RANK, OPT}, {0}};
static const struct arg mn_add[] = {{MIP_A_HOME, REQ}, {MIP_A_PREFIX, REQ}, {MIP_A_AGENT, OPT}, {MIP_A_IPV4, OPT},
	{MIP_A_HOME4, OPT}, {MIP_A_LIFETIME, OPT}, {MIP_A_NETWORK, OPT}, {MIP_A_INSIDE, OPT, AFTER}, {0}};
static const struct arg mn_wait[] = {{MIP_A_MSTATE, REQ, BARE}, {MIP_A_HOME, OPT}, {MIP_A_TIMEOUT, OPT}, {0}};
static const struct arg agent_wait[] = {{W_LIFE, REQ, BARE}, {MIP_A_TIMEOUT, OPT}, {0}},
			binding_wait[] = {{MIP_A_BSTATE, REQ, BARE}, {MIP_A_HOME, OPT}, {MIP_A_TIMEOUT, OPT}, {0}},
			bul_wait[] = {{MIP_A_LSTATE, REQ, BARE}, {MIP_A_HOME, OPT}, {MIP_A_PEER, OPT},
				{MIP_A_TIMEOUT, OPT}, {0}},
			ro_wait[] = {{MIP_A_OSTATE, REQ, BARE}, {MIP_A_PEER, OPT}, {MIP_A_HOME, OPT},
				{MIP_A_TIMEOUT, OPT}, {0}};
static const struct arg cell_wait[] = {{MIP_A_CSTATE, REQ, BARE}, {MIP_A_TIMEOUT, OPT}, {0}};
static const struct arg binding_add[] = {
	{MIP_A_HOME, REQ}, {MIP_A_COA, REQ}, {MIP_A_LOCAL, OPT}, {MIP_A_LIFETIME, OPT}, {0}};
static const struct arg cn_start[] = {{MIP_A_MAX_BINDINGS, OPT}, {MIP_A_TEST_RATE, OPT}, {W_SAVE, OPT, FLAG}, {0}},
			cn_set[] = {{MIP_A_MAX_BINDINGS, SOME}, {MIP_A_TEST_RATE, SOME}, {0}};
static const struct arg ro_add[] = {{MIP_A_TO, REQ}, {MIP_A_POLICY, REQ}, {0}}, ro_del[] = {{MIP_A_TO, REQ}, {0}},
			ro_test[] = {{MIP_A_PEER, REQ, BARE}, {MIP_A_HOME, OPT}, {0}},
			ro_show[] = {{MIP_A_HOME, OPT}, {MIP_A_PEER, OPT}, {0}}, ro_retry[] = {{MIP_A_PEER, OPT}, {0}};
static const struct arg flow_show[] = {{MIP_A_HOME, OPT, EITHER}, {0}};
static const struct arg apply[] = {{W_FILE, REQ, BARE}, {MIP_A_CONFIRM, OPT}, {0}};
static const struct arg stats[] = {{W_FORMAT, OPT}, {0}};
static const struct arg ipsec_show[] = {{MIP_A_HOME, OPT}, {MIP_A_PROTECT, OPT}, {MIP_A_KEYS, OPT, FLAG}, {0}},
			ipsec_add[] = {{MIP_A_HOME, REQ}, {MIP_A_AGENT, REQ}, {MIP_A_PROTECT, REQ}, {MIP_A_SPI, ALL},
				{MIP_A_TOWARDS, ALL}, {MIP_A_CIPHER, ALL}, {MIP_A_KEY, ALL}, {MIP_A_AUTH, OPT},
				{MIP_A_AUTH_KEY, OPT}, {MIP_A_IKE, OPT, FLAG}, {MIP_A_IKE_ID, OPT}, {MIP_A_PSK, OPT},
				{MIP_A_CERT, OPT}, {MIP_A_REKEY, OPT}, {0}},
			ipsec_del[] = {{MIP_A_HOME, REQ}, {MIP_A_AGENT, OPT}, {MIP_A_PROTECT, OPT}, {MIP_A_SPI, OPT},
				{MIP_A_TOWARDS, OPT}, {0}},
			ipsec_gen[] = {{MIP_A_HOME, REQ}, {MIP_A_AGENT, REQ}, {MIP_A_PROTECT, OPT}, {MIP_A_CIPHER, OPT},
				{MIP_A_AUTH, OPT}, {0}};
static const struct arg auth_show[] = {{MIP_A_HOME, OPT}, {MIP_A_KEYS, OPT, FLAG}, {0}},
			auth_add[] = {{MIP_A_HOME, REQ}, {MIP_A_SPI, REQ}, {MIP_A_AUTH, OPT}, {MIP_A_KEY, REQ}, {0}},
			auth_del[] = {{MIP_A_HOME, REQ}, {0}}, auth_gen[] = {{MIP_A_HOME, REQ}, {MIP_A_AUTH, OPT}, {0}};
static const struct arg monitor[] = {
	{W_WATCHED, OPT, MANY}, {MIP_A_LIMIT, OPT}, {MIP_A_ONCE, OPT, FLAG}, {W_NO_SNAPSHOT, OPT, FLAG}, {0}};
static const struct arg doctor[] = {{W_ROLE, OPT, BARE}, {MIP_A_DEV, OPT}, {0}};
static const struct arg help[] = {{W_OBJECT, OPT, BARE}, {W_VERB, OPT, BARE}, {0}};

const struct object objects[] = {
	{"agent", "the agent of this network namespace", "mip agent show", "mip agent start", true,
		{MIP_A_VERSION, MIP_A_PID, MIP_A_UPTIME, MIP_A_ROLES, MIP_A_PATH}},
	{"ha", "home agent: serves the home addresses of mobile nodes", "mip ha start dev eth0 insecure",
		"mip ha start", true, {MIP_A_ENABLED, MIP_A_DEV, MIP_A_ADDRESS, MIP_A_BINDINGS}},
	{"acl", "which home addresses may register with the home agent, and what mobile networks have",
		"mip acl allow 2001:db8:1::/64 max-bindings 100", "mip agent start", false,
		{MIP_A_PREFIX, MIP_A_PERMITTED, MIP_A_INSECURE, MIP_A_BINDINGS, MIP_A_MAX_BINDINGS, MIP_A_NETWORK}},
	{"mn", "mobile node: keeps its home addresses wherever it is",
		"mip mn start home 2001:db8:1::100 prefix 2001:db8:1::/64 agent 2001:db8:1::1", "mip mn start", true,
		{MIP_A_HOME, MIP_A_MSTATE, MIP_A_COA, MIP_A_DEV, MIP_A_AGENT, MIP_A_REMAINING}},
	{"cn", "correspondent node: talks to mobile nodes directly", "mip cn start", "mip cn start", true,
		{MIP_A_ENABLED, MIP_A_BINDINGS, MIP_A_MAX_BINDINGS}},
	{"ro", "route optimization: with whom packets travel directly", "mip ro add peer 2001:db8:c::/64 policy never",
		"mip mn start", true, {MIP_A_PEER, MIP_A_HOME, MIP_A_OSTATE, MIP_A_REMAINING, MIP_A_AGAIN, MIP_A_WHY}},
	{"binding", "binding cache: where mobile nodes are", "mip -j binding show | jq -r '.[].care_of'",
		"mip ha start", true, {MIP_A_HOME, MIP_A_COA, MIP_A_BSTATE, MIP_A_REMAINING}},
	{"bul", "binding update list: who was told where this node is", "mip bul show", "mip mn start", true,
		{MIP_A_PEER, MIP_A_HOME, MIP_A_COA, MIP_A_LSTATE, MIP_A_REMAINING}},
	{"cell", "home agents with the same bindings, one of which serves", "mip cell wait synced timeout 30",
		"mip ha start", true, {MIP_A_NODE, MIP_A_OWN, MIP_A_CSTATE, MIP_A_SERVES, MIP_A_BINDINGS}},
	{"flow", "what is done with packets, by what, and how many were dropped and why", "mip -s flow show",
		"mip agent start", false, {MIP_A_FLOW_FROM, MIP_A_FLOW_TO, MIP_A_EDITS, MIP_A_FLOW_PEER}},
	{"stats", "counts of messages by type and of drops by reason", "mip stats -o openmetrics", "mip agent start",
		false, {MIP_A_VALUE, MIP_A_METRIC, MIP_A_OF}},
	{"ipsec", "what IPsec protects between mobile nodes and home agents",
		"mip ipsec gen home 2001:db8:1::100 agent 2001:db8:1::1", "mip agent start", false,
		{MIP_A_HOME, MIP_A_PROTECT, MIP_A_TOWARDS, MIP_A_SPI, MIP_A_PACKETS, MIP_A_FAILED}},
	{"auth", "what the authentication option protects, where there is no IPsec",
		"mip auth gen home 2001:db8:1::100", "mip agent start", false,
		{MIP_A_HOME, MIP_A_SPI, MIP_A_AUTH, MIP_A_FINGERPRINT, MIP_A_PACKETS, MIP_A_FAILED}},
	{"monitor", "print the state, then each change of it", "mip -j monitor mn limit 1", "mip agent start", false,
		{0}},
	{"apply", "make a file of commands the configuration, all of it or nothing", "mip apply /etc/mip.conf",
		"mip agent start", false, {0}},
	{"confirm", "keep what apply was told to take back", "mip confirm", "mip agent start", false, {0}},
	{"undo", "take the last change of the configuration back", "mip undo", "mip agent start", false, {0}},
	{"check", "read a file of commands, say what is wrong, send nothing", "mip check /etc/mip.conf", NULL, false,
		{0}},
	{"save", "print the configuration as a file of commands, or write the file", "mip save /etc/mip.conf",
		"mip agent start", false, {0}},
	{"doctor", "is this machine fit for a role, and how to make it so", "mip doctor ha dev eth0", NULL, false,
		{MIP_A_VERDICT, MIP_A_CHECK}},
	{"shell", "type commands: TAB completes, ? explains, Ctrl-D or exit leaves", "mip shell", NULL, false, {0}},
	{"import", "turn a mip6d.conf of UMIP into commands", "mip import /etc/mip6d.conf > /etc/mip.conf", NULL, false,
		{0}},
	{"help", "what there is and how it is written", "mip help binding add", NULL, false, {0}},
	{0},
};

const struct verb verbs[] = {
	{"agent", "show", MIP_AGENT_GET, false, none, NULL, "show what the agent runs and on what"},
	{"agent", "start", 0, false, none, run_start, "start the agent and wait until it serves"},
	{"agent", "reload", 0, false, none, run_reload,
		"make the configuration file the configuration, when there is one"},
	{"agent", "restart", 0, false, none, run_restart,
		"end the agent and start it again, with its options and its configuration; bindings stay"},
	{"agent", "stop", MIP_AGENT_STOP, false, none, run_stop, "stop the agent; what it installed is removed"},
	{"agent", "advertise", 0, false, none, run_advertise,
		"run radvd on the home links that are served, until told to end: for a service manager"},
	{"agent", "wait", 0, false, agent_wait, run_agent_wait, "wait until the agent serves, or is gone"},

	{"ha", "show", MIP_HA_GET, false, none, NULL, "show the home agent and what it counted"},
	{"ha", "list", MIP_HA_LIST, false, none, NULL,
		"list the home agents of the home link, as mobile nodes that ask are told",
		{MIP_A_ADDRESS, MIP_A_DEV, MIP_A_PREFERENCE, MIP_A_OWN, MIP_A_REMAINING}},
	{"ha", "start", MIP_HA_START, true, ha_start, run_start, "be a home agent, starting the agent when none runs"},
	{"ha", "restart", MIP_HA_RESTART, false, ha_start, run_start,
		"end and start again with what it had, unless words say otherwise; bindings stay"},
	{"ha", "add", MIP_HA_ADD, true, ha_link, NULL, "serve one more home link"},
	{"ha", "del", MIP_HA_DEL, true, ha_link, NULL, "serve that home link no more; its bindings end"},
	{"ha", "set", MIP_HA_SET, true, ha_set, NULL, "change how the home agent works"},
	{"ha", "radvd", 0, false, ha_radvd, run_ha_radvd, "print what radvd should say on the home link"},
	{"ha", "stop", MIP_HA_STOP, false, none, run_ha_stop, "stop being a home agent"},

	{"cell", "show", MIP_CELL_GET, false, none, NULL,
		"show the members of the cell, who serves, and who has what the others have"},
	{"cell", "wait", MIP_MONITOR, false, cell_wait, run_wait, "wait until all members are in that state"},

	{"acl", "show", MIP_ACL_GET, false, none, NULL,
		"show what was allowed and denied, and how many are registered"},
	{"acl", "allow", MIP_ACL_ALLOW, true, acl_allow, NULL,
		"home addresses of that prefix may register; the longest prefix decides alone"},
	{"acl", "deny", MIP_ACL_DENY, true, acl_prefix, NULL, "home addresses of that prefix may not register"},
	{"acl", "del", MIP_ACL_DEL, false, acl_prefix, NULL, "take back what was allowed or denied for that prefix"},

	{"mn", "show", MIP_MN_GET, false, home, NULL, "show the home addresses and where they are"},
	{"mn", "start", MIP_MN_START, true, mn_start, run_start, "be a mobile node, starting the agent when none runs"},
	{"mn", "restart", MIP_MN_RESTART, false, mn_start, run_start,
		"end and start again with what it had, unless words say otherwise; home addresses register anew"},
	{"mn", "add", MIP_MN_ADD, true, mn_add, NULL, "add a home address"},
	{"mn", "del", MIP_MN_DEL, false, home_req, NULL, "remove a home address, deregistering it"},
	{"mn", "interface", MIP_MN_LINKS, false, mn_links, NULL, "show the interfaces it moves on",
		{MIP_A_DEV, MIP_A_LINK, MIP_A_IN_USE, MIP_A_RANK, MIP_A_COA, MIP_A_ROUTER}},
	{"mn", "use", MIP_MN_USE, true, mn_use, NULL,
		"name an interface to move on, any for all others; those not named are not used"},
	{"mn", "unuse", MIP_MN_UNUSE, false, mn_unuse, NULL, "take back what use said of an interface"},
	{"mn", "stop", MIP_MN_STOP, false, none, NULL, "stop being a mobile node, deregistering every home address"},
	{"mn", "wait", MIP_MONITOR, false, mn_wait, run_wait, "wait until the home addresses are in that state"},

	{"cn", "show", MIP_CN_GET, false, none, NULL, "show the correspondent node and what it counted"},
	{"cn", "start", MIP_CN_START, true, cn_start, run_start,
		"be a correspondent node, starting the agent when none runs"},
	{"cn", "restart", MIP_CN_RESTART, false, cn_start, run_start,
		"end and start again with what it had, unless words say otherwise; bindings stay"},
	{"cn", "set", MIP_CN_SET, true, cn_set, NULL, "change how the correspondent node works"},
	{"cn", "stop", MIP_CN_STOP, false, none, NULL, "stop being a correspondent node"},

	{"ro", "show", MIP_RO_GET, false, ro_show, NULL,
		"show with whom packets travel directly, and what is in the way"},
	{"ro", "test", MIP_RO_GET, false, ro_test, run_ro_test,
		"send echo requests from the home address and say for each direction whether they travel directly",
		{MIP_A_PEER, MIP_A_WAY_OUT, MIP_A_WAY_IN, MIP_A_SENT, MIP_A_RECEIVED, MIP_A_RTT_DIRECT}},
	{"ro", "add", MIP_RO_ADD, true, ro_add, NULL, "set the policy for correspondents"},
	{"ro", "del", MIP_RO_DEL, false, ro_del, NULL, "remove a policy"},
	{"ro", "retry", MIP_RO_RETRY, false, ro_retry, NULL,
		"ask a correspondent that is left alone, or all of them, again at once"},
	{"ro", "wait", MIP_MONITOR, false, ro_wait, run_wait, "wait until route optimization is in that state"},

	{"binding", "show", MIP_BINDING_GET, false, home, NULL, "show the binding cache"},
	{"binding", "add", MIP_BINDING_ADD, true, binding_add, NULL, "install a binding by hand"},
	{"binding", "del", MIP_BINDING_DEL, false, home_req, NULL, "remove a binding"},
	{"binding", "flush", MIP_BINDING_DEL, false, none, NULL, "remove every binding"},
	{"binding", "wait", MIP_MONITOR, false, binding_wait, run_wait, "wait until the bindings are in that state"},

	{"bul", "show", MIP_BUL_GET, false, home, NULL, "show the binding update list"},
	{"bul", "wait", MIP_MONITOR, false, bul_wait, run_wait, "wait until the registrations are in that state"},

	{"flow", "show", MIP_FLOW_GET, false, flow_show, NULL,
		"show the flows, of a home address or all, and the packets that were dropped"},

	{"stats", NULL, MIP_STATS_GET, false, stats, run_stats, "show what was counted since the agent started"},

	{"ipsec", "show", MIP_IPSEC_GET, false, ipsec_show, run_keys_show,
		"show the security associations and what the kernel counted for them"},
	{"ipsec", "check", MIP_IPSEC_GET, false, home, run_ipsec_check,
		"is each protection there, both ways, and in use"},
	{"ipsec", "gen", 0, false, ipsec_gen, run_ipsec_gen,
		"print commands with new random keys, the same for both sides; all four protections unless one is "
		"named"},
	{"ipsec", "add", MIP_IPSEC_ADD, true, ipsec_add, NULL,
		"add a security association; the line stands in a file, because of its keys; with ike, strongSwan "
		"makes both, and the line says who the mobile node is"},
	{"ipsec", "del", MIP_IPSEC_DEL, false, ipsec_del, NULL, "remove the security associations that fit"},

	{"auth", "show", MIP_AUTH_GET, false, auth_show, run_keys_show,
		"show the keys by their fingerprints, and how many messages had the right authenticator"},
	{"auth", "gen", 0, false, auth_gen, run_auth_gen,
		"print a command with a new random key, the same for both sides"},
	{"auth", "add", MIP_AUTH_ADD, true, auth_add, NULL,
		"protect the registrations of a home address; the line stands in a file, because of its key"},
	{"auth", "del", MIP_AUTH_DEL, false, auth_del, NULL, "protect them no more"},

	{"monitor", NULL, MIP_MONITOR, false, monitor, run_monitor, "print the state, then each change of it"},
	{"apply", NULL, MIP_COMMIT, false, apply, run_apply,
		"make FILE the configuration, all of it or nothing; with confirm it goes back by itself"},
	{"confirm", NULL, MIP_CONFIRM, false, none, NULL, "keep what was applied to be confirmed"},
	{"undo", NULL, MIP_UNDO, false, none, NULL, "take the last change of the configuration back"},
	{"check", NULL, 0, false, file, run_check, "read FILE, say what is wrong, send nothing"},
	{"save", NULL, MIP_CONFIG_GET, false, save, run_save,
		"print the configuration as a file of commands, or write FILE: whole or not at all, its mode kept"},
	{"doctor", NULL, 0, false, doctor, run_doctor, "look whether this machine is fit for a role; needs no agent"},
	{"shell", NULL, 0, false, none, run_shell, "read commands from the terminal, or run those of standard input"},
	{"import", NULL, 0, false, file, run_import,
		"print a mip6d.conf as commands; what has no equivalent as a comment"},
	{"help", NULL, 0, false, help, run_help, "what there is and how it is written"},
	{0},
};

const struct mip_attr_info *attr_info(unsigned attr)
{
	return attr < W_END && attrs[attr].word ? &attrs[attr] : NULL;
}

const struct object *object_find(const char *word)
{
	for (const struct object *o = objects; o->word; o++)
		if (strcmp(o->word, word) == 0)
			return o;
	return NULL;
}

const uint16_t *object_columns(const struct object *o)
{
	return o && o->brief[0] ? o->brief : NULL;
}

const uint16_t *verb_columns(const struct verb *v)
{
	return v->brief[0] ? v->brief : object_columns(object_find(v->object));
}

bool verb_is_list(const struct verb *v)
{
	const uint16_t *columns = verb_columns(v);
	unsigned kind = columns ? attr_info(*columns)->kind : 0;

	return kind == MIP_K_ADDR || kind == MIP_K_PREFIX || kind == MIP_K_DEV;
}

const struct verb *verb_find(const char *object, const char *verb)
{
	for (const struct verb *v = verbs; v->object; v++)
		if (strcmp(v->object, object) == 0 && strcmp(v->verb ? v->verb : "", verb ? verb : "") == 0)
			return v;
	return NULL;
}
