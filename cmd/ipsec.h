/* What IPsec protects, and whether it does. */
#ifndef MIP_CMD_IPSEC_H
#define MIP_CMD_IPSEC_H

#include <stdbool.h>

/* Each protection there is, in words: for whom, of what, whether it is there both ways, and how it does. */
typedef int (*ipsec_each_fn)(const char *home, const char *protect, bool good, const char *text);
/* Asks with `rq`, an IPSEC_GET. What `each` returned when not DONE, else DONE, REFUSED with `no`, NO_AGENT. */
struct refusal;
struct request;
int ipsec_survey(struct request *rq, ipsec_each_fn each, struct refusal *no);

#endif
