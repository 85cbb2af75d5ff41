#!/usr/bin/env bats
# Route optimization on packets (core/flow/flow.h), in namespaces: mobile nodes m and n, a correspondent c, and h between
# them: router, and home agent of both. Bindings are set by hand on both ends.
#
#	m  2001:db8:2::2 ---- ::1  h  ::1 ---- 2001:db8:3::2  c		home addresses 2001:db8:1::100 (m), ::200 (n)
#	n  2001:db8:4::2 ---- ::1
#
# Needs root and build/tests/net/roprobe (ROPROBE says where else).

bats_require_minimum_version 1.5.0

HM=2001:db8:1::100 HN=2001:db8:1::200 HA=2001:db8:1::1
CM=2001:db8:2::2 C=2001:db8:3::2 CN=2001:db8:4::2
PROBE=${ROPROBE:-${MIP_BUILD:-$BATS_TEST_DIRNAME/../../build}/tests/net/roprobe}

setup() {
	[ "$(id -u)" = 0 ] || skip "needs root"
	D=$BATS_TEST_TMPDIR ID=$$
	export MIP_RUN_DIR=$D
	mkfifo "$D/silence"
	for n in m n h c; do
		ip netns add "$n$ID"; on $n ip link set lo up
		on $n sysctl -qw net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.all.accept_dad=0
	done
	on h sysctl -qw net.ipv6.conf.all.forwarding=1
	on h ip addr add $HA/128 dev lo nodad
	link m 2 $CM; link c 3 $C; link n 4 $CN
	for n in m n h c; do probe $n; say $n open ${MIP_PATH:-}; done
	for n in m n c; do say $n attach e0; done
	for n in m n c; do say h attach to-$n; done
	away m $HM $CM; away n $HN $CN
	wait_until on m ping -6 -c1 -W1 -I $HM $C
}

teardown() {
	for pid in $(cat "$BATS_TEST_TMPDIR"/*.pid 2>/dev/null); do kill -9 "$pid" 2>/dev/null || true; done
	for n in m n h c; do ip netns del "$n$$" 2>/dev/null || true; done
}

on() { # NODE COMMAND...; ip by itself goes there, as one process
	local n=$1; shift
	if [ "$1" = ip ]; then ip -n "$n$ID" "${@:2}"; else ip netns exec "$n$ID" "$@"; fi
}

link() { # NODE SUBNET ADDRESS: its e0, and and h's interface to it
	on h ip -b - <<-H && on $1 ip -b - <<-NODE
	link add to-$1 type veth peer name e0 netns $1$ID
	link set to-$1 up
	addr add 2001:db8:$2::1/64 dev to-$1 nodad
	H
	link set e0 up
	addr add $3/64 dev e0 nodad
	route add default via 2001:db8:$2::1
	NODE
}

away() { say h bind $2 $3 $HA; say $1 away $2 $3 $HA; }

wait_until() { # COMMAND...: until it succeeds, at most LIMIT seconds
	local end=$((SECONDS + ${LIMIT:-60} * ${MIP_SLOW:-1}))
	until "$@" >/dev/null 2>&1; do
		[ $SECONDS -lt $end ] || { echo "never: $*"; tail -n 8 "$D"/*.log; return 1; }
		read -rt 0.02 _ <>"$D/silence" || true
	done
}

probe() { # NODE: starts a probe there, lines to it by say
	mkfifo "$D/$1.in"
	: > "$D/$1.log"
	ip netns exec "$1$ID" "$PROBE" < "$D/$1.in" > "$D/$1.log" 2>&1 3>&- &
	echo $! > "$D/$1.pid"
	case $1 in m) exec 21> "$D/m.in";; h) exec 22> "$D/h.in";; c) exec 23> "$D/c.in";; n) exec 24> "$D/n.in";; esac
	heard "$1" ready
}

heard() { wait_until grep -qE "$2" "$D/$1.log"; }
to() { case $1 in m) echo "$2" >&21;; h) echo "$2" >&22;; c) echo "$2" >&23;; n) echo "$2" >&24;; esac; }
answers() { mapfile -t ANSWERS < <(grep -E '^(ok|error)' "$D/$1.log"); } # NODE: in ANSWERS
answered() { answers "$1"; [ ${#ANSWERS[@]} -gt "$2" ]; }

say() { # NODE LINE: sent, and answered by ok
	local n=$1; shift
	answers $n
	to $n "$*"
	wait_until answered $n ${#ANSWERS[@]}
	[ "${ANSWERS[-1]}" = ok ] || { echo "$n: $*"; tail -3 "$D/$n.log"; return 1; }
}

ended() { ! kill -0 "$(cat "$D/$1.pid")" 2>/dev/null; }

stat() { # NODE LOCAL REMOTE NAME: a counter of a pair
	say $1 stats $2 $3 >&2
	grep '^stats' "$D/$1.log" | tail -1 | grep -oE " $4 [0-9]+" | cut -d' ' -f3
}
drops() { # NODE NAME
	say $1 drops >&2
	grep '^drops' "$D/$1.log" | tail -1 | grep -oE " $2 [0-9]+" | cut -d' ' -f3
}
drops_are() { [ "$(drops $1 $2)" = "$3" ]; }
is_busy() { say $1 busy $2 $3; [ "$(grep '^busy' "$D/$1.log" | tail -1)" = "busy $4" ]; }

optimize() { # m and c
	say c set remote $C $HM $CM
	say m set local $HM $C $CM
}
both_mobile() { # m and n, each the other's correspondent
	say n set remote $HN $HM $CM; say m set local $HM $HN $CM
	say m set remote $HM $HN $CN; say n set local $HN $HM $CN
}

wire() { # NODE FILTER: captures on its link for sees
	on h tcpdump -U --immediate-mode -p -n -i to-$1 -s 300 -w "$D/wire" "$2" 2> "$D/wire.err" 3>&- &
	echo $! > "$D/wire.pid"
	wait_until grep -q 'listening on' "$D/wire.err"
}
seen() { # FILTER...: how many packets so far pass each tshark filter, in SEEN. All are asked at once: it takes a second to start
	local f hierarchies=()
	for f; do hierarchies+=(-z "io,phs,$f"); done
	mapfile -t SEEN < <(tshark -n -q -r "$D/wire" "${hierarchies[@]}" 2>/dev/null |
		awk '/^Filter: / { n++ } /^[^ ].* frames:/ { split($2, v, ":"); of[n] = v[2] } END { for (; n; n--) print of[n] + 0 }')   # the last first
	[ ${#SEEN[@]} -eq $# ]
}
seen_least() { # N FILTER ...
	local i filters=()
	for ((i = 2; i <= $#; i += 2)); do filters+=("${!i}"); done
	seen "${filters[@]}" || return
	for i in "${!filters[@]}"; do [ "${SEEN[i]}" -ge "$1" ] || return; shift 2; done
}
sees() { # N FILTER ...: waits until N packets of each have been; it is an error if there are more
	local i
	wait_until seen_least "$@"
	for i in "${!SEEN[@]}"; do [ "${SEEN[i]}" = "$1" ] || { echo "not $1: $2"; echo "${SEEN[i]}"; return 1; }; shift 2; done
}

listen() { # NODE ADDRESS...: a socat there; output in got, its process in socat.pid
	local n=$1; shift
	: > "$D/got"
	on $n socat -u "$@" > "$D/got" 2> "$D/socat.err" 3>&- &
	echo $! > "$D/socat.pid"
}
listens() { [ -n "$(on $1 ss -Hln "sport = :$2")" ]; }
got() { [ "$(wc -c < "$D/got")" -ge "$1" ]; }
same() { cmp -s "$1" "$D/got"; }

@test "a ping carries a HAO one way and an RH2 the other, and nobody objects" {
	heard m "^traffic $HM $C out"; heard m "^traffic $HM $C in"
	optimize
	wire c 'ip6'
	on m ping -6 -c3 -i0.2 -W5 -I $HM $C
	on c ping -6 -c3 -i0.2 -W5 $HM
	on m ping -6 -c1 -W5 $C
	sees 4 "ipv6.src == $CM && ipv6.dst == $C && ipv6.opt.mipv6.home_address == $HM && icmpv6.type == 128" \
		4 "ipv6.dst == $CM && ipv6.routing.type == 2 && icmpv6.type == 129" \
		3 "ipv6.dst == $CM && ipv6.routing.type == 2 && icmpv6.type == 128" \
		0 "icmpv6.type < 128" \
		0 "ipv6.nxt == 41"
	[ "$(stat m $HM $C hao_out)" = 7 ]; [ "$(stat m $HM $C rh2_in)" = 7 ]; [ "$(stat m $HM $C hao_in)" = 0 ]
	[ "$(stat c $C $HM hao_in)" = 7 ]; [ "$(stat c $C $HM rh2_out)" = 7 ]
	[ "$(stat m $HM $C hao_out_bytes)" = $((7 * (104 + 24))) ]
	is_busy m $HM $C 1; is_busy m $HM $C 0
	# and back into the tunnel
	say m set local $HM $C -; say c set remote $C $HM -
	on c ping -6 -c2 -i0.2 -W5 $HM
	is_busy m $HM $C 0; [[ "$(on c ip -6 route)" != *mipro* ]]
}

@test "UDP, UDP to be cut by the kernel, and fragments" {
	optimize
	wire c 'ip6'
	on m ping -6 -c2 -i0.2 -W5 -s 4000 -I $HM $C
	wait_until seen_least 6 "ipv6.opt.mipv6.home_address == $HM && ipv6.fraghdr.nxt == 58" \
		6 "ipv6.routing.type == 2 && ipv6.fraghdr.nxt == 58" \
		0 "ipv6.plen > 1460"
	[ "${SEEN[2]}" = 0 ]
	head -c 1380 /dev/urandom > "$D/datagram"
	listen c "UDP6-RECV:5000" -; wait_until listens c 5000
	on m socat -u "OPEN:$D/datagram" "UDP6-SENDTO:[$C]:5000,bind=[$HM]"
	wait_until same "$D/datagram"
	# 40 datagrams in one call; then sizes that do not leave room for headers in 64 kB
	before=$(stat m $HM $C hao_out)
	say m gso $HM $C 5000 48000 1200
	wait_until got $((1380 + 48000))
	[ "$(stat m $HM $C hao_out)" = $((before + 40)) ]
	say m gso $HM $C 5000 64960 1160
	wait_until got $((1380 + 48000 + 64960))
	drops_are m long 0; drops_are m refused 0; drops_are c refused 0
}

@test "switching between tunnel and optimized path loses and doubles nothing" {
	local n rounds=0
	ip netns exec "m$ID" ping -6 -i0.005 -I $HM $C > "$D/ping" 2>&1 3>&- &
	echo $! > "$D/pinger.pid"
	replies() { grep -c 'bytes from' "$D/ping" || true; }
	until [ $rounds -ge 5 ] && [ "$(replies)" -ge 600 ]; do
		optimize
		on m ping -6 -c1 -W5 -I $HM $C
		say m set local $HM $C -
		on m ping -6 -c1 -W5 -I $HM $C # behind it nothing with a HAO is under way
		say c set remote $C $HM -
		rounds=$((rounds + 1))
	done
	n=$(replies)
	wait_until eval '[ "$(replies)" -ge $((n + 20)) ]'
	kill -INT "$(cat "$D/pinger.pid")"
	wait_until grep -q 'packets transmitted' "$D/ping"
	grep -o 'icmp_seq=[0-9]*' "$D/ping" | cut -d= -f2 | sort -n > "$D/seqs"
	[ "$(tail -n 1 "$D/seqs")" = "$(wc -l < "$D/seqs")" ]   # no gap; the last sent may still be under way
	[ "$(uniq -d "$D/seqs" | wc -l)" = 0 ]
	! grep -q DUP "$D/ping" || false
}

@test "TCP: the connection that is open already becomes optimized, and nothing of it is lost" {
	head -c 30000000 /dev/urandom > "$D/data"
	listen c "TCP6-LISTEN:5000" -; wait_until listens c 5000
	{ head -c 5000000 "$D/data"; wait_until test -e "$D/optimized"; tail -c +5000001 "$D/data"; } |
		pv -qL $((8000000 / ${MIP_SLOW:-1})) | on m socat -u - "TCP6:[$C]:5000,bind=[$HM]" 3>&- &
	echo $! > "$D/sender.pid"
	wait_until got 5000000
	wire m 'ip6'
	optimize
	: > "$D/optimized" # the rest of it
	wait_until same "$D/data"
	[ "$(stat m $HM $C hao_out_bytes)" -gt 10000000 ]
	[ "$(stat c $C $HM hao_in_bytes)" -gt 10000000 ]
	[ "$(stat m $HM $C rh2_in)" -gt 10 ]
	wait_until seen_least 100 "ipv6.opt.mipv6.home_address == $HM && tcp" 10 "ipv6.routing.type == 2 && tcp"
}

@test "TCP begun by the correspondent, towards the mobile node; segments cut on the way" {
	optimize
	on c ip link set e0 gso_max_size 1500 2>/dev/null || true
	head -c 8000000 /dev/urandom > "$D/data"
	listen m "TCP6-LISTEN:5000" -; wait_until listens m 5000
	on c socat -u "OPEN:$D/data" "TCP6:[$HM]:5000"
	wait_until same "$D/data"
	[ "$(stat c $C $HM rh2_out_bytes)" -gt 8000000 ]
	[ "$(stat m $HM $C rh2_in)" = "$(stat c $C $HM rh2_out)" ] || [ "$(stat m $HM $C rh2_in_bytes)" -gt 8000000 ]
}

@test "two mobile nodes: HAO and RH2 together" {
	both_mobile
	wire m 'ip6'
	on m ping -6 -c3 -i0.2 -W5 -I $HM $HN
	on n ping -6 -c3 -i0.2 -W5 -I $HN $HM
	sees 6 "ipv6.src == $CM && ipv6.dst == $CN && ipv6.routing.type == 2 && ipv6.opt.mipv6.home_address == $HM" \
		6 "ipv6.src == $CN && ipv6.dst == $CM && ipv6.routing.type == 2 && ipv6.opt.mipv6.home_address == $HN" \
		0 "ipv6.nxt == 41 || icmpv6.type < 128"
	on m ping -6 -c2 -i0.2 -W5 -s 4000 -I $HM $HN
	head -c 5000000 /dev/urandom > "$D/data"
	listen n "TCP6-LISTEN:5000" -; wait_until listens n 5000
	on m socat -u "OPEN:$D/data" "TCP6:[$HN]:5000,bind=[$HM]"
	wait_until same "$D/data"
	for side in hao_out rh2_out hao_in rh2_in; do [ "$(stat m $HM $HN $side)" -gt 10 ]; done
	# one moves: both ends are told, nothing else changes
	on n ip addr add 2001:db8:4::22/64 dev e0 nodad
	say h bind $HN 2001:db8:4::22 $HA; say n away $HN 2001:db8:4::22 $HA
	say n set local $HN $HM 2001:db8:4::22; say m set remote $HM $HN 2001:db8:4::22
	on m ping -6 -c2 -i0.2 -W5 -I $HM $HN
	drops_are m hao 0; drops_are n hao 0; drops_are m rh2 0; drops_are n rh2 0
}

@test "only what a binding allows is let in" {
	optimize
	wire c 'ip6'
	# hop-by-hop options before it are fine
	say m echo $HM $C - - ; say m echo $CM $C $HM - hbh
	wait_until eval '[ "$(stat m $HM $C rh2_in)" = 2 ]'
	# another care-of address, another home address, none at all
	on m ip addr add 2001:db8:2::bad/64 dev e0 nodad
	say m echo 2001:db8:2::bad $C $HM -
	heard c "^unknown 2001:db8:2::bad $C $HM"
	say m echo $CM $C 2001:db8:1::dead -
	heard c "^unknown $CM $C 2001:db8:1::dead"
	drops_are c hao 2
	# an RH2 with an address that is not our home, and ours at an address we are not
	say c echo $C $CM - 2001:db8:1::dead
	wait_until drops_are m rh2 1
	say c echo $C 2001:db8:2::bad - $HM
	wait_until drops_are m rh2 2
	# at an address of ours that is no care-of address, and a HAO that was right a moment ago
	say c set remote $C $HM -
	say m echo $CM $C $HM -
	wait_until drops_are c hao 3
	say m back $HM
	say c echo $C $CM - $HM
	wait_until drops_are m rh2 3
	sees 0 'icmpv6.type == 4'
}

@test "signalling: a Home Test goes to the home address, an update through the tunnel reaches the agent" {
	optimize
	wire c 'ip6 proto 135'
	say c mh 3 $C $HM
	heard m "^mh 3 src $C dst $HM hao - rh2 -"
	sees 1 "ipv6.dst == $HM"
	# from one mobile node to the other's home address, behind the home agent
	say n mh 5 $CN $HM $HN
	heard m "^mh 5 src $CN dst $HM hao $HN rh2 -"
	# and data: refused until there is a binding
	say n echo $CN $HM $HN -
	heard m "^unknown $CN $HM $HN"
	say m set remote $HM $HN $CN
	say n echo $CN $HM $HN -
	wait_until eval '[ "$(stat m $HM $HN hao_in)" = 1 ]'
}

@test "path MTU: Packet Too Big is told as the stack's own, and below 1280 the stack fragments" {
	optimize
	on h ip link set to-c mtu 1400; on c ip link set e0 mtu 1400
	run on m ping -6 -c1 -W2 -M "do" -s 1390 -I $HM $C
	heard m "^icmp 2 from .* told"
	run on m ping -6 -c1 -W2 -M "do" -s 1390 -I $HM $C
	[[ "$output" == *1376* ]]
	on m ping -6 -c1 -W5 -M "do" -s 1328 -I $HM $C
	head -c 3000000 /dev/urandom > "$D/data"
	listen c "TCP6-LISTEN:5000" -; wait_until listens c 5000
	on m socat -u "OPEN:$D/data" "TCP6:[$C]:5000,bind=[$HM]"
	wait_until same "$D/data"
	on h ip link set to-c mtu 1280; on c ip link set e0 mtu 1280
	wait_until on m ping -6 -c1 -W1 -s 1300 -I $HM $C
	[[ "$(on m ip -6 route show table 1190)" == *"mtu 1256"* || "$(on m ip -6 route show table 1191)" == *"mtu 1256"* ]]
	listen c "TCP6-LISTEN:5001" -; wait_until listens c 5001
	on m socat -u "OPEN:$D/data" "TCP6:[$C]:5001,bind=[$HM]"
	wait_until same "$D/data"
}

@test "unreachable and hop limit: errors come back to the home address" {
	optimize
	run on m ping -6 -c1 -W5 -t 1 -I $HM $C
	[[ "$output" == *"Time exceeded"* || "$output" == *"time exceeded"* ]] || [[ "$(tail -3 "$D/m.log")" == *"icmp 3"* ]]
	on h ip -6 route add unreachable $C
	run on m ping -6 -c1 -W5 -I $HM $C
	heard m "^icmp 1 from .* told"
	[[ "$output" == *nreachable* || "$output" == *"No route"* ]]
}

@test "forwarding only as long and as far as it takes; closing leaves nothing" {
	on c sysctl -qw net.ipv6.conf.e0.accept_ra=1
	[ "$(on c sysctl -n net.ipv6.conf.all.forwarding)" = 0 ]
	optimize
	if on c sysctl -n net.ipv6.conf.mipro.force_forwarding >/dev/null 2>&1; then
		[ "$(on c sysctl -n net.ipv6.conf.all.forwarding)" = 0 ]
		[ "$(on c sysctl -n net.ipv6.conf.e0.accept_ra)" = 1 ]
	else
		[ "$(on c sysctl -n net.ipv6.conf.all.forwarding)" = 1 ]
		[ "$(on c sysctl -n net.ipv6.conf.e0.accept_ra)" = 2 ]
	fi
	on m ping -6 -c1 -W5 -I $HM $C
	to c quit; wait_until ended c
	to m quit; wait_until ended m
	[ "$(on c sysctl -n net.ipv6.conf.all.forwarding)" = 0 ]
	[ "$(on c sysctl -n net.ipv6.conf.e0.accept_ra)" = 1 ]
	[ -z "$(on c ip -6 route show table all proto 119)" ]; [ -z "$(on m ip -6 route show table all proto 119)" ]
	run on c nft list tables; [[ "$output" != *mip* ]]
	run on c ip link show dev mipro; [ "$status" != 0 ]
}

@test "samples of the tunnel's traffic cost nothing more under load" {
	local began=${EPOCHREALTIME/./} most
	say m quiet
	head -c 20000000 /dev/zero > "$D/data"
	listen c "TCP6-LISTEN:5000" -; wait_until listens c 5000
	on m socat -u "OPEN:$D/data" "TCP6:[$C]:5000,bind=[$HM]"
	wait_until got 20000000
	say c set remote $C $HM $CM; say m set local $HM $C $CM
	# 20 MB are 16,000 packets; 8 samples every 20 ms at most
	most=$((8 * (${EPOCHREALTIME/./} - began) / 20000))
	[ "$(stat m $HM $C samples)" -le $most ]; [ "$(stat m $HM $C samples)" -ge 2 ]
}
