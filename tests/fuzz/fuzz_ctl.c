/*
 * Fuzzes ctl_parse(): what it accepts can be read by every getter of its kind without a byte read too far, and
 * written again it reads the same.
 */
#include <libmnl/libmnl.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void must(bool ok)
{
	if (!ok)
		abort();
}

static void copy_one(const struct ctl_request *rq, enum mip_attr a, struct ctl_msg *m)
{
	struct addr_prefix list[300];
	struct in6_addr prefix;
	size_t key_len;
	uint8_t len;

	switch (ctl_attrs[a].kind) {
	case MIP_K_ADDR: ctl_put_addr(m, a, ctl_addr(rq, a)); break;
	case MIP_K_STR:
	case MIP_K_DEV: ctl_put_str(m, a, ctl_str(rq, a)); break;
	case MIP_K_KEY:
		must(ctl_key(rq, a, &key_len) && key_len <= MIP_KEY_MAX);
		ctl_put_key(m, a, ctl_key(rq, a, &key_len), key_len);
		break;
	case MIP_K_PREFIXES:
		must(ctl_prefixes(rq, a, list, 300) > 0);
		ctl_put_prefixes(m, a, list, ctl_prefixes(rq, a, list, 0));
		break;
	case MIP_K_PREFIX:
		must(ctl_prefix(rq, a, &prefix, &len) && len <= 128);
		ctl_put_prefix(m, a, &prefix, len);
		break;
	default: ctl_put_num(m, a, ctl_num(rq, a, 0));
	}
}

static void round_trip(const struct ctl_request *rq)
{
	struct ctl_request again;
	struct why why = {0};
	struct ctl_msg m;

	ctl_msg_open(&m, rq->cmd);
	for (unsigned a = 1; a < MIP_A_COUNT; a++)
		if (ctl_has(rq, a))
			copy_one(rq, a, &m);
	must(!m.full);
	must(ctl_parse(&again, m.bytes, m.head.nlmsg_len, &why) == 0);
	for (unsigned a = 1; a < MIP_A_COUNT; a++) {
		must(ctl_has(rq, a) == ctl_has(&again, a));
		must(!ctl_has(rq, a) ||
			(rq->attr[a]->nla_len == again.attr[a]->nla_len &&
				!memcmp(mnl_attr_get_payload(rq->attr[a]), mnl_attr_get_payload(again.attr[a]),
					mnl_attr_get_payload_len(rq->attr[a]))));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct ctl_request rq;
	struct why why = {0};
	uint8_t *p = malloc(len ? len : 1); /* aligned, and ends where the bytes end */
	int err;

	memcpy(p, data, len);
	if (len >= sizeof(struct nlmsghdr) && len % 2 == 0)
		((struct nlmsghdr *)(void *)p)->nlmsg_len = (uint32_t)len; /* half of the inputs get past the length */
	err = ctl_parse(&rq, p, len, &why);
	must(err <= 0 && (err == 0) == (why.err == 0) && (!err || *why.text));
	if (!err)
		round_trip(&rq);
	free(p);
	return 0;
}
