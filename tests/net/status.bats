#!/usr/bin/env bats
# The page that `mip` prints sees the packets: each way in which nothing gets through while all seems well has a `!` line
# that names the cause, in `mip doctor` as well, and the line goes with the cause.

. "$BATS_TEST_DIRNAME/../lab/lab.sh"
. "$BATS_TEST_DIRNAME/../lab/agents.sh"

setup_file() { lab_up; }
teardown() {
	local n
	[ ! -s "$BATS_TEST_TMPDIR/ping" ] || kill "$(cat "$BATS_TEST_TMPDIR/ping")" || true
	agents_stop
	for n in mn ha r; do in_ns $n nft delete table inet block 2>/dev/null || true; done
	for n in 50 51 52 100 101 2000; do ip -n mn -6 rule del pref $n 2>/dev/null || true; done
	ip -n mn link del wg0 2>/dev/null || true
	lab_move home
}

# says NODE TEXT: on a line of what is wrong, and of the doctor's. silent NODE TEXT: no line says it.
says() { in_ns "$1" mip | grep '^! ' | grep -q -- "$2"; }
doctor_says() { { in_ns "$1" mip -j doctor || true; } | jq -r '.[] | select(.check == "state").message' | grep -q -- "$2"; }
silent() { ! in_ns "$1" mip | grep '^! ' | grep -q -- "$2"; }
# talks: the mobile node at f1, registered, and from there on a ping of the correspondent
talks() {
	ha_start
	mn_start
	away f1
	lab_wait 10 reachable
	lab_bg mn /dev/null ping -6 -i 0.5 -I "$HOA" "$CN"
	echo $! > "$BATS_TEST_TMPDIR/ping"
	[ -z "$(in_ns mn mip | grep '^! .*tunnel')" ]
}
# block NODE HOOK RULE...: a firewall there. unblock NODE
block() { in_ns "$1" nft -f - <<< "table inet block { chain fw { type filter hook $2 priority 0; ${*:3}; }; }"; }
unblock() { in_ns "$1" nft delete table inet block; }

@test "protocol 41 is dropped on the way back; and is not any more" {
	talks
	lab_bg mn "$BATS_TEST_TMPDIR/events" mip monitor no-snapshot mn
	block r forward "policy accept; ip6 daddr 2001:db8:f1::/64 meta l4proto 41 drop"
	lab_wait 15 says mn "$HOA sends through the tunnel to $HA, and nothing has come back for .*: .*protocol 41 is dropped on the way"
	doctor_says mn "protocol 41 is dropped on the way"
	lab_wait 5 grep -q "$HOA sends through the tunnel, and nothing comes back" "$BATS_TEST_TMPDIR/events"
	unblock r
	lab_wait 15 silent mn tunnel
	lab_wait 5 grep -q "packets come back again" "$BATS_TEST_TMPDIR/events"
}

@test "a firewall on the node lets nothing in that it does not know" {
	talks
	block mn input "policy drop; icmpv6 type { nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert } accept"
	lab_wait 15 says mn "chain fw of nft table block drops what it has no rule for: it must accept"
	unblock mn
	lab_wait 60 silent mn block
}

@test "a firewall on the home agent lets nothing through" {
	talks
	block ha forward "policy drop"
	lab_wait 15 says ha "packets come out of the tunnels, and none has gone in for .*: perhaps chain fw of nft table block drops them"
	lab_wait 15 says mn "nothing has come back"
	unblock ha
	lab_wait 15 silent ha "come out of the tunnels"
	lab_wait 15 silent mn "nothing has come back"
}

# vpn RULE...: a full tunnel by wg0, and routing rules
vpn() {
	ip -n mn link add wg0 type veth peer name wg1
	ip -n mn link set wg0 up && ip -n mn link set wg1 up
	ip -n mn -6 route add default dev wg0 table 51820
	printf 'rule add %s\n' "$@" | ip -n mn -6 -b -
}

@test "a VPN takes all packets, as wg-quick has it: those of the home address leave by another link than the tunnel" {
	local n
	talks
	vpn "pref 101 not fwmark 0xca6c table 51820" "pref 100 table main suppress_prefixlength 0"
	lab_wait 15 says mn "packets of $HOA leave by wg0, not through the tunnel: .*ip -6 rule add pref 50 from $HOA goto 1190; ip -6 rule add pref 51 from $HOA lookup main"
	ip -n mn -6 rule add pref 50 from "$HOA" goto 1190
	lab_wait 15 silent mn wg0
	lab_wait 15 reachable
	lab_move home
	lab_wait 20 says mn "packets of $HOA leave by wg0, not by the home link: .*ip -6 rule add pref 51 from $HOA lookup main"
	ip -n mn -6 rule add pref 51 from "$HOA" lookup main
	lab_wait 15 silent mn wg0
	lab_wait 15 reachable
	for n in 50 51; do ip -n mn -6 rule del pref $n; done
	away f1
	lab_wait 15 says mn "packets of $HOA leave by wg0, not through the tunnel"
	ip -n mn -6 rule del pref 101
	lab_wait 15 silent mn wg0
}

@test "a VPN takes what other rules do not: the tunnel leaves by another link than the care-of address's" {
	talks
	vpn "pref 2000 not fwmark 0xca6c table 51820"
	lab_wait 15 says mn "what is sent to it leaves by wg0, not by eth0: ip -6 rule add pref 52 to $HA lookup main"
	ip -n mn -6 rule add pref 52 to "$HA" lookup main
	lab_wait 15 silent mn wg0
	lab_wait 15 reachable
	ip -n mn -6 rule del pref 52
	lab_wait 15 says mn "leaves by wg0"
	ip -n mn -6 rule del pref 2000
	lab_wait 15 silent mn wg0
}

@test "the home agent's link is down: a configured one's silence is noticed" {
	talks
	ip -n ha link set eth0 down
	lab_wait 15 says mn "home agent $HA does not answer"
	ip -n ha link set eth0 up
	ip -n ha addr replace "$HA/64" dev eth0 nodad
	ip -n ha route replace default via 2001:db8:1::fe
	lab_wait 60 silent mn "does not answer"
}

@test "no IPv6 router on the link; and one that resigned" {
	ha_start
	mn_start
	ip -n sw link add empty type bridge
	ip -n sw link set empty up
	lab_move empty
	lab_wait 15 says mn "eth0: no IPv6 router here"
	away f1
	[ -z "$(in_ns mn mip | grep '^!')" ]
	lab_routers_end   # and say so, with a lifetime of 0
	lab_wait 15 says mn "eth0: its router is no default router"
	lab_routers
	lab_wait 15 silent mn eth0
	ip -n sw link del empty
}

@test "a network that gives addresses by DHCPv6 only" {
	ha_start
	mn_start
	lab_routers_end
	lab_routers "AdvManagedFlag on" -- "AdvAutonomous off"
	lab_move f1
	lab_wait 15 says mn "eth0: no address, and this network gives them by DHCPv6 only"
	lab_routers_end
	lab_routers
	lab_wait 15 silent mn eth0
}

# refused_again N: the home agent has refused N updates; until then each look that misses the line is noted in lost
refused_again() {
	says mn "$HOA is not registered: $HA refuses it, status 129" || touch "$BATS_TEST_TMPDIR/lost"
	[ "$(refusals)" -ge "$1" ]
}
refusals() { ha -j stats | jq '[.[] | select(.metric == "bindings-refused").value] | add // 0'; }

@test "another node of the link has the care-of address; and has it no more" {
	local taken=2001:db8:f1::ff:fe00:164
	ha_start
	mn_start
	ip -n r addr add $taken/64 dev f1 nodad
	lab_move f1
	lab_wait 15 says mn "eth0: another node of the link has $taken, which is not used"
	doctor_says mn "another node of the link has $taken"
	ip -n r addr del $taken/64 dev f1
	lab_wait 60 silent mn "$taken"
	lab_wait 15 reachable
}

@test "another node has the home address, status 134: said wherever the node goes, with what to do; no retry is promised" {
	local at
	ha_start
	ip -n r addr add "$HOA/64" dev home nodad
	lab_move f1
	mn_start
	for at in f1 f2; do
		lab_move $at
		lab_wait 15 says mn "$HOA is not registered: $HA refuses it, status 134 .*mip mn stop and mip mn start"
		[ -z "$(in_ns mn mip | grep 'asked again after')" ]
	done
	ip -n r addr del "$HOA/64" dev home
	mn mn stop
	mn_start
	lab_wait 15 registered f2
	silent mn "refuses it"
}

@test "why a registration was refused is still said when home agents are looked for anew; under its own home address" {
	ha_start
	ha acl deny 2001:db8:1::100/128
	in_ns mn mip mn start home $HOA prefix $HOME_PREFIX dev eth0
	mn mn add home 2001:db8:1::101 prefix $HOME_PREFIX
	lab_move f1
	lab_wait 20 says mn "$HOA is not registered: $HA refuses it, status 129"
	lab_wait 30 refused_again $(($(refusals) + 3))
	[ ! -e "$BATS_TEST_TMPDIR/lost" ]
	other() { [ "$(in_ns mn mip | grep -A2 '^mobile node .*2001:db8:1::101' | grep -c 'home agent .* left')" = 1 ]; }
	lab_wait 20 other
	ha acl allow 2001:db8:1::100/128 insecure
	lab_wait 60 silent mn "refuses it"
}
