/* Keys: where they may come from and go to. */
#ifndef MIP_CMD_IPSEC_H
#define MIP_CMD_IPSEC_H

#include <stdbool.h>

#include "cmd/walk.h"

/* No key in the call, or from where others cannot read it. False with `f`. */
bool keys_hidden(const struct call *call, struct fault *f);
/* May keys be printed: is standard output no file that others can read? False, having complained. */
bool keys_go_unseen(void);

#endif
