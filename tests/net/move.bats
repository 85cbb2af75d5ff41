#!/usr/bin/env bats
# The main job: a mobile node registers, moves, returns home, and its connections live; and what we leave behind: nothing.

. "$BATS_TEST_DIRNAME/../lab/lab.sh"
. "$BATS_TEST_DIRNAME/../lab/agents.sh"
. "$BATS_TEST_DIRNAME/../lab/traffic.sh"

setup_file() { lab_up; }

setup() { lab_move home; agents_start; }
agents_start() { ha_start && mn_start && mn mn wait home timeout $((60 * MIP_SLOW)); }

teardown() { traffic_end; agents_stop; [ -z "${ODD:-}" ] || ordinary; }
# What a test changed in the network, which others share: ODD=1 before it does.
ordinary() {
	lab_sysctl mn net.ipv6.conf.all.forwarding=0 net.ipv6.conf.eth0.accept_ra=1 net.ipv6.conf.eth0.dad_transmits=1
	in_ns ha nft delete table ip6 mute 2>/dev/null || true
}

# away LINK: registered from there, and nowhere else
away() {
	local updates
	lab_move "$1" && lab_wait 15 registered "$1" && updates=$(json mn bul show) && [ "$(field state "$updates")" = bound ] &&
		[[ "$updates$(json ha binding show)" != *"},{"* ]]
}

@test "at home there is no binding, and the home address answers" {
	no_binding
	reachable
}

# bats test_tags=kernel
@test "the node registers from a foreign link: binding cache, update list and status agree" {
	away f1
	json ha binding show | jq -e --arg hoa "$HOA" --arg ha "$HA" '.[0] |
		.home == $hoa and .local == $ha and .flags == "AH" and .remaining > 0 and .remaining <= .lifetime and .lifetime % 4 == 0'
	json mn bul show | jq -e --arg hoa "$HOA" --arg ha "$HA" '.[0] |
		.home == $hoa and .peer == $ha and .status == 0 and .home_registration and .refresh < .remaining'
	[ "$(json ha binding show | jq .[0].sequence)" = "$(json mn bul show | jq .[0].sequence)" ]
	json mn mn show | jq -e '.[0].state == "registered" and (.[0].at_home | not)'
	mn mn wait registered timeout 1
	lab_wait 5 reachable
}

# is_later SEQUENCE THAN: 9.5.1. One update a move the wire shows below.
is_later() { local n=$((($1 - $2) & 65535)); [ $n -gt 0 ] && [ $n -lt 32768 ]; }

# bats test_tags=kernel
@test "a handover changes the binding in place and raises its sequence number" {
	away f1
	local before after; before=$(json ha binding show | jq .[0].sequence)
	away f2
	after=$(json ha binding show | jq .[0].sequence)
	[ "$(json mn bul show | jq .[0].sequence)" -eq "$after" ]
	is_later "$after" "$before"
	lab_wait 5 reachable
}

# bats test_tags=kernel
@test "back home the binding is gone at both ends" {
	mkdir -p $T
	lab_bg ha $T/removed mip monitor no-snapshot binding
	away f1
	back
	lab_wait 5 grep -q "^binding_removed $HOA .*: deregistered\$" $T/removed
	kill $!
	# The kernel joins the home address's group a moment after it has the address; the agent does before the first question.
	[ "$(in_ns mn ip -6 -j maddr show dev eth0 | jq '.[0].maddr[] | select(.address == "ff02::1:ff00:100").users')" -ge 2 ]
	lab_wait 5 reachable
}

formed_again() { [ "$(grep -c "Deleted.* $1/" $T/addresses)" -ge 3 ]; }   # and found to be a duplicate each time
# elsewhere LINK ADDRESS: registered from there, but not with that address
elsewhere() { registered "$1" && [ "$(care_of mn)" != "$2" ]; }

# bats test_tags=kernel
@test "another node has the address the link gives: another is formed, that one not used again, and mip says so" {
	local taken=2001:db8:f1::ff:fe00:164 n
	mkdir -p $T
	monitor_start
	lab_bg mn $T/addresses ip -6 -o monitor address
	echo $! > $T/addresses.pid
	ip -n r addr add $taken/64 dev f1 nodad
	lab_move f1
	# before it is known the optimistic address may serve
	lab_wait 20 happened 0 ".event == \"duplicate\" and .address == \"$taken\""
	lab_wait 20 elsewhere f1 $taken
	lab_wait 5 reachable
	[ "$(ha -j binding show | jq -r '.[0].care_of')" = "$(care_of mn)" ]
	mn | grep -q "^! eth0: another node of the link has $taken"
	# the kernel makes it again with each advertisement
	n=$(jq -n "[inputs | select(.event == \"bu_sent\" and .care_of == \"$taken\")] | length" < $T/monitor)
	lab_wait 20 formed_again $taken
	kill "$(cat $T/addresses.pid)"
	elsewhere f1 $taken
	[ "$(jq -n "[inputs | select(.event == \"bu_sent\" and .care_of == \"$taken\")] | length" < $T/monitor)" = "$n" ]
	ip -n r addr del $taken/64 dev f1
	away f2
	! mn | grep -q "^! another node" || false
}

@test "after a time without any link the node registers again" {
	away f1
	lab_move nowhere
	mn mn wait detached timeout $((60 * MIP_SLOW))
	away f2
	lab_wait 5 reachable
}

@test "one binding update a move, one acknowledgement each, by tshark on the wire" {
	mkdir -p "$T"
	lab_bg ha "$T/tshark.log" tshark -Q -i eth0 -f 'ip6 proto 60 or ip6 proto 43 or ip6 proto 135' -w "$T/mh.pcap"
	echo $! > "$T/tshark.pid"
	lab_wait 20 [ -s "$T/mh.pcap" ]
	away f1; away f2; away f1; back
	# a line a message: when, its type, the update's lifetime, the acknowledgement's status; tshark takes a second to start
	acks() {
		tshark -r "$T/mh.pcap" -Y "mip6.mhtype == 5 or mip6.mhtype == 6" -T fields -e frame.time_epoch -e mip6.mhtype -e mip6.bu.lifetime \
			-e mip6.ba.status > "$T/mh" 2>/dev/null
		awk -F'\t' '$2 == 5 { last = $3 } $2 == 6 { n++ } END { exit !(n >= 4 && last == "0") }' "$T/mh"
	}
	lab_wait 10 acks
	cat "$T/mh"   # shown when this fails
	# lifetimes of the updates; an unanswered one is repeated after a second (11.8), which a slow machine sees, and is the same
	run awk -F'\t' '$2 == 6 { open = 0; next } { if (!open || $1 - last < 0.9) print $3; open = 1; last = $1 }' "$T/mh"
	echo "$output"
	[ "${#lines[@]}" -eq 4 ]
	[ "${lines[3]}" -eq 0 ]
	[ "${lines[0]}" -ne 0 ]
	run awk -F'\t' '$2 == 6 { print $4 }' "$T/mh"
	[ "${#lines[@]}" -le "$(cut -f2 "$T/mh" | grep -c 5)" ]
	[ "$(sort -u <<<"$output")" = 0 ]
}

# bats test_tags=kernel
@test "a TCP connection and a ping live through home, foreign 1, foreign 2, home" {
	traffic_start
	for link in f1 f2 home; do
		move_to $link
		tcp_flows
	done
	ping_stop
	tcp_stop
	tcp_beyond 100000
}

# bats test_tags=kernel
@test "a stateful firewall on the home agent sees both directions, and the tunnel as mip0" {
	ODD=1
	away f1
	lab_wait 5 reachable
	in_ns ha nft -f - <<-NFT
		table ip6 mute {
			chain forward {
				type filter hook forward priority filter; policy drop;
				ct state established accept
				iifname mip0 oifname eth0 accept
			}
		}
	NFT
	in_ns mn ping -6 -c 3 -i 0.1 -W 5 -I "$HOA" "$CN"
	run in_ns cn ping -c 1 -W 1 "$HOA"
	[ "$status" != 0 ]
	in_ns ha nft add rule ip6 mute forward iifname eth0 oifname mip0 accept
	in_ns cn ping -c 3 -i 0.1 -W 5 "$HOA"
}

# bats test_tags=kernel
@test "a carrier that comes back before the kernel tells that it went is a move too" {
	local _ link
	for _ in 1 2 3 4 5; do
		for link in f1 f2; do
			printf 'link set mn down\nlink set mn master %s\nlink set mn up\n' "$link" | ip -n sw -b -
			lab_wait 15 registered "$link"
		done
	done
}

# The kernel's Duplicate Address Detection takes hours here.
# bats test_tags=kernel
@test "a care-of address serves at once, also while the machine forwards for route optimization" {
	ODD=1
	lab_sysctl mn net.ipv6.conf.eth0.accept_ra=2 net.ipv6.conf.all.forwarding=1 net.ipv6.conf.eth0.dad_transmits=30000
	away f1
	away f2
	reachable
	back
}

EUI64=2001:db8:1::ff:fe00:164   # what the kernel forms of the home router's advertisement
mn_start_eui64() { mn mn start home $EUI64 prefix "$HOME_PREFIX" agent "$HA" dev eth0 && mn mn wait home timeout $((60 * MIP_SLOW)); }
eui64_is() { in_ns mn ip -6 -o addr show dev eth0 "$1" | grep " $EUI64/"; }
eui64_reachable() { in_ns cn ping -c 1 -W $((2 * MIP_SLOW)) $EUI64; }
lost() { [ "$(in_ns ha nft -j list chain ip6 mute "$1" | jq '[.. | .counter? // empty | .packets] | add')" -ge "$2" ]; }

# 11.5.5. The kernel has formed the address, too, and still asks for duplicates when the home agent, which defends it as
# long as the first updates get lost, begins to answer.
# bats test_tags=kernel
@test "the home address may be the one the kernel autoconfigures" {
	ODD=1
	mn mn stop
	mn_start_eui64
	away f1
	in_ns ha nft -f - <<-NFT
	table ip6 mute {
		chain updates { type filter hook prerouting priority -300; ip6 saddr $EUI64 meta l4proto 135 counter drop; }
		chain questions { type filter hook prerouting priority -300; ip6 saddr :: icmpv6 type nd-neighbor-solicit counter drop; }
	}
	NFT
	lab_sysctl mn net.ipv6.conf.eth0.dad_transmits=30
	lab_move home
	lab_wait 15 lost questions 1
	lab_wait 15 lost updates 1
	in_ns ha nft delete chain ip6 mute questions
	lab_wait 15 lost updates 3
	in_ns ha nft delete table ip6 mute
	lab_sysctl mn net.ipv6.conf.eth0.dad_transmits=1
	lab_wait 15 at_home
	lab_wait 5 eui64_reachable
	[ -z "$(eui64_is dadfailed; eui64_is tentative)" ]
	away f1
	back
	lab_wait 5 eui64_reachable
}

# bats test_tags=kernel
@test "started at home while the kernel asks whether the home address is a duplicate: it is used at once" {
	ODD=1
	mn agent stop; lab_wait 5 no_agent mn
	lab_sysctl mn net.ipv6.conf.eth0.dad_transmits=30000
	in_ns mn ip addr del $EUI64/64 dev eth0
	lab_wait 10 eui64_is tentative
	mn_start_eui64
	[ -z "$(eui64_is tentative)" ]
	lab_wait 5 eui64_reachable
}

# bats test_tags=kernel
@test "stop leaves nothing: addresses, routes, rules, proxies, links, nft, sysctls" {
	mn agent stop; ha agent stop
	lab_wait 5 no_agents
	kernel_state mn > "$BATS_TEST_TMPDIR/mn"; kernel_state ha > "$BATS_TEST_TMPDIR/ha"
	agents_start; away f1; away f2; back
	mn mn stop; ha ha stop
	lab_wait 5 no_agents
	diff "$BATS_TEST_TMPDIR/mn" <(kernel_state mn)
	diff "$BATS_TEST_TMPDIR/ha" <(kernel_state ha)
}

# bats test_tags=kernel
@test "stop away from home leaves nothing either" {
	mn agent stop; ha agent stop
	lab_wait 5 no_agents
	kernel_state mn > "$BATS_TEST_TMPDIR/mn"; kernel_state ha > "$BATS_TEST_TMPDIR/ha"
	agents_start; away f1
	run diff "$BATS_TEST_TMPDIR/mn" <(kernel_state mn); [ "$status" -eq 1 ]   # the comparison sees what we install
	run diff "$BATS_TEST_TMPDIR/ha" <(kernel_state ha); [ "$status" -eq 1 ]
	mn mn stop; ha ha stop
	lab_wait 5 no_agents
	diff "$BATS_TEST_TMPDIR/mn" <(kernel_state mn)
	diff "$BATS_TEST_TMPDIR/ha" <(kernel_state ha)
}

# bats test_tags=kernel
@test "agents killed with SIGKILL start again, take over, and leave nothing" {
	mn agent stop; ha agent stop
	lab_wait 5 no_agents
	kernel_state mn > "$BATS_TEST_TMPDIR/mn"; kernel_state ha > "$BATS_TEST_TMPDIR/ha"
	agents_start; away f1
	agent_kill ha; agent_kill mn
	ha_start
	mn_start
	lab_wait 15 registered f1
	lab_wait 10 reachable
	back
	lab_wait 10 reachable
	mn mn stop; ha ha stop
	lab_wait 5 no_agents
	diff "$BATS_TEST_TMPDIR/mn" <(kernel_state mn)
	diff "$BATS_TEST_TMPDIR/ha" <(kernel_state ha)
}
