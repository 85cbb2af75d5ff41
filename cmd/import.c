/* import.h: every statement of mip6d.conf(5), the kinds of its values, and what becomes of it. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/import.h"

#define SAME_ALWAYS "it is always so here"
#define NEMO	    "no equivalent: network mobility (RFC 3963) is not part of this program"
#define PROBES	    "no equivalent: a router that seems to be gone is asked three times, 200 ms apart"
#define TIMERS	    "no equivalent: the times of RFC 6275 13 are used"

/* --- values ------------------------------------------------------------------------------------------------------- */

static const char *const yes_no[] = {"disabled", "enabled", "false", "true", "no", "yes", "off", "on", NULL};
static const char *const roles[] = {"CN", "HA", "MN", NULL};
static const char *const allow_deny[] = {"deny", "allow", NULL};
static const char *const protocols[] = {"UseESP", "UseAH", "UseIPComp", NULL};
static const char *const traffic[] = {
	"HomeRegBinding", "Mh", "MobPfxDisc", "ICMP", "any", "TunnelMh", "TunnelHomeTesting", "TunnelPayload", NULL};

/* The index of the word in `list`, or -1. */
static int choose(const char *const *list, const char *word)
{
	for (int i = 0; list[i]; i++)
		if (!strcmp(list[i], word))
			return i;
	return -1;
}

static const char *value_choice(struct umip_arg *a, const char *const *list, uint32_t mask, const char *why)
{
	int i = choose(list, a->text);

	a->number = (uint32_t)i & mask;
	return i < 0 ? why : NULL;
}

static const char *value_number(struct umip_arg *a, bool fraction)
{
	char *end;
	unsigned long long v = strtoull(a->text, &end, 10);

	if (fraction && *end == '.')
		end += 1 + strspn(end + 1, "0123456789");
	a->number = (uint32_t)v;
	if (*end || a->text[0] < '0' || a->text[0] > '9')
		return fraction ? "a number of seconds is wanted, e.g. 1.5" : "a number is wanted";
	return v > UINT32_MAX ? "this number is too large" : NULL;
}

static const char *value_prefix(struct umip_arg *a)
{
	char *slash = strchr(a->text, '/'), *end;
	unsigned long plen = slash ? strtoul(slash + 1, &end, 10) : 0;

	if (!slash || slash[1] < '0' || slash[1] > '9' || *end || plen > 128)
		return "an address and a prefix length is wanted, e.g. 2001:db8:1::100/64";
	*slash = 0;
	a->plen = (unsigned)plen;
	return inet_pton(AF_INET6, a->text, &a->addr) == 1 ? NULL : "this is not an IPv6 address";
}

static const char *value_name(const struct umip_arg *a)
{
	bool ok = a->len > 0 && a->len < IFNAMSIZ;

	for (const char *p = a->text; ok && *p; p++)
		ok = (unsigned char)*p > ' ' && *p != 0x7f && *p != '/' && *p != '#';
	return ok ? NULL : "this cannot be the name of an interface";
}

/* a address, b boolean, d decimal, e ESP or the like, n number, p address/length, r role, s any string, i interface,
 * t traffic, x allow or deny. */
const char *umip_value(struct umip_arg *a)
{
	if (a->len >= sizeof(a->text) || memchr(a->at, 0, a->len))
		return "this is too long, or no text";
	memcpy(a->text, a->at, a->len);
	a->text[a->len] = 0;
	switch (a->kind) {
	case 'a': return inet_pton(AF_INET6, a->text, &a->addr) == 1 ? NULL : "an IPv6 address is wanted";
	case 'b': return value_choice(a, yes_no, 1, "enabled or disabled is wanted");
	case 'd': return value_number(a, true);
	case 'e': return value_choice(a, protocols, 3, "UseESP is wanted");
	case 'i': return value_name(a);
	case 'n': return value_number(a, false);
	case 'p': return value_prefix(a);
	case 'r': return value_choice(a, roles, 3, "CN, HA or MN is wanted");
	case 't':
		return value_choice(a, traffic, 15,
			"HomeRegBinding, Mh, MobPfxDisc, ICMP, any, TunnelMh, "
			"TunnelHomeTesting or TunnelPayload is wanted");
	case 'x': return value_choice(a, allow_deny, 1, "allow or deny is wanted");
	default: return NULL;
	}
}

/* --- statements --------------------------------------------------------------------------------------------------- */

static const char *node_config(struct umip *u, const struct umip_line *l)
{
	u->role = (enum umip_role)l->arg[0].number;
	return NULL;
}

static const char *use_ipsec(struct umip *u, const struct umip_line *l)
{
	u->ipsec = l->arg[0].number;
	return NULL;
}

static const char *optimize_cn(struct umip *u, const struct umip_line *l)
{
	u->optimize_cn = l->arg[0].number;
	return NULL;
}

static const char *optimize_mn(struct umip *u, const struct umip_line *l)
{
	u->optimize_mn = l->arg[0].number;
	return NULL;
}

static const char *all_nics(struct umip *u, const struct umip_line *l)
{
	u->all_nics = l->arg[0].number;
	return NULL;
}

static const char *deny_others(struct umip *u, const struct umip_line *l)
{
	u->deny_others = !l->arg[0].number;
	return NULL;
}

static const char *ha_lifetime(struct umip *u, const struct umip_line *l)
{
	u->ha_lifetime = l->arg[0].number;
	return u->ha_lifetime < 4 ? "a lifetime is at least 4 seconds" : NULL;
}

static const char *mn_lifetime(struct umip *u, const struct umip_line *l)
{
	u->mn_lifetime = l->arg[0].number;
	return u->mn_lifetime < 4 ? "a lifetime is at least 4 seconds" : NULL;
}

/* The interface of that name, made when it is not there yet; NULL when there are too many. */
static struct umip_nic *get_nic(struct umip *u, const char *name)
{
	for (size_t i = 0; i < u->nics; i++)
		if (!strcmp(u->nic[i].name, name))
			return &u->nic[i];
	if (u->nics == IMPORT_NICS)
		return NULL;
	u->nic[u->nics] = (struct umip_nic){.preference = UMIP_PREFERENCE};
	snprintf(u->nic[u->nics].name, IFNAMSIZ, "%.15s", name);
	return &u->nic[u->nics++];
}

/* The blocks of an interface or home link are about the one named last: it moves to the end. */
static const char *interface(struct umip *u, const struct umip_line *l)
{
	struct umip_nic *nic = get_nic(u, l->arg[0].text), moved;

	if (!nic)
		return "too many interfaces";
	moved = *nic;
	moved.home = false;
	*nic = u->nic[u->nics - 1];
	u->nic[u->nics - 1] = moved;
	return NULL;
}

static const char *nic_preference(struct umip *u, const struct umip_line *l)
{
	u->nic[u->nics - 1].preference = l->arg[0].number;
	return l->arg[0].number > 255 ? "a preference is 0 to 255" : NULL;
}

static const char *nic_role(struct umip *u, const struct umip_line *l)
{
	u->nic[u->nics - 1].has_role = true;
	u->nic[u->nics - 1].role = (enum umip_role)l->arg[0].number;
	return NULL;
}

static const char *home_link(struct umip *u, const struct umip_line *l)
{
	size_t before = u->nics;
	struct umip_nic *nic = get_nic(u, l->arg[0].text);

	if (!nic || u->homes == IMPORT_HOMES)
		return "too many home links";
	nic->home |= u->nics > before;
	u->home[u->homes++] = (struct umip_home){.line = l->line};
	return NULL;
}

static const char *home_address(struct umip *u, const struct umip_line *l)
{
	u->home[u->homes - 1].home = l->arg[0].addr;
	u->home[u->homes - 1].plen = l->arg[0].plen;
	if (l->n > 1)
		fprintf(u->notes, "# HomeAddress (line %d), its mobile network prefixes: %s\n", l->line, NEMO);
	return NULL;
}

static const char *home_agent(struct umip *u, const struct umip_line *l)
{
	u->home[u->homes - 1].agent = l->arg[0].addr;
	return NULL;
}

static const char *add_rule(struct umip_rule *list, size_t *n, const struct in6_addr *addr, bool yes)
{
	if (*n == IMPORT_RULES)
		return "too many of these";
	list[(*n)++] = (struct umip_rule){.addr = addr ? *addr : in6addr_any, .plen = addr ? 128 : 0, .yes = yes};
	return NULL;
}

static const char *mn_policy(struct umip *u, const struct umip_line *l)
{
	return add_rule(u->peer, &u->peers, l->n > 1 ? &l->arg[0].addr : NULL, l->arg[l->n - 1].number);
}

static const char *binding_acl(struct umip *u, const struct umip_line *l)
{
	if (l->n > 2)
		fprintf(u->notes, "# BindingAclPolicy (line %d), its mobile network prefixes: %s\n", l->line, NEMO);
	return add_rule(u->acl, &u->acls, &l->arg[0].addr, l->arg[l->n - 1].number);
}

static const char *ipsec_set(struct umip *u, const struct umip_line *l)
{
	(void)l;
	if (u->sas == IMPORT_HOMES)
		return "too many policy sets";
	u->sa_agent[u->sas] = in6addr_any;
	u->sa[u->sas++] = (struct umip_rule){0};
	return NULL;
}

static const char *ipsec_agent(struct umip *u, const struct umip_line *l)
{
	u->sa_agent[u->sas - 1] = l->arg[0].addr;
	return NULL;
}

static const char *ipsec_home(struct umip *u, const struct umip_line *l)
{
	u->sa[u->sas - 1].addr = l->arg[0].addr;
	u->sa[u->sas - 1].plen = l->arg[0].plen;
	return NULL;
}

#define BOOL IN_FILE, "b"

const struct statement umip_statements[] = {
	{"NodeConfig", IN_FILE, "r", NULL, node_config},
	{"DebugLevel", IN_FILE, "n", "no equivalent: 'mipd --debug' logs everything"},
	{"DebugLogFile", IN_FILE, "s", "no equivalent: the agent logs to standard error, as its starter directs it"},
	{"DoRouteOptimizationCN", BOOL, NULL, optimize_cn},
	{"NonVolatileBindingCache", BOOL, "no equivalent: not a setting"},
	{"Interface", IN_FILE, "i", NULL, interface, IN_INTERFACE, true},
	{"MnIfPreference", IN_INTERFACE, "n", NULL, nic_preference},
	{"IfType", IN_INTERFACE, "r", NULL, nic_role},
	{"Tunnel", IN_INTERFACE, "b", "no equivalent: tunnels need no setting"},
	{"UseMnHaIPsec", BOOL, NULL, use_ipsec},
	{"KeyMngMobCapability", BOOL, "no equivalent: keys are not managed by IKE here"},
	{"UseMovementModule", IN_FILE, "s", "no equivalent: movement is detected in one way only"},
	{"IPsecPolicySet", IN_FILE, "", NULL, ipsec_set, IN_IPSEC},
	{"HomeAgentAddress", IN_IPSEC, "a", NULL, ipsec_agent},
	{"HomeAddress", IN_IPSEC, "p", NULL, ipsec_home},
	{"IPsecPolicy", IN_IPSEC, "te?n?n", NULL, NULL},

	{"HaMaxBindingLife", IN_FILE, "n", NULL, ha_lifetime},
	{"SendMobPfxAdvs", BOOL, "see prefix-advertisements of 'ha set'"},
	{"SendUnsolMobPfxAdvs", BOOL, "no equivalent: not a setting"},
	{"MinMobPfxAdvInterval", IN_FILE, "n", TIMERS},
	{"MaxMobPfxAdvInterval", IN_FILE, "n", TIMERS},
	{"HaAcceptMobRtr", BOOL, NEMO},
	{"HaServedPrefix", IN_FILE, "p", NEMO},
	{"BindingAclPolicy", IN_FILE, "a(x", NULL, binding_acl},
	{"DefaultBindingAclPolicy", IN_FILE, "x", NULL, deny_others},

	{"DoRouteOptimizationMN", BOOL, NULL, optimize_mn},
	{"MnMaxHaBindingLife", IN_FILE, "n", NULL, mn_lifetime},
	{"MnMaxCnBindingLife", IN_FILE, "n", "no equivalent: 420 s, MAX_RR_BINDING_LIFETIME of RFC 6275 12"},
	{"UseCnBuAck", BOOL, "no equivalent: acknowledgements are asked for as RFC 6275 11.7.2 advises"},
	{"MnDiscardHaParamProb", BOOL, "no equivalent: only a parameter problem that quotes what was sent counts"},
	{"MnRouterProbes", IN_FILE, "n", PROBES},
	{"MnRouterProbeTimeout", IN_FILE, "d", PROBES},
	{"InitialBindackTimeoutFirstReg", IN_FILE, "d", TIMERS},
	{"InitialBindackTimeoutReReg", IN_FILE, "d", TIMERS},
	{"OptimisticHandoff", BOOL, "no equivalent: packets wait for the acknowledgement"},
	{"MnResetDhaadAtHome", BOOL, "no equivalent: not a setting"},
	{"MnFlushAllAtHome", BOOL, "no equivalent: every correspondent is told at home"},
	{"NoHomeReturn", BOOL, "no equivalent: a node on its home link is at home"},
	{"SendMobPfxSols", BOOL, "no equivalent: not a setting"},
	{"MnUseAllInterfaces", BOOL, NULL, all_nics},
	{"MobRtrUseExplicitMode", BOOL, NEMO},
	{"MnHomeLink", IN_FILE, "i", NULL, home_link, IN_HOME_LINK},
	{"HomeAgentAddress", IN_HOME_LINK, "a", NULL, home_agent},
	{"HomeAddress", IN_HOME_LINK, "p(", NULL, home_address},
	{"MnRoPolicy", IN_HOME_LINK, "?ab", NULL, mn_policy},
	{"IsMobRtr", IN_HOME_LINK, "b", NEMO},
	{"HomePrefix", IN_HOME_LINK, "p", NEMO},

	{"CnBindingPolicySet", IN_FILE, "", NULL, NULL, IN_CN_POLICY},
	{"CnBindingPolicy", IN_CN_POLICY, "aab", "no equivalent: a correspondent takes every binding that is proven"},
	{0},
};
