/*
 * Fuzzes mh_read() and mh_write(): what is read can be written, and what was
 * written reads as the same. The input is a Mobility Header, or an IPv6 packet
 * that holds one, so that the golden packets are seeds.
 */
#include <stdlib.h>

#include "wire/exthdr.h"
#include "wire/mh.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void must(bool ok)
{
	if (!ok)
		abort();
}

static void message(const uint8_t *data, size_t len)
{
	struct mh m, back;
	uint8_t first[MH_MAX], second[MH_MAX];
	struct in6_addr any = IN6ADDR_ANY_INIT;
	size_t at = 0, ignored = mh_checksum_ok(&any, &any, data, len);
	int n;

	(void)ignored;
	if (mh_read(data, len, &m, &at) != MH_OK) {
		must(at <= len || at == 1);
		return;
	}
	must(mh_type_name(m.type) != NULL);
	n = mh_write(&m, first, sizeof(first));
	must(n > 0 && n % 8 == 0);
	must(mh_read(first, (size_t)n, &back, NULL) == MH_OK);
	must(back.opt.has == m.opt.has && back.opt.auth_at == m.opt.auth_at);
	must(mh_write(&back, second, sizeof(second)) == n);
	for (int i = 0; i < n; i++)
		must(first[i] == second[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct exthdr e;

	message(data, len);
	if (exthdr_read(data, len, &e) == EXT_OK && e.upper == MH_PROTO)
		message(data + e.upper_at, e.end - e.upper_at);
	return 0;
}
