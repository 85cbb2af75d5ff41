#!/usr/bin/env bats
# The kernel's fast path (core/flow/fast.h): the programs against the packet editor in C, and agents that use them.

. "$BATS_TEST_DIRNAME/../lab/lab.sh"

setup_file() {
	[ -n "${MIP_LAB:-}" ] || { echo "run it as: tests/net.sh ${BATS_TEST_FILENAME}" >&2; return 1; }
	lab_up
}

teardown() {
	ip netns del fz 2>/dev/null
	in_ns mn mip agent stop 2>/dev/null
	in_ns ha mip agent stop 2>/dev/null
	lab_move home
}

# agent NODE: mipd with this data path
agent() { lab_bg "$1" "$BATS_TEST_TMPDIR/$1.log" mipd --path bpf; lab_wait 5 in_ns "$1" mip agent show; }
agents() {
	agent ha; agent mn
	in_ns ha mip ha start dev eth0 insecure
	in_ns mn mip mn start home "$HOA" prefix "$HOME_PREFIX" agent "$HA" dev eth0
}
bound() { in_ns ha mip -j binding show | jq -e --arg p "2001:db8:$1:" 'length == 1 and .[0].state == "active" and (.[0].care_of | startswith($p))'; }
away() { lab_move "$1" && lab_wait 15 bound "$1"; }
programs() { in_ns "$1" tc filter show dev "$2" "$3" | grep -c ' mip '; }
echoes() { in_ns "$1" ping -c 3 -i 0.1 -W 5 "${@:2}"; }

# bats test_tags=kernel
@test "the kernel takes the programs from who has CAP_BPF and not CAP_PERFMON, and a packet takes them" {
	lab_bg ha "$BATS_TEST_TMPDIR/ha.log" setpriv --bounding-set -all,+net_admin,+net_raw,+bpf mipd --path bpf
	lab_wait 5 in_ns ha mip agent show
	agent mn
	in_ns ha mip ha start dev eth0 insecure
	in_ns mn mip mn start home "$HOA" prefix "$HOME_PREFIX" agent "$HA" dev eth0
	in_ns ha mip -j agent show | jq -e '.[0].path == "bpf"'
	away f1
	echoes cn "$HOA"; echoes mn -I "$HOA" "$CN"
}

@test "programs and packet editor agree on packets of every kind" {
	ip netns add fz; ip -n fz link set lo up
	ip -n fz link add d0 type veth peer name d1; ip -n fz link set d1 up; ip -n fz link set d0 up
	ip -n fz addr add 2001:db8:ee::1/64 dev d0 nodad
	in_ns fz ip tuntap add mip0 mode tun; ip -n fz link set mip0 up
	lab_sysctl fz net.ipv6.conf.all.forwarding=1
	lab_wait 5 ip -n fz -6 route add default via 2001:db8:ee::2 dev d0
	run in_ns fz "$MIP_BUILD/tests/net/fastfuzz" "${SEED:-$RANDOM}" $((100000 / MIP_SLOW))
	echo "$output"
	[ "$status" = 0 ]
	[[ "$output" == *"mip_in changed"* && "$output" == *"mip_out sent"* ]]
}

@test "a node moves, and the home agent itself reaches it, away and at home" {
	agents
	in_ns ha mip -j agent show | jq -e '.[0].path == "bpf"'
	for link in f1 f2; do
		away $link
		echoes cn "$HOA"; echoes ha "$HOA"; echoes mn -I "$HOA" "$CN"
	done
	lab_move home; in_ns mn mip mn wait home timeout $((60 * MIP_SLOW))
	echoes cn "$HOA"; echoes ha "$HOA"
}

optimized() { in_ns mn ping -c 1 -W 1 -I "$HOA" "$CN"; in_ns mn mip -j ro show | jq -e '.[0].state == "optimized"'; }
direct() { in_ns mn mip -j flow show | jq -e '.[] | select(.edits == "home-address") | .path == "bpf" and .out_packets >= 3 and .in_packets >= 3'; }
@test "route optimization: a Home Test comes out of the tunnel, and packets travel directly both ways" {
	agents; agent cn
	in_ns cn mip cn start
	away f1
	lab_wait 15 optimized
	echoes mn -I "$HOA" "$CN"; echoes cn "$HOA"
	lab_wait 5 direct
	in_ns cn mip agent stop
}

@test "who sends a packet that is too big for the tunnel is told" {
	agents; away f1
	run in_ns cn ping -c 2 -i 0.1 -W 5 -s 1440 -M "do" "$HOA"
	[[ "$output" == *"From $HA"*"Packet too big: mtu=1460"* ]]
	echoes cn -s 1412 -M "do" "$HOA"
	in_ns cn ip -6 route flush cache
}

@test "a link that comes is served; a stopped agent leaves nothing" {
	agents; away f1
	ip -n ha link add late type veth peer name late1; ip -n ha link set late up
	lab_wait 5 eval '[ "$(programs ha late ingress)" = 1 ]'
	[ "$(programs ha eth0 ingress)" = 1 ] && [ "$(programs mn mip0 egress)" = 1 ]
	in_ns ha mip agent stop; in_ns mn mip agent stop
	[ "$({ in_ns ha tc qdisc show; in_ns mn tc qdisc show; } | grep -c clsact)" = 0 ]
	[ -z "$(ip -n ha -6 rule | grep 119)" ]
	ip -n ha link del late
}

@test "packets go on while the agent is dead and when the next one takes over" {
	agents; away f1
	echoes cn "$HOA"
	in_ns cn ping -i 0.01 -c $((400 * MIP_SLOW)) -W 5 "$HOA" > "$BATS_TEST_TMPDIR/ping" 3>&- &
	local ping=$!
	lab_wait 5 test -s "$BATS_TEST_TMPDIR/ping"
	kill -9 "$(in_ns ha mip -j agent show | jq '.[0].pid')"
	echoes cn "$HOA"
	agent ha
	in_ns ha mip ha start dev eth0 insecure
	lab_wait 5 bound f1
	echoes cn "$HOA"
	wait $ping
	grep ' 0% packet loss' "$BATS_TEST_TMPDIR/ping"
}

@test "a killed agent that does not come back leaves no programs" {
	agents; away f1
	kill -9 "$(in_ns ha mip -j agent show | jq '.[0].pid')"
	[ "$(programs ha eth0 ingress)" = 1 ]
	lab_wait 20 eval '[ -z "$(in_ns ha tc qdisc show | grep clsact)" ]'
	[ -z "$(ip -n ha -6 rule | grep 119)" ]
}

@test "a packet in four tunnels gets no other, and a limit that allows none is answered" {
	agents; away f1
	dropped() { in_ns ha mip -j flow show | jq '[.[] | select((.dropped // "") | test("in as many tunnels")) | .value] | add // 0'; }
	probe() { echo "$*" | in_ns cn "$MIP_BUILD/tests/net/sysprobe" > "$BATS_TEST_TMPDIR/probe" 2>&1; }
	capture() { lab_bg "$1" "$BATS_TEST_TMPDIR/$1.wire" tcpdump -U -p -n -l -i eth0 "$2"; lab_wait 5 grep -q listening "$BATS_TEST_TMPDIR/$1.wire"; }
	seen() { [ "$(grep -c "$3" "$BATS_TEST_TMPDIR/$1.wire")" -eq "$2" ]; }
	capture mn "ip6 proto 41 and src host $HA"
	capture cn "icmp6 and ip6[40] == 4 and src host $HA"
	probe nest plain 1 $CN $HOA; probe nest plain 2 $CN $HOA; probe nest plain 4 $CN $HOA; probe nest limit 4 $CN $HOA
	lab_wait 10 seen mn 4 'echo request'
	probe nest plain 5 $CN $HOA; probe nest limit 5 $CN $HOA; probe nest plain 9 $CN $HOA
	lab_wait 10 eval '[ "$(dropped)" -eq 3 ]'
	probe tunnel last $CN $HOA $CN $HOA
	lab_wait 10 seen cn 1 'parameter problem'
	seen mn 4 'echo request'
}
