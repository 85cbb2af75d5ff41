#!/usr/bin/env bash
# Roaming between two links with IPv4 only, one of them behind a NAT, beside what WireGuard does there: how long after the
# address is there until an echo is answered, when the node sends and when it is only sent to, with an address at once and
# one a second after the link, as DHCP gives it. WireGuard sends a keepalive every 25 s, as it recommends behind a NAT. Wants
# a kernel with WireGuard, and `wg`: tests/kernel/vm -- tests/bench/roaming.sh. roaming.sh [MOVES]
[ -n "${MIP_LAB:-}" ] || exec "$(dirname "$0")/../lab/lab.sh" run "$0" "$@"
. "$(dirname "$0")/../lab/lab.sh"
. "$(dirname "$0")/../lab/agents.sh"
. "$(dirname "$0")/../lab/ipv4.sh"
. "$(dirname "$0")/../lab/traffic.sh"
moves=${1:-4}
INNER=2001:db8:99::2   # of the node in WireGuard's tunnel

die() { echo "roaming: $*" >&2; exit 1; }
command -v wg > /dev/null && modprobe wireguard 2>/dev/null || { echo "SKIP: no WireGuard here (wireguard-tools, CONFIG_WIREGUARD)"; exit 0; }

wireguard() {
	local n
	umask 077
	for n in ha mn; do
		ip -n $n link add wg0 type wireguard && wg genkey > /run/lab/$n.key && wg pubkey < /run/lab/$n.key > /run/lab/$n.pub || return
	done
	in_ns ha wg set wg0 private-key /run/lab/ha.key listen-port 51820 peer "$(cat /run/lab/mn.pub)" allowed-ips $INNER/128 &&
		in_ns mn wg set wg0 private-key /run/lab/mn.key peer "$(cat /run/lab/ha.pub)" allowed-ips ::/0 \
			endpoint $HA4:51820 persistent-keepalive 25 &&
		for n in ha mn; do ip -n $n link set wg0 up || return; done
	ip -n ha route add $INNER/128 dev wg0 && ip -n mn addr add $INNER/128 dev wg0 &&
		ip -n mn route add 2001:db8:c::/64 dev wg0 && ip -n r route add 2001:db8:99::/64 via $HA
}
mobile_ipv6() { ha_start ipv4 $HA4 && mn_start ipv4 $HA4; }

# back LINK PAUSE: moves the node; milliseconds from its address there to the first answer
back() {
	local at
	no_addr4 && lab_move "$1" || return
	read -rt "$2" _ <>/run/lab/silence
	at=${EPOCHREALTIME/./}
	case $1 in v4) addr4 $MN4 192.0.2.254;; nat) addr4 10.0.0.77 10.0.0.1;; esac
	lab_wait 60 reply_after "$at" &&
		awk -v t="$at" -F'[][]' '/bytes from/ && $2 * 1e6 > t { printf "%.0f\n", ($2 * 1e6 - t) / 1e3; exit }' $T/ping
}
# measure PAUSE NODE ADDRESS SOURCE: median and the longest, under echo requests from that node
measure() {
	local i link
	mkdir -p $T
	lab_bg "$2" $T/ping "$MIP_BUILD/tests/lab/gapping" "$PING_MS" "$3" "$4"
	echo $! > $T/ping.pid
	lab_wait 60 replies 3 || return
	for ((i = 0; i < moves; i++)); do
		link=nat; [ $((i % 2)) = 0 ] || link=v4
		back $link "$1" || return
	done | sort -n | awk '{ v[NR] = $1 } END { printf "%d %d\n", v[int((NR + 1) / 2)], v[NR] }'
	ping_stop
	rm -r $T
}
all() {   # all NAME ADDRESS
	local pause how
	for pause in 0.01 1; do
		how=$([ $pause = 1 ] && echo "1 s after the link" || echo "at once")
		rows+=("$1;$how;the node sends;$(measure $pause mn $CN "$2" | tr ' ' ';')")
		rows+=("$1;$how;it is sent to;$(measure $pause cn "$2" $CN | tr ' ' ';')")
	done
}

lab_up && lab_ipv4 || die "no network"
lab_sysctl mn net.ipv4.ping_group_range="0 0"
move4 v4
wireguard || die "no tunnel of WireGuard"
all WireGuard $INNER
ip -n mn link del wg0; ip -n ha link del wg0
mobile_ipv6 && lab_wait 60 mn mn wait registered timeout 60 || die "the node is not registered"
all mip $HOA
echo "back after a move to another link with IPv4 only, $moves moves each, kernel $(uname -r), an echo every $PING_MS ms"
{ echo "what;address;traffic;median ms;longest ms"; printf '%s\n' "${rows[@]}"; } | column -t -s';'
