/*
 * Fuzzes the ICMPv6 readers: what is read can be written, and reads as the same
 * again. The input is an ICMPv6 message, or an IPv6 packet that holds one, so that
 * the golden packets are seeds.
 */
#include <stdlib.h>
#include <string.h>

#include "wire/exthdr.h"
#include "wire/icmp6.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static uint8_t first[2048], second[2048];

static void must(bool ok)
{
	if (!ok)
		abort();
}

static void same(int n, int m)
{
	must(n > 0 && n == m && !memcmp(first, second, (size_t)n));
}

static void ra(const uint8_t *data, size_t len)
{
	struct nd_ra a, b;
	int n;

	if (ra_read(data, len, &a))
		return;
	n = ra_write(&a, first, sizeof(first));
	must(n > 0 && ra_read(first, (size_t)n, &b) == 0);
	same(n, ra_write(&b, second, sizeof(second)));
}

static void mpa(const uint8_t *data, size_t len)
{
	struct nd_ra a, b;
	int n;

	if (mpa_read(data, len, &a))
		return;
	n = mpa_write(&a, first, sizeof(first));
	must(n > 0 && mpa_read(first, (size_t)n, &b) == 0);
	same(n, mpa_write(&b, second, sizeof(second)));
}

static void nx(const uint8_t *data, size_t len)
{
	int (*write)(const struct nd_nx *nx, uint8_t *data, size_t cap);
	struct nd_nx a, b;
	int n;

	if (nx_read(data, len, &a))
		return;
	write = data[0] == ICMP6_NA ? na_write : ns_write;
	n = write(&a, first, sizeof(first));
	must(n > 0 && nx_read(first, (size_t)n, &b) == 0);
	same(n, write(&b, second, sizeof(second)));
}

static void dhaad(const uint8_t *data, size_t len)
{
	bool reply = len && data[0] == ICMP6_DHAAD_REP;
	struct dhaad a, b;
	int n;

	if (dhaad_read(data, len, &a))
		return;
	n = dhaad_write(&a, reply, first, sizeof(first));
	must(n > 0 && dhaad_read(first, (size_t)n, &b) == 0);
	same(n, dhaad_write(&b, reply, second, sizeof(second)));
}

static void mps(const uint8_t *data, size_t len)
{
	uint16_t a, b;
	int n;

	if (mps_read(data, len, &a))
		return;
	n = mps_write(a, first, sizeof(first));
	must(n > 0 && mps_read(first, (size_t)n, &b) == 0 && a == b);
}

static void param_problem(const uint8_t *data, size_t len)
{
	int n = icmp6_error_write(ICMP6_PARAM_PROB_T, 0, 0, data, len, first, sizeof(first));

	must(n >= 8 && n <= 1240);
}

static void message(const uint8_t *data, size_t len)
{
	ra(data, len);
	mpa(data, len);
	nx(data, len);
	dhaad(data, len);
	mps(data, len);
	param_problem(data, len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct exthdr e;

	message(data, len);
	if (exthdr_read(data, len, &e) == EXT_OK && e.upper == IPPROTO_ICMPV6)
		message(data + e.upper_at, e.end - e.upper_at);
	return 0;
}
