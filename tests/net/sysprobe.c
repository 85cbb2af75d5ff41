/*
 * Drives core/sys by lines on stdin, for sys.bats: each line is answered by "ok" or "error WHY", what the kernel or the
 * net tells is printed as it comes. EOF or "quit" closes all in order; "die" does not.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/addr.h"
#include "base/buf.h"
#include "base/loop.h"
#include "sys/held.h"
#include "flow/flow.h"
#include "sys/proxy.h"
#include "sys/raw.h"
#include "flow/shim.h"
#include "wire/exthdr.h"
#include "wire/icmp6.h"
#include "wire/mh.h"

#define WORDS 8

static struct loop loop;
static struct nl *nl;
static struct raw *raw;
static struct shim *shim;
static struct flows *flows;
static struct proxies *proxies;
static struct why why;
static unsigned long messages; /* Mobility Headers */
static bool quiet;

static void on_link(void *ctx, const struct nl_link *l)
{
	(void)ctx;
	printf("link %s %s%s\n", l->name, l->gone ? "gone" : l->up ? "up" : "down", l->ether ? " ether" : "");
}

static void on_addr(void *ctx, const struct nl_addr *a)
{
	(void)ctx;
	printf("addr %s/%u %s\n", addr_text(&a->addr).s, a->plen,
		a->gone	    ? "gone"
		: a->failed ? "failed"
		: a->usable ? "usable"
			    : "tentative");
}

static void on_resync(void *ctx)
{
	(void)ctx;
	printf("resync\n");
}

static void told(const char *kind, const struct raw_meta *m, const uint8_t *data, size_t len, uint8_t type)
{
	messages += kind[0] == 'm';
	if (quiet)
		return;
	(void)data;
	printf("%s %u src %s dst %s", kind, type, addr_text(&m->src).s, addr_text(&m->dst).s);
	printf(" hao %s rh2 %s", m->has_hao ? addr_text(&m->hao).s : "-", m->has_rh2 ? addr_text(&m->rh2).s : "-");
	printf(" hops %u len %zu%s\n", m->hop_limit, len, m->pkt ? " whole" : "");
}

static void on_mh(void *ctx, const struct raw_meta *m, const uint8_t *data, size_t len)
{
	(void)ctx;
	told("mh", m, data, len, data[2]);
}

static void on_icmp(void *ctx, const struct raw_meta *m, const uint8_t *data, size_t len)
{
	(void)ctx;
	told("icmp", m, data, len, data[0]);
}

static void on_nd(void *ctx, const struct raw_meta *m, const uint8_t *data, size_t len)
{
	struct nd_nx nx;

	(void)ctx, (void)m;
	if (!nx_read(data, len, &nx))
		printf("nd %u target %s\n", data[0], addr_text(&nx.target).s);
}

static struct in6_addr addr(const char *text)
{
	struct in6_addr a = {0};

	if (text && inet_pton(AF_INET6, text, &a) != 1)
		fprintf(stderr, "not an address: %s\n", text);
	return a;
}

/* A Binding Update of 16 octets as it stands on the wire, checksum 0. */
static const uint8_t bu[16] = {59, 1, MH_BU, 0, 0, 0, 0, 7, 0xc0, 0, 0, 3, 1, 2, 0, 0};

/* bu SRC DST [HAO] */
static int do_bu(char **w)
{
	struct raw_meta m = {.src = addr(w[1]), .dst = addr(w[2]), .has_hao = w[3] != NULL, .hao = addr(w[3])};

	return raw_send_mh(raw, &m, bu, sizeof(bu));
}

/* ra DEV LINK-LOCAL PREFIX: a router's advertisement */
static int do_ra(char **w)
{
	struct raw_meta m = {
		.src = addr(w[2]), .dst = addr("ff02::1"), .ifindex = if_nametoindex(w[1]), .hop_limit = 255};
	struct nd_ra ra = {.router_lifetime = 1800, .prefixes = 1};
	uint8_t data[256];
	int n;

	ra.prefix[0] = (struct nd_prefix){addr(w[3]), 64, true, true, false, 7200, 3600};
	n = ra_write(&ra, data, sizeof(data));
	return n < 0 ? n : raw_send_icmp(raw, &m, data, (size_t)n);
}

/* rh2 SRC DST HOME: a BU-shaped message in a type 2 routing header */
static int do_rh2(char **w)
{
	struct raw_meta m = {.src = addr(w[1]), .dst = addr(w[2]), .has_rh2 = true, .rh2 = addr(w[3])};

	return raw_send_mh(raw, &m, bu, sizeof(bu));
}

/* Bound to the source, so that it is routed by it. */
static int send_packet(const uint8_t *pkt, size_t len)
{
	struct sockaddr_in6 to = {.sin6_family = AF_INET6}, from = to;
	int fd = socket(AF_INET6, SOCK_RAW, IPPROTO_RAW), err = 0;

	memcpy(&from.sin6_addr, pkt + 8, 16);
	memcpy(&to.sin6_addr, pkt + 24, 16);
	if (fd < 0 || bind(fd, (struct sockaddr *)&from, sizeof(from)) < 0 ||
		sendto(fd, pkt, len, 0, (struct sockaddr *)&to, sizeof(to)) < 0)
		err = -errno;
	if (fd >= 0)
		close(fd);
	return err;
}

/* Puts destination options of `kind` before an upper header; returns their length. */
static size_t options(uint8_t *p, const char *kind, uint8_t next, const struct in6_addr *hao)
{
	static const struct {
		const char *kind;
		size_t len, hao_at; /* 0 = no HAO */
	} kinds[] = {
		{"usual", 24, 6}, {"first", 24, 2}, {"long", 32, 14}, {"none", 24, 0}, {"last", 8, 0}, {"limit", 8, 0}};
	size_t i = 0, len, at;

	while (i < 5 && strcmp(kinds[i].kind, kind) != 0)
		i++;
	len = kinds[i].len;
	at = kinds[i].hao_at;
	memset(p, 0, len); /* Pad1 where nothing else is */
	p[0] = next;
	p[1] = (uint8_t)(len / 8 - 1);
	if (at > 4) {
		p[2] = 1;
		p[3] = (uint8_t)(at - 4);
	}
	if (!strcmp(kind, "last")) {
		p[2] = TEL_TYPE; /* 0 */
		p[3] = 1;
	}
	if (!at && len > 8) { /* an option to skip: the kernel drops more than 7 octets of padding */
		p[2] = 0x1e;
		p[3] = (uint8_t)(len - 4);
	}
	if (at) {
		p[at] = HAO_TYPE;
		p[at + 1] = 16;
		memcpy(p + at + 2, hao, 16);
	}
	return len;
}

/* opts KIND SRC DST HAO: a BU behind odd destination options. "behind": a short header, then the usual. */
static int do_opts(char **w)
{
	struct in6_addr src = addr(w[2]), dst = addr(w[3]), hao = addr(w[4]);
	uint8_t pkt[256], *p = pkt + IP6_HLEN;
	bool behind = !strcmp(w[1], "behind");

	if (behind)
		p += options(p, "limit", IPPROTO_DSTOPTS, &hao);
	p += options(p, behind ? "usual" : w[1], MH_PROTO, &hao);
	memcpy(p, bu, sizeof(bu));
	put_u16(p + MH_CKSUM_AT, mh_checksum(&hao, &dst, bu, sizeof(bu)));
	p += sizeof(bu);
	ip6_header(pkt, &src, &dst, IPPROTO_DSTOPTS, (size_t)(p - pkt) - IP6_HLEN);
	return send_packet(pkt, (size_t)(p - pkt));
}

/* echo KIND SRC DST: an echo request behind destination options without HAO */
static int do_echo(char **w)
{
	struct in6_addr src = addr(w[2]), dst = addr(w[3]);
	uint8_t pkt[256], *p = pkt + IP6_HLEN, echo[8] = {128, 0, 0, 0, 0, 42, 0, 1};

	p += options(p, w[1], IPPROTO_ICMPV6, NULL);
	put_u16(echo + 2, ip6_checksum(&src, &dst, IPPROTO_ICMPV6, echo, sizeof(echo)));
	memcpy(p, echo, sizeof(echo));
	p += sizeof(echo);
	ip6_header(pkt, &src, &dst, IPPROTO_DSTOPTS, (size_t)(p - pkt) - IP6_HLEN);
	return send_packet(pkt, (size_t)(p - pkt));
}

/* nest KIND DEPTH SRC DST: an echo request behind DEPTH IPv6 headers, all but the last two with options of KIND or,
 * plain, none behind them */
static int do_nest(char **w)
{
	struct in6_addr src = addr(w[3]), dst = addr(w[4]);
	uint8_t pkt[640], *p = pkt + sizeof(pkt) - 8, opts[8] = {0};
	const uint8_t *end = pkt + sizeof(pkt);
	int depth = atoi(w[2]);

	memcpy(p, (uint8_t[]){128, 0, 0, 0, 0, 44, 0, 1}, 8);
	put_u16(p + 2, ip6_checksum(&src, &dst, IPPROTO_ICMPV6, p, 8));
	for (int i = 0; i < depth; i++) {
		uint8_t next = i ? IPPROTO_IPV6 : IPPROTO_ICMPV6;

		if (i > 1 && strcmp(w[1], "plain") != 0) {
			p -= options(opts, w[1], next, NULL);
			memcpy(p, opts, sizeof(opts));
			next = IPPROTO_DSTOPTS;
		}
		p -= IP6_HLEN;
		ip6_header(p, &src, &dst, next, (size_t)(end - p) - IP6_HLEN);
	}
	return send_packet(p, (size_t)(end - p));
}

/* tunnel PLAIN|OPTS|LAST|FRAG OUTER-SRC OUTER-DST INNER-SRC INNER-DST: an echo request, tunnelled by hand */
static int do_tunnel(char **w)
{
	struct in6_addr os = addr(w[2]), od = addr(w[3]), is = addr(w[4]), id = addr(w[5]);
	uint8_t pkt[256] = {0}, *p = pkt + IP6_HLEN, echo[8] = {128, 0, 0, 0, 0, 43, 0, 1};
	bool last = !strcmp(w[1], "last"), opts = last || !strcmp(w[1], "opts"), frag = !strcmp(w[1], "frag");

	if (opts)
		p += options(p, last ? "last" : "limit", IPPROTO_IPV6, NULL);
	if (frag) { /* 8 octets of the inner header, and more to come that never does */
		memcpy(p, (uint8_t[]){IPPROTO_IPV6, 0, 0, 1, 0, 0, 0, 9}, 8);
		p += 8;
	}
	ip6_header(p, &is, &id, IPPROTO_ICMPV6, sizeof(echo));
	put_u16(echo + 2, ip6_checksum(&is, &id, IPPROTO_ICMPV6, echo, sizeof(echo)));
	memcpy(p + IP6_HLEN, echo, sizeof(echo));
	p += frag ? 8 : IP6_HLEN + sizeof(echo);
	ip6_header(pkt, &os, &od,
		opts   ? IPPROTO_DSTOPTS
		: frag ? IPPROTO_FRAGMENT
		       : IPPROTO_IPV6,
		(size_t)(p - pkt) - IP6_HLEN);
	return send_packet(pkt, (size_t)(p - pkt));
}

/* flood N SRC DST HAO */
static int do_flood(char **w)
{
	int err = 0;
	char *bu_words[] = {"bu", w[2], w[3], w[4]};

	for (long n = strtol(w[1], NULL, 10); n > 0; n--) {
		err = do_bu(bu_words);
		if (err == -ENOBUFS || err == -EAGAIN)
			n++;
	}
	return err;
}

static int do_listen(char **w)
{
	static const struct nl_events ev = {.link = on_link, .addr = on_addr, .resync = on_resync};

	(void)w;
	return nl_listen(nl, &ev, &why);
}

/* Somebody removed something: as the agent does. */
static void on_lost(void *ctx, unsigned what)
{
	struct held held;

	(void)ctx;
	if (held_read(&held, nl, what)) {
		printf("error %s\n", held.why.text);
		return;
	}
	if (flows) {
		flow_hold_device(flows, &held, false);
		flow_hold(flows, &held);
	}
	held_free(&held);
}

static int open_shim(void)
{
	return shim ? 0 : shim_open(&shim, &loop, nl, raw_from_shim, raw, &why);
}

/* path [NAME] */
static int do_path(char **w)
{
	static const struct flow_events nobody = {0};
	int err = open_shim() ?: flow_open(&flows, &loop, nl, shim, &nobody, w[1], &why);

	if (!err)
		printf("path %s: %s\n", flow_name(flows), flow_why(flows));
	return err;
}

static int do_shim(char **w)
{
	return open_shim() ?: shim_attach(shim, w[1], &why);
}

static int do_unshim(char **w)
{
	return shim_detach(shim, w[1], &why);
}

static int do_bind(char **w)
{
	struct in6_addr home = addr(w[1]);
	struct flow f = {.key = flow_key_bound(&home), .edits = FLOW_ENCAP, .peer = addr(w[2]), .local = addr(w[3])};

	return flow_set(flows, &f, &why);
}

static int do_unbind(char **w)
{
	struct in6_addr home = addr(w[1]);
	struct flow_key key = flow_key_bound(&home);

	return flow_del(flows, &key, &why);
}

/* reverse HOME COA AGENT: and the home address on the tunnel device */
static int do_reverse(char **w)
{
	struct in6_addr home = addr(w[1]);
	struct flow f = {.key = flow_key_away(&home), .edits = FLOW_ENCAP, .local = addr(w[2]), .peer = addr(w[3])};

	return addr_add(nl, flow_ifindex(flows), &home, 128, &why) ?: flow_set(flows, &f, &why);
}

static int do_unreverse(char **w)
{
	struct in6_addr home = addr(w[1]);
	struct flow_key key = flow_key_away(&home);

	return flow_del(flows, &key, &why);
}

static int do_sweep(char **w)
{
	(void)w;
	return flow_sweep(flows, &why) ?: proxies_sweep(proxies, &why);
}

static int do_proxy(char **w)
{
	struct in6_addr a = addr(w[2]);

	return proxies_add(proxies, if_nametoindex(w[1]), &a, &why);
}

static int do_unproxy(char **w)
{
	struct in6_addr a = addr(w[2]);

	return proxies_del(proxies, if_nametoindex(w[1]), &a, &why);
}

static int do_sysctl(char **w)
{
	return sysctl_set(w[1], atoi(w[2]), &why);
}

static int do_restore(char **w)
{
	(void)w;
	sysctl_restore();
	return 0;
}

/* flush DEV KEPT-PREFIX KEPT-GATEWAY */
static int do_flush(char **w)
{
	struct in6_addr prefix = addr(w[2]), gateway = addr(w[3]);
	unsigned i = if_nametoindex(w[1]);
	int err = route_flush_ra(nl, i, &gateway, 1, &why);

	if (!err)
		err = addr_flush_prefixes(nl, i, &prefix, 1, &why);
	return err ?: route_flush_prefixes(nl, i, &prefix, 1, &why);
}

static int do_own(char **w)
{
	struct in6_addr home = addr(w[2]);

	return addr_add(nl, if_nametoindex(w[1]), &home, 64, &why);
}

static int do_nd(char **w)
{
	return raw_nd_watch(raw, if_nametoindex(w[1]), &why);
}

static int do_unnd(char **w)
{
	raw_nd_unwatch(raw, if_nametoindex(w[1]));
	return 0;
}

static int do_quiet(char **w)
{
	(void)w;
	quiet = true;
	return 0;
}

static int do_stats(char **w)
{
	struct flow_stats p = {0};
	struct shim_stats s = {0};
	struct raw_stats r = {0};
	int err = flows ? flow_stats(flows, &p) : 0;

	(void)w;
	if (shim)
		shim_stats(shim, &s);
	raw_stats(raw, &r);
	printf("stats rx %lu tx %lu refused %lu nested %lu txdrop %lu", p.rx_packets, p.tx_packets, p.drops.tunnel,
		p.drops.nested, p.drops.no_flow);
	printf(" taken %lu back %lu mh %lu malformed %lu other %lu\n", s.taken, s.given_back, messages, r.rx_malformed,
		r.rx_other);
	return err;
}

static int do_quit(char **w)
{
	(void)w;
	loop_quit(&loop);
	return 0;
}

static int do_die(char **w)
{
	(void)w;
	_exit(9);
}

static const struct {
	const char *word;
	int args;
	int (*run)(char **w);
} commands[] = {
	{"listen", 0, do_listen},
	{"path", 0, do_path},
	{"shim", 1, do_shim},
	{"unshim", 1, do_unshim},
	{"bind", 3, do_bind},
	{"unbind", 1, do_unbind},
	{"reverse", 3, do_reverse},
	{"unreverse", 1, do_unreverse},
	{"sweep", 0, do_sweep},
	{"proxy", 2, do_proxy},
	{"unproxy", 2, do_unproxy},
	{"sysctl", 2, do_sysctl},
	{"restore", 0, do_restore},
	{"flush", 3, do_flush},
	{"own", 2, do_own},
	{"nd", 1, do_nd},
	{"unnd", 1, do_unnd},
	{"bu", 2, do_bu},
	{"ra", 3, do_ra},
	{"rh2", 3, do_rh2},
	{"opts", 4, do_opts},
	{"echo", 3, do_echo},
	{"nest", 4, do_nest},
	{"tunnel", 5, do_tunnel},
	{"flood", 4, do_flood},
	{"quiet", 0, do_quiet},
	{"stats", 0, do_stats},
	{"quit", 0, do_quit},
	{"die", 0, do_die},
};

static int run(char *line)
{
	char *w[WORDS + 1] = {0};
	int n = 0;

	for (char *p = strtok(line, " "); p && n < WORDS; p = strtok(NULL, " "))
		w[n++] = p;
	for (size_t i = 0; n && i < sizeof(commands) / sizeof(commands[0]); i++)
		if (!strcmp(commands[i].word, w[0]))
			return n > commands[i].args ? commands[i].run(w) : -EINVAL;
	return -ENOSYS;
}

static void on_line(char *line)
{
	int err;

	why = (struct why){0};
	err = run(line);
	if (err)
		printf("error %s\n", why.err ? why.text : strerror(-err));
	else
		printf("ok\n");
}

static void on_stdin(struct watch *w, uint32_t events)
{
	static char in[4096];
	static size_t have;
	ssize_t n = read(w->fd, in + have, sizeof(in) - 1 - have);
	char *end;

	(void)events;
	if (n <= 0) {
		loop_quit(&loop);
		return;
	}
	have += (size_t)n;
	in[have] = 0;
	while ((end = strchr(in, '\n'))) {
		*end = 0;
		on_line(in);
		have -= (size_t)(end + 1 - in);
		memmove(in, end + 1, have + 1);
	}
}

int main(void)
{
	static const struct raw_events ev = {.mh = on_mh, .icmp = on_icmp, .nd = on_nd};
	struct watch in = {0, on_stdin};
	int err;

	setvbuf(stdout, NULL, _IOLBF, 0);
	err = loop_open(&loop) ?: loop_watch(&loop, &in, EPOLLIN);
	if (!err)
		err = nl_open(&nl, &loop, &why) ?: nl_watch(nl, on_lost, NULL, &why);
	if (!err)
		err = proxies_open(&proxies, nl, &why);
	if (!err)
		err = raw_open(&raw, &loop, &ev, &why);
	if (err) {
		printf("error %s\n", why.err ? why.text : strerror(-err));
		return 1;
	}
	printf("ready\n");
	err = loop_run(&loop);
	flow_close(flows);
	shim_close(shim);
	proxies_close(proxies);
	raw_close(raw);
	nl_close(nl);
	loop_close(&loop);
	printf("closed\n");
	return err ? 1 : 0;
}
