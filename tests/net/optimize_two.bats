#!/usr/bin/env bats
# Two mobile nodes that talk to each other (the case that depended on the order elsewhere): each is the other's
# correspondent. Whatever the order of the two procedures, and wherever both go at once, packets end up carrying a type 2
# routing header and a Home Address option, and none is lost then.

. "$BATS_TEST_DIRNAME/../lab/lab.sh"
. "$BATS_TEST_DIRNAME/../lab/agents.sh"
. "$BATS_TEST_DIRNAME/../lab/traffic.sh"
. "$BATS_TEST_DIRNAME/../lab/wire.sh"

setup_file() { lab_up && lab_second; }

setup() {
	lab_move home; lab_move2 home
	mkdir -p "$T"
	ha_start
	start mn $HOA; start mn2 $HOA2
}

start() {
	role_start $1 cn start
	in_ns $1 mip mn start home $2 prefix $HOME_PREFIX agent $HA dev eth0
	in_ns $1 mip mn wait home timeout $((60 * MIP_SLOW))
}

teardown() { wire_stop; traffic_end; agents_stop; }

away() { lab_move $1; lab_move2 $2; lab_wait 15 registered $1 && lab_wait 15 registered $2 mn2; }
# knows NODE HOME COA: its binding of that home address
knows() { [ "$(json $1 binding show home $2 | jq -r '.[0].care_of // empty')" = "$3" ]; }
way() { ro_is $1 $2 optimized && knows $3 $4 "$(care_of $1)"; }
mn_first() { way mn $HOA2 mn2 $HOA; }     # packets of mn travel directly
mn2_first() { way mn2 $HOA mn $HOA2; }    # those of mn2
both() { mn_first && mn2_first; }
# echo NODE FROM TO: in the background, ten a second, so that there is something to optimize
talk() { lab_bg $1 $T/echo ping -n -i 0.1 -I $2 $3; echo $! > $T/echo.pid; }
never() { in_ns $1 mip ro add peer $2/128 policy never; }
auto() { in_ns $1 mip ro del peer $2/128; }

# 100 echoes each way: not one lost, each of them, and each reply, with both headers, from and to the care-of addresses.
proven() {
	local n
	kill "$(cat $T/echo.pid)"; rm $T/echo.pid
	wire_start
	for n in "mn $HOA $HOA2" "mn2 $HOA2 $HOA"; do
		set -- $n
		in_ns $1 ping -n -q -c 100 -i 0.0$((2 * (MIP_SLOW > 4 ? 4 : MIP_SLOW))) -W $((10 * MIP_SLOW)) -I $2 $3 | tee $T/hundred
		grep -q ' 100 received' $T/hundred || return
	done
	lab_wait 10 wire_beyond "$(with_both 58 $HOA $HOA2) and src host $(care_of mn) and dst host $(care_of mn2)" 199 &&
		lab_wait 10 wire_beyond "$(with_both 58 $HOA2 $HOA) and src host $(care_of mn2) and dst host $(care_of mn)" 199 || return
	[ "$(wire "$(through_tunnel 58)")" = 0 ] && [ "$(wire "$PARAMETER_PROBLEM")" = 0 ] &&
		[ "$(wire "ip6[6] == 60 and ip6[40] == 58 or ip6[6] == 43 and ip6[40] == 58")" = 0 ]
}
# Nobody takes a care-of address for a correspondent.
no_strangers() {
	[ "$(json mn ro show | jq -r '.[].peer')" = $HOA2 ] && [ "$(json mn2 ro show | jq -r '.[].peer')" = $HOA ]
}

# bats test_tags=kernel
@test "both procedures at once" {
	away f1 f2
	talk mn $HOA $HOA2
	lab_wait 20 both
	proven
	no_strangers
}

@test "the first node's procedure, then the second's" {
	never mn2 $HOA
	away f1 f2
	talk mn $HOA $HOA2
	lab_wait 20 mn_first
	in_ns mn ping -n -q -c 5 -i 0.2 -W $((10 * MIP_SLOW)) -I $HOA $HOA2 | grep ' 5 received'
	auto mn2 $HOA
	lab_wait 20 both
	proven
	no_strangers
}

@test "the second node's procedure, then the first's" {
	never mn $HOA2
	away f1 f2
	talk mn $HOA $HOA2
	lab_wait 20 mn2_first
	in_ns mn ping -n -q -c 5 -i 0.2 -W $((10 * MIP_SLOW)) -I $HOA $HOA2 | grep ' 5 received'
	auto mn $HOA2
	lab_wait 20 both
	proven
	no_strangers
}

@test "on one link" {
	away f1 f1
	talk mn2 $HOA2 $HOA
	lab_wait 20 both
	kill "$(cat $T/echo.pid)"; rm $T/echo.pid
	in_ns mn ping -n -q -c 100 -i 0.0$((2 * (MIP_SLOW > 4 ? 4 : MIP_SLOW))) -W $((10 * MIP_SLOW)) -I $HOA $HOA2 | grep ' 100 received'
	no_strangers
}

@test "both move at once, each to where the other was, and again" {
	away f1 f2
	talk mn $HOA $HOA2
	lab_wait 20 both
	away f2 f1
	lab_wait 30 both
	away f1 f2
	lab_wait 30 both
	proven
	no_strangers
}

# bats test_tags=kernel
@test "one goes home while the other moves: packets carry what the one that is away needs" {
	away f1 f2
	talk mn $HOA $HOA2
	lab_wait 20 both
	lab_move home; lab_move2 f1
	mn mn wait home timeout $((60 * MIP_SLOW))
	lab_wait 15 registered f1 mn2
	lab_wait 30 mn2_first
	gone() { [ "$(json mn2 binding show)" = "[]" ]; }
	lab_wait 30 gone
	kill "$(cat $T/echo.pid)"; rm $T/echo.pid
	wire_start
	in_ns mn ping -n -q -c 100 -i 0.0$((2 * (MIP_SLOW > 4 ? 4 : MIP_SLOW))) -W $((10 * MIP_SLOW)) -I $HOA $HOA2 | grep ' 100 received'
	lab_wait 10 wire_beyond "$(with_hao 58 $HOA2 "$(care_of mn2)")" 99
	[ "$(wire "$(through_tunnel 58)")" = 0 ]
}

# The care-of address of mn is a correspondent of mn2 like any other; that must not lead packets of the home addresses astray.
@test "a care-of address as correspondent, before and beside the home address" {
	never mn2 $HOA; never mn $HOA2
	away f1 f2
	local coa n; coa=$(care_of mn)
	talk mn2 $HOA2 "$coa"
	lab_wait 20 way mn2 "$coa" mn $HOA2
	hundred() { in_ns $1 ping -n -q -c 50 -i 0.0$((2 * (MIP_SLOW > 4 ? 4 : MIP_SLOW))) -W $((10 * MIP_SLOW)) -I $2 $3 | grep ' 50 received'; }
	hundred mn $HOA $HOA2
	kill "$(cat $T/echo.pid)"
	auto mn $HOA2
	talk mn $HOA $HOA2
	lab_wait 20 mn_first
	hundred mn $HOA $HOA2; hundred mn2 $HOA2 $HOA; hundred mn2 $HOA2 "$coa"
	auto mn2 $HOA
	lab_wait 20 both
	hundred mn2 $HOA2 "$coa"
	proven
}
