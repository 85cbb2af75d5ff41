#!/usr/bin/env bats
# What the tool costs: CPU to start and answer; a long list streams through it. Against a stand-in for the agent, no root.

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

# within VALUE MOST UNIT: numbers with a fraction. A build with sanitizers is only shown.
within() {
	echo "$1 $3 (at most $2)"
	[[ $MIP == */san/* ]] || awk -v v="$1" -v most="$2" 'BEGIN { exit !(v <= most) }'
}

@test "from start to answer the tool takes at most 5 ms of CPU" {
	agent 0
	read -r _ cpu _ < <(python3 tests/cost.py 50 "$MIP" binding show)
	within "$cpu" 5 "ms of CPU"
	read -r _ cpu _ < <(python3 tests/cost.py 50 "$MIP")
	within "$cpu" 5 "ms of CPU"
	read -r _ cpu _ < <(python3 tests/cost.py 50 "$MIP" __complete binding show "")
	within "$cpu" 5 "ms of CPU"
}

@test "100,000 bindings stream through it in 2 s of CPU and 20 MB, as text, columns and JSON" {
	local shape
	agent 100000
	[ "$("$MIP" -br binding show | wc -l)" = 100000 ]
	"$MIP" -j binding show | jq -e 'length == 100000 and (map(.home) | unique | length) == 100000'
	for shape in -j -br -o; do
		read -r _ cpu peak < <(python3 tests/cost.py 1 "$MIP" "$shape" binding show)
		within "$cpu" 2000 "ms of CPU"
		within "$peak" 20480 KiB
	done
}

@test "a reader that goes, and a full disk, end it at once with an error" {
	agent 20000
	run bash -c 'set -o pipefail; "$0" -o binding show 2> "$1" | head -n 1' "$MIP" "$BATS_TEST_TMPDIR/err"
	[ "$status" = 2 ] && grep -q "cannot write the output" "$BATS_TEST_TMPDIR/err"
	run bash -c '"$0" binding show > /dev/full' "$MIP"
	[ "$status" = 2 ] && [[ $output == *"No space left"* ]]
}
