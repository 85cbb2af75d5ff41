#!/usr/bin/env bash
# How soon packets travel directly. Ten first packets to a correspondent that was never spoken to: until both directions are
# optimized; bar: median <= 5 round trips through the home agent + 50 ms. Ten handovers under traffic: from the home
# agent's acknowledgement until optimized again; bar: median <= 200 ms. Fails when a bar is missed. optimize.sh [RUNS]
[ -n "${MIP_LAB:-}" ] || exec "$(dirname "$0")/../lab/lab.sh" run "$0" "$@"
. "$(dirname "$0")/../lab/lab.sh"
. "$(dirname "$0")/../lab/agents.sh"
. "$(dirname "$0")/../lab/traffic.sh"
. "$(dirname "$0")/../lab/wire.sh"
runs=${1:-10}

die() { echo "optimize: $*" >&2; exit 1; }
median() { sort -n | awk '{ v[NR] = $1 } END { printf "%.2f", (v[int((NR + 1) / 2)] + v[int(NR / 2) + 1]) / 2 }'; }
bar() { awk -v v="$1" -v bar="$2" 'BEGIN { print v <= bar ? "met" : "MISSED" }'; }
ms() { awk -v us="$1" 'BEGIN { printf "%.2f", us / 1e3 }'; }

lab_up || die "no network"
in_ns ha mip ha start dev eth0 insecure || die "no home agent"
in_ns cn mip cn start || die "no correspondent node"
in_ns mn mip mn start home "$HOA" prefix "$HOME_PREFIX" agent "$HA" dev eth0 || die "no mobile node"
lab_move f1
in_ns mn mip mn wait registered timeout 20 || die "the node is not registered"
mkdir -p "$T"

# Packets have been through the tunnel, and neighbours are known.
in_ns mn mip ro add peer "$CN/128" policy never || die "no policy"
rtt=$(in_ns mn ping -n -q -c 20 -i 0.05 -I "$HOA" "$CN" | awk -F/ '/^rtt/ { print $5 }')
in_ns mn mip ro del peer "$CN/128"
[ -n "$rtt" ] || die "no echo through the tunnel"

forgotten() { [ "$(json cn binding show)" = "[]" ] && ! ro_is mn "$CN" optimized; }
# A first packet is one after which nothing was ever said to this correspondent: the agents start anew.
afresh() {
	in_ns mn mip agent stop; in_ns cn mip agent stop
	lab_wait 10 sh -c "[ \"\$(pgrep -xc mipd)\" = 1 ]"
	in_ns cn mip cn start && in_ns mn mip mn start home "$HOA" prefix "$HOME_PREFIX" agent "$HA" dev eth0 &&
		in_ns mn mip mn wait registered timeout 20 && lab_wait 10 forgotten
}
# Until the first reply that came both ways directly, by the clock of the router.
first_to_optimized() {
	local coa t; coa=$(care_of mn)
	wire_start || return
	ping_start
	lab_wait 20 optimized f1 && wire_more "$(with_hao 58 "$HOA" "$coa")" && wire_more "$(with_rh2 58 "$HOA" "$coa")" || return
	t=$({ tcpdump -tt -n -r $WIRE -c 1 "src host $CN and dst host $HOA and ip6 proto 58"
		tcpdump -tt -n -r $WIRE -c 1 "$(with_hao 58 "$HOA" "$coa")"
		tcpdump -tt -n -r $WIRE -c 1 "$(with_rh2 58 "$HOA" "$coa")"; } 2>/dev/null | cut -d' ' -f1)
	ping_stop; wire_stop
	awk 'NR == 1 { t = $1 } { if ($1 > last) last = $1 } END { printf "%.2f\n", (last - t) * 1e3 }' <<<"$t"
}
for ((i = 0; i < runs; i++)); do
	afresh || die "the agents did not start again"
	first_to_optimized || die "run $i did not become optimized"
done > "$T/first"

{ ping_start && monitor_start && lab_wait 20 optimized f1; } || die "no traffic"
for ((i = 0; i < runs; i++)); do
	link=f$(((i + 1) % 2 + 1))
	{ move_to $link && lab_wait 20 optimized $link; } || die "handover $i"
	echo "$(ms "$(ro_back "$MOVED")") $(gap_of "$MOVED" | cut -d' ' -f1)"
done > "$T/back"

first=$(median < "$T/first") back=$(cut -d' ' -f1 "$T/back" | median)
want=$(awk -v r="$rtt" 'BEGIN { printf "%.2f", 5 * r + 50 }')
echo "route optimization, $runs runs each, kernel $(uname -r), $(in_ns mn mip -j agent show | jq -r .[0].path) tunnel, milliseconds"
{
	echo "run first-packet->both-ways home-BA->optimized gap-of-that-handover"
	paste -d' ' "$T/first" "$T/back" | nl -w1 -s' '
	echo "median $first $back $(cut -d' ' -f2 "$T/back" | median)"
} | column -t
verdicts=("$(bar "$first" "$want")" "$(bar "$back" 200)")
echo "round trip through the home agent: $rtt"
echo "bar: first packet -> optimized both ways $first <= 5 x $rtt + 50 = $want: ${verdicts[0]}"
echo "bar: home BA -> optimized again $back <= 200: ${verdicts[1]}"
[ "${verdicts[*]}" = "met met" ]
