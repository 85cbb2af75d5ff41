/*
 * Stateful fuzzing: the input is a list of steps, each a message, a fact, or time, in a small world of the simulation
 * (tests/sim: a home agent, two correspondents, two mobile nodes). Its invariants are checked after every step.
 */
#ifndef MIP_TESTS_FUZZ_STEPS_H
#define MIP_TESTS_FUZZ_STEPS_H

#include "tests/sim/sim.h"

/* Runs the steps; whom most messages are for: SIM_HA, SIM_CN or SIM_MN. A violation aborts. */
void steps_run(const uint8_t *data, size_t len, enum sim_kind focus);

#endif
