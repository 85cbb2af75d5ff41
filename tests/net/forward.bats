#!/usr/bin/env bats
# bats file_tags=kernel
# Where the kernel forwards (ip6tnl), it does so while the agent is killed and started again: not one packet is lost, for a
# mobile node that registered; and what it left there is taken over: only what is not as it should be is touched.

. "$BATS_TEST_DIRNAME/../lab/lab.sh"
. "$BATS_TEST_DIRNAME/../lab/agents.sh"
. "$BATS_TEST_DIRNAME/../lab/crowd.sh"

setup_file() {
	crowd_up || return
	ha_start
}
teardown_file() { agents_stop; crowd_down; }

@test "killed and started again while a ping runs through the tunnel: nothing is lost" {
	[ "$(show ha agent path)" = ip6tnl ] || skip "this kernel has no ip6_tunnel"
	local pid sent got
	crowd_node
	crowd 1 100 register
	lab_wait 10 in_ns host ping -c1 -W1 $CROWD_NODE
	lab_bg host "$BATS_TEST_TMPDIR/ping" ping -i 0.02 $CROWD_NODE
	pid=$!
	lab_wait 10 eval '[ "$(grep -c "bytes from" "$BATS_TEST_TMPDIR/ping")" -gt 20 ]'
	for _ in 1 2 3; do agent_kill ha; ha_start; done
	[ "$(count)" = 1 ]
	got=$(grep -c "bytes from" "$BATS_TEST_TMPDIR/ping")
	lab_wait 10 eval '[ "$(grep -c "bytes from" "$BATS_TEST_TMPDIR/ping")" -gt $((got + 20)) ]'
	kill -INT $pid; wait $pid || true
	cat "$BATS_TEST_TMPDIR/ping" | tail -3 | sed 's/^/# /' >&3
	read -r sent _ _ got _ < <(grep 'packets transmitted' "$BATS_TEST_TMPDIR/ping")
	[ "$sent" -gt 40 ]
	[ "$(grep -o 'icmp_seq=[0-9]*' "$BATS_TEST_TMPDIR/ping" | cut -d= -f2 | sort -nu | tail -n 1)" = "$got" ]   # no gap; the last sent may still have been under way
}

# What is of us in the kernel: routes, and what the tunnel check knows.
ours() {
	ip -n ha -6 route show table all proto 119 | sort
	in_ns ha nft -j list table ip6 mip | jq -cS '.nftables[].set | select(.) | {name, elem: (.elem // [] | sort)}'
}
# route WORD HOME CARE-OF: as the agent's
route() {
	ip -n ha -6 route "$1" "$2" dev mip0 proto 119 metric 119 encap ip6 id 0 src $HA dst "$3" hoplimit 64
}

@test "killed and started again: of a hundred bindings only what somebody changed is touched, what nobody wants goes" {
	[ "$(show ha agent path)" = ip6tnl ] || skip "this kernel has no ip6_tunnel"
	local before
	crowd 100 1000 register
	lab_wait 10 eval '[ "$(count)" = 100 ]'
	before=$(ours)
	kill -9 "$(ha_remains)"   # what follows may take longer than it waits
	agent_kill ha
	route replace 2001:db8:1::1:5 2001:db8:f0::bad                # of another care-of address
	ip -n ha -6 route del 2001:db8:1::1:6 dev mip0 proto 119 metric 119
	route add 2001:db8:1::dead 2001:db8:f0::dead                  # nobody's
	in_ns ha nft delete element ip6 mip home-bound '{ 2001:db8:1::1:7 }'
	in_ns ha nft add element ip6 mip home-bound '{ 2001:db8:1::dead }'
	lab_bg ha "$BATS_TEST_TMPDIR/routes" ip -6 monitor route
	lab_wait 10 eval 'ip -n ha -6 route replace blackhole 2001:db8:aaaa::/64 && grep -q aaaa "$BATS_TEST_TMPDIR/routes"'
	ha_start
	[ "$(count)" = 100 ]
	diff <(echo "$before") <(ours)
	in_ns ha ip -6 route add blackhole 2001:db8:bbbb::/64
	lab_wait 10 grep -q bbbb "$BATS_TEST_TMPDIR/routes"
	diff <(printf '%s\n' 2001:db8:1::1:5 2001:db8:1::1:6 2001:db8:1::dead) \
		<(grep 'proto 119' "$BATS_TEST_TMPDIR/routes" | grep -o '2001:db8:1::[0-9a-f:]*' | grep -v "^$HA\$" | sort)
}
