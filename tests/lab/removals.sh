#!/usr/bin/env bash
# `make removals`: somebody removes what is the agents' from the kernel, a random thing every 2 s, at the home agent and at
# the mobile node, which is away. Each time the node must be reachable again within LIMIT s (3; times MIP_SLOW), and at the
# end everything that is the agents' must be there as it was, and nothing else.
#
#   tests/lab/removals.sh [SECONDS] [SEED]
[ -n "${MIP_LAB:-}" ] || exec "$(dirname "$0")/lab.sh" run "$0" "$@"
. "$(dirname "$0")/lab.sh"
seconds=${1:-600} seed=${2:-$((EPOCHSECONDS % 32768))} limit=$((3 * MIP_SLOW))
RANDOM=$seed   # one sequence of removals for each seed
T=/run/lab/removals
mkdir -p "$T"

die() { echo "removals: $*" >&2; exit 1; }
json() { in_ns "$1" mip -j "${@:2}"; }
# Through the tunnel, of which the router is no correspondent node, and by route optimization.
reachable() {
	in_ns r ping -c 1 -W 0.5 "$HOA" >/dev/null && in_ns mn ping -c 1 -W 0.5 -I "$HOA" 2001:db8:c::1 >/dev/null &&
		in_ns cn ping -c 1 -W 0.5 "$HOA" >/dev/null && in_ns mn ping -c 1 -W 0.5 -I "$HOA" "$CN" >/dev/null
}
optimized() { reachable && in_ns mn mip ro show peer "$CN" | grep -q optimized; }
# What is to be seen when it stays dark.
dark() {
	echo "in $n, $what: not reachable at all"
	json mn mn show; json ha binding show; json mn ro show
	for n in mn ha; do diff "$T/$n" <(picture $n); done
	in_ns r ping -c 2 -W 1 "$HOA"; in_ns cn ping -c 2 -W 1 "$HOA"
	tail -n 20 /run/mip/*.log
}
now_ms() { echo $((${EPOCHREALTIME/./} / 1000)); }

# What is the agents': devices without their numbers, addresses on them, routes, rules, proxies, nft tables, sysctls.
picture() {
	in_ns "$1" sh -c '
		ip -o link show | sed -n "/ mip[0r]/{s/^[0-9]*: //; s/ qlen [0-9]*//; s/ permaddr [0-9a-f:]*//; p}"; ip -6 -o addr show dev mip0 | sed "s/^[0-9]*: //"
		for p in 119 120; do ip -6 route show table all proto $p | sed "s/ pref [a-z]*//; s/ hoplimit [0-9]*//"; done
		ip -6 rule show; ip -6 neigh show proxy
		nft -s list table ip6 mip; nft -s list table netdev mip
		sysctl -n net.ipv6.conf.eth0.proxy_ndp net.ipv6.neigh.eth0.proxy_delay net.ipv6.conf.eth0.optimistic_dad' 2>&1 |
		sed 's/ counter packets [0-9]* bytes [0-9]*//; s/^\(table ip6 mip {\|table netdev mip {\).*/\1/' | sort
}
same_picture() { diff "$T/$1" <(picture "$1"); }

# Of either role, and of one.
everywhere=(
	'ip -6 route flush proto 119'
	'ip -6 route flush table all proto 119'
	'ip -6 route flush dev mip0'
	'ip link set mip0 down; ip link set mip0 up'
	'ip link set mip0 down'
	'ip link set mip0 down; ip link set mip0 name was0'
	'ip link del mip0'
	'ip link set mip0 mtu 1200'
	'ip link set mipro down'
	'ip link set mipro down; ip link set mipro name was1'
	'ip link del mipro'
	'nft flush ruleset'
	'nft delete table ip6 mip'
	'nft flush table ip6 mip'
	'sysctl -qw net.ipv6.conf.mip0.disable_ipv6=1'
	'sysctl -qw net.ipv6.conf.mip0.disable_ipv6=1; sysctl -qw net.ipv6.conf.mip0.disable_ipv6=0'
	'sysctl -qw net.ipv6.conf.mipro.disable_ipv6=1; sysctl -qw net.ipv6.conf.mipro.disable_ipv6=0'
)
at_ha=(
	"ip -6 route del $HOA/128 dev mip0 proto 119 metric 119"
	"ip -6 neigh del proxy $HOA dev eth0"
	'sysctl -qw net.ipv6.conf.eth0.proxy_ndp=0'
	'sysctl -qw net.ipv6.conf.all.proxy_ndp=0'
)
at_mn=(
	'ip -6 addr flush dev mip0'
	"ip -6 addr del $HOA/128 dev mip0"
	'ip -6 route flush table 1190'
	'ip -6 route flush table all proto 120'
	'ip -6 rule del pref 1190'
	'ip -6 rule flush proto 119'
	'ip -6 rule flush; ip -6 rule add pref 32766 lookup main'
	'sysctl -qw net.ipv6.conf.all.disable_ipv6=1; sysctl -qw net.ipv6.conf.all.disable_ipv6=0'
)

lab_up || die "no network"
in_ns ha mip ha start dev eth0 insecure || die "no home agent"
in_ns cn mip cn start || die "no correspondent node"
in_ns mn mip mn start home "$HOA" prefix "$HOME_PREFIX" agent "$HA" dev eth0 || die "no mobile node"
lab_move f1
in_ns mn mip mn wait registered timeout $((30 * MIP_SLOW)) || die "not registered"
lab_wait 20 optimized || die "not reachable by both ways"
for n in mn ha; do picture $n > "$T/$n"; done
pids="$(json mn agent show | jq '.[0].pid') $(json ha agent show | jq '.[0].pid')"

echo "removals: $seconds s, SEED=$seed, kernel $(uname -r), $(json mn agent show | jq -r '.[0].path') tunnel"
end=$(($(now_ms) + seconds * 1000)) done=0 late=0 worst=0 sum=0
while [ "$(now_ms)" -lt $end ]; do
	if ((RANDOM % 2)); then n=ha list=("${everywhere[@]}" "${at_ha[@]}"); else n=mn list=("${everywhere[@]}" "${at_mn[@]}"); fi
	what=${list[RANDOM % ${#list[@]}]}
	in_ns $n sh -c "$what" 2>/dev/null   # a part of it may be nothing to this back end
	begun=$(now_ms) done=$((done + 1))
	until reachable; do
		[ $(($(now_ms) - begun)) -lt $((limit * 5000)) ] || { dark; exit 1; }
	done
	took=$(($(now_ms) - begun)) sum=$((sum + took))
	[ $took -le $worst ] || worst=$took
	[ $took -le $((limit * 1000)) ] || { late=$((late + 1)); echo "removal $done in $n, $what: reachable after $took ms"; }
	rest=$((2000 * MIP_SLOW - took))
	[ $rest -lt 0 ] || sleep "$((rest / 1000)).$(printf %03d $((rest % 1000)))"
done
status=$((late > 0))
for n in mn ha; do
	lab_wait 10 same_picture $n || { echo "not as it was in $n:"; same_picture $n; status=1; }
done
[ "$(json mn agent show | jq '.[0].pid') $(json ha agent show | jq '.[0].pid')" = "$pids" ] || { echo "other agents than before"; status=1; }
echo "$done removals, reachable again after $((sum / done)) ms on average, $worst ms at most; $late later than $limit s"
exit $status
