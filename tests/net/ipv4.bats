#!/usr/bin/env bats
# A mobile node on links that have IPv4 only, also behind a NAT (RFC 5555 4): registered, reachable, and nothing else.

. "$BATS_TEST_DIRNAME/../lab/lab.sh"
. "$BATS_TEST_DIRNAME/../lab/agents.sh"
. "$BATS_TEST_DIRNAME/../lab/ipv4.sh"
. "$BATS_TEST_DIRNAME/../lab/network.sh"
. "$BATS_TEST_DIRNAME/../lab/traffic.sh"
. "$BATS_TEST_DIRNAME/../valid.sh"

setup_file() { lab_up && lab_ipv4; }
setup() { lab_move home; }
teardown() {
	traffic_end
	agents_stop
	no_addr4
}

ha4() { ha_start ipv4 $HA4; }
mn4() { mn_start ipv4 $HA4 "$@"; }
inside() { in_ns cn ping -6 -c 1 -W $((2 * MIP_SLOW)) $HOA; }
care_of() { [ "$(show ha binding care_of)" = "$1" ]; }
# at CARE-OF: registered with that, both sides, and reached
at() {
	lab_wait 20 care_of "$1"
	mn mn wait registered timeout $((60 * MIP_SLOW))
	lab_wait 10 inside
}

@test "a link with IPv4 only: registered over UDP, reached, and with IPv6 again at once when it is there" {
	local before
	ha4
	before=$(kernel_state mn)
	mn4
	mn mn wait home timeout $((60 * MIP_SLOW))
	move4 v4
	at $MN4
	[ "$(json ha binding show | jq -c '.[0] | [.care_of, .port]')" = "[\"$MN4\",4191]" ]
	[ "$(json mn bul show | jq -c '.[0] | [.care_of, .flags[:2], .flags[-1:]]')" = "[\"$MN4\",\"AH\",\"F\"]" ]
	json ha binding show | valid binding; json mn bul show | valid bul; json mn mn show | valid mn; json ha ha show | valid ha
	in_ns mn ping -6 -c 1 -W 2 -I $HOA $CN
	in_ns cn ping -6 -c 2 -s 1400 -W 2 $HOA
	lab_move f1
	at "$(show mn mn care_of)"
	[[ $(show ha binding care_of) = 2001:db8:f1:* ]]
	lab_move home
	mn mn wait home timeout $((60 * MIP_SLOW))
	lab_wait 10 inside
	mn mn stop
	lab_wait 10 no_agent mn
	no_addr4
	diff <(echo "$before") <(kernel_state mn)
}

@test "behind a NAT: kept alive by updates, and followed when the NAT forgets" {
	local port
	ha4; mn4
	move4 nat
	at $NAT4
	json ha binding show | valid binding
	# RFC 5555 4.3: the answer says so, and when the node is to be heard again
	[ "$(json mn bul show | jq '.[0].refresh <= 110')" = true ]
	port=$(show ha binding port)
	in_ns mn ping -6 -c 1 -W 2 -I $HOA $CN
	# another mapping: only an update moves the binding
	in_ns gw nft delete table ip nat
	nat_rules
	run in_ns mn ping -6 -c 1 -W 1 -I $HOA $CN
	[ "$(show ha binding port)" = "$port" ]
	lab_move nat && at $NAT4
	mn mn stop
	lab_wait 10 eval '[ "$(json ha binding show)" = "[]" ]'
}

@test "an update that left before there was a route leaves again as soon as there is one" {
	clocks mn
	ha4; mn4
	move4 v4
	at $MN4
	no_addr4
	lab_move nat
	lab_wait 10 eval '[ "$(show mn mn state)" = detached ]'
	pass 1 mn   # the time that IPv6 has to come first
	ip -n mn addr add 10.0.0.77/24 dev eth0
	lab_wait 10 eval '[ "$(show mn mn state)" = registering ]'
	stand mn   # no update is sent again because of time
	ip -n mn route add default via 10.0.0.1
	lab_wait 5 eval '[ "$(show ha binding care_of)" = $NAT4 ]'
	go_on mn
	at $NAT4
}

# behind NODE HOME-ADDRESS: another mobile node behind the NAT
behind() {
	[ -e "/run/netns/$1" ] || behind_nat "$1" "${2##*:}" || return
	role_start "$1" mn start home "$2" prefix "$HOME_PREFIX" agent $HA dev eth0 ipv4 $HA4
}
HOA3=2001:db8:1::210
unheard() { ! in_ns cn ping -6 -c 1 -W 1 "$1"; }
# pings NODE ADDRESS WORD...: is any answered?
pings() { in_ns "$1" ping -6 -c 20 -i 0.2 -W 1 "${@:3}" "$2" | grep -q "bytes from"; }

@test "two mobile nodes and a mobile router behind one NAT, which reboots: back with an update, at once when they send" {
	[ -e /run/netns/h1 ] || lab_network
	clocks mn3
	ha4
	ha acl allow $HOA network $NET_PREFIX
	mn_start ipv4 $HA4 network $NET_PREFIX dev lan0
	move4 nat
	behind mn2 $HOA2
	behind mn3 $HOA3
	lab_wait 30 eval '[ $(json ha binding show | jq "[.[] | select(.state == \"active\") | .port] | unique | length") = 3 ]'
	[ "$(json ha binding show | jq -r '[.[].care_of] | unique | join(" ")')" = $NAT4 ]
	for to in $HOA $HOA2 $HOA3 $H1; do lab_wait 10 in_ns cn ping -6 -c 1 -W 2 $to; done
	in_ns mn2 ping -6 -c 1 -W 2 -I $HOA2 $HOA3
	in_ns mn3 ping -6 -c 1 -W 2 -I $HOA3 $H1
	nat_reboot
	for to in $HOA2 $HOA3 $H1; do unheard $to; done
	# asked for by what they send, long before the next keepalive
	pings h1 $CN
	pings mn2 $CN -I $HOA2
	for to in $HOA $H1 $HOA2; do lab_wait 10 in_ns cn ping -6 -c 1 -W 2 $to; done
	# or with the next keepalive
	unheard $HOA3
	pass 110 mn3
	lab_wait 10 in_ns cn ping -6 -c 1 -W 2 $HOA3
	is "$(mip -n mn3 -j bul show | jq '.[0].refresh')" -le 55
}

updates() { [ $((($(show ha binding sequence) - $1) & 65535)) -ge "$2" ]; }

@test "a NAT that forgets soon: a lifetime that is short enough keeps the node reachable all the time" {
	local sequence
	ha4
	mn4
	move4 nat
	nat_forgets 4
	at $NAT4
	lab_wait 20 nat_forgot   # as it does between two updates
	unheard $HOA
	mn mn stop
	mn4 lifetime 4
	at $NAT4
	for _ in 1 2 3; do
		sequence=$(show ha binding sequence)
		lab_wait 20 updates "$sequence" 3   # more than 6 s, in which nothing else was sent
		in_ns cn ping -6 -c 1 -W $MIP_SLOW $HOA
	done
	nat_forgets 120
}

@test "a TCP connection goes on through IPv4, a NAT, and IPv6 links" {
	local link
	ha4; mn4
	mn mn wait home timeout $((60 * MIP_SLOW))
	traffic_start
	for link in f1 v4 nat f2; do
		case $link in v4 | nat) move4 $link;; *) no_addr4; lab_move $link;; esac
		mn mn wait registered timeout $((60 * MIP_SLOW))
		case $link in
		v4) lab_wait 20 care_of $MN4;;
		nat) lab_wait 20 care_of $NAT4;;
		*) lab_wait 20 eval "[[ \$(show ha binding care_of) = 2001:db8:$link:* ]]";;
		esac
		tcp_flows
		more_replies 10
	done
	lab_move home
	mn mn wait home timeout $((60 * MIP_SLOW))
	tcp_flows
	tcp_stop
}

# long NODE: what it sends and what comes out of its tunnels is looked at; long_seen NODE sent|came: as segments yet to be cut?
long() {
	in_ns "$1" nft -f - <<-NFT
	table inet long {
		chain out { type filter hook postrouting priority 0; meta l4proto udp meta length > 3000 counter comment "sent"; }
		chain in { type filter hook prerouting priority 0; iifname mipro meta length > 3000 counter comment "came"; }
	}
	NFT
}
long_seen() { [ "$(in_ns "$1" nft -j list table inet long | jq "[.. | .rule? // empty | select(.comment == \"$2\") | .expr[] | .counter? // empty | .packets] | add")" -gt 0 ]; }
dropped() { mip -n "$1" stats format prometheus | awk -v reason="$2" '/dropped/ && index($0, reason) { n += $NF } END { print n + 0 }'; }
# carry FROM TO BIND ADDRESS: a megabyte, by TCP
carry() {
	lab_bg "$2" /run/lab/carried socat -u TCP6-LISTEN:5002,reuseaddr SYSTEM:sha256sum
	lab_wait 5 eval '[ -n "$(in_ns '"$2"' ss -Hltn "sport = :5002")" ]'
	head -c 1000000 /dev/zero | tr '\0' x | in_ns "$1" socat -u - "TCP6:[$4]:5002,bind=[$3]"
	lab_wait 20 grep -q "$(head -c 1000000 /dev/zero | tr '\0' x | sha256sum)" /run/lab/carried
}

@test "segments of TCP stay whole in UDP, both ways; where the path takes less they are cut, and arrive all the same" {
	local n lost lost_there
	ha4; mn4
	move4 nat
	at $NAT4
	for n in mn ha; do long $n; done
	carry mn cn $HOA $CN
	carry cn mn $CN $HOA
	for n in mn ha; do long_seen $n sent; long_seen $n came; done
	lost=$(dropped mn "not sent") lost_there=$(dropped ha "not sent")
	for n in mn ha; do ip -n $n link set eth0 mtu 1400; in_ns $n nft delete table inet long; long $n; done
	carry mn cn $HOA $CN
	carry cn mn $CN $HOA
	is "$(dropped mn "not sent") $(dropped ha "not sent")" = "$lost $lost_there"
	for n in mn ha; do ip -n $n link set eth0 mtu 1500; in_ns $n nft delete table inet long; done
}

# attack SOURCE PORT WORD...: from beyond the home link
attack() { in_ns r "$BATS_TEST_DIRNAME/udpsend.py" "$1" "$2" $HA4 "${@:3}"; }

@test "what others send in UDP changes nothing: another source, another port, an update played again, noise" {
	local sequence before seed=${SEED:-$RANDOM}
	ha4; mn4
	move4 nat
	at $NAT4
	before=$(json ha binding show | jq -c '.[0] | [.care_of, .port]')
	sequence=$(show ha binding sequence)
	in_ns cn nft "add table ip6 seen; add chain ip6 seen f { type filter hook prerouting priority -400; }; add rule ip6 seen f ip6 saddr $HOA icmpv6 type echo-request counter"
	attack 203.0.113.5 4191 data $HOA $CN
	attack $NAT4 7 data $HOA $CN
	attack 203.0.113.5 4191 bu $HOA $HA "$sequence" 100
	attack 203.0.113.5 4191 bu $HOA $HA "$sequence" 0
	attack 127.0.0.1 4191 bu $HOA $HA $(((sequence + 1) % 65536)) 100
	echo "# SEED $seed" >&3
	attack 203.0.113.5 4191 noise 500 $seed
	inside
	[ "$(json ha binding show | jq -c '.[0] | [.care_of, .port]')" = "$before" ]
	[ "$(show ha binding sequence)" = "$sequence" ]
	[ "$(in_ns cn nft -j list table ip6 seen | jq '[.. | .counter? // empty | .packets] | add')" = 0 ]
	in_ns cn nft delete table ip6 seen
	# the same from where it is goes through
	in_ns mn ping -6 -c 1 -W 2 -I $HOA $CN
}

@test "what is not answered over UDP is said on the status page, and what would help on a link with IPv4 only" {
	mn4
	move4 v4
	lab_wait 20 eval '[[ $(mn) == *"no answer over UDP port 4191 from $HA4"* ]]'
	mn mn stop
	lab_wait 10 no_agent mn
	mn_start
	lab_wait 20 eval '[[ $(mn) == *"it has IPv4 only"* ]]'
}
