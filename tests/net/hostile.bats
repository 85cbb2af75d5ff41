#!/usr/bin/env bats
# Who may talk to an agent, and what those who may cannot do: with all their connections and all they say they keep
# neither root from commanding it nor it from its work.

. "$BATS_TEST_DIRNAME/../lab/lab.sh"
. "$BATS_TEST_DIRNAME/../lab/agents.sh"
. "$BATS_TEST_DIRNAME/../lab/crowd.sh"

setup_file() {
	crowd_up || return
	ha_start
	crowd 200 100 register
}
teardown_file() { agents_stop; crowd_down; }

# as_group GROUP COMMAND...: neither root nor anybody, but of that group
as_group() { in_ns ha setpriv --reuid 65534 --regid "$1" --clear-groups "${@:2}"; }

@test "the socket is root's and its group's from the start: the group reads, root commands, others do neither" {
	local sock
	sock=/run/mip/$(stat -Lc %i /run/netns/ha).sock
	[ "$(stat -c %U:%a "$sock")" = root:660 ]
	[ "$(as_group "$(stat -c %g "$sock")" mip -j binding show | jq length)" = 200 ]
	run as_group "$(stat -c %g "$sock")" mip binding del home 2001:db8:1::1:0
	[ "$status" = 2 ]
	[[ "$output" == *root* ]]
	run as_group 65534 mip binding show
	[ "$status" = 3 ]
	[ "$(count)" = 200 ]
}

@test "10,000 connections, garbage, half messages, and answers nobody reads: the agent serves on" {
	local before after asked=0 seed=$RANDOM bad group
	group=$(stat -c %g "/run/mip/$(stat -Lc %i /run/netns/ha).sock")
	before=$(show ha agent memory)
	mkfifo "$BATS_TEST_TMPDIR/end"
	echo "# seed $seed" >&3
	as_group "$group" /usr/bin/python3 "$BATS_TEST_DIRNAME/../hostile.py" $seed <"$BATS_TEST_TMPDIR/end" >"$BATS_TEST_TMPDIR/bad" 2>&1 3>&- &
	bad=$!
	exec 7>"$BATS_TEST_TMPDIR/end"
	until [ -s "$BATS_TEST_TMPDIR/bad" ] || ! kill -0 $bad; do
		[ "$(timeout $((60 * MIP_SLOW)) nsenter --net=/run/netns/ha mip -j ha show | jq '.[0].bindings')" = 200 ]
		asked=$((asked + 1))
	done
	grep -q '^made 10000' "$BATS_TEST_TMPDIR/bad" || { cat "$BATS_TEST_TMPDIR/bad"; false; }
	crowd 200 $((200 + asked)) refresh
	ha binding add home 2001:db8:1::77 care-of 2001:db8:f0::77
	ha binding del home 2001:db8:1::77
	after=$(show ha agent memory)
	exec 7>&-
	wait $bad
	echo "# $(cat "$BATS_TEST_TMPDIR/bad"); asked $asked times meanwhile; memory $before -> $after" >&3
	[ "$asked" -gt 0 ]
	# 64 queues of 256 KiB
	case $MIP_BUILD in *san*) ;; *) [ "$after" -le $((before + 64 * 256 * 1024 + 4000000)) ];; esac
	[ "$(bindings | wc -l)" = 200 ]
}
