#!/usr/bin/env bats
# 100,000 Home and 100,000 Care-of Test Inits from random addresses, at full speed, at a correspondent with a binding: no
# state, no memory, no more answers than are configured, and the binding works on.

. "$BATS_TEST_DIRNAME/../lab/lab.sh"
. "$BATS_TEST_DIRNAME/../lab/agents.sh"
. "$BATS_TEST_DIRNAME/../lab/traffic.sh"
. "$BATS_TEST_DIRNAME/../lab/wire.sh"

setup_file() {
	lab_up || return
	ip -n r -6 route add blackhole 2001:db8:77::/48
	ha_start || return
	cn_start || return
	mn_start || return
	lab_move f1
	mkdir -p "$T"
	ping_start
	lab_wait 20 optimized f1
}

teardown_file() { kill "$(cat $T/ping.pid)"; agents_stop; }
teardown() { wire_stop; }

memory() { show cn agent memory; }
flood() { in_ns r "$MIP_BUILD/tests/bench/rrflood" cn 02:00:00:00:0c:02 $CN "$1"; }

@test "100,000 of each: no state, memory stays, answers are limited, the binding works" {
	local before after out ms answers seen bindings since rate slack=65536
	case $MIP_BUILD in *san*) slack=100000000;; esac
	flood 5000   # what the agent needs once
	rate=$(show cn cn test_rate) bindings=$(json cn binding show | jq length)
	before=$(memory) seen=$(show cn cn rx_test)
	out=$(flood 100000)
	after=$(memory) seen=$(($(show cn cn rx_test) - seen))
	read -r _ _ _ ms _ _ answers <<<"$out"
	since=${EPOCHREALTIME/./}
	echo "# $out; $seen reached the agent; memory $before -> $after" >&3
	[ "$seen" -ge 10000 ]
	[ "$answers" -ge "$((rate / 2))" ]
	[ "$answers" -le $((rate * (ms / 1000 + 1) + rate)) ]
	[ "$after" -le $((before + slack)) ]
	[ "$(json cn binding show | jq length)" = "$bindings" ]
	[ "$bindings" = 1 ]
	# the binding has held, and packets are optimized as before
	optimized f1
	wire_start
	wire_more "$(with_hao 58 "$HOA" "$(care_of mn)")" 20; wire_more "$(with_rh2 58 "$HOA" "$(care_of mn)")" 20
	[ "$(wire "$(through_tunnel 58)")" -eq 0 ]
	more_replies 50
	lab_wait 10 eval '[ "$(lost "$since")" -eq 0 ]'
	echo "# echoes lost meanwhile: $(($(lost) - $(lost "$since"))) of $(grep -c 'bytes from' $T/ping)" >&3
}

@test "a lower limit counts at once" {
	local rate=50 out ms answers
	cn cn set test-rate $rate
	out=$(flood 20000)
	read -r _ _ _ ms _ _ answers <<<"$out"
	echo "# $out" >&3
	[ "$answers" -le $((rate * (ms / 1000 + 1) + rate)) ]
	[ "$answers" -ge $((rate / 2)) ]
}
