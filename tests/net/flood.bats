#!/usr/bin/env bats
# A crowd keeps its bindings of 8 s, and ten times as many Binding Updates as it sends for that come of strangers, forgers
# and nodes that never pause: none expires. FLOOD: seconds, CROWD: how many, RATE: updates a second, 0 = as fast as the
# wire takes them (tests/bench/flood.sh says more).

. "$BATS_TEST_DIRNAME/../lab/lab.sh"
. "$BATS_TEST_DIRNAME/../lab/agents.sh"
. "$BATS_TEST_DIRNAME/../lab/crowd.sh"

FLOOD=${FLOOD:-10} CROWD=${CROWD:-1000} CACHE=20000 RATE=${RATE:-$((${CROWD:-1000} * 10 / 4))}

setup_file() {
	crowd_up || return
	ip -n ha route add 2001:db8:8000::/33 via 2001:db8:9::2
	ip -n ha addr add 192.0.9.1/24 dev wire && ip -n load addr add 192.0.9.2/24 dev wire
	ip -n ha route add 128.0.0.0/2 via 192.0.9.2
	in_ns ha mip ha start dev home0 insecure radvd no max-bindings $CACHE ipv4 192.0.9.1
}
teardown_file() { agents_stop; crowd_down; }

flood() {
	in_ns load "$MIP_BUILD/tests/bench/buflood" wire "$(ip -n ha -j link show wire | jq -r '.[0].address')" \
		$HA 2001:db8:1:: 2001:db8:f0:: "$CROWD" "$1" "$RATE" "${@:2}"
}

# under_flood NUMBER [HOME-AGENT-IPV4]: the crowd's sequence numbers begin there
under_flood() {
	local before after out base keep flood heard asked=0 failed=0
	heard=$(show ha ha rx_bu)
	crowd "$CROWD" $(($1 + 100)) register
	base=$(crowd "$CROWD" $(($1 + 300)) refresh); echo "# $base" >&3
	flood $((FLOOD + 4)) "${@:2}" >"$BATS_TEST_TMPDIR/flood" 2>&1 3>&- &
	flood=$!
	lab_wait 10 eval '[ "$(ha -j ha show | jq ".[0].rx_limited")" -gt 0 ]'
	before=$(show ha agent memory)
	crowd "$CROWD" $(($1 + 500)) "keep=$FLOOD" >"$BATS_TEST_TMPDIR/keep" 2>&1 3>&- &
	keep=$!
	# it can be asked all the while
	while kill -0 $keep 2>/dev/null; do
		out=$(ha -j ha show) && asked=$((asked + 1))
		sleep 0.1
	done
	wait $keep || failed=$?
	sed "s/^/# /" "$BATS_TEST_TMPDIR/keep" >&3
	[ "$failed" -eq 0 ]
	grep -q " expired 0 " "$BATS_TEST_TMPDIR/keep"
	wait $flood
	after=$(show ha agent memory)
	echo "# flood: $(cat "$BATS_TEST_TMPDIR/flood"); asked $asked times meanwhile; memory $before -> $after" >&3
	jq -r '.[0] | "# received \(.rx_bu), refused \(.rx_refused), over the limit \(.rx_limited), bindings \(.bindings)"' <<<"$out" >&3
	[ "$asked" -gt 0 ]
	is $(($(show ha ha rx_bu) - heard)) -gt $((5 * CROWD))
	[ "$(count)" -le $CACHE ]
	# two caches full of entries, of 400 octets each, and what the allocator keeps
	case $MIP_BUILD in *san*) ;; *) [ "$after" -le $((before + 2 * CACHE * 400 + 8000000)) ];; esac
	# the crowd is there, each where it was
	[ "$(bindings | grep -c ' 2001:db8:f0::1:')" -eq "$CROWD" ]
}

@test "a crowd keeps its bindings under a flood, and the agent its limits" { under_flood 0; }

@test "so it does when the flood is in UDP over IPv4, from everywhere" { under_flood 1000 192.0.9.1; }

@test "the limits are told" {
	ha -j agent show | jq -e '.[0].limits | test("bindings '$CACHE'")'
}
