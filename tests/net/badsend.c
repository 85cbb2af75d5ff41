/*
 * badsend: packets no honest node would send, and what comes back.
 *
 *	badsend DEV MAC TARGET < PACKETS
 *
 * One packet a line, its headers in the order they are written:
 *	from ADDR, hops N		IPv6 source (the default is a care-of address), hop limit; to ADDR: not TARGET
 *	hao ADDR			a destination options header with a Home Address option
 *	rh2 ADDR SEGMENTS		a type 2 routing header
 *	dopt HEX, route HEX, frag HEX	that header, octet for octet but for its Next Header
 *	proto N HEX			octets of that protocol, ESP (50) or a packet (41)
 *	mh HEX, icmp HEX		the message; its checksum is filled in, over home addresses
 *	golden FILE			the message of a golden packet, behind its Home Address option, if it has one
 *	bu SEQ FLAGS LIFETIME		a Binding Update; alt ADDR behind it adds an Alternate Care-of Address, and each
 *					net ADDR LENGTH a Mobile Network Prefix
 * and then, of the whole packet:
 *	badsum				the checksum is wrong
 *	cut N				the last N octets are missing, Payload Length (and checksum) agree
 *	short N				the last N octets are missing, Payload Length claims them
 *	each				once for every truncation: cut 1 to all of the message
 *	times N
 * Answers are printed one a line. All there are have come when two questions sent last, one on each way into the agent
 * (plain, and past the kernel because of a Home Address option), are answered, and then one of a stranger, for whom
 * those who have a binding do not wait; when they are not, that is printed.
 */
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/addr.h"
#include "base/clock.h"
#include "wire/exthdr.h"
#include "wire/icmp6.h"
#include "wire/mh.h"

#define ROOM	 8192
#define RETRY	 (1500 * MSEC)
#define HURRY	 (50 * MSEC)	    /* the stranger is asked again: a refusal it was not told of for the limit */
#define FENCE	 "2001:db8:1::fe0f" /* home address and care-of address of the questions sent last */
#define STRANGER "2001:db8:1::fe0e" /* the home address of the very last: it never has a binding */
#define FENCE_C	 "2001:db8:77::fe0f"
#define SOMEONE	 "2001:db8:77::77"

struct packet {
	uint8_t b[ROOM];
	size_t len, msg; /* msg: where the message begins, 0 = none */
	size_t named;	 /* the octet that names the next header */
	struct in6_addr sum_src, sum_dst;
	uint8_t proto;
	bool badsum, each;
	size_t cut, lacking;
	unsigned long times;
};

static int fd;
static struct sockaddr_ll to;
static struct in6_addr target, fence_home, stranger, fence_coa;
static struct in6_addr stranger_coa; /* this process's own: the one before may still be answered */
static uint64_t cookie;
static uint16_t seq;
static bool plain_back, shim_back, stranger_back;
static size_t sent;

static void die(const char *what)
{
	fprintf(stderr, "badsend: %s\n", what);
	exit(2);
}

static struct in6_addr addr(const char *s)
{
	struct in6_addr a;

	if (!s || inet_pton(AF_INET6, s, &a) != 1)
		die("not an address");
	return a;
}

static char *word(void)
{
	return strtok(NULL, " \t\n");
}

static unsigned long number(void)
{
	char *s = word();

	return s ? strtoul(s, NULL, 0) : (die("number missing"), 0);
}

/* --- building ----------------------------------------------------------------------------------------------------- */

static void begin(struct packet *p)
{
	struct in6_addr src = addr(SOMEONE);

	*p = (struct packet){.len = IP6_HLEN, .named = 6, .times = 1, .sum_src = src, .sum_dst = target};
	ip6_header(p->b, &src, &target, 59, 0);
}

static uint8_t *append(struct packet *p, uint8_t proto, const uint8_t *data, size_t n)
{
	uint8_t *at = p->b + p->len;

	if (p->len + n > ROOM)
		die("packet too long");
	memcpy(at, data, n);
	p->b[p->named] = proto;
	p->named = p->len;
	p->len += n;
	return at;
}

static void header(struct packet *p, uint8_t proto, const uint8_t *data, size_t n)
{
	append(p, proto, data, n)[0] = 59;
}

static void message(struct packet *p, uint8_t proto, const uint8_t *data, size_t n)
{
	p->msg = p->len;
	p->proto = proto;
	append(p, proto, data, n);
}

static size_t hex(const char *s, uint8_t *out)
{
	size_t n = 0;
	unsigned v;

	for (; s && sscanf(s, "%2x", &v) == 1; s += 2)
		out[n++] = (uint8_t)v;
	return n;
}

static void put_hao(struct packet *p, const struct in6_addr *home)
{
	uint8_t h[24] = {0, 2, 1, 2, 0, 0, HAO_TYPE, 16};

	memcpy(h + 8, home, 16);
	header(p, IPPROTO_DSTOPTS, h, sizeof(h));
	p->sum_src = *home;
}

static void put_rh2(struct packet *p, const struct in6_addr *home, unsigned long segments)
{
	uint8_t h[24] = {0, 2, 2, (uint8_t)segments};

	memcpy(h + 8, home, 16);
	header(p, IPPROTO_ROUTING, h, sizeof(h));
	p->sum_dst = *home;
}

static void put_mh(struct packet *p, struct mh *m)
{
	uint8_t b[256];
	int n = mh_write(m, b, sizeof(b));

	if (n < 0)
		die("cannot be written");
	message(p, MH_PROTO, b, (size_t)n);
}

static void put_golden(struct packet *p, const char *file)
{
	static char line[256];
	uint8_t b[ROOM];
	size_t n = 0;
	struct exthdr e;
	FILE *f = file ? fopen(file, "r") : NULL;

	if (!f)
		die("no such golden packet");
	while (fgets(line, sizeof(line), f))
		for (char *s = line; *s && *s != '#'; s++)
			if (strchr("0123456789abcdef", *s) && strchr("0123456789abcdef", s[1]) && s[1])
				n += hex((char[]){*s, s[1], 0}, b + n), s++;
	fclose(f);
	if (exthdr_read(b, n, &e) != EXT_OK)
		die("golden packet cannot be read");
	if (e.hao_at)
		put_hao(p, &e.hao);
	message(p, e.upper, b + e.upper_at, e.end - e.upper_at);
}

static void put_bu(struct packet *p)
{
	struct mh m = {.type = MH_BU};

	m.u.bu.seq = (uint16_t)number();
	m.u.bu.flags = (uint16_t)number();
	m.u.bu.lifetime = (uint16_t)number();
	put_mh(p, &m);
}

/* Behind a Binding Update of 12 octets. */
static void put_alt(struct packet *p, const struct in6_addr *coa)
{
	uint8_t opt[20] = {1, 0, 3, 16};

	memcpy(opt + 4, coa, 16);
	memcpy(p->b + p->msg + 12, opt, sizeof(opt)); /* over its padding */
	p->len = p->msg + 32;
	p->b[p->msg + 1] = 3;
}

/* 8n + 4: over the padding of a Binding Update without options, behind four octets of padding elsewhere. */
static void put_net(struct packet *p, const struct in6_addr *prefix, unsigned long plen)
{
	uint8_t opt[24] = {1, 2, 0, 0, 6, 18, 0, (uint8_t)plen};
	size_t at = p->len == p->msg + 16 ? p->msg + 12 : p->len, from = at == p->len ? 0 : 4;

	if (at + sizeof(opt) > ROOM)
		die("packet too long");
	memcpy(opt + 8, prefix, 16);
	memcpy(p->b + at, opt + from, sizeof(opt) - from);
	p->len = at + sizeof(opt) - from;
	p->b[p->msg + 1] = (uint8_t)((p->len - p->msg) / 8 - 1);
}

/* --- sending ------------------------------------------------------------------------------------------------------ */

static void fill(struct packet *p)
{
	size_t n = p->len - IP6_HLEN, at = p->msg + (p->proto == MH_PROTO ? 4 : 2);
	uint16_t sum;

	p->b[4] = (uint8_t)(n >> 8);
	p->b[5] = (uint8_t)n;
	if (!p->msg || at + 2 > p->len)
		return;
	p->b[at] = p->b[at + 1] = 0;
	sum = ip6_checksum(&p->sum_src, &p->sum_dst, p->proto, p->b + p->msg, p->len - p->msg);
	sum = (uint16_t)(p->badsum ? sum ^ 0x5555 : sum);
	p->b[at] = (uint8_t)(sum >> 8);
	p->b[at + 1] = (uint8_t)sum;
}

static void out(const struct packet *p)
{
	while (sendto(fd, p->b, p->len - p->lacking, 0, (struct sockaddr *)&to, sizeof(to)) < 0) {
		if (errno != ENOBUFS && errno != EAGAIN)
			die(strerror(errno));
		poll(NULL, 0, 1);
	}
	sent++;
}

static void send_packet(struct packet *p)
{
	size_t whole = p->len, cuts = p->each ? whole - p->msg : 0;

	if (p->cut > whole - IP6_HLEN || p->lacking > whole - IP6_HLEN)
		die("cut too much");
	for (unsigned long i = 0; i < p->times; i++) {
		size_t k = p->each ? 1 : p->cut;

		do {
			p->len = whole - k;
			fill(p);
			out(p);
		} while (++k <= cuts);
	}
}

static void read_packet(struct packet *p, const char *w)
{
	uint8_t b[ROOM];
	struct in6_addr a;

	for (; w; w = word()) {
		if (!strcmp(w, "from")) {
			p->sum_src = addr(word());
			memcpy(p->b + 8, &p->sum_src, 16);
		} else if (!strcmp(w, "to")) {
			p->sum_dst = addr(word());
			memcpy(p->b + 24, &p->sum_dst, 16);
		} else if (!strcmp(w, "hops"))
			p->b[7] = (uint8_t)number();
		else if (!strcmp(w, "hao"))
			a = addr(word()), put_hao(p, &a);
		else if (!strcmp(w, "rh2"))
			a = addr(word()), put_rh2(p, &a, number());
		else if (!strcmp(w, "dopt"))
			header(p, IPPROTO_DSTOPTS, b, hex(word(), b));
		else if (!strcmp(w, "route"))
			header(p, IPPROTO_ROUTING, b, hex(word(), b));
		else if (!strcmp(w, "frag"))
			header(p, IPPROTO_FRAGMENT, b, hex(word(), b));
		else if (!strcmp(w, "proto")) {
			uint8_t proto = (uint8_t)number();

			append(p, proto, b, hex(word(), b));
		} else if (!strcmp(w, "mh"))
			message(p, MH_PROTO, b, hex(word(), b));
		else if (!strcmp(w, "icmp"))
			message(p, IPPROTO_ICMPV6, b, hex(word(), b));
		else if (!strcmp(w, "golden"))
			put_golden(p, word());
		else if (!strcmp(w, "bu"))
			put_bu(p);
		else if (!strcmp(w, "alt"))
			a = addr(word()), put_alt(p, &a);
		else if (!strcmp(w, "net"))
			a = addr(word()), put_net(p, &a, number());
		else if (!strcmp(w, "badsum"))
			p->badsum = true;
		else if (!strcmp(w, "each"))
			p->each = true;
		else if (!strcmp(w, "cut"))
			p->cut = number();
		else if (!strcmp(w, "short"))
			p->lacking = number();
		else if (!strcmp(w, "times"))
			p->times = number();
		else
			die(w);
	}
}

/* --- receiving ---------------------------------------------------------------------------------------------------- */

static void take_ba(const struct exthdr *e, const struct mh *m)
{
	if (e->rh2_at && addr_eq(&e->rh2, &fence_home)) {
		if (m->u.ba.status == BA_SEQ_OUT_OF_WINDOW)
			seq = m->u.ba.seq;
		else if (m->u.ba.seq == seq)
			shim_back = true;
		return;
	}
	if (e->rh2_at && addr_eq(&e->rh2, &stranger)) {
		stranger_back |= addr_eq(&e->dst, &stranger_coa);
		return;
	}
	printf("ba %u seq %u lifetime %u to %s", m->u.ba.status, m->u.ba.seq, m->u.ba.lifetime, addr_text(&e->dst).s);
	printf(" home %s\n", e->rh2_at ? addr_text(&e->rh2).s : "-");
}

static void take_mh(const struct exthdr *e, const struct mh *m)
{
	if (m->type == MH_COT && m->u.test.cookie == cookie)
		plain_back = true;
	else if (m->type == MH_BA)
		take_ba(e, m);
	else if (m->type == MH_BE)
		printf("be %u home %s to %s\n", m->u.be.status, addr_text(&m->u.be.home).s, addr_text(&e->dst).s);
	else if (m->type == MH_HOT || m->type == MH_BRR)
		printf("%s to %s\n", mh_type_name(m->type), addr_text(&e->dst).s);
}

static void take(const uint8_t *pkt, size_t len)
{
	const uint8_t *u;
	struct exthdr e;
	struct mh m;

	if (exthdr_read(pkt, len, &e) != EXT_OK || IN6_IS_ADDR_MULTICAST(&e.dst))
		return;
	u = pkt + e.upper_at;
	if (e.upper == MH_PROTO && mh_read(u, e.end - e.upper_at, &m, NULL) == MH_OK)
		take_mh(&e, &m);
	else if (e.upper == IPPROTO_ICMPV6 && e.end - e.upper_at >= 8 && u[0] == ICMP6_PARAM_PROB_T)
		printf("problem %u at %u to %s\n", u[1], (unsigned)u[6] << 8 | u[7], addr_text(&e.dst).s);
	else if (e.upper == IPPROTO_ICMPV6 && e.end > e.upper_at + 1 && u[0] < 128)
		printf("icmp %u code %u\n", u[0], u[1]);
}

static void receive(int ms)
{
	struct pollfd pfd = {.fd = fd, .events = POLLIN};
	static uint8_t b[65536];
	struct sockaddr_ll from = {0};
	struct iovec io = {b, sizeof(b)};
	ssize_t len;

	poll(&pfd, 1, ms);
	for (;;) {
		struct msghdr m = {.msg_name = &from, .msg_namelen = sizeof(from), .msg_iov = &io, .msg_iovlen = 1};

		len = recvmsg(fd, &m, MSG_DONTWAIT);
		if (len <= 0)
			break;
		if (from.sll_pkttype != PACKET_OUTGOING)
			take(b, (size_t)len);
	}
}

static void register_home(const struct in6_addr *home, const struct in6_addr *coa, uint16_t lifetime)
{
	struct mh bu = {.type = MH_BU};
	struct packet p;

	begin(&p);
	memcpy(p.b + 8, coa, 16);
	put_hao(&p, home);
	bu.u.bu.seq = ++seq;
	bu.u.bu.flags = BU_F_ACK | BU_F_HOME;
	bu.u.bu.lifetime = lifetime;
	put_mh(&p, &bu);
	send_packet(&p);
}

/* The two questions: a Care-of Test Init, and a home registration. A home agent grants the second after its Duplicate
 * Address Detection, anybody else refuses it. */
static void ask(void)
{
	struct mh init = {.type = MH_COTI, .u.init = {cookie}};
	struct packet p;

	if (!plain_back) {
		begin(&p);
		p.sum_src = fence_coa;
		memcpy(p.b + 8, &fence_coa, 16);
		put_mh(&p, &init);
		send_packet(&p);
	}
	register_home(&fence_home, &fence_coa, 900);
}

/* The third is refused by everybody, and says so at most as often as the limit on refusals allows. */
static void ask_as_stranger(void)
{
	register_home(&stranger, &stranger_coa, 0);
}

static int settle(usec patience)
{
	usec end = clock_now() + patience, again = 0;

	while (!stranger_back) {
		bool both = plain_back && shim_back;
		usec now = clock_now();
		uint16_t was;

		if (now > end) {
			printf("no answer:%s%s%s\n", plain_back ? "" : " plain", shim_back ? "" : " shim",
				both ? " stranger" : "");
			return 1;
		}
		if (now >= again) {
			both ? ask_as_stranger() : ask();
			again = now + (both ? HURRY : RETRY);
		}
		was = seq;
		receive(10);
		if (seq != was || both != (plain_back && shim_back))
			again = 0; /* the number was out of window: now it is right; or the next question */
	}
	return 0;
}

static void open_link(char **argv)
{
	unsigned char *mac = to.sll_addr;
	int size = 16 << 20;

	to = (struct sockaddr_ll){.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_IPV6), .sll_halen = 6};
	to.sll_ifindex = (int)if_nametoindex(argv[1]);
	fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, htons(ETH_P_IPV6));
	if (!to.sll_ifindex || fd < 0 || bind(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		die("cannot open that link");
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	if (sscanf(argv[2], "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", mac, mac + 1, mac + 2, mac + 3, mac + 4, mac + 5) != 6)
		die("not a link-layer address");
}

int main(int argc, char **argv)
{
	const char *slow = getenv("MIP_SLOW");
	usec began = clock_now();
	char line[16384];
	int status;

	if (argc != 4)
		die("usage: badsend DEV MAC TARGET < PACKETS");
	open_link(argv);
	target = addr(argv[3]);
	fence_home = addr(FENCE);
	stranger = addr(STRANGER);
	fence_coa = addr(FENCE_C);
	cookie = (uint64_t)began;
	stranger_coa = fence_coa;
	memcpy(stranger_coa.s6_addr + 8, &cookie, 8);
	while (fgets(line, sizeof(line), stdin)) {
		const char *w = strtok(line, " \t\n");
		static struct packet p;

		if (!w || *w == '#')
			continue;
		begin(&p);
		read_packet(&p, w);
		send_packet(&p);
		receive(0);
	}
	status = settle((slow && atoi(slow) > 0 ? atoi(slow) : 1) * 10 * SEC);
	fprintf(stderr, "sent %zu in %lld ms\n", sent, (long long)((clock_now() - began) / MSEC));
	return status;
}
