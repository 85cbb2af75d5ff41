#!/usr/bin/env bats
# bats file_tags=kernel
# IPsec between mobile node and home agent, all four protections on (RFC 3776, RFC 4877): a registration, a handover, route
# optimization, forged packets of every form, new keys, return home, a crash, and nothing left over. Each test goes on where
# the one before ended.

. "$BATS_TEST_DIRNAME/../lab/lab.sh"
. "$BATS_TEST_DIRNAME/../lab/agents.sh"
. "$BATS_TEST_DIRNAME/../lab/traffic.sh"
. "$BATS_TEST_DIRNAME/../lab/wire.sh"
. "$BATS_TEST_DIRNAME/../lab/forged.sh"
. "$BATS_TEST_DIRNAME/../valid.sh"

KEYS=/run/lab/keys

# Whether this kernel has ESP is what the agent says, without any role.
setup_file() {
	[ -n "${MIP_LAB:-}" ] || { echo "run it as: tests/net.sh ${BATS_TEST_FILENAME}" >&2; return 1; }
	lab_up || return
	mkdir -p "$T"
	(umask 077; mip ipsec gen home $HOA agent $HA > $KEYS)
	# First of all: on a slow machine the kernel looks longer for its modules than one waits for an answer of the agent.
	foreign ha && foreign mn || true
	in_ns ha mip agent start || return
	if ! in_ns ha mip -b $KEYS 2>/run/lab/refused; then
		in_ns ha mip agent stop
		cat /run/lab/refused >&2
		grep -q CONFIG_ /run/lab/refused
		return
	fi
	ip -n r -6 route add blackhole 2001:db8:77::/64
	for n in ha mn; do picture $n > /run/lab/$n.before; done
	in_ns ha mip acl allow 2001:db8:1::fe0e/127 insecure && in_ns ha mip ha start dev eth0 || return   # badsend's own
	in_ns cn mip cn start || return
	node_start
	in_ns mn mip ro add peer $CN/128 policy always
}

setup() { [ ! -e /run/lab/refused ] || [ ! -s /run/lab/refused ] || skip "$(cut -d: -f3- /run/lab/refused | head -1)"; }
teardown() { wire_stop; }
teardown_file() {
	local n
	[ ! -e "$T/ping.pid" ] || kill "$(cat "$T/ping.pid")" 2>/dev/null
	for n in mn cn ha; do in_ns $n mip agent stop 2>/dev/null; done
	return 0
}

# Somebody else's IPsec, which is none of our business.
foreign() {
	ip -n "$1" xfrm state add src 2001:db8:99::1 dst 2001:db8:99::2 proto esp spi 0x999 reqid 7 mode transport \
		enc 'cbc(aes)' 0x00112233445566778899aabbccddeeff auth 'hmac(sha256)' 0x00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff
	ip -n "$1" xfrm policy add src 2001:db8:99::1/128 dst 2001:db8:99::2/128 dir out priority 119040 tmpl proto esp reqid 7 mode transport
}
picture() { ip -n "$1" xfrm state; ip -n "$1" xfrm policy; ip -n "$1" -6 rule; ip -n "$1" -6 route show table 1189 2>/dev/null || true; in_ns "$1" nft list ruleset; }
node_start() {
	in_ns mn mip agent start && in_ns mn mip -b $KEYS &&
		in_ns mn mip mn start home $HOA prefix $HOME_PREFIX agent $HA dev eth0
}
registered() { [[ $(care_of mn) == 2001:db8:$1:* ]] && [ "$(json mn mn show | jq -r '.[0].state')" = registered ] && bound "$(care_of mn)"; }
bound() { [ "$(json ha binding show home $HOA | jq -r '.[0] | select(.state == "active") | .care_of')" = "$1" ]; }
reachable() { in_ns cn ping -6 -c 1 -W $((2 * MIP_SLOW)) $HOA; }
away() { lab_move "$1" && lab_wait 15 registered "$1" && lab_wait 10 reachable; }
packets() { json "$1" ipsec show protect "$2" | jq "map(select(.to == \"$3\").packets) | add"; }
told_unprotected() { [ "$(grep -c '"event":"unprotected"' /run/lab/events)" -ge "$1" ]; }
is() { test "$1" "$2" "$3" || { echo "not: $1 $2 $3${4:+ ($4)}"; return 1; }; }

@test "registration: ESP behind the Home Address option, ESP behind the type 2 routing header, and nothing in clear" {
	wire_start
	away f1
	lab_wait 10 optimized f1
	in_ns cn ping -6 -c 3 -i 0.2 $HOA
	lab_wait 10 wire_beyond "$(with_rh2 58 $HOA "$(care_of mn)")" 2
	wire_stop
	cp $WIRE /run/lab/f1.pcap   # for the tests that follow
	care_of mn > /run/lab/f1.coa
	is "$(wire "src host $(care_of mn) and dst host $HA and $(stands 48 $HOA) and ip6[6] == 60 and ip6[40] == 50")" -ge 1
	is "$(wire "src host $HA and $(with_rh2 50 $HOA "$(care_of mn)")")" -ge 1
	# Between the two no Mobility Header, and no packet, but in ESP.
	is "$(wire "host $HA and (ip6[6] == 135 or ip6[6] == 41 or ((ip6[6] == 60 or ip6[6] == 43) and ip6[40] != 50))")" -eq 0
	is "$(wire "src host $(care_of mn) and dst host $HA and ip6[6] == 50")" -ge 1 "the Home Test Init in the tunnel"
	# Both directions of what is optimized: no packet between home address and peer goes through the home agent.
	is "$(wire "$(with_hao 58 $HOA "$(care_of mn)")")" -ge 1
	is "$(wire "$(with_rh2 58 $HOA "$(care_of mn)")")" -ge 1
}

@test "it opens with the keys of the file, and the message inside is the one that was said" {
	local spi key auth sas=() line
	while read -r line; do
		spi=$(sed 's/.* spi \([0-9]*\) .*/\1/' <<< "$line") key=$(sed 's/.* key \([^ ]*\) .*/\1/' <<< "$line") auth=${line##* }
		sas+=(-o "uat:esp_sa:\"IPv6\",\"*\",\"*\",\"$(printf 0x%08x "$spi")\",\"AES-CBC [RFC3602]\",\"$key\",\"HMAC-SHA-256-128 [RFC4868]\",\"$auth\"")
	done < $KEYS
	tshark -r /run/lab/f1.pcap -o esp.enable_encryption_decode:TRUE -o esp.enable_authentication_check:TRUE "${sas[@]}" -Y mip6.mhtype \
		-T fields -e esp.spi -e mip6.mhtype -e mip6.acoa.acoa -e mip6.ba.status -e mip6.bu.h_flag 2>/dev/null > /run/lab/opened
	cat /run/lab/opened
	grep -qP "^0x[0-9a-f]{8}\t5\t$(cat /run/lab/f1.coa)\t\t(1|True)$" /run/lab/opened
	grep -qP "^0x[0-9a-f]{8}\t6\t\t0\t" /run/lab/opened
	grep -qP "^0x[0-9a-f]{8}\t1\t" /run/lab/opened   # Home Test Init
	grep -qP "^0x[0-9a-f]{8}\t3\t" /run/lab/opened   # Home Test
}

@test "handover: the tunnels follow, optimization comes back" {
	away f2
	lab_wait 10 optimized f2
	in_ns mn ip xfrm state | grep -A1 "$(care_of mn)" | grep -q "proto esp"
	is "$(ip -n ha xfrm policy | grep -c "2001:db8:f1:")" -eq 0
	is "$(ip -n ha xfrm state | grep -c "2001:db8:f1:")" -eq 0
	is "$(ip -n mn xfrm state | grep -c "2001:db8:f1:")" -eq 0
	in_ns mn mip ipsec check
	in_ns ha mip ipsec check
	in_ns ha mip -j ipsec check | jq -e 'length == 4 and all(.verdict == "ok")'
	in_ns ha mip -j ipsec check | valid ipsec
	in_ns ha mip -j ipsec show | valid ipsec
	in_ns mn mip ro test $CN
	# What is not optimized is in the tunnel, both ways.
	in_ns mn mip ro add peer $CN/128 policy never
	lab_wait 10 eval "! ro_is mn $CN optimized"
	lab_wait 10 reachable
	is "$(packets ha payload home)" -ge 1
	is "$(packets ha payload agent)" -ge 1
}

# An echo request from the home address to cn, the inner packet of a tunnel.
inner() { echo "6000000000083a40$(whole $HOA)$(whole $CN)8000$1"; }

@test "forged registrations and tunnelled packets of every form change nothing, and are counted" {
	local coa old
	coa=$(care_of mn) old=$(cat /run/lab/f1.coa)
	echoes=$(in_ns cn nstat -az Icmp6InEchos | awk '/InEchos/ { print $2 }')
	lab_bg ha /run/lab/events mip -j monitor binding
	local monitor=$!
	forge "$coa" "$old" "$(esp_of /run/lab/f1.pcap "$old")" "- from $coa proto 41 $(inner 5f5e00010001)" \
		"- from $EVIL proto 41 $(inner 5f5d00010002)" "- from $coa hao $HOA proto 41 $(inner 5f5c00010003)"
	lab_wait 10 told_unprotected 7   # the monitor may be behind
	kill $monitor
	is "$(in_ns cn nstat -az Icmp6InEchos | awk '/InEchos/ { print $2 }')" -eq "$echoes" "no forged packet got through"
	# A Home Test in clear, to the mobile node.
	in_ns r "$MIP_BUILD/tests/net/badsend" f2 02:00:00:00:01:64 "$coa" <<< "from $CN to $HOA mh 3b0203000000000100000000000000010000000000000002" 2>/dev/null >/dev/null
	is "$(json mn ro show peer $CN | jq -r '.[0].home_nonce // 0')" -ne 1
	registered f2
	reachable
}

@test "new keys under traffic: nothing is lost, the old ones go" {
	local old n
	old=$(json mn ipsec show | jq -r '.[] | "ipsec del home \(.home) protect \(.protect) spi \(.spi) to \(.to)"')
	(umask 077; mip ipsec gen home $HOA agent $HA > $KEYS.new)
	ping_start
	for n in "ha agent" "mn home" "mn agent" "ha home"; do   # each side receives with a new one before the other sends with it
		grep " to ${n#* } " $KEYS.new > /run/lab/part && chmod 600 /run/lab/part
		in_ns "${n% *}" mip -b /run/lab/part
	done
	for n in mn ha; do in_ns $n mip -b - <<< "$old"; done
	more_replies 5
	lab_wait 10 eval '[ "$(lost)" = 0 ]' || is "$(lost)" -eq 0 "echoes"
	is "$(json mn ipsec show | jq length)" -eq 8
	kill "$(cat "$T/ping.pid")"
	away f1
	is "$(packets ha binding agent)" -ge 1
	mv $KEYS.new $KEYS
}

@test "save keeps the keys for its owner; who may not write does not see them" {
	umask 022
	run in_ns ha sh -c "mip save > /run/lab/open"
	[ "$status" = 2 ]; is "$(grep -c 0x /run/lab/open)" -eq 0
	(umask 077; in_ns ha mip save > /run/lab/closed)
	is "$(grep -c ' key 0x' /run/lab/closed)" -eq 8
	in_ns ha mip apply /run/lab/closed
	diff /run/lab/closed <(in_ns ha mip save)
	bound "$(care_of mn)"
	chmod 644 /run/lab/closed
	run in_ns ha mip apply /run/lab/closed
	[ "$status" = 1 ]; [[ "$output" == *"chmod 600"* ]]; [[ "$output" != *0x[0-9a-f]* ]]
	is "$(json ha ipsec show | jq 'map(select(.key or .auth_key)) | length')" -eq 0
	is "$(json ha ipsec show keys | jq 'map(select(.key and .auth_key)) | length')" -eq 8
}

@test "home: the update is in ESP there too, the tunnels are gone; away again they are back" {
	wire_start
	lab_move home
	in_ns mn mip mn wait home timeout $((60 * MIP_SLOW))
	lab_wait 10 reachable
	is "$(json ha binding show home $HOA | jq length)" -eq 0
	is "$(ip -n ha xfrm policy | grep -c 'mode tunnel')" -eq 0
	is "$(ip -n mn xfrm policy | grep -c 'mode tunnel')" -eq 0
	# An update that was good once is not any more, although nothing is bound.
	bad "from $(cat /run/lab/f1.coa) hao $HOA proto 50 $(esp_of /run/lab/f1.pcap)" > /dev/null
	is "$(json ha binding show home $HOA | jq length)" -eq 0
	away f2
}

# The helper that cleans up after an agent goes first: the machine may take longer than it waits for the next one.
crash() {
	local pid
	pid=$(json "$1" agent show | jq '.[0].pid')
	pgrep -P "$pid" | xargs kill -9 && kill -9 "$pid" && lab_wait 5 eval "! in_ns $1 mip agent show"
}
ha_start() { in_ns ha mip agent start && in_ns ha mip -b $KEYS && in_ns ha mip acl allow 2001:db8:1::fe0e/127 insecure && in_ns ha mip ha start dev eth0; }
spi() { json ha ipsec show protect "$1" | jq -r '.[] | select(.to == "home").spi'; }
oseq() { ip -n ha -s xfrm state list proto esp spi "$1" | sed -nE 's/.*oseq (0x[0-9a-f]+).*/\1/p'; }
born() { ip -n "$1" -s xfrm state | awk '$1 == "src" { dst = $4 } / spi / { sub(/\(.*/, "", $4); spi = $4 } $1 == "add" { print dst, spi, $2, $3 }' | sort; }

@test "the home agent killed and started again: the numbers of its security associations go on; a new key begins anew" {
	local id seen before
	in_ns cn ping -6 -q -c 20 -i 0.05 $HOA
	id=$(spi payload) before=$(born ha)
	is "$(wc -l <<< "$before")" -eq 9
	seen=$(($(oseq "$id")))
	is "$seen" -ge 20
	crash ha
	ha_start
	lab_wait 10 reachable
	is $(($(oseq "$id"))) -gt "$seen" "it would begin with 1"
	is "$(packets ha payload home)" -gt "$seen"
	diff <(echo "$before") <(born ha)
	in_ns ha mip ipsec check
	id=$(printf 0x%08x "$(spi prefix)")
	crash ha
	sed -i '/ protect prefix .* to home /s/\( key 0x\)\(..\)\([0-9a-f]*\)/\1\3\2/' $KEYS
	ha_start
	lab_wait 10 reachable
	is "$(comm -13 <(echo "$before") <(born ha) | cut -d' ' -f1,2)" = "$HOA $id"
}

@test "both killed and started again: as before, nothing doubled, and the node sends on into its tunnel" {
	local n before sends
	sends=$(born mn | grep "^$HA ")
	is "$(wc -l <<< "$sends")" -eq 4
	before=$(for n in ha mn; do ip -n $n xfrm policy | grep -c priority; ip -n $n xfrm state | grep -c 'proto esp'; done)
	for n in ha mn; do crash $n; done
	ha_start
	node_start
	lab_wait 20 registered f2
	lab_wait 10 reachable
	diff <(echo "$sends") <(born mn | grep "^$HA ")
	diff <(echo "$before") <(for n in ha mn; do ip -n $n xfrm policy | grep -c priority; ip -n $n xfrm state | grep -c 'proto esp'; done)
}

@test "a security association that is missing is said by check and by the status page" {
	[[ $(in_ns ha mip) != *'!'* ]]
	in_ns ha mip ipsec del home $HOA protect prefix to home
	run in_ns ha mip ipsec check
	[ "$status" = 2 ]; [[ "$output" == *"$HOA prefix: no security association to the mobile node"* ]]
	(in_ns ha mip -j ipsec check || true) | jq -e 'map(select(.verdict == "bad")) | length == 1 and .[0].protect == "prefix"'
	[[ $(in_ns ha mip) == *"! IPsec of $HOA, prefix: no security association to the mobile node"* ]]
}

@test "one that somebody took out of the kernel is not said to be there; agent restart puts it back" {
	local id
	for id in $(ip -n mn xfrm state | sed -nE 's/.* reqid (18[0-9]{8})\b.*/\1/p' | sort -u); do ip -n mn xfrm state deleteall reqid "$id"; done
	run in_ns mn mip ipsec check
	[ "$status" = 2 ]; [[ "$output" == *"$HOA binding: not in the kernel"* ]]
	in_ns mn mip -j ipsec show | jq -e 'map(.installed) | any | not'
	in_ns mn mip agent restart
	lab_wait 15 registered f2
	in_ns mn mip -j ipsec show | jq -e 'map(.installed) | all'
}

@test "stop: the home agent is told, and nothing of ours is left, nothing of others touched" {
	local n
	in_ns mn mip mn stop
	lab_wait 10 eval "[ \"\$(json ha binding show home $HOA)\" = '[]' ]"
	for n in mn ha; do in_ns $n mip agent stop; done
	for n in mn ha; do diff /run/lab/$n.before <(picture $n); done
}
