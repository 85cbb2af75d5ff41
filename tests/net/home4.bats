#!/usr/bin/env bats
# An IPv4 home address (RFC 5555): its connections live on while the mobile node moves between links with IPv6, with IPv4
# behind a NAT, and home.

. "$BATS_TEST_DIRNAME/../lab/lab.sh"
. "$BATS_TEST_DIRNAME/../lab/agents.sh"
. "$BATS_TEST_DIRNAME/../lab/ipv4.sh"
. "$BATS_TEST_DIRNAME/../lab/traffic.sh"
. "$BATS_TEST_DIRNAME/../valid.sh"

HOA4=198.51.100.100 CN4=203.0.113.2 POOL4=198.51.100.192/28

setup_file() {
	lab_up && lab_ipv4 || return
	lab_sysctl ha net.ipv4.ip_forward=1 net.ipv4.conf.all.rp_filter=1
	lab_sysctl mn net.ipv4.conf.all.rp_filter=1
	ip -n r addr add 203.0.113.1/24 dev cn && ip -n cn addr add $CN4/24 dev eth0 &&
		ip -n cn route add default via 203.0.113.1
}
setup() { at_link home; }
teardown() {
	traffic_end
	agents_stop
	no_addr4
}

# at_link LINK: there, with what DHCP would give
at_link() {
	case $1 in
	home) no_addr4; lab_move home && addr4 198.51.100.77 198.51.100.254;;
	v4 | nat) move4 "$1";;
	*) no_addr4; lab_move "$1";;
	esac
}
ha4() { ha_start ipv4 $HA4; ha acl allow "$HOME_PREFIX" home4 $POOL4; ha acl allow $HOA home4 $HOA4; }
mn4() { mn_start ipv4 $HA4 home4 "${1:-$HOA4}"; }
# shellcheck disable=SC2120   # by lab_wait
pinged() {   # pinged [ADDRESS]
	in_ns cn ping -c 1 -W $((2 * MIP_SLOW)) "${1:-$HOA4}"
}
# away4 LINK: registered there, and reached by IPv4
away4() { at_link "$1" && lab_wait 20 eval '[ "$(show ha binding home4)" = $HOA4 ]' && lab_wait 20 pinged; }
kernel4() {
	in_ns "$1" sh -c 'ip -4 rule; ip -4 route show table all proto 119; ip -4 route show table all proto 120; ip -4 neigh show proxy; ip -4 -o addr show scope global | grep -v eth0 || true'
}

@test "one TCP connection over IPv4 through home, a foreign link, a NAT, another link and home: every byte arrives" {
	local before_mn before_ha
	ha4
	before_mn=$(kernel4 mn) before_ha=$(kernel4 ha)
	mn4
	mn mn wait home timeout $((60 * MIP_SLOW))
	pinged
	IP=4 WITH_ADDR=$HOA4 CN=$CN4 tcp_start
	away4 f1; tcp_flows
	json ha binding show | valid binding; json mn mn show | valid mn; json ha acl show | valid acl
	[ "$(show mn mn home4_status)" = success ]
	away4 nat; tcp_flows
	[ "$(show ha binding care_of)" = $NAT4 ]
	away4 f2; tcp_flows
	at_link home
	mn mn wait home timeout $((60 * MIP_SLOW))
	lab_wait 20 pinged
	tcp_flows
	tcp_stop
	mn mn stop
	lab_wait 10 no_agent mn
	diff <(echo "$before_mn") <(kernel4 mn)
	diff <(echo "$before_ha") <(kernel4 ha)
}

@test "an address that the home agent chooses: the source of what is sent away from home, and given back at home" {
	local given
	ha4
	ha acl del $HOA
	mn4 0.0.0.0
	mn mn wait home timeout $((60 * MIP_SLOW))
	[ "$(show mn mn home4)" = 0.0.0.0 ]
	at_link f1
	mn mn wait registered timeout $((60 * MIP_SLOW))
	given=$(show mn mn home4)
	[[ $given = 198.51.100.* ]] && [ "$(show ha binding home4)" = "$given" ]
	lab_wait 20 pinged "$given"
	# a source that nobody has chosen; neighbours are reached as they are
	[ "$(ip -n mn -j route get $CN4 | jq -r '.[0].prefsrc')" = "$given" ]
	at_link nat
	lab_wait 20 eval '[ "$(show ha binding care_of)" = $NAT4 ]'
	lab_wait 20 pinged "$given"
	[ "$(ip -n mn -j route get $CN4 | jq -r '.[0].prefsrc')" = "$given" ]
	[ "$(ip -n mn -j route get 10.0.0.1 | jq -r '.[0].dev')" = eth0 ]
	in_ns mn ping -c 1 -W 2 $CN4
	at_link home
	mn mn wait home timeout $((60 * MIP_SLOW))
	[ "$(show mn mn home4)" = 0.0.0.0 ]
	! ip -n mn -o addr | grep -F "$given" || false
}

# refused N: at least so many packets more than $before
refused() { [ "$(dropped)" -ge $((before + $1)) ]; }
dropped() { show ha agent tunnel_refused; }
# An IPv4 echo request from SOURCE to cn, in IPv6 from here to the home agent (v6) or in UDP (udp)
inject() {
	in_ns mn python3 - "$1" "$2" "$CN4" $HA $HA4 <<-'PY'
	import socket, struct, sys
	how, src, dst, ha, ha4 = sys.argv[1:]
	def summed(b):
	    s = sum(struct.unpack("!%dH" % (len(b) // 2), b))
	    while s >> 16: s = (s & 0xffff) + (s >> 16)
	    return struct.pack("!H", 0xffff - s)
	icmp = bytearray(struct.pack("!BBHHH", 8, 0, 0, 7, 7) + b"spoofed!"); icmp[2:4] = summed(bytes(icmp))
	ip = bytearray(struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(icmp), 1, 0, 64, 1, 0) + socket.inet_aton(src) + socket.inet_aton(dst))
	ip[10:12] = summed(bytes(ip))
	s = socket.socket(socket.AF_INET6, socket.SOCK_RAW, 4) if how == "v6" else socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
	s.sendto(bytes(ip + icmp), (ha, 0) if how == "v6" else (ha4, 4191))
	PY
}
heard() { grep -q "$1 > $CN4" /run/lab/heard; }

@test "nobody sends with an IPv4 home address that is not his, in IPv6 or in UDP" {
	local before
	ha4
	mn4
	away4 f1
	lab_bg cn /run/lab/heard tcpdump -lni eth0 icmp
	lab_wait 5 grep -q "listening on" /run/lab/heard
	before=$(dropped)
	inject v6 198.51.100.150
	inject v6 198.51.100.193
	inject v6 $HA4
	lab_wait 10 refused 3
	in_ns mn ping -c 1 -W 2 -I $HOA4 $CN4
	lab_wait 10 heard $HOA4
	away4 nat
	before=$(dropped)
	inject udp 198.51.100.150   # from another port than the binding's, too
	inject udp $HOA4
	lab_wait 10 refused 2
	in_ns mn ping -c 1 -W 2 -I $HOA4 $CN4
	for source in 198.51.100.150 198.51.100.193 $HA4; do ! heard $source || false; done
}

@test "what somebody removes of it is put back" {
	ha4
	mn4
	away4 f1
	ip -n mn -4 rule del priority 1190
	ip -n mn -4 route flush table all proto 119
	ip -n mn addr del $HOA4/32 dev mip0
	ip -n ha -4 route flush table all proto 119
	ip -n ha neigh del proxy $HOA4 dev eth0
	lab_wait 20 pinged
	lab_wait 20 in_ns mn ping -c 1 -W 2 $CN4
}

@test "a home agent that does not forward IPv4 says so when it is to give out addresses" {
	ha_start
	lab_sysctl ha net.ipv4.ip_forward=0
	run ha acl allow $HOA home4 $HOA4
	lab_sysctl ha net.ipv4.ip_forward=1
	[ "$status" -ne 0 ] && [[ $output = *"sysctl -w net.ipv4.ip_forward=1"* ]]
	ha acl allow $HOA home4 $HOA4
	[ "$(show ha acl home4)" = $HOA4/32 ]
	ha save | grep -qF "acl allow $HOA/128 home4 $HOA4/32"
}
