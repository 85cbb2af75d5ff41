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
