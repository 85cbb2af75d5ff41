#!/usr/bin/env bats
# Movement that no link tells of (RFC 6275 11.5.1): another network behind the same carrier, a second router, routers that
# fall silent, and advertisements in others' names.

. "$BATS_TEST_DIRNAME/../lab/lab.sh"
. "$BATS_TEST_DIRNAME/../lab/agents.sh"
. "$BATS_TEST_DIRNAME/../lab/traffic.sh"

setup_file() { lab_up; }

setup() {
	lab_move home
	mkdir -p "$T"
	ha_start && mn_start && mn mn wait home timeout $((60 * MIP_SLOW)) && monitor_start
}

teardown() {
	traffic_end
	agents_stop
	[ ! -e /run/lab/r2/radvd.pid ] || { kill "$(cat /run/lab/r2/radvd.pid)"; rm -r /run/lab/r2; ip netns del r2; }
	in_ns r nft delete table ip6 mute 2>/dev/null || true
}

slide() { ip -n sw link set mn master "$1"; }   # the carrier stays
events() { jq -n "[inputs | select(.event == \"$1\")] | length" < "$T/monitor"; }
# The number of the last Binding Update; what the monitor has heard of so far may be behind.
sequence() { json mn bul show | jq '.[0].sequence'; }
advertised() { [ "$(in_ns mn ip -6 -j addr show dev eth0 scope global | jq "[.[].addr_info[]?.local // \"\" | select(startswith(\"2001:db8:$1:\"))] | length")" -gt 0 ]; }
not_advertised() { ! advertised "$1"; }
gone() { [ "$(in_ns mn ip -6 route show default via "$1" | wc -l)" -eq 0 ] && ! in_ns mn ip -6 route show dev eth0 | grep -q "^2001:db8:$2:" && not_advertised "$2"; }

# A second router on link f1, with prefix 2001:db8:f9::/64, reachable through the home link.
second_router() {
	ip netns add r2 && ip -n r2 link set lo up || return
	lab_sysctl r2 net.ipv6.conf.all.forwarding=1 net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.all.accept_dad=0
	ip link add f1 netns r2 address 02:00:00:00:f9:01 type veth peer name r2-f1 netns sw
	ip link add home netns r2 address 02:00:00:00:01:f9 type veth peer name r2-home netns sw
	ip -n sw link set r2-f1 master f1 up; ip -n sw link set r2-home master home up
	ip -n r2 link set f1 up; ip -n r2 link set home up
	ip -n r2 addr add 2001:db8:f9::1/64 dev f1 nodad; ip -n r2 addr add 2001:db8:1::f9/64 dev home nodad
	ip -n r2 route add default via 2001:db8:1::fe
	ip -n r route replace 2001:db8:f9::/64 via 2001:db8:1::f9
	lab_advertise f1 2001:db8:f9::/64 | lab_radvd r2
}

@test "another foreign network behind the same carrier: registered from there, and reachable" {
	away f1
	local link downs; downs=$(events link_down)
	for link in f2 f1; do
		slide $link
		lab_wait 15 registered $link
		lab_wait 5 reachable
	done
	lab_wait 5 eval '[ "$(events router_lost)" -ge 2 ]'   # the monitor may be behind
	[ "$(events router_lost)" -eq 2 ]
	[ "$(events link_down)" -eq "$downs" ]
	lab_wait 5 gone fe80::ff:fe00:f201 f2
}

@test "home, and away again, behind the same carrier" {
	away f1
	slide home
	lab_wait 15 at_home
	lab_wait 5 reachable
	slide f2
	lab_wait 15 registered f2
	lab_wait 5 reachable
	slide home
	lab_wait 15 at_home
}

@test "a second router on the link moves nothing; when the first one dies its prefix carries on" {
	away f1
	local before; before=$(sequence)
	second_router
	lab_wait 10 advertised f9
	lab_wait 10 eval "[ \"\$(jq -n '[inputs | select(.event == \"ra\" and .router == \"fe80::ff:fe00:f901\")] | length' < $T/monitor)\" -ge 5 ]"
	registered f1
	[ "$(sequence)" -eq "$before" ]
	[ "$(events router_lost)" -eq 0 ]
	ip -n r link set f1 down
	lab_wait 15 registered f9
	lab_wait 5 reachable
	lab_wait 5 gone fe80::ff:fe00:f101 f1
	ip -n r link set f1 up
	ip -n r addr replace 2001:db8:f1::1/64 dev f1 nodad
}

@test "a router that is silent for a while is waited for, and the registration stays" {
	away f1
	local before; before=$(sequence)
	in_ns r nft -f - <<-NFT
	table ip6 mute { chain out { type filter hook output priority 0; icmpv6 type { nd-router-advert, nd-neighbor-advert } drop; }; }
	NFT
	lab_wait 15 eval "[ \$(jq -n '[inputs | select(.event == \"router_lost\")] | length' < $T/monitor) -ge 1 ]"
	registered f1
	lab_wait 5 reachable
	in_ns r nft delete table ip6 mute
	lab_wait 10 eval "jq -en '[inputs | select(.event == \"ra\" or .event == \"router_lost\")] | last.event == \"ra\"' < $T/monitor"
	registered f1
	[ "$(sequence)" -eq "$before" ]
	lab_wait 5 reachable
}

@test "advertisements in the name of nobody, or of the router, take nothing away" {
	away f1
	local before; before=$(sequence)
	in_ns r "$MIP_BUILD/tests/net/rasend" f1 fe80::bad 9000 2001:db8:bad:: 4294967295 4294967295
	lab_wait 10 advertised bad
	lab_wait 10 eval "[ \$(jq -n '[inputs | select(.event == \"router_lost\" and .router == \"fe80::bad\")] | length' < $T/monitor) -eq 1 ]"
	lab_wait 10 gone fe80::bad bad
	in_ns r "$MIP_BUILD/tests/net/rasend" f1 fe80::ff:fe00:f101 0 2001:db8:f1:: 0 0
	lab_wait 10 eval "[ \"\$(jq -n '[inputs | select(.event == \"ra\")] | last.router' < $T/monitor)\" = '\"fe80::ff:fe00:f101\"' ]"
	registered f1
	lab_wait 10 reachable
	[ "$(sequence)" -eq "$before" ]
}

# forged ROUTER LIFETIME PREFIX [FLAGS [LLADDR]]: one advertisement on link f1
forged() { in_ns r "$MIP_BUILD/tests/net/rasend" f1 "$1" "$2" "$3" 86400 86400 "${@:4}"; }
R1=fe80::ff:fe00:f101 R1MAC=02:00:00:00:f1:01
states() { jq -n --arg s "$1" '[inputs | select(.event == "state" and .state == $s)] | length' < "$T/monitor"; }
# Echoes while COMMAND runs, and for 600 more: none may be lost but what was under way.
none_lost_while() {
	ping_start
	"$@"
	more_replies 600
	ping_stop
	awk -F'icmp_seq=' '/bytes from/ { n++; seq = $2 + 0; if (n == 1) first = seq; if (seq > last) last = seq }
		END { lost = last - first + 1 - n; print lost " of " n + lost; exit !(n && lost <= 2) }' "$T/ping"
}

@test "that this is home one forged advertisement says, in the router's name: the tunnel stays, and the prefix fades" {
	away f1
	none_lost_while forged $R1 1800 2001:db8:1:: - $R1MAC
	lab_wait 10 registered f1
	[ "$(states returning)" -ge 1 ]
	lab_wait 10 eval '! in_ns mn ip -6 route show dev eth0 | grep -q ^2001:db8:1::/64'
	[ "$(json ha binding show | jq length)" -eq 1 ]
}

@test "nor do others of its kind: off-link, home agent's own address and flags, from nobody" {
	away f1
	none_lost_while eval "forged $R1 1800 2001:db8:1:: o $R1MAC; more_replies 100
		forged fe80::ff:fe00:101 1800 $HA hr 02:00:00:00:01:01; more_replies 100; forged fe80::bad 0 2001:db8:1::"
	lab_wait 15 registered f1
	[ "$(json ha binding show | jq length)" -eq 1 ]
}

# The kernel believes the link-layer address: until the router was asked, some packets go there.
@test "nor with another link-layer address, which the router's answer corrects" {
	away f1
	forged $R1 1800 2001:db8:1:: -
	forged $R1 1800 $HA hr
	lab_wait 15 registered f1
	lab_wait 5 reachable
	[ "$(json ha binding show | jq length)" -eq 1 ]
}

@test "a router that resigns, in somebody's words, is asked" {
	away f1
	none_lost_while forged $R1 0 2001:db8:f1:: - $R1MAC
	registered f1
}

deprecated() { in_ns r "$MIP_BUILD/tests/net/rasend" f1 $R1 1800 2001:db8:f1:: 86400 0 - $R1MAC; }   # in the router's name
@test "nor does one that leads nowhere, while the router's own is deprecated" {
	away f1
	none_lost_while eval "forged $R1 1800 2001:db8:bad:: - $R1MAC; deprecated"
	registered f1
	lab_wait 15 not_advertised bad
}
