#!/usr/bin/env bats
# bats file_tags=kernel
# Keys for the binding's IPsec from strongSwan's charon, one at each end (RFC 4877): with a shared secret and with certificates,
# a handover, identities that may not have the home address, charon killed. Each test goes on where the one before ended.

. "$BATS_TEST_DIRNAME/../lab/lab.sh"
. "$BATS_TEST_DIRNAME/../lab/agents.sh"
. "$BATS_TEST_DIRNAME/../lab/wire.sh"

D=/run/lab/ike
SECRET=correct-horse-battery-staple

# charon NODE: it runs there when this returns.
charon() {
	local d=$D/$1
	mkdir -p "$d/swanctl"
	cat > "$d/strongswan.conf" <<-CONF
	charon-systemd {
		install_routes = no
		plugins {
			include /etc/strongswan.d/charon/*.conf
			vici { socket = unix://$d/vici }
			resolve { load = no }
			bypass-lan { load = no }
		}
		filelog { log { path = $d/log
			default = 1
			flush_line = yes } }
	}
	swanctl { socket = unix://$d/vici }
	CONF
	STRONGSWAN_CONF=$d/strongswan.conf lab_bg "$1" "$d/out" charon-systemd
	echo $! > "$d/pid"
	lab_wait 10 swan "$1" --stats
}
swan() { STRONGSWAN_CONF=$D/$1/strongswan.conf SWANCTL_DIR=$D/$1/swanctl in_ns "$1" swanctl "${@:2}"; }
charon_kill() { kill -9 "$(cat "$D/$1/pid")"; lab_wait 5 eval "! kill -0 $(cat "$D/$1/pid")"; rm "$D/$1/vici"; }
ike_sa() { swan "$1" --list-sas --raw; }

spis() { ip -n "$1" xfrm state list proto esp | sed -n 's/.*spi \(0x[0-9a-f]*\) reqid 1.*/\1/p' | sort; }   # ours have large reqids
# anew OLD: the mobile node has one security association each way, the home agent has both, and none is of those
anew() {
	local spi all new
	new=$(spis mn) all=$(spis ha)
	[ "$(wc -w <<< "$new")" -eq 2 ] || return
	for spi in $new; do [[ $all == *$spi* && $1 != *$spi* ]] || return; done
}
unprotected() { wire "host $HA and (ip6[6] == 135 or ((ip6[6] == 60 or ip6[6] == 43) and ip6[40] == 135))"; }

setup_file() {
	[ -n "${MIP_LAB:-}" ] || { echo "run it as: tests/net.sh ${BATS_TEST_FILENAME}" >&2; return 1; }
	mkdir -p $D
	command -v charon-systemd swanctl >/dev/null || { echo "charon-systemd is not installed" > $D/lacks; return 0; }
	lab_up || return
	for n in ha mn; do mkdir -p $D/$n; done
	(umask 077; for n in ha mn; do echo $SECRET > $D/$n/psk; done)
	in_ns ha mip doctor ha dev eth0 | grep -q 'no ESP' && { echo "no ESP in this kernel" > $D/lacks; return 0; }
	MIP_VICI=$D/ha/vici agent ha && ha ipsec add home $HOA agent $HA protect binding ike id mn1@example.org psk $D/ha/psk &&
		ha ipsec add home $HOA2 agent $HA protect binding ike id mn2@example.org psk $D/ha/psk && ha ha start dev eth0
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
	for n in mn ha; do in_ns $n mip agent stop 2>/dev/null; kill "$(cat $D/$n/pid)" 2>/dev/null; done
	return 0
}
says() { [[ $(mip -n "$1") == *"$2"* ]]; }
# again NODE WORD...: its protection with other words, in one step
again() {
	mip -n "$1" save | sed "s|^\(ipsec add home $HOA .* ike\) .*|\1 ${*:2}|" > $D/conf
	mip -n "$1" apply $D/conf
}

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

@test "who is not known, and who claims another's home address: refused, the binding stays as it was" {
	local before
	before=$(json ha binding show | jq -c '.[] | [.home, .care_of, .sequence]')
	again mn id evil@example.org psk $D/mn/psk
	mn mn restart
	lab_wait 20 says mn "AUTHENTICATION_FAILED"
	again mn id mn2@example.org psk $D/mn/psk
	lab_wait 20 says mn "TS_UNACCEPTABLE"
	is "$(json ha binding show | jq -c '.[] | [.home, .care_of, .sequence]')" = "$before"
	mip -n mn ipsec check && false
	again mn id mn1@example.org psk $D/mn/psk
	lab_wait 30 registered f2
	mn ipsec check
}

P256=(-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes)
# A certificate of $D/ca for NODE, whose key charon has as swanctl loads it: certificate NODE SUBJECT-ALTERNATIVE-NAME
certificate() {
	local d=$D/$1
	mkdir -p "$d/swanctl/private" "$d/swanctl/x509ca"
	openssl req -new "${P256[@]}" -keyout "$d/swanctl/private/key.pem" -subj "/CN=$1" -out "$d/csr" 2>/dev/null
	openssl x509 -req -in "$d/csr" -CA $D/ca.pem -CAkey $D/ca.key -CAcreateserial -days 30 \
		-extfile <(echo "subjectAltName=$2") -out "$d/cert.pem" 2>/dev/null
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


@test "charon killed at either side, and started again: new keys by themselves while the old ones serve, and those go" {
	local n old seq
	wire_start
	for n in ha mn; do
		old=$(spis mn) seq=$(show mn bul sequence)
		charon_kill $n
		is "$(spis mn)" = "$old"
		charon $n
		swan $n --load-creds
		lab_wait 10 anew "$old"
		is "$(show mn bul sequence)" = "$seq"   # it was not silence that told
		registered f2
	done
	away f1
	wire_stop
	is "$(unprotected)" -eq 0
	mn ipsec check && ha ipsec check
}

foreign() { ip -n "$1" xfrm state add src 2001:db8:99::1 dst 2001:db8:99::2 proto esp spi 0x999 reqid 7 mode transport aead 'rfc4106(gcm(aes))' 0x00112233445566778899aabbccddeeff00112233 128; }
# agent_killed NODE [charon]: with that, if said, and begun again with its configuration
agent_killed() {
	local pid
	pid=$(json "$1" agent show | jq '.[0].pid')
	(umask 077; mip -n "$1" save > "$D/$1/conf")
	kill -9 "$pid"
	lab_wait 5 eval "! kill -0 $pid"
	[ -z "$2" ] || { charon_kill "$1"; charon "$1"; swan "$1" --load-creds; }
	MIP_VICI=$D/$1/vici agent "$1" && mip -n "$1" -b "$D/$1/conf"
}
keyed() { anew none && mn ipsec check && ha ipsec check; }

@test "the agent killed at either side, alone and with charon: keys at both again, and nobody else's touched" {
	local n what to=f2
	for n in ha mn; do foreign $n; done
	wire_start
	for n in ha mn; do
		for what in "" charon; do
			agent_killed $n $what
			lab_wait 10 keyed
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
	lab_wait 10 eval "[ \"\$(json ha binding show)\" = '[]' ]"
	for n in mn ha; do mip -n $n agent stop; done
	lab_wait 10 eval '[ -z "$(swan ha --list-conns)$(swan mn --list-conns)$(swan mn --list-sas)" ]'
	is "$(for n in mn ha; do ip -n $n xfrm state; ip -n $n xfrm policy | grep reqid; done)" = ""   # charon's own have none
}
