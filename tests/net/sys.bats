#!/usr/bin/env bats
# core/sys against the kernel, in namespaces: a mobile node m, a home agent h, and a node c on the home link.
#
#	m  m0 2001:db8:2::2 ---- 2001:db8:2::1 h1  h  h0 2001:db8:1::1 ---- 2001:db8:1::2 c0  c
#
# Needs root and build/tests/net/sysprobe (SYSPROBE says where else). No fixed sleeps: everything is waited for.

bats_require_minimum_version 1.5.0

HOME_ADDR=2001:db8:1::100 COA=2001:db8:2::2 HA=2001:db8:1::1 CN=2001:db8:1::2
PROBE=${SYSPROBE:-${MIP_BUILD:-$BATS_TEST_DIRNAME/../../build}/tests/net/sysprobe}

setup() {
	[ "$(id -u)" = 0 ] || skip "needs root"
	D=$BATS_TEST_TMPDIR ID=$$
	export MIP_RUN_DIR=$D
	mkfifo "$D/silence"
	for n in m h c; do
		ip netns add "$n$ID"
		on $n sysctl -qw net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.all.accept_dad=0
	done
	on h ip -b - <<-H && on m ip -b - <<-M && on c ip -b - <<-C
	link set lo up
	link add h1 type veth peer name m0 netns m$ID
	link add h0 type veth peer name c0 netns c$ID
	link set h0 up
	link set h1 up
	addr add $HA/64 dev h0 nodad
	addr add 2001:db8:2::1/64 dev h1 nodad
	H
	link set lo up
	link set m0 up
	addr add $COA/64 dev m0 nodad
	route add default via 2001:db8:2::1
	M
	link set lo up
	link set c0 up
	addr add $CN/64 dev c0 nodad
	route add default via $HA
	C
	on h sysctl -qw net.ipv6.conf.all.forwarding=1
	wait_until on m ping -6 -c1 -W1 $HA
}

teardown() {
	for pid in $(cat "$BATS_TEST_TMPDIR"/*.pid 2>/dev/null); do kill -9 "$pid" 2>/dev/null || true; done
	for n in m h c; do ip netns del "$n$$" 2>/dev/null || true; done
}

on() { # NODE COMMAND...; ip by itself goes there, as one process
	local n=$1; shift
	if [ "$1" = ip ]; then ip -n "$n$ID" "${@:2}"; else ip netns exec "$n$ID" "$@"; fi
}

wait_until() { # COMMAND...: until it succeeds, at most LIMIT seconds
	local end=$((SECONDS + ${LIMIT:-60} * ${MIP_SLOW:-1}))
	until "$@" >/dev/null 2>&1; do
		[ $SECONDS -lt $end ] || { echo "never: $*"; tail -n 20 "$D"/*.log; return 1; }
		read -rt 0.02 _ <>"$D/silence" || true
	done
}

probe() { # NODE: starts a probe there, lines to it by say
	mkfifo "$D/$1.in" 2>/dev/null || true
	: > "$D/$1.log"
	ip netns exec "$1$ID" "$PROBE" < "$D/$1.in" > "$D/$1.log" 2>&1 3>&- &
	echo $! > "$D/$1.pid"
	case $1 in m) exec 21> "$D/m.in";; h) exec 22> "$D/h.in";; c) exec 23> "$D/c.in";; esac
	heard "$1" ready
}

heard() { wait_until grep -qE "$2" "$D/$1.log"; }
answers() { mapfile -t ANSWERS < <(grep -E '^(ok|error)' "$D/$1.log"); } # NODE: in ANSWERS
answered() { answers "$1"; [ ${#ANSWERS[@]} -gt "$2" ]; }

tell() { # NODE LINE: sent and answered
	local n=$1; shift
	answers "$n"
	case $n in m) echo "$*" >&21;; h) echo "$*" >&22;; c) echo "$*" >&23;; esac
	wait_until answered "$n" ${#ANSWERS[@]}
}

say() { # the same, and it must be ok
	tell "$@"
	[ "${ANSWERS[-1]}" = ok ] || { echo "$*"; tail -3 "$D/$1.log"; return 1; }
}

ended() { ! kill -0 "$(cat "$D/$1.pid")" 2>/dev/null; }
finish() { # NODE WORD: quit or die
	case $1 in m) echo "$2" >&21;; h) echo "$2" >&22;; c) echo "$2" >&23;; esac
	wait_until ended $1
}

stat() { # NODE NAME: a number of its stats line
	say $1 stats >&2
	grep '^stats' "$D/$1.log" | tail -1 | grep -oE " $2 [0-9]+" | cut -d' ' -f3
}

stat_is() { [ "$(stat "$1" "$2")" = "$3" ]; }

tap() { # NODE DEV FILTER: captures to $D/tap
	: > "$D/tap"; : > "$D/tap.err"   # what a tap before said is not said of this one
	on $1 tcpdump -U -p -n -l -i $2 "$3" >> "$D/tap" 2>> "$D/tap.err" 3>&- &
	echo $! > "$D/tap.pid"
	wait_until grep -q 'listening on' "$D/tap.err"
}

tapped() { [ "$(grep -c . "$D/tap")" = "$1" ]; } # so many packets

paths() { # the data paths this kernel has
	on c ip link add probe0 type ip6tnl external 2>/dev/null && { on c ip link del probe0; echo ip6tnl; }
	echo tun
}

tunnel() { # PATH: both ends, up
	probe h; probe m
	say h path $1; say m path $1; say h sweep; say m sweep
	say h sysctl conf/h0/proxy_ndp 1; say h sysctl neigh/h0/proxy_delay 0
	say h bind $HOME_ADDR $COA $HA
	say h proxy h0 $HOME_ADDR
	say m reverse $HOME_ADDR $COA $HA
}

nothing_left() { # NODE
	run on $1 ip -o link show dev mip0; [ "$status" != 0 ]
	run on $1 ip -o link show dev mipro; [ "$status" != 0 ]
	run on $1 ip -6 route show table all proto 119; [ -z "$output" ]
	run on $1 ip -6 rule show; [[ "$output" != *1190* ]]
	run on $1 ip -6 neigh show proxy; [ -z "$output" ]
	run on $1 nft list tables; [[ "$output" != *mip* ]]
}

@test "links and addresses: a snapshot, then what changes" {
	probe m
	say m listen
	heard m '^link m0 up ether'
	heard m "^addr $COA/64 usable"
	on h ip link set h1 down;     heard m '^link m0 down'
	on m ip addr add 2001:db8:9::9/64 dev m0 nodad; heard m '^addr 2001:db8:9::9/64 usable'
	on m ip addr del 2001:db8:9::9/64 dev m0;       heard m '^addr 2001:db8:9::9/64 gone'
	: > "$D/m.log"
	on h ip link set h1 up;       heard m '^link m0 up'
	on m sysctl -qw net.ipv6.conf.m0.accept_dad=1
	on m ip addr add 2001:db8:9::a/64 dev m0
	heard m '^addr 2001:db8:9::a/64 tentative'; heard m '^addr 2001:db8:9::a/64 usable'
	on h ip link del h1;          heard m '^link m0 gone'
}

@test "a duplicate address is told as failed" {
	probe m
	say m listen
	on m sysctl -qw net.ipv6.conf.m0.accept_dad=1
	on m ip addr add 2001:db8:2::1/64 dev m0
	heard m '^addr 2001:db8:2::1/64 failed'
}

@test "BU with Home Address option reaches the agent, and the kernel says nothing" {
	probe h; probe m
	say h shim h1
	tap m m0 'icmp6 and ip6[40] < 128'
	say m bu $COA $HA $HOME_ADDR
	heard h "^mh 5 src $COA dst $HA hao $HOME_ADDR rh2 - hops 64 len 16 whole"
	for kind in usual first long behind; do
		: > "$D/h.log"
		say m opts $kind $COA $HA $HOME_ADDR
		heard h "^mh 5 src $COA dst $HA hao $HOME_ADDR"
	done
	say m bu $COA $HA
	heard h "^mh 5 src $COA dst $HA hao - rh2 - hops 63|^mh 5 src $COA dst $HA hao - rh2 - hops 64"
	say m rh2 $COA $HA 2001:db8:1::77
	heard h "^mh 5 src $COA dst $HA hao - rh2 2001:db8:1::77"
	on m ping -6 -c1 -W5 $HA
	kill "$(cat "$D/tap.pid")"
	[ ! -s "$D/tap" ] || { cat "$D/tap"; false; }
}

@test "a packet with destination options but no Home Address option is answered by the kernel" {
	probe h; probe m
	say h shim h1
	tap m m0 'icmp6 and ip6[40] == 129'
	say m echo none $COA $HA
	wait_until grep -q "$HA > $COA" "$D/tap"
	stat_is h back 1
	: > "$D/tap"
	say m echo limit $COA $HA
	wait_until grep -q "$HA > $COA" "$D/tap"
	stat_is h back 1
	# to somebody else: forwarded untouched
	probe c
	say m opts usual $COA $CN $HOME_ADDR
	say c shim c0
	say m opts usual $COA $CN $HOME_ADDR
	heard c "^mh 5 src $COA dst $CN hao $HOME_ADDR"
	stat_is h taken 0
}

@test "without the shim, and after detaching, the kernel objects" {
	probe h; probe m
	say h shim h1; say h shim h1; say h unshim h1; say h unshim h1; say h unshim nosuch0
	tap m m0 'icmp6 and ip6[40] == 4'
	say m bu $COA $HA $HOME_ADDR
	say m bu $COA $HA
	heard h '^mh 5 .* hao - '
	run grep "hao $HOME_ADDR" "$D/h.log"; [ "$status" != 0 ]
	# a kernel without CONFIG_IPV6_MIP6 answers with a parameter problem, one with it says nothing
	LIMIT=2 wait_until test -s "$D/tap" >&2 || echo "# this kernel drops unknown home addresses silently" >&3
	say h shim h1
	say m bu $COA $HA $HOME_ADDR
	heard h "^mh 5 .*hao $HOME_ADDR"
	# a link that went and came is attached again
	on h ip link del h1
	ip -n "h$ID" link add h1 type veth peer name m0 netns "m$ID"
	on m ip link set m0 up; on h ip link set h1 up
	on m ip addr add $COA/64 dev m0 nodad; on h ip addr add 2001:db8:2::1/64 dev h1 nodad
	on m ip -6 route add default via 2001:db8:2::1
	say h shim h1
	: > "$D/h.log"
	wait_until on m ping -6 -c1 -W1 $HA
	say m bu $COA $HA $HOME_ADDR
	heard h "^mh 5 .*hao $HOME_ADDR"
}

@test "a burst of 5000 Binding Updates is not lost" {
	probe h; probe m
	say h shim h1; say h quiet
	say m flood 5000 $COA $HA $HOME_ADDR
	wait_until stat_is h mh 5000
}

@test "a source that is not ours is refused" {
	probe m
	tell m bu 2001:db8:77::1 $HA
	[[ "${ANSWERS[-1]}" == "error Cannot assign requested address" ]]
}

# bats test_tags=kernel
@test "proxy Neighbor Discovery answers on the home link; ours are swept, others' stay" {
	probe h
	say h sysctl conf/h0/proxy_ndp 1; say h sysctl neigh/h0/proxy_delay 0
	on h ip -6 neigh add proxy 2001:db8:1::abc dev h0
	say h proxy h0 $HOME_ADDR; say h proxy h0 $HOME_ADDR
	probe c
	say c nd c0
	on c ping -6 -c1 -W1 $HOME_ADDR || true
	heard c "^nd 136 target $HOME_ADDR"
	finish h die
	[[ "$(on h ip -6 neigh show proxy)" == *"$HOME_ADDR"* ]]
	probe h
	say h path tun; say h proxy h0 $HOME_ADDR; say h sweep
	[ "$(on h ip -6 neigh show proxy | wc -l)" = 2 ]
	finish h die
	probe h
	say h path tun; say h sweep
	[ "$(on h ip -6 neigh show proxy | wc -l)" = 1 ]
	say h proxy h0 $HOME_ADDR; say h unproxy h0 $HOME_ADDR; say h unproxy h0 $HOME_ADDR
	[ "$(on h ip -6 neigh show proxy | wc -l)" = 1 ]
}

@test "sysctls come back after a crash and a new start" {
	on h sysctl -qw net.ipv6.conf.h0.proxy_ndp=0
	probe h
	say h sysctl conf/h0/proxy_ndp 1
	finish h die
	[ "$(on h sysctl -n net.ipv6.conf.h0.proxy_ndp)" = 1 ]
	probe h
	say h sysctl conf/h0/proxy_ndp 1; say h restore
	[ "$(on h sysctl -n net.ipv6.conf.h0.proxy_ndp)" = 0 ]
	tell h sysctl conf/nosuch0/proxy_ndp 1
	[[ "${ANSWERS[-1]}" == "error set sysctl net/ipv6/conf/nosuch0/proxy_ndp to 1: No such file or directory" ]]
	tell h sysctl ../../kernel/panic 1
	[[ "${ANSWERS[-1]}" == error* ]]
	run ls "$D"/*.sysctl
	[ "$status" != 0 ]
}

@test "routes and addresses of a link left behind are flushed, others stay" {
	probe m; probe h
	say m listen
	on m sysctl -qw net.ipv6.conf.m0.accept_ra=2 net.ipv6.conf.m0.use_tempaddr=2
	on h ip addr add fe80::1/64 dev h1 nodad; on h ip addr add fe80::2/64 dev h1 nodad
	say h ra h1 fe80::1 2001:db8:8::; say h ra h1 fe80::2 2001:db8:7::
	heard m '^addr 2001:db8:8:.*usable'; heard m '^addr 2001:db8:7:.*usable'
	heard m '^icmp 134 src fe80::1 .* hops 255'
	on m ip addr add 2001:db8:6::6/64 dev m0 nodad
	say m flush m0 2001:db8:7:: fe80::2
	run on m ip -6 addr show dev m0
	[[ "$output" == *2001:db8:7:* && "$output" == *2001:db8:6::6* && "$output" != *2001:db8:8:* ]]
	run on m ip -6 route show
	[[ "$output" == *2001:db8:7::/64* && "$output" == *2001:db8:6::/64* && "$output" != *2001:db8:8::/64* ]]
	[[ "$output" == *"via fe80::2 "* && "$output" != *"via fe80::1 "* && "$output" == *"default via 2001:db8:2::1"* ]]
}

# What an advertisement makes of it between two of our requests cannot be timed; this is how it finds the address.
@test "a home address that the kernel formed and still asks about is usable at once" {
	probe m
	on m sysctl -qw net.ipv6.conf.m0.accept_dad=1 net.ipv6.conf.m0.dad_transmits=30000
	on m ip addr add 2001:db8:5::5/64 dev m0
	wait_until on m sh -c "ip -6 -o addr show dev m0 tentative | grep -q 2001:db8:5::5"
	say m own m0 2001:db8:5::5
	run on m ip -6 -o addr show dev m0 to 2001:db8:5::5
	[[ "$output" == *2001:db8:5::5/64* && "$output" != *tentative* ]]
	on m ip addr del 2001:db8:5::5/64 dev m0
	on m sysctl -qw net.ipv6.conf.m0.accept_dad=0 net.ipv6.conf.m0.dad_transmits=1
}

# bats test_tags=kernel
@test "tunnel: both ways, source chosen, forged packets refused and counted" {
	for p in $(paths); do
		echo "# path $p" >&3
		tunnel $p
		wait_until on c ping -6 -c1 -W1 $HOME_ADDR
		on m ping -6 -c2 -i0.2 -W5 -I $HOME_ADDR $CN
		[[ "$(on h ip -6 addr show dev mip0)" != *fe80* ]]
		[[ "$(on m ip -6 route get $CN)" == *"dev mip0"*"src $HOME_ADDR"* ]]
		on m ping -6 -c1 -W5 $CN
		# 1460 octets just fit, more is answered by Packet Too Big
		on c ping -6 -c1 -W5 -M "do" -s 1412 $HOME_ADDR
		run on c ping -6 -c1 -W5 -M "do" -s 1413 $HOME_ADDR
		[[ "$output" == *1460* ]]
		tap c c0 'icmp6 and ip6[40] == 128'
		# forged: right home address, wrong care-of address; to another address of the home agent; behind options
		on m ip addr add 2001:db8:2::bad/64 dev m0 nodad
		say m tunnel plain 2001:db8:2::bad $HA $HOME_ADDR $CN
		wait_until stat_is h refused 1
		say m tunnel plain 2001:db8:2::bad 2001:db8:2::1 $HOME_ADDR $CN
		wait_until stat_is h refused 2
		say m tunnel opts 2001:db8:2::bad $HA $HOME_ADDR $CN
		wait_until stat_is h refused 3
		# right care-of address, a stranger's inner source
		say m tunnel plain $COA $HA 2001:db8:1::dead $CN
		wait_until stat_is h refused 4
		[ ! -s "$D/tap" ] || { cat "$D/tap"; false; }
		# and one that is right
		say m tunnel opts $COA $HA $HOME_ADDR $CN
		wait_until grep -q "$HOME_ADDR > $CN" "$D/tap"
		kill "$(cat "$D/tap.pid")"
		# to the mobile node: only from its home agent
		say h tunnel plain 2001:db8:2::1 $COA $CN $HOME_ADDR
		wait_until stat_is m refused 1
		# moved, and gone
		on m ip addr add 2001:db8:2::22/64 dev m0 nodad
		say m reverse $HOME_ADDR 2001:db8:2::22 $HA; say h bind $HOME_ADDR 2001:db8:2::22 $HA
		on c ping -6 -c1 -W5 $HOME_ADDR
		say h unbind $HOME_ADDR; say h unbind $HOME_ADDR; say m unreverse $HOME_ADDR
		run on c ping -6 -c1 -W1 $HOME_ADDR
		[ "$status" != 0 ]
		say h unproxy h0 $HOME_ADDR
		finish h quit; finish m quit
		nothing_left h; nothing_left m
		on m ip addr del 2001:db8:2::bad/64 dev m0; on m ip addr del 2001:db8:2::22/64 dev m0
	done
}

# bats test_tags=kernel
@test "tunnel: the kernel does not object to tunnelled packets" {
	for p in $(paths); do
		tunnel $p
		tap m m0 'icmp6 and ip6[40] < 128'
		wait_until on c ping -6 -c1 -W1 $HOME_ADDR
		on c ping -6 -c3 -i0.2 -W5 $HOME_ADDR
		kill "$(cat "$D/tap.pid")"
		[ ! -s "$D/tap" ] || { cat "$D/tap"; false; }
		say h unproxy h0 $HOME_ADDR
		finish h quit; finish m quit
		rm -f "$D"/*.sysctl
	done
}

# bats test_tags=kernel
@test "tunnel: a crash and a new start leave nothing doubled, closing leaves nothing" {
	for p in $(paths); do
		tunnel $p
		say h shim h1; say h shim h0; say m shim m0
		on c ping -6 -c1 -W5 $HOME_ADDR
		finish h die; finish m die
		[ $p = tun ] || on c ping -6 -c1 -W5 $HOME_ADDR # the kernel goes on
		tunnel $p
		say h shim h1; say h shim h0; say m shim m0
		on c ping -6 -c1 -W5 $HOME_ADDR
		[ "$(on h ip -6 route show table all proto 119 | wc -l)" = 1 ]
		[ "$(on m ip -6 route show table all proto 119 | wc -l)" = 1 ]
		[ "$(on m ip -6 rule show | grep -c 1190)" = 1 ]
		[ "$(on h nft list tables | grep -c 'netdev mip')" = 1 ]
		# a crash after which nothing is restored
		finish h die; finish m die
		probe h; probe m
		say h path $p; say h sweep; say m path $p; say m sweep
		[ -z "$(on h ip -6 route show table all proto 119)" ]
		[ -z "$(on m ip -6 route show table all proto 119)" ]
		run on m ip -6 rule show; [[ "$output" != *1190* ]]
		finish h quit; finish m quit
		nothing_left h; nothing_left m
		rm -f "$D"/*.sysctl
	done
}

# bats test_tags=kernel
@test "tunnel: two ends that point at each other; packets in many tunnels; a limit that allows no other" {
	local far=2001:db8:9::9
	on m sysctl -qw net.ipv6.conf.all.forwarding=1
	on h ip -6 route add 2001:db8:9::/64 via $COA
	for p in $(paths | head -n 1); do   # the one agents take here; tun where ip6_tunnel is missing
		probe h; probe m; probe c
		say h path $p; say m path $p; say h sweep; say m sweep; say h shim h0
		say h sysctl conf/h0/proxy_ndp 1; say h sysctl neigh/h0/proxy_delay 0; say h proxy h0 $HOME_ADDR
		say h bind $HOME_ADDR $far $HA; say m bind $far $HOME_ADDR $COA
		# the first tunnel leads to the second, which leads to where the packet inside was going
		tap h h1 'ip6 proto 41'
		run on c ping -6 -c1 -W1 -s 1000 $HOME_ADDR
		wait_until stat_is m nested 1
		wait_until tapped 1
		# a longer circle, of as many tunnels as may be
		say h bind $HOME_ADDR 2001:db8:9::a $HA; say m bind 2001:db8:9::a 2001:db8:1::101 $COA
		say h bind 2001:db8:1::101 2001:db8:9::b $HA; say m bind 2001:db8:9::b 2001:db8:1::102 $COA
		say h bind 2001:db8:1::102 2001:db8:9::c $HA; say m bind 2001:db8:9::c $HOME_ADDR $COA
		run on c ping -6 -c1 -W1 -s 1000 $HOME_ADDR
		wait_until stat_is h nested 1
		wait_until tapped 5
		# three home agents one after the other are a mobile node in a mobile router's network in another's
		say h bind $HOME_ADDR $COA $HA
		say c nest plain 4 $CN $HOME_ADDR; say c nest limit 4 $CN $HOME_ADDR
		wait_until tapped 7
		say c nest plain 5 $CN $HOME_ADDR; say c nest limit 5 $CN $HOME_ADDR; say c nest plain 9 $CN $HOME_ADDR
		wait_until stat_is h nested 4
		kill "$(cat "$D/tap.pid")"
		tapped 7
		# RFC 2473 5.1: the pointer is at the option's value
		tap c c0 "icmp6 and ip6[40] == 4 and ip6[44:4] == 44 and src host $HA"
		say c tunnel last $CN $HOME_ADDR $CN $HOME_ADDR
		wait_until tapped 1
		say c tunnel opts $CN $HOME_ADDR $CN $HOME_ADDR
		wait_until stat_is h nested 5
		kill "$(cat "$D/tap.pid")"
		say h unproxy h0 $HOME_ADDR
		finish h quit; finish m quit; finish c quit
		nothing_left h; nothing_left m
		rm -f "$D"/*.sysctl
	done
}

@test "nft flush ruleset of a firewall neither opens the tunnel nor closes the shim" {
	for p in $(paths); do
		tunnel $p
		say h shim h1
		wait_until on c ping -6 -c1 -W1 $HOME_ADDR
		on h nft flush ruleset
		on m nft flush ruleset
		say m bu $COA $HA $HOME_ADDR
		heard h "^mh 5 .*hao $HOME_ADDR"
		wait_until on m ping -6 -c1 -W1 -I $HOME_ADDR $CN
		on m ip addr add 2001:db8:2::bad/64 dev m0 nodad
		say m tunnel plain 2001:db8:2::bad $HA $HOME_ADDR $CN
		wait_until stat_is h refused 1
		say h unproxy h0 $HOME_ADDR
		finish h quit; finish m quit
		nothing_left h; nothing_left m
		on m ip addr del 2001:db8:2::bad/64 dev m0
		rm -f "$D"/*.sysctl
	done
}

@test "a second agent is refused the device, another's device of the name is not touched" {
	probe h
	say h path tun
	probe c
	on c ip tuntap add dev mip0 mode tun
	tell c path tun
	[[ "${ANSWERS[-1]}" == "error "* ]]
	on c ip link show dev mip0
}
