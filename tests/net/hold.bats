#!/usr/bin/env bats
# What an agent put into the kernel is put back when somebody else removes it, without a word to anybody on the network;
# until then nothing of a home address leaves as it is by the foreign link.

. "$BATS_TEST_DIRNAME/../lab/lab.sh"

setup_file() {
	[ -n "${MIP_LAB:-}" ] || { echo "run it as: tests/net.sh ${BATS_TEST_FILENAME}" >&2; return 1; }
	lab_up || return
	in_ns ha mip ha start dev eth0 insecure || return
	in_ns mn mip mn start home "$HOA" prefix "$HOME_PREFIX" agent "$HA" dev eth0 
}

setup() {
	[ "$(lab_where)" = f1 ] || lab_move f1
	in_ns mn mip mn wait registered timeout $((20 * MIP_SLOW))
}

teardown() {
	[ -z "${W:-}" ] || kill "$W" 2>/dev/null || true
	in_ns mn nft delete table ip6 bare 2>/dev/null || true
}

json() { in_ns "$1" mip -j "${@:2}"; }
reachable() { in_ns r ping -c1 -W1 "$HOA"; }   # the router is no correspondent: through the tunnel
watch_events() { : > "$BATS_TEST_TMPDIR/events"; lab_bg "$1" "$BATS_TEST_TMPDIR/events" mip -j monitor; W=$!; lab_wait 5 grep -q '"event":"sync"' "$BATS_TEST_TMPDIR/events"; }
# restored KIND: an event says so
restored() { grep '"event":"restored"' "$BATS_TEST_TMPDIR/events" | grep -q "$1"; }
updates() { json ha ha show | jq '.[0].rx_bu'; }

# removed NS KIND COMMAND: the agent puts it back, and the node is reached again
removed() {
	watch_events "$1"
	lab_wait 10 reachable
	in_ns "$1" sh -c "$3"
	lab_wait 3 restored "$2" || { echo "$3: nothing was put back" >&2; return 1; }
	lab_wait 3 reachable || { echo "$3: dark" >&2; return 1; }
	kill "$W"; W=
}

@test "routes, rules, addresses, devices, nft tables, proxies, sysctls of the home agent" {
	local before route="$HOA/128"
	[ "${MIP_PATH:-}" != bpf ] || route="2001:db8:1::/64 table 1188"   # of what it sends itself: programs forward
	before=$(updates)
	removed ha route 'ip -6 route flush table all proto 119'
	removed ha route "ip -6 route del $route metric 119"
	removed ha route 'ip link set mip0 down; ip link set mip0 up'
	removed ha device 'ip link set mip0 down; ip link set mip0 name other0'
	removed ha device 'ip link del mip0'
	removed ha device 'ip link del mipro'
	removed ha device 'sysctl -qw net.ipv6.conf.mip0.disable_ipv6=1'
	removed ha 'nft table' 'nft flush ruleset'
	removed ha 'nft table' 'nft flush table ip6 mip'
	removed ha proxy "ip -6 neigh del proxy $HOA dev eth0"
	removed ha sysctl 'sysctl -qw net.ipv6.conf.eth0.proxy_ndp=0'
	[ "$(updates)" = "$before" ]   # the node heard of nothing
}

@test "the same of the mobile node" {
	local before
	before=$(updates)
	removed mn route 'ip -6 route flush table all proto 119'
	removed mn route 'ip -6 route flush table 1190'
	removed mn rule 'ip -6 rule del pref 1190'
	removed mn rule 'ip -6 rule flush; ip -6 rule add pref 32766 lookup main'
	removed mn address 'ip -6 addr flush dev mip0'
	removed mn address 'ip link set mip0 down; ip link set mip0 up'
	removed mn device 'ip link set mip0 down; ip link set mip0 name other0'
	removed mn device 'ip link set mip0 mtu 1200'
	removed mn device 'ip link set mipro mtu 1000'
	removed mn device 'ip link del mip0'
	removed mn device 'ip link del mipro'
	removed mn address 'sysctl -qw net.ipv6.conf.mip0.disable_ipv6=1; sysctl -qw net.ipv6.conf.mip0.disable_ipv6=0'
	[ "$(updates)" = "$before" ]
}

@test "IPv6 is off and on again on the whole mobile node: it registers, and is reached" {
	in_ns mn sysctl -qw net.ipv6.conf.all.disable_ipv6=1
	in_ns mn sysctl -qw net.ipv6.conf.all.disable_ipv6=0
	lab_wait 10 reachable
}

@test "at home: the home address is taken from the link, and comes back" {
	at_home() { [ "$(json mn mn show | jq -r '.[0].state')" = home ]; }
	lab_move home
	lab_wait 15 at_home
	lab_wait 10 reachable
	removed mn address "ip -6 addr del $HOA/64 dev eth0"
}

@test "no agent to put it back: without the tunnel's routes nothing of the home address leaves by the foreign link" {
	local p
	p=$(json mn agent show | jq '.[0].pid')
	lab_wait 10 reachable
	in_ns mn nft -f - <<-NFT
	table ip6 bare {
		counter bare { }
		chain post { type filter hook postrouting priority 0; oifname eth0 ip6 saddr $HOA counter name bare; }
	}
	NFT
	kill -STOP "$p"
	in_ns mn ip -6 route flush table all proto 119
	in_ns mn ping -c3 -i0.2 -W1 -I "$HOA" "$CN" || true   # bound to the home address, and not
	in_ns mn ping -c3 -i0.2 -W1 "$CN" || true
	kill -CONT "$p"
	lab_wait 5 reachable
	[[ "$(in_ns mn nft list counter ip6 bare bare)" == *"packets 0 "* ]]
}

@test "moves, and links that come and go, are nobody's removals" {
	watch_events mn
	lab_move f2; in_ns mn mip mn wait registered timeout $((20 * MIP_SLOW)); lab_wait 10 reachable
	lab_move nowhere; lab_move f1; lab_wait 10 reachable
	ip -n mn link set eth0 down; ip -n mn link set eth0 up; lab_wait 15 reachable
	lab_move home; lab_wait 15 reachable
	lab_move f1; lab_wait 15 reachable
	! grep '"event":"restored"' "$BATS_TEST_TMPDIR/events" || false
}

@test "somebody keeps removing: mip says so" {
	local i
	watch_events mn
	for i in 1 2 3; do
		lab_wait 5 eval "ip -n mn -6 rule show pref 1190 | grep -q ."
		in_ns mn ip -6 rule del pref 1190
		lab_wait 5 eval "[ \$(grep -c '\"event\":\"restored\"' $BATS_TEST_TMPDIR/events) -ge $i ]"
	done
	in_ns mn mip | grep -q '^! somebody keeps removing .*: 1 rule the last time'
	json mn agent show | jq -e '.[0].removed | startswith("1 rule the last time")'
}

@test "random removals at both; the seed is printed, SEED=n in the environment repeats them" {
	run "$BATS_TEST_DIRNAME/../lab/lab.sh" run "$BATS_TEST_DIRNAME/../lab/removals.sh" 20 ${SEED:-}
	echo "$output"
	echo "${lines[0]}" >&3
	[ "$status" -eq 0 ]
}
