#!/usr/bin/env bats
# A home agent of several home links: two on wires, eth0 and eth1, and a virtual one, the prefix of a dummy device. One
# mobile node has a home address on each.

. "$BATS_TEST_DIRNAME/../lab/lab.sh"
. "$BATS_TEST_DIRNAME/../lab/agents.sh"

setup_file() {
	lab_up || return
	ip -n sw link add home2 type bridge stp_state 0 forward_delay 0 mcast_snooping 0 && ip -n sw link set home2 up
	lab_link r home2 02:00:00:00:02:fe home2
	ip -n r addr add 2001:db8:2::fe/64 dev home2 nodad
	second_link
	# where there is no dummy, a bridge without ports that asks for nobody
	ip -n ha link add virt type dummy 2>/dev/null || { ip -n ha link add virt type bridge && ip -n ha link set virt arp off; } || return
	ip -n ha link set virt up
	ip -n ha addr add 2001:db8:9::1/64 dev virt nodad
	ip -n r route add 2001:db8:9::/64 via "$HA"
	ip -n r route add 2001:db8:2:0:fdff:ffff:ffff:fffe dev home2
}

# eth1 of the home agent, on the second home link
second_link() {
	ip link add eth1 netns ha address 02:00:00:00:02:01 type veth peer name ha2 netns sw
	ip -n sw link set ha2 master home2 up
	lab_sysctl ha net.ipv6.conf.eth1.forwarding=1
	ip -n ha link set eth1 up
	ip -n ha addr add 2001:db8:2::1/64 dev eth1 nodad
}

teardown() { agents_stop; lab_move home; }

serve() { ha_start && ha ha add dev eth1 && ha ha add dev virt; }
# away: the node is on foreign link 1 with three home addresses registered
away() {
	lab_move f1
	mn_start
	mn mn add home 2001:db8:2::100 prefix 2001:db8:2::/64 agent 2001:db8:2::1
	mn mn add home 2001:db8:9::100 prefix 2001:db8:9::/64 agent 2001:db8:9::1
	mn mn wait registered timeout $((60 * MIP_SLOW))
}
reached() { in_ns cn ping -c 1 -W 1 "$1"; }
answers() { in_ns cn ping -c 1 -W $((10 * MIP_SLOW)) "$1"; }   # that very packet, however late
proxies() { in_ns ha ip -6 neigh show proxy | sed 's/ *proxy.*//' | sort; }
bound() { [ "$(ha -j binding show | jq -r '[.[] | select(.state == "active").home] | sort | join(" ")')" = "$1" ]; }

@test "each home address is registered, reached, and defended on the link its prefix is on; on a virtual one nowhere" {
	serve
	[ "$(ha -j ha show | jq -r '[.[] | "\(.dev) \(.address) \(.prefix)"] | join(", ")')" = \
		"eth0 $HA $HOME_PREFIX, eth1 2001:db8:2::1 2001:db8:2::/64, virt 2001:db8:9::1 2001:db8:9::/64" ]
	away
	bound "$HOA 2001:db8:2::100 2001:db8:9::100"
	for a in "$HOA" 2001:db8:2::100 2001:db8:9::100; do lab_wait 10 reached $a; done
	[ "$(proxies)" = "$HOA dev eth0"$'\n'"2001:db8:2::100 dev eth1" ] || { proxies; false; }
	in_ns r ip -6 neigh flush dev home2
	answers 2001:db8:2::100
	in_ns r ip -6 neigh show 2001:db8:2::100 dev home2 | grep -q 02:00:00:00:02:01
}

@test "discovery asks one link and hears of that one" {
	serve
	ha -j ha list | jq -e 'map("\(.dev) \(.address)") == ["eth0 2001:db8:1::1", "eth1 2001:db8:2::1", "virt 2001:db8:9::1"]'
	lab_move f1
	mn mn start home 2001:db8:2::100 prefix 2001:db8:2::/64 dev eth0
	mn mn wait registered timeout $((60 * MIP_SLOW))
	[ "$(mn -j mn show | jq -r '.[0].agent')" = 2001:db8:2::1 ]
	bound 2001:db8:2::100
}

@test "a link taken out ends its bindings and leaves nothing there; the others do not notice" {
	serve
	away
	ha ha del dev eth1
	bound "$HOA 2001:db8:9::100"
	[ "$(proxies)" = "$HOA dev eth0" ]
	[ "$(in_ns ha grep fdfffffffffffffe /proc/net/anycast6 | awk '{ print $2 }' | sort | xargs)" = "eth0 virt" ]
	answers "$HOA"
	ha ha del dev virt
	bound "$HOA"
	run ha ha del dev virt
	[ "$status" = 2 ]
	[[ "$output" == *"virt was not named as a home link"* ]]
	run ha ha add dev nosuch0
	[ "$status" = 2 ]
	[[ "$output" == *"no interface nosuch0"* ]]
	answers "$HOA"
}

@test "start again changes nothing; save | apply changes nothing" {
	serve
	away
	ha ha start dev eth0
	bound "$HOA 2001:db8:2::100 2001:db8:9::100"
	ha save > "$BATS_TEST_TMPDIR/conf"
	grep -q "^ha add dev virt" "$BATS_TEST_TMPDIR/conf"
	ha apply "$BATS_TEST_TMPDIR/conf"
	diff "$BATS_TEST_TMPDIR/conf" <(ha save)
	bound "$HOA 2001:db8:2::100 2001:db8:9::100"
	ha ha stop
	[ -z "$(proxies)" ]
}

@test "killed and started again: each binding is back on its link" {
	serve
	ha save > "$BATS_TEST_TMPDIR/conf"
	away
	proxies > "$BATS_TEST_TMPDIR/before"
	kill -9 "$(ha -j agent show | jq .[0].pid)"
	lab_wait 5 eval '! ha agent show'
	ha agent start
	ha apply "$BATS_TEST_TMPDIR/conf"
	bound "$HOA 2001:db8:2::100 2001:db8:9::100"
	diff "$BATS_TEST_TMPDIR/before" <(proxies)
	for a in "$HOA" 2001:db8:2::100 2001:db8:9::100; do lab_wait 10 reached $a; done
}

@test "one of the links is deleted and comes back: its bindings are defended there again, the others' all the time" {
	serve
	away
	ip -n ha link del eth1
	lab_wait 5 eval '[ "$(ha -j ha show | jq "map(select(.dev == null)) | length")" = 1 ]'
	answers "$HOA"
	answers 2001:db8:9::100
	second_link
	lab_wait 5 eval '[ "$(proxies | grep -c "dev eth1")" = 1 ]'
	bound "$HOA 2001:db8:2::100 2001:db8:9::100"
	lab_wait 10 reached 2001:db8:2::100
}

@test "a home link without carrier for a while: its home addresses are defended again, the others' all the time" {
	serve
	away
	ip -n sw link set ha2 down
	lab_wait 5 eval 'ip -n ha link show eth1 | grep -q NO-CARRIER'
	answers "$HOA"
	ip -n sw link set ha2 up
	lab_wait 5 eval '[ "$(proxies | grep -c .)" = 2 ]'
	in_ns r ip -6 neigh flush dev home2
	lab_wait 10 reached 2001:db8:2::100
	in_ns r ip -6 neigh show 2001:db8:2::100 dev home2 | grep -q 02:00:00:00:02:01
	bound "$HOA 2001:db8:2::100 2001:db8:9::100"
}

@test "radvd is to speak on the wires only" {
	serve
	[ "$(ha ha radvd | grep -c '^interface')" = 2 ]
	ha ha radvd | grep -q "virt has no neighbours"
	ha ha radvd > "$BATS_TEST_TMPDIR/radvd.conf"
	radvd -c -C "$BATS_TEST_TMPDIR/radvd.conf"
}
