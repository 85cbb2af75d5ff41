#!/usr/bin/env bats
# A long list streams through the tool, in bounded memory. Against a stand-in for the agent, no root. What it costs in CPU:
# tests/bench/cli.sh.

setup() {
	cd "$BATS_TEST_DIRNAME/.." || return
	MIP=$(realpath "${MIP:-${MIP_BUILD:-build}/mip}")
	export MIP_RUN_DIR=$BATS_TEST_TMPDIR
	command -v python3 > /dev/null || skip "no python3"
}

teardown() { if [ -n "${AGENT:-}" ]; then kill "$AGENT"; fi; }

agent() {
	: > "$BATS_TEST_TMPDIR/ready" # there before tail looks for it
	python3 tests/fake_agent.py "$MIP_RUN_DIR" "$1" >> "$BATS_TEST_TMPDIR/ready" 3>&- 4>&- & AGENT=$!
	timeout 60 tail -n +1 -f --pid=$AGENT "$BATS_TEST_TMPDIR/ready" | grep -q ready
}

@test "100,000 bindings stream through it in 20 MB, as text, columns and JSON" {
	local shape
	agent 100000
	[ "$("$MIP" -br binding show | wc -l)" = 100000 ]
	"$MIP" -j binding show | jq -e 'length == 100000 and (map(.home) | unique | length) == 100000'
	for shape in -j -br -o; do
		read -r _ _ peak < <(python3 tests/cost.py 1 "$MIP" "$shape" binding show)
		echo "$shape: $peak KiB (at most 20480)"
		[[ $MIP == */san/* ]] || [ "$peak" -le 20480 ]   # a build with sanitizers is only shown
	done
}

@test "a record is a line in a pipe, and is wrapped at the edge of a terminal, unless -o is said" {
	agent 3
	[ "$("$MIP" binding show | wc -l)" = 3 ]
	on_terminal() { script -qec "stty cols 60; $MIP $* binding show" /dev/null < /dev/null | grep -vc '^$'; }
	[ "$(on_terminal)" -gt 3 ]
	[ "$(on_terminal -o)" = 3 ]
}

@test "a reader that goes ends it at once, in silence; a full disk with an error" {
	agent 20000
	run bash -c 'set -o pipefail; "$0" -o binding show 2> "$1" | head -n 1' "$MIP" "$BATS_TEST_TMPDIR/err"
	[ "$status" = 2 ] && [ ! -s "$BATS_TEST_TMPDIR/err" ]
	run bash -c '"$0" binding show > /dev/full' "$MIP"
	[ "$status" = 2 ] && [[ $output == *"No space left"* ]]
}
