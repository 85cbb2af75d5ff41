#!/usr/bin/env bash
# What `mip` costs beside a real agent: CPU from start to answer, and the list of N bindings (100000) that really are in
# the cache. Time is of `mip` and of its agent together where it is wall clock; where others use the machine, too, it is
# more than the CPU both took.
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

for words in "" "-V" "help" "agent show" "binding show" "-j stats"; do
	# shellcheck disable=SC2086
	read -r wall cpu _ < <(cost 100 mip $words)
	echo "mip $words: $cpu ms CPU, $wall ms from start to end (at most 5 ms CPU)"
done
lab_wait 5 in_ns ha ping -c1 -W1 2001:db8:9::2
in_ns load "$MIP_BUILD/tests/bench/buload" wire "$(ip -n ha -j link show wire | jq -r '.[0].address')" 2001:db8:1::1 \
	2001:db8:1:: 2001:db8:f0:: "$N" > /run/lab/buload || { cat /run/lab/buload; exit 1; }
for words in "binding show" "-br binding show" "-j binding show"; do
	# shellcheck disable=SC2086
	before=$(agent_ms)
	read -r wall cpu peak < <(cost 1 mip $words)
	echo "$N bindings, mip $words: $wall ms, CPU $cpu ms of mip and $(($(agent_ms) - before)) ms of the agent, at most $peak KiB (at most 2000 ms, 20480 KiB)"
done
in_ns ha mip agent stop
