/* Between model.c, which writes down what nodes heard and said, and check.c, which judges what they hold. */
#ifndef MIP_TESTS_SIM_MODEL_H
#define MIP_TESTS_SIM_MODEL_H

#include "tests/sim/sim.h"

/* What cache n must believe of `home`; NULL when it never heard of it, unless it is to be made. */
struct sim_belief *sim_belief(struct sim_node *n, const struct in6_addr *home, const struct in6_addr *local, bool make);

#endif
