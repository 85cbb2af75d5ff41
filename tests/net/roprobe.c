/*
 * Drives core/flow/flow.h by lines on stdin, for ro.bats and tests/bench/ro.sh: each line is answered by "ok" or "error
 * WHY", events are printed as they come. EOF or "quit" closes all in order.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/udp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/addr.h"
#include "base/buf.h"
#include "base/loop.h"
#include "sys/link.h"
#include "flow/flow.h"
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
static struct why why;
static unsigned long samples;
static bool quiet;

static void on_mh(void *ctx, const struct raw_meta *m, const uint8_t *data, size_t len)
{
	(void)ctx, (void)len;
	printf("mh %u src %s dst %s", data[2], addr_text(&m->src).s, addr_text(&m->dst).s);
	printf(" hao %s rh2 %s\n", m->has_hao ? addr_text(&m->hao).s : "-", m->has_rh2 ? addr_text(&m->rh2).s : "-");
}

static void on_icmp(void *ctx, const struct raw_meta *m, const uint8_t *data, size_t len)
{
	(void)ctx;
	if (data[0] < 128)
		printf("icmp %u from %s%s\n", data[0], addr_text(&m->src).s,
			flows && flow_error(flows, m, data, len) ? " told" : "");
}

static void on_unknown(void *ctx, const struct in6_addr *coa, const struct in6_addr *local, const struct in6_addr *home)
{
	(void)ctx;
	printf("unknown %s %s %s\n", addr_text(coa).s, addr_text(local).s, addr_text(home).s);
}

static void on_traffic(void *ctx, const struct in6_addr *home, const struct in6_addr *peer, bool out)
{
	(void)ctx;
	samples++;
	if (!quiet)
		printf("traffic %s %s %s\n", addr_text(home).s, addr_text(peer).s, out ? "out" : "in");
}

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif

static struct in6_addr addr(const char *text)
{
	struct in6_addr a = {0};

	if (text && strcmp(text, "-") && inet_pton(AF_INET6, text, &a) != 1)
		fprintf(stderr, "not an address: %s\n", text);
	return a;
}

/* open [PATH]: data path, raw sockets, shim, route optimization */
static int do_open(char **w)
{
	static const struct raw_events raw_ev = {.mh = on_mh, .icmp = on_icmp};
	static const struct flow_events ev = {.unknown_hao = on_unknown, .traffic = on_traffic};
	int err = raw_open(&raw, &loop, &raw_ev, &why);

	if (!err)
		err = shim_open(&shim, &loop, nl, raw_from_shim, raw, &why);
	if (!err)
		err = flow_open(&flows, &loop, nl, shim, &ev, w[1], &why);
	if (!err)
		err = flow_sweep(flows, &why);
	if (!err)
		printf("path %s\n", flow_name(flows));
	return err;
}

static int do_close(char **w)
{
	(void)w;
	flow_close(flows);
	shim_close(shim);
	raw_close(raw);
	flows = NULL;
	shim = NULL;
	raw = NULL;
	sysctl_restore();
	return 0;
}

static int do_attach(char **w)
{
	return shim_attach(shim, w[1], &why) ?: flow_link(flows, if_nametoindex(w[1]), true, &why);
}

/* away HOME COA AGENT: reverse tunnel */
static int do_away(char **w)
{
	struct in6_addr home = addr(w[1]);
	struct flow f = {.key = flow_key_away(&home), .edits = FLOW_ENCAP, .local = addr(w[2]), .peer = addr(w[3])};

	return addr_add(nl, flow_ifindex(flows), &home, 128, &why) ?: flow_set(flows, &f, &why);
}

/* back HOME */
static int do_back(char **w)
{
	struct in6_addr home = addr(w[1]);
	struct flow_key key = flow_key_away(&home);

	return flow_del(flows, &key, &why);
}

/* bind HOME COA LOCAL: a home agent's end */
static int do_bind(char **w)
{
	struct in6_addr home = addr(w[1]);
	struct flow f = {.key = flow_key_bound(&home), .edits = FLOW_ENCAP, .peer = addr(w[2]), .local = addr(w[3])};

	return flow_set(flows, &f, &why);
}

static struct flow_key pair(char **w)
{
	struct in6_addr local = addr(w[0]), remote = addr(w[1]);

	return flow_key_pair(&local, &remote);
}

/* set local|remote LOCAL REMOTE COA|- */
static int do_set(char **w)
{
	struct flow f = {.key = pair(w + 2)};
	const struct flow_entry *e = table_find(flow_table(flows), &f.key);
	bool local = !strcmp(w[1], "local"), on = strcmp(w[4], "-");
	uint8_t edit = local ? FLOW_HAO : FLOW_RH2;

	if (e)
		f = e->flow;
	f.edits = (uint8_t)(on ? f.edits | edit : f.edits & ~edit);
	if (on)
		*(local ? &f.local : &f.peer) = addr(w[4]);
	return f.edits ? flow_set(flows, &f, &why) : flow_del(flows, &f.key, &why);
}

/* busy LOCAL REMOTE */
static int do_busy(char **w)
{
	struct flow_key key = pair(w + 1);

	printf("busy %d\n", flow_busy(flows, &key));
	return 0;
}

static void counted(const char *name, const struct flow_count *c, bool has)
{
	printf(" %s %lu %s_bytes %lu", name, has ? c->packets : 0, name, has ? c->octets : 0);
}

/* stats LOCAL REMOTE: by the header that packets of the pair carry */
static int do_stats(char **w)
{
	struct flow_key key = pair(w + 1);
	const struct flow_entry *e = table_find(flow_table(flows), &key);
	struct flow_counts c;
	struct shim_stats s;

	if (!e)
		return -ENOENT;
	c = flow_counted(flows, e);
	shim_stats(shim, &s);
	printf("stats");
	counted("hao_out", &c.out, e->flow.edits & FLOW_HAO);
	counted("rh2_out", &c.out, e->flow.edits & FLOW_RH2);
	counted("hao_in", &c.in, e->flow.edits & FLOW_RH2);
	counted("rh2_in", &c.in, e->flow.edits & FLOW_HAO);
	printf(" samples %lu taken %lu back %lu failed %lu\n", samples, s.taken, s.given_back, s.failed);
	return 0;
}

static int do_drops(char **w)
{
	struct flow_stats s;
	int err = flow_stats(flows, &s);

	(void)w;
	printf("drops rh2 %lu hao %lu malformed %lu long %lu refused %lu\n", s.drops.rh2_home, s.drops.hao_unknown,
		s.drops.malformed, s.drops.too_long, s.drops.refused);
	return err;
}

/* A Mobility Header message of 24 octets, long enough for a Home Test and for a Binding Update. */
static const uint8_t message[24] = {59, 2, MH_BU, 0, 0, 0, 0, 7, 0xc0, 0, 0, 3, 1, 10};

/* mh TYPE SRC DST [HAO|- [DEV]] */
static int do_mh(char **w)
{
	struct raw_meta m = {.src = addr(w[2]), .dst = addr(w[3]), .hao = addr(w[4])};
	uint8_t data[sizeof(message)];

	m.has_hao = w[4] && strcmp(w[4], "-");
	m.ifindex = w[4] && w[5] ? if_nametoindex(w[5]) : 0;
	memcpy(data, message, sizeof(data));
	data[2] = (uint8_t)atoi(w[1]);
	return raw_send_mh(raw, &m, data, sizeof(data));
}

/* echo SRC DST HAO|- RH2|- [hbh]: an echo request by hand, a hop-by-hop header first */
static int do_echo(char **w)
{
	struct in6_addr src = addr(w[1]), dst = addr(w[2]), hao = addr(w[3]), rh2 = addr(w[4]);
	bool has_hao = strcmp(w[3], "-"), has_rh2 = strcmp(w[4], "-"), hbh = w[5] != NULL;
	uint8_t pkt[256] = {0}, *icmp = pkt + IP6_HLEN + (hbh ? 8 : 0);
	struct sockaddr_in6 from = {.sin6_family = AF_INET6, .sin6_addr = src}, to = {AF_INET6, .sin6_addr = dst};
	int fd, len = (int)(icmp + 8 - pkt), err = 0;

	ip6_header(pkt, has_hao ? &hao : &src, has_rh2 ? &rh2 : &dst, hbh ? IPPROTO_HOPOPTS : IPPROTO_ICMPV6,
		(size_t)len - IP6_HLEN);
	if (hbh)
		memcpy(pkt + IP6_HLEN, (uint8_t[]){IPPROTO_ICMPV6, 0, 1, 4, 0, 0, 0, 0}, 8);
	memcpy(icmp, (uint8_t[]){128, 0, 0, 0, 0, 42, 0, 1}, 8);
	put_u16(icmp + 2, ip6_checksum(has_hao ? &hao : &src, has_rh2 ? &rh2 : &dst, IPPROTO_ICMPV6, icmp, 8));
	len = exthdr_insert(pkt, (size_t)len, sizeof(pkt), has_hao ? &src : NULL, has_rh2 ? &dst : NULL);
	fd = len < 0 ? -1 : socket(AF_INET6, SOCK_RAW, IPPROTO_RAW);
	if (fd < 0 || bind(fd, (struct sockaddr *)&from, sizeof(from)) < 0 ||
		sendto(fd, pkt, (size_t)len, 0, (struct sockaddr *)&to, sizeof(to)) < 0)
		err = len < 0 ? len : -errno;
	if (fd >= 0)
		close(fd);
	return err;
}

/* gso SRC DST PORT OCTETS SEGMENT: UDP in one piece, to be cut into datagrams on its way out */
static int do_gso(char **w)
{
	struct sockaddr_in6 from = {.sin6_family = AF_INET6, .sin6_addr = addr(w[1])}, to = from;
	static uint8_t data[65000];
	int fd = socket(AF_INET6, SOCK_DGRAM, 0), segment = atoi(w[5]), err = 0;
	size_t len = (size_t)atoi(w[4]);

	to.sin6_addr = addr(w[2]);
	to.sin6_port = htons((uint16_t)atoi(w[3]));
	if (fd < 0 || len > sizeof(data) || bind(fd, (struct sockaddr *)&from, sizeof(from)) < 0 ||
		setsockopt(fd, IPPROTO_UDP, UDP_SEGMENT, &segment, sizeof(segment)) < 0 ||
		sendto(fd, data, len, 0, (struct sockaddr *)&to, sizeof(to)) < 0)
		err = -errno;
	if (fd >= 0)
		close(fd);
	return err;
}

static int do_quiet(char **w)
{
	(void)w;
	quiet = true;
	return 0;
}

static int do_quit(char **w)
{
	(void)w;
	loop_quit(&loop);
	return 0;
}

static const struct {
	const char *word;
	int args;
	int (*run)(char **w);
} commands[] = {
	{"open", 0, do_open},
	{"close", 0, do_close},
	{"attach", 1, do_attach},
	{"away", 2, do_away},
	{"back", 1, do_back},
	{"bind", 3, do_bind},
	{"set", 4, do_set},
	{"busy", 2, do_busy},
	{"stats", 2, do_stats},
	{"drops", 0, do_drops},
	{"mh", 3, do_mh},
	{"echo", 4, do_echo},
	{"gso", 5, do_gso},
	{"quiet", 0, do_quiet},
	{"quit", 0, do_quit},
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
	struct watch in = {0, on_stdin};
	int err;

	setvbuf(stdout, NULL, _IOLBF, 0);
	err = loop_open(&loop) ?: loop_watch(&loop, &in, EPOLLIN);
	if (!err)
		err = nl_open(&nl, &loop, &why);
	if (err) {
		printf("error %s\n", why.err ? why.text : strerror(-err));
		return 1;
	}
	printf("ready\n");
	err = loop_run(&loop);
	(void)do_close(NULL);
	nl_close(nl);
	loop_close(&loop);
	printf("closed\n");
	return err ? 1 : 0;
}
