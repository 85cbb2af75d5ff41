/*
 * role N: the home agent's code alone, without a kernel: N mobile nodes register, refresh in another order, move and
 * de-register, every Binding Update decoded from bytes and every answer encoded. Prints updates for a second of CPU
 * time and memory a binding.
 */
#include <arpa/inet.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "role/ha.h"

static struct timers timers;
static uint64_t sent, accepted;

static uint32_t on_random(void *ctx)
{
	(void)ctx;
	return 1;
}

static usec on_wall(void *ctx)
{
	(void)ctx;
	return 1700000000 * SEC;
}

static void on_event(void *ctx, const struct event *ev, usec now)
{
	(void)ctx, (void)ev, (void)now;
}

static void on_send(void *ctx, const struct via *via, struct mh *m)
{
	uint8_t bytes[256];

	(void)ctx, (void)via;
	sent += mh_write(m, bytes, sizeof(bytes)) > 0;
	accepted += m->u.ba.status == BA_ACCEPTED;
}

static int on_bind(void *ctx, const struct bc_entry *e, struct why *why)
{
	(void)ctx, (void)e, (void)why;
	return 0;
}

static void on_unbind(void *ctx, const struct bc_entry *e)
{
	(void)ctx, (void)e;
}

static void on_link_addr(void *ctx, unsigned ifindex, const struct in6_addr *addr)
{
	(void)ctx, (void)ifindex, (void)addr;
}

static const struct world world = {.timers = &timers,
	.random = on_random,
	.wall = on_wall,
	.event = on_event,
	.send = on_send,
	.bind = on_bind,
	.unbind = on_unbind,
	.probe = on_link_addr,
	.claim = on_link_addr};

static struct in6_addr number(const char *prefix, uint32_t i)
{
	struct in6_addr a;

	inet_pton(AF_INET6, prefix, &a);
	for (int k = 0; k < 4; k++)
		a.s6_addr[12 + k] = (uint8_t)((i + 256) >> (24 - 8 * k));
	return a;
}

/* As it comes from the wire. */
static void update(struct ha *ha, uint32_t i, const char *coa, uint16_t seq, uint16_t lifetime, usec now)
{
	struct via via = {
		.src = number(coa, i), .dst = ha->addr[0].addr, .hao = number("2001:db8:1::", i), .has_hao = true};
	struct mh m = {.type = MH_BU, .u.bu = {.seq = seq, .flags = BU_F_ACK | BU_F_HOME, .lifetime = lifetime}}, in;
	uint8_t bytes[256];
	int len;

	m.opt.has = MHO_ALT_COA;
	m.opt.alt_coa = via.src;
	len = mh_write(&m, bytes, sizeof(bytes));
	if (len > 0 && mh_read(bytes, (size_t)len, &in, NULL) == MH_OK)
		ha_on_bu(ha, &via, &in, false, now);
}

static double cpu(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* All of them once, each a few thousand places behind the one before: no order the tables could know. */
static void one_round(struct ha *ha, uint32_t n, const char *what, const char *coa, uint16_t seq, usec from)
{
	uint64_t before = accepted;
	double start = cpu();

	for (uint32_t i = 0; i < n; i++) {
		usec now = from + (usec)i;

		timers_run(&timers, now);
		update(ha, (uint32_t)((uint64_t)i * 7919 % n), coa, seq, strcmp(what, "end") != 0 ? 900 : 0, now);
	}
	timers_run(&timers, from + n + 2 * SEC);
	printf("%-9s %8u bindings %9.0f BU/s of CPU, %llu accepted\n", what, n, n / (cpu() - start),
		(unsigned long long)(accepted - before));
}

int main(int argc, char **argv)
{
	uint32_t n = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 0) : 100000;
	struct ha_conf conf = {
		.links = 1, .link = {{.ifindex = 1}}, .max_lifetime = 3600, .max_bindings = n, .insecure = true};
	struct in6_addr addr;
	size_t before = mallinfo2().uordblks + mallinfo2().hblkhd, used;
	struct ha ha;

	inet_pton(AF_INET6, "2001:db8:1::1", &addr);
	ha_init(&ha, &world, 0x5eed);
	ha_start(&ha, &conf);
	/* First registrations are limited; here all of them are let in at once. */
	ha.newcomers.all.rate = ha.newcomers.rate = SEC;
	ha.newcomers.all.burst = ha.newcomers.burst = n;
	ha_address(&ha, 1, &addr, 64, false);
	one_round(&ha, n, "register", "2001:db8:f0::", 1, 10 * SEC);
	used = mallinfo2().uordblks + mallinfo2().hblkhd - before;
	printf("memory    %8zu bindings %9zu bytes each, %zu MB\n", bc_count(&ha.bc), used / n, used / 1000000);
	one_round(&ha, n, "refresh", "2001:db8:f0::", 2, 100 * SEC);
	one_round(&ha, n, "move", "2001:db8:f1::", 3, 200 * SEC);
	one_round(&ha, n, "end", "2001:db8:f1::", 4, 300 * SEC);
	ha_stop(&ha, 400 * SEC);
	return 0;
}
