# Streams of iperf3 between two nodes, their processor time, medians and ratios of several rounds. Sourced by benchmarks,
# which set: D, a directory of their own; T, seconds a run; FROM and TO, nodes; C, the address of TO, and C4, that of IPv4
# where a source is one; pids, the processes whose time counts; status: it becomes 1 when a bar is missed.
# shellcheck shell=bash disable=SC2034,SC2154

machine() { awk '/^cpu / { print ($2 + $3 + $4 + $7 + $8) * 10 }' /proc/stat; }   # ms
tasks() {
	local soft p; mapfile -t soft < <(pgrep ksoftirqd)
	for p in "${pids[@]}" "${soft[@]}"; do cat "/proc/$p/stat"; done | sed 's/.*) //' | awk '{ t += $12 + $13 } END { print t * 10 }'
}
busy_before() { local idle; idle=$(machine); read -rt 1 <> <(:); echo $((($(machine) - idle) * 100 / 1000 / $(nproc))); }   # per cent

# run NAME SOURCE IPERF-OPTION...: a line "NAME Mbit/s machine-ms tasks-ms MB packets"
run() {
	local name=$1 source=$2 to=$C machine0 tasks0 machine1; shift 2
	[[ $source = *:* ]] || to=$C4
	lab_bg "$TO" "$D/server" iperf3 -s -1
	local server=$!
	lab_wait 5 eval '[ -n "$(in_ns $TO ss -Hltn "sport = :5201")" ]'
	machine0=$(machine) tasks0=$(tasks)
	in_ns "$FROM" iperf3 -J -c "$to" -B "$source" -t "$T" "$@" > "$D/json" 2>&1 || { cat "$D/json"; exit 1; }
	machine1=$(machine)
	jq -r --arg n "$name" --argjson m $((machine1 - machine0)) --argjson t $(($(tasks) - tasks0)) '.end |
		(.sum_received // .sum) as $s | (.cpu_utilization_percent | .host_total + .remote_total) as $cpu |
		[$n, $s.bits_per_second / 1e6, $m, $t + $cpu * 10 * .sum_sent.seconds, $s.bytes / 1e6,
		(.sum.packets // 0) * (1 - (.sum.lost_percent // 0) / 100)] | map(tostring) | join(" ")' "$D/json" >> "$D/result"
	wait $server 2>/dev/null
}
median() {   # median NAME EXPRESSION over the fields of a result
	awk -v n="$1" '$1 == n { print '"$2"' }' "$D/result" | sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}
ratio() {   # ratio TITLE WAY NAME EXPRESSION UNIT [OPERATOR BAR]: of runs WAY-NAME to plain-NAME
	local plain other verdict=
	plain=$(median "plain-$3" "$4") other=$(median "$2-$3" "$4")
	[ $# -lt 7 ] || verdict=$(awk "BEGIN { print ($other / $plain $6 $7) ? \"(bar: $6 $7, met)\" : \"(bar: $6 $7, MISSED)\" }")
	awk -v t="$1" -v w="$2" -v p="$plain" -v o="$other" -v u="$5" -v v="$verdict" \
		'BEGIN { printf "%-34s plain %8.2f  %s %8.2f %-10s ratio %.2f %s\n", t, p, w, o, u, o / p, v }'
	[[ $verdict != *MISSED* ]] || status=1
}
