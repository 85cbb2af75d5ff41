#!/usr/bin/env bats
# Watching: `mip monitor packets` shows what is on the wire, `mip stats` counts it, and both know what was dropped and why.

. "$BATS_TEST_DIRNAME/../lab/lab.sh"
. "$BATS_TEST_DIRNAME/../lab/agents.sh"
. "$BATS_TEST_DIRNAME/../valid.sh"

setup_file() {
	lab_up || return
	ip -n r -6 route add blackhole 2001:db8:77::/64 # where badsend says it is
	lab_move f1
}

teardown() {
	local n
	agents_stop
	for n in ${MON:-}; do kill "$n" 2> /dev/null || true; done
	MON=
}

# bad PACKETS: sent to the home agent on its home link (badsend.c)
bad() { in_ns r "$MIP_BUILD/tests/net/badsend" home 02:00:00:00:01:01 "$HA" <<< "$1" 2> /dev/null; }
# watch OPTION... : monitors packets at the home agent into $OUT, from now on
watch() {
	OUT=$BATS_TEST_TMPDIR/packets
	lab_bg ha "$OUT" mip "$@"; MON=$!
	lab_wait 10 grep -q '"sync"' "$OUT"
}
seen() { jq -se "$1" "$OUT"; }
value() { ha -j stats | jq --arg m "$1" --arg o "$2" '.[] | select(.metric == $m and .of == $o).value'; }

@test "monitor packets shows a registration as it was on the wire; stats counts it" {
	ha_start
	watch -j monitor packets
	mn mn start home "$HOA" prefix "$HOME_PREFIX" agent "$HA"
	mn mn wait registered timeout $((60 * MIP_SLOW))
	lab_wait 10 seen 'any(.type == "BA")'
	jq -se --arg h "$HOA" --arg a "$HA" 'map(select(.type)) | (map(select(.type == "BA"))[0]) as $ba | (map(select(.sequence == $ba.sequence))[0]) as $bu | # of several, if it waited
		.[0].type == "BU" and $bu.event == "received" and $bu.type == "BU" and $bu.home == $h and $bu.destination == $a and $bu.flags == "AH" and
		$bu.lifetime > 0 and $bu.care_of == $bu.source and
		$ba.event == "sent" and $ba.status == 0 and $ba.sequence == $bu.sequence and $ba.routing_header == $h and
		$ba.destination == $bu.source' "$OUT"
	jq -s . "$OUT" | valid any
	[ "$(value messages-received BU)" -ge 1 ]
	sent=$(value messages-sent BA)
	lab_wait 10 seen "map(select(.type == \"BA\")) | length >= $sent"   # it may be behind
	seen "map(select(.type == \"BA\")) | length == $(value messages-sent BA)"
	[ "$(value bindings home-agent)" = 1 ]
	ha -j stats | valid stats
}

@test "text is a line a message, and a monitor that does not name packets gets none" {
	ha_start
	lab_bg ha "$BATS_TEST_TMPDIR/all" mip -j monitor; MON=$!
	lab_wait 10 grep -q '"sync"' "$BATS_TEST_TMPDIR/all"
	lab_bg ha "$BATS_TEST_TMPDIR/line" mip monitor packets ha; MON+=" $!"
	lab_bg ha "$BATS_TEST_TMPDIR/stamped" mip -t monitor packets ha limit 2
	lab_wait 10 grep -q " ha enabled" "$BATS_TEST_TMPDIR/stamped"
	lab_wait 10 grep -q "^ha enabled" "$BATS_TEST_TMPDIR/line" # of the snapshot: from here on it sees all
	mn mn start home "$HOA" prefix "$HOME_PREFIX" agent "$HA"
	lab_wait 20 grep -qE "^out .*: BA " "$BATS_TEST_TMPDIR/line"
	grep -qE "^in  .*2001:db8:f1::[0-9a-f:]+ > $HA: BU home $HOA sequence [0-9]+ flags AH lifetime [0-9]+" "$BATS_TEST_TMPDIR/line"
	lab_wait 20 eval '[ "$(grep -cE "^\[[^ ]+\] (in|out) .*: (BU|BA) .* lifetime [0-9]+" "$BATS_TEST_TMPDIR/stamped")" = 2 ]'
	grep -qE "^out $HA > 2001:db8:f1::[0-9a-f:]+: BA routing-header $HOA status 0 \(" "$BATS_TEST_TMPDIR/line"
	lab_wait 10 grep -q binding_added "$BATS_TEST_TMPDIR/all"
	[ -z "$(grep '"packets"' "$BATS_TEST_TMPDIR/all")" ]
}

@test "what is dropped is shown with its reason, and counted under it" {
	ha_start
	watch -j monitor packets
	bad "mh 3b002a0000000000"
	lab_wait 10 seen 'any(.dropped == "unknown type" and .type == "other")'
	[ "$(value dropped "unknown type")" = 1 ]
	ha stats | grep -qE '^dropped unknown type 1$'
	[[ "$(ha)" == *"1 dropped: unknown type"* ]]
	[ -z "$(ha stats | grep ' 0$')" ]
	ha -s stats | grep -q ' 0$'
}

@test "flow show: the tunnel from both its ends, what passed it, and what was dropped" {
	ha ha start dev eth0 insecure
	mn mn start home "$HOA" prefix "$HOME_PREFIX" agent "$HA"
	mn mn wait registered timeout $((60 * MIP_SLOW))
	in_ns mn ping -c2 -i0.2 -W5 -I "$HOA" "$HA"
	coa=$(mn -j mn show | jq -r '.[0].care_of')
	ha -j flow show | jq -e --arg h "$HOA" --arg a "$HA" --arg c "$coa" 'length == 1 and (.[0] | .from == "::/0" and
		.to == "\($h)/128" and .edits == "tunnel" and .local == $a and .peer == $c and .mtu == 1460 and
		(.path == "ip6tnl" or (.in_packets >= 2 and .out_packets >= 2)))'
	mn -j flow show home "$HOA" | jq -e --arg h "$HOA" --arg a "$HA" --arg c "$coa" 'length == 1 and (.[0] |
		.from == "\($h)/128" and .to == "::/0" and .edits == "tunnel" and .local == $c and .peer == $a)'
	bad "hao 2001:db8:1::200 proto 17 0000000000080000"
	ha -j flow show | valid flow
	ha flow show | grep -qx 'dropped home address option without a binding value 1\|.*home address option without a binding.* 1'
	[ "$(ha -j flow show home "$HOA" | jq length)" = 1 ]
	[ "$(ha -j flow show home 2001:db8:1::200 | jq length)" = 0 ]
}

@test "OpenMetrics: each metric once with its type and help, samples beneath it, EOF last" {
	ha_start
	ha stats -o openmetrics > "$BATS_TEST_TMPDIR/prom"
	[ "$(tail -n 1 "$BATS_TEST_TMPDIR/prom")" = "# EOF" ]
	awk '
		/^# TYPE / { if (seen[$3]++) bad = "twice " $3; name = $3; type = $4; next }
		/^# HELP / { if ($3 != name || NF < 4) bad = $0; next }
		/^# EOF$/ { next }
		$0 !~ /^mip_[a-z_]+(\{[a-z]+="[^"\\]*"\})? [0-9]+$/ { bad = $0; next }
		{ n = $1; sub(/[{ ].*/, "", n); if (n != name (type == "counter" ? "_total" : "")) bad = $0; samples++ }
		END { if (bad || samples < 30) { print "bad: " bad; exit 1 } }' "$BATS_TEST_TMPDIR/prom"
	grep -qx 'mip_bindings{cache="home-agent"} 0' "$BATS_TEST_TMPDIR/prom"
	grep -q '^mip_messages_received_total{type="DHAAD-request"} 0' "$BATS_TEST_TMPDIR/prom"
	[ "$(grep -c '^mip_memory_bytes [1-9]' "$BATS_TEST_TMPDIR/prom")" = 1 ]
}
