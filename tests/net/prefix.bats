#!/usr/bin/env bats
# Mobile Prefix Discovery (RFC 6275 10.6, 11.4) on the wire: the node asks about its home prefix and learns its
# lifetimes, is told of changes unasked, and keeps a home address when the home link is renumbered.

. "$BATS_TEST_DIRNAME/../lab/lab.sh"
. "$BATS_TEST_DIRNAME/../lab/agents.sh"
. "$BATS_TEST_DIRNAME/../lab/traffic.sh"

NEW=2001:db8:9 CONF=/run/lab/ha/radvd.conf

setup_file() {
	lab_up
	cp $CONF $CONF.first
}

setup() {
	mkdir -p $T
	lab_move f1
	ha_start min-prefix-interval 1 max-prefix-interval 2 && mn_start && mn mn wait registered timeout $((60 * MIP_SLOW))
}

teardown() { traffic_end; agents_stop; advertise < $CONF.first; }

advertise() { cat > $CONF.new; mv $CONF.new $CONF; kill -HUP "$(cat /run/lab/ha/radvd.pid)"; }
told() { json mn mn show home "$HOA" | jq -e ".[0] | $1"; }
capture() {
	lab_bg r "$T/tshark.log" tshark -Q -i f1 -f 'ip6 proto 60 or ip6 proto 43' -w "$T/mpd.pcap"
	echo $! > "$T/tshark.pid"
	lab_wait 20 [ -s "$T/mpd.pcap" ]
}
fields() { tshark -r "$T/mpd.pcap" -Y "icmpv6.type == $1" -T fields -e "$2" 2>/dev/null; }

@test "the node asks once it is registered, and shows how long its prefix lives" {
	lab_wait 10 told '.valid > 80000 and .preferred > 10000'   # what radvd says unless told otherwise
}

@test "tshark reads question and answer: Home Address option there, type 2 routing header back, the same identifier" {
	mn mn stop
	capture
	mn_start
	answered() { [ -n "$(fields 147 icmpv6.mip6.identifier)" ]; }
	lab_wait 20 answered
	[ "$(fields 146 ipv6.opt.mipv6.home_address | sort -u)" = "$HOA" ]
	fields 147 icmpv6.mip6.identifier | grep -qxF "$(fields 146 icmpv6.mip6.identifier | head -n 1)"
	fields 147 ipv6.routing.mipv6.home_address | grep -qF "$HOA"
	fields 147 icmpv6.opt.prefix | grep -qF "$HA"
}

@test "a changed lifetime is told unasked, and the node acknowledges it with a question" {
	lab_wait 10 told '.valid > 80000'
	capture
	sed 's/AdvRouterAddr on;/& AdvValidLifetime 9000; AdvPreferredLifetime 8000;/' $CONF.first | advertise
	lab_wait 20 told '.valid <= 9000 and .preferred <= 8000 and .preferred > 7000'
	asked() { [ -n "$(fields 146 icmpv6.mip6.identifier)" ] && [ "$(fields 147 icmpv6.mip6.identifier | sort -u | wc -l)" -ge 2 ]; }
	lab_wait 10 asked   # one unasked, one asked for
}

@test "no binding outlives its prefix" {
	sed 's/AdvRouterAddr on;/& AdvValidLifetime 120; AdvPreferredLifetime 60;/' $CONF.first | advertise
	lab_wait 20 told '.valid <= 120'
	lab_move f2
	short() { json ha binding show | jq -e '.[0].care_of[0:12] == "2001:db8:f2:" and .[0].lifetime <= 120'; }
	lab_wait 20 short
}

@test "the home link is renumbered while the node is away: it has a home address of the new prefix too, and is reached there" {
	lab_wait 10 told '.valid > 80000'
	ip -n r addr add $NEW::fe/64 dev home nodad
	ip -n ha addr add $NEW::1/64 dev eth0 nodad
	{ sed '/^};/d' <<<"$(sed 's/AdvRouterAddr on;/& AdvValidLifetime 3600; AdvPreferredLifetime 0;/' $CONF.first)"
		echo "prefix $NEW::1/64 { AdvRouterAddr on; }; };"; } | advertise
	registered() { json mn mn show home "$NEW::100" | jq -e --arg f "$HOA" '.[0].state == "registered" and .[0].from == $f'; }
	lab_wait 30 registered
	json ha binding show | jq -e 'length == 2'
	lab_wait 5 in_ns cn ping -c 1 -W 2 "$NEW::100"
	in_ns cn ping -c 1 -W $((2 * MIP_SLOW)) "$HOA"
	mn mn stop
	run in_ns mn ip -6 addr
	[[ "$output" != *"$NEW::100"* ]]
	ip -n ha addr del $NEW::1/64 dev eth0
	ip -n r addr del $NEW::fe/64 dev home
}
