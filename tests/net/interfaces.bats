#!/usr/bin/env bats
# A mobile node with two interfaces: which one serves, and what happens when one goes, comes back, or is told to.

. "$BATS_TEST_DIRNAME/../lab/lab.sh"
. "$BATS_TEST_DIRNAME/../lab/agents.sh"
. "$BATS_TEST_DIRNAME/../lab/traffic.sh"

# eth0 on foreign link 1, wlan0 on foreign link 2, and routers that drop what does not come from their link (RFC 2827).
setup_file() {
	lab_up
	ip link add wlan0 netns mn address 02:00:00:00:01:65 type veth peer name wl netns sw && ip -n mn link set wlan0 up || return
	in_ns r nft -f - <<-NFT
	table ip6 ingress { counter astray { }; chain in { type filter hook prerouting priority 0;
		iifname f1 ip6 saddr 2001:db8::/32 ip6 saddr != 2001:db8:f1::/64 counter name astray drop
		iifname f2 ip6 saddr 2001:db8::/32 ip6 saddr != 2001:db8:f2::/64 counter name astray drop
	}; }
	NFT
}

# wlan LINK: where wlan0 is plugged in.
wlan() {
	local to="master $1 up"
	[ "$1" != nowhere ] || to="nomaster down"
	ip -n sw -b - <<< "link set wl $to"
}

setup() {
	mkdir -p "$T"
	lab_move f1; wlan f2
	in_ns r nft reset counters table ip6 ingress >/dev/null
	ha_start
	agent mn
	mn mn use dev eth0 preference 1
	mn mn use dev wlan0 preference 2
	role_start mn mn start home "$HOA" prefix "$HOME_PREFIX" agent "$HA"
	lab_wait 15 registered f1
	monitor_start
}

teardown() {
	traffic_end
	agents_stop
	in_ns r nft delete table ip6 mute 2>/dev/null || true
}

served() { lab_wait 15 registered "$1" && lab_wait 10 reachable; }
# updates: how many there have been; an unanswered one is repeated (11.8), which a slow machine sees, and is the same
updates() { jq -n 'reduce (inputs | select(.event == "bu_sent" or .event == "ba_received").event) as $e ([0, false];
	if $e == "ba_received" then [.[0], false] elif .[1] then . else [.[0] + 1, true] end) | .[0]' < "$T/monitor"; }
updates_reach() { [ "$(updates)" -ge "$1" ]; }
ways() { in_ns mn ip -6 route show table main proto 119 | grep -c '^default from' || true; }

@test "the preferred interface serves; when it goes the other one does, and back when it is there again" {
	served f1
	json mn mn interface | jq -e 'length == 2 and
		([.[] | select(.dev == "eth0")] | .[0] | .preference == 1 and .link and .in_use and (.care_of | startswith("2001:db8:f1:"))) and
		([.[] | select(.dev == "wlan0")] | .[0] | .preference == 2 and .link and (.in_use | not))'
	lab_move nowhere
	served f2
	lab_move f1
	served f1
	wlan nowhere
	served f1
	wlan f2
	lab_wait 15 eval "nsenter --net=/run/netns/mn ip -6 addr show dev wlan0 | grep -q 2001:db8:f2:"
	served f1
}

@test "a router that dies on the preferred interface, whose link stays, makes the other one serve" {
	in_ns r nft -f - <<-NFT
	table ip6 mute { chain out { type filter hook output priority 0; oifname f1 icmpv6 type { nd-router-advert, nd-neighbor-advert } drop; }
		chain pass { type filter hook forward priority 0; oifname f1 drop; iifname f1 drop; }; }
	NFT
	served f2
	in_ns r nft delete table ip6 mute
	served f1
}

@test "preferences change while it runs, each change one update; 0 is never, unuse takes it back" {
	local before; before=$(updates)
	mn mn use dev wlan0 preference 1
	served f1   # as good as the other: the one in use stays
	[ "$(updates)" -eq "$before" ]
	mn mn use dev eth0 preference 7
	served f2
	lab_wait 10 updates_reach $((before + 1))   # the monitor may be behind
	[ "$(updates)" -eq $((before + 1)) ]
	mn mn use dev wlan0 preference 0
	served f1
	json mn mn interface | jq -e 'length == 1 and .[0].dev == "eth0" and .[0].preference == 7'
	mn mn use dev any preference 3
	mn mn unuse dev wlan0
	served f2
	mn mn unuse dev any
	served f1
	run mn mn unuse dev any
	[ "$status" -eq 2 ]
	run mn mn use dev eth0 preference 256
	[ "$status" -eq 2 ]
	mn undo   # the last change was: any is not used
	served f2
}

@test "packets leave by the router of the care-of address, and no way is left behind" {
	mn mn use dev eth0 preference 3
	served f2
	[ "$(ways)" -eq 1 ]
	mn mn use dev eth0 preference 1
	served f1
	[ "$(ways)" -eq 1 ]
	in_ns r nft list counter ip6 ingress astray | grep -q 'packets 0 bytes 0'
	agent_kill mn
	[ "$(ways)" -eq 1 ]
	role_start mn mn start home "$HOA" prefix "$HOME_PREFIX" agent "$HA" dev wlan0
	served f2
	[ "$(ways)" -eq 1 ]
	mn mn stop
	[ "$(ways)" -eq 0 ]
}

@test "at home, too: packets of the home address leave by a router of the home link" {
	to_eth0() { ip -n mn -6 route get "$CN" from "$HOA" | grep -q ' dev eth0 '; }
	lab_move home
	lab_wait 20 at_home
	ip -n mn -6 route add default dev wlan0 metric 1
	lab_wait 10 to_eth0
	ip -n mn -6 route del default dev wlan0 metric 1
	[ "$(ways)" -eq 1 ]
	lab_move f1
	served f1
}

@test "saved, and applied again: the same words, and not one update" {
	local words before
	words=$(mn save)
	[[ "$words" == *"mn use dev eth0 preference 1"*"mn use dev wlan0 preference 2"*"mn start"* ]]
	before=$(updates)
	mn apply - <<<"$words"
	diff <(echo "$words") <(mn save)
	[ "$(updates)" -eq "$before" ]
	registered f1
}
