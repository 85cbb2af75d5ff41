#!/usr/bin/env bats
# What a boot script runs: the checks in front of a role, each failing where it should; starting again, and stopping.

. "$BATS_TEST_DIRNAME/../lab/lab.sh"

setup_file() {
	[ -n "${MIP_LAB:-}" ] || { echo "run it as: tests/net.sh ${BATS_TEST_FILENAME}" >&2; return 1; }
	lab_up
}

teardown() {
	local n
	for n in mn ha; do
		in_ns $n mip agent stop 2>/dev/null || true
		lab_wait 10 no_agent $n
	done
	lab_sysctl ha net.ipv6.conf.all.forwarding=1
	ip -n ha addr replace "$HA/64" dev eth0 nodad
	ip -n ha link set eth0 up
	ip -n mn link set eth0 up
}

ha() { in_ns ha mip "$@"; }
mn() { in_ns mn mip "$@"; }
no_agent() { ! in_ns "$1" mip agent show; }
# verdict NODE CHECK WORD...: of `mip doctor WORD...`
verdict() { { in_ns "$1" mip -j doctor "${@:3}" || true; } | jq -r --arg c "$2" '.[] | select(.check == $c).verdict'; }

@test "a home agent that is ready: nothing bad, nothing said when it starts, twice" {
	ha doctor ha dev eth0
	[ "$(ha -j doctor ha | jq -r 'map(select(.verdict == "bad")) | length')" = 0 ]
	[ "$(verdict ha radvd ha)" = ok ]
	[ "$(ha ha start dev eth0 insecure 2>&1)" = "" ]
	[ "$(ha ha start dev eth0 insecure 2>&1)" = "" ]
}

@test "a home agent that does not forward: said with the command that mends it, exit status 2, no agent; mended, it starts" {
	lab_sysctl ha net.ipv6.conf.all.forwarding=0
	run ha doctor ha dev eth0
	[ "$status" = 2 ]
	[ "$(verdict ha forwarding ha)" = bad ]
	run ha ha start dev eth0 insecure
	[ "$status" = 2 ]
	[[ "$output" == *"forwarding: eth0 does not forward"* ]]
	[ "$(grep -c '^mip: ' <<< "$output")" = 1 ]
	no_agent ha
	in_ns ha sh -c "$(sed -n 's/^mend it with: //p' <<< "$output")"
	ha ha start dev eth0 insecure
}

@test "a home link without an address, and one that is down" {
	[ "$(verdict ha home-link ha)" = ok ]
	ip -n ha addr del "$HA/64" dev eth0
	[ "$(verdict ha home-link ha dev eth0)" = bad ]
	[ "$(verdict ha home-link ha)" = weak ]
	ip -n ha addr add "$HA/64" dev eth0 nodad
	ip -n ha link set eth0 down
	[ "$(verdict ha home-link ha dev eth0)" = bad ]
}

@test "no IPv6, and another daemon: bad for every role" {
	[ "$(verdict cn ipv6)" = ok ]
	lab_sysctl cn net.ipv6.conf.all.disable_ipv6=1
	[ "$(verdict cn ipv6)" = bad ]
	lab_sysctl cn net.ipv6.conf.all.disable_ipv6=0
	[ "$(verdict mn alone)" = ok ]
	cp "$(command -v sleep)" "$BATS_TEST_TMPDIR/mip6d"
	lab_bg mn /dev/null "$BATS_TEST_TMPDIR/mip6d" 600
	lab_wait 5 [ "$(verdict mn alone)" = bad ]
	[ "$(verdict ha alone)" = ok ]
	kill $!
}

@test "the kernel is tried: what is found is what the agent then uses" {
	local path want=weak
	ha ha start dev eth0 insecure
	path=$(ha -j agent show | jq -r '.[0].path')
	[ "$path" = ip6tnl ] && want=ok
	[ "$(verdict ha tunnel ha)" = "$want" ]
	[ "$(verdict ha tun)" = ok ]
	[ "$(verdict ha nft)" = ok ]
	[ -z "$(in_ns ha ip link show trial0 2>/dev/null; in_ns ha nft list tables | grep trial)" ]
}

@test "a mobile node's interface that is down: weak, and mn start brings it up" {
	ip -n mn link set eth0 down
	[ "$(verdict mn interface mn dev eth0)" = weak ]
	mn mn start home "$HOA" prefix "$HOME_PREFIX" agent "$HA" dev eth0
	[ "$(ip -n mn -j link show eth0 | jq -r '.[0].flags | index("UP") != null')" = true ]
	[ "$(verdict mn interface mn dev eth0)" = ok ]
}

@test "without privilege, doctor and start say so" {
	run in_ns cn setpriv --bounding-set -net_admin,-net_raw --inh-caps -all -- mip cn start
	[ "$status" = 2 ]
	[[ "$output" == *"privilege: CAP_NET_ADMIN"* ]]
}
