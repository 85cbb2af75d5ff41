/* Inside of the checks: how one says what it found. Not for others. */
#ifndef MIP_CMD_CHECKS_H
#define MIP_CMD_CHECKS_H

#include "cmd/doctor.h"

void found(struct finding *f, enum mip_verdict verdict, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void mend(struct finding *f, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

void check_home_link(const struct patient *p, struct finding *f);
void check_forwarding(const struct patient *p, struct finding *f);
void check_proxy(const struct patient *p, struct finding *f);
void check_cell(const struct patient *p, struct finding *f);
void check_radvd(const struct patient *p, struct finding *f);
void check_interface(const struct patient *p, struct finding *f);
void check_autoconf(const struct patient *p, struct finding *f);

#endif
