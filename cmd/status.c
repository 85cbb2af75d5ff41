/*
 * `mip` alone: one page that answers whether this machine is reachable, through what, for how long, and what is wrong.
 * It joins the agent, its roles, its registrations and its IPsec; with -j, -o, -d or -s it is all of their records.
 */
#include <libmnl/libmnl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cmd/client.h"
#include "cmd/doctor.h"
#include "cmd/fault.h"
#include "cmd/ipsec.h"
#include "cmd/kind.h"
#include "cmd/mip.h"
#include "cmd/netns.h"
#include "cmd/out.h"
#include "cmd/record.h"
#include "cmd/suspect.h"
#include "cmd/table.h"

#define VALUE_MAX 160
#define HOMES_MAX 16	 /* as many as a mobile node has */
#define TUNNEL	  "mip0" /* the tunnels' interface, mipd(8) */
#define RULES	  1190	 /* the preference of the agent's routing rules, mipd(8) */

/* What is wrong, gathered while the records pass by. */
static struct {
	char text[16][400];
	unsigned n, homes; /* home addresses of a mobile node */
	bool mute;	   /* only what is wrong is of interest */
	bool detached;	   /* a home address is */
	struct {
		struct nlmsghdr head;
		char room[MIP_MSG_MAX - sizeof(struct nlmsghdr)];
	} home[HOMES_MAX];
} page;

static void wrong(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

static void wrong(const char *fmt, ...)
{
	va_list ap;

	if (page.n == MNL_ARRAY_SIZE(page.text))
		return;
	va_start(ap, fmt);
	vsnprintf(page.text[page.n], sizeof(page.text[0]), fmt, ap);
	va_end(ap);
	for (unsigned i = 0; i < page.n; i++)
		if (!strcmp(page.text[i], page.text[page.n]))
			return; /* said already */
	page.n++;
}

static const char *print_value(const struct nlmsghdr *msg, unsigned attr, const char *none, char to[VALUE_MAX])
{
	const struct nlattr *at = record_find(msg, attr);

	if (!at)
		return none;
	kind_print(attr_info(attr)->kind, mnl_attr_get_payload(at), mnl_attr_get_payload_len(at), opt.numeric, to,
		VALUE_MAX);
	return *to ? to : none;
}

/* A value as people read it, in one of a few buffers in turn, so that a line can have several; `none` when absent. */
static const char *value(const struct nlmsghdr *msg, unsigned attr, const char *none)
{
	static char buf[8][VALUE_MAX];
	static unsigned next;

	return print_value(msg, attr, none, buf[next++ % 8]);
}

static bool is(const struct nlmsghdr *msg, unsigned attr, const char *word)
{
	char buf[VALUE_MAX];

	return strcmp(print_value(msg, attr, "", buf), word) == 0;
}

/* A line of the page: what it is about, the state in color if it has one, the rest. */
static void line(const char *label, const char *state, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

static void line(const char *label, const char *state, const char *fmt, ...)
{
	const char *color = opt.color && *state ? out_state_color(state) : "";
	va_list ap;

	if (page.mute)
		return;
	printf("%-14s%s%s%s%s", label, color, state, *color ? "\033[0m" : "", *state ? ", " : "");
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
}

/* What is wrong on another machine cannot be seen from here, nor what is in another network namespace. */
static bool is_here(void)
{
	return !opt.netns || netns_inode(opt.netns) == netns_inode(NULL);
}

/* Why nothing comes from the home agent of the record `of`, as far as this machine shows it; else `guess`. */
static const char *cause(const struct nlmsghdr *of, const char *guess)
{
	static char text[360];
	const struct nlattr *coa = record_find(of, MIP_A_COA), *agent = record_find(of, MIP_A_AGENT);
	enum suspect_filter filter;
	struct suspect_route way;
	char chain[200] = "";

	if (!is_here())
		return guess;
	filter = suspect_filter(false, chain, sizeof(chain));
	if (coa && agent && suspect_route(mnl_attr_get_payload(coa), mnl_attr_get_payload(agent), &way) &&
		!is(of, MIP_A_DEV, way.dev))
		snprintf(text, sizeof(text),
			"what is sent to it leaves by %s, not by %s: ip -6 rule add pref 52 to %s lookup main", way.dev,
			value(of, MIP_A_DEV, "?"), value(of, MIP_A_AGENT, "?"));
	else if (filter == SUSPECT_FIREWALLD)
		snprintf(text, sizeof(text),
			"firewalld rejects what none of its zones accepts: firewall-cmd --add-protocol=41 "
			"--add-protocol=50 --add-protocol=135 && firewall-cmd --runtime-to-permanent");
	else if (filter == SUSPECT_POLICY)
		snprintf(text, sizeof(text),
			"%s drops what it has no rule for: it must accept protocols 41, 50 and 135", chain);
	else
		snprintf(text, sizeof(text), "%s%s%s", guess, filter ? ", or dropped here by " : "", chain);
	return text;
}

/* Packets leave through the tunnel, and nothing comes back. */
static void show_silence(const struct nlmsghdr *of)
{
	wrong("%s sends through the tunnel to %s, and nothing has come back for %s: %s", value(of, MIP_A_HOME, "?"),
		value(of, MIP_A_AGENT, "?"), value(of, MIP_A_SILENT, "?"),
		cause(of, "the home agent does not forward, or protocol 41 is dropped on the way"));
}

/* Packets of the home address never come to the tunnel, or at home to the home link: a VPN's routing rule is before the
 * agent's, of which there is none at home. */
static void show_detour(const struct nlmsghdr *msg, bool at_home)
{
	const struct nlattr *home = record_find(msg, MIP_A_HOME);
	const char *text = value(msg, MIP_A_HOME, "?");
	struct suspect_route way;

	if (!is_here() || !home || !suspect_route(mnl_attr_get_payload(home), NULL, &way) ||
		(at_home ? is(msg, MIP_A_DEV, way.dev) : way.ours))
		return;
	wrong("packets of %s leave by %s, not %s: a routing rule comes before the agent's: ip -6 rule add pref 50 from "
	      "%s goto %u; ip -6 rule add pref 51 from %s lookup main",
		text, way.dev, at_home ? "by the home link" : "through the tunnel", text, RULES, text);
}

static void show_refusal(const struct nlmsghdr *msg)
{
	const char *mend = "";

	if (is(msg, MIP_A_STATUS, "129"))
		mend = "; see mip acl there: it must allow the address, as insecure when it comes without IPsec or a "
		       "key";
	else if (is(msg, MIP_A_STATUS, "134"))
		mend = "; another node has the address: when it has it no more, mip mn stop and mip mn start";
	wrong("%s is not registered: %s refuses it, status %s (%s)%s", value(msg, MIP_A_HOME, "?"),
		value(msg, MIP_A_REFUSED_BY, "?"), value(msg, MIP_A_STATUS, "?"), value(msg, MIP_A_STATUS_TEXT, "?"),
		mend);
}

/* RFC 3963 5.4: refused as a router, it is a mobile node. */
static void show_no_router(const struct nlmsghdr *msg)
{
	if (is(msg, MIP_A_ROUTERS, "no"))
		wrong("no home agent takes %s for a mobile router, and %s is not reached: see mip acl there: it must "
		      "allow the network; then mip mn restart",
			value(msg, MIP_A_HOME, "?"), value(msg, MIP_A_NETWORK, "?"));
}

static void show_link(const struct nlmsghdr *msg)
{
	const char *dev = value(msg, MIP_A_DEV, "?");

	if (record_find(msg, MIP_A_WAITS) && (page.detached || is(msg, MIP_A_IN_USE, "yes")))
		wrong("%s: %s", dev, value(msg, MIP_A_WAITS, "?"));
	if (record_find(msg, MIP_A_DUPLICATE))
		wrong("%s: another node of the link has %s%s", dev, value(msg, MIP_A_DUPLICATE, "?"),
			strncmp(value(msg, MIP_A_DUPLICATE, "?"), "fe80:", 5) ? ", which is not used" : ", too");
	if (page.detached && is(msg, MIP_A_LINK, "no"))
		wrong("%s: the link is down: see ip link show %s", dev, dev);
}

static void show_mn(const struct nlmsghdr *msg)
{
	const char *home = value(msg, MIP_A_HOME, "?"), *state = value(msg, MIP_A_MSTATE, "?");

	line("mobile node", state, "%s, for %s", home, value(msg, MIP_A_AGE, "?"));
	if (record_find(msg, MIP_A_COA) && !opt.brief)
		line("", "", "at %s on %s, home agent %s%s", value(msg, MIP_A_COA, "?"), value(msg, MIP_A_DEV, "?"),
			value(msg, MIP_A_AGENT, "not known yet"),
			is(msg, MIP_A_PROTECTED_BY, "option") ? ", by the authentication option" : "");
	page.detached |= is(msg, MIP_A_MSTATE, "detached");
	if (is(msg, MIP_A_MSTATE, "home"))
		show_detour(msg, true);
	if (is(msg, MIP_A_MSTATE, "registered")) {
		show_detour(msg, false);
		show_no_router(msg);
	}
	if (is(msg, MIP_A_MSTATE, "detached"))
		wrong("%s is detached: no link with a care-of address", home);
	else if (record_find(msg, MIP_A_REFUSED_BY))
		show_refusal(msg);
	else if (is(msg, MIP_A_MSTATE, "registering") && !record_find(msg, MIP_A_AGENT))
		wrong("%s is not registered: no home agent of its home link has answered yet", home);
}

/* A binding that is renewed still holds; one that is to move leads packets to where the node was. */
static void print_validity(const struct nlmsghdr *msg, const struct nlmsghdr *of, char *text, size_t size)
{
	const char *left = value(msg, MIP_A_REMAINING, "");

	if (!*left)
		snprintf(text, size, "is not registered");
	else if (is(of, MIP_A_MSTATE, "registering"))
		snprintf(text, size, "is not registered where it is (where it was: for another %s)", left);
	else
		snprintf(text, size, "is registered for another %s", left);
}

static void show_unanswered(const struct nlmsghdr *msg, const struct nlmsghdr *of)
{
	const struct nlattr *coa = record_find(msg, MIP_A_COA);
	char validity[VALUE_MAX];

	print_validity(msg, of, validity, sizeof(validity));

	if (coa && !memcmp(mnl_attr_get_payload(coa), kind_ipv4, sizeof(kind_ipv4))) {
		wrong("%s %s: no answer over UDP port 4191 from %s: it is down, or UDP is dropped on the way",
			value(msg, MIP_A_HOME, "?"), validity, value(of, MIP_A_IPV4, "?"));
		return;
	}
	wrong("%s %s: home agent %s does not answer: %s", value(msg, MIP_A_HOME, "?"), validity,
		value(msg, MIP_A_PEER, "?"),
		cause(of,
			is(of, MIP_A_PROTECTED_BY, "nothing")
				? "it is down, protocol 135 is dropped on the way, or it wants IPsec or a key: see mip "
				  "there"
				: "it is down, or protocol 135 is dropped on the way"));
}

static const char *retried(const struct nlmsghdr *msg)
{
	static char text[VALUE_MAX];

	if (!record_find(msg, MIP_A_RETRY))
		return "not asked again before the node was at home";
	snprintf(text, sizeof(text), "asked again after %s without an answer", value(msg, MIP_A_RETRY, ""));
	return text;
}

/* `of`: the record of its home address. */
static void show_bul(const struct nlmsghdr *msg, const struct nlmsghdr *of)
{
	const char *peer = value(msg, MIP_A_PEER, "?"), *home = value(msg, MIP_A_HOME, "?");
	bool at_home_agent = is(msg, MIP_A_HOME_REG, "yes");

	if (at_home_agent && !opt.brief) {
		if (is(msg, MIP_A_LSTATE, "bound"))
			line("", "bound", "home agent %s, %s left, next update in %s", peer,
				value(msg, MIP_A_REMAINING, "nothing"), value(msg, MIP_A_REFRESH, "no time"));
		else
			line("", value(msg, MIP_A_LSTATE, "?"), "home agent %s, %s", peer, retried(msg));
	}
	if (!at_home_agent) {
		if (is(msg, MIP_A_LSTATE, "refused"))
			wrong("%s refuses %s: %s", peer, home, value(msg, MIP_A_STATUS_TEXT, "?"));
	} else if (is(msg, MIP_A_LSTATE, "waiting") && !is(of, MIP_A_MSTATE, "detached"))
		show_unanswered(msg, of);
	else if (record_find(of, MIP_A_SILENT))
		show_silence(of);
}

static void show_ro(const struct nlmsghdr *msg)
{
	if (is(msg, MIP_A_OSTATE, "idle") && !opt.details)
		return;
	if (is(msg, MIP_A_OSTATE, "unsupported")) {
		line("  with", "unsupported", "%s: %s; asked again in %s, or at once by: mip ro retry",
			value(msg, MIP_A_PEER, "?"), value(msg, MIP_A_WHY, "?"), value(msg, MIP_A_AGAIN, "a while"));
		return;
	}
	line("  with", value(msg, MIP_A_OSTATE, "?"), "%s, %s left, round trip %s, through the tunnel %s",
		value(msg, MIP_A_PEER, "?"), value(msg, MIP_A_REMAINING, "nothing"),
		value(msg, MIP_A_RTT_DIRECT, "unknown"), value(msg, MIP_A_RTT_TUNNEL, "unknown"));
}

static void say_bad(const struct check *c, const struct finding *f)
{
	(void)c;
	wrong("%s: %s", f->text, f->mend);
}

/* What changed on this machine since the role started. Of another network namespace nothing can be seen from here. */
static void look_around(unsigned role, const char *dev)
{
	struct patient p = {.roles = role, .dev = dev};

	if (is_here() && !page.mute)
		doctor_each_bad(&p, say_bad);
}

/* Messages the home agent did not want; counted since it started. */
static void show_unwanted(const struct nlmsghdr *msg)
{
	if (!is(msg, MIP_A_RX_REFUSED, "0"))
		line("", "", "%s of %s binding updates refused", value(msg, MIP_A_RX_REFUSED, "0"),
			value(msg, MIP_A_RX_BU, "?"));
	if (!is(msg, MIP_A_UNPROTECTED, "0"))
		line("", "", "%s messages ignored: they came unprotected", value(msg, MIP_A_UNPROTECTED, "0"));
	if (record_find(msg, MIP_A_IKE_REFUSED))
		line("", "", "IKE refused %s", value(msg, MIP_A_IKE_REFUSED, "?"));
}

/* Others of this machine that keep a home agent's packets. What firewalld rejects it answers, so that something does go
 * into the tunnels. */
static void show_filters(const struct nlmsghdr *msg)
{
	const char *dev = value(msg, MIP_A_DEV, "the home link");
	char chain[200];

	if (!is_here())
		return;
	if (suspect_reverse_path(chain, sizeof(chain)))
		wrong("%s drops what comes by another interface than the route back: what a node sends that has "
		      "returned to %s while its tunnel stands: firewalld wants IPv6_rpfilter=no in "
		      "/etc/firewalld/firewalld.conf",
			chain, dev);
	if (if_nametoindex(TUNNEL) && suspect_no_zone(TUNNEL))
		wrong("firewalld rejects what is from and to home addresses: firewall-cmd --change-interface=%s "
		      "--change-interface=" TUNNEL " && firewall-cmd --runtime-to-permanent",
			dev);
	else if (record_find(msg, MIP_A_SILENT) && suspect_filter(true, chain, sizeof(chain)))
		wrong("packets come out of the tunnels, and none has gone in for %s: perhaps %s drops them: it must "
		      "accept what is from and to home addresses",
			value(msg, MIP_A_SILENT, "?"), chain);
}

static void show_ha(const struct nlmsghdr *msg)
{
	line("home agent", "", "%s on %s, %s of %s bindings%s", value(msg, MIP_A_ADDRESS, "no address"),
		value(msg, MIP_A_DEV, "no link"), value(msg, MIP_A_BINDINGS, "0"), value(msg, MIP_A_MAX_BINDINGS, "?"),
		is(msg, MIP_A_INSECURE, "yes") ? ", insecure" : "");
	if (!opt.brief)
		show_unwanted(msg);
	if (record_find(msg, MIP_A_WAITS))
		wrong("the home agent waits: %s", value(msg, MIP_A_WAITS, "?"));
	show_filters(msg);
	if (record_find(msg, MIP_A_DEV))
		look_around(ROLE_HA, value(msg, MIP_A_DEV, NULL));
	if (is(msg, MIP_A_BINDINGS, value(msg, MIP_A_MAX_BINDINGS, "")))
		wrong("the binding cache is full: more mobile nodes are refused");
}

/* Nothing but wrong authenticators is two keys that differ; some beside right ones are somebody else's doing. */
static void show_auth(const struct nlmsghdr *msg)
{
	if (is(msg, MIP_A_PACKETS, "0") && !is(msg, MIP_A_FAILED, "0"))
		wrong("%s: the authentication option is wrong in all %s messages: is the fingerprint the same on both "
		      "sides? See mip auth show",
			value(msg, MIP_A_HOME, "?"), value(msg, MIP_A_FAILED, "?"));
}

/* Of a member alone its state is a fault, of the others it is where they are. */
static void show_cell(const struct nlmsghdr *msg)
{
	if (!is(msg, MIP_A_OWN, "yes"))
		return;
	line("cell", value(msg, MIP_A_CSTATE, "?"), "%s, %s", value(msg, MIP_A_CELL, "?"),
		is(msg, MIP_A_SERVES, "yes") ? "serves" : "standby");
	if (is(msg, MIP_A_CSTATE, "detached"))
		wrong("bindings are not replicated: the agent is not in corosync's group: see its log, and systemctl "
		      "status corosync");
	else if (is(msg, MIP_A_CSTATE, "alone"))
		wrong("bindings are not replicated: no other member of the cell is there: see corosync-cfgtool -s");
}

static void show_cn(const struct nlmsghdr *msg)
{
	line("correspondent", "", "%s of %s bindings", value(msg, MIP_A_BINDINGS, "0"),
		value(msg, MIP_A_MAX_BINDINGS, "?"));
}

static void show_agent(const struct nlmsghdr *msg)
{
	line("agent", "", "%s, pid %s, up %s, tunnels by %s", value(msg, MIP_A_VERSION, "?"),
		value(msg, MIP_A_PID, "?"), value(msg, MIP_A_UPTIME, "?"), value(msg, MIP_A_PATH, "nothing yet"));
	if (!*value(msg, MIP_A_ROLES, ""))
		wrong("no role runs: mip ha start, mip mn start or mip cn start");
	if (strstr(value(msg, MIP_A_ROLES, ""), "mn") && !page.homes)
		wrong("the mobile node has no home address: mip mn add");
	if (record_find(msg, MIP_A_REMOVED))
		wrong("somebody keeps removing from the kernel what is the agent's, who puts it back: %s",
			value(msg, MIP_A_REMOVED, "?"));
	if (record_find(msg, MIP_A_CONFIRM))
		wrong("the last change goes back in %s unless you say: mip confirm", value(msg, MIP_A_CONFIRM, "?"));
}

/* Why packets went no further; counted since the agent started. */
static void show_drops(const struct nlmsghdr *msg)
{
	if (!opt.brief && is(msg, MIP_A_METRIC, "dropped") && !is(msg, MIP_A_VALUE, "0"))
		line("", "", "%s dropped: %s", value(msg, MIP_A_VALUE, "?"), value(msg, MIP_A_OF, "?"));
}

static void keep_home(const struct nlmsghdr *msg)
{
	if (page.homes < HOMES_MAX)
		memcpy(&page.home[page.homes++], msg, msg->nlmsg_len);
}

static const struct part {
	uint16_t cmd;
	const char *object;			  /* of its records; NULL: not of those that all are printed */
	void (*show)(const struct nlmsghdr *msg); /* NULL: show_homes() does */
} parts[] = {
	{MIP_MN_GET, "mn", keep_home},
	{MIP_BUL_GET, "bul", NULL},
	{MIP_MN_LINKS, NULL, show_link},
	{MIP_RO_GET, "ro", show_ro},
	{MIP_HA_GET, "ha", show_ha},
	{MIP_CELL_GET, "cell", show_cell},
	{MIP_CN_GET, "cn", show_cn},
	{MIP_AUTH_GET, NULL, show_auth},
	{MIP_AGENT_GET, "agent", show_agent},
	{MIP_STATS_GET, NULL, show_drops},
};

static int show_unprotected(const char *home, const char *protect, bool good, const char *text)
{
	if (!good)
		wrong("IPsec of %s, %s: %s", home, protect, text);
	return DONE;
}

static int one_line(void *ctx, const struct nlmsghdr *msg)
{
	const struct part *part = ctx;

	part->show(msg);
	return out_flush();
}

static int one_update(void *ctx, const struct nlmsghdr *msg)
{
	show_bul(msg, ctx);
	return out_flush();
}

/* Each with what is registered for it. */
static int show_homes(struct refusal *no)
{
	struct request rq;
	int err = DONE;

	for (unsigned i = 0; i < page.homes && !err; i++) {
		const struct nlmsghdr *msg = &page.home[i].head;
		const struct nlattr *home = record_find(msg, MIP_A_HOME);

		show_mn(msg);
		request_open(&rq, MIP_BUL_GET);
		if (home)
			request_put(&rq, MIP_A_HOME, mnl_attr_get_payload(home), mnl_attr_get_payload_len(home));
		err = client_ask(&rq, one_update, (void *)msg, no);
	}
	return err;
}

static int one_record(void *ctx, const struct nlmsghdr *msg)
{
	const struct part *part = ctx;

	out_begin();
	if (!record_find(msg, MIP_A_OBJECT))
		out_put_str(MIP_A_OBJECT, part->object);
	out_values(msg);
	return out_end();
}

static int show_all(struct refusal *no)
{
	struct request rq;
	int err = DONE;

	page.n = page.homes = 0;
	page.detached = false;
	for (size_t i = 0; i < MNL_ARRAY_SIZE(parts) && !err; i++) {
		request_open(&rq, parts[i].cmd);
		err = parts[i].show ? client_ask(&rq, one_line, (void *)&parts[i], no) : show_homes(no);
	}
	request_open(&rq, MIP_IPSEC_GET);
	return err ? err : ipsec_survey(&rq, show_unprotected, no);
}

static int print_records(struct refusal *no)
{
	struct request rq;
	int err = DONE, closed;

	out_open(OUT_LIST, NULL, true);
	for (size_t i = 0; i < MNL_ARRAY_SIZE(parts) && !err; i++) {
		if (!parts[i].object)
			continue;
		request_open(&rq, parts[i].cmd);
		err = client_ask(&rq, one_record, (void *)&parts[i], no);
	}
	closed = out_close();
	return err ? err : closed;
}

int run_status(void)
{
	bool records = opt.json || opt.details || opt.stats || opt.oneline;
	struct refusal no = {0};
	int err = client_need(NULL);

	if (err)
		return err;
	page.n = 0;
	page.mute = false;
	err = records ? print_records(&no) : show_all(&no);
	if (err == REFUSED && no.err)
		complain("%s", no.text);
	for (unsigned i = 0; i < page.n; i++)
		printf("! %s\n", page.text[i]);
	return err;
}

int status_each_wrong(int (*each)(const char *text))
{
	struct refusal no;
	int err;

	page.mute = true;
	if (client_connect() || show_all(&no))
		return DONE;
	err = DONE;
	for (unsigned i = 0; i < page.n && !err; i++)
		err = each(page.text[i]);
	return err;
}
