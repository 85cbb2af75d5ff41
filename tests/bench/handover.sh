#!/usr/bin/env bash
# Ten handovers between foreign links 1 and 2 under a 10 ms ping: how long the node was silent, against the bar
# "median gap <= median (link-up -> router advertisement) + 50 ms". Fails when the bar is missed.
[ -n "${MIP_LAB:-}" ] || exec "$(dirname "$0")/../lab/lab.sh" run "$0" "$@"
. "$(dirname "$0")/../lab/lab.sh"
. "$(dirname "$0")/../lab/traffic.sh"
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
echo "handover foreign 1 <-> foreign 2, $moves moves, kernel $(uname -r), $(in_ns mn mip -j agent show | jq -r .[0].path) tunnel, milliseconds"
{
	echo "gap lost link-up->RA RA->BU BU->BA BA->packet BUs"
	cat "$T/moves"
	echo "$(median 1) $(median 2) $(median 3) $(median 4) $(median 5) $(median 6) $(median 7) median"
} | column -t
gap=$(median 1) ra=$(median 3)
verdict=$(awk -v g="$gap" -v r="$ra" 'BEGIN { print g <= r + 50 ? "met" : "MISSED" }')
echo "bar: median gap $gap <= $ra + 50: $verdict"
[ "$verdict" = met ]
