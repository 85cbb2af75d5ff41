# shellcheck shell=bash
# Agents in the test network: started, asked, waited for, stopped. Sourced after lab.sh.

# mn, ha, cn, r WORD...: the command mip there. json NODE WORD...: its JSON. show NODE OBJECT FIELD: of the first record,
# a number or text. What is asked again and again does without jq, which takes as much time as eight other programs.
mn() { mip -n mn "$@" 3>&- 4>&-; }
ha() { mip -n ha "$@" 3>&- 4>&-; }
cn() { mip -n cn "$@" 3>&- 4>&-; }
json() { mip -n "$1" -j "${@:2}"; }
# field FIELD JSON: of the first record that has it; null when none has
field() {
	[[ $2 =~ \"$1\":(\"([^\"]*)\"|[^][{},]+) ]] || { echo null; return; }
	[[ ${BASH_REMATCH[1]} = \"* ]] && echo "${BASH_REMATCH[2]}" || echo "${BASH_REMATCH[1]}"
}
show() { local all; all=$(json "$1" "$2" show) && field "$3" "$all"; }
# refused TEXT WORD...: at the home agent, with exit status 2 and TEXT in the reason
# shellcheck disable=SC2154   # run sets them
refused() { run ha "${@:2}"; [ "$status" = 2 ] && [[ "$output" == *"$1"* ]] || { echo "$status: $output"; false; }; }
is() { test "$1" "$2" "$3" || { echo "not: $1 $2 $3${4:+ ($4)}"; return 1; }; }   # is A OPERATOR B [WHAT]

# --- an agent comes and goes ---

# agent_file VARIABLE NODE log|sock: its path, without a process: it is asked for several times a test
agent_file() {
	local id
	{ read -r id < "/run/lab/$2.netns"; } 2>/dev/null || id=$(stat -Lc %i "/run/netns/$2")
	printf -v "$1" %s "${MIP_RUN_DIR:-/run/mip}/$id.$3"
}
# agent NODE [OPTION...]: mipd there; it serves when this returns. As `mip ROLE start` starts it, without a trial first.
agent() {
	local log sock clock=()
	lab_quiet
	agent_file sock "$1" sock; agent_file log "$1" log
	[ ! -S "$sock" ] || ! idles "$1" || mip -n "$1" agent stop
	[ ! -e "/run/lab/$1.warp" ] || clock=(env "LD_PRELOAD=$MIP_BUILD/tests/conformance/warp.so" "MIP_WARP=/run/lab/$1.warp" ASAN_OPTIONS=verify_asan_link_order=0)
	read -r _ < <(nsenter --net="/run/netns/$1" -- "${clock[@]}" mipd --transient --ready-fd 5 "${@:2}" 5>&1 >/dev/null 2>"$log" </dev/null 3>&- 4>&- &) ||
		{ cat "$log"; return 1; }
}
has_agent() { mip -n "$1" agent show; }
# An agent whose last role ended stays for a minute, in case that is undone; it has nothing in the kernel any more.
serves() { [ "$(show "$1" agent roles 2>/dev/null)" != "" ]; }
idles() { ! serves "$1" && has_agent "$1" >/dev/null 2>&1; }
no_agent() { idles "$1" || ! has_agent "$1"; }
no_agents() { local n; for n in mn mn2 mn3 cn ha ha2 r; do [ ! -e "/run/netns/$n" ] || no_agent "$n" || return; done; }
# agents_stop: all; the mobile nodes' first, while a home agent answers them. Their clocks are the kernel's again.
agents_stop() {
	local n sock
	lab_keep
	for n in /run/lab/*.warp; do [ ! -e "$n" ] || rm "$n"; done
	for n in mn mn2 mn3 cn ha ha2 r host; do
		[ -e "/run/netns/$n" ] || continue
		agent_file sock "$n" sock
		[ ! -S "$sock" ] || mip -n "$n" agent stop 2>/dev/null || true
	done
}
# agent_rests PID COMMAND...: COMMAND succeeds, and the agent takes less than half the time that one who never sleeps takes
agent_rests() {
	local before loop busy ended=0
	before=$(ticks "$1")
	(while :; do :; done) 3>&- 4>&- &
	loop=$!
	"${@:2}" || ended=$?
	busy=$(ticks $loop)
	kill $loop
	[ $ended -eq 0 ] && is $((($(ticks "$1") - before) * 2)) -lt "$busy" "ticks of the processor"
}
ticks() { awk '{ print $14 + $15 }' "/proc/$1/stat"; }
# agent_kill NODE
agent_kill() { local p; p=$(show "$1" agent pid); kill -9 "$p"; lab_wait 5 eval "! kill -0 $p"; }

HA_START=(dev eth0 insecure)
# ha_start, cn_start, mn_start [WORD...]: an agent, unless there is one, and the role as most tests want it
role_start() {
	local sock
	agent_file sock "$1" sock
	{ [ -S "$sock" ] && has_agent "$1" >/dev/null 2>&1; } || agent "$1"
	mip -n "$1" "${@:2}"
}
ha_start() { role_start ha ha start "${HA_START[@]}" "$@"; }
cn_start() { role_start cn cn start "$@"; }
mn_start() { role_start mn mn start home "$HOA" prefix "$HOME_PREFIX" agent "$HA" dev eth0 "$@"; }
# add N: a binding by hand, of home address 2001:db8:1::N
add() { ha binding add home "2001:db8:1::$1" care-of "2001:db8:f1::$1"; }

# --- their clocks ---

# clocks NODE...: the clock of agents started there until agents_stop can be moved. ahead SECONDS NODE: it is, so far ahead.
# pass SECONDS NODE...: and they look at it.
clocks() { local n; for n; do head -c 16 /dev/zero > "/run/lab/$n.warp"; done; }
ahead() { clock_put "$2" 0 $(($(od -An -td8 -N8 "/run/lab/$2.warp") + $1 * 1000000)); }
pass() { local n; for n in "${@:2}"; do ahead "$1" "$n" && clock_look "$n"; done; }
# stand NODE: no time passes there; go_on NODE: it does again, and that which has not passed is over.
stand() { clock_put "$1" 1 "$(python3 -c 'import time; print(time.monotonic_ns() // 1000)')" && clock_look "$1"; }
go_on() { clock_put "$1" 1 0 && clock_look "$1"; }
clock_look() { has_agent "$1" >/dev/null 2>&1 || true; }   # an agent looks at its clock when something wakes it
clock_put() {   # clock_put NODE WORD VALUE
	local i octets=
	for i in 0 8 16 24 32 40 48 56; do printf -v octets '%s\\x%02x' "$octets" $(($3 >> i & 255)); done
	printf '%b' "$octets" | dd of="/run/lab/$1.warp" bs=8 seek="$2" conv=notrunc status=none
}

# --- where a mobile node is ---

care_of() { local at; at=$(show "$1" mn care_of) && [ "$at" != null ] && echo "$at"; }   # care_of NODE
# registered LINK [NODE]: from there, as the node and its home agent say
registered() {
	local node at home
	node=$(json "${2:-mn}" mn show)
	at=$(field care_of "$node")
	[ "$(field state "$node")" = registered ] && [[ $at = "2001:db8:$1:"* ]] || return
	home=$(json ha binding show home "$(field home "$node")")
	[[ $home != *"},{"* ]] && [ "$(field state "$home") $(field care_of "$home")" = "active $at" ]
}
no_binding() { [ "$(json ha binding show)" = "[]" ] && [ "$(json mn bul show)" = "[]" ]; }
at_home() { [ "$(show mn mn state)" = home ] && no_binding; }
# away LINK, back: there, and registered there; at home, and registered nowhere
away() { lab_move "$1" && lab_wait 15 registered "$1"; }
back() { lab_move home && lab_wait 20 at_home; }
reachable() { in_ns cn ping -6 -c 1 -W $((2 * MIP_SLOW)) "$HOA"; }

# --- what they leave ---

# kernel NODE: what a home agent holds there for its bindings
kernel() { in_ns "${1:-ha}" sh -c 'ip -6 route show table all proto 119; ip -6 neigh show proxy; nft list ruleset'; }
# kernel_state NODE: all that an agent could have put there
kernel_state() {
	# shellcheck disable=SC2016
	in_ns "$1" sh -c '
		ip -6 -force -b - 2>/dev/null <<-IP
		rule
		route show table all proto 119
		route show table 1189
		neigh show proxy
		xfrm state
		xfrm policy
		IP
		nft list ruleset
		ip -o link | sed "s/^[0-9]*: //"; ip -6 -o addr show scope global | grep -v dynamic; ip -6 maddr show dev eth0 | grep -o "inet6 [^ ]*" | sort
		set --
		for d in all default eth0 lo; do
			for f in forwarding accept_ra accept_dad optimistic_dad use_optimistic proxy_ndp force_forwarding; do   # the last: 6.17
				[ ! -e /proc/sys/net/ipv6/conf/$d/$f ] || set -- "$@" /proc/sys/net/ipv6/conf/$d/$f
			done
		done
		grep -H . "$@"'
}
