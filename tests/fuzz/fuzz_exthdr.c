/*
 * Fuzzes exthdr_read(), exthdr_strip() and exthdr_insert() on whole packets: what
 * is read can be stripped and then holds neither HAO nor RH2; what is put in is
 * found, and taken out again leaves the packet as it was.
 */
#include <stdlib.h>
#include <string.h>

#include "wire/exthdr.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void must(bool ok)
{
	if (!ok)
		abort();
}

static const struct in6_addr coa = {.s6_addr = {0x20, 0x01, 0x0d, 0xb8, [15] = 1}};

/* Takes out what there is. pkt becomes the plain packet; returns its length. */
static size_t strip(uint8_t *pkt, size_t len)
{
	struct exthdr e, after;

	must(exthdr_read(pkt, len, &e) == EXT_OK);
	must(e.upper_at <= e.end && e.end <= len && e.insert_at <= e.upper_at);
	must(e.hao_at < e.upper_at && e.rh2_at < e.upper_at);
	len = exthdr_strip(pkt, len, &e);
	must(exthdr_read(pkt, len, &after) == EXT_OK);
	must(!after.hao_at && !after.rh2_at && after.end == len);
	must(after.upper == e.upper && after.end - after.upper_at == e.end - e.upper_at);
	return len;
}

/* The source may be no home address: then what was put in is not accepted, and nothing more is to be said. */
static void insert(const uint8_t *plain, size_t len, bool hao, bool rh2)
{
	size_t cap = len + 24u * hao + 24u * rh2;
	uint8_t *pkt = malloc(cap);
	struct exthdr e;
	int n;

	must(pkt != NULL);
	memcpy(pkt, plain, len);
	n = exthdr_insert(pkt, len, cap, hao ? &coa : NULL, rh2 ? &coa : NULL);
	must(n == (int)cap || (n < 0 && cap > 65575));
	if (n > 0 && exthdr_read(pkt, cap, &e) == EXT_OK) {
		must((e.hao_at != 0) == hao && (e.rh2_at != 0) == rh2 && e.end == cap);
		must(strip(pkt, cap) == len);
		must(!memcmp(pkt, plain, len));
	}
	free(pkt);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	size_t at[8], n = exthdr_nested(data, len, at, 8);
	struct exthdr e;
	uint8_t *pkt;

	for (size_t i = 0; i < n; i++)
		must(at[i] + IP6_HLEN <= len && (i ? at[i - 1] + IP6_HLEN <= at[i] : !at[i]));
	if (exthdr_read(data, len, &e) != EXT_OK) {
		must(e.at <= len || !len);
		return 0;
	}
	pkt = malloc(len);
	must(pkt != NULL);
	memcpy(pkt, data, len);
	len = strip(pkt, len);
	for (unsigned i = 0; i < 4; i++)
		insert(pkt, len, i & 1, i & 2);
	free(pkt);
	return 0;
}
