#!/usr/bin/env bash
# Ten handovers between foreign links 1 and 2 under a 10 ms ping: how long the node was silent, against the bar
# "median gap <= median (link-up -> router advertisement) + 50 ms". Fails when the bar is missed.
[ -n "${MIP_LAB:-}" ] || exec "$(dirname "$0")/../lab/lab.sh" run "$0" "$@"
. "$(dirname "$0")/../lab/lab.sh"
. "$(dirname "$0")/../lab/traffic.sh"
. "$(dirname "$0")/plot/data.sh"
moves=${1:-10}

die() { echo "handover: $*" >&2; exit 1; }
lab_up || die "no network"
in_ns ha mip ha start dev eth0 insecure || die "no home agent"
in_ns mn mip mn start home "$HOA" prefix "$HOME_PREFIX" agent "$HA" dev eth0 || die "no mobile node"
in_ns mn mip mn wait home timeout 10 || die "the node is not at home"
mkdir -p "$T"
{ monitor_start && ping_start && move_to f2; } || die "no traffic"

for ((i = 0; i < moves; i++)); do
	link=f$((i % 2 + 1))
	move_to $link || die "no traffic after move $i"
	echo "$(gap_of "$MOVED") $(jq -n "[inputs | select(.ts > $MOVED and .event == \"bu_sent\")] | length" < "$T/monitor")"
done > "$T/moves"

median() { cut -d' ' -f"$1" "$T/moves" | sort -n | awk '{ v[NR] = $1 } END { printf "%.1f", (v[int((NR + 1) / 2)] + v[int(NR / 2) + 1]) / 2 }'; }
path=$(in_ns mn mip -j agent show | jq -r .[0].path)
echo "handover foreign 1 <-> foreign 2, $moves moves, kernel $(uname -r), $path tunnel, milliseconds"
{
	echo "gap lost link-up->RA RA->BU BU->BA BA->packet BUs"
	cat "$T/moves"
	echo "$(median 1) $(median 2) $(median 3) $(median 4) $(median 5) $(median 6) $(median 7) median"
} | column -t
gap=$(median 1) ra=$(median 3)
verdict=$(awk -v g="$gap" -v r="$ra" 'BEGIN { print g <= r + 50 ? "met" : "MISSED" }')
echo "bar: median gap $gap <= $ra + 50: $verdict"

# One more, under a ping every millisecond, for the picture: each reply, then what the node did; ms since link-up.
picture() {
	ping_stop; rm "$T/ping"
	PING_MS=1 ping_start && more_replies 50 && move_to "$1" && more_replies 50 || return
	local e up; up=$(event_at "$MOVED" link_up)
	data_open handover "$path" "ms since link-up, echo number of a reply; below: ms since link-up, event"
	awk -v up="$up" -F'[][]' '/bytes from/ { match($0, /icmp_seq=[0-9]+/); t = ($2 * 1e6 - up) / 1e3
		if (t > -30 && t < 50) printf "%.3f %d\n", t, substr($0, RSTART + 9, RLENGTH - 9) }' "$T/ping" >> "$(data_file handover)"
	data_row handover $'\n'
	for e in link_up ra bu_sent ba_received; do
		data_row handover "$(awk -v t="$(event_at "$MOVED" $e)" -v up="$up" 'BEGIN { printf "%.3f", (t - up) / 1e3 }') $e"
	done
}
picture f$((moves % 2 + 1)) || die "nothing to draw"
[ "$verdict" = met ]
