/* vici.h: reading one element after the other, and writing. */
#include <errno.h>

#include "wire/vici.h"

#define NAME_MAX_LEN 255
#define VALUE_MAX    65535

/* --- reading ------------------------------------------------------------------------------------------------------ */

static struct vici_text text(struct rd *rd, uint16_t len)
{
	const uint8_t *p = rd_take(rd, len);

	return (struct vici_text){(const char *)p, p ? len : 0};
}

bool vici_open(const uint8_t *packet, size_t len, enum vici_packet *type, struct vici_text *name, struct vici_reader *r)
{
	uint8_t said;

	*r = (struct vici_reader){.rd = rd_over(packet, len)};
	*name = (struct vici_text){0};
	said = rd_u8(&r->rd);
	if (said == VICI_EVENT)
		*name = text(&r->rd, rd_u8(&r->rd));
	else if (said != VICI_RESPONSE && said != VICI_UNKNOWN_REQUEST && said != VICI_CONFIRM &&
		 said != VICI_UNKNOWN_EVENT)
		return false;
	*type = said;
	return !r->rd.bad;
}

/* Sections and values stand outside of lists, items inside; what ends was begun. */
static bool is_in_place(const struct vici_reader *r, uint8_t type)
{
	switch (type) {
	case VICI_SECTION: return !r->list && r->depth < VICI_DEPTH_MAX;
	case VICI_SECTION_END: return !r->list && r->depth;
	case VICI_VALUE:
	case VICI_LIST: return !r->list;
	case VICI_ITEM:
	case VICI_LIST_END: return r->list;
	default: return false;
	}
}

int vici_next(struct vici_reader *r, struct vici_item *to)
{
	uint8_t type;

	if (!r->rd.bad && !rd_left(&r->rd))
		return r->depth || r->list ? -EBADMSG : 0;
	type = rd_u8(&r->rd);
	if (r->rd.bad || !is_in_place(r, type)) {
		r->rd.bad = true;
		return -EBADMSG;
	}
	*to = (struct vici_item){.type = type};
	if (type == VICI_SECTION || type == VICI_VALUE || type == VICI_LIST)
		to->name = text(&r->rd, rd_u8(&r->rd));
	if (type == VICI_VALUE || type == VICI_ITEM)
		to->value = text(&r->rd, rd_u16(&r->rd));
	if (type == VICI_LIST || type == VICI_LIST_END)
		r->list = type == VICI_LIST;
	r->depth += type == VICI_SECTION;
	to->depth = r->depth;
	r->depth -= type == VICI_SECTION_END;
	return r->rd.bad ? -EBADMSG : 1;
}

bool vici_is(struct vici_text t, const char *s)
{
	return t.len == strlen(s) && !memcmp(t.s, s, t.len);
}

void vici_copy(struct vici_text t, char *to, size_t cap)
{
	size_t n = t.len < cap - 1 ? t.len : cap - 1;

	for (size_t i = 0; i < n; i++)
		to[i] = (char)(t.s[i] >= ' ' && t.s[i] <= '~' ? t.s[i] : '?');
	to[n] = 0;
}

/* --- writing ------------------------------------------------------------------------------------------------------ */

static void put_name(struct wr *w, const char *name)
{
	size_t len = strlen(name);

	w->bad |= len > NAME_MAX_LEN;
	wr_u8(w, (uint8_t)len);
	wr_bytes(w, name, len);
}

static void put_value(struct wr *w, const void *data, size_t len)
{
	w->bad |= len > VALUE_MAX;
	wr_u16(w, (uint16_t)len);
	wr_bytes(w, data, len);
}

void vici_begin(struct wr *w, enum vici_packet type, const char *name)
{
	wr_u32(w, 0);
	wr_u8(w, (uint8_t)type);
	put_name(w, name);
}

void vici_section(struct wr *w, const char *name)
{
	wr_u8(w, VICI_SECTION);
	put_name(w, name);
}

void vici_section_end(struct wr *w)
{
	wr_u8(w, VICI_SECTION_END);
}

void vici_data(struct wr *w, const char *name, const void *data, size_t len)
{
	wr_u8(w, VICI_VALUE);
	put_name(w, name);
	put_value(w, data, len);
}

void vici_value(struct wr *w, const char *name, const char *value)
{
	vici_data(w, name, value, strlen(value));
}

void vici_list(struct wr *w, const char *name, const char *first, const char *second)
{
	wr_u8(w, VICI_LIST);
	put_name(w, name);
	wr_u8(w, VICI_ITEM);
	put_value(w, first, strlen(first));
	if (second) {
		wr_u8(w, VICI_ITEM);
		put_value(w, second, strlen(second));
	}
	wr_u8(w, VICI_LIST_END);
}

/* A list of one item, which may be no text. */
void vici_list_data(struct wr *w, const char *name, const void *data, size_t len)
{
	wr_u8(w, VICI_LIST);
	put_name(w, name);
	wr_u8(w, VICI_ITEM);
	put_value(w, data, len);
	wr_u8(w, VICI_LIST_END);
}

void vici_finish(struct wr *w)
{
	struct wr head = wr_over(w->base, VICI_LENGTH);

	if (!w->bad)
		wr_u32(&head, (uint32_t)(wr_at(w) - VICI_LENGTH));
}
