#!/usr/bin/env bats
# Changes that can be taken back: apply ... confirm, confirm, undo, and what happens meanwhile.

. "$BATS_TEST_DIRNAME/../lab/lab.sh"
. "$BATS_TEST_DIRNAME/../lab/agents.sh"

setup_file() { lab_up; }

setup() {
	ha_start
	add 200
	before=$(ha save; kernel)
	{ ha save; echo "binding add home 2001:db8:1::201 care-of 2001:db8:f1::201"; } > "$BATS_TEST_TMPDIR/new"
}

teardown() {
	if [ -n "${MON:-}" ]; then kill "$MON" 2> /dev/null || true; fi
	MON=
	agents_stop
}

as_before() { diff <(echo "$before") <(ha save; kernel); }
changed() { [ "$(ha -j binding show home 2001:db8:1::201 | jq length)" = 1 ]; }

@test "a change nobody confirms goes back by itself, and monitor says so" {
	local events=$BATS_TEST_TMPDIR/events
	lab_bg ha "$events" mip -j monitor agent binding; MON=$!
	lab_wait 10 grep -q '"sync"' "$events"
	run ha apply "$BATS_TEST_TMPDIR/new" confirm 2s
	[ "$status" = 0 ] && [[ $output == *"mip confirm"* ]]
	lab_wait 10 grep -q '"event":"undone"' "$events"
	jq -r 'select(.home == "2001:db8:1::201").event' "$events" > "$events.201"
	[ "$(head -n 1 "$events.201")" = binding_added ]
	as_before
	[ "$(ha -j agent show | jq '.[0].confirm')" = null ]
	refused "no change to take back" undo
}

@test "a confirmed change stays" {
	ha apply "$BATS_TEST_TMPDIR/new" confirm 1h
	ha confirm
	changed
	[ "$(ha -j agent show | jq '.[0].confirm')" = null ]
	refused "nothing waits to be confirmed" confirm
	ha undo
	as_before
}

@test "while a change waits others are refused, and lose nothing; undo does not wait" {
	ha apply "$BATS_TEST_TMPDIR/new" confirm 1h
	refused "waits for 'mip confirm'" binding flush
	refused "waits for 'mip confirm'" ha stop
	refused "waits for 'mip confirm'" apply "$BATS_TEST_TMPDIR/new"
	refused "waits for 'mip confirm'" apply "$BATS_TEST_TMPDIR/new" confirm 5s
	changed
	[ "$(ha -j agent show | jq '.[0].confirm > 3000 and .[0].confirm <= 3600')" = true ]
	[[ "$(ha)" == *"unless you say: mip confirm"* ]]
	ha undo
	as_before
	ha apply "$BATS_TEST_TMPDIR/new"
	changed
}

@test "undo takes the last change back, whichever it was, once" {
	ha binding del home 2001:db8:1::200
	ha undo
	as_before
	refused "no change to take back" undo
	ha ha set max-lifetime 100
	add 202
	ha undo
	ha save | grep -q 'max-lifetime 1m40s'
	[ "$(ha -j binding show | jq length)" = 1 ]
}

@test "a refused change is no change: undo is of the one before" {
	ha ha set max-lifetime 100
	refused "has a binding already" binding add home 2001:db8:1::200 care-of 2001:db8:f1::1
	refused "1 to 86400" apply "$BATS_TEST_TMPDIR/new" confirm 2d
	refused "1 to 86400" apply "$BATS_TEST_TMPDIR/new" confirm 0
	ha undo
	as_before
}

@test "what changes nothing is not a change: after ha restart, undo takes back what was before it" {
	ha ha set max-lifetime 100
	ha ha restart
	ha_start
	[ "$(ha -j ha show | jq '.[0].max_lifetime')" = 100 ]
	ha undo
	as_before
	[ "$(ha -j ha show | jq '.[0].max_lifetime')" = 3600 ]
}

@test "the last role ended, by a file that has none or by hand: the agent stays to take that back" {
	agents_stop
	agent cn
	mip -n cn cn start
	: > "$BATS_TEST_TMPDIR/none"
	run mip -n cn apply "$BATS_TEST_TMPDIR/none" confirm 2s
	[ "$status" = 0 ]
	[[ "$output" == *"none has no 'cn start': that role ended"* ]]
	lab_wait 10 serves cn
	mip -n cn cn stop
	run serves cn
	[ "$status" -ne 0 ]
	mip -n cn undo
	serves cn
}
