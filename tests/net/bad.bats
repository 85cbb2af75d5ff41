#!/usr/bin/env bats
# What no honest node sends, against running agents (RFC 6275 5 and 9): every packet gets the RFC's answer or none, the
# kernel answers none of Mobile IPv6's headers, and afterwards the same process serves as before.
#
# Sent by badsend in r: on the home link to the home agent, on foreign link 1 to the mobile node. It returns when a
# Care-of Test Init and a genuine registration sent last were answered: "silence" is not a matter of waiting.
# A kernel with CONFIG_IPV6_MIP6 answers wrong lengths and Payload Protos of plain Mobility Headers itself, with the same.

. "$BATS_TEST_DIRNAME/../lab/lab.sh"
. "$BATS_TEST_DIRNAME/../lab/agents.sh"

GOLDEN=$BATS_TEST_DIRNAME/../golden
COA=2001:db8:77::77 # badsend's source
AH=0xc000	    # flags of a home registration
HEX_HOME=20010db8000100000000000000000200

setup_file() {
	lab_up || return
	ip -n r -6 route add blackhole 2001:db8:77::/64
	ha_start || return
	cn_start || return
	lab_move f1
	in_ns mn mip mn start home $HOA prefix $HOME_PREFIX agent $HA || return
	lab_wait 20 at_rest || return
	for n in ha mn cn; do pid $n > "$BATS_FILE_TMPDIR/$n.pid"; done
}

teardown_file() { agents_stop; }

# The same processes, and they answer.
teardown() {
	local n
	kill -CONT "$(cat "$BATS_FILE_TMPDIR/ha.pid")"
	for n in ha mn cn; do
		[ "$(pid $n)" = "$(cat "$BATS_FILE_TMPDIR/$n.pid")" ] || { echo "the agent of $n is not what it was"; return 1; }
	done
}

pid() { show "$1" agent pid; }
memory() { show "$1" agent memory; }
dropped() { show "$1" agent rx_dropped; }
mn_is() { [ "$(show mn mn state)" = "$1" ]; }
at_rest() { registered f1; }
# anew: unplugged, which is noticed, and plugged in again
anew() { lab_move nowhere && lab_wait 10 mn_is detached && lab_move f1 && lab_wait 20 at_rest; }
binding() { ha -j binding show home "$1" | jq -r '.[0].state // empty'; }
binding_is() { [ "$(binding "$1")" = "$2" ]; }

# bad PACKETS: sent to the home agent; what came back is on stdout. The others: to the mobile node, the correspondent.
send() { in_ns r "$MIP_BUILD/tests/net/badsend" "$@" 2>"$BATS_TEST_TMPDIR/sent"; }
bad() { send home 02:00:00:00:01:01 $HA <<< "$1"; }
bad_mn() { send f1 02:00:00:00:01:64 "${2:-$(show mn mn care_of)}" <<< "$1"; }
bad_cn() { send cn 02:00:00:00:0c:02 $CN <<< "$1"; }

# is TEXT LINE...: these lines, in any order.
is() {
	diff -u --label expected --label answered <([ $# -eq 1 ] || printf '%s\n' "${@:2}" | sort) <([ -z "$1" ] || sort <<< "$1")
}
# Nothing came back, and no home address of a test has a binding.
silence() {
	is "$1" || return
	is "$(ha -j binding show | jq -r '.[].home' | grep -v -e ::fe0f -e "^$HOA\$")"
}
# Plain, and with a Home Address option: as the kernel delivers it, and past the kernel.
both() { printf '%s\nhao 2001:db8:1::200 %s\n' "$1" "$1"; }

@test "every truncation of every golden Mobility Header: silence" {
	local f n=0 before answers=""
	before=$(dropped ha)
	for f in "$GOLDEN"/{bu,ba,be,brr,cot,hot}*.hex; do
		answers+=$(bad "golden $f each"; bad "hao 2001:db8:1::200 golden $f each")
		n=$((n + 1))
	done
	[ $n -ge 12 ]
	silence "$answers"
	# plain ones, some kernels drop before we see them
	[ "$(dropped ha)" -ge $((before + 300)) ] || { echo "$before -> $(dropped ha): they did not arrive"; false; }
}

@test "packets shorter than their Payload Length, extension headers cut in the middle: silence" {
	local k packets=""
	for k in 1 8 12 16 17 24 31 32 39 40; do
		packets+="hao 2001:db8:1::200 bu 1 $AH 10 short $k"$'\n'"hao 2001:db8:1::200 bu 1 $AH 10 cut $k"$'\n'
		packets+="rh2 2001:db8:1::200 1 bu 1 $AH 10 short $k"$'\n'"rh2 2001:db8:1::200 1 bu 1 $AH 10 cut $k"$'\n'
	done
	silence "$(bad "$packets")"
}

@test "a wrong checksum: silence, whatever else is wrong" {
	local before
	before=$(dropped ha)
	silence "$(bad "$(
		both "bu 1 $AH 10 badsum"
		both "mh 3b002a0000000000 badsum"
		# plain, a kernel with CONFIG_IPV6_MIP6 answers these before it looks at the checksum
		echo "hao 2001:db8:1::200 mh 3a0105000000000100c00000000a0000 badsum"
		echo "hao 2001:db8:1::200 mh 3b00050000000000 badsum"
	)")"
	[ "$(dropped ha)" -ge $((before + 4)) ]
}

@test "Payload Proto is not 59: Parameter Problem, code 0, at that field" {
	is "$(bad "$(both "mh 3a0105000000000001c000000a000000")")" "problem 0 at 40 to $COA" "problem 0 at 64 to $COA"
}

@test "Header Len below the least of each type: Parameter Problem, code 0, at that field" {
	local type len=(- 0 0 1 1 0 0 1) want=() packets="" mh
	for type in 1 2 3 4 5 6 7; do
		mh="mh 3b0${len[type]}0${type}0000000000"
		[ "${len[type]}" = 0 ] || mh+=0000000000000000
		packets+="from 2001:db8:77::b$type $mh"$'\n'"from 2001:db8:77::c$type hao 2001:db8:1::200 $mh"$'\n'
		want+=("problem 0 at 41 to 2001:db8:77::b$type" "problem 0 at 65 to 2001:db8:77::c$type")
	done
	is "$(bad "$packets")" "${want[@]}"
}

@test "an unknown message type: Binding Error status 2 with the home address, if there was one" {
	local type want=()
	for type in 08 2a ff; do want+=("be 2 home :: to $COA" "be 2 home 2001:db8:1::200 to $COA"); done
	is "$(bad "$(for type in 08 2a ff; do both "mh 3b00${type}0000000000"; done)")" "${want[@]}"
	# the type is looked at before Payload Proto (9.2) is where the kernel leaves that to us
	is "$(bad "hao 2001:db8:1::200 mh 3a002a0000000000")" "be 2 home 2001:db8:1::200 to $COA"
	silence "$(bad "from ff02::1 hao 2001:db8:1::200 mh 3b002a0000000000"$'\n'"from ::1 hao 2001:db8:1::200 mh 3b002a0000000000")"
}

@test "malformed options: silence; unknown ones are skipped" {
	local option
	# takes a registration away that is not there: 133 says that it was read to the end
	is "$(bad "hao 2001:db8:1::200 mh 3b01050000000001c000000063020000")" "ba 133 seq 1 lifetime 0 to $COA home 2001:db8:1::200"
	for option in 03100000 01050000 03020000 05020000 0000ff01 00000001 00000003 04040000; do
		silence "$(bad "$(both "mh 3b01050000000001c000000a$option")")"
	done
	# an authenticator that is not the last, an Alternate Care-of Address of 15 octets
	silence "$(bad "$(both "mh 3b04050000000001c000000a0000050c0000000000000000000000000100000000000000000000000000")")"
	silence "$(bad "$(both "mh 3b03050000000001c000000a0100030f20010db800f100000000000000000000")")"
}

@test "a home address that is none: silence" {
	local home
	for home in ff02::1 fe80::200 :: ::1 ::ffff:192.0.2.1; do
		silence "$(bad "hao $home bu 1 $AH 10")"
		silence "$(bad "from $home bu 1 $AH 10")"
		silence "$(bad "from $home hao 2001:db8:1::200 bu 1 $AH 10")"
	done
	for home in 2001:db8:1:: 2001:db8:1:0:fdff:ffff:ffff:fffe 2001:db8:1:0:fdff:ffff:ffff:ff80; do
		silence "$(bad "hao $home bu 1 $AH 10")"
	done
}

@test "a care-of address that is none, or the home agent's own: status 174" {
	local alt
	for alt in ff02::1 fe80::200 :: ::1 ::ffff:192.0.2.1 $HA fec0::200 100::1 2002:7f00:1::1 2001:db8:1::fe \
		2001:db8:1:0:fdff:ffff:ffff:fffe 2001:db8:f1:: 2001:db8:f1:0:fdff:ffff:ffff:fffe; do
		is "$(bad "hao 2001:db8:1::200 bu 7 $AH 10 alt $alt")" "ba 174 seq 7 lifetime 0 to $COA home 2001:db8:1::200"
	done
	silence ""
}

# One packet for the first must not become many at the last: RFC 6275 6.1.7, RFC 2473 4.1.1.
@test "chains of bindings, from either end, through the node's own binding, renewed into one, in a circle: 174 or silence" {
	local one=2001:db8:1::c1 two=2001:db8:1::c2 refused
	refused="ba 174 seq 1 lifetime 0 to $COA home $two"
	# the far end first: the node that is away, and badsend's own, have bindings
	is "$(bad "hao $two bu 1 $AH 10 alt $HOA")" "$refused"
	# the near end first: nobody has one yet
	is "$(bad "hao $two bu 1 $AH 10 alt $one")" "$refused"
	# a good one, renewed into a bad one
	bad "hao $one bu 1 $AH 10"
	lab_wait 10 binding_is $one active
	is "$(bad "hao $one bu 2 $AH 10 alt $HOA")" "ba 174 seq 2 lifetime 0 to $COA home $one"
	is "$(bad "hao $one bu 2 $AH 10 alt $two")" "ba 174 seq 2 lifetime 0 to $COA home $one"
	is "$(bad "hao $two bu 1 $AH 10 alt $one")" "$refused"
	# a circle of one
	is "$(bad "hao $two bu 1 $AH 10 alt $two")" "ba 133 seq 1 lifetime 0 to $COA home $two"
	[ "$(in_ns ha mip -j binding show home $one | jq -r '.[0] | "\(.care_of) \(.sequence)"')" = "$COA 1" ]
	bad "hao $one bu 3 $AH 0"
	lab_wait 10 binding_is $one ""
	is "$(in_ns ha mip -j binding show | jq -r '.[].home' | grep -v -e ::fe0f -e "^$HOA\$")"
	run in_ns ha mip binding add home $two care-of $one
	[ "$status" = 2 ]
	[[ "$output" == *"$one cannot be the care-of address"* ]]
}

@test "outside the home prefix 132, nothing to de-register 133, the home agent's own address 133, no home agent 131" {
	is "$(bad "hao 2001:db8:2::200 bu 1 $AH 10")" "ba 132 seq 1 lifetime 0 to $COA home 2001:db8:2::200"
	is "$(bad "hao 2001:db8:1::200 bu 2 $AH 0")" "ba 133 seq 2 lifetime 0 to $COA home 2001:db8:1::200"
	is "$(bad "hao $HA bu 3 $AH 10")" "ba 133 seq 3 lifetime 0 to $COA home $HA"
	is "$(bad_cn "hao 2001:db8:1::200 bu 4 $AH 10")" "ba 131 seq 4 lifetime 0 to $COA home 2001:db8:1::200"
	is "$(bad_mn "hao 2001:db8:1::200 bu 5 $AH 10")" "ba 131 seq 5 lifetime 0 to $COA home 2001:db8:1::200"
	silence ""
}

@test "a sequence number again, an older one, one half way round: 135 with the last one accepted" {
	local home=2001:db8:1::210 was
	bad "hao $home bu 100 $AH 100"
	lab_wait 10 binding_is $home active
	for was in 100 99 0 32868; do
		is "$(bad "hao $home bu $was $AH 100")" "ba 135 seq 100 lifetime 0 to $COA home $home"
	done
	is "$(bad "hao $home bu 99 $AH 0")" "ba 135 seq 100 lifetime 0 to $COA home $home"
	is "$(bad "hao $home bu 32867 $AH 100")" "ba 0 seq 32867 lifetime 100 to $COA home $home"
	is "$(bad "from 2001:db8:77::78 hao $home bu 33000 $AH 0")" "ba 0 seq 33000 lifetime 0 to 2001:db8:77::78 home $home"
	silence ""
}

@test "two Home Address options, one of a wrong length, one behind a fragment header: silence" {
	local h=$HEX_HOME
	silence "$(bad "hao 2001:db8:1::200 hao 2001:db8:1::201 bu 1 $AH 10")"
	silence "$(bad "dopt 0004c910${h}c910${h}0100 bu 1 $AH 10")"
	silence "$(bad "dopt 00020103000000c90f${h:0:30} bu 1 $AH 10")"
	silence "$(bad "dopt 000201010000c911$h bu 1 $AH 10")"
	silence "$(bad "frag 0000000000000007 hao 2001:db8:1::200 bu 1 $AH 10")"
	silence "$(bad "frag 0000000100000009 hao 2001:db8:1::200 bu 1 $AH 10")"
	# where it belongs, behind other options: taken
	is "$(bad "dopt 0000010400000000 hao 2001:db8:1::200 bu 3 $AH 0")" "ba 133 seq 3 lifetime 0 to $COA home 2001:db8:1::200"
}

@test "a type 2 routing header with segments left 0 or 2, of another length, or naming somebody else: silence" {
	local segments
	for segments in 0 2 255; do
		silence "$(bad "rh2 2001:db8:1::200 $segments bu 1 $AH 10")"
		silence "$(bad "rh2 2001:db8:1::200 $segments hao 2001:db8:1::201 bu 1 $AH 10")"
		is "$(bad_mn "rh2 $HOA $segments mh 3b002a0000000000")"
	done
	silence "$(bad "route 00040201$(printf '0%.0s' {1..8})$HEX_HOME$HEX_HOME bu 1 $AH 10")"
	# one that is right in itself, to a home agent, and to a mobile node of another address
	silence "$(bad "rh2 2001:db8:1::200 1 bu 1 $AH 10")"
	silence "$(bad "rh2 2001:db8:1::200 1 hao 2001:db8:1::201 bu 1 $AH 10")"
	is "$(bad_mn "rh2 2001:db8:1::101 1 mh 3b002a0000000000")"
	is "$(bad_mn "rh2 $HOA 1 mh 3b002a0000000000")" "be 2 home :: to $COA"
}

@test "a mobile node takes no acknowledgement it did not ask for, nor from anybody else" {
	local at before bul
	at=$(show mn mn care_of)
	before=$(mn -j bul show | jq -c 'map({sequence, state, care_of, lifetime, status})')
	bul=$(jq '.[0].sequence' <<< "$before")
	ba() { printf '3b0106000000%02x00%04x%04x00000000' "$1" "$2" "$3"; }
	is "$(bad_mn "from $HA rh2 $HOA 1 mh $(ba 135 4711 0)
		from $HA rh2 $HOA 1 mh $(ba 0 "$bul" 1)
		from $HA rh2 $HOA 1 mh $(ba 128 "$bul" 0)
		from $HA mh $(ba 128 "$bul" 0)
		rh2 $HOA 1 mh $(ba 0 "$bul" 1)")"
	is "$(mn -j bul show | jq -c 'map({sequence, state, care_of, lifetime, status})')" "$before"
	mn_is registered
	# while it waits, the right number alone counts, and from its home agent alone
	kill -STOP "$(cat "$BATS_FILE_TMPDIR/ha.pid")"
	lab_move nowhere
	lab_wait 10 mn_is detached
	lab_move f1
	lab_wait 10 mn_is registering
	bul=$(mn -j bul show | jq '.[0].sequence')
	bad_mn "from $HA rh2 $HOA 1 mh $(ba 0 $((bul + 7 & 65535)) 100)
		rh2 $HOA 1 mh $(ba 0 "$bul" 100)
		from $HA rh2 2001:db8:1::101 1 mh $(ba 0 "$bul" 100)
		from $HA mh $(ba 0 "$bul" 100)" "$at"
	mn_is registering
	accepted() {
		bul=$(mn -j bul show | jq '.[0].sequence')
		bad_mn "from $HA rh2 $HOA 1 mh $(ba 0 "$bul" 100)" "$at"
		mn_is registered
	}
	lab_wait 10 accepted
	kill -CONT "$(cat "$BATS_FILE_TMPDIR/ha.pid")"
	anew
}

# ra LIFETIME OPTIONS...: a Router Advertisement in hex; prefix A::/64 as an option of it, on-link, not for addresses
ra() { printf '8600000040%s%04x0000000000000000%s' 00 "$1" "$2"; }
prefix() { printf '030440%s%08x%08x00000000%s0000000000000000' "${2:-80}" 86400 86400 "$1"; }
HOME_HEX=20010db800010000

@test "Router Advertisements that came through a router, from no link-local address, or broken: nothing moves" {
	local home at
	home=$(prefix $HOME_HEX)
	at=$(show mn mn care_of)
	is "$(bad_mn "from fe80::bad to ff02::1 hops 64 icmp $(ra 1800 "$home")
		from 2001:db8:f1::bad to ff02::1 hops 255 icmp $(ra 1800 "$home")
		from :: to ff02::1 hops 255 icmp $(ra 1800 "$home")
		from fe80::bad to ff02::1 hops 255 icmp $(ra 1800 "${home}0300")
		from fe80::bad to ff02::1 hops 255 icmp $(ra 1800 "0000$home")
		from fe80::bad to ff02::1 hops 255 icmp $(ra 1800 "$home") cut 1
		from fe80::bad to ff02::1 hops 255 icmp $(ra 1800 "$home") badsum
		from fe80::bad to ff02::1 hops 255 icmp $(ra 1800 "") cut 4")"
	mn_is registered
	[ "$(show mn mn care_of)" = "$at" ]
	[ "$(show mn mn at_home)" = false ]
	# what they said is understood when it comes as it must, until the link's own router speaks again
	lab_wait 10 eval 'bad_mn "from fe80::bad to ff02::1 hops 255 icmp $(ra 0 "$home")" "$at"; [ "$(show mn mn at_home)" = true ]'
	anew
}

@test "a Router Advertisement with 100 prefixes: the node lives and is registered afterwards" {
	local i options="" dev
	for dev in f1 r-f1 mn; do ip -n sw link set $dev mtu 4000; done
	ip -n r link set f1 mtu 4000; ip -n mn link set eth0 mtu 4000
	for ((i = 0; i < 100; i++)); do options+=$(prefix "$(printf '20010db8aa%02x0000' $i)"); done
	bad_mn "from fe80::bad to ff02::1 hops 255 icmp $(ra 0 "$options")" "$(show mn mn care_of)"
	lab_wait 20 at_rest
	for dev in f1 r-f1 mn; do ip -n sw link set $dev mtu 1500; done
	ip -n r link set f1 mtu 1500; ip -n mn link set eth0 mtu 1500
	anew
}

# flood PACKET: 10,000 of it to the home agent; how many answers came, and in how many seconds at most
flood() { answers=$(bad "$1 times 10000" | wc -l); took=$(($(sed 's/.* in \(.*\) ms/\1/' "$BATS_TEST_TMPDIR/sent") / 1000 + 1)); }
at_most() { echo "# $answers answers in $took s at most, $1 a second and $2 at once are allowed" >&3; [ "$answers" -le $(($1 * took + $2)) ]; }

@test "10,000 bad packets of a kind get the configured number of answers, and memory does not grow" {
	local before after slack=1000000
	case $MIP_BUILD in *san*) slack=100000000;; esac
	flood "mh 3b002a0000000000"; [ "$answers" -ge 50 ]; at_most 100 100
	flood "hao 2001:db8:1::200 mh 3b00050000000000"; at_most 100 100
	flood "hao 2001:db8:2::200 bu 1 $AH 10"; [ "$answers" -ge 250 ]; at_most 125 250   # what one network gets
	before=$(memory ha)
	flood "hao 2001:db8:1::200 mh 3a0105000000000100c00000000a0000"; at_most 100 100
	flood "rh2 2001:db8:1::200 2 bu 1 $AH 10"; [ "$answers" -eq 0 ]
	flood "mh 3b01050000000001c000000a03100000"; [ "$answers" -eq 0 ]
	flood "hao 2001:db8:1::200 hao 2001:db8:1::200 bu 1 $AH 10"; [ "$answers" -eq 0 ]
	flood "hao 2001:db8:1::200 bu 1 $AH 10 badsum"; [ "$answers" -eq 0 ]
	flood "hao 2001:db8:2::200 bu 1 $AH 10"; at_most 125 250
	after=$(memory ha)
	[ "$after" -le $((before + slack)) ] || { echo "memory: $before -> $after"; false; }
	silence ""
}
