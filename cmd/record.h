/* Records as they come from the agent: only attributes this program knows, of the size of their kind, are seen. */
#ifndef MIP_CMD_RECORD_H
#define MIP_CMD_RECORD_H

#include <stdbool.h>
#include <stddef.h>

struct nlattr;
struct nlmsghdr;

bool record_known(const struct nlattr *at);
/* The attribute of that number, or NULL. */
const struct nlattr *record_find(const struct nlmsghdr *msg, unsigned attr);
/* Its value as text; "" when it is not there. */
void record_print(const struct nlmsghdr *msg, unsigned attr, char *buf, size_t size);

#endif
