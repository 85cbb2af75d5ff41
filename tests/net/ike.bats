#!/usr/bin/env bats
# bats file_tags=kernel
# Keys for the binding's IPsec from strongSwan's charon, one at each end (RFC 4877): with a shared secret and with certificates,
# a handover, identities that may not have the home address, charon killed. Each test goes on where the one before ended.

. "$BATS_TEST_DIRNAME/../lab/lab.sh"
. "$BATS_TEST_DIRNAME/../lab/agents.sh"
. "$BATS_TEST_DIRNAME/../lab/wire.sh"
. "$BATS_TEST_DIRNAME/../lab/forged.sh"
. "$BATS_TEST_DIRNAME/../lab/ike.sh"

SECRET=correct-horse-battery-staple

ike_sa() { swan "$1" --list-sas --raw; }

# anew OLD: the mobile node has one security association each way, the home agent has both, and none is of those
anew() {
	local spi all new
	new=$(spis mn) all=$(spis ha)
	[ "$(wc -w <<< "$new")" -eq 2 ] || return
	for spi in $new; do [[ $all == *$spi* && $1 != *$spi* ]] || return; done
}

setup_file() {
	[ -n "${MIP_LAB:-}" ] || { echo "run it as: tests/net.sh ${BATS_TEST_FILENAME}" >&2; return 1; }
	mkdir -p $D
	command -v charon-systemd swanctl >/dev/null || { echo "charon-systemd is not installed" > $D/lacks; return 0; }
	lab_up || return
	for n in ha mn; do mkdir -p $D/$n; done
	(umask 077; for n in ha mn; do echo $SECRET > $D/$n/psk; done)
	in_ns ha mip doctor ha dev eth0 | grep -q 'no ESP' && { echo "no ESP in this kernel" > $D/lacks; return 0; }
	ip -n r -6 route add blackhole 2001:db8:77::/64
	MIP_VICI=$D/ha/vici agent ha && ha ipsec add home $HOA agent $HA protect binding ike id mn1@example.org psk $D/ha/psk &&
		ha ipsec add home $HOA2 agent $HA protect binding ike id mn2@example.org psk $D/ha/psk &&
		ha acl allow 2001:db8:1::fe0e/127 insecure && ha ha start dev eth0   # badsend's own
	MIP_VICI=$D/mn/vici agent mn && mn ipsec add home $HOA agent $HA protect binding ike id mn1@example.org psk $D/mn/psk &&
		mn mn start home $HOA prefix $HOME_PREFIX agent $HA dev eth0
}
setup() { [ ! -e $D/lacks ] || skip "$(cat $D/lacks)"; }
teardown() {
	wire_stop
	[ -n "$BATS_TEST_COMPLETED" ] || { tail -n 25 $D/*/log; mip -n mn; mip -n ha; }
}
teardown_file() {
	local n
	for n in mn ha; do in_ns $n mip agent stop 2>/dev/null; done
	charons_stop
	return 0
}
says() { [[ $(mip -n "$1") == *"$2"* ]]; }

@test "charon does not run: said with what to do, nothing leaves in clear; it starts: registered, in ESP" {
	wire_start
	lab_move f1
	lab_wait 10 says mn "systemctl start strongswan"
	mip -n mn ipsec check && false
	charon ha && charon mn
	lab_wait 30 registered f1
	wire_stop
	is "$(unprotected)" -eq 0
	is "$(wire "host $HA and (ip6[6] == 60 or ip6[6] == 43) and ip6[40] == 50")" -ge 2
	mn ipsec check && ha ipsec check
}

@test "a handover: the binding moves by the keys there are, and IKE follows it on both sides" {
	local before
	before=$(show ha ipsec spi)
	away f2
	is "$(show ha ipsec spi)" = "$before"
	[[ $(show ha binding flags) = *K* ]]
	[[ $(ike_sa ha) == *"remote-host=$(care_of mn) "* ]]
	[[ $(ike_sa mn) == *"local-host=$(care_of mn) "* ]]
	json ha ipsec show home $HOA | jq -e 'length == 2 and all(.id == "mn1@example.org" and .cipher and .age >= 0) and any(.renewal > 0)'
	json mn ipsec show | jq -e 'length == 2 and all(.age >= 0 and (has("renewal") | not))'   # the home agent does it
}

@test "home, and away again: the same keys protect the first update from there, and IKE follows both ways" {
	local before
	before=$(spis mn)
	lab_move home
	lab_wait 20 at_home_again
	[[ $(ike_sa ha) == *"remote-host=$HOA "* ]]
	is "$(spis mn)" = "$before"
	away f2
	is "$(spis mn)" = "$before"
	is "$(spis ha)" = "$before"
	[[ $(ike_sa ha) == *"remote-host=$(care_of mn) "* ]]
}

@test "forged registrations of every form, and what was protected once: the binding stays" {
	local coa esp
	wire_start
	away f1
	coa=$(care_of mn)
	lab_wait 10 wire_beyond "$(with_hao 50 $HOA "$coa")" 0
	wire_stop
	esp=$(esp_of $WIRE "$coa")
	away f2
	forge "$(care_of mn)" "$coa" "$esp"
	registered f2
	away f1
	away f2
}

@test "the home agent renews IKE's own keys and those of the binding, after a move and before the next" {
	local old
	old=$(spis mn)
	swan ha --rekey --ike "mip-$HOA"
	swan ha --rekey --child binding
	lab_wait 10 anew "$old"
	away f1
	old=$(spis mn)
	swan ha --rekey --child binding
	lab_wait 10 anew "$old"
	away f2
}

@test "a secret that everybody can read is refused; none is in what can be read" {
	local log
	chmod 644 $D/mn/psk
	run again mn id mn1@example.org psk $D/mn/psk
	[ "$status" -eq 0 ]   # it stands already: nothing changes
	run again mn id mn1@example.com psk $D/mn/psk
	[ "$status" -ne 0 ]; [[ $output == *"chmod o= $D/mn/psk"* ]]
	chmod 600 $D/mn/psk
	agent_file log mn log
	[ -s $D/mn/log ]; [ -z "$(cat "$log" $D/*/log /proc/[0-9]*/cmdline 2>/dev/null | grep -a -f $D/mn/psk)" ]
	mn save | grep -q "ike id mn1@example.org psk $D/mn/psk"
	registered f2
}

# refuses IDENTITY TEXT-AT-THE-NODE TEXT-AT-THE-HOME-AGENT
refuses() {
	lab_wait 20 says mn "no keys from $HA: received $2"
	lab_wait 10 says_refused "$1" "$3"
}
says_refused() { mip -n ha | grep "IKE refused $(care_of mn).$1.: .*$2"; }

@test "who is not known, whose secret is another, who claims another's home address: refused, either side says why" {
	local before
	before=$(protected_binding)
	again mn id evil@example.org psk $D/mn/psk
	mn mn restart
	refuses evil@example.org AUTHENTICATION_FAILED "no matching peer config found"
	(umask 077; echo wrong > $D/mn/wrong)
	again mn id mn1@example.org psk $D/mn/wrong
	refuses mn1@example.org AUTHENTICATION_FAILED "MAC mismatched"
	again mn id mn2@example.org psk $D/mn/psk
	refuses mn2@example.org TS_UNACCEPTABLE "traffic selectors .*=== $HOA/128.* unacceptable"
	ha ipsec check home $HOA2 | grep "refused $(care_of mn).mn2@example.org.: traffic"
	is "$(protected_binding)" = "$before"
	mip -n mn ipsec check && false
	ha ipsec check   # of what others try nothing is wrong here
	again mn id mn1@example.org psk $D/mn/psk
	lab_wait 30 registered f2
	mn ipsec check
}

@test "without protection, to a home agent that would take others so: ignored, either side says it" {
	local before n
	mn save > $D/good
	mn ipsec del home $HOA
	before=$(protected_binding) n=$(show ha ha rx_unprotected)
	ha ha set insecure yes
	lab_move f1
	lab_wait 20 eval '[ $(show ha ha rx_unprotected) -gt $n ]'
	lab_wait 20 eval 'mip -n mn | grep "$HA does not answer: .* it wants IPsec or a key"'
	mip -n ha | grep "messages ignored: they came unprotected"
	is "$(protected_binding)" = "$before"
	ha ha set insecure no
	mip -n mn apply $D/good
	lab_wait 30 registered f1
	away f2
}

P256=(-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes)
# A certificate of $D/ca for NODE, whose key charon has as swanctl loads it: certificate NODE SUBJECT-ALTERNATIVE-NAME [FILE [DAYS]]
certificate() {
	local d=$D/$1 file=${3:-cert}
	mkdir -p "$d/swanctl/private" "$d/swanctl/x509ca"
	openssl req -new "${P256[@]}" -keyout "$d/swanctl/private/$file.pem" -subj "/CN=$1 $file" -out "$d/csr" 2>/dev/null
	openssl x509 -req -in "$d/csr" -CA $D/ca.pem -CAkey $D/ca.key -CAcreateserial -days "${4:-30}" \
		-extfile <(printf 'subjectAltName=%s\nauthorityKeyIdentifier=keyid\n' "$2") -out "$d/$file.pem" 2>/dev/null
	cp $D/ca.pem "$d/swanctl/x509ca/"
	swan "$1" --load-creds
}

@test "certificates: registered with them, and with those alone that are the mobile node's" {
	openssl req -x509 "${P256[@]}" -keyout $D/ca.key -subj /CN=ca -days 30 -out $D/ca.pem 2>/dev/null
	certificate ha "IP:$HA"
	certificate mn email:mn1@example.org
	again ha id mn1@example.org cert $D/ha/cert.pem
	again mn id mn1@example.org cert $D/mn/cert.pem
	mn mn restart
	lab_wait 30 registered f2
	mn ipsec check
	[[ $(ike_sa mn) == *"remote-id=$HA "* ]]
}

# revoke FILE: in a list that the home agent has
revoke() {
	local openssl_ca=(openssl ca -config "$D/ca.conf" -keyfile "$D/ca.key" -cert "$D/ca.pem")
	mkdir -p $D/ha/swanctl/x509crl $D/issued
	: > $D/index && echo 01 > $D/number
	cat > $D/ca.conf <<-CONF
	[ca]
	default_ca = list
	[list]
	database = $D/index
	crlnumber = $D/number
	new_certs_dir = $D/issued
	default_md = sha256
	default_crl_days = 30
	crl_extensions = crl
	[crl]
	authorityKeyIdentifier = keyid
	CONF
	"${openssl_ca[@]}" -revoke "$1" && "${openssl_ca[@]}" -gencrl -out $D/ha/swanctl/x509crl/crl.pem && swan ha --load-creds
}

@test "a certificate that is expired, and one that is revoked: refused, the binding stays, either side says why" {
	local before
	before=$(protected_binding)
	certificate mn email:mn1@example.org expired -1
	certificate mn email:mn1@example.org revoked
	revoke $D/mn/revoked.pem
	again mn id mn1@example.org cert $D/mn/expired.pem
	mn mn restart
	refuses mn1@example.org AUTHENTICATION_FAILED "subject certificate invalid"
	again mn id mn1@example.org cert $D/mn/revoked.pem
	refuses mn1@example.org AUTHENTICATION_FAILED "certificate was revoked"
	is "$(protected_binding)" = "$before"
	again mn id mn1@example.org cert $D/mn/cert.pem
	lab_wait 30 registered f2
	mn ipsec check && ha ipsec check
}

# within MICROSECONDS-THEN WHAT...: all of it is protected again, and that took 10 s at most
within() {
	local ms=$(((${EPOCHREALTIME/./} - $1) / 1000))
	echo "# protected again $ms ms after kill -9 of ${*:2}" >&3
	is $ms -le $((10000 * MIP_SLOW))
}

@test "charon killed at either side, and at both: new keys by themselves while the old ones serve, and those go" {
	local n at old seq since
	wire_start
	for at in ha mn "ha mn"; do
		old=$(spis mn) seq=$(show mn bul sequence)
		since=${EPOCHREALTIME/./}
		for n in $at; do charon_kill $n; done
		is "$(spis mn)" = "$old"
		for n in $at; do charon $n; swan $n --load-creds; done
		lab_wait 10 anew "$old"
		within $since charon at $at
		is "$(show mn bul sequence)" = "$seq"   # it was not silence that told
		registered f2
	done
	away f1
	wire_stop
	is "$(unprotected)" -eq 0
	mn ipsec check && ha ipsec check
}

foreign() { ip -n "$1" xfrm state add src 2001:db8:99::1 dst 2001:db8:99::2 proto esp spi 0x999 reqid 7 mode transport aead 'rfc4106(gcm(aes))' 0x00112233445566778899aabbccddeeff00112233 128; }
# killed "NODE..." [charon]: the agents there, with that, if said, and begun again with their configuration
killed() {
	local n pid
	for n in $1; do
		pid=$(show $n agent pid)
		(umask 077; mip -n $n save > $D/$n/conf)
		kill -9 $pid
		lab_wait 5 eval "! kill -0 $pid"
		[ -z "$2" ] || charon_kill $n
	done
	for n in $1; do
		[ -z "$2" ] || { charon $n; swan $n --load-creds; }
		MIP_VICI=$D/$n/vici agent $n && mip -n $n -b $D/$n/conf || return
	done
}
keyed() { anew "$1" && mn ipsec check && ha ipsec check; }

@test "the agent killed at either side, and at both, alone and with charon: keys at both again, and nobody else's touched" {
	local n what at since old to=f2
	for n in ha mn; do foreign $n; done
	wire_start
	for at in ha mn "ha mn"; do
		for what in "" charon; do
			old=none
			[ -z "$what" ] || old=$(spis mn)   # those of a charon that was killed are known to none
			since=${EPOCHREALTIME/./}
			killed "$at" $what
			lab_wait 10 keyed "$old"
			within $since the agent $what at $at
			away $to
			[ $to = f1 ] && to=f2 || to=f1
		done
	done
	wire_stop
	is "$(unprotected)" -eq 0
	for n in ha mn; do
		is "$(ip -n $n xfrm state list proto esp spi 0x999 | grep -c '^src')" -eq 1
		ip -n $n xfrm state delete src 2001:db8:99::1 dst 2001:db8:99::2 proto esp spi 0x999
	done
}

@test "stop: charon has nothing of ours any more, nor has the kernel" {
	local n
	mn mn stop
	lab_wait 10 eval "[ \"\$(json ha binding show home $HOA)\" = '[]' ]"
	for n in mn ha; do mip -n $n agent stop; done
	lab_wait 10 eval '[ -z "$(swan ha --list-conns)$(swan mn --list-conns)$(swan mn --list-sas)" ]'
	is "$(for n in mn ha; do ip -n $n xfrm state; ip -n $n xfrm policy | grep reqid; done)" = ""   # charon's own have none
}
