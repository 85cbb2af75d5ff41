#!/usr/bin/env bash
# What IPsec costs at a handover: the gap in a 10 ms ping, ten times between foreign links 1 and 2, without IPsec and with
# all four protections, against the bar "median with <= median without + 30 %". Fails when the bar is missed.
#
#	tests/bench/ipsec.sh [MOVES]
dir=$(cd "$(dirname "$0")" && pwd)
moves=${1:-10}
die() { echo "ipsec: $*" >&2; exit 1; }

# In a network of its own: gaps on stdout, one a line.
measure() {
	. "$dir/../lab/lab.sh"
	. "$dir/../lab/traffic.sh"
	local keys=/run/lab/keys n link
	lab_up || die "no network"
	: > $keys
	[ "$1" = off ] || (umask 077; rm $keys; mip ipsec gen home "$HOA" agent "$HA" > $keys)
	for n in ha mn; do
		in_ns $n mip agent start || die "no agent"
		in_ns $n mip -b $keys || exit 2
	done
	in_ns ha mip ha start dev eth0 insecure || die "no home agent"
	in_ns mn mip mn start home "$HOA" prefix "$HOME_PREFIX" agent "$HA" dev eth0 || die "no mobile node"
	in_ns mn mip mn wait home timeout $((10 * MIP_SLOW)) || die "the node is not at home"
	mkdir -p "$T"
	{ monitor_start && ping_start && move_to f2; } >&2 || die "no traffic"
	for ((n = 0; n < moves; n++)); do
		link=f$((n % 2 + 1))
		move_to $link >&2 || die "no traffic after move $n"
		gap_of "$MOVED" | cut -d' ' -f1
	done
}

case ${MIP_LAB:+$2} in off | on) measure "$2"; exit;; esac
median() { sort -n | awk '{ v[NR] = $1 } END { printf "%.1f", (v[int((NR + 1) / 2)] + v[int(NR / 2) + 1]) / 2 }'; }
off=$("$dir/../lab/lab.sh" run "$0" "$moves" off) || exit
on=$("$dir/../lab/lab.sh" run "$0" "$moves" on)
case $? in 0) ;; 2) echo "SKIP: no ESP in this kernel (CONFIG_INET6_ESP)"; exit 0;; *) exit 1;; esac
off=$(median <<< "$off") on=$(median <<< "$on")
verdict=$(awk -v a="$off" -v b="$on" 'BEGIN { print b <= 1.3 * a ? "met" : "MISSED" }')
echo "handover foreign 1 <-> foreign 2, $moves moves, kernel $(uname -r): median gap $off ms without IPsec, $on ms with; bar +30 %: $verdict"
[ "$verdict" = met ]
