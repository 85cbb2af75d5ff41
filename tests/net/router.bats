#!/usr/bin/env bats
# A mobile router (RFC 3963 5): what is behind it goes where it goes, and nothing else does.

. "$BATS_TEST_DIRNAME/../lab/lab.sh"
. "$BATS_TEST_DIRNAME/../lab/agents.sh"
. "$BATS_TEST_DIRNAME/../lab/network.sh"
. "$BATS_TEST_DIRNAME/../valid.sh"

setup_file() { lab_up && lab_network; }
setup() { lab_move home; }
teardown() {
	in_ns r nft delete table ip6 seen 2>/dev/null || true
	agents_stop
}

ha_routes() { ha_start && ha acl allow $HOA network $NET_PREFIX; }
mr_start() { mn_start network $NET_PREFIX dev lan0; }
inside() { in_ns cn ping -6 -c 1 -W $((2 * MIP_SLOW)) "$1"; }   # inside HOST: the correspondent reaches it
outside() { in_ns "$1" ping -6 -c 1 -W $((2 * MIP_SLOW)) $CN; }  # outside h1: it reaches the correspondent
# guest_only: on the link outside it is no router, and takes nothing into its tunnel that a neighbour sends in its networks' name
guest_only() {
	local a
	! in_ns mn ip -6 maddr show dev eth0 | grep -q 'ff0[125]::2$' || false
	seen "ip6 nexthdr 41"
	in_ns r ip -6 route add 2001:db8:dd::/64 via fe80::ff:fe00:164 dev f1
	for a in $H1 $HOA; do
		in_ns r ip -6 addr add "$a/128" dev lo nodad
		in_ns r ping -6 -c 1 -W 1 -I "$a" 2001:db8:dd::1 || true
		in_ns r ip -6 addr del "$a/128" dev lo
	done
	in_ns r ip -6 route del 2001:db8:dd::/64
	[ "$(how_many)" = 0 ]
}
# seen FILTER: what r forwards of that is counted; how_many
seen() { in_ns r nft "add table ip6 seen; add chain ip6 seen f { type filter hook prerouting priority -400; }; add rule ip6 seen f $1 counter"; }
how_many() { in_ns r nft -j list table ip6 seen | jq '[.. | .counter? // empty | .packets] | add'; }

@test "hosts behind a mobile router are reached at home, from two foreign links, and at home again" {
	local link before
	before=$(kernel_state mn)
	ha_routes
	mr_start
	mn mn wait home timeout $((60 * MIP_SLOW))
	lab_wait 10 inside $H1
	lab_wait 10 outside h2
	for link in f1 f2; do
		away $link
		lab_wait 10 inside $H1
		lab_wait 10 inside $H2
		outside h1
		outside h2
		reachable
		[ "$(json ha binding show | jq -c '[.[0].network, .[0].flags[:2], .[0].flags[-1:]]')" = "[[\"$NET_PREFIX\"],\"AH\",\"R\"]" ]
		[ "$(json mn bul show | jq -c '.[0].network')" = "[\"$NET_PREFIX\"]" ]
		[ "$(json mn mn show | jq -c '.[0] | [.network, .routers]')" = "[[\"$NET_PREFIX\"],true]" ]
	done
	json mn mn show | valid mn; json mn bul show | valid bul
	# between its own interfaces nothing takes the tunnel
	in_ns mn ping -6 -c 1 -W 2 $H1
	back
	[ -z "$(in_ns ha ip -6 route show $NET_PREFIX proto 119)" ]
	lab_wait 10 inside $H1
	lab_wait 10 outside h1
	mn mn stop
	lab_wait 10 no_agent mn
	diff <(echo "$before") <(kernel_state mn)
}

@test "hosts behind a mobile router, on the data path of the programs" {
	agent ha --path bpf
	agent mn --path bpf
	ha_routes
	mr_start
	away f1
	[ "$(show mn agent path) $(show ha agent path)" = "bpf bpf" ]
	lab_wait 10 inside $H1
	outside h2
	guest_only
	back
	lab_wait 10 inside $H1
}

@test "a network that is just the prefix of the link inside" {
	ha_routes
	mn_start network ${NET}/64 dev lan0
	away f1
	lab_wait 10 inside $H1
	outside h2
	in_ns mn ping -6 -c 1 -W 2 $H1
}

@test "TCP from inside lives through the moves" {
	local link
	T=$BATS_TEST_TMPDIR
	ha_routes
	mr_start
	mn mn wait home timeout $((60 * MIP_SLOW))
	lab_wait 10 inside $H1
	lab_bg h1 $T/server socat -u TCP6-LISTEN:5001,reuseaddr "CREATE:$T/got"
	echo $! > $T/server.pid
	lab_wait 5 sh -c "nsenter --net=/run/netns/h1 ss -Hltn 'sport = 5001' | grep -q ."
	lab_bg cn $T/client bash -c "head -c 30000000 /dev/urandom | tee $T/sent | pv -qL 1000000 | socat -u - TCP6:[$H1]:5001"
	for link in f1 f2 home; do
		lab_wait 30 sh -c "[ \$(stat -c %s $T/got) -gt $(stat -c %s $T/got 2>/dev/null || echo 0) ]"
		lab_move $link
		[ $link = home ] && lab_wait 20 at_home || lab_wait 20 registered $link
	done
	lab_wait 60 cmp -s $T/sent $T/got
	[ "$(stat -c %s $T/got)" = 30000000 ]
}

@test "what is not from its networks is not forwarded, and what has no place inside does not go round" {
	ha_routes
	mr_start
	away f1
	lab_wait 10 inside $H1
	seen "ip6 saddr 2001:db8:99::/64"
	in_ns h1 ip -6 addr add 2001:db8:99::5/64 dev eth0 nodad
	run in_ns h1 ping -6 -c 3 -i 0.2 -W 1 -I 2001:db8:99::5 $CN
	[ "$status" != 0 ]
	outside h1
	[ "$(how_many)" = 0 ]
	in_ns r nft delete table ip6 seen
	seen "ip6 nexthdr 41"
	run in_ns cn ping -6 -c 1 -W 2 2001:db8:77:99::5   # a part of the prefix that is nowhere
	[ "$status" != 0 ]
	is "$(how_many)" -le 4   # there, and the answer back
	in_ns h1 ip -6 addr del 2001:db8:99::5/64 dev eth0
}

@test "prefixes that are refused: implicit mode; no router at all: a mobile node" {
	ha_start
	ha acl allow $HOA network 2001:db8:77::/64
	mr_start   # it names /56
	away f1
	[ "$(json ha binding show | jq -c '.[0].network')" = '["2001:db8:77::/64"]' ]
	lab_wait 10 inside $H1
	ha acl allow $HOA
	mn mn stop
	lab_wait 10 no_agent mn
	lab_bg mn "$BATS_TEST_TMPDIR/none" true
	mr_start
	lab_wait 20 registered f1
	[ "$(show mn mn routers)" = false ]
	mn | grep -q "takes $HOA for a mobile router, and $NET_PREFIX is not reached"
	in_ns mn mip doctor mn | grep -q "$NET_PREFIX is not reached"
	[ "$(show ha binding flags)" != "${FLAGS:-x}" ] && [[ "$(show ha binding flags)" != *R* ]]
	reachable
	! inside $H1 || false
}

@test "home agents are looked for that serve mobile routers" {
	ha_routes
	role_start mn mn start home $HOA prefix $HOME_PREFIX dev eth0 network $NET_PREFIX dev lan0
	away f1
	lab_wait 10 inside $H1
	[ "$(show mn mn agent)" = $HA ]
}

@test "two links outside: what is behind goes by the preferred one, and by the other when that is gone" {
	local link
	ip link add wlan0 netns mn type veth peer name wl netns sw && ip -n sw link set wl master f2 up && ip -n mn link set wlan0 up
	ha_routes
	agent mn
	mn mn use dev eth0 preference 1
	mn mn use dev wlan0 preference 2
	role_start mn mn start home $HOA prefix $HOME_PREFIX agent $HA network $NET_PREFIX dev lan0
	json mn mn interface | jq -e 'map(.dev) | sort == ["eth0", "wlan0"]'
	for link in f1 nowhere f1; do
		lab_move $link
		lab_wait 20 registered ${link/nowhere/f2}
		lab_wait 10 inside $H1
		outside h2
	done
	ip -n mn link del wlan0
}

# home_network KIND HOME PREFIX AGENT NETWORK: with the example configuration of that kind a host of the network is reached
home_network() {
	local inside=${5%/*}11
	ip -n mn addr add "${5%/*}1/64" dev lan0 nodad
	ip -n h1 addr add "$inside/64" dev eth0 nodad
	ip -n r route add "${5%:*::*}::/48" via $HA
	agent ha
	ha apply "$BATS_TEST_DIRNAME/../../man/examples/ha-$1.conf"
	role_start mn mn start home "$2" prefix "$3" agent "$4" dev eth0 network "$5" dev lan0
	lab_move f1
	mn mn wait registered timeout $((60 * MIP_SLOW))
	lab_wait 10 inside "$inside"
	lab_wait 10 inside "$2"
	in_ns h1 ping -6 -c 1 -W $((2 * MIP_SLOW)) -I "$inside" $CN
}

@test "home networks: extended" {
	ip -n ha route add unreachable 2001:db8:1::/48
	home_network extended $HOA $HOME_PREFIX $HA 2001:db8:1:7700::/56
}

@test "home networks: aggregated, with a home address in the mobile network" {
	ip -n ha link add home0 type veth peer name home1 && ip -n ha link set home1 up && ip -n ha link set home0 up
	lab_sysctl ha net.ipv6.conf.home0.forwarding=1
	ip -n ha addr add 2001:db8:a::1/48 dev home0 nodad
	home_network aggregated 2001:db8:a:7700::100 2001:db8:a::/48 2001:db8:a::1 2001:db8:a:7700::/56
	ha ha stop
	ip -n ha link del home0
}

@test "home networks: virtual" {
	ip -n ha link add home0 type dummy 2> /dev/null || { ip -n ha link add home0 type bridge && ip -n ha link set home0 arp off; }
	ip -n ha link set home0 up
	lab_sysctl ha net.ipv6.conf.home0.forwarding=1
	ip -n ha addr add 2001:db8:9::1/64 dev home0 nodad
	home_network virtual 2001:db8:9::100 2001:db8:9::/64 2001:db8:9::1 2001:db8:9:7700::/56
}

# Another mobile router, a mobile node itself, and the host behind it.
visiting_router() {
	[ ! -e /run/netns/mn2 ] || return 0
	lab_second
	ip netns add h3
	ip -n mn2 link add lan1 type veth peer name eth0 netns h3
	lab_sysctl mn2 net.ipv6.conf.lan1.accept_dad=0
	ip -n mn2 link set lan1 up && ip -n mn2 addr add 2001:db8:78::1/64 dev lan1 nodad
	ip -n h3 link set eth0 up && ip -n h3 addr add 2001:db8:78::11/64 dev eth0 nodad && ip -n h3 route add default via 2001:db8:78::1
	ip -n r route add 2001:db8:78::/64 via $HA
}
nested() {   # it visits inside
	local link
	visiting_router
	lab_advertise lan0 ${NET}/64 | lab_radvd mn
	ha_routes
	ha acl allow $HOA2 network 2001:db8:78::/64
	mr_start
	role_start mn2 mn start home $HOA2 prefix $HOME_PREFIX agent $HA dev eth0 network 2001:db8:78::/64 dev lan1
	for link in f1 f2; do
		away $link
		lab_move2 lan
		lab_wait 20 registered 77 mn2
		lab_wait 10 inside $HOA2
		lab_wait 10 inside 2001:db8:78::11
		outside h3
		inside $H1
	done
	mip -n mn2 agent stop
	kill "$(cat /run/lab/mn/radvd.pid)"
	lab_move2 nowhere
}

@test "nested: another mobile router, a mobile node itself, visits inside" { nested; }
@test "nested, on the data path of the programs" { agent ha --path bpf && agent mn --path bpf && nested; }

@test "killed and started anew, the mobile router goes on, and leaves nothing behind at its end" {
	local before
	before=$(kernel_state mn)
	ha_routes
	mr_start
	away f1
	lab_wait 10 inside $H1
	agent_kill mn
	mr_start
	lab_wait 20 registered f1
	lab_wait 10 inside $H1
	outside h2
	mn agent stop
	lab_wait 10 no_agent mn
	diff <(echo "$before") <(kernel_state mn)
	lab_wait 10 eval '[ -z "$(in_ns ha ip -6 route show $NET_PREFIX proto 119)" ]'
}

@test "what is said is saved, and refused where it cannot be" {
	mr_start
	mn save | grep -F "network $NET_PREFIX dev lan0"
	mn save > "$BATS_TEST_TMPDIR/conf"
	mn apply "$BATS_TEST_TMPDIR/conf"
	diff "$BATS_TEST_TMPDIR/conf" <(mn save)
	mip check "$BATS_TEST_DIRNAME/../../man/examples/mr.conf"
	mn apply "$BATS_TEST_DIRNAME/../../man/examples/mr.conf"
	[ "$(json mn mn show | jq -c '.[0].network')" = "[\"$NET_PREFIX\"]" ]
	run mn mn add home 2001:db8:1::101 prefix $HOME_PREFIX network 2001:db8:78::/56 dev eth0
	[ "$status" = 2 ]
	[[ "$output" == *"moves on"* ]]
	[ "$(json mn mn interface | jq -r '.[] | select(.dev == "lan0") | .preference')" != 5 ]
}
