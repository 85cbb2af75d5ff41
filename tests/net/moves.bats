#!/usr/bin/env bats
# Random moves, a few of those `make moves` makes; the seed is printed, and SEED=n in the environment repeats them.

@test "twenty random moves: reachable wherever the node stays, and nothing is left behind" {
	run "$BATS_TEST_DIRNAME/../lab/moves.sh" 20 ${SEED:-}
	echo "$output"
	echo "${lines[0]}" >&3
	[ "$status" -eq 0 ] || [ "$status" -eq 2 ]   # late on a machine that tests other things, too
}
