#!/usr/bin/env bash
# Route optimization against plain forwarding over the same three hops, in turns: TCP throughput, CPU for a GB of TCP both
# ways, CPU for a UDP packet of 1380 octets; and TCP through the tunnel of the home agent, which is on the way here, for
# the picture. Prints medians and ratios, and fails below the bar. T: seconds a run, N: rounds, MIP_PATH: the data path. CPU is that of the whole machine and, as others may use it too, that of the tasks involved; when more than a
# twentieth of the machine was busy before the first run, the latter is judged.
set -u
LAB=$(dirname "$0")/../lab
if [ -z "${MIP_LAB:-}" ]; then exec "$LAB/lab.sh" run "$0" "$@"; fi
. "$LAB/lab.sh"
. "$LAB/../bench/plot/data.sh"
. "$LAB/throughput.sh"
T=${T:-4} N=${N:-3} RATE=${RATE:-300M}
HM=2001:db8:1::100 AGENT=2001:db8:1::1 COA=2001:db8:2::2
export FROM=m TO=c C=2001:db8:3::2   # throughput.sh
status=0
D=$(mktemp -d); export MIP_RUN_DIR=$D

link() {   # link NODE SUBNET
	ip -n h link add "to-$1" type veth peer name e0 netns "$1"
	ip -n h link set "to-$1" up; ip -n "$1" link set e0 up
	ip -n h addr add "2001:db8:$2::1/64" dev "to-$1" nodad; ip -n "$1" addr add "2001:db8:$2::2/64" dev e0 nodad
	ip -n "$1" -6 route add default via "2001:db8:$2::1"
}
probe() {   # probe NODE: its input is a descriptor kept open
	mkfifo "$D/$1.in"
	nsenter --net="/run/netns/$1" "$MIP_BUILD/tests/net/roprobe" <"$D/$1.in" >"$D/$1.log" 2>&1 &
	pids+=($!)
	exec {fd}>"$D/$1.in"; input[$1]=$fd
	lab_wait 5 grep -q ready "$D/$1.log"
}
lines() { grep -cE '^(ok|error)' "$D/$1.log"; }
say() {   # say NODE LINE
	local n=$1 had; shift
	had=$(lines "$n"); echo "$*" >&"${input[$n]}"
	lab_wait 5 eval "[ \"\$(lines $n)\" -gt $had ]"
	[ "$(grep -E '^(ok|error)' "$D/$n.log" | tail -1)" = ok ] || { tail -3 "$D/$n.log"; exit 1; }
}
topology() {
	for n in m h c; do ip netns add $n; ip -n $n link set lo up; lab_sysctl $n net.ipv6.conf.default.accept_dad=0; done
	lab_sysctl h net.ipv6.conf.all.forwarding=1
	ip -n h addr add $AGENT/128 dev lo nodad
	link m 2; link c 3
	for n in m h c; do probe $n; say $n open ${MIP_PATH:-}; say $n quiet; done
	say m attach e0; say c attach e0; say h attach to-m; say h attach to-c
	say h bind $HM $COA $AGENT; say m away $HM $COA $AGENT
	optimize $COA
	lab_wait 5 in_ns m ping -c1 -W1 -I $HM $C && lab_wait 5 in_ns m ping -c1 -W1 -I $COA $C
}
optimize() { say c set remote $C $HM "$1"; say m set local $HM $C "$1"; }   # optimize CARE-OF-ADDRESS, or - for not

declare -A input; pids=()
trap 'kill "${pids[@]}" 2>/dev/null; rm -rf "$D"' EXIT
topology || exit 1
noise=$(busy_before)
for ((i = 0; i < N; i++)); do
	run plain-up $COA; run optimized-up $HM
	run plain-down $COA -R; run optimized-down $HM -R
	optimize -
	run tunnel-up $HM; run tunnel-down $HM -R
	optimize $COA
	run plain-udp $COA -u -l 1380 -b "$RATE"; run optimized-udp $HM -u -l 1380 -b "$RATE"
done
echo "--- route optimization, $(uname -r), $N rounds of $T s; $noise % of the machine busy before, load $(cut -d' ' -f1-3 /proc/loadavg)"
for way in plain tunnel optimized; do
	printf '%-34s %8.2f up %8.2f down Mbit/s\n' "TCP, $way" "$(median $way-up '$2')" "$(median $way-down '$2')"
done
ratio 'TCP, mobile node sends' optimized up '$2' Mbit/s '>=' 0.6
ratio 'TCP, correspondent sends' optimized down '$2' Mbit/s '>=' 0.6
what=3 other=4
[ "$noise" -le 5 ] || what=4 other=3
declare -A of=([3]='whole machine' [4]='the tasks')
ratio "CPU of TCP sent, ${of[$what]}" optimized up "\$$what / \$5" ms/MB '<=' 2
ratio "CPU of TCP received, ${of[$what]}" optimized down "\$$what / \$5" ms/MB '<=' 2
ratio "CPU of UDP, ${of[$what]}" optimized udp "\$$what * 1000 / \$6" us/packet '<=' 3
ratio "CPU of TCP sent, ${of[$other]}" optimized up "\$$other / \$5" ms/MB
ratio "CPU of TCP received, ${of[$other]}" optimized down "\$$other / \$5" ms/MB
ratio "CPU of UDP, ${of[$other]}" optimized udp "\$$other * 1000 / \$6" us/packet
path=$(sed -n 's/^path //p' "$D/h.log" | tail -n 1)
data_open path "$path" "way, Mbit/s up, Mbit/s down, CPU ms/MB up, down"
for way in plain tunnel optimized; do
	data_row path $way "$(median $way-up '$2')" "$(median $way-down '$2')" "$(median $way-up "\$$what / \$5")" "$(median $way-down "\$$what / \$5")"
done
exit $status
