#!/usr/bin/env bats
# The authentication option between mobile node and home agent (RFC 4285), no IPsec, nobody insecure: a registration, a
# handover, return home, clocks that differ, forged and repeated packets of every form, keys at rest.

. "$BATS_TEST_DIRNAME/../lab/lab.sh"
. "$BATS_TEST_DIRNAME/../lab/agents.sh"
. "$BATS_TEST_DIRNAME/../lab/traffic.sh"
. "$BATS_TEST_DIRNAME/../lab/wire.sh"
. "$BATS_TEST_DIRNAME/../valid.sh"

EVIL=2001:db8:77::77 # badsend's source
KEY=/run/lab/key
# shellcheck disable=SC2034   # ha_start reads it
HA_START=(dev eth0)

setup_file() {
	[ -n "${MIP_LAB:-}" ] || { echo "run it as: tests/net.sh ${BATS_TEST_FILENAME}" >&2; return 1; }
	lab_up || return
	mkdir -p "$T"
	(umask 077; mip auth gen home $HOA > $KEY)
	ip -n r -6 route add blackhole 2001:db8:77::/64
}
teardown() { wire_stop; agents_stop; }

# both: the key on either side, the home agent serves, the mobile node runs
both() {
	local n
	for n in ha mn; do agent $n && in_ns $n mip -b $KEY || return; done
	ha_start && mn_start
}
failed() { show ha auth failed; }
unprotected() { show ha ha rx_unprotected; }
binding() { json ha binding show home $HOA | jq -c '.[0] | [.care_of, .sequence, .local, .flags]'; }
bad() { in_ns r "$MIP_BUILD/tests/net/badsend" home 02:00:00:00:01:01 $HA <<< "$1" 2>/run/lab/sent; }
spi() { show ha auth spi; }
# now [SECONDS]: a timestamp of NTP, so far off
now() { printf '%08x%08x' $(($(date +%s) + 2208988800 + ${1:-0})) $RANDOM; }
# update SEQ LIFETIME CARE-OF TIMESTAMP SPI MAC: a Binding Update with the option, in octets
update() {
	local body
	body=$(printf '%04xc000%04x01000310%s01000a08%s00' "$1" $(($2 / 4)) "$(whole "$3")" "$4")
	body+=$(printf '09%02x01%08x%s' $((5 + ${#6} / 2)) "$5" "$6")
	while (((${#body} / 2 + 6) % 8)); do body+=00; done
	printf '3b%02x05000000%s' $(((${#body} / 2 + 6) / 8 - 1)) "$body"
}

# bats test_tags=kernel
@test "registered, handed over, returned home and away again, with the option in each message and without insecure" {
	local n
	wire_start
	both
	away f1
	reachable
	away f2
	back
	away f1
	is "$(wire "$(with_hao 135 $HOA "$(care_of mn)") and ip6[64 + 2] == 5")" -ge 1
	wire_stop
	for n in 5 6; do
		tshark -r $WIRE -Y "mip6.mhtype == $n" -T fields -e mip6.auth.subtype -e mip6.auth.mobility_spi -e _ws.malformed 2>/dev/null | sort -u > /run/lab/seen
		cat /run/lab/seen
		[ "$(cat /run/lab/seen)" = "1	$(spi)	" ]
	done
	is "$(show ha ha insecure)" = false
	is "$(show ha binding protected_by) $(show mn mn protected_by)" = "option option"
	is "$(show ha auth fingerprint)" = "$(show mn auth fingerprint)"
	is "$(show ha auth failed) $(show mn auth failed)" = "0 0"
	for n in ha mn; do in_ns $n mip -j auth show | valid auth; done
	in_ns mn mip | grep -q "by the authentication option"
	[[ $(in_ns mn mip) != *'!'* ]]
}

@test "the clock of the node ten minutes off, either way: it goes on by the home agent's" {
	local off
	for off in 600 -600; do
		clocks mn
		pass $off mn
		both
		away f1
		is "$(($(show mn auth clock) + off))" -ge -2
		is "$(($(show mn auth clock) + off))" -le 2
		away f2
		agents_stop
		lab_move home
	done
}

@test "forged registrations of every form change nothing: without option, another key, another SPI, truncated, out of time" {
	local coa form before failed seen seq life alt now spi none=() wrong=()
	both
	away f1
	coa=$(care_of mn) before=$(binding) spi=$(spi) now=$(now)
	for form in "from $EVIL hao $HOA|40000 100 $EVIL" "from $EVIL hao $HOA|1 0 $EVIL" "from $coa hao $HOA|30000 100 $EVIL" \
		"from $coa hao $HOA|20000 0 $coa" "from $coa hao $HOA|20000 100 $coa" "from $HOA|10000 0 $HOA" "from $HOA|10000 100 $EVIL" \
		"from $HOA|65000 100 $HOA" "from $HOA|9000 0 $EVIL" "from $HOA dopt 3b00010400000000|10000 0 $HOA" \
		"from $HOA frag 3b00000000000001|10000 0 $HOA" "from $EVIL hao $HOA|50000 100 $HOA"; do
		read -r seq life alt <<< "${form#*|}"
		none+=("${form%|*} bu $seq 0xc000 $((life / 4)) alt $alt"
			"${form%|*} mh $(update "$seq" "$life" "$alt" "$now" $((spi + 1)) 00112233445566778899aabb)")
		wrong+=("${form%|*} mh $(update "$seq" "$life" "$alt" "$now" "$spi" 00112233445566778899aabb)"
			"${form%|*} mh $(update "$seq" "$life" "$alt" "$now" "$spi" 0011)"
			"${form%|*} mh $(update "$seq" "$life" "$alt" "$now" "$spi" "")"
			"${form%|*} mh $(update "$seq" "$life" "$alt" "$(now -600)" "$spi" 00112233445566778899aabb)")
	done
	seen=$(unprotected) failed=$(failed)
	bad "$(printf '%s\n' "${none[@]}")" > /run/lab/answers
	is "$(unprotected)" -eq $((seen + 24))
	is "$(failed)" -eq "$failed"
	is "$(grep -c "^ba [^1]\|^ba 1[^3]" /run/lab/answers)" -eq 0   # but of badsend's own
	bad "$(printf '%s\n' "${wrong[@]}")" > /run/lab/answers
	is "$(failed)" -eq $((failed + 48))
	[ "$(binding)" = "$before" ]
	is "$(json ha binding show | jq length)" -eq 1
	registered f1
	reachable
	away f2
}

# mh_of FILE: the Mobility Header of the first registration in it, in octets; behind it that of the packet's source
mh_of() {
	tcpdump -n -x -r "$1" "ip6[6] == 60 and ip6[40] == 135 and ip6[66] == 5" -c 1 2>/dev/null |
		sed -n 's/^\s*0x[0-9a-f]*:\s*//p' | tr -d ' \n' | cut -c$((64 * 2 + 1))-
}

@test "an update that was good once is not any more: bound, ended, and after the home agent was killed" {
	local old mh before
	wire_start
	both
	away f1
	old=$(care_of mn)
	lab_wait 10 wire_beyond "ip6[6] == 60 and ip6[40] == 135" 0
	wire_stop
	mh=$(mh_of $WIRE)
	is "${#mh}" -eq 128
	away f2
	before=$(binding)
	bad "from $old hao $HOA mh $mh" > /run/lab/answers
	[ "$(binding)" = "$before" ]
	back
	bad "from $old hao $HOA mh $mh" > /run/lab/answers
	is "$(json ha binding show)" = "[]"
	agent_kill ha
	agent ha && in_ns ha mip -b $KEY && ha_start
	bad "from $old hao $HOA mh $mh" > /run/lab/answers
	is "$(failed)" -eq 0
	is "$(show ha auth packets)" -ge 1 "its authenticator is right"
	is "$(json ha binding show)" = "[]"
	away f1
}

@test "two keys that differ: the node is not registered, and either side says what to look at; the right key mends it" {
	agent ha && in_ns ha mip -b $KEY && ha_start
	(umask 077; sed 's/\( key 0x\)\(..\)\([0-9a-f]*\)/\1\3\2/' $KEY > $KEY.wrong)
	agent mn && in_ns mn mip -b $KEY.wrong && mn_start
	lab_move f1
	lab_wait 20 eval '[ "$(show mn auth failed)" -ge 1 ]'
	is "$(json ha binding show)" = "[]"
	for n in ha mn; do in_ns $n mip | grep -q "! $HOA: the authentication option is wrong in all"; done
	[ "$(show ha auth fingerprint)" != "$(show mn auth fingerprint)" ]
	(umask 077; { echo "auth del home $HOA"; cat $KEY; } > $KEY.mend)
	in_ns mn mip -b $KEY.mend
	lab_wait 40 registered f1
}

@test "a key or IPsec, not both; save keeps keys for their owner, and nobody else sees one" {
	local log
	umask 022
	agent ha
	refused "without IPsec anybody" ha start dev eth0
	in_ns ha mip -b $KEY
	ha_start
	run in_ns ha mip -b $KEY
	[ "$status" = 2 ]; [[ $output == *"$HOA has a key already"* ]]
	(umask 077; mip ipsec gen home $HOA agent $HA protect binding > $KEY.ipsec)
	run in_ns ha mip -b $KEY.ipsec
	[ "$status" = 2 ]; [[ $output == *"$HOA has the authentication option"* ]]
	run in_ns ha sh -c "mip save > /run/lab/open"
	[ "$status" = 2 ]; is "$(grep -c 0x /run/lab/open)" -eq 0
	(umask 077; in_ns ha mip save > /run/lab/closed)
	grep -qxF "$(cat $KEY)" /run/lab/closed
	in_ns ha mip apply /run/lab/closed
	diff /run/lab/closed <(in_ns ha mip save)
	is "$(json ha auth show | jq 'map(select(.key)) | length')" -eq 0
	is "$(json ha auth show keys | jq -r '.[0].key')" = "$(sed 's/.* key //' $KEY)"
	agent_file log ha log
	is "$(grep -c "$(sed 's/.* key 0x//' $KEY)" "$log")" -eq 0
	in_ns ha mip auth del home $HOA
	run in_ns ha mip auth del home $HOA
	[ "$status" = 2 ]; [[ $output == *"$HOA has no key"* ]]
	is "$(json ha auth show)" = "[]"
}
