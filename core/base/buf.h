/*
 * Bounded cursors over bytes in network order. A read past the end yields
 * zeros and a write past the end writes nothing; both set `bad`, which stays
 * set, so a codec reads a whole structure and asks once.
 */
#ifndef MIP_BASE_BUF_H
#define MIP_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct rd {
	const uint8_t *base, *p, *end;
	bool bad;
};

struct wr {
	uint8_t *base, *p, *end;
	bool bad;
};

static inline struct rd rd_over(const void *data, size_t len)
{
	const uint8_t *p = data;

	return (struct rd){p, p, p + len, false};
}

static inline size_t rd_left(const struct rd *r)
{
	return (size_t)(r->end - r->p);
}

static inline size_t rd_at(const struct rd *r)
{
	return (size_t)(r->p - r->base);
}

/* The next n bytes, or NULL. The pointer lives as long as the bytes under the cursor. */
static inline const uint8_t *rd_take(struct rd *r, size_t n)
{
	const uint8_t *p = r->p;

	if (r->bad || rd_left(r) < n) {
		r->bad = true;
		return NULL;
	}
	r->p += n;
	return p;
}

static inline uint8_t rd_u8(struct rd *r)
{
	const uint8_t *p = rd_take(r, 1);

	return p ? p[0] : 0;
}

static inline uint16_t rd_u16(struct rd *r)
{
	const uint8_t *p = rd_take(r, 2);

	return p ? (uint16_t)(p[0] << 8 | p[1]) : 0;
}

static inline uint32_t rd_u32(struct rd *r)
{
	const uint8_t *p = rd_take(r, 4);

	return p ? (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3] : 0;
}

static inline uint64_t rd_u64(struct rd *r)
{
	uint64_t high = rd_u32(r);

	return high << 32 | rd_u32(r);
}

static inline void rd_bytes(struct rd *r, void *to, size_t n)
{
	const uint8_t *p = rd_take(r, n);

	if (p)
		memcpy(to, p, n);
	else
		memset(to, 0, n);
}

static inline struct wr wr_over(void *data, size_t cap)
{
	uint8_t *p = data;

	return (struct wr){p, p, p + cap, false};
}

static inline size_t wr_at(const struct wr *w)
{
	return (size_t)(w->p - w->base);
}

/* Room for n bytes, zeroed and counted as written, or NULL. */
static inline uint8_t *wr_room(struct wr *w, size_t n)
{
	uint8_t *p = w->p;

	if (w->bad || (size_t)(w->end - w->p) < n) {
		w->bad = true;
		return NULL;
	}
	memset(p, 0, n);
	w->p += n;
	return p;
}

static inline void wr_bytes(struct wr *w, const void *from, size_t n)
{
	uint8_t *p = wr_room(w, n);

	if (p)
		memcpy(p, from, n);
}

static inline void wr_u8(struct wr *w, uint8_t v)
{
	wr_bytes(w, &v, 1);
}

static inline void wr_u16(struct wr *w, uint16_t v)
{
	wr_bytes(w, (uint8_t[]){(uint8_t)(v >> 8), (uint8_t)v}, 2);
}

static inline void wr_u32(struct wr *w, uint32_t v)
{
	wr_u16(w, (uint16_t)(v >> 16));
	wr_u16(w, (uint16_t)v);
}

static inline void wr_u64(struct wr *w, uint64_t v)
{
	wr_u32(w, (uint32_t)(v >> 32));
	wr_u32(w, (uint32_t)v);
}

static inline void put_u16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

#endif
