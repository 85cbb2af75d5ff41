/* record.h. */
#include <libmnl/libmnl.h>

#include "cmd/kind.h"
#include "cmd/record.h"
#include "cmd/table.h"

bool record_known(const struct nlattr *at)
{
	const struct mip_attr_info *info = at->nla_type < MIP_A_COUNT ? attr_info(at->nla_type) : NULL;

	return info && kind_fits(info->kind, mnl_attr_get_payload(at), mnl_attr_get_payload_len(at));
}

const struct nlattr *record_find(const struct nlmsghdr *msg, unsigned attr)
{
	const struct nlattr *at;

	mnl_attr_for_each (at, msg, 0)
		if (at->nla_type == attr && record_known(at))
			return at;
	return NULL;
}

void record_print(const struct nlmsghdr *msg, unsigned attr, char *buf, size_t size)
{
	const struct nlattr *at = record_find(msg, attr);

	buf[0] = 0;
	if (at)
		kind_print(attr_info(attr)->kind, mnl_attr_get_payload(at), mnl_attr_get_payload_len(at), false, buf,
			size);
}
