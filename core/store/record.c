/* record.h */
#include <string.h>

#include "base/buf.h"
#include "store/record.h"

/* FNV-1a, 64 bits: against accidents, not against people. */
static uint64_t sum_of(const uint8_t *data, size_t len, uint64_t h)
{
	for (size_t i = 0; i < len; i++)
		h = (h ^ data[i]) * 0x100000001b3u;
	return h;
}

static uint64_t record_sum(const uint8_t *key, size_t key_len, const uint8_t *value, size_t value_len)
{
	return sum_of(value, value_len - SUM_LEN, sum_of(key, key_len, 0xcbf29ce484222325u));
}

void record_key(struct record *r, enum store_cache cache, const struct in6_addr *home, const struct in6_addr *local)
{
	r->key[0] = (uint8_t)cache;
	memcpy(r->key + 1, home, 16);
	r->key_len = 17;
	if (cache == STORE_HA)
		return;
	memcpy(r->key + 17, local, 16);
	r->key_len = KEY_MAX;
}

void record_write(struct record *r, enum store_cache cache, const struct store_binding *b)
{
	struct wr w = wr_over(r->value, sizeof(r->value));

	record_key(r, cache, &b->home, &b->local);
	wr_bytes(&w, &b->local, 16);
	wr_bytes(&w, &b->coa, 16);
	wr_bytes(&w, &b->from, 16);
	wr_u64(&w, (uint64_t)b->made);
	wr_u64(&w, (uint64_t)b->expires);
	wr_u16(&w, b->seq);
	wr_u16(&w, b->flags);
	wr_u16(&w, b->lifetime);
	wr_u64(&w, (uint64_t)b->booted);
	wr_u64(&w, b->boot);
	for (size_t i = 0; i < b->networks; i++) {
		wr_bytes(&w, &b->network[i].addr, 16);
		wr_u8(&w, b->network[i].plen);
	}
	if (b->udp_port) {
		wr_bytes(&w, &b->udp_local, 16);
		wr_u16(&w, b->udp_port);
	}
	r->value_len = (int)wr_at(&w) + SUM_LEN;
	wr_u64(&w, record_sum(r->key, (size_t)r->key_len, r->value, (size_t)r->value_len));
}

static bool has_udp(int len)
{
	return len >= VALUE_LEN + UDP_LEN && (len - VALUE_LEN) % NETWORK_LEN == UDP_LEN % NETWORK_LEN;
}

static bool is_length(int len)
{
	return len == OLD_LEN ||
	       (len >= VALUE_LEN && len <= VALUE_MAX && (has_udp(len) || (len - VALUE_LEN) % NETWORK_LEN == 0));
}

bool record_read(const void *key, int key_len, const void *value, int value_len, struct store_binding *b)
{
	struct rd r = rd_over(value, (size_t)value_len);
	bool old = value_len == OLD_LEN, udp = has_udp(value_len);

	if (!key || !value || (key_len != 17 && key_len != KEY_MAX) || !is_length(value_len))
		return false;
	*b = (struct store_binding){0};
	memcpy(&b->home, (const uint8_t *)key + 1, 16);
	rd_bytes(&r, &b->local, 16);
	rd_bytes(&r, &b->coa, 16);
	rd_bytes(&r, &b->from, 16);
	b->made = (usec)rd_u64(&r);
	b->expires = (usec)rd_u64(&r);
	b->seq = rd_u16(&r);
	b->flags = rd_u16(&r);
	b->lifetime = rd_u16(&r);
	b->booted = old ? 0 : (usec)rd_u64(&r);
	b->boot = old ? 0 : rd_u64(&r);
	for (; rd_left(&r) > SUM_LEN + (udp ? UDP_LEN : 0) && b->networks < STORE_NETWORKS; b->networks++) {
		rd_bytes(&r, &b->network[b->networks].addr, 16);
		b->network[b->networks].plen = rd_u8(&r);
	}
	if (udp) {
		rd_bytes(&r, &b->udp_local, 16);
		b->udp_port = rd_u16(&r);
	}
	return rd_u64(&r) == record_sum(key, (size_t)key_len, value, (size_t)value_len) && !r.bad;
}
