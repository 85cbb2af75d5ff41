#!/usr/bin/env bash
# What `mip` costs beside a real agent: CPU from start to answer, and the list of N bindings (100000) that really are in
# the cache. Bars are ratios to programs of others in the same run: a short command at most twice the CPU of
# `ip -6 address show`, a long list at most the CPU of `jq` that reads it, in 20 MiB.
set -u
LAB=$(dirname "$0")/../lab
if [ -z "${MIP_LAB:-}" ]; then exec "$LAB/lab.sh" run "$0" "$@"; fi
. "$LAB/lab.sh"
N=${N:-100000}

cost() { in_ns ha python3 "$LAB/../cost.py" "$@"; }

ip netns add ha && ip netns add load && ip -n ha link set lo up || exit
lab_sysctl ha net.ipv6.conf.all.forwarding=1 net.ipv6.conf.default.accept_dad=0
ip -n ha link add home0 type veth peer name home1 && ip -n ha link set home0 up && ip -n ha link set home1 up
ip link add wire netns ha type veth peer name wire netns load && ip -n ha link set wire up && ip -n load link set wire up
ip -n ha addr add 2001:db8:1::1/64 dev home0 nodad && ip -n ha addr add 2001:db8:9::1/64 dev wire nodad
ip -n load addr add 2001:db8:9::2/64 dev wire nodad
ip -n ha route add 2001:db8:f0::/64 via 2001:db8:9::2
in_ns ha mip ha start dev home0 insecure radvd no max-bindings 1000000 || exit

agent_ms() { in_ns ha sh -c 'sed "s/.*) //" /proc/$(mip -j agent show | jq .[0].pid)/stat' | awk '{ print ($12 + $13) * 10 }'; }

status=0
# bar WHAT VALUE MOST UNIT
bar() {
	awk -v w="$1" -v v="$2" -v m="$3" -v u="$4" 'BEGIN { printf "bar: %s %s <= %s %s: %s\n", w, v, m, u, v <= m ? "met" : "MISSED"; exit v > m }' ||
		status=1
}
ratio() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f", a / b }'; }

read -r _ base _ < <(cost 200 ip -6 address show)
echo "ip -6 address show: $base ms CPU"
for words in "" "-V" "help" "agent show" "binding show" "-j stats"; do
	# shellcheck disable=SC2086
	read -r wall cpu _ < <(cost 200 mip $words)
	echo "mip $words: $cpu ms CPU, $wall ms from start to end"
	bar "mip $words" "$(ratio "$cpu" "$base")" 2 "of ip -6 address show"
done
lab_wait 5 in_ns ha ping -c1 -W1 2001:db8:9::2
in_ns load "$MIP_BUILD/tests/bench/buload" wire "$(ip -n ha -j link show wire | jq -r '.[0].address')" 2001:db8:1::1 \
	2001:db8:1:: 2001:db8:f0:: "$N" > /run/lab/buload || { cat /run/lab/buload; exit 1; }
in_ns ha mip -j binding show > /run/lab/list.json
read -r _ base _ < <(cost 1 jq . /run/lab/list.json)
echo "jq reads the list: $base ms CPU"
for words in "binding show" "-br binding show" "-j binding show"; do
	before=$(agent_ms)
	# shellcheck disable=SC2086
	read -r wall cpu peak < <(cost 1 mip $words)
	echo "$N bindings, mip $words: $wall ms, CPU $cpu ms of mip and $(($(agent_ms) - before)) ms of the agent, at most $peak KiB"
	bar "mip $words" "$(ratio "$cpu" "$base")" 1 "of jq"
	bar "mip $words" "$peak" 20480 KiB
done
in_ns ha mip agent stop
exit $status
