#!/usr/bin/env bash
# What a link with IPv4 only costs: TCP of a mobile node behind a NAT, in UDP over IPv4 to its home agent and on to the
# correspondent, against plain IPv4 through the same NAT over the same hops, in turns. Prints medians and ratios, and fails
# above the bar: CPU is that of iperf3, the agents and ksoftirqd, in whose time packets are forwarded. T: seconds a run, N: rounds. Such packets go by way of the agent, whatever data path others take.
set -u
LAB=$(dirname "$0")/../lab
if [ -z "${MIP_LAB:-}" ]; then exec "$LAB/lab.sh" run "$0" "$@"; fi
. "$LAB/lab.sh"
. "$LAB/agents.sh"
. "$LAB/throughput.sh"
T=${T:-4} N=${N:-3}
# shellcheck disable=SC2034   # throughput.sh
FROM=mn TO=cn C=2001:db8:c::2 C4=203.0.113.2
AGENT=2001:db8:1::1 AGENT4=198.51.100.1 HOA=2001:db8:1::100 MN4=10.0.0.77
status=0
D=$(mktemp -d)

# link NODE DEV NODE DEV NETWORK: the first one has .1 there, the other .77
link() {
	ip link add "$2" netns "$1" type veth peer name "$4" netns "$3" && ip -n "$1" link set "$2" up && ip -n "$3" link set "$4" up &&
	ip -n "$1" addr add "$5.1/24" dev "$2" && ip -n "$3" addr add "$5.77/24" dev "$4"
}
# mn -- gw, the NAT -- ha -- cn
topology() {
	local n
	for n in mn gw ha cn; do ip netns add $n; ip -n $n link set lo up; lab_sysctl $n net.ipv6.conf.default.accept_dad=0; done
	lab_sysctl gw net.ipv4.ip_forward=1
	lab_sysctl ha net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
	ip -n ha link add home0 type veth peer name home1 && ip -n ha link set home0 up && ip -n ha link set home1 up &&
	ip -n ha addr add $AGENT/64 dev home0 nodad && ip -n ha addr add $AGENT4/24 dev home0 &&
	link gw in mn eth0 10.0.0 && link ha wan gw out 192.0.2 && link ha lan cn eth0 203.0.113 &&
	ip -n cn addr del 203.0.113.77/24 dev eth0 && ip -n cn addr add $C4/24 dev eth0 &&
	ip -n ha addr add 2001:db8:c::1/64 dev lan nodad && ip -n cn addr add $C/64 dev eth0 nodad &&
	ip -n cn route add default via 203.0.113.1 && ip -n cn route add default via 2001:db8:c::1 &&
	ip -n mn route add default via 10.0.0.1 && ip -n gw route add default via 192.0.2.1 &&
	lab_sysctl mn net.ipv6.conf.eth0.accept_ra=1 &&
	in_ns gw nft 'add table ip nat; add chain ip nat post { type nat hook postrouting priority 100; }; add rule ip nat post oif out masquerade random'
}
reaches() { in_ns mn ping -c1 -W1 -I "$1" "$2"; }
# away: the node is registered, and both ways carry packets
away() {
	agent ha && agent mn || return
	ha ha start dev home0 insecure radvd no ipv4 $AGENT4 &&
	mn mn start home $HOA prefix 2001:db8:1::/64 agent $AGENT dev eth0 ipv4 $AGENT4 &&
	mn mn wait registered timeout 60 && lab_wait 5 reaches $HOA $C && lab_wait 5 reaches $MN4 $C4 || return
	# shellcheck disable=SC2034   # throughput.sh
	pids=("$(show mn agent pid)" "$(show ha agent pid)")
}

trap 'rm -rf "$D"' EXIT
topology && away || { echo "ipv4: the node is not registered" >&2; exit 1; }
noise=$(busy_before)
for ((i = 0; i < N; i++)); do
	run plain-up $MN4; run tunnel-up $HOA
	run plain-down $MN4 -R; run tunnel-down $HOA -R
done
echo "--- through a NAT in UDP, $(uname -r), $N rounds of $T s; $noise % of the machine busy before, load $(cut -d' ' -f1-3 /proc/loadavg)"
ratio 'TCP, mobile node sends' tunnel up '$2' Mbit/s
ratio 'TCP, correspondent sends' tunnel down '$2' Mbit/s
ratio 'CPU of TCP sent, the tasks' tunnel up '$4 / $5' s/GB '<=' 2.5
ratio 'CPU of TCP received, the tasks' tunnel down '$4 / $5' s/GB '<=' 2.5
ratio 'CPU of TCP sent, whole machine' tunnel up '$3 / $5' s/GB
ratio 'CPU of TCP received, whole machine' tunnel down '$3 / $5' s/GB
exit $status
