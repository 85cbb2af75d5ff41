/* What commands with their own function share with the generic one. */
#ifndef MIP_CMD_RUN_H
#define MIP_CMD_RUN_H

struct call;
struct refusal;

/* Says why the agent refused, with the caret when one word is to blame. REFUSED. */
int run_refused(const struct call *call, const struct refusal *no);

#endif
