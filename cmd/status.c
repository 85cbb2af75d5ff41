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
#include "cmd/table.h"

#define VALUE_MAX 160

/* What is wrong, gathered while the records pass by. */
static struct {
	char text[16][400];
	unsigned n, homes; /* home addresses of a mobile node */
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

/* A value as people read it, in one of a few buffers in turn, so that a line can have several; `none` when absent. */
static const char *value(const struct nlmsghdr *msg, unsigned attr, const char *none)
{
	static char buf[8][VALUE_MAX];
	static unsigned next;
	const struct nlattr *at = record_find(msg, attr);
	char *to = buf[next++ % 8];

	if (!at)
		return none;
	kind_print(attr_info(attr)->kind, mnl_attr_get_payload(at), mnl_attr_get_payload_len(at), opt.numeric, to,
		VALUE_MAX);
	return *to ? to : none;
}

static bool is(const struct nlmsghdr *msg, unsigned attr, const char *word)
{
	return strcmp(value(msg, attr, ""), word) == 0;
}

/* A line of the page: what it is about, the state in color if it has one, the rest. */
static void line(const char *label, const char *state, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

static void line(const char *label, const char *state, const char *fmt, ...)
{
	const char *color = opt.color && *state ? out_state_color(state) : "";
	va_list ap;

	printf("%-14s%s%s%s%s", label, color, state, *color ? "\033[0m" : "", *state ? ", " : "");
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
}

static void show_mn(const struct nlmsghdr *msg)
{
	const char *home = value(msg, MIP_A_HOME, "?"), *state = value(msg, MIP_A_MSTATE, "?");

	page.homes++;
	line("mobile node", state, "%s, for %s", home, value(msg, MIP_A_AGE, "?"));
	if (record_find(msg, MIP_A_COA) && !opt.brief)
		line("", "", "at %s on %s, home agent %s", value(msg, MIP_A_COA, "?"), value(msg, MIP_A_DEV, "?"),
			value(msg, MIP_A_AGENT, "not known yet"));
	if (record_find(msg, MIP_A_DUPLICATE))
		wrong("another node of the link has %s, which is not used", value(msg, MIP_A_DUPLICATE, "?"));
	if (is(msg, MIP_A_MSTATE, "detached"))
		wrong("%s is detached: no link with a care-of address", home);
	else if (is(msg, MIP_A_MSTATE, "registering") && !record_find(msg, MIP_A_AGENT))
		wrong("%s is not registered: no home agent of its home link has answered yet", home);
}

static void show_bul(const struct nlmsghdr *msg)
{
	const char *peer = value(msg, MIP_A_PEER, "?"), *home = value(msg, MIP_A_HOME, "?");
	bool at_home_agent = is(msg, MIP_A_HOME_REG, "yes");

	if (at_home_agent && !opt.brief) {
		if (is(msg, MIP_A_LSTATE, "bound"))
			line("", "bound", "home agent %s, %s left, next update in %s", peer,
				value(msg, MIP_A_REMAINING, "nothing"), value(msg, MIP_A_REFRESH, "no time"));
		else
			line("", value(msg, MIP_A_LSTATE, "?"), "home agent %s, asked again after %s", peer,
				value(msg, MIP_A_RETRY, "a while"));
	}
	if (is(msg, MIP_A_LSTATE, "refused"))
		wrong("%s refuses %s: %s", peer, home, value(msg, MIP_A_STATUS_TEXT, "?"));
	else if (at_home_agent && is(msg, MIP_A_LSTATE, "waiting"))
		wrong("%s is not registered: home agent %s does not answer", home, peer);
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

	if (!opt.netns || netns_inode(opt.netns) == netns_inode(NULL))
		doctor_each_bad(&p, say_bad);
}

/* Messages the home agent did not want; counted since it started. */
static void show_unwanted(const struct nlmsghdr *msg)
{
	if (!is(msg, MIP_A_RX_REFUSED, "0"))
		line("", "", "%s of %s binding updates refused", value(msg, MIP_A_RX_REFUSED, "0"),
			value(msg, MIP_A_RX_BU, "?"));
	if (!is(msg, MIP_A_UNPROTECTED, "0"))
		line("", "", "%s messages ignored: they came without IPsec", value(msg, MIP_A_UNPROTECTED, "0"));
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
	if (record_find(msg, MIP_A_DEV))
		look_around(ROLE_HA, value(msg, MIP_A_DEV, NULL));
	if (is(msg, MIP_A_BINDINGS, value(msg, MIP_A_MAX_BINDINGS, "")))
		wrong("the binding cache is full: more mobile nodes are refused");
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
	if (is(msg, MIP_A_METRIC, "dropped") && !is(msg, MIP_A_VALUE, "0"))
		line("", "", "%s dropped: %s", value(msg, MIP_A_VALUE, "?"), value(msg, MIP_A_OF, "?"));
}

static const struct part {
	uint16_t cmd;
	const char *object; /* NULL: of no record of its own */
	void (*show)(const struct nlmsghdr *msg);
} parts[] = {
	{MIP_MN_GET, "mn", show_mn},
	{MIP_BUL_GET, "bul", show_bul},
	{MIP_RO_GET, "ro", show_ro},
	{MIP_HA_GET, "ha", show_ha},
	{MIP_CN_GET, "cn", show_cn},
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

static int one_record(void *ctx, const struct nlmsghdr *msg)
{
	const struct part *part = ctx;

	out_begin();
	if (!record_find(msg, MIP_A_OBJECT))
		out_put_str(MIP_A_OBJECT, part->object);
	out_values(msg);
	return out_end();
}

int run_status(void)
{
	bool records = opt.json || opt.details || opt.stats || opt.oneline;
	struct request rq;
	struct refusal no = {0};
	int err = client_need(NULL), closed = DONE;

	if (err)
		return err;
	page.n = page.homes = 0;
	if (records)
		out_open(OUT_LIST, NULL, true);
	for (size_t i = 0; i < MNL_ARRAY_SIZE(parts) && !err; i++) {
		if ((records || opt.brief) && !parts[i].object)
			continue;
		request_open(&rq, parts[i].cmd);
		err = client_ask(&rq, records ? one_record : one_line, (void *)&parts[i], &no);
	}
	request_open(&rq, MIP_IPSEC_GET);
	if (!err && !records)
		err = ipsec_survey(&rq, show_unprotected, &no);
	if (records)
		closed = out_close();
	if (err == REFUSED && no.err)
		complain("%s", no.text);
	for (unsigned i = 0; i < page.n; i++)
		printf("! %s\n", page.text[i]);
	return err ? err : closed;
}
