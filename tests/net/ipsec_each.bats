#!/usr/bin/env bats
# bats file_tags=kernel
# Each of the four protections by itself, each with other algorithms: what it covers is in ESP on the wire, what it does
# not cover is not, everything works all the same, and stopping leaves nothing.

. "$BATS_TEST_DIRNAME/../lab/lab.sh"
. "$BATS_TEST_DIRNAME/../lab/agents.sh"
. "$BATS_TEST_DIRNAME/../lab/traffic.sh"
. "$BATS_TEST_DIRNAME/../lab/wire.sh"

KEYS=/run/lab/keys

# Whether this kernel has ESP is what the agent says, without any role.
setup_file() {
	[ -n "${MIP_LAB:-}" ] || { echo "run it as: tests/net.sh ${BATS_TEST_FILENAME}" >&2; return 1; }
	lab_up || return
	(umask 077; mip ipsec gen home $HOA agent $HA > $KEYS)
	load_algorithms 2>/dev/null || true
	in_ns ha mip agent start || return
	in_ns ha mip -b $KEYS 2>/run/lab/refused || { cat /run/lab/refused >&2; grep -q CONFIG_ /run/lab/refused || return; }
	in_ns ha mip agent stop
}

# Before the agent is asked to: on a slow machine the kernel looks longer for its modules than one waits for an answer.
load_algorithms() {
	local key=0x000102030405060708090a0b0c0d0e0f a
	for a in "aead rfc4106(gcm(aes)) ${key}00010203 128" "enc cbc(des3_ede) ${key}1011121314151617 auth hmac(sha1) ${key}10111213" \
		"enc cbc(aes) $key auth hmac(sha256) $key" "enc cbc(aes) $key auth hmac(sha384) $key" "enc cbc(aes) $key auth hmac(sha512) $key"; do
		# shellcheck disable=SC2086
		ip -n ha xfrm state add src 2001:db8:99::1 dst 2001:db8:99::2 proto esp spi 0x999 mode transport $a
		ip -n ha xfrm state del src 2001:db8:99::1 dst 2001:db8:99::2 proto esp spi 0x999
	done
}

setup() { [ ! -s /run/lab/refused ] || skip "$(cut -d: -f3- /run/lab/refused | head -1)"; }
teardown() {
	wire_stop
	for n in mn cn ha; do in_ns $n mip agent stop 2>/dev/null; done
	lab_move home
}

picture() { ip -n "$1" xfrm state; ip -n "$1" xfrm policy; ip -n "$1" -6 rule; ip -n "$1" -6 route show table 1189 2>/dev/null || true; in_ns "$1" nft list ruleset; }
registered() { [[ $(care_of mn) == 2001:db8:$1:* ]] && [ "$(json mn mn show | jq -r '.[0].state')" = registered ]; }
through_agent() { in_ns cn ping -6 -c 1 -W 1 $HOA; }
is() { test "$1" "$2" "$3" || { echo "not: $1 $2 $3${4:+ ($4)}"; return 1; }; }
packets() { json ha ipsec show protect "$1" | jq "map(select(.to == \"$2\").packets) | add"; }

# begin WHAT CIPHER [AUTH]: that protection alone (registered for LIFETIME), the node registered from f1, its packets through the home agent.
begin() {
	local n
	for n in ha mn; do picture $n > /run/lab/$n.before; done
	(umask 077; mip ipsec gen home $HOA agent $HA protect "$1" cipher "$2" ${3:+auth "$3"} 2>/dev/null > $KEYS.one)
	is "$(wc -l < $KEYS.one)" -eq 2
	for n in ha mn; do in_ns $n mip agent start && in_ns $n mip -b $KEYS.one || return; done
	in_ns ha mip ha start dev eth0 insecure && in_ns cn mip cn start || return
	wire_start
	lab_move f1
	in_ns mn mip mn start home $HOA prefix $HOME_PREFIX agent $HA dev eth0 ${LIFETIME:+lifetime $LIFETIME}
	lab_wait 15 registered f1 && lab_wait 10 through_agent
}
# optimize LINK: directly, both ways, after what was through the home agent.
optimize() {
	in_ns mn mip ro add peer $CN/128 policy always
	lab_wait 10 optimized "$1" || return
	in_ns cn ping -6 -c 3 -i 0.2 $HOA
	lab_wait 10 wire_beyond "$(with_rh2 58 $HOA "$(care_of mn)")" 2
}
# finish WHAT: it was used both ways, by what both sides say; then everything is stopped and nothing is left.
finish() {
	local n
	wire_stop
	for n in mn ha; do
		in_ns $n mip ipsec check
		in_ns $n mip ipsec check | grep -q "^$HOA $1: in use"
	done
	in_ns mn mip mn stop
	for n in mn cn ha; do in_ns $n mip agent stop; done
	for n in mn ha; do diff /run/lab/$n.before <(picture $n); done
}
# What the wire has between node and home agent: Binding Updates and Acknowledgements, prefix discovery, Home Tests in the
# tunnel and other packets in it, each in clear; ESP behind a Home Address option or type 2 routing header; ESP alone.
signals() { wire "host $HA and ((ip6[6] == 60 or ip6[6] == 43) and ip6[40] == 135)"; }
discovery() { wire "host $HA and ((ip6[6] == 60 or ip6[6] == 43) and ip6[40] == 58 and (ip6[64] == 146 or ip6[64] == 147))"; }
tests_in_tunnel() { wire "host $HA and $(through_tunnel 135)"; }
payload_in_tunnel() { wire "host $HA and $(through_tunnel 58)"; }
transport_esp() { wire "host $HA and ((ip6[6] == 60 or ip6[6] == 43) and ip6[40] == 50)"; }
tunnel_esp() { wire "host $HA and ip6[6] == 50"; }

@test "binding alone, aes-gcm: updates and acknowledgements are in ESP, the tunnel is not" {
	begin binding aes-gcm
	optimize f1
	is "$(signals)" -eq 0
	is "$(transport_esp)" -ge 2
	is "$(discovery)" -ge 2
	is "$(tests_in_tunnel)" -ge 1
	is "$(payload_in_tunnel)" -ge 1
	is "$(tunnel_esp)" -eq 0
	finish binding
}

@test "prefix alone, 3des-cbc and hmac-sha1: solicitation and advertisement are in ESP, registrations are not" {
	begin prefix 3des-cbc hmac-sha1
	learned() { json mn mn show home $HOA | jq -e '.[0].valid > 80000'; }
	lab_wait 10 learned
	is "$(discovery)" -eq 0
	is "$(transport_esp)" -ge 2
	is "$(signals)" -ge 2
	is "$(payload_in_tunnel)" -ge 1
	is "$(tunnel_esp)" -eq 0
	finish prefix
}

@test "test alone, hmac-sha384: Home Tests are in an ESP tunnel, what else is in the tunnel is not" {
	begin "test" aes-cbc hmac-sha384
	optimize f1
	is "$(tests_in_tunnel)" -eq 0
	is "$(tunnel_esp)" -ge 2
	is "$(transport_esp)" -eq 0
	is "$(signals)" -ge 2
	is "$(payload_in_tunnel)" -ge 1
	finish "test"
}

# sent NODE: the number of the last packet its tunnel SA sent.
sent() { ip -n "$1" -s xfrm state list dst "$2" | sed -nE 's/.*oseq (0x[0-9a-f]+).*/\1/p' | head -n 1; }

@test "payload alone, hmac-sha512: the tunnel is ESP, Home Tests and all; at a handover the kernel moves it, numbers and all" {
	local before LIFETIME=24
	begin payload aes-cbc hmac-sha512
	is "$(packets payload home)" -ge 1
	in_ns cn ping -6 -q -c 20 -i 0.05 $HOA
	before=$(sent mn $HA)
	is $((before)) -ge 20
	lab_move f2
	lab_wait 15 registered f2 && lab_wait 10 through_agent
	is $(($(sent mn $HA))) -gt $((before))   # made anew it would begin with 1
	is $(($(sent ha "$(care_of mn)"))) -gt 20
	optimize f2
	questions() { json cn stats | jq '.[] | select(.metric == "messages-received" and .of == "HoTI").value'; }
	before=$(questions)
	asked_again() { [ "$(questions)" -gt "$before" ]; }
	lab_wait 24 asked_again && lab_wait 10 optimized f2   # while payload travels directly, tests do not
	is "$(tests_in_tunnel)" -eq 0
	is "$(payload_in_tunnel)" -eq 0
	is "$(tunnel_esp)" -ge 2
	is "$(transport_esp)" -eq 0
	is "$(signals)" -ge 2
	finish payload
}
