#!/usr/bin/env bats
# The table of the kernel's fast path (core/flow/fast.h) is made for 8192 home addresses, and then for more.

. "$BATS_TEST_DIRNAME/../lab/lab.sh"
. "$BATS_TEST_DIRNAME/../lab/agents.sh"
. "$BATS_TEST_DIRNAME/../lab/crowd.sh"

setup_file() { crowd_up; }
teardown() { agents_stop; }
teardown_file() { crowd_down; }

passed() { ha -j flow show | jq --arg h "$CROWD_NODE/128" '[.[] | select(.to == $h) | .out_packets] | add'; }
# pass_beyond N: another packet for the first node; that it is sent there is all
pass_beyond() { in_ns host ping -c 1 -W 0.1 "$CROWD_NODE"; [ "$(passed)" -gt "$1" ]; }

@test "more home addresses than the table was made for: it grows, packets go on, and so do their counts" {
	local before
	agent ha --path bpf
	ha_start
	crowd 10 100 register
	lab_wait 10 pass_beyond 0
	before=$(passed)
	crowd 8300 200 register
	is "$(count)" = 8300
	lab_wait 10 pass_beyond "$before"
	[ "$(in_ns ha tc filter show dev wire ingress | grep -c ' mip ')" = 1 ]
}
