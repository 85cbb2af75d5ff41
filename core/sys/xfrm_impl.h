/* Inside of xfrm.h: xfrm.c (policies, opening, closing, sweeping), xfrm_sa.c (security associations). */
#ifndef MIP_SYS_XFRM_IMPL_H
#define MIP_SYS_XFRM_IMPL_H

#include "sys/nl_impl.h"
#include "sys/xfrm.h"

struct xfrm {
	struct nl *nl;
};

static inline bool xfrm_is_ours(uint32_t reqid)
{
	return reqid >= XFRM_REQID && reqid <= XFRM_REQID_LAST;
}

/* One SA as the kernel has it, or a policy: fills `to` with the message. -ENOENT, -ESRCH: there is none. */
int xfrm_get(struct xfrm *x, struct nlmsghdr *req, void *to, size_t room) __attribute__((warn_unused_result));

#endif
