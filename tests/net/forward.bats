#!/usr/bin/env bats
# Where the kernel forwards (ip6tnl), it does so while the agent is killed and started again: not one packet is lost, for a
# mobile node that registered.

. "$BATS_TEST_DIRNAME/../lab/lab.sh"
. "$BATS_TEST_DIRNAME/../lab/crowd.sh"

setup_file() {
	[ -n "${MIP_LAB:-}" ] || { echo "run it as: tests/net.sh ${BATS_TEST_FILENAME}" >&2; return 1; }
	crowd_up || return
	ha_start
}
teardown_file() { ha agent stop; crowd_down; }

@test "killed and started again while a ping runs through the tunnel: nothing is lost" {
	[ "$(ha_agent path)" = ip6tnl ] || skip "this kernel has no ip6_tunnel"
	local pid sent got
	crowd_node
	crowd 1 100 register
	lab_wait 10 in_ns host ping -c1 -W1 $CROWD_NODE
	lab_bg host "$BATS_TEST_TMPDIR/ping" ping -i 0.02 $CROWD_NODE
	pid=$!
	lab_wait 10 eval '[ "$(grep -c "bytes from" "$BATS_TEST_TMPDIR/ping")" -gt 20 ]'
	for _ in 1 2 3; do ha_kill; ha_start; done
	[ "$(count)" = 1 ]
	got=$(grep -c "bytes from" "$BATS_TEST_TMPDIR/ping")
	lab_wait 10 eval '[ "$(grep -c "bytes from" "$BATS_TEST_TMPDIR/ping")" -gt $((got + 20)) ]'
	kill -INT $pid; wait $pid || true
	cat "$BATS_TEST_TMPDIR/ping" | tail -3 | sed 's/^/# /' >&3
	read -r sent _ _ got _ < <(grep 'packets transmitted' "$BATS_TEST_TMPDIR/ping")
	[ "$sent" -gt 40 ]
	[ "$(grep -o 'icmp_seq=[0-9]*' "$BATS_TEST_TMPDIR/ping" | cut -d= -f2 | sort -nu | tail -n 1)" = "$got" ]   # no gap; the last sent may still have been under way
}
