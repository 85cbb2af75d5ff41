# A mobile network in the test network: node mn is its router, hosts h1 and h2 are behind lan0. Sourced after lab.sh.
# shellcheck shell=bash

NET=2001:db8:77:: NET_PREFIX=2001:db8:77::/56 H1=2001:db8:77::11 H2=2001:db8:77::12
export NET NET_PREFIX H1 H2

# lab_network: builds it. The home link's routers know where it is when it is at home; a binding's route comes before theirs.
lab_network() {
	local n
	ip -n sw link add lan type bridge stp_state 0 forward_delay 0 mcast_snooping 0 && ip -n sw link set lan up || return
	ip link add lan0 netns mn address 02:00:00:00:77:01 type veth peer name mn-lan netns sw
	ip -n sw link set mn-lan master lan up
	lab_sysctl mn net.ipv6.conf.lan0.accept_dad=0
	ip -n mn link set lan0 up && ip -n mn addr add ${NET}1/64 dev lan0 nodad || return
	for n in h1 h2; do
		ip netns add $n && ip -n $n link set lo up || return
		lab_sysctl $n net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.default.accept_ra=0 net.ipv4.ping_group_range="0 0"
		ip link add eth0 netns $n address 02:00:00:00:77:1${n#h} type veth peer name $n netns sw
		ip -n sw link set $n master lan up; ip -n $n link set eth0 up
		ip -n $n addr add ${NET}1${n#h}/64 dev eth0 nodad
		ip -n $n route add default via ${NET}1
	done
	ip -n r route add $NET_PREFIX via $HA
	ip -n ha route add $NET_PREFIX via $HOA dev eth0 metric 1024
}
