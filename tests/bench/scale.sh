#!/usr/bin/env bash
# A home agent with many bindings. The same number of updates through the same window at each number of bindings
# (tests/bench/buload.c): refreshes a second, echo requests over the same wire as the baseline, CPU of the agent an update,
# memory of the agent and of the kernel a binding; then kill -9, and how long until the next agent serves all of them,
# with a ping through a tunnel of the kernel meanwhile. Of ROUNDS (3) the best: others use the machine, too.
#
# Bars: refreshes a second as a share of the echo requests, and CPU an update, flat within 30 % (the baseline falls, too:
# nodes, routes and packets of so many fit no cache); <= 512 octets of the agent a binding; all refreshed, none lost; serving 100,000 again <= 3 s; where the kernel forwards, no echo lost. N="1000 10000 100000".
#
# First registrations wait a second for Duplicate Address Detection and may be 10,000 a second of one network
# (mip agent show): of all at once that is the rate. What they cost besides is `renewed`: the last thousand nodes leave
# and register again, five times, and the second is subtracted.
set -u
LAB=$(dirname "$0")/../lab
if [ -z "${MIP_LAB:-}" ]; then exec "$LAB/lab.sh" run "$0" "$@"; fi
. "$LAB/lab.sh"
. "$LAB/agents.sh"
. "$LAB/crowd.sh"
. "$LAB/../bench/plot/data.sh"
UPDATES=${UPDATES:-100000}
DATA=$(data_file scale)

# microseconds of CPU the agent has used
cpu() { awk '{ print int($1 / 1000) }' "/proc/$(show ha agent pid)/schedstat"; }
# kilobytes of the kernel: what is not user memory (slab, percpu, vmalloc, stacks, page tables)
kernel() { awk '/^(Slab|Percpu|VmallocUsed|KernelStack|PageTables):/ { n += $2 } END { print n }' /proc/meminfo; }
ms_since() { echo $(((${EPOCHREALTIME/./} - $1) / 1000)); }
# what this machine needs for a hundred times fork and exec: milliseconds
spawn() { local at=${EPOCHREALTIME/./}; for _ in {1..100}; do /bin/true; done; ms_since "$at"; }
missed() { echo "bar: $*: MISSED"; status=1; }

# now NAME VALUE; kept: best[NAME] is the least or, for what is `a second`, the most of all rounds
declare -A best
now() {
	local name=$1 value=$2 old=${best[$1]:-}
	case $name in
	*/s) [ -n "$old" ] && [ "$old" -ge "$value" ] || best[$name]=$value;;
	*) [ -n "$old" ] && [ "$old" -le "$value" ] || best[$name]=$value;;
	esac
}

# timed NAME UPDATES WORD SEQUENCE: crowd's rate and hundredths of a microsecond of the agent's CPU an update
timed() {
	local a
	a=$(cpu); crowd "$n" "$4" "$3" >/run/lab/scale || missed "all answered ($(cat /run/lab/scale))"
	now "$1 cpu" $((($(cpu) - a) * 100 / $2))
	now "$1/s" "$(awk '{ print $NF }' /run/lab/scale)"
	echo "# $n: $(cat /run/lab/scale)"
}

# watched COMMAND: while a ping of every 20 ms goes through the tunnel to a node. A kernel without tunnels has no such node.
watched() {
	local pid sent got
	[ "$path" = ip6tnl ] || { "$@"; return; }
	crowd_node && lab_wait 10 in_ns host ping -c1 -W1 "$CROWD_NODE" || return
	lab_bg host /run/lab/ping ping -i 0.02 "$CROWD_NODE"
	pid=$!
	lab_wait 10 grep -q 'bytes from' /run/lab/ping && "$@" || return
	kill -INT "$pid"; wait "$pid"
	read -r sent _ _ got _ < <(grep 'packets transmitted' /run/lab/ping)
	echo "# $n: $got of $sent echoes through the tunnel while the agent was killed and started"
	[ $((sent - got)) -le 1 ] || missed "forwarding while the agent restarts"   # the last may be under way
}

# killed, started, all served
again() {
	local start=${EPOCHREALTIME/./}
	agent_kill ha
	ha_start || return
	[ "$(count)" -eq "$n" ] || missed "all $n bindings after kill -9 (there are $(count))"
	now again "$(ms_since "$start")"
}

round() {
	local agent kern
	crowd_up && ha_start || return
	path=$(show ha agent path) agent=$(show ha agent memory) kern=$(kernel)
	timed echo "$UPDATES" "echoes=$UPDATES" 100
	timed register "$n" register 100
	now agent $((($(show ha agent memory) - agent) / n))
	now kernel $((($(kernel) - kern) * 1024 / n))
	timed refresh "$UPDATES" "refreshes=$UPDATES" 200
	timed renew 10000 renew=5 1000
	now spawn "$(spawn)"
	watched again || return
	crowd "$n" 2000 refresh >/run/lab/scale || missed "all refreshed after kill -9 ($(cat /run/lab/scale))"
	ha agent stop && crowd_down
}

one() {
	local name row
	best=()
	for _ in $(seq "${ROUNDS:-3}"); do round || return; done
	[ "$n" -ne 100000 ] || [ "${best[again]}" -le 3000 ] || missed "serving $n again within 3 s"
	[ "${best[agent]}" -le 512 ] || missed "512 octets of the agent a binding"
	row=$n
	for name in "${names[@]}"; do case $name in
		*cpu) row+=$(printf ' %d.%02d' $((best[$name] / 100)) $((best[$name] % 100)));;
		*) row+=" ${best[$name]}";; esac; done
	[ -n "${opened:-}" ] || data_open scale "$path" "$columns"
	opened=yes
	data_row scale "$row"
	echo "$row"
}

names=(echo/s refresh/s register/s renew/s agent kernel again spawn "register cpu" "refresh cpu")
columns="bindings, echo requests/s, refreshed/s, registered/s at once, renewed/s without the second of DAD, octets a binding of the agent, of the kernel, ms to serve again after kill -9, ms of 100 fork+exec, agent CPU us a registration, us a refresh"
status=0
echo "--- scale, $(uname -r), $UPDATES updates each: $columns"
for n in ${N:-1000 10000 100000}; do one || { echo "scale: a round of $n failed" >&2; exit 1; }; done

# flat COLUMN NAME [BASELINE]: the column, or its share of another, does not depend on the number of bindings
flat() {
	awk -v at="$1" -v name="$2" -v of="${3:-0}" '!/^#/ { v = of ? $at / $of : $at; if (!lo || v < lo) lo = v; if (v > hi) hi = v }
		END { r = hi / lo; printf "bar: %s, most to least %.2f <= 1.30: %s\n", name, r, r <= 1.3 ? "met" : "MISSED"; exit r > 1.3 }' "$DATA" || status=1
}
awk '!/^#/ { if (!lo || $3 < lo) lo = $3; if ($3 > hi) hi = $3 } END { printf "refreshes a second by themselves: most to least %.2f\n", hi / lo }' "$DATA"
flat 3 "refreshes a second, of the echo requests" 2
flat 10 "CPU of a registration"
flat 11 "CPU of a refresh"
# what is there before the first binding, and each of them: a line through the first and the last
awk '!/^#/ { if (!n0) { n0 = $1; m0 = $1 * $6 } n = $1; m = $1 * $6 }
	END { if (n > n0) { slope = (m - m0) / (n - n0); printf "memory of the agent: %d octets a binding and %d KiB once\n", slope, (m0 - slope * n0) / 1024 } }' "$DATA"
exit $status
