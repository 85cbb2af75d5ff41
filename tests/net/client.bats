#!/usr/bin/env bats
# mip-ctl(7) is enough to write a client: one was, in Python (tests/client.py), and sees and does what mip sees and does.

. "$BATS_TEST_DIRNAME/../lab/lab.sh"
. "$BATS_TEST_DIRNAME/../lab/agents.sh"

setup_file() {
	lab_up
	ha_start
	add 200
}

setup() { command -v python3 > /dev/null || skip "no python3"; }
teardown_file() { agents_stop; }

client() { in_ns ha python3 "$BATS_TEST_DIRNAME/../client.py" "$@"; }
homes() { ha -j binding show | jq -r '.[].home' | sort; }

@test "it lists the bindings" {
	[ "$(client bindings)" = "2001:db8:1::200 2001:db8:f1::200 2" ]
}

@test "it adds one, and is told why it cannot add it again" {
	client add 2001:db8:1::201 2001:db8:f1::201
	[ "$(homes)" = $'2001:db8:1::200\n2001:db8:1::201' ]
	run client add 2001:db8:1::201 2001:db8:f1::201
	[ "$status" = 1 ] && [ "$output" = "refused: 2001:db8:1::201 has a binding already (attribute 1, command 0)" ]
}

@test "its transaction is done whole or not at all" {
	run client twice 2001:db8:1::202 2001:db8:f1::202
	[ "$status" = 1 ] && [ "$output" = "refused: 2001:db8:1::202 has a binding already (attribute 1, command 1)" ]
	[[ $(homes) != *::202* ]]
}

@test "it watches: the snapshot, then what happens" {
	lab_bg ha "$BATS_TEST_TMPDIR/seen" python3 "$BATS_TEST_DIRNAME/../client.py" watch 2
	lab_wait 10 grep -qx sync "$BATS_TEST_TMPDIR/seen"
	ha binding add home 2001:db8:1::203 care-of 2001:db8:f1::203
	ha binding del home 2001:db8:1::203
	lab_wait 10 eval '[ "$(wc -l < "$BATS_TEST_TMPDIR/seen")" -ge 5 ]'
	[ "$(tail -n 2 "$BATS_TEST_TMPDIR/seen")" = "binding_added 2001:db8:1::203 2001:db8:f1::203 2
binding_removed 2001:db8:1::203 2001:db8:f1::203 3" ]
	grep -qx "is 2001:db8:1::200 2001:db8:f1::200 2" "$BATS_TEST_TMPDIR/seen"
}
