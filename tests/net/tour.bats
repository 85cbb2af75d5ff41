#!/usr/bin/env bats
# What a mobile node and its home agent live through, in one network: what `make quick` asks of the wire. Each of it has a
# file of its own that goes deep.

bats_require_minimum_version 1.5.0
. "$BATS_TEST_DIRNAME/../lab/lab.sh"
. "$BATS_TEST_DIRNAME/../lab/agents.sh"
. "$BATS_TEST_DIRNAME/../lab/traffic.sh"
. "$BATS_TEST_DIRNAME/../lab/wire.sh"

setup_file() {
	local n
	lab_up || return
	for n in mn ha cn; do kernel_state $n > "/run/lab/$n.before"; done
}
setup() { mkdir -p "$T"; ha_start && cn_start && mn_start; }
teardown() { traffic_end; wire_stop; }
teardown_file() { agents_stop; }

@test "it registers: both ends agree, and it is reached" {
	away f1
	[ "$(json ha binding show | jq -c '.[0] | [.home, .local, .flags]')" = "[\"$HOA\",\"$HA\",\"AH\"]" ]
	[ "$(show mn bul sequence)" = "$(show ha binding sequence)" ]
	lab_wait 5 reachable
}

@test "it moves: the same binding with a higher sequence number, at its new care-of address" {
	local before
	away f1
	before=$(show ha binding sequence)
	away f2
	[ $((($(show ha binding sequence) - before) & 65535)) -ge 1 ]
	[ "$(json ha binding show | jq length)" = 1 ]
	[ "$(show ha binding care_of)" = "$(care_of mn)" ]
	lab_wait 5 reachable
}

@test "packets travel directly, in both directions" {
	local coa
	away f1
	ping_start
	lab_wait 15 optimized f1
	coa=$(care_of mn)
	wire_start
	wire_more "$(with_hao 58 "$HOA" "$coa")" 10
	wire_more "$(with_rh2 58 "$HOA" "$coa")" 10
	is "$(wire "$PARAMETER_PROBLEM")" -eq 0
}

@test "it returns home: no binding is left, neither here nor at its correspondent" {
	away f1
	lab_wait 15 reachable
	back
	lab_wait 10 eval '[ "$(json cn binding show)" = "[]" ]'
	lab_wait 5 reachable
}

@test "a binding by hand stands in the kernel, and goes" {
	add 200
	kernel | grep -q 2001:db8:1::200
	refused "has a binding already" binding add home 2001:db8:1::200 care-of 2001:db8:f1::201
	ha binding del home 2001:db8:1::200
	run ! grep 2001:db8:1::200 <(kernel)
}

@test "undo takes the last change back" {
	local before
	before=$(ha save; kernel)
	add 201
	run ! diff <(echo "$before") <(ha save; kernel)
	ha undo
	diff <(echo "$before") <(ha save; kernel)
}

@test "home agent and node killed while it is away: started again, they take over" {
	away f1
	agent_kill ha; agent_kill mn
	ha_start; mn_start
	lab_wait 15 registered f1
	[ "$(kernel | grep -c "^$HOA ")" = 2 ]   # its route and its proxy, once each
	lab_wait 10 reachable
}

@test "stop leaves nothing" {
	local n
	away f1
	for n in mn cn ha; do in_ns $n mip $n stop; done
	lab_wait 10 no_agents
	for n in mn cn ha; do diff "/run/lab/$n.before" <(kernel_state $n); done
}
