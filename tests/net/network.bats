#!/usr/bin/env bats
# Mobile networks (RFC 3963): what a home agent routes to whom, what it refuses, and what it lets out of a tunnel.

. "$BATS_TEST_DIRNAME/../lab/lab.sh"
. "$BATS_TEST_DIRNAME/../lab/agents.sh"
. "$BATS_TEST_DIRNAME/../valid.sh"

AHR=0xc400 # flags of a mobile router's home registration
NET=2001:db8:70::
COA=2001:db8:77::77 # badsend's source
ROUTER=2001:db8:1::200 OTHER=2001:db8:1::201

setup_file() {
	lab_up || return
	ip -n r -6 route add 2001:db8:77::/64 dev f1
}

setup() { seq=$((BATS_TEST_NUMBER * 1000)); }
teardown() { agents_stop; }

ha_routes() {   # a home agent that lets ROUTER have parts of 2001:db8:70::/48, OTHER of 2001:db8:71::/48
	ha_start &&
	ha acl allow $ROUTER network ${NET}/48 && ha acl allow $OTHER network 2001:db8:71::/48 max-networks 16
}
# bad PACKET: to the home agent; what came back
bad() { in_ns r "$MIP_BUILD/tests/net/badsend" home 02:00:00:00:01:01 $HA 2>/dev/null <<< "$1"; }
# answered STATUS HOME WORD...: an update of a mobile router from its care-of address with these prefixes
answered() {
	local got
	seq=$((seq + 1))
	got=$(bad "hao $2 bu $seq $AHR 100 ${*:3}")
	[[ "$got" == "ba $1 seq $seq "* ]] || { echo "$got, not status $1"; return 1; }
}
accepts() { seq=$((seq + 1)); bad "hao $1 bu $seq $AHR 100 ${*:2}" >/dev/null; lab_wait 10 active "$1"; }
active() { [ "$(json ha binding show home "$1" | jq -r '.[0].state')" = active ]; }
routes() { in_ns ha ip -6 route show table main proto 119 | grep -o '^[0-9a-f:]*/[0-9]*' | xargs; }
refused_packets() { show ha agent tunnel_refused; }

@test "a home agent routes the prefixes of a mobile router, shows them, and withdraws them at its end" {
	ha_routes
	[ "$(show ha ha routers)" = true ]
	accepts $ROUTER net $NET 56 net 2001:db8:70:100:: 56
	[ "$(routes)" = "2001:db8:70::/56 2001:db8:70:100::/56" ] || { routes; false; }
	in_ns ha ip -6 route show $NET/56 | grep -q "dev mip0 proto 119"   # what a routing daemon may export
	[ "$(json ha binding show home $ROUTER | jq -c '.[0].network')" = '["2001:db8:70::/56","2001:db8:70:100::/56"]' ]
	[ "$(show ha binding flags)" = AHR ] || json ha binding show
	ha binding show home $ROUTER | grep -q "network 2001:db8:70::/56,2001:db8:70:100::/56"
	json ha flow show | jq -e 'any(.to == "2001:db8:70:100::/56")'
	json ha binding show | valid binding; json ha acl show | valid acl
	answered 0 $ROUTER net 2001:db8:70:100:: 56
	[ "$(routes)" = "2001:db8:70:100::/56" ]
	bad "hao $ROUTER bu $((seq += 1)) $AHR 0"
	[ -z "$(routes)" ]
	# implicit mode: what is allowed to this home address
	accepts $ROUTER
	[ "$(routes)" = "$NET/48" ]
	ha ha stop
	[ -z "$(routes)" ]
}

@test "monitor packets shows the networks of an update, also when there are more than are kept" {
	local out=$BATS_TEST_TMPDIR/packets i many=""
	ha_routes
	lab_bg ha "$out" mip -j monitor packets
	lab_wait 10 grep -q '"sync"' "$out"
	accepts $ROUTER net $NET 56 net 2001:db8:70:100:: 56
	for ((i = 0; i < 40; i++)); do many+=" net 2001:db8:70:2$(printf %02x $i):: 64"; done
	answered 142 $ROUTER $many
	lab_wait 10 eval "jq -se 'any(.type == \"BA\" and .status == 142)' $out"
	jq -se --arg home $ROUTER 'map(select(.type == "BU" and .home == $home)) | .[0].network == ["2001:db8:70::/56", "2001:db8:70:100::/56"] and (.[1].network | length) == 16 and
		(.[0].message | contains(" network 2001:db8:70::/56,2001:db8:70:100::/56"))' "$out"
	jq -s . "$out" | valid any
}

bird_conf() { printf 'log stderr all;\nrouter id 192.0.2.%s;\nprotocol device { scan time 1; }\n%s\n' "$1" "$2" > "$BATS_TEST_TMPDIR/bird$1"; }
bird_in() { lab_bg "$1" "$BATS_TEST_TMPDIR/log$2" bird -f -c "$BATS_TEST_TMPDIR/bird$2" -s "$BATS_TEST_TMPDIR/sock$2"; birds+=($!); }
learnt() { [ -n "$(in_ns r ip -6 route show "$1" proto bird)" ]; }
not_learnt() { ! learnt "$1"; }

@test "a routing daemon announces what is routed to mobile routers, and withdraws it" {
	local birds=()
	command -v bird > /dev/null || skip "bird2 is not installed"
	bird_conf 1 'protocol kernel { learn; ipv6 { import all; export none; }; }
		protocol rip ng { ipv6 { import none; export where krt_source = 119; }; interface "eth0" { update time 5; }; }'
	bird_conf 2 'protocol kernel { ipv6 { import none; export all; }; }
		protocol rip ng { ipv6 { import all; export none; }; interface "home" { update time 5; }; }'
	bird_in ha 1
	bird_in r 2
	ha_routes
	accepts $ROUTER net $NET 56
	lab_wait 30 learnt $NET/56
	bad "hao $ROUTER bu $((seq += 1)) $AHR 0"
	lab_wait 30 not_learnt $NET/56
	kill "${birds[@]}"
}

@test "what was allowed is saved, and comes back the same" {
	ha_routes
	ha save | grep -Fx "acl allow $OTHER/128 network 2001:db8:71::/48 max-networks 16"
	ha acl allow $ROUTER network $NET/56 network 2001:db8:70:100::/56
	ha save > "$BATS_TEST_TMPDIR/conf"
	ha apply "$BATS_TEST_TMPDIR/conf"
	diff "$BATS_TEST_TMPDIR/conf" <(ha save)
	refused "cannot be a mobile network" acl allow $ROUTER network ::/0
}

@test "prefixes that are none of the mobile router's: refused, and what stood stands" {
	ha_routes
	accepts $ROUTER net $NET 56
	answered 140 2001:db8:1::202 net $NET 56
	answered 141 $ROUTER net :: 0
	answered 141 $ROUTER net $NET 56 net 2001:db8:: 32    # covers the home agent itself
	answered 141 $ROUTER net $NET 56 net 2001:db8:1:: 64  # its home link
	answered 141 $ROUTER net $NET 56 net $NET 60
	answered 141 $ROUTER net $NET 129
	answered 142 $ROUTER net 2001:db8:71:: 56             # another's to have
	answered 142 $OTHER net $NET 56                       # and what another has
	[ "$(routes)" = "$NET/56" ]
	[ "$(json ha binding show home $ROUTER | jq -c '.[0].network')" = '["2001:db8:70::/56"]' ]
}

@test "more prefixes in one update than allowed, and than kept: counted, refused, and nothing is held" {
	local i many="" before
	ha_routes
	accepts $ROUTER net $NET 56
	before=$(show ha agent memory)
	for ((i = 0; i < 16; i++)); do many+=" net 2001:db8:71:$(printf %x $i):: 64"; done
	accepts $OTHER $many
	[ "$(json ha binding show home $OTHER | jq '.[0].network | length')" = 16 ]
	answered 142 $OTHER $many net 2001:db8:71:100:: 64
	for ((i = 16; i < 56; i++)); do many+=" net 2001:db8:71:$(printf %x $i):: 64"; done   # all that one packet has room for
	answered 142 $OTHER $many
	[ "$(json ha binding show home $OTHER | jq '.[0].network | length')" = 16 ]
	[ "$(show ha agent memory)" -le $((before + 2000000)) ]
}

# from SOURCE OUTER: a packet from inside to the correspondent, in a tunnel from OUTER
from() { bad "from $2 proto 41 $(inner "$1")"; }
# an ICMPv6 echo request, 2001:db8:c::2 as its destination; nobody looks at its checksum before the correspondent
inner() { python3 -c '
import ipaddress, sys
print("6000000000083a40" + ipaddress.ip_address(sys.argv[1]).packed.hex() + ipaddress.ip_address("2001:db8:c::2").packed.hex() + "8000000000000000")' "$1"; }

inner_sources() {
	local before source
	ha_routes
	accepts $ROUTER net $NET 56
	before=$(refused_packets)
	for source in 2001:db8:70:100::5 2001:db8:71::5 $OTHER 2001:db8:c::5 2001:db8:1::9; do from $source $COA; done
	[ "$(refused_packets)" = $((before + 5)) ] || { echo "$before $(refused_packets)"; ha flow show; false; }
	before=$(refused_packets)
	from 2001:db8:70::5 2001:db8:77::78   # right, but not from its care-of address
	[ "$(refused_packets)" = $((before + 1)) ]
	before=$(show ha agent tunnel_rx)
	from 2001:db8:70:ff::5 $COA
	from $ROUTER $COA
	lab_wait 5 eval '[ "$(show ha agent tunnel_rx)" -ge $((before + 2)) ]'
}

@test "inner sources outside the prefixes of the tunnel's end are dropped and counted" { inner_sources; }
@test "inner sources, in user space" { agent ha --path tun && inner_sources; }
@test "inner sources, on the data path of the programs" { agent ha --path bpf && inner_sources; }

@test "killed and started anew the home agent has the prefixes still; what is not allowed any more is gone" {
	ha_routes
	accepts $ROUTER net $NET 56
	accepts $OTHER net 2001:db8:71:: 56
	agent_kill ha
	agent ha
	ha acl allow $ROUTER network $NET/48
	ha_start
	[ "$(routes)" = "$NET/56" ]
	[ "$(json ha binding show | jq -c '[.[] | select(.network) | [.home, .network, .flags]]')" = "[[\"$ROUTER\",[\"$NET/56\"],\"AHR\"]]" ]
	answered 0 $ROUTER net $NET 56
}
