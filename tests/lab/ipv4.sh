# Links without IPv6 in the test network, where an address is what DHCP would give. Sourced after lab.sh.
#
#   v4    192.0.2.0/24, router r (.254); the home agent is 198.51.100.1 on the home link
#   nat   10.0.0.0/24 behind gw (.1), which is 192.0.2.10 on v4 and takes a port at random for each connection
# shellcheck shell=bash

HA4=198.51.100.1 MN4=192.0.2.77 NAT4=192.0.2.10
export HA4 MN4 NAT4

lab_ipv4() {   # builds them
	local n
	ip netns add gw && ip -n gw link set lo up || return
	for n in v4 nat; do
		ip -n sw link add $n type bridge stp_state 0 forward_delay 0 mcast_snooping 0 && ip -n sw link set $n up || return
	done
	lab_link r v4 02:00:00:00:04:01 v4
	for n in out,v4 in,nat; do
		ip link add "${n%,*}" netns gw type veth peer name "gw-${n%,*}" netns sw || return
		ip -n sw link set "gw-${n%,*}" master "${n#*,}" up && ip -n gw link set "${n%,*}" up || return
	done
	lab_sysctl r net.ipv4.ip_forward=1 net.ipv6.conf.v4.disable_ipv6=1
	lab_sysctl gw net.ipv4.ip_forward=1 net.ipv6.conf.all.disable_ipv6=1
	ip -n r addr add 192.0.2.254/24 dev v4 && ip -n r addr add 198.51.100.254/24 dev home &&
		ip -n ha addr add $HA4/24 dev eth0 && ip -n ha route add default via 198.51.100.254 &&
		ip -n gw addr add $NAT4/24 dev out && ip -n gw addr add 10.0.0.1/24 dev in &&
		ip -n gw route add default via 192.0.2.254 || return
	nat_rules
}
nat_rules() {
	in_ns gw nft -f - <<-NFT
	table ip nat { chain post { type nat hook postrouting priority 100; oif out masquerade random; }; }
	NFT
}
# Reboots gw: it knows nothing of the connections any more.
nat_reboot() {
	ip -n gw link set out down && ip -n gw link set out up && ip -n gw route add default via 192.0.2.254
}
# nat_forgets SECONDS: after that many without a packet
nat_forgets() { lab_sysctl gw net.netfilter.nf_conntrack_udp_timeout="$1" net.netfilter.nf_conntrack_udp_timeout_stream="$1"; }
nat_forgot() { ! in_ns gw grep -q "src=10.0.0.77 " /proc/net/nf_conntrack; }
# behind_nat NAME N: another node, for good, with address 10.0.0.N
behind_nat() {
	ip netns add "$1" && ip -n "$1" link set lo up || return
	lab_link "$1" eth0 "02:00:00:00:10:$(printf %02x "$2")" nat
	ip -n "$1" addr add "10.0.0.$2/24" dev eth0 && ip -n "$1" route add default via 10.0.0.1
}
# move4 v4|nat: to that link, and the address there
move4() {
	lab_move "$1" || return
	if [ "$1" = v4 ]; then addr4 $MN4 192.0.2.254; else addr4 10.0.0.77 10.0.0.1; fi
}
addr4() { ip -n mn -4 addr flush dev eth0; ip -n mn addr add "$1/24" dev eth0 && ip -n mn route add default via "$2"; }
# The lease of the link before ends.
no_addr4() { ip -n mn -4 addr flush dev eth0; }
