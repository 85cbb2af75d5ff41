#!/usr/bin/env bats
# `mip OBJECT wait STATE`: scripts wait for what happens; done, timed out, or no agent.

. "$BATS_TEST_DIRNAME/../lab/lab.sh"
. "$BATS_TEST_DIRNAME/../lab/agents.sh"

setup_file() {
	lab_up
	lab_move f1
}

teardown() { agents_stop; }

T=$((20 * MIP_SLOW))
# later NAME WORD...: a command in the background; its exit status in the file NAME when it ends
later() { (status=0; "${@:2}" || status=$?; echo $status > "$BATS_TEST_TMPDIR/$1") 3>&- 4>&- & }
ended() { lab_wait 20 [ -s "$BATS_TEST_TMPDIR/$1" ] && [ "$(cat "$BATS_TEST_TMPDIR/$1")" = "$2" ]; }
pending() { [ ! -e "$BATS_TEST_TMPDIR/$1" ]; }

@test "agent wait: running, stopped, and timed out" {
	run ha agent wait running timeout 0
	[ "$status" = 2 ] && [[ $output == *"still stopped"* ]]
	later up ha agent wait running
	ha agent start
	ended up 0
	later down ha agent wait stopped
	run ha agent wait stopped timeout 0
	[ "$status" = 2 ] && [[ $output == *"still running"* ]]
	pending down
	ha agent stop
	ended down 0
}

@test "binding wait: active, gone, one or all" {
	ha_start
	ha binding wait gone timeout 5
	run ha binding wait active timeout 0
	[ "$status" = 2 ] && [[ $output == *"there is no entry"* ]]
	later active ha binding wait active home 2001:db8:1::200
	ha binding add home 2001:db8:1::201 care-of 2001:db8:f1::201
	ha binding wait active timeout $T
	pending active
	ha binding add home 2001:db8:1::200 care-of 2001:db8:f1::200
	ended active 0
	later gone ha binding wait gone home 2001:db8:1::200
	later empty ha binding wait gone
	ha binding del home 2001:db8:1::200
	ended gone 0
	pending empty
	run ha binding wait gone timeout 0
	[ "$status" = 2 ] && [[ $output == *"2001:db8:1::201 is still active"* ]]
	ha binding flush
	ended empty 0
}

@test "timeout 0 looks once, however slow the agent is to say what there is" {
	ha_start
	ha binding add home 2001:db8:1::200 care-of 2001:db8:f1::200
	for _ in {1..40}; do ha binding wait active home 2001:db8:1::200 timeout 0; done
}

@test "mn, bul, ro and binding wait for a registration and its route optimization; the status page says it" {
	ha_start
	cn_start
	later binding ha binding wait active home $HOA
	mn mn start home $HOA prefix $HOME_PREFIX agent $HA
	mn mn wait registered timeout $T
	mn bul wait bound home $HOA peer $HA timeout $T
	ended binding 0
	mn ro add peer $CN/128 policy always
	mn ro wait optimized peer $CN timeout $T
	mn bul wait bound peer $CN timeout $T
	cn binding wait active home $HOA timeout $T
	run mn ro wait optimized peer 2001:db8:c::99 timeout 0
	[ "$status" = 2 ] && [[ $output == *"there is no such entry"* ]]
	page=$(mn)
	[[ $page == *"mobile node   registered, $HOA, for "* && $page == *" on eth0, home agent $HA"* ]]
	[[ $page == *"bound, home agent $HA, "*" left, next update in "* && $page == *"optimized, $CN, "* && $page != *'!'* ]]
	[[ $(ha) == *"home agent    $HA on eth0, 1 of 100000 bindings"* ]]
	lab_move nowhere
	mn mn wait detached timeout $T
	[[ $(mn) == *"detached, $HOA"*"! $HOA is detached"* ]]
	run in_ns r mip bul wait bound
	[ "$status" = 3 ]
}

# on_terminal WORD...: mip there; what it prints is in the file shown
on_terminal() { later terminal script -qefc "mip -n ha $*" "$BATS_TEST_TMPDIR/shown" < /dev/null > /dev/null; }
shows() { grep -q "$1" "$BATS_TEST_TMPDIR/shown"; }

@test "on a terminal, who waits for more than a second is told so, for what and how long; in a pipe nothing" {
	local agent
	ha_start
	on_terminal binding wait active timeout $T
	lab_wait 10 shows "waiting, for 2 s"
	ha binding add home 2001:db8:1::200 care-of 2001:db8:f1::200
	ended terminal 0
	agent=$(show ha agent pid)
	kill -STOP "$agent"
	rm "$BATS_TEST_TMPDIR/terminal"
	on_terminal binding show
	lab_wait 10 shows "waiting for the agent, for 1 s"
	later piped ha binding show > "$BATS_TEST_TMPDIR/pipe" 2>&1
	lab_wait 10 shows "for 3 s"
	kill -CONT "$agent"
	ended terminal 0
	ended piped 0
	shows "2001:db8:1::200"
	[ "$(cat "$BATS_TEST_TMPDIR/pipe")" = "$(ha binding show)" ]
}
