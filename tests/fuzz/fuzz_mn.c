/* Fuzzes the mobile node with messages, facts and time: see steps.h. */
#include "tests/fuzz/steps.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	steps_run(data, len, SIM_MN);
	return 0;
}
