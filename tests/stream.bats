#!/usr/bin/env bats
# A long list streams through the tool, in bounded memory. Against a stand-in for the agent, no root. What it costs in CPU:
# tests/bench/cli.sh.

setup() {
	cd "$BATS_TEST_DIRNAME/.." || return
	MIP=$(realpath "${MIP:-${MIP_BUILD:-build}/mip}")
	export MIP_RUN_DIR=$BATS_TEST_TMPDIR
	command -v python3 > /dev/null || skip "no python3"
}

teardown() { agent_stop; }

agent_stop() {
	[ -z "${AGENT:-}" ] || { kill "$AGENT" && wait "$AGENT" 2> /dev/null || rm -f "$MIP_RUN_DIR"/*.sock; }
	AGENT=
}
# agent N: in the place of one that was there before
agent() {
	agent_stop
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

sort_addresses() { python3 -c 'import sys, ipaddress; print(*sorted(sys.stdin.read().split(), key=lambda a: int(ipaddress.ip_address(a))), sep="\n")'; }
# on_terminal [OPTION ...]: what a terminal of 60 columns gets
on_terminal() { script -qec "stty cols 60; $MIP -c=never $* binding show" /dev/null < /dev/null | tr -d '\r'; }

@test "a record is a line in a pipe; on a terminal a list is a table, and -d wraps records at its edge, unless -o is said" {
	agent 3
	[ "$("$MIP" binding show | wc -l)" = 3 ]
	[[ "$(on_terminal | head -n 1)" =~ ^home\ +care-of\ +state\ +remaining$ ]]
	[ "$(on_terminal | wc -l)" = 4 ]
	[ "$(on_terminal -br)" = "$(on_terminal)" ]
	[ "$(on_terminal -d | wc -l)" -gt 3 ]
	[ "$(on_terminal -d -o | wc -l)" = 3 ]
	agent 0
	[ -z "$(on_terminal)" ]
}

@test "the table: sorted by address, columns as wide as they have to be, 100,000 rows in 20 MB" {
	local peak n
	for n in 2000 20; do
		agent $n
		[ "$(on_terminal | cut -d' ' -f 1 | tail -n +2)" = "$("$MIP" -j binding show | jq -r '.[].home' | sort_addresses)" ]
	done
	[ "$(on_terminal | sed -E 's/(.* )(active|waiting).*/\1/' | awk '{ print length }' | tail -n +2 | sort -u | wc -l)" = 1 ]
	agent 100000
	on_terminal > "$BATS_TEST_TMPDIR/table"
	[ "$(wc -l < "$BATS_TEST_TMPDIR/table")" = 100001 ]
	tail -n +2 "$BATS_TEST_TMPDIR/table" | cut -d' ' -f 1 > "$BATS_TEST_TMPDIR/homes"
	sort_addresses < "$BATS_TEST_TMPDIR/homes" | cmp - "$BATS_TEST_TMPDIR/homes"
	peak=$(script -qec "python3 tests/cost.py 1 $MIP binding show" /dev/null < /dev/null | tr -d '\r' | awk 'END { print $3 }')
	echo "$peak KiB (at most 20480)"
	[[ $MIP == */san/* ]] || [ "$peak" -le 20480 ]
}

@test "a reader that goes ends it at once, in silence; a full disk with an error" {
	agent 20000
	run bash -c 'set -o pipefail; "$0" -o binding show 2> "$1" | head -n 1' "$MIP" "$BATS_TEST_TMPDIR/err"
	[ "$status" = 2 ] && [ ! -s "$BATS_TEST_TMPDIR/err" ]
	run bash -c '"$0" binding show > /dev/full' "$MIP"
	[ "$status" = 2 ] && [[ $output == *"No space left"* ]]
}
