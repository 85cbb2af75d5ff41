#!/usr/bin/env bats
# Home Agent Address Discovery (RFC 6275 10.5, 11.4.1) on the wire: two home agents on one link know each other by their
# Router Advertisements and are listed by preference; the mobile node is told no home agent, finds one, and finds the
# other when that one dies under a TCP connection.

. "$BATS_TEST_DIRNAME/../lab/lab.sh"
. "$BATS_TEST_DIRNAME/../lab/agents.sh"
. "$BATS_TEST_DIRNAME/../lab/traffic.sh"

HA2=2001:db8:1::2 ANYCAST=2001:db8:1:0:fdff:ffff:ffff:fffe

setup_file() {
	lab_up || return
	ip netns add ha2 && ip -n ha2 link set lo up && lab_sysctl ha2 net.ipv6.conf.all.forwarding=1
	lab_link ha2 eth0 02:00:00:00:01:02 home
	ip -n ha2 addr add $HA2/64 dev eth0 nodad
	ip -n ha2 route add default via 2001:db8:1::fe
	lab_advertise eth0 $HA2/64 "AdvHomeAgentFlag on" "AdvHomeAgentInfo on" "HomeAgentPreference 5" -- "AdvRouterAddr on" | lab_radvd ha2
}

setup() {
	mkdir -p $T
	ip -n sw link set ha up
	lab_move home
	ha_start && role_start ha2 ha start dev eth0 insecure preference 7
}

teardown() { traffic_end; agents_stop; }

mn_start() { role_start mn mn start home "$HOA" prefix "$HOME_PREFIX" lifetime 600 dev eth0; }   # it is told no home agent
lists() { [ "$(json "$1" ha list | jq -r 'sort_by(-.preference) | map("\(.address) \(.preference) \(.own)") | join(", ")')" = "$2" ]; }
with_agent() { json mn mn show | jq -e --arg a "$1" '.[0].state == "registered" and .[0].agent == $a'; }
bound_at() { json "$1" binding show | jq -e 'length == 1 and .[0].state == "active"'; }

@test "each home agent lists itself and the other, with what is advertised as its preference" {
	lab_wait 10 lists ha "$HA 10 true, $HA2 5 false"
	lab_wait 10 lists ha2 "$HA 10 false, $HA2 5 true"
	ha ha list | grep -q "$HA2"
	json ha ha list | jq -e '.[] | select(.own | not) | .router | startswith("fe80:")'
}

@test "a router that advertises itself as a home agent no more is listed no more" {
	local conf=/run/lab/ha2/radvd.conf
	lab_wait 10 lists ha "$HA 10 true, $HA2 5 false"
	cp $conf $T/conf
	sed -i 's/AdvHomeAgent[A-Za-z]* on;//g; s/HomeAgentPreference 5;//' $conf
	kill -HUP "$(cat /run/lab/ha2/radvd.pid)"
	lab_wait 10 lists ha "$HA 10 true"
	lab_wait 10 lists ha2 "$HA 10 false, $HA2 7 true"   # what was configured counts while nothing is advertised
	cp $T/conf $conf
	kill -HUP "$(cat /run/lab/ha2/radvd.pid)"
	lab_wait 10 lists ha "$HA 10 true, $HA2 5 false"
}

@test "the node asks the anycast address and registers with the most preferred; tshark reads question and answer" {
	lab_wait 10 lists ha "$HA 10 true, $HA2 5 false"
	lab_wait 10 lists ha2 "$HA 10 false, $HA2 5 true"
	lab_bg r "$T/tshark.log" tshark -Q -i f1 -f 'icmp6 and (ip6[40] == 144 or ip6[40] == 145)' -w "$T/dhaad.pcap"
	echo $! > "$T/tshark.pid"
	lab_wait 20 [ -s "$T/dhaad.pcap" ]
	lab_move f1
	mn_start
	lab_wait 20 with_agent "$HA"
	bound_at ha
	fields() { tshark -r "$T/dhaad.pcap" -Y "icmpv6.type == $1" -T fields -e "$2" 2>/dev/null | head -n 1; }
	answered() { [ -n "$(fields 145 icmpv6.mip6.identifier)" ]; }
	lab_wait 10 answered
	[ "$(fields 144 ipv6.dst)" = $ANYCAST ]
	[ "$(fields 145 icmpv6.mip6.home_agent_address)" = "$HA,$HA2" ]
	[ "$(fields 144 icmpv6.mip6.identifier)" = "$(fields 145 icmpv6.mip6.identifier)" ]
	json mn mn show | jq -e '.[0].agent == "2001:db8:1::1"'
}

@test "at home the node learns its home agent from the advertisement" {
	mn_start
	mn mn wait home timeout $((60 * MIP_SLOW))
	json mn mn show | jq -e '.[0].agent | startswith("2001:db8:1::")'
	lab_move f1
	mn mn wait registered timeout $((60 * MIP_SLOW))
}

# fails_over KILL...: the node registers with the other home agent once KILL has ended the first, long before the binding
# ends; connection and ping live on.
fails_over() {
	lab_wait 10 lists ha2 "$HA 10 false, $HA2 5 true"
	lab_move f1
	mn_start
	lab_wait 20 with_agent "$HA"
	traffic_start
	more_replies 20
	local died=${EPOCHREALTIME/./}
	"$@" || return
	lab_wait 60 with_agent "$HA2" && bound_at ha2 || return
	lab_wait 60 tcp_beyond "$(tcp_bytes)" && lab_wait 10 reply_after "${EPOCHREALTIME/./}" || return
	awk -v t="$died" -F'[][]' '/bytes from/ { now = $2 * 1e6; if (now > t && now - last > gap) gap = now - last; last = now }
		END { printf "# gap %.0f ms\n", gap / 1e3 }' $T/ping >&3
	ping_stop
	tcp_stop
}
has_none() { json "$1" binding show | jq -e 'length == 0'; }
defends_none() { [ -z "$(in_ns "$1" ip -6 neigh show proxy)" ]; }
kill_agent() { kill -9 "$(show ha agent pid)"; }
# The dead one neither answers nor is there: its link is cut. The router's neighbour cache must find that out first.
lose_machine() { kill_agent && ip -n sw link set ha down; }

@test "the home agent's machine dies: the node registers with the other, and a TCP connection lives on" {
	fails_over lose_machine
}

# Its kernel goes on answering for the home address: what is left must be gone when the other probes for it.
@test "the home agent alone is killed, its machine lives: what it left keeps nobody from serving the address" {
	fails_over kill_agent
	[ -z "$(in_ns ha ip -6 neigh show proxy; in_ns ha ip -6 route show table all proto 119; in_ns ha ip -o link show type tun)" ]
}

# Its binding of before has not expired, but the other serves the address: as if the node had registered there.
@test "the killed one comes back: it gives way to who serves the address now" {
	lab_wait 10 lists ha2 "$HA 10 false, $HA2 5 true"
	lab_move f1
	mn_start
	lab_wait 20 with_agent "$HA"
	kill_agent
	lab_wait 15 defends_none ha
	in_ns ha2 mip binding add home "$HOA" care-of 2001:db8:f1::99
	in_ns r ip -6 neigh flush dev home
	ha_start
	lab_wait 5 has_none ha
	json ha2 binding show | jq -e 'length == 1'
	asked_for() { in_ns cn ping -c 1 -W 1 "$HOA"; in_ns r ip -6 neigh show "$HOA" | grep -q lladdr; }
	lab_wait 10 asked_for
	in_ns r ip -6 neigh show "$HOA" | grep -q 02:00:00:00:01:02
}

@test "stop leaves no anycast address" {
	[ "$(in_ns ha grep -ci fdfffffffffffffe /proc/net/anycast6)" = 1 ]
	ha agent stop
	[ "$(in_ns ha grep -ci fdfffffffffffffe /proc/net/anycast6)" = 0 ]
}
