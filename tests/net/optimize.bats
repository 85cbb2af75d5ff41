#!/usr/bin/env bats
# Route optimization (RFC 6275 5.2, 9, 11) by real agents, in both directions, counted on the wire: it comes about by
# itself, loses nothing, follows the node, ends where it must, and leaves nothing behind.

. "$BATS_TEST_DIRNAME/../lab/lab.sh"
. "$BATS_TEST_DIRNAME/../lab/agents.sh"
. "$BATS_TEST_DIRNAME/../lab/traffic.sh"
. "$BATS_TEST_DIRNAME/../lab/wire.sh"

setup_file() { lab_up; }

setup() {
	lab_move home
	mkdir -p "$T"
	agents_start
}

agents_start() { ha_start && cn_start && mn_start && mn mn wait home timeout $((60 * MIP_SLOW)); }

teardown() { traffic_end; wire_stop; agents_stop; }

# away_optimized LINK: there, with echoes from cn, optimized both ways.
away_optimized() { away "$1" && ping_start && lab_wait 15 optimized "$1" && more_replies 5; }
nothing_known() { [ "$(json cn binding show)" = "[]" ] && [ "$(json mn ro show | jq 'map(select(.state == "optimized")) | length')" = 0 ]; }
send() { in_ns r "$MIP_BUILD/tests/net/badsend" "$@" 2>"$T/sent"; }   # its packets on stdin
bad_mn() { send f1 02:00:00:00:01:64 "$(care_of mn)" <<< "$1"; }
bad_cn() { send cn 02:00:00:00:0c:02 "$CN" <<< "$1"; }

# none_lost [SINCE]: all have come; one through the tunnel may take longer than those after it that travel directly
none_lost() { more_replies 5 && { lab_wait 10 loses_none "${1:-0}" || is "$(lost "${1:-0}")" -eq 0 lost; }; }
loses_none() { [ "$(lost "$1")" = 0 ]; }
# both_ways LINK [PROTO]: more of them, HAO from the care-of address and RH2 to it, and no more through the tunnel.
both_ways() {
	local coa tunnel before proto=${2:-58}
	coa=$(care_of mn)
	tunnel=$(through_tunnel "$proto")
	wire_more "$(with_hao "$proto" "$HOA" "$coa")" 1 && wire_more "$(with_rh2 "$proto" "$HOA" "$coa")" 1 || return
	before=$(wire "$tunnel")
	wire_more "$(with_hao "$proto" "$HOA" "$coa")" 10 && wire_more "$(with_rh2 "$proto" "$HOA" "$coa")" 10 || return
	is "$(wire "$tunnel")" -eq "$before" "still in the tunnel" && is "$(wire "$PARAMETER_PROBLEM")" -eq 0 "parameter problems"
}

# bats test_tags=kernel
@test "packets take the tunnel first, then travel directly both ways; nothing is lost by the switch" {
	wire_start
	away f1
	ping_start
	lab_wait 15 optimized f1
	is "$(wire "$(through_tunnel 58)")" -ge 2 "tunnelled first"
	both_ways f1
	none_lost
	# every packet that is not tunnelled is from or to the care-of address the home agent knows, and tshark reads the same
	local coa n
	coa=$(care_of mn)
	[ "$(json ha binding show | jq -r '.[0].care_of')" = "$coa" ]
	ping_stop; wire_stop
	n=$(tshark -r $WIRE -Y "icmpv6.type == 129 && ipv6.src == $coa && ipv6.opt.mipv6.home_address == $HOA" 2>/dev/null | wc -l)
	is "$n" -eq "$(wire "dst host $CN and $(with_hao 58 "$HOA" "$coa")")" "HAO by tshark"
	n=$(tshark -r $WIRE -Y "icmpv6.type == 128 && ipv6.dst == $coa && ipv6.routing.mipv6.home_address == $HOA" 2>/dev/null | wc -l)
	is "$n" -eq "$(wire "src host $CN and $(with_rh2 58 "$HOA" "$coa")")" "RH2 by tshark"
	is "$n" -ge 10
	# and none is malformed to it
	is "$(tshark -r $WIRE -Y '_ws.malformed' 2>/dev/null | wc -l)" -eq 0 malformed
}

@test "the TCP connection that began it becomes optimized itself" {
	away f1
	wire_start
	tcp_start
	is "$(wire "$(through_tunnel 6)")" -ge 1 "began in the tunnel"
	lab_wait 15 optimized f1
	both_ways f1 6
	tcp_flows
	tcp_stop
}

@test "renewal loses nothing" {
	agents_stop
	clocks mn
	agents_start
	away_optimized f1
	local was now
	sequence() { json mn bul show | jq ".[] | select(.peer == \"$CN\") | .sequence"; }
	was=$(sequence)
	pass 5 mn   # before, a node that is bound does not listen
	renewed() {   # the correspondent asks for it
		bad_mn "from $CN rh2 $HOA 1 mh 3b00000000000000"
		now=$(sequence)
		[ -n "$now" ] && [ "$now" != "$was" ] && optimized f1
	}
	lab_wait 10 renewed
	is "$now" -eq $(((was + 1) % 65536))
	none_lost
}

# bats test_tags=kernel
@test "a handover: optimized again, and the connection lives" {
	away f1
	traffic_start
	lab_wait 15 optimized f1
	wire_start
	local link
	for link in f2 f1 f2; do
		move_to $link
		lab_wait 15 optimized $link
		lab_wait 10 happened "$MOVED" '.event == "ro" and .state == "optimized"'   # the monitor may be behind
	done
	both_ways f2; both_ways f2 6
	tcp_flows
	# not one packet of the new place names the old one
	wire_start
	more_replies 20
	is "$(wire "net 2001:db8:f1::/64 and not icmp6 and not ip6 proto 0")" -eq 0 "on the old link"
	none_lost "$(jq -n "[inputs | select(.ts > $MOVED and .event == \"ro\" and .state == \"optimized\")][0].ts" < $T/monitor)"
	tcp_stop
}

@test "f1, f2, f1: each time optimized from the address the node has" {
	away f1
	traffic_start
	lab_wait 15 optimized f1
	local link
	for link in f2 f1 f2; do
		move_to $link
		lab_wait 15 optimized $link
		is "$(json mn ro show peer $CN | jq -r '.[0].care_of')" = "$(care_of mn)"
	done
	wire_start
	both_ways f2
	tcp_stop
}

@test "at home again: the correspondent's binding is gone, packets are plain" {
	away_optimized f1
	back
	lab_wait 15 nothing_known
	lab_wait 10 reply_after "${EPOCHREALTIME/./}"
	wire_start
	more_replies 20
	is "$(wire "ip6 proto 41 or ip6 proto 43 or ip6 proto 60")" -eq 0 "not plain"
	local since=${EPOCHREALTIME/./}
	more_replies 20
	none_lost "$since"
}

@test "a correspondent without Mobile IPv6: the tunnel carries everything, and the node says so" {
	cn agent stop
	away f1
	wire_start
	ping_start
	lab_wait 90 ro_is mn $CN unsupported
	mn > $T/page || true
	grep -q "unsupported, $CN: it says that it does not know Mobile IPv6; asked again in .* mip ro retry" $T/page
	json mn ro show | jq -e '.[0] | .again > 0 and .again <= 600 and (.why | test("does not know"))'
	more_replies 20
	none_lost
	is "$(wire "ip6 proto 43 or (ip6[6] == 60 and ip6[40] == 58)")" -eq 0 "optimized"
	is "$(wire "$(through_tunnel 58)")" -ge 40
	run mn -j ro test $CN
	is "$status" -ne 0
	jq -e '.[0] | .out == "tunnel" and .in == "tunnel" and .sent == .received' <<< "$output"
}

@test "a correspondent that learnt Mobile IPv6 is asked at once by 'mip ro retry', and by nothing else" {
	cn agent stop
	away f1
	ping_start
	lab_wait 90 ro_is mn $CN unsupported
	cn_start
	run mn ro retry peer 2001:db8:c::3
	is "$status" -ne 0
	[[ "$output" == *"2001:db8:c::3 is not left alone"* ]]
	ro_is mn $CN unsupported
	mn ro retry peer $CN
	lab_wait 10 optimized f1
	run mn ro retry peer $CN
	is "$status" -ne 0
	mn ro retry
	optimized f1
}

@test "a correspondent that was started again says Binding Error, and is optimized again" {
	away_optimized f1
	wire_start
	cn cn stop
	lab_wait 5 no_agent cn
	cn_start
	lab_wait 30 optimized f1
	is "$(show cn cn tx_be)" -ge 1 "binding errors"
	lab_wait 10 wire_beyond "ip6 proto 135 and ip6[42] == 7 and ip6[46] == 1 and $(stands 48 $HOA)" 0
	both_ways_now() { wire_start && both_ways f1; }
	both_ways_now
}

@test "the correspondent's agent killed with SIGKILL and started again: optimized again" {
	away_optimized f1
	agent_kill cn
	cn_start
	lab_wait 30 optimized f1
	wire_start
	both_ways f1
	none_lost "${EPOCHREALTIME/./}"
}

# bats test_tags=kernel
@test "the mobile node's agent killed with SIGKILL and started again: optimized again" {
	away_optimized f1
	agent_kill mn
	mn_start
	lab_wait 30 optimized f1
	wire_start
	both_ways f1
	local since=${EPOCHREALTIME/./}
	more_replies 20
	none_lost "$since"
}

@test "killed, plugged into another link, started: correspondents are told where the node is now" {
	away_optimized f1
	agent_kill mn
	lab_move f2
	mn_start
	lab_wait 5 optimized f2 # without being told, a binding stands for minutes
	local since=${EPOCHREALTIME/./}
	more_replies 20
	none_lost "$since"
	# and what has ended is not kept
	back
	lab_wait 10 nothing_known
	agent_kill mn
	mn_start
	mn mn wait home timeout $((60 * MIP_SLOW))
	[ "$(json mn ro show)" = "[]" ]
}

# bats test_tags=kernel
@test "a routing header that names a home address not there, and a stranger's Home Address option: dropped and counted" {
	away_optimized f1
	local before coa; coa=$(care_of mn)
	before=$(show mn agent rx_dropped)
	is "$(bad_mn "from $CN rh2 2001:db8:1::101 1 icmp 8000000000010001
		from $CN rh2 $coa 1 icmp 8000000000010001")" = ""
	is "$(show mn agent rx_dropped)" -ge $((before + 2))
	# at an address of the node's that is not the care-of address
	in_ns mn ip -6 addr add 2001:db8:f1::bad/64 dev eth0 nodad
	before=$(show mn agent rx_dropped)
	is "$(send f1 02:00:00:00:01:64 2001:db8:f1::bad <<< "from $CN rh2 $HOA 1 icmp 8000000000010001")" = ""
	is "$(show mn agent rx_dropped)" -ge $((before + 1)) "to another address"
	in_ns mn ip -6 addr del 2001:db8:f1::bad/64 dev eth0
	# the right home address from a place that is not in the binding; the answer is for that place
	before=$(show cn agent rx_dropped)
	is "$(bad_cn "hao $HOA icmp 8000000000010001")" = "be 1 home $HOA to 2001:db8:77::77"
	is "$(show cn agent rx_dropped)" -ge $((before + 1))
	optimized f1
	none_lost
}

@test "10,000 unknown Home Address options: Binding Error 1 as often as is configured" {
	local answers took
	answers=$(bad_cn "hao 2001:db8:1::dead icmp 8000000000010001 times 10000" | tee "$T/answers" | grep -c '^be 1 home 2001:db8:1::dead to 2001:db8:77::77$')
	took=$(($(sed 's/.* in \(.*\) ms/\1/' "$T/sent") / 1000 + 1))
	is "$answers" -ge 50
	is "$answers" -le $((100 * took + 100)) "in $took s"
	is "$(wc -l < "$T/answers")" -eq "$answers" "other answers"
	is "$(show cn cn bindings)" -eq 0
}

@test "policy never keeps the tunnel, taken away it does not; one for a longer prefix wins" {
	mn ro add peer 2001:db8:c::/64 policy never
	away f1
	wire_start
	ping_start
	more_replies 100
	is "$(wire "ip6 proto 135 and not src host $HA")" -eq 0 "a test or an update was sent"
	is "$(json mn ro show | jq length)" -eq 0
	mn ro add peer $CN/128 policy auto
	lab_wait 15 optimized f1
	none_lost
	# never again: what is optimized ends, at both ends
	mn ro add peer $CN/128 policy never
	lab_wait 10 nothing_known
	none_lost
	mn ro del peer $CN/128
	mn ro del peer 2001:db8:c::/64
	lab_wait 15 optimized f1
	none_lost
}

@test "policy always needs no traffic" {
	mn ro add peer $CN/128 policy always
	away f1
	lab_wait 15 optimized f1
	is "$(json mn ro show | jq '.[0].in_packets + .[0].out_packets')" -eq 0
}

# tested STATUS WANT: `mip ro test` ends so and says that; a WANT of - is a complaint and nothing else.
tested() {
	run --separate-stderr in_ns "${3:-mn}" mip -j ro test $CN
	echo "status $status: $output $stderr"
	if [ "$1" = 0 ]; then is "$status" -eq 0; else is "$status" -ne 0; fi || return
	if [ "$2" = - ]; then [ -n "$stderr" ] && [ -z "$output" ]; else jq -e ".[0] | $2" <<< "$output"; fi
}

@test "mip ro test says for each direction how packets travel, in every situation" {
	bats_require_minimum_version 1.5.0
	tested 1 -                                # at home
	tested 1 - ha                             # no mobile node
	tested 1 - r                              # no agent
	away f1
	tested 0 '.out == "optimized" and .in == "optimized" and .sent == 5 and .received == 5 and .rtt_direct > 0 and .rtt_tunnel > 0'
	run mn ro test $CN
	is "$status" -eq 0
	[[ "$output" == *"out optimized"*"in optimized"* ]]
	mn ro add peer $CN/128 policy never
	tested 1 '.out == "tunnel" and .in == "tunnel" and .sent == 5 and .received == 5 and (has("rtt_direct") | not)'
	mn ro del peer $CN/128
	in_ns cn ip link set eth0 down
	tested 1 '.received == 0'
	in_ns cn ip link set eth0 up
	in_ns cn ip -6 addr replace $CN/64 dev eth0 nodad
	in_ns cn ip -6 route replace default via 2001:db8:c::1
	lab_move nowhere
	mn mn wait detached timeout $((60 * MIP_SLOW))
	tested 1 -
}

# bats test_tags=kernel
@test "stop leaves nothing, optimized or not" {
	local n way
	agents_stop
	lab_wait 5 no_agents
	for n in mn cn ha; do kernel_state $n > "$BATS_TEST_TMPDIR/$n"; done
	for way in away home; do
		lab_move home
		agents_start
		away_optimized f1
		run diff "$BATS_TEST_TMPDIR/mn" <(kernel_state mn); is "$status" -eq 1
		run diff "$BATS_TEST_TMPDIR/cn" <(kernel_state cn); is "$status" -eq 1
		[ $way = away ] || back
		ping_stop
		mn mn stop; cn cn stop; ha ha stop
		lab_wait 5 no_agents
		for n in mn cn ha; do diff "$BATS_TEST_TMPDIR/$n" <(kernel_state $n); done
	done
}
