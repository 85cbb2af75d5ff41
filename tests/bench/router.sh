#!/usr/bin/env bash
# Forwarding through a mobile router, of each data path: TCP of a host behind it, through the tunnel to the home agent and
# on to the correspondent, against plain forwarding over the same hops, in turns. Prints medians and ratios, and fails below
# the bar. T: seconds a run, N: rounds, MIP_PATH: that data path only.
set -u
LAB=$(dirname "$0")/../lab
if [ -z "${MIP_LAB:-}" ]; then
	export MIP_PATHS="${MIP_PATH:-tun bpf}" MIP_PATH=
	exec "$LAB/lab.sh" run "$0" "$@"
fi
. "$LAB/lab.sh"
. "$LAB/agents.sh"
. "$LAB/throughput.sh"
T=${T:-4} N=${N:-3}
export FROM=h1 TO=cn C=2001:db8:c::2   # throughput.sh
status=0
AGENT=2001:db8:1::1 HOA=2001:db8:1::100 BEHIND=2001:db8:77::2 PLAIN=2001:db8:78::2
D=$(mktemp -d)

# link NODE DEV NODE DEV PREFIX: the first one has ::1 there, the other ::2
link() {
	ip link add "$2" netns "$1" type veth peer name "$4" netns "$3" && ip -n "$1" link set "$2" up && ip -n "$3" link set "$4" up &&
	ip -n "$1" addr add "$5::1/64" dev "$2" nodad && ip -n "$3" addr add "$5::2/64" dev "$4" nodad
}
# h1 has two links to the mobile router: one of the mobile network, and one nobody moves.
topology() {
	local n
	for n in h1 mn ha cn; do ip netns add $n; ip -n $n link set lo up; lab_sysctl $n net.ipv6.conf.default.accept_dad=0; done
	lab_sysctl ha net.ipv6.conf.all.forwarding=1
	lab_sysctl mn net.ipv6.conf.all.forwarding=1
	ip -n ha link add home0 type veth peer name home1 && ip -n ha link set home0 up && ip -n ha link set home1 up &&
	ip -n ha addr add $AGENT/64 dev home0 nodad &&
	link ha to-cn cn e0 2001:db8:c && link ha to-mn mn e0 2001:db8:f1 &&
	link mn lan0 h1 e0 2001:db8:77 && link mn lan1 h1 e1 2001:db8:78 || return
	ip -n cn -6 route add default via 2001:db8:c::1
	ip -n h1 -6 route add default via 2001:db8:77::1
	ip -n h1 -6 route add default via 2001:db8:78::1 table 78 && ip -n h1 -6 rule add from $PLAIN table 78
	ip -n ha -6 route add 2001:db8:78::/64 via 2001:db8:f1::2
	lab_advertise to-mn 2001:db8:f1::/64 | lab_radvd ha
}
reaches() { in_ns h1 ping -c1 -W1 -I "$1" $C; }
# away PATH: the mobile router is registered, on that data path, and both ways carry packets
away() {
	agent ha --path "$1" && agent mn --path "$1" || return
	ha ha start dev home0 insecure radvd no && ha acl allow $HOA network 2001:db8:77::/64 &&
	mn mn start home $HOA prefix 2001:db8:1::/64 agent $AGENT dev e0 network 2001:db8:77::/64 dev lan0 &&
	mn mn wait registered timeout 60 && lab_wait 5 reaches $BEHIND && lab_wait 5 reaches $PLAIN || return
	# shellcheck disable=SC2034   # throughput.sh
	pids=("$(show mn agent pid)" "$(show ha agent pid)")
}
back() { mn agent stop; ha agent stop; }

trap 'rm -rf "$D"' EXIT
topology || exit 1
for path in $MIP_PATHS; do
	rm -f "$D/result"
	away "$path" || { echo "router: no tunnel on data path $path" >&2; exit 1; }
	noise=$(busy_before)
	for ((i = 0; i < N; i++)); do
		run plain-up $PLAIN; run "$path-up" $BEHIND
		run plain-down $PLAIN -R; run "$path-down" $BEHIND -R
	done
	back
	echo "--- through a mobile router, $path, $(uname -r), $N rounds of $T s; $noise % of the machine busy before, load $(cut -d' ' -f1-3 /proc/loadavg)"
	case $path in bpf) bar=0.6 ;; *) bar=0.15 ;; esac
	ratio 'TCP, host behind it sends' "$path" up '$2' Mbit/s '>=' $bar
	ratio 'TCP, correspondent sends' "$path" down '$2' Mbit/s '>=' $bar
	ratio 'CPU of TCP sent, the tasks' "$path" up '$4 / $5' ms/MB
	ratio 'CPU of TCP received, the tasks' "$path" down '$4 / $5' ms/MB
done
exit $status
