#!/usr/bin/env bash
# `make demo`: a mobile node goes home -> foreign 1 -> foreign 2 -> home while one TCP transfer and a 10 ms ping run, first
# through its home agent; on foreign link 1 the correspondent learns Mobile IPv6, and packets travel directly. The exit
# status says whether the connection survived and whether packets were seen travelling directly both ways.
# With NETWORK=1: demo_network.sh. With V4=1: demo_ipv4.sh.
[ -n "${MIP_LAB:-}" ] || exec "$(dirname "$0")/lab.sh" run "$0" "$@"
. "$(dirname "$0")/lab.sh"
. "$(dirname "$0")/agents.sh"
. "$(dirname "$0")/traffic.sh"
. "$(dirname "$0")/wire.sh"

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
typed() { printf '  %s# %s\n' "$1" "${*:2}"; in_ns "$@" | sed 's/^/    /'; }
fail() { echo "demo: $*" >&2; tail -n 5 "$T/monitor" "$T/ping" "$T/receiver" 2>/dev/null; exit 1; }

# PLUG LINK moves the node's cable; ADDRESS: when an address was there, on a link where no router speaks of one.
table=() PLUG=lab_move ADDRESS='' KNOWN=RA
stage() {   # stage LINK NAME
	say "The node moves from $from to $2"
	{ move_to "$1" "$PLUG" && tcp_flows; } || fail "no traffic after the move to $2"
	local gap; gap=$(gap_of "$MOVED" "$ADDRESS")
	table+=("$from -> $2;$gap"); from=$2
	typed ha mip binding show
	typed mn mip bul show
	typed mn mip mn show
	printf '  silence of %s ms, %s echoes lost; TCP: %s bytes so far\n' "${gap%% *}" "$(cut -d' ' -f2 <<<"$gap")" "$(tcp_bytes)"
}

# The end of the traffic and of the agents, and what the moves cost; the exit status is that of the connection.
finish() {
	ping_stop
	if tcp_stop; then verdict="survived: $(tcp_bytes) bytes, SHA-256 equal at both ends"; status=0
	else verdict="DID NOT SURVIVE: $(tcp_bytes) bytes, SHA-256 differs or the stream stalled"; status=1; fi

	say "What the moves cost, in milliseconds"
	{
		echo "move;longest gap;echoes lost;link-up -> $KNOWN;$KNOWN -> BU;BU -> BA;BA -> first packet"
		for row in "${table[@]}"; do echo "${row%%;*};$(tr ' ' ';' <<<"${row#*;}")"; done
	} | column -t -s';' | sed 's/^/  /'
	echo
	echo "  ping: $(grep transmitted "$T/ping")"
	echo "  TCP connection $verdict"
}

[ -z "${NETWORK:-}" ] || . "$(dirname "$0")/demo_network.sh"
[ -z "${V4:-}" ] || . "$(dirname "$0")/demo_ipv4.sh"

say "The network: correspondent node cn, router r, home agent ha, mobile node mn (kernel $(uname -r))"
cat <<NET
  cn $CN -- r -+- home link  $HOME_PREFIX, home agent $HA, home address $HOA
                        +- foreign link 1  2001:db8:f1::/64
                        +- foreign link 2  2001:db8:f2::/64
NET
lab_up || fail "the network did not come up"

say "At home"
typed ha mip ha start dev eth0 insecure
typed mn mip mn start home "$HOA" prefix "$HOME_PREFIX" agent "$HA" dev eth0
typed mn mip mn wait home timeout 10
traffic_start || fail "no traffic at home"
from="home"
printf '  from here on cn pings %s every %s ms, and sends it one TCP stream\n' "$HOA" "$PING_MS"
typed mn mip mn show
typed mn mip agent show

# On the wire at r, by tshark: echoes and segments between the two, by way.
count() { tshark -r $WIRE -Y "(icmpv6.type == 128 || icmpv6.type == 129 || tcp) && $1" 2>/dev/null | wc -l; }
wire_table() {
	local to="ipv6.routing.mipv6.home_address == $HOA" from="ipv6.opt.mipv6.home_address == $HOA"
	wire_stop
	tunnel=$(count "ipv6.nxt == 41") directly_to=$(count "$to") directly_from=$(count "$from")
	printf '  at r: %s in the tunnel, %s to the node with a type 2 routing header, %s from it with a Home Address option\n' \
		"$tunnel" "$directly_to" "$directly_from"
	[ "$(count "icmpv6.type == 4")" = 0 ] || fail "somebody objected"
}
watch_wire() { wire_start || fail "nothing is seen at r"; more_replies 30 && tcp_flows || fail "no traffic"; wire_table; }
# optimize LINK: seen directly both ways, and nothing in the tunnel any more
optimize() {
	lab_wait 20 optimized "$1" || fail "not optimized on $1"
	more_replies 5
	typed mn mip ro show
	watch_wire
	[ "$tunnel" -eq 0 ] && [ "$directly_to" -gt 0 ] && [ "$directly_from" -gt 0 ] || fail "not directly both ways"
}

stage f1 "foreign 1"

say "Route optimization: the correspondent does not know Mobile IPv6 yet"
watch_wire
[ "$tunnel" -gt 0 ] && [ $((directly_to + directly_from)) -eq 0 ] || fail "not in the tunnel"
say "Now it does"
typed cn mip cn start
# the node has been refused by cn before, or waits for an answer: asked anew
in_ns mn mip ro add peer "$CN/128" policy never && in_ns mn mip ro del peer "$CN/128" || fail "no policy"
optimize f1
typed cn mip binding show
typed mn mip ro test "$CN"

stage f2 "foreign 2"
optimize f2
back=$(ro_back "$MOVED")
printf '  optimized again %s ms after the home agent acknowledged\n' "$(awk -v us="$back" 'BEGIN { print us / 1e3 }')"

stage home "home"
gone() { [ "$(json cn binding show)" = "[]" ]; }
lab_wait 10 gone || fail "the correspondent keeps its binding"
typed cn mip binding show

finish
echo "  directly both ways: on foreign 1 and, after the handover, on foreign 2"
in_ns mn mip mn stop || status=1
in_ns cn mip cn stop || status=1
in_ns ha mip ha stop || status=1
exit $status
