/* Fuzzes vici_open() and vici_next(): a packet of charon's. Each piece lies inside the packet, nesting is bounded, and
 * what is well formed is balanced. */
#include <stdlib.h>

#include "wire/vici.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void must(bool ok)
{
	if (!ok)
		abort();
}

static void must_lie_in(struct vici_text t, const uint8_t *data, size_t len)
{
	char copy[16];

	must(!t.len || ((const uint8_t *)t.s >= data && (const uint8_t *)t.s + t.len <= data + len));
	if (!t.len)
		return;
	vici_copy(t, copy, sizeof(copy));
	must(strlen(copy) == (t.len < 15 ? t.len : 15));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct vici_reader r;
	struct vici_text name;
	struct vici_item item;
	enum vici_packet type;
	unsigned begun = 0, ended = 0;
	size_t n = 0;
	int more;

	if (!vici_open(data, len, &type, &name, &r))
		return 0;
	must_lie_in(name, data, len);
	while ((more = vici_next(&r, &item)) == 1) {
		must(item.depth <= VICI_DEPTH_MAX && ++n <= len);
		must_lie_in(item.name, data, len);
		must_lie_in(item.value, data, len);
		begun += item.type == VICI_SECTION;
		ended += item.type == VICI_SECTION_END;
	}
	must(more < 0 || begun == ended);
	must(vici_next(&r, &item) == more);
	return 0;
}
