#!/usr/bin/env bash
# 1,000 nodes with bindings of 8 s keep them under floods of Binding Updates (tests/net/flood.bats, for longer): ten times
# what they send; ten times the 5 a second each of them may send. And Home Test Inits at full speed: memory of the agent
# and the CPU time it takes. FLOOD: seconds.
set -u
HERE=$(dirname "$0")
LAB=$HERE/../lab
if [ -z "${MIP_LAB:-}" ]; then
	for rate in 2500 50000; do
		echo "--- $rate Binding Updates a second"
		FLOOD=${FLOOD:-30} RATE=$rate "$HERE/../net.sh" "$HERE/../net/flood.bats" | grep -E '^(#|not)' || exit
	done
	exec "$LAB/lab.sh" run "$0" "$@"
fi
. "$LAB/lab.sh"
N=${N:-500000}

agent() { in_ns cn mip -j agent show | jq ".[0].$1"; }
cpu() { awk -v t="$(getconf CLK_TCK)" '{ printf "%d", ($14 + $15) * 1000 / t }' "/proc/$(agent pid)/stat"; }
flood() { in_ns r "$MIP_BUILD/tests/bench/rrflood" cn 02:00:00:00:0c:02 $CN "$1"; }

lab_up || exit
ip -n r -6 route add blackhole 2001:db8:77::/48
in_ns cn mip cn start || exit
flood 5000 >/dev/null
memory=$(agent memory) used=$(cpu)
out=$(flood "$N")
used=$(($(cpu) - used)) memory=$(($(agent memory) - memory))
read -r _ _ _ ms _ <<<"$out"
echo "tests asked: $out; $(in_ns cn mip -j cn show | jq -r '.[0] | "reached the agent \(.rx_test), over the limit \(.rx_limited)"')"
echo "$((2 * N * 1000 / ms)) a second for $ms ms: memory +$memory bytes, CPU $used ms = $((used * 100 / ms)) % of one"
in_ns cn mip agent stop
[ "$memory" -le 65536 ] || { echo "bar: memory does not grow: MISSED"; exit 1; }
echo "bar: memory does not grow: met"
